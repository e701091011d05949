"""StudyData: everything that an assessment computes on, gathered and checked once."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from markerkit.catalog.criteria import Criteria, load_criteria
from markerkit.catalog.load import MarkerCatalog, Sets, with_reference
from markerkit.core.errors import InputError, MarkerkitWarning, listed, one_of, require_columns
from markerkit.core.experiment import Experiment
from markerkit.ids.harmonize import harmonize_ids
from markerkit.preprocess.steps import collapse_replicates, unit_names
from markerkit.study.context import read_context
from markerkit.study.contrast import FLUIDS, Contrast, as_contrasts
from markerkit.study.contrast import contrasts as contrasts_of_levels
from markerkit.study.roles import preparations, roles_of


@dataclass(frozen=True)
class StudyData:
    """A study as it is assessed.

    Parameters
    ----------
    as_read
        Every sample as it was read, identifiers harmonized.
    all_samples
        The same with technical replicates collapsed; blanks and medium are among them.
    units
        The preparations of it: what contrasts are fitted on.
    contrasts
        Checked contrasts; none without a comparator.
    markers, criteria
        Catalog and rules.
    context
        Study metadata that the user supplied.
    unit_of
        Unit of every sample as read.
    collapse_by
        Sample column of the technical replicates, or nothing.
    """

    as_read: Experiment
    all_samples: Experiment
    units: Experiment
    contrasts: tuple[Contrast, ...]
    markers: MarkerCatalog
    criteria: Criteria
    context: Mapping[str, Any]
    unit_of: pd.Series
    collapse_by: str | None = None

    @property
    def scopes(self) -> tuple[Contrast | None, ...]:
        """Its contrasts, or nothing once where the whole study is described."""
        return self.contrasts or (None,)

    @property
    def condition(self) -> str | None:
        """Sample column of the groups: of the first contrast, or as the context says."""
        return self.contrasts[0].condition if self.contrasts else self.context.get("condition")

    @property
    def fluid(self) -> str | None:
        """What the samples come from; nothing where it is not stated or differs between contrasts."""
        stated = {c.fluid for c in self.contrasts} or {self.context.get("fluid")}
        return next(iter(stated)) if len(stated) == 1 else None

    def fluid_of(self, scope: Contrast | None) -> str | None:
        """Say what the samples of one contrast, or of the whole study, come from."""
        return scope.fluid if scope else self.fluid

    def case_samples(self, scope: Contrast | None) -> pd.Index:
        """Case samples of a contrast; all preparations without one."""
        return scope.groups(self.units)[0] if scope else self.units.samples.index

    @cached_property
    def logs(self) -> Experiment:
        """The units on a logarithmic scale."""
        return self.units.logged()

    @cached_property
    def linear(self) -> pd.DataFrame:
        """Linear abundances of the units without decoys, units x proteins; refused on ratios."""
        return self.units.linear(decoys=False)


def study_data(
    exp: Experiment,
    contrasts: Contrast | Iterable[Contrast] | str | None = None,
    markers: Sets | None = None,
    *,
    context: str | Path | Mapping[str, Any] | None = None,
    collapse_by: str | None = None,
    harmonize: bool = False,
) -> StudyData:
    """Gather and check what an assessment needs.

    Parameters
    ----------
    exp
        Experiment as read.
    contrasts
        One contrast, several or none; ``"all"`` or ``"vs:LEVEL"`` for every pair of levels, or every level
        against one, of the column that the context names as `condition`.
    markers
        Catalog; the shipped one of the experiment's organism by default. Sets of your own, in any form that
        :func:`markerkit.enrich` takes, stand beside the shipped ones.
    context
        Study metadata: a mapping, a TOML or a JSON file.
    collapse_by
        Sample column: samples of one group that share a value are technical replicates of one unit.
    harmonize
        Harmonize identifiers where they are not yet.

    Raises
    ------
    InputError
        What :class:`Contrast`, :func:`markerkit.study.context.read_context` and
        :func:`markerkit.collapse_replicates` refuse; a catalog of another
        kind; a unit that holds samples of different roles.
    """
    exp.refuse_imputed()
    stated = _checked_context(context, exp)
    named = _named(exp, contrasts, stated.get("condition"))
    chosen = tuple(_with_fluid(c, stated.get("fluid")) for c in named)
    for contrast in chosen:
        contrast.check(preparations(exp))
    catalog = with_reference(markers, exp.organism)
    if harmonize and not exp.harmonized:
        exp = harmonize_ids(exp, catalog)
    groups = dict.fromkeys(c.condition for c in chosen) or dict.fromkeys(
        filter(None, [stated.get("condition")])
    )
    everything, unit_of = _collapsed(exp, collapse_by, list(groups))
    units = preparations(everything)
    for contrast in chosen:
        _check_collapsed(contrast, units, collapse_by)
    return StudyData(exp, everything, units, chosen, catalog, load_criteria(), stated, unit_of, collapse_by)


def _checked_context(context: str | Path | Mapping[str, Any] | None, exp: Experiment) -> dict[str, Any]:
    stated = read_context(context)
    if stated.get("fluid") is not None:
        one_of("fluid", stated["fluid"], FLUIDS)
    if stated.get("condition") is not None:
        require_columns(exp.samples, [stated["condition"]], what="the sample sheet")
    return stated


def _named(
    exp: Experiment, given: Contrast | Iterable[Contrast] | str | None, condition: str | None
) -> tuple[Contrast, ...]:
    """Take the contrasts that were given, or name those of the condition that a word asks for."""
    if isinstance(given, str) and condition is not None:
        return tuple(contrasts_of_levels(exp, condition, given))
    return as_contrasts(given)  # type: ignore[arg-type]  # a text is refused there, with what to write instead


def _with_fluid(contrast: Contrast, fluid: str | None) -> Contrast:
    return replace(contrast, fluid=fluid) if contrast.fluid is None and fluid else contrast


def _collapsed(exp: Experiment, by: str | None, groups: list[str]) -> tuple[Experiment, pd.Series]:
    """Collapse technical replicates within their group; give the unit of every sample."""
    if by is None:
        return exp, pd.Series(exp.samples.index.astype(str), exp.samples.index)
    unit = unit_names(exp, by, within=groups)
    mixed = roles_of(exp).groupby(unit).nunique()
    if (mixed > 1).any():
        raise InputError(
            f"the unit {str(mixed.index[mixed > 1][0])!r} of `{by}` has samples of different roles; give blanks and medium units "
            "of their own."
        )
    units = collapse_replicates(exp, by, within=groups)
    lost = units.history[-1]["columns_left_out"]
    if lost and not groups:
        warnings.warn(
            f"samples that share `{by}` were averaged although they differ in {listed(lost)}; if one of these columns holds the "
            "groups, name it: in a contrast, or as `condition` in the context",
            MarkerkitWarning,
            stacklevel=4,
        )
    return units, unit


def _check_collapsed(contrast: Contrast, units: Experiment, collapse_by: str | None) -> None:
    lost = [c for c in contrast.columns if c not in units.samples.columns]
    if lost:
        raise InputError(
            f"`{lost[0]}` of the contrast {contrast.name!r} differs between samples of one `{collapse_by}`, so that it cannot be "
            "kept when they are collapsed; collapse by a column within whose values it is the same."
        )
