"""Whether values are missing because they are small: missing against mean intensity."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from markerkit.catalog.criteria import load_criteria
from markerkit.core.experiment import Experiment

Array = npt.NDArray[np.float64]

FALLS = "falls with intensity"
RISES = "rises with intensity"
NONE_SEEN = "no dependence seen"
NOT_ASSESSABLE = "not assessable"
_BINS, _PER_BIN = 10, 20
_STEEPEST = 20.0  # log odds per log2 unit: a fit that goes on beyond has no finite optimum


@dataclass(frozen=True)
class Slope:
    """Change of the log odds of a missing value per doubling of the mean intensity."""

    value: float
    ci_low: float
    ci_high: float
    intercept: float


def missingness(exp: Experiment, own: pd.DataFrame) -> dict[str, Any]:
    """Say how missing values of a group depend on intensity.

    Parameters
    ----------
    exp
        The experiment, for whether a missing value says anything.
    own
        Log2 abundances of the group, samples x proteins.

    Returns
    -------
    Slope with its interval, the word for it and why it could not be computed or called.
    """
    slope, reason = None, _why_not(exp, own)
    if not reason:
        intensity, n_missing = _by_protein(own)
        slope = missing_slope(intensity, n_missing, len(own))
        reason = (
            "" if slope else "values are missing above or below one intensity only: the slope has no limit"
        )
    word, undecided = word_of(slope)
    return {
        "missing_slope": slope.value if slope else np.nan,
        "missing_slope_ci_low": slope.ci_low if slope else np.nan,
        "missing_slope_ci_high": slope.ci_high if slope else np.nan,
        "missing_values": word,
        "missing_reason": reason or undecided,
    }


def word_of(slope: Slope | None) -> tuple[str, str]:
    """Word for a slope and, where the interval decides nothing, why.

    The limit is the convention ``missing_slope``: the whole interval lies beyond it, or within.
    """
    if slope is None:
        return NOT_ASSESSABLE, ""
    limit = load_criteria().convention["missing_slope"]
    if slope.ci_high < -limit:
        return FALLS, ""
    if slope.ci_low > limit:
        return RISES, ""
    if -limit <= slope.ci_low and slope.ci_high <= limit:
        return NONE_SEEN, ""
    return NOT_ASSESSABLE, f"the interval of the slope reaches over the limit of {limit:g}"


def _why_not(exp: Experiment, own: pd.DataFrame) -> str:
    """Why missing values of the group say nothing; empty where they do."""
    if exp.scale == "ratio":
        return "ratios hold no intensity"
    if not exp.presence_known:
        return "imputed or requantified matrix"
    if len(own) < 2:
        return "one sample in the group"
    need = int(load_criteria().convention["missing_min_values"])
    _, n_missing = _by_protein(own)
    missing, measured = int(n_missing.sum()), int(own.notna().to_numpy().sum())
    if min(missing, measured) < need:
        return f"{missing} missing and {measured} measured values in proteins of the group; {need} of each needed"
    return ""


def _by_protein(own: pd.DataFrame) -> tuple[Array, Array]:
    """Mean log2 intensity and number of missing values of each protein that the group measured."""
    values = own.to_numpy(dtype=float)
    n = (~np.isnan(values)).sum(axis=0)
    seen = n > 0
    return np.asarray(np.nansum(values[:, seen], axis=0) / n[seen]), np.asarray(
        len(own) - n[seen], dtype=float
    )


def missing_slope(intensity: Array, n_missing: Array, n_samples: int) -> Slope | None:
    """Fit the log odds of a missing value against intensity.

    Parameters
    ----------
    intensity
        Mean log2 intensity of each protein over the samples that measured it.
    n_missing
        Samples of the group in which it is missing.
    n_samples
        Samples of the group.

    Returns
    -------
    Slope or None
        Binomial regression, its error widened by the dispersion where proteins vary more than samples drawn
        independently (quasi-likelihood; McCullagh and Nelder 1989). None without a finite slope.

    Notes
    -----
    Proteins that no sample of the group measured have no intensity and do not enter. Values that are missing at
    random leave a slope of 0 all the same, because the chance to be left out is then that of every protein.
    """
    from scipy.stats import norm
    from statsmodels.genmod.families import Binomial
    from statsmodels.genmod.generalized_linear_model import GLM

    middle = float(intensity.mean())
    design = np.column_stack([np.ones(len(intensity)), intensity - middle])
    counts = np.column_stack([n_missing, n_samples - n_missing])
    if len(np.unique(intensity)) < 3:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a fit without a finite optimum is recognized by its slope
        fit = GLM(counts, design, family=Binomial()).fit()
        slope = float(fit.params[1])
        dispersion = max(1.0, float(fit.pearson_chi2) / max(len(intensity) - 2, 1))
        error = float(fit.bse[1]) * np.sqrt(dispersion)
    if not (np.isfinite(slope) and np.isfinite(error) and abs(slope) < _STEEPEST):
        return None
    reach = float(norm.ppf(0.5 + load_criteria().threshold["confidence"] / 2)) * error
    return Slope(slope, slope - reach, slope + reach, float(fit.params[0]) - slope * middle)


def missing_by_intensity(own: pd.DataFrame, group: str) -> pd.DataFrame:
    """Share of missing values in bins of equally many proteins by mean intensity.

    Parameters
    ----------
    own
        Log2 abundances of the group, samples x proteins.
    group
        Its name.

    Returns
    -------
    Rows of the table ``missing_by_intensity``; none for fewer than two samples or proteins.
    """
    intensity, n_missing = _by_protein(own)
    if len(own) < 2 or len(intensity) < 2:
        return pd.DataFrame()
    order = np.argsort(intensity, kind="stable")
    parts = np.array_split(order, int(np.clip(len(order) // _PER_BIN, 1, _BINS)))
    return pd.DataFrame(
        {
            "group": group,
            "bin": np.arange(1, len(parts) + 1),
            "log2_from": [intensity[p].min() for p in parts],
            "log2_median": [np.median(intensity[p]) for p in parts],
            "log2_to": [intensity[p].max() for p in parts],
            "n_proteins": [len(p) for p in parts],
            "n_values": [len(p) * len(own) for p in parts],
            "n_missing": [int(n_missing[p].sum()) for p in parts],
            "missing": [float(n_missing[p].mean()) / len(own) for p in parts],
        }
    )
