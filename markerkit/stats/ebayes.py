"""Empirical Bayes moderation of residual variances and what follows from it (Smyth 2004)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import digamma, polygamma, stdtr, stdtrit

Array = npt.NDArray[np.float64]

_FLOOR = 1e-5  # of the median: variances of 0 carry no information on the scale of the prior


@dataclass(frozen=True)
class Prior:
    """Scaled inverse chi-square prior of the residual variances."""

    variance: float
    df: float


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


def fit_prior(variance: Array, df: Array) -> Prior:
    """Moment estimator of the prior from log variances (Smyth 2004, section 6.2).

    Parameters
    ----------
    variance
        Residual variances, shape (p,); NaN and rows without residual df do not count.
    df
        Residual df, shape (p,).

    Returns
    -------
    Prior
        Its df is infinite where the variances scatter no more than chance.
    """
    ok = np.isfinite(variance) & (df > 0)
    s2, d = variance[ok], df[ok]
    if len(s2) == 0:
        return Prior(np.nan, 0.0)
    if len(s2) == 1:
        return Prior(float(s2[0]), 0.0)
    median = float(np.median(s2))
    s2 = np.maximum(s2, _FLOOR * (median if median > 0 else 1.0))
    e = np.log(s2) - digamma(d / 2) + np.log(d / 2)
    excess = float(e.var(ddof=1) - polygamma(1, d / 2).mean())
    if excess <= 0:
        return Prior(float(s2.mean()), np.inf)
    d0 = 2 * trigamma_inverse(excess)
    return Prior(float(np.exp(e.mean() + digamma(d0 / 2) - np.log(d0 / 2))), d0)


def trigamma_inverse(x: float) -> float:
    """Solve ``trigamma(y) = x`` by Newton's method on ``1 / trigamma`` (Smyth 2004, appendix)."""
    if x > 1e7:
        return float(1 / np.sqrt(x))
    if x < 1e-6:
        return 1 / x
    y = 0.5 + 1 / x
    for _ in range(50):
        value = float(polygamma(1, y))
        step = value * (1 - value / x) / float(polygamma(2, y))
        y += step
        if -step / y < 1e-15:
            break
    return y


def moderate(variance: Array, df: Array) -> Moderated:
    """Squeeze residual variances toward their prior.

    Parameters
    ----------
    variance, df
        Residual variances and df, shape (p,). A protein without residual df
        gets the prior variance alone.
    """
    prior = fit_prior(variance, df)
    known = np.where(df > 0, variance, 0.0)
    if np.isinf(prior.df):
        posterior = np.full(len(df), prior.variance)
    elif prior.df == 0:
        posterior = np.where(df > 0, variance, np.nan)
    else:
        posterior = (df * known + prior.df * prior.variance) / (df + prior.df)
    pooled = float(df[np.isfinite(df)].sum())
    return Moderated(prior, posterior, np.minimum(df + prior.df, pooled))


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
    v0 = _prior_effect_variance(t, unscaled, moderated, proportion)
    ratio = (unscaled**2 + v0) / unscaled**2
    df = moderated.df_total
    with np.errstate(over="ignore", invalid="ignore"):
        heavy = (1 + df) / 2 * np.log((t**2 + df) / (t**2 / ratio + df))
        kernel = np.where(df > 1e6, t**2 * (1 - 1 / ratio) / 2, heavy)
    return np.asarray(np.log(proportion / (1 - proportion)) - np.log(ratio) / 2 + kernel)


def _prior_effect_variance(t: Array, unscaled: Array, moderated: Moderated, proportion: float) -> float:
    """Variance of true effects, in units of the residual variance, from the largest t statistics."""
    low, high = (limit**2 / moderated.prior.variance for limit in (0.1, 4.0))
    ok = np.isfinite(t)
    statistic, v1, df = np.abs(t[ok]), unscaled[ok] ** 2, moderated.df_total[ok]
    n = len(statistic)
    target = int(np.ceil(proportion / 2 * n))
    if target < 1:
        return float(np.sqrt(low * high))
    share = max(target / n, proportion)
    largest = float(df.max())
    # statistics of proteins with fewer df are put on the scale of the largest df at the same tail
    tail = stdtr(df, -statistic)
    statistic = np.where(df < largest, -stdtrit(largest, tail), statistic)
    top = np.lexsort((np.arange(n), -statistic))[:target]
    statistic, v1 = statistic[top], v1[top]
    null = stdtr(largest, -statistic)
    rank = (np.arange(1, target + 1) - 0.5) / (2 * n)
    wanted = (rank - (1 - share) * null) / share
    v0 = np.zeros(target)
    up = wanted > null
    v0[up] = v1[up] * ((statistic[up] / -stdtrit(largest, wanted[up])) ** 2 - 1)
    return float(np.clip(v0, low, high).mean())


def moderated_f(effects: Array, unscaled_covariance: Array, moderated: Moderated) -> Array:
    """Moderated F over several contrasts.

    Parameters
    ----------
    effects
        Shape (c, p).
    unscaled_covariance
        Of the contrasts, shape (c, c) for all proteins.
    moderated
        Moderated variances.

    Returns
    -------
    F on (rank, df_total) degrees of freedom, shape (p,).
    """
    rank = int(np.linalg.matrix_rank(unscaled_covariance))
    form = np.linalg.pinv(unscaled_covariance, hermitian=True)
    return np.asarray(np.einsum("ip,ij,jp->p", effects, form, effects) / rank / moderated.variance)
