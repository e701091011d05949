"""What a column holds, said by its content."""

from __future__ import annotations

from datetime import datetime

import pytest

from markerkit.core import genes
from markerkit.core.genes import gene_table, identifier_kind

ONE_OF_A_KIND = [
    ("P08962", "uniprot"),
    ("P08962-2;P60033", "uniprot"),
    ("sp|P08962|CD63_HUMAN", "uniprot"),
    ("CON__P02769", "uniprot"),
    ("P02768|ALBU_HUMAN", "uniprot"),
    ("CD63_HUMAN", "entry"),
    ("CD63", "symbol"),
    ("cd63", "symbol"),
    ("P2RY12", "symbol"),
    ("H2BC11", "symbol"),
    ("ALB_P02768", "uniprot"),
    ("SWISS-PROT:P02769", "uniprot"),
    ("SEPT2", "symbol"),
    ("CD9;CD81", "symbol"),
    ("ENSG00000135404", "ensembl"),
    ("ENSMUSP00000000001.4", "ensembl"),
    ("NP_001244318.1", "refseq"),
    ("gi|4502027|ref|NP_000468.1|", "refseq"),
    ("IPI00022434.2", "ipi"),
    ("967", "entrez"),
    (967, "entrez"),
    (967.0, "entrez"),
    ("EV_D1", ""),
    ("2.5", ""),
    (2.5, ""),
    ("protein 12 of a list", ""),
    (datetime(2023, 9, 2), ""),
]


@pytest.mark.parametrize(("cell", "kind"), ONE_OF_A_KIND)
def test_kind_of_one_cell(cell: object, kind: str) -> None:
    shares = identifier_kind([cell], "human")
    assert {k for k, share in shares.items() if share} == ({kind} if kind else set())


def test_shares_are_of_the_cells_that_hold_something() -> None:
    shares = identifier_kind(["P08962", "CD63", None, float("nan"), "", "CD9", "??"], "human")
    assert shares["uniprot"] == 0.25
    assert shares["symbol"] == 0.5
    assert sum(shares.values()) == 0.75
    assert set(identifier_kind([], "human").values()) == {0}


def test_symbols_are_those_of_the_organism() -> None:
    only_mouse = sorted(gene_table("mouse").symbols - set(gene_table("human").by_name))
    name = next(s for s in only_mouse if s.upper() not in gene_table("human").by_name)
    assert identifier_kind([name], "mouse")["symbol"] == 1
    assert identifier_kind([name], "human")["symbol"] == 0


@pytest.mark.parametrize("organism", ["human", "mouse", "rat"])
def test_accessions_alone_are_those_of_the_gene_table(organism: str) -> None:
    assert genes._accessions(organism) == set(gene_table(organism).by_accession)
