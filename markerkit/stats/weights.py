"""Weights of samples, and the correlation within blocks of samples."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.linalg import qr

from markerkit.stats.order import trimmed_mean

Array = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.intp]

_PRIOR = 10.0  # proteins whose residuals say that all samples are alike (Ritchie et al. 2006)
_TRIM = 0.15
_GRID = 41


def array_weights(values: Array, design: Array, *, method: str = "auto") -> Array:
    """Weights of samples by how well they agree with the others (Ritchie et al. 2006).

    Parameters
    ----------
    values
        Shape (n, p), NaN where missing.
    design
        Shape (n, k).
    method
        ``"reml"``, restricted maximum likelihood by Fisher scoring, for
        complete values; ``"stepwise"``, one scoring step per protein, over the
        proteins that leave residual df; ``"auto"``, the one that can be.

    Returns
    -------
    Shape (n,), geometric mean 1.

    References
    ----------
    doi:10.1186/1471-2105-7-261, equations 3 to 7
    """
    n = len(design)
    sums = np.vstack([np.eye(n - 1), -np.ones(n - 1)])
    complete = method == "reml" or (method == "auto" and bool(np.isfinite(values).all()))
    return (_reml_weights if complete else _stepwise_weights)(values, design, sums)


def _reml_weights(values: Array, design: Array, sums: Array) -> Array:
    n, p = values.shape
    free = n - np.linalg.matrix_rank(design)
    gamma = np.zeros(n - 1)
    rounding = (10 * np.finfo(float).eps * np.abs(values).max()) ** 2
    for _ in range(50):
        weight = np.exp(-(sums @ gamma))
        square, hat, leverage = _weighted(values, design, weight)
        usual = square.sum(axis=0) / free
        usable = usual > max(1e-15 * usual.max(), rounding)
        if not usable.any():  # values without noise: nothing tells the samples apart
            return np.ones(n)
        count = int(usable.sum())
        score = (
            (square[:, usable] / usual[usable]).sum(axis=1) - count * (1 - leverage) + _PRIOR * (weight - 1)
        )
        information = count * (
            np.diag(1 - 2 * leverage) + hat**2 - np.outer(1 - leverage, 1 - leverage) / free
        )
        slope = sums.T @ score
        step = np.linalg.solve(sums.T @ (information + _PRIOR * np.eye(n)) @ sums, slope)
        gamma = gamma + step
        if slope @ step < 1e-5 * n * p:
            break
    return np.asarray(np.exp(-(sums @ gamma)))


def _stepwise_weights(values: Array, design: Array, sums: Array) -> Array:
    gamma = np.zeros(sums.shape[1])
    information = _PRIOR * sums.T @ sums
    for y in values.T:
        seen = np.isfinite(y)
        x = design[seen]
        free = len(x) - (np.linalg.matrix_rank(x) if len(x) else 0)
        if free < 2:
            continue
        own = sums[seen]
        square, _, leverage = _weighted(y[seen, None], x, np.exp(-(own @ gamma)))
        usual = float(square.sum()) / free
        if usual < 1e-15:
            continue
        rest = 1 - leverage
        information = information + own.T @ (np.diag(rest) - np.outer(rest, rest) / free) @ own
        gamma = gamma + np.linalg.solve(information, own.T @ (square[:, 0] / usual - rest))
    return np.asarray(np.exp(-(sums @ gamma)))


def _weighted(values: Array, design: Array, weight: Array) -> tuple[Array, Array, Array]:
    """Weighted squared residuals (n, p), the hat matrix and its diagonal."""
    root = np.sqrt(weight)[:, None]
    q, r, _ = qr(design * root, mode="economic", pivoting=True)
    size = np.abs(np.diag(r))
    q = q[:, size > 1e-9 * size[0]]
    residual = values * root - q @ (q.T @ (values * root))
    hat = q @ q.T
    return residual**2, hat, np.asarray(np.diag(hat))


def duplicate_correlation(values: Array, design: Array, block: IntArray) -> tuple[float, Array]:
    """Correlation between samples of one block, one value for all proteins (Smyth et al. 2005).

    Parameters
    ----------
    values
        Shape (n, p), NaN where missing.
    design
        Shape (n, k).
    block
        Number of each sample's block, shape (n,).

    Returns
    -------
    consensus
        Back-transformed trimmed mean of the proteins' ``atanh(rho)``; NaN where no protein has one.
    each
        ``rho`` of each protein, shape (p,), by restricted maximum likelihood;
        NaN where no block has two measured samples or fewer than two
        residual df are left.

    References
    ----------
    doi:10.1093/bioinformatics/bti270
    """
    patterns, member = np.unique(np.isfinite(values), axis=1, return_inverse=True)
    member = member.ravel()
    each = np.full(values.shape[1], np.nan)
    largest = int(np.unique(block, return_counts=True)[1].max())
    if largest < 2:
        return np.nan, each
    low = 1 / (1 - largest) + 0.01
    for k in range(patterns.shape[1]):
        seen, at = patterns[:, k], np.flatnonzero(member == k)
        if not seen.any():
            continue
        blocks, own = np.unique(block[seen], return_inverse=True)
        rank = int(np.linalg.matrix_rank(design[seen]))
        if seen.sum() <= rank + 2 or len(blocks) in {1, int(seen.sum())}:
            continue
        together = (own[:, None] == own[None, :]).astype(float)
        q, _ = np.linalg.qr(design[seen], mode="complete")
        space = q[:, rank:] if rank == design.shape[1] else np.linalg.svd(design[seen])[0][:, rank:]
        loading, turn = np.linalg.eigh(space.T @ together @ space)
        square = (turn.T @ space.T @ values[np.ix_(seen, at)]) ** 2
        varies = square.sum(axis=0) > 0
        each[at[varies]] = _reml_rho(square[:, varies], loading, low)
    known = each[np.isfinite(each)]
    consensus = float(np.tanh(trimmed_mean(np.arctanh(known), _TRIM))) if len(known) else np.nan
    return consensus, each


def _reml_rho(square: Array, loading: Array, low: float) -> Array:
    """Most likely rho of proteins whose squared directions have variance ``1 - rho + loading rho``.

    A grid finds the mode, golden sections refine it: for all proteins at once, which SciPy's scalar
    minimizers do one at a time (`scipy.optimize.elementwise` has root finding and minimization of
    arrays from 1.15 on, above the oldest supported version).
    """
    level, which = np.unique(np.round(loading, 9), return_inverse=True)
    count = np.bincount(which).astype(float)
    sums = np.vstack([square[which == j].sum(axis=0) for j in range(len(level))])

    def cost(rho: Array) -> Array:
        variance = np.maximum(1 - rho + level[:, None] * rho, 1e-12)
        return np.asarray(count.sum() * np.log((sums / variance).sum(axis=0)) + count @ np.log(variance))

    grid = np.linspace(low, 0.99, _GRID)
    on_grid = np.array([cost(np.full(square.shape[1], r)) for r in grid])
    best = on_grid.argmin(axis=0)
    a, b = grid[np.maximum(best - 1, 0)], grid[np.minimum(best + 1, _GRID - 1)]
    golden = (np.sqrt(5) - 1) / 2
    for _ in range(50):
        left, right = b - golden * (b - a), a + golden * (b - a)
        lower = cost(left) < cost(right)
        a, b = np.where(lower, a, left), np.where(lower, right, b)
    return np.asarray((a + b) / 2)
