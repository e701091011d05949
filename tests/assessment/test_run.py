"""assess, the results folder and determinism."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest

import markerkit as mk
from markerkit import InputError, MarkerkitWarning
from markerkit.report._methods import methods_text
from markerkit.report._summary import summary
from markerkit.tables.registry import TABLES
from tests.helpers import EXAMPLE

pytestmark = pytest.mark.filterwarnings("ignore:the background of the set tests")

PLAIN = mk.Contrast("fraction", "EV", "lysate")


@pytest.fixture
def result(example_assessment):
    return example_assessment


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


def test_every_part_is_a_result(result, tmp_path):
    parts = {k: v for k, v in vars(result).items() if isinstance(v, mk.results.Result)}
    assert len(parts) == 20
    for name, part in parts.items():
        assert part.table_name in TABLES, name
        written = part.save(tmp_path / f"{name}.tsv")
        assert (
            written.read_text(encoding="utf-8").split("\n", 1)[0].split("\t") == TABLES[part.table_name].names
        )
    assert mk.results.Assessment is type(result)
    assert result.detection.params["contrasts"] == ["EV vs lysate"]


@pytest.mark.slow  # tests/purity/test_shares.py asks the same of a study without a contrast
def test_shares_are_of_one_basis_everywhere(example):
    """The quality card and the source shares of one run sum the same."""
    rng = np.random.default_rng(0)
    proteins = example.proteins.assign(length=rng.integers(100, 3000, example.n_proteins))
    exp = mk.Experiment(example.values, example.samples, proteins, history=example.history)
    found = mk.assess(exp, PLAIN, shares="length")
    assert found.purity.shares.table["basis"].str.startswith("signal over length").all()
    card = found.quality.table
    card = card[card["kind"] == "share"].set_index(["sample", "item"])["value"]
    shares = found.purity.shares.table.set_index(["sample", "source"])["share"]
    both = card.index.intersection(shares.index)
    assert len(both) > 100
    np.testing.assert_allclose(card[both], shares[both])


@pytest.mark.slow  # two contrasts of one assessment: tests/identity/test_change.py
def test_each_contrast_keeps_its_own_comparator(example):
    """Against a lysate the contamination fraction is assessed, against other vesicles it is not."""
    vesicles = ["SEC", "SEC", "UC", "UC", "SEC", "UC"]  # each in both batches
    samples = example.samples.assign(arm=vesicles + ["lysate"] * 6)
    exp = mk.Experiment(example.values, samples, example.proteins, history=example.history)
    found = mk.assess(
        exp,
        [
            mk.Contrast("arm", "SEC", "lysate", comparator="lysate", name="SEC over its cells"),
            mk.Contrast("arm", "SEC", "UC", comparator="ev"),
        ],
    )
    status = found.purity.contamination_fraction.table.drop_duplicates("contrast").set_index("contrast")[
        "status"
    ]
    assert status.to_dict() == {"SEC over its cells": "assessed", "SEC vs UC": "not assessable"}
    assert any("SEC over its cells" in line for line in found.design)
    assert [c["comparator"] for c in found.params["contrasts"]] == ["lysate", "ev"]
    json.dumps(found.params)


@pytest.mark.parametrize(("n", "assessed"), [(1, False), (2, True)])
def test_two_replicates_are_the_least(example, n, assessed):
    kept = example.samples.groupby("fraction").head(n).index
    extra = example.samples.index[example.samples["fraction"] == "lysate"]
    few = example.select(samples=[s for s in example.samples.index if s in kept or s in extra])
    against_lysate = mk.Contrast("fraction", "EV", "lysate", comparator="lysate")
    reasons = mk.assess_identity(few, against_lysate).table["reason"]
    assert reasons.str.startswith("no replicates: EV has 1 sample, 2 or more are needed").all() != assessed
    assert reasons.str.startswith("no replicates").any() != assessed
    # of two groups of which nothing was declared it is asked what differs, which needs as many
    reasons = mk.compare(few, PLAIN).table["reason"]
    assert reasons.str.startswith("no replicates: EV has 1 sample, 2 or more are needed").all() != assessed
    assert reasons.str.startswith("no replicates").any() != assessed
    undeclared = mk.assess_identity(few, PLAIN).table
    assert set(undeclared["reason"]) == {"not said what the control is"}


def test_input_is_not_changed_and_the_tables_are_the_same_twice(result, example):
    before, history = example.values, example.history
    again = mk.assess(example, EXAMPLE)
    pd.testing.assert_frame_equal(example.values, before)
    assert example.history == history
    for name, table in result.tables.items():
        pd.testing.assert_frame_equal(table, again.tables[name], check_exact=True, obj=name)
    assert summary(result) == summary(again)
    assert methods_text(result) == methods_text(again)


def test_folder_is_whole(example_folder):
    names = {p.relative_to(example_folder).as_posix() for p in example_folder.rglob("*") if p.is_file()}
    assert {f"tables/{n}.tsv" for n in TABLES} | {"summary.json", "methods.md"} <= names
    assert not list(example_folder.parent.glob(".*"))


def test_summary_says_what_the_tables_say(result, example_folder):
    folder = example_folder
    found = json.loads((folder / "summary.json").read_text())
    assert found["schema_version"] == 2
    (contrast,) = found["contrasts"]
    assert (contrast["case"], contrast["control"], contrast["condition"]) == ("EV", "lysate", "fraction")
    assert contrast["question"] == "identity"
    assert contrast["headline"] == result.headline(result.contrasts[0])
    assert contrast["comparison"] == {}
    table = pd.read_csv(folder / "tables" / "identity.tsv", sep="\t").set_index("class")
    assert set(contrast["identity"]) == set(table.index)
    for key, row in contrast["identity"].items():
        assert row["verdict"] == table.loc[key, "verdict"]
    shares = pd.read_csv(folder / "tables" / "composition.tsv", sep="\t").query("level == 'group'")
    assert [group["name"] for group in found["composition"]] == ["EV", "lysate"]
    for group in found["composition"]:
        of_group = shares[shares["name"] == group["name"]].set_index("component")["share"]
        told = {part["component"]: part["share"] for part in group["components"]}
        assert set(told) == set(of_group.index)
        assert told["nucleus"] == pytest.approx(of_group["nucleus"], rel=1e-6)
    assert set(contrast["purity"]) == set(result.purity.table["source"])
    assert contrast["contamination_fraction"]["fraction"] > 0
    assert contrast["checklist"]
    assert found["catalog"]["digest"] == result.markers.digest
    assert "NaN" not in (folder / "summary.json").read_text()


def test_summary_of_a_comparison_holds_changes_and_no_identity(compared):
    (contrast,) = summary(compared)["contrasts"]
    assert (contrast["question"], contrast["identity"]) == ("change", {})
    table = compared.comparison.table.set_index("class")
    assert {k: r["verdict"] for k, r in contrast["comparison"].items()} == table["verdict"].to_dict()
    assert contrast["headline"].startswith("EV against lysate: EV markers higher, ")


@pytest.mark.usefixtures("one_figure")
def test_overwrite_only_replaces_assessments(result, example_folder, tmp_path):
    folder = shutil.copytree(example_folder, tmp_path / "out")
    with pytest.raises(InputError, match=r"is there already; .*overwrite=True"):
        result.report(folder)
    (folder / "extra.txt").write_text("x")
    with pytest.raises(InputError, match=r"did not write there and will not be replaced: 'extra\.txt'"):
        result.report(folder, overwrite=True)
    (folder / "extra.txt").unlink()
    (folder / ".DS_Store").write_text("made by a file manager")
    result.report(folder, overwrite=True)
    assert not (folder / ".DS_Store").exists()
    told = [json.loads((f / "summary.json").read_text()) for f in (folder, example_folder)]
    assert told[0] == told[1]
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "thesis.docx").write_text("years of work")
    with pytest.raises(InputError, match="is not an assessment and will not be replaced"):
        result.report(mine, overwrite=True)
    assert (mine / "thesis.docx").exists()


@pytest.mark.slow
def test_several_contrasts_and_none(example):
    rng = np.random.default_rng(0)
    samples = example.samples
    samples["arm"] = ["EV", "lysate", "other"] * (len(samples) // 3)
    exp = mk.Experiment(
        example.values, samples, example.proteins, example.scale, example.organism, example.history
    )
    pair = [mk.Contrast("arm", case, "lysate", comparator="lysate") for case in ("EV", "other")]
    # two samples of a donor in an arm: not said whether they repeat one preparation
    with pytest.warns(MarkerkitWarning, match="with collapse_by='donor'.* 8 samples would become 4"):
        mk.assess(exp, pair)
    context = {"replicates": "biological"}
    both = mk.assess(exp, pair, context=context)
    assert list(dict.fromkeys(both.identity.table["contrast"])) == ["EV vs lysate", "other vs lysate"]
    alone = mk.assess(exp, pair[0], context=context)
    first = both.identity.table[both.identity.table["contrast"] == "EV vs lysate"].reset_index(drop=True)
    pd.testing.assert_frame_equal(first, alone.identity.table)
    assert (both.samples_used.table["status"] == "used").all()
    assert rng is not None
    bare = mk.assess(exp)
    assert bare.identity.table.empty
    assert bare.comparison.table.empty
    assert bare.purity.table.empty
    assert len(bare.purity.shares.table) == 17 * exp.n_samples
    assert not bare.checklist.table.empty
    assert bare.differential_abundance.table.empty


@pytest.mark.slow
def test_one_sample_an_arm(example, tmp_path):
    names = [example.samples.index[i] for i in (0, example.n_samples - 1)]
    few = example.select(samples=names)
    found = mk.assess(few, mk.Contrast("fraction", "EV", "lysate", comparator="lysate"))
    assert found.identity.table["reason"].str.startswith("no replicates").all()
    assert found.coverage.table["n_measured"].sum() > 0
    assert found.report(tmp_path / "out").is_dir()


def test_condition_without_contrast_is_said_aloud(example):
    with pytest.warns(MarkerkitWarning, match="no contrast named"):
        found = mk.assess(example, context={"condition": "fraction"})
    assert "no contrast named" in found.warnings[0]
    assert found.evidence.table.empty


def test_technical_replicates_are_collapsed(example):
    samples = example.samples
    samples["unit"] = [f"u{i // 2}" for i in range(len(samples))]
    samples = samples.assign(donor=samples["donor"].astype(str))
    exp = mk.Experiment(
        example.values, samples, example.proteins, example.scale, example.organism, example.history
    )
    # as an error here, the warning ends the run
    with pytest.raises(MarkerkitWarning, match="averaged, although they differ in 'donor' and 'batch'"):
        mk.assess(exp, PLAIN, collapse_by="unit")
    # repeats of one preparation, as the sheet of a study with technical replicates has them
    repeats = samples.drop(columns=["donor", "batch"])
    exp = mk.Experiment(
        example.values, repeats, example.proteins, example.scale, example.organism, example.history
    )
    found = mk.assess(exp, collapse_by="unit")
    assert found.experiment.n_samples == len(samples) // 2
    assert len(found.samples_used.table) == len(samples)
    assert "averaged and count once" in found.design[0]


@pytest.mark.parametrize(
    ("contrast", "options", "message"),
    [
        (mk.Contrast("nope", "EV", "lysate"), {}, "no column 'nope'"),
        (mk.Contrast("fraction", "EV", "cells"), {}, "no level 'cells'"),
        (mk.Contrast("fraction", "EV", "lysate", paired_by="pair"), {}, "no column 'pair'"),
        (mk.Contrast("fraction", "EV", "lysate", batch="fraction_copy"), {}, "confounded"),
        (PLAIN, {"collapse_by": "nope"}, "no column 'nope'"),
        ([PLAIN, PLAIN], {}, "named twice"),
        (PLAIN, {"seed": -1}, "`seed` is a whole number, 0 or more; got -1"),
        (PLAIN, {"seed": 0.5}, "`seed` is a whole number"),
        (PLAIN, {"null_check": -1}, "`null_check` counts data sets"),
        (PLAIN, {"null_check": 1}, "2 to 100,000, or is 0"),
        (PLAIN, {"null_check": 100_001}, "2 to 100,000, or is 0"),
        (PLAIN, {"shares": "size"}, "`shares` must be one of"),
        (None, {"context": {"fluid": "beer"}}, "`fluid` must be one of"),
        (None, {"context": {"condition": "nope"}}, "no column 'nope'"),
    ],
)
def test_refusals(example, contrast, options, message):
    samples = example.samples
    samples["fraction_copy"] = samples["fraction"]
    exp = mk.Experiment(
        example.values, samples, example.proteins, example.scale, example.organism, example.history
    )
    with pytest.raises(InputError, match=message):
        mk.assess(exp, contrast, **options)


def test_what_was_said_at_reading_stands_in_the_warnings() -> None:
    table = pd.DataFrame(
        {"gene": ["CD63", "CD63", "ALB"], "a": [8e6, 1e5, 3e5], "b": [8e6, 1e5, 3e5], "c": [8e6, 2e5, 1e5]}
    )
    sheet = pd.DataFrame({"sample": ["a", "b"], "fraction": ["EV", "lysate"]})
    with pytest.warns(mk.MarkerkitWarning):
        exp = mk.read_proteins(table, samples=sheet)
    notes = mk.assess(exp).warnings
    assert any("1 column of the matrix is not in the sample sheet" in n for n in notes)
    assert any("1 row repeats the name" in n for n in notes)
