"""Every option of every command with empty, huge, negative and foreign values: a result, or exit 2 and one line."""

import argparse
import ast
import os
import re

import pandas as pd
import pytest

from markerkit.cli.main import _parser, main
from tests.helpers import ROOT

pytestmark = pytest.mark.usefixtures("one_process")

GENES = ("CD9", "CD63", "CD81", "TSG101", "PDCD6IP", "ALB", "ACTB", "GAPDH", "CANX", "LMNA", "APOA1", "FLOT1")
SAMPLES = ("EV_1", "EV_2", "lysate_1", "lysate_2")
VALUES = ("", "x" * 200, "9" * 200, "-1", "\u00e9\u05d0\n", "nan")
CONTRAST = ["--condition", "arm", "--case", "EV", "--control", "lysate"]
#: words with which each command runs; `assess` ends at its context, so that no report is drawn
COMMANDS = {
    ("samples",): ["m.tsv"],
    ("context",): [],
    ("assess",): ["m.tsv", "--samples", "s.tsv", *CONTRAST, "--context", "unknown.toml"],
    ("score",): ["m.tsv", "--out", "scores.tsv"],
    ("cohort",): ["c.parquet", "--out", "c", "--overwrite"],
    ("peptides",): ["pep.tsv", "--out", "p.tsv"],
    ("sets", "list"): [],
    ("sets", "show"): ["exosome"],
    ("sets", "export"): [],
    ("sets", "overlap"): ["--sets", "exosome", "keratin"],
    ("sets", "validate"): ["mine.gmt"],
    ("sets", "diff"): ["mine.gmt", "mine.gmt"],
}
#: what runs for long or serves, with why that is not tried here
NOT_TRIED = {("demo",): "its options are those of assess", ("app",): "tests/app starts it"}


def parsers(parser: argparse.ArgumentParser, path: tuple[str, ...] = ()):
    """Every command with its parser."""
    below = [a for a in parser._actions if isinstance(a, argparse._SubParsersAction)]
    for action in below:
        for name, one in action.choices.items():
            yield from parsers(one, (*path, name))
    if not below:
        yield path, parser


PARSERS = dict(parsers(_parser()))
OPTIONS = {path: {o for a in p._actions for o in a.option_strings} for path, p in PARSERS.items()}
TRIED = [(path, action) for path in COMMANDS for action in PARSERS[path]._actions if action.nargs != 0]


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    lines = [
        "\t".join((g, *(str((i + 3) * (k + 2) * 1000 + 77 * i * k * k) for k in range(4))))
        for i, g in enumerate(GENES)
    ]
    (tmp_path / "m.tsv").write_text("\n".join(["\t".join(("gene", *SAMPLES)), *lines]) + "\n")
    (tmp_path / "s.tsv").write_text(
        "".join(f"{s}\t{s[:-2]}\n" for s in ("sample", *SAMPLES)).replace("samp\n", "arm\n")
    )
    (tmp_path / "pep.tsv").write_text(
        "Sequence\tProteins\tEV_1\tEV_2\nAAAK\tP08962\t1e5\t2e5\nCCCR\tP60033\t3e5\t4e5\n"
    )
    cohort = pd.read_csv(tmp_path / "m.tsv", sep="\t", index_col="gene").T.rename_axis("sample").reset_index()
    cohort.to_parquet(tmp_path / "c.parquet", index=False)
    (tmp_path / "mine.gmt").write_text("mine\tx\tCD9\tCD63\n")
    (tmp_path / "unknown.toml").write_text("unknown = 1\n")
    return tmp_path


def ended(capsys, words: list[str], path: tuple[str, ...]) -> int:
    """Exit code; a refusal is one line that names no option which the command lacks."""
    try:
        code = main(words)
    except SystemExit as error:  # argparse
        code = int(error.code or 0)
    err = capsys.readouterr().err
    assert code in {0, 2}
    assert "Traceback" not in err
    lines = [line for line in err.splitlines() if ": error: " in line]
    assert len(lines) == (code == 2)
    assert all(len(line) < 2100 for line in lines)
    named = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", " ".join(lines)))
    assert named <= OPTIONS[path], f"{named - OPTIONS[path]} is no option of {' '.join(path)}"
    return code


def test_every_command_is_tried():
    assert set(PARSERS) == set(COMMANDS) | set(NOT_TRIED)
    assert len(TRIED) > 50


#: every option with half of the values, in turns, in the quick tests, and with the others in the slow ones
TURNS = [
    pytest.param(p, a, VALUES[turn::2], id=f"{'-'.join(p)} {a.dest} {turn}",
                 marks=[pytest.mark.slow] if p == ("cohort",) or turn != number % 2 else [])
    for number, (p, a) in enumerate(TRIED) for turn in range(2)
]  # fmt: skip


@pytest.mark.parametrize(("path", "action", "values"), TURNS)
def test_values_of_every_option(here, capsys, path, action, values):
    for value in values:
        words = [*path, *COMMANDS[path]]
        if not action.option_strings:
            words[len(path)] = value
        elif action.nargs is None:
            words.append(f"{action.option_strings[-1]}={value}")
        else:
            words += [action.option_strings[-1], value]
        for left in ("scores.tsv", "p.tsv"):
            (here / left).unlink(missing_ok=True)
        ended(capsys, words, path)


NUMBERS = {
    "--seed": ("-1", "-99999999999999999999"),
    "--null-check": ("-1", "9" * 30),
    "--min-values": ("-1", "0", "9" * 30),
    "--lfc": ("-0.1", "nan", "inf", "1e999"),
}


@pytest.mark.parametrize(("option", "value"), [(o, v) for o, values in NUMBERS.items() for v in values])
def test_numbers_out_of_range_are_refused(here, capsys, option, value):
    words = ["assess", "m.tsv", "--samples", "s.tsv", *CONTRAST, "--out", "r", f"{option}={value}"]
    assert ended(capsys, words, ("assess",)) == 2
    assert not (here / "r").exists()


@pytest.mark.parametrize("level", ["-", "None", "NA", "nan", ""])
def test_levels_that_look_like_nothing(here, capsys, level):
    """A level of the sheet that reads as nothing is a level like others, or is said to be absent; never a traceback."""
    (here / "s.tsv").write_text(
        "sample\tarm\n" + "".join(f"{s}\t{level if 'EV' in s else 'lysate'}\n" for s in SAMPLES)
    )
    words = [
        "assess",
        "m.tsv",
        "--samples",
        "s.tsv",
        "--condition",
        "arm",
        f"--case={level}",
        "--control",
        "lysate",
    ]
    code = ended(capsys, [*words, "--context", "unknown.toml"], ("assess",))
    assert code == 2
    words = ["assess", "m.tsv", "--samples", "s.tsv", "--condition", "arm", f"--contrast={level}:lysate"]
    assert ended(capsys, [*words, "--context", "unknown.toml"], ("assess",)) == 2


def test_collapsing_across_groups_is_refused(here, capsys):
    sheet = "".join(f"{s}\t{s[:-2]}\td{s[-1]}\n" for s in SAMPLES)
    (here / "s.tsv").write_text(f"sample\tarm\tdonor\n{sheet}")
    words = ["assess", "m.tsv", "--samples", "s.tsv", *CONTRAST, "--collapse-by", "arm", "--out", "r"]
    assert ended(capsys, [*words, "--no-figures"], ("assess",)) in {0, 2}


def test_a_name_that_is_not_utf8_is_refused_before_any_work(here, capsys):
    name = os.fsdecode("\u00e9.tsv".encode("latin-1"))
    (here / name).write_bytes((here / "m.tsv").read_bytes())
    for words in (["assess", name], ["assess", "m.tsv", "--out", name], ["score", "m.tsv", "--out", name]):
        assert main(words) == 2
        err = capsys.readouterr().err
        assert err.startswith("markerkit: error: 'caf"[:19])
        assert "is not UTF-8" in err
        assert len(err.splitlines()) == 1


def options_in_texts() -> dict[str, str]:
    """Every `--option` in a text of the package, with the module that names it."""
    found = {}
    for path in sorted((ROOT / "markerkit").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                for option in re.findall(r"(?<![\w-])--[a-z][a-z-]+(?![\w-])", node.value):
                    found.setdefault(option, path.name)
    return found


def test_no_text_names_an_option_that_no_command_has():
    known = set().union(*OPTIONS.values()) | {"--version"}
    found = options_in_texts()
    assert len(found) > 15
    assert {o: where for o, where in found.items() if o not in known} == {}
