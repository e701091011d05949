"""Presence/absence test: a protein detected more often in one group than in the other."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from markerkit.catalog.criteria import load_criteria
from markerkit.core.errors import MarkerkitWarning
from markerkit.core.experiment import Experiment
from markerkit.core.factors import as_factor
from markerkit.results import DetectionTest
from markerkit.stats.detection import MOST_SAMPLES, Detected, conditional_test, paired_test, sample_odds
from markerkit.stats.fdr import bh
from markerkit.study.contrast import Contrast, contrasts_of, one_contrast, takes_contrasts
from markerkit.tables.registry import TABLES

Array = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

_PRESENCE_LEVEL = 0.05  # proteins whose smallest possible p is above are not tested
_UNEQUAL_DEPTH = 4.0  # ratio of the groups' odds from which on slopes of depth that differ matter


@takes_contrasts
def detection_test(exp: Experiment, contrast: Contrast, *, depth: bool = True) -> DetectionTest:
    """Test whether a protein is detected more often in one group than its samples' depth leads to expect.

    Parameters
    ----------
    exp
        Experiment on any scale.
    contrast
        What is compared; with `paired_by` the test is taken within pairs.
        Batches do not enter it.
    depth
        Allow for samples that show more proteins than others, on the log odds
        scale; without it the tests are Fisher's and McNemar's mid-p tests.

    Returns
    -------
    DetectionTest
        Two-sided mid-p given how often a protein was detected in all, and the log
        odds ratio over that of depth alone, with half a count added to every
        cell, so that it stays finite under separation. A protein whose
        detections could not reach p = 0.05 however they fell is not tested, so
        that it does not burden the false discovery rate of the others.

    Raises
    ------
    InputError
        Imputed values, an absent column or level.

    Notes
    -----
    See :mod:`markerkit.stats.detection` and section 2 of ``docs/models.md``; mid-p is that of Lancaster (1961). With 3 against 3 of equal depth the
    smallest p is 0.05.

    Depth is taken to move the log odds of every protein alike. Where that
    holds, proteins detected in about half of the samples reject 3.1 to 4.9 % at a
    nominal 5 % in simulation (8 and 12 samples a group, odds of the groups 2.7
    and 7.4 fold apart). Where depth acts on some proteins more than on others
    (log slopes with a deviation of 0.4) it is up to 6.2 % at 2.7 fold, but 12 %
    at 7.4 fold: groups whose odds are more than 4 fold apart warn.

    Examples
    --------
    >>> import pandas as pd
    >>> import markerkit as mk
    >>> ev, cell = [f"ev_{i}" for i in range(5)], [f"cell_{i}" for i in range(5)]
    >>> nan = float("nan")
    >>> values = pd.DataFrame({"CD63": [8.0] * 5 + [nan] * 5, "ALB": 5.0, "ACTB": 9.0}, index=ev + cell)
    >>> exp = mk.Experiment(values, pd.DataFrame({"fraction": ["EV"] * 5 + ["lysate"] * 5}, index=ev + cell))
    >>> found = mk.detection_test(exp, mk.Contrast("fraction", "EV", "lysate"), depth=False).table.set_index("protein")
    >>> float(found.loc["CD63", "pvalue"].round(3)), found.loc["ALB", "status"]
    (0.004, 'not tested')
    """
    chosen = one_contrast(contrast)
    contrasts_of(exp, chosen)
    in_case, in_control = (exp.samples.index.isin(group) for group in chosen.groups(exp))
    detected = ~np.isnan(exp.matrix)
    a, b = detected[in_case], detected[in_control]
    if depth and len(a) + len(b) > MOST_SAMPLES:
        _warn(
            f"{len(a) + len(b)} samples are more than the {MOST_SAMPLES} for which depth can be allowed for exactly; "
            "the detection test goes without"
        )
        depth = False
    if chosen.paired_by is None:
        found = _unpaired(a, b, depth=depth)
    else:
        pair = as_factor(exp.samples[chosen.paired_by])
        found = _within_pairs(a, b, pair[in_case], pair[in_control], depth=depth)
    if exp.presence_known and max(found.depth_ratio, 1 / found.depth_ratio) > _UNEQUAL_DEPTH:
        _warn(
            f"the odds of detecting a protein are {found.depth_ratio:.2g} fold in {chosen.case!r} of those in {chosen.control!r}: "
            "where depth matters more for some proteins than for others, small p of the detection test are too many"
        )
    table = _table(exp, a, b, found).assign(contrast=chosen.name)
    params = {
        "condition": chosen.condition,
        "case": chosen.case,
        "control": chosen.control,
        "paired_by": chosen.paired_by,
        "depth": depth,
        "family": "proteins of a contrast",
    }
    return DetectionTest(TABLES["detection"].conform(table), params)


def _warn(text: str) -> None:
    warnings.warn(text, MarkerkitWarning, stacklevel=4)


@dataclass(frozen=True)
class _Found:
    """Test of every protein, log odds ratio over depth of shape (p,), and the odds of the case over the control."""

    test: Detected
    log_odds: Array
    depth_ratio: float


def _unpaired(a: BoolArray, b: BoolArray, *, depth: bool) -> _Found:
    detected = np.vstack([a, b])
    odds = sample_odds(detected) if depth else np.ones(len(detected))
    case = np.arange(len(detected)) < len(a)
    test = conditional_test(detected, case, odds)
    x, total, n, m = a.sum(axis=0), detected.sum(axis=0), len(a), len(b)

    def log_odds(x: npt.NDArray[Any]) -> Array:
        y = total - x
        return np.asarray(np.log((x + 0.5) * (m - y + 0.5) / ((n - x + 0.5) * (y + 0.5))))

    return _Found(test, log_odds(x) - log_odds(test.expected), _ratio(odds[case], odds[~case]))


def _within_pairs(a: BoolArray, b: BoolArray, pair_a: pd.Series, pair_b: pd.Series, *, depth: bool) -> _Found:
    """Pairs that have a sample in each group; of several samples one that shows the protein is enough."""
    pairs = sorted(set(pair_a.dropna()) & set(pair_b.dropna()))
    if not pairs:
        nothing = np.full(a.shape[1], np.nan)
        return _Found(Detected(nothing, nothing, nothing), nothing, 1.0)
    first, second = (
        np.array([group[(name == k).to_numpy()].any(axis=0) for k in pairs])
        for group, name in ((a, pair_a), (b, pair_b))
    )
    both = np.vstack([first, second])
    odds = sample_odds(both) if depth else np.ones(len(both))
    of_case, of_control = odds[: len(pairs)], odds[len(pairs) :]
    test = paired_test(first, second, (of_case, of_control))
    apart, alone = (first != second).sum(axis=0), (first & ~second).sum(axis=0)
    alone_expected = test.expected - (first & second).sum(axis=0)
    odds_found, odds_expected = ((k + 0.5) / (apart - k + 0.5) for k in (alone, alone_expected))
    return _Found(test, np.log(odds_found) - np.log(odds_expected), _ratio(of_case, of_control))


def _ratio(case: Array, control: Array) -> float:
    """Ratio of geometric means."""
    return float(np.exp(np.log(case).mean() - np.log(control).mean()))


def _table(exp: Experiment, a: BoolArray, b: BoolArray, found: _Found) -> pd.DataFrame:
    x, y, n, m = a.sum(axis=0), b.sum(axis=0), len(a), len(b)
    reason, informative = _why_not(exp, x + y, n + m, found.test)
    tested = reason == ""
    pvalue = np.where(tested, found.test.pvalue, np.nan)
    calls = np.select([_only_here(x, n, y), _only_here(y, m, x)], ["on", "off"], "")
    return pd.DataFrame(
        {
            "protein": exp.proteins.index,
            "gene": exp.proteins["gene"].to_numpy(),
            "accession": exp.proteins["accession"].to_numpy(),
            "n_case": x,
            "n_control": y,
            "total_case": n,
            "total_control": m,
            "expected_case": np.where(tested, found.test.expected, np.nan),
            "log_odds": found.log_odds,
            "pvalue": pvalue,
            "padj": bh(pvalue),
            "call": np.where(informative, calls, ""),
            "status": np.where(tested, "tested", "not tested"),
            "reason": reason,
        }
    )


def _only_here(here: npt.NDArray[Any], samples: int, elsewhere: npt.NDArray[Any]) -> BoolArray:
    """Proteins detected in enough samples of one group (two at least) and in none of the other."""
    often = load_criteria().threshold["presence_seen"] - 1e-12
    return np.asarray((here >= often * samples) & (here >= 2) & (elsewhere == 0))


def _why_not(
    exp: Experiment, detected: npt.NDArray[Any], samples: int, test: Detected
) -> tuple[npt.NDArray[np.object_], BoolArray]:
    """Why each protein is not tested, empty where it is; and where presence says something."""
    imputed = (
        "" if exp.presence_known else "less than 5 % missing: imputed or requantified, presence says nothing"
    )
    constant = (detected == 0) | (detected == samples)
    reason = np.where(constant, "detected in every sample or in none: nothing to test", imputed).astype(
        object
    )
    reason[(reason == "") & np.isnan(test.pvalue)] = "no pair has a sample in each group"
    informative = reason == ""
    out_of_reach = informative & (test.smallest > _PRESENCE_LEVEL + 1e-9)
    reason[out_of_reach] = f"no outcome of its detections could have p below {_PRESENCE_LEVEL:g}"
    return reason, informative
