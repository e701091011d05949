"""What the catalog holds beside its markers: pairs of classes, fluids, and which data chose the members."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from markerkit.io.files import write_text

PAIR_COLUMNS = ("first", "second", "evidence", "higher_in_first", "higher_in_second", "sources", "note")
FLUID_COLUMNS = ("fluid", "watch", "mask", "sources", "note")
CIRCLE_COLUMNS = ("set", "gene", "role", "weight", "source", "study")


def pairs(info: Mapping[str, Any]) -> pd.DataFrame:
    """One row per pair of classes: what distinguishes them."""
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


def rows_of(table: pd.DataFrame) -> dict[str, npt.NDArray[np.intp]]:
    """Places of the rows of every set in a table: looking for them set by set would read the table for each."""
    return {str(key): np.asarray(at) for key, at in table.groupby("set", sort=False).indices.items()}


def sets(
    headers: Mapping[str, Mapping[str, Any]],
    table: pd.DataFrame,
    by_accession: Collection[str],
    fluid_caveats: Mapping[str, str],
) -> pd.DataFrame:
    """One row per set: its header, how many markers it has, and whether they are matched by accession."""
    positive = table["role"] == "positive"
    kinds = {"n_positive": positive, "n_negative": ~positive, "n_weighted": positive & (table["weight"] > 0)}
    counts = {name: table.loc[kind, "set"].value_counts().to_dict() for name, kind in kinds.items()}
    rows = []
    for key, header in headers.items():
        rows.append(
            {
                "set": key,
                **{n: header[n] for n in ("title", "vesicle", "role", "organism", "minimum_measured")},
                **{name: int(found.get(key, 0)) for name, found in counts.items()},
                "by_accession": key in by_accession,
                "derived_from": ";".join(header["derived_from"]),
                "fluid_caveats": fluid_caveats[key],
                "note": header["note"],
            }
        )
    return pd.DataFrame(rows)


def sets_with_markers(
    headers: Mapping[str, Mapping[str, Any]], table: pd.DataFrame, fluid_caveats: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Header of every set with its markers."""
    fields = [c for c in table.columns if c != "set"]
    markers: dict[str, list[dict[Any, Any]]] = {}
    for key, row in zip(table["set"], table[fields].to_dict("records"), strict=True):
        markers.setdefault(key, []).append(row)
    return [
        {**header, "fluid_caveats": fluid_caveats[key], "markers": markers.get(key, [])}
        for key, header in headers.items()
    ]


def fluids(info: Mapping[str, Any]) -> pd.DataFrame:
    """One row per fluid: the sources to watch there, and the cell panels that are no evidence there."""
    rows = [
        {
            "fluid": entry["name"],
            **{n: ";".join(entry[n]) for n in ("watch", "mask", "sources")},
            "note": entry["note"],
        }
        for entry in info.get("fluid", ())
    ]
    return pd.DataFrame(rows, columns=list(FLUID_COLUMNS))


def fluid_caveats(roles: Mapping[str, str], table: pd.DataFrame, info: Mapping[str, Any]) -> dict[str, str]:
    """Say what a fluid does to each set: watched or masked there, or which members a masked panel holds too.

    The rule: a source is `watched` or `masked` where the fluid's entry names
    it; a member of a class or layer set is `blood-confounded` in the fluids
    that mask a panel which holds its gene as a positive member with weight.

    Parameters
    ----------
    roles
        Set -> its role.
    table, info
        Of the catalog.
    """
    weighted = table[(table["role"] == "positive") & (table["weight"] > 0)]
    genes = weighted.groupby("set", sort=False)["gene"].agg(list).to_dict()
    caveats: dict[str, list[str]] = {key: [] for key in roles}
    for entry in info.get("fluid", ()):
        name = entry["name"]
        panel = {gene for masked in entry["mask"] for gene in genes.get(masked, ())}
        for key, role in roles.items():
            if key in entry["mask"]:
                caveats[key].append(f"{name}: no evidence for a class")
            elif key in entry["watch"]:
                caveats[key].append(f"{name}: read first")
            elif role in ("identity", "layer"):
                shared = [str(g) for g in genes.get(key, ()) if g in panel]
                if shared:
                    caveats[key].append(f"{name}: {', '.join(shared)} also from blood cells")
    return {key: "; ".join(lines) for key, lines in caveats.items()}


def selected_by(
    study: str, table: pd.DataFrame, derived_from: Mapping[str, Sequence[str]], info: Mapping[str, Any]
) -> pd.DataFrame:
    """Rows of the table that the measurements of a study chose: by citation key, or by accession of its data."""
    keys = {study} | {k for k, data in info.get("data_of", {}).items() if study in data}
    chosen = [
        source in keys and source in derived_from.get(str(name), ())
        for name, source in zip(table["set"], table["source"], strict=True)
    ]
    return table[chosen].assign(study=study)[list(CIRCLE_COLUMNS)].reset_index(drop=True)


def overlap(table: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """Count the positive genes that every two sets share, set x set."""
    from scipy.sparse import csr_array

    # one cell each; matched by accession, several members of a set may have no gene
    positive = table[table["role"] == "positive"].drop_duplicates(["set", "gene"])
    genes, known = pd.factorize(positive["gene"])
    member = pd.Index(names).get_indexer(pd.Index(positive["set"]))
    ones = np.ones(len(positive), dtype=int)
    holds = csr_array((ones, (member, genes)), shape=(len(names), len(known)))
    return pd.DataFrame((holds @ holds.T).toarray(), index=list(names), columns=list(names))


def gmt(table: pd.DataFrame, titles: Mapping[str, str]) -> str:
    """Text of the sets as GMT, genes of weight 0 left out; negative markers as ``<id>_negative``."""
    lines = []
    weighted = table[table["weight"] > 0]
    found: dict[tuple[str, str], list[str]] = {}
    for key, role, gene in zip(weighted["set"], weighted["role"], weighted["gene"], strict=True):
        found.setdefault((key, role), []).append(str(gene))
    for key, title in titles.items():
        for role, name in (("positive", key), ("negative", f"{key}_negative")):
            if genes := found.get((key, role)):
                lines.append("\t".join([name, title, *genes]))
    return "".join(f"{line}\n" for line in lines)


def written(text: str, path: str | Path | None) -> str:
    """Give the text, written to a file where one is named."""
    if path is not None:
        write_text(path, text)
    return text
