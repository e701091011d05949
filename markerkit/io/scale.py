"""Which scale a matrix is on: raw, log2 or ratio, from its values."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from markerkit.core.errors import InputError, MarkerkitWarning

_FEW_VALUES = 20  # fewer values may be alike by chance or in a toy table
_RAW_LARGEST = 1e30  # beyond any count or area; sums of such numbers leave the range of a float
_LOG_LARGEST = 64.0  # no instrument counts 2^64 ions; a larger value is linear
_LOG_SMALLEST_MEDIAN = 5.0  # intensities start at some hundred counts, ratios lie around 0
_LOG_LARGEST_SD = 8.0  # log2 intensities of a study have an sd of 2 to 4; spectral counts have a larger one


@dataclass(frozen=True)
class _Values:
    """What the measured values (neither missing nor 0) look like."""

    smallest: float
    largest: float
    median: float
    sd: float

    @property
    def negative(self) -> bool:
        return self.smallest < 0

    @property
    def looks_log(self) -> bool:
        """Values that fit logarithms of intensities."""
        return (
            self.largest <= _LOG_LARGEST and self.median >= _LOG_SMALLEST_MEDIAN and self.sd < _LOG_LARGEST_SD
        )


def scale_of(matrix: pd.DataFrame, declared: str, name: str) -> str:
    """Find the scale from the values, and refuse a declared one that they contradict.

    Parameters
    ----------
    matrix
        Samples x proteins.
    declared
        ``"auto"`` or a scale.
    name
        File, for the messages.

    Returns
    -------
    ``"raw"``, ``"log2"`` or ``"ratio"``.

    Raises
    ------
    InputError
        No value, one value everywhere, a value that no instrument measures,
        values that contradict the declared scale.

    Warns
    -----
    MarkerkitWarning
        Declared raw, but the values look like logarithms.
    """
    values = _described(matrix.to_numpy(), name)
    if declared == "auto":
        return _guess(values, name)
    _check_declared(values, declared, name)
    return declared


def _described(values: npt.NDArray[np.float64], name: str) -> _Values:
    """Describe the measured values, or refuse values that are no abundances."""
    measured = values[~np.isnan(values) & (values != 0)]
    if len(measured) == 0:
        raise InputError(
            f"the matrix {name!r} holds no value in the samples asked for; check the sample sheet."
        )
    smallest, largest = float(measured.min()), float(measured.max())
    if len(measured) >= _FEW_VALUES and smallest == largest:
        raise InputError(
            f"every value of the matrix {name!r} is {largest:g}: it shows what was detected, not how much; "
            "export the intensities."
        )
    if largest > _RAW_LARGEST:
        raise InputError(
            f"the matrix {name!r} holds {largest:.3g}, which no instrument measures; correct that cell."
        )
    return _Values(smallest, largest, float(np.median(measured)), float(measured.std()))


def _guess(values: _Values, name: str) -> str:
    if values.looks_log:
        return "log2"
    if not values.negative:
        return "raw"
    if values.largest > _LOG_LARGEST:
        raise InputError(
            f"the matrix {name!r} holds negative values and values up to {values.largest:.3g}: neither raw nor log; "
            "correct the table."
        )
    return "ratio"


def _check_declared(values: _Values, declared: str, name: str) -> None:
    if declared != "raw":
        if values.largest > _LOG_LARGEST:
            raise InputError(
                f"the matrix {name!r} was declared {declared} but holds {values.largest:.3g}; log values stay below "
                f"{_LOG_LARGEST:g}. Declare it raw, or leave the scale to be detected."
            )
        return
    if values.negative:
        raise InputError(
            f"the matrix {name!r} was declared raw but holds the negative value {values.smallest:.3g}; declare log2 or ratio."
        )
    if values.looks_log:
        warnings.warn(
            f"{name} was declared raw, but its values (median {values.median:.3g}, largest {values.largest:.3g}) look like "
            "logarithms",
            MarkerkitWarning,
            stacklevel=5,
        )
