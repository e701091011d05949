"""The set tests of :func:`markerkit.enrich`, each on one prepared contrast."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from markerkit.catalog.criteria import load_criteria
from markerkit.core.errors import MarkerkitWarning
from markerkit.effects.members import Located
from markerkit.effects.members import Members as SetMembers
from markerkit.effects.model import MissingValueScheme, ProteinEffects, SetMarkers, gather_markers
from markerkit.effects.scheme import reference
from markerkit.sets import gsea as _gsea
from markerkit.stats.camera import camera
from markerkit.stats.ebayes import two_sided
from markerkit.stats.fry import fry, scaled_effects
from markerkit.stats.joint import joint_effects
from markerkit.stats.ora import over_representation
from markerkit.stats.set_effect import MarkerEffects
from markerkit.stats.set_statistics import SetStatistics

Array = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.intp]
Positions = dict[str, IntArray]

_RANDOM_SETS = 200
#: why a set tested by gsea has no adjusted p
NO_PADJ = "no padj: gsea samples genes as if they were independent"
CONFIDENCE = 0.95  # as the table declares it
# share of random sets rejected at 5 % that warns: well beyond its spread between studies without effects
_TOO_OFTEN = 0.2


@dataclass(frozen=True)
class Options:
    """Options of a call of :func:`markerkit.enrich`; see there."""

    min_measured: int
    inter_protein_cor: float | None
    use_ranks: bool
    hits: str
    alpha: float
    seed: int


@dataclass(frozen=True)
class Study:
    """One contrast, over the proteins whose effect has an error.

    Parameters
    ----------
    statistics
        For the set tests.
    effect
        Log2 fold change, shape (p,).
    padj
        Of the moderated t, shape (p,).
    place
        Of the protein group that stands for a gene, each gene once.
    effects
        Effects with what each sample added to them, over the same proteins.
    scheme
        Effects over all proteins of the study with their background and moderation, and the sets of the call.
    """

    statistics: SetStatistics
    effect: Array
    padj: Array
    place: dict[str, int]
    effects: Callable[[], ProteinEffects]
    scheme: Callable[[], tuple[MissingValueScheme, dict[str, Located]]]

    @cached_property
    def position(self) -> IntArray:
        """Places of the protein groups that stand for a gene."""
        return np.fromiter(self.place.values(), dtype=np.intp)

    @cached_property
    def names(self) -> npt.NDArray[np.object_]:
        """Gene of the proteins that stand for one, shape (p,)."""
        out = np.full(len(self.effect), "", dtype=object)
        out[self.position] = list(self.place)
        return out


@dataclass(frozen=True)
class Members:
    """Positive members, one entry per set and gene.

    Parameters
    ----------
    names
        Of the sets.
    which
        Place of the member's set among the names.
    gene, weight
        Of the member.
    marker
        Independent marker: its complex, or the gene itself.
    protein
        Place of the protein group that stands for it in a study, -1 where none does.
    """

    names: list[str]
    which: IntArray
    gene: npt.NDArray[np.object_]
    weight: Array
    marker: npt.NDArray[np.object_]
    protein: IntArray

    def only(self, rows: npt.NDArray[Any]) -> Members:
        """Keep some of the entries, given by a mask or their places."""
        columns = (self.which, self.gene, self.weight, self.marker, self.protein)
        return Members(self.names, *(values[rows] for values in columns))

    def measured(self, place: Mapping[str, int]) -> Members:
        """Keep those that a study measured, set by set in the order of their places."""
        # a library names a gene in many sets
        codes, genes = pd.factorize(self.gene)
        protein = np.array([place.get(gene, -1) for gene in genes], dtype=np.intp)[codes]
        found = np.flatnonzero(protein >= 0)
        # one number for each pair: sorted several times faster than by two columns
        key = self.which[found] * (protein.max(initial=0) + 1) + protein[found]
        return replace(self, protein=protein).only(found[np.argsort(key)])

    def as_set(self) -> SetMembers:
        """Take the entries as the members of one set."""
        empty = np.full(len(self.gene), "", dtype=object)
        core = np.ones(len(self.gene), dtype=bool)
        return SetMembers(self.gene, empty, self.marker, empty.copy(), self.weight, core)

    @property
    def sizes(self) -> IntArray:
        """Entries of each set."""
        return np.bincount(self.which, minlength=len(self.names))


@dataclass(frozen=True)
class Found:
    """Columns of the table by set, and why a set has no p."""

    columns: dict[str, Any]
    reason: dict[str, str] = field(default_factory=dict)
    params: dict[str, Any] = field(default_factory=dict)


Method = Callable[[Study, Positions, Members, Options], Found]


def _camera(study: Study, sets: Positions, _members: Members, options: Options) -> Found:
    found = camera(
        study.statistics,
        list(sets.values()),
        correlation=options.inter_protein_cor,
        use_ranks=options.use_ranks,
    )
    return Found(
        {
            "statistic": found.statistic,
            "df": found.df,
            "pvalue": found.pvalue,
            "correlation": found.correlation,
        }
    )


def _fry(study: Study, sets: Positions, _members: Members, options: Options) -> Found:
    scaled = scaled_effects(study.statistics) if study.statistics.df_residual > 0 else None
    found = fry(study.statistics, list(sets.values()), scaled=scaled)
    columns = {
        "statistic": found.statistic,
        "df": found.df,
        "pvalue": found.pvalue,
        "pvalue_mixed": found.pvalue_mixed,
        "correlation": found.correlation,
    }
    size = int(np.median([len(v) for v in sets.values()]))
    random = _random_sets(len(study.statistics.t), size, options.seed)
    rejected = float((fry(study.statistics, random, scaled=scaled, mixed=False).pvalue < 0.05).mean())
    if rejected > _TOO_OFTEN:
        warnings.warn(
            f"fry rejects {rejected:.0%} of random sets of {size} proteins in this contrast at 5 %: most proteins "
            "change, so that its p-values say only that the members do too; use camera or joint for a conclusion",
            MarkerkitWarning,
            stacklevel=4,
        )
    return Found(columns, params={"random_sets": {"size": size, "rejected": rejected}})


def _random_sets(p: int, size: int, seed: int) -> list[IntArray]:
    """Draw sets without replacement; a shuffle of the proteins is cut into as many as it holds."""
    rng = np.random.default_rng(seed)
    size = min(size, p)
    cuts = [size * i for i in range(max(p // max(size, 1), 1))]
    shuffles = (rng.permutation(p) for _ in range(math.ceil(_RANDOM_SETS / len(cuts))))
    return [order[a : a + size] for order in shuffles for a in cuts][:_RANDOM_SETS]


def _effect(study: Study, sets: Positions, _members: Members, _options: Options) -> Found:
    """Effect of each set as verdicts take it: same background, same markers, same moderation."""
    scheme, located = study.scheme()
    markers = {name: scheme.effects.markers(located[name]) for name in sets}
    against = _complement if scheme.background is None else _as_it_is
    schemes = {name: against(scheme, markers[name]) for name in sets}
    found = [schemes[name].over_background(markers[name], CONFIDENCE) for name in sets]
    columns = {
        name: np.array([np.nan if e is None else getattr(e, attribute) for e in found])
        for name, attribute in (
            ("log2_fc", "estimate"),
            ("se", "se"),
            ("ci_low", "ci_low"),
            ("ci_high", "ci_high"),
            ("df", "df"),
        )
    }
    columns["statistic"] = columns["log2_fc"] / columns["se"]
    columns["pvalue"] = two_sided(columns["statistic"], columns["df"])
    why = {
        k: "no measured member has a weight" if schemes[k].background else _no_background("the set")
        for k, e in zip(sets, found, strict=True)
        if e is None
    }
    said = "proteins outside the set" if scheme.background is None else "proteins outside the sets"
    return Found(columns, why, {"background": said})


def _as_it_is(scheme: MissingValueScheme, _markers: SetMarkers) -> MissingValueScheme:
    return scheme


def _complement(scheme: MissingValueScheme, markers: SetMarkers) -> MissingValueScheme:
    """Compare a set with all other proteins, where the sets of a call leave too few for a common background."""
    outside = np.ones(len(scheme.effects.effect), dtype=bool)
    outside[markers.located.columns[markers.counted]] = False
    fewest = int(load_criteria().convention["min_background"])
    return replace(scheme, background=reference(scheme.effects, outside, fewest))


def _no_background(what: str) -> str:
    fewest = int(load_criteria().convention["min_background"])
    return f"fewer than {fewest} proteins outside {what}: no background"


def _joint(study: Study, sets: Positions, members: Members, _options: Options) -> Found:
    """Estimate what each set adds to the others; the background is what no set of the call holds, or all proteins."""
    limits, effects = load_criteria().convention, study.effects()
    outside = np.ones(len(effects.effect), dtype=bool)
    outside[members.protein] = False
    fewest = int(limits["min_background"])
    background, said = reference(effects, outside, fewest), "proteins outside the sets"
    if background is None:
        background, said = reference(effects, np.ones_like(outside), fewest), "all proteins"
    if background is None:
        return Found({}, dict.fromkeys(sets, _no_background("the sets")))
    n_markers = len(np.unique(members.marker))
    if len(sets) >= n_markers:
        few = f"{len(sets):,} sets share {n_markers:,} independent markers, which cannot tell as many apart: name fewer sets"
        return Found({}, dict.fromkeys(sets, few))
    markers, weight = _all_markers(effects, sets, members)
    found = joint_effects(markers, weight, background, level=limits["heterogeneity_level"])
    columns = {
        "log2_fc": found.coefficient,
        "se": found.se,
        "ci_low": found.ci_low,
        "ci_high": found.ci_high,
        "statistic": found.coefficient / found.se,
        "df": found.df,
        "pvalue": found.pvalue,
    }
    names = [k for k, aliased in zip(sets, found.aliased, strict=True) if aliased]
    why = {k: f"aliased: its markers are a combination of {_others(names, k)}" for k in names}
    return Found(columns, why, {"background": said})


def _all_markers(effects: ProteinEffects, sets: Positions, members: Members) -> tuple[MarkerEffects, Array]:
    """Independent markers of all sets of a call, and the weight of each in each set, shape (markers, sets)."""
    column = pd.Index(list(sets), dtype=object).get_indexer(pd.Index(members.names, dtype=object))
    rows = members.only((column[members.which] >= 0) & (members.weight > 0))
    names, marker = np.unique(rows.marker.astype(str), return_inverse=True)
    weight = np.zeros((len(names), len(sets)))
    np.maximum.at(weight, (marker, column[rows.which]), rows.weight)
    _, first = np.unique(np.column_stack([marker, rows.protein]), axis=0, return_index=True)
    located = Located(rows.only(first).as_set(), rows.protein[first], rows.marker[first])
    gathered = gather_markers(effects, located).effects
    if gathered is None:  # pragma: no cover - testable sets have measured members
        raise AssertionError
    return gathered, weight


def _others(names: list[str], own: str) -> str:
    return (
        ", ".join(n for n in names if n != own)
        or "those of other sets, or too few independent markers are measured"
    )


def _gsea_test(study: Study, sets: Positions, _members: Members, options: Options) -> Found:
    score = pd.Series(study.statistics.t[study.position], index=list(study.place))
    names = study.names
    found = _gsea.prerank(score, {k: list(names[v]) for k, v in sets.items()}, weight=1.0, seed=options.seed)
    columns = {"statistic": found.nes, "pvalue": found.pvalue, "leading_edge": found.edge}
    return Found(columns, {k: why or NO_PADJ for k, why in zip(sets, found.reason, strict=True)})


def _ora(study: Study, sets: Positions, _members: Members, options: Options) -> Found:
    """Hypergeometric upper tail over the measured genes."""
    sign = {"up": [1.0], "down": [-1.0], "both": [1.0, -1.0]}[options.hits]
    hit = (study.padj <= options.alpha) & np.isin(np.sign(study.effect), sign)
    n, n_hits = len(study.position), int(hit[study.position].sum())
    inside, pvalue = over_representation(hit, list(sets.values()), study.position)
    size = np.array([len(v) for v in sets.values()])
    with np.errstate(invalid="ignore", divide="ignore"):
        fold = inside / (size * n_hits / n)
    mean = np.array([study.effect[v][hit[v]].mean() if hit[v].any() else 0.0 for v in sets.values()])
    names = study.names
    columns = {
        "statistic": fold,
        "n_hits": inside,
        "pvalue": pvalue,
        "direction": np.select([mean > 0, mean < 0], ["up", "down"], ""),
        "leading_edge": [";".join(names[v[hit[v]]]) for v in sets.values()],
    }
    return Found(columns, params={"hits": n_hits, "background": n})


#: name -> test
METHODS: dict[str, Method] = {
    "camera": _camera,
    "fry": _fry,
    "effect": _effect,
    "joint": _joint,
    "gsea": _gsea_test,
    "ora": _ora,
}
#: name -> the options that it reads
OPTIONS = {
    "camera": ("min_measured", "inter_protein_cor", "use_ranks"),
    "fry": ("min_measured", "seed"),
    "effect": ("min_measured",),
    "joint": ("min_measured",),
    "gsea": ("min_measured", "seed"),
    "ora": ("min_measured", "hits", "alpha"),
}
