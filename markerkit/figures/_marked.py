"""Which proteins a figure marks: genes by set, from what a user gives or from the markers of an assessment."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from markerkit.core.errors import InputError, MarkerkitWarning, listed
from markerkit.figures._palette import MEANINGS, in_order
from markerkit.figures._tables import checked, words

#: name of the group of genes that were given one by one
BY_NAME = "labeled"
_MOST_SETS = 24


def genes_by_set(label: object) -> dict[str, list[str]]:
    """Read what to mark as set id -> gene symbols, classes first."""
    if label is None:
        return {}
    if isinstance(label, pd.DataFrame):
        checked(label, ["set", "gene"], "label")
        rows = label[words(label, "role") != "negative"] if "role" in label.columns else label
        found = {str(k): [str(g) for g in v] for k, v in rows.groupby("set", sort=False)["gene"]}
    elif isinstance(label, Mapping):
        found = {str(k): _symbols(v) for k, v in label.items()}
    elif hasattr(label, "genes"):
        name = getattr(label, "id", None) or getattr(label, "name", None) or BY_NAME
        found = {str(name): _symbols(label)}
    else:
        found = {BY_NAME: _symbols(label)}
    return {key: found[key] for key in in_order(found)}


def genes_by_meaning(markers_used: pd.DataFrame) -> dict[str, list[str]]:
    """Pool the markers of an assessment's classes and fluid sources into a few meanings that a reader can tell apart.

    >>> used = pd.DataFrame({"set": ["exosome", "plasma", "nucleus"], "gene": ["CD63", "ALB", "H1-0"]})
    >>> genes_by_meaning(used)
    {'EV markers': ['CD63'], 'Blood, medium and skin': ['ALB']}
    """
    genes = genes_by_set(markers_used)
    pooled = {
        name: list(dict.fromkeys(g for key in meaning.sets for g in genes.get(key, ())))
        for name, meaning in MEANINGS.items()
    }
    return {name: members for name, members in pooled.items() if members}


def check_label(marked: Mapping[str, list[str]], genes: pd.Series) -> None:
    """Refuse more sets than the key holds, and name genes, given one by one, that the table does not have."""
    if len(marked) > _MOST_SETS:
        raise InputError(
            f"`label` names {len(marked)} sets, and the key holds {_MOST_SETS}; choose some, as in markers['exosome'] or "
            "markers.select([...])."
        )
    here = set().union(*members_of(genes))
    lost = [g for g in marked.get(BY_NAME, ()) if g.upper() not in here]
    if lost:
        warnings.warn(
            f"`label`: {listed(lost, limit=6)} not among the genes of the table",
            MarkerkitWarning,
            stacklevel=3,
        )


def members_of(genes: pd.Series) -> pd.Series:
    """Split the gene cells of protein groups into sets of upper-case symbols."""
    return genes.map(lambda g: {part.strip().upper() for part in str(g).split(";")} - {""})


def _symbols(value: Any) -> list[str]:
    value = getattr(value, "genes", value)
    value = value() if callable(value) else value
    if isinstance(value, str):
        return [value]
    if not isinstance(value, Iterable):
        message = (
            "`label` must be gene symbols, a mapping of set ids to gene symbols, a set with `genes` or a "
            f"table with the columns 'set' and 'gene'; got {type(value).__name__}."
        )
        raise InputError(message)
    return [str(v) for v in value]
