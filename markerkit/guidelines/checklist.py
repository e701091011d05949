"""Checklist: what the reporting guidelines ask, answered as far as the data and the context can."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import pandas as pd

from markerkit.catalog.criteria import load_criteria
from markerkit.catalog.files import reference_folder
from markerkit.catalog.load import MarkerCatalog, Sets
from markerkit.core.experiment import Experiment
from markerkit.core.signal import signal_of
from markerkit.effects.fit import fit_contrast
from markerkit.effects.model import AnyContrast, ContrastModel
from markerkit.guidelines.answers import (
    NEEDS_METADATA,
    NOT_DERIVABLE,
    Answer,
    Item,
    Scope,
    Side,
    answer,
    declared,
)
from markerkit.results import Checklist
from markerkit.study.contrast import BLOOD, Contrast, takes_contrasts
from markerkit.study.data import study_data
from markerkit.tables.registry import TABLES


@takes_contrasts
def misev_checklist(
    exp: Experiment,
    contrasts: Contrast | Iterable[Contrast] | None = None,
    markers: Sets | None = None,
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
        Catalog; the shipped one of the experiment's organism by default. Sets of your own, in any form that
        :func:`markerkit.enrich` takes, stand beside the shipped ones.
    context
        Study metadata; see :data:`markerkit.study.context.CONTEXT_KEYS`. Without a contrast
        its key `fluid` says what the samples come from.

    Returns
    -------
    Checklist
        One row per item: ``met`` or ``not met`` where a limit is stated, else ``measured`` with the
        number; ``not assessable``, ``needs metadata`` or ``not derivable``.

    Raises
    ------
    InputError
        An impossible contrast or context.

    References
    ----------
    MISEV2018: Thery et al. 2018, doi:10.1080/20013078.2018.1535750. MISEV2023: Welsh et al. 2024,
    doi:10.1002/jev2.12404. EV-TRACK: Van Deun et al. 2017, doi:10.1038/nmeth.4185. Blood: Lucien et al. 2023,
    doi:10.1002/jev2.12385.

    Examples
    --------
    >>> import markerkit as mk
    >>> exp = mk.simulate(n=3, n_background=200, seed=1).experiment
    >>> found = mk.misev_checklist(exp, context={"fluid": "culture", "vesicles": True})
    >>> "needs metadata" in set(found.table["answer"])
    True
    """
    data = study_data(exp, contrasts, markers, context=context)
    models = [fit_contrast(data.units, data.markers, c) for c in data.contrasts]
    return checklist_of(data.units, data.markers, models, data.context, fluid=data.fluid)


def checklist_of(
    exp: Experiment,
    markers: MarkerCatalog,
    models: Sequence[AnyContrast],
    context: Mapping[str, Any],
    *,
    fluid: str | None = None,
    basis: str = "signal",
) -> Checklist:
    """Checklist over fitted contrasts, or over the whole study where there is none.

    Parameters
    ----------
    exp, markers, fluid
        As in :func:`misev_checklist`.
    models
        The contrasts; each has its own rows.
    context
        As from :func:`markerkit.study.context.read_context`.
    basis
        Basis of the shares of signal, ``"signal"`` or ``"length"``.
    """
    rows = []
    every: Sequence[AnyContrast | None] = models or [None]
    for model in every:
        contrast = model.contrast if model else None
        higher = higher_than_control(model) if model else None
        scope = _scope(exp, markers, contrast, context, higher=higher, basis=basis)
        rows += [_row(item, scope, contrast.fluid if contrast else fluid) for item in load_items()]
    params = {"contrasts": [m.contrast.name for m in models], "context": dict(context)}
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
    higher: frozenset[str] | None,
    basis: str,
) -> Scope:
    case, control = (exp.samples.index, None) if contrast is None else contrast.groups(exp)
    return Scope(
        _side(exp, case, basis),
        _side(exp, control, basis) if control is not None and declared(contrast) else None,
        exp.proteins.loc[exp.targets],
        markers,
        exp.presence_known,
        contrast,
        context,
        higher,
    )


def _side(exp: Experiment, samples: pd.Index, basis: str) -> Side:
    chosen = exp.select(samples=list(samples))
    # on ratios presence is known all the same, signal is not
    if exp.scale == "ratio":
        return Side(chosen.values.loc[:, exp.targets], None)
    return Side(chosen.linear(decoys=False), signal_of(chosen, basis))


def higher_than_control(model: AnyContrast) -> frozenset[str] | None:
    """Genes and accessions higher in the case at the false discovery rate of the checklist; nothing without a model."""
    if not isinstance(model, ContrastModel):
        return None
    table = model.da.table
    rows = table[(table["padj"] < load_criteria().convention["checklist_fdr"]) & (table["log2_fc"] > 0)]
    return frozenset(rows["gene"]) | frozenset(rows["accession"])


def _row(item: Item, scope: Scope, fluid: str | None) -> dict[str, Any]:
    if item.fluid and fluid is None:
        found = Answer(NEEDS_METADATA, "applies to this fluid only: state what the samples come from")
    elif item.fluid and not (fluid == item.fluid or (item.fluid == "blood" and fluid in BLOOD)):
        found = Answer(NOT_DERIVABLE, f"does not apply: the samples come from {fluid}")
    elif item.only_if and not scope.context.get(item.only_if):
        found = Answer(NOT_DERIVABLE, f"asked only where the context states {item.only_if}")
    else:
        found = answer(item, scope)
    return {
        "contrast": scope.contrast.name if scope.contrast else "",
        "guideline": item.guideline,
        "item": item.item,
        "requirement": item.requirement,
        **vars(found),
        "source": item.source,
    }
