"""The section `Per sample` of the report: quality cards, blanks and the bovine check."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from markerkit.catalog.criteria import load_criteria
from markerkit.core.wording import percent
from markerkit.qc.flags import flags_of

_TOP_SHARES = 3
_TOP_PROTEINS = 10
_MOST_SAMPLES = 200

_Row = Mapping[Hashable, Any]


def sample_cards(tables: Mapping[str, pd.DataFrame]) -> dict[str, Any]:
    """Everything that the section shows.

    Returns
    -------
    ``cards``, one per sample; ``grouped``, whether there is more than one group; ``n_more``, samples left out;
    ``n_review``, samples with something to review; ``advice``, what to do about
    it and for which samples; ``check``, what the bovine check found; ``sources`` and
    ``proteins``, rows of the table `blanks` that could explain a part of the samples; ``carried``, limits that the
    blanks set to contamination fractions; ``n_blanks``; ``basis`` of the shares.
    """
    table, blanks = tables["sample_quality"], tables["blanks"]
    flags = _by_sample(flags_of(table))
    cards = [_card(name, rows, flags.get(name, [])) for name, rows in _by_sample(table).items()]
    check = table[table["kind"] == "check"].drop_duplicates(["meaning", "reason"])
    basis = tables["source_shares"]["basis"]
    limits = blanks[(blanks["level"] == "contamination fraction") & (blanks["limit"] > 0)]
    return {
        "cards": cards[:_MOST_SAMPLES],
        "grouped": table["group"].nunique() > 1,
        "n_more": max(0, len(cards) - _MOST_SAMPLES),
        "n_review": sum(bool(c["review"]) for c in cards),
        "advice": _advised(cards),
        "check": [". ".join(filter(None, [r["meaning"], r["reason"]])) for _, r in check.iterrows()],
        "sources": _blank_rows(blanks, "source"),
        "carried": limits.to_dict(orient="records"),
        "proteins": _blank_rows(blanks, "protein")[:_TOP_PROTEINS],
        "n_blanks": int(blanks.drop_duplicates("role")["n_blanks"].sum()) if len(blanks) else 0,
        "basis": str(basis.iloc[0]) if len(basis) else "",
    }


def _flag(row: _Row) -> str:
    """Write what was flagged; what to do stands once for all samples."""
    if row["kind"] == "share":
        return f"{load_criteria().sources[row['item']].title} {percent(row['value'], 2)}"
    return str(row["text"]).removesuffix(f"; {row['advice']}")


def _advised(cards: list[dict[str, Any]]) -> list[tuple[str, list[str]]]:
    """Every piece of advice once, with the samples that it is for."""
    found: dict[str, list[str]] = {}
    for card in cards:
        for advice in card["advice"]:
            found.setdefault(advice, []).append(card["sample"])
    return list(found.items())


def _blank_rows(blanks: pd.DataFrame, level: str) -> list[dict[str, Any]]:
    rows = blanks[(blanks["level"] == level) & (blanks["flag"] == "review")]
    titles = load_criteria().sources
    found = [{str(k): v for k, v in row.items()} for row in rows.to_dict(orient="records")]
    for row in found:
        row["title"] = titles[row["key"]].title if row["key"] in titles else row["gene"] or row["key"]
        row["title"] = "EV markers" if row["key"] == "ev" and level == "source" else row["title"]
    return found


def _by_sample(table: pd.DataFrame) -> dict[str, list[_Row]]:
    """Rows of every sample; rows as dictionaries take a fraction of the time of as many small tables."""
    found: dict[str, list[_Row]] = {}
    for row in table.to_dict(orient="records"):
        found.setdefault(str(row["sample"]), []).append(row)
    return found


def _card(name: str, rows: Sequence[_Row], flags: Sequence[_Row]) -> dict[str, Any]:
    titles = load_criteria().sources
    of_key = {(r["kind"], r["item"]): r for r in rows if r["kind"] != "marker"}

    def value(kind: str, item: str, column: str = "value") -> float:
        return float(of_key[(kind, item)][column]) if (kind, item) in of_key else float("nan")

    markers = [r for r in rows if r["kind"] == "marker"]
    seen = [str(r["item"]) for r in markers if r["status"] == "seen"]
    shares = [r for r in rows if r["kind"] == "share" and r["item"] != "ev" and r["value"] > 0]
    top = sorted(shares, key=lambda r: -r["value"])[:_TOP_SHARES]
    return {
        "sample": name,
        "role": rows[0]["role"],
        "group": rows[0]["group"],
        "proteins": value("depth", "proteins_measured"),
        "seen": len(seen),
        "markers": len(markers),
        "named": ", ".join(_named(seen)),
        "rank": _interval(
            value("ev", "ev_rank"), value("ev", "ev_rank", "ci_low"), value("ev", "ev_rank", "ci_high")
        ),
        "percentile": _plain(value("ev", "ev_rank", "percentile"), "{:.0f}"),
        "ev": percent(value("share", "ev"), 2),
        "top": ", ".join(f"{titles[r['item']].title} {percent(r['value'], 2)}" for r in top),
        "similarity": _plain(value("outlier", "correlation"), "{:.2f}"),
        "review": [_flag(r) for r in flags],
        "advice": list(dict.fromkeys(r["advice"] for r in flags if r["advice"])),
    }


#: the best-known markers, named where they were detected
_FIRST = ("CD9", "CD63", "CD81", "TSG101", "PDCD6IP", "SDCBP", "FLOT1", "ANXA2")


def _named(seen: Sequence[str]) -> list[str]:
    """Name the best-known markers that were detected."""
    found = {gene.upper(): gene for gene in seen}
    return [found[g] for g in _FIRST if g in found]


def _plain(value: float, form: str) -> str:
    return form.format(value) if np.isfinite(value) else "–"


def _interval(value: float, low: float, high: float) -> str:
    if not np.isfinite(value):
        return "–"
    return f"{value:.0f} ({low:.0f} to {high:.0f})" if np.isfinite(low) else f"{value:.0f}"
