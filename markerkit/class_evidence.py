"""What the markers of a class say in one contrast, before anything is called."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from markerkit.criteria import ClassRule
from markerkit.effects import ContrastModel, Policy, SetVotes, fold, set_members, set_votes
from markerkit.stats.set_effect import SetEffect, difference, set_effect

ENRICHED, EXCLUDED, UNCLEAR, ABSENT = "enriched", "excluded", "unclear", "not assessable"


@dataclass(frozen=True)
class Evidence:
    """What the markers of one class say under one missing-value policy.

    Parameters
    ----------
    rule
        Of the class.
    votes, effect
        Its markers.
    negatives, negative_effect
        Its negative markers.
    balance
        Positive over negative markers.
    own
        Markers that neither a rival nor the EV layer has.
    margins
        By rival: markers only in the class over markers only in the rival.
    rivals_own
        By rival: markers that neither the class nor the EV layer has.
    state, reason
        What the effect says by itself.
    """

    rule: ClassRule
    votes: SetVotes
    effect: SetEffect | None
    negatives: SetVotes
    negative_effect: SetEffect | None
    balance: SetEffect | None
    own: SetEffect | None
    margins: Mapping[str, SetEffect | None]
    rivals_own: Mapping[str, SetEffect | None]
    state: str
    reason: str


def gather(model: ContrastModel, policy: Policy) -> dict[str, Evidence]:
    """Gather the evidence on every class under one policy."""
    return {key: read_class(model, policy, rule) for key, rule in model.criteria.classes.items()}


def rival_out(mine: Evidence, theirs: Evidence, eta: float) -> str:
    """Say in words why a rival is out, or nothing where it is open.

    Parameters
    ----------
    mine, theirs
        Evidence on the class and on its rival.
    eta
        Largest effect that still counts as no rise, log2.
    """
    rival = theirs.rule.key
    if theirs.state == EXCLUDED:
        return "not compatible itself"
    margin, own = mine.margins[rival], mine.rivals_own[rival]
    if margin is not None and margin.low > 0:
        return "below the markers only in the class"
    if own is not None and own.high < eta:
        return f"what only it has shows no {fold(eta)}-fold rise"
    return ""


def class_members(model: ContrastModel, rule: ClassRule) -> pd.DataFrame:
    """Members that vote for a class, and those that vote against it."""
    return pd.concat(
        [class_markers(model, rule), class_markers(model, rule, role="negative")], ignore_index=True
    )


def read_class(model: ContrastModel, policy: Policy, rule: ClassRule) -> Evidence:
    """Gather the evidence on one class under one policy."""
    t = model.criteria.threshold
    members, negative = class_markers(model, rule), class_markers(model, rule, role="negative")
    votes, negatives = set_votes(model, policy, members), set_votes(model, policy, negative)
    effect = negative_effect = balance = None
    if policy.reference is not None and votes.votes is not None:
        effect = set_effect(votes.votes, policy.reference, confidence=t["class_confidence"])
        if negatives.votes is not None and negatives.m >= t["min_votes_negative"]:
            negative_effect = set_effect(negatives.votes, policy.reference, confidence=t["class_confidence"])
            balance = difference(votes.votes, negatives.votes, confidence=t["class_confidence"])
    own = _own(model, policy, rule, members) if rule.rivals else None
    margins = {rival: _margin(model, policy, rule, rival) for rival in rule.rivals}
    theirs = {rival: _rivals_own(model, policy, rule, rival) for rival in rule.rivals}
    state, reason = _state(model, policy, votes, effect)
    return Evidence(
        rule, votes, effect, negatives, negative_effect, balance, own, margins, theirs, state, reason
    )


def class_markers(
    model: ContrastModel, rule: ClassRule, *, role: str = "positive", without: Sequence[str] = ()
) -> pd.DataFrame:
    """Members of a class's sets; in blood without the panels that its rule removes there."""
    panels = rule.blood_panels_removed if model.contrast.blood else ()
    removed = set_members(model.markers, panels)["gene"].to_list() if panels else []
    return set_members(model.markers, rule.sets, role=role, without=[*removed, *without])


def _own(model: ContrastModel, policy: Policy, rule: ClassRule, members: pd.DataFrame) -> SetEffect | None:
    """Effect of the markers that neither a rival nor the EV layer has; nothing where they are too few."""
    t, classes = model.criteria.threshold, model.criteria.classes
    shared = [name for key in ("ev", *rule.rivals) for name in classes[key].sets]
    others = set_members(model.markers, shared)["gene"]
    votes = set_votes(model, policy, members[~members["gene"].isin(others)])
    if policy.reference is None or votes.votes is None or votes.m < t["min_votes_margin"]:
        return None
    return set_effect(votes.votes, policy.reference, confidence=t["class_confidence"])


def _margin(model: ContrastModel, policy: Policy, rule: ClassRule, rival: str) -> SetEffect | None:
    """Markers only in the class minus markers only in the rival; nothing where either side is too thin.

    The rival is asked by what no EV layer has: that vesicles are there is granted, and speaks for neither class.
    """
    classes = model.criteria.classes
    mine = _only_in(model, rule, [rival])
    theirs = _only_in(model, classes[rival], [rule.key, "ev"])
    first, second = set_votes(model, policy, mine), set_votes(model, policy, theirs)
    need = model.criteria.threshold["min_votes_margin"]
    if first.votes is None or second.votes is None or first.m < need or second.m < need:
        return None
    return difference(first.votes, second.votes, confidence=model.criteria.threshold["class_confidence"])


def _rivals_own(model: ContrastModel, policy: Policy, rule: ClassRule, rival: str) -> SetEffect | None:
    """Effect of what a rival has beyond the class and the EV layer; nothing where it is too little for a claim."""
    t = model.criteria.threshold
    votes = set_votes(model, policy, _only_in(model, model.criteria.classes[rival], [rule.key, "ev"]))
    if policy.reference is None or votes.votes is None or votes.m < t["min_votes"]:
        return None
    return set_effect(votes.votes, policy.reference, confidence=t["class_confidence"])


def _only_in(model: ContrastModel, rule: ClassRule, others: Sequence[str]) -> pd.DataFrame:
    """Markers of a class that are none of others; sharing on record lowers their weight already."""
    sets = [name for key in others for name in model.criteria.classes[key].sets]
    return class_markers(model, rule, without=set_members(model.markers, sets)["gene"].to_list())


def _state(
    model: ContrastModel, policy: Policy, votes: SetVotes, effect: SetEffect | None
) -> tuple[str, str]:
    t = model.criteria.threshold
    if policy.reference is None:
        return ABSENT, "too few background proteins"
    if effect is None or votes.m < t["min_votes"]:
        return ABSENT, f"{votes.m} of at least {int(t['min_votes'])} votes measured"
    if votes.weight_measured < t["min_weight"]:
        return ABSENT, f"{100 * votes.weight_measured:.0f} % of the set's weight measured"
    if effect.low > 0 and effect.theta >= t["class_delta"]:
        return ENRICHED, "enriched"
    if effect.high < t["eta"]:
        small = "no more than the control" if effect.low <= 0 else f"raised less than {fold(t['eta'])}-fold"
        return EXCLUDED, "depleted" if effect.high < 0 else small
    return UNCLEAR, "wide"
