"""Experiments under one another: nothing is lost, nothing is mixed up, and what cannot be one is refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import markerkit as mk
from markerkit import Experiment, InputError, MarkerkitWarning


def study(samples: str, proteins: str, start: float = 1.0, **columns: object) -> Experiment:
    numbers = np.arange(start, start + len(samples) * len(proteins)).reshape(len(samples), len(proteins))
    values = pd.DataFrame(numbers, index=list(samples), columns=list(proteins))
    about = pd.DataFrame({"gene": [f"G{p.upper()}" for p in proteins]} | columns, index=values.columns)
    return Experiment(values, pd.DataFrame({"group": list(samples)}, index=values.index), about)


def test_union_of_proteins_and_all_samples() -> None:
    both = mk.concat([study("st", "ab"), study("uv", "bc", 10.0)])
    expected = pd.DataFrame(
        [[1.0, 2.0, np.nan], [3.0, 4.0, np.nan], [np.nan, 10.0, 11.0], [np.nan, 12.0, 13.0]],
        index=pd.Index(list("stuv"), name="sample"),
        columns=pd.Index(list("abc"), name="protein"),
    )
    pd.testing.assert_frame_equal(both.values, expected)
    assert both.proteins["gene"].tolist() == ["GA", "GB", "GC"]
    assert both.samples["group"].tolist() == list("stuv")


def test_halves_give_the_whole_back() -> None:
    exp = mk.load_example()
    whole = mk.concat([exp[:5], exp[5:]])
    pd.testing.assert_frame_equal(whole.values, exp.values)
    pd.testing.assert_frame_equal(whole.samples, exp.samples)
    pd.testing.assert_frame_equal(whole.proteins, exp.proteins)


def test_names_of_studies_go_into_a_column_and_onto_samples() -> None:
    both = mk.concat({"one": study("st", "ab"), "two": study("st", "ab", 9.0)}, suffix=True, column="lab")
    assert list(both.samples.index) == ["s_one", "t_one", "s_two", "t_two"]
    assert both.samples["lab"].tolist() == ["one", "one", "two", "two"]
    assert list(mk.concat([study("s", "ab"), study("s", "ab")], suffix=True).samples.index) == ["s_1", "s_2"]


def test_annotation_of_a_protein_in_several() -> None:
    first = study(
        "s", "ab", is_contaminant=[True, False], n_peptides=[2.0, 5.0], accession=["", "P1"], note=["x", "y"]
    )
    second = study(
        "t",
        "ab",
        is_contaminant=[False, False],
        n_peptides=[7.0, np.nan],
        accession=["P0", "P1"],
        extra=[1.0, 2.0],
    )
    found = mk.concat([first, second]).proteins
    assert found["is_contaminant"].tolist() == [True, False]
    assert found["n_peptides"].tolist() == [7.0, 5.0]
    assert found["accession"].tolist() == ["P0", "P1"]
    assert found["note"].tolist() == ["x", "y"]
    assert found["extra"].tolist() == [1.0, 2.0]
    assert found["is_contaminant"].dtype == bool


def test_histories_are_kept_and_imputed_values_stay_marked() -> None:
    first, second = (
        mk.log2(study(s, "abc").evolve("read_proteins", {"scale": scale}))
        for s, scale in (("st", "raw"), ("uv", "log2"))
    )
    both = mk.concat({"a": first, "b": second})
    assert [(h["verb"], h.get("part")) for h in both.history] == [
        ("read_proteins", "a"), ("log2", "a"), ("read_proteins", "b"), ("log2", "b"), ("concat", None)
    ]  # fmt: skip
    assert both.approximate, "one of the two was read as logarithms"
    whole = study("wx", "abc")
    holes = mk.log2(Experiment(whole.values.mask(whole.values == 5.0), proteins=whole.proteins))
    with pytest.warns(MarkerkitWarning, match="different steps: 1: log2, impute; 2: log2"):
        filled = mk.concat([mk.impute(holes, method="mindet"), mk.log2(study("st", "abc"))])
    assert filled.n_imputed == 1
    assert filled.imputed.loc["x", "b"]
    with pytest.raises(InputError, match="1 values of this experiment were imputed"):
        filled.refuse_imputed()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            lambda: [study("st", "ab"), study("tu", "ab")],
            "1 sample names are in several experiments.*suffix=True",
        ),
        (lambda: [study("st", "ab"), mk.log2(study("uv", "ab"))], r"differ in `scale` \(1: raw, 2: log2\)"),
        (
            lambda: [study("st", "ab"), Experiment(study("uv", "ab").values, organism="mouse")],
            "differ in `organism`",
        ),
        (
            lambda: [study("st", "ab"), study("uv", "ab", map_status="mapped")],
            "differ in `harmonized`.*harmonize_ids",
        ),
        (lambda: [study("st", "ab")], "holds 1 experiment"),
        (lambda: study("st", "ab"), "a list of experiments, or a mapping"),
        (lambda: [study("st", "ab"), study("uv", "ab").values], "holds DataFrame as '2'"),
        (lambda: {"a": study("st", "ab"), "b": study("uv", "ab")}, "have a column 'group' already"),
    ],
)
def test_what_cannot_be_one_is_refused(given, message) -> None:
    with pytest.raises(InputError, match=message):
        mk.concat(given(), column="group")


def test_other_identifiers_of_one_group_are_named() -> None:
    other = study("u", "ab")
    renamed = other.evolve("x", proteins=other.proteins.assign(gene=["GA", "OTHER"]))
    with pytest.warns(MarkerkitWarning) as caught:
        both = mk.concat([study("s", "ab"), renamed])
    assert any("1 protein groups have another gene or accession" in str(w.message) for w in caught)
    assert both.proteins.loc["b", "gene"] == "GB"
