"""Assessment: identity and purity of a study, with all that they rest on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from markerkit.assessment.answer import Answer
from markerkit.assessment.marker_values import heat_map_tables
from markerkit.assessment.overview import overview_of
from markerkit.catalog.load import MarkerCatalog
from markerkit.core.errors import InputError, listed, one_of
from markerkit.core.experiment import Experiment
from markerkit.results import (
    Circularity,
    Coverage,
    DesignChecks,
    DetectionTest,
    DifferentialAbundance,
    Enrichment,
    Evidence,
    EvTrack,
    IdMapping,
    MarkersUsed,
    NullCheck,
    Quality,
    SampleScores,
    SamplesUsed,
    Sensitivity,
)
from markerkit.tables.registry import TABLES


@dataclass(frozen=True, repr=False, kw_only=True)
class Assessment(Answer):
    """Identity and purity of a study, with all that they rest on.

    Attributes
    ----------
    data
        The study as it was assessed.
    identity, comparison, purity, quality, checklist, coverage, differential_abundance, detection, enrichment, sample_scores, null_check
        One result per part. A contrast is in `identity` where its control is declared not to be vesicles, else in
        `comparison`.
    composition
        What is in the tube, of every sample and group, without a comparator.
    evidence, sensitivity
        Every reason for and against every class; the verdicts under other choices.
    ev_track
        The EV-TRACK form, as far as the data and the context fill it.
    circularity, design_checks
        Whether a set was made from these data; limits of the design.
    id_mapping, samples_used, markers_used
        What became of every identifier, sample and marker.
    design
        The design in plain words.
    params
        The options of the run.
    warnings
        What a careful reader should know.
    series
        Fraction series, ranking of groups and amounts, where the sample sheet has the columns for them.
    """

    quality: Quality
    coverage: Coverage
    differential_abundance: DifferentialAbundance
    detection: DetectionTest
    enrichment: Enrichment
    sample_scores: SampleScores
    evidence: Evidence
    sensitivity: Sensitivity
    circularity: Circularity
    design_checks: DesignChecks
    ev_track: EvTrack
    null_check: NullCheck
    id_mapping: IdMapping
    samples_used: SamplesUsed
    markers_used: MarkersUsed
    design: tuple[str, ...]
    params: Mapping[str, Any]
    warnings: tuple[str, ...] = ()

    @property
    def experiment(self) -> Experiment:
        """The preparations as assessed: harmonized, technical replicates collapsed, without blanks and medium."""
        return self.data.units

    @property
    def markers(self) -> MarkerCatalog:
        """The catalog."""
        return self.data.markers

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        """Copy of every table of the output contract, by name."""
        found = {
            "identity": self.identity.table,
            "comparison": self.comparison.table,
            "evidence": self.evidence.table,
            "sensitivity": self.sensitivity.table,
            "purity": self.purity.table,
            "circularity": self.circularity.table,
            "design": self.design_checks.table,
            "ev_markers": self.composition.ev_markers.table,
            "composition": self.composition.table,
            "source_shares": self.purity.shares.table,
            "sample_quality": self.quality.table,
            "sample_values": self.quality.samples.table,
            "group_values": self.quality.groups.table,
            "replicate_correlation": self.quality.correlation.table,
            "missing_by_intensity": self.quality.missing.table,
            "pca": self.quality.pca.table,
            "rank_abundance": self.quality.ranks.table,
            "marker_abundance": self.quality.markers.table,
            "blanks": self.quality.blanks.table,
            "contamination_fraction": self.purity.contamination_fraction.table,
            "misev_checklist": self.checklist.table,
            "ev_track": self.ev_track.table,
            "coverage": self.coverage.table,
            "differential_abundance": self.differential_abundance.table,
            "detection": self.detection.table,
            "enrichment": self.enrichment.table,
            "sample_scores": self.sample_scores.table,
            "null_check": self.null_check.table,
            "markers_used": self.markers_used.table,
            "id_mapping": self.id_mapping.table,
            "samples_used": self.samples_used.table,
        } | self.series.tables
        found["overview"] = overview_of(self.identity.table, self.comparison.table, self.purity.table)
        return {name: found[name].copy() for name in TABLES}

    def figure_tables(self, contrast: str | None = None) -> dict[str, pd.DataFrame]:
        """Copy of every table that a figure needs: :attr:`tables`, and the values that the heat maps show.

        Parameters
        ----------
        contrast
            Contrast whose samples the heat maps show; may be left out where there is one or none.

        Raises
        ------
        InputError
            There is no such contrast, or there are several and none was named.

        Examples
        --------
        ``figures.heatmap(result.figure_tables()["significant_values"])``
        """
        named = {c.name: c for c in self.contrasts}
        if contrast is None and len(named) > 1:
            raise InputError(f"there are {len(named)} contrasts: {listed(named)}; name one with `contrast`.")
        if contrast is not None:
            one_of("contrast", contrast, list(named))
        chosen = named[contrast] if contrast else next(iter(named.values()), None)
        tested = self.differential_abundance.table
        return self.tables | heat_map_tables(self.experiment, self.markers, tested, chosen)

    def report(
        self, folder: str | Path, *, overwrite: bool = False, progress: bool = False, figures: bool = True
    ) -> Path:
        """Write the assessment to a folder, whole or not at all.

        Parameters
        ----------
        folder
            Folder to make.
        overwrite
            Replace an assessment that is there already.
        progress
            Show a bar on stderr, where that is a terminal.
        figures
            Draw the figures; they take most of the time.

        Returns
        -------
        The folder.

        Raises
        ------
        InputError
            The folder is there and `overwrite` is not given, is not an
            assessment, or cannot be written.
        """
        from markerkit.report import write_report

        return write_report(self, folder, overwrite=overwrite, progress=progress, figures=figures)

    def __repr__(self) -> str:
        return "\n".join([f"<Assessment of {self.experiment!r}>", *self.verdicts()])

    def _repr_html_(self) -> str:
        from markerkit.assessment.rich import assessment_html

        return assessment_html(self)
