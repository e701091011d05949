"""Amounts: more vesicles and purer vesicles are told apart; wrong cells are named."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import markerkit as mk
from markerkit.core.errors import InputError
from markerkit.purity.amounts import conclusion
from tests.helpers import experiment

AFTER = mk.Contrast("group", "new", "old")


def study(ev: tuple[float, float], *, noise: float = 0.05, seed: int = 1, **columns: object) -> mk.Experiment:
    """Four preparations of each of two groups with an EV share of `ev` (new, old)."""
    rng = np.random.default_rng(seed)
    rows = []
    for share in np.repeat(ev, 4):
        part = share * 2 ** rng.normal(0, noise)
        rows.append({"CD9": part / 2, "CD63": part / 2, "ALB": 0.3, "SPIKE": 0.1, "X1": 0.6 - part})
    table = pd.DataFrame(rows, index=[f"s{i + 1}" for i in range(8)])
    sheet = {"group": ["new"] * 4 + ["old"] * 4, "donor": [1, 2, 3, 4] * 2} | columns
    return experiment(1e6 * table, sheet)  # type: ignore[arg-type]


def words(found: mk.results.Amounts) -> pd.Series:
    return found.changes.table.set_index("quantity")["verdict"]


def test_more_vesicles_are_not_purer_vesicles() -> None:
    more = mk.amounts(study((0.1, 0.1), protein_ug=[40.0] * 4 + [10.0] * 4, volume_ul=[500.0] * 8), AFTER)
    assert words(more)[["ev_per_ul", "ev_share"]].tolist() == ["higher", "similar"]
    conclusions = more.changes.table.set_index("quantity")["reason"]
    assert conclusions["conclusion"] == "more vesicles for each microliter of starting material; as pure"
    purer = mk.amounts(study((0.4, 0.1), protein_ug=[10.0] * 4 + [40.0] * 4, volume_ul=[500.0] * 8), AFTER)
    assert words(purer)[["ev_per_ul", "ev_share"]].tolist() == ["similar", "higher"]
    assert (
        purer.changes.table["reason"].iloc[-1]
        == "as many vesicles for each microliter of starting material; purer"
    )


def test_numbers_of_a_sample() -> None:
    table = mk.amounts(
        study((0.1, 0.1), noise=0, particles=[2.9e10, 3e10] * 4, protein_ug=[1.0] * 8, volume_ul=[50.0] * 8)
    ).table
    first, second = table.iloc[0], table.iloc[1]
    assert first["ev_share"] == pytest.approx(0.1)
    assert first["ev_amount"] == pytest.approx(0.1)
    assert first["amount_of"] == "micrograms"
    assert first["ev_per_particle"] == pytest.approx(0.1 / 2.9e10)
    assert first["ev_per_ul"] == pytest.approx(0.002)
    assert first["signal_per_particle"] == pytest.approx(1e6 / 2.9e10)
    # the yardstick of Webber and Clayton, just below and at it
    assert [bool(first["high_purity"]), bool(second["high_purity"])] == [False, True]


def test_without_protein_the_signal_stands_for_it_and_says_so() -> None:
    table = mk.amounts(study((0.1, 0.1), noise=0, particles=[1e10] * 8)).table
    assert set(table["amount_of"]) == {"signal"}
    assert table["ev_amount"].iloc[0] == pytest.approx(1e5)
    assert "the same part of every sample" in table["reason"].iloc[0]
    assert table["high_purity"].isna().all()
    some = mk.amounts(study((0.1, 0.1), protein_ug=[1.0] * 7 + [np.nan])).table
    assert some["status"].tolist()[-1] == "not assessable"
    assert some["reason"].tolist()[-1] == "no protein amount"


def test_recovery_of_a_spike_in_and_of_the_start() -> None:
    spiked = study((0.1, 0.1), noise=0, spike_in=["SPIKE"] * 8, spike_in_ug=[0.5] * 8, protein_ug=[4.0] * 8)
    table = mk.amounts(spiked).table
    assert table["recovery"].iloc[0] == pytest.approx(0.1 * 4 / 0.5)
    assert set(table["recovery_of"]) == {"spike-in"}
    relative = mk.amounts(study((0.1, 0.1), noise=0, spike_in=["SPIKE"] * 8)).table
    assert relative["recovery"].to_numpy() == pytest.approx(np.ones(8))
    assert set(relative["recovery_of"]) == {"spike-in, relative to the median sample"}
    start = mk.amounts(
        study((0.2, 0.1), noise=0, start_sample=["s5", " ", *[None] * 6], protein_ug=[1.0] * 4 + [4.0] * 4)
    ).table
    assert start["recovery"].iloc[0] == pytest.approx(0.2 * 1 / (0.1 * 4))
    assert start["recovery_of"].tolist() == ["EV markers of s5", *[""] * 7]


def test_pairs_take_donors_out() -> None:
    donors = np.array([1.0, 4.0, 16.0, 64.0])
    exp = study((0.1, 0.1), noise=0.02, volume_ul=[100.0] * 8, protein_ug=[*(3 * donors), *donors])
    paired = mk.amounts(exp, mk.Contrast("group", "new", "old", paired_by="donor"))
    assert words(paired)["ev_per_ul"] == "higher"
    assert words(mk.amounts(exp, AFTER))["ev_per_ul"] == "unresolved"


def test_too_few_values_are_not_assessable() -> None:
    exp = study((0.1, 0.1), protein_ug=[1.0, *[np.nan] * 3, *[1.0] * 4], volume_ul=[10.0] * 8)
    row = mk.amounts(exp, AFTER).changes.table.set_index("quantity").loc["ev_per_ul"]
    assert row["verdict"] == "not assessable"
    assert row["reason"] == "1 samples a group with a value; at least 2 are needed"


def change_of_particles(log2: list[float]) -> pd.Series:
    """Change of the particles in a microgram of protein, from their log2 in the eight samples."""
    exp = study((0.1, 0.1), particles=list(1e10 * np.exp2(log2)), protein_ug=[1.0] * 8)
    return mk.amounts(exp, AFTER).changes.table.set_index("quantity").loc["particles_per_ug"]


@pytest.mark.parametrize(
    ("shift", "spread", "word", "reason"),
    [
        (0.499, 0.0, "similar", "a little more than in the control, less than 2-fold"),
        (0.501, 0.0, "higher", "more than in the control"),
        (-0.499, 0.0, "similar", "a little less than in the control, less than 2-fold"),
        (-0.501, 0.0, "lower", "less than in the control"),
        # the interval reaches 1.998 spreads to either side
        (0.6, 0.29, "higher", "more than in the control"),
        (0.6, 0.31, "unresolved", "interval too wide to tell"),
        (-0.6, 0.29, "lower", "less than in the control"),
        (0.0, 0.5, "similar", "no 2-fold change in either direction"),
        (0.0, 0.501, "unresolved", "interval too wide to tell"),
        (0.49, 0.244, "similar", "a little more than in the control, less than 2-fold"),
        (0.49, 0.257, "unresolved", "interval too wide to tell"),
    ],
)
def test_an_amount_changes_by_the_rule_of_the_sources(
    shift: float, spread: float, word: str, reason: str
) -> None:
    around = np.array([spread, -spread, spread, -spread])
    row = change_of_particles([*(shift + around), *around])
    assert row["log2_fc"] == pytest.approx(shift)
    assert row["ci_high"] - row["log2_fc"] == pytest.approx(1.99788 * spread, rel=1e-3)
    assert (row["verdict"], row["reason"]) == (word, reason)


def test_conclusions_say_what_is_open() -> None:
    assert conclusion({"ev_per_ul": "unresolved", "ev_share": "not assessable"}) == (
        "whether there are more vesicles is unresolved; whether they are purer is not assessable"
    )
    assert conclusion({"ev_per_ul": "lower", "ev_share": "lower"}).startswith("fewer vesicles")


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"particles": [1e9, "many", *[1e9] * 6]}, "`particles` of the sample 's2' is 'many'"),
        ({"volume_ul": [*[5.0] * 7, -5.0]}, "`volume_ul` of the sample 's8' is -5.0"),
        ({"protein_ug": [0, *[5] * 7]}, "`protein_ug` of the sample 's1' is 0"),
        ({"spike_in": ["P99999", *[None] * 7]}, "`spike_in` of the sample 's1' is 'P99999'"),
        (
            {"spike_in": ["SPIKE"] * 8, "spike_in_ug": ["x", *[1.0] * 7]},
            "`spike_in_ug` of the sample 's1' is 'x'",
        ),
        ({"start_sample": ["s9", *[None] * 7]}, "`start_sample` of the sample 's1' is 's9'"),
        ({}, "none of the columns of amounts"),
    ],
)
def test_wrong_cells_are_named(columns: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        mk.amounts(study((0.1, 0.1), **columns))


def test_ratios_are_refused() -> None:
    exp = study((0.1, 0.1), particles=[1e9] * 8)
    ratios = mk.Experiment(np.log2(exp.values), exp.samples, exp.proteins, "ratio")
    with pytest.raises(InputError, match="no share of signal"):
        mk.amounts(ratios)
