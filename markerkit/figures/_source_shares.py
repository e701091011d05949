"""Share of the signal that each source holds, per sample or per group of samples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Unpack

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, FuncFormatter, NullFormatter, NullLocator
from numpy.typing import NDArray

from markerkit.core.wording import number, percent
from markerkit.figures._keys import foot_notes, key_below, key_rows, left_out, side_note, x_label
from markerkit.figures._options import Options, drawing, page_width
from markerkit.figures._palette import CLASSES, ZONE, GroupLook, family, group_looks, in_order, title
from markerkit.figures._rows import (
    MOST_ROWS,
    NOTE_SIZE,
    Margins,
    Slot,
    empty_note,
    names_width,
    row_axes,
    slots,
    value_ticks,
    write_names,
)
from markerkit.figures._style import width_of
from markerkit.figures._tables import FloatArray, checked, numbers, words
from markerkit.figures._text import ellipsize, wrap

_COLUMNS = ("sample", "source", "share", "ci_low", "ci_high")
_FEW = 6
_MOST_GROUPS = 10
_ALL = "all samples"


def source_shares(
    shares: pd.DataFrame,
    samples_used: pd.DataFrame | None = None,
    *,
    groups: Sequence[str] | None = None,
    ax: Axes | None = None,
    log: bool = True,
    width: str | float = "middle",
    **options: Unpack[Options],
) -> Axes:
    """Draw the share of the linear signal by source.

    Parameters
    ----------
    shares
        Table ``source_shares``.
    samples_used
        Table ``samples_used``, for the groups of the samples.
    groups
        Groups to draw, in order; all by default, those past the tenth as one.
    ax
        Axes to draw on; a new figure by default.
    log
        Logarithmic axis: shares reach from 0.001 % to 90 %.
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
    Up to six samples each stand with their interval; more are drawn faint, with
    the median and the middle half of each group. Shares are not stacked, since
    sources share proteins. A share of 0, or an interval that reaches it, ends
    at the left edge of a logarithmic axis. Sources without a share in any sample are named below, with the reason.
    """
    table = _selected(shares, samples_used, groups)
    seen = set(table.loc[np.isfinite(table["share"]), "source"])
    found = in_order(k for k in table["source"] if k in seen)
    keys = found[:MOST_ROWS]
    unseen = in_order(k for k in table["source"] if k not in seen)
    every, table = table, table[table["source"].isin(keys)].reset_index(drop=True)
    few = table["sample"].nunique() <= _FEW
    lanes = table["sample"].nunique() if few else table["group"].nunique()
    tall = float(np.clip(1.8 + 1.1 * lanes, 4.0, 11.0))
    lines = slots([_heading(k) for k in keys], head=min(1.0, 4.0 / tall))
    names = [title(k) for k in keys]
    full = page_width(width, options)
    room = names_width(names, full)
    with drawing(options, ax):
        looks = group_looks(list(table["group"]))
        notes = _absent(every, unseen, full - 4)
        _, deep = key_rows([ellipsize(g, 34, 6) for g in looks], full - room - 5)
        ax = row_axes(
            ax, lines, Margins(room + 4, 6, 5, 11 + 3 * deep + 2.4 * len(notes)), width=full, row_height=tall
        )
        if not np.isfinite(table["share"]).any():
            empty_note(ax, "nothing to draw: no share was computed")
            return ax
        write_names(ax, lines, names, room=room)
        _bands(ax, lines)
        floor = _axis(ax, table, log=log)
        draw = _draw_samples if few else _draw_groups
        draw(ax, table, {keys[slot.row]: slot.y for slot in lines if slot.row >= 0}, looks, floor)
        x_label(ax, "Share of total signal")
        left_out(ax, len(found) - len(keys), "sources", room=room)
        _key(ax, looks, few=few, approximate=bool(table["approximate"].any()))
        foot_notes(ax, notes, below=11.0 + 3 * deep)
    return ax


def _heading(key: str) -> str:
    return "EV markers" if key in CLASSES else family(key)


def _selected(shares: pd.DataFrame, used: pd.DataFrame | None, groups: Sequence[str] | None) -> pd.DataFrame:
    """Return the shares with the group of each sample, in the order of the groups."""
    rows = checked(shares, _COLUMNS, "source_shares")
    table = pd.DataFrame({c: words(rows, c) for c in ("sample", "source", "reason")}).assign(
        **{c: numbers(rows, c) for c in ("share", "ci_low", "ci_high")}
    )
    table["approximate"] = words(rows, "approximate").str.lower().isin(["true", "1"])
    known: dict[str, str] = {}
    if used is not None:
        sheet = checked(used, ["sample", "group"], "samples_used")
        for column in ("unit", "sample"):
            known |= dict(zip(words(sheet, column), words(sheet, "group"), strict=True))
    table["group"] = [known.get(s, "") or _ALL for s in table["sample"]]
    table = table[table["sample"] != ""]
    ranked = list(dict.fromkeys(table["group"])) if groups is None else list(groups)
    table = table[table["group"].isin(ranked)]
    if len(ranked) > _MOST_GROUPS:
        other = f"{len(ranked) - _MOST_GROUPS + 1} other groups"
        table["group"] = table["group"].where(table["group"].isin(ranked[: _MOST_GROUPS - 1]), other)
        ranked = [*ranked[: _MOST_GROUPS - 1], other]
    order = table["group"].map({g: i for i, g in enumerate(ranked)}).to_numpy(dtype=float)
    return table.iloc[np.argsort(order, kind="stable")].reset_index(drop=True)


def _bands(ax: Axes, lines: Sequence[Slot]) -> None:
    """Shade every second row."""
    for slot in lines:
        if slot.row >= 0 and slot.row % 2 == 0:
            ax.axhspan(
                slot.y - 0.5, slot.y + 0.5, color=ZONE, alpha=0.6, linewidth=0, zorder=0, label="_band"
            )


def _absent(table: pd.DataFrame, keys: Sequence[str], room: float) -> list[str]:
    """Name the sources without a share in any sample, with the reason, in lines of so many mm."""
    source, reason = words(table, "source"), words(table, "reason")
    by_reason: dict[str, list[str]] = {}
    for key in keys:
        said = next((r for r in reason[source == key] if r), "not measured")
        by_reason.setdefault(said, []).append(title(key))
    parts = [f"{', '.join(named)} ({said})" for said, named in by_reason.items()]
    return wrap(f"Without a share: {'; '.join(parts)}.", room, NOTE_SIZE) if parts else []


def _axis(ax: Axes, table: pd.DataFrame, *, log: bool) -> float:
    """Set the x axis, and return where a share of 0 stands."""
    joined = np.concatenate([numbers(table, c) for c in ("share", "ci_low", "ci_high")])
    joined = joined[np.isfinite(joined)]
    high = float(joined.max())
    if not log:
        ax.set_xlim(0, max(high * 1.05, 1e-6))
        value_ticks(ax)
        ax.xaxis.set_major_formatter(FuncFormatter(lambda v, _: percent(v, 2)))
        return 0.0
    share = numbers(table, "share")
    positive = share[np.isfinite(share) & (share > 0)]
    least = float(positive.min()) if positive.size else 1e-5
    low_exponent = int(np.floor(np.log10(max(least, 1e-6)) - 0.3))
    high_exponent = min(0, int(np.ceil(np.log10(max(high, 1e-8)))))
    low_exponent = min(low_exponent, high_exponent - 1)
    ax.set_xscale("log")
    ax.set_xlim(10.0**low_exponent, 10.0**high_exponent)
    step = int(np.ceil((high_exponent - low_exponent) * 12 / width_of(ax)))
    ticks = [10.0**e for e in range(high_exponent, low_exponent - 1, -step)]
    ax.xaxis.set_major_locator(FixedLocator(ticks))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda v, _: f"{number(100 * v, 2)} %"))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_minor_formatter(NullFormatter())
    return 10.0**low_exponent


def _draw_samples(
    ax: Axes, table: pd.DataFrame, at: Mapping[str, float], looks: Mapping[str, GroupLook], floor: float
) -> None:
    """Draw every sample with its interval, in the same lane of every row."""
    samples = list(dict.fromkeys(table["sample"]))
    offsets = dict(zip(samples, _lanes(len(samples)), strict=True))
    for row in table[np.isfinite(table["share"])].to_dict("records"):
        shown, y = looks[row["group"]], at[row["source"]] + offsets[row["sample"]]
        if np.isfinite(row["ci_low"]) and np.isfinite(row["ci_high"]):
            ends = np.maximum([row["ci_low"], row["ci_high"]], floor)
            ax.plot(ends, [y, y], color=shown.color, linewidth=0.6, zorder=2, label="_interval")
        below = row["share"] < floor
        _dot(ax, max(row["share"], floor), y, shown._replace(marker="<") if below else shown, 3.0)


def _draw_groups(
    ax: Axes, table: pd.DataFrame, at: Mapping[str, float], looks: Mapping[str, GroupLook], floor: float
) -> None:
    """Draw the samples faint, and the median and the middle half of every group."""
    offsets = dict(zip(looks, _lanes(len(looks)), strict=True))
    for (source, group), rows in table[np.isfinite(table["share"])].groupby(["source", "group"], sort=False):
        share = np.maximum(rows["share"].to_numpy(dtype=float), floor)
        _draw_group(ax, share, at[str(source)] + offsets[str(group)], looks[str(group)])


def _draw_group(ax: Axes, share: FloatArray, y: float, shown: GroupLook) -> None:
    ax.plot(
        share,
        np.full(len(share), y),
        marker=".",
        markersize=2.2,
        markeredgewidth=0,
        linestyle="none",
        color="#a0a0a0",
        zorder=2,
        label="_sample",
    )
    first, middle, last = np.percentile(share, [25, 50, 75])
    ax.plot(
        [first, last],
        [y, y],
        color=shown.color,
        linewidth=1.2,
        solid_capstyle="butt",
        zorder=3,
        label="_middle half",
    )
    edge = float(middle) <= ax.get_xlim()[0]
    _dot(ax, float(middle), y, shown._replace(marker="<") if edge else shown, 3.2)


def _dot(ax: Axes, x: float, y: float, shown: GroupLook, size: float) -> None:
    ax.plot(
        [x],
        [y],
        marker=shown.marker,
        markersize=size,
        markerfacecolor=shown.color,
        markeredgecolor=shown.color,
        markeredgewidth=0.6,
        linestyle="none",
        zorder=4,
        clip_on=False,
        label="_point",
    )


def _lanes(n: int) -> NDArray[np.float64]:
    reach = min(0.34, 0.1 + 0.08 * (n - 1))
    return np.zeros(1) if n == 1 else np.linspace(-reach, reach, n)


def _key(ax: Axes, looks: Mapping[str, GroupLook], *, few: bool, approximate: bool) -> None:
    named = {} if list(looks) == [_ALL] else looks
    handles = [
        Line2D(
            [],
            [],
            marker=shown.marker,
            linestyle="none",
            markersize=3.6,
            markeredgewidth=0.6,
            markerfacecolor=shown.color,
            markeredgecolor=shown.color,
            label=ellipsize(group, 34, 6),
        )
        for group, shown in named.items()
    ]
    key_below(ax, handles, below=9.0)
    bars = "95 % intervals" if few else "middle half of the group"
    caution = "approximate: logarithmic or imputed input; " if approximate and width_of(ax) > 75 else ""
    side_note(ax, f"{caution}bars: {bars}; ◄ at or below the axis")
