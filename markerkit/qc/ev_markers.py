"""EV markers of general EV evidence in single samples: which, at what rank, and one score from them."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import stdtrit
from scipy.stats import rankdata

from markerkit.catalog.criteria import load_criteria
from markerkit.catalog.load import MarkerCatalog
from markerkit.core.experiment import Experiment
from markerkit.ids.representative import gene_rows


def layer_a_genes(markers: MarkerCatalog, *, blood: bool) -> pd.Series:
    """Genes of general EV evidence (EV material): gene -> sets that hold it, joined by ``;``.

    Parameters
    ----------
    markers
        Catalogue.
    blood
        Leave out the genes of the blood-cell panels, as the verdict does.
    """
    rule = load_criteria().classes["ev"]
    table = markers.table
    rows = table[table["set"].isin(rule.sets) & (table["role"] == "positive") & (table["weight"] > 0)]
    if blood:
        panels = table["set"].isin(rule.blood_panels_removed) & (table["weight"] > 0)
        rows = rows[~rows["gene"].isin(set(table.loc[panels, "gene"]))]
    return rows[rows["gene"] != ""].groupby("gene", sort=True)["set"].agg(";".join)


def layer_a_ranks(exp: Experiment, markers: MarkerCatalog, *, blood: bool) -> pd.DataFrame:
    """EV score of each sample from the ranks of the general EV evidence markers.

    Parameters
    ----------
    exp
        Harmonised experiment, raw or log2.
    markers
        Catalogue.
    blood
        Leave out the genes of the blood-cell panels.

    Returns
    -------
    On the samples: ``ev_rank``, the mean percentile rank (0 to 100) of the
    markers seen among all genes of the sample; ``ci_low`` and ``ci_high``, t
    interval over the markers; ``ev_score``, the same sum over all general EV evidence markers of the
    catalogue, unseen ones at 0; ``n_measured``, ``n_set``.
    """
    genes = layer_a_genes(markers, blood=blood)
    ranks = gene_ranks(exp)
    inside = ranks.loc[:, ranks.columns.isin(genes.index)].to_numpy()
    n = (~np.isnan(inside)).sum(axis=1)
    total = np.nansum(inside, axis=1)
    mean = np.divide(total, n, out=np.full(len(n), np.nan), where=n > 0)
    spread = np.nansum((inside - mean[:, None]) ** 2, axis=1)
    some = np.maximum(n, 2)
    confidence = load_criteria().threshold["confidence"]
    reach = stdtrit(some - 1, 0.5 + confidence / 2) * np.sqrt(spread / (some - 1) / some)
    reach = np.where(n >= 3, reach, np.nan)
    return pd.DataFrame(
        {
            "ev_rank": mean,
            "ci_low": np.maximum(0, mean - reach),
            "ci_high": np.minimum(100, mean + reach),
            "ev_score": np.where(n > 0, total, np.nan) / len(genes),
            "n_measured": n,
            "n_set": len(genes),
        },
        index=exp.samples.index,
    )


def gene_ranks(exp: Experiment) -> pd.DataFrame:
    """Percentile rank (0 to 100) of every gene among those measured in each sample, samples x genes."""
    rows = gene_rows(exp)
    values = exp.values[rows.to_numpy()].to_numpy()
    ranks = np.full(values.shape, np.nan)
    for i, row in enumerate(values):
        seen = ~np.isnan(row)
        if seen.any():
            ranks[i, seen] = 100 * (rankdata(row[seen]) - 0.5) / seen.sum()
    return pd.DataFrame(ranks, index=exp.samples.index, columns=rows.index)
