"""Missing values, least values and the background in the test of single proteins."""

import numpy as np
import pandas as pd
import pytest

import markerkit as mk
from markerkit import InputError, MarkerkitWarning
from markerkit.catalog.criteria import load_criteria

EV = mk.Contrast("group", "EV", "cell")


def study(seed=0, n=4, p=400, *, missing=0.12, changed=0):
    rng = np.random.default_rng(seed)
    names = [f"s{i}" for i in range(2 * n)]
    level = rng.normal(22, 2, p)
    y = level + rng.normal(0, 0.4, (2 * n, p))
    y[:n, :changed] += 2
    lost = rng.random(y.shape) < missing * 2 / (1 + np.exp(level - 22))
    frame = pd.DataFrame(np.where(lost, np.nan, y), names, [f"P{i}" for i in range(p)])
    return mk.Experiment(frame, pd.DataFrame({"group": ["EV"] * n + ["cell"] * n}, names), scale="log2")


def with_values(exp, protein, case, control):
    """Leave a protein as many values in each group."""
    values, n = exp.values, exp.n_samples // 2
    values[protein] = 22.0 + np.arange(2 * n) / 10
    values.iloc[case:n, values.columns.get_loc(protein)] = np.nan
    values.iloc[n + control :, values.columns.get_loc(protein)] = np.nan
    return mk.Experiment(values, exp.samples, scale="log2")


def row_of(exp, protein, **options):
    table = mk.differential_abundance(exp, EV, **options).table
    return table.set_index("protein").loc[protein]


# ---- least values ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("case", "control", "reason"),
    [
        (2, 2, ""),
        (1, 4, "1 value in EV; 2 are needed"),
        (4, 1, "1 value in cell; 2 are needed"),
        (1, 1, "1 value in EV and 1 value in cell; 2 are needed"),
        (0, 4, "0 values in EV; 2 are needed"),
        (0, 0, "never measured"),
    ],
)
def test_two_values_in_each_group_are_needed(case, control, reason):
    assert load_criteria().convention["min_values"] == 2
    row = row_of(with_values(study(), "P5", case, control), "P5")
    assert row["status"] == ("not tested" if reason else "tested")
    assert row["reason"] == reason
    assert pd.isna(row[["pvalue", "padj", "t", "se", "ci_low"]]).all() == bool(reason)
    assert (row["n_case"], row["n_control"]) == (case, control)


def test_least_values_are_an_option():
    exp = with_values(study(), "P5", 1, 4)
    assert row_of(exp, "P5", min_values=1)["status"] == "tested"
    assert (
        row_of(with_values(study(), "P5", 2, 4), "P5", min_values=3)["reason"]
        == "2 values in EV; 3 are needed"
    )
    for wrong in (0, 1.5):
        with pytest.raises(InputError, match="`min_values` counts values"):
            mk.differential_abundance(exp, EV, min_values=wrong)


def test_least_values_leave_the_others_as_they_are():
    exp = study()
    one, two = (mk.differential_abundance(exp, EV, min_values=k).table for k in (1, 2))
    kept = two["status"] == "tested"
    assert 0 < (~kept).sum() < len(kept)
    pd.testing.assert_series_equal(one.loc[kept, "pvalue"], two.loc[kept, "pvalue"])
    assert (one["n_case"] < 2).any()
    assert (two.loc[~kept, ["n_case", "n_control"]].min(axis=1) < 2).all()


def test_least_values_hold_for_formulas_and_f_tests():
    exp = with_values(study(), "P5", 1, 4)
    contrasts = {"a": ("group", "EV", "cell"), "b": ("group", "cell", "EV")}
    da = mk.differential_abundance(exp, "~ group", contrast=contrasts)
    assert set(da.table.loc[da.table["protein"] == "P5", "status"]) == {"not tested"}
    f = da.f_tests.set_index("protein").loc["P5"]
    assert (f["status"], f["reason"]) == ("not tested", "fewer than 2 values in a group of a contrast")
    assert "the case samples" in da.table.set_index("protein").loc["P5", "reason"].iloc[0]


# ---- background ----------------------------------------------------------------------


def test_effects_are_tested_against_the_background():
    exp = study(missing=0.0)
    background = [f"P{i}" for i in range(100, 180)]
    plain = mk.differential_abundance(exp, EV).table
    found = mk.differential_abundance(exp, EV, background=background)
    effects = np.sort(plain.set_index("protein").loc[background, "log2_fc"])
    center = effects[20:60].mean()  # the middle half
    table = found.table
    np.testing.assert_allclose(table["log2_fc"], plain["log2_fc"])
    np.testing.assert_allclose(table["log2_fc_over_background"], plain["log2_fc"] - center)
    np.testing.assert_allclose(table["t"], table["log2_fc_over_background"] / table["se"])
    np.testing.assert_allclose((table["ci_low"] + table["ci_high"]) / 2, table["log2_fc_over_background"])
    assert found.params["background"] == {"EV vs cell": pytest.approx(center)}
    np.testing.assert_array_equal(plain["log2_fc_over_background"], plain["log2_fc"])


@pytest.mark.parametrize(("n", "centered"), [(20, True), (19, False)])
def test_twenty_proteins_are_a_background(n, centered):
    assert load_criteria().convention["min_background"] == 20
    table = mk.differential_abundance(study(missing=0.0), EV, background=[f"P{i}" for i in range(n)]).table
    assert (table["log2_fc"] != table["log2_fc_over_background"]).all() == centered


def test_a_background_of_unknown_proteins_is_refused():
    with pytest.raises(InputError, match="does not have: 'NOPE'"):
        mk.differential_abundance(study(), EV, background=["P1", "NOPE"])
    with pytest.raises(InputError, match="one text 'P1'"):
        mk.differential_abundance(study(), EV, background="P1")


# ---- values and detections together ----------------------------------------------------


def test_a_protein_that_one_group_never_shows_is_tested():
    exp = with_values(study(n=6), "P5", 6, 0)
    row = row_of(exp, "P5", missing="combined")
    assert (row["status"], row["based_on"], row["direction"]) == ("tested", "detections", "up")
    assert np.isnan(row["log2_fc_over_background"])
    assert row["pvalue"] < 0.05
    assert np.isnan(row["pvalue_values"])


def test_what_a_p_rests_on():
    exp = study()
    table = mk.differential_abundance(exp, EV, missing="combined").table
    whole = (table["n_case"] == 4) & (table["n_control"] == 4)
    some = (table[["n_case", "n_control"]].min(axis=1) >= 2) & ~whole
    assert set(table.loc[whole, "based_on"]) == {"values"}
    assert set(table.loc[some, "based_on"]) == {"values and detections"}
    measured = mk.differential_abundance(exp, EV).table
    np.testing.assert_allclose(table.loc[whole, "pvalue"], measured.loc[whole, "pvalue"], rtol=1e-9)
    np.testing.assert_allclose(table.loc[some, "pvalue_values"], measured.loc[some, "pvalue"])
    assert set(measured["based_on"]) <= {"values", ""}
    assert measured["pvalue_detections"].isna().all()


@pytest.mark.parametrize(("times", "tested"), [(1, False), (2, True)])
def test_two_detections_in_one_group_are_needed(times, tested):
    row = row_of(with_values(study(), "P5", times, 0), "P5", missing="combined")
    assert (row["status"] == "tested") == tested
    said = "1 and 0 detections in EV and cell; 2 in one of them are needed"
    assert row["reason"] == ("" if tested else said)


def test_swapping_case_and_control_flips_the_direction_and_keeps_p():
    exp = study(changed=30)
    there = mk.differential_abundance(exp, EV, missing="combined").table
    back = mk.differential_abundance(exp, mk.Contrast("group", "cell", "EV"), missing="combined").table
    np.testing.assert_allclose(there["pvalue"], back["pvalue"])
    np.testing.assert_allclose(there["log2_fc"], -back["log2_fc"])
    tested = there["status"] == "tested"
    assert ((there["direction"] == "up") == (back["direction"] == "down"))[tested].all()


def test_a_filter_by_group_is_allowed_for():
    """What half of one group must show can hold no protein with fewer: rejections stay at the level."""
    rates = []
    for seed in range(12):
        kept = mk.filter_detected(study(seed, n=3, missing=0.4), min_fraction=0.5, by="group")
        p = mk.differential_abundance(kept, EV, missing="combined").table["pvalue"]
        rates.append((p < 0.05).mean())
    assert 0.03 < np.mean(rates) < 0.07


def test_detections_need_two_groups_without_a_least_effect():
    exp = study()
    with pytest.raises(InputError, match="give a Contrast"):
        mk.differential_abundance(exp, "~ group", contrast=("group", "EV", "cell"), missing="combined")
    with pytest.raises(InputError, match="`lfc` is a least effect"):
        mk.differential_abundance(exp, EV, missing="combined", lfc=0.5)
    with pytest.raises(InputError, match="missing"):
        mk.differential_abundance(exp, EV, missing="impute")


def test_an_imputed_matrix_has_no_detections():
    exp = study(missing=0.0)
    with pytest.warns(MarkerkitWarning, match="detections say nothing"):
        found = mk.differential_abundance(exp, EV, missing="combined").table
    pd.testing.assert_frame_equal(found, mk.differential_abundance(exp, EV).table)


def test_pairs_are_in_the_model_of_the_values():
    exp = study(n=5)
    paired = mk.Experiment(exp.values, exp.samples.assign(donor=[*"abcde"] * 2), scale="log2")
    contrast = mk.Contrast("group", "EV", "cell", paired_by="donor")
    table = mk.differential_abundance(paired, contrast, missing="combined").table
    measured = mk.differential_abundance(paired, contrast).table
    np.testing.assert_allclose(table["pvalue_values"], measured["pvalue"])
    assert table["pvalue"].notna().sum() >= measured["pvalue"].notna().sum()


def test_a_contrast_of_one_group_needs_values_in_that_group_only():
    exp = with_values(study(), "P5", 4, 1)
    for name, fewest in (("cell", 1), ("EV", 4)):
        design = pd.get_dummies(exp.samples["group"], dtype=float)
        table = mk.differential_abundance(exp, design, contrast={name: 1.0}).table.set_index("protein")
        assert (table.loc["P5", "status"] == "tested") == (fewest >= 2)
        assert table.loc["P5", "n_case"] == fewest
    assert table["pvalue"].notna().mean() > 0.9
