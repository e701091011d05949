"""What a name of a gene means in an organism: symbols, aliases, dates of spreadsheets, identifiers of databases."""

from __future__ import annotations

import re
from typing import NamedTuple

from markerkit.core.dates import symbols_of_date
from markerkit.core.errors import listed
from markerkit.core.genes import gene_numbers, gene_table, kind_of_identifier
from markerkit.core.species import BETWEEN_MEMBERS, ENTRY_NAME, SPECIES, species_of_entry, split_identifier

BY_DATE = "date made by a spreadsheet"
NOT_IN_TABLE = "symbol that is not in the gene table"
INVENTED = "protein invented by the simulator"
#: kind of an identifier -> what it is called where it cannot be mapped
KINDS = {
    "uniprot": "UniProt accession that is not in the gene table",
    "entry": "entry name of UniProt that is no symbol",
    "ensembl": "Ensembl identifier that is not in the gene table (only genes are, no proteins and transcripts)",
    "refseq": "RefSeq identifier, for which there is no table",
    "ipi": "IPI identifier, for which there is no table (the database ended in 2011)",
    "entrez": "number, such as an Entrez gene ID, which is not taken for a gene",
}

#: background proteins of markerkit.simulate
INVENTED_NAME = re.compile(r"BG\d+")
_SYMBOL = re.compile(r"[A-Za-z][\w.\-]*")
_BETWEEN_NAMES = re.compile(r"\s*[|/]\s*")


class Named(NamedTuple):
    """What a name means.

    Attributes
    ----------
    gene
        Approved symbol, or nothing.
    how
        How it was found.
    others
        Other genes that it may mean.
    reason
        Why there is no gene, or what is ambiguous.
    as_written
        The name is written as those of the organism are, capital letters included.
    given
        What may be a symbol but is not in the gene table.
    """

    gene: str = ""
    how: str = ""
    others: tuple[str, ...] = ()
    reason: str = ""
    as_written: bool = True
    given: str = ""


def find_name(name: str, organism: str, *, numbers: str = "") -> Named:
    """Look up one name.

    Parameters
    ----------
    name
        Symbol, accession, entry name, Ensembl gene, date, ...
    organism
        Whose tables are used.
    numbers
        What a whole number is: ``"entrez"`` (gene ID), ``"date"`` (of a
        spreadsheet, among symbols), or nothing.

    Examples
    --------
    >>> find_name("ALIX", "human")[:2], find_name("2-Sep", "human").gene, find_name("ENSG00000135404", "human").gene
    (('PDCD6IP', 'alias'), 'SEPTIN2', 'CD63')
    """
    table = gene_table(organism)
    candidates = symbols_of_date(name, serial=numbers == "date")
    if name in table.spellings and not candidates:  # mouse Apoa1 was called Sep-2: a date is meant more often
        return Named(*table.by_name[name.upper()])
    if candidates is not None:
        return _of_date(candidates, organism)
    if name.upper() in table.by_name:
        return Named(*table.by_name[name.upper()], as_written=False)
    return _of_database(name, organism, entrez=numbers == "entrez")


def _of_date(candidates: tuple[str, ...], organism: str) -> Named:
    by_name = gene_table(organism).by_name
    genes = [by_name[c][0] for c in candidates if c in by_name]
    if not genes:
        return Named(reason="date that a spreadsheet made of a symbol")
    if len(genes) == 1:
        return Named(genes[0], BY_DATE)
    reason = f"date that a spreadsheet made of {listed(genes, conjunction='or')}: the first one counts"
    return Named(genes[0], BY_DATE, tuple(genes[1:]), reason)


def _of_database(name: str, organism: str, *, entrez: bool) -> Named:
    """Look up an identifier of a database; say which kind it is where it cannot be mapped."""
    table, kind = gene_table(organism), kind_of_identifier(name)
    if kind == "ensembl" or (kind == "entrez" and entrez):
        gene = gene_numbers(organism).get(name.split(".")[0], "")
        if gene:
            return Named(gene, "Ensembl gene" if kind == "ensembl" else "Entrez gene")
    accession, entry = split_identifier(name)
    if accession in table.by_accession:
        return Named(table.by_accession[accession], "accession")
    if ENTRY_NAME.fullmatch(entry) and species_of_entry(entry) == SPECIES[organism]:
        name = entry.rpartition("_")[0]
        gene, how = table.by_name.get(name, ("", ""))
        if name in table.by_entry or how == "symbol":
            return Named(table.by_entry.get(name, gene), "entry name")
    if kind or not _SYMBOL.fullmatch(name):
        return Named(reason=KINDS.get(kind, "no symbol and no identifier of a known kind"))
    return Named(reason=INVENTED if INVENTED_NAME.fullmatch(name) else NOT_IN_TABLE, given=name)


def names_of_genes(cell: str, organism: str) -> list[str]:
    """Name of every gene that a cell gives: genes are separated by ``;``, ``,``, ``|`` or ``/``, synonyms by blanks.

    Of synonyms, as UniProt writes them under ``Gene Names``, the first one counts.

    >>> names_of_genes("ALB GIG20 GIG42;APOA1", "human"), names_of_genes("H2BC3|H2BC4", "human")
    (['ALB', 'APOA1'], ['H2BC3', 'H2BC4'])
    >>> names_of_genes("2. Sep", "human"), names_of_genes("Sep 2, 2023", "human")
    (['2. Sep'], ['Sep 2, 2023'])
    """
    found: list[str] = []
    for member in [cell] if _is_one(cell, organism) else BETWEEN_MEMBERS.split(cell):
        text = member.strip()
        if _is_one(text, organism):
            found.append(text)
            continue
        first = (_BETWEEN_NAMES.sub("/", text).split() or [""])[0]
        found += [first] if _is_one(first, organism) else filter(None, first.split("/"))
    return found


def _is_one(text: str, organism: str) -> bool:
    """Say whether a text is one name although it may hold blanks or separators."""
    names = gene_table(organism).by_name
    if text.upper() in names or symbols_of_date(text) is not None:
        return True
    kind = kind_of_identifier(text)
    return bool(kind) and split_identifier(text)[0] not in names
