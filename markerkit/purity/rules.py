"""The rules on contamination sources: an effect in numbers and the thresholds go in, a verdict comes out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markerkit.core.verdict import Verdict, combine
from markerkit.core.vocabulary import Basis, Rule, VerdictWord
from markerkit.stats.set_effect import SetEffect

RAISED, NOT_RAISED = VerdictWord.RAISED, VerdictWord.NOT_RAISED
NOT_ASSESSABLE = VerdictWord.NOT_ASSESSABLE


@dataclass(frozen=True)
class SourceEvidence:
    """Numbers on one source under one missing-value scheme.

    Parameters
    ----------
    n_markers
        Independent markers measured.
    effect
        Of the markers over the background, log2; nothing without a marker or a background.
    """

    n_markers: int
    effect: SetEffect | None


def rises(effect: SetEffect | None, least: float) -> bool:
    """Say whether the interval lies above 0 and the estimate is at least `least`."""
    return effect is not None and effect.ci_low > 0 and effect.estimate >= least


def source_verdict(e: SourceEvidence, t: Mapping[str, float]) -> Verdict:
    """Decide one source under one scheme.

    Parameters
    ----------
    e
        Numbers.
    t
        Thresholds by name.
    """
    fewest = t["min_markers_source"]
    if e.n_markers < fewest:
        numbers = {"n_markers": e.n_markers, "min_markers": fewest}
        return Verdict(NOT_ASSESSABLE, Rule.TOO_FEW_MARKERS, numbers)
    if e.effect is None:
        return Verdict(NOT_ASSESSABLE, Rule.NO_BACKGROUND, basis=Basis.NONE)
    if rises(e.effect, t["min_source_effect"]):
        return Verdict(RAISED, Rule.RAISED)
    if e.effect.ci_high < 0:
        return Verdict(NOT_RAISED, Rule.DEPLETED)
    if e.effect.ci_high < t["equivalence_margin"]:
        return Verdict(NOT_RAISED, Rule.NO_MORE_THAN_CONTROL)
    if e.effect.estimate <= 0:
        return Verdict(NOT_RAISED, Rule.NOT_ABOVE_CONTROL)
    return Verdict(NOT_ASSESSABLE, Rule.WIDE_INTERVAL, {"heterogeneous": e.effect.heterogeneous})


def decide_source(schemes: Sequence[SourceEvidence], t: Mapping[str, float]) -> Verdict:
    """Decide one source from the evidence under each missing-value scheme."""
    return combine([source_verdict(e, t) for e in schemes], otherwise=NOT_ASSESSABLE)
