"""Preprocessing verbs: log2, filter_detected, normalize, collapse_replicates."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from markerkit._checks import InputError, one_of, require_columns
from markerkit.experiment import Experiment

NORMALIZATIONS = ("median", "reference", "none")


def log2(exp: Experiment) -> Experiment:
    """Take the base-2 logarithm.

    Parameters
    ----------
    exp
        Experiment on the raw scale. A zero is taken as missing, not as a value.

    Raises
    ------
    InputError
        An experiment that is not on the raw scale.
    """
    if exp.scale != "raw":
        raise InputError(f"log2 needs the raw scale; this experiment is on the {exp.scale} scale already.")
    values = exp.values
    zeros = int((values == 0).to_numpy().sum())
    positive = values.where(values > 0)
    logs = pd.DataFrame(np.log2(positive.to_numpy()), index=values.index, columns=values.columns)
    return exp.evolve("log2", {"n_zero_to_missing": zeros}, values=logs, scale="log2")


def filter_detected(exp: Experiment, *, min_fraction: float = 0.5, by: str | None = None) -> Experiment:
    """Keep the proteins seen in at least `min_fraction` of the samples of one group.

    Parameters
    ----------
    exp
        Experiment.
    min_fraction
        Share of the samples, 0 to 1.
    by
        Sample column of the groups; all samples are one group without it.

    Returns
    -------
    Experiment
        Without decoys and rarely seen proteins; the history says how many.

    Raises
    ------
    InputError
        A share outside 0 to 1, an absent column, no protein left.
    """
    if not 0 <= min_fraction <= 1:
        raise InputError(f"`min_fraction` must lie between 0 and 1; got {min_fraction!r}.")
    seen = exp.values.notna()
    if by is not None:
        require_columns(exp.samples, [by], what="the sample sheet")
        groups = exp.samples[by].astype(str).to_numpy()
    else:
        groups = np.zeros(exp.n_samples, dtype=int)
    share = seen.groupby(groups).mean()
    often = (share >= min_fraction - 1e-12).any(axis=0) & seen.any(axis=0)
    decoy = exp.proteins["is_decoy"].astype(bool)
    keep = often & ~decoy
    if not keep.any():
        raise InputError(
            f"no protein is seen in {100 * min_fraction:g} % of the samples of one group; lower `min_fraction`."
        )
    params = {
        "min_fraction": min_fraction,
        "by": by,
        "n_kept": int(keep.sum()),
        "n_rarely_seen": int((~often & ~decoy).sum()),
        "n_decoys": int(decoy.sum()),
    }
    kept = keep.index[keep]
    return exp.evolve(
        "filter_detected", params, values=exp.values.loc[:, kept], proteins=exp.proteins.loc[kept]
    )


def normalize(
    exp: Experiment, *, method: str = "median", reference: Iterable[str] | None = None
) -> Experiment:
    """Shift every sample by a constant.

    Parameters
    ----------
    exp
        Experiment on the log2 or ratio scale.
    method
        ``"median"`` brings the medians of the proteins seen in every sample
        (of all proteins, where fewer than 50 are) to their mean;
        ``"reference"`` does so for the genes in `reference`; ``"none"`` does
        nothing.
    reference
        Genes of the reference set.

    Raises
    ------
    InputError
        The raw scale, an unknown method, a reference with another method than
        ``"reference"``, a reference of which fewer than three genes are
        measured in every sample.
    """
    one_of("method", method, NORMALIZATIONS)
    if reference is not None and method != "reference":
        raise InputError(f"`reference` belongs to method='reference'; got method={method!r}.")
    if isinstance(reference, str):
        raise InputError(f"`reference` must be several genes; got the one text {reference!r}.")
    if exp.scale == "raw":
        raise InputError("normalize needs the log2 scale; call log2 first.")
    if method == "none":
        return exp.evolve("normalize", {"method": method})
    values = exp.values
    chosen = _reference_values(exp, reference) if method == "reference" else values
    complete = chosen.loc[:, chosen.notna().all(axis=0)]
    if method == "median" and complete.shape[1] < 50:
        complete = chosen
    center = complete.median(axis=1)
    shift = center - center.mean()
    params = {"method": method, "shift": {str(k): round(float(v), 6) for k, v in shift.items()}}
    return exp.evolve("normalize", params, values=values.sub(shift.fillna(0.0), axis=0))


def _reference_values(exp: Experiment, reference: Iterable[str] | None) -> pd.DataFrame:
    if reference is None:
        raise InputError("method='reference' needs `reference`, the genes that are taken as unchanged.")
    genes = set(reference)
    inside = exp.values.loc[:, exp.proteins["gene"].isin(genes).to_numpy()]
    complete = inside.loc[:, inside.notna().all(axis=0)]
    if complete.shape[1] < 3:
        raise InputError(
            f"{complete.shape[1]} of the {len(genes)} reference genes are measured in every sample; at least 3 are needed."
        )
    return complete


def collapse_replicates(exp: Experiment, by: str) -> Experiment:
    """Average technical replicates, so that each biological unit counts once.

    Parameters
    ----------
    exp
        Experiment.
    by
        Sample column of the unit.

    Returns
    -------
    Experiment
        One sample a unit: the mean of the measured values on the scale of the
        experiment, so that linear signal stays additive (a zero on the raw
        scale is taken as missing). Sample columns that differ within a unit
        are left out; the history names them.

    Raises
    ------
    InputError
        An absent column, a sample without a unit.

    Examples
    --------
    >>> import pandas as pd
    >>> from markerkit import Experiment
    >>> values = pd.DataFrame({"CD63": [2.0, 4.0, 5.0]}, index=["a_1", "a_2", "b_1"])
    >>> exp = Experiment(values, pd.DataFrame({"unit": ["a", "a", "b"]}, index=values.index))
    >>> collapse_replicates(exp, "unit").values["CD63"].to_dict()
    {'a': 3.0, 'b': 5.0}
    """
    require_columns(exp.samples, [by], what="the sample sheet")
    unit = exp.samples[by]
    empty = unit.isna() | (unit.astype(str).str.strip() == "")
    if empty.any():
        raise InputError(f"`{by}` is empty for sample {unit.index[empty][0]!r}; give every sample a unit.")
    unit = unit.astype(str)
    values = exp.values
    if exp.scale == "raw":
        values = values.where(values > 0)
    means = values.groupby(unit.to_numpy(), sort=False).mean()
    samples = exp.samples
    grouped = samples.groupby(unit.to_numpy(), sort=False)
    constant = [c for c in samples.columns if (grouped[c].nunique(dropna=False) <= 1).all()]
    collapsed = grouped[constant].first().loc[means.index]
    params = {"by": by, "n_samples": exp.n_samples, "n_units": len(means)}
    params["columns_left_out"] = [c for c in samples.columns if c not in constant]
    return exp.evolve("collapse_replicates", params, values=means, samples=collapsed)
