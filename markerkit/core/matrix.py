"""What a matrix of an experiment must be: its labels, its values, its annotation; and frames handed out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from markerkit.core.errors import InputError, listed
from markerkit.core.genes import looks_transposed

#: no instrument counts 2^64 ions; a larger value is no log2
LOG_LARGEST = 64.0
# From pandas 3 on a shallow copy is as safe as a deep one: writing to it copies first.
_SHALLOW_IS_SAFE = int(pd.__version__.split(".")[0]) >= 3


def hand_out(frame: pd.DataFrame) -> pd.DataFrame:
    """Copy of a frame that may be changed without changing the original, at the price of a view where pandas can."""
    return frame.copy(deep=not _SHALLOW_IS_SAFE)


def checked_values(
    values: pd.DataFrame, scale: str, organism: str | None, *, of: str = "protein"
) -> pd.DataFrame:
    """Matrix as float, samples x proteins (or `of` what a column is), or what is wrong with it.

    A matrix with its proteins in the rows is recognized where `organism` is given.

    Raises
    ------
    InputError
        Labels that repeat, an empty or transposed matrix, text or infinite
        values, a value below 0 on the raw scale or above 64 on a logarithmic one.
    """
    for axis, index in (("sample", values.index), (of, values.columns)):
        if not index.is_unique:
            found = listed(index[index.duplicated()].unique())
            raise InputError(f"duplicate {axis} name {found}; give every {axis} a name of its own.")
    if 0 in values.shape:
        raise InputError(
            f"the matrix is empty: {values.shape[0]} samples x {values.shape[1]} {of}s; "
            f"give a table with at least one sample and one {of}."
        )
    if organism is not None and looks_transposed(values.index, values.columns, organism):
        raise transposed(f"{len(values)} rows such as {listed(values.index, limit=2)} look like proteins")
    try:
        numbers = values.astype(float).rename_axis(index="sample", columns=of)
    except (TypeError, ValueError) as error:
        raise InputError(f"the matrix holds something that is not a number: {error}.") from error
    check_numbers(numbers, scale, of)
    return numbers


def transposed(found: str) -> InputError:
    """Error on a matrix with its proteins in the rows."""
    return InputError(
        f"the matrix is transposed: {found}. An experiment is samples x proteins, one row per sample: "
        "give `values.T`."
    )


def check_numbers(values: pd.DataFrame, scale: str, of: str = "protein") -> None:
    """Refuse infinite values, and negative ones on the raw scale; `of` is what a column is of.

    Raises
    ------
    InputError
        The first such value, with its sample and column.
    """
    numbers = values.to_numpy()
    bad = np.isinf(numbers)
    what, fix = "infinite value", "leave missing values empty"
    if not bad.any() and scale == "raw":
        with np.errstate(invalid="ignore"):
            bad = numbers < 0
        what, fix = (
            "negative value on the raw scale",
            "declare the scale (log2 or ratio) or correct the table",
        )
    if not bad.any() and scale != "raw":
        bad = numbers > LOG_LARGEST
        what, fix = (
            f"value above {LOG_LARGEST:g} on the {scale} scale",
            "give log2 values, or declare them raw",
        )
    if bad.any():
        i, j = np.argwhere(bad)[0]
        raise InputError(
            f"{what} {numbers[i, j]:g} in sample {values.index[i]!r}, {of} {values.columns[j]!r} "
            f"({int(bad.sum())} in all); {fix}."
        )


def aligned(frame: pd.DataFrame, index: pd.Index, *, what: str, other: pd.Index) -> pd.DataFrame:
    """Annotation in the order of the matrix, by name.

    Parameters
    ----------
    frame
        Annotation, one row per label.
    index
        Labels of its axis of the matrix.
    what
        Name of the argument, for the messages.
    other
        Labels of the other axis: to recognize a transposed matrix.

    Raises
    ------
    InputError
        Labels that repeat, that the matrix lacks or that lack in the frame.
    """
    if frame.index.equals(index):
        return frame
    if not frame.index.is_unique:
        doubled = listed(frame.index[frame.index.duplicated()].unique())
        raise InputError(f"`{what}` names {doubled} twice; keep one row each.")
    if len(frame) == len(other) != len(index) and set(frame.index) == set(other):
        raise transposed(f"the labels of `{what}` are on its other axis")
    _check_complete(set(frame.index), set(index), f"`{what}`")
    return frame.loc[index]


def _check_complete(given: set[object], wanted: set[object], what: str) -> None:
    for some, fix in (
        (wanted - given, "has no row for {}; add it, or leave it out of the matrix."),
        (given - wanted, "has a row for {}, which the matrix does not have; leave it out."),
    ):
        if some:
            raise InputError(f"{what} {fix.format(listed(sorted(some, key=str), limit=4))}")


def imputed_marks(
    imputed: pd.DataFrame | None, values: pd.DataFrame, history: Iterable[Mapping[str, Any]]
) -> pd.DataFrame:
    """Check the marks of imputed values, by name; a missing value is not an imputed one.

    Raises
    ------
    InputError
        Other labels than those of the matrix, marks that are not True or False,
        a history with imputed values but no marks.
    """
    if imputed is None:
        known = sum(int(h.get("n_imputed", 0)) for h in history)
        if known:
            raise InputError(
                f"the history holds {known} imputed values; mark them: `imputed=exp.imputed`, or give "
                "`exp.measured()`."
            )
        return pd.DataFrame(np.zeros(values.shape, dtype=bool), values.index, values.columns)
    ordered = aligned(imputed, values.index, what="imputed", other=values.columns)
    if not ordered.columns.equals(values.columns):
        _check_complete(set(ordered.columns), set(values.columns), "`imputed`, by protein,")
        ordered = ordered[values.columns]
    marks = ordered.to_numpy()
    if marks.dtype != bool:
        raise InputError("`imputed` must be True or False for every value.")
    return pd.DataFrame(marks & ~np.isnan(values.to_numpy()), values.index, values.columns)
