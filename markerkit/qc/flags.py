"""Flags of the quality card in order: the most serious first, then the largest share of signal."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from markerkit.core.vocabulary import Severity
from markerkit.core.wording import number
from markerkit.qc.outliers import REVIEW

_ORDER = {str(s): i for i, s in enumerate((Severity.SERIOUS, Severity.WARNING))}


def flags_of(table: pd.DataFrame) -> pd.DataFrame:
    """Give the flags of samples in the order in which they matter.

    Parameters
    ----------
    table
        Table `sample_quality`.

    Returns
    -------
    Its flagged rows without those of the bovine check, which holds for the whole study: the most
    serious first, of these the largest shares of signal first, then what is no share; ``text``
    says what was found, how much and what to do.
    """
    rows = table[(table["flag"] == REVIEW) & (table["kind"] != "check")]
    share = np.where(rows["kind"] == "share", rows["value"], -1.0)
    keys = pd.DataFrame({"severity": rows["severity"].map(_ORDER).fillna(len(_ORDER)), "share": -share})
    order = keys.sort_values(["severity", "share"], kind="stable").index
    rows = rows.loc[order]
    return rows.assign(text=[_text(r) for r in rows.to_dict(orient="records")])


def _text(row: Mapping[Hashable, Any]) -> str:
    """Write what was found, how much, and what to do.

    >>> row = {"kind": "depth", "meaning": "few proteins", "value": 12, "unit": "proteins"}
    >>> _text(row | {"advice": "measure it again"})
    'few proteins (12 proteins); measure it again'
    """
    value = float(str(row["value"]))
    size = f"{number(100 * value, 2)} %" if row["kind"] == "share" else f"{number(value)} {row['unit']}"
    text = str(row["meaning"]).replace(f": {row['unit']}; ", ": ", 1)
    if np.isfinite(value) and size not in text:
        text += f" ({size})"
    return "; ".join(filter(None, [text, str(row["advice"])]))
