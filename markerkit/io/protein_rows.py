"""What a protein table says of its rows: names, accessions, genes, flags, species, peptides, lengths."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd

from markerkit.core.errors import InputError, MarkerkitWarning, listed
from markerkit.core.species import CONTAMINANT, DECOY, species_in, species_named
from markerkit.io.dialects import Dialect
from markerkit.io.layout import find_column
from markerkit.io.tabular import Table

#: folded names of columns that give the species of each protein, in Latin, in English or as NCBI taxon
_ORGANISM = (
    "organism", "organisms", "pg organisms", "species", "organism name", "taxonomy id", "taxonomy ids", "organism id",
    "taxon", "taxid", "taxon id", "protein organism",
)  # fmt: skip
_FLAGGED = ("+", "true", "1", "1.0", "yes")


def protein_rows(table: Table, dialect: Dialect) -> tuple[pd.Series, pd.DataFrame]:
    """Names of the rows, made unique, and their annotation.

    Raises
    ------
    InputError
        Neither a protein nor a gene column.
    """
    accession, gene = _identifiers(table, dialect)
    description = _text(table, dialect.description)
    if description is not None:
        gene = gene.where(gene != "", description.str.extract(r"\bGN=([\w.\-]+)", expand=False).fillna(""))
    names = accession.where(accession != "", gene)
    numbered = pd.Series([f"row {i + 1}" for i in range(len(names))], index=names.index)
    proteins = pd.DataFrame(
        {
            "accession": accession,
            "gene": gene,
            "is_contaminant": accession.str.contains(CONTAMINANT) | _flag(table, dialect.contaminant),
            "is_decoy": accession.str.contains(DECOY) | _flag(table, dialect.decoy),
            "species": _species(accession, description, _text(table, _ORGANISM)),
            "n_peptides": _first_number(table, dialect.peptides),
        }
    )
    length = _first_number(table, dialect.length)
    if isinstance(length, pd.Series):
        proteins["length"] = length.where(length > 0)
    return _unique(names.where(names != "", numbered)), proteins


def _identifiers(table: Table, dialect: Dialect) -> tuple[pd.Series, pd.Series]:
    """Find accession and gene of every row, empty where it has none; the first column where neither is named."""
    frame = table.frame
    accession, gene = _text(table, dialect.accession), _text(table, dialect.gene)
    if accession is None and gene is None:
        first = frame[frame.columns[0]]
        if pd.api.types.is_numeric_dtype(first):
            raise InputError(
                f"the matrix {table.name!r} has no protein or gene column; name one 'protein_id' or 'gene'. Found "
                f"{listed(frame.columns, limit=8)}."
            )
        accession = first.astype(object).where(first.notna(), "").astype(str)
    blank = pd.Series("", index=frame.index, dtype=object)
    return (blank if accession is None else accession), (blank if gene is None else gene)


def _text(table: Table, names: tuple[str, ...]) -> pd.Series | None:
    column = find_column(table, names)
    if column is None:
        return None
    cells = table.frame[column]
    return cells.astype(object).where(cells.notna(), "").astype(str).str.strip()


def _first_number(table: Table, names: tuple[str, ...]) -> pd.Series | float:
    """Read the number of the leading member of each group, as in ``12;3``; missing without the column."""
    text = _text(table, names)
    return np.nan if text is None else pd.to_numeric(text.str.split(";").str[0], errors="coerce")


def _flag(table: Table, names: tuple[str, ...]) -> pd.Series:
    text = _text(table, names)
    if text is None:
        return pd.Series(False, index=table.frame.index)  # noqa: FBT003
    return text.str.lower().isin(_FLAGGED)


def _species(accession: pd.Series, description: pd.Series | None, organism: pd.Series | None) -> pd.Series:
    """Species by entry name or description, else by a column of organisms."""
    text = accession if description is None else accession + " " + description
    species = text.map(species_in)
    return species if organism is None else species.where(species != "", organism.map(species_named))


def _unique(names: pd.Series) -> pd.Series:
    n = names.groupby(names).cumcount()
    if n.any():
        warnings.warn(
            f"{int((n > 0).sum())} rows repeat the name of another row and are kept as 'name (2)', 'name (3)', ...",
            MarkerkitWarning,
            stacklevel=5,
        )
    return names.where(n == 0, names + " (" + (n + 1).astype(str) + ")")
