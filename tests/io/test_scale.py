"""The scale of a matrix: every limit just below and just above."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest

from markerkit.core.errors import InputError, MarkerkitWarning
from markerkit.io.scale import scale_of


def scale(values, declared: str = "auto") -> str:
    return scale_of(pd.DataFrame(np.atleast_2d(values).astype(float)), declared, "m.tsv")


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([20, 25, 30], "log2"),
        ([2e4, 3e5, 4e6], "raw"),
        ([-1, 0.5, 1], "ratio"),
        # largest value: 64
        ([60, 62, 64.0], "log2"),
        ([60, 62, 64.1], "raw"),
        # median: 5
        ([4, 5.0, 6], "log2"),
        ([4, 4.9, 6], "raw"),
        # negative values: logarithms where the rest looks so, ratios else
        ([-1, 5, 6], "log2"),
        ([-1, 4.9, 6], "ratio"),
        ([-1, 4.9, 64.0], "ratio"),
    ],
)
def test_guess(values, expected) -> None:
    assert scale(values) == expected


@pytest.mark.parametrize(("spread", "expected"), [(7.9, "log2"), (8.1, "raw")])
def test_logarithms_do_not_spread_over_more_than_8(spread, expected) -> None:
    """Two values at 30 - sd and 30 + sd have that standard deviation."""
    assert scale([30 - spread, 30 + spread]) == expected


def test_zero_and_missing_are_no_values() -> None:
    assert scale([0, 0, 0, np.nan, 20, 25]) == "log2"
    with pytest.raises(InputError, match="holds no value"):
        scale([0, np.nan])


@pytest.mark.parametrize(("n", "refused"), [(19, False), (20, True)])
def test_one_value_everywhere_is_no_abundance(n, refused) -> None:
    if refused:
        with pytest.raises(
            InputError, match=r"every value of the matrix 'm\.tsv' is 1: it shows what was detected"
        ):
            scale([1.0] * n)
    else:
        assert scale([1.0] * n) == "raw"


def test_negative_and_too_large_is_neither() -> None:
    with pytest.raises(InputError, match=r"negative values and values up to 64\.1: neither raw nor log"):
        scale([-1, 4, 64.1])


@pytest.mark.parametrize(("largest", "refused"), [(9e29, False), (2e30, True)])
def test_more_than_an_instrument_counts(largest, refused) -> None:
    if refused:
        with pytest.raises(InputError, match="which no instrument measures"):
            scale([1, largest])
    else:
        assert scale([1, largest]) == "raw"


@pytest.mark.parametrize("declared", ["log2", "ratio"])
def test_declared_logarithms_stay_below_64(declared) -> None:
    assert scale([1, 64.0], declared) == declared
    with pytest.raises(InputError, match=f"declared {declared} but holds 64.1"):
        scale([1, 64.1], declared)


def test_declared_raw() -> None:
    assert scale([1e4, 2e5], "raw") == "raw"
    with pytest.raises(InputError, match=r"declared raw but holds the negative value -0\.5"):
        scale([-0.5, 2e5], "raw")
    with pytest.warns(MarkerkitWarning, match="declared raw, but its values .* look like logarithms"):
        assert scale([20, 25, 30], "raw") == "raw"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert scale([4, 4.9, 6], "raw") == "raw"
