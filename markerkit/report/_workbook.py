"""tables.xlsx: every table in one workbook, with a sheet that explains every column."""

from __future__ import annotations

import datetime
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from markerkit.tables.registry import TABLES
from markerkit.tables.spec import Kind, TableSpec

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font, PatternFill
    from openpyxl.worksheet._write_only import WriteOnlyWorksheet

_EPOCH = datetime.datetime(2000, 1, 1)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_LONGEST = 32_000  # characters that a cell holds
_WIDEST = 60
_SHARES = {"share", "fraction", "weight_fraction", "weight_measured"}


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
    _sheet(book, "Columns", explained, None)
    for name, table in tables.items():
        _sheet(book, name, table, TABLES[name])
    book.save(path)
    _fix_times(path)


def _sheet(book: Workbook, name: str, table: pd.DataFrame, spec: TableSpec | None) -> None:
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
    sheet.append([_text_cell(sheet, str(c), font=bold, fill=fill) for c in table.columns])
    kinds = {c.name: c.kind for c in spec.columns} if spec else {}
    numbers = [_number_cell(sheet, str(c), kinds.get(str(c), "str")) for c in table.columns]
    for row in table.itertuples(index=False, name=None):
        sheet.append([_value(sheet, v, cell) for v, cell in zip(row, numbers, strict=True)])


def _number_cell(sheet: WriteOnlyWorksheet, column: str, kind: Kind) -> WriteOnlyCell | None:
    """Make the cell that the numbers of a column are written with.

    A row is written when it is appended, so that one cell serves all rows: styles are slow to set.
    """
    from openpyxl.cell import WriteOnlyCell

    if kind != "float":
        return None
    cell = WriteOnlyCell(sheet, value=0.0)
    if column.startswith(("pvalue", "padj")):
        cell.number_format = "0.00E+00"
    else:
        cell.number_format = "0.0 %" if column in _SHARES else "0.000"
    return cell


def _value(sheet: WriteOnlyWorksheet, value: object, cell: WriteOnlyCell | None) -> object:
    if value is None or value is pd.NA or (isinstance(value, float) and value != value):
        return None
    if isinstance(value, str):
        return _text_cell(sheet, value) if value.startswith(_FORMULA) else _clean(value)
    if cell is None:
        return value.item() if isinstance(value, np.generic) else value
    cell.value = float(value)  # type: ignore[arg-type]
    return cell


def _text_cell(
    sheet: WriteOnlyWorksheet, text: str, *, font: Font | None = None, fill: PatternFill | None = None
) -> WriteOnlyCell:
    from openpyxl.cell import WriteOnlyCell

    cell = WriteOnlyCell(sheet, value="")
    cell.value = _clean(text)
    cell.data_type = "s"
    if font is not None:
        cell.font, cell.fill = font, fill
    else:
        # what a spreadsheet shows as a leading apostrophe: text, never a formula
        cell.style = _quoted(sheet)
    return cell


def _quoted(sheet: WriteOnlyWorksheet) -> str:
    """Name of the workbook's style for text that looks like a formula."""
    from openpyxl.styles import NamedStyle

    name = "quoted text"
    if name not in sheet.parent.named_styles:
        style = NamedStyle(name=name)
        style.number_format = "@"
        sheet.parent.add_named_style(style)
    return name


def _clean(text: str) -> str:
    return _CONTROL.sub("", text)[:_LONGEST]


def _fix_times(path: Path) -> None:
    """Write the archive again with fixed times."""
    with zipfile.ZipFile(path) as archive:
        parts = [(info.filename, archive.read(info)) for info in archive.infolist()]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts:
            if name == "docProps/core.xml":
                content = re.sub(rb"(<dcterms:modified[^>]*>)[^<]*", rb"\g<1>2000-01-01T00:00:00Z", content)
            archive.writestr(zipfile.ZipInfo(name, (2000, 1, 1, 0, 0, 0)), content, zipfile.ZIP_DEFLATED)
