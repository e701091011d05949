"""The results folder: report, workbook, figures; nasty names; the same bytes twice."""

import base64
import csv
import json
import pickle
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from markupsafe import escape
from openpyxl import load_workbook

import markerkit as mk
import markerkit.report
from markerkit.catalog.criteria import load_criteria
from markerkit.core.glossary import GLOSSARY
from markerkit.core.wording import percent
from markerkit.figures._dispatch import FIGURES, OF_STUDY
from markerkit.io.tabular import read_table
from markerkit.report._contrast import group_answers
from markerkit.report._figures import FigureWriter
from markerkit.report._html import html_report
from markerkit.report._places import PLACES
from markerkit.report._process import drawing_process
from markerkit.report._values import group_rows
from markerkit.report._workbook import write_workbook
from markerkit.tables.registry import TABLES
from markerkit.tables.spec import text_of_cell
from tests.helpers import EXAMPLE
from tests.hostile import nasty_contrast, nasty_experiment

pytestmark = pytest.mark.filterwarnings("ignore:the background of the set tests")


@pytest.fixture
def folder(nasty_folder):
    return nasty_folder


@pytest.fixture
def html(folder):
    return (folder / "report.html").read_text(encoding="utf-8")


def test_contract(folder):
    found = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
    assert {"report.html", "summary.json", "methods.md", "tables.xlsx"} <= found
    assert {f"tables/{n}.tsv" for n in TABLES} <= found
    for name in (
        "identity_summary",
        "forest",
        "volcano",
        "marker_heatmap",
        "heatmap",
        "source_shares",
        "pca",
        "rank_abundance",
        "marker_plot",
        "misev_heatmap",
    ):
        for kind in ("pdf", "svg", "png"):
            assert f"figures/{name}.{kind}" in found


def test_report_is_one_file_without_network(html):
    assert len(html.encode()) < 10e6
    without_figures = re.sub(r"data:[a-z/+\-]+;base64,[A-Za-z0-9+/=]+", "", html)
    links = re.findall(r"https?://[^\s\"'<)\\]+", without_figures)
    assert all(link.startswith(("https://doi.org/", "http://x")) for link in links)
    assert not re.findall(r"<(?:link|iframe|object|embed)\b", without_figures)
    assert not re.findall(r"<script[^>]+src=", without_figures)
    policy = re.search(r'<meta http-equiv="Content-Security-Policy" content="([^"]*)">', html)
    assert policy is not None
    assert policy[1].startswith("default-src 'none';")
    assert "connect-src" not in policy[1]
    for content in re.findall(r"data:image/svg\+xml;base64,([A-Za-z0-9+/=]+)", html):
        assert b"<svg" in base64.b64decode(content)[:2000]


def test_sentences_of_the_methods_are_filled_in(folder):
    text = (folder / "methods.md").read_text(encoding="utf-8")
    assert not re.findall(r"[{}]", text)
    assert "ends below 1 log2" in text


def test_the_null_check_has_no_section_where_it_was_not_run(html):
    assert "Type I error under this design" not in html


def test_the_null_check_has_a_section_where_it_was_run(null_checked):
    from markerkit.report._methods import methods_text

    result = null_checked
    text = html_report(result, [], {})
    section = text[
        text.index("Type I error under this design</h2>") : text.index(">Quality of the values</h2>")
    ]
    assert section.count("<tr><td>") == len(result.null_check.table) == 10
    assert "3 data sets without an effect" in section
    assert f"have {result.null_check.table['n_distinct'].iloc[0]:,} distinct permutations" in section
    rate, se = result.null_check.table.loc[0, ["rate", "se"]]
    assert f"{100 * rate:.1f} ± {100 * se:.1f}\u00a0%" in section
    assert f"moderated t {100 * rate:.1f} ± {100 * se:.1f} %" in methods_text(result)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, "those with fewer than 2 values in a group were not tested"),
        (
            {"min_values": 1, "lfc": 0.5},
            "beyond 0.5 log2 (McCarthy and Smyth 2009); those with fewer than 1 value in",
        ),
        pytest.param(
            {"missing": "combined"},
            "Their p-values join the moderated t and the detections of a protein",
            marks=pytest.mark.slow,
        ),
    ],
)
def test_the_methods_say_how_single_proteins_were_tested(example, undeclared, options, said):
    from markerkit.report._methods import methods_text

    result = mk.assess(example, undeclared.contrasts, **options) if options else undeclared
    assert said in methods_text(result)
    assert result.params["missing"] == options.get("missing", "measured")
    table = result.differential_abundance.table
    shift = (table["log2_fc"] - table["log2_fc_over_background"]).dropna()
    assert shift.max() - shift.min() < 1e-9
    assert shift.abs().min() > 0.01


def test_the_methods_say_how_presence_was_tested(example, example_assessment):
    from markerkit.report._methods import methods_text

    text = methods_text(example_assessment)
    assert "within pairs, by an exact conditional test that allows for the depth" in text
    assert "mid-p (Lancaster 1961); proteins whose detections could not reach p = 0.05" in text
    exp = example
    complete = mk.Experiment(
        exp.values.fillna(exp.values.min().min()),
        exp.samples,
        exp.proteins,
        exp.scale,
        exp.organism,
        exp.history,
    )
    text = methods_text(mk.assess(complete, mk.Contrast("fraction", "EV", "lysate")))
    assert "Presence and absence were not tested (imputed or requantified matrix)." in text


def test_the_methods_say_how_peptides_were_summarized(example):
    from markerkit.report._methods import _roll_up

    assert _roll_up(example) == ""
    values = pd.DataFrame({"AAAK": [1.0, 2.0], "CCCK": [2.0, 3.0]}, index=["ev", "cell"])
    peptides = mk.PeptideTable(
        values, peptides=pd.DataFrame({"proteins": ["P1", "P1"]}, index=values.columns)
    )
    assert "from 2 peptides by Tukey's median polish" in _roll_up(mk.rollup(peptides))
    summed = _roll_up(mk.rollup(peptides, method="sum", peptides="unique"))
    assert summed == (
        "They were summarized from 2 peptides by the sum of their linear abundances; peptides of one protein group only; "
        "shared ones are left out. "
    )


def test_style_script_and_glossary_stand_in_the_page(html):
    package = Path(markerkit.report.__file__).parent
    for name in ("report.css", "tables.js", "plots.js"):
        text = (package / name).read_text(encoding="utf-8")
        assert text[:2000].replace(" %", "\u00a0%") in html.replace(" %", "\u00a0%")
        assert not re.search(r"@import|url\(|</script|</style", text)
    for term, meaning in GLOSSARY.items():
        assert f">{escape(term)}</dt><dd>{escape(meaning)}</dd>".replace(" %", "\u00a0%") in html


def test_levels_of_the_page_are_those_of_the_criteria(example_assessment):
    threshold = load_criteria().threshold
    sentence = (
        f"{100 * threshold['class_confidence']:g}\u00a0% for classes (each claim is tested one-sided at "
        f"{50 * (1 - threshold['class_confidence']):g}\u00a0%), {100 * threshold['confidence']:g}\u00a0% for sources."
    )
    assert sentence in html_report(example_assessment, [], {})


def test_a_whole_signal_is_written_without_powers_of_ten():
    """At two digits 99.6 % would read 1e+02 %."""
    assert [percent(s, 2) for s in (0.996, 1.0, 0.0996, 0.00012)] == ["100 %", "100 %", "10 %", "0.012 %"]


def test_a_number_and_its_per_cent_sign_stay_together(html):
    shown = html[html.index("<main") : html.index('<script type="application/json"')]
    assert "\u00a0%" in shown
    assert not re.search(r"\d %", shown)


def test_figures_are_shown_at_one_scale(html):
    pixels = set(re.findall(r"--px: (\d+)px", html))
    assert pixels <= {"1000", "656", "486"}
    assert len(pixels) > 1


def test_the_design_stands_with_its_contrast():
    from markerkit.report._contrast import _confidence

    design = TABLES["design"].conform(
        pd.DataFrame(
            {
                "check": ["replicates", "batch", "scope"],
                "finding": ["few samples", "one batch per group", "two cell lines"],
                "severity": ["note", "serious", "warning"],
                "advice": ["add samples", "", "say so"],
            }
        )
    )
    lines = _confidence(
        design, mk.Contrast("fraction", "EV", "lysate", paired_by="donor", batch=("run", "day")), "unit"
    )
    assert lines == [
        "Samples are paired by `donor`.",
        "Batches are in the model: `run`, `day`.",
        "Technical replicates of one `unit` were averaged and count once.",
        "One batch per group.",
        "Two cell lines. Say so.",
    ]
    assert _confidence(design.iloc[:1], None, None) == []


def test_names_are_text(html):
    assert "<script>alert(1)</script>" not in html
    assert "</script><b>" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert html.count("<script") == 3


HOW_TO_ASK = "Vesicles of dying cells are asked for only where the context says that apoptosis"


def first_screen(result):
    html = html_report(result, [], {})
    return html[html.index('class="headline"') : html.index(">What to do next</h2>")]


def test_the_first_screen_answers(html):
    first = html[html.index('class="first"') :]
    headings = (
        "What is in the tube",
        "Is it vesicles, and of which class?",
        "How pure?",
        "How sure?",
        "What to do next",
    )
    places = [first.index(f">{heading}</h2>") for heading in headings]
    assert places == sorted(places)
    assert "confirmed" not in html.lower()


def test_the_headline_is_that_of_the_summary(example_assessment, example_folder):
    told = json.loads((example_folder / "summary.json").read_text(encoding="utf-8"))["contrasts"][0]
    text = told["headline"].replace(" %", "\u00a0%")
    assert first_screen(example_assessment).startswith(f'class="headline">{escape(text)}</p>')
    assert told["headline"].startswith("EV against lysate: EV material")


def test_the_largest_sources_stand_first_with_their_share_before_the_comparison(example_assessment):
    first = first_screen(example_assessment)
    table = first[first.index("co-isolated material") : first.index("Thirds are places")]
    rows = re.findall(r"<tr><td>([^<]+)</td>(.*?)</tr>", table)
    parts = example_assessment.composition.table.query("level == 'group' and name == 'EV'")
    sources = parts[~parts["component"].isin(["ev", "unassigned"])].sort_values("share", ascending=False)
    assert [title for title, _ in rows][:5] == sources["title"].tolist()[:5]
    for (_, cells), share in zip(rows[:5], sources["share"], strict=False):
        assert cells.startswith(f'<td class="n">{percent(share, 2)}'.replace(" %", "\u00a0%"))
        assert cells.index("%") < cells.index('class="chip')


@pytest.mark.parametrize(
    ("context", "shown"),
    [
        ({}, False),
        # which statements count: tests/assessment/test_headline.py
        pytest.param({"viability_percent": 95.0, "apoptosis_induced": False}, False, marks=pytest.mark.slow),
        pytest.param({"apoptosis_induced": True}, True, marks=pytest.mark.slow),
        pytest.param({"apoptosis_shown": "annexin V"}, True, marks=pytest.mark.slow),
    ],
)
def test_vesicles_of_dying_cells_are_shown_where_the_context_speaks_of_apoptosis(
    example, example_assessment, context, shown
):
    result = mk.assess(example, EXAMPLE, context=context) if context else example_assessment
    assert_dying_cells(result, shown=shown)


def test_vesicles_of_dying_cells_are_shown_where_much_is_said_of_them(stated):
    assert_dying_cells(stated, shown=True)


def assert_dying_cells(result, *, shown):
    first = first_screen(result)
    for title in ("Apoptotic exosome", "Apoptotic EV, any size"):
        assert (f"<b>{title}</b>" in first) == shown
    assert (HOW_TO_ASK in first) != shown


def test_the_first_screen_says_how_much_and_why(example_assessment):
    from markerkit.report._contrast import contrast_parts
    from markerkit.report._summary import summary

    result = example_assessment
    found = contrast_parts(result, result.tables, summary(result)["contrasts"][0])
    listed = [t for titles in found["open_sources"].values() for t in titles.split(", ")]
    rows = found["top"] + found["rest"]
    assert len(listed) + len(rows) == len(result.purity.table)
    assert {r["verdict"] for r in found["rest"]}.isdisjoint({"higher", "unresolved", "not assessable"})
    shares = result.composition.table.query("level == 'group' and name == 'EV'").set_index("component")[
        "share"
    ]
    assert [r["share"] for r in rows] == pytest.approx([shares[r["source"]] for r in rows], nan_ok=True)
    reasons = result.identity.table.set_index("class")["reason"]
    assert {r["class"]: r["reason"] for r in found["classes"]} == reasons.to_dict()


def test_notebook_displays_are_escaped(nasty_assessment):
    exp, result = nasty_experiment(), nasty_assessment
    shown = [
        exp,
        result,
        result.identity,
        result.purity,
        result.checklist,
        result.coverage,
        result.enrichment,
    ]
    for thing in [
        *shown,
        result.differential_abundance,
        result.detection,
        result.sample_scores,
        result.markers,
    ]:
        html = thing._repr_html_()
        assert "<script>" not in html, type(thing)
        assert "</script>" not in html, type(thing)
    assert "8 samples" in exp._repr_html_()


@pytest.mark.usefixtures("one_figure")
def test_several_contrasts_get_a_tab_each(two_contrasts, tmp_path, monkeypatch):
    from markerkit.report import _figures

    sample_figure = FIGURES["sample_values"]
    monkeypatch.setitem(_figures.FIGURES, "sample_values", sample_figure)
    out = two_contrasts.report(tmp_path / "out")
    html = (out / "report.html").read_text(encoding="utf-8")
    assert html.count('id="tab-') == 2
    assert html.count('id="panel-') == 2
    assert len(list((out / "figures").glob("*-forest.svg"))) == 2
    # what shows samples is the same in all contrasts: one file, in its section
    assert [p.name for p in (out / "figures").glob("*sample_values.svg")] == ["sample_values.svg"]
    assert html.count('<figure class="sample_values"') == 1
    assert (
        html.index('id="study"')
        < html.index('id="tube"')
        < html.index('id="panel-1"')
        < html.index('id="values"')
    )
    assert html.count(">What to do next</h2>") == 1
    sentences = html[html.index('id="study"') : html.index('id="tube"')]
    assert sentences.count("<tr><td") == 2


def test_contents_lead_to_every_section(html):
    contents = html[html.index('<nav class="contents') : html.index("</nav>")]
    targets = re.findall(r'href="#([^"]+)"', contents)
    assert len(targets) >= 10
    assert [t for t in targets if html.count(f'id="{t}"') != 1] == []


def test_links_to_terms_and_places_are_answered(html):
    shown = html[: html.index('<script type="application/json"')]
    targets = set(re.findall(r'href="#([^"]+)"', shown))
    assert any(t.startswith("term-") for t in targets)
    assert [t for t in targets if f'id="{t}"' not in shown] == []


def test_a_verdict_on_a_class_stands_once(example_assessment):
    text = html_report(example_assessment, [], {})
    for title in ("EV material", "Exosome", "Apoptotic body"):
        assert len(re.findall(rf"<b>{title}</b>", text)) == 1
    assert text.count('<details class="call') == len(example_assessment.identity.table)


def test_figures_stand_in_their_sections_with_captions(folder):
    text = (folder / "report.html").read_text(encoding="utf-8")
    drawn = [n for n in {**FIGURES, **OF_STUDY} if (folder / "figures" / f"{n}.svg").is_file()]
    assert text.count("<figure ") == len(drawn)
    sections = {"composition": "tube", "identity_summary": "c1-sure", "volcano": "c1-sure", "sensitivity": "c1-sensitivity",
                "enrichment": "c1-proteins", "qc_card": "samples"}  # fmt: skip
    for name, section in sections.items():
        before = re.findall(r'(?:section|h2)[^>]* id="([^"]+)"', text[: text.index(f'class="{name}"')])
        assert section in before[-2:], name
    assert text.count("<figcaption><b>") == text.count("<figure ")
    volcano = text[text.index('class="volcano"') :]
    assert "moderated t-test" in volcano[volcano.index("<figcaption>") : volcano.index("</figcaption>")]


def test_guideline_items_with_one_answer_have_one_row():
    from markerkit.report._study import guideline_rows

    table = TABLES["misev_checklist"].conform(pd.DataFrame({
        "contrast": ["a", "a", "a", "b", "b", "b"], "guideline": "MISEV2023", "item": ["x", "y", "z"] * 2, "requirement": "r",
        "answer": ["met", "met", "met", "met", "met", "not met"], "evidence": ["e", "one", "e", "e", "two", "e"], "proteins": "",
    }))  # fmt: skip
    rows = [
        (r["item"], r["answer"], r["evidence"], r["contrasts"], r["n_more"]) for r in guideline_rows(table)
    ]
    assert rows == [
        ("x", "met", "e", [], 0),
        ("y", "met", "one", ["a"], 1),
        ("z", "met", "e", ["a"], 0),
        ("z", "not met", "e", ["b"], 0),
    ]


def test_composition_of_groups_has_a_column_each(example_assessment):
    from markerkit.report._study import group_shares

    table = example_assessment.composition.table
    found = group_shares(table)
    assert found["groups"] == ["EV", "lysate"]
    first = table.query("level == 'group' and component == 'ev'").set_index("name")["share"]
    row = next(r for r in found["rows"] if r["title"] == "EV markers")
    assert [s.split(" (")[0] for s in row["shares"]] == [percent(v, 2) for v in first]


def test_between_two_preparations_nothing_is_called_compatible(compared, example_assessment):
    """Of two vesicle preparations the one with no more of a class still has vesicles."""
    vesicles, lysate = compared, example_assessment
    assert vesicles.identity.table.empty
    assert set(vesicles.comparison.table["verdict"]) <= {
        "higher",
        "similar",
        "lower",
        "unresolved",
        "not assessable",
    }
    line = "  both groups are EV preparations: what is higher or lower in EV"
    assert line in vesicles.verdicts()
    assert line not in lysate.verdicts()
    html = html_report(vesicles, [], {})
    assert "This is a comparison: both groups are EV preparations" in html
    assert "What differs: classes</h2>" in html
    assert "Is it vesicles, and of which class?</h2>" not in html
    assert 'class="chip compatible"' not in html
    assert 'class="chip not-compatible"' not in html


@pytest.mark.usefixtures("one_figure")
def test_without_a_contrast(tmp_path):
    out = mk.assess(nasty_experiment()).report(tmp_path / "out")
    html = (out / "report.html").read_text(encoding="utf-8")
    assert "needs a contrast against a lysate or the fluid" in html
    assert "Figures that could not be drawn" in html


def test_workbook_explains_itself_and_runs_nothing(folder):
    book = load_workbook(folder / "tables.xlsx")
    assert book.sheetnames == ["Columns", *TABLES]
    rows = list(book["Columns"].iter_rows(values_only=True))
    assert rows[0][:3] == ("table", "what it holds", "column")
    assert len(rows) == 1 + sum(len(s.columns) for s in TABLES.values())
    sheet = book["id_mapping"]
    assert [c.value for c in sheet[1]] == TABLES["id_mapping"].names
    assert sheet.freeze_panes == "A2"
    cells = [c for row in sheet.iter_rows() for c in row]
    assert not [c for c in cells if c.data_type == "f"]
    hostile = [c for c in cells if isinstance(c.value, str) and c.value.startswith(("=", "+", "-", "@"))]
    assert hostile
    assert all(c.data_type == "s" and c.number_format == "@" for c in hostile)


def test_no_table_holds_a_formula_to_a_spreadsheet(folder):
    """Every cell of every kind; numbers stay numbers, and what is read again is what was written."""
    live = re.compile(r"[=@\t\r\uff1d\uff0b\uff0d\uff20]|[+-](?![\d.]|inf$|$)")
    marked = set()
    for path in sorted((folder / "tables").glob("*.tsv")):
        for line in path.read_text(encoding="utf-8").split("\n"):
            for cell in next(csv.reader([line], delimiter="\t"), []):
                assert not live.match(cell.lstrip(" ")), (path.name, cell[:80])
                marked |= {cell} if cell.startswith("'") else set()
    assert {"'@cmd", '\'=HYPERLINK("http://x")'} <= marked
    assert text_of_cell("'@cmd") == "@cmd"
    again = read_table(folder / "tables" / "id_mapping.tsv").frame
    assert {"@cmd", '=HYPERLINK("http://x")', "-2", "+1"} <= set(again.astype(str).to_numpy().ravel())


def test_the_methods_hold_no_html(folder):
    text = (folder / "methods.md").read_text(encoding="utf-8")
    assert not re.search(r"(?<!\\)<[a-z/!?]", text, re.IGNORECASE)
    assert "]" + "(" not in text


@pytest.mark.parametrize(("most", "whole"), [(3, True), (2, False)])
def test_a_table_too_long_for_a_sheet_is_named_there(tmp_path, monkeypatch, most, whole):
    monkeypatch.setattr("markerkit.report._long.MOST_ROWS", most)
    table = TABLES["coverage"].conform(pd.DataFrame({"set": ["a", "b", "c"]}))
    write_workbook({"coverage": table}, tmp_path / "a.xlsx")
    sheet = load_workbook(tmp_path / "a.xlsx")["coverage"]
    cells = [row[0].value for row in sheet.iter_rows()]
    note = ["note", "3 rows are too many to show; they are in tables/coverage.tsv"]
    assert cells == (["set", "a", "b", "c"] if whole else note)


def test_workbook_survives_control_characters_and_is_the_same_twice(tmp_path):
    table = TABLES["coverage"].conform(pd.DataFrame({"set": ["a\x00b\x0b", "=1+1"], "n_set": [1, None]}))
    paths = [tmp_path / name for name in ("a.xlsx", "b.xlsx")]
    for path in paths:
        write_workbook({"coverage": table}, path)
    assert paths[0].read_bytes() == paths[1].read_bytes()
    assert zipfile.ZipFile(paths[0]).testzip() is None
    assert load_workbook(paths[0])["coverage"]["A2"].value == "ab"


def test_workbook_holds_infinite_degrees_of_freedom(tmp_path):
    table = TABLES["purity"].conform(pd.DataFrame({"df": [np.inf, 4.0], "ci_low": [-np.inf, 1.0]}))
    write_workbook({"purity": table}, tmp_path / "tables.xlsx")
    sheet = load_workbook(tmp_path / "tables.xlsx")["purity"]
    columns = {cell.value: cell.column_letter for cell in sheet[1]}
    assert [sheet[f"{columns[name]}{row}"].value for name in ("df", "ci_low") for row in (2, 3)] == [
        "inf",
        4,
        "-inf",
        1,
    ]


@pytest.fixture
def drawn_here(monkeypatch):
    """Names of the figures that this process draws, or would draw: their files hold their names."""
    names = []

    def draw(job, name, folder):
        names.append(name)
        for kind in ("svg", "pdf"):
            (folder / f"{job.prefix}{name}.{kind}").write_text(name)
        return ""

    monkeypatch.setattr("markerkit.report._process._processors", lambda: 2)
    monkeypatch.setattr("markerkit.report._figures.draw", draw)
    return names


def test_a_second_process_that_fails_is_made_up_for(example_assessment, tmp_path, drawn_here, monkeypatch):
    """Where it ends with an error all figures are drawn in this process."""
    tested = {"differential_abundance": example_assessment.tables["differential_abundance"]}
    monkeypatch.setattr("sys.executable", shutil.which("false"))
    with (
        drawing_process() as process,
        FigureWriter(example_assessment, tested, tmp_path, process) as writer,
    ):
        drawn, skipped = writer.finish()
    assert process is not None
    assert process.returncode == 1
    assert sorted(drawn_here) == sorted(FIGURES)
    assert [d.name for d in drawn] == list(FIGURES)
    assert skipped == {}


_ANSWERS_ONCE = """
import pickle, sys
pickle.load(sys.stdin.buffer)
sys.stdin.buffer.readline()
print('"drawn by the second process"', flush=True)
sys.stdin.buffer.readline()
"""


def test_a_second_process_that_stops_gives_its_figure_back(example_assessment, tmp_path, drawn_here):
    """What it answered stands; the figure with which it stopped, and all others, are drawn in this process."""
    tested = {"differential_abundance": example_assessment.tables["differential_abundance"]}
    command = [sys.executable, "-c", _ANSWERS_ONCE]
    with (
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process,
        FigureWriter(example_assessment, tested, tmp_path, process) as writer,
    ):
        writer._handed_out.result()
        drawn, skipped = writer.finish()
    assert list(skipped.values()) == ["drawn by the second process"]
    assert sorted([*drawn_here, *(key.partition(": ")[2] for key in skipped)]) == sorted(FIGURES)
    # in order, whoever drew them
    assert [d.name for d in drawn] == [n for n in FIGURES if n in drawn_here]
    assert [d.svg for d in drawn] == [d.file.encode() for d in drawn]


def test_a_second_process_ends_with_the_work(monkeypatch):
    """It waits for figures; where an error comes first, it is ended and not left behind."""
    monkeypatch.setattr("markerkit.report._process._processors", lambda: 2)
    with drawing_process() as process:
        assert process is not None
        assert process.poll() is None
    assert process.returncode is not None
    monkeypatch.setattr("markerkit.report._process._processors", lambda: 1)
    with drawing_process() as process:
        assert process is None


def test_a_second_process_imports_nothing_from_the_folder_of_the_user(tmp_path, monkeypatch):
    (tmp_path / "seaborn.py").write_text("raise SystemExit(7)", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("markerkit.report._process._processors", lambda: 2)
    with drawing_process() as process:
        process.communicate(pickle.dumps(([], str(tmp_path))))
    assert process.returncode == 0


def test_the_verdicts_are_computed_without_the_plotting_libraries():
    """They take a second to load, and stand in the way of the first verdict."""
    code = "import markerkit.assessment.run, markerkit.report, sys; print('matplotlib' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_without_figures_all_else_is_the_same(nasty_assessment, nasty_folder, tmp_path):
    out = nasty_assessment.report(tmp_path / "out", figures=False)
    expected = {p.relative_to(nasty_folder): p for p in nasty_folder.rglob("*") if p.is_file()}
    plain = {name: p for name, p in expected.items() if name.parts[0] not in ("figures", "report.html")}
    found = {p.relative_to(out): p for p in out.rglob("*") if p.is_file()}
    assert set(found) == {*plain, Path("report.html")}
    told = [json.loads(files.pop(Path("summary.json")).read_text()) for files in (plain, found)]
    with_figures, without = (set(record.pop("files")) for record in told)
    assert told[0] == told[1]
    assert with_figures - without == {p.as_posix() for p in expected if p.parts[0] == "figures"}
    assert [name for name, p in plain.items() if found[name].read_bytes() != p.read_bytes()] == []
    page = (out / "report.html").read_text(encoding="utf-8")
    assert "No figures were drawn, as was asked for" in page
    assert "<figure" not in page
    assert "Figures that could not be drawn" not in page
    assert "No figures were drawn" not in (nasty_folder / "report.html").read_text(encoding="utf-8")


@pytest.mark.slow
def test_the_same_bytes_twice(folder, tmp_path, monkeypatch):
    """Also where one process draws what two have drawn."""
    monkeypatch.setattr("markerkit.report._process._processors", lambda: 1)
    result = mk.assess(nasty_experiment(), nasty_contrast())
    again = result.report(tmp_path / "out")
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        twin = again / path.relative_to(folder)
        assert path.read_bytes() == twin.read_bytes(), path.name


def test_the_methods_name_the_factors_of_each_contrast():
    from types import SimpleNamespace

    from markerkit.report._methods import _factors

    paired = mk.Contrast("fraction", "EV", "lysate", paired_by="donor", batch="day")
    plain = mk.Contrast("fraction", "EV", "SEC")
    batched = mk.Contrast("fraction", "SEC", "lysate", batch="day")
    for contrasts, text in (
        ([plain], ""),
        ([paired], ", with pairs (`donor`) and batch (`day`) as factors"),
        (
            [paired, plain, batched],
            ", with pairs (`donor`) and batch (`day`) (EV vs lysate); batch (`day`) (SEC vs lysate) as factors",
        ),
    ):
        assert _factors(SimpleNamespace(contrasts=contrasts)) == text


# ---- quality of the values -----------------------------------------------------------


def quality_of_the_values(text):
    return text[text.index("<h2>Quality of the values</h2>") : text.index("<h2>Per sample</h2>")]


def test_quality_of_the_values_stands_beside_its_figures(folder, html):
    section = quality_of_the_values(html)
    drawn = [name for name in PLACES["values"] if name != "missing_by_intensity"]
    for name in drawn:
        assert {**FIGURES, **OF_STUDY}[name].title in section
        assert (folder / "figures" / f"{name}.png").is_file()
    assert section.count("<figure ") == len(drawn)
    assert "no value is missing in the proteins that a group measured" in html


def test_quality_of_the_values_says_where_values_are_missing(example_folder):
    section = quality_of_the_values((example_folder / "report.html").read_text(encoding="utf-8"))
    assert section.count("falls with intensity") == 2


def test_values_by_group_are_those_of_the_contrast_and_its_blanks():
    names = ("EV", "cell", "other", "blank")
    table = TABLES["group_values"].conform(pd.DataFrame({
        "group": names, "role": ["sample", "sample", "sample", "blank"], "n_samples": [3, 3, 3, 1], "n_in_all": 1200, "n_in_some": 30,
        "n_in_none": 4, "missing": 0.125, "cv_median": [1.456, 0.2, 0.3, np.nan], "cv_q25": [0.9, 0.1, 0.1, np.nan],
        "cv_q75": [2.0, 0.4, 0.5, np.nan], "r_within": 0.95, "r_within_lowest": 0.9, "r_between": np.nan, "missing_slope": -0.5,
        "missing_slope_ci_low": -0.6, "missing_slope_ci_high": -0.4, "missing_values": "falls with intensity",
    }))  # fmt: skip
    rows = group_rows(table, mk.Contrast("arm", "EV", "cell"))
    assert [r["group"] for r in rows] == ["EV", "cell", "blank"]
    first = rows[0]
    assert (first["presence"], first["missing"], first["cv"]) == (
        "1,200 / 30 / 4",
        "12 %",
        "146 % (90 % to 200 %)",
    )
    assert (first["r"], first["r_lowest"], first["r_between"], rows[2]["cv"]) == ("0.95", "0.9", "", "")
    assert first["slope"] == "odds ×0.61 (0.55 to 0.67)"
    assert [r["group"] for r in group_rows(table, None)] == list(names)
    assert [r["group"] for r in group_rows(table, mk.Contrast("batch", "1", "2"))] == list(names)


def test_groups_of_a_contrast_stand_in_its_order():
    table = pd.DataFrame(
        {
            "level": "group",
            "name": ["HC", "PTB", "Rx"],
            "word": "weak",
            "summary": ["HC: a", "PTB: b", "Rx: c"],
        }
    )
    assert [g["name"] for g in group_answers(table, ["PTB", "HC"])] == ["PTB", "HC"]
    assert [g["name"] for g in group_answers(table)] == ["HC", "PTB", "Rx"]
