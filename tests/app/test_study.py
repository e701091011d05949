"""What is filled in, as files and as a command that the command line takes."""

import json

import pytest

pytest.importorskip("shiny", reason="the extra 'app' is not installed")

from markerkit.app.study import EVERY, ONE, VERSUS, Comparison, Sheet, Study, context_of, file_name
from markerkit.app.words import COMPARATORS, READING
from markerkit.cli.main import _parser
from markerkit.core.errors import InputError
from markerkit.study.context import read_context
from markerkit.study.contrast import COMPARATORS as KNOWN

SHEET = Sheet(
    ("condition", "donor", "empty"),
    {"a": ("EV", "1", ""), "b": ("EV ", "2", ""), "c": ("lys", "1", " "), "d": ("junk", "9", "")},
    frozenset({"d"}),
)
ASKED = Comparison(ONE, "condition", "EV", "lys", "lysate", "donor", fluid="culture")


def parsed(study):
    return _parser().parse_args(study.words())


def test_sheet_holds_used_samples_and_filled_columns():
    assert SHEET.filled() == ["condition", "donor"]
    assert SHEET.levels("condition") == ["EV", "lys"]
    assert list(SHEET.frame().index) == ["a", "b", "c"]


def test_command_is_what_was_filled_in(tmp_path):
    study = Study(
        "my table.txt",
        {"scale": "log2", "software": "auto", "organism": "mouse"},
        SHEET,
        ASKED,
        {"vesicles": True},
    )
    found = parsed(study)
    assert (found.matrix, found.samples, found.context, found.out) == (
        "my table.txt",
        "samples.tsv",
        "context.toml",
        "results",
    )
    assert (found.condition, found.case, found.control) == ("condition", "EV", "lys")
    assert (found.comparator, found.paired_by, found.fluid) == ("lysate", "donor", "culture")
    assert (found.scale, found.organism, found.software) == ("log2", "mouse", "auto")
    assert study.command().startswith("markerkit assess 'my table.txt' --samples samples.tsv")
    study.write(tmp_path)
    assert (
        tmp_path / "samples.tsv"
    ).read_text() == "sample\tcondition\tdonor\na\tEV\t1\nb\tEV \t2\nc\tlys\t1\n"
    assert read_context(tmp_path / "context.toml") == {"vesicles": True}


@pytest.mark.parametrize(("kind", "words"), [(VERSUS, ["vs:lys"]), (EVERY, ["all"])])
def test_several_contrasts(kind, words):
    found = parsed(Study("t.txt", {}, SHEET, Comparison(kind, "condition", "", "lys", "lysate")))
    assert found.contrast == words
    assert found.case is None


def test_without_a_comparison_the_groups_stay():
    found = parsed(
        Study("-t.txt", {}, SHEET, Comparison(condition="condition", comparator="lysate", paired_by="donor"))
    )
    assert (found.matrix, found.condition, found.comparator, found.paired_by) == (
        "./-t.txt",
        "condition",
        None,
        None,
    )
    assert parsed(Study("t.txt", {}, Sheet(("condition",), {"a": ("",)}))).samples is None


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (Comparison(ONE), "needs groups"),
        (Comparison(ONE, "condition", "EV"), "choose the control"),
        (Comparison(ONE, "condition", "", "lys"), "choose the group that is compared"),
        (Comparison(ONE, "condition", "lys", "lys"), "both 'lys'"),
        (Comparison(VERSUS, "condition"), "choose the control"),
    ],
)
def test_incomplete_comparison(asked, says):
    with pytest.raises(InputError, match=says):
        asked.words()


def test_form_of_the_context():
    assert context_of({"vesicles": "no", "viability_percent": "92,5", "electron_microscopy": "yes", "topology": " "}) == {
        "vesicles": False, "viability_percent": 92.5, "electron_microscopy": "yes",
    }  # fmt: skip
    with pytest.raises(InputError, match="must be a number; got 'high'"):
        context_of({"viability_percent": "high"})


@pytest.mark.parametrize(
    ("given", "kept"),
    [("../x.tsv", "x.tsv"), ("a/b\\c.txt", "c.txt"), ("..", "table_"), ("Results", "table_Results"), ("a\x00\nb.csv", "a_b.csv")],
)  # fmt: skip
def test_names_of_files_stay_in_their_folder(given, kept, tmp_path):
    assert file_name(given) == kept
    assert (tmp_path / file_name(given)).parent == tmp_path


def test_choices_are_those_of_the_library():
    assert set(COMPARATORS) - {""} == set(KNOWN)
    assert json.dumps(READING["organism"][1]) == '["human", "mouse", "rat"]'
