"""Gene tables that are shipped with the package, and which names look like those of proteins."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from markerkit.core.species import BETWEEN_MEMBERS, split_identifier

_DATA = Path(__file__).parents[1] / "data"
_MOSTLY = 0.5  # share of names from which an axis is one of proteins


@dataclass(frozen=True)
class GeneTable:
    """Genes of an organism.

    Attributes
    ----------
    symbols
        Approved symbols.
    by_accession
        Accession -> symbol.
    by_name
        Folded approved, previous and alias symbol -> (symbol, how).
    """

    symbols: frozenset[str]
    by_accession: dict[str, str]
    by_name: dict[str, tuple[str, str]]


@lru_cache(maxsize=3)
def gene_table(organism: str) -> GeneTable:
    """Read the gene table of an organism once.

    Parameters
    ----------
    organism
        ``"human"``, ``"mouse"`` or ``"rat"``.
    """
    rows = _rows(f"genes_{organism}.tsv")
    by_accession: dict[str, str] = {}
    by_name: dict[str, tuple[str, str]] = {}
    for how, column in (("alias", 3), ("previous symbol", 2), ("symbol", 0)):
        for row in rows:
            for name in filter(None, row[column].split("|")):
                by_name[name.upper()] = (row[0], how)
    for row in rows:
        for accession in filter(None, row[1].split("|")):
            by_accession.setdefault(accession, row[0])
    return GeneTable(frozenset(r[0] for r in rows), by_accession, by_name)


@lru_cache(maxsize=1)
def bovine_accessions() -> frozenset[str]:
    """Read the bovine accessions of contaminant libraries once; they give the species, not the source."""
    return frozenset(row[0] for row in _rows("bovine.tsv"))


def _rows(name: str) -> list[list[str]]:
    with (_DATA / name).open(encoding="utf-8", newline="") as lines:
        return list(csv.reader(lines, delimiter="\t"))[1:]


def looks_transposed(rows: Iterable[object], columns: Iterable[object], organism: str) -> bool:
    """Say whether a matrix that should be samples x proteins has its proteins in the rows.

    It has where there are more rows than columns, at least half of the row names
    are accessions or approved gene symbols, and less than half of the column names are.

    Parameters
    ----------
    rows, columns
        Names.
    organism
        Whose symbols are looked up; the case of letters does not count.
    """
    rows, columns = list(rows), list(columns)
    if len(rows) <= len(columns):
        return False
    return _protein_share(rows, organism) >= _MOSTLY > _protein_share(columns, organism)


def _protein_share(names: list[object], organism: str) -> float:
    """Share of the names whose first member is an accession, an entry name or an approved symbol."""
    by_name = gene_table(organism).by_name
    found = 0
    for name in names:
        member = BETWEEN_MEMBERS.split(str(name))[0].strip()
        found += any(split_identifier(member)) or by_name.get(member.upper(), ("", ""))[1] == "symbol"
    return found / max(len(names), 1)
