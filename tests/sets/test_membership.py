"""Genes by groups of samples and reference lists, and the counts of a database."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import markerkit as mk
from markerkit.core.errors import InputError
from markerkit.core.experiment import Experiment


def _exp() -> Experiment:
    values = pd.DataFrame(
        [[1.0, np.nan, 1.0, 1.0], [1.0, 1.0, np.nan, np.nan], [np.nan, 2.0, 5.0, np.nan], [np.nan, 2.0, 6.0, np.nan]],
        index=["s1", "s2", "s3", "s4"], columns=["P1", "P2", "P3", "P4"],
    )  # fmt: skip
    proteins = pd.DataFrame({"gene": ["Cd9", "ALB", "CANX", ""]}, index=values.columns)
    samples = pd.DataFrame({"group": ["EV", "EV", "Cell", "Cell"]}, index=values.index)
    return Experiment(values, proteins=proteins, samples=samples, organism="mouse", scale="log2")


def test_a_gene_belongs_to_the_groups_that_show_it_often_enough() -> None:
    table = mk.membership(_exp(), "group")
    expected = pd.DataFrame(
        {"EV": [True, True, True], "Cell": [False, True, True]},
        index=pd.Index(["Cd9", "ALB", "CANX"], name="gene"),
    )
    pd.testing.assert_frame_equal(table, expected)
    strict = mk.membership(_exp(), "group", min_share=1.0)
    assert strict["EV"].tolist() == [True, False, False]
    assert mk.membership(_exp())["study"].tolist() == [True, True, True]


def test_lists_match_whatever_their_case_and_bring_their_own_rows() -> None:
    table = mk.membership(_exp(), "group", {"vesicles": ["CD9", "Cd63"]})
    assert table.loc[table["vesicles"]].index.tolist() == ["Cd9", "Cd63"]
    assert not table.loc["Cd63", ["EV", "Cell"]].any()
    assert table.index.name == "gene"


def test_faulty_calls_are_refused() -> None:
    with pytest.raises(InputError, match="no sample column 'batch'"):
        mk.membership(_exp(), "batch")
    with pytest.raises(InputError, match="above 0 and up to 1"):
        mk.membership(_exp(), "group", min_share=0)
    with pytest.raises(InputError, match="'EV' names a list and a group"):
        mk.membership(_exp(), "group", {"EV": ["Cd9"]})
    imputed = mk.impute(_exp().select(samples=["s1", "s2"], proteins=["P1", "P2"]), method="mindet")
    with pytest.raises(InputError, match="values of this experiment were imputed"):
        mk.membership(imputed)


def test_counts_of_a_database_are_joined_by_gene(tmp_path: Path) -> None:
    file = tmp_path / "top.txt"
    file.write_text("GENE SYMBOL\tNUMBER OF TIMES IDENTIFIED\nCD63\t1119\nCD9\t972\n")
    table = pd.DataFrame({"gene": ["Cd9", "ALB", "CD9;CD63", ""], "x": 1})
    before = table.copy()
    joined = mk.add_ev_frequency(table, file)
    assert joined["ev_frequency"].tolist() == [972, pd.NA, 1119, pd.NA]
    pd.testing.assert_frame_equal(table, before)
    rows = pd.DataFrame({"content id": [1, 2, 3], "gene symbol": ["CD9", "cd9", "ALB"]})
    assert mk.add_ev_frequency(table, rows)["ev_frequency"].tolist() == [2, 1, 2, pd.NA]


@pytest.mark.parametrize(
    ("columns", "holds"),
    [
        (["note", "GENE SYMBOL"], "GENE SYMBOL"),
        (["gene name", "Symbol"], "Symbol"),
        (["note", "gene"], "gene"),
        (["protein", "note"], "protein"),
    ],
)
def test_symbols_stand_in_the_column_named_so_else_in_the_first_of_text(
    columns: list[str], holds: str
) -> None:
    cells = {c: ["CD9", "ALB"] if c == holds else ["ALB", "CD9"] for c in columns}
    counts = pd.DataFrame({"number": [7, 3], **cells})
    joined = mk.add_ev_frequency(pd.DataFrame({"gene": ["CD9", "ALB"]}), counts)
    assert joined["ev_frequency"].tolist() == [7, 3]


def test_counts_that_cannot_be_joined_are_refused() -> None:
    counts = pd.DataFrame({"gene": ["CD9"], "count": [3]})
    with pytest.raises(InputError, match="no column 'gene'"):
        mk.add_ev_frequency(pd.DataFrame({"x": [1]}), counts)
    with pytest.raises(InputError, match="has a column 'ev_frequency' already"):
        mk.add_ev_frequency(pd.DataFrame({"gene": ["CD9"], "ev_frequency": [1]}), counts)
    with pytest.raises(InputError, match="no column of gene symbols"):
        mk.add_ev_frequency(pd.DataFrame({"gene": ["CD9"]}), pd.DataFrame({"count": [3]}))
