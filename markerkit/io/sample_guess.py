"""What the names of samples suggest: their groups, and the repeats in them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

_APART = re.compile(r"[\s_.\-:,;()\[\]+/|]+")
#: a number with the usual words for a repeat before it, or one letter
_REPEAT = re.compile(
    r"(?:d|donor|r|rep|repl|replicate|biorep|techrep|p|patient|subject|n|s|sample|run)?\d+|[a-z]",
    re.IGNORECASE,
)
_NUMBERED = re.compile(r"(.*[^\W\d])(\d+)")


class Guess(NamedTuple):
    """What the name of a sample suggests; empty where it suggests nothing."""

    condition: str
    replicate: str
    technical: str


def guessed(names: Sequence[str]) -> list[Guess]:
    """Guess groups and repeats from the names of samples.

    Parameters
    ----------
    names
        Names of all samples. Words that all of them share say nothing, nor does a run number that
        no two share.

    Returns
    -------
    One guess for each name. Where no two samples would be in one group, nothing is guessed; a second
    number or letter is the technical repeat.

    Examples
    --------
    >>> guessed(["01_MCF10_1_A", "02_MCF10_1_B", "03_MDA_1_A", "04_MDA_1_B"])[1]
    Guess(condition='MCF10', replicate='1', technical='B')
    >>> guessed(["EV_D1", "EV_D2", "lysate_D1", "lysate_D2"])[0]
    Guess(condition='EV', replicate='D1', technical='')
    """
    words = [_words(name) for name in names]
    alone = {position for position in range(_shortest(words) - 1) if _identifies(words, position)}
    kept = [[w for at, w in enumerate(row) if at not in alone] for row in words]
    return _without_single_groups([_guess(row, _shared(kept)) for row in kept])


def _words(name: str) -> list[str]:
    """Words of a name; a number at the end of the last word stands alone: EV1 is EV and 1."""
    words = [w for w in _APART.split(name) if w]
    last = _NUMBERED.fullmatch(words[-1]) if words else None
    if last and len(words) == 1 and not _REPEAT.fullmatch(words[-1]):
        return [last[1], last[2]]
    return words


def _shortest(words: Sequence[Sequence[str]]) -> int:
    return min(map(len, words), default=0)


def _identifies(words: Sequence[Sequence[str]], position: int) -> bool:
    """Say whether the words at a position are numbers that differ in all names: runs or files."""
    found = [row[position] for row in words]
    return (
        len(found) > 1
        and len(set(found)) == len(found)
        and all(re.fullmatch(r"[A-Za-z]?\d+", w) for w in found)
    )


def _shared(words: Sequence[Sequence[str]]) -> set[str]:
    """Words that stand in every name."""
    return set.intersection(*map(set, words)) if words else set()


def _guess(words: Sequence[str], shared: set[str]) -> Guess:
    groups = [w for w in words if not _REPEAT.fullmatch(w)]
    told = [w for w in groups if w not in shared] or groups
    repeats = [w for w in words if _REPEAT.fullmatch(w)]
    if not told and repeats:
        told, repeats = repeats[:1], repeats[1:]
    return Guess("_".join(told), repeats[0] if repeats else "", "_".join(repeats[1:]))


def _without_single_groups(guesses: Sequence[Guess]) -> list[Guess]:
    """Guess nothing where a group would hold one sample."""
    sizes = Counter(g.condition for g in guesses)
    return [g if sizes[g.condition] > 1 else Guess("", "", "") for g in guesses]
