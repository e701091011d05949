"""What Jupyter shows: badges that are read in the dark, in the light and without color."""

from __future__ import annotations

import re

import pandas as pd
import pytest

import markerkit as mk
from markerkit import results
from markerkit.core.rich import BADGES, badge, badge_table, experiment_html, folded
from markerkit.core.vocabulary import VerdictWord
from markerkit.tables.registry import TABLES


def luminance(color: str) -> float:
    parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("word", BADGES)
def test_a_badge_is_legible_on_any_page_and_says_its_word(word) -> None:
    look = BADGES[word]
    assert contrast(look.ink, look.paper) >= 4.5, "WCAG AA"
    assert word in badge(word)
    assert f"background:{look.paper}" in badge(word), "brings its own paper"
    assert f"color:{look.ink}" in badge(word)


def test_every_verdict_has_a_badge_of_its_own() -> None:
    assert {str(w) for w in VerdictWord} <= set(BADGES)
    signs = [b.sign for b in BADGES.values()]
    assert len(set(signs)) == len(signs), "told apart without color"


def test_text_is_escaped() -> None:
    assert "<script>" not in badge("<script>")
    table = badge_table([("<b>", "compatible", "a & b")], ("x<", "verdict", "why"))
    assert "&lt;b&gt;" in table
    assert "a &amp; b" in table
    assert "x&lt;" in table
    assert "<i>" not in folded("<i>", "")


@pytest.mark.parametrize(
    ("kind", "what"), [(results.Identity, "class"), (results.Purity, "source"), (results.Comparison, "class")]
)
def test_verdicts_come_first_with_badges(kind, what) -> None:
    name = kind.table_name
    row = {"contrast": "a vs b", what: "plasma", "verdict": "unresolved", "explanation": "too wide <"}
    text = kind(TABLES[name].conform(pd.DataFrame([row])))._repr_html_()
    assert badge("unresolved") in text
    assert "too wide &lt;" in text
    assert f"all {len(TABLES[name].names)} columns" in text
    assert text.index("badge" if "badge" in text else "unresolved") < text.index("<details>")


def test_composition_shows_groups_with_their_words(example_assessment) -> None:
    text = example_assessment.composition._repr_html_()
    assert badge("strong") in text
    assert "lysate (6 samples)" in text
    assert "EV_D1" not in text[: text.index("<details>")], "groups, not samples"
    assert results.Composition(TABLES["composition"].empty())._repr_html_().startswith("<h4>Composition</h4>")


def test_an_assessment_shows_answer_figure_and_gaps(example_assessment) -> None:
    text = example_assessment._repr_html_()
    assert badge("compatible") in text
    assert example_assessment.headline(example_assessment.contrasts[0]) in text
    assert text.count("<img alt=") == 1
    assert "What is missing" in text
    assert len(text) < 300_000
    pages = re.sub(r"base64,[^\"]*", "", text)
    assert pages.count("<table>") == pages.count("</table>") == 2


def test_an_experiment_says_what_it_holds(example) -> None:
    assert "12 samples &times; 2132 protein groups" in example._repr_html_()
    approximate = mk.Experiment(pd.DataFrame({"CD9": [1.0]}, index=["<s>"]), scale="log2")
    assert "approximate" in experiment_html(approximate, "0 % missing")
