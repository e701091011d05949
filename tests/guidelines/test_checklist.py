"""Checklist of guidelines: what counts as shown, and shares of signal."""

from __future__ import annotations

import numpy as np
import pytest

import markerkit as mk
from markerkit.guidelines.checklist import checklist_of, load_items
from markerkit.guidelines.ev_track import ev_track_of
from markerkit.study.contrast import Contrast
from markerkit.tables.registry import TABLES
from tests.helpers import experiment


@pytest.fixture(scope="module")
def markers():
    return mk.load_markers()


def answers(exp, markers, kind, *, contrasts=(), **options):
    """Answers to the items of a kind, by their sets."""
    table = checklist_of(exp, markers, contrasts, {}, **options).table
    items = [i for i in load_items() if i.kind == kind]
    return {i: r for i in items for _, r in table[table["item"] == i.item].iterrows()}


def test_contract(markers):
    exp = mk.simulate(n=2, n_background=60, seed=1).experiment
    contrast = Contrast("fraction", "EV", "lysate", comparator="lysate")
    checklist = checklist_of(exp, markers, [contrast], {}).table
    assert list(checklist.columns) == TABLES["misev_checklist"].names
    assert len(checklist) == len(load_items())
    assert set(checklist["answer"]) <= {"met", "not met", "not derivable", "needs metadata"}
    form = ev_track_of(exp, checklist, [contrast], {})
    assert list(form.columns) == TABLES["ev_track"].names
    assert set(form["section"]) == {"study", "preparation", "EV-METRIC"}


@pytest.mark.parametrize(("shown", "answer"), [(1, "not met"), (2, "met")])
def test_a_protein_counts_when_half_of_the_case_samples_show_it(markers, shown, answer):
    """`checklist_seen` of four case samples; the control does not count."""
    item = next(i for i in load_items() if i.kind == "seen" and i.at_least == 1)
    gene = next(
        g for g in markers.table.loc[markers.table["set"].isin(item.sets), "gene"] if g not in ("", "X")
    )
    seen = [1.0] * shown + [np.nan] * (4 - shown) + [1.0] * 4
    exp = experiment({gene: seen, "X": [2.0] * 8}, {"g": ["a"] * 4 + ["b"] * 4})
    contrast = Contrast("g", "a", "b")
    row = answers(exp, markers, "seen", contrasts=[contrast])[item]
    assert row["answer"] == answer
    assert row["evidence"] == f"{shown // 2} measured in 50 % of the samples or more; 1 asked for"


def test_a_share_is_the_median_of_the_case_samples(markers):
    exp = experiment(
        {"ALB": [10.0, 30.0, np.nan, 50.0], "X": [90.0, 70.0, 100.0, 50.0]}, {"g": ["a"] * 3 + ["b"]}
    )
    found = answers(exp, markers, "share", contrasts=[Contrast("g", "a", "b")])
    item = next(
        i for i in found if "ALB" in set(markers.table.loc[markers.table["set"].isin(i.sets), "gene"])
    )
    # 0.1, 0.3, and 0 where it was not measured
    assert found[item]["evidence"].startswith("1 measured, 10 % of the signal (median of samples).")
    empty = next(i for i, r in found.items() if r["proteins"] == "")
    assert found[empty]["answer"] == "not met"


def test_ratios_have_no_share_and_presence_all_the_same(markers):
    exp = experiment({"ALB": [0.5, -1.0], "CD63": [0.2, 0.1]}, scale="ratio")
    found = answers(exp, markers, "share")
    row = next(r for r in found.values() if r["proteins"])
    assert "ratios have no share of signal" in row["evidence"]
