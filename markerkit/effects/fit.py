"""Fit a contrast: effects of its proteins, the background, and the heterogeneity of its marker sets."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from markerkit.catalog.criteria import Criteria, load_criteria
from markerkit.catalog.load import MarkerCatalog
from markerkit.core.experiment import Experiment
from markerkit.da.differential import differential_abundance
from markerkit.effects.members import marker_effects, set_members
from markerkit.effects.model import ContrastModel, MissingValueScheme, ProteinEffects
from markerkit.ids.representative import gene_rows
from markerkit.preprocess import filter_detected, normalize
from markerkit.results import DifferentialAbundance
from markerkit.stats.set_effect import Background, background, common_heterogeneity
from markerkit.study.contrast import Contrast

_MIN_BACKGROUND = 20


def fit_contrast(
    exp: Experiment, markers: MarkerCatalog, contrast: Contrast, *, min_fraction: float = 0.5
) -> ContrastModel:
    """Fit one contrast on its two arms.

    Parameters
    ----------
    exp
        Harmonised experiment, raw or log2 or ratio.
    markers
        Catalogue of the experiment's organism.
    contrast
        The contrast.
    min_fraction
        Proteins seen in this share of one arm are kept.

    Raises
    ------
    InputError
        See :meth:`Contrast.check`; a design that cannot tell the contrast
        from a batch or a pair.
    """
    contrast.check(exp)
    criteria = load_criteria()
    case, control = contrast.groups(exp)
    arms = contrast.select(exp).logged()
    arms = filter_detected(arms, min_fraction=min_fraction, by=contrast.condition).pipe(normalize)
    rows, accession_rows = gene_rows(arms), gene_rows(arms, key="accession")
    fewest = min(len(case), len(control))
    need = int(criteria.threshold["min_replicates"])
    model = ContrastModel(contrast, arms, markers, criteria, None, None, None, rows, accession_rows)
    if fewest < need:
        arm = contrast.case if len(case) < len(control) else contrast.control
        return replace(model, reason=f"no replicates: {arm} has {fewest} sample, {need} or more are needed")
    da = differential_abundance(arms, contrast)
    effects = _measured_effects(da, arms, case, control)
    measured = _scheme(model, effects)
    bounded = None
    if exp.presence_known:
        bounded = _scheme(model, _with_bounds(effects, arms, case, control, criteria))
    return replace(model, da=da, measured=measured, bounded=bounded)


def _scheme(model: ContrastModel, effects: ProteinEffects) -> MissingValueScheme:
    """Read protein effects with their background and the scatter within the sets that verdicts are read from."""
    scheme = MissingValueScheme(effects, _reference(effects, model.background_mask))
    c, found = model.criteria, []
    for sets, by_accession in (
        *((rule.sets, False) for rule in c.classes.values()),
        *(((key,), rule.by_accession) for key, rule in c.sources.items()),
    ):
        found_markers = marker_effects(
            model, scheme, set_members(model.markers, sets), by_accession=by_accession
        )
        if found_markers.effects is not None and found_markers.n_markers >= c.threshold["min_markers_source"]:
            found.append(found_markers.effects)
    return replace(scheme, heterogeneity=common_heterogeneity(found))


def _reference(effects: ProteinEffects, outside: npt.NDArray[np.bool_]) -> Background | None:
    chosen = effects.usable & outside
    if chosen.sum() < _MIN_BACKGROUND:
        return None
    return background(effects.effect[chosen], effects.influence[:, chosen])


def _measured_effects(
    da: DifferentialAbundance, exp: Experiment, case: pd.Index, control: pd.Index
) -> ProteinEffects:
    """Effects on the measured values, with what each sample added to them."""
    fit = da.fit
    if fit is None:  # pragma: no cover - differential_abundance always keeps its fit
        raise AssertionError
    (contrast,) = da.contrasts.values()
    effect, influence, variance = fit.influence(np.asarray(contrast, dtype=float))
    seen = ~np.isnan(exp.matrix)
    names = exp.samples.index
    in_case, in_control = (seen[names.isin(arm)].any(axis=0) for arm in (case, control))
    detection = np.select(
        [in_case & in_control, in_case | in_control], ["measured", "one group only"], "not measured"
    ).astype(object)
    return ProteinEffects(effect, influence, variance, fit.df_residual, detection)


def _with_bounds(
    effects: ProteinEffects, exp: Experiment, case: pd.Index, control: pd.Index, criteria: Criteria
) -> ProteinEffects:
    """Give proteins detected in one group only their bound: mean where seen less the floor of the other arm, never past 0."""
    values, names = exp.values.to_numpy(), exp.samples.index
    arms = {1.0: names.isin(case), -1.0: names.isin(control)}
    effect, influence = effects.effect.copy(), effects.influence.copy()
    variance, df, detection = effects.variance.copy(), effects.df.copy(), effects.detection.copy()
    seen = ~np.isnan(values)
    for sign, arm in arms.items():
        other = arms[-sign]
        often = seen[arm].mean(axis=0) >= criteria.threshold["presence_seen"] - 1e-12
        at = np.flatnonzero(often & ~seen[other].any(axis=0) & (seen[arm].sum(axis=0) >= 2))
        floor = float(np.nanquantile(values[other], criteria.threshold["censoring_quantile"]))
        block, ok = values[np.ix_(arm, at)], seen[np.ix_(arm, at)]
        n = ok.sum(axis=0)
        mean = np.where(ok, block, 0).sum(axis=0) / n
        residual = np.where(ok, block - mean, 0.0)
        effect[at] = sign * np.maximum(mean - floor, 0.0)
        influence[:, at] = 0.0
        influence[np.ix_(arm, at)] = sign * residual / n * np.sqrt(n / (n - 1))
        variance[at] = (residual**2).sum(axis=0) / (n - 1) / n
        df[at] = n - 1
        detection[at] = "on" if sign > 0 else "off"
    return ProteinEffects(effect, influence, variance, df, detection)
