"""Which columns of a vendor's table hold samples of a quantity, and which quantity holds values."""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from markerkit.core.errors import InputError, MarkerkitWarning, listed, shown
from markerkit.io.cells import as_numbers
from markerkit.io.dialects import ONE_SAMPLE, Dialect, plain
from markerkit.io.tabular import Table

_SAME = 0.01  # relative difference below which a column is the sum of others; MaxQuant rounds to five digits
_MOSTLY = 0.95  # share of the rows in which it has to be


def in_section(columns: list[str], dialect: Dialect) -> list[str]:
    """Columns among which a layout has its samples.

    >>> peaks = Dialect("x", frozenset(), (), (), {}, before="sample profile ratio")
    >>> in_section(["Accession", "a Area", "Sample Profile (Ratio)", "mean Area"], peaks)
    ['Accession', 'a Area']
    """
    if not (dialect.after or dialect.before):
        return columns
    folded = [plain(c) for c in columns]
    start = folded.index(dialect.after) + 1 if dialect.after in folded else 0
    end = folded.index(dialect.before) if dialect.before in folded else len(columns)
    return columns[start:end] if start or not dialect.after else []


def pattern_columns(table: Table, dialect: Dialect, pattern: str) -> dict[str, str]:
    """Columns that fit a pattern, with their samples, without those that add up others.

    Parameters
    ----------
    table, dialect
        Table and its layout.
    pattern
        Of one quantity, see :class:`markerkit.io.dialects.Dialect`. Columns with
        a ``label`` and a ``run`` are samples. Beside them, a label alone is
        the sum over its runs, and a run alone the sum over its labels. Labels that are
        letters could be names as well (L for low): there the ratio columns of SILAC or the
        sums themselves decide.

    Returns
    -------
    Column -> sample.
    """
    named = _matches(table, dialect, pattern)
    sums = _sums(table, named)
    return {c: (m["s"] or ONE_SAMPLE).strip() for c, m in named.items() if c not in sums}


def _matches(table: Table, dialect: Dialect, pattern: str) -> dict[str, re.Match[str]]:
    fits = re.compile(pattern, re.IGNORECASE)
    return {c: m for c in in_section(list(table.frame.columns), dialect) if (m := fits.fullmatch(c))}


def _sums(table: Table, named: Mapping[str, re.Match[str]]) -> list[str]:
    """Columns of a label alone or a run alone, where columns of both are there."""
    parts = {c: m.groupdict() for c, m in named.items()}
    of_label: dict[str, list[str]] = {}
    of_run: dict[str, list[str]] = {}
    for column, part in parts.items():
        if part.get("run"):
            of_label.setdefault(str(part["label"]), []).append(column)
            of_run.setdefault(str(part["run"]), []).append(column)
    alone = {c: p for c, p in parts.items() if of_label and not p.get("run")}
    of = {
        c: of_label.get(str(p["label"]), []) if p.get("label") else of_run.get(str(p["s"]), [])
        for c, p in alone.items()
    }
    of = {c: summed for c, summed in of.items() if summed}
    silac = any(re.match(r"ratio [mh] [lm]\b", plain(c)) for c in table.frame.columns)
    if not of or silac or all(label.isdigit() for label in of_label):
        return list(of)
    values = {c: np.nan_to_num(as_numbers(table.frame[c]).to_numpy(float)) for c in named}
    return [c for c, summed in of.items() if _adds_up(values[c], np.sum([values[s] for s in summed], axis=0))]


def _adds_up(total: npt.NDArray[np.float64], summed: npt.NDArray[np.float64]) -> bool:
    rows = (total != 0) | (summed != 0)
    close = np.abs(total - summed) <= _SAME * np.abs(total)
    return bool(rows.any()) and bool(close[rows].mean() >= _MOSTLY)


def chosen_quantity(
    table: Table, dialect: Dialect, found: Mapping[str, Mapping[str, str]], quantity: str
) -> str:
    """Quantity to read: the one asked for, or the first of the layout that holds a value.

    Parameters
    ----------
    table, dialect
        Table and its layout.
    found
        Quantity -> its columns and their samples, for those that are there.
    quantity
        ``"auto"`` or one of them.

    Raises
    ------
    InputError
        The quantity that is asked for is 0 or empty in every row while another one is not.
    """
    full = [name for name, columns in found.items() if has_values(table.frame, list(columns))]
    chosen = next(iter(full or found)) if quantity == "auto" else quantity
    empty = [name for name in found if name not in full]
    if quantity != "auto" and quantity in empty and full:
        raise InputError(
            f"the quantity {shown(quantity)} of the matrix {table.name!r} is 0 or empty in every row; here there is {listed(full)}."
        )
    skipped = [name for name in list(found)[: list(found).index(chosen)] if name in empty]
    if skipped:
        warnings.warn(
            f"the quantity {listed(skipped)} of {table.name} is 0 or empty in every row; {chosen!r} is read instead",
            MarkerkitWarning,
            stacklevel=2,
        )
    _say_what_is_no_sample(table, dialect, chosen, found[chosen])
    return chosen


def has_values(frame: pd.DataFrame, columns: list[str]) -> bool:
    """Say whether any cell of the columns is a number other than 0, or a text that is none (reported later)."""
    for column in columns:
        cells = frame[column].dropna()
        converted = as_numbers(cells)
        if bool((converted != 0).any()):
            return True
    return False


def _say_what_is_no_sample(table: Table, dialect: Dialect, quantity: str, samples: Mapping[str, str]) -> None:
    pattern = dialect.quantities[quantity]
    if not pattern:
        return
    sums = _sums(table, _matches(table, dialect, pattern))
    if sums:
        isobaric = quantity.startswith("reporter")
        kind, label = ("TMT or iTRAQ", "channel") if isobaric else ("SILAC", "label")
        warnings.warn(
            f"{table.name} holds {kind} data: the {len(samples)} columns of one {label} and one run are the samples; columns "
            f"that add up {label}s or runs are none and are left out: {listed(sums, limit=6)}",
            MarkerkitWarning,
            stacklevel=3,
        )
    columns = list(table.frame.columns)
    means = [c for c in columns if dialect.before and re.fullmatch(pattern, c) and c not in samples]
    if means:
        warnings.warn(
            f"{table.name}: the columns {listed(means, limit=6)} hold means of groups, are no samples and are left out",
            MarkerkitWarning,
            stacklevel=3,
        )
    channels = [c for c in columns if plain(c).startswith("reporter intensity")]
    if channels and not quantity.startswith("reporter"):
        warnings.warn(
            f"{table.name} holds isobaric labels (TMT or iTRAQ), of which {quantity!r} adds up all channels: a sample here is "
            "a whole run; quantity 'reporter' has the channels",
            MarkerkitWarning,
            stacklevel=3,
        )
