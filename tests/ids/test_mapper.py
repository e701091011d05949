"""Which identifier decides on the gene of a group, and what a cell of genes may hold."""

from __future__ import annotations

from datetime import date, datetime

import pandas as pd
import pytest

import markerkit as mk
from markerkit.core.genes import gene_table
from markerkit.core.names import names_of_genes
from markerkit.ids.harmonize import id_mapping
from markerkit.ids.mapper import Mapper, Style

UNKNOWN = "A0A000XYZ1"
HUMAN = sorted(a for a in gene_table("human").by_accession if a[:2] == "P0")


def one(accession, gene, species="", organism="human", style=None):
    row = Mapper(organism, None, style=style).map(accession, gene, species)
    return row.gene, row.how, row.status


ROWS = [
    # an accession of another or an unknown species vetoes a symbol that is not written as those of the organism
    (UNKNOWN, "lpp", "", "", "not mapped"),
    (UNKNOWN, "LPP", "LPP", "symbol", "mapped"),
    (UNKNOWN, "recA", "", "", "not mapped"),
    ("", "lpp", "LPP", "symbol", "mapped"),
    ("P08962", "cd63", "CD63", "accession", "mapped"),
    ("P60710", "ACTB", "", "", "not mapped"),
    (f"tr|{UNKNOWN}|{UNKNOWN}_HUMAN", "cd63", "CD63", "symbol", "mapped"),
    # a symbol that is written as an accession is none
    ("P2RY12", "", "P2RY12", "symbol", "mapped"),
    ("H2BC11", "H2BC11", "H2BC11", "symbol", "mapped"),
    # what stands where accessions do
    ("CD63", "", "CD63", "symbol", "mapped"),
    ("ALBU_HUMAN", "", "ALB", "entry name", "mapped"),
    ("CALX_HUMAN", "", "CANX", "entry name", "mapped"),
    ("ENSG00000135404", "", "CD63", "Ensembl gene", "mapped"),
    ("gi|4502027|ref|NP_000468.1|", "", "", "", "not mapped"),
    ("967", "", "", "", "not mapped"),
    # separators
    ("P02768|ALBU_HUMAN", "", "ALB", "accession", "mapped"),
    ("P02768|ALB", "", "ALB", "accession", "mapped"),
    ("ALB_P02768", "", "ALB", "accession", "mapped"),
    ("CD63 (P08962)", "", "CD63", "accession", "mapped"),
    ("", "CD63 (P08962)", "CD63", "accession", "mapped"),
    ("", "sp|P08962|CD63_HUMAN", "CD63", "accession", "mapped"),
    ("", "ALB GIG20 GIG42", "ALB", "symbol", "mapped"),
    ("", "CD63|CD81", "CD63", "symbol", "ambiguous"),
    ("", "CD63 / CD81", "CD63", "symbol", "ambiguous"),
    ("", "CD63,CD81", "CD63", "symbol", "ambiguous"),
    ("", "ALB_P02768", "ALB", "accession", "mapped"),
    # of synonyms only the first counts, and an unknown symbol stays as it is given
    ("", "QQQ1 SYN1 SYN2", "QQQ1", "", "not mapped"),
    ("", "LOC101927562", "LOC101927562", "", "not mapped"),
    # further accessions of the gene
    ("P62158", "", "CALM1", "accession", "mapped"),
    ("P01892", "", "HLA-A", "accession", "mapped"),
]


@pytest.mark.parametrize(("accession", "gene", "mapped", "how", "status"), ROWS)
def test_one_group(accession: str, gene: str, mapped: str, how: str, status: str) -> None:
    assert one(accession, gene) == (mapped, how, status)


def test_a_species_that_is_stated_decides() -> None:
    assert one(UNKNOWN, "CD63", "Sus scrofa (Pig)") == ("", "", "not mapped")
    assert one(UNKNOWN, "cd63", "Homo sapiens OX=9606") == ("CD63", "symbol", "mapped")
    assert one("ENSBTAP00000031900", "ALB") == ("", "", "not mapped")
    row = Mapper("human", None).map("P60710", "ACTB", "")
    assert (row.species, row.reason) == ("Mus musculus", "Mus musculus: no Homo sapiens gene")


def test_reasons_name_the_kind() -> None:
    reason = {a + g: Mapper("human", None).map(a, g, "").reason for a, g, *_ in ROWS}
    assert reason[UNKNOWN + "lpp"] == (
        "the accession is not known for Homo sapiens and 'lpp' is not written as its symbols are"
    )
    assert reason["gi|4502027|ref|NP_000468.1|"] == "RefSeq identifier, for which there is no table"
    assert reason["LOC101927562"] == "symbol that is not in the gene table"
    assert reason["967"].startswith("number, such as an Entrez gene ID")


def table(rows, organism="human"):
    proteins = pd.DataFrame(rows, columns=["accession", "gene"], index=[f"g{i}" for i in range(len(rows))])
    values = pd.DataFrame(1e6, ["a", "b"], proteins.index)
    return id_mapping(mk.harmonize_ids(mk.Experiment(values, None, proteins, organism=organism)))


@pytest.mark.parametrize(("n_word", "n_other", "is_gene"), [(9, 30, True), (10, 30, False), (10, 41, True)])
def test_a_word_of_many_rows_is_no_gene(n_word: int, n_other: int, is_gene: bool) -> None:
    """From ten rows and a fifth of the rows on: `pep` is an alias of PAEP."""
    symbols = sorted(gene_table("human").symbols)[:n_other]
    rows = [("", "pep")] * n_word + [("", s) for s in symbols]
    if is_gene:
        assert table(rows)["gene"][0] == "PAEP"
    else:
        with pytest.warns(mk.MarkerkitWarning, match="10 of 40 protein groups could not be mapped"):
            assert table(rows)["gene"][0] == ""


def test_a_gene_of_many_isoforms_is_no_word() -> None:
    rows = [("P08962", "CD63"), *[("", "CD63")] * 30]
    assert (table(rows)["gene"] == "CD63").all()


def test_a_word_leaves_the_accessions() -> None:
    with pytest.warns(mk.MarkerkitWarning, match=r"'pep' in place of a symbol \(19\)"):
        found = table([*[(a, "pep") for a in HUMAN[:21]], *[(f"QQQ{i}", "pep") for i in range(19)]])
    assert (found["status"] == "mapped").tolist() == [True] * 21 + [False] * 19
    assert found["gene"][21] == ""
    assert found["reason"][21] == "'pep' stands in many rows and is no gene symbol here"


def test_numbers_among_symbols_are_dates() -> None:
    """Alone, they may be Entrez genes or row numbers, and are asked for."""
    found = table([("", "CD63"), ("", "CD81"), ("", "45171")])
    assert found["gene"].tolist() == ["CD63", "CD81", "SEPTIN2"]
    assert table([("", "967"), ("", "975"), ("", "928")])["gene"].tolist() == ["", "", ""]


def upper_case_mouse(n: int) -> list[tuple[str, str]]:
    known = sorted(gene_table("mouse").by_accession.items())[:n]
    return [(a, g.upper()) for a, g in known]


@pytest.mark.parametrize(("n_known", "gene"), [(9, ""), (10, "Cd63")])
def test_capital_letters_of_a_mouse_table(n_known: int, gene: str) -> None:
    """Where the proteins known by accession have them too, they say nothing of the species."""
    found = table([*upper_case_mouse(n_known), (UNKNOWN, "CD63")], "mouse")
    assert found["gene"].iloc[-1] == gene
    assert one(UNKNOWN, "CD63", organism="mouse", style=Style(any_case=True))[0] == "Cd63"


def test_accessions_decide_on_the_organism_where_symbols_are_written_otherwise() -> None:
    rows = upper_case_mouse(80)
    assert (table(rows, "mouse")["how"] == "accession").all()
    with pytest.raises(mk.InputError, match="the proteins are mouse: 80 of 80 groups are of Mus musculus"):
        table(rows)


@pytest.mark.parametrize(
    ("cell", "names"),
    [
        ("H4C1 H4/A H4FA;H4C2 H4/I", ["H4C1", "H4C2"]),
        ("HLA-A/HLA-B", ["HLA-A", "HLA-B"]),
        ("H4/N", ["H4/N"]),
        ("", []),
        (" ; ", []),
        ("P02768", ["P02768"]),
    ],
)
def test_names_in_a_cell(cell: str, names: list[str]) -> None:
    assert names_of_genes(cell, "human") == names


def test_date_cells_of_a_workbook(tmp_path) -> None:
    """Cells that are dates, with and without a time, and numbers among symbols."""
    genes = [
        "CD63",
        "CD81",
        "CD9",
        datetime(2023, 9, 2),
        datetime(2024, 3, 5),
        date(2023, 9, 7),
        45171,
        "1-Mar",
    ]
    frame = pd.DataFrame(
        {
            "gene": genes,
            "s1": [120.5, 90.5, 400.5, 33.5, 57.5, 280.5, 101.5, 75.5],
            "s2": [80.5, 190.5, 300.5, 63.5, 47.5, 180.5, 91.5, 95.5],
        }
    )
    frame.to_excel(tmp_path / "m.xlsx", index=False)
    found = id_mapping(mk.harmonize_ids(mk.read_proteins(tmp_path / "m.xlsx")))["gene"].tolist()
    assert found == ["CD63", "CD81", "CD9", "SEPTIN2", "MARCHF5", "SEPTIN7", "SEPTIN2", "MARCHF1"]


def test_an_old_name_beside_an_unknown_one_is_no_other_gene() -> None:
    """COX2 is an alias of Ptgs2, and also how the mitochondrial gene of P00405 is called."""
    values = pd.DataFrame(
        [[5e6, 3e6, 2e6], [4e6, 2e6, 3e6]], ["s1", "s2"], ["mitochondrial", "symbol", "alias"]
    )
    proteins = pd.DataFrame(
        {"accession": ["P00405;A0A075DC90", "", ""], "gene": ["Mtco2;COX2", "Mtco2;Cd63", "Cox2"]},
        values.columns,
    )
    found = mk.harmonize_ids(mk.Experiment(values, None, proteins, organism="mouse")).proteins
    assert found["map_status"].tolist() == ["not mapped", "mapped", "mapped"]
    assert found["gene"].tolist() == ["Mtco2", "Cd63", "Ptgs2"]
