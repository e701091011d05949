"""The one way from protein effects to set effects: background, independent markers and their heterogeneity."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import numpy.typing as npt
import pandas as pd

from markerkit.catalog.criteria import Criteria, SourceRule, load_criteria
from markerkit.catalog.load import MarkerCatalog
from markerkit.effects.members import Located, ProteinIndex
from markerkit.effects.model import MissingValueScheme, ProteinEffects, background_proteins
from markerkit.ids.representative import representatives
from markerkit.results import DifferentialAbundance
from markerkit.stats.background import Background, background, trimmed_background
from markerkit.stats.set_effect import Array, common_heterogeneity


def verdict_sets(index: ProteinIndex, criteria: Criteria) -> list[Located]:
    """Markers of every class and every source, which say together how heterogeneous markers are."""
    classes = [index.located(rule.sets) for rule in criteria.classes.values()]
    sources = criteria.sources.items()
    return [*classes, *(index.located((k,), by_accession=rule.by_accession) for k, rule in sources)]


def source_members(index: ProteinIndex, rule: SourceRule) -> Located:
    """Markers of a source as its verdict counts them: of a structure its core members, each by itself."""
    return index.located((rule.key,), by_accession=rule.by_accession, structure=rule.structure)


def missing_value_scheme(
    effects: ProteinEffects, mask: npt.NDArray[np.bool_], sets: Iterable[Located], criteria: Criteria
) -> MissingValueScheme:
    """Protein effects with their background and the heterogeneity between markers.

    Parameters
    ----------
    effects
        Of the proteins.
    mask
        Proteins of the background, shape (p,).
    sets
        Sets that moderate each other's heterogeneity.
    criteria
        Fewest background proteins, markers of a set and sets.
    """
    limits, fewest = criteria.convention, criteria.threshold["min_markers_source"]
    gathered = (effects.markers(located) for located in sets)
    found = [m.effects for m in gathered if m.effects is not None and m.n_markers >= fewest]
    least, min_sets = int(limits["min_background"]), int(limits["min_sets_moderation"])
    return MissingValueScheme(
        effects,
        reference(effects, mask, least),
        reference(effects, mask, least, of=trimmed_background),
        common_heterogeneity(found, min_sets=min_sets),
        limits["heterogeneity_level"],
    )


def reference(
    effects: ProteinEffects,
    mask: npt.NDArray[np.bool_],
    fewest: int,
    *,
    of: Callable[[Array, Array], Background] = background,
) -> Background | None:
    """Background over the usable proteins of a mask; nothing where they are too few."""
    chosen = effects.usable & mask
    if chosen.sum() < fewest:
        return None
    return of(effects.effect[chosen], effects.influence[:, chosen])


def effects_of(da: DifferentialAbundance, name: str) -> ProteinEffects:
    """Effects of a contrast on the measured values, with what each sample added to them."""
    fit = da.fit
    if fit is None:  # pragma: no cover - differential_abundance always keeps its fit
        raise AssertionError
    effect, influence, variance = fit.influence(np.asarray(da.contrasts[name], dtype=float))
    return ProteinEffects(
        effect, influence, variance, fit.df_residual, np.full(len(effect), "measured", dtype=object)
    )


def schemes_of(
    da: DifferentialAbundance, name: str, markers: MarkerCatalog
) -> tuple[MissingValueScheme, dict[str, Located]]:
    """Scheme on measured values and the located sets of a differential abundance, as a verdict takes them.

    Parameters
    ----------
    da, name
        Differential abundance and its contrast.
    markers
        Catalog. Where it lacks sets that the background of verdicts leaves out, as sets of the user's own do, all of
        its sets are left out of the background and moderate each other.
    """
    criteria, effects = load_criteria(), effects_of(da, name)
    proteins, fit = da.proteins, da.fit
    if fit is None:  # pragma: no cover - effects_of has looked
        raise AssertionError
    chosen = {
        key: representatives(
            proteins[key].to_numpy(dtype=object),
            names=proteins.index,
            n_measured=fit.n_obs,
            abundance=fit.mean,
            eligible=~proteins["is_decoy"].to_numpy(bool),
        )
        for key in ("gene", "accession")
    }
    ids = proteins.index.to_numpy(dtype=object)
    rows = (pd.Series(ids[list(at.values())], pd.Index(list(at), dtype=object)) for at in chosen.values())
    index = ProteinIndex(markers, proteins.index, *rows)
    rules = criteria.sources
    located = {s: source_members(index, rules[s]) if s in rules else index.located((s,)) for s in markers}
    left_out, moderating = criteria.not_background(markers.table), verdict_sets(index, criteria)
    if not set(criteria.out_of_background) <= set(markers):
        left_out, moderating = markers.table["gene"], list(located.values())
    mask = background_proteins(proteins, left_out)
    return missing_value_scheme(effects, mask, moderating, criteria), located
