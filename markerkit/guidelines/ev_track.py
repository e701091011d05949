"""EV-TRACK export: what a proteome answers of the form, and the fields that the user must fill in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from markerkit.core.experiment import Experiment
from markerkit.guidelines.answers import MEASURED, MET, NEEDS_METADATA, NOT_MET
from markerkit.guidelines.checklist import load_items
from markerkit.study.context import CONTEXT_KEYS
from markerkit.study.contrast import Contrast
from markerkit.tables.registry import TABLES

FROM_DATA, FROM_CONTEXT, TO_FILL, NOT_APPLICABLE = (
    "from the data",
    "from the context",
    "to fill in",
    "not applicable",
)
GUIDELINE = "EV-TRACK"
_PREPARATION = (
    "isolation",
    "source_amount",
    "centrifugation",
    "density_gradient",
    "ev_density",
    "particle_count",
    "protein_amount",
    "lysate_preparation",
    "storage",
)


def ev_track_of(
    exp: Experiment,
    checklist: pd.DataFrame,
    contrasts: Sequence[Contrast],
    context: Mapping[str, Any],
    *,
    fluid: str | None = None,
) -> pd.DataFrame:
    """Fill in the EV-TRACK form as far as the data and the context go.

    Parameters
    ----------
    exp
        Harmonized experiment.
    checklist
        Table `misev_checklist`; its EV-TRACK items are the nine of the EV-METRIC.
    contrasts, context
        The contrasts; study metadata that the user states.
    fluid
        What the samples come from, where no contrast says it.

    Returns
    -------
    Table `ev_track`, one form per contrast. No EV-METRIC percentage is given: it
    counts what a paper reports, of which a proteome holds two items.
    """
    rows: list[dict[str, Any]] = []
    scopes: Sequence[Contrast | None] = contrasts or [None]
    for contrast in scopes:
        name = contrast.name if contrast else ""
        items = checklist[(checklist["contrast"] == name) & (checklist["guideline"] == GUIDELINE)]
        form = [*_study(exp, contrast, context, fluid), *_preparation(context), *_metric(items)]
        rows += [{"contrast": name, **line} for line in form]
    return TABLES["ev_track"].conform(pd.DataFrame(rows))


def _line(section: str, field: str, value: object, status: str, note: str = "") -> dict[str, Any]:
    return {"section": section, "field": field, "value": str(value), "status": status, "note": note}


def _study(
    exp: Experiment, contrast: Contrast | None, context: Mapping[str, Any], fluid: str | None
) -> list[dict[str, Any]]:
    chosen = exp.samples.index if contrast is None else contrast.groups(exp)[0]
    measured = exp.values.loc[chosen].notna().any()
    material = contrast.fluid if contrast else fluid
    lines = [
        _line("study", "species", exp.organism, FROM_DATA),
        _line("study", "samples", len(chosen), FROM_DATA, contrast.case if contrast else "all samples"),
        _line(
            "study",
            "protein groups",
            int(measured.sum()),
            FROM_DATA,
            "measured in one of these samples or more",
        ),
        _line("study", "protein analysis", "mass spectrometry", FROM_DATA),
        _line("study", "sample type", material, FROM_CONTEXT)
        if material
        else _line("study", "sample type", "", TO_FILL, "what the samples come from"),
    ]
    return lines + [_stated("study", key, context) for key in ("accession", "dataset")]


def _stated(section: str, key: str, context: Mapping[str, Any]) -> dict[str, Any]:
    value = context.get(key)
    field = key.replace("_", " ")
    if value in (None, ""):
        return _line(section, field, "", TO_FILL, CONTEXT_KEYS[key].meaning)
    plain = {True: "yes", False: "no"}[value] if isinstance(value, bool) else value
    return _line(section, field, plain, FROM_CONTEXT)


def _preparation(context: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [_stated("preparation", key, context) for key in _PREPARATION]


def _metric(items: pd.DataFrame) -> list[dict[str, Any]]:
    kinds = {item.item: item.kind for item in load_items() if item.guideline == GUIDELINE}
    lines = []
    answered = 0
    for _, row in items.iterrows():
        kind, answer = kinds[row["item"]], row["answer"]
        note = f"{row['requirement']} {row['evidence']}".strip()
        value = row["proteins"] or answer
        if kind in ("seen", "little"):
            answered += answer in (MET, NOT_MET, MEASURED)
            status = FROM_DATA
        elif kind == "never":
            status, value = NOT_APPLICABLE, ""
        else:
            status = TO_FILL if answer == NEEDS_METADATA else FROM_CONTEXT
            value = "" if status == TO_FILL else row["evidence"]
        lines.append(_line("EV-METRIC", row["item"], value, status, note))
    text = "the EV-METRIC counts what a paper reports: no percentage can come from proteins alone"
    total = f"{answered} of {len(items)} items"
    return [*lines, _line("EV-METRIC", "answered by the proteome", total, FROM_DATA, text)]


__all__ = ["FROM_CONTEXT", "FROM_DATA", "NOT_APPLICABLE", "TO_FILL", "ev_track_of"]
