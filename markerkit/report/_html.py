"""report.html: one file, no network."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Hashable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from markupsafe import Markup, escape

from markerkit.catalog.criteria import load_criteria
from markerkit.core.wording import fold_change
from markerkit.figures._rows import in_words
from markerkit.report import _evidence
from markerkit.report._cards import sample_cards
from markerkit.report._figures import Drawn
from markerkit.report._methods import CITATIONS, methods_text
from markerkit.report._summary import summary
from markerkit.tables.registry import TABLES

if TYPE_CHECKING:
    from markerkit.assessment.result import Assessment

_ORDER = {"compatible": 0, "unresolved": 1, "not compatible": 2, "not assessable": 3}
_REASONS = {
    r"negatives up": "proteins that should be absent rise too",
    r"general EV evidence not shown": "EV material as such is not shown",
    r"wide interval": "interval too wide to tell",
    r"interval above 0": "more than in the control",
    r"competing class ([^:,]+)": r"cannot be told apart from \1",
    r"(\d+) of at least (\d+) votes measured": r"\1 of at least \2 independent markers measured",
}
_PER_EV = {
    "higher": "more than in the control",
    "same": "as much as in the control",
    "lower": "less than in the control",
}
_TOP_SHARES = 4
_TOP_MARKERS = 8


def html_report(
    assessment: Assessment,
    drawn: Sequence[Drawn],
    skipped: Mapping[str, str],
    *,
    record: Mapping[str, Any] | None = None,
    methods: str | None = None,
) -> str:
    """Return the report as one HTML document.

    Parameters
    ----------
    assessment
        What to report.
    drawn, skipped
        Figures, and why others are not there.
    record
        The assessment as in ``summary.json``, where it was computed already.
    methods
        The methods text, likewise.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["ticks"] = _ticks
    record = summary(assessment) if record is None else record
    methods = methods_text(assessment) if methods is None else methods
    names = [c["name"] for c in record["contrasts"]]
    text = environment.get_template("template.html.j2").render(
        record=record,
        contrasts=[_contrast(assessment, name, record["contrasts"][i]) for i, name in enumerate(names)],
        figures=[_figure(d) for d in drawn],
        skipped=dict(skipped),
        per_sample=sample_cards(assessment),
        specs=list(TABLES.values()),
        data=_table_data(assessment.tables),
        methods=_paragraphs(methods),
        citations=list(CITATIONS.values()),
        bibtex=_bibtex(assessment),
        gaps=assessment.gaps(),
        circular=_evidence.circular(assessment),
    )
    # a number and its sign stay on one line; what follows is data
    shown, mark, rest = text.partition('<script type="application/json"')
    return re.sub(r"(?<=\d) %", "\u00a0%", shown) + mark + rest


def _ticks(text: str) -> Markup:
    """Set what stands between backticks as code.

    >>> _ticks("state `a<b`")
    Markup('state <code>a&lt;b</code>')
    """
    return Markup(re.sub("`([^`]+)`", r"<code>\1</code>", str(escape(text))))


def _contrast(assessment: Assessment, name: str, found: Mapping[str, Any]) -> dict[str, Any]:
    """Everything that the first screen and the evidence of one contrast show."""
    criteria = load_criteria()
    identity = assessment.identity.table
    rows = identity[identity["contrast"] == name].to_dict(orient="records")
    for row in rows:
        row["title"] = criteria.classes[row["class"]].title
        row["interval"] = _interval(row, criteria.threshold["class_confidence"])
        said = _say(row["reason"])
        row["explanation"] = row["explanation"].replace(f": {row['reason']}.", f": {said}.")
        row["reason"] = said
        row["markers"] = _markers(assessment, name, row["class"])
        row["reasons"] = _evidence.reasons(assessment, name, row["class"])
    purity, shares = assessment.purity.table, _shares(assessment, name)
    top = [k for k in shares if k != "ev" and shares[k] > 0][:_TOP_SHARES]
    sources = purity[purity["contrast"] == name].to_dict(orient="records")
    for row in sources:
        row["title"] = criteria.sources[row["source"]].title
        row["reason"] = _say(row["reason"])
        row["interval"] = _interval(row, criteria.threshold["confidence"])
        row["share"] = 100 * shares.get(row["source"], np.nan)
        row["per_ev"] = _PER_EV.get(row["per_ev"], "")
    carried = assessment.purity.contamination_fraction.table
    parts = {key: rule.title for key, rule in criteria.sources.items()} | {"all": "Overall"}
    carried = carried[carried["contrast"] == name]
    carried = carried.assign(title=carried["compartment"].replace(parts))
    return {
        "name": name or "Whole study, no comparator",
        "comparator": criteria.comparators[found["comparator"]].title if found["comparator"] else "",
        "design_words": _design_words(assessment, name),
        "found": found,
        "classes": sorted(rows, key=lambda r: _ORDER[r["verdict"]]),
        "sources": sources,
        "raised": [s for s in sources if s["verdict"] == "raised"],
        "flat": [s for s in sources if s["verdict"] == "not raised"],
        "open_sources": _by_reason([s for s in sources if s["verdict"] == "not assessable"]),
        "carry": carried.to_dict(orient="records"),
        "shares": [{"title": criteria.sources[k].title, "share": 100 * shares[k]} for k in top],
        "ev_share": 100 * shares.get("ev", np.nan),
        "checklist": found["checklist"],
        "stability": _evidence.stability(assessment, name),
        "unvaried": _evidence.unvaried(assessment, name),
        "design": _evidence.design_rows(assessment, name),
        "levels": _evidence.levels(assessment, name),
        "form": _evidence.form(assessment, name),
    }


def _design_words(assessment: Assessment, name: str) -> list[str]:
    """Lines of the design that are of no other contrast, without the contrast's name."""
    others = tuple(f"{c.name}: " for c in assessment.contrasts if c.name != name)
    mine = [line for line in assessment.design if line.startswith(f"{name}: ") or not line.startswith(others)]
    return [line.removeprefix(f"{name}: ") if name else line for line in mine]


def _interval(row: Mapping[Hashable, Any], confidence: float) -> str:
    if not np.isfinite(row["log2_fc"]):
        return ""
    size, low, high = (fold_change(row[column]) for column in ("log2_fc", "ci_low", "ci_high"))
    return f"{size}-fold ({100 * confidence:g} % interval {low} to {high})"


def _say(reason: str) -> str:
    """Write a reason out for a reader who has not read the methods.

    >>> _say("competing class apoptotic_body: too few markers that tell them apart")
    'cannot be told apart from apoptotic body: too few markers that tell them apart'
    """
    text = in_words(reason)
    for pattern, words in _REASONS.items():
        text = re.sub(f"^{pattern}", words, text)
    return text


def _by_reason(sources: Iterable[Mapping[Any, Any]]) -> dict[str, str]:
    """Reason -> titles of the sources, so that one reason is read once."""
    found: dict[str, list[str]] = {}
    for source in sources:
        few = re.match(r"\d+ of at least (\d+) ", source["reason"])
        reason = f"fewer than {few[1]} independent markers measured" if few else source["reason"]
        found.setdefault(reason, []).append(source["title"])
    return {reason: ", ".join(titles) for reason, titles in found.items()}


def _shares(assessment: Assessment, name: str) -> dict[str, float]:
    """Median share of each source over the case samples, the largest first."""
    table = assessment.purity.shares.table
    contrast = next((c for c in assessment.contrasts if c.name == name), None)
    if contrast is not None:
        table = table[table["sample"].isin(contrast.groups(assessment.experiment)[0])]
    median = table.groupby("source")["share"].median().dropna().sort_values(ascending=False, kind="stable")
    return {str(k): float(v) for k, v in median.items()}


def _markers(assessment: Assessment, name: str, key: str) -> dict[str, list[Any]]:
    """Markers that weigh most for and against a class."""
    table = assessment.markers_used.table
    rows = table[(table["contrast"] == name) & (table["set"] == key) & (table["status"] == "counted")]
    pull = rows["weight"] * rows["log2_fc"] * np.where(rows["role"] == "negative", -1.0, 1.0)
    ordered = rows.assign(pull=pull).sort_values("pull", kind="stable")
    favour = ordered[ordered["pull"] > 0].iloc[::-1].head(_TOP_MARKERS)
    against = ordered[ordered["pull"] < 0].head(_TOP_MARKERS)
    return {"favour": favour.to_dict(orient="records"), "against": against.to_dict(orient="records")}


def _figure(drawn: Drawn) -> dict[str, Any]:
    svg, pdf = (base64.b64encode(content).decode() for content in (drawn.svg, drawn.pdf))
    points = re.search(rb'<svg[^>]* width="([\d.]+)pt"', drawn.svg)
    return {
        "contrast": drawn.contrast,
        "name": drawn.name,
        "title": drawn.title,
        "svg": svg,
        "pdf": pdf,
        # text of one size in narrow and wide figures: two columns of a page, 183 mm, are 1000 pixels
        "pixels": round(float(points[1]) / 72 * 25.4 / 183 * 1000) if points else 1000,
    }


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
    used = set(assessment.markers_used.table["source"])
    rows = assessment.markers.references
    entries = []
    for row in rows[rows["key"].isin(used)].to_dict(orient="records"):
        fields = {"author": "authors", "title": "title", "journal": "journal", "year": "year", "doi": "doi"}
        lines = [f"  {k} = {{{row[v]}}}" for k, v in fields.items() if str(row[v]) not in {"", "nan"}]
        entries.append(f"@article{{{row['key']},\n" + ",\n".join(lines) + "\n}")
    return "\n\n".join(entries)
