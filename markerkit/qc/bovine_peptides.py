"""Peptides of bovine proteins alone: what tells bovine serum from human or mouse protein."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from markerkit.core.peptide_groups import species_of_proteins
from markerkit.core.peptides import PeptideTable
from markerkit.core.signal import NO_SHARES
from markerkit.core.species import BOVINE
from markerkit.results import BovinePeptides
from markerkit.tables.registry import PEPTIDE_TABLES

BoolArray = npt.NDArray[np.bool_]

_NONE = "no bovine sequence in the table: search again with bovine serum sequences"
_NOT_ALL = (
    "the table may not list every protein that holds a peptide, so that a bovine peptide may be in others too"
)


def bovine_peptides(table: PeptideTable) -> BovinePeptides:
    """Count the peptides that only bovine proteins hold, and those that other species share.

    Serum albumin and its like are alike in cattle, human and mouse: a protein group is evidence of
    bovine serum only by a peptide that no protein of another species in the search holds.

    Parameters
    ----------
    table
        Peptide table. A peptide is bovine-unique where every protein in its ``species`` is bovine;
        a protein whose species is not known makes it a shared one.

    Returns
    -------
    BovinePeptides
        Table `bovine_peptides`, one row per sample; ``not assessable`` where no peptide of the table has a
        bovine protein, as in a search without bovine sequences. Shares are missing on ratios.

    Examples
    --------
    >>> values = pd.DataFrame({"AEFVEVTK": [1.0], "LVNELTEFAK": [2.0], "AAAK": [7.0]}, index=["ev"])
    >>> proteins = ["CON__P02769", "P02768;CON__P02769", "P08962"]
    >>> found = bovine_peptides(PeptideTable(values, peptides=pd.DataFrame({"proteins": proteins}, values.columns)))
    >>> found.table[["n_bovine_unique", "n_bovine_shared", "share_bovine_unique"]].to_dict("records")
    [{'n_bovine_unique': 1, 'n_bovine_shared': 1, 'share_bovine_unique': 0.1}]
    """
    spec = PEPTIDE_TABLES["bovine_peptides"]
    targets = table.targets
    peptides = table.peptides.loc[targets]
    species = peptides["species"].str.split(";")
    alone = np.array([s == [BOVINE] for s in species], dtype=bool)
    shared = np.array([BOVINE in s for s in species], dtype=bool) & ~alone
    measured = table.measured[:, targets]
    rows = pd.DataFrame({"sample": table.samples.index, "n_peptides": measured.sum(axis=1)})
    if not (alone | shared).any():
        return BovinePeptides(spec.conform(rows.assign(status="not assessable", reason=_NONE)))
    lists_all = next((h.get("lists_all_proteins", True) for h in table.history), True)
    cautions = [_NOT_ALL] * (not lists_all) + [NO_SHARES] * (table.scale == "ratio")
    with_unique, shared_only = _bovine_groups(peptides["leading"], table.organism, measured, alone)
    rows = rows.assign(
        n_bovine_unique=measured[:, alone].sum(axis=1),
        n_bovine_shared=measured[:, shared].sum(axis=1),
        n_proteins_unique=with_unique,
        n_proteins_shared_only=shared_only,
        status="assessed",
        reason="; ".join(cautions),
    )
    if table.scale != "ratio":
        signal = np.nan_to_num(table.linear().to_numpy()[:, targets])
        total = signal.sum(axis=1)
        rows["share_bovine_unique"] = signal[:, alone].sum(axis=1) / total
        rows["share_bovine_shared"] = signal[:, shared].sum(axis=1) / total
    return BovinePeptides(spec.conform(rows), {"lists_all_proteins": bool(lists_all)})


def _bovine_groups(
    leading: pd.Series, organism: str, measured: BoolArray, alone: BoolArray
) -> tuple[npt.NDArray[np.int_], npt.NDArray[np.int_]]:
    """Count the groups led by a bovine protein, by sample: with a bovine-unique peptide, and without one."""
    code, groups = pd.factorize(leading)
    bovine = np.array([species_of_proteins(g, organism).split(";")[0] == BOVINE for g in groups], dtype=bool)
    shown, unique = (_any_by(code, marks, len(groups))[:, bovine] for marks in (measured, measured & alone))
    return unique.sum(axis=1), (shown & ~unique).sum(axis=1)


def _any_by(code: npt.NDArray[np.int_], marks: BoolArray, n: int) -> BoolArray:
    """Whether any peptide of a group is marked, shape (samples, groups)."""
    out = np.zeros((marks.shape[0], n), dtype=bool)
    np.logical_or.at(out.T, code, marks.T)
    return out
