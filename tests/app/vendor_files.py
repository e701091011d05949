"""Tables of search programs with simulated values, as users drop them."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

import markerkit as mk


def _values() -> tuple[mk.Experiment, pd.DataFrame]:
    """Small simulated study, and its abundances with proteins in the rows."""
    exp = mk.simulate(n=3, n_background=400, seed=1).experiment
    return exp, exp.linear().T


def write_maxquant(folder: Path) -> Path:
    """Write ``proteinGroups.txt``: LFQ and plain intensities, with the flags of MaxQuant."""
    exp, values = _values()
    proteins = exp.proteins
    table = pd.DataFrame(
        {
            "Protein IDs": proteins["accession"],
            "Majority protein IDs": proteins["accession"],
            "Protein names": "",
            "Gene names": proteins["gene"],
            "Razor + unique peptides": 3,
            "Q-value": 0,
            "Score": 40.0,
        }
    )
    whole = values.fillna(0).round().astype(int)
    table = table.join(whole.add_prefix("Intensity ")).join(whole.add_prefix("LFQ intensity "))
    table = table.assign(**{"Only identified by site": "", "Reverse": "", "Potential contaminant": ""})
    path = folder / "proteinGroups.txt"
    table.to_csv(path, sep="\t", index=False)
    return path


def write_diann(folder: Path) -> Path:
    """Write ``report.pg_matrix.tsv`` of DIA-NN: a column for each raw file, under its path."""
    exp, values = _values()
    proteins = exp.proteins
    table = pd.DataFrame(
        {
            "Protein.Group": proteins["accession"],
            "Protein.Ids": proteins["accession"],
            "Protein.Names": "",
            "Genes": proteins["gene"],
            "First.Protein.Description": "",
        }
    )
    table = table.join(values.rename(columns=lambda name: rf"D:\runs\{name}.raw"))
    path = folder / "report.pg_matrix.tsv"
    table.to_csv(path, sep="\t", index=False)
    return path
