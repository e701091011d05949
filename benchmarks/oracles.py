"""Agreement with the reference implementations, file by file.

Run as ``python benchmarks/oracles.py FOLDER``: FOLDER holds fixed inputs and
what R's limma, DEqMS, fgsea, GSVA and singscore made of them. Every file is either compared
(largest relative difference, and the 90th percentile over its numbers) or
listed with the reason why not.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import ndtr, polygamma

import markerkit as mk
from markerkit import _gsea
from markerkit.stats import ebayes, linear, prior, ranks, set_tests, smooth, weights
from markerkit.stats.fdr import bh

Array = npt.NDArray[np.float64]

OLD, NEW, OTHER = "limma-3.54.1", "limma-3.63.2", "r_other"
VARIANTS = {
    "default": {},
    "trend": {"trend": True},
    "robust": {"robust": True},
    "trend_robust": {"trend": True, "robust": True},
}
#: columns that hold p-values or are made of them
P_VALUES = {
    "P.Value", "adj.P.Val", "F.p.value", "PValue", "FDR", "PValue.Mixed", "FDR.Mixed", "pval", "sca.P.Value",
    "sca.adj.pval", "phyper_upper", "fisher_greater", "rank_up", "rank_up_cor0.1", "gst_either",
}  # fmt: skip
#: file -> why it is not compared
NOT_COMPARED = {
    "two_group.lmrobust": "fits by iterated M-estimation, which markerkit does not offer",
    "paired_batch.removeBatchEffect": "corrects data for batch; markerkit models batch and leaves data alone",
    "three_group.decideTests.hierarchical": "a scheme of multiple testing that markerkit does not offer",
    "three_group.decideTests.nestedF": "a scheme of multiple testing that markerkit does not offer",
    "geneweights": "an input",
    "sessionInfo": "versions",
    "warnings": "messages",
    "IDENTICAL": "a list of files",
    "DEqMS.nls": "a curve of the prior variance that markerkit does not offer; loess is the default of the reference",
    "DEqMS.spline": "as DEqMS.nls",
    "loess_span0.75_direct": "the surface without interpolation; the default one is compared",
    "fgseaSimple.pos": "a one-sided score, which markerkit does not offer",
    "fgseaSimple.neg": "as fgseaSimple.pos",
    "fgseaMultilevel.pos": "as fgseaSimple.pos",
    "fgseaMultilevel.neg": "as fgseaSimple.pos",
    "plotEnrichmentData": "points of a plot",
    "missing.proDA": "another model of missing values",
    "AUCell": "a score that markerkit does not offer",
    "gsva": "a score that markerkit does not offer",
    "plage": "a score that markerkit does not offer",
    "singscore.unknown": "sets without a direction; every marker here has one",
    "singscore.stable": "ranks against stable genes; no such panel exists for vesicles",
}


@dataclass(frozen=True)
class Check:
    """One column of one file.

    Parameters
    ----------
    file, column
        What was compared.
    difference
        Relative differences, one a number.
    kind
        ``closed form``; ``iterative`` (splines, lowess, root finding);
        ``estimator``: the reference's prior for unequal residual df, whose
        search stops early; ``approximate``: with missing values in a design
        that is not orthogonal the reference approximates the standard errors
        of contrasts, and its robust prior counts proteins without residual df
        as outliers; markerkit does neither; ``Monte Carlo``: the difference is
        in standard errors of the two simulations; ``spread
        ties``: tied scores lie a hair apart here; ``ties``: ties share their
        average rank here, where the reference truncates it and keeps the order
        of the input; the difference is a share of the range of the scores.
    """

    file: str
    column: str
    difference: Array
    kind: str


def read(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, sep="\t", index_col=0)


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


def inputs(folder: Path, name: str) -> mk.Experiment:
    values = read(folder / "inputs" / f"{name}.expr.tsv").T
    sheet = folder / "inputs" / f"{name}.samples.tsv"
    if sheet.exists():
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
                    if (folder / version / f"{stem}.fit.tsv.gz").exists():
                        yield from _of_fit(
                            folder, case, version, stem, VARIANTS[variant] | {"legacy": legacy}
                        )


def _of_fit(folder: Path, case: Case, version: str, stem: str, options: dict[str, object]) -> Iterator[Check]:
    exp = inputs(folder, case.data)
    if case.rows is not None:
        exp = mk.Experiment(exp.values[case.rows], exp.samples, scale="log2")
    da = mk.differential_abundance(
        exp, case.design, contrast=case.contrasts, **(case.options or {}), **options
    )
    kind = "iterative" if options.get("trend") or options.get("robust") else "closed form"
    if version == NEW and options["legacy"] is not True:
        kind = "estimator"
    if version == NEW and options.get("robust") and case.stem in {"missing", "missing.anyobs"}:
        kind = "approximate"
    at = folder / version
    expected = read(at / f"{stem}.fit.tsv.gz")
    ours = {
        "Amean": da.fit.mean,
        "sigma": da.fit.sigma,
        "df.residual": da.fit.df_residual,
        "s2.prior": da.moderated.prior.variance,
        "df.prior": da.moderated.prior.df,
        "s2.post": da.moderated.variance,
        "df.total": da.moderated.df_total,
    }
    if len(case.contrasts) > 1 and expected["F"].notna().any() and case.stem.startswith("three"):
        ours |= {"F": da.f_tests["f"], "F.p.value": da.f_tests["pvalue"]}
    name = f"{version}/{stem}"
    for column, found in ours.items():
        yield Check(f"{name}.fit", column, relative(found, expected[column], column), kind)
    if case.stem == "realistic":
        kind = "approximate"
    scale = []
    for contrast in case.contrasts:
        table = da.table[da.table["contrast"] == contrast]
        expected = read(at / f"{stem}.top.{contrast}.tsv.gz")
        for column, theirs in _TOP.items():
            yield Check(
                f"{name}.top.{contrast}", theirs, relative(table[column], expected[theirs], theirs), kind
            )
        t, unscaled = table["t"].to_numpy(float), da.fit.contrast(da.contrasts[contrast])[1]
        ok = np.isfinite(t)
        part = ebayes.Moderated(da.moderated.prior, da.moderated.variance[ok], da.moderated.df_total[ok])
        scale.append(ebayes.prior_effect_variance(t[ok], unscaled[ok], part, 0.01))
    expected = read(at / f"{stem}.varprior.tsv").reindex(list(case.contrasts))
    if expected["var.prior"].notna().all():
        yield Check(f"{name}.varprior", "var.prior", relative(scale, expected["var.prior"]), kind)


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
    gaps = mk.Experiment(
        inputs(folder, "missing").values[missing.rows], inputs(folder, "missing").samples, scale="log2"
    )
    both = {"trend": True, "robust": True}
    for stem, exp, design, contrast, version, options in (
        ("two_group.treat_lfc0.3", two, "~ group", b_a, OLD, {"lfc": 0.3}),
        ("two_group.treat_fc1.2", two, "~ group", b_a, OLD, {"lfc": np.log2(1.2)}),
        ("two_group.treat_lfc0.3_trend_robust", two, "~ group", b_a, OLD, {"lfc": 0.3} | both),
        ("three_group.treat_lfc0.2.CvsA", three, "~ group + age", ("group", "C", "A"), OLD, {"lfc": 0.2}),
        ("missing.treat_lfc0.3", gaps, "~ group", b_a, OLD, {"lfc": 0.3, "legacy": True}),
        ("missing.treat_lfc0.3", gaps, "~ group", b_a, NEW, {"lfc": 0.3}),
    ):
        da = mk.differential_abundance(exp, design, contrast=contrast, **options)
        expected = read(folder / version / f"{stem}.tsv.gz")
        kind = "estimator" if version == NEW else "iterative" if "trend" in options else "closed form"
        for column, theirs in _TOP.items():
            if theirs in expected:
                yield Check(
                    f"{version}/{stem}", theirs, relative(da.table[column], expected[theirs], theirs), kind
                )
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
        yield Check(
            f"{OLD}/three_group.decideTests.{scheme}",
            "calls",
            relative(sign * (padj < 0.05) + 0.0, expected),
            "closed form",
        )
    expected = read(folder / OLD / "three_group.contrasts.fit.tsv.gz")
    for k, vector in da.contrasts.items():
        effect, unscaled = da.fit.contrast(vector)
        yield Check(f"{OLD}/three_group.contrasts.fit", k, relative(effect, expected[k]), "closed form")
        yield Check(
            f"{OLD}/three_group.contrasts.fit",
            f"su.{k}",
            relative(unscaled, expected[f"su.{k}"]),
            "closed form",
        )
    both_contrasts = {k: case.contrasts[k] for k in ("BvsA", "CvsA")}
    f_tests = mk.differential_abundance(three, case.design, contrast=both_contrasts).f_tests
    expected = read(folder / OLD / "three_group.topTableF.tsv.gz")
    for column, theirs in {"f": "F", "pvalue": "P.Value", "padj": "adj.P.Val"}.items():
        yield Check(
            f"{OLD}/three_group.topTableF",
            theirs,
            relative(f_tests[column], expected[theirs], theirs),
            "closed form",
        )
    exp = inputs(folder, "missing")
    fit = linear.fit(exp.values.to_numpy(), pd.get_dummies(exp.samples["group"], dtype=float).to_numpy())
    expected = read(folder / OLD / "missing.lmFit.tsv.gz")
    for k, vector in {"A": np.array([1.0, 0.0]), "B": np.array([0.0, 1.0])}.items():
        effect, unscaled = fit.contrast(vector)
        yield Check(f"{OLD}/missing.lmFit", k, relative(effect, expected[k]), "closed form")
        yield Check(f"{OLD}/missing.lmFit", f"su.{k}", relative(unscaled, expected[f"su.{k}"]), "closed form")


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
            table = pd.read_csv(path, sep="\t")
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
                yield Check(f"{version}/{stem}", column, relative(found_, table[column]), kind)
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
        yield Check(f"{OLD}/two_group.{stem}", "weight", relative(found, expected), "closed form")
    case = next(c for c in cases(folder) if c.stem == "missing.filtered2")
    y = inputs(folder, "missing").values[case.rows].to_numpy()
    expected = read(folder / OLD / "missing.arrayWeights.tsv")["weight"]
    found = weights.array_weights(y, np.repeat(np.eye(2), 5, axis=0))
    yield Check(f"{OLD}/missing.arrayWeights", "weight", relative(found, expected), "closed form")
    exp = inputs(folder, "paired_batch")
    x = np.column_stack(
        [np.ones(12), pd.get_dummies(exp.samples[["group", "batch"]], drop_first=True, dtype=float)]
    )
    table = read(folder / OLD / "paired_batch.dupcor.tsv")
    _, each = weights.duplicate_correlation(exp.values.to_numpy(), x, pd.factorize(exp.samples["donor"])[0])
    yield Check(
        f"{OLD}/paired_batch.dupcor", "rho", np.abs(each - np.tanh(table["atanh.correlation"])), "estimator"
    )


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
        *((f"fry.{k}", {}, {"standardize": k}) for k in set_tests.STANDARDIZE),
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
    yield from _of_realistic(folder)


def _statistics(exp: mk.Experiment, how: dict[str, object]) -> set_tests.SetStatistics:
    options = {k: how[k] for k in ("weights", "block", "correlation") if k in how}
    fit = linear.fit(exp.values.to_numpy(), how["design"], **options)
    covariate = fit.mean if how.get("trend") else None
    moderated = ebayes.moderate(fit.sigma**2, fit.df_residual, covariate=covariate)
    return set_tests.set_statistics(fit, moderated, how["contrast"])[0]


def _of_set_test(
    folder: Path,
    stem: str,
    statistics: set_tests.SetStatistics,
    sets: dict[str, npt.NDArray[np.intp]],
    options: dict[str, object],
) -> Iterator[Check]:
    expected = read(folder / OLD / f"{stem}.tsv")
    if (expected["NGenes"] == 0).any():  # the reference counts sets without members as tests
        expected = expected[expected["NGenes"] > 0].drop(columns=["FDR", "FDR.Mixed"], errors="ignore")
    test = set_tests.camera if "camera" in stem else set_tests.fry
    found = test(statistics, [sets[k] for k in expected.index], **options)
    columns = {"PValue": found.pvalue, "FDR": bh(found.pvalue), "Correlation": found.correlation}
    columns |= {"PValue.Mixed": found.pvalue_mixed, "FDR.Mixed": bh(found.pvalue_mixed)}
    for column, ours in columns.items():
        if column in expected:
            yield Check(f"{OLD}/{stem}", column, relative(ours, expected[column], column), "closed form")


def _of_preranked(folder: Path, exp: mk.Experiment, design: Array, contrast: Array) -> Iterator[Check]:
    sets = members(folder, exp.values.columns)
    statistics = _statistics(exp, {"design": design, "contrast": contrast})
    for stem, options in {
        "default": {},
        "ranks": {"use_ranks": True},
        "cor0.1": {"correlation": 0.1},
    }.items():
        expected = read(folder / OLD / f"cameraPR.{stem}.tsv")
        found = set_tests.camera_preranked(statistics.t, [sets[k] for k in expected.index], **options)
        yield Check(
            f"{OLD}/cameraPR.{stem}",
            "PValue",
            relative(found.pvalue, expected["PValue"], "PValue"),
            "closed form",
        )
    expected = read(folder / OLD / "interGeneCorrelation.tsv")
    found_rho = set_tests.inter_protein_correlation(statistics, [sets[k] for k in expected.index])
    yield Check(
        f"{OLD}/interGeneCorrelation",
        "correlation",
        relative(found_rho, expected["correlation"]),
        "closed form",
    )
    expected = read(folder / OLD / "rankSumTest.tsv")
    for column, rho in (("rank_up", 0.0), ("rank_up_cor0.1", 0.1)):
        found = set_tests.camera_preranked(
            statistics.t, [sets[k] for k in expected.index], correlation=rho, use_ranks=True
        )
        up = (
            found.statistic > 0
        )  # one-sided, the reference's continuity correction goes the other way below 0
        yield Check(
            f"{OLD}/rankSumTest",
            column,
            relative(ndtr(-found.statistic[up]), expected[column][up], column),
            "closed form",
        )
        if rho == 0:
            yield Check(
                f"{OLD}/rankSumTest",
                "gst_either",
                relative(found.pvalue, expected["gst_either"], "gst_either"),
                "closed form",
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
            exp, "~ 0 + group + batch", contrast=("group", "B", "A"), legacy=legacy
        )
        t = da.table.set_index("protein")["t"].dropna()
        expected = read(folder / version / "realistic.cameraPR.tsv")
        sets = members(folder, t.index, "realistic")
        found = set_tests.camera_preranked(t.to_numpy(), [sets[k] for k in expected.index])
        yield Check(
            f"{version}/realistic.cameraPR",
            "PValue",
            relative(found.pvalue, expected["PValue"], "PValue"),
            "estimator",
        )


def of_deqms(folder: Path) -> Iterator[Check]:
    counts = read(folder / "inputs" / "deqms.psm.tsv")["count"]
    exp, at = inputs(folder, "deqms"), folder / "r_other"
    da = mk.differential_abundance(
        exp, "~ group", contrast=("group", "B", "A"), method="deqms", counts=counts, legacy=True
    )
    expected = read(at / "DEqMS.loess.tsv.gz")
    columns = {"sca.t": da.table["t"], "sca.P.Value": da.table["pvalue"], "sca.adj.pval": da.table["padj"]}
    columns |= {
        "sca.priorvar": da.moderated.prior.variance,
        "sca.dfprior": da.moderated.prior.df,
        "sca.postvar": da.moderated.variance,
    }
    for column, found in columns.items():
        yield Check("r_other/DEqMS.loess", column, relative(found, expected[column], column), "closed form")
    expected = read(at / "loess_span0.75_default.tsv.gz")
    found = smooth.loess(expected["x"].to_numpy(float), expected["y"].to_numpy())
    yield Check(
        "r_other/loess_span0.75_default", "fitted", relative(found, expected["fitted"]), "closed form"
    )


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
        yield _of_matrix(folder, f"{data}.zscore", z, list(sets))
        area, steep = (ranks.ssgsea(y, inside, exponent=k).score.T * y.shape[1] for k in (0.25, 1.0))
        kind = "closed form" if data == "scores" else "ties"
        yield _of_matrix(folder, f"{data}.ssgsea.nonorm", area, list(sets), kind)
        yield _of_matrix(folder, f"{data}.ssgsea.nonorm.tau1", steep, list(sets), kind)
        yield _of_matrix(folder, f"{data}.ssgsea", area / np.ptp(area), list(sets), kind)


def _of_matrix(folder: Path, stem: str, found: Array, sets: list[str], kind: str = "closed form") -> Check:
    expected = read(folder / OTHER / f"{stem}.tsv").loc[sets].to_numpy()
    if kind == "ties":
        return Check(f"{OTHER}/{stem}", "score", np.abs(found - expected).ravel() / np.ptp(expected), kind)
    return Check(f"{OTHER}/{stem}", "score", relative(found, expected), kind)


def _of_singscore(
    folder: Path, data: str, y: Array, inside: npt.NDArray[np.bool_], sets: list[str]
) -> Iterator[Check]:
    up, down = ranks.singscore(y, inside), ranks.singscore(y, inside, reverse=True)
    for k, name in enumerate(sets):
        expected = read(folder / OTHER / f"{data}.singscore.up.{name}.tsv")
        stem = f"{OTHER}/{data}.singscore.up.{name}"
        for column, found in (("TotalScore", up.score), ("TotalDispersion", up.dispersion)):
            yield Check(stem, column, relative(found[:, k], expected[column]), "closed form")
    first, second = sets.index("EXO_CORE"), sets.index("CONTAM_APO")
    stem = f"{data}.singscore.updown.EXO_CORE_vs_CONTAM_APO"
    expected = read(folder / OTHER / f"{stem}.tsv")
    both = up.score[:, first] + down.score[:, second]
    spread = (up.dispersion[:, first] + down.dispersion[:, second]) / 2
    for column, found in (("TotalScore", both), ("TotalDispersion", spread)):
        yield Check(f"{OTHER}/{stem}", column, relative(found, expected[column]), "closed form")
    stem = f"{data}.singscore.up.nocenter.EXO_CORE"
    expected = read(folder / OTHER / f"{stem}.tsv")
    yield Check(
        f"{OTHER}/{stem}",
        "TotalScore",
        relative(up.score[:, first] + 0.5, expected["TotalScore"]),
        "closed form",
    )


def of_rankings(folder: Path) -> Iterator[Check]:
    """Gene set enrichment: the score is exact to the reference's rounding, p are simulated on both sides."""
    score = read(folder / "inputs" / "prerank.stats.tsv")["stat"]
    lines = [line.split("\t") for line in (folder / "inputs" / "sets.gmt").read_text().splitlines()]
    sets = {line[0]: [g for g in line[2:] if g in score.index] for line in lines}
    files = {f"fgseaSimple.std.param{k}": k for k in (0, 1, 2)}
    files |= {"fgseaMultilevel.std.param1": 1, "fgseaMultilevel.defaults": 1}
    found = {k: _gsea.prerank(score, sets, weight=float(k), seed=0) for k in (0, 1, 2)}
    for power in found:
        exact = read(folder / OTHER / f"calcGseaStat.param{power}.tsv").loc[list(sets)]
        stem = f"{OTHER}/calcGseaStat.param{power}"
        yield Check(stem, "ES", relative(found[power].es, exact["ES"]), "iterative")
    yield from _of_ties(folder, score.round(1), sets)
    for stem, power in files.items():
        p = read(folder / OTHER / f"{stem}.tsv").loc[list(sets), "pval"].to_numpy()
        theirs = _error_of_many(p) if "Simple" in stem else _error_of_levels(p)
        apart = np.abs(np.log2(found[power].pvalue / p)) / np.hypot(_error_of_levels(p), theirs)
        yield Check(f"{OTHER}/{stem}", "pval", apart, "Monte Carlo")


def _of_ties(folder: Path, score: pd.Series, sets: dict[str, list[str]]) -> Iterator[Check]:
    """A ranking with ties: in both they follow the names (there the order of the input, which is theirs)."""
    found = _gsea.prerank(score, sets, weight=1.0, seed=0)
    stem = f"{OTHER}/fgseaSimple.std.param1.tiedstats"
    expected = read(folder / f"{stem}.tsv").loc[list(sets)]
    p = expected["pval"].to_numpy()
    yield Check(stem, "ES", relative(found.es, expected["ES"]), "spread ties")
    apart = np.abs(np.log2(found.pvalue / p)) / np.hypot(_error_of_levels(p), _error_of_many(p))
    yield Check(stem, "pval", apart, "Monte Carlo")


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
    for stem, column, multiple in (("fora", "pval", False), ("hypergeometric", "phyper_upper", True)):
        expected = read(folder / OTHER / f"{stem}.tsv")
        sets = [at[k] for k in expected.index]
        _, found = set_tests.over_representation(hits, sets, np.arange(len(hits)))
        yield Check(f"{OTHER}/{stem}", column, relative(found, expected[column], column), "closed form")
        if multiple:
            greater = expected["fisher_greater"]
            yield Check(
                f"{OTHER}/{stem}", "fisher_greater", relative(found, greater, "fisher_greater"), "closed form"
            )


def checks(folder: Path) -> Iterator[Check]:
    """Everything that is compared."""
    for part in (of_fits, of_tests, of_priors, of_set_tests, of_deqms, of_scores, of_rankings, of_hits):
        yield from part(folder)


def calls(folder: Path) -> Iterator[tuple[str, float, float, float]]:
    """File, median and 99th percentile of the relative difference of p, agreement of calls at a 5 % FDR; newer prior."""
    for case in cases(folder):
        for variant in case.variants:
            path = folder / NEW / f"{case.stem}.{variant}.top.{next(iter(case.contrasts))}.tsv.gz"
            if not (path.exists() and case.stem.startswith(("missing", "realistic"))):
                continue
            exp = inputs(folder, case.data)
            if case.rows is not None:
                exp = mk.Experiment(exp.values[case.rows], exp.samples, scale="log2")
            table = mk.differential_abundance(
                exp, case.design, contrast=case.contrasts, **VARIANTS[variant]
            ).table
            expected = read(path)
            both = table["pvalue"].notna().to_numpy() & expected["P.Value"].notna().to_numpy()
            p = relative(table["pvalue"], expected["P.Value"], "P.Value")[both]
            agree = ((table["padj"] < 0.05).to_numpy() == (expected["adj.P.Val"] < 0.05).to_numpy())[
                both
            ].mean()
            yield (
                f"{NEW}/{case.stem}.{variant}",
                float(np.median(p)),
                float(np.quantile(p, 0.99)),
                float(agree),
            )


def reason_not_compared(name: str) -> str:
    """Why a file is not compared; empty where no reason is given."""
    _, _, variant = name.partition(".")  # scores.gsva.none -> gsva.none
    return next((v for k, v in NOT_COMPARED.items() if name.startswith(k) or variant.startswith(k)), "")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    found = pd.DataFrame(
        [
            {
                "file": c.file,
                "kind": c.kind,
                "column": c.column,
                "p90": np.quantile(c.difference, 0.9),
                "largest": c.difference.max(),
            }
            for c in checks(folder)
        ]
    )
    table = found.groupby(["file", "kind"], sort=False)[["p90", "largest"]].max().reset_index()
    print("| file | kind | 90th percentile | largest |\n| --- | --- | --- | --- |")
    for row in table.itertuples():
        print(f"| {row.file} | {row.kind} | {row.p90:.1e} | {row.largest:.1e} |")
    print("\n| prior of unequal df | median p | 99th percentile p | calls agree |\n| --- | --- | --- | --- |")
    for name, median, high, agree in calls(folder):
        print(f"| {name} | {median:.1e} | {high:.1e} | {agree:.1%} |")
    for version in (OLD, NEW, OTHER):
        names = [p.name.split(".tsv")[0] for p in sorted((folder / version).iterdir())]
        compared = set(table["file"].str.removeprefix(f"{version}/"))
        left = [n for n in names if n not in compared and "roast" not in n]
        count = sum("roast" not in n for n in names)
        print(
            f"\n{version}: {count - len(left)} of {count} files compared, rotations by simulation aside; not:"
        )
        for name in left:
            why = reason_not_compared(name)
            print(f"  {name}: {why}")


if __name__ == "__main__":
    main()
