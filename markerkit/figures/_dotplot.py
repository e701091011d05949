"""Dot plot of set tests: terms of GO, Reactome or any library with their ratio, size and false discovery rate."""

from __future__ import annotations

from typing import NamedTuple, Unpack

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from markerkit.core.errors import InputError, listed, one_of
from markerkit.figures._keys import key_below, key_rows, side_note
from markerkit.figures._options import Options, drawing, page_width
from markerkit.figures._palette import INK, OKABE_ITO, PAPER, tint, title
from markerkit.figures._rows import (
    MOST_ROWS,
    NOTE_SIZE,
    Margins,
    Slot,
    empty_note,
    guides,
    names_width,
    row_axes,
    slots,
    value_ticks,
    write_names,
)
from markerkit.figures._style import width_of
from markerkit.figures._tables import FloatArray, arms, contrast_rows, numbers, words
from markerkit.figures._text import ellipsize

_COLUMNS = ("set", "method", "direction", "pvalue", "padj", "n_measured", "leading_edge")
#: upper end of a level of the false discovery rate, and its color: the smaller, the darker
_LEVELS = tuple(
    (limit, tint(OKABE_ITO["blue"], share)) for limit, share in ((0.001, 0.0), (0.01, 0.45), (0.05, 0.75))
)
_LIBRARIES = ("GOBP", "GOCC", "GOMF", "GO", "REACTOME", "HALLMARK", "KEGG", "WP", "BIOCARTA", "PID")
_CAPITALS = {
    w.lower(): w
    for w in ("ER", "DNA", "RNA", "MRNA", "RRNA", "TRNA", "MHC", "ATP", "GTP", "ESCRT", "NMD", "SRP")
}
_CAPITALS |= {"mrna": "mRNA", "rrna": "rRNA", "trna": "tRNA"}


def dotplot(
    table: pd.DataFrame,
    *,
    contrast: str | None = None,
    method: str | None = None,
    most: int = 20,
    ax: Axes | None = None,
    width: str | float = "middle",
    **options: Unpack[Options],
) -> Axes:
    """Draw the most significant sets of a library, as dots of their size and false discovery rate.

    Parameters
    ----------
    table
        Table ``enrichment``, such as that of ``markerkit.enrich(da, markerkit.read_markers("go.gmt"), method="ora")``.
    contrast
        Contrast to draw; may be left out where there is one.
    method
        Set test to draw; may be left out where there is one.
    most
        Sets at most, those with the smallest p first; how many were tested is said.
    ax
        Axes to draw on; a new figure by default.
    width
        Of a new figure: 89, 120 or 183 mm.
    **options
        Title, size, and the figure to draw into: :class:`Options`.

    Returns
    -------
    Axes
        x: share of the measured members that are hits (``ora``), else that drive the set (its leading edge).

    Raises
    ------
    InputError
        A column is missing, or the contrast or the method is unknown or not named.
    """
    rows, contrast = contrast_rows(table, _COLUMNS, "enrichment", contrast)
    rows, method = _one_method(rows, method)
    found, tested = _dots(rows, method, min(most, MOST_ROWS))
    full = page_width(width, options)
    names = [term(s) for s in found.sets]
    heads = _heads(contrast)
    lines = slots([heads.get(d, "Direction not known") for d in found.directions], always=True)
    room = names_width(names, full, share=0.5)
    with drawing(options, ax, colors=False):
        key = _key(found)
        _, deep = key_rows([str(h.get_label()) for h in key], full - room - 8)
        ax = row_axes(ax, lines, Margins(room + 4, 5, 9, 11 + 3.2 * deep), width=full, row_height=4.2)
        if not found.sets:
            empty_note(ax, "nothing to draw: no set was tested")
            return ax
        write_names(ax, lines, names, room=room)
        guides(ax, lines, np.isfinite(found.ratio))
        ax.set_xlim(0, min(1.06, 1.15 * float(np.nanmax(found.ratio, initial=0.05))))
        value_ticks(ax)
        _draw(ax, found, lines)
        what = "hits" if method == "ora" else "leading edge"
        ax.set_xlabel(f"{what} / members measured")
        ax.set_title(ellipsize(contrast, 60, 7, "bold"), pad=11)
        note = (
            f"{method}: the first {len(names)} of {tested:,} sets tested" if tested > len(names) else method
        )
        side_note(ax, ellipsize(note, width_of(ax), NOTE_SIZE))
        key_below(ax, key, below=9.5)
    return ax


def _heads(contrast: str) -> dict[str, str]:
    case, control = arms(contrast)
    return (
        {"up": f"Higher in {case}", "down": f"Higher in {control}"}
        if case
        else {"up": "Higher", "down": "Lower"}
    )


class _Dots(NamedTuple):
    """The sets in the order of the figure: direction, ratio, members behind it, false discovery rate (or p)."""

    sets: list[str]
    directions: list[str]
    ratio: FloatArray
    behind: FloatArray
    rate: FloatArray
    rate_name: str


def _one_method(rows: pd.DataFrame, method: str | None) -> tuple[pd.DataFrame, str]:
    methods = list(dict.fromkeys(words(rows, "method")))
    if method is not None:
        one_of("method", method, methods)
    elif len(methods) > 1:
        raise InputError(
            f"the table has {len(methods)} set tests: {listed(methods)}; name one with `method`."
        )
    method = method or (methods[0] if methods else "")
    return rows[words(rows, "method") == method].reset_index(drop=True), method


def _dots(rows: pd.DataFrame, method: str, most: int) -> tuple[_Dots, int]:
    """Choose the sets with the smallest p; those that go up stand above those that go down."""
    p, padj = numbers(rows, "pvalue"), numbers(rows, "padj")
    adjusted = bool(np.isfinite(padj).any())
    tested = np.flatnonzero(np.isfinite(p))
    best = tested[np.argsort(p[tested], kind="stable")][:most]
    direction = words(rows, "direction").to_numpy(dtype=object)
    rank = {"up": 0, "down": 1}
    order = sorted(best, key=lambda i: (rank.get(str(direction[i]), 2), p[i]))
    edge = (
        words(rows, "leading_edge").map(lambda text: len([g for g in text.split(";") if g])).to_numpy(float)
    )
    count = numbers(rows, "n_hits") if method == "ora" and "n_hits" in rows.columns else edge
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = count / numbers(rows, "n_measured")
    sets, name = words(rows, "set"), "FDR" if adjusted else "p"
    rate = padj if adjusted else p
    at = np.array(order, dtype=int)
    return _Dots(
        [sets[i] for i in order], [direction[i] for i in order], ratio[at], count[at], rate[at], name
    ), len(tested)


def _draw(ax: Axes, found: _Dots, lines: list[Slot]) -> None:
    for slot in lines:
        if slot.row >= 0 and np.isfinite(found.ratio[slot.row]):
            face = _face(found.rate[slot.row])
            size = _diameter(found.behind[slot.row], found.behind)
            ax.plot([found.ratio[slot.row]], [slot.y], "o", markersize=size, markerfacecolor=face, markeredgecolor=INK,
                    markeredgewidth=0.5, clip_on=False, zorder=4, label="_dot")  # fmt: skip


def _face(rate: float) -> str:
    """Color of a false discovery rate: the smaller the darker, empty where it passes 5 %."""
    return next((color for limit, color in _LEVELS if rate <= limit), PAPER)


def _diameter(count: float, counts: FloatArray) -> float:
    """Size of a dot in points, its area in proportion to the members that it stands for."""
    largest = max(float(np.nanmax(counts, initial=1.0)), 1.0)
    return 2.4 + 6.0 * float(np.sqrt(max(count, 0.0) / largest))


def _key(found: _Dots) -> list[Line2D]:
    """Explain colors and sizes, by those that occur."""
    said: list[tuple[str, float, str]] = []
    finite = found.rate[np.isfinite(found.rate)]
    low = 0.0
    for limit, color in _LEVELS:
        if ((finite > low) & (finite <= limit)).any() or (low == 0.0 and (finite == 0).any()):
            said.append((color, 5.0, f"{found.rate_name} ≤ {limit:g}"))
        low = limit
    if (finite > low).any():
        said.append((PAPER, 5.0, f"{found.rate_name} > {low:g}"))
    counts = found.behind[np.isfinite(found.behind)]
    sizes = {int(c) for c in np.quantile(counts, [0, 0.5, 1], method="nearest")} if counts.size else set()
    said += [
        (PAPER, _diameter(n, found.behind), f"{n:,} protein{'' if n == 1 else 's'}") for n in sorted(sizes)
    ]
    return [
        Line2D([], [], linestyle="none", marker="o", markersize=size, markerfacecolor=face, markeredgecolor=INK,
               markeredgewidth=0.5, label=text)
        for face, size, text in said
    ]  # fmt: skip


def term(name: str) -> str:
    """Write the name of a set of a public library in words; other names stay.

    >>> term("GOCC_ER_LUMEN"), term("REACTOME_MRNA_SPLICING"), term("er_golgi"), term("My set")
    ('ER lumen', 'mRNA splicing', 'ER and Golgi', 'My set')
    """
    library, _, rest = name.partition("_")
    if library not in _LIBRARIES or not rest or name != name.upper():
        return title(name)
    parts = [_CAPITALS.get(w, w) for w in rest.lower().split("_")]
    first = parts[0] if parts[0].lower() in _CAPITALS else parts[0][:1].upper() + parts[0][1:]
    return " ".join([first, *parts[1:]])
