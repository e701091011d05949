"""Every number and word of the numerical core on small fixed inputs, against the committed tables."""

from __future__ import annotations

import warnings

import pandas as pd
import pytest

from markerkit.core.errors import MarkerkitWarning
from tests.golden.cases import ABOUT
from tests.golden.reference import CASES, FOLDER, Case, differences, plain, read


@pytest.mark.parametrize("case", CASES, ids=str)
def test_same_numbers_and_words(case: Case) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", MarkerkitWarning)
        found = {name: plain(table) for name, table in case.make().items()}
    changed = differences(read(case.file)[case.name], found, case.tolerance)
    assert not changed, (
        f"{len(changed)} cells differ from tests/golden/tables/{case.file}.json; where that is meant, "
        "`python -m tests.golden --write`:\n" + "\n".join(changed[:20])
    )


def test_no_table_is_left_without_its_case() -> None:
    assert {p.stem for p in FOLDER.glob("*.json")} == {c.file for c in CASES} == set(ABOUT)
    for file in ABOUT:
        assert list(read(file)) == [c.name for c in CASES if c.file == file]


def test_tables_stay_small() -> None:
    assert sum(p.stat().st_size for p in FOLDER.glob("*.json")) < 400 * 1024


def test_a_difference_names_its_place() -> None:
    frame = pd.DataFrame({"p": [0.1, 0.0], "word": ["up", ""]}, index=["A", "B"])
    expected = {"t": plain(frame)}
    assert differences(expected, {"t": plain(frame.assign(p=[0.1 + 1e-10, 1e-13]))}, 1e-8) == []
    other = frame.assign(p=[0.1 + 1e-8, float("nan")], word=["up", "down"])
    assert differences(expected, {"t": plain(other)}, 1e-8) == [
        "t, column p, row A: 0.10000001, expected 0.1",
        "t, column p, row B: None, expected 0",
        "t, column word, row B: 'down', expected ''",
    ]
