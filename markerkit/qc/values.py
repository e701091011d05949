"""What was measured in each sample and group: depth, intensities, missing values and their spread."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from markerkit.catalog.criteria import load_criteria
from markerkit.core.experiment import Experiment
from markerkit.qc.correlation import Pairs, pairs_of
from markerkit.qc.missingness import missing_by_intensity, missingness
from markerkit.study.roles import SAMPLE, roles_of
from markerkit.tables.registry import TABLES
from markerkit.tables.spec import concat_rows

Array = npt.NDArray[np.float64]

#: columns of the table `sample_values` -> quantile of the log2 abundances
QUANTILES: dict[str, float] = {"q05": 0.05, "q25": 0.25, "median": 0.5, "q75": 0.75, "q95": 0.95}
_ONE_SAMPLE = "one sample in the group"
_NO_GROUPS = "no groups were named: spread over all samples, replicates or not"


@dataclass(frozen=True)
class MeasuredValues:
    """Tables on the values as they were read, before normalization.

    Attributes
    ----------
    samples, groups, correlation, missing
        Tables ``sample_values``, ``group_values``, ``replicate_correlation`` and ``missing_by_intensity``.
    """

    samples: pd.DataFrame
    groups: pd.DataFrame
    correlation: pd.DataFrame
    missing: pd.DataFrame


def measured_values(exp: Experiment, groups: pd.Series, *, named: bool) -> MeasuredValues:
    """Describe the values of every sample and group of samples.

    Parameters
    ----------
    exp
        Experiment before normalization.
    groups
        Group of every sample; blanks and medium are groups by themselves.
    named
        False where all samples stand in one group because none was named.

    Returns
    -------
    MeasuredValues
        Decoys are left out of all tables, flagged contaminants of all but the count of proteins.

    Notes
    -----
    Only measured values count: nothing is imputed or normalized. Samples that differ in load differ here as well.
    """
    role = roles_of(exp)
    logs = exp.logged().values
    contaminant = exp.proteins["is_contaminant"].to_numpy(dtype=bool)
    own = logs.loc[:, exp.targets & ~contaminant]
    pairs = pairs_of(own)
    rows, bins = [], []
    seen = own.loc[(role == SAMPLE).to_numpy()].notna().any().to_numpy()
    for name, members in groups.groupby(groups, sort=False):
        inside = groups.index.isin(members.index)
        rows.append(
            {"group": str(name), "role": role[inside].iloc[0]}
            | _presence(own.loc[inside, seen])
            | _variation(exp, own.loc[inside], named=named)
            | _similarity(pairs, inside, (role == SAMPLE).to_numpy())
            | missingness(exp, own.loc[inside])
        )
        bins.append(missing_by_intensity(own.loc[inside], str(name)))
    return MeasuredValues(
        TABLES["sample_values"].conform(_samples(exp, logs, own, groups)),
        TABLES["group_values"].conform(pd.DataFrame(rows)),
        TABLES["replicate_correlation"].conform(pairs.table(groups)),
        TABLES["missing_by_intensity"].conform(concat_rows(bins)),
    )


def _samples(exp: Experiment, logs: pd.DataFrame, own: pd.DataFrame, groups: pd.Series) -> pd.DataFrame:
    """Count proteins and take quantiles of the log2 abundances, sample by sample."""
    count = own.notna().sum(axis=1).to_numpy()
    with_all = logs.loc[:, exp.targets].notna().sum(axis=1).to_numpy()
    values = own.to_numpy()
    found = np.full((len(QUANTILES), len(own)), np.nan)
    for i in np.flatnonzero(count):
        found[:, i] = np.quantile(values[i][~np.isnan(values[i])], list(QUANTILES.values()))
    return pd.DataFrame(
        {
            "sample": own.index,
            "role": roles_of(exp).to_numpy(),
            "group": groups.to_numpy(),
            "n_proteins": with_all,
            "n_without_contaminants": count,
            "n_set": own.shape[1],
            "missing": 1 - count / own.shape[1] if own.shape[1] else np.nan,
            "status": np.where(count > 0, "measured", "no value"),
            "reason": np.where(count > 0, "", "the sample has no value"),
        }
        | dict(zip(QUANTILES, found, strict=True))
    )


def _presence(own: pd.DataFrame) -> dict[str, Any]:
    """Count proteins seen in all, some and none of the samples of a group, of those seen in the study."""
    n = own.notna().sum().to_numpy()
    cells = own.size
    return {
        "n_samples": len(own),
        "n_proteins": own.shape[1],
        "n_in_all": int((n == len(own)).sum()),
        "n_in_some": int(((n > 0) & (n < len(own))).sum()),
        "n_in_none": int((n == 0).sum()),
        "missing": 1 - n.sum() / cells if cells else np.nan,
    }


def variation(values: Array, *, logs: bool) -> Array:
    """Coefficient of variation of every protein.

    Parameters
    ----------
    values
        Samples x proteins, NaN where missing: linear abundances or, with `logs`, log2 values.
    logs
        Take the standard deviation s of the natural logarithms, as of a log-normal variable: sqrt(exp(s^2) - 1).

    Returns
    -------
    One value per protein (0.2 is 20 %); NaN with fewer measured values than the convention ``cv_min_values``.

    Examples
    --------
    >>> variation(np.array([[1.0], [2.0], [3.0]]), logs=False)
    array([0.5])
    >>> variation(np.array([[1.0], [1.0], [1.0]]), logs=True)
    array([0.])
    """
    enough = (~np.isnan(values)).sum(axis=0) >= load_criteria().convention["cv_min_values"]
    found = np.full(values.shape[1], np.nan)
    if not enough.any():
        return found
    kept = values[:, enough]
    sd = np.nanstd(kept, axis=0, ddof=1)
    if logs:
        # an sd of 38 log2 units is no spread of replicates; beyond, the exponential leaves the range of a float
        found[enough] = np.sqrt(np.expm1(np.minimum((np.log(2) * sd) ** 2, 700)))
    else:
        found[enough] = sd / np.nanmean(kept, axis=0)
    return found


def _variation(exp: Experiment, own: pd.DataFrame, *, named: bool) -> dict[str, Any]:
    """Median and quartiles of the coefficients of variation of a group."""
    linear = exp.scale == "raw"
    values = np.exp2(own.to_numpy()) if linear else own.to_numpy()
    cv = variation(values, logs=not linear)
    cv = cv[~np.isnan(cv)]
    need = int(load_criteria().convention["cv_min_values"])
    reason = "" if named else _NO_GROUPS
    if not len(cv):
        few = f"no protein has the {need} values that a coefficient of variation takes"
        reason = _ONE_SAMPLE if len(own) == 1 else few
    quartiles = np.quantile(cv, [0.25, 0.5, 0.75]) if len(cv) else np.full(3, np.nan)
    return {
        "n_cv": len(cv),
        "cv_median": quartiles[1],
        "cv_q25": quartiles[0],
        "cv_q75": quartiles[2],
        "cv_basis": "linear values" if linear else "sd of log values",
        "cv_reason": reason,
    }


def _similarity(
    pairs: Pairs, inside: npt.NDArray[np.bool_], is_sample: npt.NDArray[np.bool_]
) -> dict[str, Any]:
    """Correlations within a group, and with the other preparations."""
    within = pairs.r[np.ix_(inside, inside)][np.triu_indices(int(inside.sum()), 1)]
    between = pairs.r[np.ix_(inside, ~inside & is_sample)].ravel()
    within, between = within[~np.isnan(within)], between[~np.isnan(between)]
    why = _ONE_SAMPLE if inside.sum() == 1 else "" if len(within) else pairs.too_few
    return {
        "r_within": np.median(within) if len(within) else np.nan,
        "r_within_lowest": within.min() if len(within) else np.nan,
        "r_between": np.median(between) if len(between) else np.nan,
        "r_reason": why,
    }
