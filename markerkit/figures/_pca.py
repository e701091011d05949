"""Samples on their first two principal components."""

from __future__ import annotations

from typing import Unpack

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from markerkit.core.wording import percent
from markerkit.figures._keys import foot_notes, key_below, key_rows
from markerkit.figures._labels import Label, place_labels
from markerkit.figures._options import Options, drawing, page_width
from markerkit.figures._palette import FAINT, PAPER, GroupLook, group_looks
from markerkit.figures._rows import NOTE_SIZE, empty_note, value_ticks
from markerkit.figures._style import height_asked, height_of, open_page, place, width_of
from markerkit.figures._tables import FloatArray, checked, numbers, words
from markerkit.figures._text import ellipsize, wrap

_COLUMNS = ("sample", "group", "pc1", "pc2", "explained_pc1", "explained_pc2", "n_proteins", "reason")
_LEFT, _RIGHT, _TOP, _AXIS = 12.0, 4.0, 4.0, 9.5
_NAMED = 40


def pca(
    table: pd.DataFrame,
    *,
    groups: list[str] | None = None,
    ax: Axes | None = None,
    names: bool | None = None,
    width: str | float = "middle",
    **options: Unpack[Options],
) -> Axes:
    """Draw the samples on their first two principal components.

    Parameters
    ----------
    table
        Table ``pca``.
    groups
        Groups to draw, in order; all by default. The components are those of all samples of the table.
    ax
        Axes to draw on; a new figure by default.
    names
        Write the names of the samples that have room; by default up to 40 samples.
    width
        Of a new figure: 89, 120 or 183 mm.
    **options
        Title, size, colors, and the figure to draw into: :class:`Options`.

    Returns
    -------
    Axes
        One collection per group, labeled by it; a unit is as long on both axes.

    Raises
    ------
    InputError
        A column is missing.

    Notes
    -----
    Groups differ in color and shape. Where no components could be computed, the reason stands in place of the points.
    """
    rows = checked(table, _COLUMNS, "pca")
    full = page_width(width, options)
    if groups is not None:
        rows = rows[words(rows, "group").isin(groups)].reset_index(drop=True)
    with drawing(options, ax):
        shown = list(dict.fromkeys(words(rows, "group"))) if groups is None else groups
        looks = group_looks(shown)
        _, deep = key_rows([ellipsize(g, 40, 6) for g in shown], full - _LEFT - 2)
        notes = wrap(_note(rows), full - _LEFT, NOTE_SIZE, lines=2)
        if ax is None:
            below = _AXIS + 3.0 * deep + 2.4 * len(notes) + 1.5
            height = height_asked(0.7 * full + below)
            figure = open_page(full, height, shown=True)
            ax = place(figure, _LEFT, _TOP, full - _LEFT - _RIGHT, max(height - _TOP - below, 10.0))
        points = np.column_stack([numbers(rows, "pc1"), numbers(rows, "pc2")])
        there = np.isfinite(points).all(axis=1)
        if not there.any():
            why = next((r for r in words(rows, "reason") if r), "no sample")
            empty_note(ax, ellipsize(f"no principal components: {why}", width_of(ax) - 2, 7))
            return ax
        _limits(ax, points[there])
        _points(ax, rows, points, looks)
        _axis_words(ax, rows)
        if names or (names is None and there.sum() <= _NAMED):
            samples = words(rows, "sample")
            labels = [
                Label(float(points[i, 0]), float(points[i, 1]), samples[i]) for i in np.flatnonzero(there)
            ]
            place_labels(ax, labels, points[there], most=len(labels), size=5.0)
        key_below(ax, [_handle(g, looks[g]) for g in shown], below=_AXIS)
        foot_notes(ax, notes, below=_AXIS + 3.0 * deep + 2.0)
    return ax


def _note(rows: pd.DataFrame) -> str:
    n = numbers(rows, "n_proteins")
    known = n[np.isfinite(n)]
    count = f"{known[0]:,.0f} proteins measured in every sample" if known.size else "no protein"
    return f"{count}; log₂ values, samples centered on their median"


def _limits(ax: Axes, points: FloatArray) -> None:
    """Make a unit as long on both axes, with room around all points."""
    low, high = points.min(axis=0), points.max(axis=0)
    middle, reach = (low + high) / 2, np.maximum((high - low) / 2, 0.5) * 1.14
    size = np.array([width_of(ax), height_of(ax)])
    half = size * float((reach / size).max())
    ax.set_xlim(middle[0] - half[0], middle[0] + half[0])
    ax.set_ylim(middle[1] - half[1], middle[1] + half[1])
    value_ticks(ax)
    value_ticks(ax, along="y")
    for line in (ax.axvline, ax.axhline):
        line(0, color=FAINT, linewidth=0.5, zorder=1, label="_zero")


def _points(ax: Axes, rows: pd.DataFrame, points: FloatArray, looks: dict[str, GroupLook]) -> None:
    for name, shown in looks.items():
        own = points[(words(rows, "group") == name).to_numpy()]
        own = own[np.isfinite(own).all(axis=1)]
        if len(own):
            ax.scatter(
                own[:, 0],
                own[:, 1],
                s=18 if len(points) <= 100 else 11,
                marker=shown.marker,
                color=shown.color,
                edgecolors=PAPER,
                linewidths=0.5,
                zorder=3,
                label=name or "no group",
            )


def _axis_words(ax: Axes, rows: pd.DataFrame) -> None:
    shares = [numbers(rows, f"explained_pc{i}") for i in (1, 2)]
    said = [percent(float(s[np.isfinite(s)][0]), 2) if np.isfinite(s).any() else "–" for s in shares]
    ax.set_xlabel(f"PC1 ({said[0]} of the variance)")
    ax.set_ylabel(f"PC2 ({said[1]})")


def _handle(name: str, shown: GroupLook) -> Line2D:
    return Line2D(
        [],
        [],
        linestyle="none",
        marker=shown.marker,
        markersize=4.2,
        markerfacecolor=shown.color,
        markeredgecolor=PAPER,
        markeredgewidth=0.5,
        label=ellipsize(name, 40, 6) or "no group",
    )
