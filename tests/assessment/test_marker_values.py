"""The tables of the heat maps."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from markerkit import figures
from markerkit.assessment.marker_values import marker_values, significant_values
from markerkit.assessment.result import Assessment


def test_marker_values_center_and_choose() -> None:
    matrix = pd.DataFrame(
        {"A;1": [1.0, 3.0, np.nan], "A;2": [9.0, np.nan, np.nan], "B": [np.nan] * 3, "C": [5.0, 5.0, 8.0]},
        index=["s1", "s2", "s3"],
    )
    genes = pd.Series({"A;1": "A", "A;2": "A", "B": "B", "C": "C", "D": "D"})
    table = marker_values(matrix, genes, {"x": ["A", "B", "A"], "y": ["C", "Z"]})
    assert table[["set", "gene"]].drop_duplicates().to_numpy().tolist() == [["x", "A"], ["y", "C"]]
    assert table["value"].tolist() == pytest.approx([-1, 1, np.nan, -1, -1, 2], nan_ok=True)
    assert figures.lint(figures.marker_heatmap(table)) == []
    assert figures.lint(figures.marker_heatmap(marker_values(matrix, genes, {}))) == []


def test_significant_values_are_those_of_the_smallest_p(example_assessment: Assessment) -> None:
    (contrast,) = example_assessment.contrasts
    tested = example_assessment.differential_abundance.table
    table = significant_values(example_assessment.experiment, tested, contrast, most=4)
    significant = tested[tested["padj"] <= 0.05]
    best = significant.sort_values(["padj", "pvalue", "protein"])["protein"].head(4)
    assert list(table["protein"].unique()) == list(best)
    assert set(table["n_significant"]) == {len(significant)}
    by_group = table[table["protein"] == best.iloc[0]].groupby("group")["value"].mean()
    effect = tested.set_index("protein").loc[best.iloc[0], "log2_fc"]
    assert np.sign(by_group[contrast.case] - by_group[contrast.control]) == np.sign(effect)
    assert significant_values(example_assessment.experiment, tested, contrast, alpha=0.0).empty
