"""Linear models on measured values, against least squares protein by protein."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import polygamma

from markerkit.stats import ebayes, linear, prior


def data(seed, n=9, p=40, missing=0.25):
    rng = np.random.default_rng(seed)
    x = np.column_stack([np.ones(n), np.arange(n) % 2, rng.normal(size=n)])
    y = rng.normal(size=(n, p)) + np.outer(x[:, 1], rng.normal(size=p))
    y[rng.random((n, p)) < missing] = np.nan
    return x, y


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000))
def test_every_protein_equals_its_own_least_squares(seed):
    x, y = data(seed)
    fit = linear.fit(y, x)
    contrast = np.array([0.0, 1.0, 0.0])
    effect, unscaled = fit.contrast(contrast)
    for j in range(y.shape[1]):
        seen = ~np.isnan(y[:, j])
        xo, yo = x[seen], y[seen, j]
        rank = np.linalg.matrix_rank(xo) if seen.any() else 0
        assert fit.df_residual[j] == seen.sum() - rank
        estimable = rank == 3 or np.linalg.matrix_rank(np.vstack([xo, contrast])) == rank
        assert np.isfinite(effect[j]) == estimable
        if rank < 3:
            continue
        beta, *_ = np.linalg.lstsq(xo, yo, rcond=None)
        assert effect[j] == pytest.approx(beta[1], rel=1e-9, abs=1e-9)
        assert unscaled[j] == pytest.approx(np.sqrt(np.linalg.inv(xo.T @ xo)[1, 1]), rel=1e-8)
        if seen.sum() > 3:
            rss = ((yo - xo @ beta) ** 2).sum()
            assert fit.sigma[j] == pytest.approx(np.sqrt(rss / (seen.sum() - 3)), rel=1e-7)
            np.testing.assert_allclose(fit.residuals[seen, j], yo - xo @ beta, atol=1e-9)


def test_weights_reproduce_the_effect_and_are_zero_where_missing():
    x, y = data(3)
    fit = linear.fit(y, x)
    weights = fit.contrast_weights(np.array([0.0, 1.0, 0.0]))
    ok = ~np.isnan(weights).any(axis=0)
    assert (weights[:, ok][np.isnan(y[:, ok])] == 0).all()
    effect, _ = fit.contrast(np.array([0.0, 1.0, 0.0]))
    np.testing.assert_allclose((weights * np.nan_to_num(y)).sum(axis=0)[ok], effect[ok])


def test_influence_by_hand():
    """Means 2 and 8, variance 10 / 2; with the last value missing one residual df and three samples are left."""
    y = np.array([[1.0, 1.0], [3.0, 3.0], [6.0, 6.0], [10.0, np.nan]])
    fit = linear.fit(y, np.repeat(np.eye(2), 2, axis=0))
    effect, influence, variance = fit.influence(np.array([-1.0, 1.0]))
    np.testing.assert_allclose(effect, [6.0, 4.0])
    np.testing.assert_allclose(influence[:, 0], np.sqrt(4 / 2) * np.array([0.5, -0.5, -1.0, 1.0]))
    np.testing.assert_allclose(influence[:, 1], np.sqrt(3 / 1) * np.array([0.5, -0.5, 0.0, 0.0]))
    np.testing.assert_allclose(variance, [5 * (1 / 2 + 1 / 2), 2 * (1 / 2 + 1)])


@pytest.mark.parametrize("missing", [0.0, 0.3])
def test_squared_influences_sum_to_the_variance_of_an_effect_between_groups_of_one_size(missing):
    rng = np.random.default_rng(4)
    y = rng.normal(size=(10, 200))
    y[rng.random(y.shape) < missing] = np.nan
    fit = linear.fit(y, np.repeat(np.eye(2), 5, axis=0))
    _, influence, variance = fit.influence(np.array([-1.0, 1.0]))
    n = (~np.isnan(y)).reshape(2, 5, -1).sum(axis=1)
    alike = (n[0] == n[1]) & (n[0] > 1)
    assert alike.sum() > 40
    np.testing.assert_allclose((influence**2).sum(axis=0)[alike], variance[alike])


def test_an_aliased_coefficient_is_not_estimable_but_the_others_are():
    n = 8
    group = np.repeat([0.0, 1.0], 4)
    x = np.column_stack([np.ones(n), group, group, np.arange(n) % 2])
    y = np.random.default_rng(0).normal(size=(n, 5))
    fit = linear.fit(y, x)
    assert (fit.df_residual == 5).all()
    assert np.isnan(fit.contrast(np.array([0, 1.0, 0, 0]))[0]).all()
    assert np.isfinite(fit.contrast(np.array([0, 1.0, 1.0, 0]))[0]).all()
    assert np.isfinite(fit.contrast(np.array([0, 0, 0, 1.0]))[0]).all()


def test_rows_without_values_or_df():
    y = np.full((4, 3), np.nan)
    y[:2, 1] = 1.0
    y[[0, 2], 2] = [1.0, 3.0]
    x = np.column_stack([[1, 1, 0, 0], [0, 0, 1, 1]]).astype(float)
    fit = linear.fit(y, x)
    np.testing.assert_array_equal(fit.df_residual, [0, 1, 0])
    effect, _ = fit.contrast(np.array([-1.0, 1.0]))
    assert np.isnan(effect[:2]).all()
    assert effect[2] == pytest.approx(2.0)
    assert np.isnan(fit.sigma[[0, 2]]).all()


def test_prior_edge_cases():
    same = prior.fit_prior(np.full(50, 2.0), np.full(50, 4.0))
    assert np.isinf(same.df).all()
    assert same.variance == pytest.approx(2.0)
    with_zero = prior.fit_prior(np.r_[0.0, np.full(20, 1.0), np.full(20, 4.0)], np.full(41, 4.0))
    assert np.isfinite(with_zero.variance).all()
    none = ebayes.moderate(np.array([np.nan]), np.array([0.0]))
    assert np.isnan(none.variance).all()
    for x in (1e-8, 0.01, 1.0, 50.0, 1e9):
        assert polygamma(1, prior.trigamma_inverse(x)) == pytest.approx(x, rel=1e-6)


def test_moderated_p_are_uniform_under_the_null():
    rng = np.random.default_rng(11)
    n, p = 8, 4000
    y = rng.normal(size=(n, p)) * np.sqrt(4 / rng.chisquare(4, p))
    x = np.column_stack([np.ones(n), np.repeat([0.0, 1.0], 4)])
    fit = linear.fit(y, x)
    moderated = ebayes.moderate(fit.sigma**2, fit.df_residual)
    effect, unscaled = fit.contrast(np.array([0.0, 1.0]))
    pvalue = ebayes.two_sided(effect / unscaled / np.sqrt(moderated.variance), moderated.df_total)
    for level in (0.01, 0.05, 0.5):
        assert (pvalue < level).mean() == pytest.approx(level, abs=4 * np.sqrt(level * (1 - level) / p))
