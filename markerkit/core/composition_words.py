"""Composition in words: why the EV markers get their word, what to do next, and one line per group."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from markerkit.core.vocabulary import EvRule, EvWord
from markerkit.core.wording import counted, names, number, percent

_REASONS = {
    EvRule.RATIOS: "ratios to a reference channel have neither shares of signal nor ranks within a sample",
    EvRule.NO_SIGNAL: "nothing was measured",
    EvRule.TOO_FEW_PROTEINS: "{n_proteins} measured, {min_proteins} needed",
    EvRule.NO_TRANSMEMBRANE: "no transmembrane protein of MISEV category 1 was measured",
    EvRule.TOO_FEW_MISEV: "{one} of MISEV category 1 and {two} of category 2a: three are needed, at least one of each",
    EvRule.TOO_FEW_RANKED: "too few EV markers to rank: {n_ranked}",
    EvRule.LITTLE_SIGNAL: "they hold {share} of the signal, about as in neat plasma; {share_least} are needed",
    EvRule.RANK_AS_OTHERS: "they rank no higher than other proteins of the sample",
    EvRule.ORGANELLES_AS_CELLS: "organelle proteins at the level of whole cells: {per_ev} times the signal of the EV markers",
    EvRule.FEW_MISEV: "{one} of MISEV category 1 and {two} of category 2a: {misev_strong} of each make it strong",
    EvRule.SMALL_SHARE: "they hold {share} of the signal: {share_strong} make it strong",
    EvRule.RANK_BELOW_TOP: "the middle EV marker is not among the most abundant third of the proteins",
    EvRule.ORGANELLES_ABOVE_EV: "organelle proteins hold as much signal as the EV markers: {per_ev} times",
    EvRule.ALL_LIMITS_MET: "all limits are met",
}
_DEEPER = "deeper measurement, or a western blot of CD9, CD63 or CD81 and of TSG101 or syntenin-1"
_CLEANER = "a step that removes the main co-isolated material, such as SEC or a density gradient"
_NEXT = {
    EvRule.RATIOS: "intensities instead of ratios",
    EvRule.NO_SIGNAL: "check the column of this sample",
    EvRule.TOO_FEW_PROTEINS: "more material or deeper measurement",
    EvRule.NO_TRANSMEMBRANE: _DEEPER,
    EvRule.TOO_FEW_MISEV: _DEEPER,
    EvRule.TOO_FEW_RANKED: _DEEPER,
    EvRule.LITTLE_SIGNAL: _CLEANER,
    EvRule.RANK_AS_OTHERS: _CLEANER,
    EvRule.ORGANELLES_AS_CELLS: "a lysate of the source cells as comparator, the viability of the cells, and a step that removes cells and "
    "debris before isolation",
    EvRule.FEW_MISEV: _DEEPER,
    EvRule.SMALL_SHARE: _CLEANER,
    EvRule.RANK_BELOW_TOP: _CLEANER,
    EvRule.ALL_LIMITS_MET: "a comparator (lysate or the fluid itself) to show that the EV markers are enriched",
}
_NEXT[EvRule.ORGANELLES_ABOVE_EV] = _NEXT[EvRule.ORGANELLES_AS_CELLS]


class EvNumbers(NamedTuple):
    """Numbers that a reason names, and the limits that they are held against."""

    n_proteins: int
    one: int
    two: int
    n_ranked: int
    share: float
    per_ev: float
    min_proteins: float
    misev_strong: float
    share_least: float
    share_strong: float


def ev_reason(rule: EvRule, found: EvNumbers) -> str:
    """Say why the EV markers get their word."""
    return _REASONS[rule].format(
        n_proteins=counted(found.n_proteins, "protein"),
        one=found.one,
        two=found.two,
        n_ranked=found.n_ranked,
        share=percent(found.share, 2),
        per_ev=number(found.per_ev, 2),
        min_proteins=f"{found.min_proteins:g}",
        misev_strong=f"{found.misev_strong:g}",
        share_least=percent(found.share_least, 2),
        share_strong=percent(found.share_strong, 2),
    )


def ev_next_step(rule: EvRule) -> str:
    """Say what would give a clearer answer."""
    return _NEXT[rule]


class ShareWords(NamedTuple):
    """A component and its share, for a sentence."""

    title: str
    share: float
    ci_low: float
    ci_high: float

    def __str__(self) -> str:
        """Write the share and its interval, both in percent.

        >>> str(ShareWords("Plasma proteins", 0.391, 0.31, 0.462))
        'plasma proteins 39 % (31 to 46)'
        """
        name = self.title if self.title[1:2].isupper() else self.title[:1].lower() + self.title[1:]
        known = self.ci_low == self.ci_low
        span = f" ({number(100 * self.ci_low, 2)} to {number(100 * self.ci_high, 2)})" if known else ""
        return f"{name} {percent(self.share, 2)}{span}"


class Summary(NamedTuple):
    """What the line of a group says.

    Attributes
    ----------
    name, n_samples
        Group, or sample.
    word, reason
        Answer on the EV markers.
    n_misev, n_misev_set
        Proteins of MISEV categories 1 and 2 measured, and in the catalog.
    rank, share
        Median percentile rank of the EV markers and their share of the signal.
    place
        Where the share stands among real preparations, in words.
    sources
        Sources to name, the largest first.
    unassigned
        Share of the signal in no panel.
    named_share
        Smallest share of a source that is named.
    notes
        Cautions.
    """

    name: str
    n_samples: int
    word: EvWord
    reason: str
    n_misev: int
    n_misev_set: int
    rank: float
    share: float
    place: str
    sources: Sequence[ShareWords]
    unassigned: float
    named_share: float
    notes: Sequence[str] = ()


def summary_line(s: Summary) -> str:
    """Write one line on a group: EV markers, the largest other shares, what is unassigned."""
    head = f"{s.name} ({counted(s.n_samples, 'sample')})" if s.n_samples > 1 else s.name
    because = f": {s.reason}" if s.word in (EvWord.WEAK, EvWord.NONE, EvWord.NOT_ASSESSABLE) else ""
    if s.word == EvWord.NOT_ASSESSABLE:
        first = f"EV markers {s.word}{because}"
    else:
        first = f"EV markers {s.word}{because} ({_evidence(s)})"
    parts = [first]
    if s.unassigned == s.unassigned:
        named = names([str(x) for x in s.sources])
        parts.append(
            f"largest other shares: {named}" if named else f"no other source above {percent(s.named_share)}"
        )
        parts.append(f"{percent(s.unassigned, 2)} unassigned")
    return f"{head}: {'; '.join([*parts, *s.notes])}"


def _evidence(s: Summary) -> str:
    found = [f"{s.n_misev} of {s.n_misev_set} MISEV category 1 and 2 proteins"]
    if s.rank == s.rank:
        found.append(f"in the median above {number(s.rank, 2)} % of the proteins")
    found.append(f"{percent(s.share, 2)} of the signal")
    return ", ".join(found) + (
        f"; share in the {s.place}" if s.place.partition(" ")[0] in _THIRDS else _beyond(s.place)
    )


_THIRDS = ("lower", "middle", "upper")


def _beyond(place: str) -> str:
    return f"; share {place}" if place else ""
