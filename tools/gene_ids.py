"""Make the tables of further identifiers of the genes in ``markerkit/data/genes_<organism>.tsv``.

``python tools/gene_ids.py ids HGNC MGI RGD`` writes ``markerkit/data/ids_<organism>.tsv``:

- HGNC: a table of the human nomenclature (CC0) with the columns ``Approved symbol``, ``Status``, ``Ensembl gene ID``
  and ``NCBI Gene ID(supplied by NCBI)``;
- MGI, RGD: tables of the mouse and rat databases (CC BY 4.0) with ``symbol`` and ``ensembl`` (by ``;``).

Of an Ensembl gene identifier only the number is written, without leading zeros: 121410 is ENSG00000121410.
The rat has further identifiers for the genomes of other strains; those of the reference genome are kept.

``python tools/gene_ids.py accessions UNIPROT [...]`` writes ``markerkit/data/accessions_<organism>.tsv``: accessions
that the gene tables lack, of unreviewed entries (TrEMBL), of entries that were replaced or of a second entry of the
gene. UNIPROT: tables with accession, gene symbol (the first of the names separated by blanks) and species, under
``UniProt accession``, ``Gene symbol``, ``Species`` (CSV) or ``uniprot_ac``, ``main_gene_name``, ``organism`` (TSV). From
their entry names (``UniProt name``, ``uniprot_id``) it makes ``markerkit/data/entries_<organism>.tsv``: the beginnings
of reviewed entry names that are not the symbol of the gene, such as ALBU of ALBU_HUMAN.
"""

from __future__ import annotations

import argparse
import csv
import re
from pathlib import Path

DATA = Path(__file__).resolve().parents[1] / "markerkit" / "data"
NUMBER = re.compile(r"ENS[A-Z]*G0*(\d+)$")
SPECIES = {"human": "Homo sapiens", "mouse": "Mus musculus", "rat": "Rattus norvegicus"}
COLUMNS = [("UniProt accession", "uniprot_ac"), ("Gene symbol", "main_gene_name"), ("Species", "organism")]
ENTRY = ("UniProt name", "uniprot_id")
LAST_OF_REFERENCE = 99_999  # ENSRNOG00055... and the like are of other strains


def main() -> None:
    """Run one of the two commands."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    ids = commands.add_parser("ids")
    for name in ("hgnc", "mgi", "rgd"):
        ids.add_argument(name, type=Path)
    commands.add_parser("accessions").add_argument("tables", type=Path, nargs="+")
    arguments = parser.parse_args()
    if arguments.command == "accessions":
        write_accessions(arguments.tables)
        return
    human = [r for r in read(arguments.hgnc, "\t") if r["Status"] == "Approved"]
    entrez = {r["Approved symbol"]: r["NCBI Gene ID(supplied by NCBI)"] for r in human}
    write_ids("human", {r["Approved symbol"]: r["Ensembl gene ID"] for r in human}, entrez)
    for organism, path in (("mouse", arguments.mgi), ("rat", arguments.rgd)):
        write_ids(organism, {r["symbol"]: r["ensembl"] for r in read(path, "\t")})


def read(path: Path, delimiter: str) -> list[dict[str, str]]:
    """Rows of a table."""
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines, delimiter=delimiter))


def genes_of(organism: str) -> list[dict[str, str]]:
    """Rows of a gene table of the package."""
    return read(DATA / f"genes_{organism}.tsv", "\t")


def write_ids(organism: str, ensembl: dict[str, str], entrez: dict[str, str] | None = None) -> None:
    """Write symbol, Ensembl numbers and, where known, Entrez numbers."""
    rows = []
    for symbol in sorted(r["symbol"] for r in genes_of(organism)):
        found = [m[1] for m in map(NUMBER.match, ensembl.get(symbol, "").split(";")) if m]
        kept = [n for n in found if organism != "rat" or int(n) <= LAST_OF_REFERENCE]
        numbers = ["|".join(kept), *([entrez.get(symbol, "")] if entrez is not None else [])]
        if any(numbers):
            rows.append([symbol, *numbers])
    write(f"ids_{organism}.tsv", ["symbol", "ensembl", *(["entrez"] if entrez is not None else [])], rows)


def write_accessions(tables: list[Path]) -> None:
    """Write the accessions that a gene table lacks and whose first gene name is an approved symbol."""
    rows = [r for table in tables for r in read(table, "," if table.suffix == ".csv" else "\t")]
    for organism, species in SPECIES.items():
        genes = genes_of(organism)
        known = {a for r in genes for a in r["accession"].split("|")}
        symbols = {r["symbol"] for r in genes}
        found = {}
        for row in rows:
            accession, gene, of = (next(row[c] for c in names if c in row) for names in COLUMNS)
            name = gene.split(" ")[0]
            if name in symbols and accession not in known and of.startswith(species):
                found.setdefault(accession, name)
        write(f"accessions_{organism}.tsv", ["accession", "symbol"], sorted(found.items()))
        write(f"entries_{organism}.tsv", ["entry", "symbol"], entries_of(rows, organism, symbols))


def entries_of(rows: list[dict[str, str]], organism: str, symbols: set[str]) -> list[tuple[str, str]]:
    """Beginnings of reviewed entry names that are no symbol of their gene, with the gene."""
    found = {}
    for row in rows:
        entry, gene = (next(row[c] for c in names if c in row) for names in (ENTRY, COLUMNS[1]))
        name, _, code = entry.partition("_")
        symbol = gene.split(" ")[0]
        if code == organism.upper() and len(name) <= 5 and symbol in symbols and name != symbol.upper():
            found[name] = symbol
    return sorted(found.items())


def write(name: str, header: list[str], rows: list) -> None:
    """Write one table of the package."""
    with (DATA / name).open("w", encoding="utf-8", newline="") as lines:
        writer = csv.writer(lines, delimiter="\t", lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)
    print(name, len(rows))


if __name__ == "__main__":
    main()
