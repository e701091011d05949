"""Tests of single proteins on a fitted model: rows of the table `differential_abundance`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import ndtri, stdtr, stdtrit

from markerkit.catalog.criteria import load_criteria
from markerkit.stats.background import trimmed_background
from markerkit.stats.combined import Arms, Combined, combined_test
from markerkit.stats.detection import MOST_SAMPLES, sample_odds
from markerkit.stats.ebayes import Moderated, log_odds, treat, two_sided
from markerkit.stats.fdr import bh
from markerkit.stats.linear import LinearFit
from markerkit.stats.summed import SummedFit
from markerkit.study.formula import Design

Array = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.int_]
TextArray = npt.NDArray[np.object_]

_CONFIDENCE = 0.95  # of the interval of a protein's effect
_ONE_GROUP = 2  # detections in one of the groups without which presence says nothing


@dataclass(frozen=True)
class Testing:
    """How proteins are tested.

    Parameters
    ----------
    lfc
        Absolute log2 effect that has to be exceeded.
    min_values
        Values that each group needs.
    background
        Proteins taken as unchanged, shape (p,); nothing where there are none.
    groups
        Names of case and control in reasons.
    case
        The case samples, shape (n,), where detections are tested with the values; nothing where they are not.
    kept
        Detections in case and control, one of which every protein of the experiment has.
    """

    lfc: float
    min_values: int
    background: BoolArray | None
    groups: tuple[str, str]
    case: BoolArray | None = None
    kept: tuple[int, int] = (0, 0)


@dataclass(frozen=True)
class Tested:
    """A contrast of the model over its proteins.

    Parameters
    ----------
    design, name, vector
        Of the contrast.
    model, moderated
        The fit.
    counted
        Values of each protein in the samples that pull the contrast up and down, where they were counted
        before; a model from sums does not hold the values.
    """

    design: Design
    name: str
    vector: Array
    model: LinearFit | SummedFit
    moderated: Moderated
    counted: tuple[IntArray, IntArray] | None = None

    @property
    def measured(self) -> tuple[IntArray, IntArray]:
        """Values of each protein in the samples that pull the contrast up, and in those that pull it down."""
        if self.counted is not None:
            return self.counted
        if not isinstance(self.model, LinearFit):  # pragma: no cover - counted with the sums
            raise TypeError
        return groups_of(self.model, self.design, self.vector)

    @property
    def sides(self) -> tuple[BoolArray, BoolArray]:
        """Samples that pull the contrast up and down; one of them is empty for an intercept."""
        return sides_of(self.design, self.vector)

    def center(self, proteins: BoolArray | None) -> float:
        """Trimmed mean effect of proteins taken as unchanged; 0 where they are too few, or none were named."""
        if proteins is None or not isinstance(self.model, LinearFit):
            return 0.0
        effect, influence, variance = self.model.influence(self.vector)
        chosen = proteins & np.isfinite(effect) & np.isfinite(variance) & (self.model.df_residual > 0)
        if chosen.sum() < load_criteria().convention["min_background"]:
            return 0.0
        return trimmed_background(effect[chosen], influence[:, chosen]).effect


def protein_table(
    proteins: pd.DataFrame, of: Tested, how: Testing
) -> tuple[dict[str, npt.NDArray[Any]], float]:
    """Columns of the table `differential_abundance` of one contrast, and the effect of the background.

    Parameters
    ----------
    proteins
        Annotation.
    of
        The contrast.
    how
        How it is tested.
    """
    center = of.center(how.background)
    tested = _tests(of, center, how.lfc)
    n_case, n_control = of.measured
    few = too_few(of, how)
    why = _why_not(of, tested["log2_fc"])
    for name in ("log2_fc_over_background", "se", "ci_low", "ci_high", "t", "df", "pvalue", "b"):
        tested[name][few] = np.nan
    both = _with_detections(of, tested, how)
    untested = ~np.isfinite(both["pvalue"])
    reason = np.where(untested, why, "")
    low = untested & (of.model.n_obs > 0) & (few if how.case is None else untested)
    words = _counted if how.case is None else _too_rare
    counts = [
        np.where(group.any(), n, how.min_values)
        for n, group in zip((n_case, n_control), of.sides, strict=True)
    ]
    reason[low] = [words(a, b, how) for a, b in zip(counts[0][low], counts[1][low], strict=True)]
    return {
        "contrast": np.full(len(reason), of.name, dtype=object),
        "protein": proteins.index.to_numpy(object),
        "gene": proteins["gene"].to_numpy(object),
        "accession": proteins["accession"].to_numpy(object),
        **tested,
        **both,
        "padj": bh(both["pvalue"]),
        "mean_log2": of.model.mean,
        "n_case": n_case,
        "n_control": n_control,
        "status": _worded(reason == "", ("not tested", "tested")),
        "reason": reason,
    }, center


def too_few(of: Tested, how: Testing) -> BoolArray:
    """Proteins with fewer values in a group of the contrast than a test needs, shape (p,)."""
    short = [n < how.min_values for n, group in zip(of.measured, of.sides, strict=True) if group.any()]
    none = np.zeros(len(of.model.n_obs), dtype=bool)
    return np.asarray(np.logical_or.reduce([none, *short]))


def _tests(of: Tested, center: float, lfc: float) -> dict[str, Array]:
    """Effect, error and test on the measured values; missing where a protein cannot be tested."""
    moderated = of.moderated
    effect, unscaled = of.model.contrast(of.vector)
    over = effect - center
    df = moderated.df_total
    finite = np.isfinite(effect) & (df > 0) & np.isfinite(moderated.variance)
    se = unscaled * np.sqrt(np.where(finite, moderated.variance, np.nan))
    t = np.divide(over, se, out=np.full(len(se), np.nan), where=se > 0)
    levels, level = np.unique(df, return_inverse=True)
    half = stdtrit(levels, 0.5 + _CONFIDENCE / 2)[level] * se
    ok = np.isfinite(t)
    odds, pvalue = np.full(len(t), np.nan), np.full(len(t), np.nan)
    if lfc > 0:
        with np.errstate(invalid="ignore", divide="ignore"):
            t, pvalue = treat(over, se, df, lfc)
        t[~ok], pvalue[~ok] = np.nan, np.nan
    elif ok.any():
        pvalue[ok] = two_sided(t[ok], df[ok])
        odds[ok] = log_odds(t[ok], unscaled[ok], Moderated(moderated.prior, moderated.variance[ok], df[ok]))
    columns = {"log2_fc": effect, "log2_fc_over_background": over, "se": se}
    columns |= {"ci_low": over - half, "ci_high": over + half}
    return columns | {"t": t, "df": np.where(ok, df, np.nan), "pvalue": pvalue, "b": odds}


def _with_detections(of: Tested, tested: dict[str, Array], how: Testing) -> dict[str, npt.NDArray[Any]]:
    """P-value of a protein, the parts that it joins, its direction, and what it rests on."""
    alone, sign = tested["pvalue"], np.sign(tested["log2_fc_over_background"])
    found = Combined(alone, np.full(len(alone), np.nan), np.where(np.isfinite(alone), sign, np.nan))
    if how.case is not None:
        found = _combined(of, tested, how)
    by_value, by_detection = np.isfinite(alone), np.isfinite(found.detection)
    rests = by_value + 2 * by_detection
    way = (found.score > 0) + 2 * (found.score < 0)
    return {
        "pvalue": found.pvalue,
        "direction": _worded(way, ("", "up", "down")),
        "based_on": _worded(rests, ("", "values", "detections", "values and detections")),
        "pvalue_values": alone,
        "pvalue_detections": found.detection,
    }


def _combined(of: Tested, tested: dict[str, Array], how: Testing) -> Combined:
    """Test values and detections together."""
    case = how.case
    if case is None or not isinstance(of.model, LinearFit):  # pragma: no cover - the caller has looked
        raise AssertionError
    seen = ~np.isnan(of.model.values)
    t, df = tested["t"], tested["df"]
    with np.errstate(invalid="ignore"):
        tail = np.clip(stdtr(df, -np.abs(t)), 1e-300, 0.5)
    need = max(_ONE_GROUP, how.min_values)
    complete = np.linalg.pinv(of.design.matrix.to_numpy()).T @ of.vector
    arms = Arms(
        case,
        sample_odds(seen) if len(seen) <= MOST_SAMPLES else np.ones(len(seen)),
        fewest=(max(need, how.kept[0]), max(need, how.kept[1])),
        fewest_values=(how.min_values, how.min_values),
    )
    scale = float(np.sqrt(complete @ complete)) * np.sqrt(of.moderated.variance)
    return combined_test(-np.sign(t) * ndtri(tail), scale, of.model.mean, seen, arms)


def sides_of(design: Design, vector: Array) -> tuple[BoolArray, BoolArray]:
    """Mark the samples that pull a contrast up and down, each of shape (n,); one of them is empty for an intercept."""
    pull = np.linalg.pinv(design.matrix.to_numpy()).T @ vector
    tolerance = 1e-9 * np.abs(pull).max()
    return pull > tolerance, pull < -tolerance


def groups_of(model: LinearFit, design: Design, vector: Array) -> tuple[IntArray, IntArray]:
    """Values of each protein in the samples that pull the contrast up, and in those that pull it down."""
    both = []
    for group in sides_of(design, vector):
        counts = np.full(model.values.shape[1], int(group.sum()))
        if len(model.own):
            counts[model.own] = (~np.isnan(model.values[np.ix_(group, model.own)])).sum(axis=0)
        both.append(counts)
    return both[0], both[1]


def _why_not(of: Tested, effect: Array) -> TextArray:
    """Say why each protein has no test on its measured values, in case it has none."""
    moderated = of.moderated
    causes = {
        "never measured": of.model.n_obs == 0,
        "the contrast is not estimable from its measured values": ~np.isfinite(effect),
        "no number of peptides or spectra": np.isnan(moderated.prior.variance),
        "no residual degrees of freedom": ~(of.model.df_residual > 0),
    }
    which = np.select(list(causes.values()), range(len(causes)), len(causes))
    return _worded(which, (*causes, "no variance"))


def _worded(which: npt.NDArray[Any], words: tuple[str, ...]) -> TextArray:
    """Text of each protein out of a few, by its number; quicker than a choice among texts of fixed width."""
    return np.array(words, dtype=object)[which.astype(np.intp)]


def _counted(n_case: int, n_control: int, how: Testing) -> str:
    """Name the groups with too few values: `1 value in EV; 2 are needed`."""
    counts = zip((n_case, n_control), how.groups, strict=True)
    short = [f"{n} {'value' if n == 1 else 'values'} in {name}" for n, name in counts if n < how.min_values]
    return f"{' and '.join(short)}; {how.min_values} {'is' if how.min_values == 1 else 'are'} needed"


def _too_rare(n_case: int, n_control: int, how: Testing) -> str:
    """Say which detections a protein lacks that neither its values nor its detections can test."""
    need, (case, control) = max(_ONE_GROUP, how.min_values), how.groups
    return f"{n_case} and {n_control} detections in {case} and {control}; {need} in one of them are needed"
