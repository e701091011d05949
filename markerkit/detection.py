"""On/off test: a protein seen more often in one arm than in the other."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from markerkit._checks import InputError, MarkerkitWarning, listed, require_columns
from markerkit.experiment import Experiment
from markerkit.results import TABLES, DetectionTest
from markerkit.stats.detection import MOST_SAMPLES, conditional_test, paired_test, sample_odds
from markerkit.stats.fdr import bh

Array = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

_ON_OFF_SEEN = 2 / 3


def detection_test(
    exp: Experiment,
    *,
    condition: str,
    case: str,
    control: str,
    paired_by: str | None = None,
    depth: bool = True,
) -> DetectionTest:
    """Test whether a protein is seen more often in one arm than its samples' depth leads to expect.

    Parameters
    ----------
    exp
        Experiment on any scale.
    condition, case, control
        Sample column and two of its levels.
    paired_by
        Sample column of pairs: the test is then taken within pairs.
    depth
        Allow for samples that see more proteins than others, on the log odds
        scale; without it the tests are Fisher's exact and McNemar's.

    Returns
    -------
    DetectionTest
        Exact two-sided p given how often a protein was seen in all, and the log
        odds ratio over that of depth alone, with half a count added to every
        cell, so that it stays finite under separation.

    Raises
    ------
    InputError
        An absent column or level, case equal to control.

    Notes
    -----
    See :mod:`markerkit.stats.detection`. An exact test of a few samples is
    conservative: with 3 against 3 no p lies below 0.1.

    Depth is taken to move the log odds of every protein alike. Where that
    holds, proteins seen in about half of the samples reject 1.7 to 3.3 % at a
    nominal 5 % in simulation (8 and 12 samples an arm, odds of the arms 2.7
    and 7.4 fold apart). Where depth acts on some proteins more than on others
    (log slopes with a deviation of 0.4) it is up to 5.4 % at 2.7 fold; at 7.4
    fold and 12 an arm 6.4 %, and 2.0 % at a nominal 1 %: between arms of very
    unequal depth a small p wants a second look.
    """
    require_columns(exp.samples, [condition, *([paired_by] if paired_by else [])], what="the sample sheet")
    level = exp.samples[condition].astype(str)
    absent = [x for x in (case, control) if x not in set(level)]
    if absent:
        raise InputError(f"`{condition}` has no level {listed(absent)}; found {listed(sorted(set(level)))}.")
    if case == control:
        raise InputError(f"case and control are both {case!r}; a test needs two levels.")
    in_case, in_control = ((level == arm).to_numpy() for arm in (case, control))
    seen = ~np.isnan(exp.matrix)
    a, b = seen[in_case], seen[in_control]
    if depth and len(a) + len(b) > MOST_SAMPLES:
        warnings.warn(
            f"{len(a) + len(b)} samples are more than the {MOST_SAMPLES} for which depth can be allowed for exactly; "
            "the detection test goes without",
            MarkerkitWarning,
            stacklevel=2,
        )
        depth = False
    if paired_by is None:
        found = _unpaired(a, b, depth=depth)
    else:
        pair = exp.samples[paired_by].astype(str).to_numpy()
        found = _within_pairs(a, b, pair[in_case], pair[in_control], depth=depth)
    table = _table(exp, a, b, found).assign(contrast=f"{case} vs {control}")
    params = {
        "condition": condition,
        "case": case,
        "control": control,
        "paired_by": paired_by,
        "depth": depth,
        "family": "proteins of a contrast",
    }
    return DetectionTest(TABLES["detection"].conform(table), params)


@dataclass(frozen=True)
class _Found:
    """p, sightings in the case that depth leads to expect, log odds ratio over depth; each of shape (p,)."""

    pvalue: Array
    expected: Array
    log_odds: Array


def _unpaired(a: BoolArray, b: BoolArray, *, depth: bool) -> _Found:
    seen = np.vstack([a, b])
    odds = sample_odds(seen) if depth else np.ones(len(seen))
    pvalue, expected = conditional_test(seen, np.arange(len(seen)) < len(a), odds)
    x, total, n, m = a.sum(axis=0), seen.sum(axis=0), len(a), len(b)

    def log_odds(x: npt.NDArray[Any]) -> Array:
        y = total - x
        return np.asarray(np.log((x + 0.5) * (m - y + 0.5) / ((n - x + 0.5) * (y + 0.5))))

    return _Found(pvalue, expected, log_odds(x) - log_odds(expected))


def _within_pairs(
    a: BoolArray, b: BoolArray, pair_a: npt.NDArray[Any], pair_b: npt.NDArray[Any], *, depth: bool
) -> _Found:
    """Pairs that have a sample in each arm; of several samples one that saw the protein is enough."""
    pairs = sorted(set(pair_a) & set(pair_b))
    if not pairs:
        return _Found(*(np.full(a.shape[1], np.nan) for _ in range(3)))
    first, second = (
        np.array([arm[name == k].any(axis=0) for k in pairs]) for arm, name in ((a, pair_a), (b, pair_b))
    )
    both = np.vstack([first, second])
    odds = sample_odds(both) if depth else np.ones(len(both))
    pvalue, expected = paired_test(first, second, (odds[: len(pairs)], odds[len(pairs) :]))
    apart, alone = (first != second).sum(axis=0), (first & ~second).sum(axis=0)
    alone_expected = expected - (first & second).sum(axis=0)
    ratio, depth_ratio = ((k + 0.5) / (apart - k + 0.5) for k in (alone, alone_expected))
    return _Found(pvalue, expected, np.log(ratio) - np.log(depth_ratio))


def _table(exp: Experiment, a: BoolArray, b: BoolArray, found: _Found) -> pd.DataFrame:
    x, y, n, m = a.sum(axis=0), b.sum(axis=0), len(a), len(b)
    imputed = (
        "" if exp.presence_known else "less than 5 % missing: imputed or requantified, presence says nothing"
    )
    informative = (x + y > 0) & (x + y < n + m)
    reason = np.where(informative, imputed, "seen in every sample or in none: nothing to test")
    reason = np.where((reason == "") & np.isnan(found.pvalue), "no pair has a sample in each arm", reason)
    tested = reason == ""
    pvalue = np.where(tested, found.pvalue, np.nan)
    often = _ON_OFF_SEEN - 1e-12
    on, off = (x >= often * n) & (x >= 2) & (y == 0), (y >= often * m) & (y >= 2) & (x == 0)
    return pd.DataFrame(
        {
            "protein": exp.proteins.index,
            "gene": exp.proteins["gene"].to_numpy(),
            "accession": exp.proteins["accession"].to_numpy(),
            "n_case": x,
            "n_control": y,
            "total_case": n,
            "total_control": m,
            "expected_case": np.where(tested, found.expected, np.nan),
            "log_odds": found.log_odds,
            "pvalue": pvalue,
            "padj": bh(pvalue),
            "call": np.where(tested & on, "on", np.where(tested & off, "off", "")),
            "status": np.where(tested, "tested", "not tested"),
            "reason": reason,
        }
    )
