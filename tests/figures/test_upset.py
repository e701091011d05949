"""UpSet plot: every item counts once, in the sets that hold it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from markerkit import figures
from markerkit.core.errors import InputError
from tests.figures.drawn import texts


def _table(n_sets: int = 4, n: int = 400, seed: int = 1) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    share = np.linspace(0.7, 0.1, n_sets)
    return pd.DataFrame(rng.random((n, n_sets)) < share, columns=[f"Group {i}" for i in range(n_sets)])


def test_bars_are_the_numbers_of_items_in_exactly_these_sets() -> None:
    table = _table()
    figure = figures.upset(table, most=30)
    _, grid, above, side = figure.axes
    counted = table[table.any(axis=1)].value_counts()
    assert sorted(int(p.get_height()) for p in above.patches) == sorted(counted)
    assert sum(int(p.get_height()) for p in above.patches) == table.any(axis=1).sum()
    assert [int(p.get_width()) for p in side.patches] == table.sum().tolist()
    dots = [line for line in grid.lines if line.get_label() == "_in"]
    for bar, dot in zip(above.patches, dots, strict=True):
        inside = np.isin(np.arange(4), dot.get_ydata())
        assert int(bar.get_height()) == (table.to_numpy() == inside).all(axis=1).sum()


def test_what_is_left_out_is_counted() -> None:
    table = _table()
    counted = table[table.any(axis=1)].value_counts()
    text = texts(figures.upset(table, most=3))
    hidden = counted.sort_values(ascending=False).iloc[3:]
    assert f"{len(hidden)} smaller combinations are not drawn, with {hidden.sum()} items in all" in text


@pytest.mark.parametrize(
    "options", [{}, {"width": 89}, {"width": 120, "title": "Overlap"}, {"figsize": (8, 5)}]
)
@pytest.mark.parametrize("n_sets", [2, 5, 12])
def test_fit_to_print(n_sets: int, options: dict[str, object]) -> None:
    figure = figures.upset(_table(n_sets, 3000), **options)  # type: ignore[arg-type]
    assert [p for p in figures.lint(figure) if "figsize" not in options or p.kind != "size"] == []


def test_names_of_any_kind_and_empty_sets() -> None:
    table = _table(3)
    table.columns = ["x" * 500, "$\\frac{a}{b}$ cost_of_$5", "\u05e9\u05dc\u05d5\u05dd two\nlines"]
    assert figures.lint(figures.upset(table, width=89)) == []
    empty = figures.upset({"a": [], "b": []})
    assert figures.lint(empty) == []
    assert "nothing to draw: the sets are empty" in texts(empty)


def test_a_part_of_a_page_is_drawn_into() -> None:
    page = figures.new_figure(380, 120)
    _, right = page.subfigures(1, 2)
    assert figures.upset(_table(), figure=right) is page
    assert all(ax.bbox.x0 >= page.bbox.width / 2 - 1 for ax in right.axes)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"a": ["CD9"]}, "2 to 12 sets; got 1: 'a'"),
        (pd.DataFrame({"a": [1.5], "b": [True]}), "'a' holds other values"),
        (["CD9"], "got list"),
        ({str(i): ["CD9"] for i in range(13)}, "got 13"),
    ],
)
def test_what_cannot_be_drawn_is_refused(given: object, said: str) -> None:
    with pytest.raises(InputError, match=said):
        figures.upset(given)  # type: ignore[arg-type]
