"""Make the rat gene table, fill accessions in the mouse one, and fill the orthologs from both.

``python tools/rodent_genes.py genes HGNC RGD [UNIPROT ...]`` writes ``markerkit/data/genes_rat.tsv``:

- HGNC: a table of the human nomenclature (CC0) with the columns ``Approved symbol``, ``Status`` and
  ``Rat genome database ID(supplied by RGD)``;
- RGD: a table of the Rat Genome Database (CC BY 4.0) with ``ID``, ``symbol`` and ``synonyms`` (by ``;``);
- UNIPROT: tables with ``uniprot_ac``, ``organism`` and ``main_gene_name``, or FASTA files of UniProt,
  for the accessions. Rat genes that none of them names keep an empty accession.

``python tools/rodent_genes.py mouse UNIPROT [...]`` fills accessions that ``genes_mouse.tsv`` lacks.

``python tools/rodent_genes.py orthologs`` fills the columns ``rat_gene``, ``rat_accession`` and ``rat_note``
of ``reference_sets/orthologs.tsv``, and mouse accessions that are empty there, from the two tables. It needs
no other file, and may be run again whenever human genes are added.
"""

from __future__ import annotations

import argparse
import csv
import re
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
GENES = ROOT / "markerkit" / "data" / "genes_rat.tsv"
MOUSE = ROOT / "markerkit" / "data" / "genes_mouse.tsv"
ORTHOLOGS = ROOT / "reference_sets" / "orthologs.tsv"
COLUMNS = ["symbol", "accession", "previous", "alias", "human"]
RAT = ["rat_gene", "rat_accession", "rat_note"]
NO_ACCESSION = "no accession in the tables used"
PSEUDOGENE = re.compile(r"-ps\d*$")
VARIABLE = re.compile(r"IG[HKL]V\d")
# what the nomenclature's cross-references get wrong or cannot say, with the reason
SETTLED = {
    "CASP10": ("", "no rat ortholog: rodents have no caspase-10"),
    "CASP4": ("Casp4", "rodent caspase-11; human CASP4 and CASP5 share it"),
    "CASP5": ("Casp4", "rodent caspase-11; human CASP4 and CASP5 share it"),
    "HLA-B": ("", "class I of the rat (RT1) is not one-to-one; counted with HLA-A"),
    "HLA-C": ("", "class I of the rat (RT1) is not one-to-one; counted with HLA-A"),
    "HLA-DPB1": ("", "a pseudogene in the rat"),
    "IGLL5": ("", "no one-to-one ortholog in the rat"),
    "RPS21": ("Rps21", "the cross-reference names a pseudogene; gene of the same symbol taken"),
    "GLUD2": ("", "no rat ortholog: a copy of GLUD1 in apes"),
    "H1-3": ("H4f3", "histone H1d (Hist1h1d) despite its symbol"),
}


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        return [{k: v or "" for k, v in r.items()} for r in csv.DictReader(lines, delimiter="\t")]


def accessions(paths: list[Path], species: str, code: str) -> dict[str, str]:
    """Gene name in lower case -> accession, where the files agree on one."""
    found: dict[str, list[str]] = {}
    for path in paths:
        if path.suffix == ".fasta":
            header = re.compile(rf"^>sp\|(?:Cont_)?(\w+)\|\w+_{code} .*\bGN=(\S+)", re.MULTILINE)
            pairs = header.findall(path.read_text(encoding="utf-8"))
        else:
            pairs = [
                (r["uniprot_ac"], r["main_gene_name"])
                for r in rows_of(path)
                if r["organism"].startswith(species)
            ]
        for accession, gene in pairs:
            if gene not in ("", "NA"):
                found.setdefault(gene.lower(), []).append(accession)
    return {gene: known[0] for gene, known in found.items() if len(set(known)) == 1}


def make_genes(hgnc: Path, rgd: Path, uniprot: list[Path]) -> None:
    names = {r["ID"]: r for r in rows_of(rgd)}
    human: dict[str, list[str]] = {}
    for row in rows_of(hgnc):
        if row["Status"] == "Approved":
            for number in re.findall(r"\d+", row["Rat genome database ID(supplied by RGD)"]):
                if number in names:
                    human.setdefault(number, []).append(row["Approved symbol"])
    wanted = {names[i]["symbol"]: (names[i]["synonyms"], ";".join(human[i])) for i in human}
    settled = {symbol for symbol, _ in SETTLED.values() if symbol}
    mouse = {r["mouse_gene"] for r in rows_of(ORTHOLOGS) if r["mouse_gene"]}
    for row in names.values():  # genes that only the symbol ties to a marker
        if row["symbol"] in (settled | mouse) - wanted.keys():
            wanted[row["symbol"]] = (row["synonyms"], "")
    known = accessions(uniprot, "Rattus norvegicus", "RAT")
    taken = {s.upper() for s in wanted}
    uses = Counter(a.upper() for synonyms, _ in wanted.values() for a in set(synonyms.split(";")) if a)
    rows = []
    for symbol, (synonyms, partner) in sorted(wanted.items()):
        plain = sorted({a for a in synonyms.split(";") if re.fullmatch(r"[A-Za-z][\w.\-]+", a)})
        alias = [a for a in plain if uses[a.upper()] == 1 and a.upper() not in taken]
        rows.append([symbol, known.get(symbol.lower(), ""), "", "|".join(alias), partner])
    by_alias = {a.lower(): row for row in rows for a in row[3].split("|") if a}
    for gene, accession in known.items():  # accessions under a former name of the gene
        row = by_alias.get(gene)
        if row and not row[1]:
            row[1] = accession
    repeated = Counter(row[1] for row in rows)
    for row in rows:
        row[1] = row[1] if repeated[row[1]] == 1 else ""
    write(GENES, COLUMNS, rows)
    print(f"{len(rows)} rat genes, {sum(bool(r[1]) for r in rows)} with an accession")


def fill_mouse(uniprot: list[Path]) -> None:
    rows, known = rows_of(MOUSE), accessions(uniprot, "Mus musculus", "MOUSE")
    taken = {a for row in rows for a in row["accession"].split("|")}
    for row in rows:
        found = known.get(row["symbol"].lower(), "")
        if not row["accession"] and found not in taken:
            row["accession"] = found
    write(MOUSE, list(rows[0]), [list(row.values()) for row in rows])
    print(f"{len(rows)} mouse genes, {sum(bool(r['accession']) for r in rows)} with an accession")


def fill_orthologs() -> None:
    mouse = {r["symbol"]: r["accession"].split("|")[0] for r in rows_of(MOUSE)}
    table = rows_of(GENES)
    by_symbol = {r["symbol"]: r for r in table}
    by_human: dict[str, list[dict[str, str]]] = {}
    for row in table:
        for gene in filter(None, row["human"].split(";")):
            by_human.setdefault(gene, []).append(row)
    first = [c for c in rows_of(ORTHOLOGS)[0] if c not in RAT]
    named = [{c: r[c] for c in first} for r in rows_of(ORTHOLOGS)]
    seen: set[str] = set()
    # rows that an earlier run added for further rat genes hold nothing but them
    old = []
    for row in named:
        if any(row[c] for c in first[2:]) or row["human_gene"] not in seen:
            old.append(row)
        seen.add(row["human_gene"])
    rows, done = [], set()
    for row in old:
        row["mouse_accession"] = row["mouse_accession"] or mouse.get(row["mouse_gene"], "")
        row["note"] = why_no_accession(row["mouse_gene"], row["mouse_accession"], row["note"])
        gene = row["human_gene"]
        partners = [("", "", "")] if gene in done else partners_of(row, by_symbol, by_human.get(gene, []))
        partners = [(g, a, why_no_accession(g, a, note)) for g, a, note in partners]
        done.add(gene)
        rows += [
            [*(row[c] if not i else row[c] if c.startswith("human") else "" for c in first), *partner]
            for i, partner in enumerate(partners)
        ]
    write(ORTHOLOGS, [*first, *RAT], rows)
    named = {r[0] for r in rows if r[len(first)]}
    sure = {r[0] for r in rows if r[len(first) + 1]}
    print(f"{len(done)} human genes, {len(named)} with a rat gene, {len(sure)} with a rat accession")


def why_no_accession(gene: str, accession: str, note: str) -> str:
    parts = [part for part in note.split("; ") if part and part != NO_ACCESSION]
    return "; ".join([*parts, NO_ACCESSION] if gene and not accession else parts)


def partners_of(
    row: dict[str, str], by_symbol: dict[str, dict[str, str]], listed: list[dict[str, str]]
) -> list[tuple[str, str, str]]:
    """Rat gene, accession and note of one human gene: what is settled, the nomenclature, the mouse symbol."""
    gene, mouse = row["human_gene"], row["mouse_gene"]
    if gene in SETTLED:
        symbol, note = SETTLED[gene]
        return [(symbol, by_symbol.get(symbol, {}).get("accession", ""), note)]
    if VARIABLE.match(gene):
        return [("", "", "variable genes have no one-to-one ortholog")]
    working = [r for r in listed if not PSEUDOGENE.search(r["symbol"])]
    if working:
        note = "one of several" if len(working) > 1 else ""
        return [(r["symbol"], r["accession"], note) for r in working]
    if mouse in by_symbol and not PSEUDOGENE.search(mouse):
        same = by_symbol[mouse]
        return [(mouse, same["accession"], "symbol of the mouse ortholog; the nomenclature lists none")]
    return [("", "", "a pseudogene in the rat" if listed else "no rat ortholog in the nomenclature")]


def write(path: Path, columns: list[str], rows: list[list[str]]) -> None:
    text = "".join("\t".join(r) + "\n" for r in [columns, *rows])
    path.write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    verbs = parser.add_subparsers(required=True, dest="verb")
    genes = verbs.add_parser("genes")
    genes.add_argument("hgnc", type=Path)
    genes.add_argument("rgd", type=Path)
    genes.add_argument("uniprot", type=Path, nargs="*")
    verbs.add_parser("mouse").add_argument("uniprot", type=Path, nargs="+")
    verbs.add_parser("orthologs")
    given = parser.parse_args()
    if given.verb == "genes":
        make_genes(given.hgnc, given.rgd, given.uniprot)
    elif given.verb == "mouse":
        fill_mouse(given.uniprot)
    else:
        fill_orthologs()
