"""Heat map of markers by class in every sample."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Unpack

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from numpy.typing import NDArray

from markerkit.figures._blocks import Block, Columns, Scale, draw_blocks, quota, sample_columns
from markerkit.figures._options import Options, drawing, page_width
from markerkit.figures._palette import DIVERGING, SEQUENTIAL, in_order, is_general, look, title
from markerkit.figures._rows import blank_page
from markerkit.figures._tables import FloatArray, checked, numbers, words

_COLUMNS = ("set", "gene", "sample", "value")
_MOST_SETS = 12
CENTERED = "centered per protein"


def marker_heatmap(
    values: pd.DataFrame,
    samples_used: pd.DataFrame | None = None,
    *,
    sets: Sequence[str] | None = None,
    groups: Sequence[str] | None = None,
    max_markers: int = 80,
    width: str | float = "double",
    **options: Unpack[Options],
) -> Figure:
    """Draw the abundance of markers in every sample, by class and by group of samples.

    Parameters
    ----------
    values
        Columns ``set``, ``gene``, ``sample``, ``value``: log2 abundance, one row per marker and sample; an absent row or
        value is "not measured". A column ``scale`` says what the values are: ``centered per protein``, also where there is
        no such column, or ``over the median of the sample``. A column ``group`` is read where `samples_used` is not
        given.
    samples_used
        Table ``samples_used``, for the groups of the samples.
    sets
        Sets to draw, in order; by default all up to twelve, general EV sets first, then classes.
    groups
        Groups of samples to draw, in order; all by default.
    max_markers
        Rows at most. The markers of a set with the largest spread between
        samples, weighted by how often they were measured, are kept; the number
        left out is stated.
    width
        89, 120 or 183 mm.
    **options
        Title, size, colors, and the figure to draw into: :class:`Options`.

    Returns
    -------
    Figure
        A marker of several sets stands once, in the first of them.

    Raises
    ------
    InputError
        A column is missing.

    Notes
    -----
    Rows of a block are ordered by the mean of the first group of samples minus that of the others; with one group by
    their mean. Values centered per protein compare samples, not proteins: where no group differs they show noise
    alone. Values over the median of the sample compare both.
    """
    table = checked(values, _COLUMNS, "marker values")
    full = page_width(width, options)
    columns = sample_columns(table, samples_used, groups)
    centered = set(words(table, "scale")) <= {"", CENTERED}
    with drawing(options):
        blocks = _blocks(table, columns, sets, max_markers)
        if not blocks or not columns.samples:
            return blank_page(full, "nothing to draw: no marker was measured")
        return draw_blocks(blocks, columns, _scale(blocks, centered=centered), full, _notes(blocks, columns))


def _blocks(table: pd.DataFrame, columns: Columns, sets: Sequence[str] | None, most: int) -> list[Block]:
    """Lay out the values of each set and keep the most telling markers; a marker stands in one set."""
    frame = pd.DataFrame({c: words(table, c) for c in ("set", "gene", "sample")}).assign(
        value=numbers(table, "value")
    )
    frame = frame[frame["value"].notna() & frame["sample"].isin(columns.samples)]
    first = np.array([g == columns.groups[0] for g in columns.groups], dtype=bool)
    general = sorted(in_order(frame["set"]), key=lambda k: not is_general(k))
    grids, taken = [], set[str]()
    for key in (sets if sets is not None else general)[:_MOST_SETS]:
        rows = frame[(frame["set"] == key) & ~frame["gene"].isin(taken)]
        if len(rows):
            grid = rows.pivot_table(index="gene", columns="sample", values="value", aggfunc="mean")
            grids.append((key, grid.reindex(columns=columns.samples)))
            taken |= set(grid.index)
    shares = quota([len(grid) for _, grid in grids], most)
    return [_block(key, grid, n, first) for (key, grid), n in zip(grids, shares, strict=True)]


def _block(key: str, grid: pd.DataFrame, n: int, first: NDArray[np.bool_]) -> Block:
    values = grid.to_numpy(dtype=float)
    seen = np.isfinite(values)
    middle = np.divide(
        np.where(seen, values, 0).sum(1), seen.sum(1), out=np.zeros(len(grid)), where=seen.any(1)
    )
    spread = np.sqrt(np.where(seen, (values - middle[:, None]) ** 2, 0).sum(1) / values.shape[1])
    best = np.sort(np.lexsort((np.arange(len(grid)), -spread))[:n])
    ranked = best[np.argsort(-_lead(values[best], first), kind="stable")]
    note = f"{n}" if n == len(grid) else f"{n} of {len(grid)} shown"
    return Block(key, title(key), [str(grid.index[i]) for i in ranked], values[ranked], note, look(key).color)


def _lead(values: FloatArray, first: NDArray[np.bool_]) -> FloatArray:
    """Mean in the first group of samples minus that in the others, to order rows alike in every set."""
    seen = np.isfinite(values)
    filled = np.where(seen, values, 0)
    inside, outside = (filled[:, m].sum(1) / np.maximum(seen[:, m].sum(1), 1) for m in (first, ~first))
    return np.asarray(inside - outside, dtype=float)


def _scale(blocks: Sequence[Block], *, centered: bool) -> Scale:
    """End the color scale at the 98th percentile, rounded up to a half; symmetric for centered values."""
    joined = np.concatenate([b.grid.ravel() for b in blocks])
    joined = joined[np.isfinite(joined)]
    if centered:
        limit = max(0.5, float(np.ceil(np.percentile(np.abs(joined), 98) * 2) / 2))
        texts = ("log₂ abundance, centered per protein", "log₂, centered per protein", "log₂, centered")
        return Scale(DIVERGING, -limit, limit, texts)
    return over_median(joined)


def over_median(values: FloatArray) -> Scale:
    """Return the scale of values over the median of their sample, from the 2nd to the 98th percentile."""
    low, high = (float(v) for v in np.percentile(values, [2, 98]))
    low, high = float(np.floor(low)), float(max(np.ceil(high), np.floor(low) + 2))
    texts = ("log₂ over the median of the sample", "log₂ over sample's median", "log₂ over median")
    return Scale(SEQUENTIAL, low, high, texts)


def _notes(blocks: Sequence[Block], columns: Columns) -> list[str]:
    """Say how rows were chosen and ordered."""
    cut = any(b.note.endswith("shown") for b in blocks)
    chosen = "Shown are the markers that differ most between samples. " if cut else ""
    several = len(set(columns.groups)) > 1
    order = f"mean in {columns.groups[0]} minus the others" if several else "mean"
    return [f"{chosen}Rows by {order}; a marker of several sets stands once."]
