"""Marker sets: the reference catalog, and sets of your own."""

from __future__ import annotations

import warnings
from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeAlias

import pandas as pd

from markerkit.catalog import derive
from markerkit.catalog import files as io
from markerkit.catalog import validate as check
from markerkit.catalog.catalog import MarkerCatalog
from markerkit.catalog.files import reference_folder
from markerkit.catalog.marker_set import MarkerSet
from markerkit.catalog.user_sets import mapped_sets
from markerkit.core.errors import InputError, MarkerkitWarning, listed, one_of
from markerkit.core.experiment import ORGANISMS
from markerkit.core.genes import gene_table

__all__ = [
    "MarkerCatalog",
    "MarkerSet",
    "Sets",
    "as_sets",
    "diff",
    "load_markers",
    "read_markers",
    "reference_folder",
    "validate",
]


#: marker sets in every form that is taken: a catalog, one set, named lists of genes, one list of genes
Sets: TypeAlias = "MarkerCatalog | MarkerSet | Mapping[str, Iterable[str]] | Iterable[str]"
#: name of a list of genes that has none
UNNAMED = "genes"


def load_markers(organism: str = "human", *, extra: Iterable[str | Path] = ()) -> MarkerCatalog:
    """Load the reference marker sets.

    Parameters
    ----------
    organism
        ``"human"``, ``"mouse"`` or ``"rat"``.
    extra
        Files of your own sets (TOML, TSV, CSV or GMT) to add. Tables and GMT files
        are taken to be of `organism`; a TOML file says its own. Their genes are mapped
        as those of the data are: symbols, aliases, accessions, Ensembl genes and,
        of human, Entrez gene IDs. What cannot be mapped stays a member that is not
        measured and is listed in ``unmapped``.

    Returns
    -------
    MarkerCatalog
        The sets by id, in the genes of the organism.

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
    unmapped: list[dict[str, str]] = []
    for path in [extra] if isinstance(extra, str | Path) else extra:
        read = io.read_sets(path)
        for record in read:
            _check_extra(record, taken, organism, path)
        mapped, lost = mapped_sets(read, path, _catalog_genes)
        records += mapped
        unmapped += lost
    catalog = MarkerCatalog(
        records, references=references, info=info, orthologs=io.read_orthologs(folder), unmapped=unmapped
    )
    return catalog.for_organism(organism)


def _check_extra(record: io.SetRecord, taken: set[str], organism: str, path: str | Path) -> None:
    """Refuse a set whose name is taken or whose organism is another one; a table without organism is of `organism`."""
    header = record.header
    if header["id"] in taken:
        raise InputError(f"{path}: the set id {header['id']!r} is taken; give your set another name.")
    if Path(path).suffix.lower() != ".toml":
        header["organism"] = organism
    elif header["organism"] in set(ORGANISMS) - {"human", organism}:
        other = header["organism"]
        raise InputError(f"{path}: the set is of {other}; use load_markers({other!r}, extra=...).")
    taken.add(header["id"])


def read_markers(path: str | Path, *, organism: str = "human") -> MarkerCatalog:
    r"""Read the sets of one file or folder of your own, without the reference sets.

    Parameters
    ----------
    path
        ``.toml`` (the schema of the reference sets), ``.tsv`` or ``.csv`` (columns
        ``set`` and ``gene``; optional ``role``, ``uniprot``, ``weight``, ``complex``,
        ...), ``.gmt``, or ``.txt`` with one gene a line; or a folder like that of the reference sets, such as
        an earlier version of it.
    organism
        Organism of the genes in a TSV or GMT file.

    Returns
    -------
    MarkerCatalog
        The sets of the file, by id.

    Raises
    ------
    InputError
        A faulty file: says which, in what line where it can be found, and what to do.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "mine.gmt"
    ...     _ = path.write_text("tetraspanins\tof mine\tCD63\tCD81\tCD9\n")
    ...     read_markers(path)["tetraspanins"].positive
    ['CD63', 'CD81', 'CD9']
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
    else:
        for record in records:
            record.header["organism"] = organism
    mapped, unmapped = mapped_sets(records, path, _catalog_genes)
    return MarkerCatalog(mapped, organism=organism, unmapped=unmapped)


def as_sets(
    markers: Sets | None, *, organism: str | None = None, measured: Collection[str] = ()
) -> MarkerCatalog:
    """Take marker sets in whatever form they come.

    Parameters
    ----------
    markers
        A catalog; a set of one; a mapping of names to sets or lists of genes;
        or a list of genes, which becomes a set called ``genes``. Genes of a
        list are positive members of weight 1. None is the shipped catalog
        of the organism, where that is given.
    organism
        Organism of the genes in lists; without it any.
    measured
        Genes of the study.

    Returns
    -------
    MarkerCatalog
        The sets by the names they were given.

    Raises
    ------
    InputError
        A single text in place of a list, something that is no text among the
        genes, no set at all.

    Warns
    -----
    MarkerkitWarning
        Genes of a list that the study does not have and that are no approved
        symbol of the organism: they count as not measured.

    Examples
    --------
    >>> as_sets(["CD9", "CD63", "CD81"])["genes"]
    <MarkerSet genes: 3 positive, 0 negative, human>
    >>> list(as_sets({"mine": ["CD9"], "reference": load_markers()["exosome"]}))
    ['mine', 'reference']
    """
    if markers is None and organism is not None:
        return load_markers(organism)
    if isinstance(markers, MarkerCatalog):
        return markers
    named = _named(markers)
    if not named:
        raise InputError("`markers` holds no set; give a catalog, a set, or genes by the name of their set.")
    sets = {name: given for name, given in named.items() if isinstance(given, MarkerSet)}
    lists = {name: _genes(name, given) for name, given in named.items() if name not in sets}
    _warn_unknown(dict.fromkeys(g for genes in lists.values() for g in genes), organism, measured)
    own = {s.organism for s in sets.values()} & set(ORGANISMS)
    organism = organism or (own.pop() if len(own) == 1 else "human")
    if not sets:
        return MarkerCatalog.of_lists(lists, organism=organism)
    records = [_record(n, sets[n]) if n in sets else io.record_of_list(n, lists[n]) for n in named]
    return MarkerCatalog(records, organism=organism)


def _named(markers: Sets | None) -> dict[str, Iterable[str]]:
    """Give every set a name; sets of a catalog keep theirs."""
    if isinstance(markers, MarkerSet):
        return {markers.id: markers}
    if isinstance(markers, Mapping):
        return {str(name): genes for name, genes in markers.items()}
    if isinstance(markers, str) or not isinstance(markers, Iterable):
        raise InputError(
            f"`markers` must be a catalog, a set, a mapping of names to genes or a list of genes; got {markers!r}. "
            f"For one gene write [{markers!r}]; for a set of the catalog write load_markers()[...]."
        )
    genes = list(markers)
    return {UNNAMED: genes} if genes else {}


def _genes(name: str, given: Iterable[str]) -> list[str]:
    """Genes of a list, each once."""
    if isinstance(given, str) or not isinstance(given, Iterable):
        raise InputError(f"the set {name!r} must be a list of genes; got {given!r}. Write [{given!r}].")
    genes = list(dict.fromkeys(given))
    wrong = [g for g in genes if not isinstance(g, str)]
    if wrong:
        raise InputError(
            f"the set {name!r} holds {listed(wrong, limit=3)}, which is no gene symbol; give texts."
        )
    return [g for g in genes if g]


def _record(name: str, given: MarkerSet) -> io.SetRecord:
    """Make the record of a set of a catalog, with its weights as they are there."""
    fields = ("vesicle", "role", "organism", "note", "minimum_measured")
    header = {**io.HEADER, "id": name, "title": given.title, **{f: getattr(given, f) for f in fields}}
    header["derived_from"] = list(given.derived_from)
    rows: list[dict[Any, Any]] = given.table.rename(columns={"accession": "uniprot"}).to_dict("records")
    markers = [{k: row[k] for k in io.MARKER} for row in rows]
    for marker in markers:
        marker["shared_with"] = [s for s in marker["shared_with"].split(";") if s]
    return io.SetRecord(header, markers)


@lru_cache(maxsize=len(ORGANISMS))
def _catalog_genes(organism: str) -> frozenset[str]:
    """Genes of the reference sets in an organism; some, such as ALB_BOVIN, are in no gene table."""
    folder = reference_folder()
    foreign = {
        m["gene"]
        for header, markers in io.read_reference(folder)[2]
        for m in markers
        if header["organism"] not in ORGANISMS
    }
    return frozenset(foreign | {row[f"{organism}_gene"] for row in io.read_orthologs(folder)})


def _warn_unknown(genes: Iterable[str], organism: str | None, measured: Collection[str]) -> None:
    """Name the genes that neither the study nor the gene table has: mostly aliases or typing errors."""
    here = measured if isinstance(measured, set | frozenset) else frozenset(measured)
    lost = [g for g in genes if g not in here]
    for name in ORGANISMS if organism is None else (organism,):
        lost = [g for g in lost if g not in gene_table(name).symbols] if lost else []
        lost = [g for g in lost if g not in _catalog_genes(name)] if lost else []
    if lost:
        known = gene_table(organism or "human").by_name
        hints = [f"{g!r} is {known[g.upper()][0]!r}" for g in lost if g.upper() in known][:3]
        warnings.warn(
            f"{len(lost)} genes of your sets are neither in the study nor approved symbols and count as not measured: "
            f"{listed(lost, limit=6)}" + (f"; {', '.join(hints)}" if hints else ""),
            MarkerkitWarning,
            stacklevel=4,
        )


def diff(old: MarkerCatalog, new: MarkerCatalog) -> pd.DataFrame:
    """List what changed between two catalogs of one organism.

    Returns
    -------
    One row per change: ``set``, ``gene`` (empty for a whole set), ``role``,
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
    One row per finding: ``file``, ``line`` (0 where it is not found), ``set``,
    ``gene``, ``level`` (``error``: the file cannot be loaded; ``warning``: it
    can), ``finding``, ``fix``. No row: nothing was found. A set beside an
    ``orthologs.tsv``, as in the reference sets, must also have its genes there
    and name in ``derived_from`` the citations that measured its members.

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
    home = beside.parent
    if (home / "orthologs.tsv").is_file():
        genes = {r["human_gene"] for r in io.read_orthologs(home)}
        rows += [{"file": str(f), **row} for f in files for row in check.membership_findings(f, genes)]
    if beside.is_file() and path.is_dir():
        rows += [{"file": str(beside), **row} for row in check.citation_findings(beside)]
    return pd.DataFrame(rows, columns=list(check.COLUMNS))
