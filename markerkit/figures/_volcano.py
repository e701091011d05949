"""Volcano plot: fold change against p of every protein, with markers and the most significant proteins named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Unpack

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from markerkit.core.species import CONTAMINANT
from markerkit.core.wording import number
from markerkit.figures._keys import key_below, key_rows
from markerkit.figures._labels import Label, place_labels
from markerkit.figures._marked import check_label, genes_by_set, members_of
from markerkit.figures._options import Options, drawing, page_width
from markerkit.figures._palette import (
    FAINT,
    INK,
    OKABE_ITO,
    PAPER,
    RULE,
    SECONDARY,
    look,
    title,
)
from markerkit.figures._rows import empty_note, value_ticks
from markerkit.figures._style import height_asked, height_of, open_page, place, width_of
from markerkit.figures._tables import FloatArray, arms, contrast_rows, numbers, short_name, span, words
from markerkit.figures._text import ellipsize, text_width

_COLUMNS = ("protein", "gene", "log2_fc", "pvalue", "padj")
_OVER = "log2_fc_over_background"
_MANY = 2000
_SIGNIFICANT, _OTHER = "#8c8c8c", "#d0d0d0"
_TOO_FEW = " needed"
_FDR_LINE, _FOLD_LINE = "_threshold", "_fold change"
Mask = NDArray[np.bool_]


def volcano(
    da: pd.DataFrame,
    *,
    contrast: str | None = None,
    label: object = None,
    ax: Axes | None = None,
    alpha: float = 0.05,
    lfc: float = 1.0,
    top: int = 8,
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
    lfc
        Log2 fold change at which lines are drawn, and from which a significant protein is
        counted and dark; 0 for none.
    top
        The most significant proteins of each side to name beside the markers.
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
        2,000 proteins. A marker of several sets is drawn once, as the first of them.

    Raises
    ------
    InputError
        A column is missing, the contrast is unknown, or `label` is of no known kind or of more sets than the key holds.

    Warns
    -----
    MarkerkitWarning
        Genes given by name that are not in the table.

    Notes
    -----
    Color alone says to which set a protein belongs, fill alone sets it apart in grey, and shape alone says whether it has
    a fold change. The lines at `alpha` and `lfc` are drawn after the tests: p is about any difference, not about one of
    that size.
    """
    table, contrast = contrast_rows(da, _COLUMNS, "differential_abundance", contrast)
    marked = genes_by_set(label)
    check_label(marked, words(table, "gene"))
    untested = _untested(table)
    cloud = _cloud(table, alpha, lfc)
    groups = _groups(words(cloud.table, "gene"), marked)
    with drawing(options, ax):
        full = page_width(width, options)
        key = _key(cloud, groups, alpha, lfc)
        if ax is None:
            foot = 11 + 2.9 * key_rows([str(h.get_label()) for h in key], full - 12)[1]
            height = height_asked(9.5 + 0.6 * full + foot)
            ax = place(open_page(full, height, shown=True), 11, 9.5, full - 14, height - 9.5 - foot)
        if not len(cloud.table):
            empty_note(ax, "nothing to draw: no protein was tested")
            return ax
        inside = np.logical_or.reduce([*groups.values(), np.zeros(len(cloud.x), bool)])
        _limits(ax, cloud, lfc)
        cloud = _to_the_sides(ax, cloud)
        _background(ax, cloud, inside)
        _thresholds(ax, cloud, alpha, lfc)
        for at, (name, drawn) in enumerate(groups.items()):
            _marks(ax, name, at, cloud, drawn)
        _sides(ax, contrast, cloud)
        _axis_words(ax, contrast, _count_words(cloud, untested), over=cloud.over)
        _names(ax, cloud, inside, top=top, most=max_labels)
        key_below(ax, key, below=9.5)
    return ax


class _Cloud(NamedTuple):
    """The tested proteins: rows, fold change, -log10 p; which changed, have no fold change, or are contaminants without a gene."""

    table: pd.DataFrame
    x: FloatArray
    y: FloatArray
    changed: Mask
    passed: Mask
    at_side: Mask
    flagged: Mask
    over: bool


def _cloud(table: pd.DataFrame, alpha: float, lfc: float) -> _Cloud:
    """Choose the tested proteins, with fold change (missing where detections alone were tested) and -log10 p."""
    over = _OVER in table.columns and bool(np.isfinite(numbers(table, _OVER)).any())
    x, p = numbers(table, _OVER if over else "log2_fc"), numbers(table, "pvalue")
    seen = np.isfinite(p) & (np.isfinite(x) | np.isin(words(table, "direction"), ["up", "down"]))
    shown, x = table[seen].reset_index(drop=True), x[seen]
    padj = numbers(shown, "padj")
    passed = np.isfinite(padj) & (padj <= alpha)
    at_side = ~np.isfinite(x)
    changed = passed & (at_side | (np.abs(np.where(at_side, 0, x)) >= lfc))
    first = words(shown, "protein").str.partition(";")[0] if len(shown) else words(shown, "protein")
    flagged = (words(shown, "gene") == "") & first.str.contains(CONTAMINANT) & ~at_side
    return _Cloud(
        shown, x, _minus_log10(p[seen]), changed, passed, at_side, flagged.to_numpy(dtype=bool), over
    )


def _untested(table: pd.DataFrame) -> tuple[str, str]:
    """Say how many proteins were not tested, and that it was for too few values where the table says so."""
    out = table[~np.isfinite(numbers(table, "pvalue"))]
    if not len(out):
        return "", ""
    few = int(words(out, "reason").str.endswith(_TOO_FEW).sum())
    why = "" if not few else " (too few values)" if few == len(out) else f" ({few:,} for too few values)"
    return f"; {len(out):,} not tested", why


def _to_the_sides(ax: Axes, cloud: _Cloud) -> _Cloud:
    """Put proteins without a fold change at the side of the group that shows them."""
    low, high = ax.get_xlim()
    margin = 0.015 * (high - low)
    side = np.where(words(cloud.table, "direction") == "up", high - margin, low + margin)
    return cloud._replace(x=np.where(cloud.at_side, side, cloud.x))


def _count_words(cloud: _Cloud, untested: tuple[str, str]) -> list[str]:
    """Say how many proteins are drawn, and how many are not, in full and in short."""
    alone = int(cloud.at_side.sum())
    text = f"{len(cloud.x):,} proteins"
    text += f", {alone:,} by detection alone (at the sides)" if alone else ""
    return [text + untested[0] + untested[1], text + untested[0]]


def _minus_log10(p: FloatArray) -> FloatArray:
    """Return -log10 p; p = 0 stands at the smallest p above it."""
    positive = p[p > 0]
    floor = max(float(positive.min()), 1e-300) if positive.size else 1e-300
    return np.asarray(-np.log10(np.clip(p, floor, 1)) + 0.0, dtype=float)


def _groups(genes: pd.Series, marked: Mapping[str, list[str]]) -> dict[str, Mask]:
    """Proteins of each set; a protein of several sets is drawn once, as the first of them."""
    members = members_of(genes)
    free = np.ones(len(genes), dtype=bool)
    found = {}
    for key, symbols in marked.items():
        wanted = {s.upper() for s in symbols}
        inside = np.array([bool(m & wanted) for m in members], dtype=bool)
        if (inside & free).any():
            found[key] = inside & free
        free &= ~inside
    return found


def _background(ax: Axes, cloud: _Cloud, marked: Mask) -> None:
    plain, side = ~marked & ~cloud.at_side & ~cloud.flagged, ~marked & cloud.at_side
    for rest, marker, size, color, name in (
        (plain & ~cloud.changed, "o", 4, _OTHER, "_background"),
        (plain & cloud.changed, "o", 4, _SIGNIFICANT, "_changed"),
        (side & (cloud.x < 0), "<", 7, _SIGNIFICANT, "_only in the control"),
        (side & (cloud.x > 0), ">", 7, _SIGNIFICANT, "_only in the case"),
    ):
        if rest.any() or name == "_background":
            ax.scatter(
                cloud.x[rest],
                cloud.y[rest],
                s=size,
                marker=marker,
                color=color,
                linewidths=0,
                rasterized=len(cloud.x) > _MANY,
                zorder=2,
                label=name,
            )
    if cloud.flagged.any():
        at = (cloud.x[cloud.flagged], cloud.y[cloud.flagged])
        ax.scatter(*at, s=8, marker="x", color=SECONDARY, linewidths=0.6, zorder=2.1, label="_contaminants")


def _limits(ax: Axes, cloud: _Cloud, lfc: float) -> None:
    ax.set_xlim(*span(cloud.x[~cloud.at_side], np.array([-1.0, 1.0]) * max(1.2 * lfc, 1.0), pad=0.08))
    ax.set_ylim(0, max(float(cloud.y.max()) * 1.08, 1.5))
    ax.axvline(0, color=FAINT, linewidth=0.5, zorder=1, label="_zero")
    value_ticks(ax, most=8)
    value_ticks(ax, along="y")


def _thresholds(ax: Axes, cloud: _Cloud, alpha: float, lfc: float) -> None:
    """Draw the line above which the false discovery rate is at most `alpha`, and those at the fold change."""
    looks: dict[str, Any] = {"color": RULE, "linewidth": 0.5, "linestyle": (0, (3, 2)), "zorder": 1.5}
    for at in (-lfc, lfc) if lfc else ():
        ax.axvline(at, **looks, label=_FOLD_LINE)
    if not cloud.passed.any():
        return
    at = float(cloud.y[cloud.passed].min())
    ax.axhline(at, **looks, label=_FDR_LINE)
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


def _face(key: str, at: int) -> dict[str, str]:
    """Color of a set, and a fill that tells it from its neighbors in grey: full, empty, full with a dark edge."""
    color, spare = look(key).color, list(OKABE_ITO.values())[1:]
    if color == SECONDARY:  # a set that markerkit does not know
        color = INK if key == "labeled" else spare[at % len(spare)]
    fill = at % 3
    return {"facecolor": PAPER if fill == 1 else color, "edgecolor": (PAPER, color, SECONDARY)[fill]}


def _marks(ax: Axes, key: str, at: int, cloud: _Cloud, drawn: Mask) -> None:
    looks: dict[str, Any] = _face(key, at)
    for side, marker, size in ((~cloud.at_side, "o", 13), (cloud.at_side & (cloud.x < 0), "<", 18),
                               (cloud.at_side & (cloud.x > 0), ">", 18)):  # fmt: skip
        if (drawn & side).any():
            x, y = cloud.x[drawn & side], cloud.y[drawn & side]
            ax.scatter(x, y, s=size, marker=marker, linewidths=0.5, zorder=5 - 0.1 * at, label=key, **looks)


def _axis_words(ax: Axes, contrast: str, counts: Sequence[str], *, over: bool) -> None:
    """Label the axes, and write the contrast and the first of the counts that leaves it room."""
    at = 1 + 5.6 / height_of(ax)
    ax.set_xlabel("log₂ fold change over the background" if over else "log₂ fold change")
    ax.set_ylabel("−log₁₀ p")
    taken = text_width(contrast, 7, "bold") + 3
    count = next((c for c in counts if text_width(c, 6) + taken <= width_of(ax)), counts[-1])
    room = width_of(ax) - text_width(count, 6) - 3
    name = ellipsize(contrast, max(room, 12), 7, "bold")
    looks: dict[str, Any] = {"transform": ax.transAxes, "va": "center", "parse_math": False}
    ax.text(0, at, name, fontweight="bold", **looks)
    ax.text(1, at, count, fontsize=6, color=SECONDARY, ha="right", **looks)


def _sides(ax: Axes, contrast: str, cloud: _Cloud) -> None:
    """Write above the two halves how many proteins changed that way."""
    case, control = arms(contrast)
    n_lower, n_higher = (int((cloud.changed & side).sum()) for side in (cloud.x < 0, cloud.x > 0))
    room = width_of(ax) / 2 - 2
    above = 1 + 2.0 / height_of(ax)
    looks: dict[str, Any] = {
        "transform": ax.transAxes,
        "fontsize": 6,
        "va": "center",
        "color": INK,
        "parse_math": False,
    }
    left = f"◂ {n_lower:,} higher in {control}" if control else f"◂ {n_lower:,} lower"
    right = f"{n_higher:,} higher" + (f" in {case}" if case else "")
    ax.text(0, above, ellipsize(left, room, 6), ha="left", **looks)
    ax.text(1, above, ellipsize(right, room - 2, 6) + " ▸", ha="right", **looks)


def _key(cloud: _Cloud, groups: Mapping[str, Mask], alpha: float, lfc: float) -> list[Line2D]:
    """Explain every mark, with the number of proteins that it stands for."""
    inside = np.logical_or.reduce([*groups.values(), np.zeros(len(cloud.x), bool)])
    fold = f" and at least {number(2**lfc)}-fold" if lfc else ""
    said = [
        (_face(key, at), "o", 3.9, f"{ellipsize(title(key), 34, 6)} ({drawn.sum():,})")
        for at, (key, drawn) in enumerate(groups.items())
    ]
    rest = ~inside & ~cloud.at_side & ~cloud.flagged
    for color, marker, mask, text in (
        (_SIGNIFICANT, "o", rest & cloud.changed, f"FDR ≤ {number(100 * alpha)} %{fold}"),
        (_OTHER, "o", rest & ~cloud.changed, "other proteins"),
        (SECONDARY, "x", cloud.flagged, "flagged contaminants, no gene"),
        (_SIGNIFICANT, ">", cloud.at_side, "no fold change: in one group only"),
    ):
        if mask.any():
            face = {"facecolor": color, "edgecolor": color}
            said.append((face, marker, 2.6, f"{text} ({mask.sum():,})"))
    return [
        Line2D([], [], linestyle="none", marker=marker, markersize=size, label=text, markeredgewidth=0.6,
               markerfacecolor=face["facecolor"], markeredgecolor=face["edgecolor"])
        for face, marker, size, text in said
    ]  # fmt: skip


def _names(ax: Axes, cloud: _Cloud, inside: Mask, *, top: int, most: int) -> None:
    """Name markers and the most significant proteins of both sides, taking turns so that neither crowds out the other."""
    gene, protein = words(cloud.table, "gene"), words(cloud.table, "protein")
    rank = np.lexsort((np.arange(len(cloud.x)), -np.abs(cloud.x), -cloud.y))
    markers = [i for i in rank if inside[i]]
    # without a gene there is no name that a reader knows: mostly keratin and trypsin of a contaminant list
    hits = [i for i in rank if cloud.changed[i] and not inside[i] and (gene[i] or not gene.any())]
    up, down = ([i for i in hits if (cloud.x[i] > 0) == side][:top] for side in (True, False))
    turn = {i: n for chosen in (markers, up, down) for n, i in enumerate(chosen)}
    order = sorted(turn, key=lambda i: (turn[i], -cloud.y[i]))
    # several protein groups of one gene: the first is named
    named: dict[str, int] = {}
    for i in order:
        named.setdefault(short_name(gene[i], protein[i]), i)
    labels = [
        Label(cloud.x[i], cloud.y[i], name, INK if inside[i] else SECONDARY) for name, i in named.items()
    ]
    seen = inside | cloud.changed
    lines = [line for line in ax.lines if line.get_label() in (_FDR_LINE, _FOLD_LINE)]
    place_labels(ax, labels, np.column_stack([cloud.x[seen], cloud.y[seen]]), most=most, lines=lines)
