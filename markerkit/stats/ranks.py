"""Scores of sets in single samples, on what each sample measured."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import stdtrit

Array = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

_SSGSEA_EXPONENT = 0.25  # of the ranks, as published (Barbie et al. 2009)
_FEWEST_FOR_INTERVAL = 3
_TO_SD = 1.4826  # median absolute deviation of a normal variable -> its standard deviation


@dataclass(frozen=True)
class SetScores:
    """Scores of sets in samples, each of shape (n, s).

    Parameters
    ----------
    score
        NaN where no member was measured.
    se
        Standard error over the members as a sample of possible ones; NaN under three members.
    dispersion
        Median absolute deviation of what is averaged over the members, scaled to a standard deviation.
    count
        Members measured.
    """

    score: Array
    se: Array
    dispersion: Array
    count: Array

    def interval(self, confidence: float = 0.95) -> tuple[Array, Array]:
        """Interval of the score over the members, Student's t with one df less than members."""
        df = np.where(self.count >= _FEWEST_FOR_INTERVAL, self.count - 1, np.nan)
        half = stdtrit(df, 0.5 + confidence / 2) * self.se
        return self.score - half, self.score + half


@dataclass(frozen=True)
class Ranks:
    """Ranks of some proteins among all that a sample measured.

    Parameters
    ----------
    low, high
        Smallest and largest rank that a value shares with its ties, from 1 for
        the least abundant; shape (n, c), NaN where missing.
    total
        Proteins measured, shape (n,).
    """

    low: Array
    high: Array
    total: Array

    @property
    def mean(self) -> Array:
        """Average rank over ties."""
        return (self.low + self.high) / 2


def ranks_of(values: Array, columns: npt.NDArray[np.intp]) -> Ranks:
    """Rank the values of `columns` in each sample.

    Parameters
    ----------
    values
        Shape (n, p), NaN where missing.
    columns
        Which proteins to rank, shape (c,).

    Returns
    -------
    Ranks
    """
    ordered = np.sort(values, axis=1)  # missing values go last
    total = values.shape[1] - np.isnan(ordered).sum(axis=1)
    wanted = values[:, columns]
    low, high = np.empty(wanted.shape), np.empty(wanted.shape)
    for i, row in enumerate(ordered):
        measured = row[: total[i]]
        low[i] = measured.searchsorted(wanted[i], side="left") + 1
        tied = (measured[1:] == measured[:-1]).any()
        high[i] = measured.searchsorted(wanted[i], side="right") if tied else low[i]
    missing = np.isnan(wanted)
    low[missing] = high[missing] = np.nan
    return Ranks(low, high, total.astype(float))


def singscore(values: Array, members: BoolArray, *, reverse: bool = False) -> SetScores:
    """Score sets by the mean rank of their members in each sample (Foroutan et al. 2018).

    Parameters
    ----------
    values
        Log abundances, shape (n, p), NaN where missing.
    members
        Membership, shape (p, s).
    reverse
        Rank from the most abundant: for members that are expected low.

    Returns
    -------
    SetScores
        The mean rank among the measured proteins of the sample, put between
        the smallest and the largest that a set of that size can have and
        centered on 0: between -0.5 and 0.5. Ties share their smallest rank.

    References
    ----------
    doi:10.1186/s12859-018-2435-4
    """
    used, inside = _used(members)
    ranks = ranks_of(values, used)
    rank = ranks.total[:, None] - ranks.low + 1 if reverse else ranks.low
    mean, se, count = _mean_over_members(rank, inside)
    total = ranks.total[:, None]
    span = total - count
    with np.errstate(divide="ignore", invalid="ignore"):
        score = np.where(span > 0, (mean - (count + 1) / 2) / span - 0.5, np.nan)
        se = np.where(span > 0, se / span, np.nan)
    return SetScores(score, se, _dispersion(rank, inside), count)


def ssgsea(values: Array, members: BoolArray, *, exponent: float = _SSGSEA_EXPONENT) -> SetScores:
    """Score sets by the area between two running sums over a sample's ranking (Barbie et al. 2009).

    Parameters
    ----------
    values, members
        As in :func:`singscore`.
    exponent
        Of the ranks as weights.

    Returns
    -------
    SetScores
        The sum of the differences between the cumulative share of the members
        (weighted by rank to the power of `exponent`) and of the other proteins, from the
        most abundant down, over the number of measured proteins, so that
        samples of unequal depth compare; it is not divided by a range over
        samples, which would make a score depend on the other samples. Ties
        share their average rank.

    Notes
    -----
    The sum has a closed form, since a protein of rank r adds to the r places
    from its own to the last: ``sum(w r) / sum(w) - (N (N + 1) / 2 - sum(r)) / (N - k)``.
    The standard error is that of its linearization in the members.

    References
    ----------
    doi:10.1038/nature08460
    """
    used, inside = _used(members)
    ranks = ranks_of(values, used)
    rank, total = np.nan_to_num(ranks.mean), ranks.total[:, None]
    weight = np.where(rank > 0, rank**exponent, 0.0)
    count = (rank > 0) @ inside
    weights, ranked = weight @ inside, rank @ inside
    with np.errstate(divide="ignore", invalid="ignore"):
        center = (weight * rank) @ inside / weights
        outside = (total * (total + 1) / 2 - ranked) / (total - count)
        score = np.where(count > 0, (center - outside) / total, np.nan)
        # what a member adds: a = w (r - center) / sum(w) from the first term, b = (r - outside) / (N - k) from the second
        a2 = _squares(weight**2, rank, center, inside) / weights**2
        b2 = _squares(rank > 0, rank, outside, inside) / (total - count) ** 2
        cross = _products(weight, rank, center, outside, inside) / (weights * (total - count))
        variance = np.maximum(a2 + b2 + 2 * cross, 0.0) * count / (count - 1)
        se = np.where(count >= _FEWEST_FOR_INTERVAL, np.sqrt(variance) / total, np.nan)
    score[~np.isfinite(score)] = np.nan
    return SetScores(score, se, _dispersion(ranks.mean, inside), count)


def combined_z(values: Array, members: BoolArray) -> SetScores:
    """Score sets by the sum of their members' z over the square root of their number (Lee et al. 2008).

    Parameters
    ----------
    values, members
        As in :func:`singscore`; z are taken over the samples.

    Returns
    -------
    SetScores
        Grows with the size of a set whose members move together; compare samples, not sets.

    References
    ----------
    doi:10.1371/journal.pcbi.1000217
    """
    found = mean_z(values, members)
    root = np.sqrt(found.count)
    return SetScores(found.score * root, found.se * root, found.dispersion, found.count)


def mean_z(values: Array, members: BoolArray) -> SetScores:
    """Score sets by the mean z of their members, each z over the samples that measured the protein.

    Parameters
    ----------
    values, members
        As in :func:`singscore`.

    Returns
    -------
    SetScores
        A protein measured in fewer than two samples, or the same in all, has no z and does not count.
    """
    used, inside = _used(members)
    block = values[:, used]
    seen = ~np.isnan(block)
    n = seen.sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        center = np.where(seen, block, 0.0).sum(axis=0) / n
        residual = np.where(seen, block - center, 0.0)
        sd = np.sqrt((residual**2).sum(axis=0) / (n - 1))
        z = np.where(seen & (sd > 0), residual / sd, np.nan)
    mean, se, count = _mean_over_members(z, inside)
    return SetScores(mean, se, _dispersion(z, inside), count)


def _used(members: BoolArray) -> tuple[npt.NDArray[np.intp], Array]:
    """Proteins of any set, and the membership of these."""
    used = np.flatnonzero(members.any(axis=1))
    return used, members[used].astype(float)


def _mean_over_members(x: Array, inside: Array) -> tuple[Array, Array, Array]:
    """Mean, standard error and count of the members' values, each of shape (n, s)."""
    seen = ~np.isnan(x)
    filled = np.where(seen, x, 0.0)
    count = seen.astype(float) @ inside
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = filled @ inside / count
        variance = np.maximum(filled**2 @ inside - count * mean**2, 0.0) / (count - 1)
        se = np.where(count >= _FEWEST_FOR_INTERVAL, np.sqrt(variance / count), np.nan)
    return mean, se, count


def _squares(weight: npt.NDArray[Any], rank: Array, center: Array, inside: Array) -> Array:
    """Sum over members of ``weight * (rank - center)**2``, with one center a sample and set."""
    w = np.asarray(weight, dtype=float)
    return (w * rank**2) @ inside - 2 * center * ((w * rank) @ inside) + center**2 * (w @ inside)


def _products(weight: Array, rank: Array, first: Array, second: Array, inside: Array) -> Array:
    """Sum over members of ``weight * (rank - first) * (rank - second)``."""
    along = (weight * rank) @ inside
    return (weight * rank**2) @ inside - (first + second) * along + first * second * (weight @ inside)


def _dispersion(x: Array, inside: Array) -> Array:
    """Scaled median absolute deviation over the measured members, shape (n, s)."""
    out = np.full((x.shape[0], inside.shape[1]), np.nan)
    for k in range(inside.shape[1]):
        own = x[:, inside[:, k] > 0]
        if own.shape[1]:
            out[:, k] = _TO_SD * _median(np.abs(own - _median(own)[:, None]))
    return out


def _median(x: Array) -> Array:
    """Median of each row over its measured values, NaN without any; about eight times as fast as `numpy.nanmedian`."""
    ordered = np.sort(x, axis=1)
    n = x.shape[1] - np.isnan(ordered).sum(axis=1)
    rows = np.arange(len(x))
    low, high = np.maximum((n - 1) // 2, 0), np.maximum(n // 2, 0)
    high = np.minimum(high, x.shape[1] - 1)
    return np.where(n > 0, (ordered[rows, low] + ordered[rows, high]) / 2, np.nan)
