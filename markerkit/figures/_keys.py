"""What stands around the axes: keys, notes and labels that fit."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from markerkit.figures._palette import FILLS, INK, PAPER, RULE, SECONDARY
from markerkit.figures._rows import NOTE_SIZE
from markerkit.figures._style import MM, POINT, height_of, page_of
from markerkit.figures._text import ellipsize, text_width, widest


def fill_key(verdicts: Sequence[str]) -> list[Line2D]:
    """Return a key of what full, half, empty and grey markers mean, of the verdicts that occur."""
    named: dict[tuple[str, str], list[str]] = {}
    for verdict in FILLS:
        if verdict in verdicts:
            color = RULE if verdict == "not assessable" else INK
            named.setdefault((FILLS[verdict], color), []).append(verdict)
    return [
        Line2D(
            [],
            [],
            marker="o",
            linestyle="none",
            markersize=4.2,
            fillstyle="left" if fill == "left" else "full",
            markerfacecolor=PAPER if fill == "none" else color,
            markerfacecoloralt=PAPER,
            markeredgecolor=color,
            markeredgewidth=0.8,
            label=names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}",
        )
        for (fill, color), names in named.items()
    ]


def key_rows(labels: Sequence[str], room: float) -> tuple[int, int]:
    """Columns and rows of a key in so many mm."""
    columns = max(1, min(len(labels), int(room / (widest(labels, 6) + 6)))) if labels else 1
    return columns, -(-len(labels) // columns)


def key_below(ax: Axes, handles: Sequence[Artist], *, below: float) -> None:
    """Write a key so many mm under the axes, in as many columns as fit to the edge of the figure."""
    if not handles:
        return
    room = (page_of(ax).bbox.x1 - ax.bbox.x0) / page_of(ax).dpi / MM - 1
    columns, _ = key_rows([str(h.get_label()) for h in handles], room)
    ax.legend(
        handles=list(handles),
        loc="upper left",
        bbox_to_anchor=(0, -below / height_of(ax)),
        ncols=columns,
        borderpad=0,
        borderaxespad=0,
        handlelength=1.4,
        handleheight=0.8,
        handletextpad=0.4,
        columnspacing=1.2,
        labelspacing=0.3,
    )


def side_note(ax: Axes, text: str) -> None:
    """Write a note above the right end of the axes."""
    ax.annotate(
        text,
        (1, 1),
        xycoords="axes fraction",
        xytext=(0, 3),
        textcoords="offset points",
        ha="right",
        va="bottom",
        fontsize=NOTE_SIZE,
        color=SECONDARY,
        annotation_clip=False,
    )


def foot_notes(ax: Axes, lines: Sequence[str], *, below: float) -> None:
    """Write lines from the left edge of the figure, so many mm under the axes."""
    left = (ax.bbox.x0 - page_of(ax).bbox.x0) / page_of(ax).dpi / MM - 2
    for i, line in enumerate(lines):
        ax.annotate(
            line,
            (0, 0),
            xycoords="axes fraction",
            xytext=(-left / POINT, -(below + 2.4 * i) / POINT),
            textcoords="offset points",
            fontsize=NOTE_SIZE,
            color=SECONDARY,
            va="center_baseline",
            annotation_clip=False,
        )


def left_out(ax: Axes, n: int, what: str, *, room: float) -> None:
    """Say under the names how many rows a page could not hold."""
    if n > 0:
        ax.annotate(
            ellipsize(f"{n:,} more {what} in the table", room, NOTE_SIZE),
            (0, 0),
            xycoords="axes fraction",
            xytext=(-(room + 2) / POINT, -2.6 / POINT),
            textcoords="offset points",
            fontsize=NOTE_SIZE,
            color=SECONDARY,
            va="center_baseline",
            annotation_clip=False,
        )


def x_label(ax: Axes, *texts: str) -> None:
    """Label the x axis with the first of some texts that fits."""
    middle, page = (ax.bbox.x0 + ax.bbox.x1) / 2, page_of(ax)
    room = 2 * min(middle - page.bbox.x0, page.bbox.x1 - middle) / page.dpi / MM - 2
    ax.set_xlabel(next((t for t in texts if text_width(t, 7) <= room), texts[-1]))
