"""Text tables: delimiter, header, width of the rows, quotation marks."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

import markerkit as mk
from markerkit import InputError
from markerkit.io import text_rows
from markerkit.io.tabular import read_table

HEADER = ["protein_id", "gene", "ev", "ly"]
ROWS = [
    ["P08962", "CD63", "1500000", "2500.5"],
    ["P60033", "CD81", "", "3500"],
    ["P02768", "ALB", "4500", "5500"],
]
VALUES = [[1.5e6, np.nan, 4500], [2500.5, 3500, 5500]]


def text(sep: str = "\t", header: list[str] = HEADER, rows: list[list[str]] = ROWS) -> str:
    return "\n".join(sep.join(r) for r in [header, *rows]) + "\n"


def file(tmp_path: Path, content: str | bytes, name: str = "m.txt") -> Path:
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def check(path: Path, names: tuple[str, ...] = ("ev", "ly")) -> None:
    exp = mk.read_proteins(path)
    np.testing.assert_array_equal(exp.values.to_numpy(), VALUES)
    assert list(exp.values.index) == list(names)
    assert list(exp.proteins["gene"]) == ["CD63", "CD81", "ALB"]


CSV = text(",")
SAME = {
    "tab": text(),
    "comma": CSV,
    "semicolon": text(";"),
    "stated": "sep=;\n" + text(";"),
    "stated in quotes": '"sep=,"\r\n' + CSV.replace("\n", "\r\n"),
    "stated tab": "SEP=\t\n" + text(),
    "windows": text().replace("\n", "\r\n"),
    "old mac": text().replace("\n", "\r"),
    "byte order mark": b"\xef\xbb\xbf" + CSV.encode(),
    "utf-16": text().encode("utf-16"),
    "utf-16 big": b"\xfe\xff" + text().encode("utf-16-be"),
    "no line end": text().rstrip("\n"),
    "blank lines": "\n\n" + text().replace("\n", "\n\n"),
    "comments": "# exported\n#\n! other\n" + text(),
    "header that looks like a comment": "#" + text(),
    "delimiter at the end": text().replace("\n", "\t\n"),
    "delimiter at the end of rows": text(rows=[[*r, ""] for r in ROWS]),
    "rows of delimiters at the end": CSV + ",,,\n,,,\n",
    "quoted": re.sub(r"([^,\n]+)", r'"\1"', CSV),
    "line break in the header": CSV.replace("gene", '"Gene\nsymbol"'),
    "windows line break in the header": CSV.replace("gene", '"Gene\r\nsymbol"').replace("\nP", "\r\nP"),
    "type row": text().replace("\nP08962", "\n#!{Type}T\tT\tE\tE\n#!{C:Group}\t\tEV\tL\nP08962"),
}  # fmt: skip


@pytest.mark.parametrize("kind", SAME)
def test_one_table_in_many_forms(tmp_path, kind) -> None:
    check(file(tmp_path, SAME[kind]))


def test_types_of_columns_are_kept(tmp_path) -> None:
    table = read_table(file(tmp_path, SAME["type row"]))
    assert table.types == {"protein_id": "T", "gene": "T", "ev": "E", "ly": "E"}
    assert read_table(file(tmp_path, SAME["tab"])).types == {}


def test_commas_in_the_header_of_a_semicolon_table(tmp_path) -> None:
    check(
        file(tmp_path, text(";", ["protein_id", "gene", "a, b, EV, 1", "a, b, L, 1"])),
        ("a, b, EV, 1", "a, b, L, 1"),
    )


def test_semicolons_in_the_cells_of_a_comma_table(tmp_path) -> None:
    rows = [[f"{r[0]};{r[0]}-2;{i}", *r[1:]] for i, r in enumerate(ROWS)]
    check(file(tmp_path, text(",", rows=rows)))


@pytest.mark.parametrize("sep", ["\t", ",", ";", " "])
@pytest.mark.parametrize("quote", ["", '"'])
def test_row_names_without_a_name_in_the_header(tmp_path, sep, quote) -> None:
    rows = [[quote + r[1] + quote, *(c or "NA" for c in r[2:])] for r in ROWS]
    exp = mk.read_proteins(file(tmp_path, text(sep, [quote + h + quote for h in HEADER[2:]], rows)))
    np.testing.assert_array_equal(exp.values.to_numpy(), VALUES)
    assert list(exp.values.index) == ["ev", "ly"]
    assert list(exp.values.columns) == ["CD63", "CD81", "ALB"]


def test_row_names_beside_an_empty_last_column(tmp_path) -> None:
    """Every row ends with a delimiter, but the first column of the header is a sample."""
    path = file(tmp_path, text(header=["ev", "ly", "blank"], rows=[[*r[1:], ""] for r in ROWS]))
    frame = read_table(path).frame
    assert list(frame.columns) == ["Unnamed: 0", "ev", "ly", "blank"]
    assert frame["ly"].tolist() == [2500.5, 3500, 5500]


def test_a_first_column_without_a_name_is_kept(tmp_path) -> None:
    frame = read_table(
        file(tmp_path, text(",", ["", *HEADER], [[str(i), *r] for i, r in enumerate(ROWS)]))
    ).frame
    assert list(frame.columns) == ["Unnamed: 0", *HEADER]
    assert frame["Unnamed: 0"].tolist() == [0, 1, 2]


def test_names_that_repeat_with_a_number_are_kept(tmp_path) -> None:
    check(file(tmp_path, text(header=["protein_id", "gene", "EV", "EV.1"])), ("EV", "EV.1"))


def test_identifiers_are_text(tmp_path) -> None:
    frame = read_table(file(tmp_path, "Gene ID\ta\n0123\t5\n7157\t6\n\t7\n")).frame
    assert frame["Gene ID"].tolist()[:2] == ["0123", "7157"]


REFUSED = {
    "title one cell short": (
        "Table, of, EVs\n" + CSV, r"line 1 \('Table, of, EVs'\) has 3 cells, the rows from line 2 on have 4. Delete what"
    ),
    "all rows too long": (
        text(rows=[[*r, "7"] for r in ROWS]), "is ragged: line 2 has 5 cells, the header has 4"
    ),
    "second header": (text().replace("\nP08962", "\n\t\tEV\tL\nP08962"), "'EV' in column 'ev', row 'row 1' .*second header"),
    "title": ("Table S2\nof EVs\n" + CSV, r"line 1 \('Table S2'\) has 1 cells, the rows from line 3 on have 4"),
    "title with commas": ("Table, of EVs\n" + CSV, r"line 1 .* has 2 cells, the rows from line 2 on have 4. Delete what"),
    "footer": (CSV + "\nTotal: 3\n", r"line 6 has 1 cells, the header has 4; it looks like a note .*'Total: 3'"),
    "two footers": (CSV + "Source, x\nTotal\n", r"line 5 has 2 cells, .* note under the table \('Source, x'\)"),
    "short row": (CSV.replace("CD81,,3500", "CD81,3500"), "line 3 has 3 cells, the header has 4; correct that line"),
    "decimal comma": (CSV.replace("2500.5", "2500,5"), "line 2 has 5 cells.*numbers with a decimal comma, must stand"),
    "all decimal commas": (re.sub(r"(\d{4}),?(?=\n|,)", r"\1,5", CSV), "numbers with a decimal comma"),
    "one open quote": (text().replace("CD81", '"CD81'), "quotation mark that is not closed: line 3, cell '\"CD81'"),
    "two open quotes": (
        text().replace("CD63", '"CD63').replace("ALB", '"ALB'), "quotation mark that is not closed: line 2"
    ),
    "closed by another row": (
        text().replace("CD63", '"CD63').replace("ALB", 'ALB"'), "quotation mark that is not closed: line 2"
    ),
    "open quote in the header": (text().replace("gene", '"gene'), "line 2|quotation mark|one column|header only"),
    "repeated": (text(header=["protein_id", "gene", "ev", "ev"]), "repeats the column 'ev'"),
    "no name": (text(header=["protein_id", "gene", "ev", ""]), r"values under no name \(column 4\)"),
}  # fmt: skip


@pytest.mark.parametrize("kind", REFUSED)
def test_tables_that_are_refused(tmp_path, kind) -> None:
    content, message = REFUSED[kind]
    with pytest.raises(InputError, match=message):
        mk.read_proteins(file(tmp_path, content))


@pytest.mark.parametrize("cell", ["two\nlines", "a, b\nc, d, e", "\n", "1\n2\n3"])
@pytest.mark.parametrize("column", [2, 4])
def test_a_line_break_in_a_cell(tmp_path, cell, column) -> None:
    rows = [[*r[:column], "x", *r[column:]] for r in ROWS]
    rows[1][column] = f'"{cell}"'
    check(file(tmp_path, text(",", [*HEADER[:column], "Description", *HEADER[column:]], rows)))


@pytest.mark.parametrize("cell", ['CD81 5"-end', '"CD81" tetraspanin', '"CD""81"'])
def test_other_quotation_marks_in_a_row(tmp_path, cell) -> None:
    exp = mk.read_proteins(file(tmp_path, text().replace("CD81", cell)))
    np.testing.assert_array_equal(exp.values.to_numpy(), VALUES)
    assert exp.proteins["gene"].iloc[1].startswith("CD")


def test_long_lines_are_counted_alike(tmp_path) -> None:
    names = [f"sample_number_{i}" for i in range(200)]
    rows = [[g, *(f"{i}00000.5" for i in range(1, 201))] for g in ("CD63", "ALB")]
    path = file(tmp_path, text("\t", ["gene", *names], rows))
    assert mk.read_proteins(path).values["ALB"].tolist() == [i * 1e5 + 0.5 for i in range(1, 201)]
    rows[1].pop()
    with pytest.raises(InputError, match="line 3 has 200 cells, the header has 201"):
        mk.read_proteins(file(tmp_path, text("\t", ["gene", *names], rows)))


def test_columns_that_change_their_kind_far_below(tmp_path) -> None:
    """A wide table is read in parts: a column with text in one part and numbers in another is one of text as a whole."""
    wide, n = 1100, 700
    first = {
        "note": ["1.50"] * 600 + ["x"] * 100,
        "late": [""] * 600 + ["y"] * 100,
        "number": ["1"] * 600 + ["2.5"] * 100,
        "flag": ["True"] * 600 + ["1"] * 100,
    }
    rows = ["\t".join([*cells, *["1"] * wide]) for cells in zip(*first.values(), strict=True)]
    path = tmp_path / "wide.tsv"
    path.write_text("\n".join(["\t".join([*first, *(f"c{i}" for i in range(wide))]), *rows]))
    frame = read_table(path).frame
    assert frame.shape == (n, wide + 4)
    assert list(frame["note"]) == first["note"]
    assert frame["late"].isna().sum() == 600
    assert set(frame["late"].dropna()) == {"y"}
    assert list(frame["number"]) == [float(v) for v in first["number"]]
    assert list(frame["flag"]) == first["flag"]
    assert frame["c9"].dtype == int


@pytest.mark.parametrize("line", ["1\t2", "1\t2\t3\t4", "1", ""])
@pytest.mark.parametrize("end", ["\n", ""])
def test_one_row_of_another_width_is_found(tmp_path, monkeypatch, line, end) -> None:
    """Wherever it stands in a long table; a blank line is no row."""
    path = tmp_path / "rows.tsv"
    monkeypatch.setattr(text_rows, "_CHUNK", 1000)
    n = 300  # more than is looked at in one go
    for at in (0, n // 2, n - 1):
        lines = ["1.25\t2.25\t3.25"] * n
        lines[at] = line
        path.write_text("gene\ta\tb\n" + "\n".join(lines) + end)
        if line:
            with pytest.raises(
                InputError, match=rf"line {at + 2} has {len(line.split())} cells, the header has 3"
            ):
                read_table(path)
        else:
            assert len(read_table(path).frame) == n - 1


def test_a_comma_in_every_name_of_a_ragged_sheet_is_no_delimiter(tmp_path) -> None:
    path = tmp_path / "s.tsv"
    path.write_text("sample\tgroup\tdonor\nF1: Sample, EV\tev\ta\nF2: Sample, cell\tcell\n")
    with pytest.raises(InputError, match="line 3 has 2 cells, the header has 3"):
        read_table(path, what="sample sheet")
