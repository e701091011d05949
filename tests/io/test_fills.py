"""Values that were filled in: each limit just below and just above."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest

from markerkit.core.errors import MarkerkitWarning
from markerkit.io.fills import find_fills
from markerkit.io.scale import on_scale


def proteome(seed: int = 1) -> np.ndarray:
    """Log2 intensities, 12 samples x 100 proteins."""
    rng = np.random.default_rng(seed)
    return 23 + 2.2 * rng.normal(size=100) + 0.6 * rng.normal(size=(12, 100))


def filled(values: np.ndarray, n: int, value: float) -> np.ndarray:
    out = values.copy()
    out.flat[np.random.default_rng(2).permutation(out.size)[:n]] = value
    return out


def told(values: np.ndarray) -> str:
    return find_fills(values, complete=not np.isnan(values).any()).warning


def test_measured_values_are_no_fills():
    logs = proteome()
    assert told(logs) == told(np.exp2(logs)) == told(np.round(logs, 2)) == told(np.round(logs, 1)) == ""


@pytest.mark.parametrize(("n", "expected"), [(4, ""), (5, "5 of 1200 values are -1, far below all others")])
def test_a_mark_below_all_values_is_missing(n, expected):
    assert told(filled(proteome(), n, -1)).startswith(expected or "\0") == bool(expected)


@pytest.mark.parametrize("value", [-1.0, 1.0])
def test_marks_become_missing(value):
    logs = proteome()
    matrix = filled(logs, 100, value)
    with pytest.warns(
        MarkerkitWarning, match=f"100 of 1200 values are {value:g}, far below all others: taken as not"
    ):
        read = on_scale(pd.DataFrame(matrix), "auto", "m.tsv")
    assert (read.scale, read.note["n_fill_to_missing"]) == ("log2", 100)
    np.testing.assert_array_equal(read.values, np.where(matrix == value, np.nan, matrix))


@pytest.mark.parametrize(("below", "missing"), [(1.4, False), (1.6, True)])
def test_estimates_stay_and_marks_do_not(below, missing):
    """A fill value 1.5 standard deviations below all others is no estimate."""
    logs = proteome()
    matrix = filled(logs, 100, -100.0)
    rest = matrix[matrix > 0]
    matrix[matrix < 0] = rest.min() - below * rest.std()
    fills = find_fills(matrix, complete=True)
    assert fills.warning
    assert fills.missing.sum() == (100 if missing else 0)


@pytest.mark.parametrize(("n", "found"), [(10, False), (11, True)])
def test_the_smallest_value_repeats(n, found):
    """At least 1 in 100 values (that is 12, the measured one among them)."""
    logs = proteome()
    assert ("are read as measured" in told(filled(logs, n, logs.min()))) == found


def test_the_largest_value_may_repeat():
    logs = proteome()
    assert told(np.minimum(logs, np.quantile(logs, 0.9))) == ""


def test_every_sample_repeats_its_smallest_value():
    logs = proteome()
    low = np.where(
        logs < np.quantile(logs, 0.1, axis=1, keepdims=True), logs.min(axis=1, keepdims=True), logs
    )
    assert told(low).startswith("every sample repeats its smallest value")


def test_proteins_repeat_their_smallest_value():
    logs = proteome()
    low = logs.copy()
    for row in (0, 5, 7):
        low[row] = logs.min(axis=0)
    assert told(low).startswith("many proteins repeat their smallest value")
    assert told(np.vstack([logs, logs[:1]])) == ""  # one sample twice: highest values repeat as well


def test_counts_have_many_ones():
    counts = np.random.default_rng(1).negative_binomial(0.7, 0.1, size=(12, 100)).astype(float)
    found = np.where(counts == 0, np.nan, counts)
    assert told(found) == ""
    assert told(np.where(counts == 0, 1.0, counts)).endswith("read the table again")
    assert "are 0.5" in told(np.where(counts == 0, 0.5, counts))


def test_zeros_on_both_sides_of_zero():
    """Zeros far more often than any other number are no logarithms of 1."""
    logs = proteome() - 17
    assert (logs < 0).any()
    with pytest.warns(MarkerkitWarning, match="100 zeros among logarithms are taken as not measured"):
        read = on_scale(pd.DataFrame(filled(logs, 100, 0.0)), "log2", "m.tsv")
    assert read.note["n_zero_to_missing"] == int(read.values.isna().sum().sum()) == 100
    with pytest.warns(MarkerkitWarning, match="4 zeros .* are taken as values"):
        read = on_scale(pd.DataFrame(filled(logs, 4, 0.0)), "log2", "m.tsv")
    assert int((read.values == 0).sum().sum()) == 4


def test_zeros_among_ratios_are_told():
    ratios = proteome() - 23
    with pytest.warns(MarkerkitWarning, match="100 ratios are exactly 0"):
        read = on_scale(pd.DataFrame(filled(ratios, 100, 0.0)), "ratio", "m.tsv")
    assert read.values.notna().all(axis=None)


def test_clean_values_are_read_without_a_word():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for matrix in (proteome(), np.exp2(proteome()), np.round(np.exp2(proteome()))):
            on_scale(pd.DataFrame(matrix), "auto", "m.tsv")
