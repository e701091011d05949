"""What the catalog says beside its markers: pairs of classes, fluids, and which data chose the members."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

PAIR_COLUMNS = ("first", "second", "evidence", "higher_in_first", "higher_in_second", "sources", "note")
FLUID_COLUMNS = ("fluid", "watch", "mask", "sources", "note")
CIRCLE_COLUMNS = ("set", "gene", "role", "weight", "source", "study")


def pairs(info: Mapping[str, Any]) -> pd.DataFrame:
    """One row a pair of classes: what is known to tell them apart."""
    rows = [
        {
            "first": entry["pair"][0],
            "second": entry["pair"][1],
            "evidence": entry["evidence"],
            "higher_in_first": ";".join([*entry["sets_first"], *entry["first"]]),
            "higher_in_second": ";".join([*entry["sets_second"], *entry["second"]]),
            "sources": ";".join(entry["sources"]),
            "note": entry["note"],
        }
        for entry in info.get("discriminating", ())
    ]
    return pd.DataFrame(rows, columns=list(PAIR_COLUMNS))


def fluids(info: Mapping[str, Any]) -> pd.DataFrame:
    """One row a fluid: the sources to watch there, and the cell panels that are no evidence there."""
    rows = [
        {
            "fluid": entry["name"],
            **{n: ";".join(entry[n]) for n in ("watch", "mask", "sources")},
            "note": entry["note"],
        }
        for entry in info.get("fluid", ())
    ]
    return pd.DataFrame(rows, columns=list(FLUID_COLUMNS))


def fluid_caveats(key: str, role: str, table: pd.DataFrame, info: Mapping[str, Any]) -> str:
    """Say what a fluid does to a set: watched or masked there, or which members a masked panel holds too.

    The rule: a source is `watched` or `masked` where the fluid's entry names
    it; a member of a class or layer set is `blood-confounded` in the fluids
    that mask a panel which holds its gene as a positive member with weight.
    """
    said = []
    for entry in info.get("fluid", ()):
        name = entry["name"]
        if key in entry["mask"]:
            said.append(f"{name}: no evidence for a class")
        elif key in entry["watch"]:
            said.append(f"{name}: read first")
        elif role in ("identity", "layer"):
            panel = table[
                table["set"].isin(entry["mask"]) & (table["role"] == "positive") & (table["weight"] > 0)
            ]
            own = table[(table["set"] == key) & (table["role"] == "positive") & (table["weight"] > 0)]
            both = [str(g) for g in own["gene"] if g in set(panel["gene"])]
            if both:
                said.append(f"{name}: {', '.join(both)} also from blood cells")
    return "; ".join(said)


def resting_on(
    study: str, table: pd.DataFrame, derived_from: Mapping[str, Sequence[str]], info: Mapping[str, Any]
) -> pd.DataFrame:
    """Rows of the table that the measurements of a study chose: by citation key, or by accession of its data."""
    keys = {study} | {k for k, data in info.get("data_of", {}).items() if study in data}
    chosen = [
        source in keys and source in derived_from.get(str(name), ())
        for name, source in zip(table["set"], table["source"], strict=True)
    ]
    return table[chosen].assign(study=study)[list(CIRCLE_COLUMNS)].reset_index(drop=True)
