"""Kernels by hand: what each gives on a few numbers, at and beside its limits."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.special import polygamma
from scipy.stats import chi2, hypergeom, mannwhitneyu

import markerkit as mk
from markerkit.stats.background import trimmed_background
from markerkit.stats.camera import rank_sum
from markerkit.stats.contamination import ReferenceRules, keep_nonvesicular
from markerkit.stats.detection import choices, conditional_test
from markerkit.stats.impute import nearest
from markerkit.stats.joint import _independent
from markerkit.stats.prior import _matched_df, _winsorized_moments, fit_prior, trigamma_inverse
from markerkit.stats.set_effect import MarkerDispersion, join_components
from markerkit.stats.weights import array_weights, duplicate_correlation


def test_blocks_of_one_sample_have_no_correlation() -> None:
    values = np.arange(24.0).reshape(6, 4) ** 2
    design = np.column_stack([np.ones(6), [0, 0, 0, 1, 1, 1]])
    consensus, each = duplicate_correlation(values, design, np.arange(6))
    assert np.isnan(consensus)
    assert np.isnan(each).all()


def test_a_constant_protein_has_no_correlation_and_leaves_the_others_alone() -> None:
    rng = np.random.default_rng(3)
    block, design = np.repeat([0, 1, 2, 3], 2), np.ones((8, 1))
    values = rng.normal(size=(8, 6)) + rng.normal(size=(4, 6))[block]
    alone = duplicate_correlation(values, design, block)
    constant = np.column_stack([values, np.zeros(8)])
    consensus, each = duplicate_correlation(constant, design, block)
    assert np.isnan(each[-1])
    assert each[:-1] == pytest.approx(alone[1])
    assert consensus == alone[0]
    assert np.isnan(duplicate_correlation(np.zeros((8, 2)), design, block)[1]).all()


def test_blocks_of_one_sample_are_refused() -> None:
    frame = pd.DataFrame(np.sqrt(np.arange(24.0)).reshape(6, 4), [f"s{i}" for i in range(6)], list("ABCD"))
    sheet = pd.DataFrame({"arm": list("aaabbb"), "donor": list("uvwxyz")}, frame.index)
    exp = mk.Experiment(frame, sheet, scale="log2")
    with pytest.raises(mk.InputError, match="no protein gives the correlation within `donor`"):
        mk.differential_abundance(exp, mk.Contrast("arm", "a", "b"), block="donor")


@pytest.mark.parametrize("y", [1e-5, 1e-3, 0.4, 1.0, 30.0, 1e5, 1e7])
def test_trigamma_inverse(y: float) -> None:
    assert trigamma_inverse(float(polygamma(1, y))) == pytest.approx(y, rel=1e-3 if y == 1e-3 else 1e-6)


@pytest.mark.parametrize(("high", "kept"), [(0.99, True), (1.01, False)])
def test_resident_proteins_lie_above_the_median_by_a_difference(high: float, kept: bool) -> None:
    rules = ReferenceRules(resident_mad=3.0, resident_log2=1.0, absent=0.3, confidence=0.95)
    ratio = np.array([[0.0, 0.0, 0.0, high, -9.0]])
    assert keep_nonvesicular(ratio, np.full(5, 0.2), rules).tolist() == [True, True, True, kept, True]


@pytest.mark.parametrize(("high", "kept"), [(4.4, True), (4.5, False)])
def test_resident_proteins_lie_above_the_median_by_the_spread_below_it(high: float, kept: bool) -> None:
    """Below the median of 0 lie 0, -1 and -2: a median distance of 1, times 1.4826 and 3."""
    rules = ReferenceRules(resident_mad=3.0, resident_log2=1.0, absent=0.3, confidence=0.95)
    ratio = np.array([[0.0, -1.0, -2.0, high, 0.1]])
    assert keep_nonvesicular(ratio, np.full(5, 0.2), rules)[3] == kept


def test_equal_depths_give_the_mid_p_of_fisher() -> None:
    """Three of four case samples and one of five others: half the chance of this table, and all of the rarer ones."""
    seen, case = np.zeros((9, 1), dtype=bool), np.arange(9) < 4
    seen[[0, 1, 2, 4]] = True
    mass = hypergeom.pmf(np.arange(5), 9, 4, 4)
    less = mass[mass < mass[3] * (1 - 1e-7)].sum()
    same = mass[np.isclose(mass, mass[3], rtol=1e-7)].sum()
    found = conditional_test(seen, case, np.ones(9))
    assert found.pvalue[0] == pytest.approx(less + same / 2, rel=1e-12)
    assert found.smallest[0] == pytest.approx(mass.min() / 2, rel=1e-12)
    assert found.expected[0] == pytest.approx(4 * 4 / 9, rel=1e-12)


def test_background_is_the_mean_of_the_middle_half() -> None:
    effect = np.array([9.0, 1.0, 2.0, 3.0, 4.0, -9.0, 5.0, 6.0])
    found = trimmed_background(effect, np.zeros((2, 8)))
    assert found.effect == pytest.approx((2 + 3 + 4 + 5) / 4)
    winsorized = np.array([5.0, 2.0, 2.0, 3.0, 4.0, 2.0, 5.0, 5.0])
    assert found.variance == pytest.approx(winsorized.var(ddof=1) / (8 * 0.25))
    assert found.n == 8


@pytest.mark.parametrize(("pvalue", "counted"), [(0.19, True), (0.2, False)])
def test_a_dispersion_counts_beyond_noise_where_it_is_shown(pvalue: float, counted: bool) -> None:
    """Dispersion 3 on 4 df, noise 1, samples 1 on 5 df."""
    part = MarkerDispersion(*(np.array(x) for x in (3.0, 1.0, 4.0, pvalue)))
    total, df = join_components(np.array(1.0), np.array(5.0), [part])
    assert total == pytest.approx(3.0 if counted else 1.0)
    assert df == pytest.approx(9 / (1 / 5 + 9 / 4 + 1 / 20) if counted else 5.0)


def test_choices_of_samples_by_hand() -> None:
    """No sample in one way; one of them: 2 + 3 + 5; two: 6 + 10 + 15; all: 30."""
    np.testing.assert_allclose(choices(np.array([2.0, 3.0, 5.0])), [1, 10, 31, 30])


def test_a_missing_value_is_the_mean_of_the_nearest_that_the_sample_measured() -> None:
    """A neighbor shares at least half of the samples of the protein: the sixth, the nearest in one of three, does not."""
    none = np.nan
    values = np.array(
        [
            [none, 7.0, 9.0, 30.0, none, 50.0],
            [1.0, 1.0, 1.5, 9.0, 1.0, 1.0],
            [1.0, 1.0, 1.5, 9.0, 1.0, none],
            [1.0, 1.1, 1.5, 9.0, 1.0, none],
        ]
    )
    for k, expected in ((1, 7.0), (2, 8.0), (3, 46 / 3), (99, 46 / 3)):
        center = nearest(values, k=k)[0]
        assert center[0, 0] == pytest.approx(expected)
        assert center[0, 4] == pytest.approx(expected)
        assert np.isnan(center[~np.isnan(values)]).all()
    # of three measured values, two are at least half
    values[2, 5] = 1.0
    assert nearest(values, k=1)[0][0, 0] == pytest.approx(50.0)


def test_rank_sum_of_three_proteins_by_hand() -> None:
    """The best of three: one above the mean rank of 2, less half; the variance of a rank is 8 / 12."""
    members = [np.array([2]), np.array([], dtype=int), np.arange(3)]
    z = rank_sum(np.array([0.1, 0.2, 0.9]), members, np.zeros(3), np.inf)[0]
    assert z[0] == pytest.approx(0.5 / np.sqrt(2 / 3))
    assert np.isnan(z[1:]).all()
    assert np.isnan(rank_sum(np.ones(3), members, np.zeros(3), np.inf)[0]).all()


@pytest.mark.parametrize("m", [1, 3, 7])
def test_rank_sum_of_independent_members_is_that_of_mann_and_whitney(m: int) -> None:
    score = np.round(np.random.default_rng(m).normal(size=12), 1)
    score[[0, 5]] = score[8]  # ties
    expected = mannwhitneyu(score[:m], score[m:], method="asymptotic", use_continuity=True).pvalue
    assert rank_sum(score, [np.arange(m)], np.zeros(1), np.inf)[2][0] == pytest.approx(expected)


def test_columns_that_are_not_told_apart_are_left_out_whatever_their_number() -> None:
    """Fewer rows than columns: two columns that share the only row, and one that has its own."""
    assert _independent(np.array([[1.0, 1.0]]))[1].tolist() == [True, True]
    kept, aliased = _independent(np.array([[1.0, 1.0, 0.0], [0.0, 0.0, 1.0]]))
    assert (kept.tolist(), aliased.tolist()) == ([2], [True, True, False])


def test_proteins_without_noise_say_nothing_of_the_weight_of_a_sample() -> None:
    rng = np.random.default_rng(1)
    design = np.column_stack([np.ones(8), np.arange(8) % 2])
    noisy = 20 + rng.normal(size=(8, 40)) * np.array([3.0, *[1.0] * 7])[:, None]
    steady = 20 + 1e-9 * rng.normal(size=(8, 40)) * np.array([*[1.0] * 7, 9.0])[:, None]
    alone, both = (array_weights(v, design) for v in (noisy, np.hstack([noisy, steady])))
    assert alone[0] < 0.5
    np.testing.assert_allclose(both, alone, rtol=1e-3)


def test_prior_df_do_not_depend_on_the_unit_of_the_variances() -> None:
    """To ten digits: from the values of the likelihood alone a maximum is known to half of the sixteen."""
    for seed in range(3):
        rng = np.random.default_rng(seed)
        df = np.where(np.arange(300) % 3 == 0, 4.0, 6.0)
        variance = rng.chisquare(df) / df * 5 / rng.chisquare(5, 300)
        found = [fit_prior(unit * variance, df) for unit in (1.0, 0.3, 70.0)]
        for other, unit in zip(found[1:], (0.3, 70.0), strict=True):
            np.testing.assert_allclose(other.df, found[0].df, rtol=1e-10)
            np.testing.assert_allclose(other.variance, unit * found[0].variance, rtol=1e-10)


def test_prior_df_are_infinite_where_variances_scatter_by_chance_alone() -> None:
    df = np.where(np.arange(300) % 3 == 0, 4.0, 6.0)
    places = (np.arange(100) + 0.5) / 100
    variance = np.empty(300)
    for d in (4.0, 6.0):
        variance[df == d] = chi2.ppf(np.resize(places, (df == d).sum()), d) / d
    assert np.isinf(fit_prior(variance, df).df).all()
    assert np.isfinite(fit_prior(variance**1.5, df).df).all()


def test_robust_prior_df_are_those_with_the_variance_found_and_no_fewer_than_the_plain_ones() -> None:
    df = 6.0
    at_five = _winsorized_moments(df, 5.0)[1]
    assert _matched_df(at_five, df, 3.0) == pytest.approx(5.0)
    assert _matched_df(at_five, df, 8.0) == 8.0
    assert np.isinf(_matched_df(at_five, df, np.inf))
    assert np.isinf(_matched_df(0.0, df, 3.0))  # without outliers the variances are all the same
    by_chance = _winsorized_moments(df, np.inf)[1]
    assert np.isinf(_matched_df(by_chance * (1 - 1e-6), df, 3.0))
    assert np.isfinite(_matched_df(by_chance * (1 + 1e-2), df, 3.0))
