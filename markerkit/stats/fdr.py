"""False discovery rates that leave missing p-values out."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def bh(pvalue: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Benjamini-Hochberg adjusted p-values; NaN stays NaN and does not count as a test.

    Parameters
    ----------
    pvalue
        Shape (m,).

    Returns
    -------
    Shape (m,).

    References
    ----------
    Benjamini and Hochberg 1995, doi:10.1111/j.2517-6161.1995.tb02031.x

    Examples
    --------
    >>> bh([0.01, float("nan"), 0.04]).tolist()
    [0.02, nan, 0.04]
    """
    p = np.asarray(pvalue, dtype=float)
    adjusted = np.full(p.shape, np.nan)
    tested = np.flatnonzero(~np.isnan(p))
    order = tested[np.argsort(-p[tested], kind="stable")]
    steps = p[order] * len(order) / np.arange(len(order), 0, -1)
    adjusted[order] = np.minimum(1.0, np.minimum.accumulate(steps)) if len(order) else steps
    return adjusted


def holm(pvalue: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Adjust p-values by Holm's method, which controls the family-wise error; NaN (not tested) stays NaN.

    Parameters
    ----------
    pvalue
        Shape (m,).

    Returns
    -------
    Shape (m,).

    References
    ----------
    Holm 1979, Scandinavian Journal of Statistics 6:65-70.

    Examples
    --------
    >>> holm([0.01, float("nan"), 0.04]).tolist()
    [0.02, nan, 0.04]
    """
    p = np.asarray(pvalue, dtype=float)
    adjusted = np.full(p.shape, np.nan)
    tested = np.flatnonzero(~np.isnan(p))
    order = tested[np.argsort(p[tested], kind="stable")]
    steps = p[order] * np.arange(len(order), 0, -1)
    adjusted[order] = np.minimum(1.0, np.maximum.accumulate(steps)) if len(order) else steps
    return adjusted
