"""Contaminants and decoys by the tags of databases, and by tags that the user names."""

import pandas as pd
import pytest

import markerkit as mk
from markerkit import InputError, MarkerkitWarning
from markerkit.cli.main import main
from markerkit.core.species import CONTAMINANT, DECOY, PREFIX

CONTAMINANTS = [
    "CON__P02769", "CON_P02769", "contam_sp|P00761|TRYP_PIG", "contaminant_P02769", "CONTAMINANT|P02769", "Cont_P02769", "cRAP_P02769",
    "cRAP-P02769", "sp|cRAP001|P00330|ADH1_YEAST", "zz|P02769|ALBU_BOVIN", "P02769|CONTAM", "#CONTAM#P02769|ALBU_BOVIN", "CNTM_P02769",
    "Biognosys|iRT-Kit_WR_fusion", "iRT-Kit_WR_fusion", "P02768;CON__P02768", "CON__P02768;P02768", "gi|CONT|", "sp|P02769-CONT|ALBU_BOVIN",
    "NIST_P02769", "conta|P02769", "sp|P02769|ALBU_BOVIN_CONTAMINANT", "sp|Cont_P02768|x",
]  # fmt: skip
DECOYS = [
    "REV__P02769", "rev_sp|P02769|X", "DECOY_P02769", "decoy_P02769", "XXX_P02769", "reverse_P02769", "###REV###P02769", "##P02769", "Reverse_P02769",
    "REV_P02769", "RND_P02769", "random_P02769", "sp|rev_P02769|X_HUMAN", "DECOY_sp|P02769|X", "P02769_REVERSED", "-P02769", "#DECOY#P02769",
    "RRRRRsp|P02769|X", "REV__P1;REV__P2",
]  # fmt: skip
REAL = [
    "P08962", "sp|P08962|CD63_HUMAN", "CNTN1_HUMAN", "REV1_HUMAN", "REV3L_HUMAN", "DECR1_HUMAN", "RND3_HUMAN", "REV_HV1H2", "sp|P04618|REV_HV1H2", "CONT1",
    "CRAPLE", "CON", "XXX", "RANDOM1", "ENSP00000269305", "Rev_7", "COG_HUMAN", "tr|A0A0C4DH43|A0A0C4DH43_HUMAN", "P35579-1", "NISCH_HUMAN", "ZZEF1_HUMAN", "IRT1",
]  # fmt: skip


def read(ids, **options):
    frame = pd.DataFrame({"protein_id": ids, "ev": [2e6 * 1.1**i for i in range(len(ids))], "cell": [9e6 / 1.2**i for i in range(len(ids))]})  # fmt: skip
    return mk.read_proteins(frame, scale="raw", **options).proteins


@pytest.mark.parametrize(("ids", "contaminant", "decoy"), [(CONTAMINANTS, True, False), (DECOYS, False, True), (REAL, False, False)])  # fmt: skip
def test_tags_of_databases(ids, contaminant, decoy):
    proteins = read(ids)
    assert {i: c for i, c in zip(ids, proteins["is_contaminant"], strict=True) if c != contaminant} == {}
    assert {i: d for i, d in zip(ids, proteins["is_decoy"], strict=True) if d != decoy} == {}


def test_a_group_with_a_real_protein_is_no_decoy():
    proteins = read(["P35579;REV__Q9UKV3", "REV__Q9UKV3;P35579", "REV__Q9UKV3;REV__P35579"])
    assert list(proteins["is_decoy"]) == [False, False, True]


def test_tags_before_an_identifier_are_cut():
    cut = {i: PREFIX.sub("", i) for i in (*CONTAMINANTS, *DECOYS)}
    assert cut["zz|P02769|ALBU_BOVIN"] == "P02769|ALBU_BOVIN"
    assert cut["contam_sp|P00761|TRYP_PIG"] == "sp|P00761|TRYP_PIG"
    assert (
        cut["###REV###P02769"] == cut["CON_P02769"] == cut["contaminant_P02769"] == cut["-P02769"] == "P02769"
    )
    assert [i for i in REAL if PREFIX.search(i)] == []


def test_genes_count_where_there_is_no_accession():
    frame = pd.DataFrame(
        {"gene": ["cRAP-ALB", "CD63", "REV1"], "ev": [2e6, 3e6, 4e6], "cell": [5e5, 6e5, 7e5]}
    )
    assert list(mk.read_proteins(frame, scale="raw").proteins["is_contaminant"]) == [True, False, False]


def test_tags_of_the_user():
    ids = ["FBS_P02769", "P08962;FBS_P02768", "P08962_fbs", "P01024_spike", "P60033"]
    assert not read(ids)["is_contaminant"].any()
    assert list(read(ids, contaminant_tag="FBS_")["is_contaminant"]) == [True, True, False, False, False]
    both = read(ids, contaminant_tag=["FBS_", "_spike"], decoy_tag=["_fbs"])
    assert list(both["is_contaminant"]) == [True, True, False, True, False]
    assert list(both["is_decoy"]) == [False, False, True, False, False]
    # a tag within an identifier is none, and signs of patterns are read as they stand
    with pytest.warns(MarkerkitWarning, match="no identifier begins or ends with the tag '_P0'"):
        assert not read(ids, contaminant_tag="_P0")["is_contaminant"].any()
    with pytest.warns(MarkerkitWarning, match="tag 'fbs'; tags are read as written, letter case included"):
        assert not read(["FBS_P02769"], contaminant_tag="fbs")["is_contaminant"].any()
    with pytest.warns(MarkerkitWarning, match="tag '.'"):
        assert not read(ids, decoy_tag=".")["is_decoy"].any()
    with pytest.raises(InputError, match="tag of contaminants or decoys is empty"):
        read(ids, contaminant_tag="")


def test_tags_of_fragpipe_stand_beside_the_accession():
    frame = pd.DataFrame(
        {"Protein": ["sp|P08962|CD63_HUMAN", "contam_sp|P00761|TRYP_PIG", "rev_sp|P1|X"], "Protein ID": ["P08962", "P00761", "P1"], "Gene": ["CD63", "", ""],
         "ev Intensity": [2e6, 3e6, 4e6], "cell Intensity": [5e5, 6e5, 7e5]}
    )  # fmt: skip
    proteins = mk.read_proteins(frame, scale="raw").proteins
    assert list(proteins["accession"]) == ["P08962", "P00761", "P1"]
    assert list(proteins["is_contaminant"]) == [False, True, False]
    assert list(proteins["is_decoy"]) == [False, False, True]


def test_letters_of_metamorpheus():
    frame = pd.DataFrame(
        {"Protein Accession": ["P08962", "P00761", "P1"], "Gene": ["CD63", "", ""], "Organism": "Homo sapiens", "Protein Decoy/Contaminant/Target": ["T", "C", "D"],
         "Intensity_ev": [2e6, 3e6, 4e6], "Intensity_cell": [5e5, 6e5, 7e5]}
    )  # fmt: skip
    proteins = mk.read_proteins(frame, scale="raw").proteins
    assert list(proteins["is_contaminant"]) == [False, True, False]
    assert list(proteins["is_decoy"]) == [False, False, True]


def test_tags_on_the_command_line(tmp_path, capsys):
    path = tmp_path / "m.tsv"
    path.write_text("protein_id\tgene\tev_1\tcell_1\n" + "".join(f"P0896{i}\tCD{60 + i}\t{2e6 * 1.1**i}\t{9e6 / 1.2**i}\n" for i in range(9)))  # fmt: skip
    assert (
        main(
            [
                "samples",
                str(path),
                "--contaminant-tag",
                "FBS_",
                "--contaminant-tag",
                "P08960",
                "--decoy-tag",
                "x",
            ]
        )
        == 0
    )
    said = capsys.readouterr().err
    assert "tag 'FBS_'" in said
    assert "tag 'x'" in said
    assert "tag 'P08960'" not in said
    assert main(["samples", str(path), "--decoy-tag", ""]) == 2


def test_patterns_are_read_by_pandas_as_by_python():
    assert list(pd.Series(CONTAMINANTS).str.contains(CONTAMINANT)) == [True] * len(CONTAMINANTS)
    assert list(pd.Series(DECOYS).str.contains(DECOY)) == [True] * len(DECOYS)
