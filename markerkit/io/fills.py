"""Values that were filled in where nothing was measured: one number that occurs again and again."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from markerkit.core.errors import MarkerkitWarning
from markerkit.io.scale_tests import LINEAR_SPREAD, Array, some_cells, some_proteins, some_samples

Mask = npt.NDArray[np.bool_]

# a number that occurs this often, this much oftener than any other
_FEW, _SHARE, _TIMES = 10, 0.01, 5
_MANY = 20  # enough, whatever their share
# the smallest number of all or of its sample: ties by chance are rare at the end of a distribution
_FEW_LOWEST, _TIMES_LOWEST = 5, 2
# a fill value this many sd below all others is a mark of what is missing, no estimate of it
_GAP = 1.5
_LARGE_COUNTS = 1e4  # smaller whole numbers are counts, whose ones and twos repeat
_FEW_PROTEINS = 10
_FIRST_SAMPLES = 8  # nearly all proteins differ among the first samples
_ADVICE = ". They are read as measured; leave what was not measured empty and read the table again"


@dataclass(frozen=True)
class Fills:
    """Cells that repeat one number.

    `missing` marks those that stand so far below the measured values that they
    only can say "not measured"; `warning` says what was found (empty: nothing).
    """

    missing: Mask
    warning: str


def find_fills(values: Array, *, complete: bool) -> Fills:
    """Find filled-in values.

    Parameters
    ----------
    values
        Samples x proteins, missing = NaN; zeros are looked at by the caller and are NaN.
    complete
        Whether the matrix has neither a zero nor a missing value.
    """
    none = np.zeros(values.shape, dtype=bool)
    varies = _varies(values)
    varying = values if varies.all() else values[:, varies]
    cells = some_cells(varying)
    number = _repeated(cells, complete=complete)
    if number is not None:
        found = values == number
        words = f"{int(found.sum())} of {int((~np.isnan(values)).sum())} values are {number:g}"
        if _far_below(number, values[~found & ~np.isnan(values)]):
            return Fills(found, f"{words}, far below all others: taken as not measured")
        return Fills(none, f"{words}: missing values seem to be filled in with it{_ADVICE}")
    what = "every sample repeats its smallest" if _by_sample(varying) else ""
    what = what or ("many proteins repeat their smallest" if _by_protein(varying) else "")
    if not what or _counts(cells):
        return Fills(none, "")
    return Fills(none, f"{what} value: missing values seem to be filled in{_ADVICE}")


def repeats_zero(values: Array) -> bool:
    """Whether 0 occurs far more often than any other number: not measured, though values lie on both sides of it."""
    cells = values[~np.isnan(values)]
    zeros = int((cells == 0).sum())
    others = int(np.unique(cells[cells != 0], return_counts=True)[1].max(initial=0))
    return bool(zeros >= max(_FEW_LOWEST, _TIMES_LOWEST * others))


def say(fills: Fills, name: str) -> None:
    """Warn of filled-in values, if there are any."""
    if fills.warning:
        warnings.warn(f"{name}: {fills.warning}", MarkerkitWarning, stacklevel=2)


def _varies(values: Array) -> Mask:
    """Proteins with more than one value: a constant protein is none of many filled ones."""
    first = values[:_FIRST_SAMPLES]
    varies = np.asarray(np.fmin.reduce(first, axis=0) < np.fmax.reduce(first, axis=0))
    left = np.flatnonzero(~varies)
    others = values[:, left]
    varies[left] = np.fmin.reduce(others, axis=0) < np.fmax.reduce(others, axis=0)
    return varies


def _counts(cells: Array) -> bool:
    return bool((cells == np.round(cells)).all()) and (len(cells) == 0 or cells.max() < _LARGE_COUNTS)


def _repeated(cells: Array, *, complete: bool) -> float | None:
    """Find the number that occurs too often to be measured: any, or the smallest."""
    numbers, n = np.unique(cells, return_counts=True)
    if len(numbers) < 3:
        return None
    top, share = int(np.argmax(n)), _SHARE * len(cells)
    counts = _counts(cells)
    others = int(np.delete(n, top).max())
    # what is filled in is low; the largest value repeats where values were cut or scaled
    if not counts and top < len(n) - 1 and n[top] >= max(_FEW, share, _TIMES * others):
        return float(numbers[top])
    lowest, rest, others = float(numbers[0]), cells[cells != numbers[0]], int(n[1:].max())
    if n[0] < _FEW_LOWEST:
        return None
    # counts have many ones, but then also zeros or missing values
    replaced = _counts(rest) and complete and (not counts or n[0] > others)
    often = not counts and n[0] >= max(min(_MANY, share), _TIMES_LOWEST * others)
    return lowest if replaced or often or _far_below(lowest, rest) else None


def _far_below(number: float, others: Array) -> bool:
    if number >= others.min() or len(others) < 2:
        return False
    if number < 0 < others.min():
        return True
    spread = float(others.std())
    if number > 0 and spread > LINEAR_SPREAD * float(np.median(others)):
        number, others = float(np.log(number)), np.log(others)
        spread = float(others.std())
    return bool(float(others.min()) - number > _GAP * spread)


def _by_sample(values: Array) -> bool:
    """Whether the samples repeat their smallest value far more often than any other."""
    if values.shape[1] < _FEW_PROTEINS:
        return False
    lowest = others = 0
    some = some_samples(values)
    for row in some:
        n = np.unique(row[~np.isnan(row)], return_counts=True)[1]
        lowest, others = lowest + int(n[:1].sum()), others + int(n[1:].max(initial=0))
    share = _SHARE * (~np.isnan(some)).sum()
    return bool(lowest >= max(_TIMES_LOWEST * len(some), share, _TIMES_LOWEST * others))


def _by_protein(values: Array) -> bool:
    """Whether proteins repeat their smallest value far more often than their largest."""
    if values.shape[1] < _FEW_PROTEINS:
        return False
    some = some_proteins(values)
    low = (some == np.fmin.reduce(some, axis=0)).sum(axis=0) > 1
    high = (some == np.fmax.reduce(some, axis=0)).sum(axis=0) > 1
    return bool(low.sum() >= max(_FEW_PROTEINS, _SHARE * len(low), _TIMES * (high.sum() + 1)))
