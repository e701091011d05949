"""Figures: tidy tables in, axes or figures out, fit to print.

A function that draws one panel takes ``ax`` and returns axes; the others return
a figure. None changes matplotlib's settings. :func:`save` writes PDF, SVG and
PNG with live text, and :func:`lint` checks figures against print requirements.
"""

from markerkit.figures import captions
from markerkit.figures._checklist import checklist
from markerkit.figures._composition import composition
from markerkit.figures._contamination_fraction import contamination_fraction
from markerkit.figures._coverage import coverage
from markerkit.figures._dispatch import FigureSet, assessment_figures, plot
from markerkit.figures._dotplot import dotplot
from markerkit.figures._enrichment import enrichment
from markerkit.figures._forest import forest
from markerkit.figures._fraction_profiles import fraction_profiles
from markerkit.figures._group_values import group_values
from markerkit.figures._heatmap import heatmap
from markerkit.figures._identity_summary import identity_summary
from markerkit.figures._lint import Problem, lint
from markerkit.figures._marker_heatmap import marker_heatmap
from markerkit.figures._marker_plot import marker_plot
from markerkit.figures._misev_heatmap import misev_heatmap
from markerkit.figures._missing_by_intensity import missing_by_intensity
from markerkit.figures._options import Options
from markerkit.figures._overlap import overlap
from markerkit.figures._overview import overview
from markerkit.figures._pca import pca
from markerkit.figures._qc_card import qc_card
from markerkit.figures._rank_abundance import rank_abundance
from markerkit.figures._ranking import ranking
from markerkit.figures._replicate_correlation import replicate_correlation
from markerkit.figures._running_score import running_score
from markerkit.figures._sample_values import sample_values
from markerkit.figures._sensitivity import sensitivity
from markerkit.figures._source_shares import source_shares
from markerkit.figures._style import new_figure, save, style
from markerkit.figures._summary import summary
from markerkit.figures._upset import upset
from markerkit.figures._volcano import volcano

__all__ = [
    "FigureSet",
    "Options",
    "Problem",
    "assessment_figures",
    "captions",
    "checklist",
    "composition",
    "contamination_fraction",
    "coverage",
    "dotplot",
    "enrichment",
    "forest",
    "fraction_profiles",
    "group_values",
    "heatmap",
    "identity_summary",
    "lint",
    "marker_heatmap",
    "marker_plot",
    "misev_heatmap",
    "missing_by_intensity",
    "new_figure",
    "overlap",
    "overview",
    "pca",
    "plot",
    "qc_card",
    "rank_abundance",
    "ranking",
    "replicate_correlation",
    "running_score",
    "sample_values",
    "save",
    "sensitivity",
    "source_shares",
    "style",
    "summary",
    "upset",
    "volcano",
]
