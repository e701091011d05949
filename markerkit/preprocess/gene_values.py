"""One value per gene and sample, with the samples aligned on their medians."""

from __future__ import annotations

import numpy as np
import pandas as pd

from markerkit.core.experiment import Experiment
from markerkit.ids.representative import representatives
from markerkit.preprocess.steps import normalize


def aligned(exp: Experiment) -> pd.DataFrame:
    """Return log2 abundances with the samples aligned on their medians.

    Parameters
    ----------
    exp
        Experiment before normalization.

    Returns
    -------
    pandas.DataFrame
        Samples x proteins, missing = NaN; as read where nothing was measured.
    """
    logs = exp.logged()
    return normalize(logs).values if np.isfinite(logs.values.to_numpy()).any() else logs.values


#: proteins that every sample measured, from which on they alone make the median, as in `normalize`
ENOUGH = 50


def middle_of(log2: pd.DataFrame) -> pd.Series:
    """Median of every sample.

    Parameters
    ----------
    log2
        Log2 abundances, samples x proteins, missing = NaN.

    Returns
    -------
    pandas.Series
        Over the proteins that every sample measured where these are 50 or more, so that a deep sample has no lower
        median than a shallow one; else over all.
    """
    complete = log2.loc[:, log2.notna().all()]
    return (complete if complete.shape[1] >= ENOUGH else log2).median(axis=1)


def protein_of_gene(log2: pd.DataFrame, genes: pd.Series) -> dict[str, str]:
    """Choose the protein group that stands for each gene.

    Parameters
    ----------
    log2
        Log2 abundances, samples x proteins, missing = NaN.
    genes
        Gene symbol of each protein; empty, or no entry, for proteins that
        stand for no gene, such as decoys.

    Returns
    -------
    dict
        Gene -> protein group, of the genes measured in a sample; the choice is that of
        :func:`markerkit.ids.representative.representatives`.

    Examples
    --------
    >>> matrix = pd.DataFrame({"P1": [4.0, np.nan], "P2": [3.0, 2.0]}, index=["ev", "cell"])
    >>> protein_of_gene(matrix, pd.Series({"P1": "CD63", "P2": "CD63"}))
    {'CD63': 'P2'}
    """
    n_measured = log2.notna().sum().to_numpy()
    chosen = representatives(
        genes.reindex(log2.columns).to_numpy(dtype=object),
        names=log2.columns,
        n_measured=n_measured,
        abundance=log2.mean().to_numpy(),
        eligible=n_measured > 0,
    )
    names = log2.columns.astype(str).tolist()
    return {gene: names[at] for gene, at in chosen.items()}
