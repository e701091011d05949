"""Everything that an assessment says of one contrast by itself: no other contrast can change it."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from numbers import Integral
from typing import Any, TypedDict, TypeVar

import pandas as pd

from markerkit.assessment.reasons import Record, evidence_of
from markerkit.checks.design import design_scope
from markerkit.checks.null_check import null_check
from markerkit.checks.sensitivity import sensitivity_of
from markerkit.core.errors import (
    InputError,
    MarkerkitWarning,
    collected_warnings,
    one_of,
    shown,
    whole_number,
)
from markerkit.core.limits import NULL_DATA_SETS
from markerkit.core.signal import BASES
from markerkit.core.verdict import Verdict
from markerkit.da.detection import detection_test
from markerkit.da.differential import MISSING
from markerkit.effects.fit import fit_contrast
from markerkit.effects.model import AnyContrast, ContrastModel
from markerkit.guidelines.checklist import checklist_of
from markerkit.identity.change import comparison_of
from markerkit.identity.table import identity_of
from markerkit.purity.blanks import with_blank_limits
from markerkit.purity.sources import purity_of
from markerkit.results import (
    Checklist,
    Comparison,
    DetectionTest,
    DifferentialAbundance,
    Evidence,
    Identity,
    NullCheck,
    Purity,
    Sensitivity,
)
from markerkit.sets.enrichment import enrich
from markerkit.study.contrast import Contrast
from markerkit.study.data import StudyData

SET_TESTS = ("camera", "fry")
#: no verdict reads fry, and its share of random sets stands in the parameters of the table
NOT_SAID = "fry rejects"

Verdicts = TypeVar("Verdicts", Identity, Comparison, Purity)


class MoreOptions(TypedDict, total=False):
    """Options of an assessment that most studies leave as they are.

    Attributes
    ----------
    shares
        What every share of signal sums: ``"signal"``, or ``"length"`` for signal
        over the length of the sequence.
    seed
        Of the bootstrap over reference proteins and of the null check.
    missing, min_values, lfc
        Of the tests of single proteins, as in :func:`markerkit.differential_abundance`.
    """

    shares: str
    seed: int
    missing: str
    min_values: int | None
    lfc: float


@dataclass(frozen=True)
class Options:
    """Options of an assessment, checked before anything is computed."""

    shares: str = "signal"
    null_check: int = 0
    seed: int = 0
    missing: str = "measured"
    min_values: int | None = None
    lfc: float = 0.0

    @property
    def testing(self) -> dict[str, Any]:
        """Options of the tests of single proteins."""
        return {k: getattr(self, k) for k in ("missing", "min_values", "lfc")}

    def __post_init__(self) -> None:
        one_of("shares", self.shares, list(BASES))
        one_of("missing", self.missing, MISSING)
        asked = isinstance(self.null_check, Integral) and 0 <= self.null_check <= NULL_DATA_SETS
        if not asked or self.null_check == 1:
            raise InputError(
                f"`null_check` counts data sets, 2 to {NULL_DATA_SETS:,}, or is 0; got {shown(self.null_check)}."
            )
        whole_number("seed", self.seed)


@dataclass(frozen=True)
class Shared:
    """What all contrasts of an assessment share.

    Attributes
    ----------
    data, options
        The study and what was asked.
    design, circularity, shares, blanks
        Tables `design`, `circularity`, `source_shares` and `blanks`.
    """

    data: StudyData
    options: Options
    design: pd.DataFrame
    circularity: pd.DataFrame
    shares: pd.DataFrame
    blanks: pd.DataFrame


@dataclass(frozen=True)
class ContrastParts:
    """What was found in one contrast.

    Attributes
    ----------
    contrast
        The contrast.
    verdict
        On every class and source where it could not be fitted; nothing where it was.
    identity, comparison, purity, sensitivity, checklist, evidence, differential, detection, null_check
        Its rows of these results; `differential` without the fit, and nothing where there is none.
    enrichment
        Its rows of the table `enrichment`, by set test.
    notes
        Warnings.
    """

    contrast: Contrast
    verdict: Verdict | None
    identity: Identity
    comparison: Comparison
    purity: Purity
    sensitivity: Sensitivity
    checklist: Checklist
    evidence: Evidence
    differential: DifferentialAbundance | None
    detection: DetectionTest
    enrichment: dict[str, pd.DataFrame]
    null_check: NullCheck | None
    notes: tuple[str, ...] = ()


def parts_of(shared: Shared, contrast: Contrast) -> ContrastParts:
    """Fit one contrast and find everything that is said of it alone; its warnings are kept, not shown.

    Raises
    ------
    InputError
        A design that cannot tell the contrast from a batch or a pair.
    """
    with kept_notes() as notes:
        data = shared.data
        model = fit_contrast(data.units, data.markers, contrast, testing=shared.options.testing)
        found = _parts(shared, model)
    return replace(found, notes=tuple(notes))


@contextmanager
def kept_notes() -> Iterator[list[str]]:
    """Collect our own warnings, once each, without passing them on."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", MarkerkitWarning)
        with collected_warnings(NOT_SAID) as notes:
            yield notes


def _parts(shared: Shared, model: AnyContrast) -> ContrastParts:
    data, options, asks = shared.data, shared.options, model.contrast.asks_identity
    identity = _scoped(identity_of([model] * asks, data.context), shared.design)
    comparison = _scoped(comparison_of([model] * (not asks), data.context), shared.design)
    purity = _purity(shared, model)
    sensitivity = sensitivity_of(data.units, [model], data.context)
    record = Record(
        identity.table, purity.table, sensitivity, shared.design, shared.circularity, data.context
    )
    fitted = model if isinstance(model, ContrastModel) else None
    return ContrastParts(
        contrast=model.contrast,
        verdict=None if isinstance(model, ContrastModel) else model.verdict,
        identity=identity,
        comparison=comparison,
        purity=purity,
        sensitivity=Sensitivity(sensitivity),
        checklist=checklist_of(
            data.units, data.markers, [model], data.context, fluid=data.fluid, basis=options.shares
        ),
        evidence=Evidence(evidence_of([model], record)),
        differential=DifferentialAbundance(fitted.da.table, fitted.da.params) if fitted else None,
        detection=detection_test(model.exp, model.contrast),
        enrichment=set_tests(fitted) if fitted else {},
        null_check=_null_check(fitted, options) if fitted and options.null_check else None,
    )


def _purity(shared: Shared, model: AnyContrast) -> Purity:
    """Verdicts on the sources; the shares of the samples are those of the study and left out."""
    data, none = shared.data, shared.shares.iloc[:0]
    found = purity_of(data.units, data.markers, [model], seed=shared.options.seed, shares=none)
    return _scoped(with_blank_limits(found, shared.blanks), shared.design)


def set_tests(model: ContrastModel) -> dict[str, pd.DataFrame]:
    """Table `enrichment` of a contrast by set test."""
    return {method: enrich(model.da, model.markers, method=method).table for method in SET_TESTS}


def _null_check(model: ContrastModel, options: Options) -> NullCheck:
    return null_check(
        model.exp, model.contrast, model.markers, n_resamples=options.null_check, seed=options.seed
    )


def _scoped(result: Verdicts, design: pd.DataFrame) -> Verdicts:
    """Add to every verdict's text that it holds for one preparation only, where it does."""
    table = result.table.copy()
    for name in dict.fromkeys(table["contrast"]):
        if scope := design_scope(design, name):
            table.loc[table["contrast"] == name, "explanation"] += f" Scope: {scope}."
    return replace(result, table=table)
