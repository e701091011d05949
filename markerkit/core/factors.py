"""Levels of a sample column as names: donor 3 is not three times donor 1."""

from __future__ import annotations

import numpy as np
import pandas as pd


def level_name(value: object) -> str:
    """Write a level of a sample column as text; a whole number has no decimals.

    A column of whole numbers turns into floats as soon as one sample has no
    value, so that 2 and 2.0 are the same level.

    >>> level_name("EV"), level_name(2), level_name(2.0), level_name(2.5)
    ('EV', '2', '2', '2.5')
    """
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    return str(value)


def as_factor(column: pd.Series) -> pd.Series:
    """Read a sample column as levels, whatever its type.

    Parameters
    ----------
    column
        One value per sample.

    Returns
    -------
    Series of text on the same samples; missing values stay missing.
    """
    return pd.Series(_names(column), index=column.index, name=column.name, dtype=object)


def levels_of(column: pd.Series) -> list[str]:
    """Levels of a sample column in the order of their names, without missing values."""
    return sorted({name for name in _names(column) if isinstance(name, str)})


def _names(column: pd.Series) -> list[object]:
    known = column.notna().tolist()
    return [level_name(v) if there else np.nan for v, there in zip(column.tolist(), known, strict=True)]
