"""Text tables and workbooks as frames, with errors that name file, line and fix."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import re
import warnings
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from markerkit.core.errors import InputError, MarkerkitWarning, listed

#: cells that mean "not measured" in the tables of this field
MISSING = (
    "",
    "NA",
    "N/A",
    "#N/A",
    "NaN",
    "nan",
    "NULL",
    "null",
    "None",
    "Filtered",
    "-",
    "n.d.",
    "nd",
    "n/a",
)
#: how formats that are no table begin, with what to do
_OTHER_FORMATS = {
    r"(?:COM\b[^\n]*\n)*MTD\t": "an mzTab file, which holds several tables; give its protein table (the lines PRH and PRT) as TSV",
    r"!Checksum|\^HEADER": "a SomaScan ADAT file, an affinity assay; markerkit needs a protein table of mass spectrometry",
    r"[\[{]\s*[\"{]": "JSON, not a table; save the table as TSV, CSV or XLSX",
}
#: last columns of a MaxQuant table, whose empty cells some writers cut from the end of a row
_CUT_AT_END = re.compile(r".* site (?:IDs|positions)")
_LARGEST_HEADER = 10_000_000


@dataclass(frozen=True)
class Table:
    """A table as read: columns as in the file, cells as numbers where a whole column is, else as text."""

    frame: pd.DataFrame
    name: str
    sha256: str


def read_table(
    path: str | Path, *, what: str = "matrix", pick: Callable[[list[str]], list[str]] | None = None
) -> Table:
    """Read a TSV, CSV, semicolon CSV, XLSX or Parquet table; text plain or gzipped.

    Parameters
    ----------
    path
        File.
    what
        What the file is, for the messages.
    pick
        Takes the columns and gives those to read; for files with many (Parquet).

    Returns
    -------
    Table

    Raises
    ------
    InputError
        A file that is missing, empty, binary, a web page, has a header only,
        repeats a column or has a ragged row.
    """
    path = Path(path)
    data = _bytes(path, what)
    digest = hashlib.sha256(data).hexdigest()
    if data[:2] == b"\x1f\x8b":
        data = _unzipped(data, path, what)
    if data[:4] == b"PAR1":
        return Table(_parquet(data, path, what, pick), path.name, digest)
    if data[:4] == b"PK\x03\x04":
        return Table(_workbook(data, path, what), path.name, digest)
    return Table(_text_table(_decoded(data, path, what), path, what), path.name, digest)


def as_table(
    given: str | Path | pd.DataFrame,
    *,
    what: str = "matrix",
    pick: Callable[[list[str]], list[str]] | None = None,
) -> Table:
    """Take a file, see :func:`read_table`, or a frame as it would be read from one.

    Parameters
    ----------
    given
        File or frame. An index that is no numbering becomes the first column.
    what, pick
        See :func:`read_table`.

    Raises
    ------
    InputError
        See :func:`read_table`; a frame without rows or columns, one that repeats a column.
    """
    if not isinstance(given, pd.DataFrame):
        return read_table(given, what=what, pick=pick)
    if given.empty:
        raise InputError(f"the {what} is a frame without rows or columns; give a table with rows.")
    frame = given.copy()
    if not isinstance(frame.index, pd.RangeIndex):
        name = frame.index.name
        free = "id" if "id" not in frame.columns else "index"
        frame = frame.reset_index(names=free if name is None or name in frame.columns else str(name))
    frame.columns = pd.Index([str(c).strip() for c in frame.columns])
    _check_header(list(frame.columns), Path("frame"), what)
    # text as text, whatever the frame's own kinds; categories and the like are no text for pandas
    texts = [c for c in frame.columns if not pd.api.types.is_numeric_dtype(frame[c])]
    frame = frame.astype(dict.fromkeys(texts, object))
    if pick is not None:
        frame = frame[pick(list(frame.columns))]
    digest = hashlib.sha256(frame.to_csv(sep="\t", index=False).encode()).hexdigest()
    return Table(frame, "frame", digest)


def _bytes(path: Path, what: str) -> bytes:
    if path.is_dir():
        raise InputError(f"the {what} {str(path)!r} is a folder; give a file.")
    if not path.exists():
        raise InputError(f"there is no {what} {str(path)!r}; check the path.")
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"the {what} {str(path)!r} cannot be read: {error.strerror}.") from error
    if not data.strip():
        raise InputError(f"the {what} {path.name!r} is empty; give a table with a header and rows.")
    return data


def _unzipped(data: bytes, path: Path, what: str) -> bytes:
    try:
        return gzip.decompress(data)
    except (OSError, EOFError, ValueError) as error:
        raise InputError(f"the {what} {path.name!r} is a broken gzip file; export it again.") from error


def _parquet(
    data: bytes, path: Path, what: str, pick: Callable[[list[str]], list[str]] | None
) -> pd.DataFrame:
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
        frame: pd.DataFrame = file.read(columns=columns if pick is None else pick(columns)).to_pandas()
    except (pa.ArrowInvalid, OSError) as error:
        raise InputError(f"the {what} {path.name!r} is a broken Parquet file; export it again.") from error
    _check_header(list(frame.columns), path, what)
    if frame.empty:
        raise InputError(f"the {what} {path.name!r} has a header only; give a table with rows.")
    return frame


def _decoded(data: bytes, path: Path, what: str) -> str:
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        encoding = "utf-16"
    elif b"\x00" in data[:65536]:
        if data[:8] == b"\x89HDF\r\n\x1a\n":
            raise InputError(f"the {what} {path.name!r} is an HDF5 file; an AnnData file must end in .h5ad.")
        kind = "an old Excel file (.xls)" if data[:4] == b"\xd0\xcf\x11\xe0" else "a binary file"
        raise InputError(f"the {what} {path.name!r} is {kind}; save it as TSV, CSV or XLSX.")
    else:
        encoding = "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        if encoding == "utf-16" or sum(b < 9 or 13 < b < 32 for b in data[:4096]) > 8:
            raise InputError(
                f"the {what} {path.name!r} is a binary file; save it as TSV, CSV or XLSX."
            ) from None
        text = data.decode("cp1252", errors="replace")
        warnings.warn(
            f"{path.name} is not UTF-8; it was read as Windows-1252", MarkerkitWarning, stacklevel=5
        )
    if re.match(r"\s*<(!doctype|html|head|body|table|\?xml)", text[:500], re.IGNORECASE):
        raise InputError(
            f"the {what} {path.name!r} is a web page (HTML or XML), not a table; save the table itself."
        )
    for start, kind in _OTHER_FORMATS.items():
        if re.match(start, text.lstrip()):
            raise InputError(f"the {what} {path.name!r} is {kind}.")
    return text


def _workbook(data: bytes, path: Path, what: str) -> pd.DataFrame:
    """First sheet with rows of a workbook."""
    from openpyxl import load_workbook

    try:
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=True)
    except (zipfile.BadZipFile, KeyError, ValueError, OSError, TypeError) as error:
        raise InputError(
            f"the {what} {path.name!r} is a zip archive, not an XLSX workbook; unpack it first."
        ) from error
    for sheet in book.worksheets:
        rows = [r for r in sheet.iter_rows(values_only=True) if any(c is not None for c in r)]
        if len(rows) > 1:
            header = [str(c).strip() if c is not None else "" for c in rows[0]]
            width = max((i + 1 for i, c in enumerate(header) if c), default=0)
            _check_header(header[:width], path, what)
            _check_sheet(header[:width], rows, path, what)
            body = [["" if c is None else str(c) for c in r[:width]] for r in rows[1:]]
            buffer = io.StringIO()
            csv.writer(buffer, delimiter="\t").writerows([header[:width], *body])
            return _parse(buffer.getvalue(), "\t", ".", path, what)
    raise InputError(f"the {what} {path.name!r} has no sheet with a header and rows.")


def _check_sheet(header: list[str], rows: list[tuple[object, ...]], path: Path, what: str) -> None:
    """Refuse a sheet with titles or merged cells above its columns."""
    widest = max(i + 1 for r in rows for i, c in enumerate(r) if c is not None)
    nameless = [
        i for i, c in enumerate(header) if not c and i > 0 and any(r[i] is not None for r in rows[1:])
    ]
    if widest > len(header) or nameless:
        at = nameless[0] if nameless else len(header)
        raise InputError(
            f"the {what} {path.name!r} has values under no name (column {at + 1}); its first row "
            f"({listed([c for c in header if c], limit=4)}) must name every column: remove titles and merged cells above it."
        )


def _text_table(text: str, path: Path, what: str) -> pd.DataFrame:
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = re.sub(r"\A(?:[#!][^\n]*\n|\s*\n)+", "", text)
    first = text[: text.find("\n")] if "\n" in text else text
    if len(first) > _LARGEST_HEADER:
        raise InputError(
            f"the {what} {path.name!r} has a first line of {len(first)} characters; it is no table."
        )
    delimiter = max("\t;,", key=lambda d: (first.count(d) > 0, d == "\t", first.count(d)))
    if first.count(delimiter) == 0:
        raise InputError(
            f"the {what} {path.name!r} has one column only ({first[:60]!r}); columns must be separated by tabs, "
            "commas or semicolons."
        )
    header = [c.strip() for c in next(csv.reader([first], delimiter=delimiter))]
    _check_header(header, path, what)
    rows = text[len(first) + 1 :].rstrip("\n").split("\n")
    if all(r.endswith(delimiter) and r.count(delimiter) == len(header) for r in rows):
        # a delimiter after the last cell of every row is a habit of some writers, not a ragged table
        text, header = f"{first}{delimiter}\n" + "\n".join(rows), [*header, ""]
    _check_rows(text, delimiter, header, path, what)
    return _parse(text, delimiter, _decimal(text[:1_000_000], delimiter), path, what)


def _decimal(text: str, delimiter: str) -> str:
    """Tell a decimal comma: numbers with one, none with a point, and not all in groups of thousands."""
    if delimiter == ",":
        return "."
    edge = re.escape(delimiter)
    commas = re.findall(rf"(?<={edge})-?\d+,(\d+)(?:[eE][-+]?\d+)?(?=[{edge}\n])", text)
    points = re.search(rf"(?<={edge})-?\d+\.\d+(?:[eE][-+]?\d+)?(?=[{edge}\n])", text)
    return "," if commas and points is None and any(len(c) != 3 for c in commas) else "."


def _check_header(header: list[str], path: Path, what: str) -> None:
    named = [c for c in header if c]
    doubled = [c for c in dict.fromkeys(named) if named.count(c) > 1]
    if what == "sample sheet":  # SDRF repeats columns such as comment[modification parameters]
        doubled = [c for c in doubled if not re.fullmatch(r"\w+\s?\[.+\]", c)]
    if doubled:
        raise InputError(
            f"the {what} {path.name!r} repeats the column {listed(doubled)}; give every sample a name of its own."
        )


def _check_rows(text: str, delimiter: str, header: list[str], path: Path, what: str) -> None:
    """Refuse a header without rows and the first row of another width."""
    width = least = len(header)
    while least > 1 and _CUT_AT_END.fullmatch(header[least - 1]):
        least -= 1
    if '"' in text:
        try:
            counts = [
                (i, len(r)) for i, r in enumerate(csv.reader(io.StringIO(text), delimiter=delimiter), 1) if r
            ]
        except csv.Error as error:
            raise InputError(f"the {what} {path.name!r} cannot be read as a table: {error}.") from error
    else:
        counts = [
            (i, line.count(delimiter) + 1) for i, line in enumerate(text.split("\n"), 1) if line.strip()
        ]
    if len(counts) < 2:
        raise InputError(f"the {what} {path.name!r} has a header only; give a table with rows.")
    for line, n in counts[1:]:
        if not least <= n <= width:
            raise InputError(
                f"the {what} {path.name!r} is ragged: line {line} has {n} cells, the header has {width}; correct that line."
            )


def _parse(text: str, delimiter: str, decimal: str, path: Path, what: str) -> pd.DataFrame:
    try:
        frame = pd.read_csv(
            io.StringIO(text),
            sep=delimiter,
            decimal=decimal,
            na_values=list(MISSING),
            keep_default_na=False,
            index_col=False,
            low_memory=False,
        )
    except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise InputError(f"the {what} {path.name!r} cannot be read as a table: {error}.") from error
    unnamed = [c for c in frame.columns if str(c).startswith("Unnamed: ")]
    nameless = [c for c in unnamed if frame[c].isna().all()]
    filled = [c for c in unnamed if c not in nameless and c != frame.columns[0]]
    if filled:
        at = list(frame.columns).index(filled[0]) + 1
        raise InputError(
            f"the {what} {path.name!r} has values under no name (column {at}); name every column in its first row."
        )
    return frame.drop(columns=nameless).rename(columns=lambda c: str(c).strip())


def numbers(frame: pd.DataFrame, columns: list[str], *, ids: pd.Series, name: str, what: str) -> pd.DataFrame:
    """Turn columns into numbers.

    Parameters
    ----------
    frame
        As from :func:`read_table`.
    columns
        Columns to turn.
    ids
        Row names, for the message.
    name, what
        File and what it is.

    Raises
    ------
    InputError
        A cell that is text; an infinite value.
    """
    found = {}
    for column in columns:
        cells = frame[column]
        if not pd.api.types.is_numeric_dtype(cells) or pd.api.types.is_bool_dtype(cells):
            text = cells.astype(str).str.strip()
            given = cells.notna() & ~text.isin(MISSING)
            converted = pd.to_numeric(text.where(given), errors="coerce")
            wrong = given & converted.isna()
            if wrong.any():
                at = int(wrong.to_numpy().argmax())
                raise InputError(
                    f"the {what} {name!r} holds text where a number belongs: {str(cells.iloc[at])[:40]!r} in column {column!r}, "
                    f"row {str(ids.iloc[at])[:60]!r} ({int(wrong.sum())} such cells in the column)."
                )
            cells = converted
        values = cells.astype(float)
        infinite = values.abs() == float("inf")
        if infinite.any():
            at = int(infinite.to_numpy().argmax())
            raise InputError(
                f"the {what} {name!r} holds an infinite value in column {column!r}, row {str(ids.iloc[at])[:60]!r}; "
                "leave missing values empty."
            )
        found[column] = values
    return pd.DataFrame(found, index=frame.index)
