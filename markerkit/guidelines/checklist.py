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

from markerkit.catalog.files import reference_folder
from markerkit.catalog.load import MarkerCatalog
from markerkit.core.experiment import Experiment
from markerkit.results import Checklist
from markerkit.study.context import CONTEXT_KEYS
from markerkit.study.contrast import BLOOD, Contrast, takes_contrasts
from markerkit.study.data import study_data
from markerkit.tables.registry import TABLES

MET, NOT_MET, NOT_DERIVABLE, NEEDS_METADATA = "met", "not met", "not derivable", "needs metadata"
_NAMED = 12  # proteins named in a cell
_FLOOR = 0.05  # share of the measured values that stands for the lowest


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
    answer: str
    evidence: str
    proteins: str = ""


@dataclass(frozen=True)
class _Scope:
    """What an item may look at: the case samples, the contrast and the context."""

    linear: pd.DataFrame
    proteins: pd.DataFrame
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
        Harmonised experiment before normalization.
    contrasts
        One :class:`markerkit.Contrast` or several; its case samples are used. Without it all samples are.
    markers
        Catalogue; the shipped one of the experiment's organism by default.
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
) -> Checklist:
    """Checklist over contrasts, or over the whole study where there is none."""
    rows = []
    scopes: Sequence[Contrast | None] = contrasts or [None]
    for contrast in scopes:
        scope = _scope(exp, markers, contrast, context)
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
    exp: Experiment, markers: MarkerCatalog, contrast: Contrast | None, context: Mapping[str, Any]
) -> _Scope:
    chosen = exp.samples.index if contrast is None else contrast.groups(exp)[0]
    keep = ~exp.proteins["is_decoy"].to_numpy(bool)
    # on ratios presence can still be read, signal cannot
    values = exp.values if exp.scale == "ratio" else exp.linear()
    return _Scope(
        values.loc[chosen, keep], exp.proteins.loc[keep], markers, exp.presence_known, contrast, context
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


def _members(item: Item, scope: _Scope) -> pd.Series:
    """Share of the case samples in which each measured member was seen, by gene or accession."""
    table = scope.markers.table
    rows = table[table["set"].isin(item.sets) & (table["role"] == "positive")]
    genes, accessions = set(rows["gene"]) - {""}, set(rows["accession"]) - {""}
    foreign = item.sets == ("bovine_serum",)
    inside = scope.proteins["accession"].isin(accessions) if foreign else scope.proteins["gene"].isin(genes)
    seen = scope.linear.loc[:, inside.to_numpy()].notna().mean(axis=0)
    label = scope.proteins.loc[inside, "accession" if foreign else "gene"]
    return seen.groupby(label).max()


def _named(genes: Sequence[str]) -> str:
    more = f" and {len(genes) - _NAMED} more" if len(genes) > _NAMED else ""
    return ", ".join(genes[:_NAMED]) + more


def _seen(item: Item, scope: _Scope) -> _Answer:
    share = _members(item, scope)
    found = list(share.index[share >= 0.5])
    if not scope.presence_known:
        listed = list(share.index)
        text = f"{len(listed)} listed in the study; the matrix is imputed or requantified, so presence cannot be read from it"
        return _Answer(NOT_DERIVABLE, text, _named(listed))
    text = f"{len(found)} seen in half of the samples or more; {item.at_least} asked for"
    return _Answer(MET if len(found) >= item.at_least else NOT_MET, text, _named(found))


def _share(item: Item, scope: _Scope) -> _Answer:
    seen = _members(item, scope)
    measured = list(seen.index[seen > 0])
    note = f" {item.evidence}" if item.evidence else ""
    if not measured:
        return _Answer(NOT_MET, f"none of its proteins was measured: absence may be depth.{note}")
    if scope.contrast is None and scope.linear.empty:
        return _Answer(MET, f"{len(measured)} measured.{note}", _named(measured))
    foreign = item.sets == ("bovine_serum",)
    column = scope.proteins["accession" if foreign else "gene"]
    inside = column.isin(measured).to_numpy()
    values = scope.linear.to_numpy()
    if (values < 0).any():
        return _Answer(
            MET, f"{len(measured)} measured; ratios have no share of signal.{note}", _named(measured)
        )
    total = np.nansum(values, axis=1)
    share = np.nansum(values[:, inside], axis=1) / np.where(total > 0, total, np.nan)
    text = f"{len(measured)} measured, {100 * np.nanmedian(share):.2g} % of the signal (median of samples).{note}"
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
    """Give what a matrix shows of its limits: what is missing, and the lowest of what was measured."""
    values = scope.linear.to_numpy()
    known = values[np.isfinite(values)]
    if not known.size:
        return _Answer(NOT_DERIVABLE, item.evidence)
    floor = float(np.quantile(known, _FLOOR))
    missing = 100 * (1 - known.size / values.size)
    text = f"{missing:.1f} % of the values are missing; 5 % of the measured ones lie below {floor:.3g}. {item.evidence}"
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
