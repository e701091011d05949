"""Coverage: how much of every set was measured."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Unpack

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FixedLocator, FuncFormatter

from markerkit.figures._keys import key_below, key_rows, left_out, x_label
from markerkit.figures._options import Options, drawing, page_width
from markerkit.figures._palette import (
    CLASSES,
    FAINT,
    INK,
    PAPER,
    SECONDARY,
    SOURCES,
    family,
    in_order,
    look,
    tint,
    title,
)
from markerkit.figures._rows import (
    MOST_ROWS,
    Margins,
    Slot,
    beside,
    empty_note,
    names_width,
    row_axes,
    slots,
    write_names,
)
from markerkit.figures._tables import checked, count_text, numbers, words
from markerkit.figures._text import widest

_COLUMNS = ("set", "title", "role", "fraction", "weight_fraction", "n_set", "n_measured", "status")


_FEW = ("too few", "not")


def coverage(
    table: pd.DataFrame, *, ax: Axes | None = None, width: str | float = "middle", **options: Unpack[Options]
) -> Axes:
    """Draw the measured share of every set.

    Parameters
    ----------
    table
        Table ``coverage``.
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
        A column is missing.

    Notes
    -----
    A bar is the share of the members, a stroke the share of their weight.
    Negative markers are hatched; a bar is empty where too few were measured to
    test the set. At most 60 rows are drawn, classes and sources first.
    """
    rows, more = _ordered(checked(table, _COLUMNS, "coverage"))
    names = [_name(*row) for row in zip(*(words(rows, c) for c in ("set", "role", "title")), strict=True)]
    lines = slots([family(k) for k in words(rows, "set")])
    counts = count_text(rows)
    full = page_width(width, options)
    room = names_width(names, full, share=0.42)
    right = widest(counts, 6) + 3
    with drawing(options, ax):
        key = _key(rows)
        _, deep = key_rows([str(h.get_label()) for h in key], full - room - 5)
        margins = Margins(room + 4, right + 2, 4, 11 + 3 * deep)
        ax = row_axes(ax, lines, margins, width=full)
        if not len(rows):
            empty_note(ax, "nothing to draw: the table has no rows")
            return ax
        write_names(ax, lines, names, room=room)
        _bars(ax, rows, lines)
        for slot in lines:
            if slot.row >= 0:
                beside(ax, slot.y, counts[slot.row], right=right, fontsize=6, ha="right", color=SECONDARY)
        ax.set_xlim(0, 1)
        ax.xaxis.set_major_locator(FixedLocator([0, 0.25, 0.5, 0.75, 1]))
        ax.xaxis.set_major_formatter(FuncFormatter(lambda v, _: f"{100 * v:.0f}"))
        left_out(ax, more, "rows", room=room)
        x_label(ax, "Members measured (%)")
        key_below(ax, key, below=9.0)
    return ax


def _ordered(table: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    """Sort by family, positive members before negative ones; cut at what a page holds."""
    rank = {key: i for i, key in enumerate(in_order(words(table, "set")))}
    negative = words(table, "role") == "negative"
    order = np.lexsort((np.arange(len(table)), negative, words(table, "set").map(rank).to_numpy(dtype=float)))
    return table.iloc[order[:MOST_ROWS]].reset_index(drop=True), max(len(table) - MOST_ROWS, 0)


def _name(key: str, role: str, given: str) -> str:
    """Name a row: by the palette where it knows the set, else by its own title."""
    name = title(key)
    name = (given or key) if name == key else name
    return f"{name}, negative" if role == "negative" else name


def _bars(ax: Axes, rows: pd.DataFrame, lines: Sequence[Slot]) -> None:
    fraction, weight = numbers(rows, "fraction"), numbers(rows, "weight_fraction")
    keys, roles, status = words(rows, "set"), words(rows, "role"), words(rows, "status")
    for slot in lines:
        row = slot.row
        if row < 0:
            continue
        ax.barh(slot.y, 1, height=0.55, color="#f4f4f4", linewidth=0, zorder=1, label="_whole")
        if np.isfinite(fraction[row]):
            color = look(keys[row]).color if keys[row] in CLASSES else _plain(keys[row])
            thin = status[row].startswith(_FEW)
            negative = roles[row] == "negative"
            ax.barh(
                slot.y,
                fraction[row],
                height=0.55,
                facecolor=PAPER if thin else tint(color, 0.65) if negative else color,
                edgecolor=color,
                hatch="//////" if negative else None,
                linewidth=0.5,
                zorder=2,
                label="_bar",
            )
        if np.isfinite(weight[row]):
            ax.plot(
                [weight[row]] * 2,
                [slot.y - 0.42, slot.y + 0.42],
                color=INK,
                linewidth=1,
                zorder=3,
                clip_on=False,
                label="_weight",
            )


def _plain(key: str) -> str:
    return "#7a7a7a" if key in SOURCES else "#a6a6a6"


def _key(rows: pd.DataFrame) -> list[Patch | Line2D]:
    handles: list[Patch | Line2D] = [
        Patch(facecolor="#7a7a7a", edgecolor="#7a7a7a", label="members"),
        Line2D(
            [], [], color=INK, linewidth=1, marker="|", markersize=5, linestyle="none", label="their weight"
        ),
    ]
    if (words(rows, "role") == "negative").any():
        handles.append(Patch(facecolor=FAINT, edgecolor="#7a7a7a", hatch="//////", label="negative members"))
    if words(rows, "status").str.startswith(_FEW).any():
        handles.append(Patch(facecolor=PAPER, edgecolor="#7a7a7a", label="too few to test"))
    return handles
