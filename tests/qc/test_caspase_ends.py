"""Ends after aspartate: the rules by hand-made peptides just inside and just outside of them."""

import numpy as np
import pandas as pd
import pytest

import markerkit as mk

COUNTS = ["n_semi_tryptic", "n_ends", "n_after_aspartate", "n_before_proline", "n_caspase_like", "n_motif_known",
          "n_after_glutamate"]  # fmt: skip
#: fully tryptic peptides around the one under test, so that most ends are those of a digest by trypsin
TRYPTIC = [("AAAK", "K", "A", 10), ("CCCR", "R", "G", 20), ("GGGK", "K", "S", 30)]


def table(*peptides, values=None, **annotation):
    rows = pd.DataFrame([*peptides, *TRYPTIC], columns=["sequence", "before", "after", "start"])
    rows.index = [f"{s}_{i}" for i, s in enumerate(rows["sequence"])]
    if values is None:
        values = pd.DataFrame(1.0, index=["ev"], columns=rows.index)
    return mk.PeptideTable(values.set_axis(rows.index, axis=1), peptides=rows.assign(**annotation))


def counted(*peptides):
    found = mk.caspase_ends(table(*peptides)).table.iloc[0]
    return {c: int(found[c]) for c in COUNTS if not pd.isna(found[c]) and found[c]}


@pytest.mark.parametrize(
    ("peptide", "counts"),
    [
        # the end of a peptide
        (("AAADEVD", "K", "G", 5), {"n_after_aspartate": 1, "n_caspase_like": 1, "n_motif_known": 1}),
        (("AAADEVD", "K", "N", 5), {"n_after_aspartate": 1, "n_caspase_like": 1, "n_motif_known": 1}),
        (("AAADEVD", "K", "L", 5), {"n_after_aspartate": 1, "n_motif_known": 1}),
        (("AAADEVD", "K", "P", 5), {"n_after_aspartate": 1, "n_motif_known": 1, "n_before_proline": 1}),
        (("AAAEEVD", "K", "G", 5), {"n_after_aspartate": 1, "n_motif_known": 1}),
        (("AADEVVD", "K", "G", 5), {"n_after_aspartate": 1, "n_motif_known": 1}),
        (("AAADEVE", "K", "G", 5), {"n_after_glutamate": 1}),
        (("AAADEVN", "K", "G", 5), {}),
        # the beginning of a peptide
        (("GAAAK", "DEVD", "A", 5), {"n_after_aspartate": 1, "n_caspase_like": 1, "n_motif_known": 1}),
        (("LAAAK", "DEVD", "A", 5), {"n_after_aspartate": 1, "n_motif_known": 1}),
        (("GAAAK", "EEVD", "A", 5), {"n_after_aspartate": 1, "n_motif_known": 1}),
        (("GAAAK", "D", "A", 5), {"n_after_aspartate": 1}),  # one residue: D|x is judged, the motif is not
        (("GAAAK", "-EVD", "A", 4), {"n_after_aspartate": 1}),
        (("GAAAK", "AAADEVD", "A", 9), {"n_after_aspartate": 1, "n_caspase_like": 1, "n_motif_known": 1}),
        # the residues before a short peptide complete its motif
        (
            ("VVD", "DE", "S", 5),
            {"n_ends": 2, "n_after_aspartate": 1, "n_motif_known": 1, "n_after_glutamate": 1},
        ),
        (
            ("EVD", "AKD", "S", 5),
            {"n_ends": 2, "n_after_aspartate": 2, "n_caspase_like": 1, "n_motif_known": 1},
        ),
    ],
)
def test_rules_just_inside_and_just_outside(peptide, counts):
    assert counted(peptide) == {"n_semi_tryptic": 1, "n_ends": 1} | counts


@pytest.mark.parametrize(
    "peptide",
    [
        ("AAAK", "K", "A", 5),  # tryptic on both sides
        ("AAAR", "R", "P", 5),
        ("AAADEVD", "K", "-", 5),  # the end of the protein
        ("GAAK", "-", "A", 1),  # its beginning
        ("GAAK", "M", "A", 2),  # behind the initiator methionine
        ("GAAK", "M", "A", np.nan),  # perhaps so
        ("AAADEVD", "K", "", 5),  # what follows is not known
        ("GAAK", "", "A", 5),
    ],
)
def test_ends_that_do_not_count(peptide):
    one = ("LLLK", "L", "A", 40)  # one end that trypsin does not make, so that the table can be assessed
    assert counted(peptide, one) == {"n_semi_tryptic": 1, "n_ends": 1}


def test_methionine_inside_a_protein_counts():
    assert counted(("GAAK", "M", "A", 3)) == {"n_semi_tryptic": 1, "n_ends": 1}


def test_both_ends_of_one_peptide_are_two_ends():
    assert counted(("GVVDEVD", "DEVD", "S", 9)) == {
        "n_semi_tryptic": 1, "n_ends": 2, "n_after_aspartate": 2, "n_caspase_like": 2, "n_motif_known": 2,
    }  # fmt: skip


def test_shares_and_what_chance_would_give():
    peptides = [("GDDAAK", "D", "A", 5), ("LEAAAR", "L", "A", 50)]
    values = pd.DataFrame([[1.0] * 5, [np.nan, 1.0, 1.0, 1.0, 1.0]], index=["both", "one"])
    found = mk.caspase_ends(table(*peptides, values=values)).table.set_index("sample")
    assert found["n_peptides"].tolist() == [5, 4]
    assert found["n_ends"].tolist() == [2, 1]
    assert found["share"].tolist() == [0.5, 0.0]
    # residues other than K and R: GDDAA, LEAAA, AAA, CCC, GGG
    assert found["expected_share"].tolist() == pytest.approx([2 / 19, 0.0])
    assert found["ratio"].iloc[0] == pytest.approx(0.5 * 19 / 2)
    assert found["reason"].str.contains("fewer than 20 ends").all()


@pytest.mark.parametrize(("n", "words"), [(19, "fewer than 20 ends: the share is uncertain"), (20, "")])
def test_few_ends_are_told(n, words):
    many = [(f"GAA{'A' * i}K", "D", "A", 5) for i in range(n)] + [("AAAK", "K", "A", 9)] * n
    assert mk.caspase_ends(table(*many)).table["reason"].tolist() == [words]


def test_a_search_of_tryptic_peptides_is_not_assessable():
    found = mk.caspase_ends(table(("DDDK", "R", "S", 5))).table
    assert found["status"].tolist() == ["not assessable"]
    assert "fully tryptic peptides only" in found["reason"].iloc[0]
    assert found[COUNTS].isna().all(axis=None)


def test_without_the_residues_before_it_is_not_assessable():
    found = mk.caspase_ends(table(("AAADEVD", "", "G", 5), before="")).table
    assert found["status"].tolist() == ["not assessable"]
    assert found["reason"].tolist() == ["the table does not give the residue before each peptide"]


def test_without_the_residues_after_the_beginnings_count_alone():
    found = mk.caspase_ends(table(("GAAADEVD", "DEVD", "G", 9), after="")).table.iloc[0]
    assert (found["n_ends"], found["n_after_aspartate"]) == (1, 1)
    assert "ends before peptides alone" in found["reason"]


@pytest.mark.parametrize(("n", "status"), [(6, "assessed"), (7, "not assessable")])
def test_peptides_that_trypsin_did_not_make(n, status):
    """6 ends of the three tryptic peptides: with 6 others half are not, with 7 most are not."""
    others = [("LLLL", "L", "", 5)] * n
    found = mk.caspase_ends(table(*others)).table
    assert found["status"].tolist() == [status]
    assert ("not a digest by trypsin" in found["reason"].iloc[0]) == (n == 7)


def test_contaminants_decoys_and_unmeasured_peptides_are_left_out():
    peptides = [("GAAK", "D", "A", 5), ("GCCK", "D", "A", 5), ("GEEK", "D", "A", 5), ("GFFK", "L", "A", 5)]
    values = pd.DataFrame([[1.0, 1.0, 0.0, 1.0, 1.0, 1.0, 1.0]], index=["ev"])
    n = len(peptides) + len(TRYPTIC)
    flags = {"is_contaminant": [True] + [False] * (n - 1), "is_decoy": [False, True] + [False] * (n - 2)}
    found = mk.caspase_ends(table(*peptides, values=values, **flags)).table.iloc[0]
    assert (found["n_peptides"], found["n_ends"], found["n_after_aspartate"]) == (4, 1, 0)


def test_a_sample_without_such_an_end():
    values = pd.DataFrame([[1.0] * 4, [np.nan, 1.0, 1.0, 1.0]], index=["with", "without"])
    found = mk.caspase_ends(table(("GAAK", "D", "A", 5), values=values)).table
    assert found["status"].tolist() == ["assessed", "not assessable"]
    assert found["n_ends"].tolist() == [1, 0]
    assert np.isnan(found["share"].iloc[1])
    assert found["reason"].iloc[1] == "no end other than after K or R in this sample"
