"""Indices of single samples that other works define: plasma quality and the two-axis rank index."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import pandas as pd

from markerkit.catalog.load import MarkerCatalog
from markerkit.core.experiment import Experiment
from markerkit.core.signal import Signal
from markerkit.ids.representative import gene_rows
from markerkit.stats.order import mid_ranks

Array = npt.NDArray[np.float64]

#: index -> sets whose members of the published panel count
PLASMA_PANELS: dict[str, tuple[str, ...]] = {
    "geyer2019_platelet": ("platelet",),
    "geyer2019_erythrocyte": ("erythrocyte",),
    "geyer2019_coagulation": ("serum_vs_plasma",),
}
_PANEL_SOURCE = "geyer2019"
#: sets of the contaminants of the two-axis index: what MISEV2018 lists as co-isolates and as other compartments
CONTAMINANTS = ("misev_3a", "misev_3b", "misev_4a", "misev_4b")


def plasma_panel(markers: MarkerCatalog, index: str) -> list[str]:
    """Genes of a panel of Geyer et al. 2019 in the catalog, those that are listed only included."""
    table = markers.table
    inside = table["set"].isin(PLASMA_PANELS[index]) & (table["source"] == _PANEL_SOURCE)
    return sorted(set(table.loc[inside, "gene"]) - {""})


def plasma_indices(signal: Signal, markers: MarkerCatalog) -> pd.DataFrame:
    """Plasma quality indices of Geyer et al. 2019: summed signal of a panel over that of all proteins.

    Parameters
    ----------
    signal
        Of an experiment before normalization. The indices are published on signal.
    markers
        Catalog.

    Returns
    -------
    One row per sample and index: ``sample``, ``item``, ``value`` (share, 0 to 1),
    ``n_set``, ``n_measured`` (panel members that the sample shows).

    Notes
    -----
    The panels hold ubiquitous proteins such as actin, which vesicles carry
    too: in a vesicle preparation an index does not measure platelets. Cut-offs
    hold for the workflow that they were found in and are not given here.

    References
    ----------
    doi:10.15252/emmm.201910427
    """
    rows = []
    for index in PLASMA_PANELS:
        panel = plasma_panel(markers, index)
        part = signal.of(panel)
        rows.append(_rows(signal.values.index, index, part.share, len(panel), part.n_measured))
    return pd.concat(rows, ignore_index=True)


def two_axis(exp: Experiment, markers: MarkerCatalog, ev: Iterable[str]) -> pd.DataFrame:
    """Two-axis rank index as in EVqualityMS: mean rank of EV markers and of contaminants, missing ones at the bottom.

    Parameters
    ----------
    exp
        Harmonized experiment on any scale.
    markers
        Catalog; it gives the contaminants.
    ev
        Genes of the EV axis.

    Returns
    -------
    One row per sample and item: the two axes ``two_axis_ev`` and
    ``two_axis_contaminants`` (0 to 1) and their difference ``two_axis_index``.

    Notes
    -----
    In each sample missing proteins count as 0, all are ranked (ties share their
    mean rank) and the ranks are divided by the largest; an axis is the sum of
    the ranks of its list over the length of the whole list. A gene is
    represented by the protein group that represents it everywhere
    (:func:`markerkit.ids.representative.gene_rows`). The lists are those of this
    catalog, not those of EVqualityMS, so values cannot be compared with its own
    reference. The divisor makes shallow runs look poor on both axes: a score for
    comparison, which no verdict and no flag uses.
    """
    lists = {"two_axis_ev": set(ev), "two_axis_contaminants": _contaminants(markers) - set(ev)}
    values = exp.values.loc[:, exp.targets]
    ranks = pd.DataFrame(_scaled_ranks(values.to_numpy()), index=values.index, columns=values.columns)
    group_of = gene_rows(exp)
    rows, axes = [], {}
    for item, genes in lists.items():
        groups = group_of[group_of.index.isin(genes)]
        axes[item] = ranks[groups].sum(axis=1).to_numpy() / max(len(genes), 1)
        n_measured = values[groups].notna().sum(axis=1).to_numpy()
        rows.append(_rows(values.index, item, axes[item], len(genes), n_measured))
    difference = axes["two_axis_ev"] - axes["two_axis_contaminants"]
    n_measured = np.sum([r["n_measured"].to_numpy() for r in rows], axis=0)
    rows.append(_rows(values.index, "two_axis_index", difference, sum(map(len, lists.values())), n_measured))
    return pd.concat(rows, ignore_index=True)


def _contaminants(markers: MarkerCatalog) -> set[str]:
    table = markers.table
    unwanted = table["set"].isin(CONTAMINANTS) & (table["role"] == "positive") & (table["weight"] > 0)
    return set(table.loc[unwanted, "gene"]) - {""}


def _scaled_ranks(values: Array) -> Array:
    """Ranks within each sample over the largest one, missing values tied at the bottom, shape of `values`."""
    below = np.nanmin(values) - 1 if np.isfinite(values).any() else 0.0
    ranks = mid_ranks(np.where(np.isnan(values), below, values))
    # no rank is below 1, and where there is no protein there is no largest one
    return np.asarray(ranks / ranks.max(axis=1, keepdims=True, initial=1.0))


def _rows(
    samples: pd.Index, item: str, value: Array, n_set: int, n_measured: npt.NDArray[np.int_]
) -> pd.DataFrame:
    return pd.DataFrame(
        {"sample": samples, "item": item, "value": value, "n_set": n_set, "n_measured": n_measured}
    )
