"""Heat map of the correlations of all samples with each other."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple, Unpack

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from markerkit.core.wording import number
from markerkit.figures._blocks import not_measured
from markerkit.figures._options import Options, drawing, page_width
from markerkit.figures._palette import INK, PAPER, RULE, SECONDARY, SEQUENTIAL, group_colors
from markerkit.figures._rows import bare_y, blank_page, page
from markerkit.figures._style import figure_of, page_height, page_of, place
from markerkit.figures._tables import FloatArray, checked, numbers, words
from markerkit.figures._text import ellipsize, shorten, widest

_COLUMNS = ("sample", "group", "other", "other_group", "pearson")
_SIZE, _LINE = 5.5, 2.3  # names in points, and the room of a line of them in mm
_LONGEST, _CELL, _WRITTEN = 34.0, 7.0, 12
_TOP, _KEY, _DEEPEST = 3.0, 9.5, 24.0


class _Map(NamedTuple):
    """Correlations with the names and groups of rows and columns."""

    grid: FloatArray
    rows: list[str]
    groups: list[str]
    columns: list[str]
    column_groups: list[str]


def replicate_correlation(
    table: pd.DataFrame,
    *,
    groups: Sequence[str] | None = None,
    width: str | float = "middle",
    **options: Unpack[Options],
) -> Figure:
    """Draw the Pearson correlation of every two samples as a heat map, by group.

    Parameters
    ----------
    table
        Table ``replicate_correlation``.
    groups
        Groups to draw, in order; all by default.
    width
        89, 120 or 183 mm.
    **options
        Title, size, colors, and the figure to draw into: :class:`Options`.

    Returns
    -------
    Figure

    Raises
    ------
    InputError
        A column is missing.

    Notes
    -----
    The scale begins below the least correlation, so that groups show; it stands under the map. Hatched: too few
    proteins measured in both. Names of samples are written where their lines have room, else those of the groups.
    """
    rows = checked(table, _COLUMNS, "replicate_correlation")
    full = page_width(width, options)
    with drawing(options):
        found = _map_of(rows, groups)
        if found is None:
            return blank_page(full, "nothing to draw: no two samples")
        return _draw(found, full)


def _map_of(rows: pd.DataFrame, groups: Sequence[str] | None) -> _Map | None:
    """Arrange pairs as a square, or samples by groups where the table holds medians."""
    name, other, of_other = (words(rows, c) for c in ("sample", "other", "other_group"))
    medians = bool((other == "").all())
    group = dict(zip(other, of_other, strict=True)) | dict(zip(name, words(rows, "group"), strict=True))
    found = list(dict.fromkeys([*name, *other]))
    ranked = list(dict.fromkeys(group[s] for s in found)) if groups is None else list(groups)
    rank = {g: i for i, g in enumerate(ranked)}
    order = sorted((s for s in found if s and group[s] in rank), key=lambda s: rank[group[s]])
    columns = [g for g in ranked if g in set(of_other)] if medians else order
    if not len(columns) or len(order) < 2:
        return None
    grid = _grid(rows, order, columns, medians=medians)
    return _Map(
        grid, order, [group[s] for s in order], columns, columns if medians else [group[s] for s in order]
    )


def _grid(rows: pd.DataFrame, order: Sequence[str], columns: Sequence[str], *, medians: bool) -> FloatArray:
    at, across = ({k: i for i, k in enumerate(keys)} for keys in (order, columns))
    grid = np.full((len(order), len(columns)), np.nan)
    second = words(rows, "other_group" if medians else "other")
    for a, b, r in zip(words(rows, "sample"), second, numbers(rows, "pearson"), strict=True):
        if a in at and b in across:
            grid[at[a], across[b]] = r
            if not medians:
                grid[at[b], across[a]] = r
    if not medians:
        np.fill_diagonal(grid, 1.0)
    return grid


class _Layout(NamedTuple):
    """Room in mm: left of the map, its side, below it; whether the names of its rows and columns fit."""

    left: float
    side: float
    below: float
    rows_named: bool
    columns_named: bool


def _layout(found: _Map, full: float) -> _Layout:
    n_rows, n_columns = found.grid.shape
    heads = [ellipsize(g, _LONGEST, 6, "bold") for g, _, _ in _blocks(found.groups)]
    right = widest(heads, 6, "bold") + 6 if len(heads) > 1 else 3.0
    names = [shorten(s, _LONGEST, _SIZE) for s in found.rows]
    left = min(max(widest(names, _SIZE) + 3, 12.0), 0.3 * full)
    largest = min(_CELL * max(n_rows, 3), 200.0)
    named = min(largest, full - left - right) / n_rows >= _LINE
    left = left if named else 8.0
    side = min(largest, full - left - right)
    heads = [shorten(c, _DEEPEST, _SIZE) for c in found.columns]
    across = side / n_columns >= _LINE
    return _Layout(left, side, widest(heads, _SIZE) + 3 if across else 4.0, named, across)


def _draw(found: _Map, full: float) -> Figure:
    left, side, below, rows_named, columns_named = _layout(found, full)
    n_rows, n_columns = found.grid.shape
    sheet = page(full, _TOP + side + below + _KEY)
    ax = place(page_of(sheet), left, _TOP, side, side)
    low = _lowest(found.grid)
    _heat(ax, found, low)
    _breaks(ax, found)
    if rows_named:
        names = [shorten(s, left - 2, _SIZE) for s in found.rows]
        ax.set_yticks(np.arange(n_rows) + 0.5, names, fontsize=_SIZE, rotation=0)
    if columns_named:
        names = [shorten(s, _DEEPEST, _SIZE) for s in found.columns]
        ax.set_xticks(np.arange(n_columns) + 0.5, names, fontsize=_SIZE, rotation=90)
    else:
        middle = left + side / 2
        sheet.text(
            middle, _TOP + side + 2, f"{n_rows} samples", ha="center", va="center_baseline", fontsize=6
        )
    blocks = _blocks(found.groups)
    if len(blocks) > 1:
        _group_names(sheet, blocks, (left + side, side / n_rows))
    _color_key(sheet, low, left, holes=not np.isfinite(found.grid).all())
    return figure_of(sheet)


def _blocks(groups: Sequence[str]) -> list[tuple[str, int, int]]:
    """Return group, first row and number of rows of each block."""
    edges = [0, *(i for i in range(1, len(groups)) if groups[i] != groups[i - 1]), len(groups)]
    return [(groups[a], a, b - a) for a, b in pairwise(edges)]


def _lowest(grid: FloatArray) -> float:
    """Return the start of the scale: a tenth at or below the least correlation, 0.9 at most."""
    seen = grid[np.isfinite(grid)]
    return float(np.clip(np.floor(10 * seen.min() + 1e-9) / 10, -1.0, 0.9)) if seen.size else 0.0


def _heat(ax: Axes, found: _Map, low: float) -> None:
    from seaborn import heatmap  # late: `import markerkit.figures` stays quick

    n_rows, n_columns = found.grid.shape
    ax.set_facecolor("#dadada")
    not_measured(ax, (0, 0), n_columns, n_rows)
    heatmap(
        found.grid,
        ax=ax,
        vmin=low,
        vmax=1.0,
        cmap=SEQUENTIAL,
        mask=~np.isfinite(found.grid),
        cbar=False,
        xticklabels=False,
        yticklabels=False,
        rasterized=found.grid.size > 2000,
        annot=max(n_rows, n_columns) <= _WRITTEN,
        fmt=".2f",
        annot_kws={"fontsize": 5},
        zorder=2,
        label="_correlations",
    )
    ax.tick_params(length=0)


def _breaks(ax: Axes, found: _Map) -> None:
    """Part the groups by white lines."""
    for _, start, _ in _blocks(found.groups)[1:]:
        ax.axhline(start, color=PAPER, linewidth=1.2, zorder=3, label="_break")
    for _, start, _ in _blocks(found.column_groups)[1:]:
        ax.axvline(start, color=PAPER, linewidth=1.2, zorder=3, label="_break")


def _group_names(sheet: Axes, blocks: Sequence[tuple[str, int, int]], at: tuple[float, float]) -> None:
    """Write the groups beside their rows, moved apart where these are narrow, with a line to them."""
    edge, unit = at
    colors = group_colors([g for g, _, _ in blocks], INK)
    for group, start, n in blocks:
        ends = [_TOP + unit * start + 0.1 * unit, _TOP + unit * (start + n) - 0.1 * unit]
        sheet.plot(
            [edge + 1.0] * 2, ends, color=colors[group], linewidth=1.0, solid_capstyle="butt", label="_group"
        )
    # where not all names have room, those of the largest groups stand
    most = int(unit * (blocks[-1][1] + blocks[-1][2]) / (_LINE + 0.4))
    by_size = sorted(range(len(blocks)), key=lambda i: -blocks[i][2])
    blocks = [blocks[i] for i in sorted(by_size[: max(most, 1)])]
    middles = [_TOP + unit * (start + n / 2) for _, start, n in blocks]
    places: list[float] = []
    for y in middles:
        places.append(max(y, places[-1] + _LINE + 0.4) if places else y)
    bottom = _TOP + most * (_LINE + 0.4)
    for i in range(len(places) - 1, -1, -1):
        places[i] = min(places[i], bottom - (len(places) - 1 - i) * (_LINE + 0.4))
    for (group, _, _), middle, y in zip(blocks, middles, places, strict=True):
        sheet.plot([edge + 1.3, edge + 3.0], [middle, y], color=RULE, linewidth=0.5, label="_leader")
        text = ellipsize(group, _LONGEST, 6, "bold")
        sheet.text(edge + 3.6, y, text, va="center_baseline", fontsize=6, fontweight="bold")


def _color_key(sheet: Axes, low: float, left: float, *, holes: bool) -> None:
    """Draw the color scale and the hatch of what is missing, at the bottom."""
    y = page_height(sheet) - 6.5
    ax = place(page_of(sheet), left + 18, y, 22.0, 1.8)
    steps = np.linspace(low, 1.0, 129)
    ax.pcolormesh(
        steps, [0, 1], ((steps[:-1] + steps[1:]) / 2)[None, :], cmap=SEQUENTIAL, rasterized=True, label="_key"
    )
    ax.set_xticks([low, 1.0], [number(low), "1"])
    bare_y(ax)
    ax.spines["bottom"].set_visible(False)
    sheet.text(left + 16, y + 0.9, "Pearson r, log₂", ha="right", va="center_baseline", fontsize=6)
    if not holes:
        return
    not_measured(sheet, (left + 46, y), 4, 1.8)
    sheet.text(left + 51, y + 0.9, "too few shared", va="center_baseline", fontsize=6, color=SECONDARY)
