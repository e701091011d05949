"""Set tests through the public verb."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import fisher_exact, ttest_1samp

import markerkit as mk
from markerkit import InputError, MarkerkitWarning, _gsea
from markerkit.enrichment import METHODS
from markerkit.results import TABLES
from markerkit.stats.joint import joint_effects
from markerkit.stats.set_effect import Background, background

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


@pytest.mark.filterwarnings("ignore:.*draws genes as if:markerkit.MarkerkitWarning")
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


def _table(method, **options):
    with pytest.warns(MarkerkitWarning, match=f"{method} draws genes as if proteins were independent"):
        return mk.enrich(fitted(missing=0.1), SETS, method=method, **options)


def test_ora_counts_hits_among_measured_genes():
    found = _table("ora", hits="up", alpha=0.01)
    da = fitted(missing=0.1).table
    tested = da[da["status"] == "tested"]
    hit = (tested["padj"] <= 0.01) & (tested["log2_fc"] > 0)
    inside = tested["protein"].isin(SETS["up"])
    cells = [[(hit & inside).sum(), (hit & ~inside).sum()], [(~hit & inside).sum(), (~hit & ~inside).sum()]]
    row = found.table.set_index("set").loc["up"]
    assert row["n_hits"] == cells[0][0]
    assert row["pvalue"] == pytest.approx(fisher_exact(cells, alternative="greater").pvalue)
    null = found.table.set_index("set").loc["null"]
    assert null["status"] == "tested"  # no hit is a finding, not a missing row
    assert null["n_hits"] == 0


SCORE = pd.Series(np.linspace(3, -3, 101), [f"P{i:03d}" for i in range(101)])


@pytest.mark.parametrize(
    ("score", "sets", "reason"),
    [
        (SCORE * 0 + 1, {"a": ["P001", "P002"]}, "constant"),
        (SCORE, {"a": list(SCORE.index)}, "every ranked gene is a member"),
        (SCORE, {"a": []}, "no member ranked"),
    ],
)
def test_rankings_that_gsea_cannot_take_give_a_reason(score, sets, reason):
    found = _gsea.prerank(score, sets, weight=1.0, seed=0)
    assert np.isnan(found.pvalue[0])
    assert reason in found.reason[0]


def test_gsea_takes_ties_infinities_and_small_sets():
    score = SCORE.round(0)
    score.iloc[0], score.iloc[-1] = np.inf, -np.inf
    sets = {"pair": ["P000", "P003"], "low": ["P095", "P098", "P100"], "one": ["P050"]}
    first = _gsea.prerank(score, sets, weight=1.0, seed=0)
    second = _gsea.prerank(score.sample(frac=1, random_state=1), sets, weight=1.0, seed=0)
    assert not any(first.reason)
    np.testing.assert_array_equal(first.es, second.es)  # ties follow the names, not the order of the rows
    assert first.es[0] > 0 > first.es[1]
    assert ((first.pvalue > 0) & (first.pvalue <= 1)).all()


def test_joint_by_hand():
    """Two sets that share a vote: the coefficients solve the normal equations of their membership."""
    effect = np.array([2.0, 2.0, 3.0, 1.0, 1.0])
    weight = np.array([[1, 0], [1, 0], [1, 1], [0, 1], [0, 1]], dtype=float)
    rng = np.random.default_rng(0)
    influence = rng.normal(0, 0.1, (8, 5))
    reference = background(np.zeros(40), np.zeros((8, 40)))
    found = joint_effects(effect, influence, (influence**2).sum(axis=0), np.full(5, 6.0), weight, reference)
    np.testing.assert_allclose(found.coefficient, np.linalg.lstsq(weight, effect, rcond=None)[0])
    assert (found.low < found.coefficient).all()
    assert not found.aliased.any()
    doubled = joint_effects(
        effect, influence, (influence**2).sum(axis=0), np.full(5, 6.0), weight[:, [0, 0, 1]], reference
    )
    assert list(doubled.aliased) == [True, True, False]
    assert np.isnan(doubled.pvalue[:2]).all()


def test_fry_warns_where_random_sets_are_rejected_too():
    rng = np.random.default_rng(3)
    values = rng.normal(20, 2, 600) + 0.3 * rng.standard_normal((12, 600))
    values[:6] += rng.normal(0, 1.0, 600)
    names = [f"s{i}" for i in range(12)]
    frame = pd.DataFrame(values, index=names, columns=[f"G{i}" for i in range(600)])
    exp = mk.Experiment(frame, pd.DataFrame({"g": ["a"] * 6 + ["b"] * 6}, names), scale="log2")
    da = mk.differential_abundance(exp, "~ g", contrast=("g", "a", "b"))
    with pytest.warns(MarkerkitWarning, match="of random sets of 15 proteins"):
        found = mk.enrich(da, {"one": [f"G{i}" for i in range(15)]}, method="fry")
    assert found.params["random_sets (a vs b)"]["rejected"] > 0.2


def test_joint_counts_the_df_of_the_votes_of_each_set():
    rng = np.random.default_rng(0)
    effect = rng.normal(size=45)
    weight = np.zeros((45, 2))
    weight[:5, 0], weight[5:, 1] = 1.0, 1.0
    flat = Background(0.0, np.zeros(6), 0.0, 100)
    found = joint_effects(effect, np.zeros((6, 45)), np.zeros(45), np.full(45, 4.0), weight, flat)
    np.testing.assert_allclose(found.df, [4, 39])
    np.testing.assert_allclose(
        found.se, [effect[:5].std(ddof=1) / np.sqrt(5), effect[5:].std(ddof=1) / np.sqrt(40)]
    )
    np.testing.assert_allclose(found.pvalue[0], ttest_1samp(effect[:5], 0).pvalue)
