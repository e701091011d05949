"""Tables that are refused: of other species, and of identifiers that are hardly known."""

from __future__ import annotations

import csv
import warnings
from functools import lru_cache
from pathlib import Path

import pandas as pd
import pytest

import markerkit as mk
from markerkit import InputError, MarkerkitWarning
from markerkit.core.genes import gene_table
from markerkit.ids.floor import OTHER_SPECIES, _style, warn_of_unmapped
from markerkit.ids.harmonize import id_mapping
from markerkit.ids.mapper import Mapped
from markerkit.ids.style import style_of

HUMAN = sorted(a for a, g in gene_table("human").by_accession.items() if a[:2] == "P0")
MOUSE = sorted(gene_table("mouse").by_accession)
MOUSE_SYMBOLS = sorted(gene_table("mouse").symbols)
UNKNOWN = [f"A0A{i:03d}XYZ{i % 10}" for i in range(400)]


def experiment(rows, organism="human", **more):
    frame = pd.DataFrame(rows, columns=["accession", "gene"], index=[f"g{i}" for i in range(len(rows))])
    values = pd.DataFrame(1e6, ["a", "b"], frame.index)
    return mk.Experiment(values, None, frame.assign(**more), organism=organism)


def mapped(rows, organism="human", **more):
    """Table of identifiers and what was said, or the refusal."""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        table = id_mapping(mk.harmonize_ids(experiment(rows, organism, **more)))
    return table, [str(w.message) for w in said]


# ---- proteomes of other species -----------------------------------------------------------

#: species whose symbols are mostly those of human genes: where nothing else is given, they cannot be told
SYMBOLS_LIKE_HUMAN = {
    "Canis lupus familiaris", "Felis catus", "Sus scrofa", "Bos taurus", "Ovis aries", "Equus caballus",
    "Oryctolagus cuniculus", "Cavia porcellus", "Macaca mulatta", "Pan troglodytes", "Monodelphis domestica", "Gallus gallus",
    "Xenopus",
}  # fmt: skip
READ = {"human": "Homo sapiens", "mouse": "Mus musculus", "rat": "Rattus norvegicus"}


@lru_cache(maxsize=1)
def proteomes() -> dict[str, list[dict[str, str]]]:
    lines = (Path(__file__).parent / "proteomes.tsv").read_text(encoding="utf-8").splitlines()[1:]
    found: dict[str, list[dict[str, str]]] = {}
    for row in csv.DictReader(lines, delimiter="\t"):
        found.setdefault(row["species"], []).append(row)
    return found


OTHERS = sorted(set(proteomes()) - set(READ.values()))


@pytest.mark.parametrize(
    ("species", "organism"),
    [(s, "human") for s in OTHERS] + [(s, o) for s in OTHERS[::6] for o in ("mouse", "rat")],
)
def test_other_species_are_refused(species: str, organism: str) -> None:
    """By accession and symbol, by accession alone and by entry name; none of 27 is taken for a readable organism."""
    rows = proteomes()[species]
    for given in (
        [(r["accession"], r["gene"]) for r in rows],
        [(r["accession"], "") for r in rows],
        [(r["entry"], "") for r in rows],
    ):
        with pytest.raises(InputError, match=r"look like|entry names of UniProt of another species"):
            mk.harmonize_ids(experiment(given, organism))


@pytest.mark.parametrize("species", OTHERS)
def test_symbols_alone_tell_all_but_mammals_birds_and_frogs(species: str) -> None:
    rows = [("", r["gene"]) for r in proteomes()[species] if r["gene"]]
    if species in SYMBOLS_LIKE_HUMAN:
        assert mapped(rows)[0]["gene"].ne("").mean() > 0.5
    else:
        with pytest.raises(InputError, match="are known for Homo sapiens"):
            mk.harmonize_ids(experiment(rows))


@pytest.mark.parametrize("organism", list(READ))
def test_the_organisms_themselves_are_read(organism: str) -> None:
    rows = proteomes()[READ[organism]]
    for given in ([(r["accession"], r["gene"]) for r in rows], [(r["entry"], "") for r in rows]):
        table, _ = mapped(given, organism)
        assert (table["status"] == "mapped").mean() > 0.8


def test_the_refusal_names_the_species_and_how_it_is_known() -> None:
    pig = [(f"X{i:03d}_PIG", "ALB") for i in range(57)] + [(a, "") for a in HUMAN[:3]]
    with pytest.raises(
        InputError, match="the proteins look like Sus scrofa: 57 of 60 entry names end in _PIG"
    ):
        mk.harmonize_ids(experiment(pig))
    with pytest.raises(InputError, match="the proteins look like Bos taurus: 30 of 30 groups are stated"):
        mk.harmonize_ids(experiment([(u, "ALB") for u in UNKNOWN[:30]], species="Bos taurus"))
    with pytest.raises(
        InputError, match="look like species with the UniProt code 9TRYP: 12 of 12 entry names"
    ):
        mk.harmonize_ids(experiment([(f"tr|{u}|{u}_9TRYP", "") for u in UNKNOWN[:12]]))


# ---- limits --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("n_unknown", "n_human", "refused"),
    [(9, 0, False), (10, 0, True), (91, 9, True), (90, 10, False), (180, 19, True), (380, 20, False)],
)
def test_known_accessions(n_unknown: int, n_human: int, refused: bool) -> None:
    """From ten accessions on a tenth must be known, or twenty of them."""
    rows = [(u, "") for u in UNKNOWN[:n_unknown]] + [(a, "") for a in HUMAN[:n_human]]
    if refused:
        with pytest.raises(InputError, match=f"{n_human} of {n_unknown + n_human} accessions, such as 'A0A"):
            mk.harmonize_ids(experiment(rows))
    else:
        table, _ = mapped(rows)
        assert (table["status"] == "mapped").sum() == n_human


@pytest.mark.parametrize(("n_unknown", "n_mouse", "refused"), [(99, 1, True), (98, 2, False)])
def test_known_accessions_of_a_small_table(n_unknown: int, n_mouse: int, refused: bool) -> None:
    """Mouse and rat have few accessions: two of a hundred are enough."""
    rows = [(u, "") for u in UNKNOWN[:n_unknown]] + [(a, "") for a in MOUSE[:n_mouse]]
    if refused:
        with pytest.raises(InputError, match="1 of 100 accessions"):
            mk.harmonize_ids(experiment(rows, "mouse"))
    else:
        assert (mapped(rows, "mouse")[0]["status"] == "mapped").sum() == n_mouse


@pytest.mark.parametrize(
    ("n_other", "n_human", "refused"), [(9, 0, False), (10, 0, True), (91, 9, True), (90, 10, False)]
)
def test_stated_species(n_other: int, n_human: int, refused: bool) -> None:
    rows = [(f"X{i:03d}_ECOLI", "") for i in range(n_other)] + [
        (f"X{i:03d}_HUMAN", "CD63") for i in range(n_human)
    ]
    if refused:
        with pytest.raises(
            InputError, match=f"look like Escherichia coli: {n_other} of {n_other + n_human} entry names"
        ):
            mk.harmonize_ids(experiment(rows))
    else:
        table, said = mapped(rows)
        assert (table["species"] == "Escherichia coli").sum() == n_other
        assert table.loc[table["species"] == "Escherichia coli", "gene"].eq("").all()
        assert any("are of other species and get no gene: Escherichia coli 90" in s for s in said) == (
            n_other > 9
        )


@pytest.mark.parametrize(("n_known", "refused"), [(4, True), (5, False)])
def test_known_symbols(n_known: int, refused: bool) -> None:
    """Half of the symbols must be known where there are no accessions."""
    names = sorted(gene_table("human").symbols)[:n_known] + [f"QQQ{i}" for i in range(10 - n_known)]
    if refused:
        with pytest.raises(InputError, match="4 of 10 are known for Homo sapiens"):
            mk.harmonize_ids(experiment([("", n) for n in names]))
    else:
        assert (mapped([("", n) for n in names])[0]["status"] == "mapped").sum() == n_known


def test_rows_without_a_symbol_do_not_count_against_those_with_one() -> None:
    """Host and microbes, where only the proteins of the host have symbols."""
    rows = [("", s) for s in sorted(gene_table("human").symbols)[:30]] + [
        (f"contig_{i}", "") for i in range(70)
    ]
    table, said = mapped(rows)
    assert (table["status"] == "mapped").sum() == 30
    assert any("70 of 100 protein groups could not be mapped" in s for s in said)


@pytest.mark.parametrize(("n_symbols", "refused"), [(9, True), (10, False)])
def test_ten_symbols_speak_for_a_table_of_other_identifiers(n_symbols: int, refused: bool) -> None:
    rows = [("", s) for s in sorted(gene_table("human").symbols)[:n_symbols]] + [
        (f"contig_{i}", "") for i in range(90)
    ]
    if refused:
        with pytest.raises(InputError, match=r"hardly known, such as .*: 9 of 99 are known"):
            mk.harmonize_ids(experiment(rows))
    else:
        assert (mapped(rows)[0]["status"] == "mapped").sum() == n_symbols


@pytest.mark.parametrize(
    ("n_human", "words"), [(8, "the genes look like mouse or rat"), (7, "do not look like")]
)
def test_symbols_of_the_mouse_are_named_where_a_tenth_of_the_accessions_is_known(
    n_human: int, words: str
) -> None:
    """With fewer, it is not one of the organisms that are read."""
    names = [s for s in MOUSE_SYMBOLS if s.upper() != s][:80]
    accessions = HUMAN[:n_human] + UNKNOWN[: 80 - n_human]
    with pytest.raises(InputError, match=words):
        mk.harmonize_ids(experiment(list(zip(accessions, names, strict=True))))


@pytest.mark.parametrize(("n_loci", "named"), [(14, False), (15, True)])
def test_a_species_is_named_from_half_of_the_identifiers_on(n_loci: int, named: bool) -> None:
    rows = [(f"AT1G{i:05d}", "") for i in range(n_loci)] + [(f"contig_{i}", "") for i in range(30 - n_loci)]
    with pytest.raises(InputError) as refusal:
        mk.harmonize_ids(experiment(rows))
    assert ("look like Arabidopsis thaliana" in str(refusal.value)) == named
    assert ("the identifiers are hardly known" in str(refusal.value)) != named


def test_a_panel_of_twenty_proteins_is_read() -> None:
    for rows in ([(a, "") for a in HUMAN[:20]], [("", g) for g in sorted(gene_table("human").symbols)[:20]]):
        table, said = mapped(rows)
        assert (table["status"] == "mapped").all()
        assert not said


@pytest.mark.parametrize(("n_other", "refused"), [(1, False), (2, True)])
def test_symbols_beside_unknown_accessions_count_where_all_but_a_few_are_ours(
    n_other: int, refused: bool
) -> None:
    """Accessions that are in no table, with human symbols: 49 of 50 are enough, 48 are not."""
    names = [*sorted(gene_table("human").symbols)[:50]][n_other:] + [f"LOC{i}" for i in range(n_other)]
    rows = list(zip(UNKNOWN, names, strict=False))
    if refused:
        with pytest.raises(InputError, match="do not look like Homo sapiens: 0 of 50 accessions"):
            mk.harmonize_ids(experiment(rows))
    else:
        table, said = mapped(rows)
        assert (table["how"] == "symbol").sum() == 49
        assert any("genes were taken from the symbols" in s for s in said)


@pytest.mark.parametrize(("n_symbols", "refused"), [(24, True), (25, False)])
def test_symbols_beside_unknown_accessions_count_from_a_quarter_of_the_rows_on(
    n_symbols: int, refused: bool
) -> None:
    """Rows without a symbol do not count against those with one."""
    names = sorted(gene_table("human").symbols)[:n_symbols] + [""] * (100 - n_symbols)
    rows = list(zip(UNKNOWN, names, strict=False))
    if refused:
        with pytest.raises(InputError, match="do not look like Homo sapiens: 0 of 100 accessions"):
            mk.harmonize_ids(experiment(rows))
    else:
        assert (mapped(rows)[0]["how"] == "symbol").sum() == n_symbols


@pytest.mark.parametrize(("approved", "read"), [(4, True), (5, False)])
def test_capital_letters_of_a_cell_are_those_of_its_first_symbol(approved: int, read: bool) -> None:
    """Where most symbols of ten proteins known by accession are written in another way, letters say nothing."""
    cells = [f"{'CD63' if i < approved else 'Cd63'};CD9" for i in range(10)]
    frame = pd.DataFrame({"accession": HUMAN[:10], "gene": cells})
    assert style_of(frame, "human").any_case == read
    assert not style_of(frame[1:], "human").any_case


def test_contaminants_and_decoys_make_no_organism() -> None:
    rows = [(u, "") for u in UNKNOWN[:50]] + [(a, "") for a in HUMAN[:40]]
    flags = [False] * 50 + [True] * 40
    with pytest.raises(InputError, match="0 of 50 accessions"):
        mk.harmonize_ids(experiment(rows, is_contaminant=flags))
    with pytest.raises(InputError, match="0 of 50 accessions"):
        mk.harmonize_ids(experiment(rows, is_decoy=flags))


@pytest.mark.parametrize(
    ("n_human", "other"),
    [(60, [(f"sp|P0276{i % 10}|X{i}_BOVIN", "ALB") for i in range(200)]), (48, [(f"X{i:04d}_YEAST", "") for i in range(1500)])],
)  # fmt: skip
def test_mixtures_are_read(n_human: int, other: list[tuple[str, str]]) -> None:
    """Human vesicles with serum; the 48 human proteins of a standard in yeast."""
    table, said = mapped([(a, "") for a in HUMAN[:n_human]] + other)
    assert (table["status"] == "mapped").sum() == n_human
    assert table["gene"].ne("").sum() == n_human
    assert any("are of other species and get no gene" in s for s in said)


# ---- identifiers without a table --------------------------------------------------------------


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        ("ENSP{:011d}", "the identifiers are Ensembl identifiers"),
        ("ENST{:011d}.2", "the identifiers are Ensembl identifiers"),
        ("NP_{:06d}.1", "the identifiers are RefSeq identifiers"),
        ("HGNC:{}", "the identifiers are HGNC identifiers"),
        ("IPI{:08d}", "the identifiers are IPI identifiers"),
        ("{:d}", "the identifiers are whole numbers (Entrez gene IDs, or row numbers)"),
        ("AT1G{:05d}", "look like Arabidopsis thaliana"),
        ("FBgn{:07d}", "look like Drosophila melanogaster"),
        ("WBGene{:08d}", "look like Caenorhabditis elegans"),
        ("b{:04d}", "look like Escherichia coli"),
        ("PF3D7_{:07d}", "look like Plasmodium falciparum"),
        ("contig_{:d}", "the identifiers are hardly known, such as 'contig_900'"),
        ("ENSBTAP{:011d}", "look like Bos taurus: 30 of 30 groups are stated"),
        ("ENSGALG{:011d}", "look like Gallus gallus"),
    ],
)
@pytest.mark.parametrize("column", [0, 1])
def test_the_refusal_names_the_kind_of_identifier(pattern: str, words: str, column: int) -> None:
    rows = [("", pattern.format(900 + i)) if column else (pattern.format(900 + i), "") for i in range(30)]
    with pytest.raises(InputError) as refusal:
        mk.harmonize_ids(experiment(rows))
    assert words in str(refusal.value)


def test_ensembl_genes_are_mapped() -> None:
    rows = [("ENSG00000135404", ""), ("", "ENSG00000110651.12"), ("", "ENSG00000010278")]
    assert mapped(rows)[0]["gene"].tolist() == ["CD63", "CD81", "CD9"]
    mouse = [("", "ENSMUSG00000025351"), ("", "ENSMUSG00000037706"), ("", "Cd9")]
    assert mapped(mouse, "mouse")[0]["gene"].tolist() == ["Cd63", "Cd81", "Cd9"]


# ---- what is said of groups without a gene ------------------------------------------------------


@pytest.mark.parametrize(("n_lost", "said"), [(10, False), (11, True)])
def test_groups_without_a_gene_are_counted_by_kind(n_lost: int, said: bool) -> None:
    """More than a tenth of the groups."""
    rows = (
        [(a, "") for a in HUMAN[: 100 - n_lost]]
        + [("", f"QQQ{i}") for i in range(n_lost - 1)]
        + [("", "Oct-04")]
    )
    _, notes = mapped(rows)
    assert bool(notes) == said
    if said:
        assert "11 of 100 protein groups could not be mapped to a gene of Homo sapiens" in notes[0]
        assert (
            "symbol that is not in the gene table (10); date that a spreadsheet made of a symbol (1)"
            in notes[0]
        )


def test_small_letters_without_accessions_are_said() -> None:
    names = [s.lower() for s in sorted(gene_table("human").symbols) if s.isalnum()][:21]
    assert any("are written in small letters" in s for s in mapped([("", n) for n in names])[1])
    _, notes = mapped([("", n.upper()) for n in names])
    assert not any("small letters" in n for n in notes)


def test_the_warning_stands_in_the_history() -> None:
    rows = [(a, "") for a in HUMAN[:15]] + [("", f"QQQ{i}") for i in range(15)]
    with pytest.warns(MarkerkitWarning, match="15 of 30 protein groups could not be mapped"):
        exp = mk.harmonize_ids(experiment(rows))
    assert "15 of 30" in exp.history[-1]["warnings"][0]


@pytest.mark.parametrize(("bacterial", "said"), [(4, False), (5, True)])
def test_symbols_of_bacteria_are_named_from_five_on(bacterial: int, said: bool) -> None:
    genes = pd.Series([f"dna{letter}" for letter in "KJEGN"[:bacterial]])
    text = ", and symbols such as 'dnaK', 'dnaJ' and 'dnaE' are written as those of bacteria"
    assert _style(genes) == (text if said else "")


@pytest.mark.parametrize(("others", "said"), [(24, False), (20, True)])
def test_symbols_of_bacteria_are_a_fifth_of_all(others: int, said: bool) -> None:
    genes = pd.Series(["dnaK", "dnaJ", "dnaE", "dnaG", "dnaN", *(f"CD{i}" for i in range(others))])
    assert bool(_style(genes)) == said


@pytest.mark.parametrize(
    ("species", "more"), [(4, ""), (5, " and 1 more species"), (6, " and 2 more species")]
)
def test_other_species_beyond_four_are_counted(species: int, more: str) -> None:
    mapped = [Mapped(species=f"species {i}", kind=OTHER_SPECIES) for i in range(species) for _ in range(10)]
    with pytest.warns(MarkerkitWarning, match="are of other species and get no gene") as found:
        warn_of_unmapped(mapped, "human")
    assert str(found[0].message).endswith(f"species 3 10{more}.")
