"""Set tests through the public verb."""

import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom, fisher_exact, hypergeom, norm, ttest_1samp
from scipy.stats import t as student

import markerkit as mk
from markerkit import InputError, MarkerkitWarning
from markerkit.sets import gsea as _gsea
from markerkit.sets.methods import METHODS
from markerkit.stats.background import Background, background
from markerkit.stats.joint import joint_effects
from markerkit.stats.ora import over_representation
from markerkit.stats.set_effect import MarkerEffects
from markerkit.tables.registry import TABLES
from tests.helpers import assert_level

SETS = {
    "up": [f"P{i}" for i in range(15)],
    "null": [f"P{i}" for i in range(200, 230)],
    "few": ["P1", "P2", "CD9"],
    "absent": ["CD63", "CD81"],
}


def fitted(seed=0, p=800, effect=1.5, rho=0.0, n=5, missing=0.0):
    rng = np.random.default_rng(seed)
    y = rng.normal(0, 0.5, (2 * n, p))
    y[:, 200:230] = np.sqrt(1 - rho) * y[:, 200:230] + np.sqrt(rho) * rng.normal(0, 0.5, (2 * n, 1))
    y[:n, :15] += effect
    y[rng.random(y.shape) < missing] = np.nan
    return halves(y)


def halves(y):
    """Test the first half of the samples against the second."""
    names = [f"s{i}" for i in range(len(y))]
    values = pd.DataFrame(y + 20, names, [f"P{i}" for i in range(y.shape[1])])
    sheet = pd.DataFrame({"g": np.repeat(["a", "b"], len(y) // 2)}, names)
    exp = mk.Experiment(values, sheet, scale="log2")
    return mk.differential_abundance(exp, "~ g", contrast=("g", "a", "b"))


@pytest.mark.filterwarnings("ignore:.*samples genes as if:markerkit.MarkerkitWarning")
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


@pytest.mark.parametrize("rho", [pytest.param(0.0, marks=pytest.mark.slow), 0.3])
def test_level_holds_under_correlation(rho):
    """Correlated sets without effect must not be called: the trap of tests that sample proteins."""
    null = {f"null{k}": [f"P{i}" for i in range(30 * k, 30 * k + 30)] for k in range(8)}
    rejected = {"camera": [], "fry": [], "effect": [], "joint": []}
    for seed in range(60):
        rng = np.random.default_rng(seed)
        y = rng.normal(0, 0.5, (10, 1200))
        shared = np.repeat(rng.normal(0, 0.5, (10, 8)), 30, axis=1)
        y[:, :240] = np.sqrt(1 - rho) * y[:, :240] + np.sqrt(rho) * shared
        da = halves(y)
        for method, calls in rejected.items():
            calls += list(mk.enrich(da, null, method=method).table["pvalue"] < 0.05)
    for method, calls in rejected.items():
        # without correlation camera is conservative: it takes negative estimates as 0, and has 8 df
        low = 0.025 if method == "camera" and rho == 0 else 0.05
        assert_level(np.sum(calls), len(calls), 0.05, at_least=low)


def _rejected(test, rho, draws, level):
    """How often a test calls, 30 of 600 proteins that only share a factor; nothing has an effect."""
    rng = np.random.default_rng(7)
    calls = 0
    for _ in range(draws):
        z = rng.normal(size=600)
        z[:30] = np.sqrt(1 - rho) * z[:30] + np.sqrt(rho) * rng.normal()
        calls += test(z) < level
    return calls


def _gsea_p(z):
    score = pd.Series(z, [f"P{i:03d}" for i in range(600)])
    return _gsea.prerank(score, {"null": list(score.index[:30])}, weight=1.0, seed=0).pvalue[0]


def _ora_p(z):
    return over_representation(np.abs(z) > 1.645, [np.arange(30)], np.arange(600))[1][0]


def _ora_level(level):
    """Chance that the exact test rejects, over the number of hits; whole hits keep it below the level."""
    hits, inside = np.arange(601), np.arange(31)
    p = hypergeom.sf(inside[:, None] - 1, 600, hits, 30)
    rejects = (hypergeom.pmf(inside[:, None], 600, hits, 30) * (p < level)).sum(axis=0)
    return binom.pmf(hits, 600, 2 * norm.sf(1.645)) @ rejects


@pytest.mark.parametrize(
    ("test", "draws", "level", "exact"), [(_gsea_p, 35, 0.2, 0.2), (_ora_p, 600, 0.05, _ora_level(0.05))]
)
def test_tests_that_sample_genes_do_not_hold_their_level_as_they_warn(test, draws, level, exact):
    assert_level(_rejected(test, 0.0, draws, level), draws, exact)
    assert _rejected(test, 0.5, draws, level) > 2 * level * draws


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
    for option, wrong in (("seed", -1), ("seed", 0.5), ("min_measured", 0), ("min_measured", 2.5)):
        with pytest.raises(InputError, match=f"`{option}`"):
            mk.enrich(fitted(), SETS, method="fry", **{option: wrong})


def _table(method, **options):
    with pytest.warns(MarkerkitWarning, match=f"{method} samples genes as if proteins were independent"):
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
        (SCORE, {"a": ["absent"]}, "no member ranked"),
        (SCORE.mask(SCORE.index == "P003"), {"a": ["P003"]}, "no member ranked"),
        (SCORE * np.nan, {"a": ["P001"]}, "constant"),
        (SCORE * 0 + np.inf, {"a": ["P001"]}, "constant"),
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


def test_gsea_leaves_out_genes_without_a_score():
    score = SCORE.mask(SCORE.index.isin(["P003", "P098"]))
    sets = {"top": ["P000", "P003", "P005", "P009"], "low": ["P090", "P098"]}
    known = {k: [g for g in v if np.isfinite(score[g])] for k, v in sets.items()}
    found = _gsea.prerank(score, sets, weight=1.0, seed=0)
    expected = _gsea.prerank(score.dropna(), known, weight=1.0, seed=0)
    np.testing.assert_array_equal(found.es, expected.es)
    np.testing.assert_array_equal(found.pvalue, expected.pvalue)


@pytest.mark.parametrize("rest", [0.0, 1.0, -np.inf])
def test_gsea_takes_rankings_that_only_infinities_tell_apart(rest):
    score = SCORE * 0 + rest
    score.iloc[:5] = np.inf
    found = _gsea.prerank(
        score, {"top": list(SCORE.index[:5]), "rest": list(SCORE.index[40:60])}, weight=1.0, seed=0
    )
    assert not any(found.reason)
    assert found.es[0] == pytest.approx(1.0, abs=1e-6)  # an infinite score ranks above every finite one
    assert found.es[1] < found.es[0]


def test_gsea_score_by_the_walk_along_the_ranking():
    members = ["P002", "P010", "P060", "P099"]
    found = _gsea.prerank(SCORE, {"a": members}, weight=1.0, seed=0)
    inside = SCORE.index.isin(members)
    step = np.where(inside, SCORE.abs() / SCORE.abs()[inside].sum(), -1.0 / (~inside).sum())
    walk = np.cumsum(step)
    assert found.es[0] == pytest.approx(walk[np.argmax(np.abs(walk))], abs=1e-6)


def test_ora_agrees_with_scipy_down_to_no_hit():
    universe, hits = np.arange(200), np.arange(200) < 30
    sets = [np.arange(10), np.arange(25, 45), np.arange(100, 120), np.arange(200)]
    inside, p = over_representation(hits, sets, universe)
    np.testing.assert_array_equal(inside, [10, 5, 0, 30])
    expected = [hypergeom.sf(k - 1, 200, 30, len(s)) for k, s in zip(inside, sets, strict=True)]
    np.testing.assert_allclose(p, expected, rtol=1e-12)
    np.testing.assert_array_equal(p[2:], [1.0, 1.0])


def markers_of(effect, influence, variance, df):
    n = len(effect)
    return MarkerEffects(effect, influence, variance, np.full(n, float(df)), np.full(n, 1 / n))


def test_joint_by_hand():
    """Two sets that share a marker: the coefficients solve the normal equations of their membership."""
    effect = np.array([2.0, 2.0, 3.0, 1.0, 1.0])
    weight = np.array([[1, 0], [1, 0], [1, 1], [0, 1], [0, 1]], dtype=float)
    rng = np.random.default_rng(0)
    influence = rng.normal(0, 0.1, (8, 5))
    reference = background(np.zeros(40), np.zeros((8, 40)))
    markers = markers_of(effect, influence, (influence**2).sum(axis=0), 6)
    found = joint_effects(markers, weight, reference)
    np.testing.assert_allclose(found.coefficient, np.linalg.lstsq(weight, effect, rcond=None)[0])
    assert (found.ci_low < found.coefficient).all()
    assert not found.aliased.any()
    doubled = joint_effects(markers, weight[:, [0, 0, 1]], reference)
    assert list(doubled.aliased) == [True, True, False]
    assert np.isnan(doubled.pvalue[:2]).all()


def test_errors_of_the_joint_test_by_hand():
    """Two sets apart, constant weights: each coefficient is a mean of markers, its two variances those of a mean."""
    effect = np.array([1.0, 3.0, 2.0, 0.0, 1.0])
    weight = np.array([[1, 0], [1, 0], [1, 0], [0, 1], [0, 1]], dtype=float)
    influence = np.array([[0.3, -0.3, 0.6, 0.1, 0.1], [0.0, 0.3, 0.3, -0.2, 0.4]])
    reference = background(np.full(40, 0.5), np.zeros((2, 40)))
    found = joint_effects(markers_of(effect, influence, np.zeros(5), 6), weight, reference)
    np.testing.assert_allclose(found.coefficient, [2.0 - 0.5, 0.5 - 0.5])
    samples = [0.2**2 + 0.2**2, 0.1**2 + 0.1**2]  # means of the influences, squared, summed over samples
    between = [1 / 3, 0.5 / 2]  # variance of the markers over their number
    np.testing.assert_allclose(found.se**2, np.add(samples, between))
    df = np.add(samples, between) ** 2 / (np.square(samples) / 6 + np.square(between) / [2, 1])
    np.testing.assert_allclose(found.df, df)
    np.testing.assert_allclose(found.pvalue, 2 * student.sf(np.abs(found.coefficient / found.se), df))


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


@pytest.mark.parametrize("size", [20, 500])
def test_random_sets_of_fry_follow_the_seed(size):
    # of 500 genes a shuffle of the 800 holds one set, of 20 it holds 40
    genes = {"one": [f"P{i}" for i in range(size)]}
    da = fitted(effect=0.0, rho=0.1)
    first, again, other = (
        mk.enrich(da, genes, method="fry", seed=s).params["random_sets (a vs b)"] for s in (0, 0, 1)
    )
    assert first == again
    assert first["size"] == other["size"] == size
    assert first != other


def test_joint_counts_the_df_of_the_markers_of_each_set():
    rng = np.random.default_rng(0)
    effect = rng.normal(size=45)
    weight = np.zeros((45, 2))
    weight[:5, 0], weight[5:, 1] = 1.0, 1.0
    flat = Background(0.0, np.zeros(6), 0.0, 100)
    found = joint_effects(markers_of(effect, np.zeros((6, 45)), np.zeros(45), 4), weight, flat)
    np.testing.assert_allclose(found.df, [4, 39])
    np.testing.assert_allclose(
        found.se, [effect[:5].std(ddof=1) / np.sqrt(5), effect[5:].std(ddof=1) / np.sqrt(40)]
    )
    np.testing.assert_allclose(found.pvalue[0], ttest_1samp(effect[:5], 0).pvalue)


FOREIGN = {
    "inter_protein_cor": (0.05, {"camera"}),
    "use_ranks": (True, {"camera"}),
    "hits": ("up", {"ora"}),
    "alpha": (0.01, {"ora"}),
}


@pytest.mark.filterwarnings("ignore:.*samples genes as if:markerkit.MarkerkitWarning")
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("option", FOREIGN)
def test_an_option_of_another_method_is_refused(method, option):
    value, owners = FOREIGN[option]
    if method in owners:
        assert mk.enrich(fitted(), SETS, method=method, **{option: value}).params[option] == value
    else:
        with pytest.raises(InputError, match=f"`{option}` is for method="):
            mk.enrich(fitted(), SETS, method=method, **{option: value})


@pytest.mark.parametrize(("least", "status"), [(15, "tested"), (16, "too few measured")])
def test_min_measured_counts_members_with_an_error(least, status):
    row = mk.enrich(fitted(), SETS, min_measured=least).table.set_index("set").loc["up"]
    assert row["status"] == status
    assert (row["reason"] == "") == (status == "tested")


def test_gsea_gives_no_adjusted_p():
    with pytest.warns(MarkerkitWarning, match="samples genes"):
        table = mk.enrich(fitted(), SETS, method="gsea").table.set_index("set")
    assert table.loc["up", "pvalue"] < 0.01
    assert table["padj"].isna().all()
    assert table.loc["up", "reason"] == "no padj: gsea samples genes as if they were independent"


def _covering():
    """A library whose sets cover every protein."""
    rng = np.random.default_rng(0)
    parts = rng.permutation(np.arange(15, 800)).reshape(-1, 5)  # 157 sets of 5
    library = {f"s{i}": [f"P{g}" for g in part] for i, part in enumerate(parts)}
    return library | {"up": SETS["up"], "every": [f"P{i}" for i in range(800)]}


def test_a_library_that_covers_every_protein_is_tested():
    da, library = fitted(), _covering()
    effect = mk.enrich(da, library, method="effect")
    table = effect.table.set_index("set")
    assert effect.params["background (a vs b)"] == "proteins outside the set"
    assert (table.drop("every")["status"] == "tested").all()
    # P0 to P14 rise by 1.5: their mean over that of the other 785
    expected = da.table["log2_fc"][:15].mean() - da.table["log2_fc"][15:].mean()
    assert table.loc["up", "log2_fc"] == pytest.approx(expected)
    assert table.loc["up", "padj"] < 0.01
    assert table.loc["every", "reason"] == "fewer than 20 proteins outside the set: no background"
    null = table.drop(["up", "every"])["pvalue"]
    assert_level((null < 0.05).sum(), len(null), 0.05)
    del library["every"]
    joint = mk.enrich(da, library, method="joint")
    assert joint.params["background (a vs b)"] == "all proteins"
    assert joint.table.set_index("set").loc["up", "pvalue"] < 0.01


def test_joint_needs_fewer_sets_than_markers():
    library = {f"s{i}": [f"P{j}" for j in range(3)] for i in range(3)}
    table = mk.enrich(fitted(), library, method="joint").table
    assert set(table["reason"]) == {
        "3 sets share 3 independent markers, which cannot tell as many apart: name fewer sets"
    }


def test_the_running_score_peaks_at_the_score_of_gsea():
    da = fitted()
    table = mk.running_score(da, SETS)
    scored = table[table["running_score"].notna()]
    assert scored["set"].nunique() >= 2
    for name, rows in scored.groupby("set", sort=False):
        peak = rows["running_score"].iloc[int(rows["running_score"].abs().argmax())]
        if rows["member"].sum() >= 3:
            assert peak == pytest.approx(rows["es"].iloc[0], abs=1e-6), name
        assert rows["running_score"].iloc[-1] == pytest.approx(0, abs=1e-9)
        assert rows["score"].is_monotonic_decreasing
        assert list(rows["rank"]) == list(range(1, len(rows) + 1))
    with pytest.warns(mk.MarkerkitWarning):
        said = mk.enrich(da, SETS, method="gsea").table.set_index("set")
    first = scored.groupby("set").first()
    np.testing.assert_allclose(first["nes"], said.loc[first.index, "statistic"])
    np.testing.assert_allclose(first["pvalue"], said.loc[first.index, "pvalue"])
    with pytest.raises(mk.InputError, match="`contrast` must be one of"):
        mk.running_score(da, SETS, contrast="nonesuch")


def test_limits_of_a_running_score():
    """Members enough for a p from `min_measured` on, and a seed that is one."""
    da = fitted(p=600)
    genes = list(da.table["gene"][:4])
    for least, known in ((4, True), (5, False)):
        found = mk.running_score(da, {"mine": genes}, min_measured=least)
        assert found["pvalue"].notna().all() == known
    with pytest.raises(InputError, match="`seed`"):
        mk.running_score(da, {"mine": genes}, seed=-1)
    with pytest.raises(InputError, match="read without its fit"):
        mk.running_score(replace(da, fit=None), {"mine": genes})


@pytest.mark.parametrize(("p", "warned"), [(499, True), (500, False)])
def test_a_background_is_small_below_500_proteins(p, warned):
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        mk.enrich(fitted(p=p), {"mine": list(fitted(p=p).table["gene"][:5])})
    assert any("the background of the set tests holds" in str(w.message) for w in found) == warned
