"""The benchmarks run, and the README of their folder holds what they wrote."""

import sys

import numpy as np
import pandas as pd
import pytest

from tests.helpers import ROOT

FOLDER = ROOT / "benchmarks"


@pytest.fixture(autouse=True)
def _on_path(monkeypatch):
    monkeypatch.syspath_prepend(str(FOLDER))
    yield
    for name in ("sections", "calibration", "speed", "oracle_checks"):
        sys.modules.pop(name, None)


def test_readme_holds_the_sections():
    import sections

    found = sections.read_sections()
    assert {"calibration", "speed", "oracles", "truth"} <= set(found)
    for name, text in found.items():
        assert text.startswith("## "), name
    assert "](calibration.png)" in found["calibration"]
    assert (FOLDER / "calibration.png").read_bytes()[:4] == b"\x89PNG"


def test_table_of_every_cell_agrees_with_the_readme():
    import calibration
    import sections

    table = pd.read_csv(FOLDER / "calibration.tsv", sep="\t", keep_default_na=False)
    assert set(table["test"]) == {*calibration.SET_TESTS, *calibration.PROTEIN_TESTS}
    assert table["data_sets"].min() >= 500
    again = [
        calibration.verdict(t, a, b)
        for t, a, b in zip(table["test"], table["low"], table["high"], strict=True)
    ]
    assert again == table["verdict"].tolist()
    extreme = table["null"].isin([calibration.SHARP, calibration.SPREAD])
    too_many = table[(table["verdict"] == "too many") & extreme]
    assert set(too_many["test"]) <= {"fry"}
    bold = f"**{100 * too_many['rate_5'].max():.1f}**"
    assert bold in sections.read_sections()["calibration"]


def test_no_kind_of_comparison_is_without_a_bound_that_it_holds():
    import oracle_checks
    import sections

    rows = [r.split(" | ") for r in sections.read_sections()["oracles"].splitlines() if r.startswith("| ")]
    of_kind = {r[0].removeprefix("| "): r for r in rows if r[0].removeprefix("| ") in oracle_checks.KINDS}
    assert set(of_kind) == set(oracle_checks.KINDS)
    for kind, row in of_kind.items():
        assert float(row[-3]) <= float(row[-2]) == oracle_checks.KINDS[kind][1]
        assert row[-1] == "yes |"


def test_a_section_leaves_the_others_alone(tmp_path):
    import sections

    path = tmp_path / "README.md"
    sections.write_section("speed", "## Speed\nfirst", path)
    sections.write_section("calibration", "## Level\n", path)
    sections.write_section("speed", "## Speed\nsecond\n", path)
    assert sections.read_sections(path) == {"calibration": "## Level", "speed": "## Speed\nsecond"}
    assert path.read_text().index("## Level") < path.read_text().index("## Speed")
    with pytest.raises(ValueError, match="sections are"):
        sections.write_section("nothing", "", path)


def test_rates_and_their_intervals():
    import calibration

    count = calibration.Counts()
    for _ in range(100):
        count.add(np.array([0.001, 0.03, np.nan, *np.linspace(0.1, 1, 38)]))
    rate, low, high = count.rate(0.05)
    assert rate == pytest.approx(2 / 40)
    assert low < rate < high
    assert count.rate(0.01)[0] == pytest.approx(1 / 40)
    assert sum(count.tested) == 4000


def test_quick_calibration_has_every_cell():
    import calibration

    layout = calibration.Layout(copies=1, outside=200)
    counts = calibration.calibrate(1, 1, 1, layout)
    table = calibration.table_of(counts)
    # 4 set tests x 5 nulls x 3 n x 2 missing x 9 kinds of sets, 2 tests of proteins, detection where values are missing
    assert len(table) == 4 * 5 * 3 * 2 * 9 + 2 * 3 * 2 + 3
    assert table["rate_5"].between(0, 1).mean() > 0.95
    everywhere = table[table["null"] == calibration.SPREAD]
    fry = everywhere[everywhere["test"] == "fry"]["rate_5"].mean()
    assert fry > everywhere[everywhere["test"] == "set effect"]["rate_5"].mean()
