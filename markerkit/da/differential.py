"""Differential abundance."""

from __future__ import annotations

import warnings
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from numbers import Integral
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from markerkit.catalog.criteria import load_criteria
from markerkit.core.errors import InputError, MarkerkitWarning, listed, one_of, require_columns, shown
from markerkit.core.experiment import Experiment
from markerkit.core.limits import MIN_VALUES
from markerkit.da.protein_tests import Tested, Testing, protein_table, too_few
from markerkit.results import DifferentialAbundance
from markerkit.stats.ebayes import Moderated, moderate, moderated_f, squeeze
from markerkit.stats.fdr import bh
from markerkit.stats.linear import LinearFit, fit
from markerkit.stats.prior import f_tail, fit_prior_by_count
from markerkit.stats.summed import SummedFit
from markerkit.stats.weights import array_weights, duplicate_correlation
from markerkit.study.contrast import Contrast, as_design, contrasts_of
from markerkit.study.formula import ContrastSpec, build_design, resolve_contrasts
from markerkit.tables.registry import F_TESTS, TABLES
from markerkit.tables.spec import stack_columns

Array = npt.NDArray[np.float64]

METHODS = ("limma", "deqms")
#: how missing values enter the test of a protein
MISSING = ("measured", "combined")


def differential_abundance(
    exp: Experiment,
    design: Contrast | str | pd.DataFrame,
    *,
    contrast: ContrastSpec | None = None,
    method: str = "limma",
    trend: bool = False,
    robust: bool = False,
    legacy: bool | None = None,
    weights: str | pd.Series | pd.DataFrame | None = None,
    block: str | None = None,
    correlation: float | None = None,
    lfc: float = 0.0,
    counts: str | pd.Series = "n_peptides",
    missing: str = "measured",
    min_values: int | None = None,
    background: Collection[str] | None = None,
) -> DifferentialAbundance:
    r"""Test every protein by a moderated t-test on its measured values, or on these and its detections together.

    Parameters
    ----------
    exp
        Experiment on the log2 or ratio scale.
    design
        A :class:`markerkit.Contrast`, fitted on the samples of its two groups
        with every column that it names as a factor. For designs beyond it a
        formula of all samples such as ``"~ fraction + C(donor)"``, or a
        samples x coefficients frame; see
        :func:`markerkit.study.formula.build_design`.
    contrast
        With a formula or a frame: ``(factor, case, control)``, a mapping
        coefficient -> number, or a mapping of names to either.
    method
        ``"limma"``, or ``"deqms"``: the prior variance follows the number of
        peptides or spectra behind a protein.
    trend
        Let the prior variance follow the mean abundance.
    robust
        Keep outlying variances from setting the prior and moderate them less.
    legacy
        ``True``: the published moment estimator of the prior, limma's up to
        3.61. ``False``: one that weighs unequal residual df. By default the
        latter where missing values make the residual df unequal, as limma does.
    weights
        ``"array"`` estimates a weight for every sample; a series by sample, or
        a samples x proteins frame, gives inverse variances. A value of weight
        0 counts as missing.
    block
        Sample column of blocks (donors, say) whose samples are correlated.
    correlation
        Between two samples of one block; estimated by default.
    lfc
        Test against absolute log2 effects up to this one (TREAT).
    counts
        For ``"deqms"``: column of ``exp.proteins``, or a series by protein.
    missing
        ``"measured"``: missing values are left out. ``"combined"``: one p-value of the moderated t
        and of where the protein was detected, for a :class:`markerkit.Contrast`; a protein that
        one group never shows is tested too.
    min_values
        Values that a protein needs in each group, 2 by default (criterion ``min_values``); with
        fewer it is `not tested`. With ``missing="combined"`` its detections are tested all the
        same where one group shows it as often, and twice at least.
    background
        Protein groups taken as unchanged: effects are tested against the trimmed mean of theirs
        (the middle half), in place of 0.

    Returns
    -------
    DifferentialAbundance
        One row per protein and contrast, no protein left out; ``fit`` and
        ``moderated`` serve the set tests, ``f_tests`` holds the F-test over
        several contrasts.

    Raises
    ------
    InputError
        The raw scale; imputed values; a formula or contrast that cannot be; a design that
        cannot estimate the contrast; weights, blocks or counts that do not fit; detections without
        two groups or with `lfc`; a background of unknown proteins.

    Notes
    -----
    Linear models by least squares, residual variances squeezed toward their
    prior (Smyth 2004, doi:10.2202/1544-6115.1027):

    .. math:: t_g = \frac{b_g}{u_g \tilde s_g}, \qquad \tilde s_g^2 = \frac{d_0 s_0^2 + d_g s_g^2}{d_0 + d_g}

    with the effect :math:`b_g`, its unscaled standard deviation :math:`u_g`, the residual variance
    :math:`s_g^2` on :math:`d_g` degrees of freedom, and the prior :math:`s_0^2` on :math:`d_0`
    (robust: Phipson et al. 2016,
    doi:10.1214/16-AOAS920; array weights: Ritchie et al. 2006,
    doi:10.1186/1471-2105-7-261; blocks: Smyth et al. 2005,
    doi:10.1093/bioinformatics/bti270; TREAT: McCarthy and Smyth 2009,
    doi:10.1093/bioinformatics/btp053; DEqMS: Zhu et al. 2020,
    doi:10.1074/mcp.TIR119.001646). Missing values are left out, protein by
    protein; nothing is imputed. Values and detections together: :mod:`markerkit.stats.combined`.
    Pairs, batches and blocks are in the model of the values; detections are compared between the groups.

    Examples
    --------
    >>> import markerkit as mk
    >>> exp = mk.simulate(n=3, n_background=200, seed=1).experiment
    >>> log = exp.pipe(mk.log2).pipe(mk.filter_detected, by="fraction").pipe(mk.normalize)
    >>> da = mk.differential_abundance(log, mk.Contrast("fraction", "EV", "lysate", paired_by="donor"))
    >>> float(da.table.set_index("gene").loc["CD63", "log2_fc"].round(1))
    2.4
    """
    check_options(exp, method=method, trend=trend, robust=robust, lfc=lfc)
    asked: dict[str, Any] = {"missing": missing, "min_values": min_values, "lfc": lfc}
    how = testing_of(exp, design, contrast, background=background, **asked)
    exp, formula, chosen = as_design(exp, design, contrast)
    built = build_design(exp.samples, formula)
    contrasts = resolve_contrasts(built, chosen)
    values, x = exp.matrix, built.matrix.to_numpy()
    blocks, rho = _blocks(exp, block, correlation, values, x)
    model = fit(values, x, weights=_weights(exp, weights, values, x), block=blocks, correlation=rho)
    prior = PriorOptions(method, trend=trend, robust=robust, legacy=legacy)
    moderated = prior.moderate(model, counts_of(exp, counts) if method == "deqms" else None)
    tested = [Tested(built, name, vector, model, moderated) for name, vector in contrasts.items()]
    params = {
        "method": method,
        "design": built.formula or "frame",
        "contrasts": {k: v.tolist() for k, v in contrasts.items()},
        "trend": trend,
        "robust": robust,
        "legacy": legacy,
        "weights": weights if isinstance(weights, str) else None if weights is None else "given",
        "block": block,
        "correlation": rho if block else None,
        "lfc": lfc,
        "missing": missing,
        "min_values": how.min_values,
    }
    return replace(tests_of(exp.proteins, tested, how, params), fit=model)


def tests_of(
    proteins: pd.DataFrame, tested: Sequence[Tested], how: Testing, params: dict[str, Any]
) -> DifferentialAbundance:
    """Result of fitted and moderated models.

    Parameters
    ----------
    proteins
        Annotation.
    tested
        Contrasts of one model.
    how
        How they are tested.
    params
        Options, to which what was estimated is added.
    """
    tables, centers = zip(*(protein_table(proteins, of, how) for of in tested), strict=True)
    contrasts, moderated = {of.name: of.vector for of in tested}, tested[0].moderated
    estimated = {
        "background": dict(zip(contrasts, centers, strict=True)) if how.background is not None else None,
        "family": "proteins of a contrast",
        "prior_df": _nanmedian(moderated.prior.df),
        "prior_variance": _nanmedian(moderated.prior.variance),
    }
    return DifferentialAbundance(
        TABLES["differential_abundance"].conform(stack_columns(tables)),
        params | estimated,
        moderated=moderated,
        contrasts=contrasts,
        proteins=proteins,
        f_tests=_f_tests(proteins, tested, how),
    )


@dataclass(frozen=True)
class PriorOptions:
    """What the prior variance of the proteins follows."""

    method: str
    trend: bool
    robust: bool
    legacy: bool | None

    def moderate(self, model: LinearFit | SummedFit, counts: Array | None) -> Moderated:
        """Squeeze the residual variances toward their prior."""
        variance, df = model.sigma**2, model.df_residual
        if counts is not None:
            return squeeze(
                variance, df, fit_prior_by_count(variance, df, counts, legacy=self.legacy), pooled=False
            )
        covariate = model.mean if self.trend else None
        return moderate(variance, df, covariate=covariate, robust=self.robust, legacy=self.legacy)


def check_options(exp: Experiment, *, method: str, trend: bool, robust: bool, lfc: float) -> None:
    """Refuse options of the moderated tests that cannot be, or do not go together."""
    one_of("method", method, METHODS)
    if exp.scale == "raw":
        raise InputError("differential_abundance needs the log2 scale; call log2 first.")
    exp.refuse_imputed()
    if method == "deqms" and (trend or robust):
        raise InputError(
            "method='deqms' models the variance by counts; `trend` and `robust` are for method='limma'."
        )
    if not (np.isfinite(lfc) and lfc >= 0):
        raise InputError(f"`lfc` is an absolute log2 effect, 0 or more; got {lfc!r}.")


def testing_of(
    exp: Experiment,
    design: object,
    contrast: object,
    *,
    missing: str,
    min_values: int | None,
    lfc: float,
    background: Collection[str] | None,
) -> Testing:
    """Check how proteins are to be tested."""
    one_of("missing", missing, MISSING)
    fewest = int(load_criteria().convention["min_values"]) if min_values is None else min_values
    if not (isinstance(fewest, Integral) and 1 <= fewest <= MIN_VALUES):
        raise InputError(f"`min_values` counts values in a group, 1 or more; got {shown(min_values)}.")
    groups = ("the case samples", "the control samples")
    if isinstance(design, Contrast):
        groups = (design.case, design.control)
    elif isinstance(contrast, tuple) and len(contrast) == 3:
        groups = (str(contrast[1]), str(contrast[2]))
    mask = None if background is None else _background(exp, background)
    how = Testing(lfc, fewest, mask, groups)
    return how if missing == "measured" else _with_detections(exp, design, how)


def _with_detections(exp: Experiment, design: object, how: Testing) -> Testing:
    """Let detections enter the test; they need two groups and a matrix whose gaps say something."""
    if not isinstance(design, Contrast):
        raise InputError(
            "missing='combined' compares detections between two groups: give a Contrast in place of a formula or frame, "
            "such as Contrast('fraction', 'EV', 'lysate')."
        )
    if how.lfc > 0:
        raise InputError(
            "`lfc` is a least effect, which detections do not measure; use it with missing='measured'."
        )
    contrasts_of(exp, design)
    if not exp.presence_known:
        warnings.warn(
            "less than 5 % of the values are missing: imputed or requantified, so that detections say nothing; "
            "missing='combined' tests the measured values alone",
            MarkerkitWarning,
            stacklevel=4,
        )
        return how
    arms = design.select(exp)
    case = arms.samples.index.isin(design.groups(exp)[0])
    return replace(how, case=case, kept=_kept_by_a_filter(arms, design.condition, case))


def _kept_by_a_filter(arms: Experiment, condition: str, case: npt.NDArray[np.bool_]) -> tuple[int, int]:
    """Read from the history how many detections in case or control every protein was filtered for; 0 without."""
    share = max(
        (
            float(step["min_fraction"])
            for step in arms.history
            if step.get("verb") == "filter_detected" and step.get("by") == condition
        ),
        default=0.0,
    )
    seen = ~np.isnan(arms.matrix)
    fewest = tuple(int(np.ceil(share * group.sum() - 1e-9)) for group in (case, ~case))
    enough = (seen[case].sum(axis=0) >= fewest[0]) | (seen[~case].sum(axis=0) >= fewest[1])
    # a third group may have kept a protein
    return (fewest[0], fewest[1]) if enough.all() else (0, 0)


def _background(exp: Experiment, background: Collection[str]) -> npt.NDArray[np.bool_]:
    if isinstance(background, str):
        raise InputError(f"`background` holds several protein groups; got the one text {background!r}.")
    given = pd.Index(list(background))
    unknown = given.difference(exp.proteins.index)
    if len(unknown):
        raise InputError(
            f"`background` names protein groups that the experiment does not have: {listed(unknown)}."
        )
    return np.asarray(exp.proteins.index.isin(given))


def _weights(
    exp: Experiment, weights: str | pd.Series | pd.DataFrame | None, values: Array, x: Array
) -> Array | None:
    if weights is None:
        return None
    if isinstance(weights, str):
        one_of("weights", weights, ["array"])
        return array_weights(values, x)
    if not isinstance(weights, (pd.Series, pd.DataFrame)):
        raise InputError(
            f"`weights` is 'array', a series by sample or a samples x proteins frame; got {type(weights).__name__}."
        )
    absent = exp.values.index.difference(weights.index)
    if len(absent):
        raise InputError(f"`weights` has no row for sample {listed(absent)}.")
    given: npt.NDArray[Any]
    if isinstance(weights, pd.DataFrame):
        lost = exp.values.columns.difference(weights.columns)
        if len(lost):
            raise InputError(f"`weights` has no column for protein {listed(lost)}.")
        given = weights.loc[exp.values.index, exp.values.columns].to_numpy(float)
    else:
        given = weights.loc[exp.values.index].to_numpy(float)
    needed = np.isfinite(values) if given.ndim == 2 else np.ones(len(given), dtype=bool)
    bad = needed & ~(np.isfinite(given) & (given >= 0))
    if bad.any():
        raise InputError(f"`weights` are finite and 0 or more; {int(bad.sum())} of them are not.")
    return np.where(needed, given, 0.0)


def _blocks(
    exp: Experiment, block: str | None, correlation: float | None, values: Array, x: Array
) -> tuple[npt.NDArray[np.intp] | None, float]:
    if block is None:
        if correlation is not None:
            raise InputError("`correlation` is that of samples of one `block`; name the block column.")
        return None, 0.0
    require_columns(exp.samples, [block], what="the sample sheet")
    column = exp.samples[block]
    if column.isna().any():
        raise InputError(f"samples {listed(exp.samples.index[column.isna()])} have no `{block}`.")
    number = pd.factorize(column)[0]
    largest = int(np.bincount(number).max())
    if correlation is None:
        correlation, _ = duplicate_correlation(values, x, number)
        if not np.isfinite(correlation):
            raise InputError(
                f"no protein gives the correlation within `{block}`: blocks of two samples or more that the design "
                "does not already separate are needed. Leave `block` out, or give `correlation`."
            )
    if not (largest < 2 or 1 / (1 - largest) < correlation < 1):
        raise InputError(
            f"a correlation within blocks of {largest} lies between {1 / (1 - largest):.3g} and 1; got {correlation!r}."
        )
    return number, float(correlation)


def counts_of(exp: Experiment, counts: str | pd.Series) -> Array:
    """Peptides or spectra behind each protein, shape (p,); NaN where not known.

    Parameters
    ----------
    exp
        Experiment.
    counts
        Column of its proteins, or a series by protein.
    """
    if isinstance(counts, str):
        require_columns(exp.proteins, [counts], what="the protein annotation, for method='deqms',")
        found = exp.proteins[counts]
    else:
        found = counts.reindex(exp.proteins.index)
    number = pd.to_numeric(found, errors="coerce").to_numpy(float, na_value=np.nan)
    if not (number > 0).any():
        raise InputError(
            "method='deqms' needs the number of peptides or spectra of the proteins; found none."
        )
    return number


def _nanmedian(values: Array) -> float:
    finite = values[~np.isnan(values)]
    return float(np.median(finite)) if len(finite) else float("nan")


def _f_tests(proteins: pd.DataFrame, tested: Sequence[Tested], how: Testing) -> pd.DataFrame:
    if len(tested) < 2:
        return F_TESTS.empty()
    model, moderated = tested[0].model, tested[0].moderated
    vectors = np.array([of.vector for of in tested])
    effects = np.vstack([model.contrast(v)[0] for v in vectors])
    f, rank = moderated_f(effects, model.contrast_covariance(vectors), moderated)
    few = np.logical_or.reduce([too_few(of, how) for of in tested])
    f[few] = np.nan
    pvalue = f_tail(f, rank, moderated.df_total)
    ok = np.isfinite(pvalue)
    why = np.where(
        few,
        f"fewer than {how.min_values} values in a group of a contrast",
        "a contrast is not estimable from its measured values",
    )
    return F_TESTS.conform(
        pd.DataFrame(
            {
                "protein": proteins.index,
                "gene": proteins["gene"].to_numpy(),
                "accession": proteins["accession"].to_numpy(),
                "f": f,
                "df1": rank,
                "df2": np.where(ok, moderated.df_total, np.nan),
                "pvalue": pvalue,
                "padj": bh(pvalue),
                "status": np.where(ok, "tested", "not tested"),
                "reason": np.where(ok, "", why),
            }
        )
    )
