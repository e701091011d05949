"""Which protein group stands for a gene or an accession: one rule for verdicts, set tests, indices and figures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from markerkit.core.experiment import Experiment

Array = npt.NDArray[np.float64]


def representatives(
    keys: Sequence[object] | npt.NDArray[Any],
    *,
    names: Sequence[object] | npt.NDArray[Any] | pd.Index,
    n_measured: npt.NDArray[np.integer] | Array,
    abundance: Array,
    eligible: npt.NDArray[np.bool_] | None = None,
) -> dict[Any, int]:
    """Choose one protein group per key: the most often measured, then the most abundant, then the first by name.

    Parameters
    ----------
    keys
        Gene or accession of each protein group, shape (groups,); empty or
        missing where there is none.
    names
        Name of each group: decides where all else is equal, so that the order
        of the rows never does.
    n_measured
        Samples that measured each group.
    abundance
        Mean of its measured values, on any scale; NaN where there are none.
    eligible
        Groups that may stand for their key; decoys never may. Contaminants may:
        albumin and keratins are purity evidence.

    Returns
    -------
    dict
        Key -> position of the chosen group, in the order of the positions.

    Examples
    --------
    >>> representatives(
    ...     ["CD63", "CD63", "CD9"],
    ...     names=["P1", "P2", "P3"],
    ...     n_measured=np.array([2, 3, 1]),
    ...     abundance=np.array([9.0, 5.0, 1.0]),
    ... )
    {'CD63': 1, 'CD9': 2}
    """
    key = np.asarray(keys, dtype=object)
    at = np.arange(len(key)) if eligible is None else np.flatnonzero(eligible)
    chosen = dict(zip(key[at].tolist(), at.tolist(), strict=True))
    if len(chosen) == len(at) and "" not in chosen and not pd.isna(key[at]).any():
        return chosen  # mostly every group has a key of its own
    at = at[~pd.isna(key[at]) & (key[at] != "")]
    codes = pd.factorize(key[at])[0]
    by_name = pd.factorize(np.asarray(names, dtype=object)[at].astype(str), sort=True)[0]
    order = np.lexsort((by_name, -abundance[at], -n_measured[at], codes))
    first = np.diff(codes[order], prepend=-1) > 0
    at = np.sort(at[order[first]])
    return dict(zip(key[at].tolist(), at.tolist(), strict=True))


def gene_rows(exp: Experiment, *, key: str = "gene") -> pd.Series:
    """Choose one protein group per gene of an experiment; see :func:`representatives`.

    The choice looks at all samples together, so that it cannot favor a group.

    Parameters
    ----------
    exp
        Experiment; its decoys never stand for a gene.
    key
        Column of the proteins to match on: ``"gene"`` or ``"accession"``.

    Returns
    -------
    pandas.Series
        Protein by gene (or accession), in the order of the matrix.
    """
    return exp.kept(("gene_rows", key), lambda: _gene_rows(exp, key))


def _gene_rows(exp: Experiment, key: str) -> pd.Series:
    proteins = exp.proteins
    chosen = representatives(
        proteins[key].to_numpy(dtype=object),
        names=proteins.index,
        n_measured=exp.detection.n_measured,
        abundance=exp.detection.mean,
        eligible=exp.targets,
    )
    names = proteins.index.to_numpy()[list(chosen.values())]
    return pd.Series(names, index=pd.Index(list(chosen), dtype=object), dtype=object)
