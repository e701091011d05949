"""Clustered heat map of the significant proteins, with what was not measured shown as such."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Unpack

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle
from scipy.cluster.hierarchy import dendrogram, linkage
from scipy.spatial.distance import squareform

from markerkit.core.wording import counted
from markerkit.figures._blocks import GROUP_SHADES, LONGEST_SAMPLE, not_measured
from markerkit.figures._options import Options, drawing, page_width
from markerkit.figures._palette import DIVERGING, RULE, group_colors
from markerkit.figures._rows import bare_y, blank_page, page
from markerkit.figures._style import MAX_HEIGHT, POINT, figure_of, height_asked, page_of, place
from markerkit.figures._tables import FloatArray, checked, numbers, short_name, words
from markerkit.figures._text import ellipsize, shorten, text_width, widest

_COLUMNS = ("protein", "gene", "sample", "value", "padj")
_SIZE, _ROW, _LONGEST_GENE, _MOST_KEYS = 5.0, 2.2, 20.0, 8
_LEFT, _TOP, _TREE, _BAR, _KEY = 12.0, 6.0, 7.0, 2.0, 9.0  # mm
_VECTORS = 400  # cells up to which a map is drawn as vectors
_LIMIT = 2.0  # standard deviations at which the color scale ends


def heatmap(
    values: pd.DataFrame,
    samples_used: pd.DataFrame | None = None,
    *,
    max_proteins: int = 50,
    cluster_samples: bool = True,
    groups: Sequence[str] | None = None,
    width: str | float = "double",
    **options: Unpack[Options],
) -> Figure:
    """Draw the most significant proteins in every sample, proteins and samples clustered.

    Parameters
    ----------
    values
        Columns ``protein``, ``gene``, ``sample``, ``value`` (log2 abundance, normalized), ``padj``, one row per
        protein and sample; an absent row or value is "not measured". Also read: ``group`` of the sample and
        ``n_significant``, the number that the proteins are the first of;
        :func:`markerkit.assessment.marker_values.significant_values` makes all of them.
    samples_used
        Table ``samples_used``, for the groups of the samples where `values` has none.
    max_proteins
        Proteins at most; those with the smallest `padj` are kept, and the figure says of how many.
    cluster_samples
        Cluster the samples; else they stand by group.
    groups
        Groups in the order of their shades, the darkest first; by default in that of the samples.
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
    Rows are z-scores: the value minus the protein's mean, over its standard deviation. Clusters: average
    linkage on the root mean squared difference over what two rows (columns) both measured; two that share
    nothing are as far apart as the farthest pair. A tree needs three rows (columns), that of the samples two
    proteins. Rows of one gene are named by their accession as well.

    Examples
    --------
    >>> import pandas as pd
    >>> from markerkit import figures
    >>> rows = [("P1", "CD9", s, v, 0.01) for s, v in zip("abcd", (9.0, 8.0, 3.0, 2.0), strict=True)]
    >>> table = pd.DataFrame(rows, columns=["protein", "gene", "sample", "value", "padj"])
    >>> len(figures.heatmap(table, width=89).axes) > 1
    True
    """
    table = checked(values, _COLUMNS, "significant values")
    full = page_width(width, options)
    found = _map_of(table, samples_used, max_proteins, groups or (), cluster=cluster_samples)
    with drawing(options):
        if found is None:
            return blank_page(full, "nothing to draw: no protein is significant")
        return _draw(found, full)


class _Map(NamedTuple):
    """What is drawn: z-scores with the names of rows and columns, the groups in order, the trees, and of how many
    proteins these are.
    """

    grid: FloatArray
    genes: list[str]
    samples: list[str]
    groups: list[str]
    order: list[str]
    row_tree: FloatArray | None
    column_tree: FloatArray | None
    total: int


def _map_of(
    table: pd.DataFrame, used: pd.DataFrame | None, most: int, first_groups: Sequence[str], *, cluster: bool
) -> _Map | None:
    """Arrange the values of the most significant proteins as a matrix in the order of its clusters."""
    frame = pd.DataFrame({c: words(table, c) for c in ("protein", "gene", "sample")})
    frame = frame.assign(value=numbers(table, "value"), padj=numbers(table, "padj"))
    first = frame.drop_duplicates("protein").sort_values("padj", kind="stable")
    chosen = list(first["protein"])[:most]
    samples = [s for s in dict.fromkeys(frame["sample"]) if s]
    if not chosen or not samples:
        return None
    wide = frame.pivot_table(index="protein", columns="sample", values="value", aggfunc="mean", dropna=False)
    grid = _scores(wide.reindex(index=chosen, columns=samples).to_numpy(dtype=float))
    group = _group_of(table, used)
    groups = [group.get(s, "") for s in samples]
    rank = {g: i for i, g in enumerate(dict.fromkeys([*(g for g in first_groups if g in groups), *groups]))}
    by_group = np.argsort([rank[g] for g in groups], kind="stable")
    grid, samples, groups = grid[:, by_group], [samples[i] for i in by_group], [groups[i] for i in by_group]
    # one protein makes no clusters: samples stand by group
    cluster = cluster and len(rank) <= len(GROUP_SHADES) and len(chosen) > 1
    row_tree, column_tree = _tree(grid), _tree(grid.T) if cluster else None
    rows, columns = (_leaves(t, n) for t, n in ((row_tree, len(chosen)), (column_tree, len(samples))))
    gene = dict(zip(frame["protein"], frame["gene"], strict=True))
    names = _row_names([gene[p] for p in chosen], chosen)
    total = numbers(table, "n_significant")
    n = int(total[0]) if np.isfinite(total[:1]).any() else len(first)
    return _Map(grid[np.ix_(rows, columns)], [names[i] for i in rows], [samples[i] for i in columns],
                [groups[i] for i in columns], list(rank), row_tree, column_tree, n)  # fmt: skip


def _row_names(genes: Sequence[str], proteins: Sequence[str]) -> list[str]:
    """Name rows by gene, those of one gene by their accession as well.

    >>> _row_names(["env;Fv4", "env", "Cd9"], ["Q61919;P11370", "P10404", "P40240"])
    ['env (Q61919)', 'env (P10404)', 'Cd9']
    """
    names = [short_name(g, p) for g, p in zip(genes, proteins, strict=True)]
    accessions = [short_name("", p).replace(" (cont.)", ", cont.") for p in proteins]
    return [
        f"{n} ({a})" if names.count(n) > 1 and a != n else n for n, a in zip(names, accessions, strict=True)
    ]


def _group_of(table: pd.DataFrame, used: pd.DataFrame | None) -> dict[str, str]:
    group = dict(zip(words(table, "sample"), words(table, "group"), strict=True))
    if used is not None and not any(group.values()):
        rows = checked(used, ["sample", "group"], "samples_used")
        for column in ("unit", "sample"):
            group |= dict(zip(words(rows, column), words(rows, "group"), strict=True))
    return group


def _scores(grid: FloatArray) -> FloatArray:
    """Z-scores of the rows; a row without two different values is 0 where it was measured.

    >>> _scores(np.array([[1.0, 3.0, np.nan], [2.0, 2.0, 2.0]])).round(2).tolist()
    [[-0.71, 0.71, nan], [0.0, 0.0, 0.0]]
    """
    seen = np.isfinite(grid)
    n = seen.sum(1, keepdims=True)
    middle = np.where(seen, grid, 0).sum(1, keepdims=True) / np.maximum(n, 1)
    away = np.where(seen, grid - middle, np.nan)
    spread = np.sqrt(np.nansum(away**2, axis=1, keepdims=True) / np.maximum(n - 1, 1))
    return np.asarray(away / np.where(spread > 1e-12, spread, 1.0), dtype=float)


def _tree(grid: FloatArray) -> FloatArray | None:
    """Cluster the rows of a matrix by average linkage; nothing for fewer than three."""
    if len(grid) < 3:
        return None
    seen = np.isfinite(grid)
    x, m = np.where(seen, grid, 0), seen.astype(float)
    shared = m @ m.T
    squares = (x**2) @ m.T + m @ (x**2).T - 2 * x @ x.T
    apart = np.sqrt(np.maximum(squares, 0) / np.maximum(shared, 1))
    apart[shared == 0] = max(float(apart.max()), 1.0)
    np.fill_diagonal(apart, 0)
    return np.asarray(linkage(squareform(apart, checks=False), "average", optimal_ordering=True), dtype=float)


def _leaves(tree: FloatArray | None, n: int) -> list[int]:
    return list(range(n)) if tree is None else list(dendrogram(tree, no_plot=True)["leaves"])


def _draw(found: _Map, full: float) -> Figure:
    n_rows, n_columns = found.grid.shape
    names = [shorten(g, _LONGEST_GENE, _SIZE) for g in found.genes]
    left = _LEFT if found.row_tree is not None else 3.0
    inner = full - left - widest(names, _SIZE) - 4
    named = inner / n_columns >= _SIZE * POINT * 1.15
    cut = [shorten(s, LONGEST_SAMPLE, _SIZE) for s in found.samples]
    below = (widest(cut, _SIZE) + 2 if named else 4) + _KEY
    top = _TOP + (_TREE if found.column_tree is not None else 0) + _BAR + 0.8
    natural = top + min(n_rows * _ROW, MAX_HEIGHT - top - below - 6) + below
    height = max(height_asked(natural) - top - below, 12.0)
    sheet = page(full, top + height + below)
    ax = place(page_of(sheet), left, top, inner, height)
    _cells(ax, found.grid)
    fits = height / n_rows >= _SIZE * POINT * 1.05
    ax.yaxis.tick_right()
    ax.set_yticks(np.arange(n_rows) + 0.5 if fits else [], names if fits else [], fontsize=_SIZE)
    if named:
        ax.set_xticks(np.arange(n_columns) + 0.5, cut, rotation=90, fontsize=_SIZE)
    else:
        text = f"{n_columns} samples"
        sheet.text(left + inner / 2, top + height + 2, text, ha="center", va="center_baseline", fontsize=6)
    _group_bar(sheet, found, (left, top - _BAR - 0.5, inner))
    _branches(sheet, found, (left, top, inner, height))
    _head(sheet, found, full)
    _color_key(sheet, (left, top + height + below - 5.5), full, holes=not np.isfinite(found.grid).all())
    return figure_of(sheet)


def _cells(ax: Axes, grid: FloatArray) -> None:
    from seaborn import heatmap as cells  # late: `import markerkit.figures` stays quick

    ax.set_facecolor("#dadada")
    not_measured(ax, (0, 0), grid.shape[1], grid.shape[0])
    looks: dict[str, Any] = {"cbar": False, "xticklabels": False, "yticklabels": False, "zorder": 2}
    looks |= {"vmin": -_LIMIT, "vmax": _LIMIT, "cmap": DIVERGING, "label": "_scores"}
    cells(grid, ax=ax, mask=~np.isfinite(grid), rasterized=grid.size > _VECTORS, **looks)
    ax.tick_params(length=0)


def _faces(groups: Sequence[str]) -> dict[str, str]:
    """Color of every group: the caller's, else a shade of grey."""
    named = group_colors(groups, "")
    return {g: c or GROUP_SHADES[i % len(GROUP_SHADES)] for i, (g, c) in enumerate(named.items())}


def _group_bar(sheet: Axes, found: _Map, box: tuple[float, float, float]) -> None:
    """Draw the group of every sample in a bar above the map."""
    left, top, width = box
    unit, faces = width / len(found.groups), _faces(found.order)
    for i, group in enumerate(found.groups):
        cell = Rectangle((left + i * unit, top), unit, _BAR, facecolor=faces[group], edgecolor="none")
        cell.set_label(f"_group {group}")
        sheet.add_patch(cell)


def _branches(sheet: Axes, found: _Map, box: tuple[float, float, float, float]) -> None:
    """Draw the trees: of the proteins to the left of the map, of the samples above it."""
    left, top, width, height = box
    above = top - _BAR - 1.2
    for tree, along, across, edge in (
        (found.row_tree, (top, height), _LEFT - 3.0, left - 0.6),
        (found.column_tree, (left, width), _TREE - 1.6, above),
    ):
        if tree is None:
            continue
        drawn, n = dendrogram(tree, no_plot=True), len(tree) + 1
        highest = max(float(tree[:, 2].max()), 1e-12)
        # all branches are one line with gaps, which is drawn much faster than a line for each
        gaps = np.full((len(drawn["icoord"]), 1), np.nan)
        at = along[0] + np.hstack([drawn["icoord"], gaps]).ravel() / (10 * n) * along[1]
        away = edge - np.hstack([drawn["dcoord"], gaps]).ravel() / highest * across
        x, y = (away, at) if tree is found.row_tree else (at, away)
        sheet.plot(x, y, color=RULE, linewidth=0.5, solid_joinstyle="miter", label="_branch")


def _head(sheet: Axes, found: _Map, full: float) -> None:
    """Say how many proteins of how many are shown, and which bar is which group."""
    n = len(found.genes)
    count = (
        counted(n, "significant protein")
        if n >= found.total
        else f"The {n:,} most significant of {found.total:,} proteins"
    )
    sheet.text(2, 2.8, count, fontsize=6.5, fontweight="bold", va="center_baseline")
    faces = _faces(found.order)
    counts = pd.Series(found.groups).value_counts()
    drawn = list(faces.items())[:_MOST_KEYS]
    room = min((full - 10 - text_width(count, 6.5, "bold")) / len(drawn) - 6, 40)
    key = [
        Patch(facecolor=c, edgecolor="none", label=ellipsize(f"{g or 'all samples'} ({counts[g]})", room, 6))
        for g, c in drawn
    ]
    sheet.legend(handles=key, loc="center right", bbox_to_anchor=(full - 2, 2.8), ncols=len(key),
                 bbox_transform=sheet.transData, borderpad=0, borderaxespad=0, handlelength=1.2, handleheight=0.8,
                 handletextpad=0.4, columnspacing=1.2)  # fmt: skip


def _color_key(sheet: Axes, corner: tuple[float, float], full: float, *, holes: bool) -> None:
    """Draw the scale of the z-scores, and the hatch of what was not measured where there is any."""
    y, wide = corner[1], 24.0
    text = "z-score of log₂ abundance per protein" if full > 100 else "z-score"
    sheet.text(2, y + 0.9, text, va="center_baseline", fontsize=6)
    left = 2 + widest([text], 6) + 4
    ax = place(page_of(sheet), left, y, wide, 1.8)
    steps = np.linspace(-_LIMIT, _LIMIT, 257)
    shades = (steps[:-1] + steps[1:])[None, :] / 2
    ax.pcolormesh(steps, [0, 1], shades, cmap=DIVERGING, rasterized=True, label="_key")
    ax.set_xticks([-_LIMIT, 0, _LIMIT], [f"≤ −{_LIMIT:.0f}", "0", f"≥ {_LIMIT:.0f}"])
    bare_y(ax)
    ax.spines["bottom"].set_visible(False)
    if holes:
        not_measured(sheet, (left + wide + 6, y), 4, 1.8)
        sheet.text(left + wide + 11, y + 0.9, "not measured", va="center_baseline", fontsize=6)
