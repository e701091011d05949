"""Set tests that respect the correlation between proteins: camera and fry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import betainc, ndtri

from markerkit.stats.ebayes import Moderated, two_sided
from markerkit.stats.linear import LinearFit
from markerkit.stats.prior import fit_prior

Array = npt.NDArray[np.float64]
Members = Sequence[npt.NDArray[np.intp]]

_NODES = 128
_ROBUST_EFFICIENCY = 0.92  # residual df that a variance without its largest square is worth, as a share


@dataclass(frozen=True)
class SetStatistics:
    """What both tests need of a contrast, over the proteins that it can be told for.

    Parameters
    ----------
    t
        Moderated t, shape (p,).
    df_total
        Degrees of freedom of t, shape (p,).
    effects
        The contrast's effect over its unscaled deviation, then the residual
        effects in an orthonormal basis of the residual space, shape (d + 1, p).
    standard
        Residuals by their own standard deviation, 0 where missing, shape (n, p).
    seen
        Measured values, shape (n, p).
    """

    t: Array
    df_total: Array
    effects: Array
    standard: Array
    seen: npt.NDArray[np.bool_]

    @property
    def df_residual(self) -> int:
        """Residual df of the complete design."""
        return int(self.effects.shape[0]) - 1


@dataclass(frozen=True)
class SetTest:
    """Result of a set test, one entry a set."""

    statistic: Array
    df: Array
    pvalue: Array
    correlation: Array
    pvalue_mixed: Array


def set_statistics(
    fit: LinearFit, moderated: Moderated, contrast: Array
) -> tuple[SetStatistics, npt.NDArray[np.bool_]]:
    """Prepare a contrast for the set tests.

    Parameters
    ----------
    fit, moderated
        Fitted models and their moderated variances.
    contrast
        Numbers a coefficient, shape (k,).

    Returns
    -------
    The statistics over the usable proteins, and which proteins those are.

    Notes
    -----
    With missing values a protein's residuals are zero where it was not
    measured, and are stretched to the length that its residual df would have
    in the complete design; without missing values nothing changes.
    """
    effect, unscaled = fit.contrast(contrast)
    with np.errstate(invalid="ignore", divide="ignore"):
        standardized = effect / unscaled
        t = standardized / np.sqrt(moderated.variance)
    usable = np.isfinite(t) & (fit.df_residual > 0) & (fit.sigma > 0)
    residual = np.nan_to_num(fit.residuals[:, usable])
    space = _residual_basis(fit.design, contrast)
    stretch = np.sqrt(space.shape[1] / fit.df_residual[usable])
    effects = np.vstack([standardized[usable], space.T @ residual * stretch])
    return (
        SetStatistics(
            t[usable],
            moderated.df_total[usable],
            effects,
            residual / fit.sigma[usable],
            ~np.isnan(fit.values[:, usable]),
        ),
        usable,
    )


def _residual_basis(design: Array, contrast: Array) -> Array:
    """Orthonormal basis of the residual space, shape (n, d).

    By Householder reflections of the design whose last coefficient is the
    contrast; the robust variances of :func:`fry` depend on the basis, so its
    making is fixed.
    """
    (named,) = np.nonzero(contrast)
    if len(named) == 1:
        turned = np.concatenate([np.delete(design, named, axis=1), design[:, named]], axis=1)
    else:
        turn, _ = np.linalg.qr(contrast[:, None], mode="complete")
        turned = design @ np.concatenate([turn[:, 1:], turn[:, :1]], axis=1)
    rank = int(np.linalg.matrix_rank(turned))
    if rank < turned.shape[1]:
        u, _, _ = np.linalg.svd(turned, full_matrices=True)
        return np.asarray(u[:, rank:])
    q, _ = np.linalg.qr(turned, mode="complete")
    return np.asarray(q[:, rank:])


def inter_protein_correlation(statistics: SetStatistics, members: npt.NDArray[np.intp]) -> float:
    """Mean pairwise correlation of the residuals within a set (Wu and Smyth 2012, equation 5).

    Cross-products of standardised residuals over the residual df; with missing
    values a pair contributes the samples that both proteins have, and the df
    in proportion.
    """
    m = len(members)
    if m < 2 or statistics.df_residual <= 0:
        return 0.0
    total = statistics.standard[:, members].sum(axis=1)
    own = (statistics.standard[:, members] ** 2).sum()
    seen = statistics.seen[:, members].astype(float)
    pairs = (seen.sum(axis=1) ** 2).sum() - seen.sum()
    df_pairs = pairs * statistics.df_residual / seen.shape[0]
    return float((total @ total - own) / df_pairs) if df_pairs > 0 else 0.0


def camera(
    statistics: SetStatistics, members: Members, *, correlation: float | None = None, floor: bool = True
) -> SetTest:
    """Competitive test of set members against the other proteins (Wu and Smyth 2012).

    Parameters
    ----------
    statistics
        From :func:`set_statistics`.
    members
        Positions of each set's members.
    correlation
        Preset inter-protein correlation; estimated from the residuals by default.
    floor
        Take negative estimates as 0.

    Returns
    -------
    SetTest
        ``statistic`` is the two-sample t with the variance inflated by the correlation.

    Notes
    -----
    Moderated t are put on the normal scale first, so that proteins with
    different degrees of freedom compare.
    """
    score = _t_to_z(statistics.t, statistics.df_total)
    p = len(score)
    mean, variance = score.mean(), score.var(ddof=1)
    columns: dict[str, list[float]] = {"t": [], "df": [], "rho": []}
    for at in members:
        m = len(at)
        rho = inter_protein_correlation(statistics, at) if correlation is None else correlation
        inflation = 1 + (m - 1) * (max(rho, 0.0) if floor else rho)
        if m == 0 or m >= p or inflation <= 0:
            columns["t"].append(np.nan)
        else:
            rest = p - m
            delta = p / rest * (score[at].mean() - mean)
            pooled = ((p - 1) * variance - delta**2 * m * rest / p) / (p - 2)
            columns["t"].append(delta / np.sqrt(pooled * (inflation / m + 1 / rest)))
        columns["df"].append(p - 2 if correlation is not None else min(statistics.df_residual, p - 2))
        columns["rho"].append(rho)
    t, df = np.array(columns["t"]), np.array(columns["df"], dtype=float)
    return SetTest(t, df, two_sided(t, df), np.array(columns["rho"]), np.full(len(t), np.nan))


def fry(statistics: SetStatistics, members: Members) -> SetTest:
    """Self-contained rotation test with the rotations taken to infinity (Wu et al. 2010).

    Under the null the contrast's direction is a random one among the residual
    directions. The set mean along it over its root mean square along the
    residual directions is therefore t; the sum of squares along it is a
    quadratic form in a random unit vector, whose first two moments are matched
    by a beta distribution on the range of its eigenvalues.

    Parameters
    ----------
    statistics
        From :func:`set_statistics`.
    members
        Positions of each set's members.

    Returns
    -------
    SetTest
        ``pvalue`` for a common direction, ``pvalue_mixed`` for change in either.
    """
    d = statistics.df_residual
    count = len(members)
    t, mixed = np.full(count, np.nan), np.full(count, np.nan)
    rho = np.full(count, np.nan)
    scaled = statistics.effects / np.sqrt(_robust_posterior(statistics.effects)) if d > 0 else None
    for k, at in enumerate(members):
        if len(at) == 0 or scaled is None:
            continue
        along = scaled[:, at].mean(axis=1)
        t[k] = along[0] / np.sqrt((along[1:] ** 2).mean())
        rho[k] = inter_protein_correlation(statistics, at)
        mixed[k] = _mixed_p(scaled[:, at])
    return SetTest(t, np.full(count, float(d)), two_sided(t, d), rho, mixed)


def _robust_posterior(effects: Array) -> Array:
    """Variances over all directions, the contrast's included, without each protein's largest square.

    Standardising by the residual variance alone would not be a rotation
    invariant; leaving the largest square out keeps a large effect from
    inflating its own scale. The prior comes from the residual directions.
    """
    d = effects.shape[0] - 1
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    u, w = (nodes + 1) / 2, weights / 2
    # E max of d + 1 chi-square(1): integral of its quantile function
    largest = float(((d + 1) * u**d * ndtri((1 + u) / 2) ** 2 * w).sum())
    square = effects**2
    robust = (square.sum(axis=0) - square.max(axis=0)) / (d + 1 - largest)
    prior = fit_prior(square[1:].mean(axis=0), np.full(effects.shape[1], float(d)))
    if np.isinf(prior.df).all():
        return prior.variance
    worth = _ROBUST_EFFICIENCY * d
    return np.asarray((worth * robust + prior.df * prior.variance) / (worth + prior.df))


def _mixed_p(scaled: Array) -> float:
    """Upper tail of ``sum lambda_i u_i^2`` for a random unit vector u, by moments of a scaled beta.

    Parameters
    ----------
    scaled
        Effects of the members, shape (d + 1, m).
    """
    values = np.linalg.svd(scaled, compute_uv=False) ** 2
    k = len(values)
    low, span = values[-1], values[0] - values[-1]
    if k < 2 or span <= 0:
        t = scaled[0].mean() / np.sqrt((scaled[1:].mean(axis=1) ** 2).mean())
        return float(two_sided(np.array([t]), scaled.shape[0] - 1)[0])
    # u_i^2 are Dirichlet(1/2, ..., 1/2): mean 1/k, variance 2 (k-1) / (k^2 (k+2)), equal covariances
    mean = (values.mean() - low) / span
    centred = values - values.mean()
    variance = 2 / (k * (k + 2)) * (centred @ centred) / span**2
    size = mean * (1 - mean) / variance - 1
    observed = float(np.clip(((scaled[0] ** 2).sum() - low) / span, 0.0, 1.0))
    return float(betainc((1 - mean) * size, mean * size, 1 - observed))


def _t_to_z(t: Array, df: Array) -> Array:
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
