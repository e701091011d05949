"""Text tables: delimiter, header, rows of one width, quotation marks; cells as pandas reads them."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import chain, islice

import pandas as pd

from markerkit.core.errors import InputError, listed
from markerkit.io.cells import MISSING
from markerkit.io.dialects import ACCESSIONS, GENES, plain
from markerkit.io.number_format import read_numbers

#: an empty cell and its usual marks in a sample sheet, where every other word, ``-`` and ``None`` too, is a level
SHEET_MISSING = ("", "NA", "N/A", "n/a", "#N/A", "NaN", "nan")
#: last columns of a MaxQuant table, whose empty cells some writers cut from the end of a row
_CUT_AT_END = re.compile(r".* site (?:IDs|positions)")
_LARGEST_HEADER = 10_000_000
_SAMPLED_LINES = 20
_LONGEST_RECORD = 50  # lines of one row; a row that spans more has a quotation mark that is not closed
_NAMES = frozenset({*ACCESSIONS, *GENES})
_DELIMITERS = "\t;, "
#: name of a first column without one, such as row names or row numbers
NAMELESS = "Unnamed: 0"


@dataclass(frozen=True)
class _Text:
    """A text table before its cells are read: UTF-8 with LF line ends, where it starts, how it is separated."""

    data: bytes
    name: str
    what: str
    start: int
    delimiter: str

    def fail(self, message: str) -> InputError:
        return InputError(f"the {self.what} {self.name!r} {message}")

    def lines(self, offset: int | None = None) -> Iterator[str]:
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


def read_text(
    data: bytes, name: str, what: str, *, pick: Callable[[list[str]], list[str]] | None, as_text: bool
) -> tuple[pd.DataFrame, dict[str, str]]:
    """Read a text table.

    Parameters
    ----------
    data
        UTF-8.
    name, what
        File and what it is, for the messages.
    pick
        Takes the columns and gives those to read.
    as_text
        Keep every cell as it is written; else columns of numbers become numbers.

    Returns
    -------
    The table, and the types of its columns where it states them (Perseus).

    Raises
    ------
    InputError
        One column only, a header only, a column that is there twice, rows of different widths, a quotation
        mark that is not closed, numbers with two readings.
    """
    data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n") if b"\r" in data else data
    start, stated = _start(data)
    text = _Text(data, name, what, start, "")
    text = _Text(data, name, what, start, stated or _delimiter(text))
    header, body = _header(text)
    types, body = _types(text, body, header)
    check_header(header, name, what)
    header = _checked_rows(text, body, header)
    header[0] = header[0] or NAMELESS
    wanted = _wanted(header, pick)

    def cells(columns: list[str] | None, rows: int | None = None) -> pd.DataFrame:
        frame = _parse(
            text, body, header, as_text=as_text or columns is not None, rows=rows, use=columns or wanted
        )
        return frame if columns is None else frame[columns]

    frame = _without_empty_end(named_columns(cells(None), name, what))
    if not as_text:
        frame = read_numbers(frame, name=name, what=what, again=cells)
    return frame, types


def check_header(header: list[str], name: str, what: str) -> None:
    """Refuse a column that is there twice."""
    named = [c for c in header if c]
    doubled = [c for c, n in Counter(named).items() if n > 1]
    if what == "sample sheet":  # SDRF repeats columns such as comment[modification parameters]
        doubled = [c for c in doubled if not re.fullmatch(r"\w+\s?\[.+\]", c)]
    if doubled:
        raise InputError(
            f"the {what} {name!r} repeats the column {listed(doubled)}; give every sample a name of its own."
        )


def named_columns(frame: pd.DataFrame, name: str, what: str) -> pd.DataFrame:
    """Drop empty columns without a name; the first column may lack one, any other that holds values is refused."""
    nameless = [i for i, c in enumerate(frame.columns) if c in {"", NAMELESS}]
    empty = [i for i in nameless if frame.iloc[:, i].isna().all()]
    filled = [i for i in nameless if i not in empty and i > 0]
    if filled:
        raise InputError(
            f"the {what} {name!r} has values under no name (column {filled[0] + 1}); name every column in its first row."
        )
    frame = frame.set_axis([c or NAMELESS for c in frame.columns], axis=1)
    return frame.iloc[:, [i for i in range(frame.shape[1]) if i not in empty]] if empty else frame


def _without_empty_end(frame: pd.DataFrame) -> pd.DataFrame:
    """Leave out rows of delimiters only at the end, which spreadsheets write."""
    n = len(frame)
    while n and frame.iloc[n - 1].isna().all():
        n -= 1
    return frame if n in {0, len(frame)} else frame.iloc[:n]


def _start(data: bytes) -> tuple[int, str]:
    """Position of the header, below comments and blank lines; the delimiter that a line ``sep=;`` states."""
    found = re.match(rb"\s*\"?sep=([\t;,|])\"?[^\n\S]*\n", data, re.IGNORECASE)
    at, stated = (found.end(), found[1].decode()) if found else (0, "")
    comments = re.compile(rb"(?:[#!][^\n]*\n|[^\S\n\t]*\n)+").match(data, at)
    if comments is None:
        return at, stated
    last = data.rfind(b"\n", at, comments.end() - 1) + 1
    last = max(last, at)
    header, below = (data[i : data.find(b"\n", i) + 1 or None] for i in (last, comments.end()))
    # a header may begin with such a sign itself: "# protein"
    if any(header.count(d) == below.count(d) > 0 for d in (b"\t", b";", b",")) and re.search(rb"\d", below):
        return last, stated
    return comments.end(), stated


def _delimiter(text: _Text) -> str:
    """Sign that splits the header and the first rows alike; else the most frequent one of the header."""
    sample = list(islice(text.lines(), _SAMPLED_LINES))
    first = sample[0] if sample else ""
    if len(first) > _LARGEST_HEADER:
        raise text.fail(f"has a first line of {len(first)} characters; it is no table.")
    even = [d for d in _DELIMITERS if _even(sample, d)]
    counts = {d: first.count(d) for d in "\t;,"}
    if even:
        return max(even, key=lambda d: (d == "\t", d != " ", first.count(d)))
    best = max(counts, key=lambda d: (counts[d] > 0, d == "\t", counts[d]))
    if not counts[best] and not (best := _title(sample)):
        raise text.fail(
            f"has one column only ({first.strip()[:60]!r}); columns must be separated by tabs, commas or semicolons."
        )
    return best


def _title(sample: list[str]) -> str:
    """Delimiter of the rows below a title, empty where there is none."""
    return next((d for d in "\t;," if sum(line.count(d) > 1 for line in sample[1:]) > 1), "")


def _even(sample: list[str], delimiter: str) -> bool:
    """Say whether a delimiter gives the header and all sampled rows one width, row names aside."""
    try:
        rows = [len(r) for r in csv.reader(sample, delimiter=delimiter) if r and any(r)]
    except csv.Error:
        return False
    if len(rows) == _SAMPLED_LINES:
        rows = rows[:-1]  # its last row may be cut within a quoted cell
    below = set(rows[1:])
    least = 2 if delimiter != " " else 3
    return len(below) == 1 and rows[0] >= least - 1 and max(below) >= least and max(below) - rows[0] in {0, 1}


def _header(text: _Text) -> tuple[list[str], int]:
    """Names of the columns, line breaks in them as blanks, and the position of the first row."""
    reader = csv.reader(islice(text.lines(), _LONGEST_RECORD), delimiter=text.delimiter)
    try:
        cells = next(reader, [])
    except csv.Error as error:
        raise text.fail(f"cannot be read as a table: {error}.") from error
    offset = text.start
    for _ in range(reader.line_num):
        offset = text.data.find(b"\n", offset) + 1 or len(text.data)
    if reader.line_num >= _LONGEST_RECORD:
        raise text.fail(
            f"has a quotation mark in its header (line {text.number_of(text.start)}) that is not closed."
        )
    return [re.sub(r"\s*\n\s*", " ", c).strip() for c in cells], offset


def _types(text: _Text, body: int, header: list[str]) -> tuple[dict[str, str], int]:
    """Types of the columns from the annotation rows below the header (Perseus), and the position below these rows."""
    types: dict[str, str] = {}
    while text.data.startswith((b"#!{", b'"#!{'), body):
        line = next(text.lines(body))
        found = re.match(r"#!\{(.*?)\}", line.strip('"'))
        if found is not None and found[1] == "Type":
            letters = line.strip('"\n')[found.end() :].split(text.delimiter)
            types = dict(zip(header, (letter.strip().strip('"') for letter in letters), strict=False))
        body = text.data.find(b"\n", body) + 1 or len(text.data)
    return types, body


def _wanted(header: list[str], pick: Callable[[list[str]], list[str]] | None) -> list[str] | None:
    """Columns to read, None for all."""
    picked = header if pick is None else pick([c for c in header if c])
    return None if len(picked) >= len([c for c in header if c]) else picked


# ---- rows ----------------------------------------------------------------------------


def _checked_rows(text: _Text, body: int, header: list[str]) -> list[str]:
    """Refuse rows of another width than the header; its cells, with one more for row names or an empty last column."""
    width = least = len(header)
    while least > 1 and _CUT_AT_END.fullmatch(header[least - 1]):
        least -= 1
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
    if set(rows.seen) == {width + 1} and width:
        # a delimiter after the last cell of every row is a habit of some writers; R leaves out the name of row names
        known = plain(header[0]) in _NAMES
        return [*header, ""] if rows.trailing == rows.n and (known or width == 1) else ["", *header]
    if all(least <= cells <= width for cells in rows.seen):
        return header
    raise _uneven(text, rows, width, least)


def _records(text: _Text, body: int, width: int) -> Iterator[tuple[int, int, bool]]:
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
            cells = line.count(sign) + 1
        yield number, cells, line.endswith(sign)
        number += used


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


def _quoted(text: _Text, raw: bytes, file: io.BytesIO, number: int, width: int) -> tuple[int, int]:
    """Cells and lines of a row with other quotation marks; a mark that is not closed is refused."""
    swallowed: list[str] = []

    def rest() -> Iterator[str]:
        for line in islice(file, _LONGEST_RECORD):
            swallowed.append(line.decode("utf-8", "replace"))
            yield swallowed[-1]

    reader = csv.reader(chain([raw.decode("utf-8", "replace")], rest()), delimiter=text.delimiter)
    try:
        cells = len(next(reader))
    except csv.Error:
        cells = 0
    # a row whose first line is short goes on in the next one, whatever signs stand in the text of the cell
    first = raw.decode("utf-8", "replace").count(text.delimiter) + 1 >= width
    full = any(line.count(text.delimiter) + 1 >= width for line in (swallowed if first else swallowed[:-1]))
    if not cells or full or len(swallowed) >= _LONGEST_RECORD or (swallowed and cells != width):
        cell = next(
            (c for c in re.split(re.escape(text.delimiter), raw.decode("utf-8", "replace")) if c[:1] == '"'),
            "",
        )
        raise text.fail(
            f"has a quotation mark that is not closed: line {number}, cell {cell.strip()[:40]!r}. The rows below would be "
            "taken for text of this cell: remove the mark, or close it."
        )
    return cells, reader.line_num


def _uneven(text: _Text, rows: _Rows, width: int, least: int) -> InputError:
    """Error on rows of another width than the header, by its cause: titles above, notes below, one broken row."""
    usual = rows.seen.most_common(1)[0][0]
    header_line = text.number_of(text.start)
    if usual > width + 1 and rows.seen[usual] > rows.n / 2:
        title = next(text.lines()).strip()
        return text.fail(
            f"does not begin with its header: line {header_line} ({title[:60]!r}) has {width} cells, the rows from line "
            f"{rows.first[usual]} on have {usual}. Delete what stands above the names of the columns, such as titles."
        )
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


# ---- cells ---------------------------------------------------------------------------


def _parse(
    text: _Text, body: int, header: list[str], *, as_text: bool, rows: int | None, use: list[str] | None
) -> pd.DataFrame:
    """Read the cells: names of proteins and genes as text, other columns as numbers where all cells are."""
    file = io.BytesIO(text.data)
    file.seek(body)
    texts: dict[int, type] = {i: str for i, c in enumerate(header) if plain(c) in _NAMES}
    places = None if use is None else [i for i, c in enumerate(header) if c in set(use)]
    try:
        frame = pd.read_csv(
            file,
            sep=text.delimiter,
            header=None,
            names=list(range(len(header))),
            usecols=places,
            dtype=str if as_text else texts,
            na_values=list(SHEET_MISSING if text.what == "sample sheet" else MISSING),
            keep_default_na=False,
            index_col=False,
            nrows=rows,
            low_memory=False,
        )
    except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise text.fail(f"cannot be read as a table: {error}.") from error
    kept = range(len(header)) if places is None else sorted(places)
    return frame.set_axis([header[i] for i in kept], axis=1)
