"""Repeats of one preparation that nobody declared: what is suspected, and what collapsing would leave."""

import numpy as np
import pandas as pd
import pytest

import markerkit as mk
from markerkit.checks.design import design_of
from markerkit.study.data import study_data
from tests.helpers import experiment

ARM = ["EV"] * 9 + ["cell"] * 9
THREE = ["a"] * 3 + ["b"] * 3 + ["c"] * 3


def check(sheet, *, names=None, context=None, collapse_by=None, of="technical replicates", **options):
    n = len(next(iter(sheet.values())))
    frame = pd.DataFrame(np.ones((n, 2)), names or [f"s{i}x" for i in range(n)], ["G1", "G2"])
    contrast = mk.Contrast("arm", "EV", "cell", **options)
    data = study_data(experiment(frame, sheet), contrast, context=context, collapse_by=collapse_by)
    table = design_of(data)
    return table[table["check"] == of].to_dict(orient="records")


def only(rows):
    assert len(rows) == 1
    return rows[0]


@pytest.mark.parametrize(
    ("unit", "repeat"),
    [
        ("biorep", "techrep"),
        ("bio_rep", "tech_rep"),
        ("Biological replicate", "technical replicate"),
        ("subject", "injection"),
        ("sample_of", "run"),
    ],
)
def test_two_columns_of_replicates(unit, repeat):
    """The numbers 1 to 3 come again in the other group: 18 samples are 6 units."""
    levels = [f"{arm}{u}" for arm, u in zip(ARM, THREE * 2, strict=True)]
    sheet = {"arm": ARM, unit: levels if unit == "sample_of" else THREE * 2, repeat: [1, 2, 3] * 6}
    row = only(check(sheet))
    assert (row["column"], row["severity"]) == (unit, "serious")
    assert "18 samples, but 6 units" in row["finding"]
    assert f"`{repeat}` reads as technical replicates of `{unit}`" in row["finding"]
    assert "18 samples would become 6: 3 against 3" in row["advice"]
    assert f"collapse_by={unit!r}" in row["advice"]
    option = f"--collapse-by {unit!r}" if " " in unit else f"--collapse-by {unit}"
    assert option in row["advice"]


def test_the_numbers_are_those_of_each_group():
    arm = ["EV"] * 6 + ["cell"] * 4
    sheet = {"arm": arm, "biorep": list("aabbccaabb"), "techrep": [1, 2] * 5}
    assert "10 samples would become 5: 3 against 2" in only(check(sheet))["advice"]
    sheet["biorep"][-1] = None
    assert "10 samples would become 6: 3 against 3" in only(check(sheet))["advice"]


def test_the_finer_of_two_columns_is_named():
    full = [f"{arm}{u}" for arm, u in zip(ARM, THREE * 2, strict=True)]
    sheet = {"arm": ARM, "BioRep": THREE * 2, "TechRep": [1, 2, 3] * 6, "BioRep_full": full}
    assert only(check(sheet))["column"] == "BioRep_full"


@pytest.mark.parametrize("name", ["replicate", "biorep", "rep"])
def test_a_replicate_number_that_comes_again_within_a_group(name):
    row = only(check({"arm": ARM, name: [1, 1, 1, 2, 2, 2, 3, 3, 3] * 2}))
    assert (row["severity"], row["column"]) == ("warning", name)
    assert "18 samples would become 6: 3 against 3" in row["advice"]


@pytest.mark.parametrize("name", ["replicate", "biorep", "rep", "run", "injection_order", "sample", "donor"])
def test_a_number_that_is_unique_within_each_group_counts_the_samples(name):
    levels = list(range(18)) if name == "injection_order" else list("123456789") * 2
    assert check({"arm": ARM, name: levels}) == []


def test_replicates_numbered_within_a_treatment_are_no_repeats():
    """Four treatments of four replicates in each group, as in a two-factor study."""
    arm = ["EV"] * 16 + ["cell"] * 16
    sheet = {"arm": arm, "replicate": [1, 2, 3, 4] * 8, "treatment": list("aaaabbbbccccdddd") * 2}
    assert check(sheet) == []
    assert only(check({k: v for k, v in sheet.items() if k != "treatment"}))["column"] == "replicate"


def test_donors_of_one_group_that_come_again():
    donors = [*THREE, *"dddeeefff"]
    row = only(check({"arm": ARM, "donor": donors}))
    assert (row["severity"], row["column"]) == ("warning", "donor")
    assert "18 samples would become 6: 3 against 3" in row["advice"]
    # one sample each, and most of them one sample each
    assert check({"arm": ARM, "donor": list("abcdefghijklmnopqr")}) == []
    assert check({"arm": ARM, "donor": list("aabcdefghijklmnopq")}) == []
    # one person a group
    assert only(check({"arm": ARM, "subject": ["x"] * 9 + ["y"] * 9}))["advice"].count("1 against 1") == 1
    assert check({"arm": ARM, "culture": ["flask"] * 9 + ["bioreactor"] * 9}) == []


def test_a_donor_of_pairs_is_no_repeat():
    sheet = {"arm": ARM, "donor": list("abcdefghi") * 2}
    assert check(sheet, paired_by="donor") == check(sheet) == []
    # several samples of a donor in each group, such as times of one person, are pairs too ...
    sheet["donor"] = THREE * 2
    assert check(sheet, paired_by="donor") == check(sheet) == []
    # ... but not where a column says that they are injections
    row = only(check({**sheet, "injection": [1, 2, 3] * 6}, paired_by="donor"))
    assert (row["column"], row["severity"]) == ("donor", "serious")


@pytest.mark.parametrize("name", ["crew", "Patient ID", "mouse"])
@pytest.mark.parametrize("paired", [False, True])
def test_repeated_samples_of_a_donor(name, paired):
    """One donor that comes twice in a group is enough; once in each group is a pair."""
    pair = {"paired_by": name} if paired else {}
    once = {"arm": ARM, name: list("abcdefghi") * 2}
    assert check(once, of="donors", **pair) == []
    twice = {"arm": ARM, name: [*"aabcdefgh", *"abcdefghi"]}
    row = only(check(twice, of="donors", **pair))
    assert (row["severity"], row["column"]) == ("warning", name)
    assert row["finding"].startswith(
        f"18 samples of 9 donors (`{name}`): repeated samples of a donor count as independent"
    )
    assert f"collapse_by={name!r}" in row["advice"]
    assert "leaves 8 against 9" in row["advice"]
    assert (f"pair by it (paired_by={name!r})" in row["advice"]) == (not paired)
    assert only(check(twice, of="donors", context={"replicates": "biological"}))["severity"] == "note"


def test_columns_that_only_describe_donors_are_none():
    levels = [*"aabcdefgh", *"abcdefghi"]
    for name in ("mouse_strain", "donor_age", "replicate", "ID", "pool"):
        assert check({"arm": ARM, name: levels}, of="donors") == []
    # one donor is the scope of the verdicts, and what is known as technical replicates is said once
    assert check({"arm": ARM, "donor": ["a"] * 18}, of="donors") == []
    assert check({"arm": ARM, "donor": THREE * 2, "injection": [1, 2, 3] * 6}, of="donors") == []


def test_donors_that_are_averaged_may_differ_in_time():
    sheet = {"arm": ARM, "crew": THREE * 2, "month": ["May", "June", "July"] * 6}
    assert "leaves 3 against 3" in only(check(sheet, of="donors", paired_by="crew"))["advice"]
    assert check(sheet, of="donors", paired_by="crew", collapse_by="crew") == []
    row = only(check(sheet, paired_by="crew", collapse_by="crew"))
    assert (row["severity"], "differs within one: 'month'" in row["finding"]) == ("note", True)


def test_repeats_without_a_column_of_the_preparation():
    row = only(check({"arm": ARM, "techrep": [1, 2, 3] * 6}))
    assert (row["column"], row["severity"]) == ("techrep", "warning")
    assert "no column names the preparation" in row["finding"]
    assert "18 samples may become 6: 3 against 3" in row["advice"]
    alone = only(check({"arm": ["EV"] * 3 + ["cell"] * 3, "techrep": [1, 2, 3] * 2}))
    assert "6 samples may become 2: 1 against 1" in alone["advice"]
    assert check({"arm": ARM, "techrep": [1] * 18}) == []
    # injected first or second, each donor once
    assert check({"arm": ARM, "injection": [1, 2] * 9, "donor": list("abcdefghijklmnopqr")}) == []


@pytest.mark.parametrize("tail", ["_R{}", "_rep{}", "_inj{}", "-Rep {}", "_tr{}", ".run{}", "_replicate({})"])
def test_names_that_number_twice(tail):
    names = [f"P{p}_{arm}{tail.format(r)}" for arm in ("EV", "cell") for p in (1, 2, 3) for r in (1, 2, 3)]
    row = only(check({"arm": ARM}, names=names))
    assert (row["severity"], row["column"]) == ("warning", "")
    assert f"such as {names[9]!r} and {names[10]!r}" in row["finding"]
    assert "18 samples would become 6: 3 against 3" in row["advice"]


@pytest.mark.parametrize("tail", ["_R{}", "_rep{}", "_{}", "_replicate{}"])
def test_names_that_number_once(tail):
    names = [f"{arm}{tail.format(r)}" for arm in ("EV", "cell") for r in range(9)]
    assert check({"arm": ARM}, names=names) == []
    # replicates of three doses, which a column tells
    names = [f"dose{d}_{arm}{tail.format(r)}" for arm in ("EV", "cell") for d in (1, 2, 3) for r in (1, 2, 3)]
    assert check({"arm": ARM, "dose": THREE * 2}, names=names) == []


def test_what_was_declared_is_no_suspicion():
    sheet = {"arm": ARM, "biorep": THREE * 2, "techrep": [1, 2, 3] * 6}
    assert only(check(sheet, context={"replicates": "biological"}))["severity"] == "note"
    row = only(check(sheet, collapse_by="biorep"))
    assert (row["severity"], row["advice"]) == ("ok", "")
    assert "18 samples are technical replicates of 6 units" in row["finding"]
    mixed = only(check({**sheet, "dose": [1, 1, 2] * 6}, collapse_by="biorep"))
    assert (mixed["severity"], "although they differ in 'dose'" in mixed["finding"]) == ("warning", True)


def test_a_suspicion_is_a_warning(example):
    samples = example.samples.assign(replicate=[str(i // 2 % 4) for i in range(example.n_samples)])
    exp = mk.Experiment(
        example.values, samples[["fraction", "replicate"]], example.proteins, history=example.history
    )
    # as an error here, the warning ends the run; that warnings stand in the result is asked in test_design.py
    with pytest.raises(mk.MarkerkitWarning, match=r"share a level of `replicate`.*12 samples would become 6"):
        mk.assess(exp, mk.Contrast("fraction", "EV", "lysate"))


REAL = {
    "breast_cellline_exosomes_maxquant": ("group", ["BioRep_full"]),
    "bv2_mouse_ev_vs_cell": ("group", []),
    "c2c12_mouse_elv_bovine_contam": ("group", []),
    "ibd_colon_ev_metaproteome": ("group", []),
    "inspiration4_plasma_evp": ("group", []),
    "magnet_adpd_plasma_ev": ("group", []),
    "magnet_ev_vs_plasma": ("group", []),
    "plasma_ev_isolation_meta_pnnl": ("group", []),
    "tanzer_u937_cells": ("group", []),
    "tb_serum_exosome_tmt": ("group", []),
    "wallis_ms1_senescence_ev": ("group", []),
    "wallis_ms2_sec_fractions": ("group", []),
}


@pytest.mark.data
@pytest.mark.parametrize("folder", REAL)
def test_real_sheets(shared_data, folder):
    condition, expected = REAL[folder]
    sheet = pd.read_csv(shared_data / folder / "samples.tsv", sep="\t", index_col=0)
    exp = mk.Experiment(pd.DataFrame(np.ones((len(sheet), 2)), sheet.index, ["G1", "G2"]), sheet)
    against_the_first = mk.contrasts(exp, condition, f"vs:{sheet[condition].iloc[0]}")
    table = design_of(study_data(exp, against_the_first))
    assert list(table.loc[table["check"] == "technical replicates", "column"]) == expected
