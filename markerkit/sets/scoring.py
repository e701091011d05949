"""Coverage of sets, and scores of sets in samples."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from markerkit.catalog.load import MarkerCatalog, Sets, as_sets
from markerkit.core.errors import InputError, one_of
from markerkit.core.experiment import Experiment
from markerkit.ids.representative import gene_rows
from markerkit.results import Coverage, SampleScores
from markerkit.stats import ranks
from markerkit.stats.ranks import SetScores
from markerkit.tables.registry import TABLES

Array = npt.NDArray[np.float64]
Kernel = Callable[[Array, npt.NDArray[np.bool_]], SetScores]

MEMBERS = ("positive", "negative", "both")


@dataclass(frozen=True)
class Score:
    """A score of sets in samples.

    Parameters
    ----------
    kernel
        (values, members) -> scores, samples x sets.
    alone
        A score of a sample does not depend on the other samples.
    """

    kernel: Kernel
    alone: bool


#: name -> score
SCORES: dict[str, Score] = {
    "singscore": Score(ranks.singscore, alone=True),
    "ssgsea": Score(ranks.ssgsea, alone=True),
    "zscore": Score(ranks.combined_z, alone=False),
    "mean_z": Score(ranks.mean_z, alone=False),
}


def require_matches(exp: Experiment, markers: MarkerCatalog) -> None:
    """Refuse an experiment none of whose genes the catalogue knows.

    Raises
    ------
    InputError
        No gene matches; says whether the identifiers were harmonised.
    """
    if exp.proteins["gene"].isin(set(markers.table["gene"]) - {""}).any():
        return
    step = "" if exp.harmonized else "; call harmonize_ids first"
    sample = ", ".join(map(repr, exp.proteins["gene"].head(3)))
    raise InputError(
        f"no protein matches a marker of {exp.organism}: genes look like {sample}{step}, and see that the organism is right."
    )


def coverage(exp: Experiment, markers: Sets | None = None) -> Coverage:
    """Count how much of every set was measured.

    Parameters
    ----------
    exp
        Harmonised experiment.
    markers
        Catalogue of its organism, set, mapping of set names to genes, or list of genes; the
        shipped catalogue by default.

    Returns
    -------
    Coverage
        A row a set and role, no set left out.

    Raises
    ------
    InputError
        Imputed values, no gene matches.
    """
    exp.refuse_imputed()
    markers = as_sets(markers, organism=exp.organism, measured=set(exp.proteins["gene"]))
    require_matches(exp, markers)
    seen = exp.values.notna().any(axis=0)
    proteins = exp.proteins[seen.to_numpy() & ~exp.proteins["is_decoy"].to_numpy(bool)]
    genes, accessions = set(proteins["gene"]) - {""}, set(proteins["accession"]) - {""}
    headers = {str(row["set"]): row for row in markers.sets.to_dict(orient="records")}
    table = markers.table
    by_gene, by_accession = table["gene"].isin(genes), table["accession"].isin(accessions)
    rows = []
    for (name, role), members in table.groupby(["set", "role"], sort=False):
        header = headers[str(name)]
        found = (by_accession if name in markers.by_accession else by_gene)[members.index]
        label = members["gene"].where(members["gene"] != "", members["accession"])
        weight = members["weight"].sum()
        few = int(found.sum()) < int(header["minimum_measured"])
        rows.append(
            {
                "set": name,
                "title": header["title"],
                "role": role,
                "fraction": found.mean(),
                "weight_fraction": members.loc[found, "weight"].sum() / weight if weight else np.nan,
                "measured": ";".join(label[found]),
                "not_measured": ";".join(label[~found]),
                "n_set": len(members),
                "n_measured": int(found.sum()),
                "status": "too few measured" if few else "measured",
                "reason": f"fewer than {header['minimum_measured']} measured" if few else "",
            }
        )
    return Coverage(TABLES["coverage"].conform(pd.DataFrame(rows)), {})


def score_samples(
    exp: Experiment,
    markers: Sets | None = None,
    *,
    method: str = "singscore",
    members: str = "positive",
    min_measured: int = 3,
) -> SampleScores:
    """Score every set in every sample, on what the sample measured.

    Parameters
    ----------
    exp
        Harmonised experiment on the log2 or ratio scale.
    markers
        Catalogue of its organism, set, mapping of set names to genes, or list of genes; the
        shipped catalogue by default.
    method
        ``"singscore"`` (mean rank; Foroutan et al. 2018), ``"ssgsea"`` (running
        sum over the ranking; Barbie et al. 2009), ``"zscore"`` (combined z; Lee
        et al. 2008) or ``"mean_z"`` (mean z). The first two look at one sample
        at a time; z compare a sample with the others of the experiment.
    members
        ``"positive"``; and for singscore ``"negative"``, high where a set's
        negative members are low, or ``"both"``, the sum of the two.
    min_measured
        Fewest members that a sample must have measured, of each kind.

    Returns
    -------
    SampleScores
        A row a sample and set, with an interval over the members as a sample
        of possible ones: it tells how far a score hangs on which markers were
        measured, not how far preparations differ.

    Raises
    ------
    InputError
        An unknown method or kind of members, the raw scale, imputed values, no gene that matches.
    """
    one_of("method", method, list(SCORES))
    one_of("members", members, MEMBERS)
    if members != "positive" and method != "singscore":
        raise InputError(f"members={members!r} is for method='singscore'; got method={method!r}.")
    if exp.scale == "raw":
        raise InputError("score_samples needs the log2 scale; call log2 first.")
    exp.refuse_imputed()
    markers = as_sets(markers, organism=exp.organism, measured=set(exp.proteins["gene"]))
    require_matches(exp, markers)
    rows = gene_rows(exp)
    values = exp.values[rows.to_numpy()]
    parts = {
        role: _membership(markers, rows.index, role)
        for role in ("positive", "negative")
        if members in {role, "both"}
    }
    found = [_scored(values.to_numpy(), inside, method, role) for role, (inside, _) in parts.items()]
    n_set = np.sum([sizes for _, sizes in parts.values()], axis=0)
    few = np.any([f.count < min_measured for f in found], axis=0)
    score, se, dispersion = _joined(found)
    whole = SetScores(score, se, dispersion, np.min([f.count for f in found], axis=0))
    low, high = whole.interval()
    sets = list(markers)
    kind = {"positive": "", "negative": "negative ", "both": "positive or negative "}[members]
    where = "" if SCORES[method].alone else " in two samples or more"
    reason = f"fewer than {min_measured} {kind}members measured{where}"
    table = pd.DataFrame(
        {
            "sample": np.repeat(values.index.to_numpy(), len(sets)),
            "set": np.tile(sets, len(values)),
            "method": method,
            "members": members,
            "score": np.where(few, np.nan, score).ravel(),
            "ci_low": np.where(few, np.nan, low).ravel(),
            "ci_high": np.where(few, np.nan, high).ravel(),
            "dispersion": np.where(few, np.nan, dispersion).ravel(),
            "n_set": np.tile(n_set, len(values)),
            "n_measured": np.sum([f.count for f in found], axis=0).ravel().astype(int),
            "status": np.where(few, "too few measured", "tested").ravel(),
            "reason": np.where(few, reason, "").ravel(),
        }
    )
    params = {"method": method, "members": members, "min_measured": min_measured}
    return SampleScores(TABLES["sample_scores"].conform(table), params)


def _membership(
    markers: MarkerCatalog, genes: pd.Index, role: str
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.int_]]:
    """Membership, genes x sets, and the size of every set."""
    table = markers.table
    of_role = table[(table["role"] == role) & (table["gene"] != "")].drop_duplicates(["set", "gene"])
    sets = pd.Index(list(markers))
    column, row = sets.get_indexer(pd.Index(of_role["set"])), genes.get_indexer(pd.Index(of_role["gene"]))
    inside = np.zeros((len(genes), len(sets)), dtype=bool)
    inside[row[row >= 0], column[row >= 0]] = True
    return inside, np.bincount(column, minlength=len(sets))


def _scored(values: Array, inside: npt.NDArray[np.bool_], method: str, role: str) -> SetScores:
    if role == "negative":
        return ranks.singscore(values, inside, reverse=True)
    return SCORES[method].kernel(values, inside)


def _joined(found: list[SetScores]) -> tuple[Array, Array, Array]:
    """Sum of the scores, error of the sum, mean of the dispersions."""
    score = np.sum([f.score for f in found], axis=0)
    se = np.sqrt(np.sum([f.se**2 for f in found], axis=0))
    return score, se, np.mean([f.dispersion for f in found], axis=0)
