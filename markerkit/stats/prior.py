"""Prior of the residual variances: constant or trended, robust or not, by moments or by likelihood.

Residual variances follow ``s^2 ~ s0^2 F(d, d0)`` (Smyth 2004): the prior has a
scale ``s0^2``, that may follow the abundance, and ``d0`` degrees of freedom,
fewer for a protein that is an outlier.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq, minimize_scalar
from scipy.special import (
    betainc,
    betaincc,
    betainccinv,
    betaincinv,
    chdtr,
    chdtrc,
    chdtri,
    digamma,
    gammaincinv,
    gammaln,
    polygamma,
    xlogy,
)

from markerkit.stats.fdr import bh
from markerkit.stats.order import mid_ranks, trimmed_mean
from markerkit.stats.smooth import local_linear, loess, lowess, natural_spline

Array = npt.NDArray[np.float64]

_FLOOR = 1e-5  # of the median: variances of 0 carry no information on the scale of the prior
_NEAR = 1e-5  # how far from the end of a search a maximum lies at most
_TAILS = (0.05, 0.1)  # Winsorized below and above (Phipson et al. 2016)
_ROBUST_SPAN = 0.4
_NODES = np.polynomial.legendre.leggauss(128)
_FEWEST_FOR_LOESS = 10
_SUSPECT = 0.3  # false discovery rate under which a variance is given less weight


@dataclass(frozen=True)
class Prior:
    """Scaled inverse chi-square prior of the residual variances.

    Parameters
    ----------
    variance
        Of each protein, shape (p,); NaN where it follows an abundance that is not known.
    df
        Of each protein, shape (p,); infinite where the variances scatter no
        more than chance.
    """

    variance: Array
    df: Array


def fit_prior(
    variance: Array,
    df: Array,
    *,
    covariate: Array | None = None,
    robust: bool = False,
    legacy: bool | None = None,
) -> Prior:
    """Estimate the prior of the residual variances.

    Parameters
    ----------
    variance
        Residual variances, shape (p,); NaN and rows without residual df do not count.
    df
        Residual df, shape (p,).
    covariate
        Abundance that the scale follows, shape (p,).
    robust
        Keep outlying variances from setting the prior, and give them fewer
        prior degrees of freedom (Phipson et al. 2016).
    legacy
        ``True`` takes the moments of the log variances, all alike; ``False``
        weighs them by their residual df and takes the most likely prior df.
        By default the latter where the residual df differ.

    Returns
    -------
    Prior

    References
    ----------
    Smyth 2004, doi:10.2202/1544-6115.1027, section 6.2; Phipson et al. 2016,
    doi:10.1214/16-AOAS920; Law et al. 2014, doi:10.1186/gb-2014-15-2-r29 (trend).
    """
    ok = np.isfinite(variance) & (df > 0)
    if covariate is not None:
        ok &= np.isfinite(covariate)
    s2, d = variance[ok], df[ok]
    x = None if covariate is None else covariate[ok]
    if len(s2) < 2:
        return Prior(np.full(len(df), s2[0] if len(s2) else np.nan), np.zeros(len(df)))
    s2 = _off_zero(s2)
    moments = bool(np.ptp(d) < 1e-9) if legacy is None else legacy
    if not moments:
        scale, prior_df = _likely(s2, d, x, robust=robust)
    elif robust:
        scale, prior_df = _robust_moments(s2, d, x)
    else:
        scale, prior_df = _moments(s2, d, x)
    prior = Prior(np.full(len(df), scale[0]), np.full(len(df), prior_df.max()))
    prior.df[ok] = prior_df
    if covariate is not None and x is not None:
        prior.variance[:] = _along(x, np.log(scale), covariate, spline=moments and not robust)
    prior.variance[ok] = scale
    return prior


def fit_prior_by_count(variance: Array, df: Array, count: Array, *, legacy: bool | None = None) -> Prior:
    """Prior whose scale follows the number of peptides or spectra behind a protein (Zhu et al. 2020).

    Parameters
    ----------
    variance, df
        Residual variances and df, shape (p,).
    count
        Peptides or spectra of each protein, shape (p,).
    legacy
        ``True`` takes the prior df in steps of 0.1, as the package DEqMS does.

    Returns
    -------
    Prior
        NaN for proteins without a count.

    References
    ----------
    doi:10.1074/mcp.TIR119.001646
    """
    counted = np.isfinite(count) & (count > 0)
    x = np.log2(np.where(counted, count, 1.0))
    ok = np.isfinite(variance) & (variance > 0) & (df > 0) & counted
    if ok.sum() < _FEWEST_FOR_LOESS:
        return Prior(np.full(len(df), np.nan), np.zeros(len(df)))
    log_variance, d = np.log(variance[ok]), df[ok]
    smooth = loess(x[ok], log_variance)
    excess = float(((log_variance - smooth) ** 2 - polygamma(1, d / 2)).mean())
    prior_df = 2 * trigamma_inverse(excess) if excess > 0 else np.inf
    if legacy and np.isfinite(prior_df):
        steps = np.round(prior_df, 1) + np.array([-0.1, 0.0, 0.1])
        prior_df = float(steps[np.argmin(np.abs(polygamma(1, steps / 2) - excess))])
    unbiased = smooth - digamma(d / 2) + np.log(d / 2)
    scale = np.full(len(df), np.nan)
    scale[counted] = _along(x[ok], _log_scale(unbiased, prior_df), x[counted], spline=False)
    scale[ok] = np.exp(_log_scale(unbiased, prior_df))
    return Prior(scale, np.full(len(df), prior_df))


def _along(x: Array, log_scale: Array, covariate: Array, *, spline: bool) -> Array:
    """Scale at other abundances: of the same spline, or between and beyond the points of a local curve."""
    out = np.full(len(covariate), np.nan)
    at = np.isfinite(covariate)
    if spline:
        coefficients = np.linalg.lstsq(natural_spline(x, x), log_scale, rcond=None)[0]
        out[at] = natural_spline(covariate[at], x) @ coefficients
    else:
        order = np.argsort(x, kind="stable")
        out[at] = np.interp(covariate[at], x[order], log_scale[order])
    return np.asarray(np.exp(out))


def _off_zero(s2: Array) -> Array:
    median = float(np.median(s2))
    return np.maximum(s2, _FLOOR * (median if median > 0 else 1.0))


def _unbiased_log(s2: Array, d: Array) -> Array:
    return np.asarray(np.log(s2) - digamma(d / 2) + np.log(d / 2))


def _log_scale(mean: Array, prior_df: float) -> Array:
    """Log of the scale, from the mean of the unbiased log variances."""
    return np.asarray(mean + digamma(prior_df / 2) - np.log(prior_df / 2)) if np.isfinite(prior_df) else mean


def _moments(s2: Array, d: Array, x: Array | None) -> tuple[Array, Array]:
    """Moments of the log variances (Smyth 2004, section 6.2), around a natural cubic spline for a trend."""
    e = _unbiased_log(s2, d)
    basis = np.ones((len(e), 1)) if x is None else natural_spline(x, x)
    mean = basis @ np.linalg.lstsq(basis, e, rcond=None)[0]
    levels, counts = np.unique(d, return_counts=True)
    chance = float(counts @ polygamma(1, levels / 2)) / len(d)
    excess = ((e - mean) ** 2).sum() / max(len(e) - basis.shape[1], 1) - chance
    if excess > 0:
        prior_df = 2 * trigamma_inverse(float(excess))
        scale = np.exp(_log_scale(mean, prior_df))
    else:
        prior_df = np.inf
        scale = np.full(len(e), s2.mean()) if x is None else np.exp(mean)
    return scale, np.full(len(e), prior_df)


def _likely(s2: Array, d: Array, x: Array | None, *, robust: bool) -> tuple[Array, Array]:
    """Weigh the log variances by their precision and take the most likely prior df.

    The robust estimate is repeated with less weight on variances that the
    first one finds hard to believe: their false discovery rate, two-sided.
    """
    scale, prior_df = _most_likely(s2, d, x, np.ones(len(s2)))
    if not robust:
        return scale, np.full(len(s2), prior_df)
    ratio = s2 / scale
    tail = f_tail(ratio, d, prior_df)
    weight = bh(2 * np.minimum(tail, 1 - tail))
    weight[weight > _SUSPECT] = 1.0
    if (weight == 1).all():
        return scale, np.full(len(s2), prior_df)
    scale, prior_df = _most_likely(s2, d, x, weight)
    return scale, _shrunken_df(ratio, d, tail, prior_df)


def _most_likely(s2: Array, d: Array, x: Array | None, weight: Array) -> tuple[Array, float]:
    levels, which = np.unique(d, return_inverse=True)
    e, precision = _unbiased_log(s2, d), weight / polygamma(1, levels / 2)[which]
    n = len(e)
    if x is None:
        mean = np.full(n, precision @ e / precision.sum())
    else:
        mean = local_linear(x, e, precision, span=0.3 + 0.7 * min(1.0, (500 / n) ** (1 / 3)))

    centered = np.log(s2) - mean
    total, half = np.bincount(which, weight), d / 2

    def cost(turned: float) -> float:
        """Minus the log likelihood of the log variances, up to what does not depend on the prior df."""
        other = turned / (1 - turned) / 2
        log_ratio = centered - (digamma(other) - np.log(other))
        constant = gammaln(levels / 2 + other) - gammaln(other) - levels / 2 * np.log(other)
        tails = np.log1p(half / other * np.exp(log_ratio))
        return -float(total @ constant + weight @ (half * log_ratio - (half + other) * tails))

    def slope(turned: float) -> float:
        """Give the derivative of the log likelihood by half of the prior df."""
        other = turned / (1 - turned) / 2
        curve = float(polygamma(1, other))
        odds = half / other * np.exp(centered - (digamma(other) - np.log(other)))
        constant = digamma(levels / 2 + other) - digamma(other) - levels / 2 / other
        rest = half * (1 / other - curve) - np.log1p(odds) + (half + other) * curve * odds / (1 + odds)
        return float(total @ constant + weight @ rest)

    # the df are sought as d0 / (1 + d0), whose range is closed: 1 stands for infinity
    found = minimize_scalar(cost, bounds=(1e-4, 0.9998), method="bounded", options={"xatol": 1e-10})
    turned = _sharpened(slope, float(found.x))
    prior_df = turned / (1 - turned) if turned < 0.9995 else np.inf
    return np.exp(_log_scale(mean, prior_df)), prior_df


def _sharpened(slope: Callable[[float], float], found: float) -> float:
    """Take the place of a maximum from its derivative: from the values alone it is known to half of the digits."""
    low, high = found - _NEAR, min(found + _NEAR, 0.9998)
    return float(brentq(slope, low, high, xtol=1e-15)) if slope(low) > 0 > slope(high) else found


def _log_f(ratio: Array, d: Array, prior_df: float) -> Array:
    """Log density of F(d, d0), up to what does not depend on d0 or the ratio."""
    half, other = d / 2, prior_df / 2
    return np.asarray(
        gammaln(half + other)
        - gammaln(other)
        - half * np.log(other)
        + (half - 1) * np.log(ratio)
        - (half + other) * np.log1p(half * ratio / other)
    )


def _robust_moments(s2: Array, d: Array, x: Array | None) -> tuple[Array, Array]:
    """Moments of the Winsorized log variances (Phipson et al. 2016, sections 3 and 4)."""
    plain, plain_df = _moments(s2, d, x)
    n, df = len(s2), float(d.max())
    if n < 3 or max(_TAILS) < 1 / n:
        return plain, plain_df
    s2 = _common_df(s2, d, plain, float(plain_df[0]))
    z = np.log(s2)
    trend = np.full(n, trimmed_mean(z, _TAILS[1])) if x is None else lowess(x, z, span=_ROBUST_SPAN)
    residual = z - trend
    low, high = np.quantile(residual, [_TAILS[0], 1 - _TAILS[1]])
    kept = np.clip(residual, low, high)
    prior_df = _matched_df(float(kept.var(ddof=1)), df, float(plain_df[0]))
    mean, _ = _winsorized_moments(df, prior_df)
    scale = np.exp(trend + kept.mean() - mean)
    ratio = s2 / scale
    return scale, _shrunken_df(ratio, np.full(n, df), f_tail(ratio, df, prior_df), prior_df)


def _common_df(s2: Array, d: Array, scale: Array, prior_df: float) -> Array:
    """Move variances of fewer residual df to the same tail of the distribution with the most df."""
    few = d < d.max() - 1e-9
    if not few.any():
        return s2
    ratio = s2[few] / scale[few]
    upper = f_tail(ratio, d[few], prior_df)
    lower = f_tail(ratio, d[few], prior_df, upper=False)
    moved = np.where(
        upper < lower,
        _f_quantile(upper, float(d.max()), prior_df, upper=True),
        _f_quantile(lower, float(d.max()), prior_df),
    )
    out = s2.copy()
    out[few] = moved * scale[few]
    return out


def _matched_df(variance: float, df: float, plain: float) -> float:
    """Prior df at which the Winsorized log F has the variance that was found; no fewer than the plain estimate."""

    def gap(turned: float) -> float:
        prior_df = turned / (1 - turned) if turned < 1 else np.inf
        return float(np.log(variance / _winsorized_moments(df, prior_df)[1]))

    if np.isinf(plain) or variance <= 0 or gap(1.0) <= 0:
        return float(np.inf)
    start = plain / (1 + plain)
    if gap(start) >= 0:
        return plain
    root = float(brentq(gap, start, 1.0, xtol=1e-12))
    return root / (1 - root)


def _winsorized_moments(df: float, prior_df: float) -> tuple[float, float]:
    """Mean and variance of a log F variable clipped at its tails, by quadrature."""
    low, high = (
        float(_f_quantile(np.array([tail]), df, prior_df, upper=upper)[0])
        for tail, upper in zip(_TAILS, (False, True), strict=True)
    )
    ends = np.log([low, high])
    # over f / (1 + f), which the long tail does not stretch
    a, b = low / (1 + low), high / (1 + high)
    nodes, weights = a + (b - a) * (_NODES[0] + 1) / 2, (b - a) * _NODES[1] / 2
    ratio = nodes / (1 - nodes)
    mass = weights * _f_density(ratio, df, prior_df) / (1 - nodes) ** 2
    mean = float(mass @ np.log(ratio) + ends @ _TAILS)
    return mean, float(mass @ (np.log(ratio) - mean) ** 2 + (ends - mean) ** 2 @ _TAILS)


def _shrunken_df(ratio: Array, d: Array, tail: Array, prior_df: float) -> Array:
    """Prior df of each protein, fewer for one whose variance is an outlier (Phipson et al. 2016, section 5).

    A protein is not an outlier with probability (upper tail) / (upper tail
    that its rank would have), and an outlier has the df that would put the
    largest variance at its median.
    """
    n = len(ratio)
    by_rank = (n - mid_ranks(ratio) + 0.5) / n
    believable = np.minimum(tail / by_rank, 1.0)
    if not (believable < 1).any():
        return np.full(n, prior_df)
    order = np.argsort(tail, kind="stable")
    if np.isinf(prior_df):
        df = np.where(believable < 1, believable * d.sum(), np.inf)
        df[order] = np.maximum.accumulate(df[order])
        return df
    outlier_df = _outlier_df(ratio, d, tail, prior_df)
    df = believable * prior_df + (1 - believable) * outlier_df
    # a less extreme variance has no fewer df; the most extreme share their smallest running mean
    ordered = df[order]
    running = np.cumsum(ordered) / np.arange(1, n + 1)
    least = int(np.argmin(running))
    ordered[: least + 1] = running[least]
    df[order] = np.maximum.accumulate(ordered)
    return np.asarray(df)


def _outlier_df(ratio: Array, d: Array, tail: Array, prior_df: float) -> float:
    worst = int(np.argmin(tail))
    if tail[worst] <= 0:
        return 0.0
    df = np.log(0.5) / np.log(tail[worst]) * prior_df
    again = float(f_tail(ratio[[worst]], d[[worst]], float(df))[0])
    return float(np.log(0.5) / np.log(again) * df)


def f_tail(ratio: Array, d: Array | float, prior_df: Array | float, *, upper: bool = True) -> Array:
    """Tail of the F distribution with (d, prior_df) degrees of freedom, of which the second may be infinite."""
    other = np.asarray(prior_df, dtype=float)
    endless = np.isinf(other)
    finite = np.where(endless, 1.0, other)
    tail = (betainc if upper else betaincc)(finite / 2, np.asarray(d) / 2, finite / (finite + d * ratio))
    if endless.any():
        tail = np.where(endless, (chdtrc if upper else chdtr)(d, d * ratio), tail)
    return np.asarray(tail)


def _f_quantile(p: Array, d: float, prior_df: float, *, upper: bool = False) -> Array:
    if np.isinf(prior_df):
        return np.asarray((chdtri(d, p) if upper else 2 * gammaincinv(d / 2, p)) / d)
    inverse: Callable[..., Array] = betaincinv if upper else betainccinv
    part = inverse(prior_df / 2, d / 2, p)
    return np.asarray(prior_df * (1 - part) / (part * d))


def _f_density(ratio: Array, d: float, prior_df: float) -> Array:
    half = d / 2
    if np.isinf(prior_df):
        return np.asarray(np.exp(xlogy(half - 1, half * ratio) - half * ratio - gammaln(half)) * half)
    constant = half * np.log(half) - gammaln(half)
    return np.asarray(np.exp(_log_f(ratio, np.asarray(d), prior_df) + constant))


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
