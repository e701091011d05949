"""Gene tables that are shipped with the package, and which names look like those of proteins."""

from __future__ import annotations

import csv
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from markerkit.core.memory import uncollected
from markerkit.core.species import BETWEEN_MEMBERS, BOVINE, ENSEMBL, PREFIX, SPECIES, split_identifier

_DATA = Path(__file__).parents[1] / "data"
_ENSEMBL_GENE = {"human": "ENSG", "mouse": "ENSMUSG", "rat": "ENSRNOG"}
_NOTHING = frozenset({"nan", "none", "<na>", "na", "nat"})  # what missing cells are as text
_MOSTLY = 0.5  # share of names from which an axis is one of proteins
#: how identifiers that are no UniProt accession and no symbol are written, by the system that they are of
_FORMS = {
    "ensembl": ENSEMBL,
    "refseq": re.compile(r"(?:gi\|\d+\|)?(?:ref\|)?[ANXWY][PMR]_\d{6,9}(?:\.\d+)?\|?"),
    "ipi": re.compile(r"(?:IPI:)?IPI\d{8}(?:\.\d+)?"),
    "hgnc": re.compile(r"HGNC:\d{1,5}", re.IGNORECASE),
    "entrez": re.compile(r"[1-9]\d{0,8}(?:\.0)?"),
}


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
    spellings
        Approved, previous and alias symbols as they are written.
    by_entry
        Beginning of a UniProt entry name that is no symbol of its gene, as ALBU of ALBU_HUMAN, -> symbol.
    """

    symbols: frozenset[str]
    by_accession: dict[str, str]
    by_name: dict[str, tuple[str, str]]
    spellings: frozenset[str]
    by_entry: dict[str, str]


@lru_cache(maxsize=3)
def gene_table(organism: str) -> GeneTable:
    """Read the gene table of an organism once.

    Parameters
    ----------
    organism
        ``"human"``, ``"mouse"`` or ``"rat"``.
    """
    with uncollected():
        return _gene_table(organism)


def _gene_table(organism: str) -> GeneTable:
    rows = _rows(f"genes_{organism}.tsv")
    by_accession: dict[str, str] = {}
    by_name: dict[str, tuple[str, str]] = {}
    spellings: set[str] = set()
    for how, column in (("alias", 3), ("previous symbol", 2), ("symbol", 0)):
        for row in rows:
            for name in filter(None, row[column].split("|")):
                by_name[name.upper()] = (row[0], how)
                spellings.add(name)
    for row in rows:
        for accession in filter(None, row[1].split("|")):
            by_accession.setdefault(accession, row[0])
    by_entry = dict(_rows(f"entries_{organism}.tsv"))
    for accession, symbol in _rows(f"accessions_{organism}.tsv"):
        by_accession.setdefault(accession, symbol)
    return GeneTable(frozenset(r[0] for r in rows), by_accession, by_name, frozenset(spellings), by_entry)


@lru_cache(maxsize=3)
def known_names(organism: str) -> frozenset[str]:
    """Read the folded approved, previous and alias symbols of an organism alone, which is faster than its gene table."""
    # four columns: symbol, accession, previous symbols, aliases
    table = "\t".join(_lines(f"genes_{organism}.tsv")).upper().split("\t")
    return frozenset("|".join([*table[::4], *table[2::4], *table[3::4]]).split("|")) - {""}


@lru_cache(maxsize=3)
def gene_numbers(organism: str) -> dict[str, str]:
    """Read the Ensembl gene identifiers of an organism once, and the numbers of Entrez genes where there is a table.

    Returns
    -------
    Identifier, such as ``ENSG00000135404`` or ``967``, -> symbol.
    """
    found: dict[str, str] = {}
    for symbol, ensembl, *entrez in _rows(f"ids_{organism}.tsv"):
        for number in filter(None, ensembl.split("|")):
            found.setdefault(f"{_ENSEMBL_GENE[organism]}{number:0>11}", symbol)
        for number in filter(None, entrez):
            found[number] = symbol
    return found


@lru_cache(maxsize=3)
def accessions_of_others(organism: str) -> dict[str, str]:
    """Give the species of the accessions of the other organisms that have a table here, and of bovine contaminants."""
    others = {a: SPECIES[o] for o in _ENSEMBL_GENE if o != organism for a in _accessions(o)}
    return others | dict.fromkeys(bovine_accessions(), BOVINE)


def _accessions(organism: str) -> set[str]:
    """Read the accessions of an organism alone, which is faster than its gene table."""
    genes, others = _lines(f"genes_{organism}.tsv"), _lines(f"accessions_{organism}.tsv")
    found = set("|".join(line.split("\t", 2)[1] for line in genes).split("|"))
    return {*found, *(line.split("\t", 1)[0] for line in others)} - {""}


def _lines(name: str) -> list[str]:
    return (_DATA / name).read_text(encoding="utf-8").splitlines()[1:]


@lru_cache(maxsize=1)
def bovine_accessions() -> frozenset[str]:
    """Read the bovine accessions of contaminant libraries once; they give the species, not the source."""
    return frozenset(row[0] for row in _rows("bovine.tsv"))


def _rows(name: str) -> list[list[str]]:
    with (_DATA / name).open(encoding="utf-8", newline="") as lines:
        return list(csv.reader(lines, delimiter="\t"))[1:]


def looks_transposed(rows: Collection[object], columns: Collection[object], organism: str) -> bool:
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
    if len(rows) <= len(columns):
        return False
    return _protein_share(rows, organism) >= _MOSTLY > _protein_share(columns, organism)


def _protein_share(names: Collection[object], organism: str) -> float:
    """Share of the names whose first member is an accession, an entry name or an approved symbol."""
    by_name = gene_table(organism).by_name
    found = 0
    for name in names:
        member = BETWEEN_MEMBERS.split(str(name))[0].strip()
        found += any(split_identifier(member)) or by_name.get(member.upper(), ("", ""))[1] == "symbol"
    return found / max(len(names), 1)


def identifier_kind(cells: Iterable[object], organism: str) -> dict[str, float]:
    """Share of the cells of a column that are identifiers of each kind: says what a column holds by its content.

    Parameters
    ----------
    cells
        Cells of a column, of any type; empty and missing ones do not count.
        Of a cell with several members the first one counts.
    organism
        Whose gene table says what is a symbol; the case of letters does not count.

    Returns
    -------
    dict
        Kind -> share of the cells that hold something, 0 to 1: ``uniprot``
        (accession, alone or as ``sp|P08962|CD63_HUMAN``), ``entry`` (entry name of
        UniProt), ``symbol`` (approved, previous or alias symbol), ``ensembl``,
        ``refseq``, ``ipi``, ``hgnc``, ``entrez`` (whole numbers). A cell counts for one
        kind, so that the rest is what no kind fits. All 0 for a column of nothing.

    Examples
    --------
    >>> kinds = identifier_kind(["P08962", "CD63", "CD9;CD81", "sample 1", None], "human")
    >>> kinds["uniprot"], kinds["symbol"], kinds["entry"]
    (0.25, 0.5, 0.0)
    """
    counts = dict.fromkeys(("uniprot", "entry", "symbol", *_FORMS), 0)
    given = [text for cell in cells if (text := str(cell).strip()) and text.lower() not in _NOTHING]
    for text in given:
        kind = _kind_of(text, organism)
        if kind:
            counts[kind] += 1
    return {kind: n / max(len(given), 1) for kind, n in counts.items()}


@lru_cache(maxsize=1 << 14)
def _kind_of(text: str, organism: str) -> str:
    """Kind of the first member of a cell, or nothing."""
    member = PREFIX.sub("", BETWEEN_MEMBERS.split(text)[0].strip())
    kind = kind_of_identifier(member)
    if kind not in ("", "uniprot") or member.upper() not in known_names(organism):
        return kind
    # P2RY12 and H2BC11 are written as accessions are
    return kind if kind and member in gene_table(organism).by_accession else "symbol"


def kind_of_identifier(text: str) -> str:
    """Kind of one identifier by how it is written, without the gene table; nothing where no kind fits.

    >>> kind_of_identifier("NP_001244318.1"), kind_of_identifier("CD63_HUMAN"), kind_of_identifier("CD63")
    ('refseq', 'entry', '')
    """
    form = next((kind for kind, pattern in _FORMS.items() if pattern.fullmatch(text)), "")
    if form:
        return form
    accession, entry = split_identifier(text)
    return "uniprot" if accession else "entry" if entry else ""
