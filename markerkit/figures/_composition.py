"""What is in the tube: EV markers, sources and what is unassigned, stacked to the whole signal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Unpack

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Patch, Rectangle
from matplotlib.ticker import FixedLocator, FuncFormatter

from markerkit.core.wording import counted, number, percent
from markerkit.figures._keys import foot_notes, key_below, key_rows, left_out, x_label
from markerkit.figures._options import Options, drawing, page_width
from markerkit.figures._palette import INK, PAPER, RULE, SECONDARY, in_order, look
from markerkit.figures._rows import (
    NAME_SIZE,
    NOTE_SIZE,
    Margins,
    Slot,
    beside,
    empty_note,
    instead,
    names_width,
    row_axes,
    slots,
)
from markerkit.figures._style import MAX_HEIGHT
from markerkit.figures._tables import checked, numbers, words
from markerkit.figures._text import clean, ellipsize, shrink, widest, wrap

_COLUMNS = ("level", "name", "component", "share", "ci_low", "ci_high")
_EV, _REST, _OTHER = "ev", "unassigned", "other sources"
_FEW = 12  # samples of one group that are drawn one by one
_LEAST = 0.03  # a source that holds less in every row is pooled with the others
_MOST_SOURCES = 8
_ROW = 9.0
_BAR = 0.42  # height of a bar in rows
_NUMBERS = 3  # lines of numbers beside a bar


class _Bar(NamedTuple):
    """A row of the figure: its name, what stands under the name, and its components."""

    name: str
    note: str
    share: dict[str, float]
    interval: dict[str, tuple[float, float]]
    reference: tuple[float, float]
    reason: str


def composition(
    table: pd.DataFrame,
    ev_markers: pd.DataFrame | None = None,
    *,
    groups: Sequence[str] | None = None,
    level: str | None = None,
    ax: Axes | None = None,
    width: str | float = "double",
    **options: Unpack[Options],
) -> Axes:
    """Draw what is in the tube: one bar per group, or per sample.

    Parameters
    ----------
    table
        Table ``composition``.
    ev_markers
        Table ``ev_markers``, whose word on the EV markers is written under every name.
    groups
        Groups to draw, in order; all by default.
    level
        ``"group"`` or ``"sample"``; by default groups, and the samples where there is one group of
        at most 12.
    ax
        Axes to draw on; a new figure by default.
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
        A column is missing.

    Notes
    -----
    Every protein counts once, so the parts of a bar add up to the whole signal. The EV markers are
    the first part, taller than the others. Sources below 3 % in every row are drawn as one. Beside the bar stand the EV markers and the largest sources
    with their 95 % intervals; the line under its left end reaches from the 10 % to the 90 %
    quantile of the share of EV markers in the reference preparations.
    """
    rows = _rows(checked(table, _COLUMNS, "composition"), groups, level)
    full = page_width(width, options)
    with drawing(options, ax):
        # as many rows as a page holds
        bars = _bars(rows, ev_markers)
        most = int((MAX_HEIGHT - 40) / _ROW)
        drawn = bars[:most]
        keys = _drawn_keys(drawn)
        beside_bar = [_numbers(bar, keys) for bar in drawn]
        room = names_width([t for b in drawn for t in (b.name, b.note)], full, share=0.26)
        right = min(widest([t for lines in beside_bar for t in lines], NOTE_SIZE) + 3, 0.36 * full)
        notes = _notes(rows, drawn, full - 4)
        labels = [ellipsize(_title(k), 30, 6) for k in keys]
        _, deep = key_rows(labels, full - room - 5)
        margins = Margins(room + 4, right + 1, 3, 12 + 3 * deep + 2.6 * len(notes))
        lines = slots([""] * len(drawn))
        ax = row_axes(ax, lines, margins, width=full, row_height=_ROW)
        if not any(b.share for b in drawn):
            empty_note(ax, "nothing to draw: no share was computed" if drawn else "nothing to draw: no row")
            return ax
        _axis(ax)
        for slot, bar, said in zip(lines, drawn, beside_bar, strict=True):
            _draw(ax, slot, bar, keys)
            _write(ax, slot, bar, said, (room, right))
        left_out(ax, len(bars) - len(drawn), "rows", room=room)
        handles = [_patch(k, label) for k, label in zip(keys, labels, strict=True)]
        key_below(ax, handles, below=9.5)
        foot_notes(ax, notes, below=11.5 + 3 * deep)
    return ax


def _rows(table: pd.DataFrame, groups: Sequence[str] | None, level: str | None) -> pd.DataFrame:
    """Rows of the level that is drawn, of the groups that are drawn, in their order."""
    of = words(table, "group") if "group" in table.columns else words(table, "name")
    if groups is not None:
        order = {g: i for i, g in enumerate(groups)}
        place = of.map(order).to_numpy(dtype=float)
        kept = np.isfinite(place)
        table = table[kept].iloc[np.argsort(place[kept], kind="stable")].reset_index(drop=True)
    levels = words(table, "level")
    if level is None:
        named = {w: words(table, "name")[levels == w].nunique() for w in ("group", "sample")}
        level = "sample" if named["group"] <= 1 and 0 < named["sample"] <= _FEW else "group"
    return table[levels == level].reset_index(drop=True)


def _bars(rows: pd.DataFrame, ev_markers: pd.DataFrame | None) -> list[_Bar]:
    columns = {c: numbers(rows, c) for c in ("share", "ci_low", "ci_high", "reference_low", "reference_high")}
    names, keys = words(rows, "name"), words(rows, "component")
    said, counts = _words_of(ev_markers), numbers(rows, "n_samples")
    level = words(rows, "level")
    bars = []
    for name in dict.fromkeys(names):
        at = [i for i in np.flatnonzero(names == name) if np.isfinite(columns["share"][i])]
        first = int(np.flatnonzero(names == name)[0])
        n = (
            f"{counted(int(counts[first]), 'sample')}"
            if np.isfinite(counts[first]) and counts[first] > 1
            else ""
        )
        word = said.get((level[first], name), "")
        ev = next((i for i in at if keys[i] == _EV), None)
        reference = (np.nan, np.nan)
        if ev is not None:
            reference = (columns["reference_low"][ev], columns["reference_high"][ev])
        bars.append(
            _Bar(
                name,
                "; ".join(filter(None, [n, f"EV markers {word}" if word else ""])),
                {keys[i]: max(0.0, float(columns["share"][i])) for i in at},
                {keys[i]: (columns["ci_low"][i], columns["ci_high"][i]) for i in at},
                reference,
                words(rows, "reason")[first],
            )
        )
    return bars


def _words_of(ev_markers: pd.DataFrame | None) -> dict[tuple[str, str], str]:
    if ev_markers is None:
        return {}
    table = checked(ev_markers, ["level", "name", "word"], "ev_markers")
    keys = zip(words(table, "level"), words(table, "name"), strict=True)
    return dict(zip(keys, words(table, "word"), strict=True))


def _drawn_keys(bars: Sequence[_Bar]) -> list[str]:
    """Components that are drawn, in order: EV markers, sources, the pooled sources, unassigned."""
    found = dict.fromkeys(k for b in bars for k in b.share)
    largest = {k: max(b.share.get(k, 0.0) for b in bars) for k in found if k not in (_EV, _REST)}
    named = sorted((k for k in largest if largest[k] >= _LEAST), key=lambda k: -largest[k])[:_MOST_SOURCES]
    pooled = [_OTHER] if len(named) < len(largest) else []
    ends = [k for k in (_EV,) if k in found], [k for k in (_REST,) if k in found]
    return [*ends[0], *in_order(named), *pooled, *ends[1]]


def _title(key: str) -> str:
    if key == _EV:
        return "EV markers"
    return {_OTHER: "Other sources", _REST: "Unassigned"}.get(key) or clean(look(key).title)


def _patch(key: str, label: str) -> Patch:
    """Return the patch of a component in the key."""
    face, hatch, edge = _look(key)
    return Patch(facecolor=face, hatch=hatch, edgecolor=edge, linewidth=0.5, label=label)


def _look(key: str) -> tuple[str, str, str]:
    """Face, hatch and edge of a component."""
    if key == _REST:
        return PAPER, "", RULE
    if key == _OTHER:
        return "#c8c8c8", "", PAPER
    if key == _EV:
        color = look(_EV).color
        return color, "", color
    known = look(key)
    return known.color, known.hatch, PAPER


def _parts(bar: _Bar, keys: Sequence[str]) -> list[tuple[str, float]]:
    """Components of a bar as they are drawn, with their shares."""
    rest = sum(v for k, v in bar.share.items() if k not in keys)
    return [(k, rest if k == _OTHER else bar.share.get(k, 0.0)) for k in keys]


def _numbers(bar: _Bar, keys: Sequence[str]) -> list[str]:
    """Write the EV markers and the largest sources of a bar, each with its interval."""
    sources = sorted((k for k in bar.share if k not in (_EV, _REST)), key=lambda k: -bar.share[k])
    shown = [k for k in (_EV,) if k in bar.share and k in keys] + [k for k in sources if bar.share[k] > 0]
    return [f"{_title(k)} {_said(bar, k)}" for k in shown[:_NUMBERS]]


def _said(bar: _Bar, key: str) -> str:
    low, high = bar.interval[key]
    inside = f" ({number(100 * low, 2)}–{number(100 * high, 2)})" if np.isfinite([low, high]).all() else ""
    return f"{percent(bar.share[key], 2)}{inside}"


def _axis(ax: Axes) -> None:
    ax.set_xlim(0, 1)
    ax.xaxis.set_major_locator(FixedLocator([0, 0.2, 0.4, 0.6, 0.8, 1.0]))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda v, _: number(100 * v)))
    x_label(ax, "Share of the signal, each protein counted once (%)", "Share of the signal (%)", "Signal (%)")


def _draw(ax: Axes, slot: Slot, bar: _Bar, keys: Sequence[str]) -> None:
    """Draw one bar, and the range of the reference under its left end."""
    if not bar.share:
        instead(ax, slot.y, bar.reason or "no share was computed")
        return
    left = 0.0
    for key, share in _parts(bar, keys):
        face, hatch, edge = _look(key)
        # taller, so that the EV markers stand out in grey as well
        tall = _BAR * (1.3 if key == _EV else 1.0)
        ax.add_patch(
            Rectangle(
                (left, slot.y - tall / 2),
                share,
                tall,
                facecolor=face,
                hatch=hatch,
                edgecolor=edge,
                linewidth=0 if key == _EV else 0.5,
                zorder=2,
                label=f"_{key}",
            )
        )
        left += share
    if np.isfinite(bar.reference).all():
        _reference(ax, slot.y + 0.65 * _BAR + 0.07, *bar.reference)


def _reference(ax: Axes, y: float, low: float, high: float) -> None:
    """Draw the range of the EV markers in the reference preparations, with its ends."""
    ends = [low, min(high, 1.0)]
    ax.plot(ends, [y, y], color=INK, linewidth=0.8, solid_capstyle="butt", zorder=4, label="_reference")
    ax.plot(
        ends,
        [y, y],
        marker="|",
        markersize=3,
        color=INK,
        linestyle="none",
        zorder=4,
        clip_on=False,
        label="_end",
    )


def _write(ax: Axes, slot: Slot, bar: _Bar, said: Sequence[str], rooms: tuple[float, float]) -> None:
    """Write the name of a bar before it, and its numbers after it."""
    room, right = rooms
    name, size = shrink(bar.name, room, NAME_SIZE)
    lift = 0.13 if bar.note else 0.0
    beside(ax, slot.y - lift, name, left=room + 2, fontsize=size)
    if bar.note:
        note, size = shrink(bar.note, room, NOTE_SIZE)
        beside(ax, slot.y + 0.16, note, left=room + 2, fontsize=size, color=SECONDARY)
    step = 2.4 / _ROW
    for i, text in enumerate(said):
        y = slot.y + (i - (len(said) - 1) / 2) * step
        shown = ellipsize(text, right - 2, NOTE_SIZE)
        beside(ax, y, shown, right=2.0, fontsize=NOTE_SIZE, color=INK if i == 0 else SECONDARY)


def _notes(rows: pd.DataFrame, bars: Sequence[_Bar], room: float) -> list[str]:
    """Say how to read the figure, and what it is compared with."""
    texts = ["Numbers beside the bars: share of the signal with its 95 % interval"]
    ev = rows[words(rows, "component") == _EV]
    kinds = [k for k in dict.fromkeys(words(ev, "reference_kind")) if k]
    if any(np.isfinite(b.reference).all() for b in bars):
        against = clean(kinds[0]) if len(kinds) == 1 else "the reference preparations"
        texts[0] += f"; line under the bar: EV markers in 80 % of {against}"
    if words(rows, "approximate").str.lower().isin(["true", "1"]).any():
        texts.append("Approximate shares: logarithmic or imputed input")
    return [line for text in texts for line in wrap(f"{text}.", room, NOTE_SIZE, lines=2)]
