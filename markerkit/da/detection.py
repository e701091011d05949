"""presence/absence test: a protein seen more often in one arm than in the other."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from markerkit.core.errors import InputError, MarkerkitWarning, listed, require_columns
from markerkit.core.experiment import Experiment
from markerkit.results import DetectionTest
from markerkit.stats.detection import MOST_SAMPLES, Detected, conditional_test, paired_test, sample_odds
from markerkit.stats.fdr import bh
from markerkit.tables.registry import TABLES

Array = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

_ON_OFF_SEEN = 2 / 3
_REACH = 0.05  # proteins whose smallest possible p is above are not tested
_UNEQUAL_DEPTH = 4.0  # ratio of the arms' odds from which on slopes of depth that differ matter


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
        scale; without it the tests are Fisher's and McNemar's mid-p tests.

    Returns
    -------
    DetectionTest
        Two-sided mid-p given how often a protein was seen in all, and the log
        odds ratio over that of depth alone, with half a count added to every
        cell, so that it stays finite under separation. A protein whose
        sightings could not reach p = 0.05 however they fell is not tested, so
        that it does not burden the false discovery rate of the others.

    Raises
    ------
    InputError
        Imputed values, an absent column or level, case equal to control.

    Notes
    -----
    See :mod:`markerkit.stats.detection`. With 3 against 3 of equal depth the
    smallest p is 0.05.

    Depth is taken to move the log odds of every protein alike. Where that
    holds, proteins seen in about half of the samples reject 3.1 to 4.9 % at a
    nominal 5 % in simulation (8 and 12 samples a group, odds of the arms 2.7
    and 7.4 fold apart). Where depth acts on some proteins more than on others
    (log slopes with a deviation of 0.4) it is up to 6.2 % at 2.7 fold, but 12 %
    at 7.4 fold: arms whose odds are more than 4 fold apart warn.
    """
    exp.refuse_imputed()
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
    if exp.presence_known and max(found.depth_ratio, 1 / found.depth_ratio) > _UNEQUAL_DEPTH:
        warnings.warn(
            f"the odds of seeing a protein are {found.depth_ratio:.2g} fold in {case!r} of those in {control!r}: where "
            "depth matters more for some proteins than for others, small p of the detection test are too many",
            MarkerkitWarning,
            stacklevel=2,
        )
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
    """Test of every protein, log odds ratio over depth of shape (p,), and the odds of the case over the control."""

    test: Detected
    log_odds: Array
    depth_ratio: float


def _unpaired(a: BoolArray, b: BoolArray, *, depth: bool) -> _Found:
    seen = np.vstack([a, b])
    odds = sample_odds(seen) if depth else np.ones(len(seen))
    case = np.arange(len(seen)) < len(a)
    test = conditional_test(seen, case, odds)
    x, total, n, m = a.sum(axis=0), seen.sum(axis=0), len(a), len(b)

    def log_odds(x: npt.NDArray[Any]) -> Array:
        y = total - x
        return np.asarray(np.log((x + 0.5) * (m - y + 0.5) / ((n - x + 0.5) * (y + 0.5))))

    return _Found(test, log_odds(x) - log_odds(test.expected), _ratio(odds[case], odds[~case]))


def _within_pairs(
    a: BoolArray, b: BoolArray, pair_a: npt.NDArray[Any], pair_b: npt.NDArray[Any], *, depth: bool
) -> _Found:
    """Pairs that have a sample in each arm; of several samples one that saw the protein is enough."""
    pairs = sorted(set(pair_a) & set(pair_b))
    if not pairs:
        nothing = np.full(a.shape[1], np.nan)
        return _Found(Detected(nothing, nothing, nothing), nothing, 1.0)
    first, second = (
        np.array([arm[name == k].any(axis=0) for k in pairs]) for arm, name in ((a, pair_a), (b, pair_b))
    )
    both = np.vstack([first, second])
    odds = sample_odds(both) if depth else np.ones(len(both))
    of_case, of_control = odds[: len(pairs)], odds[len(pairs) :]
    test = paired_test(first, second, (of_case, of_control))
    apart, alone = (first != second).sum(axis=0), (first & ~second).sum(axis=0)
    alone_expected = test.expected - (first & second).sum(axis=0)
    odds_seen, odds_expected = ((k + 0.5) / (apart - k + 0.5) for k in (alone, alone_expected))
    return _Found(test, np.log(odds_seen) - np.log(odds_expected), _ratio(of_case, of_control))


def _ratio(case: Array, control: Array) -> float:
    """Ratio of geometric means."""
    return float(np.exp(np.log(case).mean() - np.log(control).mean()))


def _table(exp: Experiment, a: BoolArray, b: BoolArray, found: _Found) -> pd.DataFrame:
    x, y, n, m = a.sum(axis=0), b.sum(axis=0), len(a), len(b)
    imputed = (
        "" if exp.presence_known else "less than 5 % missing: imputed or requantified, presence says nothing"
    )
    informative = (x + y > 0) & (x + y < n + m)
    reason = np.where(informative, imputed, "seen in every sample or in none: nothing to test")
    test = found.test
    reason = np.where((reason == "") & np.isnan(test.pvalue), "no pair has a sample in each arm", reason)
    telling = reason == ""
    out_of_reach = telling & (test.smallest > _REACH + 1e-9)
    reason = np.where(out_of_reach, f"no outcome of its sightings could have p below {_REACH:g}", reason)
    tested = reason == ""
    pvalue = np.where(tested, test.pvalue, np.nan)
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
            "expected_case": np.where(tested, test.expected, np.nan),
            "log_odds": found.log_odds,
            "pvalue": pvalue,
            "padj": bh(pvalue),
            "call": np.where(telling & on, "on", np.where(telling & off, "off", "")),
            "status": np.where(tested, "tested", "not tested"),
            "reason": reason,
        }
    )
