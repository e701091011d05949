"""Self-contained set test by rotations taken to infinity: fry (Wu et al. 2010)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.special import betainc, ndtri

from markerkit.stats.ebayes import squeeze, two_sided
from markerkit.stats.prior import Prior, fit_prior
from markerkit.stats.set_statistics import (
    Members,
    SetStatistics,
    SetTest,
    inter_protein_correlation,
    joined_members,
    set_sums,
)

Array = npt.NDArray[np.float64]

_NODES = np.polynomial.legendre.leggauss(128)
ROBUST_EFFICIENCY = 0.92  # residual df that a variance without its largest square is worth, as a share


def fry(
    statistics: SetStatistics,
    members: Members,
    *,
    scaled: Array | None = None,
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
    scaled
        Effects as :func:`scaled_effects` gives them, where they are needed more than once.
    mixed
        Test for change in either direction too, and estimate the correlation; both take longer.

    Returns
    -------
    SetTest
        ``pvalue`` for a common direction, ``pvalue_mixed`` for change in either.
    """
    d = statistics.df_residual
    joined, sizes = joined_members(members)
    t, either, rho = (np.full(len(sizes), np.nan) for _ in range(3))
    if d > 0:
        scaled = scaled_effects(statistics) if scaled is None else scaled
        inside = scaled[:, joined]
        along = set_sums(inside, sizes)
        with np.errstate(divide="ignore", invalid="ignore"):
            t = along[0] / np.sqrt((along[1:] ** 2).mean(axis=0))
        if mixed:
            either = _mixed_p(inside, sizes, t)
            rho = inter_protein_correlation(statistics, members)
    return SetTest(t, np.full(len(sizes), float(d)), two_sided(t, float(d)), rho, either)


def scaled_effects(statistics: SetStatistics) -> Array:
    """Effects by the robust standard deviation of their protein, moderated by the prior of the residual variances.

    Returns
    -------
    Shape (d + 1, p).
    """
    square = statistics.effects**2
    d = square.shape[0] - 1
    n = square.shape[1]
    prior = fit_prior(square[1:].mean(axis=0), np.full(n, float(d)))
    return np.asarray(statistics.effects / np.sqrt(moderated_square(square, prior)))


def moderated_square(square: Array, prior: Prior) -> Array:
    """Robust mean squares of each protein moderated by a prior, shape (p,); `square` as in :func:`robust_square`."""
    robust = robust_square(square)
    return squeeze(robust, np.full(len(robust), ROBUST_EFFICIENCY * (len(square) - 1)), prior).variance


def robust_square(square: Array) -> Array:
    """Mean squares over all directions (d + 1, p), the contrast's included, without each protein's largest one.

    Standardising by the residual variance alone would not be a rotation
    invariant; leaving the largest square out keeps a large effect from
    inflating its own scale.
    """
    d = square.shape[0] - 1
    u, w = (_NODES[0] + 1) / 2, _NODES[1] / 2
    # E max of d + 1 chi-square(1): integral of its quantile function
    largest = float(((d + 1) * u**d * ndtri((1 + u) / 2) ** 2 * w).sum())
    return np.asarray((square.sum(axis=0) - square.max(axis=0)) / (d + 1 - largest))


def _mixed_p(inside: Array, sizes: npt.NDArray[np.intp], t: Array) -> Array:
    """Upper tail of ``sum lambda_i u_i^2`` for a random unit vector u, by moments of a scaled beta.

    Parameters
    ----------
    inside
        Effects of the members, one set after the other, shape (d + 1, m).
    sizes
        Members of each set, shape (s,).
    t
        Of the mean of each set: used for one member, or where members vary alike in all directions.
    """
    k, ends = np.minimum(sizes, len(inside)), np.cumsum(sizes)
    low, high, mean, variance = np.full((4, len(sizes)), np.nan)
    for rank in np.unique(k[k > 0]):
        same = np.flatnonzero(k == rank)
        parts = (inside[:, ends[i] - sizes[i] : ends[i]] for i in same)
        values = np.linalg.eigvalsh(np.array([a @ a.T if rank == len(a) else a.T @ a for a in parts]))
        low[same], high[same] = values[:, 0], values[:, -1]
        mean[same], variance[same] = values.mean(axis=1), values.var(axis=1)
    span = high - low
    square = set_sums(inside[:1] ** 2, sizes)[0]
    with np.errstate(divide="ignore", invalid="ignore"):
        # u_i^2 are Dirichlet(1/2, ..., 1/2): mean 1/k, variance 2 (k-1) / (k^2 (k+2)), equal covariances
        share = (mean - low) / span
        size = share * (1 - share) * (k + 2) * span**2 / (2 * variance) - 1
        observed = np.clip((square - low) / span, 0.0, 1.0)
        tail = betainc((1 - share) * size, share * size, 1 - observed)
    return np.where((k < 2) | (span <= 0), two_sided(t, float(len(inside) - 1)), tail)
