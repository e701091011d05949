"""Effects of proteins and of marker sets in one contrast: the ground under every verdict."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

import numpy as np
import numpy.typing as npt
import pandas as pd

from markerkit.catalog.criteria import Criteria, load_criteria
from markerkit.catalog.load import MarkerCatalog
from markerkit.core.experiment import Experiment
from markerkit.da.differential import differential_abundance
from markerkit.ids.representative import gene_rows
from markerkit.preprocess import filter_detected, log2, normalize
from markerkit.results import DifferentialAbundance
from markerkit.stats.set_effect import (
    Background,
    Scatter,
    SetEffect,
    Votes,
    background,
    common_scatter,
    difference,
    set_effect,
)
from markerkit.study.contrast import Contrast
from markerkit.study.formula import model_formula

Array = npt.NDArray[np.float64]

_MIN_BACKGROUND = 20


@dataclass(frozen=True)
class ProteinEffects:
    """Effect of every protein in a contrast, with what each sample added to it.

    Parameters
    ----------
    effect
        Log2 fold change, shape (p,); NaN where it cannot be told.
    influence
        Shape (n_samples, p), 0 where missing.
    variance
        Sampling variance of the effect, shape (p,).
    df
        Residual degrees of freedom, shape (p,).
    detection
        `measured`, `on`, `off`, `one arm only` or `not measured`, shape (p,).
    """

    effect: Array
    influence: Array
    variance: Array
    df: Array
    detection: npt.NDArray[np.object_]

    @property
    def usable(self) -> npt.NDArray[np.bool_]:
        """Proteins whose effect can vote."""
        return np.isfinite(self.effect) & np.isfinite(self.variance) & (self.df > 0)


@dataclass(frozen=True)
class Policy:
    """Protein effects under one missing-value policy.

    Parameters
    ----------
    effects
        Of the proteins.
    reference
        The background; nothing where too few proteins are left for it.
    scatter
        How far the votes of the classes' and sources' sets lie apart.
    """

    effects: ProteinEffects
    reference: Background | None
    scatter: Scatter | None = None

    def over_background(self, votes: SetVotes, confidence: float) -> SetEffect | None:
        """Effect of a set over the background; nothing where either is missing."""
        if self.reference is None or votes.votes is None:
            return None
        return set_effect(votes.votes, self.reference, confidence=confidence, scatter=self.scatter)

    def between(self, first: SetVotes, second: SetVotes, confidence: float) -> SetEffect | None:
        """Effect of one set over another; nothing where either has no votes."""
        if first.votes is None or second.votes is None:
            return None
        return difference(first.votes, second.votes, confidence=confidence, scatter=self.scatter)


@dataclass(frozen=True)
class ContrastModel:
    """A contrast fitted on its own two arms.

    A contrast is fitted on its own samples, so that what else was asked in the
    same call cannot change a verdict, and a third group's variance cannot
    lend it confidence.

    Parameters
    ----------
    contrast
        The contrast.
    exp
        The experiment it was fitted on: log2, filtered, normalized, two arms.
    da
        Moderated t-tests; nothing where the arms have no replicates.
    measured
        Effects on the measured values; nothing where there is no model.
    bounded
        The same with on/off proteins at their bound; nothing where presence is
        not known.
    rows
        Gene -> protein that stands for it.
    accession_rows
        Accession -> protein.
    reason
        Why there is no model.
    """

    contrast: Contrast
    exp: Experiment
    markers: MarkerCatalog
    criteria: Criteria
    da: DifferentialAbundance | None
    measured: Policy | None
    bounded: Policy | None
    rows: pd.Series
    accession_rows: pd.Series
    reason: str = ""

    @property
    def policies(self) -> tuple[Policy, ...]:
        """Missing-value policies that there are, on measured values first."""
        return tuple(p for p in (self.measured, self.bounded) if p is not None)

    @cached_property
    def outside(self) -> npt.NDArray[np.bool_]:
        """Proteins of the background: in no class set, in no organelle that vesicles lack and not flagged, shape (p,)."""
        return _background_proteins(self.exp, self.markers, self.criteria)

    def positions(self, members: pd.DataFrame, *, by_accession: bool = False) -> npt.NDArray[np.int_]:
        """Column of the matrix that stands for each member, -1 where none does."""
        keys = members["accession"] if by_accession else members["gene"]
        column = self._column_of_accession if by_accession else self._column_of_gene
        return np.array([column.get(key, -1) for key in keys], dtype=np.intp)

    @cached_property
    def _column_of_gene(self) -> dict[str, int]:
        return self._columns(self.rows)

    @cached_property
    def _column_of_accession(self) -> dict[str, int]:
        return self._columns(self.accession_rows)

    def _columns(self, rows: pd.Series) -> dict[str, int]:
        at = self.exp.proteins.index.get_indexer(pd.Index(rows))
        return dict(zip(rows.index, at.tolist(), strict=True))


@dataclass(frozen=True)
class SetVotes:
    """Votes of a set with the counts that a reader needs.

    Parameters
    ----------
    votes
        Nothing where no member was measured.
    weight_measured
        Share of the set's weight that voted.
    n_set, n_measured
        Members in the set and members that voted.
    """

    votes: Votes | None
    weight_measured: float
    n_set: int
    n_measured: int

    @property
    def m(self) -> int:
        """Number of votes."""
        return 0 if self.votes is None else self.votes.m


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
    case, control = contrast.arms(exp)
    arms = _as_factors(
        exp.select(samples=[s for s in exp.samples.index if s in case or s in control]), contrast
    )
    if arms.scale == "raw":
        arms = log2(arms)
    arms = filter_detected(arms, min_fraction=min_fraction, by=contrast.condition).pipe(normalize)
    rows, accession_rows = gene_rows(arms), gene_rows(arms, key="accession")
    fewest = min(len(case), len(control))
    need = int(criteria.threshold["min_replicates"])
    model = ContrastModel(contrast, arms, markers, criteria, None, None, None, rows, accession_rows)
    if fewest < need:
        arm = contrast.case if len(case) < len(control) else contrast.control
        return replace(model, reason=f"no replicates: {arm} has {fewest} sample, {need} or more are needed")
    design = model_formula(contrast.condition, contrast.paired_by, contrast.batch)
    da = differential_abundance(arms, design, contrast=(contrast.condition, contrast.case, contrast.control))
    effects = _measured_effects(da, arms, case, control)
    measured = _policy(model, effects)
    bounded = None
    if exp.presence_known:
        bounded = _policy(model, _with_bounds(effects, arms, case, control, criteria))
    return replace(model, da=da, measured=measured, bounded=bounded)


def _as_factors(exp: Experiment, contrast: Contrast) -> Experiment:
    """Read condition, pairs and batches as names: donor 3 is not three times donor 1."""
    columns = [contrast.condition, *([contrast.paired_by] if contrast.paired_by else []), *contrast.batch]
    samples = exp.samples
    named = {c: samples[c].where(samples[c].isna(), samples[c].astype(str)) for c in columns}
    return Experiment(
        exp.values,
        samples.assign(**named),
        exp.proteins,
        exp.scale,
        exp.organism,
        exp.history,
        imputed=exp.imputed,
    )


def set_members(
    markers: MarkerCatalog, sets: Iterable[str], *, role: str = "positive", without: Iterable[str] = ()
) -> pd.DataFrame:
    """Members of one or several sets, each gene once, at its largest weight.

    Parameters
    ----------
    markers
        Catalogue.
    sets
        Set ids; ids that the catalogue lacks give no rows.
    role
        `positive` or `negative`.
    without
        Genes to leave out.

    Returns
    -------
    Frame with gene, accession, complex, weight, source; members that are
    listed only (weight 0) are left out.
    """
    return _members(markers, tuple(sets), role, frozenset(without))


@lru_cache(maxsize=512)
def _members(
    markers: MarkerCatalog, sets: tuple[str, ...], role: str, without: frozenset[str]
) -> pd.DataFrame:
    """Look the members up once: every class asks for its own and its rivals' under each policy."""
    table = markers.table
    rows = table[table["set"].isin(sets) & (table["role"] == role) & (table["weight"] > 0)]
    rows = rows[~rows["gene"].isin(without)]
    key = rows["gene"].where(rows["gene"] != "", rows["accession"])
    strongest = rows.assign(_key=key).sort_values("weight", ascending=False, kind="stable")
    names = ["gene", "accession", "complex", "source"]  # as objects: they are gone through one by one
    return strongest.drop_duplicates("_key").drop(columns="_key").astype(dict.fromkeys(names, object))


def set_votes(
    model: ContrastModel,
    policy: Policy,
    members: pd.DataFrame,
    *,
    by_accession: bool = False,
    by_gene: bool = False,
) -> SetVotes:
    """Gather votes: one a gene, one a complex (the mean of its measured members).

    Parameters
    ----------
    model, policy
        Fitted contrast and missing-value policy.
    members
        As from :func:`set_members`.
    by_accession
        Match by accession (other species) instead of by gene.
    by_gene
        Count every member of a complex (to compare complexes with each other).
    """
    if members.empty:
        return SetVotes(None, 0.0, 0, 0)
    name = ["gene", "accession"] if by_gene else ["complex", "gene", "accession"]
    key = [next(filter(None, names), "") for names in zip(*(members[c] for c in name), strict=True)]
    weight: dict[str, float] = {}
    for k, one in zip(key, members["weight"], strict=True):
        weight[k] = max(one, weight.get(k, 0.0))
    at = model.positions(members, by_accession=by_accession)
    e = policy.effects
    usable = np.flatnonzero(at >= 0)
    at = at[usable]
    known = np.isfinite(e.effect[at]) & np.isfinite(e.variance[at]) & (e.df[at] > 0)
    usable, at = usable[known], at[known]
    if not len(usable):
        return SetVotes(None, 0.0, len(members), 0)
    names, vote = np.unique([key[i] for i in usable], return_inverse=True)
    mean = np.zeros((len(at), len(names)))
    mean[np.arange(len(at)), vote] = 1.0
    mean /= mean.sum(axis=0)
    w = np.array([weight[k] for k in names])
    votes = Votes(
        e.effect[at] @ mean, e.influence[:, at] @ mean, e.variance[at] @ mean, e.df[at] @ mean, w / w.sum()
    )
    return SetVotes(votes, float(w.sum() / sum(weight.values())), len(members), len(usable))


def _policy(model: ContrastModel, effects: ProteinEffects) -> Policy:
    """Read protein effects with their background and the scatter within the sets that verdicts are read from."""
    policy = Policy(effects, _reference(effects, model.outside))
    c, found = model.criteria, []
    for sets, by_accession in (
        *((rule.sets, False) for rule in c.classes.values()),
        *(((key,), rule.by_accession) for key, rule in c.sources.items()),
    ):
        votes = set_votes(model, policy, set_members(model.markers, sets), by_accession=by_accession)
        if votes.votes is not None and votes.m >= c.threshold["min_votes_source"]:
            found.append(votes.votes)
    return replace(policy, scatter=common_scatter(found))


def _background_proteins(
    exp: Experiment, markers: MarkerCatalog, criteria: Criteria
) -> npt.NDArray[np.bool_]:
    proteins = exp.proteins
    flagged = proteins["is_contaminant"].to_numpy(bool) | proteins["is_decoy"].to_numpy(bool)
    return np.asarray(~proteins["gene"].isin(criteria.not_background(markers.table)).to_numpy() & ~flagged)


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
        [in_case & in_control, in_case | in_control], ["measured", "one arm only"], "not measured"
    ).astype(object)
    return ProteinEffects(effect, influence, variance, fit.df_residual, detection)


def _with_bounds(
    effects: ProteinEffects, exp: Experiment, case: pd.Index, control: pd.Index, criteria: Criteria
) -> ProteinEffects:
    """Give on/off proteins their bound: mean where seen less the floor of the other arm, never past 0."""
    values, names = exp.values.to_numpy(), exp.samples.index
    arms = {1.0: names.isin(case), -1.0: names.isin(control)}
    effect, influence = effects.effect.copy(), effects.influence.copy()
    variance, df, detection = effects.variance.copy(), effects.df.copy(), effects.detection.copy()
    seen = ~np.isnan(values)
    for sign, arm in arms.items():
        other = arms[-sign]
        often = seen[arm].mean(axis=0) >= criteria.threshold["on_off_seen"] - 1e-12
        at = np.flatnonzero(often & ~seen[other].any(axis=0) & (seen[arm].sum(axis=0) >= 2))
        floor = float(np.nanquantile(values[other], criteria.threshold["on_off_floor"]))
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


def marker_rows(
    model: ContrastModel,
    policy: Policy,
    members: pd.DataFrame,
    *,
    set_id: str,
    role: str,
    by_accession: bool = False,
) -> pd.DataFrame:
    """Say of every member what it said and whether it counted, as rows of `markers_used`."""
    at = model.positions(members, by_accession=by_accession)
    e, there = policy.effects, at >= 0
    counted = there & e.usable[at]
    effect = np.where(there, e.effect[at], np.nan)
    variance = np.where(there, e.variance[at], np.nan)
    detection = np.where(there, e.detection[at], "not measured")
    why = np.select(
        [counted, ~there], ["", "no protein group of this study"], "no effect with an error can be told"
    )
    return pd.DataFrame(
        {
            "contrast": model.contrast.name,
            "set": set_id,
            "gene": members["gene"].to_numpy(),
            "accession": members["accession"].to_numpy(),
            "protein": np.where(there, model.exp.proteins.index.to_numpy(dtype=object)[at], ""),
            "role": role,
            "vote": members["complex"].where(members["complex"] != "", members["gene"]).to_numpy(),
            "weight": members["weight"].to_numpy(),
            "log2_fc": effect,
            "se": np.sqrt(variance),
            "detection": detection,
            "status": np.where(counted, "counted", "not counted"),
            "reason": why,
            "source": members["source"].to_numpy(),
        }
    )


def fold(effect: float) -> str:
    """Write a log2 effect as a fold change.

    >>> fold(1.0), fold(-2.0), fold(7.0)
    ('2', '0.25', '128')
    """
    value = 2.0**effect
    return f"{value:.0f}" if value >= 100 else f"{value:.2g}"


def joined(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Concatenate the tables that have rows."""
    filled = [t for t in tables if len(t)]
    return pd.concat(filled, ignore_index=True) if filled else pd.DataFrame()
