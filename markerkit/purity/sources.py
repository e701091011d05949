"""Purity: source verdicts, shares of signal and contamination fraction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from markerkit.catalog.criteria import SourceRule
from markerkit.catalog.load import MarkerCatalog
from markerkit.core.errors import InputError
from markerkit.core.experiment import Experiment
from markerkit.core.wording import fold_change
from markerkit.effects.fit import fit_contrast
from markerkit.effects.members import marker_effects, marker_rows, set_members
from markerkit.effects.model import ContrastModel, MissingValueScheme, SetMarkers
from markerkit.purity.contamination import contamination_fraction_table
from markerkit.purity.shares import source_shares
from markerkit.results import ContaminationFraction, MarkersUsed, Purity, SourceShares
from markerkit.stats.set_effect import SetEffect
from markerkit.study.contrast import Contrast, takes_contrasts
from markerkit.study.data import study_data
from markerkit.tables.registry import TABLES
from markerkit.tables.spec import concat_rows

RAISED, NOT_RAISED, NOT_ASSESSABLE = "raised", "not raised", "not assessable"


@dataclass(frozen=True)
class Reading:
    """A source under one missing-value scheme."""

    votes: SetMarkers
    effect: SetEffect | None
    word: str
    reason: str


@takes_contrasts
def assess_purity(
    exp: Experiment,
    contrasts: Contrast | Iterable[Contrast] | None = None,
    markers: MarkerCatalog | None = None,
    *,
    seed: int = 0,
) -> Purity:
    """Assess where the protein that is not vesicle comes from.

    Parameters
    ----------
    exp
        Harmonised experiment before normalization; normalization would cancel
        the very signal.
    contrasts
        One :class:`markerkit.Contrast` or several; without one only the shares are given. In
        a paired contrast the contamination fraction is taken within the pairs.
    markers
        Catalogue; the shipped one of the experiment's organism by default.
    seed
        Of the bootstrap over reference proteins.

    Returns
    -------
    Purity
        ``table`` holds one verdict per source, ``shares`` the share of signal of
        each source in each sample, ``contamination_fraction`` the share of the
        preparation's signal that is comparator-like, ``markers`` the
        contribution of each marker.

    Raises
    ------
    InputError
        A normalized experiment; an impossible contrast.
    """
    data = study_data(exp, contrasts, markers)
    models = [fit_contrast(data.units, data.markers, c) for c in data.contrasts]
    return purity_of(data.units, data.markers, models, seed=seed)


def purity_of(
    exp: Experiment,
    markers: MarkerCatalog,
    models: Sequence[ContrastModel],
    *,
    seed: int,
    shares: pd.DataFrame | None = None,
) -> Purity:
    """Purity over fitted contrasts; see :func:`assess_purity`.

    Parameters
    ----------
    exp, markers, seed
        As in :func:`assess_purity`.
    models
        The fitted contrasts.
    shares
        Table `source_shares` of these samples, and perhaps of blanks beside them; computed on
        signal where it is not given.
    """
    if exp.has_verb("normalize"):
        raise InputError(
            "purity is read before normalization, which cancels it; give the experiment as it was read."
        )
    if shares is None:
        shares = source_shares(exp, markers)
    found = [source_verdicts(model) for model in models]
    spec = TABLES["purity"]
    return Purity(
        table=spec.conform(concat_rows([rows for rows, _ in found])) if found else spec.empty(),
        params={"contrasts": [m.contrast.name for m in models], "seed": seed},
        shares=SourceShares(shares[shares["sample"].isin(exp.samples.index)].reset_index(drop=True)),
        contamination_fraction=ContaminationFraction(
            TABLES["contamination_fraction"].conform(
                concat_rows(
                    [contamination_fraction_table(exp, markers, m.contrast, seed=seed) for m in models]
                )
            )
        ),
        markers=MarkersUsed(TABLES["markers_used"].conform(concat_rows([used for _, used in found]))),
    )


# ---- source verdicts -------------------------------------------------------


def source_verdicts(model: ContrastModel) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Verdict on every source in a contrast.

    Parameters
    ----------
    model
        Fitted contrast.

    Returns
    -------
    Rows of the `purity` table, rows of `markers_used`.
    """
    rows, used = [], []
    ev_layer = set_members(model.markers, model.criteria.classes["ev"].sets)
    for rule in model.criteria.sources.values():
        members = set_members(model.markers, [rule.key])
        rows.append(_source_row(model, rule, members, ev_layer))
        if model.measured is not None:
            scheme = model.bounded or model.measured
            used.append(
                marker_rows(
                    model, scheme, members, set_id=rule.key, role="source", by_accession=rule.by_accession
                )
            )
    return pd.DataFrame(rows), concat_rows(used)


def _source_row(
    model: ContrastModel, rule: SourceRule, members: pd.DataFrame, ev_layer: pd.DataFrame
) -> dict[str, object]:
    row: dict[str, object] = {"contrast": model.contrast.name, "source": rule.key, "n_set": len(members)}
    if model.measured is None:
        return row | _no_verdict(model.reason, "add replicates to both arms")
    reading = read_source(model, model.measured, rule, members)
    bounded = read_source(model, model.bounded, rule, members) if model.bounded else None
    word, reason, from_detection = combine_readings(reading, bounded)
    shown = bounded if from_detection and bounded is not None else reading
    row |= _numbers(shown, model.criteria.threshold) | {"verdict": word, "reason": reason}
    if bounded is not None and bounded.effect is not None:
        e = bounded.effect
        row |= {"bounded_log2_fc": e.estimate, "bounded_ci_low": e.ci_low, "bounded_ci_high": e.ci_high}
    scheme = model.bounded if from_detection and model.bounded else model.measured
    row |= _per_ev(model, scheme, rule, members, ev_layer)
    tested = shown.effect is not None
    row |= {
        "status": "tested" if tested else "too few measured",
        "explanation": _explain(model, rule, word, shown, row),
        "next_step": _next_step(rule, word, reason, shown),
    }
    return row


def read_source(
    model: ContrastModel, scheme: MissingValueScheme, rule: SourceRule, members: pd.DataFrame
) -> Reading:
    """Read one source under one scheme."""
    t = model.criteria.threshold
    votes = marker_effects(model, scheme, members, by_accession=rule.by_accession)
    if votes.n_markers < t["min_markers_source"]:
        need = int(t["min_markers_source"])
        return Reading(votes, None, NOT_ASSESSABLE, f"{votes.n_markers} of at least {need} votes measured")
    effect = scheme.over_background(votes, t["confidence"])
    if effect is None:
        return Reading(votes, None, NOT_ASSESSABLE, "too few background proteins")
    if effect.ci_low > 0 and effect.estimate >= t["min_source_effect"]:
        return Reading(votes, effect, RAISED, "interval above 0")
    if effect.ci_high < t["equivalence_margin"]:
        return Reading(
            votes, effect, NOT_RAISED, "depleted" if effect.ci_high < 0 else "no more than the control"
        )
    if effect.estimate <= 0:
        return Reading(votes, effect, NOT_RAISED, "not above the control")
    return Reading(votes, effect, NOT_ASSESSABLE, "wide interval")


def combine_readings(measured: Reading, bounded: Reading | None = None) -> tuple[str, str, bool]:
    """Join the two missing-value schemes: word, reason, whether detection decided."""
    if bounded is None or measured.word == bounded.word:
        return measured.word, measured.reason, False
    if measured.word == NOT_ASSESSABLE:
        return bounded.word, f"{bounded.reason}, from detection", True
    return NOT_ASSESSABLE, "missing-value scheme", False


def _numbers(reading: Reading, t: Mapping[str, float]) -> dict[str, object]:
    numbers: dict[str, object] = {
        "n_measured": reading.votes.n_measured,
        "n_independent": reading.votes.n_markers,
    }
    if reading.effect is not None:
        e = reading.effect
        numbers |= {"log2_fc": e.estimate, "se": e.se, "df": e.df, "ci_low": e.ci_low, "ci_high": e.ci_high}
        numbers |= {"smallest_detectable": e.detectable(power=t["power"], least=t["min_source_effect"])}
    return numbers


def _per_ev(
    model: ContrastModel,
    scheme: MissingValueScheme,
    rule: SourceRule,
    members: pd.DataFrame,
    ev_layer: pd.DataFrame,
) -> dict[str, object]:
    """Compare the source with the EV layer: more or less of it per EV marker."""
    t = model.criteria.threshold
    if rule.cell_panel:
        members = members[~members["gene"].isin(ev_layer["gene"])]
    source = marker_effects(model, scheme, members, by_accession=rule.by_accession)
    ev = marker_effects(model, scheme, ev_layer[~ev_layer["gene"].isin(members["gene"])])
    gap = scheme.between(source, ev, t["confidence"])
    if gap is None or source.n_markers < t["min_markers_source"] or ev.n_markers < t["min_markers"]:
        return {"per_ev": ""}
    word = "lower" if gap.ci_high < 0 else "higher" if gap.ci_low > 0 else "similar"
    return {
        "per_ev": word,
        "per_ev_log2_fc": gap.estimate,
        "per_ev_ci_low": gap.ci_low,
        "per_ev_ci_high": gap.ci_high,
    }


def _explain(
    model: ContrastModel, rule: SourceRule, word: str, reading: Reading, row: dict[str, object]
) -> str:
    case, control = model.contrast.case, model.contrast.control
    if reading.effect is None:
        return f"{rule.title}: {reading.reason}."
    e = reading.effect
    size = f"{fold_change(e.estimate)}-fold over the background (95 % interval {fold_change(e.ci_low)} to {fold_change(e.ci_high)})"
    text = {
        RAISED: f"{case} carries more of {rule.title} than {control}: {size}.",
        NOT_RAISED: f"{case} carries no more of {rule.title} than {control}: {size}.",
        NOT_ASSESSABLE: f"{rule.title} cannot be called: {size}.",
    }[word]
    if reading.reason.startswith("no more"):
        t = model.criteria.threshold
        least = fold_change(e.detectable(power=t["power"], least=t["min_source_effect"]))
        text += f" A rise of {least}-fold would have been called in {100 * t['power']:g} % of such studies."
    gap = row.get("per_ev_log2_fc")
    if word == NOT_RAISED and row.get("per_ev") == "higher" and isinstance(gap, float):
        text += f" EV signal fell: {fold_change(gap)}-fold more of it per EV marker."
    return text


def _next_step(rule: SourceRule, word: str, reason: str, reading: Reading) -> str:
    if word != NOT_ASSESSABLE:
        return ""
    if rule.by_accession and reading.votes.n_measured == 0:
        return "search against a database that holds bovine entries"
    if reading.effect is None:
        return "deeper measurement: too few of its markers were seen"
    if reason == "missing-value scheme":
        return "deeper or repeated measurement, so that the verdict does not hang on what was not seen"
    if reading.effect.heterogeneous:
        return "its markers disagree, which more replicates cannot mend: a comparator that holds all or none of them"
    return "more replicates, or deeper measurement of its markers"


def _no_verdict(reason: str, next_step: str) -> dict[str, object]:
    return {
        "verdict": NOT_ASSESSABLE,
        "reason": reason,
        "explanation": f"Not assessable: {reason}.",
        "next_step": next_step,
        "n_measured": 0,
        "n_independent": 0,
        "status": "not assessed",
    }
