"""null_check and detectable_effect."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import markerkit as mk
from markerkit import InputError, MarkerkitWarning
from markerkit.stats import linear
from markerkit.stats.null import distinct_permutations, permuted, rotated
from markerkit.tables.registry import DETECTABLE, TABLES
from tests.helpers import assert_level

CONTRAST = ("g", "a", "b")
SETS = {f"set{k}": [f"P{i}" for i in range(12 * k, 12 * k + 12)] for k in range(20)}


def experiment(n=4, p=600, *, effect=0.0, rho=0.0, missing=0.0, seed=0):
    rng = np.random.default_rng(seed)
    y = rng.normal(0, 0.5, (2 * n, p))
    shared = np.repeat(rng.normal(0, 0.5, (2 * n, p // 12)), 12, axis=1)
    y = 20 + np.sqrt(1 - rho) * y + np.sqrt(rho) * shared
    y[:n, : p // 2] += effect
    y[rng.random(y.shape) < missing] = np.nan
    names = [f"s{i}" for i in range(2 * n)]
    sheet = pd.DataFrame({"g": ["a"] * n + ["b"] * n, "donor": [f"d{i}" for i in range(n)] * 2}, names)
    return mk.Experiment(pd.DataFrame(y, names, [f"P{i}" for i in range(p)]), sheet, scale="log2")


@pytest.mark.parametrize("missing", [0.0, 0.15])
def test_rotated_data_hold_no_effect_however_large_the_effect_was(missing):
    exp = experiment(effect=3.0, missing=missing)
    result = mk.null_check(exp, "~ g", SETS, contrast=CONTRAST, n_resamples=30, tests=["camera", "effect"])
    assert list(result.table.columns) == TABLES["null_check"].names
    found = result.table[result.table["level"] == 0.05].set_index("test")
    t, effect = found.loc["moderated_t"], found.loc["effect"]
    assert t["rate"] == pytest.approx(0.05, abs=3 * t["se"])  # proteins of a draw share its direction
    assert t["se"] < 0.005
    # with 4 against 4 and markers that do not scatter the set effect is conservative, camera with its floor more so
    assert_level(round(effect["rate"] * 600), 600, 0.05, at_least=0.025)
    assert 0 < found.loc["camera", "rate"] < 0.05
    assert (result.table["n_distinct"] == 35).all()
    assert set(found["status"]) == {"holds"}


def test_correlation_of_the_study_stays_in_the_draws():
    exp = experiment(n=6, rho=0.6)
    values = exp.values.to_numpy()
    fit = linear.fit(values, np.repeat(np.eye(2), 6, axis=0))
    drawn = rotated(fit, np.array([1.0, -1.0]), np.random.default_rng(0))
    mean_pair = np.mean([np.corrcoef(drawn[:, i], drawn[:, i + 1])[0, 1] for i in range(0, 600, 12)])
    assert mean_pair > 0.4
    np.testing.assert_allclose(drawn.mean(axis=0), values.mean(axis=0), atol=1.5)


def test_a_test_that_samples_genes_would_be_caught():
    """Under correlation a preset camera rejects too often, and the draws say so."""
    exp = experiment(n=6, rho=0.5)
    da = mk.differential_abundance(exp, "~ g", contrast=CONTRAST)
    fit, rng = da.fit, np.random.default_rng(0)
    preset, estimated = [], []
    for _ in range(40):
        frame = pd.DataFrame(rotated(fit, np.array([0.0, -1.0]), rng), exp.samples.index, exp.proteins.index)
        null = mk.differential_abundance(
            mk.Experiment(frame, exp.samples, scale="log2"), "~ g", contrast=CONTRAST
        )
        preset += list(mk.enrich(null, SETS, inter_protein_cor=0.0).table["pvalue"] < 0.05)
        estimated += list(mk.enrich(null, SETS).table["pvalue"] < 0.05)
    # the variance of the mean of 12 members that share half of theirs is 1 + 11 / 2 times that of independent ones
    assert np.mean(preset) == pytest.approx(2 * stats.norm.sf(1.96 / np.sqrt(1 + 11 / 2)), abs=0.1)
    assert_level(np.sum(estimated), len(estimated), 0.05, at_least=0.025)


def test_rotation_of_one_protein_gives_t_on_its_residual_df():
    rng = np.random.default_rng(1)
    values = rng.normal(0, 1, (6, 1))
    design = np.repeat(np.eye(2), 3, axis=0)
    fit, contrast = linear.fit(values, design), np.array([1.0, -1.0])
    t = []
    for _ in range(2000):
        again = linear.fit(rotated(fit, contrast, rng), design)
        effect, unscaled = again.contrast(contrast)
        t.append(effect[0] / (unscaled[0] * again.sigma[0]))
    assert stats.kstest(t, stats.t(4).cdf).pvalue > 0.001


def test_permutations_stay_within_pairs_and_carry_missing_values():
    exp = experiment(missing=0.2)
    design = np.column_stack([np.repeat([1.0, 0.0], 4), np.tile(np.eye(4), (2, 1))])
    fit = linear.fit(exp.values.to_numpy(), design)
    drawn = permuted(fit, np.tile(np.arange(4), 2), np.random.default_rng(0))
    before, after = np.isnan(fit.values), np.isnan(drawn)
    np.testing.assert_array_equal(after[:4] | after[4:], before[:4] | before[4:])
    result = mk.null_check(
        exp, "~ g + donor", SETS, contrast=CONTRAST, n_resamples=4, method="permute", tests=["fry"]
    )
    assert (result.table["n_distinct"] == 8).all()  # 2^4 ways to swap pairs, half of them mirrored


@pytest.mark.parametrize(
    ("case", "strata", "count"),
    [([1, 1, 1, 0, 0, 0], [0] * 6, 10), ([1, 1, 0, 0, 0], [0] * 5, 10), ([1, 0, 1, 0], [0, 0, 1, 1], 2)],
)
def test_distinct_permutations_by_hand(case, strata, count):
    assert distinct_permutations(np.array(case, bool), np.array(strata)) == count


@pytest.mark.filterwarnings("ignore:where nothing differs:markerkit.MarkerkitWarning")  # of four pairs
@pytest.mark.parametrize(
    "contrast", [("g", "a", "b"), ["g", "a", "b"], {"mine": ("g", "a", "b")}, {"mine": ["g", "a", "b"]}]
)
def test_permutation_stays_within_pairs_however_the_contrast_is_written(contrast):
    exp = experiment(missing=0.2)
    by_triple = mk.null_check(
        exp, "~ g + donor", SETS, contrast=contrast, n_resamples=3, method="permute", tests=["fry"]
    ).table
    assert (by_triple["n_distinct"] == 8).all()  # 2^4 ways to swap pairs, half of them mirrored
    by_contrast = mk.null_check(
        exp,
        mk.Contrast("g", "a", "b", paired_by="donor"),
        SETS,
        n_resamples=3,
        method="permute",
        tests=["fry"],
    ).table
    columns = ["test", "level", "rate", "se", "n_distinct"]
    pd.testing.assert_frame_equal(by_triple[columns], by_contrast[columns])


def test_coefficients_have_no_groups_to_permute():
    exp = experiment()
    coefficients = {"g[T.b]": -1}
    table = mk.null_check(exp, "~ g", SETS, contrast=coefficients, n_resamples=2, tests=["fry"]).table
    assert table["n_distinct"].isna().all()
    with pytest.raises(InputError, match="of coefficients; give a Contrast"):
        mk.null_check(exp, "~ g", SETS, contrast=coefficients, n_resamples=2, method="permute")


def test_a_third_group_is_no_part_of_a_contrast():
    """Samples of a third group neither enter the model of a contrast nor are exchanged."""
    exp = experiment(n=6)
    sheet = exp.samples.assign(g=["a"] * 4 + ["c"] * 2 + ["b"] * 4 + ["c"] * 2)
    three = mk.Experiment(exp.values, sheet, scale="log2")
    table = mk.null_check(three, mk.Contrast("g", "a", "b"), SETS, n_resamples=2, tests=[]).table
    assert (table["n_distinct"] == 35).all()


def test_null_check_of_an_assessment(example, null_checked):
    result = null_checked
    assert set(result.null_check.table["test"]) == {"moderated_t", "camera", "fry", "effect", "joint"}
    assert not any("nothing differs" in line for line in result.design)
    with pytest.raises(InputError, match="`null_check` counts data sets"):
        mk.assess(example, mk.Contrast("fraction", "EV", "lysate"), null_check=-1)


def test_refusals():
    exp = experiment()
    with pytest.raises(InputError, match="`n_resamples` is a whole number, 2 or more"):
        mk.null_check(exp, "~ g", SETS, contrast=CONTRAST, n_resamples=1)
    with pytest.raises(InputError, match="`method` must be one of"):
        mk.null_check(exp, "~ g", SETS, contrast=CONTRAST, method="bootstrap")
    with pytest.raises(InputError, match="takes one contrast"):
        mk.null_check(exp, "~ g", SETS, contrast={"one": CONTRAST, "two": ("g", "b", "a")})


def test_detectable_effect_of_one_protein_is_the_power_of_the_t_test():
    da = mk.differential_abundance(experiment(n=5), "~ g", contrast=CONTRAST)
    row = mk.detectable_effect(da, set_size=1).table.iloc[0]
    critical = stats.t.ppf(0.975, row["df"])
    power = stats.nct.sf(critical, row["df"], row["log2_fc"] / row["se"])
    assert power == pytest.approx(0.8, abs=1e-6)
    assert row["se"] == pytest.approx(0.5 * np.sqrt(2 / 5), rel=0.1)


def test_detectable_effect_of_a_set_is_found_as_often_as_said():
    size, draws, hits = 12, 100, 0
    pilot = mk.differential_abundance(experiment(n=5, rho=0.2), "~ g", contrast=CONTRAST)
    row = mk.detectable_effect(pilot, set_size=size, correlation=0.2, marker_sd=0.0).table.iloc[0]
    for seed in range(draws):
        exp = experiment(n=5, rho=0.2, seed=seed + 1, p=180)
        values = exp.values
        values.iloc[:5, :12] += row["log2_fc"]
        shifted = mk.Experiment(values, exp.samples, scale="log2")
        da = mk.differential_abundance(shifted, "~ g", contrast=CONTRAST)
        with pytest.warns(MarkerkitWarning, match="background"):
            hits += mk.enrich(da, {"set0": SETS["set0"]}, method="effect").table["pvalue"][0] < 0.05
    assert_level(hits, draws, 0.8)


@pytest.mark.parametrize(
    ("effects", "spread"), [([0, 1, 2, 3, 4], 2 / 1.349), ([0, 0.1, 0.2, 0.3, 0.4], 0.0)]
)
def test_spread_of_the_markers_by_hand(effects, spread):
    """Quartiles of 1 and 3; every protein has a variance of 4 * 0.3^2 / 2, and so has its effect."""
    names = [f"s{i}" for i in range(4)]
    noise = np.array([0.3, -0.3, 0.3, -0.3])[:, None]
    values = pd.DataFrame(20 + noise + np.outer([1, 1, 0, 0], effects), names, [f"P{i}" for i in range(5)])
    exp = mk.Experiment(values, pd.DataFrame({"g": ["a", "a", "b", "b"]}, names), scale="log2")
    da = mk.differential_abundance(exp, "~ g", contrast=CONTRAST)
    found = mk.detectable_effect(da, set_size=15).table.iloc[0]
    assert found["marker_sd"] == pytest.approx(np.sqrt(max(0.0, spread**2 - 0.18)))
    assert mk.detectable_effect(da, set_size=15, marker_sd=0.7).table["marker_sd"][0] == 0.7


def test_detectable_effect_falls_with_size_and_rises_with_correlation():
    da = mk.differential_abundance(experiment(), "~ g", contrast=CONTRAST)
    table = mk.detectable_effect(da, marker_sd=0.5).table
    assert list(table.columns) == DETECTABLE.names
    sets = table[table["set_size"] > 1]["log2_fc"]
    assert (np.diff(sets) < 0).all()
    loose, tight = (
        mk.detectable_effect(da, set_size=15, correlation=r).table["log2_fc"][0] for r in (0, 0.5)
    )
    assert tight > loose
    for options in ({"set_size": 0}, {"correlation": 1.0}, {"marker_sd": -1}, {"power": 1.5}):
        with pytest.raises(InputError):
            mk.detectable_effect(da, **options)


def test_words_of_a_rate():
    """At 5 %: far above, near enough, and so few draws that 10 % is not excluded."""
    from markerkit.checks.null_check import _status

    assert [_status(r, se, 0.05) for r, se in ((0.2, 0.04), (0.06, 0.01), (0.08, 0.03), (0.0, 0.0))] == [
        "rejects too often",
        "holds",
        "too few draws",
        "holds",
    ]
