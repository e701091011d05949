"""Measure how the identifiers of real data sets are mapped: by accession, by symbol, and by both.

Run as ``python benchmarks/identifiers.py DATA [--write]``, where DATA holds a folder a data set (``matrix.tsv``,
``samples.tsv``). For every data set it maps the identifiers three times, with accessions and symbols, with
accessions alone and with symbols alone, and prints

- the share of protein groups that have a gene, and what the others lack;
- how many genes of the catalog are found each way;
- groups whose accession and symbol name different genes;
- what is said or refused.
"""

from __future__ import annotations

import argparse
import warnings
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import pandas as pd
from sections import write_section

import markerkit as mk
from markerkit.ids.harmonize import id_mapping


def read(folder: Path) -> mk.Experiment:
    species = pd.read_csv(folder / "samples.tsv", sep="\t").get("species", pd.Series(dtype=str)).astype(str)
    organism = "mouse" if species.str.contains("Mus musculus").any() else "human"
    return mk.read_proteins(folder / "matrix.tsv", samples=folder / "samples.tsv", organism=organism)


def mapped(exp: mk.Experiment, *blank: str) -> tuple[pd.DataFrame | None, list[str]]:
    """Table of identifiers with some columns left empty, and what was said; nothing where it is refused."""
    proteins = exp.proteins.assign(**dict.fromkeys(blank, ""))
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        try:
            table = id_mapping(mk.harmonize_ids(exp.evolve("blank", {}, proteins=proteins)))
        except mk.InputError as refusal:
            return None, [f"refused: {refusal}"]
    return table, [str(w.message) for w in said]


def disagreements(by_accession: pd.DataFrame, by_symbol: pd.DataFrame) -> list[str]:
    """Groups with another gene by accession than by symbol, as accession: gene by it / gene by symbol."""
    both = (by_accession["status"] != "not mapped") & (by_symbol["status"] != "not mapped")
    other = both & (by_accession["gene"] != by_symbol["gene"]) & (by_accession["gene"] != "")
    rows = zip(
        by_accession[other]["accession"], by_accession[other]["gene"], by_symbol[other]["gene"], strict=True
    )
    return [f"{a}: {x} / {y}" for a, x, y in rows]


def measure(folder: Path) -> None:
    exp = read(folder)
    genes = set(mk.load_markers(exp.organism).table["gene"]) - {""}
    print(f"\n{folder.name}: {exp.n_proteins} groups, {exp.organism}\n")
    tables = {}
    for name, blank in (("both", ()), ("accessions", ("gene",)), ("symbols", ("accession", "species"))):
        table, said = mapped(exp, *blank)
        tables[name] = table
        if table is not None:
            has_gene = table["status"] != "not mapped"
            found = len(genes & set(table.loc[has_gene, "gene"]))
            print(f"{name:10s} {100 * has_gene.mean():5.1f} % with a gene, {found} genes of the catalog")
        for note in said:
            print(f"           {note[:300]}")
    if tables["accessions"] is not None and tables["symbols"] is not None:
        other = disagreements(tables["accessions"], tables["symbols"])
        print(f"accession and symbol disagree in {len(other)} groups: {'; '.join(other[:8])}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path)
    parser.add_argument("--write", action="store_true", help="write the section of benchmarks/README.md")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore", mk.MarkerkitWarning)
    with redirect_stdout(StringIO()) as said:
        for folder in sorted(p.parent for p in arguments.data.glob("*/matrix.tsv")):
            measure(folder)
    print(said.getvalue())
    if arguments.write:
        head = (
            "## Identifiers of real data sets\n\nWritten by `python benchmarks/identifiers.py DATA --write`."
        )
        write_section("identifiers", f"{head}\n\n```\n{said.getvalue().strip()}\n```")


if __name__ == "__main__":
    main()
