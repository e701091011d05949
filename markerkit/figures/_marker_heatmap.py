"""Heat map of markers by class in every sample; what was not measured looks like nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Unpack

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from markerkit.core.wording import number
from markerkit.figures._options import Options, drawing, page_width
from markerkit.figures._palette import DIVERGING, INK, PAPER, SECONDARY, in_order, look, title
from markerkit.figures._rows import bare_y, blank_page, page
from markerkit.figures._style import MAX_HEIGHT, POINT, figure_of, height_asked, page_height, page_of, place
from markerkit.figures._tables import FloatArray, checked, numbers, words
from markerkit.figures._text import ellipsize, text_width, widest

_COLUMNS = ("set", "gene", "sample", "value")
_GENE_SIZE, _SAMPLE_SIZE, _ROW, _GAP = 5.0, 5.0, 2.25, 1.2
_MOST_SETS = 12
_LONGEST_GENE, _LONGEST_SAMPLE = 16.0, 22.0


class _Block(NamedTuple):
    """The markers of one set: their rows in the map and how many there are."""

    key: str
    genes: list[str]
    grid: FloatArray
    total: int


def marker_heatmap(
    values: pd.DataFrame,
    samples_used: pd.DataFrame | None = None,
    *,
    sets: Sequence[str] | None = None,
    groups: Sequence[str] | None = None,
    max_markers: int = 80,
    width: str | float = "double",
    **options: Unpack[Options],
) -> Figure:
    """Draw the abundance of markers in every sample, by class and by group of samples.

    Parameters
    ----------
    values
        Columns ``set``, ``gene``, ``sample``, ``value``: log2 abundance centered
        per protein, one row per marker and sample; an absent row or value is "not
        measured". A column ``group`` is read where `samples_used` is not given.
    samples_used
        Table ``samples_used``, for the groups of the samples.
    sets
        Sets to draw, in order; by default all up to twelve, classes first.
    groups
        Groups of samples to draw, in order; all by default.
    max_markers
        Rows at most. The markers of a set with the largest spread between
        samples, weighted by how often they were measured, are kept; the number
        left out is stated.
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
    """
    table = checked(values, _COLUMNS, "marker values")
    full = page_width(width, options)
    order, member = _sample_order(table, samples_used, groups)
    blocks = _blocks(table, (order, member), sets, max_markers)
    with drawing(options):
        if not blocks or not order:
            return blank_page(full, "nothing to draw: no marker was measured")
        return _draw(blocks, order, member, full)


def _sample_order(
    table: pd.DataFrame, used: pd.DataFrame | None, groups: Sequence[str] | None
) -> tuple[list[str], list[str]]:
    """Return the samples grouped by condition, and the group of each."""
    group = dict(zip(words(table, "sample"), words(table, "group"), strict=True))
    if used is not None:
        rows = checked(used, ["sample", "group"], "samples_used")
        for column in ("unit", "sample"):
            group |= dict(zip(words(rows, column), words(rows, "group"), strict=True))
    samples = [s for s in dict.fromkeys(words(table, "sample")) if s]
    ranked = list(dict.fromkeys(group.get(s, "") for s in samples)) if groups is None else list(groups)
    ranks = {g: i for i, g in enumerate(ranked)}
    samples = sorted((s for s in samples if group.get(s, "") in ranks), key=lambda s: ranks[group.get(s, "")])
    return samples, [group.get(s, "") for s in samples]


def _blocks(
    table: pd.DataFrame, samples: tuple[list[str], list[str]], sets: Sequence[str] | None, most: int
) -> list[_Block]:
    """Lay out the values of each set and keep the most telling markers."""
    frame = pd.DataFrame({c: words(table, c) for c in ("set", "gene", "sample")}).assign(
        value=numbers(table, "value")
    )
    order, groups = samples
    first = np.array([g == groups[0] for g in groups], dtype=bool)
    keys = list(sets) if sets is not None else in_order(frame["set"])
    grids = []
    for key in keys:
        rows = frame[(frame["set"] == key) & frame["value"].notna() & frame["sample"].isin(order)]
        if len(rows):
            grid = rows.pivot_table(index="gene", columns="sample", values="value", aggfunc="mean")
            grids.append((key, grid.reindex(columns=order)))
    grids = grids[:_MOST_SETS]
    quota = _quota([len(grid) for _, grid in grids], most)
    return [_block(key, grid, n, first) for (key, grid), n in zip(grids, quota, strict=True)]


def _quota(sizes: Sequence[int], most: int) -> list[int]:
    """Share the rows out: small sets whole, the rest alike.

    >>> _quota([5, 50, 60], 45)
    [5, 20, 20]
    """
    left, quota = most, [0] * len(sizes)
    for waiting, i in zip(range(len(sizes), 0, -1), np.argsort(sizes, kind="stable"), strict=True):
        quota[i] = min(sizes[i], max(left // waiting, 1))
        left -= quota[i]
    return quota


def _block(key: str, grid: pd.DataFrame, n: int, first: NDArray[np.bool_]) -> _Block:
    values = grid.to_numpy(dtype=float)
    seen = np.isfinite(values)
    middle = np.divide(
        np.where(seen, values, 0).sum(1), seen.sum(1), out=np.zeros(len(grid)), where=seen.any(1)
    )
    spread = np.sqrt(np.where(seen, (values - middle[:, None]) ** 2, 0).sum(1) / values.shape[1])
    best = np.sort(np.lexsort((np.arange(len(grid)), -spread))[:n])
    ranked = best[np.argsort(-_lead(values[best], first), kind="stable")]
    return _Block(key, [str(grid.index[i]) for i in ranked], values[ranked], len(grid))


def _lead(values: FloatArray, first: NDArray[np.bool_]) -> FloatArray:
    """Mean in the first group of samples minus that in the others, to order rows alike in every set."""
    seen = np.isfinite(values)
    filled = np.where(seen, values, 0)
    inside, outside = (filled[:, m].sum(1) / np.maximum(seen[:, m].sum(1), 1) for m in (first, ~first))
    return np.asarray(inside - outside, dtype=float)


def _draw(blocks: Sequence[_Block], order: Sequence[str], groups: Sequence[str], full: float) -> Figure:
    rows = sum(len(b.genes) for b in blocks)
    gene_room = widest([ellipsize(g, _LONGEST_GENE, _GENE_SIZE) for b in blocks for g in b.genes], _GENE_SIZE)
    left = min(26.0, 0.28 * full)
    inner = full - left - gene_room - 4
    named = inner / len(order) >= _SAMPLE_SIZE * POINT * 1.15
    cut = [ellipsize(s, _LONGEST_SAMPLE, _SAMPLE_SIZE) for s in order]
    bottom = (widest(cut, _SAMPLE_SIZE) + 2 if named else 3) + 11
    top = 8.5
    natural = min(rows * _ROW + _GAP * (len(blocks) - 1), MAX_HEIGHT - top - bottom)
    height = max(height_asked(top + natural + bottom) - top - bottom, 20.0)
    sheet = page(full, top + height + bottom)
    limit = _limit(blocks)
    _strip(sheet, groups, (left, 3.4, inner))
    unit = (height - _GAP * (len(blocks) - 1)) / rows
    y = top
    for i, block in enumerate(blocks):
        ax = place(page_of(sheet), left, y, inner, unit * len(block.genes))
        _map(ax, block, limit, groups)
        _block_words(sheet, block, (left, y, unit * len(block.genes)))
        if i == len(blocks) - 1 and named:
            ax.set_xticks(np.arange(len(order)) + 0.5, cut, rotation=90, fontsize=_SAMPLE_SIZE)
        y += unit * len(block.genes) + _GAP
    if not named:
        text = f"{len(order)} samples"
        sheet.text(left + inner / 2, top + height + 1.8, text, ha="center", va="center_baseline", fontsize=6)
    _color_key(sheet, limit, full)
    return figure_of(sheet)


def _limit(blocks: Sequence[_Block]) -> float:
    """End of the color scale: the 98th percentile of the absolute values, rounded up to a half."""
    joined = np.abs(np.concatenate([b.grid.ravel() for b in blocks]))
    joined = joined[np.isfinite(joined)]
    return max(0.5, float(np.ceil(np.percentile(joined, 98) * 2) / 2))


def _map(ax: Axes, block: _Block, limit: float, groups: Sequence[str]) -> None:
    from seaborn import heatmap  # late: `import markerkit.figures` stays quick

    n_rows, n_columns = block.grid.shape
    ax.set_facecolor("#dadada")
    not_measured(ax, (0, 0), n_columns, n_rows)
    heatmap(
        block.grid,
        ax=ax,
        vmin=-limit,
        vmax=limit,
        cmap=DIVERGING,
        mask=~np.isfinite(block.grid),
        cbar=False,
        xticklabels=False,
        yticklabels=False,
        rasterized=block.grid.size > 2000,
        zorder=2,
        label=block.key,
    )
    for i in range(1, n_columns):
        if groups[i] != groups[i - 1]:
            ax.axvline(i, color=PAPER, linewidth=1.2, zorder=3, label="_break")
    ax.yaxis.tick_right()
    names = [ellipsize(g, _LONGEST_GENE, _GENE_SIZE) for g in block.genes]
    ax.set_yticks(np.arange(n_rows) + 0.5, names, fontsize=_GENE_SIZE)
    ax.tick_params(length=0)


def not_measured(ax: Axes, corner: tuple[float, float], width: float, height: float) -> None:
    """Hatch what was not measured."""
    patch = Rectangle(
        corner, width, height, facecolor="#dadada", edgecolor="#a6a6a6", hatch="//////", linewidth=0, zorder=1
    )
    patch.set_label("_not measured")
    ax.add_patch(patch)


def _block_words(sheet: Axes, block: _Block, box: tuple[float, float, float]) -> None:
    left, top, height = box
    color = look(block.key).color
    sheet.add_patch(
        Rectangle((left - 1.9, top), 1.1, height, facecolor=color, edgecolor="none", label="_class")
    )
    name = ellipsize(title(block.key), left - 5, 6.5, "bold")
    shown = len(block.genes)
    count = f"{shown}" if shown == block.total else f"{shown} of {block.total} shown"
    tall = height >= 5.4
    y = top + (min(2.0, height / 2) if tall else height / 2)
    sheet.text(left - 2.8, y, name, ha="right", va="center_baseline", fontsize=6.5, fontweight="bold")
    if tall:
        sheet.text(
            left - 2.8, y + 2.7, count, ha="right", va="center_baseline", fontsize=5.5, color=SECONDARY
        )


def _strip(sheet: Axes, groups: Sequence[str], box: tuple[float, float, float]) -> None:
    """Draw the groups of samples above the map, with their names where they fit."""
    left, top, width = box
    unit, start = width / len(groups), 0
    edges = [i for i in range(1, len(groups)) if groups[i] != groups[i - 1]]
    shades = (INK, "#9a9a9a", "#5f5f5f", "#c8c8c8")
    for n, stop in enumerate([*edges, len(groups)]):
        name, x, wide = groups[start], left + unit * start, unit * (stop - start)
        sheet.add_patch(
            Rectangle(
                (x, top + 2.9), wide - 0.35, 1.2, facecolor=shades[n % 4], edgecolor="none", label="_group"
            )
        )
        text = ellipsize(f"{name or 'all samples'} ({stop - start})", wide - 1, 6)
        if len(text) > 3 or text_width(name, 6) <= wide - 1:
            sheet.text(x + wide / 2 - 0.17, top + 1.2, text, ha="center", va="center_baseline", fontsize=6)
        start = stop


def _color_key(sheet: Axes, limit: float, full: float) -> None:
    """Draw the color scale and the hatch of what was not measured, at the bottom."""
    bottom = page_height(sheet)
    y, wide = bottom - 7.2, 26.0
    left = max((full - wide) / 2, 30)
    ax = place(page_of(sheet), left, y, wide, 1.8)
    steps = np.linspace(-limit, limit, 257)
    ax.pcolormesh(
        steps, [0, 1], (steps[:-1] + steps[1:])[None, :] / 2, cmap=DIVERGING, rasterized=True, label="_key"
    )
    ax.set_xticks([-limit, 0, limit], [f"≤ {number(-limit)}", "0", f"≥ {number(limit)}"])
    bare_y(ax)
    ax.spines["bottom"].set_visible(False)
    texts = ("log₂ abundance, centered per protein", "log₂, centered per protein", "log₂, centered")
    text = next((t for t in texts if text_width(t, 6) < left - 3), texts[-1])
    sheet.text(left - 2, y + 0.9, text, ha="right", va="center_baseline", fontsize=6)
    hatch_left = left + wide + 5
    not_measured(sheet, (hatch_left, y), 4, 1.8)
    sheet.text(hatch_left + 5, y + 0.9, "not measured", va="center_baseline", fontsize=6)
