"""What the markers of a class say in one contrast, before anything is called."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from markerkit.catalog.criteria import ClassRule
from markerkit.core.wording import fold_change
from markerkit.effects.members import marker_effects, set_members
from markerkit.effects.model import ContrastModel, MissingValueScheme, SetMarkers
from markerkit.stats.set_effect import SetEffect

ENRICHED, EXCLUDED, UNCLEAR, ABSENT = "enriched", "excluded", "unclear", "not assessable"


@dataclass(frozen=True)
class Evidence:
    """What the markers of one class say under one missing-value scheme.

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
        Markers that no competitor, no kin and not the EV layer has.
    margins
        By competitor: markers only in the class over markers only in the competitor.
    competitor_specific
        By competitor: markers that neither the class nor the EV layer has.
    state, reason
        What the effect says by itself.
    """

    rule: ClassRule
    votes: SetMarkers
    effect: SetEffect | None
    negatives: SetMarkers
    negative_effect: SetEffect | None
    balance: SetEffect | None
    own: SetEffect | None
    margins: Mapping[str, SetEffect | None]
    competitor_specific: Mapping[str, SetEffect | None]
    state: str
    reason: str

    def excluded_by_specific_markers(self, competitor: str, eta: float) -> bool:
        """Say whether what only the competitor has shows no rise: its interval ends below `eta`."""
        own = self.competitor_specific.get(competitor)
        return own is not None and own.ci_high < eta


def gather(model: ContrastModel, scheme: MissingValueScheme) -> dict[str, Evidence]:
    """Gather the evidence on every class under one scheme."""
    return {key: read_class(model, scheme, rule) for key, rule in model.criteria.classes.items()}


def why_excluded(mine: Evidence, theirs: Evidence, eta: float) -> str:
    """Say in words why a competitor is out, or nothing where it is open.

    Parameters
    ----------
    mine, theirs
        Evidence on the class and on its competitor.
    eta
        Largest effect that still counts as no rise, log2.
    """
    competitor = theirs.rule.key
    if theirs.state == EXCLUDED:
        return "not compatible itself"
    margin = mine.margins[competitor]
    if margin is not None and margin.ci_low > 0:
        return "below the markers only in the class"
    if mine.excluded_by_specific_markers(competitor, eta):
        return f"what only it has shows no {fold_change(eta)}-fold rise"
    return ""


def class_members(model: ContrastModel, rule: ClassRule) -> pd.DataFrame:
    """Members that vote for a class, and those that vote against it."""
    return pd.concat(
        [class_markers(model, rule), class_markers(model, rule, role="negative")], ignore_index=True
    )


def read_class(model: ContrastModel, scheme: MissingValueScheme, rule: ClassRule) -> Evidence:
    """Gather the evidence on one class under one scheme."""
    t = model.criteria.threshold
    members, negative = class_markers(model, rule), class_markers(model, rule, role="negative")
    votes, negatives = marker_effects(model, scheme, members), marker_effects(model, scheme, negative)
    confidence = t["class_confidence"]
    effect, negative_effect, balance = scheme.over_background(votes, confidence), None, None
    if effect is not None and negatives.n_markers >= t["min_markers_negative"]:
        negative_effect = scheme.over_background(negatives, confidence)
        balance = scheme.between(votes, negatives, confidence)
    classes, few = model.criteria.classes, t["min_markers_margin"]
    own = None
    if rule.competing_classes:
        own = _effect(model, scheme, _votes_beyond(model, scheme, rule, rule.sharing), few)
    # a competitor is asked by what no EV layer has: that vesicles are there is granted, and speaks for neither class
    theirs = {r: _votes_beyond(model, scheme, classes[r], [rule.key, "ev"]) for r in rule.competing_classes}
    margins = {
        r: _margin(model, scheme, _votes_beyond(model, scheme, rule, [r]), v) for r, v in theirs.items()
    }
    competitor_specific = {r: _effect(model, scheme, v, t["min_markers"]) for r, v in theirs.items()}
    state, reason = _state(model, scheme, votes, effect)
    return Evidence(
        rule,
        votes,
        effect,
        negatives,
        negative_effect,
        balance,
        own,
        margins,
        competitor_specific,
        state,
        reason,
    )


def class_markers(
    model: ContrastModel, rule: ClassRule, *, role: str = "positive", without: Sequence[str] = ()
) -> pd.DataFrame:
    """Members of a class's sets; in blood without the panels that its rule removes there."""
    panels = rule.blood_panels_removed if model.contrast.blood else ()
    removed = set_members(model.markers, panels)["gene"].to_list() if panels else []
    return set_members(model.markers, rule.sets, role=role, without=[*removed, *without])


def _votes_beyond(
    model: ContrastModel, scheme: MissingValueScheme, rule: ClassRule, others: Sequence[str]
) -> SetMarkers:
    """Votes of the markers that a class has and others have not; sharing on record lowers their weight already."""
    sets = [name for key in others for name in model.criteria.classes[key].sets]
    known = set_members(model.markers, sets)["gene"].to_list()
    return marker_effects(model, scheme, class_markers(model, rule, without=known))


def _effect(
    model: ContrastModel, scheme: MissingValueScheme, votes: SetMarkers, fewest: float
) -> SetEffect | None:
    """Effect over the background; nothing where the votes are too few for a claim."""
    if votes.n_markers < fewest:
        return None
    return scheme.over_background(votes, model.criteria.threshold["class_confidence"])


def _margin(
    model: ContrastModel, scheme: MissingValueScheme, mine: SetMarkers, theirs: SetMarkers
) -> SetEffect | None:
    """Markers only in the class minus markers only in the competitor; nothing where either side is too thin."""
    t = model.criteria.threshold
    if min(mine.n_markers, theirs.n_markers) < t["min_markers_margin"]:
        return None
    return scheme.between(mine, theirs, t["class_confidence"])


def _state(
    model: ContrastModel, scheme: MissingValueScheme, votes: SetMarkers, effect: SetEffect | None
) -> tuple[str, str]:
    t = model.criteria.threshold
    if scheme.background is None:
        return ABSENT, "too few background proteins"
    if effect is None or votes.n_markers < t["min_markers"]:
        return ABSENT, f"{votes.n_markers} of at least {int(t['min_markers'])} votes measured"
    if votes.weight_measured < t["min_weight"]:
        return ABSENT, f"{100 * votes.weight_measured:.0f} % of the set's weight measured"
    if effect.ci_low > 0 and effect.estimate >= t["min_class_effect"]:
        return ENRICHED, "enriched"
    if effect.ci_high < t["equivalence_margin"]:
        small = (
            "no more than the control"
            if effect.ci_low <= 0
            else f"raised less than {fold_change(t['equivalence_margin'])}-fold"
        )
        return EXCLUDED, "depleted" if effect.ci_high < 0 else small
    return UNCLEAR, "wide"
