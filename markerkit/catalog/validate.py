"""Findings on a file of marker sets: what is wrong, in what line, and how to correct it."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from markerkit.catalog import files as io
from markerkit.catalog.lines import line_of
from markerkit.core.errors import InputError

COLUMNS = ("file", "line", "set", "gene", "level", "finding", "fix")
DOI = re.compile(r"10\.\d{4,9}/\S+")
#: kinds of evidence that are measurements: data behind them are no independent test of the set
MEASURED = ("proteomics", "single-study", "localization")
_LINE = re.compile(r", line (\d+)|at line (\d+)")


def findings(
    path: Path, references: Collection[str], accessions: Mapping[str, str]
) -> list[dict[str, str | int]]:
    """Errors and warnings of one file; see :func:`markerkit.catalog.load.validate`."""
    try:
        records = io.read_sets(path)
    except InputError as error:
        place = _LINE.search(str(error))
        line = int(place[1] or place[2]) if place else 0
        fix = "correct what the finding names; the file is not read before"
        return [
            {"line": line, "set": "", "gene": "", "level": "error", "finding": str(error), "fix": fix},
        ]
    text = io.read_text(path)
    rows: list[dict[str, str | int]] = []
    for header, markers in records:
        for marker in markers:
            base = {"line": line_of(text, marker["gene"]), "set": header["id"], "gene": marker["gene"]}
            human = header["organism"] == "human"
            rows += [
                {**base, "level": "warning", "finding": finding, "fix": fix}
                for finding, fix in _doubts(marker, references, accessions, human=human)
            ]
    return rows


def _doubts(
    marker: Mapping[str, Any], references: Collection[str], accessions: Mapping[str, str], *, human: bool
) -> list[tuple[str, str]]:
    found = []
    known = accessions.get(marker["gene"], "") if human else ""
    given = marker["uniprot"]
    if not given:
        fix = f'write uniprot = "{known}", as the catalog has it' if known else "add the UniProt accession"
        found.append(("no accession", fix))
    elif known and known != given:
        fix = f"use {known}, or another gene symbol if another protein is meant"
        found.append((f"accession {given}, but the catalog has {known}", fix))
    if not marker["source"]:
        found.append(("no source", "name a citation key of references.toml"))
    elif marker["source"] not in references:
        fix = "add the citation to references.toml beside the file, or correct the key"
        found.append((f"citation {marker['source']!r} is not in references.toml", fix))
    return found


def membership_findings(path: Path, orthologs: Collection[str]) -> list[dict[str, str | int]]:
    """Warn of what a set in a catalog lacks: measurements that it does not name, genes without an ortholog row."""
    try:
        records = io.read_sets(path)
    except InputError:
        return []  # `findings` says so
    text = io.read_text(path)
    rows: list[dict[str, str | int]] = []
    for header, markers in records:
        base = {"set": header["id"], "level": "warning"}
        if header["role"] in ("identity", "layer", "source", "context"):
            cited = {m["source"] for m in markers if m["evidence"] in MEASURED}
            rows += [
                {**base, "line": line_of(text, key), "gene": ""}
                | {"finding": f"{key!r} measured members of the set, but is not in `derived_from`"}
                | {"fix": f'add "{key}" to derived_from, so that its data are not used to test the set'}
                for key in sorted(cited - set(header["derived_from"]))
            ]
        if header["organism"] == "human":
            rows += [
                {**base, "line": line_of(text, gene), "gene": gene}
                | {"finding": "no row in orthologs.tsv"}
                | {"fix": "add its mouse and rat genes, or a note why there is none, to orthologs.tsv"}
                for gene in (m["gene"] for m in markers)
                if gene not in orthologs
            ]
    return rows


def citation_findings(path: Path) -> list[dict[str, str | int]]:
    """Warnings about the citations of a folder: a DOI that is none."""
    text = io.read_text(path)
    return [
        {
            "line": line_of(text, key),
            "set": "",
            "gene": "",
            "level": "warning",
            "finding": f"citation {key!r}: {entry['doi']!r} is no DOI",
            "fix": "write the DOI alone, such as 10.1038/s12276-019-0362-8, or leave it out",
        }
        for key, entry in io.read_toml(path).items()
        if entry.get("doi") and not DOI.fullmatch(str(entry["doi"]))
    ]
