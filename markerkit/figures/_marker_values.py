"""The table of the marker heat map, from a matrix and sets of genes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pandas as pd


def marker_values(log2: pd.DataFrame, genes: pd.Series, sets: Mapping[str, Iterable[str]]) -> pd.DataFrame:
    """Centre the abundances of markers per protein, in the shape that the heat map reads.

    Parameters
    ----------
    log2
        Log2 abundances, samples x proteins, missing = NaN; normalized, if
        samples are to be compared.
    genes
        Gene symbol of each protein.
    sets
        Set id -> gene symbols.

    Returns
    -------
    Columns ``set``, ``gene``, ``sample``, ``value``: a row a marker and sample.
    Of several protein groups of a gene the one measured most often is taken.

    Examples
    --------
    >>> matrix = pd.DataFrame({"P1": [4.0, 2.0]}, index=["ev", "cell"])
    >>> marker_values(matrix, pd.Series({"P1": "CD63"}), {"exosome": ["CD63", "CD9"]})["value"].tolist()
    [1.0, -1.0]
    """
    symbols = genes.reindex(log2.columns).fillna("").astype(str)
    seen = log2.notna().sum().sort_values(ascending=False, kind="stable")
    order = seen.index[(seen > 0).to_numpy() & (symbols.reindex(seen.index) != "").to_numpy()]
    best = {symbols[p]: p for p in reversed(list(order))}
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
