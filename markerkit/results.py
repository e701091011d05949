"""Results: tidy tables with their parameters, that can be shown, drawn and saved."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

import pandas as pd

from markerkit.core.rich import composition_html, result_html
from markerkit.io.files import write_text
from markerkit.tables.registry import TABLES
from markerkit.tables.spec import to_tsv

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from markerkit.stats.ebayes import Moderated
    from markerkit.stats.linear import LinearFit

AnyResult = TypeVar("AnyResult", bound="Result")


@dataclass(frozen=True, repr=False)
class Result:
    """A tidy table with the parameters that made it.

    Parameters
    ----------
    table
        The result, one row per observation, columns as declared in
        :data:`markerkit.tables.registry.TABLES`.
    params
        Parameters of the call that made it (JSON-able).

    Examples
    --------
    >>> import pandas as pd
    >>> found = Evidence(pd.DataFrame({"class": ["exosome"], "direction": ["for"]}))
    >>> found
    <Evidence: 1 rows>
         class direction
    0  exosome       for
    """

    table: pd.DataFrame
    params: Mapping[str, Any] = field(default_factory=dict)

    #: name of the table in the registry
    table_name = ""
    #: columns that Jupyter shows first, `verdict` as a badge; all columns without
    _shown: ClassVar[tuple[str, ...] | None] = None

    def save(self, path: str | Path) -> Path:
        """Write the table as TSV; the file appears whole or not at all.

        Parameters
        ----------
        path
            File to write; its folder must be there.

        Returns
        -------
        pathlib.Path
            The file.

        Raises
        ------
        InputError
            The folder is not there, or the file cannot be written.
        """
        return write_text(path, to_tsv(self.table))

    def plot(self, **options: Any) -> Axes | Figure:
        """Draw the figure of this kind of result.

        Parameters
        ----------
        **options
            Options of the figure's function in :mod:`markerkit.figures`, such as
            :func:`~markerkit.figures.identity_summary` for :class:`Identity` and
            :func:`~markerkit.figures.volcano` for :class:`DifferentialAbundance`, and those of
            :class:`~markerkit.figures.Options`: title, size and colors.

        Returns
        -------
        Axes or Figure
            Axes for a figure of one panel, a Figure for the others.

        Raises
        ------
        InputError
            This kind of result has no figure; the message names one that shows it.
        TypeError
            An option that the figure's function does not take; the message lists its options.
        """
        from markerkit import figures

        return figures.plot(self, **options)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {len(self.table)} rows>\n{self.table.head(12).to_string()}"

    def _repr_html_(self) -> str:
        return result_html(type(self).__name__, self.table, self._shown)


class Coverage(Result):
    """Measured share of every marker set."""

    table_name = "coverage"


@dataclass(frozen=True, repr=False)
class DifferentialAbundance(Result):
    """Moderated t-tests; keeps the fit for the set tests.

    Attributes
    ----------
    fit
        The linear models.
    moderated
        Their moderated variances.
    contrasts
        Contrast name -> coefficients of the design.
    proteins
        Protein annotation of the experiment (gene, accession, ...).
    f_tests
        One row per protein, over all contrasts at once; empty for one contrast.
    """

    fit: LinearFit | None = None
    moderated: Moderated | None = None
    contrasts: Mapping[str, Any] = field(default_factory=dict)
    proteins: pd.DataFrame = field(default_factory=pd.DataFrame)
    f_tests: pd.DataFrame = field(default_factory=pd.DataFrame)

    table_name = "differential_abundance"


class DetectionTest(Result):
    """Presence/absence tests."""

    table_name = "detection"


class Enrichment(Result):
    """Set tests."""

    table_name = "enrichment"


class NullCheck(Result):
    """Type I error of the tests under the design of the study."""

    table_name = "null_check"


class DetectableEffect(Result):
    """Smallest effects that a design detects with a given power."""

    table_name = "detectable_effect"


class SampleScores(Result):
    """Scores of sets in samples."""

    table_name = "sample_scores"


class SourceShares(Result):
    """Share of each sample's signal by contamination source."""

    table_name = "source_shares"


class EvMarkers(Result):
    """How much every sample and group shows of the EV markers."""

    table_name = "ev_markers"


class ContaminationFraction(Result):
    """Share of the preparation's signal that looks like the comparator."""

    table_name = "contamination_fraction"


class MarkersUsed(Result):
    """Contribution of each marker to the effects of the sets."""

    table_name = "markers_used"


class Blanks(Result):
    """Content of procedural blanks and unconditioned medium."""

    table_name = "blanks"


class Evidence(Result):
    """Every reason for and against every class."""

    table_name = "evidence"


class Sensitivity(Result):
    """Verdicts under other analysis choices, and without each marker."""

    table_name = "sensitivity"


class Circularity(Result):
    """Whether a marker set was derived from the data under test."""

    table_name = "circularity"


class DesignChecks(Result):
    """Limits of the samples and of the design of each contrast."""

    table_name = "design"


class EvTrack(Result):
    """EV-TRACK form, as far as the data and the study metadata fill it."""

    table_name = "ev_track"


class IdMapping(Result):
    """How the identifiers of every protein group were mapped."""

    table_name = "id_mapping"


class SamplesUsed(Result):
    """Every sample: its group, depth, and whether it was used."""

    table_name = "samples_used"


class BovinePeptides(Result):
    """Peptides of bovine proteins alone, and those that other species share, in every sample."""

    table_name = "bovine_peptides"


class CaspaseEnds(Result):
    """Peptide ends that trypsin does not make, and those after aspartate among them, in every sample."""

    table_name = "caspase_ends"


class SampleValues(Result):
    """Proteins and intensities measured in every sample."""

    table_name = "sample_values"


class GroupValues(Result):
    """Missing values, spread and similarity of the samples of every group."""

    table_name = "group_values"


class ReplicateCorrelation(Result):
    """Correlation of every two samples."""

    table_name = "replicate_correlation"


class MissingByIntensity(Result):
    """Share of missing values by intensity in every group."""

    table_name = "missing_by_intensity"


class PrincipalComponents(Result):
    """Scores of the samples on the first two principal components."""

    table_name = "pca"


class RankAbundance(Result):
    """Proteins of every group from the most to the least abundant."""

    table_name = "rank_abundance"


class MarkerAbundance(Result):
    """Every marker of the MISEV2018 categories in every sample."""

    table_name = "marker_abundance"


class Checklist(Result):
    """Guideline items."""

    table_name = "misev_checklist"


def without_rows(kind: type[AnyResult]) -> Callable[[], AnyResult]:
    """Make results of a kind whose table is its header."""
    return lambda: kind(TABLES[kind.table_name].empty())


@dataclass(frozen=True, repr=False)
class Identity(Result):
    """Class verdicts.

    Attributes
    ----------
    markers
        Contribution of each marker.
    """

    markers: MarkersUsed = field(default_factory=without_rows(MarkersUsed))

    table_name = "identity"
    _shown = ("contrast", "class", "verdict", "explanation")


@dataclass(frozen=True, repr=False)
class Comparison(Result):
    """Change of every vesicle class between two groups, of the sources in `purity`, and of each marker.

    Parameters
    ----------
    table, params
        As in :class:`Result`.
    markers
        Table `markers_used` of the classes.
    purity
        Verdicts on the sources.
    """

    table_name = "comparison"
    _shown = ("contrast", "class", "verdict", "explanation")
    markers: MarkersUsed = field(default_factory=without_rows(MarkersUsed))
    purity: Purity = field(default_factory=lambda: Purity(TABLES["purity"].empty()))


@dataclass(frozen=True, repr=False)
class Purity(Result):
    """Source verdicts.

    Attributes
    ----------
    shares
        Share of each sample's signal by source.
    contamination_fraction
        Share of the preparation's signal that looks like the comparator.
    markers
        Contribution of each marker.
    """

    shares: SourceShares = field(default_factory=without_rows(SourceShares))
    contamination_fraction: ContaminationFraction = field(default_factory=without_rows(ContaminationFraction))
    markers: MarkersUsed = field(default_factory=without_rows(MarkersUsed))

    table_name = "purity"
    _shown = ("contrast", "source", "verdict", "explanation")


@dataclass(frozen=True, repr=False)
class Quality(Result):
    """Quality card of every sample.

    Attributes
    ----------
    blanks
        Content of procedural blanks and unconditioned medium.
    samples
        Proteins and intensities measured in every sample.
    groups
        Missing values, coefficients of variation and correlation of the samples of every group.
    correlation
        Correlation of every two samples.
    missing
        Share of missing values by intensity in every group.
    pca
        Scores of the samples on the first two principal components.
    ranks
        Proteins of every group from the most to the least abundant.
    markers
        Every marker of the MISEV2018 categories in every sample.
    """

    blanks: Blanks = field(default_factory=without_rows(Blanks))
    samples: SampleValues = field(default_factory=without_rows(SampleValues))
    groups: GroupValues = field(default_factory=without_rows(GroupValues))
    correlation: ReplicateCorrelation = field(default_factory=without_rows(ReplicateCorrelation))
    missing: MissingByIntensity = field(default_factory=without_rows(MissingByIntensity))
    pca: PrincipalComponents = field(default_factory=without_rows(PrincipalComponents))
    ranks: RankAbundance = field(default_factory=without_rows(RankAbundance))
    markers: MarkerAbundance = field(default_factory=without_rows(MarkerAbundance))

    table_name = "sample_quality"


@dataclass(frozen=True, repr=False)
class Composition(Result):
    """What is in the tube, of every sample and group.

    Attributes
    ----------
    ev_markers
        How much each shows of the EV markers, in one word with its reason, and a line that sums up
        the whole.
    """

    ev_markers: EvMarkers = field(default_factory=without_rows(EvMarkers))

    table_name = "composition"

    def _repr_html_(self) -> str:
        return composition_html(self.table, self.ev_markers.table)


_OF_SERIES = [
    "Amounts",
    "AmountChanges",
    "FractionPeaks",
    "FractionPools",
    "FractionProfiles",
    "FractionTrends",
    "Overview",
    "Ranking",
]
#: result -> module above this one that holds it
_ABOVE = {"Assessment": "markerkit.assessment.result"} | dict.fromkeys(
    _OF_SERIES, "markerkit.purity.series_results"
)


def __getattr__(name: str) -> Any:
    """Give the results of modules above beside the others; they are looked up late."""
    if name in _ABOVE:
        return getattr(importlib.import_module(_ABOVE[name]), name)
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)
