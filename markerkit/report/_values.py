"""The section `Quality of the values` of the report: missing values, spread and similarity by group."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from markerkit.core.wording import number, odds_ratio, percent
from markerkit.study.contrast import Contrast
from markerkit.study.roles import SAMPLE


def group_rows(table: pd.DataFrame, contrast: Contrast | None) -> list[dict[str, Any]]:
    """Rows of the section.

    Parameters
    ----------
    table
        Table ``group_values``.
    contrast
        Its groups are shown, and blanks and medium; all groups without one, or where the table has other groups.

    Returns
    -------
    One mapping per group, numbers in words.
    """
    if contrast is not None and table["group"].isin([contrast.case, contrast.control]).any():
        table = table[table["group"].isin([contrast.case, contrast.control]) | (table["role"] != SAMPLE)]
    return [_row(r) for _, r in table.iterrows()]


def _row(row: pd.Series) -> dict[str, Any]:
    slopes = [row[f"missing_slope{end}"] for end in ("", "_ci_low", "_ci_high")]
    return {
        "group": row["group"],
        "role": row["role"],
        "n": int(row["n_samples"]),
        "presence": f"{row['n_in_all']:,} / {row['n_in_some']:,} / {row['n_in_none']:,}",
        "missing": percent(row["missing"], 2) if np.isfinite(row["missing"]) else "",
        "cv": _percents(row),
        "cv_reason": row["cv_reason"],
        "r": number(row["r_within"]) if np.isfinite(row["r_within"]) else "",
        "r_lowest": number(row["r_within_lowest"]) if np.isfinite(row["r_within_lowest"]) else "",
        "r_reason": row["r_reason"],
        "r_between": number(row["r_between"]) if np.isfinite(row["r_between"]) else "",
        "word": row["missing_values"],
        "slope": odds_ratio(*slopes) if np.isfinite(slopes[0]) else "",
        "missing_reason": row["missing_reason"],
    }


def _percents(row: pd.Series) -> str:
    """Median and quartiles of the coefficients of variation."""
    if not np.isfinite(row["cv_median"]):
        return ""
    low, middle, high = (percent(v, 3 if v >= 1 else 2) for v in row[["cv_q25", "cv_median", "cv_q75"]])
    return f"{middle} ({low} to {high})"
