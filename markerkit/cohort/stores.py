"""Where the values of a cohort lie: Parquet, or the AnnData layout in HDF5 or Zarr; read some samples at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd

from markerkit.core.anndata import IMPUTED_LAYER, stated_scale
from markerkit.core.errors import InputError, listed, one_of

Array = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.intp]
MAIN = "x"


class Store(Protocol):
    """Values of samples x proteins in files."""

    @property
    def name(self) -> str:
        """Name of the file or folder, for messages."""

    @property
    def samples(self) -> pd.DataFrame:
        """Annotation that the files hold, on the names of the samples, in their order."""

    @property
    def proteins(self) -> pd.DataFrame:
        """Annotation that the files hold, on the names of the proteins, in their order."""

    @property
    def stated(self) -> tuple[str, str] | None:
        """Scale that the files state, and where; nothing where they do not."""

    def values(self, rows: IntArray) -> Array:
        """Values of some samples, by position in ascending order, shape (rows, proteins); NaN where missing."""


def open_store(path: str | Path, quantity: str | None = None) -> Store:
    """Open the files of a cohort.

    Parameters
    ----------
    path
        ``.h5ad`` file, Zarr folder in the layout of AnnData, Parquet file, or folder of Parquet files.
    quantity
        Layer of an AnnData layout to read in place of ``X``.

    Raises
    ------
    InputError
        Nothing there, another kind of file, an extra that is not installed, a layout that cannot be read in blocks.
    """
    path = Path(path)
    if not path.exists():
        raise InputError(f"there is no file or folder {str(path)!r}.")
    if path.suffix.lower() == ".h5ad":
        return LayoutStore(path, "h5py", quantity)
    if path.is_dir() and any((path / f).is_file() for f in ("zarr.json", ".zgroup")):
        return LayoutStore(path, "zarr", quantity)
    files = sorted(path.glob("*.parquet")) if path.is_dir() else [path]
    if not files or any(f.suffix.lower() not in (".parquet", ".pq") for f in files):
        raise InputError(
            f"{str(path)!r} cannot be read in blocks; give an .h5ad file, a Zarr folder of AnnData, a Parquet file with one row "
            "per sample, or a folder of such files."
        )
    if quantity is not None:
        raise InputError(
            f"`quantity` names a layer of an AnnData layout; {path.name!r} is Parquet, which has none."
        )
    return ParquetStore(path, tuple(files))


def lacking(what: str, package: str, extra: str) -> InputError:
    """Error on a package of an extra that is not installed."""
    return InputError(
        f"{what} needs the package {package}, which the extra {extra!r} brings; run: pip install {package}."
    )


def parquet() -> Any:
    """Import pyarrow with its Parquet part, or say that it is not installed."""
    try:
        import pyarrow.parquet
    except ImportError as error:
        raise lacking("a cohort", "pyarrow", "cohort") from error
    return pyarrow


def _open_layout(path: Path, kind: str) -> Any:
    """Root group of an HDF5 file or a Zarr folder."""
    try:
        if kind == "h5py":
            import h5py

            return h5py.File(path, "r")
        import zarr

        return zarr.open_group(path, mode="r")
    except ImportError as error:
        raise lacking(f"the cohort {path.name!r}", kind, "cohort") from error
    except (OSError, ValueError) as error:
        raise InputError(f"{path.name!r} cannot be read: {str(error).splitlines()[0]}.") from error


# ---- Parquet -------------------------------------------------------------------------


@dataclass(frozen=True)
class ParquetStore:
    """Parquet files with one row per sample: columns of numbers are proteins, the others annotation."""

    path: Path
    files: tuple[Path, ...]

    @property
    def name(self) -> str:
        """Name of the file or folder."""
        return self.path.name

    @property
    def stated(self) -> None:
        """Parquet states no scale."""
        return

    def __getstate__(self) -> dict[str, Any]:
        return {"path": self.path, "files": self.files}  # workers look at the files themselves

    @cached_property
    def _parts(self) -> list[Any]:
        pyarrow = parquet()
        try:
            parts = [pyarrow.parquet.ParquetFile(file) for file in self.files]
        except (OSError, ValueError) as error:
            raise InputError(
                f"{self.name!r} cannot be read as Parquet: {str(error).splitlines()[0]}."
            ) from error
        for file, part in zip(self.files, parts, strict=True):
            if not part.schema_arrow.equals(parts[0].schema_arrow):
                raise InputError(
                    f"{file.name!r} has other columns than {self.files[0].name!r}; write all files with the same columns."
                )
        return parts

    @cached_property
    def _columns(self) -> tuple[list[str], list[str]]:
        """Columns of proteins, and of annotation with that of the sample names first."""
        types = parquet().types
        schema = self._parts[0].schema_arrow
        number = {f.name: types.is_floating(f.type) or types.is_integer(f.type) for f in schema}
        words = [c for c, is_number in number.items() if not is_number]
        first = [c for c in ("sample", "__index_level_0__") if c in words] or words[:1]
        if not first:
            raise InputError(
                f"{self.name!r} has no column of sample names: every column holds numbers. Parquet is read with one row per sample "
                "and its name in the column 'sample'."
            )
        return [c for c, is_number in number.items() if is_number], [
            *first,
            *(c for c in words if c not in first),
        ]

    @cached_property
    def samples(self) -> pd.DataFrame:
        """Annotation of the samples."""
        words = self._columns[1]
        frame: pd.DataFrame = pd.concat(
            [p.read(columns=words).to_pandas(ignore_metadata=True) for p in self._parts]
        )
        return frame.set_index(words[0])

    @property
    def proteins(self) -> pd.DataFrame:
        """Names of the proteins."""
        return pd.DataFrame(index=pd.Index(self._columns[0], dtype=object))

    @cached_property
    def _groups(self) -> tuple[list[tuple[int, int]], IntArray]:
        """File and number of every row group, and the first row of each, with the end."""
        groups = [(i, g) for i, p in enumerate(self._parts) for g in range(p.num_row_groups)]
        sizes = [self._parts[i].metadata.row_group(g).num_rows for i, g in groups]
        return groups, np.concatenate([[0], np.cumsum(sizes)]).astype(np.intp)

    def values(self, rows: IntArray) -> Array:
        """Values of some samples."""
        groups, first = self._groups
        out = np.empty((len(rows), len(self._columns[0])))
        which = np.searchsorted(first, rows, side="right") - 1
        for g in np.unique(which):
            at = which == g
            part = self._parts[groups[g][0]].read_row_group(groups[g][1], columns=self._columns[0])
            take = rows[at] - first[g]
            for j, column in enumerate(part.columns):
                out[at, j] = column.to_numpy()[take]
        return out


# ---- AnnData layout ------------------------------------------------------------------


@dataclass(frozen=True)
class LayoutStore:
    """The layout of AnnData, in HDF5 or Zarr: X or a layer, dense or sparse by rows."""

    path: Path
    kind: str
    quantity: str | None = None

    def __getstate__(self) -> dict[str, Any]:
        return {"path": self.path, "kind": self.kind, "quantity": self.quantity}

    @property
    def name(self) -> str:
        """Name of the file or folder."""
        return self.path.name

    @cached_property
    def _root(self) -> Any:
        root = _open_layout(self.path, self.kind)
        absent = [k for k in ("obs", "var") if k not in root or not hasattr(root[k], "keys")]
        if absent:
            raise InputError(
                f"{self.name!r} has no group {listed(absent)} as AnnData files have; write it again with a present version of anndata."
            )
        return root

    @cached_property
    def _matrix(self) -> Any:
        root = self._root
        layers = [k for k in root["layers"] if k != IMPUTED_LAYER] if "layers" in root else []
        if self.quantity is not None:
            one_of("quantity", self.quantity, [MAIN, *layers])
        found = root["layers"][self.quantity] if self.quantity in layers else root.get("X")
        if found is None:
            raise InputError(
                f"{self.name!r} holds no X; its layers are {listed(layers)}: name one as `quantity`."
            )
        form = str(found.attrs.get("encoding-type", "array"))
        if form not in ("array", "csr_matrix"):
            raise InputError(
                f"{self.name!r} holds its values as {form}, of which single samples cannot be read; write them dense, or sparse by "
                "rows (CSR)."
            )
        return found

    @cached_property
    def samples(self) -> pd.DataFrame:
        """Annotation of the samples (obs)."""
        return _frame(self._root["obs"])

    @cached_property
    def proteins(self) -> pd.DataFrame:
        """Annotation of the proteins (var)."""
        return _frame(self._root["var"])

    @property
    def stated(self) -> tuple[str, str] | None:
        """Scale that ``uns`` states for X."""
        if self.quantity not in (None, MAIN):
            return None
        uns = self._root.get("uns", {})
        kept = {
            k: {n: _scalar(uns[k][n]) for n in names if n in uns[k]}
            for k, names in _STATED.items()
            if k in uns
        }
        return stated_scale(SimpleNamespace(uns=kept))

    def values(self, rows: IntArray) -> Array:
        """Values of some samples; those marked as imputed are missing."""
        out = self._dense(self._matrix, rows)
        layers = self._root.get("layers", {})
        if IMPUTED_LAYER in layers:
            out[self._dense(layers[IMPUTED_LAYER], rows) != 0] = np.nan
        return out

    def _dense(self, matrix: Any, rows: IntArray) -> Array:
        # what lies between rows that are far apart would be the whole matrix
        runs = np.split(rows, np.flatnonzero(np.diff(rows) > _NEAR) + 1)
        return np.concatenate([self._run(matrix, run) for run in runs])

    def _run(self, matrix: Any, rows: IntArray) -> Array:
        start, stop = int(rows[0]), int(rows[-1]) + 1
        if not hasattr(matrix, "keys"):
            return np.asarray(matrix[start:stop], dtype=float)[rows - start]
        ends = np.asarray(matrix["indptr"][start : stop + 1])
        data = np.asarray(matrix["data"][ends[0] : ends[-1]], dtype=float)
        columns = np.asarray(matrix["indices"][ends[0] : ends[-1]])
        out = np.zeros((stop - start, len(self.proteins)))
        out[np.repeat(np.arange(stop - start), np.diff(ends)), columns] = data
        return out[rows - start]


#: rows that are read at once with what lies between them
_NEAR = 100
#: what `uns` may state of the scale
_STATED: Mapping[str, tuple[str, ...]] = {"markerkit": ("scale",), "log1p": ("base",)}


def _scalar(item: Any) -> Any:
    value = item[()]
    if isinstance(value, bytes):
        return value.decode()
    return value.item() if hasattr(value, "item") else value


def _frame(group: Any) -> pd.DataFrame:
    """Annotation of an axis."""
    index = str(group.attrs["_index"])
    names = [str(c) for c in group.attrs.get("column-order", [])]
    return pd.DataFrame(
        {c: _column(group[c]) for c in names}, index=pd.Index(_column(group[index]), dtype=object)
    )


def _column(item: Any) -> Any:
    """Column of an annotation: an array, categories, or values with a mask of those that are missing."""
    if not hasattr(item, "keys"):
        return _texts(item)
    if "codes" in item:
        categories, codes = np.asarray(_texts(item["categories"])), np.asarray(item["codes"][:])
        taken = categories[np.maximum(codes, 0)]
        return np.where(codes < 0, None, taken.astype(object)) if (codes < 0).any() else taken
    values = pd.Series(_texts(item["values"]))
    return values.mask(np.asarray(item["mask"][:])).to_numpy()


def _texts(item: Any) -> Any:
    """Array of a dataset, texts as Python texts."""
    values = np.asarray(item[:])
    if values.dtype.kind in "OSUT":
        return np.array([v.decode() if isinstance(v, bytes) else str(v) for v in values], dtype=object)
    return values
