"""Background of set effects: the level of the proteins that no verdict is read from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Background:
    """Mean of the proteins that no verdict is read from.

    Parameters
    ----------
    effect
        Mean effect.
    influence
        Its influence by sample, shape (n_samples,).
    variance
        Variance of the mean over proteins.
    n
        Number of proteins in the background.
    """

    effect: float
    influence: Array
    variance: float
    n: int


def background(effect: Array, influence: Array) -> Background:
    """Mean of the background proteins: the same functional as the mean over a set, so that the two can be compared.

    Parameters
    ----------
    effect
        Effects of the background proteins, shape (p,), no NaN.
    influence
        Shape (n_samples, p).

    Returns
    -------
    Background
        With the variance of the mean over proteins, less the sampling noise in it, which the influence carries already.

    Notes
    -----
    A trimmed mean differs from the mean wherever the effects are skewed, and random sets of proteins then lie above or
    below it more often than their intervals say.
    """
    p = len(effect)
    spread = effect.var(ddof=1) / p if p > 1 else 0.0
    common = influence.mean(axis=1)
    more = max(0.0, float(spread - (common**2).sum()))
    return Background(float(effect.mean()), common, more, p)


def trimmed_background(effect: Array, influence: Array) -> Background:
    """Trimmed mean of the background proteins: for a trimmed mean over a structure, and for single proteins.

    Parameters
    ----------
    effect, influence
        As in :func:`background`.

    Returns
    -------
    Background
        With the variance of a 25 % trimmed mean from the Winsorized sum of squares (Tukey and McLaughlin 1963), less the
        sampling noise in it, which the influence carries already.
    """
    p, middle = len(effect), middle_half(effect)
    cut = p // 4
    winsorized = np.clip(effect, effect[middle[0]], effect[middle[-1]])
    spread = winsorized.var(ddof=1) / (p * ((p - 2 * cut) / p) ** 2) if p > 1 else 0.0
    common = influence[:, middle].mean(axis=1)
    more = max(0.0, float(spread - (common**2).sum()))
    return Background(float(effect[middle].mean()), common, more, p)


def middle_half(effect: Array) -> npt.NDArray[np.intp]:
    """Places of the effects that a 25 % trimmed mean is taken over, in order of the effect."""
    cut = len(effect) // 4
    return np.argsort(effect, kind="stable")[cut : len(effect) - cut]
