"""Tests of values and detections together."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import ndtr

from markerkit.stats.combined import Arms, _totals_nearby, combined_test, detection_slope, possible_outcomes

THREE = np.arange(6) < 3


def arms(case=THREE, odds=None, fewest=(2, 2), values=(2, 2)):
    return Arms(case, np.ones(len(case)) if odds is None else odds, fewest, values)


def drawn(rng, p=2000, n=3, slope=1.0, scale=0.3):
    """Draw proteins without a difference: abundant ones are seen more often; values of those seen."""
    level = rng.normal(20, 2, p)
    seen = rng.random((2 * n, p)) < 1 / (1 + np.exp(-slope * (level - 20)))
    z = rng.normal(size=p)
    return level, seen, z, np.full(p, scale)


def test_outcomes_by_hand():
    found = possible_outcomes(arms())
    listed = {
        (int(j), int(k)): (c, e, bool(v))
        for j, k, c, e, v in zip(
            found.case, found.control, found.chance, found.excess, found.even, strict=True
        )
    }
    assert (1, 1) not in listed  # two detections in one group are needed
    assert (3, 3) not in listed  # seen everywhere: there is nothing to test
    assert listed[3, 0] == pytest.approx((0.05, 1.5, False))
    assert listed[2, 1] == pytest.approx((0.45, 0.5, True))
    assert listed[2, 2] == pytest.approx((0.6, 0.0, True))
    assert listed[3, 1] == pytest.approx((0.2, 1.0, False))
    assert listed[2, 0] == pytest.approx((0.5, 1.0, True))  # (1, 1) cannot be observed


def test_depth_moves_what_is_expected():
    odds = np.array([4.0, 4.0, 4.0, 1.0, 1.0, 1.0])
    found = possible_outcomes(arms(odds=odds))
    at = np.flatnonzero((found.case == 3) & (found.control == 0))[0]
    # of three detections: 64 ways for (3, 0), 16 * 3 * 3 for (2, 1), 4 * 3 * 3 for (1, 2), 1 for (0, 3)
    assert found.chance[at] == pytest.approx(64 / (64 + 144 + 36 + 1))
    assert found.excess[at] == pytest.approx(3 - (3 * 64 + 2 * 144 + 36) / 245)


def test_a_protein_seen_everywhere_keeps_the_p_of_its_values():
    rng = np.random.default_rng(0)
    level, seen, z, scale = drawn(rng)
    found = combined_test(z, scale, level, seen, arms())
    whole = seen.all(axis=0)
    np.testing.assert_allclose(found.pvalue[whole], 2 * ndtr(-np.abs(z[whole])))
    assert np.isnan(found.detection[whole]).all()


@pytest.mark.parametrize(("times", "tested"), [(1, False), (2, True)])
def test_detections_in_one_group_that_a_test_needs(times, tested):
    rng = np.random.default_rng(1)
    level, seen, z, scale = drawn(rng)
    seen[:, 0] = False
    seen[:times, 0] = True
    found = combined_test(np.where(np.arange(len(z)) == 0, np.nan, z), scale, level, seen, arms())
    assert np.isfinite(found.pvalue[0]) == tested


def test_missing_values_of_an_abundant_protein_are_evidence_and_of_a_faint_one_are_not():
    rng = np.random.default_rng(2)
    level, seen, z, scale = drawn(rng, p=8000, n=6, slope=2.0)
    level[:2] = 24.0, 20.0
    seen[:, :2] = False
    seen[[0, 1, 2, 3, 6, 7], :2] = True  # in 4 and 2 of 6
    found = combined_test(z, scale, level, seen, arms(np.arange(12) < 6))
    assert found.detection[0] < 0.06
    assert found.detection[1] > 0.2


@pytest.mark.parametrize(("level", "n"), [(0.05, 3), (0.01, 3), (0.05, 6)])
def test_level_over_proteins_without_a_difference(level, n):
    """Both for all proteins and for those that some samples miss; mid-p holds it on average only."""
    rng = np.random.default_rng(3)
    case = np.arange(2 * n) < n
    rates = []
    for _ in range(20):
        abundance, seen, z, scale = drawn(rng, n=n)
        j, k = seen[:n].sum(axis=0), seen[n:].sum(axis=0)
        z[(j < 2) | (k < 2)] = np.nan
        p = combined_test(z, scale, abundance, seen, arms(case)).pvalue
        some = np.isfinite(p) & ~seen.all(axis=0)
        rates.append([(p[np.isfinite(p)] < level).mean(), (p[some] < level).mean(), np.nanmean(p[some])])
    every, gaps, mean = np.mean(rates, axis=0)
    assert 0.75 * level < every < 1.25 * level
    assert 0.6 * level < gaps < 1.3 * level
    assert 0.45 < mean < 0.55


def test_a_difference_in_values_and_detections_is_found_more_often_than_by_values_alone():
    rng = np.random.default_rng(4)
    level, seen, z, scale = drawn(rng, n=6, slope=1.5, scale=0.6)
    changed = np.arange(len(z)) < 200
    lost = rng.random((6, 200)) < 0.6
    seen[6:, :200] &= ~lost
    z[changed] += 2
    z[(seen[:6].sum(axis=0) < 2) | (seen[6:].sum(axis=0) < 2)] = np.nan
    found = combined_test(z, scale, level, seen, arms(np.arange(12) < 6))
    alone = 2 * ndtr(-np.abs(z))
    assert (found.pvalue[changed] < 0.01).sum() > 1.2 * (alone[changed] < 0.01).sum()


@given(st.integers(0, 2**20), st.integers(2, 5), st.integers(2, 5))
def test_swapping_the_groups_flips_the_sign_and_keeps_p(seed, n, m):
    rng = np.random.default_rng(seed)
    level = rng.normal(20, 2, 60)
    seen = rng.random((n + m, 60)) < 1 / (1 + np.exp(20 - level))
    z = np.where(rng.random(60) < 0.7, rng.normal(size=60), np.nan)
    odds = np.exp(rng.normal(0, 0.5, n + m))
    scale, case = np.full(60, 0.4), np.arange(n + m) < n
    first = combined_test(z, scale, level, seen, arms(case, odds))
    second = combined_test(-z, scale, level, seen, arms(~case, odds))
    np.testing.assert_allclose(first.pvalue, second.pvalue, rtol=1e-6, atol=1e-12)
    np.testing.assert_allclose(first.score, -second.score, atol=1e-6)
    known = first.pvalue[np.isfinite(first.pvalue)]
    assert ((known > 0) & (known <= 1)).all()


def test_slope_of_detections_is_found():
    rng = np.random.default_rng(5)
    level = rng.normal(20, 2, 4000)
    n_seen = rng.binomial(6, 1 / (1 + np.exp(-0.8 * (level - 20))))
    assert detection_slope(level, n_seen, 6) == pytest.approx(0.8, abs=0.05)
    assert detection_slope(level, rng.binomial(6, 0.5, 4000), 6) < 0.03
    assert detection_slope(np.full(5, 20.0), np.full(5, 3), 6) == 0.0


def test_nothing_to_test_gives_nothing():
    found = combined_test(
        np.array([np.nan, 1.5]), np.ones(2), np.array([np.nan, 20.0]), np.zeros((6, 2), bool), arms()
    )
    assert np.isnan(found.pvalue).all()


def test_detections_that_agree_with_the_values_count_for_them():
    """Of two proteins with higher values in the case, the one that is also seen more often there has the smaller p."""
    rng = np.random.default_rng(5)
    level, seen, z, scale = drawn(rng, slope=0.7)
    order = np.argsort(level)
    first, second = order[len(order) // 3], order[len(order) // 3 + 1]
    level[second] = level[first]
    z[[first, second]] = 1.5
    seen[:, first] = [True, True, True, True, True, False]
    seen[:, second] = [True, True, False, True, True, True]
    found = combined_test(z, scale, level, seen, arms())
    assert found.pvalue[first] < found.pvalue[second]
    assert found.score[first] > found.score[second]


@pytest.mark.parametrize(("p", "width"), [(300, 200), (3000, 300)])
def test_detections_are_counted_over_the_proteins_nearest_in_abundance(p, width):
    """Over 200 proteins or a tenth of all, as many below as above, and two proteins' worth of the whole study."""
    outcomes = possible_outcomes(arms())
    even = np.flatnonzero(outcomes.even)
    two, four = (even[(outcomes.case + outcomes.control)[even] == total][0] for total in (2, 4))
    share = np.bincount(outcomes.case + outcomes.control, outcomes.chance * outcomes.even)
    found = np.where(np.arange(p) < p // 2, two, four)  # the fainter half is seen twice, the other four times
    for at in (0, p // 2 - width // 4, p // 2 + width // 4, p - 1):
        start = min(max(at - width // 2, 0), p - width)
        low = np.clip(p // 2 - start, 0, width)
        nearby = np.array([low / share[2], (width - low) / share[4]])
        everywhere = np.array([p // 2 / share[2], (p - p // 2) / share[4]])
        expected = nearby + 2 * everywhere / everywhere.sum()
        got = _totals_nearby(outcomes, found)[at]
        np.testing.assert_allclose(got[[2, 4]], expected / expected.sum())
        assert got.sum() == pytest.approx(1)


def test_splits_that_are_all_uneven_are_counted_as_they_are():
    outcomes = possible_outcomes(arms())
    uneven = np.flatnonzero(~outcomes.even)
    three, four = (uneven[(outcomes.case + outcomes.control)[uneven] == total][0] for total in (3, 4))
    np.testing.assert_allclose(
        _totals_nearby(outcomes, np.array([three, four, four, four]))[:, [3, 4]], [[0.25, 0.75]] * 4
    )
