"""Contamination fraction: recovery of a known fraction, vesicle residents, missing reference proteins, pairs, limits."""

import numpy as np
import pandas as pd
import pytest

import markerkit as mk
from markerkit.catalog.load import shipped
from markerkit.effects.fit import Contrast
from markerkit.purity.contamination import contamination_fraction_table
from markerkit.stats.contamination import (
    ReferenceRules,
    _marker_variance,
    _pairs,
    _references,
    _variance_of_mean,
    compartment_weights,
    contamination_fraction,
    keep_nonvesicular,
    weighted_median,
)
from tests.helpers import assert_level

RULES = ReferenceRules(resident_mad=3.0, resident_log2=1.0, absent=1 / 3, confidence=0.95)


def mixture(kappa, *, m=24, n=4, resident=0.0, noise=0.1, seed=0):
    rng = np.random.default_rng(seed)
    source = np.exp2(rng.normal(-10, 1.5, m))
    vesicle = np.where(rng.random(m) < resident, source * np.exp2(rng.uniform(0, 3, m)), 0.0)
    pure = (1 - kappa) * vesicle + kappa * source
    preparation = pure * np.exp2(rng.normal(0, noise, (n, m)))
    comparator = source * np.exp2(rng.normal(0, noise, (n, m)))
    return preparation, comparator, np.arange(m) % 3


def test_weighted_median_by_hand():
    values = np.array([[3.0, 1.0, 2.0], [-np.inf, 5.0, 4.0]])
    np.testing.assert_allclose(weighted_median(values, np.array([1.0, 1.0, 1.0])), [2.0, 4.0])
    np.testing.assert_allclose(weighted_median(values, np.array([5.0, 1.0, 1.0])), [3.0, -np.inf])


def test_compartments_weigh_the_same():
    weights = compartment_weights(np.array([0, 0, 0, 1]))
    np.testing.assert_allclose(weights, [1 / 6, 1 / 6, 1 / 6, 1 / 2])


@pytest.mark.parametrize("kappa", [0.02, 0.1, 0.4])
def test_a_known_fraction_is_recovered(kappa):
    found = contamination_fraction(*mixture(kappa), rules=RULES)
    assert found.fraction == pytest.approx(kappa, rel=0.15)
    assert found.ci_low < kappa < found.ci_high


def test_vesicle_residents_push_up_only_and_are_dropped():
    plain = contamination_fraction(*mixture(0.05, seed=3), rules=RULES)
    with_residents = contamination_fraction(*mixture(0.05, resident=0.2, seed=3), rules=RULES)
    assert with_residents.kept.sum() < len(with_residents.kept)
    assert with_residents.fraction == pytest.approx(plain.fraction, rel=0.35)


def test_the_lowest_values_missing_are_below_everything():
    preparation, comparator, compartment = mixture(0.1, seed=5)
    cut = preparation.copy()
    cut[cut < np.quantile(cut, 0.15)] = np.nan
    found = contamination_fraction(cut, comparator, compartment, rules=RULES)
    assert found.fraction == pytest.approx(0.1, rel=0.25)
    assert not found.bounded.any()
    cut[preparation < np.quantile(preparation, 0.45)] = np.nan
    assert contamination_fraction(cut, comparator, compartment, rules=RULES).bounded.any()


def test_sample_constants_cancel_on_shares_and_seed_fixes_the_result():
    preparation, comparator, compartment = mixture(0.1)
    first = contamination_fraction(preparation, comparator, compartment, rules=RULES, seed=1)
    again = contamination_fraction(preparation, comparator, compartment, rules=RULES, seed=1)
    assert (first.fraction, first.ci_low, first.ci_high) == (again.fraction, again.ci_low, again.ci_high)


def test_only_high_reference_proteins_are_dropped():
    ratio = np.log2(np.array([[0.1, 0.1, 0.1, 0.1, 0.001, 3.0]]))
    kept = keep_nonvesicular(ratio, np.full(6, 1 / 6), RULES)
    np.testing.assert_array_equal(kept, [True, True, True, True, True, False])


def test_intervals_cover_where_the_reference_proteins_are_not_vesicular():
    misses = 0
    for seed in range(150):
        found = contamination_fraction(*mixture(0.1, noise=0.3, m=30, seed=seed), rules=RULES, seed=seed)
        misses += not found.ci_low <= 0.1 <= found.ci_high
    assert_level(misses, 150, 0.05)


def test_log_normal_noise_does_not_pull_the_fraction_down():
    found = [
        contamination_fraction(*mixture(0.1, noise=0.8, seed=s), rules=RULES).fraction for s in range(40)
    ]
    assert np.median(found) == pytest.approx(0.1, rel=0.08)


def test_interval_covers_where_few_are_residents_and_is_a_bound_where_most_are():
    runs = [
        contamination_fraction(*mixture(0.05, noise=0.5, resident=0.1, seed=s), rules=RULES, seed=s)
        for s in range(150)
    ]
    assert_level(sum(not r.ci_low <= 0.05 <= r.ci_high for r in runs), 150, 0.05)
    residents = [
        contamination_fraction(*mixture(0.05, resident=0.8, seed=s), rules=RULES, seed=s) for s in range(20)
    ]
    assert all(r.fraction > 0.05 for r in residents)


def test_noise_of_single_values_is_counted_once():
    """Proteins that agree but for noise add less than proteins of which each has a fraction of its own."""
    rng = np.random.default_rng(2)
    weights, compartment = np.full(60, 1 / 60), np.zeros(60, dtype=int)
    noise, own = rng.normal(0, 0.5, (6, 60)), rng.normal(0, 0.5, 60)
    options = {"apart": 1.0, "weights": weights, "compartment": compartment, "seed": 0}
    control = np.zeros((6, 60))
    agree = _marker_variance(noise.mean(axis=0)[None, :], noise, control, **options)
    differ = _marker_variance((own + noise.mean(axis=0))[None, :], own + noise, control, **options)
    assert agree < 0.1 * differ


# ---- pairs -------------------------------------------------------------------------


def of_donors(kappa, *, m=24, n=5, donor_sd=1.0, noise=0.1, seed=0):
    """Both groups of the same donors, who differ as a whole (closure) and protein by protein."""
    rng = np.random.default_rng(seed)
    donor = donor_sd * (rng.normal(0, 1, (n, 1)) + rng.normal(0, 1, (n, m)))
    source = np.exp2(rng.normal(-14, 1.5, m) + donor)
    preparation = kappa * source * np.exp2(rng.normal(0, noise, (n, m)))
    return preparation, source * np.exp2(rng.normal(0, noise, (n, m))), np.arange(m) % 3


def test_a_paired_case_by_hand():
    """Fractions of 1/8, 1/4 and 1/2; donor levels of 1, 4 and 2, all proteins alike."""
    level = np.array([[1.0], [4.0], [2.0]]) * np.full((3, 10), 0.01)
    preparation = level * np.array([[1 / 8], [1 / 4], [1 / 2]])
    donors = (np.array([2, 0, 1]), np.array([1, 2, 0]))
    comparator = level[[2, 0, 1]]
    found = contamination_fraction(
        preparation, comparator, np.zeros(10, dtype=int), rules=RULES, donors=donors
    )
    np.testing.assert_allclose(found.by_sample, [1 / 8, 1 / 4, 1 / 2])
    center = (1 / 8 + 1 + 1) / (1 + 4 + 2)
    assert found.fraction == pytest.approx(center)
    half = 4.302653 * 1 / np.sqrt(3)  # log2 shares of -3, -2 and -1: sd 1; t of 2 df
    assert found.ci_low == pytest.approx(center * 2**-half, rel=1e-5)
    assert found.ci_high == pytest.approx(min(1.0, center * 2**half), rel=1e-5)


def test_references_are_the_partners_or_else_the_group():
    comparator = np.array([[1.0, 2.0], [3.0, np.nan], [8.0, 6.0]])
    unit, partner = _pairs(3, 3, (np.array([0, 1, -1]), np.array([0, 0, 1])))
    np.testing.assert_array_equal(partner, [[True, True, False], [False, False, True], [False, False, False]])
    assert len(np.unique(unit)) == 3
    reference, own = _references(comparator, np.nanmean(comparator, axis=0), partner)
    np.testing.assert_allclose(reference, [[2.0, 2.0], [8.0, 6.0], [4.0, 4.0]])
    np.testing.assert_array_equal(own, [[True, True], [True, True], [False, False]])
    comparator[2, 1] = np.nan
    reference, own = _references(comparator, np.nanmean(comparator, axis=0), partner)
    assert reference[1, 1] == 2.0
    assert not own[1, 1]


def test_variance_of_a_mean_of_units():
    values = np.array([1.0, 2.0, 4.0, 5.0])
    assert _variance_of_mean(values, np.arange(4)) == pytest.approx(values.var(ddof=1) / 4)
    assert _variance_of_mean(values, np.array([0, 0, 1, 1])) == pytest.approx(np.var([1.5, 4.5], ddof=1) / 2)
    assert _variance_of_mean(values, np.zeros(4, dtype=int)) == 0.0


def test_pairs_narrow_the_interval_where_donors_differ_and_leave_the_estimate():
    alike = (np.arange(5), np.arange(5))
    misses, narrower = 0, 0
    for seed in range(100):
        data = of_donors(0.1, noise=0.3, seed=seed)
        paired = contamination_fraction(*data, rules=RULES, donors=alike, seed=seed)
        apart = contamination_fraction(*data, rules=RULES, seed=seed)
        assert paired.fraction == pytest.approx(apart.fraction)
        misses += not paired.ci_low <= 0.1 <= paired.ci_high
        narrower += np.log2(paired.ci_high / paired.ci_low) < 0.5 * np.log2(apart.ci_high / apart.ci_low)
    assert 1 <= misses <= 12  # of 95 % intervals; all but 1 of 135 such series
    assert narrower >= 95


def test_samples_without_a_partner_are_read_as_before():
    data = mixture(0.1)
    apart = contamination_fraction(*data, rules=RULES)
    for donors in (
        (np.arange(4), np.arange(4, 8)),
        (np.full(4, -1), np.full(4, -1)),
        (np.zeros(4, dtype=int), np.zeros(4, dtype=int)),
    ):
        found = contamination_fraction(*data, rules=RULES, donors=donors)
        assert (found.fraction, found.ci_low, found.ci_high) == (apart.fraction, apart.ci_low, apart.ci_high)


def test_the_comparator_counts_for_the_preparations_without_a_partner():
    data = of_donors(0.1, seed=4)
    widths = []
    for k in (5, 3, 0):
        known = np.where(np.arange(5) < k, np.arange(5), -1)
        found = contamination_fraction(*data, rules=RULES, donors=(known, np.arange(5)))
        widths.append(np.log2(found.ci_high / found.ci_low))
    assert widths == sorted(widths)


def test_upper_limit_allows_for_proteins_that_a_preparation_does_not_show():
    preparation, comparator, compartment = of_donors(0.1, seed=6)
    donors = (np.arange(5), np.arange(5))
    whole = contamination_fraction(preparation, comparator, compartment, rules=RULES, donors=donors)
    cut = preparation.copy()
    cut[np.arange(24) % 5, np.arange(24)] = np.nan
    found = contamination_fraction(cut, comparator, compartment, rules=RULES, donors=donors)
    assert found.fraction < whole.fraction
    assert found.ci_high / found.fraction > found.fraction / found.ci_low


def test_table_reads_pairs_and_ignores_what_scales_a_sample():
    made = mk.simulate(n=4, comparator="biofluid", donor_sd=1.0, n_background=300, seed=3)
    exp, markers = made.experiment, shipped("human")
    paired = Contrast("fraction", "EV", "plasma", paired_by="donor", comparator="biofluid")
    apart = Contrast("fraction", "EV", "plasma", comparator="biofluid")
    found, other = (contamination_fraction_table(exp, markers, c, seed=0).iloc[0] for c in (paired, apart))
    assert found["ci_high"] - found["ci_low"] < other["ci_high"] - other["ci_low"]
    scale = np.exp2(np.random.default_rng(0).normal(0, 2, len(exp.samples)))
    values = exp.values.mul(scale, axis=0).sample(frac=1, random_state=1)
    scaled = mk.Experiment(
        values, exp.samples.loc[values.index], exp.proteins, exp.scale, exp.organism, exp.history
    )
    again = contamination_fraction_table(scaled, markers, paired, seed=0).iloc[0]
    columns = ["fraction", "ci_low", "ci_high"]
    np.testing.assert_allclose(again[columns].to_numpy(float), found[columns].to_numpy(float))
    unknown = exp.samples.assign(donor=pd.Series([None] * len(exp.samples), exp.samples.index, dtype=object))
    nobody = mk.Experiment(exp.values, unknown, exp.proteins, exp.scale, exp.organism, exp.history)
    same = contamination_fraction_table(nobody, markers, paired, seed=0).iloc[0]
    np.testing.assert_allclose(same[columns].to_numpy(float), other[columns].to_numpy(float))


# ---- limits of the estimator -------------------------------------------------------


@pytest.mark.parametrize(("top", "kept"), [(0.99, True), (1.01, False)])
def test_no_protein_within_two_fold_of_the_median_is_dropped(top, kept):
    """The lower half gives a scale of 0.297, three times of which is 0.89: the larger limit, 1, holds."""
    ratio = np.array([[-0.4, -0.2, 0.0, 0.5, top]])
    np.testing.assert_array_equal(
        keep_nonvesicular(ratio, np.full(5, 0.2), RULES), [True, True, True, True, kept]
    )


@pytest.mark.parametrize(("top", "kept"), [(8.8, True), (9.0, False)])
def test_no_protein_within_three_scaled_deviations_of_the_median_is_dropped(top, kept):
    """The lower half gives a scale of 1.4826 times 2: three times of it is 8.896."""
    ratio = np.array([[-4.0, -2.0, 0.0, 5.0, top]])
    np.testing.assert_array_equal(
        keep_nonvesicular(ratio, np.full(5, 0.2), RULES), [True, True, True, True, kept]
    )


@pytest.mark.parametrize(("missing", "bounded"), [(32, False), (34, True)])
def test_a_preparation_that_misses_a_third_of_the_weight_is_bounded(missing, bounded):
    comparator = np.full((2, 99), 0.01)
    preparation = np.full((2, 99), 0.001)
    preparation[0, :missing] = np.nan
    found = contamination_fraction(preparation, comparator, np.zeros(99, dtype=int), rules=RULES)
    assert list(found.bounded) == [bounded, False]


def test_upper_limit_rests_on_the_values_that_are_there():
    """Pairs of a fraction of 1/4, of which one shows 4 of 9 proteins: pooled 1/8, over the values there are 1/4."""
    comparator = np.full((2, 9), 0.01)
    preparation = np.full((2, 9), 0.0025)
    preparation[1, :5] = np.nan
    donors = (np.arange(2), np.arange(2))
    found = contamination_fraction(
        preparation, comparator, np.zeros(9, dtype=int), rules=RULES, donors=donors
    )
    assert found.fraction == pytest.approx(1 / 8)
    assert found.ci_high < 1
    # the same half width, above 1/4 and below 1/8
    assert np.log2(found.ci_high / (1 / 4)) == pytest.approx(np.log2((1 / 8) / found.ci_low))
    assert found.ci_high > 1 / 4


def test_noise_between_samples_is_taken_off_the_variance_of_proteins():
    """Without a second sample nothing can be taken off; with six that are noise alone, nearly all of it is."""
    rng = np.random.default_rng(5)
    noise, control = rng.normal(0, 0.5, (6, 60)), np.zeros((1, 60))
    pooled = noise.mean(axis=0)[None, :]
    options = {
        "apart": 1.0,
        "weights": np.full(60, 1 / 60),
        "compartment": np.zeros(60, dtype=int),
        "seed": 0,
    }
    whole = _marker_variance(pooled, noise[:1], control, **options)
    assert whole > 0
    assert _marker_variance(pooled, noise, control, **options) < 0.3 * whole
    # a comparator group that is noise alone is taken off as well, in pairs only as far as it is apart
    group = rng.normal(0, 0.5, (6, 60))
    assert _marker_variance(pooled, noise[:1], group, **options) < 0.6 * whole
    in_pairs = options | {"apart": 0.0}
    assert _marker_variance(pooled, noise[:1], group, **in_pairs) == whole
