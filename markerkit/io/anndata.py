"""AnnData files as tables for the reader; objects: see :meth:`markerkit.Experiment.from_anndata`."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pandas as pd

from markerkit.core.anndata import IMPUTED_LAYER, imputed_layer, require_anndata
from markerkit.core.errors import InputError
from markerkit.io.dialects import ACCESSIONS, GENES, TABLE, Dialect
from markerkit.io.tabular import Table

_MAIN = "x"


def is_h5ad(path: str | Path) -> bool:
    """Say whether a path is that of an AnnData file."""
    return Path(path).suffix.lower() == ".h5ad" and Path(path).is_file()


def read_h5ad(path: str | Path) -> tuple[Table, Dialect, pd.DataFrame]:
    """Read an AnnData file as a wide table.

    Parameters
    ----------
    path
        ``.h5ad`` file: samples are its observations, proteins its variables.

    Returns
    -------
    The table, its layout with the quantities ``x`` and the layers, and the
    annotation of the samples. Values that :meth:`markerkit.Experiment.to_anndata` marked as imputed
    are missing.

    Raises
    ------
    InputError
        The extra ``anndata`` is not installed; the file cannot be read.
    """
    anndata = require_anndata(f"the matrix {Path(path).name!r} is an AnnData file, which")
    try:
        adata = anndata.read_h5ad(path)
    except (OSError, KeyError, ValueError, TypeError) as error:
        raise InputError(
            f"the matrix {Path(path).name!r} cannot be read as an AnnData file; write it again."
        ) from error
    layers = [_MAIN, *(name for name in adata.layers if name != IMPUTED_LAYER)]
    marks = imputed_layer(adata)
    parts = [adata.var.reset_index(names="index")]
    for layer in layers:
        frame = adata.to_df(layer=None if layer == _MAIN else layer)
        frame = (frame if marks is None else frame.mask(marks)).T
        parts.append(frame.set_axis([f"{layer}:{s}" for s in adata.obs_names], axis=1).reset_index(drop=True))
    dialect = Dialect(
        name="anndata",
        signature=frozenset(),
        accession=ACCESSIONS,
        gene=GENES,
        quantities={layer: f"{layer}:(?P<s>.+)" for layer in layers},
        contaminant=TABLE.contaminant,
        decoy=TABLE.decoy,
        peptides=TABLE.peptides,
        description=TABLE.description,
    )
    digest = hashlib.sha256(Path(path).read_bytes()).hexdigest()
    return Table(pd.concat(parts, axis=1), Path(path).name, digest), dialect, adata.obs
