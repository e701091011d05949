"""Imputation: what is filled in, that it is marked, and that no statistics take it."""

import inspect

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import markerkit as mk
from markerkit import InputError
from markerkit.catalog.load import shipped
from markerkit.preprocess.steps import IMPUTATIONS

MARKERS = shipped("human")


def holed(seed=0, n=6, proteins=80, share=0.3, scale="log2"):
    """Matrix with holes; the first three proteins are in every sample."""
    rng = np.random.default_rng(seed)
    values = pd.DataFrame(
        rng.normal(24, 2, proteins) + rng.normal(0, 0.3, (n, proteins)), [f"s{i}" for i in range(n)]
    ).rename(columns=lambda i: f"P{i}")
    holes = rng.random(values.shape) < share
    holes[:, :3] = False
    holes[0, holes.all(axis=0)] = False
    return mk.Experiment(values.mask(holes), scale=scale)


@pytest.mark.parametrize("method", IMPUTATIONS)
def test_contract(method):
    exp = holed()
    before = exp.values
    full = mk.impute(exp, method=method)
    pd.testing.assert_frame_equal(exp.values, before)
    assert not full.values.isna().any(axis=None)
    pd.testing.assert_frame_equal(full.imputed, before.isna())
    pd.testing.assert_frame_equal(full.values.where(before.notna()), before)
    line = full.history[-1]
    assert (line["verb"], line["method"], line["n_imputed"]) == ("impute", method, before.isna().sum().sum())
    assert set(IMPUTATIONS[method].options) < set(line)
    assert not full.presence_known
    assert f"{full.n_imputed} values imputed" in repr(full)
    assert f"{full.n_imputed} values imputed" in full._repr_html_()
    pd.testing.assert_frame_equal(mk.impute(exp, method=method).values, full.values)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000), st.sampled_from(sorted(IMPUTATIONS)))
def test_measured_takes_back_what_impute_did(seed, method):
    exp = holed(seed)
    back = mk.impute(exp, method=method, seed=seed).measured()
    pd.testing.assert_frame_equal(back.values, exp.values)
    assert back.history == exp.history
    assert back.n_imputed == 0
    assert back.presence_known == exp.presence_known


@pytest.mark.parametrize("method", IMPUTATIONS)
def test_order_of_the_proteins_and_the_unit_of_signal_do_not_matter(method):
    exp = holed()
    options = {"width": 0} if method == "minprob" else {}
    full = mk.impute(exp, method=method, **options).values
    mixed = exp.select(proteins=list(exp.values.columns[::-1]), samples=list(exp.values.index[::-1]))
    pd.testing.assert_frame_equal(
        mk.impute(mixed, method=method, **options).values.loc[full.index, full.columns], full
    )
    moved = mk.Experiment(exp.values + 5, scale="log2")
    pd.testing.assert_frame_equal(mk.impute(moved, method=method, **options).values - 5, full)


# ---- methods ----------------------------------------------------------------------


def test_minprob_draws_below_every_sample():
    rng = np.random.default_rng(1)
    values = pd.DataFrame(rng.normal([[20.0], [26.0]], [[1.0], [2.0]], (2, 8000)), ["a", "b"]).rename(
        columns=str
    )
    holes = np.zeros(values.shape, dtype=bool)
    holes[0, :2000], holes[1, 2000:4000] = True, True
    exp = mk.Experiment(values.mask(holes), scale="log2")
    full = mk.impute(exp, method="minprob", shift=2, width=0.5)
    for sample, hole in zip(("a", "b"), holes, strict=True):
        seen, drawn = exp.values.loc[sample].dropna(), full.values.loc[sample, hole]
        assert drawn.mean() == pytest.approx(seen.mean() - 2 * seen.std(), abs=0.05)
        assert drawn.std() == pytest.approx(0.5 * seen.std(), rel=0.05)
    assert (mk.impute(exp, seed=1).values != mk.impute(exp, seed=2).values).to_numpy()[holes].all()


def test_one_more_hole_leaves_the_other_draws_alone():
    exp = holed()
    values = exp.values
    values.loc["s0", "P0"] = np.nan
    first = mk.impute(exp, width=0.3, shift=0).values.loc["s1"]
    second = mk.impute(mk.Experiment(values, scale="log2"), width=0.3, shift=0).values.loc["s1"]
    pd.testing.assert_series_equal(first, second)


def test_mindet_by_hand():
    values = pd.DataFrame({"A": [1.0, 10], "B": [2.0, np.nan], "C": [3.0, 30], "D": [np.nan, 20]}, ["a", "b"])
    exp = mk.Experiment(values, scale="log2")
    assert mk.impute(exp, method="mindet", quantile=0).values.loc["a", "D"] == 1
    assert mk.impute(exp, method="mindet", quantile=0.5).values.loc["b", "B"] == 20


def test_knn_by_hand():
    values = pd.DataFrame(
        {
            "A": [1.0, 1.0, 1.0, np.nan],
            "near": [1.1, 1.1, 1.1, 7.0],
            "nearer": [1.0, 1.0, 1.1, 5.0],
            "by accident": [1.0, np.nan, np.nan, 60.0],  # one of three samples shared is too few
            "far": [9.0, 9.0, 9.0, 50.0],
        },
        index=list("abcd"),
    )
    exp = mk.Experiment(values, scale="log2")
    for k, expected in ((1, 5.0), (2, 6.0), (3, 62 / 3), (9, 62 / 3)):
        assert mk.impute(exp, method="knn", k=k).values.loc["d", "A"] == pytest.approx(expected)


def test_knn_finds_values_that_are_missing_by_chance():
    """Against known truth: nearer than the mean of the sample and than a down-shift."""
    rng = np.random.default_rng(2)
    level, profile = rng.normal(24, 3, 400), rng.normal(0, 1, (8, 5))
    truth = level + profile @ rng.multinomial(1, [0.2] * 5, 400).T + rng.normal(0, 0.2, (8, 400))
    holes = rng.random(truth.shape) < 0.15
    values = pd.DataFrame(truth).mask(holes).rename(columns=str, index=str)
    exp = mk.Experiment(values, scale="log2")

    def error(filled):
        return np.sqrt(((filled - truth)[holes] ** 2).mean())

    knn, low = (error(mk.impute(exp, method=m).values.to_numpy()) for m in ("knn", "minprob"))
    mean = error(np.broadcast_to(values.mean(axis=1).to_numpy()[:, None], truth.shape))
    assert knn < 1.0 < mean < low


# ---- refusals ---------------------------------------------------------------------


def test_refusals():
    exp = holed()
    with pytest.raises(InputError, match="Did you mean 'mindet'"):
        mk.impute(exp, method="mindeet")
    with pytest.raises(InputError, match="must be one of 'quantile'; got 'shift'"):
        mk.impute(exp, method="mindet", shift=1.8)
    with pytest.raises(InputError, match="between 0 and 1; got 2"):
        mk.impute(exp, method="mindet", quantile=2)
    for k in (0, 2.5, "many", np.nan):
        with pytest.raises(InputError, match="`k` must be a whole number"):
            mk.impute(exp, method="knn", k=k)
    with pytest.raises(InputError, match="call log2 first"):
        mk.impute(holed(scale="raw"))
    with pytest.raises(InputError, match="ratio scale"):
        mk.impute(holed(scale="ratio"))
    with pytest.raises(InputError, match="were imputed"):
        mk.impute(mk.impute(exp))


def test_what_cannot_be_imputed_is_refused():
    values = holed().values
    empty = mk.Experiment(values.assign(P9=np.nan), scale="log2")
    with pytest.raises(InputError, match=r"1 proteins have no value at all \('P9'\)"):
        mk.impute(empty)
    assert mk.impute(mk.filter_detected(empty, min_fraction=0)).n_proteins == 79
    values.loc["s1"] = np.nan
    for method in IMPUTATIONS:
        with pytest.raises(InputError, match="sample 's1' has fewer than"):
            mk.impute(mk.Experiment(values, scale="log2"), method=method)
    apart = pd.DataFrame({"A": [1.0, np.nan], "B": [np.nan, 2.0]}, ["a", "b"])
    with pytest.raises(InputError, match="no neighbor of protein 'B' for sample 'a'"):
        mk.impute(mk.Experiment(apart, scale="log2"), method="knn")


def test_complete_matrix_stays_open_to_statistics():
    full = mk.impute(holed(share=0))
    assert full.n_imputed == 0
    assert mk.normalize(full).n_proteins == 80


# ---- the marks --------------------------------------------------------------------

STUDY = {"contrasts": mk.Contrast("fraction", "EV", "lysate")}
DESIGN = {"design": "~ fraction", "contrast": ("fraction", "EV", "lysate")}
#: verb that computes on values -> its arguments
COMPUTING = {
    "amounts": {"markers": MARKERS, **STUDY},
    "assess": {"markers": MARKERS, **STUDY},
    "assess_identity": {"markers": MARKERS, **STUDY},
    "assess_purity": {"markers": MARKERS, **STUDY},
    "collapse_replicates": {"by": "donor"},
    "compare": {"markers": MARKERS, **STUDY},
    "composition": {"markers": MARKERS},
    "coverage": {"markers": MARKERS},
    "detection_test": {"contrast": STUDY["contrasts"]},
    "differential_abundance": DESIGN,
    "filter_detected": {},
    "fraction_profiles": {"markers": MARKERS, "fraction": "step", "draws": 5},
    "impute": {},
    "membership": {"by": "fraction"},
    "misev_checklist": {"markers": MARKERS, **STUDY},
    "normalize": {},
    "null_check": {"markers": MARKERS, **DESIGN},
    "quality": {"markers": MARKERS},
    "rank_preparations": {"group": "fraction", "markers": MARKERS},
    "score_samples": {"markers": MARKERS},
}
ON_IDENTIFIERS = {"harmonize_ids"}
ON_RAW = {"log2"}
ON_SAMPLES = {"contrasts"}


def verbs():
    """Public verbs whose first argument is an experiment."""
    functions = {n: getattr(mk, n) for n in mk.__all__ if inspect.isfunction(getattr(mk, n))}
    return {n for n, f in functions.items() if next(iter(inspect.signature(f).parameters), "") == "exp"}


@pytest.fixture(scope="module")
def example():
    exp = mk.load_example().pipe(mk.harmonize_ids, MARKERS).pipe(mk.log2)
    order = np.arange(exp.n_samples) % 6 + 1
    run = np.arange(exp.n_samples) // 6
    columns = {"particles": 1e10, "step": [f"F{k}" for k in order], "order": order, "replicate": run}
    exp = exp.evolve("sheet", samples=exp.samples.assign(**columns))
    return exp.select(proteins=exp.values.columns[:300]).pipe(mk.filter_detected)


def test_every_verb_is_tried():
    assert verbs() == set(COMPUTING) | ON_IDENTIFIERS | ON_RAW | ON_SAMPLES


@pytest.mark.parametrize("verb", COMPUTING)
def test_verbs_refuse_imputed_values(example, verb):
    full = mk.impute(example)
    with pytest.raises(InputError, match=r"values of this experiment were imputed.*`exp\.measured\(\)`"):
        getattr(mk, verb)(full, **COMPUTING[verb])


def test_statistics_of_the_measured_values_are_those_before_imputation(example):
    first, second = (
        mk.differential_abundance(e, "~ fraction", contrast=DESIGN["contrast"]).table
        for e in (example, mk.impute(example).measured())
    )
    pd.testing.assert_frame_equal(first, second)


def test_marks_follow_the_values():
    full = mk.impute(holed())
    some = full.select(samples=["s3", "s1"], proteins=["P7", "P5", "P0"])
    pd.testing.assert_frame_equal(some.imputed, full.imputed.loc[["s3", "s1"], ["P7", "P5", "P0"]])
    assert full.select(proteins=["P0", "P1", "P2"]).pipe(mk.normalize).n_imputed == 0
    marks = full.imputed
    marks.loc[:, :] = False
    assert full.n_imputed > 0


def test_values_that_another_program_imputed_can_be_marked():
    values = holed(scale="raw").values
    filled = values.fillna(1.0)
    exp = mk.Experiment(filled, imputed=values.isna())
    assert exp.n_imputed == values.isna().sum().sum()
    assert exp.approximate
    with pytest.raises(InputError, match="were imputed"):
        mk.normalize(mk.log2(exp))
    pd.testing.assert_frame_equal(exp.measured().values, mk.Experiment(values).values)
    assert mk.Experiment(values, imputed=values.isna()).n_imputed == 0


def test_marks_cannot_be_lost_or_false():
    full = mk.impute(holed())
    with pytest.raises(InputError, match="the history holds"):
        mk.Experiment(full.values, scale="log2", history=full.history)
    with pytest.raises(InputError, match="`imputed` has no row for"):
        mk.Experiment(full.values, scale="log2", imputed=full.imputed.iloc[1:])
    with pytest.raises(InputError, match="True or False"):
        mk.Experiment(full.values, scale="log2", imputed=full.imputed.astype(float))


def test_export_carries_the_marks(tmp_path):
    pytest.importorskip("anndata", reason="the extra 'anndata' is not installed")
    exp = holed()
    full = mk.impute(exp)
    adata = full.to_anndata()
    assert not np.isnan(adata.X).any()
    back = mk.Experiment.from_anndata(adata)
    pd.testing.assert_frame_equal(back.imputed, full.imputed)
    pd.testing.assert_frame_equal(back.values, full.values)
    adata.write_h5ad(tmp_path / "m.h5ad")
    read = mk.read_proteins(tmp_path / "m.h5ad")  # a file is read as what was measured
    np.testing.assert_array_equal(read.values.to_numpy(), exp.values.to_numpy())
