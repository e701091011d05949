"""Sensitivity analysis: the headline conclusions again, under the choices that could change a verdict."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import rankdata

from markerkit.catalog.criteria import SourceRule
from markerkit.core.errors import InputError
from markerkit.core.experiment import Experiment
from markerkit.effects.fit import fit_contrast
from markerkit.effects.members import set_members
from markerkit.effects.model import ContrastModel, MissingValueScheme, SetMarkers
from markerkit.identity.measure import Evidence, class_members, gather, read_class
from markerkit.identity.table import NOT_ASSESSABLE, decide
from markerkit.preprocess import log2
from markerkit.purity.sources import RAISED, combine_readings, read_source
from markerkit.stats.set_effect import Background, background
from markerkit.tables.registry import TABLES
from markerkit.tables.spec import concat_rows

Array = npt.NDArray[np.float64]

AS_REPORTED = "as reported"
LEAVE_ONE_OUT = "leave one vote out"
_LOOSE, _STRICT = 0.25, 1.0
_NAMED = 5


@dataclass(frozen=True)
class Variant:
    """One choice made otherwise.

    Parameters
    ----------
    aspect, name
        What was varied, and how.
    schemes
        Missing-value schemes to read under; none where there is nothing to vary.
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
    exp: Experiment, models: Sequence[ContrastModel], context: Mapping[str, Any]
) -> pd.DataFrame:
    """Read every class and every source again under other choices.

    Parameters
    ----------
    exp
        Harmonised experiment that the contrasts were fitted on.
    models
        Fitted contrasts.
    context
        What only the user knows.

    Returns
    -------
    Table `sensitivity`. A scaling of each sample by a constant is not listed:
    effects are read over the background of the same samples, so it cancels.
    """
    tables = [_one(exp, model, context) for model in models if model.measured is not None]
    return TABLES["sensitivity"].conform(concat_rows(tables))


def _one(exp: Experiment, model: ContrastModel, context: Mapping[str, Any]) -> pd.DataFrame:
    rows: list[dict[str, Any]] = []
    reported: dict[tuple[str, str], str] = {}
    for variant in _variants(exp, model):
        found = read_all(variant.model, variant.schemes, context) if variant.schemes else []
        for row in found:
            place = (row["kind"], row["key"])
            reported.setdefault(place, row["verdict"])
            rows.append(_row(model, variant, row) | {"agrees": row["verdict"] == reported[place]})
        if not variant.schemes:
            rows.append(_row(model, variant, {"kind": "", "key": ""}))
    rows += _leave_one_out(model, context, reported)
    return pd.DataFrame(rows)


def _row(model: ContrastModel, variant: Variant, found: Mapping[str, Any]) -> dict[str, Any]:
    computed = bool(variant.schemes)
    return {
        "contrast": model.contrast.name,
        "aspect": variant.aspect,
        "variant": variant.name,
        "status": "computed" if computed else "not varied",
        "note": variant.note,
        **found,
    }


# ---- variants ------------------------------------------------------------------


def _variants(exp: Experiment, model: ContrastModel) -> Iterator[Variant]:
    schemes = model.schemes
    yield Variant(AS_REPORTED, AS_REPORTED, model, schemes)
    yield from _missing_values(model, schemes)
    for name in ("median of the same proteins", "trimmed mean of all proteins"):
        whole = name.endswith("all proteins")
        changed = tuple(_with_background(model, p, whole=whole) for p in schemes)
        yield Variant("background", name, model, changed)
    yield from _protein_groups(model, schemes)
    yield from _filters(exp, model)
    yield _quantile(exp, model)


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
    return replace(scheme, background=background(effect, influence) if whole else _median(effect, influence))


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
    proteins = model.exp.proteins
    named = proteins[(proteins["gene"] != "") & ~proteins["is_decoy"].astype(bool)]
    first = named.drop_duplicates("gene")
    rules = {"first group of a gene in the table": first}
    if model.exp.harmonized:
        rules["groups of one gene only"] = named[
            named["map_status"].eq("mapped") & named.index.isin(model.rows)
        ]
    for name, kept in rules.items():
        rows = pd.Series(kept.index.to_numpy(), index=kept["gene"].to_numpy(), dtype=object)
        if rows.sort_index().equals(model.rows.sort_index()):
            note = "the rule chooses the same groups: there is nothing to vary"
            yield Variant("protein group", name, model, (), note)
        else:
            yield Variant("protein group", name, replace(model, rows=rows), schemes)


def _filters(exp: Experiment, model: ContrastModel) -> Iterator[Variant]:
    aspect = "detection filter"
    names = {_LOOSE: "seen in a quarter of one arm", _STRICT: "seen in every sample of one arm"}
    for share, name in names.items():
        try:
            refitted = fit_contrast(exp, model.markers, model.contrast, min_fraction=share)
        except InputError as error:
            yield Variant(aspect, name, model, (), str(error))
            continue
        if refitted.exp.n_proteins == model.exp.n_proteins:
            yield Variant(aspect, name, model, (), "the filter keeps the same proteins")
        else:
            yield Variant(aspect, name, refitted, refitted.schemes)


def _quantile(exp: Experiment, model: ContrastModel) -> Variant:
    aspect, name = "normalization", "quantile"
    constant = "Scaling each sample by a constant cancels against the background and is not listed."
    if model.contrast.comparator != "ev":
        note = (
            "not tried: the arms are, or may be, different material, and making their distributions alike would "
            f"take signal away. {constant}"
        )
        return Variant(aspect, name, model, (), note)
    c = model.contrast
    logs = exp if exp.scale != "raw" else log2(exp)
    case, control = c.groups(exp)
    alike = quantile_normalized(logs.select(samples=[*case, *control]))
    refitted = fit_contrast(alike, model.markers, c)
    note = f"Two preparations of one kind may be brought to one distribution. {constant}"
    return Variant(aspect, name, refitted, refitted.schemes, note)


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
            place = (rankdata(values[i, at]) - 1) / max(len(at) - 1, 1)
            values[i, at] = np.interp(place, grid, target)
    frame = pd.DataFrame(values, exp.values.index, exp.values.columns)
    return exp.evolve("quantile_normalized", {}, values=frame)


# ---- reading ---------------------------------------------------------------------


def read_all(
    model: ContrastModel, schemes: Sequence[MissingValueScheme], context: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """Read every class and source under these schemes: kind, key, verdict, reason and numbers of each."""
    evidence = [gather(model, p) for p in schemes]
    calls = decide(model, context, schemes, evidence)
    rows = []
    for key, call in calls.items():
        shown = evidence[-1 if call.reason.endswith("from detection") else 0][key]
        rows.append(_numbers("class", key, call.word, call.reason, shown.votes, shown.effect))
    for key, rule in model.criteria.sources.items():
        members = set_members(model.markers, [key])
        readings = [read_source(model, p, rule, members) for p in schemes]
        word, reason, from_detection = combine_readings(readings[0], *readings[1:])
        reading = readings[-1 if from_detection else 0]
        rows.append(_numbers("source", key, word, reason, reading.votes, reading.effect))
    return rows


def _numbers(kind: str, key: str, word: str, reason: str, votes: SetMarkers, effect: Any) -> dict[str, Any]:
    row = {"kind": kind, "key": key, "verdict": word, "reason": reason, "n_independent": votes.n_markers}
    if effect is not None:
        row |= {"log2_fc": effect.estimate, "ci_low": effect.ci_low, "ci_high": effect.ci_high}
    return row


# ---- leave one vote out ------------------------------------------------------------


def _leave_one_out(
    model: ContrastModel, context: Mapping[str, Any], reported: Mapping[tuple[str, str], str]
) -> list[dict[str, Any]]:
    """Leave out each vote of every class, and of the sources that are raised."""
    schemes = model.schemes
    evidence = [gather(model, p) for p in schemes]
    rows = []
    for (kind, key), word in reported.items():
        if word == NOT_ASSESSABLE:
            continue  # no conclusion to put to the test
        if kind == "class":
            words, estimates = _class_without(model, context, schemes, evidence, key)
        elif word == RAISED:
            words, estimates = _source_without(model, schemes, model.criteria.sources[key])
        else:
            continue
        if not words:
            continue
        variant = Variant(LEAVE_ONE_OUT, LEAVE_ONE_OUT, model, schemes)
        rows.append(_row(model, variant, {"kind": kind, "key": key}) | _flips(word, words, estimates))
    return rows


def _flips(word: str, words: Mapping[str, str], estimates: Mapping[str, float]) -> dict[str, Any]:
    """Sum up what each omission did: the range of the effect, and the votes that flip the verdict."""
    flips = {name: found for name, found in words.items() if found != word}
    order = sorted(flips, key=lambda n: (flips[n], n))
    known = [t for t in estimates.values() if np.isfinite(t)]
    verdict = Counter(flips.values()).most_common(1)[0][0] if flips else word
    told = "; ".join(f"without {n}: {flips[n]}" for n in order[:_NAMED])
    more = f"; and {len(order) - _NAMED} more" if len(order) > _NAMED else ""
    return {
        "verdict": verdict,
        "agrees": not flips,
        "n_independent": len(words),
        "n_flips": len(flips),
        "flips": ";".join(order),
        "effect_low": min(known, default=np.nan),
        "effect_high": max(known, default=np.nan),
        "reason": told + more if flips else f"{word} whichever vote is left out",
    }


def _class_without(
    model: ContrastModel,
    context: Mapping[str, Any],
    schemes: Sequence[MissingValueScheme],
    evidence: Sequence[Mapping[str, Evidence]],
    key: str,
) -> tuple[dict[str, str], dict[str, float]]:
    rule = model.criteria.classes[key]
    words, estimates = {}, {}
    for name, columns in _columns(model, schemes, class_members(model, rule)).items():
        left = [_masked(p, columns) for p in schemes]
        found = [{**e, key: read_class(model, p, rule)} for e, p in zip(evidence, left, strict=True)]
        call = decide(model, context, left, found, keys=[key])[key]
        words[name] = call.word
        effect = found[-1 if call.reason.endswith("from detection") else 0][key].effect
        estimates[name] = effect.estimate if effect is not None else np.nan
    return words, estimates


def _source_without(
    model: ContrastModel, schemes: Sequence[MissingValueScheme], rule: SourceRule
) -> tuple[dict[str, str], dict[str, float]]:
    members = set_members(model.markers, [rule.key])
    words, estimates = {}, {}
    for name, columns in _columns(model, schemes, members, by_accession=rule.by_accession).items():
        readings = [read_source(model, _masked(p, columns), rule, members) for p in schemes]
        word, _, from_detection = combine_readings(readings[0], *readings[1:])
        effect = readings[-1 if from_detection else 0].effect
        words[name], estimates[name] = word, effect.estimate if effect is not None else np.nan
    return words, estimates


def _columns(
    model: ContrastModel,
    schemes: Sequence[MissingValueScheme],
    members: pd.DataFrame,
    *,
    by_accession: bool = False,
) -> dict[str, npt.NDArray[np.intp]]:
    """Vote -> columns of its proteins, for the votes that count under a scheme."""
    at = model.positions(members, by_accession=by_accession)
    keys = _vote_names(members)
    counted = np.any([p.effects.usable[at] for p in schemes], axis=0) & (at >= 0)
    return {str(name): at[counted & (keys == name)] for name in np.unique(keys[counted])}


def _vote_names(members: pd.DataFrame) -> npt.NDArray[np.object_]:
    """Name of the vote of each member: its complex, else its gene, else its accession."""
    gene, complex_ = members["gene"].to_numpy(object), members["complex"].to_numpy(object)
    return np.where(
        complex_ != "", complex_, np.where(gene != "", gene, members["accession"].to_numpy(object))
    )


def _masked(scheme: MissingValueScheme, columns: npt.NDArray[np.intp]) -> MissingValueScheme:
    """Take some proteins as if they had not been measured."""
    effect = scheme.effects.effect.copy()
    effect[columns] = np.nan
    return replace(scheme, effects=replace(scheme.effects, effect=effect))


__all__ = ["AS_REPORTED", "LEAVE_ONE_OUT", "quantile_normalized", "sensitivity_of"]
