"""Every adjusted p of every verb, derived again with scipy from the p beside it, over the family that is stated."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import false_discovery_control

import markerkit as mk
from markerkit.sets.methods import METHODS
from markerkit.tables.registry import TABLES

CONTRASTS = {"b vs a": ("g", "b", "a"), "c vs a": ("g", "c", "a")}
SETS = {f"set{k}": [f"P{i}" for i in range(20 * k, 20 * k + 20)] for k in range(12)}
#: table -> columns that name a family of tests
FAMILIES = {
    "differential_abundance": ["contrast"],
    "detection": ["contrast"],
    "enrichment": ["method"],
    "fraction_trends": ["family"],
}


def study() -> mk.Experiment:
    """Three groups of 4, some proteins and sets with an effect, more missing at low abundance."""
    rng = np.random.default_rng(8)
    names = [f"s{i}" for i in range(12)]
    group = np.repeat(["a", "b", "c"], 4)
    y = rng.normal(22, 2, 600) + rng.normal(0, 0.4, (12, 600))
    y[group == "b", :60] += 0.8
    y[group == "c", 20:50] -= 0.8
    y[rng.random(y.shape) < 1 / (1 + np.exp(y - 20))] = np.nan
    y[np.ix_(group == "b", range(580, 600))] = np.nan
    frame = pd.DataFrame(y, names, [f"P{i}" for i in range(600)])
    return mk.Experiment(frame, pd.DataFrame({"g": group}, names), scale="log2")


def assert_adjusted(table: pd.DataFrame, family: list[str], suffix: str = "", prefix: str = "") -> None:
    """Each family by itself: padj follows from p, a missing p does not count, and some p was adjusted."""
    parts = [part for _, part in table.groupby(family)] if family else [table]
    assert parts
    for part in parts:
        p, padj = (part[f"{prefix}{name}{suffix}"].to_numpy(float) for name in ("pvalue", "padj"))
        known = ~np.isnan(p)
        np.testing.assert_array_equal(np.isnan(padj), ~known)
        np.testing.assert_allclose(padj[known], false_discovery_control(p[known]), rtol=1e-12)
        assert (padj[known] > p[known]).any()


@pytest.fixture(scope="module")
def exp() -> mk.Experiment:
    return study()


@pytest.fixture(scope="module")
def da(exp: mk.Experiment) -> mk.results.DifferentialAbundance:
    return mk.differential_abundance(exp, "~ g", contrast=CONTRASTS)


def test_every_table_with_adjusted_p_is_asked_here() -> None:
    assert {name for name, spec in TABLES.items() if any("padj" in c for c in spec.names)} == set(FAMILIES)


@pytest.mark.parametrize("options", [{}, {"trend": True, "robust": True}, {"lfc": 0.2}], ids=str)
def test_differential_abundance(exp: mk.Experiment, options: dict[str, object]) -> None:
    found = mk.differential_abundance(exp, "~ g", contrast=CONTRASTS, **options)  # type: ignore[arg-type]
    assert found.table["pvalue"].isna().any()
    assert set(found.table["contrast"]) == set(CONTRASTS)
    assert_adjusted(found.table, FAMILIES["differential_abundance"])
    if found.f_tests is not None:
        assert_adjusted(found.f_tests, [])


@pytest.mark.filterwarnings("ignore:the odds of detecting:markerkit.MarkerkitWarning")
@pytest.mark.parametrize("depth", [True, False])
def test_detection_test(exp: mk.Experiment, depth: bool) -> None:
    table = mk.detection_test(exp, mk.Contrast("g", "b", "a"), depth=depth).table
    assert_adjusted(table, FAMILIES["detection"])


@pytest.mark.filterwarnings(
    "ignore:.*(samples genes as if|fry rejects|neither in the study):markerkit.MarkerkitWarning"
)
@pytest.mark.parametrize("method", METHODS)
def test_enrich(da: mk.results.DifferentialAbundance, method: str) -> None:
    """One family: sets x contrasts."""
    table = mk.enrich(da, SETS | {"absent": ["Q1", "Q2", "Q3"]}, method=method).table
    assert len(table) == 13 * 2
    if method == "gsea":
        # its permutations find sets where nothing differs: a p for ranking, none to call with
        assert (table["pvalue"] < 0.05).any()
        assert table["padj"].isna().all()
        return
    assert_adjusted(table, FAMILIES["enrichment"])
    if method == "fry":
        assert_adjusted(table, FAMILIES["enrichment"], "_mixed")


def test_fraction_trends() -> None:
    """Proteins are one family; classes and sources together are another."""
    series = mk.simulate_fractions(seed=3).experiment
    table = mk.fraction_profiles(series, draws=5).trends.table
    table = table.assign(family=np.where(table["kind"] == "protein", "proteins", "sets"))
    tested = table[table["pvalue"].notna()].groupby("family")["kind"].agg(lambda k: set(k))
    assert tested.to_dict() == {"proteins": {"protein"}, "sets": {"class", "source"}}
    assert_adjusted(table, FAMILIES["fraction_trends"])
    assert_adjusted(table, FAMILIES["fraction_trends"], prefix="f_")


@pytest.mark.filterwarnings("ignore::markerkit.MarkerkitWarning")
def test_assess() -> None:
    """Two contrasts of one assessment, each fitted by itself: set tests are one family a method all the same."""
    made = mk.simulate(n=3, n_background=250, missing=0.15, seed=1).experiment
    values, samples = made.values, made.samples
    rng = np.random.default_rng(0)
    third = values[samples["fraction"] == "lysate"] * np.exp2(rng.normal(0, 0.5, (3, values.shape[1])))
    third.index = pd.Index([f"rest_{i}" for i in range(3)])
    values = pd.concat([values, third])
    samples = samples.reindex(values.index)
    samples.loc[third.index, "fraction"] = "rest"
    exp = mk.Experiment(values, samples, made.proteins, history=made.history)
    result = mk.assess(exp, [mk.Contrast("fraction", "EV", k) for k in ("lysate", "rest")])
    assert result.tables["fraction_trends"].empty, "no series of fractions"
    for name, family in FAMILIES.items():
        if name == "fraction_trends":
            continue
        table = result.tables[name]
        assert table["contrast"].nunique() == 2
        assert_adjusted(table, family)
    tests = result.tables["enrichment"]
    assert_adjusted(tests[tests["method"] == "fry"], ["method"], "_mixed")
