"""Rows of a text table: of one width, with every quotation mark closed, or what is wrong with them."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain, islice

import numpy as np

from markerkit.core.errors import InputError
from markerkit.io.affinity import TITLES, refuse_olink
from markerkit.io.dialects import ACCESSIONS, GENES, plain

#: last columns of a MaxQuant table, whose empty cells some writers cut from the end of a row
_CUT_AT_END = re.compile(r".* site (?:IDs|positions)")
LONGEST_RECORD = 50  # lines of one row; a row that spans more has a quotation mark that is not closed
_LONG_LINE, _CHUNK = 1000, 1 << 20  # bytes
_LINE_END = ord("\n")
#: names of columns that hold proteins and genes
NAMES = frozenset({*ACCESSIONS, *GENES})
_SHEET_NAMES = frozenset(
    {"sample", "samples", "sample name", "sample id", "run", "file", "file name", "raw file", "condition"}
)


@dataclass(frozen=True)
class Text:
    """A text table before its cells are read: UTF-8 with LF line ends, where it starts, how it is separated."""

    data: bytes
    name: str
    what: str
    start: int
    delimiter: str

    def fail(self, message: str) -> InputError:
        """Error on this table."""
        return InputError(f"the {self.what} {self.name!r} {message}")

    def lines(self, offset: int | None = None) -> Iterator[str]:
        """Lines from a position on, that of the header by default."""
        file = io.BytesIO(self.data)
        file.seek(self.start if offset is None else offset)
        return (line.decode("utf-8", "replace") for line in file)

    def number_of(self, offset: int) -> int:
        """Line number at a position, counted from 1."""
        return self.data.count(b"\n", 0, offset) + 1


@dataclass
class _Rows:
    """Widths of the rows below the header."""

    seen: Counter[int] = field(default_factory=Counter)
    first: dict[int, int] = field(default_factory=dict)
    n: int = 0
    trailing: int = 0
    wrong_since: int = 0
    wrong: int = 0


def checked_rows(text: Text, body: int, header: list[str]) -> list[str]:
    """Refuse rows of another width than the header; its cells, with one more for row names or an empty last column."""
    width = least = len(header)
    while least > 1 and _CUT_AT_END.fullmatch(header[least - 1]):
        least -= 1
    if all_of_width(text, body, width):
        return header
    rows = _Rows()
    for line, cells, trailing in _records(text, body, width):
        rows.n += 1
        rows.seen[cells] += 1
        rows.first.setdefault(cells, line)
        rows.trailing += trailing
        good = least <= cells <= width
        rows.wrong = 0 if good else rows.wrong + 1
        rows.wrong_since = line if rows.wrong == 1 else rows.wrong_since
    if not rows.n:
        raise text.fail("has a header only; give a table with rows.")
    if len(rows.seen) > 1 or width not in rows.seen:
        first = islice(text.lines(0), TITLES)
        refuse_olink((c for line in first for c in line.split(text.delimiter)), text.name, text.what)
    if set(rows.seen) == {width + 1} and width:
        if _is_header(text, rows.first[width + 1]):
            raise _below_title(text, rows, width, width + 1)
        # a delimiter after the last cell of every row is a habit of some writers; R leaves out the name of row names
        known = plain(header[0]) in NAMES
        if rows.trailing == rows.n and (known or width == 1):
            return [*header, ""]
        beside = zip(header, _row(text, rows.first[width + 1])[1:], strict=False)
        if not any(plain(name) in NAMES and _is_number(cell) for name, cell in beside):
            return ["", *header]
    if all(least <= cells <= width for cells in rows.seen):
        return header
    raise _uneven(text, rows, width, least)


def all_of_width(text: Text, body: int, width: int) -> bool:
    """Say whether no row has a quotation mark and all have the width of the header, without a look at each of them."""
    data, sign = text.data, ord(text.delimiter)
    if width == 1 or body >= len(data) or data.find(b'"', body) >= 0:
        return False
    at = body
    while at < len(data):
        end = data.rfind(b"\n", at, at + _CHUNK) + 1 or data.find(b"\n", at) + 1 or len(data)
        part = np.frombuffer(data, np.uint8, end - at, at)
        starts = np.append(0, np.flatnonzero(part == _LINE_END) + 1)
        starts = starts[starts < len(part)]
        signs = (part == sign).view(np.uint8)
        if (np.add.reduceat(signs, starts, dtype=np.uint32) != width - 1).any():
            return False
        at = end
    return True


def _records(text: Text, body: int, width: int) -> Iterator[tuple[int, int, bool]]:
    """Line number of every row, its number of cells, and whether its last cell is empty."""
    file = io.BytesIO(text.data)
    file.seek(body)
    sign = text.delimiter.encode()
    number = text.number_of(body)
    for raw in file:
        line, used = raw.rstrip(b"\n"), 1
        if b'"' in line and not _quoted_whole(line, sign):
            cells, used = _quoted(text, raw, file, number, width)
        elif not line or (line.isspace() and sign not in line):
            number += 1
            continue
        elif b'"' in line:
            cells = sum(part.count(sign) for part in line.split(b'"')[::2]) + 1
        else:
            cells = _count(line, sign) + 1
        yield number, cells, line.endswith(sign)
        number += used


def _count(line: bytes, sign: bytes) -> int:
    """Count a sign; numpy is faster on the long lines of many samples."""
    if len(line) < _LONG_LINE:
        return line.count(sign)
    return int(np.count_nonzero(np.frombuffer(line, np.uint8) == sign[0]))


def _quoted_whole(line: bytes, sign: bytes) -> bool:
    """Say whether every quotation mark of a line opens or closes a whole cell."""
    parts = line.split(b'"')
    outside = parts[::2]
    return (
        len(parts) % 2 == 1
        and (not outside[0] or outside[0].endswith(sign))
        and (not outside[-1] or outside[-1].startswith(sign))
        and all(part[:1] == sign == part[-1:] for part in set(outside[1:-1]))
    )


def _quoted(text: Text, raw: bytes, file: io.BytesIO, number: int, width: int) -> tuple[int, int]:
    """Cells and lines of a row with other quotation marks; a mark that is not closed is refused."""
    swallowed: list[str] = []

    def rest() -> Iterator[str]:
        for line in islice(file, LONGEST_RECORD):
            swallowed.append(line.decode("utf-8", "replace"))
            yield swallowed[-1]

    line = raw.decode("utf-8", "replace")
    reader = csv.reader(chain([line], rest()), delimiter=text.delimiter)
    try:
        cells = len(next(reader))
        # a mark that closes a cell of several lines stands before a delimiter; others belong to the text
        broken = bool(swallowed) and not strictly_quoted([line, *swallowed], text.delimiter)
    except csv.Error:
        cells, broken = 0, True
    # a row whose first line is short goes on in the next one, whatever signs stand in the text of the cell
    full = [part.count(text.delimiter) + 1 >= width for part in [line, *swallowed]]
    broken |= (
        any(full[1:-1]) or (bool(swallowed) and full[0] and full[-1]) or len(swallowed) >= LONGEST_RECORD
    )
    if broken or (swallowed and cells != width):
        cell = next((c for c in line.split(text.delimiter) if c[:1] == '"'), "")
        raise text.fail(
            f"has a quotation mark that is not closed: line {number}, cell {cell.strip()[:40]!r}. The rows below would be "
            "taken for text of this cell: remove the mark, or close it."
        )
    return cells, reader.line_num


def strictly_quoted(lines: list[str], delimiter: str) -> bool:
    """Say whether every quotation mark of a row, of one line or several, opens or closes a cell."""
    try:
        next(csv.reader(lines, delimiter=delimiter, strict=True))
    except csv.Error:
        return False
    return True


def _uneven(text: Text, rows: _Rows, width: int, least: int) -> InputError:
    """Error on rows of another width than the header, by its cause: titles above, notes below, one broken row."""
    usual = rows.seen.most_common(1)[0][0]
    if usual > width + 1 and rows.seen[usual] > rows.n / 2 and not _has_number(text, rows.first[usual]):
        return _below_title(text, rows, width, usual)
    at = min(line for cells, line in rows.first.items() if not least <= cells <= width)
    cells = next(c for c, line in rows.first.items() if line == at)
    if rows.wrong and rows.wrong_since == at and cells < width and rows.wrong < rows.n:
        note = next(islice(text.lines(0), at - 1, None)).strip()
        if cells == 1 or rows.wrong > 1:
            return text.fail(
                f"is ragged: line {at} has {cells} cells, the header has {width}; it looks like a note under the table "
                f"({note[:60]!r}): delete it."
            )
    cause = ""
    if cells > width and text.delimiter == ",":
        cause = " Text with a comma, and numbers with a decimal comma, must stand in quotation marks."
    return text.fail(
        f"is ragged: line {at} has {cells} cells, the header has {width}; correct that line.{cause}"
    )


def _row(text: Text, line: int) -> list[str]:
    return next(islice(text.lines(0), line - 1, None)).strip().split(text.delimiter)


def _has_number(text: Text, line: int) -> bool:
    return any(map(_is_number, _row(text, line)))


def _is_number(cell: str) -> bool:
    return re.fullmatch(r"\s*\"?-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?\"?\s*", cell) is not None


def _is_header(text: Text, line: int) -> bool:
    """Say whether a row begins with the name of a column of proteins, genes or samples."""
    return plain(_row(text, line)[0]) in NAMES | _SHEET_NAMES


def _below_title(text: Text, rows: _Rows, width: int, usual: int) -> InputError:
    title = next(text.lines()).strip()
    return text.fail(
        f"does not begin with its header: line {text.number_of(text.start)} ({title[:60]!r}) has {width} cells, the rows from "
        f"line {rows.first[usual]} on have {usual}. Delete what stands above the names of the columns, such as titles."
    )
