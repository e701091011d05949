"""AnnData and MuData files as tables for the reader; objects: see :meth:`markerkit.Experiment.from_anndata`."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from markerkit.core.anndata import IMPUTED_LAYER, imputed_layer, require_anndata, stated_scale
from markerkit.core.errors import InputError, listed
from markerkit.io.dialects import ACCESSIONS, GENES, TABLE, Dialect
from markerkit.io.tabular import Table

_MAIN = "x"
# a modality with such a name is that of the proteins
_PROTEINS = re.compile(r"prot", re.IGNORECASE)


class AnnDataFile(NamedTuple):
    """A file as a wide table.

    `stated` names, by quantity, the scale that the file states and where it does so.
    """

    table: Table
    dialect: Dialect
    samples: pd.DataFrame
    stated: dict[str, tuple[str, str]]


def is_h5ad(path: str | Path) -> bool:
    """Say whether a path is that of an AnnData or MuData file."""
    return Path(path).suffix.lower() in (".h5ad", ".h5mu") and Path(path).is_file()


def read_h5ad(path: str | Path, quantity: str = "auto") -> AnnDataFile:
    """Read an AnnData file, or the proteins of a MuData file, as a wide table.

    Parameters
    ----------
    path
        ``.h5ad`` or ``.h5mu`` file: samples are its observations, proteins its variables.
    quantity
        What the user asks for: the name of a layer or modality decides where several are there.

    Returns
    -------
    The table, its layout, the annotation of the samples and the scale where it
    is stated. Quantities are ``x`` and the layers; of a MuData file the
    modality and ``modality/layer``. Values that
    :meth:`markerkit.Experiment.to_anndata` marked as imputed are missing.

    Raises
    ------
    InputError
        The extra ``anndata`` is not installed; the file cannot be read; names
        of samples or proteins that repeat; no values, or several layers or
        modalities and nothing that says which.
    """
    name = Path(path).name
    anndata = require_anndata(f"the matrix {name!r} is an AnnData file, which")
    try:
        if Path(path).suffix.lower() == ".h5mu":
            adata, modality = _protein_modality(path, quantity)
        else:
            adata, modality = anndata.read_h5ad(path), ""
    except InputError:
        raise
    except (OSError, KeyError, ValueError, TypeError, AttributeError) as error:
        raise InputError(f"the matrix {name!r} cannot be read as an AnnData file; write it again.") from error
    _check_names(adata, name)
    sources = _sources(adata, modality, quantity, name)
    stated = stated_scale(adata)
    main = modality or _MAIN
    digest = hashlib.sha256(Path(path).read_bytes()).hexdigest()
    return AnnDataFile(
        Table(_wide(adata, sources), name, digest),
        dialect_of(list(sources)),
        adata.obs,
        {main: stated} if stated is not None and main in sources else {},
    )


def _protein_modality(path: str | Path, quantity: str) -> tuple[Any, str]:
    """Modality of the proteins, with the annotation that all modalities share, and its name."""
    import h5py
    from anndata.io import read_elem

    with h5py.File(path, "r") as file:
        names = list(file["mod"])
        asked = quantity.partition("/")[0]
        chosen = [n for n in names if n == asked] or [n for n in names if _PROTEINS.search(n)] or names
        if len(chosen) != 1:
            raise InputError(
                f"the matrix {Path(path).name!r} holds the modalities {listed(chosen)}; say which to read: "
                f"quantity={chosen[0] if chosen else ''!r} (--quantity)."
            )
        adata = read_elem(file["mod"][chosen[0]])
        shared = read_elem(file["obs"]) if "obs" in file else pd.DataFrame(index=adata.obs_names)
    more = [c for c in shared.columns if c not in adata.obs.columns and ":" not in str(c)]
    if shared.index.is_unique:
        adata.obs = adata.obs.join(shared[more])
    return adata, chosen[0]


def _check_names(adata: Any, name: str) -> None:
    for what, index in (("sample (obs)", adata.obs_names), ("protein (var)", adata.var_names)):
        if not index.is_unique:
            found = listed(index[index.duplicated()].unique(), limit=4)
            raise InputError(
                f"the matrix {name!r} repeats the {what} name {found}; give every one a name of its own, such as with "
                "`adata.obs_names_make_unique()` or `adata.var_names_make_unique()`."
            )


def _sources(adata: Any, modality: str, quantity: str, name: str) -> dict[str, str | None]:
    """Layer of each quantity, None for X; refuse where it is open which one is meant."""
    prefix = f"{modality}/" if modality else ""
    layers = {f"{prefix}{layer}": layer for layer in adata.layers if layer != IMPUTED_LAYER}
    if adata.X is not None:
        return {modality or _MAIN: None, **layers}
    if not layers:
        raise InputError(f"the matrix {name!r} holds no values: X is empty and there is no layer.")
    if len(layers) > 1 and quantity not in layers:
        raise InputError(
            f"the matrix {name!r} holds no X but the layers {listed(layers)}; say which to read: "
            f"quantity={next(iter(layers))!r} (--quantity)."
        )
    return dict(layers)


def _wide(adata: Any, sources: dict[str, str | None]) -> pd.DataFrame:
    """One row per protein: its annotation, then the samples of every quantity."""
    marks = imputed_layer(adata)
    frames = {quantity: adata.to_df(layer=layer) for quantity, layer in sources.items()}
    measured = {k: frame if marks is None else frame.mask(marks) for k, frame in frames.items()}
    return wide_table(adata.var, measured)


def wide_table(proteins: pd.DataFrame, quantities: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """One row per protein: its annotation, then the samples of every quantity (samples x proteins)."""
    # the names of the proteins come first; a column that is called as they are keeps its content
    parts = [proteins.rename(columns={"index": "index (var)"}).reset_index(names="index")]
    for quantity, frame in quantities.items():
        columns = [f"{quantity}:{sample}" for sample in frame.index]
        parts.append(frame.T.set_axis(columns, axis=1).reset_index(drop=True))
    wide: pd.DataFrame = pd.concat(parts, axis=1)
    return wide


def dialect_of(quantities: list[str]) -> Dialect:
    """Layout of the columns that :func:`wide_table` makes."""
    return Dialect(
        name="anndata",
        signature=frozenset(),
        accession=ACCESSIONS,
        gene=GENES,
        quantities={quantity: f"{re.escape(quantity)}:(?P<s>.+)" for quantity in quantities},
        contaminant=TABLE.contaminant,
        decoy=TABLE.decoy,
        peptides=TABLE.peptides,
        description=TABLE.description,
    )
