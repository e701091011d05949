"""Identity: which vesicle classes a preparation is compatible with, and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from markerkit.catalog.criteria import ClassRule, load_criteria
from markerkit.catalog.load import MarkerCatalog
from markerkit.core.experiment import Experiment
from markerkit.core.wording import fold_change
from markerkit.effects.fit import fit_contrast
from markerkit.effects.members import marker_effects, marker_rows, set_members
from markerkit.effects.model import ContrastModel, MissingValueScheme
from markerkit.identity.measure import (
    ABSENT,
    EXCLUDED,
    UNCLEAR,
    Evidence,
    class_markers,
    gather,
    why_excluded,
)
from markerkit.purity.sources import RAISED, read_source
from markerkit.results import Identity, MarkersUsed
from markerkit.stats.set_effect import SetEffect
from markerkit.study.contrast import Contrast, takes_contrasts
from markerkit.study.data import study_data
from markerkit.tables.registry import TABLES
from markerkit.tables.spec import concat_rows

COMPATIBLE, NOT_COMPATIBLE = "compatible", "not compatible"
UNRESOLVED, NOT_ASSESSABLE = "unresolved", "not assessable"


_NEXT_STEPS = {
    "wide": "more replicates, or deeper measurement of the class's markers",
    "disagree": "its markers disagree, which more replicates cannot mend: a fraction or comparator that tells them apart",
    "negatives up": "a purer preparation, or a comparator that shares the co-isolated material",
    "general EV evidence not shown": "EV markers (tetraspanins, ESCRT, annexins) that rise over the comparator",
    "not declared as vesicles": "say in the context that the case is vesicles, with the evidence that it is",
    "missing-value scheme": "deeper or repeated measurement, so that the verdict does not hang on what was not seen",
    "competing_class": "markers that tell the two apart, such as a size- or density-resolved fraction beside this one",
    "own": "markers of the class beyond those of all vesicles: deeper measurement, or a targeted assay of them",
    "context": "state in the context whether apoptosis was induced and shown, and the viability",
    "few": "deeper measurement: too few of the class's markers were seen",
    "comparator": "a comparator: the source cells' lysate, the fluid itself or another fraction",
    "replicates": "replicates: at least 2 samples a group, better 4",
    "candidate": "S1PR1 or S1PR3 by a targeted assay, or 20S proteasome without 19S outside blood",
    "necrosis": "viability and a caspase-inhibitor control: organelle and nuclear protein points to lysis",
}


@dataclass(frozen=True)
class Call:
    """A verdict with its reason and what would resolve it."""

    word: str
    reason: str
    next_step: str = ""
    competing_class: str = ""


@takes_contrasts
def assess_identity(
    exp: Experiment,
    contrasts: Contrast | Iterable[Contrast] | None = None,
    markers: MarkerCatalog | None = None,
    *,
    context: str | Path | Mapping[str, Any] | None = None,
) -> Identity:
    """Assess which vesicle classes the case is compatible with, against the control.

    Parameters
    ----------
    exp
        Harmonised experiment, raw or log2.
    contrasts
        One :class:`markerkit.Contrast` or several; without one every class is `not assessable`.
    markers
        Catalogue; the shipped one of the experiment's organism by default.
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
    """
    data = study_data(exp, contrasts, markers, context=context)
    return identity_of([fit_contrast(data.units, data.markers, c) for c in data.contrasts], data.context)


def identity_of(models: Sequence[ContrastModel], context: Mapping[str, Any]) -> Identity:
    """Identity over fitted contrasts; see :func:`assess_identity`."""
    found = [_assess(model, context) for model in models] or [(_without_comparator(), pd.DataFrame())]
    return Identity(
        table=TABLES["identity"].conform(concat_rows([rows for rows, _ in found])),
        params={"contrasts": [m.contrast.name for m in models], "context": dict(context)},
        markers=MarkersUsed(TABLES["markers_used"].conform(concat_rows([used for _, used in found]))),
    )


def _without_comparator() -> pd.DataFrame:
    call = Call(NOT_ASSESSABLE, "no comparator", _NEXT_STEPS["comparator"])
    return pd.DataFrame([_call_row("", rule, call) for rule in load_criteria().classes.values()])


def _assess(model: ContrastModel, context: Mapping[str, Any]) -> tuple[pd.DataFrame, pd.DataFrame]:
    rules = model.criteria.classes
    name = model.contrast.name
    if model.measured is None:
        call = Call(NOT_ASSESSABLE, model.reason, _NEXT_STEPS["replicates"])
        return pd.DataFrame([_call_row(name, rule, call) for rule in rules.values()]), pd.DataFrame()
    schemes = model.schemes
    evidence = [gather(model, scheme) for scheme in schemes]
    calls = decide(model, context, schemes, evidence)
    rows, used = [], []
    for key, rule in rules.items():
        call = calls[key]
        seen = evidence[1] if call.reason.endswith("from detection") else evidence[0]
        shown = seen[key]
        rows.append(
            _call_row(name, rule, call)
            | _numbers(model, shown, call)
            | _bounded_numbers(evidence[1][key] if len(evidence) > 1 else None)
            | {
                "explanation": _explain(model, rule, call, shown)
                + _competitors_excluded(model, call, shown, seen)
            }
        )
        for role in ("positive", "negative"):
            members = class_markers(model, rule, role=role)
            if len(members):
                used.append(marker_rows(model, schemes[-1], members, set_id=key, role=role))
    return pd.DataFrame(rows), concat_rows(used)


def decide(
    model: ContrastModel,
    context: Mapping[str, Any],
    schemes: Sequence[MissingValueScheme],
    evidence: Sequence[Mapping[str, Evidence]],
    keys: Sequence[str] | None = None,
) -> dict[str, Call]:
    """Call classes from their evidence under each missing-value scheme.

    Parameters
    ----------
    model, context
        Fitted contrast; what only the user knows.
    schemes, evidence
        Policies, and the evidence by class under each of them.
    keys
        Classes to call; all by default.
    """
    judge = _Judge(model, context)
    pairs = list(zip(schemes, evidence, strict=True))
    ev_layer = _combine([judge.call(scheme, ev, "ev", "") for scheme, ev in pairs]).word
    wanted = model.criteria.classes if keys is None else keys
    return {key: _combine([judge.call(scheme, ev, key, ev_layer) for scheme, ev in pairs]) for key in wanted}


def candidates(model: ContrastModel, scheme: MissingValueScheme) -> dict[str, bool]:
    """Say which candidate markers of apoptotic exosomes are shown."""
    judge = _Judge(model, {})
    return {
        "S1PR1 or S1PR3 above the control": judge._receptor_raised(scheme),
        "20S proteasome above 19S": judge._free_core(scheme),
    }


# ---- decision ------------------------------------------------------------------


@dataclass(frozen=True)
class _Judge:
    """Turns evidence into calls for one contrast."""

    model: ContrastModel
    context: Mapping[str, Any]

    def call(
        self, scheme: MissingValueScheme, evidence: Mapping[str, Evidence], key: str, ev_layer: str
    ) -> Call:
        mine = evidence[key]
        rule = mine.rule
        if rule.context and not self._apoptosis():
            return Call(NOT_ASSESSABLE, "apoptosis not stated in the context", _NEXT_STEPS["context"])
        if key == "apoptotic_exosome":
            return self._apoptotic_exosome(scheme, evidence, ev_layer)
        if mine.state == ABSENT:
            return Call(NOT_ASSESSABLE, mine.reason, _NEXT_STEPS["few"])
        if mine.state == EXCLUDED:
            return Call(NOT_COMPATIBLE, mine.reason)
        if mine.state == UNCLEAR:
            disagree = mine.effect is not None and mine.effect.heterogeneous
            return Call(UNRESOLVED, "wide", _NEXT_STEPS["disagree" if disagree else "wide"])
        if self._negatives_up(mine):
            return Call(UNRESOLVED, "negatives up", _NEXT_STEPS["negatives up"])
        if rule.needs_ev and ev_layer != COMPATIBLE:
            return Call(
                UNRESOLVED, "general EV evidence not shown", _NEXT_STEPS["general EV evidence not shown"]
            )
        if rule.declared and not self._vesicles(ev_layer):
            return Call(UNRESOLVED, "not declared as vesicles", _NEXT_STEPS["not declared as vesicles"])
        return self._of_its_own(mine) or self._against_rivals(mine, evidence)

    def _apoptosis(self) -> bool:
        stated = self.context.get("apoptosis_induced") and self.context.get("apoptosis_shown")
        return bool(stated) and "viability_percent" in self.context

    def _vesicles(self, ev_layer: str) -> bool:
        declared = bool(self.context.get("vesicles")) or self.model.contrast.comparator == "ev"
        return declared or ev_layer == COMPATIBLE

    def _negatives_up(self, mine: Evidence) -> bool:
        rule = self.model.criteria.comparators[self.model.contrast.comparator or "unknown"]
        if mine.negative_effect is None or mine.balance is None:
            return False
        if rule.negatives == "below positives":
            return mine.balance.ci_low <= 0
        up = mine.negative_effect
        return up.ci_low > 0 and up.estimate >= self.model.criteria.threshold["min_source_effect"]

    def _of_its_own(self, mine: Evidence) -> Call | None:
        """Markers of all vesicles make no class: those of the class alone must be there and go the same way."""
        if not mine.rule.competing_classes:
            return None
        if mine.own is None:
            return Call(UNRESOLVED, "too few markers of its own measured", _NEXT_STEPS["own"])
        if mine.own.estimate < self.model.criteria.threshold["min_class_effect"]:
            return Call(UNRESOLVED, "only markers that it shares are raised", _NEXT_STEPS["own"])
        return None

    def _against_rivals(self, mine: Evidence, evidence: Mapping[str, Evidence]) -> Call:
        eta = self.model.criteria.threshold["equivalence_margin"]
        still_open = [r for r in mine.rule.competing_classes if not why_excluded(mine, evidence[r], eta)]
        if still_open:
            competitor = min(still_open, key=lambda r: _low(mine.margins[r]))
            thin = ": too few markers that tell them apart" if mine.margins[competitor] is None else ""
            return Call(
                UNRESOLVED, f"competing class {competitor}{thin}", _NEXT_STEPS["competing_class"], competitor
            )
        return Call(COMPATIBLE, "enriched over the control")

    def _apoptotic_exosome(
        self, scheme: MissingValueScheme, evidence: Mapping[str, Evidence], ev_layer: str
    ) -> Call:
        """Small-EV evidence and apoptosis by context, with a candidate and without a necrosis pattern."""
        small = evidence["exosome"]
        if small.state == ABSENT:
            return Call(NOT_ASSESSABLE, small.reason, _NEXT_STEPS["few"])
        if small.state == EXCLUDED:
            return Call(NOT_COMPATIBLE, f"small-EV markers: {small.reason}")
        exosome = self.call(scheme, evidence, "exosome", ev_layer)
        if exosome.word != COMPATIBLE:
            return Call(
                UNRESOLVED, f"small-EV evidence not shown: {exosome.reason}", exosome.next_step, "exosome"
            )
        for key in ("nucleus", "mitochondrion"):
            rule = self.model.criteria.sources[key]
            if read_source(self.model, scheme, rule, set_members(self.model.markers, [key])).word == RAISED:
                return Call(UNRESOLVED, f"necrosis pattern: {key} raised", _NEXT_STEPS["necrosis"], "exosome")
        if self._receptor_raised(scheme) or self._free_core(scheme):
            return Call(COMPATIBLE, "small EV, apoptosis stated, candidate marker")
        return Call(
            UNRESOLVED, "competing class exosome: no candidate marker", _NEXT_STEPS["candidate"], "exosome"
        )

    def _receptor_raised(self, scheme: MissingValueScheme) -> bool:
        """S1PR1 or S1PR3 above the control, not only there: receptors of living cells are on their vesicles too."""
        if self.model.bounded is None:
            return False
        exp, (case, _) = self.model.exp, self.model.contrast.groups(self.model.exp)
        at = np.flatnonzero(exp.proteins["gene"].str.upper().isin(["S1PR1", "S1PR3"]).to_numpy())
        seen = exp.values.loc[case].notna().to_numpy()[:, at].mean(axis=0) >= 0.5
        e = scheme.effects
        t = self.model.criteria.threshold
        over = e.effect[at] - (scheme.background.effect if scheme.background else 0.0)
        reach = stdtrit(e.df[at], 0.5 + t["class_confidence"] / 2) * np.sqrt(e.variance[at])
        raised = (over - reach > 0) & (over >= t["min_class_effect"])
        return bool((seen & ((e.detection[at] == "on") | raised)).any())

    def _free_core(self, scheme: MissingValueScheme) -> bool:
        """20S above its 19S comparator; void in blood, where free 20S circulates."""
        if self.model.contrast.blood:
            return False
        core, cap = (
            marker_effects(self.model, scheme, set_members(self.model.markers, [s]), by_gene=True)
            for s in ("mod_proteasome_20s", "mod_proteasome_19s")
        )
        t = self.model.criteria.threshold
        if min(core.n_markers, cap.n_markers) < t["min_markers_margin"]:
            return False
        free = scheme.between(core, cap, t["class_confidence"])
        return free is not None and free.ci_low > 0 and free.estimate >= t["min_class_effect"]


def _low(margin: SetEffect | None) -> float:
    return -np.inf if margin is None else margin.ci_low


def _combine(calls: Sequence[Call]) -> Call:
    """Join the missing-value schemes: they agree, detection decides alone, or it is unresolved."""
    measured, *rest = calls
    if not rest or measured.word == rest[0].word:
        return measured
    bounded = rest[0]
    if measured.word == NOT_ASSESSABLE:
        return Call(
            bounded.word, f"{bounded.reason}, from detection", bounded.next_step, bounded.competing_class
        )
    return Call(
        UNRESOLVED,
        "missing-value scheme",
        _NEXT_STEPS["missing-value scheme"],
        measured.competing_class or bounded.competing_class,
    )


# ---- rows ------------------------------------------------------------------------


def _call_row(contrast: str, rule: ClassRule, call: Call) -> dict[str, object]:
    return {
        "contrast": contrast,
        "class": rule.key,
        "operational_name": rule.operational_name,
        "verdict": call.word,
        "reason": call.reason,
        "explanation": f"{rule.title}: {call.reason}.",
        "next_step": call.next_step,
        "competing_class": call.competing_class,
        "status": "not assessed" if call.word == NOT_ASSESSABLE else "assessed",
    }


def detectable(model: ContrastModel, effect: SetEffect) -> float:
    """Effect that a class would have been called for in most studies of this precision, log2."""
    t = model.criteria.threshold
    return effect.detectable(power=t["power"], least=t["min_class_effect"])


def _numbers(model: ContrastModel, e: Evidence, call: Call) -> dict[str, object]:
    row: dict[str, object] = {
        "n_independent": e.votes.n_markers,
        "weight_measured": e.votes.weight_measured,
        "n_set": e.votes.n_set,
        "n_measured": e.votes.n_measured,
        "negatives_n_independent": e.negatives.n_markers,
    }
    row |= _prefixed("", e.effect)
    if e.effect is not None:
        row |= {"se": e.effect.se, "df": e.effect.df, "smallest_detectable": detectable(model, e.effect)}
    row |= _prefixed("negatives_", e.negative_effect)
    known = {r: m for r, m in e.margins.items() if m is not None}
    competitor = call.competing_class or (min(known, key=lambda r: known[r].ci_low) if known else "")
    margin = known.get(competitor)
    if margin is not None:
        row |= {"margin": margin.estimate, "margin_ci_low": margin.ci_low, "margin_ci_high": margin.ci_high}
    return row | {"competing_class": competitor}


def _bounded_numbers(e: Evidence | None) -> dict[str, object]:
    return _prefixed("bounded_", e.effect) if e is not None else {}


def _prefixed(prefix: str, effect: SetEffect | None) -> dict[str, object]:
    if effect is None:
        return {}
    return {
        f"{prefix}log2_fc": effect.estimate,
        f"{prefix}ci_low": effect.ci_low,
        f"{prefix}ci_high": effect.ci_high,
    }


def _explain(model: ContrastModel, rule: ClassRule, call: Call, e: Evidence) -> str:
    case, control = model.contrast.case, model.contrast.control
    what = f"{rule.title} ({rule.operational_name})"
    t, size = model.criteria.threshold, ""
    if e.effect is not None:
        size = (
            f" Markers {fold_change(e.effect.estimate)}-fold over the background"
            f" ({100 * t['class_confidence']:g} % interval {fold_change(e.effect.ci_low)} to {fold_change(e.effect.ci_high)}; {e.votes.n_markers} votes)."
        )
    if call.word == COMPATIBLE:
        return f"Against {control}, {case} is enriched in what marks {what}.{size}"
    if call.word == NOT_COMPATIBLE and call.reason.startswith("no more") and e.effect is not None:
        return (
            f"{case} shows no more of what marks {what} than {control}; an enrichment of "
            f"{fold_change(detectable(model, e.effect))}-fold would have been called in {100 * t['power']:g} % of such "
            f"studies.{size}"
        )
    if call.word == NOT_COMPATIBLE and call.reason.startswith("raised"):
        return f"What marks {what} is {call.reason} in {case} over {control}: too little for the class.{size}"
    if call.word == NOT_COMPATIBLE:
        return f"{case} is not enriched in what marks {what} against {control}: {call.reason}.{size}"
    if call.word == UNRESOLVED and call.competing_class:
        return f"{what} cannot be told apart from {call.competing_class}: {call.reason}.{size}"
    if call.word == UNRESOLVED:
        return f"{what} is unresolved: {call.reason}.{size}"
    return f"{what} is not assessable: {call.reason}.{size}"


def _competitors_excluded(model: ContrastModel, call: Call, e: Evidence, seen: Mapping[str, Evidence]) -> str:
    """Say how a compatible class is told from each of its competing classes; an apoptotic exosome is told by a candidate."""
    if call.word != COMPATIBLE or e.rule.context or not e.rule.competing_classes:
        return ""
    eta = model.criteria.threshold["equivalence_margin"]
    why = [f"{seen[r].rule.title} ({why_excluded(e, seen[r], eta)})" for r in e.rule.competing_classes]
    return f" Rivals are out: {', '.join(why)}."
