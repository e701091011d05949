"""A small study in the files of a cohort, and the same in memory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd
import zarr
from numpy.dtypes import StringDType

import markerkit as mk
from markerkit.core.experiment import Experiment

CONTRAST = mk.Contrast("group", "case", "control", batch="plate")


def study(n: int = 14, seed: int = 3) -> Experiment:
    """Raw values with gaps, a blank, a sample without a value's worth of a group, and genes with several groups."""
    rng = np.random.default_rng(seed)
    genes = sorted(set(mk.load_markers().table["gene"]) - {""})[::4]
    genes += [f"{g}_2" for g in genes[:20]]  # further protein groups of the same genes
    logs = rng.normal(22, 3, len(genes)) + rng.normal(0, 1, (n, len(genes)))
    gaps = rng.random(logs.shape) < 1 / (1 + np.exp(logs - 19))
    gaps[:, 40:100] = False  # enough proteins in every sample for its middle
    logs[gaps] = np.nan
    logs[: n // 2, 5:25] += 1.5
    logs[n - 1, 100:] = np.where(rng.random(len(genes) - 100) < 0.8, np.nan, logs[n - 1, 100:])
    names = [f"s{i:02d}" for i in range(n)]
    samples = pd.DataFrame(
        {
            "group": ["case" if i < n // 2 else "control" for i in range(n - 2)] + ["other", "blank"],
            "plate": [("p1", "p2", "p3")[i % 3] for i in range(n)],
            "role": [""] * (n - 1) + ["blank"],
        },
        index=names,
    )
    proteins = pd.DataFrame({"gene": [g.removesuffix("_2") for g in genes]}, index=genes)
    return Experiment(pd.DataFrame(np.exp2(logs), index=names, columns=genes), samples, proteins)


def to_parquet(exp: Experiment, folder: Path, *, files: int = 2, rows: int = 4) -> Path:
    """One row per sample, in several files of several row groups; annotation of text beside the values."""
    folder.mkdir()
    frame = pd.concat([exp.samples[["group"]], exp.values], axis=1).reset_index(names="sample")
    for i, part in enumerate(np.array_split(np.arange(len(frame)), files)):
        frame.iloc[part].to_parquet(folder / f"{i}.parquet", index=False, row_group_size=rows)
    return folder


def to_layout(exp: Experiment, path: Path, *, sparse: bool = False, layer: str | None = None) -> Path:
    """Layout of AnnData as its version 0.12 writes it, in HDF5 or Zarr by the name of the file."""
    if path.suffix == ".h5ad":
        with h5py.File(path, "w") as root:
            _fill(root, exp, sparse=sparse, layer=layer)
    else:
        _fill(zarr.open_group(path, mode="w"), exp, sparse=sparse, layer=layer)
    return path


def _fill(root: Any, exp: Experiment, *, sparse: bool, layer: str | None) -> None:
    values = exp.values.to_numpy()
    place = root.create_group("layers") if layer else root
    name = layer or "X"
    if sparse:
        full = np.nan_to_num(values)
        group = place.create_group(name)
        group.attrs["encoding-type"] = "csr_matrix"
        group.attrs["shape"] = list(full.shape)
        _array(group, "data", full[full != 0])
        _array(group, "indices", np.nonzero(full)[1].astype("int32"))
        _array(group, "indptr", np.concatenate([[0], np.cumsum((full != 0).sum(axis=1))]).astype("int32"))
    else:
        _array(place, name, values)
    _frame(root, "obs", exp.samples)
    _frame(root, "var", exp.proteins[["gene"]])


def _array(group: Any, name: str, values: np.ndarray) -> None:
    if values.dtype.kind == "O":
        if isinstance(group, h5py.Group):
            group.create_dataset(name, data=values, dtype=h5py.string_dtype())
        else:
            group.create_array(name, data=values.astype(StringDType()))
    elif isinstance(group, h5py.Group):
        group.create_dataset(name, data=values)
    else:
        group.create_array(name, data=values)


def _frame(root: Any, axis: str, frame: pd.DataFrame) -> None:
    group = root.create_group(axis)
    group.attrs["_index"] = "_index"
    group.attrs["column-order"] = list(frame)
    _array(group, "_index", frame.index.to_numpy(dtype=object))
    for name in frame:
        if name == "group":  # AnnData writes texts that repeat as categories
            codes, levels = pd.factorize(frame[name])
            inner = group.create_group(name)
            inner.attrs["encoding-type"] = "categorical"
            _array(inner, "codes", codes.astype("int8"))
            _array(inner, "categories", np.asarray(levels, dtype=object))
        else:
            _array(group, name, frame[name].to_numpy(dtype=object))
