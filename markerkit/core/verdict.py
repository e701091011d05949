"""A verdict as a record, and how the verdicts of two missing-value schemes become one."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from markerkit.core.vocabulary import Basis, Rule, VerdictWord


@dataclass(frozen=True)
class Verdict:
    """What is said of a class or a source in a contrast, and by which rule.

    Parameters
    ----------
    word
        The verdict.
    rule
        The rule that gave it.
    numbers
        What the rule compared, by name; enough to write the rule in words.
    basis
        Whether it stands on measured values or on left-censored bounds.
    competing_class
        The class that is not excluded.
    about
        Key of another class or a source that the rule looked at.
    because
        Verdict on the class `about`, where a class rests on another.
    """

    word: VerdictWord
    rule: Rule
    numbers: Mapping[str, float] = field(default_factory=dict)
    basis: Basis = Basis.MEASURED
    competing_class: str = ""
    about: str = ""
    because: Verdict | None = None

    @property
    def scheme(self) -> int:
        """Place of the missing-value scheme whose numbers stand beside the verdict."""
        return 1 if self.basis == Basis.BOUNDED else 0

    @property
    def columns(self) -> dict[str, str]:
        """The columns `verdict`, `rule` and `basis` of a table."""
        return {"verdict": str(self.word), "rule": str(self.rule), "basis": str(self.basis)}


def combine(
    verdicts: Sequence[Verdict],
    *,
    otherwise: VerdictWord,
    undecided: Collection[VerdictWord] = (VerdictWord.NOT_ASSESSABLE,),
) -> Verdict:
    """Combine the verdicts under each missing-value scheme, of a class or of a source.

    Parameters
    ----------
    verdicts
        On measured values and, where presence is known, with left-censored bounds.
    otherwise
        The word where the two contradict each other.
    undecided
        Words on measured values that leave the decision to the bounds.

    Returns
    -------
    The verdict on measured values where both agree; that with bounds where
    measured values give none; else `otherwise`.
    """
    measured, *rest = verdicts
    if not rest or measured.word == rest[0].word:
        return measured
    bounded = rest[0]
    if measured.word in undecided:
        better = bounded.word not in undecided or measured.word == VerdictWord.NOT_ASSESSABLE
        return replace(bounded, basis=Basis.BOUNDED) if better else measured
    competitor = measured.competing_class or bounded.competing_class
    return Verdict(otherwise, Rule.MISSING_VALUE_SCHEME, competing_class=competitor)
