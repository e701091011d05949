"""Running score of a gene set enrichment analysis, with the null of its p named in the panel."""

from __future__ import annotations

from typing import Any, Unpack

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from markerkit.core.errors import InputError, listed, one_of
from markerkit.core.wording import number
from markerkit.figures._dotplot import term
from markerkit.figures._options import Options, drawing, page_width
from markerkit.figures._palette import DIVERGING, FAINT, INK, OKABE_ITO, RULE, SECONDARY
from markerkit.figures._rows import empty_note, value_ticks
from markerkit.figures._style import height_asked, height_of, open_page, place, width_of
from markerkit.figures._tables import FloatArray, contrast_rows, numbers, words
from markerkit.figures._text import ellipsize

_COLUMNS = ("set", "rank", "gene", "score", "member", "running_score", "es", "nes", "pvalue")
_NULL = "p: genes sampled, not samples"


def running_score(
    table: pd.DataFrame,
    *,
    name: str | None = None,
    contrast: str | None = None,
    ax: Axes | None = None,
    width: str | float = "single",
    **options: Unpack[Options],
) -> Axes:
    """Draw the running score of one set along the ranking of the genes.

    Parameters
    ----------
    table
        What :func:`markerkit.running_score` returns.
    name
        Set to draw; may be left out where there is one.
    contrast
        Contrast to draw; may be left out where there is one.
    ax
        Axes to draw on; a new figure by default.
    width
        Of a new figure: 89, 120 or 183 mm.
    **options
        Title, size, and the figure to draw into: :class:`Options`.

    Returns
    -------
    Axes
        Curve: running score; strokes: members; strip: the statistic that the genes are ranked on.

    Raises
    ------
    InputError
        A column is missing, or the set or the contrast is unknown or not named.

    Notes
    -----
    The p is of random sets of genes, as if proteins were independent: it describes how unusual the set is in this
    ranking, and is no test over samples (the panel says so).
    """
    rows, contrast = contrast_rows(table, _COLUMNS, "running score", contrast)
    rows, name = _one_set(rows, name)
    with drawing(options, ax, colors=False):
        full = page_width(width, options)
        if ax is None:
            height = height_asked(0.68 * full)
            ax = place(open_page(full, height, shown=True), 12, 9, full - 16, height - 19)
        rank, running = numbers(rows, "rank"), numbers(rows, "running_score")
        if not np.isfinite(running).any():
            empty_note(ax, "nothing to draw: the set has no score")
            return ax
        _curve(ax, rank, running)
        _members(ax, rank, np.isin(words(rows, "member"), ["True"]), numbers(rows, "score"))
        _words(ax, rows, name, contrast)
    return ax


def _one_set(rows: pd.DataFrame, name: str | None) -> tuple[pd.DataFrame, str]:
    known = list(dict.fromkeys(words(rows, "set")))
    if name is not None:
        one_of("name", name, known)
    elif len(known) > 1:
        raise InputError(f"the table has {len(known)} sets: {listed(known)}; name one with `name`.")
    name = name or (known[0] if known else "")
    mine = rows[words(rows, "set") == name]
    return mine.sort_values("rank", kind="stable").reset_index(drop=True), name


def _curve(ax: Axes, rank: FloatArray, running: FloatArray) -> None:
    low, high = min(float(np.nanmin(running)), 0.0), max(float(np.nanmax(running)), 0.0)
    reach = max(high - low, 0.1)
    ax.set_xlim(0.5, max(float(np.nanmax(rank)), 1.5) + 0.5)
    ax.set_ylim(low - 0.42 * reach, high + 0.08 * reach)
    ax.axhline(0, color=RULE, linewidth=0.5, zorder=1, label="_zero")
    ax.plot(
        rank,
        running,
        color=OKABE_ITO["blue"],
        linewidth=1.2,
        zorder=4,
        label="_running",
        solid_joinstyle="round",
    )
    peak = int(np.nanargmax(np.abs(running)))
    ax.plot(
        [rank[peak]] * 2,
        [0, running[peak]],
        color=INK,
        linewidth=0.5,
        linestyle=(0, (3, 2)),
        zorder=3,
        label="_peak",
    )


def _members(
    ax: Axes, rank: FloatArray, member: np.ndarray[tuple[int], np.dtype[np.bool_]], score: FloatArray
) -> None:
    """Draw a stroke for every member, and below the statistic of the ranking as a strip."""
    low, high = ax.get_ylim()
    tall = high - low
    ax.vlines(
        rank[member],
        low + 0.11 * tall,
        low + 0.24 * tall,
        color=INK,
        linewidth=0.5,
        zorder=3,
        label="_members",
    )
    limit = max(float(np.nanpercentile(np.abs(score), 98)), 1e-12)
    edges = np.concatenate([rank - 0.5, rank[-1:] + 0.5])
    ax.pcolormesh(edges, [low, low + 0.09 * tall], score[None, :], cmap=DIVERGING, vmin=-limit, vmax=limit,
                  rasterized=True, zorder=2, label="_ranking")  # fmt: skip
    ax.set_ylim(low, high)
    ax.set_yticks([])
    value_ticks(ax, along="y", most=5)
    ax.set_yticks([t for t in ax.get_yticks() if low + 0.27 * tall <= t <= high])
    ax.axhline(low + 0.26 * tall, color=FAINT, linewidth=0.5, zorder=1, label="_rule")


def _words(ax: Axes, rows: pd.DataFrame, name: str, contrast: str) -> None:
    """Write the set, its score, and the p with its null."""
    es, nes, p = (float(numbers(rows, c)[0]) for c in ("es", "nes", "pvalue"))
    n = int(np.isin(words(rows, "member"), ["True"]).sum())
    value_ticks(ax, most=6)
    ax.set_xlabel(f"rank of the gene by moderated t, {ellipsize(contrast, 40, 7)}".removesuffix(", "))
    ax.set_ylabel("running score")
    above, wide = 1 + 2.4 / height_of(ax), width_of(ax)
    looks: dict[str, Any] = {"transform": ax.transAxes, "va": "center", "parse_math": False}
    ax.text(0, 1 + 6.0 / height_of(ax), ellipsize(f"{term(name)} ({n:,} measured)", wide, 7, "bold"),
            fontweight="bold", **looks)  # fmt: skip
    said = f"NES {number(nes)}, p {_p(p)} ({_NULL})" if np.isfinite(p) else f"ES {number(es)}, no p"
    ax.text(0, above, ellipsize(said, wide, 6), fontsize=6, color=SECONDARY, **looks)


def _p(p: float) -> str:
    """Write a p to two digits.

    >>> _p(0.0312), _p(2.3e-7)
    ('= 0.031', '= 2.3e−7')
    """
    return "= " + (f"{p:.2g}" if p >= 1e-4 else f"{p:.1e}".replace("e-0", "e-").replace("e-", "e−"))
