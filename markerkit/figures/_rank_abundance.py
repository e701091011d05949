"""Rank-abundance curve of every group, with EV markers and what should not be there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Unpack

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from markerkit.figures._labels import Label, place_labels
from markerkit.figures._options import Options, drawing, page_width
from markerkit.figures._palette import PAPER, SECONDARY, look
from markerkit.figures._rows import blank_page, page, value_ticks
from markerkit.figures._style import MAX_HEIGHT, figure_of, page_of, place
from markerkit.figures._tables import FloatArray, checked, numbers, span, which, words
from markerkit.figures._text import shrink, text_width

_COLUMNS = ("group", "rank", "gene", "log2_mean", "category", "key")
_LEFT, _ABOVE, _BELOW, _FOOT, _LEAST = 11.0, 5.0, 6.5, 8.0, 44.0
_MOST, _LABELS = 12, 16


class _Kind(NamedTuple):
    """Markers that look alike: their name, the first signs of their MISEV categories, color key and marker."""

    title: str
    categories: str
    key: str
    marker: str
    size: float  # points squared: a triangle fills less of it than a circle


_KINDS = (
    _Kind("EV markers (MISEV2018 categories 1 and 2)", "12", "ev", "o", 12),
    _Kind("co-isolated and other compartments (3 and 4)", "34", "apoptotic_body", "^", 17),
)


def rank_abundance(
    table: pd.DataFrame,
    *,
    groups: Sequence[str] | None = None,
    width: str | float = "double",
    **options: Unpack[Options],
) -> Figure:
    """Draw the mean log2 abundance of the proteins of every group against their rank.

    Parameters
    ----------
    table
        Table ``rank_abundance``.
    groups
        Groups to draw, in order; by default the first twelve.
    width
        89, 120 or 183 mm.
    **options
        Title, size, colors, and the figure to draw into: :class:`Options`.

    Returns
    -------
    Figure
        One panel per group, all with the same scale of abundance.

    Raises
    ------
    InputError
        A column is missing.

    Notes
    -----
    Markers of the MISEV2018 categories 1 to 4 are marked; of these the key markers are labeled first, then the others,
    as far as labels have room.
    """
    rows = checked(table, _COLUMNS, "rank_abundance")
    full = page_width(width, options)
    rows = rows.assign(_x=numbers(rows, "rank"), _y=numbers(rows, "log2_mean"), _group=words(rows, "group"))
    rows = rows[np.isfinite(rows["_x"]) & np.isfinite(rows["_y"])]
    known = list(dict.fromkeys(rows["_group"]))
    shown = known if groups is None else [g for g in groups if g in known]
    with drawing(options):
        if not shown:
            return blank_page(full, "nothing to draw: no group has ranked proteins")
        return _draw(rows, shown, full)


def _draw(rows: pd.DataFrame, shown: Sequence[str], full: float) -> Figure:
    columns = max(1, min(len(shown), int((full - 2) / (_LEFT + _LEAST))))
    wide = (full - 2) / columns - _LEFT
    tall = float(np.clip(0.62 * wide, 38.0, 62.0))
    fits = columns * int((MAX_HEIGHT - _FOOT) / (_ABOVE + tall + _BELOW))
    panels = shown[: min(_MOST, fits)]
    deep = -(-len(panels) // columns)
    sheet = page(full, deep * (_ABOVE + tall + _BELOW) + _FOOT)
    inside = rows[rows["_group"].isin(panels)]
    limits = span(inside["_y"].to_numpy(dtype=float), pad=0.08)
    for i, group in enumerate(panels):
        left = (i % columns) * (_LEFT + wide) + _LEFT
        top = (i // columns) * (_ABOVE + tall + _BELOW) + _ABOVE
        ax = place(page_of(sheet), left, top, wide - 3, tall)
        own = inside[inside["_group"] == group]
        _panel(ax, own, limits)
        count = f"{len(own):,} proteins"
        head, size = shrink(group or "no group", wide - 5 - text_width(count, 5.5), 6.5, "bold")
        sheet.text(left, top - 2.2, head, fontsize=size, fontweight="bold", va="center_baseline")
        sheet.text(
            left + wide - 3, top - 2.2, count, ha="right", fontsize=5.5, va="center_baseline", color=SECONDARY
        )
    bottom = deep * (_ABOVE + tall + _BELOW)
    _foot(sheet, bottom, full, len(shown) - len(panels))
    y_middle = _ABOVE + tall / 2
    sheet.text(2.4, y_middle, "Mean log₂ abundance", rotation=90, fontsize=7, ha="center", va="center")
    return figure_of(sheet)


def _panel(ax: Axes, rows: pd.DataFrame, limits: tuple[float, float]) -> None:
    ax.set_xlim(*span(rows["_x"].to_numpy(dtype=float), pad=0.05))
    ax.set_ylim(*limits)
    value_ticks(ax, most=5)
    value_ticks(ax, along="y")
    points = np.column_stack([rows["_x"], rows["_y"]]).astype(float)
    ax.plot(
        points[:, 0],
        points[:, 1],
        color="#cccccc",
        linewidth=1.0,
        solid_capstyle="butt",
        zorder=2,
        label="_curve",
    )
    category = words(rows, "category").str[:1].to_numpy()
    drawn = np.zeros(len(rows), dtype=bool)
    for kind in _KINDS:
        own = np.array([bool(c) and c in kind.categories for c in category], dtype=bool)
        color = look(kind.key).color
        ax.scatter(
            points[own, 0], points[own, 1], s=kind.size, marker=kind.marker, color=color, edgecolors=PAPER, linewidths=0.5,
            zorder=3, label=kind.title,
        )  # fmt: skip
        drawn |= own
    _labels(ax, rows, points, drawn)


def _labels(ax: Axes, rows: pd.DataFrame, points: FloatArray, drawn: NDArray[np.bool_]) -> None:
    """Label the key markers of both kinds in turn, in the color of their kind, then the other markers."""
    category, place_of = words(rows, "category").str[:1].to_numpy(), numbers(rows, "key")
    chosen = which(drawn)
    turn: dict[int, int] = {}
    for kind in _KINDS:
        own = [i for i in chosen if category[i] in kind.categories]
        own.sort(key=lambda i: (not place_of[i] > 0, place_of[i], points[i, 0]))
        turn |= {i: n for n, i in enumerate(own)}
    genes = words(rows, "gene").to_numpy()
    colors = {c: look(kind.key).color for kind in _KINDS for c in kind.categories}
    order = sorted(chosen, key=lambda i: turn[i])
    labels = [
        Label(float(points[i, 0]), float(points[i, 1]), genes[i].split(";")[0], colors[category[i]])
        for i in order
    ]
    step = max(len(points) // 80, 1)
    place_labels(ax, labels, np.vstack([points[::step], points[chosen]]), most=_LABELS, size=5.0)


def _foot(sheet: Axes, bottom: float, full: float, more: int) -> None:
    middle = (_LEFT + full - 5) / 2 if more <= 0 else None  # the note on more groups needs the right half
    sheet.text(
        middle or _LEFT, bottom + 0.2, "Rank of the protein in the group", fontsize=7,
        ha="center" if middle else "left", va="center_baseline",
    )  # fmt: skip
    x = _LEFT
    handles = [
        Line2D(
            [], [], linestyle="none", marker=k.marker, markersize=3.6, color=look(k.key).color, markeredgecolor=PAPER,
            markeredgewidth=0.5, label=k.title,
        )
        for k in _KINDS
    ]  # fmt: skip
    sheet.legend(
        handles=handles, loc="upper left", bbox_to_anchor=(x, bottom + 3.4), bbox_transform=sheet.transData, ncols=2 if full > 115 else 1,
        borderpad=0, borderaxespad=0, handlelength=1.2, handletextpad=0.3, columnspacing=1.4, labelspacing=0.25,
    )  # fmt: skip
    if more > 0:
        text = f"{more} more groups stand in the table"
        sheet.text(
            full - 2, bottom + 0.2, text, fontsize=5.5, ha="right", va="center_baseline", color=SECONDARY
        )
