"""Composition from marker panels: exact where there is no error, and the definitions of resolution and overlap."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import nnls

from markerkit.stats.fdr import holm
from markerkit.stats.mixture import (
    center_and_width,
    composition,
    misfit,
    overlap,
    resolution,
    smoothed,
    top_fraction,
    unit_fit,
)

ORDER = np.arange(1.0, 6.0)
TRUTH = np.array([[1.0, 0, 0], [0.7, 0.3, 0], [0.2, 0.5, 0.3], [0, 0.2, 0.8], [0, 0, 1.0]])
MARKER_PART = np.array([0.1, 0.4, 0.6])  # share of each component's protein that its markers are


def test_composition_is_exact_without_error() -> None:
    panels = TRUTH * MARKER_PART
    assert unit_fit(panels) == pytest.approx(1 / MARKER_PART)
    assert composition(panels) == pytest.approx(TRUTH)
    assert misfit(panels, np.ones(5)) == pytest.approx(0)


def test_coefficients_agree_with_scipy_and_are_never_negative() -> None:
    rng = np.random.default_rng(1)
    panels = rng.random((50, 6, 3)) ** 3
    found = unit_fit(panels)
    assert (found >= 0).all()
    assert (found == 0).any()
    for one, coefficients in zip(panels, found, strict=True):
        assert coefficients == pytest.approx(nnls(one, np.ones(6))[0], abs=1e-8)


def test_weights_count_as_copies_of_a_fraction() -> None:
    rng = np.random.default_rng(2)
    panels = rng.random((4, 2))
    twice = np.concatenate([panels, panels[:1]])
    assert unit_fit(panels, np.array([2.0, 1, 1, 1])) == pytest.approx(unit_fit(twice))
    assert np.isnan(composition(np.vstack([panels, [[0.0, 0.0]]]))[-1]).all()


def test_resolution_of_gaussian_peaks() -> None:
    place = np.arange(0.0, 40.0)
    first, second = (np.exp(-((place - m) ** 2) / 8) for m in (10, 22))
    center, width = center_and_width(first, place)
    assert (float(center), float(width)) == (pytest.approx(10, abs=1e-3), pytest.approx(2, abs=1e-3))
    # 12 apart, 8 wide at the base: 1.5
    assert float(resolution(first, second, place)) == pytest.approx(1.5, abs=1e-3)
    assert float(resolution(first, first, place)) == 0


def test_overlap_is_the_common_part() -> None:
    assert float(overlap(np.array([2.0, 2, 0]), np.array([0.0, 1, 1]))) == pytest.approx(0.5)
    assert float(overlap(np.array([1.0, 0]), np.array([0.0, 1]))) == 0
    assert float(overlap(np.array([1.0, 3]), np.array([2.0, 6]))) == pytest.approx(1)


@pytest.mark.parametrize("times", [1e-300, 1.0, 1e300])
def test_places_of_any_size_have_a_width(times: float) -> None:
    center, width = center_and_width(np.array([1.0, 2, 1]), np.array([1.0, 2, 3]) * times)
    assert center / times == pytest.approx(2)
    assert width / times == pytest.approx(np.sqrt(0.5))


def test_smoothing_is_the_mean_of_three() -> None:
    assert smoothed(np.array([3.0, 3, 0, 6])).tolist() == [3.0, 2.0, 3.0, 4.0]


def test_holm_steps_down() -> None:
    # by hand: 0.01 * 3, max(0.03, 0.02 * 2), max(0.04, 0.5)
    assert holm([0.5, 0.01, 0.02, np.nan])[:3] == pytest.approx([0.5, 0.03, 0.04])
    assert np.isnan(holm([np.nan])).all()
    assert holm([0.9, 0.8]).tolist() == [1.0, 1.0]


@pytest.mark.parametrize(
    ("profile", "top"),
    [
        ([0, 0, 1, 0, 0], 2),  # all in one fraction: its neighbors have the same mean
        ([0, 1, 3, 0, 0], 2),  # all in two
        ([0, 3, 1, 0, 0], 1),
        ([4.4, 0, 0, 3, 3], 4),  # the first and the last count twice: 8.8 and 9
        ([4.6, 0, 0, 3, 3], 0),
        ([4, 0, 0, 6, 0], 0),  # a mean counts first: 8 over 6
        ([0, 0.1, 0.3, 0, 0], 2),
    ],
)
def test_the_top_is_the_highest_of_the_fractions_with_the_highest_mean(
    profile: list[float], top: int
) -> None:
    assert top_fraction(np.array([profile, profile], dtype=float)).tolist() == [top, top]
