"""The table registry."""

import dataclasses
import re

import pandas as pd
import pytest

from markerkit.catalog.criteria import load_criteria
from markerkit.tables.registry import DETECTABLE, F_TESTS, PEPTIDE_TABLES, TABLES
from markerkit.tables.spec import Column, to_tsv

ALL = {**TABLES, **PEPTIDE_TABLES, DETECTABLE.name: DETECTABLE, F_TESTS.name: F_TESTS}


@pytest.mark.parametrize("spec", ALL.values(), ids=ALL)
def test_columns_are_unique_described_and_survive_a_round_trip(spec):
    assert len(set(spec.names)) == len(spec.names)
    assert all(c.description and c.kind in {"str", "float", "int", "bool"} for c in spec.columns)
    empty = spec.empty()
    assert list(empty.columns) == spec.names
    assert empty.empty
    pd.testing.assert_frame_equal(spec.conform(empty), empty)


@pytest.mark.parametrize("spec", ALL.values(), ids=ALL)
def test_conform_gives_every_column_its_kind_and_fills_what_is_absent(spec):
    first = spec.columns[0]
    value = {"str": "x", "float": 1.5, "int": 2, "bool": True}[first.kind]
    table = spec.conform(pd.DataFrame({first.name: [value]}))
    assert table[first.name].tolist() == [value]
    kinds = {"str": "object", "float": "float64", "int": "Int64", "bool": "boolean"}
    assert [str(t) for t in table.dtypes] == [kinds[c.kind] for c in spec.columns]
    for column in spec.columns[1:]:
        held = table[column.name].iloc[0]
        assert held == "" if column.kind == "str" else pd.isna(held)


def test_an_undeclared_column_is_refused():
    with pytest.raises(ValueError, match="undeclared columns"):
        TABLES["coverage"].conform(pd.DataFrame({"nonsense": [1]}))


def test_a_declaration_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Column("a", "str", "b").name = "c"


@pytest.mark.parametrize("spec", ALL.values(), ids=ALL)
def test_stated_interval_levels_are_those_of_the_criteria(spec):
    """Identity states the level of classes; every other table that states one, that of sources."""
    threshold = load_criteria().threshold
    level = threshold["class_confidence"] if spec.name == "identity" else threshold["confidence"]
    stated = [
        float(found)
        for c in spec.columns
        for found in re.findall(r"(\d+(?:\.\d+)?) % interval", c.description)
    ]
    assert all(s == pytest.approx(100 * level) for s in stated)
    for c in spec.columns:
        for found in re.findall(r"one-sided test at (\d+(?:\.\d+)?) %", c.description):
            assert float(found) == pytest.approx(50 * (1 - level))
        for found in re.findall(r"with (\d+(?:\.\d+)?) % power", c.description):
            assert float(found) == pytest.approx(100 * threshold["power"])


def test_levels_are_stated_where_they_are_fixed():
    for name in ("identity", "purity", "source_shares", "contamination_fraction", "differential_abundance"):
        low = next(c for c in TABLES[name].columns if c.name == "ci_low")
        assert "% interval" in low.description or "`level`" in low.description


def test_tsv_holds_one_line_per_row_whatever_the_text():
    table = pd.DataFrame({"a": [0.1 + 0.2, float("nan")], "b": ["two\nlines\tand a tab", ""]})
    assert to_tsv(table) == "a\tb\n0.3\ttwo lines and a tab\n\t\n"
