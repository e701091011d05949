"""A caption for every figure: what is drawn, what bars and symbols mean, which test, how many samples."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np
import pandas as pd

from markerkit.core.errors import one_of
from markerkit.core.wording import names
from markerkit.figures._tables import arms, numbers, words

#: name of a figure -> its caption without the numbers of a study
CAPTIONS: Final[dict[str, str]] = {
    "checklist": "Items of the reporting guidelines (MISEV2018, MISEV2023, EV-TRACK and those of the sample's kind) with "
    "the answer that the data and the stated context give. Filled black: met; grey: measured or waiting for metadata; "
    "white: not met; dashed: cannot be derived from a proteomics table.",
    "composition": "Share of the protein signal by origin, one bar per group (mean of its samples) or per sample. Every protein "
    "counts once, so a bar adds up to the whole signal. Numbers beside a bar: shares with 95 % intervals; line under a "
    "bar: 10 % to 90 % quantile of the EV marker share in published preparations.",
    "contamination_fraction": "Share of the preparation's signal that looks like the comparator (cells, plasma or another source), "
    "overall and by compartment. Triangle: upper bound; circle: estimate; bars: 95 % intervals.",
    "coverage": "Measured members of every marker set. Bar: share of the members; stroke: share of their weight; hatched: negative "
    "markers; empty: too few measured for a test. At the right: members measured and members of the set.",
    "dotplot": "Sets of a library with the smallest p, by direction. x: hits over the measured members (ora), or members of the leading "
    "edge over them (other tests). Area of a dot: that number of proteins; the darker, the smaller the FDR (Benjamini-Hochberg "
    "over all sets tested; p where a test has none); empty: above 5 %. The test is named above the axes.",
    "enrichment": "Set tests of the contrast, one panel per method: camera compares a set with the other proteins, fry with no "
    "change. Points lie at -log10 p, to the right where the set is higher in the first group and to the left where it is "
    "lower; full: FDR at most 5 % (Benjamini-Hochberg). Flagged contaminants take no part in set tests, so that a set of which "
    "all is flagged (bovine serum, keratins) counts none as measured.",
    "forest": "Set effect of every vesicle class and contamination source: weighted mean log2 fold change of the measured markers "
    "minus that of the background proteins. Bars: confidence intervals over samples and markers (90 % for classes against "
    "a non-vesicular control, else 95 %), dashed where no verdict follows; grey zone: changes below a factor of two. Filled: "
    "compatible or higher; half filled: unresolved; empty: not compatible, similar or lower.",
    "fraction_profiles": "Fractions of the series in their order. Above: share of each component in the protein of a fraction; below, "
    "where amounts are known: part of the component's total that lies in the fraction. Bars: 95 % intervals; shaded: "
    "proposed pool.",
    "group_values": "Groups of samples before normalization. Left: proteins measured in all, some and none of a group's samples, with "
    "the share of missing values. Middle: coefficient of variation of the proteins within the group, median and quartiles. "
    "Right: Pearson correlation of log2 values between two samples, median and lowest within the group (circle, line) and "
    "median with samples of other groups (diamond).",
    "heatmap": "The most significant proteins (smallest FDR, moderated t-test) in every sample of the contrast. Color: z-score of "
    "the normalized log2 abundance of a protein over the samples; hatched: not measured. Proteins and samples are clustered "
    "by average linkage on what both measured; since the proteins were chosen for their difference, that the groups part is "
    "no finding. Bar above: group of the sample.",
    "identity_summary": "Vesicle classes in a contrast against a control that is not vesicles. From the left: set effect (log2 fold "
    "change of the class's markers over the background), margin over the closest competing class, effect of the negative "
    "markers, verdict with its reason. Bars: 90 % confidence intervals over samples and markers, so that a class is called "
    "by one-sided tests at 5 %; grey zone: changes below a factor of two. Grey diamond: the effect where proteins found in one "
    "group only count at the least change that they can have, if that differs.",
    "marker_heatmap": "Log2 abundance of EV markers (rows, by class) in every sample (columns, by group), each protein centered on "
    "its mean over the samples: colors compare samples within a row, not proteins with each other. Without a contrast the "
    "values are over the median protein of the sample instead. Hatched: not measured; a marker of several sets stands once.",
    "marker_plot": "Log2 abundance of single proteins (MISEV2018 category in parentheses) in every sample, samples aligned on their "
    "medians. Point: sample; stroke: median of the measured values of a group; lines: pairs; × with a number: samples in "
    "which the protein was not measured. No test.",
    "misev_heatmap": "Markers of the MISEV2018 categories (rows) in every sample (columns, by group), as log2 abundance over the median "
    "protein of the sample. Hatched cell: not measured; hatched bar: categories 3 and 4, which should be low or absent in "
    "EV preparations. Markers that no sample measured have no row.",
    "missing_by_intensity": "Share of missing values against mean log2 intensity, by group. A point is a bin of equally many "
    "proteins, the line beside it their range of intensity. The odds ratio is that of a logistic regression with its 95 % "
    "interval; a share that falls to the right says that faint proteins are missing because they are faint.",
    "overlap": "Positive markers that two sets share. Shade: share of the row's set; diagonal, bold: size of the set.",
    "overview": "Verdict on every vesicle class and contamination source (rows) in every contrast (columns). Number: fold change of the "
    "markers over the background.",
    "pca": "Principal components of the log2 values of the proteins measured in every sample, without imputation; samples centered on "
    "their median, proteins on their mean. Color and shape: group; in parentheses: share of the variance.",
    "qc_card": "Quality of every sample: proteins measured, rank of the EV markers and share of the signal by source. Shares are "
    "shaded on a logarithmic scale; sources share proteins and do not add up. Frame: a rule asks for a manual check; "
    "cross: nothing was measured.",
    "rank_abundance": "Proteins of every group from the most to the least abundant, by the mean of their measured log2 values; proteins "
    "measured in at least half of the group's samples. Circles: EV markers (MISEV2018 categories 1 and 2); triangles: "
    "co-isolated proteins and other compartments (3 and 4).",
    "ranking": "Groups of samples ranked on the share of EV markers, of co-isolated protein and of material from cells and handling. "
    "Point: mean share; bar: 95 % interval; number: rank. Groups whose ranks overlap cannot be told apart (5 % over all pairs).",
    "replicate_correlation": "Pearson correlation of every two samples on the log2 values of the proteins that both measured, before "
    "normalization. Hatched: too few proteins in common.",
    "running_score": "Running score of a gene set enrichment analysis along the genes ranked by moderated t (case against control). "
    "Strokes: measured members; strip: the statistic. NES: normalized enrichment score; its p compares with random sets of "
    "genes, not with relabeled samples, and is too small where members are correlated.",
    "sample_values": "Every sample before normalization. Left: number of proteins measured, and share of the table that is missing. Right: distribution of the log2 "
    "intensities (median, quartiles, 5 % and 95 % quantiles).",
    "sensitivity": "Verdicts (letters) when one choice of the analysis is changed at a time: missing values, background, detection "
    "filter, or a marker left out. Frame: a verdict other than the one reported; last column: markers whose omission alone "
    "changes the verdict.",
    "source_shares": "Share of the linear signal of each sample by contamination source, on a logarithmic axis; sources share proteins "
    "and do not add up. Up to six samples stand with 95 % intervals over the markers; of more, points are samples, bars the "
    "middle half and symbols on them the median of a group.",
    "summary": "Overview of a preparation; panels without data are left out. Composition: share of the protein signal by origin; signal "
    "like the control: the part that looks like the comparator. Identity and purity: effect of every vesicle class and source "
    "over the background, with confidence intervals. Differential abundance: moderated t-tests, with lines at an FDR of 5 % and "
    "at two-fold. Markers: log2 abundance centered per protein; principal components: of the log2 values of all samples.",
    "upset": "Proteins by the sets (groups of samples, reference lists) that hold them. Bars above: proteins in exactly the sets "
    "with a full dot below and in no other, so that each counts once; bars at the left: all proteins of a set. A group holds "
    "what is measured in at least half of its samples, unless another share was asked for.",
    "volcano": "Log2 fold change and -log10 p of every protein tested, by a moderated t-test (limma's empirical Bayes variance) on "
    "measured values. Dashed lines: FDR of 5 % (Benjamini-Hochberg) and a change of two-fold, drawn after the test of any change; "
    "the counts above are of proteins beyond both. Color and fill: sets of markers, a protein of several drawn as the first; "
    "triangles at the sides were tested on their detections alone. Named: markers and the most significant other proteins.",
}


def caption(name: str, tables: Mapping[str, pd.DataFrame] | None = None, contrast: str | None = None) -> str:
    """Write the caption of a figure, with the numbers of a study where its tables are given.

    Parameters
    ----------
    name
        Name of the figure's function, such as ``"volcano"``.
    tables
        Tables of an assessment by name, as for :func:`markerkit.figures.assessment_figures`.
    contrast
        Contrast that the figure shows.

    Returns
    -------
    str
        Plain sentences: what is drawn, what bars and symbols mean, which test; then groups and numbers of samples.

    Raises
    ------
    InputError
        There is no figure of that name.

    Examples
    --------
    >>> import pandas as pd
    >>> from markerkit.figures import captions
    >>> used = pd.DataFrame({"group": ["EV", "EV", "Cell"], "status": "used"})
    >>> captions.caption("replicate_correlation", {"samples_used": used})[-32:]
    'n = 2 (EV) and 1 (Cell) samples.'
    """
    one_of("name", name, list(CAPTIONS))
    added = _NUMBERS[name](tables or {}, contrast) if name in _NUMBERS else ""
    return f"{CAPTIONS[name]} {added}".strip()


def _samples(tables: Mapping[str, pd.DataFrame], contrast: str | None) -> str:
    """Count the samples of every group."""
    used = tables.get("samples_used")
    if used is None or "group" not in used.columns:
        return ""
    counts = words(used[words(used, "status") != "not used"], "group").value_counts(sort=False)
    case, control = arms(contrast or "")
    order = sorted(counts.index, key=lambda g: {case: 0, control: 1}.get(g, 2))  # as the figures draw them
    named = [f"{counts[group]} ({group})" for group in order if group]
    return f"n = {names(named)} samples." if named else ""


def _tested(tables: Mapping[str, pd.DataFrame], contrast: str | None) -> str:
    """Count the samples of a contrast's two groups, and the proteins tested."""
    table = tables.get("differential_abundance")
    if table is None or not len(table):
        return ""
    rows = table if contrast is None else table[words(table, "contrast") == contrast]
    named = list(dict.fromkeys(words(rows, "contrast")))
    n_tested = int(np.isfinite(numbers(rows, "pvalue")).sum())
    if len(named) != 1 or not n_tested:
        return ""
    case, control = (numbers(rows, c) for c in ("n_case", "n_control"))
    counted = np.isfinite(case).any() and np.isfinite(control).any()
    n = f"n = {np.nanmax(case):.0f} and {np.nanmax(control):.0f} samples, " if counted else ""
    return f"{named[0]}: {n}{n_tested:,} proteins tested."


_NUMBERS: Final[dict[str, Callable[[Mapping[str, pd.DataFrame], str | None], str]]] = {
    **dict.fromkeys(("enrichment", "forest", "identity_summary", "sensitivity", "volcano"), _tested),
    **dict.fromkeys(
        (
            "composition", "group_values", "heatmap", "marker_heatmap", "marker_plot", "misev_heatmap", "missing_by_intensity", "pca",
            "qc_card", "rank_abundance", "ranking",
            "replicate_correlation", "sample_values", "source_shares", "summary",
        ),
        _samples,
    ),
}  # fmt: skip
