"""Change: whether a group holds more or less of every vesicle class than another group."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from markerkit.catalog.criteria import GENERAL_EV, ClassRule, Criteria, load_criteria
from markerkit.catalog.load import Sets
from markerkit.core.errors import whole_number
from markerkit.core.experiment import Experiment
from markerkit.core.messages import Circumstances, Compared, explain_change, next_step_of_change, reason
from markerkit.core.verdict import Verdict
from markerkit.core.vocabulary import Rule, Status
from markerkit.effects.fit import fit_contrast
from markerkit.effects.model import (
    AnyContrast,
    ContrastModel,
    MissingValueScheme,
    UnfittedContrast,
    circumstances,
)
from markerkit.effects.rows import marker_rows
from markerkit.identity.evidence import ClassEvidence, Evidence
from markerkit.identity.measure import gather, markers_kept
from markerkit.identity.rules import NOT_ASSESSABLE, decide, enough_measured
from markerkit.identity.table import detectable, marker_counts
from markerkit.purity.rules import change, combine_changes
from markerkit.purity.sources import effect_columns, measured, per_ev_columns, purity_of
from markerkit.results import Comparison, MarkersUsed
from markerkit.stats.set_effect import SetEffect
from markerkit.study.contrast import Contrast, takes_contrasts
from markerkit.study.data import study_data
from markerkit.tables.registry import TABLES
from markerkit.tables.spec import concat_rows


@takes_contrasts
def compare(
    exp: Experiment,
    contrasts: Contrast | Iterable[Contrast],
    markers: Sets | None = None,
    *,
    context: str | Path | Mapping[str, Any] | None = None,
    seed: int = 0,
) -> Comparison:
    """Compare two groups: which vesicle classes and which sources are higher, similar or lower in the case.

    Parameters
    ----------
    exp
        Harmonized experiment before normalization.
    contrasts
        One :class:`markerkit.Contrast` or several; any two groups can be compared.
    markers
        Catalog; the shipped one of the experiment's organism by default. Sets of your own, in any form that
        :func:`markerkit.enrich` takes, stand beside the shipped ones.
    context
        Study metadata; classes of dying cells are compared only where it says that apoptosis
        was induced and shown. See :data:`markerkit.study.context.CONTEXT_KEYS`.
    seed
        Of the bootstrap over reference proteins of the contamination fraction.

    Returns
    -------
    Comparison
        ``table`` holds one verdict per class (`higher`, `similar`, `lower`, `unresolved`,
        `not assessable`), ``purity`` the same of the sources, ``markers`` the contribution of
        each marker.

    Raises
    ------
    InputError
        A normalized experiment; an impossible contrast or context.

    See Also
    --------
    assess_identity : whether the case is vesicles, and of which class.

    Notes
    -----
    A change says nothing of what the groups are: two preparations of exosomes are `similar`.
    The limits are those of ``criteria.toml``: an effect of ``min_class_effect`` or more whose 95 %
    interval excludes 0 is a change (classes are asked side by side here, none gated by another, as
    sources are, so the level is theirs); an interval between ``-equivalence_margin`` and
    ``equivalence_margin`` shows that the groups are similar (two one-sided tests, Schuirmann 1987,
    doi:10.1007/BF01068419).

    Examples
    --------
    >>> import markerkit as mk
    >>> exp = mk.harmonize_ids(mk.load_example())
    >>> found = mk.compare(exp, mk.Contrast("fraction", "EV", "lysate", paired_by="donor"))
    >>> found.table.set_index("class").loc["exosome", "verdict"]
    'higher'
    """
    whole_number("seed", seed)
    data = study_data(exp, contrasts, markers, context=context)
    models = [fit_contrast(data.units, data.markers, c) for c in data.contrasts]
    found = comparison_of(models, data.context)
    purity = purity_of(data.units, data.markers, models, seed=seed)
    return Comparison(found.table, {**found.params, "seed": seed}, markers=found.markers, purity=purity)


def comparison_of(models: Sequence[AnyContrast], context: Mapping[str, Any]) -> Comparison:
    """Change of the classes over fitted contrasts, without sources; see :func:`compare`."""
    found = [_compared(model, context) for model in models]
    return Comparison(
        TABLES["comparison"].conform(concat_rows([rows for rows, _ in found])),
        {"contrasts": [m.contrast.name for m in models], "context": dict(context)},
        markers=MarkersUsed(TABLES["markers_used"].conform(concat_rows([used for _, used in found]))),
    )


def decide_classes(
    contrast: Contrast, schemes: Sequence[Evidence], criteria: Criteria, keys: Iterable[str] | None = None
) -> dict[str, Verdict]:
    """Decide classes by what a contrast asks: identity against a control without vesicles, else change."""
    if contrast.asks_identity:
        return decide(schemes, criteria, keys)
    wanted = criteria.classes if keys is None else keys
    return {k: combine_changes([class_change(k, e, criteria) for e in schemes]) for k in wanted}


def class_level(contrast: Contrast, t: Mapping[str, float]) -> float:
    """Level of the intervals of classes: classes of a comparison are not gated by each other, as sources are not."""
    return t["class_confidence" if contrast.asks_identity else "confidence"]


def class_change(key: str, evidence: Evidence, criteria: Criteria) -> Verdict:
    """Decide the change of one class under one scheme.

    Parameters
    ----------
    key
        Of the class.
    evidence, criteria
        Numbers, and the rules.
    """
    rule, found, t = criteria.classes[key], evidence.classes[key], criteria.threshold
    if rule.context and not evidence.facts.apoptosis:
        return Verdict(NOT_ASSESSABLE, Rule.APOPTOSIS_NOT_STATED)
    effect = enough_measured(found, t, has_background=evidence.has_background)
    if isinstance(effect, Verdict):
        return effect
    return change(effect.at(t["confidence"]), least=t["min_class_effect"], margin=t["equivalence_margin"])


# ---- rows ------------------------------------------------------------------------


def _compared(model: AnyContrast, context: Mapping[str, Any]) -> tuple[pd.DataFrame, pd.DataFrame]:
    if isinstance(model, UnfittedContrast):
        rules = load_criteria().classes.values()
        study = circumstances(model, context)
        return pd.DataFrame(
            [_bare_row(model.contrast, r, model.verdict, study) for r in rules]
        ), pd.DataFrame()
    evidence = [gather(model, scheme, context) for scheme in model.schemes]
    rows, used, study = [], [], circumstances(model, context)
    for key, rule in model.criteria.classes.items():
        verdict = combine_changes([class_change(key, e, model.criteria) for e in evidence])
        rows.append(_row(model, rule, verdict, evidence, study))
        located = markers_kept(model, model.schemes[-1], rule).positive.located
        if len(located.members):
            used.append(marker_rows(model, model.schemes[-1], located, set_id=key, role="positive"))
    return pd.DataFrame(rows), concat_rows(used)


def _bare_row(
    contrast: Contrast, rule: ClassRule, verdict: Verdict, study: Circumstances
) -> dict[str, object]:
    titles = load_criteria().titles
    why = reason(verdict, titles)
    return {
        "contrast": contrast.name,
        "class": rule.key,
        "operational_name": rule.operational_name,
        **verdict.columns,
        "reason": why,
        "explanation": f"{rule.title}: {verdict.word} ({why}).",
        "next_step": next_step_of_change(verdict, study),
        "status": str(Status.NOT_ASSESSED if verdict.word == NOT_ASSESSABLE else Status.ASSESSED),
    }


def _row(
    model: ContrastModel,
    rule: ClassRule,
    verdict: Verdict,
    evidence: Sequence[Evidence],
    study: Circumstances,
) -> dict[str, object]:
    t, c, scheme = model.criteria.threshold, model.contrast, model.schemes[verdict.scheme]
    shown = _effect(evidence[verdict.scheme].classes[rule.key], t)
    effect = measured(shown, t, least="min_class_effect")
    row = {**_bare_row(c, rule, verdict, study), **marker_counts(markers_kept(model, scheme, rule))}
    row |= effect_columns(shown)
    if shown is not None:
        row |= {"se": shown.se, "df": shown.df, "smallest_detectable": detectable(model, shown)}
    if len(evidence) > 1:
        row |= effect_columns(_effect(evidence[1].classes[rule.key], t), "bounded_")
    row |= _per_ev(model, scheme, rule)
    what = Compared(rule.title, c.case, c.control)
    return row | {"explanation": explain_change(verdict, what, effect, model.criteria.titles)}


def _effect(found: ClassEvidence, t: Mapping[str, float]) -> SetEffect | None:
    """Effect of a class with the interval of changes."""
    return None if found.effect is None else found.effect.at(t["confidence"])


def _per_ev(model: ContrastModel, scheme: MissingValueScheme, rule: ClassRule) -> dict[str, object]:
    """Compare the markers that only this class has with general EV evidence: a different mixture, or more vesicles."""
    if rule.key == GENERAL_EV:
        return {"per_ev": ""}
    t, ev = model.criteria.threshold, markers_kept(model, scheme, model.criteria.classes[GENERAL_EV]).positive
    mine = markers_kept(model, scheme, rule).positive.without_genes(set(ev.located.members.gene))
    gap = scheme.between(mine, ev, t["confidence"])
    if gap is None or mine.n_markers < t["min_markers_margin"] or ev.n_markers < t["min_markers"]:
        return {"per_ev": ""}
    return per_ev_columns(gap)


__all__ = ["class_change", "class_level", "compare", "comparison_of", "decide_classes"]
