"""Small fixed inputs: numbers from a formula, so that no library decides over them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

Array = npt.NDArray[np.float64]


def uniform(seed: int, *shape: int) -> Array:
    """Numbers between 0 and 1 that look random: the splitmix64 generator, whose stream is defined by integers."""
    n = int(np.prod(shape))
    z = np.arange(1, n + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(seed * 7919 + 1)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z ^= z >> np.uint64(31)
    return ((z >> np.uint64(11)).astype(float) + 0.5).reshape(shape) / 2.0**53


def normal(seed: int, *shape: int) -> Array:
    """Numbers that look like draws from a standard normal distribution."""
    return np.asarray(ndtri(uniform(seed, *shape)))


def gaps(seed: int, values: Array, share: float) -> Array:
    """Leave a share of the values missing."""
    return np.where(uniform(seed, *values.shape) < share, np.nan, values)
