"""assess: the whole assessment with stated defaults."""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Unpack

import pandas as pd

from markerkit.assessment.answer import Answer
from markerkit.assessment.contrast_parts import (
    NOT_SAID,
    ContrastParts,
    MoreOptions,
    Options,
    Shared,
    kept_notes,
)
from markerkit.assessment.result import Assessment
from markerkit.assessment.series import series_parts
from markerkit.assessment.tables import (
    design_words,
    pooled_detection,
    pooled_differential,
    pooled_enrichment,
    pooled_null_check,
    pooled_purity,
    pooled_verdicts,
    samples_used,
)
from markerkit.assessment.workers import contrasts_at_work
from markerkit.catalog.load import Sets
from markerkit.checks.circularity import FLAGGED, circularity_of
from markerkit.checks.design import SERIOUS, WARNING, design_lines, design_of
from markerkit.checks.replicates import CHECK as REPEATS
from markerkit.core.errors import MarkerkitWarning, collected_warnings, listed, whole_number
from markerkit.core.experiment import Experiment
from markerkit.core.factors import levels_of
from markerkit.guidelines.checklist import checklist_of
from markerkit.guidelines.ev_track import ev_track_of
from markerkit.identity.change import comparison_of
from markerkit.identity.table import COMPATIBLE, NOT_ASSESSABLE, NOT_COMPATIBLE, UNRESOLVED, identity_of
from markerkit.ids.harmonize import id_mapping
from markerkit.purity.blanks import blank_content
from markerkit.purity.shares import source_shares
from markerkit.purity.sources import purity_of
from markerkit.qc.card import quality_of
from markerkit.qc.composition import composition_of
from markerkit.results import (
    Checklist,
    Circularity,
    Composition,
    DesignChecks,
    Evidence,
    EvTrack,
    IdMapping,
    MarkersUsed,
    Result,
    SamplesUsed,
    Sensitivity,
)
from markerkit.sets.coverage import coverage
from markerkit.sets.scoring import score_samples
from markerkit.study.contrast import Contrast, takes_contrasts
from markerkit.study.data import StudyData, study_data
from markerkit.tables.registry import TABLES
from markerkit.tables.spec import concat_rows


@takes_contrasts
def assess(
    exp: Experiment,
    contrasts: Contrast | Iterable[Contrast] | str | None = None,
    markers: Sets | None = None,
    *,
    context: str | Path | Mapping[str, Any] | None = None,
    collapse_by: str | None = None,
    null_check: int = 0,
    jobs: int = 1,
    **options: Unpack[MoreOptions],
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
    null_check
        Data sets without an effect, made from the study's own residuals, on
        which the tests of every contrast are run; 0 for none. Takes about a
        fifth of a second each.
    jobs
        Processes that share several contrasts; the results are the same to the byte. Each holds the data once more.

    Other Parameters
    ----------------
    shares
        What every share of signal sums: ``"signal"`` (the default), or ``"length"`` for signal
        over the length of the sequence.
    seed
        Of the bootstrap over reference proteins and of the null check; 0 by default.
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
        data sets or seed, fewer jobs than 1.

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
    chosen = Options(null_check=null_check, **options)
    return assessment_of(exp, contrasts, markers, chosen, context=context, collapse_by=collapse_by, jobs=jobs)


def assessment_of(
    exp: Experiment,
    contrasts: Contrast | Iterable[Contrast] | str | None,
    markers: Sets | None,
    options: Options,
    *,
    context: str | Path | Mapping[str, Any] | None,
    collapse_by: str | None,
    jobs: int,
    answered: Callable[[Answer], object] = lambda _: None,
) -> Assessment:
    """Assess as :func:`assess` does.

    Parameters
    ----------
    answered
        Called with the answer as soon as it is known, before the tables that are reported with it are made.
    """
    from threadpoolctl import threadpool_limits

    whole_number("jobs", jobs, least=1)
    with threadpool_limits(limits=1), collected_warnings(NOT_SAID) as notes:
        data = study_data(exp, contrasts, markers, context=context, collapse_by=collapse_by, harmonize=True)
        _note_without_contrast(data)
        result = _assessed(data, options, int(jobs), answered)
    return replace(result, warnings=tuple(dict.fromkeys([*_of_reading(exp), *notes])))


def _assessed(
    data: StudyData, options: Options, jobs: int, answered: Callable[[Answer], object]
) -> Assessment:
    """Everything about the study and about each of its contrasts."""
    checks = DesignChecks(design_of(data))
    circular = Circularity(circularity_of(data.markers, data.context))
    basis = options.shares
    shares = source_shares(data.all_samples, data.markers, basis=basis)
    blanks = blank_content(data.all_samples, data.markers, data.contrasts, shares=shares, basis=basis)
    shared = Shared(data, options, checks.table, circular.table, shares, blanks)
    with contrasts_at_work(shared, jobs) as waited_for:
        with kept_notes() as notes:
            composition, series = _composition(data, basis), series_parts(data, seed=options.seed)
        parts = waited_for()
    answer = {"data": data, "composition": composition, "series": series, **_verdicts(shared, parts)}
    answered(Answer(**answer))
    with kept_notes() as more:
        rest = {**_of_study(shared), **_of_contrasts(shared, parts, answer)}
    _note_checks(checks.table, circular.table)
    # in one order, whichever came first
    for note in [*(note for part in parts for note in part.notes), *notes, *more]:
        _note(note)
    return Assessment(
        circularity=circular,
        design_checks=checks,
        design=_design(data, parts, checks.table),
        params=_params(data, options),
        **answer,
        **rest,
    )


def _verdicts(shared: Shared, parts: Sequence[ContrastParts]) -> dict[str, Any]:
    """Parts of the answer that pool what was found in the contrasts."""
    data, options = shared.data, shared.options
    nothing = purity_of(data.units, data.markers, [], seed=options.seed, shares=shared.shares)
    return {
        "identity": pooled_verdicts([p.identity for p in parts], identity_of([], data.context)),
        "comparison": pooled_verdicts([p.comparison for p in parts], comparison_of([], data.context)),
        "purity": pooled_purity([p.purity for p in parts], nothing),
        "checklist": _checklist(shared, parts),
    }


def _of_study(shared: Shared) -> dict[str, Any]:
    """Parts of the assessment that no contrast changes."""
    data, options = shared.data, shared.options
    return {
        "quality": quality_of(
            data.all_samples,
            data.markers,
            group=data.condition,
            fluid=data.fluid,
            blanks=shared.blanks,
            shares=shared.shares,
            basis=options.shares,
        ),
        "coverage": coverage(data.units, data.markers),
        "sample_scores": score_samples(data.logs, data.markers),
        "id_mapping": IdMapping(id_mapping(data.as_read)),
        "samples_used": SamplesUsed(samples_used(data)),
    }


def _of_contrasts(
    shared: Shared, parts: Sequence[ContrastParts], answer: Mapping[str, Any]
) -> dict[str, Any]:
    """Parts of the assessment that pool what was found in the contrasts beside the verdicts."""
    data, options = shared.data, shared.options
    checklist = answer["checklist"].table
    form = ev_track_of(data.units, checklist, data.contrasts, data.context, fluid=data.fluid)
    verdicts = [answer[name] for name in ("identity", "comparison", "purity")]
    return {
        "differential_abundance": pooled_differential(parts),
        "detection": pooled_detection(parts),
        "enrichment": pooled_enrichment([p.enrichment for p in parts]),
        "evidence": Evidence(_pooled("evidence", [p.evidence for p in parts])),
        "sensitivity": Sensitivity(_pooled("sensitivity", [p.sensitivity for p in parts])),
        "ev_track": EvTrack(form),
        "null_check": pooled_null_check(parts, options.null_check, options.seed),
        "markers_used": MarkersUsed(_pooled("markers_used", [p.markers for p in verdicts])),
    }


def _pooled(name: str, parts: Sequence[Result]) -> pd.DataFrame:
    return TABLES[name].conform(concat_rows([p.table for p in parts]))


def _checklist(shared: Shared, parts: Sequence[ContrastParts]) -> Checklist:
    """Guideline items of every contrast, or of the whole study where there is none."""
    data = shared.data
    if not parts:
        return checklist_of(
            data.units, data.markers, [], data.context, fluid=data.fluid, basis=shared.options.shares
        )
    params = {**parts[0].checklist.params, "contrasts": [p.contrast.name for p in parts]}
    return Checklist(_pooled("misev_checklist", [p.checklist for p in parts]), params)


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


def _design(data: StudyData, parts: Sequence[ContrastParts], checks: pd.DataFrame) -> tuple[str, ...]:
    """Sentences on the design: how each contrast was fitted, and what the checks found."""
    lines = dict.fromkeys(line for c in data.contrasts for line in design_lines(checks, c.name))
    return (*design_words(data, parts), *lines)


def _params(data: StudyData, options: Options) -> dict[str, Any]:
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


__all__ = ["COMPATIBLE", "NOT_ASSESSABLE", "NOT_COMPATIBLE", "UNRESOLVED", "Assessment", "assess"]
