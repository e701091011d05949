"""Smooth curves of one variable: natural splines and local lines."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

_POINTS = 200


def natural_spline(at: Array, x: Array) -> Array:
    """Basis of natural cubic splines, constant included, shape (len(at), up to 4).

    Parameters
    ----------
    at
        Where the basis is wanted.
    x
        Points that set the knots: their range and, with enough of them, their
        tertiles (their median for three columns).
    """
    n, distinct = len(x), len(np.unique(x))
    columns = min(1 + (n >= 3) + (n >= 6) + (n >= 30), distinct)
    if columns < 2:
        return np.ones((len(at), 1))
    z, known = (at - x.mean()) / x.std(), (x - x.mean()) / x.std()
    inner = np.quantile(known, np.arange(1, columns - 1) / (columns - 1))
    knots = np.concatenate([[known.min()], inner, [known.max()]])

    def bend(k: int) -> Array:
        rise = np.maximum(z - knots[k], 0) ** 3 - np.maximum(z - knots[-1], 0) ** 3
        return np.asarray(rise / (knots[-1] - knots[k]))

    return np.column_stack([np.ones(len(at)), z, *(bend(k) - bend(columns - 2) for k in range(columns - 2))])


def lowess(x: Array, y: Array, *, span: float) -> Array:
    """Robust local lines (Cleveland 1979), three robustness steps, shape (n,)."""
    from statsmodels.nonparametric.smoothers_lowess import lowess as fitted

    return np.asarray(fitted(y, x, frac=span, it=3, delta=0.01 * np.ptp(x), return_sorted=False))


def local_linear(x: Array, y: Array, weight: Array, *, span: float) -> Array:
    """Local lines under tricube weights times the points' own weights.

    Parameters
    ----------
    x, y, weight
        Shape (n,).
    span
        Share of the total weight that each line is fitted to.

    Returns
    -------
    Fitted values, shape (n,), interpolated between 200 lines.
    """
    distinct = np.unique(x)
    at = distinct if len(distinct) <= _POINTS else np.linspace(distinct[0], distinct[-1], _POINTS)
    reach = _reach(x, weight, at, span * float(weight.sum()) * (1 - 1e-9))
    reach = np.maximum(reach, 1e-12 * max(1.0, float(np.abs(distinct).max())))
    offset = (x[None, :] - at[:, None]) / reach[:, None]
    kernel = np.abs(offset)
    kernel = np.maximum(1 - kernel * kernel * kernel, 0)
    kernel = kernel * kernel * kernel * weight
    total = kernel.sum(axis=1)
    mean, slope = kernel @ y / total, np.zeros(len(at))
    along = kernel * offset
    first, second = along.sum(axis=1) / total, (along * offset).sum(axis=1) / total
    spread = second - first**2
    line = spread > 1e-12
    slope[line] = (along @ y / total - first * mean)[line] / spread[line]
    return np.asarray(np.interp(x, at, mean - slope * first))


def _reach(x: Array, weight: Array, at: Array, wanted: float) -> Array:
    """Distance from each place within which the points weigh what is wanted, by bisection."""
    order = np.argsort(x, kind="stable")
    points, gathered = x[order], np.concatenate([[0.0], np.cumsum(weight[order])])
    low, high = np.zeros(len(at)), np.full(len(at), float(np.ptp(x)))
    for _ in range(60):
        middle = (low + high) / 2
        right = np.searchsorted(points, at + middle, side="right")
        left = np.searchsorted(points, at - middle, side="left")
        enough = gathered[right] - gathered[left] >= wanted
        low, high = np.where(enough, low, middle), np.where(enough, middle, high)
    return high


def loess(x: Array, y: Array, *, span: float = 0.75) -> Array:
    """Local parabolas under tricube weights, shape (n,) (Cleveland and Grosse 1991).

    It exists for agreement with DEqMS, whose prior follows R's `loess` to the digit: no Python
    library interpolates between the vertices of a k-d tree. Value and slope are found at the corners of a tree of cells that hold a
    fifth of the span at most, and a cubic joins the corners.

    Parameters
    ----------
    x, y
        Shape (n,).
    span
        Share of the points that each parabola is fitted to.
    """
    reach = min(max(int(np.floor(len(x) * span + 1e-5)), 3), len(x))
    margin = 0.005 * max(float(np.ptp(x)), 1e-10 * float(np.abs(x).max()) + 1e-30)
    ends = (float(x.min()) - margin, float(x.max()) + margin)
    corners = np.array(sorted({*ends, *_cuts(np.sort(x), ends, max(int(len(x) * span * 0.2), 1))}))
    value, slope = np.array([_parabola(x, y, at, reach) for at in corners]).T
    k = np.clip(np.searchsorted(corners, x, side="right") - 1, 0, len(corners) - 2)
    width = corners[k + 1] - corners[k]
    h = (x - corners[k]) / width
    return np.asarray(
        (1 - h) ** 2 * (1 + 2 * h) * value[k]
        + h**2 * (3 - 2 * h) * value[k + 1]
        + h * (1 - h) ** 2 * slope[k] * width
        - h**2 * (1 - h) * slope[k + 1] * width
    )


def _cuts(points: Array, ends: tuple[float, float], most: int) -> list[float]:
    """Corners inside a cell of sorted points: cut at the middle, ties below it, until a cell holds few enough points."""
    gaps = np.flatnonzero(points[1:] > points[:-1])
    if len(points) <= most or len(gaps) == 0:
        return []
    middle = (len(points) - 1) // 2
    last = int(gaps[np.lexsort((gaps < middle, np.abs(gaps - middle)))[0]])
    cut = float(points[last])
    if cut in ends:
        return []
    low, high = points[: last + 1], points[last + 1 :]
    return [*_cuts(low, (ends[0], cut), most), cut, *_cuts(high, (cut, ends[1]), most)]


def _parabola(x: Array, y: Array, at: float, reach: int) -> tuple[float, float]:
    """Value and slope of the local parabola at a point."""
    distance = np.abs(x - at)
    far = max(float(np.partition(distance, reach - 1)[reach - 1]), 1e-300)
    weight = np.sqrt(np.maximum(1 - (distance / far) ** 3, 0) ** 3)
    near = weight > 0
    offset = (x[near] - at) / far
    basis = np.column_stack([np.ones(len(offset)), offset, offset**2]) * weight[near, None]
    found = np.linalg.lstsq(basis, y[near] * weight[near], rcond=1e-9)[0]
    return float(found[0]), float(found[1] / far)
