"""Marker sets: the reference catalog, and sets of your own."""

from __future__ import annotations

import warnings
from collections.abc import Collection, Iterable
from functools import cache
from pathlib import Path

import pandas as pd

from markerkit.catalog import derive, forms
from markerkit.catalog import files as io
from markerkit.catalog import validate as check
from markerkit.catalog.catalog import MarkerCatalog
from markerkit.catalog.files import reference_folder
from markerkit.catalog.forms import Sets
from markerkit.catalog.marker_set import MarkerSet
from markerkit.catalog.user_sets import catalog_genes, mapped_sets
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
    "shipped",
    "validate",
    "with_reference",
]


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
    if Path(organism).suffix:
        raise InputError(
            f"`organism` is 'human', 'mouse' or 'rat'; got the file {organism!r}. Beside the reference sets it is "
            f"load_markers(extra=[{organism!r}]), alone read_markers({organism!r})."
        )
    one_of("organism", organism, ORGANISMS)
    own: list[str | Path] = [extra] if isinstance(extra, str | Path) else list(extra)
    return _with_files(organism, own) if own else shipped(organism)


def _with_files(organism: str, own: list[str | Path]) -> MarkerCatalog:
    """Read the reference sets and the files of a user."""
    folder = reference_folder()
    info, references, records = io.read_reference(folder)
    taken = {r.header["id"] for r in records}
    unmapped: list[dict[str, str]] = []
    for path in own:
        read = io.read_sets(path)
        for record in read:
            _check_extra(record, taken, organism, path)
        mapped, lost = mapped_sets(read, path)
        records += mapped
        unmapped += lost
    catalog = MarkerCatalog(
        records, references=references, info=info, orthologs=io.read_orthologs(folder), unmapped=unmapped
    )
    return catalog.for_organism(organism)


@cache
def shipped(organism: str) -> MarkerCatalog:
    """Take the reference sets of an organism, read once in a process: a catalog hands out copies and is never changed.

    Parameters
    ----------
    organism
        As in :func:`load_markers`.

    Raises
    ------
    InputError
        Unknown organism.

    Examples
    --------
    >>> shipped("human") is shipped("human")
    True
    """
    one_of("organism", organism, ORGANISMS)
    return _with_files(organism, [])


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
        records = [forms.of_organism(r, organism) for r in records]
    return MarkerCatalog.of_records(records, organism=organism, where=str(path))


def with_reference(markers: Sets | None, organism: str) -> MarkerCatalog:
    """Take the sets of an assessment, which needs those of the vesicle classes and of the sources.

    Parameters
    ----------
    markers
        A catalog that came from reference sets, or has sets by their names, is taken as it is; other
        sets of a user, in any form, are put beside the shipped ones; None is the shipped ones.
    organism
        Of the experiment.

    Raises
    ------
    InputError
        What :meth:`MarkerCatalog.add` refuses.

    Examples
    --------
    >>> catalog = with_reference({"mine": ["CD9", "CD63"]}, "human")
    >>> "mine" in catalog, "exosome" in catalog
    (True, True)
    """
    if isinstance(markers, MarkerCatalog) and markers.info:
        return markers
    reference = shipped(organism)
    if isinstance(markers, MarkerCatalog) and any(name in reference for name in markers):
        return markers
    return reference if markers is None else reference.add(markers)


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
        return shipped(organism)
    if isinstance(markers, MarkerCatalog):
        return markers
    named = forms.named_sets(markers)
    if not named:
        raise InputError(forms.NO_SET)
    sets = {name: given for name, given in named.items() if isinstance(given, MarkerSet)}
    lists = {name: forms.genes_of_list(name, given) for name, given in named.items() if name not in sets}
    _warn_unknown(dict.fromkeys(g for genes in lists.values() for g in genes), organism, measured)
    own = {s.organism for s in sets.values()} & set(ORGANISMS)
    organism = organism or (own.pop() if len(own) == 1 else "human")
    if not sets:
        return MarkerCatalog.of_lists(lists, organism=organism)
    records = [
        forms.record_of_set(n, sets[n]) if n in sets else io.record_of_list(n, lists[n]) for n in named
    ]
    return MarkerCatalog(records, organism=organism)


def _warn_unknown(genes: Iterable[str], organism: str | None, measured: Collection[str]) -> None:
    """Name the genes that neither the study nor the gene table has: mostly aliases or typing errors."""
    here = measured if isinstance(measured, set | frozenset) else frozenset(measured)
    lost = [g for g in genes if g not in here]
    for name in ORGANISMS if organism is None else (organism,):
        lost = [g for g in lost if g not in gene_table(name).symbols] if lost else []
        lost = [g for g in lost if g not in catalog_genes(name)] if lost else []
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
