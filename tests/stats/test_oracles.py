"""Numerical agreement with the reference implementations on fixed inputs.

The whole folder of inputs and outputs, which lies beside the checkout; test_reference_outputs.py compares the part
of it that the repository holds. What is compared, and why the rest is not, stands in benchmarks/oracle_checks.py.
"""

import gzip
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import rankdata

from markerkit.stats import ebayes
from tests.helpers import ROOT

ORACLES = ROOT.parent / "shared" / "oracles"
pytestmark = [
    pytest.mark.skipif(
        not ORACLES.is_dir(), reason="the folder of reference outputs is not beside the checkout"
    ),
    pytest.mark.slow,  # test_reference_outputs.py asks every kind of comparison of the extract
]


@pytest.fixture(scope="module")
def checks(oracles):
    found = defaultdict(list)
    for check in oracles.checks(ORACLES):
        found[check.kind].append(check)
    return found


@pytest.mark.parametrize(
    ("kind", "least"),
    [
        ("closed form", 300),
        ("iterative", 300),
        ("estimator", 100),
        ("definition, p", 10),
        ("definition, t", 5),
        ("definition, other", 40),
        ("ties", 3),
        ("spread ties", 1),
        ("Monte Carlo, p", 6),
        ("Monte Carlo, NES", 6),
    ],
)
def test_no_number_is_further_off_than_its_kind_allows(oracles, checks, kind, least):
    assert set(checks) == set(oracles.KINDS)
    assert len(checks[kind]) >= least
    bound = oracles.KINDS[kind][1]
    apart = {(c.file, c.column): c.difference.max() for c in checks[kind] if not c.difference.max() <= bound}
    assert not apart


def test_the_prior_of_unequal_df_leads_to_the_same_calls(oracles):
    table = oracles.tests_with_gaps(ORACLES)
    assert len(table) == 13
    assert (table["median"] <= 0.02).all()
    assert (table["agree"] >= 0.99).all()
    filtered = table[table["file"].str.startswith("missing.filtered2")]
    assert (filtered["largest"] < 2e-4).all()


def test_every_file_is_compared_or_has_a_reason(oracles):
    files = oracles.results(ORACLES)
    compared = (files["reason"] == "").groupby(files["version"]).mean()
    assert compared[oracles.OLD] > 0.9
    assert compared[oracles.NEW] > 0.9
    assert compared[oracles.OTHER] > 0.58


@pytest.mark.parametrize(
    ("file", "column"),
    [
        ("limma-3.63.2/missing.anyobs.robust.fit", "df.prior"),
        ("limma-3.63.2/missing.anyobs.trend.fit", "s2.prior"),
        ("limma-3.63.2/missing.anyobs.trend_robust.top.BvsA", "t"),
        ("limma-3.54.1/realistic.default.top.BvsA", "t"),
        ("limma-3.54.1/realistic.cameraPR", "PValue"),
    ],
)
def test_the_definition_of_the_reference_explains_the_whole_difference(oracles, checks, file, column):
    """Proteins without residual df that count, and approximate errors of contrasts."""
    largest = {
        kind: c.difference.max()
        for kind, of_kind in checks.items()
        for c in of_kind
        if (c.file, c.column) == (file, column)
    }
    own = max(v for k, v in largest.items() if k.startswith("definition"))
    theirs = max(v for k, v in largest.items() if not k.startswith("definition"))
    assert own > 1e-3
    assert theirs < own / 100


def test_contrasts_of_incomplete_proteins_are_exact_where_the_reference_approximates(oracles, checks):
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
    (check,) = [c for c in checks["definition, t"] if c.file == "limma-3.54.1/realistic.default.top.BvsA"]
    unknown = np.flatnonzero(np.isnan(unscaled))
    # the reference gives numbers of contrasts that no weighting of the measured samples yields
    assert check.left_out == 3
    for j in unknown:
        solved = np.linalg.lstsq(x[seen[:, j]].T, contrast, rcond=None)[0]
        assert np.abs(x[seen[:, j]].T @ solved - contrast).max() > 0.1


def test_moderation_keeps_what_has_no_variance(oracles):
    table = oracles.read(ORACLES / oracles.OLD / "edge.squeezeVar.zero_var.tsv", index=None)
    found = ebayes.moderate(table["var"].to_numpy(float), table["df"].to_numpy(float))
    assert (found.variance > 0).all()


def test_ties_of_the_reference_share_a_truncated_rank_and_keep_the_order_of_the_input(oracles):
    values = oracles.inputs(ORACLES, "scores_ties").values
    expected = oracles.read(ORACLES / oracles.OTHER / "scores_ties.ssgsea.nonorm.tsv")
    at = oracles.members(ORACLES, values.columns)["EXO_CORE"]
    for sample, y in zip(expected.columns, values.to_numpy(), strict=True):
        order = np.argsort(-rankdata(y), kind="stable")
        inside = np.isin(order, at)
        steps = np.where(inside, np.floor(rankdata(y))[order] ** 0.25, 0.0)
        score = (np.cumsum(steps) / steps.sum() - np.cumsum(~inside) / (~inside).sum()).sum()
        assert score == pytest.approx(expected.loc["EXO_CORE", sample], rel=1e-12)


def test_the_far_tail_of_p_is_compared_and_missing_is_told_from_a_number(oracles):
    relative = oracles.relative
    assert relative([2e-20], [1e-20], "P.Value")[0] == pytest.approx(1.0)
    assert relative([2e-20], [1e-20], "logFC")[0] == 0
    assert relative([np.nan], [np.nan], "P.Value")[0] == 0
    assert np.isinf(relative([np.nan, 0.5], [0.5, np.nan])).all()


def test_the_extract_of_the_repository_is_what_its_tool_makes(oracles, tmp_path):
    command = [sys.executable, ROOT / "tools" / "reference_extracts.py", ORACLES, "--out", tmp_path]
    for _ in range(2):  # again over what is there
        subprocess.run(command, check=True, capture_output=True, timeout=120)
    committed = ROOT / "tests" / "data" / "reference"
    files = {p.relative_to(committed) for p in committed.rglob("*") if p.is_file()} - {Path("README.md")}
    assert {p.relative_to(tmp_path) for p in tmp_path.rglob("*") if p.is_file()} == files
    for name in sorted(files):
        made, kept = (unpacked(folder / name) for folder in (tmp_path, committed))
        assert made == kept, name


def unpacked(path):
    """Bytes of a file; those of a compressed one depend on the library that packs it."""
    data = path.read_bytes()
    return gzip.decompress(data) if path.suffix == ".gz" else data
