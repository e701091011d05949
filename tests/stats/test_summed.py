"""Fits from sums against fits on values, on arrays drawn at random; sums against exact ones."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from markerkit.stats.linear import fit, to_basis
from markerkit.stats.summed import SummedFit, Sums, normal_sums, residual_squares, solved


def summed(
    values: np.ndarray, design: np.ndarray, sides: np.ndarray, cuts: list[int]
) -> tuple[SummedFit, Sums]:
    """Fit in the blocks between some cuts."""
    basis = design @ to_basis(design)
    ends = [0, *sorted(cuts), len(values)]
    blocks = [slice(a, b) for a, b in pairwise(ends)]
    sums, squares = Sums(), Sums()
    for at in blocks:
        sums.add(normal_sums(values[at], basis[at], sides[:, at]))
    found = solved(sums, len(values))
    for at in blocks:
        squares.add({"squares": residual_squares(values[at], basis[at], found.estimate)})
    return SummedFit.of(design, basis, found, sums, squares["squares"]), sums


@st.composite
def studies(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, np.ndarray, list[int]]:
    """Values with gaps, a design that may lack full rank, two groups, and where blocks end."""
    n, k = draw(st.integers(4, 14)), draw(st.integers(1, 3))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    values = rng.normal(25, 2, (n, 12))
    values[rng.random(values.shape) < draw(st.sampled_from([0.0, 0.2, 0.7]))] = np.nan
    group = np.arange(n) % 2
    design = np.column_stack([np.ones(n), group, *rng.integers(0, 2, (k, n))])
    cuts = draw(st.lists(st.integers(0, n), max_size=4))
    return values, design, np.array([group == 1, group == 0]), cuts


@settings(max_examples=60, deadline=None)
@given(studies())
def test_sums_give_the_fit_on_values(given: tuple[np.ndarray, np.ndarray, np.ndarray, list[int]]) -> None:
    values, design, sides, cuts = given
    whole = fit(values, design)
    found, sums = summed(values, design, sides, cuts)
    contrast = np.eye(design.shape[1])[1]
    pairs = [
        (found.n_obs, whole.n_obs),
        (found.df_residual, whole.df_residual),
        (found.mean, whole.mean),
        (found.sigma, whole.sigma),
        *zip(found.contrast(contrast), whole.contrast(contrast), strict=True),
    ]
    for ours, theirs in pairs:
        np.testing.assert_allclose(ours, theirs, rtol=1e-10, atol=1e-10)
    vectors = np.array([contrast, contrast + np.eye(design.shape[1])[0]])
    np.testing.assert_allclose(
        found.contrast_covariance(vectors), whole.contrast_covariance(vectors), rtol=1e-9, atol=1e-9
    )
    np.testing.assert_array_equal(sums["n_sides"], [(~np.isnan(values[s])).sum(axis=0) for s in sides])


def test_a_contrast_that_the_design_cannot_tell_is_missing() -> None:
    """The group is the batch: no samples tell them apart."""
    group = np.array([0, 0, 0, 1, 1, 1])
    design = np.column_stack([np.ones(6), group, group])
    values = np.random.default_rng(1).normal(size=(6, 4))
    found, _ = summed(values, design, np.array([group == 1, group == 0]), [2])
    assert np.isnan(found.contrast(np.array([0.0, 1.0, 0.0]))).all()
    assert np.isnan(found.contrast_covariance(np.eye(3)[1:])).all()
    assert np.isfinite(found.contrast(np.array([0.0, 1.0, 1.0]))).all()


def test_a_small_variance_beside_a_large_mean_keeps_its_digits() -> None:
    """Squares less those of the coefficients would have lost ten of sixteen."""
    rng = np.random.default_rng(2)
    group = np.arange(400) % 2
    values = 1000 + 1e-3 * rng.normal(size=(400, 3))
    design = np.column_stack([np.ones(400), group])
    found, _ = summed(values, design, np.array([group == 1, group == 0]), [100, 101, 333])
    exact = []
    for y in values.T:
        rest = [Fraction(v) for v in y]
        means = [sum(rest[g::2], Fraction(0)) / 200 for g in (0, 1)]
        exact.append(math.sqrt(sum((v - means[i % 2]) ** 2 for i, v in enumerate(rest)) / 398))
    np.testing.assert_allclose(found.sigma, exact, rtol=1e-9)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(-1e12, 1e12), min_size=1, max_size=40))
def test_sums_lose_no_more_than_the_last_digit(numbers: list[float]) -> None:
    sums = Sums()
    for number in numbers:
        sums.add({"x": np.array([number])})
    exact = math.fsum(numbers)
    assert abs(sums["x"][0] - exact) <= 4e-16 * abs(exact) + 1e-28 * max(map(abs, numbers))


def test_sums_keep_what_plain_addition_loses() -> None:
    sums = Sums()
    for number in [1e16, 1.0, 1.0, -1e16]:
        sums.add({"x": np.array([number])})
    assert sums["x"][0] == 2.0


@pytest.mark.parametrize("kind", ["int64", "float64"])
def test_the_first_part_is_not_changed(kind: str) -> None:
    first = np.zeros(2, dtype=kind)
    sums = Sums()
    sums.add({"x": first})
    sums.add({"x": np.ones(2, dtype=kind)})
    assert (first == 0).all()
    assert sums["x"].dtype == kind


def test_sums_keep_a_small_number_before_a_large_negative_one() -> None:
    """What is lost is told by the size of the numbers, not by their sign."""
    sums = Sums()
    for number in [1.0, -1e16, 1e16]:
        sums.add({"x": np.array([number])})
    assert sums["x"][0] == 1.0
