"""The demo matrix written in many ways: no fold change may be read wrongly without a warning or a refusal.

A draw writes a part of the matrix as a way says, with missing values left
empty or filled in, more or less of them, and rounded or not. Its truth are the
log2 values that an analyst who knows the way would get back from what is written.
"""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Callable
from functools import cache

import numpy as np
import pandas as pd
import pytest

import markerkit as mk
from markerkit.core.errors import InputError, MarkerkitWarning
from markerkit.io.scale import on_scale

Array = np.ndarray
Way = tuple[Callable[[Array], Array], Callable[[Array], Array]]

LOGS = {"log2": np.log2, "ln": np.log, "log10": np.log10}
POWERS = {"log2": np.exp2, "ln": np.exp, "log10": lambda x: 10.0**x}


def per_protein(statistic) -> Way:
    """Scale every protein, linearly."""
    return lambda x: x / statistic(x, axis=0) * (1 if statistic is np.nanmax else 100), np.log2


def per_sample(total: float) -> Way:
    """Shares of the sample."""
    return lambda x: total * x / np.nansum(x, axis=1, keepdims=True), np.log2


def counts(x: Array) -> Array:
    """Counts of spectra: the smallest tenth is lost."""
    found = np.round(x / np.nanquantile(x, 0.1))
    return np.where(found > 0, found, np.nan)


def quantiles(x: Array) -> Array:
    """Give all samples the same values."""
    rank = pd.DataFrame(x).rank(axis=1).to_numpy()
    at = (rank - 1) / (np.nanmax(rank, axis=1, keepdims=True) - 1)
    return np.where(np.isnan(x), np.nan, np.nanquantile(x, 0.0, axis=None) * np.exp2(12 * np.nan_to_num(at)))


def log_of(base: str, inner: Callable[[Array], Array] = lambda x: x, plus: float = 0.0) -> Way:
    return lambda x: LOGS[base](inner(x) + plus), lambda w: np.log2(POWERS[base](w) - plus)


def centered(base: str, axis: int) -> Way:
    def write(x: Array) -> Array:
        logs = LOGS[base](x)
        return logs - np.nanmedian(logs, axis=axis, keepdims=True)

    return write, lambda w: np.log2(POWERS[base](w))


def score(axis: int | None) -> Way:
    def write(x: Array) -> Array:
        logs = np.log2(x)
        return (logs - np.nanmean(logs, axis=axis, keepdims=True)) / np.nanstd(logs, axis=axis, keepdims=True)

    return write, lambda w: np.full_like(w, np.inf)  # nothing that is read from them is right


WAYS: dict[str, Way] = {
    "raw": (lambda x: x, np.log2),
    "shallow": (lambda x: x / 1e3, np.log2),
    "deep": (lambda x: x * 30, np.log2),
    "counts": (counts, np.log2),
    "percent": per_sample(100),
    "ppm": per_sample(1e6),
    "fraction": per_sample(1),
    "around 1": (lambda x: x / np.nanmedian(x, axis=1, keepdims=True), np.log2),
    "rows to 100": per_protein(np.nanmean),
    "row sums to 100": per_protein(np.nansum),
    "rows to a largest value of 1": per_protein(np.nanmax),
    "ratios to a reference": (lambda x: x / np.nanmedian(x, axis=0), np.log2),
    "quantiles": (quantiles, np.log2),
    "asinh": (np.arcsinh, lambda w: np.log2(np.sinh(w))),
    "z by protein": score(0),
    "z by sample": score(1),
    "z": score(None),
    "log2 quantiles": log_of("log2", quantiles),
}
for _base in LOGS:
    WAYS |= {
        _base: log_of(_base),
        f"{_base} shallow": log_of(_base, lambda x: x / 1e3),
        f"{_base} deep": log_of(_base, lambda x: x * 30),
        f"{_base} plus 1": log_of(_base, plus=1),
        f"{_base} shallow plus 1": log_of(_base, lambda x: x / 1e3, plus=1),
        f"{_base} of counts": log_of(_base, counts),
        f"{_base} of counts plus 1": log_of(_base, counts, plus=1),
        f"{_base} of percent": log_of(_base, per_sample(100)[0]),
        f"{_base} of percent plus 1": log_of(_base, per_sample(100)[0], plus=1),
        f"{_base} of rows to 100": log_of(_base, per_protein(np.nanmean)[0]),
        f"{_base} centered by protein": centered(_base, 0),
        f"{_base} centered by sample": centered(_base, 1),
    }
SIZES, MISSING, DECIMALS = (1000, 300, 100, 50, 20), (0.0, 0.3, None), (None, None, 6, 4, 2)
#: two a sample: fewer equal values are not noticed, and left empty here
FEW_FILLED = 24
FILLS: dict[str, Callable[[Array], Array | float]] = {
    "empty": lambda w: np.nan,
    "0": lambda w: 0.0,
    "1": lambda w: 1.0,
    "-1": lambda w: -1.0,
    "smallest": np.nanmin,
    "half the smallest": lambda w: np.nanmin(w) / 2,
    "smallest of the sample": lambda w: np.nanmin(w, axis=1, keepdims=True),
}


@cache
def demo() -> tuple[Array, Array]:
    exp = mk.load_example()
    return exp.values.to_numpy(), (exp.samples["fraction"] == "EV").to_numpy()


def part(rng: np.random.Generator, size: int, missing: float | None) -> Array:
    """Proteins at random, with more missing values, or only those that are always measured."""
    x = demo()[0]
    x = x[:, ~np.isnan(x).any(axis=0)] if missing is None else x
    x = x[:, rng.permutation(x.shape[1])[:size]]
    return x if not missing else np.where(rng.random(x.shape) < missing, np.nan, x)


def written(x: Array, way: str, fill: str, decimals: int | None) -> tuple[Array, Array]:
    """Matrix as it stands in the file, and its log2 values."""
    write, back = WAYS[way]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        w = write(x)
        # rounded to less than two digits, small values are alike and hide what was filled in
        fine = decimals is not None and np.nanquantile(np.abs(w), 0.1) > 10.0 ** (1 - decimals)
        w = np.round(w, decimals) if fine else w
        truth = back(w)
        filled = np.isnan(w) & (np.isnan(w).sum() >= FEW_FILLED)
        return np.where(filled, FILLS[fill](w), w), truth


def fold_changes(logs: Array) -> Array:
    ev = demo()[1]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        return np.nanmean(logs[ev], axis=0) - np.nanmean(logs[~ev], axis=0)


def outcome(w: Array, truth: Array) -> str:
    """``right`` or ``wrong`` fold changes (by more than 2 %), ``told``, or ``refused``."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            read = on_scale(pd.DataFrame(w), "auto", "m.tsv")
        except InputError:
            return "refused"
    assert {c.category for c in caught} <= {MarkerkitWarning}, [str(c.message) for c in caught]
    values = read.values.to_numpy()
    logs = np.log2(values) if read.scale == "raw" else values
    truth = np.where(np.isfinite(truth), truth, np.nan) if np.isfinite(truth).any() else truth
    off = np.abs(fold_changes(logs) - fold_changes(truth))
    wrong = bool((off[~np.isnan(off)] > np.log2(1.02)).any()) or np.isinf(truth).all()
    return ("wrong" if wrong else "right") + (", told" if caught else "")


def draws(n: int, seed: int) -> Counter[tuple[str, str, str]]:
    """Outcomes of `n` draws, by way and fill."""
    rng = np.random.default_rng(seed)
    found: Counter[tuple[str, str, str]] = Counter()
    ways = list(WAYS)
    for i in range(n):
        way, fill = ways[i % len(ways)], list(FILLS)[rng.integers(len(FILLS))]
        size, missing = SIZES[rng.integers(len(SIZES))], MISSING[rng.integers(len(MISSING))]
        decimals = DECIMALS[rng.integers(len(DECIMALS))]
        w, truth = written(part(rng, size, missing), way, fill, decimals)
        found[way, fill, outcome(w, truth)] += 1
    return found


def silently_wrong(found: Counter[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
    return [key for key in found if key[2] == "wrong"]


def test_no_silent_error_in_200_ways():
    assert silently_wrong(draws(200, seed=1)) == []


@pytest.mark.slow
def test_no_silent_error_in_many_ways():
    assert silently_wrong(draws(2000, seed=2)) == []


@pytest.mark.parametrize("way", ["raw", "deep", "log2", "log2 deep", "counts", "ppm", "percent", "fraction"])
@pytest.mark.parametrize("size", [2068, 300, 100])
def test_clean_tables_are_read_without_a_word(way, size):
    w, truth = written(part(np.random.default_rng(3), size, 0.0), way, "empty", None)
    assert outcome(w, truth) == "right"
