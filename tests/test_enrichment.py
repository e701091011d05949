"""Set tests through the public verb."""

import numpy as np
import pandas as pd
import pytest

import markerkit as mk
from markerkit import InputError, MarkerkitWarning
from markerkit.enrichment import METHODS
from markerkit.results import TABLES

SETS = {
    "up": [f"P{i}" for i in range(15)],
    "null": [f"P{i}" for i in range(200, 230)],
    "few": ["P1", "P2", "absent"],
    "absent": ["Q1", "Q2"],
}


def fitted(seed=0, p=800, effect=1.5, rho=0.0, n=5, missing=0.0):
    rng = np.random.default_rng(seed)
    names = [f"s{i}" for i in range(2 * n)]
    y = rng.normal(0, 0.5, (2 * n, p))
    y[:, 200:230] = np.sqrt(1 - rho) * y[:, 200:230] + np.sqrt(rho) * rng.normal(0, 0.5, (2 * n, 1))
    y[:n, :15] += effect
    y[rng.random(y.shape) < missing] = np.nan
    values = pd.DataFrame(y + 20, names, [f"P{i}" for i in range(p)])
    exp = mk.Experiment(values, pd.DataFrame({"g": ["a"] * n + ["b"] * n}, names), scale="log2")
    return mk.differential_abundance(exp, "~ g", contrast=("g", "a", "b"))


@pytest.mark.parametrize("method", METHODS)
def test_contract(method):
    table = mk.enrich(fitted(missing=0.1), SETS, method=method).table
    assert list(table.columns) == TABLES["enrichment"].names
    assert list(table["set"]) == list(SETS)
    row = table.set_index("set")
    assert row.loc["up", "pvalue"] < 1e-4
    assert row.loc["up", "direction"] == "up"
    assert "P3" in row.loc["up", "leading_edge"].split(";")
    assert row.loc["few", "status"] == "too few measured"
    assert row.loc["absent", "n_measured"] == 0
    assert row.loc[["few", "absent"], "pvalue"].isna().all()
    assert row.loc["null", "pvalue"] > 0.01
    tested = row[row["status"] == "tested"]
    assert (tested["padj"] >= tested["pvalue"]).all()


@pytest.mark.parametrize("method", ["camera", "fry", "joint"])
@pytest.mark.parametrize("rho", [0.0, 0.3])
def test_level_holds_under_correlation(method, rho):
    """A correlated set without effect must not be called: the trap of tests that sample proteins."""
    p = [
        mk.enrich(fitted(seed, effect=0.0, rho=rho, p=600), {"null": SETS["null"]}, method=method).table[
            "pvalue"
        ][0]
        for seed in range(120)
    ]
    assert np.mean(np.array(p) < 0.05) <= 0.12


def test_order_of_proteins_does_not_matter():
    da = fitted(missing=0.1)
    first = mk.enrich(da, SETS).table
    exp_values = pd.DataFrame(da.fit.values, columns=da.proteins.index)
    order = np.random.default_rng(0).permutation(exp_values.shape[1])
    names = [f"s{i}" for i in range(10)]
    exp = mk.Experiment(
        exp_values.iloc[:, order].set_axis(names),
        pd.DataFrame({"g": ["a"] * 5 + ["b"] * 5}, names),
        scale="log2",
    )
    second = mk.enrich(mk.differential_abundance(exp, "~ g", contrast=("g", "a", "b")), SETS).table
    pd.testing.assert_frame_equal(
        first.drop(columns="leading_edge"), second.drop(columns="leading_edge"), rtol=1e-8
    )


def test_a_small_background_is_said_aloud():
    with pytest.warns(MarkerkitWarning, match="background of the set tests holds 300"):
        mk.enrich(fitted(p=300), SETS)


def test_refusals():
    with pytest.raises(InputError, match="Did you mean 'camera'"):
        mk.enrich(fitted(), SETS, method="camerra")
    with pytest.raises(InputError, match="inter_protein_cor"):
        mk.enrich(fitted(), SETS, method="fry", inter_protein_cor=0.1)
