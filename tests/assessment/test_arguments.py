"""Which way an effect speaks: an interval that spans 0 is no argument for or against; both sides of 0."""

from types import SimpleNamespace

import pandas as pd
import pytest

from markerkit.assessment import reasons
from markerkit.catalog.criteria import load_criteria
from markerkit.core.vocabulary import Topic
from markerkit.identity.rules import ClassEvidence, Evidence, Facts
from markerkit.stats.set_effect import SetEffect

CRITERIA = load_criteria()
EXOSOME = CRITERIA.classes["exosome"]
TINY = 0.001


def effect(low, estimate, high, n=10):
    return SetEffect(estimate, 0.3, 10.0, low, high, n, 1.0)


def klass(e=None, **parts):
    return ClassEvidence(10, 0.8, effect(1.5, 3.0, 4.5) if e is None else e, **parts)


def found(*evidence, comparator="lysate", purity=None):
    model = SimpleNamespace(
        criteria=CRITERIA, contrast=SimpleNamespace(comparator=comparator, name="a vs b"), schemes=evidence
    )
    record = SimpleNamespace(purity=purity)
    return reasons._Found(model, evidence, pd.DataFrame(), record)


def study(mine, *, rise=False, **others):
    return Evidence({"exosome": mine, **others}, Facts(vesicles=True, negatives_rise=rise))


BELOW, ABOVE = effect(-3.0, -1.5, -TINY), effect(TINY, 1.5, 3.0)
SPANS_LOW, SPANS_HIGH = effect(-3.0, -1.5, TINY), effect(-TINY, 1.5, 3.0)
SIDES = [(BELOW, "against"), (SPANS_LOW, "neither"), (SPANS_HIGH, "neither"), (ABOVE, "for")]


@pytest.mark.parametrize(("e", "direction"), SIDES)
def test_own_markers(e, direction):
    row = reasons._specific(found(), EXOSOME, klass(specific=e))
    assert (row["direction"], row["value"], row["ci_low"]) == (direction, e.estimate, e.ci_low)
    assert "90 % interval" in row["text"]


@pytest.mark.parametrize(("estimate", "direction"), [(0.99, "neither"), (1.0, "for")])
def test_own_markers_must_pass_two_fold(estimate, direction):
    """`min_class_effect`: a rise of less is no argument for a class, and none against it."""
    row = reasons._specific(found(), EXOSOME, klass(specific=effect(0.5, estimate, 1.5)))
    assert row["direction"] == direction
    assert ("less than 2-fold" in row["text"]) == (direction == "neither")


@pytest.mark.parametrize(("e", "direction"), SIDES)
def test_markers_that_tell_two_classes_apart(e, direction):
    both = study(klass(margins={"microvesicle": e}), microvesicle=klass())
    row = reasons._competitor(found(), EXOSOME, both, "microvesicle", "unresolved")
    assert (row["direction"], row["about"], row["value"]) == (direction, "microvesicle", e.estimate)


NEGATIVE = SimpleNamespace(negative=SimpleNamespace(n_markers=10))


@pytest.mark.parametrize("e", [e for e, _ in SIDES])
def test_negatives_against_a_fluid_say_nothing(e):
    """All proteins of cells rise there with the vesicles: the organelles take their place."""
    mine = klass(negatives=e)
    row = reasons._negatives(found(comparator="biofluid"), mine, NEGATIVE, study(mine, rise=True))
    assert (row["direction"], row["value"]) == ("neither", e.estimate)
    assert "against the fluid itself they rise with any vesicles" in row["text"]


@pytest.mark.parametrize(
    ("e", "direction"), [(BELOW, "for"), (SPANS_LOW, "neither"), (SPANS_HIGH, "neither"), (ABOVE, "against")]
)
def test_negatives_against_a_lysate(e, direction):
    mine = klass(negatives=e)
    row = reasons._negatives(found(), mine, NEGATIVE, study(mine))
    assert (row["direction"], row["value"]) == (direction, e.estimate)


@pytest.mark.parametrize(("estimate", "direction"), [(0.49, "neither"), (0.5, "against")])
def test_negatives_must_rise_by_what_counts_as_a_rise(estimate, direction):
    """`min_source_effect`, as the rule on negatives asks."""
    mine = klass(negatives=effect(TINY, estimate, 1.5))
    assert reasons._negatives(found(), mine, NEGATIVE, study(mine))["direction"] == direction


@pytest.mark.parametrize(("e", "direction"), SIDES)
def test_markers_over_the_organelles_that_vesicles_lack(e, direction):
    mine = klass(over_organelles=e)
    row = reasons._organelles(found(), mine, study(mine))
    assert (row["direction"], row["value"]) == (direction, e.estimate)


@pytest.mark.parametrize(("high", "direction"), [(-TINY, "against"), (TINY, "for")])
def test_an_organelle_that_is_higher_for_each_ev_marker_speaks_against(high, direction):
    mine = klass(over_organelles=ABOVE)
    gap = effect(-2.0, -1.0, high)
    here = Evidence({"exosome": mine}, Facts(vesicles=True), organelles={"er_golgi": gap})
    row = reasons._organelles(found(), mine, here)
    assert (row["direction"], row["value"]) == (direction, -1.0 if direction == "against" else 1.5)
    assert ("more of ER and Golgi" in row["text"]) == (direction == "against")


@pytest.mark.parametrize(("e", "direction"), SIDES)
def test_effect_of_the_markers(e, direction):
    row = reasons._effect(found(), klass(e), study(klass(e)))
    assert (row["direction"], row["value"]) == (direction, e.estimate)
    assert reasons._bounds(found(study(klass()), study(klass(e))), EXOSOME)["direction"] == direction


@pytest.mark.parametrize(("high", "n"), [(1.0 - TINY, 1), (1.0 + TINY, 0)])
@pytest.mark.parametrize("low", [-0.5, 0.2])
def test_a_two_fold_rise_excluded_is_an_argument_of_its_own(low, high, n):
    """`equivalence_margin`: the effect itself speaks neither way, its distance to two-fold does."""
    mine = klass(effect(low, 0.4, high))
    assert reasons._effect(found(), mine, study(mine))["direction"] == "neither"
    rows = list(reasons._least_effect(found(), mine, study(mine)))
    assert len(rows) == n
    for row in rows:
        assert (row["topic"], row["direction"]) == (str(Topic.LEAST_EFFECT), "against")
        assert (row["value"], row["ci_high"]) == (pytest.approx(-0.6), pytest.approx(high - 1))
        assert "2-fold enrichment, the least of a class, is excluded" in row["text"]
    # a depleted class needs no second argument
    mine = klass(BELOW)
    assert not list(reasons._least_effect(found(), mine, study(mine)))


@pytest.mark.parametrize(("high", "n"), [(1.0 - TINY, 1), (1.0 + TINY, 0)])
def test_a_competitor_that_does_not_rise_is_excluded(high, n):
    """By its own markers, or by those that only it has; the row holds the distance to two-fold."""
    flat = effect(-0.5, 0.4, high)
    for mine, theirs in (
        (klass(), klass(flat)),
        (klass(competitor_specific={"microvesicle": flat}), klass(effect(-1.0, 1.2, 3.0))),
    ):
        both = study(mine, microvesicle=theirs)
        rows = list(reasons._excluded(found(), EXOSOME, both, "microvesicle"))
        assert len(rows) == n
        for row in rows:
            assert (row["direction"], row["about"]) == ("for", "microvesicle")
            assert (row["value"], row["ci_low"]) == (pytest.approx(0.6), pytest.approx(1 - high))


@pytest.mark.parametrize(
    ("e", "word", "direction"),
    [
        (ABOVE, "compatible", "for"),
        (SPANS_HIGH, "unresolved", "neither"),
        (effect(-0.5, 0.0, 0.5), "not compatible", "neither"),
        (BELOW, "not compatible", "against"),
    ],
)
def test_the_verdict_on_another_class_speaks_as_its_effect_does(e, word, direction):
    row = reasons._of_verdict(found(), Topic.GENERAL_EV, "general EV evidence is", word, klass(e))
    assert (row["direction"], row["value"], row["n"]) == (direction, e.estimate, 10)
    assert "its markers are" in row["text"]


ORGANELLES = ["nucleus", "mitochondrion", "er_golgi"]


@pytest.mark.parametrize(
    ("verdicts", "highs", "direction"),
    [
        (("lower", "lower", "lower"), (-TINY, -1.0, -1.0), "for"),
        (("similar", "lower", "lower"), (TINY, -1.0, -1.0), "neither"),
        (("higher", "lower", "lower"), (2.0, -1.0, -1.0), "against"),
        (("lower", "lower"), (-1.0, -1.0), "neither"),
    ],
)
def test_organelles_of_broken_cells(verdicts, highs, direction):
    names = ORGANELLES[: len(verdicts)]
    purity = pd.DataFrame(
        {
            "contrast": "a vs b",
            "source": names,
            "verdict": list(verdicts),
            "log2_fc": [h - 0.5 for h in highs],
            "ci_low": [h - 1 for h in highs],
            "ci_high": list(highs),
        }
    )
    row = reasons._necrosis(found(purity=purity), CRITERIA.classes["apoptotic_ev"])
    assert row["direction"] == direction
    assert row["text"].count("Nucleus") == row["text"].count("ER and Golgi") == 1, "each organelle once"
    assert f"Nucleus {verdicts[0]} (" in row["text"]
    assert ("ER and Golgi not assessed" in row["text"]) == (len(verdicts) == 2)


@pytest.mark.parametrize(("key", "direction"), [("apoptotic_exosome", "for"), ("apoptotic_ev", "against")])
def test_organelles_of_broken_cells_are_those_that_the_rule_of_the_class_names(key, direction):
    purity = pd.DataFrame(
        {
            "contrast": "a vs b",
            "source": ORGANELLES,
            "verdict": ["lower", "lower", "higher"],
            "log2_fc": [-2.0, -2.0, 2.0],
            "ci_low": [-3.0, -3.0, 1.0],
            "ci_high": [-1.0, -1.0, 3.0],
        }
    )
    row = reasons._necrosis(found(purity=purity), CRITERIA.classes[key])
    assert (row["direction"], "ER and Golgi" in row["text"]) == (direction, key == "apoptotic_ev")
