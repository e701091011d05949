"""False discovery rates that pass over missing p-values."""

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
    known = np.flatnonzero(~np.isnan(p))
    if len(known):
        order = known[np.argsort(-p[known], kind="stable")]
        raw = p[order] * len(order) / np.arange(len(order), 0, -1)
        adjusted[order] = np.minimum(1.0, np.minimum.accumulate(raw))
    return adjusted
