"""Heat map of the MISEV2018 categories, with what should not be there and what was not found."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Unpack

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from markerkit.figures._blocks import Block, Columns, draw_blocks, quota, sample_columns
from markerkit.figures._marker_heatmap import over_median
from markerkit.figures._options import Options, drawing, page_width
from markerkit.figures._palette import SECONDARY, look
from markerkit.figures._rows import blank_page
from markerkit.figures._tables import checked, numbers, words

_COLUMNS = ("category", "gene", "key", "sample", "group", "over_median")
_TITLES = {
    "1a": "1a  membrane, common",
    "1b": "1b  membrane, by cell type",
    "2a": "2a  cytosol, membrane-binding",
    "2b": "2b  cytosol, promiscuous",
    "3a": "3a  lipoproteins, albumin",
    "3b": "3b  aggregates",
    "4a": "4a  nucleus",
    "4b": "4b  mitochondria",
    "4c": "4c  secretory pathway",
    "4d": "4d  other compartments",
    "5": "5  secreted",
}


def misev_heatmap(
    table: pd.DataFrame,
    samples_used: pd.DataFrame | None = None,
    *,
    groups: Sequence[str] | None = None,
    max_markers: int = 84,
    width: str | float = "double",
    **options: Unpack[Options],
) -> Figure:
    """Draw the markers of the MISEV2018 categories in every sample.

    Parameters
    ----------
    table
        Table ``marker_abundance``.
    samples_used
        Table ``samples_used``, for the groups of the samples; by default those of the table.
    groups
        Groups of samples to draw, in order; all by default.
    max_markers
        Rows at most: of every category the key markers first, then those measured most often.
    width
        89, 120 or 183 mm.
    **options
        Title, size, colors, and the figure to draw into: :class:`Options`.

    Returns
    -------
    Figure
        One block per category with a marker that was measured.

    Raises
    ------
    InputError
        A column is missing.

    Notes
    -----
    Values are log2 abundances over the median protein of the sample, so that proteins and samples compare. Categories 3
    and 4 have a hatched bar: they should be low or absent. A marker that no drawn sample measured has no row; how many
    of a category were found stands under its name.
    """
    rows = checked(table, _COLUMNS, "marker_abundance")
    full = page_width(width, options)
    columns = sample_columns(rows[words(rows, "sample") != ""], samples_used, groups)
    with drawing(options):
        blocks = _blocks(rows, columns, max_markers)
        if not blocks:
            return blank_page(full, "nothing to draw: no MISEV2018 marker was measured")
        scale = over_median(np.concatenate([b.grid[np.isfinite(b.grid)] for b in blocks]))
        return draw_blocks(blocks, columns, scale, full, _notes(rows, columns, blocks))


def _blocks(rows: pd.DataFrame, columns: Columns, most: int) -> list[Block]:
    frame = pd.DataFrame({c: words(rows, c) for c in ("category", "gene", "sample")}).assign(
        value=numbers(rows, "over_median"), key=numbers(rows, "key")
    )
    total = frame.groupby("category")["gene"].nunique()
    seen = frame[frame["sample"].isin(columns.samples) & frame["value"].notna()]
    found = []
    for category in sorted(set(seen["category"])):
        own = seen[seen["category"] == category]
        grid = own.pivot_table(index="gene", columns="sample", values="value", aggfunc="first")
        key = own.drop_duplicates("gene").set_index("gene")["key"].reindex(grid.index)
        not_key = ~(key > 0).to_numpy()
        often = -grid.notna().sum(axis=1).to_numpy()
        order = np.lexsort((-grid.mean(axis=1).to_numpy(), often, np.nan_to_num(key), not_key))
        found.append((category, grid.iloc[order].reindex(columns=columns.samples)))
    shares = quota([len(grid) for _, grid in found], most)
    return [
        _block(category, grid, n, int(total[category]))
        for (category, grid), n in zip(found, shares, strict=True)
    ]


def _block(category: str, grid: pd.DataFrame, n: int, total: int) -> Block:
    negative = category[:1] in {"3", "4"}
    note = f"{len(grid)} of {total} found" + (f", {n} shown" if n < len(grid) else "")
    color = (
        look("ev").color
        if category[:1] in {"1", "2"}
        else look("apoptotic_body").color
        if negative
        else SECONDARY
    )
    return Block(
        category,
        _TITLES.get(category, category),
        [str(g) for g in grid.index[:n]],
        grid.to_numpy(dtype=float)[:n],
        note,
        color,
        "//////" if negative else "",
    )


def _notes(rows: pd.DataFrame, columns: Columns, blocks: Sequence[Block]) -> list[str]:
    """Explain the hatched bars, and name the key markers that no sample measured."""
    drawn = {g for b in blocks for g in b.genes}
    keys = dict.fromkeys(g for g, k in zip(words(rows, "gene"), numbers(rows, "key"), strict=True) if k > 0)
    absent = [g for g in keys if g not in drawn]
    notes = ["Hatched bar: MISEV2018 categories 3 and 4, which should be low or absent in EV."]
    if absent:
        notes.append(
            f"Key markers not measured in any of these {len(columns.samples)} samples: {', '.join(absent)}."
        )
    return notes
