"""Single proteins: the value of every sample, by group, and where it was not measured."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple, Unpack

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from markerkit.core.errors import InputError, listed, require_columns
from markerkit.core.experiment import Experiment
from markerkit.core.wording import number
from markerkit.figures._options import Options, drawing, page_width
from markerkit.figures._palette import FAINT, INK, PAPER, RULE, SECONDARY, GroupLook, group_looks
from markerkit.figures._rows import bare_y, blank_page, page
from markerkit.figures._style import MAX_HEIGHT, figure_of, page_of, place
from markerkit.figures._tables import FloatArray, checked, numbers, words
from markerkit.figures._text import ellipsize, shrink, text_width, widest
from markerkit.preprocess.gene_values import aligned, protein_of_gene

_COLUMNS = ("gene", "sample", "group", "log2")
_ABOVE, _AXIS, _FOOT, _LEAST, _GAP = 4.6, 4.4, 8.0, 33.0, 4.0
_EV, _OTHERS, _MOST, _MOST_GROUPS = 6, 6, 40, 50


class _Shown(NamedTuple):
    """What is drawn: values by gene, and of every sample its group and its pair."""

    values: pd.DataFrame
    titles: dict[str, str]
    group: pd.Series
    pair: pd.Series


def marker_plot(
    data: pd.DataFrame | Experiment,
    genes: Sequence[str] | str | None = None,
    *,
    group: str | None = None,
    pair: str | None = None,
    samples_used: pd.DataFrame | None = None,
    groups: Sequence[str] | None = None,
    width: str | float = "double",
    **options: Unpack[Options],
) -> Figure:
    """Draw the log2 abundance of single proteins in every sample, by group.

    Parameters
    ----------
    data
        Table ``marker_abundance``, or an :class:`~markerkit.Experiment` before normalization, whose samples are aligned
        on their medians here.
    genes
        Gene symbols in the order of the panels; for a table by default the first six key markers of EV and the first
        six of what should not be there (MISEV2018) that a sample measured.
    group, pair
        Of an experiment: sample columns of the groups and of the pairs.
    samples_used
        Of a table: table ``samples_used``, whose column ``pair`` joins paired samples.
    groups
        Groups to draw, in order; all by default.
    width
        89, 120 or 183 mm.
    **options
        Title, size, colors, and the figure to draw into: :class:`Options`.

    Returns
    -------
    Figure
        One panel per gene.

    Raises
    ------
    InputError
        A gene, a group or a column is not there, or an experiment comes without genes.

    Notes
    -----
    A point is a sample, a stroke the median of the group's measured values; lines join samples of one pair, where it has
    one sample in a group. Crosses at the left stand for samples in which the protein was not measured, with their number.

    Examples
    --------
    >>> import markerkit as mk
    >>> exp = mk.load_example()
    >>> figure = mk.figures.marker_plot(exp, ["CD63", "CD81"], group="fraction", pair="donor")
    >>> [ax.get_label() for ax in figure.axes if ax.get_label() != "page"]
    ['CD63', 'CD81']
    """
    wanted = [genes] if isinstance(genes, str) else None if genes is None else list(dict.fromkeys(genes))
    if isinstance(data, Experiment):
        shown = _of_experiment(data, wanted, group, pair)
    else:
        shown = _of_table(checked(data, _COLUMNS, "marker_abundance"), wanted, samples_used)
    full = page_width(width, options)
    order = list(dict.fromkeys(shown.group)) if groups is None else list(groups)
    kept = shown.group.isin(order)
    if groups is not None and not kept.any() and len(shown.group):
        raise InputError(
            f"no sample is in the groups {listed(groups)}; the groups are {listed(dict.fromkeys(shown.group))}."
        )
    joined = _joinable(shown.pair[kept], shown.group[kept])
    shown = _Shown(shown.values[kept], shown.titles, shown.group[kept], joined)
    with drawing(options):
        if not len(shown.values) or not shown.titles:
            return blank_page(full, "nothing to draw: no marker was measured")
        drawn = [g for g in order if (shown.group == g).any()]
        return _draw(shown, drawn[:_MOST_GROUPS], full, more=len(drawn) - _MOST_GROUPS)


def _of_experiment(exp: Experiment, genes: list[str] | None, group: str | None, pair: str | None) -> _Shown:
    """Take the values of genes from an experiment."""
    if not genes:
        message = "name the `genes` to draw from an experiment, such as ['CD63', 'CD81']."
        raise InputError(message)
    require_columns(exp.samples, [c for c in (group, pair) if c is not None], what="the sample sheet")
    values = aligned(exp)
    chosen = protein_of_gene(values, exp.proteins.loc[exp.targets, "gene"])
    _require(genes, chosen)
    columns = [
        exp.samples[c].astype(str) if c else pd.Series("", index=exp.samples.index) for c in (group, pair)
    ]
    return _Shown(values[[chosen[g] for g in genes]].set_axis(genes, axis=1), {g: g for g in genes}, *columns)


def _of_table(rows: pd.DataFrame, genes: list[str] | None, used: pd.DataFrame | None) -> _Shown:
    """Take the values of genes, or of the default panel, from the table `marker_abundance`."""
    rows = rows.assign(_gene=words(rows, "gene"), _sample=words(rows, "sample"), _log2=numbers(rows, "log2"))
    there = rows[rows["_sample"] != ""]
    grid = there.pivot_table(
        index="_sample", columns="_gene", values="_log2", aggfunc="first", sort=False, dropna=False
    )
    grid = grid.reindex(list(dict.fromkeys(there["_sample"])))
    measured = grid.columns[grid.notna().any()] if len(grid) else grid.columns
    if genes is None:
        genes = _default(there[there["_gene"].isin(measured)])
    else:
        _require(genes, grid.columns)
    first = there.drop_duplicates("_sample")
    group = pd.Series(words(first, "group").to_numpy(), index=first["_sample"].to_numpy(), dtype=object)
    category = dict(zip(there["_gene"], words(there, "category"), strict=True))
    titles = {g: f"{g} ({category[g]})" if category[g] else g for g in genes}
    return _Shown(grid.reindex(columns=genes), titles, group, _pairs(list(group.index), used))


def _require(genes: Sequence[str], known: Collection[object]) -> None:
    absent = [g for g in genes if g not in known]
    if absent:
        message = (
            f"{listed(absent)} {'is' if len(absent) == 1 else 'are'} not among the measured genes of the data; "
            "check the spelling, or give the experiment to draw a gene that is no MISEV2018 marker."
        )
        raise InputError(message)


def _default(rows: pd.DataFrame) -> list[str]:
    """Choose key markers: of EV, then of what should not be there."""
    first = rows.assign(_key=numbers(rows, "key")).drop_duplicates("_gene")
    first = first[first["_key"] > 0].sort_values("_key", kind="stable")
    of_ev = words(first, "category").str[:1].isin(["1", "2"])
    return [*first.loc[of_ev, "_gene"][:_EV], *first.loc[~of_ev, "_gene"][:_OTHERS]]


def _pairs(samples: Sequence[str], used: pd.DataFrame | None) -> pd.Series:
    """Pair of every sample; nothing where there is none."""
    known: dict[str, str] = {}
    if used is not None and "pair" in used.columns:
        for column in ("unit", "sample"):
            known |= dict(zip(words(used, column), words(used, "pair"), strict=True))
    return pd.Series([known.get(s, "") for s in samples], index=list(samples), dtype=object)


def _joinable(pair: pd.Series, group: pd.Series) -> pd.Series:
    """Pairs to join by lines: with one sample in a group, for which line belongs to which of several no one could tell."""
    several = pd.DataFrame({"pair": pair, "group": group}).duplicated(keep=False).to_numpy()
    single = pair.where(~several, "")
    return single.where(single.duplicated(keep=False), "")


def _draw(shown: _Shown, order: Sequence[str], full: float, *, more: int) -> Figure:
    genes = list(shown.titles)
    heads = [f"{g or 'all samples'} ({(shown.group == g).sum()})" for g in order]
    room = min(max(widest([ellipsize(h, 60, 6) for h in heads], 6) + 2, 12.0), 0.3 * full)
    columns = max(1, min(len(genes), int((full - room - 1) / (_LEAST + _GAP)), 6))
    wide = min((full - room - 1) / columns - _GAP, 60.0)
    lane = float(np.clip(9.0 - len(order), 4.0, 6.5))
    tall = max(lane * len(order), 9.0)
    fits = columns * int((MAX_HEIGHT - _FOOT) / (_ABOVE + tall + _AXIS))
    panels = genes[: min(_MOST, max(fits, 1))]
    deep = -(-len(panels) // columns)
    sheet = page(full, deep * (_ABOVE + tall + _AXIS) + _FOOT)
    looks = group_looks(order)
    for i, gene in enumerate(panels):
        left = room + 1 + (i % columns) * (wide + _GAP)
        top = (i // columns) * (_ABOVE + tall + _AXIS) + _ABOVE
        ax = place(page_of(sheet), left, top, wide, tall)
        ax.set_label(gene)
        _panel(ax, shown, gene, order, looks)
        text = ellipsize(shown.titles[gene], wide, 6.5, "bold")
        sheet.text(left, top - 1.9, text, fontsize=6.5, fontweight="bold", va="center_baseline")
        if i % columns == 0:
            for k, head in enumerate(heads):
                name, size = shrink(head, room - 1.5, 6)
                y = top + tall * (k + 0.5) / len(order)
                sheet.text(room - 0.5, y, name, fontsize=size, ha="right", va="center_baseline")
    left_out = [(len(genes) - len(panels), "genes"), (more, "groups")]
    said = "; ".join(f"{n} more {what}" for n, what in left_out if n > 0)
    marks = ["stroke: median"]
    marks += ["lines: pairs"] if (shown.pair != "").any() else []
    marks += (
        ["×n left of the dashed line: not measured in n samples"]
        if shown.values.isna().any(axis=None)
        else []
    )
    _foot(sheet, deep * (_ABOVE + tall + _AXIS), (room + 1, full), [*marks, *filter(None, [said])])
    return figure_of(sheet)


def _panel(ax: Axes, shown: _Shown, gene: str, order: Sequence[str], looks: Mapping[str, GroupLook]) -> None:
    values = shown.values[gene].to_numpy(dtype=float)
    seen = values[np.isfinite(values)]
    low, high = (float(seen.min()), float(seen.max())) if seen.size else (0.0, 1.0)
    reach = max(high - low, 1.0)
    holes = bool(shown.values.isna().to_numpy().any())
    edge = low - (0.10 if holes else 0.08) * reach
    ax.set_xlim(edge - 0.24 * reach if holes else edge, high + 0.08 * reach)
    ax.set_ylim(len(order) - 0.5, -0.5)
    bare_y(ax)
    for k in range(1, len(order)):
        ax.axhline(k - 0.5, color=FAINT, linewidth=0.5, zorder=0.5, label="_between")
    if holes:
        ax.axvline(
            edge, color=RULE, linewidth=0.5, linestyle=(0, (2, 2)), zorder=1, label="_measured from here"
        )
    _ticks(ax, edge)
    height = _heights(shown, order)
    _joined(ax, shown, values, height)
    for k, name in enumerate(order):
        own = (shown.group == name).to_numpy()
        looks_of = looks[name]
        ax.scatter(
            values[own], height[own], s=15 if looks_of.marker in "PX" else 10, marker=looks_of.marker, color=looks_of.color, edgecolors=PAPER, linewidths=0.5,
            zorder=3, label=name,
        )  # fmt: skip
        there = own & np.isfinite(values)
        if there.any():
            ax.plot(
                [np.median(values[there])] * 2,
                [k - 0.36, k + 0.36],
                color=INK,
                linewidth=1.1,
                zorder=4,
                label="_median",
            )
        _absent(ax, int((own & ~np.isfinite(values)).sum()), (edge - 0.12 * reach, k))


def _ticks(ax: Axes, edge: float) -> None:
    """Put two ticks or more on the part of the axis that holds values."""
    high = ax.get_xlim()[1]
    for n in (3, 4, 6, 9):
        ticks = [t for t in MaxNLocator(n, steps=[1, 2, 5, 10]).tick_values(edge, high) if edge < t < high]
        if len(ticks) > 1:
            break
    ax.set_xticks(ticks, [number(t) for t in ticks])


def _heights(shown: _Shown, order: Sequence[str]) -> FloatArray:
    """Place of every sample across its lane: spread evenly, in the order of the samples."""
    height = np.full(len(shown.group), np.nan)
    for k, name in enumerate(order):
        at = np.flatnonzero(shown.group == name)
        steps = np.arange(len(at)) * 0.618033988749895 % 1.0
        height[at] = k + (0.5 * (steps - 0.5) if len(at) > 1 else 0.0)
    return height


def _joined(ax: Axes, shown: _Shown, values: FloatArray, height: FloatArray) -> None:
    """Join the samples of a pair from lane to lane."""
    for pair in dict.fromkeys(p for p in shown.pair if p):
        at = np.flatnonzero((shown.pair == pair).to_numpy() & np.isfinite(values))
        at = at[np.argsort(height[at], kind="stable")]
        for a, b in pairwise(at):
            ax.plot(values[[a, b]], height[[a, b]], color=RULE, linewidth=0.5, zorder=2, label="_pair")


def _absent(ax: Axes, n: int, at: tuple[float, float]) -> None:
    """Write how many samples did not measure the protein."""
    if n:
        ax.text(*at, f"×{n}", fontsize=5.5, color=SECONDARY, ha="center", va="center_baseline", zorder=4)


def _foot(sheet: Axes, bottom: float, span: tuple[float, float], marks: Sequence[str]) -> None:
    left, full = span
    sheet.text(
        left,
        bottom + 1.6,
        ellipsize("Log₂ abundance, samples aligned on their medians", full - left - 2, 7),
        fontsize=7,
        va="center_baseline",
    )
    text = "; ".join(marks)
    short = "stroke: median; ×n: not measured in n samples"
    fitting = text if text_width(text, 5.5) < full - left - 2 else short
    sheet.text(
        left,
        bottom + 5.2,
        ellipsize(fitting, full - left - 2, 5.5),
        fontsize=5.5,
        va="center_baseline",
        color=SECONDARY,
    )
