"""Empirical Bayes moderation of residual variances and what follows from it (Smyth 2004)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import stdtr, stdtrit

from markerkit.stats.prior import Prior, fit_prior

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Moderated:
    """Residual variances squeezed toward their prior.

    Parameters
    ----------
    prior
        The prior.
    variance
        Posterior variances, shape (p,).
    df_total
        Residual and prior df, no more than the residual df of all proteins together, shape (p,).
    """

    prior: Prior
    variance: Array
    df_total: Array


def moderate(
    variance: Array,
    df: Array,
    *,
    covariate: Array | None = None,
    robust: bool = False,
    legacy: bool | None = None,
) -> Moderated:
    """Squeeze residual variances toward their prior.

    Parameters
    ----------
    variance, df
        Residual variances and df, shape (p,). A protein without residual df
        gets the prior variance alone.
    covariate, robust, legacy
        As in :func:`markerkit.stats.prior.fit_prior`.
    """
    prior = fit_prior(variance, df, covariate=covariate, robust=robust, legacy=legacy)
    return squeeze(variance, df, prior)


def squeeze(variance: Array, df: Array, prior: Prior, *, pooled: bool = True) -> Moderated:
    """Squeeze residual variances toward a given prior (Smyth 2004, equation 3).

    With `pooled`, no protein gets more df than all residuals together have.
    """
    known = np.where(df > 0, variance, 0.0)
    with np.errstate(invalid="ignore"):
        posterior = (df * known + prior.df * prior.variance) / (df + prior.df)
    posterior = np.where(np.isinf(prior.df), prior.variance, posterior)
    most = float(df[np.isfinite(df)].sum()) if pooled else np.inf
    return Moderated(prior, posterior, np.minimum(df + prior.df, most))


def two_sided(t: Array, df: Array | float) -> Array:
    """Two-sided p of t statistics."""
    return np.asarray(2 * stdtr(df, -np.abs(t)))


def log_odds(t: Array, unscaled: Array, moderated: Moderated, *, proportion: float = 0.01) -> Array:
    """B statistic: log-odds that a protein differs (Smyth 2004, section 5 and 6.3).

    Parameters
    ----------
    t
        Moderated t, shape (p,).
    unscaled
        Unscaled standard deviation of the effect, shape (p,).
    moderated
        Moderated variances.
    proportion
        Expected share of proteins that differ.
    """
    v0 = prior_effect_variance(t, unscaled, moderated, proportion)
    ratio = (unscaled**2 + v0) / unscaled**2
    df = moderated.df_total
    with np.errstate(over="ignore", invalid="ignore"):
        heavy = (1 + df) / 2 * np.log((t**2 + df) / (t**2 / ratio + df))
        kernel = np.where(df > 1e6, t**2 * (1 - 1 / ratio) / 2, heavy)
    return np.asarray(np.log(proportion / (1 - proportion)) - np.log(ratio) / 2 + kernel)


def prior_effect_variance(t: Array, unscaled: Array, moderated: Moderated, proportion: float) -> float:
    """Variance of true effects, in units of the residual variance, from the largest t statistics."""
    low, high = (limit**2 / float(np.nanmedian(moderated.prior.variance)) for limit in (0.1, 4.0))
    ok = np.isfinite(t)
    statistic, v1, df = np.abs(t[ok]), unscaled[ok] ** 2, moderated.df_total[ok]
    n = len(statistic)
    target = int(np.ceil(proportion / 2 * n))
    if target < 1:
        return float(np.sqrt(low * high))
    share = max(target / n, proportion)
    largest = float(df.max())
    # statistics of proteins with fewer df are put on the scale of the largest df at the same tail,
    # of each df those that can be among the largest
    levels, level = np.unique(df, return_inverse=True)
    if len(levels) > 1:
        order = np.lexsort((-statistic, level))
        first = np.searchsorted(level[order], np.arange(len(levels)))
        kept = np.sort(order[np.arange(n) - first[level[order]] < target])
        statistic, v1, df = statistic[kept], v1[kept], df[kept]
    fewer = df < largest
    statistic[fewer] = -stdtrit(largest, stdtr(df[fewer], -statistic[fewer]))
    top = np.argsort(-statistic, kind="stable")[:target]
    statistic, v1 = statistic[top], v1[top]
    null = stdtr(largest, -statistic)
    rank = (np.arange(1, target + 1) - 0.5) / (2 * n)
    wanted = (rank - (1 - share) * null) / share
    v0 = np.zeros(target)
    up = wanted > null
    v0[up] = v1[up] * ((statistic[up] / stdtrit(largest, wanted[up])) ** 2 - 1)
    return float(np.clip(v0, low, high).mean())


def treat(effect: Array, se: Array, df: Array, lfc: float) -> tuple[Array, Array]:
    """Test against an interval of effects too small to matter (McCarthy and Smyth 2009).

    Parameters
    ----------
    effect, se, df
        Effects, their moderated standard errors and total df, shape (p,).
    lfc
        Absolute log2 effect that has to be exceeded.

    Returns
    -------
    t, pvalue
        The distance beyond the interval in standard errors, with the sign of
        the effect; the largest p over the interval.

    References
    ----------
    doi:10.1093/bioinformatics/btp053
    """
    beyond, before = (np.abs(effect) - lfc) / se, (np.abs(effect) + lfc) / se
    pvalue = stdtr(df, -beyond) + stdtr(df, -before)
    return np.asarray(np.sign(effect) * np.maximum(beyond, 0.0)), np.asarray(pvalue)


def moderated_f(effects: Array, unscaled_covariance: Array, moderated: Moderated) -> tuple[Array, Array]:
    """Moderated F over several contrasts (Smyth 2004, section 5).

    Parameters
    ----------
    effects
        Shape (c, p).
    unscaled_covariance
        Of the contrasts, shape (c, c) for all proteins, or (p, c, c).
    moderated
        Moderated variances.

    Returns
    -------
    f, rank
        F on (rank, df_total) degrees of freedom, and the rank, each of shape (p,).
    """
    p = effects.shape[1]
    covariance = np.broadcast_to(unscaled_covariance, (p, *unscaled_covariance.shape[-2:]))
    known = np.isfinite(covariance).all(axis=(1, 2)) & np.isfinite(effects).all(axis=0)
    f, rank = np.full(p, np.nan), np.full(p, np.nan)
    values, vectors = np.linalg.eigh(covariance[known])
    kept = values > 1e-9 * values[:, -1:]
    along = np.einsum("pij,ip->pj", vectors, effects[:, known])
    square = np.where(kept, along**2 / np.where(kept, values, 1.0), 0.0).sum(axis=1)
    rank[known] = kept.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        f[known] = square / rank[known] / moderated.variance[known]
    return f, rank
