"""EV markers (general EV evidence) in single samples: which, at what rank, and one score from them."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from markerkit.catalog.criteria import load_criteria
from markerkit.catalog.load import MarkerCatalog
from markerkit.core.experiment import Experiment
from markerkit.ids.representative import gene_rows
from markerkit.stats.order import mid_ranks


def ev_marker_genes(markers: MarkerCatalog, *, blood: bool) -> pd.Series:
    """Genes of general EV evidence: gene -> sets that hold it, joined by ``;``.

    Parameters
    ----------
    markers
        Catalog.
    blood
        Leave out the genes of the blood-cell panels, as the verdict does.
    """
    rule = load_criteria().classes["ev"]
    table = markers.table
    rows = table[table["set"].isin(rule.sets) & (table["role"] == "positive") & (table["weight"] > 0)]
    if blood:
        rows = rows[~rows["gene"].isin(blood_panel_genes(markers))]
    return rows[rows["gene"] != ""].groupby("gene", sort=True)["set"].agg(";".join)


def blood_panel_genes(markers: MarkerCatalog) -> set[str]:
    """Genes of the panels of blood cells, which are no EV markers in blood."""
    table = markers.table
    panels = table["set"].isin(load_criteria().classes["ev"].blood_panels_removed) & (table["weight"] > 0)
    return set(table.loc[panels, "gene"]) - {""}


def ev_marker_ranks(exp: Experiment, markers: MarkerCatalog, *, blood: bool) -> pd.DataFrame:
    """EV score of each sample from the ranks of its EV markers.

    Parameters
    ----------
    exp
        Harmonized experiment, raw or log2.
    markers
        Catalog.
    blood
        Leave out the genes of the blood-cell panels.

    Returns
    -------
    One row per sample: ``ev_rank``, the mean percentile rank (0 to 100) of the
    markers measured, among all genes of the sample; ``ci_low`` and ``ci_high``, t
    interval over the markers, missing with fewer than ``min_markers_source``;
    ``ev_score``, the same sum over all EV markers of the catalog, missing ones
    at 0; ``n_measured``, ``n_set``.
    """
    t = load_criteria().threshold
    genes = ev_marker_genes(markers, blood=blood)
    ranks = gene_ranks(exp)
    inside = ranks.loc[:, ranks.columns.isin(genes.index)].to_numpy()
    n = (~np.isnan(inside)).sum(axis=1)
    total = np.nansum(inside, axis=1)
    mean = np.divide(total, n, out=np.full(len(n), np.nan), where=n > 0)
    squares = np.nansum((inside - mean[:, None]) ** 2, axis=1)
    m = np.maximum(n, 2)
    reach = stdtrit(m - 1, 0.5 + t["confidence"] / 2) * np.sqrt(squares / (m - 1) / m)
    reach = np.where(n >= t["min_markers_source"], reach, np.nan)
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
    """Percentile rank (0 to 100) of every gene among those measured in each sample, samples x genes, made once."""
    return exp.kept("gene_ranks", lambda: _gene_ranks(exp))


def _gene_ranks(exp: Experiment) -> pd.DataFrame:
    rows = gene_rows(exp)
    values = exp.values[rows.to_numpy()].to_numpy()
    # in each row ranks 1 to n over the measured genes, NaN elsewhere
    ranks = mid_ranks(values)
    n = (~np.isnan(values)).sum(axis=1, keepdims=True)
    percent = 100 * (ranks - 0.5) / np.maximum(n, 1)
    return pd.DataFrame(percent, index=exp.samples.index, columns=rows.index)
