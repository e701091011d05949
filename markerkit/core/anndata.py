"""The parts of an experiment as an AnnData object, and back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from markerkit.core.errors import InputError, listed

if TYPE_CHECKING:
    import pandas as pd

    from markerkit.core.experiment import Experiment

_UNS = "markerkit"
#: layer that marks imputed values
IMPUTED_LAYER = "markerkit_imputed"


def require_anndata(what: str) -> Any:
    """Import anndata, or say what needs it.

    Raises
    ------
    InputError
        The extra ``anndata`` is not installed.
    """
    try:
        import anndata
    except ImportError as error:
        raise InputError(f"{what} needs the package anndata; run: pip install anndata.") from error
    return anndata


def anndata_of(exp: Experiment) -> Any:
    """See :meth:`markerkit.Experiment.to_anndata`."""
    kept = {
        "scale": exp.scale,
        "organism": exp.organism,
        "history": json.dumps([dict(h) for h in exp.history]),
    }
    layers = {IMPUTED_LAYER: exp.imputed} if exp.n_imputed else {}
    return require_anndata("AnnData").AnnData(
        X=exp.values, obs=exp.samples, var=exp.proteins, layers=layers, uns={_UNS: kept}
    )


def parts_of(adata: Any, scale: str | None, organism: str | None) -> dict[str, Any]:
    """Arguments of an experiment; see :meth:`markerkit.Experiment.from_anndata`."""
    kept = dict(adata.uns.get(_UNS, {}))
    given = {"scale": scale or kept.get("scale"), "organism": organism or kept.get("organism")}
    lacking = [name for name, value in given.items() if value is None]
    if lacking:
        raise InputError(
            f"the AnnData object does not state its {listed(lacking)}; pass scale='raw', 'log2' or 'ratio' and "
            "organism='human', 'mouse' or 'rat'."
        )
    return {
        **given,
        "values": adata.to_df(),
        "samples": adata.obs,
        "proteins": adata.var if {"gene", "accession"} & set(adata.var.columns) else None,
        "history": json.loads(kept.get("history", "[]")),
        "imputed": imputed_layer(adata),
    }


def imputed_layer(adata: Any) -> pd.DataFrame | None:
    """Read the marks of imputed values, where there are any."""
    if IMPUTED_LAYER not in adata.layers:
        return None
    marks: pd.DataFrame = adata.to_df(layer=IMPUTED_LAYER).astype(bool)
    return marks
