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
    """Robust local lines (Cleveland 1979), three robustness steps, shape (n,).

    Parameters
    ----------
    x, y
        Shape (n,).
    span
        Share of the points that each line is fitted to.

    Notes
    -----
    The numbers are those of ``lowess`` of statsmodels with ``delta`` at a hundredth of the range of x, which weighs
    the neighbors of every line anew in every step: half of the time of a robust fit of the variances. Here their
    weights, which depend on x alone, are found once. Where all neighbors of a point share its x, or one
    alone has a weight left, the line is their mean; statsmodels takes the value of the point itself, outlier or not.
    """
    order = np.argsort(x, kind="stable")
    points, values = x[order], y[order]
    n = len(x)
    near = min(max(int(span * n + 1e-10), 2), n)
    at = _a_hundredth_apart(points)
    left = np.searchsorted((points[: n - near] + points[near:]) / 2, points[at])
    windows = [slice(start, start + near) for start in left]
    kernels = [_tricube_moments(points[w] - points[i]) for w, i in zip(windows, at, strict=True)]
    weight = np.ones(n)
    for _ in range(4):
        weighted = np.array([weight, weight * values])
        sums = np.array([kernel @ weighted[:, w].T for kernel, w in zip(kernels, windows, strict=True)])
        height = _heights(sums, values[at])
        fitted = np.interp(points, points[at], height)
        weight = _bisquare(np.abs(values - fitted))
    out = np.empty(n)
    out[order] = fitted
    return out


def _a_hundredth_apart(points: Array) -> npt.NDArray[np.intp]:
    """Places of the lines among sorted points: the last within a hundredth of the range of the one before."""
    n, step = len(points), 0.01 * np.ptp(points)
    at, place = [0], 0
    while (last := int(np.searchsorted(points, points[place], side="right")) - 1) < n - 1:
        beyond = min(int(np.searchsorted(points, points[place] + step, side="right")), n - 1)
        place = max(beyond - 1, last + 1)
        at.append(place)
    return np.array(at)


def _tricube(distance: Array) -> Array:
    """Weights by the distance as a share of the reach, 0 beyond it."""
    inside = np.maximum(1 - distance * distance * distance, 0)
    return np.asarray(inside * inside * inside)


def _tricube_moments(offset: Array) -> Array:
    """Tricube weights of the neighbors of a point, times their offset to the powers 0, 1 and 2, shape (3, k)."""
    far = float(np.abs(offset).max())
    share = np.abs(offset) / far if far > 0 else np.zeros(len(offset))
    kernel = _tricube(share)
    along = kernel * offset
    return np.array([kernel, along, along * offset])


def _heights(sums: Array, alone: Array) -> Array:
    """Height of each line at its own point, from the weighted sums of powers of the offset, alone and times y.

    Parameters
    ----------
    sums
        Shape (lines, 3, 2).
    alone
        Values at the points of the lines, which stand where no neighbor has a weight, shape (lines,).
    """
    total = sums[:, 0, 0]
    some = total > 1e-12
    share = sums / np.where(some, total, 1.0)[:, None, None]
    (_, level), (middle, cross), (square, _) = share.transpose(1, 2, 0)
    slope = (cross - middle * level) / np.maximum(square - middle**2, 1e-12)
    return np.where(some, level - middle * slope, alone)


def _bisquare(distance: Array) -> Array:
    """Weights by the distance from a curve, 0 beyond six times its median (Cleveland 1979)."""
    reach = 6 * float(np.median(distance))
    share = np.minimum(distance / reach, 1.0) if reach > 0 else (distance > 0).astype(float)
    return np.asarray((1 - share**2) ** 2)


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
    kernel = _tricube(np.abs(offset)) * weight
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
    weight = np.sqrt(_tricube(distance / far))
    near = weight > 0
    offset = (x[near] - at) / far
    basis = np.column_stack([np.ones(len(offset)), offset, offset**2]) * weight[near, None]
    found = np.linalg.lstsq(basis, y[near] * weight[near], rcond=1e-9)[0]
    return float(found[0]), float(found[1] / far)
