"""Tables of identifiers that were mapped wrongly once; the files cannot be shared with the code."""

from __future__ import annotations

import warnings
from pathlib import Path

import pandas as pd
import pytest

import markerkit as mk
from markerkit.ids.harmonize import id_mapping

CASES = Path(__file__).parents[3] / "shared" / "cases"
pytestmark = pytest.mark.skipif(not CASES.is_dir(), reason="needs the folder of reported tables")


def mapped(name: str, organism: str = "human") -> pd.DataFrame:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", mk.MarkerkitWarning)
        return id_mapping(mk.harmonize_ids(mk.read_proteins(CASES / name, organism=organism)))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "23_ecoli_omv/pg_matrix.tsv",
            r"do not look like Homo sapiens: 0 of 80 .* written as those of bacteria",
        ),
        ("24_other_species/dog.tsv", "look like Canis lupus familiaris: 60 of 60 entry names end in _CANLF"),
        ("24_other_species/pig.tsv", "look like Sus scrofa: 60 of 60 entry names end in _PIG"),
        ("24_other_species/pig_desc.tsv", "look like Sus scrofa: 60 of 60 groups are stated to be of it"),
        (
            "25_other_id_types/ensg.tsv",
            "the identifiers are Ensembl identifiers that are not among the genes",
        ),
        (
            "25_other_id_types/ensg2.tsv",
            "the identifiers are Ensembl identifiers that are not among the genes",
        ),
        ("25_other_id_types/entrez2.tsv", "whole numbers .Entrez gene IDs"),
        ("25_other_id_types/gi.tsv", "the identifiers are RefSeq identifiers"),
        (
            "45_mouse_uppercase_symbols/m.tsv",
            "the proteins are mouse: 80 of 80 groups .* set the organism to 'mouse'",
        ),
        ("45_mouse_uppercase_symbols/acc_only.tsv", "the proteins are mouse: 80 of 80 groups"),
    ],
)
def test_refused(name: str, message: str) -> None:
    with pytest.raises(mk.InputError, match=message):
        mapped(name)


@pytest.mark.parametrize(
    ("name", "organism", "genes"),
    [
        ("25_other_id_types/refseq.tsv", "human", ["ALB", "APOA1", "CANX"]),
        ("28_uniprot_gene_names_spaces/g.tsv", "human", ["ALB", "APOA1", "CANX"]),
        ("28_uniprot_gene_names_spaces/pipe.tsv", "human", ["ALB", "APOA1", "CANX"]),
        ("28_uniprot_gene_names_spaces/under.tsv", "human", ["ALB", "APOA1", "CANX"]),
        ("28_uniprot_gene_names_spaces/gene_acc.tsv", "human", ["ALB", "APOA1", "CANX"]),
        ("28_uniprot_gene_names_spaces/acc_pipe_gene.tsv", "human", ["ALB", "APOA1", "CANX"]),
        ("28_uniprot_gene_names_spaces/entry.tsv", "human", ["ALB", "APOA1", "CANX"]),
        ("31_r_rownames_gene_symbols/X_genes.csv", "human", ["ALB", "APOA1", "CANX"]),
        ("31_r_rownames_gene_symbols/ID.csv", "human", ["ALB", "APOA1", "CANX"]),
        ("33_diann_reports/gene_order.tsv", "human", ["IGHV2-70D", "CD63", "PHPT1"]),
        ("45_mouse_uppercase_symbols/m.tsv", "mouse", ["Actb", "Actbl2", "Alb"]),
        ("46_accession_pipe_entry/peaks_like.csv", "human", ["ALB", "APOA1", "CANX"]),
        ("53_diann_custom_fasta_pep/genes_pep.tsv", "human", ["ALB", "APOA1", "CANX"]),
    ],
)
def test_mapped(name: str, organism: str, genes: list[str]) -> None:
    assert mapped(name, organism)["gene"].tolist()[:3] == genes


def test_a_word_in_place_of_genes() -> None:
    table = mapped("53_diann_custom_fasta_pep/genes_pep.tsv")
    assert (table["status"] == "mapped").sum() == 21
    assert "PAEP" not in set(table["gene"])


def test_dates_of_spreadsheets() -> None:
    table = mapped("26_excel_dates/genes.tsv").set_index("input_gene")
    found = table["gene"][
        ["2-Sep", "02.09.2023", "44806", "2001/9/2", "sept-02", "2023-09-07", "mars-05", "1-Mar"]
    ]
    assert found.tolist() == [*["SEPTIN2"] * 5, "SEPTIN7", "MARCHF5", "MARCHF1"]
    for text in ("Oct-04", "4-Okt", "1-Dec"):
        assert table.loc[text, ["gene", "reason"]].tolist() == [
            "",
            "date that a spreadsheet made of a symbol",
        ]


@pytest.mark.parametrize(
    ("name", "genes"),
    [
        ("entrez", ["CD63", "CD81", "CD9", "TSG101", "PDCD6IP"]),
        ("uniprot", ["CD63", "CD81", "CD9", "TSG101"]),
        ("mouse", ["CD63", "CD81", "CD9", "TSG101"]),
        ("lower", ["CD63", "CD81", "CD9", "TSG101"]),
        ("enrichr_weights", ["CD63", "CD81", "CD9"]),
    ],
)
def test_sets(name: str, genes: list[str]) -> None:
    catalog = mk.read_markers(CASES / "43_gene_set_files" / f"{name}.gmt")
    assert catalog[next(iter(catalog))].positive == genes


def test_a_set_of_enrichr() -> None:
    catalog = mk.read_markers(CASES / "43_gene_set_files" / "enrichr.gmt")
    assert len(catalog["extracellular exosome (GO:0070062)"]) == 11  # ALIX is PDCD6IP
