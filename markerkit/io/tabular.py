"""Text tables and workbooks as frames, with errors that name file, line and fix."""

from __future__ import annotations

import codecs
import hashlib
import io
import re
import warnings
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from markerkit.core.errors import InputError, MarkerkitWarning
from markerkit.io.cells import of_words
from markerkit.io.delimited import NAMELESS, check_header, named_columns, read_text
from markerkit.io.given import check_ratio, read_bytes, unpacked
from markerkit.io.number_format import read_numbers
from markerkit.io.workbook import read_workbook
from markerkit.tables.spec import text_of_cell

_CELL = 8  # bytes of a cell at least
_CELLS = 300  # cells of a column that are looked at; shares are then known to a few percent

Pick = Callable[[list[str]], list[str]]

#: byte order marks; that of UTF-32 begins like that of UTF-16
_WIDE = (
    ((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE), "utf-32"),
    ((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE), "utf-16"),
)
#: how formats that are no table begin, with what to do
_OTHER_FORMATS = {
    r"(?:COM\b[^\n]*\n)*MTD\t": "an mzTab file, which holds several tables; give its protein table (the lines PRH and PRT) as TSV",
    r"!Checksum|\^HEADER": "a SomaScan ADAT file, an affinity assay; markerkit needs a protein table of mass spectrometry",
    r"[\[{]\s*[\"{]": "JSON, not a table; save the table as TSV, CSV or XLSX",
}


@dataclass(frozen=True)
class Table:
    """A table as read: columns as in the file, cells as numbers where a whole column is, else as text.

    Parameters
    ----------
    frame
        The table. A first column without a name is called ``Unnamed: 0``.
    name, sha256
        File name and digest of the file.
    types
        Column -> letter of its type where the file states it (Perseus): ``E`` main, ``N`` numeric,
        ``C`` categorical, ``T`` text, ``M`` several numbers.
    """

    frame: pd.DataFrame
    name: str
    sha256: str
    types: Mapping[str, str] = field(default_factory=dict)
    _looked_at: dict[str, pd.Series] = field(default_factory=dict, init=False, repr=False, compare=False)

    @cached_property
    def texts(self) -> frozenset[str]:
        """Columns of words: neither of numbers nor of True and False."""
        return frozenset(
            c for c, kind in zip(self.frame.columns, self.frame.dtypes, strict=True) if of_words(kind)
        )

    def words(self, column: str) -> pd.Series:
        """Give some cells of a column as text, from all over the table; empty ones are left out."""
        if column not in self._looked_at:
            given = self.frame[column].dropna()
            given = given.iloc[spread_rows(len(given), _CELLS)].astype(str).str.strip()
            self._looked_at[column] = given[given != ""]
        return self._looked_at[column]


def spread_rows(n: int, most: int) -> list[int]:
    """Take rows from all over a table, so that a sorted one is seen whole.

    >>> spread_rows(3, 10), spread_rows(10, 3)
    ([0, 1, 2], [0, 4, 9])
    """
    return [int(i) for i in np.linspace(0, max(n - 1, 0), min(n, most))]


def read_table(
    path: str | Path, *, what: str = "matrix", pick: Pick | None = None, as_text: bool = False
) -> Table:
    """Read a TSV, CSV, semicolon CSV, XLSX or Parquet table; text plain or gzipped.

    Parameters
    ----------
    path
        File.
    what
        What the file is, for the messages.
    pick
        Takes the columns and gives those to read; for files with many.
    as_text
        Keep every cell of a text file or workbook as it is written.

    Returns
    -------
    Table

    Raises
    ------
    InputError
        A file that is missing, no file, empty, binary, broken, a web page, unpacks to too much, has a header only,
        repeats a column, has a ragged row, an open quotation mark or numbers with two readings.
    """
    path = Path(path)
    data = read_bytes(path, what)
    with ThreadPoolExecutor(1) as aside:
        digest = aside.submit(hashlib.sha256, data)
        frame, types = _frame_of(data, path, what, pick=pick, as_text=as_text)
    return Table(frame, path.name, digest.result().hexdigest(), types)


def _frame_of(
    data: bytes, path: Path, what: str, *, pick: Pick | None, as_text: bool
) -> tuple[pd.DataFrame, dict[str, str]]:
    """Rows of a file by its content, and the types of its columns where it states them."""
    data = unpacked(data, path.name, what)
    if not data[:1000].strip() and not data.strip():
        raise InputError(f"the {what} {path.name!r} is empty; give a table with a header and rows.")
    if data[:4] == b"PAR1":
        return _parquet(data, path, what, pick), {}
    if data[:4] == b"PK\x03\x04":
        return read_workbook(data, path.name, what, as_text=as_text), {}
    data = _utf8(data, path, what)
    _refuse_other_formats(data[:65536].decode("utf-8", "replace"), path, what)
    frame, types = read_text(data, path.name, what, pick=pick, as_text=as_text)
    return _unmarked(frame) if b"'" in data else frame, types


def _unmarked(frame: pd.DataFrame) -> pd.DataFrame:
    """Take off the apostrophes with which our tables mark texts that look like a formula."""
    frame = frame.rename(columns=text_of_cell)
    for at, kind in enumerate(frame.dtypes):
        if of_words(kind) and frame.iloc[:, at].astype(str).str.startswith("'").any():
            cells = frame.iloc[:, at].map(lambda v: text_of_cell(v) if isinstance(v, str) else v)
            frame = frame.assign(**{frame.columns[at]: cells})
    return frame


def as_table(
    given: str | Path | pd.DataFrame, *, what: str = "matrix", pick: Pick | None = None, as_text: bool = False
) -> Table:
    """Take a file, see :func:`read_table`, or a frame as it would be read from one.

    Parameters
    ----------
    given
        File or frame. An index that is no numbering becomes the first column.
    what, pick, as_text
        See :func:`read_table`; the cells of a frame stay as they are.

    Raises
    ------
    InputError
        See :func:`read_table`; a frame without rows or columns, one that repeats a column.
    """
    if not isinstance(given, pd.DataFrame):
        return read_table(given, what=what, pick=pick, as_text=as_text)
    if given.empty:
        raise InputError(f"the {what} is a frame without rows or columns; give a table with rows.")
    frame = given.copy()
    if not isinstance(frame.index, pd.RangeIndex):
        frame = frame.reset_index(names=_index_names(frame))
    frame.columns = pd.Index([str(c).strip() for c in frame.columns])
    check_header(list(frame.columns), "frame", what)
    frame = named_columns(frame, "frame", what)
    # text as text, whatever the frame's own kinds; categories and the like are no text for pandas
    texts = [c for c in frame.columns if not pd.api.types.is_numeric_dtype(frame[c])]
    frame = frame.astype(dict.fromkeys(texts, object))
    if pick is not None:
        frame = frame[pick(list(frame.columns))]
    digest = hashlib.sha256(frame.to_csv(sep="\t", index=False).encode()).hexdigest()
    if not as_text:
        frame = read_numbers(frame, name="frame", what=what, again=None)
    return Table(frame, "frame", digest)


def _index_names(frame: pd.DataFrame) -> list[str]:
    """Name for each level of an index that becomes a column: numbers without a name are row numbers."""
    free = "id" if "id" not in frame.columns else "index"
    if frame.index.nlevels == 1 and pd.api.types.is_integer_dtype(frame.index):
        free = NAMELESS
    levels = [free if i == 0 else f"{free} {i + 1}" for i in range(frame.index.nlevels)]
    return [
        level if name is None or name in frame.columns else str(name)
        for name, level in zip(frame.index.names, levels, strict=True)
    ]


def _parquet(data: bytes, path: Path, what: str, pick: Pick | None) -> pd.DataFrame:
    """Read a Parquet file; an index that was written with it comes first, as a column."""
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError as error:
        raise InputError(
            f"the {what} {path.name!r} is a Parquet file, which needs pyarrow; run: pip install pyarrow."
        ) from error
    try:
        file = parquet.ParquetFile(io.BytesIO(data))
        columns = file.schema_arrow.names
        picked = columns if pick is None else pick(columns)
        check_ratio(file.metadata.num_rows * len(picked) * _CELL, len(data), path.name, what)
        read = file.read(columns=picked if len(picked) < len(columns) else None)
        read.validate(full=True)  # text that is no UTF-8 fails only when it is looked at
        frame: pd.DataFrame = read.to_pandas(ignore_metadata=True)
        stated = (file.schema_arrow.pandas_metadata or {}).get("index_columns", [])
    except InputError:
        raise
    except (pa.ArrowException, OSError, ValueError, OverflowError) as error:
        raise InputError(f"the {what} {path.name!r} is a broken Parquet file; export it again.") from error
    index = [c for c in stated if isinstance(c, str) and c in frame.columns]
    order = sorted(range(frame.shape[1]), key=lambda i: frame.columns[i] not in index)
    frame = frame.iloc[:, order]
    frame = frame.rename(columns=lambda c: NAMELESS if c == "__index_level_0__" else str(c).strip())
    check_header(list(frame.columns), path.name, what)
    frame = named_columns(frame, path.name, what)
    if frame.empty:
        raise InputError(f"the {what} {path.name!r} has a header only; give a table with rows.")
    return frame


def _utf8(data: bytes, path: Path, what: str) -> bytes:
    """Text of a file as UTF-8 without a byte order mark."""
    for marks, encoding in _WIDE:
        if data.startswith(marks):
            try:
                data = data.decode(encoding).encode()
            except UnicodeDecodeError:
                raise _binary(path, what) from None
            break
    if b"\x00" in data:
        if data[:8] == b"\x89HDF\r\n\x1a\n":
            raise InputError(f"the {what} {path.name!r} is an HDF5 file; an AnnData file must end in .h5ad.")
        raise _binary(
            path, what, "an old Excel file (.xls)" if data[:4] == b"\xd0\xcf\x11\xe0" else "a binary file"
        )
    data = data.removeprefix(codecs.BOM_UTF8)
    if data.isascii() or _is_utf8(data):
        return data
    if sum(b < 9 or 13 < b < 32 for b in data[:4096]) > 8:
        raise _binary(path, what)
    warnings.warn(f"{path.name} is not UTF-8; it was read as Windows-1252", MarkerkitWarning, stacklevel=5)
    return data.decode("cp1252", errors="replace").encode()


def _is_utf8(data: bytes) -> bool:
    """Say whether bytes are UTF-8, without a copy of the whole text."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    step = 1 << 20
    try:
        for at in range(0, len(data), step):
            decoder.decode(data[at : at + step], final=at + step >= len(data))
    except UnicodeDecodeError:
        return False
    return True


def _binary(path: Path, what: str, kind: str = "a binary file") -> InputError:
    return InputError(f"the {what} {path.name!r} is {kind}; save it as TSV, CSV or XLSX.")


def _refuse_other_formats(text: str, path: Path, what: str) -> None:
    """Refuse what is text but no table, by what it is."""
    if re.match(r"\s*<(!doctype|html|head|body|table|\?xml)", text[:500], re.IGNORECASE):
        raise InputError(
            f"the {what} {path.name!r} is a web page (HTML or XML), not a table; save the table itself."
        )
    for start, kind in _OTHER_FORMATS.items():
        if re.match(start, text.lstrip()):
            raise InputError(f"the {what} {path.name!r} is {kind}.")
