"""The first sentence on a contrast: what it is, how sure, how pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from markerkit.catalog.criteria import GENERAL_EV, ClassRule, Criteria
from markerkit.core.messages import cannot_be_told
from markerkit.core.vocabulary import EvWord, VerdictWord
from markerkit.core.wording import fold_change, names, percent, sentence
from markerkit.study.contrast import Contrast

_MOST_GROUPS = 6  # groups of one word that a sentence names
_FEW = 3  # sources that a sentence names
_NAMED_SHARE = 0.01  # smallest share of a source that a sentence names
#: how material of a comparator is called; proteins of a fluid that vesicles bind are no fluid carried over
_LIKE = {
    "lysate": "lysate-like",
    "biofluid": "fluid carried over unchanged; fluid proteins beyond that are held back or bound selectively",
}
_DYING = ("apoptosis_induced", "apoptosis_shown", "caspase_inhibitor_control")


@dataclass(frozen=True)
class Found:
    """Rows of the tables that one contrast has.

    Parameters
    ----------
    classes
        Of `identity` or `comparison`.
    sources
        Of `purity`.
    fraction
        Of `contamination_fraction`, all compartments together; none where it was not asked.
    case
        Components of the case in `composition`.
    """

    classes: pd.DataFrame
    sources: pd.DataFrame
    fraction: pd.Series | None
    case: pd.DataFrame


def headline(contrast: Contrast, found: Found, criteria: Criteria) -> str:
    """Write one sentence on a contrast.

    Parameters
    ----------
    contrast
        What was compared.
    found
        What the tables say of it.
    criteria
        Titles of classes and sources.

    Returns
    -------
    What the preparation is, the classes that its markers fit, the share that is like the comparator, and the
    main co-isolated sources. Where the control is, or may be, vesicles: what is higher and what is lower.
    """
    if found.classes.empty:
        return sentence(f"{contrast.case} against {contrast.control}: nothing was compared")
    parts = _identity(contrast, found, criteria) if contrast.asks_identity else _change(found, criteria)
    said = "; ".join(parts)
    return sentence(f"{contrast.case} against {contrast.control}: {said}")


def headline_of_study(ev_markers: pd.DataFrame) -> str:
    """Write one sentence on a study without a contrast: the groups by what they show of the EV markers.

    Parameters
    ----------
    ev_markers
        Table `ev_markers`.
    """
    groups = ev_markers[ev_markers["level"] == "group"]
    parts = []
    for word in EvWord:
        named = [str(name) for name in groups.loc[groups["word"] == word, "name"]]
        if named:
            parts.append(f"{word} in {names(named, limit=_MOST_GROUPS)}")
    said = f"EV markers {'; '.join(parts)}" if parts else "No sample was measured"
    return f"{sentence(said)} Whether they are enriched needs a contrast against a lysate or the fluid."


def shown_classes(criteria: Criteria, context: Mapping[str, Any]) -> list[ClassRule]:
    """Classes for the first screen: those of dying cells only where the context speaks of apoptosis."""
    asked = any(context.get(key) for key in _DYING)
    return [rule for rule in criteria.classes.values() if asked or not (rule.context or rule.nuclear)]


def row_of(rows: pd.DataFrame, key: str) -> pd.Series:
    """Row of a table that has one row per key."""
    row = rows.loc[key]
    if not isinstance(row, pd.Series):  # pragma: no cover - keys occur once
        raise TypeError(key)
    return row


# ---- is it vesicles --------------------------------------------------------------


def _identity(contrast: Contrast, found: Found, criteria: Criteria) -> Iterator[str]:
    if "like_control" in found.classes and bool(found.classes["like_control"].astype(bool).any()):
        yield cannot_be_told(contrast.case, contrast.control)
        return
    rows = found.classes.set_index("class")
    ev = row_of(rows, GENERAL_EV)
    yield _material(ev)
    if ev["verdict"] == VerdictWord.COMPATIBLE:
        yield _class(rows, criteria, contrast.comparator)
    yield from _co_isolated(found.case)
    yield from _like_the_control(contrast, found.fraction)


def _material(ev: pd.Series) -> str:
    size = _size(ev)
    if ev["verdict"] == VerdictWord.COMPATIBLE:
        return f"EV material, its markers {size} higher" if size else "EV material"
    if ev["verdict"] == VerdictWord.NOT_COMPATIBLE:
        return f"no EV material is shown ({ev['reason']})"
    return f"whether it is EV material is {ev['verdict']} ({ev['reason']})"


def _class(rows: pd.DataFrame, criteria: Criteria, comparator: str | None) -> str:
    fits = [k for k in rows.index[rows["verdict"] == VerdictWord.COMPATIBLE] if k != GENERAL_EV]
    if fits:
        named = names(
            [f"{_plain(criteria.classes[k].title)} ({row_of(rows, k)['operational_name']})" for k in fits]
        )
        return f"its markers fit {named}"
    still = [k for k in ("exosome", "microvesicle") if k in rows.index]
    why = "; ".join(f"{_plain(criteria.classes[k].title)}: {row_of(rows, k)['reason']}" for k in still[:1])
    # against a fluid the proteins of all vesicles and cells rise together
    alone = "" if comparator == "lysate" else " by proteomics alone"
    return f"its class cannot be told{alone} ({why})"


def _like_the_control(contrast: Contrast, fraction: pd.Series | None) -> Iterator[str]:
    if fraction is not None and fraction["status"] == "assessed":
        size = percent(fraction["fraction"], 2)
        yield f"{fraction['bound']} {size} of the signal is {like_control(contrast.comparator)}"


def like_control(comparator: str | None) -> str:
    """Call the material of a comparator that is still in a preparation."""
    return _LIKE.get(str(comparator), "like the control")


def _co_isolated(case: pd.DataFrame) -> Iterator[str]:
    """Name the largest sources in the case, with their intervals."""
    shares = case[~case["component"].isin(["ev", "unassigned"]) & (case["share"] >= _NAMED_SHARE)]
    largest = shares.sort_values("share", ascending=False, kind="stable").head(_FEW)
    texts = [_share(row) for _, row in largest.iterrows()]
    if texts:
        yield f"mainly co-isolated: {names(texts)}"
    elif case["share"].notna().any():
        yield f"no co-isolated source above {percent(_NAMED_SHARE)} of the signal"


def _share(row: pd.Series) -> str:
    text = f"{_plain(str(row['title']))} {percent(row['share'], 2)}"
    if np.isfinite(row["ci_low"]):
        text += f" ({100 * row['ci_low']:.2g} to {100 * row['ci_high']:.2g})"
    return text


# ---- what differs ---------------------------------------------------------------------


def _change(found: Found, criteria: Criteria) -> Iterator[str]:
    rows = found.classes.set_index("class")
    ev = row_of(rows, GENERAL_EV)
    size = _size(ev)
    word = str(ev["verdict"])
    if word in {VerdictWord.HIGHER, VerdictWord.LOWER, VerdictWord.SIMILAR}:
        yield f"EV markers {word}{f', {size}' if size else ''}"
    else:
        yield f"EV markers {word} ({ev['reason']})"
    titles = criteria.titles
    for said in (VerdictWord.HIGHER, VerdictWord.LOWER):
        classes = [titles[k] for k in rows.index[rows["verdict"] == said] if k != GENERAL_EV]
        sources = [titles[k] for k in found.sources.loc[found.sources["verdict"] == said, "source"]]
        if named := [*(f"markers of {_plain(c)}" for c in classes), *map(_plain, sources)]:
            yield f"{said}: {names(named, limit=8)}"
    yield from _co_isolated(found.case)


def _plain(title: str) -> str:
    """Write a title inside a sentence.

    >>> _plain("Plasma proteins"), _plain("ER and Golgi"), _plain("EV material")
    ('plasma proteins', 'ER and Golgi', 'EV material')
    """
    return title if title[:2].isupper() else f"{title[:1].lower()}{title[1:]}"


def _size(row: pd.Series) -> str:
    """Write the effect of a class and its interval as fold changes."""
    values: Sequence[float] = [float(row[c]) for c in ("log2_fc", "ci_low", "ci_high")]
    if not np.isfinite(values).all():
        return ""
    middle, low, high = (fold_change(v) for v in values)
    return f"{middle}-fold ({low} to {high})"


__all__ = ["Found", "headline", "headline_of_study", "like_control", "row_of", "shown_classes"]
