"""Workbooks, Parquet files and frames with an index."""

from __future__ import annotations

import datetime as dt
import gzip
import io
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from openpyxl import Workbook
from pyarrow import parquet

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


def test_a_formula_without_its_result_is_refused_by_its_cell(tmp_path: Path) -> None:
    rows = [*MATRIX[:2], ["P02768", "ALB", "=1+1", "=2+2"]]
    with pytest.raises(InputError, match=r"formula without its result \(cell C3, '=1\+1'\)"):
        mk.read_proteins(book(tmp_path, a=rows))


def test_formulas_on_a_sheet_that_is_not_read_do_not_matter(tmp_path: Path) -> None:
    path = book(tmp_path, a=MATRIX, b=[["note", "sum"], ["x", "=1+1"]])
    with pytest.warns(MarkerkitWarning, match="not read: 'b'"):
        found = mk.read_proteins(path, scale="raw")
    np.testing.assert_array_equal(found.values, VALUES)


def test_a_formula_whose_result_is_an_empty_text_is_an_empty_cell(tmp_path: Path) -> None:
    path = book(tmp_path, a=[*MATRIX[:2], ["P02768", "ALB", "=1+1", 4500]])
    old = zipfile.ZipFile(io.BytesIO(path.read_bytes()))
    with zipfile.ZipFile(path, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if name.startswith("xl/worksheets/"):
                assert b'<c r="C3"><f>' in data
                data = data.replace(b'<c r="C3"><f>', b'<c r="C3" t="str"><f>')
            new.writestr(name, data)
    np.testing.assert_array_equal(mk.read_proteins(path, scale="raw").values, VALUES)


@pytest.mark.parametrize("kind", ["frame", "parquet"])
def test_columns_without_a_name_are_dropped_where_empty_and_refused_where_not(
    tmp_path: Path, kind: str
) -> None:
    frame = pd.DataFrame(MATRIX[1:], columns=MATRIX[0])
    wide = pd.concat([frame, pd.DataFrame(np.full((2, 400), np.nan))], axis=1)
    wide = wide.set_axis([*frame.columns, *[""] * 400], axis=1)
    np.testing.assert_array_equal(mk.read_proteins(_given(wide, tmp_path, kind), scale="raw").values, VALUES)
    wide.iloc[1, 10] = 5.0
    with pytest.raises(InputError, match=r"values under no name \(column 11\)"):
        mk.read_proteins(_given(wide, tmp_path, kind), scale="raw")


def _given(frame: pd.DataFrame, folder: Path, kind: str) -> pd.DataFrame | Path:
    if kind == "frame":
        return frame
    arrays = [pa.array(frame.iloc[:, i]) for i in range(frame.shape[1])]
    parquet.write_table(pa.Table.from_arrays(arrays, names=list(frame.columns)), folder / "m.parquet")
    return folder / "m.parquet"


@pytest.mark.parametrize("cut", [slice(40, 46), slice(30, 60)])
def test_a_damaged_gzip_file_is_refused(tmp_path: Path, cut: slice) -> None:
    data = gzip.compress(b"protein_id\tgene\ta\tb\nP1\tA\t1\t2\n" * 40)
    path = tmp_path / "m.tsv.gz"
    path.write_bytes(data[: cut.start] + data[cut.stop :])
    with pytest.raises(InputError, match="is a broken gzip file"):
        read_table(path)


def test_text_of_a_parquet_file_that_is_no_utf8_is_refused(tmp_path: Path) -> None:
    """It is read without a word, and fails where it is looked at."""
    rows = pd.DataFrame({"gene": ["CD63", "CD9", "CD81"], "EV_1": [1e6, 2e6, 3e6], "EV_2": [2e6, 4e6, 1e6]})
    rows.to_parquet(tmp_path / "t.parquet", index=False, compression=None)
    data = (tmp_path / "t.parquet").read_bytes()
    (tmp_path / "t.parquet").write_bytes(data.replace(b"CD63", b"C\xff63", 1))
    with pytest.raises(mk.InputError, match="is a broken Parquet file"):
        mk.read_proteins(tmp_path / "t.parquet")


def test_every_byte_of_a_damaged_parquet_footer_is_read_or_refused(tmp_path: Path) -> None:
    path = _given(pd.DataFrame(MATRIX[1:], columns=MATRIX[0]), tmp_path, "parquet")
    data = path.read_bytes()
    refused = 0
    for at in range(len(data) - 200, len(data) - 4, 5):
        path.write_bytes(data[:at] + bytes([data[at] ^ 0xFF]) + data[at + 1 :])
        try:
            read_table(path)
        except InputError as error:
            refused += "broken Parquet" in str(error)
    assert refused > 5


def test_every_damaged_part_of_a_workbook_is_read_or_refused(tmp_path: Path) -> None:
    path = book(tmp_path, a=MATRIX)
    data = path.read_bytes()
    said = set()
    for at in range(10, len(data), 97):
        path.write_bytes(data[:at] + bytes([data[at] ^ 0xFF]) + data[at + 1 :])
        try:
            assert list(read_table(path).frame.columns) == MATRIX[0]
        except InputError as error:
            said.add(str(error))
    broken, lost = "is a broken XLSX workbook; save it again.", "has no sheet with a header and rows."
    assert f"the matrix 'm.xlsx' {broken}" in said
    assert said <= {f"the matrix 'm.xlsx' {cause}" for cause in (broken, lost)}
