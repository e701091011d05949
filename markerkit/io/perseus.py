"""Rows in which Perseus states the types and groups of its columns, where a workbook or a frame holds them as cells."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from markerkit.io.tabular import Table

_TYPE, _ANY = "#!{Type}", "#!{"


def without_type_rows(table: Table) -> Table:
    """Take the rows of types and groups off the top of a table; a table without them stays as it is.

    >>> cells = pd.DataFrame({"ev": ["#!{Type}E", "20.5"], "score": ["N", "7"], "gene": ["T", "CD63"]})
    >>> read = without_type_rows(Table(cells, "x", ""))
    >>> read.frame.to_dict("records"), dict(read.types)
    ([{'ev': 20.5, 'score': 7, 'gene': 'CD63'}], {'ev': 'E', 'score': 'N', 'gene': 'T'})
    """
    frame = table.frame
    starts = frame.iloc[:, 0].astype(str).str.startswith(_ANY)
    top = int(starts.cumprod().sum())
    if not top:
        return table
    stated = [row for row in frame.iloc[:top].astype(str).to_numpy() if row[0].startswith(_TYPE)]
    letters = [cell.removeprefix(_TYPE).strip() for cell in stated[0]] if stated else []
    rest = frame.iloc[top:].reset_index(drop=True)
    return replace(
        table, frame=rest.apply(_as_numbers), types=dict(zip(frame.columns, letters, strict=False))
    )


def _as_numbers(cells: pd.Series) -> pd.Series:
    """Turn a column into numbers where every cell is one; the rows above made it a column of texts."""
    numbers = pd.to_numeric(cells, errors="coerce")
    return numbers if numbers.notna().eq(cells.notna()).all() else cells
