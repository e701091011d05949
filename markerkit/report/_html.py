"""report.html: one file, no network."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from markupsafe import Markup, escape

from markerkit.assessment.headline import headline_of_study, like_control, row_of, shown_classes
from markerkit.assessment.result import NO_SOURCE_JUDGED, question
from markerkit.catalog.criteria import load_criteria
from markerkit.core.glossary import GLOSSARY
from markerkit.core.vocabulary import Rule
from markerkit.core.wording import interval, percent, times
from markerkit.figures._dispatch import OF_STUDY
from markerkit.report import _evidence
from markerkit.report._cards import sample_cards
from markerkit.report._figures import Drawn
from markerkit.report._methods import CITATIONS, methods_text
from markerkit.report._summary import summary
from markerkit.report._values import FIGURES_OF_VALUES, group_rows
from markerkit.tables.registry import TABLES

if TYPE_CHECKING:
    from jinja2 import Template

    from markerkit.assessment.result import Assessment
    from markerkit.assessment.series import SeriesParts
    from markerkit.study.contrast import Contrast

#: the order of the classes on the page, by verdict
_ORDER = ("compatible", "higher", "unresolved", "similar", "lower", "not compatible", "not assessable")
_PER_EV = {
    "higher": "more than in the control",
    "similar": "as much as in the control",
    "lower": "less than in the control",
}
_TOP_PARTS = 6
_TOP_MARKERS = 8
_HERE = Path(__file__).parent


def html_report(assessment: Assessment, drawn: Sequence[Drawn], skipped: Mapping[str, str]) -> str:
    """Return the report as one HTML document.

    Parameters
    ----------
    assessment
        What to report.
    drawn, skipped
        Figures, and why others are not there.
    """
    return html_page(assessment, summary(assessment), methods_text(assessment))(drawn, skipped)


def html_page(
    assessment: Assessment, record: Mapping[str, Any], methods: str
) -> Callable[[Sequence[Drawn], Mapping[str, str]], str]:
    """Prepare the report, while its figures are still being drawn.

    Parameters
    ----------
    assessment
        What to report.
    record
        The assessment as in ``summary.json``.
    methods
        The methods text.

    Returns
    -------
    A function that takes the figures, and why others are not there, and gives the document.
    """
    tables, template = assessment.tables, _template()
    values = {
        "record": record,
        "contrasts": [_contrast(assessment, tables, found) for found in record["contrasts"]],
        "of_values": FIGURES_OF_VALUES,
        "of_study": list(OF_STUDY),
        "study_lines": study_lines(assessment.series),
        "per_sample": sample_cards(tables),
        "specs": list(TABLES.values()),
        "data": _table_data(tables),
        "methods": _paragraphs(methods),
        "citations": list(CITATIONS.values()),
        "bibtex": _bibtex(tables, assessment.markers.references),
        "gaps": assessment.gaps(),
        "circular": _evidence.circular(tables["circularity"]),
        "levels": _levels(),
        "glossary": GLOSSARY,
        # files of the package, no input: they may stand in the page as they are
        "style": Markup((_HERE / "report.css").read_text(encoding="utf-8")),
        "script": Markup((_HERE / "tables.js").read_text(encoding="utf-8")),
    }

    def page(drawn: Sequence[Drawn], skipped: Mapping[str, str]) -> str:
        text = template.render(**values, figures=[_figure(d) for d in drawn], skipped=dict(skipped))
        # a number and its sign stay on one line; what follows is data
        shown, mark, rest = text.partition('<script type="application/json"')
        return re.sub(r"(?<=\d) %", "\u00a0%", shown) + mark + rest

    return page


def study_lines(parts: SeriesParts) -> list[tuple[str, list[str]]]:
    """Headings of the parts that describe the whole study, each with its lines.

    Parameters
    ----------
    parts
        Fraction series, ranking and amounts of the assessment.
    """
    found: list[tuple[str, list[str]]] = []
    for line in parts.lines():
        if line.startswith("  "):
            found[-1][1].append(line.strip())
        else:
            found.append((f"{line[:1].upper()}{line[1:]}", []))
    return found


def _template() -> Template:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(_HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"ticks": _ticks, "percent": partial(percent, digits=2)}
    return environment.get_template("template.html.j2")


def _levels() -> dict[str, str]:
    """Levels of the intervals in percent."""
    threshold = load_criteria().threshold
    of_classes = threshold["class_confidence"]
    return {
        "class_": f"{100 * of_classes:g}",
        "one_sided": f"{50 * (1 - of_classes):g}",
        "source": f"{100 * threshold['confidence']:g}",
    }


def _ticks(text: str) -> Markup:
    """Set what stands between backticks as code.

    >>> _ticks("state `a<b`")
    Markup('state <code>a&lt;b</code>')
    """
    return Markup(re.sub("`([^`]+)`", r"<code>\1</code>", str(escape(text))))


def _contrast(
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
    case = None if contrast is None else contrast.groups(assessment.experiment)[0]
    shares = _shares(tables["source_shares"], case)
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
        "tube": _tube(tables["ev_markers"], contrast),
        "classes": _classes(of_contrast),
        "shown": {r.key for r in shown_classes(load_criteria(), assessment.data.context)},
        **_sources(of_contrast["purity"], shares),
        "parts": _parts(of_contrast["purity"], tables["composition"], contrast),
        "carry": _fractions(of_contrast["contamination_fraction"]),
        "checklist": found["checklist"],
        "stability": _evidence.stability(of_contrast["sensitivity"]),
        "unvaried": _evidence.unvaried(of_contrast["sensitivity"]),
        "values": group_rows(tables["group_values"], contrast),
        "design": _evidence.design_rows(of_contrast["design"]),
        "levels": _evidence.levels(of_contrast["null_check"]),
        "form": _evidence.form(of_contrast["ev_track"]),
    }


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


def _tube(ev_markers: pd.DataFrame, contrast: Contrast | None) -> list[dict[str, str]]:
    """Say what is in the tube of the two groups of a contrast, or of every group."""
    rows = ev_markers[ev_markers["level"] == "group"]
    if contrast is not None:
        rows = rows[rows["name"].isin([contrast.case, contrast.control])]
    found = []
    for _, row in rows.iterrows():
        head, _, text = str(row["summary"]).partition(": ")
        found.append({"name": head, "word": str(row["word"]), "text": text})
    return found


def _parts(
    purity: pd.DataFrame, composition: pd.DataFrame, contrast: Contrast | None
) -> list[dict[str, Any]]:
    """Largest sources of the case and all that are higher: share in both groups, then the comparison."""
    if contrast is None:
        return []
    groups = composition[composition["level"] == "group"]
    case, control = (
        groups[groups["name"] == g].set_index("component") for g in (contrast.case, contrast.control)
    )
    found = []
    for row in purity.to_dict(orient="records"):
        key = row["source"]
        held, there = (_share_of(part, key) for part in (case, control))
        share = float(case["share"].get(key, np.nan))
        third, _, kind = str(case["reference"].get(key, "")).partition(" of ")
        found.append(
            {
                "title": load_criteria().sources[key].title,
                "case": held,
                "control": there,
                "place": third,
                "kind": kind,
                "verdict": row["verdict"],
                "times": times(row["log2_fc"]).removesuffix(" than").removesuffix(" as")
                if pd.notna(row["log2_fc"])
                else "",
                "share": share if np.isfinite(share) else 0.0,
            }
        )
    most = sorted(found, key=lambda r: -float(r["share"]))
    return [r for i, r in enumerate(most) if (i < _TOP_PARTS and r["share"] > 0) or r["verdict"] == "higher"]


def _share_of(part: pd.DataFrame, key: str) -> str:
    if key not in part.index or not np.isfinite(float(row_of(part, key)["share"])):
        return "not seen"
    row = row_of(part, key)
    inside = (
        f" ({100 * row['ci_low']:.2g} to {100 * row['ci_high']:.2g})" if np.isfinite(row["ci_low"]) else ""
    )
    return f"{percent(row['share'], 2)}{inside}"


def _sources(purity: pd.DataFrame, shares: Mapping[str, float]) -> dict[str, Any]:
    """Rows of the purity table with titles, intervals and shares; all, and by verdict."""
    criteria = load_criteria()
    rows = purity.to_dict(orient="records")
    for row in rows:
        row["title"] = criteria.sources[row["source"]].title
        row["interval"] = _interval(row, criteria.threshold["confidence"])
        row["share"] = shares.get(row["source"], np.nan)
        row["per_ev"] = _PER_EV.get(row["per_ev"], "")
    return {
        "sources": rows,
        "higher": [s for s in rows if s["verdict"] == "higher"],
        "unresolved": [s for s in rows if s["verdict"] == "unresolved"],
        "open_sources": _by_reason([s for s in rows if s["verdict"] == "not assessable"]),
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
    warnings = [r for r in _evidence.design_rows(design) if r["severity"] in ("serious", "warning")]
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


def _shares(table: pd.DataFrame, samples: Collection[str] | None) -> dict[str, float]:
    """Median share of each source over the samples, all of them by default, the largest first."""
    if samples is not None:
        table = table[table["sample"].isin(list(samples))]
    median = table.groupby("source")["share"].median().dropna().sort_values(ascending=False, kind="stable")
    return {str(k): float(v) for k, v in median.items()}


def _markers(table: pd.DataFrame, key: str) -> dict[str, list[Any]]:
    """Markers with the largest contribution for and against a class."""
    rows = table[(table["set"] == key) & (table["status"] == "counted")]
    pull = rows["weight"] * rows["log2_fc"] * np.where(rows["role"] == "negative", -1.0, 1.0)
    ordered = rows.assign(pull=pull).sort_values("pull", kind="stable")
    favor = ordered[ordered["pull"] > 0].iloc[::-1].head(_TOP_MARKERS)
    against = ordered[ordered["pull"] < 0].head(_TOP_MARKERS)
    return {"favor": favor.to_dict(orient="records"), "against": against.to_dict(orient="records")}


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


def _bibtex(tables: Mapping[str, pd.DataFrame], references: pd.DataFrame) -> str:
    """Write the references of the markers that were used."""
    used = set(tables["markers_used"]["source"])
    entries = []
    for row in references[references["key"].isin(used)].to_dict(orient="records"):
        fields = {"author": "authors", "title": "title", "journal": "journal", "year": "year", "doi": "doi"}
        lines = [f"  {k} = {{{row[v]}}}" for k, v in fields.items() if str(row[v]) not in {"", "nan"}]
        entries.append(f"@article{{{row['key']},\n" + ",\n".join(lines) + "\n}")
    return "\n\n".join(entries)
