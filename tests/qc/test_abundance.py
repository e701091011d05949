"""Principal components, ranks and MISEV2018 markers against values worked out by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import markerkit as mk
from markerkit.assessment.result import Assessment
from markerkit.catalog.load import shipped
from markerkit.qc.abundance import abundance_of, misev_markers, principal_components
from markerkit.study.roles import groups_of

MARKERS = shipped("human")


def _logs(n: int = 5, p: int = 80, seed: int = 1) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    names = [f"s{i}" for i in range(n)]
    return pd.DataFrame(rng.normal(22, 2, (n, p)), index=names, columns=[f"P{i}" for i in range(p)])


def _groups(logs: pd.DataFrame) -> pd.Series:
    return pd.Series("g", index=logs.index, dtype=object)


def test_components_are_the_eigenvectors_of_the_covariance() -> None:
    logs = _logs()
    table = principal_components(logs, _groups(logs))
    x = logs.to_numpy() - np.median(logs.to_numpy(), axis=1, keepdims=True)
    x = x - x.mean(axis=0)
    value, vector = np.linalg.eigh(x.T @ x)
    for i, column in ((1, "pc1"), (2, "pc2")):
        v = vector[:, -i] * np.sign(vector[np.abs(vector[:, -i]).argmax(), -i])
        assert table[column].to_numpy() == pytest.approx(x @ v)
        assert table[f"explained_{column}"].to_numpy() == pytest.approx(value[-i] / value.sum())
    assert set(table["n_proteins"]) == {80}
    assert set(table["status"]) == {"computed"}


def test_a_load_of_a_sample_and_the_order_of_proteins_change_no_score() -> None:
    logs = _logs()
    first = principal_components(logs, _groups(logs))
    shifted = logs.add(np.arange(5) * 1.5, axis=0).iloc[:, ::-1]
    second = principal_components(shifted, _groups(logs))
    pd.testing.assert_frame_equal(first, second)


def test_a_protein_missing_in_one_sample_does_not_count() -> None:
    logs = _logs()
    holed = logs.assign(Q=[np.nan, 1.0, 50.0, 3.0, 4.0])
    pd.testing.assert_frame_equal(
        principal_components(logs, _groups(logs)), principal_components(holed, _groups(logs))
    )


@pytest.mark.parametrize(
    ("logs", "why"),
    [
        (_logs(2), "2 samples; principal components take three"),
        (_logs(5, 49), "49 proteins were measured in every one of 5 samples; 50 are needed"),
        (_logs() * 0.0, "the samples do not differ"),
    ],
)
def test_without_components_the_reason_is_said(logs: pd.DataFrame, why: str) -> None:
    table = principal_components(logs, _groups(logs))
    assert set(table["reason"]) == {why}
    assert "pc1" not in table.columns
    assert principal_components(_logs(3, 50), _groups(_logs(3)))["status"].eq("computed").all()


def test_key_markers_come_from_the_sets_of_the_catalog() -> None:
    named = misev_markers(MARKERS)
    keys = list(named[named["key"] > 0].sort_values("key").index)
    assert {"CD9", "CD63", "CD81", "TSG101", "PDCD6IP"} <= set(keys[:6])
    assert keys[-8:] == ["APOA1", "APOA2", "APOB", "ALB", "CANX", "HSP90B1", "HSPA5", "GOLGA2"]
    assert named.loc["ALB", "category"] == "3a"
    for gene in keys[:6]:
        assert all(gene in MARKERS[k].positive for k in ("pan_ev", "exosome", "small_ev"))
    assert not len(misev_markers(MARKERS.select(["exosome"])))


def _small() -> mk.Experiment:
    """Two groups of two; CD63 is measured in half of group a and in none of b, ALB everywhere."""
    logs = pd.DataFrame(
        {
            "PA": [30.0, 31.0, 20.0, 20.0],
            "PB": [20.0, np.nan, np.nan, np.nan],
            "PC": [10.0, 11.0, 22.0, 22.0],
            "PD": [25.0, 26.0, 21.0, 21.0],
        },
        index=["a1", "a2", "b1", "b2"],
    )
    proteins = pd.DataFrame(
        {"gene": ["ALB", "CD63", "X1", "X2"], "accession": ["P02768", "P08962", "Q1", "Q2"]},
        index=logs.columns,
    )
    samples = pd.DataFrame({"group": ["a", "a", "b", "b"]}, index=logs.index)
    return mk.Experiment(logs, samples, proteins, scale="log2", organism="human")


def test_proteins_are_ranked_by_their_mean_within_a_group() -> None:
    exp = _small()
    found = abundance_of(exp, MARKERS, groups_of(exp, "group"))
    ranks = found.ranks
    assert list(ranks.loc[ranks["group"] == "a", "gene"]) == ["ALB", "X2", "CD63", "X1"]
    assert list(ranks.loc[ranks["group"] == "b", "gene"]) == ["X1", "X2", "ALB"]
    cd63 = ranks[ranks["gene"] == "CD63"].iloc[0]
    assert (cd63["rank"], cd63["n_measured"], cd63["n_samples"], cd63["category"]) == (3, 1, 2, "1a")
    assert ranks[ranks["gene"] == "X1"]["key"].eq(0).all()


def test_every_marker_has_a_value_per_sample_or_says_that_it_is_absent() -> None:
    exp = _small()
    markers = abundance_of(exp, MARKERS, groups_of(exp, "group")).markers.set_index("gene")
    alb = markers.loc["ALB"]
    # four proteins: the median of a sample is that of all it measured
    assert alb.set_index("sample")["over_median"].to_dict() == pytest.approx(
        {"a1": 7.5, "a2": 5.0, "b1": -1.0, "b2": -1.0}
    )
    assert list(markers.loc["CD63", "status"]) == ["measured", "not measured", "not measured", "not measured"]
    assert markers.loc["CD81", "status"] == "not in the table"
    assert markers.loc["CD81", "sample"] == ""
    assert set(markers.index) == set(misev_markers(MARKERS).index)


def test_blanks_and_decoys_take_no_part(example_assessment: Assessment) -> None:
    quality = example_assessment.quality
    used = set(example_assessment.experiment.samples.index)
    assert set(quality.pca.table["sample"]) == used
    assert set(quality.markers.table["sample"]) - {""} == used
    for name, table in (
        ("pca", quality.pca),
        ("rank_abundance", quality.ranks),
        ("marker_abundance", quality.markers),
    ):
        pd.testing.assert_frame_equal(example_assessment.tables[name], table.table)
        assert table.plot() is not None


def test_ratios_to_a_reference_have_no_ranks() -> None:
    exp = _small()
    ratio = mk.Experiment(exp.values - 20, exp.samples, exp.proteins, scale="ratio", organism="human")
    found = abundance_of(ratio, MARKERS, groups_of(ratio, "group"))
    assert not len(found.ranks)
    assert len(found.markers)
