"""Ranking of preparations: who is better, who cannot be told apart, and the family-wise level."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import markerkit as mk
from markerkit.catalog.load import shipped
from markerkit.core.errors import InputError
from markerkit.core.signal import signal_of
from markerkit.purity.ranking import QUANTITIES, _better, quantity_shares
from tests.helpers import experiment


def preparations(shift: dict[str, float], n: int = 5, seed: int = 1) -> mk.Experiment:
    """Groups whose EV markers (CD9, CD63, CD81) are the log2 `shift` higher; a fifth of the rest is albumin."""
    rng = np.random.default_rng(seed)
    rows = []
    for group, by in shift.items():
        for _ in range(n):
            ev = 2.0 ** (by + rng.normal(0, 0.2))
            rows.append(
                {"group": group, "CD9": ev, "CD63": ev, "CD81": ev, "ALB": 200.0, "X1": 800.0, "CANX": 5.0}
            )
    table = pd.DataFrame(rows)
    table.index = pd.Index([f"s{i}" for i in range(len(table))])
    return experiment(table.drop(columns="group"), {"group": table["group"].tolist()})


def test_groups_that_cannot_be_told_apart_share_a_rank() -> None:
    table = mk.rank_preparations(preparations({"a": 5.0, "b": 5.02, "c": 3.0, "d": 0.0}), "group").table
    ev = table[table["quantity"] == "ev"].set_index("group")
    assert ev["rank"].to_dict() == {"a": 1, "b": 1, "c": 3, "d": 4}
    assert ev["rank_to"].to_dict() == {"a": 2, "b": 2, "c": 3, "d": 4}
    assert ev.loc["a", "alike"] == "b"
    assert ev.loc["c", "alike"] == ""
    # 3 * 2^5 of 3 * 2^5 + 1005
    assert ev.loc["a", "share"] == pytest.approx(96 / 1101, rel=0.15)
    assert ev.loc["a", "ci_low"] < ev.loc["a", "share"] < ev.loc["a", "ci_high"]


def test_less_of_anything_else_is_better() -> None:
    table = mk.rank_preparations(preparations({"much": 8.0, "little": 0.0}), "group").table
    first = table[table["rank"] == 1].set_index("quantity")["group"]
    assert first.to_dict() == {"ev": "much", "co_isolated": "much", "cells_and_handling": "much"}


def test_shares_count_a_protein_once_and_ev_markers_as_such() -> None:
    markers = shipped("human")
    exp = preparations({"a": 0.0}, n=1)
    shares = quantity_shares(signal_of(exp), markers).iloc[0]
    total = exp.values.iloc[0].sum()
    assert shares["ev"] == pytest.approx(exp.values.iloc[0][["CD9", "CD63", "CD81"]].sum() / total)
    assert shares["co_isolated"] == pytest.approx(200 / total)
    assert shares["cells_and_handling"] == pytest.approx(5 / total)
    assert set(shares.index) == set(QUANTITIES)


def test_one_sample_is_not_ranked() -> None:
    exp = preparations({"a": 2.0, "b": 0.0, "c": 1.0})
    kept = exp.select(samples=[s for s in exp.samples.index if s not in {"s11", "s12", "s13", "s14"}])
    table = mk.rank_preparations(kept, "group").table
    alone = table[table["group"] == "c"]
    assert set(alone["status"]) == {"not assessable"}
    assert alone["reason"].iloc[0] == "1 samples with a share; at least 2 are needed"
    assert table["rank"].max() == 2


def test_ratios_have_no_shares_and_columns_must_be_there() -> None:
    exp = preparations({"a": 2.0, "b": 0.0})
    ratios = mk.Experiment(np.log2(exp.values), exp.samples, exp.proteins, "ratio")
    table = mk.rank_preparations(ratios, "group").table
    assert set(table["status"]) == {"not assessable"}
    assert "no share of signal" in table["reason"].iloc[0]
    with pytest.raises(InputError, match="no column 'method'"):
        mk.rank_preparations(exp, "method")


@pytest.mark.parametrize(
    ("n", "least", "most"), [(120, 1, 12), pytest.param(400, 2, 32, marks=pytest.mark.slow)]
)
def test_a_wrong_order_is_rare_among_equal_groups(n: int, least: int, most: int) -> None:
    """At most 5 %, and a test that is not asleep."""
    rng = np.random.default_rng(3)
    wrong = 0
    for _ in range(n):
        values = {k: rng.normal(0, 1, 5) for k in "abcde"}
        wrong += any(_better(values, 1, 0.05).values())
    assert least <= wrong <= most
