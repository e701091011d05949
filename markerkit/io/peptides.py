"""read_peptides: a table of peptides or precursors, one sequence a column."""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from markerkit.core.errors import (
    InputError,
    MarkerkitWarning,
    collected_warnings,
    counted,
    listed,
    one_of,
    shown,
)
from markerkit.core.experiment import ORGANISMS
from markerkit.core.peptide_groups import members_of
from markerkit.core.peptides import PeptideTable
from markerkit.io.cells import numbers
from markerkit.io.dialects import ACCESSIONS, GENES, plain
from markerkit.io.identifiers import find_column
from markerkit.io.layout import quantity_columns
from markerkit.io.long_reports import LongReport, to_wide
from markerkit.io.peptide_dialects import (
    LONG,
    PEPTIDE_DIALECTS,
    PEPTIDE_SOFTWARE,
    PEPTIDES,
    PRECURSOR,
    PRECURSOR_COLUMNS,
    PeptideDialect,
)
from markerkit.io.peptide_rows import peptide_rows, sequence_column
from markerkit.io.sample_sheet import columns_in_sheet, names_in_header, read_sheet
from markerkit.io.scale import DECLARED, on_scale
from markerkit.io.tabular import Table, as_table

_WHAT = "peptide table"
#: folded names of columns of tables with one row per spectrum or fragment -> what to give instead
_ONE_ROW_A_SPECTRUM = {
    "ms ms scan number": "peptides.txt",
    "scan number": "peptides.txt",
    "raw file": "peptides.txt",
    "spectrum": "combined_peptide.tsv or peptide.tsv",
    "first scan": "the Peptide Groups export",
    "spectrum file": "the Peptide Groups export",
    "fragment ion": "a table with one row per peptide and one column per sample",
    "fragmention": "a table with one row per peptide and one column per sample",
}


def read_peptides(
    path: str | Path | pd.DataFrame,
    *,
    samples: str | Path | pd.DataFrame | None = None,
    software: str = "auto",
    quantity: str = "auto",
    scale: str = "auto",
    organism: str = "human",
) -> PeptideTable:
    """Read a peptide table.

    Parameters
    ----------
    path
        MaxQuant ``peptides.txt``, FragPipe ``combined_peptide.tsv`` or
        ``peptide.tsv``, DIA-NN ``report.pr_matrix.tsv`` or its main report (TSV
        or Parquet), a Spectronaut pivot or long report with the columns PEP.*
        or EG.*, the Peptide Groups export of Proteome Discoverer, PEAKS
        ``peptide.csv``, or a wide
        table with a column ``sequence``, a column ``protein`` and one column
        per sample. Files and frames as for :func:`markerkit.read_proteins`.
    samples
        Sample sheet, see :func:`markerkit.read_proteins`.
    software
        ``"auto"`` detects it from the header; ``"maxquant"``, ``"fragpipe"``, ``"diann"``, ``"spectronaut"``,
        ``"proteome_discoverer"``, ``"peaks"``, ``"table"``.
    quantity
        ``"auto"`` takes the first available, before normalization where there is a choice: reporter
        intensities, then intensities. Or a quantity by name, such as ``"lfq"`` or ``"normalized"``.
    scale
        ``"auto"`` detects it from the values; ``"raw"``, ``"log2"``, ``"ratio"``.
    organism
        ``"human"``, ``"mouse"`` or ``"rat"``.

    Returns
    -------
    PeptideTable
        One column per sequence: rows of one sequence (charges, modified forms)
        are the sum of their linear abundances, a row that repeats another is
        taken once. Contaminants and decoys are flagged, not dropped; zeros of a
        raw table are missing; what was decided is in the history. Rows of a long
        report are kept within the same q-value limits as for proteins.

    Raises
    ------
    InputError
        A table of proteins or of spectra, a table without sequences or proteins, a quantity that is not
        there, text or an infinite value among the numbers, values that contradict the declared scale,
        several rows of one sequence on a table of ratios.

    Examples
    --------
    >>> table = pd.DataFrame(
    ...     {"sequence": ["LVNELTEFAK", "AEFVEVTK"], "protein": ["P02768", "P02769"], "ev_1": [8e6, 1e5], "cell_1": [1e6, 2e5]}
    ... )
    >>> read_peptides(table)
    <PeptideTable: 2 samples x 2 peptides, raw, human, 0.0 % missing>
    """
    one_of("software", software, ["auto", *PEPTIDE_SOFTWARE])
    one_of("scale", scale, ["auto", *DECLARED])
    one_of("organism", organism, ORGANISMS)
    with collected_warnings() as notes:
        table = _read_peptides(
            path, samples, software=software, quantity=quantity, scale=scale, organism=organism
        )
    return table.noted(notes)


def _read_peptides(
    path: str | Path | pd.DataFrame,
    samples: str | Path | pd.DataFrame | None,
    *,
    software: str,
    quantity: str,
    scale: str,
    organism: str,
) -> PeptideTable:
    given = None if samples is None else read_sheet(samples)
    source = _source(as_table(path, what=_WHAT, pick=_wanted), software, quantity)
    patterns = source.dialect.columns.quantities.values()
    sheet = None if given is None else given.on(names_in_header(list(source.table.frame.columns), patterns))
    columns, chosen = quantity_columns(source.table, source.dialect.columns, quantity, sheet)
    rows = peptide_rows(source.table, source.dialect, organism)
    left_out: list[str] = []
    if given is not None and sheet is not None:
        columns, left_out = columns_in_sheet(columns, sheet, name=given.name, what=_WHAT)
    matrix, found, read = _matrix(source.table, columns, rows["sequence"], scale)
    values, peptides, n_repeated = _one_row_a_sequence(matrix, rows, found, source.table.name)
    history: dict[str, Any] = {
        "verb": "read_peptides",
        "file": source.table.name,
        "sha256": source.table.sha256,
        "samples_file": None if given is None else given.name,
        "samples_sha256": None if given is None else given.sha256,
        "software": source.dialect.name,
        "quantity": chosen,
        "scale": found,
        "n_rows": len(rows),
        "n_sequences": len(values),
        "n_repeated_rows": n_repeated,
        "rows_of_one_sequence": "sum of linear abundances",
        "lists_all_proteins": find_column(source.table, source.dialect.all_proteins) is not None,
        **read,
        "not_in_sheet": left_out,
        **source.note,
    }
    annotation = sheet.loc[values.columns] if sheet is not None else None
    return PeptideTable(values.T, annotation, peptides, scale=found, organism=organism, history=[history])


# ---- which table it is ----------------------------------------------------------


@dataclass(frozen=True)
class _Source:
    """Wide table with its layout and notes for the history."""

    table: Table
    dialect: PeptideDialect
    note: Mapping[str, object]


def _source(table: Table, software: str, quantity: str) -> _Source:
    header = {plain(c) for c in table.frame.columns}
    report = _long_report(header, software)
    if report is not None:
        return _of_long_report(table, report, quantity)
    _refuse_spectra(table)
    if software == "auto":
        dialect = next((d for d in PEPTIDE_DIALECTS if _fits(d, table)), PEPTIDES)
    else:
        layouts = [d for d in (*PEPTIDE_DIALECTS, PEPTIDES) if d.name == software]
        fitting = [d for d in layouts if _fits(d, table)]
        if not fitting and sequence_column(table, PEPTIDES):
            raise InputError(
                f"the peptide table {table.name!r} does not look like {software}: it lacks "
                f"{' or '.join(d.columns.hint for d in layouts)}; found {listed(table.frame.columns, limit=8)}."
            )
        dialect = fitting[0] if fitting else PEPTIDES
    if sequence_column(table, dialect) is None:
        raise _without_sequences(table)
    _refuse_silac(table)
    _refuse_channels(table)
    return _Source(table, dialect, {})


def _fits(dialect: PeptideDialect, table: Table) -> bool:
    """Say whether a header has the columns of a layout."""
    layout = dialect.columns
    header = {plain(c) for c in table.frame.columns}
    return layout.signature <= header and (not layout.either or bool(layout.either & header))


def _without_sequences(table: Table) -> InputError:
    """Error on a table without sequences: a protein table is called one."""
    columns = list(table.frame.columns)
    proteins = [c for c in columns if plain(c) in {*ACCESSIONS, *GENES}]
    if proteins:
        return InputError(
            f"{table.name!r} is a table of proteins (column {shown(proteins[0])}) without sequences of peptides; read it with "
            "read_proteins (`markerkit assess`), or give the peptide table, such as peptides.txt."
        )
    return InputError(
        f"the peptide table {table.name!r} has no column of sequences; name it 'sequence'. Found "
        f"{listed(columns, limit=12)}."
    )


def _refuse_spectra(table: Table) -> None:
    """Refuse tables with one row per spectrum, by what they are."""
    folded = {plain(c): c for c in table.frame.columns}
    for name, better in _ONE_ROW_A_SPECTRUM.items():
        if name in folded:
            raise InputError(
                f"{table.name!r} has one row per spectrum or identification (column {shown(folded[name])}), not per peptide; give {better}."
            )


def _refuse_silac(table: Table) -> None:
    """Refuse SILAC, whose labels are samples of their own and whose intensities are sums over them."""
    ratios = [c for c in table.frame.columns if re.match(r"ratio [hm] [lm]\b", plain(c))]
    if ratios:
        raise InputError(
            f"the peptide table {table.name!r} is of a SILAC experiment (column {shown(ratios[0])}): its intensities are sums over the "
            "labels. Give a table with one column per sample and label."
        )


def _refuse_channels(table: Table) -> None:
    """Refuse a FragPipe table of one plex: its channels stand behind the proteins, its intensity is their sum."""
    folded = [plain(c) for c in table.frame.columns]
    if "mapped proteins" not in folded or "intensity" not in folded:
        return
    behind = table.frame.columns[folded.index("mapped proteins") + 1 :]
    channels = [c for c in behind if pd.api.types.is_numeric_dtype(table.frame[c])]
    if channels:
        raise InputError(
            f"the peptide table {table.name!r} holds the channels of a multiplexed experiment ({listed(channels, limit=3)}) beside "
            "their sum; give abundance_peptide_None.tsv or another peptide table of TMT-Integrator."
        )


# ---- long reports ---------------------------------------------------------------


def _long_report(header: set[str], software: str) -> LongReport | None:
    sequences = set(PEPTIDES.columns.accession)
    for report in LONG.values():
        quantities = {n for names in report.quantities.values() for n in names}
        fits = all(header & part for part in (set(report.run), quantities, sequences))
        if fits and software in {"auto", report.name}:
            return report
    return None


def _layouts(software: str) -> list[PeptideDialect]:
    return [d for d in PEPTIDE_DIALECTS if d.name == software]


def _wanted(columns: list[str]) -> list[str]:
    """Columns of a table that are needed: all, or those of the long report that it is."""
    report = _long_report({plain(c) for c in columns}, "auto")
    if report is None:
        return columns
    (dialect,) = _layouts(report.name)
    single, several = PRECURSOR_COLUMNS[report.name]
    names = {
        *report.names, *single, *several, *dialect.columns.accession, *dialect.columns.gene, *dialect.proteins,
        *dialect.leading, *dialect.unique, *dialect.species, *dialect.start, *dialect.end,
    }  # fmt: skip
    return [c for c in columns if plain(c) in names]


def _of_long_report(table: Table, report: LongReport, quantity: str) -> _Source:
    """Turn a long report into one row per precursor and one column per run."""
    (dialect,) = _layouts(report.name)
    frame = table.frame.assign(**{PRECURSOR: _precursors(table, report)})
    wide, columns, note = to_wide(Table(frame, table.name, table.sha256), report, quantity)
    runs = [c for c in wide.frame.columns if c.startswith("run:")]
    kept = wide.frame["protein_id"]
    named = frame.drop(columns=[c for c in frame.columns if plain(c) in report.run])
    annotation = named.drop_duplicates(PRECURSOR).set_index(PRECURSOR).loc[kept].reset_index()
    whole = pd.concat([annotation, wide.frame[runs].reset_index(drop=True)], axis=1)
    layout = replace(dialect.columns, quantities=columns.quantities)
    return _Source(Table(whole, table.name, table.sha256), replace(dialect, columns=layout), note)


def _precursors(table: Table, report: LongReport) -> pd.Series:
    """Name of the precursor of every row; of its sequence, where the quantity is one of peptides."""
    folded = {plain(c): c for c in reversed(table.frame.columns)}
    single, several = PRECURSOR_COLUMNS[report.name]
    quantities = next(q for q, names in report.quantities.items() if any(n in folded for n in names))
    column = next((folded[n] for n in single if n in folded), None)
    if quantities == "peptide":
        columns = [sequence_column(table, PEPTIDES)]
    elif column is not None:
        columns = [column]
    else:
        columns = [folded.get(n) for n in several]
    if None in columns:
        raise InputError(
            f"the report {table.name!r} does not tell its precursors apart; export {listed([*single], conjunction='or')}. "
            f"Found {listed(table.frame.columns, limit=12)}."
        )
    texts = [table.frame[c].astype(object).where(table.frame[c].notna(), "").astype(str) for c in columns]
    return pd.Series([" ".join(row) for row in zip(*texts, strict=True)], index=table.frame.index)


# ---- values ---------------------------------------------------------------------


def _matrix(
    table: Table, columns: dict[str, str], sequence: pd.Series, scale: str
) -> tuple[pd.DataFrame, str, dict[str, object]]:
    """Values, rows x samples, their scale, and what the history says of reading them."""
    matrix = numbers(table.frame, list(columns), ids=sequence, name=table.name, what=_WHAT)
    matrix = matrix.set_axis(pd.Index(list(columns.values()), dtype=object), axis=1)
    read = on_scale(matrix.T, scale, table.name)
    matrix = read.values.T
    lost = list(matrix.columns[matrix.isna().all(axis=0)])
    if lost:
        raise InputError(
            f"the peptide table {table.name!r} has no value at all in sample {listed(lost, limit=6)}; take it out of the sample "
            "sheet, or export it again."
        )
    return matrix, read.scale, dict(read.note)


def _one_row_a_sequence(
    matrix: pd.DataFrame, rows: pd.DataFrame, scale: str, name: str
) -> tuple[pd.DataFrame, pd.DataFrame, int]:
    """Values and annotation with one row per sequence, and how many rows repeated another.

    A row with the sequence and all values of another one is the same measurement, listed again for
    another protein, and counts once; of the others the linear abundances are summed.
    """
    code, sequences = pd.factorize(rows["sequence"])
    keyed = matrix.reset_index(drop=True).assign(**{" code": code})
    repeated = (keyed.duplicated() & matrix.notna().any(axis=1).to_numpy()).to_numpy()
    if repeated.any():
        warnings.warn(
            counted(int(repeated.sum()), f"row of {name} repeats", f"rows of {name} repeat")
            + " the sequence and all values of another row; each was taken once",
            MarkerkitWarning,
            stacklevel=3,
        )
    kept = matrix.loc[~repeated]
    several = len(kept) > len(set(code[~repeated]))
    if several and scale == "ratio":
        raise InputError(
            f"the peptide table {name!r} has several rows of one sequence with ratios, which cannot be summed; give one row per "
            "sequence, or the intensities."
        )
    linear = kept if scale != "log2" or not several else 2.0**kept
    values = linear.groupby(code[~repeated], sort=True).sum(min_count=1)
    if several and scale == "log2":
        values = values.apply(np.log2)
    index = pd.Index(sequences, dtype=object)
    return values.set_axis(index, axis=0), _united(rows, code).set_axis(index, axis=0), int(repeated.sum())


def _united(rows: pd.DataFrame, code: npt.NDArray[np.int_]) -> pd.DataFrame:
    """Annotation of the first row of every sequence, with the proteins of all its rows."""
    grouped = rows.groupby(code, sort=True)
    first = grouped.first()
    if len(first) == len(rows):
        return first
    several = grouped["proteins"].transform("nunique") > 1
    joined = rows.loc[several, "proteins"].groupby(code[several.to_numpy()]).agg(";".join)
    first.loc[joined.index, "proteins"] = [";".join(members_of(text)) for text in joined]
    first["is_contaminant"] = grouped["is_contaminant"].any()
    first["is_decoy"] = grouped["is_decoy"].all()
    if "is_unique" in rows:
        # a peptide that its rows assign to different groups is of neither alone
        first["is_unique"] = grouped["is_unique"].all() & (grouped["leading"].nunique() == 1)
    return first
