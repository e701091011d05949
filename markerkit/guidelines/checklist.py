"""Checklist: what the reporting guidelines ask, answered as far as the data and the context can."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from markerkit.catalog.criteria import load_criteria
from markerkit.catalog.files import reference_folder
from markerkit.catalog.load import MarkerCatalog
from markerkit.core.experiment import Experiment
from markerkit.core.signal import Signal, signal_of
from markerkit.core.wording import percent
from markerkit.results import Checklist
from markerkit.study.context import CONTEXT_KEYS
from markerkit.study.contrast import BLOOD, Contrast, takes_contrasts
from markerkit.study.data import study_data
from markerkit.tables.registry import TABLES

MET, NOT_MET, NOT_DERIVABLE, NEEDS_METADATA = "met", "not met", "not derivable", "needs metadata"
_NAMED = 12  # proteins named in a cell
_LOWEST = 0.05  # quantile of the measured values that is quoted as their lower end


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
    evidence: str = ""


@dataclass(frozen=True)
class _Answer:
    """Answer to an item, what it rests on and the proteins behind it."""

    answer: str
    evidence: str
    proteins: str = ""


@dataclass(frozen=True)
class _Scope:
    """What an item is answered from: the case samples, the contrast and the context.

    Parameters
    ----------
    values
        Of the case samples, decoys left out, samples x proteins: linear, or ratios.
    proteins
        Their annotation.
    signal
        Signal of the case samples; nothing on ratios.
    markers
        Catalog.
    presence_known
        Whether a missing value says that a protein was not detected.
    contrast
        The contrast; nothing for the whole study.
    context
        Statements of the user.
    """

    values: pd.DataFrame
    proteins: pd.DataFrame
    signal: Signal | None
    markers: MarkerCatalog
    presence_known: bool
    contrast: Contrast | None
    context: Mapping[str, Any]


@takes_contrasts
def misev_checklist(
    exp: Experiment,
    contrasts: Contrast | Iterable[Contrast] | None = None,
    markers: MarkerCatalog | None = None,
    *,
    context: str | Path | Mapping[str, Any] | None = None,
) -> Checklist:
    """Answer the items of MISEV2018, MISEV2023, EV-TRACK and the fluid guidelines.

    Parameters
    ----------
    exp
        Harmonized experiment before normalization.
    contrasts
        One :class:`markerkit.Contrast` or several; its case samples are used. Without it all samples are.
    markers
        Catalog; the shipped one of the experiment's organism by default.
    context
        Study metadata; see :data:`markerkit.study.context.CONTEXT_KEYS`. Without a contrast
        its key `fluid` says what the samples come from.

    Returns
    -------
    Checklist
        One row per item: ``met``, ``not met``, ``not derivable`` or ``needs metadata``.

    Raises
    ------
    InputError
        An impossible contrast or context.
    """
    data = study_data(exp, contrasts, markers, context=context)
    return checklist_of(data.units, data.markers, data.contrasts, data.context, fluid=data.fluid)


def checklist_of(
    exp: Experiment,
    markers: MarkerCatalog,
    contrasts: Sequence[Contrast],
    context: Mapping[str, Any],
    *,
    fluid: str | None = None,
    basis: str = "signal",
) -> Checklist:
    """Checklist over contrasts, or over the whole study where there is none.

    Parameters
    ----------
    exp, markers, fluid
        As in :func:`misev_checklist`.
    contrasts
        Each has its own rows.
    context
        As from :func:`markerkit.study.context.read_context`.
    basis
        Basis of the shares of signal, ``"signal"`` or ``"length"``.
    """
    rows = []
    scopes: Sequence[Contrast | None] = contrasts or [None]
    for contrast in scopes:
        scope = _scope(exp, markers, contrast, context, basis=basis)
        stated = contrast.fluid if contrast else fluid
        rows += [_row(item, scope, stated) for item in load_items()]
    params = {"contrasts": [c.name for c in contrasts], "context": dict(context)}
    return Checklist(TABLES["misev_checklist"].conform(pd.DataFrame(rows)), params)


@lru_cache(maxsize=1)
def load_items() -> tuple[Item, ...]:
    """Read the items once."""
    raw = tomllib.loads((reference_folder() / "checklist.toml").read_text(encoding="utf-8"))
    rows: list[dict[str, Any]] = [
        {k: tuple(v) if isinstance(v, list) else v for k, v in row.items()} for row in raw["item"]
    ]
    return tuple(Item(**row) for row in rows)


def _scope(
    exp: Experiment,
    markers: MarkerCatalog,
    contrast: Contrast | None,
    context: Mapping[str, Any],
    *,
    basis: str,
) -> _Scope:
    chosen = exp if contrast is None else exp.select(samples=list(contrast.groups(exp)[0]))
    # on ratios presence is known all the same, signal is not
    ratio = exp.scale == "ratio"
    return _Scope(
        chosen.values.loc[:, exp.targets] if ratio else chosen.linear(decoys=False),
        exp.proteins.loc[exp.targets],
        None if ratio else signal_of(chosen, basis),
        markers,
        exp.presence_known,
        contrast,
        context,
    )


def _row(item: Item, scope: _Scope, fluid: str | None) -> dict[str, str]:
    if item.fluid and fluid is None:
        found = _Answer(NEEDS_METADATA, "applies to this fluid only: state what the samples come from")
    elif item.fluid and not (fluid == item.fluid or (item.fluid == "blood" and fluid in BLOOD)):
        found = _Answer(NOT_DERIVABLE, f"does not apply: the samples come from {fluid}")
    else:
        found = _ANSWERS[item.kind](item, scope)
    return {
        "contrast": scope.contrast.name if scope.contrast else "",
        "guideline": item.guideline,
        "item": item.item,
        "requirement": item.requirement,
        "answer": found.answer,
        "evidence": found.evidence,
        "proteins": found.proteins,
        "source": item.source,
    }


def _column(item: Item, markers: MarkerCatalog) -> str:
    """Annotation that the members of an item are matched by: sets of another species by accession."""
    return "accession" if set(item.sets) <= markers.by_accession else "gene"


def _measured(item: Item, scope: _Scope) -> pd.Series:
    """Share of the case samples in which each member was measured, by gene or accession."""
    column = _column(item, scope.markers)
    table = scope.markers.table
    members = table.loc[table["set"].isin(item.sets) & (table["role"] == "positive"), column]
    inside = scope.proteins[column].isin(set(members) - {""})
    shown = scope.values.loc[:, inside.to_numpy()].notna().mean(axis=0)
    return shown.groupby(scope.proteins.loc[inside, column]).max()


def _named(genes: Sequence[str]) -> str:
    more = f" and {len(genes) - _NAMED} more" if len(genes) > _NAMED else ""
    return ", ".join(genes[:_NAMED]) + more


def _seen(item: Item, scope: _Scope) -> _Answer:
    share = _measured(item, scope)
    if not scope.presence_known:
        text = f"{len(share)} listed in the study; the matrix is imputed or requantified, so presence cannot be read from it"
        return _Answer(NOT_DERIVABLE, text, _named(list(share.index)))
    least = load_criteria().threshold["checklist_seen"]
    found = list(share.index[share >= least])
    text = f"{len(found)} measured in {100 * least:g} % of the samples or more; {item.at_least} asked for"
    return _Answer(MET if len(found) >= item.at_least else NOT_MET, text, _named(found))


def _share(item: Item, scope: _Scope) -> _Answer:
    share = _measured(item, scope)
    measured = list(share.index[share > 0])
    note = f" {item.evidence}" if item.evidence else ""
    if not measured:
        return _Answer(NOT_MET, f"none of its proteins was measured: absence may be depth.{note}")
    if scope.signal is None:
        text = f"{len(measured)} measured; ratios have no share of signal.{note}"
        return _Answer(MET, text, _named(measured))
    # a sample that shows none of them counts as 0 in the median
    of_signal = np.median(np.nan_to_num(scope.signal.of(measured, column=_column(item, scope.markers)).share))
    what = scope.signal.unit.removeprefix("share of ")
    text = f"{len(measured)} measured, {percent(of_signal, 2)} of the {what} (median of samples).{note}"
    return _Answer(MET, text, _named(measured))


def _context(item: Item, scope: _Scope) -> _Answer:
    given = [k for k in item.keys if scope.context.get(k) not in (None, "", False)]
    missing = [k for k in item.keys if k not in given]
    if not missing:
        return _Answer(MET, "; ".join(f"{k}: {scope.context[k]}" for k in given))
    asked = "; ".join(f"{k} ({CONTEXT_KEYS[k][1]})" for k in missing)
    return _Answer(NEEDS_METADATA, f"state in the context: {asked}")


def _control(item: Item, scope: _Scope) -> _Answer:
    if scope.contrast is None:
        return _Answer(NOT_MET, "no comparator in this study")
    kind = scope.contrast.comparator
    if kind is None:
        return _Answer(
            NEEDS_METADATA, f"say what {scope.contrast.control!r} is: lysate, biofluid, soluble or ev"
        )
    return _Answer(
        MET if kind in item.comparators else NOT_MET, f"compared with {scope.contrast.control!r} ({kind})"
    )


def _limits(item: Item, scope: _Scope) -> _Answer:
    """State what a matrix shows of its limits: the share of missing values, and the lower end of the measured ones."""
    values = scope.values.to_numpy()
    measured = values[np.isfinite(values)]
    if not measured.size:
        return _Answer(NOT_DERIVABLE, item.evidence)
    lowest = float(np.quantile(measured, _LOWEST))
    missing = 100 * (1 - measured.size / values.size)
    text = (
        f"{missing:.1f} % of the values are missing; {100 * _LOWEST:g} % of the measured ones lie below {lowest:.3g}. "
        f"{item.evidence}"
    )
    return _Answer(NOT_DERIVABLE, text)


def _stated(item: Item, _scope: _Scope) -> _Answer:
    return _Answer(MET, item.evidence)


def _never(item: Item, _scope: _Scope) -> _Answer:
    return _Answer(NOT_DERIVABLE, item.evidence)


_ANSWERS: dict[str, Callable[[Item, _Scope], _Answer]] = {
    "seen": _seen,
    "share": _share,
    "context": _context,
    "control": _control,
    "stated": _stated,
    "never": _never,
    "limits": _limits,
}
