"""How species, accessions, contaminants and decoys are written, in one place."""

from __future__ import annotations

import time

import pytest

from markerkit.core import species
from markerkit.core.genes import bovine_accessions, gene_table


@pytest.mark.parametrize("accession", ["P08962", "Q9UNN8", "O00560", "A0A024R161", "A2BC19"])
def test_accessions(accession: str) -> None:
    assert species.UNIPROT.fullmatch(accession)
    isoform = species.UNIPROT_ISOFORM.fullmatch(f"{accession}-12")
    assert isoform is not None
    assert isoform[1] == accession


@pytest.mark.parametrize("text", ["CD63", "p08962", "P0896", "P08962X", "A0A024R16", "1P0896"])
def test_no_accessions(text: str) -> None:
    assert species.UNIPROT.fullmatch(text) is None


def test_every_shipped_accession_is_one() -> None:
    accessions = {a for o in ("human", "mouse", "rat") for a in gene_table(o).by_accession}
    assert all(species.UNIPROT.fullmatch(a) for a in accessions | bovine_accessions())


@pytest.mark.parametrize(
    ("text", "contaminant", "decoy"),
    [
        ("CON__P02769", True, False),
        ("P08962;CON__P02769", True, False),
        ("sp|Cont_P02769|ALBU_BOVIN", True, False),
        ("cRAP-P02769", True, False),
        ("REV__P08962", False, True),
        ("DECOY_P08962", False, True),
        ("##P08962", False, True),
        ("rev_P08962", False, True),
        ("Rev_P08962", False, False),
        ("P08962", False, False),
        ("MYCON__1", False, False),
    ],
)
def test_prefixes(text: str, contaminant: bool, decoy: bool) -> None:
    assert bool(species.CONTAMINANT.search(text)) is contaminant
    assert bool(species.DECOY.search(text)) is decoy


@pytest.mark.parametrize(
    ("token", "parts"),
    [
        ("P08962", ("P08962", "")),
        ("tr|A0A024R161|A0A024R161_HUMAN", ("A0A024R161", "A0A024R161_HUMAN")),
        ("CON__REV__P02769", ("P02769", "")),
        ("##P08962", ("P08962", "")),
        (" P08962-2 some words", ("P08962", "")),
        ("ENSBTAP00000024146", ("", "ENSBTAP00000024146")),
        ("CD63", ("", "")),
    ],
)
def test_identifiers_are_split(token: str, parts: tuple[str, str]) -> None:
    assert species.split_identifier(token) == parts


def test_one_table_of_species() -> None:
    assert set(species.SPECIES.values()) <= set(species.ENTRY_CODES.values())
    assert set(species.ENSEMBL_CODES.values()) <= set(species.ENTRY_CODES.values())


@pytest.mark.parametrize("text", ["OS=A" + " " * 30_000 + "x", "x" * 30_000, "x_" * 15_000, "[Aa a" * 3000])
def test_long_texts_take_no_time(text) -> None:
    start = time.process_time()
    species.species_in(text)
    assert time.process_time() - start < 2


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Albumin OS=Bos taurus OX=9913", "Bos taurus"),
        ("Albumin OS=Bos taurus", "Bos taurus"),
        ("X OS=Escherichia coli (strain K12) OX=83333", "Escherichia coli"),
        ("X OS=Mus musculus;Y OS=Homo sapiens", "Mus musculus"),
    ],
)
def test_the_species_of_a_fasta_header(text, expected) -> None:
    assert species.species_in(text) == expected
