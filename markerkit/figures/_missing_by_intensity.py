"""Missing values against intensity, one small panel per group."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Unpack

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from markerkit.core.wording import odds_ratio
from markerkit.figures._options import Options, drawing, page_width
from markerkit.figures._palette import INK, RULE, SECONDARY
from markerkit.figures._rows import blank_page, page, value_ticks
from markerkit.figures._style import MAX_HEIGHT, figure_of, page_of, place
from markerkit.figures._tables import checked, numbers, span, words
from markerkit.figures._text import ellipsize

_COLUMNS = ("group", "log2_median", "log2_from", "log2_to", "missing")
_MOST, _LEFT, _PANEL, _ABOVE, _BELOW = 12, 11.0, 26.0, 9.0, 5.5  # panels; mm
_LEAST_WIDTH, _FOOT = 38.0, 8.0


def missing_by_intensity(
    table: pd.DataFrame,
    group_values: pd.DataFrame | None = None,
    *,
    groups: Sequence[str] | None = None,
    width: str | float = "double",
    **options: Unpack[Options],
) -> Figure:
    """Draw the share of missing values against the mean intensity of the proteins.

    Parameters
    ----------
    table
        Table ``missing_by_intensity``.
    group_values
        Table ``group_values``, for the slopes and what they mean.
    groups
        Groups to draw, in order; by default the first twelve.
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
    A point is a bin of equally many proteins, a line its range of intensities. A share that falls to the right says
    that faint proteins are missing because they are faint.
    """
    rows = checked(table, _COLUMNS, "missing_by_intensity")
    full = page_width(width, options)
    rows = rows.assign(
        _group=words(rows, "group"), _x=numbers(rows, "log2_median"), _y=100 * numbers(rows, "missing")
    )
    rows = rows[np.isfinite(rows["_x"]) & np.isfinite(rows["_y"])]
    known = list(dict.fromkeys(rows["_group"]))
    shown = known if groups is None else [g for g in groups if g in known]
    with drawing(options, colors=False):
        if not shown:
            return blank_page(full, "nothing to draw: no group of two samples or more")
        if not (rows["_y"] > 0).any():
            return blank_page(
                full, "nothing to draw: no value is missing in the proteins that a group measured"
            )
        return _draw(rows, shown, _slopes(group_values), full)


def _slopes(table: pd.DataFrame | None) -> dict[str, str]:
    """Write slope and word of every group."""
    if table is None:
        return {}
    rows = checked(table, ("group", "missing_slope", "missing_values"), "group_values")
    ends = [numbers(rows, f"missing_slope{c}") for c in ("", "_ci_low", "_ci_high")]
    found = {}
    texts = zip(*(words(rows, c) for c in ("group", "missing_values", "missing_reason")), strict=True)
    for (group, word, reason), slope, low, high in zip(texts, *ends, strict=True):
        known = np.isfinite(slope)
        text = f"{odds_ratio(slope, low, high)} per doubling" if known else reason
        found[group] = ": ".join(filter(None, [word, text]))
    return found


def _draw(rows: pd.DataFrame, shown: Sequence[str], slopes: dict[str, str], full: float) -> Figure:
    columns = max(1, min(len(shown), int((full - 2) / (_LEFT + _LEAST_WIDTH))))
    panels = shown[: min(_MOST, columns * int((MAX_HEIGHT - _FOOT) / (_ABOVE + _PANEL + _BELOW)))]
    deep = -(-len(panels) // columns)
    wide = min((full - 2) / columns - _LEFT, 80.0)
    sheet = page(full, deep * (_ABOVE + _PANEL + _BELOW) + _FOOT)
    inside = rows[rows["_group"].isin(panels)]
    limits = span(
        inside["_x"].to_numpy(dtype=float), numbers(inside, "log2_from"), numbers(inside, "log2_to")
    )
    for i, group in enumerate(panels):
        left = (i % columns) * (_LEFT + wide) + _LEFT
        top = (i // columns) * (_ABOVE + _PANEL + _BELOW) + _ABOVE
        ax = place(page_of(sheet), left, top, wide - 3, _PANEL)
        _panel(ax, inside[inside["_group"] == group], limits)
        name = ellipsize(group, wide - 4, 6.5, "bold") or "no name"
        sheet.text(left, top - 5.4, name, fontsize=6.5, fontweight="bold", va="center_baseline")
        note = ellipsize(slopes.get(group, ""), wide, 5.5)
        sheet.text(left, top - 2.4, note, fontsize=5.5, va="center_baseline", color=SECONDARY)
    bottom = deep * (_ABOVE + _PANEL + _BELOW)
    sheet.text(
        _LEFT,
        bottom + 1.6,
        "Mean log₂ intensity of the protein in the group",
        fontsize=7,
        va="center_baseline",
    )
    sheet.text(
        2.2, _ABOVE + _PANEL / 2, "Values missing (%)", rotation=90, fontsize=7, ha="center", va="center"
    )
    note = "Odds of a missing value against those of a measured one, for twice the intensity; in parentheses: 95 % interval."
    more = f" {len(shown) - len(panels)} more groups stand in the table." if len(shown) > len(panels) else ""
    sheet.text(
        _LEFT,
        bottom + 5.2,
        ellipsize(note + more, full - _LEFT - 2, 5.5),
        fontsize=5.5,
        va="center_baseline",
        color=SECONDARY,
    )
    return figure_of(sheet)


def _panel(ax: Axes, rows: pd.DataFrame, limits: tuple[float, float]) -> None:
    x, y = rows["_x"].to_numpy(dtype=float), rows["_y"].to_numpy(dtype=float)
    low, high = numbers(rows, "log2_from"), numbers(rows, "log2_to")
    there = np.isfinite(low) & np.isfinite(high)
    ax.hlines(y[there], low[there], high[there], color=RULE, linewidth=0.7, label="_range")
    ax.plot(x, y, color=INK, linewidth=0.75, marker="o", markersize=3, label="_missing")
    ax.set_xlim(*limits)
    ax.set_ylim(-3, 103)
    ax.set_yticks([0, 50, 100], ["0", "50", "100"])
    value_ticks(ax, most=5)
