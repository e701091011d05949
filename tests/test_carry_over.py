"""Carry-over: recovery of a known share, residents, missing anchors, the weighted median."""

import numpy as np
import pytest

from markerkit.stats.carry_over import (
    AnchorRules,
    carry_over,
    compartment_weights,
    drop_residents,
    weighted_median,
)

RULES = AnchorRules(resident_mad=3.0, resident_log2=1.0, absent=1 / 3, confidence=0.95)


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
def test_a_known_share_is_recovered(kappa):
    found = carry_over(*mixture(kappa), rules=RULES)
    assert found.fraction == pytest.approx(kappa, rel=0.15)
    assert found.low < kappa < found.high


def test_residents_push_up_only_and_are_dropped():
    plain = carry_over(*mixture(0.05, seed=3), rules=RULES)
    with_residents = carry_over(*mixture(0.05, resident=0.2, seed=3), rules=RULES)
    assert with_residents.kept.sum() < len(with_residents.kept)
    assert with_residents.fraction == pytest.approx(plain.fraction, rel=0.35)


def test_the_lowest_values_missing_are_below_everything():
    preparation, comparator, compartment = mixture(0.1, seed=5)
    cut = preparation.copy()
    cut[cut < np.quantile(cut, 0.15)] = np.nan
    found = carry_over(cut, comparator, compartment, rules=RULES)
    assert found.fraction == pytest.approx(0.1, rel=0.25)
    assert not found.bounded.any()
    cut[preparation < np.quantile(preparation, 0.45)] = np.nan
    assert carry_over(cut, comparator, compartment, rules=RULES).bounded.any()


def test_sample_constants_cancel_on_shares_and_seed_fixes_the_result():
    preparation, comparator, compartment = mixture(0.1)
    first = carry_over(preparation, comparator, compartment, rules=RULES, seed=1)
    again = carry_over(preparation, comparator, compartment, rules=RULES, seed=1)
    assert (first.fraction, first.low, first.high) == (again.fraction, again.low, again.high)


def test_only_high_anchors_are_dropped():
    ratio = np.log2(np.array([[0.1, 0.1, 0.1, 0.1, 0.001, 3.0]]))
    kept = drop_residents(ratio, np.full(6, 1 / 6), RULES)
    np.testing.assert_array_equal(kept, [True, True, True, True, True, False])


def test_intervals_cover_where_the_anchors_hold():
    hits = 0
    for seed in range(150):
        found = carry_over(*mixture(0.1, noise=0.3, m=30, seed=seed), rules=RULES, seed=seed)
        hits += found.low <= 0.1 <= found.high
    assert hits / 150 >= 0.9
