"""The command ``markerkit peptides``: roll a peptide table up to proteins, and show what peptides alone can say."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from markerkit.core.errors import InputError, one_of
from markerkit.io.files import check_file, say, write_text

if TYPE_CHECKING:
    import pandas as pd

    from markerkit.core.experiment import Experiment

#: first columns of the protein table that is written
_HEADER = ("protein_id", "gene", "species", "is_contaminant", "n_peptides", "n_unique_peptides")


def add_peptides(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> argparse.ArgumentParser:
    """Add ``markerkit peptides``; gives its parser, to which the options of reading are added."""
    p = commands.add_parser(
        "peptides",
        help="roll a peptide table up to proteins",
        description="Summarize a peptide table to proteins, for `markerkit assess`. Beside the protein table OUT, write and print "
        "OUT_bovine_peptides.tsv, the peptides of bovine proteins alone, and OUT_caspase_ends.tsv, peptide ends after aspartate.",
    )
    p.add_argument(
        "table",
        metavar="PEPTIDES",
        help="peptide table: MaxQuant, FragPipe, DIA-NN, Spectronaut, Proteome Discoverer, TSV, CSV, XLSX, Parquet",
    )
    p.add_argument("--out", metavar="FILE", required=True, help="protein table to write (TSV)")
    p.add_argument("--samples", metavar="FILE", help="sample sheet (see `markerkit samples`)")
    p.add_argument("--method", default="median_polish", help="median_polish or sum (default: %(default)s)")
    p.add_argument(
        "--peptides",
        default="razor",
        help="razor: a shared peptide counts for its leading protein; unique: shared peptides are left out (default: %(default)s)",
    )
    p.add_argument("--overwrite", action="store_true", help="replace the tables that are there")
    p.add_argument("--quiet", action="store_true", help="no notes on stderr")
    p.set_defaults(run=_peptides)
    return p


def _peptides(arguments: argparse.Namespace) -> None:
    from markerkit.io.peptides import read_peptides
    from markerkit.preprocess.rollup import ASSIGNMENTS, METHODS, rollup
    from markerkit.qc.bovine_peptides import bovine_peptides
    from markerkit.qc.caspase_ends import caspase_ends
    from markerkit.tables.registry import PEPTIDE_TABLES
    from markerkit.tables.spec import to_tsv

    one_of("method", arguments.method, METHODS)
    one_of("peptides", arguments.peptides, list(ASSIGNMENTS))
    out = Path(arguments.out)
    if not out.name or out.suffix.lower() not in {".tsv", ".txt", ""}:
        raise InputError(
            f"peptides writes TSV; let the name of the output end in '.tsv'; got {arguments.out!r}."
        )
    files = {name: out.with_name(f"{out.stem}_{name}.tsv") for name in PEPTIDE_TABLES}
    check_file(str(out), header=_HEADER, overwrite=arguments.overwrite)
    for name, file in files.items():
        check_file(str(file), header=PEPTIDE_TABLES[name].names, overwrite=arguments.overwrite)
    table = read_peptides(
        arguments.table,
        samples=arguments.samples,
        software=arguments.software,
        quantity=arguments.quantity,
        scale=arguments.scale,
        organism=arguments.organism,
    )
    exp = rollup(table, method=arguments.method, peptides=arguments.peptides)
    results = {"bovine_peptides": bovine_peptides(table), "caspase_ends": caspase_ends(table)}
    write_text(out, to_tsv(_protein_table(exp)), replace=arguments.overwrite)
    for name, result in results.items():
        write_text(files[name], to_tsv(result.table), replace=arguments.overwrite)
        say(f"{name}\n{to_tsv(result.table)}")
    say(f"{table.n_peptides} peptides, {exp.n_proteins} protein groups in {exp.n_samples} samples: {out}")


def _protein_table(exp: Experiment) -> pd.DataFrame:
    """Protein table as `markerkit assess` reads it: one row per protein group, one column per sample."""
    proteins = exp.proteins.rename(columns={"accession": "protein_id"})[list(_HEADER)]
    return proteins.join(exp.values.T).reset_index(drop=True)
