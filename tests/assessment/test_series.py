"""Fraction series, ranking and amounts as parts of an assessment."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest

import markerkit as mk
from markerkit.assessment.series import _ranking_lines
from markerkit.core.errors import InputError, MarkerkitWarning
from markerkit.report._html import study_lines
from markerkit.report._methods import series_sentences
from tests.helpers import EXAMPLE

PARTS = (
    *("fraction_profiles", "fraction_peaks", "fraction_pools", "fraction_trends"),
    *("ranking", "amounts", "amount_changes"),
)


def with_columns(exp: mk.Experiment, **columns: object) -> mk.Experiment:
    return mk.Experiment(exp.values, exp.samples.assign(**columns), exp.proteins, history=exp.history)


def test_without_columns_the_tables_are_empty_and_say_why(example_assessment: mk.results.Assessment) -> None:
    assert all(not len(example_assessment.tables[name]) for name in PARTS)
    parts = example_assessment.series
    assert parts.fractions.params["reason"] == "no fraction series: the sample sheet has no column `order`"
    assert parts.ranking.params["reason"] == "2 groups; 3 or more are ranked"
    assert parts.amounts.params["reason"] == "no column of amounts in the sample sheet"
    assert list(parts.lines()) == []


def test_a_series_is_described_where_the_sheet_has_it() -> None:
    made = mk.simulate_fractions(n_replicates=1, peaks={"ev": (7.0, 0.9)}, seed=4)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", MarkerkitWarning)
        result = mk.assess(made.experiment, context={"condition": "fraction"})
    tables = result.tables
    assert all(len(tables[name]) for name in PARTS[:4])
    assert not len(tables["ranking"])
    assert "fractions of a series" in result.series.ranking.params["reason"]
    assert [heading for heading, _ in study_lines(result.series)] == ["Fraction series"]
    written = series_sentences(result.series)
    assert "non-negative least squares" in written
    assert "3e+10 particles per microgram" in written
    assert "Holm" not in written
    lines = "\n".join(result.verdicts())
    assert "vesicles: peak of the amount in F7" in lines
    assert "purity" in lines
    assert (tables["amounts"]["amount_of"] == "micrograms").all()


@pytest.mark.slow
def test_groups_are_ranked_from_three_on(example: mk.Experiment) -> None:
    group = ["A", "A", "A", "B", "B", "B", *["lysate"] * 6]
    exp = with_columns(example, group=group)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", MarkerkitWarning)
        result = mk.assess(exp, "vs:lysate", context={"condition": "group"})
    assert [c.name for c in result.contrasts] == ["A vs lysate", "B vs lysate"]
    ev = result.tables["ranking"].query("quantity == 'ev'").set_index("group")
    assert ev.loc[["A", "B"], "rank"].tolist() == [1, 1]
    assert ev.loc["A", "share"] > ev.loc["lysate", "share"]
    assert any(line.startswith("ranking of the groups") for line in result.verdicts())
    assert any(line.startswith("2 contrasts: adjusted p-values") for line in result.design)


def test_amounts_are_compared_in_the_contrast(example: mk.Experiment) -> None:
    exp = with_columns(example, protein_ug=5.0, volume_ul=100.0, particles=2e11)
    result = mk.assess(exp, EXAMPLE)
    changes = result.tables["amount_changes"].set_index("quantity")
    assert changes.loc["ev_share", "verdict"] == "higher"
    assert changes.loc["particles_per_ug", "verdict"] == "similar"
    assert result.tables["amounts"]["high_purity"].all()
    assert "amounts" in result.verdicts()


@pytest.mark.slow
def test_wrong_amounts_stop_and_another_order_does_not(example: mk.Experiment) -> None:
    with pytest.raises(InputError, match="`protein_ug` of the sample"):
        mk.assess(with_columns(example, protein_ug=["?"] * 12), EXAMPLE)
    runs = with_columns(example, order=np.arange(12))
    with pytest.warns(
        MarkerkitWarning, match="no fraction series is described: the fraction 'EV' has two places"
    ):
        result = mk.assess(runs, EXAMPLE)
    assert not len(result.tables["fraction_profiles"])
    assert "two places" in result.series.fractions.params["reason"]


def test_a_word_needs_the_condition(example: mk.Experiment) -> None:
    with pytest.raises(InputError, match="contrasts"):
        mk.assess(example, "all")


def test_groups_that_cannot_be_told_apart_have_no_ranks_in_words():
    table = pd.DataFrame({
        "quantity": "ev", "group": ["PTB", "HC", "Rx"], "share": [0.008, 0.002, 0.001], "rank": [1, 1, 1], "rank_to": [3, 3, 3],
    })  # fmt: skip
    said = list(_ranking_lines(table))[1]
    assert said == "  EV markers: no two groups can be told apart: PTB (0.8 %), HC (0.2 %), Rx (0.1 %)"
    table["rank_to"] = [3, 3, 2]
    assert "1 to 3 PTB (0.8 %), 1 to 3 HC (0.2 %), 1 to 2 Rx (0.1 %)" in list(_ranking_lines(table))[1]
