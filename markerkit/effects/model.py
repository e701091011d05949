"""A fitted contrast: effects of its proteins under each missing-value scheme."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from markerkit.catalog.criteria import Criteria
from markerkit.catalog.load import MarkerCatalog
from markerkit.core.experiment import Experiment
from markerkit.results import DifferentialAbundance
from markerkit.stats.set_effect import (
    Background,
    Heterogeneity,
    MarkerEffects,
    SetEffect,
    difference,
    set_effect,
)
from markerkit.study.contrast import Contrast

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class ProteinEffects:
    """Effect of every protein in a contrast, with what each sample added to it.

    Parameters
    ----------
    effect
        Log2 fold change, shape (p,); NaN where it cannot be told.
    influence
        Shape (n_samples, p), 0 where missing.
    variance
        Sampling variance of the effect, shape (p,).
    df
        Residual degrees of freedom, shape (p,).
    detection
        `measured`, `on`, `off`, `one group only` or `not measured`, shape (p,).
    """

    effect: Array
    influence: Array
    variance: Array
    df: Array
    detection: npt.NDArray[np.object_]

    @property
    def usable(self) -> npt.NDArray[np.bool_]:
        """Proteins whose effect can vote."""
        return np.isfinite(self.effect) & np.isfinite(self.variance) & (self.df > 0)


@dataclass(frozen=True)
class MissingValueScheme:
    """Protein effects under one missing-value scheme.

    Parameters
    ----------
    effects
        Of the proteins.
    reference
        The background; nothing where too few proteins are left for it.
    heterogeneity
        Heterogeneity between the markers of the classes' and sources' sets.
    """

    effects: ProteinEffects
    background: Background | None
    heterogeneity: Heterogeneity | None = None

    def over_background(self, markers: SetMarkers, confidence: float) -> SetEffect | None:
        """Effect of a set over the background; nothing where either is missing."""
        if self.background is None or markers.effects is None:
            return None
        return set_effect(
            markers.effects, self.background, confidence=confidence, heterogeneity=self.heterogeneity
        )

    def between(self, first: SetMarkers, second: SetMarkers, confidence: float) -> SetEffect | None:
        """Effect of one set over another; nothing where either has no measured markers."""
        if first.effects is None or second.effects is None:
            return None
        return difference(
            first.effects, second.effects, confidence=confidence, heterogeneity=self.heterogeneity
        )


@dataclass(frozen=True)
class SetMarkers:
    """Independent markers of a set with the counts that a reader needs.

    Parameters
    ----------
    effects
        Nothing where no member was measured.
    weight_measured
        Share of the set's weight that voted.
    n_set, n_measured
        Members in the set and members that voted.
    """

    effects: MarkerEffects | None
    weight_measured: float
    n_set: int
    n_measured: int

    @property
    def n_markers(self) -> int:
        """Number of independent markers."""
        return 0 if self.effects is None else self.effects.n_markers


@dataclass(frozen=True)
class ContrastModel:
    """A contrast fitted on its own two arms.

    A contrast is fitted on its own samples, so that what else was asked in the
    same call cannot change a verdict, and a third group's variance cannot
    lend it confidence.

    Parameters
    ----------
    contrast
        The contrast.
    exp
        The experiment it was fitted on: log2, filtered, normalized, two arms.
    da
        Moderated t-tests; nothing where the arms have no replicates.
    measured
        Effects on the measured values; nothing where there is no model.
    bounded
        The same with proteins detected in one group only at their bound; nothing where presence is
        not known.
    rows
        Gene -> protein that stands for it.
    accession_rows
        Accession -> protein.
    reason
        Why there is no model.
    """

    contrast: Contrast
    exp: Experiment
    markers: MarkerCatalog
    criteria: Criteria
    da: DifferentialAbundance | None
    measured: MissingValueScheme | None
    bounded: MissingValueScheme | None
    rows: pd.Series
    accession_rows: pd.Series
    reason: str = ""

    @property
    def schemes(self) -> tuple[MissingValueScheme, ...]:
        """Missing-value schemes that there are, on measured values first."""
        return tuple(p for p in (self.measured, self.bounded) if p is not None)

    @cached_property
    def background_mask(self) -> npt.NDArray[np.bool_]:
        """Proteins of the background: in no class set, in no organelle that vesicles lack and not flagged, shape (p,)."""
        return _background_proteins(self.exp, self.markers, self.criteria)

    def positions(self, members: pd.DataFrame, *, by_accession: bool = False) -> npt.NDArray[np.int_]:
        """Column of the matrix that stands for each member, -1 where none does."""
        keys = members["accession"] if by_accession else members["gene"]
        column = self._column_of_accession if by_accession else self._column_of_gene
        return np.array([column.get(key, -1) for key in keys], dtype=np.intp)

    @cached_property
    def _column_of_gene(self) -> dict[str, int]:
        return self._columns(self.rows)

    @cached_property
    def _column_of_accession(self) -> dict[str, int]:
        return self._columns(self.accession_rows)

    def _columns(self, rows: pd.Series) -> dict[str, int]:
        at = self.exp.proteins.index.get_indexer(pd.Index(rows))
        return dict(zip(rows.index, at.tolist(), strict=True))


def _background_proteins(
    exp: Experiment, markers: MarkerCatalog, criteria: Criteria
) -> npt.NDArray[np.bool_]:
    proteins = exp.proteins
    flagged = proteins["is_contaminant"].to_numpy(bool) | proteins["is_decoy"].to_numpy(bool)
    return np.asarray(~proteins["gene"].isin(criteria.not_background(markers.table)).to_numpy() & ~flagged)
