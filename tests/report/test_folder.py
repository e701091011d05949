"""What --overwrite may replace: an assessment of markerkit, with nothing of the user in it."""

from __future__ import annotations

import json
import re
import warnings
from pathlib import Path
from xml.etree import ElementTree

import pytest
from openpyxl import load_workbook

import markerkit as mk
from markerkit.core.errors import InputError
from markerkit.figures._dispatch import FIGURES, OF_STUDY
from markerkit.report import check_folder
from markerkit.report._figures import _slugs
from markerkit.report._methods import as_markdown
from markerkit.tables.registry import TABLES
from tests.faults import snapshot, summary_of, write
from tests.hostile import nasty_experiment


@pytest.fixture
def out(tmp_path: Path) -> Path:
    write(tmp_path / "out", "old")
    return tmp_path / "out"


def refused(out: Path, message: str) -> None:
    before = snapshot(out)
    with pytest.raises(InputError, match=message):
        check_folder(out, overwrite=True)
    assert snapshot(out) == before


def test_an_assessment_and_an_empty_folder_may_be_replaced(out: Path, tmp_path: Path) -> None:
    check_folder(out, overwrite=True)
    (tmp_path / "empty").mkdir()
    check_folder(tmp_path / "empty", overwrite=True)
    check_folder(tmp_path / "not there", overwrite=True)
    with pytest.raises(InputError, match="is there already"):
        check_folder(out, overwrite=False)


@pytest.mark.parametrize(
    "summary",
    [
        "{}",
        "[]",
        "not JSON",
        "[" * 100_000,
        '{"schema_version": "2"}',
        json.dumps(
            {"schema_version": 2, "versions": {"other": "1"}, "catalog": {}, "contrasts": [], "input": {}}
        ),
        json.dumps({"schema_version": 2, "versions": {"markerkit": "1"}, "catalog": {}, "contrasts": []}),
    ],
    ids=["empty", "list", "no JSON", "deep", "schema only", "of another program", "a key is missing"],
)
def test_a_summary_that_is_not_ours(out: Path, summary: str) -> None:
    (out / "summary.json").write_text(summary)
    refused(out, "is not an assessment and will not be replaced")


@pytest.mark.parametrize(
    "name", ["thesis.docx", "figures/b.svg", "tables/notes.tsv", "mine/a.txt", ".hidden", "report.html"]
)
def test_files_of_the_user_are_named(out: Path, name: str) -> None:
    path = out / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("mine")
    refused(out, f"holds files that markerkit did not write there and will not be replaced: .*'{name}'")


def test_links_in_the_folder_are_of_the_user(out: Path, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (out / "tables").symlink_to(tmp_path / "data")
    refused(out, "'tables'")


def test_folders_of_0_1_0_that_do_not_list_their_files(out: Path) -> None:
    record = json.loads(summary_of("0.1.0"))
    del record["files"]
    (out / "summary.json").write_text(json.dumps(record))
    (out / "figures" / "a.svg").unlink()
    (out / "tables").mkdir()
    names = [f"tables/{t}.tsv" for t in TABLES]
    names += [
        f"figures/{p}{n}.{e}"
        for n in {**FIGURES, **OF_STUDY}
        for p in ("", "EV_vs_A_012-")
        for e in ("pdf", "svg", "png")
    ]
    for name in [*names, "report.html", "tables.xlsx", "rerun.py", "rerun.sh"]:
        (out / name).touch()
    check_folder(out, overwrite=True)
    (out / "figures" / "my figure.png").touch()
    refused(out, r"'figures/my figure\.png'")


def test_the_folder_that_one_is_in_is_not_replaced(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(out / "figures")
    for name in (".", "..", str(out)):
        refused(Path(name), "is or holds the folder that you are in")
    monkeypatch.chdir(out.parent)
    check_folder(out, overwrite=True)


def test_a_link_leads_to_the_folder_and_stays(out: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(out)
    write(link, "new")
    assert link.is_symlink()
    assert (out / "methods.md").read_text() == "new"
    link.unlink()
    link.symlink_to(tmp_path / "nowhere")
    with pytest.raises(InputError, match="is not a folder"):
        check_folder(link, overwrite=True)
    with pytest.raises(InputError, match="is there already"):
        check_folder(link, overwrite=False)
    link.unlink()
    link.symlink_to(link)
    with pytest.raises(InputError, match="is not a folder"):
        check_folder(link, overwrite=True)


def test_the_summary_lists_every_file(example_folder: Path) -> None:
    told = json.loads((example_folder / "summary.json").read_text(encoding="utf-8"))["files"]
    assert told == sorted(snapshot(example_folder))
    check_folder(example_folder, overwrite=True)


def test_contrasts_get_files_of_their_own() -> None:
    names = [
        "EV+A-B:cell",
        "EV-A+B:cell",
        "EV vs cell",
        "ev vs cell",
        "EV vs lysate",
        "é",
        "è",
        "x" * 70,
        "x" * 71,
    ]
    slugs = _slugs(names)
    assert len({s.lower() for s in slugs}) == len(names)
    assert slugs[4] == "EV_vs_lysate"
    assert all(len(s) < 70 and s.isascii() and s.replace("_", "").isalnum() for s in slugs)


@pytest.mark.parametrize(
    "name",
    [
        "<script>alert(1)</script>",
        "a\\<b>",
        "<!-- -->",
        "<?php",
        "</p>",
        "![x](http://a)",
        "[a]: http://b",
        "[x][y]",
    ],
)
def test_names_are_no_html_and_no_links_in_markdown(name: str) -> None:
    commonmark = pytest.importorskip("markdown_it")
    html = commonmark.MarkdownIt().render(as_markdown(f"- {name} and more"))
    assert set(re.findall(r"<(/?\w+)", html)) <= {"ul", "li", "/ul", "/li", "p", "/p"}


#: they would color or clear a terminal, end a text, ring, or turn the direction of what follows
CONTROLS = ["a\x1b[31m", "b\x00", "c\x07", "d\u202e", "=1+1", "@x", "e\x9b31m", "\tq", "f\x0b", "g\x85"]


@pytest.mark.slow
@pytest.mark.usefixtures("one_figure")
def test_control_characters_spoil_no_file(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", mk.MarkerkitWarning)
        warnings.filterwarnings("ignore", "Glyph")
        exp = nasty_experiment(CONTROLS)
        out = mk.assess(exp, mk.Contrast("arm", *CONTROLS[:2], comparator="lysate")).report(tmp_path / "out")
    for path in (
        p for p in out.rglob("*") if p.suffix in {".html", ".md", ".tsv", ".json", ".py", ".sh", ".svg"}
    ):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", text), path.name
        assert path.suffix not in {".html", ".md"} or "\u202e" not in text
        if path.suffix == ".svg":
            ElementTree.fromstring(text)
    assert json.loads((out / "summary.json").read_bytes())["contrasts"][0]["case"] == CONTROLS[0]
    assert load_workbook(out / "tables.xlsx")["identity"].max_row > 1
