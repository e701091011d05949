"""Reference distributions of compositions: where a sample's shares and EV ranks stand among simulated preparations.

The simulated part (``data/reference_distributions.tsv``) is made once by ``benchmarks/reference_distributions.py``
with fixed seeds, on shares of signal; the documented part (``data/documented.tsv``) holds published
compositions with their source. Neither is a population: a percentile says where a
sample stands in what the simulator makes, not how common it is.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

BLOOD_EV, CULTURE_EV = "ev_blood", "ev_culture"
#: reference distribution -> what it was simulated from
REFERENCE_DISTRIBUTIONS: dict[str, str] = {
    CULTURE_EV: "simulated EV preparations of cultured cells",
    BLOOD_EV: "simulated EV preparations of blood",
    "lysate": "simulated cell lysates",
    "plasma": "simulated plasma",
}
QUANTILES = tuple(range(0, 101, 5))
_DATA = Path(__file__).parents[1] / "data"


@lru_cache(maxsize=1)
def _simulated() -> dict[tuple[str, str], npt.NDArray[np.float64]]:
    """Quantiles by reference distribution and item."""
    table = pd.read_csv(_DATA / "reference_distributions.tsv", sep="\t", comment="#")
    keys = zip(table["reference_distribution"], table["item"], strict=True)
    return dict(zip(keys, table[[f"q{q}" for q in QUANTILES]].to_numpy(float), strict=True))


@lru_cache(maxsize=1)
def documented() -> pd.DataFrame:
    """Return published compositions: ``item`` (source), ``material``, ``threshold`` (share, 0 to 1), ``fact``, ``source``."""
    return pd.read_csv(_DATA / "documented.tsv", sep="\t", comment="#")


def percentile(reference_distribution: str, item: str, values: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Place of values in a reference distribution, 0 to 100.

    Parameters
    ----------
    reference_distribution
        One of :data:`REFERENCE_DISTRIBUTIONS`.
    item
        ``ev_rank``, or ``share_`` and a source.
    values
        Any shape; missing stays missing.

    Returns
    -------
    Percentiles by linear interpolation between stored quantiles; 0 and 100
    mean at or beyond the ends. Missing where the reference distribution has no such item.
    """
    given = np.asarray(values, dtype=float)
    known = _simulated().get((reference_distribution, item))
    if known is None:
        return np.full(given.shape, np.nan)
    return np.where(np.isnan(given), np.nan, np.interp(given, known, QUANTILES))
