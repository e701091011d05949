"""Which protein group stands for a gene: one rule, by hand and wherever it is used."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import markerkit as mk
from markerkit.assessment.marker_values import marker_values
from markerkit.ids.representative import gene_rows, representatives
from markerkit.qc.indices import two_axis

NAN = np.nan


def choice(*groups: tuple[str, str, int, float], **options) -> dict[str, str]:
    """Groups as (key, name, n_measured, abundance); returns key -> chosen name."""
    key, name, n, mean = zip(*groups, strict=True)
    found = representatives(key, names=name, n_measured=np.array(n), abundance=np.array(mean), **options)
    return {k: name[i] for k, i in found.items()}


def test_most_often_measured_comes_before_most_abundant() -> None:
    assert choice(("G", "a", 3, 5.0), ("G", "b", 2, 50.0)) == {"G": "a"}
    assert choice(("G", "a", 2, 5.0), ("G", "b", 2, 50.0)) == {"G": "b"}
    assert choice(("G", "a", 1, 5.0), ("G", "b", 2, 4.0)) == {"G": "b"}


@pytest.mark.parametrize("order", [[0, 1, 2], [2, 1, 0], [1, 2, 0]])
def test_ties_go_by_name_whatever_the_order_of_the_rows(order) -> None:
    groups = [("G", "P3", 2, 5.0), ("G", "P1", 2, 5.0), ("G", "P2", 2, 5.0)]
    assert choice(*(groups[i] for i in order)) == {"G": "P1"}


def test_never_measured_stands_only_where_nothing_else_does() -> None:
    assert choice(("G", "a", 0, NAN), ("G", "b", 1, -9.0)) == {"G": "b"}
    assert choice(("G", "b", 0, NAN), ("G", "a", 0, NAN)) == {"G": "a"}


def test_no_key_and_no_right_to_stand() -> None:
    groups = [
        ("G", "a", 3, 5.0),
        ("G", "b", 1, 1.0),
        ("", "c", 3, 9.0),
        (None, "d", 3, 9.0),
        (NAN, "e", 3, 9.0),
    ]
    assert choice(*groups) == {"G": "a"}
    assert choice(*groups, eligible=np.array([False, True, True, True, True])) == {"G": "b"}


def test_positions_are_in_the_order_of_the_rows() -> None:
    assert list(choice(("B", "1", 1, 1.0), ("A", "2", 1, 1.0), ("B", "3", 2, 1.0))) == ["A", "B"]


def study() -> mk.Experiment:
    """CD63 by five groups: abundant but rare, chosen, a tie-breaker's loser, a decoy and a contaminant."""
    values = pd.DataFrame(
        {
            "abundant": [30.0, NAN, NAN, NAN],
            "chosen": [10.0, 12.0, 9.0, NAN],
            "loser": [8.0, 9.0, NAN, 7.0],
            "decoy": [40.0, 40.0, 40.0, 40.0],
            "background": [11.0, 13.0, 8.0, 10.0],
        },
        index=["s1", "s2", "s3", "s4"],
    )
    genes = pd.DataFrame({"gene": ["CD63"] * 4 + ["BG1"]}, index=values.columns)
    return mk.Experiment(values, None, genes.assign(is_decoy=genes.index == "decoy"), scale="log2")


def test_an_experiment_by_hand() -> None:
    assert gene_rows(study()).to_dict() == {"CD63": "chosen", "BG1": "background"}


def test_contaminants_may_stand() -> None:
    exp = study()
    flagged = exp.evolve("x", proteins=exp.proteins.assign(is_contaminant=True))
    assert gene_rows(flagged)["CD63"] == "chosen"


def test_accession_is_another_key() -> None:
    exp = study()
    exp = exp.evolve("x", proteins=exp.proteins.assign(accession=["P1", "P1", "P2", "P2", ""]))
    assert gene_rows(exp, key="accession").to_dict() == {"P1": "chosen", "P2": "loser"}


def test_heat_map_shows_the_same_group() -> None:
    exp = study()
    shown = marker_values(exp.values, exp.proteins.loc[exp.targets, "gene"], {"set": ["CD63"]})
    centered = exp.values["chosen"] - exp.values["chosen"].mean()
    assert shown.set_index("sample")["value"].dropna().to_dict() == pytest.approx(centered.dropna().to_dict())


def test_rank_index_uses_the_same_group() -> None:
    """In s4 the chosen group was not measured: rank of the missing, 1.5 of 4 (two missing, tied)."""
    found = two_axis(study(), mk.load_markers(), ["CD63"]).set_index(["sample", "item"])
    assert found.loc[("s2", "two_axis_ev"), "value"] == pytest.approx(3 / 4)
    assert found.loc[("s4", "two_axis_ev"), "value"] == pytest.approx(1.5 / 4)
    assert found.loc[("s4", "two_axis_ev"), "n_measured"] == 0


def test_set_tests_use_the_same_group() -> None:
    """Of two groups of a gene the one measured in more samples carries the gene's effect, decoys aside."""
    rng = np.random.default_rng(0)
    log = pd.DataFrame(
        20 + rng.normal(size=(8, 40)), [f"s{i}" for i in range(8)], [f"G{i}" for i in range(40)]
    )
    log[["often", "rare", "decoy"]] = log[["G0"]].to_numpy() + np.array([0.0, 9.0, 12.0])
    log.loc[log.index[:4], "often"] += 3.0
    log.loc["s7", "rare"] = NAN
    genes = pd.DataFrame({"gene": [*log.columns[:40], "CD63", "CD63", "CD63"]}, index=log.columns)
    exp = mk.Experiment(
        log,
        pd.DataFrame({"arm": ["a"] * 4 + ["b"] * 4}, index=log.index),
        genes.assign(is_decoy=genes.index == "decoy"),
        scale="log2",
    )
    da = mk.differential_abundance(exp, "~ arm", contrast=("arm", "a", "b"))
    with pytest.warns(mk.MarkerkitWarning, match="background of the set tests"):
        table = mk.enrich(da, {"one": ["CD63"]}, min_measured=1).table
    # the shift of a set of one: its effect over the mean effect of the others
    effect = da.table.set_index("protein")["log2_fc"]
    assert table["log2_fc"].iloc[0] == pytest.approx(effect["often"] - effect.drop("often").mean())


def test_a_group_without_a_key_stands_for_nothing_where_all_others_have_their_own() -> None:
    assert choice(("", "P1", 2, 9.0), ("CD63", "P2", 2, 9.0)) == {"CD63": "P2"}
