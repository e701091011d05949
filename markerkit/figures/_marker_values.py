"""The table of the marker heat map, from a matrix and sets of genes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pandas as pd

from markerkit.ids.representative import representatives


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
    best = dict(zip(chosen.index, log2.columns[chosen.to_numpy()], strict=True))
    centred = log2 - log2.mean()
    parts = [
        pd.DataFrame(
            {
                "set": key,
                "gene": gene,
                "sample": log2.index.astype(str),
                "value": centred[best[gene]].to_numpy(),
            }
        )
        for key, members in sets.items()
        for gene in dict.fromkeys(members)
        if gene in best
    ]
    columns = ["set", "gene", "sample", "value"]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)
