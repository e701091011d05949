"""quality: what each sample shows by itself, without a comparator."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import stdtrit
from scipy.stats import rankdata

from markerkit._checks import InputError, one_of, require_columns
from markerkit.blanks import blank_content, share_limits
from markerkit.bovine import bovine_rows
from markerkit.criteria import load_criteria
from markerkit.effects import BLOOD, FLUIDS
from markerkit.experiment import Experiment
from markerkit.indices import layer_a_genes, plasma_indices, two_axis
from markerkit.markers import MarkerCatalog
from markerkit.matching import gene_rows
from markerkit.outliers import far, likeness
from markerkit.preprocess import log2
from markerkit.results import TABLES, Quality
from markerkit.roles import SAMPLE, roles_of
from markerkit.scoring import require_matches
from markerkit.shares import source_shares
from markerkit.yardstick import BLOOD_EV, CULTURE_EV, documented, percentile

LOOK = "look"
WHOLE = "all samples"
#: source -> what its signal per EV signal is called
PER_EV: dict[str, str] = {
    "erythrocyte": "haemolysis: erythrocyte signal per EV marker signal",
    "platelet": "platelet signal per EV marker signal; platelet EVs are counted too",
    "coagulation": "signal of coagulation factors per EV marker signal; falls on clotting",
    "lipoprotein": "lipoprotein signal per EV marker signal",
    "keratin": "keratin signal per EV marker signal: handling and skin",
    "bovine_serum": "bovine serum signal per EV marker signal",
}
_INDEX_WORDS = {
    "geyer2019_platelet": "platelet index of Geyer et al. 2019 (panel over all signal); vesicles carry members of the panel too",
    "geyer2019_erythrocyte": "erythrocyte index of Geyer et al. 2019 (panel over all signal)",
    "geyer2019_coagulation": "coagulation index of Geyer et al. 2019 (panel over all signal): fibrinogen leads it, so clotting lowers it",
    "two_axis_ev": "EV axis of the rank index as in EVqualityMS, lists of this catalogue",
    "two_axis_contaminants": "contaminant axis of the same",
    "two_axis_index": "EV axis minus contaminant axis: for comparison only",
}
_EV_WORDS = {
    "ev_rank": "mean percentile rank of the EV markers seen, among the proteins of the sample",
    "ev_score": "the same with unseen EV markers at 0: presence and rank in one; falls with depth",
}
_NO_PRESENCE = "imputed or requantified matrix: presence cannot be read from it"
_NO_RANK = "ratios to a reference channel cannot be ranked within a sample"


def quality(
    exp: Experiment, markers: MarkerCatalog, *, group: str | None = None, fluid: str | None = None
) -> Quality:
    """Describe every sample by itself: the quality card.

    Parameters
    ----------
    exp
        Harmonised experiment before normalization. A sample column ``role``
        tells procedural blanks and medium (:data:`markerkit.roles.ROLES`).
    markers
        Catalogue of its organism.
    group
        Sample column within which outliers are looked for; all samples by default.
    fluid
        What the samples come from: chooses the yardstick, leaves the genes of
        blood cells out of the EV markers in blood, and asks for bovine entries
        in culture.

    Returns
    -------
    Quality
        ``table``: a row a sample and item, never a class call: depth, every EV
        marker (seen or not, rank), EV ranks, shares of signal with interval,
        indices, the bovine guard and likeness to the other samples.
        ``blanks``: content of blanks and medium.

    Raises
    ------
    InputError
        A normalized experiment, an absent column, an unknown fluid or role, no
        gene that matches.

    Examples
    --------
    >>> import markerkit as mk
    >>> card = mk.quality(mk.load_example(), mk.load_markers(), fluid="culture")
    >>> sorted(card.table["kind"].unique())
    ['depth', 'ev', 'guard', 'index', 'marker', 'outlier', 'share']
    """
    if exp.has_verb("normalize"):
        raise InputError(
            "quality is read before normalization, which cancels it; give the experiment as it was read."
        )
    if fluid is not None:
        one_of("fluid", fluid, FLUIDS)
    if group is not None:
        require_columns(exp.samples, [group], what="the sample sheet")
    require_matches(exp, markers)
    return quality_of(exp, markers, group=group, fluid=fluid, blanks=blank_content(exp, markers))


def quality_of(
    exp: Experiment, markers: MarkerCatalog, *, group: str | None, fluid: str | None, blanks: pd.DataFrame
) -> Quality:
    """Quality card with the blanks compared already; see :func:`quality`."""
    blood = fluid in BLOOD
    genes = layer_a_genes(markers, blood=blood)
    shares = source_shares(exp, markers)
    groups = _groups(exp, group)
    parts = [
        _depth(exp, groups),
        _ev(exp, markers, genes, fluid),
        _shares(exp, markers, shares, groups, fluid),
        _indices(exp, markers, genes, shares),
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
    return Quality(TABLES["sample_quality"].conform(table), params, blanks=blanks)


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
    shallow = _by_group(1.0 / count.clip(lower=1), groups, "outlier_fold")
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


def _by_group(values: pd.Series, groups: pd.Series, fold: str) -> npt.NDArray[np.bool_]:
    """Values far above those of their group."""
    least = load_criteria().threshold[fold]
    found = pd.Series(data=False, index=values.index)
    for _, names in groups.groupby(groups, sort=False):
        found[names.index] = far(values[names.index].to_numpy(float), fold=least)
    return found.to_numpy()


def layer_a_ranks(exp: Experiment, markers: MarkerCatalog, *, blood: bool) -> pd.DataFrame:
    """EV score of each sample from the ranks of the layer A markers.

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
    interval over the markers; ``ev_score``, the same sum over all layer A markers of the
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


def _ev(exp: Experiment, markers: MarkerCatalog, genes: pd.Series, fluid: str | None) -> pd.DataFrame:
    """Ranks of the EV markers together, and how many of each category are seen."""
    found = layer_a_ranks(exp, markers, blood=fluid in BLOOD)
    ratio = exp.scale == "ratio"
    known, words = _yardstick(fluid)
    few = (found["n_measured"] < load_criteria().threshold["min_votes_source"]).to_numpy()
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
    lead["percentile"] = _percentiles(known, "ev_rank", lead["value"])
    lead["yardstick"] = words
    seen = exp.values.notna()
    gene = exp.proteins["gene"]
    for name in load_criteria().classes["ev"].sets:
        members = [g for g, sets in genes.items() if name in sets.split(";")]
        shown = seen.loc[:, gene.isin(members).to_numpy()].T.groupby(gene[gene.isin(members)].to_numpy()).any()
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


# ---- shares and indices ----------------------------------------------------------


def _yardstick(fluid: str | None) -> tuple[tuple[str, ...], str]:
    """Which simulated preparations a fluid is put beside, and their name."""
    if fluid is None:
        return (CULTURE_EV, BLOOD_EV), "ev_culture and ev_blood, mean of both: the fluid is not stated"
    kind = BLOOD_EV if fluid in BLOOD else CULTURE_EV
    note = "" if fluid in BLOOD or fluid == "culture" else f": the nearest to {fluid}"
    return (kind,), kind + note


def _percentiles(kinds: tuple[str, ...], item: str, values: pd.Series) -> npt.NDArray[np.float64]:
    return np.asarray(np.mean([percentile(k, item, values) for k in kinds], axis=0))


def _shares(
    exp: Experiment,
    markers: MarkerCatalog,
    shares: pd.DataFrame,
    groups: pd.Series,
    fluid: str | None,
) -> pd.DataFrame:
    known, words = _yardstick(fluid)
    limits = share_limits(exp, markers)
    titles = load_criteria().sources
    parts = []
    for key, rows in shares.groupby("source", sort=False):
        rows = rows.set_index("sample").reindex(exp.samples.index)
        value = rows["share"]
        limit = limits[key] if key in limits else pd.Series(np.nan, index=value.index)
        title = titles[str(key)].title if key in titles else "EV markers"
        many = _by_group(value, groups, "outlier_share_fold") & (key != "ev")
        covered = ((value <= limit) & limit.notna()).to_numpy()
        neat = _neat(str(key), value)
        said = [
            _join(
                f"{title}: share of signal",
                "far above the other samples of the group" if m else "",
                "not above what the blanks alone would show" if c else "",
                n,
            )
            for m, c, n in zip(many, covered, neat, strict=True)
        ]
        flagged = many | covered | np.array([bool(n) for n in neat])
        parts.append(
            pd.DataFrame(
                {
                    "sample": value.index,
                    "kind": "share",
                    "item": key,
                    "value": value.to_numpy(),
                    "unit": "share of signal",
                    "ci_low": rows["ci_low"].to_numpy(),
                    "ci_high": rows["ci_high"].to_numpy(),
                    "percentile": _percentiles(known, f"share_{key}", value),
                    "yardstick": words,
                    "blank_limit": limit.to_numpy(float),
                    "n_set": rows["n_set"].to_numpy(),
                    "n_measured": rows["n_measured"].to_numpy(),
                    "flag": np.where(flagged, LOOK, ""),
                    "meaning": said,
                    "status": rows["status"].to_numpy(),
                    "reason": [
                        _join(r, "approximate: logarithmic or imputed input" if exp.approximate else "")
                        for r in rows["reason"]
                    ],
                }
            )
        )
    table = pd.concat(parts, ignore_index=True)
    return table.assign(yardstick=np.where(table["percentile"].notna(), table["yardstick"], ""))


def _neat(key: str, value: pd.Series) -> list[str]:
    """Say where a share reaches that of the neat material, from published compositions."""
    facts = documented()
    facts = facts[facts["item"] == key]
    if facts.empty:
        return [""] * len(value)
    fact = facts.iloc[0]
    text = f"as much as {fact['material']} ({fact['fact']}; {fact['source']})"
    return [text if v >= fact["least"] else "" for v in value]


def _join(*parts: str) -> str:
    return "; ".join(filter(None, parts))


def _indices(exp: Experiment, markers: MarkerCatalog, genes: pd.Series, shares: pd.DataFrame) -> pd.DataFrame:
    wide = shares.pivot(index="sample", columns="source", values="share").reindex(exp.samples.index)
    few = shares.pivot(index="sample", columns="source", values="reason").reindex(exp.samples.index)
    counts = shares.pivot(index="sample", columns="source", values="n_measured").reindex(exp.samples.index)
    sizes = shares.drop_duplicates("source").set_index("source")["n_set"]
    parts = []
    for key, meaning in PER_EV.items():
        value = np.log2(wide[key].where(wide[key] > 0) / wide["ev"].where(wide["ev"] > 0))
        lost = value.isna().to_numpy()
        why = few[key].where(few[key] != "", "no EV marker or no member was seen")
        parts.append(
            pd.DataFrame(
                {
                    "sample": value.index,
                    "item": f"{key}_per_ev",
                    "value": value.to_numpy(float),
                    "unit": "log2 ratio of shares",
                    "n_set": sizes[key],
                    "n_measured": counts[key].to_numpy(),
                    "meaning": meaning,
                    "status": np.where(lost, "too few measured", "tested"),
                    "reason": np.where(lost, why, ""),
                }
            )
        )
    if exp.scale != "ratio":
        parts += [
            _named(plasma_indices(exp, markers), "share of signal"),
            _named(two_axis(exp, markers, genes.index), "mean rank"),
        ]
    return pd.concat(parts, ignore_index=True).assign(kind="index")


def _named(rows: pd.DataFrame, unit: str, words: Mapping[str, str] = _INDEX_WORDS) -> pd.DataFrame:
    lost = rows["value"].isna()
    return rows.assign(
        unit=unit,
        meaning=rows["item"].map(words),
        status=np.where(lost, "too few measured", "tested"),
        reason=np.where(lost, "no member of the panel was measured", ""),
    )


# ---- likeness --------------------------------------------------------------------


def _outliers(exp: Experiment, groups: pd.Series) -> pd.DataFrame:
    logs = log2(exp).values if exp.scale == "raw" else exp.values
    logs = logs.loc[:, ~exp.proteins["is_decoy"].to_numpy(bool)]
    need = int(load_criteria().threshold["outlier_min_samples"])
    fold = load_criteria().threshold["outlier_fold"]
    parts = []
    for name, members in groups.groupby(groups, sort=False):
        found = likeness(logs.loc[members.index])
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
                        "meaning": [_LIKE[item] + (f": unlike the others of {name}" if b else "") for b in bad[item]],
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
