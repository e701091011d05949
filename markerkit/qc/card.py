"""quality: what each sample shows by itself, without a comparator."""

from __future__ import annotations

import numpy as np
import pandas as pd

from markerkit.catalog.criteria import load_criteria
from markerkit.catalog.load import MarkerCatalog, load_markers
from markerkit.core.errors import InputError, one_of, require_columns
from markerkit.core.experiment import Experiment
from markerkit.preprocess import log2
from markerkit.purity.blanks import blank_content
from markerkit.purity.shares import source_shares
from markerkit.qc.bovine import bovine_rows
from markerkit.qc.ev_markers import gene_ranks, layer_a_genes, layer_a_ranks
from markerkit.qc.outliers import LOOK, far, far_in_groups, similarity
from markerkit.qc.shares import index_rows, percentiles, share_rows, yardstick_of
from markerkit.results import Blanks, Quality
from markerkit.sets.scoring import require_matches
from markerkit.study.contrast import BLOOD, FLUIDS
from markerkit.study.roles import SAMPLE, roles_of
from markerkit.tables.registry import TABLES

WHOLE = "all samples"
_EV_WORDS = {
    "ev_rank": "mean percentile rank of the EV markers seen, among the proteins of the sample",
    "ev_score": "the same with unseen EV markers at 0: presence and rank in one; falls with depth",
}
_NO_PRESENCE = "imputed or requantified matrix: presence cannot be read from it"
_NO_RANK = "ratios to a reference channel cannot be ranked within a sample"


def quality(
    exp: Experiment,
    markers: MarkerCatalog | None = None,
    *,
    group: str | None = None,
    fluid: str | None = None,
) -> Quality:
    """Describe every sample by itself: the quality card.

    Parameters
    ----------
    exp
        Harmonised experiment before normalization. A sample column ``role``
        tells procedural blanks and medium (:data:`markerkit.study.roles.ROLES`).
    markers
        Catalogue of its organism; the shipped one by default.
    group
        Sample column within which outliers are looked for; all samples by default.
    fluid
        What the samples come from: chooses the reference distribution, leaves the genes of
        blood cells out of the EV markers in blood, and asks for bovine entries
        in culture.

    Returns
    -------
    Quality
        ``table``: a row a sample and item, never a class call: depth, every EV
        marker (seen or not, rank), EV ranks, shares of signal with interval,
        indices, the bovine check and similarity to the other samples.
        ``blanks``: content of blanks and medium.

    Raises
    ------
    InputError
        Imputed values, a normalized experiment, an absent column, an unknown fluid or role, no
        gene that matches.

    Examples
    --------
    >>> import markerkit as mk
    >>> card = mk.quality(mk.load_example(), mk.load_markers(), fluid="culture")
    >>> sorted(card.table["kind"].unique())
    ['check', 'depth', 'ev', 'index', 'marker', 'outlier', 'share']
    """
    exp.refuse_imputed()
    if exp.has_verb("normalize"):
        raise InputError(
            "quality is read before normalization, which cancels it; give the experiment as it was read."
        )
    if fluid is not None:
        one_of("fluid", fluid, FLUIDS)
    if group is not None:
        require_columns(exp.samples, [group], what="the sample sheet")
    markers = load_markers(organism=exp.organism) if markers is None else markers
    require_matches(exp, markers)
    return quality_of(exp, markers, group=group, fluid=fluid, blanks=blank_content(exp, markers))


def quality_of(
    exp: Experiment,
    markers: MarkerCatalog,
    *,
    group: str | None,
    fluid: str | None,
    blanks: pd.DataFrame,
    shares: pd.DataFrame | None = None,
) -> Quality:
    """Quality card with the blanks compared and the source shares computed already; see :func:`quality`."""
    blood = fluid in BLOOD
    genes = layer_a_genes(markers, blood=blood)
    if shares is None:
        shares = source_shares(exp, markers)
    groups = _groups(exp, group)
    parts = [
        _depth(exp, groups),
        _ev(exp, markers, genes, fluid),
        share_rows(exp, markers, shares, groups, fluid),
        index_rows(exp, markers, genes, shares),
        bovine_rows(exp, markers, fluid=fluid),
        _outliers(exp, groups),
        _markers(exp, genes),
    ]
    table = pd.concat([p for p in parts if len(p)], ignore_index=True)
    names = table["sample"]
    table = table.assign(role=names.map(roles_of(exp)), group=names.map(groups))
    order = {s: i for i, s in enumerate(exp.samples.index)}
    table = table.sort_values("sample", key=lambda s: s.map(order), kind="stable")
    params = {"group": group, "fluid": fluid}
    return Quality(TABLES["sample_quality"].conform(table), params, blanks=Blanks(blanks))


def _groups(exp: Experiment, group: str | None) -> pd.Series:
    """Group of every sample; blanks and medium each stand by themselves."""
    role = roles_of(exp)
    if group is None:
        named = pd.Series(WHOLE, index=exp.samples.index, dtype=object)
    else:
        column = exp.samples[group]
        named = column.where(column.notna(), f"no {group}").astype(str).astype(object)
    return named.where(role == SAMPLE, role)


# ---- depth and EV markers --------------------------------------------------------


def _depth(exp: Experiment, groups: pd.Series) -> pd.DataFrame:
    seen = exp.values.loc[:, ~exp.proteins["is_decoy"].to_numpy(bool)].notna()
    count = seen.sum(axis=1)
    # few proteins are what to look at: the inverse is large where the count is small
    shallow = far_in_groups(1.0 / count.clip(lower=1), groups, "outlier_fold")
    meaning = np.where(
        shallow, "proteins measured: far fewer than in the other samples of the group", "proteins measured"
    )
    return pd.DataFrame(
        {
            "sample": exp.samples.index,
            "kind": "depth",
            "item": "proteins_measured",
            "value": count.to_numpy(float),
            "unit": "proteins",
            "n_set": seen.shape[1],
            "n_measured": count.to_numpy(),
            "flag": np.where(shallow, LOOK, ""),
            "meaning": meaning,
            "status": "tested",
            "reason": "" if exp.presence_known else _no_presence(exp),
        }
    )


def _no_presence(exp: Experiment) -> str:
    return "ratios: presence is that of the plex" if exp.scale == "ratio" else _NO_PRESENCE


def _ev(exp: Experiment, markers: MarkerCatalog, genes: pd.Series, fluid: str | None) -> pd.DataFrame:
    """Ranks of the EV markers together, and how many of each category are seen."""
    found = layer_a_ranks(exp, markers, blood=fluid in BLOOD)
    ratio = exp.scale == "ratio"
    known, words = yardstick_of(fluid)
    few = (found["n_measured"] < load_criteria().threshold["min_markers_source"]).to_numpy()
    rows = []
    for item, meaning in _EV_WORDS.items():
        lost = few | ratio
        rows.append(
            pd.DataFrame(
                {
                    "sample": found.index,
                    "kind": "ev",
                    "item": item,
                    "value": np.where(lost, np.nan, found[item]),
                    "unit": "percentile rank",
                    "n_set": found["n_set"],
                    "n_measured": found["n_measured"],
                    "meaning": meaning,
                    "status": np.where(lost, "too few measured", "tested"),
                    "reason": np.where(lost, _NO_RANK if ratio else "too few EV markers measured", ""),
                }
            )
        )
    lead = rows[0]
    for end in ("ci_low", "ci_high"):
        lead[end] = np.where(few | ratio, np.nan, found[end])
    lead["percentile"] = percentiles(known, "ev_rank", lead["value"])
    lead["reference_distribution"] = words
    seen = exp.values.notna()
    gene = exp.proteins["gene"]
    for name in load_criteria().classes["ev"].sets:
        members = [g for g, sets in genes.items() if name in sets.split(";")]
        shown = (
            seen.loc[:, gene.isin(members).to_numpy()].T.groupby(gene[gene.isin(members)].to_numpy()).any()
        )
        count = shown.sum().reindex(exp.samples.index, fill_value=0)
        rows.append(
            pd.DataFrame(
                {
                    "sample": exp.samples.index,
                    "kind": "ev",
                    "item": f"seen_{name}",
                    "value": count.to_numpy(float),
                    "unit": "markers",
                    "n_set": len(members),
                    "n_measured": count.to_numpy(int),
                    "meaning": f"members of {_SET_WORDS.get(name, name)} seen",
                    "status": "tested",
                    "reason": "" if exp.presence_known else _no_presence(exp),
                }
            )
        )
    return pd.concat(rows, ignore_index=True)


_SET_WORDS = {
    "pan_ev": "the pan-EV set",
    "misev_1a": "MISEV2018 category 1a (membrane)",
    "misev_2a": "MISEV2018 category 2a (cytosol, membrane-binding)",
}


def _markers(exp: Experiment, genes: pd.Series) -> pd.DataFrame:
    """Every EV marker in every sample: seen or not, and its rank."""
    ranks = gene_ranks(exp).reindex(columns=genes.index)
    measured = ranks.notna().any()
    value = ranks.to_numpy().ravel()
    seen = ~np.isnan(value)
    status = np.where(seen, "seen", np.where(np.tile(measured, len(ranks)), "not seen", "not in the study"))
    note = "" if exp.presence_known else _no_presence(exp)
    return pd.DataFrame(
        {
            "sample": np.repeat(ranks.index.to_numpy(), len(genes)),
            "kind": "marker",
            "item": np.tile(genes.index.to_numpy(), len(ranks)),
            "value": np.nan if exp.scale == "ratio" else value,
            "unit": "percentile rank",
            "n_set": 1,
            "n_measured": seen.astype(int),
            "meaning": np.tile(("EV marker of " + genes.str.replace(";", ", ")).to_numpy(), len(ranks)),
            "status": status,
            "reason": note,
        }
    )


# ---- similarity --------------------------------------------------------------------


def _outliers(exp: Experiment, groups: pd.Series) -> pd.DataFrame:
    logs = log2(exp).values if exp.scale == "raw" else exp.values
    logs = logs.loc[:, ~exp.proteins["is_decoy"].to_numpy(bool)]
    need = int(load_criteria().threshold["outlier_min_samples"])
    fold = load_criteria().threshold["outlier_fold"]
    parts = []
    for name, members in groups.groupby(groups, sort=False):
        found = similarity(logs.loc[members.index])
        bad = {
            "correlation": far(1 - found["correlation"].to_numpy(), fold=fold),
            "distance": far(found["distance"].to_numpy(), fold=fold),
        }
        for item, unit in (("correlation", "Pearson r"), ("distance", "log2")):
            value = found[item].to_numpy()
            lost = np.isnan(value)
            why = "too few proteins shared" if len(members) > 1 else "no other sample in the group"
            enough = "" if len(members) >= need else f"no flag: fewer than {need} samples in the group"
            parts.append(
                pd.DataFrame(
                    {
                        "sample": members.index,
                        "kind": "outlier",
                        "item": item,
                        "value": value,
                        "unit": unit,
                        "n_set": logs.shape[1],
                        "n_measured": found["n"].fillna(0).to_numpy(int),
                        "flag": np.where(bad[item], LOOK, ""),
                        "meaning": [
                            _LIKE[item] + (f": unlike the others of {name}" if b else "") for b in bad[item]
                        ],
                        "status": np.where(lost, "not assessed", "tested"),
                        "reason": np.where(lost, why, enough),
                    }
                )
            )
    return pd.concat(parts, ignore_index=True)


_LIKE = {
    "correlation": "median correlation with the other samples of the group",
    "distance": "median distance of the proteins to the median profile of the group",
}
