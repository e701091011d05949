"""Numbers of the sample sheet that must be amounts: above 0, or empty."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from markerkit.core.errors import InputError, shown

Array = npt.NDArray[np.float64]
#: nothing that is counted or weighed lies outside, and a quotient of two numbers within stays finite
_LEAST, _MOST = 1e-30, 1e30


def amounts_of(samples: pd.DataFrame, column: str, meaning: str) -> Array:
    """Read a sample column of amounts.

    Parameters
    ----------
    samples
        Sample annotation.
    column
        One of its columns.
    meaning
        What it holds, with its unit, for the message.

    Returns
    -------
    Shape (n_samples,); NaN where the cell is empty.

    Raises
    ------
    InputError
        Text, a number that is not above 0, or one beyond any amount (1e-30 to 1e30); the message names the cell.

    Examples
    --------
    >>> amounts_of(pd.DataFrame({"protein_ug": ["2.5", ""]}, index=["F1", "F2"]), "protein_ug", "protein in micrograms")
    array([2.5, nan])
    """
    given = samples[column].astype(object)
    empty = given.isna() | given.map(lambda v: isinstance(v, str) and not v.strip())
    numbers = pd.to_numeric(given.where(~empty, np.nan), errors="coerce").astype(float)
    wrong = ~empty & ~numbers.between(_LEAST, _MOST)
    if wrong.any():
        sample = wrong.index[wrong][0]
        raise InputError(
            f"`{column}` of the sample {shown(sample)} is {shown(given[sample])}; it holds {meaning}, a number above 0 (1e-30 to 1e30), or "
            "nothing where it was not measured (an amount below the detection limit too)."
        )
    return np.asarray(numbers, dtype=float)
