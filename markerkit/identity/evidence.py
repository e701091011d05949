"""What verdicts on vesicle classes are decided from, in numbers, under each missing-value scheme."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from markerkit.purity.rules import SourceEvidence
from markerkit.stats.set_effect import SetEffect


@dataclass(frozen=True)
class ClassEvidence:
    """Numbers on one class under one missing-value scheme; effects in log2.

    Parameters
    ----------
    n_markers
        Independent positive markers measured.
    weight_measured
        Share of the weight of the set that was measured.
    effect
        Of the positive markers over the background; nothing without a marker or a background.
    negatives
        Of the negative markers over the background.
    specific
        Of the class-specific markers: in no competing or related class and not general EV evidence.
    margins
        By competing class: markers only in the class over markers only in the competitor.
    competitor_specific
        By competing class: markers that neither the class nor general EV evidence has, over the background.
    over_organelles
        Positive markers over the proteins of organelles that vesicles lack.
    nuclear
        Histones and lamins among the positive markers, over the background.
    ev_beyond
        General EV markers that are none of the class, over the background.
    specific_per_ev, specific_over_organelles
        Of the class-specific markers over the general EV markers, and over the organelles.
    """

    n_markers: int
    weight_measured: float
    effect: SetEffect | None
    negatives: SetEffect | None = None
    specific: SetEffect | None = None
    margins: Mapping[str, SetEffect | None] = field(default_factory=dict)
    competitor_specific: Mapping[str, SetEffect | None] = field(default_factory=dict)
    over_organelles: SetEffect | None = None
    nuclear: SetEffect | None = None
    ev_beyond: SetEffect | None = None
    specific_per_ev: SetEffect | None = None
    specific_over_organelles: SetEffect | None = None


@dataclass(frozen=True)
class GeneEvidence:
    """A gene of a candidate: share of case samples that show it, and its effect over the background, log2."""

    seen: float
    only_in_case: bool
    estimate: float
    ci_low: float


@dataclass(frozen=True)
class CandidateEvidence:
    """Numbers on one candidate: its genes."""

    genes: tuple[GeneEvidence, ...] = ()


@dataclass(frozen=True)
class Facts:
    """What was stated of the contrast.

    Parameters
    ----------
    apoptosis
        Apoptosis was induced and shown, and the viability is given.
    vesicles
        The case is declared to be vesicles, or is compared with other vesicles.
    negatives_rise
        All cell proteins rise over the comparator: the negatives say nothing, the organelles do.
    not_vesicles
        The case is said not to be vesicles.
    compressed
        The values are ratios or reporter ions, whose fold changes are smaller than the true ones.
    """

    apoptosis: bool = False
    vesicles: bool = False
    negatives_rise: bool = False
    not_vesicles: bool = False
    compressed: bool = False


@dataclass(frozen=True)
class Evidence:
    """All that verdicts on classes are decided from, under one missing-value scheme.

    Parameters
    ----------
    classes, sources, candidates
        By key.
    facts
        What was stated.
    has_background
        There are enough proteins of no class.
    organelles
        General EV markers over the proteins of each organelle that vesicles lack.
    anchors
        What the comparator holds and vesicles lack, and all organelles together, over the background.
    competitors
        Evidence on classes that cannot be asked on measured values, for their part as competing classes.
    """

    classes: Mapping[str, ClassEvidence]
    facts: Facts
    has_background: bool = True
    sources: Mapping[str, SourceEvidence] = field(default_factory=dict)
    candidates: Mapping[str, CandidateEvidence] = field(default_factory=dict)
    organelles: Mapping[str, SetEffect | None] = field(default_factory=dict)
    anchors: Mapping[str, SetEffect | None] = field(default_factory=dict)
    competitors: Mapping[str, ClassEvidence] = field(default_factory=dict)

    def competitor(self, key: str) -> ClassEvidence:
        """Evidence on a class where it competes with another."""
        return self.competitors.get(key, self.classes[key])


def enough(effect: SetEffect | None, fewest: float) -> SetEffect | None:
    """Return an effect of at least so many independent markers, else nothing."""
    return effect if effect is not None and effect.n_markers >= fewest else None


def completed(schemes: Sequence[Evidence], t: Mapping[str, float]) -> list[Evidence]:
    """Take from the bounds what measured values cannot say of a class: its parts that are empty on them.

    A competing class that the vesicles lack, and organelle proteins that only the comparator shows, have no effect on
    measured values: the bound says that they are below. What is measured stays.
    """
    if len(schemes) < 2:
        return list(schemes)
    measured, bounded = schemes
    least = t["min_markers_source"]
    return [
        replace(
            measured,
            classes={k: _completed(e, bounded.classes[k], t) for k, e in measured.classes.items()},
            organelles={k: _first(bounded.organelles[k], e, least) for k, e in measured.organelles.items()},
            anchors={k: _first(bounded.anchors[k], e, least) for k, e in measured.anchors.items()},
            competitors={
                k: bounded.classes[k]
                for k, e in measured.classes.items()
                if e.n_markers < t["min_markers"] or e.weight_measured < t["min_weight"]
            },
        ),
        bounded,
    ]


def _completed(mine: ClassEvidence, bounded: ClassEvidence, t: Mapping[str, float]) -> ClassEvidence:
    """Evidence on a class, with what is empty on measured values from the bounds."""
    few, least = t["min_markers_margin"], t["min_markers_source"]
    return replace(
        mine,
        specific=_first(bounded.specific, mine.specific, few),
        margins={k: _first(bounded.margins.get(k), e, few) for k, e in mine.margins.items()},
        competitor_specific={
            k: _first(bounded.competitor_specific.get(k), e, t["min_markers"])
            for k, e in mine.competitor_specific.items()
        },
        over_organelles=_first(bounded.over_organelles, mine.over_organelles, least),
        nuclear=_first(bounded.nuclear, mine.nuclear, few),
        specific_per_ev=_first(bounded.specific_per_ev, mine.specific_per_ev, few),
        specific_over_organelles=_first(bounded.specific_over_organelles, mine.specific_over_organelles, few),
    )


def _first(bounded: SetEffect | None, measured: SetEffect | None, fewest: float) -> SetEffect | None:
    """Return what was measured of enough markers, else the bounded reading."""
    return measured if enough(measured, fewest) is not None else bounded
