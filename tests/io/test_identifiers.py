"""Columns of identifiers are found by what they hold; their names break ties."""

from __future__ import annotations

import pandas as pd
import pytest

import markerkit as mk
from markerkit import InputError
from tests.io.tables import ACCESSIONS, SAMPLES, SYMBOLS, N, amounts, whole


def read(**columns):
    frame = pd.DataFrame(columns).join(amounts(SAMPLES))
    return mk.read_proteins(frame).proteins


@pytest.mark.parametrize("name", ["", "X", "Name", "ID", "Protein", "Feature_ID", "T: Gene names", "external_gene_name",
                                  "EntrezGeneSymbol", "PG.Genes", "Protein name", "protein_id", "gene", "index"])  # fmt: skip
def test_symbols_under_any_name_are_genes(name) -> None:
    found = read(**{name: SYMBOLS})
    assert list(found["gene"]) == SYMBOLS
    assert set(found["accession"]) == {""}
    assert list(found.index) == SYMBOLS


@pytest.mark.parametrize("name", ["", "X", "Name", "gene", "Gene names", "Feature_ID", "Protein"])
def test_accessions_under_any_name_are_accessions(name) -> None:
    found = read(**{name: ACCESSIONS})
    assert list(found["accession"]) == ACCESSIONS
    assert set(found["gene"]) == {""}


def test_symbols_of_the_mouse_in_their_own_case() -> None:
    assert next(iter(read(X=[s.capitalize() for s in SYMBOLS])["gene"])) == SYMBOLS[0].capitalize()


def test_numbers_called_protein_id_give_way_to_accessions() -> None:
    found = read(**{"Protein ID": whole(1, 9999), "Accession": ACCESSIONS, "Gene": SYMBOLS})
    assert list(found["accession"]) == ACCESSIONS
    assert list(found["gene"]) == SYMBOLS


def test_words_called_protein_give_way_to_accessions_and_symbols() -> None:
    names = [f"Protein of cells, form {i}" for i in range(N)]
    found = read(Protein=names, best_hit=ACCESSIONS, assigned=SYMBOLS, Description=names)
    assert list(found["accession"]) == ACCESSIONS
    assert list(found["gene"]) == SYMBOLS


def test_accessions_come_before_entry_names_and_a_named_column_before_others() -> None:
    entries = [f"{s}_HUMAN" for s in SYMBOLS]
    assert list(read(protein_id=entries, other=ACCESSIONS)["accession"]) == ACCESSIONS
    assert list(read(other=ACCESSIONS[::-1], Accession=ACCESSIONS)["accession"]) == ACCESSIONS
    assert list(read(protein_id=entries, gene=SYMBOLS)["accession"]) == entries


@pytest.mark.parametrize(("share", "is_gene"), [(0.32, True), (0.28, False)])
def test_a_third_of_symbols_makes_a_column_of_genes(share, is_gene) -> None:
    """Genes without an approved name are many in some tables."""
    known = round(share * N)
    cells = [s if i < known else f"LOC{i}unknown" for i, s in enumerate(SYMBOLS)]
    found = read(ID=cells)
    assert (list(found["gene"]) == cells) is is_gene
    assert (list(found["accession"]) == cells) is not is_gene


def test_identifiers_of_ones_own_stay_under_the_name_of_the_column() -> None:
    own = [f"contig_{i}_orf" for i in range(N)]
    found = read(protein_id=own, gene=SYMBOLS)
    assert list(found["accession"]) == own
    assert list(found["gene"]) == SYMBOLS


def test_one_word_for_many_rows_is_no_gene() -> None:
    found = read(protein_id=ACCESSIONS, marker=["CD63", "CD81"] * (N // 2))
    assert set(found["gene"]) == {""}


def test_the_protein_id_of_fragpipe_where_the_protein_column_holds_none() -> None:
    frame = pd.DataFrame(
        {
            "Protein": [f"entry{i}" for i in range(N)],
            "Protein ID": ACCESSIONS,
            "Entry Name": "x",
            "Gene": SYMBOLS,
        }
    )
    exp = mk.read_proteins(frame.join(amounts([f"{s} Intensity" for s in SAMPLES])))
    assert exp.history[0]["software"] == "fragpipe"
    assert list(exp.proteins["accession"]) == ACCESSIONS


def test_numbers_alone_are_no_identifiers() -> None:
    with pytest.raises(InputError, match="no protein or gene column"):
        mk.read_proteins(amounts(SAMPLES))
    with pytest.raises(InputError, match="no protein or gene column"):
        read(**{"Entrez Gene ID": whole(1, 9999)})
