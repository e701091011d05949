"""Missing values, spread and similarity of the samples of every group."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Unpack

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from markerkit.core.wording import percent
from markerkit.figures._keys import key_below, left_out, x_label
from markerkit.figures._options import Options, drawing, page_width
from markerkit.figures._palette import INK, PAPER, RULE, SECONDARY
from markerkit.figures._rows import (
    MOST_ROWS,
    NAME_SIZE,
    bare_y,
    beside,
    blank_page,
    guides,
    instead,
    slots,
    write_names,
)
from markerkit.figures._style import MAX_HEIGHT, open_page, place, root_of
from markerkit.figures._tables import checked, numbers, words
from markerkit.figures._text import clean, widest

_COLUMNS = ("group", "n_samples", "n_proteins", "n_in_all", "n_in_some", "n_in_none", "missing", "cv_median", "cv_q25",
            "cv_q75", "r_within", "r_within_lowest", "r_between")  # fmt: skip
_TOP, _BOTTOM, _GAP, _ROW = 5.5, 17.5, 5.0, 5.0
_SHADES = (("n_in_all", "in all samples", "#4d4d4d", ""), ("n_in_some", "in some", "#b0b0b0", ""),
           ("n_in_none", "in none", PAPER, "//////"))  # fmt: skip


def group_values(
    table: pd.DataFrame,
    *,
    groups: Sequence[str] | None = None,
    width: str | float = "double",
    **options: Unpack[Options],
) -> Figure:
    """Draw missing values, coefficients of variation and correlations group by group.

    Parameters
    ----------
    table
        Table ``group_values``.
    groups
        Groups to draw, in order; all by default.
    width
        120 or 183 mm; 89 mm has room for few signs of a name.
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
    Left, the proteins of the study that were measured in all, some and none of the samples of a group, with the share
    of values that are missing. Middle, median and quartiles of the coefficients of variation. Right, the median and
    the lowest correlation of two samples of the group, and the median with the preparations of other groups.
    """
    rows = checked(table, _COLUMNS, "group_values")
    full = page_width(width, options)
    if groups is not None:
        place_of = {g: i for i, g in enumerate(groups)}
        rows = rows[words(rows, "group").isin(list(place_of))]
        rows = rows.iloc[np.argsort(words(rows, "group").map(place_of).to_numpy(dtype=float), kind="stable")]
    more = max(len(rows) - MOST_ROWS, 0)
    rows = rows.iloc[:MOST_ROWS].reset_index(drop=True)
    with drawing(options, colors=False):
        if not np.isfinite(numbers(rows, "n_samples")).any():
            return blank_page(full, "nothing to draw: no group")
        return _draw(rows, more, full)


def _draw(rows: pd.DataFrame, more: int, full: float) -> Figure:
    names = [
        f"{clean(g)} ({n:.0f})" for g, n in zip(words(rows, "group"), numbers(rows, "n_samples"), strict=True)
    ]
    lines = slots([""] * len(rows))
    room = min(max(widest(names, NAME_SIZE) + 2, 14.0), 0.24 * full, 45.0)
    height = min(_ROW * len(rows), MAX_HEIGHT - _TOP - _BOTTOM)
    figure = open_page(full, _TOP + height + _BOTTOM)
    wide = (full - room - 4 - 14 - 2 * _GAP - 4) / 3
    lefts = [room + 4, room + 4 + wide + 14, room + 4 + 2 * wide + 14 + _GAP]
    axes = [place(figure, left, _TOP, wide, height) for left in lefts]
    for ax in axes:
        ax.set_ylim(len(rows) - 0.5, -0.5)
        bare_y(ax)
    write_names(axes[0], lines, names, room=room)
    _presence(axes[0], rows)
    _variation(axes[1], rows)
    _correlation(axes[2], rows)
    left_out(axes[0], more, "groups", room=room)
    return root_of(figure)


def _presence(ax: Axes, rows: pd.DataFrame) -> None:
    start = np.zeros(len(rows))
    y = np.arange(len(rows))
    handles: list[Artist] = []
    for column, label, color, hatch in _SHADES:
        n = np.nan_to_num(numbers(rows, column))
        ax.barh(
            y,
            n,
            left=start,
            height=0.62,
            facecolor=color,
            edgecolor=INK,
            hatch=hatch or None,
            linewidth=0.5,
            label="_part",
        )
        start = start + n
        handles.append(Patch(facecolor=color, edgecolor=INK, hatch=hatch or None, linewidth=0.5, label=label))
    high = float(start.max())
    _three_ticks(ax, 0, 1.01 * max(high, 1.0))
    for i, share in enumerate(numbers(rows, "missing")):
        beside(
            ax,
            i,
            percent(share, 2) if np.isfinite(share) else "–",
            right=12.0,
            fontsize=6,
            ha="right",
            color=SECONDARY,
        )
    beside(ax, -0.5 - 2.6 / _ROW, "missing", right=12.0, fontsize=6, ha="right", color=SECONDARY)
    x_label(ax, "Proteins measured", "Proteins")
    key_below(ax, handles, below=9.0)


def _three_ticks(ax: Axes, low: float, high: float) -> None:
    """Put few ticks, so that labels of panels side by side stay apart."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    ax.xaxis.set_major_locator(MaxNLocator(3, steps=[1, 2, 5, 10]))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda v, _: f"{v:,.10g}"))
    ax.set_xlim(low, high)


def _variation(ax: Axes, rows: pd.DataFrame) -> None:
    middle, low, high = (100 * numbers(rows, c) for c in ("cv_median", "cv_q25", "cv_q75"))
    ends = high[np.isfinite(high)]
    top = float(ends.max()) if ends.size else 100.0
    _three_ticks(ax, 0, max(top * 1.08, 1.0))
    guides(ax, slots([""] * len(rows)), np.isfinite(middle))
    for i in range(len(rows)):
        if np.isfinite(middle[i]):
            ax.plot(
                [low[i], high[i]], [i, i], color=INK, linewidth=1.2, solid_capstyle="butt", label="_quartiles"
            )
            _dot(ax, middle[i], i, "o", filled=True)
        else:
            instead(ax, i, words(rows, "cv_reason").iloc[i] or "not computed")
    x_label(ax, "Coefficient of variation (%)", "CV (%)")
    key_below(
        ax,
        [
            _mark("o", filled=True, label="median"),
            Line2D([], [], color=INK, linewidth=1.2, label="quartiles"),
        ],
        below=9.0,
    )


def _correlation(ax: Axes, rows: pd.DataFrame) -> None:
    within, lowest, between = (numbers(rows, c) for c in ("r_within", "r_within_lowest", "r_between"))
    joined = np.concatenate([within, lowest, between])
    joined = joined[np.isfinite(joined)]
    low = float(np.floor(min(joined.min(), 0.8) * 5) / 5) if joined.size else 0.0
    _three_ticks(ax, low, 1.02)
    guides(ax, slots([""] * len(rows)), np.isfinite(within) | np.isfinite(between))
    for i in range(len(rows)):
        if np.isfinite(between[i]):
            _dot(ax, between[i], i, "D", filled=False)
        if np.isfinite(within[i]):
            _span(ax, lowest[i], within[i], i)
            _dot(ax, within[i], i, "o", filled=True)
        if not np.isfinite(within[i]) and not np.isfinite(between[i]):
            instead(ax, i, words(rows, "r_reason").iloc[i] or "not computed")
    x_label(ax, "Pearson r of two samples, log₂", "Pearson r, log₂", "Pearson r")
    handles = [
        _mark("o", filled=True, label="within group, down to the lowest"),
        _mark("D", filled=False, label="with other groups"),
    ]
    key_below(ax, handles, below=9.0)


def _span(ax: Axes, low: float, high: float, y: float) -> None:
    if np.isfinite(low):
        ax.plot(
            [low, high], [y, y], color=RULE, linewidth=0.8, solid_capstyle="butt", label="_down to the lowest"
        )


def _dot(ax: Axes, x: float, y: float, marker: str, *, filled: bool) -> None:
    ax.plot(
        [x], [y], marker=marker, markersize=3.6, linestyle="none", markerfacecolor=INK if filled else PAPER,
        markeredgecolor=INK, markeredgewidth=0.7, zorder=4, clip_on=False, label="_point",
    )  # fmt: skip


def _mark(marker: str, *, filled: bool, label: str) -> Line2D:
    return Line2D(
        [], [], marker=marker, linestyle="none", markersize=3.6, markerfacecolor=INK if filled else PAPER,
        markeredgecolor=INK, markeredgewidth=0.7, label=label,
    )  # fmt: skip
