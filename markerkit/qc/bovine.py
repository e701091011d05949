"""Bovine serum check: whether bovine protein is told apart, and which groups mix species."""

from __future__ import annotations

import numpy as np
import pandas as pd

from markerkit.catalog.load import MarkerCatalog
from markerkit.core.experiment import Experiment
from markerkit.core.species import BETWEEN_MEMBERS, BOVINE, ENTRY_ENDING, UNIPROT


def bovine_rows(exp: Experiment, markers: MarkerCatalog, *, fluid: str | None) -> pd.DataFrame:
    """Guard rows of the quality card.

    Parameters
    ----------
    exp
        Harmonised experiment before normalization.
    markers
        Catalogue; it knows bovine accessions.
    fluid
        ``"culture"`` asks for bovine entries.

    Returns
    -------
    A row a sample, item ``bovine``: the share of signal of all bovine entries;
    without any, what becomes of bovine protein. Groups that mix bovine and
    other sequences are counted and named in ``reason``.
    """
    proteins = exp.proteins
    keep = ~proteins["is_decoy"].to_numpy(bool)
    mixed = mixed_groups(exp, markers)
    bovine = (proteins["species"] == BOVINE).to_numpy() & keep
    base = pd.DataFrame(
        {"sample": exp.samples.index, "kind": "check", "item": "bovine", "unit": "share of signal"}
    )
    shared = ""
    if mixed:
        names = ", ".join(mixed[:6]) + (f" and {len(mixed) - 6} more" if len(mixed) > 6 else "")
        shared = (
            f"{len(mixed)} groups mix bovine and other sequences and count for their first member: {names}"
        )
    if not bovine.any():
        asked = fluid == "culture"
        own = "human" if exp.organism == "human" else "mouse"
        meaning = f"no bovine entries in the table: protein of bovine serum is counted as {own} albumin and the like"
        fix = (
            "search again with bovine serum sequences"
            if asked
            else "search with bovine sequences if cells grew in serum"
        )
        return base.assign(
            n_set=0,
            n_measured=0,
            flag="review" if asked else "",
            meaning=f"{meaning}; {fix}",
            status="not assessed",
            reason=shared or "no bovine entries",
        )
    seen = exp.values.notna().to_numpy()[:, bovine].sum(axis=1)
    value = np.full(exp.n_samples, np.nan)
    if exp.scale != "ratio":
        linear = exp.linear().to_numpy()
        total = np.nansum(linear[:, keep], axis=1)
        part = np.nansum(linear[:, bovine], axis=1)
        np.divide(part, total, out=value, where=total > 0)
    return base.assign(
        value=value,
        n_set=int(bovine.sum()),
        n_measured=seen,
        flag="",
        meaning="share of signal of all bovine entries: protein of the culture medium",
        status="tested" if exp.scale != "ratio" else "not assessed",
        reason=shared if exp.scale != "ratio" else "ratios to a reference channel have no share of signal",
    )


def mixed_groups(exp: Experiment, markers: MarkerCatalog) -> list[str]:
    """Protein groups whose members are bovine and of another species."""
    proteins = exp.proteins
    given = proteins.get("input_accession", proteins["accession"])
    table = markers.table
    known = set(table.loc[table["set"] == "bovine_serum", "accession"]) - {""}
    found = []
    for name, text in given.astype(str).items():
        members = [m for m in BETWEEN_MEMBERS.split(text) if m.strip()]
        if len(members) > 1:
            kinds = {_is_bovine(m, known) for m in members} - {None}
            if len(kinds) > 1:
                found.append(str(name))
    return found


def _is_bovine(member: str, known: set[str]) -> bool | None:
    """Whether a member is bovine; nothing where it cannot be told."""
    entry = ENTRY_ENDING.search(member)
    if entry:
        return entry[1] == "BOVIN"
    accession = UNIPROT.search(member)
    return accession[0] in known if accession else None
