"""Every contrast beside the others: the words on classes and sources."""

from __future__ import annotations

import pandas as pd

from markerkit.catalog.criteria import load_criteria
from markerkit.tables.registry import TABLES
from markerkit.tables.spec import concat_rows

IDENTITY, CHANGE = "identity", "change"


def overview_of(identity: pd.DataFrame, comparison: pd.DataFrame, purity: pd.DataFrame) -> pd.DataFrame:
    """Put the verdicts of all contrasts into one table.

    Parameters
    ----------
    identity, comparison, purity
        Tables of an assessment. Classes of a contrast come from `identity` or from `comparison`, whichever asks of it.

    Returns
    -------
    Table `overview`, contrasts in the order of `purity`, classes before sources; without rows where nothing is compared.
    """
    t = load_criteria().threshold
    parts = []
    for table, question, kind, level in (
        (identity, IDENTITY, "class", "class_confidence"),
        (comparison, CHANGE, "class", "confidence"),
        (purity, CHANGE, "source", "confidence"),
    ):
        rows = table[table["contrast"] != ""]
        columns = rows[["contrast", "verdict", "log2_fc", "ci_low", "ci_high", "reason"]]
        parts.append(columns.assign(question=question, kind=kind, key=rows[kind], level=t[level]))
    found = concat_rows(parts)
    if not len(found):
        return TABLES["overview"].empty()
    place = {name: i for i, name in enumerate(dict.fromkeys([*purity["contrast"], *found["contrast"]]))}
    return TABLES["overview"].conform(
        found.sort_values("contrast", key=lambda names: names.map(place), kind="stable")
    )
