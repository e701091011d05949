"""What was measured in every sample: number of proteins, and distribution of their intensities."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Unpack

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from markerkit.core.wording import percent
from markerkit.figures._keys import foot_notes, key_below, x_label
from markerkit.figures._options import Options, drawing, page_width
from markerkit.figures._palette import INK, PAPER, RULE, SECONDARY, group_colors
from markerkit.figures._rows import (
    NAME_SIZE,
    Slot,
    bare_y,
    beside,
    blank_page,
    slots,
    value_ticks,
)
from markerkit.figures._style import MAX_HEIGHT, POINT, open_page, place, root_of
from markerkit.figures._tables import checked, numbers, samples_by_group, span, words
from markerkit.figures._text import SMALLEST, clean, ellipsize, shrink, widest

_COLUMNS = ("sample", "group", "n_proteins", "n_without_contaminants", "q05", "q25", "median", "q75", "q95")
_TOP, _BOTTOM, _GAP = 4.0, 15.0, 12.0
_ROW, _THINNEST, _HEADING = 3.6, 0.6, 3.2  # mm
_LONGEST_NAME = 40.0


class _Lines(NamedTuple):
    """Where the samples stand: their lines, the height of all in mm, and the size of their names, 0 without."""

    slots: list[Slot]
    height: float
    size: float


def sample_values(
    table: pd.DataFrame,
    *,
    groups: Sequence[str] | None = None,
    width: str | float = "double",
    **options: Unpack[Options],
) -> Figure:
    """Draw how many proteins every sample shows, and the distribution of their log2 values.

    Parameters
    ----------
    table
        Table ``sample_values``.
    groups
        Groups to draw, in order; all by default. As many samples are drawn as a page holds.
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
    Values are those measured, before normalization. Where samples have names, the share of the proteins of the table that
    is missing stands beside the bars. Where the samples are too many for their names, the names of
    the groups stand alone, and the samples follow in the order of the table.
    """
    given = checked(table, _COLUMNS, "sample_values")
    full = page_width(width, options)
    inner = MAX_HEIGHT - _TOP - _BOTTOM
    if groups is not None:
        given = pd.concat([given[words(given, "group") == g] for g in groups], ignore_index=True)
    order, named, more = samples_by_group(given, None, inner / _THINNEST)
    rows = given.set_index(words(given, "sample")).loc[order] if order else given.iloc[:0]
    rows = rows[~rows.index.duplicated()]
    with drawing(options):
        if not np.isfinite(numbers(rows, "n_proteins")).any():
            return blank_page(full, "nothing to draw: no sample")
        lines = _lines(named, inner)
        names = [clean(s) for s in order] if lines.size else [""] * len(order)
        room = min(max(widest(names, NAME_SIZE) + 3.5, 14.0), _LONGEST_NAME, 0.3 * full)
        keyed = bool((numbers(rows, "n_proteins") > numbers(rows, "n_without_contaminants")).any())
        bottom = _BOTTOM if keyed or more or not lines.size else _BOTTOM - 5.0
        figure = open_page(full, _TOP + lines.height + bottom)
        each = (full - room - 4 - _GAP - 3) / 2
        left, right = (
            place(figure, room + 4 + i * (each + _GAP), _TOP, each, lines.height) for i in range(2)
        )
        for ax in (left, right):
            ax.set_ylim(lines.slots[-1].y + 0.5, -0.5)
            bare_y(ax)
        _counts(left, rows, lines)
        if lines.size:
            _missing(left, rows, lines)
        _distributions(right, rows, lines)
        _names(left, lines, names, room)
        _notes(left, more, named=lines.size > 0)
    return root_of(figure)


def _lines(groups: Sequence[str], inner: float) -> _Lines:
    """Lay out the lines: as high as they may be, headings always high enough for their text."""
    several = len(set(groups)) > 1
    # the first heading has no room above it, the others 0.35 of their height
    headings = _HEADING * (1.35 * len(set(groups)) - 0.35) if several else 0.0
    row = min(_ROW, (inner - headings) / len(groups))
    found = slots(groups, head=_HEADING / row)
    size = min(NAME_SIZE, 0.98 * row / POINT)
    return _Lines(found, (found[-1].y + 1.0) * row, size if size >= SMALLEST else 0.0)


def _names(ax: Axes, lines: _Lines, names: Sequence[str], room: float) -> None:
    """Write headings and, where they have room, the names of the samples."""
    indent = 1.5 if any(slot.row < 0 for slot in lines.slots) else 0.0
    for slot in lines.slots:
        if slot.row < 0:
            text = ellipsize(slot.heading, room + 30, NAME_SIZE, "bold")  # no bar stands beside a heading
            beside(ax, slot.y, text, left=room + 2, fontweight="bold")
        elif lines.size:
            name, size = shrink(names[slot.row], room - indent, lines.size)
            beside(ax, slot.y, name, left=room + 2 - indent, fontsize=size)


def _counts(ax: Axes, rows: pd.DataFrame, lines: _Lines) -> None:
    """Draw the proteins of every sample as a bar, flagged contaminants at its end."""
    total, own = numbers(rows, "n_proteins"), numbers(rows, "n_without_contaminants")
    at = [slot for slot in lines.slots if slot.row >= 0]
    y = np.array([slot.y for slot in at])
    index = [slot.row for slot in at]
    total, own = np.nan_to_num(total[index]), np.nan_to_num(own[index])
    extra = np.maximum(total - own, 0)
    named = words(rows, "group").to_numpy()[index]
    colors = group_colors(list(named), "#7a7a7a")
    ax.barh(y, own, height=0.7, color=[colors[g] for g in named], linewidth=0, label="_own")
    if extra.any():
        ax.barh(
            y,
            extra,
            left=own,
            height=0.7,
            facecolor=PAPER,
            edgecolor=INK,
            hatch="//////",
            linewidth=0.5,
            label="_flagged",
        )
    ax.set_xlim(0, max(float(total.max()), 1.0) * 1.05)
    value_ticks(ax)
    x_label(ax, "Proteins measured", "Proteins")
    if extra.any():
        flagged = Patch(
            facecolor=PAPER, edgecolor=INK, hatch="//////", linewidth=0.5, label="flagged contaminants"
        )
        key_below(ax, [flagged], below=9.0)


def _missing(ax: Axes, rows: pd.DataFrame, lines: _Lines) -> None:
    """Write the share of missing values beside every sample that has a name."""
    share = numbers(rows, "missing")
    looks: dict[str, Any] = {
        "right": 9.0,
        "fontsize": min(6.0, lines.size),
        "ha": "right",
        "color": SECONDARY,
    }
    for slot in lines.slots:
        if slot.row >= 0 and np.isfinite(share[slot.row]):
            beside(ax, slot.y, percent(float(share[slot.row]), 2), **looks)
    ax.annotate(
        "missing",
        (1, 1),
        xycoords="axes fraction",
        xytext=(9.0 / POINT, 2.5),
        textcoords="offset points",
        ha="right",
        fontsize=6,
        color=SECONDARY,
        annotation_clip=False,
    )


def _distributions(ax: Axes, rows: pd.DataFrame, lines: _Lines) -> None:
    """Draw quantiles: a line from 5 to 95 %, a bar for the middle half, a stroke at the median."""
    index = [slot.row for slot in lines.slots if slot.row >= 0]
    y = np.array([slot.y for slot in lines.slots if slot.row >= 0])
    q = {c: numbers(rows, c)[index] for c in ("q05", "q25", "median", "q75", "q95")}
    there = np.isfinite(np.array(list(q.values()))).all(axis=0)
    if not there.any():
        ax.text(
            0.5,
            0.5,
            "no value",
            transform=ax.transAxes,
            ha="center",
            va="center",
            fontsize=7,
            color=SECONDARY,
        )
        ax.set_xticks([])
        return
    q, y = {c: v[there] for c, v in q.items()}, y[there]
    ax.hlines(y, q["q05"], q["q95"], color=RULE, linewidth=0.6, label="_range")
    ax.barh(
        y, q["q75"] - q["q25"], left=q["q25"], height=0.6, color="#b0b0b0", linewidth=0, label="_middle half"
    )
    ax.vlines(q["median"], y - 0.38, y + 0.38, color=INK, linewidth=1.0, label="_median")
    ax.set_xlim(*span(q["q05"], q["q95"]))
    value_ticks(ax)
    x_label(
        ax,
        "Log₂ of the values: 5 to 95 %, quartiles, median",
        "Log₂: 5 to 95 %, quartiles, median",
        "Log₂ of the values",
    )


def _notes(ax: Axes, more: int, *, named: bool) -> None:
    notes = [] if named else ["Samples in the order of the table sample values."]
    if more:
        notes.append(f"{more:,} more samples stand in the table.")
    foot_notes(ax, [" ".join(notes)] if notes else [], below=13.0)
