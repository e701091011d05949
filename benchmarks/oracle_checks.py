"""What is compared with the outputs of the reference implementations, and how; ``oracles.py`` reports it.

A folder of outputs may be the whole one or an extract of it (``tests/data/reference``): tables that it lacks are
passed over, and of tables with a row per protein those rows are compared that it holds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import ndtr, polygamma, stdtrit
from scipy.stats import trim_mean

import markerkit as mk
from markerkit.sets import gsea as _gsea
from markerkit.stats import ebayes, linear, prior, ranks, smooth, weights
from markerkit.stats.camera import camera, normal_score, rank_sum, two_sample
from markerkit.stats.fdr import bh
from markerkit.stats.fry import ROBUST_EFFICIENCY, fry, moderated_square, robust_square, scaled_effects
from markerkit.stats.ora import over_representation
from markerkit.stats.set_statistics import (
    SetStatistics,
    SetTest,
    inter_protein_correlation,
    set_statistics,
)

Array = npt.NDArray[np.float64]

FOLDERS = OLD, NEW, OTHER = "limma-3.54.1", "limma-3.63.2", "r_other"
VARIANTS = {
    "default": {},
    "trend": {"trend": True},
    "robust": {"robust": True},
    "trend_robust": {"trend": True, "robust": True},
}
#: columns that hold p-values or are made of them
P_VALUES = {
    "P.Value", "adj.P.Val", "F.p.value", "PValue", "FDR", "PValue.Mixed", "FDR.Mixed", "pval", "padj",
    "limma.p", "sca.P.Value", "sca.adj.pval", "phyper_upper", "fisher_greater", "rank_up", "rank_up_cor0.1", "gst_either",
}  # fmt: skip
#: numbers that no estimate of the prior changes
OF_THE_FIT = {"Amean", "sigma", "df.residual", "logFC"}
#: kind -> what it is, and the largest difference that it may have
KINDS = {
    "closed form": ("relative; absolute 1e-10 beside 0", 1e-8),
    "iterative": ("splines, lowess, root finding; relative", 1e-6),
    "estimator": ("relative; intervals as a share of their width, B and correlations absolute", 1e-3),
    "definition, p": ("relative, where p > 1e-10", 2.5),
    "definition, t": ("relative", 0.8),
    "definition, other": ("prior, posterior, intervals, B; as for the estimator", 1.1),
    "ties": ("as a share of the range of the scores", 1e-2),
    "spread ties": ("relative", 1e-4),
    "Monte Carlo, p": ("standard errors of both simulations", 4.0),
    "Monte Carlo, NES": ("relative", 0.05),
}
_FAR_TAIL = 1e-10  # p below it follow the prior too steeply to tell more than t does
#: what the folder holds beside results
NO_RESULTS = ("sessionInfo", "warnings", "IDENTICAL", "geneweights")
#: start of a file's name -> why it is not compared
NOT_COMPARED = {
    "two_group.lmrobust": "fits by iterated M-estimation, which markerkit does not offer",
    "paired_batch.removeBatchEffect": "corrects data for batch; markerkit models batch and leaves data alone",
    "three_group.decideTests.hierarchical": "a scheme of multiple testing that markerkit does not offer",
    "three_group.decideTests.nestedF": "a scheme of multiple testing that markerkit does not offer",
    "mroast": "p by random rotations; markerkit has fry only, which is compared",
    "roast": "p by random rotations; markerkit has fry only, which is compared",
    "DEqMS.nls": "a curve of the prior variance that markerkit does not offer; the default, loess, is compared",
    "DEqMS.spline": "a curve of the prior variance that markerkit does not offer; the default, loess, is compared",
    "fgseaSimple.pos": "a one-sided score, which markerkit does not offer",
    "fgseaSimple.neg": "a one-sided score, which markerkit does not offer",
    "fgseaMultilevel.pos": "a one-sided score, which markerkit does not offer",
    "fgseaMultilevel.neg": "a one-sided score, which markerkit does not offer",
    "plotEnrichmentData": "points of a plot that markerkit does not draw",
    "missing.proDA": "a model of missing values that markerkit does not offer",
    "AUCell": "a score that markerkit does not offer",
    "gsva": "a score that markerkit does not offer",
    "plage": "a score that markerkit does not offer",
    "singscore.unknown": "a score of sets without a direction, which markerkit does not offer",
    "singscore.stable": "ranks against stable genes, which markerkit does not offer",
}


@dataclass(frozen=True)
class Check:
    """One column of one file.

    Parameters
    ----------
    file, column
        What was compared.
    difference
        One a number, measured as `KINDS` says; infinite where only one of the two is missing.
    kind
        Of `KINDS`. ``estimator``: the reference finds its prior for unequal
        residual df, or a correlation, by a search that stops early.
        ``definition``: markerkit defines the number otherwise on purpose; the
        file is compared once more with the reference's definition in its
        place, under another kind. ``ties``: ties share their average rank
        here, where the reference truncates it and keeps the order of the
        input. ``spread ties``: tied scores lie a hair apart here.
    left_out
        Numbers that are not compared: p in the far tail, and what only the reference gives.
    """

    file: str
    column: str
    difference: Array
    kind: str
    left_out: int = 0


def stored(path: Path) -> Path:
    """Return the path of a file, which may be stored compressed."""
    packed = path.with_name(f"{path.name}.gz")
    return packed if packed.exists() else path


def holds(path: Path) -> bool:
    return stored(path).exists()


def read(path: Path, *, index: int | None = 0) -> pd.DataFrame:
    return pd.read_csv(stored(path), sep="\t", index_col=index)


def at_rows(found: npt.ArrayLike, proteins: pd.Index, expected: pd.DataFrame) -> Array:
    """Take the numbers of the proteins whose rows the table holds."""
    at = proteins.get_indexer(expected.index)
    if (at < 0).any():
        raise KeyError(list(expected.index[at < 0]))
    return np.asarray(found, float)[at]


def relative(found: npt.ArrayLike, expected: npt.ArrayLike, column: str = "") -> Array:
    """Relative differences; 0 where both are missing.

    Beside a 0 that rounding decides a relative difference says nothing: where
    it is large and the numbers lie within 1e-10 of each other it counts as 0;
    not so for p-values, whose far tail that would hide.
    """
    a, b = np.asarray(found, float).ravel(), np.asarray(expected, float).ravel()
    same = (a == b) | (np.isnan(a) & np.isnan(b))
    with np.errstate(invalid="ignore"):
        gap = np.abs(a - b)
        out = np.where(same, 0.0, gap / np.maximum(np.abs(b), 1e-300))
    out = np.where(np.isnan(out), np.inf, out)
    return out if column in P_VALUES else np.where((out > 1e-8) & (gap <= 1e-10), 0.0, out)


def compare(
    file: str,
    column: str,
    found: npt.ArrayLike,
    expected: npt.ArrayLike,
    kind: str,
    *,
    width: Array | None = None,
) -> Check:
    """Check a column, by the measure of its kind; `width` is that of the intervals."""
    if column in OF_THE_FIT:
        return Check(file, column, relative(found, expected), "closed form")
    if kind in {"closed form", "iterative"}:
        return Check(file, column, relative(found, expected, column), kind)
    a, b = np.asarray(found, float).ravel(), np.asarray(expected, float).ravel()
    if column in {"CI.L", "CI.R", "B"}:
        difference = np.abs(a - b) / (1.0 if column == "B" else width)
        difference = np.where(np.isnan(a) & np.isnan(b), 0.0, difference)
        difference = np.where(np.isnan(difference), np.inf, difference)
    else:
        difference = relative(a, b, column)
    compared = ~(b <= _FAR_TAIL) if column in P_VALUES else np.ones(len(b), bool)
    if kind == "definition":
        kind = f"definition, {'p' if column in P_VALUES else 't' if column == 't' else 'other'}"
    return Check(file, column, difference[compared], kind, int((~compared).sum()))


def inputs(folder: Path, name: str, rows: pd.Index | None = None) -> mk.Experiment:
    """Values and samples of a data set, all proteins or some."""
    values = read(folder / "inputs" / f"{name}.expr.tsv").T
    values = values if rows is None else values[rows]
    sheet = folder / "inputs" / f"{name}.samples.tsv"
    if holds(sheet):
        return mk.Experiment(values, read(sheet), scale="log2")
    half = len(values) // 2
    return mk.Experiment(
        values, pd.DataFrame({"group": ["A"] * half + ["B"] * half}, values.index), scale="log2"
    )


def members(folder: Path, proteins: pd.Index, name: str = "sets") -> dict[str, npt.NDArray[np.intp]]:
    lines = [line.split("\t") for line in (folder / "inputs" / f"{name}.gmt").read_text().splitlines()]
    return {line[0]: proteins.get_indexer(pd.Index(line[2:]).intersection(proteins)) for line in lines}


@dataclass(frozen=True)
class Case:
    """A fit of the reference: input, design, contrasts (reference name -> ours) and options."""

    stem: str
    data: str
    design: str | pd.DataFrame
    contrasts: dict[str, object]
    variants: tuple[str, ...] = ("default",)
    options: dict[str, object] | None = None
    rows: pd.Index | None = None


def cases(folder: Path) -> list[Case]:
    """Every fit but those of another prior."""
    every = tuple(VARIANTS)
    three = {
        "BvsA": {"group[A]": -1.0, "group[B]": 1.0},
        "CvsA": {"group[A]": -1.0, "group[C]": 1.0},
        "CvsB": {"group[B]": -1.0, "group[C]": 1.0},
        "avgvsA": {"group[A]": -1.0, "group[B]": 0.5, "group[C]": 0.5},
    }
    b_a = {"BvsA": ("group", "B", "A")}
    values = {"obsweights": read(folder / "inputs" / "two_group.weights.tsv").T}
    consensus = float(read(folder / OLD / "paired_batch.dupcor.tsv")["consensus"].iloc[0])
    block = {"block": "donor", "correlation": consensus}
    donors = inputs(folder, "paired_batch").samples
    aliased = pd.get_dummies(donors[["donor", "group"]], drop_first=True, dtype=float)
    aliased.insert(0, "one", 1.0)
    aliased.insert(6, "sing", donors["donor"].isin(["d1", "d2", "d3"]).astype(float))
    missing = inputs(folder, "missing")
    seen = missing.values.notna()
    any_seen = missing.values.columns[seen.any()]
    two_each = missing.values.columns[(seen.groupby(missing.samples["group"]).sum() >= 2).all()]
    group_b = {"groupB": ("group", "B", "A")}
    return [
        Case("two_group", "two_group", "~ 0 + group", b_a, every),
        Case(
            "two_group.treatmentcoding",
            "two_group",
            "~ group",
            {"B": ("group", "B", "A"), "Intercept": {"Intercept": 1.0}},
        ),
        Case(
            "two_group.obsweights",
            "two_group",
            "~ 0 + group",
            b_a,
            ("default", "trend_robust"),
            {"weights": values["obsweights"]},
        ),
        Case(
            "two_group.arrayweights",
            "two_group",
            "~ 0 + group",
            b_a,
            ("default", "robust"),
            {"weights": "array"},
        ),
        Case("paired_batch.fixed", "paired_batch", "~ donor + batch + group", group_b, every),
        Case("paired_batch.block", "paired_batch", "~ group + batch", group_b, every, block),
        Case(
            "paired_batch.block_cor0.4",
            "paired_batch",
            "~ group + batch",
            group_b,
            ("default",),
            block | {"correlation": 0.4},
        ),
        Case("paired_batch.nonestimable", "paired_batch", aliased, {"groupB": {"group_B": 1.0}}),
        Case("three_group", "three_group", "~ 0 + group + age", three, every),
        Case(
            "three_group.two",
            "three_group",
            "~ 0 + group + age",
            {k: three[k] for k in ("BvsA", "CvsA")},
            ("default", "trend_robust"),
        ),
        Case("missing", "missing", "~ 0 + group", b_a, ("default", "robust")),
        Case("missing.anyobs", "missing", "~ 0 + group", b_a, every, rows=any_seen),
        Case("missing.filtered2", "missing", "~ 0 + group", b_a, every, rows=two_each),
        Case("missing.treatmentcoding", "missing", "~ group", group_b),
        Case("realistic", "realistic", "~ 0 + group + batch", b_a, ("default", "trend_robust")),
    ]


def of_fits(folder: Path) -> Iterator[Check]:
    for case in cases(folder):
        for version in (OLD, NEW):
            for variant in case.variants:
                forms = {f"{case.stem}.{variant}": True if version == OLD else None}
                if version == NEW:
                    forms |= {
                        f"{case.stem}.{variant}.legacy{x}".replace("True", "TRUE").replace(
                            "False", "FALSE"
                        ): x
                        for x in (True, False)
                    }
                for stem, legacy in forms.items():
                    if holds(folder / version / f"{stem}.fit.tsv"):
                        yield from _of_fit(
                            folder, case, version, stem, VARIANTS[variant] | {"legacy": legacy}
                        )


def _of_fit(folder: Path, case: Case, version: str, stem: str, options: dict[str, object]) -> Iterator[Check]:
    exp = inputs(folder, case.data, case.rows)
    da = mk.differential_abundance(
        exp, case.design, contrast=case.contrasts, min_values=1, **(case.options or {}), **options
    )
    trend, robust = bool(options.get("trend")), bool(options.get("robust"))
    kind = "iterative" if trend or robust else "closed form"
    if version == NEW and options["legacy"] is not True:
        kind = "estimator"
    at, name = folder / version, f"{version}/{stem}"
    # where the reference defines the prior or the errors otherwise, its definition is put in place as well
    moderated, own_prior, own_errors = da.moderated, kind, kind
    if kind == "estimator" and (trend or robust) and (da.fit.df_residual <= 0).any():
        own_prior = own_errors = "definition"
        counted = prior_counting_all(da.fit, trend=trend, robust=robust)
        moderated = ebayes.squeeze(da.fit.sigma**2, da.fit.df_residual, counted)
    if case.stem == "realistic":
        own_errors = "definition"
    expected, proteins = read(at / f"{stem}.fit.tsv"), exp.values.columns
    yield from _of_moderated(f"{name}.fit", da, da.moderated, expected, own_prior)
    if own_prior == "definition":
        yield from _of_moderated(f"{name}.fit", da, moderated, expected, kind)
    if len(case.contrasts) > 1 and expected["F"].notna().any() and case.stem.startswith("three"):
        for column, theirs in {"f": "F", "pvalue": "F.p.value"}.items():
            found = at_rows(da.f_tests[column], proteins, expected)
            yield compare(f"{name}.fit", theirs, found, expected[theirs], kind)
    scale, again = [], []
    for contrast, vector in da.contrasts.items():
        table = da.table[da.table["contrast"] == contrast].set_index("protein")
        effect, unscaled = da.fit.contrast(vector)
        scale.append(_effect_variance(table["t"].to_numpy(), unscaled, da.moderated))
        if not holds(at / f"{stem}.top.{contrast}.tsv"):
            continue
        expected = read(at / f"{stem}.top.{contrast}.tsv")
        told = np.isfinite(effect) | (case.stem != "realistic")
        yield from _of_top(f"{name}.top.{contrast}", table, expected, own_errors, told)
        if own_errors == "definition":
            if case.stem == "realistic":
                # what only the reference tests still counts in its adjusted p and its B; no extract holds this
                effect = np.where(told, effect, expected["logFC"])
                unscaled = approximate_unscaled(da.fit, vector)
                unscaled = np.where(told, unscaled, expected["stdev.unscaled"])
            table = _moderated_t(effect, unscaled, moderated).set_index(proteins)
            yield from _of_top(f"{name}.top.{contrast}", table, expected, kind, told)
            again.append(_effect_variance(table["t"].to_numpy(), unscaled, moderated))
    expected = read(at / f"{stem}.varprior.tsv").reindex(list(case.contrasts))["var.prior"]
    if expected.notna().all():
        yield compare(f"{name}.varprior", "var.prior", scale, expected, own_errors)
        if again:
            yield compare(f"{name}.varprior", "var.prior", again, expected, kind)


def _of_moderated(
    file: str,
    da: mk.results.DifferentialAbundance,
    moderated: ebayes.Moderated,
    expected: pd.DataFrame,
    kind: str,
) -> Iterator[Check]:
    fit = da.fit
    columns = {
        "Amean": fit.mean,
        "sigma": fit.sigma,
        "df.residual": fit.df_residual,
        "s2.prior": moderated.prior.variance,
        "df.prior": moderated.prior.df,
        "s2.post": moderated.variance,
        "df.total": moderated.df_total,
    }
    for column, found in columns.items():
        yield compare(file, column, at_rows(found, da.proteins.index, expected), expected[column], kind)


def _of_top(
    file: str, table: pd.DataFrame, expected: pd.DataFrame, kind: str, told: npt.NDArray[np.bool_]
) -> Iterator[Check]:
    """Columns of a table of tests, of the rows that markerkit can tell; one of ours for each of `told`."""
    told = pd.Series(told, table.index)[expected.index].to_numpy()
    table = table.loc[expected.index]
    untold = int((~told & expected["t"].notna()).sum())
    table, expected = table[told], expected[told]
    width = (expected["CI.R"] - expected["CI.L"]).to_numpy()
    for column, theirs in _TOP.items():
        if theirs in expected:
            check = compare(file, theirs, table[column], expected[theirs], kind, width=width)
            yield replace(check, left_out=check.left_out + untold)


def _moderated_t(effect: Array, unscaled: Array, moderated: ebayes.Moderated) -> pd.DataFrame:
    """Moderated t-tests of given effects, errors and variances (Smyth 2004)."""
    df, se = moderated.df_total, unscaled * np.sqrt(moderated.variance)
    t, half = effect / se, stdtrit(df, 0.975) * se
    ok = np.isfinite(t)
    pvalue, odds = np.full((2, len(t)), np.nan)
    pvalue[ok] = ebayes.two_sided(t[ok], df[ok])
    odds[ok] = ebayes.log_odds(t[ok], unscaled[ok], _part(moderated, ok))
    return pd.DataFrame(
        {
            "log2_fc": effect,
            "ci_low": effect - half,
            "ci_high": effect + half,
            "t": t,
            "pvalue": pvalue,
            "padj": bh(pvalue),
            "b": odds,
        }
    )


def _effect_variance(t: Array, unscaled: Array, moderated: ebayes.Moderated) -> float:
    ok = np.isfinite(t)
    return ebayes.prior_effect_variance(t[ok], unscaled[ok], _part(moderated, ok), 0.01)


def _part(moderated: ebayes.Moderated, ok: npt.NDArray[np.bool_]) -> ebayes.Moderated:
    return ebayes.Moderated(moderated.prior, moderated.variance[ok], moderated.df_total[ok])


def approximate_unscaled(fit: linear.LinearFit, contrast: Array) -> Array:
    """Unscaled standard deviation of a contrast as the reference's manual describes its approximation.

    Every protein has its own standard deviations of the coefficients, but
    their correlation is that of the complete design. It is exact where
    nothing is missing or the design is orthogonal.
    """
    each = np.array([fit.contrast(one)[1] for one in np.eye(len(contrast))])
    covariance = np.linalg.inv(fit.design.T @ fit.design)
    root = np.sqrt(np.diag(covariance))
    part = np.nan_to_num(each) * contrast[:, None]
    return np.asarray(np.sqrt(np.einsum("kp,kl,lp->p", part, covariance / np.outer(root, root), part)))


def prior_counting_all(fit: linear.LinearFit, *, trend: bool, robust: bool) -> prior.Prior:
    """Prior for unequal df that counts proteins without residual df, as the outputs of the reference show it.

    They stretch the trend, hardly weighing in it; their variances are certain
    outliers when false discovery rates are taken, and the lowest when ranks are.
    """
    counted = fit.df_residual > 0
    s2 = np.where(counted, fit.sigma**2, np.nanmedian(fit.sigma**2))
    d = np.where(counted, fit.df_residual, 1.0)
    hardly, covariate = 1e-5, fit.mean if trend else None
    scale, df = prior._most_likely(s2, d, covariate, np.where(counted, 1.0, hardly))
    if not robust:
        return prior.Prior(scale, np.full(len(s2), df))
    ratio = np.where(counted, s2 / scale, 0.0)
    tail = np.where(counted, prior.f_tail(ratio, d, df), 1.0)
    rate = bh(np.where(counted, 2 * np.minimum(tail, 1 - tail), 0.0))
    weight = np.where(counted, np.where(rate > 0.3, 1.0, rate), hardly)
    scale, df = prior._most_likely(s2, d, covariate, weight)
    return prior.Prior(scale, prior._shrunken_df(ratio, fit.df_residual, tail, df))


_TOP = {
    "log2_fc": "logFC",
    "ci_low": "CI.L",
    "ci_high": "CI.R",
    "t": "t",
    "pvalue": "P.Value",
    "padj": "adj.P.Val",
    "b": "B",
}


def of_tests(folder: Path) -> Iterator[Check]:
    """TREAT, F-tests, families of tests, fitted coefficients."""
    two, three, b_a = inputs(folder, "two_group"), inputs(folder, "three_group"), ("group", "B", "A")
    missing = next(c for c in cases(folder) if c.stem == "missing.filtered2")
    gaps = inputs(folder, "missing", missing.rows)
    both = {"trend": True, "robust": True}
    for stem, exp, design, contrast, version, options in (
        ("two_group.treat_lfc0.3", two, "~ group", b_a, OLD, {"lfc": 0.3}),
        ("two_group.treat_fc1.2", two, "~ group", b_a, OLD, {"lfc": np.log2(1.2)}),
        ("two_group.treat_lfc0.3_trend_robust", two, "~ group", b_a, OLD, {"lfc": 0.3} | both),
        ("three_group.treat_lfc0.2.CvsA", three, "~ group + age", ("group", "C", "A"), OLD, {"lfc": 0.2}),
        ("missing.treat_lfc0.3", gaps, "~ group", b_a, OLD, {"lfc": 0.3, "legacy": True}),
        ("missing.treat_lfc0.3", gaps, "~ group", b_a, NEW, {"lfc": 0.3}),
    ):
        if not holds(folder / version / f"{stem}.tsv"):
            continue
        da = mk.differential_abundance(exp, design, contrast=contrast, min_values=1, **options)
        expected = read(folder / version / f"{stem}.tsv")
        kind = "estimator" if version == NEW else "iterative" if "trend" in options else "closed form"
        table = da.table.set_index("protein")
        yield from _of_top(f"{version}/{stem}", table, expected, kind, np.ones(len(table), bool))
    case = next(c for c in cases(folder) if c.stem == "three_group")
    da = mk.differential_abundance(three, case.design, contrast=case.contrasts)
    shape = (len(da.contrasts), -1)
    wide = {k: da.table[k].to_numpy(float).reshape(shape).T for k in ("log2_fc", "pvalue", "padj")}
    sign = np.sign(wide["log2_fc"])
    for scheme, padj in (
        ("separate", wide["padj"]),
        ("global", bh(wide["pvalue"].ravel()).reshape(sign.shape)),
    ):
        expected = read(folder / OLD / f"three_group.decideTests.{scheme}.tsv")
        yield compare(
            f"{OLD}/three_group.decideTests.{scheme}",
            "calls",
            at_rows(sign * (padj < 0.05) + 0.0, three.values.columns, expected),
            expected,
            "closed form",
        )
    expected = read(folder / OLD / "three_group.contrasts.fit.tsv")
    for k, vector in da.contrasts.items():
        yield from _of_estimate(
            f"{OLD}/three_group.contrasts.fit", k, da.fit.contrast(vector), three, expected
        )
    both_contrasts = {k: case.contrasts[k] for k in ("BvsA", "CvsA")}
    f_tests = mk.differential_abundance(three, case.design, contrast=both_contrasts).f_tests
    expected = read(folder / OLD / "three_group.topTableF.tsv")
    for column, theirs in {"f": "F", "pvalue": "P.Value", "padj": "adj.P.Val"}.items():
        found = at_rows(f_tests[column], three.values.columns, expected)
        yield compare(f"{OLD}/three_group.topTableF", theirs, found, expected[theirs], "closed form")
    exp = inputs(folder, "missing")
    fit = linear.fit(exp.values.to_numpy(), pd.get_dummies(exp.samples["group"], dtype=float).to_numpy())
    expected = read(folder / OLD / "missing.lmFit.tsv")
    for k, vector in {"A": np.array([1.0, 0.0]), "B": np.array([0.0, 1.0])}.items():
        yield from _of_estimate(f"{OLD}/missing.lmFit", k, fit.contrast(vector), exp, expected)


def _of_estimate(
    file: str, name: str, found: tuple[Array, Array], exp: mk.Experiment, expected: pd.DataFrame
) -> Iterator[Check]:
    """Estimates and unscaled standard deviations, which the reference calls su."""
    for column, numbers in zip((name, f"su.{name}"), found, strict=True):
        ours = at_rows(numbers, exp.values.columns, expected)
        yield compare(file, column, ours, expected[column], "closed form")


def of_priors(folder: Path) -> Iterator[Check]:
    """Priors of given variances, weights of samples, correlation within blocks."""
    fit = linear.fit(inputs(folder, "two_group").values.to_numpy(), np.repeat(np.eye(2), 4, axis=0))
    expected = read(folder / OLD / "two_group.fitFDist.tsv").reset_index()
    found = prior.fit_prior(fit.sigma**2, fit.df_residual)
    yield Check(
        f"{OLD}/two_group.fitFDist",
        "scale, df2",
        relative([found.variance[0], found.df[0]], expected.iloc[0]),
        "closed form",
    )
    for version in (OLD, NEW):
        for path in sorted((folder / version).glob("*squeezeVar*")):
            stem = path.name.split(".tsv")[0]
            table = read(path, index=None)
            given = np.sin(np.arange(1, len(table) + 1)) if stem.startswith("edge") else fit.mean
            legacy = True if version == OLD or stem.endswith("TRUE") else None
            m = ebayes.moderate(
                table["var"].to_numpy(float),
                table["df"].to_numpy(float),
                covariate=given if "covariate" in stem else None,
                robust="robust" in stem,
                legacy=legacy,
            )
            kind = (
                "estimator"
                if legacy is None
                else "iterative"
                if "covariate" in stem or "robust" in stem
                else "closed form"
            )
            for column, found_ in {
                "var.post": m.variance,
                "var.prior": m.prior.variance,
                "df.prior": m.prior.df,
            }.items():
                yield compare(f"{version}/{stem}", column, found_, table[column], kind)
    yield from _of_weights(folder)


def _of_weights(folder: Path) -> Iterator[Check]:
    design, y = np.repeat(np.eye(2), 4, axis=0), inputs(folder, "two_group").values.to_numpy()
    for stem, method in (
        ("arrayWeights", "reml"),
        ("arrayWeights.reml", "reml"),
        ("arrayWeights.genebygene", "stepwise"),
    ):
        expected = read(folder / OLD / f"two_group.{stem}.tsv")["weight"]
        found = weights.array_weights(y, design, method=method)
        yield compare(f"{OLD}/two_group.{stem}", "weight", found, expected, "closed form")
    case = next(c for c in cases(folder) if c.stem == "missing.filtered2")
    y = inputs(folder, "missing", case.rows).values.to_numpy()
    expected = read(folder / OLD / "missing.arrayWeights.tsv")["weight"]
    found = weights.array_weights(y, np.repeat(np.eye(2), 5, axis=0))
    yield compare(f"{OLD}/missing.arrayWeights", "weight", found, expected, "closed form")
    exp = inputs(folder, "paired_batch")
    x = np.column_stack(
        [np.ones(12), pd.get_dummies(exp.samples[["group", "batch"]], drop_first=True, dtype=float)]
    )
    table = read(folder / OLD / "paired_batch.dupcor.tsv")
    y, block = exp.values.to_numpy(), pd.factorize(exp.samples["donor"])[0]
    consensus, each = weights.duplicate_correlation(y, x, block)
    given = np.tanh(table["atanh.correlation"].to_numpy())
    # where the reference stops at a lower mode of the restricted likelihood there is nothing to agree with
    lower = np.array(
        [
            abs(a - b) > 1e-3
            and restricted_likelihood(v, x, block, a) > restricted_likelihood(v, x, block, b)
            for v, a, b in zip(y.T, each, given, strict=True)
        ]
    )
    stem = f"{OLD}/paired_batch.dupcor"
    yield Check(stem, "rho", np.abs(each - given)[~lower], "estimator", int(lower.sum()))
    same_modes = np.tanh(trim_mean(np.arctanh(np.where(lower, given, each)), 0.15))
    for found, kind in ((consensus, "definition, other"), (same_modes, "estimator")):
        yield Check(stem, "consensus", np.abs([found - table["consensus"].iloc[0]]), kind)


def restricted_likelihood(y: Array, design: Array, block: npt.NDArray[np.intp], rho: float) -> float:
    """Restricted log likelihood of a correlation within blocks, up to a constant (Patterson and Thompson 1971)."""
    together = block[:, None] == block
    inverse = np.linalg.inv(np.where(together, rho, 0.0) + (1 - rho) * np.eye(len(y)))
    normal = design.T @ inverse @ design
    residual = y - design @ np.linalg.solve(normal, design.T @ inverse @ y)
    n = len(y) - design.shape[1]
    determinants = np.linalg.slogdet(normal)[1] - np.linalg.slogdet(inverse)[1]
    return float(-(n * np.log(residual @ inverse @ residual) + determinants) / 2)


def of_set_tests(folder: Path) -> Iterator[Check]:
    exp = inputs(folder, "two_group")
    groups, b_a = np.repeat(np.eye(2), 4, axis=0), np.array([-1.0, 1.0])
    given = read(folder / "inputs" / "two_group.weights.tsv").T.to_numpy()
    arrays = weights.array_weights(exp.values.to_numpy(), groups)
    preset = {"correlation": 0.01}
    runs = [
        ("camera.default", {}, preset),
        ("camera.cor0.05", {}, {"correlation": 0.05}),
        ("camera.estimated", {}, {}),
        ("camera.estimated_allownegcor", {}, {"floor": False}),
        ("camera.ranks", {}, preset | {"use_ranks": True}),
        ("camera.ranks_estimated", {}, {"use_ranks": True}),
        ("camera.trendvar", {"trend": True}, preset),
        ("camera.obsweights", {"weights": given}, preset),
        ("camera.arrayweights", {"weights": arrays}, preset),
        (
            "camera.designcoef2",
            {"design": np.column_stack([np.ones(8), groups[:, 1]]), "contrast": np.array([0.0, 1.0])},
            preset,
        ),
        *((f"fry.{k}", {}, {"standardize": k}) for k in STANDARDIZE),
        ("fry.obsweights", {"weights": given}, {}),
        ("fry.geneweights", {}, {"weights": read(folder / OLD / "geneweights.tsv")["weight"].to_numpy()}),
    ]
    for stem, how, options in runs:
        statistics = _statistics(exp, {"design": groups, "contrast": b_a} | how)
        yield from _of_set_test(folder, stem, statistics, members(folder, exp.values.columns), options)
    paired = inputs(folder, "paired_batch")
    dummies = pd.get_dummies(paired.samples, drop_first=True, dtype=float)
    fixed = np.column_stack(
        [np.ones(12), dummies[[c for c in dummies if c.startswith("donor")] + ["batch_b2", "group_B"]]]
    )
    consensus = float(read(folder / OLD / "paired_batch.dupcor.tsv")["consensus"].iloc[0])
    sets = members(folder, paired.values.columns)
    statistics = _statistics(paired, {"design": fixed, "contrast": np.eye(fixed.shape[1])[-1]})
    yield from _of_set_test(folder, "paired_batch.camera.fixed", statistics, sets, preset)
    yield from _of_set_test(folder, "paired_batch.fry.fixed", statistics, sets, {})
    block = {"block": pd.factorize(paired.samples["donor"])[0], "correlation": consensus}
    x = np.column_stack([np.ones(12), dummies[["group_B", "batch_b2"]]])
    statistics = _statistics(paired, {"design": x, "contrast": np.array([0.0, 1.0, 0.0])} | block)
    yield from _of_set_test(folder, "paired_batch.fry.block", statistics, sets, {})
    yield from _of_preranked(folder, exp, groups, b_a)
    if holds(folder / "inputs" / "realistic.expr.tsv"):
        yield from _of_realistic(folder)


def _statistics(exp: mk.Experiment, how: dict[str, object]) -> SetStatistics:
    options = {k: how[k] for k in ("weights", "block", "correlation") if k in how}
    fit = linear.fit(exp.values.to_numpy(), how["design"], **options)
    covariate = fit.mean if how.get("trend") else None
    moderated = ebayes.moderate(fit.sigma**2, fit.df_residual, covariate=covariate)
    return set_statistics(fit, moderated, how["contrast"])[0]


def _of_set_test(
    folder: Path,
    stem: str,
    statistics: SetStatistics,
    sets: dict[str, npt.NDArray[np.intp]],
    options: dict[str, object],
) -> Iterator[Check]:
    expected = read(folder / OLD / f"{stem}.tsv")
    if (expected["NGenes"] == 0).any():  # the reference counts sets without members as tests
        expected = expected[expected["NGenes"] > 0].drop(columns=["FDR", "FDR.Mixed"], errors="ignore")
    test = of_camera if "camera" in stem else of_fry
    found = test(statistics, [sets[k] for k in expected.index], **options)
    expected = expected.assign(Direction=expected["Direction"].map({"Up": 1, "Down": -1}))
    columns = {"NGenes": [len(sets[k]) for k in expected.index], "Direction": np.sign(found.statistic)}
    columns |= {"PValue": found.pvalue, "FDR": bh(found.pvalue), "Correlation": found.correlation}
    columns |= {"PValue.Mixed": found.pvalue_mixed, "FDR.Mixed": bh(found.pvalue_mixed)}
    for column, ours in columns.items():
        if column in expected:
            yield compare(f"{OLD}/{stem}", column, ours, expected[column], "closed form")


def of_camera(statistics: SetStatistics, sets: list[npt.NDArray[np.intp]], **options: object) -> SetTest:
    """Run camera; with ``floor=False`` negative estimates of the correlation stand, which no public path takes."""
    if options.pop("floor", True):
        return camera(statistics, sets, **options)
    rho = inter_protein_correlation(statistics, sets)
    score = normal_score(statistics.t, statistics.df_total)
    df = float(min(statistics.df_residual, len(score) - 2))
    return SetTest(*two_sample(score, sets, np.nan_to_num(rho), df), rho, np.full(len(sets), np.nan))


def preranked(
    score: Array, sets: list[npt.NDArray[np.intp]], *, correlation: float = 0.01, use_ranks: bool = False
) -> SetTest:
    """Camera of any score with a preset correlation."""
    rho = np.full(len(sets), correlation)
    found = (
        rank_sum(score, sets, rho, np.inf)
        if use_ranks
        else two_sample(score, sets, rho, float(len(score) - 2))
    )
    return SetTest(*found, rho, np.full(len(sets), np.nan))


def _robust_prior(square: Array) -> prior.Prior:
    """Prior of the robust mean squares themselves."""
    robust = robust_square(square)
    return prior.fit_prior(robust, np.full(len(robust), ROBUST_EFFICIENCY * (len(square) - 1)))


#: standardization of the reference's fry -> effects by it; public paths take the first alone
STANDARDIZE = {
    "posterior.sd": lambda e: None,
    "residual.sd": lambda e: e / np.sqrt(robust_square(e**2)),
    "p2": lambda e: e / np.sqrt(moderated_square(e**2, _robust_prior(e**2))),
    "none": lambda e: e,
}


def of_fry(
    statistics: SetStatistics,
    sets: list[npt.NDArray[np.intp]],
    *,
    standardize: str = "posterior.sd",
    weights: Array | None = None,
) -> SetTest:
    """Run fry, with the other standardizations and the weights of proteins that no public path takes."""
    scaled = STANDARDIZE[standardize](statistics.effects)
    if weights is not None:
        scaled = (scaled_effects(statistics) if scaled is None else scaled) * weights
    return fry(statistics, sets, scaled=scaled)


def _of_preranked(folder: Path, exp: mk.Experiment, design: Array, contrast: Array) -> Iterator[Check]:
    sets = members(folder, exp.values.columns)
    statistics = _statistics(exp, {"design": design, "contrast": contrast})
    for stem, options in {
        "default": {},
        "ranks": {"use_ranks": True},
        "cor0.1": {"correlation": 0.1},
    }.items():
        expected = read(folder / OLD / f"cameraPR.{stem}.tsv")
        found = preranked(statistics.t, [sets[k] for k in expected.index], **options)
        yield compare(f"{OLD}/cameraPR.{stem}", "PValue", found.pvalue, expected["PValue"], "closed form")
    expected = read(folder / OLD / "interGeneCorrelation.tsv")
    found_rho = inter_protein_correlation(statistics, [sets[k] for k in expected.index])
    yield compare(
        f"{OLD}/interGeneCorrelation", "correlation", found_rho, expected["correlation"], "closed form"
    )
    expected = read(folder / OLD / "rankSumTest.tsv")
    for column, rho in (("rank_up", 0.0), ("rank_up_cor0.1", 0.1)):
        found = preranked(statistics.t, [sets[k] for k in expected.index], correlation=rho, use_ranks=True)
        up = (
            found.statistic > 0
        )  # one-sided, the reference's continuity correction goes the other way below 0
        yield compare(
            f"{OLD}/rankSumTest", column, ndtr(-found.statistic[up]), expected[column][up], "closed form"
        )
        if rho == 0:
            yield compare(
                f"{OLD}/rankSumTest", "gst_either", found.pvalue, expected["gst_either"], "closed form"
            )


def _of_realistic(folder: Path) -> Iterator[Check]:
    exp = inputs(folder, "realistic")
    complete = exp.values.dropna(axis=1)
    dummies = pd.get_dummies(exp.samples[["group", "batch"]], dtype=float)
    x = dummies.drop(columns=next(c for c in dummies if c.startswith("batch"))).to_numpy()
    contrast = np.zeros(x.shape[1])
    contrast[:2] = [-1.0, 1.0]
    whole = mk.Experiment(complete, exp.samples, scale="log2")
    statistics = _statistics(whole, {"design": x, "contrast": contrast})
    sets = members(folder, complete.columns, "realistic")
    for stem, options in (("camera.default", {"correlation": 0.01}), ("camera.estimated", {}), ("fry", {})):
        yield from _of_set_test(folder, f"realistic.complete.{stem}", statistics, sets, options)
    for version, legacy in ((OLD, True), (NEW, None)):
        da = mk.differential_abundance(
            exp, "~ 0 + group + batch", contrast=("group", "B", "A"), legacy=legacy, min_values=1
        )
        own = da.table["t"].to_numpy()
        theirs = read(folder / version / "realistic.default.top.BvsA.tsv")["t"].to_numpy()
        expected = read(folder / version / "realistic.cameraPR.tsv")
        for t, kind in ((own, "definition"), (theirs, "closed form")):
            known = np.isfinite(t)
            sets = members(folder, exp.values.columns[known], "realistic")
            found = preranked(t[known], [sets[k] for k in expected.index])
            stem = f"{version}/realistic.cameraPR"
            yield compare(stem, "PValue", found.pvalue, expected["PValue"], kind)


def of_deqms(folder: Path) -> Iterator[Check]:
    counts = read(folder / "inputs" / "deqms.psm.tsv")["count"]
    exp, at = inputs(folder, "deqms"), folder / "r_other"
    plain = mk.differential_abundance(exp, "~ group", contrast=("group", "B", "A"), legacy=True)
    da = mk.differential_abundance(
        exp, "~ group", contrast=("group", "B", "A"), method="deqms", counts=counts, legacy=True
    )
    columns = {"logFC": da.table["log2_fc"], "sigma": da.fit.sigma, "df": da.fit.df_residual}
    columns |= {"limma.t": plain.table["t"], "limma.p": plain.table["pvalue"]}
    columns |= {"sca.t": da.table["t"], "sca.P.Value": da.table["pvalue"], "sca.adj.pval": da.table["padj"]}
    columns |= {
        "sca.priorvar": da.moderated.prior.variance,
        "sca.dfprior": da.moderated.prior.df,
        "sca.postvar": da.moderated.variance,
    }
    expected = read(at / "DEqMS.loess.tsv")
    for column, found in columns.items():
        ours = at_rows(found, exp.values.columns, expected)
        yield compare("r_other/DEqMS.loess", column, ours, expected[column], "closed form")
    expected = read(at / "loess_span0.75_default.tsv")
    x, y = expected["x"].to_numpy(float), expected["y"].to_numpy()
    yield compare(
        "r_other/loess_span0.75_default", "fitted", smooth.loess(x, y), expected["fitted"], "closed form"
    )
    direct = read(at / "loess_span0.75_direct.tsv")["fitted"]
    parabolas = [
        smooth._parabola(x, y, one, int(0.75 * len(x)))[0] for one in expected.loc[direct.index, "x"]
    ]
    yield compare("r_other/loess_span0.75_direct", "fitted", parabolas, direct, "closed form")


def of_scores(folder: Path) -> Iterator[Check]:
    """Scores of sets in samples, without ties and with them."""
    for data in ("scores", "scores_ties"):
        values = inputs(folder, data).values
        sets = members(folder, values.columns)
        inside = np.zeros((values.shape[1], len(sets)), dtype=bool)
        for k, at in enumerate(sets.values()):
            inside[at, k] = True
        y = values.to_numpy()
        yield from _of_singscore(folder, data, y, inside, list(sets))
        z = ranks.combined_z(y, inside).score.T
        yield from _of_matrix(folder, f"{data}.zscore", z, list(sets))
        area, steep = (ranks.ssgsea(y, inside, exponent=k).score.T * y.shape[1] for k in (0.25, 1.0))
        kind = "closed form" if data == "scores" else "ties"
        yield from _of_matrix(folder, f"{data}.ssgsea.nonorm", area, list(sets), kind)
        yield from _of_matrix(folder, f"{data}.ssgsea.nonorm.tau1", steep, list(sets), kind)
        yield from _of_matrix(folder, f"{data}.ssgsea", area / np.ptp(area), list(sets), kind)


def _of_matrix(
    folder: Path, stem: str, found: Array, sets: list[str], kind: str = "closed form"
) -> Iterator[Check]:
    if not holds(folder / OTHER / f"{stem}.tsv"):
        return
    expected = read(folder / OTHER / f"{stem}.tsv").loc[sets].to_numpy()
    if kind == "ties":
        yield Check(f"{OTHER}/{stem}", "score", np.abs(found - expected).ravel() / np.ptp(expected), kind)
    else:
        yield compare(f"{OTHER}/{stem}", "score", found, expected, kind)


def _of_singscore(
    folder: Path, data: str, y: Array, inside: npt.NDArray[np.bool_], sets: list[str]
) -> Iterator[Check]:
    up, down = ranks.singscore(y, inside), ranks.singscore(y, inside, reverse=True)
    for k, name in enumerate(sets):
        expected = read(folder / OTHER / f"{data}.singscore.up.{name}.tsv")
        stem = f"{OTHER}/{data}.singscore.up.{name}"
        for column, found in (("TotalScore", up.score), ("TotalDispersion", up.dispersion)):
            yield compare(stem, column, found[:, k], expected[column], "closed form")
    first, second = sets.index("EXO_CORE"), sets.index("CONTAM_APO")
    stem = f"{data}.singscore.updown.EXO_CORE_vs_CONTAM_APO"
    expected = read(folder / OTHER / f"{stem}.tsv")
    both = up.score[:, first] + down.score[:, second]
    spread = (up.dispersion[:, first] + down.dispersion[:, second]) / 2
    for column, found in (("TotalScore", both), ("TotalDispersion", spread)):
        yield compare(f"{OTHER}/{stem}", column, found, expected[column], "closed form")
    stem = f"{data}.singscore.up.nocenter.EXO_CORE"
    expected = read(folder / OTHER / f"{stem}.tsv")
    yield compare(
        f"{OTHER}/{stem}", "TotalScore", up.score[:, first] + 0.5, expected["TotalScore"], "closed form"
    )


def of_rankings(folder: Path) -> Iterator[Check]:
    """Gene set enrichment: the score is exact to the reference's rounding, p and its scale are simulated on both sides."""
    score = read(folder / "inputs" / "prerank.stats.tsv")["stat"]
    lines = [line.split("\t") for line in (folder / "inputs" / "sets.gmt").read_text().splitlines()]
    sets = {line[0]: [g for g in line[2:] if g in score.index] for line in lines}
    files = {f"fgseaSimple.std.param{k}": k for k in (0, 1, 2)}
    files |= {"fgseaMultilevel.std.param1": 1, "fgseaMultilevel.defaults": 1}
    found = {k: _gsea.prerank(score, sets, weight=float(k), seed=0) for k in (0, 1, 2)}
    for power in found:
        exact = read(folder / OTHER / f"calcGseaStat.param{power}.tsv").loc[list(sets)]
        yield compare(f"{OTHER}/calcGseaStat.param{power}", "ES", found[power].es, exact["ES"], "iterative")
    for stem, power in files.items():
        yield from _of_ranking(folder, stem, found[power], list(sets), "iterative")
    # tied scores follow the names in both: there the order of the input, which is theirs
    tied = _gsea.prerank(score.round(1), sets, weight=1.0, seed=0)
    yield from _of_ranking(folder, "fgseaSimple.std.param1.tiedstats", tied, list(sets), "spread ties")


def _of_ranking(folder: Path, stem: str, found: _gsea.Ranked, sets: list[str], kind: str) -> Iterator[Check]:
    file = f"{OTHER}/{stem}"
    expected = read(folder / f"{file}.tsv").loc[sets]
    yield compare(file, "ES", found.es, expected["ES"], kind)
    edges = zip(found.edge, expected["leadingEdge"], strict=True)
    differ = np.array([set(ours.split(";")) != set(theirs.split(",")) for ours, theirs in edges], float)
    yield Check(file, "leadingEdge", differ, "closed form")
    yield Check(file, "NES", relative(found.nes, expected["NES"]), "Monte Carlo, NES")
    p = expected["pval"].to_numpy()
    error = np.hypot(_error_of_levels(p), _error_of_many(p) if "Simple" in stem else _error_of_levels(p))
    yield Check(file, "pval", np.abs(np.log2(found.pvalue / p)) / error, "Monte Carlo, p")


def _error_of_many(p: Array, draws: int = 50_000) -> Array:
    """Standard error of log2 p from simple sampling; half of the draws have the sign of the score."""
    return np.sqrt((1 - p) / (p * draws)) / np.log(2)


def _error_of_levels(p: Array) -> Array:
    """The same of multilevel sampling (Korotkevich et al. 2021), which starts from 1,000 simple draws."""
    levels = np.floor(1 - np.log2(p)) * (polygamma(1, 51) - polygamma(1, 102))
    return np.maximum(np.sqrt(levels) / np.log(2) * (p < 0.02), _error_of_many(p, 500) * (p >= 0.02))


def of_hits(folder: Path) -> Iterator[Check]:
    """Over-representation against the measured proteins."""
    universe = read(folder / "inputs" / "prerank.stats.tsv").index
    hits = np.isin(universe, (folder / "inputs" / "ora.hits.txt").read_text().split())
    at = members(folder, universe)
    for stem in ("fora", "hypergeometric"):
        expected = read(folder / OTHER / f"{stem}.tsv")
        overlap, p = over_representation(hits, [at[k] for k in expected.index], np.arange(len(hits)))
        columns = {"overlap": overlap, "pval": p, "padj": bh(p), "phyper_upper": p, "fisher_greater": p}
        for column, found in columns.items():
            if column in expected:
                yield compare(f"{OTHER}/{stem}", column, found, expected[column], "closed form")


def checks(folder: Path) -> Iterator[Check]:
    """Everything that is compared."""
    for part in (of_fits, of_tests, of_priors, of_set_tests, of_deqms, of_scores, of_rankings, of_hits):
        yield from part(folder)


def tests_with_gaps(folder: Path) -> pd.DataFrame:
    """Tests of data with gaps against the newer reference: relative differences, and calls at a 5 % FDR."""
    rows = []
    for case in cases(folder):
        for variant in case.variants:
            stem = f"{case.stem}.{variant}"
            path = folder / NEW / f"{stem}.top.{next(iter(case.contrasts))}.tsv"
            if not (holds(path) and case.stem.startswith(("missing", "realistic"))):
                continue
            found = mk.differential_abundance(
                inputs(folder, case.data, case.rows),
                case.design,
                contrast=case.contrasts,
                min_values=1,
                **VARIANTS[variant],
            ).table
            expected = read(path)
            found = found.set_index("protein").loc[expected.index]
            both = found["t"].notna().to_numpy() & expected["t"].notna().to_numpy()
            found, expected = found[both], expected[both]
            p = relative(found["pvalue"], expected["P.Value"], "P.Value")
            called = [(t < 0.05).to_numpy() for t in (found["padj"], expected["adj.P.Val"])]
            rows.append(
                {
                    "file": stem,
                    "tests": len(p),
                    "median": np.median(p),
                    "p99": np.quantile(p, 0.99),
                    "largest": p[expected["P.Value"].to_numpy() > _FAR_TAIL].max(),
                    "t": relative(found["t"], expected["t"]).max(),
                    "log2_fc": relative(found["log2_fc"], expected["logFC"]).max(),
                    "agree": (called[0] == called[1]).mean(),
                    "called": called[1].sum(),
                }
            )
    return pd.DataFrame(rows)


def results(folder: Path) -> pd.DataFrame:
    """Every file of results: its version folder, name, and why it is not compared, empty where it is."""
    compared = {c.file for c in checks(folder)}
    rows = [
        (version, name, "" if f"{version}/{name}" in compared else reason_not_compared(name))
        for version in FOLDERS
        for name in sorted(p.name.split(".tsv")[0] for p in (folder / version).iterdir())
        if not name.startswith(NO_RESULTS)
    ]
    return pd.DataFrame(rows, columns=["version", "file", "reason"])


def reason_not_compared(name: str) -> str:
    """Why a file is not compared."""
    _, _, variant = name.partition(".")  # scores.gsva.none -> gsva.none
    return next(v for k, v in NOT_COMPARED.items() if name.startswith(k) or variant.startswith(k))
