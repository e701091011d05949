"""How a table writes its numbers: decimal sign and thousands separator, found from all of its cells."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from markerkit.core.errors import InputError, MarkerkitWarning, shown
from markerkit.io.cells import MISSING, is_word

_SAMPLED = 1000  # cells of a column that are looked at; all are checked when they are turned into numbers
_FIRST_CELLS, _LEAST_ROWS = (
    5000,
    20,
)  # of a clean table, read as text where points may be thousands separators
_MOSTLY = 0.5  # share of the cells with text that are numbers in a column of numbers
_SOME = 0.05  # the same where the other columns tell how numbers are written
_LARGEST_SPAN = 10.0  # logarithms of abundances span less than one power of ten, abundances more
_SMALL_SHARE = 0.02  # share of numbers below 1000 from which on they show that the others are grouped; rounding gives 0.1 %
_LARGEST_GAP = 100  # between the smallest grouped number and the largest below 1000
_FEW_NUMBERS = 20  # with fewer numbers their span says little
#: signs that spreadsheets and countries use for one thing
_ALIKE = str.maketrans({"\u00a0": " ", "\u202f": " ", "\u2009": " ", "\u2019": "'", "\u2212": "-"})
_NUMBER = re.compile(r"[+-]?(?:\d[\d.,' ]*|[.,]\d+)(?:[eE][+-]?\d+)?")
_SIGNS = ".,' "
_SIGN_NAMES = {".": "point", ",": "comma"}


@dataclass(frozen=True)
class NumberFormat:
    """A way of writing numbers: decimal sign, thousands separator (empty where none is used)."""

    decimal: str
    thousands: str = ""

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Pattern of a whole cell."""
        point = re.escape(self.decimal)
        forms = rf"(?:\d+(?:{point}\d*)?|{point}\d+)(?:[eE][+-]?\d+)?"
        if self.thousands:  # what has an exponent has no thousands
            forms += rf"|[1-9]\d{{0,2}}(?:{re.escape(self.thousands)}\d{{3}})+(?:{point}\d*)?"
        return re.compile(rf"[+-]?(?:{forms})")

    def read(self, text: str) -> float:
        """Read a cell as a number; NaN where it is none in this format."""
        if self.pattern.fullmatch(text) is None:
            return float("nan")
        return float(text.replace(self.thousands, "").replace(self.decimal, "."))


PLAIN = NumberFormat(".")
#: reads columns of a table again, as text: all rows or the first n
Again = Callable[[list[str], int | None], pd.DataFrame]


@dataclass(frozen=True)
class _Numbers:
    """Column of numbers that are not all written plainly: its cells and the formats that fit most of them."""

    column: str
    cells: tuple[str, ...]
    formats: tuple[NumberFormat, ...]

    @property
    def mark(self) -> str:
        """Sign with two readings, decimal sign or thousands separator; empty where there is one reading."""
        if len(self.formats) < 2:
            return ""
        return next(f.decimal for f in self.formats if not f.thousands)

    @property
    def listlike(self) -> bool:
        """Short whole numbers on both sides of a comma, which may be a list: ``2,3``."""
        return all(re.fullmatch(r"\d{1,2}(?:,\d{1,2})?", c) and not c.startswith("0,") for c in self.cells)


def read_numbers(
    frame: pd.DataFrame,
    *,
    name: str,
    what: str,
    again: Again | None,
    decimal: str = ".",
    semicolon: bool = False,
) -> pd.DataFrame:
    """Turn the columns of numbers that are not written plainly into numbers.

    Parameters
    ----------
    frame
        Table whose plain columns of numbers are numbers already.
    name, what
        File and what it is, for the messages.
    again
        Reads columns once more as text, all rows or the first n; None where numbers are numbers, as in a workbook.
    decimal
        Decimal sign with which the columns of numbers were read.
    semicolon
        Cells are parted by semicolons, as where the comma is the decimal sign and a point may part thousands.

    Returns
    -------
    The table. A column that also holds words keeps them beside its numbers.

    Raises
    ------
    InputError
        Numbers with two readings (``1.234``) and nothing in the table that tells which.
    """
    certain: list[_Numbers] = []
    unclear: list[_Numbers] = []
    for column, kind in zip(frame.columns, frame.dtypes, strict=True):
        if (
            not pd.api.types.is_float_dtype(kind)
            and _is_text(frame[column])
            and (found := _judged(frame[column], column)) is not None
        ):
            (unclear if found.mark else certain).append(found)
    if again is not None:
        unclear += _with_two_readings(frame, again)
    if not certain and not unclear and decimal == ".":
        return frame
    chosen = {c.column: c.formats[0] for c in certain}
    # numbers of a workbook or frame do not show how its text writes numbers
    has_decimals = _has_decimals(frame, {c.column for c in unclear})
    chosen |= _resolved(
        unclear,
        certain,
        seen=decimal if has_decimals and again is not None else "",
        name=name,
        semicolon=semicolon,
    )
    _refuse_two_readings(
        [c for c in unclear if c.column not in chosen], frame, len(certain), name=name, what=what
    )
    chosen |= _among_words(frame, chosen, decimal)
    points = has_decimals and decimal == "."
    lists = {c.column for c in certain if points and c.formats[0] == NumberFormat(",") and c.listlike}
    changed = {c: f for c, f in chosen.items() if f != PLAIN and c not in lists}
    if not changed:
        return frame
    texts = frame
    if again is not None and (numeric := [c for c in changed if not _is_text(frame[c])]):
        texts = frame.assign(**again(numeric, None))
    return frame.assign(**{c: _converted(texts[c], f) for c, f in changed.items()})


def _among_words(
    frame: pd.DataFrame, chosen: Mapping[str, NumberFormat], decimal: str
) -> dict[str, NumberFormat]:
    """Read the few numbers in columns of words with a decimal comma, where all other columns write one."""
    formats = {*chosen.values(), *([NumberFormat(",")] if decimal == "," else [])}
    if formats != {NumberFormat(",")}:
        return {}
    others = [c for c in frame.columns if c not in chosen and _is_text(frame[c])]
    found = {c: _judged(frame[c], c, least=_SOME) for c in others}
    return {
        c: NumberFormat(",")
        for c, f in found.items()
        if f is not None and NumberFormat(",") in f.formats and not f.listlike
    }


def _with_two_readings(frame: pd.DataFrame, again: Again) -> list[_Numbers]:
    """Columns of numbers whose points may be thousands separators, as they are written."""
    kinds = zip(frame.columns, frame.dtypes, strict=True)
    floats = {c: frame[c].to_numpy() for c, kind in kinds if pd.api.types.is_float_dtype(kind)}
    columns = [c for c, values in floats.items() if _in_thousandths(_with_fractions(values))]
    if not columns:
        return []
    first = again(columns, max(_LEAST_ROWS, _FIRST_CELLS // len(columns)))
    judged = {c: _judged(first[c], c) for c in columns}
    unseen = [c for c, found in judged.items() if found is None]
    if unseen:
        whole = again(unseen, None)
        judged |= {c: _judged(whole[c], c) for c in unseen}
    return [j for c, j in judged.items() if j is not None and j.mark and _in_thousandths(floats[c])]


def decimal_comma(sample: pd.DataFrame) -> bool:
    """Say whether every column of numbers that uses signs writes a decimal comma and nothing else.

    Parameters
    ----------
    sample
        First rows, as text.
    """
    found = [_judged(sample[c], c) for c in sample.columns]
    return {f.formats for f in found if f is not None} == {(NumberFormat(","),)}


def _is_text(cells: pd.Series) -> bool:
    return cells.dtype == object or isinstance(cells.dtype, pd.StringDtype)


def _judged(cells: pd.Series, column: str, *, least: float = _MOSTLY) -> _Numbers | None:
    """Find the formats that a column of text fits; None where it holds no numbers with a sign that needs reading."""
    given = cells.dropna()
    if len(given) > _SAMPLED:
        given = given.iloc[np.linspace(0, len(given) - 1, _SAMPLED).astype(int)]
    texts = [v.translate(_ALIKE).strip() for v in given if isinstance(v, str)]
    found = tuple(t for t in texts if _NUMBER.fullmatch(t))
    other = sum(t not in MISSING and not is_word(t) for t in texts) - len(found)
    signed = [t for t in found if any(s in t for s in _SIGNS)]
    if not signed or len(found) < least * (len(found) + other):
        return None
    fits = {f: sum(f.pattern.fullmatch(t) is not None for t in signed) for f in _formats({*"".join(signed)})}
    best = max(fits.values(), default=0)
    formats = tuple(f for f, n in fits.items() if n == best > 0)
    if not formats or (len(formats) > 1 and all(f.thousands for f in formats)):
        return None  # point and comma are each the decimal sign of some cells: the column stays text
    return _Numbers(column, found, formats)


def _formats(signs: set[str]) -> list[NumberFormat]:
    """List the formats that use the signs, plain decimals first."""
    marks = [m for m in (".", ",") if m in signs]
    groups = [g for g in ("'", " ") if g in signs]
    if groups:
        return [NumberFormat(m, groups[0]) for m in marks or ["."]]
    if len(marks) == 2:
        return [NumberFormat(".", ","), NumberFormat(",", ".")]
    other = {".": ",", ",": "."}
    return [f for m in marks for f in (NumberFormat(m), NumberFormat(other[m], m))]


def _in_thousandths(values: npt.NDArray[np.float64]) -> bool:
    """Say whether numbers may be written with a thousands point: below 1000, in thousandths, none between 0 and 1."""
    for part in (values[:100], values):
        known = np.abs(part[~np.isnan(part)])
        if (known >= 1000).any() or (np.abs(known * 1000 - np.round(known * 1000)) > 1e-6).any():
            return False
    return not ((known > 0) & (known < 1)).any() and bool((known != np.round(known)).any())


def _with_fractions(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """First numbers of a column where they are not all whole or missing, else all of them."""
    first = values[:_SAMPLED]
    return first if (first != np.round(first))[~np.isnan(first)].any() else values


def _has_decimals(frame: pd.DataFrame, unclear: set[str]) -> bool:
    """Say whether some column of numbers has decimals for certain."""
    return any(
        frame[c].dtype == float
        and c not in unclear
        and bool((frame[c].dropna() != frame[c].dropna().round()).any())
        for c in frame.columns
    )


def _resolved(
    unclear: Sequence[_Numbers], certain: Sequence[_Numbers], *, seen: str, name: str, semicolon: bool
) -> dict[str, NumberFormat]:
    """Choose between the two readings of a sign by the rest of the table; columns without a choice are left out."""
    chosen: dict[str, NumberFormat] = {}
    for mark in (",", "."):
        columns = [c for c in unclear if c.mark == mark]
        decimal, grouped = NumberFormat(mark), NumberFormat("." if mark == "," else ",", mark)
        cells = [t for c in columns for t in c.cells]
        reading = (
            (direct := _by_columns(certain, decimal, grouped, seen=seen))
            or _by_cells(cells, decimal, grouped)
            or _by_other_sign(certain, grouped, seen=seen)
            or (decimal if _narrow(cells, decimal) else None)
        )
        if reading is not None and columns:
            chosen |= {c.column: reading for c in columns}
            if direct is None and (reading != PLAIN or semicolon):
                _say(cells, mark, reading, name)
    return chosen


def _refuse_two_readings(
    unclear: Sequence[_Numbers], frame: pd.DataFrame, n_certain: int, *, name: str, what: str
) -> None:
    """Refuse a table most of whose numbers have two readings; a few such columns are no samples."""
    texts = sum(_is_text(frame[c.column]) for c in unclear)
    n_numbers = sum(pd.api.types.is_numeric_dtype(frame[c]) for c in frame.columns) + n_certain + texts
    if len(unclear) * 2 > n_numbers:
        column = unclear[0]
        example = next(t for t in column.cells if column.mark in t)
        raise InputError(
            f"the {what} {name!r} writes numbers such as {shown(example)} (column {shown(column.column)}), which may stand for "
            f"{example.replace(column.mark, '')[:40]} or for {example.replace(',', '.')[:40]}: all have three digits behind the "
            f"{_SIGN_NAMES[column.mark]}, and nothing else in the table tells which. Write them without a thousands "
            "separator and with a decimal point."
        )


def _by_columns(
    certain: Sequence[_Numbers], decimal: NumberFormat, grouped: NumberFormat, *, seen: str
) -> NumberFormat | None:
    """Tell by the columns in which the sign has one reading; `seen` is the decimal sign of plain numbers."""
    as_decimal = sum(c.formats[0].decimal == decimal.decimal for c in certain) + (seen == decimal.decimal)
    as_group = sum(c.formats[0].thousands == grouped.thousands for c in certain)
    if as_decimal == as_group:
        return None
    return decimal if as_decimal > as_group else grouped


def _by_cells(cells: Sequence[str], decimal: NumberFormat, grouped: NumberFormat) -> NumberFormat | None:
    """Tell by the numbers without the sign: those below 1000 stand beside grouped numbers, larger ones do not."""
    whole = [int(t) for t in cells if re.fullmatch(r"\d+", t)]
    if any(n >= 1000 for n in whole):
        return decimal
    below, others = [n for n in whole if n > 0], [t for t in cells if not re.fullmatch(r"\d+", t)]
    if not below or len(below) < _SMALL_SHARE * len(others):
        return None
    # the logarithm 26 beside 21.307 is far from 21307
    smallest = min(abs(grouped.read(t)) for t in others)
    return grouped if smallest <= _LARGEST_GAP * max(below) else None


def _by_other_sign(certain: Sequence[_Numbers], grouped: NumberFormat, *, seen: str) -> NumberFormat | None:
    """Tell by the columns whose decimal sign is the other one."""
    other = seen == grouped.decimal or any(c.formats[0].decimal == grouped.decimal for c in certain)
    return grouped if other else None


def _narrow(cells: Sequence[str], decimal: NumberFormat) -> bool:
    """Say whether numbers span so little that they are logarithms, not abundances in thousands.

    A few numbers may span little by chance; with a point they are read as usual all the same.
    """
    values = np.abs([decimal.read(t) for t in cells])
    values = values[values > 0]
    enough = len(values) >= _FEW_NUMBERS or (decimal == PLAIN and len(values) > 0)
    return enough and bool(values.max() / values.min() < _LARGEST_SPAN)


def _say(cells: Sequence[str], mark: str, reading: NumberFormat, name: str) -> None:
    """Say how numbers with two readings were read."""
    example = next(t for t in cells if mark in t)
    doubt = "; if it parts thousands, write the numbers without it" if reading == PLAIN else ""
    role = "a thousands separator" if reading.thousands == mark else "the decimal sign"
    warnings.warn(
        f"the {_SIGN_NAMES[mark]} in the numbers of {name} is {role}: {shown(example)} was read as {reading.read(example):.10g}{doubt}",
        MarkerkitWarning,
        stacklevel=7,
    )


def _converted(cells: pd.Series, form: NumberFormat) -> pd.Series:
    """Numbers of a column; its other text stays beside them."""
    codes, distinct = pd.factorize(cells.astype(object))
    known = [_read(v, form) for v in distinct]
    if all(not isinstance(v, str) or v.strip() in MISSING for v in known):
        numbers = np.array([np.nan if isinstance(v, str) else v for v in known] + [np.nan], dtype=float)
        return pd.Series(numbers[codes], index=cells.index)
    return pd.Series(np.array([*known, np.nan], dtype=object)[codes], index=cells.index, dtype=object)


def _read(cell: object, form: NumberFormat) -> object:
    """Read a cell as a number where it is one, else leave it."""
    if not isinstance(cell, str):
        return cell
    number = form.read(cell.translate(_ALIKE).strip())
    return cell if np.isnan(number) else number
