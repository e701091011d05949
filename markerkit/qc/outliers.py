"""Samples unlike the others of their group: robust distance, correlation and depth."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import ndtri

from markerkit.catalog.criteria import load_criteria
from markerkit.qc.correlation import pairs_of

Array = npt.NDArray[np.float64]

REVIEW = "review"  # flag of an item that a rule asks to check


def robust_z(values: Array) -> Array:
    """Distance to the median in units of the scaled MAD, for each value; NaN stays NaN.

    A MAD of 0 gives 0 at the median and infinity elsewhere.

    Examples
    --------
    >>> robust_z(np.array([1.0, 2.0, 3.0, 4.0, 10.0])).round(2).tolist()
    [-1.35, -0.67, 0.0, 0.67, 4.72]
    """
    values = np.asarray(values, dtype=float)
    if np.isnan(values).all():
        return np.full(values.shape, np.nan)
    distance = values - np.nanmedian(values)
    mad = float(np.nanmedian(np.abs(distance)) / ndtri(0.75))  # the standard deviation of a normal variable
    if mad > 0:
        return np.asarray(distance / mad)
    return np.where(np.isnan(distance) | (distance == 0), distance, np.copysign(np.inf, distance))


def far(values: Array, *, fold: float) -> npt.NDArray[np.bool_]:
    """Values far above the others: robust z over ``outlier_z``, and `fold` times the median or more.

    Parameters
    ----------
    values
        Positive measure, the larger the worse.
    fold
        Least ratio to the median.

    Returns
    -------
    All false with fewer values than ``outlier_min_samples``.
    """
    t = load_criteria().threshold
    if np.isfinite(values).sum() < t["outlier_min_samples"]:
        return np.zeros(len(values), dtype=bool)
    above = np.nan_to_num(values) >= fold * np.nanmedian(values)
    return np.asarray((np.nan_to_num(robust_z(values)) > t["outlier_z"]) & above)


def similarity(log2: pd.DataFrame) -> pd.DataFrame:
    """How similar each sample is to the others of its group.

    Parameters
    ----------
    log2
        Log2 abundances of one group, samples x proteins, NaN where missing.

    Returns
    -------
    One row per sample: ``correlation``, the median Pearson correlation with each of
    the others on the proteins measured in both; ``distance``, the median absolute
    log2 difference to the median profile of the group, medians aligned, over
    the proteins measured in enough of the samples (``outlier_seen``); ``n`` of these.
    NaN where too few proteins are shared, or there is no other sample.
    """
    t = load_criteria().threshold
    need = int(t["outlier_min_proteins"])
    found = pd.DataFrame(index=log2.index, columns=["correlation", "distance", "n"], dtype=float)
    if len(log2) < 2:
        return found
    # medians aligned, so that load does not count
    aligned = log2.sub(log2.median(axis=1), axis=0)
    pairs = pairs_of(aligned).r
    np.fill_diagonal(pairs, np.nan)
    found["correlation"] = pd.DataFrame(pairs).median(axis=1).to_numpy()
    common = aligned.loc[:, log2.notna().mean() >= t["outlier_seen"]]
    off = (common - common.median()).abs()
    found["n"] = off.notna().sum(axis=1)
    found["distance"] = off.median(axis=1).where(found["n"] >= need)
    return found


def far_in_groups(values: pd.Series, groups: pd.Series, fold: str) -> npt.NDArray[np.bool_]:
    """Find values far above those of their group; `fold` names the threshold of the least ratio."""
    least = load_criteria().threshold[fold]
    numbers = values.reindex(groups.index).to_numpy(float)
    found = np.zeros(len(numbers), dtype=bool)
    for at in groups.groupby(groups, sort=False).indices.values():
        found[at] = far(numbers[at], fold=least)
    return found
