"""Gene names of a user's sets: mapped as those of the data are, so that both meet."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from markerkit.catalog import files as io
from markerkit.core.errors import InputError, MarkerkitWarning, listed
from markerkit.core.experiment import ORGANISMS
from markerkit.core.genes import gene_table
from markerkit.core.names import INVENTED, Named, find_name

#: share of the members of a set without a gene from which a warning names the set; aliases that are too old and genes
#: without protein make a few per cent of public collections
_LOST = 0.1
_FIELDS = (("gene", "gene"), ("accession", "uniprot"), ("role", "role"))


def mapped_sets(
    records: Iterable[io.SetRecord], path: str | Path
) -> tuple[list[io.SetRecord], list[dict[str, str]]]:
    """Map the members of sets to the gene table; what cannot be mapped stays as it is given.

    Parameters
    ----------
    records
        Sets as written. The gene table of their organism is used; sets of a species
        without one, and genes of the reference sets, stay as they are.
    path
        File, or what else the sets are called in messages.

    Returns
    -------
    Sets with approved symbols, each gene once; and the members without a gene, with the
    columns of ``MarkerCatalog.unmapped``. They count as members that were not measured.

    Raises
    ------
    InputError
        Two names of one gene, one of them positive and one negative.

    Warns
    -----
    MarkerkitWarning
        Sets of which a tenth of the members or more has no gene, by kind of identifier.
    """
    found: dict[tuple[str, str], Named] = {}
    mapped: list[io.SetRecord] = []
    lost: list[dict[str, str]] = []
    for record in records:
        name, organism = record.header["id"], record.header["organism"]
        if organism not in ORGANISMS:
            mapped.append(record)
            continue
        new = _mapped_set(record, found, path, catalog_genes(organism))
        mapped.append(new)
        unknown = [(m, found[organism, m["gene"]]) for m in new.markers if (organism, m["gene"]) in found]
        lost += [_lost(name, m, n.reason) for m, n in unknown if not n.gene]
    _warn_of_lost(mapped, lost, path)
    return mapped, lost


def _lost(name: str, marker: Mapping[str, Any], reason: str) -> dict[str, str]:
    """Row of a member without a gene."""
    return {"set": name, **{c: marker[f] for c, f in _FIELDS}, "reason": reason}


def _mapped_set(
    record: io.SetRecord, found: dict[tuple[str, str], Named], path: str | Path, kept: frozenset[str]
) -> io.SetRecord:
    """Map the members of one set; two names of one gene are one member."""
    organism = record.header["organism"]
    by_accession = gene_table(organism).by_accession
    first: dict[str, tuple[str, str]] = {}
    markers: list[dict[str, Any]] = []
    for marker in record.markers:
        given = marker["gene"]
        if (organism, given) not in found:
            named = Named(given) if given in kept else find_name(given, organism, numbers="entrez")
            found[organism, given] = named
        gene = found[organism, given].gene or by_accession.get(marker["uniprot"], "") or given
        before, role = first.setdefault(gene, (given, marker["role"]))
        if role != marker["role"]:
            raise InputError(
                f"{path}: set {record.header['id']!r}: {before} and {given} are names of one gene, {gene}, and one is positive, "
                "the other negative; keep one of the two."
            )
        if before == given:
            markers.append({**marker, "gene": gene})
    return io.SetRecord(record.header, markers)


def _warn_of_lost(records: Iterable[io.SetRecord], lost: list[dict[str, str]], path: str | Path) -> None:
    """Name the sets of which more than a few members have no gene, and what these look like."""
    of_set: dict[str, list[dict[str, str]]] = {}
    for row in lost:
        if row["reason"] != INVENTED:
            of_set.setdefault(row["set"], []).append(row)
    sizes = {r.header["id"]: len(r.markers) for r in records}
    short = {name: rows for name, rows in of_set.items() if len(rows) >= _LOST * sizes[name]}
    if not short:
        return
    reasons: dict[str, list[str]] = {}
    for rows in short.values():
        for row in rows:
            reasons.setdefault(row["reason"], []).append(row["gene"])
    why = "; ".join(
        f"{reason}: {listed(dict.fromkeys(genes), limit=3)}" for reason, genes in list(reasons.items())[:3]
    )
    counts = listed([f"{n}: {len(rows)} of {sizes[n]}" for n, rows in short.items()], limit=4).replace(
        "'", ""
    )
    warnings.warn(
        f"{path}: members that are no known gene count as not measured ({counts}). {why}. "
        "They are listed in MarkerCatalog.unmapped.",
        MarkerkitWarning,
        stacklevel=4,
    )


@lru_cache(maxsize=len(ORGANISMS))
def catalog_genes(organism: str) -> frozenset[str]:
    """Genes of the reference sets in an organism; some, such as ALB_BOVIN, are in no gene table."""
    folder = io.reference_folder()
    foreign = {
        m["gene"]
        for header, markers in io.read_reference(folder)[2]
        for m in markers
        if header["organism"] not in ORGANISMS
    }
    return frozenset(foreign | {row[f"{organism}_gene"] for row in io.read_orthologs(folder)})
