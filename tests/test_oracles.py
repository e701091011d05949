"""Numerical agreement with the reference implementations on fixed inputs.

The inputs and outputs lie in a folder beside the checkout; its README names the versions (R 4.2.2,
limma 3.54.1 and 3.63.2). What is compared, and why the rest is not, stands in benchmarks/oracles.py.
"""

import importlib.util
import sys
from collections import defaultdict

import numpy as np
import pytest

from markerkit.stats import ebayes, linear, prior
from markerkit.stats.fdr import bh
from tests.helpers import ROOT

ORACLES = ROOT.parent / "shared" / "oracles"
pytestmark = pytest.mark.skipif(
    not ORACLES.is_dir(), reason="the folder of reference outputs is not beside the checkout"
)


@pytest.fixture(scope="module")
def oracles():
    spec = importlib.util.spec_from_file_location("oracles", ROOT / "benchmarks" / "oracles.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["oracles"] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules["oracles"]


@pytest.fixture(scope="module")
def checks(oracles):
    found = defaultdict(list)
    for check in oracles.checks(ORACLES):
        found[check.kind].append(check)
    return found


def test_closed_forms_agree_to_1e_8(checks):
    assert len(checks["closed form"]) > 300
    apart = {
        (c.file, c.column): c.difference.max() for c in checks["closed form"] if c.difference.max() > 1e-8
    }
    assert not apart


def test_iterated_forms_agree_to_1e_6(checks):
    assert len(checks["iterative"]) > 300
    apart = {(c.file, c.column): c.difference.max() for c in checks["iterative"] if c.difference.max() > 1e-6}
    assert not apart


def test_the_prior_of_unequal_df_leads_to_the_same_calls(oracles):
    for name, median, _, agree in oracles.calls(ORACLES):
        assert median <= 0.02, (name, median)
        assert agree >= 0.99, (name, agree)


def test_every_file_is_compared_or_has_a_reason(oracles, checks):
    compared = {c.file for kind in checks.values() for c in kind}
    for version, least in ((oracles.OLD, 0.9), (oracles.NEW, 0.9), (oracles.OTHER, 0.55)):
        names = {p.name.split(".tsv")[0] for p in (ORACLES / version).iterdir() if "roast" not in p.name}
        left = {n for n in names if f"{version}/{n}" not in compared}
        assert len(left) <= (1 - least) * len(names)
        assert not [n for n in left if not oracles.reason_not_compared(n)]


def test_proteins_without_residual_df_are_what_sets_the_robust_prior_of_the_reference_apart(oracles):
    """Counting them as certain outliers, as the reference does, gives its prior; markerkit leaves them out."""
    case = next(c for c in oracles.cases(ORACLES) if c.stem == "missing.anyobs")
    values = oracles.inputs(ORACLES, "missing").values[case.rows].to_numpy()
    fit = linear.fit(values, np.repeat(np.eye(2), 5, axis=0))
    ok = fit.df_residual > 0
    s2, d = fit.sigma[ok] ** 2, fit.df_residual[ok]
    scale, df = prior._most_likely(s2, d, None, np.ones(len(s2)))
    tails = np.array([prior.f_tail(s2 / scale, d, df, upper=upper) for upper in (True, False)])
    p = np.append(2 * tails.min(axis=0), np.zeros((~ok).sum()))
    weight = np.where(bh(p) > 0.3, 1.0, bh(p))[: len(s2)]
    scale, df = prior._most_likely(s2, d, None, weight)
    expected = oracles.read(ORACLES / oracles.NEW / "missing.anyobs.robust.fit.tsv.gz")
    assert scale[0] == pytest.approx(expected["s2.prior"].iloc[0], rel=1e-4)
    assert df == pytest.approx(expected["df.prior"].max(), rel=1e-3)


def test_contrasts_of_incomplete_proteins_are_exact_where_the_reference_approximates(oracles):
    exp = oracles.inputs(ORACLES, "realistic")
    da = oracles.mk.differential_abundance(exp, "~ 0 + group + batch", contrast=("group", "B", "A"))
    x = oracles.pd.get_dummies(exp.samples["group"], dtype=float)
    x = np.column_stack([x, oracles.pd.get_dummies(exp.samples["batch"], drop_first=True, dtype=float)])
    contrast = np.r_[-1.0, 1.0, np.zeros(x.shape[1] - 2)]
    _, unscaled = da.fit.contrast(next(iter(da.contrasts.values())))
    seen = exp.values.notna().to_numpy()
    ranks = [np.linalg.matrix_rank(x[seen[:, j]]) for j in range(200)]
    for j in (j for j in range(200) if ranks[j] == x.shape[1]):
        inverse = np.linalg.inv(x[seen[:, j]].T @ x[seen[:, j]])
        assert unscaled[j] == pytest.approx(np.sqrt(contrast @ inverse @ contrast), rel=1e-9)


def test_correlation_within_blocks(checks):
    (check,) = [c for c in checks["estimator"] if c.file.endswith("dupcor")]
    assert np.quantile(check.difference, 0.99) < 1e-2
    assert np.quantile(check.difference, 0.9) < 1e-4


def test_moderation_keeps_what_has_no_variance(oracles):
    table = oracles.pd.read_csv(ORACLES / oracles.OLD / "edge.squeezeVar.zero_var.tsv", sep="\t")
    found = ebayes.moderate(table["var"].to_numpy(float), table["df"].to_numpy(float))
    assert (found.variance > 0).all()


def test_ties_move_scores_by_less_than_a_hundredth_of_their_range(checks):
    assert len(checks["ties"]) == 3
    assert all(0 < c.difference.max() < 0.01 for c in checks["ties"])
    (spread,) = checks["spread ties"]
    assert spread.difference.max() < 1e-4


def test_the_far_tail_of_p_is_compared_and_missing_is_told_from_a_number(oracles):
    relative = oracles.relative
    assert relative([2e-20], [1e-20], "P.Value")[0] == pytest.approx(1.0)
    assert relative([2e-20], [1e-20], "logFC")[0] == 0
    assert relative([np.nan], [np.nan], "P.Value")[0] == 0
    assert np.isinf(relative([np.nan, 0.5], [0.5, np.nan])).all()


def test_simulated_p_are_within_four_standard_errors(checks):
    assert len(checks["Monte Carlo"]) >= 4
    apart = {c.file: c.difference.max() for c in checks["Monte Carlo"] if c.difference.max() > 4}
    assert not apart
