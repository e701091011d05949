"""Fit a contrast: effects of its proteins, the background, and the heterogeneity of its marker sets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from markerkit.catalog.criteria import Criteria, load_criteria
from markerkit.catalog.load import MarkerCatalog
from markerkit.core.experiment import Experiment
from markerkit.da.differential import differential_abundance
from markerkit.effects.groups import unfit_groups
from markerkit.effects.members import ProteinIndex
from markerkit.effects.model import (
    AnyContrast,
    ContrastModel,
    ProteinEffects,
    UnfittedContrast,
    background_proteins,
)
from markerkit.effects.scheme import effects_of, missing_value_scheme, verdict_sets
from markerkit.ids.representative import gene_rows
from markerkit.preprocess.steps import filter_detected, normalize
from markerkit.results import DifferentialAbundance
from markerkit.study.contrast import Contrast


def fit_contrast(
    exp: Experiment,
    markers: MarkerCatalog,
    contrast: Contrast,
    *,
    min_fraction: float | None = None,
    testing: Mapping[str, Any] | None = None,
) -> AnyContrast:
    """Fit one contrast on its two groups.

    Parameters
    ----------
    exp
        Harmonized experiment, raw or log2 or ratio.
    markers
        Catalog of the experiment's organism.
    contrast
        The contrast.
    min_fraction
        Proteins measured in this share of one group are kept; that of the criteria by default.
    testing
        Options of :func:`markerkit.differential_abundance` for the tests of single proteins; no
        verdict reads them.

    Returns
    -------
    The fitted contrast, or an unfitted one where :func:`markerkit.effects.groups.unfit_groups` says why.

    Raises
    ------
    InputError
        See :meth:`Contrast.check`; a design that cannot distinguish the contrast
        from a batch or a pair.
    """
    contrast.check(exp)
    criteria = load_criteria()
    case, control = contrast.groups(exp)
    limit = criteria.convention["detection_filter"] if min_fraction is None else min_fraction
    groups = normalize(detected(exp, contrast, limit))
    unfit = unfit_groups(exp, contrast)
    if unfit is not None:
        return UnfittedContrast(contrast, groups, markers, unfit)
    mask = background_proteins(groups.proteins, criteria.not_background(markers.table))
    da = differential_abundance(groups, contrast, background=groups.proteins.index[mask], **(testing or {}))
    effects = _measured_effects(da, groups, case, control)
    index = ProteinIndex(
        markers, groups.proteins.index, gene_rows(groups), gene_rows(groups, key="accession")
    )
    sets = verdict_sets(index, criteria)
    measured = missing_value_scheme(effects, mask, sets, criteria)
    bounded = None
    if exp.presence_known:
        with_bounds = _with_bounds(effects, groups, case, control, criteria)
        bounded = missing_value_scheme(with_bounds, mask, sets, criteria)
    return ContrastModel(contrast, groups, markers, criteria, da, measured, bounded, index)


def detected(exp: Experiment, contrast: Contrast, min_fraction: float) -> Experiment:
    """Give the two groups of a contrast on the log2 scale, with the proteins measured in this share of one of them."""
    return filter_detected(contrast.select(exp).logged(), min_fraction=min_fraction, by=contrast.condition)


def _measured_effects(
    da: DifferentialAbundance, exp: Experiment, case: pd.Index, control: pd.Index
) -> ProteinEffects:
    """Effects on the measured values, with the groups in which a protein was measured."""
    (name,) = da.contrasts
    measured, samples = ~np.isnan(exp.matrix), exp.samples.index
    in_case, in_control = (measured[samples.isin(group)].any(axis=0) for group in (case, control))
    detection = np.select(
        [in_case & in_control, in_case | in_control], ["measured", "one group only"], "not measured"
    ).astype(object)
    return replace(effects_of(da, name), detection=detection)


def _with_bounds(
    effects: ProteinEffects, exp: Experiment, case: pd.Index, control: pd.Index, criteria: Criteria
) -> ProteinEffects:
    """Give proteins detected in one group only a bound: their mean less the floor of the other group, never past 0."""
    t, values, samples = criteria.threshold, exp.values.to_numpy(), exp.samples.index
    measured = ~np.isnan(values)
    out = ProteinEffects(
        effects.effect.copy(),
        effects.influence.copy(),
        effects.variance.copy(),
        effects.df.copy(),
        effects.detection.copy(),
    )
    for sign, names, others in ((1.0, case, control), (-1.0, control, case)):
        group, other = samples.isin(names), samples.isin(others)
        often = measured[group].mean(axis=0) >= t["presence_seen"] - 1e-12
        # one value has no variance
        at = np.flatnonzero(often & ~measured[other].any(axis=0) & (measured[group].sum(axis=0) >= 2))
        floor = float(np.nanquantile(values[other], t["censoring_quantile"]))
        block, ok = values[np.ix_(group, at)], measured[np.ix_(group, at)]
        n = ok.sum(axis=0)
        mean = np.where(ok, block, 0).sum(axis=0) / n
        residual = np.where(ok, block - mean, 0.0)
        out.effect[at] = sign * np.maximum(mean - floor, 0.0)
        out.influence[:, at] = 0.0
        out.influence[np.ix_(group, at)] = sign * residual / n * np.sqrt(n / (n - 1))
        out.variance[at] = (residual**2).sum(axis=0) / (n - 1) / n
        out.df[at] = n - 1
        out.detection[at] = "on" if sign > 0 else "off"
    return out
