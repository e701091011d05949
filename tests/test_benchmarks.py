"""The benchmarks run, and the README of their folder holds what they wrote."""

import sys

import numpy as np
import pandas as pd
import pytest

import markerkit as mk
from markerkit.catalog.criteria import load_criteria
from markerkit.effects.fit import fit_contrast
from markerkit.identity.table import identity_of
from markerkit.purity.sources import source_verdicts
from tests.helpers import ROOT

FOLDER = ROOT / "benchmarks"


@pytest.fixture(autouse=True)
def _on_path(monkeypatch):
    monkeypatch.syspath_prepend(str(FOLDER))
    yield
    for name in ("sections", "calibration", "speed", "oracle_checks", "identity", "thresholds", "everything"):
        sys.modules.pop(name, None)


def test_readme_holds_the_sections():
    import sections

    found = sections.read_sections()
    assert {"calibration", "speed", "oracles", "thresholds", "truth"} <= set(found)
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


# ---- thresholds ------------------------------------------------------------------


def test_every_threshold_has_its_rows():
    import sections
    import thresholds

    text = sections.read_sections()["thresholds"]
    rows = [r.strip("|").split("|")[0].strip() for r in text.splitlines() if r.startswith("|")]
    assert rows.count("as they are") == len(thresholds.PARTS)
    known = set(load_criteria().threshold)
    absent = known - set(rows) - set(thresholds.DECIDE_NOTHING)
    assert not absent, "add two values in benchmarks/thresholds.py and run it with --write"
    assert set(thresholds.DECIDE_NOTHING) <= known - set(rows)
    for name in thresholds.DECIDE_NOTHING:
        assert f"`{name}` has no row" in text


def test_a_smaller_and_a_larger_value_is_put_in_place():
    import thresholds

    usual = load_criteria().threshold
    for part in ("VERDICTS", "FEW", "REPLICATES", "CARRY_OVER", "OUTLIERS", "BLANKS"):
        for name, values in getattr(thresholds, part).items():
            assert min(values) < usual[name] < max(values), name


def test_the_threshold_is_put_back():
    import thresholds

    before = dict(load_criteria().threshold)
    with thresholds.in_place("equivalence_margin", 3.0):
        assert load_criteria().threshold["equivalence_margin"] == 3.0
    with pytest.raises(ZeroDivisionError), thresholds.in_place("equivalence_margin", 3.0):
        1 / 0  # noqa: B018
    with thresholds.in_place("", float("nan")):
        assert load_criteria().threshold == before
    assert load_criteria().threshold == before
    with pytest.raises(KeyError), thresholds.in_place("no such threshold", 1.0):
        pass
    assert load_criteria().threshold == before


def test_short_readings_are_those_of_the_tables():
    import thresholds

    exp = mk.simulate(n=4, paired=False, n_background=200, sources={"keratin": 0.05}, seed=1).experiment
    model = fit_contrast(exp, mk.load_markers(), thresholds.LYSATE)
    classes, sources = thresholds.judged(model, {"vesicles": True})
    table = identity_of([model], {"vesicles": True}).table
    assert dict(zip(table["class"], table["verdict"], strict=True)) == classes
    rows, _ = source_verdicts(model)
    assert dict(zip(rows["source"], rows["verdict"], strict=True)) == sources
    assert sources["keratin"] == "higher"


def test_rows_that_change_nothing_are_named():
    import thresholds

    of = thresholds.settings({"equivalence_margin": (0.5, 1.5), "min_source_effect": (0.2, 1.0)})
    found = thresholds.Found()
    for s in of:
        found.add(s, "called %", "a", True, s.name == "equivalence_margin")
        found.add(s, "called %", "b", False)
    table = found.table(of, {"called %": "mean"})
    assert table["called %"].tolist() == ["33.3", "66.7", "66.7", "33.3", "33.3"]
    assert thresholds.unchanged(table) == ["min_source_effect"]


def test_one_command_runs_the_script_of_every_section(tmp_path):
    import everything
    import sections

    commands = {name: everything.command_of(name, tmp_path, "scratch") for name in sections.SECTIONS}
    for name, command in commands.items():
        helped = (FOLDER / sections.SECTIONS[name]).read_text(encoding="utf-8")
        assert command[1] == str(FOLDER / sections.SECTIONS[name])
        assert ("--write" in command) == ('"--write"' in helped or "run_parts(" in helped), name
        takes_a_folder = any(f'"{word}", type=Path' in helped for word in ("data", "folder"))
        assert (len(command) - ("--write" in command) == 3) == (takes_a_folder or "run_parts(" in helped), (
            name
        )
    assert commands["oracles"][2] == str(tmp_path / "oracles")
    assert commands["truth"][2] == str(tmp_path / "data")
    with pytest.raises(SystemExit):
        everything.main([str(tmp_path), "no such section"])
