"""Marker sets: the reference catalog, and sets of your own."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from markerkit.catalog import derive
from markerkit.catalog import files as io
from markerkit.catalog import validate as check
from markerkit.catalog.catalog import MarkerCatalog, MarkerSet
from markerkit.catalog.files import reference_folder
from markerkit.core.errors import InputError, one_of
from markerkit.core.experiment import ORGANISMS

__all__ = [
    "MarkerCatalog",
    "MarkerSet",
    "diff",
    "load_markers",
    "read_markers",
    "reference_folder",
    "validate",
]


def load_markers(organism: str = "human", *, extra: Iterable[str | Path] = ()) -> MarkerCatalog:
    """Load the reference marker sets.

    Parameters
    ----------
    organism
        ``"human"``, ``"mouse"`` or ``"rat"``.
    extra
        Files of your own sets (TOML, TSV or GMT) to add. TSV and GMT files are
        taken to be of `organism`; a TOML file says its own.

    Raises
    ------
    InputError
        Unknown organism, a faulty file, a set id that is taken.

    Examples
    --------
    >>> load_markers("mouse")["exosome"].positive[:3]
    ['Cd63', 'Cd81', 'Cd9']
    """
    one_of("organism", organism, ORGANISMS)
    folder = reference_folder()
    info, references, records = io.read_reference(folder)
    taken = {r.header["id"] for r in records}
    for path in [extra] if isinstance(extra, str | Path) else extra:
        for record in io.read_sets(path):
            if record.header["id"] in taken:
                raise InputError(
                    f"{path}: the set id {record.header['id']!r} is taken; give your set another name."
                )
            if Path(path).suffix.lower() != ".toml":
                record.header["organism"] = organism
            elif record.header["organism"] in set(ORGANISMS) - {"human", organism}:
                theirs = record.header["organism"]
                raise InputError(f"{path}: the set is of {theirs}; use load_markers({theirs!r}, extra=...).")
            taken.add(record.header["id"])
            records.append(record)
    catalog = MarkerCatalog(records, references=references, info=info, orthologs=io.read_orthologs(folder))
    return catalog.for_organism(organism)


def read_markers(path: str | Path, *, organism: str = "human") -> MarkerCatalog:
    """Read the sets of one file or folder of your own, without the reference sets.

    Parameters
    ----------
    path
        ``.toml`` (the schema of the reference sets), ``.tsv`` (columns ``set``
        and ``gene``; optional ``role``, ``uniprot``, ``weight``, ``complex``,
        ...) or ``.gmt``; or a folder like that of the reference sets, such as
        an earlier version of it.
    organism
        Organism of the genes in a TSV or GMT file.

    Raises
    ------
    InputError
        A faulty file: says which, in what line where it can be found, and what to do.
    """
    if (Path(path) / "catalog.toml").is_file():
        info, references, records = io.read_reference(Path(path))
        orthologs = io.read_orthologs(Path(path))
        catalog = MarkerCatalog(records, references=references, info=info, orthologs=orthologs)
        return catalog.for_organism(organism)
    records = io.read_sets(path)
    if Path(path).suffix.lower() == ".toml":
        declared = records[0].header["organism"]
        organism = declared if declared in ORGANISMS else organism
    return MarkerCatalog(records, organism=organism)


def diff(old: MarkerCatalog, new: MarkerCatalog) -> pd.DataFrame:
    """Say what changed between two catalogs of one organism.

    Returns
    -------
    One row a change: ``set``, ``gene`` (empty for a whole set), ``role``,
    ``change`` (``added``, ``removed``, ``changed``), ``field``, ``old``, ``new``.
    Every change of ``weight``, ``role``, ``complex`` or ``listed_only`` can flip a verdict.
    """
    if old.organism != new.organism:
        raise InputError(
            f"catalogs of {old.organism} and {new.organism} cannot be compared; load both for one."
        )
    return derive.differences(old.table, new.table)


def validate(path: str | Path) -> pd.DataFrame:
    """Check a file of marker sets, or a folder of them, before it is used.

    Parameters
    ----------
    path
        A ``.toml``, ``.tsv`` or ``.gmt`` file, or a folder of TOML sets.

    Returns
    -------
    One row a finding: ``file``, ``line`` (0 where it cannot be told), ``set``,
    ``gene``, ``level`` (``error``: the file cannot be loaded; ``warning``: it
    can), ``finding``, ``fix``. No row: all is well.

    Raises
    ------
    InputError
        A folder without sets.
    """
    path = Path(path)
    folder = reference_folder()
    known = {r.header["id"]: r for r in io.read_reference(folder)[2]}
    beside = (path if path.is_dir() else path.parent) / "references.toml"
    references = set(io.read_toml(beside if beside.is_file() else folder / "references.toml"))
    accession = {m["gene"]: m["uniprot"] for r in known.values() for m in r.markers}
    files = sorted(f for f in path.glob("*.toml") if f.stem not in io.RESERVED) if path.is_dir() else [path]
    if not files:
        raise InputError(f"{path} is a folder without .toml sets; give a file of sets or a folder of them.")
    rows = [{"file": str(f), **row} for f in files for row in check.findings(f, references, accession)]
    if beside.is_file() and path.is_dir():
        rows += [{"file": str(beside), **row} for row in check.citation_findings(beside)]
    return pd.DataFrame(rows, columns=list(check.COLUMNS))
