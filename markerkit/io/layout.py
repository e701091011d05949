"""Which layout a protein table has, and which of its columns hold samples."""

from __future__ import annotations

import re

import pandas as pd

from markerkit.core.errors import InputError, listed
from markerkit.io.dialects import TABLE, Dialect, plain
from markerkit.io.quantities import chosen_quantity, in_section, pattern_columns
from markerkit.io.sample_sheet import short_name
from markerkit.io.tabular import Table
from markerkit.io.vendor_dialects import DIALECTS

_NOT_PROTEINS = frozenset(
    {
        "precursor id", "stripped sequence", "modified sequence", "precursor charge", "precursorcharge", "annotated sequence",
        "eg modifiedpeptide", "eg modifiedsequence", "eg precursorid", "peptide", "peptide sequence", "peptidesequence",
        "psm ambiguity", "first scan", "ms order", "fragment ion", "fragmention",
    }
)  # fmt: skip
_MOSTLY = 0.5  # share of cells that are numbers in a column of numbers; stray texts are reported later
_TWIN = "_LFQ"  # ending of the normalized column beside a raw one (AlphaPept)


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
    layouts = [d for d in DIALECTS.values() if d.name == software]
    fitting = [d for d in layouts if _fits(d, columns)]
    if not fitting:
        lacking = layouts[0].hint if layouts else "its columns"
        raise InputError(
            f"the matrix {table.name!r} does not look like {software}: it lacks {lacking}; found "
            f"{listed(columns, limit=8)}."
        )
    return fitting[0]


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
        and bool(section := in_section(columns, dialect))
        and (
            not dialect.column_pattern
            or any(re.fullmatch(dialect.column_pattern, c, re.IGNORECASE) for c in section)
        )
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
        name: columns
        for name, pattern in dialect.quantities.items()
        if (columns := _sample_columns(table, dialect, pattern, sheet))
    }
    there = list(found)
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
    chosen = chosen_quantity(table, dialect, found, quantity)
    return found[chosen], chosen


def _sample_columns(
    table: Table, dialect: Dialect, pattern: str, sheet: pd.DataFrame | None
) -> dict[str, str]:
    """Columns of a quantity with their sample names, short ones where they stay apart."""
    if pattern:
        names = pattern_columns(table, dialect, pattern)
    elif "E" in table.types.values():  # Perseus states which columns are the main ones
        names = {c: c for c in table.frame.columns if table.types.get(c) == "E"}
    else:
        names = _columns_without_pattern(table, dialect, sheet)
    short = {column: short_name(sample) for column, sample in names.items()}
    return short if len(set(short.values())) == len(short) else names


def _columns_without_pattern(table: Table, dialect: Dialect, sheet: pd.DataFrame | None) -> dict[str, str]:
    """Take the columns that the sample sheet names, and those of numbers that are no annotation."""
    listed_samples = {short_name(s).casefold() for s in sheet.index} if sheet is not None else set()
    identifiers = {find_column(table, dialect.accession), find_column(table, dialect.gene)}
    columns = [c for c in table.frame.columns if c not in identifiers]
    # without a column for accession or gene, the first one holds the identifiers, even where they are numbers
    first = table.frame.columns[0] if None in identifiers else None
    chosen = [
        c
        for c in columns
        if short_name(c).casefold() in listed_samples
        or (c != first and plain(c) not in dialect.annotation and _numeric(table.frame[c]))
    ]
    return _without_twins(chosen)


def _without_twins(columns: list[str]) -> dict[str, str]:
    """Take X_LFQ alone where every X stands beside an X_LFQ: one sample twice, raw and normalized."""
    twins = {c: c.removesuffix(_TWIN) for c in columns if c.endswith(_TWIN)}
    if twins and set(twins.values()) == set(columns) - set(twins):
        return twins
    return {c: c for c in columns}


def _numeric(cells: pd.Series) -> bool:
    """Say whether a column holds numbers, a few stray texts aside (they are reported, not passed over)."""
    if pd.api.types.is_bool_dtype(cells):
        return False
    if pd.api.types.is_numeric_dtype(cells):
        return True
    given = cells.dropna()
    return bool(len(given)) and bool(pd.to_numeric(given, errors="coerce").notna().mean() >= _MOSTLY)


def find_column(table: Table, names: tuple[str, ...]) -> str | None:
    """First of the folded names that a column has, as the table writes it."""
    folded = {plain(c): c for c in reversed(table.frame.columns)}
    return next((folded[n] for n in names if n in folded), None)
