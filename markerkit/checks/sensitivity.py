"""Sensitivity analysis: every verdict again, under the choices that could change it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from markerkit.catalog.criteria import Criteria
from markerkit.checks.leave_one_out import leave_one_out
from markerkit.core.errors import InputError
from markerkit.core.experiment import Experiment
from markerkit.core.messages import reason
from markerkit.core.verdict import Verdict
from markerkit.core.vocabulary import Comparator, Status
from markerkit.core.wording import percent
from markerkit.effects.fit import detected, fit_contrast
from markerkit.effects.members import ProteinIndex
from markerkit.effects.model import AnyContrast, ContrastModel, MissingValueScheme, fitted
from markerkit.identity.change import class_level, decide_classes
from markerkit.identity.measure import gather
from markerkit.preprocess.steps import log2
from markerkit.purity.rules import decide_source
from markerkit.purity.sources import effect_columns, source_evidence
from markerkit.stats.background import Background, trimmed_background
from markerkit.stats.order import mid_ranks
from markerkit.tables.registry import TABLES
from markerkit.tables.spec import concat_rows

Array = npt.NDArray[np.float64]

AS_REPORTED = "as reported"
LEAVE_ONE_OUT = "leave one marker out"


@dataclass(frozen=True)
class Variant:
    """One choice made otherwise.

    Parameters
    ----------
    aspect, name
        What was varied, and how.
    schemes
        Missing-value schemes to decide under; none where there is nothing to vary.
    model
        The model they belong to.
    note
        What it means, or why there is nothing to vary.
    """

    aspect: str
    name: str
    model: ContrastModel
    schemes: tuple[MissingValueScheme, ...]
    note: str = ""


def sensitivity_of(
    exp: Experiment, models: Sequence[AnyContrast], context: Mapping[str, Any]
) -> pd.DataFrame:
    """Decide every class and every source again under other choices.

    Parameters
    ----------
    exp
        Harmonized experiment that the contrasts were fitted on.
    models
        Contrasts; those that could not be fitted have no rows.
    context
        What only the user can state.

    Returns
    -------
    Table `sensitivity`. A scaling of each sample by a constant is not listed:
    effects are taken over the background of the same samples, so it cancels.
    """
    tables = [_one(exp, model, context) for model in fitted(models)]
    return TABLES["sensitivity"].conform(concat_rows(tables))


def _one(exp: Experiment, model: ContrastModel, context: Mapping[str, Any]) -> pd.DataFrame:
    rows: list[dict[str, Any]] = []
    reported: dict[tuple[str, str], str] = {}
    for variant in _variants(exp, model):
        found = read_all(variant.model, variant.schemes, context) if variant.schemes else []
        for row in found:
            place = (row["kind"], row["key"])
            reported.setdefault(place, row["verdict"])
            rows.append(_row(variant) | row | {"agrees": row["verdict"] == reported[place]})
        if not variant.schemes:
            rows.append(_row(variant) | {"kind": "", "key": ""})
    alone = Variant(LEAVE_ONE_OUT, LEAVE_ONE_OUT, model, model.schemes)
    rows += [_row(alone) | found for found in leave_one_out(model, context, reported)]
    return pd.DataFrame(rows)


def _row(variant: Variant) -> dict[str, Any]:
    return {
        "contrast": variant.model.contrast.name,
        "aspect": variant.aspect,
        "variant": variant.name,
        "status": str(Status.COMPUTED if variant.schemes else Status.NOT_VARIED),
        "note": variant.note,
    }


# ---- variants ------------------------------------------------------------------


def _variants(exp: Experiment, model: ContrastModel) -> Iterator[Variant]:
    schemes = model.schemes
    yield Variant(AS_REPORTED, AS_REPORTED, model, schemes)
    yield from _missing_values(model, schemes)
    for name, whole in (("median of the same proteins", False), ("trimmed mean of all proteins", True)):
        changed = tuple(_with_background(model, p, whole=whole) for p in schemes)
        yield Variant("background", name, model, changed)
    yield from _protein_groups(model, schemes)
    yield from _filters(exp, model)
    yield from _quantile(exp, model)


def _missing_values(model: ContrastModel, schemes: Sequence[MissingValueScheme]) -> Iterator[Variant]:
    if len(schemes) < 2:
        note = "the matrix is complete, imputed or of ratios: presence is no evidence, so there is one scheme only"
        yield Variant("missing values", "with bounds", model, (), note)
        return
    yield Variant("missing values", "measured values only", model, (schemes[0],))
    yield Variant("missing values", "with left-censored bounds", model, (schemes[1],))


def _with_background(model: ContrastModel, scheme: MissingValueScheme, *, whole: bool) -> MissingValueScheme:
    """Exchange the background: all proteins in place of those of the background, or the median of these."""
    if scheme.background is None:
        return scheme
    e = scheme.effects
    chosen = e.usable & (np.ones(len(e.effect), dtype=bool) if whole else model.background_mask)
    effect, influence = e.effect[chosen], e.influence[:, chosen]
    other = trimmed_background(effect, influence) if whole else _median(effect, influence)
    return replace(scheme, background=other, of_structures=other)


def _median(effect: Array, influence: Array) -> Background:
    """Median with its error from order statistics (McKean and Schrader 1984); influence of the middle tenth."""
    p = len(effect)
    order = np.argsort(effect, kind="stable")
    k = max(1, round((p + 1) / 2 - 1.96 * np.sqrt(p / 4)))
    error = (effect[order[p - k]] - effect[order[k - 1]]) / (2 * 1.96)
    cut = int(0.45 * p)
    middle = order[cut : p - cut]
    return Background(float(np.median(effect)), influence[:, middle].mean(axis=1), float(error**2), p)


def _protein_groups(model: ContrastModel, schemes: tuple[MissingValueScheme, ...]) -> Iterator[Variant]:
    proteins, index = model.exp.proteins, model.index
    named = proteins[(proteins["gene"] != "") & ~proteins["is_decoy"].astype(bool)]
    first = named.drop_duplicates("gene")
    rules = {"first group of a gene in the table": first}
    if model.exp.harmonized:
        rules["groups of one gene only"] = named[
            named["map_status"].eq("mapped") & named.index.isin(index.gene)
        ]
    for name, kept in rules.items():
        rows = pd.Series(kept.index.to_numpy(), index=kept["gene"].to_numpy(), dtype=object)
        if rows.sort_index().equals(index.gene.sort_index()):
            note = "the rule chooses the same groups: there is nothing to vary"
            yield Variant("protein group", name, model, (), note)
        else:
            changed = ProteinIndex(index.markers, index.proteins, rows, index.accession)
            yield Variant("protein group", name, replace(model, index=changed), schemes)


def _filters(exp: Experiment, model: ContrastModel) -> Iterator[Variant]:
    aspect, limits = "detection filter", model.criteria.convention
    for share in (limits["detection_filter_loose"], limits["detection_filter_strict"]):
        name = f"measured in {percent(share)} of the samples of one group"
        try:
            if detected(exp, model.contrast, share).n_proteins == model.exp.n_proteins:
                yield Variant(aspect, name, model, (), "the filter keeps the same proteins")
                continue
            refitted = fit_contrast(exp, model.markers, model.contrast, min_fraction=share)
        except InputError as error:
            yield Variant(aspect, name, model, (), str(error))
            continue
        for changed in fitted([refitted]):
            yield Variant(aspect, name, changed, changed.schemes)


def _quantile(exp: Experiment, model: ContrastModel) -> Iterator[Variant]:
    aspect, name = "normalization", "quantile"
    constant = "Scaling each sample by a constant cancels against the background and is not listed."
    if model.contrast.comparator != Comparator.EV:
        note = (
            "not tried: the groups are, or may be, different material, and making their distributions alike would "
            f"take signal away. {constant}"
        )
        yield Variant(aspect, name, model, (), note)
        return
    c = model.contrast
    logs = exp if exp.scale != "raw" else log2(exp)
    case, control = c.groups(exp)
    alike = quantile_normalized(logs.select(samples=[*case, *control]))
    note = f"Two preparations of one kind may be brought to one distribution. {constant}"
    for refitted in fitted([fit_contrast(alike, model.markers, c)]):
        yield Variant(aspect, name, refitted, refitted.schemes, note)


def quantile_normalized(exp: Experiment) -> Experiment:
    """Give every sample the mean distribution; missing values stay missing.

    Parameters
    ----------
    exp
        Experiment on the log2 or ratio scale.
    """
    values = exp.matrix.copy()
    grid = np.linspace(0, 1, max(2, int((~np.isnan(values)).sum(axis=1).max())))
    rows = [np.flatnonzero(~np.isnan(row)) for row in values]
    seen = [values[i, at] for i, at in enumerate(rows) if len(at)]
    target = np.mean([np.quantile(v, grid) for v in seen], axis=0)
    for i, at in enumerate(rows):
        if len(at):
            place = (mid_ranks(values[i, at]) - 1) / max(len(at) - 1, 1)
            values[i, at] = np.interp(place, grid, target)
    frame = pd.DataFrame(values, exp.values.index, exp.values.columns)
    return exp.evolve("quantile_normalized", {}, values=frame)


# ---- deciding --------------------------------------------------------------------


def read_all(
    model: ContrastModel, schemes: Sequence[MissingValueScheme], context: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """Decide every class and source under these schemes: kind, key, verdict, rule and numbers of each."""
    criteria, t = model.criteria, model.criteria.threshold
    evidence = [gather(model, scheme, context) for scheme in schemes]
    rows = []
    for key, verdict in decide_classes(model.contrast, evidence, criteria).items():
        shown, level = evidence[verdict.scheme].classes[key], class_level(model.contrast, t)
        effect = None if shown.effect is None else shown.effect.at(level)
        row = {"kind": "class", "key": key, "n_independent": shown.n_markers, "level": level}
        rows.append(row | _decided(verdict, criteria) | effect_columns(effect))
    for key, rule in criteria.sources.items():
        found = [source_evidence(model, scheme, rule) for scheme in schemes]
        verdict = decide_source(found, t)
        source = found[verdict.scheme]
        effect = source.effect if source.n_markers >= t["min_markers_source"] else None
        row = {"kind": "source", "key": key, "n_independent": source.n_markers, "level": t["confidence"]}
        rows.append(row | _decided(verdict, criteria) | effect_columns(effect))
    return rows


def _decided(verdict: Verdict, criteria: Criteria) -> dict[str, str]:
    return {**verdict.columns, "reason": reason(verdict, criteria.titles)}


__all__ = ["AS_REPORTED", "LEAVE_ONE_OUT", "quantile_normalized", "read_all", "sensitivity_of"]
