"""rerun.py and rerun.sh repeat a run: the same tables, byte by byte."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import markerkit as mk
from markerkit.cli.main import main
from markerkit.report._rerun import rerun_files
from markerkit.simulation.examples import write_example
from tests.helpers import EXAMPLE

pytestmark = pytest.mark.usefixtures("one_figure")


def run(words, tmp_path, folder):
    """Run a script as a user would, with `markerkit` on the path."""
    here = tmp_path / "bin"
    here.mkdir(exist_ok=True)
    program = here / "markerkit"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m markerkit "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    settings = {**os.environ, "PATH": f"{here}{os.pathsep}{os.environ['PATH']}", "PYTHON": sys.executable}
    root = Path(mk.__file__).parents[1]
    settings["PYTHONPATH"] = str(root)
    return subprocess.run(words, cwd=folder, env=settings, capture_output=True, text=True, check=False)


def same_tables(one, other):
    names = sorted(p.name for p in (one / "tables").iterdir())
    assert names == sorted(p.name for p in (other / "tables").iterdir())
    assert names
    return all((one / "tables" / n).read_bytes() == (other / "tables" / n).read_bytes() for n in names)


@pytest.fixture
def study(tmp_path, monkeypatch):
    """A folder with a table and its sheet, which is the working directory."""
    folder = tmp_path / "my study"
    write_example(folder)
    monkeypatch.chdir(folder)
    return folder


WORDS = ["assess", "ev_vs_lysate.tsv", "--samples", "samples.tsv", "--condition", "fraction", "--contrast",
         "EV:lysate@lysate", "--paired-by", "donor", "--fluid", "culture", "--seed", "3", "--quiet"]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("script", [["sh", "first run/rerun.sh"], [sys.executable, "first run/rerun.py"]])
def test_a_run_of_the_command_line_is_repeated(study, tmp_path, script):
    assert main([*WORDS, "--out", "first run", "--overwrite"]) == 0
    done = run([*script, "again"], tmp_path, study)
    assert done.returncode == 0, done.stderr
    assert same_tables(study / "first run", study / "again")
    (study / "samples.tsv").write_text("sample\tfraction\tdonor\n", encoding="utf-8")
    refused = run([*script, "third"], tmp_path, study)
    assert refused.returncode != 0
    assert "samples.tsv is not the file of the first run" in refused.stderr
    assert not (study / "third").exists()


@pytest.mark.slow
def test_a_run_of_python_is_repeated(study, tmp_path):
    exp = mk.read_proteins("ev_vs_lysate.tsv", samples="samples.tsv", scale="raw")
    context = {"viability_percent": 95.0, "apoptosis_induced": False}
    mk.assess(exp, EXAMPLE, context=context, lfc=0.5).report("first")
    done = run(["sh", "first/rerun.sh", "again"], tmp_path, study)
    assert done.returncode == 0, done.stderr
    assert same_tables(study / "first", study / "again")


def test_a_table_from_memory_is_asked_for(example_assessment, tmp_path):
    files = rerun_files(example_assessment)
    assert "was given a table from memory" in files["rerun.py"]
    (tmp_path / "rerun.py").write_text(files["rerun.py"], encoding="utf-8")
    done = run([sys.executable, "rerun.py"], tmp_path, tmp_path)
    assert done.returncode == 1
    assert "name the files: python rerun.py FOLDER MATRIX [SAMPLES]" in done.stderr


def test_steps_that_the_script_does_not_know_are_named(study):
    exp = mk.read_proteins("ev_vs_lysate.tsv", samples="samples.tsv").pipe(mk.log2)
    text = rerun_files(mk.assess(exp))["rerun.py"]
    assert "steps that are not repeated here: log2" in text
    assert "contrasts = None" in text


def test_a_script_of_hostile_names_is_python(nasty_assessment):
    text = rerun_files(nasty_assessment, ["assess", "a b.tsv", "--out=x", "--case", "$(touch x)"])
    compile(text["rerun.py"], "rerun.py", "exec")
    assert "markerkit assess 'a b.tsv' --case '$(touch x)' --out \"$folder\"" in text["rerun.sh"]
    assert (
        shutil.which("sh") is None
        or subprocess.run(["sh", "-n"], input=text["rerun.sh"], text=True, check=False).returncode == 0
    )
