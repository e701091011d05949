"""Every figure takes a title, a size, colors and a figure to draw into, and has a caption."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from markerkit import figures
from markerkit.core.errors import InputError
from markerkit.figures import captions
from markerkit.figures._dispatch import FIGURES, OF_STUDY
from markerkit.results import SampleValues
from tests.figures.test_figures import BY_TABLE, DRAW, SAMPLES, sample_values_table, shares_table

Draw = Callable[..., Axes | Figure]
ONE_PANEL = ("forest_purity", "volcano", "source_shares", "composition", "contamination_fraction")


def _drawn(name: str, **options: Any) -> Axes | Figure:
    table, draw = DRAW[name]
    return draw(BY_TABLE[table](), **options)


def _figure(drawn: Axes | Figure) -> Figure:
    figure = drawn.get_figure(root=True) if isinstance(drawn, Axes) else drawn
    assert isinstance(figure, Figure)
    return figure


def _written(figure: Figure) -> list[str]:
    return [str(t.get_text()) for t in figure.findobj(plt.Text)]


@pytest.mark.parametrize("name", DRAW)
def test_a_title_stands_above_every_figure_and_covers_nothing(name: str) -> None:
    plain, titled = (_figure(_drawn(name, title=t)) for t in (None, "My title"))
    assert figures.lint(titled) == []
    assert "My title" in _written(titled)
    assert "My title" not in _written(plain)
    assert titled.get_figheight() * 25.4 == pytest.approx(plain.get_figheight() * 25.4 + 6)
    plt.close("all")


@pytest.mark.slow  # quick: every figure with a title, and in a part of another
@pytest.mark.parametrize("name", DRAW)
def test_a_size_in_inches_is_kept(name: str) -> None:
    figure = _figure(_drawn(name, figsize=(8, 5)))
    assert figure.get_size_inches() == pytest.approx((8, 5))
    cut = [p for p in figures.lint(figure) if p.kind == "cut off"]
    assert cut == []
    plt.close("all")


@pytest.mark.parametrize("name", DRAW)
def test_every_figure_is_drawn_into_a_part_of_another(name: str) -> None:
    page = figures.new_figure(380, 150)
    left, right = page.subfigures(1, 2)
    drawn = _drawn(name, figure=right, title="Right")
    assert _figure(drawn) is page
    assert left.axes == []
    assert right.axes
    for ax in right.axes:
        assert ax.bbox.x0 >= page.bbox.width / 2 - 1
    (title,) = [t for t in right.texts if t.get_text() == "Right"]
    assert title.get_window_extent().x0 > page.bbox.width / 2
    plt.close("all")


@pytest.mark.parametrize("name", ONE_PANEL)
def test_a_title_on_given_axes_stands_above_what_the_figure_writes(name: str) -> None:
    figure = figures.new_figure(183, 160)
    ax = figure.add_axes((0.3, 0.3, 0.5, 0.45))
    assert _drawn(name, ax=ax, title="Panel a") is ax
    (title,) = [t for t in ax.texts if t.get_text() == "Panel a"]
    beyond = {id(t.label1) for t in ax.yaxis.get_major_ticks() if t.get_loc() > max(ax.get_ylim())}
    others = [t for t in ax.findobj(plt.Text) if t.get_text().strip() and t is not title and t.get_visible()]
    others = [t for t in others if id(t) not in beyond]
    bottom = title.get_window_extent().y0
    assert all(t.get_window_extent().y1 <= bottom + 2 for t in others)


def test_options_that_contradict_each_other_are_refused() -> None:
    table = sample_values_table()
    page = figures.new_figure(183, 100)
    with pytest.raises(InputError, match="not both"):
        figures.sample_values(table, figure=page, figsize=(5, 4))
    shares = shares_table(SAMPLES)
    with pytest.raises(InputError, match="given axes keep their size"):
        figures.source_shares(shares, SAMPLES, ax=page.add_subplot(), figsize=(5, 4))
    with pytest.raises(InputError, match="must be a Figure or SubFigure"):
        figures.sample_values(table, figure=page.axes[0])  # type: ignore[arg-type]
    for size in [(5,), (0, 3), (float("nan"), 2), "ab", 4, (5, -1)]:
        with pytest.raises(InputError, match="a width and a height in inches"):
            figures.sample_values(table, figsize=size)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="at least 60 x 20 mm"):
        figures.sample_values(table, figsize=(1, 4))
    with pytest.raises(InputError, match="at least 183 x 20 mm"):
        _drawn("checklist", figsize=(5, 4))
    with pytest.raises(TypeError, match=r"unexpected options 'color'; .*'palette'"):
        figures.sample_values(table, color="red")  # type: ignore[call-arg]


def test_groups_take_the_colors_of_a_mapping_and_keep_their_own_without() -> None:
    table = sample_values_table(4, ("SEC", "UC"))
    (ax, *_) = figures.sample_values(table, palette={"SEC": "tomato"}).axes
    assert [to_hex(p.get_facecolor()) for p in ax.patches[:4]] == ["#ff6347"] * 2 + ["#7a7a7a"] * 2
    (ax, *_) = figures.sample_values(table).axes
    assert {to_hex(p.get_facecolor()) for p in ax.patches[:4]} == {"#7a7a7a"}


def test_groups_take_the_colors_of_a_palette_of_seaborn_in_their_order() -> None:
    from seaborn import color_palette

    table = sample_values_table(4, ("SEC", "UC"))
    (ax, *_) = figures.sample_values(table, palette="colorblind").axes
    first, second = (to_hex(c) for c in color_palette("colorblind", 2))
    assert [to_hex(p.get_facecolor()) for p in ax.patches[:4]] == [first] * 2 + [second] * 2


def test_classes_take_colors_by_id_or_by_title() -> None:
    for key in ("exosome", "Exosome"):
        ax = _drawn("volcano", palette={key: "#123456"})
        assert isinstance(ax, Axes)
        (marks,) = [c for c in ax.collections if c.get_label() == "exosome"]
        assert "#123456" in {to_hex(marks.get_facecolor()[0]), to_hex(marks.get_edgecolor()[0])}


def test_a_palette_that_would_change_nothing_is_refused() -> None:
    table = sample_values_table(4, ("SEC", "UC"))
    with pytest.raises(
        InputError, match="for 'Sec', of which this figure shows nothing; it shows 'SEC' and 'UC'"
    ):
        figures.sample_values(table, palette={"Sec": "red"})
    with pytest.raises(InputError, match="has 'redd', which is no color"):
        figures.sample_values(table, palette={"SEC": "redd"})
    with pytest.raises(InputError, match="'nonesuch', which seaborn does not know"):
        figures.sample_values(table, palette="nonesuch")
    with pytest.raises(InputError, match="changes nothing here"):
        _drawn("checklist", palette="deep")
    figures.sample_values(table)  # the next figure has its own colors again


def test_plot_of_a_result_takes_the_options_and_names_them() -> None:
    result = SampleValues(sample_values_table())
    assert _figure(result.plot(figsize=(7, 4), title="Mine")).get_figwidth() == 7
    with pytest.raises(TypeError, match="'groups', 'width', 'title', 'figsize', 'palette' and 'figure'"):
        result.plot(color="red")


def _figure_functions() -> set[str]:
    """Name the functions of the package that take the options of a figure."""
    found = set()
    for name in [n for n in figures.__all__ if n.islower() and n not in {"plot", "captions"}]:
        parameters = inspect.signature(getattr(figures, name)).parameters.values()
        if any(p.kind is p.VAR_KEYWORD for p in parameters):
            found.add(name)
    return found


def test_every_figure_has_a_caption_and_nothing_else_has() -> None:
    drawn = {*FIGURES, *OF_STUDY, *_figure_functions(), "summary"}
    assert set(captions.CAPTIONS) == drawn
    for name, text in captions.CAPTIONS.items():
        assert text.endswith("."), name
        assert 2 <= text.count(". ") + 1 <= 6, name
    with pytest.raises(InputError, match="`name`"):
        captions.caption("nonesuch")


def test_a_caption_holds_the_numbers_of_the_study() -> None:
    used = pd.DataFrame({"group": ["EV"] * 3 + ["Cell"] * 2, "status": ["used"] * 4 + ["not used"]})
    assert captions.caption("qc_card", {"samples_used": used}).endswith("n = 3 (EV) and 1 (Cell) samples.")
    da = BY_TABLE["differential_abundance"]()
    tested = int(da["pvalue"].notna().sum())
    said = captions.caption("volcano", {"differential_abundance": da}, "EV vs Cell")
    assert said.endswith(f"EV vs Cell: n = 4 and 4 samples, {tested:,} proteins tested.")
    assert captions.caption("volcano", {}) == captions.CAPTIONS["volcano"]
    assert (
        captions.caption("volcano", {"differential_abundance": da}, "A vs B") == captions.CAPTIONS["volcano"]
    )
