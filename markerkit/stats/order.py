"""Ranks and trimmed means; SciPy has both in `scipy.stats`, which takes longer to load than a study to assess."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

Array = npt.NDArray[np.float64]


def mid_ranks(values: npt.ArrayLike) -> Array:
    """Ranks from 1 for the smallest value, along the last axis; tied values share their mean rank, NaN has none.

    Parameters
    ----------
    values
        Shape (n,) or (r, n).

    Returns
    -------
    Shape of `values`.

    Examples
    --------
    >>> mid_ranks([3.0, 1.0, float("nan"), 3.0]).tolist()
    [2.5, 1.0, nan, 2.5]
    """
    array = np.asarray(values, dtype=float)
    ranks = np.empty_like(array)
    for own, row in zip(np.atleast_2d(ranks), np.atleast_2d(array), strict=True):
        own[:] = pd.Series(row).rank()  # all rows at once take half as long again
    return ranks


def trimmed_mean(values: npt.ArrayLike, share: float) -> float:
    """Mean without the lowest and the highest `share` of the values, whole values only.

    Parameters
    ----------
    values
        Shape (n,), n at least 1.
    share
        Below 0.5.

    Examples
    --------
    >>> trimmed_mean([1.0, 2.0, 3.0, 100.0], 0.25)
    2.5
    """
    ordered = np.sort(np.asarray(values, dtype=float))
    cut = int(share * len(ordered))
    return float(ordered[cut : len(ordered) - cut].mean())
