"""What a protein table says of its rows: names, accessions, genes, flags, species, peptides, lengths."""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from markerkit.core.errors import InputError, MarkerkitWarning, counted, listed, shown
from markerkit.core.species import BETWEEN_MEMBERS, CONTAMINANT, DECOY, species_in, species_named, tag_pattern
from markerkit.io.cells import as_numbers
from markerkit.io.dialects import Dialect
from markerkit.io.identifiers import find_column, identifier_columns
from markerkit.io.tabular import Table

#: folded names of columns that give the species of each protein, in Latin, in English or as NCBI taxon
_ORGANISM = (
    "organism", "organisms", "pg organisms", "species", "organism name", "taxonomy id", "taxonomy ids", "organism id",
    "taxon", "taxid", "taxon id", "protein organism",
)  # fmt: skip
_FLAGGED = ("+", "true", "1", "1.0", "yes")


@dataclass(frozen=True)
class Tags:
    """Texts with which identifiers of contaminants and of decoys begin or end, beside the usual ones."""

    contaminant: tuple[str, ...] = ()
    decoy: tuple[str, ...] = ()

    @classmethod
    def given(cls, contaminant: str | Sequence[str], decoy: str | Sequence[str]) -> Tags:
        """Take one text or several.

        Raises
        ------
        InputError
            An empty tag.
        """
        both = [(t,) if isinstance(t, str) else tuple(t) for t in (contaminant, decoy)]
        if any(not tag.strip() for tags in both for tag in tags):
            raise InputError(
                "a tag of contaminants or decoys is empty; give the text that their identifiers begin or end with, such as 'CON__'."
            )
        return cls(*both)


def protein_rows(table: Table, dialect: Dialect, tags: Tags) -> tuple[pd.Series, pd.DataFrame]:
    """Names of the rows, made unique, and their annotation.

    Parameters
    ----------
    table, dialect
        Table and its layout.
    tags
        Tags that the user has named.

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
    marked = [names, *(t for column in dialect.tagged if (t := _text(table, (column,))) is not None)]
    numbered = pd.Series([f"row {i + 1}" for i in range(len(names))], index=names.index)
    proteins = pd.DataFrame(
        {
            "accession": accession,
            "gene": gene,
            "is_contaminant": _tagged(marked, CONTAMINANT, tags.contaminant, all_members=False)
            | _flag(table, dialect.contaminant, "c"),
            "is_decoy": _tagged(marked, DECOY, tags.decoy, all_members=True)
            | _flag(table, dialect.decoy, "d"),
            "species": _species(accession, description, _text(table, _ORGANISM)),
            "n_peptides": _first_number(table, dialect.peptides),
        }
    )
    length = _first_number(table, dialect.length)
    if isinstance(length, pd.Series):
        proteins["length"] = length.where(length > 0)
    return _unique(names.where(names != "", numbered)), proteins


def _identifiers(table: Table, dialect: Dialect) -> tuple[pd.Series, pd.Series]:
    """Find accession and gene of every row, empty where it has none; the first column where neither is found."""
    found = identifier_columns(table, dialect)
    if found.accession is None and found.gene is None:
        raise InputError(
            f"the matrix {table.name!r} has no protein or gene column; name one 'protein_id' or 'gene'. Found "
            f"{listed(table.frame.columns, limit=8)}."
        )
    return _words(table, found.accession), _words(table, found.gene)


def _words(table: Table, column: str | None) -> pd.Series:
    """Cells of a column as text, empty where they or the column are missing."""
    if column is None:
        return pd.Series("", index=table.frame.index, dtype=object)
    cells = table.frame[column]
    return cells.astype(object).where(cells.notna(), "").astype(str).str.strip()


def _text(table: Table, names: tuple[str, ...]) -> pd.Series | None:
    column = find_column(table, names)
    return None if column is None else _words(table, column)


def _first_number(table: Table, names: tuple[str, ...]) -> pd.Series | float:
    """Read the number of the leading member of each group, as in ``12;3``; missing without the column."""
    text = _text(table, names)
    return np.nan if text is None else as_numbers(text.str.split(";").str[0])


def _tagged(
    texts: list[pd.Series], usual: re.Pattern[str], own: tuple[str, ...], *, all_members: bool
) -> pd.Series:
    """Rows with a tag in any of the texts that may hold one: on any member of the group, or on all."""
    found = pd.Series(False, index=texts[0].index)  # noqa: FBT003
    for tag, pattern in {"": usual, **{tag: tag_pattern([tag]) for tag in own}}.items():
        rows = pd.concat([_has_tag(text, pattern, all_members=all_members) for text in texts], axis=1).any(
            axis=1
        )
        if tag and not rows.any():
            warnings.warn(
                f"no identifier begins or ends with the tag {shown(tag)}; tags are read as written, letter case included",
                MarkerkitWarning,
                stacklevel=5,
            )
        found |= rows
    return found


def _has_tag(text: pd.Series, pattern: re.Pattern[str], *, all_members: bool) -> pd.Series:
    found = text.str.contains(pattern).to_numpy(dtype=bool, copy=True)
    if all_members and found.any():
        groups = [BETWEEN_MEMBERS.split(group) for group in text[found]]
        found[found] = [all(pattern.search(member) for member in group if member) for group in groups]
    return pd.Series(found, index=text.index)


def _flag(table: Table, names: tuple[str, ...], letter: str) -> pd.Series:
    """Rows that a column flags, by a mark or by the letter of MetaMorpheus (C, D or T)."""
    text = _text(table, names)
    if text is None:
        return pd.Series(False, index=table.frame.index)  # noqa: FBT003
    return text.str.lower().isin([*_FLAGGED, letter])


def _species(accession: pd.Series, description: pd.Series | None, organism: pd.Series | None) -> pd.Series:
    """Species by entry name or description, else by a column of organisms."""
    text = accession if description is None else accession + " " + description
    species = text.map(species_in)
    return species if organism is None else species.where(species != "", organism.map(species_named))


def _unique(names: pd.Series) -> pd.Series:
    n = names.groupby(names).cumcount()
    if n.any():
        warnings.warn(
            counted(int((n > 0).sum()), "row repeats", "rows repeat")
            + " the name of another row, kept as 'name (2)', 'name (3)', ...",
            MarkerkitWarning,
            stacklevel=5,
        )
    return names.where(n == 0, names + " (" + (n + 1).astype(str) + ")")
