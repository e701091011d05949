"""What stands between the brackets of ``exp[...]``: names, a mask or a slice, as positions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from markerkit.core.errors import InputError, counted, listed, suggestion

Positions = npt.NDArray[np.intp]


def axes_of(key: object) -> tuple[object, object]:
    """Split what stands between the brackets into samples and proteins; a tuple is always the two of them.

    Raises
    ------
    InputError
        A tuple of another length.
    """
    if not isinstance(key, tuple):
        return key, slice(None)
    if len(key) != 2:
        raise InputError(
            f"exp[samples, proteins] takes two selections; got {len(key)}. Several names are a list: exp[['a', 'b']]."
        )
    return key


def positions_of(key: object, index: pd.Index, *, what: str, genes: pd.Series | None = None) -> Positions:
    """Find the positions that one selection means.

    Parameters
    ----------
    key
        One name, several names, True or False for every label, or a slice of positions.
    index
        Labels of the axis.
    what
        ``"sample"`` or ``"protein"``, for messages.
    genes
        Gene of every label: a name that is no label is looked up here.

    Returns
    -------
    Positions in the order asked for, each once; shape (selected,).

    Raises
    ------
    KeyError
        A name that is neither a label nor a gene.
    TypeError
        A selection of no known kind, or a slice between names.
    InputError
        A mask of another length or with other labels.
    """
    if isinstance(key, slice):
        return _of_slice(key, len(index), what)
    if isinstance(key, str) or not isinstance(key, Iterable):
        return _of_names([key], index, what, genes)
    given = key if isinstance(key, pd.Series | pd.Index | np.ndarray) else list(key)
    values: npt.NDArray[Any] = np.asarray(given, dtype=None if len(given) else object)
    if values.ndim != 1:
        raise TypeError(f"a selection of {what}s has one dimension; got an array of {values.ndim}.")
    if _is_mask(values):
        return _of_mask(key, values.astype(bool), index, what)
    return _of_names(list(given), index, what, genes)


def _is_mask(values: npt.NDArray[Any]) -> bool:
    return bool(values.dtype == bool or (len(values) and all(isinstance(v, bool | np.bool_) for v in values)))


def _of_slice(key: slice, size: int, what: str) -> Positions:
    try:
        return np.arange(size)[key]
    except TypeError as error:
        raise TypeError(
            f"a slice of {what}s goes by position, as in exp[:3]; got {key.start!r} to {key.stop!r}. "
            "Names are given as a list."
        ) from error


def _of_mask(key: object, values: npt.NDArray[np.bool_], index: pd.Index, what: str) -> Positions:
    """Take a mask by position; a Series by its labels."""
    if isinstance(key, pd.Series) and not key.index.equals(index):
        if set(key.index) != set(index) or not key.index.is_unique:
            raise InputError(
                f"the mask of {what}s has other labels than the experiment (such as {listed(key.index, limit=2)} "
                f"and {listed(index, limit=2)}); make it from `exp.{what}s`."
            )
        values = key.loc[index].to_numpy(dtype=bool)
    if len(values) != len(index):
        raise InputError(
            f"the mask of {what}s has {counted(len(values), 'value', 'values')}, and there are {len(index)} {what}s; "
            f"make it from `exp.{what}s`."
        )
    return np.flatnonzero(values)


def _of_names(names: list[Any], index: pd.Index, what: str, genes: pd.Series | None) -> Positions:
    """Look names up among the labels, then among the genes, of which one may have several protein groups."""
    at = {label: [i] for i, label in enumerate(index)}
    if genes is not None:
        by_gene: dict[Any, list[int]] = {}
        for i, gene in enumerate(genes):
            by_gene.setdefault(gene, []).append(i)
        by_gene.pop("", None)
        at = by_gene | at
    lost = [n for n in names if n not in at]
    if lost:
        raise KeyError(_not_found(lost, at, what, masked=genes is not None))
    found = [i for n in names for i in at[n]]
    return np.array(list(dict.fromkeys(found)), dtype=np.intp)


def _not_found(lost: list[Any], known: dict[Any, list[int]], what: str, *, masked: bool) -> str:
    """Say which names are not there, and how to select those that are."""
    near = suggestion(lost[0], known)
    if all(isinstance(n, int) for n in lost):
        near = f" Positions go into a slice: exp[{'' if what == 'sample' else ':, '}:3]."
    elif masked and len(known) and not near:
        near = " To take those that are there: exp[:, exp.proteins.gene.isin(genes)]."
    kind = "protein or gene" if masked else what
    return f"no {kind} {listed(lost, limit=4)} in the experiment.{near}"
