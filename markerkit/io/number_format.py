"""How a table writes its numbers: decimal sign and thousands separator, told from all of its cells."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from markerkit.core.errors import InputError, MarkerkitWarning
from markerkit.io.cells import MISSING, is_word

_SAMPLED = (
    1000  # cells of a column that are looked at; all of them are checked when they are turned into numbers
)
_FIRST_ROWS = (
    300  # rows of a clean table that are read again as text where its numbers may hold thousands points
)
_MOSTLY = 0.5  # share of the cells with text that are numbers in a column of numbers
_LARGEST_SPAN = 10.0  # logarithms of abundances span less than one power of ten, abundances more
_SMALL_SHARE = 0.02  # share of numbers below 1000 from which on they show that the others are grouped; rounding gives 0.1 %
_FEW_NUMBERS = 20  # with fewer numbers their span says nothing
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
        whole = r"\d+"
        if self.thousands:
            whole = rf"(?:\d+|[1-9]\d{{0,2}}(?:{re.escape(self.thousands)}\d{{3}})+)"
        point = re.escape(self.decimal)
        return re.compile(rf"[+-]?(?:{whole}(?:{point}\d*)?|{point}\d+)(?:[eE][+-]?\d+)?")

    def read(self, text: str) -> float:
        """Read a cell as a number; NaN where it is none in this format."""
        if self.pattern.fullmatch(text) is None:
            return float("nan")
        return float(text.replace(self.thousands, "").replace(self.decimal, "."))


PLAIN = NumberFormat(".")


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
    again: Callable[[list[str], int | None], pd.DataFrame] | None,
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
    for column in frame.columns:
        if _is_text(frame[column]) and (found := _judged(frame[column], column)) is not None:
            (unclear if found.mark else certain).append(found)
    maybe = [] if again is None else _thousandths(frame)
    if maybe and again is not None:
        unclear += _with_two_readings(maybe, again)
    if not certain and not unclear:
        return frame
    chosen = {c.column: c.formats[0] for c in certain}
    points = _has_points(frame, {c.column for c in unclear})
    # numbers of a workbook or frame do not show how its text writes numbers
    chosen |= _resolved(unclear, certain, points=points and again is not None, name=name)
    _refuse_two_readings(
        [c for c in unclear if c.column not in chosen], frame, len(certain), name=name, what=what
    )
    lists = {c.column for c in certain if points and c.formats[0] == NumberFormat(",") and c.listlike}
    changed = {c: f for c, f in chosen.items() if f != PLAIN and c not in lists}
    if not changed:
        return frame
    texts = frame
    if again is not None and (numeric := [c for c in changed if not _is_text(frame[c])]):
        texts = frame.assign(**again(numeric, None))
    return frame.assign(**{c: _converted(texts[c], f) for c, f in changed.items()})


def _with_two_readings(
    columns: list[str], again: Callable[[list[str], int | None], pd.DataFrame]
) -> list[_Numbers]:
    """Columns of numbers whose points may be thousands separators, as they are written."""
    first = again(columns, _FIRST_ROWS)
    judged = {c: _judged(first[c], c) for c in columns}
    unseen = [c for c, found in judged.items() if found is None]
    if unseen:
        whole = again(unseen, None)
        judged |= {c: _judged(whole[c], c) for c in unseen}
    return [found for found in judged.values() if found is not None and found.mark]


def _is_text(cells: pd.Series) -> bool:
    return cells.dtype == object or isinstance(cells.dtype, pd.StringDtype)


def _judged(cells: pd.Series, column: str) -> _Numbers | None:
    """Find the formats that a column of text fits; None where it holds no numbers with a sign that needs reading."""
    given = cells.dropna()
    if len(given) > _SAMPLED:
        given = given.iloc[np.linspace(0, len(given) - 1, _SAMPLED).astype(int)]
    texts = [v.translate(_ALIKE).strip() for v in given if isinstance(v, str)]
    found = tuple(t for t in texts if _NUMBER.fullmatch(t))
    other = sum(t not in MISSING and not is_word(t) for t in texts) - len(found)
    signed = [t for t in found if any(s in t for s in _SIGNS)]
    if not signed or len(found) < _MOSTLY * (len(found) + other):
        return None
    fits = {f: sum(f.pattern.fullmatch(t) is not None for t in signed) for f in _formats({*"".join(signed)})}
    best = max(fits.values(), default=0)
    formats = tuple(f for f, n in fits.items() if n == best > 0)
    return _Numbers(column, found, formats) if formats else None


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


def _thousandths(frame: pd.DataFrame) -> list[str]:
    """Columns of numbers that may be written with a thousands point: all below 1000, in thousandths."""
    return [c for c in frame.columns if frame[c].dtype == float and _in_thousandths(frame[c].to_numpy())]


def _in_thousandths(values: np.ndarray) -> bool:
    for part in (values[:100], values):
        known = np.abs(part[~np.isnan(part)])
        whole = np.round(known * 1000)
        if (known >= 1000).any() or (np.abs(known * 1000 - whole) > 1e-6).any():
            return False
        if part is values and not (known != np.round(known)).any():
            return False
    return not ((known > 0) & (known < 1) & (known != np.round(known))).any()


def _has_points(frame: pd.DataFrame, unclear: set[str]) -> bool:
    """Say whether some column writes numbers with a decimal point for certain."""
    return any(
        frame[c].dtype == float and c not in unclear and bool((frame[c].dropna() % 1 != 0).any())
        for c in frame.columns
    )


def _resolved(
    unclear: Sequence[_Numbers], certain: Sequence[_Numbers], *, points: bool, name: str
) -> dict[str, NumberFormat]:
    """Choose between the two readings of a sign by the rest of the table; columns without a choice are left out."""
    chosen: dict[str, NumberFormat] = {}
    for mark in (",", "."):
        columns = [c for c in unclear if c.mark == mark]
        decimal, grouped = NumberFormat(mark), NumberFormat("." if mark == "," else ",", mark)
        cells = [t for c in columns for t in c.cells]
        by_others = _by_columns(certain, decimal, grouped, points=points)
        reading = (
            _by_cells(cells, decimal, grouped) or by_others or (decimal if _narrow(cells, decimal) else None)
        )
        if reading is not None and columns:
            chosen |= {c.column: reading for c in columns}
            if reading not in {PLAIN, by_others if by_others == decimal else None}:
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
            f"the {what} {name!r} writes numbers such as {example!r} (column {column.column!r}), which may stand for "
            f"{example.replace(column.mark, '')} or for {example.replace(',', '.')}: all have three digits behind the "
            f"{_SIGN_NAMES[column.mark]}, and nothing else in the table tells which. Write them without a thousands "
            "separator and with a decimal point."
        )


def _by_cells(cells: Sequence[str], decimal: NumberFormat, grouped: NumberFormat) -> NumberFormat | None:
    """Tell by the numbers without the sign: those below 1000 stand beside grouped numbers, larger ones do not."""
    whole = [int(t) for t in cells if re.fullmatch(r"\d+", t)]
    if any(n >= 1000 for n in whole):
        return decimal
    n_below, n_signed = sum(n > 0 for n in whole), len(cells) - len(whole)
    return grouped if n_below and n_below >= _SMALL_SHARE * n_signed else None


def _by_columns(
    certain: Sequence[_Numbers], decimal: NumberFormat, grouped: NumberFormat, *, points: bool
) -> NumberFormat | None:
    """Tell by the columns with one reading."""
    as_decimal = sum(c.formats[0].decimal == decimal.decimal for c in certain)
    as_group = sum(c.formats[0].thousands == grouped.thousands for c in certain)
    if as_decimal != as_group:
        return decimal if as_decimal > as_group else grouped
    if decimal.decimal == "." and points:
        return decimal
    other = points or any(c.formats[0].decimal == grouped.decimal for c in certain)
    return grouped if other else None


def _narrow(cells: Sequence[str], decimal: NumberFormat) -> bool:
    """Say whether numbers span so little that they are logarithms, not abundances in thousands."""
    values = np.abs([decimal.read(t) for t in cells])
    values = values[values > 0]
    return len(values) >= _FEW_NUMBERS and bool(values.max() / values.min() < _LARGEST_SPAN)


def _say(cells: Sequence[str], mark: str, reading: NumberFormat, name: str) -> None:
    """Say how numbers with two readings were read."""
    example = next(t for t in cells if mark in t)
    role = "a thousands separator" if reading.thousands == mark else "the decimal sign"
    warnings.warn(
        f"the {_SIGN_NAMES[mark]} in the numbers of {name} is {role}: {example!r} was read as {reading.read(example):.10g}",
        MarkerkitWarning,
        stacklevel=7,
    )


def _converted(cells: pd.Series, form: NumberFormat) -> pd.Series:
    """Numbers of a column; its other text stays beside them."""
    texts = cells.astype(object)
    codes, distinct = pd.factorize(texts)
    values = [form.read(v.translate(_ALIKE).strip()) if isinstance(v, str) else v for v in distinct]
    known = [
        v if isinstance(t, str) and np.isnan(n) else n
        for t, n, v in zip(distinct, values, distinct, strict=True)
    ]
    if all(not isinstance(v, str) or v.strip() in MISSING for v in known):
        numbers = np.array([np.nan if isinstance(v, str) else v for v in known] + [np.nan], dtype=float)
        return pd.Series(numbers[codes], index=cells.index)
    return pd.Series(np.array([*known, np.nan], dtype=object)[codes], index=cells.index, dtype=object)
