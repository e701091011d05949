"""Advice only for what a study has: what would resolve a verdict, by rule and circumstances."""

import pytest

import markerkit as mk
from markerkit.catalog.criteria import load_criteria
from markerkit.core.messages import (
    Circumstances,
    next_step_of_change,
    next_step_of_class,
    next_step_of_source,
)
from markerkit.core.verdict import Verdict
from markerkit.core.vocabulary import Rule, VerdictWord
from markerkit.effects.fit import fit_contrast
from markerkit.effects.model import circumstances

OPEN, LOST = VerdictWord.UNRESOLVED, VerdictWord.NOT_ASSESSABLE
DEEP = load_criteria().convention["deep_enough"]


@pytest.mark.parametrize(("n", "deeper"), [(DEEP - 1, True), (DEEP, False)])
@pytest.mark.parametrize("rule", [Rule.TOO_FEW_MARKERS, Rule.TOO_LITTLE_WEIGHT])
def test_a_deep_study_need_not_measure_deeper(n, deeper, rule):
    """`deep_enough` proteins: what is not among them is absent or rare."""
    study, verdict = Circumstances(n_proteins=int(n), deep=DEEP), Verdict(LOST, rule)
    steps = [next_step_of_class(verdict, study), next_step_of_change(verdict, study)]
    if rule == Rule.TOO_FEW_MARKERS:
        steps.append(next_step_of_source(verdict, study))
    for step in steps:
        assert ("deeper" in step) is deeper
        assert ("2,000 proteins were measured" in step) is not deeper


def test_nothing_is_asked_that_was_denied():
    denied = Circumstances(denied=frozenset({"vesicles", "apoptosis_induced"}))
    for rule in (Rule.NOT_DECLARED_AS_VESICLES, Rule.APOPTOSIS_NOT_STATED):
        assert next_step_of_class(Verdict(OPEN, rule)) != ""
        assert next_step_of_class(Verdict(OPEN, rule), denied) == ""
    assert next_step_of_class(Verdict(OPEN, Rule.NEGATIVES_UP), denied) != ""
    assert next_step_of_change(Verdict(LOST, Rule.APOPTOSIS_NOT_STATED), denied) == ""


def test_20s_proteasome_is_no_advice_for_apoptotic_exosomes():
    assert next_step_of_class(Verdict(OPEN, Rule.NO_CANDIDATE)) == "S1PR1 or S1PR3 by a targeted assay"


def test_bovine_serum_is_a_matter_of_culture():
    verdict = Verdict(LOST, Rule.TOO_FEW_MARKERS)
    assert "bovine" in next_step_of_source(verdict, other_species=True)
    plasma = Circumstances(serum_possible=False)
    assert next_step_of_source(verdict, plasma, other_species=True) == ""


@pytest.mark.parametrize("rule", [Rule.SPECIFIC_MARKERS_NOT_RAISED, Rule.MISSING_VALUE_SCHEME])
def test_measuring_deeper_is_no_remedy_for_what_was_measured(rule):
    assert "deeper" not in next_step_of_class(Verdict(OPEN, rule))


@pytest.mark.parametrize(
    ("comparator", "fluid", "serum"),
    [
        ("lysate", None, True),
        ("lysate", "culture", True),
        ("lysate", "urine", False),
        ("biofluid", None, False),
        ("biofluid", "plasma", False),
    ],
)
def test_what_a_study_has(example, comparator, fluid, serum):
    contrast = mk.Contrast("fraction", "EV", "lysate", comparator=comparator, fluid=fluid)
    model = fit_contrast(example, mk.load_markers(), contrast)
    found = circumstances(model, {"vesicles": False, "isolation": "SEC", "apoptosis_induced": True})
    assert (found.serum_possible, found.deep) == (serum, DEEP)
    assert found.denied == {"vesicles"}
    assert found.n_proteins == model.exp.n_proteins
