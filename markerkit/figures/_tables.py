"""Reading the tidy tables: checks, one contrast, numbers and words."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from markerkit.core.errors import InputError, listed, one_of, require_columns
from markerkit.core.species import CONTAMINANT, PREFIX, split_identifier

FloatArray = NDArray[np.float64]


def checked(table: pd.DataFrame, columns: Sequence[str], name: str) -> pd.DataFrame:
    """Return the columns that a figure reads, refusing a table that lacks one."""
    if not isinstance(table, pd.DataFrame):
        message = f"the {name} table must be a pandas DataFrame; got {type(table).__name__}."
        raise InputError(message)
    require_columns(table, columns, what=f"the {name} table")
    return table.loc[:, ~table.columns.duplicated()].reset_index(drop=True)


def words(table: pd.DataFrame, column: str) -> pd.Series:
    """Return a column as text; missing, or an absent column, as nothing."""
    if column not in table.columns:
        return pd.Series("", index=table.index, dtype=object)
    values = table[column].astype(object)
    return values.where(values.notna(), "").map(str).astype(object)


def numbers(table: pd.DataFrame, column: str) -> FloatArray:
    """Return a column as floats; missing, infinite, or an absent column, as NaN."""
    if column not in table.columns:
        return np.full(len(table), np.nan)
    values = pd.to_numeric(table[column], errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    return np.where(np.isfinite(values), values, np.nan)


def which(mask: Sequence[bool] | NDArray[np.bool_] | pd.Series) -> list[int]:
    """Return the positions that hold."""
    return [int(i) for i in np.flatnonzero(np.asarray(mask, dtype=bool))]


def one_contrast(table: pd.DataFrame, contrast: str | None, name: str) -> tuple[pd.DataFrame, str]:
    """Return the rows of one contrast and its name.

    Raises
    ------
    InputError
        There is no such contrast, or there are several and none was named.
    """
    if "contrast" not in table.columns:
        return table, contrast or ""
    named = words(table, "contrast")
    known = list(dict.fromkeys(named))
    if contrast is None:
        if len(known) > 1:
            message = (
                f"the {name} table has {len(known)} contrasts: {listed(known)}; name one with `contrast`."
            )
            raise InputError(message)
        contrast = known[0] if known else ""
    elif known:
        one_of("contrast", contrast, known)
    return table[named == contrast].reset_index(drop=True), contrast


def arms(contrast: str) -> tuple[str, str]:
    """Return the two groups that a contrast is named after; nothing for a name of another form.

    >>> arms("EV vs Cell"), arms("my contrast")
    (('EV', 'Cell'), ('', ''))
    """
    parts = contrast.split(" vs ")
    return (parts[0], parts[1]) if len(parts) == 2 and all(parts) else ("", "")


def contrast_rows(
    table: pd.DataFrame, columns: Sequence[str], name: str, contrast: str | None
) -> tuple[pd.DataFrame, str]:
    """Return the rows of one contrast of a table that has the columns, and the contrast's name.

    Raises
    ------
    InputError
        A column is missing, or the contrast is unknown or not named.
    """
    return one_contrast(checked(table, columns, name), contrast, name)


def samples_by_group(
    table: pd.DataFrame, wanted: Sequence[str] | None, page: float
) -> tuple[list[str], list[str], int]:
    """Sort samples by group, as many as a page holds.

    Parameters
    ----------
    table
        Columns ``sample`` and ``group``.
    wanted
        Samples to take, in order; all by default.
    page
        Rows that a page holds; the heading of a group takes 1.4 of them.

    Returns
    -------
    The samples, their groups and how many are left out; of these every group has its part.
    """
    group = dict(zip(words(table, "sample"), words(table, "group"), strict=True))
    order = list(group) if wanted is None else [s for s in wanted if s in group]
    rank = {g: i for i, g in enumerate(dict.fromkeys(group[s] for s in order))}
    order = sorted(order, key=lambda s: rank[group[s]])
    most = int(page - 1.4 * len(rank))
    if len(order) > most:
        # every group gets its part of the page
        at = pd.Series(range(len(order)))
        named = pd.Series([group[s] for s in order])
        share = at.groupby(named).rank() / named.map(named.value_counts())
        first = share.sort_values(kind="stable").index[: max(most, 1)]
        kept = [order[i] for i in sorted(first)]
    else:
        kept = order
    return kept, [group[s] for s in kept], len(order) - len(kept)


def count_text(table: pd.DataFrame, measured: str = "n_measured", total: str = "n_set") -> list[str]:
    """Write ``measured/total`` for every row."""
    pairs = zip(numbers(table, measured), numbers(table, total), strict=True)
    return [f"{_count(m)}/{_count(n)}" if np.isfinite(m) or np.isfinite(n) else "–" for m, n in pairs]


def _count(value: float) -> str:
    return f"{int(value):,}" if np.isfinite(value) else "–"


def span(*arrays: FloatArray | Sequence[float], pad: float = 0.06, least: float = 1.0) -> tuple[float, float]:
    """Return axis limits that hold every finite value with room around them."""
    joined = np.concatenate([np.asarray(a, dtype=float).ravel() for a in arrays])
    joined = joined[np.isfinite(joined)]
    if not joined.size:
        return -least, least
    low, high = float(joined.min()), float(joined.max())
    missing = max(0.0, least - (high - low)) / 2
    low, high = low - missing, high + missing
    room = pad * (high - low)
    return low - room, high + room


def interval_limits(
    values: Sequence[FloatArray],
    ends: Sequence[FloatArray],
    called: NDArray[np.bool_],
    always: Sequence[float],
) -> tuple[float, float]:
    """Return axis limits for intervals: all of those that led to a verdict.

    Parameters
    ----------
    values
        Estimates; all are held.
    ends
        Ends of their intervals. An interval without a verdict may be very wide;
        it widens the axis to twice the width of the others at most, and is cut
        there.
    called
        Rows with a verdict.
    always
        Values to hold in any case.
    """
    sure = called if called.any() else np.ones(len(called), dtype=bool)
    low, high = span(*values, *(e[sure] for e in ends), always)
    wide_low, wide_high = span(*values, *ends, always)
    reach = (high - low) / 2
    return max(low - reach, wide_low), min(high + reach, wide_high)


_DATABASE = re.compile(r"^(ENSEMBL|REFSEQ|SWISS-PROT|TREMBL|H-INV):")  # of contaminant lists


def short_name(gene: str, protein: str) -> str:
    """Name a protein group by its first gene; without one by its first accession.

    >>> short_name("CD9;CD63", "P21926"), short_name("", "sp|P08962|CD63_HUMAN;Q1"), short_name("", "group 7")
    ('CD9', 'P08962', 'group 7')
    >>> short_name("", "CON__P00761"), short_name("", "CON__ENSEMBL:ENSBTAP00000007350")
    ('P00761 (cont.)', 'ENSBTAP00000007350 (cont.)')
    """
    if gene:
        return gene.split(";")[0]
    first = protein.split(";")[0]
    name = split_identifier(first)[0] or PREFIX.sub("", first)
    name = _DATABASE.sub("", name)
    return f"{name} (cont.)" if CONTAMINANT.search(first) else name
