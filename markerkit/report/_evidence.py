"""What the report shows of evidence, sensitivity, design and circularity."""

from __future__ import annotations

from typing import Any

import pandas as pd

from markerkit.assessment.reasons import AGAINST, FOR, NEITHER
from markerkit.catalog.criteria import load_criteria
from markerkit.checks.circularity import FLAGGED, UNKNOWN
from markerkit.checks.null_check import TOO_OFTEN
from markerkit.checks.sensitivity import AS_REPORTED, LEAVE_ONE_OUT
from markerkit.core.wording import fold_change
from markerkit.figures._palette import title
from markerkit.guidelines.ev_track import FROM_CONTEXT, FROM_DATA, TO_FILL
from markerkit.purity.sources import HIGHER

_SEVERITIES = ("serious", "warning", "note", "ok")


def reasons(evidence: pd.DataFrame, key: str) -> dict[str, list[dict[str, Any]]]:
    """Give the reasons for, against and neither of one class, the decisive first."""
    rows = evidence[evidence["class"] == key].sort_values("decisive", ascending=False, kind="stable")
    rows = rows.assign(heading=[_heading(*pair) for pair in zip(rows["topic"], rows["about"], strict=True)])
    sides = {"favor": FOR, "against": AGAINST, "neither": NEITHER}
    return {side: _records(rows[rows["direction"] == word]) for side, word in sides.items()}


def _heading(topic: str, about: str) -> str:
    """Write what a reason is about.

    >>> _heading("competing_class", "microvesicle"), _heading("general_ev_evidence", "")
    ('competing class, Microvesicle', 'general EV evidence')
    """
    criteria = load_criteria()
    titles = {k: r.title for k, r in criteria.classes.items()}
    titles |= {k: r.title for k, r in criteria.sources.items()}
    subject = titles.get(about) or title(about).replace("_", " ")
    return ", ".join(filter(None, [topic.replace("_", " ").replace(" ev ", " EV "), subject]))


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(k): v for k, v in row.items()} for row in table.to_dict(orient="records")]


def stability(table: pd.DataFrame) -> list[dict[str, Any]]:
    """How far every class verdict and every source that is higher stands under other choices."""
    found = []
    for (kind, key), rows in table[table["kind"] != ""].groupby(["kind", "key"], sort=False):
        reported = rows.loc[rows["aspect"] == AS_REPORTED, "verdict"]
        word = str(reported.iloc[0]) if len(reported) else ""
        if kind == "source" and HIGHER not in set(rows["verdict"]):
            continue
        found.append({"title": _title(str(kind), str(key)), "verdict": word, **_summed(rows)})
    return found


def _title(kind: str, key: str) -> str:
    criteria = load_criteria()
    return criteria.classes[key].title if kind == "class" else criteria.sources[key].title


def _summed(rows: pd.DataFrame) -> dict[str, Any]:
    varied = rows[~rows["aspect"].isin([AS_REPORTED, LEAVE_ONE_OUT])]
    other = varied[~varied["agrees"].astype(bool)]
    alone = rows[rows["aspect"] == LEAVE_ONE_OUT]
    text, span = "", ""
    if len(alone):
        row = alone.iloc[0]
        text = str(row["reason"])
        if pd.notna(row["effect_low"]):
            span = f"{fold_change(float(row['effect_low']))} to {fold_change(float(row['effect_high']))}-fold"
    return {
        "n": len(varied),
        "n_same": len(varied) - len(other),
        "other": [f"{r['variant']}: {r['verdict']}" for _, r in other.iterrows()],
        "alone": text,
        "span": span,
    }


def unvaried(table: pd.DataFrame) -> list[str]:
    """Say what was not varied, and why."""
    rows = table[table["status"] == "not varied"]
    return [f"{r['aspect']}, {r['variant']}: {r['note']}" for _, r in rows.iterrows()]


def design_rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Lines of the design check, the most serious first."""
    return sorted(_records(table), key=lambda r: _SEVERITIES.index(str(r["severity"])))


#: tests of the null check in words
TESTS = {
    "moderated_t": "moderated t, protein by protein",
    "camera": "camera, set by set",
    "fry": "fry, set by set",
    "effect": "set effect",
    "joint": "set effects, jointly",
}


def levels(table: pd.DataFrame) -> dict[str, Any]:
    """How often every test rejects where nothing differs.

    Returns
    -------
    ``rows``, one per test and level, none where the check was not run; ``n_draws`` and ``n_distinct``, data sets
    drawn and distinct permutations of the groups; ``too_often``, standard errors above the level that are too many.
    """
    rows = _records(table)
    for row in rows:
        row["title"] = TESTS.get(str(row["test"]), str(row["test"]))
        computed = pd.notna(row["rate"])
        row["rejected"] = f"{100 * row['rate']:.1f} ± {100 * row['se']:.1f} %" if computed else ""
    first: dict[str, Any] = rows[0] if rows else {"n_draws": 0, "n_distinct": pd.NA}
    distinct = first["n_distinct"]
    return {
        "rows": rows,
        "n_draws": int(first["n_draws"]),
        "n_distinct": f"{int(distinct):,}" if pd.notna(distinct) else "",
        "too_often": TOO_OFTEN,
    }


def circular(table: pd.DataFrame) -> dict[str, Any]:
    """Name the sets that were made from these data; or say why it cannot be checked."""
    flagged = _records(table[table["status"] == FLAGGED])
    unknown = table.loc[table["status"] == UNKNOWN, "text"]
    return {
        "flagged": [{**row, "title": _title(str(row["kind"]), str(row["key"]))} for row in flagged],
        "unknown": str(unknown.iloc[0]) if len(unknown) else "",
    }


def form(table: pd.DataFrame) -> dict[str, int]:
    """Count the fields of the EV-TRACK form by who fills them."""
    status = table["status"]
    return {
        "data": int((status == FROM_DATA).sum()),
        "context": int((status == FROM_CONTEXT).sum()),
        "blank": int((status == TO_FILL).sum()),
    }
