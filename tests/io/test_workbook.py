"""Workbooks, Parquet files and frames with an index."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from openpyxl import Workbook

import markerkit as mk
from markerkit import InputError, MarkerkitWarning
from markerkit.io.tabular import read_table

MATRIX = [
    ["protein_id", "gene", "ev", "ly"],
    ["P08962", "CD63", 1.5e6, 2500.5],
    ["P02768", "ALB", None, 4500],
]
VALUES = [[1.5e6, np.nan], [2500.5, 4500]]


def book(tmp_path: Path, **sheets: list[list[object]]) -> Path:
    made = Workbook()
    made.remove(made.active)
    for title, rows in sheets.items():
        sheet = made.create_sheet(title)
        for row in rows:
            sheet.append(row)
    made.save(tmp_path / "m.xlsx")
    return tmp_path / "m.xlsx"


LEGEND = [["Column", "Meaning"], ["ev", "vesicles"], ["ly", "lysate"]]
COUNTS = [["No.", "rows"], ["a", 12], ["b", 13]]


@pytest.mark.parametrize(
    ("others", "named"), [([LEGEND], "'s0'"), ([COUNTS], "'s0'"), ([LEGEND, COUNTS], "'s0' and 's1'")]
)
def test_the_sheet_that_is_a_matrix_is_read(tmp_path, others, named) -> None:
    path = book(tmp_path, **{f"s{i}": rows for i, rows in enumerate(others)}, data=MATRIX)
    with pytest.warns(MarkerkitWarning, match=f"the sheet 'data' of m.xlsx was read; not read: {named}"):
        exp = mk.read_proteins(path)
    np.testing.assert_array_equal(exp.values.to_numpy(), VALUES)


def test_the_first_of_two_matrices_is_read(tmp_path) -> None:
    second = [MATRIX[0], *([*r[:2], 7, 8] for r in MATRIX[1:])]
    with pytest.warns(MarkerkitWarning, match="the sheet 'one' of m.xlsx was read; not read: 'two'"):
        exp = mk.read_proteins(book(tmp_path, one=MATRIX, two=second))
    np.testing.assert_array_equal(exp.values.to_numpy(), VALUES)


def test_a_workbook_without_a_matrix_is_refused_by_its_first_sheet(tmp_path) -> None:
    with pytest.warns(MarkerkitWarning), pytest.raises(InputError, match="has no sample columns"):
        mk.read_proteins(book(tmp_path, a=LEGEND, b=[*LEGEND, ["x", "y"]]))


def test_titles_above_the_columns(tmp_path) -> None:
    with pytest.raises(
        InputError, match=r"the sheet 'a' .* values under no name \(column 2\).*remove titles and merged"
    ):
        mk.read_proteins(book(tmp_path, a=[["Table S2"], *MATRIX]))


def test_cells_as_they_read_in_the_sheet(tmp_path) -> None:
    date = dt.datetime(2024, 9, 2)
    rows = [
        ["Gene ID", "gene", 1, 6.5, date, 7.0, True],
        [7157, date, 7.756, 495, 12.5, "1,125", True],
        [12, dt.datetime(2024, 9, 2, 10, 30), 8.125, 2, "ND", "2,25", False],
    ]
    frame = read_table(book(tmp_path, a=rows)).frame
    assert list(frame.columns) == ["Gene ID", "gene", "1", "6.5", "2024-09-02", "7", "True"]
    assert frame["Gene ID"].tolist() == ["7157", "12"]
    assert frame["gene"].tolist() == ["2024-09-02", "2024-09-02 10:30:00"]
    assert frame["1"].tolist() == [7.756, 8.125], "a number of a workbook has no thousands point"
    assert frame["6.5"].tolist() == [495, 2]
    assert frame["2024-09-02"].tolist() == [12.5, "ND"]
    assert frame["7"].tolist() == [1.125, 2.25]
    assert frame["True"].tolist() == ["True", "False"]


def test_sheet_cells_of_a_workbook_are_text(tmp_path) -> None:
    path = book(tmp_path, s=[["sample", "dose", "level"], ["ev", 1, "-"], ["ly", 2.5, "None"]])
    exp = mk.read_proteins(pd.DataFrame(MATRIX[1:], columns=MATRIX[0]), samples=path)
    assert list(exp.samples["dose"]) == [1.0, 2.5]
    assert list(exp.samples["level"]) == ["-", "None"]


# ---- an index that was written with the table --------------------------------------------


@pytest.mark.parametrize("index", ["protein_id", "gene", None])
def test_parquet_keeps_the_index_as_a_column(tmp_path, index) -> None:
    frame = pd.DataFrame(MATRIX[1:], columns=MATRIX[0]).astype({"ev": float, "ly": float})
    path = tmp_path / "m.parquet"
    (frame if index is None else frame.set_index(index)).to_parquet(path)
    exp = mk.read_proteins(path)
    np.testing.assert_array_equal(exp.values.to_numpy(), VALUES)
    assert list(exp.proteins["accession"]) == ["P08962", "P02768"]
    assert list(exp.proteins["gene"]) == ["CD63", "ALB"]


def test_an_index_of_numbers_without_a_name_is_row_numbers(tmp_path) -> None:
    frame = pd.DataFrame(MATRIX[1:], columns=MATRIX[0], index=[3, 8]).astype({"ev": float, "ly": float})
    frame.to_parquet(tmp_path / "m.parquet")
    assert list(read_table(tmp_path / "m.parquet").frame.columns) == ["Unnamed: 0", *MATRIX[0]]
