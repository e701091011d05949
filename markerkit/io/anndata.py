"""AnnData: files as tables for the reader, and objects from and to experiments."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pandas as pd

from markerkit.core.errors import InputError, listed
from markerkit.core.experiment import Experiment
from markerkit.io.dialects import ACCESSIONS, GENES, TABLE, Dialect
from markerkit.io.tabular import Table

_MAIN = "x"
_UNS = "markerkit"
_IMPUTED = "markerkit_imputed"  # layer that marks imputed values


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
    annotation of the samples. Values that :func:`to_anndata` marked as imputed
    are missing.

    Raises
    ------
    InputError
        The extra ``anndata`` is not installed; the file cannot be read.
    """
    anndata = _anndata(f"the matrix {Path(path).name!r} is an AnnData file, which")
    try:
        adata = anndata.read_h5ad(path)
    except (OSError, KeyError, ValueError, TypeError) as error:
        raise InputError(
            f"the matrix {Path(path).name!r} cannot be read as an AnnData file; write it again."
        ) from error
    layers = [_MAIN, *(name for name in adata.layers if name != _IMPUTED)]
    marks = _marks(adata)
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


def to_anndata(exp: Experiment) -> Any:
    """Turn an experiment into an AnnData object.

    Parameters
    ----------
    exp
        Experiment.

    Returns
    -------
    anndata.AnnData
        Samples x proteins; scale, organism and history in ``uns["markerkit"]``,
        the marks of imputed values in ``layers["markerkit_imputed"]``.

    Raises
    ------
    InputError
        The extra ``anndata`` is not installed.
    """
    kept = {
        "scale": exp.scale,
        "organism": exp.organism,
        "history": json.dumps([dict(h) for h in exp.history]),
    }
    layers = {_IMPUTED: exp.imputed} if exp.n_imputed else {}
    return _anndata("AnnData").AnnData(
        X=exp.values, obs=exp.samples, var=exp.proteins, layers=layers, uns={_UNS: kept}
    )


def from_anndata(adata: Any, *, scale: str | None = None, organism: str | None = None) -> Experiment:
    """Take an experiment from an AnnData object.

    Parameters
    ----------
    adata
        Samples x proteins.
    scale, organism
        As for :class:`Experiment`; needed where the object does not come from
        :func:`to_anndata`.

    Returns
    -------
    Experiment

    Raises
    ------
    InputError
        The scale or the organism is neither given nor in the object.
    """
    kept = dict(adata.uns.get(_UNS, {}))
    given: dict[str, Any] = {
        "scale": scale or kept.get("scale"),
        "organism": organism or kept.get("organism"),
    }
    lacking = [name for name, value in given.items() if value is None]
    if lacking:
        raise InputError(
            f"the AnnData object does not say its {listed(lacking)}; pass scale='raw', 'log2' or 'ratio' and "
            "organism='human' or 'mouse'."
        )
    history = json.loads(kept.get("history", "[]"))
    proteins = adata.var if {"gene", "accession"} & set(adata.var.columns) else None
    return Experiment(
        adata.to_df(), adata.obs, proteins, given["scale"], given["organism"], history, imputed=_marks(adata)
    )


def _marks(adata: Any) -> pd.DataFrame | None:
    """Read the marks of imputed values, where there are any."""
    return adata.to_df(layer=_IMPUTED).astype(bool) if _IMPUTED in adata.layers else None


def _anndata(what: str) -> Any:
    try:
        import anndata
    except ImportError as error:
        raise InputError(
            f"{what} needs the package anndata; run: pip install 'markerkit[anndata]'."
        ) from error
    return anndata
