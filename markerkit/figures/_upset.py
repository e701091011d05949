"""UpSet plot: how many proteins are in exactly which of several sets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple, Unpack

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from markerkit.core.errors import InputError, listed
from markerkit.figures._options import Options, drawing, page_width
from markerkit.figures._palette import FAINT, INK, SECONDARY, ZONE, group_colors, title
from markerkit.figures._rows import NAME_SIZE, NOTE_SIZE, bare_y, blank_page, names_width, page, value_ticks
from markerkit.figures._style import figure_of, height_asked, page_of, place
from markerkit.figures._text import shrink, text_width

_MOST_SETS = 12
_ROW, _BARS, _TOP, _FOOT, _SIZES = 4.6, 30.0, 5.0, 6.5, 24.0  # mm
_LEAST_COLUMN = 3.6

Mask = NDArray[np.bool_]


def upset(
    membership: pd.DataFrame | Mapping[str, Iterable[str]],
    *,
    most: int = 20,
    width: str | float = "double",
    **options: Unpack[Options],
) -> Figure:
    """Draw how many items each combination of sets has to itself.

    Parameters
    ----------
    membership
        True and false, items x sets, as :func:`markerkit.membership` makes it; or a mapping of set names to items.
    most
        Combinations at most, the largest first; how many are left out is said.
    width
        89, 120 or 183 mm.
    **options
        Title, size, colors (of the sets), and the figure to draw into: :class:`Options`.

    Returns
    -------
    Figure
        Bars above: items in exactly these sets and in no other, so that every item counts once. Bars at the
        side: size of each set.

    Raises
    ------
    InputError
        Fewer than two sets or more than twelve, or a table that is not true or false.

    Examples
    --------
    >>> from markerkit import figures
    >>> figure = figures.upset({"SEC": ["CD9", "CD63", "ALB"], "UC": ["CD9", "ALB"], "list": ["CD9"]})
    >>> [t.get_text() for t in figure.axes[2].texts]
    ['1', '1', '1']
    """
    table = _as_table(membership)
    full = page_width(width, options)
    with drawing(options):
        if not table.to_numpy().any():
            return blank_page(full, "nothing to draw: the sets are empty")
        return _draw(table, most, full)


def _as_table(membership: pd.DataFrame | Mapping[str, Iterable[str]]) -> pd.DataFrame:
    if isinstance(membership, pd.DataFrame):
        table = membership
        wrong = [str(c) for c in table.columns if not table[c].dropna().isin([True, False]).all()]
        if wrong:
            raise InputError(
                f"`membership` must hold true and false, items x sets; {listed(wrong)} holds other values."
            )
        table = table.fillna(value=False).astype(bool)
    elif isinstance(membership, Mapping):
        sets = {str(name): set(items) for name, items in membership.items()}
        items = list(dict.fromkeys(i for s in sets.values() for i in sorted(s)))
        table = pd.DataFrame({n: [i in s for i in items] for n, s in sets.items()}, index=items, dtype=bool)
    else:
        kind = type(membership).__name__
        raise InputError(
            f"`membership` must be a table of true and false or a mapping of names to items; got {kind}."
        )
    if not 2 <= table.shape[1] <= _MOST_SETS:
        raise InputError(
            f"an UpSet plot compares 2 to {_MOST_SETS} sets; got {table.shape[1]}"
            + (f": {listed([str(c) for c in table.columns])}. Choose among them." if table.shape[1] else ".")
        )
    return table


class _Combination(NamedTuple):
    """Items that are in exactly these sets."""

    inside: Mask
    size: int


def _combinations(table: pd.DataFrame) -> list[_Combination]:
    """Count the items of every combination that occurs, the largest first, then those of fewer sets."""
    inside, sizes = np.unique(table.to_numpy(dtype=bool), axis=0, return_counts=True)
    found = [_Combination(row, int(n)) for row, n in zip(inside, sizes, strict=True) if row.any()]
    return sorted(found, key=lambda c: (-c.size, int(c.inside.sum()), tuple(~c.inside)))


def _draw(table: pd.DataFrame, most: int, full: float) -> Figure:
    names = [title(str(c)) for c in table.columns]
    sizes = table.sum().to_numpy(dtype=int)
    room = names_width(names, full)
    left = _SIZES + room + 4
    found = _combinations(table)
    shown = found[: max(1, min(most, int((full - left - 3) / _LEAST_COLUMN)))]
    inner = min(full - left - 3, len(shown) * 9.0)
    rows = len(names) * _ROW
    height = height_asked(_TOP + _BARS + rows + _FOOT)
    bars = max(height - _TOP - rows - _FOOT, 12.0)
    sheet = page(full, _TOP + bars + rows + _FOOT)
    grid = place(page_of(sheet), left, _TOP + bars, inner, rows)
    above = place(page_of(sheet), left, _TOP, inner, bars - 2)
    side = place(page_of(sheet), 3, _TOP + bars, _SIZES - 5, rows)
    colors = [c or INK for c in group_colors([str(c) for c in table.columns], "").values()]
    _matrix(grid, shown, len(names))
    _counts(above, shown)
    _set_sizes(side, sizes, colors)
    for i, name in enumerate(names):
        text, size = shrink(name, room, NAME_SIZE)
        y = _TOP + bars + (i + 0.5) * _ROW
        sheet.text(left - 1.5, y, text, fontsize=size, ha="right", va="center_baseline")
    _note(sheet, found[len(shown) :], _TOP + bars + rows + _FOOT)
    return figure_of(sheet)


def _matrix(ax: Axes, shown: list[_Combination], n_sets: int) -> None:
    """Draw which sets each column is about: full dots, joined; empty places faint."""
    ax.set_xlim(-0.5, len(shown) - 0.5)
    ax.set_ylim(n_sets - 0.5, -0.5)
    ax.axis("off")
    for row in range(0, n_sets, 2):
        ax.axhspan(row - 0.5, row + 0.5, color=ZONE, linewidth=0, zorder=0, label="_row")
    for x, combination in enumerate(shown):
        inside, outside = np.flatnonzero(combination.inside), np.flatnonzero(~combination.inside)
        ax.plot([x] * len(outside), outside, "o", markersize=3.4, color=FAINT, label="_out", zorder=2)
        ax.plot([x] * len(inside), inside, "o", markersize=4, color=INK, label="_in", zorder=4)
        if len(inside) > 1:
            ax.plot([x, x], [inside[0], inside[-1]], color=INK, linewidth=1.0, label="_joined", zorder=3)


def _counts(ax: Axes, shown: list[_Combination]) -> None:
    """Draw how many items each combination has to itself."""
    sizes = [c.size for c in shown]
    ax.bar(range(len(shown)), sizes, width=0.62, color=INK, linewidth=0, label="_combinations")
    ax.set_xlim(-0.5, len(shown) - 0.5)
    ax.set_ylim(0, 1.12 * max(sizes))
    ax.set_xticks([])
    ax.spines["bottom"].set_visible(False)
    value_ticks(ax, along="y", most=4)
    ax.set_ylabel("in exactly these sets")
    column = ax.bbox.width / len(shown) / ax.get_figure(root=True).dpi * 25.4  # type: ignore[union-attr]
    widest = max(text_width(f"{n:,}", 6) for n in sizes)
    size = 6.0 if widest <= 0.95 * column else max(5.0, 6 * 0.95 * column / widest)
    fits = max(text_width(f"{n:,}", size) for n in sizes) <= column
    for x, n in enumerate(sizes):
        text = f"{n:,}" if fits else f"{n}"
        ax.annotate(text, (x, n), xytext=(0, 1.5), textcoords="offset points", ha="center", va="bottom",
                    fontsize=size, rotation=0 if fits else 90)  # fmt: skip


def _set_sizes(ax: Axes, sizes: NDArray[np.int_], colors: list[str]) -> None:
    """Draw the size of every set to the left, growing away from its name."""
    ax.barh(range(len(sizes)), sizes, height=0.6, color=colors, linewidth=0, label="_sizes")
    ax.set_ylim(len(sizes) - 0.5, -0.5)
    ax.set_xlim(1.9 * max(int(sizes.max()), 1), 0)
    bare_y(ax)
    ax.spines["bottom"].set_visible(False)
    ax.set_xticks([])
    for i, n in enumerate(sizes):
        ax.annotate(f"{n:,}", (n, i), xytext=(-1.5, 0), textcoords="offset points", ha="right",
                    va="center_baseline", fontsize=6)  # fmt: skip
    ax.set_title("size of the set", fontsize=6, fontweight="normal", pad=3)


def _note(sheet: Axes, hidden: list[_Combination], height: float) -> None:
    """Say what is left out."""
    if hidden:
        n = sum(c.size for c in hidden)
        what = "combination is" if len(hidden) == 1 else "combinations are"
        text = f"{len(hidden):,} smaller {what} not drawn, with {n:,} items in all"
        sheet.text(3, height - 2.8, text, fontsize=NOTE_SIZE, color=SECONDARY, va="center_baseline")
