"""Error of a mean, or of the difference of two, without equal variances."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def variance_of_means(*groups: npt.NDArray[np.float64]) -> tuple[float, float]:
    """Variance of a mean or of a difference of means, and its degrees of freedom (Welch, Satterthwaite).

    Parameters
    ----------
    *groups
        Values of one group or of two, each of shape (n,) with two values or more.

    Returns
    -------
    variance, df
        NaN for `df` where no value differs from the others of its group.

    Examples
    --------
    >>> variance_of_means(np.array([1.0, 2.0, 3.0]))
    (0.3333333333333333, 2.0)
    """
    parts = np.array([x.var(ddof=1) / len(x) for x in groups])
    squares = float((parts**2 / np.array([len(x) - 1 for x in groups])).sum())
    variance = float(parts.sum())
    return variance, variance**2 / squares if squares > 0 else float("nan")
