"""Evidence: every reason for and against every class, one per row."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from markerkit.assessment.stated import Record, Row, direction_of, reason_row, stated_rows
from markerkit.catalog.criteria import GENERAL_EV, ClassRule, load_criteria
from markerkit.core.messages import reason
from markerkit.core.vocabulary import Basis, Direction, Exclusion, Rule, Topic, VerdictWord
from markerkit.core.wording import counted, fold_change, interval, names, percent, times
from markerkit.effects.members import members_of
from markerkit.effects.model import AnyContrast, ContrastModel
from markerkit.identity.evidence import CandidateEvidence, ClassEvidence, Evidence, completed, enough
from markerkit.identity.measure import ClassMarkers, gather, markers_kept
from markerkit.identity.rules import (
    COMPATIBLE,
    NOT_COMPATIBLE,
    candidate_shown,
    enrichment,
    exclusion,
    negatives_rise,
)
from markerkit.identity.table import detectable
from markerkit.sets.enrichment import enrich
from markerkit.sets.methods import CONFIDENCE
from markerkit.stats.set_effect import SetEffect
from markerkit.tables.registry import TABLES

FOR, AGAINST, NEITHER = Direction.FOR, Direction.AGAINST, Direction.NEITHER


def evidence_of(models: Sequence[AnyContrast], record: Record) -> pd.DataFrame:
    """Write down every reason for and against every class in every contrast.

    Parameters
    ----------
    models
        Contrasts.
    record
        What else was found.

    Returns
    -------
    Table `evidence`. A reason is `for` where it speaks for calling the class
    compatible, `against` where it speaks or stands against it, `neither` where
    it says nothing either way; an effect whose interval spans 0 is neither.
    """
    by_name = {m.contrast.name: m for m in models}
    rows: list[Row] = []
    for name, verdicts in record.identity.groupby("contrast", sort=False):
        rows += _contrast(str(name), by_name.get(str(name)), verdicts, record)
    return TABLES["evidence"].conform(pd.DataFrame(rows))


def _contrast(name: str, model: AnyContrast | None, verdicts: pd.DataFrame, record: Record) -> Iterator[Row]:
    words = verdicts.set_index("class")["verdict"]
    found = _Found.of(model, record) if isinstance(model, ContrastModel) else None
    for _, verdict in verdicts.iterrows():
        rule = load_criteria().classes[verdict["class"]]
        decided = Rule(verdict["rule"])
        about = verdict["competing_class"] if decided.topic == Topic.COMPETING_CLASS else decided.about
        rows = [*(_measured(found, rule, verdict, words) if found else _unmeasured(decided, verdict))]
        rows += stated_rows(name, rule, words, record)
        for row in rows:
            decisive = (row["topic"], row["about"]) == (decided.topic, about)
            yield {"contrast": name, "class": rule.key, "decisive": decisive, **row}


# ---- what the markers show -------------------------------------------------------


@dataclass(frozen=True)
class _Found:
    """A fitted contrast with its evidence under each missing-value scheme and the joint effects."""

    model: ContrastModel
    evidence: tuple[Evidence, ...]
    joint: pd.DataFrame
    record: Record

    @classmethod
    def of(cls, model: ContrastModel, record: Record) -> _Found:
        gathered = [gather(model, scheme, record.context) for scheme in model.schemes]
        evidence = tuple(completed(gathered, model.criteria.threshold))
        return cls(model, evidence, joint_effects_of(model), record)

    @property
    def titles(self) -> Mapping[str, str]:
        return self.model.criteria.titles

    @property
    def level(self) -> float:
        return self.model.criteria.threshold["class_confidence"]

    def size(self, effect: SetEffect, what: str = "the background") -> str:
        """Write an effect and its interval in words."""
        return f"{times(effect.estimate)} {what} ({interval(effect.ci_low, effect.ci_high, self.level)})"

    def size_of(self, effect: SetEffect | None) -> str:
        """Write the effect of a class in words, after a verdict; nothing where it has none."""
        return "" if effect is None else f": its markers are {self.size(effect)}"

    def row(self, topic: Topic, direction: Direction, text: str, effect: SetEffect, about: str = "") -> Row:
        """Make a row with its effect."""
        numbers = {"value": effect.estimate, "ci_low": effect.ci_low, "ci_high": effect.ci_high}
        return reason_row(
            topic, direction, text, about=about, n=effect.n_markers, level=self.level, **numbers
        )


def joint_effects_of(model: ContrastModel) -> pd.DataFrame:
    """Effect that each class or source set adds to the others, by set.

    Parameters
    ----------
    model
        Fitted contrast.
    """
    criteria, table = model.criteria, model.markers.table
    wanted = [s for rule in criteria.classes.values() for s in rule.sets] + list(criteria.sources)
    positive = table[(table["role"] == "positive") & (table["gene"] != "")]
    genes = {
        s: list(positive.loc[positive["set"] == s, "gene"])
        for s in dict.fromkeys(wanted)
        if s in model.markers
    }
    return enrich(model.da, {s: members for s, members in genes.items() if members}, method="joint").table


def _measured(found: _Found, rule: ClassRule, verdict: pd.Series, words: pd.Series) -> Iterator[Row]:
    at = 1 if verdict["basis"] == Basis.BOUNDED else 0
    model, evidence = found.model, found.evidence[at]
    mine, markers = evidence.classes[rule.key], markers_kept(model, model.schemes[at], rule)
    yield _coverage(found, markers)
    yield _effect(found, mine, evidence)
    yield from _least_effect(found, mine, evidence)
    yield _bounds(found, rule)
    yield _negatives(found, mine, markers, evidence)
    if rule.competing_classes:
        yield _specific(found, rule, mine)
    if rule.above_organelles:
        yield _organelles(found, mine, evidence)
    if rule.nuclear:
        yield _nuclear(found, mine)
    for competitor in rule.competing_classes:
        yield _competitor(found, rule, evidence, competitor, words.get(competitor, ""))
        yield from _excluded(found, rule, evidence, competitor)
    if rule.needs_ev:
        text = f"general EV evidence is {words.get(GENERAL_EV, 'not assessed')}"
        yield _of_verdict(
            found, Topic.GENERAL_EV, text, words.get(GENERAL_EV, ""), evidence.classes[GENERAL_EV]
        )
    for required in rule.requires:
        text = f"the class rests on the whole evidence of {found.titles[required]}, which is {words.get(required, '')}"
        word = words.get(required, "")
        yield _of_verdict(found, Topic.REQUIRED_CLASS, text, word, evidence.classes[required])
    yield from _joint(found, rule)
    yield _comparator(model)
    yield from _fluid(model, rule)
    if rule.context:
        yield _necrosis(found, rule)
    if rule.candidates:
        yield _candidate(found, rule, evidence)


def _unmeasured(decided: Rule, verdict: pd.Series) -> Iterator[Row]:
    yield reason_row(decided.topic, NEITHER, f"{verdict['reason']}: the markers cannot be tested")


def _coverage(found: _Found, markers: ClassMarkers) -> Row:
    t, m = found.model.criteria.threshold, markers.positive
    enough_measured = m.n_markers >= t["min_markers"] and m.weight_measured >= t["min_weight"]
    text = (
        f"{counted(m.n_markers, 'independent marker')} and {percent(round(m.weight_measured, 2))} of the set's weight "
        f"measured; {int(t['min_markers'])} and {percent(t['min_weight'])} are needed"
    )
    text += "" if enough_measured else ": too little to say anything either way"
    return reason_row(Topic.COVERAGE, NEITHER, text, value=m.weight_measured, n=m.n_markers)


def _effect(found: _Found, mine: ClassEvidence, evidence: Evidence) -> Row:
    e, t = mine.effect, found.model.criteria.threshold
    if e is None:
        return reason_row(
            Topic.SET_EFFECT, NEITHER, "no marker of the class has an effect with a standard error"
        )
    alone = enrichment(mine, t, has_background=evidence.has_background, compressed=evidence.facts.compressed)
    text = f"the markers are {found.size(e)}"
    if alone.word == COMPATIBLE:
        return found.row(Topic.SET_EFFECT, FOR, f"{text}: more than in the control", e)
    if e.ci_high < 0 and alone.word == NOT_COMPATIBLE:
        called = f"{fold_change(detectable(found.model, e))}-fold would have been called in {percent(t['power'])} of such studies"
        return found.row(Topic.SET_EFFECT, AGAINST, f"{text}: less than in the control; {called}", e)
    return found.row(Topic.SET_EFFECT, NEITHER, f"{text}: {reason(alone, found.titles)}", e)


def _least_effect(found: _Found, mine: ClassEvidence, evidence: Evidence) -> Iterator[Row]:
    """Say by how much the markers miss the least effect of a class, where all of their interval does."""
    e, t = mine.effect, found.model.criteria.threshold
    decided = enrichment(mine, t, has_background=evidence.has_background).rule
    if e is None or decided not in {Rule.NO_MORE_THAN_CONTROL, Rule.RAISED_TOO_LITTLE}:
        return
    short = _shifted(e, -t["equivalence_margin"])
    least = f"a {fold_change(t['equivalence_margin'])}-fold enrichment, the least of a class,"
    called = f"{fold_change(detectable(found.model, e))}-fold would have been called in {percent(t['power'])} of such studies"
    text = f"{least} is excluded: the markers are {found.size(short, 'that')}; {called}"
    yield found.row(Topic.LEAST_EFFECT, AGAINST, text, short)


def _shifted(effect: SetEffect, by: float) -> SetEffect:
    """Effect and interval moved by a number: the distance to it."""
    low, high = effect.ci_low + by, effect.ci_high + by
    return replace(effect, estimate=effect.estimate + by, ci_low=low, ci_high=high)


def _side(effect: SetEffect | None) -> Direction:
    """Direction of an effect: an interval that spans 0 has none."""
    if effect is None or effect.ci_low <= 0 <= effect.ci_high:
        return NEITHER
    return FOR if effect.ci_low > 0 else AGAINST


def _of_verdict(found: _Found, topic: Topic, text: str, word: str, theirs: ClassEvidence) -> Row:
    """Make a row of the verdict on another class, with the effect of its markers."""
    direction, effect = direction_of(word), theirs.effect
    if effect is None:
        return reason_row(topic, direction, text)
    if _side(effect) != direction:
        direction = NEITHER
    return found.row(topic, direction, text + found.size_of(effect), effect)


def _bounds(found: _Found, rule: ClassRule) -> Row:
    if len(found.evidence) < 2:
        text = (
            "presence is no evidence here (complete, imputed or ratio matrix): proteins detected in one group only "
            "do not count"
        )
        return reason_row(Topic.BOUNDS, NEITHER, text)
    measured, bounded = (e.classes[rule.key] for e in found.evidence)
    if bounded.effect is None:
        return reason_row(Topic.BOUNDS, NEITHER, "no marker has an effect with bounds either")
    t = found.model.criteria.threshold
    first, second = (enrichment(e, t).word for e in (measured, bounded))
    more = counted(bounded.n_markers - measured.n_markers, "more marker")
    text = (
        f"with proteins detected in one group only at their bound ({more}) the markers are {found.size(bounded.effect)}; "
        f"the measured values alone {'agree' if first == second else 'disagree'}"
    )
    direction = _side(bounded.effect) if second in {COMPATIBLE, NOT_COMPATIBLE} else NEITHER
    return found.row(Topic.BOUNDS, direction, text, bounded.effect)


def _negatives(found: _Found, mine: ClassEvidence, markers: ClassMarkers, evidence: Evidence) -> Row:
    t, n = found.model.criteria.threshold, markers.negative.n_markers
    comparator = found.model.criteria.comparators[found.model.contrast.comparator or "unknown"]
    e = enough(mine.negatives, t["min_markers_negative"])
    if e is None:
        fewest = int(t["min_markers_negative"])
        text = f"{counted(n, 'negative marker')} measured; fewer than {fewest} count neither for nor against"
        return reason_row(Topic.NEGATIVES, NEITHER, text, n=n)
    if evidence.facts.negatives_rise:
        text = f"the negative markers are {found.size(e)}; against {comparator.title} they rise with any vesicles"
        return found.row(Topic.NEGATIVES, NEITHER, text, e)
    text = f"the negative markers are {found.size(e)}"
    if negatives_rise(mine, evidence.facts, t):
        return found.row(Topic.NEGATIVES, AGAINST, f"{text}: they rise too", e)
    if e.ci_high < 0:
        return found.row(Topic.NEGATIVES, FOR, f"{text}: they fall", e)
    return found.row(Topic.NEGATIVES, NEITHER, f"{text}: no rise is shown", e)


def _specific(found: _Found, rule: ClassRule, mine: ClassEvidence) -> Row:
    t = found.model.criteria.threshold
    e = enough(mine.specific, t["min_markers_margin"])
    related = [found.titles[k] for k in rule.related_classes]
    without = f" or {names(related)}" if related else ""
    kind = f"class-specific markers (of no competing class{without}, and not general EV evidence)"
    if e is None:
        return reason_row(Topic.SPECIFIC, NEITHER, f"too few {kind} quantified")
    direction, text = _side(e), f"{kind} are {found.size(e)}"
    if direction == FOR and e.estimate < t["min_class_effect"]:
        direction, text = NEITHER, f"{text}: less than {fold_change(t['min_class_effect'])}-fold"
    return found.row(Topic.SPECIFIC, direction, text, e)


def _organelles(found: _Found, mine: ClassEvidence, evidence: Evidence) -> Row:
    """Compare the markers with the organelles that vesicles lack, or name one that is higher for each EV marker."""
    least = found.model.criteria.threshold["min_markers_source"]
    for key, gap in evidence.organelles.items():
        if enough(gap, least) is not None and gap is not None and gap.ci_high < 0:
            text = f"more of {found.titles[key]} than in the control for each EV marker: EV markers are {found.size(gap, 'it')}"
            return found.row(Topic.ORGANELLES, AGAINST, text, gap)
    e = enough(mine.over_organelles, least)
    if e is None:
        return reason_row(Topic.ORGANELLES, NEITHER, "too few organelle proteins measured to compare with")
    return found.row(Topic.ORGANELLES, _side(e), f"the markers are {found.size(e, 'organelle proteins')}", e)


def _nuclear(found: _Found, mine: ClassEvidence) -> Row:
    e = enough(mine.nuclear, found.model.criteria.threshold["min_markers_margin"])
    if e is None:
        return reason_row(Topic.NUCLEAR, NEITHER, "too few histones and lamins measured")
    return found.row(Topic.NUCLEAR, _side(e), f"histones and lamins are {found.size(e)}", e)


def _competitor(found: _Found, rule: ClassRule, evidence: Evidence, competitor: str, word: str) -> Row:
    t, title, mine = found.model.criteria.threshold, found.titles[competitor], evidence.classes[rule.key]
    margin = enough(mine.margins.get(competitor), t["min_markers_margin"])
    tail = f"; {title} itself is {word or 'not assessed'}"
    if margin is None:
        text = f"too few markers distinguish the class from {title}{tail}"
        return reason_row(Topic.COMPETING_CLASS, NEITHER, text, about=competitor)
    text = f"markers only in the class are {found.size(margin, f'markers only in {title}')}{tail}"
    return found.row(Topic.COMPETING_CLASS, _side(margin), text, margin, about=competitor)


def _excluded(found: _Found, rule: ClassRule, evidence: Evidence, competitor: str) -> Iterator[Row]:
    """Say by how much a competing class misses the least effect of a class, where that excludes it."""
    t, title = found.model.criteria.threshold, found.titles[competitor]
    mine, theirs = evidence.classes[rule.key], evidence.competitor(competitor)
    how = exclusion(rule, evidence, competitor, t)
    effect = theirs.effect if how == Exclusion.ITSELF else mine.competitor_specific.get(competitor)
    if how not in {Exclusion.ITSELF, Exclusion.SPECIFIC} or effect is None:
        return
    markers = "its markers" if how == Exclusion.ITSELF else "the markers that only it has"
    short = _shifted(effect, -t["equivalence_margin"])
    distance = replace(effect, estimate=-short.estimate, ci_low=-short.ci_high, ci_high=-short.ci_low)
    least = fold_change(t["equivalence_margin"])
    text = f"{title} is excluded: {markers} are {found.size(short, f'the {least}-fold enrichment that a class needs')}"
    yield found.row(Topic.COMPETITOR_EXCLUDED, FOR, text, distance, about=competitor)


def _joint(found: _Found, rule: ClassRule) -> Iterator[Row]:
    by_set = found.joint.set_index("set").to_dict(orient="index")
    for name in rule.sets:
        if name not in by_set:
            continue
        row = by_set[name]
        if row["status"] != "tested":
            text = f"adjusted for all other sets: {row['reason'] or row['status']}"
            yield reason_row(Topic.JOINT, NEITHER, text, about=name)
            continue
        low, high = float(row["ci_low"]), float(row["ci_high"])
        text = (
            f"adjusted for all other classes and sources, its markers are {times(float(row['log2_fc']))} the background "
            f"({interval(low, high, CONFIDENCE)}); for information: no verdict uses it"
        )
        direction = FOR if low > 0 else AGAINST if high < 0 else NEITHER
        numbers = {"value": row["log2_fc"], "ci_low": low, "ci_high": high, "n": row["n_measured"]}
        yield reason_row(Topic.JOINT, direction, text, about=name, level=CONFIDENCE, **numbers)


def _comparator(model: ContrastModel) -> Row:
    c = model.contrast
    rule = model.criteria.comparators[c.comparator or "unknown"]
    text = f"{c.control} is {rule.title}. {rule.reason}"
    if c.comparator is None:
        text = (
            f"what {c.control} is was not stated, so the stricter rule for negative markers applies; state lysate, "
            "biofluid, soluble or ev"
        )
    if c.comparator == "ev":
        text += " A class that both groups hold alike shows no enrichment."
    return reason_row(Topic.COMPARATOR, NEITHER, text)


def _fluid(model: ContrastModel, rule: ClassRule) -> Iterator[Row]:
    c = model.contrast
    fluid = c.fluid or ("taken as blood" if c.blood else "not stated")
    if rule.blood_panels_removed:
        panels = set(members_of(model.markers, rule.blood_panels_removed).gene)
        shared = sorted(set(members_of(model.markers, rule.sets).gene) & panels)
        text = f"fluid {fluid}: markers shared with blood cells count"
        if c.blood:
            text = (
                f"fluid {fluid}: {counted(len(shared), 'marker')} that blood cells shed or release on lysis "
                f"{'is' if len(shared) == 1 else 'are'} not counted ({names(shared)})"
            )
        yield reason_row(Topic.FLUID, NEITHER, text, n=len(shared) if c.blood else 0)
    void = [
        model.criteria.candidates[k] for k in rule.candidates if model.criteria.candidates[k].void_in_blood
    ]
    if void and c.blood:
        text = f"fluid {fluid}: {names([v.title for v in void])} is uninformative here. {void[0].reason}"
        yield reason_row(Topic.FLUID, NEITHER, text)


def _necrosis(found: _Found, rule: ClassRule) -> Row:
    purity, forbidden = found.record.purity, rule.forbidden_sources
    rows = purity[(purity["contrast"] == found.model.contrast.name) & purity["source"].isin(forbidden)]
    by_source = rows.set_index("source").to_dict(orient="index")
    known = [by_source[k] for k in forbidden if k in by_source]
    higher = any(r["verdict"] == VerdictWord.HIGHER for r in known)
    fall = len(known) == len(forbidden) and all(r["ci_high"] < 0 for r in known)
    text = "; ".join(f"{found.titles[k]} {_source_words(found, by_source.get(k))}" for k in forbidden)
    direction = AGAINST if higher else FOR if fall else NEITHER
    return reason_row(Topic.NECROSIS, direction, f"organelles of broken cells: {text}")


def _source_words(found: _Found, row: Mapping[Hashable, Any] | None) -> str:
    """Write a verdict on a source with its effect."""
    if row is None:
        return "not assessed"
    if pd.isna(row["log2_fc"]):
        return str(row["verdict"])
    level = found.model.criteria.threshold["confidence"]
    size = interval(float(row["ci_low"]), float(row["ci_high"]), level)
    return f"{row['verdict']} ({times(float(row['log2_fc']))} the background, {size})"


def _candidate(found: _Found, rule: ClassRule, evidence: Evidence) -> Row:
    criteria = found.model.criteria
    wanted = {k: criteria.candidates[k] for k in rule.candidates}
    shown = {k: c for k, c in wanted.items() if candidate_shown(evidence.candidates[k], criteria)}
    if shown:
        size = "; ".join(
            f"{c.title}: {_candidate_size(found, evidence.candidates[k])}" for k, c in shown.items()
        )
        text = f"{size}; no apoptotic exosomes of known truth exist to validate it on"
        return reason_row(Topic.CANDIDATE, FOR, text)
    genes = found.model.exp.proteins["gene"].str.upper()
    asked = [g for c in wanted.values() for g in c.genes]
    measured = sorted(set(genes[genes.isin(asked)]))
    text = (
        f"no candidate: {names(measured)} not above the control"
        if measured
        else f"no candidate: {names(asked)} were not measured, which says nothing"
    )
    return reason_row(Topic.CANDIDATE, NEITHER, f"{text}; 20S is not above 19S, or could not be tested")


def _candidate_size(found: _Found, e: CandidateEvidence) -> str:
    """Write the numbers of a candidate that is shown."""
    if e.excess is not None:
        return found.size(e.excess, "the other set")
    return " and ".join(
        "detected in the case only" if g.only_in_case else f"{times(g.estimate)} the background"
        for g in e.genes
        if g.seen > 0
    )


__all__ = ["AGAINST", "FOR", "NEITHER", "Record", "evidence_of", "joint_effects_of"]
