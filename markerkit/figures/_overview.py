"""Every contrast beside the others: a matrix of words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Unpack

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from markerkit.core.wording import fold_change
from markerkit.figures._options import Options, drawing, page_width
from markerkit.figures._palette import CHIPS, PAPER, SECONDARY, family, in_order, title
from markerkit.figures._rows import (
    HEAD_SIZE,
    NAME_SIZE,
    NOTE_SIZE,
    Slot,
    blank_page,
    names_width,
    page,
    slots,
)
from markerkit.figures._style import MAX_HEIGHT, figure_of
from markerkit.figures._tables import arms, checked, numbers, words
from markerkit.figures._text import ellipsize, shrink, wrap

_COLUMNS = ("contrast", "kind", "key", "verdict")
_ROW, _TOP, _FOOT = 4.6, 11.5, 5.0  # mm
_LEAST, _MOST = 14.0, 27.0  # width of a column, mm
_MOST_ROWS = 48


class _Grid(NamedTuple):
    """Where the cells stand, in mm: left edge and width of the columns, height of a line."""

    left: float
    width: float
    height: float


def overview(table: pd.DataFrame, *, width: str | float = "double", **options: Unpack[Options]) -> Figure:
    """Draw the word on every class and source in every contrast.

    Parameters
    ----------
    table
        Table ``overview``.
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
    One column per contrast, as many as the page holds. The number is the fold change, relative to the background. What is
    `not assessable` in every contrast is left out; the table has it.
    """
    rows = checked(table, _COLUMNS, "overview")
    full = page_width(width, options)
    with drawing(options, colors=False):
        keys = _keys(rows)
        contrasts = list(dict.fromkeys(c for c in words(rows, "contrast") if c))
        if not keys or not contrasts:
            return blank_page(full, "nothing to draw: no contrast says anything")
        room = names_width([title(k) for k in keys], full)
        shown = contrasts[: max(1, int((full - room - 6) / _LEAST))]
        lines = slots([_heading(k) for k in keys])
        depth = lines[-1].y + 1
        height = min(_TOP + _ROW * depth + _FOOT, MAX_HEIGHT)
        grid = _Grid(room + 5, min(_MOST, (full - room - 6) / len(shown)), (height - _TOP - _FOOT) / depth)
        sheet = page(full, height)
        if control := _one_control(shown):
            parts = wrap(f"against {control}", grid.left - 4, HEAD_SIZE, lines=2, weight="bold")
            text = "\n".join(parts)
            sheet.text(
                2, _TOP - 0.8, text, fontsize=HEAD_SIZE, fontweight="bold", va="bottom", linespacing=1.1
            )
        _names(sheet, lines, keys, _short(shown), grid)
        _cells(sheet, rows, [(keys[s.row], s.y) for s in lines if s.row >= 0], shown, grid)
        text = _note(len(contrasts) - len(shown), words(rows, "key").nunique() - len(keys))
        sheet.text(
            2,
            height - 2.5,
            ellipsize(text, full - 4, NOTE_SIZE),
            fontsize=NOTE_SIZE,
            color=SECONDARY,
            va="center_baseline",
        )
        return figure_of(sheet)


def _heading(key: str) -> str:
    return family(key)


def _keys(rows: pd.DataFrame) -> list[str]:
    """Classes and sources with a word other than `not assessable` in some contrast, in order."""
    said = words(rows, "verdict")
    told = (said != "not assessable") & (said != "") & (words(rows, "key") != "")
    return in_order(words(rows, "key")[told])[:_MOST_ROWS]


def _names(
    sheet: Axes, lines: Sequence[Slot], keys: Sequence[str], contrasts: Sequence[str], grid: _Grid
) -> None:
    for i, contrast in enumerate(contrasts):
        parts = wrap(contrast, grid.width - 1, 6, lines=4)
        for j, line in enumerate(parts):
            y = _TOP - 1.6 - 2.7 * (len(parts) - 1 - j)
            sheet.text(
                grid.left + (i + 0.5) * grid.width, y, line, fontsize=6, ha="center", va="center_baseline"
            )
    for slot in lines:
        y = _TOP + (slot.y + 0.5) * grid.height
        if slot.row < 0:
            head = ellipsize(slot.heading, grid.left + 20, HEAD_SIZE, "bold")
            sheet.text(2, y, head, fontsize=HEAD_SIZE, fontweight="bold", va="center_baseline")
        else:
            name, size = shrink(title(keys[slot.row]), grid.left - 5, NAME_SIZE)
            sheet.text(3.5, y, name, fontsize=size, va="center_baseline")


def _short(contrasts: Sequence[str]) -> list[str]:
    """Leave out what all contrasts are against, where that is one group, which stands above the names.

    >>> _short(["UC vs SEC", "PEG vs SEC"]), _short(["UC vs SEC", "UC vs PEG"])
    (['UC', 'PEG'], ['UC vs SEC', 'UC vs PEG'])
    """
    control = _one_control(contrasts)
    return [c.removesuffix(f" vs {control}") for c in contrasts] if control else list(contrasts)


def _one_control(contrasts: Sequence[str]) -> str:
    """Name the group that several contrasts are all against; nothing where they differ."""
    controls = {arms(c)[1] for c in contrasts}
    return controls.pop() if len(contrasts) > 1 and len(controls) == 1 else ""


def _cells(
    sheet: Axes,
    rows: pd.DataFrame,
    lines: Sequence[tuple[str, float]],
    contrasts: Sequence[str],
    grid: _Grid,
) -> None:
    """Draw the words; `lines` are the keys with their place in lines from the top."""
    at = zip(words(rows, "contrast"), words(rows, "key"), strict=True)
    found: Mapping[tuple[str, str], tuple[str, float]] = dict(
        zip(at, zip(words(rows, "verdict"), numbers(rows, "log2_fc"), strict=True), strict=True)
    )
    for key, line in lines:
        for i, contrast in enumerate(contrasts):
            word, effect = found.get((contrast, key), ("", np.nan))
            if word:
                _cell(sheet, word, effect, (grid.left + i * grid.width, _TOP + line * grid.height), grid)


def _cell(sheet: Axes, word: str, effect: float, corner: tuple[float, float], grid: _Grid) -> None:
    """Draw one word; `higher` and `lower` with how much."""
    looks = CHIPS.get(word, CHIPS["not assessable"])
    blank = word == "not assessable"
    x, y = corner
    sheet.add_patch(
        Rectangle(
            (x + 0.3, y + 0.3),
            grid.width - 0.6,
            grid.height - 0.6,
            facecolor=PAPER if blank else looks.face,
            edgecolor="#d0d0d0" if blank else looks.edge,
            linewidth=0.5,
            label="_word",
        )
    )
    moved = word in {"higher", "lower", "compatible", "not compatible"} and np.isfinite(effect)
    full = f"{word} {fold_change(abs(effect))}×" if moved else "–" if blank else word
    text, size = shrink(full, grid.width - 1.4, 6)
    middle = y + grid.height / 2
    sheet.text(
        x + grid.width / 2,
        middle,
        text,
        fontsize=size,
        ha="center",
        va="center_baseline",
        color=SECONDARY if blank else looks.text,
    )


def _note(more: int, hidden: int) -> str:
    parts = ["number: fold change, relative to the background; –: not assessable"]
    if more > 0:
        parts.append(f"{more} more contrasts in the table")
    if hidden > 0:
        parts.append(f"{hidden} rows without a word in any contrast left out")
    return "; ".join(parts)
