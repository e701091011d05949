"""read_proteins: one engine over a table of dialects."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from markerkit.core.errors import InputError, MarkerkitWarning, collected_warnings, listed, one_of
from markerkit.core.experiment import ORGANISMS, Experiment
from markerkit.core.matrix import copies
from markerkit.io.anndata import AnnDataFile, is_h5ad, read_h5ad
from markerkit.io.cells import numbers
from markerkit.io.dialects import Dialect, plain
from markerkit.io.layout import layout_of, quantity_columns
from markerkit.io.long_reports import REPORTS, find_report, to_wide, wanted_columns
from markerkit.io.mztab import is_mztab, read_mztab
from markerkit.io.other_kinds import refuse_gene_sets
from markerkit.io.other_shapes import refuse_other_shapes
from markerkit.io.perseus import without_type_rows
from markerkit.io.protein_rows import Tags, protein_rows
from markerkit.io.quantms import flat
from markerkit.io.sample_sheet import columns_in_sheet, names_in_header, read_sheet
from markerkit.io.scale import DECLARED, on_scale, usual_scale
from markerkit.io.tabular import Table, as_table
from markerkit.io.vendor_dialects import DIALECTS

#: what the user may name; a software may have several layouts
SOFTWARE = tuple(dict.fromkeys([*(d.name for d in DIALECTS.values()), *(r.name for r in REPORTS)]))

_TOTAL = 1e-3  # relative difference below which a row is the sum of all others
_LEAST_SAMPLES = 5  # samples of which each must show that a row is a sum
_LEAST_ROWS = 10  # rows above which one of them may be the sum of the others


def read_proteins(
    path: str | Path | pd.DataFrame,
    *,
    samples: str | Path | pd.DataFrame | None = None,
    software: str = "auto",
    quantity: str = "auto",
    scale: str = "auto",
    organism: str = "human",
    contaminant_tag: str | Sequence[str] = (),
    decoy_tag: str | Sequence[str] = (),
) -> Experiment:
    """Read a protein table.

    Parameters
    ----------
    path
        The protein table of a search engine: MaxQuant ``proteinGroups.txt`` (label-free,
        SILAC, TMT or iTRAQ), DIA-NN ``report.pg_matrix.tsv``, ``report.gg_matrix.tsv`` or its main
        report (TSV or Parquet, with channels of plexDIA), FragPipe ``combined_protein.tsv`` or
        ``protein.tsv``, TMT-Integrator ``abundance_protein_MD.tsv``, a
        Spectronaut protein pivot or long report, the Proteins export of Proteome Discoverer, AlphaDIA
        ``pg.matrix.tsv``, PEAKS ``proteins.csv``, Proline, FlashLFQ, Skyline, MS-DAP,
        ProteinLevelData of MSstats, protein groups of quantms (Parquet), mzTab. Or any wide table with a
        protein or gene column and one column per sample (TSV, CSV, XLSX, Parquet;
        text gzipped or not), or an AnnData or MuData file (``.h5ad``, ``.h5mu``). Or any of these
        tables as a frame; an index with names counts as its first column.
    samples
        Sample sheet, a file or a frame (with a column ``sample``, or on the names
        of the samples); only its samples are read. An AnnData file brings its own.
    software
        ``"auto"`` detects it from the header; ``"maxquant"``, ``"diann"``, ``"alphadia"``, ``"fragpipe"``,
        ``"tmt_integrator"``, ``"spectronaut"``, ``"proteome_discoverer"``, ``"peaks"``, ``"proline"``, ``"flashlfq"``,
        ``"skyline"``, ``"msdap"``, ``"msstats"``, ``"quantms"``, ``"table"`` for any other wide table.
    quantity
        ``"auto"`` takes the first one that is not 0 or empty in every row: reporter ions, LFQ, then intensity
        (MaxQuant); MaxLFQ, then intensity (FragPipe, DIA-NN). Or a quantity by name, such as
        ``"ibaq"`` or ``"spectral counts"``; a name that is not there lists those that are. Columns that add up samples
        are none: totals over runs, labels or plexes, means of groups.
    scale
        ``"auto"`` detects it from the values, or asks; ``"raw"``, ``"log2"``,
        ``"ln"``, ``"log10"``, ``"ratio"`` (log2 ratios); with 1 added before:
        ``"log2p1"``, ``"log1p"``, ``"log10p1"``. All logarithms become log2.
    organism
        ``"human"``, ``"mouse"`` or ``"rat"``.
    contaminant_tag, decoy_tag
        Text with which your database begins or ends the identifiers of
        contaminants or decoys, or several; the usual tags, such as ``CON__``,
        ``contam_``, ``cRAP``, ``REV__``, ``rev_`` and ``DECOY_``, are known.

    Returns
    -------
    Experiment
        Contaminants and decoys flagged, not dropped; zeros of a raw table or of
        logarithms missing; what was decided in the history.

    Raises
    ------
    InputError
        A file that cannot be read, a header that does not fit the software, a
        table with its samples in the rows, a quantity that is not there, text
        or an infinite value among the numbers, values that contradict the
        declared scale or do not show which it is, a table of another kind, columns
        of which one cannot say whether they are samples.

    Warns
    -----
    MarkerkitWarning
        Columns of numbers that were not read as samples, and why; samples that
        the sheet does not name; samples that hold the same values; zeros among
        logarithms and values that were filled in; a scale that is likely and not certain.

    Examples
    --------
    >>> table = pd.DataFrame({"gene": ["CD63", "ALB"], "ev_1": [8e6, 1e5], "cell_1": [1e6, 2e5]})
    >>> exp = read_proteins(table, samples=pd.DataFrame({"sample": ["ev_1", "cell_1"], "fraction": ["EV", "lysate"]}))
    >>> exp
    <Experiment: 2 samples x 2 proteins, raw, human, 0.0 % missing>
    """
    one_of("software", software, ["auto", *SOFTWARE])
    one_of("scale", scale, ["auto", *DECLARED])
    one_of("organism", organism, ORGANISMS)
    with collected_warnings() as notes:
        tags = Tags.given(contaminant_tag, decoy_tag)
        exp = _read_proteins(
            path, samples, software=software, quantity=quantity, scale=scale, organism=organism, tags=tags
        )
    return exp.noted(notes)


def read_held(
    held: AnnDataFile,
    *,
    scale: str = "auto",
    organism: str = "human",
    contaminant_tag: str | Sequence[str] = (),
    decoy_tag: str | Sequence[str] = (),
) -> Experiment:
    """Read proteins that stand in memory as those of an AnnData file do; see :func:`read_proteins`."""
    one_of("scale", scale, ["auto", *DECLARED])
    one_of("organism", organism, ORGANISMS)
    tags = Tags.given(contaminant_tag, decoy_tag)
    with collected_warnings() as notes:
        exp = _read_proteins(
            held, None, software="auto", quantity="auto", scale=scale, organism=organism, tags=tags
        )
    return exp.noted(notes)


def _read_proteins(
    path: str | Path | pd.DataFrame | AnnDataFile,
    samples: str | Path | pd.DataFrame | None,
    *,
    software: str,
    quantity: str,
    scale: str,
    organism: str,
    tags: Tags,
) -> Experiment:
    sheet = None if samples is None else read_sheet(samples)
    source = _read(path, software, quantity)
    table, annotation = source.table, source.samples
    if sheet is not None:
        annotation = sheet.on(names_in_header(list(table.frame.columns), source.dialect.quantities.values()))
    refuse_other_shapes(table, source.dialect, annotation, organism)
    columns, chosen = quantity_columns(table, source.dialect, quantity, annotation)
    names, proteins = protein_rows(table, source.dialect, tags)
    left_out: list[str] = []
    if annotation is not None:
        columns, left_out = columns_in_sheet(columns, annotation, name=_name(samples, table))
    matrix = numbers(table.frame, list(columns), ids=names, name=table.name, what="matrix").T
    matrix = matrix.set_axis(pd.Index(columns.values(), dtype=object), axis=0).set_axis(names.array, axis=1)
    _refuse_totals(matrix, table.name)
    usual = usual_scale(source.dialect, chosen, columns)
    read = on_scale(matrix, scale, table.name, stated=source.stated.get(chosen), usual=usual)
    _check_every_sample(read.values, in_sheet=annotation is not None)
    _warn_of_copies(read.values)
    history = {
        "verb": "read_proteins",
        "file": table.name,
        "sha256": table.sha256,
        "samples_file": _name(samples, table) if samples is not None else None,
        "samples_sha256": None if sheet is None else sheet.sha256,
        "software": source.dialect.name,
        "quantity": chosen,
        "scale": read.scale,
        **read.note,
        "not_in_sheet": left_out,
        **source.note,
        "call": _call(
            path, samples, tags, software=software, quantity=quantity, scale=scale, organism=organism
        ),
    }
    annotation = annotation.loc[matrix.index] if annotation is not None else None
    proteins = proteins.set_axis(matrix.columns)
    return Experiment(read.values, annotation, proteins, read.scale, organism, [history])


def _call(
    path: str | Path | pd.DataFrame | AnnDataFile,
    samples: str | Path | pd.DataFrame | None,
    tags: Tags,
    **options: str,
) -> dict[str, object]:
    """Arguments of the call, for the script that repeats it; paths as they were given, None for a frame."""
    given = {"path": path, "samples": samples}
    files = {
        k: None if v is None or isinstance(v, pd.DataFrame | AnnDataFile) else str(v)
        for k, v in given.items()
    }
    return {**files, **options, "contaminant_tag": list(tags.contaminant), "decoy_tag": list(tags.decoy)}


@dataclass(frozen=True)
class _Source:
    """Wide table with its layout, and what the file says besides.

    `samples`: their annotation; `note`: for the history; `stated`: by quantity, its scale and where the file states it.
    """

    table: Table
    dialect: Dialect
    samples: pd.DataFrame | None
    note: dict[str, object]
    stated: dict[str, tuple[str, str]] = field(default_factory=dict)


def _read(path: str | Path | pd.DataFrame | AnnDataFile, software: str, quantity: str) -> _Source:
    if isinstance(path, AnnDataFile) or (not isinstance(path, pd.DataFrame) and is_h5ad(path)):
        held = path if isinstance(path, AnnDataFile) else read_h5ad(path, quantity)
        return _Source(held.table, held.dialect, held.samples, {}, held.stated)
    if not isinstance(path, pd.DataFrame) and is_mztab(path):
        return _Source(*read_mztab(path), None, {})
    refuse_gene_sets(path)
    table = _without_empty_rows(flat(without_type_rows(as_table(path, pick=wanted_columns))))
    report = find_report({plain(c) for c in table.frame.columns}, software)
    if report is None:
        return _Source(table, layout_of(table, software), None, {})
    wide, dialect, note = to_wide(table, report, quantity)
    return _Source(wide, dialect, None, note)


def _without_empty_rows(table: Table) -> Table:
    """Table without rows that hold nothing, as spreadsheets leave them below or between others."""
    bare = np.flatnonzero(table.frame.iloc[:, 0].isna())
    empty = bare[table.frame.iloc[bare].isna().all(axis=1).to_numpy()]
    if len(empty) in {0, len(table.frame)}:
        return table
    kept = np.isin(np.arange(len(table.frame)), empty, invert=True)
    return replace(table, frame=table.frame[kept].reset_index(drop=True))


def _refuse_totals(matrix: pd.DataFrame, name: str) -> None:
    """Refuse a first or last row that is the sum of all others: it would count as a protein."""
    values = matrix.to_numpy()
    if values.shape[1] <= _LEAST_ROWS:
        return
    for at in (0, -1):
        # a row that is no sum in the first samples is none
        if _is_total(values[:_LEAST_SAMPLES], at) and _is_total(values, at):
            raise InputError(
                f"the row {matrix.columns[at]!r} of the matrix {name!r} is the sum of all other rows, and no protein; delete it."
            )


def _is_total(values: npt.NDArray[np.float64], at: int) -> bool:
    """Say whether a protein is the sum of all others, in every sample."""
    others = np.nansum(values, axis=1) - values[:, at]
    return bool((others > 0).all() and np.allclose(values[:, at], others, rtol=_TOTAL, atol=0))


def _name(samples: str | Path | pd.DataFrame | None, table: Table) -> str:
    """Name of the sample sheet for messages and history: its file, ``frame``, or the matrix that brought it."""
    if samples is None:
        return table.name
    return "frame" if isinstance(samples, pd.DataFrame) else Path(samples).name


def _warn_of_copies(matrix: pd.DataFrame) -> None:
    """Warn of samples that hold the same values: one run that would count as several replicates."""
    for same in copies(matrix.to_numpy()):
        warnings.warn(
            f"the samples {listed(matrix.index[same])} hold the same value in every protein: one run, {len(same)} times. "
            "They are no replicates; keep one of them in the sample sheet",
            MarkerkitWarning,
            stacklevel=3,
        )


def _check_every_sample(matrix: pd.DataFrame, *, in_sheet: bool) -> None:
    """Refuse a sample without a value that the sheet asks for: it would count as absence of everything."""
    values = matrix.to_numpy()
    bare = np.flatnonzero(np.isnan(values[:, :_LEAST_ROWS]).all(axis=1))
    lost = list(matrix.index[bare[np.isnan(values[bare]).all(axis=1)]])
    if not lost:
        return
    if in_sheet:
        raise InputError(
            f"the matrix has no value at all in sample {listed(lost)}; take it out of the sample sheet, or export it again."
        )
    warnings.warn(
        f"the matrix has no value at all in sample {listed(lost, limit=6)}; leave it out of the sample sheet",
        MarkerkitWarning,
        stacklevel=3,
    )
