"""What differs between two groups: words of change, only where the control is, or may be, vesicles."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import stdtrit

import markerkit as mk
from markerkit.catalog.criteria import load_criteria
from markerkit.core.verdict import Verdict, combine
from markerkit.core.vocabulary import Basis, Rule, VerdictWord
from markerkit.identity.change import class_change
from markerkit.identity.evidence import ClassEvidence, Evidence, Facts
from markerkit.purity.rules import change, combine_changes
from markerkit.stats.set_effect import SetEffect

CRITERIA = load_criteria()
T = CRITERIA.threshold
TINY = 1e-6
WORDS = {"higher", "similar", "lower", "unresolved", "not assessable"}
OPPOSITE = {"higher": "lower", "lower": "higher"}


DF = 8.0
HALF = float(stdtrit(DF, 0.5 + T["confidence"] / 2))


def effect(low: float, mid: float, high: float, n: int = 9) -> SetEffect:
    """An effect with any interval, for the rule itself."""
    return SetEffect(mid, (high - low) / 4, DF, low, high, n, 0.5)


def around(mid: float, half: float) -> SetEffect:
    """An effect whose 95 % interval has this half-width; the interval that it comes with is that of 90 %."""
    return SetEffect(mid, half / HALF, DF, np.nan, np.nan, 9, 0.5).at(T["class_confidence"])


def evidence(found: ClassEvidence, *, key: str = "exosome", **facts: bool) -> Evidence:
    return Evidence({key: found}, Facts(**facts))


def word(found: ClassEvidence, key: str = "exosome", **facts: bool) -> tuple[str, str]:
    verdict = class_change(key, evidence(found, key=key, **facts), CRITERIA)
    return str(verdict.word), str(verdict.rule)


RISE = T["min_class_effect"]
MARGIN = T["equivalence_margin"]


@pytest.mark.parametrize(
    ("below", "above"),
    [
        (around(RISE - TINY, 0.9), around(RISE + TINY, 0.9)),
        (around(2, 2 + TINY), around(2, 2 - TINY)),
    ],
)
def test_a_class_is_higher_from_the_least_effect_on(below: SetEffect, above: SetEffect) -> None:
    assert word(ClassEvidence(9, 0.9, below))[0] == "unresolved"
    assert word(ClassEvidence(9, 0.9, above)) == ("higher", "higher")


def test_a_class_is_similar_within_the_margin_on_both_sides() -> None:
    for mid in (-0.2, 0.0, 0.2):
        for half, expected in ((MARGIN - 0.2 - TINY, "similar"), (MARGIN - abs(mid) + TINY, "unresolved")):
            assert word(ClassEvidence(9, 0.9, around(mid, half)))[0] == expected


def test_too_few_markers_or_too_little_of_the_set() -> None:
    up, few, weight = around(2, 1), int(T["min_markers"]), T["min_weight"]
    assert word(ClassEvidence(few - 1, 0.9, up)) == ("not assessable", "too_few_markers")
    assert word(ClassEvidence(few, 0.9, up))[0] == "higher"
    assert word(ClassEvidence(9, weight - TINY, up)) == ("not assessable", "too_little_weight")
    assert word(ClassEvidence(9, weight, up))[0] == "higher"
    assert word(ClassEvidence(9, 0.9, None)) == ("not assessable", "too_few_markers")
    bare = replace(evidence(ClassEvidence(9, 0.9, up)), has_background=False)
    assert class_change("exosome", bare, CRITERIA).rule == Rule.NO_BACKGROUND


def test_classes_of_dying_cells_need_the_statement() -> None:
    up = ClassEvidence(9, 0.9, around(2, 1))
    assert word(up, "apoptotic_exosome") == ("not assessable", "apoptosis_not_stated")
    assert word(up, "apoptotic_exosome", apoptosis=True) == ("higher", "higher")
    assert word(up, "apoptotic_body")[0] == "higher"


@given(
    low=st.floats(-5, 5),
    width=st.floats(0.01, 6),
    at=st.floats(0.05, 0.95),
)
def test_case_and_control_exchanged_give_the_opposite_word(low: float, width: float, at: float) -> None:
    high, mid = low + width, low + at * width
    there = change(effect(low, mid, high), least=0.5, margin=1.0).word
    back = change(effect(-high, -mid, -low), least=0.5, margin=1.0).word
    assert back == OPPOSITE.get(there, there)


@pytest.mark.parametrize(
    ("measured", "bounded", "expected"),
    [
        ("higher", "higher", ("higher", Basis.MEASURED)),
        ("unresolved", "higher", ("higher", Basis.BOUNDED)),
        ("not assessable", "unresolved", ("unresolved", Basis.BOUNDED)),
        ("unresolved", "not assessable", ("unresolved", Basis.MEASURED)),
        ("higher", "lower", ("unresolved", Basis.MEASURED)),
        ("higher", "unresolved", ("unresolved", Basis.MEASURED)),
    ],
)
def test_bounds_decide_what_measured_values_leave_open(
    measured: str, bounded: str, expected: tuple[str, Basis]
) -> None:
    pair = [Verdict(VerdictWord(w), Rule.HIGHER) for w in (measured, bounded)]
    found = combine_changes(pair)
    assert (found.word, found.basis) == expected
    # a class that is judged keeps its own rule: an open verdict is not decided by bounds
    judged = combine(pair, otherwise=VerdictWord.UNRESOLVED)
    if measured == "unresolved" != bounded:
        assert judged.word == "unresolved"


def test_only_a_control_without_vesicles_is_asked_for_identity(example: mk.Experiment) -> None:
    exp = mk.harmonize_ids(example)
    reasons = {}
    for comparator in (None, "ev", "lysate", "soluble", "biofluid"):
        contrast = mk.Contrast("fraction", "EV", "lysate", paired_by="donor", comparator=comparator)
        table = mk.assess_identity(exp, contrast).table
        reasons[comparator] = set(table["rule"]) if not contrast.asks_identity else None
        assert contrast.asks_identity == (comparator in {"lysate", "soluble", "biofluid"})
        if not contrast.asks_identity:
            assert set(table["verdict"]) == {"not assessable"}
            assert table["next_step"].str.contains("lysate").all()
        else:
            assert "compatible" in set(table["verdict"])
    assert reasons[None] == {"control_not_declared"}
    assert reasons["ev"] == {"control_is_vesicles"}


def test_compare_gives_classes_and_sources(example: mk.Experiment) -> None:
    exp = mk.harmonize_ids(example)
    there = mk.compare(exp, mk.Contrast("fraction", "EV", "lysate", paired_by="donor"))
    back = mk.compare(exp, mk.Contrast("fraction", "lysate", "EV", paired_by="donor"))
    for first, second, key in (
        (there.table, back.table, "class"),
        (there.purity.table, back.purity.table, "source"),
    ):
        words = pd.DataFrame({"a": first.set_index(key)["verdict"], "b": second.set_index(key)["verdict"]})
        assert set(words["a"]) <= WORDS
        assert list(words["b"]) == [OPPOSITE.get(w, w) for w in words["a"]]
    table = there.table.set_index("class")
    assert table.loc["exosome", "verdict"] == "higher"
    assert table.loc["exosome", "per_ev"] in {"higher", "similar", "lower"}
    assert table.loc["ev", "per_ev"] == ""
    assert "more in EV than in lysate" in table.loc["exosome", "explanation"]
    assert not there.markers.table.empty


def test_a_control_of_which_nothing_is_said_is_to_be_declared(undeclared: mk.results.Assessment) -> None:
    assert "declare what lysate is: lysate, biofluid or soluble" in "\n".join(undeclared.verdicts())


@pytest.mark.slow  # quick, with two other contrasts: tests/assessment/test_workers.py
def test_every_contrast_stands_in_one_table(example: mk.Experiment) -> None:
    exp = example
    contrasts = [
        mk.Contrast("fraction", "EV", "lysate", paired_by="donor", comparator="lysate", name="identity"),
        mk.Contrast("fraction", "EV", "lysate", paired_by="donor", name="change"),
    ]
    found = mk.assess(exp, contrasts)
    assert set(found.identity.table["contrast"]) == {"identity"}
    assert set(found.comparison.table["contrast"]) == {"change"}
    assert set(found.purity.table["contrast"]) == {"identity", "change"}
    assert set(found.evidence.table["contrast"]) == {"identity"}
    fractions = found.purity.contamination_fraction.table.drop_duplicates("contrast").set_index("contrast")
    assert fractions.loc["identity", "status"] == "assessed"
    sources = found.purity.table.groupby("contrast")["verdict"].agg(list)
    assert sources["identity"] == sources["change"]
    text = "\n".join(found.verdicts())
    assert "declare what lysate is: lysate, biofluid or soluble" in text


def test_one_sample_a_group_is_said_in_a_comparison(example: mk.Experiment) -> None:
    few = example.select(samples=[example.samples.index[0], example.samples.index[-1]])
    found = mk.assess(few, mk.Contrast("fraction", "EV", "lysate"))
    assert set(found.comparison.table["rule"]) == {"no_replicates"}
    assert found.identity.table.empty
    # whether the control is vesicles comes first: without it identity is not asked, replicates or not
    asked = mk.Contrast("fraction", "EV", "lysate", comparator="lysate")
    for contrast, rule in (
        (asked, "no_replicates"),
        (replace(asked, comparator="ev"), "control_is_vesicles"),
    ):
        assert set(mk.assess_identity(few, contrast).table["rule"]) == {rule}
