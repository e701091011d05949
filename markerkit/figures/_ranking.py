"""Several preparations ranked on EV signal, co-isolated protein and material of cells and handling."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Unpack

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from markerkit.core.wording import number
from markerkit.figures._options import Options, drawing, page_width
from markerkit.figures._palette import INK, OKABE_ITO, SECONDARY, ZONE
from markerkit.figures._rows import (
    NOTE_SIZE,
    Slot,
    bare_y,
    beside,
    blank_page,
    interval,
    names_width,
    point,
    slots,
    write_names,
)
from markerkit.figures._style import MM, open_page, page_of, place, root_of, width_of
from markerkit.figures._tables import checked, numbers, words
from markerkit.figures._text import ellipsize

_COLUMNS = ("quantity", "group", "share", "ci_low", "ci_high")
_PANELS = {
    "ev": ("EV markers: more is better", OKABE_ITO["blue"]),
    "co_isolated": ("Co-isolated protein: less is better", "#6a3d7c"),
    "cells_and_handling": ("Cells and handling: less is better", "#2f5d7c"),
}
_ROW, _TOP, _FOOT, _RANK, _MOST = 4.6, 9.0, 12.0, 11.0, 40


def ranking(table: pd.DataFrame, *, width: str | float = "double", **options: Unpack[Options]) -> Figure:
    """Draw the groups of samples with their ranks.

    Parameters
    ----------
    table
        Table ``ranking``.
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
    One panel per quantity, the groups in the order of the EV markers in all of them. A point is the mean share of a group
    with its 95 % interval, the number beside it its rank, from first to last that is not excluded: groups whose ranks
    overlap cannot be told apart. At most 40 groups are drawn.
    """
    rows = checked(table, _COLUMNS, "ranking")
    full = page_width(width, options)
    with drawing(options, colors=False):
        groups = _order(rows)
        panels = [
            q for q in _PANELS if np.isfinite(numbers(rows[words(rows, "quantity") == q], "share")).any()
        ]
        if not panels:
            return blank_page(full, "nothing to draw: no group has a share")
        kept = groups[:_MOST]
        lines = slots([""] * len(kept))
        room = names_width(kept, full, share=0.3)
        inner = max(_ROW * len(kept), 8.0)
        figure = open_page(full, _TOP + inner + _FOOT)
        each = (full - room - 4) / len(panels)
        axes = []
        for i, quantity in enumerate(panels):
            ax = place(figure, room + 4 + i * each, _TOP, each - _RANK - 2, inner)
            axes.append(ax)
            ax.set_ylim(len(kept) - 0.5, -0.5)
            bare_y(ax)
            if i == 0:
                write_names(ax, lines, kept, room=room)
            _panel(ax, rows[words(rows, "quantity") == quantity], lines, kept, quantity)
        _foot(axes[0], len(groups) - len(kept))
        return root_of(figure)


def _order(rows: pd.DataFrame) -> list[str]:
    """Sort groups from most EV signal to least; those without a share stand last."""
    of_ev = rows[words(rows, "quantity") == "ev"]
    share = dict(zip(words(of_ev, "group"), numbers(of_ev, "share"), strict=True))
    known = list(dict.fromkeys(g for g in words(rows, "group") if g))
    return sorted(known, key=lambda g: -np.nan_to_num(share.get(g, np.nan), nan=-1.0))


def _panel(ax: Axes, rows: pd.DataFrame, lines: Sequence[Slot], groups: Sequence[str], quantity: str) -> None:
    heading, color = _PANELS[quantity]
    share, low, high = (numbers(rows, c) for c in ("share", "ci_low", "ci_high"))
    joined = np.concatenate([share, low, high])
    top = max(float(np.nanmax(np.clip(joined, 0, 1))), 1e-3)
    # from the decade below the smallest value, one decade at least and four at most
    least = min(float(np.nanmin(np.where(joined > 0, joined, np.nan), initial=top)), top / 10)
    floor = 10.0 ** max(np.floor(np.log10(least)), np.floor(np.log10(top)) - 4, -4)
    ax.set_xscale("log")
    ax.set_xlim(floor * 0.8, min(1.0, top) * 1.25)
    _ticks(ax)
    _groups(ax, rows, lines, groups, color=color, floor=floor)
    title = ellipsize(heading, width_of(ax) + _RANK, 6.5, "bold")
    ax.annotate(
        title,
        (0, 1),
        xycoords="axes fraction",
        xytext=(0, 8),
        textcoords="offset points",
        fontsize=6.5,
        fontweight="bold",
        annotation_clip=False,
    )
    ax.set_xlabel("Share of signal" if width_of(ax) > 18 else "Share", fontsize=6.5)


def _groups(
    ax: Axes, rows: pd.DataFrame, lines: Sequence[Slot], groups: Sequence[str], *, color: str, floor: float
) -> None:
    """Draw every group with its interval, and its rank beside it."""
    share, low, high = (numbers(rows, c) for c in ("share", "ci_low", "ci_high"))
    ranks, at = _ranks(rows), {g: i for i, g in enumerate(words(rows, "group"))}
    for slot in lines:
        if slot.row % 2 == 0:
            ax.axhspan(
                slot.y - 0.5, slot.y + 0.5, color=ZONE, alpha=0.6, linewidth=0, zorder=0, label="_band"
            )
        i = at.get(groups[slot.row])
        if i is None or not np.isfinite(share[i]):
            beside(ax, slot.y, "–", right=2, fontsize=6, color=SECONDARY)
            continue
        ends = np.clip([low[i], high[i]], floor, 1.0)
        interval(ax, float(ends[0]), float(ends[1]), slot.y, color=color)
        point(ax, max(float(share[i]), floor), slot.y, color=color, size=4)
        beside(ax, slot.y, ranks[i], right=2, fontsize=6, color=INK)


def _ranks(rows: pd.DataFrame) -> list[str]:
    first, last = numbers(rows, "rank"), numbers(rows, "rank_to")
    return [
        "–" if not np.isfinite(a) else f"{a:.0f}" if a == b or not np.isfinite(b) else f"{a:.0f} to {b:.0f}"
        for a, b in zip(first, last, strict=True)
    ]


def _ticks(ax: Axes) -> None:
    few = width_of(ax) < 28
    low, high = ax.get_xlim()
    ticks = [t for t in ((1e-4, 1e-2, 1.0) if few else (1e-4, 1e-3, 1e-2, 1e-1, 1.0)) if low <= t <= high]
    ax.xaxis.set_major_locator(FixedLocator(ticks))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda v, _: f"{number(100 * v, 2)} %"))
    ax.xaxis.set_minor_locator(NullLocator())


def _foot(ax: Axes, more: int) -> None:
    figure = page_of(ax)
    full, tall = (v / figure.dpi / MM for v in (figure.bbox.width, figure.bbox.height))
    text = "number: rank; groups whose ranks overlap cannot be told apart (at 5 % over all pairs)"
    text += f"; {more} more groups in the table" if more > 0 else ""
    figure.text(
        2 / full,
        2 / tall,
        ellipsize(text, full - 4, NOTE_SIZE),
        fontsize=NOTE_SIZE,
        color=SECONDARY,
    )
