"""Every rule on classes and sources, just below and just above each of its limits; evidence is written by hand."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from markerkit.catalog.criteria import load_criteria
from markerkit.core.messages import (
    Compared,
    Measured,
    explain_class,
    explain_source,
    next_step_of_class,
    next_step_of_source,
    reason,
)
from markerkit.core.verdict import Verdict, combine
from markerkit.core.vocabulary import Basis, Exclusion, Rule, Topic, VerdictWord
from markerkit.identity.evidence import (
    CandidateEvidence,
    ClassEvidence,
    Evidence,
    Facts,
    GeneEvidence,
    completed,
)
from markerkit.identity.rules import candidate_shown, class_verdict, decide, exclusion, like_control
from markerkit.purity.rules import SourceEvidence, decide_source, source_verdict
from markerkit.stats.set_effect import SetEffect

CRITERIA = load_criteria()
T = CRITERIA.threshold
TINY = 1e-9
W = VerdictWord
ROOT = Path(__file__).parents[2]

#: thresholds and conventions that decide something else -> the tests that hold their limits
COVERED_ELSEWHERE = {
    "class_confidence": "tests/identity/test_gather.py",
    "confidence": "tests/identity/test_gather.py",
    "power": "tests/stats/test_set_effect.py",
    "presence_seen": "tests/effects/test_effects.py",
    "censoring_quantile": "tests/effects/test_effects.py",
    "min_replicates": "tests/effects/test_effects.py",
    "min_background": "tests/effects/test_effects.py",
    "min_sets_moderation": "tests/effects/test_effects.py",
    "heterogeneity_level": "tests/effects/test_effects.py",
    "min_values": "tests/da/test_missing.py",
    "failed_runs": "tests/effects/test_groups.py",
    "detection_filter": "tests/effects/test_effects.py",
    "detection_filter_loose": "tests/checks/test_sensitivity.py",
    "detection_filter_strict": "tests/checks/test_sensitivity.py",
    "min_reference_proteins": "tests/purity/test_contamination.py",
    "reference_absent": "tests/purity/test_contamination.py",
    "reference_abundant": "tests/purity/test_contamination.py",
    "reference_missed": "tests/purity/test_contamination.py",
    "reference_enough": "tests/purity/test_contamination.py",
    "resident_mad": "tests/purity/test_contamination.py",
    "resident_log2": "tests/purity/test_contamination.py",
    "contamination_floor": "tests/purity/test_contamination.py",
    "compartment_spread": "tests/purity/test_contamination.py",
    "outlier_z": "tests/qc/test_card.py",
    "outlier_fold": "tests/qc/test_card.py",
    "outlier_share_fold": "tests/qc/test_card.py",
    "outlier_share_least": "tests/qc/test_card.py",
    "outlier_min_samples": "tests/qc/test_card.py",
    "outlier_min_proteins": "tests/qc/test_card.py",
    "cv_min_values": "tests/qc/test_values.py",
    "missing_slope": "tests/qc/test_values.py",
    "missing_min_values": "tests/qc/test_values.py",
    "blank_seen": "tests/purity/test_blanks.py",
    "blank_ratio": "tests/purity/test_blanks.py",
    "reference_seen": "tests/purity/test_contamination.py",
    "outlier_seen": "tests/qc/test_card.py",
    "checklist_seen": "tests/guidelines/test_checklist.py",
    "share_review": "tests/qc/test_flags.py",
    "deep_enough": "tests/identity/test_advice.py",
    "checklist_fdr": "tests/guidelines/test_checklist.py",
    "checklist_carried": "tests/guidelines/test_checklist.py",
    "checklist_little": "tests/guidelines/test_checklist.py",
    "checklist_depth": "tests/guidelines/test_checklist.py",
    "pool_least_yield": "tests/purity/test_fractions.py",
    "pool_purity_kept": "tests/purity/test_fractions.py",
    "interval_replicates": "tests/purity/test_fractions.py",
    "amount_cv": "tests/purity/test_fractions.py",
    "series_marker_outside": "tests/purity/test_fractions.py",
    "series_misfit": "tests/purity/test_fractions.py",
    "particles_per_ug": "tests/purity/test_amounts.py",
    **dict.fromkeys(CRITERIA.design, "tests/checks/test_design.py"),
}


def effect(low: float, estimate: float, high: float, n: int = 10, from_samples: float = 1.0) -> SetEffect:
    """Set effect with an interval."""
    return SetEffect(estimate, 0.3, 10.0, low, high, n, from_samples)


UP, FLAT, WIDE = effect(1.5, 3.0, 4.5), effect(-0.5, 0.0, 0.5), effect(-0.5, 1.2, 2.9)
DOWN = effect(-3.0, -2.0, -1.0)
EXCLUDED = ClassEvidence(10, 0.8, FLAT)
OPEN = ClassEvidence(10, 0.8, WIDE)


def klass(**changes: object) -> ClassEvidence:
    """An exosome that is compatible, changed in some numbers."""
    good = ClassEvidence(
        10,
        0.8,
        UP,
        negatives=DOWN,
        specific=UP,
        margins={"microvesicle": UP, "apoptotic_body": UP},
        competitor_specific={"microvesicle": FLAT, "apoptotic_body": FLAT},
        over_organelles=UP,
        nuclear=UP,
        ev_beyond=UP,
    )
    return replace(good, **changes)


RECEPTOR = GeneEvidence(seen=1.0, only_in_case=False, estimate=2.0, ci_low=1.0)
CANDIDATES = {
    "s1p_receptor": CandidateEvidence(genes=(RECEPTOR,)),
}
FACTS = Facts(apoptosis=True, vesicles=True)


def evidence(
    exosome: ClassEvidence | None = None,
    *,
    facts: Facts = FACTS,
    candidates: dict[str, CandidateEvidence] = CANDIDATES,
    sources: dict[str, SourceEvidence] | None = None,
    has_background: bool = True,
    **classes: ClassEvidence,
) -> Evidence:
    """General EV evidence and an exosome that are compatible, beside classes that are excluded."""
    others = dict.fromkeys(CRITERIA.classes, EXCLUDED)
    mine = {"exosome": exosome or klass(), "ev": ClassEvidence(20, 0.8, UP)}
    return Evidence(others | mine | classes, facts, has_background, sources or {}, candidates)


def verdict(found: Evidence, key: str = "exosome") -> Verdict:
    return decide([found], CRITERIA, [key])[key]


@dataclass(frozen=True)
class Limit:
    """A threshold with evidence on either side of it."""

    name: str
    key: str
    below: Evidence
    above: Evidence
    rules: tuple[Rule, Rule]


def both(**changes: object) -> Evidence:
    return evidence(klass(**changes))


def few(n: float) -> SetEffect:
    return effect(1.5, 3.0, 4.5, n=int(n))


MARGIN, RISE, LEAST = T["equivalence_margin"], T["min_class_effect"], T["min_source_effect"]
THIN = {"microvesicle": FLAT, "apoptotic_body": UP}


def competing(low: float, n: int = 10, specific: SetEffect | None = None) -> Evidence:
    """A microvesicle that is open by itself; its margin starts at `low`; too few markers show that both are there."""
    mine = klass(
        specific=few(T["min_markers"] - 1),
        margins={"microvesicle": effect(low, 1.0, 2.0, n=n), "apoptotic_body": UP},
        competitor_specific={"microvesicle": specific, "apoptotic_body": FLAT},
    )
    return evidence(mine, microvesicle=OPEN)


def body(**changes: object) -> Evidence:
    """An apoptotic body that is compatible, changed in some numbers."""
    good = klass(
        margins={"exosome": UP, "microvesicle": UP},
        competitor_specific={"exosome": FLAT, "microvesicle": FLAT},
    )
    return evidence(EXCLUDED, apoptotic_body=replace(good, **changes))


def large_with_ev(over: SetEffect) -> Evidence:
    """A microvesicle that is compatible, with general EV markers that lie `over` the organelles."""
    large = klass(margins={"exosome": UP, "apoptotic_body": UP})
    return evidence(EXCLUDED, microvesicle=large, ev=ClassEvidence(20, 0.8, UP, over_organelles=over))


def full_of_organelles(over: SetEffect) -> Evidence:
    """An apoptotic body that nothing excludes but how far the class-specific markers lie over the organelles."""
    margins = {"microvesicle": UP, "apoptotic_body": effect(-1.0, 1.0, 2.0)}
    mine = klass(margins=margins, competitor_specific={}, specific_over_organelles=over)
    return evidence(mine, apoptotic_body=OPEN)


IN_FLUID = replace(FACTS, negatives_rise=True)


def beside(
    specific: SetEffect,
    *,
    per_ev: SetEffect | None = None,
    facts: Facts = FACTS,
    margin: SetEffect | None = None,
) -> Evidence:
    """A microvesicle that may be there beside an exosome, whose own markers say whether it is there."""
    margins = {"microvesicle": effect(-1.0, 1.0, 2.0), "apoptotic_body": UP}
    mine = klass(specific=margin or specific, margins=margins, competitor_specific={}, specific_per_ev=per_ev)
    return evidence(mine, facts=facts, microvesicle=OPEN)


def apoptotic(gene: GeneEvidence) -> Evidence:
    return evidence(candidates={"s1p_receptor": CandidateEvidence((gene,))})


R = Rule
LIMITS = [
    Limit("min_markers", "exosome", both(n_markers=4), both(n_markers=5), (R.TOO_FEW_MARKERS, R.ENRICHED)),
    Limit(
        "min_weight",
        "exosome",
        both(weight_measured=T["min_weight"] - TINY),
        both(weight_measured=T["min_weight"]),
        (R.TOO_LITTLE_WEIGHT, R.ENRICHED),
    ),
    Limit(
        "min_class_effect",
        "exosome",
        both(effect=effect(0.5, RISE - TINY, 2.0)),
        both(effect=effect(0.5, RISE, 2.0)),
        (R.RISE_OF_UNKNOWN_SIZE, R.ENRICHED),
    ),
    Limit(
        "min_class_effect",
        "exosome",
        both(specific=effect(0.5, RISE - TINY, 2.0)),
        both(specific=effect(0.5, RISE, 2.0)),
        (R.SPECIFIC_MARKERS_NOT_RAISED, R.ENRICHED),
    ),
    Limit(
        "equivalence_margin",
        "exosome",
        both(effect=effect(-0.5, 0.4, MARGIN - TINY)),
        both(effect=effect(-0.5, 0.4, MARGIN)),
        (R.NO_MORE_THAN_CONTROL, R.WIDE_INTERVAL),
    ),
    Limit(
        "equivalence_margin",
        "exosome",
        both(effect=effect(TINY, 0.4, MARGIN - TINY)),
        both(effect=effect(TINY, 0.4, MARGIN)),
        (R.RAISED_TOO_LITTLE, R.RISE_OF_UNKNOWN_SIZE),
    ),
    Limit(
        "min_class_effect",
        "exosome",
        both(over_organelles=effect(TINY, RISE - TINY, 2.0)),
        both(over_organelles=effect(TINY, RISE, 2.0)),
        (R.NOT_ABOVE_ORGANELLES, R.ENRICHED),
    ),
    Limit(
        "min_markers_source",
        "exosome",
        both(over_organelles=replace(FLAT, n_markers=int(T["min_markers_source"]))),
        both(over_organelles=replace(FLAT, n_markers=int(T["min_markers_source"]) - 1)),
        (R.NOT_ABOVE_ORGANELLES, R.ENRICHED),
    ),
    Limit(
        "min_class_effect",
        "microvesicle",
        large_with_ev(effect(TINY, RISE - TINY, 2.0)),
        large_with_ev(effect(TINY, RISE, 2.0)),
        (R.NOT_ABOVE_ORGANELLES, R.ENRICHED),
    ),
    Limit(
        "min_class_effect",
        "apoptotic_body",
        body(nuclear=effect(-1.0, RISE - TINY, 3.0)),
        body(nuclear=effect(-1.0, RISE, 3.0)),
        (R.NO_NUCLEAR_EVIDENCE, R.ENRICHED),
    ),
    Limit(
        "min_source_effect",
        "apoptotic_body",
        body(ev_beyond=effect(TINY, LEAST - TINY, 2.0)),
        body(ev_beyond=effect(TINY, LEAST, 2.0)),
        (R.LYSED_OR_APOPTOTIC, R.ENRICHED),
    ),
    Limit(
        "min_markers",
        "apoptotic_body",
        body(ev_beyond=few(T["min_markers"] - 1)),
        body(ev_beyond=few(T["min_markers"])),
        (R.LYSED_OR_APOPTOTIC, R.ENRICHED),
    ),
    Limit(
        "min_markers_margin",
        "apoptotic_body",
        body(nuclear=few(T["min_markers_margin"] - 1)),
        body(nuclear=few(T["min_markers_margin"])),
        (R.NO_NUCLEAR_EVIDENCE, R.ENRICHED),
    ),
    Limit(
        "min_class_effect",
        "exosome",
        full_of_organelles(effect(TINY, RISE - TINY, 2.0)),
        full_of_organelles(effect(TINY, RISE, 2.0)),
        (R.COMPETING_CLASS, R.ENRICHED),
    ),
    Limit(
        "min_markers",
        "exosome",
        beside(few(T["min_markers"] - 1)),
        beside(few(T["min_markers"])),
        (R.COMPETING_CLASS, R.ENRICHED),
    ),
    Limit(
        "min_class_effect",
        "exosome",
        beside(effect(TINY, RISE, 2.0), margin=effect(-1.0, RISE, 2.0, n=4)),
        beside(effect(TINY, RISE, 2.0)),
        (R.COMPETING_CLASS, R.ENRICHED),
    ),
    Limit(
        "equivalence_margin",
        "exosome",
        beside(UP, per_ev=effect(-3.0, -MARGIN, 1.0), facts=IN_FLUID),
        beside(UP, per_ev=effect(-3.0, -MARGIN + TINY, 1.0), facts=IN_FLUID),
        (R.COMPETING_CLASS, R.ENRICHED),
    ),
    Limit(
        "equivalence_margin",
        "exosome",
        competing(-1.0, specific=effect(-1.0, 0.0, MARGIN)),
        competing(-1.0, specific=effect(-1.0, 0.0, MARGIN - TINY)),
        (R.COMPETING_CLASS, R.ENRICHED),
    ),
    Limit(
        "min_source_effect",
        "exosome",
        both(negatives=effect(TINY, LEAST, 1.0)),
        both(negatives=effect(TINY, LEAST - TINY, 1.0)),
        (R.NEGATIVES_UP, R.ENRICHED),
    ),
    Limit(
        "min_markers_negative",
        "exosome",
        both(negatives=few(T["min_markers_negative"])),
        both(negatives=few(T["min_markers_negative"] - 1)),
        (R.NEGATIVES_UP, R.ENRICHED),
    ),
    Limit(
        "min_markers_margin",
        "exosome",
        both(specific=few(T["min_markers_margin"] - 1)),
        both(specific=few(T["min_markers_margin"])),
        (R.TOO_FEW_SPECIFIC_MARKERS, R.ENRICHED),
    ),
    Limit(
        "min_markers_margin",
        "exosome",
        competing(0.5, n=int(T["min_markers_margin"]) - 1),
        competing(0.5, n=int(T["min_markers_margin"])),
        (R.TOO_FEW_DISTINGUISHING_MARKERS, R.ENRICHED),
    ),
    Limit(
        "min_markers",
        "exosome",
        competing(-1.0, specific=replace(FLAT, n_markers=int(T["min_markers"]) - 1)),
        competing(-1.0, specific=replace(FLAT, n_markers=int(T["min_markers"]))),
        (R.COMPETING_CLASS, R.ENRICHED),
    ),
    Limit(
        "candidate_seen",
        "apoptotic_exosome",
        apoptotic(replace(RECEPTOR, seen=CRITERIA.convention["candidate_seen"] - TINY)),
        apoptotic(replace(RECEPTOR, seen=CRITERIA.convention["candidate_seen"])),
        (R.NO_CANDIDATE, R.CANDIDATE),
    ),
    Limit(
        "min_class_effect",
        "apoptotic_exosome",
        apoptotic(replace(RECEPTOR, estimate=RISE - TINY)),
        apoptotic(replace(RECEPTOR, estimate=RISE)),
        (R.NO_CANDIDATE, R.CANDIDATE),
    ),
]

SOURCE_LIMITS = [
    ("min_markers_source", (2, UP), (3, UP), (R.TOO_FEW_MARKERS, R.HIGHER)),
    (
        "min_source_effect",
        (5, effect(TINY, LEAST - TINY, 2.0)),
        (5, effect(TINY, LEAST, 2.0)),
        (R.RISE_OF_UNKNOWN_SIZE, R.HIGHER),
    ),
    (
        "min_source_effect",
        (5, effect(-2.0, -LEAST + TINY, -TINY)),
        (5, effect(-2.0, -LEAST, -TINY)),
        (R.FALL_OF_UNKNOWN_SIZE, R.LOWER),
    ),
    (
        "min_source_effect",
        (5, effect(TINY, LEAST - TINY, 0.9)),
        (5, effect(TINY, LEAST, 0.9)),
        (R.SMALL_RISE, R.HIGHER),
    ),
    (
        "equivalence_margin",
        (5, effect(-0.5, 0.3, MARGIN - TINY)),
        (5, effect(-0.5, 0.3, MARGIN)),
        (R.SIMILAR, R.WIDE_INTERVAL),
    ),
    (
        "equivalence_margin",
        (5, effect(-MARGIN + TINY, -0.3, 0.5)),
        (5, effect(-MARGIN, -0.3, 0.5)),
        (R.SIMILAR, R.WIDE_INTERVAL),
    ),
    (
        "equivalence_margin",
        (5, effect(TINY, 0.3, MARGIN - TINY)),
        (5, effect(TINY, 0.3, MARGIN)),
        (R.SMALL_RISE, R.RISE_OF_UNKNOWN_SIZE),
    ),
]


@pytest.mark.parametrize("limit", LIMITS, ids=lambda x: f"{x.name}-{x.rules[0]}")
def test_a_class_on_either_side_of_a_limit(limit: Limit) -> None:
    found = tuple(verdict(e, limit.key).rule for e in (limit.below, limit.above))
    assert found == limit.rules


@pytest.mark.parametrize(("name", "below", "above", "rules"), SOURCE_LIMITS, ids=lambda x: str(x)[:24])
def test_a_source_on_either_side_of_a_limit(
    name: str, below: tuple[int, SetEffect], above: tuple[int, SetEffect], rules: tuple[Rule, Rule]
) -> None:
    assert tuple(source_verdict(SourceEvidence(*e), T).rule for e in (below, above)) == rules


def test_every_number_of_the_criteria_has_a_test_on_both_sides() -> None:
    here = {x.name for x in LIMITS} | {x[0] for x in SOURCE_LIMITS}
    known = set(T) | set(CRITERIA.convention) | set(CRITERIA.design)
    assert not here - known
    left = known - here - set(COVERED_ELSEWHERE)
    assert not left, (
        f"no boundary test; add one here, or name its test file in COVERED_ELSEWHERE: {sorted(left)}"
    )
    assert not here & set(COVERED_ELSEWHERE)
    for name, file in COVERED_ELSEWHERE.items():
        if name in known:
            assert (ROOT / file).is_file(), name


def with_organelle(gap: SetEffect) -> Evidence:
    return replace(evidence(), organelles={"mitochondrion": UP, "er_golgi": gap})


# ---- limits at 0, which no threshold moves -----------------------------------------


@pytest.mark.parametrize(
    ("below", "above"),
    [
        # an interval that touches 0 is no enrichment
        (both(effect=effect(0.0, 3.0, 6.0)), both(effect=effect(TINY, 3.0, 6.0))),
        # the markers must lie above the organelles, and no organelle above the EV markers
        (both(over_organelles=effect(0.0, 1.5, 3.0)), both(over_organelles=effect(TINY, 1.5, 3.0))),
        (with_organelle(effect(-3.0, -1.0, -TINY)), with_organelle(effect(-3.0, -1.0, 0.0))),
        # against a fluid class-specific markers clearly below the general EV markers show no class by themselves
        (
            beside(UP, per_ev=effect(-0.9, -0.5, 0.0), facts=IN_FLUID),
            beside(UP, per_ev=effect(-0.9, -0.5, TINY), facts=IN_FLUID),
        ),
        # negatives rise only where their interval excludes 0
        (both(negatives=effect(TINY, 1.0, 2.0)), both(negatives=effect(0.0, 1.0, 2.0))),
        # a competing class is excluded by the interval of the margin, not by its estimate
        (competing(0.0), competing(TINY)),
    ],
)
def test_limits_at_zero(below: Evidence, above: Evidence) -> None:
    assert verdict(below).word == W.UNRESOLVED
    assert verdict(above).word == W.COMPATIBLE


@pytest.mark.parametrize(
    ("gene", "rule"),
    [
        (replace(RECEPTOR, ci_low=0.0), R.NO_CANDIDATE),
        (replace(RECEPTOR, ci_low=TINY), R.CANDIDATE),
        (replace(RECEPTOR, ci_low=-9.0, only_in_case=True), R.CANDIDATE),
        (replace(RECEPTOR, seen=0.4, only_in_case=True), R.NO_CANDIDATE),
    ],
)
def test_candidates(gene: GeneEvidence, rule: Rule) -> None:
    assert verdict(apoptotic(gene), "apoptotic_exosome").rule == rule


def test_one_gene_of_a_candidate_is_enough_and_none_shows_nothing() -> None:
    rare = replace(RECEPTOR, seen=0.0)
    assert candidate_shown(CandidateEvidence((rare, RECEPTOR)), CRITERIA)
    assert not candidate_shown(CandidateEvidence((rare,)), CRITERIA)
    assert not candidate_shown(CandidateEvidence(), CRITERIA)


@pytest.mark.parametrize(
    ("source", "rule"),
    [
        (effect(TINY, 0.6, 1.2), R.HIGHER),
        (effect(0.0, 0.6, 1.2), R.WIDE_INTERVAL),
        (effect(-2.0, -1.0, -TINY), R.LOWER),
        (effect(-2.0, -1.0, 0.0), R.WIDE_INTERVAL),
        (effect(-0.9, -0.4, -TINY), R.SMALL_FALL),
        (effect(-0.9, -0.4, 0.0), R.SIMILAR),
        (effect(-3.0, 0.0, 3.0), R.WIDE_INTERVAL),
        (None, R.NO_BACKGROUND),
    ],
)
def test_sources_at_zero(source: SetEffect | None, rule: Rule) -> None:
    assert source_verdict(SourceEvidence(5, source), T).rule == rule


# ---- what was stated, other classes and sources -------------------------------------


def test_depleted_is_told_from_no_more() -> None:
    assert verdict(both(effect=effect(-2.0, -1.0, -TINY))).rule == R.DEPLETED
    assert verdict(both(effect=effect(-2.0, -1.0, 0.0))).rule == R.NO_MORE_THAN_CONTROL


def test_the_word_of_general_ev_evidence_decides_an_exosome() -> None:
    assert verdict(evidence(ev=OPEN)).rule == R.NO_GENERAL_EV_EVIDENCE
    assert verdict(evidence(ev=EXCLUDED)).rule == R.NO_GENERAL_EV_EVIDENCE
    # two schemes that contradict each other show no general EV evidence under either
    found = decide([evidence(), evidence(ev=EXCLUDED)], CRITERIA)
    assert found["ev"].rule == R.MISSING_VALUE_SCHEME
    assert found["exosome"].rule == R.NO_GENERAL_EV_EVIDENCE


def test_vesicles_are_declared_or_shown() -> None:
    large = klass(margins={"exosome": UP, "apoptotic_body": UP})
    silent = Facts()
    assert verdict(evidence(EXCLUDED, microvesicle=large), "microvesicle").word == W.COMPATIBLE
    assert verdict(evidence(EXCLUDED, microvesicle=large, facts=silent), "microvesicle").word == W.COMPATIBLE
    hidden = evidence(EXCLUDED, microvesicle=large, facts=silent, ev=OPEN)
    assert verdict(hidden, "microvesicle").rule == R.NOT_DECLARED_AS_VESICLES
    stated = evidence(EXCLUDED, microvesicle=large, ev=OPEN)
    assert verdict(stated, "microvesicle").word == W.COMPATIBLE
    # a statement does not stand against EV markers that are excluded
    without = evidence(EXCLUDED, microvesicle=large, ev=EXCLUDED)
    assert verdict(without, "microvesicle").rule == R.NO_GENERAL_EV_EVIDENCE


@pytest.mark.parametrize("key", list(CRITERIA.classes))
def test_what_is_stated_not_to_be_vesicles_has_no_class(key: str) -> None:
    found = verdict(evidence(facts=replace(FACTS, vesicles=False, not_vesicles=True)), key)
    assert (found.word, found.rule, found.basis) == (W.NOT_ASSESSABLE, R.STATED_NOT_VESICLES, Basis.NONE)
    # not to state it is another thing
    assert verdict(evidence(facts=replace(FACTS, vesicles=False)), key).rule != R.STATED_NOT_VESICLES


@pytest.mark.parametrize(
    ("mine", "word_", "rule"),
    [
        (effect(-2.0, -1.0, -TINY), W.NOT_COMPATIBLE, R.DEPLETED),
        (effect(-2.0, -1.0, 0.0), W.UNRESOLVED, R.RATIOS_COMPRESSED),
        (effect(-0.5, 0.4, MARGIN), W.UNRESOLVED, R.WIDE_INTERVAL),
        (effect(TINY, 0.4, MARGIN - TINY), W.UNRESOLVED, R.RAISED_TOO_LITTLE),
    ],
)
def test_ratios_exclude_only_below_zero(mine: SetEffect, word_: VerdictWord, rule: Rule) -> None:
    found = verdict(evidence(klass(effect=mine), facts=replace(FACTS, compressed=True)))
    assert (found.word, found.rule) == (word_, rule)


def test_ratios_exclude_a_competing_class_only_below_zero() -> None:
    compressed = replace(FACTS, compressed=True)
    for high, how in ((-TINY, Exclusion.ITSELF), (0.0, Exclusion.NOT_EXCLUDED)):
        theirs = replace(OPEN, effect=effect(-1.0, -0.5, high))
        found = replace(competing(-1.0), facts=compressed)
        found = replace(found, classes={**found.classes, "microvesicle": theirs})
        assert exclusion(EXOSOME, found, "microvesicle", T) == how
    for high, how in ((-TINY, Exclusion.SPECIFIC), (0.0, Exclusion.NOT_EXCLUDED)):
        found = replace(competing(-1.0, specific=effect(-1.0, -0.5, high)), facts=compressed)
        assert exclusion(EXOSOME, found, "microvesicle", T) == how


@pytest.mark.parametrize("key", ["ev", "exosome", "microvesicle"])
def test_an_organelle_that_is_higher_per_ev_marker_is_named(key: str) -> None:
    up = klass(margins={"exosome": UP, "microvesicle": UP, "apoptotic_body": UP})
    found = replace(evidence(up, ev=up, microvesicle=up), organelles={"er_golgi": DOWN})
    said = class_verdict(key, found, CRITERIA, W.COMPATIBLE)
    assert (said.word, said.rule, said.about) == (W.UNRESOLVED, R.ORGANELLES_PER_EV, "er_golgi")
    # fewer proteins than a source needs say nothing
    few_ = replace(found, organelles={"er_golgi": replace(DOWN, n_markers=2)})
    assert class_verdict(key, few_, CRITERIA, W.COMPATIBLE).word == W.COMPATIBLE


def test_an_apoptotic_body_needs_apoptosis_and_ev_markers() -> None:
    key = "apoptotic_body"
    assert verdict(body(), key).word == W.COMPATIBLE
    silent = replace(body(), facts=Facts(vesicles=True))
    assert verdict(silent, key).rule == R.LYSED_OR_APOPTOTIC
    for low, rule in ((0.0, R.LYSED_OR_APOPTOTIC), (TINY, R.ENRICHED)):
        assert verdict(body(ev_beyond=effect(low, 1.0, 2.0)), key).rule == rule


@pytest.mark.parametrize("source", ["nucleus", "mitochondrion", "er_golgi"])
def test_evs_of_dying_cells_need_organelles_that_are_not_higher(source: str) -> None:
    up = evidence(apoptotic_ev=klass(), sources={source: SourceEvidence(5, effect(TINY, LEAST, 2.0))})
    flat = evidence(apoptotic_ev=klass(), sources={source: SourceEvidence(5, effect(0.0, LEAST, 2.0))})
    found = verdict(up, "apoptotic_ev")
    assert (found.word, found.rule, found.about) == (W.UNRESOLVED, R.NECROSIS, source)
    assert verdict(flat, "apoptotic_ev").word == W.COMPATIBLE


def test_negatives_say_nothing_against_a_fluid() -> None:
    rising = both(negatives=UP)
    assert verdict(rising).rule == R.NEGATIVES_UP
    assert verdict(replace(rising, facts=IN_FLUID)).word == W.COMPATIBLE


# ---- parts that are empty on measured values ---------------------------------------


def test_empty_parts_are_taken_from_the_bounds() -> None:
    """A competitor that the vesicles lack has no measured effect; the bound says that it is below."""
    absent = ClassEvidence(0, 0.0, None)
    mine = klass(
        specific=None,
        margins=dict.fromkeys(THIN),
        competitor_specific={},
        over_organelles=None,
        nuclear=None,
        specific_per_ev=None,
        specific_over_organelles=None,
    )
    measured = replace(
        evidence(mine, microvesicle=absent, apoptotic_body=absent), organelles={"nucleus": None}
    )
    filled = klass(nuclear=FLAT, specific_per_ev=UP, specific_over_organelles=UP)
    bounded = replace(evidence(filled), organelles={"nucleus": UP})
    found = completed([measured, bounded], T)[0]
    assert found.classes["exosome"].nuclear == FLAT
    assert found.classes["exosome"].specific_per_ev == UP
    assert found.classes["exosome"].specific_over_organelles == UP
    assert found.classes["exosome"].specific == UP
    assert found.classes["exosome"].margins == {"microvesicle": UP, "apoptotic_body": UP}
    assert found.classes["exosome"].over_organelles == UP
    assert found.organelles == {"nucleus": UP}
    assert found.competitor("microvesicle") == EXCLUDED
    # the class itself stays as it was measured
    assert found.classes["microvesicle"] == absent
    assert decide([measured], CRITERIA)["exosome"].rule == R.TOO_FEW_SPECIFIC_MARKERS
    assert decide([measured, bounded], CRITERIA)["exosome"].word == W.COMPATIBLE


def test_what_is_measured_stays() -> None:
    least = int(T["min_markers_margin"])
    kept, replaced = replace(FLAT, n_markers=least), replace(FLAT, n_markers=least - 1)
    for mine, theirs in ((kept, kept), (replaced, UP)):
        found = completed([both(specific=mine), both(specific=UP)], T)[0]
        assert found.classes["exosome"].specific == theirs
    assert completed([both()], T) == [both()]


# ---- a case that looks like its control ----------------------------------------------


def looks(ev: SetEffect | None, *lacking: SetEffect | None, n: int = 20) -> bool:
    found = evidence(ev=ClassEvidence(n, 0.8, ev))
    return like_control([replace(found, anchors={str(i): e for i, e in enumerate(lacking)})], CRITERIA)


@pytest.mark.parametrize(
    ("effect_", "like"),
    [
        (effect(-0.4, 0.0, 0.4), True),
        (effect(TINY, LEAST - TINY, 0.9), True),
        (effect(TINY, LEAST, 0.9), False),
        (effect(0.0, LEAST, 1.2), True),
        (effect(-0.5, MARGIN - TINY, 2.5), True),
        (effect(-0.5, MARGIN, 2.5), False),
        (None, False),
    ],
)
def test_a_case_is_like_its_control_where_nothing_is_as_in_vesicles(
    effect_: SetEffect | None, like: bool
) -> None:
    less = None if effect_ is None else effect(-effect_.ci_high, -effect_.estimate, -effect_.ci_low)
    assert looks(effect_, FLAT) is like
    # nor is there less of what vesicles lack, as far as it was measured
    assert looks(FLAT, less) is like
    assert looks(FLAT, FLAT, less) is (like or less is None)


def test_less_of_what_vesicles_have_and_more_of_what_they_lack_is_like_the_control_up_to_two_fold() -> None:
    for away, like in ((MARGIN - TINY, True), (MARGIN, False)):
        assert looks(effect(-away - 0.2, -away, -0.6), FLAT) is like
        assert looks(FLAT, effect(0.6, away, away + 0.2)) is like


def test_a_case_is_not_like_its_control_where_too_little_was_measured() -> None:
    assert looks(FLAT, FLAT, n=5)
    assert not looks(FLAT, FLAT, n=4)
    assert not looks(FLAT)
    assert not looks(FLAT, replace(FLAT, n_markers=2))
    assert looks(FLAT, replace(FLAT, n_markers=3))


EXOSOME = CRITERIA.classes["exosome"]


def test_a_competing_class_is_excluded_in_four_ways_or_may_be_there_too() -> None:
    mine = klass(
        specific=few(1),
        margins={"apoptotic_body": WIDE, "microvesicle": WIDE},
        competitor_specific={"apoptotic_body": WIDE, "microvesicle": WIDE},
    )

    def how(changed: ClassEvidence, theirs: ClassEvidence = OPEN, key: str = "apoptotic_body") -> Exclusion:
        return exclusion(EXOSOME, evidence(changed, **{key: theirs}), key, T)

    assert how(mine, EXCLUDED) == Exclusion.ITSELF
    assert how(mine) == Exclusion.NOT_EXCLUDED
    assert how(replace(mine, margins={"apoptotic_body": UP})) == Exclusion.MARGIN
    assert how(replace(mine, competitor_specific={"apoptotic_body": FLAT})) == Exclusion.SPECIFIC
    assert how(replace(mine, specific_over_organelles=UP)) == Exclusion.ORGANELLES
    assert how(replace(mine, specific_over_organelles=UP), key="microvesicle") == Exclusion.NOT_EXCLUDED
    assert how(replace(mine, specific=UP), key="microvesicle") == Exclusion.BESIDE
    assert how(replace(mine, specific=UP)) == Exclusion.NOT_EXCLUDED


def test_the_worst_competitor_is_named() -> None:
    mine = klass(
        specific=few(T["min_markers"] - 1),
        margins={"microvesicle": effect(-1.0, 0.0, 1.0), "apoptotic_body": effect(-2.0, 0.0, 2.0)},
        competitor_specific={"microvesicle": None, "apoptotic_body": None},
    )
    found = verdict(evidence(mine, microvesicle=OPEN, apoptotic_body=OPEN))
    assert (found.rule, found.competing_class) == (R.COMPETING_CLASS, "apoptotic_body")
    without = replace(mine, margins={"microvesicle": None, "apoptotic_body": effect(-2.0, 0.0, 2.0)})
    found = verdict(evidence(without, microvesicle=OPEN, apoptotic_body=OPEN))
    assert (found.rule, found.competing_class) == (R.TOO_FEW_DISTINGUISHING_MARKERS, "microvesicle")


def test_apoptosis_must_be_stated_first() -> None:
    silent = evidence(facts=Facts(vesicles=True))
    assert verdict(silent, "apoptotic_exosome").rule == R.APOPTOSIS_NOT_STATED
    assert verdict(silent, "apoptotic_ev").rule == R.APOPTOSIS_NOT_STATED
    assert verdict(evidence(), "apoptotic_ev").rule == R.NO_MORE_THAN_CONTROL


def test_an_apoptotic_exosome_rests_on_the_exosome() -> None:
    key = "apoptotic_exosome"
    assert verdict(evidence(), key).word == W.COMPATIBLE
    gone = verdict(evidence(EXCLUDED), key)
    assert (gone.word, gone.rule, gone.because) == (
        W.NOT_COMPATIBLE,
        R.REQUIRED_CLASS,
        Verdict(W.NOT_COMPATIBLE, R.NO_MORE_THAN_CONTROL, {"equivalence_margin": MARGIN}),
    )
    assert verdict(both(n_markers=4), key).word == W.NOT_ASSESSABLE
    open_ = verdict(both(negatives=UP), key)
    assert (open_.word, open_.competing_class) == (W.UNRESOLVED, "exosome")
    assert open_.because is not None
    assert open_.because.rule == R.NEGATIVES_UP


@pytest.mark.parametrize("source", ["nucleus", "mitochondrion"])
def test_a_necrosis_pattern_blocks_apoptotic_exosomes(source: str) -> None:
    up = evidence(sources={source: SourceEvidence(5, effect(TINY, LEAST, 2.0))})
    flat = evidence(sources={source: SourceEvidence(5, effect(0.0, LEAST, 2.0))})
    found = verdict(up, "apoptotic_exosome")
    assert (found.rule, found.about) == (R.NECROSIS, source)
    assert verdict(flat, "apoptotic_exosome").rule == R.CANDIDATE


def test_without_a_background_nothing_is_assessable() -> None:
    assert verdict(evidence(klass(effect=None), has_background=False)).rule == R.NO_BACKGROUND


# ---- two missing-value schemes -------------------------------------------------------


def word(w: VerdictWord, competitor: str = "") -> Verdict:
    return Verdict(w, R.ENRICHED, competing_class=competitor)


@pytest.mark.parametrize("otherwise", [W.UNRESOLVED, W.NOT_ASSESSABLE])
def test_schemes_are_combined_in_one_way(otherwise: VerdictWord) -> None:
    yes, no, none = word(W.COMPATIBLE), word(W.NOT_COMPATIBLE), word(W.NOT_ASSESSABLE)
    assert combine([yes], otherwise=otherwise) is yes
    assert combine([yes, replace(yes, rule=R.CANDIDATE)], otherwise=otherwise) is yes
    assert combine([none, yes], otherwise=otherwise) == replace(yes, basis=Basis.BOUNDED)
    for pair in ([yes, no], [no, yes], [yes, none]):
        found = combine(pair, otherwise=otherwise)
        assert (found.word, found.rule, found.basis) == (otherwise, R.MISSING_VALUE_SCHEME, Basis.MEASURED)


def test_the_competing_class_of_either_scheme_is_kept() -> None:
    found = combine([word(W.COMPATIBLE), word(W.UNRESOLVED, "microvesicle")], otherwise=W.UNRESOLVED)
    assert found.competing_class == "microvesicle"


def test_sources_combine_their_schemes() -> None:
    up, flat, few_ = SourceEvidence(5, UP), SourceEvidence(5, FLAT), SourceEvidence(2, None)
    assert decide_source([up, up], T).word == W.HIGHER
    assert decide_source([few_, up], T).basis == Basis.BOUNDED
    contradicted = decide_source([up, flat], T)
    assert (contradicted.word, contradicted.rule) == (W.UNRESOLVED, R.MISSING_VALUE_SCHEME)
    assert decide_source([up, few_], T).word == W.UNRESOLVED


# ---- every rule can be reached, and has its words -------------------------------------


def reachable() -> dict[Rule, Verdict]:
    """A verdict by every rule, as far as evidence leads to it."""
    found = [verdict(e, x.key) for x in LIMITS for e in (x.below, x.above)]
    found += [source_verdict(SourceEvidence(*e), T) for x in SOURCE_LIMITS for e in x[1:3]]
    found += [source_verdict(SourceEvidence(5, e), T) for e in (DOWN, effect(-0.6, -0.3, -0.1), None)]
    found += [
        verdict(evidence(facts=Facts()), "apoptotic_exosome"),
        verdict(evidence(facts=Facts(not_vesicles=True))),
        verdict(evidence(klass(effect=FLAT), facts=Facts(compressed=True))),
        verdict(both(effect=DOWN)),
        verdict(with_organelle(DOWN)),
        verdict(replace(body(), facts=Facts(vesicles=True)), "apoptotic_body"),
        verdict(evidence(EXCLUDED), "apoptotic_exosome"),
        verdict(evidence(sources={"nucleus": SourceEvidence(5, UP)}), "apoptotic_exosome"),
        verdict(evidence(ev=OPEN)),
        verdict(both(effect=DOWN)),
        verdict(evidence(facts=Facts(), ev=OPEN, microvesicle=klass()), "microvesicle"),
        decide([evidence(), evidence(EXCLUDED)], CRITERIA)["exosome"],
        Verdict(
            W.NOT_ASSESSABLE,
            R.NO_REPLICATES,
            {"n_samples": 1, "min_replicates": 2},
            Basis.NONE,
            about="control",
        ),
        Verdict(
            W.NOT_ASSESSABLE, R.COPIES, {"n_samples": 1, "min_replicates": 2}, Basis.NONE, about="control"
        ),
        Verdict(W.NOT_ASSESSABLE, R.FAILED_RUNS, {"n_proteins": 3}, Basis.NONE, about="control"),
        Verdict(W.NOT_ASSESSABLE, R.CONTROL_NOT_DECLARED, basis=Basis.NONE),
        Verdict(W.NOT_ASSESSABLE, R.CONTROL_IS_VESICLES, basis=Basis.NONE),
    ]
    return {v.rule: v for v in found}


def test_every_rule_is_reached() -> None:
    assert set(reachable()) == set(Rule)


@pytest.mark.parametrize("rule", list(Rule))
def test_every_rule_has_its_words(rule: Rule) -> None:
    found = reachable()[rule]
    what = Compared("Exosome (small EV)", "EV", "lysate")
    numbers = Measured(1.0, 0.5, 1.5, level=0.9, n_markers=1, detectable=1.2, power=0.8)
    titles = CRITERIA.titles
    excluded = {"microvesicle": (Exclusion.SPECIFIC, 1.0)}
    change = {R.RISE_OF_UNKNOWN_SIZE, R.FALL_OF_UNKNOWN_SIZE}
    is_source = found.word in {W.HIGHER, W.SIMILAR, W.LOWER} or rule in change
    texts = [
        reason(found, titles),
        explain_source(found, what, numbers, titles, more_per_ev=1.0)
        if is_source
        else explain_class(found, what, numbers, titles, excluded),
        next_step_of_source(found) if is_source else next_step_of_class(found),
    ]
    for text in texts:
        assert not re.search(r"[{}]|None|\bnan\b|  |\.\.|\w_\w|<", text), text
    assert texts[0]
    assert texts[1].endswith(".")
    decided = found.word not in {W.UNRESOLVED, W.NOT_ASSESSABLE}
    assert bool(texts[2]) != decided
    assert isinstance(rule.topic, Topic)


def test_words_follow_the_numbers() -> None:
    few_ = verdict(both(n_markers=1))
    assert reason(few_, CRITERIA.titles) == "1 of at least 5 independent markers measured"
    light = verdict(both(weight_measured=0.1))
    assert reason(light, CRITERIA.titles) == "10 % of the set's weight measured"
    bounded = replace(light, basis=Basis.BOUNDED)
    assert reason(bounded, CRITERIA.titles) == "10 % of the set's weight measured, from detection"
    open_ = competing(-1.0)
    assert reason(verdict(open_), CRITERIA.titles) == "competing class Microvesicle not excluded"
    alone = Verdict(
        W.NOT_ASSESSABLE, R.NO_REPLICATES, {"n_samples": 1, "min_replicates": 2}, Basis.NONE, about="EV"
    )
    assert reason(alone, {}) == "no replicates: EV has 1 sample, 2 or more are needed"


def test_the_next_step_knows_what_replicates_can_reduce() -> None:
    noisy, apart = (both(effect=replace(WIDE, from_samples=s)) for s in (0.5, 0.5 - TINY))
    assert "more replicates, or" in next_step_of_class(verdict(noisy))
    assert "heterogeneous" in next_step_of_class(verdict(apart))
    for share, words in ((0.5, "more replicates, or"), (0.5 - TINY, "heterogeneous")):
        found = source_verdict(SourceEvidence(5, replace(WIDE, from_samples=share)), T)
        assert words in next_step_of_source(found)
    few_ = source_verdict(SourceEvidence(0, None), T)
    assert "bovine" in next_step_of_source(few_, other_species=True)


def test_levels_in_sentences_are_those_given() -> None:
    numbers = Measured(-3.0, -4.0, -2.0, level=0.8, n_markers=7, detectable=1.0, power=0.7)
    flat = verdict(both(effect=FLAT))
    text = explain_class(flat, Compared("X", "a", "b"), numbers, CRITERIA.titles, {})
    assert (
        "8-fold lower than the background (80 % interval 4 to 16-fold lower; 7 independent markers)" in text
    )
    assert "2-fold would have been called in 70 % of such studies" in text


def test_a_single_class_is_decided_as_among_all() -> None:
    found = evidence(microvesicle=OPEN)
    everything = decide([found], CRITERIA)
    for key in CRITERIA.classes:
        assert decide([found], CRITERIA, [key]) == {key: everything[key]}
        assert class_verdict(key, found, CRITERIA, everything["ev"].word) == everything[key]
