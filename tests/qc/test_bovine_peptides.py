"""Bovine-unique and shared peptides of every sample."""

import numpy as np
import pandas as pd
import pytest

import markerkit as mk

NAMES = ["AEFVEVTK", "LVNELTEFAK", "VTEELK", "AAAK"]
VALUES = pd.DataFrame(
    [[1.0, 2.0, 3.0, 4.0], [np.nan, 5.0, np.nan, 5.0]], index=["fbs", "free"], columns=NAMES
)
PROTEINS = ["P02769", "P02768;P02769", "Q3SZR2_BOVIN;A0A000", "P08962"]


def table(proteins=PROTEINS, values=VALUES, *, scale="raw", history=(), **annotation):
    peptides = pd.DataFrame({"proteins": proteins, **annotation}, index=values.columns)
    return mk.PeptideTable(values, peptides=peptides, scale=scale, history=history)


def test_counts_and_shares_by_hand():
    found = mk.bovine_peptides(table()).table.set_index("sample")
    assert found["n_peptides"].tolist() == [4, 2]
    assert found["n_bovine_unique"].tolist() == [1, 0]
    assert found["n_bovine_shared"].tolist() == [2, 1], (
        "a protein of unknown species makes a peptide a shared one"
    )
    assert found["share_bovine_unique"].tolist() == pytest.approx([0.1, 0.0])
    assert found["share_bovine_shared"].tolist() == pytest.approx([0.5, 0.5])
    assert found["status"].tolist() == ["assessed", "assessed"]
    assert found["reason"].tolist() == ["", ""]


def test_bovine_proteins_without_a_unique_peptide_are_counted_apart():
    leading = ["P02769", "P02769", "EF1A1_BOVIN", "P08962"]
    given = table(
        ["P02769", "P02768;P02769", "EF1A1_BOVIN;EF1A1_HUMAN", "P08962"], leading=leading, is_unique=False
    )
    found = mk.bovine_peptides(given).table
    assert found["n_proteins_unique"].tolist() == [1, 0]
    # in the second sample albumin shows its shared peptide alone
    assert found["n_proteins_shared_only"].tolist() == [1, 1]


def test_one_bovine_peptide_more_or_less():
    """A peptide is evidence where all of its proteins are bovine, and only there."""
    for proteins, unique, shared in (
        ("P02769", 1, 0),
        ("P02769;ALBU_BOVIN", 1, 0),
        ("P02769;P02768", 0, 1),
        ("P02768", 0, 0),
    ):
        found = mk.bovine_peptides(table([proteins, "P08962", "P08962", "FETUA_BOVIN"])).table.iloc[0]
        assert (found["n_bovine_unique"], found["n_bovine_shared"]) == (
            unique + 1 * (VALUES.iloc[0, 3] > 0),
            shared,
        )


def test_a_search_without_bovine_sequences_is_not_assessable():
    found = mk.bovine_peptides(table(["P02768", "P02768", "P08962", "P08962"])).table
    assert found["status"].tolist() == ["not assessable"] * 2
    assert found["reason"].str.startswith("no bovine sequence in the table: search again").all()
    assert found["n_bovine_unique"].isna().all()
    assert found["share_bovine_unique"].isna().all()
    assert found["n_peptides"].tolist() == [4, 2]


def test_decoys_do_not_count():
    found = mk.bovine_peptides(table(is_decoy=[True, False, False, False])).table
    assert found["n_bovine_unique"].tolist() == [0, 0]
    assert found["share_bovine_shared"].tolist() == pytest.approx([5 / 9, 0.5])


def test_ratios_have_counts_but_no_shares():
    found = mk.bovine_peptides(table(values=np.log2(VALUES), scale="ratio")).table
    assert found["n_bovine_unique"].tolist() == [1, 0]
    assert found["share_bovine_unique"].isna().all()
    assert found["reason"].str.contains("ratios to a reference channel have no share of signal").all()
    logs = mk.bovine_peptides(table(values=np.log2(VALUES), scale="log2")).table
    assert logs["share_bovine_unique"].tolist() == pytest.approx([0.1, 0.0])


def test_a_table_that_may_not_list_all_proteins_says_so():
    history = [{"verb": "read_peptides", "lists_all_proteins": False}]
    assert (
        mk.bovine_peptides(table(history=history))
        .table["reason"]
        .str.startswith("the table may not list every")
        .all()
    )


def test_zeros_are_not_measured():
    assert mk.bovine_peptides(table(values=VALUES.fillna(0.0))).table["n_bovine_unique"].tolist() == [1, 0]


def test_the_quality_card_names_bovine_groups_without_a_unique_peptide():
    holders = ["P02769", "P02768;P02769", "EF1A1_BOVIN;EF1A1_HUMAN", "P08962"]
    leading = ["P02769", "P02769", "EF1A1_BOVIN", "P08962"]
    markers = mk.load_markers()
    reasons = []
    for names in (leading, ["P02769", "P02769", "EF1A1_HUMAN", "P08962"]):
        exp = mk.rollup(table(holders, leading=names, is_unique=False)).pipe(mk.harmonize_ids, markers)
        card = mk.quality(exp, markers).table
        reasons.append(card.loc[(card["item"] == "bovine") & (card["sample"] == "fbs"), "reason"].iloc[0])
    assert (
        reasons[0]
        == "1 bovine group has no bovine-unique peptide and is no evidence of bovine protein: EF1A1_BOVIN"
    )
    assert reasons[1] == ""


def test_a_real_search_with_bovine_contaminants(shared_data):
    file = shared_data / "parsers/proteome_discoverer/proteobench_PeptideGroups_trimmed.txt"
    peptides = mk.read_peptides(file)
    found = mk.bovine_peptides(peptides).table
    assert found["n_bovine_unique"].tolist() == [9] * 6
    assert found["n_bovine_shared"].tolist() == [18] * 6
    assert found["share_bovine_unique"].between(0.012, 0.018).all(), "1.3 to 1.7 % of the signal"
    assert found["share_bovine_shared"].between(0.08, 0.14).all(), "eight times as much is in shared peptides"
    share = mk.rollup(peptides).proteins["bovine_unique_share"]
    assert share[["TRFE_BOVIN", "FETUA_BOVIN"]].tolist() == [1, 1]
    assert share["EF1A1_BOVIN"] == 0, "a bovine protein without a bovine-unique peptide"
