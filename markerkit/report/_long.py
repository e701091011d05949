"""Tables too long for a spreadsheet or a page: they take minutes to open there, and stand in ``tables/`` only."""

from __future__ import annotations

import pandas as pd

#: rows; the proteins of a proteome fit
MOST_ROWS = 25_000


def too_long(name: str, table: pd.DataFrame) -> str:
    """Where a table is that has too many rows to be shown; empty where it has not.

    Parameters
    ----------
    name
        Of the table.
    table
        The table.
    """
    n = len(table)
    return f"{n:,} rows are too many to show; they are in tables/{name}.tsv" if n > MOST_ROWS else ""
