"""Data without an effect: how long the rotated and the permuted residuals are."""

import numpy as np
import pytest

from markerkit.stats import linear
from markerkit.stats.null import permuted, rotated

CONTRAST = np.array([1.0, -1.0])


def fitted(n=8, p=300, missing=0.0):
    rng = np.random.default_rng(2)
    y = rng.normal(20, 1, (n, p)) * rng.uniform(0.5, 2, p)
    y[: n // 2] += 5.0
    y[rng.random(y.shape) < missing] = np.nan
    return linear.fit(y, np.repeat(np.eye(2), n // 2, axis=0))


@pytest.mark.parametrize("n", [4, 8])
def test_rotated_residuals_have_the_variance_of_the_residuals(n):
    """One direction more than the d of the residuals, and every direction as long as theirs: ``(d + 1) sigma^2``."""
    fit = fitted(n)
    drawn = rotated(fit, CONTRAST, np.random.default_rng(0))
    square = ((drawn - fit.mean) ** 2).sum(axis=0)
    np.testing.assert_allclose(square, (n - 2 + 1) * fit.sigma**2)


@pytest.mark.parametrize("missing", [0.0, 0.2])
def test_refitted_variances_of_rotated_data_are_those_of_the_study(missing):
    fit, rng = fitted(missing=missing), np.random.default_rng(1)
    known = fit.df_residual > 0
    ratio = []
    for _ in range(200):
        again = linear.fit(rotated(fit, CONTRAST, rng), np.repeat(np.eye(2), 4, axis=0))
        ratio.append(float(np.mean(again.sigma[known] ** 2 / fit.sigma[known] ** 2)))
    error = np.std(ratio, ddof=1) / np.sqrt(len(ratio))
    assert error < 0.01
    assert np.mean(ratio) == pytest.approx(1.0, abs=4 * error + 0.1 * missing)  # gaps are put back afterwards


def test_permuted_residuals_are_stretched_by_the_leverage_of_their_sample():
    """Two groups of 4: a residual keeps 3/4 of the variance of its error."""
    fit = fitted()
    drawn = permuted(fit, np.zeros(8, dtype=np.intp), np.random.default_rng(0))
    square = ((drawn - fit.mean) ** 2).sum(axis=0)
    np.testing.assert_allclose(square, (fit.residuals**2).sum(axis=0) / (1 - 1 / 4))
