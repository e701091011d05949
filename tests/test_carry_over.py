"""Carry-over: recovery of a known share, residents, missing anchors, the weighted median."""

import numpy as np
import pytest

from markerkit.stats.carry_over import (
    AnchorRules,
    _disagreement,
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


def test_log_normal_noise_does_not_pull_the_share_down():
    found = [carry_over(*mixture(0.1, noise=0.8, seed=s), rules=RULES).fraction for s in range(40)]
    assert np.median(found) == pytest.approx(0.1, rel=0.08)


def test_interval_covers_where_the_anchors_are_foreign_and_is_a_bound_where_they_are_not():
    runs = [
        carry_over(*mixture(0.05, noise=0.5, resident=0.1, seed=s), rules=RULES, seed=s) for s in range(150)
    ]
    assert np.mean([r.low <= 0.05 <= r.high for r in runs]) > 0.9
    residents = [carry_over(*mixture(0.05, resident=0.8, seed=s), rules=RULES, seed=s) for s in range(20)]
    assert all(r.fraction > 0.05 for r in residents)


def test_noise_of_single_values_is_counted_once():
    """Anchors that agree but for noise add less than anchors of which each has a share of its own."""
    rng = np.random.default_rng(2)
    weights, compartment = np.full(60, 1 / 60), np.zeros(60, dtype=int)
    noise, own = rng.normal(0, 0.5, (6, 60)), rng.normal(0, 0.5, 60)
    options = {"weights": weights, "compartment": compartment, "seed": 0}
    arm = np.zeros((6, 60))
    agree = _disagreement(noise.mean(axis=0)[None, :], noise, arm, **options)
    differ = _disagreement((own + noise.mean(axis=0))[None, :], own + noise, arm, **options)
    assert agree < 0.1 * differ
