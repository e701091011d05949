"""Preprocessing verbs, by hand."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import markerkit as mk
from markerkit import InputError


def raw():
    values = pd.DataFrame(
        {
            "A": [2.0, 4, 8, 16],
            "B": [1.0, np.nan, 4, np.nan],
            "C": [np.nan, np.nan, np.nan, 2],
            "D": [0.0, 1, 1, 1],
        },
        index=["a1", "a2", "b1", "b2"],
    )
    samples = pd.DataFrame({"group": ["a", "a", "b", "b"], "unit": ["u", "u", "v", "w"]}, values.index)
    return mk.Experiment(values, samples)


def test_log2_takes_zero_as_missing_and_says_so():
    exp = mk.log2(raw())
    assert exp.scale == "log2"
    assert exp.values.loc["b1", "A"] == 3
    assert np.isnan(exp.values.loc["a1", "D"])
    assert exp.history == ({"verb": "zeros_to_missing", "n_zero_to_missing": 1}, {"verb": "log2"})
    with pytest.raises(InputError, match="log2 scale already"):
        mk.log2(exp)


def test_filter_by_group():
    exp = mk.filter_detected(mk.log2(raw()), min_fraction=1.0, by="group")
    assert list(exp.values.columns) == ["A", "D"]
    assert exp.history[-1]["n_rarely_measured"] == 2
    assert list(mk.filter_detected(mk.log2(raw()), by="group").values.columns) == ["A", "B", "C", "D"]
    with pytest.raises(InputError, match="between 0 and 1"):
        mk.filter_detected(exp, min_fraction=2)
    with pytest.raises(InputError, match="no column 'nope'"):
        mk.filter_detected(exp, by="nope")


def test_decoys_go_with_a_count():
    exp = raw()
    proteins = exp.proteins.assign(is_decoy=[True, False, False, False])
    kept = mk.filter_detected(mk.Experiment(exp.values, exp.samples, proteins), min_fraction=0)
    assert "A" not in kept.values.columns
    assert kept.history[-1]["n_decoys"] == 1


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 1000))
def test_median_normalization_takes_out_sample_constants(seed):
    rng = np.random.default_rng(seed)
    base = pd.DataFrame(rng.normal(20, 2, (4, 80)), index=list("abcd")).rename(columns=str)
    moved = base.add(pd.Series(rng.normal(0, 3, 4), base.index), axis=0)
    first, second = (mk.normalize(mk.Experiment(v, scale="log2")).values for v in (base, moved))
    difference = second - first
    assert np.ptp(difference.to_numpy()) < 1e-9


def test_reference_normalization():
    values = pd.DataFrame(np.arange(16.0).reshape(2, 8), index=["a", "b"], columns=list("ABCDEFGH"))
    exp = mk.Experiment(values, scale="log2")
    shifted = mk.normalize(exp, method="reference", reference=["A", "B", "C"]).values
    np.testing.assert_allclose(shifted.loc["a", ["A", "B", "C"]], shifted.loc["b", ["A", "B", "C"]])
    with pytest.raises(InputError, match="at least 3 are needed"):
        mk.normalize(exp, method="reference", reference=["A", "X"])
    with pytest.raises(InputError, match="must be one of"):
        mk.normalize(exp, method="quantile")
    with pytest.raises(InputError, match="call log2 first"):
        mk.normalize(raw())


def test_technical_replicates_count_once():
    exp = mk.collapse_replicates(raw(), "unit")
    assert list(exp.values.index) == ["u", "v", "w"]
    assert exp.values.loc["u", "A"] == pytest.approx(3.0)
    assert exp.values.loc["u", "D"] == pytest.approx(1.0)  # the zero was missing
    assert mk.collapse_replicates(mk.log2(raw()), "unit").values.loc["u", "A"] == pytest.approx(1.5)
    assert exp.values.loc["u", "B"] == pytest.approx(1.0)
    assert list(exp.samples["group"]) == ["a", "b", "b"]
    assert exp.history[-1]["n_units"] == 3
    with pytest.raises(InputError, match="no column"):
        mk.collapse_replicates(raw(), "nope")


def test_columns_that_differ_within_a_unit_are_left_out_and_named():
    exp = raw()
    exp = mk.Experiment(exp.values, exp.samples.assign(run=[1, 2, 3, 4]))
    with pytest.warns(mk.MarkerkitWarning, match="although they differ in 'run'"):
        collapsed = mk.collapse_replicates(exp, "unit")
    assert list(collapsed.samples.columns) == ["group", "unit"]
    assert collapsed.history[-1]["columns_left_out"] == ["run"]


@pytest.mark.parametrize("nothing", [None, "", " ", np.nan])
def test_a_sample_without_a_unit_is_refused(nothing):
    exp = raw()
    sheet = exp.samples.assign(unit=pd.Series(["u", "u", nothing, "w"], exp.samples.index, dtype=object))
    with pytest.raises(InputError, match="`unit` is empty for sample 'b1'"):
        mk.collapse_replicates(mk.Experiment(exp.values, sheet), "unit")


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 1000), st.sampled_from(["raw", "log2"]))
def test_collapsing_ignores_sample_order(seed, scale):
    rng = np.random.default_rng(seed)
    values = pd.DataFrame(rng.uniform(1, 9, (6, 5)), index=list("abcdef"), columns=list("VWXYZ"))
    values = values.mask(rng.random(values.shape) < 0.3)
    exp = mk.Experiment(values, pd.DataFrame({"unit": list("uuuvvw")}, values.index), scale=scale)
    mixed = exp.select(samples=list(rng.permutation(values.index)))
    first, second = (mk.collapse_replicates(e, "unit").values for e in (exp, mixed))
    pd.testing.assert_frame_equal(first, second.loc[first.index])


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 1000), st.floats(0.01, 100))
def test_detection_does_not_depend_on_the_unit_of_signal(seed, factor):
    rng = np.random.default_rng(seed)
    values = pd.DataFrame(rng.uniform(1, 9, (6, 20)), index=list("abcdef")).rename(columns=str)
    values = values.mask(rng.random(values.shape) < 0.4).assign(always=1.0)
    sheet = pd.DataFrame({"arm": list("xxxyyy")}, values.index)
    kept = [
        mk.filter_detected(mk.Experiment(v, sheet), by="arm").values.columns.tolist()
        for v in (values, values * factor)
    ]
    assert kept[0] == kept[1]


def test_reference_is_not_ignored_in_silence():
    values = pd.DataFrame(np.arange(16.0).reshape(2, 8), index=["a", "b"], columns=list("ABCDEFGH"))
    exp = mk.Experiment(values, scale="log2")
    with pytest.raises(InputError, match="belongs to method='reference'"):
        mk.normalize(exp, reference=["A", "B", "C"])
    with pytest.raises(InputError, match="needs `reference`"):
        mk.normalize(exp, method="reference")
    with pytest.raises(InputError, match="several genes; got the one text 'ABC'"):
        mk.normalize(exp, method="reference", reference="ABC")


def test_nothing_is_mutated():
    exp = raw()
    before = exp.values
    mk.normalize(mk.filter_detected(mk.log2(exp)))
    mk.collapse_replicates(exp, "unit")
    copy = exp.values
    copy.iloc[0, 0] = 99
    pd.testing.assert_frame_equal(exp.values, before)
