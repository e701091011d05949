"""tables.xlsx: every table in one workbook, with a sheet that explains every column."""

from __future__ import annotations

import datetime
import re
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from xml.sax.saxutils import escape

import numpy as np
import pandas as pd

from markerkit.table_registry import TABLES
from markerkit.tables import TableSpec

_EPOCH = datetime.datetime(2000, 1, 1)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_LONGEST = 32_000  # characters that a cell holds
_WIDEST = 60


def write_workbook(tables: Mapping[str, pd.DataFrame], path: Path) -> None:
    """Write the tables to a workbook.

    Parameters
    ----------
    tables
        Tables of the registry by name.
    path
        File to write.

    Notes
    -----
    Text that a spreadsheet would run as a formula (it begins with ``= + - @``)
    is stored as text, in the text format. The document's dates are fixed.
    """
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    book.properties.created = book.properties.modified = _EPOCH
    book.properties.creator = "markerkit"
    explained = pd.DataFrame(
        [(s.name, s.description, c.name, c.kind, c.description) for s in TABLES.values() for c in s.columns],
        columns=["table", "what it holds", "column", "kind", "meaning"],
    )
    rows = [_sheet(book, "Columns", explained, None)]
    rows += [_sheet(book, name, table, TABLES[name]) for name, table in tables.items()]
    book.save(path)
    _fill(path, rows)


def _sheet(book, name: str, table: pd.DataFrame, spec: TableSpec | None) -> str:  # type: ignore[no-untyped-def]
    """Add a sheet with its header, and return the other rows as the sheet's XML."""
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font, PatternFill
    from openpyxl.utils import get_column_letter

    sheet = book.create_sheet(name[:31])
    sheet.freeze_panes = "A2"
    letters = [get_column_letter(i + 1) for i in range(table.shape[1])]
    sheet.auto_filter.ref = f"A1:{letters[-1]}{len(table) + 1}"
    for letter, column in zip(letters, table.columns, strict=True):
        sample = table[column].head(200).map(lambda v: len(f"{v:.4g}" if isinstance(v, float) else str(v)))
        widest = max([len(str(column)) + 2, *sample.tolist()])
        sheet.column_dimensions[letter].width = min(_WIDEST, widest + 1)
    bold, fill = Font(bold=True), PatternFill("solid", fgColor="E8EDF2")
    header = [WriteOnlyCell(sheet, value=str(c)) for c in table.columns]
    for cell in header:
        cell.font, cell.fill = bold, fill
    sheet.append(header)
    kinds = {c.name: c.kind for c in spec.columns} if spec else {}
    styles = [_style(sheet, _number_format(str(c), kinds.get(str(c), "str"))) for c in table.columns]
    return _rows(table, letters, styles, _style(sheet, "@"))


def _number_format(column: str, kind: str) -> str:
    if kind != "float":
        return "General"
    if column.startswith(("pvalue", "padj")):
        return "0.00E+00"
    return "0.0 %" if column in {"share", "fraction", "weight_fraction", "weight_measured"} else "0.000"


def _style(sheet, number_format: str) -> int:  # type: ignore[no-untyped-def]
    """Register the style of a number format with the workbook, and return its number."""
    from openpyxl.cell import WriteOnlyCell

    cell = WriteOnlyCell(sheet)
    cell.number_format = number_format
    return int(cell.style_id)


def _rows(table: pd.DataFrame, letters: Sequence[str], styles: Sequence[int], quoted: int) -> str:
    """Write the rows below the header; openpyxl, cell by cell, takes five times as long."""
    lines = []
    for number, row in enumerate(table.itertuples(index=False, name=None), start=2):
        cells = [
            _cell(f"{letter}{number}", value, style, quoted)
            for letter, value, style in zip(letters, row, styles, strict=True)
        ]
        lines.append(f'<row r="{number}">{"".join(cells)}</row>')
    return "".join(lines)


def _cell(place: str, value: object, style: int, quoted: int) -> str:
    if value is None or value is pd.NA or value == "" or value != value:
        return ""
    if isinstance(value, bool | np.bool_):
        return f'<c r="{place}" s="{style}" t="b"><v>{int(value)}</v></c>'
    if isinstance(value, int | float | np.number) and np.isfinite(value):
        return f'<c r="{place}" s="{style}"><v>{value:.16g}</v></c>'
    text = _CONTROL.sub("", str(value))[:_LONGEST]
    # a spreadsheet never runs what has the format of text
    style = quoted if text.startswith(_FORMULA) else style
    space = ' xml:space="preserve"' if text != text.strip() else ""
    return f'<c r="{place}" s="{style}" t="inlineStr"><is><t{space}>{escape(text)}</t></is></c>'


def _fill(path: Path, rows: Sequence[str]) -> None:
    """Write the archive again with the rows of its sheets, and with fixed times."""
    with zipfile.ZipFile(path) as archive:
        parts = {info.filename: archive.read(info) for info in archive.infolist()}
    for i, text in enumerate(rows, start=1):
        name = f"xl/worksheets/sheet{i}.xml"
        parts[name] = parts[name].replace(b"</sheetData>", text.encode() + b"</sheetData>")
    name = "docProps/core.xml"
    parts[name] = re.sub(rb"(<dcterms:modified[^>]*>)[^<]*", rb"\g<1>2000-01-01T00:00:00Z", parts[name])
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(zipfile.ZipInfo(name, (2000, 1, 1, 0, 0, 0)), content, zipfile.ZIP_DEFLATED)
