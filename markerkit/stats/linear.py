"""Least squares for many proteins at once, on the values that were measured.

Every protein has its own missing pattern. In an orthonormal basis ``Q`` of the
design a protein's normal matrix is ``G = sum_i m_i q_i q_i'`` over its measured
samples, so that all proteins are solved together by one matrix product and one
batched eigendecomposition, which also says which contrasts a protein can tell.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

_TOLERANCE = 1e-9


@dataclass(frozen=True)
class LinearFit:
    """Fitted linear models.

    Parameters
    ----------
    design
        Shape (n, k).
    values
        Shape (n, p), NaN where missing.
    basis
        Orthonormal basis of the design's columns, shape (n, r).
    inverse
        Pseudo-inverse of each incomplete protein's normal matrix in the basis,
        shape (p_incomplete, r, r).
    incomplete
        Positions of the incomplete proteins.
    theta
        Coefficients in the basis, shape (r, p).
    df_residual
        Measured samples less the rank of the protein's design, shape (p,).
    sigma
        Residual standard deviation; NaN without residual df, shape (p,).
    """

    design: Array
    values: Array
    basis: Array
    inverse: Array
    incomplete: npt.NDArray[np.intp]
    theta: Array
    df_residual: Array
    sigma: Array

    @property
    def n_obs(self) -> npt.NDArray[np.intp]:
        """Measured samples of each protein, shape (p,)."""
        return np.asarray((~np.isnan(self.values)).sum(axis=0))

    @cached_property
    def mean(self) -> Array:
        """Mean of the measured values, NaN without one, shape (p,)."""
        n = self.n_obs
        total = np.nansum(self.values, axis=0)
        return np.asarray(np.divide(total, n, out=np.full(len(n), np.nan), where=n > 0))

    @cached_property
    def residuals(self) -> Array:
        """Residuals, NaN where missing, shape (n, p)."""
        return np.asarray(self.values - self.basis @ self.theta)

    def contrast_weights(self, contrast: Array) -> Array:
        """Weight of each value in the estimate of a contrast.

        Parameters
        ----------
        contrast
            Numbers a coefficient of the design, shape (k,).

        Returns
        -------
        Shape (n, p): the row of the pseudo-inverse, 0 where missing; a column
        of NaN where the contrast cannot be estimated. The effect is ``sum(W y)``
        and its variance ``sigma^2 sum(W^2)``.
        """
        n, p = self.values.shape
        target = self._in_basis(contrast)
        if target is None:
            return np.full((n, p), np.nan)
        weights = np.repeat((self.basis @ target)[:, None], p, axis=1)
        if len(self.incomplete):
            solved = self.inverse @ target
            seen = ~np.isnan(self.values[:, self.incomplete])
            part = np.where(seen, self.basis @ solved.T, 0.0)
            # estimable where the weights give the contrast back: Q' W = target
            miss = np.abs(self.basis.T @ part - target[:, None]).max(axis=0)
            part[:, miss > 1e-6 * max(1.0, float(np.abs(target).max()))] = np.nan
            weights[:, self.incomplete] = part
        return weights

    def contrast(self, contrast: Array) -> tuple[Array, Array]:
        """Estimate of a contrast and its unscaled standard deviation, each of shape (p,)."""
        weights = self.contrast_weights(contrast)
        effect = np.einsum("ij,ij->j", weights, np.nan_to_num(self.values))
        return effect, np.sqrt(np.einsum("ij,ij->j", weights, weights))

    def _in_basis(self, contrast: Array) -> Array | None:
        """Express a contrast of the design's coefficients in the basis; nothing where it is not estimable."""
        target = self.basis.T @ (np.linalg.pinv(self.design).T @ contrast)
        back = self.design.T @ (self.basis @ target)
        scale = max(1.0, float(np.abs(contrast).max()))
        return target if np.abs(back - contrast).max() <= 1e-7 * scale else None


def orthonormal_basis(design: Array) -> Array:
    """Orthonormal basis of a design's columns, shape (n, rank)."""
    u, d, _ = np.linalg.svd(design, full_matrices=False)
    rank = int((d > _TOLERANCE * d[0] * max(design.shape)).sum()) if len(d) else 0
    return np.ascontiguousarray(u[:, :rank])


def fit(values: Array, design: Array) -> LinearFit:
    """Fit one design to every protein, on its measured values.

    Parameters
    ----------
    values
        Shape (n, p), NaN where missing.
    design
        Shape (n, k); may lack full rank.

    Returns
    -------
    LinearFit
    """
    n, p = values.shape
    basis = orthonormal_basis(design)
    rank = basis.shape[1]
    missing = np.isnan(values)
    incomplete = np.flatnonzero(missing.any(axis=0))
    filled = np.where(missing, 0.0, values)
    theta = basis.T @ filled
    df = np.full(p, float(n - rank))
    inverse = np.empty((len(incomplete), rank, rank))
    if len(incomplete):
        seen = (~missing[:, incomplete]).astype(float)
        outer = (basis[:, :, None] * basis[:, None, :]).reshape(n, -1)
        normal = (seen.T @ outer).reshape(-1, rank, rank)
        inverse, ranks = _pseudo_inverse(normal)
        theta[:, incomplete] = np.einsum("pij,jp->ip", inverse, theta[:, incomplete])
        df[incomplete] = seen.sum(axis=0) - ranks
    residual = np.where(missing, 0.0, filled - basis @ theta)
    square = np.einsum("ij,ij->j", residual, residual)
    sigma = np.sqrt(np.divide(square, df, out=np.full(p, np.nan), where=df > 0))
    return LinearFit(design, values, basis, inverse, incomplete, theta, df, sigma)


def _pseudo_inverse(normal: Array) -> tuple[Array, Array]:
    """Batched pseudo-inverse of normal matrices whose eigenvalues lie in [0, 1], with their ranks."""
    eigenvalues, vectors = np.linalg.eigh(normal)
    kept = eigenvalues > 1e-10
    scaled = np.where(kept, 1.0 / np.where(kept, eigenvalues, 1.0), 0.0)
    return (vectors * scaled[:, None, :]) @ vectors.transpose(0, 2, 1), kept.sum(axis=1).astype(float)
