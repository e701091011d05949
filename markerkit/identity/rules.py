"""The rules on vesicle classes: evidence in numbers and the criteria go in, a verdict comes out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from markerkit.catalog.criteria import GENERAL_EV, ClassRule, Criteria
from markerkit.core.verdict import Verdict, combine
from markerkit.core.vocabulary import Basis, Exclusion, Rule, VerdictWord
from markerkit.purity.rules import SourceEvidence, rises, source_verdict
from markerkit.stats.set_effect import SetEffect

COMPATIBLE, NOT_COMPATIBLE = VerdictWord.COMPATIBLE, VerdictWord.NOT_COMPATIBLE
UNRESOLVED, NOT_ASSESSABLE = VerdictWord.UNRESOLVED, VerdictWord.NOT_ASSESSABLE


@dataclass(frozen=True)
class ClassEvidence:
    """Numbers on one class under one missing-value scheme; effects in log2.

    Parameters
    ----------
    n_markers
        Independent positive markers measured.
    weight_measured
        Share of the weight of the set that was measured.
    effect
        Of the positive markers over the background; nothing without a marker or a background.
    negatives
        Of the negative markers over the background.
    balance
        Positive over negative markers.
    specific
        Of the class-specific markers: in no competing or related class and not general EV evidence.
    margins
        By competing class: markers only in the class over markers only in the competitor.
    competitor_specific
        By competing class: markers that neither the class nor general EV evidence has, over the background.
    """

    n_markers: int
    weight_measured: float
    effect: SetEffect | None
    negatives: SetEffect | None = None
    balance: SetEffect | None = None
    specific: SetEffect | None = None
    margins: Mapping[str, SetEffect | None] = field(default_factory=dict)
    competitor_specific: Mapping[str, SetEffect | None] = field(default_factory=dict)


@dataclass(frozen=True)
class GeneEvidence:
    """A gene of a candidate: share of case samples that show it, and its effect over the background, log2."""

    seen: float
    only_in_case: bool
    estimate: float
    ci_low: float


@dataclass(frozen=True)
class CandidateEvidence:
    """Numbers on one candidate: its genes, or one set over another; `void` where it is uninformative."""

    genes: tuple[GeneEvidence, ...] = ()
    excess: SetEffect | None = None
    void: bool = False


@dataclass(frozen=True)
class Facts:
    """What was stated of the contrast.

    Parameters
    ----------
    apoptosis
        Apoptosis was induced and shown, and the viability is given.
    vesicles
        The case is declared to be vesicles, or is compared with other vesicles.
    negatives_rise
        All cell proteins rise over the comparator: only the difference to the negatives counts.
    """

    apoptosis: bool = False
    vesicles: bool = False
    negatives_rise: bool = False


@dataclass(frozen=True)
class Evidence:
    """All that verdicts on classes are decided from, under one missing-value scheme."""

    classes: Mapping[str, ClassEvidence]
    facts: Facts
    has_background: bool = True
    sources: Mapping[str, SourceEvidence] = field(default_factory=dict)
    candidates: Mapping[str, CandidateEvidence] = field(default_factory=dict)


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


def enrichment(e: ClassEvidence, t: Mapping[str, float], *, has_background: bool = True) -> Verdict:
    """Decide by the positive markers alone: too few, depleted, raised too little, wide or enriched."""
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
    margin = t["equivalence_margin"]
    if rises(e.effect, t["min_class_effect"]):
        return Verdict(COMPATIBLE, Rule.ENRICHED)
    if e.effect.ci_high < 0:
        return Verdict(NOT_COMPATIBLE, Rule.DEPLETED)
    if e.effect.ci_high < margin:
        rule = Rule.NO_MORE_THAN_CONTROL if e.effect.ci_low <= 0 else Rule.RAISED_TOO_LITTLE
        return Verdict(NOT_COMPATIBLE, rule, {"equivalence_margin": margin})
    return Verdict(UNRESOLVED, Rule.WIDE_INTERVAL, {"heterogeneous": e.effect.heterogeneous})


def exclusion(
    mine: ClassEvidence, theirs: ClassEvidence, competitor: str, t: Mapping[str, float]
) -> Exclusion:
    """How a competing class is excluded, if it is.

    Parameters
    ----------
    mine, theirs
        Evidence on the class and on its competitor.
    competitor
        Key of the competitor.
    t
        Thresholds.
    """
    if enrichment(theirs, t).word == NOT_COMPATIBLE:
        return Exclusion.ITSELF
    margin = enough(mine.margins.get(competitor), t["min_markers_margin"])
    if margin is not None and margin.ci_low > 0:
        return Exclusion.MARGIN
    specific = enough(mine.competitor_specific.get(competitor), t["min_markers"])
    if specific is not None and specific.ci_high < t["equivalence_margin"]:
        return Exclusion.SPECIFIC
    return Exclusion.NOT_EXCLUDED


def enough(effect: SetEffect | None, fewest: float) -> SetEffect | None:
    """Return an effect of at least so many independent markers, else nothing."""
    return effect if effect is not None and effect.n_markers >= fewest else None


def negatives_rise(e: ClassEvidence, facts: Facts, t: Mapping[str, float]) -> bool:
    """Say whether negative markers rise or, over a comparator without cell protein, are not below the positives."""
    if e.effect is None or enough(e.negatives, t["min_markers_negative"]) is None:
        return False
    if facts.negatives_rise:
        return e.balance is not None and e.balance.ci_low <= 0
    return rises(e.negatives, t["min_source_effect"])


def candidate_shown(e: CandidateEvidence, criteria: Criteria) -> bool:
    """Say whether a gene of a candidate is raised or only in the case, or its set lies above the other set."""
    t, least = criteria.threshold, criteria.convention["candidate_seen"]
    if e.void:
        return False
    for gene in e.genes:
        raised = gene.ci_low > 0 and gene.estimate >= t["min_class_effect"]
        if gene.seen >= least and (gene.only_in_case or raised):
            return True
    return rises(enough(e.excess, t["min_markers_margin"]), t["min_class_effect"])


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
    for source in case.rule.forbidden_sources:
        found = case.evidence.sources.get(source)
        if found is not None and source_verdict(found, case.t).word == VerdictWord.HIGHER:
            return Verdict(UNRESOLVED, Rule.NECROSIS, competing_class=case.rule.requires[0], about=source)
    shown = [k for k in case.rule.candidates if candidate_shown(case.evidence.candidates[k], case.criteria)]
    if shown:
        return Verdict(COMPATIBLE, Rule.CANDIDATE)
    return Verdict(UNRESOLVED, Rule.NO_CANDIDATE, competing_class=case.rule.requires[0])


def _not_shown(case: _Case, required: str, verdict: Verdict) -> Verdict:
    """Pass on that a required class is not assessable or not compatible; else leave this one unresolved."""
    found = case.evidence
    alone = enrichment(found.classes[required], case.t, has_background=found.has_background)
    if alone.word in {NOT_ASSESSABLE, NOT_COMPATIBLE}:
        return Verdict(alone.word, Rule.REQUIRED_CLASS, alone.numbers, about=required, because=alone)
    return Verdict(UNRESOLVED, Rule.REQUIRED_CLASS, competing_class=required, about=required, because=verdict)


def _enrichment(case: _Case) -> Verdict | None:
    alone = enrichment(case.mine, case.t, has_background=case.evidence.has_background)
    return alone if alone.word != COMPATIBLE else None


def _negatives(case: _Case) -> Verdict | None:
    up = negatives_rise(case.mine, case.evidence.facts, case.t)
    return Verdict(UNRESOLVED, Rule.NEGATIVES_UP) if up else None


def _general_evidence(case: _Case) -> Verdict | None:
    if case.rule.needs_ev and case.general != COMPATIBLE:
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
    classes, mine, t = case.evidence.classes, case.mine, case.t
    still_open = [k for k in case.rule.competing_classes if not exclusion(mine, classes[k], k, t)]
    if not still_open:
        return None
    margins = {k: enough(mine.margins.get(k), t["min_markers_margin"]) for k in still_open}
    worst = min(still_open, key=lambda k: _ci_low(margins[k]))
    few = margins[worst] is None
    rule = Rule.TOO_FEW_DISTINGUISHING_MARKERS if few else Rule.COMPETING_CLASS
    return Verdict(UNRESOLVED, rule, competing_class=worst)


def _ci_low(margin: SetEffect | None) -> float:
    return -np.inf if margin is None else margin.ci_low


def _enriched(_case: _Case) -> Verdict:
    return Verdict(COMPATIBLE, Rule.ENRICHED)


_RULES: tuple[Callable[[_Case], Verdict | None], ...] = (
    _context,
    _conjunction,
    _enrichment,
    _negatives,
    _general_evidence,
    _specific,
    _competitors,
    _enriched,
)
