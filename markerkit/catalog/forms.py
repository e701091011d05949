"""Marker sets in the forms that users write them: one set, named lists of genes, one list of genes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from markerkit.catalog import files as io
from markerkit.catalog.marker_set import MarkerSet
from markerkit.core.errors import InputError, listed
from markerkit.core.experiment import ORGANISMS

if TYPE_CHECKING:
    from markerkit.catalog.catalog import MarkerCatalog

#: marker sets in every form that is taken: a catalog, one set, named lists of genes, one list of genes
Sets: TypeAlias = "MarkerCatalog | MarkerSet | Mapping[str, Iterable[str]] | Iterable[str]"
#: name of a list of genes that has none
UNNAMED = "genes"
NO_SET = "`markers` holds no set; give a catalog, a set, or genes by the name of their set."


def records_of(sets: Sets, organism: str) -> list[io.SetRecord]:
    """Make the records of named sets and lists; lists are of `organism`.

    Raises
    ------
    InputError
        What :func:`named_sets` and :func:`genes_of_list` refuse; no set at all; a name that cannot be one; a set of
        another organism, or one without a gene.
    """
    named = named_sets(sets)
    if not named:
        raise InputError(NO_SET)
    records = []
    for name, given in named.items():
        if not io.SET_ID.fullmatch(name):
            raise InputError(
                f"a set cannot be called {name!r}: a name begins with a letter or a digit and has no ';'."
            )
        if not isinstance(given, MarkerSet):
            record = of_organism(io.record_of_list(name, genes_of_list(name, given)), organism)
        elif given.organism in {*ORGANISMS} - {organism}:
            raise InputError(f"the set {name!r} is of {given.organism}, and {organism} is asked for.")
        else:
            record = record_of_set(name, given)
        if not record.markers:
            raise InputError(f"the set {name!r} is empty; give at least one gene, or leave it out.")
        records.append(record)
    return records


def of_organism(record: io.SetRecord, organism: str) -> io.SetRecord:
    """Say of which organism the genes of a set are."""
    return record._replace(header={**record.header, "organism": organism})


def named_sets(markers: Sets | None) -> dict[str, Iterable[str]]:
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


def genes_of_list(name: str, given: Iterable[str]) -> list[str]:
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


def record_of_set(name: str, given: MarkerSet) -> io.SetRecord:
    """Make the record of a set of a catalog, with its weights as they are there."""
    fields = ("vesicle", "role", "organism", "note", "minimum_measured")
    header = {**io.HEADER, "id": name, "title": given.title, **{f: getattr(given, f) for f in fields}}
    header["derived_from"] = list(given.derived_from)
    rows: list[dict[Any, Any]] = given.table.rename(columns={"accession": "uniprot"}).to_dict("records")
    markers = [{k: row[k] for k in io.MARKER} for row in rows]
    for marker in markers:
        marker["shared_with"] = [s for s in marker["shared_with"].split(";") if s]
    return io.SetRecord(header, markers)


def as_list(value: str | Iterable[str]) -> list[str]:
    """Take one name for a list of one: a text is never its letters."""
    return [value] if isinstance(value, str) else list(value)
