"""assess, the results folder and determinism."""

import json

import numpy as np
import pandas as pd
import pytest

import markerkit as mk
from markerkit import InputError, MarkerkitWarning
from markerkit.tables.registry import TABLES

pytestmark = pytest.mark.filterwarnings("ignore:the background of the set tests")


@pytest.fixture(scope="module")
def example():
    return mk.load_example()


@pytest.fixture(scope="module")
def result(example):
    return mk.assess(
        example,
        condition="fraction",
        case="EV",
        control="lysate",
        paired_by="donor",
        comparator="lysate",
        fluid="culture",
    )


def test_the_example_reads_as_it_was_made(result):
    words = result.identity.table.set_index("class")["verdict"]
    assert words["ev"] == "compatible"
    assert words["exosome"] == "compatible"
    # absent: its few votes may leave it open, they may not call it
    assert words["apoptotic_body"] in ("not compatible", "unresolved")
    assert words["microvesicle"] == "not compatible"
    assert words["apoptotic_exosome"] == "not assessable"
    assert result.purity.contamination_fraction.table["status"].iloc[0] == "assessed"
    assert result.gaps()
    assert "EV vs lysate" in repr(result)
    assert "<table>" in result._repr_html_()


def test_every_declared_table_is_there(result):
    assert list(result.tables) == list(TABLES)
    for name, table in result.tables.items():
        assert list(table.columns) == TABLES[name].names, name
    assert set(result.tables["identity"]["class"]) == {
        "ev", "exosome", "microvesicle", "apoptotic_body", "apoptotic_exosome", "apoptotic_ev",
    }  # fmt: skip
    assert len(result.tables["samples_used"]) == result.experiment.n_samples
    assert len(result.tables["id_mapping"]) == result.experiment.n_proteins
    sets = set(result.markers)
    assert set(result.tables["coverage"]["set"]) == sets
    for method, rows in result.tables["enrichment"].groupby("method"):
        assert set(rows["set"]) == sets, method


def test_input_is_not_changed(example):
    before, history = example.values, example.history
    mk.assess(example, condition="fraction", case="EV", control="lysate")
    pd.testing.assert_frame_equal(example.values, before)
    assert example.history == history


def test_folder_is_whole_and_the_same_twice(result, example, tmp_path):
    again = mk.assess(
        example,
        condition="fraction",
        case="EV",
        control="lysate",
        paired_by="donor",
        comparator="lysate",
        fluid="culture",
    )
    for folder, found in (("a", result), ("b", again)):
        found.report(tmp_path / folder)
    names = sorted(p.relative_to(tmp_path / "a") for p in (tmp_path / "a").rglob("*") if p.is_file())
    assert {f"tables/{n}.tsv" for n in TABLES} | {"summary.json", "methods.md"} <= {
        n.as_posix() for n in names
    }
    for name in names:
        if name.suffix in {".tsv", ".json", ".md"}:
            assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes(), name
    assert not list(tmp_path.glob(".*"))


def test_summary_says_what_the_tables_say(result, tmp_path):
    folder = result.report(tmp_path / "out")
    found = json.loads((folder / "summary.json").read_text())
    assert found["schema_version"] == 1
    (contrast,) = found["contrasts"]
    assert (contrast["case"], contrast["control"], contrast["condition"]) == ("EV", "lysate", "fraction")
    table = pd.read_csv(folder / "tables" / "identity.tsv", sep="\t").set_index("class")
    for key, row in contrast["identity"].items():
        assert row["verdict"] == table.loc[key, "verdict"]
    assert set(contrast["purity"]) == set(result.purity.table["source"])
    assert contrast["contamination_fraction"]["fraction"] > 0
    assert contrast["checklist"]
    assert found["catalog"]["digest"] == result.markers.digest
    assert "NaN" not in (folder / "summary.json").read_text()


def test_overwrite_only_replaces_assessments(result, tmp_path):
    folder = result.report(tmp_path / "out")
    with pytest.raises(InputError, match="is there already"):
        result.report(folder)
    (folder / "extra.txt").write_text("x")
    result.report(folder, overwrite=True)
    assert not (folder / "extra.txt").exists()
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "thesis.docx").write_text("years of work")
    with pytest.raises(InputError, match="is not an assessment and will not be replaced"):
        result.report(mine, overwrite=True)
    assert (mine / "thesis.docx").exists()


def test_several_contrasts_and_none(example):
    rng = np.random.default_rng(0)
    samples = example.samples
    samples["arm"] = ["EV", "lysate", "other"] * (len(samples) // 3)
    exp = mk.Experiment(
        example.values, samples, example.proteins, example.scale, example.organism, example.history
    )
    both = mk.assess(exp, condition="arm", contrasts=[("EV", "lysate"), ("other", "lysate")])
    assert list(dict.fromkeys(both.identity.table["contrast"])) == ["EV vs lysate", "other vs lysate"]
    alone = mk.assess(exp, condition="arm", case="EV", control="lysate")
    first = both.identity.table[both.identity.table["contrast"] == "EV vs lysate"].reset_index(drop=True)
    pd.testing.assert_frame_equal(first, alone.identity.table)
    assert (both.samples_used["status"] == "used").all()
    assert rng is not None
    bare = mk.assess(exp)
    assert (bare.identity.table["reason"] == "no comparator").all()
    assert bare.purity.table.empty
    assert len(bare.purity.shares.table) == 17 * exp.n_samples
    assert not bare.checklist.table.empty
    assert bare.differential_abundance.table.empty


def test_one_sample_an_arm(example, tmp_path):
    names = [example.samples.index[i] for i in (0, example.n_samples - 1)]
    few = example.select(samples=names)
    found = mk.assess(few, condition="fraction", case="EV", control="lysate", comparator="lysate")
    assert found.identity.table["reason"].str.startswith("no replicates").all()
    assert found.coverage.table["n_measured"].sum() > 0
    assert found.report(tmp_path / "out").is_dir()


def test_condition_without_contrast_is_said_aloud(example):
    with pytest.warns(MarkerkitWarning, match="no contrast named"):
        found = mk.assess(example, condition="fraction")
    assert "no contrast named" in found.warnings[0]


def test_technical_replicates_are_collapsed(example):
    samples = example.samples
    samples["unit"] = [f"u{i // 2}" for i in range(len(samples))]
    samples = samples.assign(donor=samples["donor"].astype(str))
    exp = mk.Experiment(
        example.values, samples, example.proteins, example.scale, example.organism, example.history
    )
    found = mk.assess(exp, condition="fraction", case="EV", control="lysate", collapse_by="unit")
    assert found.experiment.n_samples == len(samples) // 2
    assert len(found.samples_used) == len(samples)
    assert "averaged and count once" in found.design[0]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"condition": "nope", "case": "EV", "control": "lysate"}, "no column 'nope'"),
        ({"condition": "fraction", "case": "EV", "control": "cells"}, "no level 'cells'"),
        ({"condition": "fraction", "case": "EV", "control": "EV"}, "case and control are both"),
        ({"condition": "fraction", "case": "EV"}, "`case` is given without `control`"),
        ({"case": "EV", "control": "lysate"}, "need `condition`"),
        (
            {"condition": "fraction", "case": "EV", "control": "lysate", "paired_by": "pair"},
            "no column 'pair'",
        ),
        (
            {"condition": "fraction", "case": "EV", "control": "lysate", "batch": ["fraction_copy"]},
            "confounded",
        ),
        (
            {"condition": "fraction", "case": "EV", "control": "lysate", "collapse_by": "nope"},
            "no column 'nope'",
        ),
        ({"condition": "fraction", "contrasts": [("EV", "lysate")] * 2}, "named twice"),
    ],
)
def test_refusals(example, options, message):
    samples = example.samples
    samples["fraction_copy"] = samples["fraction"]
    exp = mk.Experiment(
        example.values, samples, example.proteins, example.scale, example.organism, example.history
    )
    with pytest.raises(InputError, match=message):
        mk.assess(exp, **options)
