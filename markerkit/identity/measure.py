"""Gathering the evidence on vesicle classes in one contrast, before anything is decided."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import stdtrit

from markerkit.catalog.criteria import GENERAL_EV, CandidateRule, ClassRule
from markerkit.core.signal import has_compressed_ratios
from markerkit.core.vocabulary import Comparator
from markerkit.effects.members import members_of
from markerkit.effects.model import ContrastModel, MissingValueScheme, SetMarkers
from markerkit.identity.evidence import CandidateEvidence, ClassEvidence, Evidence, Facts, GeneEvidence
from markerkit.purity.sources import source_evidence
from markerkit.stats.set_effect import SetEffect

Columns = npt.NDArray[np.intp]
_NONE = np.array([], dtype=np.intp)


@dataclass(frozen=True, eq=False)
class ClassMarkers:
    """Measured markers of one class, in the parts that its rules compare.

    Parameters
    ----------
    positive, negative
        Of its sets.
    specific
        In no competing or related class and not general EV evidence.
    beyond
        By competing class: markers that the competitor lacks.
    competitor
        By competing class: its markers that neither the class nor general EV evidence has.
    nuclear
        Histones and lamins among the positive ones, each gene by itself.
    ev
        General EV markers, in blood without the panels of blood cells.
    """

    positive: SetMarkers
    negative: SetMarkers
    specific: SetMarkers
    beyond: Mapping[str, SetMarkers]
    competitor: Mapping[str, SetMarkers]
    nuclear: SetMarkers
    ev: SetMarkers

    def without(self, columns: Columns) -> ClassMarkers:
        """Take some proteins as if they had not been measured."""
        return ClassMarkers(
            self.positive.without(columns),
            self.negative.without(columns),
            self.specific.without(columns),
            {k: v.without(columns) for k, v in self.beyond.items()},
            {k: v.without(columns) for k, v in self.competitor.items()},
            self.nuclear.without(columns),
            self.ev.without(columns),
        )


def _blood_panels(model: ContrastModel, rule: ClassRule) -> frozenset[str]:
    panels = rule.blood_panels_removed if model.contrast.blood else ()
    return frozenset(members_of(model.markers, panels).gene) if panels else frozenset()


def _genes(model: ContrastModel, classes: tuple[str, ...]) -> frozenset[str]:
    """All positive members of some classes; sharing on record lowers the weight of a marker already."""
    sets = tuple(name for key in classes for name in model.criteria.classes[key].sets)
    return frozenset(members_of(model.markers, sets).gene)


def class_markers(model: ContrastModel, scheme: MissingValueScheme, rule: ClassRule) -> ClassMarkers:
    """Gather the markers of a class under one scheme."""

    def of_class(key: str, role: str = "positive") -> SetMarkers:
        """In blood without the panels that the rule of the class removes there."""
        mine = model.criteria.classes[key]
        found = scheme.effects.markers(model.index.located(mine.sets, role=role))
        return found.without_genes(_blood_panels(model, mine))

    positive, competing = of_class(rule.key), rule.competing_classes
    # the presence of vesicles is assumed and does not discriminate
    assumed = _genes(model, (rule.key, GENERAL_EV))
    return ClassMarkers(
        positive,
        of_class(rule.key, "negative"),
        positive.without_genes(_genes(model, rule.sharing)),
        {k: positive.without_genes(_genes(model, (k,))) for k in competing},
        {k: of_class(k).without_genes(assumed) for k in competing},
        _nuclear(model, scheme, rule),
        of_class(GENERAL_EV),
    )


def _nuclear(model: ContrastModel, scheme: MissingValueScheme, rule: ClassRule) -> SetMarkers:
    found = scheme.effects.markers(model.index.located(rule.sets, by_gene=bool(rule.nuclear)))
    return found.without_genes(set(found.located.members.gene) - set(rule.nuclear))


def class_evidence(model: ContrastModel, scheme: MissingValueScheme, m: ClassMarkers) -> ClassEvidence:
    """Turn the markers of a class into the numbers that its rules compare."""
    level = model.criteria.threshold["class_confidence"]
    effect = scheme.over_background(m.positive, level)
    found = ClassEvidence(m.positive.n_markers, m.positive.weight_measured, effect)
    if effect is None:
        return found
    return replace(
        found,
        negatives=scheme.over_background(m.negative, level),
        specific=scheme.over_background(m.specific, level),
        margins={k: scheme.between(m.beyond[k], m.competitor[k], level) for k in m.beyond},
        competitor_specific={k: scheme.over_background(v, level) for k, v in m.competitor.items()},
        over_organelles=above(scheme, m.positive, organelles_of(model, scheme), level),
        nuclear=scheme.over_background(m.nuclear, level),
        specific_over_organelles=above(scheme, m.specific, organelles_of(model, scheme), level),
        ev_beyond=scheme.over_background(m.ev.without_genes(set(m.positive.located.members.gene)), level),
        specific_per_ev=scheme.between(m.specific, m.ev, level),
    )


def organelles_of(model: ContrastModel, scheme: MissingValueScheme, *keys: str) -> SetMarkers:
    """Proteins of organelles that vesicles lack; of all of them by default."""
    return scheme.effects.markers(model.index.located(keys or model.criteria.organelles))


def above(
    scheme: MissingValueScheme, first: SetMarkers, second: SetMarkers, level: float
) -> SetEffect | None:
    """Effect of a set over another, what both have left out of the first."""
    return scheme.between(first.without_genes(set(second.located.members.gene)), second, level)


def facts_of(model: ContrastModel, context: Mapping[str, Any]) -> Facts:
    """Read off what the context and the contrast state."""
    c = model.contrast
    shown = context.get("apoptosis_induced") and context.get("apoptosis_shown")
    return Facts(
        apoptosis=bool(shown) and "viability_percent" in context,
        vesicles=bool(context.get("vesicles")) or c.comparator == Comparator.EV,
        negatives_rise=model.criteria.comparators[c.comparator or "unknown"].negatives_rise,
        not_vesicles=context.get("vesicles") is False,
        compressed=has_compressed_ratios(model.exp),
    )


def gather(model: ContrastModel, scheme: MissingValueScheme, context: Mapping[str, Any]) -> Evidence:
    """Gather the evidence on every class under one scheme; once for each contrast and scheme.

    Parameters
    ----------
    model, scheme
        Fitted contrast and missing-value scheme.
    context
        What only the user can state.
    """
    levels = (model.criteria.threshold["class_confidence"], model.criteria.threshold["confidence"])
    measured = model.kept(("evidence", scheme, levels), lambda: _gather(model, scheme))
    return replace(measured, facts=facts_of(model, context))


def _gather(model: ContrastModel, scheme: MissingValueScheme) -> Evidence:
    rules, level = model.criteria.classes.values(), model.criteria.threshold["class_confidence"]
    ev = model.criteria.classes[GENERAL_EV]
    return Evidence(
        classes={r.key: class_evidence(model, scheme, markers_kept(model, scheme, r)) for r in rules},
        facts=Facts(),
        has_background=scheme.background is not None,
        organelles=_per_organelle(model, scheme, markers_kept(model, scheme, ev).positive),
        anchors=_anchors(model, scheme, level),
        **_conjunctions(model, scheme, _NONE),
    )


def _per_organelle(
    model: ContrastModel, scheme: MissingValueScheme, ev: SetMarkers
) -> dict[str, SetEffect | None]:
    """General EV markers over the proteins of each organelle that vesicles lack."""
    level = model.criteria.threshold["class_confidence"]
    return {k: above(scheme, ev, organelles_of(model, scheme, k), level) for k in model.criteria.organelles}


def _anchors(model: ContrastModel, scheme: MissingValueScheme, level: float) -> dict[str, SetEffect | None]:
    """Measure what a preparation without vesicles has as much of as its control: organelles, and what fills it."""
    rules = model.criteria.contamination_fraction
    rule = rules.get(model.contrast.comparator or "", rules["biofluid"])
    sets = dict.fromkeys((model.criteria.organelles, rule.compartments))
    return {
        " ".join(keys): scheme.over_background(organelles_of(model, scheme, *keys), level) for keys in sets
    }


def markers_kept(model: ContrastModel, scheme: MissingValueScheme, rule: ClassRule) -> ClassMarkers:
    """Markers of a class, gathered once for each set of protein effects."""
    key = ("markers", scheme.effects, rule.key)
    return model.kept(key, lambda: class_markers(model, scheme, rule))


def without(
    evidence: Evidence, model: ContrastModel, scheme: MissingValueScheme, key: str, columns: Columns
) -> Evidence:
    """Evidence as if some proteins of one class had not been measured; the other classes stay as they are."""
    rule = model.criteria.classes[key]
    markers = markers_kept(model, scheme, rule).without(columns)
    classes = {**evidence.classes, key: class_evidence(model, scheme, markers)}
    if key == GENERAL_EV:
        evidence = replace(evidence, organelles=_per_organelle(model, scheme, markers.positive))
    if not rule.requires:
        return replace(evidence, classes=classes)
    return replace(evidence, classes=classes, **_conjunctions(model, scheme, columns))


def _conjunctions(model: ContrastModel, scheme: MissingValueScheme, left_out: Columns) -> dict[str, Any]:
    """Gather what classes that rest on another need: forbidden sources and candidates."""
    criteria = model.criteria
    sources = {k for rule in criteria.classes.values() for k in rule.forbidden_sources}
    return {
        "sources": {
            k: source_evidence(model, scheme, criteria.sources[k], left_out) for k in sorted(sources)
        },
        "candidates": {k: _candidate(model, scheme, c, left_out) for k, c in criteria.candidates.items()},
    }


def _candidate(
    model: ContrastModel, scheme: MissingValueScheme, rule: CandidateRule, left_out: Columns
) -> CandidateEvidence:
    # without presence and absence a gene that is only in the case could not be seen
    return CandidateEvidence(() if model.bounded is None else _genes_above(model, scheme, rule, left_out))


def _genes_above(
    model: ContrastModel, scheme: MissingValueScheme, rule: CandidateRule, left_out: Columns
) -> tuple[GeneEvidence, ...]:
    exp, (case, _) = model.exp, model.contrast.groups(model.exp)
    at = np.flatnonzero(exp.proteins["gene"].str.upper().isin(rule.genes).to_numpy())
    seen = exp.values.loc[case].notna().to_numpy()[:, at].mean(axis=0)
    e, level = scheme.effects, model.criteria.threshold["class_confidence"]
    effect = np.where(np.isin(at, left_out), np.nan, e.effect[at])
    estimate = effect - (scheme.background.effect if scheme.background else 0.0)
    usual = e.effect[e.usable & model.background_mask]
    # one protein is no sample of markers: it must stand out among all proteins, not only from its own noise
    spread = float(usual.var(ddof=1)) if len(usual) > 1 else 0.0
    with np.errstate(invalid="ignore"):
        low = estimate - stdtrit(e.df[at], 0.5 + level / 2) * np.sqrt(e.variance[at] + spread)
    only = e.detection[at] == "on"
    rows = zip(seen.tolist(), only.tolist(), estimate.tolist(), low.tolist(), strict=True)
    return tuple(GeneEvidence(*row) for row in rows)
