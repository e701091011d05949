"""Rank scores of sets in single samples, on what each sample measured."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata

Array = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]


def singscore(values: Array, members: BoolArray) -> tuple[Array, Array]:
    """Score sets by the mean rank of their members in each sample (Foroutan et al. 2018).

    Parameters
    ----------
    values
        Log abundances, shape (n, p), NaN where missing.
    members
        Membership, shape (p, s).

    Returns
    -------
    score, dispersion
        Each of shape (n, s). The mean rank among the measured proteins of the
        sample, put between the smallest and the largest that a set of that
        size can have and centred on 0; and the median absolute deviation of
        the members' ranks, scaled to a standard deviation. NaN where no member
        was measured.

    References
    ----------
    doi:10.1186/s12859-018-2435-4
    """
    n, s = values.shape[0], members.shape[1]
    score, dispersion = np.full((n, s), np.nan), np.full((n, s), np.nan)
    for i in range(n):
        seen = ~np.isnan(values[i])
        total = int(seen.sum())
        ranks = rankdata(values[i, seen], method="min").astype(float)
        inside = members[seen]
        size = inside.sum(axis=0)
        mean = np.divide(ranks @ inside, size, out=np.full(s, np.nan), where=size > 0)
        low, high = (size + 1) / 2, (2 * total - size + 1) / 2
        span = high - low
        score[i] = np.divide(mean - low, span, out=np.full(s, np.nan), where=span > 0) - 0.5
        for k in np.flatnonzero(size):
            own = ranks[inside[:, k]]
            dispersion[i, k] = 1.4826 * np.median(np.abs(own - np.median(own)))
    return score, dispersion
