"""Which columns of a vendor's table hold samples of a quantity, and which quantity holds values."""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping

import pandas as pd

from markerkit.core.errors import InputError, MarkerkitWarning, listed
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
    both = {c: p for c, p in parts.items() if p.get("label") and p.get("run")}
    of: dict[str, list[str]] = {}
    for column, part in parts.items():
        if column in both:
            continue
        label, name = part.get("label"), part["s"]
        summed = [c for c, p in both.items() if (p["label"] == label if label else p["run"] == name)]
        if summed:
            of[column] = summed
    silac = any(re.match(r"ratio [mh] [lm]\b", plain(c)) for c in table.frame.columns)
    sure = silac or all(str(p["label"]).isdigit() for p in both.values())
    return [c for c, summed in of.items() if sure or _adds_up(table.frame, c, summed)]


def _adds_up(frame: pd.DataFrame, column: str, summed: list[str]) -> bool:
    values = frame[[column, *summed]].apply(pd.to_numeric, errors="coerce").fillna(0.0)
    total, rest = values[column], values[summed].sum(axis=1)
    rows = (total != 0) | (rest != 0)
    close = (total - rest).abs() <= _SAME * total.abs()
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
            f"the quantity {quantity!r} of the matrix {table.name!r} is 0 or empty in every row; here there is {listed(full)}."
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
        converted = pd.to_numeric(cells, errors="coerce")
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
