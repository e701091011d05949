"""What the report shows of the whole study: overview, groups, guidelines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from markerkit.report._contrast import share_text

if TYPE_CHECKING:
    from markerkit.assessment.series import SeriesParts


def study_lines(parts: SeriesParts) -> list[tuple[str, list[str]]]:
    """Headings of the parts that describe the whole study, each with its lines.

    Parameters
    ----------
    parts
        Fraction series, ranking and amounts of the assessment.
    """
    found: list[tuple[str, list[str]]] = []
    for line in parts.lines():
        if line.startswith("  "):
            found[-1][1].append(line.strip())
        else:
            found.append((f"{line[:1].upper()}{line[1:]}", []))
    return found


def group_shares(composition: pd.DataFrame) -> dict[str, Any]:
    """Table of the composition: a row per component, a column per group.

    Parameters
    ----------
    composition
        Table ``composition``.

    Returns
    -------
    ``groups``, names of the columns; ``rows``, the title of a component and its share in every group, components that no
    group has left out.
    """
    rows = composition[composition["level"] == "group"]
    groups = list(dict.fromkeys(rows["name"]))
    by_group = {name: part.set_index("component") for name, part in rows.groupby("name", sort=False)}
    seen = rows[rows["share"] > 0].drop_duplicates("component")
    return {
        "groups": groups,
        "rows": [
            {"title": row["title"], "shares": [share_text(by_group[g], row["component"]) for g in groups]}
            for _, row in rows.drop_duplicates("component").iterrows()
            if row["component"] in set(seen["component"])
        ],
    }


def guideline_rows(checklist: pd.DataFrame) -> list[dict[str, Any]]:
    """Items of the guidelines; an item that has one answer in several contrasts has one row for them.

    Parameters
    ----------
    checklist
        Table ``misev_checklist``.

    Returns
    -------
    The rows in order, with the evidence of the first contrast that they are about; ``contrasts`` names these where the
    answers or the evidence differ; ``n_more``, contrasts with other evidence for the same answer.
    """
    number = checklist["contrast"].nunique()
    same = ["guideline", "item", "requirement", "answer"]
    order = {
        item: i
        for i, item in enumerate(dict.fromkeys(zip(checklist["guideline"], checklist["item"], strict=True)))
    }
    found: list[dict[str, Any]] = []
    for _, rows in checklist.groupby(same, sort=False, dropna=False):
        row: Mapping[Any, Any] = rows.iloc[0].to_dict()
        differs = rows[["evidence", "proteins"]].drop_duplicates().shape[0] > 1
        shown = list(dict.fromkeys(rows["contrast"])) if len(rows) < number else [row["contrast"]] * differs
        found.append(
            {str(k): v for k, v in row.items()} | {"contrasts": shown, "n_more": (len(rows) - 1) * differs}
        )
    return sorted(found, key=lambda r: order[(r["guideline"], r["item"])])
