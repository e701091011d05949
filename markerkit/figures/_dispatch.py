"""The figure of a result, and all figures of an assessment."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from markerkit.core.errors import InputError, listed, one_of
from markerkit.figures._checklist import checklist
from markerkit.figures._composition import composition
from markerkit.figures._contamination_fraction import contamination_fraction
from markerkit.figures._coverage import coverage
from markerkit.figures._enrichment import enrichment
from markerkit.figures._forest import forest
from markerkit.figures._fraction_profiles import fraction_profiles
from markerkit.figures._group_values import group_values
from markerkit.figures._heatmap import heatmap
from markerkit.figures._identity_summary import identity_summary
from markerkit.figures._marked import genes_by_meaning
from markerkit.figures._marker_heatmap import marker_heatmap
from markerkit.figures._marker_plot import marker_plot
from markerkit.figures._misev_heatmap import misev_heatmap
from markerkit.figures._missing_by_intensity import missing_by_intensity
from markerkit.figures._options import NAMES as OPTIONS
from markerkit.figures._overview import overview
from markerkit.figures._pca import pca
from markerkit.figures._qc_card import qc_card
from markerkit.figures._rank_abundance import rank_abundance
from markerkit.figures._ranking import ranking
from markerkit.figures._replicate_correlation import replicate_correlation
from markerkit.figures._rows import why_empty
from markerkit.figures._sample_values import sample_values
from markerkit.figures._sensitivity import sensitivity
from markerkit.figures._source_shares import source_shares
from markerkit.figures._style import detached, figure_of
from markerkit.figures._tables import numbers, one_contrast, words
from markerkit.figures._volcano import volcano
from markerkit.results import Result

#: name of a table -> the figure of its result
PLOTS: dict[str, Callable[..., Axes | Figure]] = {
    "identity": identity_summary,
    "comparison": forest,
    "purity": forest,
    "sensitivity": sensitivity,
    "source_shares": source_shares,
    "composition": composition,
    "sample_quality": qc_card,
    "sample_values": sample_values,
    "group_values": group_values,
    "replicate_correlation": replicate_correlation,
    "missing_by_intensity": missing_by_intensity,
    "pca": pca,
    "rank_abundance": rank_abundance,
    "marker_abundance": marker_plot,
    "contamination_fraction": contamination_fraction,
    "misev_checklist": checklist,
    "coverage": coverage,
    "differential_abundance": volcano,
    "enrichment": enrichment,
    "fraction_profiles": fraction_profiles,
    "ranking": ranking,
    "overview": overview,
}


def plot(result: Result, **options: Any) -> Axes | Figure:
    """Draw the figure of a result.

    Parameters
    ----------
    result
        Any result whose table has a figure.
    **options
        Of the figure's function, and those of :class:`markerkit.figures.Options`.

    Returns
    -------
    Axes or Figure
        Axes for a figure of one panel, a Figure for the others.

    Raises
    ------
    InputError
        The result has no figure; the message says which figure shows it, where one does.
    TypeError
        The figure's function does not take an option.
    """
    name, kind = result.table_name, type(result).__name__
    if name not in PLOTS:
        elsewhere = _SHOWN_BY.get(name, f"there is one for the tables {listed(PLOTS, limit=20)}")
        raise InputError(f"{kind} has no figure of its own; {elsewhere}.")
    draw = PLOTS[name]
    own = list(inspect.signature(draw).parameters.values())[1:]
    known = [p.name for p in own if p.kind is not inspect.Parameter.VAR_KEYWORD] + [*OPTIONS]
    unknown = [o for o in options if o not in known]
    if unknown:
        message = (
            f"{kind}.plot() got unexpected options {listed(unknown)}; "
            f"markerkit.figures.{draw.__name__} takes {listed(known, limit=20)}."
        )
        raise TypeError(message)
    return draw(result.table, **options)


_MANY_SAMPLES = 40

#: table without a figure -> the figure of an assessment, `result`, that shows what it holds
_SHOWN_BY = {
    "ev_markers": "the composition of every group is drawn by `result.composition.plot()`",
    "fraction_peaks": "give it to `markerkit.figures.fraction_profiles(table, peaks)`",
    "fraction_pools": "give it to `markerkit.figures.fraction_profiles(table, peaks, pools)`",
    "fraction_trends": "the profiles over the fractions are drawn by `fraction_profiles(...).plot()`",
    "amounts": "the shares of signal are drawn by `result.purity.shares.plot()`",
    "amount_changes": "its conclusion is the last row of every contrast",
    "evidence": "the verdicts that it leads to are drawn by `result.identity.plot()`, their stability by `result.sensitivity.plot()`",
    "design": "the smallest detectable effects stand in the identity table, drawn by `result.identity.plot()`",
    "blanks": "the samples are drawn by `result.quality.plot()`",
    "ev_track": "the guideline items are drawn by `result.checklist.plot()`",
    "markers_used": "label them in `result.differential_abundance.plot(label=result.markers_used.table)`",
    "samples_used": "the samples are drawn by `result.quality.plot()`",
    "id_mapping": "the measured share of every set is drawn by `result.coverage.plot()`",
    "detection": "the proteins tested on abundance are drawn by `result.differential_abundance.plot()`",
    "bovine_peptides": "after `markerkit.rollup` the share of bovine protein is drawn by `markerkit.quality(...).plot()`",
    "caspase_ends": "after `markerkit.rollup` the samples are drawn by `markerkit.quality(...).plot()`",
    "sample_scores": "the ranks of the EV markers in every sample are drawn by `result.quality.plot()`",
}


def of_study(tables: Mapping[str, pd.DataFrame]) -> list[str]:
    """Name the figures of the whole study that its tables have something for; an overview needs two contrasts."""
    filled = [n for n, d in OF_STUDY.items() if len(tables.get(d.needs[0], ()))]
    several = "overview" in filled and tables["overview"]["contrast"].nunique() > 1
    return [n for n in filled if n != "overview" or several]


class FigureSet(dict[str, Figure]):
    """Figures by name; ``skipped`` says of every figure that could not be drawn why.

    Attributes
    ----------
    skipped
        Name of a figure -> reason.
    """

    def __init__(self) -> None:
        super().__init__()
        self.skipped: dict[str, str] = {}


def assessment_figures(
    tables: Mapping[str, pd.DataFrame],
    contrast: str | None = None,
    *,
    groups: Sequence[str] | None = None,
    names: Sequence[str] | None = None,
) -> FigureSet:
    """Draw every figure that the tables of an assessment allow.

    Parameters
    ----------
    tables
        Tables by name as in :data:`markerkit.tables.registry.TABLES`; and, for the heat
        maps, ``marker_values`` and ``significant_values`` of :mod:`markerkit.assessment.marker_values`.
    contrast
        Contrast of the figures that show one; may be left out where there is
        one or none.
    groups
        Groups of samples that the contrast compares, case and control, for the
        figures that show samples; all groups by default.
    names
        Figures to draw; all by default.

    Returns
    -------
    FigureSet
        A dictionary of figures that pyplot does not know of; ``skipped`` holds
        the reason for each one that is not in it.
    """
    known = {**OF_STUDY, **FIGURES}
    for name in names or ():
        one_of("names", name, list(known))
    if names is None:
        names = [*of_study(tables), *FIGURES]
    found = FigureSet()
    shown = _Shown(contrast, None if groups is None else list(groups))
    with detached():
        for name, drawing in known.items():
            if name not in names:
                continue
            absent = [t for t in drawing.needs if t not in tables]
            if absent:
                found.skipped[name] = f"no table {listed(absent)}"
                continue
            parts = [_rows_of(tables[t], contrast if name in FIGURES else None) for t in drawing.needs]
            if not any(len(p) for p in parts):
                found.skipped[name] = "its table has no rows" + (f" for {contrast!r}" if contrast else "")
                continue
            try:
                drawn = drawing.draw(tables, shown)
            except InputError as error:
                found.skipped[name] = str(error)
                continue
            figure = figure_of(drawn) if isinstance(drawn, Axes) else drawn
            if reason := why_empty(figure):
                found.skipped[name] = reason
            else:
                found[name] = figure
    return found


def _rows_of(table: pd.DataFrame, contrast: str | None) -> pd.DataFrame:
    """Rows of a contrast; all rows of a table without contrasts."""
    if contrast is None or "contrast" not in table.columns:
        return table
    return table[words(table, "contrast") == contrast]


class _Shown(NamedTuple):
    """Contrast to show, and its groups of samples."""

    contrast: str | None
    groups: list[str] | None


def _first(table: pd.DataFrame, groups: Sequence[str] | None) -> list[str] | None:
    """Name all groups of a table, those of the contrast first, so that they have the same colors in every figure."""
    known = list(dict.fromkeys(words(table, "group")))
    if groups is None or not set(groups) & set(known):
        return None
    first = [g for g in groups if g in known]
    return [*first, *(g for g in known if g not in first)]


def _samples(tables: Mapping[str, pd.DataFrame], groups: Sequence[str] | None) -> list[str] | None:
    """Name the samples of the groups and, after them, blanks and medium; nothing where all are meant."""
    card = tables["sample_quality"]
    group_of = dict(zip(words(card, "sample"), words(card, "group"), strict=True))
    wanted = _groups(card, groups)
    return None if wanted is None else [s for w in wanted for s, group in group_of.items() if group == w]


def _groups(table: pd.DataFrame, groups: Sequence[str] | None) -> list[str] | None:
    """Name the groups and, after them, blanks and medium; nothing where the table has other groups."""
    if groups is None or not set(groups) & set(words(table, "group")):
        return None
    return [*groups, "blank", "medium"]


def _measured(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Rows of `marker_abundance` that are values of a sample."""
    rows = tables["marker_abundance"]
    return rows[words(rows, "sample") != ""]


def _replicate_correlation(table: pd.DataFrame, groups: Sequence[str] | None) -> Figure:
    """Draw many samples over two columns of a page."""
    wanted = _groups(table, groups)
    rows = table if wanted is None else table[words(table, "group").isin(wanted)]
    many = words(rows, "sample").nunique() >= _MANY_SAMPLES
    return replicate_correlation(table, groups=wanted, width="double" if many else "middle")


def _volcano(tables: Mapping[str, pd.DataFrame], contrast: str | None, **options: Any) -> Axes:
    used = tables.get("markers_used")
    label = None if used is None or not len(used) else genes_by_meaning(_rows_of(used, contrast))
    table, contrast = one_contrast(tables["differential_abundance"], contrast, "differential_abundance")
    return volcano(table, contrast=contrast, label=label, **options)


def _contamination_fraction(rows: pd.DataFrame) -> Axes:
    if not np.isfinite(numbers(rows, "fraction")).any():
        raise InputError(next(filter(None, words(rows, "reason")), "no fraction was computed"))
    return contamination_fraction(rows)


def _class_rows(tables: Mapping[str, pd.DataFrame], contrast: str | None) -> pd.DataFrame:
    """Table that holds the classes of a contrast: `identity`, else `comparison`."""
    known = set(tables["identity"]["contrast"]) if len(tables["identity"]) else set()
    asked = contrast in known or (contrast is None and bool(known))
    return tables["identity"] if asked else tables["comparison"]


def _identity(tables: Mapping[str, pd.DataFrame], contrast: str | None) -> Figure:
    table = tables["identity"]
    known = set(table["contrast"])
    if not known or (contrast is not None and contrast not in known):
        what = "this" if contrast is None else repr(contrast)
        raise InputError(
            f"identity is asked only against a control that is declared not to be vesicles; {what} is a comparison, "
            "which the figure `forest` shows."
        )
    return identity_summary(table, contrast=contrast)


class _Drawing(NamedTuple):
    """A figure of an assessment: its title in the report, the tables that it needs, how it is drawn."""

    title: str
    needs: tuple[str, ...]
    draw: Callable[[Mapping[str, pd.DataFrame], _Shown], Axes | Figure]


#: figures of an assessment and of its report, in order
FIGURES: dict[str, _Drawing] = {
    "identity_summary": _Drawing(
        "Identity: classes, margins and verdicts",
        ("identity", "comparison"),
        lambda t, s: _identity(t, s.contrast),
    ),
    "forest": _Drawing(
        "Set effects of classes and sources",
        ("identity", "comparison", "purity"),
        lambda t, s: forest(_class_rows(t, s.contrast), t["purity"], contrast=s.contrast),
    ),
    "sensitivity": _Drawing(
        "Sensitivity analysis: the verdicts under other choices",
        ("sensitivity",),
        lambda t, s: sensitivity(t["sensitivity"], contrast=s.contrast),
    ),
    "volcano": _Drawing(
        "Differential abundance with markers",
        ("differential_abundance",),
        lambda t, s: _volcano(t, s.contrast),
    ),
    "marker_heatmap": _Drawing(
        "Markers by class and sample",
        ("marker_values",),
        lambda t, s: marker_heatmap(t["marker_values"], t.get("samples_used"), groups=s.groups),
    ),
    "heatmap": _Drawing(
        "The most significant proteins in every sample",
        ("significant_values",),
        lambda t, s: heatmap(t["significant_values"], t.get("samples_used"), groups=s.groups),
    ),
    "qc_card": _Drawing(
        "Quality card of every sample",
        ("sample_quality",),
        lambda t, s: qc_card(t["sample_quality"], samples=_samples(t, s.groups)),
    ),
    "sample_values": _Drawing(
        "Proteins and intensities measured in every sample",
        ("sample_values",),
        lambda t, s: sample_values(t["sample_values"], groups=_groups(t["sample_values"], s.groups)),
    ),
    "group_values": _Drawing(
        "Missing values, variation and correlation by group",
        ("group_values",),
        lambda t, s: group_values(t["group_values"], groups=_groups(t["group_values"], s.groups)),
    ),
    "replicate_correlation": _Drawing(
        "Correlation of all samples with each other",
        ("replicate_correlation",),
        lambda t, s: _replicate_correlation(t["replicate_correlation"], s.groups),
    ),
    "missing_by_intensity": _Drawing(
        "Missing values against intensity",
        ("missing_by_intensity",),
        lambda t, s: missing_by_intensity(
            t["missing_by_intensity"],
            t.get("group_values"),
            groups=_groups(t["missing_by_intensity"], s.groups),
        ),
    ),
    "composition": _Drawing(
        "Composition: what is in the tube",
        ("composition",),
        lambda t, s: composition(
            t["composition"], t.get("ev_markers"), groups=_groups(t["composition"], s.groups)
        ),
    ),
    "source_shares": _Drawing(
        "Share of signal by source",
        ("source_shares",),
        lambda t, s: source_shares(
            t["source_shares"], t.get("samples_used"), groups=s.groups, width="double"
        ),
    ),
    "contamination_fraction": _Drawing(
        "Contamination fraction",
        ("contamination_fraction",),
        lambda t, s: _contamination_fraction(_rows_of(t["contamination_fraction"], s.contrast)),
    ),
    "enrichment": _Drawing(
        "Set tests",
        ("enrichment",),
        lambda t, s: enrichment(t["enrichment"], contrast=s.contrast),
    ),
}

#: figures of the whole study, which show all contrasts or none; drawn where their first table has rows
OF_STUDY: dict[str, _Drawing] = {
    "pca": _Drawing(
        "Samples on two principal components",
        ("pca",),
        lambda t, s: pca(t["pca"], groups=_first(t["pca"], s.groups)),
    ),
    "misev_heatmap": _Drawing(
        "Markers of the MISEV2018 categories in every sample",
        ("marker_abundance",),
        lambda t, s: misev_heatmap(t["marker_abundance"], groups=_first(_measured(t), s.groups)),
    ),
    "marker_plot": _Drawing(
        "Key markers by group",
        ("marker_abundance",),
        lambda t, s: marker_plot(
            t["marker_abundance"], samples_used=t.get("samples_used"), groups=_first(_measured(t), s.groups)
        ),
    ),
    "rank_abundance": _Drawing(
        "Abundance of all proteins by rank, with markers",
        ("rank_abundance",),
        lambda t, s: rank_abundance(t["rank_abundance"], groups=_first(t["rank_abundance"], s.groups)),
    ),
    "overview": _Drawing(
        "Every contrast beside the others",
        ("overview",),
        lambda t, _: overview(t["overview"]),
    ),
    "ranking": _Drawing(
        "Groups ranked on EV signal, co-isolated protein and other material",
        ("ranking",),
        lambda t, _: ranking(t["ranking"]),
    ),
    "fraction_profiles": _Drawing(
        "Composition of the fractions, and where the total lies",
        ("fraction_profiles",),
        lambda t, _: fraction_profiles(
            t["fraction_profiles"], t.get("fraction_peaks"), t.get("fraction_pools")
        ),
    ),
}
