"""Principal components, rank-abundance curves, single markers and MISEV2018 heat map: what is drawn equals the table."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.colors import to_hex

import markerkit as mk
from markerkit import figures
from markerkit.core.errors import InputError
from tests.figures.drawn import panel, texts
from tests.figures.test_figures import (
    KEYS,
    SAMPLES,
    marker_abundance_table,
    marker_values,
    pca_table,
    rank_table,
    sample_values_table,
    samples_table,
    shares_table,
)

# --- principal components ---------------------------------------------------------------------------------


def test_every_sample_is_a_point_of_its_group() -> None:
    table = pca_table()
    ax = figures.pca(table)
    drawn = {str(c.get_label()): np.asarray(c.get_offsets()) for c in ax.collections}
    assert list(drawn) == list(dict.fromkeys(table["group"]))
    for group, points in drawn.items():
        own = table[table["group"] == group]
        assert points == pytest.approx(own[["pc1", "pc2"]].to_numpy())
    assert ax.get_xlabel() == "PC1 (41 % of the variance)"
    assert ax.get_ylabel() == "PC2 (13 %)"
    assert any("812 proteins measured in every sample" in w for w in texts(ax))


def test_groups_differ_in_color_and_shape_and_a_unit_is_as_long_on_both_axes() -> None:
    ax = figures.pca(pca_table())
    colors = {to_hex(c.get_facecolor()[0]) for c in ax.collections}
    shapes = {c.get_paths()[0].vertices.tobytes() for c in ax.collections}
    assert len(colors) == len(shapes) == 4
    (x0, x1), (y0, y1) = ax.get_xlim(), ax.get_ylim()
    box = ax.get_window_extent()
    assert (x1 - x0) / box.width == pytest.approx((y1 - y0) / box.height)


def test_sample_names_stand_where_few_samples_are_drawn() -> None:
    few, many = pca_table(), pca_table(60)
    assert sum(w.startswith("run_") for w in texts(figures.pca(few))) >= 10
    assert not any(w.startswith("run_") for w in texts(figures.pca(many)))
    assert not any(w.startswith("run_") for w in texts(figures.pca(few, names=False)))
    assert any(w.startswith("run_") for w in texts(figures.pca(many, names=True)))


def test_without_components_the_reason_stands_in_their_place() -> None:
    table = pca_table().assign(pc1=np.nan, pc2=np.nan, reason="too few proteins")
    assert any("no principal components: too few proteins" in w for w in texts(figures.pca(table)))


# --- rank abundance ---------------------------------------------------------------------------------------


def _curve(ax: Axes) -> Any:
    (line,) = [x for x in ax.lines if x.get_label() == "_curve"]
    return line


def test_a_curve_per_group_holds_every_protein() -> None:
    table = rank_table()
    panels = [a for a in figures.rank_abundance(table).axes if a.get_label() != "page"]
    assert len(panels) == 2
    own = table[table["group"] == "SEC"]
    assert _curve(panels[0]).get_xdata() == pytest.approx(own["rank"].to_numpy(dtype=float))
    assert _curve(panels[0]).get_ydata() == pytest.approx(own["log2_mean"].to_numpy())
    assert panels[0].get_ylim() == panels[1].get_ylim()


def test_markers_of_ev_and_others_are_marked_and_labeled() -> None:
    table = rank_table(groups=("SEC",))
    (ax,) = [a for a in figures.rank_abundance(table).axes if a.get_label() != "page"]
    of_ev, others = (np.asarray(c.get_offsets()) for c in ax.collections)
    for points, digits in ((of_ev, "12"), (others, "34")):
        own = table[table["category"].str[:1].isin(list(digits))]
        assert points == pytest.approx(own[["rank", "log2_mean"]].to_numpy(dtype=float))
    assert set(KEYS) <= {t.get_text() for t in ax.texts}
    assert "FN1" not in {t.get_text() for t in ax.texts}  # category 5 is neither


def test_rank_abundance_draws_the_groups_that_are_asked_for() -> None:
    drawn = figures.rank_abundance(rank_table(), groups=["UC"])
    assert "UC" in texts(drawn)
    assert "SEC" not in texts(drawn)


# --- single markers ---------------------------------------------------------------------------------------


def test_points_median_and_missing_values_of_a_marker() -> None:
    table = marker_abundance_table()
    ax = panel(figures.marker_plot(table, ["CD63"]), "CD63")
    own = table[table["gene"] == "CD63"]
    for collection, group in zip(ax.collections, ("EV", "Cell"), strict=True):
        values = own.loc[own["group"] == group, "log2"].to_numpy()
        assert np.ma.getdata(collection.get_offsets())[:, 0] == pytest.approx(values, nan_ok=True)
    medians = [line.get_xdata()[0] for line in ax.lines if line.get_label() == "_median"]
    assert medians == pytest.approx([own.loc[own["group"] == g, "log2"].median() for g in ("EV", "Cell")])
    missing = [int(own.loc[own["group"] == g, "log2"].isna().sum()) for g in ("EV", "Cell")]
    assert [t.get_text() for t in ax.texts] == [f"×{n}" for n in missing if n]
    edge = next(line for line in ax.lines if line.get_label() == "_measured from here").get_xdata()[0]
    assert edge < own["log2"].min()


def test_the_default_panel_holds_the_key_markers_that_were_measured() -> None:
    drawn = figures.marker_plot(marker_abundance_table())
    assert [a.get_label() for a in drawn.axes if a.get_label() != "page"] == list(KEYS)


def test_samples_of_a_pair_are_joined() -> None:
    table = marker_abundance_table()
    used = samples_table().assign(pair=["d1", "d2", "d3", "d4"] * 2)
    ax = panel(figures.marker_plot(table, "CD81", samples_used=used), "CD81")
    value = table[table["gene"] == "CD81"].set_index("sample")["log2"]
    pairs = [
        (a, b) for a, b in zip(value.index[:4], value.index[4:], strict=True) if value[[a, b]].notna().all()
    ]
    drawn = [tuple(line.get_xdata()) for line in ax.lines if line.get_label() == "_pair"]
    wanted = sorted((value[a], value[b]) for a, b in pairs)
    assert np.array(sorted(drawn)) == pytest.approx(np.array(wanted))
    assert drawn


def test_any_gene_of_an_experiment_can_be_drawn() -> None:
    exp = mk.load_example()
    drawn = figures.marker_plot(exp, ["CD63", "ACTB"], group="fraction", pair="donor", title="Mine")
    assert [a.get_label() for a in drawn.axes if a.get_label() != "page"] == ["CD63", "ACTB"]
    assert figures.lint(drawn) == []
    assert any(w.startswith("EV (") for w in texts(drawn))
    with pytest.raises(InputError, match="name the `genes`"):
        figures.marker_plot(exp)
    with pytest.raises(InputError, match="no column 'nonesuch'"):
        figures.marker_plot(exp, ["CD63"], group="nonesuch")


def test_genes_and_groups_that_are_not_there_are_refused() -> None:
    table = marker_abundance_table()
    with pytest.raises(InputError, match="'NOPE' is not among the measured genes"):
        figures.marker_plot(table, ["CD63", "NOPE"])
    with pytest.raises(InputError, match=r"no sample is in the groups 'X'; the groups are 'EV' and 'Cell'"):
        figures.marker_plot(table, groups=["X"])


# --- MISEV2018 heat map -----------------------------------------------------------------------------------


def _mesh(ax: Axes) -> Any:
    (mesh,) = [c for c in ax.collections if isinstance(c, QuadMesh)]
    return np.ma.filled(mesh.get_array().astype(float), np.nan)


def test_misev_heatmap_draws_every_value_and_leaves_the_others_hatched() -> None:
    table = marker_abundance_table()
    figure = figures.misev_heatmap(table)
    for category in ("1a", "3a"):
        (ax,) = [a for a in figure.axes if any(c.get_label() == category for c in a.collections)]
        genes = [t.get_text() for t in ax.get_yticklabels()]
        own = table[table["category"] == category].pivot_table(
            index="gene", columns="sample", values="over_median", dropna=False
        )
        wanted = own.loc[genes, list(dict.fromkeys(table.loc[table["sample"] != "", "sample"]))].to_numpy()
        assert _mesh(ax).reshape(wanted.shape) == pytest.approx(wanted, nan_ok=True)
        assert np.isnan(wanted).any()
        assert any(p.get_label() == "_not measured" and p.get_hatch() for p in ax.patches)


def test_misev_heatmap_marks_what_should_not_be_there_and_names_what_was_not_found() -> None:
    figure = figures.misev_heatmap(marker_abundance_table())
    page = panel(figure, "page")
    bars = [p for p in page.patches if p.get_label() == "_class"]
    assert [bool(p.get_hatch()) for p in bars] == [False, False, False, True, True, False]  # 1a 1b 2a 3a 4c 5
    assert "Key markers not measured in any of these 8 samples: GOLGA2." in texts(figure)


# --- marker heat map and shares ---------------------------------------------------------------------------


def test_a_marker_of_two_sets_stands_once_in_the_general_one() -> None:
    values = marker_values(SAMPLES, 4)
    shared = values[values["set"] == "exosome"].assign(set="pan_ev")
    figure = figures.marker_heatmap(pd.concat([values, shared]), SAMPLES)
    genes = [t.get_text() for a in figure.axes if a.get_label() != "page" for t in a.get_yticklabels()]
    assert len(genes) == len(set(genes)) == values["gene"].nunique()
    drawn = {c.get_label() for a in figure.axes for c in a.collections}
    assert "pan_ev" in drawn
    assert "exosome" not in drawn


def test_values_over_the_median_have_a_scale_without_a_turn() -> None:
    values = marker_values(SAMPLES, 4)
    for scale, name in (
        ("centered per protein", "diverging"),
        ("over the median of the sample", "sequential"),
    ):
        figure = figures.marker_heatmap(values.assign(scale=scale), SAMPLES)
        meshes = [c for a in figure.axes for c in a.collections if isinstance(c, QuadMesh)]
        assert {m.get_cmap().name for m in meshes} == {f"markerkit_{name}"}


@pytest.mark.parametrize("n", [2, 9])
def test_all_groups_are_named_above_the_map(n: int) -> None:
    samples = samples_table(90, n)
    used = samples.assign(group=[f"Isolation method number {i * n // 90}" for i in range(90)])
    figure = figures.marker_heatmap(marker_values(samples, 5), used)
    assert sum(w.startswith("Isolation method number") for w in texts(figure)) == n
    assert figures.lint(figure) == []


def test_sources_without_a_share_are_named_below_with_the_reason() -> None:
    shares = shares_table(SAMPLES)
    shares.loc[shares["source"] == "keratin", "reason"] = "too few members measured"
    ax = figures.source_shares(shares, SAMPLES)
    assert "Without a share: Keratin and skin (too few members measured)." in texts(ax)
    assert "Keratin and skin" not in texts(ax)


def test_missing_values_stand_beside_the_samples_that_are_named() -> None:
    table = sample_values_table(4, ("SEC",)).assign(missing=[0.25, 0.5, 0.031, 0.0])
    assert {"missing", "25 %", "50 %", "3.1 %", "0 %"} <= set(texts(figures.sample_values(table)))
    assert figures.lint(figures.sample_values(sample_values_table(300))) == []
