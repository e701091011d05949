"""Heat maps of genes in blocks by samples in groups; what was not measured looks like nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import Colormap
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from markerkit.core.wording import number
from markerkit.figures._palette import INK, PAPER, SECONDARY, group_colors
from markerkit.figures._rows import NOTE_SIZE, bare_y, page
from markerkit.figures._style import MAX_HEIGHT, POINT, figure_of, height_asked, page_height, page_of, place
from markerkit.figures._tables import FloatArray, checked, words
from markerkit.figures._text import clean, ellipsize, shorten, shrink, text_width, widest, wrap

_GENE_SIZE, _SAMPLE_SIZE, _ROW, _GAP, _KEY = 5.0, 5.0, 2.25, 1.2, 9.5
_LONGEST_GENE, LONGEST_SAMPLE, _LONGEST_GROUP = 16.0, 26.0, 34.0
GROUP_SHADES = (INK, "#9a9a9a", "#5f5f5f", "#c8c8c8")  # of the bars that say which group a sample is of
_LEADING = 2.4


class Block(NamedTuple):
    """Rows of the map under one heading: genes x samples, with color and hatch of the bar beside it and a note."""

    key: str
    title: str
    genes: list[str]
    grid: FloatArray
    note: str
    color: str
    hatch: str = ""


class Scale(NamedTuple):
    """Color scale: its ends, and what it shows in words, the longest first."""

    cmap: Colormap
    low: float
    high: float
    texts: tuple[str, ...]


class Columns(NamedTuple):
    """Samples in order, and the group of each."""

    samples: list[str]
    groups: list[str]


def sample_columns(table: pd.DataFrame, used: pd.DataFrame | None, groups: Sequence[str] | None) -> Columns:
    """Order the samples of a table by group, which the table ``samples_used`` names where it is given."""
    group = dict(zip(words(table, "sample"), words(table, "group"), strict=True))
    if used is not None:
        rows = checked(used, ["sample", "group"], "samples_used")
        for column in ("unit", "sample"):
            group |= dict(zip(words(rows, column), words(rows, "group"), strict=True))
    samples = [s for s in dict.fromkeys(words(table, "sample")) if s]
    ranked = list(dict.fromkeys(group.get(s, "") for s in samples)) if groups is None else list(groups)
    ranks = {g: i for i, g in enumerate(ranked)}
    samples = sorted((s for s in samples if group.get(s, "") in ranks), key=lambda s: ranks[group.get(s, "")])
    return Columns(samples, [group.get(s, "") for s in samples])


def quota(sizes: Sequence[int], most: int) -> list[int]:
    """Share the rows out: small blocks whole, the rest alike.

    >>> quota([5, 50, 60], 45)
    [5, 20, 20]
    """
    left, shares = most, [0] * len(sizes)
    for waiting, i in zip(range(len(sizes), 0, -1), np.argsort(sizes, kind="stable"), strict=True):
        shares[i] = min(sizes[i], max(left // waiting, 1))
        left -= shares[i]
    return shares


def draw_blocks(
    blocks: Sequence[Block], columns: Columns, scale: Scale, full: float, notes: Sequence[str] = ()
) -> Figure:
    """Draw the blocks under each other, with the groups above and the color scale and notes below.

    Parameters
    ----------
    blocks
        At least one, with at least one gene.
    columns
        At least one sample.
    scale
        Color scale.
    full
        Width in mm.
    notes
        Sentences under the map.
    """
    order, groups = columns
    rows = sum(len(b.genes) for b in blocks)
    gene_room = widest([ellipsize(g, _LONGEST_GENE, _GENE_SIZE) for b in blocks for g in b.genes], _GENE_SIZE)
    left = min(max(widest([clean(b.title) for b in blocks], 6.5, "bold") + 5, 20.0), 38.0, 0.28 * full)
    inner = full - left - gene_room - 4
    named = inner / len(order) >= _SAMPLE_SIZE * POINT * 1.15
    cut = [shorten(s, LONGEST_SAMPLE, _SAMPLE_SIZE) for s in order]
    lines = [line for note in notes for line in wrap(note, full - 4, NOTE_SIZE)]
    bottom = (widest(cut, _SAMPLE_SIZE) + 2 if named else 3) + _KEY + _LEADING * len(lines)
    strip = _strip_of(groups, inner)
    top = strip.room + 2.4
    natural = min(rows * _ROW + _GAP * (len(blocks) - 1), MAX_HEIGHT - top - bottom)
    height = max(height_asked(top + natural + bottom) - top - bottom, 20.0)
    sheet = page(full, top + height + bottom)
    _draw_strip(sheet, strip, (left, inner, len(order)))
    unit = (height - _GAP * (len(blocks) - 1)) / rows
    y = top
    for i, block in enumerate(blocks):
        ax = place(page_of(sheet), left, y, inner, unit * len(block.genes))
        _map(ax, block, scale, groups)
        _block_words(sheet, block, (left, y, unit * len(block.genes)))
        if i == len(blocks) - 1 and named:
            ax.set_xticks(np.arange(len(order)) + 0.5, cut, rotation=90, fontsize=_SAMPLE_SIZE)
        y += unit * len(block.genes) + _GAP
    if not named:
        text = f"{len(order)} samples"
        sheet.text(left + inner / 2, top + height + 1.8, text, ha="center", va="center_baseline", fontsize=6)
    below = page_height(sheet) - _LEADING * len(lines)
    _color_key(sheet, scale, full, below - 6.7)
    for i, line in enumerate(lines):
        sheet.text(
            2, below + _LEADING * (i + 0.2), line, fontsize=NOTE_SIZE, color=SECONDARY, va="center_baseline"
        )
    return figure_of(sheet)


def _map(ax: Axes, block: Block, scale: Scale, groups: Sequence[str]) -> None:
    from seaborn import heatmap  # late: `import markerkit.figures` stays quick

    n_rows, n_columns = block.grid.shape
    ax.set_facecolor("#dadada")
    not_measured(ax, (0, 0), n_columns, n_rows)
    heatmap(
        block.grid,
        ax=ax,
        vmin=scale.low,
        vmax=scale.high,
        cmap=scale.cmap,
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


def _block_words(sheet: Axes, block: Block, box: tuple[float, float, float]) -> None:
    left, top, height = box
    sheet.add_patch(
        Rectangle(
            (left - 1.9, top), 1.1, height, facecolor=block.color, edgecolor=PAPER if block.hatch else "none",
            hatch=block.hatch or None, linewidth=0, label="_class",
        )
    )  # fmt: skip
    tall = height >= 5.4 and bool(block.note)
    name, size = shrink(block.title, left - 5, 6.5 if height >= 2.6 else 6, "bold")
    y = top + (min(2.0, height / 2) if tall else height / 2)
    sheet.text(left - 2.8, y, name, ha="right", va="center_baseline", fontsize=size, fontweight="bold")
    if tall:
        note = ellipsize(block.note, left - 4, 5.5)
        sheet.text(left - 2.8, y + 2.7, note, ha="right", va="center_baseline", fontsize=5.5, color=SECONDARY)


class _Strip(NamedTuple):
    """Groups above the map: name with count, first column and number of columns; upright where one is too narrow."""

    groups: list[tuple[str, str, int, int]]
    upright: bool
    room: float


def _strip_of(groups: Sequence[str], inner: float) -> _Strip:
    found, start = [], 0
    for name, members in groupby(groups):
        n = len(list(members))
        found.append((name, f"{clean(name) or 'all samples'} ({n})", start, n))
        start += n
    upright = any(text_width(text, 6) > inner * n / len(groups) - 1 for _, text, _, n in found)
    if upright and len(found) * 6 * POINT * 1.15 > inner:
        return _Strip(found, upright=False, room=5.4)
    heads = [ellipsize(text, _LONGEST_GROUP, 6) for _, text, _, _ in found]
    return _Strip(found, upright, widest(heads, 6) + 3 if upright else 5.4)


def _draw_strip(sheet: Axes, strip: _Strip, box: tuple[float, float, int]) -> None:
    """Draw the groups of samples above the map, with their names; upright names keep their distance."""
    left, width, n_columns = box
    unit, shades = width / n_columns, GROUP_SHADES
    own = group_colors([name for name, *_ in strip.groups], "")
    middles = _apart([left + unit * (start + n / 2) for *_, start, n in strip.groups], left, left + width)
    for i, (name, text, start, n) in enumerate(strip.groups):
        x, wide = left + unit * start, unit * n
        sheet.add_patch(
            Rectangle((x, strip.room + 0.4), wide - 0.35, 1.2, facecolor=own[name] or shades[i % 4], edgecolor="none", label="_group")
        )  # fmt: skip
        if strip.upright:
            cut = ellipsize(text, _LONGEST_GROUP, 6)
            sheet.plot(
                [middles[i], x + wide / 2],
                [strip.room - 0.8, strip.room + 0.3],
                color=SECONDARY,
                linewidth=0.5,
                label="_leader",
            )
            sheet.text(middles[i], strip.room - 1.2, cut, rotation=90, ha="center", va="bottom", fontsize=6)
        else:
            cut = ellipsize(text, wide - 1, 6)
            if len(cut) > 3 or text_width(clean(name), 6) <= wide - 1:
                middle = x + wide / 2 - 0.17
                sheet.text(middle, strip.room - 1.4, cut, ha="center", va="center_baseline", fontsize=6)


def _apart(middles: Sequence[float], low: float, high: float) -> list[float]:
    """Move places apart until upright names have room."""
    step = 6 * POINT * 1.2
    places: list[float] = []
    for x in middles:
        places.append(max(x, places[-1] + step) if places else max(x, low))
    for i in range(len(places) - 1, -1, -1):
        places[i] = min(places[i], high - (len(places) - 1 - i) * step)
    return places


def _color_key(sheet: Axes, scale: Scale, full: float, y: float) -> None:
    """Draw the color scale and the hatch of what was not measured."""
    wide = 26.0
    left = max((full - wide) / 2, 30)
    ax = place(page_of(sheet), left, y, wide, 1.8)
    steps = np.linspace(scale.low, scale.high, 257)
    ax.pcolormesh(
        steps, [0, 1], (steps[:-1] + steps[1:])[None, :] / 2, cmap=scale.cmap, rasterized=True, label="_key"
    )
    # 0 is the median protein or the mean: a reader looks for it
    middle = 0.0 if 0.75 * scale.low < 0 < 0.75 * scale.high else (scale.low + scale.high) / 2
    ends = [f"≤ {number(scale.low)}", number(middle), f"≥ {number(scale.high)}"]
    ax.set_xticks([scale.low, middle, scale.high], ends)
    bare_y(ax)
    ax.spines["bottom"].set_visible(False)
    text = next((t for t in scale.texts if text_width(t, 6) < left - 3), scale.texts[-1])
    sheet.text(left - 2, y + 0.9, text, ha="right", va="center_baseline", fontsize=6)
    hatch_left = left + wide + 5
    not_measured(sheet, (hatch_left, y), 4, 1.8)
    sheet.text(hatch_left + 5, y + 0.9, "not measured", va="center_baseline", fontsize=6)
