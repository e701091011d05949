"""Tables as users hand them in, built for the tests of the readers."""

from __future__ import annotations

import numpy as np
import pandas as pd

from markerkit.core.genes import gene_table

SAMPLES = ["EV_1", "EV_2", "EV_3", "lys_1", "lys_2", "lys_3"]
#: accessions and symbols of human proteins, far from each other in the table
ACCESSIONS = list(gene_table("human").by_accession)[:4000:40]
SYMBOLS = [gene_table("human").by_accession[a] for a in ACCESSIONS]
N = len(ACCESSIONS)


def amounts(names: list[str], *, log: bool = False, lower: float = 0.0, seed: int = 0) -> pd.DataFrame:
    """Intensities of :data:`N` proteins, a fifth of them missing; `lower`: by so many units of log2."""
    rng = np.random.default_rng(seed)
    values = rng.normal(22 - lower, 2.5, (N, 1)) + rng.normal(0, 0.5, (N, len(names)))
    values[rng.random(values.shape) < 0.2] = np.nan
    return pd.DataFrame(values if log else np.exp2(values), columns=names)


def proteins(**columns: object) -> pd.DataFrame:
    """Accession and gene of every protein, with columns beside them."""
    return pd.DataFrame({"Accession": ACCESSIONS, "Gene": SYMBOLS, **columns})


def matrix(names: list[str] = SAMPLES, **options: object) -> pd.DataFrame:
    """Protein table with one column per sample."""
    return proteins().join(amounts(names, **options))  # type: ignore[arg-type]


def between(low: float, high: float, seed: int = 1) -> np.ndarray:
    """Numbers, evenly spread."""
    return np.random.default_rng(seed).uniform(low, high, N)


def whole(low: int, high: int, seed: int = 2) -> np.ndarray:
    """Whole numbers, evenly spread."""
    return np.random.default_rng(seed).integers(low, high, N)
