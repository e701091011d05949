"""Coverage and sample scores."""

import numpy as np
import pandas as pd
import pytest

import markerkit as mk
from markerkit import InputError
from markerkit.results import TABLES
from markerkit.scoring import SCORES
from markerkit.stats.fdr import bh
from markerkit.stats.ranks import singscore

MARKERS = mk.load_markers()


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
    whole = mk.score_samples(exp, MARKERS).table
    alone = mk.score_samples(exp.select(samples=["s1"]), MARKERS).table
    same = whole[whole["sample"] == "s1"].reset_index(drop=True)
    shared = alone["n_measured"] == same["n_measured"]
    np.testing.assert_allclose(alone.loc[shared, "score"], same.loc[shared, "score"])


def test_singscore_by_hand():
    values = np.array([[1.0, 2.0, 3.0, 4.0, np.nan]])
    members = np.array([[True], [False], [False], [True], [True]])
    score, dispersion = singscore(values, members)
    # ranks 1 and 4 of 4: mean 2.5, between 1.5 and 3.5
    assert score[0, 0] == pytest.approx(0.0)
    assert dispersion[0, 0] == pytest.approx(1.4826 * 1.5)


def test_coverage_counts_every_set_and_role():
    table = mk.coverage(experiment(), MARKERS).table
    assert set(table["set"]) == set(MARKERS)
    row = table[(table["set"] == "exosome") & (table["role"] == "positive")].iloc[0]
    assert row["n_measured"] == 20
    assert row["n_set"] == len(MARKERS["exosome"].positive)
    assert len(row["measured"].split(";")) == 20
    assert row["fraction"] == pytest.approx(20 / row["n_set"])


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
