"""Heat map of the significant proteins: z-scores, clusters and missing values."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import QuadMesh
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from scipy.stats import zscore

from markerkit import figures
from markerkit.figures._heatmap import _scores, _tree
from tests.figures.drawn import texts
from tests.figures.test_figures import SAMPLES, significant_values_table


def _cells(figure: Figure) -> np.ma.MaskedArray:
    (mesh,) = [
        c for ax in figure.axes for c in ax.collections if isinstance(c, QuadMesh) and c.get_label() != "_key"
    ]
    return mesh.get_array()


def test_rows_are_z_scores_and_missing_values_stay_missing() -> None:
    table = significant_values_table()
    drawn = _cells(figures.heatmap(table))
    assert drawn.shape == (20, len(SAMPLES))
    assert int(drawn.mask.sum()) == int(table["value"].isna().sum())
    wide = table.pivot_table(index="protein", columns="sample", values="value", dropna=False).to_numpy()
    expected = zscore(wide, axis=1, ddof=1, nan_policy="omit")
    np.testing.assert_allclose(_scores(wide), expected)
    np.testing.assert_allclose(np.sort(drawn.compressed()), np.sort(expected[np.isfinite(expected)]))


def test_samples_that_look_alike_stand_together() -> None:
    table = significant_values_table()
    shuffled = table.sample(frac=1, random_state=1)
    figure = figures.heatmap(shuffled)
    bars = [p for ax in figure.axes for p in ax.patches if str(p.get_label()).startswith("_group ")]
    order = [str(p.get_label()) for p in sorted(bars, key=lambda p: p.get_x())]
    assert len(order) == len(SAMPLES)
    assert sum(a != b for a, b in itertools.pairwise(order)) == 1
    assert [ax for ax in figure.axes if any(line.get_label() == "_branch" for line in ax.lines)]
    assert {"EV (4)", "Cell (4)"} <= set(texts(figure))


def test_distances_are_over_what_both_rows_measured() -> None:
    grid = np.array([[0.0, 0.0, np.nan], [3.0, np.nan, 1.0], [0.0, 1.0, 1.0], [np.nan, np.nan, np.nan]])
    tree = _tree(grid)
    assert tree is not None
    assert tree[0, 2] == pytest.approx(np.sqrt(1 / 2))  # rows 0 and 2: two columns, one differs by 1
    assert tree[-1, 2] == pytest.approx(3.0)  # the row without a value stands as far as the farthest pair
    assert _tree(grid[:2]) is None


def test_the_smallest_p_are_kept_and_their_number_is_said() -> None:
    table = significant_values_table()
    figure = figures.heatmap(table, max_proteins=5)
    assert "The 5 most significant of 60 proteins" in texts(figure)
    assert {f"GENE{i}" for i in range(5)} == {w for w in texts(figure) if w.startswith("GENE")}
    few = figures.heatmap(table.drop(columns="n_significant"))
    assert "20 significant proteins" in texts(few)


def test_groups_take_the_colors_of_the_caller() -> None:
    figure = figures.heatmap(significant_values_table(), palette={"EV": "tomato"})
    faces = {
        to_hex(p.get_facecolor()) for ax in figure.axes for p in ax.patches if p.get_label() == "_group EV"
    }
    assert faces == {"#ff6347"}


@pytest.mark.parametrize("n", [1, 2, 60])
def test_any_number_of_proteins(n: int) -> None:
    figure = figures.heatmap(significant_values_table(n), SAMPLES, max_proteins=100)
    assert figures.lint(figure) == []


def test_without_clusters_samples_stand_by_group() -> None:
    table = significant_values_table().drop(columns="group")
    shuffled = table.sample(frac=1, random_state=2)
    figure = figures.heatmap(shuffled, SAMPLES, cluster_samples=False)
    at = {w: i for i, w in enumerate(texts(figure)) if w.startswith("run_")}
    groups = dict(zip(SAMPLES["sample"], SAMPLES["group"], strict=True))
    named = [groups[w] for w in sorted(at, key=at.__getitem__)]
    assert len(pd.unique(np.array(named))) == 2
    assert sum(a != b for a, b in itertools.pairwise(named)) == 1


def _branches(figure: Figure) -> int:
    return sum(line.get_label() == "_branch" for ax in figure.axes for line in ax.lines)


@pytest.mark.parametrize(("n_proteins", "n_trees"), [(1, 0), (2, 1), (3, 2)])
def test_one_protein_has_no_tree(n_proteins: int, n_trees: int) -> None:
    table = significant_values_table(n_proteins)
    figure = figures.heatmap(table)
    assert _branches(figure) == n_trees
    if n_proteins == 1:
        bars = [p for ax in figure.axes for p in ax.patches if str(p.get_label()).startswith("_group ")]
        order = [str(p.get_label()) for p in sorted(bars, key=lambda p: p.get_x())]
        assert order == ["_group EV"] * 4 + ["_group Cell"] * 4
    assert figures.lint(figure) == []


def test_rows_of_one_gene_are_told_apart() -> None:
    table = significant_values_table(6)
    table["gene"] = table["gene"].replace({"GENE1": "env", "GENE4": "env"})
    table["protein"] = table["protein"].replace({"P00001": "Q61919;P11370", "P00004": "CON__P10404"})
    words = texts(figures.heatmap(table))
    assert {"env (Q61919)", "env (P10404, cont.)", "GENE2"} <= set(words)
    assert "env" not in words
    assert "env" in texts(figures.heatmap(table[table["protein"] != "CON__P10404"]))
