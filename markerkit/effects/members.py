"""Members of marker sets, and their effects in a fitted contrast."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

import numpy as np
import pandas as pd

from markerkit.catalog.load import MarkerCatalog
from markerkit.effects.model import ContrastModel, MissingValueScheme, SetMarkers
from markerkit.stats.set_effect import MarkerEffects


def set_members(
    markers: MarkerCatalog, sets: Iterable[str], *, role: str = "positive", without: Iterable[str] = ()
) -> pd.DataFrame:
    """Members of one or several sets, each gene once, at its largest weight.

    Parameters
    ----------
    markers
        Catalogue.
    sets
        Set ids; ids that the catalogue lacks give no rows.
    role
        `positive` or `negative`.
    without
        Genes to leave out.

    Returns
    -------
    Frame with gene, accession, complex, weight, source; members that are
    listed only (weight 0) are left out.
    """
    return _members(markers, tuple(sets), role, frozenset(without))


@lru_cache(maxsize=512)
def _members(
    markers: MarkerCatalog, sets: tuple[str, ...], role: str, without: frozenset[str]
) -> pd.DataFrame:
    """Look the members up once: every class asks for its own and its competing classes' under each scheme."""
    table = markers.table
    rows = table[table["set"].isin(sets) & (table["role"] == role) & (table["weight"] > 0)]
    rows = rows[~rows["gene"].isin(without)]
    key = rows["gene"].where(rows["gene"] != "", rows["accession"])
    strongest = rows.assign(_key=key).sort_values("weight", ascending=False, kind="stable")
    names = ["gene", "accession", "complex", "source"]  # as objects: they are gone through one by one
    return strongest.drop_duplicates("_key").drop(columns="_key").astype(dict.fromkeys(names, object))


def marker_effects(
    model: ContrastModel,
    scheme: MissingValueScheme,
    members: pd.DataFrame,
    *,
    by_accession: bool = False,
    by_gene: bool = False,
) -> SetMarkers:
    """Gather votes: one a gene, one a complex (the mean of its measured members).

    Parameters
    ----------
    model, scheme
        Fitted contrast and missing-value scheme.
    members
        As from :func:`set_members`.
    by_accession
        Match by accession (other species) instead of by gene.
    by_gene
        Count every member of a complex (to compare complexes with each other).
    """
    if members.empty:
        return SetMarkers(None, 0.0, 0, 0)
    name = ["gene", "accession"] if by_gene else ["complex", "gene", "accession"]
    key = [next(filter(None, names), "") for names in zip(*(members[c] for c in name), strict=True)]
    weight: dict[str, float] = {}
    for k, one in zip(key, members["weight"], strict=True):
        weight[k] = max(one, weight.get(k, 0.0))
    at = model.positions(members, by_accession=by_accession)
    e = scheme.effects
    usable = np.flatnonzero(at >= 0)
    at = at[usable]
    known = np.isfinite(e.effect[at]) & np.isfinite(e.variance[at]) & (e.df[at] > 0)
    usable, at = usable[known], at[known]
    if not len(usable):
        return SetMarkers(None, 0.0, len(members), 0)
    names, vote = np.unique([key[i] for i in usable], return_inverse=True)
    mean = np.zeros((len(at), len(names)))
    mean[np.arange(len(at)), vote] = 1.0
    mean /= mean.sum(axis=0)
    w = np.array([weight[k] for k in names])
    votes = MarkerEffects(
        e.effect[at] @ mean, e.influence[:, at] @ mean, e.variance[at] @ mean, e.df[at] @ mean, w / w.sum()
    )
    return SetMarkers(votes, float(w.sum() / sum(weight.values())), len(members), len(usable))


def marker_rows(
    model: ContrastModel,
    scheme: MissingValueScheme,
    members: pd.DataFrame,
    *,
    set_id: str,
    role: str,
    by_accession: bool = False,
) -> pd.DataFrame:
    """Say of every member what it said and whether it counted, as rows of `markers_used`."""
    at = model.positions(members, by_accession=by_accession)
    e, there = scheme.effects, at >= 0
    counted = there & e.usable[at]
    effect = np.where(there, e.effect[at], np.nan)
    variance = np.where(there, e.variance[at], np.nan)
    detection = np.where(there, e.detection[at], "not measured")
    why = np.select(
        [counted, ~there], ["", "no protein group of this study"], "no effect with an error can be told"
    )
    return pd.DataFrame(
        {
            "contrast": model.contrast.name,
            "set": set_id,
            "gene": members["gene"].to_numpy(),
            "accession": members["accession"].to_numpy(),
            "protein": np.where(there, model.exp.proteins.index.to_numpy(dtype=object)[at], ""),
            "role": role,
            "vote": members["complex"].where(members["complex"] != "", members["gene"]).to_numpy(),
            "weight": members["weight"].to_numpy(),
            "log2_fc": effect,
            "se": np.sqrt(variance),
            "detection": detection,
            "status": np.where(counted, "counted", "not counted"),
            "reason": why,
            "source": members["source"].to_numpy(),
        }
    )
