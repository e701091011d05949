"""What the set tests have in common: statistics of a contrast, and the correlation between the members of a set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from markerkit.stats.ebayes import Moderated
from markerkit.stats.linear import LinearFit

Array = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.intp]
#: positions of the members of each set among the proteins
Members = Sequence[IntArray]


@dataclass(frozen=True)
class SetStatistics:
    """What the set tests need of a contrast, over the proteins in which it can be estimated.

    Parameters
    ----------
    t
        Moderated t, shape (p,).
    df_total
        Degrees of freedom of t, shape (p,).
    standardized
        The contrast's effect over its unscaled deviation, shape (p,).
    sigma
        Residual standard deviation, shape (p,).
    place
        Of these proteins in the fit, shape (p,).
    fit, contrast
        Source of the residuals, for the tests that use them.
    """

    t: Array
    df_total: Array
    standardized: Array
    sigma: Array
    place: npt.NDArray[np.intp]
    fit: LinearFit
    contrast: Array

    @cached_property
    def df_residual(self) -> int:
        """Residual df of the complete design."""
        return len(self.fit.design) - int(np.linalg.matrix_rank(self.fit.design))

    @cached_property
    def _residual(self) -> Array:
        """Residual effects along orthonormal directions, shape (d, p)."""
        residual = _residual_coordinates(self.fit, self.contrast)
        return residual if len(self.place) == residual.shape[1] else residual[:, self.place]

    @cached_property
    def effects(self) -> Array:
        """Standardized effect, then the residual effects along orthonormal directions, shape (d + 1, p)."""
        residual = _stretched(self._residual, self.sigma) if len(self.fit.own) else self._residual
        return np.concatenate([self.standardized[None], residual])

    def standard(self, at: npt.NDArray[np.intp]) -> Array:
        """Residuals of some proteins by their own standard deviation, 0 where missing.

        One row per sample; per residual direction, where every protein has directions of its own.
        """
        own_directions = self.fit.own_basis is not None
        residual = self._residual[:, at] if own_directions else self.fit.residuals_of(self.place[at])
        return np.asarray(residual / self.sigma[at])

    def measured(self, at: npt.NDArray[np.intp]) -> npt.NDArray[np.bool_]:
        """Where some proteins were measured, one row per sample."""
        return ~np.isnan(self.fit.values[:, self.place[at]])


@dataclass(frozen=True)
class SetTest:
    """Result of a set test, each of shape (s,), one entry per set.

    Parameters
    ----------
    statistic, df, pvalue
        Of the test in a common direction; two-sided p.
    correlation
        Estimated mean correlation between the members.
    pvalue_mixed
        Of the test for change in either direction.
    """

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
        One number per coefficient, shape (k,).

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
    place = np.flatnonzero(usable)
    return (
        SetStatistics(
            t[place],
            moderated.df_total[place],
            standardized[place],
            fit.sigma[place],
            place,
            fit,
            contrast,
        ),
        usable,
    )


def _stretched(residual: Array, sigma: Array) -> Array:
    """Bring residual effects to the length that `sigma` has over the residual df of the complete design."""
    length = np.sqrt((residual**2).sum(axis=0))
    scale = np.divide(sigma, length, out=np.zeros_like(sigma), where=length > 0)
    return np.asarray(residual * np.sqrt(len(residual)) * scale)


def residual_effects(fit: LinearFit, contrast: Array) -> tuple[Array, Array]:
    """Residuals as effects along orthonormal directions, after that of the contrast.

    Parameters
    ----------
    fit
        Without weights or blocks.
    contrast
        One number per coefficient, shape (k,).

    Returns
    -------
    space, effects
        The direction of the contrast and those of the residuals, shape (n, d + 1);
        the residual effects, stretched as in :func:`set_statistics`, shape (d, p).
    """
    residual = _residual_coordinates(fit, contrast)
    direction = np.linalg.pinv(fit.design).T @ contrast
    space = np.column_stack(
        [direction / np.linalg.norm(direction), _residual_basis(fit.design @ _contrast_last(contrast))]
    )
    return space, _stretched(residual, np.nan_to_num(fit.sigma))


def _residual_coordinates(fit: LinearFit, contrast: Array) -> Array:
    """Residuals in an orthonormal basis of the residual space, shape (d, p)."""
    rotation = _contrast_last(contrast)
    space = _residual_basis(fit.design @ rotation)
    if not len(fit.own):
        # what the fit explains is orthogonal to the space
        return np.asarray(space.T @ fit.response)
    residual = np.nan_to_num(fit.residuals)
    coordinates = space.T @ residual
    if fit.own_basis is not None:
        back = np.linalg.pinv(np.linalg.pinv(fit.design) @ fit.basis)
        q, _ = np.linalg.qr(fit.own_basis @ back @ rotation, mode="complete")
        own = q[:, :, q.shape[2] - len(coordinates) :]
        coordinates[:, fit.own] = np.einsum("pnd,np->dp", own, residual[:, fit.own])
    return np.asarray(coordinates)


def _contrast_last(contrast: Array) -> Array:
    """Rotation of the coefficients that puts the contrast last, shape (k, k)."""
    (named,) = np.nonzero(contrast)
    if len(named) == 1:
        every = np.eye(len(contrast))
        return np.concatenate([np.delete(every, named, axis=1), every[:, named]], axis=1)
    rotation, _ = np.linalg.qr(contrast[:, None], mode="complete")
    return np.concatenate([rotation[:, 1:], rotation[:, :1]], axis=1)


def _residual_basis(design: Array) -> Array:
    """Orthonormal basis of the residual space of a design whose last coefficient is the contrast, shape (n, d).

    By Householder reflections: the robust variances of :func:`markerkit.stats.fry.fry` depend on
    the basis, so it is always computed in this way.
    """
    rank = int(np.linalg.matrix_rank(design))
    if rank < design.shape[1]:
        u, _, _ = np.linalg.svd(design, full_matrices=True)
        return np.asarray(u[:, rank:])
    q, _ = np.linalg.qr(design, mode="complete")
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
    joined, sizes = joined_members(members)
    inside = np.zeros(len(statistics.t), dtype=bool)
    inside[joined] = True
    columns = (np.cumsum(inside) - 1)[joined]  # each member's among those of the proteins in any set
    at = np.flatnonzero(inside)
    standard, measured = statistics.standard(at), statistics.measured(at)
    # a product with the table of members is several times faster than sums over copies of the members
    table = csr_array((np.ones(len(joined)), columns, np.r_[0, np.cumsum(sizes)]), (len(sizes), len(at)))
    total, own = table @ standard.T, table @ np.einsum("ij,ij->j", standard, standard)
    if measured.all():
        count = np.tile(sizes[:, None].astype(float), (1, len(measured)))
    else:
        count = table @ measured.T.astype(float)
    pairs = (count**2).sum(axis=1) - count.sum(axis=1)
    df_pairs = pairs * statistics.df_residual / len(measured)
    cross = (total**2).sum(axis=1) - own
    return np.asarray(np.divide(cross, df_pairs, out=np.full(len(members), np.nan), where=df_pairs > 0))


def joined_members(members: Members) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Positions of all sets one after the other, and how many each has."""
    return np.concatenate([np.zeros(0, dtype=np.intp), *members]), np.array([len(at) for at in members], int)


def set_sums(rows: Array, sizes: npt.NDArray[np.intp]) -> Array:
    """Sum the columns of each set, which lie one set after the other, shape (rows, s)."""
    out = np.zeros((len(rows), len(sizes)))
    filled = sizes > 0
    if filled.any():
        starts = (np.cumsum(sizes) - sizes)[filled]
        out[:, filled] = np.add.reduceat(rows, starts, axis=1)
    return out
