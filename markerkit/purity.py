"""Purity: source verdicts, shares of signal and carry-over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import stdtrit

from markerkit._checks import InputError
from markerkit.criteria import Criteria, SourceRule, load_criteria
from markerkit.effects import (
    Contrast,
    ContrastModel,
    Policy,
    SetVotes,
    contrasts_of,
    fit_contrast,
    fold,
    joined,
    marker_rows,
    set_members,
    set_votes,
)
from markerkit.experiment import Experiment
from markerkit.markers import MarkerCatalog
from markerkit.results import TABLES, Purity
from markerkit.stats.carry_over import AnchorRules, CarryOver, carry_over
from markerkit.stats.set_effect import SetEffect, difference, set_effect

RAISED, NOT_RAISED, NOT_ASSESSABLE = "raised", "not raised", "not assessable"


@dataclass(frozen=True)
class Reading:
    """A source under one missing-value policy."""

    votes: SetVotes
    effect: SetEffect | None
    word: str
    reason: str


def assess_purity(
    exp: Experiment,
    markers: MarkerCatalog,
    *,
    condition: str | None = None,
    case: str | None = None,
    control: str | None = None,
    paired_by: str | None = None,
    batch: Sequence[str] = (),
    comparator: str | None = None,
    fluid: str | None = None,
    seed: int = 0,
) -> Purity:
    """Assess where the protein that is not vesicle comes from.

    Parameters
    ----------
    exp
        Harmonised experiment before normalization; normalization would cancel
        the very signal.
    markers
        Catalogue of the experiment's organism.
    condition, case, control
        The contrast; without it only the shares are given.
    paired_by, batch
        Columns that enter the model as factors.
    comparator, fluid
        What the control is and what the samples come from.
    seed
        Of the bootstrap over anchors.

    Returns
    -------
    Purity
        ``table`` holds a verdict a source, ``shares`` the share of signal of
        each source in each sample, ``carry_over`` the share of the
        comparator's material, ``markers`` what every marker said.

    Raises
    ------
    InputError
        A normalized experiment; an impossible contrast.
    """
    pairs = [(case, control)] if case is not None and control is not None else []
    options = {"paired_by": paired_by, "batch": tuple(batch), "comparator": comparator, "fluid": fluid}
    models = [fit_contrast(exp, markers, c) for c in contrasts_of(exp, condition, pairs, options)]
    return purity_of(exp, markers, models, seed=seed)


def purity_of(
    exp: Experiment, markers: MarkerCatalog, models: Sequence[ContrastModel], *, seed: int
) -> Purity:
    """Purity over fitted contrasts; see :func:`assess_purity`."""
    if exp.has_verb("normalize"):
        raise InputError(
            "purity is read before normalization, which cancels it; give the experiment as it was read."
        )
    found = [source_verdicts(model) for model in models]
    spec = TABLES["purity"]
    return Purity(
        table=spec.conform(joined([rows for rows, _ in found])) if found else spec.empty(),
        params={"contrasts": [m.contrast.name for m in models], "seed": seed},
        shares=source_shares(exp, markers),
        carry_over=TABLES["carry_over"].conform(
            joined([carry_over_table(exp, markers, m.contrast, seed=seed) for m in models])
        ),
        markers=joined([used for _, used in found]),
    )


# ---- source verdicts -------------------------------------------------------


def source_verdicts(model: ContrastModel) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Verdict on every source in a contrast.

    Parameters
    ----------
    model
        Fitted contrast.

    Returns
    -------
    Rows of the `purity` table, rows of `markers_used`.
    """
    rows, used = [], []
    layer_a = set_members(model.markers, model.criteria.classes["ev"].sets)
    for rule in model.criteria.sources.values():
        members = set_members(model.markers, [rule.key])
        rows.append(_source_row(model, rule, members, layer_a))
        if model.measured is not None:
            policy = model.bounded or model.measured
            used.append(
                marker_rows(
                    model, policy, members, set_id=rule.key, role="source", by_accession=rule.by_accession
                )
            )
    return pd.DataFrame(rows), joined(used)


def _source_row(
    model: ContrastModel, rule: SourceRule, members: pd.DataFrame, layer_a: pd.DataFrame
) -> dict[str, object]:
    row: dict[str, object] = {"contrast": model.contrast.name, "source": rule.key, "n_set": len(members)}
    if model.measured is None:
        return row | _no_verdict(model.reason, "add replicates to both arms")
    reading = read_source(model, model.measured, rule, members)
    bounded = read_source(model, model.bounded, rule, members) if model.bounded else None
    word, reason, from_detection = _combine(reading, bounded)
    shown = bounded if from_detection and bounded is not None else reading
    row |= _numbers(shown) | {"verdict": word, "reason": reason}
    if bounded is not None and bounded.effect is not None:
        e = bounded.effect
        row |= {"bounded_log2_fc": e.theta, "bounded_ci_low": e.low, "bounded_ci_high": e.high}
    policy = model.bounded if from_detection and model.bounded else model.measured
    row |= _per_ev(model, policy, rule, members, layer_a)
    tested = shown.effect is not None
    row |= {
        "status": "tested" if tested else "too few measured",
        "explanation": _explain(model, rule, word, shown, row),
        "settle": _settle(model, rule, word, shown),
    }
    return row


def read_source(model: ContrastModel, policy: Policy, rule: SourceRule, members: pd.DataFrame) -> Reading:
    """Read one source under one policy."""
    t = model.criteria.threshold
    votes = set_votes(model, policy, members, by_accession=rule.by_accession)
    if votes.votes is None or votes.m < t["min_votes_source"]:
        need = int(t["min_votes_source"])
        return Reading(votes, None, NOT_ASSESSABLE, f"{votes.m} of at least {need} votes measured")
    if policy.reference is None:
        return Reading(votes, None, NOT_ASSESSABLE, "too few background proteins")
    effect = set_effect(votes.votes, policy.reference, confidence=t["confidence"])
    if effect.low > 0 and effect.theta >= t["delta"]:
        return Reading(votes, effect, RAISED, "interval above 0")
    if effect.high < t["eta"]:
        return Reading(
            votes, effect, NOT_RAISED, "depleted" if effect.high < 0 else "no more than the control"
        )
    if effect.theta <= 0:
        return Reading(votes, effect, NOT_RAISED, "not above the control")
    return Reading(votes, effect, NOT_ASSESSABLE, "wide interval")


def _combine(measured: Reading, bounded: Reading | None) -> tuple[str, str, bool]:
    """Join the two missing-value policies: word, reason, whether detection decided."""
    if bounded is None or measured.word == bounded.word:
        return measured.word, measured.reason, False
    if measured.word == NOT_ASSESSABLE:
        return bounded.word, f"{bounded.reason}, from detection", True
    return NOT_ASSESSABLE, "missing-value policy", False


def _numbers(reading: Reading) -> dict[str, object]:
    numbers: dict[str, object] = {"n_measured": reading.votes.n_measured, "n_votes": reading.votes.m}
    if reading.effect is not None:
        e = reading.effect
        numbers |= {"log2_fc": e.theta, "se": e.se, "df": e.df, "ci_low": e.low, "ci_high": e.high}
    return numbers


def _per_ev(
    model: ContrastModel, policy: Policy, rule: SourceRule, members: pd.DataFrame, layer_a: pd.DataFrame
) -> dict[str, object]:
    """Compare the source with the EV layer: more or less of it per EV marker."""
    t = model.criteria.threshold
    if rule.cell_panel:
        members = members[~members["gene"].isin(layer_a["gene"])]
    source = set_votes(model, policy, members, by_accession=rule.by_accession)
    ev = set_votes(model, policy, layer_a[~layer_a["gene"].isin(members["gene"])])
    if source.votes is None or ev.votes is None or source.m < t["min_votes_source"] or ev.m < t["min_votes"]:
        return {"per_ev": ""}
    gap = difference(source.votes, ev.votes, confidence=t["confidence"])
    word = "cleaner" if gap.high < 0 else "dirtier" if gap.low > 0 else "same"
    return {
        "per_ev": word,
        "per_ev_log2_fc": gap.theta,
        "per_ev_ci_low": gap.low,
        "per_ev_ci_high": gap.high,
    }


def _explain(
    model: ContrastModel, rule: SourceRule, word: str, reading: Reading, row: dict[str, object]
) -> str:
    case, control = model.contrast.case, model.contrast.control
    if reading.effect is None:
        return f"{rule.title}: {reading.reason}."
    e = reading.effect
    size = f"{fold(e.theta)}-fold over the background (95 % interval {fold(e.low)} to {fold(e.high)})"
    text = {
        RAISED: f"{case} carries more of {rule.title} than {control}: {size}.",
        NOT_RAISED: f"{case} carries no more of {rule.title} than {control}: {size}.",
        NOT_ASSESSABLE: f"{rule.title} cannot be called: {size}.",
    }[word]
    gap = row.get("per_ev_log2_fc")
    if word == NOT_RAISED and row.get("per_ev") == "dirtier" and isinstance(gap, float):
        text += f" EV signal fell: {fold(gap)}-fold more of it per EV marker."
    return text


def _settle(model: ContrastModel, rule: SourceRule, word: str, reading: Reading) -> str:
    if word != NOT_ASSESSABLE:
        return ""
    if rule.by_accession and reading.votes.n_measured == 0:
        return "search against a database that holds bovine entries"
    if reading.effect is None:
        return "deeper measurement: too few of its markers were seen"
    n = len(model.exp.samples)
    return f"more replicates than {n} samples, or a comparator that holds more of it"


def _no_verdict(reason: str, settle: str) -> dict[str, object]:
    return {
        "verdict": NOT_ASSESSABLE,
        "reason": reason,
        "explanation": f"Not assessable: {reason}.",
        "settle": settle,
        "n_measured": 0,
        "n_votes": 0,
        "status": "not assessed",
    }


# ---- shares ----------------------------------------------------------------


def source_shares(exp: Experiment, markers: MarkerCatalog) -> pd.DataFrame:
    """Share of each sample's linear signal by source, with an interval over the members.

    Parameters
    ----------
    exp
        Harmonised experiment before normalization.
    markers
        Catalogue.

    Returns
    -------
    Table `source_shares`: a row a sample and source, and the EV markers as ``ev``. The
    interval says how the share would move with another draw of members from
    the same source (jackknife on the log scale, t with members - 1 degrees of
    freedom); a source that one protein dominates has a wide one.
    """
    criteria = load_criteria()
    sets = {"ev": (set_members(markers, criteria.classes["ev"].sets), False)}
    sets |= {k: (set_members(markers, [k]), rule.by_accession) for k, rule in criteria.sources.items()}
    refused = "ratios to a reference channel have no share of signal" if exp.scale == "ratio" else ""
    linear = pd.DataFrame() if refused else exp.linear().loc[:, ~exp.proteins["is_decoy"].to_numpy(bool)]
    rows = [
        _share_rows(exp, linear, key, members, by_accession=by_accession, refused=refused, criteria=criteria)
        for key, (members, by_accession) in sets.items()
    ]
    table = pd.concat(rows, ignore_index=True)
    order = {s: i for i, s in enumerate(exp.samples.index)}
    return TABLES["source_shares"].conform(
        table.sort_values("sample", key=lambda s: s.map(order), kind="stable")
    )


def _share_rows(
    exp: Experiment,
    linear: pd.DataFrame,
    key: str,
    members: pd.DataFrame,
    *,
    by_accession: bool,
    refused: str,
    criteria: Criteria,
) -> pd.DataFrame:
    names = exp.samples.index
    base = pd.DataFrame(
        {"sample": names, "source": key, "approximate": exp.approximate, "n_set": len(members)}
    )
    if refused:
        return base.assign(n_measured=0, status="not assessed", reason=refused)
    column = "accession" if by_accession else "gene"
    proteins = exp.proteins.loc[linear.columns]
    inside = proteins[column].isin(set(members[column]) - {""}).to_numpy()
    block = linear.loc[:, inside].to_numpy()
    groups, gene = np.unique(proteins.loc[inside, column].to_numpy(dtype=str), return_inverse=True)
    pooled = np.zeros((block.shape[0], len(groups)))
    np.add.at(pooled.T, gene, np.nan_to_num(block).T)
    n_measured = (pooled > 0).sum(axis=1)
    total = np.nansum(linear.to_numpy(), axis=1)
    share = np.divide(pooled.sum(axis=1), total, out=np.full(len(total), np.nan), where=total > 0)
    low, high = _share_interval(pooled, share, n_measured, criteria.threshold["confidence"])
    few = n_measured < criteria.threshold["min_votes_source"]
    if by_accession and not inside.any():
        why = "no bovine entries in this study: bovine protein is counted as its human or mouse ortholog"
    else:
        why = "too few members measured for an interval"
    return base.assign(
        share=np.where(n_measured > 0, share, np.nan),
        ci_low=low,
        ci_high=high,
        n_measured=n_measured,
        status=np.where(few, "too few measured", "tested"),
        reason=np.where(few, why, ""),
    )


def _share_interval(
    pooled: npt.NDArray[np.float64],
    share: npt.NDArray[np.float64],
    n: npt.NDArray[np.int_],
    confidence: float,
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    total = pooled.sum(axis=1)
    ok = n >= 3
    m = np.where(ok, n, 3)
    mean = total / m
    square = (pooled**2).sum(axis=1) - m * mean**2
    relative = np.sqrt(np.divide(m / (m - 1) * square, total**2, out=np.zeros_like(total), where=total > 0))
    reach = np.exp(stdtrit(m - 1, 0.5 + confidence / 2) * relative)
    return np.where(ok, share / reach, np.nan), np.where(ok, np.minimum(1.0, share * reach), np.nan)


# ---- carry-over --------------------------------------------------------------


def carry_over_table(
    exp: Experiment, markers: MarkerCatalog, contrast: Contrast, *, seed: int
) -> pd.DataFrame:
    """Carry-over of the comparator's material, overall and by compartment.

    Parameters
    ----------
    exp
        Harmonised experiment before normalization.
    markers
        Catalogue.
    contrast
        The contrast; its comparator must be a lysate or a biofluid.
    seed
        Of the bootstrap.

    Returns
    -------
    Rows of the table `carry_over`.
    """
    criteria = load_criteria()
    blank = {"contrast": contrast.name, "compartment": "all", "approximate": exp.approximate}
    rule = criteria.carry_over.get(contrast.comparator or "")
    if rule is None or exp.scale == "ratio":
        reason = _no_carry_over(contrast, exp)
        return pd.DataFrame([{**blank, "status": NOT_ASSESSABLE, "reason": reason}])
    anchors = joined(
        [set_members(markers, [c]).assign(compartment=c) for c in rule.compartments]
    ).drop_duplicates("gene")
    anchors = anchors[~anchors["complex"].isin(rule.left_out_complexes)]
    preparation, comparator, votes = _anchor_shares(
        exp, anchors, contrast, abundant=criteria.threshold["anchor_abundant"]
    )
    need = int(criteria.threshold["min_anchors"])
    if len(votes) < need:
        reason = f"{len(votes)} anchor votes seen in half of the comparator samples; {need} are needed"
        return pd.DataFrame([{**blank, "n_measured": len(votes), "status": NOT_ASSESSABLE, "reason": reason}])
    t = criteria.threshold
    rules = AnchorRules(t["resident_mad"], t["resident_log2"], t["anchor_absent"], t["confidence"])
    codes = pd.Categorical(votes["compartment"], categories=list(rule.compartments)).codes.astype(int)
    whole = carry_over(preparation, comparator, codes, rules=rules, seed=seed)
    rows = [_carry_row(blank, whole, len(votes), exp, contrast, criteria)]
    parts = {}
    for k, name in enumerate(rule.compartments if len(rule.compartments) > 1 else ()):
        at = (codes == k) & whole.kept
        if at.sum() >= t["min_votes_source"]:
            part = carry_over(preparation[:, at], comparator[:, at], codes[at], rules=rules, seed=seed)
            parts[name] = part.fraction
            rows.append(
                _carry_row(
                    {**blank, "compartment": name}, part, int((codes == k).sum()), exp, contrast, criteria
                )
            )
    if parts and max(parts.values()) > t["compartment_spread"] * max(min(parts.values()), 1e-12):
        rows[0]["reason"] = "; ".join(
            filter(None, [str(rows[0]["reason"]), "compartments disagree: not whole-cell carry-over"])
        )
    return pd.DataFrame(rows)


def _no_carry_over(contrast: Contrast, exp: Experiment) -> str:
    if exp.scale == "ratio":
        return "ratios to a reference channel have no share of signal"
    if contrast.comparator is None:
        return "the comparator is not stated; say lysate or biofluid"
    return f"comparator {contrast.comparator!r}: neither arm is the source of the material"


def _anchor_shares(
    exp: Experiment, anchors: pd.DataFrame, contrast: Contrast, *, abundant: float
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], pd.DataFrame]:
    """Shares of signal of the anchor votes in both arms; a complex is the sum of its members seen."""
    proteins = exp.proteins
    linear = exp.linear().loc[:, ~proteins["is_decoy"].to_numpy(bool)]
    shares = linear.div(linear.sum(axis=1), axis=0)
    vote = anchors["complex"].where(anchors["complex"] != "", anchors["gene"])
    of_gene = pd.Series(vote.to_numpy(), index=anchors["gene"])
    inside = proteins.loc[shares.columns, "gene"].map(of_gene)
    inside = inside[inside.notna()]
    pooled = shares[inside.index].T.groupby(inside, sort=True).sum(min_count=1).T
    case, control = contrast.arms(exp)
    pooled = pooled.loc[:, pooled.loc[control].notna().mean(axis=0) >= 0.5]
    of_vote = pd.Series(anchors["compartment"].to_numpy(), vote.to_numpy())
    compartment = of_vote[~of_vote.index.duplicated()].reindex(pooled.columns)
    # what is rare in the comparator is missed in a preparation for its rarity, not for its absence: left in, it
    # would pull the median down, so only the more abundant anchors of each compartment are asked
    rank = pooled.loc[control].mean(axis=0).groupby(compartment).rank(ascending=False, pct=True)
    pooled = pooled.loc[:, rank <= abundant]
    votes = anchors.assign(vote=vote).drop_duplicates("vote").set_index("vote").reindex(pooled.columns)
    return pooled.loc[case].to_numpy(), pooled.loc[control].to_numpy(), votes


def _carry_row(
    blank: dict[str, object],
    found: CarryOver,
    n_set: int,
    exp: Experiment,
    contrast: Contrast,
    criteria: Criteria,
) -> dict[str, object]:
    floor = criteria.threshold["carry_over_floor"]
    notes = []
    if found.bounded.any():
        notes.append(
            f"{int(found.bounded.sum())} of {len(found.bounded)} samples lack a third of the anchors: a bound only"
        )
    if exp.approximate:
        notes.append("logarithmic, imputed or requantified input inflates it")
    if len(found.by_sample) < 2:
        notes.append("one preparation: the interval holds for the anchors only")
    fraction, low, high = found.fraction, found.low, found.high
    if fraction < floor:
        fraction, low, high = floor, np.nan, max(floor, high)
        notes.append(f"below {100 * floor:g} %: a bound only")
    upper = (
        contrast.comparator == "lysate" or found.bounded.any() or exp.approximate or found.fraction < floor
    )
    return {
        **blank,
        "fraction": fraction,
        "ci_low": low,
        "ci_high": high,
        "bound": "at most" if upper else "about",
        "n_measured": int(found.kept.sum()),
        "n_set": n_set,
        "n_dropped": int((~found.kept).sum()),
        "status": "assessed",
        "reason": "; ".join(notes),
    }
