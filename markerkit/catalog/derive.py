"""What is derived from the sets as written: their order, the long table, weights, orthologs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from markerkit.catalog import files as io

TABLE_COLUMNS = (
    "set",
    "gene",
    "accession",
    "role",
    "grade",
    "weight",
    "shared_with",
    "complex",
    "independent_marker",
    "misev",
    "evidence",
    "source",
    "doi",
    "verified",
    "note",
    "listed_only",
    "core",
)
UNMAPPED_COLUMNS = ("set", "gene", "accession", "role", "reason")
#: columns that follow from others: what changes in them has changed there
FOLLOWING = ("independent_marker",)
_COPIED = ("complex", "misev", "evidence", "source", "verified", "note", "listed_only", "core")
_HANDLING = "keratin"  # set of the skin of those who handle samples
SHARING_ROLES = ("identity", "layer", "source")  # sets whose overlap is worth knowing in `shared_with`


class MemberArrays(NamedTuple):
    """Members of sets, one entry per set and gene.

    Attributes
    ----------
    which
        Position of the member's set among the sets.
    gene, weight
        Of the member.
    independent_marker
        Its complex, or the gene itself.
    """

    which: npt.NDArray[np.intp]
    gene: npt.NDArray[np.object_]
    weight: npt.NDArray[np.float64]
    independent_marker: npt.NDArray[np.object_]

    def read_only(self) -> MemberArrays:
        """Return the same arrays, protected: they are kept and handed out."""
        for array in self:
            array.setflags(write=False)
        return self


def independent_marker(complex_: str, gene: str, accession: str) -> str:
    """Name under which a marker counts once: its complex, else its gene, else its accession.

    The members of a complex rise and fall together, so that they are one independent
    observation; a marker without a gene in this organism is known by its accession.

    >>> independent_marker("20S proteasome", "PSMA1", "P25786"), independent_marker("", "CD63", "P08962")
    ('20S proteasome', 'CD63')
    """
    return complex_ or gene or accession


def marker_order(marker: Mapping[str, Any]) -> tuple[str, str]:
    """Key that sorts the markers of a set, whatever their order in the file."""
    return str(marker["role"]), str(marker["gene"])


def in_order(records: Iterable[io.SetRecord], info: Mapping[str, Any]) -> dict[str, io.SetRecord]:
    """Give the sets by id: by role, then as the catalog names its classes and sources, then by file name.

    Sets without a catalog around them, those of a user, keep their order.
    """
    by_id = {r.header["id"]: r for r in records}
    if not info:
        return by_id
    first = [s for c in info.get("classes", {}).values() for s in c.get("sets", ())]
    rank = {name: i for i, name in enumerate([*first, *info.get("sources", {})])}
    roles = {role: i for i, role in enumerate(io.SET_ROLES)}
    order = sorted(by_id, key=lambda k: (roles[by_id[k].header["role"]], rank.get(k, len(rank))))
    return {key: by_id[key] for key in order}


def _grade(marker: Mapping[str, Any]) -> float:
    if marker["listed_only"]:
        return 0.0
    return 0.5 if str(marker["verified"]).startswith("recalled") else 1.0


def _class_of(info: Mapping[str, Any]) -> dict[str, str]:
    """Set id -> vesicle class, for the sets of the classes that exclude one another."""
    classes = info.get("classes", {})
    return {s: name for name, entry in classes.items() if not entry.get("layer") for s in entry["sets"]}


def _holders(
    records: Mapping[str, io.SetRecord], class_of: Mapping[str, str]
) -> tuple[dict[str, set[str]], dict[str, set[str]]]:
    """Gene -> the sets worth knowing that hold it, and gene -> the classes that hold it."""
    sets: dict[str, set[str]] = {}
    classes: dict[str, set[str]] = {}
    for key, (header, markers) in records.items():
        if header["role"] not in SHARING_ROLES and key not in class_of:
            continue
        for marker in markers:
            if marker["role"] == "positive":
                sets.setdefault(marker["gene"], set()).add(key)
                if key in class_of:
                    held = classes.setdefault(marker["gene"], set())
                    held.add(class_of[key])
                    held.update(class_of[s] for s in marker["shared_with"] if s in class_of)
    return sets, classes


def table_of(
    records: Mapping[str, io.SetRecord], references: Mapping[str, Mapping[str, Any]], info: Mapping[str, Any]
) -> pd.DataFrame:
    """Make the long table of all markers, with weights and sharing derived."""
    class_of = _class_of(info)
    holders, classes = _holders(records, class_of)
    flat = [(key, m) for key, (_, markers) in records.items() for m in markers]
    nothing: frozenset[str] = frozenset()
    # column by column: collections of a user may hold hundreds of thousands of rows
    columns: dict[str, list[Any]] = {
        "set": [key for key, _ in flat],
        "gene": [m["gene"] for _, m in flat],
        "accession": [m["uniprot"] for _, m in flat],
        "role": [m["role"] for _, m in flat],
        "grade": [_grade(m) for _, m in flat],
        "weight": [_weight(m, len(classes.get(m["gene"], ())) if k in class_of else 1) for k, m in flat],
        "shared_with": [
            ";".join(sorted((holders.get(m["gene"], nothing) | set(m["shared_with"])) - {k})) for k, m in flat
        ],
        "independent_marker": [independent_marker(m["complex"], m["gene"], m["uniprot"]) for _, m in flat],
        "doi": [references[m["source"]].get("doi", "") if m["source"] in references else "" for _, m in flat],
        **{name: [m[name] for _, m in flat] for name in _COPIED},
    }
    return pd.DataFrame(columns, columns=list(TABLE_COLUMNS))


def digest_of(
    records: Mapping[str, io.SetRecord],
    references: Mapping[str, Mapping[str, Any]],
    info: Mapping[str, Any],
    orthologs: Iterable[Mapping[str, str]],
) -> str:
    """SHA-256 of parsed content, whatever the order of its keys and markers."""
    content: dict[str, Any] = {
        "sets": {key: [header, sorted(found, key=marker_order)] for key, (header, found) in records.items()},
        "references": references,
        "info": info,
        "orthologs": sorted(orthologs, key=lambda row: sorted(row.items())),
    }
    text = json.dumps(content, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def with_sharing(
    table: pd.DataFrame, records: Mapping[str, io.SetRecord], info: Mapping[str, Any], added: Collection[str]
) -> pd.DataFrame:
    """Put the rows of a table in the order of the sets, and note in `shared_with` what the sets `added` share."""
    rank = {name: i for i, name in enumerate(records)}
    table = table.sort_values("set", key=lambda s: s.map(rank), kind="stable", ignore_index=True)
    of_class = _class_of(info)
    sharing = [k for k, record in records.items() if record.header["role"] in SHARING_ROLES or k in of_class]
    holders = (
        table[(table["role"] == "positive") & table["set"].isin(sharing)].groupby("gene")["set"].agg(set)
    )
    touched = table["gene"].isin(table.loc[table["set"].isin(list(added)), "gene"])
    rows = table.loc[touched, ["set", "gene", "shared_with"]].itertuples(index=False, name=None)
    table.loc[touched, "shared_with"] = [
        ";".join(sorted((holders.get(gene, set()) | set(shared.split(";"))) - {name, ""}))
        for name, gene, shared in rows
    ]
    return table


def members_of(table: pd.DataFrame, names: Sequence[str]) -> MemberArrays:
    """Positive members of the long table that have a gene; `names` are those of the sets."""
    rows = table[(table["role"] == "positive") & (table["gene"] != "")]
    which = pd.Index(list(names)).get_indexer(pd.Index(rows["set"]))
    gene, marker = (rows[c].to_numpy(dtype=object) for c in ("gene", "independent_marker"))
    return MemberArrays(which, gene, rows["weight"].to_numpy(dtype=float, copy=True), marker).read_only()


def members_of_lists(sets: Mapping[str, Sequence[str]]) -> MemberArrays:
    """Members of lists of genes: all positive, of weight 1."""
    gene = np.array([g for genes in sets.values() for g in genes], dtype=object)
    which = np.repeat(np.arange(len(sets)), [len(genes) for genes in sets.values()])
    return MemberArrays(which, gene, np.ones(len(gene)), gene).read_only()


def table_of_lists(names: Sequence[str], members: MemberArrays) -> pd.DataFrame:
    """Make the long table of lists of genes, all alike but for their names."""
    names_of_rows = np.array(names, dtype=object)[members.which]
    varying = {"set": names_of_rows, "gene": members.gene, "independent_marker": members.gene}
    return pd.DataFrame(_row_of_list() | varying, index=range(len(members.gene)))


@lru_cache(maxsize=1)
def _row_of_list() -> dict[str, Any]:
    """Columns of a gene of a list, derived as for any other record."""
    return dict(table_of({"": io.record_of_list("", ["gene"])}, {}, {}).iloc[0])


def _weight(marker: Mapping[str, Any], n_classes: int) -> float:
    """Share a positive marker of a class set among the classes that hold it; a given weight stays as it is."""
    if marker["weight"] is not None:
        return float(marker["weight"])
    return _grade(marker) / (n_classes if marker["role"] == "positive" else 1)


def to_orthologs(
    table: pd.DataFrame, orthologs: Sequence[Mapping[str, str]], own: set[str], organism: str
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Exchange genes for their orthologs in the sets `own`; say what became of the rest."""
    found: dict[str, list[Mapping[str, str]]] = {}
    for pair in orthologs:
        found.setdefault(pair["human_gene"], []).append(pair)
    taken: dict[tuple[str, str], str] = {}
    kept, lost = [], []
    rows: list[dict[Any, Any]] = table.to_dict("records")
    for row in rows:
        if row["set"] not in own:
            kept.append(row)
            continue
        pairs = found.get(row["gene"], [])
        partners = [p for p in pairs if p.get(f"{organism}_gene")]
        reason = "" if partners else _no_partner(pairs, organism)
        for partner in partners:
            new = _exchanged(row, partner, organism)
            place = (row["set"], new["gene"])
            if place in taken:
                reason = f"same gene {place[1]} as {taken[place]}"
                continue
            taken[place] = row["gene"]
            kept.append(new)
        if reason:
            lost.append({**{c: row[c] for c in UNMAPPED_COLUMNS[:-1]}, "reason": reason})
    return (
        pd.DataFrame(kept, columns=list(TABLE_COLUMNS)),
        pd.DataFrame(lost, columns=list(UNMAPPED_COLUMNS), dtype=object),
    )


def handling_genes(
    records: Mapping[str, io.SetRecord], orthologs: Iterable[Mapping[str, str]], organism: str
) -> dict[str, str]:
    """Give the genes of an organism that stand for what people who handle its samples leave in them.

    Skin is of human whatever the species of a study, and libraries of contaminants hold it by its human accessions.

    Returns
    -------
    dict
        Human accession of a member of the set ``keratin`` that counts -> gene of its ortholog. Nothing for human, where
        the accession gives the gene anyway, and nothing for a member without ortholog.
    """
    if organism == "human" or _HANDLING not in records:
        return {}
    accession = {m["gene"]: m["uniprot"] for m in records[_HANDLING].markers if not m["listed_only"]}
    pairs = ((row["human_gene"], row.get(f"{organism}_gene", "")) for row in orthologs)
    return {accession[human]: own for human, own in pairs if own and accession.get(human)}


def _no_partner(pairs: Sequence[Mapping[str, str]], organism: str) -> str:
    note = "note" if organism == "mouse" else f"{organism}_note"
    return (pairs[0].get(note) if pairs else "") or "no ortholog in the table"


def _exchanged(row: Mapping[Any, Any], partner: Mapping[str, str], organism: str) -> dict[Any, Any]:
    """Row of a marker with the gene and accession of its ortholog."""
    gene, accession = partner[f"{organism}_gene"], partner[f"{organism}_accession"]
    marker = independent_marker(row["complex"], gene, accession)
    return {**row, "gene": gene, "accession": accession, "independent_marker": marker}


def differences(old: pd.DataFrame, new: pd.DataFrame) -> pd.DataFrame:
    """Compare two long tables row by row; see :func:`markerkit.catalog.load.diff`."""
    key = ["set", "gene", "role"]
    before = {tuple(row[k] for k in key): row for row in old.to_dict("records")}
    after = {tuple(row[k] for k in key): row for row in new.to_dict("records")}
    rows: list[dict[str, object]] = []
    for place in dict.fromkeys([*before, *after]):
        base = dict(zip(key, place, strict=True))
        if place not in after or place not in before:
            change = "added" if place in after else "removed"
            rows.append({**base, "change": change, "field": "", "old": "", "new": ""})
            continue
        for name in (c for c in TABLE_COLUMNS if c not in FOLLOWING):
            if before[place][name] != after[place][name]:
                values = {"old": str(before[place][name]), "new": str(after[place][name])}
                rows.append({**base, "change": "changed", "field": name, **values})
    return pd.DataFrame(rows, columns=[*key, "change", "field", "old", "new"])
