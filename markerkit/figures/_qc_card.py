"""Quality card: what every sample shows by itself, one row per sample."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Unpack

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from markerkit.figures._options import Options, drawing, page_width
from markerkit.figures._palette import CLASSES, FAINT, INK, PAPER, SECONDARY, ZONE, look, tint, title
from markerkit.figures._rows import Slot, blank_page, page, slots
from markerkit.figures._style import MAX_HEIGHT, figure_of
from markerkit.figures._tables import checked, numbers, samples_by_group, words
from markerkit.figures._text import ellipsize, shrink, widest

_COLUMNS = (
    "sample", "group", "kind", "item", "value", "ci_low", "ci_high", "n_set", "n_measured", "flag", "status",
)  # fmt: skip
_ROW, _TOP, _BOTTOM = 3.6, 29.0, 11.0
_SIZE = 5.5
_MOST, _MOST_NARROW = 13, 5  # columns of shares
_SEEN = {"seen_misev_1a": "MISEV 1a", "seen_misev_2a": "MISEV 2a"}
_DARKEST, _FAINTEST = 0.5, 1e-4  # shares at the ends of the shading


class _Cell(NamedTuple):
    """The numbers of a row of the table."""

    value: float
    ci_low: float
    ci_high: float
    n_set: float
    n_measured: float
    review: bool
    refused: bool


class _Column(NamedTuple):
    """A column of the card: where it stands in mm."""

    left: float
    width: float

    @property
    def middle(self) -> float:
        return self.left + self.width / 2


def qc_card(
    table: pd.DataFrame,
    *,
    samples: Sequence[str] | None = None,
    width: str | float = "double",
    **options: Unpack[Options],
) -> Figure:
    """Draw the quality card of the samples.

    Parameters
    ----------
    table
        Table ``sample_quality``.
    samples
        Samples to draw, in order; by default all, by group, as many as a page holds.
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
    A frame marks what a rule asks to review; the table says why. Shares
    are shaded on a logarithmic scale and written in percent; sources share
    proteins, so they do not add up. A cross stands where nothing was measured.
    """
    rows = checked(table, _COLUMNS, "sample_quality")
    full = page_width(width, options)
    order, groups, more = samples_by_group(rows, samples, (MAX_HEIGHT - _TOP - _BOTTOM) / _ROW)
    with drawing(options):
        if not order:
            return blank_page(full, "nothing to draw: no sample")
        lines = slots(groups)
        depth = lines[-1].y + 0.5
        sheet = page(full, _TOP + depth * _ROW + _BOTTOM)
        _draw(sheet, rows, order, lines, full)
        note = f"{more} more samples stand in the table" if more else ""
        _foot(sheet, _TOP + depth * _ROW + 3, note, full)
    return figure_of(sheet)


def _cells(rows: pd.DataFrame) -> dict[str, dict[str, _Cell]]:
    """Look up the numbers by sample, then by ``kind:item``."""
    columns = [numbers(rows, c) for c in ("value", "ci_low", "ci_high", "n_set", "n_measured")]
    refused = words(rows, "status") == "not assessed"
    cells = zip(*columns, words(rows, "flag") == "review", refused, strict=True)
    found: dict[str, dict[str, _Cell]] = {}
    for sample, key, cell in zip(
        words(rows, "sample"), words(rows, "kind") + ":" + words(rows, "item"), cells, strict=True
    ):
        found.setdefault(sample, {})[key] = _Cell(*cell)
    return found


class _Layout(NamedTuple):
    """Columns of the card, and the sources and EV items that they show."""

    names: float
    proteins: _Column
    similarity: _Column
    rank: _Column
    counts: dict[str, _Column]
    tiles: dict[str, _Column]


def _shown(rows: pd.DataFrame, most: int) -> list[str]:
    """Choose the sources that have a column: the EV markers, then the largest in any sample, by their median share."""
    shares = rows[words(rows, "kind") == "share"]
    values = pd.Series(np.nan_to_num(numbers(shares, "value")))
    size = values.groupby(words(shares, "item").to_numpy(), sort=False).agg(["max", "median"])
    ev = [k for k in size.index if k in CLASSES]
    sources = size.drop(index=ev).sort_values("max", ascending=False, kind="stable").head(most - len(ev))
    return [*ev, *sources.sort_values("median", ascending=False, kind="stable").index]


def _layout(order: Sequence[str], full: float, rows: pd.DataFrame) -> _Layout:
    wide = full >= 183
    names = min(widest([ellipsize(s, 30, 6) for s in order], 6) + 3, 32.0 if wide else 22.0)
    keys = _shown(rows, _MOST if wide else _MOST_NARROW)
    items = list(_SEEN) if wide else []
    left = names + 2
    start = left + 45 + 10 * len(items) + 1
    step = (full - start - 2) / max(len(keys), 1)
    return _Layout(
        names=names,
        proteins=_Column(left, 11),
        similarity=_Column(left + 12, 9),
        rank=_Column(left + 23, 20),
        counts={k: _Column(left + 45 + 10 * i, 9) for i, k in enumerate(items)},
        tiles={k: _Column(start + step * i, step - 0.3) for i, k in enumerate(keys)},
    )


def _draw(sheet: Axes, rows: pd.DataFrame, order: list[str], lines: list[Slot], full: float) -> None:
    cells = _cells(rows[words(rows, "kind") != "marker"])
    layout = _layout(order, full, rows)
    _heads(sheet, layout, bottom=_TOP + (lines[-1].y + 0.5) * _ROW)
    for slot in lines:
        y = _TOP + slot.y * _ROW
        if slot.row < 0:
            text = ellipsize(slot.heading, full - 4, 6, "bold")
            sheet.text(2, y, text, fontsize=6, fontweight="bold", va="center_baseline")
            continue
        name = order[slot.row]
        sheet.text(2, y, ellipsize(name, layout.names - 1, 6), fontsize=6, va="center_baseline")
        _sample(sheet, cells.get(name, {}), layout, y)


def _heads(sheet: Axes, layout: _Layout, *, bottom: float) -> None:
    heads = [(layout.proteins, "Proteins"), (layout.similarity, "Similarity (r)")]
    heads += [(layout.rank, "Rank of EV markers")]
    heads += [(c, f"{_SEEN[k]} detected") for k, c in layout.counts.items()]
    heads += [(c, _short(k)) for k, c in layout.tiles.items()]
    for column, text in heads:
        name, size = shrink(text, _TOP - 8.0, 6)  # below the heading of the shares
        sheet.text(column.middle, _TOP - 2.5, name, rotation=90, ha="center", va="bottom", fontsize=size)
    _rank_axis(sheet, layout.rank, bottom)
    for column in list(layout.tiles.values())[:1]:
        head = "Share of signal (%)"
        sheet.text(column.left, 3.2, head, fontsize=6, fontweight="bold", va="center_baseline")


def _sample(sheet: Axes, cells: Mapping[str, _Cell], layout: _Layout, y: float) -> None:
    """Draw the row of one sample."""
    _number(sheet, [cells.get("depth:proteins_measured")], layout.proteins, y, form="{:,.0f}")
    similarity = [cells.get("outlier:correlation"), cells.get("outlier:distance")]
    _number(sheet, similarity, layout.similarity, y, form="{:.2f}")
    _rank_cell(sheet, cells.get("ev:ev_rank"), layout.rank, y)
    for key, column in layout.counts.items():
        cell = cells.get(f"ev:{key}")
        text = f"{cell.n_measured:.0f}/{cell.n_set:.0f}" if cell is not None else ""
        sheet.text(column.middle, y, text, ha="center", va="center_baseline", fontsize=_SIZE)
    for key, column in layout.tiles.items():
        _tile(sheet, cells.get(f"share:{key}"), column, y, key)


def _short(key: str) -> str:
    return "EV markers" if key in CLASSES else title(key)


def _number(sheet: Axes, cells: Sequence[_Cell | None], column: _Column, y: float, *, form: str) -> None:
    """Write the first number, framed where it or one that goes with it is to be reviewed."""
    cell = cells[0]
    if cell is None:
        return
    text = form.format(cell.value) if np.isfinite(cell.value) else "–"
    sheet.text(column.left + column.width - 1, y, text, ha="right", va="center_baseline", fontsize=_SIZE)
    if any(c.review for c in cells if c is not None):
        _frame(sheet, column, y)


def _frame(sheet: Axes, column: _Column, y: float) -> None:
    sheet.add_patch(
        Rectangle(
            (column.left + 0.3, y - _ROW / 2 + 0.3),
            column.width - 0.6,
            _ROW - 0.6,
            facecolor="none",
            edgecolor=INK,
            linewidth=1.0,
            zorder=4,
            label="_review",
        )
    )


def _rank_axis(sheet: Axes, column: _Column, bottom: float) -> None:
    """Draw a scale from 0 to 100 with a line at the middle, where a random set would stand."""
    for at in (0, 50, 100):
        x = column.left + column.width * at / 100
        sheet.plot([x, x], [_TOP - 1.5, bottom], color=FAINT, linewidth=0.5, zorder=1, label="_scale")
        sheet.text(x, bottom + 1.6, str(at), fontsize=5, ha="center", va="center_baseline", color=SECONDARY)


def _rank_cell(sheet: Axes, row: _Cell | None, column: _Column, y: float) -> None:
    if row is None or not np.isfinite(row.value):
        sheet.text(column.middle, y, "–", ha="center", va="center_baseline", fontsize=_SIZE, color=SECONDARY)
        return
    color = look("ev").color
    place = [column.left + column.width * v / 100 for v in (row.ci_low, row.value, row.ci_high)]
    if np.isfinite(place).all():
        sheet.plot([place[0], place[2]], [y, y], color=color, linewidth=1, zorder=2, label="_interval")
    sheet.plot(
        [place[1]], [y], marker="o", markersize=3.2, color=color, linestyle="none", zorder=3, label="_point"
    )


def _tile(sheet: Axes, row: _Cell | None, column: _Column, y: float, key: str) -> None:
    box = (column.left, y - _ROW / 2 + 0.1)
    share = float("nan") if row is None else row.value
    if not np.isfinite(share):
        sheet.add_patch(Rectangle(box, column.width, _ROW - 0.2, facecolor=ZONE, linewidth=0, label="_none"))
        sign = "–" if row is not None and row.refused else "×"
        sheet.text(column.middle, y, sign, ha="center", va="center_baseline", fontsize=_SIZE, color=SECONDARY)
        return
    span = np.log(_DARKEST / _FAINTEST)
    dark = float(np.clip(np.log(max(share, 1e-12) / _FAINTEST) / span, 0, 1))
    color = tint(look("ev" if key in CLASSES else "er_golgi").color, 1 - dark)
    sheet.add_patch(Rectangle(box, column.width, _ROW - 0.2, facecolor=color, linewidth=0, label="_tile"))
    ink = PAPER if dark > 0.55 else INK
    sheet.text(column.middle, y, _percent(share), ha="center", va="center_baseline", fontsize=5, color=ink)
    if row is not None and row.review:
        _frame(sheet, column, y)


def _percent(share: float) -> str:
    """Write a share in percent in at most four signs.

    >>> _percent(0.234), _percent(0.0123), _percent(0.0002)
    ('23', '1.2', '<0.1')
    """
    percent = 100 * share
    if percent < 0.1:
        return "<0.1"
    return f"{percent:.0f}" if percent >= 10 else f"{percent:.1f}"


def _foot(sheet: Axes, y: float, note: str, full: float) -> None:
    shown = {t.get_text() for t in sheet.texts}
    marks = [said for mark, said in (("×", "×: none measured."), ("–", "–: not known.")) if mark in shown]
    text = " ".join(
        [
            "Frame: to review, the table says why.",
            *marks,
            "Shares overlap and do not add up. No verdict on the class.",
        ]
    )
    sheet.text(
        2, y + 2.5, ellipsize(text, full - 4, _SIZE), fontsize=_SIZE, color=SECONDARY, va="center_baseline"
    )
    if note:
        sheet.text(2, y + 5.5, note, fontsize=_SIZE, color=SECONDARY, va="center_baseline")
