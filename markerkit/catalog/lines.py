"""Where a file of marker sets names a gene."""

from __future__ import annotations

import re
from functools import lru_cache

#: what a gene in a text ends at
_WORD = re.compile(r"[\w.-]+")


def line_of(text: str, gene: str, *, repeated: bool = False) -> int:
    """Line of a text that first (`repeated`: last) names a gene; 0 where none does."""
    if _WORD.fullmatch(gene) and not repeated:
        return _first_lines(text).get(gene, 0)
    lines = _lines_with(text, gene)
    return lines[-1 if repeated else 0] if lines else 0


@lru_cache(maxsize=1_000)  # a library names a gene in many sets
def _lines_with(text: str, gene: str) -> tuple[int, ...]:
    """All lines of a text that name a gene which is no plain word."""
    word = re.compile(rf"(?<![\w.-]){re.escape(gene)}(?![\w.-])") if gene else None
    return tuple(n for n, line in enumerate(text.split("\n"), 1) if word and word.search(line))


@lru_cache(maxsize=1)
def _first_lines(text: str) -> dict[str, int]:
    """Words of a text with the line that each first stands on: a library asks for the lines of all its genes."""
    found: dict[str, int] = {}
    for n, line in enumerate(text.split("\n"), 1):
        for word in _WORD.findall(line):
            found.setdefault(word, n)
    return found
