"""Libraries of many sets: the same answers as set by set, without a pass over all of them for each."""

from __future__ import annotations

from pathlib import Path

import pytest

import markerkit as mk
from markerkit.catalog.lines import line_of
from markerkit.catalog.load import validate


@pytest.fixture(scope="module")
def catalog() -> mk.MarkerCatalog:
    return mk.load_markers()


def test_line_of_a_gene_is_that_of_the_whole_word() -> None:
    text = "a\tCD9L1\nb\tCD9\tHLA-A\nc\tCD9\tHLA-A.1\nd\tan old name\n"
    assert [line_of(text, g) for g in ("CD9", "CD9L1", "HLA-A", "HLA", "A", "an old name", "CD63", "")] == [
        2, 1, 2, 0, 0, 4, 0, 0,
    ]  # fmt: skip
    assert line_of(text, "CD9", repeated=True) == 3


def test_findings_on_a_library_name_the_line_that_first_has_the_gene(tmp_path: Path) -> None:
    path = tmp_path / "mine.gmt"
    path.write_text("one\tx\tCD9\tCD63\ntwo\tx\tCD81\tCD9\n", encoding="utf-8")
    found = validate(path)
    lines = found[found["finding"] == "no accession"].set_index(["set", "gene"])["line"].to_dict()
    assert lines == {("one", "CD9"): 1, ("one", "CD63"): 1, ("two", "CD81"): 2, ("two", "CD9"): 1}


def test_negative_members_of_a_gmt_set_join_it_wherever_they_stand(tmp_path: Path) -> None:
    path = tmp_path / "mine.gmt"
    path.write_text("one\tx\tCD9\ntwo\tx\tCD81\none_negative\tx\tCANX\n", encoding="utf-8")
    sets = mk.read_markers(path)
    assert list(sets) == ["one", "two"]
    assert (sets["one"].positive, sets["one"].negative) == (["CD9"], ["CANX"])
    path.write_text("one\tx\tCD9\ntwo\tx\tCD81\none\tx\tCANX\n", encoding="utf-8")
    with pytest.raises(mk.InputError, match="line 3: set 'one' is there twice"):
        mk.read_markers(path)


def test_counts_of_the_sets_are_those_of_each(catalog: mk.MarkerCatalog) -> None:
    counts = catalog.sets.set_index("set")
    for name in catalog:
        one = catalog[name]
        weighted = (one.table["role"] == "positive") & (one.table["weight"] > 0)
        found = counts.loc[name, ["n_positive", "n_negative", "n_weighted"]].tolist()
        assert found == [len(one.positive), len(one.negative), int(weighted.sum())], name


def test_overlap_is_that_of_the_sets_of_genes(catalog: mk.MarkerCatalog) -> None:
    shared = catalog.overlap()
    names = list(catalog)
    assert list(shared.index) == list(shared.columns) == names
    genes = {name: set(catalog[name].positive) for name in names}
    for first in names[::5]:
        assert shared.loc[first].to_dict() == {n: len(genes[first] & genes[n]) for n in names}


def test_a_name_is_looked_up_without_making_its_set(catalog: mk.MarkerCatalog) -> None:
    assert "exosome" in catalog
    assert "no such set" not in catalog
    assert 1 not in catalog
    assert list(catalog.select(["ribosome", "exosome"])) == [
        n for n in catalog if n in ("exosome", "ribosome")
    ]
