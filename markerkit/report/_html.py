"""report.html: one file, no network."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from markerkit.criteria import load_criteria
from markerkit.effects import fold
from markerkit.report._cards import sample_cards
from markerkit.report._figures import Drawn
from markerkit.report._methods import CITATIONS, methods_text
from markerkit.report._summary import summary
from markerkit.results import TABLES

if TYPE_CHECKING:
    from markerkit.assessment import Assessment

_ORDER = {"compatible": 0, "unresolved": 1, "not compatible": 2, "not assessable": 3}
_WORDS = {"wide": "interval too wide to tell", "wide interval": "interval too wide to tell"}
_TOP_SHARES = 4
_TOP_MARKERS = 8


def html_report(assessment: Assessment, drawn: Sequence[Drawn], skipped: Mapping[str, str]) -> str:
    """Return the report as one HTML document.

    Parameters
    ----------
    assessment
        What to report.
    drawn, skipped
        Figures, and why others are not there.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    record = summary(assessment)
    names = [c["name"] for c in record["contrasts"]]
    return environment.get_template("template.html.j2").render(
        record=record,
        contrasts=[_contrast(assessment, name, record["contrasts"][i]) for i, name in enumerate(names)],
        figures=[_figure(d) for d in drawn],
        skipped=dict(skipped),
        per_sample=sample_cards(assessment),
        specs=list(TABLES.values()),
        data=_table_data(assessment.tables),
        methods=_paragraphs(methods_text(assessment)),
        citations=list(CITATIONS.values()),
        bibtex=_bibtex(assessment),
        gaps=assessment.gaps(),
    )


def _contrast(assessment: Assessment, name: str, found: Mapping[str, Any]) -> dict[str, Any]:
    """Everything that the first screen and the evidence of one contrast show."""
    criteria = load_criteria()
    identity = assessment.identity.table
    rows = identity[identity["contrast"] == name].to_dict(orient="records")
    for row in rows:
        row["title"] = criteria.classes[row["class"]].title
        row["interval"] = _interval(row["log2_fc"], row["ci_low"], row["ci_high"])
        row["reason"] = _WORDS.get(row["reason"], row["reason"])
        row["markers"] = _markers(assessment, name, row["class"])
    purity = assessment.purity.table
    sources = purity[purity["contrast"] == name].to_dict(orient="records")
    for row in sources:
        row["title"] = criteria.sources[row["source"]].title
        row["reason"] = _WORDS.get(row["reason"], row["reason"])
        row["interval"] = _interval(row["log2_fc"], row["ci_low"], row["ci_high"])
    carried = assessment.purity.carry_over
    carried = carried[carried["contrast"] == name]
    return {
        "name": name or "Whole study, no comparator",
        "found": found,
        "classes": sorted(rows, key=lambda r: _ORDER[r["verdict"]]),
        "sources": sources,
        "raised": [s for s in sources if s["verdict"] == "raised"],
        "flat": [s for s in sources if s["verdict"] == "not raised"],
        "open_sources": [s for s in sources if s["verdict"] == "not assessable"],
        "carry": carried.to_dict(orient="records"),
        "shares": _shares(assessment, name),
        "checklist": found["checklist"],
    }


def _interval(effect: float, low: float, high: float) -> str:
    if not np.isfinite(effect):
        return ""
    return f"{fold(effect)}-fold (95 % interval {fold(low)} to {fold(high)})"


def _shares(assessment: Assessment, name: str) -> list[dict[str, Any]]:
    """Largest sources by median share over the case samples."""
    table = assessment.purity.shares
    contrast = next((c for c in assessment.contrasts if c.name == name), None)
    if contrast is not None:
        table = table[table["sample"].isin(contrast.arms(assessment.experiment)[0])]
    titles = load_criteria().sources
    median = table[table["source"] != "ev"].groupby("source")["share"].median().dropna()
    top = median.sort_values(ascending=False).head(_TOP_SHARES)
    return [{"title": titles[str(k)].title, "share": 100 * float(v)} for k, v in top.items() if v > 0]


def _markers(assessment: Assessment, name: str, key: str) -> dict[str, list[Any]]:
    """Markers that weigh most for and against a class."""
    table = assessment.markers_used
    rows = table[(table["contrast"] == name) & (table["set"] == key) & (table["status"] == "counted")]
    pull = rows["weight"] * rows["log2_fc"] * np.where(rows["role"] == "negative", -1.0, 1.0)
    ordered = rows.assign(pull=pull).sort_values("pull", kind="stable")
    favour = ordered[ordered["pull"] > 0].iloc[::-1].head(_TOP_MARKERS)
    against = ordered[ordered["pull"] < 0].head(_TOP_MARKERS)
    return {"favour": favour.to_dict(orient="records"), "against": against.to_dict(orient="records")}


def _figure(drawn: Drawn) -> dict[str, str]:
    svg, pdf = (base64.b64encode(content).decode() for content in (drawn.svg, drawn.pdf))
    return {"contrast": drawn.contrast, "name": drawn.name, "title": drawn.title, "svg": svg, "pdf": pdf}


def _table_data(tables: Mapping[str, pd.DataFrame]) -> str:
    """Tables as JSON that cannot end its script element."""
    data = {
        name: [[_short(v) for v in row] for row in t.itertuples(index=False)] for name, t in tables.items()
    }
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return (
        text.replace("<", "\\u003c")
        .replace(">", "\\u003e")
        .replace("&", "\\u0026")
        .replace("\u2028", "\\u2028")
    )


def _short(value: object) -> object:
    if value is None or value is pd.NA:
        return None
    if isinstance(value, float):
        return float(f"{value:.4g}") if np.isfinite(value) else None
    if isinstance(value, bool | np.bool_):
        return bool(value)
    return int(value) if isinstance(value, np.integer) else value


def _paragraphs(text: str) -> list[tuple[str, str]]:
    """Headings and paragraphs of the methods text, references left to their own list."""
    parts = text.split("## References")[0].removeprefix("# Methods").strip().split("\n\n")
    return [("h", p.removeprefix("## ")) if p.startswith("## ") else ("p", p) for p in parts]


def _bibtex(assessment: Assessment) -> str:
    """Write the references of the markers that were used."""
    used = set(assessment.markers_used["source"])
    rows = assessment.markers.references
    entries = []
    for row in rows[rows["key"].isin(used)].to_dict(orient="records"):
        fields = {"author": "authors", "title": "title", "journal": "journal", "year": "year", "doi": "doi"}
        lines = [f"  {k} = {{{row[v]}}}" for k, v in fields.items() if str(row[v]) not in {"", "nan"}]
        entries.append(f"@article{{{row['key']},\n" + ",\n".join(lines) + "\n}")
    return "\n\n".join(entries)
