"""Differential abundance and detection."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import bdtr, stdtrit
from scipy.stats import hypergeom

from markerkit._checks import InputError, listed, one_of, require_columns
from markerkit.design import Design, build_design, resolve_contrasts
from markerkit.experiment import Experiment
from markerkit.results import TABLES, DetectionTest, DifferentialAbundance
from markerkit.stats.ebayes import Moderated, log_odds, moderate, two_sided
from markerkit.stats.fdr import bh
from markerkit.stats.linear import LinearFit, fit

Array = npt.NDArray[np.float64]

METHODS = ("limma",)
_ON_OFF_SEEN = 2 / 3


def differential_abundance(
    exp: Experiment, design: str | pd.DataFrame, *, contrast: Any, method: str = "limma"
) -> DifferentialAbundance:
    """Test every protein by a moderated t-test on its measured values.

    Parameters
    ----------
    exp
        Experiment on the log2 or ratio scale.
    design
        A formula such as ``"~ fraction + donor"`` or a samples x coefficients
        frame; see :func:`markerkit.design.build_design`.
    contrast
        ``(factor, case, control)``, a mapping coefficient -> number, or a
        mapping of names to either.
    method
        ``"limma"``.

    Returns
    -------
    DifferentialAbundance
        A row a protein and contrast, no protein left out; ``fit`` serves the
        set tests.

    Raises
    ------
    InputError
        The raw scale; a formula or contrast that cannot be; a design that
        cannot tell the contrast.

    Notes
    -----
    Linear models by least squares, residual variances squeezed toward their
    common prior by the moment estimator (Smyth 2004,
    doi:10.2202/1544-6115.1027). Missing values are left out, protein by
    protein; nothing is imputed.
    """
    one_of("method", method, METHODS)
    if exp.scale == "raw":
        raise InputError("differential_abundance needs the log2 scale; call log2 first.")
    built = build_design(exp.samples, design)
    contrasts = resolve_contrasts(built, contrast)
    model = fit(exp.values.to_numpy(), built.matrix.to_numpy())
    moderated = moderate(model.sigma**2, model.df_residual)
    tables = [_table(exp, model, moderated, built, name, vector) for name, vector in contrasts.items()]
    spec = TABLES["differential_abundance"]
    params = {
        "method": method,
        "design": built.formula or "frame",
        "contrasts": {k: v.tolist() for k, v in contrasts.items()},
        "prior_df": moderated.prior.df,
        "prior_variance": moderated.prior.variance,
    }
    return DifferentialAbundance(
        spec.conform(pd.concat(tables, ignore_index=True)), params, model, contrasts, exp.proteins
    )


def _table(
    exp: Experiment, model: LinearFit, moderated: Moderated, design: Design, name: str, vector: Array
) -> pd.DataFrame:
    effect, unscaled = model.contrast(vector)
    tested = np.isfinite(effect) & (moderated.df_total > 0) & np.isfinite(moderated.variance)
    se = unscaled * np.sqrt(np.where(tested, moderated.variance, np.nan))
    with np.errstate(invalid="ignore", divide="ignore"):
        t = effect / se
    df = moderated.df_total
    half = stdtrit(df, 0.975) * se
    odds = np.full(len(t), np.nan)
    ok = np.isfinite(t)
    if ok.any():
        part = Moderated(moderated.prior, moderated.variance[ok], df[ok])
        odds[ok] = log_odds(t[ok], unscaled[ok], part)
    pvalue = np.where(ok, two_sided(t, df), np.nan)
    n_case, n_control = _arms(exp, design, vector)
    proteins = exp.proteins
    return pd.DataFrame(
        {
            "contrast": name,
            "protein": proteins.index,
            "gene": proteins["gene"].to_numpy(),
            "accession": proteins["accession"].to_numpy(),
            "log2_fc": effect,
            "se": se,
            "ci_low": effect - half,
            "ci_high": effect + half,
            "t": t,
            "df": np.where(ok, df, np.nan),
            "pvalue": pvalue,
            "padj": bh(pvalue),
            "b": odds,
            "mean_log2": model.mean,
            "n_case": n_case,
            "n_control": n_control,
            "status": np.where(ok, "tested", "not tested"),
            "reason": np.where(ok, "", _why_not(model, effect)),
        }
    )


def _arms(
    exp: Experiment, design: Design, vector: Array
) -> tuple[npt.NDArray[np.int_], npt.NDArray[np.int_]]:
    """Values of each protein in the samples that pull the contrast up, and in those that pull it down."""
    x = design.matrix.to_numpy()
    pull = np.linalg.pinv(x).T @ vector
    seen = exp.values.notna().to_numpy()
    tolerance = 1e-9 * np.abs(pull).max()
    return seen[pull > tolerance].sum(axis=0), seen[pull < -tolerance].sum(axis=0)


def _why_not(model: LinearFit, effect: Array) -> npt.NDArray[np.object_]:
    n = model.n_obs
    return np.select(
        [n == 0, ~np.isfinite(effect), ~(model.df_residual > 0)],
        [
            "never measured",
            "the contrast cannot be told from its measured values",
            "no residual degrees of freedom",
        ],
        "no variance",
    ).astype(object)


def detection_test(
    exp: Experiment, *, condition: str, case: str, control: str, paired_by: str | None = None
) -> DetectionTest:
    """Test whether a protein is seen more often in one arm than in the other.

    Parameters
    ----------
    exp
        Experiment on any scale.
    condition, case, control
        Sample column and two of its levels.
    paired_by
        Sample column of pairs: the exact test is then taken within pairs (McNemar).

    Returns
    -------
    DetectionTest
        Fisher's exact test, two-sided, and the log odds ratio with half a
        count added to every cell, so that it stays finite under separation.

    Raises
    ------
    InputError
        An absent column or level, case equal to control.
    """
    require_columns(exp.samples, [condition, *([paired_by] if paired_by else [])], what="the sample sheet")
    level = exp.samples[condition].astype(str)
    absent = [x for x in (case, control) if x not in set(level)]
    if absent:
        raise InputError(f"`{condition}` has no level {listed(absent)}; found {listed(sorted(set(level)))}.")
    if case == control:
        raise InputError(f"case and control are both {case!r}; a test needs two levels.")
    seen = exp.values.notna()
    a, b = seen[(level == case).to_numpy()], seen[(level == control).to_numpy()]
    x, y, n, m = a.sum().to_numpy(), b.sum().to_numpy(), len(a), len(b)
    pvalue = _fisher(x, y, n, m) if paired_by is None else _mcnemar(a, b, exp.samples[paired_by].astype(str))
    reason = (
        "" if exp.presence_known else "less than 5 % missing: imputed or requantified, presence says nothing"
    )
    informative = (x + y > 0) & (x + y < n + m)
    why = np.where(informative, reason, "seen in every sample or in none: nothing to test")
    tested = informative & (reason == "")
    pvalue = np.where(tested, pvalue, np.nan)
    odds = np.log((x + 0.5) * (m - y + 0.5) / ((n - x + 0.5) * (y + 0.5)))
    often = _ON_OFF_SEEN - 1e-12
    on, off = (x >= often * n) & (x >= 2) & (y == 0), (y >= often * m) & (y >= 2) & (x == 0)
    table = pd.DataFrame(
        {
            "contrast": f"{case} vs {control}",
            "protein": exp.proteins.index,
            "gene": exp.proteins["gene"].to_numpy(),
            "accession": exp.proteins["accession"].to_numpy(),
            "n_case": x,
            "n_control": y,
            "total_case": n,
            "total_control": m,
            "log_odds": odds,
            "pvalue": pvalue,
            "padj": bh(pvalue),
            "call": np.where(tested & on, "on", np.where(tested & off, "off", "")),
            "status": np.where(tested, "tested", "not tested"),
            "reason": why,
        }
    )
    params = {"condition": condition, "case": case, "control": control, "paired_by": paired_by}
    return DetectionTest(TABLES["detection"].conform(table), params)


def _fisher(x: npt.NDArray[np.int_], y: npt.NDArray[np.int_], n: int, m: int) -> Array:
    """Two-sided Fisher exact p; one table a distinct pair of counts."""
    pairs, back = np.unique(np.column_stack([x, y]), axis=0, return_inverse=True)
    found = []
    for a, b in pairs:
        support = np.arange(max(0, a + b - m), min(n, a + b) + 1)
        mass = hypergeom.pmf(support, n + m, n, a + b)
        here = mass[support == a][0]
        found.append(min(1.0, float(mass[mass <= here * (1 + 1e-7)].sum())))
    return np.array(found)[back.ravel()]


def _mcnemar(a: pd.DataFrame, b: pd.DataFrame, pair: pd.Series) -> Array:
    """Exact McNemar p over the pairs that have one sample in each arm."""
    first, second = (arm.groupby(pair.loc[arm.index]).max() for arm in (a, b))
    both = first.index.intersection(second.index)
    up = (first.loc[both] & ~second.loc[both]).sum().to_numpy()
    down = (~first.loc[both] & second.loc[both]).sum().to_numpy()
    n = up + down
    return np.where(n > 0, np.minimum(1.0, 2 * bdtr(np.minimum(up, down), n, 0.5)), 1.0)
