"""Vesicles, lipoprotein and soluble protein over the fractions of a series."""

from __future__ import annotations

from typing import NamedTuple, Unpack

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, MaxNLocator

from markerkit.core.wording import number, percent
from markerkit.figures._keys import key_below
from markerkit.figures._options import Options, drawing, page_width
from markerkit.figures._palette import OKABE_ITO, SECONDARY, ZONE
from markerkit.figures._rows import NOTE_SIZE, blank_page
from markerkit.figures._style import open_page, place, root_of, width_of
from markerkit.figures._tables import checked, numbers, words
from markerkit.figures._text import clean, ellipsize, widest

_COLUMNS = ("fraction", "order", "kind", "key", "share", "part")
_PANEL, _TOP, _BETWEEN, _LEFT, _FOOT = 32.0, 7.0, 9.0, 14.0, 18.0


class _Look(NamedTuple):
    title: str
    color: str
    marker: str
    line: tuple[float, tuple[float, ...]]


_LOOKS = {
    "ev": _Look("Vesicles", OKABE_ITO["blue"], "o", (0, ())),
    "lipoprotein": _Look("Lipoprotein", OKABE_ITO["orange"], "s", (0, (4, 1.5))),
    "soluble": _Look("Soluble protein", "#6a3d7c", "^", (0, (1, 1.5))),
}


def fraction_profiles(
    table: pd.DataFrame,
    peaks: pd.DataFrame | None = None,
    pools: pd.DataFrame | None = None,
    *,
    width: str | float = "middle",
    **options: Unpack[Options],
) -> Figure:
    """Draw the composition of the fractions, and where the total lies.

    Parameters
    ----------
    table
        Table ``fraction_profiles``.
    peaks
        Table ``fraction_peaks``, for a mark at every peak.
    pools
        Table ``fraction_pools``, to shade the pool that is proposed.
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
    Above, the estimated share of every component in the protein of a fraction: how pure it is. Below, the part of the
    component's total that lies in the fraction: where it is; only where amounts are known. Without an estimate the
    shares of the markers in the signal are drawn. Bars are 95 % intervals.
    """
    rows = checked(table, _COLUMNS, "fraction_profiles")
    full = page_width(width, options)
    with drawing(options, colors=False):
        shown, label = _shown(rows)
        if not len(shown):
            return blank_page(full, "nothing to draw: no profile could be computed")
        place_of = _places(shown)
        drawn = [("share", label), ("part", "Part of its total")]
        drawn = [d for d in drawn if np.isfinite(numbers(shown, d[0])).any()]
        height = _TOP + len(drawn) * _PANEL + (len(drawn) - 1) * _BETWEEN + _FOOT
        figure = open_page(full, height)
        axes = []
        for i, (column, text) in enumerate(drawn):
            ax = place(figure, _LEFT, _TOP + i * (_PANEL + _BETWEEN), full - _LEFT - 4, _PANEL)
            axes.append(ax)
            _pool(ax, pools, place_of)
            ax.set_ylim(0, max(1.08 * min(_top(shown, column), 1.0), 0.05))
            _lines(ax, shown, column, place_of)
            if column == "part" or len(drawn) == 1:
                _marks(ax, shown, column, peaks, place_of)
            _axes(ax, text, place_of, names=i == len(drawn) - 1)
        _note(axes[0], pools)
        key_below(axes[-1], [_handle(_LOOKS[k]) for k in _LOOKS if k in set(words(shown, "key"))], below=11.0)
        return root_of(figure)


def _shown(rows: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Rows of the components; else of the markers of EVs and lipoproteins."""
    kind, key = words(rows, "kind"), words(rows, "key")
    named = words(rows, "fraction") != ""
    for chosen, label in (
        (kind == "component", "Share of protein"),
        (
            ((kind == "class") & (key == "ev")) | ((kind == "source") & (key == "lipoprotein")),
            "Share of signal",
        ),
    ):
        some = rows[chosen & named & key.isin(list(_LOOKS))]
        if np.isfinite(numbers(some, "share")).any():
            return some.reset_index(drop=True), label
    return rows.iloc[:0], ""


def _places(rows: pd.DataFrame) -> dict[str, int]:
    order = pd.Series(numbers(rows, "order"), index=words(rows, "fraction"))
    return {
        str(f): i
        for i, f in enumerate(order.groupby(level=0, sort=False).min().sort_values(kind="stable").index)
    }


def _lines(ax: Axes, rows: pd.DataFrame, column: str, places: dict[str, int]) -> None:
    names = {"share": ("ci_low", "ci_high"), "part": ("part_ci_low", "part_ci_high")}[column]
    for i, (key, looks) in enumerate(_LOOKS.items()):
        some = rows[words(rows, "key") == key]
        y, low, high = (numbers(some, c) for c in (column, *names))
        x = np.array([places[f] for f in words(some, "fraction")], dtype=float)
        order = np.argsort(x)
        x, y, low, high = x[order], y[order], low[order], high[order]
        ax.plot(
            x,
            y,
            color=looks.color,
            marker=looks.marker,
            markersize=3,
            linestyle=looks.line,
            linewidth=1,
            zorder=3,
            label="_profile",
        )
        aside = x + 0.12 * (i - 1)
        ax.vlines(aside, low, high, color=looks.color, linewidth=0.8, zorder=2, label="_interval")


def _marks(
    ax: Axes, rows: pd.DataFrame, column: str, peaks: pd.DataFrame | None, places: dict[str, int]
) -> None:
    """Mark the fraction in which each component peaks."""
    if peaks is None or not {"kind", "key", "peak"} <= set(peaks.columns):
        return
    for key, looks in _LOOKS.items():
        of_key = peaks[(words(peaks, "kind") == "component") & (words(peaks, "key") == key)]
        for peak in words(of_key, "peak"):
            mine = rows[(words(rows, "key") == key) & (words(rows, "fraction") == peak)]
            if peak in places and np.isfinite(numbers(mine, column)).any():
                top = float(np.nanmax(numbers(mine, column)))
                ax.plot(
                    [places[peak]],
                    [top + 0.08 * ax.get_ylim()[1]],
                    marker="v",
                    markersize=4,
                    color=looks.color,
                    linestyle="none",
                    clip_on=False,
                    zorder=4,
                    label="_peak",
                )


def _proposed(pools: pd.DataFrame | None) -> pd.DataFrame:
    if pools is None or not {"fractions", "proposed"} <= set(pools.columns):
        return pd.DataFrame()
    return pools[words(pools, "proposed").str.lower().isin(["true", "1"])]


def _pool(ax: Axes, pools: pd.DataFrame | None, places: dict[str, int]) -> None:
    chosen = _proposed(pools)
    inside = (
        [places[f] for text in words(chosen, "fractions")[:1] for f in text.split(";") if f in places]
        if len(chosen)
        else []
    )
    if inside:
        ax.axvspan(min(inside) - 0.5, max(inside) + 0.5, color=ZONE, linewidth=0, zorder=0, label="_pool")


def _axes(ax: Axes, text: str, places: dict[str, int], *, names: bool) -> None:
    ax.set_xlim(-0.5, len(places) - 0.5)
    ax.yaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 2.5, 5, 10]))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda v, _: f"{number(100 * v, 3)} %"))
    ax.set_ylabel(text)
    labels = [ellipsize(clean(f), 14, 6) for f in places]
    step = max(1, int(np.ceil((widest(labels, 6) + 1.5) * len(labels) / width_of(ax))))
    ax.set_xticks(range(0, len(labels), step), labels[::step] if names else [""] * len(labels[::step]))
    if names:
        ax.set_xlabel("Fraction")


def _top(rows: pd.DataFrame, column: str) -> float:
    """Upper end of the values and of their intervals, with room for the marks of the peaks."""
    ends = np.concatenate([numbers(rows, column), numbers(rows, f"{column}_ci_high")])
    return 1.2 * float(np.nanmax(ends)) if column == "part" else 1.0


def _note(ax: Axes, pools: pd.DataFrame | None) -> None:
    chosen = _proposed(pools)
    if not len(chosen):
        return
    purity, recovered = (percent(float(numbers(chosen, c)[0]), 2) for c in ("purity", "recovered"))
    text = ellipsize(f"shaded: proposed pool, purity {purity}, yield {recovered}", width_of(ax), NOTE_SIZE)
    ax.annotate(
        text,
        (1, 1),
        xycoords="axes fraction",
        xytext=(0, 3),
        textcoords="offset points",
        ha="right",
        fontsize=NOTE_SIZE,
        color=SECONDARY,
        annotation_clip=False,
    )


def _handle(looks: _Look) -> Line2D:
    return Line2D(
        [],
        [],
        color=looks.color,
        marker=looks.marker,
        markersize=3,
        linestyle=looks.line,
        linewidth=1,
        label=looks.title,
    )
