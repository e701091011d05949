"""The tables of the heat maps: markers by set, and the significant proteins of a contrast."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from markerkit.catalog.load import MarkerCatalog
from markerkit.core.experiment import Experiment
from markerkit.preprocess.gene_values import aligned, middle_of, protein_of_gene
from markerkit.study.contrast import Contrast

_SETS = ("exosome", "microvesicle", "apoptotic_body", "apoptotic_ev", "pan_ev")


def heat_map_tables(
    exp: Experiment,
    markers: MarkerCatalog,
    tested: pd.DataFrame,
    contrast: Contrast | None,
    *,
    with_markers: bool = True,
) -> dict[str, pd.DataFrame]:
    """Gather what the heat maps of a contrast draw; the significant proteins of `tested` only where there is a contrast."""
    found = {}
    if contrast is not None:
        found["significant_values"] = significant_values(exp, tested, contrast)
    if with_markers:
        found["marker_values"] = class_marker_values(exp, markers, contrast)
    return found


def class_marker_values(exp: Experiment, markers: MarkerCatalog, contrast: Contrast | None) -> pd.DataFrame:
    """Gather the normalized abundances of the classes' markers in the samples of a contrast.

    Parameters
    ----------
    exp
        Experiment as assessed.
    markers
        Catalog of the marker sets.
    contrast
        Contrast whose case and control samples to take; all samples without one, whose values are over the median of
        the sample.

    Returns
    -------
    pandas.DataFrame
        As :func:`marker_values` gives it.
    """
    values = aligned(_samples_of(exp, contrast))
    sets = {k: markers[k].positive for k in _SETS if k in markers}
    genes = exp.proteins.loc[exp.targets, "gene"]
    if contrast is not None:
        return marker_values(values, genes, sets)
    # without groups to compare, centering would leave noise alone
    return marker_values(values.sub(middle_of(values), axis=0), genes, sets, centered=False)


def significant_values(
    exp: Experiment, tested: pd.DataFrame, contrast: Contrast, *, most: int = 50, alpha: float = 0.05
) -> pd.DataFrame:
    """Gather the normalized abundances of the most significant proteins in the samples of a contrast.

    Parameters
    ----------
    exp
        Experiment as assessed.
    tested
        Table ``differential_abundance``; other contrasts than this one are passed over.
    contrast
        Contrast whose case and control samples to take.
    most
        Proteins at most, those with the smallest adjusted p first.
    alpha
        False discovery rate up to which a protein is significant.

    Returns
    -------
    pandas.DataFrame
        Columns ``protein``, ``gene``, ``sample``, ``group``, ``value`` (log2, normalized, missing = NaN), ``padj``,
        ``n_significant`` (significant proteins of the contrast): one row per protein and sample.

    Examples
    --------
    >>> import markerkit as mk
    >>> exp = mk.load_example()
    >>> ev = mk.Contrast("fraction", "EV", "lysate")
    >>> da = mk.differential_abundance(exp.pipe(mk.log2).pipe(mk.normalize), ev)
    >>> table = significant_values(exp, da.table, ev, most=3)
    >>> table["protein"].nunique(), table["sample"].nunique()
    (3, 12)
    """
    mine = tested[(tested["contrast"] == contrast.name) & (tested["padj"] <= alpha)]
    first = mine.sort_values(["padj", "pvalue", "protein"], kind="stable").head(most)
    values = aligned(_samples_of(exp, contrast))[list(first["protein"])]
    case, _ = contrast.groups(exp)
    columns = {
        "protein": np.repeat(first["protein"].to_numpy(dtype=object), len(values)),
        "gene": np.repeat(first["gene"].to_numpy(dtype=object), len(values)),
        "sample": np.tile(values.index.astype(str).to_numpy(dtype=object), len(first)),
        "group": np.tile(np.where(values.index.isin(case), contrast.case, contrast.control), len(first)),
        "value": values.to_numpy(dtype=float).T.ravel(),
        "padj": np.repeat(first["padj"].to_numpy(dtype=float), len(values)),
    }
    return pd.DataFrame(columns).assign(n_significant=len(mine))


def _samples_of(exp: Experiment, contrast: Contrast | None) -> Experiment:
    """Keep the samples of a contrast; all samples without one."""
    if contrast is None:
        return exp
    case, control = contrast.groups(exp)
    return exp.select(samples=[*case, *control])


def marker_values(
    log2: pd.DataFrame, genes: pd.Series, sets: Mapping[str, Iterable[str]], *, centered: bool = True
) -> pd.DataFrame:
    """Gather the abundances of markers in the shape that the heat map reads.

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
    centered
        Center every protein on its mean; otherwise the values are taken to be over the median of their sample.

    Returns
    -------
    Columns ``set``, ``gene``, ``sample``, ``value`` and ``scale``: one row per marker and sample.
    Of several protein groups of a gene one is taken, as everywhere; see
    :func:`markerkit.ids.representative.representatives`.

    Examples
    --------
    >>> matrix = pd.DataFrame({"P1": [4.0, 2.0]}, index=["ev", "cell"])
    >>> marker_values(matrix, pd.Series({"P1": "CD63"}), {"exosome": ["CD63", "CD9"]})["value"].tolist()
    [1.0, -1.0]
    """
    best = protein_of_gene(log2, genes)
    shown = log2 - log2.mean() if centered else log2
    scale = "centered per protein" if centered else "over the median of the sample"
    parts = [
        pd.DataFrame(
            {
                "set": key,
                "gene": gene,
                "sample": log2.index.astype(str),
                "value": shown[best[gene]].to_numpy(),
                "scale": scale,
            }
        )
        for key, members in sets.items()
        for gene in dict.fromkeys(members)
        if gene in best
    ]
    columns = ["set", "gene", "sample", "value", "scale"]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)
