"""Coverage of sets, and scores of sets in samples."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pandas as pd

from markerkit._checks import InputError, one_of
from markerkit.experiment import Experiment
from markerkit.markers import MarkerCatalog
from markerkit.matching import gene_rows
from markerkit.results import TABLES, Coverage, SampleScores
from markerkit.stats.ranks import singscore

Array = npt.NDArray[np.float64]
Score = Callable[[Array, npt.NDArray[np.bool_]], tuple[Array, Array]]

#: name -> kernel: (values, members) -> (score, dispersion), each samples x sets
SCORES: dict[str, Score] = {"singscore": singscore}


def require_matches(exp: Experiment, markers: MarkerCatalog) -> None:
    """Refuse an experiment none of whose genes the catalogue knows.

    Raises
    ------
    InputError
        No gene matches; says whether the identifiers were harmonised.
    """
    if exp.proteins["gene"].isin(set(markers.table["gene"]) - {""}).any():
        return
    step = "" if exp.has_verb("harmonize_ids") else "; call harmonize_ids first"
    sample = ", ".join(map(repr, exp.proteins["gene"].head(3)))
    raise InputError(
        f"no protein matches a marker of {exp.organism}: genes look like {sample}{step}, and see that the organism is right."
    )


def coverage(exp: Experiment, markers: MarkerCatalog) -> Coverage:
    """Count how much of every set was measured.

    Parameters
    ----------
    exp
        Harmonised experiment.
    markers
        Catalogue of its organism.

    Returns
    -------
    Coverage
        A row a set and role, no set left out.

    Raises
    ------
    InputError
        No gene matches.
    """
    require_matches(exp, markers)
    seen = exp.values.notna().any(axis=0)
    proteins = exp.proteins[seen.to_numpy() & ~exp.proteins["is_decoy"].to_numpy(bool)]
    genes, accessions = set(proteins["gene"]) - {""}, set(proteins["accession"]) - {""}
    headers = {str(row["set"]): row for row in markers.sets.to_dict(orient="records")}
    rows = []
    for (name, role), members in markers.table.groupby(["set", "role"], sort=False):
        header = headers[str(name)]
        foreign = header["organism"] not in {"human", exp.organism}
        found = members["accession"].isin(accessions) if foreign else members["gene"].isin(genes)
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
    exp: Experiment, markers: MarkerCatalog, *, method: str = "singscore", min_measured: int = 3
) -> SampleScores:
    """Score every set in every sample, on what the sample measured.

    Parameters
    ----------
    exp
        Harmonised experiment on the log2 or ratio scale.
    markers
        Catalogue of its organism.
    method
        One of :data:`SCORES`.
    min_measured
        Fewest members that a sample must have measured.

    Returns
    -------
    SampleScores
        A row a sample and set. A score does not depend on the other samples.

    Raises
    ------
    InputError
        An unknown method, the raw scale, no gene that matches.
    """
    one_of("method", method, list(SCORES))
    if exp.scale == "raw":
        raise InputError("score_samples needs the log2 scale; call log2 first.")
    require_matches(exp, markers)
    rows = gene_rows(exp)
    values = exp.values[rows.to_numpy()]
    sets = {name: markers[name].positive for name in markers}
    members = np.column_stack([rows.index.isin(genes) for genes in sets.values()])
    score, dispersion = SCORES[method](values.to_numpy(), members)
    n_measured = values.notna().to_numpy().astype(int) @ members.astype(int)
    few = n_measured < min_measured
    table = pd.DataFrame(
        {
            "sample": np.repeat(values.index.to_numpy(), len(sets)),
            "set": np.tile(list(sets), len(values)),
            "method": method,
            "score": np.where(few, np.nan, score).ravel(),
            "dispersion": np.where(few, np.nan, dispersion).ravel(),
            "n_set": np.tile([len(g) for g in sets.values()], len(values)),
            "n_measured": n_measured.ravel(),
            "status": np.where(few, "too few measured", "tested").ravel(),
            "reason": np.where(few, f"fewer than {min_measured} members measured", "").ravel(),
        }
    )
    return SampleScores(
        TABLES["sample_scores"].conform(table), {"method": method, "min_measured": min_measured}
    )
