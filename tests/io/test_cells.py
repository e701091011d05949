"""Cells of a table: numbers, words for "not detected", other text."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from markerkit import InputError, MarkerkitWarning
from markerkit.io.cells import CellCounts, cell_counts, is_word, numbers

IDS = pd.Series(["P1", "P2", "P3", "P4"])


def taken(cells: list[object], what: str = "matrix") -> list[float]:
    return list(numbers(pd.DataFrame({"a": cells}), ["a"], ids=IDS, name="m", what=what)["a"])


@pytest.mark.parametrize(
    "word",
    ["ND", "n.d.", "N.D", "n/d", "nq", "NQ", "n.a.", "not detected", "Not  Quantified", "undetected", "non-detected",
     "<LOD", "< LOD", "<LOQ", "<LLOQ", "<=LOD", "≤ LOD", "<MDL", "<QL", "< 0.5", "<0,5", "<1e5", "BLOD", "BLOQ", "BLQ",
     "BQL", "BDL", "bld", "BLLOQ", "below LOD", "below the detection limit", "below limit of quantification",
     "missing", "filtered", ".", "--", "—"],
)  # fmt: skip
def test_words_that_say_not_detected(word) -> None:
    assert is_word(word)


@pytest.mark.parametrize(
    "word",
    ["low", ">LOD", "> 1e9", "LOD", "ALOD", "detected", "d", "n", "nd1", "BD", "x", "?", "0*", "#NUM!", "#DIV/0!", "bad",
     "< high", "below", "yes", "12"],
)  # fmt: skip
def test_other_text(word) -> None:
    assert not is_word(word)


def test_counts_of_a_column() -> None:
    assert cell_counts(pd.Series(["1", "2.5", "<LOD", "nd", "high", "", None, "NA"])) == CellCounts(2, 2, 1)
    assert cell_counts(pd.Series([1.5, np.nan, 3])) == CellCounts(2, 0, 0)
    assert cell_counts(pd.Series([True, False])) == CellCounts(0, 0, 2)
    assert cell_counts(pd.Series([1.5, "ND", None], dtype=object)) == CellCounts(1, 1, 0)
    assert cell_counts(pd.Series([], dtype=object)) == CellCounts(0, 0, 0)


def test_words_become_missing_and_are_counted() -> None:
    with pytest.warns(MarkerkitWarning, match=r"2 cells of m in 1 of 1 columns .*: 'ND' \(1\), '<LOD' \(1\)"):
        assert taken(["1.5", "ND", "<LOD", "3"])[0::3] == [1.5, 3]


@pytest.mark.parametrize(
    ("cell", "cause"),
    [
        ("#NUM!", "a formula that failed in a spreadsheet"),
        ("1,234", "may stand for 1234 or for 1.234"),
        ("12;13", "holds several values"),
        ("1,2,3", "fit no way of writing numbers"),
        ("oops", "leave the column out"),
    ],
)
def test_other_text_is_refused_with_its_likely_cause(cell, cause) -> None:
    with pytest.raises(
        InputError, match=rf"{cell!r} in column 'a', row 'P2' \(1 such cells in the column\)\..*{cause}"
    ):
        taken(["1.5", cell, "ND", "3"])


def test_infinite_values_are_named_in_both_ways() -> None:
    for cells in ([1.5, -np.inf, np.inf, 3], ["1.5", "-inf", "inf", "3"]):
        with pytest.raises(InputError, match=r"infinite value in column 'a', row 'P2' \(2 such cells"):
            taken(list(cells))


def test_columns_in_another_order_and_of_several_kinds() -> None:
    frame = pd.DataFrame({"x": [1.0, 2], "t": ["3", "NA"], "i": [5, 6], "y": [7.0, 8]})
    ids = pd.Series(["P1", "P2"])
    found = numbers(frame, ["y", "t", "i", "x"], ids=ids, name="m", what="matrix")
    np.testing.assert_array_equal(found.to_numpy(), [[7, 3, 5, 1], [8, np.nan, 6, 2]])
    assert list(found.columns) == ["y", "t", "i", "x"]
    beside = numbers(frame, ["x"], ids=ids, name="m", what="matrix")
    assert beside["x"].tolist() == [1, 2]


@pytest.mark.parametrize("cell", ["9" * 400, "-" + "9" * 400, 10**400, "1e400"])
def test_a_number_beyond_the_range_of_a_float_is_refused_by_its_cell(cell) -> None:
    """Before pandas 3 such a cell is read as text."""
    with pytest.raises(
        InputError,
        match=r"infinite value in column 'a', row 'P2' .* beyond 1\.8e308|text where a number belongs: .* in column 'a', row 'P2'",
    ) as found:
        taken(["1", cell, "2", "3"])
    assert len(str(found.value)) < 400


def test_a_large_number_within_the_range_is_read() -> None:
    assert taken(["1", "9" * 300, "2", "3"]) == [1, float("9" * 300), 2, 3]


def test_a_column_name_of_any_length_gives_a_short_message() -> None:
    column = "x" * 5000
    with pytest.raises(InputError, match="text where a number belongs: 'oops'") as found:
        numbers(pd.DataFrame({column: ["1", "oops", "2", "3"]}), [column], ids=IDS, name="m", what="matrix")
    assert len(str(found.value)) < 400
