"""Bovine serum check: whether bovine protein is distinguished from human or mouse, and which groups mix species."""

from __future__ import annotations

import numpy as np
import pandas as pd

from markerkit.catalog.load import MarkerCatalog
from markerkit.core.experiment import Experiment
from markerkit.core.signal import NO_SHARES, Signal
from markerkit.core.species import BETWEEN_MEMBERS, BOVINE, ENTRY_ENDING, UNIPROT

_NAMED = 6  # protein groups named in a cell


def bovine_rows(
    exp: Experiment, markers: MarkerCatalog, signal: Signal | None, *, fluid: str | None
) -> pd.DataFrame:
    """Rows of the bovine check of the quality card.

    Parameters
    ----------
    exp
        Harmonized experiment before normalization.
    markers
        Catalog; it holds bovine accessions.
    signal
        Signal of the experiment; nothing on ratios.
    fluid
        ``"culture"`` asks for bovine entries.

    Returns
    -------
    One row per sample, item ``bovine``: the share of signal of all bovine entries, missing where
    the sample shows none; without any in the study, what becomes of bovine protein. Groups that
    mix bovine and other sequences are counted and named in ``reason``.
    """
    unit = "share of signal" if signal is None else signal.unit
    base = pd.DataFrame({"sample": exp.samples.index, "kind": "check", "item": "bovine", "unit": unit})
    proteins = exp.proteins
    words = (_mixed_words(mixed_groups(exp, markers)), _shared_only_words(proteins.loc[exp.targets]))
    mixed = "; ".join(w for w in words if w)
    bovine = (proteins["species"] == BOVINE) & exp.targets
    if not bovine.any():
        return _without_entries(base, exp.organism, mixed, culture=fluid == "culture")
    base = base.assign(
        n_set=int(bovine.sum()),
        n_measured=exp.values.loc[:, bovine.to_numpy()].notna().sum(axis=1).to_numpy(),
        flag="",
        meaning="share of signal of all bovine entries: protein of the culture medium",
    )
    if signal is None:
        return base.assign(status="not assessed", reason=NO_SHARES)
    share = signal.where((signal.proteins["species"] == BOVINE).to_numpy(), column="accession").share
    none = np.isnan(share)
    return base.assign(
        value=share,
        status=np.where(none, "too few measured", "tested"),
        reason=np.where(none, "no bovine entry was measured in this sample", mixed),
    )


def _mixed_words(mixed: list[str]) -> str:
    """Say in words which groups mix species; empty where none does."""
    if not mixed:
        return ""
    verb = "group mixes" if len(mixed) == 1 else "groups mix"
    return f"{len(mixed)} {verb} bovine and other sequences, counted for the first member: {_names(mixed)}"


def _shared_only_words(proteins: pd.DataFrame) -> str:
    """Say which bovine groups rest on shared peptides alone, where the proteins come from peptides; else empty."""
    if "bovine_unique_share" not in proteins.columns:
        return ""
    found = proteins.index[(proteins["species"] == BOVINE) & (proteins["bovine_unique_share"] == 0)]
    if not len(found):
        return ""
    verb, are = ("group has", "is") if len(found) == 1 else ("groups have", "are")
    return (
        f"{len(found)} bovine {verb} no bovine-unique peptide and {are} no evidence of bovine protein: "
        f"{_names(list(found))}"
    )


def _names(groups: list[str]) -> str:
    return ", ".join(groups[:_NAMED]) + (f" and {len(groups) - _NAMED} more" if len(groups) > _NAMED else "")


def _without_entries(base: pd.DataFrame, organism: str, mixed: str, *, culture: bool) -> pd.DataFrame:
    """Rows of a study without bovine entries: a review only where cells were grown in medium."""
    own = "human" if organism == "human" else "mouse"
    meaning = (
        f"no bovine entries in the table: protein of bovine serum is counted as {own} albumin and the like"
    )
    fix = (
        "search again with bovine serum sequences"
        if culture
        else "search with bovine sequences if cells grew in serum"
    )
    return base.assign(
        n_set=0,
        n_measured=0,
        flag="review" if culture else "",
        meaning=f"{meaning}; {fix}",
        status="not assessed",
        reason=mixed or "no bovine entries",
    )


def mixed_groups(exp: Experiment, markers: MarkerCatalog) -> list[str]:
    """Protein groups whose members are bovine and of another species."""
    proteins = exp.proteins
    given = proteins.get("input_accession", proteins["accession"])
    table = markers.table
    accessions = set(table.loc[table["set"] == "bovine_serum", "accession"]) - {""}
    found = []
    for name, text in given.astype(str).items():
        members = [m for m in BETWEEN_MEMBERS.split(text) if m.strip()]
        if len(members) > 1:
            kinds = {_is_bovine(m, accessions) for m in members} - {None}
            if len(kinds) > 1:
                found.append(str(name))
    return found


def _is_bovine(member: str, accessions: set[str]) -> bool | None:
    """Whether a member is bovine; nothing where its name does not tell."""
    entry = ENTRY_ENDING.search(member)
    if entry:
        return entry[1] == "BOVIN"
    accession = UNIPROT.search(member)
    return accession[0] in accessions if accession else None
