"""What missing values are imputed from: a center and a spread for each of them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

_ROWS = 256  # proteins whose distances are held at once


def downshift(values: Array, *, shift: float, width: float) -> tuple[Array, Array]:
    """Below the values of the sample: mean - shift x sd, with a spread of width x sd.

    Parameters
    ----------
    values
        Samples x proteins on the log2 scale, missing = NaN; two values per sample or more.
    shift, width
        In standard deviations of the sample's values.

    Returns
    -------
    Center and spread, one row per sample.
    """
    mean, sd = np.nanmean(values, axis=1), np.nanstd(values, axis=1, ddof=1)
    return (mean - shift * sd)[:, None], (width * sd)[:, None]


def low_quantile(values: Array, *, quantile: float) -> tuple[Array, Array]:
    """Take a low quantile of the sample's values, without spread.

    Parameters
    ----------
    values
        Samples x proteins, missing = NaN; one value per sample or more.
    quantile
        0 for the smallest value.

    Returns
    -------
    Center and spread, one row per sample.
    """
    center = np.nanquantile(values, quantile, axis=1)[:, None]
    return center, np.zeros_like(center)


def nearest(values: Array, *, k: float) -> tuple[Array, Array]:
    """Mean of the k nearest proteins that the sample measured (Troyanskaya et al. 2001), without spread.

    Parameters
    ----------
    values
        Samples x proteins, missing = NaN; one value per protein or more.
    k
        Number of neighbors; all there are, where they are fewer.

    Returns
    -------
    Center and spread, samples x proteins; NaN where the value is there or has no neighbor.

    Notes
    -----
    The distance is the mean square difference over the samples that measured both proteins. A neighbor shares at
    least half of the samples of the protein, so that it is not near by the accident of one value.
    """
    seen = ~np.isnan(values)
    present = seen.astype(float)
    # small numbers lose less in the difference of squares below
    x = np.where(seen, values - np.nanmean(values), 0.0)
    center = np.full(values.shape, np.nan)
    lacking = np.flatnonzero(~seen.all(axis=0))
    for rows in np.split(lacking, range(_ROWS, len(lacking), _ROWS)):
        mine, own = x[:, rows], present[:, rows]
        common = own.T @ present
        square = (mine**2).T @ present + own.T @ x**2 - 2 * mine.T @ x
        near = 2 * common >= own.sum(axis=0)[:, None]
        distance = np.divide(square, common, out=np.full(common.shape, np.inf), where=near)
        for sample in range(len(values)):
            at, donors = ~seen[sample, rows], np.flatnonzero(seen[sample])
            ranked = distance[np.ix_(at, donors)]
            few = min(int(k), len(donors))
            first = np.argpartition(ranked, few - 1, axis=1)[:, :few]
            known = np.isfinite(np.take_along_axis(ranked, first, axis=1))
            total = np.where(known, values[sample, donors][first], 0.0).sum(axis=1)
            count = known.sum(axis=1)
            center[sample, rows[at]] = np.divide(
                total, count, out=np.full(len(count), np.nan), where=count > 0
            )
    return center, np.zeros_like(center)
