"""Parts that the figures with one row per set share: rows, labels, intervals, chips."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch
from matplotlib.text import Text
from matplotlib.ticker import FuncFormatter, MaxNLocator
from numpy.typing import NDArray

from markerkit.core.wording import number
from markerkit.figures._palette import (
    CHIPS,
    FILLS,
    INK,
    PAPER,
    RULE,
    SECONDARY,
    ZONE,
)
from markerkit.figures._style import (
    MAX_HEIGHT,
    POINT,
    figure_of,
    height_asked,
    height_of,
    open_page,
    place,
    width_of,
)
from markerkit.figures._text import clean, ellipsize, shrink, widest

NAME_SIZE, NOTE_SIZE, HEAD_SIZE = 6.5, 5.5, 6.5
LONGEST_NAME = 50.0
#: rows that a page holds
MOST_ROWS = 60
LOG2_FC = "log₂ fold change over background"
_EMPTY = "empty"  # gid of the text that stands where nothing could be drawn


class Slot(NamedTuple):
    """A line of the figure: where it stands, and the row of the table or the heading it holds."""

    y: float
    row: int
    heading: str


def slots(headings: Sequence[str], *, always: bool = False, head: float = 1.0) -> list[Slot]:
    """Give every row a line, and every change of heading one of its own.

    Parameters
    ----------
    headings
        Heading of each row.
    always
        Also where all rows stand under the same heading.
    head
        Height of a heading in rows.
    """
    found: list[Slot] = []
    edge, last = -0.5, None
    several = always or len(set(headings)) > 1
    for row, heading in enumerate(headings):
        if several and heading != last:
            edge += 0.35 * head if found else 0.0
            found.append(Slot(edge + head / 2, -1, heading))
            edge += head
        found.append(Slot(edge + 0.5, row, heading))
        last = heading
        edge += 1
    return found


class Margins(NamedTuple):
    """Room around the axes in mm."""

    left: float
    right: float = 3.0
    top: float = 6.0
    bottom: float = 10.0


def row_axes(
    ax: Axes | None, lines: Sequence[Slot], margins: Margins, *, width: float, row_height: float = 3.7
) -> Axes:
    """Return axes whose y axis counts lines from the top; a figure to fit them where none is given."""
    depth = (lines[-1].y + 0.5 if lines else 0.5) + 0.5
    if ax is None:
        inner = min(max(depth * row_height, 9.0), MAX_HEIGHT - margins.top - margins.bottom)
        height = height_asked(margins.top + inner + margins.bottom)
        inner = max(height - margins.top - margins.bottom, 9.0)
        figure = open_page(width, max(height, margins.top + inner + margins.bottom), shown=True)
        ax = place(figure, margins.left, margins.top, width - margins.left - margins.right, inner)
    ax.set_ylim(depth - 0.5, -0.5)
    bare_y(ax)
    return ax


def bare_y(ax: Axes) -> None:
    """Leave the y axis to the names beside it."""
    ax.set_yticks([])
    for side in ("left", "right", "top"):
        ax.spines[side].set_visible(False)


def names_width(names: Sequence[str], width: float, *, indent: float = 1.5, share: float = 0.36) -> float:
    """Room in mm that a column of names needs, at most a share of the figure's width."""
    return min(max(widest([clean(n) for n in names], NAME_SIZE) + indent, 14.0), share * width, LONGEST_NAME)


def beside(
    ax: Axes, y: float, text: str, *, left: float | None = None, right: float | None = None, **options: Any
) -> None:
    """Write beside a line: `left` mm before the axes, or `right` mm after them."""
    edge, shift = (0.0, -(left or 0.0)) if right is None else (1.0, right)
    looks: dict[str, Any] = {"fontsize": NAME_SIZE, "ha": "left", "color": INK}
    ax.annotate(
        text,
        (edge, y),
        xycoords=ax.get_yaxis_transform(),
        xytext=(shift / POINT, 0),
        textcoords="offset points",
        annotation_clip=False,
        va="center_baseline",
        parse_math=False,
        **(looks | options),
    )


def write_names(ax: Axes, lines: Sequence[Slot], names: Sequence[str], *, room: float) -> None:
    """Write the names of the rows, and the headings in bold, in a column of `room` mm."""
    indent = 1.5 if any(slot.row < 0 for slot in lines) else 0.0
    for slot in lines:
        if slot.row < 0:
            text = ellipsize(slot.heading, room + 12, HEAD_SIZE, "bold")
            beside(ax, slot.y, text, left=room + 2, fontsize=HEAD_SIZE, fontweight="bold")
        else:
            name, size = shrink(names[slot.row], room - indent, NAME_SIZE)
            beside(ax, slot.y, name, left=room + 2 - indent, fontsize=size)


def guides(ax: Axes, lines: Sequence[Slot], drawn: Sequence[bool] | NDArray[np.bool_]) -> None:
    """Draw a faint line under every row that has a point, to lead the eye."""
    for slot in lines:
        if slot.row >= 0 and drawn[slot.row]:
            ax.axhline(slot.y, color=ZONE, linewidth=0.5, zorder=0.5, label="_guide")


def point(
    ax: Axes, x: float, y: float, *, color: str, verdict: str = "", marker: str = "o", size: float = 4.2
) -> None:
    """Draw an estimate; its fill tells the verdict."""
    ax.plot(
        [x],
        [y],
        marker=marker,
        markersize=size,
        linestyle="none",
        fillstyle="left" if FILLS.get(verdict) == "left" else "full",
        markerfacecolor=PAPER if FILLS.get(verdict) == "none" else color,
        markerfacecoloralt=PAPER,
        markeredgecolor=color,
        markeredgewidth=0.8,
        zorder=4,
        label="_point",
    )


def interval(
    ax: Axes, low: float, high: float, y: float, *, color: str, width: float = 1.0, sure: bool = True
) -> None:
    """Draw an interval as a line, dashed where it led to no verdict."""
    if np.isfinite(low) and np.isfinite(high):
        ax.plot(
            [low, high],
            [y, y],
            color=color,
            linewidth=width,
            linestyle="-" if sure else (0, (2.5, 1.5)),
            solid_capstyle="butt",
            zorder=3,
            label="_interval",
        )
        arrows(ax, low, high, y, color=color)


def arrows(ax: Axes, low: float, high: float, y: float, *, color: str) -> None:
    """Mark an interval that goes on beyond the axes."""
    left, right = ax.get_xlim()
    for beyond, at, marker in ((low < left, left, "<"), (high > right, right, ">")):
        if beyond:
            ax.plot(
                [at],
                [y],
                marker=marker,
                markersize=3.2,
                color=color,
                linestyle="none",
                clip_on=False,
                label="_on",
            )


def zero_and_zone(ax: Axes, eta: float | None, delta: float | None = None) -> None:
    """Draw the line of no change, and shade where a change would not matter."""
    if eta:
        ax.axvspan(-eta, eta, color=ZONE, linewidth=0, zorder=0, label="_zone")
    if delta:
        ax.axvline(delta, color=RULE, linewidth=0.5, linestyle=(0, (2, 2)), zorder=1, label="_delta")
    ax.axvline(0, color=INK, linewidth=0.5, zorder=1, label="_zero")


def value_ticks(ax: Axes, *, most: int = 6, along: str = "x") -> None:
    """Put plain numbers on an axis, with true minus signs; few enough to fit."""
    axis, room = (ax.xaxis, width_of(ax) / 8) if along == "x" else (ax.yaxis, height_of(ax) / 6)
    axis.set_major_locator(MaxNLocator(max(1, min(most, int(room))), steps=[1, 2, 5, 10]))
    axis.set_major_formatter(FuncFormatter(lambda value, _: number(value)))


def chip(ax: Axes, x: float, y: float, width: float, word: str, *, height: float = 3.4) -> None:
    """Draw a verdict as a chip on a page in mm, centered on `y`."""
    looks = CHIPS.get(word, CHIPS["not assessable"])
    ax.add_patch(
        FancyBboxPatch(
            (x + 0.4, y - height / 2 + 0.4),
            width - 0.8,
            height - 0.8,
            boxstyle="round,pad=0.4,rounding_size=0.9",
            facecolor=looks.face,
            edgecolor=looks.edge,
            linestyle=looks.line if looks.line == "-" else (0, (2.5, 1.8)),
            linewidth=0.6,
            zorder=2,
            label="_chip",
        )
    )
    text = ellipsize(word, width - 1.6, 6)
    ax.text(x + width / 2, y, text, fontsize=6, ha="center", va="center_baseline", color=looks.text, zorder=3)


def page(width: float, height: float) -> Axes:
    """Open a figure and return a bare page over it, in mm from the top left."""
    ax = place(open_page(width, height), 0, 0, width, height)
    ax.set_zorder(-1)
    ax.set_label("page")
    ax.set_xlim(0, width)
    ax.set_ylim(height, 0)
    ax.axis("off")
    return ax


def blank_page(width: float, text: str) -> Figure:
    """Open a page that says why there is nothing to draw."""
    sheet = page(width, 20)
    sheet.text(width / 2, 10, text, ha="center", va="center", color=SECONDARY, gid=_EMPTY)
    return figure_of(sheet)


def page_title(sheet: Axes, contrast: str, *, room: float) -> None:
    """Write the contrast at the head of a page."""
    name = ellipsize(contrast, room, 8, "bold") or "Whole study, no contrast"
    sheet.text(2, 4.2, name, fontsize=8, fontweight="bold", va="center_baseline")


def instead(ax: Axes, y: float, text: str, *, room: float | None = None) -> None:
    """Write why a row has no point in the place of the point, on the paper's ground."""
    ax.axhspan(y - 0.5, y + 0.5, color=PAPER, linewidth=0, zorder=1.5, label="_paper")
    ax.annotate(
        ellipsize(text, room or width_of(ax) - 2, NOTE_SIZE),
        (0, y),
        xycoords=ax.get_yaxis_transform(),
        xytext=(1 / POINT, 0),
        textcoords="offset points",
        annotation_clip=False,
        fontsize=NOTE_SIZE,
        color=SECONDARY,
        va="center_baseline",
        zorder=5,
    )


def empty_note(ax: Axes, text: str) -> None:
    """Say in words why there is nothing to draw."""
    ax.set_xticks([])
    ax.set_yticks([])
    for side in ax.spines.values():
        side.set_visible(False)
    ax.text(
        0.5,
        0.5,
        text,
        transform=ax.transAxes,
        ha="center",
        va="center",
        fontsize=7,
        color=SECONDARY,
        gid=_EMPTY,
    )


def why_empty(figure: Figure) -> str:
    """Say why there was nothing to draw; nothing where there was."""
    found = figure.findobj(lambda artist: artist.get_gid() == _EMPTY)
    return next((t.get_text().removeprefix("nothing to draw: ") for t in found if isinstance(t, Text)), "")
