"""Identity: which vesicle classes a preparation is compatible with, and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from markerkit.catalog.criteria import ClassRule, load_criteria
from markerkit.catalog.load import Sets
from markerkit.core.experiment import Experiment
from markerkit.core.messages import Circumstances, Compared, explain_class, next_step_of_class, reason
from markerkit.core.verdict import Verdict
from markerkit.core.vocabulary import Basis, Comparator, Exclusion, Rule, Status
from markerkit.core.wording import sentence
from markerkit.effects.fit import fit_contrast
from markerkit.effects.model import AnyContrast, ContrastModel, UnfittedContrast, circumstances
from markerkit.effects.rows import marker_rows
from markerkit.identity.evidence import ClassEvidence, Evidence, completed, enough
from markerkit.identity.measure import ClassMarkers, gather, markers_kept
from markerkit.identity.rules import (
    COMPATIBLE,
    NOT_ASSESSABLE,
    NOT_COMPATIBLE,
    UNRESOLVED,
    decide,
    exclusion,
    like_control,
)
from markerkit.purity.sources import effect_columns, measured
from markerkit.results import Identity, MarkersUsed
from markerkit.stats.set_effect import SetEffect
from markerkit.study.contrast import Contrast, takes_contrasts
from markerkit.study.data import study_data
from markerkit.tables.registry import TABLES
from markerkit.tables.spec import concat_rows


@takes_contrasts
def assess_identity(
    exp: Experiment,
    contrasts: Contrast | Iterable[Contrast] | None = None,
    markers: Sets | None = None,
    *,
    context: str | Path | Mapping[str, Any] | None = None,
) -> Identity:
    """Assess which vesicle classes the case is compatible with, against the control.

    Parameters
    ----------
    exp
        Harmonized experiment, raw or log2.
    contrasts
        One :class:`markerkit.Contrast` or several. The question is asked only against a control that is declared
        not to be vesicles (comparator ``"lysate"``, ``"biofluid"`` or ``"soluble"``); for any other every class is
        `not assessable`, and :func:`markerkit.compare` says what differs.
    markers
        Catalog; the shipped one of the experiment's organism by default. Sets of your own, in any form that
        :func:`markerkit.enrich` takes, stand beside the shipped ones.
    context
        Study metadata; see :data:`markerkit.study.context.CONTEXT_KEYS`.

    Returns
    -------
    Identity
        ``table`` holds one verdict per class, ``markers`` the contribution of each marker.

    Raises
    ------
    InputError
        An impossible contrast or context.

    Notes
    -----
    The effect of a marker set, its interval and the rules behind every verdict: ``docs/models.md``, sections
    1 to 3. The thresholds, each with its reason: ``reference_sets/criteria.toml``.

    Examples
    --------
    >>> import markerkit as mk
    >>> exp = mk.simulate(n=4, n_background=400, seed=1).experiment
    >>> ev = mk.Contrast("fraction", "EV", "lysate", paired_by="donor", comparator="lysate")
    >>> found = mk.assess_identity(exp, ev).table.set_index("class")["verdict"]
    >>> found["exosome"], found["microvesicle"]
    ('compatible', 'not compatible')
    """
    data = study_data(exp, contrasts, markers, context=context)
    return identity_of([fit_contrast(data.units, data.markers, c) for c in data.contrasts], data.context)


def identity_of(models: Sequence[AnyContrast], context: Mapping[str, Any]) -> Identity:
    """Identity over fitted contrasts; see :func:`assess_identity`."""
    found = [_assess(model, context) for model in models]
    return Identity(
        table=TABLES["identity"].conform(concat_rows([rows for rows, _ in found])),
        params={"contrasts": [m.contrast.name for m in models], "context": dict(context)},
        markers=MarkersUsed(TABLES["markers_used"].conform(concat_rows([used for _, used in found]))),
    )


def _assess(model: AnyContrast, context: Mapping[str, Any]) -> tuple[pd.DataFrame, pd.DataFrame]:
    asked = model.contrast.asks_identity
    if not asked or isinstance(model, UnfittedContrast):
        verdict = (
            model.verdict if asked and isinstance(model, UnfittedContrast) else _not_asked(model.contrast)
        )
        rules = load_criteria().classes.values()
        study = circumstances(model, context)
        return pd.DataFrame(
            [_bare_row(model.contrast.name, r, verdict, study) for r in rules]
        ), pd.DataFrame()
    gathered = [gather(model, scheme, context) for scheme in model.schemes]
    evidence = completed(gathered, model.criteria.threshold)
    verdicts, study = decide(evidence, model.criteria), circumstances(model, context)
    like = like_control(evidence, model.criteria)
    rows, used = [], []
    for key, rule in model.criteria.classes.items():
        rows.append(_row(model, rule, verdicts[key], evidence, study) | {"like_control": like})
        for role in ("positive", "negative"):
            located = getattr(markers_kept(model, model.schemes[-1], rule), role).located
            if len(located.members):
                used.append(marker_rows(model, model.schemes[-1], located, set_id=key, role=role))
    return pd.DataFrame(rows), concat_rows(used)


def _not_asked(contrast: Contrast) -> Verdict:
    """Verdict where the control is, or may be, vesicles."""
    rule = Rule.CONTROL_IS_VESICLES if contrast.comparator == Comparator.EV else Rule.CONTROL_NOT_DECLARED
    return Verdict(NOT_ASSESSABLE, rule, basis=Basis.NONE)


# ---- rows ------------------------------------------------------------------------


def _bare_row(contrast: str, rule: ClassRule, verdict: Verdict, study: Circumstances) -> dict[str, object]:
    titles = load_criteria().titles
    why = reason(verdict, titles)
    return {
        "contrast": contrast,
        "class": rule.key,
        "operational_name": rule.operational_name,
        **verdict.columns,
        "reason": why,
        "explanation": sentence(f"{rule.title} is {verdict.word}: {why}"),
        "next_step": next_step_of_class(verdict, study),
        "competing_class": verdict.competing_class,
        "like_control": False,
        "status": str(Status.NOT_ASSESSED if verdict.word == NOT_ASSESSABLE else Status.ASSESSED),
    }


def _row(
    model: ContrastModel,
    rule: ClassRule,
    verdict: Verdict,
    evidence: Sequence[Evidence],
    study: Circumstances,
) -> dict[str, object]:
    shown, t = verdict.scheme, model.criteria.threshold
    e, markers = evidence[shown].classes[rule.key], markers_kept(model, model.schemes[shown], rule)
    c = model.contrast
    return {
        **_bare_row(c.name, rule, verdict, study),
        **marker_counts(markers),
        "negatives_n_independent": markers.negative.n_markers,
        **_effects(model, e),
        **_margin(model, e, verdict),
        **(effect_columns(evidence[1].classes[rule.key].effect, "bounded_") if len(evidence) > 1 else {}),
        "explanation": explain_class(
            verdict,
            Compared(f"{rule.title} ({rule.operational_name})", c.case, c.control),
            measured(e.effect, t, level="class_confidence", least="min_class_effect"),
            model.criteria.titles,
            _exclusions(model, rule, verdict, evidence[shown]),
        ),
    }


def detectable(model: ContrastModel, effect: SetEffect) -> float:
    """Effect that a class would have been called for in most studies of this precision, log2."""
    t = model.criteria.threshold
    return effect.detectable(power=t["power"], least=t["min_class_effect"])


def marker_counts(markers: ClassMarkers) -> dict[str, object]:
    """Columns of a table that count the positive markers of a class."""
    return {
        "n_independent": markers.positive.n_markers,
        "weight_measured": markers.positive.weight_measured,
        "n_set": markers.positive.n_set,
        "n_measured": markers.positive.n_measured,
    }


def _effects(model: ContrastModel, e: ClassEvidence) -> dict[str, object]:
    row: dict[str, object] = {**effect_columns(e.effect)}
    if e.effect is not None:
        row |= {"se": e.effect.se, "df": e.effect.df, "smallest_detectable": detectable(model, e.effect)}
    negatives = enough(e.negatives, model.criteria.threshold["min_markers_negative"])
    return row | effect_columns(negatives, "negatives_")


def _margin(model: ContrastModel, e: ClassEvidence, verdict: Verdict) -> dict[str, object]:
    """Choose the competing class of the verdict, else the one with the least margin."""
    fewest = model.criteria.threshold["min_markers_margin"]
    margins = {k: m for k in e.margins if (m := enough(e.margins[k], fewest)) is not None}
    least = min(margins, key=lambda k: margins[k].ci_low, default="")
    key = verdict.competing_class or least
    row: dict[str, object] = {"competing_class": key}
    if key in margins:
        m = margins[key]
        row |= {"margin": m.estimate, "margin_ci_low": m.ci_low, "margin_ci_high": m.ci_high}
    return row


def _exclusions(
    model: ContrastModel, rule: ClassRule, verdict: Verdict, evidence: Evidence
) -> dict[str, tuple[Exclusion, float]]:
    """How each competitor of a compatible class is excluded; a class that rests on another is distinguished by a candidate."""
    if verdict.word != COMPATIBLE or rule.requires:
        return {}
    t = model.criteria.threshold
    margin = t["equivalence_margin"]
    return {k: (exclusion(rule, evidence, k, t), margin) for k in rule.competing_classes}


__all__ = [
    "COMPATIBLE",
    "NOT_ASSESSABLE",
    "NOT_COMPATIBLE",
    "UNRESOLVED",
    "assess_identity",
    "detectable",
    "identity_of",
    "marker_counts",
]
