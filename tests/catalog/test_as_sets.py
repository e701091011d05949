"""Marker sets in every form they are taken in, and what each verb makes of them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import markerkit as mk
from markerkit import InputError, MarkerkitWarning
from markerkit.catalog import files as io
from markerkit.catalog.load import as_sets, shipped

CATALOG = shipped("human")
GENES = ["CD81", "CD63", "SDCBP"]  # measured in the example


@pytest.fixture(scope="module")
def log() -> mk.Experiment:
    return mk.load_example().pipe(mk.log2)


@pytest.fixture(scope="module")
def da(log: mk.Experiment) -> mk.results.DifferentialAbundance:
    return mk.differential_abundance(log, "~ fraction", contrast=("fraction", "EV", "lysate"))


def test_a_catalog_is_taken_as_it_is() -> None:
    assert as_sets(CATALOG) is CATALOG


def test_nothing_is_the_shipped_catalog_of_a_known_organism() -> None:
    assert as_sets(None, organism="mouse") == mk.load_markers("mouse")
    assert as_sets(None, organism="human") == CATALOG


def test_a_set_keeps_its_markers_weights_and_header() -> None:
    given = CATALOG["exosome"]
    taken = as_sets(given)
    assert list(taken) == ["exosome"]
    columns = ["gene", "accession", "role", "grade", "weight", "complex", "independent_marker", "listed_only"]
    pd.testing.assert_frame_equal(taken["exosome"].table[columns], given.table[columns])
    for name in ("title", "role", "organism", "minimum_measured", "derived_from"):
        assert getattr(taken["exosome"], name) == getattr(given, name)


def test_a_set_of_another_species_still_matches_by_accession() -> None:
    assert as_sets(CATALOG["bovine_serum"]).by_accession == {"bovine_serum"}


@pytest.mark.parametrize(
    "given",
    [
        GENES,
        tuple(GENES),
        set(GENES),
        pd.Series(GENES),
        np.array(GENES),
        iter(GENES),
    ],
)
def test_a_list_of_genes_in_any_shape(given) -> None:
    taken = as_sets(given)
    assert list(taken) == ["genes"]
    assert sorted(taken["genes"].positive) == sorted(GENES)
    assert taken.table["weight"].tolist() == [1.0, 1.0, 1.0]
    assert sorted(taken.table["independent_marker"]) == sorted(GENES)


def test_names_and_their_order_are_the_users() -> None:
    taken = as_sets({"GO:0070062 (exosome)": ["CD9", "CD9", "CD63"], "b": CATALOG["keratin"], "a": []})
    assert list(taken) == ["GO:0070062 (exosome)", "b", "a"]
    assert taken["GO:0070062 (exosome)"].positive == ["CD9", "CD63"]
    assert len(taken["a"]) == 0
    assert list(as_sets({"z": ["CD9"], "a": ["CD63"]})) == ["z", "a"]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("CD63", r"got 'CD63'. For one gene write \['CD63'\]"),
        ({"mine": "CD63"}, r"the set 'mine' must be a list of genes; got 'CD63'. Write \['CD63'\]"),
        ({"mine": 3}, "the set 'mine' must be a list of genes; got 3"),
        (["CD63", np.nan], "the set 'genes' holds nan, which is no gene symbol"),
        ([], "`markers` holds no set"),
        ({}, "`markers` holds no set"),
        (None, "`markers` must be a catalog"),
    ],
)
def test_what_is_no_set_is_refused(given, message) -> None:
    with pytest.raises(InputError, match=message):
        as_sets(given)


def test_unknown_genes_are_named_and_still_counted() -> None:
    with pytest.warns(MarkerkitWarning, match="2 genes of your sets .*: 'LAMP-1' and 'TSG1O1'"):
        taken = as_sets(["CD63", "LAMP-1", "TSG1O1"], organism="human")
    assert len(taken["genes"]) == 3
    with pytest.warns(MarkerkitWarning, match="'SEPT2' is 'SEPTIN2'"):
        as_sets(["SEPT2"], organism="human")


def test_genes_of_the_study_or_of_the_table_are_known() -> None:
    as_sets(["MY1", "CD63"], organism="human", measured={"MY1"})  # a warning would be an error
    as_sets(["CD63", "Cd63"])  # of any organism
    with pytest.warns(MarkerkitWarning, match="1 genes"):
        as_sets(["CD63", "Cd63"], organism="human")


def test_enrich_takes_every_form(da) -> None:
    one = mk.enrich(da, CATALOG["exosome"]).table
    whole = mk.enrich(da, CATALOG.select("exosome")).table
    genes = mk.enrich(da, GENES).table
    named = mk.enrich(da, {"mine": GENES}).table
    pd.testing.assert_frame_equal(one, whole)
    assert genes["set"].tolist() == ["genes"]
    assert named["set"].tolist() == ["mine"]
    assert genes["n_set"].tolist() == [3]
    assert genes["pvalue"][0] == named["pvalue"][0]
    assert genes[["status", "n_measured"]].iloc[0].tolist() == ["tested", 3]


def test_score_and_coverage_take_every_form(log) -> None:
    scores = mk.score_samples(log, {"mine": GENES}).table
    assert set(scores["set"]) == {"mine"}
    assert (scores["n_set"] == 3).all()
    pd.testing.assert_series_equal(
        mk.score_samples(log, CATALOG["exosome"]).table["score"],
        mk.score_samples(log, CATALOG.select("exosome")).table["score"],
    )
    with pytest.warns(MarkerkitWarning, match="'NOTAGENE'"):
        covered = mk.coverage(log, [*GENES, "NOTAGENE"]).table
    assert covered[["set", "n_set", "n_measured", "not_measured"]].iloc[0].tolist() == [
        "genes",
        4,
        3,
        "NOTAGENE",
    ]


def test_read_markers_is_public(tmp_path) -> None:
    path = tmp_path / "mine.gmt"
    path.write_text("mine\tmy set\tCD9\tCD63\n", encoding="utf-8")
    assert mk.read_markers(path)["mine"].positive == ["CD9", "CD63"]


def test_lists_make_the_table_that_their_records_would() -> None:
    sets = {"a": ["CD9", "CD63"], "b": [], "c": ["CD63"]}
    quick = mk.MarkerCatalog.of_lists(sets)
    records = [io.record_of_list(name, genes) for name, genes in sets.items()]
    slow = mk.MarkerCatalog(records)
    pd.testing.assert_frame_equal(quick.table, slow.table)
    pd.testing.assert_frame_equal(quick.sets, slow.sets)
    assert quick == slow
