"""Design check: what the sample sheet gives away."""

import numpy as np
import pandas as pd
import pytest

import markerkit as mk
from markerkit.checks.design import design_lines, design_of, design_scope
from markerkit.study.data import study_data
from tests.helpers import experiment


def check(sheet, *, context=None, collapse_by=None, names=None, **options):
    n = len(next(iter(sheet.values())))
    index = names or [f"s{i}" for i in range(n)]
    frame = pd.DataFrame(np.ones((n, 2)), index, ["G1", "G2"])
    exp = experiment(frame, sheet)
    contrast = mk.Contrast("arm", "EV", "cell", **options)
    return design_of(study_data(exp, contrast, context=context, collapse_by=collapse_by))


def found(table, check):
    return table[table["check"] == check]


ARM = ["EV"] * 4 + ["cell"] * 4


def test_numbers_and_rank():
    table = check({"arm": ARM, "donor": ["a", "b", "c", "d"] * 2}, paired_by="donor")
    assert found(table, "replicates")["severity"].tolist() == ["ok"]
    assert found(table, "model")["finding"].tolist() == [
        "8 samples, 5 coefficients, 3 residual degrees of freedom"
    ]
    assert "4 of 4 levels" in found(table, "pairs")["finding"].iloc[0]
    assert found(check({"arm": ["EV", "cell"]}), "replicates")["severity"].tolist() == ["serious"]
    uneven = check({"arm": ["EV"] * 2 + ["cell"] * 8})
    assert found(uneven, "balance")["severity"].tolist() == ["note"]


@pytest.mark.parametrize(
    ("case", "control", "severity"),
    [(1, 2, "serious"), (2, 2, "note"), (3, 4, "note"), (4, 4, "ok"), (4, 9, "ok")],
)
def test_how_many_replicates_are_enough(case, control, severity):
    table = check({"arm": ["EV"] * case + ["cell"] * control})
    assert found(table, "replicates")["severity"].tolist() == [severity]


@pytest.mark.parametrize(("control", "noted"), [(11, False), (12, False), (13, True)])
def test_three_to_one_is_balanced_enough(control, noted):
    table = check({"arm": ["EV"] * 4 + ["cell"] * control})
    assert found(table, "balance")["severity"].tolist() == ["note"] * noted


@pytest.mark.parametrize(("per_group", "severity"), [(2, "note"), (3, "ok")])
def test_residual_degrees_of_freedom(per_group, severity):
    """Two against two leave 2, three against three 4; a pair of the latter costs one, so that 3 are left."""
    sheet = {"arm": ["EV"] * per_group + ["cell"] * per_group}
    assert found(check(sheet), "model")["severity"].tolist() == [severity]
    sheet["plate"] = (["p"] + ["q"] * (per_group - 1)) * 2
    table = found(check(sheet, batch="plate"), "model")
    assert table["severity"].tolist() == [severity]
    assert f"{2 * per_group - 3} residual degrees of freedom" in table["finding"].iloc[0]


def test_half_of_the_groups_variance_is_confounded():
    """Of n samples of each group k have the other's day: the correlation ratio is (1 - 2 k / n)^2."""
    for n, k, severity in ((14, 2, ["warning"]), (13, 2, [])):  # 0.510 and 0.479
        day = ["1"] * (n - k) + ["2"] * k + ["2"] * (n - k) + ["1"] * k
        table = check({"arm": ["EV"] * n + ["cell"] * n, "operator_a": day})
        assert found(table, "confounding")["severity"].tolist() == severity, n


@pytest.mark.parametrize(("case", "control", "offered"), [("abcde", "abcd", True), ("abcd", "abc", False)])
def test_four_in_five_donors_in_both_groups_ask_for_pairs(case, control, offered):
    table = check({"arm": ["EV"] * len(case) + ["cell"] * len(control), "donor": [*case, *control]})
    assert found(table, "pairs")["severity"].tolist() == ["warning"] * offered


def test_numbers_are_measurements_from_six_levels_on():
    arm = ["EV"] * 5 + ["cell"] * 5
    few = check({"arm": arm, "code": [1, 1, 2, 2, 3, 4, 4, 5, 5, 5]})
    assert found(few, "confounding")["column"].tolist() == ["code"]
    assert "no level of 'code'" in found(few, "confounding")["finding"].iloc[0]
    many = check({"arm": arm, "code": [1, 1, 2, 2, 3, 4, 4, 5, 5, 6]})
    assert "the groups differ in it" in found(many, "confounding")["finding"].iloc[0]


def test_a_column_that_was_guessed_from_the_names_confounds_nothing():
    arm = ["EV"] * 4 + ["cell"] * 4
    sheet = {"arm": arm, "origin": ["a", "b"] * 2 + ["c", "d"] * 2}
    assert len(found(check(sheet), "confounding")) == 1
    assert not len(found(check({"arm": arm, "origin (guess)": sheet["origin"]}), "confounding"))


def test_pairs_that_lie_in_one_arm_are_counted():
    table = check({"arm": ARM, "donor": ["a", "b", "c", "x", "a", "b", "c", "y"]}, paired_by="donor")
    row = found(table, "pairs").iloc[0]
    assert (row["severity"], "3 of 5 levels" in row["finding"]) == ("note", True)


def test_a_study_of_each_arm_is_confounded():
    table = check({"arm": ARM, "study": ["p", "p", "q", "q", "r", "r", "s", "s"]})
    row = found(table, "confounding").iloc[0]
    assert (row["column"], row["severity"]) == ("study", "serious")
    assert "fully confounded" in row["finding"]
    assert any("fully confounded" in line for line in design_lines(table, "EV vs cell"))


def test_a_batch_that_mostly_follows_the_arm_is_partly_confounded():
    table = check({"arm": ARM, "run_day": ["1", "1", "1", "1", "2", "2", "2", "1"]})
    row = found(table, "confounding").iloc[0]
    # correlation ratio by hand: 1 - (4 * .16 + 1 * .64) / 2 = 0.6
    assert (row["severity"], "60 %" in row["finding"]) == ("warning", True)
    assert "batch=['run_day']" in row["advice"]


def test_balanced_batches_are_offered_to_the_model():
    table = check({"arm": ARM, "plate": ["1", "1", "2", "2"] * 2})
    assert found(table, "batch")["severity"].tolist() == ["note"]
    given = check({"arm": ARM, "plate": ["1", "1", "2", "2"] * 2}, batch=["plate"])
    assert found(given, "batch").empty


def test_a_covariate_that_parts_the_arms():
    table = check({"arm": ARM, "age": [70.1, 71.0, 72.5, 75.0, 30.0, 31.5, 33.0, 38.0]})
    assert found(table, "confounding")["severity"].tolist() == ["warning"]
    even = check({"arm": ARM, "age": [30.0, 71.0, 32.5, 75.0, 31.0, 73.5, 33.0, 77.0]})
    assert found(even, "confounding").empty


def test_descriptions_of_the_arms_are_one_note():
    table = check({"arm": ARM, "prep": ["SEC"] * 4 + ["none"] * 4, "kit": ["A"] * 4 + ["B"] * 4})
    rows = found(table, "confounding")
    assert (rows["severity"].tolist(), rows["column"].tolist()) == (["note"], ["prep;kit"])


def test_donors_in_both_arms_ask_for_pairs():
    table = check({"arm": ARM, "donor": ["a", "b", "c", "d"] * 2})
    row = found(table, "pairs").iloc[0]
    assert (row["severity"], "paired_by='donor'" in row["advice"]) == ("warning", True)
    apart = check({"arm": ARM, "donor": list("abcdefgh")})
    assert found(apart, "pairs").empty
    assert found(apart, "confounding").empty
    numbered = check({"arm": ARM, "replicate": ["1", "2", "3", "4"] * 2})
    assert found(numbered, "pairs")["severity"].tolist() == ["note"]


def test_technical_replicates():
    sheet = {"arm": ARM, "BioRep": list("aabbccdd"), "TechRep": ["A", "B"] * 4}
    row = found(check(sheet), "technical replicates").iloc[0]
    assert (row["column"], row["severity"]) == ("BioRep", "serious")
    assert "8 samples, but 4 units" in row["finding"]
    collapsed = check(sheet, collapse_by="BioRep")
    assert found(collapsed, "technical replicates")["severity"].tolist() == ["ok"]
    assert "2 of EV against 2 of cell" in found(collapsed, "replicates")["finding"].iloc[0]
    names = [f"{a}_{i}_inj{j}" for a in ("EV", "cell") for i in (1, 2) for j in (1, 2)]
    assert found(check({"arm": ARM}, names=names), "technical replicates")["severity"].tolist() == ["warning"]
    assert found(check({"arm": ARM}), "technical replicates").empty


def test_one_pool_is_one_preparation():
    table = check({"arm": ARM, "pool": ["P1"] * 8})
    assert design_scope(table, "EV vs cell") == "this preparation"
    assert design_scope(check({"arm": ARM}), "EV vs cell") == ""
    stated = check({"arm": ARM}, context={"replicates": "technical"})
    assert design_scope(stated, "EV vs cell") == "this preparation"
    assert found(check({"arm": ARM}, context={"replicates": "biological"}), "scope")["severity"].tolist() == [
        "ok"
    ]


@pytest.fixture(scope="module")
def suspicious(example):
    """An assessment of one pool, whose studies are one for each group."""
    samples = example.samples.assign(pool="P1")
    samples["study"] = samples["fraction"] + samples["donor"].astype(str).str[-1:].isin(list("13579")).astype(
        str
    )
    exp = mk.Experiment(example.values, samples, example.proteins, example.scale, "human", example.history)
    contrast = mk.Contrast("fraction", "EV", "lysate", paired_by="donor", comparator="lysate")
    with pytest.warns(mk.MarkerkitWarning, match="`study` is fully confounded with `fraction`"):
        return mk.assess(exp, contrast)


def test_the_verdict_says_its_scope(suspicious):
    found = suspicious
    assert found.identity.table["explanation"].str.endswith("Scope: this preparation.").all()
    assert found.purity.table["explanation"].str.endswith("Scope: this preparation.").all()
    assert any("every sample comes from one `pool`".lower() in line.lower() for line in found.design)


def test_serious_findings_are_warnings(suspicious):
    found = suspicious
    assert any("fully confounded" in text for text in found.warnings)
    assert any("fully confounded" in text for text in found.design)
    evidence = found.evidence.table
    rows = evidence[(evidence["topic"] == "design") & (evidence["about"] == "confounding")]
    assert (rows["direction"] == "against").all()
    assert len(rows) == 6


def test_without_a_contrast():
    exp = experiment({"G1": [1.0, 2.0]}, {"arm": ["EV", "cell"]})
    assert design_of(study_data(exp))["check"].tolist() == ["comparator"]


@pytest.mark.data
@pytest.mark.parametrize(
    ("folder", "condition", "case", "control", "check_", "severity"),
    [
        (
            "breast_cellline_exosomes_maxquant",
            "group",
            "EV_MDA",
            "EV_MCF10",
            "technical replicates",
            "serious",
        ),
        ("inspiration4_plasma_evp", "group", "EVP_post_flight", "EVP_pre_flight", "pairs", "warning"),
    ],
)
def test_real_sheets(shared_data, folder, condition, case, control, check_, severity):
    sheet = pd.read_csv(shared_data / folder / "samples.tsv", sep="\t", index_col=0)
    frame = pd.DataFrame(np.ones((len(sheet), 2)), sheet.index, ["G1", "G2"])
    exp = mk.Experiment(frame, sheet)
    data = study_data(exp, mk.Contrast(condition, case, control))
    assert severity in found(design_of(data), check_)["severity"].tolist()
