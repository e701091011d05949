"""Assessment: identity and purity of a study, with all that they rest on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from markerkit.assessment.headline import Found, headline, shown_classes
from markerkit.assessment.marker_values import heat_map_tables
from markerkit.assessment.overview import overview_of
from markerkit.assessment.series import SeriesParts
from markerkit.catalog.load import MarkerCatalog
from markerkit.core.errors import InputError, listed, one_of
from markerkit.core.experiment import Experiment
from markerkit.core.vocabulary import VerdictWord
from markerkit.core.wording import number, percent
from markerkit.guidelines.answers import NEEDS_METADATA
from markerkit.identity.table import NOT_ASSESSABLE, UNRESOLVED
from markerkit.results import (
    Checklist,
    Circularity,
    Comparison,
    Composition,
    Coverage,
    DesignChecks,
    DetectionTest,
    DifferentialAbundance,
    Enrichment,
    Evidence,
    EvTrack,
    Identity,
    IdMapping,
    MarkersUsed,
    NullCheck,
    Purity,
    Quality,
    SampleScores,
    SamplesUsed,
    Sensitivity,
)
from markerkit.study.contrast import Contrast
from markerkit.study.data import StudyData
from markerkit.tables.registry import TABLES

NO_SOURCE_JUDGED = "sources: the case has those of its control; none is called higher, similar or lower"
_SOURCE_WORDS = (VerdictWord.HIGHER, VerdictWord.SIMILAR, VerdictWord.LOWER, UNRESOLVED, NOT_ASSESSABLE)


@dataclass(frozen=True, repr=False)
class Assessment:
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

    data: StudyData
    identity: Identity
    comparison: Comparison
    purity: Purity
    quality: Quality
    composition: Composition
    checklist: Checklist
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
    series: SeriesParts = field(default_factory=SeriesParts)

    @property
    def experiment(self) -> Experiment:
        """The preparations as assessed: harmonized, technical replicates collapsed, without blanks and medium."""
        return self.data.units

    @property
    def markers(self) -> MarkerCatalog:
        """The catalog."""
        return self.data.markers

    @property
    def contrasts(self) -> tuple[Contrast, ...]:
        """The contrasts; none without a comparator."""
        return self.data.contrasts

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

    def verdicts(self) -> list[str]:
        """Return the answer as lines of text: what each group holds, then a block per contrast."""
        groups = self.composition.ev_markers.table
        lines = [
            "what is in the tube",
            *(f"  {s}" for s in groups.loc[groups["level"] == "group", "summary"]),
        ]
        level = self.data.criteria.threshold["confidence"]
        for contrast in self.contrasts:
            name = contrast.name
            lines += [name, f"  {self.headline(contrast)}"]
            lines += [*self._class_lines(contrast), *self._source_lines(name)]
            carried = self.purity.contamination_fraction.table
            carried = carried[(carried["contrast"] == name) & (carried["compartment"] == "all")]
            lines += [f"  contamination fraction: {_fraction_text(r, level)}" for _, r in carried.iterrows()]
        return [*lines, *self.series.lines()]

    def headline(self, contrast: Contrast) -> str:
        """One sentence on a contrast: what the case is and how pure; or, between vesicles, what differs."""
        purity, fraction = self.purity.table, self.purity.contamination_fraction.table
        whole = fraction[(fraction["contrast"] == contrast.name) & (fraction["compartment"] == "all")]
        parts = self.composition.table
        found = Found(
            self.class_rows(contrast),
            purity[purity["contrast"] == contrast.name],
            whole.iloc[0] if len(whole) else None,
            parts[(parts["level"] == "group") & (parts["name"] == contrast.case)],
        )
        return headline(contrast, found, self.data.criteria)

    def class_rows(self, contrast: Contrast) -> pd.DataFrame:
        """Verdicts on the classes in a contrast, from the table `identity` or `comparison`."""
        table = self.identity.table if contrast.asks_identity else self.comparison.table
        return table[table["contrast"] == contrast.name]

    def _class_lines(self, contrast: Contrast) -> Iterator[str]:
        rows = self.class_rows(contrast).set_index("class")
        if not contrast.asks_identity:
            yield f"  {question(contrast)}"
        for rule in shown_classes(self.data.criteria, self.data.context):
            if rule.key in rows.index:
                r = rows.loc[rule.key]
                yield f"  {rule.title:<34} {r['verdict']:<15} {r['reason']}"

    def like_control(self, name: str) -> bool:
        """Whether the case of a contrast cannot be told from its control, so that nothing in it is clean or dirty."""
        table = self.identity.table
        return bool(table.loc[table["contrast"] == name, "like_control"].astype(bool).any())

    def _source_lines(self, name: str) -> Iterator[str]:
        if self.like_control(name):
            yield f"  {NO_SOURCE_JUDGED}"
            return
        for word in _SOURCE_WORDS:
            titles = self.sources_called(name, word)
            if titles:
                yield f"  sources {word}: {', '.join(titles)}"

    def sources_called(self, name: str, word: str) -> list[str]:
        """Titles of the sources of a contrast that have one verdict."""
        table, rules = self.purity.table, self.data.criteria.sources
        keys = table.loc[(table["contrast"] == name) & (table["verdict"] == word), "source"]
        return [rules[k].title for k in keys]

    def gaps(self) -> list[str]:
        """Return what is missing, the most telling first: what would resolve each abstention, once."""
        criteria = self.data.criteria
        purity = self.purity.table
        steps: dict[str, list[str]] = {}
        asked = {rule.key for rule in shown_classes(criteria, self.data.context)}
        for every in (self.identity.table, self.comparison.table):
            table = every[every["class"].isin(asked)]
            open_classes = table["verdict"].isin([UNRESOLVED, NOT_ASSESSABLE]) & (table["next_step"] != "")
            for _, row in table[open_classes].iterrows():
                steps.setdefault(row["next_step"], []).append(criteria.classes[row["class"]].title)
        # a panel of which next to nothing was measured is no gap, unless the search could not have found it
        blind = purity["source"].map({k: r.by_accession for k, r in criteria.sources.items()}).astype(bool)
        open_sources = (purity["next_step"] != "") & ((purity["status"] != "too few measured") | blind)
        for _, row in purity[open_sources].iterrows():
            steps.setdefault(row["next_step"], []).append(criteria.sources[row["source"]].title)
        lines = [f"{', '.join(dict.fromkeys(titles))}: {next_step}" for next_step, titles in steps.items()]
        needs = self.checklist.table
        items = list(dict.fromkeys(needs.loc[needs["answer"] == NEEDS_METADATA, "item"]))
        if items:
            lines.append(f"guideline items that need metadata: {', '.join(items[:4])} ({len(items)} in all)")
        return lines

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


def question(contrast: Contrast) -> str:
    """Say why a contrast is a comparison, and what would ask whether the case is vesicles."""
    if contrast.comparator == "ev":
        return f"both groups are vesicles: what is higher or lower in {contrast.case}"
    return (
        f"what is higher or lower in {contrast.case}; to ask whether it is vesicles, declare what {contrast.control} is: "
        "lysate, biofluid or soluble"
    )


def _fraction_text(row: pd.Series, confidence: float) -> str:
    if row["status"] != "assessed":
        return f"not assessable: {row['reason']}"
    level, high = percent(confidence), percent(row["ci_high"], 2)
    interval = f" ({level} interval {number(100 * row['ci_low'], 2)} to {high})"
    if not np.isfinite(row["ci_low"]):
        interval = f" (upper limit {high})"
    note = f"; {row['reason']}" if row["reason"] else ""
    return f"{row['bound']} {percent(row['fraction'], 2)} of the preparation's signal is like the control's{interval}{note}"
