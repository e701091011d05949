"""Median polish of many two-way tables at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Polished:
    """Additive fit ``value = overall + row + column + residual`` of every table.

    Attributes
    ----------
    overall
        Shape (tables,).
    row
        Shape (tables, rows); NaN for a row without a value.
    column
        Shape (tables, columns); NaN for a column without a value.
    residual
        Shape (tables, rows, columns); NaN where the value is missing.
    """

    overall: Array
    row: Array
    column: Array
    residual: Array


def median_polish(tables: Array, *, tolerance: float = 0.01, max_rounds: int = 10) -> Polished:
    """Fit rows and columns of two-way tables by Tukey's median polish.

    Medians of the rows and of the columns are taken out in turn; missing values are left out of
    the medians. A table is done when a round changes the sum of its absolute residuals by less
    than `tolerance` of that sum.

    Parameters
    ----------
    tables
        Shape (tables, rows, columns), NaN where missing.
    tolerance
        Relative change of the sum of absolute residuals below which a table is done.
    max_rounds
        Most rounds over rows and columns.

    References
    ----------
    Tukey JW (1977) Exploratory Data Analysis. Addison-Wesley.

    Examples
    --------
    >>> fit = median_polish(np.array([[[1.0, 2.0, 4.0], [2.0, 3.0, 5.0]]]))
    >>> (fit.overall + fit.column[0]).tolist(), fit.row[0].tolist()
    ([1.5, 2.5, 4.5], [-0.5, 0.5])
    """
    left = np.array(tables, dtype=float)
    n, rows, columns = left.shape
    overall, row, column = np.zeros(n), np.zeros((n, rows)), np.zeros((n, columns))
    no_row, no_column = np.isnan(left).all(axis=2), np.isnan(left).all(axis=1)
    row[no_row], column[no_column] = np.nan, np.nan
    active, before = np.arange(n), np.full(n, np.inf)
    for _ in range(max_rounds):
        z = left[active]
        for effect, other, axis in ((row, column, 2), (column, row, 1)):
            step = _median(z, axis)
            z -= np.nan_to_num(np.expand_dims(step, axis))
            effect[active] += step
            middle = np.nan_to_num(_median(other[active], 1))
            other[active] -= middle[:, None]
            overall[active] += middle
        left[active] = z
        total = np.nansum(np.abs(z), axis=(1, 2))
        going = np.abs(total - before[active]) >= tolerance * total
        before[active] = total
        active = active[going & (total > 0)]
        if not len(active):
            break
    return Polished(overall, row, column, left)


def _median(values: Array, axis: int) -> Array:
    """Median along an axis without the missing values, which sort to the end; NaN where there is none."""
    ordered = np.sort(values, axis=axis)
    n = (~np.isnan(values)).sum(axis=axis, keepdims=True)
    low = np.take_along_axis(ordered, np.maximum(n - 1, 0) // 2, axis=axis)
    high = np.take_along_axis(ordered, np.minimum(n // 2, values.shape[axis] - 1), axis=axis)
    return np.asarray(np.squeeze(np.where(n > 0, (low + high) / 2, np.nan), axis=axis))
