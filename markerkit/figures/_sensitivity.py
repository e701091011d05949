"""Sensitivity analysis: the verdicts under other analysis choices, one cell each."""

from __future__ import annotations

from typing import NamedTuple, Unpack

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from markerkit.figures._options import Options, drawing, page_width
from markerkit.figures._palette import CHIPS, CLASSES, INK, PAPER, SECONDARY, in_order, title
from markerkit.figures._rows import NAME_SIZE, NOTE_SIZE, page, page_title
from markerkit.figures._style import MAX_HEIGHT, figure_of
from markerkit.figures._tables import contrast_rows, numbers, words
from markerkit.figures._text import ellipsize, text_width, wrap

_COLUMNS = ("kind", "key", "aspect", "variant", "verdict", "agrees", "n_flips", "status", "note")
_AS_REPORTED = "as reported"
_WIDTH, _NAMES, _RIGHT = 183.0, 38.0, 3.0
_TITLE, _CELL, _GAP = 8.0, 4.6, 2.4
_WIDEST = 16.0
_KEY, _LEADING, _NOTES = 6.0, 2.4, 6
_LETTERS = {
    "compatible": "C",
    "unresolved": "U",
    "not compatible": "N",
    "higher": "H",
    "similar": "S",
    "lower": "L",
    "not assessable": "–",
}
_MOST = 40


class _Grid(NamedTuple):
    """What will be drawn: rows by kind and key, columns by variant, and where there was nothing to vary."""

    rows: list[tuple[str, str]]
    variants: list[str]
    cells: dict[tuple[str, str, str], tuple[str, bool, float]]
    notes: list[str]
    left_out: int

    @property
    def width(self) -> float:
        """Width of a column in mm."""
        return min((_WIDTH - _NAMES - _RIGHT) / max(len(self.variants), 1), _WIDEST)

    @property
    def heads(self) -> list[list[str]]:
        """Lines of the columns' headings."""
        return [wrap(v, self.width - 0.8, NOTE_SIZE, lines=4) for v in self.variants]

    @property
    def top(self) -> float:
        """Where the first row begins, in mm from the top."""
        return _TITLE + _LEADING * max((len(h) for h in self.heads), default=1) + 1.2


def sensitivity(table: pd.DataFrame, *, contrast: str | None = None, **options: Unpack[Options]) -> Figure:
    """Draw every class, and the sources that are higher anywhere, under each choice.

    Parameters
    ----------
    table
        Table ``sensitivity``.
    contrast
        Contrast to draw; may be left out where there is one.
    **options
        Title, size, colors, and the figure to draw into: :class:`Options`.

    Returns
    -------
    Figure
        183 mm wide. A cell holds the letter of its verdict; one that is not the
        verdict reported stands in a frame. The last column counts the markers
        whose omission alone changes the verdict.

    Raises
    ------
    InputError
        A column is missing, or the contrast is unknown or not named.
    """
    table, contrast = contrast_rows(table, _COLUMNS, "sensitivity", contrast)
    page_width("double", options, least=_WIDTH)
    with drawing(options, colors=False):
        grid = _grid(table)
        notes = [line for note in grid.notes for line in wrap(note, _WIDTH - 6, NOTE_SIZE, lines=2)][:_NOTES]
        gap = _GAP if len({kind for kind, _ in grid.rows}) > 1 else 0.0
        body = _CELL * max(len(grid.rows), 1) + gap
        height = min(grid.top + body + _KEY + _LEADING * len(notes) + 2, MAX_HEIGHT)
        sheet = page(_WIDTH, height)
        page_title(sheet, contrast, room=100)
        if not grid.rows:
            text = "nothing to draw: the table has no verdicts"
            sheet.text(2, _TITLE + 4, text, color=SECONDARY, va="center")
            return figure_of(sheet)
        bottom = _cells(sheet, grid)
        _key(sheet, grid, bottom + 3.4)
        for i, line in enumerate(notes):
            y = bottom + _KEY + 1 + _LEADING * i
            sheet.text(2, y, line, fontsize=NOTE_SIZE, color=SECONDARY, va="center_baseline")
    return figure_of(sheet)


def _grid(table: pd.DataFrame) -> _Grid:
    kind, key, variant = (words(table, c) for c in ("kind", "key", "variant"))
    verdict, status, note = (words(table, c) for c in ("verdict", "status", "note"))
    drawn = (kind != "") & (verdict != "")
    agrees = words(table, "agrees").str.lower().isin(["true", "1", "1.0"])
    flips = numbers(table, "n_flips")
    cells = {
        (str(kind[i]), str(key[i]), str(variant[i])): (str(verdict[i]), bool(agrees[i]), float(flips[i]))
        for i in table.index[drawn]
    }
    higher = {k for (kd, k, _), (word, _, _) in cells.items() if kd == "source" and word == "higher"}
    keys = list(dict.fromkeys(key[drawn & ((kind == "class") | key.isin(list(higher)))]))
    ordered = in_order(keys)
    classes = [k for k in ordered if k in CLASSES or k in set(key[drawn & (kind == "class")])]
    rows = [("class", k) for k in classes] + [("source", k) for k in ordered if k not in classes]
    variants = list(dict.fromkeys(variant[drawn]))
    idle = (status == "not varied") & (variant != "")
    notes = list(dict.fromkeys(f"{variant[i]}: {note[i]}" for i in table.index[idle]))
    notes += list(dict.fromkeys(n for n in note[drawn] if n))
    return _Grid(rows[:_MOST], variants, cells, notes, max(0, len(rows) - _MOST))


def _cells(sheet: Axes, grid: _Grid) -> float:
    """Draw the grid; return where it ends."""
    width, top = grid.width, grid.top
    for j, (variant, lines) in enumerate(zip(grid.variants, grid.heads, strict=True)):
        for i, line in enumerate(lines):
            y = top - 1.6 - _LEADING * (len(lines) - 1 - i)
            x = _NAMES + width * (j + 0.5)
            weight = "bold" if variant == _AS_REPORTED else "normal"
            sheet.text(x, y, line, fontsize=NOTE_SIZE, ha="center", va="center_baseline", fontweight=weight)
    y = top
    before = grid.rows[0][0]
    for kind, key in grid.rows:
        y += _GAP if kind != before else 0.0
        before = kind
        name = ellipsize(title(key), _NAMES - 4, NAME_SIZE)
        sheet.text(2, y + _CELL / 2, name, fontsize=NAME_SIZE, va="center_baseline")
        for j, variant in enumerate(grid.variants):
            found = grid.cells.get((kind, key, variant))
            if found is not None:
                _cell(sheet, (_NAMES + width * j, y, width), found)
        y += _CELL
    return y


def _cell(sheet: Axes, box: tuple[float, float, float], found: tuple[str, bool, float]) -> None:
    """Draw a verdict; the number of markers that flip it stands beside it where they were left out in turn."""
    (x, y, width), (word, agrees, flips) = box, found
    looks = CHIPS.get(word, CHIPS["not assessable"])
    inset = 0.35 if agrees else 0.75
    sheet.add_patch(
        Rectangle(
            (x + inset, y + inset),
            width - 2 * inset,
            _CELL - 2 * inset,
            facecolor=looks.face,
            edgecolor=looks.edge,
            linestyle=looks.line if looks.line == "-" else (0, (2.5, 1.8)),
            linewidth=0.5,
            zorder=2,
            label="_cell",
        )
    )
    if not agrees:
        frame = (x + 0.15, y + 0.15), width - 0.3, _CELL - 0.3
        sheet.add_patch(
            Rectangle(*frame, facecolor=PAPER, edgecolor=INK, linewidth=1.0, zorder=1, label="_changed")
        )
    text = _LETTERS.get(word, "?")
    if np.isfinite(flips) and flips > 0:
        text = f"{text} ×{flips:.0f}"
    sheet.text(
        x + width / 2, y + _CELL / 2, text, fontsize=6, ha="center", va="center_baseline",
        color=looks.text, fontweight="bold" if not agrees else "normal", zorder=4,
    )  # fmt: skip


def _key(sheet: Axes, grid: _Grid, y: float) -> None:
    """Explain letters and frames, of what occurs."""
    drawn = [cell for (kind, key, _), cell in grid.cells.items() if (kind, key) in grid.rows]
    drawn_words = {word for word, _, _ in drawn}
    parts = [f"{letter} {word}" for word, letter in _LETTERS.items() if word in drawn_words]
    if any(not agrees for _, agrees, _ in drawn):
        parts.append("framed: not the verdict reported")
    if any(np.isfinite(n) and n > 0 for _, _, n in drawn):
        parts.append("×n: n markers whose omission alone changes it")
    if grid.left_out:
        parts.append(f"{grid.left_out} more in the table")
    text = ";  ".join(parts)
    size = 6.0 if text_width(text, 6) < _WIDTH - 6 else NOTE_SIZE
    sheet.text(2, y, ellipsize(text, _WIDTH - 4, size), fontsize=size, color=INK, va="center_baseline")
