"""Shares of signal: by hand, their interval, their basis, and what leaves them alone."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import markerkit as mk
from markerkit.catalog.load import shipped
from markerkit.core.errors import InputError
from markerkit.core.signal import signal_of
from markerkit.purity.shares import share_interval, source_shares
from tests.helpers import experiment

T_2DF = 4.302652729749464  # 97.5 % quantile of Student's t


@cache
def catalog():
    return shipped("human")


@pytest.fixture(scope="module")
def markers():
    return catalog()


@cache
def example():
    return mk.simulate(n=2, n_background=60, missing=0.1, seed=4).experiment


def shares_of(exp, markers, **options):
    return source_shares(exp, markers, **options).set_index(["sample", "source"])


@cache
def shares_of_example():
    return shares_of(example(), catalog())


def test_share_and_interval_by_hand(markers):
    exp = experiment({"KRT1": [40.0], "KRT2": [10.0], "KRT10": [10.0], "CD63": [140.0], "ALB": [np.nan]})
    row = shares_of(exp, markers).loc["s1", "keratin"]
    assert row["share"] == pytest.approx(60 / 200)
    # amounts 40, 10, 10: mean 20, squares about it 600; m / (m - 1) = 3 / 2
    se = np.sqrt(3 / 2 * 600) / 60
    assert row["ci_low"] == pytest.approx(0.3 * np.exp(-T_2DF * se))
    assert row["ci_high"] == pytest.approx(min(1.0, 0.3 * np.exp(T_2DF * se)))
    assert (row["n_measured"], row["status"], row["reason"]) == (3, "tested", "")


def test_interval_of_equal_members_is_a_point_and_of_one_sided_members_is_wide():
    amounts = np.array([[5.0, 5.0, 5.0, 0.0], [13.0, 1.0, 1.0, 0.0]])
    low, high = share_interval(amounts, np.array([0.1, 0.1]), 0.95)
    # the member without a value is no part of the sample
    assert (low[0], high[0]) == pytest.approx((0.1, 0.1))
    se = np.sqrt(3 / 2 * 96) / 15
    assert (low[1], high[1]) == pytest.approx((0.1 * np.exp(-T_2DF * se), min(1, 0.1 * np.exp(T_2DF * se))))


def test_interval_follows_the_confidence():
    amounts = np.array([[4.0, 5.0, 6.0]])
    narrow, wide = (share_interval(amounts, np.array([0.2]), c)[1][0] for c in (0.8, 0.95))
    se = np.sqrt(3 / 2 * 2) / 15
    assert wide == pytest.approx(0.2 * np.exp(T_2DF * se))
    assert narrow == pytest.approx(0.2 * np.exp(1.8856180831641267 * se))


def test_two_members_have_no_interval_and_three_have_one(markers):
    """`min_markers_source` is 3."""
    genes = {"KRT1": [1.0, 1.0], "KRT2": [2.0, 2.0], "KRT10": [np.nan, 3.0], "CD63": [94.0, 94.0]}
    rows = shares_of(experiment(genes), markers).xs("keratin", level="source")
    assert list(rows["status"]) == ["too few measured", "tested"]
    assert list(rows["share"]) == pytest.approx([3 / 97, 6 / 100])
    assert list(rows["ci_low"].notna()) == [False, True]
    assert rows["reason"].iloc[0] == "too few members measured for an interval"


def test_what_was_not_measured_is_missing_not_zero(markers):
    rows = shares_of(experiment({"CD63": [3.0]}), markers).loc["s1"]
    row = rows.loc["keratin"]
    assert np.isnan(row["share"])
    assert row["n_measured"] == 0
    # bovine entries, which a search without them cannot find, are a reason of their own
    bovine = rows["reason"].str.contains("bovine")
    assert (row["reason"], list(rows.index[bovine])) == (
        "too few members measured for an interval",
        ["bovine_serum"],
    )


@pytest.mark.parametrize("given", [True, False])
def test_whether_signal_is_approximate_can_be_stated(markers, given):
    exp = experiment({"KRT1": [40.0], "CD63": [140.0]})
    assert set(source_shares(exp, markers, approximate=given)["approximate"]) == {given}
    assert set(source_shares(exp, markers)["approximate"]) == {exp.approximate}


def test_protein_groups_of_a_gene_are_summed_and_decoys_left_out(markers):
    values = pd.DataFrame([[10.0, 30.0, 20.0, 40.0, 900.0]], ["s1"], ["a", "b", "c", "d", "e"])
    proteins = pd.DataFrame(
        {"gene": ["KRT1", "KRT1", "KRT2", "CD63", "KRT10"], "is_decoy": [False] * 4 + [True]},
        index=values.columns,
    )
    row = shares_of(mk.Experiment(values, None, proteins), markers).loc["s1", "keratin"]
    assert row["share"] == pytest.approx(0.6)
    assert row["n_measured"] == 2


@settings(max_examples=10, deadline=None)
@given(factor=st.floats(1e-3, 1e6), sample=st.sampled_from(["EV_D1", "lysate_D2"]))
def test_scaling_a_sample_changes_no_share(factor, sample):
    exp = example()
    values = exp.values
    values.loc[sample] *= factor
    scaled = mk.Experiment(values, exp.samples, exp.proteins, history=exp.history)
    columns = ["share", "ci_low", "ci_high"]
    after = shares_of(scaled, catalog())
    np.testing.assert_allclose(
        after[columns].to_numpy(float), shares_of_example()[columns].to_numpy(float), rtol=1e-9
    )


@settings(max_examples=10, deadline=None)
@given(added=st.floats(1e-3, 10.0))
def test_adding_a_contaminant_raises_its_share_and_lowers_all_others(added):
    exp = example()
    values = exp.values
    table = catalog()["keratin"].table
    keratin = exp.proteins["gene"].isin(table.loc[table["weight"] > 0, "gene"]).to_numpy()
    shown = keratin & values.loc["EV_D1"].notna().to_numpy()
    total = values.loc["EV_D1"].sum()
    values.loc["EV_D1", shown] += added * total / shown.sum()
    made = mk.Experiment(values, exp.samples, exp.proteins, history=exp.history)
    before, after = (t["share"]["EV_D1"] for t in (shares_of_example(), shares_of(made, catalog())))
    assert after["keratin"] == pytest.approx((before["keratin"] + added) / (1 + added))
    # sources that share no keratin are diluted
    for source in ("mitochondrion", "plasma", "ev"):
        assert after[source] == pytest.approx(before[source] / (1 + added))


# ---- basis -----------------------------------------------------------------------


def with_lengths(values, lengths):
    exp = experiment(values)
    return mk.Experiment(exp.values, None, exp.proteins.assign(length=lengths), history=exp.history)


def test_shares_by_length(markers):
    exp = with_lengths({"KRT1": [60.0], "CD63": [20.0], "X": [20.0]}, [600.0, 200.0, np.nan])
    by_signal, by_length = (
        source_shares(exp, markers, basis=b).set_index("source") for b in ("signal", "length")
    )
    assert by_signal.loc["keratin", "share"] == pytest.approx(0.6)
    # 0.1, 0.1, and 20 over the median length of 400
    assert by_length.loc["keratin", "share"] == pytest.approx(0.1 / 0.25)
    assert "1 unknown lengths" in by_length["basis"].iloc[0]
    assert by_signal["basis"].iloc[0].startswith("signal:")


def test_shares_by_length_need_lengths(markers):
    with pytest.raises(InputError, match="Sequence length"):
        source_shares(example(), markers, basis="length")
    ibaq = experiment({"CD63": [1.0]})
    ibaq = mk.Experiment(
        ibaq.values, None, ibaq.proteins, history=[{"verb": "read_proteins", "quantity": "ibaq"}]
    )
    with pytest.raises(InputError, match="iBAQ"):
        source_shares(ibaq, markers, basis="length")
    assert source_shares(ibaq, markers)["basis"].iloc[0].startswith("iBAQ")
    with pytest.raises(InputError, match="`shares`"):
        source_shares(example(), markers, basis="size")


def test_ratios_have_no_shares(markers):
    table = source_shares(experiment({"CD63": [0.5], "KRT1": [1.0]}, scale="ratio"), markers)
    assert table["share"].isna().all()
    assert (table["status"] == "not assessed").all()
    with pytest.raises(InputError, match="no linear abundance"):
        signal_of(experiment({"CD63": [0.5]}, scale="ratio"))


def test_blanks_do_not_make_the_samples_exact(markers):
    """A filled-in matrix stays approximate, however much its blanks miss."""
    exp = experiment(
        {"CD63": [1.0, 2.0, np.nan], "CD9": [1.0, 2.0, np.nan], "ALB": [1.0, 2.0, 3.0]},
        {"role": ["", "", "blank"]},
    )
    assert not exp.approximate
    assert source_shares(exp, markers)["approximate"].all()


@pytest.mark.parametrize("basis", ["signal", "length"])
def test_one_basis_in_every_table(markers, basis):
    exp = example()
    proteins = exp.proteins
    lengths = np.random.default_rng(0).integers(50, 2000, len(proteins)).astype(float)
    values = pd.concat([exp.values, exp.values.loc[["lysate_D1"]].mul(0.05).set_axis(["empty"])])
    samples = exp.samples.reindex(values.index)
    samples["role"] = ["sample"] * exp.n_samples + ["blank"]
    exp = mk.Experiment(values, samples, proteins.assign(length=lengths), history=exp.history)
    result = mk.assess(exp, markers=markers, shares=basis)
    expected = shares_of(exp, markers, basis=basis)["share"]
    tables = result.tables
    given = tables["source_shares"].set_index(["sample", "source"])["share"]
    pd.testing.assert_series_equal(given, expected[given.index])
    card = tables["sample_quality"]
    on_card = card[card["kind"] == "share"].set_index(["sample", "item"])["value"]
    np.testing.assert_allclose(on_card[expected.index], expected)
    blanks = tables["blanks"].set_index(["level", "key"])["blank_share"]["source"]
    np.testing.assert_allclose(blanks, expected["empty"][blanks.index])
    unit = {"signal": "share of signal", "length": "share of signal over length"}[basis]
    assert set(card.loc[card["kind"].isin(["share", "check"]), "unit"]) == {unit}
    panels = card[card["item"].str.startswith("geyer")]
    assert set(panels["unit"]) == {unit}
    # reference distributions are of signal
    assert card.loc[card["kind"] == "share", "percentile"].notna().any() == (basis == "signal")
    evidence = " ".join(tables["misev_checklist"]["evidence"])
    assert ("% of the signal over length" in evidence) == (basis == "length")


def test_rows_follow_the_order_of_the_samples(markers):
    exp = mk.load_example()
    order = list(exp.samples.index[::-1])
    table = source_shares(exp.select(samples=order), markers)
    assert list(dict.fromkeys(table["sample"])) == order
    assert list(table.index) == list(range(len(table)))
