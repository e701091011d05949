"""Text tables: delimiter, header, rows of one width, quotation marks; cells as pandas reads them."""

from __future__ import annotations

import csv
import io
import os
import re
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

import pandas as pd

from markerkit.core.errors import InputError, listed, shown
from markerkit.io.affinity import TITLES, refuse_olink
from markerkit.io.cells import MISSING
from markerkit.io.dialects import plain
from markerkit.io.number_format import Again, decimal_comma, read_numbers
from markerkit.io.text_rows import LONGEST_RECORD, NAMES, Text, all_of_width, checked_rows, strictly_quoted

#: an empty cell and its usual marks in a sample sheet, where every other word, ``-`` and ``None`` too, is a level
SHEET_MISSING = ("", "NA", "N/A", "n/a", "#N/A", "NaN", "nan")
_LARGEST_HEADER = 10_000_000
_SAMPLED_LINES = 20
_SNIFFED_BYTES, _SNIFFED_ROWS = 1 << 16, 50
_DELIMITERS = "\t;, "
#: name of a first column without one, such as row names or row numbers
NAMELESS = "Unnamed: 0"

_LARGE = 8 << 20  # bytes
_PATHS_IN_MEMORY = hasattr(os, "memfd_create") and Path("/proc/self/fd").is_dir()
_LONG_INTEGERS_ARE_TEXT = int(pd.__version__.split(".")[0]) < 3


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
    text = Text(data, name, what, start, "")
    text = Text(data, name, what, start, stated or _delimiter(text))
    header, body = _header(text)
    types, body = _types(text, body, header)
    check_header(header, name, what)
    large = len(data) >= _LARGE and not as_text and b'"' not in data
    rows = _rows_meanwhile(text, body, header, pick) if large else None
    if rows is None:
        rows = _Rows(text, body, checked_rows(text, body, header), pick, as_text=as_text)
    frame = _without_empty_end(named_columns(rows.frame, name, what))
    if not as_text:
        again, semicolon = rows.as_written, text.delimiter == ";"
        frame = read_numbers(
            frame, name=name, what=what, again=again, decimal=rows.decimal, semicolon=semicolon
        )
    return frame, types


class _Rows:
    """Rows of a text whose width has been looked at.

    Parameters
    ----------
    text, body
        The text, and where its rows begin.
    header
        Names of all columns.
    pick, as_text
        As for :func:`read_text`.
    """

    def __init__(
        self,
        text: Text,
        body: int,
        header: list[str],
        pick: Callable[[list[str]], list[str]] | None,
        *,
        as_text: bool,
    ) -> None:
        self.text, self.body = text, body
        self.header = [header[0] or NAMELESS, *header[1:]]
        wanted = _wanted(self.header, pick)
        comma = not as_text and _has_decimal_comma(text, body, self.as_written, wanted or self.header)
        self.decimal = "," if comma else "."
        self.frame = _parse(text, body, self.header, as_text=as_text, use=wanted, decimal=self.decimal)

    def as_written(self, columns: list[str], rows: int | None) -> pd.DataFrame:
        """Read columns again, as text."""
        return _parse(self.text, self.body, self.header, as_text=True, rows=rows, use=columns)[columns]


def _rows_meanwhile(
    text: Text, body: int, header: list[str], pick: Callable[[list[str]], list[str]] | None
) -> _Rows | None:
    """Rows of a large text, while another thread sees whether all have the width of the header; nothing where they have not."""
    with ThreadPoolExecutor(1) as aside, warnings.catch_warnings():
        warnings.simplefilter("ignore", pd.errors.ParserWarning)  # of rows that are too long
        even = aside.submit(all_of_width, text, body, len(header))
        try:
            rows = _Rows(text, body, header, pick, as_text=False)
        except InputError:
            return None
        return rows if even.result() else None


def _has_decimal_comma(text: Text, body: int, cells: Again, columns: list[str]) -> bool:
    """Say whether the first rows write a decimal comma, so that all can be read with it at once."""
    if re.search(rb"\d,\d", text.data[body : body + _SNIFFED_BYTES]) is None:
        return False
    return decimal_comma(cells([c for c in columns if c], _SNIFFED_ROWS))


def check_header(header: list[str], name: str, what: str) -> None:
    """Refuse a column that is there twice."""
    named = [c for c in header if c]
    doubled = [c for c, n in Counter(named).items() if n > 1]
    of_sdrf = [c for c in doubled if re.fullmatch(r"\w+\s?\[.+\]", c)]  # comment[modification parameters]
    if of_sdrf and what != "sample sheet":
        raise InputError(
            f"the {what} {name!r} is a sample sheet (SDRF) (it repeats the column {shown(of_sdrf[0])}), not a protein table; give it as "
            "the sample sheet (--samples), and the protein table as the matrix."
        )
    doubled = [c for c in doubled if c not in of_sdrf]
    if doubled:
        raise InputError(
            f"the {what} {name!r} repeats the column {listed(doubled)}; give every column a name of its own."
        )


def named_columns(frame: pd.DataFrame, name: str, what: str) -> pd.DataFrame:
    """Drop empty columns without a name; the first column may lack one, any other that holds values is refused."""
    nameless = [i for i, c in enumerate(frame.columns) if c in {"", NAMELESS}]
    empty = [i for i in nameless if frame.iloc[:, i].dropna().astype(str).eq("").all()]
    filled = [i for i in nameless if i not in empty and i > 0]
    if filled:
        refuse_olink(frame.iloc[:TITLES].to_numpy().ravel(), name, what)
        raise InputError(
            f"the {what} {name!r} has values under no name (column {filled[0] + 1}); give every column a name."
        )
    # names as plain objects: hundreds of columns are looked up by name below
    frame = frame.set_axis(pd.Index([c or NAMELESS for c in frame.columns], dtype=object), axis=1)
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


def _delimiter(text: Text) -> str:
    """Sign that splits the header and the first rows alike; else the most frequent one of the header."""
    sample = list(islice(text.lines(), _SAMPLED_LINES))
    first = sample[0] if sample else ""
    if len(first) > _LARGEST_HEADER:
        raise text.fail(f"has a first line of {len(first)} characters; it is no table.")
    counts = {d: first.count(d) for d in "\t;,"}
    # a sign that the header lacks, beside one that it has, belongs to the names of samples: "F1: Sample, EV"
    even = [d for d in _DELIMITERS if _even(sample, d) and (first.count(d) or not any(counts.values()))]
    if even:
        return max(even, key=lambda d: (d == "\t", d != " ", first.count(d)))
    best = max(counts, key=lambda d: (counts[d] > 0, d == "\t", counts[d]))
    if text.what == "sample sheet" and not counts[best] and not _title(sample):
        return "\t"  # names alone choose samples
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


def _header(text: Text) -> tuple[list[str], int]:
    """Names of the columns, line breaks in them as blanks, and the position of the first row."""
    reader = csv.reader(islice(text.lines(), LONGEST_RECORD), delimiter=text.delimiter)
    try:
        cells = next(reader, [])
    except csv.Error as error:
        raise text.fail(f"cannot be read as a table: {error}.") from error
    offset = text.start
    for _ in range(reader.line_num):
        offset = text.data.find(b"\n", offset) + 1 or len(text.data)
    lines = list(islice(text.lines(), reader.line_num))
    if len(lines) >= LONGEST_RECORD or (len(lines) > 1 and not strictly_quoted(lines, text.delimiter)):
        raise text.fail(
            f"has a quotation mark in its header (line {text.number_of(text.start)}) that is not closed."
        )
    return [re.sub(r"\s*\n\s*", " ", c).strip() for c in cells], offset


def _types(text: Text, body: int, header: list[str]) -> tuple[dict[str, str], int]:
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


# ---- cells ---------------------------------------------------------------------------


def _parse(
    text: Text,
    body: int,
    header: list[str],
    *,
    as_text: bool,
    use: list[str] | None,
    rows: int | None = None,
    decimal: str = ".",
) -> pd.DataFrame:
    """Read the cells: names of proteins and genes as text, other columns as numbers where all cells are."""
    wanted = set(header if use is None else use)
    kept = [i for i, c in enumerate(header) if c in wanted]
    texts = [i for i in kept if plain(header[i]) in NAMES]

    def cells(places: list[int], *, in_parts: bool) -> pd.DataFrame:
        # a large table takes a fifth longer where the type of any column is stated for its parts
        stated = {} if in_parts and len(text.data) >= _LARGE else dict.fromkeys(texts, str)
        with _opened(text.data, body) as file:
            return pd.read_csv(
                file,
                sep=text.delimiter,
                decimal=decimal,
                header=None,
                names=list(range(len(header))),
                usecols=None if len(places) == len(header) else places,
                dtype=str if as_text else stated,
                na_values=list(SHEET_MISSING if text.what == "sample sheet" else MISSING),
                keep_default_na=False,
                index_col=False,
                nrows=rows,
                low_memory=in_parts,
            )

    try:
        frame = _whole_columns(cells, kept, texts)
    except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise text.fail(f"cannot be read as a table: {error}.") from error
    if _LONG_INTEGERS_ARE_TEXT and not as_text:
        _read_long_integers(frame, [i for i in kept if i not in texts])
    return frame.set_axis(pd.Index([header[i] for i in kept], dtype=object), axis=1)


@contextmanager
def _opened(data: bytes, start: int) -> Iterator[io.BytesIO | str]:
    """Bytes from a position on as a file for pandas: large ones by a path in memory where the system has such.

    pandas splits a file with a path into lines in a second thread while it reads numbers in the first.
    """
    if len(data) < _LARGE or not _PATHS_IN_MEMORY:
        file = io.BytesIO(data)
        file.seek(start)
        yield file
        return
    with os.fdopen(os.memfd_create("table"), "wb") as held:
        held.write(memoryview(data)[start:])
        held.flush()
        yield f"/proc/self/fd/{held.fileno()}"


def _read_long_integers(frame: pd.DataFrame, places: list[int]) -> None:
    """Turn columns of numbers into numbers in which an integer beyond any float stands; newer pandas does so itself."""
    for place in places:
        cells = frame[place]
        if not pd.api.types.is_object_dtype(cells):
            continue
        long = cells.astype(str).str.fullmatch(r"[+-]?\d{309,}")
        if long.any():
            found = pd.to_numeric(cells.mask(long, "inf"), errors="coerce")
            if (found.isna() == cells.isna()).all():
                frame[place] = found


def _whole_columns(cells: Callable[..., pd.DataFrame], places: list[int], texts: list[int]) -> pd.DataFrame:
    """Read columns in parts, which is faster; as a whole those with numbers in one part and text in another, and texts of numbers."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pd.errors.DtypeWarning)
        frame = cells(places, in_parts=True)
    again = [i for i in places if _mixed(frame[i]) or (i in texts and not _is_text(frame[i]))]
    if again:
        whole = cells(again, in_parts=False)
        for place in again:
            frame[place] = whole[place]
    return frame


def _is_text(cells: pd.Series) -> bool:
    """Say whether a column holds text alone, and missing cells."""
    return pd.api.types.infer_dtype(cells, skipna=True) == "string"


def _mixed(cells: pd.Series) -> bool:
    """Say whether a column holds numbers beside text."""
    if not pd.api.types.is_object_dtype(cells.dtype):
        return False
    return pd.api.types.infer_dtype(cells, skipna=True) not in {"string", "boolean", "empty"}
