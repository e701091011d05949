"""Checklist: what the guidelines ask, with the answer and the evidence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from markerkit.figures._palette import FAINT, INK, SECONDARY
from markerkit.figures._rows import chip, page
from markerkit.figures._style import MAX_HEIGHT, figure_of, style
from markerkit.figures._tables import checked, one_contrast, words
from markerkit.figures._text import ellipsize, wrap

_COLUMNS = ("guideline", "item", "requirement", "answer", "evidence", "proteins")
_WIDTH = 183.0
_ITEM, _ASKED, _ANSWER, _EVIDENCE = 2.0, 35.0, 92.0, 115.5
_CHIP_WIDTH, _LEADING, _PAD, _HEAD = 21.0, 2.15, 1.5, 4.9
_LEAST = 4.0
_TOP, _BOTTOM = 13.0, 4.0


class _Row(NamedTuple):
    """An item as it will print, or a guideline's name."""

    heading: str
    item: str
    asked: list[str]
    answer: str
    evidence: list[str]

    @property
    def height(self) -> float:
        if self.heading:
            return _HEAD
        return max(max(len(self.asked), len(self.evidence)) * _LEADING + _PAD, _LEAST)


def checklist(misev_checklist: pd.DataFrame, *, contrast: str | None = None) -> Figure:
    """Draw the items of the guidelines with their answers and the evidence.

    Parameters
    ----------
    misev_checklist
        Table ``misev_checklist``.
    contrast
        Contrast to draw; may be left out where there is one.

    Returns
    -------
    Figure
        183 mm wide and at most 247 mm tall: texts are cut, and the last items left
        out and counted, where a page holds no more.

    Raises
    ------
    InputError
        A column is missing, or the contrast is unknown or not named.
    """
    table = checked(misev_checklist, _COLUMNS, "misev_checklist")
    table, contrast = one_contrast(table, contrast, "misev_checklist")
    with style("double"):
        rows, left_out = _fitted(table)
        height = _TOP + sum(r.height for r in rows) + _BOTTOM + (4 if left_out else 0)
        sheet = page(_WIDTH, max(height, 24))
        _head(sheet, contrast, words(table, "answer"))
        y = _TOP
        for row in rows:
            _draw(sheet, row, y)
            y += row.height
        if not rows:
            sheet.text(_ITEM, y + 4, "nothing to draw: the table has no rows", color=SECONDARY, va="center")
        if left_out:
            text = f"{left_out} more items are in the table"
            sheet.text(_ITEM, y + 3, text, fontsize=6, color=SECONDARY, va="center_baseline")
    return figure_of(sheet)


def _fitted(table: pd.DataFrame) -> tuple[list[_Row], int]:
    """Lay the items out on a line each, on two or three where a page has room: answered items first."""
    room = MAX_HEIGHT - _TOP - _BOTTOM - 4
    rows = _rows(table, lines=1)
    for lines in (2, 3):
        better = _rows(table, lines=lines)
        for words_ in (("met", "not met"), ("not derivable", "needs metadata")):
            for i, row in enumerate(better):
                grown = sum(r.height for r in rows) + row.height - rows[i].height
                if row.answer in words_ and grown <= room:
                    rows[i] = row
    kept: list[_Row] = []
    for row in rows:
        if sum(r.height for r in kept) + row.height > room:
            break
        kept.append(row)
    while kept and kept[-1].heading:
        kept.pop()
    return kept, sum(not r.heading for r in rows) - sum(not r.heading for r in kept)


def _rows(table: pd.DataFrame, *, lines: int) -> list[_Row]:
    rows: list[_Row] = []
    last = None
    columns = [words(table, c) for c in _COLUMNS]
    for guideline, item, asked, answer, evidence, proteins in zip(*columns, strict=True):
        if guideline != last:
            rows.append(_Row(guideline or "Other", "", [], "", []))
            last = guideline
        said = ": ".join(filter(None, [evidence.rstrip(".") if proteins else evidence, proteins]))
        rows.append(
            _Row(
                "",
                ellipsize(item, _ASKED - _ITEM - 3, 6),
                wrap(asked, _ANSWER - _ASKED - 3, 5.5, lines=lines),
                answer,
                wrap(said, _WIDTH - _EVIDENCE - 2, 5.5, lines=lines),
            )
        )
    return rows


def _head(sheet: Axes, contrast: str, answers: pd.Series) -> None:
    name = ellipsize(contrast, 80, 8, "bold") or "Whole study"
    sheet.text(_ITEM, 4.2, name, fontsize=8, fontweight="bold", va="center_baseline")
    counted = [
        f"{int((answers == a).sum())} {a}" for a in ("met", "not met", "needs metadata", "not derivable")
    ]
    sheet.text(
        _WIDTH - 2, 4.2, ", ".join(counted), fontsize=6, ha="right", va="center_baseline", color=SECONDARY
    )
    for x, text in (
        (_ITEM, "Item"),
        (_ASKED, "Asked for"),
        (_ANSWER, "Answer"),
        (_EVIDENCE, "Seen in the data"),
    ):
        sheet.text(x, _TOP - 2.8, text, fontsize=6.5, fontweight="bold", va="center_baseline")
    sheet.plot([2, _WIDTH - 2], [_TOP - 0.4] * 2, color=INK, linewidth=0.6, label="_rule")


def _draw(sheet: Axes, row: _Row, y: float) -> None:
    if row.heading:
        text = ellipsize(row.heading, 80, 6.5, "bold")
        sheet.text(_ITEM, y + _HEAD / 2 + 0.6, text, fontsize=6.5, fontweight="bold", va="center_baseline")
        return
    middle = y + row.height / 2
    sheet.plot([2, _WIDTH - 2], [y, y], color=FAINT, linewidth=0.5, label="_rule")
    sheet.text(_ITEM + 1.2, middle, row.item, fontsize=6, va="center_baseline")
    _block(sheet, _ASKED, middle, row.asked, SECONDARY)
    chip(sheet, _ANSWER, middle, _CHIP_WIDTH, row.answer or "no answer", height=3.1)
    _block(sheet, _EVIDENCE, middle, row.evidence, INK)


def _block(sheet: Axes, x: float, middle: float, lines: Sequence[str], color: str) -> None:
    for i, line in enumerate(lines):
        y = middle + _LEADING * (i - (len(lines) - 1) / 2)
        sheet.text(x, y, line, fontsize=5.5, color=color, va="center_baseline")
