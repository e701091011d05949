"""Evidence: every reason for and against every class, in a row of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from markerkit.catalog.criteria import ClassRule, load_criteria
from markerkit.checks.circularity import FLAGGED
from markerkit.checks.design import SERIOUS, WARNING
from markerkit.checks.sensitivity import AS_REPORTED, LEAVE_ONE_OUT
from markerkit.core.wording import fold_change
from markerkit.effects.members import set_members
from markerkit.effects.model import ContrastModel
from markerkit.identity.measure import Evidence, gather, why_excluded
from markerkit.identity.table import COMPATIBLE, NOT_COMPATIBLE, candidates, detectable
from markerkit.purity.sources import NOT_RAISED, RAISED
from markerkit.sets.enrichment import enrich
from markerkit.stats.set_effect import SetEffect
from markerkit.study.context import CONTEXT_KEYS
from markerkit.tables.registry import TABLES

FOR, AGAINST, NEITHER = "for", "against", "neither"

_APOPTOSIS = (
    "apoptosis_induced",
    "apoptosis_shown",
    "viability_percent",
    "caspase_inhibitor_control",
    "inhibitor_effect",
)
_NAMED = 12
_NECROSIS = ("nucleus", "mitochondrion")
#: beginning of a verdict's reason -> the row that decided
_DECIDED_BY = (
    ("missing-value scheme", "left-censored bounds"),
    ("negatives up", "negatives"),
    ("competing class exosome: no candidate", "candidate"),
    ("general EV evidence not shown", "general EV evidence"),
    ("small-EV evidence", "small-EV evidence"),
    ("not declared as vesicles", "context: vesicles"),
    ("apoptosis not stated", "context: apoptosis_induced"),
    ("necrosis pattern", "necrosis pattern"),
    ("no comparator", "comparator"),
    ("no replicates", "replicates"),
    ("small EV, apoptosis", "candidate"),
    ("too few markers of its own", "own markers"),
    ("only markers that it shares", "own markers"),
    ("wide", "set effect"),
    ("depleted", "set effect"),
    ("no more than", "set effect"),
    ("raised less than", "set effect"),
    ("enriched", "set effect"),
    ("small-EV markers", "set effect"),
)


@dataclass(frozen=True)
class Record:
    """The other parts of an assessment that bear on identity."""

    identity: pd.DataFrame
    purity: pd.DataFrame
    sensitivity: pd.DataFrame
    design: pd.DataFrame
    circularity: pd.DataFrame
    context: Mapping[str, Any]


Row = dict[str, Any]


def evidence_of(models: Sequence[ContrastModel], record: Record) -> pd.DataFrame:
    """Write down every reason for and against every class in every contrast.

    Parameters
    ----------
    models
        Fitted contrasts; none without a comparator.
    record
        What else was found.

    Returns
    -------
    Table `evidence`. A reason is `for` where it speaks for calling the class
    compatible, `against` where it speaks or stands against it, `neither` where
    it says nothing either way.
    """
    by_name = {m.contrast.name: m for m in models}
    rows: list[Row] = []
    for name, verdicts in record.identity.groupby("contrast", sort=False):
        model = by_name.get(str(name))
        rows += _contrast(str(name), model, verdicts, record)
    return TABLES["evidence"].conform(pd.DataFrame(rows))


def _contrast(
    name: str, model: ContrastModel | None, verdicts: pd.DataFrame, record: Record
) -> Iterator[Row]:
    words = verdicts.set_index("class")["verdict"]
    fitted = model is not None and model.measured is not None
    seen = _Seen.of(model) if model is not None and fitted else None
    for _, verdict in verdicts.iterrows():
        rule = load_criteria().classes[verdict["class"]]
        found = [*(_measured(seen, rule, verdict, words, record) if seen else _unmeasured(name, verdict))]
        found += [*_context(rule, words, record.context), *_guards(name, rule, record)]
        decided = _decided_by(
            str(verdict["reason"]), bool(verdict["competing_class"]), str(verdict["competing_class"])
        )
        for row in found:
            yield {"contrast": name, "class": rule.key, "decisive": row["topic"] == decided, **row}


def _decided_by(reason: str, has_rival: bool, competitor: str) -> str:  # noqa: FBT001
    known = next((topic for start, topic in _DECIDED_BY if reason.startswith(start)), "")
    if known:
        return known
    if reason.startswith("competing_class") and has_rival:
        return f"competing class {competitor}"
    return "coverage" if "measured" in reason else ""


def _reason(topic: str, direction: str, text: str, effect: SetEffect | None = None, **numbers: Any) -> Row:
    row = {"topic": topic, "direction": direction, "text": text, **numbers}
    if effect is not None:
        row |= {
            "value": effect.estimate,
            "ci_low": effect.ci_low,
            "ci_high": effect.ci_high,
            "n": effect.n_markers,
        }
    return row


def _genes(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


def _votes(n: int) -> str:
    return f"{n} vote" if n == 1 else f"{n} votes"


def _size(effect: SetEffect) -> str:
    level = 100 * load_criteria().threshold["class_confidence"]
    return f"{fold_change(effect.estimate)}-fold ({level:.0f} % interval {fold_change(effect.ci_low)} to {fold_change(effect.ci_high)})"


# ---- what the markers say ------------------------------------------------------------


@dataclass(frozen=True)
class _Seen:
    """A fitted contrast with its evidence under each missing-value scheme and the joint effects."""

    model: ContrastModel
    evidence: tuple[Mapping[str, Evidence], ...]
    joint: pd.DataFrame

    @classmethod
    def of(cls, model: ContrastModel) -> _Seen:
        schemes = model.schemes
        return cls(model, tuple(gather(model, p) for p in schemes), joint_effects_of(model))


def joint_effects_of(model: ContrastModel) -> pd.DataFrame:
    """Effect that each class or source set adds to the others, by set.

    Parameters
    ----------
    model
        Fitted contrast with a differential abundance.
    """
    criteria = model.criteria
    wanted = [s for rule in criteria.classes.values() for s in rule.sets] + list(criteria.sources)
    table = model.markers.table
    members = {
        s: list(
            table.loc[(table["set"] == s) & (table["role"] == "positive") & (table["gene"] != ""), "gene"]
        )
        for s in dict.fromkeys(wanted)
        if s in model.markers
    }
    if model.da is None:
        return pd.DataFrame(columns=["set", "log2_fc", "ci_low", "ci_high", "status", "reason"])
    return enrich(model.da, {s: genes for s, genes in members.items() if genes}, method="joint").table


def _measured(
    seen: _Seen, rule: ClassRule, verdict: pd.Series, words: pd.Series, record: Record
) -> Iterator[Row]:
    from_detection = str(verdict["reason"]).endswith("from detection")
    mine = seen.evidence[-1 if from_detection else 0][rule.key]
    yield _coverage(seen.model, mine)
    yield _effect(seen.model, mine)
    yield _bounds(seen, rule)
    yield _negatives(seen.model, mine)
    evidence = seen.evidence[-1 if from_detection else 0]
    if rule.competing_classes:
        yield _own(seen.model, mine)
    for competitor in rule.competing_classes:
        yield _rival(competitor, mine, evidence[competitor], words.get(competitor, ""))
    if rule.needs_ev:
        yield _layer_a(str(words.get("ev", "")))
    if rule.key == "apoptotic_exosome":
        yield _small_ev(str(words.get("exosome", "")))
    yield from _joint(seen, rule)
    yield _comparator(seen.model)
    yield from _fluid(seen.model, rule)
    if rule.context:
        yield from _necrosis(seen.model.contrast.name, record.purity)
    if rule.key == "apoptotic_exosome":
        yield _candidate(seen.model, from_detection=from_detection)


def _unmeasured(name: str, verdict: pd.Series) -> Iterator[Row]:
    topic = "replicates" if name else "comparator"
    yield _reason(topic, NEITHER, f"{verdict['reason']}: what the markers say cannot be read")


def _coverage(model: ContrastModel, mine: Evidence) -> Row:
    t, votes = model.criteria.threshold, mine.votes
    enough = votes.n_markers >= t["min_markers"] and votes.weight_measured >= t["min_weight"]
    text = (
        f"{_votes(votes.n_markers)}, {100 * votes.weight_measured:.0f} % of the set's weight measured; "
        f"{int(t['min_markers'])} votes and {100 * t['min_weight']:.0f} % are asked for"
    )
    text += "" if enough else ": too little to say anything either way"
    return _reason("coverage", NEITHER, text, value=votes.weight_measured, n=votes.n_markers)


def _effect(model: ContrastModel, mine: Evidence) -> Row:
    e, t = mine.effect, model.criteria.threshold
    if e is None:
        return _reason("set effect", NEITHER, "no marker of the class has an effect with an error")
    text = f"its markers are {_size(e)} over the background"
    if mine.state == "enriched":
        return _reason("set effect", FOR, f"{text}: more than in the control", e)
    if mine.state == "excluded":
        least = fold_change(t["equivalence_margin"])
        more = "less than in" if e.ci_high < 0 else f"less than a {least}-fold enrichment over"
        seen = f"; {fold_change(detectable(model, e))}-fold would have been called in {100 * t['power']:g} % of such studies"
        return _reason("set effect", AGAINST, f"{text}: {more} the control{seen}", e)
    why = mine.reason if mine.state == "not assessable" else "too wide to tell"
    return _reason("set effect", NEITHER, f"{text}: {why}", e)


_DIRECTIONS = {"enriched": FOR, "excluded": AGAINST}


def _bounds(seen: _Seen, rule: ClassRule) -> Row:
    if len(seen.evidence) < 2:
        text = "presence is no evidence here (complete, imputed or ratio matrix): proteins seen in one group only do not count"
        return _reason("left-censored bounds", NEITHER, text)
    measured, bounded = (e[rule.key] for e in seen.evidence)
    if bounded.effect is None:
        return _reason("left-censored bounds", NEITHER, "no marker can be read with bounds either")
    e = bounded.effect
    more = bounded.votes.n_markers - measured.votes.n_markers
    text = f"with proteins seen in one group only at their bound ({_votes(more)} more) the markers are {_size(e)}"
    same = measured.state == bounded.state
    text += (
        "; the measured values alone say the same" if same else "; the measured values alone say otherwise"
    )
    return _reason("left-censored bounds", _DIRECTIONS.get(bounded.state, NEITHER), text, e)


def _negatives(model: ContrastModel, mine: Evidence) -> Row:
    t = model.criteria.threshold
    rule = model.criteria.comparators[model.contrast.comparator or "unknown"]
    e, balance = mine.negative_effect, mine.balance
    if e is None or balance is None:
        text = f"{_votes(mine.negatives.n_markers)} of negative markers; below {int(t['min_markers_negative'])} they neither help nor harm"
        return _reason("negatives", NEITHER, text, n=mine.negatives.n_markers)
    if rule.negatives == "below positives":
        text = f"against {rule.title} the markers must rise above the negatives: {_size(balance)} over them"
        return _reason("negatives", FOR if balance.ci_low > 0 else AGAINST, text, balance)
    text = f"its negative markers are {_size(e)} over the background"
    if e.ci_low > 0 and e.estimate >= t["min_source_effect"]:
        return _reason("negatives", AGAINST, f"{text}: they rise too", e)
    if e.ci_high < 0:
        return _reason("negatives", FOR, f"{text}: they fall", e)
    return _reason("negatives", NEITHER, f"{text}: they are not up", e)


def _own(model: ContrastModel, mine: Evidence) -> Row:
    t, e = model.criteria.threshold, mine.own
    kin = "".join(f", no {model.criteria.classes[k].operational_name}" for k in mine.rule.related_classes)
    if e is None:
        text = f"too few of its markers are in no competitor{kin} and not in the EV layer"
        return _reason("own markers", NEITHER, text)
    text = f"its markers that no competitor{kin} and not the EV layer has are {_size(e)} over the background"
    direction = FOR if e.estimate >= t["min_class_effect"] else AGAINST
    return _reason("own markers", direction, text, e)


def _rival(competitor: str, mine: Evidence, theirs: Evidence, word: str) -> Row:
    criteria = load_criteria()
    topic, title = f"competing class {competitor}", criteria.classes[competitor].title
    margin, own, eta = (
        mine.margins.get(competitor),
        mine.competitor_specific.get(competitor),
        criteria.threshold["equivalence_margin"],
    )
    tail = f"; {title} is {word or 'not called'} itself"
    if own is not None and mine.excluded_by_specific_markers(competitor, eta):
        tail = f"; what only {title} has is {_size(own)}, no {fold_change(eta)}-fold rise{tail}"
    out = bool(why_excluded(mine, theirs, eta))
    if margin is None:
        text = f"too few markers tell it from {title}{tail}"
        return _reason(topic, FOR if out else NEITHER, text)
    text = f"markers only in the class are {_size(margin)} over markers only in {title}{tail}"
    return _reason(topic, FOR if out else AGAINST if margin.ci_high < 0 else NEITHER, text, margin)


def _layer_a(word: str) -> Row:
    direction = FOR if word == COMPATIBLE else AGAINST if word == NOT_COMPATIBLE else NEITHER
    return _reason(
        "general EV evidence", direction, f"is it EV material at all? General EV evidence is {word}"
    )


def _small_ev(word: str) -> Row:
    direction = FOR if word == COMPATIBLE else AGAINST if word == NOT_COMPATIBLE else NEITHER
    return _reason("small-EV evidence", direction, f"apoptotic exosomes are small EVs: Exosome is {word}")


def _joint(seen: _Seen, rule: ClassRule) -> Iterator[Row]:
    for name in rule.sets:
        if name not in set(seen.joint["set"]):
            continue
        row = seen.joint[seen.joint["set"] == name].iloc[0]
        if row["status"] != "tested":
            yield _reason(
                f"joint {name}", NEITHER, f"beside all other sets: {row['reason'] or row['status']}"
            )
            continue
        low, high = float(row["ci_low"]), float(row["ci_high"])
        text = (
            f"beside all other classes and sources the set adds {fold_change(float(row['log2_fc']))}-fold "
            f"(95 % interval {fold_change(low)} to {fold_change(high)}); a description, no verdict reads it"
        )
        direction = FOR if low > 0 else AGAINST if high < 0 else NEITHER
        numbers = {"value": row["log2_fc"], "ci_low": low, "ci_high": high, "n": row["n_measured"]}
        yield _reason(f"joint {name}", direction, text, **numbers)


def _comparator(model: ContrastModel) -> Row:
    c = model.contrast
    rule = model.criteria.comparators[c.comparator or "unknown"]
    if c.comparator is None:
        text = f"what {c.control} is was not stated, so the stricter rule for negatives applies; say lysate, biofluid, soluble or ev"
    else:
        text = f"{c.control} is {rule.title}. {rule.reason}"
    if c.comparator == "ev":
        text += " A class that both arms hold alike shows no enrichment."
    return _reason("comparator", NEITHER, text)


def _fluid(model: ContrastModel, rule: ClassRule) -> Iterator[Row]:
    c = model.contrast
    fluid = c.fluid or ("taken as blood" if c.blood else "not stated")
    if rule.blood_panels_removed:
        mine = set(set_members(model.markers, rule.sets)["gene"])
        panels = set(set_members(model.markers, rule.blood_panels_removed)["gene"])
        shared = sorted(mine & panels)
        if c.blood:
            text = f"fluid {fluid}: {len(shared)} markers that blood cells shed or spill are not counted ({_genes(shared)})"
        else:
            text = f"fluid {fluid}: markers shared with blood cells count"
        yield _reason("fluid gate", NEITHER, text, n=len(shared) if c.blood else 0)
    if rule.key == "apoptotic_exosome" and c.blood:
        text = f"fluid {fluid}: free 20S proteasome circulates, so 20S without 19S is no evidence"
        yield _reason("fluid gate", NEITHER, text)


def _necrosis(name: str, purity: pd.DataFrame) -> Iterator[Row]:
    rows = purity[(purity["contrast"] == name) & purity["source"].isin(_NECROSIS)]
    words = rows.set_index("source")["verdict"]
    raised = [k for k in _NECROSIS if words.get(k) == RAISED]
    flat = [k for k in _NECROSIS if words.get(k) == NOT_RAISED]
    text = "; ".join(f"{load_criteria().sources[k].title} {words.get(k, 'not read')}" for k in _NECROSIS)
    direction = AGAINST if raised else FOR if len(flat) == len(_NECROSIS) else NEITHER
    yield _reason("necrosis pattern", direction, f"organelles of broken cells: {text}")


def _candidate(model: ContrastModel, *, from_detection: bool) -> Row:
    scheme = model.bounded if from_detection else model.measured
    found = candidates(model, scheme or model.measured) if model.measured else {}
    shown = [k for k, yes in found.items() if yes]
    if shown:
        text = f"{_genes(shown)}; no apoptotic exosomes of known truth exist to validate it on"
        return _reason("candidate", FOR, text)
    genes = model.exp.proteins["gene"].str.upper()
    seen = sorted(set(genes[genes.isin(["S1PR1", "S1PR3"])]))
    text = (
        f"no candidate: {_genes(seen)} not above the control"
        if seen
        else "no candidate: S1PR1 and S1PR3 were not seen, which says nothing"
    )
    return _reason("candidate", NEITHER, f"{text}; 20S does not rise above 19S, or could not be read")


# ---- what was stated, and the guards -------------------------------------------------


def _context(rule: ClassRule, words: pd.Series, context: Mapping[str, Any]) -> Iterator[Row]:
    if rule.key == "ev" or rule.declared:
        yield _vesicles(rule, str(words.get("ev", "")), context)
    if not rule.context:
        return
    for key in _APOPTOSIS:
        meaning, value = CONTEXT_KEYS[key][1], context.get(key)
        if value in (None, ""):
            yield _reason(f"context: {key}", NEITHER, f"not stated: {meaning}")
        elif value is False:
            yield _reason(f"context: {key}", AGAINST, f"stated: it does not hold that {meaning}")
        elif value is True:
            yield _reason(f"context: {key}", FOR, f"stated: {meaning}")
        elif key in ("viability_percent", "inhibitor_effect"):
            number = value if isinstance(value, float) else float("nan")
            yield _reason(f"context: {key}", NEITHER, f"stated: {meaning}: {value}", value=number)
        else:
            yield _reason(f"context: {key}", FOR, f"stated: {meaning}: {value}")


def _vesicles(rule: ClassRule, ev_layer: str, context: Mapping[str, Any]) -> Row:
    topic = "context: vesicles"
    if context.get("vesicles"):
        return _reason(
            topic, FOR, "stated: the case samples are vesicle preparations (a statement, not a measurement)"
        )
    if context.get("vesicles") is False:
        return _reason(topic, AGAINST, "stated: the case samples are no vesicle preparations")
    if rule.declared and ev_layer == COMPATIBLE:
        return _reason(
            topic,
            FOR,
            "not stated that the case is vesicles; general EV evidence, which is compatible, stands for it",
        )
    return _reason(topic, NEITHER, "not stated whether the case samples are vesicle preparations")


def _guards(name: str, rule: ClassRule, record: Record) -> Iterator[Row]:
    circular = record.circularity
    row = circular[(circular["kind"] == "class") & (circular["key"] == rule.key)].iloc[0]
    direction = AGAINST if row["status"] == FLAGGED else NEITHER
    genes = str(row["markers"]).split(";") if row["markers"] else []
    text = str(row["text"]) + (f" ({_genes(genes)})" if row["status"] == FLAGGED and genes else "")
    yield _reason("circularity", direction, text, n=row["n_markers"])
    design = record.design[
        (record.design["contrast"] == name) & record.design["severity"].isin([SERIOUS, WARNING])
    ]
    for _, finding in design.iterrows():
        against = finding["severity"] == SERIOUS
        yield _reason(f"design: {finding['check']}", AGAINST if against else NEITHER, str(finding["finding"]))
    yield from _sensitivity(name, rule, record.sensitivity)


def _sensitivity(name: str, rule: ClassRule, table: pd.DataFrame) -> Iterator[Row]:
    rows = table[(table["contrast"] == name) & (table["kind"] == "class") & (table["key"] == rule.key)]
    varied = rows[~rows["aspect"].isin([AS_REPORTED, LEAVE_ONE_OUT])]
    if varied.empty:
        return
    other = varied[~varied["agrees"].astype(bool)]
    text = f"the verdict stands under {len(varied) - len(other)} of {len(varied)} other choices"
    if len(other):
        text += ": " + "; ".join(f"{r['variant']}: {r['verdict']}" for _, r in other.iterrows())
    alone = rows[rows["aspect"] == LEAVE_ONE_OUT]
    if len(alone):
        text += f"; leaving one vote out: {alone.iloc[0]['reason']}"
    yield _reason("sensitivity", NEITHER, text, n=len(varied))


__all__ = ["AGAINST", "FOR", "NEITHER", "Record", "evidence_of", "joint_effects_of"]
