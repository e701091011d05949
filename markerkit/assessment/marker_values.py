"""The table of the marker heat map, from a matrix and sets of genes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from markerkit.catalog.load import MarkerCatalog
from markerkit.core.experiment import Experiment
from markerkit.ids.representative import representatives
from markerkit.preprocess.steps import normalize
from markerkit.study.contrast import Contrast

_SETS = ("exosome", "microvesicle", "apoptotic_body", "apoptotic_ev", "pan_ev")


def class_marker_values(exp: Experiment, markers: MarkerCatalog, contrast: Contrast | None) -> pd.DataFrame:
    """Gather the normalized abundances of the classes' markers in the samples of a contrast.

    Parameters
    ----------
    exp
        Experiment as assessed.
    markers
        Catalog of the marker sets.
    contrast
        Contrast whose case and control samples to take; all samples without one.

    Returns
    -------
    pandas.DataFrame
        As :func:`marker_values` gives it.
    """
    if contrast is not None:
        case, control = contrast.groups(exp)
        exp = exp.select(samples=[*case, *control])
    logs = exp.logged()
    values = normalize(logs).values if np.isfinite(logs.values.to_numpy()).any() else logs.values
    sets = {k: markers[k].positive for k in _SETS if k in markers}
    return marker_values(values, exp.proteins.loc[exp.targets, "gene"], sets)


def marker_values(log2: pd.DataFrame, genes: pd.Series, sets: Mapping[str, Iterable[str]]) -> pd.DataFrame:
    """Centre the abundances of markers per protein, in the shape that the heat map reads.

    Parameters
    ----------
    log2
        Log2 abundances, samples x proteins, missing = NaN; normalized, if
        samples are to be compared.
    genes
        Gene symbol of each protein; empty, or no entry, for proteins that
        stand for no gene, such as decoys.
    sets
        Set id -> gene symbols.

    Returns
    -------
    Columns ``set``, ``gene``, ``sample``, ``value``: one row per marker and sample.
    Of several protein groups of a gene one is taken, as everywhere; see
    :func:`markerkit.ids.representative.representatives`.

    Examples
    --------
    >>> matrix = pd.DataFrame({"P1": [4.0, 2.0]}, index=["ev", "cell"])
    >>> marker_values(matrix, pd.Series({"P1": "CD63"}), {"exosome": ["CD63", "CD9"]})["value"].tolist()
    [1.0, -1.0]
    """
    n_measured = log2.notna().sum().to_numpy()
    chosen = representatives(
        genes.reindex(log2.columns).to_numpy(dtype=object),
        names=log2.columns,
        n_measured=n_measured,
        abundance=log2.mean().to_numpy(),
        eligible=n_measured > 0,
    )
    best = {gene: log2.columns[at] for gene, at in chosen.items()}
    centered = log2 - log2.mean()
    parts = [
        pd.DataFrame(
            {
                "set": key,
                "gene": gene,
                "sample": log2.index.astype(str),
                "value": centered[best[gene]].to_numpy(),
            }
        )
        for key, members in sets.items()
        for gene in dict.fromkeys(members)
        if gene in best
    ]
    columns = ["set", "gene", "sample", "value"]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)
