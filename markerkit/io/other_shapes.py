"""Tables that hold proteins, samples or values in another shape: recognized by their content and refused by what they are."""

from __future__ import annotations

import re

import pandas as pd

from markerkit.core.errors import InputError, listed, shown
from markerkit.core.genes import identifier_kind, looks_transposed
from markerkit.io.column_profile import Word, families, word_of
from markerkit.io.dialects import TABLE, Dialect, plain
from markerkit.io.identifiers import identifier_columns, is_text
from markerkit.io.sample_sheet import SAMPLE_COLUMNS, short_name
from markerkit.io.tabular import Table, spread_rows

_SOME = 0.3  # share of names that are those of proteins from which an axis is one of proteins
_FEW_PROTEINS = 5  # names of samples, such as C3 and F2, may be symbols by chance
_FEW_CELLS = 300
_DISTINCT = 0.5
_LEAST_ROWS = 6  # a shorter table may repeat a protein by chance
_IS_NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)?(?:[eE][+-]?\d+)?")
_SHORT = re.compile(r"[A-Za-z]{1,2}\d{0,2}")  # C3, F2, S100: symbols, but names of samples as well
_DESIGN = frozenset(
    {"condition", "group", "treatment", "replicate", "bioreplicate", "biorep", "techrep", "batch", "donor", "fraction", "experiment",
     "patient", "subject", "sex", "age", "time", "timepoint", "genotype", "disease", "mixture", "channel", "cell type", "tissue",
     "status", "cohort", "plex", "pool", "label", "isolation method", "bioreplicate id", "sample type"}
)  # fmt: skip
_NAMES_SAMPLES = (*(n for n in SAMPLE_COLUMNS if n != "name"), "run label", "msrun")
_MAY_NAME_SAMPLES = ("name", "label", "column", "unnamed 0", "")
_FEW_NUMBERS = 2
_RUNS = (*SAMPLE_COLUMNS, "originalrun", "channel", "condition", "group", "label", "variable", "bioreplicate")


def refuse_other_shapes(table: Table, dialect: Dialect, sheet: pd.DataFrame | None, organism: str) -> None:
    """Refuse sample sheets, long and transposed tables, tables of samples against samples, and tables without a header.

    Parameters
    ----------
    table, dialect
        Table and its layout.
    sheet
        Sample sheet on its sample names, where there is one.
    organism
        Whose symbols are looked up.

    Raises
    ------
    InputError
        Such a table.
    """
    _refuse_transposed(table, sheet, organism)
    if dialect is TABLE:
        if sheet is None:
            _refuse_no_header(table)
        _refuse_square(table)
        _refuse_long(table, dialect)
        _refuse_sheet(table)
        _refuse_rows_of_samples(table)


def _refuse_no_header(table: Table) -> None:
    """Refuse a table whose columns have numbers for names, the one of proteins a protein or a number: a row taken for the header."""
    names = [str(c) for c in table.frame.columns]
    values = [c for c in names if c not in table.texts]
    if len(values) < _FEW_NUMBERS or not all(_IS_NUMBER.fullmatch(c) for c in values):
        return
    found = identifier_columns(table, TABLE)
    for name in (found.accession, found.gene):
        kinds = {} if name is None else identifier_kind([name], "human")
        if name is not None and (_IS_NUMBER.fullmatch(name) or kinds["uniprot"] or kinds["symbol"]):
            raise InputError(
                f"the matrix {table.name!r} has no header: its first row ({listed(names, limit=4)}) holds values, or numbers in place of "
                "names. Write the names of the columns above it, such as 'gene' and those of the samples."
            )


def _refuse_transposed(table: Table, sheet: pd.DataFrame | None, organism: str) -> None:
    """Refuse a table with one row per sample and one column per protein."""
    frame = table.frame
    columns = [str(c) for c in frame.columns]
    first, others = frame[frame.columns[0]].astype(str), columns[1:]
    rows = _samples_in_rows(table, sheet) or (
        columns[0] if looks_transposed(others, first, organism) else None
    )
    if rows is None:
        # a layer of an AnnData file stands before the name of the sample
        names = [re.sub(r"^\w+:", "", c) for c in others if c not in table.texts]
        if _rows_of_proteins(table) or not _are_proteins(names, organism):
            return
        others, rows = names, columns[0]
    raise _transposed(table, rows, others)


def _transposed(table: Table, rows: str, others: list[str]) -> InputError:
    cells = table.frame[rows].astype(str)
    return InputError(
        f"the matrix {table.name!r} is transposed: its column {shown(rows)} holds {listed(cells, limit=2)}, its header "
        f"{listed(others, limit=2)}. A table of proteins has one row per protein group and one column per sample: transpose it."
    )


def _samples_in_rows(table: Table, sheet: pd.DataFrame | None) -> str | None:
    """Column whose cells are the samples of the sheet, where the header names none of them."""
    if sheet is None:
        return None
    frame = table.frame
    wanted = {short_name(str(s)).casefold() for s in sheet.index}
    if wanted & {short_name(str(c)).casefold() for c in frame.columns}:
        return None
    for column in frame.columns:
        if column in table.texts and len(frame) <= 10 * len(wanted):
            found = wanted & {short_name(str(v)).casefold() for v in frame[column]}
            if len(found) > 1 and 2 * len(found) >= len(wanted):
                return str(column)
    return None


def _are_proteins(names: list[str], organism: str) -> bool:
    """Say whether names of columns are those of proteins; short ones may be those of samples."""
    long = [n for n in names if not _SHORT.fullmatch(n)]
    if len(long) < _FEW_PROTEINS:
        return False
    kinds = identifier_kind((long[i] for i in spread_rows(len(long), _FEW_CELLS)), organism)
    share = sum(share for kind, share in kinds.items() if kind != "entrez")
    return share >= _SOME and share * len(long) >= _FEW_PROTEINS


def _rows_of_proteins(table: Table) -> bool:
    """Say whether the rows are proteins: some column of words names a different one in most rows."""
    return any(_names_proteins(table.frame[c]) for c in table.frame.columns if c in table.texts)


def _names_proteins(cells: pd.Series) -> bool:
    """Say whether the cells of a column are names of proteins; short ones may be those of samples and donors."""
    given = cells.dropna().astype(str)
    given = given.iloc[spread_rows(len(given), _FEW_CELLS)]
    long = [n for n in given if not _SHORT.fullmatch(n)]
    kinds = identifier_kind(long, "human")
    hits = len(long) * sum(share for kind, share in kinds.items() if kind != "entrez")
    return hits >= _SOME * max(len(given), 1) and given.nunique() >= _DISTINCT * len(given)


def _refuse_square(table: Table) -> None:
    frame = table.frame
    rows = frame[frame.columns[0]]
    others = [str(c) for c in frame.columns[1:]]
    words = len(others) > 2 and frame.columns[0] in table.texts
    if words and str(rows.iloc[0]) in others and set(rows.astype(str)) == set(others):
        raise InputError(
            f"the matrix {table.name!r} compares samples with samples (its rows and its columns are {listed(others, limit=3)}), such "
            "as correlations or distances; give the protein table, with one row per protein and one column per sample."
        )


def _refuse_sheet(table: Table) -> None:
    """Refuse a sample sheet that was given as the matrix."""
    frame = table.frame
    named = {plain(c): str(c) for c in reversed(frame.columns)}
    design = [c for n, c in named.items() if n in _DESIGN]
    samples = next((named[n] for n in (*_NAMES_SAMPLES, *_MAY_NAME_SAMPLES) if n in named), None)
    if samples is None and len(design) > 1:
        samples = str(frame.columns[0])
    design = [c for c in design if c != samples]
    others = [str(c) for c in frame.columns if c != samples]
    numbers = [c for c in others if c not in table.texts and c not in design]
    described = bool(design) or (not numbers and plain(samples or "") in _NAMES_SAMPLES)
    if samples is None or not described or _rows_of_proteins(table):
        return
    if numbers and len(families(numbers)[0]) > _FEW_NUMBERS:
        return  # columns of one name in a row are samples, whatever else is there
    cells = listed(frame[samples].dropna().astype(str), limit=2)
    raise InputError(
        f"the matrix {table.name!r} is a sample sheet (column {shown(samples)} holds {cells}, beside {listed(design or others, limit=3)}), "
        "not a protein table; give it as the sample sheet (--samples), and the protein table as the matrix."
    )


def _refuse_rows_of_samples(table: Table) -> None:
    """Refuse a table whose first column is called as that of samples is, and holds no proteins."""
    frame = table.frame
    rows, *others = [str(c) for c in frame.columns]
    numbers = [c for c in others if c not in table.texts]
    named = plain(rows) in _NAMES_SAMPLES and plain(rows) != "label" and rows in table.texts
    if not named or len(numbers) < _FEW_PROTEINS or _rows_of_proteins(table):
        return
    # a second column of names may hold proteins of a database that nobody knows
    if not any(c in table.texts and 2 * frame[c].nunique() > len(frame) for c in others):
        raise _transposed(table, rows, numbers)


def _refuse_long(table: Table, dialect: Dialect) -> None:
    """Refuse a table with a row per protein and run, and say how to turn it."""
    frame = table.frame
    ids = identifier_columns(table, dialect)
    key = ids.accession or ids.gene
    if key is None or len(frame) < _LEAST_ROWS or 2 * frame[key].nunique() > len(frame):
        return
    proteins = pd.Series(frame[key].unique(), name=key)
    if plain(key) not in {*dialect.accession, *dialect.gene} and not _names_proteins(proteins):
        return
    run = _run_column(frame, key, {key, ids.accession, ids.gene})
    if (
        run is None or sum(word_of(str(c)) is Word.RESULT for c in frame.columns) > 1
    ):  # results of several contrasts
        return
    values = [
        c
        for c in frame.columns
        if c not in {key, run, ids.gene} and c not in table.texts and word_of(str(c)) is None
    ]
    amounts = [c for c in values if pd.api.types.is_float_dtype(frame[c])] or values
    value = amounts[0] if amounts else "value"
    protein = frame[key].mode().iloc[0]
    doubled = ", some run more than once" if frame.duplicated([key, run]).any() else ""
    raise InputError(
        f"the matrix {table.name!r} is a long table, with a row for every protein and run: {shown(str(protein))} has "
        f"{int((frame[key] == protein).sum())} rows, one for each {shown(run)} such as {shown(str(frame[run].iloc[0]))}{doubled}. Give one row per "
        f"protein and one column per sample; in Python: `table.pivot(index={shown(key)}, columns={shown(run)}, values={shown(str(value))})"
        ".reset_index()`."
    )


def _run_column(frame: pd.DataFrame, key: str, taken: set[str | None]) -> str | None:
    """Column that, with the protein, names a row: one called run or the like before others, words before numbers."""
    n, proteins = len(frame), frame[key].nunique()
    free = [str(c) for c in frame.columns if c not in taken and not pd.api.types.is_float_dtype(frame[c])]
    several = [c for c in free if 1 < frame[c].nunique() <= n / 2]
    called = sorted((c for c in several if plain(c) in _RUNS), key=lambda c: _RUNS.index(plain(c)))
    words = [c for c in several if c not in called and is_text(pd.Series(frame[c]))]
    crossed = [c for c in several if frame[c].nunique() * proteins == n]
    return next(
        (c for c in (*called, *words, *crossed) if not frame.duplicated([key, c]).any()),
        next(iter(called), None),
    )
