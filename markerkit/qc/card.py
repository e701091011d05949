"""quality: what each sample shows by itself, without a comparator."""

from __future__ import annotations

import numpy as np
import pandas as pd

from markerkit.catalog.criteria import load_criteria
from markerkit.catalog.load import MarkerCatalog, Sets, with_reference
from markerkit.core.errors import InputError, one_of, require_columns
from markerkit.core.experiment import Experiment
from markerkit.core.matrix import among
from markerkit.core.signal import signal_of
from markerkit.core.vocabulary import Severity
from markerkit.purity.blanks import blank_content, share_limits
from markerkit.purity.shares import source_shares
from markerkit.qc.abundance import abundance_of
from markerkit.qc.bovine import bovine_rows
from markerkit.qc.ev_markers import ev_marker_genes, ev_marker_ranks, gene_ranks
from markerkit.qc.outliers import REVIEW, far, far_in_groups, similarity
from markerkit.qc.shares import index_rows, percentiles, reference_of, share_rows
from markerkit.qc.values import measured_values
from markerkit.results import (
    Blanks,
    GroupValues,
    MarkerAbundance,
    MissingByIntensity,
    PrincipalComponents,
    Quality,
    RankAbundance,
    ReplicateCorrelation,
    SampleValues,
)
from markerkit.sets.coverage import require_matches
from markerkit.study.contrast import BLOOD, FLUIDS
from markerkit.study.roles import groups_of, roles_of
from markerkit.tables.registry import TABLES

_EV_WORDS = {
    "ev_rank": "mean percentile rank of the EV markers measured, among the proteins of the sample",
    "ev_score": "the same with missing EV markers at 0: presence and rank in one; falls with depth",
}
_SET_WORDS = {
    "pan_ev": "the pan-EV set",
    "misev_1a": "MISEV2018 category 1a (membrane)",
    "misev_2a": "MISEV2018 category 2a (cytosol, membrane-binding)",
}
_SIMILARITY = {
    "correlation": ("Pearson r", "median correlation with the other samples of the group"),
    "distance": ("log2", "median distance of the proteins to the median profile of the group"),
}
_NO_PRESENCE = "imputed or requantified matrix: presence cannot be read from it"
_NO_RANK = "ratios to a reference channel cannot be ranked within a sample"


def quality(
    exp: Experiment,
    markers: Sets | None = None,
    *,
    group: str | None = None,
    fluid: str | None = None,
    shares: str = "signal",
) -> Quality:
    """Describe every sample by itself: the quality card.

    Parameters
    ----------
    exp
        Harmonized experiment before normalization. A sample column ``role``
        marks procedural blanks and medium (:data:`markerkit.study.roles.ROLES`).
    markers
        Catalog of its organism; the shipped one by default.
    group
        Sample column of the groups within which outliers are looked for and spread and missing
        values are described; all samples by default.
    fluid
        What the samples come from: chooses the reference distribution, leaves the genes of
        blood cells out of the EV markers in blood, and asks for bovine entries
        in culture.
    shares
        What every share sums: ``"signal"``, or ``"length"`` for signal over the length of the
        sequence. Shares by length are not compared with the reference distributions, which are
        of signal.

    Returns
    -------
    Quality
        ``table``: one row per sample and item, never a class call: depth, every EV
        marker (measured or not, rank), EV ranks, shares of signal with interval,
        indices, the bovine check and similarity to the other samples.
        ``blanks``: content of blanks and medium. ``samples``, ``groups``, ``correlation``
        and ``missing``: what was measured in each sample and group, on measured values before normalization.
        ``pca``, ``ranks`` and ``markers``: where samples and MISEV2018 markers lie among all proteins.

    Raises
    ------
    InputError
        Imputed values, a normalized experiment, an absent column, an unknown fluid or role, no
        gene that matches, shares by length without lengths.

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
    markers = with_reference(markers, exp.organism)
    require_matches(exp, markers)
    table = source_shares(exp, markers, basis=shares)
    blanks = blank_content(exp, markers, shares=table, basis=shares)
    return quality_of(exp, markers, group=group, fluid=fluid, blanks=blanks, shares=table, basis=shares)


def quality_of(
    exp: Experiment,
    markers: MarkerCatalog,
    *,
    group: str | None,
    fluid: str | None,
    blanks: pd.DataFrame,
    shares: pd.DataFrame | None = None,
    basis: str = "signal",
) -> Quality:
    """Quality card with shares and blanks computed already; see :func:`quality`.

    Parameters
    ----------
    exp, markers, group, fluid
        As in :func:`quality`.
    blanks
        Table `blanks`.
    shares
        Table `source_shares` of the experiment on this basis; computed where it is not given.
    basis
        Basis of all shares of signal.
    """
    genes = ev_marker_genes(markers, blood=fluid in BLOOD)
    if shares is None:
        shares = source_shares(exp, markers, basis=basis)
    signal = None if exp.scale == "ratio" else signal_of(exp, basis)
    limits = pd.DataFrame() if signal is None else share_limits(exp, shares, signal)
    groups = groups_of(exp, group)
    parts = [
        _depth(exp, groups),
        _ev(exp, markers, fluid),
        _ev_sets(exp, genes),
        share_rows(shares, limits, groups, fluid=fluid, basis=basis),
        index_rows(exp, markers, genes, shares, signal),
        bovine_rows(exp, markers, signal, fluid=fluid),
        _outliers(exp, groups),
        _markers(exp, genes),
    ]
    table = pd.concat([p for p in parts if len(p)], ignore_index=True)
    names = table["sample"]
    table = table.assign(role=names.map(roles_of(exp)), group=names.map(groups))
    order = {s: i for i, s in enumerate(exp.samples.index)}
    table = table.sort_values("sample", key=lambda s: s.map(order), kind="stable")
    params = {"group": group, "fluid": fluid, "shares": basis}
    measured = measured_values(exp, groups, named=group is not None)
    abundance = abundance_of(exp, markers, groups)
    return Quality(
        TABLES["sample_quality"].conform(table),
        params,
        blanks=Blanks(blanks),
        samples=SampleValues(measured.samples),
        groups=GroupValues(measured.groups),
        correlation=ReplicateCorrelation(measured.correlation),
        missing=MissingByIntensity(measured.missing),
        pca=PrincipalComponents(abundance.pca),
        ranks=RankAbundance(abundance.ranks),
        markers=MarkerAbundance(abundance.markers),
    )


# ---- depth and EV markers --------------------------------------------------------


def _depth(exp: Experiment, groups: pd.Series) -> pd.DataFrame:
    measured = exp.values.loc[:, exp.targets].notna()
    count = measured.sum(axis=1)
    # few proteins need a review: the inverse is large where the count is small
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
            "n_set": measured.shape[1],
            "n_measured": count.to_numpy(),
            "flag": np.where(shallow, REVIEW, ""),
            "severity": np.where(shallow, Severity.WARNING, ""),
            "advice": np.where(shallow, "measure it again, or leave it out and say so", ""),
            "meaning": meaning,
            "status": "tested",
            "reason": _no_presence(exp),
        }
    )


def _no_presence(exp: Experiment) -> str:
    """Why a missing value is no evidence of absence; empty where it is."""
    if exp.presence_known:
        return ""
    return "ratios: presence is that of the plex" if exp.scale == "ratio" else _NO_PRESENCE


def _ev(exp: Experiment, markers: MarkerCatalog, fluid: str | None) -> pd.DataFrame:
    """Ranks of the EV markers together, with and without those that are missing."""
    found = ev_marker_ranks(exp, markers, blood=fluid in BLOOD)
    ratio = exp.scale == "ratio"
    lost = (found["n_measured"] < load_criteria().threshold["min_markers_source"]).to_numpy() | ratio
    base = pd.DataFrame(
        {
            "sample": found.index,
            "kind": "ev",
            "unit": "percentile rank",
            "n_set": found["n_set"].to_numpy(),
            "n_measured": found["n_measured"].to_numpy(),
            "status": np.where(lost, "too few measured", "tested"),
            "reason": np.where(lost, _NO_RANK if ratio else "too few EV markers measured", ""),
        }
    )
    shown = found[["ev_rank", "ev_score", "ci_low", "ci_high"]].reset_index(drop=True)
    shown[lost] = np.nan
    rank, score = (
        base.assign(item=item, value=shown[item], meaning=words) for item, words in _EV_WORDS.items()
    )
    kinds, reference = reference_of(fluid)
    rank = rank.assign(
        ci_low=shown["ci_low"],
        ci_high=shown["ci_high"],
        percentile=percentiles(kinds, "ev_rank", rank["value"]),
        reference_distribution=reference,
    )
    return pd.concat([rank, score], ignore_index=True)


def _ev_sets(exp: Experiment, genes: pd.Series) -> pd.DataFrame:
    """How many EV markers of each category were measured."""
    measured, gene = exp.values.notna(), exp.proteins["gene"]
    parts = []
    for name in load_criteria().classes["ev"].sets:
        members = [g for g, sets in genes.items() if name in sets.split(";")]
        inside = among(gene, members)
        shown = measured.loc[:, inside].T.groupby(gene[inside].to_numpy()).any()
        count = shown.sum().reindex(exp.samples.index, fill_value=0)
        parts.append(
            pd.DataFrame(
                {
                    "sample": exp.samples.index,
                    "kind": "ev",
                    "item": f"seen_{name}",
                    "value": count.to_numpy(float),
                    "unit": "markers",
                    "n_set": len(members),
                    "n_measured": count.to_numpy(int),
                    "meaning": f"members of {_SET_WORDS.get(name, name)} measured",
                    "status": "tested",
                    "reason": _no_presence(exp),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def _markers(exp: Experiment, genes: pd.Series) -> pd.DataFrame:
    """Every EV marker in every sample: measured or not, and its rank."""
    ranks = gene_ranks(exp).reindex(columns=genes.index)
    in_study = ranks.notna().any()
    value = ranks.to_numpy().ravel()
    shown = ~np.isnan(value)
    status = np.where(shown, "seen", np.where(np.tile(in_study, len(ranks)), "not seen", "not in the study"))
    return pd.DataFrame(
        {
            "sample": np.repeat(ranks.index.to_numpy(), len(genes)),
            "kind": "marker",
            "item": np.tile(genes.index.to_numpy(), len(ranks)),
            "value": np.nan if exp.scale == "ratio" else value,
            "unit": "percentile rank",
            "n_set": 1,
            "n_measured": shown.astype(int),
            "meaning": np.tile(("EV marker of " + genes.str.replace(";", ", ")).to_numpy(), len(ranks)),
            "status": status,
            "reason": _no_presence(exp),
        }
    )


# ---- similarity --------------------------------------------------------------------


def _outliers(exp: Experiment, groups: pd.Series) -> pd.DataFrame:
    """Similarity of every sample to the others of its group, and the flags of those unlike them."""
    logs = exp.logged().values.loc[:, exp.targets]
    fold = load_criteria().threshold["outlier_fold"]
    parts = []
    for name, members in groups.groupby(groups, sort=False):
        found = similarity(logs.loc[members.index])
        # the less alike, the larger
        unlike = {"correlation": 1 - found["correlation"], "distance": found["distance"]}
        for item, measure in unlike.items():
            odd = far(measure.to_numpy(float), fold=fold)
            parts.append(_similarity_rows(found, item, odd, group=str(name), n_set=logs.shape[1]))
    return pd.concat(parts, ignore_index=True)


def _similarity_rows(
    found: pd.DataFrame, item: str, odd: np.ndarray, *, group: str, n_set: int
) -> pd.DataFrame:
    """Rows of one measure of similarity of one group."""
    need = int(load_criteria().threshold["outlier_min_samples"])
    unit, meaning = _SIMILARITY[item]
    value = found[item].to_numpy()
    lost = np.isnan(value)
    why = "too few proteins shared" if len(found) > 1 else "no other sample in the group"
    no_flag = "" if len(found) >= need else f"no flag: fewer than {need} samples in the group"
    return pd.DataFrame(
        {
            "sample": found.index,
            "kind": "outlier",
            "item": item,
            "value": value,
            "unit": unit,
            "n_set": n_set,
            "n_measured": found["n"].fillna(0).to_numpy(int),
            "flag": np.where(odd, REVIEW, ""),
            "severity": np.where(odd, Severity.WARNING, ""),
            "advice": np.where(
                odd, "look for the cause (amount, run, label), or leave it out and say so", ""
            ),
            "meaning": np.where(odd, f"{meaning}: unlike the others of {group}", meaning),
            "status": np.where(lost, "not assessed", "tested"),
            "reason": np.where(lost, why, no_flag),
        }
    )
