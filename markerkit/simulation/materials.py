"""Simulated mixtures of materials: what is taken for vesicles and is none, and vesicles in a fluid.

:func:`markerkit.simulate` makes a preparation from its comparator. Here both groups are mixtures of materials that come
from one cell and one fluid, so that a fluid can hold cell debris, and vesicles of a fluid carry the proteins of their
cell whether or not these are markers.

1. *Cell* and *fluid*: every gene of the catalog and invented background proteins have log-normal abundances around the
   levels of their kind (:data:`markerkit.simulation.model.KINDS`), in the cell as in a lysate. In the fluid the plasma
   proteins, two fifths of the background and other proteins of the fluid lead; cell proteins are a trace
   (:data:`TRACE` of the signal), each by a factor of its own.
2. *Materials* are the cell times a factor for each protein: `cytosol` (membranes and organelles lost), `membranes` (the
   pellet of broken cells: plasma membrane with tetraspanins, ER, mitochondria and nuclear membrane; cytosol lost),
   organelles by name (nothing but their own proteins), and vesicle classes. In vesicles the markers of the class and
   the general EV markers follow N(`effect`, `effect_sd`) as in :func:`markerkit.simulate`; organelle proteins are a small
   share of their level in the cell instead of absent, and negative markers fall by `negative_shift`, which for the
   vesicles of a fluid is about as much as other proteins of the cell.
3. *Group*: the weighted mean of its materials, with weights that differ between samples, donor effects on the cell and
   the fluid, and noise as in :mod:`markerkit.simulation.model`.
4. *Missing values* as there, or the most abundant proteins of each sample up to a number for each group.

The factors are what is known of such fractions, in whole numbers; no data set was fitted. A pellet of broken cells
holds plasma membrane, ER and mitochondria side by side and few soluble proteins; vesicles hold one to two orders of
magnitude less ER and mitochondria than the cell.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from markerkit.catalog.load import MarkerCatalog, shipped
from markerkit.core.errors import InputError, listed, one_of
from markerkit.core.experiment import Experiment
from markerkit.ids.harmonize import mapped_as_given
from markerkit.simulation import model

Array = npt.NDArray[np.float64]

#: share of the fluid's signal that comes from cells
TRACE = 0.01
#: classes of vesicles that a mixture can hold
VESICLES = ("exosome", "microvesicle", "apoptotic_body", "apoptotic_exosome", "apoptotic_ev")
#: all materials
MATERIALS = ("cells", "fluid", "cytosol", "membranes", *model.ORGANELLES, *VESICLES)
#: sets of transmembrane and anchored proteins of the plasma membrane and of endosomes
MEMBRANE_SETS = ("misev_1a", "surface_panel", "lysosome", "small_ev")
_FLUID_KINDS = ("bovine", "fluid", "skin")
_OF_FLUID = 0.4  # share of the invented background that is of the fluid
_TRACE_SD = 1.5  # log2: how unlike the cell's the cell proteins of a fluid are
_ORGANELLE_SHIFT = (-3.0, 1.5)  # log2 of an organelle protein in a vesicle over the cell
_WEIGHT_SD = 0.2  # natural logarithm: how the weights of materials differ between samples
_FRACTION = ("case", "control")


class Factor(NamedTuple):
    """Mean and sd of log2 of a fraction over the cell, by place of a protein."""

    membrane: tuple[float, float]
    bound: tuple[float, float]
    organelle: tuple[float, float]
    nucleus: tuple[float, float]
    particle: tuple[float, float]
    soluble: tuple[float, float]


#: fractions of broken cells; `bound` are proteins that sit on membranes in part (MISEV category 2a)
FRACTIONS: dict[str, Factor] = {
    "membranes": Factor((2.0, 1.0), (0.0, 1.5), (1.5, 1.0), (0.5, 1.5), (0.5, 0.6), (-2.0, 1.0)),
    "cytosol": Factor((-4.0, 1.5), (-0.5, 1.0), (-3.0, 1.5), (-2.0, 1.5), (0.0, 0.6), (0.5, 0.5)),
}


@dataclass(frozen=True)
class Mixture:
    """Simulated mixtures: the experiment (groups ``case`` and ``control`` in `fraction`) and the noise-free log2 ratios."""

    experiment: Experiment
    log2_fc: pd.Series


@dataclass(frozen=True)
class Options:
    """What mixtures are simulated with; see :func:`simulate_mixture`."""

    n: int = 5
    effect: float = 3.0
    effect_sd: float = 2.8
    discordant_fraction: float = 0.2
    negative_shift: tuple[float, float] = (-1.5, 0.7)
    noise: float = 0.35
    donor_sd: float = 0.5
    missing: float = 0.2
    n_proteins: tuple[int, int] | None = None
    n_background: int = 600


def simulate_mixture(
    case: Mapping[str, float],
    control: Mapping[str, float],
    markers: MarkerCatalog | None = None,
    *,
    options: Options | None = None,
    seed: int = 0,
) -> Mixture:
    """Simulate two groups of samples, each a mixture of materials.

    Parameters
    ----------
    case, control
        Material (of :data:`MATERIALS`) -> its share of the signal, sum 1.
    markers
        Catalog; the human one by default.
    options
        `n` samples per group; `effect` and `effect_sd`, `discordant_fraction`, `noise`, `donor_sd`, `missing` and
        `n_background` as in :func:`markerkit.simulate`; `negative_shift`, mean and sd of log2 of the negative markers in
        a vesicle over its cell; `n_proteins`, measured in each sample of the case and of the control, in place of
        `missing`.
    seed
        Of the random numbers.

    Returns
    -------
    Mixture
        ``experiment``: raw scale; samples with ``fraction`` (``case``, ``control``) and ``donor``.

    Raises
    ------
    InputError
        Unknown materials; shares that do not sum to 1.

    Examples
    --------
    >>> made = simulate_mixture({"fluid": 0.9, "cells": 0.1}, {"fluid": 1.0}, seed=1)
    >>> made.experiment.samples["fraction"].value_counts().to_dict()
    {'case': 5, 'control': 5}
    """
    o, catalog = options or Options(), shipped("human") if markers is None else markers
    for name, recipe in zip(_FRACTION, (case, control), strict=True):
        _check(name, recipe)
    rng = np.random.default_rng(seed)
    proteins = _proteins(catalog, o, rng)
    factors = {m: _factor(m, proteins, catalog, o, rng) for m in MATERIALS if m in case or m in control}
    linear = _signal(proteins, factors, (case, control), o, rng)
    fraction = np.repeat(_FRACTION, o.n)
    measured = _measured(np.log2(linear), fraction, o, rng)
    kept = np.flatnonzero(measured.any(axis=0))
    with np.errstate(divide="ignore", invalid="ignore"):
        pure = [_mix(proteins, factors, recipe) for recipe in (case, control)]
        log2_fc = pd.Series(np.log2(pure[0] / pure[1]), index=proteins.index).iloc[kept]
    samples = pd.DataFrame({"fraction": fraction, "donor": [f"D{i + 1}" for i in range(2 * o.n)]})
    samples.index = pd.Index(samples["fraction"] + "_" + samples["donor"], name="sample")
    proteins = proteins.iloc[kept]
    values = np.where(measured, linear, np.nan)[:, kept]
    exp = Experiment(
        pd.DataFrame(values, index=samples.index, columns=proteins.index),
        samples,
        mapped_as_given(proteins[["accession", "gene", "species"]], catalog.organism),
        organism=catalog.organism,
        history=[
            {"verb": "simulate_mixture", "simulated": True, "case": dict(case), "control": dict(control)},
            {"verb": "harmonize_ids", "simulated": True},
        ],
    )
    return Mixture(exp, log2_fc)


def with_interference(exp: Experiment, share: float) -> Experiment:
    """Compress the ratios of an experiment, as the interference of co-isolated peptides does in reporter ions.

    Parameters
    ----------
    exp
        On the raw or the log2 scale.
    share
        Of each value that is replaced by the mean of its protein over the samples, linear; in [0, 1).

    Returns
    -------
    Experiment
        On the raw scale. Samples are brought to the same sum first, as channels of one plex are.

    Raises
    ------
    InputError
        A share outside [0, 1).
    """
    if not 0 <= share < 1:
        raise InputError(f"the share of interference lies in [0, 1); got {share:g}.")
    linear = exp.linear()
    total = linear.sum(axis=1)
    linear = linear.div(total, axis=0) * float(total.median())
    mixed = (1 - share) * linear + share * linear.mean(axis=0)
    return exp.evolve("interference", {"simulated": True, "share": share}, values=mixed, scale="raw")


# ---- compositions ----------------------------------------------------------------


def _check(name: str, recipe: Mapping[str, float]) -> None:
    for material in recipe:
        one_of(name, material, MATERIALS)
    bad = [f"{k} = {v:g}" for k, v in recipe.items() if not 0 <= v <= 1]
    if bad or abs(sum(recipe.values()) - 1) > 1e-9:
        raise InputError(
            f"the shares of {name} lie in [0, 1] and sum to 1; got {listed(bad or [f'{k} = {v:g}' for k, v in recipe.items()])}."
        )


def _proteins(markers: MarkerCatalog, o: Options, rng: np.random.Generator) -> pd.DataFrame:
    """Proteins that the cell or the fluid holds, with their log2 abundance in both; -inf where there is none."""
    frame = model.catalog_proteins(markers, o.n_background)
    kinds = [model.KINDS[k] for k in frame["kind"]]
    cell, fluid = np.array([k.lysate for k in kinds]), np.array([k.biofluid for k in kinds])
    draw, chance, other = rng.standard_normal(len(frame)), rng.random(len(frame)), rng.random(len(frame))
    of_fluid = frame["kind"].isin(_FLUID_KINDS).to_numpy(copy=True)
    of_fluid |= (frame["kind"] == "background").to_numpy() & (other < _OF_FLUID)
    in_cell = ~of_fluid & (chance < cell[:, 0])
    cell_log2 = np.where(in_cell, cell[:, 1] + cell[:, 2] * draw, -np.inf)
    trace = np.exp2(cell_log2 + _TRACE_SD * rng.standard_normal(len(frame)))
    own = np.where(of_fluid & (chance < fluid[:, 0]), np.exp2(fluid[:, 1] + fluid[:, 2] * draw), 0.0)
    own_share = own / own.sum() * (1 - TRACE) + trace / trace.sum() * TRACE
    with np.errstate(divide="ignore"):
        frame = frame.assign(cell=cell_log2, fluid=np.log2(own_share))
    return model.named_by_accession(frame[in_cell | (own > 0)])


def _factor(
    material: str, proteins: pd.DataFrame, markers: MarkerCatalog, o: Options, rng: np.random.Generator
) -> Array:
    """Log2 of a material over its origin (the fluid for `fluid`, else the cell), by protein."""
    if material in ("cells", "fluid"):
        return np.zeros(len(proteins))
    if material in model.ORGANELLES:
        inside = proteins["gene"].isin(model.members(markers, [material])).to_numpy()
        return np.where(inside, 0.0, -np.inf)
    if material in FRACTIONS:
        return _fraction(FRACTIONS[material], proteins, markers, rng)
    return _vesicle(material, proteins, markers, o, rng)


def _fraction(
    factor: Factor, proteins: pd.DataFrame, markers: MarkerCatalog, rng: np.random.Generator
) -> Array:
    gene, kind = proteins["gene"], proteins["kind"]
    place = np.full(len(proteins), "soluble", dtype=object)
    place[rng.random(len(proteins)) < 0.25] = "membrane"  # about a quarter of all genes
    place[(kind == "vesicle").to_numpy()] = "soluble"
    for name, inside in (
        ("particle", kind == "particle"),
        ("bound", gene.isin(model.members(markers, ["misev_2a"]))),
        ("membrane", gene.isin(model.members(markers, MEMBRANE_SETS))),
        ("organelle", gene.isin(model.members(markers, ["er_golgi", "mitochondrion"]))),
        ("nucleus", gene.isin(model.members(markers, ["nucleus"]))),
    ):
        place[inside.to_numpy()] = name
    mean, sd = np.array([getattr(factor, name) for name in place]).T
    return np.asarray(mean + sd * rng.standard_normal(len(proteins)))


def _vesicle(
    name: str, proteins: pd.DataFrame, markers: MarkerCatalog, o: Options, rng: np.random.Generator
) -> Array:
    """As the vesicles of :func:`markerkit.simulate`, with a residue of organelles, and negatives that may stay."""
    settings = model.Settings(
        n=o.n,
        classes=(name,),
        comparator="lysate",
        paired=False,
        effect=o.effect,
        effect_sd=o.effect_sd,
        discordant_fraction=o.discordant_fraction,
        contamination_fraction=0.0,
        sources={},
        resident_fraction=0.0,
        noise=o.noise,
        donor_sd=o.donor_sd,
        batch_sd=0.0,
        missing=o.missing,
        n_background=o.n_background,
        all_markers=False,
        seed=0,
    )
    frame = proteins[["gene", "kind"]].copy()
    model.add_shifts(frame, markers, settings, rng)
    shift = frame["shift"].to_numpy(copy=True)
    draw = rng.standard_normal(len(frame))
    mean, sd = _ORGANELLE_SHIFT
    shift = np.where(np.isneginf(shift), mean + sd * draw, shift)
    negative = frame["gene"].isin(model.members(markers, settings.sets_raised, "negative")).to_numpy()
    negative = negative & ~frame["gene"].isin(model.members(markers, settings.sets_raised)).to_numpy()
    mean, sd = o.negative_shift
    return np.asarray(np.where(negative, mean + sd * draw, shift))


def _mix(
    proteins: pd.DataFrame,
    factors: Mapping[str, Array],
    recipe: Mapping[str, float],
    biology: Array | float = 0.0,
    weights: Array | float = 1.0,
) -> Array:
    """Composition of a mixture; donors act on every protein (`biology`, log2), `weights` on the materials."""
    parts = []
    for material in recipe:
        origin = proteins["fluid" if material == "fluid" else "cell"].to_numpy()
        parts.append(model.share_of(np.exp2(origin + factors[material] + biology)))
    share = model.share_of(np.array(list(recipe.values())) * weights)
    return np.asarray(sum(share[..., [i]] * part for i, part in enumerate(parts)))


# ---- samples ---------------------------------------------------------------------


def _signal(
    proteins: pd.DataFrame,
    factors: Mapping[str, Array],
    recipes: tuple[Mapping[str, float], Mapping[str, float]],
    o: Options,
    rng: np.random.Generator,
) -> Array:
    """Signal of every protein in every sample, before anything is missing."""
    factor = np.exp2(model.GENE_SD_SPREAD * rng.standard_normal(len(proteins)))
    groups = []
    for recipe in recipes:
        biology = o.donor_sd * factor * rng.standard_normal((o.n, len(proteins)))
        weights = np.exp(_WEIGHT_SD * rng.standard_normal((o.n, len(recipe))))
        groups.append(_mix(proteins, factors, recipe, biology, weights))
    return model.with_noise(np.vstack(groups), proteins, o.noise, factor, rng)


def _measured(log2: Array, fraction: Array, o: Options, rng: np.random.Generator) -> npt.NDArray[np.bool_]:
    if o.n_proteins is None:
        return model.draw_measured(log2, o.missing, rng)
    chance = np.clip(rng.random(log2.shape), 1e-12, 1 - 1e-12)
    rank = (-(log2 - 1.4 * np.log(1 / chance - 1))).argsort(axis=1).argsort(axis=1)
    most = np.where(fraction == _FRACTION[0], *o.n_proteins)
    return np.asarray((rank < most[:, None]) & (log2 > 0))
