"""Everything that the report shows of one contrast."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from markerkit.assessment.answer import NO_SOURCE_JUDGED, question
from markerkit.assessment.headline import headline_of_study, like_control, row_of, shown_classes
from markerkit.catalog.criteria import load_criteria
from markerkit.core.vocabulary import Rule
from markerkit.core.wording import interval, percent, times
from markerkit.report import _evidence

if TYPE_CHECKING:
    from markerkit.assessment.result import Assessment
    from markerkit.study.contrast import Contrast

#: the order of the classes on the page, by verdict
_ORDER = ("compatible", "higher", "unresolved", "similar", "lower", "not compatible", "not assessable")
_PER_EV = {
    "higher": "per EV more than in the control",
    "similar": "per EV no difference from the control shown",
    "lower": "per EV less than in the control",
}
_TOP_PARTS = 6
_LEAST_SHARE = 1e-4  # shares below this one are not written out
_TOP_MARKERS = 6
_ON_FIRST_SCREEN = ("serious", "warning")


def levels() -> dict[str, str]:
    """Levels of the intervals in percent."""
    threshold = load_criteria().threshold
    of_classes = threshold["class_confidence"]
    return {
        "class_": f"{100 * of_classes:g}",
        "one_sided": f"{50 * (1 - of_classes):g}",
        "source": f"{100 * threshold['confidence']:g}",
    }


def contrast_parts(
    assessment: Assessment, tables: Mapping[str, pd.DataFrame], found: Mapping[str, Any]
) -> dict[str, Any]:
    """Everything that the page shows of one contrast.

    Parameters
    ----------
    assessment
        For the samples of the contrast.
    tables
        Tables of the assessment by name.
    found
        The contrast in the record.
    """
    name = found["name"]
    of_contrast = {k: t[t["contrast"] == name] if "contrast" in t.columns else t for k, t in tables.items()}
    contrast = next((c for c in assessment.contrasts if c.name == name), None)
    comparators = load_criteria().comparators
    return {
        "name": name or "Whole study, no contrast",
        "comparator": comparators[found["comparator"]].title if found["comparator"] else "",
        "question": question(contrast) if contrast is not None and not contrast.asks_identity else "",
        "found": found,
        "confidence": _confidence(of_contrast["design"], contrast, assessment.params.get("collapse_by")),
        "headline": found["headline"] or headline_of_study(tables["ev_markers"]),
        "alike": NO_SOURCE_JUDGED if assessment.like_control(name) else "",
        "like": like_control(found["comparator"]),
        "answers": group_answers(
            tables["ev_markers"], [contrast.case, contrast.control] if contrast else None
        ),
        "classes": _classes(of_contrast),
        "shown": {r.key for r in shown_classes(load_criteria(), assessment.data.context)},
        **_sources(of_contrast["purity"], tables["composition"], contrast),
        "carry": _fractions(of_contrast["contamination_fraction"]),
        "stability": _evidence.stability(of_contrast["sensitivity"]),
        "unvaried": _evidence.unvaried(of_contrast["sensitivity"]),
        "design": [
            r for r in _evidence.design_rows(of_contrast["design"]) if r["severity"] not in _ON_FIRST_SCREEN
        ],
        "levels": _evidence.levels(of_contrast["null_check"]),
    }


def group_answers(ev_markers: pd.DataFrame, names: Sequence[str] | None = None) -> list[dict[str, str]]:
    """Say what is in the tube of every group, or of those named.

    Parameters
    ----------
    ev_markers
        Table ``ev_markers``.
    names
        Groups; all by default.

    Returns
    -------
    ``name`` with the number of samples, ``word`` and ``text`` of every group.
    """
    rows = ev_markers[ev_markers["level"] == "group"]
    if names is not None:
        rows = rows[rows["name"].isin(list(names))]
        rows = rows.sort_values("name", key=lambda n: n.map(list(names).index), kind="stable")
    found = []
    for _, row in rows.iterrows():
        head, _, text = str(row["summary"]).partition(": ")
        found.append({"name": head, "word": str(row["word"]), "text": text})
    return found


def _classes(tables: Mapping[str, pd.DataFrame]) -> list[dict[Hashable, Any]]:
    """Rows of the classes with titles, intervals, evidence and markers, the compatible first."""
    criteria = load_criteria()
    levels = {"identity": "class_confidence", "comparison": "confidence"}
    rows = [
        row | {"interval": _interval(row, criteria.threshold[level])}
        for name, level in levels.items()
        for row in tables[name].to_dict(orient="records")
    ]
    for row in rows:
        row["title"] = criteria.classes[row["class"]].title
        row["markers"] = _markers(tables["markers_used"], row["class"])
        row["reasons"] = _evidence.reasons(tables["evidence"], row["class"])
    return sorted(rows, key=lambda r: _ORDER.index(r["verdict"]))


def share_text(part: pd.DataFrame, key: str) -> str:
    """Share of a component in a group with its interval.

    Parameters
    ----------
    part
        Rows of the group in the table ``composition``, on their components.
    key
        The component.
    """
    if key not in part.index or not np.isfinite(float(row_of(part, key)["share"])):
        return "not seen"
    row = row_of(part, key)
    low, high = (percent(row[c], 2).removesuffix(" %") for c in ("ci_low", "ci_high"))
    if row["share"] < _LEAST_SHARE:
        return f"below {percent(_LEAST_SHARE)}"
    return f"{percent(row['share'], 2)}{f' ({low} to {high})' if np.isfinite(row['ci_low']) else ''}"


def _sources(purity: pd.DataFrame, composition: pd.DataFrame, contrast: Contrast | None) -> dict[str, Any]:
    """Every source: share of signal in both groups, then the comparison; most of the signal and higher ones first."""
    criteria = load_criteria()
    groups = composition[composition["level"] == "group"]
    names = [] if contrast is None else [contrast.case, contrast.control]
    case, control = (
        [groups[groups["name"] == g].set_index("component") for g in names] + 2 * [groups.iloc[:0]]
    )[:2]
    rows = purity.to_dict(orient="records")
    for row in rows:
        key = row["source"]
        row["title"] = criteria.sources[key].title
        row["interval"] = _interval(row, criteria.threshold["confidence"])
        row["per_ev"] = _PER_EV.get(row["per_ev"], "")
        row["share"] = float(case["share"].get(key, np.nan))
        row["case"], row["control"] = share_text(case, key), share_text(control, key)
        row["place"], _, row["kind"] = str(case["reference"].get(key, "")).partition(" of ")
    rows = sorted(rows, key=lambda r: -np.nan_to_num(r["share"]))
    top = [
        i
        for i, r in enumerate(rows)
        if (i < _TOP_PARTS and r["share"] > 0) or r["verdict"] in ("higher", "unresolved")
    ]
    return {
        "top": [rows[i] for i in top],
        "rest": [r for i, r in enumerate(rows) if i not in top and r["verdict"] != "not assessable"],
        "open_sources": _by_reason(
            r for i, r in enumerate(rows) if i not in top and r["verdict"] == "not assessable"
        ),
    }


def _fractions(table: pd.DataFrame) -> list[dict[Hashable, Any]]:
    parts = {key: rule.title for key, rule in load_criteria().sources.items()} | {"all": "Overall"}
    return table.assign(title=table["compartment"].replace(parts)).to_dict(orient="records")


def _confidence(design: pd.DataFrame, contrast: Contrast | None, collapse_by: str | None) -> list[str]:
    """Write the terms of the model and the warnings of the design check."""
    lines = []
    if contrast is not None and contrast.paired_by:
        lines.append(f"Samples are paired by `{contrast.paired_by}`.")
    if contrast is not None and contrast.batch:
        lines.append(f"Batches are in the model: {', '.join(f'`{b}`' for b in contrast.batch)}.")
    if collapse_by:
        lines.append(f"Technical replicates of one `{collapse_by}` were averaged and count once.")
    warnings = [r for r in _evidence.design_rows(design) if r["severity"] in _ON_FIRST_SCREEN]
    lines += [" ".join(_sentence(row[c]) for c in ("finding", "advice") if row[c]) for row in warnings]
    return lines


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


def _interval(row: Mapping[Hashable, Any], confidence: float) -> str:
    if not np.isfinite(row["log2_fc"]):
        return ""
    return f"{times(row['log2_fc'])} the background ({interval(row['ci_low'], row['ci_high'], confidence)})"


def _by_reason(sources: Iterable[Mapping[Hashable, Any]]) -> dict[str, str]:
    """Reason -> titles of the sources, so that each reason stands once."""
    least = int(load_criteria().threshold["min_markers_source"])
    found: dict[str, list[str]] = {}
    for source in sources:
        few = source["rule"] == Rule.TOO_FEW_MARKERS
        reason = f"fewer than {least} independent markers measured" if few else source["reason"]
        found.setdefault(reason, []).append(source["title"])
    return {reason: ", ".join(titles) for reason, titles in found.items()}


def _markers(table: pd.DataFrame, key: str) -> dict[str, list[Any]]:
    """Markers with the largest contribution for and against a class."""
    rows = table[(table["set"] == key) & (table["status"] == "counted")]
    pull = rows["weight"] * rows["log2_fc"] * np.where(rows["role"] == "negative", -1.0, 1.0)
    ordered = rows.assign(pull=pull).sort_values("pull", kind="stable")
    favor = ordered[ordered["pull"] > 0].iloc[::-1].head(_TOP_MARKERS)
    against = ordered[ordered["pull"] < 0].head(_TOP_MARKERS)
    return {"favor": favor.to_dict(orient="records"), "against": against.to_dict(orient="records")}
