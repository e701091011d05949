"""Checklist: what the guidelines ask, with the answer and the evidence."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple, Unpack

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from markerkit.figures._options import Options, drawing, page_width
from markerkit.figures._palette import FAINT, INK, SECONDARY
from markerkit.figures._rows import chip, page, page_title
from markerkit.figures._style import MAX_HEIGHT, figure_of
from markerkit.figures._tables import contrast_rows, words
from markerkit.figures._text import SMALLEST, clean, ellipsize, wrap

_COLUMNS = ("guideline", "item", "requirement", "answer", "evidence", "proteins")
_WIDTH = 183.0
_ITEM, _ASKED, _ANSWER, _EVIDENCE = 2.0, 35.0, 92.0, 115.5
_CHIP_WIDTH, _LEADING, _PAD, _HEAD = 21.0, 0.39, 1.2, 4.5
_LEAST = 3.8
_TOP, _BOTTOM, _MORE = 12.5, 2.5, 4.0
_SIZE = 5.5
_LINES = 5  # of one text; none of ours needs more
_OF_SIGNAL = " (median of samples)"
_ANSWERS = ("met", "not met", "measured", "not assessable", "needs metadata", "not derivable")
_EXPLAINED = re.compile(r" \([^()]*\)")


class _Row(NamedTuple):
    """An item as it will print, or a guideline's name."""

    heading: str
    item: list[str]
    asked: list[str]
    answer: str
    evidence: list[str]
    size: float

    @property
    def height(self) -> float:
        if self.heading:
            return _HEAD
        lines = max(map(len, (self.item, self.asked, self.evidence)))
        return max(lines * _LEADING * self.size + _PAD, _LEAST)


def checklist(
    misev_checklist: pd.DataFrame, *, contrast: str | None = None, **options: Unpack[Options]
) -> Figure:
    """Draw the items of the guidelines with their answers and the evidence.

    Parameters
    ----------
    misev_checklist
        Table ``misev_checklist``.
    contrast
        Contrast to draw; may be left out where there is one.
    **options
        Title, size, colors, and the figure to draw into: :class:`Options`.

    Returns
    -------
    Figure
        183 mm wide and at most 247 mm tall. A guideline whose items all have the
        same answer for the same reason stands on one line. Proteins are named as
        far as the page has room; the last items are left out and counted where it
        holds no more.

    Raises
    ------
    InputError
        A column is missing, or the contrast is unknown or not named.
    """
    table, contrast = contrast_rows(misev_checklist, _COLUMNS, "misev_checklist", contrast)
    page_width("double", options, least=_WIDTH)
    with drawing(options, colors=False):
        rows, left_out = _fitted(table)
        height = _TOP + sum(r.height for r in rows) + _BOTTOM + (_MORE if left_out else 0)
        sheet = page(_WIDTH, max(height, 24))
        _head(sheet, contrast, words(table, "answer"))
        y = _TOP
        for row in rows:
            _draw(sheet, row, y)
            y += row.height
        if not rows:
            sheet.text(_ITEM, y + 4, "nothing to draw: the table has no rows", color=SECONDARY, va="center")
        if left_out:
            text = f"{left_out} more {'items are' if left_out > 1 else 'item is'} in the table"
            sheet.text(_ITEM, y + 3, text, fontsize=6, color=SECONDARY, va="center_baseline")
    return figure_of(sheet)


def _fitted(table: pd.DataFrame) -> tuple[list[_Row], int]:
    """Lay the items out, with as many lines of proteins as the page has room for; smaller where it has none."""
    room = MAX_HEIGHT - _TOP - _BOTTOM - _MORE
    for size, lines in ((_SIZE, 3), (_SIZE, 2), (_SIZE, 1), (_SIZE, 0), (SMALLEST, 0)):
        rows = _rows(table, lines, size)
        if sum(r.height for r in rows) <= room + _MORE:
            return rows, 0
    kept: list[_Row] = []
    for row in rows:
        if sum(r.height for r in kept) + row.height > room:
            break
        kept.append(row)
    while kept and kept[-1].heading:
        kept.pop()
    return kept, sum(not r.heading for r in rows) - sum(not r.heading for r in kept)


def _rows(table: pd.DataFrame, protein_lines: int, size: float) -> list[_Row]:
    texts = pd.DataFrame({c: words(table, c) for c in _COLUMNS})
    # runs, not groups: a guideline that comes twice is headed twice
    run = (texts["guideline"] != texts["guideline"].shift()).cumsum()
    rows: list[_Row] = []
    for _, items in texts.groupby(run, sort=False):
        rows.append(_Row(items["guideline"].iloc[0] or "Other", [], [], "", [], size))
        alike = len(items) > 1 and len(items[["answer", "evidence", "proteins"]].drop_duplicates()) == 1
        if alike and items["evidence"].iloc[0]:
            named = ", ".join(items["item"])
            one = (f"all {len(items)} items", named, *items.iloc[0, 3:])
            rows.append(_row(*one, protein_lines=protein_lines, size=size))
        else:
            given = items.iloc[:, 1:].itertuples(index=False)
            rows += [_row(*item, protein_lines=protein_lines, size=size) for item in given]
    return rows


def _row(
    item: str, asked: str, answer: str, evidence: str, proteins: str, *, protein_lines: int, size: float
) -> _Row:
    said = evidence.replace(_OF_SIGNAL, "")
    if answer == "needs metadata":
        said = _EXPLAINED.sub("", said)  # what a key of the context means stands in the table
    return _Row(
        "",
        wrap(item, _ASKED - _ITEM - 3, 6, lines=2),
        wrap(asked, _ANSWER - _ASKED - 3, size, lines=_LINES),
        answer,
        _with_proteins(said, proteins, protein_lines, size),
        size,
    )


def _with_proteins(said: str, proteins: str, lines: int, size: float) -> list[str]:
    """Name as many proteins after the evidence as so many more lines hold, and count the others."""
    room = _WIDTH - _EVIDENCE - 2
    plain = wrap(said, room, size, lines=_LINES)
    listed, _, rest = proteins.partition(" and ")
    named = [p for p in listed.split(", ") if p] if lines else []
    unnamed = int(rest.removesuffix(" more")) if re.fullmatch(r"\d+ more", rest) else 0
    found = plain
    for n in range(1, len(named) + 1):
        others = len(named) - n + unnamed
        text = ": ".join(filter(None, [said.rstrip("."), ", ".join(named[:n])]))
        text = clean(f"{text} and {others} more" if others else text)
        longer = wrap(text, room, size, lines=_LINES + lines)
        if len(longer) > len(plain) + lines or " ".join(longer) != text:
            break
        found = longer
    return found


def _head(sheet: Axes, contrast: str, answers: pd.Series) -> None:
    page_title(sheet, contrast, room=80)
    counted = [f"{n} {a}" for a in _ANSWERS if (n := int((answers == a).sum()))]
    sheet.text(
        _WIDTH - 2, 4.2, ", ".join(counted), fontsize=6, ha="right", va="center_baseline", color=SECONDARY
    )
    for x, text in (
        (_ITEM, "Item"),
        (_ASKED, "Requirement"),
        (_ANSWER, "Answer"),
        (_EVIDENCE, "Measured in the data (shares: medians of samples)"),
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
    _block(sheet, (_ITEM + 1.2, middle), row.item, size=6)
    _block(sheet, (_ASKED, middle), row.asked, size=row.size, color=SECONDARY)
    chip(sheet, _ANSWER, middle, _CHIP_WIDTH, row.answer or "no answer", height=3.1)
    _block(sheet, (_EVIDENCE, middle), row.evidence, size=row.size)


def _block(
    sheet: Axes, at: tuple[float, float], lines: Sequence[str], *, size: float, color: str = INK
) -> None:
    x, middle = at
    for i, line in enumerate(lines):
        y = middle + _LEADING * size * (i - (len(lines) - 1) / 2)
        sheet.text(x, y, line, fontsize=size, color=color, va="center_baseline")
