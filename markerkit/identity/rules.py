"""The rules on vesicle classes: evidence in numbers and the criteria go in, a verdict comes out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from markerkit.catalog.criteria import GENERAL_EV, ClassRule, Criteria
from markerkit.core.verdict import Verdict, combine
from markerkit.core.vocabulary import Basis, Exclusion, Rule, VerdictWord
from markerkit.identity.evidence import CandidateEvidence, ClassEvidence, Evidence, Facts, completed, enough
from markerkit.purity.rules import rises, source_verdict
from markerkit.stats.set_effect import SetEffect

COMPATIBLE, NOT_COMPATIBLE = VerdictWord.COMPATIBLE, VerdictWord.NOT_COMPATIBLE
UNRESOLVED, NOT_ASSESSABLE = VerdictWord.UNRESOLVED, VerdictWord.NOT_ASSESSABLE


def decide(
    schemes: Sequence[Evidence], criteria: Criteria, keys: Iterable[str] | None = None
) -> dict[str, Verdict]:
    """Decide classes from the evidence under each missing-value scheme.

    Parameters
    ----------
    schemes
        Evidence on measured values and, where presence is known, with bounds.
    criteria
        Rules and thresholds.
    keys
        Classes to decide; all by default.
    """
    schemes = completed(schemes, criteria.threshold)
    general = combine([class_verdict(GENERAL_EV, e, criteria) for e in schemes], otherwise=UNRESOLVED).word
    wanted = criteria.classes if keys is None else keys
    return {
        key: combine([class_verdict(key, e, criteria, general) for e in schemes], otherwise=UNRESOLVED)
        for key in wanted
    }


def class_verdict(
    key: str, evidence: Evidence, criteria: Criteria, general: VerdictWord = UNRESOLVED
) -> Verdict:
    """Decide one class under one scheme: the first rule that applies.

    Parameters
    ----------
    key
        Of the class.
    evidence, criteria
        Numbers, and the rules.
    general
        Verdict on general EV evidence over all schemes.
    """
    case = _Case(criteria.classes[key], evidence, criteria, general)
    return next(verdict for rule in _RULES if (verdict := rule(case)) is not None)


def enough_measured(
    e: ClassEvidence, t: Mapping[str, float], *, has_background: bool = True
) -> SetEffect | Verdict:
    """Return the effect of a class of which enough was measured to judge it, else the verdict that says what lacks."""
    if not has_background:
        return Verdict(NOT_ASSESSABLE, Rule.NO_BACKGROUND, basis=Basis.NONE)
    numbers = {
        "n_markers": e.n_markers,
        "weight_measured": e.weight_measured,
        "min_markers": t["min_markers"],
    }
    if e.effect is None or e.n_markers < t["min_markers"]:
        return Verdict(NOT_ASSESSABLE, Rule.TOO_FEW_MARKERS, numbers)
    if e.weight_measured < t["min_weight"]:
        return Verdict(NOT_ASSESSABLE, Rule.TOO_LITTLE_WEIGHT, numbers | {"min_weight": t["min_weight"]})
    return e.effect


def enrichment(
    e: ClassEvidence, t: Mapping[str, float], *, has_background: bool = True, compressed: bool = False
) -> Verdict:
    """Decide by the positive markers alone: too few, depleted, no more, raised too little, wide or enriched.

    Parameters
    ----------
    e, t
        Numbers, and thresholds by name.
    has_background
        There are enough proteins of no class.
    compressed
        Fold changes are smaller than the true ones: only an interval below 0 excludes.
    """
    effect = enough_measured(e, t, has_background=has_background)
    if isinstance(effect, Verdict):
        return effect
    margin = t["equivalence_margin"]
    if rises(effect, t["min_class_effect"]):
        return Verdict(COMPATIBLE, Rule.ENRICHED)
    if effect.ci_high < 0:
        return Verdict(NOT_COMPATIBLE, Rule.DEPLETED)
    numbers = {"equivalence_margin": margin}
    if effect.ci_low > 0:
        rule = Rule.RAISED_TOO_LITTLE if effect.ci_high < margin else Rule.RISE_OF_UNKNOWN_SIZE
        return Verdict(UNRESOLVED, rule, numbers)
    if effect.ci_high < margin:
        if compressed:
            return Verdict(UNRESOLVED, Rule.RATIOS_COMPRESSED, numbers)
        return Verdict(NOT_COMPATIBLE, Rule.NO_MORE_THAN_CONTROL, numbers)
    return Verdict(UNRESOLVED, Rule.WIDE_INTERVAL, {"heterogeneous": effect.heterogeneous})


def exclusion(rule: ClassRule, evidence: Evidence, competitor: str, t: Mapping[str, float]) -> Exclusion:
    """How a competing class is excluded, or that it may be there beside the class, if either is shown.

    Parameters
    ----------
    rule
        Of the class.
    evidence
        Numbers.
    competitor
        Key of the competitor.
    t
        Thresholds.

    Notes
    -----
    Ratios that are compressed exclude a competitor only below 0, as they do the class itself.
    """
    mine, theirs = evidence.classes[rule.key], evidence.competitor(competitor)
    limit = 0.0 if evidence.facts.compressed else t["equivalence_margin"]
    readable = theirs.n_markers >= t["min_markers"] and theirs.weight_measured >= t["min_weight"]
    if readable and theirs.effect is not None and theirs.effect.ci_high < limit:
        return Exclusion.ITSELF
    margin = enough(mine.margins.get(competitor), t["min_markers_margin"])
    if margin is not None and margin.ci_low > 0:
        return Exclusion.MARGIN
    specific = enough(mine.competitor_specific.get(competitor), t["min_markers"])
    if specific is not None and specific.ci_high < limit:
        return Exclusion.SPECIFIC
    lacking = enough(mine.specific_over_organelles, t["min_markers_margin"])
    if competitor in rule.full_of_organelles and rises(lacking, t["min_class_effect"]):
        return Exclusion.ORGANELLES
    beside = competitor in rule.may_accompany and shown_by_its_own(mine, evidence.facts, t)
    return Exclusion.BESIDE if beside else Exclusion.NOT_EXCLUDED


def shown_by_its_own(mine: ClassEvidence, facts: Facts, t: Mapping[str, float]) -> bool:
    """Say whether the class-specific markers alone show a class, so that another may be there beside it.

    They must be as many as any class needs. Against a fluid all proteins of cells rise: there they must be at least half
    as enriched as the general EV markers.
    """
    own, fewest = mine.specific, t["min_markers"]
    if not rises(enough(own, fewest), t["min_class_effect"]):
        return False
    per_ev = enough(mine.specific_per_ev, fewest)
    return not facts.negatives_rise or (
        per_ev is not None and per_ev.estimate > -t["equivalence_margin"] and per_ev.ci_high > 0
    )


def negatives_rise(e: ClassEvidence, facts: Facts, t: Mapping[str, float]) -> bool:
    """Say whether negative markers rise; over a comparator without cell protein they do so with any vesicles."""
    if e.effect is None or facts.negatives_rise:
        return False
    return rises(enough(e.negatives, t["min_markers_negative"]), t["min_source_effect"])


def like_control(schemes: Sequence[Evidence], criteria: Criteria) -> bool:
    """Say whether nothing tells the case as vesicles from its control: no more EV markers, no less of what vesicles lack.

    Parameters
    ----------
    schemes
        Evidence on measured values and, where presence is known, with bounds.
    criteria
        Rules and thresholds.
    """
    t = criteria.threshold
    measured = completed(schemes, t)[0]
    mine = measured.competitor(GENERAL_EV)
    if mine.n_markers < t["min_markers"] or not _without_sign(mine.effect, t, sign=1):
        return False
    lacking = [e for e in measured.anchors.values() if enough(e, t["min_markers_source"]) is not None]
    return bool(lacking) and all(_without_sign(e, t, sign=-1) for e in lacking)


def _without_sign(effect: SetEffect | None, t: Mapping[str, float], *, sign: int) -> bool:
    """Less than two-fold, and not shown in one direction: not, or less than what counts as a rise.

    A little less of the EV markers, or a little more of the organelles, is no sign of vesicles.
    """
    if effect is None or abs(effect.estimate) >= t["equivalence_margin"]:
        return False
    shown = effect.ci_low > 0 if sign > 0 else effect.ci_high < 0
    return not shown or abs(effect.estimate) < t["min_source_effect"]


def candidate_shown(e: CandidateEvidence, criteria: Criteria) -> bool:
    """Say whether a gene of a candidate is raised or only in the case."""
    t, least = criteria.threshold, criteria.convention["candidate_seen"]
    return any(
        g.seen >= least and (g.only_in_case or (g.ci_low > 0 and g.estimate >= t["min_class_effect"]))
        for g in e.genes
    )


# ---- the rules, in the order in which they apply ---------------------------------


@dataclass(frozen=True)
class _Case:
    """A class in a contrast under one scheme."""

    rule: ClassRule
    evidence: Evidence
    criteria: Criteria
    general: VerdictWord

    @property
    def mine(self) -> ClassEvidence:
        return self.evidence.classes[self.rule.key]

    @property
    def t(self) -> Mapping[str, float]:
        return self.criteria.threshold


def _stated(case: _Case) -> Verdict | None:
    if case.evidence.facts.not_vesicles:
        return Verdict(NOT_ASSESSABLE, Rule.STATED_NOT_VESICLES, basis=Basis.NONE)
    return None


def _context(case: _Case) -> Verdict | None:
    if case.rule.context and not case.evidence.facts.apoptosis:
        return Verdict(NOT_ASSESSABLE, Rule.APOPTOSIS_NOT_STATED)
    return None


def _conjunction(case: _Case) -> Verdict | None:
    """Require the whole evidence of another class, no forbidden source, and a candidate."""
    if not case.rule.requires:
        return None
    for required in case.rule.requires:
        verdict = class_verdict(required, case.evidence, case.criteria, case.general)
        if verdict.word != COMPATIBLE:
            return _not_shown(case, required, verdict)
    lysis = _lysis(case)
    if lysis is not None:
        return lysis
    shown = [k for k in case.rule.candidates if candidate_shown(case.evidence.candidates[k], case.criteria)]
    if shown:
        return Verdict(COMPATIBLE, Rule.CANDIDATE)
    return Verdict(UNRESOLVED, Rule.NO_CANDIDATE, competing_class=case.rule.requires[0])


def _lysis(case: _Case) -> Verdict | None:
    """Say that a source is higher that must not be."""
    for source in case.rule.forbidden_sources:
        found = case.evidence.sources.get(source)
        if found is not None and source_verdict(found, case.t).word == VerdictWord.HIGHER:
            rests_on = next(iter(case.rule.requires), "")
            return Verdict(UNRESOLVED, Rule.NECROSIS, competing_class=rests_on, about=source)
    return None


def _not_shown(case: _Case, required: str, verdict: Verdict) -> Verdict:
    """Pass on that a required class is not assessable or not compatible; else leave this one unresolved."""
    found = case.evidence
    alone = _alone(found.classes[required], case)
    if alone.word in {NOT_ASSESSABLE, NOT_COMPATIBLE}:
        return Verdict(alone.word, Rule.REQUIRED_CLASS, alone.numbers, about=required, because=alone)
    return Verdict(UNRESOLVED, Rule.REQUIRED_CLASS, competing_class=required, about=required, because=verdict)


def _enrichment(case: _Case) -> Verdict | None:
    alone = _alone(case.mine, case)
    return alone if alone.word != COMPATIBLE else None


def _alone(e: ClassEvidence, case: _Case) -> Verdict:
    found = case.evidence
    return enrichment(e, case.t, has_background=found.has_background, compressed=found.facts.compressed)


def _organelles(case: _Case) -> Verdict | None:
    """Broken cells have EV markers and organelles: in vesicles the markers lie above the organelles."""
    if not case.rule.above_organelles:
        return None
    t, fewest = case.t, case.t["min_markers_source"]
    gaps = {k: enough(gap, fewest) for k, gap in case.evidence.organelles.items()}
    for key, gap in gaps.items():
        if gap is not None and gap.ci_high < 0:
            return Verdict(UNRESOLVED, Rule.ORGANELLES_PER_EV, about=key)
    for markers in (case.mine, case.evidence.classes[GENERAL_EV]):
        over = enough(markers.over_organelles, fewest)
        if over is not None and not rises(over, t["min_class_effect"]):
            return Verdict(
                UNRESOLVED, Rule.NOT_ABOVE_ORGANELLES, {"equivalence_margin": t["min_class_effect"]}
            )
    return None


def _negatives(case: _Case) -> Verdict | None:
    up = negatives_rise(case.mine, case.evidence.facts, case.t)
    return Verdict(UNRESOLVED, Rule.NEGATIVES_UP) if up else None


def _general_evidence(case: _Case) -> Verdict | None:
    excluded = case.rule.declared and case.general == NOT_COMPATIBLE
    if excluded or (case.rule.needs_ev and case.general != COMPATIBLE):
        return Verdict(UNRESOLVED, Rule.NO_GENERAL_EV_EVIDENCE)
    if case.rule.declared and not (case.evidence.facts.vesicles or case.general == COMPATIBLE):
        return Verdict(UNRESOLVED, Rule.NOT_DECLARED_AS_VESICLES)
    return None


def _specific(case: _Case) -> Verdict | None:
    """Markers of all vesicles make no class: the class-specific ones must be measured and rise."""
    if not case.rule.competing_classes:
        return None
    specific = enough(case.mine.specific, case.t["min_markers_margin"])
    if specific is None:
        return Verdict(UNRESOLVED, Rule.TOO_FEW_SPECIFIC_MARKERS)
    if specific.estimate < case.t["min_class_effect"]:
        return Verdict(UNRESOLVED, Rule.SPECIFIC_MARKERS_NOT_RAISED)
    return None


def _competitors(case: _Case) -> Verdict | None:
    mine, t = case.mine, case.t
    still_open = [k for k in case.rule.competing_classes if not exclusion(case.rule, case.evidence, k, t)]
    if not still_open:
        return None
    margins = {k: enough(mine.margins.get(k), t["min_markers_margin"]) for k in still_open}
    worst = min(still_open, key=lambda k: _ci_low(margins[k]))
    few = margins[worst] is None
    rule = Rule.TOO_FEW_DISTINGUISHING_MARKERS if few else Rule.COMPETING_CLASS
    return Verdict(UNRESOLVED, rule, competing_class=worst)


def _ci_low(margin: SetEffect | None) -> float:
    return -np.inf if margin is None else margin.ci_low


def _broken_cells(case: _Case) -> Verdict | None:
    """Organelles and nuclei of broken cells look like apoptotic bodies: only a shown apoptosis tells them apart."""
    if not case.rule.nuclear:
        return None
    ev = enough(case.mine.ev_beyond, case.t["min_markers"])
    if not case.evidence.facts.apoptosis or not rises(ev, case.t["min_source_effect"]):
        return Verdict(UNRESOLVED, Rule.LYSED_OR_APOPTOTIC)
    nuclear = enough(case.mine.nuclear, case.t["min_markers_margin"])
    least = case.t["min_class_effect"]
    if nuclear is None or nuclear.estimate < least:
        return Verdict(UNRESOLVED, Rule.NO_NUCLEAR_EVIDENCE, {"equivalence_margin": least})
    return None


def _enriched(_case: _Case) -> Verdict:
    return Verdict(COMPATIBLE, Rule.ENRICHED)


_RULES: tuple[Callable[[_Case], Verdict | None], ...] = (
    _stated,
    _context,
    _conjunction,
    _enrichment,
    _lysis,
    _organelles,
    _negatives,
    _general_evidence,
    _specific,
    _competitors,
    _broken_cells,
    _enriched,
)
