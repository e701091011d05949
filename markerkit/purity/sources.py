"""Purity: source verdicts, shares of signal and contamination fraction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from markerkit.catalog.criteria import GENERAL_EV, SourceRule, load_criteria
from markerkit.catalog.load import MarkerCatalog, Sets
from markerkit.core.errors import InputError, whole_number
from markerkit.core.experiment import Experiment
from markerkit.core.messages import Compared, Measured, explain_source, next_step_of_source, reason
from markerkit.core.vocabulary import Status
from markerkit.effects.fit import fit_contrast
from markerkit.effects.members import members_of
from markerkit.effects.model import (
    AnyContrast,
    ContrastModel,
    MissingValueScheme,
    SetMarkers,
    UnfittedContrast,
    circumstances,
)
from markerkit.effects.rows import marker_rows
from markerkit.effects.scheme import source_members
from markerkit.purity.contamination import contamination_fraction_table
from markerkit.purity.rules import HIGHER, NOT_ASSESSABLE, SourceEvidence, decide_source
from markerkit.purity.shares import source_shares
from markerkit.results import ContaminationFraction, MarkersUsed, Purity, SourceShares
from markerkit.stats.set_effect import SetEffect
from markerkit.study.contrast import Contrast, takes_contrasts
from markerkit.study.data import study_data
from markerkit.tables.registry import TABLES
from markerkit.tables.spec import concat_rows

_NONE = np.array([], dtype=np.intp)


@takes_contrasts
def assess_purity(
    exp: Experiment,
    contrasts: Contrast | Iterable[Contrast] | None = None,
    markers: Sets | None = None,
    *,
    seed: int = 0,
) -> Purity:
    """Assess where the protein that is not vesicle comes from.

    Parameters
    ----------
    exp
        Harmonized experiment before normalization; normalization would cancel
        the very signal.
    contrasts
        One :class:`markerkit.Contrast` or several; without one only the shares are given. In
        a paired contrast the contamination fraction is taken within the pairs.
    markers
        Catalog; the shipped one of the experiment's organism by default. Sets of your own, in any form that
        :func:`markerkit.enrich` takes, stand beside the shipped ones.
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

    Notes
    -----
    Sources and the contamination fraction: ``docs/models.md``, sections 4 and 5.

    Examples
    --------
    >>> import markerkit as mk
    >>> exp = mk.simulate(n=4, n_background=400, seed=1).experiment
    >>> ev = mk.Contrast("fraction", "EV", "lysate", paired_by="donor", comparator="lysate")
    >>> mk.assess_purity(exp, ev).table.set_index("source").loc["mitochondrion", "verdict"]
    'lower'
    """
    whole_number("seed", seed)
    data = study_data(exp, contrasts, markers)
    models = [fit_contrast(data.units, data.markers, c) for c in data.contrasts]
    return purity_of(data.units, data.markers, models, seed=seed)


def purity_of(
    exp: Experiment,
    markers: MarkerCatalog,
    models: Sequence[AnyContrast],
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


def source_verdicts(model: AnyContrast) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Verdict on every source in a contrast.

    Parameters
    ----------
    model
        Contrast, fitted or not.

    Returns
    -------
    Rows of the `purity` table, rows of `markers_used`.
    """
    if isinstance(model, UnfittedContrast):
        return pd.DataFrame([_unfitted_row(model, key) for key in load_criteria().sources]), pd.DataFrame()
    rows, used = [], []
    for rule in model.criteria.sources.values():
        located = source_members(model.index, rule)
        rows.append(_source_row(model, rule))
        used.append(marker_rows(model, model.schemes[-1], located, set_id=rule.key, role="source"))
    return pd.DataFrame(rows), concat_rows(used)


def source_markers(model: ContrastModel, scheme: MissingValueScheme, rule: SourceRule) -> SetMarkers:
    """Measured markers of a source."""
    return scheme.effects.markers(source_members(model.index, rule))


def source_evidence(
    model: ContrastModel,
    scheme: MissingValueScheme,
    rule: SourceRule,
    left_out: npt.NDArray[np.intp] = _NONE,
) -> SourceEvidence:
    """Gather the evidence on a source under one scheme, as if some proteins had not been measured."""
    markers = source_markers(model, scheme, rule).without(left_out)
    effect = scheme.over_background(markers, model.criteria.threshold["confidence"])
    return SourceEvidence(markers.n_markers, effect)


def _source_row(model: ContrastModel, rule: SourceRule) -> dict[str, object]:
    c, t = model.contrast, model.criteria.threshold
    schemes = model.schemes
    evidence = [source_evidence(model, scheme, rule) for scheme in schemes]
    verdict = decide_source(evidence, t)
    shown = verdict.scheme
    effects = [e.effect if e.n_markers >= t["min_markers_source"] else None for e in evidence]
    markers, effect = source_markers(model, schemes[shown], rule), effects[shown]
    row: dict[str, object] = {"contrast": c.name, "source": rule.key, **verdict.columns}
    row |= {"n_set": markers.n_set, "n_measured": markers.n_measured, "n_independent": markers.n_markers}
    row |= effect_columns(effect)
    if effect is not None:
        row |= {"se": effect.se, "df": effect.df, "smallest_detectable": _detectable(effect, t)}
    if len(evidence) > 1:
        row |= effect_columns(effects[1], "bounded_")
    row |= _per_ev(model, schemes[shown], rule)
    higher = verdict.word != HIGHER and effect is not None and row["per_ev"] == "higher"
    return row | {
        "reason": reason(verdict, model.criteria.titles),
        "status": str(Status.TOO_FEW_MEASURED if effect is None else Status.TESTED),
        "explanation": explain_source(
            verdict,
            Compared(rule.title, c.case, c.control),
            measured(effect, t),
            model.criteria.titles,
            more_per_ev=_number(row["per_ev_log2_fc"]) if higher else None,
        ),
        "next_step": next_step_of_source(
            verdict, circumstances(model), other_species=rule.by_accession and not markers.n_measured
        ),
    }


def _number(value: object) -> float:
    return float(str(value))


def effect_columns(effect: SetEffect | None, prefix: str = "") -> dict[str, float]:
    """Columns of a table that hold a set effect and its interval."""
    if effect is None:
        return {}
    return {
        f"{prefix}log2_fc": effect.estimate,
        f"{prefix}ci_low": effect.ci_low,
        f"{prefix}ci_high": effect.ci_high,
    }


def _detectable(effect: SetEffect, t: Mapping[str, float]) -> float:
    return effect.detectable(power=t["power"], least=t["min_source_effect"])


def measured(
    effect: SetEffect | None,
    t: Mapping[str, float],
    *,
    level: str = "confidence",
    least: str = "min_source_effect",
) -> Measured | None:
    """Numbers of a set effect that an explanation quotes; `level` and `least` name their thresholds."""
    if effect is None:
        return None
    return Measured(
        effect.estimate,
        effect.ci_low,
        effect.ci_high,
        level=t[level],
        n_markers=effect.n_markers,
        detectable=effect.detectable(power=t["power"], least=t[least]),
        power=t["power"],
    )


def _per_ev(model: ContrastModel, scheme: MissingValueScheme, rule: SourceRule) -> dict[str, object]:
    """Compare the source with general EV evidence: more or less of it for each EV marker."""
    t, first = model.criteria.threshold, source_markers(model, scheme, rule)
    ev = scheme.effects.markers(model.index.located(model.criteria.classes[GENERAL_EV].sets))
    if rule.cell_panel:
        first = first.without_genes(set(ev.located.members.gene))
    second = ev.without_genes(set(first.located.members.gene))
    gap = scheme.between(first, second, t["confidence"])
    if gap is None or first.n_markers < t["min_markers_source"] or second.n_markers < t["min_markers"]:
        return {"per_ev": ""}
    return per_ev_columns(gap)


def per_ev_columns(gap: SetEffect) -> dict[str, object]:
    """Columns of a table that hold an effect over that of the EV markers, with the word for it."""
    word = "lower" if gap.ci_high < 0 else "higher" if gap.ci_low > 0 else "similar"
    return {"per_ev": word, **effect_columns(gap, "per_ev_")}


def _unfitted_row(model: UnfittedContrast, key: str) -> dict[str, object]:
    criteria = load_criteria()
    why = reason(model.verdict, criteria.titles)
    return {
        "contrast": model.contrast.name,
        "source": key,
        **model.verdict.columns,
        "n_set": len(members_of(model.markers, (key,))),
        "reason": why,
        "explanation": f"{criteria.sources[key].title}: not assessable ({why}).",
        "next_step": next_step_of_source(model.verdict),
        "n_measured": 0,
        "n_independent": 0,
        "status": str(Status.NOT_ASSESSED),
    }


__all__ = [
    "HIGHER",
    "NOT_ASSESSABLE",
    "assess_purity",
    "effect_columns",
    "per_ev_columns",
    "purity_of",
    "source_evidence",
    "source_markers",
    "source_verdicts",
]
