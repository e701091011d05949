"""Coverage and sample scores."""

import numpy as np
import pandas as pd
import pytest

import markerkit as mk
from markerkit import InputError
from markerkit.catalog import files
from markerkit.catalog.load import shipped
from markerkit.sets.scoring import SCORES, SINGLE_SAMPLE
from markerkit.stats import ranks
from markerkit.stats.fdr import bh
from markerkit.tables.registry import TABLES

MARKERS = shipped("human")


def experiment(seed=0, n=3):
    rng = np.random.default_rng(seed)
    genes = [
        *MARKERS["exosome"].positive[:20],
        *MARKERS["mitochondrion"].positive[:30],
        *[f"BG{i}" for i in range(200)],
    ]
    values = pd.DataFrame(rng.normal(20, 2, (n, len(genes))), [f"s{i}" for i in range(n)], genes)
    values.iloc[0, :20] += 6
    return mk.Experiment(values.mask(rng.random(values.shape) < 0.1), scale="log2")


@pytest.mark.parametrize("method", SCORES)
def test_contract(method):
    exp = experiment()
    before = exp.values
    table = mk.score_samples(exp, MARKERS, method=method).table
    assert list(table.columns) == TABLES["sample_scores"].names
    assert len(table) == 3 * len(MARKERS)
    pd.testing.assert_frame_equal(exp.values, before)
    scores = table.set_index(["sample", "set"])["score"].unstack()  # noqa: PD010
    assert scores["exosome"].idxmax() == "s0"
    few = table[table["n_measured"] < 3]
    assert few["score"].isna().all()
    assert (few["status"] == "too few measured").all()
    assert few["reason"].ne("").all()


def test_a_score_does_not_depend_on_the_other_samples():
    exp = experiment()
    for method in sorted(SINGLE_SAMPLE):
        whole = mk.score_samples(exp, MARKERS, method=method).table
        alone = mk.score_samples(exp.select(samples=["s1"]), MARKERS, method=method).table
        same = whole[whole["sample"] == "s1"].reset_index(drop=True)
        shared = alone["n_measured"] == same["n_measured"]
        for column in ("score", "ci_low", "ci_high", "dispersion"):
            np.testing.assert_allclose(alone.loc[shared, column], same.loc[shared, column])


VALUES = np.array([[1.0, 2.0, 3.0, 4.0, np.nan]])
MEMBERS = np.array([[True], [False], [False], [True], [True]])


def test_singscore_by_hand():
    found = ranks.singscore(VALUES, MEMBERS)
    # ranks 1 and 4 of 4: mean 2.5, between 1.5 and 3.5
    assert found.score[0, 0] == pytest.approx(0.0)
    assert found.dispersion[0, 0] == pytest.approx(1.4826 * 1.5)
    assert found.count[0, 0] == 2
    reverse = ranks.singscore(np.array([[1.0, 2.0, 3.0, 4.0]]), MEMBERS[[1, 0, 2, 1]], reverse=True)
    # the second least of four: third from the top, a set of one lies between 1 and 4
    assert reverse.score[0, 0] == pytest.approx((3 - 1) / 3 - 0.5)


def walk(row, inside, exponent=0.25):
    """ssGSEA as it is defined: the running sums from the most abundant protein down."""
    seen = ~np.isnan(row)
    rank = pd.Series(row[seen]).rank().to_numpy()
    inside = inside[seen]
    order = np.argsort(-rank, kind="stable")
    weight = np.where(inside, rank**exponent, 0.0)[order]
    outside = (~inside)[order].astype(float)
    return (weight.cumsum() / weight.sum() - outside.cumsum() / outside.sum()).sum() / seen.sum()


def test_ssgsea_is_the_sum_of_the_running_difference():
    rng = np.random.default_rng(1)
    values = rng.normal(size=(4, 60))
    values[rng.random(values.shape) < 0.2] = np.nan
    members = rng.random((60, 3)) < 0.2
    found = ranks.ssgsea(values, members).score
    expected = [[walk(row, members[:, k]) for k in range(3)] for row in values]
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_z_scores_by_hand():
    values = np.array([[1.0, 10.0, 5.0], [2.0, 10.0, np.nan], [3.0, 10.0, 7.0]])
    members = np.array([[True, True], [True, False], [True, True]])
    found = ranks.mean_z(values, members)
    # the constant protein has no z; the third has z -+ 1/sqrt(2) over its two samples
    np.testing.assert_allclose(found.score[:, 1], [(-1 - 0.5**0.5) / 2, 0.0, (1 + 0.5**0.5) / 2])
    np.testing.assert_allclose(found.score[:, 0], found.score[:, 1])
    combined = ranks.combined_z(values, members)
    np.testing.assert_allclose(combined.score[0, 1], (-1 - 0.5**0.5) / 2**0.5)


@pytest.mark.parametrize("kernel", [ranks.singscore, ranks.ssgsea, ranks.mean_z])
def test_interval_covers_the_score_of_the_whole_population(kernel):
    """Sets drawn from a population of members with spread: the interval covers the population's mean score."""
    rng = np.random.default_rng(3)
    population = rng.normal(1.0, 1.0, 4000)
    other = rng.normal(0.0, 1.0, 6000)
    row = np.concatenate([population, other])
    values = np.vstack([row, -row]) if kernel is ranks.mean_z else row[None]
    hits, draws = 0, 400
    full = np.zeros((len(row), 1), dtype=bool)
    full[:4000] = True
    members = np.zeros((len(row), draws), dtype=bool)
    for k in range(draws):
        members[rng.choice(4000, 15, replace=False), k] = True
    found = kernel(values, members)
    low, high = found.interval()
    # the small set's score has the same expectation as the whole population's mean rank; only the rest differs
    target = {
        ranks.mean_z: lambda: kernel(values, full).score[0, 0],
        ranks.singscore: lambda: (pd.Series(row).rank()[:4000].mean() - 8) / (len(row) - 15) - 0.5,
        ranks.ssgsea: lambda: np.mean(found.score),
    }[kernel]()
    hits = np.mean((low[0] <= target) & (target <= high[0]))
    assert 0.90 <= hits <= 0.99


@pytest.mark.parametrize("kernel", [ranks.singscore, ranks.ssgsea, ranks.mean_z, ranks.combined_z])
def test_order_of_proteins_does_not_matter(kernel):
    rng = np.random.default_rng(5)
    values = np.round(rng.normal(size=(5, 80)), 1)  # with ties
    members = rng.random((80, 4)) < 0.2
    order = rng.permutation(80)
    first, second = kernel(values, members), kernel(values[:, order], members[order])
    for name in ("score", "se", "dispersion", "count"):
        np.testing.assert_allclose(getattr(first, name), getattr(second, name), atol=1e-12)


def test_both_kinds_of_members():
    one = MARKERS["exosome"]
    genes = [*one.positive[:12], *one.negative[:6], *[f"BG{i}" for i in range(100)]]
    values = pd.DataFrame(np.random.default_rng(0).normal(20, 2, (2, len(genes))), ["a", "b"], genes)
    values.iloc[0, :12] += 8
    values.iloc[0, 12:18] -= 8
    exp = mk.Experiment(values, scale="log2")
    up, down, both = (
        mk.score_samples(exp, MARKERS, members=m).table.set_index(["sample", "set"])["score"]
        for m in ("positive", "negative", "both")
    )
    assert down["a", "exosome"] > 0.4 > down["b", "exosome"]
    assert both["a", "exosome"] == pytest.approx(up["a", "exosome"] + down["a", "exosome"])
    with pytest.raises(InputError, match="for method='singscore'"):
        mk.score_samples(exp, MARKERS, members="both", method="ssgsea")


def test_coverage_counts_every_set_and_role():
    table = mk.coverage(experiment(), MARKERS).table
    assert set(table["set"]) == set(MARKERS)
    row = table[(table["set"] == "exosome") & (table["role"] == "positive")].iloc[0]
    assert row["n_measured"] == 20
    assert row["n_set"] == len(MARKERS["exosome"].positive)
    assert len(row["measured"].split(";")) == 20
    assert row["fraction"] == pytest.approx(20 / row["n_set"])


def test_coverage_by_weight():
    """Of a weight of 3 in all 2 is measured; a set without any weight has no share of it."""

    def members(**weight):
        return [{**files.MARKER, "gene": g, "verified": "user", "weight": w} for g, w in weight.items()]

    sets = {"weighted": members(CD63=2.0, CD9=1.0), "listed": members(CD63=0.0, CD9=0.0)}
    records = [files.SetRecord({**files.HEADER, "id": k, "title": k}, m) for k, m in sets.items()]
    exp = mk.Experiment(pd.DataFrame({"CD63": [5.0], "CD9": [np.nan], "ALB": [3.0]}, ["a"]))
    table = mk.coverage(exp, mk.MarkerCatalog(records)).table.set_index("set")
    assert table["fraction"].tolist() == [0.5, 0.5]
    assert table.loc["weighted", "weight_fraction"] == pytest.approx(2 / 3)
    assert np.isnan(table.loc["listed", "weight_fraction"])
    assert table["not_measured"].tolist() == ["CD9", "CD9"]


def test_imputed_values_and_numbers_that_are_no_count_are_refused():
    imputed = mk.impute(mk.filter_detected(experiment(), min_fraction=0), seed=1)
    for verb in (mk.coverage, mk.score_samples):
        with pytest.raises(InputError, match="values of this experiment were imputed"):
            verb(imputed, MARKERS)
    for wrong in (0, -1, 1.5):
        with pytest.raises(InputError, match="`min_measured`"):
            mk.score_samples(experiment(), MARKERS, min_measured=wrong)
    assert mk.score_samples(experiment(), MARKERS, min_measured=1).params["min_measured"] == 1


@pytest.mark.parametrize(("least", "status"), [(20, "tested"), (21, "too few measured")])
def test_a_set_is_scored_from_min_measured_on(least, status):
    genes = [*MARKERS["exosome"].positive[:20], *(f"BG{i}" for i in range(30))]
    exp = mk.Experiment(pd.DataFrame([np.arange(50.0)], ["a"], genes), scale="log2")
    row = mk.score_samples(exp, MARKERS, min_measured=least).table.set_index("set").loc["exosome"]
    assert (row["status"], np.isnan(row["score"])) == (status, status != "tested")
    assert row["reason"] == ("" if status == "tested" else "fewer than 21 members measured")


def test_identifiers_that_match_nothing_are_refused():
    exp = mk.Experiment(pd.DataFrame({"x1": [20.0], "x2": [21.0]}, ["a"]), scale="log2")
    with pytest.raises(InputError, match="call harmonize_ids first"):
        mk.coverage(exp, MARKERS)
    with pytest.raises(InputError, match="no protein matches"):
        mk.score_samples(exp, MARKERS)
    with pytest.raises(InputError, match="needs the log2 scale"):
        mk.score_samples(mk.Experiment(pd.DataFrame({"CD63": [5.0]}, ["a"])), MARKERS)
    with pytest.raises(InputError, match="`method` must be one of"):
        mk.score_samples(experiment(), MARKERS, method="gsva")


def test_bh_passes_over_missing():
    rng = np.random.default_rng(0)
    p = rng.random(50)
    p[[3, 9]] = np.nan
    known = ~np.isnan(p)
    from scipy.stats import false_discovery_control

    np.testing.assert_allclose(bh(p)[known], false_discovery_control(p[known]))
    assert np.isnan(bh(p)[~known]).all()


def test_the_shipped_catalogue_is_the_default():
    """Of the organism of the experiment; the quality card and the scores agree with the catalog given by name."""
    exp = mk.load_example()
    markers = mk.load_markers()
    for verb in (mk.coverage, mk.quality, lambda e, *m: mk.score_samples(e.logged(), *m)):
        pd.testing.assert_frame_equal(verb(exp).table, verb(exp, markers).table)
    mouse = mk.Experiment(exp.values, exp.samples, exp.proteins, organism="mouse", history=exp.history)
    of_mouse = mk.coverage(mouse, mk.load_markers(organism="mouse")).table
    pd.testing.assert_frame_equal(mk.coverage(mouse).table, of_mouse)
    assert not of_mouse.equals(mk.coverage(mouse, markers).table)
