"""Identity of one contrast: effect, margin, negatives and verdict of every class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Unpack

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from markerkit.core.wording import number
from markerkit.figures._options import Options, drawing, page_width
from markerkit.figures._palette import (
    CLASSES,
    FAINT,
    INK,
    PAPER,
    RULE,
    SECONDARY,
    ZONE,
    Look,
    in_order,
    look,
    title,
)
from markerkit.figures._rows import (
    LOG2_FC,
    NAME_SIZE,
    NOTE_SIZE,
    bare_y,
    chip,
    interval,
    page,
    page_title,
    point,
    value_ticks,
)
from markerkit.figures._style import figure_of, page_of, place
from markerkit.figures._tables import (
    FloatArray,
    contrast_rows,
    count_text,
    interval_limits,
    numbers,
    which,
    words,
)
from markerkit.figures._text import ellipsize, text_width, wrap

_COLUMNS = ("class", "operational_name", "verdict", "reason", "log2_fc", "ci_low", "ci_high")
_WIDTH, _TOP, _ROW, _BOTTOM = 183.0, 15.0, 10.4, 13.5


@dataclass(frozen=True)
class _Panel:
    """A column of the figure that holds an axis: its box in mm and the columns that it draws."""

    heading: str
    label: str
    left: float
    width: float
    columns: tuple[str, str, str]


_SEEN = 0.05  # log2: a smaller difference cannot be seen on the axis
_EFFECT = _Panel("Markers of the class", LOG2_FC, 51, 45, ("log2_fc", "ci_low", "ci_high"))
_MARGIN = _Panel("Margin", "log₂ difference", 100, 27, ("margin", "margin_ci_low", "margin_ci_high"))
_NEGATIVES = _Panel(
    "Negatives",
    "log₂ fold change",
    131,
    19,
    ("negatives_log2_fc", "negatives_ci_low", "negatives_ci_high"),
)
_COUNT_LEFT, _VERDICT_LEFT, _CHIP_WIDTH = 36.3, 154.0, 21.0


def identity_summary(
    identity: pd.DataFrame,
    *,
    contrast: str | None = None,
    eta: float = 1.0,
    delta: float = 1.0,
    confidence: float = 0.9,
    **options: Unpack[Options],
) -> Figure:
    """Draw what every vesicle class came to in one contrast, and why.

    Parameters
    ----------
    identity
        Table ``identity``.
    contrast
        Contrast to draw; may be left out where there is one.
    eta
        Half-width of the zone of equivalence, log2: an effect shown to be below
        it makes a class ``not compatible``.
    delta
        Smallest effect that counts as enriched, log2.
    confidence
        Level of the intervals in the table.
    **options
        Title, size, colors, and the figure to draw into: :class:`Options`.

    Returns
    -------
    Figure
        183 mm wide: per class the effect with its interval, the margin over
        the worst competitor, the negative markers, and the verdict with its reason.

    Raises
    ------
    InputError
        A column is missing, or the contrast is unknown or not named.
    """
    table, contrast = contrast_rows(identity, _COLUMNS, "identity", contrast)
    keys = words(table, "class")
    order = [i for key in in_order(keys) for i in which(keys == key)]
    table = table.iloc[order].reset_index(drop=True)
    page_width("double", options, least=_WIDTH)
    with drawing(options):
        bottom = 4.0 if _without_effect(table).all() else _BOTTOM
        sheet = page(_WIDTH, _TOP + _ROW * max(len(table), 1) + bottom)
        _frame(sheet, table, contrast)
        _names(sheet, table)
        if not len(table):
            sheet.text(_EFFECT.left, _TOP + _ROW / 2, "no class in this table", va="center", color=SECONDARY)
            return figure_of(sheet)
        for panel in (_EFFECT, _MARGIN, _NEGATIVES):
            _draw_panel(sheet, panel, table, (eta, delta))
        _verdicts(sheet, table)
        if not _without_effect(table).all():
            _key(sheet, table, (eta, delta), confidence)
        return figure_of(sheet)


def _y(row: int, share: float = 0.5) -> float:
    return _TOP + _ROW * (row + share)


def _frame(sheet: Axes, table: pd.DataFrame, contrast: str) -> None:
    page_title(sheet, contrast, room=150)
    heads = [(2.0, "Class"), (_COUNT_LEFT, "Measured"), (_VERDICT_LEFT, "Verdict")]
    heads += [(p.left, p.heading) for p in (_EFFECT, _MARGIN, _NEGATIVES)]
    for left, text in heads:
        sheet.text(left, _TOP - 3.2, text, fontsize=6.5, fontweight="bold", va="center_baseline")
    for row in range(len(table) + 1):
        strong = row in (0, len(table))
        color, width = (INK, 0.6) if strong else (FAINT, 0.5)
        sheet.plot([2, _WIDTH - 2], [_y(row, 0)] * 2, color=color, linewidth=width, label="_rule")


def _names(sheet: Axes, table: pd.DataFrame) -> None:
    counts = count_text(table)
    n_markers = numbers(table, "n_independent")
    for row, (key, operational) in enumerate(
        zip(words(table, "class"), words(table, "operational_name"), strict=True)
    ):
        lines = wrap(operational, 33.9, NOTE_SIZE, lines=2)
        top = 0.34 if len(lines) == 1 else 0.24
        shown = look(key)
        sheet.plot(
            [3.2],
            [_y(row, top)],
            marker=shown.marker,
            color=shown.color,
            markersize=4,
            linestyle="none",
            label="_key",
        )
        name = ellipsize(title(key), 30, NAME_SIZE, "bold")
        sheet.text(5.2, _y(row, top), name, fontsize=NAME_SIZE, fontweight="bold", va="center_baseline")
        for i, line in enumerate(lines):
            y = _y(row, top) + 2.7 + 2.2 * i
            sheet.text(2.2, y, line, fontsize=NOTE_SIZE, color=SECONDARY, va="center_baseline")
        sheet.text(_COUNT_LEFT, _y(row, 0.4), counts[row], fontsize=6, va="center_baseline")
        if np.isfinite(n_markers[row]):
            text = f"{int(n_markers[row])} independent"
            sheet.text(
                _COUNT_LEFT, _y(row, 0.4) + 2.5, text, fontsize=5, color=SECONDARY, va="center_baseline"
            )


def _draw_panel(sheet: Axes, panel: _Panel, table: pd.DataFrame, zone: tuple[float, float]) -> None:
    ax = place(page_of(sheet), panel.left, _TOP, panel.width, _ROW * len(table))
    value, low, high = (numbers(table, c) for c in panel.columns)
    is_effect = panel is _EFFECT
    bounded = [numbers(table, f"bounded_{c}") for c in panel.columns] if is_effect else []
    if not np.isfinite(np.concatenate([value, *bounded])).any():
        ax.remove()
        return
    called = words(table, "verdict").isin(["compatible", "not compatible"]).to_numpy(dtype=bool)
    always = [0.0, -zone[0], zone[0]] if is_effect else [0.0]
    ax.set_xlim(*interval_limits([value, *bounded[:1]], [low, high, *bounded[1:]], called, always))
    ax.set_ylim(len(table), 0)
    ax.patch.set_visible(False)
    bare_y(ax)
    for row in which(~_without_effect(table)):
        _background(ax, row, zone if is_effect else None)
    for row, key in enumerate(words(table, "class")):
        doubled = is_effect and _differs((value, low, high), bounded, row)
        y = row + 0.5 if is_effect and not doubled else row + 0.38
        if np.isfinite(value[row]):
            _mark(ax, (value[row], low[row], high[row]), y, look(key), words(table, "verdict")[row])
        if doubled:
            _draw_bounded(ax, [b[row] for b in bounded], row + 0.68)
        if panel is _MARGIN and np.isfinite(value[row]):
            _name_competitor(ax, row, words(table, "competing_class")[row], panel.width)
    value_ticks(ax, most=6 if is_effect else 4)
    ax.set_xlabel(panel.label, fontsize=6.5)


def _mark(ax: Axes, values: tuple[float, float, float], y: float, shown: Look, verdict: str) -> None:
    """Draw an estimate with its interval; grey and dashed where it led to no verdict."""
    value, low, high = values
    sure = verdict != "not assessable"
    color = shown.color if sure else RULE
    interval(ax, low, high, y, color=color, sure=sure)
    point(ax, value, y, color=color, verdict=verdict, marker=shown.marker)


def _name_competitor(ax: Axes, row: int, competitor: str, room: float) -> None:
    name = title(competitor)
    text = ellipsize(f"over {name.lower() if competitor in CLASSES else name}", room - 1, 5.5)
    ax.text(
        0,
        row + 0.77,
        text,
        transform=ax.get_yaxis_transform(),
        fontsize=5.5,
        color=SECONDARY,
        va="center_baseline",
        zorder=3,
        bbox={"facecolor": PAPER, "edgecolor": "none", "pad": 0.6},
    )


def _without_effect(table: pd.DataFrame) -> NDArray[np.bool_]:
    """Rows that have no effect to draw."""
    return ~np.isfinite(numbers(table, "log2_fc")) & ~np.isfinite(numbers(table, "bounded_log2_fc"))


def _background(ax: Axes, row: int, zone: tuple[float, float] | None) -> None:
    """Draw the line of no change behind one row, with the zone of equivalence and the smallest effect."""
    if zone:
        eta, delta = zone
        ax.fill_between([-eta, eta], row, row + 1, color=ZONE, linewidth=0, zorder=0, label="_zone")
        ax.plot(
            [delta] * 2,
            [row, row + 1],
            color=RULE,
            linewidth=0.5,
            linestyle=(0, (2, 2)),
            zorder=1,
            label="_delta",
        )
    ax.plot([0, 0], [row, row + 1], color=INK, linewidth=0.5, zorder=1, label="_zero")


def _differs(values: Sequence[FloatArray], bounded: Sequence[FloatArray], row: int) -> bool:
    """Whether counting proteins detected in one group only moves the effect or an end of its interval so that it is seen."""
    plain, other = (np.array([v[row] for v in some]) for some in (values, bounded))
    if not np.isfinite(other[0]):
        return False
    return not (np.isfinite(plain[0]) and np.allclose(plain, other, rtol=0, atol=_SEEN, equal_nan=True))


def _draw_bounded(ax: Axes, values: list[float], y: float) -> None:
    interval(ax, values[1], values[2], y, color=RULE, width=0.6)
    ax.plot(
        [values[0]], [y], marker="d", markersize=2.8, color=RULE, linestyle="none", zorder=4, label="_bounded"
    )


def _verdicts(sheet: Axes, table: pd.DataFrame) -> None:
    silent = _without_effect(table)
    reasons, next_steps = words(table, "reason"), words(table, "next_step")
    for row, verdict in enumerate(words(table, "verdict")):
        if silent[row]:
            _write_reason(sheet, row, reasons[row], next_steps[row])
        lines = [] if silent[row] else wrap(reasons[row], 27, NOTE_SIZE, lines=2)
        top = _y(row, 0.5) - 1.15 * len(lines)
        chip(sheet, _VERDICT_LEFT, top, _CHIP_WIDTH, verdict)
        for i, line in enumerate(lines):
            sheet.text(
                _VERDICT_LEFT + 0.3,
                top + 3.2 + 2.2 * i,
                line,
                fontsize=NOTE_SIZE,
                color=SECONDARY,
                va="center_baseline",
            )


def _key(sheet: Axes, table: pd.DataFrame, zone: tuple[float, float], confidence: float) -> None:
    """Say under the axes what the marks mean."""
    y = _y(len(table), 0) + 11.6
    text = (
        f"Bars: {number(100 * confidence)} % intervals. Shaded: zone of equivalence, ±{number(zone[0])} log₂. "
        f"Dashed: smallest effect that counts, {number(zone[1])}."
    )
    sheet.text(2, y, text, fontsize=5.5, color=SECONDARY, va="center_baseline")
    plain, other = ([numbers(table, f"{kind}{c}") for c in _EFFECT.columns] for kind in ("", "bounded_"))
    if any(_differs(plain, other, row) for row in range(len(table))):
        left = 2 + text_width(text, 5.5) + 3.2
        sheet.plot([left], [y], marker="d", markersize=2.8, color=RULE, linestyle="none", label="_key")
        text = "with proteins found in one group only, where that differs"
        sheet.text(left + 1.4, y, text, fontsize=5.5, color=SECONDARY, va="center_baseline")


def _write_reason(sheet: Axes, row: int, reason: str, next_step: str) -> None:
    """Write the reason where the points would be."""
    room = _VERDICT_LEFT - _EFFECT.left - 4
    lines = [(t, INK) for t in wrap(reason or "no reason given", room, 6, lines=1 if next_step else 2)]
    if next_step:
        lines += [(t, SECONDARY) for t in wrap(f"Next step: {next_step}", room, 6, lines=2)]
    for i, (text, color) in enumerate(lines):
        y = _y(row, 0.5) + 2.5 * (i - (len(lines) - 1) / 2)
        sheet.text(_EFFECT.left, y, text, fontsize=6, color=color, va="center_baseline")
