"""What an editor sent back: each fault of a figure, looked for in what is drawn."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_hex, to_rgb
from matplotlib.patches import Rectangle
from matplotlib.text import Text

from markerkit import figures
from markerkit.figures._keys import fill_key
from markerkit.figures._tables import short_name
from markerkit.figures._text import shorten, text_width, wrap
from tests.figures.drawn import panel, texts
from tests.figures.test_figures import (
    SAMPLES,
    differential_table,
    enrichment_table,
    group_values_table,
    identity_table,
    marker_abundance_table,
    marker_values,
    missing_table,
    pca_table,
    ranking_table,
    sample_values_table,
    samples_table,
    significant_values_table,
)


def _labels(ax: Axes) -> list[str]:
    return [str(line.get_label()) for line in ax.lines]


# --- groups of samples ------------------------------------------------------------------------------------


def test_a_group_has_one_shade_in_both_heat_maps() -> None:
    order = ["EV", "Cell"]
    first = figures.heatmap(significant_values_table(), groups=order)
    second = figures.marker_heatmap(marker_values(SAMPLES), SAMPLES, groups=order)
    shades = {
        str(p.get_label()): to_hex(p.get_facecolor())
        for p in first.findobj(Rectangle)
        if str(p.get_label()).startswith("_group ")
    }
    strips = [to_hex(p.get_facecolor()) for p in second.findobj(Rectangle) if p.get_label() == "_group"]
    assert [shades[f"_group {g}"] for g in order] == strips
    turned = figures.heatmap(significant_values_table(), groups=order[::-1])
    dark = {
        str(p.get_label())
        for p in turned.findobj(Rectangle)
        if str(p.get_label()).startswith("_group ") and to_hex(p.get_facecolor()) == strips[0]
    }
    assert dark == {"_group Cell"}


# --- names ------------------------------------------------------------------------------------------------


def test_a_long_name_keeps_its_end() -> None:
    names = [short_name("", f"CON__ENSEMBL:ENSBTAP000000{n}") for n in ("07350", "38253")]
    cut = [shorten(name, 20, 5) for name in names]
    assert all(text_width(name, 5) <= 20 for name in cut)
    assert len(set(cut)) == 2
    assert all(name.startswith("ENSBTAP") and name.endswith("(cont.)") for name in cut)
    assert shorten("HM582_dCA_UC_Moderate", 26, 5) == "HM582_dCA_UC_Moderate"
    assert text_width(shorten("ABCDEFGHIJ", 2, 5), 5) <= 2


def test_one_significant_protein_is_one() -> None:
    words = texts(figures.heatmap(significant_values_table(1).drop(columns="n_significant")))
    assert "1 significant protein" in words


# --- volcano ----------------------------------------------------------------------------------------------


def test_contaminants_without_a_gene_have_a_mark_of_their_own() -> None:
    table = differential_table(300)
    at = table.index[table["pvalue"].notna()][:3]
    table.loc[at, "protein"] = ["CON__P00761;P1", "CON__P15636", "Q1;CON__P2"]
    table.loc[at, "gene"] = ["", "", ""]
    ax = figures.volcano(table)
    by_label = {str(c.get_label()): np.asarray(c.get_offsets()) for c in ax.collections}
    # a group counts by its first member
    assert by_label["_contaminants"][:, 0] == pytest.approx(table.loc[at[:2], "log2_fc"])
    legend = ax.get_legend()
    assert legend is not None
    assert "flagged contaminants, no gene (2)" in [t.get_text() for t in legend.get_texts()]
    drawn = sum(len(points) for points in by_label.values())
    assert drawn == int(table["pvalue"].notna().sum())
    assert figures.lint(ax) == []


def test_a_gene_is_named_once() -> None:
    table = differential_table(40)
    best = table["pvalue"].nsmallest(6).index
    table.loc[best, "gene"] = "FGG"
    ax = figures.volcano(table, label=["FGG"], lfc=0)
    assert [t.get_text() for t in ax.texts].count("FGG") == 1


def test_no_line_of_a_threshold_runs_through_a_name() -> None:
    table = differential_table(300)
    known = table[table["pvalue"].notna()]
    line = known.loc[known["padj"] <= 0.05, "pvalue"].max()
    near = known.iloc[(np.log10(known["pvalue"]) - np.log10(line)).abs().argsort().to_numpy()[:8]]
    sides = known.iloc[(known["log2_fc"].abs() - 1).abs().argsort().to_numpy()[:8]]
    genes = list(dict.fromkeys([*near["gene"], *sides["gene"]]))
    ax = figures.volcano(table, label=genes, top=0)
    ax.figure.canvas.draw()
    names = [t for t in ax.texts if t.get_text() in genes]
    assert len(names) > 6
    boxes = [t.get_window_extent() for t in names]
    drawn = [x for x in ax.lines if x.get_label() in ("_threshold", "_fold change")]
    assert len(drawn) == 3
    for ends in (x.get_transform().transform(x.get_xydata()) for x in drawn):
        low, high = ends.min(axis=0), ends.max(axis=0)
        assert not any((b.min <= high).all() and (b.max >= low).all() for b in boxes)


# --- groups ---------------------------------------------------------------------------------------------------


def _looks(n: int) -> list[tuple[bytes, float]]:
    """Shape and lightness (L*) of every group of a figure."""
    names = tuple(f"group {i:02d}" for i in range(n))
    ax = figures.pca(pca_table(2 * n, names), names=False)
    marks = [c for c in ax.collections if str(c.get_label()).startswith("group")]
    assert len(marks) == n
    linear = np.array([to_rgb(c.get_facecolor()[0]) for c in marks]) ** 2.2  # type: ignore[arg-type]
    lightness = 116 * np.cbrt(linear @ [0.2126, 0.7152, 0.0722]) - 16
    return [(c.get_paths()[0].vertices.tobytes(), float(x)) for c, x in zip(marks, lightness, strict=True)]


def test_no_two_of_twelve_groups_look_alike_in_grey() -> None:
    looks = _looks(13)
    assert len({shape for shape, _ in looks[:12]}) == 12
    # the first of the second round has the shape of the first, in a lighter color
    assert looks[12][0] == looks[0][0]
    assert looks[12][1] - looks[0][1] > 20
    # shapes that are alike when small: circle, pentagon, hexagon
    round_ones = sorted(looks[i][1] for i in (0, 6, 8))
    assert min(np.diff(round_ones)) > 20


# --- set tests --------------------------------------------------------------------------------------------


def test_sets_that_could_not_be_tested_have_rows_only_as_classes_and_sources() -> None:
    table = enrichment_table()
    few = table["set"].isin(["misev_1a", "exosome"])
    table.loc[few, ["pvalue", "padj"]] = np.nan
    table.loc[few, "reason"] = "2 members measured, 3 needed"
    words = texts(figures.enrichment(table))
    assert "Exosome" in words
    assert "MISEV2018 1a" not in words
    assert any("1 set of which too few members were measured" in w for w in words)
    whole = texts(figures.enrichment(enrichment_table()))
    assert "MISEV2018 1a" in whole
    assert not any("In the table only" in w for w in whole)


def test_the_note_on_sets_without_a_row_lies_below_the_axes() -> None:
    table = enrichment_table()
    table.loc[table["set"] == "misev_1a", ["pvalue", "padj"]] = np.nan
    figure = figures.enrichment(table)
    figure.canvas.draw()
    (note,) = [t for t in figure.findobj(Text) if t.get_text().startswith("In the table only")]
    labels = [ax.xaxis.get_tightbbox() for ax in figure.axes if ax.get_xlabel()]
    assert note.get_window_extent().y1 <= min(box.y0 for box in labels if box is not None)
    assert figures.lint(figure) == []


# --- single markers ---------------------------------------------------------------------------------------


def test_pairs_with_several_samples_in_a_group_are_not_joined() -> None:
    table = marker_abundance_table()
    samples = list(dict.fromkeys(s for s in table["sample"] if s))
    used = samples_table().assign(pair=["a"] * len(samples))
    figure = figures.marker_plot(table, "CD81", samples_used=used)
    assert "_pair" not in _labels(panel(figure, "CD81"))
    assert not any("lines: pairs" in w for w in texts(figure))


def test_no_room_for_missing_values_where_there_are_none() -> None:
    table = marker_abundance_table()
    whole = table.assign(log2=table["log2"].fillna(20.0))
    line = "_measured from here"
    assert line in _labels(panel(figures.marker_plot(table, "CD81"), "CD81"))
    figure = figures.marker_plot(whole, "CD81")
    assert line not in _labels(panel(figure, "CD81"))
    assert not any("dashed line" in w for w in texts(figure))


# --- axes and keys ----------------------------------------------------------------------------------------


def test_the_axis_of_a_ranking_begins_near_the_values() -> None:
    table = ranking_table()
    large = table["quantity"] == "co_isolated"
    table.loc[large, ["share", "ci_low", "ci_high"]] = [0.85, 0.8, 0.9]
    figure = figures.ranking(table)
    limits = [ax.get_xlim() for ax in figure.axes if ax.get_xscale() == "log"]
    assert limits[1][0] == pytest.approx(0.008)
    assert all(low >= 0.8e-4 and high / low >= 10 for low, high in limits)
    for ax in figure.axes:
        if ax.get_xscale() == "log":
            assert len(ax.get_xticks()) >= 2


def test_the_scale_of_a_heat_map_names_zero() -> None:
    table = marker_abundance_table()
    values = table["over_median"].notna()
    table.loc[values, "over_median"] = np.linspace(-6, 5, int(values.sum()))
    ticks = [
        [t.get_text() for t in ax.get_xticklabels()]
        for ax in figures.misev_heatmap(table).axes
        if ax.get_xticks().size == 3
    ]
    assert any("0" in found for found in ticks)


def test_missing_values_are_said_as_odds() -> None:
    words = texts(figures.missing_by_intensity(missing_table(), group_values_table()))
    assert "falls with intensity: odds ×0.67 (0.61 to 0.74) per doubling" in words


def test_a_diamond_is_drawn_only_where_it_can_be_seen() -> None:
    table = identity_table()
    columns = ["log2_fc", "ci_low", "ci_high"]
    for moved, drawn in ((0.04, False), (0.06, True)):
        changed = table.assign(**{f"bounded_{c}": table[c] + moved for c in columns})
        figure = figures.identity_summary(changed)
        marks = {str(line.get_label()) for ax in figure.axes for line in ax.lines}
        assert ("_bounded" in marks) is drawn
        assert any("found in one group only" in w for w in texts(figure)) is drawn


def test_the_key_of_three_verdicts_is_a_list() -> None:
    (line,) = fill_key(["not compatible", "similar", "lower"])
    assert line.get_label() == "not compatible, similar or lower"


def test_no_room_is_kept_for_a_key_that_is_not_drawn() -> None:
    table = sample_values_table()
    clean = table.assign(n_without_contaminants=table["n_proteins"])
    tall, short = (figures.sample_values(t).get_figheight() * 25.4 for t in (table, clean))
    assert tall - short == pytest.approx(5.0, abs=0.1)
    assert figures.lint(figures.sample_values(clean)) == []


@pytest.mark.parametrize("width", range(12, 30))
def test_a_number_and_its_percent_sign_stay_on_one_line(width: int) -> None:
    lines = wrap("measured in 100 % of the samples of one group", width, 5.5, lines=4)
    assert not any(line.startswith("%") for line in lines)


def test_a_caption_counts_the_groups_in_the_order_of_the_figure() -> None:
    used = pd.DataFrame({"group": ["HC", "PTB", "PTB", "Rx"], "status": "used"})
    said = figures.captions.caption("pca", {"samples_used": used}, "PTB vs HC")
    assert said.endswith("n = 2 (PTB), 1 (HC) and 1 (Rx) samples.")
