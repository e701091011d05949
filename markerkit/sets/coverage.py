"""Coverage of sets: how much of every set was measured."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from markerkit.catalog.load import MarkerCatalog, Sets, as_sets
from markerkit.core.errors import InputError, listed
from markerkit.core.experiment import Experiment
from markerkit.core.matrix import among
from markerkit.results import Coverage
from markerkit.tables.registry import TABLES


def require_matches(exp: Experiment, markers: MarkerCatalog) -> None:
    """Refuse an experiment none of whose genes the catalog knows.

    Raises
    ------
    InputError
        No gene matches; says whether the identifiers were harmonized.
    """
    if among(exp.proteins["gene"], set(markers.table["gene"]) - {""}).any():
        return
    step = "" if exp.harmonized else "; call harmonize_ids first"
    proteins = exp.proteins
    given = proteins.get("input_gene", proteins["gene"])
    given = given.where(given != "", proteins.get("input_accession", proteins["accession"]))
    raise InputError(
        f"no protein matches a marker of {exp.organism}: identifiers look like {listed(given.head(3))}{step}, and see that "
        "the organism is right."
    )


def coverage(exp: Experiment, markers: Sets | None = None) -> Coverage:
    """Count how much of every set was measured.

    Parameters
    ----------
    exp
        Harmonized experiment.
    markers
        Catalog of its organism, set, mapping of set names to genes, or list of genes; the
        shipped catalog by default.

    Returns
    -------
    Coverage
        One row per set and role, no set left out.

    Raises
    ------
    InputError
        Imputed values, no gene matches.

    Examples
    --------
    >>> import pandas as pd
    >>> import markerkit as mk
    >>> exp = mk.Experiment(pd.DataFrame({"CD63": [8e6], "CD81": [4e6], "ALB": [1e5]}, index=["ev"]))
    >>> mk.coverage(exp, {"mine": ["CD63", "CD81", "CD9"]}).table.loc[0, ["n_set", "n_measured", "not_measured"]].to_dict()
    {'n_set': 3, 'n_measured': 2, 'not_measured': 'CD9'}
    """
    exp.refuse_imputed()
    markers = as_sets(markers, organism=exp.organism, measured=set(exp.proteins["gene"]))
    require_matches(exp, markers)
    measured = (exp.detection.n_measured > 0) & exp.targets
    proteins, table = exp.proteins[measured], markers.table
    by = {column: among(table[column], set(proteins[column]) - {""}) for column in ("gene", "accession")}
    found = np.where(table["set"].isin(markers.by_accession), by["accession"], by["gene"])
    weight = table["weight"].to_numpy(float)
    label = table["gene"].where(table["gene"] != "", table["accession"]).to_numpy(object)
    headers = {str(row["set"]): row for row in markers.sets.to_dict(orient="records")}
    members: dict[tuple[str, str], list[int]] = {}
    for place, (name, role) in enumerate(zip(table["set"].tolist(), table["role"].tolist(), strict=True)):
        members.setdefault((name, role), []).append(place)
    rows = [
        _row(role, label[at], weight[at], found[at], headers[name]) for (name, role), at in members.items()
    ]
    return Coverage(TABLES["coverage"].conform(pd.DataFrame(rows)), {})


def _row(
    role: str,
    label: npt.NDArray[np.object_],
    weight: npt.NDArray[np.float64],
    found: npt.NDArray[np.bool_],
    header: Mapping[Hashable, Any],
) -> dict[str, object]:
    """Row of one set and role, from its members' names and weights and whether they were measured."""
    total, n_measured = weight.sum(), int(found.sum())
    few = n_measured < int(header["minimum_measured"])
    return {
        "set": header["set"],
        "title": header["title"],
        "role": role,
        "fraction": found.mean(),
        "weight_fraction": weight[found].sum() / total if total else np.nan,
        "measured": ";".join(label[found]),
        "not_measured": ";".join(label[~found]),
        "n_set": len(found),
        "n_measured": n_measured,
        "status": "too few measured" if few else "measured",
        "reason": f"fewer than {header['minimum_measured']} measured" if few else "",
    }
