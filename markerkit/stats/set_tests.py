"""Set tests that respect the correlation between proteins: camera and fry."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy.special import betainc, ndtr, ndtri
from scipy.stats import hypergeom, rankdata

from markerkit.stats.ebayes import Moderated, squeeze, two_sided
from markerkit.stats.linear import LinearFit
from markerkit.stats.prior import fit_prior

Array = npt.NDArray[np.float64]
Members = Sequence[npt.NDArray[np.intp]]

_NODES = np.polynomial.legendre.leggauss(128)
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
        Residuals by their own standard deviation, 0 where missing, shape (n, p);
        in the residual directions, shape (d, p), where those are the protein's own.
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

    @cached_property
    def scaled(self) -> Array:
        """Effects by the moderated robust standard deviation of their protein, as :func:`fry` takes them."""
        return np.asarray(self.effects / STANDARDIZE["posterior.sd"](self.effects))


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
    in the complete design; without missing values nothing changes. With
    weights of its own, every protein has residual directions of its own.
    """
    effect, unscaled = fit.contrast(contrast)
    with np.errstate(invalid="ignore", divide="ignore"):
        standardized = effect / unscaled
        t = standardized / np.sqrt(moderated.variance)
    usable = np.isfinite(t) & (fit.df_residual > 0) & (fit.sigma > 0)
    every = bool(usable.all())
    residual, sigma = fit.residuals, fit.sigma[usable]
    if len(fit.own):
        residual = np.nan_to_num(residual)
    along = _along_residual_space(fit, contrast, residual)
    along = along if every else along[:, usable]
    standard = (residual if every else residual[:, usable]) if fit.own_basis is None else along
    return (
        SetStatistics(
            t[usable],
            moderated.df_total[usable],
            np.vstack([standardized[usable], _stretched(along, sigma)]),
            standard / sigma,
            ~np.isnan(fit.values if every else fit.values[:, usable]),
        ),
        usable,
    )


def _stretched(along: Array, sigma: Array) -> Array:
    """Bring residual effects to the length that `sigma` has over the residual df of the complete design."""
    length = np.sqrt((along**2).sum(axis=0))
    scale = np.divide(sigma, length, out=np.zeros_like(sigma), where=length > 0)
    return np.asarray(along * np.sqrt(len(along)) * scale)


def residual_effects(fit: LinearFit, contrast: Array) -> tuple[Array, Array]:
    """Residuals as effects along orthonormal directions, after that of the contrast.

    Parameters
    ----------
    fit
        Without weights or blocks.
    contrast
        Numbers a coefficient, shape (k,).

    Returns
    -------
    space, effects
        The direction of the contrast and those of the residuals, shape (n, d + 1);
        the residual effects, stretched as in :func:`set_statistics`, shape (d, p).
    """
    along = _along_residual_space(fit, contrast, np.nan_to_num(fit.residuals))
    toward = np.linalg.pinv(fit.design).T @ contrast
    space = np.column_stack(
        [toward / np.linalg.norm(toward), _residual_basis(fit.design @ _contrast_last(contrast))]
    )
    return space, _stretched(along, np.nan_to_num(fit.sigma))


def _along_residual_space(fit: LinearFit, contrast: Array, residual: Array) -> Array:
    """Residuals in an orthonormal basis of the residual space, shape (d, p)."""
    turn = _contrast_last(contrast)
    space = _residual_basis(fit.design @ turn)
    along = space.T @ residual
    if fit.own_basis is not None:
        back = np.linalg.pinv(np.linalg.pinv(fit.design) @ fit.basis)
        q, _ = np.linalg.qr(fit.own_basis @ back @ turn, mode="complete")
        own = q[:, :, q.shape[2] - len(along) :]
        along[:, fit.own] = np.einsum("pnd,np->dp", own, residual[:, fit.own])
    return np.asarray(along)


def _contrast_last(contrast: Array) -> Array:
    """Turn of the coefficients that puts the contrast last, shape (k, k)."""
    (named,) = np.nonzero(contrast)
    if len(named) == 1:
        every = np.eye(len(contrast))
        return np.concatenate([np.delete(every, named, axis=1), every[:, named]], axis=1)
    turn, _ = np.linalg.qr(contrast[:, None], mode="complete")
    return np.concatenate([turn[:, 1:], turn[:, :1]], axis=1)


def _residual_basis(turned: Array) -> Array:
    """Orthonormal basis of the residual space, shape (n, d).

    By Householder reflections of the design whose last coefficient is the
    contrast; the robust variances of :func:`fry` depend on the basis, so its
    making is fixed.
    """
    rank = int(np.linalg.matrix_rank(turned))
    if rank < turned.shape[1]:
        u, _, _ = np.linalg.svd(turned, full_matrices=True)
        return np.asarray(u[:, rank:])
    q, _ = np.linalg.qr(turned, mode="complete")
    return np.asarray(q[:, rank:])


def inter_protein_correlation(statistics: SetStatistics, members: Members) -> Array:
    """Mean pairwise correlation of the residuals within each set (Wu and Smyth 2012, equation 5).

    Cross-products of standardised residuals over the residual df; with missing
    values a pair contributes the samples that both proteins have, and the df
    in proportion.

    Returns
    -------
    Shape (s,); NaN for sets without two members in one sample.
    """
    total = _sums(statistics.standard, members)
    own = _sums(np.einsum("ij,ij->j", statistics.standard, statistics.standard)[None], members)[0]
    seen = _seen_members(statistics.seen, members)
    pairs = (seen**2).sum(axis=0) - seen.sum(axis=0)
    df_pairs = pairs * statistics.df_residual / statistics.seen.shape[0]
    cross = (total**2).sum(axis=0) - own
    return np.asarray(np.divide(cross, df_pairs, out=np.full(len(members), np.nan), where=df_pairs > 0))


def _seen_members(seen: npt.NDArray[np.bool_], members: Members) -> Array:
    if seen.all():
        return np.tile(np.array([float(len(at)) for at in members]), (len(seen), 1))
    return _sums(seen.astype(float), members)


def _sums(rows: Array, members: Members) -> Array:
    """Sum the columns of each set, shape (rows, s)."""
    sizes = np.array([len(at) for at in members])
    out = np.zeros((len(rows), len(members)))
    if sizes.any():
        filled = sizes > 0
        starts = np.concatenate([[0], np.cumsum(sizes[filled])[:-1]])
        columns = np.concatenate([at for at in members if len(at)])
        out[:, filled] = np.add.reduceat(rows[:, columns], starts, axis=1)
    return out


def camera(
    statistics: SetStatistics,
    members: Members,
    *,
    correlation: float | None = None,
    floor: bool = True,
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
        Preset inter-protein correlation; estimated from the residuals by default.
    floor
        Take negative estimates as 0.
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
    score = statistics.t if use_ranks else _t_to_z(statistics.t, statistics.df_total)
    test = _rank_sum if use_ranks else _two_sample
    known = np.nan_to_num(rho)
    found = test(score, members, np.maximum(known, 0.0) if floor else known, df)
    return SetTest(*found, rho, np.full(len(members), np.nan))


def camera_preranked(
    score: Array, members: Members, *, correlation: float = 0.01, use_ranks: bool = False
) -> SetTest:
    """Competitive test of any score of proteins, with a preset correlation (Wu and Smyth 2012).

    Parameters
    ----------
    score
        Shape (p,), no NaN.
    members, correlation, use_ranks
        As in :func:`camera`.
    """
    rho = np.full(len(members), correlation)
    test = _rank_sum if use_ranks else _two_sample
    found = test(score, members, rho, np.inf if use_ranks else float(len(score) - 2))
    return SetTest(*found, rho, np.full(len(members), np.nan))


def _two_sample(score: Array, members: Members, rho: Array, df: float) -> tuple[Array, Array, Array]:
    p, m = len(score), np.array([len(at) for at in members], dtype=float)
    rest, inflation = p - m, 1 + (m - 1) * rho
    possible = (m > 0) & (rest > 0) & (inflation > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        delta = p / rest * (_sums(score[None], members)[0] / m - score.mean())
        pooled = ((p - 1) * score.var(ddof=1) - delta**2 * m * rest / p) / (p - 2)
        t = np.where(possible, delta / np.sqrt(pooled * (inflation / m + 1 / rest)), np.nan)
    each = np.full(len(m), df)
    return t, each, two_sided(t, each)


def _rank_sum(score: Array, members: Members, rho: Array, df: float) -> tuple[Array, Array, Array]:
    """Wilcoxon's test with the variance that correlated normal members have (Barry et al. 2008)."""
    p, m = len(score), np.array([len(at) for at in members], dtype=float)
    rest = p - m
    ranks = rankdata(score)
    excess = _sums(ranks[None], members)[0] - m * (p + 1) / 2
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


def over_representation(
    hit: npt.NDArray[np.bool_], members: Members, universe: npt.NDArray[np.intp]
) -> tuple[npt.NDArray[np.int_], Array]:
    """Hits among each set's members, and the chance of as many or more in a draw from the universe.

    Parameters
    ----------
    hit
        Proteins that are hits, shape (p,).
    members
        Positions of each set's members, all in the universe.
    universe
        Positions of the proteins that could have been hits.
    """
    size = np.array([len(at) for at in members])
    inside = np.array([int(hit[at].sum()) for at in members])
    return inside, np.asarray(hypergeom.sf(inside - 1, len(universe), int(hit[universe].sum()), size))


def fry(
    statistics: SetStatistics,
    members: Members,
    *,
    standardize: str = "posterior.sd",
    weights: Array | None = None,
    mixed: bool = True,
) -> SetTest:
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
    standardize
        What each protein is divided by: its robust standard deviation,
        moderated by the prior of the residual variances (``"posterior.sd"``) or
        of the robust ones (``"p2"``), as it is (``"residual.sd"``), or nothing
        (``"none"``).
    weights
        Of the proteins, shape (p,); their sign is the expected direction.
    mixed
        Test for change in either direction too, and estimate the correlation; both take longer.

    Returns
    -------
    SetTest
        ``pvalue`` for a common direction, ``pvalue_mixed`` for change in either.
    """
    d = statistics.df_residual
    count = len(members)
    t, either, rho = (np.full(count, np.nan) for _ in range(3))
    if d > 0:
        if standardize == "posterior.sd":
            scaled = statistics.scaled
        else:
            scaled = statistics.effects / STANDARDIZE[standardize](statistics.effects)
        if weights is not None:
            scaled = scaled * weights
        along = _sums(scaled, members)
        with np.errstate(divide="ignore", invalid="ignore"):
            t = along[0] / np.sqrt((along[1:] ** 2).mean(axis=0))
        if mixed:
            either = np.array([_mixed_p(scaled[:, at]) if len(at) else np.nan for at in members])
            rho = inter_protein_correlation(statistics, members)
    return SetTest(t, np.full(count, float(d)), two_sided(t, float(d)), rho, either)


def _robust_square(effects: Array) -> Array:
    """Mean squares over all directions, the contrast's included, without each protein's largest one.

    Standardising by the residual variance alone would not be a rotation
    invariant; leaving the largest square out keeps a large effect from
    inflating its own scale.
    """
    d = effects.shape[0] - 1
    u, w = (_NODES[0] + 1) / 2, _NODES[1] / 2
    # E max of d + 1 chi-square(1): integral of its quantile function
    largest = float(((d + 1) * u**d * ndtri((1 + u) / 2) ** 2 * w).sum())
    square = effects**2
    return np.asarray((square.sum(axis=0) - square.max(axis=0)) / (d + 1 - largest))


def _robust_posterior(effects: Array, *, from_residuals: bool) -> Array:
    """Robust mean squares moderated by the prior of the residual directions, or by their own."""
    d = effects.shape[0] - 1
    robust, worth = _robust_square(effects), _ROBUST_EFFICIENCY * d
    known, df = ((effects[1:] ** 2).mean(axis=0), float(d)) if from_residuals else (robust, worth)
    prior = fit_prior(known, np.full(len(robust), df))
    return squeeze(robust, np.full(len(robust), worth), prior).variance


#: name -> what the effects of each protein are divided by
STANDARDIZE: dict[str, Callable[[Array], Array]] = {
    "posterior.sd": lambda e: np.sqrt(_robust_posterior(e, from_residuals=True)),
    "residual.sd": lambda e: np.sqrt(_robust_square(e)),
    "p2": lambda e: np.sqrt(_robust_posterior(e, from_residuals=False)),
    "none": lambda e: np.ones(e.shape[1]),
}


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
