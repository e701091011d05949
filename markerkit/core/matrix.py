"""What a matrix of an experiment must be: its labels, its values, its annotation; and frames handed out."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from markerkit.core.errors import InputError, listed
from markerkit.core.genes import looks_transposed

#: no instrument counts 2^64 ions; a larger value is no log2
LOG_LARGEST = 64.0
#: beyond any count or area: their squares leave the range of a float
RAW_LARGEST, RAW_SMALLEST, LOG_SMALLEST = 1e30, 1e-30, -100.0
_LOOKED_AT = 500  # proteins in which copies are looked for first
_LEAST_SAME = 10  # values that two samples share before one is taken for a copy of the other
# From pandas 3 on a shallow copy is as safe as a deep one: writing to it copies first.
_SHALLOW_IS_SAFE = int(pd.__version__.split(".")[0]) >= 3


def hand_out(frame: pd.DataFrame) -> pd.DataFrame:
    """Copy of a frame that may be changed without changing the original, at the price of a view where pandas can."""
    return frame.copy(deep=not _SHALLOW_IS_SAFE)


def among(column: pd.Series, names: Iterable[Hashable]) -> npt.NDArray[np.bool_]:
    """Say which cells of a column are one of these names; ``isin`` makes a scalar of Arrow of each name first."""
    wanted = frozenset(names)
    return np.fromiter(map(wanted.__contains__, column.tolist()), bool, len(column))


def checked_values(
    values: pd.DataFrame, scale: str, organism: str | None, *, of: str = "protein"
) -> pd.DataFrame:
    """Matrix as float, samples x proteins (or `of` what a column is), or what is wrong with it.

    A matrix with its proteins in the rows is recognized where `organism` is given.

    Raises
    ------
    InputError
        Labels that repeat, an empty or transposed matrix, text or infinite
        values, a value below 0 on the raw scale or above 64 on a logarithmic one, or one so large or
        small that no instrument measures it.
    """
    for axis, index in (("sample", values.index), (of, values.columns)):
        if not index.is_unique:
            found = listed(index[index.duplicated()].unique())
            raise InputError(f"duplicate {axis} name {found}; give every {axis} a name of its own.")
    if 0 in values.shape:
        raise InputError(
            f"the matrix is empty: {values.shape[0]} samples x {values.shape[1]} {of}s; "
            f"give a table with at least one sample and one {of}."
        )
    if organism is not None and looks_transposed(values.index, values.columns, organism):
        raise transposed(f"{len(values)} rows such as {listed(values.index, limit=2)} look like proteins")
    try:
        numbers = values.astype(float).rename_axis(index="sample", columns=of)
    except (TypeError, ValueError) as error:
        raise InputError(f"the matrix holds something that is not a number: {error}.") from error
    check_numbers(numbers, scale, of)
    return numbers


def without_zeros(values: pd.DataFrame, scale: str) -> tuple[pd.DataFrame, int]:
    """Take zeros on the raw scale as missing; the same frame where there are none. Also give their number."""
    zero = values.to_numpy() == 0 if scale == "raw" else np.zeros(0, dtype=bool)
    n = int(zero.sum())
    return (values.mask(zero), n) if n else (values, 0)


def copies(values: npt.NDArray[np.float64]) -> list[list[int]]:
    """Find samples that hold the same values: places in the matrix, two or more in each list.

    Parameters
    ----------
    values
        Samples x proteins. Samples of fewer than 10 values may be alike by chance, and are left out.
    """
    # copies are looked for in some proteins, and confirmed in all
    some = np.ascontiguousarray(values[:, :: max(1, values.shape[1] // _LOOKED_AT)])
    alike: dict[bytes, list[int]] = {}
    for i, row in enumerate(some):
        alike.setdefault(row.tobytes(), []).append(i)
    found = []
    for places in (f for f in alike.values() if len(f) > 1):
        first = values[places[0]]
        same = [i for i in places if np.array_equal(values[i], first, equal_nan=True)]
        if len(same) > 1 and np.count_nonzero(~np.isnan(first)) >= _LEAST_SAME:
            found.append(same)
    return found


def transposed(found: str) -> InputError:
    """Error on a matrix with its proteins in the rows."""
    return InputError(
        f"the matrix is transposed: {found}. An experiment is samples x proteins, one row per sample: "
        "give `values.T`."
    )


def check_numbers(values: pd.DataFrame, scale: str, of: str = "protein") -> None:
    """Refuse infinite values, negative ones on the raw scale, and what no instrument measures.

    `of` is what a column is of.

    Raises
    ------
    InputError
        The first such value, with its sample and column.
    """
    numbers = values.to_numpy()
    smallest, largest = (float(f.reduce(numbers, axis=None)) for f in (np.fmin, np.fmax))
    low, high = (RAW_SMALLEST, RAW_LARGEST) if scale == "raw" else (LOG_SMALLEST, LOG_LARGEST)
    if low <= smallest and largest <= high:
        return
    bad = np.isinf(numbers)
    what, fix = "infinite value", "leave missing values empty"
    if not bad.any() and scale == "raw":
        with np.errstate(invalid="ignore"):
            bad = numbers < 0
        what, fix = (
            "negative value on the raw scale",
            "declare the scale (log2 or ratio) or correct the table",
        )
    if not bad.any() and scale != "raw":
        bad = numbers > LOG_LARGEST
        what, fix = (
            f"value above {LOG_LARGEST:g} on the {scale} scale",
            "give log2 values, or declare them raw",
        )
    if not bad.any():
        bad = _unmeasurable(numbers, scale)
        what, fix = (
            f"value that no instrument measures on the {scale} scale,",
            "correct it, or leave it empty if it is missing",
        )
    if bad.any():
        i, j = np.argwhere(bad)[0]
        raise InputError(
            f"{what} {numbers[i, j]:g} in sample {values.index[i]!r}, {of} {values.columns[j]!r} "
            f"({int(bad.sum())} in all); {fix}."
        )


def _unmeasurable(numbers: npt.NDArray[np.float64], scale: str) -> npt.NDArray[np.bool_]:
    """Values, and zeros aside, whose squares or powers of 2 a float would not hold."""
    with np.errstate(invalid="ignore"):
        if scale == "raw":
            return (numbers > RAW_LARGEST) | ((numbers < RAW_SMALLEST) & (numbers > 0))
        return np.asarray(numbers < LOG_SMALLEST)


def aligned(frame: pd.DataFrame, index: pd.Index, *, what: str, other: pd.Index) -> pd.DataFrame:
    """Annotation in the order of the matrix, by name.

    Parameters
    ----------
    frame
        Annotation, one row per label.
    index
        Labels of its axis of the matrix.
    what
        Name of the argument, for the messages.
    other
        Labels of the other axis: to recognize a transposed matrix.

    Raises
    ------
    InputError
        Labels that repeat, that the matrix lacks or that lack in the frame.
    """
    if frame.index.equals(index):
        return frame
    if not frame.index.is_unique:
        doubled = listed(frame.index[frame.index.duplicated()].unique())
        raise InputError(f"`{what}` names {doubled} twice; keep one row each.")
    if len(frame) == len(other) != len(index) and set(frame.index) == set(other):
        raise transposed(f"the labels of `{what}` are on its other axis")
    _check_complete(set(frame.index), set(index), f"`{what}`")
    return frame.loc[index]


def _check_complete(given: set[object], wanted: set[object], what: str) -> None:
    for some, fix in (
        (wanted - given, "has no row for {}; add it, or leave it out of the matrix."),
        (given - wanted, "has a row for {}, which the matrix does not have; leave it out."),
    ):
        if some:
            raise InputError(f"{what} {fix.format(listed(sorted(some, key=str), limit=4))}")


def imputed_marks(
    imputed: pd.DataFrame | None, values: pd.DataFrame, history: Iterable[Mapping[str, Any]]
) -> pd.DataFrame:
    """Check the marks of imputed values, by name; a missing value is not an imputed one.

    Raises
    ------
    InputError
        Other labels than those of the matrix, marks that are not True or False,
        a history with imputed values but no marks.
    """
    if imputed is None:
        known = sum(int(h.get("n_imputed", 0)) for h in history)
        if known:
            raise InputError(
                f"the history holds {known} imputed values; mark them: `imputed=exp.imputed`, or give "
                "`exp.measured()`."
            )
        return pd.DataFrame(np.zeros(values.shape, dtype=bool), values.index, values.columns)
    ordered = aligned(imputed, values.index, what="imputed", other=values.columns)
    if not ordered.columns.equals(values.columns):
        _check_complete(set(ordered.columns), set(values.columns), "`imputed`, by protein,")
        ordered = ordered[values.columns]
    marks = ordered.to_numpy()
    if marks.dtype != bool:
        raise InputError("`imputed` must be True or False for every value.")
    return pd.DataFrame(marks & ~np.isnan(values.to_numpy()), values.index, values.columns)
