"""Scores of sets in samples."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from markerkit.catalog.load import MarkerCatalog, Sets, as_sets
from markerkit.core.errors import InputError, one_of, whole_number
from markerkit.core.experiment import Experiment
from markerkit.ids.representative import gene_rows
from markerkit.results import SampleScores
from markerkit.sets.coverage import require_matches
from markerkit.stats import ranks
from markerkit.stats.ranks import SetScores
from markerkit.tables.registry import TABLES

Array = npt.NDArray[np.float64]
Kernel = Callable[[Array, npt.NDArray[np.bool_]], SetScores]

MEMBERS = ("positive", "negative", "both")


#: score -> its kernel: (values, members) -> scores, samples x sets
SCORES: dict[str, Kernel] = {
    "singscore": ranks.singscore,
    "ssgsea": ranks.ssgsea,
    "zscore": ranks.combined_z,
    "mean_z": ranks.mean_z,
}
#: scores of a sample that do not depend on the other samples
SINGLE_SAMPLE = frozenset({"singscore", "ssgsea"})


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
        Harmonized experiment on the log2 or ratio scale.
    markers
        Catalog of its organism, set, mapping of set names to genes, or list of genes; the
        shipped catalog by default.
    method
        ``"singscore"`` (mean rank; Foroutan et al. 2018), ``"ssgsea"`` (running
        sum over the ranking; Barbie et al. 2009), ``"zscore"`` (combined z; Lee
        et al. 2008) or ``"mean_z"`` (mean z). The first two use one sample
        at a time; z-scores compare a sample with the others of the experiment.
    members
        ``"positive"``; and for singscore ``"negative"``, high where a set's
        negative members are low, or ``"both"``, the sum of the two.
    min_measured
        Fewest members that a sample must have measured, of each kind.

    Returns
    -------
    SampleScores
        One row per sample and set, with an interval over the members as a sample
        of possible ones: it shows how much a score depends on which markers were
        measured, not how much preparations differ.

    Raises
    ------
    InputError
        An unknown method or kind of members, the raw scale, imputed values, no gene that matches.

    Examples
    --------
    >>> import markerkit as mk
    >>> log = mk.simulate(n=3, n_background=200, seed=1).experiment.pipe(mk.log2)
    >>> scores = mk.score_samples(log, mk.load_markers()["exosome"]).table.set_index("sample")["score"]
    >>> bool(scores["EV_D1"] > scores["lysate_D1"])
    True
    """
    one_of("method", method, list(SCORES))
    one_of("members", members, MEMBERS)
    whole_number("min_measured", min_measured, least=1)
    if members != "positive" and method != "singscore":
        raise InputError(f"members={members!r} is for method='singscore'; got method={method!r}.")
    if exp.scale == "raw":
        raise InputError("score_samples needs the log2 scale; call log2 first.")
    exp.refuse_imputed()
    markers = as_sets(markers, organism=exp.organism, measured=set(exp.proteins["gene"]))
    require_matches(exp, markers)
    rows = gene_rows(exp)
    values = exp.values[rows.to_numpy()]
    parts = [
        (role, *_membership(markers, rows.index, role))
        for role in ("positive", "negative")
        if members in {role, "both"}
    ]
    found = [_scored(values.to_numpy(), inside, method, role) for role, inside, _ in parts]
    few = np.any([f.count < min_measured for f in found], axis=0)
    lost = ~few & np.isnan(np.sum([f.score for f in found], axis=0))
    columns = _columns(found, few, lost) | {
        "sample": np.repeat(values.index.to_numpy(), len(markers)),
        "set": np.tile(list(markers), len(values)),
        "n_set": np.tile(np.sum([sizes for *_, sizes in parts], axis=0), len(values)),
        "reason": np.select(
            [few, lost], [_too_few(method, members, min_measured), _nothing(method)], ""
        ).ravel(),
    }
    table = pd.DataFrame(columns).assign(method=method, members=members)
    params = {"method": method, "members": members, "min_measured": min_measured}
    return SampleScores(TABLES["sample_scores"].conform(table), params)


def _too_few(method: str, members: str, min_measured: int) -> str:
    """Reason of a set that too few of its members were measured of."""
    kind = {"positive": "", "negative": "negative ", "both": "positive or negative "}[members]
    where = "" if method in SINGLE_SAMPLE else " in two samples or more"
    return f"fewer than {min_measured} {kind}members measured{where}"


def _nothing(method: str) -> str:
    """Reason of a set whose measured members have no score."""
    if method in SINGLE_SAMPLE:
        return "every protein that the sample measured is a member: there is nothing to compare with"
    return "the samples do not differ in its members"


def _columns(
    found: list[SetScores], few: npt.NDArray[np.bool_], lost: npt.NDArray[np.bool_]
) -> dict[str, npt.NDArray[Any]]:
    """Scores with their interval, one row per sample and set; missing where there are too few members or nothing else."""
    score, se, dispersion = _joined(found)
    low, high = SetScores(score, se, dispersion, np.min([f.count for f in found], axis=0)).interval()
    numbers = {"score": score, "ci_low": low, "ci_high": high, "dispersion": dispersion}
    return {k: np.where(few | lost, np.nan, v).ravel() for k, v in numbers.items()} | {
        "n_measured": np.sum([f.count for f in found], axis=0).ravel().astype(int),
        "status": np.select([few, lost], ["too few measured", "not tested"], "tested").ravel(),
    }


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
    return SCORES[method](values, inside)


def _joined(found: list[SetScores]) -> tuple[Array, Array, Array]:
    """Sum of the scores, error of the sum, mean of the dispersions."""
    score = np.sum([f.score for f in found], axis=0)
    se = np.sqrt(np.sum([f.se**2 for f in found], axis=0))
    return score, se, np.mean([f.dispersion for f in found], axis=0)
