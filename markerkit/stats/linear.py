"""Least squares for many proteins at once, on the values that were measured.

Every protein has its own missing pattern. In an orthonormal basis ``Q`` of the
design a protein's normal matrix is ``G = sum_i m_i q_i q_i'`` over its measured
samples, so that all proteins are solved together by one matrix product and one
batched eigendecomposition, which also says which contrasts a protein can tell.

Weights and blocks are taken out first: values and design are whitened, sample
by sample, by what the earlier samples of the block predict. Where the whitening
is the same for all proteins they share one design; a protein with weights of
its own, or with gaps in its blocks, has its own.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.intp]

_TOLERANCE = 1e-9
_LARGE = 2_000_000
_LEAST_PIVOT = 1e-4  # of the largest squared length; a sweep over less would lose digits


@dataclass(frozen=True)
class LinearFit:
    """Fitted linear models.

    Parameters
    ----------
    design
        Whitened by what all proteins share, shape (n, k).
    values
        As measured, shape (n, p), NaN where missing.
    response
        Whitened values, shape (n, p), 0 where missing; the values themselves
        without weights and blocks.
    basis
        Orthonormal basis of the design's columns, shape (n, r).
    own
        Positions of the proteins that have a design of their own: gaps,
        weights.
    own_basis
        The basis as those proteins have it, shape (p_own, n, r); nothing where
        gaps alone set them apart.
    inverse
        Pseudo-inverse of their normal matrices in the basis, shape (p_own, r, r).
    estimate
        Coefficients in the basis, shape (r, p).
    df_residual
        Measured samples less the rank of the protein's design, shape (p,).
    sigma
        Residual standard deviation; NaN without residual df, shape (p,).
    """

    design: Array
    values: Array
    response: Array
    basis: Array
    own: IntArray
    own_basis: Array | None
    inverse: Array
    estimate: Array
    df_residual: Array
    sigma: Array

    @cached_property
    def n_obs(self) -> IntArray:
        """Measured samples of each protein, shape (p,)."""
        n, p = self.values.shape
        counts = np.full(p, n)
        if len(self.own):
            counts[self.own] = (~np.isnan(self.values[:, self.own])).sum(axis=0)
        return counts

    @cached_property
    def mean(self) -> Array:
        """Mean of the measured values, NaN without one, shape (p,)."""
        n = self.n_obs
        total = np.nansum(self.values, axis=0) if len(self.own) else self.values.sum(axis=0)
        return np.asarray(np.divide(total, n, out=np.full(len(n), np.nan), where=n > 0))

    @cached_property
    def residuals(self) -> Array:
        """Whitened residuals, NaN where missing, shape (n, p)."""
        residual = self._residuals_and_more()
        if len(self.own):
            residual[np.isnan(self.values)] = np.nan
        return residual

    def _residuals_and_more(self) -> Array:
        """Residuals, with what the fit would expect where nothing was measured."""
        residual = self.basis @ self.estimate
        np.subtract(self.response, residual, out=residual)
        if self.own_basis is not None:
            fitted = np.einsum("pnr,rp->np", self.own_basis, self.estimate[:, self.own])
            residual[:, self.own] = self.response[:, self.own] - fitted
        return np.asarray(residual)

    def residuals_of(self, at: IntArray) -> Array:
        """Residuals of some proteins, none of which has a basis of its own; 0 where missing."""
        residual = self.response[:, at] - self.basis @ self.estimate[:, at]
        if len(self.own):
            residual[np.isnan(self.values[:, at])] = 0.0
        return np.asarray(residual)

    def residual_squares(self) -> Array:
        """Sum of the squared residuals of each protein, shape (p,)."""
        residual = self._residuals_and_more()
        if len(self.own):
            residual[np.isnan(self.values)] = 0.0
        return np.asarray(np.einsum("ij,ij->j", residual, residual))

    def contrast_weights(self, contrast: Array) -> Array:
        """Weight of each whitened value in the estimate of a contrast.

        Parameters
        ----------
        contrast
            Numbers a coefficient of the design, shape (k,).

        Returns
        -------
        Shape (n, p): the row of the pseudo-inverse, 0 where missing; a column
        of NaN where the contrast cannot be estimated. The effect is
        ``sum(W response)`` and its variance ``sigma^2 sum(W^2)``.
        """
        n, p = self.values.shape
        target = self._in_basis(contrast)
        if target is None:
            return np.full((n, p), np.nan)
        weights = np.repeat((self.basis @ target)[:, None], p, axis=1)
        if len(self.own):
            weights[:, self.own] = self._own_weights(target)
        return weights

    def _own_weights(self, target: Array) -> Array:
        solved = self.inverse @ target
        if self.own_basis is None:
            seen = ~np.isnan(self.values[:, self.own])
            part = np.where(seen, self.basis @ solved.T, 0.0)
            back = self.basis.T @ part
        else:
            part = np.einsum("pnr,pr->np", self.own_basis, solved)
            back = np.einsum("pnr,np->rp", self.own_basis, part)
        # estimable where the weights give the contrast back: Q' W = target
        miss = np.abs(back - target[:, None]).max(axis=0)
        part[:, miss > 1e-6 * max(1.0, float(np.abs(target).max()))] = np.nan
        return np.asarray(part)

    def contrast(self, contrast: Array) -> tuple[Array, Array]:
        """Estimate of a contrast and its unscaled standard deviation, each of shape (p,)."""
        p = self.values.shape[1]
        target = self._in_basis(contrast)
        if target is None:
            return np.full(p, np.nan), np.full(p, np.nan)
        effect = self.estimate.T @ target
        unscaled = np.full(p, float(np.sqrt(target @ target)))
        if len(self.own):
            weights = self._own_weights(target)
            effect[self.own] = np.einsum("ij,ij->j", weights, self.response[:, self.own])
            unscaled[self.own] = np.sqrt(np.einsum("ij,ij->j", weights, weights))
        return effect, unscaled

    def influence(self, contrast: Array) -> tuple[Array, Array, Array]:
        """Effect of a contrast with what every sample added to it.

        Parameters
        ----------
        contrast
            Numbers a coefficient, shape (k,).

        Returns
        -------
        effect, influence, variance
            ``b = sum W y`` of shape (p,), NaN where it cannot be estimated;
            ``e W sqrt(n / df)`` of shape (n, p), 0 where missing, whose squares
            sum to an estimate of the variance of `effect`; ``sigma^2 sum W^2``. Made once for each contrast, so that
            they are not to be changed.
        """
        key = tuple(np.asarray(contrast, dtype=float).tolist())
        if key not in self._influences:
            self._influences[key] = self._influence(contrast)
        return self._influences[key]

    @cached_property
    def _influences(self) -> dict[tuple[float, ...], tuple[Array, Array, Array]]:
        return {}

    def _influence(self, contrast: Array) -> tuple[Array, Array, Array]:
        weights = self.contrast_weights(contrast)
        lost = np.isnan(weights).any(axis=0)
        weights[:, lost] = 0.0
        effect = np.where(lost, np.nan, (weights * self.response).sum(axis=0))
        df, n = self.df_residual, self.n_obs
        scale = np.sqrt(np.divide(n, df, out=np.zeros_like(df), where=df > 0))
        squares = (weights**2).sum(axis=0)
        weights *= np.nan_to_num(self.residuals)
        weights *= scale
        return effect, weights, self.sigma**2 * squares

    def contrast_covariance(self, contrasts: Array) -> Array:
        """Unscaled covariance of several contrasts.

        Parameters
        ----------
        contrasts
            Shape (c, k).

        Returns
        -------
        Shape (p, c, c); NaN where a contrast cannot be estimated.
        """
        p, c = self.values.shape[1], len(contrasts)
        targets = [self._in_basis(v) for v in contrasts]
        if any(t is None for t in targets):
            return np.full((p, c, c), np.nan)
        turned = np.array(targets)
        out = np.repeat((turned @ turned.T)[None], p, axis=0)
        if len(self.own):
            out[self.own] = turned @ self.inverse @ turned.T
            estimable = np.all([np.isfinite(self._own_weights(t)).all(axis=0) for t in turned], axis=0)
            out[self.own[~estimable]] = np.nan
        return out

    def _in_basis(self, contrast: Array) -> Array | None:
        return in_basis(self.design, self.basis, contrast)


def in_basis(design: Array, basis: Array, contrast: Array) -> Array | None:
    """Express a contrast of a design's coefficients in the basis; nothing where it is not estimable."""
    target = basis.T @ (np.linalg.pinv(design).T @ contrast)
    back = design.T @ (basis @ target)
    scale = max(1.0, float(np.abs(contrast).max()))
    return np.asarray(target) if np.abs(back - contrast).max() <= 1e-7 * scale else None


def to_basis(design: Array) -> Array:
    """Coefficients that turn a design into an orthonormal basis of its columns, shape (k, rank)."""
    _, d, vt = np.linalg.svd(design, full_matrices=False)
    rank = int((d > _TOLERANCE * d[0] * max(design.shape)).sum()) if len(d) else 0
    return np.asarray(vt[:rank].T / d[:rank])


def fit(
    values: Array,
    design: Array,
    *,
    weights: Array | None = None,
    block: IntArray | None = None,
    correlation: float = 0.0,
) -> LinearFit:
    """Fit one design to every protein, on its measured values.

    Parameters
    ----------
    values
        Shape (n, p), NaN where missing.
    design
        Shape (n, k); may lack full rank.
    weights
        Of the samples, shape (n,), or of the values, shape (n, p): inverse
        variances up to a constant. A value of weight 0 counts as missing.
    block
        Number of the block that each sample belongs to, shape (n,).
    correlation
        Between two samples of one block.

    Returns
    -------
    LinearFit
    """
    if weights is not None:
        zero = weights[:, None] == 0 if weights.ndim == 1 else weights == 0
        if zero.any():
            values = np.where(zero, np.nan, values)
    missing = np.isnan(values)
    root = np.ones(len(design)) if weights is None else np.sqrt(weights)
    blocked = block is not None and correlation != 0
    shared_root = root if root.ndim == 1 else np.ones(len(design))
    shared = _whiten(design * shared_root[:, None], None, block, correlation)
    turn = to_basis(shared)
    basis = shared @ turn
    own = np.arange(values.shape[1]) if root.ndim == 2 else np.flatnonzero(missing.any(axis=0))
    response = np.where(missing, 0.0, values) if len(own) else values
    if weights is not None:
        response = response * (root if root.ndim == 2 else root[:, None])
    own_basis = None
    if len(own) and (blocked or root.ndim == 2):
        scale = np.where(missing[:, own], 0.0, root[:, own] if root.ndim == 2 else root[:, None])
        rows = (design @ turn)[:, None, :] * scale[:, :, None]
        own_basis = _whiten(rows, ~missing[:, own], block, correlation).transpose(1, 0, 2)
    if blocked:
        response = _whiten(response, ~missing, block, correlation)
    return _solve(design=shared, values=values, response=response, basis=basis, own=own, own_basis=own_basis)


def _solve(
    *, design: Array, values: Array, response: Array, basis: Array, own: IntArray, own_basis: Array | None
) -> LinearFit:
    n, p = values.shape
    rank = basis.shape[1]
    estimate = basis.T @ response
    df = np.full(p, float(n - rank))
    inverse = np.empty((len(own), rank, rank))
    if len(own):
        seen = (~np.isnan(values[:, own])).astype(float)
        if own_basis is None:
            outer = (basis[:, :, None] * basis[:, None, :]).reshape(n, -1)
            normal = (seen.T @ outer).reshape(-1, rank, rank)
            right = estimate[:, own].T
        else:
            normal = own_basis.transpose(0, 2, 1) @ own_basis
            right = np.einsum("pnr,np->pr", own_basis, response[:, own])
        inverse, ranks = pseudo_inverse(normal)
        estimate[:, own] = np.einsum("pij,pj->ip", inverse, right)
        df[own] = seen.sum(axis=0) - ranks
    draft = LinearFit(design, values, response, basis, own, own_basis, inverse, estimate, df, df)
    square = _residual_squares(draft)
    return replace(draft, sigma=np.sqrt(np.divide(square, df, out=np.full(p, np.nan), where=df > 0)))


def _residual_squares(draft: LinearFit) -> Array:
    """Sum the squared residuals of each protein, shape (p,).

    A large complete matrix is spared its residuals: they are the squares less
    those of the coefficients, about the mean, which the design must hold;
    where cancellation would cost digits the residuals are taken after all.
    """
    n, p = draft.values.shape
    level = draft.basis.sum(axis=0)
    if len(draft.own) or n * p < _LARGE or abs(level @ level - n) > _TOLERANCE * n:
        return draft.residual_squares()
    mean = draft.response.mean(axis=0)
    total = np.einsum("ij,ij->j", draft.response, draft.response) - n * mean**2
    about = draft.estimate - np.outer(level, mean)
    square = total - np.einsum("ij,ij->j", about, about)
    for j in np.flatnonzero(square < 1e-6 * n * mean**2):
        residual = draft.response[:, j] - draft.basis @ draft.estimate[:, j]
        square[j] = residual @ residual
    return np.asarray(square)


def _whiten(rows: Array, seen: BoolArray | None, block: IntArray | None, correlation: float) -> Array:
    """Take out of every sample what the earlier ones of its block predict, and scale what is left.

    Parameters
    ----------
    rows
        Shape (n, ...), 0 where missing.
    seen
        Measured values, shape (n, p) where rows is (n, p) or (n, p, r); all by default.
    block
        Shape (n,).
    correlation
        Between two samples of one block.
    """
    if block is None or correlation == 0:
        return rows
    out = np.empty_like(rows)
    shape = (1,) if seen is None else (seen.shape[1], *([1] * (rows.ndim - 2)))
    for b in np.unique(block):
        before, total = np.zeros(shape), np.zeros(rows.shape[1:])
        for i in np.flatnonzero(block == b):
            share = correlation / (1 + (before - 1) * correlation)
            left = np.sqrt(1 - before * correlation * share)
            out[i] = (rows[i] - share * total) / left
            here = np.ones(shape) if seen is None else seen[i].reshape(shape).astype(float)
            out[i] *= here
            total = total + rows[i]
            before = before + here
    return out


def pseudo_inverse(normal: Array) -> tuple[Array, Array]:
    """Batched pseudo-inverse of normal matrices, with their ranks.

    All are swept at once; those whose pivots lose digits go by their eigenvalues.
    """
    inverse, sound = _swept(normal)
    rank = np.full(len(normal), float(normal.shape[1]))
    if not sound.all():
        eigenvalues, vectors = np.linalg.eigh(normal[~sound])
        kept = eigenvalues > np.maximum(1e-10 * eigenvalues[:, -1:], 1e-300)
        scaled = np.where(kept, 1.0 / np.where(kept, eigenvalues, 1.0), 0.0)
        inverse[~sound] = (vectors * scaled[:, None, :]) @ vectors.transpose(0, 2, 1)
        rank[~sound] = kept.sum(axis=1)
    return inverse, rank


def _swept(normal: Array) -> tuple[Array, BoolArray]:
    """Inverses by the sweep operator (Goodnight 1979), and which ones kept their digits."""
    a = np.ascontiguousarray(normal.transpose(1, 2, 0))
    sound = np.ones(len(normal), dtype=bool)
    largest = np.einsum("iip->ip", a).max(axis=0, initial=0.0)
    for k in range(len(a)):
        sound &= a[k, k] > _LEAST_PIVOT * largest
        pivot = 1.0 / np.where(sound, a[k, k], 1.0)
        column = a[:, k] * pivot
        row = a[k].copy()
        a -= column[:, None] * row[None]
        a[:, k], a[k] = column, row * pivot
        a[k, k] = -pivot
    return np.ascontiguousarray(-a.transpose(2, 0, 1)), sound
