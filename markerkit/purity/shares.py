"""Share of each sample's signal by contamination source."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import stdtrit

from markerkit.catalog.criteria import Criteria, load_criteria
from markerkit.catalog.load import MarkerCatalog
from markerkit.core.errors import InputError
from markerkit.core.experiment import Experiment
from markerkit.effects.members import set_members
from markerkit.tables.registry import TABLES


def source_shares(exp: Experiment, markers: MarkerCatalog, *, per_length: bool = False) -> pd.DataFrame:
    """Share of each sample's linear signal by source, with an interval over the members.

    Parameters
    ----------
    exp
        Harmonised experiment before normalization.
    markers
        Catalogue.
    per_length
        Divide the signal of every protein by the length of its sequence first
        (`length` of the proteins), since a long protein gives more peptides
        than a short one of the same number of molecules.

    Returns
    -------
    Table `source_shares`: a row a sample and source, and the EV markers as ``ev``. The
    interval says how the share would move with another draw of members from
    the same source (jackknife on the log scale, t with members - 1 degrees of
    freedom); a source that one protein dominates has a wide one. ``basis``
    says what was summed.

    Raises
    ------
    InputError
        `per_length` without lengths, or on iBAQ, which corrects for length itself.
    """
    basis = share_basis(exp, per_length=per_length)
    criteria = load_criteria()
    sets = {"ev": (set_members(markers, criteria.classes["ev"].sets), False)}
    sets |= {k: (set_members(markers, [k]), rule.by_accession) for k, rule in criteria.sources.items()}
    refused = "ratios to a reference channel have no share of signal" if exp.scale == "ratio" else ""
    linear = pd.DataFrame() if refused else exp.linear().loc[:, ~exp.proteins["is_decoy"].to_numpy(bool)]
    if per_length and not refused:
        linear = linear / _lengths(exp).reindex(linear.columns)
    rows = [
        _share_rows(exp, linear, key, members, by_accession=by_accession, refused=refused, criteria=criteria)
        for key, (members, by_accession) in sets.items()
    ]
    table = pd.concat(rows, ignore_index=True).assign(basis=basis)
    order = {s: i for i, s in enumerate(exp.samples.index)}
    return TABLES["source_shares"].conform(
        table.sort_values("sample", key=lambda s: s.map(order), kind="stable")
    )


def share_basis(exp: Experiment, *, per_length: bool = False) -> str:
    """Say in words what a share is a share of.

    Raises
    ------
    InputError
        See :func:`source_shares`.
    """
    read = next((h for h in exp.history if h.get("verb") == "read_proteins"), {})
    quantity = str(read.get("quantity", "signal"))
    if quantity == "ibaq":
        if per_length:
            raise InputError(
                "iBAQ corrects for the length of the proteins itself; ask for shares of the signal."
            )
        return "iBAQ: about the share of molecules"
    if not per_length:
        return "signal: long proteins weigh more than their number of molecules"
    known = int(_lengths(exp, fill=False).notna().sum())
    note = (
        "" if known == exp.n_proteins else f", {exp.n_proteins - known} unknown lengths taken as the median"
    )
    return f"signal over length: about the share of molecules{note}"


def _lengths(exp: Experiment, *, fill: bool = True) -> pd.Series:
    """Lengths of the sequences; unknown ones as the median, so that their signal still counts."""
    proteins = exp.proteins
    if "length" not in proteins.columns or proteins["length"].isna().all():
        raise InputError(
            "shares by length need the lengths of the proteins: a column 'Sequence length', 'Protein length' or 'Length' of the "
            "matrix, or `length` of the experiment's proteins."
        )
    length = proteins["length"].astype(float)
    return length.fillna(length.median()) if fill else length


def _share_rows(
    exp: Experiment,
    linear: pd.DataFrame,
    key: str,
    members: pd.DataFrame,
    *,
    by_accession: bool,
    refused: str,
    criteria: Criteria,
) -> pd.DataFrame:
    names = exp.samples.index
    base = pd.DataFrame(
        {"sample": names, "source": key, "approximate": exp.approximate, "n_set": len(members)}
    )
    if refused:
        return base.assign(n_measured=0, status="not assessed", reason=refused)
    column = "accession" if by_accession else "gene"
    proteins = exp.proteins.loc[linear.columns]
    inside = proteins[column].isin(set(members[column]) - {""}).to_numpy()
    block = linear.loc[:, inside].to_numpy()
    groups, gene = np.unique(proteins.loc[inside, column].to_numpy(dtype=str), return_inverse=True)
    pooled = np.zeros((block.shape[0], len(groups)))
    np.add.at(pooled.T, gene, np.nan_to_num(block).T)
    n_measured = (pooled > 0).sum(axis=1)
    total = np.nansum(linear.to_numpy(), axis=1)
    share = np.divide(pooled.sum(axis=1), total, out=np.full(len(total), np.nan), where=total > 0)
    low, high = _share_interval(pooled, share, n_measured, criteria.threshold["confidence"])
    few = n_measured < criteria.threshold["min_markers_source"]
    if by_accession and not inside.any():
        why = "no bovine entries in this study: bovine protein is counted as its human or mouse ortholog"
    else:
        why = "too few members measured for an interval"
    return base.assign(
        share=np.where(n_measured > 0, share, np.nan),
        ci_low=low,
        ci_high=high,
        n_measured=n_measured,
        status=np.where(few, "too few measured", "tested"),
        reason=np.where(few, why, ""),
    )


def _share_interval(
    pooled: npt.NDArray[np.float64],
    share: npt.NDArray[np.float64],
    n: npt.NDArray[np.int_],
    confidence: float,
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    total = pooled.sum(axis=1)
    ok = n >= 3
    m = np.where(ok, n, 3)
    mean = total / m
    square = (pooled**2).sum(axis=1) - m * mean**2
    relative = np.sqrt(np.divide(m / (m - 1) * square, total**2, out=np.zeros_like(total), where=total > 0))
    reach = np.exp(stdtrit(m - 1, 0.5 + confidence / 2) * relative)
    return np.where(ok, share / reach, np.nan), np.where(ok, np.minimum(1.0, share * reach), np.nan)
