"""Set tests side by side: competitive and self-contained."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Unpack

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from markerkit.core.wording import counted, number
from markerkit.figures._options import Options, drawing, page_width
from markerkit.figures._palette import CLASSES, INK, PAPER, SECONDARY, SOURCES, family, in_order, look, title
from markerkit.figures._rows import (
    HEAD_SIZE,
    MOST_ROWS,
    Margins,
    Slot,
    bare_y,
    beside,
    blank_page,
    guides,
    instead,
    names_width,
    page,
    slots,
    value_ticks,
    write_names,
)
from markerkit.figures._style import POINT, figure_of, height_of, page_of, place, width_of
from markerkit.figures._tables import FloatArray, contrast_rows, count_text, numbers, words
from markerkit.figures._text import ellipsize, text_width

_COLUMNS = ("set", "method", "direction", "pvalue", "padj", "n_set", "n_measured", "status", "reason")
_MEANING = {
    "camera": "camera (against the other proteins)",
    "fry": "fry (against no change)",
    "gsea": "GSEA (genes sampled: p without FDR)",
    "ora": "over-representation",
}
_MOST_METHODS = 3


def enrichment(
    table: pd.DataFrame,
    *,
    contrast: str | None = None,
    alpha: float = 0.05,
    width: str | float = "double",
    **options: Unpack[Options],
) -> Figure:
    """Draw set tests, one panel per method, on one list of sets.

    Parameters
    ----------
    table
        Table ``enrichment``.
    contrast
        Contrast to draw; may be left out where there is one.
    alpha
        Adjusted p up to which a marker is full.
    width
        89, 120 or 183 mm.
    **options
        Title, size, colors, and the figure to draw into: :class:`Options`.

    Returns
    -------
    Figure
        -log10 p to the right for sets that are up and to the left for those
        that are down. At most 60 sets and three methods are drawn; sets that could not be tested only where they
        are classes or sources.

    Raises
    ------
    InputError
        A column is missing, or the contrast is unknown or not named.
    """
    rows, contrast = contrast_rows(table, _COLUMNS, "enrichment", contrast)
    present = list(dict.fromkeys(words(rows, "method")))
    methods = ([m for m in _MEANING if m in present] + [m for m in present if m not in _MEANING])[
        :_MOST_METHODS
    ]
    keys = in_order(words(rows, "set"))
    tested = set(words(rows, "set")[np.isfinite(numbers(rows, "pvalue"))])
    kept = [k for k in keys if k in tested or k in CLASSES or k in SOURCES]
    shown = kept[:MOST_ROWS]
    names = [title(k) for k in shown]
    lines = slots([family(k) for k in shown])
    full = page_width(width, options)
    room = names_width(names, full)
    with drawing(options):
        if not methods:
            return blank_page(full, "nothing to draw: no set was tested")
        unit = min(3.7, 205 / (lines[-1].y + 1))
        inner = max(unit * (lines[-1].y + 1), 9)
        sheet = page(full, 12.5 + inner + 10 + (3 if len(shown) < len(keys) else 0))
        sheet.text(2, 3.6, ellipsize(contrast, full - 60, 7, "bold"), fontweight="bold", va="center_baseline")
        note = f"full: FDR ≤ {number(100 * alpha)} %"
        sheet.text(full - 2, 3.6, note, fontsize=5.5, ha="right", va="center_baseline", color=SECONDARY)
        panels = _panels(sheet, methods, lines, Margins(room + 4, 15, 12.5, 10), inner)
        for i, (ax, method) in enumerate(zip(panels, methods, strict=True)):
            part = _aligned(rows[words(rows, "method") == method], shown)
            if i == 0:
                write_names(ax, lines, names, room=room)
            _draw(ax, part, lines, alpha)
            _words(ax, method)
        _counts(panels[-1], rows, shown, lines)
        _not_shown(sheet, len(keys) - len(kept), len(kept) - len(shown))
    return figure_of(sheet)


def _not_shown(sheet: Axes, few: int, more: int) -> None:
    """Count the sets of the table that are not drawn."""
    reasons = ((few, "of which too few members were measured"), (more, "for which the page has no room"))
    said = [f"{counted(n, 'set')} {why}" for n, why in reasons if n > 0]
    if said:
        full, bottom = sheet.get_xlim()[1], max(sheet.get_ylim())
        text = ellipsize(f"In the table only: {'; '.join(said)}.", full - 4, 5.5)
        sheet.text(2, bottom - 1.4, text, fontsize=5.5, color=SECONDARY, va="center_baseline")


def _panels(
    sheet: Axes, methods: Sequence[str], lines: Sequence[Slot], margins: Margins, inner: float
) -> list[Axes]:
    full = sheet.get_xlim()[1]
    gap = 6.0
    wide = (full - margins.left - margins.right + gap) / len(methods) - gap
    found = []
    for i in range(len(methods)):
        ax = place(page_of(sheet), margins.left + i * (wide + gap), margins.top, wide, inner)
        ax.set_ylim(lines[-1].y + 0.5, -0.5)
        bare_y(ax)
        found.append(ax)
    return found


def _aligned(rows: pd.DataFrame, keys: Sequence[str]) -> pd.DataFrame:
    """Return one row per set, in order; a set that the method lacks is empty."""
    first = rows.loc[~words(rows, "set").duplicated()]
    return (
        first.set_index(words(first, "set")).reindex(list(keys)).reset_index(drop=True).assign(key=list(keys))
    )


def signed(table: pd.DataFrame) -> FloatArray:
    """Return -log10 p with the sign of the direction; p = 0 stands at the smallest p above it."""
    p = numbers(table, "pvalue")
    positive = p[np.isfinite(p) & (p > 0)]
    floor = max(float(positive.min()), 1e-300) if positive.size else 1e-300
    height = -np.log10(np.clip(p, floor, 1)) + 0.0
    return np.where(words(table, "direction") == "down", -height, height)


def _draw(ax: Axes, table: pd.DataFrame, lines: Sequence[Slot], alpha: float) -> None:
    x, padj = signed(table), numbers(table, "padj")
    seen: NDArray[np.bool_] = np.isfinite(x)
    reach = max(float(np.abs(x[seen]).max()) * 1.1 if seen.any() else 1.0, 1.5)
    ax.set_xlim(-reach, reach)
    guides(ax, lines, seen)
    ax.axvline(0, color=INK, linewidth=0.5, zorder=1, label="_zero")
    for slot in lines:
        if slot.row < 0:
            continue
        if not seen[slot.row]:
            said = words(table, "reason")[slot.row] or words(table, "status")[slot.row] or "not tested"
            instead(ax, slot.y, said)
            continue
        key = table["key"][slot.row]
        color = look(key).color if family(key) == "Vesicle classes" else INK
        ax.plot([0, x[slot.row]], [slot.y] * 2, color=color, linewidth=0.8, zorder=2, label="_stem")
        passed = bool(padj[slot.row] <= alpha)
        ax.plot(
            [x[slot.row]],
            [slot.y],
            marker="o",
            markersize=4,
            markerfacecolor=color if passed else PAPER,
            markeredgecolor=color,
            markeredgewidth=0.8,
            linestyle="none",
            zorder=3,
            label="_point",
        )


def _words(ax: Axes, method: str) -> None:
    value_ticks(ax)
    ax.xaxis.set_major_formatter(lambda v, _: number(abs(v)))
    label = "−log₁₀ p (left: down, right: up)"
    ax.set_xlabel(label if text_width(label, 7) < width_of(ax) + 4 else "−log₁₀ p")
    heading = ellipsize(_MEANING.get(method, method), width_of(ax) + 4, HEAD_SIZE, "bold")
    top = 1 + 2.6 / height_of(ax)
    ax.text(
        0, top, heading, transform=ax.transAxes, fontsize=HEAD_SIZE, fontweight="bold", va="center_baseline"
    )


def _counts(ax: Axes, rows: pd.DataFrame, keys: Sequence[str], lines: Sequence[Slot]) -> None:
    """Write how much of each set was measured, once for all methods."""
    counts = count_text(_aligned(rows, keys))
    for slot in lines:
        if slot.row >= 0:
            beside(ax, slot.y, counts[slot.row], right=13, fontsize=5.5, ha="right", color=SECONDARY)
    top = 1 + 2.6 / height_of(ax)
    ax.annotate(
        "measured",
        (1, top),
        xycoords="axes fraction",
        xytext=(13 / POINT, 0),
        textcoords="offset points",
        ha="right",
        va="center_baseline",
        fontsize=5.5,
        color=SECONDARY,
        annotation_clip=False,
    )
