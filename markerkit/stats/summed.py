"""Least squares from sums over samples, for values that are never in memory together.

In an orthonormal basis ``Q`` of the design a protein's coefficients follow from ``Q' y`` and from its
normal matrix ``sum_i m_i q_i q_i'`` over its measured samples, which are sums over samples; its residual
variance from the squares of the residuals, a second sum once the coefficients are known. Squares less
those of the coefficients would need one sum alone, and lose the digits of a small variance.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from markerkit.stats.linear import Array, BoolArray, IntArray, in_basis, pseudo_inverse

Numbers = npt.NDArray[Any]


@dataclass
class Sums:
    """Named sums of arrays, with what rounding lost of them (Neumaier 1974, doi:10.1002/zamm.19740540106).

    The result depends on the order of the parts only in its last digit, and is the same for the same order.
    """

    totals: dict[str, Numbers] = field(default_factory=dict)
    _lost: dict[str, Array] = field(default_factory=dict)

    def add(self, parts: Mapping[str, Numbers]) -> None:
        """Add an array to the sum of each name."""
        for name, part in parts.items():
            before = self.totals.get(name)
            if before is None:
                self.totals[name] = part.copy()
                continue
            total = before + part
            if part.dtype.kind == "f":
                larger = np.abs(before) >= np.abs(part)
                lost = np.where(larger, (before - total) + part, (part - total) + before)
                self._lost[name] = self._lost.get(name, np.zeros_like(total)) + lost
            self.totals[name] = total

    def __getitem__(self, name: str) -> Numbers:
        """Sum of a name."""
        return self.totals[name] + self._lost[name] if name in self._lost else self.totals[name]


def normal_sums(values: Array, basis: Array, sides: BoolArray) -> dict[str, Numbers]:
    """Sum up over some samples what the coefficients follow from.

    Parameters
    ----------
    values
        Shape (n, p), NaN where missing.
    basis
        Rows of the orthonormal basis of the design of all samples, shape (n, r).
    sides
        Groups of samples in which values are counted, shape (m, n).

    Returns
    -------
    ``n_obs`` and ``total`` of shape (p,), ``right`` (r, p), ``normal`` (p, r, r), ``n_sides`` (m, p).
    """
    seen = ~np.isnan(values)
    filled, rank = np.where(seen, values, 0.0), basis.shape[1]
    outer = (basis[:, :, None] * basis[:, None, :]).reshape(len(basis), rank * rank)
    return {
        "n_obs": seen.sum(axis=0),
        "total": filled.sum(axis=0),
        "right": basis.T @ filled,
        "normal": (seen.astype(float).T @ outer).reshape(-1, rank, rank),
        "n_sides": sides.astype(np.int64) @ seen.astype(np.int64),
    }


@dataclass(frozen=True)
class Coefficients:
    """Coefficients in the basis.

    Attributes
    ----------
    normal, inverse
        Normal matrix of each protein and its pseudo-inverse, shape (p, r, r).
    estimate
        Shape (r, p).
    rank
        Of the design of each protein, shape (p,).
    """

    normal: Array
    inverse: Array
    estimate: Array
    rank: Array


def solved(sums: Sums, n_samples: int) -> Coefficients:
    """Solve for the coefficients; a protein that all samples measured has the identity as its normal matrix."""
    right, normal = sums["right"], sums["normal"].copy()
    rank = len(right)
    inverse, estimate = np.repeat(np.eye(rank)[None], right.shape[1], axis=0), right.copy()
    ranks, own = np.full(right.shape[1], float(rank)), sums["n_obs"] < n_samples
    normal[~own] = np.eye(rank)
    inverse[own], ranks[own] = pseudo_inverse(normal[own])
    estimate[:, own] = np.einsum("pij,pj->ip", inverse[own], right[:, own].T)
    return Coefficients(normal, inverse, estimate, ranks)


def residual_squares(values: Array, basis: Array, estimate: Array) -> Array:
    """Sum of the squared residuals of some samples, shape (p,); arguments as those of :func:`normal_sums`."""
    residual = values - basis @ estimate
    residual[np.isnan(values)] = 0.0
    return np.asarray(np.einsum("ij,ij->j", residual, residual))


@dataclass(frozen=True)
class SummedFit:
    """Fitted linear models without the values that they were fitted to.

    Attributes
    ----------
    design, basis
        Design of all samples, shape (n, k), and the orthonormal basis of its columns, shape (n, r).
    coefficients
        Of all proteins.
    n_obs
        Measured samples of each protein, shape (p,).
    mean
        Mean of the measured values, NaN without one, shape (p,).
    df_residual, sigma
        As of :class:`markerkit.stats.linear.LinearFit`, shape (p,).
    """

    design: Array
    basis: Array
    coefficients: Coefficients
    n_obs: IntArray
    mean: Array
    df_residual: Array
    sigma: Array

    @classmethod
    def of(
        cls, design: Array, basis: Array, coefficients: Coefficients, sums: Sums, squares: Array
    ) -> SummedFit:
        """Put a fit together from its coefficients, the sums they follow from and the squared residuals."""
        n, df = sums["n_obs"], sums["n_obs"] - coefficients.rank
        nothing = np.full(len(n), np.nan)
        mean = np.divide(sums["total"], n, out=nothing.copy(), where=n > 0)
        sigma = np.sqrt(np.divide(squares, df, out=nothing, where=df > 0))
        return cls(design, basis, coefficients, n, mean, df, sigma)

    def contrast(self, contrast: Array) -> tuple[Array, Array]:
        """Estimate of a contrast and its unscaled standard deviation, each of shape (p,)."""
        target = in_basis(self.design, self.basis, contrast)
        if target is None:
            nothing = np.full(len(self.n_obs), np.nan)
            return nothing, nothing.copy()
        effect = self.coefficients.estimate.T @ target
        along = self.coefficients.inverse @ target
        variance = along @ target
        bad = ~self._estimable(target)
        effect[bad] = variance[bad] = np.nan
        return effect, np.sqrt(variance)

    def contrast_covariance(self, contrasts: Array) -> Array:
        """Unscaled covariance of several contrasts, shape (p, c, c); NaN where one cannot be estimated."""
        targets = [in_basis(self.design, self.basis, v) for v in contrasts]
        turned = np.array([t for t in targets if t is not None])
        if len(turned) < len(targets):
            return np.full((len(self.n_obs), len(contrasts), len(contrasts)), np.nan)
        out = turned @ self.coefficients.inverse @ turned.T
        out[~np.all([self._estimable(t) for t in turned], axis=0)] = np.nan
        return np.asarray(out)

    def _estimable(self, target: Array) -> BoolArray:
        """Proteins whose measured samples give the contrast back, as in the fit on values."""
        back = np.einsum("pij,pj->pi", self.coefficients.normal, self.coefficients.inverse @ target)
        miss = np.abs(back - target).max(axis=1, initial=0.0)
        return np.asarray(miss <= 1e-6 * max(1.0, float(np.abs(target).max(initial=0.0))))
