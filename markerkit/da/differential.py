"""Differential abundance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import stdtrit

from markerkit.core.errors import InputError, listed, one_of, require_columns
from markerkit.core.experiment import Experiment
from markerkit.results import DifferentialAbundance
from markerkit.stats.ebayes import Moderated, log_odds, moderate, moderated_f, squeeze, treat, two_sided
from markerkit.stats.fdr import bh
from markerkit.stats.linear import LinearFit, fit
from markerkit.stats.prior import f_tail, fit_prior_by_count
from markerkit.stats.weights import array_weights, duplicate_correlation
from markerkit.study.contrast import Contrast, as_design
from markerkit.study.formula import ContrastSpec, Design, build_design, resolve_contrasts
from markerkit.tables.registry import F_TESTS, TABLES
from markerkit.tables.spec import stack_columns

Array = npt.NDArray[np.float64]

METHODS = ("limma", "deqms")
_CONFIDENCE = 0.95  # of the interval of a protein's effect


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
) -> DifferentialAbundance:
    """Test every protein by a moderated t-test on its measured values.

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
        cannot estimate the contrast; weights, blocks or counts that do not fit.

    Notes
    -----
    Linear models by least squares, residual variances squeezed toward their
    prior (Smyth 2004, doi:10.2202/1544-6115.1027; robust: Phipson et al. 2016,
    doi:10.1214/16-AOAS920; array weights: Ritchie et al. 2006,
    doi:10.1186/1471-2105-7-261; blocks: Smyth et al. 2005,
    doi:10.1093/bioinformatics/bti270; TREAT: McCarthy and Smyth 2009,
    doi:10.1093/bioinformatics/btp053; DEqMS: Zhu et al. 2020,
    doi:10.1074/mcp.TIR119.001646). Missing values are left out, protein by
    protein; nothing is imputed.
    """
    _check_options(exp, method=method, trend=trend, robust=robust, lfc=lfc)
    exp, formula, chosen = as_design(exp, design, contrast)
    built = build_design(exp.samples, formula)
    contrasts = resolve_contrasts(built, chosen)
    values, x = exp.matrix, built.matrix.to_numpy()
    weight = _weights(exp, weights, values, x)
    blocks, rho = _blocks(exp, block, correlation, values, x)
    model = fit(values, x, weights=weight, block=blocks, correlation=rho)
    prior = _Prior(method, trend=trend, robust=robust, legacy=legacy)
    moderated = prior.moderate(model, _counts(exp, counts) if method == "deqms" else None)
    tables = [
        _table(exp, model, moderated, design=built, name=name, vector=v, lfc=lfc)
        for name, v in contrasts.items()
    ]
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
        "family": "proteins of a contrast",
        "prior_df": _nanmedian(moderated.prior.df),
        "prior_variance": _nanmedian(moderated.prior.variance),
    }
    return DifferentialAbundance(
        TABLES["differential_abundance"].conform(stack_columns(tables)),
        params,
        fit=model,
        moderated=moderated,
        contrasts=contrasts,
        proteins=exp.proteins,
        f_tests=_f_tests(exp, model, moderated, list(contrasts.values())),
    )


@dataclass(frozen=True)
class _Prior:
    """What the prior variance of the proteins follows."""

    method: str
    trend: bool
    robust: bool
    legacy: bool | None

    def moderate(self, model: LinearFit, counts: Array | None) -> Moderated:
        """Squeeze the residual variances toward their prior."""
        variance, df = model.sigma**2, model.df_residual
        if counts is not None:
            return squeeze(
                variance, df, fit_prior_by_count(variance, df, counts, legacy=self.legacy), pooled=False
            )
        covariate = model.mean if self.trend else None
        return moderate(variance, df, covariate=covariate, robust=self.robust, legacy=self.legacy)


def _check_options(exp: Experiment, *, method: str, trend: bool, robust: bool, lfc: float) -> None:
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


def _counts(exp: Experiment, counts: str | pd.Series) -> Array:
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


def _f_tests(exp: Experiment, model: LinearFit, moderated: Moderated, contrasts: list[Array]) -> pd.DataFrame:
    if len(contrasts) < 2:
        return F_TESTS.empty()
    effects = np.vstack([model.contrast(v)[0] for v in contrasts])
    f, rank = moderated_f(effects, model.contrast_covariance(np.array(contrasts)), moderated)
    pvalue = f_tail(f, rank, moderated.df_total)
    ok = np.isfinite(pvalue)
    return F_TESTS.conform(
        pd.DataFrame(
            {
                "protein": exp.proteins.index,
                "gene": exp.proteins["gene"].to_numpy(),
                "accession": exp.proteins["accession"].to_numpy(),
                "f": f,
                "df1": rank,
                "df2": np.where(ok, moderated.df_total, np.nan),
                "pvalue": pvalue,
                "padj": bh(pvalue),
                "status": np.where(ok, "tested", "not tested"),
                "reason": np.where(ok, "", "a contrast is not estimable from its measured values"),
            }
        )
    )


def _table(
    exp: Experiment,
    model: LinearFit,
    moderated: Moderated,
    *,
    design: Design,
    name: str,
    vector: Array,
    lfc: float,
) -> dict[str, npt.NDArray[Any]]:
    tested = _tests(model, moderated, vector, lfc)
    ok = np.isfinite(tested["t"])
    n_case, n_control = _groups(model, design, vector)
    proteins = exp.proteins
    return {
        "contrast": np.full(len(ok), name, dtype=object),
        "protein": proteins.index.to_numpy(object),
        "gene": proteins["gene"].to_numpy(object),
        "accession": proteins["accession"].to_numpy(object),
        **tested,
        "padj": bh(tested["pvalue"]),
        "mean_log2": model.mean,
        "n_case": n_case,
        "n_control": n_control,
        "status": _chosen(ok, "tested", "not tested"),
        "reason": _chosen(ok, "", "" if ok.all() else _why_not(model, moderated, tested["log2_fc"])),
    }


def _tests(model: LinearFit, moderated: Moderated, vector: Array, lfc: float) -> dict[str, Array]:
    """Effect, error and test of every protein; missing where a protein cannot be tested."""
    effect, unscaled = model.contrast(vector)
    df = moderated.df_total
    finite = np.isfinite(effect) & (df > 0) & np.isfinite(moderated.variance)
    se = unscaled * np.sqrt(np.where(finite, moderated.variance, np.nan))
    with np.errstate(invalid="ignore", divide="ignore"):
        t = effect / se
    levels, level = np.unique(df, return_inverse=True)
    half = stdtrit(levels, 0.5 + _CONFIDENCE / 2)[level] * se
    ok = np.isfinite(t)
    odds, pvalue = np.full(len(t), np.nan), np.full(len(t), np.nan)
    if lfc > 0:
        with np.errstate(invalid="ignore", divide="ignore"):
            t, pvalue = treat(effect, se, df, lfc)
        pvalue[~ok] = np.nan
    elif ok.any():
        pvalue[ok] = two_sided(t[ok], df[ok])
        odds[ok] = log_odds(t[ok], unscaled[ok], Moderated(moderated.prior, moderated.variance[ok], df[ok]))
    columns = {"log2_fc": effect, "se": se, "ci_low": effect - half, "ci_high": effect + half}
    return columns | {"t": t, "df": np.where(ok, df, np.nan), "pvalue": pvalue, "b": odds}


def _chosen(ok: npt.NDArray[np.bool_], yes: str, no: Any) -> npt.NDArray[np.object_]:
    """Text by protein, as objects."""
    out = np.full(len(ok), yes, dtype=object)
    out[~ok] = no[~ok] if isinstance(no, np.ndarray) else no
    return out


def _groups(
    model: LinearFit, design: Design, vector: Array
) -> tuple[npt.NDArray[np.int_], npt.NDArray[np.int_]]:
    """Values of each protein in the samples that pull the contrast up, and in those that pull it down."""
    pull = np.linalg.pinv(design.matrix.to_numpy()).T @ vector
    tolerance = 1e-9 * np.abs(pull).max()
    both = []
    for group in (pull > tolerance, pull < -tolerance):
        counts = np.full(model.values.shape[1], int(group.sum()))
        if len(model.own):
            counts[model.own] = (~np.isnan(model.values[np.ix_(group, model.own)])).sum(axis=0)
        both.append(counts)
    return both[0], both[1]


def _why_not(model: LinearFit, moderated: Moderated, effect: Array) -> npt.NDArray[np.object_]:
    n = model.n_obs
    return np.select(
        [n == 0, ~np.isfinite(effect), np.isnan(moderated.prior.variance), ~(model.df_residual > 0)],
        [
            "never measured",
            "the contrast is not estimable from its measured values",
            "no number of peptides or spectra",
            "no residual degrees of freedom",
        ],
        "no variance",
    ).astype(object)
