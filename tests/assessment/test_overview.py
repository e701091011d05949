"""The overview holds the words of the tables that it is made from."""

from __future__ import annotations

import pandas as pd

import markerkit as mk
from markerkit.assessment.overview import overview_of
from markerkit.tables.registry import TABLES


def row(table: str, contrast: str, key: str, verdict: str) -> pd.DataFrame:
    column = "source" if table == "purity" else "class"
    one = {
        "contrast": contrast,
        column: key,
        "verdict": verdict,
        "log2_fc": 1.5,
        "ci_low": 1.0,
        "ci_high": 2.0,
    }
    return TABLES[table].conform(pd.DataFrame([one | {"reason": f"why {verdict}"}]))


def test_classes_come_from_the_table_that_asks_and_contrasts_keep_their_order() -> None:
    purity = pd.concat(
        [row("purity", "B vs A", "plasma", "lower"), row("purity", "A vs C", "plasma", "similar")]
    )
    found = overview_of(
        row("identity", "A vs C", "exosome", "compatible"),
        row("comparison", "B vs A", "exosome", "higher"),
        purity,
    )
    assert found[["contrast", "question", "kind", "key", "verdict", "level"]].to_numpy().tolist() == [
        ["B vs A", "change", "class", "exosome", "higher", 0.95],
        ["B vs A", "change", "source", "plasma", "lower", 0.95],
        ["A vs C", "identity", "class", "exosome", "compatible", 0.9],
        ["A vs C", "change", "source", "plasma", "similar", 0.95],
    ]
    assert found["reason"].tolist() == ["why higher", "why lower", "why compatible", "why similar"]


def test_of_an_assessment(example_assessment: mk.results.Assessment) -> None:
    tables = example_assessment.tables
    found = tables["overview"]
    assert len(found) == len(tables["identity"]) + len(tables["purity"])
    words = found[found["kind"] == "class"].set_index("key")["verdict"]
    assert words.to_dict() == tables["identity"].set_index("class")["verdict"].to_dict()


def test_without_contrasts_there_is_nothing() -> None:
    empty = {name: TABLES[name].empty() for name in ("identity", "comparison", "purity")}
    assert overview_of(*empty.values()).equals(TABLES["overview"].empty())
