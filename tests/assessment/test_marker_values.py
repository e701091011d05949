"""The table of the marker heat map."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from markerkit import figures
from markerkit.assessment.marker_values import marker_values


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
