"""Correlation of samples with each other on the proteins that both measured."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from markerkit.catalog.criteria import load_criteria

Array = npt.NDArray[np.float64]

#: samples up to which every pair has a row; with more the table would be the largest part of the report
MOST_SAMPLES = 200


@dataclass(frozen=True)
class Pairs:
    """Correlation of every sample with every other.

    Attributes
    ----------
    samples
        Names.
    r
        Pearson correlation of the log2 abundances, shape (samples, samples); NaN where too few proteins are shared.
    n
        Proteins measured in both, shape (samples, samples).
    """

    samples: pd.Index
    r: Array
    n: npt.NDArray[np.int_]

    @property
    def too_few(self) -> str:
        """Why a correlation is missing."""
        return (
            f"fewer than {int(load_criteria().threshold['outlier_min_proteins'])} proteins measured in both"
        )

    def table(self, groups: pd.Series) -> pd.DataFrame:
        """One row per pair or, with more samples than :data:`MOST_SAMPLES`, per sample and group."""
        return self._by_pair(groups) if len(self.samples) <= MOST_SAMPLES else self._by_group(groups)

    def _by_pair(self, groups: pd.Series) -> pd.DataFrame:
        first, second = np.triu_indices(len(self.samples), 1)
        name, group = self.samples.to_numpy(), groups.to_numpy()
        r = self.r[first, second]
        return pd.DataFrame(
            {
                "sample": name[first],
                "group": group[first],
                "other": name[second],
                "other_group": group[second],
                "same_group": group[first] == group[second],
                "pearson": r,
                "n_shared": self.n[first, second],
                "status": np.where(np.isnan(r), "too few shared", "computed"),
                "reason": np.where(np.isnan(r), self.too_few, ""),
            }
        )

    def _by_group(self, groups: pd.Series) -> pd.DataFrame:
        r = self.r.copy()
        np.fill_diagonal(r, np.nan)
        parts = []
        for name in dict.fromkeys(groups):
            inside = (groups == name).to_numpy()
            middle = pd.DataFrame(r[:, inside]).median(axis=1).to_numpy()
            shared = pd.DataFrame(self.n[:, inside]).median(axis=1).round().to_numpy()
            parts.append(
                pd.DataFrame(
                    {
                        "sample": self.samples,
                        "group": groups.to_numpy(),
                        "other": "",
                        "other_group": name,
                        "same_group": inside,
                        "pearson": middle,
                        "n_shared": shared,
                        "status": np.where(np.isnan(middle), "too few shared", "computed"),
                        "reason": "median over the other samples of the group",
                    }
                )
            )
        return pd.concat(parts, ignore_index=True)


def pairs_of(logs: pd.DataFrame) -> Pairs:
    """Correlate all samples with each other.

    Parameters
    ----------
    logs
        Log2 abundances, samples x proteins, NaN where missing.

    Returns
    -------
    Pairs
        NaN with fewer shared proteins than the threshold ``outlier_min_proteins``, or without any spread in them.
    """
    values = logs.to_numpy(dtype=float)
    there = (~np.isnan(values)).astype(float)
    n = there @ there.T
    own = there.sum(axis=1)
    total = np.nansum(values, axis=1)
    # near their mean the sums of squares keep their digits
    center = np.divide(total, own, out=np.zeros(len(own)), where=own > 0)
    x = np.where(there > 0, values - center[:, None], 0.0)
    sums, squares = x @ there.T, (x**2) @ there.T
    enough = n >= load_criteria().threshold["outlier_min_proteins"]
    safe = np.maximum(n, 1)
    covariance = x @ x.T - sums * sums.T / safe
    spread = squares - sums**2 / safe
    product = np.maximum(spread, 0) * np.maximum(spread.T, 0)
    known = enough & (product > (1e-12 * safe) ** 2)
    r = np.divide(covariance, np.sqrt(product), out=np.full(n.shape, np.nan), where=known)
    return Pairs(logs.index, np.clip(r, -1, 1), n.astype(int))
