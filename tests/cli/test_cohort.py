"""``markerkit cohort`` and ``markerkit score --engine``: what they write and print, and one line for bad input."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from markerkit.cli.main import main
from tests.cohort.studies import study, to_layout


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(to_layout(study(), tmp_path_factory.mktemp("store") / "c.zarr"))


def test_cohort_writes_tables_and_prints_groups(
    store: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    ask = ["--condition", "group", "--case", "case", "--control", "control", "--tables", "composition"]
    assert main(["cohort", store, *ask, "--out", str(out)]) == 0
    said, progress = capsys.readouterr()
    lines = said.splitlines()
    names = ("case (7 samples): ", "control (5 samples): ", "other: ", "blank: ")
    assert all(line.startswith(name) for line, name in zip(lines[:4], names, strict=True))
    assert lines[4].startswith("case vs control: ")
    assert lines[5] == f"results: {out}"
    assert "residuals" in progress
    table = pd.read_csv(out / "differential_abundance.tsv", sep="\t")
    assert len(table) == study().n_proteins
    assert not (out / "sample_scores").exists()


def test_scores_in_blocks(store: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["score", store, "--out", str(tmp_path / "out"), "--engine", "local", "--block", "5", "--quiet"]
    assert main(words) == 0
    said, progress = capsys.readouterr()
    assert said == f"scores: {tmp_path / 'out'}\n"
    assert progress == ""
    assert len(list((tmp_path / "out" / "sample_scores").iterdir())) == 3


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["score", "STORE", "--out", "OUT", "--workers", "2"], "--workers belongs to an engine"),
        (["cohort", "STORE", "--out", "OUT", "--engine", "spark"], "`engine` must be one of"),
        (["cohort", "absent.zarr", "--out", "OUT"], "there is no file or folder 'absent.zarr'"),
    ],
)
def test_bad_input_is_one_line(
    store: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    given = {"STORE": store, "OUT": str(tmp_path / "out")}
    assert main([given.get(w, w) for w in words]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "Traceback" not in err
    assert said in next(line for line in err.splitlines() if line.startswith("markerkit: error: "))
    assert list(tmp_path.iterdir()) == []
