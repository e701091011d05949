"""Workbooks (XLSX): the sheet that holds the table, its cells as written."""

from __future__ import annotations

import datetime as dt
import io
import math
import re
import sys
import warnings
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from markerkit.core import limits
from markerkit.core.errors import InputError, MarkerkitWarning, listed, shown
from markerkit.io.affinity import TITLES, refuse_olink
from markerkit.io.cells import MISSING, as_numbers, cell_counts
from markerkit.io.delimited import SHEET_MISSING, check_header, named_columns
from markerkit.io.dialects import plain
from markerkit.io.given import check_ratio
from markerkit.io.number_format import read_numbers
from markerkit.io.text_rows import NAMES

if TYPE_CHECKING:
    from openpyxl.worksheet._read_only import ReadOnlyWorksheet

_MOSTLY = 0.5  # share of the filled cells that are numbers in a column of numbers
#: what zipfile, the XML parser and openpyxl raise on a damaged or locked file
_DAMAGE = (
    zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError, SyntaxError, LookupError, ValueError,
    TypeError, AttributeError, ArithmeticError,
)  # fmt: skip
_LARGEST = int(sys.float_info.max)
_PROLOG = 1 << 16  # bytes of a part in which a document type would stand
_SAMPLED = 200  # rows of a sheet that are looked at to find the one that is a matrix


@dataclass(frozen=True)
class _Sheet:
    """Sheet of a workbook: its title, its rows that are not empty, and its first formula without a result."""

    title: str
    rows: Sequence[tuple[object, ...]]
    unsolved: str = ""

    @cached_property
    def header(self) -> list[str]:
        cells = [_text(c) for c in self.rows[0]]
        return cells[: max((i + 1 for i, c in enumerate(cells) if c), default=0)]

    @cached_property
    def has_numbers(self) -> bool:
        """Say whether a column beside the first one holds numbers, as that of a sample does."""
        sampled = self.rows[1 : _SAMPLED + 1]
        for i in range(1, len(self.header)):
            found = cell_counts(pd.Series([r[i] for r in sampled if r[i] is not None], dtype=object))
            if found.numbers and found.numbers >= _MOSTLY * sum(found):
                return True
        return False

    @property
    def has_names(self) -> bool:
        """Say whether a column is named as those of proteins or genes are."""
        return any(plain(c) in NAMES for c in self.header)


def read_workbook(data: bytes, name: str, what: str, *, as_text: bool) -> pd.DataFrame:
    """Read the sheet of a workbook that holds a table: the first one, or for a matrix the first with numbers.

    Parameters
    ----------
    data
        XLSX.
    name, what
        File and what it is, for the messages.
    as_text
        Keep every cell as text.

    Raises
    ------
    InputError
        No workbook, one that unpacks to too much or declares entities, a sheet beyond the limits, no sheet with rows, titles or merged cells above the columns, a column that is there twice, a
        formula that was saved without its result.

    Warns
    -----
    MarkerkitWarning
        Other sheets with rows are not read.
    """
    sheets = _sheets(data, name, what)
    if not sheets:
        raise InputError(f"the {what} {name!r} has no sheet with a header and rows.")
    matrices = [] if as_text else [s for s in sheets if s.has_numbers]
    sheet = next((s for s in matrices if s.has_names), (matrices or sheets)[0])
    others = [s.title for s in sheets if s is not sheet]
    if others:
        warnings.warn(
            f"the sheet {shown(sheet.title)} of {name} was read; not read: {listed(others, limit=6)}",
            MarkerkitWarning,
            stacklevel=5,
        )
    if sheet.unsolved:
        raise InputError(
            f"the sheet {shown(sheet.title)} of the {what} {name!r} holds a formula without its result ({sheet.unsolved}), as programs "
            "write it that do not calculate. Open it in a spreadsheet and save it, or write numbers instead of formulas."
        )
    check_header(sheet.header, name, what)
    _check_titles(sheet, name, what)
    missing = SHEET_MISSING if what == "sample sheet" else MISSING
    columns = [
        _column([r[i] for r in sheet.rows[1:]], as_text=as_text or plain(c) in NAMES, missing=missing)
        for i, c in enumerate(sheet.header)
    ]
    frame = pd.concat(columns, axis=1).set_axis(sheet.header, axis=1)
    frame = named_columns(frame, name, what)
    return frame if as_text else read_numbers(frame, name=name, what=what, again=None)


def _sheets(data: bytes, name: str, what: str) -> list[_Sheet]:
    """Sheets with a header and rows."""
    try:
        _check_archive(data, name, what)
        return _read_sheets(data, name, what)
    except InputError:
        raise
    except _DAMAGE as error:
        if b"xl/workbook.xml" in data:
            raise InputError(f"the {what} {name!r} is a broken XLSX workbook; save it again.") from error
        raise InputError(
            f"the {what} {name!r} is a zip archive, not an XLSX workbook; unpack it first."
        ) from error


def _check_archive(data: bytes, name: str, what: str) -> None:
    """Refuse a workbook that unpacks to too much, and one with entities, which no spreadsheet program writes."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = archive.infolist()  # more than the stated sizes is never unpacked
        check_ratio(sum(p.file_size for p in parts), len(data), name, what)
        for part in parts:
            check_ratio(part.file_size, part.compress_size, name, what, most=limits.WORKBOOK_PART)
            if part.filename.endswith((".xml", ".rels")):
                with archive.open(part) as file:
                    start = file.read(_PROLOG)
                if b"<!DOCTYPE" in start or b"<!ENTITY" in start:
                    raise InputError(
                        f"the {what} {name!r} is no workbook of a spreadsheet program: its part {shown(part.filename)} declares "
                        "entities. Save the table again, or as TSV."
                    )


def _read_sheets(data: bytes, name: str, what: str) -> list[_Sheet]:
    from openpyxl import load_workbook

    book = load_workbook(io.BytesIO(data), read_only=True, data_only=True)
    formulas = load_workbook(io.BytesIO(data), read_only=True) if _has_formulas(data) else None
    found = []
    for i, sheet in enumerate(book.worksheets):
        of = f"the sheet {shown(sheet.title)} of the {what} {name!r}"
        unsolved = "" if formulas is None else _unsolved(_rows(sheet, of), _rows(formulas.worksheets[i], of))
        rows = list(_filled(_rows(sheet, of, values_only=True)))
        width = max((len(r) for r in rows), default=0)
        if width * len(rows) > limits.SHEET_CELLS:
            raise _too_large(of, f"{len(rows)} rows of {width} columns")
        rows = [(*r, *[None] * (width - len(r))) for r in rows]
        if len(rows) > 1 or unsolved:
            found.append(_Sheet(str(sheet.title), rows or [()], unsolved))
    return found


def _rows(sheet: ReadOnlyWorksheet, of: str, *, values_only: bool = False) -> Iterator[tuple[Any, ...]]:
    """Rows of a sheet, empty ones between others included; one that is larger than any program writes is refused."""
    sheet.reset_dimensions()  # what a sheet states may be wrong
    cells = 0
    for number, row in enumerate(sheet.iter_rows(values_only=values_only), 1):
        cells += len(row)
        if number > limits.SHEET_ROWS or len(row) > limits.SHEET_COLUMNS:
            raise _too_large(of, "a cell beyond the last row or column")
        if cells > limits.SHEET_CELLS:
            raise _too_large(of, f"{cells:,} cells in {number:,} rows")
        yield row


def _filled(rows: Iterable[tuple[object, ...]]) -> Iterator[tuple[object, ...]]:
    """Rows that hold something, without the empty cells at their end; whole numbers too large for a float as infinite."""
    for row in rows:
        n = len(row)
        while n and row[n - 1] is None:
            n -= 1
        if n:
            yield tuple(math.inf if type(c) is int and abs(c) > _LARGEST else c for c in row[:n])


def _too_large(of: str, found: str) -> InputError:
    return InputError(
        f"{of} has {found}; at most {limits.SHEET_ROWS:,} rows, {limits.SHEET_COLUMNS:,} columns and {limits.SHEET_CELLS:,} cells "
        "are read. Delete the empty rows and columns around the table, or save it as TSV."
    )


def _has_formulas(data: bytes) -> bool:
    """Say whether any sheet has a formula."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        sheets = (n for n in archive.namelist() if n.startswith("xl/worksheets/"))
        return any(re.search(rb"<(?:\w+:)?f[ >/]", archive.read(n)) for n in sheets)


def _unsolved(results: Iterable[tuple[Any, ...]], formulas: Iterable[tuple[Any, ...]]) -> str:
    """Name the first formula whose result was not stored; a stored result may be an empty text.

    Parameters
    ----------
    results, formulas
        Rows of cells of the same sheet, with the results and with the formulas.
    """
    for solved, written in zip(results, formulas, strict=False):
        for cell, formula in zip(solved, written, strict=False):
            if formula.data_type == "f" and cell.value is None and cell.data_type == "n":
                return f"cell {formula.coordinate}, {shown(str(formula.value))}"
    return ""


def _check_titles(sheet: _Sheet, name: str, what: str) -> None:
    """Refuse a sheet with titles or merged cells above its columns."""
    header, rows = sheet.header, sheet.rows
    widest = max(i + 1 for r in rows for i, c in enumerate(r) if c is not None)
    nameless = [
        i for i, c in enumerate(header) if not c and i > 0 and any(r[i] is not None for r in rows[1:])
    ]
    if widest > len(header) or nameless:
        refuse_olink((c for r in rows[:TITLES] for c in r), name, what)
        at = nameless[0] if nameless else len(header)
        raise InputError(
            f"the sheet {shown(sheet.title)} of the {what} {name!r} has values under no name (column {at + 1}); its first row "
            f"({listed([c for c in header if c], limit=4)}) must name every column: remove titles and merged cells above it."
        )


def _text(cell: object) -> str:
    """Write a cell as it reads in the sheet: dates as in ISO 8601, without the time where it is midnight."""
    if cell is None:
        return ""
    if isinstance(cell, dt.datetime):
        return cell.date().isoformat() if cell.time() == dt.time() else cell.isoformat(" ")
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    return " ".join(str(cell).split("\n")).strip()


def _column(cells: list[object], *, as_text: bool, missing: Sequence[str]) -> pd.Series:
    """Column of a sheet: numbers where all its cells are, else its text with the numbers in it."""
    number = [isinstance(c, int | float) and not isinstance(c, bool) for c in cells]
    texts = [_text(c) for c in cells]
    empty = [t in missing for t in texts]
    if as_text:
        return pd.Series([np.nan if e else t for t, e in zip(texts, empty, strict=True)], dtype=object)
    if all(n or e for n, e in zip(number, empty, strict=True)):
        return pd.Series([c if n else np.nan for c, n in zip(cells, number, strict=True)], dtype=float)
    plainly = pd.Series(
        [np.nan if e else c if n else t for c, t, n, e in zip(cells, texts, number, empty, strict=True)],
        dtype=object,
    )
    if any(isinstance(c, bool) for c in cells):
        return plainly.map(lambda c: str(c) if isinstance(c, bool) else c)
    converted = as_numbers(plainly)
    return converted if converted.notna().equals(plainly.notna()) else plainly
