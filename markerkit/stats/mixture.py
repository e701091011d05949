"""Composition of fractions from the profiles of marker panels: arrays in, arrays out."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

_SAME = 1e-9  # means that agree to this share are the same but for rounding


def unit_fit(panels: Array, weight: Array | None = None) -> Array:
    """Coefficients, 0 or more, with which panels come nearest to 1 in every fraction.

    Parameters
    ----------
    panels
        Share of the signal that each panel holds, shape (..., fractions, panels).
    weight
        Of the squares of every fraction, shape (..., fractions); all alike by default.

    Returns
    -------
    Shape (..., panels); NaN where no fraction shows a panel.

    Notes
    -----
    A component (vesicles, lipoprotein, soluble protein) whose markers are the share u of its protein holds the share
    m / u of a fraction in which its markers hold m. All components together hold all of it, so that the sum of m / u is
    1 in every fraction: least squares without negative coefficients gives 1 / u (Lawson and Hanson 1974). The few
    panels allow all of their subsets to be tried, for many data sets at once.
    """
    k = panels.shape[-1]
    weighed = panels if weight is None else panels * weight[..., None]
    gram = np.swapaxes(weighed, -1, -2) @ panels
    right = weighed.sum(axis=-2)
    best = np.zeros(right.shape)
    least = np.full(right.shape[:-1], np.inf)
    for size in range(1, k + 1):
        for chosen in combinations(range(k), size):
            part = list(chosen)
            inner = gram[..., part, :][..., :, part]
            solved = (np.linalg.pinv(inner, hermitian=True) @ right[..., part, None])[..., 0]
            loss = -np.einsum("...k,...k->...", solved, right[..., part])
            better = (solved >= 0).all(axis=-1) & (loss < least - 1e-12)
            filled = np.zeros(right.shape)
            filled[..., part] = solved
            best = np.where(better[..., None], filled, best)
            least = np.where(better, loss, least)
    return np.where(np.isfinite(least)[..., None], best, np.nan)


def composition(panels: Array, weight: Array | None = None) -> Array:
    """Share of every component in every fraction, sum 1.

    Parameters
    ----------
    panels, weight
        As in :func:`unit_fit`.

    Returns
    -------
    Shape (..., fractions, panels); NaN in fractions that show no panel.
    """
    parts = panels * unit_fit(panels, weight)[..., None, :]
    total = parts.sum(axis=-1, keepdims=True)
    return np.asarray(np.divide(parts, total, out=np.full(parts.shape, np.nan), where=total > 0))


def misfit(panels: Array, weight: Array) -> Array:
    """Root mean square of what the fitted panels leave of 1, weighed over fractions; see :func:`unit_fit`."""
    left = 1 - (panels * unit_fit(panels, weight)[..., None, :]).sum(axis=-1)
    return np.asarray(np.sqrt((weight * left**2).sum(axis=-1) / weight.sum(axis=-1)))


def smoothed(profile: Array) -> Array:
    """Mean of every fraction and its two neighbors, along the last axis; the first and the last count twice.

    Parameters
    ----------
    profile
        Amounts by fraction, shape (..., fractions).
    """
    padded = np.concatenate([profile[..., :1], profile, profile[..., -1:]], axis=-1)
    return np.asarray((padded[..., :-2] + padded[..., 1:-1] + padded[..., 2:]) / 3)


def top_fraction(profile: Array) -> npt.NDArray[np.intp]:
    """Place of the highest mean of a fraction and its two neighbors, along the last axis.

    Of means that are the same, as those around a fraction that alone holds everything, the highest fraction itself.

    Parameters
    ----------
    profile
        Amounts by fraction, 0 or more, shape (..., fractions).

    Returns
    -------
    Shape (...).
    """
    mean = smoothed(profile)
    highest = mean >= mean.max(axis=-1, keepdims=True) * (1 - _SAME)
    return np.asarray(np.where(highest, profile, -1.0).argmax(axis=-1))


def center_and_width(profile: Array, order: Array) -> tuple[Array, Array]:
    """Mean and standard deviation of the place of a profile, over the last axis.

    Parameters
    ----------
    profile
        Amounts by fraction, shape (..., fractions).
    order
        Place of each fraction, shape (fractions,).
    """
    total = profile.sum(axis=-1)
    weight = profile / np.where(total > 0, total, np.nan)[..., None]
    center = (weight * order).sum(axis=-1)
    reach = max(float(np.abs(order).max()), np.finfo(float).tiny)
    apart = order / reach - (center / reach)[..., None]  # squares of any numbers are finite
    return center, np.sqrt((weight * apart**2).sum(axis=-1)) * reach


def resolution(first: Array, second: Array, order: Array) -> Array:
    """Chromatographic resolution of two profiles: distance of the centers over the mean width at the base.

    Parameters
    ----------
    first, second
        Amounts by fraction, shape (..., fractions).
    order
        Place of each fraction, shape (fractions,).

    Notes
    -----
    R = 2 |t1 - t2| / (w1 + w2), the width at the base w taken as four standard deviations, as of a Gaussian peak
    (IUPAC 1993, doi:10.1351/pac199365040819). 1.5 is separation to the base.
    """
    (t1, s1), (t2, s2) = center_and_width(first, order), center_and_width(second, order)
    width = s1 + s2
    return np.asarray(
        np.divide(np.abs(t1 - t2), 2 * width, out=np.full(np.shape(t1), np.inf), where=width > 0)
    )


def overlap(first: Array, second: Array) -> Array:
    """Share of two profiles that lies in the same fractions, 0 to 1: sum over fractions of the smaller part.

    Parameters
    ----------
    first, second
        Amounts by fraction, shape (..., fractions).

    Notes
    -----
    The overlapping coefficient (Inman and Bradley 1989, doi:10.1080/03610928908830127).
    """
    a, b = (p / p.sum(axis=-1, keepdims=True) for p in (first, second))
    return np.asarray(np.minimum(a, b).sum(axis=-1))
