"""Identifiers: groups, isoforms, aliases, other species."""

from functools import lru_cache

import pandas as pd
import pytest

import markerkit as mk
from markerkit import InputError
from markerkit.core.genes import bovine_accessions, gene_table
from markerkit.ids.harmonize import id_mapping
from markerkit.purity.shares import source_shares


def experiment(rows, organism="human"):
    proteins = pd.DataFrame(rows, columns=["accession", "gene"], index=[f"g{i}" for i in range(len(rows))])
    values = pd.DataFrame(1e6, ["a", "b"], proteins.index)
    return mk.Experiment(values, None, proteins, organism=organism)


@lru_cache(maxsize=3)
def catalog(organism="human"):
    return mk.load_markers(organism)


CASES = [
    ("P08962", "", "CD63", "P08962", "accession", "mapped"),
    ("sp|P08962|CD63_HUMAN", "", "CD63", "P08962", "accession", "mapped"),
    ("P08962-3;Q8XXX1", "CD63", "CD63", "P08962", "accession", "mapped"),
    ("", "CD63", "CD63", "", "symbol", "mapped"),
    ("", "SEPT2", "SEPTIN2", "", "previous symbol", "mapped"),
    ("", "HIST1H4A", "H4C1", "", "previous symbol", "mapped"),
    ("", "H2AFX", "H2AX", "", "previous symbol", "mapped"),
    ("", "2-Sep", "SEPTIN2", "", "date made by a spreadsheet", "mapped"),
    ("", "cd63", "CD63", "", "symbol", "mapped"),
    ("", "NOTAGENE1", "NOTAGENE1", "", "", "not mapped"),
    ("A0A000XYZ1", "", "", "A0A000XYZ1", "", "not mapped"),
    ("ENSBTAP00000031900", "", "", "", "", "not mapped"),
    ("P08962;P60033", "", "CD63", "P08962", "accession", "ambiguous"),
    ("sp|P02769|ALBU_BOVIN", "ALB", "", "P02769", "", "not mapped"),
    ("CON__P02769", "ALB", "", "P02769", "", "not mapped"),
    ("CON__P04264", "", "KRT1", "P04264", "accession", "mapped"),
    ("CON__P35908v2", "", "KRT2", "P35908", "accession", "mapped"),
    ("P35908v2", "", "KRT2", "P35908", "accession", "mapped"),
    ("P35908-1.2", "", "KRT2", "P35908", "accession", "mapped"),
    ("CON__Q9XXX9v1", "", "", "Q9XXX9", "", "not mapped"),
]


@pytest.mark.parametrize(("accession", "gene", "mapped", "canonical", "how", "status"), CASES)
def test_one_group(accession, gene, mapped, canonical, how, status):
    exp = mk.harmonize_ids(experiment([(accession, gene)]), catalog())
    row = id_mapping(exp).iloc[0]
    assert (row["gene"], row["accession"], row["how"], row["status"]) == (mapped, canonical, how, status)
    assert (row["input_accession"], row["input_gene"]) == (accession, gene)
    assert (row["reason"] == "") == (status == "mapped")


def test_policy_decides_for_ambiguous_groups():
    exp = experiment([("P08962;P60033", "")])
    assert mk.harmonize_ids(exp).proteins["gene"].iloc[0] == "CD63"
    assert mk.harmonize_ids(exp, scheme="unique").proteins["gene"].iloc[0] == ""
    with pytest.raises(InputError, match="`scheme` must be one of"):
        mk.harmonize_ids(exp, scheme="first")


def test_mouse_and_wrong_organism():
    symbols = sorted(s for s in gene_table("mouse").symbols if s not in gene_table("human").symbols)[500:560]
    rows = [("", s) for s in ["Cd63", "Cd81", *symbols]]
    exp = mk.harmonize_ids(experiment(rows, "mouse"), catalog("mouse"))
    assert list(exp.proteins["gene"][:2]) == ["Cd63", "Cd81"]
    with pytest.raises(InputError, match="look like mouse"):
        mk.harmonize_ids(experiment(rows))
    with pytest.raises(InputError, match="the experiment is mouse and the catalog human"):
        mk.harmonize_ids(experiment(rows, "mouse"), catalog())


def test_report_needs_harmonized_ids():
    with pytest.raises(InputError, match="call harmonize_ids first"):
        id_mapping(experiment([("P08962", "")]))


RAT = [
    ("", "Cd63", "Cd63", "", "symbol", "mapped"),
    ("sp|P28648|CD63_RAT", "", "Cd63", "P28648", "entry name", "mapped"),
    ("Q62745", "", "Cd81", "Q62745", "accession", "mapped"),
    ("tr|A0A0G2JSV6|A0A0G2JSV6_RAT", "Sdcbp", "Sdcbp", "A0A0G2JSV6", "symbol", "mapped"),
    ("", "Casp11", "Casp4", "", "alias", "mapped"),
    ("sp|P02769|ALBU_BOVIN", "Alb", "", "P02769", "", "not mapped"),
    ("sp|P07724|ALBU_MOUSE", "Alb", "", "P07724", "", "not mapped"),
]


@pytest.mark.parametrize(("accession", "gene", "mapped", "canonical", "how", "status"), RAT)
def test_one_group_of_the_rat(accession, gene, mapped, canonical, how, status):
    exp = mk.harmonize_ids(experiment([(accession, gene)], "rat"), catalog("rat"))
    row = id_mapping(exp).iloc[0]
    assert (row["gene"], row["accession"], row["how"], row["status"]) == (mapped, canonical, how, status)


BOVINE = [
    ("CON__P02769", "ALB", "Bos taurus", "", "not mapped"),
    ("Cont_P02769", "ALB", "Bos taurus", "", "not mapped"),
    ("sp|Cont_P02769|ALBU_BOVIN", "ALB", "Bos taurus", "", "not mapped"),
    ("ALBU_BOVIN", "ALB", "Bos taurus", "", "not mapped"),
    ("CON__Q9XXX9_BOVIN", "ALB", "Bos taurus", "", "not mapped"),
    ("CON__ENSBTAP00000024146", "", "Bos taurus", "", "not mapped"),
    ("P02768", "ALB", "Homo sapiens", "ALB", "mapped"),
    ("CON__P02768", "ALB", "Homo sapiens", "ALB", "mapped"),
    ("P02768;CON__P02769", "ALB", "Homo sapiens", "ALB", "ambiguous"),
    ("CON__P02769;P02768", "ALB", "Bos taurus", "", "ambiguous"),
]


@pytest.mark.parametrize(("accession", "gene", "species", "mapped", "status"), BOVINE)
def test_bovine_is_told_from_its_ortholog(accession, gene, species, mapped, status):
    exp = mk.harmonize_ids(experiment([(accession, gene)]), catalog())
    row = id_mapping(exp).iloc[0]
    assert (row["species"], row["gene"], row["status"]) == (species, mapped, status)
    if status == "ambiguous":
        assert "Homo sapiens" in row["reason"]
        assert "Bos taurus" in row["reason"]


def test_mixed_species_count_for_none_when_only_unique_groups_do():
    exp = mk.harmonize_ids(experiment([("P02768;P02769", "ALB")]), catalog(), scheme="unique")
    assert id_mapping(exp).iloc[0][["gene", "status"]].tolist() == ["", "ambiguous"]


def test_entry_names_tell_mouse_from_rat():
    rows = [(f"sp|P{i:05d}|G{i}_RAT".replace("P00", "P0A"), f"Gene{i}") for i in range(30)]
    with pytest.raises(InputError, match="the proteins are rat: 30 of 30 groups are of Rattus norvegicus"):
        mk.harmonize_ids(experiment(rows, "mouse"))
    with pytest.warns(mk.MarkerkitWarning, match="29 of 30 protein groups could not be mapped"):
        mk.harmonize_ids(experiment(rows, "rat"))


def test_human_symbols_are_refused_for_rat():
    symbols = sorted(s for s in gene_table("human").symbols if s not in gene_table("rat").symbols)[500:560]
    with pytest.raises(InputError, match="look like human"):
        mk.harmonize_ids(experiment([("", s) for s in symbols], "rat"))


def test_bovine_accessions_belong_to_no_other_organism():
    own = {a for o in ("human", "mouse", "rat") for a in gene_table(o).by_accession}
    assert not own & bovine_accessions()
    assert set(catalog()["bovine_serum"].table["accession"]) <= bovine_accessions()


def test_bovine_is_known_without_a_catalogue():
    exp = mk.harmonize_ids(experiment([("CON__P02769", "ALB"), ("P02768", "ALB")]))
    assert exp.proteins["species"].tolist() == ["Bos taurus", "Homo sapiens"]


# ---- limits ---------------------------------------------------------------------------


def only(organism: str, other: str, n: int) -> list[str]:
    """Symbols that one organism has and another, whatever the case of its letters, has not."""
    return sorted(gene_table(organism).symbols - gene_table(other).symbols)[500 : 500 + n]


@pytest.mark.parametrize(
    ("n_mouse", "n_human", "refused"),
    [(19, 0, False), (20, 0, True), (20, 3, True), (20, 4, False), (40, 7, True), (40, 8, False)],
)
def test_symbols_of_another_organism(n_mouse, n_human, refused):
    """From 20 symbols of the other organism on, with less than a fifth as many of the declared one."""
    rows = [("", s) for s in only("mouse", "human", n_mouse) + only("human", "mouse", n_human)]
    if refused:
        with pytest.raises(
            InputError, match=f"look like mouse or rat: {n_mouse} of {n_mouse + n_human} symbols"
        ):
            mk.harmonize_ids(experiment(rows))
    else:
        assert mk.harmonize_ids(experiment(rows)).harmonized


@pytest.mark.parametrize(
    ("n_mouse", "n_human", "refused"),
    [(9, 0, False), (10, 0, True), (19, 3, False), (20, 0, True), (20, 3, True), (20, 4, False)],
)
def test_entry_names_of_another_organism(n_mouse, n_human, refused):
    rows = [(f"X{i}_MOUSE", "") for i in range(n_mouse)] + [(f"Y{i}_HUMAN", "CD63") for i in range(n_human)]
    if refused:
        with pytest.raises(InputError, match="the proteins are mouse"):
            mk.harmonize_ids(experiment(rows))
    elif len(rows) >= 20:
        with pytest.warns(mk.MarkerkitWarning, match="are of other species and get no gene: Mus musculus"):
            assert mk.harmonize_ids(experiment(rows)).harmonized
    else:
        assert mk.harmonize_ids(experiment(rows)).harmonized


# ---- the rules one by one ---------------------------------------------------------------

RULES = [
    # leading accession before the symbol that the table gives
    ("P08962", "CD81", "CD63", "accession", "ambiguous"),
    # symbol before the accession of a later member
    ("A0A000XYZ1;P08962", "CD81", "CD81", "symbol", "ambiguous"),
    ("A0A000XYZ1;P08962", "", "CD63", "accession of a later member", "mapped"),
    # entry name last, and only an approved symbol of this species
    ("CD63_HUMAN", "", "CD63", "entry name", "mapped"),
    ("H2AFX_HUMAN", "", "", "", "not mapped"),
    # an unknown symbol of a group is no gene beside a known one
    ("P08962", "NOTAGENE1", "CD63", "accession", "mapped"),
    # an accession or an Ensembl gene may stand in place of a symbol
    ("", "P99999", "CYCS", "accession", "mapped"),
    ("", "P99998", "", "", "not mapped"),
    ("", "ENSG00000135404.12", "CD63", "Ensembl gene", "mapped"),
    ("", "", "", "", "not mapped"),
]


@pytest.mark.parametrize(("accession", "gene", "mapped", "how", "status"), RULES)
def test_which_identifier_decides(accession, gene, mapped, how, status):
    row = id_mapping(mk.harmonize_ids(experiment([(accession, gene)]))).iloc[0]
    assert (row["gene"], row["how"], row["status"]) == (mapped, how, status)


@pytest.mark.parametrize(
    ("accession", "gene", "reason"),
    [
        ("P08962;P60033", "", "members of 2 genes: the leading one counts"),
        ("P02768;P02769", "", "members of Homo sapiens and Bos taurus: the leading one counts"),
        ("P08962;P60033;P02769", "", "members of 2 genes and Homo sapiens and Bos taurus: the leading one counts"),
        ("P02769;P02768", "", "members of Bos taurus and Homo sapiens: the leading one, Bos taurus, counts"),
        ("P02769", "", "Bos taurus: no Homo sapiens gene"),
        ("TRYP_PIG", "", "Sus scrofa: no Homo sapiens gene"),
        ("A0A000XYZ1", "", "UniProt accession that is not in the gene table"),
        ("", "NOTAGENE1", "symbol that is not in the gene table"),
        ("", "", "no identifier"),
    ],
)  # fmt: skip
def test_reasons(accession, gene, reason):
    assert id_mapping(mk.harmonize_ids(experiment([(accession, gene)])))["reason"].iloc[0] == reason


def test_the_table_names_the_species_of_a_group():
    """Where neither entry name nor accession does; in Latin or in English."""
    proteins = pd.DataFrame(
        {
            "accession": ["A0A000XYZ1"] * 3,
            "gene": ["CD63"] * 3,
            "species": ["Mus musculus", "mouse", "human"],
        },
        index=["a", "b", "c"],
    )
    exp = mk.harmonize_ids(mk.Experiment(pd.DataFrame(1.0, ["s", "t"], proteins.index), None, proteins))
    assert exp.proteins["gene"].tolist() == ["", "", "CD63"]
    assert exp.proteins["species"].tolist() == ["Mus musculus", "Mus musculus", "Homo sapiens"]


def test_a_catalogue_of_another_organism_is_refused():
    with pytest.raises(InputError, match="the experiment is human and the catalog mouse"):
        mk.harmonize_ids(experiment([("P08962", "")]), catalog("mouse"))


def test_simulated_identifiers_are_those_that_harmonizing_would_give():
    """But for a gene of which the catalog and the gene table each have a symbol."""
    exp = mk.load_example()
    assert exp.harmonized
    assert exp.has_verb("harmonize_ids")
    again = mk.harmonize_ids(exp, catalog()).proteins
    for column in ("accession", "gene", "species"):
        assert again[column].equals(exp.proteins[column]), column
    table = id_mapping(exp)
    assert (table["status"] == "mapped").all()
    real = id_mapping(mk.harmonize_ids(exp, catalog())).query("reason != 'protein invented by the simulator'")
    assert (real["status"] == "mapped").mean() > 0.998


def flagged(accession, *, contaminant=True, scheme="leading", organism="mouse"):
    exp = experiment([(accession, ""), ("P41731", "")], organism)
    exp = exp.evolve("flag", proteins=exp.proteins.assign(is_contaminant=contaminant))
    return id_mapping(mk.harmonize_ids(exp, catalog(organism), scheme=scheme)).iloc[0]


@pytest.mark.parametrize(
    ("accession", "organism", "gene", "status"),
    [
        ("CON__P04264", "mouse", "Krt1", "mapped"),
        ("CON__P35908v2;CON__P35908", "mouse", "Krt2", "mapped"),
        ("CON__P35527", "rat", "Krt9", "mapped"),
        ("CON__P04264;P04104", "mouse", "Krt1", "ambiguous"),
        ("P04104;CON__P04264", "mouse", "Krt1", "ambiguous"),
        # cargo of epithelial cells, listed only, bovine and porcine entries of the same library
        ("CON__P05783", "mouse", "", "not mapped"),
        ("CON__P61626", "mouse", "", "not mapped"),
        ("CON__P02769", "mouse", "", "not mapped"),
        ("CON__P00761", "mouse", "", "not mapped"),
    ],
)
def test_human_keratins_of_a_contaminant_library_count_in_rodents(accession, organism, gene, status):
    row = flagged(accession, organism=organism)
    assert (row["gene"], row["status"]) == (gene, status)


def test_human_keratins_count_in_rodents_only_as_contaminants():
    """A study of human cells in a mouse has human keratins of its own."""
    assert flagged("P04264", contaminant=False)["gene"] == ""
    row = flagged("CON__P04264")
    assert (row["species"], row["reason"]) == (
        "Homo sapiens",
        "Homo sapiens, of a library of contaminants: counts as Krt1",
    )
    assert flagged("CON__P04264;P04104", scheme="unique")["gene"] == ""
    bare = experiment([("CON__P04264", ""), ("P41731", "")], "mouse")
    bare = bare.evolve("flag", proteins=bare.proteins.assign(is_contaminant=[True, False]))
    assert mk.harmonize_ids(bare).proteins["gene"].tolist() == ["", "Cd63"]


def test_the_keratin_source_of_a_mouse_finds_them():
    """Measured once flagged, so that skin is a share of the signal; the background stays without them."""
    accessions = ["CON__P04264", "CON__P35527", "CON__P13645", *sorted(gene_table("mouse").by_accession)[:40]]
    for n, flags in ((3, [True] * 3 + [False] * 40), (0, [False] * 43)):
        exp = experiment([(a, "") for a in accessions], "mouse")
        exp = exp.evolve("flag", proteins=exp.proteins.assign(is_contaminant=flags))
        shares = source_shares(mk.harmonize_ids(exp, catalog("mouse")), catalog("mouse")).set_index("source")
        assert (shares.loc["keratin", "n_measured"] == n).all()
        assert (shares.loc["bovine_serum", "n_measured"] == 0).all()
