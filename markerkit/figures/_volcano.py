"""Volcano plot: fold change against p of every protein, markers by class."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, Unpack

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from numpy.typing import NDArray

from markerkit.core.errors import InputError
from markerkit.core.wording import number
from markerkit.figures._label_names import BY_NAME, check_label
from markerkit.figures._labels import Label, place_labels
from markerkit.figures._options import Options, drawing, page_width
from markerkit.figures._palette import FAINT, INK, RULE, SECONDARY, in_order, look, title
from markerkit.figures._rows import empty_note, value_ticks
from markerkit.figures._style import height_asked, height_of, open_page, place, width_of
from markerkit.figures._tables import FloatArray, checked, contrast_rows, numbers, span, words
from markerkit.figures._text import ellipsize, text_width

_COLUMNS = ("protein", "gene", "log2_fc", "pvalue", "padj")
_OVER = "log2_fc_over_background"
_MANY = 2000


def volcano(
    da: pd.DataFrame,
    *,
    contrast: str | None = None,
    label: object = None,
    ax: Axes | None = None,
    alpha: float = 0.05,
    max_labels: int = 30,
    width: str | float = "middle",
    **options: Unpack[Options],
) -> Axes:
    """Draw log2 fold change against -log10 p of every tested protein.

    Where the table holds it, the fold change is that over the background, which p is about. A
    protein without a fold change, tested on its detections alone, is a triangle at the side of the group that shows it.

    Parameters
    ----------
    da
        Table ``differential_abundance``.
    contrast
        Contrast to draw; may be left out where there is one.
    label
        What to mark and name: gene symbols; a mapping of set ids to gene
        symbols; a set with ``genes`` (and ``id`` or ``name``); or a table with
        the columns ``set`` and ``gene`` such as ``markers_used``.
    ax
        Axes to draw on; a new figure by default.
    alpha
        False discovery rate at which the line is drawn.
    max_labels
        Names at most; those without room are left out, the least significant first.
    width
        Of a new figure: 89, 120 or 183 mm.
    **options
        Title, size, colors, and the figure to draw into: :class:`Options`.

    Returns
    -------
    Axes
        Collections are labeled by set id; the background is rasterised from
        2,000 proteins. A marker of several sets is drawn as the first of them,
        EV material before the classes; the key then gives both numbers.

    Raises
    ------
    InputError
        A column is missing, the contrast is unknown, or `label` is of no known kind or of more sets than the key holds.

    Warns
    -----
    MarkerkitWarning
        Genes given by name that are not in the table.
    """
    table, contrast = contrast_rows(da, _COLUMNS, "differential_abundance", contrast)
    marked = genes_by_set(label)
    check_label(marked, words(table, "gene"))
    shown, x, y = _points(table)
    untested, table = len(table) - len(shown), shown
    with drawing(options, ax):
        full = page_width(width, options)
        if ax is None:
            height, top = height_asked(min(0.82 * full, 105)), 5 + 2.4 * max(len(marked), 5) / 2
            figure = open_page(full, height, shown=True)
            ax = place(figure, 11, top, full - 14, height - 10 - top)
        if not len(table):
            empty_note(ax, "nothing to draw: no protein was tested")
            return ax
        groups = _groups(words(table, "gene"), marked)
        inside = np.logical_or.reduce([*(g.drawn for g in groups.values()), np.zeros(len(x), bool)])
        _limits(ax, x, y)
        at_side = _to_the_sides(ax, table, x)
        _background(ax, x, y, inside, at_side)
        _threshold(ax, y, numbers(table, "padj"), alpha)
        for key, group in groups.items():
            _marks(ax, key, x[group.drawn], y[group.drawn])
        said = _count_words(len(table), untested, int(at_side.sum()))
        _axis_words(ax, contrast, said, over=_fold_change(table) == _OVER, above=2.6 + 2.3 * _key(ax, groups))
        _names(ax, table, (x, y), inside, max_labels)
    return ax


def genes_by_set(label: object) -> dict[str, list[str]]:
    """Read what to label as set id -> gene symbols, classes first."""
    if label is None:
        return {}
    if isinstance(label, pd.DataFrame):
        checked(label, ["set", "gene"], "label")
        rows = label[words(label, "role") != "negative"] if "role" in label.columns else label
        found = {str(k): [str(g) for g in v] for k, v in rows.groupby("set", sort=False)["gene"]}
    elif isinstance(label, Mapping):
        found = {str(k): _symbols(v) for k, v in label.items()}
    elif hasattr(label, "genes"):
        name = getattr(label, "id", None) or getattr(label, "name", None) or BY_NAME
        found = {str(name): _symbols(label)}
    else:
        found = {BY_NAME: _symbols(label)}
    return {key: found[key] for key in in_order(found)}


def _symbols(value: Any) -> list[str]:
    value = getattr(value, "genes", value)
    value = value() if callable(value) else value
    if isinstance(value, str):
        return [value]
    if not isinstance(value, Iterable):
        message = (
            "`label` must be gene symbols, a mapping of set ids to gene symbols, a set with `genes` or a "
            f"table with the columns 'set' and 'gene'; got {type(value).__name__}."
        )
        raise InputError(message)
    return [str(v) for v in value]


def _fold_change(table: pd.DataFrame) -> str:
    """Name the fold change that p is about: over the background, where the table holds it."""
    over = _OVER in table.columns and np.isfinite(numbers(table, _OVER)).any()
    return _OVER if over else "log2_fc"


def _points(table: pd.DataFrame) -> tuple[pd.DataFrame, FloatArray, FloatArray]:
    """Choose the tested proteins, with fold change (missing where detections alone were tested) and -log10 p."""
    x, p = numbers(table, _fold_change(table)), numbers(table, "pvalue")
    seen = np.isfinite(p) & (np.isfinite(x) | np.isin(words(table, "direction"), ["up", "down"]))
    return table[seen].reset_index(drop=True), x[seen], _minus_log10(p[seen])


def _to_the_sides(ax: Axes, table: pd.DataFrame, x: FloatArray) -> NDArray[np.bool_]:
    """Put proteins without a fold change at the side of the group that shows them, and say which these are."""
    at_side = ~np.isfinite(x)
    low, high = ax.get_xlim()
    margin = 0.015 * (high - low)
    x[at_side] = np.where(words(table, "direction")[at_side] == "up", high - margin, low + margin)
    return at_side


def _count_words(tested: int, untested: int, at_side: int) -> str:
    """Say how many proteins are drawn, and how many are not."""
    text = f"{tested:,} proteins"
    text += f", {at_side:,} by detection alone (at the sides)" if at_side else ""
    return f"{text}; {untested:,} not tested" if untested else text


def _minus_log10(p: FloatArray) -> FloatArray:
    """Return -log10 p; p = 0 stands at the smallest p above it."""
    positive = p[p > 0]
    floor = max(float(positive.min()), 1e-300) if positive.size else 1e-300
    return np.asarray(-np.log10(np.clip(p, floor, 1)) + 0.0, dtype=float)


class _Group(NamedTuple):
    """The proteins of a set: those drawn as it, and how many of its members were tested."""

    drawn: NDArray[np.bool_]
    tested: int


def _groups(genes: pd.Series, marked: Mapping[str, list[str]]) -> dict[str, _Group]:
    """Proteins of each set; a protein of several sets is drawn once, as the first of them."""
    members = genes.map(lambda g: {part.strip().upper() for part in str(g).split(";")} - {""})
    free = np.ones(len(genes), dtype=bool)
    found = {}
    for key, symbols in marked.items():
        wanted = {s.upper() for s in symbols}
        inside = np.array([bool(m & wanted) for m in members], dtype=bool)
        if (inside & free).any():
            found[key] = _Group(inside & free, int(inside.sum()))
        free &= ~inside
    return found


def _background(
    ax: Axes, x: FloatArray, y: FloatArray, marked: NDArray[np.bool_], at_side: NDArray[np.bool_]
) -> None:
    for rest, marker, size, name in (
        (~marked & ~at_side, "o", 3, "_background"),
        (at_side & ~marked & (x < 0), "<", 7, "_only in the control"),
        (at_side & ~marked & (x > 0), ">", 7, "_only in the case"),
    ):
        if rest.any() or name == "_background":
            ax.scatter(
                x[rest],
                y[rest],
                s=size,
                marker=marker,
                color="#bdbdbd",
                linewidths=0,
                rasterized=len(x) > _MANY,
                zorder=2,
                label=name,
            )


def _limits(ax: Axes, x: FloatArray, y: FloatArray) -> None:
    ax.set_xlim(*span(x[np.isfinite(x)], np.array([-1.0, 1.0])))
    ax.set_ylim(0, max(float(y.max()) * 1.08, 1.5))
    ax.axvline(0, color=FAINT, linewidth=0.5, zorder=1, label="_zero")
    value_ticks(ax, most=8)
    value_ticks(ax, along="y")


def _threshold(ax: Axes, y: FloatArray, padj: FloatArray, alpha: float) -> None:
    """Draw the line above which the false discovery rate is at most `alpha`."""
    passed = np.isfinite(padj) & (padj <= alpha)
    if not passed.any():
        return
    at = float(y[passed].min())
    ax.axhline(at, color=RULE, linewidth=0.5, linestyle=(0, (3, 2)), zorder=1.5, label="_threshold")
    ax.annotate(
        f"FDR {number(100 * alpha)} %",
        (1, at),
        xycoords=ax.get_yaxis_transform(),
        xytext=(-1, 1.5),
        textcoords="offset points",
        ha="right",
        fontsize=5.5,
        color=SECONDARY,
    )


def _marks(ax: Axes, key: str, x: FloatArray, y: FloatArray) -> None:
    shown = look(key)
    color = INK if key == "labeled" else shown.color
    ax.scatter(
        x,
        y,
        s=22 if shown.marker in "PX" else 13,
        color=color,
        marker=shown.marker,
        linewidths=0.5,
        edgecolors="white",
        zorder=4,
        label=key,
    )


def _axis_words(ax: Axes, contrast: str, count: str, *, over: bool, above: float) -> None:
    height = height_of(ax)
    ax.set_xlabel("log₂ fold change over the background" if over else "log₂ fold change")
    ax.set_ylabel("−log₁₀ p")
    ax.text(
        0,
        1 + above / height,
        ellipsize(contrast, 50, 7, "bold"),
        transform=ax.transAxes,
        fontweight="bold",
        va="center",
    )
    ax.text(
        1,
        1 + above / height,
        count,
        transform=ax.transAxes,
        fontsize=6,
        color=SECONDARY,
        ha="right",
        va="center",
    )


def _counted(key: str, group: _Group) -> str:
    """Write a set with the number drawn as it, of the number tested where markers are shared."""
    drawn = int(group.drawn.sum())
    count = f"{drawn}" if drawn == group.tested else f"{drawn} of {group.tested}"
    return f"{ellipsize(title(key), 28, 6)} ({count})"


def _key(ax: Axes, groups: Mapping[str, _Group]) -> int:
    """Name the sets above the axes with their counts, and return the lines that it took."""
    handles, names = ax.get_legend_handles_labels()
    found = [
        (handle, _counted(name, groups[name]))
        for handle, name in zip(handles, names, strict=True)
        if name in groups
    ]
    if not found:
        return 0
    widest = max(text_width(name, 6) for _, name in found) + 6
    columns = max(1, min(len(found), int(width_of(ax) / widest)))
    ax.legend(
        [h for h, _ in found],
        [n for _, n in found],
        loc="lower left",
        bbox_to_anchor=(0, 1 + 0.6 / height_of(ax)),
        ncols=columns,
        borderpad=0,
        borderaxespad=0,
        handlelength=1.2,
        handletextpad=0.3,
        columnspacing=1.2,
        labelspacing=0.25,
    )
    return -(-len(found) // columns)


def _names(
    ax: Axes,
    table: pd.DataFrame,
    points: tuple[FloatArray, FloatArray],
    inside: NDArray[np.bool_],
    most: int,
) -> None:
    x, y = points
    gene, protein = words(table, "gene"), words(table, "protein")
    chosen = np.flatnonzero(inside)
    chosen = chosen[np.lexsort((chosen, -np.abs(x[chosen]), -y[chosen]))]
    labels = [Label(x[i], y[i], (gene[i] or protein[i]).split(";")[0]) for i in chosen]
    place_labels(ax, labels, np.column_stack([x[inside], y[inside]]), most=most)
