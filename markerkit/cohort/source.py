"""A cohort: samples, proteins and scale of a study that stays in its files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from markerkit.catalog.load import MarkerCatalog, Sets, with_reference
from markerkit.cohort.stores import MAIN, Array, IntArray, Store, open_store
from markerkit.core.block import Block
from markerkit.core.detection import Detection
from markerkit.core.errors import InputError, listed
from markerkit.core.experiment import Experiment
from markerkit.core.matrix import check_numbers
from markerkit.ids.harmonize import harmonize_ids
from markerkit.io.anndata import AnnDataFile, dialect_of, wide_table
from markerkit.io.readers import read_held
from markerkit.io.sample_sheet import columns_in_sheet, read_sheet
from markerkit.io.scale import as_log2
from markerkit.io.scale_rules import WITHOUT_ONE
from markerkit.io.tabular import Table, spread_rows

#: samples, from all over the cohort, on which the scale is decided
LOOKED_AT = 200


@dataclass(frozen=True)
class Reader:
    """What a process needs to read samples of a cohort: the files, the proteins and the scale, no sample sheet.

    Attributes
    ----------
    store
        The files.
    proteins
        Mapped annotation of the proteins.
    kind
        What the values in the files are: a word of `scale` in :func:`markerkit.read_proteins`.
    scale, organism, history
        Of the experiments that are made from them.
    """

    store: Store
    proteins: pd.DataFrame
    kind: str
    scale: str
    organism: str
    history: tuple[Mapping[str, Any], ...]

    def values(self, rows: IntArray) -> Array:
        """Values of some samples on the scale of the cohort, shape (rows, proteins); zeros are not measured."""
        values = self.store.values(rows)
        self._check(values, rows)
        if self.kind == "ratio":
            return values
        values[values == 0] = np.nan
        return values if self.kind == "raw" else as_log2(values, self.kind)

    def _check(self, values: Array, rows: IntArray) -> None:
        """Refuse values that the scale does not have, by the names of sample and protein."""
        positive = self.kind == "raw" or self.kind in WITHOUT_ONE
        low, high = np.fmin.reduce(values, axis=None), np.fmax.reduce(values, axis=None)
        if np.isinf(low) or np.isinf(high) or (positive and low < 0):
            named = pd.DataFrame(values, self.store.samples.index[rows], self.proteins.index)
            check_numbers(named, "raw" if positive else self.scale)

    def logs(self, values: Array) -> Array:
        """Values on the scale of the cohort as logarithms."""
        return np.log2(values) if self.scale == "raw" else values

    def block(self, values: Array, samples: pd.DataFrame, study: Detection, *, logged: bool = False) -> Block:
        """Put values of some samples with what the whole cohort measured.

        Parameters
        ----------
        values
            As :meth:`values`, or :meth:`logs` with `logged`.
        samples
            Their annotation.
        study
            Of all samples, on the same scale.
        logged
            The values are logarithms.
        """
        turned = logged and self.scale == "raw"
        return Block(
            pd.DataFrame(values, samples.index, self.proteins.index),
            samples,
            self.proteins,
            scale="log2" if turned else self.scale,
            organism=self.organism,
            history=(*self.history, {"verb": "log2"}) if turned else self.history,
            study=study,
        )


@dataclass(frozen=True)
class Cohort:
    """A study in files, of which some samples are read at a time; made by :func:`open_cohort`.

    Attributes
    ----------
    reader
        Reads the values.
    samples
        Annotation of the samples, in the order of the files.
    rows
        Position of each sample in the files, shape (n_samples,).
    markers
        Catalog that the identifiers were mapped with.
    """

    reader: Reader
    samples: pd.DataFrame
    rows: IntArray
    markers: MarkerCatalog

    @property
    def n_samples(self) -> int:
        """Number of samples."""
        return len(self.samples)

    @property
    def n_proteins(self) -> int:
        """Number of protein groups."""
        return len(self.reader.proteins)

    @property
    def scale(self) -> str:
        """Scale of the values: ``"raw"``, ``"log2"`` or ``"ratio"``."""
        return self.reader.scale

    @cached_property
    def sheet(self) -> Experiment:
        """The samples without their values (one protein that was never measured): for checks of groups and designs."""
        nothing = pd.DataFrame({"not read": np.full(self.n_samples, np.nan)}, index=self.samples.index)
        return Experiment(nothing, self.samples, scale="log2", organism=self.reader.organism)

    def outline(self, study: Detection, *, logged: bool = False) -> Block:
        """Give the proteins of the cohort with one sample that measured nothing: for what needs no value."""
        empty = np.full((1, self.n_proteins), np.nan)
        return self.reader.block(empty, self.samples.iloc[:1], study, logged=logged)

    @property
    def unread(self) -> Block:
        """The proteins, before anything is known of what was measured: for checks of identifiers."""
        return self.outline(Detection(0, np.zeros(self.n_proteins, dtype=int), np.zeros(self.n_proteins)))

    def blocks(self, size: int) -> Iterator[slice]:
        """Places of the samples of each block."""
        return (slice(i, min(i + size, self.n_samples)) for i in range(0, self.n_samples, size))

    def __repr__(self) -> str:
        name = self.reader.store.name
        return f"<Cohort {name}: {self.n_samples} samples x {self.n_proteins} proteins, {self.scale}, {self.reader.organism}>"


def open_cohort(
    path: str | Path,
    *,
    samples: str | Path | pd.DataFrame | None = None,
    markers: Sets | None = None,
    quantity: str | None = None,
    scale: str = "auto",
    organism: str = "human",
    contaminant_tag: str | Sequence[str] = (),
    decoy_tag: str | Sequence[str] = (),
) -> Cohort:
    """Open a study that does not fit into memory.

    Parameters
    ----------
    path
        ``.h5ad`` file, or Zarr folder in the layout of AnnData, dense or sparse by rows; or a Parquet file, or folder of
        Parquet files, with one row per sample: columns of numbers are proteins, the others annotation, one of them
        ``sample``.
    samples
        Sample sheet, as for :func:`markerkit.read_proteins`; only its samples are read, in the order of the files.
    markers
        Marker sets; the shipped ones by default. Sets of your own stand beside them.
    quantity
        Layer to read in place of ``X``.
    scale
        ``"auto"`` decides from 200 samples from all over the cohort; or a scale by name, as for
        :func:`markerkit.read_proteins`.
    organism, contaminant_tag, decoy_tag
        As for :func:`markerkit.read_proteins`.

    Returns
    -------
    Cohort
        Identifiers mapped and the scale decided, once for all blocks.

    Raises
    ------
    InputError
        Files that cannot be read in blocks; names that repeat; values of which the scale cannot be decided, that were
        filled in, or that were scaled protein by protein; identifiers as for :func:`markerkit.harmonize_ids`.

    Examples
    --------
    >>> import tempfile
    >>> import markerkit as mk
    >>> file = Path(tempfile.mkdtemp()) / "cohort.parquet"
    >>> mk.load_example().values.reset_index().to_parquet(file, index=False)
    >>> mk.open_cohort(file)
    <Cohort cohort.parquet: 12 samples x 2132 proteins, raw, human>
    """
    store = open_store(path, quantity)
    for what, index in (("sample", store.samples.index), ("protein", store.proteins.index)):
        if not index.is_unique:
            doubled = listed(index[index.duplicated()].unique(), limit=4)
            raise InputError(
                f"{store.name!r} repeats the {what} name {doubled}; give every one a name of its own."
            )
        if not len(index):
            raise InputError(f"{store.name!r} holds no {what}s.")
    annotation, rows = _chosen(store, samples)
    catalog = with_reference(markers, organism)
    look = _look(store, annotation, rows, scale=scale, organism=organism, tags=(contaminant_tag, decoy_tag))
    mapped = harmonize_ids(look, catalog)
    kind = str(look.provenance["scale_found"])
    reader = Reader(store, mapped.proteins, kind, mapped.scale, organism, mapped.history)
    return Cohort(reader, annotation, rows, catalog)


def _chosen(store: Store, samples: str | Path | pd.DataFrame | None) -> tuple[pd.DataFrame, IntArray]:
    """Annotation of the samples and their places in the files: all of them, or those of the sheet."""
    names = store.samples.index.astype(str)
    if samples is None:
        return store.samples.set_axis(names), np.arange(len(names))
    sheet = read_sheet(samples)
    annotation = sheet.on(list(names))
    named, _ = columns_in_sheet({n: n for n in names}, annotation, name=sheet.name)
    rows = np.flatnonzero(names.isin(list(named)))
    return annotation.loc[[named[n] for n in names[rows]]], rows


def _look(
    store: Store,
    samples: pd.DataFrame,
    rows: IntArray,
    *,
    scale: str,
    organism: str,
    tags: tuple[str | Sequence[str], str | Sequence[str]],
) -> Experiment:
    """Read some samples from all over the cohort as a table: this decides on proteins and scale."""
    at = spread_rows(len(rows), LOOKED_AT)
    values = pd.DataFrame(store.values(rows[at]), samples.index[at], store.proteins.index)
    values = values.loc[values.notna().any(axis=1)]  # a sample without a value says nothing of the scale
    if values.empty:
        raise InputError(f"{store.name!r} holds no value in the samples that were looked at.")
    stated = {MAIN: store.stated} if store.stated is not None else {}
    table = Table(wide_table(store.proteins, {MAIN: values}), store.name, "")
    held = AnnDataFile(table, dialect_of([MAIN]), pd.DataFrame(index=values.index), stated)
    look = read_held(held, scale=scale, organism=organism, contaminant_tag=tags[0], decoy_tag=tags[1])
    found = look.provenance
    if found["n_fill_to_missing"]:
        raise InputError(
            f"{found['n_fill_to_missing']} values of the first {len(at)} samples looked at in {store.name!r} repeat one number far "
            "below all others, so that missing values seem to be filled in; write them as missing (NaN)."
        )
    if look.scale == "ratio" and found["scale_found"] != "ratio":
        raise InputError(
            f"the values in {store.name!r} look like linear ratios or proteins scaled to one level, which blocks are not converted "
            "from; write log2 ratios and declare scale='ratio', or declare the scale (raw, log2)."
        )
    return look
