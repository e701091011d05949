"""The moderated fit of a cohort, from sums over its blocks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from markerkit.cohort.parts import Part, Survey
from markerkit.cohort.source import Cohort, Reader
from markerkit.cohort.stores import Array, IntArray
from markerkit.core.errors import InputError, listed
from markerkit.da.differential import PriorOptions, check_options, testing_of, tests_of
from markerkit.da.protein_tests import Tested, sides_of
from markerkit.results import DifferentialAbundance
from markerkit.stats.linear import to_basis
from markerkit.stats.summed import Coefficients, SummedFit, Sums, normal_sums, residual_squares, solved
from markerkit.study.contrast import Contrast, as_design
from markerkit.study.formula import Design, build_design, resolve_contrasts

#: coefficients of a design; the normal matrices of the proteins grow with their square
MOST_COEFFICIENTS = 50


@dataclass(frozen=True)
class Plan:
    """A contrast to be fitted.

    Attributes
    ----------
    contrast, design, vector
        The contrast, its design on the samples of its two groups, and its numbers a coefficient.
    places
        Of these samples in the cohort, ascending, shape (n,).
    basis
        Orthonormal basis of the columns of the design, shape (n, r).
    sides
        Samples that pull the contrast up and down, shape (2, n).
    """

    contrast: Contrast
    design: Design
    vector: Array
    places: IntArray
    basis: Array
    sides: npt.NDArray[np.bool_]

    @property
    def n_samples(self) -> int:
        """Samples of the fit."""
        return len(self.places)


def plan_of(cohort: Cohort, contrast: Contrast) -> Plan:
    """Check a contrast against the sample sheet and make its design.

    Raises
    ------
    InputError
        What :func:`markerkit.differential_abundance` refuses of a contrast; a model of more than
        :data:`MOST_COEFFICIENTS` coefficients, such as one of many pairs.
    """
    chosen, formula, named = as_design(cohort.sheet, contrast, None)
    levels = {c: chosen.samples[c].nunique() for c in contrast.columns[1:]}
    if sum(levels.values()) > MOST_COEFFICIENTS:
        raise InputError(
            f"the model of {contrast.name!r} has {sum(levels.values())} levels of {listed(levels)}; a cohort is fitted with at most "
            f"{MOST_COEFFICIENTS}. Fit pairs as a study in memory (differential_abundance), or leave the column out."
        )
    design = build_design(chosen.samples, formula)
    (vector,) = resolve_contrasts(design, named).values()
    x = design.matrix.to_numpy()
    places = cohort.samples.index.get_indexer(chosen.samples.index)
    return Plan(contrast, design, vector, places, x @ to_basis(x), np.array(sides_of(design, vector)))


@dataclass(frozen=True)
class FitPart:
    """Samples of a block, and of each contrast which of them it is fitted on, with their rows of the basis and sides."""

    rows: IntArray
    shift: Array
    fitted: tuple[tuple[IntArray, Array, npt.NDArray[np.bool_]], ...]


def fit_parts(plans: Sequence[Plan], parts: Sequence[Part], shift: Array) -> list[FitPart]:
    """Cut designs and shifts into the blocks of a cohort."""
    ends = np.cumsum([0, *(len(p.rows) for p in parts)])
    found = []
    for part, a, b in zip(parts, ends[:-1], ends[1:], strict=True):
        fitted = []
        for plan in plans:
            at = slice(*np.searchsorted(plan.places, [a, b]))
            fitted.append((plan.places[at] - a, plan.basis[at], plan.sides[:, at]))
        found.append(FitPart(part.rows, shift[a:b], tuple(fitted)))
    return found


def sums_block(reader: Reader, part: FitPart) -> list[dict[str, npt.NDArray[Any]]]:
    """Sum up in a block what the coefficients of each contrast follow from."""
    logs = _shifted(reader, part)
    return [normal_sums(logs[at], basis, sides) for at, basis, sides in part.fitted]


def squares_block(job: tuple[Reader, list[Array]], part: FitPart) -> list[dict[str, Array]]:
    """Squared residuals of a block, for the coefficients of each contrast."""
    reader, estimates = job
    logs = _shifted(reader, part)
    return [
        {"squares": residual_squares(logs[at], basis, estimate)}
        for (at, basis, _), estimate in zip(part.fitted, estimates, strict=True)
    ]


def _shifted(reader: Reader, part: FitPart) -> Array:
    return np.asarray(reader.logs(reader.values(part.rows)) - part.shift[:, None])


def combined_sums(found: Iterable[Sequence[Mapping[str, npt.NDArray[Any]]]], n: int) -> list[Sums]:
    """Add up the sums of all blocks, in their order, for each of `n` contrasts."""
    sums = [Sums() for _ in range(n)]
    for block in found:
        for own, added in zip(sums, block, strict=True):
            own.add(added)
    return sums


def tested(
    cohort: Cohort,
    survey: Survey,
    plan: Plan,
    sums: Sums,
    fitted: tuple[Coefficients, Array],
    *,
    options: Mapping[str, Any],
) -> DifferentialAbundance:
    """Moderated tests of a contrast, from its sums, its coefficients and its squared residuals."""
    coefficients, squares = fitted
    outline = cohort.outline(survey.logs, logged=True)
    model = SummedFit.of(plan.design.matrix.to_numpy(), plan.basis, coefficients, sums, squares)
    how = testing_of(
        outline,
        plan.contrast,
        None,
        missing="measured",
        min_values=options["min_values"],
        lfc=options["lfc"],
        background=None,
    )
    prior = PriorOptions("limma", trend=options["trend"], robust=options["robust"], legacy=None)
    case, control = sums["n_sides"]
    of = Tested(
        plan.design, plan.contrast.name, plan.vector, model, prior.moderate(model, None), (case, control)
    )
    params = {
        "method": "limma",
        "design": plan.design.formula,
        "contrasts": {plan.contrast.name: plan.vector.tolist()},
        **options,
    }
    return tests_of(cohort.reader.proteins, [of], how, params)


def check_fit(cohort: Cohort, survey: Survey, options: Mapping[str, Any]) -> None:
    """Refuse options of the tests before the values are read for them."""
    outline = cohort.outline(survey.logs, logged=True)
    known = {k: options[k] for k in ("trend", "robust", "lfc")}
    check_options(outline, method="limma", **known)


def coefficients_of(plans: Sequence[Plan], sums: Sequence[Sums]) -> list[Coefficients]:
    """Solve each contrast."""
    return [solved(own, plan.n_samples) for plan, own in zip(plans, sums, strict=True)]
