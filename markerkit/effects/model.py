"""A fitted contrast: effects of its proteins under each missing-value scheme."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from markerkit.catalog.criteria import Criteria, load_criteria
from markerkit.catalog.load import MarkerCatalog
from markerkit.core.experiment import Experiment
from markerkit.core.matrix import among
from markerkit.core.messages import Circumstances
from markerkit.core.verdict import Verdict
from markerkit.core.vocabulary import Fluid
from markerkit.effects.members import Located, ProteinIndex
from markerkit.results import DifferentialAbundance
from markerkit.stats.background import Background
from markerkit.stats.set_effect import (
    Heterogeneity,
    MarkerEffects,
    SetEffect,
    difference,
    set_effect,
    structure_effect,
)
from markerkit.study.contrast import Contrast

Array = npt.NDArray[np.float64]
Columns = npt.NDArray[np.intp]
T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class ProteinEffects:
    """Effect of every protein in a contrast, with what each sample added to it.

    Parameters
    ----------
    effect
        Log2 fold change, shape (p,); NaN where it cannot be estimated.
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

    @cached_property
    def usable(self) -> npt.NDArray[np.bool_]:
        """Proteins whose effect has an error."""
        return np.isfinite(self.effect) & np.isfinite(self.variance) & (self.df > 0)

    def only(self, proteins: npt.NDArray[np.bool_]) -> ProteinEffects:
        """Keep some of the proteins."""
        at = proteins
        return ProteinEffects(
            self.effect[at], self.influence[:, at], self.variance[at], self.df[at], self.detection[at]
        )

    def markers(self, located: Located) -> SetMarkers:
        """Gather the independent markers of a set: one for each gene or complex, once for each set."""
        if not len(located.members):
            return SetMarkers(self, located, located.columns)
        if located not in self._gathered:
            self._gathered[located] = gather_markers(self, located)
        return self._gathered[located]

    @cached_property
    def _gathered(self) -> dict[Located, SetMarkers]:
        return {}


@dataclass(frozen=True, eq=False)
class SetMarkers:
    """Measured markers of a set, with the counts that a reader needs.

    Parameters
    ----------
    proteins
        Effects of the proteins.
    located
        Members of the set, and the proteins that stand for them.
    counted
        Members whose protein has an effect with an error, by place.
    """

    proteins: ProteinEffects
    located: Located
    counted: Columns

    @property
    def n_set(self) -> int:
        """Members of the set."""
        return len(self.located.members)

    @property
    def n_measured(self) -> int:
        """Members that count."""
        return len(self.counted)

    @cached_property
    def _measured(self) -> tuple[Columns, Columns]:
        """Independent markers that are measured, and the place among them of each member that counts."""
        markers, place = np.unique(self.located.marker[self.counted], return_inverse=True)
        return markers, place

    @property
    def n_markers(self) -> int:
        """Number of independent markers."""
        return len(self._measured[0])

    @property
    def weight_measured(self) -> float:
        """Share of the set's weight that was measured."""
        weight = self.located.weight
        return float(weight[self._measured[0]].sum() / weight.sum()) if len(weight) else 0.0

    @cached_property
    def effects(self) -> MarkerEffects | None:
        """Their effects: the mean of the measured members of a complex; nothing where no member counts."""
        if not len(self.counted):
            return None
        e, at = self.proteins, self.located.columns[self.counted]
        markers, place = self._measured
        mean = np.zeros((len(at), len(markers)))
        mean[np.arange(len(at)), place] = 1.0
        mean /= mean.sum(axis=0)
        w = self.located.weight[markers]
        found = MarkerEffects(
            e.effect[at] @ mean,
            e.influence[:, at] @ mean,
            e.variance[at] @ mean,
            e.df[at] @ mean,
            w / w.sum(),
        )
        return structure_effect(found) if self.located.structure else found

    def without(self, columns: Columns) -> SetMarkers:
        """Take some proteins as if they had not been measured."""
        kept = ~np.isin(self.located.columns[self.counted], columns)
        return self if kept.all() else replace(self, counted=self.counted[kept])

    def without_genes(self, genes: Collection[str]) -> SetMarkers:
        """Take some genes out of the set."""
        kept = np.array([g not in genes for g in self.located.members.gene], dtype=bool)
        if kept.all():
            return self
        place = np.cumsum(kept) - 1
        counted = self.counted[kept[self.counted]]
        return replace(self, located=self.located.only(kept), counted=place[counted])


def gather_markers(effects: ProteinEffects, located: Located) -> SetMarkers:
    """Gather the measured markers of a set; use :meth:`ProteinEffects.markers`, which does it once."""
    there = np.flatnonzero(located.columns >= 0)
    return SetMarkers(effects, located, there[effects.usable[located.columns[there]]])


@dataclass(frozen=True, eq=False)
class MissingValueScheme:
    """Protein effects under one missing-value scheme.

    Parameters
    ----------
    effects
        Of the proteins.
    background
        The background; nothing where too few proteins are left for it.
    of_structures
        The background that structures are held against: a trimmed mean, as theirs.
    heterogeneity
        Between the markers of the classes' and sources' sets.
    level
        Of the test that a set without moderation is heterogeneous.
    """

    effects: ProteinEffects
    background: Background | None
    of_structures: Background | None
    heterogeneity: Heterogeneity | None = None
    level: float = 0.2

    def over_background(self, markers: SetMarkers, confidence: float) -> SetEffect | None:
        """Effect of a set over the background; nothing where either is missing."""
        reference = self.of_structures if markers.located.structure else self.background
        if reference is None or markers.effects is None:
            return None
        found = set_effect(
            markers.effects,
            reference,
            confidence=confidence,
            heterogeneity=self.heterogeneity,
            level=self.level,
        )
        return replace(found, n_markers=markers.n_markers)

    def between(self, first: SetMarkers, second: SetMarkers, confidence: float) -> SetEffect | None:
        """Effect of one set over another; nothing where either has no measured markers."""
        if first.effects is None or second.effects is None:
            return None
        return difference(
            first.effects,
            second.effects,
            confidence=confidence,
            heterogeneity=self.heterogeneity,
            level=self.level,
        )


@dataclass(frozen=True, eq=False)
class UnfittedContrast:
    """A contrast that has too few samples for a model.

    Parameters
    ----------
    contrast
        The contrast.
    exp
        The experiment of its two groups: log2, filtered, normalized.
    markers
        Catalog.
    verdict
        On every class and every source.
    """

    contrast: Contrast
    exp: Experiment
    markers: MarkerCatalog
    verdict: Verdict


@dataclass(frozen=True, eq=False)
class ContrastModel:
    """A contrast fitted on its own two groups.

    A contrast is fitted on its own samples, so that what else was assessed in the
    same call cannot change a verdict, and a third group's variance cannot
    lend it confidence.

    Parameters
    ----------
    contrast
        The contrast.
    exp
        The experiment it was fitted on: log2, filtered, normalized, two groups.
    markers, criteria
        Catalog and rules.
    da
        Moderated t-tests.
    measured
        Effects on the measured values.
    bounded
        The same with proteins detected in one group only at their bound; nothing where presence is
        not known.
    index
        Proteins that stand for genes and accessions.
    """

    contrast: Contrast
    exp: Experiment
    markers: MarkerCatalog
    criteria: Criteria
    da: DifferentialAbundance
    measured: MissingValueScheme
    bounded: MissingValueScheme | None
    index: ProteinIndex
    _kept: dict[Hashable, Any] = field(default_factory=dict, init=False, repr=False)

    @property
    def schemes(self) -> tuple[MissingValueScheme, ...]:
        """Missing-value schemes that there are, on measured values first."""
        return (self.measured,) if self.bounded is None else (self.measured, self.bounded)

    def kept(self, key: Hashable, make: Callable[[], T]) -> T:
        """Make something once for this contrast and keep it."""
        if key not in self._kept:
            self._kept[key] = make()
        found: T = self._kept[key]
        return found

    @cached_property
    def background_mask(self) -> npt.NDArray[np.bool_]:
        """Proteins of the background, shape (p,)."""
        return background_proteins(self.exp.proteins, self.criteria.not_background(self.markers.table))


AnyContrast = ContrastModel | UnfittedContrast


def fitted(models: Iterable[AnyContrast]) -> list[ContrastModel]:
    """Contrasts that have a model."""
    return [m for m in models if isinstance(m, ContrastModel)]


def background_proteins(proteins: pd.DataFrame, left_out: Iterable[str]) -> npt.NDArray[np.bool_]:
    """Proteins of the background: of no gene that is left out, and not flagged as contaminant or decoy, shape (p,)."""
    flagged = proteins["is_contaminant"].to_numpy(bool) | proteins["is_decoy"].to_numpy(bool)
    return np.asarray(~among(proteins["gene"], left_out) & ~flagged)


def circumstances(model: AnyContrast, context: Mapping[str, Any] | None = None) -> Circumstances:
    """Say what the study of a contrast has, for advice that fits it.

    Parameters
    ----------
    model
        Contrast, fitted or not.
    context
        Statements of the user.
    """
    c = model.contrast
    return Circumstances(
        n_proteins=model.exp.n_proteins,
        deep=load_criteria().convention["deep_enough"],
        serum_possible=not c.blood and c.fluid in {None, Fluid.CULTURE, Fluid.OTHER},
        denied=frozenset(k for k, v in (context or {}).items() if v is False),
    )
