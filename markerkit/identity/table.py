"""Identity: which vesicle classes a preparation is compatible with, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from markerkit.catalog.criteria import ClassRule, load_criteria
from markerkit.catalog.load import MarkerCatalog
from markerkit.core.experiment import Experiment
from markerkit.effects.fit import (
    ContrastModel,
    Policy,
    fit_contrast,
    fold,
    joined,
    marker_rows,
    set_members,
    set_votes,
)
from markerkit.identity.measure import ABSENT, EXCLUDED, UNCLEAR, Evidence, class_markers, gather, rival_out
from markerkit.purity.sources import RAISED, read_source
from markerkit.results import Identity
from markerkit.stats.set_effect import SetEffect
from markerkit.study.context import read_context
from markerkit.study.contrast import contrasts_of
from markerkit.tables.registry import TABLES

COMPATIBLE, NOT_COMPATIBLE = "compatible", "not compatible"
UNRESOLVED, NOT_ASSESSABLE = "unresolved", "not assessable"


_SETTLE = {
    "wide": "more replicates, or deeper measurement of the class's markers",
    "disagree": "its markers disagree, which more replicates cannot mend: a fraction or comparator that tells them apart",
    "negatives up": "a purer preparation, or a comparator that shares the co-isolated material",
    "layer A not shown": "EV markers (tetraspanins, ESCRT, annexins) that rise over the comparator",
    "not declared as vesicles": "say in the context that the case is vesicles, with the evidence that it is",
    "missing-value policy": "deeper or repeated measurement, so that the verdict does not hang on what was not seen",
    "rival": "markers that tell the two apart, such as a size- or density-resolved fraction beside this one",
    "own": "markers of the class beyond those of all vesicles: deeper measurement, or a targeted assay of them",
    "context": "state in the context whether apoptosis was induced and shown, and the viability",
    "few": "deeper measurement: too few of the class's markers were seen",
    "comparator": "a comparator: the source cells' lysate, the fluid itself or another fraction",
    "replicates": "replicates: at least 2 samples an arm, better 4",
    "candidate": "S1PR1 or S1PR3 by a targeted assay, or 20S proteasome without 19S outside blood",
    "necrosis": "viability and a caspase-inhibitor control: organelle and nuclear protein points to lysis",
}


@dataclass(frozen=True)
class Call:
    """A verdict with its reason and what would settle it."""

    word: str
    reason: str
    settle: str = ""
    rival: str = ""


def assess_identity(
    exp: Experiment,
    markers: MarkerCatalog,
    *,
    condition: str | None = None,
    case: str | None = None,
    control: str | None = None,
    paired_by: str | None = None,
    batch: Sequence[str] = (),
    comparator: str | None = None,
    fluid: str | None = None,
    context: str | Path | Mapping[str, Any] | None = None,
) -> Identity:
    """Assess which vesicle classes the case is compatible with, against the control.

    Parameters
    ----------
    exp
        Harmonised experiment, raw or log2.
    markers
        Catalogue of the experiment's organism.
    condition, case, control
        The contrast; without it every class is `not assessable`.
    paired_by, batch
        Columns that enter the model as factors.
    comparator
        What the control is: ``"lysate"``, ``"biofluid"``, ``"soluble"`` or ``"ev"``.
    fluid
        What the samples come from.
    context
        What only the user knows; see :data:`markerkit.study.context.CONTEXT_KEYS`.

    Returns
    -------
    Identity
        ``table`` holds a verdict a class, ``markers`` what every marker said.

    Raises
    ------
    InputError
        An impossible contrast or context.
    """
    asked = contrasts_of(
        exp,
        condition=condition,
        case=case,
        control=control,
        paired_by=paired_by,
        batch=batch,
        comparator=comparator,
        fluid=fluid,
    )
    models = [fit_contrast(exp, markers, c) for c in asked]
    return identity_of(models, read_context(context))


def identity_of(models: Sequence[ContrastModel], context: Mapping[str, Any]) -> Identity:
    """Identity over fitted contrasts; see :func:`assess_identity`."""
    found = [_assess(model, context) for model in models] or [(_without_comparator(), pd.DataFrame())]
    return Identity(
        table=TABLES["identity"].conform(joined([rows for rows, _ in found])),
        params={"contrasts": [m.contrast.name for m in models], "context": dict(context)},
        markers=joined([used for _, used in found]),
    )


def _without_comparator() -> pd.DataFrame:
    call = Call(NOT_ASSESSABLE, "no comparator", _SETTLE["comparator"])
    return pd.DataFrame([_call_row("", rule, call) for rule in load_criteria().classes.values()])


def _assess(model: ContrastModel, context: Mapping[str, Any]) -> tuple[pd.DataFrame, pd.DataFrame]:
    rules = model.criteria.classes
    name = model.contrast.name
    if model.measured is None:
        call = Call(NOT_ASSESSABLE, model.reason, _SETTLE["replicates"])
        return pd.DataFrame([_call_row(name, rule, call) for rule in rules.values()]), pd.DataFrame()
    policies = model.policies
    evidence = [gather(model, policy) for policy in policies]
    calls = decide(model, context, policies, evidence)
    rows, used = [], []
    for key, rule in rules.items():
        call = calls[key]
        seen = evidence[1] if call.reason.endswith("from detection") else evidence[0]
        shown = seen[key]
        rows.append(
            _call_row(name, rule, call)
            | _numbers(model, shown, call)
            | _bounded_numbers(evidence[1][key] if len(evidence) > 1 else None)
            | {"explanation": _explain(model, rule, call, shown) + _rivals_out(model, call, shown, seen)}
        )
        for role in ("positive", "negative"):
            members = class_markers(model, rule, role=role)
            if len(members):
                used.append(marker_rows(model, policies[-1], members, set_id=key, role=role))
    return pd.DataFrame(rows), joined(used)


def decide(
    model: ContrastModel,
    context: Mapping[str, Any],
    policies: Sequence[Policy],
    evidence: Sequence[Mapping[str, Evidence]],
    keys: Sequence[str] | None = None,
) -> dict[str, Call]:
    """Call classes from their evidence under each missing-value policy.

    Parameters
    ----------
    model, context
        Fitted contrast; what only the user knows.
    policies, evidence
        Policies, and the evidence by class under each of them.
    keys
        Classes to call; all by default.
    """
    judge = _Judge(model, context)
    pairs = list(zip(policies, evidence, strict=True))
    layer_a = _combine([judge.call(policy, ev, "ev", "") for policy, ev in pairs]).word
    wanted = model.criteria.classes if keys is None else keys
    return {key: _combine([judge.call(policy, ev, key, layer_a) for policy, ev in pairs]) for key in wanted}


def candidates(model: ContrastModel, policy: Policy) -> dict[str, bool]:
    """Say which candidate markers of apoptotic exosomes are shown."""
    judge = _Judge(model, {})
    return {
        "S1PR1 or S1PR3 above the control": judge._receptor_raised(policy),
        "20S proteasome above 19S": judge._free_core(policy),
    }


# ---- decision ------------------------------------------------------------------


@dataclass(frozen=True)
class _Judge:
    """Turns evidence into calls for one contrast."""

    model: ContrastModel
    context: Mapping[str, Any]

    def call(self, policy: Policy, evidence: Mapping[str, Evidence], key: str, layer_a: str) -> Call:
        mine = evidence[key]
        rule = mine.rule
        if rule.context and not self._apoptosis():
            return Call(NOT_ASSESSABLE, "apoptosis not stated in the context", _SETTLE["context"])
        if key == "apoptotic_exosome":
            return self._apoptotic_exosome(policy, evidence, layer_a)
        if mine.state == ABSENT:
            return Call(NOT_ASSESSABLE, mine.reason, _SETTLE["few"])
        if mine.state == EXCLUDED:
            return Call(NOT_COMPATIBLE, mine.reason)
        if mine.state == UNCLEAR:
            disagree = mine.effect is not None and mine.effect.markers_disagree
            return Call(UNRESOLVED, "wide", _SETTLE["disagree" if disagree else "wide"])
        if self._negatives_up(mine):
            return Call(UNRESOLVED, "negatives up", _SETTLE["negatives up"])
        if rule.layer_a and layer_a != COMPATIBLE:
            return Call(UNRESOLVED, "layer A not shown", _SETTLE["layer A not shown"])
        if rule.declared and not self._vesicles(layer_a):
            return Call(UNRESOLVED, "not declared as vesicles", _SETTLE["not declared as vesicles"])
        return self._of_its_own(mine) or self._against_rivals(mine, evidence)

    def _apoptosis(self) -> bool:
        stated = self.context.get("apoptosis_induced") and self.context.get("apoptosis_shown")
        return bool(stated) and "viability_percent" in self.context

    def _vesicles(self, layer_a: str) -> bool:
        declared = bool(self.context.get("vesicles")) or self.model.contrast.comparator == "ev"
        return declared or layer_a == COMPATIBLE

    def _negatives_up(self, mine: Evidence) -> bool:
        rule = self.model.criteria.comparators[self.model.contrast.comparator or "unknown"]
        if mine.negative_effect is None or mine.balance is None:
            return False
        if rule.negatives == "below positives":
            return mine.balance.low <= 0
        up = mine.negative_effect
        return up.low > 0 and up.theta >= self.model.criteria.threshold["delta"]

    def _of_its_own(self, mine: Evidence) -> Call | None:
        """Markers of all vesicles make no class: those of the class alone must be there and go the same way."""
        if not mine.rule.rivals:
            return None
        if mine.own is None:
            return Call(UNRESOLVED, "too few markers of its own measured", _SETTLE["own"])
        if mine.own.theta < self.model.criteria.threshold["class_delta"]:
            return Call(UNRESOLVED, "only markers that it shares are raised", _SETTLE["own"])
        return None

    def _against_rivals(self, mine: Evidence, evidence: Mapping[str, Evidence]) -> Call:
        eta = self.model.criteria.threshold["eta"]
        still_open = [r for r in mine.rule.rivals if not rival_out(mine, evidence[r], eta)]
        if still_open:
            rival = min(still_open, key=lambda r: _low(mine.margins[r]))
            thin = ": too few markers that tell them apart" if mine.margins[rival] is None else ""
            return Call(UNRESOLVED, f"rival {rival}{thin}", _SETTLE["rival"], rival)
        return Call(COMPATIBLE, "enriched over the control")

    def _apoptotic_exosome(self, policy: Policy, evidence: Mapping[str, Evidence], layer_a: str) -> Call:
        """Small-EV evidence and apoptosis by context, with a candidate and without a necrosis pattern."""
        small = evidence["exosome"]
        if small.state == ABSENT:
            return Call(NOT_ASSESSABLE, small.reason, _SETTLE["few"])
        if small.state == EXCLUDED:
            return Call(NOT_COMPATIBLE, f"small-EV markers: {small.reason}")
        exosome = self.call(policy, evidence, "exosome", layer_a)
        if exosome.word != COMPATIBLE:
            return Call(
                UNRESOLVED, f"small-EV evidence not shown: {exosome.reason}", exosome.settle, "exosome"
            )
        for key in ("nucleus", "mitochondrion"):
            rule = self.model.criteria.sources[key]
            if read_source(self.model, policy, rule, set_members(self.model.markers, [key])).word == RAISED:
                return Call(UNRESOLVED, f"necrosis pattern: {key} raised", _SETTLE["necrosis"], "exosome")
        if self._receptor_raised(policy) or self._free_core(policy):
            return Call(COMPATIBLE, "small EV, apoptosis stated, candidate marker")
        return Call(UNRESOLVED, "rival exosome: no candidate marker", _SETTLE["candidate"], "exosome")

    def _receptor_raised(self, policy: Policy) -> bool:
        """S1PR1 or S1PR3 above the control, not only there: receptors of living cells are on their vesicles too."""
        if self.model.bounded is None:
            return False
        exp, (case, _) = self.model.exp, self.model.contrast.arms(self.model.exp)
        at = np.flatnonzero(exp.proteins["gene"].str.upper().isin(["S1PR1", "S1PR3"]).to_numpy())
        seen = exp.values.loc[case].notna().to_numpy()[:, at].mean(axis=0) >= 0.5
        e = policy.effects
        t = self.model.criteria.threshold
        over = e.effect[at] - (policy.reference.effect if policy.reference else 0.0)
        reach = stdtrit(e.df[at], 0.5 + t["class_confidence"] / 2) * np.sqrt(e.variance[at])
        raised = (over - reach > 0) & (over >= t["class_delta"])
        return bool((seen & ((e.detection[at] == "on") | raised)).any())

    def _free_core(self, policy: Policy) -> bool:
        """20S above its 19S comparator; void in blood, where free 20S circulates."""
        if self.model.contrast.blood:
            return False
        core, cap = (
            set_votes(self.model, policy, set_members(self.model.markers, [s]), by_gene=True)
            for s in ("mod_proteasome_20s", "mod_proteasome_19s")
        )
        t = self.model.criteria.threshold
        if min(core.m, cap.m) < t["min_votes_margin"]:
            return False
        free = policy.between(core, cap, t["class_confidence"])
        return free is not None and free.low > 0 and free.theta >= t["class_delta"]


def _low(margin: SetEffect | None) -> float:
    return -np.inf if margin is None else margin.low


def _combine(calls: Sequence[Call]) -> Call:
    """Join the missing-value policies: they agree, detection decides alone, or it is unresolved."""
    measured, *rest = calls
    if not rest or measured.word == rest[0].word:
        return measured
    bounded = rest[0]
    if measured.word == NOT_ASSESSABLE:
        return Call(bounded.word, f"{bounded.reason}, from detection", bounded.settle, bounded.rival)
    return Call(
        UNRESOLVED, "missing-value policy", _SETTLE["missing-value policy"], measured.rival or bounded.rival
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
        "settle": call.settle,
        "rival": call.rival,
        "status": "not assessed" if call.word == NOT_ASSESSABLE else "assessed",
    }


def detectable(model: ContrastModel, effect: SetEffect) -> float:
    """Effect that a class would have been called for in most studies of this precision, log2."""
    t = model.criteria.threshold
    return effect.detectable(power=t["power"], least=t["class_delta"])


def _numbers(model: ContrastModel, e: Evidence, call: Call) -> dict[str, object]:
    row: dict[str, object] = {
        "n_votes": e.votes.m,
        "weight_measured": e.votes.weight_measured,
        "n_set": e.votes.n_set,
        "n_measured": e.votes.n_measured,
        "negatives_n_votes": e.negatives.m,
    }
    row |= _prefixed("", e.effect)
    if e.effect is not None:
        row |= {"se": e.effect.se, "df": e.effect.df, "smallest_detectable": detectable(model, e.effect)}
    row |= _prefixed("negatives_", e.negative_effect)
    known = {r: m for r, m in e.margins.items() if m is not None}
    rival = call.rival or (min(known, key=lambda r: known[r].low) if known else "")
    margin = known.get(rival)
    if margin is not None:
        row |= {"margin": margin.theta, "margin_ci_low": margin.low, "margin_ci_high": margin.high}
    return row | {"rival": rival}


def _bounded_numbers(e: Evidence | None) -> dict[str, object]:
    return _prefixed("bounded_", e.effect) if e is not None else {}


def _prefixed(prefix: str, effect: SetEffect | None) -> dict[str, object]:
    if effect is None:
        return {}
    return {f"{prefix}log2_fc": effect.theta, f"{prefix}ci_low": effect.low, f"{prefix}ci_high": effect.high}


def _explain(model: ContrastModel, rule: ClassRule, call: Call, e: Evidence) -> str:
    case, control = model.contrast.case, model.contrast.control
    what = f"{rule.title} ({rule.operational_name})"
    t, size = model.criteria.threshold, ""
    if e.effect is not None:
        size = (
            f" Markers {fold(e.effect.theta)}-fold over the background"
            f" ({100 * t['class_confidence']:g} % interval {fold(e.effect.low)} to {fold(e.effect.high)}; {e.votes.m} votes)."
        )
    if call.word == COMPATIBLE:
        return f"Against {control}, {case} is enriched in what marks {what}.{size}"
    if call.word == NOT_COMPATIBLE and call.reason.startswith("no more") and e.effect is not None:
        return (
            f"{case} shows no more of what marks {what} than {control}; an enrichment of "
            f"{fold(detectable(model, e.effect))}-fold would have been called in {100 * t['power']:g} % of such "
            f"studies.{size}"
        )
    if call.word == NOT_COMPATIBLE and call.reason.startswith("raised"):
        return f"What marks {what} is {call.reason} in {case} over {control}: too little for the class.{size}"
    if call.word == NOT_COMPATIBLE:
        return f"{case} is not enriched in what marks {what} against {control}: {call.reason}.{size}"
    if call.word == UNRESOLVED and call.rival:
        return f"{what} cannot be told apart from {call.rival}: {call.reason}.{size}"
    if call.word == UNRESOLVED:
        return f"{what} is unresolved: {call.reason}.{size}"
    return f"{what} is not assessable: {call.reason}.{size}"


def _rivals_out(model: ContrastModel, call: Call, e: Evidence, seen: Mapping[str, Evidence]) -> str:
    """Say how a compatible class is told from each of its rivals; an apoptotic exosome is told by a candidate."""
    if call.word != COMPATIBLE or e.rule.context or not e.rule.rivals:
        return ""
    eta = model.criteria.threshold["eta"]
    why = [f"{seen[r].rule.title} ({rival_out(e, seen[r], eta)})" for r in e.rule.rivals]
    return f" Rivals are out: {', '.join(why)}."
