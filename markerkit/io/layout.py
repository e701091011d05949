"""Which layout a protein table has, and which of its columns hold samples."""

from __future__ import annotations

import re

import pandas as pd

from markerkit.core.errors import InputError, listed, shown
from markerkit.io.column_profile import Word, word_of
from markerkit.io.dialects import TABLE, Dialect, plain
from markerkit.io.other_kinds import refuse_other_kinds
from markerkit.io.quantities import chosen_quantity, in_section, pattern_columns
from markerkit.io.sample_columns import find_samples
from markerkit.io.sample_sheet import short_name
from markerkit.io.tabular import Table
from markerkit.io.vendor_dialects import DIALECTS

#: quantities as programs write them: a table that has one is the program's, whether the reader knows it or not
_OF_A_PROGRAM = re.compile(r"intensity|abundance|quantity|ibaq|lfq|ratio|spectral", re.IGNORECASE)


def layout_of(table: Table, software: str) -> Dialect:
    """Layout of a table: that of the software named, or the one its header fits.

    Raises
    ------
    InputError
        A table of something else than proteins, a header that does not fit the software.
    """
    columns = list(table.frame.columns)
    header = {plain(c) for c in columns}
    refuse_other_kinds(table)
    if software == "auto":
        fitting = [d for d in DIALECTS.values() if d is not TABLE and _fits(d, columns, header)]
        return next((d for d in fitting if _has_quantity(d, columns)), TABLE)
    layouts = [d for d in DIALECTS.values() if d.name == software]
    fitting = [d for d in layouts if _fits(d, columns, header)]
    if not fitting:
        lacking = layouts[0].hint if layouts else "its columns"
        others = (d for d in DIALECTS.values() if d is not TABLE and _fits(d, columns, header))
        other = next((d.name for d in others), None)
        looks = f" It looks like {other}: leave `software` to be detected." if other else ""
        raise InputError(
            f"the matrix {table.name!r} does not look like {software}: it lacks {lacking}; found "
            f"{listed(columns, limit=8)}.{looks}"
        )
    return fitting[0]


def _fits(dialect: Dialect, columns: list[str], header: set[str]) -> bool:
    """Say whether columns are those of a dialect; `header` holds their plain names."""
    return (
        dialect.signature <= header
        and (not dialect.either or bool(dialect.either & header))
        and bool(section := in_section(columns, dialect))
        and (
            not dialect.column_pattern
            or any(re.fullmatch(dialect.column_pattern, c, re.IGNORECASE) for c in section)
        )
    )


def _has_quantity(dialect: Dialect, columns: list[str]) -> bool:
    """Say whether a table is still the program's: where somebody renamed the samples, only its identifiers are left."""
    if any(not p or any(re.fullmatch(p, c) for c in columns) for p in dialect.quantities.values()):
        return True
    return any(_OF_A_PROGRAM.search(c) for c in columns)


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
            f"the matrix {table.name!r} has no quantity {shown(quantity)}; {dialect.name} tables hold "
            f"{listed(dialect.quantities, conjunction='or')}, here there is {listed(there)}."
        )
    if not there:
        ratios = [c for c in table.frame.columns if word_of(str(c)) is Word.RATIO]
        alone = f": it is a table of ratios alone (column {listed(ratios, limit=3)})" if ratios else ""
        raise InputError(
            f"the matrix {table.name!r} has no sample columns{alone}; {dialect.name} needs {dialect.hint}. Found "
            f"{listed(table.frame.columns, limit=12)}."
        )
    if quantity == "auto" and sheet is not None:  # a sheet of whole columns (Intensity EV_1) says which
        found = {name: cs for name, cs in found.items() if set(sheet.index) <= set(cs)} or found
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
        names = find_samples(table, dialect, sheet)
    short = {column: short_name(sample) for column, sample in names.items()}
    return short if len(set(short.values())) == len(short) else names
