"""Whether what a user wants to label is there."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping

from markerkit.core.errors import InputError, MarkerkitWarning, listed

#: name of the group of genes that were given one by one
BY_NAME = "labeled"
_MOST_SETS = 24


def check_label(marked: Mapping[str, list[str]], genes: Iterable[str]) -> None:
    """Refuse more sets than the key holds, and name genes, given one by one, that the table does not have."""
    if len(marked) > _MOST_SETS:
        raise InputError(
            f"`label` names {len(marked)} sets, and the key holds {_MOST_SETS}; choose some, as in markers['exosome'] or "
            "markers.select([...])."
        )
    here = set(genes)
    lost = [g for g in marked.get(BY_NAME, ()) if g not in here]
    if lost:
        named = {g.upper(): g for g in here}
        hints = [f"{g!r} is there as {named[g.upper()]!r}" for g in lost if g.upper() in named][:3]
        warnings.warn(
            f"`label`: {listed(lost, limit=6)} not among the genes of the table"
            + "".join(f"; {h}" for h in hints),
            MarkerkitWarning,
            stacklevel=4,
        )
