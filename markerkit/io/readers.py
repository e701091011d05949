"""read_proteins: one engine over a table of dialects."""

from __future__ import annotations

import re
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

from markerkit.core.errors import InputError, MarkerkitWarning, listed, one_of
from markerkit.core.experiment import ORGANISMS, SCALES, Experiment
from markerkit.core.species import CONTAMINANT, DECOY, ENTRY_CODES, SPECIES
from markerkit.io.anndata import is_h5ad, read_h5ad
from markerkit.io.dialects import DIALECTS, TABLE, Dialect, plain
from markerkit.io.long_reports import find_report, to_wide, wanted_columns
from markerkit.io.sample_sheet import match_samples, read_sheet, short_name
from markerkit.io.tabular import Table, numbers, read_table

_MNEMONIC = re.compile(r"\w+_(" + "|".join(ENTRY_CODES) + r")\b")
_NOT_PROTEINS = frozenset(
    {
        "precursor id", "stripped sequence", "modified sequence", "precursor charge", "precursorcharge", "annotated sequence",
        "eg modifiedpeptide", "eg modifiedsequence", "eg precursorid", "peptide", "peptide sequence", "peptidesequence",
        "psm ambiguity", "first scan", "ms order", "fragment ion", "fragmention",
    }
)  # fmt: skip
_FEW_VALUES = 20  # fewer values may be alike by chance or in a toy table
_RAW_LARGEST = 1e30  # beyond any count or area; sums of such numbers leave the range of a float
_LOG_LARGEST = 64.0  # no instrument counts 2^64 ions; a larger value is linear
_LOG_SMALLEST_MEDIAN = 5.0


def read_proteins(
    path: str | Path,
    *,
    samples: str | Path | None = None,
    software: str = "auto",
    quantity: str = "auto",
    scale: str = "auto",
    organism: str = "human",
) -> Experiment:
    """Read a protein table.

    Parameters
    ----------
    path
        MaxQuant ``proteinGroups.txt``, DIA-NN ``report.pg_matrix.tsv`` or its
        main report (TSV or Parquet), FragPipe ``combined_protein.tsv`` or
        ``abundance_protein_MD.tsv``, a Spectronaut protein pivot or long report,
        the Proteins export of Proteome Discoverer, or a wide table with a
        protein or gene column and one column a sample (TSV, CSV, XLSX, Parquet;
        text gzipped or not), or an AnnData file (``.h5ad``).
    samples
        Sample sheet; only its samples are read. An AnnData file brings its own.
    software
        ``"auto"`` tells it from the header; ``"maxquant"``, ``"diann"``, ``"fragpipe"``, ``"tmt_integrator"``,
        ``"spectronaut"``, ``"proteome_discoverer"``, ``"table"``.
    quantity
        ``"auto"`` takes the first that is there: LFQ, then intensity (MaxQuant);
        MaxLFQ, then intensity (FragPipe, DIA-NN). Or a quantity by name, such as ``"ibaq"``.
    scale
        ``"auto"`` tells it from the values; ``"raw"``, ``"log2"``, ``"ratio"``.
    organism
        ``"human"``, ``"mouse"`` or ``"rat"``.

    Returns
    -------
    Experiment
        Contaminants and decoys flagged, not dropped; zeros of a raw table
        missing; what was decided in the history.

    Raises
    ------
    InputError
        A file that cannot be read, a header that does not fit the software, a
        quantity that is not there, text or an infinite value among the
        numbers, values that contradict the declared scale.
    """
    one_of("software", software, ["auto", *DIALECTS])
    one_of("scale", scale, ["auto", *SCALES])
    one_of("organism", organism, ORGANISMS)
    sheet, sheet_digest = read_sheet(samples) if samples is not None else (None, None)
    table, dialect, known, note = _read(path, software, quantity)
    sheet = known if sheet is None else sheet
    columns, chosen = _quantity_columns(table, dialect, quantity, sheet)
    ids, proteins = _proteins(table, dialect)
    left_out: list[str] = []
    if sheet is not None:
        matched = match_samples(
            list(sheet.index), list(columns.values()), name=Path(str(samples or path)).name
        )
        back = {name: column for column, name in columns.items()}
        left_out = [name for name in columns.values() if name not in matched]
        columns = {back[name]: sample for name, sample in matched.items()}
        _note_left_out(left_out)
    values = numbers(table.frame, list(columns), ids=ids, name=table.name, what="matrix")
    matrix = values.T.set_axis(pd.Index(ids.to_numpy(dtype=object)), axis=1)
    matrix.index = pd.Index([columns[c] for c in values.columns], dtype=object)
    found = _scale(matrix, scale, table.name)
    zeros = 0
    if found == "raw":
        zeros = int((matrix == 0).to_numpy().sum())
        matrix = matrix.where(matrix > 0)
    _check_every_sample(matrix, asked=sheet is not None)
    history = {
        "verb": "read_proteins",
        "file": table.name,
        "sha256": table.sha256,
        "samples_file": Path(str(samples)).name if samples is not None else None,
        "samples_sha256": sheet_digest,
        "software": dialect.name,
        "quantity": chosen,
        "scale": found,
        "n_zero_to_missing": zeros,
        "not_in_sheet": left_out,
        **note,
    }
    annotation = sheet.loc[matrix.index] if sheet is not None else pd.DataFrame(index=matrix.index)
    proteins.index = matrix.columns
    return Experiment(matrix, annotation, proteins, found, organism, [history])


def _read(
    path: str | Path, software: str, quantity: str
) -> tuple[Table, Dialect, pd.DataFrame | None, dict[str, object]]:
    """Wide table with its layout, the samples' annotation where the file holds it, and notes for the history."""
    if is_h5ad(path):
        table, dialect, known = read_h5ad(path)
        return table, dialect, known, {}
    table = read_table(path, pick=wanted_columns)
    report = find_report({plain(c) for c in table.frame.columns}, software)
    if report is None:
        return table, _dialect(table, software), None, {}
    table, dialect, note = to_wide(table, report, quantity)
    return table, dialect, None, note


def _note_left_out(left_out: list[str]) -> None:
    if left_out:
        warnings.warn(
            f"{len(left_out)} columns of the matrix are not in the sample sheet and are left out: {listed(left_out, limit=6)}",
            MarkerkitWarning,
            stacklevel=4,
        )


def _check_every_sample(matrix: pd.DataFrame, *, asked: bool) -> None:
    """Refuse a sample without a value that the sheet asks for: it would count as absence of everything."""
    lost = list(matrix.index[matrix.isna().all(axis=1)])
    if not lost:
        return
    if asked:
        raise InputError(
            f"the matrix has no value at all in sample {listed(lost)}; take it out of the sample sheet, or export it again."
        )
    warnings.warn(
        f"the matrix has no value at all in sample {listed(lost, limit=6)}; leave it out of the sample sheet",
        MarkerkitWarning,
        stacklevel=4,
    )


# ---- header ----------------------------------------------------------------------


def _dialect(table: Table, software: str) -> Dialect:
    columns = list(table.frame.columns)
    header = {plain(c) for c in columns}
    _refuse_other_kinds(table, header)
    if software != "auto":
        dialect = DIALECTS[software]
        if not _fits(dialect, columns):
            raise InputError(
                f"the matrix {table.name!r} does not look like {software}: it lacks {dialect.hint}; found "
                f"{listed(table.frame.columns, limit=8)}."
            )
        return dialect
    return next((d for d in DIALECTS.values() if d is not TABLE and _fits(d, columns)), TABLE)


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
            "the abundances of all proteins of a sample, one column a sample."
        )
    if {"normalized abundance", "raw abundance"} <= header | top:
        raise InputError(
            f"the matrix {table.name!r} is an export of Progenesis with a header of three lines; keep the third as the header "
            "and one column a sample."
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
        and (not dialect.shown_by or any(re.fullmatch(dialect.shown_by, c) for c in columns))
    )


def _quantity_columns(
    table: Table, dialect: Dialect, quantity: str, sheet: pd.DataFrame | None
) -> tuple[dict[str, str], str]:
    """Columns with their sample names, and the quantity they are of."""
    columns = list(table.frame.columns)
    found = {name: _matching(table, pattern, dialect, sheet) for name, pattern in dialect.quantities.items()}
    there = [name for name, hits in found.items() if hits]
    if quantity != "auto" and quantity not in there:
        raise InputError(
            f"the matrix {table.name!r} has no quantity {quantity!r}; {dialect.name} tables hold "
            f"{listed(dialect.quantities, conjunction='or')}, here there is {listed(there)}."
        )
    if not there:
        raise InputError(
            f"the matrix {table.name!r} has no sample columns; {dialect.name} needs {dialect.hint}. Found "
            f"{listed(columns, limit=12)}."
        )
    chosen = there[0] if quantity == "auto" else quantity
    return found[chosen], chosen


def _matching(table: Table, pattern: str, dialect: Dialect, sheet: pd.DataFrame | None) -> dict[str, str]:
    columns = list(table.frame.columns)
    if pattern:
        hits = {c: m["s"].strip() for c in columns if (m := re.fullmatch(pattern, c))}
    else:
        named = {short_name(s).casefold() for s in sheet.index} if sheet is not None else set()
        taken = {_column(table, dialect.accession), _column(table, dialect.gene)}
        hits = {
            c: c
            for i, c in enumerate(columns)
            if c not in taken
            and (
                short_name(c).casefold() in named
                or (
                    plain(c) not in dialect.annotation
                    and _numeric(table.frame[c])
                    and not (i == 0 and None in taken)
                )
            )
        }
        # X beside X_LFQ is one sample twice: raw and normalized intensity (AlphaPept)
        twins = {c: c.removesuffix("_LFQ") for c in hits if c.endswith("_LFQ")}
        if twins and set(twins.values()) == set(hits) - set(twins):
            hits = twins
    short = {c: short_name(s) for c, s in hits.items()}
    return short if len(set(short.values())) == len(short) else hits


def _numeric(cells: pd.Series) -> bool:
    """Say whether a column holds numbers, a few stray texts aside (they are reported, not passed over)."""
    if pd.api.types.is_bool_dtype(cells):
        return False
    if pd.api.types.is_numeric_dtype(cells):
        return True
    given = cells.dropna()
    return bool(len(given)) and bool(pd.to_numeric(given, errors="coerce").notna().mean() >= 0.5)


def _column(table: Table, names: tuple[str, ...]) -> str | None:
    folded = {plain(c): c for c in reversed(table.frame.columns)}
    return next((folded[n] for n in names if n in folded), None)


# ---- proteins ----------------------------------------------------------------------


def _proteins(table: Table, dialect: Dialect) -> tuple[pd.Series, pd.DataFrame]:
    """Names of the rows, made unique, and their annotation."""
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
    accession, gene = (blank if s is None else s for s in (accession, gene))
    description = _text(table, dialect.description)
    if description is not None:
        gene = gene.where(gene != "", description.str.extract(r"\bGN=([\w.\-]+)", expand=False).fillna(""))
    ids = accession.where(accession != "", gene)
    ids = ids.where(ids != "", pd.Series([f"row {i + 1}" for i in range(len(frame))], index=frame.index))
    counts = _text(table, dialect.peptides)
    proteins = pd.DataFrame(
        {
            "accession": accession,
            "gene": gene,
            "is_contaminant": accession.str.contains(CONTAMINANT) | _flag(table, dialect.contaminant),
            "is_decoy": accession.str.contains(DECOY) | _flag(table, dialect.decoy),
            "species": _species(accession, description),
            "n_peptides": np.nan
            if counts is None
            else pd.to_numeric(counts.str.split(";").str[0], errors="coerce"),
        }
    )
    length = _text(table, dialect.length)
    if length is not None:
        known = pd.to_numeric(length.str.split(";").str[0], errors="coerce")
        proteins["length"] = known.where(known > 0)
    return _unique(ids), proteins


def _text(table: Table, names: tuple[str, ...]) -> pd.Series | None:
    column = _column(table, names)
    if column is None:
        return None
    cells = table.frame[column]
    return cells.astype(object).where(cells.notna(), "").astype(str).str.strip()


def _flag(table: Table, names: tuple[str, ...]) -> pd.Series:
    text = _text(table, names)
    if text is None:
        return pd.Series(False, index=table.frame.index)  # noqa: FBT003
    return text.str.lower().isin(["+", "true", "1", "1.0", "yes"])


def _species(accession: pd.Series, description: pd.Series | None) -> pd.Series:
    text = accession if description is None else accession + " " + description
    code = text.str.extract(_MNEMONIC, expand=False).map(ENTRY_CODES)
    named = text.str.extract(r"OS=([A-Z][a-z]+ [a-z]+)", expand=False)
    whole = text.str.extract(rf"\b({'|'.join(SPECIES.values())})\b", expand=False)
    species = pd.Series("", index=accession.index, dtype=object)
    for found in (code, named, whole):
        species = species.where(species != "", found.astype(object).where(found.notna(), ""))
    return species


def _unique(ids: pd.Series) -> pd.Series:
    n = ids.groupby(ids).cumcount()
    if n.any():
        warnings.warn(
            f"{int((n > 0).sum())} rows repeat the name of another row and are kept as 'name (2)', 'name (3)', ...",
            MarkerkitWarning,
            stacklevel=5,
        )
    return ids.where(n == 0, ids + " (" + (n + 1).astype(str) + ")")


# ---- scale ----------------------------------------------------------------------------


def _scale(matrix: pd.DataFrame, scale: str, name: str) -> str:
    """Tell the scale from the values, and refuse a declared one that they contradict."""
    values = matrix.to_numpy()
    known = values[~np.isnan(values) & (values != 0)]
    if len(known) == 0:
        raise InputError(
            f"the matrix {name!r} holds no value in the samples asked for; see that the sheet is right."
        )
    if len(known) >= _FEW_VALUES and known.min() == known.max():
        raise InputError(
            f"every value of the matrix {name!r} is {known[0]:g}: it says what was seen, not how much; export the intensities."
        )
    largest, median, negative = float(known.max()), float(np.median(known)), bool((known < 0).any())
    if largest > _RAW_LARGEST:
        raise InputError(
            f"the matrix {name!r} holds {largest:.3g}, which no instrument measures; mend that cell."
        )
    looks_log = largest <= _LOG_LARGEST and median >= _LOG_SMALLEST_MEDIAN and known.std() < 8
    if scale == "auto":
        if negative:
            return "log2" if looks_log else _negative_scale(largest, name)
        return "log2" if looks_log else "raw"
    if scale in {"log2", "ratio"} and largest > _LOG_LARGEST:
        raise InputError(
            f"the matrix {name!r} was declared {scale} but holds {largest:.3g}; log values stay below {_LOG_LARGEST:g}. "
            "Declare it raw, or leave the scale to be told."
        )
    if scale == "raw" and negative:
        raise InputError(
            f"the matrix {name!r} was declared raw but holds the negative value {float(known.min()):.3g}; declare log2 or ratio."
        )
    if scale == "raw" and looks_log:
        warnings.warn(
            f"{name} was declared raw, but its values (median {median:.3g}, largest {largest:.3g}) look like logarithms",
            MarkerkitWarning,
            stacklevel=4,
        )
    return scale


def _negative_scale(largest: float, name: str) -> str:
    if largest > _LOG_LARGEST:
        raise InputError(
            f"the matrix {name!r} holds negative values and values up to {largest:.3g}: neither raw nor log; mend the table."
        )
    return "ratio"
