"""PeptideTable: what it holds, what it adds, what it refuses, and that nothing outside changes it."""

import numpy as np
import pandas as pd
import pytest

import markerkit as mk
from markerkit import InputError
from markerkit.core.peptide_groups import razor_groups, species_of_proteins

VALUES = pd.DataFrame({"AAAK": [1.0, 2.0], "CCCR": [3.0, np.nan]}, index=["ev", "cell"])
PROTEINS = pd.DataFrame({"proteins": ["P02768;CON__P02769", "CON__P02769"]}, index=VALUES.columns)


def test_columns_that_are_absent_are_added():
    table = mk.PeptideTable(VALUES, peptides=PROTEINS)
    peptides = table.peptides
    assert peptides["sequence"].tolist() == ["AAAK", "CCCR"]
    assert peptides["species"].tolist() == ["Homo sapiens;Bos taurus", "Bos taurus"]
    assert peptides["leading"].tolist() == ["CON__P02769", "CON__P02769"]
    assert peptides["is_unique"].tolist() == [False, True]
    assert not peptides[["is_contaminant", "is_decoy"]].to_numpy().any()
    assert peptides["start"].isna().all()
    assert (table.n_samples, table.n_peptides, table.scale) == (2, 2, "raw")
    assert repr(table) == "<PeptideTable: 2 samples x 2 peptides, raw, human, 25.0 % missing>"


def test_frames_that_are_changed_do_not_change_it():
    values, annotation = VALUES.copy(), PROTEINS.copy()
    table = mk.PeptideTable(values, peptides=annotation)
    values.iloc[0, 0], annotation.iloc[0, 0] = 99.0, "changed"
    for frame in (table.values, table.samples, table.peptides):
        frame["new"] = 1
    handed = table.values
    handed.iloc[0, 0] = 77.0
    assert table.values.iloc[0, 0] == 1.0
    assert table.peptides["proteins"].iloc[0] == "P02768;CON__P02769"
    assert "new" not in table.peptides
    with pytest.raises(ValueError, match="read-only"):
        table.matrix[0, 0] = 5.0
    with pytest.raises(AttributeError):
        table.scale = "log2"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"values": VALUES.set_axis(["A", "A"], axis=1)}, "duplicate peptide name 'A'"),
        ({"values": VALUES.iloc[:, :0], "peptides": None}, "the matrix is empty: 2 samples x 0 peptides"),
        ({"values": -VALUES}, "negative value on the raw scale -1 in sample 'ev', peptide 'AAAK'"),
        ({"values": VALUES.astype(object).replace(1.0, "x")}, "something that is not a number"),
        ({"peptides": PROTEINS.iloc[:1]}, "`peptides` has no row for 'CCCR'"),
        ({"scale": "ln"}, "`scale` must be one of"),
        ({"organism": "cow"}, "`organism` must be one of"),
    ],
)
def test_what_it_refuses(change, words):
    with pytest.raises(InputError, match=words):
        mk.PeptideTable(**({"values": VALUES, "peptides": PROTEINS} | change))


def test_linear_abundance_of_each_scale():
    assert mk.PeptideTable(VALUES).linear().iloc[0].tolist() == [1.0, 3.0]
    assert mk.PeptideTable(VALUES, scale="log2").linear().iloc[0].tolist() == [2.0, 8.0]
    with pytest.raises(InputError, match="ratios to a reference channel have no linear abundance"):
        mk.PeptideTable(VALUES, scale="ratio").linear()


# ---- to which protein a peptide belongs -------------------------------------------


@pytest.mark.parametrize(
    ("proteins", "leading", "unique"),
    [
        (["A", "A;B"], ["A", "A"], [True, False]),  # B has one peptide, A two
        (["A;B", "A;B"], ["A;B", "A;B"], [True, True]),  # the same peptides: one group
        (["A;B", "B;C", "C", "C"], ["B", "C", "C", "C"], [False, False, True, True]),
        (["A;B", "A", "B"], ["A", "A", "B"], [False, True, True]),  # as many: the first one listed
        (["", "A"], ["", "A"], [False, True]),
    ],
)
def test_the_razor_rule(proteins, leading, unique):
    found = razor_groups(proteins, "human")
    assert found["leading"].tolist() == leading
    assert found["is_unique"].tolist() == unique


def test_of_equal_groups_the_one_of_the_organism_gets_the_peptide():
    bovine_first = ["P02769;P02768", "P02769", "P02768"]
    assert razor_groups(bovine_first, "human")["leading"][0] == "P02768"
    assert razor_groups(bovine_first, "mouse")["leading"][0] == "P02769", "neither is of the mouse"
    assert razor_groups(["ACTB_BOVIN;ACTB_HUMAN"], "human")["leading"][0] == "ACTB_HUMAN;ACTB_BOVIN"


@pytest.mark.parametrize(
    ("proteins", "stated", "species"),
    [
        ("ALBU_BOVIN", "", "Bos taurus"),
        ("sp|P02768|ALBU_HUMAN;sp|P02769|ALBU_BOVIN", "", "Homo sapiens;Bos taurus"),
        ("P02768;P02768-2", "", "Homo sapiens"),
        ("P02769;A0A000", "", "Bos taurus;unknown"),
        ("A0A000", "", ""),
        ("A0A000", "Homo sapiens;Bos taurus", "Homo sapiens;Bos taurus"),
        (
            "P02769",
            "Homo sapiens",
            "Bos taurus",
        ),  # the name of a protein tells more than the column of the table
    ],
)
def test_species_of_the_proteins(proteins, stated, species):
    assert species_of_proteins(proteins, "human", stated) == species
