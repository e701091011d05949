"""Cells of a table: numbers, words that say that nothing was measured, other text."""

from __future__ import annotations

import math
import re
import sys
import warnings
from collections import Counter
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from markerkit.core.errors import InputError, MarkerkitWarning, counted, shown

#: cells that mean "no value" in every column of a matrix: what programs write, and an empty cell
MISSING = (
    "", "NA", "N/A", "#N/A", "NaN", "nan", "NULL", "null", "None", "Filtered", "-", "n/a", "<NA>",
)  # fmt: skip
#: words for "not detected" that people and laboratory systems write among numbers; they count where a number belongs
_NOT_DETECTED = re.compile(
    r"""
      n[./]?\ ?[adq]\.?                                          # nd, n.d., N/D, nq, n.q., n.a.
    | (?:not\ |un|non-?)(?:detected|detectable|quantified|quantifiable|measured|found|identified|observed|determined)
    | not\ available | missing | filtered | none | na?n
    | (?:<|<=|≤)\ ?(?:l?lo[dq]|[ml]?dl|l?ql)                     # <LOD, <LLOQ, <MDL
    | (?:<|<=|≤)\ ?\d+(?:[.,]\d+)?(?:e[+-]?\d+)?                 # < 0.5
    | b(?:ll|l|d|q)(?:od|oq|d|l|q)                               # BLOD, BLOQ, BDL, BLQ, BQL, BLLOQ
    | below\ (?:the\ )?(?:l?lo[dq]|detection\ limit|quantification\ limit|limit\ of\ (?:detection|quantification))
    | \.|-{1,3}|–|—
    """,
    re.IGNORECASE | re.VERBOSE,
)
#: results of a formula that failed in a spreadsheet
_FORMULA_ERROR = re.compile(r"#(?:NUM|DIV/0|VALUE|REF|NAME|NULL)[!?]?")
_BEYOND_FLOAT = re.compile(r"\s*([+-]?)\d{309,}\s*")
#: both readings are possible: a thousands separator or a decimal sign
_TWO_READINGS = re.compile(r"[+-]?[1-9]\d{0,2}[.,]\d{3}")

_SECOND_HEADER = "It stands in the first row, which may be a second header (units, groups): delete that row."
_NO_ABUNDANCE = (
    "Leave the cell empty if nothing was measured, or leave the column out if it holds no abundances."
)


class CellCounts(NamedTuple):
    """How many cells of a column are numbers, say that nothing was measured, or are other text; empty ones aside."""

    numbers: int
    words: int
    other: int


def of_words(kind: np.dtype[Any] | pd.api.extensions.ExtensionDtype) -> bool:
    """Say whether a column of a type is one of words: neither of numbers nor of True and False."""
    return not pd.api.types.is_numeric_dtype(kind) and not pd.api.types.is_bool_dtype(kind)


def cell_counts(cells: pd.Series) -> CellCounts:
    """Count the numbers of a column, its words for "not detected" and its other text.

    Parameters
    ----------
    cells
        Column of a table as read.

    Returns
    -------
    CellCounts
        Empty cells and missing values are in none of the three.

    Examples
    --------
    >>> cell_counts(pd.Series(["12.5", "<LOD", "ND", "high", None]))
    CellCounts(numbers=1, words=2, other=1)
    """
    if pd.api.types.is_bool_dtype(cells):
        return CellCounts(0, 0, int(cells.notna().sum()))
    if pd.api.types.is_numeric_dtype(cells):
        return CellCounts(int(cells.notna().sum()), 0, 0)
    found, text, given = _converted(cells)
    left = text[given & np.isnan(found)]
    words = sum(n for word, n in Counter(left).items() if is_word(word))
    return CellCounts(int((given & ~np.isnan(found)).sum()), words, len(left) - words)


def as_numbers(cells: pd.Series) -> pd.Series:
    """Turn cells into numbers, missing where they are none, infinite where they are too large for one.

    >>> as_numbers(pd.Series(["1.5", "9" * 400, "high"], dtype=object)).tolist()
    [1.5, inf, nan]
    """
    try:
        return pd.to_numeric(cells, errors="coerce")
    except OverflowError:  # whole numbers beyond the range of a float; pandas gives infinity for others
        return pd.to_numeric(cells.map(_within_range), errors="coerce")


def _within_range(cell: object) -> object:
    """Infinity for a whole number beyond the range of a float; other cells as they are."""
    if isinstance(cell, str) and (beyond := _BEYOND_FLOAT.fullmatch(cell)):
        return float(f"{beyond[1]}inf")
    if isinstance(cell, int) and abs(cell) > sys.float_info.max:
        return math.copysign(math.inf, 1 if cell > 0 else -1)
    return cell


def is_word(text: str) -> bool:
    """Say whether a cell says that nothing was measured.

    >>> [is_word(t) for t in ("ND", "not detected", "< 0.5", "> 0.5", "low")]
    [True, True, True, False, False]
    """
    return _NOT_DETECTED.fullmatch(" ".join(text.split())) is not None


def numbers(frame: pd.DataFrame, columns: list[str], *, ids: pd.Series, name: str, what: str) -> pd.DataFrame:
    """Turn columns into numbers.

    Parameters
    ----------
    frame
        As from :func:`markerkit.io.tabular.read_table`.
    columns
        Columns to turn.
    ids
        Row names, for the message.
    name, what
        File and what it is.

    Returns
    -------
    Numbers, in the rows of the frame. Words such as ``ND`` or ``<LOD`` are missing.

    Raises
    ------
    InputError
        A cell that is other text; an infinite value.

    Warns
    -----
    MarkerkitWarning
        How many cells hold words such as ``ND`` or ``<LOD``.
    """
    whole = _as_they_are(frame, columns)
    if whole is not None:
        _refuse_infinite(whole, ids, name, what)
        return whole
    values = np.empty((len(frame), len(columns)), order="F")
    words: Counter[str] = Counter()
    with_words = 0
    for j, column in enumerate(columns):
        cells = frame[column]
        if pd.api.types.is_numeric_dtype(cells) and not pd.api.types.is_bool_dtype(cells):
            values[:, j] = cells.to_numpy(dtype=float, na_value=np.nan)
        else:
            values[:, j], there = _with_words(cells, column, ids=ids, name=name, what=what)
            words += there
            with_words += bool(there)
    found = pd.DataFrame(values, index=frame.index, columns=pd.Index(columns, dtype=object), copy=False)
    _refuse_infinite(found, ids, name, what)
    if words:
        examples = ", ".join(f"{shown(word)} ({n})" for word, n in words.most_common(4))
        warnings.warn(
            counted(
                words.total(),
                f"cell of {name} in 1 of {len(columns)} columns says that nothing was measured and is a missing value: ",
                f"cells of {name} in {with_words} of {len(columns)} columns say that nothing was measured and are missing values: ",
            )
            + examples,
            MarkerkitWarning,
            stacklevel=3,
        )
    return found


def _as_they_are(frame: pd.DataFrame, columns: list[str]) -> pd.DataFrame | None:
    """Columns side by side that all are numbers already, copied at most once; None for others."""
    at = frame.columns.get_indexer(pd.Index(columns)) if frame.columns.is_unique else np.array([], dtype=int)
    if len(at) == 0 or (np.diff(at) != 1).any():
        return None
    beside = frame.iloc[:, at[0] : at[-1] + 1]
    if not (beside.dtypes == np.float64).all():
        return None
    return pd.DataFrame(beside.to_numpy(), index=frame.index, columns=beside.columns, copy=False)


def _refuse_infinite(values: pd.DataFrame, ids: pd.Series, name: str, what: str) -> None:
    infinite = np.isinf(values.to_numpy())
    if infinite.any():
        at, j = (int(i[0]) for i in np.nonzero(infinite))
        raise InputError(
            f"the {what} {name!r} holds an infinite value in column {shown(values.columns[j])}, row {str(ids.iloc[at])[:60]!r} "
            f"({int(infinite.sum())} such cells in all): the logarithm of 0, or a number beyond 1.8e308. Leave missing values empty."
        )


def _converted(
    cells: pd.Series,
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.object_], npt.NDArray[np.bool_]]:
    """Cells as numbers (NaN where they are none), as text, and where something is written."""
    text = cells.astype(object).where(cells.notna(), "").astype(str).str.strip().to_numpy(dtype=object)
    given = ~np.isin(text.astype(str), MISSING)
    found = as_numbers(pd.Series(np.where(given, text, np.nan), dtype=object))
    return found.to_numpy(dtype=float), text, given


def _with_words(
    cells: pd.Series, column: str, *, ids: pd.Series, name: str, what: str
) -> tuple[npt.NDArray[np.float64], Counter[str]]:
    """Numbers of a column of text, and the words in it that say that nothing was measured."""
    found, text, given = _converted(cells)
    left = given & np.isnan(found)
    if pd.api.types.is_bool_dtype(cells):
        left, found = given, np.full(len(cells), np.nan)
    counted = Counter(text[left])
    wrong = {t for t in counted if not is_word(t)}
    if wrong:
        at = int(np.flatnonzero(left & np.isin(text.astype(str), list(wrong)))[0])
        many = sum(counted[t] for t in wrong)
        cause = _cause(text[at])
        if not cause:
            cause = _SECOND_HEADER if at == 0 and many == 1 and len(text) > 1 else _NO_ABUNDANCE
        raise InputError(
            f"the {what} {name!r} holds text where a number belongs: {text[at][:40]!r} in column {shown(column)}, "
            f"row {str(ids.iloc[at])[:60]!r} ({many} such cells in the column). {cause}"
        )
    return found, counted


def _cause(text: str) -> str:
    """Likely cause of a cell that is no number, with what to do; empty where none is known."""
    if _FORMULA_ERROR.fullmatch(text):
        return (
            " It is a formula that failed in a spreadsheet, such as the logarithm of 0: leave the cell empty."
        )
    if _TWO_READINGS.fullmatch(text):
        whole = re.sub(r"[.,]", "", text)
        point = text.replace(",", ".")
        return (
            f"It may stand for {whole} or for {point}, and nothing in the table tells which: write numbers without a "
            "thousands separator and with a decimal point."
        )
    if re.fullmatch(r"[0-9.,' ]+", text):
        return "Its separators fit no way of writing numbers that the other cells share: write it with a decimal point only."
    if re.search(r"\d", text) and re.search(r"[;|/]", text):
        return "It holds several values: export one number per cell."
    return ""
