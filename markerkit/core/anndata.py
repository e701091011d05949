"""The parts of an experiment as an AnnData object, and back."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import pandas as pd

from markerkit.core.errors import InputError, listed
from markerkit.core.matrix import LOG_LARGEST

if TYPE_CHECKING:
    from markerkit.core.experiment import Experiment

_UNS = "markerkit"
# scanpy.pp.log1p: ln(x + 1) without a base, else to that base
_LOG1P = {"log1p": math.e, "log2p1": 2.0, "log10p1": 10.0}
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
    values = _values(adata, scale)
    given = {"scale": scale or kept.get("scale"), "organism": organism or kept.get("organism")}
    lacking = [name for name, value in given.items() if value is None]
    if lacking:
        raise InputError(
            f"the AnnData object does not state its {listed(lacking)}; pass scale='raw', 'log2' or 'ratio' and "
            "organism='human', 'mouse' or 'rat'."
        )
    return {
        **given,
        "values": values,
        "samples": adata.obs,
        "proteins": _plain(adata.var) if {"gene", "accession"} & set(adata.var.columns) else None,
        "history": json.loads(kept.get("history", "[]")),
        "imputed": imputed_layer(adata),
    }


def _plain(proteins: pd.DataFrame) -> pd.DataFrame:
    """Turn categories back into the texts that they were: AnnData makes categories of texts when it writes a file."""
    kinds = {
        c: proteins[c].cat.categories.dtype
        for c in proteins.columns
        if isinstance(proteins[c].dtype, pd.CategoricalDtype)
    }
    return proteins.astype(kinds)


def _values(adata: Any, scale: str | None) -> pd.DataFrame:
    """X as a frame; refuse an object without one, and logarithms of x + 1 that were declared log2 or nothing."""
    if adata.X is None:
        layers = listed(adata.layers)
        raise InputError(f"the AnnData object holds no X; its layers are {layers}: set `adata.X` to one.")
    values: pd.DataFrame = adata.to_df()
    stated = None if _UNS in adata.uns else stated_scale(adata)
    if stated is not None and scale in (None, "log2") and values.max().max() <= LOG_LARGEST:
        raise InputError(
            f"the AnnData object states in {stated[1]} that X is {stated[0]} (1 was added before the logarithm); give "
            "`adata.X` as log2 or linear values, or write the object to a file and read that with `read_proteins`."
        )
    return values


def stated_scale(adata: Any) -> tuple[str, str] | None:
    """Scale of X that the object states, and where: that of an experiment, or the base of scanpy's ``log1p``.

    Returns
    -------
    A word that :func:`markerkit.read_proteins` knows as `scale`, and the place; None where nothing (known) is stated.
    """
    kept = dict(adata.uns.get(_UNS, {}))
    if "scale" in kept:
        return str(kept["scale"]), f"uns[{_UNS!r}]"
    if "log1p" not in adata.uns:
        return None
    base = dict(adata.uns["log1p"] or {}).get("base")
    number = math.e if base is None else float(base)
    known = [word for word, value in _LOG1P.items() if math.isclose(number, value, rel_tol=1e-4)]
    return (known[0], "uns['log1p']") if known else None


def imputed_layer(adata: Any) -> pd.DataFrame | None:
    """Read the marks of imputed values, where there are any."""
    if IMPUTED_LAYER not in adata.layers:
        return None
    marks: pd.DataFrame = adata.to_df(layer=IMPUTED_LAYER).astype(bool)
    return marks
