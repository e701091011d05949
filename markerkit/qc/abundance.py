"""Where samples and markers lie in the whole: principal components, ranks of abundance, markers of MISEV2018."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from markerkit.catalog.criteria import load_criteria
from markerkit.catalog.load import MarkerCatalog
from markerkit.core.experiment import Experiment
from markerkit.preprocess.gene_values import aligned, middle_of, protein_of_gene
from markerkit.study.roles import SAMPLE, roles_of
from markerkit.tables.registry import TABLES
from markerkit.tables.spec import concat_rows

Array = npt.NDArray[np.float64]

_MISEV = "misev_"
#: sets whose agreement makes a MISEV marker of EV one of the key markers, the first ones drawn and labeled
_AGREEING = ("pan_ev", "exosome", "small_ev")
#: MISEV2018 categories of what should not be in an EV preparation whose markers are drawn and labeled first
_KEY_NEGATIVES = ("3a", "4c")


@dataclass(frozen=True)
class Abundance:
    """Tables ``pca``, ``rank_abundance`` and ``marker_abundance``."""

    pca: pd.DataFrame
    ranks: pd.DataFrame
    markers: pd.DataFrame


def abundance_of(exp: Experiment, markers: MarkerCatalog, groups: pd.Series) -> Abundance:
    """Place the samples and the MISEV2018 markers among all proteins.

    Parameters
    ----------
    exp
        Experiment before normalization.
    markers
        Catalog of its organism.
    groups
        Group of every sample.

    Returns
    -------
    Abundance
        Of the preparations: blanks and medium are left out, decoys as well, flagged contaminants only in the principal
        components. The samples are aligned on their medians.
    """
    samples = exp.samples.index[(roles_of(exp) == SAMPLE).to_numpy()]
    part = exp.select(samples=list(samples)) if len(samples) < exp.n_samples else exp
    groups = groups.loc[part.samples.index]
    values = aligned(part).loc[:, part.targets]
    genes = part.proteins.loc[part.targets, "gene"]
    named = misev_markers(markers)
    own = ~part.proteins.loc[part.targets, "is_contaminant"].to_numpy(dtype=bool)
    return Abundance(
        TABLES["pca"].conform(principal_components(values.loc[:, own], groups)),
        TABLES["rank_abundance"].conform(_ranks(values, genes, groups, named, ratios=exp.scale == "ratio")),
        TABLES["marker_abundance"].conform(_markers(values, genes, groups, named)),
    )


def misev_markers(markers: MarkerCatalog) -> pd.DataFrame:
    """List the genes of the MISEV2018 categories, and which of them are drawn first.

    Parameters
    ----------
    markers
        Catalog.

    Returns
    -------
    pandas.DataFrame
        Index: gene. ``category`` such as ``1a``, the first that holds the gene; ``key``: place among the key markers, 0 for
        the others. Key markers are those of categories 1 and 2 that the sets ``pan_ev`` and ``exosome`` hold as well,
        those in ``small_ev`` first; then categories 3a (albumin, apolipoproteins) and 4c (secretory pathway).

    Examples
    --------
    >>> import markerkit as mk
    >>> named = misev_markers(mk.load_markers())
    >>> list(named.index[named["key"].between(1, 4)])
    ['CD63', 'CD81', 'CD82', 'CD9']
    """
    category: dict[str, str] = {}
    for name in sorted(k for k in markers if k.startswith(_MISEV)):
        for gene in markers[name].positive:
            category.setdefault(gene, name.removeprefix(_MISEV))
    held = [set(markers[k].positive) if k in markers else set() for k in _AGREEING]
    agreement = {g: sum(g in members for members in held) for g in category}
    of_ev = [g for g, c in category.items() if c[:1] in "12" and agreement[g] >= len(_AGREEING) - 1]
    of_ev.sort(key=lambda g: -agreement[g])
    keys = of_ev + [g for c in _KEY_NEGATIVES for g in category if category[g] == c]
    place = {g: i for i, g in enumerate(keys, start=1)}
    return pd.DataFrame(
        {"category": list(category.values()), "key": [place.get(g, 0) for g in category]},
        index=pd.Index(list(category), name="gene", dtype=object),
    )


def principal_components(values: pd.DataFrame, groups: pd.Series) -> pd.DataFrame:
    """Scores of the samples on the first two principal components.

    Parameters
    ----------
    values
        Log2 abundances, samples x proteins, missing = NaN.
    groups
        Group of every sample.

    Returns
    -------
    pandas.DataFrame
        Columns of the table ``pca``. Only proteins measured in every sample count, none is imputed; each sample is
        centered on their median and each protein on its mean. The sign of a component is such that its largest loading
        is positive.

    Notes
    -----
    Singular value decomposition of the centered matrix (Jolliffe and Cadima 2016, Phil. Trans. R. Soc. A 374:20150202).
    """
    complete = values.loc[:, values.notna().all()].to_numpy(dtype=float)
    n, p = complete.shape
    least = int(load_criteria().threshold["outlier_min_proteins"])
    table = pd.DataFrame({"sample": values.index, "group": groups.to_numpy(), "n_proteins": p})
    why = ""
    if n < 3:
        why = f"{n} samples; principal components take three"
    elif p < least:
        why = f"{p} proteins were measured in every one of {n} samples; {least} are needed"
    else:
        centered = complete - np.median(complete, axis=1, keepdims=True)
        centered -= centered.mean(axis=0)
        u, s, v = np.linalg.svd(centered, full_matrices=False)
        if s[0] <= 1e-9 * np.sqrt(complete.size):
            why = "the samples do not differ"
        else:
            sign = np.sign(v[np.arange(2), np.abs(v[:2]).argmax(axis=1)])
            share = s**2 / (s**2).sum()
            for i in range(2):
                table[f"pc{i + 1}"] = u[:, i] * s[i] * sign[i]
                table[f"explained_pc{i + 1}"] = share[i]
    return table.assign(status="not computed" if why else "computed", reason=why)


def _ranks(
    values: pd.DataFrame, genes: pd.Series, groups: pd.Series, named: pd.DataFrame, *, ratios: bool
) -> pd.DataFrame:
    """Rank the proteins of every group by their mean; ratios to a reference have no rank within a sample."""
    parts = []
    chosen = protein_of_gene(values, genes)
    gene_of = {protein: gene for gene, protein in chosen.items() if gene in named.index}
    category, key = named["category"].to_dict(), named["key"].to_dict()
    for name in [] if ratios else dict.fromkeys(groups):
        own = values.loc[(groups == name).to_numpy()]
        n = own.notna().sum()
        kept = own.columns[(n > 0) & (n >= len(own) / 2)]
        mean = own[kept].mean()
        order = np.lexsort((kept.astype(str), -mean.to_numpy()))
        proteins = kept[order]
        marker = [gene_of.get(p, "") for p in proteins.astype(str).tolist()]
        parts.append(
            pd.DataFrame(
                {
                    "group": name,
                    "rank": np.arange(1, len(order) + 1),
                    "protein": proteins,
                    "gene": genes.reindex(proteins).to_numpy(),
                    "log2_mean": mean.to_numpy()[order],
                    "n_measured": n[proteins].to_numpy(),
                    "n_samples": len(own),
                    "category": [category.get(g, "") for g in marker],
                    "key": [key.get(g, 0) for g in marker],
                }
            )
        )
    return concat_rows(parts)


def _markers(values: pd.DataFrame, genes: pd.Series, groups: pd.Series, named: pd.DataFrame) -> pd.DataFrame:
    """Value of every MISEV2018 marker in every sample; a marker that no sample has takes one row."""
    chosen = protein_of_gene(values, genes)
    known = named[named.index.isin(chosen)]
    proteins = [chosen[g] for g in known.index]
    log2, n = values[proteins], len(values)
    over = log2.sub(middle_of(values), axis=0).to_numpy().ravel(order="F")
    found = known.rename_axis("gene").reset_index().loc[np.repeat(np.arange(len(known)), n)]
    found = found.assign(
        protein=np.repeat(np.asarray(proteins, dtype=object), n),
        sample=np.tile(values.index.astype(str), len(known)),
        group=np.tile(groups.to_numpy(), len(known)),
        log2=log2.to_numpy().ravel(order="F"),
        over_median=over,
        status=np.where(np.isfinite(over), "measured", "not measured"),
    )
    absent = named[~named.index.isin(chosen)].rename_axis("gene").reset_index()
    absent = absent.assign(status="not in the table", sample="", group="", protein="")
    order = {g: i for i, g in enumerate(named.index)}
    rows = concat_rows([found, absent])
    return (
        rows.sort_values("gene", key=lambda g: g.map(order), kind="stable", ignore_index=True)
        if len(rows)
        else rows
    )
