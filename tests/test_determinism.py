"""The same input gives the same bytes, whatever the threads, hash seed, locale, time zone, date and folder.

Another kind of processor may round otherwise: what is compared here ran on one.
"""

from __future__ import annotations

import hashlib
import locale
import os
import subprocess
import sys
from pathlib import Path

import pytest

from markerkit.simulation.examples import write_example
from tests.helpers import ROOT

ASK = ("--condition", "fraction", "--case", "EV", "--control", "lysate", "--paired-by", "donor", "--comparator", "lysate")  # fmt: skip
BASE = {
    "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONHASHSEED": "0", "LC_ALL": "C", "TZ": "UTC",
    "SOURCE_DATE_EPOCH": "0",
}  # fmt: skip
TABLES = """
import sys, warnings
import markerkit as mk
from markerkit.tables.spec import to_tsv
from tests.contract.experiments import catalog, made, raw
from tests.contract.verbs import EV
warnings.simplefilter("ignore", mk.MarkerkitWarning)
exp = made(raw())
for result in (mk.assess_identity(exp, EV, catalog()), mk.assess_purity(exp, EV, catalog()), mk.composition(exp, catalog())):
    sys.stdout.write(to_tsv(result.table))
logs = mk.normalize(exp.logged())
da = mk.differential_abundance(logs, EV)
sets = {k: catalog()[k].positive for k in ("exosome", "mitochondrion")}
for method in ("camera", "fry", "gsea"):
    sys.stdout.write(to_tsv(mk.enrich(da, sets, method=method).table))
"""


def comma_locale() -> str:
    """A locale that writes a decimal comma, where the machine has one; else the C locale by its other name."""
    before = locale.setlocale(locale.LC_ALL)
    try:
        for name in ("de_DE.utf8", "de_DE.UTF-8", "fr_FR.utf8", "fr_FR.UTF-8", "nl_NL.utf8", "da_DK.utf8"):
            try:
                locale.setlocale(locale.LC_ALL, name)
            except locale.Error:
                continue
            return name
        return "POSIX"
    finally:
        locale.setlocale(locale.LC_ALL, before)


OTHER = {
    "OMP_NUM_THREADS": "2", "OPENBLAS_NUM_THREADS": "2", "PYTHONHASHSEED": "4242", "LC_ALL": comma_locale(),
    "TZ": "Pacific/Chatham", "SOURCE_DATE_EPOCH": "1700000000",
}  # fmt: skip


def run(words: list[str], folder: Path, changes: dict[str, str]) -> str:
    """Standard output of Python under a changed environment, run in `folder`."""
    environment = os.environ | {"PYTHONPATH": str(ROOT), "MPLBACKEND": "Agg"} | BASE | changes
    done = subprocess.run(
        [sys.executable, *words], cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=900
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def test_tables_are_the_same_bytes(tmp_path: Path) -> None:
    first, second = (run(["-c", TABLES], tmp_path, changes) for changes in ({}, OTHER))
    assert len(first) > 10_000
    assert first == second


def results(folder: Path, changes: dict[str, str]) -> dict[str, str]:
    """Digest of every file of the results of the example."""
    folder.mkdir(parents=True)
    matrix, sheet = write_example(folder)
    words = ["-m", "markerkit", "assess", matrix.name, "--samples", sheet.name, *ASK, "--out", "results"]
    run(words, folder, changes)
    files = [p for p in (folder / "results").rglob("*") if p.is_file()]
    return {
        p.relative_to(folder).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(files)
    }


@pytest.mark.slow
def test_every_file_of_the_results_is_the_same_bytes(tmp_path: Path) -> None:
    expected = results(tmp_path / "a", {})
    assert {Path(name).suffix for name in expected} >= {
        ".tsv",
        ".json",
        ".svg",
        ".pdf",
        ".png",
        ".html",
        ".xlsx",
        ".md",
    }
    assert results(tmp_path / "again", {}) == expected
    threads = {k: v for k, v in OTHER.items() if "THREADS" in k}
    assert results(tmp_path / "threads", threads) == expected
    assert results(tmp_path / "another folder, \u00fc\u05e9", OTHER) == expected
