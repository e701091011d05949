"""assess: the whole assessment with stated defaults."""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from numbers import Integral
from pathlib import Path
from typing import Any, TypeVar

import pandas as pd

from markerkit.assessment.reasons import Record, evidence_of
from markerkit.assessment.result import Assessment
from markerkit.assessment.series import series_parts
from markerkit.assessment.tables import (
    design_words,
    pooled_detection,
    pooled_differential,
    pooled_enrichment,
    pooled_null_check,
    samples_used,
)
from markerkit.catalog.load import Sets
from markerkit.checks.circularity import FLAGGED, circularity_of
from markerkit.checks.design import SERIOUS, WARNING, design_lines, design_of, design_scope
from markerkit.checks.replicates import CHECK as REPEATS
from markerkit.checks.sensitivity import sensitivity_of
from markerkit.core.errors import (
    InputError,
    MarkerkitWarning,
    collected_warnings,
    listed,
    one_of,
    shown,
    whole_number,
)
from markerkit.core.experiment import Experiment
from markerkit.core.factors import levels_of
from markerkit.core.limits import NULL_DATA_SETS
from markerkit.core.signal import BASES
from markerkit.da.differential import MISSING
from markerkit.effects.fit import fit_contrast
from markerkit.effects.model import AnyContrast
from markerkit.guidelines.checklist import checklist_of
from markerkit.guidelines.ev_track import ev_track_of
from markerkit.identity.change import comparison_of
from markerkit.identity.table import COMPATIBLE, NOT_ASSESSABLE, NOT_COMPATIBLE, UNRESOLVED, identity_of
from markerkit.ids.harmonize import id_mapping
from markerkit.purity.blanks import blank_content, with_blank_limits
from markerkit.purity.shares import source_shares
from markerkit.purity.sources import purity_of
from markerkit.qc.card import quality_of
from markerkit.qc.composition import composition_of
from markerkit.results import (
    Circularity,
    Comparison,
    Composition,
    DesignChecks,
    Evidence,
    EvTrack,
    Identity,
    IdMapping,
    MarkersUsed,
    Purity,
    Quality,
    SamplesUsed,
    Sensitivity,
)
from markerkit.sets.coverage import coverage
from markerkit.sets.scoring import score_samples
from markerkit.study.contrast import Contrast, takes_contrasts
from markerkit.study.data import StudyData, study_data
from markerkit.tables.registry import TABLES
from markerkit.tables.spec import concat_rows

Verdicts = TypeVar("Verdicts", Identity, Comparison, Purity)


@takes_contrasts
def assess(
    exp: Experiment,
    contrasts: Contrast | Iterable[Contrast] | str | None = None,
    markers: Sets | None = None,
    *,
    context: str | Path | Mapping[str, Any] | None = None,
    collapse_by: str | None = None,
    shares: str = "signal",
    null_check: int = 0,
    seed: int = 0,
    missing: str = "measured",
    min_values: int | None = None,
    lfc: float = 0.0,
) -> Assessment:
    """Assess what the vesicles of a study are and how pure they are.

    Parameters
    ----------
    exp
        Experiment as read; identifiers are harmonized here where they are not yet.
    contrasts
        One :class:`markerkit.Contrast`, several, or none; :func:`markerkit.contrasts` names
        every pair of levels, or every level against one; ``"all"`` and ``"vs:LEVEL"`` do so
        for the column that the context names as `condition`. Each is fitted on
        the samples of its own two groups.
    markers
        Catalog; the shipped one of the experiment's organism by default. Sets of your own, in any form that
        :func:`markerkit.enrich` takes, stand beside the shipped ones.
    context
        Study metadata that only you can supply: a mapping, a TOML or a JSON file; see
        :data:`markerkit.study.context.CONTEXT_KEYS`. Without a contrast its keys `fluid`
        and `condition` say what the samples come from and which column holds the groups.
    collapse_by
        Sample column of the biological unit: samples of one group that share a
        value are technical replicates and count once.
    shares
        What every share of signal sums: ``"signal"``, or ``"length"`` for signal
        over the length of the sequence.
    null_check
        Data sets without an effect, made from the study's own residuals, on
        which the tests of every contrast are run; 0 for none. Takes about a
        fifth of a second each.
    seed
        Of the bootstrap over reference proteins and of the null check.
    missing, min_values, lfc
        Of the tests of single proteins, as in :func:`markerkit.differential_abundance`: what missing
        values are to them, values that each group needs, and the absolute log2 effect over the
        background that has to be exceeded.

    Returns
    -------
    Assessment

    Raises
    ------
    InputError
        An absent column or level, a confounded design, an unknown role or
        context key, shares by length without lengths, a negative number of
        data sets or seed.

    Notes
    -----
    Without a comparator, or with one sample a group, coverage, shares, scores
    and checklist are given all the same, and the rest says why it is not
    assessable. The models behind every part are those of ``docs/models.md``. Samples whose `role` is ``blank`` or ``medium`` enter no contrast;
    what they hold limits shares and contamination fraction, and nothing is subtracted. Linear
    algebra runs on one thread, so that the same input gives the same bytes at
    any thread count.

    Examples
    --------
    >>> import markerkit as mk
    >>> ev = mk.Contrast("fraction", "EV", "lysate", paired_by="donor", comparator="lysate")
    >>> result = mk.assess(mk.load_example(), ev)
    >>> result.identity.table.set_index("class").loc["exosome", "verdict"]
    'compatible'
    """
    from threadpoolctl import threadpool_limits

    options = _Options(shares, null_check, seed, missing, min_values, lfc)
    with threadpool_limits(limits=1), collected_warnings(_NOT_SAID) as notes:
        data = study_data(exp, contrasts, markers, context=context, collapse_by=collapse_by, harmonize=True)
        _note_without_contrast(data)
        models = [fit_contrast(data.units, data.markers, c, testing=options.testing) for c in data.contrasts]
        result = _assessed(data, models, options)
    return replace(result, warnings=tuple(dict.fromkeys([*_of_reading(exp), *notes])))


#: no verdict reads fry, and its share of random sets stands in the parameters of the table
_NOT_SAID = "fry rejects"


@dataclass(frozen=True)
class _Options:
    """Options of an assessment, checked before anything is computed."""

    shares: str
    null_check: int
    seed: int
    missing: str
    min_values: int | None
    lfc: float

    @property
    def testing(self) -> dict[str, Any]:
        """Options of the tests of single proteins."""
        return {k: getattr(self, k) for k in ("missing", "min_values", "lfc")}

    def __post_init__(self) -> None:
        one_of("shares", self.shares, list(BASES))
        one_of("missing", self.missing, MISSING)
        if (
            not (isinstance(self.null_check, Integral) and 0 <= self.null_check <= NULL_DATA_SETS)
            or self.null_check == 1
        ):
            raise InputError(
                f"`null_check` counts data sets, 2 to {NULL_DATA_SETS:,}, or is 0; got {shown(self.null_check)}."
            )
        whole_number("seed", self.seed)


def _assessed(data: StudyData, models: Sequence[AnyContrast], options: _Options) -> Assessment:
    """Everything over fitted contrasts."""
    checks = DesignChecks(design_of(data))
    circular = Circularity(circularity_of(data.markers, data.context))
    _note_checks(checks.table, circular.table)
    identity, comparison, purity, quality = _verdicts(data, models, checks.table, options)
    sensitivity = Sensitivity(sensitivity_of(data.units, models, data.context))
    checklist = checklist_of(
        data.units, data.markers, models, data.context, fluid=data.fluid, basis=options.shares
    )
    form = ev_track_of(data.units, checklist.table, data.contrasts, data.context, fluid=data.fluid)
    record = Record(
        identity.table, purity.table, sensitivity.table, checks.table, circular.table, data.context
    )
    return Assessment(
        data=data,
        identity=identity,
        comparison=comparison,
        purity=purity,
        quality=quality,
        composition=_composition(data, options.shares),
        checklist=checklist,
        coverage=coverage(data.units, data.markers),
        differential_abundance=pooled_differential(models),
        detection=pooled_detection(models),
        enrichment=pooled_enrichment(models, data.markers),
        sample_scores=score_samples(data.logs, data.markers),
        evidence=Evidence(evidence_of(models, record)),
        sensitivity=sensitivity,
        circularity=circular,
        design_checks=checks,
        ev_track=EvTrack(form),
        null_check=pooled_null_check(models, data.markers, options.null_check, options.seed),
        series=series_parts(data, seed=options.seed),
        id_mapping=IdMapping(id_mapping(data.as_read)),
        samples_used=SamplesUsed(samples_used(data)),
        markers_used=_markers_used(identity, comparison, purity),
        design=_design(data, models, checks.table),
        params=_params(data, options),
    )


def _verdicts(
    data: StudyData, models: Sequence[AnyContrast], checks: pd.DataFrame, options: _Options
) -> tuple[Identity, Comparison, Purity, Quality]:
    """Verdicts and the quality card; shares of signal are computed once, with the chosen basis."""
    basis = options.shares
    shares = source_shares(data.all_samples, data.markers, basis=basis)
    blanks = blank_content(data.all_samples, data.markers, data.contrasts, shares=shares, basis=basis)
    identity = identity_of([m for m in models if m.contrast.asks_identity], data.context)
    comparison = comparison_of([m for m in models if not m.contrast.asks_identity], data.context)
    purity = purity_of(data.units, data.markers, models, seed=options.seed, shares=shares)
    quality = quality_of(
        data.all_samples,
        data.markers,
        group=data.condition,
        fluid=data.fluid,
        blanks=blanks,
        shares=shares,
        basis=basis,
    )
    purity = with_blank_limits(purity, blanks)
    return _scoped(identity, checks), _scoped(comparison, checks), _scoped(purity, checks), quality


def _composition(data: StudyData, basis: str) -> Composition:
    """Say what is in the tube of every sample and group; it needs no contrast."""
    named = [data.context[k] for k in ("accession", "dataset") if data.context.get(k)]
    return composition_of(
        data.all_samples,
        data.markers,
        group=data.condition,
        fluid=data.fluid,
        basis=basis,
        isolation=data.context.get("isolation"),
        dataset=" ".join(named),
    )


def _markers_used(*parts: Identity | Comparison | Purity) -> MarkersUsed:
    return MarkersUsed(TABLES["markers_used"].conform(concat_rows([part.markers.table for part in parts])))


def _design(data: StudyData, models: Sequence[AnyContrast], checks: pd.DataFrame) -> tuple[str, ...]:
    """Sentences on the design: how each contrast was fitted, and what the checks found."""
    lines = dict.fromkeys(line for c in data.contrasts for line in design_lines(checks, c.name))
    return (*design_words(data, models), *lines)


def _params(data: StudyData, options: _Options) -> dict[str, Any]:
    contrasts = [dataclasses.asdict(c) | {"batch": list(c.batch)} for c in data.contrasts]
    record = {"contrasts": contrasts, "collapse_by": data.collapse_by, "context": dict(data.context)}
    return record | dataclasses.asdict(options)


def _of_reading(exp: Experiment) -> list[str]:
    """Repeat what was said when the table was read and its identifiers were mapped."""
    return [note for step in exp.history for note in step.get("warnings", [])]


def _note(text: str) -> None:
    warnings.warn(text, MarkerkitWarning, stacklevel=3)


def _note_without_contrast(data: StudyData) -> None:
    if data.condition is not None and not data.contrasts:
        levels = levels_of(data.units.samples[data.condition])
        _note(
            f"no contrast named: `{data.condition}` has the levels {listed(levels)}; name a case and a control"
        )


def _note_checks(design: pd.DataFrame, circularity: pd.DataFrame) -> None:
    """Warn of what undermines every verdict."""
    # every verdict says itself that a group has no replicates
    undermines = (design["severity"] == SERIOUS) & (design["check"] != "replicates")
    undermines |= (design["severity"] == WARNING) & (design["check"] == REPEATS)
    for _, row in design[undermines].iterrows():
        _note(f"{row['contrast']}: {row['finding']}. {row['advice'][0].upper()}{row['advice'][1:]}.")
    flagged = circularity[circularity["status"] == FLAGGED]
    for _, row in flagged.iterrows():
        _note(f"circular: {row['kind']} {row['key']}: {row['text']}.")


def _scoped(result: Verdicts, design: pd.DataFrame) -> Verdicts:
    """Add to every verdict's text that it holds for one preparation only, where it does."""
    table = result.table.copy()
    for name in dict.fromkeys(table["contrast"]):
        if scope := design_scope(design, name):
            table.loc[table["contrast"] == name, "explanation"] += f" Scope: {scope}."
    return replace(result, table=table)


__all__ = ["COMPATIBLE", "NOT_ASSESSABLE", "NOT_COMPATIBLE", "UNRESOLVED", "Assessment", "assess"]
