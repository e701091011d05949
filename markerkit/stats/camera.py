"""Competitive set test that allows for the correlation between proteins: camera (Wu and Smyth 2012)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

from markerkit.stats.ebayes import two_sided
from markerkit.stats.order import mid_ranks
from markerkit.stats.set_statistics import (
    Members,
    SetStatistics,
    SetTest,
    inter_protein_correlation,
    joined_members,
    set_sums,
)

Array = npt.NDArray[np.float64]


def camera(
    statistics: SetStatistics,
    members: Members,
    *,
    correlation: float | None = None,
    use_ranks: bool = False,
) -> SetTest:
    """Competitive test of set members against the other proteins (Wu and Smyth 2012).

    Parameters
    ----------
    statistics
        From :func:`set_statistics`.
    members
        Positions of each set's members.
    correlation
        Preset inter-protein correlation; by default estimated from the residuals, and at least 0.
    use_ranks
        Compare the ranks of t in place of its normal scores.

    Returns
    -------
    SetTest
        ``statistic`` is the two-sample t with the variance inflated by the
        correlation; of the ranks, the distance of their sum from its
        expectation in standard deviations.

    Notes
    -----
    Moderated t are put on the normal scale first, so that proteins with
    different degrees of freedom compare.
    """
    p = len(statistics.t)
    if correlation is None:
        rho = inter_protein_correlation(statistics, members)
        df = float(min(statistics.df_residual, p - 2))
    else:
        rho, df = np.full(len(members), correlation), np.inf if use_ranks else float(p - 2)
    score = statistics.t if use_ranks else normal_score(statistics.t, statistics.df_total)
    test = rank_sum if use_ranks else two_sample
    found = test(score, members, np.maximum(np.nan_to_num(rho), 0.0), df)
    return SetTest(*found, rho, np.full(len(members), np.nan))


def two_sample(score: Array, members: Members, rho: Array, df: float) -> tuple[Array, Array, Array]:
    """Two-sample t of members against the other proteins, its variance inflated by the correlation of the members.

    Parameters
    ----------
    score
        Shape (p,), no NaN.
    members
        Positions of each set's members.
    rho
        Correlation between the members of each set, shape (s,).
    df
        Degrees of freedom.

    Returns
    -------
    t, df, two-sided p, each of shape (s,); NaN for sets without members, without others, or with
    no variance left.
    """
    joined, sizes = joined_members(members)
    p, m = len(score), sizes.astype(float)
    rest, inflation = p - m, 1 + (m - 1) * rho
    possible = (m > 0) & (rest > 0) & (inflation > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        delta = p / rest * (set_sums(score[None, joined], sizes)[0] / m - score.mean())
        pooled = ((p - 1) * score.var(ddof=1) - delta**2 * m * rest / p) / (p - 2)
        t = np.where(possible, delta / np.sqrt(pooled * (inflation / m + 1 / rest)), np.nan)
    each = np.full(len(m), df)
    return t, each, two_sided(t, each)


def rank_sum(score: Array, members: Members, rho: Array, df: float) -> tuple[Array, Array, Array]:
    """Wilcoxon's test with the variance that correlated normal members have (Barry et al. 2008).

    Parameters and returns as in :func:`two_sample`, with z in the place of t.
    """
    joined, sizes = joined_members(members)
    p, m = len(score), sizes.astype(float)
    rest = p - m
    ranks = mid_ranks(score)
    excess = set_sums(ranks[None, joined], sizes)[0] - m * (p + 1) / 2
    variance = (
        np.arcsin(1.0) * m * rest
        + np.arcsin(0.5) * m * rest * (rest - 1)
        + np.arcsin(rho / 2) * m * (m - 1) * rest * (rest - 1)
        + np.arcsin((rho + 1) / 2) * m * (m - 1) * rest
    ) / (2 * np.pi)
    _, ties = np.unique(score, return_counts=True)
    variance = variance * (1 - (ties * (ties + 1.0) * (ties - 1.0)).sum() / (p * (p + 1.0) * (p - 1.0)))
    with np.errstate(divide="ignore", invalid="ignore"):
        # half a rank of continuity
        z = np.sign(excess) * np.maximum(np.abs(excess) - 0.5, 0.0) / np.sqrt(variance)
    z = np.where((m > 0) & (rest > 0) & (variance > 0), z, np.nan)
    each = np.full(len(m), df)
    pvalue = two_sided(z, each) if np.isfinite(df) else 2 * ndtr(-np.abs(z))
    return z, each, np.asarray(pvalue)


def normal_score(t: Array, df: Array) -> Array:
    """Turn t into the normal score with the same tail, by the expansion of Hill 1970 (Algorithm 395).

    Its error is below 1e-5 for 3 df and more; it is what the reference
    implementation of camera uses, and it cannot overflow in the tail.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        a = df - 0.5
        b = 48 * a**2
        y = a * np.log1p(t**2 / df)
        top = (((-0.4 * y - 3.3) * y - 24) * y - 85.5) / (0.8 * y**2 + 100 + b) + y + 3
        z = (top / b + 1) * np.sqrt(y)
    return np.asarray(np.sign(t) * np.where(np.isfinite(df), z, np.abs(t)))
