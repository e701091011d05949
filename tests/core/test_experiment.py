"""Experiment: labels, scales, views, and user data that stays as it is."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import markerkit as mk
from markerkit import Experiment, InputError
from markerkit.core.experiment import IMPUTED_BELOW
from markerkit.core.genes import looks_transposed

GENES = ["CD63", "CD9", "ACTB", "KRT1", "HSPA8"]


def matrix(rows: int = 3, columns: int = 5) -> pd.DataFrame:
    """Values 1, 2, 3, ... so that every cell can be known by its number."""
    numbers = np.arange(1.0, rows * columns + 1).reshape(rows, columns)
    return pd.DataFrame(numbers, index=[f"s{i}" for i in range(rows)], columns=GENES[:columns])


def sheet(values: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame({"fraction": [f"of {s}" for s in values.index]}, index=values.index)


def genes(values: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame({"gene": list(values.columns)}, index=values.columns)


# ---- labels -------------------------------------------------------------------------


def test_annotation_is_aligned_by_name() -> None:
    values = matrix()
    exp = Experiment(values, sheet(values).iloc[::-1], genes(values).iloc[::-1])
    assert list(exp.samples.index) == list(values.index)
    assert list(exp.samples["fraction"]) == ["of s0", "of s1", "of s2"]
    assert list(exp.proteins["gene"]) == list(values.columns)


def test_imputed_marks_are_aligned_by_name() -> None:
    values = matrix()
    marks = values == 2.0
    exp = Experiment(values, imputed=marks.iloc[::-1, ::-1])
    assert exp.imputed.equals(marks.rename_axis(index="sample", columns="protein"))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s: s.iloc[1:], r"`samples` has no row for 's0'; add it"),
        (lambda s: pd.concat([s, s.set_axis(["x", "y", "z"])]), "`samples` has a row for 'x', 'y' and 'z', which"),
        (lambda s: s.iloc[[0, 0, 1]], "`samples` names 's0' twice"),
    ],
)  # fmt: skip
def test_annotation_with_other_labels_is_refused(change, message) -> None:
    values = matrix()
    with pytest.raises(InputError, match=message):
        Experiment(values, change(sheet(values)))


def test_marks_with_other_proteins_are_refused() -> None:
    values = matrix()
    with pytest.raises(InputError, match="`imputed`, by protein, has no row for 'CD63'"):
        Experiment(values, imputed=(values > 99).drop(columns="CD63"))


# ---- transposed input ---------------------------------------------------------------


def test_sample_sheet_on_the_other_axis_is_refused() -> None:
    """Made-up names, so that only the sheet tells."""
    values = pd.DataFrame(np.ones((4, 2)), index=["p1", "p2", "p3", "p4"], columns=["a", "b"])
    with pytest.raises(
        InputError, match=r"transposed: the labels of `samples` are on its other axis.*`values\.T`"
    ):
        Experiment(values, pd.DataFrame({"fraction": ["EV", "lysate"]}, index=["b", "a"]))
    assert Experiment(values.T, pd.DataFrame({"fraction": ["EV", "lysate"]}, index=["b", "a"])).n_samples == 2


@pytest.mark.parametrize(
    "names",
    [GENES, ["P08962", "P60033-2", "CON__P02769", "P21926;Q99999", "A0A024R161"], ["cd63", "ALBU_BOVIN", "ENSMUSP00000000001", "x", "y"]],
)  # fmt: skip
def test_proteins_in_the_rows_are_refused(names) -> None:
    values = pd.DataFrame(np.ones((5, 3)), index=names, columns=["EV1", "EV2", "cells"])
    with pytest.raises(InputError, match=r"5 rows such as .* look like proteins"):
        Experiment(values)
    assert Experiment(values.T).n_proteins == 5


@pytest.mark.parametrize(
    ("rows", "columns", "expected"),
    [
        (["CD63", "CD9", "x", "y"], ["a", "b", "c"], True),  # half of the names
        (["CD63", "w", "x", "y"], ["a", "b", "c"], False),  # less than half
        (["CD63", "CD9", "x"], ["a", "b", "c"], False),  # no more rows than columns
        (["CD63", "CD9", "x", "y"], ["ACTB", "KRT1", "c"], False),  # the columns look like proteins too
        (["CD63", "CD9", "x", "y"], ["ACTB", "b", "c"], True),
        (["WT1", "WT2", "KO1", "KO2"], ["n1", "n2", "n3"], False),  # WT1 is a gene and a sample name
    ],
)
def test_when_a_matrix_looks_transposed(rows, columns, expected) -> None:
    assert looks_transposed(rows, columns, "human") is expected


# ---- scales -------------------------------------------------------------------------


def test_log2_view() -> None:
    values = matrix().replace(1.0, 0.0)
    exp = Experiment(values)
    logs = exp.logged()
    assert logs.scale == "log2"
    assert np.isnan(logs.matrix[0, 0])
    assert logs.matrix[0, 3] == 2.0
    assert logs.history == ({"verb": "zeros_to_missing", "n_zero_to_missing": 1}, {"verb": "log2"})
    assert exp.logged() is logs, "made once"
    assert logs.logged() is logs
    ratios = Experiment(matrix() - 3, scale="ratio")
    assert ratios.logged() is ratios
    pd.testing.assert_frame_equal(mk.log2(exp).values, logs.values)


def test_linear_with_and_without_decoys() -> None:
    values = matrix()
    proteins = genes(values).assign(is_decoy=[False, True, False, False, True])
    raw = Experiment(values, None, proteins)
    assert list(raw.linear().columns) == GENES
    assert list(raw.linear(decoys=False).columns) == ["CD63", "ACTB", "KRT1"]
    assert raw.targets.tolist() == [True, False, True, True, False]
    logs = Experiment(values, None, proteins, "log2")
    assert logs.linear(decoys=False).loc["s0", "ACTB"] == 8.0
    with pytest.raises(InputError, match="no linear abundance"):
        Experiment(values, None, proteins, "ratio").linear(decoys=False)


@pytest.mark.parametrize(("holes", "known"), [(19, False), (20, True), (21, True)])
def test_presence_needs_five_percent_of_missing_values(holes: int, known: bool) -> None:
    """20 of 400 values are the limit; a protein that was never measured counts for nothing."""
    numbers = np.ones((20, 21))
    numbers[:, 20] = np.nan
    for i in range(holes):
        numbers[i % 20, (i + i // 20) % 20] = np.nan
    exp = Experiment(pd.DataFrame(numbers, columns=[f"p{i}" for i in range(21)]))
    assert exp.missing == pytest.approx(holes / 400)
    assert exp.presence_known is known
    assert exp.approximate is not known
    assert IMPUTED_BELOW == 0.05


def test_nothing_measured_is_all_missing() -> None:
    assert Experiment(pd.DataFrame({"CD63": [np.nan]})).missing == 1.0


# ---- history ------------------------------------------------------------------------


def test_provenance_is_that_of_the_reader() -> None:
    read = {"verb": "read_proteins", "software": "maxquant", "scale": "log2"}
    exp = Experiment(matrix(), history=[{"verb": "other"}, read])
    assert exp.provenance == read
    assert exp.approximate
    assert Experiment(matrix()).provenance == {}
    exp.provenance["software"] = "changed"  # type: ignore[index]
    assert exp.provenance["software"] == "maxquant"


def test_one_truth_on_harmonized_identifiers() -> None:
    from markerkit.ids.harmonize import id_mapping

    exp = Experiment(matrix(), history=[{"verb": "harmonize_ids"}])
    assert not exp.harmonized, "a line of history is no identifier"
    with pytest.raises(InputError, match="call harmonize_ids first"):
        id_mapping(exp)
    done = mk.harmonize_ids(exp)
    assert done.harmonized
    assert done.select(samples=["s0"]).harmonized
    assert done.pipe(mk.log2).harmonized
    assert set(id_mapping(done)["status"]) == {"mapped"}


# ---- user data ----------------------------------------------------------------------


def test_frames_handed_out_and_in_do_not_change_the_experiment() -> None:
    values, marks = matrix(), matrix() == 2.0
    samples, proteins = sheet(values), genes(values)
    exp = Experiment(values, samples, proteins, imputed=marks)
    for frame, cell in ((values, 99.0), (samples, "x"), (proteins, "x"), (marks, True)):
        frame.iloc[0, 0] = cell
    for out, cell in (
        (exp.values, 77.0),
        (exp.samples, "y"),
        (exp.proteins, "y"),
        (exp.imputed, True),
        (exp.linear(), 77.0),
    ):
        out.iloc[0, 0] = cell
        out.index.name = "changed"
        out["new"] = 1
        out["fraction" if "fraction" in out else GENES[0]] = "z"
    assert exp.values.equals(matrix().rename_axis(index="sample", columns="protein"))
    assert exp.samples.iloc[0, 0] == "of s0"
    assert exp.proteins.iloc[0, 0] == "CD63"
    assert exp.n_imputed == 1
    assert exp.values.index.name == "sample"
    with pytest.raises(ValueError, match="read-only"):
        exp.matrix[0, 0] = 5.0
    with pytest.raises(ValueError, match="read-only"):
        exp.targets[0] = False


def test_anndata_says_what_it_needs() -> None:
    try:
        import anndata  # noqa: F401
    except ImportError:
        with pytest.raises(InputError, match="pip install anndata"):
            Experiment(matrix()).to_anndata()
    else:
        assert Experiment.from_anndata(Experiment(matrix()).to_anndata()).values.equals(
            Experiment(matrix()).values
        )


# ---- slicing ------------------------------------------------------------------------


def frame() -> Experiment:
    values = matrix(4, 5)
    proteins = genes(values).assign(gene=["CD63", "CD9", "ACTB", "CD9", ""])
    return Experiment(values.set_axis(list("abcde"), axis=1), sheet(values), proteins.set_axis(list("abcde")))


def test_length_and_shape() -> None:
    assert frame().shape == (4, 5)
    assert len(frame()) == 4
    with pytest.raises(TypeError, match="not iterable"):
        list(frame())


@pytest.mark.parametrize(
    ("key", "samples", "proteins"),
    [
        ("s1", ["s1"], "abcde"),
        (["s2", "s0", "s2"], ["s2", "s0"], "abcde"),
        (pd.Index(["s1"]), ["s1"], "abcde"),
        (slice(1, 3), ["s1", "s2"], "abcde"),
        (slice(None, None, -2), ["s3", "s1"], "abcde"),
        ([True, False, False, True], ["s0", "s3"], "abcde"),
        (np.array([False, True, False, False]), ["s1"], "abcde"),
        (pd.Series([True, False, False, False], ["s3", "s2", "s1", "s0"]), ["s3"], "abcde"),
        ((slice(None), "b"), ["s0", "s1", "s2", "s3"], "b"),
        ((slice(None), "CD9"), ["s0", "s1", "s2", "s3"], "bd"),
        ((slice(None), ["ACTB", "CD63"]), ["s0", "s1", "s2", "s3"], "ca"),
        ((["s1"], slice(-2, None)), ["s1"], "de"),
        (("s0", [False, False, True, False, True]), ["s0"], "ce"),
    ],
)
def test_brackets_take_names_masks_and_slices(key, samples, proteins) -> None:
    exp = frame()
    part = exp[key]
    assert list(part.samples.index) == samples
    assert list(part.proteins.index) == list(proteins)
    pd.testing.assert_frame_equal(part.values, exp.values.loc[samples, list(proteins)])
    assert list(part.samples["fraction"]) == [f"of {s}" for s in samples]
    assert part.history == exp.history


@pytest.mark.parametrize(
    ("key", "error", "message"),
    [
        ("s9", KeyError, r"no sample 's9' in the experiment"),
        ("CD63", KeyError, "no sample 'CD63'"),
        ((slice(None), "CD36"), KeyError, "no protein or gene 'CD36'.*Did you mean 'CD63'"),
        ((slice(None), ["CD63", "XYZ"]), KeyError, r"no protein or gene 'XYZ'.*isin\(genes\)"),
        ((slice(None), "s1"), KeyError, "no protein or gene 's1'"),
        ((slice(None), ""), KeyError, "no protein or gene ''"),
        (0, KeyError, r"no sample 0 .*slice: exp\[:3\]"),
        (slice("s0", "s2"), TypeError, "goes by position"),
        (np.ones((2, 2)), TypeError, "one dimension"),
        ([True, False], InputError, "the mask of samples has 2 values, and there are 4 samples"),
        (pd.Series([True, False, True, True], list("wxyz")), InputError, "other labels than the experiment"),
        (("s0", "s1", "s2"), InputError, "takes two selections; got 3"),
        ([], InputError, "the matrix is empty: 0 samples"),
        ([False] * 4, InputError, "the matrix is empty: 0 samples"),
    ],
)
def test_brackets_refuse(key, error, message) -> None:
    with pytest.raises(error, match=message):
        frame()[key]


def test_a_slice_keeps_the_marks_of_imputed_values() -> None:
    exp = mk.impute(mk.log2(Experiment(matrix(4, 5).mask(matrix(4, 5) == 7.0))), method="mindet")
    assert exp[["s1"], ["CD9"]].n_imputed == 1
    assert exp[["s1"], ["ACTB"]].n_imputed == 0


# ---- what can be measured -------------------------------------------------------------


def test_a_raw_zero_is_missing_for_every_verb() -> None:
    values = matrix().replace(1.0, 0.0)
    exp = Experiment(values)
    assert (values == 0).to_numpy().sum() == 1, "the frame of the user keeps it"
    pd.testing.assert_frame_equal(exp.values, Experiment(values.replace(0.0, np.nan)).values)
    assert exp.missing > 0
    assert exp.evolve("x").history == (*exp.history, {"verb": "x"}), "counted once"
    ratios = Experiment(matrix() * 0, scale="ratio")
    assert not np.isnan(ratios.matrix).any()
    assert ratios.history == ()


@pytest.mark.parametrize(
    ("scale", "value", "refused"),
    [
        ("raw", 1e30, False),
        ("raw", 1.1e30, True),
        ("raw", 1e-30, False),
        ("raw", 0.9e-30, True),
        ("raw", 5e-324, True),
        ("log2", 64.0, False),
        ("log2", 64.1, True),
        ("log2", -100.0, False),
        ("log2", -100.1, True),
        ("ratio", -1e300, True),
    ],
)
def test_values_that_no_instrument_measures(scale: str, value: float, refused: bool) -> None:
    values = matrix()
    values.iloc[0, 0] = value
    if not refused:
        assert Experiment(values, scale=scale).matrix[0, 0] == value
        return
    with pytest.raises(mk.InputError, match="in sample 's0', protein"):
        Experiment(values, scale=scale)
