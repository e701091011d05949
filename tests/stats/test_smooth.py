"""Robust local lines against those of statsmodels, and where both can be known by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.nonparametric.smoothers_lowess import lowess as reference

from markerkit.stats.smooth import lowess


@given(
    seed=st.integers(0, 2**32 - 1),
    n=st.integers(100, 400),
    span=st.sampled_from([0.3, 0.4, 1.0]),
    power=st.integers(1, 4),
)
def test_numbers_are_those_of_statsmodels(seed: int, n: int, span: float, power: int) -> None:
    """At even and uneven distances of x, with outliers in y, and neighbors enough to have some left with a weight."""
    rng = np.random.default_rng(seed)
    x = rng.exponential(size=n) ** power
    y = np.sin(x) + rng.standard_t(2, n)
    expected = reference(y, x, frac=span, it=3, delta=0.01 * np.ptp(x), return_sorted=False)
    assert lowess(x, y, span=span) == pytest.approx(expected, rel=1e-9, abs=1e-9)


def test_values_of_one_x_are_told_apart_from_their_neighbors() -> None:
    """Ten points at each x, more than a line takes in: their robust mean, whatever the other x hold."""
    rng = np.random.default_rng(1)
    x, y = np.repeat([1.0, 2.0, 3.0], 10), np.tile(np.linspace(-1, 1, 10), 3) + np.repeat([5.0, 9.0, 2.0], 10)
    shuffled = rng.permutation(30)
    found = lowess(x[shuffled], y[shuffled], span=0.3)
    assert found == pytest.approx(np.repeat([5.0, 9.0, 2.0], 10)[shuffled], abs=0.15)


def test_a_line_is_kept_and_an_outlier_has_no_say() -> None:
    x = np.linspace(0, 10, 60)
    y = 3 - 2 * x
    assert lowess(x, y, span=0.4) == pytest.approx(y, abs=1e-9)
    noisy = y + np.tile([0.01, -0.01], 30)
    noisy[30] += 50
    assert lowess(x, noisy, span=0.4) == pytest.approx(y, abs=0.05)
