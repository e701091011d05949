"""Which layout a protein table has, and which of its columns hold samples."""

from __future__ import annotations

import re

import pandas as pd

from markerkit.core.errors import InputError, listed
from markerkit.io.dialects import DIALECTS, TABLE, Dialect, plain
from markerkit.io.sample_columns import find_samples
from markerkit.io.sample_sheet import short_name
from markerkit.io.tabular import Table

_NOT_PROTEINS = frozenset(
    {
        "precursor id", "stripped sequence", "modified sequence", "precursor charge", "precursorcharge", "annotated sequence",
        "eg modifiedpeptide", "eg modifiedsequence", "eg precursorid", "peptide", "peptide sequence", "peptidesequence",
        "psm ambiguity", "first scan", "ms order", "fragment ion", "fragmention",
    }
)  # fmt: skip


def layout_of(table: Table, software: str) -> Dialect:
    """Layout of a table: that of the software named, or the one its header fits.

    Raises
    ------
    InputError
        A table of something else than proteins, a header that does not fit the software.
    """
    columns = list(table.frame.columns)
    _refuse_other_kinds(table, {plain(c) for c in columns})
    if software == "auto":
        return next((d for d in DIALECTS.values() if d is not TABLE and _fits(d, columns)), TABLE)
    dialect = DIALECTS[software]
    if not _fits(dialect, columns):
        raise InputError(
            f"the matrix {table.name!r} does not look like {software}: it lacks {dialect.hint}; found "
            f"{listed(columns, limit=8)}."
        )
    return dialect


def _refuse_other_kinds(table: Table, header: set[str]) -> None:
    """Refuse tables of peptides, spectra, affinity assays and samples, by what they are."""
    found = sorted(header & _NOT_PROTEINS)
    if found:
        raise InputError(
            f"the matrix {table.name!r} is a report of precursors, peptides or spectra (column {found[0]!r}), not a protein "
            "table; give the protein table, such as proteinGroups.txt, report.pg_matrix.tsv or the Proteins export."
        )
    top = {plain(str(v)) for v in table.frame.iloc[:6].to_numpy().ravel()}
    if "npx" in header | top:
        raise InputError(
            f"the matrix {table.name!r} is a table of an affinity assay (NPX), not of mass spectrometry; markerkit needs "
            "the abundances of all proteins of a sample, one column per sample."
        )
    if {"normalized abundance", "raw abundance"} <= header | top:
        raise InputError(
            f"the matrix {table.name!r} is an export of Progenesis with a header of three lines; keep the third as the header "
            "and one column per sample."
        )
    if header & {"comment data file", "characteristics organism"}:
        raise InputError(
            f"the matrix {table.name!r} is a sample sheet (SDRF), not a protein table; give it as the sample sheet (--samples)."
        )


def _fits(dialect: Dialect, columns: list[str]) -> bool:
    header = {plain(c) for c in columns}
    return (
        dialect.signature <= header
        and (not dialect.either or bool(dialect.either & header))
        and (not dialect.column_pattern or any(re.fullmatch(dialect.column_pattern, c) for c in columns))
    )


def quantity_columns(
    table: Table, dialect: Dialect, quantity: str, sheet: pd.DataFrame | None
) -> tuple[dict[str, str], str]:
    """Columns that hold samples, with the samples' names, and the quantity they are of.

    Parameters
    ----------
    table, dialect
        Table and its layout.
    quantity
        ``"auto"`` or a quantity of the layout.
    sheet
        Sample sheet on its sample names, where there is one.

    Raises
    ------
    InputError
        No sample column, a quantity that is not there.
    """
    found = {
        name: _sample_columns(table, dialect, pattern, sheet) for name, pattern in dialect.quantities.items()
    }
    there = [name for name, columns in found.items() if columns]
    if quantity != "auto" and quantity not in there:
        raise InputError(
            f"the matrix {table.name!r} has no quantity {quantity!r}; {dialect.name} tables hold "
            f"{listed(dialect.quantities, conjunction='or')}, here there is {listed(there)}."
        )
    if not there:
        raise InputError(
            f"the matrix {table.name!r} has no sample columns; {dialect.name} needs {dialect.hint}. Found "
            f"{listed(table.frame.columns, limit=12)}."
        )
    chosen = there[0] if quantity == "auto" else quantity
    return found[chosen], chosen


def _sample_columns(
    table: Table, dialect: Dialect, pattern: str, sheet: pd.DataFrame | None
) -> dict[str, str]:
    """Columns of a quantity with their sample names, short ones where they stay apart."""
    if pattern:
        names = {c: m["s"].strip() for c in table.frame.columns if (m := re.fullmatch(pattern, c))}
    else:
        names = find_samples(table, dialect, sheet)
    short = {column: short_name(sample) for column, sample in names.items()}
    return short if len(set(short.values())) == len(short) else names
