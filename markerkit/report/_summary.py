"""summary.json: the verdicts, the design and the run record, for machines."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from importlib import metadata
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

import markerkit

if TYPE_CHECKING:
    from markerkit.assessment.result import Assessment

SCHEMA_VERSION = 2
_PACKAGES = ("numpy", "scipy", "pandas", "statsmodels", "formulaic")


def summary(assessment: Assessment) -> dict[str, Any]:
    """Return the assessment as a JSON-able mapping.

    Parameters
    ----------
    assessment
        What to sum up.

    Returns
    -------
    Keys ``schema_version``, ``versions``, ``catalog``, ``parameters``,
    ``seed``, ``input``, ``design``, ``composition``, ``contrasts``, ``gaps``, ``warnings``.
    The file has ``files`` as well, the names of all files of its folder. Numbers are rounded to ten significant digits; what is missing is null.
    """
    exp, catalog = assessment.experiment, assessment.markers
    read = exp.provenance
    record: dict[str, Any] = _plain(
        {
            "schema_version": SCHEMA_VERSION,
            "versions": versions(),
            "catalog": {"version": catalog.version, "digest": catalog.digest},
            "parameters": assessment.params,
            "seed": assessment.params.get("seed"),
            "input": {
                "file": read.get("file"),
                "sha256": read.get("sha256"),
                "samples_file": read.get("samples_file"),
                "samples_sha256": read.get("samples_sha256"),
                "organism": exp.organism,
                "scale": exp.scale,
                "n_samples": exp.n_samples,
                "n_proteins": exp.n_proteins,
                "missing": exp.missing,
                # where the files lay on this machine is in rerun.py only
                "history": [{k: v for k, v in h.items() if k != "call"} for h in exp.history],
            },
            "design": list(assessment.design),
            "composition": _composition(assessment),
            "contrasts": [_contrast(assessment, name) for name in _names(assessment)],
            "gaps": assessment.gaps(),
            "warnings": list(assessment.warnings),
        }
    )
    return record


def versions() -> dict[str, str]:
    """Return the versions of markerkit, Python and the packages that compute."""
    found = {"markerkit": markerkit.__version__, "python": platform.python_version()}
    return found | {name: metadata.version(name) for name in _PACKAGES}


def _names(assessment: Assessment) -> list[str]:
    return [c.name for c in assessment.contrasts] or [""]


def _contrast(assessment: Assessment, name: str) -> dict[str, Any]:
    found = next((c for c in assessment.contrasts if c.name == name), None)
    identity, comparison, purity = (
        _by(table, key, name)
        for table, key in (
            (assessment.identity.table, "class"),
            (assessment.comparison.table, "class"),
            (assessment.purity.table, "source"),
        )
    )
    carried = assessment.purity.contamination_fraction.table
    whole = carried[(carried["contrast"] == name) & (carried["compartment"] == "all")]
    items = assessment.checklist.table
    items = items[items["contrast"] == name].drop(columns=["contrast"])
    n_case, n_control = (len(a) for a in found.groups(assessment.experiment)) if found else (None, None)
    return {
        "name": name,
        "condition": found.condition if found else None,
        "case": found.case if found else None,
        "control": found.control if found else None,
        "comparator": found.comparator if found else None,
        "fluid": found.fluid if found else None,
        "n_case": n_case,
        "n_control": n_control,
        "headline": "" if found is None else assessment.headline(found),
        "question": None if found is None else "identity" if found.asks_identity else "change",
        "identity": identity,
        "comparison": comparison,
        "purity": purity,
        "contamination_fraction": whole.drop(columns=["contrast", "compartment"]).iloc[0].to_dict()
        if len(whole)
        else None,
        "checklist": items.to_dict(orient="records"),
    }


def _composition(assessment: Assessment) -> list[dict[str, Any]]:
    """Say what is in the tube, group by group: the answer on the EV markers and every component."""
    words, shares = assessment.composition.ev_markers.table, assessment.composition.table
    groups = words[words["level"] == "group"].drop(columns=["level", "group"])
    parts = shares[shares["level"] == "group"]
    found: list[dict[str, Any]] = []
    for _, record in groups.iterrows():
        row = {str(k): v for k, v in record.items()}
        own = parts[parts["name"] == row["name"]].drop(columns=["level", "name", "group", "n_samples"])
        found.append(row | {"components": own.to_dict(orient="records")})
    return found


def _by(table: pd.DataFrame, key: str, contrast: str) -> dict[str, Any]:
    rows = table[table["contrast"] == contrast]
    return {str(row[key]): row.drop(labels=["contrast", key]).to_dict() for _, row in rows.iterrows()}


def _plain(value: Any) -> Any:
    """Turn a value into what JSON knows."""
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    if value is None or value is pd.NA:
        return None
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, int | np.integer):
        return int(value)
    if isinstance(value, float | np.floating):
        return float(f"{value:.10g}") if np.isfinite(value) else None
    return str(value)
