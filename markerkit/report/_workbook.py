"""tables.xlsx: every table in one workbook, with a sheet that explains every column."""

from __future__ import annotations

import datetime
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from markerkit.tables.registry import TABLES
from markerkit.tables.spec import TableSpec

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
    _sheet(book, "Columns", explained, None)
    for name, table in tables.items():
        _sheet(book, name, table, TABLES[name])
    book.save(path)
    _fix_times(path)


def _sheet(book, name: str, table: pd.DataFrame, spec: TableSpec | None) -> None:  # type: ignore[no-untyped-def]
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
    sheet.append([_cell(sheet, c, font=bold, fill=fill) for c in table.columns])
    kinds = {c.name: c.kind for c in spec.columns} if spec else {}
    formats = [_number_format(str(c), kinds.get(str(c), "str")) for c in table.columns]
    for row in table.itertuples(index=False, name=None):
        sheet.append([_value(sheet, v, f) for v, f in zip(row, formats, strict=True)])


def _number_format(column: str, kind: str) -> str | None:
    if kind != "float":
        return None
    if column.startswith(("pvalue", "padj")):
        return "0.00E+00"
    return "0.0 %" if column in {"share", "fraction", "weight_fraction", "weight_measured"} else "0.000"


def _value(sheet, value: object, number_format: str | None):  # type: ignore[no-untyped-def]
    if value is None or value is pd.NA or (isinstance(value, float) and value != value):
        return None
    if isinstance(value, str):
        return _cell(sheet, value) if value.startswith(_FORMULA) else _clean(value)
    if number_format is None:
        return value.item() if hasattr(value, "item") else value
    from openpyxl.cell import WriteOnlyCell

    cell = WriteOnlyCell(sheet, value=float(value))  # type: ignore[arg-type]
    cell.number_format = number_format
    return cell


def _cell(sheet, text: str, *, font: Any = None, fill: Any = None):  # type: ignore[no-untyped-def]
    from openpyxl.cell import WriteOnlyCell

    cell = WriteOnlyCell(sheet, value="")
    cell.value = _clean(str(text))
    cell.data_type = "s"
    if font is not None:
        cell.font, cell.fill = font, fill
    else:
        # what a spreadsheet shows as a leading apostrophe: text, never a formula
        cell.style = _quoted(sheet)
    return cell


def _quoted(sheet) -> str:  # type: ignore[no-untyped-def]
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
