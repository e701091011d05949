"""Sets of one's own beside the reference sets: from a GMT file, from a mapping, added."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import markerkit as mk
from markerkit import InputError, MarkerCatalog, MarkerkitWarning
from markerkit.catalog.load import shipped

MARKERS = shipped("human")


@pytest.fixture
def gmt(tmp_path: Path) -> Path:
    path = tmp_path / "own.gmt"
    path.write_text(
        "GO tetraspanins\tnote\tCD9\tcd63\tP60033\nGO two\tnote\tALB\tANXA5\tCD63\tHSPA8\tTSG101\tACTB\n"
    )
    return path


def test_adding_is_what_loading_with_extra_files_does(gmt) -> None:
    loaded, added = mk.load_markers(extra=[gmt]), MARKERS.add(MarkerCatalog.from_gmt(gmt))
    assert added == loaded
    assert list(added) == list(loaded)
    pd.testing.assert_frame_equal(added.table, loaded.table)
    pd.testing.assert_frame_equal(added.sets, loaded.sets)
    pd.testing.assert_frame_equal(added.unmapped, loaded.unmapped)
    assert "GO two" not in MARKERS, "the catalog itself stays as it is"


def test_lists_are_mapped_as_the_data_are() -> None:
    own = MarkerCatalog.from_dict({"t": ["cd9", "P08962", "CD81", "CD9"]})
    assert own["t"].genes == ["CD9", "CD63", "CD81"]
    assert own == MARKERS.select([]).from_dict({"t": ["CD9", "CD63", "CD81"]})
    assert MarkerCatalog.from_dict({"t": ["Cd9", "CD63"]}, organism="mouse")["t"].genes == ["Cd9", "Cd63"]


def test_rows_of_both_name_what_they_share() -> None:
    added = MARKERS.add({"mine": ["CD63", "ACTB"]}).table.set_index(["set", "gene"])["shared_with"]
    assert "exosome" in added["mine", "CD63"].split(";")
    assert "mine" not in added["mine", "CD63"]
    assert (
        added["exosome", "CD63"] == MARKERS.table.set_index(["set", "gene"])["shared_with"]["exosome", "CD63"]
    )


def test_every_form_is_taken_and_weights_of_the_reference_stay() -> None:
    added = (
        MARKERS.add({"copy": MARKERS["exosome"], "mine": ["CD9"]})
        .add(["CD9", "CD81"])
        .add(mk.load_markers().select([]).from_dict({"c": ["CD63"]}))
    )
    assert {"copy", "mine", "genes", "c"} <= set(added)
    rows = [added["copy"].table, MARKERS["exosome"].table]
    pd.testing.assert_series_equal(rows[0]["weight"], rows[1]["weight"])
    old = added.table[added.table["set"].isin(list(MARKERS))].reset_index(drop=True)
    pd.testing.assert_frame_equal(old.drop(columns="shared_with"), MARKERS.table.drop(columns="shared_with"))


def test_mouse_catalogs_take_mouse_genes() -> None:
    mouse = mk.load_markers("mouse").add({"mine": ["CD9", "Cd63"]})
    assert mouse.organism == mouse["mine"].organism == "mouse"
    assert mouse["mine"].genes == ["Cd9", "Cd63"]


@pytest.mark.parametrize(
    ("sets", "message"),
    [
        ({"exosome": ["CD9"]}, "the set id 'exosome' is taken"),
        (MARKERS["exosome"], "the set id 'exosome' is taken"),
        ({"a": "CD9"}, r"must be a list of genes; got 'CD9'. Write \['CD9'\]"),
        ("CD9", r"For one gene write \['CD9'\]"),
        ({"a": []}, "the set 'a' is empty"),
        ({}, "holds no set"),
        ({"a;b": ["CD9"]}, "cannot be called 'a;b'"),
        ({"a": ["CD9", 3]}, "holds 3, which is no gene symbol"),
        ({"a": mk.load_markers("mouse")["exosome"]}, "is of mouse, and human is asked for"),
        (mk.load_markers("mouse"), "the sets are of mouse, the catalog is of human"),
    ],
)
def test_what_is_no_set_is_refused(sets, message) -> None:
    with pytest.raises(InputError, match=message):
        MARKERS.add(sets)


def test_other_files_and_organisms_are_refused(gmt) -> None:
    with pytest.raises(InputError, match=r"no \.gmt file; markerkit\.read_markers"):
        MarkerCatalog.from_gmt("sets.tsv")
    with pytest.raises(InputError, match="`organism` must be one of"):
        MarkerCatalog.from_gmt(gmt, organism="dog")
    with pytest.raises(InputError, match=r"got the file 'h.gmt'.*load_markers\(extra=\['h.gmt'\]\)"):
        mk.load_markers("h.gmt")


def test_members_that_are_no_gene_are_named_and_listed() -> None:
    with pytest.warns(MarkerkitWarning, match="your sets: members that are no known gene.*mine: 1 of 2"):
        added = MARKERS.add({"mine": ["CD9", "FOOBAR"]})
    assert "FOOBAR" in set(added.unmapped["gene"])
