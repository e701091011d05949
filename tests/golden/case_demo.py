"""The simulated example with the shipped catalog: verdicts in full, every other table by what its columns hold."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tests.golden.reference import Tables, case
from tests.helpers import example_assessed

VALIDATED = (
    "First written while tests/assessment passed on the same example. Other than the rest of these files it "
    "changes with the shipped catalog."
)
#: tables that are kept whole
WHOLE = ("identity", "purity", "contamination_fraction", "ev_markers", "overview", "null_check")


def column_summary(values: pd.Series) -> dict[str, object]:
    """Say what a column holds: how many values, their mean and spread, or how many words and the most frequent one."""
    known = values[values.notna() & (values.astype(str) != "")]
    found: dict[str, object] = {"n": len(known), "distinct": np.nan, "most": "", "mean": np.nan, "sd": np.nan}
    if pd.api.types.is_numeric_dtype(values.dtype) and len(known):
        numbers = known.to_numpy(dtype=float)
        return found | {"mean": float(numbers.mean()), "sd": float(numbers.std())}
    counts = known.astype(str).value_counts()
    return found | {
        "distinct": int(known.nunique()),
        "most": str(min(counts.index[counts == counts.max()]))[:60] if len(counts) else "",
    }


@case("demo", tolerance=1e-5)
def tables_of_the_example() -> Tables:
    tables = example_assessed().tables
    summaries = {
        name: pd.DataFrame({c: column_summary(table[c]) for c in table}).T
        for name, table in tables.items()
        if name not in WHOLE and len(table)
    }
    return {name: tables[name] for name in WHOLE} | summaries
