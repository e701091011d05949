"""Data without an effect, made from a study's own residuals."""

from __future__ import annotations

from math import comb

import numpy as np
import numpy.typing as npt

from markerkit.stats.linear import LinearFit
from markerkit.stats.set_statistics import residual_effects

Array = npt.NDArray[np.float64]


def rotated(fit: LinearFit, contrast: Array, rng: np.random.Generator) -> Array:
    """Rotate the residuals into a random direction of the space that the contrast and they share.

    Parameters
    ----------
    fit
        The full model.
    contrast
        Numbers a coefficient, shape (k,).
    rng
        Random generator.

    Returns
    -------
    Shape (n, p), missing where the data are. A protein's values are its mean
    plus a vector of its residual length in a direction that is uniform and
    common to all proteins, so that their correlation stays (Langsrud 2005).
    With missing values residuals are 0 where nothing was measured and the
    pattern is put back after the rotation.

    References
    ----------
    doi:10.1007/s11222-005-4789-5
    """
    space, along = residual_effects(fit, contrast)
    d = len(along)
    turn, triangle = np.linalg.qr(rng.normal(size=(d + 1, d + 1)))
    turn = turn * np.sign(np.diag(triangle))
    noise = space @ (turn[:, :d] @ along) * np.sqrt((d + 1) / d)
    return np.where(np.isnan(fit.values), np.nan, fit.mean + noise)


def permuted(fit: LinearFit, strata: npt.NDArray[np.intp], rng: np.random.Generator) -> Array:
    """Permute the residuals of the samples within strata, missing values with them.

    Parameters
    ----------
    fit
        The full model.
    strata
        Samples of one number may be exchanged, shape (n,).
    rng
        Random generator.

    Returns
    -------
    Shape (n, p). Residuals are stretched to the variance of the errors by the
    leverage of their sample.
    """
    order = np.arange(len(strata))
    for stratum in np.unique(strata):
        own = np.flatnonzero(strata == stratum)
        order[own] = rng.permutation(own)
    leverage = (fit.basis**2).sum(axis=1)
    scale = np.sqrt(np.divide(1.0, 1 - leverage, out=np.zeros_like(leverage), where=leverage < 1 - 1e-9))
    residuals = np.where(np.isnan(fit.values), np.nan, fit.residuals)
    return np.asarray(fit.mean + (residuals * scale[:, None])[order])


def distinct_permutations(case: npt.NDArray[np.bool_], strata: npt.NDArray[np.intp]) -> int:
    """Count the ways to share the samples of each stratum between the groups that give different contrasts.

    Parameters
    ----------
    case
        The case samples; the others are the control, shape (n,).
    strata
        Shape (n,).

    >>> distinct_permutations(np.array([1, 1, 1, 0, 0, 0], bool), np.zeros(6, int))
    10
    """
    ways, mirrored = 1, True
    for stratum in np.unique(strata):
        own = case[strata == stratum]
        ways *= comb(len(own), int(own.sum()))
        mirrored &= 2 * int(own.sum()) == len(own)
    return ways // 2 if mirrored and ways > 1 else ways
