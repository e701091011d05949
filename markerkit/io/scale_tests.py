"""Tests of the values of a matrix: what they show of its scale. Every limit stands here, with its reason."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from markerkit.core.matrix import LOG_LARGEST

Array = npt.NDArray[np.float64]

#: base of each logarithm
BASES = {"log2": 2.0, "ln": math.e, "log10": 10.0}
#: fewer values may be alike, whole or small by chance or in a toy table
FEW_VALUES = 20
#: with fewer proteins their means tell nothing of how proteins differ
_FEW_PROTEINS = 10
#: limits for tables of few values: intensities start at some hundred counts, ratios lie around 0; log2 intensities of a
#: study have an sd of 2 to 4, counts a larger one
_LOG2_FEW_MEDIAN, _LOG2_FEW_SD = 5.0, 8.0
#: sd over median of a sample: logarithms of intensities lie at 0.08 to 0.25, of counts up to 0.5; linear values, which
#: spread over orders of magnitude, above 1
_LOG_SPREAD, LINEAR_SPREAD = 0.5, 0.8
#: log2 of abundances of proteomes, and of parts of them from 20 proteins on. Public sets have medians of 11.8 to 28.0 (30.5
#: for the proteins found in every sample), sd of 1.2 to 3.9 (4.9 for 20 proteins) and largest values up to 40.7 (areas of
#: 2e12); counts and reporter ions have medians from 1 on.
_LOG2_MEDIANS, _LOG2_SDS, _LOG2_LARGEST = (1.0, 32.0), (1.1, 5.8), 43.2
#: ln of the values of one protein or sample: means that differ less than this are no abundances of a proteome, which
#: differ by 0.85 to 2.5; means that differ more are no ratios
_RATIO_BETWEEN, _ABUNDANCE_BETWEEN = 0.55, 0.8
#: ratios lie around 1
_RATIO_MEDIANS = (0.4, 2.5)
#: log2 ratios of one sample spread less than log2 abundances, and the proteins differ less than their samples
_LOG_RATIO_SD = 1.1
#: of the spread within proteins: means of centered proteins differ by rounding and missing values only
CENTERED = 0.25
#: share of proteins or samples that must follow a rule: some hold a single value, or were changed by hand
_NEARLY_ALL = 0.95
#: equal up to rounding
_EQUAL = 0.01
#: sums of shares: fractions, percent, parts per million; and what rows that were left out may take from them
_TOTALS, _LEFT_OUT = (1.0, 100.0, 1e6), 0.05
#: an sd over few numbers written with two decimals is off by this much
_Z_TOLERANCE = 0.02
#: a number is round with at most 7 digits; 1 in 50 is so by chance, and some intensities have more digits
_ROUND_DIGITS, _ROUND_TOLERANCE, _ROUND_SHARE = 7, 1e-9, 0.5

#: cells from which a statistic is taken as good as from all; of a larger matrix, every second, third, ... sample or
#: protein is looked at, and never fewer than these
_ENOUGH_CELLS = 100_000
_ENOUGH_SAMPLES, _ENOUGH_PROTEINS = 8, 200


def some_samples(values: Array) -> Array:
    """Every k-th sample of a large matrix, with all its proteins: for what holds within a sample."""
    return values[:: _step(values.size, values.shape[0] // _ENOUGH_SAMPLES)]


def some_proteins(values: Array) -> Array:
    """Every k-th protein of a large matrix, in all samples: for what holds within a protein."""
    return values[:, :: _step(values.size, values.shape[1] // _ENOUGH_PROTEINS)]


def some_cells(values: Array) -> Array:
    """Measured cells, of a large matrix those of every k-th protein."""
    part = some_proteins(values)
    return np.asarray(part[~np.isnan(part)])


def _step(size: int, most: int) -> int:
    return max(1, min(-(-size // _ENOUGH_CELLS), most))


@dataclass(frozen=True)
class Look:
    """What the measured values (neither missing, nor 0, nor filled in) look like.

    `sd` is that of a typical sample over its proteins, `spread` the same over
    the median; `between` is the sd of the means of the proteins, `within` the sd
    of a typical protein over its samples (NaN with few proteins).
    """

    n: int
    smallest: float
    largest: float
    median: float
    sd: float
    between: float
    within: float
    whole: bool

    @property
    def few(self) -> bool:
        """Too few values for a statistic."""
        return self.n < FEW_VALUES

    @property
    def looks_log2(self) -> bool:
        """Values that fit log2 intensities, as far as limits alone can tell."""
        return self.largest <= LOG_LARGEST and self.median >= _LOG2_FEW_MEDIAN and self.sd < _LOG2_FEW_SD

    @property
    def spread(self) -> float:
        """Sd of a sample in units of the median."""
        return self.sd / abs(self.median) if self.median else math.inf

    @property
    def counts(self) -> bool:
        """Whole numbers that are counts (or intensities) and not by chance."""
        return self.whole and self.smallest >= 0 and not self.few

    @property
    def linear(self) -> bool:
        """Values that spread too far for logarithms."""
        return self.largest > LOG_LARGEST or (self.smallest >= 0 and self.spread > LINEAR_SPREAD)

    @property
    def log_like(self) -> bool:
        """Values that lie as close together as logarithms of abundances."""
        return self.largest <= LOG_LARGEST and self.median > 0 and self.spread < _LOG_SPREAD

    @property
    def around_one(self) -> bool:
        """Positive values around 1."""
        low, high = _RATIO_MEDIANS
        return self.smallest > 0 and low <= self.median <= high


class Level(NamedTuple):
    """Statistic that nearly all proteins share, its value, and how far they are off (as a share of it)."""

    statistic: str
    value: float
    off: float


def look_at(values: Array) -> Look:
    """Describe measured values, samples x proteins, NaN where there is none; at least one is needed."""
    measured = some_cells(values)
    sds = _sds(some_samples(values))
    means, within = _by_protein(some_proteins(values))
    return Look(
        n=int(values.size - np.count_nonzero(np.isnan(values))),
        smallest=float(np.fmin.reduce(values, axis=None)),
        largest=float(np.fmax.reduce(values, axis=None)),
        median=float(np.median(measured)),
        sd=float(np.median(sds)) if len(sds) else float(measured.std()),
        between=float(np.std(means, ddof=1)) if len(means) >= _FEW_PROTEINS else math.nan,
        within=float(np.median(within)) if len(within) >= _FEW_PROTEINS else math.nan,
        whole=bool((measured == np.round(measured)).all()),
    )


def _sds(values: Array) -> Array:
    """Sd over the proteins of every sample with enough of them."""
    enough = (~np.isnan(values)).sum(axis=1) >= _FEW_PROTEINS
    return np.asarray(np.nanstd(values[enough], axis=1))


def _by_protein(values: Array) -> tuple[Array, Array]:
    """Mean of every protein, and the sd of those with at least two values."""
    n = (~np.isnan(values)).sum(axis=0)
    return (
        np.asarray(np.nanmean(values[:, n > 0], axis=0)),
        np.asarray(np.nanstd(values[:, n > 1], axis=0, ddof=1)),
    )


def possible_bases(look: Look) -> list[str]:
    """Bases for which the values are logarithms of abundances that proteomes have."""
    return [name for name, base in BASES.items() if _possible(look, name, math.log2(base))]


def _possible(look: Look, name: str, factor: float) -> bool:
    median, sd, largest = look.median * factor, look.sd * factor, look.largest * factor
    # log2 is common, and some sets are summed or scaled up: only values too close together speak against it
    beyond = name != "log2" and (median > _LOG2_MEDIANS[1] or largest > _LOG2_LARGEST)
    return not beyond and median >= _LOG2_MEDIANS[0] and _LOG2_SDS[0] <= sd <= _LOG2_SDS[1]


def linear_ratios(values: Array, look: Look) -> bool | None:
    """Whether positive values around 1 are ratios (True), abundances (False), or may be either (None)."""
    between = _ln_between(values)
    if look.largest > LOG_LARGEST or not look.around_one or math.isnan(between):
        return False
    if between < _RATIO_BETWEEN:
        return True
    return None if between < _ABUNDANCE_BETWEEN else False


def _ln_between(values: Array) -> float:
    part = some_proteins(values)
    means = _by_protein(np.log(np.where(part > 0, part, np.nan)))[0]
    return float(np.std(means, ddof=1)) if len(means) >= _FEW_PROTEINS else math.nan


def log_ratios(look: Look) -> bool:
    """Whether values on both sides of 0 are log ratios, and not logarithms of abundances centered by sample."""
    if look.few or math.isnan(look.between):
        return True
    alike = look.between < look.within and look.sd < _LOG_RATIO_SD
    return alike or look.between < CENTERED * look.within


def z_scores(values: Array) -> str:
    """Name what was brought to mean 0 and sd 1: ``"protein"``, ``"sample"``, ``"matrix"`` or nothing."""
    for axis, what, some in ((0, "protein", some_proteins(values)), (1, "sample", some_samples(values))):
        enough = (~np.isnan(some)).sum(axis=axis) >= 3
        part = some[:, enough] if axis == 0 else some[enough]
        if part.size < FEW_VALUES or enough.sum() < 2:
            continue
        centered = np.abs(np.nanmean(part, axis=axis)) < _Z_TOLERANCE
        # the deviations take several times as long, and are needed of few tables
        if _nearly_all(centered) and any(
            _nearly_all(centered & _is_one(np.nanstd(part, axis=axis, ddof=d))) for d in (0, 1)
        ):
            return what
    whole = some_cells(values)
    is_z = len(whole) >= FEW_VALUES and abs(whole.mean()) < _Z_TOLERANCE / 10
    return "matrix" if is_z and abs(whole.std() - 1) < _Z_TOLERANCE / 10 else ""


def _is_one(sd: Array) -> npt.NDArray[np.bool_]:
    return np.asarray(np.abs(sd - 1) < _Z_TOLERANCE)


def _nearly_all(marks: npt.NDArray[np.bool_]) -> bool:
    return bool(marks.mean() >= _NEARLY_ALL)


def between_0_and_1(values: Array) -> bool:
    """Whether every protein was stretched from 0 to its largest value, the same for all."""
    some = some_proteins(values)
    full = ~np.isnan(some).any(axis=0) & (np.fmax.reduce(some, axis=0) > 0)
    part = some[:, full]
    if part.shape[0] < 3 or part.shape[1] < _FEW_PROTEINS or np.fmin.reduce(values, axis=None) != 0:
        return False
    largest = part.max(axis=0)
    same = np.abs(largest / np.median(largest) - 1) < _EQUAL
    return _nearly_all(((part == 0).sum(axis=0) == 1) & same)


def level_of_proteins(values: Array, *, linear: bool = True) -> Level | None:
    """Find a statistic that is the same for every protein: rows that were scaled.

    Parameters
    ----------
    values
        Linear values, samples x proteins, missing = NaN.
    linear
        False for powers of the values of the table: only means and sums tell then, as
        other statistics are the same before and after.
    """
    some = some_proteins(values)
    # a sample that holds one number everywhere makes any statistic of the proteins alike
    some = some[np.fmin.reduce(some, axis=1) < np.fmax.reduce(some, axis=1)]
    part = some[:, (~np.isnan(some)).sum(axis=0) >= 3]
    if part.shape[1] < _FEW_PROTEINS or not (part[~np.isnan(part)] > 0).all():
        return None
    found = []
    for name, level in islice(_levels(part), None if linear else 2):
        typical = float(np.median(level))
        off = float(np.quantile(np.abs(level / typical - 1), _NEARLY_ALL))
        found.append(Level(name, typical, off))
    best = min(found, key=lambda level: round(level.off, 9))
    return best if best.off < _EQUAL else None


def _levels(part: Array) -> Iterator[tuple[str, Array]]:
    yield "mean", np.nanmean(part, axis=0)
    yield "sum", np.nansum(part, axis=0)
    yield "median", np.nanmedian(part, axis=0)
    yield "maximum", np.nanmax(part, axis=0)
    yield "geometric mean", np.exp(np.nanmean(np.log(part), axis=0))


def sum_of_samples(values: Array) -> float | None:
    """Sum that all samples share (shares of the sample, of which some rows may have been left out), or None."""
    sums = np.nansum(some_samples(values), axis=1)
    typical = float(np.median(sums))
    if len(sums) < 3 or typical <= 0:
        return None
    for total in _TOTALS:
        if sums.min() >= (1 - _LEFT_OUT) * total and sums.max() <= (1 + _EQUAL) * total:
            return total
    return typical if bool((np.abs(sums / typical - 1) < _EQUAL).all()) else None


def same_quantiles(values: Array) -> bool:
    """Whether all samples hold the same set of values (quantile normalization, ranks)."""
    some = some_samples(values)
    enough = (~np.isnan(some)).sum(axis=1) >= FEW_VALUES
    if enough.sum() < 3 or not enough.all():
        return False
    quantiles = np.nanquantile(some, np.linspace(0.05, 0.95, 19), axis=1)
    step = np.abs(quantiles - np.median(quantiles, axis=1, keepdims=True)).max()
    return bool(step < _EQUAL * np.nanstd(some))


def ranks(values: Array) -> bool:
    """Whether the values of every sample are evenly spaced: ranks, not amounts."""
    return same_quantiles(values) and all(_evenly_spaced(row[~np.isnan(row)]) for row in some_samples(values))


def _evenly_spaced(row: Array) -> bool:
    steps = np.diff(np.unique(row))
    return len(steps) >= _FEW_PROTEINS and bool(steps.max() < (1 + _EQUAL) * steps.min() + 1e-12)


class Exact(NamedTuple):
    """Base whose powers show what was there before the logarithm, how they do, and whether they are counts."""

    base: str
    evidence: str
    counts: bool


def exact_base(values: Array, *, shares: bool) -> Exact | None:
    """Find the base whose powers show what the values were before the logarithm was taken.

    Counts are whole numbers, intensities are often written with few digits,
    shares add up to the same sum in every sample. Powers of another base are
    none of these.

    Parameters
    ----------
    values
        Samples x proteins, missing = NaN.
    shares
        Whether sums count: those of small linear values are alike at any base.

    Returns
    -------
    None where no base, or more than one, shows anything.
    """
    found = [exact for name in BASES for exact in _of_powers(values, name, shares=shares)]
    return found[0] if len({exact.base for exact in found}) == 1 else None


def _of_powers(values: Array, name: str, *, shares: bool) -> Iterator[Exact]:
    logs, base = some_cells(values), BASES[name]
    if _whole_powers(logs, base):
        yield Exact(name, f"powers of {base:.4g} are whole numbers", counts=True)
    elif any(_round_powers(base**logs - offset) for offset in (0.0, 1.0)):
        yield Exact(name, f"powers of {base:.4g} are round numbers", counts=False)
    total = sum_of_samples(base ** some_samples(values)) if shares else None
    if total is not None:
        yield Exact(name, f"powers of {base:.4g} add up to {total:.6g} in every sample", counts=False)


def _whole_powers(logs: Array, base: float) -> bool:
    """Whether powers are whole numbers as far as the digits of the logarithms allow to see."""
    powers = base**logs
    off = powers * (0.51 * 10.0 ** -_decimals(logs) * math.log(base) + 1e-13)
    seen = off < 0.1
    if seen.sum() < FEW_VALUES or seen.mean() < 0.5 or len(np.unique(logs)) < 5:
        return False
    miss = np.abs(powers - np.round(powers))[seen]
    return bool((miss <= off[seen]).mean() > 0.98)


def _decimals(logs: Array) -> int:
    """Decimals with which the numbers are written, up to 12."""
    return next((d for d in range(1, 12) if np.allclose(logs, np.round(logs, d), rtol=0, atol=1e-12)), 12)


def _round_powers(powers: Array) -> bool:
    positive = powers[powers > 0]
    if len(positive) < FEW_VALUES or len(np.unique(positive)) < FEW_VALUES:
        return False
    digits = 10.0 ** (_ROUND_DIGITS - 1 - np.floor(np.log10(positive)))
    miss = np.abs(np.round(positive * digits) / digits / positive - 1)
    return bool((miss < _ROUND_TOLERANCE).mean() > _ROUND_SHARE)
