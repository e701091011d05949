"""Numerical agreement with the reference implementations on fixed inputs.

The inputs and outputs lie in a folder beside the checkout; its README names the versions (R 4.2.2,
limma 3.54.1). Closed-form results must agree within 1e-8.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import markerkit as mk
from markerkit.stats import ebayes, linear, set_tests
from markerkit.stats.fdr import bh

ORACLES = Path(__file__).parents[2] / "shared" / "oracles"
LIMMA = ORACLES / "limma-3.54.1"
pytestmark = pytest.mark.skipif(not LIMMA.is_dir(), reason="the folder of reference outputs is not here")


def read(path):
    return pd.read_csv(path, sep="\t", index_col=0)


def close(found, expected, what):
    found, expected = np.asarray(found, float), np.asarray(expected, float)
    np.testing.assert_allclose(found, expected, rtol=1e-8, atol=1e-10, err_msg=what)


def inputs(name):
    expression = read(ORACLES / "inputs" / f"{name}.expr.tsv")
    return expression, read(ORACLES / "inputs" / f"{name}.samples.tsv")


def dummies(samples, *columns, intercept=True, first="drop"):
    parts = [pd.Series(1.0, samples.index, name="1")] if intercept else []
    parts += [
        pd.get_dummies(samples[c], drop_first=first == "drop").astype(float)
        if samples[c].dtype == object or samples[c].dtype == "str"
        else samples[[c]].astype(float)
        for c in columns
    ]
    return pd.concat(parts, axis=1)


def design_of(name, samples):
    if name == "two_group":
        x = pd.get_dummies(samples["group"]).astype(float)
        return x, {"BvsA": np.array([-1.0, 1.0])}
    if name == "paired_batch":
        x = dummies(samples, "donor", "batch", "group")
        return x, {"groupB": np.eye(x.shape[1])[-1]}
    x = pd.concat([pd.get_dummies(samples["group"]).astype(float), samples[["age"]].astype(float)], axis=1)
    return x, {
        "BvsA": np.array([-1.0, 1, 0, 0]),
        "CvsA": np.array([-1.0, 0, 1, 0]),
        "CvsB": np.array([0.0, -1, 1, 0]),
        "avgvsA": np.array([-1.0, 0.5, 0.5, 0]),
    }


CASES = [
    ("two_group", "two_group.default"),
    ("paired_batch", "paired_batch.fixed.default"),
    ("three_group", "three_group.default"),
]


@pytest.mark.parametrize(("name", "stem"), CASES)
def test_default_fit(name, stem):
    expression, samples = inputs(name)
    x, contrasts = design_of(name, samples)
    fit = linear.fit(expression.T.to_numpy(), x.to_numpy())
    moderated = ebayes.moderate(fit.sigma**2, fit.df_residual)
    expected = read(LIMMA / f"{stem}.fit.tsv.gz")
    close(fit.mean, expected["Amean"], "Amean")
    close(fit.sigma, expected["sigma"], "sigma")
    close(fit.df_residual, expected["df.residual"], "df.residual")
    close(moderated.prior.variance, expected["s2.prior"], "s2.prior")
    close(moderated.prior.df, expected["df.prior"], "df.prior")
    close(moderated.variance, expected["s2.post"], "s2.post")
    close(moderated.df_total, expected["df.total"], "df.total")
    if "F" in expected and len(contrasts) > 1:
        c = np.vstack(list(contrasts.values()))
        effects = np.vstack([fit.contrast(v)[0] for v in contrasts.values()])
        covariance = c @ np.linalg.inv(x.T.to_numpy() @ x.to_numpy()) @ c.T
        close(ebayes.moderated_f(effects, covariance, moderated)[0], expected["F"], "F")


@pytest.mark.parametrize(("name", "stem"), CASES)
def test_default_table(name, stem):
    expression, samples = inputs(name)
    x, contrasts = design_of(name, samples)
    exp = mk.Experiment(expression.T, samples, scale="log2")
    x.columns = x.columns.astype(str)
    x.index = exp.samples.index
    named = {k: dict(zip(x.columns, v, strict=True)) for k, v in contrasts.items()}
    da = mk.differential_abundance(exp, x, contrast=named)
    for k in contrasts:
        found = da.table[da.table["contrast"] == k]
        expected = read(LIMMA / f"{stem}.top.{k}.tsv.gz")
        for ours, theirs in {
            "log2_fc": "logFC",
            "ci_low": "CI.L",
            "ci_high": "CI.R",
            "t": "t",
            "pvalue": "P.Value",
            "padj": "adj.P.Val",
            "b": "B",
        }.items():
            close(found[ours], expected[theirs], f"{stem} {k} {theirs}")


def set_members(expression):
    lines = (ORACLES / "inputs" / "sets.gmt").read_text().splitlines()
    sets = {line.split("\t")[0]: line.split("\t")[2:] for line in lines}
    return {
        k: np.array([expression.index.get_loc(g) for g in v if g in expression.index])
        for k, v in sets.items()
    }


def set_statistics(name):
    expression, samples = inputs(name)
    x, contrasts = design_of(name, samples)
    fit = linear.fit(expression.T.to_numpy(), x.to_numpy())
    moderated = ebayes.moderate(fit.sigma**2, fit.df_residual)
    statistics, usable = set_tests.set_statistics(fit, moderated, next(iter(contrasts.values())))
    assert usable.all()
    return expression, statistics


@pytest.mark.parametrize(
    ("stem", "options"),
    [
        ("camera.default", {"correlation": 0.01}),
        ("camera.cor0.05", {"correlation": 0.05}),
        ("camera.estimated", {}),
        ("camera.estimated_allownegcor", {"floor": False}),
    ],
)
def test_camera(stem, options):
    expression, statistics = set_statistics("two_group")
    expected, members = read(LIMMA / f"{stem}.tsv"), set_members(expression)
    found = set_tests.camera(statistics, [members[k] for k in expected.index], **options)
    close(found.pvalue, expected["PValue"], stem)
    close(bh(found.pvalue), expected["FDR"], stem)
    assert list(np.where(found.statistic > 0, "Up", "Down")) == list(expected["Direction"])
    if "Correlation" in expected:
        close(found.correlation, expected["Correlation"], stem)


@pytest.mark.parametrize(
    ("name", "stem"), [("two_group", "fry.posterior.sd"), ("paired_batch", "paired_batch.fry.fixed")]
)
def test_fry(name, stem):
    expression, statistics = set_statistics(name)
    expected, members = read(LIMMA / f"{stem}.tsv"), set_members(expression)
    expected = expected[expected["NGenes"] > 0]
    found = set_tests.fry(statistics, [members[k] for k in expected.index])
    close(found.pvalue, expected["PValue"], stem)
    close(found.pvalue_mixed, expected["PValue.Mixed"], stem)
    close(bh(found.pvalue), expected["FDR"], stem)


def test_camera_paired():
    expression, statistics = set_statistics("paired_batch")
    expected, members = read(LIMMA / "paired_batch.camera.fixed.tsv"), set_members(expression)
    expected = expected[expected["NGenes"] > 0]
    found = set_tests.camera(statistics, [members[k] for k in expected.index], correlation=0.01)
    close(found.pvalue, expected["PValue"], "paired camera")


def test_singscore():
    from markerkit.stats.ranks import singscore

    folder = ORACLES / "r_other"
    expression = read(ORACLES / "inputs" / "scores.expr.tsv")
    members = set_members(expression)
    for name in ("EXO_CORE", "CONTAM_APO", "NULL_80", "SPARSE_50"):
        expected = read(folder / f"scores.singscore.up.{name}.tsv")
        inside = np.zeros((len(expression), 1), dtype=bool)
        inside[members[name]] = True
        score, dispersion = singscore(expression.T.to_numpy(), inside)
        close(score[:, 0], expected["TotalScore"], name)
        close(dispersion[:, 0], expected["TotalDispersion"], name)
