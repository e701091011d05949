"""Reasons that no marker gives: what was stated in the context, and the checks of an assessment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from markerkit.catalog.criteria import GENERAL_EV, ClassRule
from markerkit.checks.circularity import FLAGGED
from markerkit.checks.sensitivity import AS_REPORTED, LEAVE_ONE_OUT
from markerkit.core.vocabulary import Direction, Severity, Topic, VerdictWord
from markerkit.core.wording import names
from markerkit.study.context import CONTEXT_KEYS

FOR, AGAINST, NEITHER = Direction.FOR, Direction.AGAINST, Direction.NEITHER
Row = dict[str, Any]

_APOPTOSIS = (
    "apoptosis_induced",
    "apoptosis_shown",
    "viability_percent",
    "caspase_inhibitor_control",
    "inhibitor_effect",
)
_NEUTRAL = ("viability_percent", "inhibitor_effect")


@dataclass(frozen=True)
class Record:
    """The other parts of an assessment that bear on identity."""

    identity: pd.DataFrame
    purity: pd.DataFrame
    sensitivity: pd.DataFrame
    design: pd.DataFrame
    circularity: pd.DataFrame
    context: Mapping[str, Any]


def reason_row(topic: Topic, direction: Direction, text: str, *, about: str = "", **numbers: Any) -> Row:
    """Row of the table `evidence`, without contrast and class."""
    return {"topic": str(topic), "about": about, "direction": str(direction), "text": text, **numbers}


def direction_of(word: str) -> Direction:
    """Direction in which the verdict on another class speaks."""
    known: dict[str, Direction] = {VerdictWord.COMPATIBLE: FOR, VerdictWord.NOT_COMPATIBLE: AGAINST}
    return known.get(word, NEITHER)


def stated_rows(name: str, rule: ClassRule, words: pd.Series, record: Record) -> Iterator[Row]:
    """Reasons of one class that no marker gives.

    Parameters
    ----------
    name
        Of the contrast.
    rule
        Of the class.
    words
        Verdict by class.
    record
        The other parts of the assessment.
    """
    if rule.key == GENERAL_EV or rule.declared:
        yield _vesicles(rule, str(words.get(GENERAL_EV, "")), record.context)
    if rule.context:
        yield from (_apoptosis(key, record.context.get(key)) for key in _APOPTOSIS)
    yield _circularity(rule, record.circularity)
    yield from _design(name, record.design)
    yield from _sensitivity(name, rule, record.sensitivity)


def _apoptosis(key: str, value: Any) -> Row:
    meaning = CONTEXT_KEYS[key].meaning
    if value in (None, ""):
        return reason_row(Topic.CONTEXT, NEITHER, f"not stated: {meaning}", about=key)
    if value is False:
        return reason_row(Topic.CONTEXT, AGAINST, f"stated: it does not hold that {meaning}", about=key)
    if value is True:
        return reason_row(Topic.CONTEXT, FOR, f"stated: {meaning}", about=key)
    number = value if isinstance(value, float) else float("nan")
    direction = NEITHER if key in _NEUTRAL else FOR
    return reason_row(Topic.CONTEXT, direction, f"stated: {meaning}: {value}", about=key, value=number)


def _vesicles(rule: ClassRule, general: str, context: Mapping[str, Any]) -> Row:
    direction, text = NEITHER, "not stated whether the case samples are vesicle preparations"
    if context.get("vesicles"):
        direction = FOR
        text = "stated: the case samples are vesicle preparations (a statement, not a measurement)"
    elif context.get("vesicles") is False:
        direction, text = AGAINST, "stated: the case samples are not vesicle preparations"
    elif rule.declared and general == VerdictWord.COMPATIBLE:
        direction = FOR
        text = (
            "not stated that the case is vesicles; general EV evidence, which is compatible, takes its place"
        )
    return reason_row(Topic.CONTEXT, direction, text, about="vesicles")


def _circularity(rule: ClassRule, table: pd.DataFrame) -> Row:
    row = table[(table["kind"] == "class") & (table["key"] == rule.key)].iloc[0]
    flagged = row["status"] == FLAGGED
    genes = str(row["markers"]).split(";") if flagged and row["markers"] else []
    text = str(row["text"]) + (f" ({names(genes)})" if genes else "")
    return reason_row(Topic.CIRCULARITY, AGAINST if flagged else NEITHER, text, n=row["n_markers"])


def _design(name: str, table: pd.DataFrame) -> Iterator[Row]:
    rows = table[(table["contrast"] == name) & table["severity"].isin([Severity.SERIOUS, Severity.WARNING])]
    for _, finding in rows.iterrows():
        direction = AGAINST if finding["severity"] == Severity.SERIOUS else NEITHER
        yield reason_row(Topic.DESIGN, direction, str(finding["finding"]), about=str(finding["check"]))


def _sensitivity(name: str, rule: ClassRule, table: pd.DataFrame) -> Iterator[Row]:
    rows = table[(table["contrast"] == name) & (table["kind"] == "class") & (table["key"] == rule.key)]
    varied = rows[~rows["aspect"].isin([AS_REPORTED, LEAVE_ONE_OUT])]
    if varied.empty:
        return
    other = varied[~varied["agrees"].astype(bool)]
    text = f"the verdict stands under {len(varied) - len(other)} of {len(varied)} other choices"
    if len(other):
        text += ": " + "; ".join(f"{r['variant']}: {r['verdict']}" for _, r in other.iterrows())
    alone = rows[rows["aspect"] == LEAVE_ONE_OUT]
    if len(alone):
        text += f"; leaving one marker out: {alone.iloc[0]['reason']}"
    yield reason_row(Topic.SENSITIVITY, NEITHER, text, n=len(varied))
