"""The protein section of mzTab files as a table for the reader."""

from __future__ import annotations

import hashlib
import re
import warnings
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from markerkit.core.errors import InputError
from markerkit.io.delimited import check_header
from markerkit.io.dialects import Dialect
from markerkit.io.given import file_size
from markerkit.io.sample_sheet import short_name
from markerkit.io.tabular import Table

_ABUNDANCE = re.compile(r"protein_abundance_((?:assay|study_variable)\[\d+\])")
_START = re.compile(rb"(?:COM\b[^\n]*\n|\s)*MTD\t")
#: header of each section -> its rows
_SECTIONS = {"PRH": "PRT", "PEH": "PEP", "PSH": "PSM", "SMH": "SML"}
_DIALECT = Dialect(
    name="mztab",
    signature=frozenset(),
    accession=("accession",),
    gene=("opt global gene", "gene"),
    quantities={"assay": r"assay:(?P<s>.+)", "study variable": r"study_variable:(?P<s>.+)"},
    decoy=("opt global cv prideresult decoy hit", "opt global cv ms 1002217 decoy peptide"),
    description=("description",),
    hint="the section PRT with the columns 'accession' and 'protein_abundance_assay[1]'",
)


def is_mztab(path: str | Path) -> bool:
    """Say whether a path is that of an mzTab file: its first lines are comments and metadata (MTD)."""
    path = Path(path)
    file_size(path, "matrix")  # a pipe would be waited for
    try:
        with path.open("rb") as file:
            return _START.match(file.read(65536)) is not None
    except OSError:  # said when the table is read
        return False


def read_mztab(path: str | Path) -> tuple[Table, Dialect]:
    """Read the proteins of an mzTab file (version 1.0) as a wide table.

    Parameters
    ----------
    path
        File.

    Returns
    -------
    The table and its layout with the quantities ``assay`` and ``study variable``.
    Assays are called after their run, study variables after their description, where
    these differ.

    Raises
    ------
    InputError
        The extra ``mztab`` is not installed; the file cannot be read; it holds no proteins or no
        abundances of proteins.
    """
    path = Path(path)
    try:
        from pyteomics.mztab import MzTab
    except ImportError as error:
        raise InputError(
            f"the matrix {path.name!r} is an mzTab file, which needs pyteomics; run: pip install pyteomics."
        ) from error
    _check_rows(path)
    try:
        with path.open(encoding="utf-8") as handle, warnings.catch_warnings():
            warnings.filterwarnings("ignore", "The mzTab-version metadata header was missing")
            file = MzTab(handle)
        proteins: pd.DataFrame = file.protein_table.reset_index(drop=True)
        metadata = {str(k): str(v) for k, v in file.metadata.items()}
    except (ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
        raise InputError(
            f"the matrix {path.name!r} cannot be read as an mzTab file; write it again."
        ) from error
    names = _names([m[1] for c in proteins.columns if (m := _ABUNDANCE.fullmatch(c))], metadata)
    if not names or proteins.empty:
        what = metadata.get("mzTab-type", "of unknown type")
        raise InputError(
            f"the matrix {path.name!r} is an mzTab file ({what}) without abundances of proteins (protein_abundance_assay[1], "
            "...); give a file of the type Quantification, or the protein table of the software that wrote it."
        )
    table = proteins.rename(columns={f"protein_abundance_{part}": name for part, name in names.items()})
    if "description" in table.columns:
        table["description"] = table["description"].fillna("").astype(str) + _species(table)
    return Table(table, path.name, hashlib.sha256(path.read_bytes()).hexdigest()), _DIALECT


def _check_rows(path: Path) -> None:
    """Refuse a section with a column that is there twice or a row of another width than its header."""
    widths: dict[str, int] = {}
    with path.open(encoding="utf-8", errors="replace") as lines:
        for number, line in enumerate(lines, 1):
            kind, *cells = line.rstrip("\n").split("\t")
            if kind in _SECTIONS:
                check_header(cells, path.name, "matrix")
                widths[_SECTIONS[kind]] = len(cells)
            elif len(cells) != widths.get(kind, len(cells)):
                raise InputError(
                    f"the matrix {path.name!r} is ragged: line {number} ({kind}) has {len(cells) + 1} cells, the header of its section "
                    f"has {widths[kind] + 1}; write the file again."
                )


def _species(table: pd.DataFrame) -> pd.Series:
    """Species as FASTA headers write it, from the column that mzTab has for it."""
    if "species" not in table.columns:
        return pd.Series("", index=table.index)
    given = table["species"].fillna("").astype(str)
    return (" OS=" + given).where(given != "", "")


def _names(parts: list[str], metadata: Mapping[str, str]) -> dict[str, str]:
    """Name of each assay or study variable, marked with which of the two it is."""
    called = {part: _called(part, metadata) for part in parts}
    names = {}
    for part in parts:
        kind = part.split("[")[0]
        others = [name for other, name in called.items() if other.startswith(kind)]
        own = called[part] if called[part] and others.count(called[part]) == 1 else part
        names[part] = f"{kind}:{own}"
    return names


def _called(part: str, metadata: Mapping[str, str]) -> str:
    if part.startswith("study"):
        return metadata.get(f"{part}-description", "").strip()
    run = metadata.get(f"{part}-ms_run_ref", "").strip()
    return short_name(metadata.get(f"{run}-location", "")) if run else ""
