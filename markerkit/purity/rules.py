"""The rules on change, of contamination sources and of classes: an effect in numbers and limits go in, a verdict comes out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markerkit.core.verdict import Verdict, combine
from markerkit.core.vocabulary import Basis, Rule, VerdictWord
from markerkit.stats.set_effect import SetEffect

HIGHER, SIMILAR, LOWER = VerdictWord.HIGHER, VerdictWord.SIMILAR, VerdictWord.LOWER
UNRESOLVED, NOT_ASSESSABLE = VerdictWord.UNRESOLVED, VerdictWord.NOT_ASSESSABLE


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


def change(effect: SetEffect, *, least: float, margin: float) -> Verdict:
    """Say whether a set of markers is higher, similar or lower in the case than in the control.

    Parameters
    ----------
    effect
        Of the markers over the background, log2.
    least
        Smallest effect that is called a change.
    margin
        Equivalence margin: an interval that lies between ``-margin`` and ``margin`` shows that the groups are similar.

    Notes
    -----
    The rule is the same in both directions: with case and control exchanged `higher` becomes `lower`.

    References
    ----------
    Equivalence: Schuirmann 1987, doi:10.1007/BF01068419
    """
    low, high = effect.ci_low, effect.ci_high
    if low > 0 and effect.estimate >= least:
        return Verdict(HIGHER, Rule.HIGHER)
    if high < 0 and effect.estimate <= -least:
        return Verdict(LOWER, Rule.LOWER)
    numbers = {"equivalence_margin": margin}
    if -margin < low and high < margin:
        rule = Rule.SMALL_RISE if low > 0 else Rule.SMALL_FALL if high < 0 else Rule.SIMILAR
        return Verdict(SIMILAR, rule, numbers)
    if low > 0:
        return Verdict(UNRESOLVED, Rule.RISE_OF_UNKNOWN_SIZE, numbers)
    if high < 0:
        return Verdict(UNRESOLVED, Rule.FALL_OF_UNKNOWN_SIZE, numbers)
    return Verdict(UNRESOLVED, Rule.WIDE_INTERVAL, {"heterogeneous": effect.heterogeneous})


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
    return change(e.effect, least=t["min_source_effect"], margin=t["equivalence_margin"])


def decide_source(schemes: Sequence[SourceEvidence], t: Mapping[str, float]) -> Verdict:
    """Decide one source from the evidence under each missing-value scheme."""
    return combine_changes([source_verdict(e, t) for e in schemes])


def combine_changes(verdicts: Sequence[Verdict]) -> Verdict:
    """Combine verdicts on a change under each missing-value scheme: bounds decide where measured values leave it open."""
    return combine(verdicts, otherwise=UNRESOLVED, undecided=(NOT_ASSESSABLE, UNRESOLVED))
