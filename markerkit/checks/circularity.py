"""Circularity check: whether a marker set was made from the very data set that it is applied to."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from markerkit.catalog.criteria import load_criteria
from markerkit.catalog.load import MarkerCatalog
from markerkit.core.errors import listed
from markerkit.tables.registry import TABLES

FLAGGED, CLEAR, UNKNOWN = "flagged", "clear", "cannot be checked"
_KEYS = ("accession", "dataset")
_PREFIX = re.compile(
    r"^(?:https?://)?(?:dx\.)?doi\.org/|^(?:doi|pmid|pubmed|pxd accession)\s*:\s*", re.IGNORECASE
)
_ASK = "state `accession` or `dataset` (PXD accession, DOI or PubMed id of these data) in the context"


def circularity_of(markers: MarkerCatalog, context: Mapping[str, Any]) -> pd.DataFrame:
    """Compare what the user says the data are with what the marker sets were made from.

    Parameters
    ----------
    markers
        Catalog.
    context
        What only the user can state; ``accession`` and ``dataset`` are read.

    Returns
    -------
    Table `circularity`, one row per class and source: `flagged` where a set
    derives from these data or a marker's source is their paper, `clear`, or
    `cannot be checked` where the data set is not stated.
    """
    stated = stated_names(context)
    names = _names_of_references(markers)
    criteria = load_criteria()
    groups = [("class", k, rule.sets) for k, rule in criteria.classes.items()]
    groups += [("source", k, (k,)) for k in criteria.sources]
    derived = {s: markers[s].derived_from for _, _, sets in groups for s in sets if s in markers}
    rows = [_row(markers.table, derived, names, stated, group) for group in groups]
    return TABLES["circularity"].conform(pd.DataFrame(rows))


def stated_names(context: Mapping[str, Any]) -> set[str]:
    """Names that the user gave for the data set, in a form that can be compared.

    >>> sorted(stated_names({"accession": "PXD000022", "dataset": "doi:10.1000/XYZ, PMID: 123"}))
    ['10.1000/xyz', '123', 'pxd000022']
    """
    parts = [p for key in _KEYS for p in re.split(r"[,;]", str(context.get(key, "")))]
    return {plain for p in parts if (plain := _plain(p))}


def _plain(name: str) -> str:
    return _PREFIX.sub("", name.strip()).strip().lower().rstrip("/.")


def _names_of_references(markers: MarkerCatalog) -> dict[str, set[str]]:
    """Citation key -> the key, its DOI and its PubMed id."""
    table = markers.references
    columns = [c for c in ("key", "doi", "pmid", "accession", "datasets") if c in table.columns]
    found = {}
    for row in table[columns].astype(str).to_dict("records"):
        parts = [p for c in columns for p in re.split(r"[,;]", row[c])]
        found[row["key"]] = {_plain(p) for p in parts if p not in {"", "nan"}}
    return found


def _row(
    table: pd.DataFrame,
    derived: Mapping[str, Sequence[str]],
    names: Mapping[str, set[str]],
    stated: set[str],
    group: tuple[str, str, Sequence[str]],
) -> dict[str, object]:
    """Compare one group, its kind, key and sets, with the names stated."""
    kind, key, sets = group
    rows = table[table["set"].isin(sets)]
    row: dict[str, object] = {"kind": kind, "key": key, "sets": ";".join(sets), "n_markers": 0}
    row["n_set"] = int(rows["gene"].nunique())
    if not stated:
        text = f"it was not stated which data set this is, so circularity cannot be checked: {_ASK}"
        return row | {"status": UNKNOWN, "text": text}
    whole = [s for s in sets if _derived(derived.get(s, ()), names) & stated]
    cited = rows["source"].map(lambda k: bool(names.get(k, {_plain(str(k))}) & stated))
    flagged = rows[rows["set"].isin(whole) | cited]
    genes = sorted(set(flagged["gene"]) - {""})
    if not whole and not genes:
        return row | {"status": CLEAR, "text": "no set and no marker derives from the data set stated"}
    what = f"the set {listed(whole)} derives from these data" if whole else ""
    if not whole:
        what = f"{len(genes)} of its {row['n_set']} markers come from the paper of these data"
    text = f"{what}: agreement with it is in part circular and proves less than it seems"
    return row | {"status": FLAGGED, "n_markers": len(genes), "markers": ";".join(genes), "text": text}


def _derived(entries: Sequence[str], names: Mapping[str, set[str]]) -> set[str]:
    """Everything that a set says it derives from, citation keys resolved."""
    return {n for entry in entries for n in ({_plain(entry)} | names.get(entry.strip(), set()))}


__all__ = ["CLEAR", "FLAGGED", "UNKNOWN", "circularity_of", "stated_names"]
