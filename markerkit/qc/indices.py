"""Indices of single samples that other works define: plasma quality and the two-axis rank index."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import rankdata

from markerkit.catalog.load import MarkerCatalog
from markerkit.core.experiment import Experiment
from markerkit.ids.representative import gene_rows

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
    """Genes of a panel of Geyer et al. 2019 in the catalogue, those that are listed only included."""
    table = markers.table
    inside = table["set"].isin(PLASMA_PANELS[index]) & (table["source"] == _PANEL_SOURCE)
    return sorted(set(table.loc[inside, "gene"]) - {""})


def plasma_indices(exp: Experiment, markers: MarkerCatalog) -> pd.DataFrame:
    """Plasma quality indices of Geyer et al. 2019: summed signal of a panel over that of all proteins.

    Parameters
    ----------
    exp
        Harmonised experiment before normalization; not on ratios.
    markers
        Catalogue.

    Returns
    -------
    A row a sample and index: ``sample``, ``item``, ``value`` (share, 0 to 1),
    ``n_set``, ``n_measured`` (panel members that the sample shows).

    Notes
    -----
    The panels hold ubiquitous proteins such as actin, which vesicles carry
    too: in a vesicle preparation an index is no measure of platelets. Cut-offs
    hold for the workflow that they were found in and are not given here.

    References
    ----------
    doi:10.15252/emmm.201910427
    """
    linear, gene = _linear(exp)
    total = np.nansum(linear, axis=1)
    rows = []
    for index in PLASMA_PANELS:
        panel = plasma_panel(markers, index)
        inside = gene.isin(panel).to_numpy()
        part = np.nansum(linear[:, inside], axis=1)
        seen = _genes_seen(linear[:, inside], gene[inside])
        value = np.divide(part, total, out=np.full(len(total), np.nan), where=(total > 0) & (seen > 0))
        rows.append(
            pd.DataFrame(
                {
                    "sample": exp.samples.index,
                    "item": index,
                    "value": value,
                    "n_set": len(panel),
                    "n_measured": seen,
                }
            )
        )
    return pd.concat(rows, ignore_index=True)


def two_axis(exp: Experiment, markers: MarkerCatalog, ev: Iterable[str]) -> pd.DataFrame:
    """Two-axis rank index as in EVqualityMS: mean rank of EV markers and of contaminants, unseen ones at the bottom.

    Parameters
    ----------
    exp
        Harmonised experiment on any scale.
    markers
        Catalogue; it gives the contaminants.
    ev
        Genes of the EV axis.

    Returns
    -------
    A row a sample and item: the two axes ``two_axis_ev`` and
    ``two_axis_contaminants`` (0 to 1) and their difference ``two_axis_index``.

    Notes
    -----
    In each sample unseen proteins count as 0, all are ranked (ties share their
    mean rank) and the ranks are divided by the largest; an axis is the sum of
    the ranks of its list over the length of the whole list. The lists are those
    of this catalogue, not those of EVqualityMS, so values cannot be compared
    with its own reference. The divisor makes shallow runs look poor on both axes:
    a score for comparison, which no verdict and no flag reads.
    """
    ev = set(ev)
    table = markers.table
    unwanted = table["set"].isin(CONTAMINANTS) & (table["role"] == "positive") & (table["weight"] > 0)
    lists = {
        "two_axis_ev": ev,
        "two_axis_contaminants": set(table.loc[unwanted, "gene"]) - {""} - ev,
    }
    values = exp.matrix[:, exp.targets]
    names = exp.proteins.index[exp.targets]
    of_gene = gene_rows(exp)  # of several groups of one gene one counts, as everywhere
    below = np.nanmin(values) - 1 if np.isfinite(values).any() else 0.0
    ranks = rankdata(np.where(np.isnan(values), below, values), axis=1)
    ranks /= ranks.max(axis=1, keepdims=True)
    rows, axes = [], {}
    for item, genes in lists.items():
        at = names.get_indexer(pd.Index(of_gene[of_gene.index.isin(genes)], dtype=object))
        axes[item] = ranks[:, at].sum(axis=1) / max(len(genes), 1)
        measured = (~np.isnan(values[:, at])).sum(axis=1)
        rows.append(_block(exp, item, axes[item], len(genes), measured))
    difference = axes["two_axis_ev"] - axes["two_axis_contaminants"]
    both = [r["n_measured"].to_numpy() for r in rows]
    rows.append(_block(exp, "two_axis_index", difference, sum(map(len, lists.values())), both[0] + both[1]))
    return pd.concat(rows, ignore_index=True)


def _block(exp: Experiment, item: str, value: Array, n_set: int, seen: npt.NDArray[np.int_]) -> pd.DataFrame:
    return pd.DataFrame(
        {"sample": exp.samples.index, "item": item, "value": value, "n_set": n_set, "n_measured": seen}
    )


def _linear(exp: Experiment) -> tuple[Array, pd.Series]:
    """Linear signal without decoys, and the genes of its columns."""
    return exp.linear(decoys=False).to_numpy(), exp.proteins.loc[exp.targets, "gene"]


def _genes_seen(block: Array, gene: pd.Series) -> npt.NDArray[np.int_]:
    """Genes that each sample shows; `block` samples x proteins."""
    if not block.shape[1]:
        return np.zeros(block.shape[0], dtype=int)
    shown = pd.DataFrame((~np.isnan(block)).T).groupby(gene.to_numpy()).any()
    return np.asarray(shown.sum().to_numpy(), dtype=int)
