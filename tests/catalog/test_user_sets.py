"""Genes of a user's sets are mapped as those of the data are."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest

import markerkit as mk
from markerkit import InputError, MarkerkitWarning


def read(tmp_path: Path, name: str, text: str, **more):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return mk.read_markers(path, **more)


MEMBERS = [
    ("CD63\tCD81\tCD9", ["CD63", "CD81", "CD9"]),
    ("cd63\tCd81\tcd9", ["CD63", "CD81", "CD9"]),
    ("967\t975\t928", ["CD63", "CD81", "CD9"]),
    ("ENSG00000135404\tENSG00000110651.9\tENSG00000010278", ["CD63", "CD81", "CD9"]),
    ("P08962\tP60033\tP21926", ["CD63", "CD81", "CD9"]),
    ("ALIX\tSEPT2\t7-Sep", ["PDCD6IP", "SEPTIN2", "SEPTIN7"]),
    ("CD63,1.0\tCD81,0.5\tCD9,-2", ["CD63", "CD81", "CD9"]),
    ("PDCD6IP\tALIX\tCD63", ["PDCD6IP", "CD63"]),
]


@pytest.mark.parametrize(("members", "genes"), MEMBERS)
def test_members_are_mapped(tmp_path: Path, members: str, genes: list[str]) -> None:
    catalog = read(tmp_path, "mine.gmt", f"MINE\tx\t{members}\n")
    assert catalog["MINE"].positive == genes
    assert catalog.unmapped.empty


def test_members_of_a_mouse_set(tmp_path: Path) -> None:
    catalog = read(tmp_path, "m.gmt", "M\tx\tCD63\tENSMUSG00000037706\tP40240\n", organism="mouse")
    assert catalog["M"].positive == ["Cd63", "Cd81", "Cd9"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.csv", "set,gene\na,CD63\na,ALIX\n"),
        ("a.csv", "set;gene\na;CD63\na;ALIX\n"),
        ("a.tsv", "set\tgene\na\tCD63\na\tALIX\n"),
        ("a.txt", "CD63\nALIX\n"),
        ("a.txt", "gene\nCD63\nALIX\n"),
        ("a.toml", 'markers = [{ gene = "CD63" }, { gene = "ALIX" }]\n'),
    ],
)
def test_every_format(tmp_path: Path, name: str, text: str) -> None:
    assert read(tmp_path, name, text)["a"].positive == ["CD63", "PDCD6IP"]


def test_names_of_enrichr_are_accepted(tmp_path: Path) -> None:
    catalog = read(tmp_path, "e.gmt", "extracellular exosome (GO:0070062)\t\tCD63\tCD81\tCD9\n")
    assert list(catalog) == ["extracellular exosome (GO:0070062)"]


def test_what_is_no_gene_stays_a_member_and_is_said(tmp_path: Path) -> None:
    text = "MINE\tx\tCD63\tCD81\tNP_000468.1\tQQQ1\n"
    with pytest.warns(MarkerkitWarning, match=r"count as not measured \(MINE: 2 of 4\)") as said:
        catalog = read(tmp_path, "m.gmt", text)
    assert "RefSeq identifier, for which there is no table: 'NP_000468.1'" in str(said[0].message)
    assert catalog["MINE"].positive == ["CD63", "CD81", "NP_000468.1", "QQQ1"]
    reasons = catalog.unmapped.set_index("gene")["reason"].to_dict()
    assert reasons["QQQ1"] == "symbol that is not in the gene table"
    assert set(reasons) == {"NP_000468.1", "QQQ1"}


@pytest.mark.parametrize(("n_known", "said"), [(9, True), (10, False)])
def test_a_tenth_of_a_set_is_said(tmp_path: Path, n_known: int, said: bool) -> None:
    genes = ["CD63", "CD81", "CD9", "ALB", "CANX", "ACTB", "TSG101", "SDCBP", "FLOT1", "ANXA5"][:n_known]
    with warnings.catch_warnings(record=True) as notes:
        warnings.simplefilter("always")
        catalog = read(tmp_path, "m.gmt", "\t".join(["MINE", "x", *genes, "QQQ1"]) + "\n")
    assert bool(notes) == said
    assert len(catalog.unmapped) == 1


def test_two_names_of_one_gene_on_both_sides_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="PDCD6IP and ALIX are names of one gene, PDCD6IP"):
        read(tmp_path, "m.gmt", "A\tx\tPDCD6IP\tCD9\nA_negative\tx\tALIX\n")


def test_sets_beside_the_reference_are_mapped_too(tmp_path: Path) -> None:
    path = tmp_path / "m.gmt"
    path.write_text("MINE\tx\tcd63\t975\tQQQ1\n")
    with pytest.warns(MarkerkitWarning, match="MINE: 1 of 3"):
        catalog = mk.load_markers(extra=[path])
    assert catalog["MINE"].positive == ["CD63", "CD81", "QQQ1"]
    assert catalog.unmapped["gene"].tolist() == ["QQQ1"]
    assert len(catalog) == len(mk.load_markers()) + 1


def test_the_reference_catalog_maps_to_itself(tmp_path: Path) -> None:
    """Its genes are approved symbols, so that an export is read back as it is."""
    catalog = mk.load_markers()
    path = tmp_path / "all.gmt"
    catalog.to_gmt(path)
    again = mk.read_markers(path)
    for key in again:
        weighted = catalog[key].table.query("weight > 0 and role == 'positive'")["gene"]
        assert sorted(again[key].positive) == sorted(weighted), key
