"""Protein groups of quantms (QPX, Parquet) as a long report: one row per protein group, run and label."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from markerkit.io.tabular import Table

_NESTED = "intensities"  # a list of structs: label or channel, and intensity
_LISTS = ("pg_accessions", "protein_accession", "gg_names", "gene_names", "gg_accessions")


def flat(table: Table) -> Table:
    """Spread the nested intensities of a table of protein groups over rows; any other table stays as it is.

    >>> groups = pd.DataFrame({"pg_accessions": [["P1", "P2"]], "run_file_name": ["a"],
    ...                        "intensities": [[{"label": "TMT126", "intensity": 5.0}]]})
    >>> flat(Table(groups, "pg.parquet", "")).frame.to_dict("records")
    [{'pg_accessions': 'P1;P2', 'run_file_name': 'a', 'label': 'TMT126', 'intensity': 5.0}]
    """
    frame = table.frame
    lists = [c for c in _LISTS if c in frame.columns and frame[c].map(_is_list).any()]
    if not lists:
        return table
    joined = {
        c: frame[c].map(lambda cell: ";".join(map(str, cell)) if _is_list(cell) else cell) for c in lists
    }
    frame = frame.assign(**joined)
    if _NESTED in frame.columns:
        rows = frame.explode(_NESTED, ignore_index=True)
        parts = pd.DataFrame([p if isinstance(p, dict) else {} for p in rows[_NESTED]], index=rows.index)
        wanted = [c for c in ("label", "channel", "intensity") if c in parts.columns]
        frame = pd.concat([rows.drop(columns=[_NESTED, *wanted], errors="ignore"), parts[wanted]], axis=1)
    return Table(frame, table.name, table.sha256)


def _is_list(cell: object) -> bool:
    return isinstance(cell, Iterable) and not isinstance(cell, str | bytes | dict)
