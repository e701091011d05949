"""What the markers of a class say in one contrast, before anything is called."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from markerkit.catalog.criteria import ClassRule
from markerkit.effects.fit import ContrastModel, Policy, SetVotes, fold, set_members, set_votes
from markerkit.stats.set_effect import SetEffect

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
        Markers that no rival, no kin and not the EV layer has.
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

    def ruled_out_by_own(self, rival: str, eta: float) -> bool:
        """Say whether what only the rival has shows no rise: its interval ends below `eta`."""
        own = self.rivals_own.get(rival)
        return own is not None and own.high < eta


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
    margin = mine.margins[rival]
    if margin is not None and margin.low > 0:
        return "below the markers only in the class"
    if mine.ruled_out_by_own(rival, eta):
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
    confidence = t["class_confidence"]
    effect, negative_effect, balance = policy.over_background(votes, confidence), None, None
    if effect is not None and negatives.m >= t["min_votes_negative"]:
        negative_effect = policy.over_background(negatives, confidence)
        balance = policy.between(votes, negatives, confidence)
    classes, few = model.criteria.classes, t["min_votes_margin"]
    own = None
    if rule.rivals:
        own = _effect(model, policy, _votes_beyond(model, policy, rule, rule.sharing), few)
    # a rival is asked by what no EV layer has: that vesicles are there is granted, and speaks for neither class
    theirs = {r: _votes_beyond(model, policy, classes[r], [rule.key, "ev"]) for r in rule.rivals}
    margins = {
        r: _margin(model, policy, _votes_beyond(model, policy, rule, [r]), v) for r, v in theirs.items()
    }
    rivals_own = {r: _effect(model, policy, v, t["min_votes"]) for r, v in theirs.items()}
    state, reason = _state(model, policy, votes, effect)
    return Evidence(
        rule, votes, effect, negatives, negative_effect, balance, own, margins, rivals_own, state, reason
    )


def class_markers(
    model: ContrastModel, rule: ClassRule, *, role: str = "positive", without: Sequence[str] = ()
) -> pd.DataFrame:
    """Members of a class's sets; in blood without the panels that its rule removes there."""
    panels = rule.blood_panels_removed if model.contrast.blood else ()
    removed = set_members(model.markers, panels)["gene"].to_list() if panels else []
    return set_members(model.markers, rule.sets, role=role, without=[*removed, *without])


def _votes_beyond(model: ContrastModel, policy: Policy, rule: ClassRule, others: Sequence[str]) -> SetVotes:
    """Votes of the markers that a class has and others have not; sharing on record lowers their weight already."""
    sets = [name for key in others for name in model.criteria.classes[key].sets]
    known = set_members(model.markers, sets)["gene"].to_list()
    return set_votes(model, policy, class_markers(model, rule, without=known))


def _effect(model: ContrastModel, policy: Policy, votes: SetVotes, fewest: float) -> SetEffect | None:
    """Effect over the background; nothing where the votes are too few for a claim."""
    if votes.m < fewest:
        return None
    return policy.over_background(votes, model.criteria.threshold["class_confidence"])


def _margin(model: ContrastModel, policy: Policy, mine: SetVotes, theirs: SetVotes) -> SetEffect | None:
    """Markers only in the class minus markers only in the rival; nothing where either side is too thin."""
    t = model.criteria.threshold
    if min(mine.m, theirs.m) < t["min_votes_margin"]:
        return None
    return policy.between(mine, theirs, t["class_confidence"])


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
