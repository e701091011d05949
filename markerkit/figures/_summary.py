"""One page with the panels that a paper on vesicles opens with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple, Protocol

import numpy as np
import pandas as pd
from matplotlib.figure import Figure, SubFigure

from markerkit.core.errors import InputError
from markerkit.figures._composition import composition
from markerkit.figures._contamination_fraction import contamination_fraction
from markerkit.figures._dispatch import _class_rows, _groups, _rows_of, _Shown, _volcano
from markerkit.figures._forest import forest
from markerkit.figures._marker_heatmap import marker_heatmap
from markerkit.figures._pca import pca
from markerkit.figures._style import MAX_HEIGHT, detached, new_figure
from markerkit.figures._tables import arms, numbers, words

_WIDTH = 183.0
_AROUND_THE_MAP, _LINE = 50.0, 2.4  # mm: what a heat map needs beside its rows, and a row
Tables = Mapping[str, pd.DataFrame]


class WithTables(Protocol):
    """An assessment, as far as its figures go."""

    def figure_tables(self, contrast: str | None = None) -> dict[str, pd.DataFrame]:
        """Return the tables of its figures."""


class _Panel(NamedTuple):
    """A panel: what stands beside its letter, the table and the column of numbers that it needs, its width, how it is drawn."""

    head: str
    needs: str
    column: str
    share: float
    draw: Callable[[Tables, _Shown, SubFigure, str], object]


def _composition(t: Tables, s: _Shown, part: SubFigure, head: str) -> object:
    groups = _groups(t["composition"], s.groups)
    return composition(t["composition"], t.get("ev_markers"), groups=groups, figure=part, title=head)


def _carried_over(t: Tables, s: _Shown, part: SubFigure, head: str) -> object:
    return contamination_fraction(_rows_of(t["contamination_fraction"], s.contrast), figure=part, title=head)


def _heat_map(t: Tables, s: _Shown, part: SubFigure, head: str) -> object:
    room = part.bbox.height / part.dpi * 25.4 - _AROUND_THE_MAP
    most = max(int(room / _LINE), 6)
    return marker_heatmap(
        t["marker_values"],
        t.get("samples_used"),
        sets=[
            k for k in ("exosome", "microvesicle", "pan_ev") if (words(t["marker_values"], "set") == k).any()
        ],
        groups=s.groups,
        max_markers=most,
        figure=part,
        title=head,
    )


def _components(t: Tables, s: _Shown, part: SubFigure, head: str) -> object:
    there = set(words(t["pca"], "group"))
    groups = [g for g in s.groups or [] if g in there] or None
    return pca(t["pca"], groups=groups, names=False, figure=part, title=head)


def _effects(t: Tables, s: _Shown, part: SubFigure, head: str) -> object:
    return forest(
        _class_rows(t, s.contrast),
        t["purity"],
        contrast=s.contrast,
        assessed_only=True,
        figure=part,
        title=head,
    )


def _differences(t: Tables, s: _Shown, part: SubFigure, head: str) -> object:
    return _volcano(t, s.contrast, figure=part, title=head)


#: panels side by side, row by row
_ROWS = (
    (
        _Panel("Composition", "composition", "share", 1.35, _composition),
        _Panel("Signal like the control", "contamination_fraction", "fraction", 1.0, _carried_over),
    ),
    (
        _Panel("Identity and purity", "purity", "log2_fc", 1.0, _effects),
        _Panel("Differential abundance", "differential_abundance", "pvalue", 1.0, _differences),
    ),
    (
        _Panel("EV markers in every sample", "marker_values", "value", 1.9, _heat_map),
        _Panel("Principal components", "pca", "pc1", 1.0, _components),
    ),
)
_FIRST, _PER_GROUP, _EFFECTS = 36.0, 12.0, 100.0  # mm: height of the first row and of the second


def _heights(tables: Tables, shown: _Shown) -> list[float]:
    """Heights of the rows in mm: the first as its groups need, the last what a page leaves."""
    table = tables.get("composition", pd.DataFrame())
    groups = 1
    if len(table):
        named = words(table[words(table, "level") == "group"], "name")
        groups = len({*named} & set(_groups(table, shown.groups) or named))
    first = min(_FIRST + _PER_GROUP * max(groups, 1), 72.0)
    return [first, _EFFECTS, MAX_HEIGHT - first - _EFFECTS]


def summary(of: Tables | WithTables, contrast: str | None = None) -> Figure:
    """Compose one page, 183 mm wide, with the panels a to f of a main figure.

    Parameters
    ----------
    of
        An assessment; or its tables by name, with ``marker_values`` for the heat map
        (:meth:`markerkit.assessment.result.Assessment.figure_tables`).
    contrast
        Contrast to show; may be left out where there is one.

    Returns
    -------
    Figure
        Composition of the groups, signal that is like the control, effect of every class and source,
        volcano plot, markers in every sample, principal components. A panel without a number in its table is left
        out, and the letters go on without a gap.

    Raises
    ------
    InputError
        Nothing to draw, or the contrast is unknown or not named.

    Examples
    --------
    ``figures.save(figures.summary(mk.assess(exp, ev)), "figure_1")`` writes PDF, SVG and PNG.
    """
    tables: Tables = of if isinstance(of, Mapping) else of.figure_tables(contrast)
    contrast = _the_contrast(tables, contrast)
    case, control = arms(contrast or "")
    shown = _Shown(contrast, [case, control] if case else None)
    rows = [
        (height, panels)
        for height, row in zip(_heights(tables, shown), _ROWS, strict=True)
        if (panels := [p for p in row if _has_numbers(tables, p, contrast)])
    ]
    if not rows:
        raise InputError("there is nothing to draw: the tables have no rows for a panel of the summary.")
    letters = iter("abcdef")
    with detached():
        page = new_figure(_WIDTH, sum(height for height, _ in rows))
        for part, (_, panels) in zip(_stacked(page, [h for h, _ in rows]), rows, strict=True):
            for place, panel in zip(_beside(part, [p.share for p in panels]), panels, strict=True):
                panel.draw(tables, shown, place, f"{next(letters)} {panel.head}")
    return page


def _has_numbers(tables: Tables, panel: _Panel, contrast: str | None) -> bool:
    rows = _rows_of(tables.get(panel.needs, pd.DataFrame()), contrast)
    return bool(np.isfinite(numbers(rows, panel.column)).any())


def _the_contrast(tables: Tables, contrast: str | None) -> str | None:
    """Return the contrast named, or the only one."""
    table = tables.get("purity", pd.DataFrame())
    known = list(dict.fromkeys(words(table, "contrast"))) if len(table) else []
    if contrast is None and len(known) > 1:
        raise InputError(f"there are {len(known)} contrasts; name one with `contrast`, such as {known[0]!r}.")
    if contrast is not None and known and contrast not in known:
        raise InputError(f"there is no contrast {contrast!r}; there is {', '.join(map(repr, known))}.")
    return contrast or (known[0] if known else None)


def _stacked(page: Figure, heights: list[float]) -> list[SubFigure]:
    return list(page.subfigures(len(heights), 1, squeeze=False, height_ratios=heights, hspace=0)[:, 0])


def _beside(row: SubFigure, shares: list[float]) -> list[SubFigure]:
    return list(row.subfigures(1, len(shares), squeeze=False, width_ratios=shares, wspace=0)[0])
