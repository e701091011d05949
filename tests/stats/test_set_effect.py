"""The set effect: hand-computed cases, invariances and the size of its error."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from markerkit.stats.background import Background, background, trimmed_background
from markerkit.stats.prior import fit_prior
from markerkit.stats.set_effect import (
    Heterogeneity,
    MarkerEffects,
    cochran,
    common_heterogeneity,
    difference,
    marker_dispersion,
    set_effect,
)


def votes_of(effect, influence=None, variance=None, df=10.0, weight=None, n=6):
    effect = np.asarray(effect, float)
    m = len(effect)
    influence = np.zeros((n, m)) if influence is None else np.asarray(influence, float)
    variance = np.zeros(m) if variance is None else np.asarray(variance, float)
    weight = np.full(m, 1 / m) if weight is None else np.asarray(weight, float)
    return MarkerEffects(effect, influence, variance, np.full(m, df), weight / weight.sum())


def test_what_more_samples_could_mend_is_said():
    """Votes that agree leave the samples' error alone; votes that scatter outweigh it."""
    influence = np.full((8, 6), 0.1) * np.array([1, -1] * 4)[:, None]
    flat = Background(0.0, np.zeros(8), 0.0, 100)
    variance, df, weight = (influence**2).sum(axis=0), np.full(6, 6.0), np.full(6, 1 / 6)
    same, apart = (
        set_effect(MarkerEffects(np.array(e, float), influence, variance, df, weight), flat)
        for e in ([1] * 6, [4, -4, 3, -3, 5, -5])
    )
    assert same.from_samples == 1.0
    assert not same.heterogeneous
    assert apart.from_samples < 0.05
    assert apart.heterogeneous


def test_the_trimmed_background_is_the_mean_of_the_middle_half():
    effect = np.array([-50.0, 0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 90.0])
    influence = np.arange(16.0).reshape(2, 8)
    found = trimmed_background(effect, influence)
    assert found.effect == pytest.approx(2.5)
    np.testing.assert_allclose(found.influence, influence[:, 2:6].mean(axis=1))
    winsorized = np.array([1.0, 1.0, 1.0, 2.0, 3.0, 4.0, 4.0, 4.0])
    spread = winsorized.var(ddof=1) / (8 * 0.5**2)
    assert found.variance == pytest.approx(max(0.0, spread - (found.influence**2).sum()))
    calm = trimmed_background(effect, influence / 100)
    assert calm.variance == pytest.approx(spread - (calm.influence**2).sum())
    assert calm.variance > 0


def test_the_background_is_a_mean_as_a_set_is():
    effect = np.array([-50.0, 0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 90.0])
    influence = np.arange(16.0).reshape(2, 8) / 100
    found = background(effect, influence)
    assert found.effect == pytest.approx(6.875)
    np.testing.assert_allclose(found.influence, influence.mean(axis=1))
    assert found.variance == pytest.approx(effect.var(ddof=1) / 8 - (found.influence**2).sum())


@pytest.mark.parametrize("skew", [-1.0, 1.0])
def test_random_sets_of_skewed_effects_lie_above_and_below_as_often_as_they_say(skew):
    """Against a trimmed mean sets of 60 of these effects lie to one side in more than a tenth of the cases."""
    rng = np.random.default_rng(0)
    p, n = 2000, 10
    noise = 0.1 * rng.standard_normal((n, p))
    effect = skew * rng.exponential(2.0, p) + noise.mean(axis=0)
    influence = (noise - noise.mean(axis=0)) / n
    above, below, runs = 0, 0, 400
    reference = background(effect, influence)
    for _ in range(runs):
        at = rng.choice(p, 60, replace=False)
        markers = MarkerEffects(
            effect[at],
            influence[:, at],
            (influence[:, at] ** 2).sum(axis=0),
            np.full(60, n - 1.0),
            np.full(60, 1 / 60),
        )
        found = set_effect(markers, reference, confidence=0.9)
        above, below = above + (found.ci_low > 0), below + (found.ci_high < 0)
    assert 0.01 < above / runs < 0.09
    assert 0.01 < below / runs < 0.09
    trimmed = trimmed_background(effect, influence)
    assert skew * (reference.effect - trimmed.effect) > 0.2


def test_marker_disagreement_alone_gives_the_classical_t_interval():
    effect = np.array([1.0, 2.0, 4.0, 5.0])
    flat = background(np.zeros(40), np.zeros((6, 40)))
    found = set_effect(votes_of(effect), flat)
    se = effect.std(ddof=1) / 2
    assert found.estimate == pytest.approx(3.0)
    assert found.se == pytest.approx(se)
    assert found.df == pytest.approx(3)
    assert found.ci_high - found.estimate == pytest.approx(3.182446305284263 * se)


def test_detectable_effect_by_hand():
    found = set_effect(votes_of([1.0, 2.0, 4.0, 5.0]), background(np.zeros(40), np.zeros((6, 40))))
    se, quantile = np.sqrt(10 / 3) / 2, {0.8: 0.978472312363, 0.975: 3.182446305284}
    assert found.detectable(power=0.8) == pytest.approx((quantile[0.975] + quantile[0.8]) * se)
    assert found.detectable(power=0.8, least=9.0) == pytest.approx(9.0 + quantile[0.8] * se)
    assert found.detectable(power=0.5) == pytest.approx(found.half_width)


def test_sample_error_alone_carries_the_correlation_between_markers():
    influence = np.array([[0.1, 0.1], [-0.1, -0.1]])
    flat = background(np.zeros(40), np.zeros((2, 40)))
    together = set_effect(votes_of([1.0, 1.0], influence, n=2), flat)
    assert together.se == pytest.approx(np.sqrt(0.02))
    apart = set_effect(votes_of([1.0, 1.0], influence * [1, -1], n=2), flat)
    assert apart.se == pytest.approx(0.0)


def test_error_shared_with_the_background_cancels():
    rng = np.random.default_rng(1)
    shared = rng.normal(size=(6, 1))
    flat = background(np.zeros(40), np.repeat(shared, 40, axis=1))
    found = set_effect(votes_of([1.0, 1.0, 1.0], np.repeat(shared, 3, axis=1)), flat)
    assert found.se == pytest.approx(0.0, abs=1e-12)


def test_sampling_noise_is_not_counted_as_disagreement_twice():
    effect = np.array([0.9, 1.0, 1.1])
    found = marker_dispersion(votes_of(effect, variance=np.full(3, 0.01)))
    assert found.dispersion == pytest.approx(0.01 / 3)
    assert found.noise == pytest.approx(0.01 / 2)
    exact = marker_dispersion(votes_of(effect))
    assert (exact.dispersion, exact.noise) == pytest.approx((0.01 / 3, 0.0))
    assert exact.pvalue == 0.0


def test_disagreement_by_hand():
    """Cochran's Q of three votes of known variance: chi-square of 2 df, whose tail is exp(-Q / 2)."""
    effect, variance = np.array([0.0, 1.0, 2.0]), np.full(3, 0.5)
    found = marker_dispersion(votes_of(effect, variance=variance, df=np.inf))
    # influences of 0: no noise is shared, so a residual keeps the variance 0.5 that its vote has
    q = (2 / 0.5) * (2 / 3)  # two residuals of 1, of which the mean took a third
    assert found.pvalue == pytest.approx(np.exp(-q / 2))
    assert found.df == 2


def test_cochran_holds_its_level_where_variances_are_estimated_and_unequal():
    rng = np.random.default_rng(3)
    df, m, runs = 4, 8, 4000
    sd = rng.uniform(0.2, 2.0, m)
    noise = sd * rng.standard_normal((runs, m))
    variance = sd**2 * rng.chisquare(df, (runs, m)) / df
    pvalue = [
        cochran(e, v, np.full(m, df), np.ones((1, m)), np.array([m]))[0]
        for e, v in zip(noise, variance, strict=True)
    ]
    for level in (0.05, 0.2):
        rate = np.mean(np.array(pvalue) < level)
        assert abs(rate - level) < 4 * np.sqrt(level * (1 - level) / runs)


def test_cochran_counts_what_it_is_told_to():
    weight = np.array([[1.0, 1.0, 0.0], [0.0, 0.0, 1.0], [0.0, 0.0, 0.0]])
    pvalue = cochran(
        np.array([0.0, 0.0, 50.0]), np.ones(3), np.full(3, np.inf), weight, np.array([2.0, 1.0, 1.0])
    )
    np.testing.assert_allclose(pvalue, [1.0, 0.0, 1.0], atol=1e-12)


def test_moderated_disagreement_by_hand():
    """Votes 1, 2, 4, 5 have variance 10/3 with 3 df; drawn to 2 with 4 df it is (10 + 8) / 7 with 7."""
    votes = votes_of([1.0, 2.0, 4.0, 5.0])
    found = marker_dispersion(votes, Heterogeneity(2.0, 4.0))
    assert found.dispersion == pytest.approx(18 / 7 / 4)
    assert found.df == 7
    effect = set_effect(
        votes, background(np.zeros(40), np.zeros((6, 40))), heterogeneity=Heterogeneity(2.0, 4.0)
    )
    assert effect.df == pytest.approx(7)
    assert effect.ci_high - effect.estimate == pytest.approx(2.364624251592785 * np.sqrt(18 / 7) / 2)
    # the weighted mean of unequal votes is as much more variable as their squared weights say
    uneven = marker_dispersion(votes_of([1.0, 1.0], weight=[3.0, 1.0]), Heterogeneity(2.0, np.inf))
    assert uneven.dispersion == pytest.approx(2.0 * (0.75**2 + 0.25**2))
    assert uneven.df == np.inf


def test_common_scatter_is_the_prior_of_the_variances_within_sets():
    rng = np.random.default_rng(5)
    sets = [
        votes_of(np.sqrt(v) * rng.standard_normal(m)) for m, v in zip([5, 9, 17] * 4, [1, 4] * 6, strict=True)
    ]
    prior = fit_prior(
        np.array([v.effect.var(ddof=1) for v in sets]), np.array([v.n_markers - 1.0 for v in sets])
    )
    found = common_heterogeneity(sets)
    assert (found.variance, found.df) == pytest.approx((prior.variance[0], prior.df[0]))
    assert common_heterogeneity(sets[:7]) is None
    alike = common_heterogeneity([votes_of([0.0, 1.0, 2.0, 3.0])] * 8)
    assert (alike.df, alike.pooled) == (np.inf, 24)
    assert marker_dispersion(votes_of([0.0, 9.0]), alike).df == 24
    # a set that alone has more than all that the prior was made of keeps its own
    assert marker_dispersion(votes_of(np.arange(31.0)), alike).df == 30


def test_moderated_sets_without_an_effect_hold_the_level_and_gain_where_votes_are_few():
    rng = np.random.default_rng(11)
    flat, runs, m = background(np.zeros(400), np.zeros((6, 400))), 600, [5, 5, 10, 20] * 4
    above, alone, moderated = [], [], []
    for _ in range(runs):
        sets = [votes_of(1.4 * rng.standard_normal(k)) for k in m]
        scatter = common_heterogeneity(sets)
        for votes in sets[:2]:
            found = set_effect(votes, flat, confidence=0.9, heterogeneity=scatter)
            above.append(found.ci_low > 0)
            moderated.append(found.half_width)
            alone.append(set_effect(votes, flat, confidence=0.9).half_width)
    assert abs(np.mean(above) - 0.05) < 4 * np.sqrt(0.05 * 0.95 / len(above))
    assert np.median(moderated) < 0.95 * np.median(alone)


def test_disagreement_that_is_not_shown_does_not_widen():
    """Just above noise the samples speak alone, with their df; far above it the markers' scatter is added."""
    influence = np.array([[0.3, 0, 0, 0], [-0.3, 0, 0, 0], [0, 0.3, 0, 0], [0, -0.3, 0, 0]] * 2)
    influence = influence + np.roll(influence, 2, axis=1)
    flat = Background(0.0, np.zeros(8), 0.0, 100)
    variance = (influence**2).sum(axis=0)
    near = np.array([1.0, 1.9, 1.0, 1.9])
    quiet, loud = (
        set_effect(MarkerEffects(e, influence, variance, np.full(4, 6.0), np.full(4, 0.25)), flat)
        for e in (near, 9 * near)
    )
    votes = MarkerEffects(near, influence, variance, np.full(4, 6.0), np.full(4, 0.25))
    assert marker_dispersion(votes).dispersion > marker_dispersion(votes).noise
    assert quiet.from_samples == 1.0
    assert quiet.df == 6
    assert loud.from_samples < 0.5
    assert loud.df < 6


def test_difference_subtracts_influences_before_squaring():
    influence = np.array([[0.2, 0.2, 0.2], [-0.2, -0.2, -0.2]])
    first, second = votes_of([3.0] * 3, influence, n=2), votes_of([1.0] * 3, influence, n=2)
    found = difference(first, second)
    assert found.estimate == pytest.approx(2.0)
    assert found.se == pytest.approx(0.0, abs=1e-12)


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 10_000), st.floats(-5, 5), st.floats(0.1, 10))
def test_shift_scale_and_order(seed, shift, factor):
    rng = np.random.default_rng(seed)
    m, n = 7, 6
    votes = votes_of(
        rng.normal(size=m), rng.normal(size=(n, m)) / 5, rng.uniform(0, 0.2, m), weight=rng.uniform(0.2, 1, m)
    )
    effect, influence = rng.normal(size=60), rng.normal(size=(n, 60)) / 10
    base = set_effect(votes, background(effect, influence))
    moved = MarkerEffects(votes.effect + shift, votes.influence, votes.variance, votes.df, votes.weight)
    again = set_effect(moved, background(effect + shift, influence))
    np.testing.assert_allclose(
        [again.estimate, again.se, again.df], [base.estimate, base.se, base.df], atol=1e-9
    )
    scaled = MarkerEffects(
        votes.effect * factor, votes.influence * factor, votes.variance * factor**2, votes.df, votes.weight
    )
    larger = set_effect(scaled, background(effect * factor, influence * factor))
    np.testing.assert_allclose(
        [larger.estimate, larger.se], [base.estimate * factor, base.se * factor], rtol=1e-9
    )
    order = rng.permutation(m)
    turned = MarkerEffects(
        votes.effect[order], votes.influence[:, order], votes.variance[order], votes.df, votes.weight[order]
    )
    assert set_effect(turned, background(effect, influence)).se == pytest.approx(base.se)


def test_interval_covers_under_both_errors():
    """Markers scatter around a true effect, samples share a random load: 95 % intervals must cover."""
    rng = np.random.default_rng(7)
    n, m, p, truth = 8, 10, 300, 1.0
    group = np.repeat([1.0, 0.0], n // 2)
    w = np.where(group == 1, 1 / (n // 2), -1 / (n // 2))
    hits = 0
    runs = 400
    for _ in range(runs):
        slopes = np.concatenate([rng.normal(truth, 0.8, m), rng.normal(0, 0.8, p)])
        load = rng.normal(size=(n, 1)) * 0.4
        y = np.outer(group, slopes) + 0.4 * rng.normal(size=(n, m + p))
        y[:, :m] += load
        effect = w @ y
        residual = y - np.where(group[:, None] == 1, y[group == 1].mean(0), y[group == 0].mean(0))
        influence = residual * w[:, None] * np.sqrt(n / (n - 2))
        variance = (residual**2).sum(0) / (n - 2) * (w**2).sum()
        votes = MarkerEffects(
            effect[:m], influence[:, :m], variance[:m], np.full(m, n - 2.0), np.full(m, 1 / m)
        )
        found = set_effect(votes, background(effect[m:], influence[:, m:]))
        hits += found.ci_low <= truth <= found.ci_high
    assert 0.92 <= hits / runs <= 0.985
