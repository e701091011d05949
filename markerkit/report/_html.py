"""report.html: one file, no network."""

from __future__ import annotations

import base64
import gzip
import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
from markupsafe import Markup, escape

from markerkit.core.glossary import GLOSSARY
from markerkit.core.memory import uncollected
from markerkit.core.wording import percent
from markerkit.report import _evidence
from markerkit.report._cards import sample_cards
from markerkit.report._contrast import contrast_parts, group_answers, levels
from markerkit.report._long import too_long
from markerkit.report._methods import CITATIONS, methods_text
from markerkit.report._places import PLACES, place_of
from markerkit.report._study import group_shares, guideline_rows, study_lines
from markerkit.report._summary import summary
from markerkit.report._values import group_rows
from markerkit.tables.registry import TABLES

if TYPE_CHECKING:
    from jinja2 import Template

    from markerkit.assessment.result import Assessment
    from markerkit.report._figures import Drawn
    from markerkit.study.contrast import Contrast

_HERE = Path(__file__).parent
#: bytes of SVG beyond which the page holds the figures compressed, and its script unpacks them
_MOST_PLAIN = 8_000_000
_PAGE_WIDTH = 183.0  # mm, two columns of a page; 1000 pixels on a screen


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
    assessment: Assessment,
    record: Mapping[str, Any],
    methods: str,
    marker_values: Mapping[str, pd.DataFrame] | None = None,
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
    marker_values
        What the heat maps of the markers show, by contrast; for the plots to explore.

    Returns
    -------
    A function that takes the figures, and why others are not there, and gives the document.
    """
    tables, template = assessment.tables, _template()
    values = {
        "record": record,
        "contrasts": [contrast_parts(assessment, tables, found) for found in record["contrasts"]],
        "of_samples": "" if len(record["contrasts"]) > 1 else record["contrasts"][0]["name"],
        "study_lines": study_lines(assessment.series),
        "answers": group_answers(tables["ev_markers"]),
        "shares": group_shares(tables["composition"]),
        "values_by_group": group_rows(tables["group_values"], _only(assessment.contrasts)),
        "guidelines": guideline_rows(tables["misev_checklist"]),
        "form": _evidence.form(tables["ev_track"]),
        "per_sample": sample_cards(tables),
        "specs": list(TABLES.values()),
        "data": _table_data(tables, marker_values or {}),
        "methods": _paragraphs(methods),
        "citations": list(CITATIONS.values()),
        "bibtex": _bibtex(tables, assessment.markers.references),
        "gaps": assessment.gaps(),
        "circular": _evidence.circular(tables["circularity"]),
        "levels": levels(),
        "glossary": GLOSSARY,
        # files of the package, no input: they may stand in the page as they are
        "style": Markup((_HERE / "report.css").read_text(encoding="utf-8")),
        "script": Markup("".join((_HERE / f).read_text(encoding="utf-8") for f in ("tables.js", "plots.js"))),
    }

    def page(drawn: Sequence[Drawn], skipped: Mapping[str, str]) -> str:
        shown_with = str(values["of_samples"])
        packed = sum(len(d.svg) for d in drawn) > _MOST_PLAIN
        figures = [_figure(d, shown_with, packed=packed) for d in sorted(drawn, key=_rank)]
        text = template.render(**values, figures=figures, packed=packed, skipped=dict(skipped))
        # a number and its sign stay on one line; what follows is data
        shown, mark, rest = text.partition('<script type="application/json"')
        return re.sub(r"(?<=\d) %", "\u00a0%", shown) + mark + rest

    return page


def _template() -> Template:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(_HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"ticks": _ticks, "percent": partial(percent, digits=2), "anchor": _anchor}
    return environment.get_template("template.html.j2")


def _only(contrasts: Sequence[Contrast]) -> Contrast | None:
    return contrasts[0] if len(contrasts) == 1 else None


def _anchor(term: str) -> str:
    """Name the place of a term of the glossary in the page.

    >>> _anchor("null check (type-I error check)")
    'term-null-check-type-i-error-check'
    """
    if term not in GLOSSARY:
        raise KeyError(term)
    return "term-" + re.sub(r"[^a-z0-9]+", "-", term.lower()).strip("-")


def _ticks(text: str) -> Markup:
    """Set what stands between backticks as code.

    >>> _ticks("state `a<b`")
    Markup('state <code>a&lt;b</code>')
    """
    return Markup(re.sub("`([^`]+)`", r"<code>\1</code>", str(escape(text))))


def _rank(drawn: Drawn) -> int:
    """Order of the figures within a section."""
    names = PLACES.get(place_of(drawn.name), ())
    return names.index(drawn.name) if drawn.name in names else len(names)


def _figure(drawn: Drawn, of_samples: str, *, packed: bool) -> dict[str, Any]:
    """Describe a figure for the page; one of the samples of the whole study stands with the contrast `of_samples`."""
    place = place_of(drawn.name)
    points = re.search(rb'<svg[^>]* width="([\d.]+)pt"', drawn.svg)
    wide = float(points[1]) / 72 * 25.4 if points else _PAGE_WIDTH
    return {
        "contrast": drawn.contrast or ("" if place == "study" else of_samples),
        "place": place,
        "name": drawn.name,
        "title": drawn.title,
        "caption": drawn.caption,
        "svg": _packed(drawn.svg) if packed else base64.b64encode(drawn.svg).decode(),
        "packed": packed,
        "file": drawn.file,
        # text of one size in narrow and wide figures
        "pixels": round(wide / _PAGE_WIDTH * 1000),
        "mm": round(wide),
    }


def _table_data(tables: Mapping[str, pd.DataFrame], marker_values: Mapping[str, pd.DataFrame]) -> str:
    """Tables as compressed JSON, which a browser unpacks when the first of them is opened."""
    with uncollected():
        data: dict[str, Any] = {n: too_long(n, table) or _rows_of(table) for n, table in tables.items()}
        data["marker_values"] = [
            [contrast, *row]
            for contrast, table in marker_values.items()
            for row in _rows_of(table[["set", "gene", "sample", "value"]])
        ]
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return _packed(text.encode())


def _packed(content: bytes) -> str:
    # level 9 takes three times as long for a percent
    return base64.b64encode(gzip.compress(content, compresslevel=6, mtime=0)).decode()


def _rows_of(table: pd.DataFrame) -> list[list[object]]:
    columns = [[_short(v) for v in table[name].tolist()] for name in table.columns]
    return [list(row) for row in zip(*columns, strict=True)]


def _short(value: object) -> object:
    if isinstance(value, float):
        return float(f"{value:.4g}") if math.isfinite(value) else None
    return None if value is pd.NA else value


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
