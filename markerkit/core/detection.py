"""How often the samples of a study measured every protein, and how high."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, eq=False)
class Detection:
    """What all samples of a study measured of every protein.

    Attributes
    ----------
    n_samples
        Samples of the study.
    n_measured
        Samples that measured each protein, shape (p,).
    total
        Sum of the measured values on the scale of the experiment, shape (p,).
    """

    n_samples: int
    n_measured: npt.NDArray[np.integer]
    total: npt.NDArray[np.float64]

    @classmethod
    def of(cls, values: npt.NDArray[np.float64]) -> Detection:
        """Count and add up values, samples x proteins, NaN where missing."""
        seen = ~np.isnan(values)
        return cls(len(values), seen.sum(axis=0), np.where(seen, values, 0.0).sum(axis=0))

    @cached_property
    def mean(self) -> npt.NDArray[np.float64]:
        """Mean of the measured values, shape (p,); NaN where there are none."""
        n = self.n_measured
        return np.asarray(np.divide(self.total, n, out=np.full(len(n), np.nan), where=n > 0))

    @cached_property
    def missing(self) -> float:
        """Share of missing values among the proteins measured at least once; 1 where none was."""
        cells = self.n_samples * int((self.n_measured > 0).sum())
        return (cells - int(self.n_measured.sum())) / cells if cells else 1.0
