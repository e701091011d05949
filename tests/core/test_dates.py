"""Dates that spreadsheets make of symbols, as text and as cells, in the languages of Europe."""

from __future__ import annotations

import pytest

from markerkit.core.dates import symbols_of_date
from markerkit.core.names import find_name

SEPT2 = [
    "2-Sep", "02-Sep", "Sep-02", "Sep-2", "2-Sept", "02-Sep-2023", "2 Sep 2023", "Sep 2, 2023", "2. Sep", "2. Sep.", "02.Sep",
    "2-sept", "2-sept.", "sept-02", "2-set", "set-02", "2-set-23", "2-sep", "2/sep", "2-wrz", "2023-09-02", "2023-09-02 00:00:00",
    "2023-09-02T00:00:00", "2023/9/2", "02.09.2023", "9/2/2023", "02/09/2023", "9/2/23",
]  # fmt: skip
MARCH5 = [
    "5-Mar", "Mar-05", "05. Mrz", "Mrz 05", "5. März", "mars-05", "05-mars", "5-mrt", "5-marzo", "2023-03-05",
]  # fmt: skip
OTHER = [
    "Oct-04",
    "4-Okt",
    "1-Dec",
    "01. Dez",
    "déc-01",
    "1-dic",
    "Sep-2023",
    "2023-10-04",
    "Nov-01",
    "4-out",
]
NO_DATE = [
    "SEPT2",
    "SET",
    "MARCHF5",
    "MARS1",
    "DEC1",
    "OCT4",
    "CD63",
    "HLA-A",
    "2-Xyz",
    "45171",
    "NKX2-5",
    "MT-CO1",
    "",
]


@pytest.mark.parametrize("text", SEPT2)
def test_the_second_of_september(text: str) -> None:
    assert symbols_of_date(text) == ("SEPTIN2",)
    assert find_name(text, "human")[:2] == ("SEPTIN2", "date made by a spreadsheet")
    assert find_name(text, "mouse").gene == "Septin2"


@pytest.mark.parametrize("text", MARCH5)
def test_the_fifth_of_march(text: str) -> None:
    """MARC genes end with 2, so that a fifth of March was MARCH5."""
    assert find_name(text, "human")[:3] == ("MARCHF5", "date made by a spreadsheet", ())


def test_what_was_march_or_marc_is_ambiguous() -> None:
    found = find_name("1-Mar", "human")
    assert found[:3] == ("MARCHF1", "date made by a spreadsheet", ("MTARC1",))
    assert found.reason == "date that a spreadsheet made of 'MARCHF1' or 'MTARC1': the first one counts"


@pytest.mark.parametrize("text", OTHER)
def test_dates_that_no_gene_explains(text: str) -> None:
    found = find_name(text, "human")
    assert (found.gene, found.given) == ("", "")
    assert found.reason == "date that a spreadsheet made of a symbol"


@pytest.mark.parametrize("text", NO_DATE)
def test_no_dates(text: str) -> None:
    assert symbols_of_date(text) is None


@pytest.mark.parametrize(
    ("text", "gene"),
    [("45171", "SEPTIN2"), ("45171.0", "SEPTIN2"), ("45203", ""), ("33999", None), ("51000", None)],
)
def test_serial_numbers_are_dates_between_1993_and_2039(text: str, gene: str | None) -> None:
    found = symbols_of_date(text, serial=True)
    assert (found is None) == (gene is None)
    assert find_name(text, "human", numbers="date").gene == (gene or "")
