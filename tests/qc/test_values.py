"""What was measured, sample by sample and group by group: by hand, at the limits, against known truth."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import markerkit as mk
from markerkit.catalog.criteria import load_criteria
from markerkit.qc.correlation import MOST_SAMPLES, pairs_of
from markerkit.qc.missingness import (
    FALLS,
    NONE_SEEN,
    NOT_ASSESSABLE,
    RISES,
    Slope,
    missing_by_intensity,
    missing_slope,
    missingness,
    word_of,
)
from markerkit.qc.values import measured_values, variation
from markerkit.tables.registry import TABLES
from tests.helpers import experiment

LIMITS = load_criteria().convention
TINY = 1e-6


def measured(exp, groups, *, named=True):
    return measured_values(exp, pd.Series(groups, index=exp.samples.index, dtype=object), named=named)


def group(found, name):
    rows = found.groups[found.groups["group"] == name]
    assert len(rows) == 1
    return rows.iloc[0]


def noise(n=6, proteins=400, *, seed=0, slope=0.0, intercept=-1.0):
    """Raw values of `n` samples; the log odds of a missing value are intercept + slope x (log2 - 22)."""
    rng = np.random.default_rng(seed)
    level = rng.normal(22, 2.5, proteins)
    logs = level + rng.normal(0, 0.3, (n, proteins))
    odds = np.exp(intercept + slope * (level - 22))
    return pd.DataFrame(np.where(rng.random(logs.shape) < odds / (1 + odds), np.nan, 2**logs),
                        [f"s{i + 1}" for i in range(n)], [f"P{i}" for i in range(proteins)])  # fmt: skip


# ---- samples ---------------------------------------------------------------------


def by_hand():
    """Three samples and a blank; P5 is a flagged contaminant, P6 a decoy."""
    nan = np.nan
    values = pd.DataFrame(
        {"P1": [2.0, 4, 8, nan], "P2": [4.0, nan, 16, 4], "P3": [8.0, 16, nan, nan], "P4": [16.0, nan, nan, nan],
         "P5": [2.0, 2, 2, 2], "P6": [9.0, 9, 9, 9], "P7": [nan, nan, nan, 2]},
        ["a", "b", "c", "empty"],
    )  # fmt: skip
    proteins = pd.DataFrame(
        {"gene": values.columns, "accession": "", "is_contaminant": [c == "P5" for c in values], "is_decoy": [c == "P6" for c in values]},
        values.columns,
    )  # fmt: skip
    return mk.Experiment(
        values, pd.DataFrame({"role": ["", "", "", "blank"]}, values.index), proteins, scale="raw"
    )


def test_samples_by_hand():
    table = measured(by_hand(), ["EV", "EV", "cell", "blank"]).samples.set_index("sample")
    assert table["n_proteins"].tolist() == [5, 3, 3, 3]
    assert table["n_without_contaminants"].tolist() == [4, 2, 2, 2]
    assert set(table["n_set"]) == {5}
    np.testing.assert_allclose(table["missing"], [0.2, 0.6, 0.6, 0.6])
    assert table.loc["a", ["q25", "median", "q75"]].tolist() == [1.75, 2.5, 3.25]
    assert table.loc["a", "q05"] == pytest.approx(1.15)
    assert table.loc["a", "q95"] == pytest.approx(3.85)
    assert table["role"].tolist() == ["sample", "sample", "sample", "blank"]
    assert list(table["group"]) == ["EV", "EV", "cell", "blank"]


def test_a_sample_without_a_value_has_a_reason():
    values = by_hand().values
    values.loc["b"] = np.nan
    table = measured(by_hand().evolve("emptied", values=values), ["EV"] * 3 + ["blank"]).samples.set_index(
        "sample"
    )
    assert np.isnan(table.loc["b", "median"])
    assert (table.loc["b", "status"], table.loc["b", "reason"]) == ("no value", "the sample has no value")
    assert table.loc["b", "n_proteins"] == 0


# ---- groups ----------------------------------------------------------------------


def test_presence_by_hand():
    """P7 was measured in the blank alone, so it is no protein of the study."""
    found = measured(by_hand(), ["EV", "EV", "cell", "blank"])
    ev, cell, blank = (group(found, g) for g in ("EV", "cell", "blank"))
    columns = ["n_samples", "n_proteins", "n_in_all", "n_in_some", "n_in_none"]
    assert ev[columns].tolist() == [2, 4, 2, 2, 0]
    assert cell[columns].tolist() == [1, 4, 2, 0, 2]
    assert blank[columns].tolist() == [1, 4, 1, 0, 3]
    assert (ev["missing"], cell["missing"], blank["missing"]) == (0.25, 0.5, 0.75)
    assert list(found.groups["role"]) == ["sample", "sample", "blank"]


def test_one_sample_groups_have_no_spread_and_say_so():
    row = group(measured(by_hand(), ["EV", "EV", "cell", "blank"]), "cell")
    assert row[["cv_median", "cv_q25", "cv_q75", "r_within", "r_within_lowest", "missing_slope"]].isna().all()
    assert {row["cv_reason"], row["r_reason"], row["missing_reason"]} == {"one sample in the group"}
    assert row["missing_values"] == NOT_ASSESSABLE


def test_variation_needs_three_values():
    """`cv_min_values`: two values give none, three do."""
    assert LIMITS["cv_min_values"] == 3
    values = np.array([[1.0, 1.0], [2.0, 2.0], [3.0, np.nan]])
    found = variation(values, logs=False)
    assert found[0] == 0.5
    assert np.isnan(found[1])


def test_variation_of_logs_is_that_of_a_log_normal_variable():
    rng = np.random.default_rng(1)
    logs = 20 + rng.normal(0, 0.5, (20_000, 3))
    truth = np.sqrt(np.exp((0.5 * np.log(2)) ** 2) - 1)
    np.testing.assert_allclose(variation(logs, logs=True), truth, rtol=0.03)
    np.testing.assert_allclose(variation(2**logs, logs=False), truth, rtol=0.03)
    shifted = variation(np.array([[0.0], [1.0], [2.0]]) + 30, logs=True)
    assert shifted[0] == pytest.approx(np.sqrt(np.exp(np.log(2) ** 2) - 1))
    assert np.isfinite(variation(np.array([[0.0], [500.0], [900.0]]), logs=True)).all()


def test_variation_of_a_group_by_hand():
    exp = experiment({"A": [1.0, 2, 3, 50], "B": [10.0, 10, 10, 90], "C": [1.0, 1, np.nan, 5]})
    row = group(measured(exp, ["g", "g", "g", "h"]), "g")
    found = (row["n_cv"], row["cv_median"], row["cv_q25"], row["cv_q75"])
    assert found == pytest.approx((2, 0.25, 0.125, 0.375), rel=1e-12)
    assert row["cv_basis"] == "linear values"
    few = group(measured(experiment({"A": [1.0, 2, 50]}), ["g", "g", "h"]), "g")
    assert few["cv_reason"] == "no protein has the 3 values that a coefficient of variation takes"
    logs = experiment({"A": [21.0, 22, 23, 24], "B": [20.0, 20, 20, 20]}, scale="log2")
    row = group(measured(logs, ["g", "g", "g", "h"]), "g")
    assert row["cv_median"] == pytest.approx(np.sqrt(np.exp(np.log(2) ** 2) - 1) / 2)
    assert row["cv_basis"] == "sd of log values"


def test_no_groups_is_said():
    row = group(measured(experiment({"A": [1.0, 2, 3]}), ["all samples"] * 3, named=False), "all samples")
    assert row["cv_median"] == pytest.approx(0.5, rel=1e-12)
    assert row["cv_reason"].startswith("no groups were named")


def test_nothing_is_normalized():
    """Twice the load in one sample shows in the median and in the variation."""
    values = noise(3)
    twice = values.copy()
    twice.iloc[0] *= 2
    plain, loaded = (measured(experiment(v), ["g"] * 3) for v in (values, twice))
    assert loaded.samples["median"][0] - plain.samples["median"][0] == pytest.approx(1)
    assert group(loaded, "g")["cv_median"] > group(plain, "g")["cv_median"] + 0.2


# ---- correlation -----------------------------------------------------------------


def test_correlation_is_that_of_the_shared_proteins():
    logs = np.log2(noise(4, seed=3))
    found = pairs_of(logs)
    for i in range(4):
        for j in range(4):
            both = logs.iloc[[i, j]].dropna(axis=1)
            assert found.n[i, j] == both.shape[1]
            assert found.r[i, j] == pytest.approx(np.corrcoef(both)[0, 1], abs=1e-9)


@pytest.mark.parametrize(("shared", "known"), [(49, False), (50, True)])
def test_correlation_needs_fifty_proteins(shared, known):
    rng = np.random.default_rng(0)
    logs = pd.DataFrame(rng.normal(20, 2, (2, 60)))
    logs.iloc[0, shared:] = np.nan
    found = pairs_of(logs)
    assert np.isfinite(found.r[0, 1]) == known
    row = found.table(pd.Series(["g", "g"])).iloc[0]
    assert (row["status"], row["n_shared"]) == ("computed" if known else "too few shared", shared)
    assert row["reason"] == ("" if known else "fewer than 50 proteins measured in both")


def test_a_sample_without_spread_has_no_correlation():
    logs = pd.DataFrame(np.vstack([np.full(60, 20.0), np.arange(60.0), np.arange(60.0)]))
    found = pairs_of(logs)
    assert np.isnan(found.r[0, 1])
    assert found.r[1, 2] == pytest.approx(1)


def test_correlation_within_and_between_groups():
    rng = np.random.default_rng(2)
    first, second = rng.normal(20, 3, (2, 300))
    logs = np.vstack([first, first, second, second, second]) + rng.normal(0, 0.5, (5, 300))
    exp = experiment(
        pd.DataFrame(2**logs, list("abcde"), [f"P{i}" for i in range(300)]),
        {"role": ["", "", "", "", "blank"]},
    )
    found = measured(exp, ["g", "g", "h", "h", "blank"])
    pair = {(r["sample"], r["other"]): r["pearson"] for _, r in found.correlation.iterrows()}
    assert len(pair) == 10
    g, h, blank = (group(found, x) for x in ("g", "h", "blank"))
    assert g["r_within"] == g["r_within_lowest"] == pair["a", "b"] > 0.9
    # the blank is no preparation: it does not count among the other groups
    between = np.median([pair[k] for k in (("a", "c"), ("a", "d"), ("b", "c"), ("b", "d"))])
    assert g["r_between"] == h["r_between"] == pytest.approx(between)
    assert blank["r_between"] == pytest.approx(
        np.median([pair["a", "e"], pair["b", "e"], pair["c", "e"], pair["d", "e"]])
    )
    assert found.correlation.set_index(["sample", "other"])["same_group"].astype(bool).to_dict()["c", "d"]


def test_many_samples_have_a_row_per_group():
    rng = np.random.default_rng(0)
    n = MOST_SAMPLES + 1
    logs = pd.DataFrame(rng.normal(20, 2, (n, 60)), [f"s{i}" for i in range(n)])
    groups = pd.Series(["g", "h", "h"] * (n // 3), logs.index)
    table = TABLES["replicate_correlation"].conform(pairs_of(logs).table(groups))
    assert len(table) == 2 * n
    assert set(table["other"]) == {""}
    row = table[(table["sample"] == "s0") & (table["other_group"] == "h")].iloc[0]
    assert row["pearson"] == pytest.approx(np.median(np.corrcoef(logs)[0][(groups == "h").to_numpy()]))
    assert len(pairs_of(logs.iloc[:-1]).table(groups.iloc[:-1])) == MOST_SAMPLES * (MOST_SAMPLES - 1) / 2


# ---- missing values --------------------------------------------------------------


@pytest.mark.parametrize(
    ("low", "high", "word"),
    [
        (-0.4, -LIMITS["missing_slope"] - TINY, FALLS),
        (-0.4, -LIMITS["missing_slope"] + TINY, NOT_ASSESSABLE),
        (LIMITS["missing_slope"] + TINY, 0.4, RISES),
        (LIMITS["missing_slope"] - TINY, 0.4, NOT_ASSESSABLE),
        (-LIMITS["missing_slope"] + TINY, LIMITS["missing_slope"] - TINY, NONE_SEEN),
        (-LIMITS["missing_slope"] - TINY, 0.0, NOT_ASSESSABLE),
        (0.0, LIMITS["missing_slope"] + TINY, NOT_ASSESSABLE),
    ],
)
def test_the_word_for_a_slope(low, high, word):
    """`missing_slope`: the whole interval lies beyond the limit, or within it."""
    found, reason = word_of(Slope((low + high) / 2, low, high, 0.0))
    assert found == word
    assert bool(reason) == (word == NOT_ASSESSABLE)


def test_a_slope_is_found_again():
    for slope, word in ((-0.5, FALLS), (0.5, RISES), (0.0, NONE_SEEN)):
        exp = experiment(noise(6, 8000, slope=slope, seed=4))
        row = group(measured(exp, ["g"] * 6), "g")
        assert row["missing_slope_ci_low"] < row["missing_slope"] < row["missing_slope_ci_high"]
        assert row["missing_slope"] == pytest.approx(slope, abs=0.09), slope
        assert (row["missing_values"], row["missing_reason"]) == (word, "")


def test_values_missing_at_random_seldom_seem_to_depend_on_intensity():
    """Of 200 groups without a dependence, the interval misses 0 in about 5 %."""
    missed = 0
    for seed in range(200):
        own = np.log2(noise(4, 150, seed=seed))
        seen = own.notna().any()
        found = missing_slope(
            own.loc[:, seen].mean().to_numpy(), own.loc[:, seen].isna().sum().to_numpy(float), 4
        )
        missed += not found.ci_low < 0 < found.ci_high
    assert 1 <= missed <= 21  # 99.9 % of binomial(200, 0.05)


def test_the_interval_widens_with_the_dispersion():
    """Proteins that are missing in all or none of many samples say less than as many independent values."""
    rng = np.random.default_rng(0)
    intensity = rng.normal(22, 2, 300)
    whole = np.where(rng.random(300) < 0.3, 19.0, 0.0)
    each = rng.binomial(20, 0.3, 300).astype(float)
    wide, narrow = (missing_slope(intensity, n, 20) for n in (whole, each))
    assert wide.ci_high - wide.ci_low > 3 * (narrow.ci_high - narrow.ci_low)


@pytest.mark.parametrize(("missing", "assessable"), [(9, False), (10, True)])
def test_a_slope_needs_ten_missing_values(missing, assessable):
    """`missing_min_values`."""
    assert LIMITS["missing_min_values"] == 10
    values = noise(8, 60, intercept=-50.0)
    values.iloc[0, :missing] = np.nan
    values.iloc[4:, 20:40] = np.nan  # of the other group, so that presence is known
    exp = experiment(values)
    assert exp.presence_known
    found = missingness(exp, exp.logged().values.iloc[:4])
    assert np.isfinite(found["missing_slope"]) == assessable
    if not assessable:
        assert (
            found["missing_reason"]
            == "9 missing and 231 measured values in proteins of the group; 10 of each needed"
        )


def test_presence_that_is_not_known_is_not_read():
    full = experiment(noise(4, intercept=-50.0))
    assert missingness(full, full.logged().values)["missing_reason"] == "imputed or requantified matrix"
    logs = np.log2(noise(4)) - 22
    ratio = experiment(logs, scale="ratio")
    found = missingness(ratio, logs)
    assert (found["missing_values"], found["missing_reason"]) == (NOT_ASSESSABLE, "ratios hold no intensity")


def test_intensities_that_separate_have_no_slope():
    intensity = np.arange(40.0)
    assert missing_slope(intensity, np.where(intensity < 20, 4.0, 0.0), 4) is None
    assert missing_slope(np.full(40, 20.0), np.ones(40), 4) is None


def test_bins_by_hand():
    """40 proteins in two bins; the ten faintest are missing in one of two samples."""
    logs = pd.DataFrame(np.vstack([np.arange(40.0), np.arange(40.0)]))
    logs.iloc[1, :10] = np.nan
    table = TABLES["missing_by_intensity"].conform(missing_by_intensity(logs, "g"))
    assert table["n_proteins"].tolist() == [20, 20]
    assert table["n_values"].tolist() == [40, 40]
    assert table["n_missing"].tolist() == [10, 0]
    assert table["missing"].tolist() == [0.25, 0]
    assert table["log2_from"].tolist() == [0, 20]
    assert table["log2_to"].tolist() == [19, 39]
    assert table["log2_median"].tolist() == [9.5, 29.5]
    assert len(missing_by_intensity(logs.iloc[:1], "g")) == 0


# ---- results ---------------------------------------------------------------------


def test_quality_holds_the_tables(example):
    card = mk.quality(example, group="fraction", fluid="culture")
    parts = {"samples": "sample_values", "groups": "group_values", "correlation": "replicate_correlation", "missing": "missing_by_intensity"}  # fmt: skip
    for part, name in parts.items():
        table = getattr(card, part).table
        assert list(table.columns) == TABLES[name].names
        assert len(table)
    assert list(card.groups.table["group"]) == ["EV", "lysate"]
    assert list(card.samples.table["sample"]) == list(example.samples.index)
    assert set(card.groups.table["missing_values"]) == {FALLS}  # the simulator loses faint proteins


def test_real_replicates(shared_data):
    """Isolation methods that were repeated resemble themselves; PROSPR does not."""
    folder = shared_data / "plasma_ev_isolation_meta_pnnl"
    exp = mk.read_proteins(folder / "matrix.tsv", samples=folder / "samples.tsv")
    found = measured(exp, exp.samples["group"])
    table = found.groups.set_index("group")
    assert table.loc["DilutionUC", "cv_median"] < 0.2 < table.loc["UC", "cv_median"]
    assert table.loc["DilutionUC", "r_within"] > 0.95 > 0.5 > table.loc["PROSPR", "r_within"]
    assert table.loc["SEC", "missing_values"] == FALLS
