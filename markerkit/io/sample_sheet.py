"""Sample sheets: reading, matching to the matrix, a template to fill in."""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

import pandas as pd

from markerkit.core.errors import InputError, MarkerkitWarning, listed, suggestion
from markerkit.core.experiment import Experiment
from markerkit.io.dialects import plain
from markerkit.io.tabular import as_table

SAMPLE_COLUMNS = (
    "sample", "samples", "sample name", "sample id", "sampleid", "samplename", "run", "raw file", "rawfile", "file",
    "file name", "filename", "comment data file", "source name", "name",
)  # fmt: skip
_ENDINGS = re.compile(r"\.(raw|mzml|d|wiff2?|dia|htrms|thermo\.raw|raw\.thermo|mzxml)$", re.IGNORECASE)


def short_name(name: str) -> str:
    r"""Take a run's base name, without folder and instrument ending.

    >>> short_name(r"D:\data\run_01.mzML")
    'run_01'
    """
    return _ENDINGS.sub("", PurePosixPath(str(name).replace("\\", "/")).name) or str(name)


def read_sheet(path: str | Path | pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Read a sample sheet.

    Parameters
    ----------
    path
        TSV, CSV, XLSX or SDRF, or a frame. The sample column is called ``sample``, ``run``, ``raw file`` or
        the like; a frame without one holds the names in its index.

    Returns
    -------
    The sheet on its sample names, and the SHA-256 of the file.

    Raises
    ------
    InputError
        No sample column, a sample that is there twice or has no name.
    """
    table = as_table(path, what="sample sheet")
    frame = table.frame.dropna(how="all")
    column = _sample_column(frame, table.name, indexed=_is_indexed(path))
    names = frame[column].astype(str).str.strip()
    _check_names(names, frame[column].isna(), f"the sample sheet {table.name!r}")
    # SDRF columns are named by the text in their brackets
    sheet = frame.drop(columns=column).rename(columns=lambda c: re.sub(r"^.*\[(.+)\]$", r"\1", c))
    sheet = sheet.loc[:, ~sheet.columns.duplicated()]
    for name in sheet.columns:
        if sheet[name].dtype == object or isinstance(sheet[name].dtype, pd.StringDtype):
            sheet[name] = sheet[name].astype(object).map(lambda v: v.strip() if isinstance(v, str) else v)
    return sheet.set_axis(pd.Index(names.to_numpy(dtype=object), name="sample")), table.sha256


def _is_indexed(given: object) -> bool:
    return isinstance(given, pd.DataFrame) and not isinstance(given.index, pd.RangeIndex)


def _sample_column(frame: pd.DataFrame, name: str, *, indexed: bool) -> str:
    """Column of the sample names: by its name, else the index that a frame came with."""
    folded = {plain(c): str(c) for c in reversed(frame.columns)}
    column = next((folded[c] for c in SAMPLE_COLUMNS if c in folded), None)
    if column is not None:
        return column
    if indexed:
        return str(frame.columns[0])
    raise InputError(
        f"the sample sheet {name!r} has no sample column; call it 'sample'. Found {listed(frame.columns, limit=20)}."
    )


def _check_names(names: pd.Series, empty: pd.Series, what: str) -> None:
    if empty.any():
        raise InputError(f"{what} has a row without a sample name; fill in `{names.name}`.")
    doubled = names[names.duplicated()].unique()
    if len(doubled):
        raise InputError(f"{what} names the sample {listed(doubled)} twice; keep one row each.")


def match_samples(sheet: Sequence[str], matrix: Sequence[str], *, name: str) -> dict[str, str]:
    """Match sheet samples to matrix columns: exactly, else by base name without regard to case.

    Parameters
    ----------
    sheet, matrix
        Names.
    name
        File of the sheet, for the messages.

    Returns
    -------
    Matrix column -> sheet sample, in the order of the sheet.

    Raises
    ------
    InputError
        Nothing matches.
    """
    exact = set(matrix)
    loose: dict[str, list[str]] = {}
    for column in matrix:
        loose.setdefault(short_name(column).casefold(), []).append(column)
    found: dict[str, str] = {}
    for sample in sheet:
        near = loose.get(short_name(sample).casefold(), [])
        hit = sample if sample in exact else near[0] if len(near) == 1 else None
        if hit is not None and hit not in found:
            found[hit] = sample
    lost = [s for s in sheet if s not in found.values()]
    if not found:
        raise InputError(
            f"no sample of the sheet {name!r} is a column of the matrix: the sheet has {listed(sheet, limit=4)}, the matrix "
            f"{listed(matrix, limit=4)}.{suggestion(sheet[0], matrix)} `markerkit samples MATRIX` writes a sheet that fits."
        )
    if lost:
        warnings.warn(
            f"{len(lost)} samples of the sheet are not in the matrix and are left out: {listed(lost, limit=6)}",
            MarkerkitWarning,
            stacklevel=4,
        )
    return found


def sample_template(exp: Experiment) -> pd.DataFrame:
    """Write a sample sheet to fill in, with guesses marked as guesses.

    Parameters
    ----------
    exp
        Experiment.

    Returns
    -------
    Columns ``sample`` (exact names), ``condition`` (empty, to fill in),
    ``condition (guess)`` and ``replicate (guess)`` from the names' endings.
    """
    names = [str(s) for s in exp.samples.index]
    parts = [re.fullmatch(r"(.*?)[\s._\-]*(\d+)", n) for n in names]
    stems = [m[1] if m and m[1] else n for m, n in zip(parts, names, strict=True)]
    repeated = {s for s in stems if stems.count(s) > 1}
    return pd.DataFrame(
        {
            "sample": names,
            "condition": "",
            "condition (guess)": [s if s in repeated else "" for s in stems],
            "replicate (guess)": [
                m[2] if m and s in repeated else "" for m, s in zip(parts, stems, strict=True)
            ],
        }
    )
