"""Contamination fraction: which share of the preparation's signal is comparator-like."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Unpack

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter

from markerkit.core.wording import number, percent
from markerkit.figures._keys import foot_notes, left_out, side_note, x_label
from markerkit.figures._options import Options, drawing, page_width
from markerkit.figures._palette import INK, PAPER, SECONDARY, ZONE, title
from markerkit.figures._rows import (
    MOST_ROWS,
    NOTE_SIZE,
    Margins,
    Slot,
    beside,
    empty_note,
    guides,
    instead,
    interval,
    names_width,
    row_axes,
    slots,
    value_ticks,
    write_names,
)
from markerkit.figures._tables import checked, count_text, numbers, words
from markerkit.figures._text import clean, text_width, widest, wrap

_COLUMNS = ("contrast", "compartment", "fraction", "ci_low", "ci_high", "bound", "status", "reason")
_OVERALL = "all"


def contamination_fraction(
    fractions: pd.DataFrame,
    *,
    contrast: str | None = None,
    ax: Axes | None = None,
    width: str | float = "middle",
    **options: Unpack[Options],
) -> Axes:
    """Draw the contamination fraction, overall and by compartment.

    Parameters
    ----------
    fractions
        Table ``contamination_fraction``.
    contrast
        Contrast to draw; all of them, one under the other, by default.
    ax
        Axes to draw on; a new figure by default.
    width
        Of a new figure: 89, 120 or 183 mm.
    **options
        Title, size, colors, and the figure to draw into: :class:`Options`.

    Returns
    -------
    Axes

    Raises
    ------
    InputError
        A column is missing, or there is no such contrast.

    Notes
    -----
    "At most" is a triangle that points to lower values, with a cap at the upper
    end of the interval and a dotted line to nothing: the true share may be
    anywhere below.
    """
    table = checked(fractions, _COLUMNS, "contamination_fraction")
    if contrast is not None:
        table = table[words(table, "contrast") == contrast].reset_index(drop=True)
    more = len(table) - MOST_ROWS
    table = table.iloc[:MOST_ROWS]
    full = page_width(width, options)
    overall = words(table, "compartment") == _OVERALL
    lines = slots([c or "contamination fraction" for c in words(table, "contrast")], always=True)
    names = ["Overall" if o else title(c) for o, c in zip(overall, words(table, "compartment"), strict=True)]
    said = [_said(table, i) for i in range(len(table))]
    counts = [f"{c} proteins" if full > 100 else "" for c in count_text(table)]
    room = names_width([*names, *words(table, "contrast")], full)
    right = widest(said, 6, "bold") + widest(counts, 5.5) + (7 if full > 100 else 2.5)
    with drawing(options, ax, colors=False):
        beside_axes = full - room - 8
        notes = _notes(table, full - 4, beside_axes)
        silent = not np.isfinite(numbers(table, "fraction")).any()
        margins = Margins(room + 4, right + 2, 4, (3 if silent else 10) + 2.4 * len(notes))
        ax = row_axes(ax, lines, margins, width=full, row_height=4.2)
        if not len(table):
            empty_note(ax, "nothing to draw: the table has no rows")
            return ax
        write_names(ax, lines, names, room=room)
        guides(ax, lines, np.isfinite(numbers(table, "fraction")))
        _axis(ax, table)
        drawn = _draw(ax, table, lines, beside_axes)
        for slot in lines:
            if slot.row >= 0 and drawn[slot.row]:
                bold = "bold" if overall[slot.row] else "normal"
                beside(ax, slot.y, said[slot.row], right=2.5, fontsize=6, fontweight=bold)
                beside(ax, slot.y, counts[slot.row], right=right, fontsize=5.5, ha="right", color=SECONDARY)
        foot_notes(ax, notes, below=3.0 if silent else 10.5)
        left_out(ax, more, "rows", room=room)
        if any(drawn):
            side_note(ax, "◄ at most, ● about; bars: 95 % intervals")
    return ax


def _notes(table: pd.DataFrame, room: float, beside_axes: float) -> list[str]:
    """Write what to bear in mind about the rows, each reason once; not what stands in the place of a point."""
    drawn = np.isfinite(numbers(table, "fraction"))
    reasons = [
        reason
        for row, reason in enumerate(words(table, "reason"))
        if reason and (drawn[row] or not _fits(_silence(table, row), beside_axes))
    ]
    sentences = [reason[:1].upper() + reason[1:] for reason in list(dict.fromkeys(reasons))[:2]]
    return [line for text in sentences for line in wrap(text, room, NOTE_SIZE, lines=2)]


def _silence(table: pd.DataFrame, row: int) -> str:
    """Say why a row has no value."""
    said = [words(table, "status")[row], words(table, "reason")[row]]
    return ": ".join(filter(None, said)) or "not assessable"


def _fits(text: str, room: float) -> bool:
    return text_width(clean(text), NOTE_SIZE) <= room


def _said(table: pd.DataFrame, row: int) -> str:
    """Write a row as a number with its interval; `≤` where it is a bound."""
    value, low, high = (numbers(table, c)[row] for c in ("fraction", "ci_low", "ci_high"))
    if not np.isfinite(value):
        return ""
    sign = "≤ " if words(table, "bound")[row] == "at most" else ""
    inside = (
        f" ({number(100 * low, 2)}–{number(100 * high, 2)})" if np.isfinite(low) and np.isfinite(high) else ""
    )
    return f"{sign}{percent(value, 2)}{inside}"


def _draw(ax: Axes, table: pd.DataFrame, lines: Sequence[Slot], room: float) -> list[bool]:
    """Draw the rows that have a value, and say why the others have none."""
    value = numbers(table, "fraction")
    for slot in lines:
        if slot.row >= 0 and np.isfinite(value[slot.row]):
            _draw_row(ax, table, slot.row, slot.y)
        elif slot.row >= 0:
            said = _silence(table, slot.row)
            # a reason that is too long for its place stands below
            instead(ax, slot.y, said if _fits(said, room) else words(table, "status")[slot.row], room=room)
    return [bool(v) for v in np.isfinite(value)]


def _draw_row(ax: Axes, table: pd.DataFrame, row: int, y: float) -> None:
    """Draw one estimate; a bound points to lower values, with a cap above and a dotted line below."""
    value, low, high = (float(numbers(table, c)[row]) for c in ("fraction", "ci_low", "ci_high"))
    overall = words(table, "compartment")[row] == _OVERALL
    at_most = words(table, "bound")[row] == "at most"
    color = INK if overall else SECONDARY
    interval(ax, low, high, y, color=color, width=1.4 if overall else 0.9)
    if at_most:
        down = [0, low if np.isfinite(low) else value]
        ax.plot(down, [y, y], color=SECONDARY, linewidth=0.6, linestyle=(0, (1, 1.5)), label="_below")
    if at_most and np.isfinite(high):
        ax.plot([high], [y], marker="|", markersize=5, color=INK, linestyle="none", zorder=3, label="_cap")
    ax.plot(
        [value],
        [y],
        marker="<" if at_most else "o",
        markersize=5 if overall else 4,
        markerfacecolor=INK if overall else PAPER,
        markeredgecolor=color,
        markeredgewidth=0.8,
        linestyle="none",
        zorder=4,
        clip_on=False,
        label="_point",
    )


def _axis(ax: Axes, table: pd.DataFrame) -> None:
    joined = np.concatenate([numbers(table, c) for c in ("fraction", "ci_low", "ci_high")])
    joined = joined[np.isfinite(joined)]
    if not joined.size:
        ax.set_xticks([])
        ax.spines["bottom"].set_visible(False)
        return
    high = float(joined.max())
    ax.set_xlim(0, max(high * 1.06, 0.01))
    if high > 0.9:
        ax.axvspan(1, max(high * 1.06, 1.0), color=ZONE, linewidth=0, zorder=0, label="_beyond")
    value_ticks(ax, most=5)
    ax.xaxis.set_major_formatter(FuncFormatter(lambda v, _: number(100 * v)))
    x_label(
        ax,
        "Comparator-like share of the preparation's signal (%)",
        "Comparator-like signal (%)",
        "Contamination (%)",
    )
