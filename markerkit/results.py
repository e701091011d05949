"""Results: frozen tidy tables that can be shown, drawn and saved."""

from __future__ import annotations

import html
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from markerkit.core.errors import InputError
from markerkit.tables.spec import to_tsv

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from markerkit.stats.ebayes import Moderated
    from markerkit.stats.linear import LinearFit


@dataclass(frozen=True, repr=False)
class Result:
    """A tidy table with the parameters that made it.

    Parameters
    ----------
    table
        The result, one row an observation, columns as declared in
        :data:`markerkit.tables.registry.TABLES`.
    params
        What the verb was called with (JSON-able).
    """

    table: pd.DataFrame
    params: Mapping[str, Any] = field(default_factory=dict)

    #: name of the table in the registry
    table_name = ""

    def to_frame(self) -> pd.DataFrame:
        """Copy of the table."""
        return self.table.copy()

    def save(self, path: str | Path) -> Path:
        """Write the table as TSV, whole or not at all.

        Parameters
        ----------
        path
            File to write; its folder must be there.

        Raises
        ------
        InputError
            The folder is not there.
        """
        path = Path(path)
        if not path.parent.is_dir():
            raise InputError(f"cannot write {str(path)!r}: there is no folder {str(path.parent)!r}.")
        part = path.with_name(f".{path.name}.part")
        part.write_text(to_tsv(self.table), encoding="utf-8", newline="")
        part.replace(path)
        return path

    def plot(self, **options: Any) -> Axes | Figure:
        """Draw the figure of this kind of result; options as in :mod:`markerkit.figures`."""
        from markerkit import figures

        return figures.plot(self, **options)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {len(self.table)} rows>\n{self.table.head(12).to_string()}"

    def _repr_html_(self) -> str:
        head = self.table.head(200)
        more = f"<p>first 200 of {len(self.table)} rows</p>" if len(self.table) > len(head) else ""
        title = html.escape(type(self).__name__)
        return (
            f"<h4>{title}</h4>{head.to_html(index=False, na_rep='', float_format=lambda v: f'{v:.3g}')}{more}"
        )


class Coverage(Result):
    """How much of every set was measured."""

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
        A row a protein, over all contrasts at once; empty for one contrast.
    """

    fit: LinearFit | None = None
    moderated: Moderated | None = None
    contrasts: Mapping[str, Any] = field(default_factory=dict)
    proteins: pd.DataFrame = field(default_factory=pd.DataFrame)
    f_tests: pd.DataFrame = field(default_factory=pd.DataFrame)

    table_name = "differential_abundance"


class DetectionTest(Result):
    """presence/absence tests."""

    table_name = "detection"


class Enrichment(Result):
    """Set tests."""

    table_name = "enrichment"


class NullCheck(Result):
    """Rejection rates where nothing differs."""

    table_name = "null_check"


class DetectableEffect(Result):
    """Smallest effects that a design would find."""

    table_name = "detectable_effect"


class SampleScores(Result):
    """Scores of sets in samples."""

    table_name = "sample_scores"


@dataclass(frozen=True, repr=False)
class Identity(Result):
    """Class verdicts; ``markers`` says what every marker said."""

    markers: pd.DataFrame = field(default_factory=pd.DataFrame)

    table_name = "identity"


@dataclass(frozen=True, repr=False)
class Purity(Result):
    """Source verdicts, with the shares of signal and the contamination fraction."""

    shares: pd.DataFrame = field(default_factory=pd.DataFrame)
    contamination_fraction: pd.DataFrame = field(default_factory=pd.DataFrame)
    markers: pd.DataFrame = field(default_factory=pd.DataFrame)

    table_name = "purity"


@dataclass(frozen=True, repr=False)
class Quality(Result):
    """Quality card of every sample; ``blanks`` is what procedural blanks and medium hold."""

    blanks: pd.DataFrame = field(default_factory=pd.DataFrame)

    table_name = "sample_quality"


class Checklist(Result):
    """Guideline items."""

    table_name = "misev_checklist"
