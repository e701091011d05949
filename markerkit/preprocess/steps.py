"""Preprocessing verbs: log2, filter_detected, normalize, collapse_replicates, impute."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from numbers import Integral, Real

import numpy as np
import numpy.typing as npt
import pandas as pd

from markerkit.core.errors import InputError, MarkerkitWarning, listed, one_of, require_columns, whole_number
from markerkit.core.experiment import Experiment
from markerkit.core.factors import as_factor
from markerkit.core.matrix import among
from markerkit.stats import impute as kernels

Array = npt.NDArray[np.float64]

NORMALIZATIONS = ("median", "reference", "none")
_ENOUGH_COMPLETE = (
    50  # proteins measured in every sample, from which their median is taken as the middle of a sample
)


@dataclass(frozen=True)
class Option:
    """An option of an imputation: its default and the range it may have; a whole number where the default is one."""

    default: float
    smallest: float
    largest: float = np.inf


@dataclass(frozen=True)
class Imputation:
    """A way to impute.

    Parameters
    ----------
    kernel
        (values, options) -> center and spread of what a missing value is drawn from.
    options
        Option by name.
    min_values
        Values that a sample must have.
    """

    kernel: Callable[..., tuple[Array, Array]]
    options: Mapping[str, Option]
    min_values: int = 1


#: name -> imputation
IMPUTATIONS: dict[str, Imputation] = {
    "minprob": Imputation(
        kernels.downshift, {"shift": Option(1.8, 0), "width": Option(0.3, 0)}, min_values=2
    ),
    "mindet": Imputation(kernels.low_quantile, {"quantile": Option(0.01, 0, 1)}),
    "knn": Imputation(kernels.nearest, {"k": Option(10, 1)}),
}


def log2(exp: Experiment) -> Experiment:
    """Take the base-2 logarithm.

    Parameters
    ----------
    exp
        Experiment on the raw scale.

    Returns
    -------
    Experiment
        On the log2 scale.

    Raises
    ------
    InputError
        An experiment that is not on the raw scale.

    Examples
    --------
    >>> import pandas as pd
    >>> import markerkit as mk
    >>> mk.log2(mk.Experiment(pd.DataFrame({"CD63": [8.0, 2.0]}, index=["ev", "cell"]))).values["CD63"].tolist()
    [3.0, 1.0]
    """
    if exp.scale != "raw":
        raise InputError(f"log2 needs the raw scale; this experiment is on the {exp.scale} scale already.")
    return exp.logged()


def filter_detected(exp: Experiment, *, min_fraction: float = 0.5, by: str | None = None) -> Experiment:
    """Keep the proteins measured in at least `min_fraction` of the samples of one group.

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
        Without decoys and rarely measured proteins; the history says how many.

    Raises
    ------
    InputError
        A share outside 0 to 1, imputed values, an absent column, no protein left.

    Examples
    --------
    >>> import pandas as pd
    >>> import markerkit as mk
    >>> nan = float("nan")
    >>> exp = mk.Experiment(pd.DataFrame({"CD63": [8.0, 7.0, 9.0], "CD9": [nan, nan, 5.0]}, index=["ev_1", "ev_2", "ev_3"]))
    >>> list(mk.filter_detected(exp).values.columns)
    ['CD63']
    """
    if not 0 <= min_fraction <= 1:
        raise InputError(f"`min_fraction` must lie between 0 and 1; got {min_fraction!r}.")
    exp.refuse_imputed()
    measured = exp.values.notna()
    if by is not None:
        require_columns(exp.samples, [by], what="the sample sheet")
        groups = exp.samples[by].astype(str).to_numpy()
    else:
        groups = np.zeros(exp.n_samples, dtype=int)
    share = measured.groupby(groups).mean()
    often = (share >= min_fraction - 1e-12).any(axis=0) & measured.any(axis=0)
    decoy = ~exp.targets
    keep = often & ~decoy
    if not keep.any():
        raise InputError(
            f"no protein is measured in {100 * min_fraction:g} % of the samples of one group; lower `min_fraction`."
        )
    params = {
        "min_fraction": min_fraction,
        "by": by,
        "n_kept": int(keep.sum()),
        "n_rarely_measured": int((~often & ~decoy).sum()),
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
        ``"median"`` brings the medians of the proteins measured in every sample
        (of all proteins, where fewer than 50 are) to their mean;
        ``"reference"`` does so for the genes in `reference`; ``"none"`` does
        nothing.
    reference
        Genes of the reference set.

    Returns
    -------
    Experiment
        On the same scale; the history holds the shift of every sample.

    Raises
    ------
    InputError
        The raw scale, imputed values, an unknown method, a reference with another method than
        ``"reference"``, a reference of which fewer than three genes are
        measured in every sample.

    Examples
    --------
    >>> import pandas as pd
    >>> import markerkit as mk
    >>> values = pd.DataFrame({"CD63": [5.0, 3.0], "ACTB": [8.0, 6.0], "ALB": [2.0, 1.0]}, index=["ev", "cell"])
    >>> mk.normalize(mk.Experiment(values, scale="log2")).values["ACTB"].tolist()
    [7.0, 7.0]
    """
    one_of("method", method, NORMALIZATIONS)
    if reference is not None and method != "reference":
        raise InputError(f"`reference` belongs to method='reference'; got method={method!r}.")
    if isinstance(reference, str):
        raise InputError(f"`reference` must be several genes; got the one text {reference!r}.")
    if exp.scale == "raw":
        raise InputError("normalize needs the log2 scale; call log2 first.")
    exp.refuse_imputed()
    if method == "none":
        return exp.evolve("normalize", {"method": method})
    values = exp.values
    chosen = _reference_values(exp, reference) if method == "reference" else values
    if method == "median":
        chosen = chosen.loc[:, centered_proteins(exp)]
    center = center_of(chosen)
    shift = center - center.mean()
    params = {"method": method, "shift": {str(k): round(float(v), 6) for k, v in shift.items()}}
    return exp.evolve("normalize", params, values=values.sub(shift.fillna(0.0), axis=0))


def centered_proteins(exp: Experiment) -> npt.NDArray[np.bool_]:
    """Proteins whose median is the middle of a sample, shape (p,): those that every sample measured, or all."""
    found = exp.detection
    complete = found.n_measured == found.n_samples
    return complete if complete.sum() >= _ENOUGH_COMPLETE else np.ones(len(complete), dtype=bool)


def center_of(values: pd.DataFrame) -> pd.Series:
    """Middle of every sample: the median of its measured values, samples x proteins."""
    return values.median(axis=1)


def _reference_values(exp: Experiment, reference: Iterable[str] | None) -> pd.DataFrame:
    if reference is None:
        raise InputError("method='reference' needs `reference`, the genes that are taken as unchanged.")
    genes = set(reference)
    chosen = exp.values.loc[:, among(exp.proteins["gene"], genes)]
    complete = chosen.loc[:, chosen.notna().all(axis=0)]
    if complete.shape[1] < 3:
        raise InputError(
            f"{complete.shape[1]} of the {len(genes)} reference genes are measured in every sample; at least 3 are needed."
        )
    return complete


def collapse_replicates(exp: Experiment, by: str, *, within: str | Iterable[str] | None = None) -> Experiment:
    """Average technical replicates, so that each biological unit counts once.

    Parameters
    ----------
    exp
        Experiment.
    by
        Sample column of the unit.
    within
        Sample columns of the groups: samples that share a value of `by` but lie
        in different groups are units of their own. An empty list says that
        there are no groups.

    Returns
    -------
    Experiment
        One sample per unit: the mean of the measured values on the scale of the
        experiment, so that linear signal stays additive. Sample columns that differ within a unit
        are left out; the history names them.

    Raises
    ------
    InputError
        Imputed values, an absent column, a sample without a unit.

    Warns
    -----
    MarkerkitWarning
        Samples were averaged that differ in another column, and `within` was
        not given: one of the columns may hold the groups.

    Examples
    --------
    >>> import pandas as pd
    >>> from markerkit import Experiment
    >>> values = pd.DataFrame({"CD63": [2.0, 4.0, 5.0]}, index=["a_1", "a_2", "b_1"])
    >>> exp = Experiment(values, pd.DataFrame({"unit": ["a", "a", "b"]}, index=values.index))
    >>> collapse_replicates(exp, "unit").values["CD63"].to_dict()
    {'a': 3.0, 'b': 5.0}
    """
    exp.refuse_imputed()
    unit = unit_names(exp, by, within=within or ())
    values = exp.values
    means = values.groupby(unit.to_numpy(), sort=False).mean()
    samples = exp.samples
    grouped = samples.groupby(unit.to_numpy(), sort=False)
    constant = [c for c in samples.columns if (grouped[c].nunique(dropna=False) <= 1).all()]
    left_out = [c for c in samples.columns if c not in constant]
    if left_out and within is None:
        warnings.warn(
            f"samples that share `{by}` were averaged although they differ in {listed(left_out)}; if one of these columns "
            f"holds the groups, give it: collapse_replicates(exp, {by!r}, within={left_out[0]!r}); if none does, within=[]",
            MarkerkitWarning,
            stacklevel=2,
        )
    collapsed = grouped[constant].first().loc[means.index]
    params = {"by": by, "within": _names(within or ()), "n_samples": exp.n_samples, "n_units": len(means)}
    return exp.evolve(
        "collapse_replicates", params | {"columns_left_out": left_out}, values=means, samples=collapsed
    )


def unit_names(exp: Experiment, by: str, *, within: str | Iterable[str] = ()) -> pd.Series:
    """Name the unit of every sample: the value of `by`, after its group where one value lies in several groups.

    Parameters
    ----------
    exp
        Experiment.
    by
        Sample column of the unit.
    within
        Sample columns of the groups.

    Raises
    ------
    InputError
        An absent column, a sample without a unit.
    """
    groups = [c for c in _names(within) if c != by]
    require_columns(exp.samples, [by, *groups], what="the sample sheet")
    unit = as_factor(exp.samples[by])
    empty = unit.isna() | (unit.astype(str).str.strip() == "")
    if empty.any():
        raise InputError(f"`{by}` is empty for sample {unit.index[empty][0]!r}; give every sample a unit.")
    if not groups:
        return unit
    group = exp.samples[groups].apply(as_factor).fillna("").agg(" ".join, axis=1).str.strip()
    if (group.groupby(unit).nunique() <= 1).all():
        return unit
    return (group + " " + unit).str.strip()


def _names(given: str | Iterable[str]) -> list[str]:
    return [given] if isinstance(given, str) else list(given)


def impute(exp: Experiment, *, method: str = "minprob", seed: int = 0, **options: float) -> Experiment:
    """Fill in missing values, for figures, clustering and tools that refuse them; never for statistics.

    Parameters
    ----------
    exp
        Experiment on the log2 scale, after all other preprocessing.
    method
        ``"minprob"`` takes missing for low: normal draws below the values of
        the sample, as the down-shift of Perseus (Tyanova et al. 2016);
        ``"mindet"`` too: a low quantile of the sample; ``"knn"`` takes missing
        for chance: the mean of the nearest proteins that the sample measured
        (Troyanskaya et al. 2001).
    seed
        Of the draws.
    **options
        For minprob `shift` (1.8) and `width` (0.3), in standard deviations of
        the sample's values; for mindet `quantile` (0.01); for knn `k` (10).

    Returns
    -------
    Experiment
        Without missing values. ``imputed`` marks what was filled in. Verbs that
        compute on measured values refuse it; ``measured()`` takes the imputed
        values out again.

    Raises
    ------
    InputError
        Another scale than log2, an unknown method or option, imputed values, a
        protein without any value, a sample without enough, for knn a value
        without a neighbor.

    Examples
    --------
    >>> import markerkit as mk
    >>> log = mk.load_example().pipe(mk.log2).pipe(mk.filter_detected).pipe(mk.normalize)
    >>> full = mk.impute(log, method="mindet")
    >>> full.missing, full.n_imputed > 0
    (0.0, True)
    """
    one_of("method", method, list(IMPUTATIONS))
    whole_number("seed", seed)
    chosen = _imputation_options(method, options)
    if exp.scale != "log2":
        step = "call log2 first" if exp.scale == "raw" else "a missing ratio is not a low abundance"
        raise InputError(f"impute needs the log2 scale; this experiment is on the {exp.scale} scale: {step}.")
    exp.refuse_imputed()
    values = exp.values
    missing = values.isna()
    _check_imputable(values, IMPUTATIONS[method].min_values)
    center, spread = IMPUTATIONS[method].kernel(values.to_numpy(), **chosen)
    # a draw for every value, so that one more missing value leaves the draws of the others as they were
    draws = center + spread * np.random.default_rng(seed).standard_normal(values.shape)
    filled = values.mask(missing, pd.DataFrame(draws, values.index, values.columns))
    lost = np.argwhere(filled.isna().to_numpy())
    if len(lost):
        i, j = lost[0]
        raise InputError(
            f"{method} finds no neighbor of protein {values.columns[j]!r} for sample {values.index[i]!r}; leave out rarely measured proteins "
            "(filter_detected) or choose another method."
        )
    params = {"method": method, "seed": seed, **chosen, "n_imputed": int(missing.to_numpy().sum())}
    return exp.evolve("impute", params, values=filled, imputed=missing)


def _imputation_options(method: str, given: Mapping[str, float]) -> dict[str, float]:
    """Options of a method, with defaults, each checked against its range."""
    options = IMPUTATIONS[method].options
    for name, value in given.items():
        one_of(f"option of method={method!r}", name, list(options))
        option = options[name]
        kind, word = (Integral, "whole ") if isinstance(option.default, int) else (Real, "")
        if not (
            isinstance(value, kind) and option.smallest <= value <= option.largest and np.isfinite(value)
        ):
            raise InputError(
                f"`{name}` must be a {word}number between {option.smallest:g} and {option.largest:g}; got {value!r}."
            )
    return {name: type(o.default)(given.get(name, o.default)) for name, o in options.items()}


def _check_imputable(values: pd.DataFrame, min_values: int) -> None:
    """Refuse proteins without a value and samples with too few: there is nothing to impute from."""
    never = values.columns[values.isna().all(axis=0)]
    if len(never):
        raise InputError(
            f"{len(never)} proteins have no value at all ({listed(never, limit=3)}); leave them out first: "
            "filter_detected(exp, min_fraction=0)."
        )
    few = values.index[values.notna().sum(axis=1) < min_values]
    if len(few):
        raise InputError(
            f"sample {listed(few)} has fewer than {min_values} values, too few to impute from; leave it out."
        )
