"""tables.xlsx: every table in one workbook, with a sheet that explains every column."""

from __future__ import annotations

import datetime
import io
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from markerkit.core.memory import uncollected
from markerkit.report._long import too_long
from markerkit.tables.registry import TABLES
from markerkit.tables.spec import Kind, TableSpec

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

_EPOCH = datetime.datetime(2000, 1, 1)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_LONGEST = 32_000  # characters that a cell holds
_WIDEST = 60
_SHARES = {"share", "fraction", "weight_fraction", "weight_measured"}
#: every text is a text: never a formula, a link or a number; in memory, as a killed run leaves temporary files behind
_OPTIONS = {
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "in_memory": True,
}


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
    from xlsxwriter import Workbook

    content = io.BytesIO()
    book = Workbook(content, _OPTIONS)
    book.set_properties({"author": "markerkit", "created": _EPOCH})
    explained = pd.DataFrame(
        [(s.name, s.description, c.name, c.kind, c.description) for s in TABLES.values() for c in s.columns],
        columns=["table", "what it holds", "column", "kind", "meaning"],
    )
    # a format of each kind serves the whole workbook
    formats = {
        "header": book.add_format({"bold": True, "bg_color": "#E8EDF2"}),
        "text": book.add_format({"num_format": "@", "quote_prefix": True}),
        "p": book.add_format({"num_format": "0.00E+00"}),
        "share": book.add_format({"num_format": "0.0 %"}),
        "number": book.add_format({"num_format": "0.000"}),
        "": None,
    }
    with uncollected():
        _sheet(book, formats, "Columns", explained, None)
        for name, table in tables.items():
            _sheet(book, formats, name, table, TABLES[name])
        book.close()
    path.write_bytes(content.getvalue())


def _sheet(
    book: Workbook,
    formats: Mapping[str, Format | None],
    name: str,
    table: pd.DataFrame,
    spec: TableSpec | None,
) -> None:
    if note := too_long(name, table):
        table = pd.DataFrame({"note": [note]})
    sheet = book.add_worksheet(name[:31])
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, len(table), table.shape[1] - 1)
    kinds = {c.name: c.kind for c in spec.columns} if spec else {}
    for at, column in enumerate(map(str, table.columns)):
        cells = table[column]
        sheet.set_column(at, at, _width(column, cells))
        sheet.write_string(0, at, _clean(column), formats["header"])
        _write_column(sheet, at, cells, formats[_format(column, kinds.get(column, "str"))], formats["text"])


def _width(column: str, cells: pd.Series) -> int:
    sample = cells.head(200).map(lambda v: len(f"{v:.4g}" if isinstance(v, float) else str(v)))
    widest: int = max([len(column) + 2, *sample.tolist()])
    return min(_WIDEST, widest + 1)


def _format(column: str, kind: Kind) -> str:
    """Name of the format of a column's numbers; whole numbers are shown as they are."""
    if kind != "float":
        return ""
    if column.startswith(("pvalue", "padj")):
        return "p"
    return "share" if column in _SHARES else "number"


def _write_column(sheet: Worksheet, at: int, cells: pd.Series, number: Format | None, quoted: Format) -> None:
    if cells.dtype.kind == "f":
        _write_floats(sheet, at, cells, number)
        return
    missing = cells.isna().to_numpy()
    texts: dict[str, tuple[str, Format | None]] = {}
    for row, value in enumerate(cells.tolist(), 1):
        if missing[row - 1]:
            continue
        if isinstance(value, str):
            if value not in texts:
                # what a spreadsheet shows with a leading apostrophe: text, never a formula
                texts[value] = _clean(value), quoted if value.startswith(_FORMULA) else None
            sheet.write_string(row, at, *texts[value])
        elif isinstance(value, bool):
            sheet.write_boolean(row, at, value)
        else:
            sheet.write_number(row, at, value, number)


def _write_floats(sheet: Worksheet, at: int, cells: pd.Series, number: Format | None) -> None:
    values = cells.to_numpy()
    for row in np.flatnonzero(np.isfinite(values)).tolist():
        sheet.write_number(row + 1, at, values.item(row), number)
    for row in np.flatnonzero(np.isinf(values)).tolist():
        # a workbook knows no such number; degrees of freedom may be infinite
        sheet.write_string(row + 1, at, str(values.item(row)))


def _clean(text: str) -> str:
    return _CONTROL.sub("", text)[:_LONGEST]
