"""Answers to the items of a guideline: what was measured, against which limit, and what the user stated."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from markerkit.catalog.criteria import load_criteria
from markerkit.catalog.load import MarkerCatalog
from markerkit.core.signal import Signal
from markerkit.core.vocabulary import Comparator
from markerkit.core.wording import counted, names, percent
from markerkit.study.context import CONTEXT_KEYS
from markerkit.study.contrast import Contrast

MET, NOT_MET, MEASURED = "met", "not met", "measured"
NOT_ASSESSABLE, NEEDS_METADATA, NOT_DERIVABLE = "not assessable", "needs metadata", "not derivable"
_NAMED = 12  # proteins named in a cell
_LOWEST = 0.05  # quantile of the measured values that is quoted as their lower end
_NON_VESICULAR = (Comparator.LYSATE, Comparator.BIOFLUID, Comparator.SOLUBLE)


@dataclass(frozen=True)
class Item:
    """One item of a guideline; see ``checklist.toml``."""

    guideline: str
    item: str
    requirement: str
    kind: str
    source: str
    sets: tuple[str, ...] = ()
    at_least: int = 1
    keys: tuple[str, ...] = ()
    comparators: tuple[str, ...] = ()
    fluid: str = ""
    only_if: str = ""
    evidence: str = ""


@dataclass(frozen=True)
class Answer:
    """Answer to an item, what it rests on, the proteins behind it, and its number with the limit."""

    answer: str
    evidence: str
    proteins: str = ""
    value: float = float("nan")
    limit: float = float("nan")


@dataclass(frozen=True)
class Side:
    """The samples of one group.

    Parameters
    ----------
    values
        Decoys left out, samples x proteins: linear, or ratios.
    signal
        Their signal; nothing on ratios.
    """

    values: pd.DataFrame
    signal: Signal | None


@dataclass(frozen=True)
class Scope:
    """What an item is answered from: the groups, the contrast and the context.

    Parameters
    ----------
    case
        The case samples; all samples for the whole study.
    control
        The control samples, where the control is declared to be no vesicles.
    proteins
        Annotation of the proteins.
    markers
        Catalog.
    presence_known
        Whether a missing value says that a protein was not detected.
    contrast
        The contrast; nothing for the whole study.
    context
        Statements of the user.
    higher
        Genes and accessions higher in the case than in the control; nothing where that was not tested.
    """

    case: Side
    control: Side | None
    proteins: pd.DataFrame
    markers: MarkerCatalog
    presence_known: bool
    contrast: Contrast | None
    context: Mapping[str, Any]
    higher: frozenset[str] | None


def answer(item: Item, scope: Scope) -> Answer:
    """Answer an item from the data and the context."""
    return _ANSWERS[item.kind](item, scope)


def _column(item: Item, markers: MarkerCatalog) -> str:
    """Annotation that the members of an item are matched by: sets of another species by accession."""
    return "accession" if set(item.sets) <= markers.by_accession else "gene"


def _seen_in(item: Item, scope: Scope, side: Side) -> pd.Series:
    """Share of the samples of a group in which each member was measured, by gene or accession."""
    column = _column(item, scope.markers)
    table = scope.markers.table
    members = table.loc[table["set"].isin(item.sets) & (table["role"] == "positive"), column]
    inside = scope.proteins[column].isin(set(members) - {""})
    shown = side.values.loc[:, inside.to_numpy()].notna().mean(axis=0)
    return shown.groupby(scope.proteins.loc[inside, column]).max()


def _named(genes: Sequence[str]) -> str:
    more = f" and {len(genes) - _NAMED} more" if len(genes) > _NAMED else ""
    return ", ".join(genes[:_NAMED]) + more


# ---- proteins that a vesicle preparation shows --------------------------------------


def _present(item: Item, scope: Scope) -> Answer:
    """Presence alone is what a fluid or a lysate shows as well: met where enough are higher than there."""
    found, text = _shown(item, scope)
    proteins = _named(found)
    if scope.presence_known and len(found) < item.at_least:
        return Answer(NOT_MET, f"{text}: absence may be depth", proteins, len(found), item.at_least)
    if scope.context.get("vesicles") is False:
        return Answer(NOT_MET, f"{text}; stated not to be vesicles", proteins, len(found), item.at_least)
    if scope.control is None or scope.contrast is None:
        why = "present only: a comparator that is no vesicle would say whether they are enriched"
        return Answer(MEASURED, f"{text}; {why}", proteins, len(found), item.at_least)
    control = repr(scope.contrast.control)
    if scope.higher is None:
        why = f"whether they are higher than in {control} could not be tested"
        return Answer(MEASURED, f"{text}; {why}", proteins, len(found), item.at_least)
    enriched = [g for g in found if g in scope.higher]
    fdr = percent(load_criteria().convention["checklist_fdr"])
    said = f"{len(enriched)} of them higher than in {control} (FDR {fdr})"
    if len(enriched) >= item.at_least:
        return Answer(MET, f"{text}; {said}", _named(enriched), len(enriched), item.at_least)
    said += ": present, not enriched"
    return Answer(MEASURED, f"{text}; {said}", proteins, len(enriched), item.at_least)


def _shown(item: Item, scope: Scope) -> tuple[list[str], str]:
    """Members shown by enough of the case samples; those listed, where presence cannot be read."""
    seen = _seen_in(item, scope, scope.case)
    if not scope.presence_known:
        text = f"{len(seen)} listed; presence cannot be read from an imputed or requantified matrix"
        return list(seen.index), text
    least = load_criteria().threshold["checklist_seen"]
    found = list(seen.index[seen >= least])
    text = f"{len(found)} measured in {100 * least:g} % of the samples or more; {item.at_least} asked for"
    return found, text


# ---- material that a vesicle preparation should lack ----------------------------------


def _share(item: Item, scope: Scope) -> Answer:
    """Share of signal, for which no guideline gives a limit."""
    seen = _seen_in(item, scope, scope.case)
    measured = list(seen.index[seen > 0])
    if not measured:
        found = _absent(item, scope)
        return Answer(MEASURED if found.answer == MET else found.answer, found.evidence, value=found.value)
    text, share = _size(item, scope, scope.case, measured)
    return Answer(MEASURED, _with_note(item, text), _named(measured), share)


def _little(item: Item, scope: Scope) -> Answer:
    """Met where next to nothing is there, or next to nothing of what the comparator holds."""
    seen = _seen_in(item, scope, scope.case)
    measured = list(seen.index[seen > 0])
    if not measured:
        return _absent(item, scope)
    text, share = _size(item, scope, scope.case, measured)
    text, control = _beside(item, scope, text)
    proteins, c = _named(measured), load_criteria().convention
    carried, little = c["checklist_carried"] * control, c["checklist_little"]
    if share <= carried:
        said = f"{text}: {percent(c['checklist_carried'])} of that or less"
        return Answer(MET, _with_note(item, said), proteins, share, carried)
    lysate = scope.contrast is not None and scope.contrast.comparator == Comparator.LYSATE
    like_the_cells = lysate and share > control / 2
    if share <= little and not like_the_cells and _visible(item, scope):
        said = f"{text}; {percent(little)} or less is little"
        return Answer(MET, _with_note(item, said), proteins, share, little)
    return Answer(MEASURED, _with_note(item, text), proteins, share, little)


def _beside(item: Item, scope: Scope, text: str) -> tuple[str, float]:
    """Add the share of a comparator that is no vesicle; NaN without one, and on ratios."""
    if scope.control is None or scope.contrast is None or scope.control.signal is None:
        return text, float("nan")
    shown = _seen_in(item, scope, scope.control)
    share = _size(item, scope, scope.control, list(shown.index[shown > 0]))[1]
    return f"{text}; {percent(share, 2)} in {scope.contrast.control!r}", share


def _with_note(item: Item, text: str) -> str:
    return f"{text}. {item.evidence}" if item.evidence else text


def _size(item: Item, scope: Scope, side: Side, measured: Sequence[str]) -> tuple[str, float]:
    """Median share of the signal of some members, in words and as a number; NaN on ratios."""
    if side.signal is None:
        return f"{len(measured)} measured; ratios have no share of signal", float("nan")
    # a sample that shows none of them counts as 0 in the median
    part = side.signal.of(measured, column=_column(item, scope.markers)).share
    share = float(np.median(np.nan_to_num(part)))
    what = side.signal.unit.removeprefix("share of ")
    return f"{percent(share, 2)} of the {what} (median of samples), {len(measured)} measured", share


def _absent(item: Item, scope: Scope) -> Answer:
    """None was measured: met where they would have been, had they been there."""
    if not scope.presence_known:
        why = "none is listed; presence cannot be read from an imputed or requantified matrix"
        return Answer(NOT_ASSESSABLE, why)
    if _column(item, scope.markers) == "accession" and not len(_seen_in(item, scope, scope.case)):
        return Answer(NOT_ASSESSABLE, "none is listed: the search may have held no entries of this species")
    if there := _in_control(item, scope):
        control = repr(scope.contrast.control) if scope.contrast else ""
        return Answer(
            MET, f"none measured; {control} shows {len(there)} ({names(there, limit=3)})", value=0.0
        )
    depth = int(_depth(scope.case))
    if not _visible(item, scope):
        least = load_criteria().convention["checklist_depth"]
        text = f"none measured among {counted(depth, 'protein')} a sample; {least:g} would show them"
        return Answer(NOT_ASSESSABLE, text)
    text = f"none measured among {depth} proteins a sample (median)"
    if not len(_seen_in(item, scope, scope.case)):
        text += "; a table without contaminants looks the same"
    return Answer(MET, text, value=0.0)


def _in_control(item: Item, scope: Scope) -> list[str]:
    """Members that enough samples show of a comparator that is no vesicle."""
    if scope.control is None:
        return []
    shown = _seen_in(item, scope, scope.control)
    return list(shown.index[shown >= load_criteria().threshold["checklist_seen"]])


def _visible(item: Item, scope: Scope) -> bool:
    """Whether the members would have been seen: the comparator shows them, or the samples are deep."""
    deep = _depth(scope.case) >= load_criteria().convention["checklist_depth"]
    return deep or bool(_in_control(item, scope))


def _depth(side: Side) -> float:
    """Proteins that the median sample shows."""
    return float(np.median(side.values.notna().sum(axis=1))) if len(side.values) else 0.0


# ---- statements, and what no protein can say ------------------------------------------


def _context(item: Item, scope: Scope) -> Answer:
    missing = [k for k in item.keys if scope.context.get(k) in (None, "")]
    if missing:
        asked = "; ".join(f"{k} ({CONTEXT_KEYS[k].meaning})" for k in missing)
        return Answer(NEEDS_METADATA, f"state in the context: {asked}")
    plain = {True: "yes", False: "no"}
    said = {k: plain[v] if isinstance(v := scope.context[k], bool) else v for k in item.keys}
    text = "; ".join(f"{k}: {v}" for k, v in said.items())
    return Answer(NOT_MET if "no" in said.values() else MET, text)


def _control(item: Item, scope: Scope) -> Answer:
    if scope.contrast is None:
        return Answer(NOT_MET, "no comparator in this study")
    kind, control = scope.contrast.comparator, repr(scope.contrast.control)
    if kind is None:
        return Answer(NEEDS_METADATA, f"say what {control} is: lysate, biofluid, soluble or ev")
    return Answer(MET if kind in item.comparators else NOT_MET, f"compared with {control} ({kind})")


def _limits(item: Item, scope: Scope) -> Answer:
    """State what a matrix shows of its limits: the share of missing values, and the lower end of the measured ones."""
    values = scope.case.values.to_numpy()
    measured = values[np.isfinite(values)]
    if not measured.size:
        return Answer(NOT_DERIVABLE, item.evidence)
    lowest = float(np.quantile(measured, _LOWEST))
    missing = 100 * (1 - measured.size / values.size)
    text = (
        f"{missing:.1f} % of the values are missing; {100 * _LOWEST:g} % of the measured ones lie below {lowest:.3g}. "
        f"{item.evidence}"
    )
    return Answer(NOT_DERIVABLE, text)


def _never(item: Item, _scope: Scope) -> Answer:
    return Answer(NOT_DERIVABLE, item.evidence)


_ANSWERS: dict[str, Callable[[Item, Scope], Answer]] = {
    "seen": _present,
    "share": _share,
    "little": _little,
    "context": _context,
    "control": _control,
    "never": _never,
    "limits": _limits,
}


def declared(contrast: Contrast | None) -> bool:
    """Whether the control of a contrast is declared to be no vesicles."""
    return contrast is not None and contrast.comparator in _NON_VESICULAR
