"""Files of a cohort: what is read of them, and what is refused."""

from __future__ import annotations

import pickle
import tracemalloc
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest

import markerkit as mk
from markerkit.cohort.stores import ParquetStore, open_store
from tests.cohort.studies import study, to_layout, to_parquet


@pytest.mark.parametrize("kind", ["parquet", "h5ad", "zarr"])
def test_rows_are_read_by_place(tmp_path: Path, kind: str) -> None:
    exp = study()
    store = open_store(
        to_parquet(exp, tmp_path / "c") if kind == "parquet" else to_layout(exp, tmp_path / f"c.{kind}")
    )
    assert list(store.samples.index) == list(exp.samples.index)
    assert list(store.proteins.index) == list(exp.proteins.index)
    assert list(store.samples["group"]) == list(exp.samples["group"])
    again = pickle.loads(pickle.dumps(store))
    for rows in ([0], [3, 4, 8], [13], list(range(14))):
        np.testing.assert_array_equal(again.values(np.array(rows)), exp.values.to_numpy()[rows])


def test_sparse_rows_hold_zeros_where_nothing_is_stored(tmp_path: Path) -> None:
    exp = study()
    store = open_store(to_layout(exp, tmp_path / "c.h5ad", sparse=True))
    found = store.values(np.array([2, 5]))
    np.testing.assert_array_equal(found, np.nan_to_num(exp.values.to_numpy()[[2, 5]]))


@pytest.mark.parametrize("sparse", [False, True])
def test_rows_far_apart_are_read_without_what_lies_between(tmp_path: Path, sparse: bool) -> None:
    exp = study(3_000)
    store = open_store(to_layout(exp, tmp_path / "c.h5ad", sparse=sparse))
    rows = np.array([0, 1, 60, 1_500, 2_999])
    tracemalloc.start()
    found = store.values(rows)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    expected = exp.values.to_numpy()[rows]
    np.testing.assert_array_equal(found, np.nan_to_num(expected) if sparse else expected)
    assert peak < exp.values.to_numpy().nbytes / 10


def test_a_layer_is_read_by_its_name(tmp_path: Path) -> None:
    path = to_layout(study(), tmp_path / "c.h5ad", layer="lfq")
    with pytest.raises(mk.InputError, match="holds no X; its layers are 'lfq'"):
        mk.open_cohort(path)
    assert mk.open_cohort(path, quantity="lfq").n_samples == 14
    with pytest.raises(mk.InputError, match="`quantity` must be one of"):
        mk.open_cohort(path, quantity="ibaq")


def test_imputed_values_are_missing(tmp_path: Path) -> None:
    path = to_layout(study(), tmp_path / "c.h5ad")
    marks = np.zeros(study().shape, dtype=bool)
    marks[2, 50] = True
    with h5py.File(path, "a") as root:
        root.create_group("layers").create_dataset("markerkit_imputed", data=marks)
    found = mk.open_cohort(path).reader.values(np.array([2, 3]))
    assert np.isnan(found[0, 50])
    assert np.isfinite(found[1, 50])


def test_the_scale_that_a_file_states_is_taken(tmp_path: Path) -> None:
    path = to_layout(study(), tmp_path / "c.h5ad")
    with h5py.File(path, "a") as root:
        root["X"][...] = np.log1p(root["X"][...] * 1e-3)
        root.create_group("uns").create_group("log1p")
    cohort = mk.open_cohort(path)
    assert cohort.reader.kind == "log1p"
    wanted = np.log2(study().values.to_numpy()[[4]] * 1e-3)
    np.testing.assert_allclose(cohort.reader.values(np.array([4])), wanted, rtol=1e-9)


def test_columns_with_missing_entries_are_annotation(tmp_path: Path) -> None:
    path = to_layout(study(), tmp_path / "c.h5ad")
    with h5py.File(path, "a") as root:
        group = root["obs"].create_group("age")
        group.create_dataset("values", data=np.arange(14))
        group.create_dataset("mask", data=np.arange(14) == 3)
        root["obs"].attrs["column-order"] = [*root["obs"].attrs["column-order"], "age"]
        root["obs/group/codes"][0] = -1
    found = open_store(path).samples
    assert found["age"].isna().tolist() == [i == 3 for i in range(14)]
    assert found["age"].iloc[5] == 5
    assert found["group"].isna().tolist() == [i == 0 for i in range(14)]


def test_what_cannot_be_read_in_blocks_is_refused(tmp_path: Path) -> None:
    exp = study()
    with pytest.raises(mk.InputError, match="there is no file or folder"):
        open_store(tmp_path / "absent.zarr")
    (tmp_path / "t.tsv").write_text("gene\ts1\nCD9\t1\n")
    with pytest.raises(mk.InputError, match="cannot be read in blocks; give"):
        open_store(tmp_path / "t.tsv")
    (tmp_path / "bad.h5ad").write_text("no HDF5")
    with pytest.raises(mk.InputError, match=r"'bad\.h5ad' cannot be read"):
        _ = open_store(tmp_path / "bad.h5ad").samples
    path = to_layout(exp, tmp_path / "c.h5ad")
    with h5py.File(path, "a") as root:
        root["X"].attrs["encoding-type"] = "csc_matrix"
    with pytest.raises(mk.InputError, match="as csc_matrix, of which single samples"):
        open_store(path).values(np.array([0]))
    with h5py.File(path, "a") as root:
        del root["var"]
    with pytest.raises(mk.InputError, match="has no group 'var'"):
        _ = open_store(path).samples


def test_parquet_without_names_or_with_other_columns_is_refused(tmp_path: Path) -> None:
    exp = study()
    exp.values.to_parquet(tmp_path / "n.parquet", index=False)
    with pytest.raises(mk.InputError, match="has no column of sample names"):
        mk.open_cohort(tmp_path / "n.parquet")
    folder = to_parquet(exp, tmp_path / "c")
    exp.values.iloc[:, :9].reset_index(names="sample").to_parquet(folder / "2.parquet", index=False)
    with pytest.raises(mk.InputError, match=r"'2\.parquet' has other columns than '0\.parquet'"):
        mk.open_cohort(folder)
    with pytest.raises(mk.InputError, match="is Parquet, which has none"):
        mk.open_cohort(folder, quantity="lfq")


def test_names_that_repeat_are_refused(tmp_path: Path) -> None:
    frame = study().values.reset_index(names="sample")
    frame.loc[3, "sample"] = "s00"
    frame.to_parquet(tmp_path / "c.parquet", index=False)
    with pytest.raises(mk.InputError, match="repeats the sample name 's00'"):
        mk.open_cohort(tmp_path / "c.parquet")


def test_filled_in_values_are_refused(tmp_path: Path) -> None:
    """One number far below all others says that nothing was measured; blocks cannot each judge it."""
    values = study().values.fillna(1.0)
    values.reset_index(names="sample").to_parquet(tmp_path / "c.parquet", index=False)
    with (
        pytest.warns(mk.MarkerkitWarning, match="values are 1"),
        pytest.raises(mk.InputError, match="seem to be filled in"),
    ):
        mk.open_cohort(tmp_path / "c.parquet")


def test_the_index_of_a_frame_names_the_samples(tmp_path: Path) -> None:
    study().values.to_parquet(tmp_path / "c.parquet")
    store = open_store(tmp_path / "c.parquet")
    assert isinstance(store, ParquetStore)
    assert list(store.samples.index)[:2] == ["s00", "s01"]
    assert isinstance(store.samples, pd.DataFrame)
