"""Forest plot of set effects: classes and sources with their intervals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Unpack

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from markerkit.core.errors import InputError
from markerkit.figures._keys import fill_key, key_below, key_rows, left_out, x_label
from markerkit.figures._options import Options, drawing, page_width
from markerkit.figures._palette import INK, RULE, SECONDARY, family, in_order, look, title
from markerkit.figures._rows import (
    LOG2_FC,
    MOST_ROWS,
    Margins,
    Slot,
    beside,
    empty_note,
    guides,
    instead,
    interval,
    names_width,
    point,
    row_axes,
    slots,
    value_ticks,
    write_names,
    zero_and_zone,
)
from markerkit.figures._style import POINT
from markerkit.figures._tables import (
    contrast_rows,
    count_text,
    interval_limits,
    numbers,
    which,
    words,
)
from markerkit.figures._text import ellipsize, text_width, widest

_COLUMNS = ("verdict", "log2_fc", "ci_low", "ci_high", "n_set", "n_measured", "reason")


def forest(
    *tables: pd.DataFrame,
    contrast: str | None = None,
    ax: Axes | None = None,
    eta: float = 1.0,
    assessed_only: bool = False,
    width: str | float = "middle",
    **options: Unpack[Options],
) -> Axes:
    """Draw the effect of every class and source with its interval, grouped.

    Parameters
    ----------
    *tables
        Tables ``identity``, ``comparison`` and ``purity``, one or several.
    contrast
        Contrast to draw; may be left out where there is one.
    ax
        Axes to draw on; a new figure by default. The names stand to the left
        of the axes and the counts to the right.
    eta
        Half-width of the zone of equivalence, log2.
    assessed_only
        Leave out rows without an effect; their number is said.
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
        No table, a column is missing, or the contrast is unknown or not named.

    Notes
    -----
    Full markers are ``compatible`` or ``higher``, half ones ``unresolved``,
    empty ones ``not compatible``, ``similar`` or ``lower``. What is not assessable has
    its reason in place of a point unless an effect was measured.
    """
    table, contrast = _joined(tables, contrast)
    rows = len(table)
    if assessed_only:
        table = table[np.isfinite(table["log2_fc"])].reset_index(drop=True)
    table = table.iloc[:MOST_ROWS]
    more = rows - len(table)
    keys = list(table["key"])
    lines = slots([family(k) for k in keys])
    names = [title(k) for k in keys]
    room = names_width(names, page_width(width, options))
    counts = count_text(table)
    right = max(widest(counts, 6), text_width("measured", 6)) + 3
    with drawing(options, ax):
        key = fill_key(list(table["verdict"]))
        _, deep = key_rows([str(h.get_label()) for h in key], page_width(width, options) - room - 5)
        margins = Margins(room + 4, right + 2, 9, 11 + 3 * deep)
        ax = row_axes(ax, lines, margins, width=page_width(width, options))
        if not len(table):
            empty_note(
                ax,
                "nothing to draw: no two groups were compared (name a contrast, such as EV against lysate)",
            )
            return ax
        write_names(ax, lines, names, room=room)
        guides(ax, lines, np.isfinite(table["log2_fc"]))
        zero_and_zone(ax, eta)
        _points(ax, table, lines, eta)
        for slot in lines:
            if slot.row >= 0:
                beside(ax, slot.y, counts[slot.row], right=right, fontsize=6, ha="right", color=SECONDARY)
        _above(ax, "measured", right=right)
        ax.set_title(ellipsize(contrast, 70, 7, "bold"), pad=9)
        if np.isfinite(table["log2_fc"]).any():
            x_label(ax, LOG2_FC, "log₂ fold change")
        else:
            ax.set_xticks([])
            ax.spines["bottom"].set_visible(False)
        left_out(ax, more, "rows", room=room)
        key_below(ax, key, below=9.0)
    return ax


def _above(ax: Axes, text: str, *, right: float) -> None:
    """Write the head of the column of counts above the axes, at whatever height the rows have."""
    ax.annotate(
        text,
        (1, 1),
        xycoords="axes fraction",
        xytext=(right / POINT, 1.8 / POINT),
        textcoords="offset points",
        ha="right",
        va="center_baseline",
        fontsize=6,
        color=SECONDARY,
        annotation_clip=False,
    )


def _joined(tables: Sequence[pd.DataFrame], contrast: str | None) -> tuple[pd.DataFrame, str]:
    """Stack identity and purity rows of one contrast under one key column, in order."""
    if not tables:
        message = "forest needs a table: identity, comparison, purity or several of them."
        raise InputError(message)
    parts = []
    for table in tables:
        kind = "classes" if "class" in getattr(table, "columns", ()) else "purity"
        column = "class" if kind == "classes" else "source"
        rows, contrast = contrast_rows(table, [column, *_COLUMNS], kind, contrast)
        parts.append(
            pd.DataFrame({"key": words(rows, column)})
            .assign(**{c: words(rows, c) for c in ("verdict", "reason")})
            .assign(**{c: numbers(rows, c) for c in _COLUMNS if c not in {"verdict", "reason"}})
        )
    filled = [p for p in parts if len(p)]
    table = pd.concat(filled or parts[:1], ignore_index=True)
    order = [i for key in in_order(table["key"]) for i in which(table["key"] == key)]
    return table.iloc[order].reset_index(drop=True), contrast or ""


def _points(ax: Axes, table: pd.DataFrame, lines: Sequence[Slot], eta: float) -> None:
    value, low, high = (table[c].to_numpy(float) for c in ("log2_fc", "ci_low", "ci_high"))
    called = ~table["verdict"].isin(["", "unresolved", "not assessable"]).to_numpy(dtype=bool)
    ax.set_xlim(*interval_limits([value], [low, high], called, [0.0, -eta, eta]))
    value_ticks(ax)
    for slot in lines:
        row = slot.row
        if row < 0:
            continue
        key, verdict = table["key"][row], table["verdict"][row]
        color = look(key).color if family(key) == "Vesicle classes" else INK
        if np.isfinite(value[row]):
            sure = verdict != "not assessable"
            color = color if sure else RULE
            interval(ax, low[row], high[row], slot.y, color=color, sure=sure)
            point(ax, value[row], slot.y, color=color, verdict=verdict, marker=_marker(key))
        else:
            said = ": ".join(filter(None, [verdict, table["reason"][row]]))
            instead(ax, slot.y, said or "no value")


def _marker(key: str) -> str:
    return look(key).marker if family(key) == "Vesicle classes" else "o"
