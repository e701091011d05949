"""Numerical agreement with R's limma, DEqMS, fgsea, GSVA and singscore, on the extract in tests/data/reference.

The README there names versions, designs and tolerances; what is compared stands in benchmarks/oracle_checks.py.
"""

from collections import defaultdict

import numpy as np
import pytest

import markerkit as mk
from tests.helpers import ROOT

FOLDER = ROOT / "tests" / "data" / "reference"
FILES = [p for p in FOLDER.rglob("*") if p.is_file()]
LARGEST = 500_000  # bytes
CLOSED_FORM = {"rtol": 1e-8, "atol": 0}
#: kind of comparison -> how many columns of tables the extract holds of it
COLUMNS = {
    "closed form": 473,
    "iterative": 173,
    "estimator": 98,
    "definition, p": 6,
    "definition, t": 3,
    "definition, other": 25,
    "ties": 3,
    "spread ties": 1,
    "Monte Carlo, p": 6,
    "Monte Carlo, NES": 6,
}


@pytest.fixture(scope="module")
def checks(oracles):
    found = defaultdict(list)
    for check in oracles.checks(FOLDER):
        found[check.kind].append(check)
    return found


@pytest.mark.parametrize("kind", COLUMNS)
def test_no_number_is_further_off_than_its_kind_allows(oracles, checks, kind):
    bound = oracles.KINDS[kind][1]
    apart = {(c.file, c.column): c.difference.max() for c in checks[kind] if not c.difference.max() <= bound}
    assert not apart


def test_nothing_of_the_extract_is_passed_over(oracles, checks):
    assert {kind: len(found) for kind, found in checks.items()} == COLUMNS
    assert set(COLUMNS) == set(oracles.KINDS)
    assert all(len(c.difference) for found in checks.values() for c in found)
    compared = {c.file for found in checks.values() for c in found}
    tables = {f"{p.parent.name}/{p.name.split('.tsv')[0]}" for p in FILES if p.parent.name in oracles.FOLDERS}
    assert tables - compared == {f"{oracles.OLD}/geneweights"}  # an input of fry
    assert compared <= tables


def test_the_prior_of_unequal_df_leads_to_the_same_calls(oracles):
    table = oracles.tests_with_gaps(FOLDER).set_index("file")
    filtered = table[table.index.str.startswith("missing.filtered2")]
    assert len(filtered) == 4
    assert (filtered["largest"] < 2e-4).all()
    assert (filtered["agree"] == 1).all()
    assert filtered["called"].between(1, filtered["tests"] - 1).all()


def test_the_folder_stays_small_and_says_what_it_is():
    assert sum(p.stat().st_size for p in FILES) < LARGEST
    readme = (FOLDER / "README.md").read_text(encoding="utf-8")
    for version in ("R 4.2.2", "limma 3.54.1", "limma 3.63.2", "DEqMS", "fgsea", "GSVA", "singscore"):
        assert version in readme


# ---- the public verbs, on the same numbers --------------------------------------------

NO_GENES = pytest.mark.filterwarnings("ignore:3 genes of your sets:markerkit.MarkerkitWarning")


@pytest.fixture(scope="module")
def catalog():
    """Sets of the reference by name, as they are written: their members are no genes."""
    lines = (FOLDER / "inputs" / "sets.gmt").read_text(encoding="utf-8").splitlines()
    return {name: members for name, _, *members in (line.split("\t") for line in lines)}


@NO_GENES
@pytest.mark.filterwarnings("ignore:fry rejects:markerkit.MarkerkitWarning")
@pytest.mark.parametrize(
    ("file", "options"),
    [
        ("camera.default", {"method": "camera", "inter_protein_cor": 0.01}),
        ("camera.ranks", {"method": "camera", "inter_protein_cor": 0.01, "use_ranks": True}),
        ("camera.estimated", {"method": "camera"}),
        ("fry.posterior.sd", {"method": "fry"}),
    ],
)
def test_enrich_gives_the_numbers_of_the_reference(oracles, catalog, file, options):
    exp = oracles.inputs(FOLDER, "two_group")
    da = mk.differential_abundance(exp, "~ 0 + group", contrast=("group", "B", "A"))
    expected = oracles.read(FOLDER / oracles.OLD / f"{file}.tsv")
    found = mk.enrich(da, catalog, **options).table.set_index("set").loc[expected.index]
    columns = {"n_measured": "NGenes", "pvalue": "PValue", "padj": "FDR"}
    columns |= {"correlation": "Correlation", "pvalue_mixed": "PValue.Mixed", "padj_mixed": "FDR.Mixed"}
    for ours, theirs in columns.items():
        if theirs in expected:
            np.testing.assert_allclose(found[ours].astype(float), expected[theirs], **CLOSED_FORM)
    assert found["direction"].tolist() == expected["Direction"].str.lower().tolist()


@NO_GENES
@pytest.mark.parametrize("data", ["scores", "scores_ties"])
def test_score_samples_gives_the_numbers_of_singscore(oracles, catalog, data):
    exp = oracles.inputs(FOLDER, data)
    table = mk.score_samples(exp, catalog, method="singscore").table.set_index(["set", "sample"])
    for name in catalog:
        expected = oracles.read(FOLDER / oracles.OTHER / f"{data}.singscore.up.{name}.tsv")
        found = table.loc[name].loc[expected.index]
        np.testing.assert_allclose(found["score"], expected["TotalScore"], rtol=1e-8, atol=1e-10)
        np.testing.assert_allclose(found["dispersion"], expected["TotalDispersion"], **CLOSED_FORM)


@NO_GENES
@pytest.mark.parametrize(
    ("data", "method", "file"),
    [("scores", "ssgsea", "scores.ssgsea.nonorm"), ("scores_ties", "zscore", "scores_ties.zscore")],
)
def test_score_samples_gives_the_numbers_of_gsva(oracles, catalog, data, method, file):
    exp = oracles.inputs(FOLDER, data)
    table = mk.score_samples(exp, catalog, method=method).table
    expected = oracles.read(FOLDER / oracles.OTHER / f"{file}.tsv")
    found = table.pivot(index="set", columns="sample", values="score").loc[expected.index, expected.columns]
    # the reference sums over the ranking, markerkit takes the mean
    scale = exp.n_proteins if method == "ssgsea" else 1
    np.testing.assert_allclose(found * scale, expected, **CLOSED_FORM)
