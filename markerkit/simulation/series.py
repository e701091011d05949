"""Simulated fraction series of known composition: size-exclusion chromatography and density gradients.

The model works on amounts of protein, in micrograms.

1. *Components*: vesicles (``ev``), lipoprotein (``lipoprotein``) and soluble protein (``soluble``), each with the
   amount of protein that the whole series holds.
2. *Profile* of a component over the fractions: the area of an exponentially modified Gaussian (center and width in
   fractions; tail, the time constant of the exponential, 0 for a Gaussian) over each fraction, sum 1. The usual
   profiles (:data:`KINDS`) follow what the methods are known for: on a size-exclusion column vesicles leave in the
   void, large lipoproteins just behind them, soluble protein later and with a tail; in a density gradient vesicles
   (1.10 to 1.16 g/ml) lie between lipoproteins, most of them lighter, and soluble protein, which stays at the bottom.
3. *Composition* of a component: log-normal abundances of the markers that the catalog has for it and of invented
   proteins (``BG0001``, ...). A `discordant_fraction` of the EV markers is soluble protein in equal parts.
4. *Replicates*: centers move by `shift` fractions, component amounts by `replicate_sd` log2, together with an own
   deviation of every protein.
5. *Measurement*: of every fraction as much protein is loaded as is there, at most `load`; every value has the noise
   `noise` (log2); what lies below the detection limit `limit` (micrograms) is missing, with a soft edge of one log2
   unit. Protein amounts are known to `amount_cv` and missing below `amount_limit`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import exponnorm, norm

from markerkit.catalog.criteria import GENERAL_EV, load_criteria
from markerkit.catalog.load import MarkerCatalog, shipped
from markerkit.core.errors import InputError, listed, one_of, whole_number
from markerkit.core.experiment import Experiment
from markerkit.ids.harmonize import mapped_as_given

Array = npt.NDArray[np.float64]

COMPONENTS = ("ev", "lipoprotein", "soluble")


class Peak(NamedTuple):
    """Profile of a component: center, width (standard deviation) and time constant of the tail, in fractions."""

    center: float
    width: float
    tail: float = 0.0


class Kind(NamedTuple):
    """A kind of series: number of fractions, profile and protein amount (micrograms) of every component."""

    n_fractions: int
    peaks: Mapping[str, Peak]
    amounts: Mapping[str, float]


#: kind of series -> its usual profiles
KINDS: dict[str, Kind] = {
    "sec": Kind(
        18,
        {"ev": Peak(6.7, 0.9, 0.5), "lipoprotein": Peak(9.5, 1.3, 1.0), "soluble": Peak(13.5, 1.4, 0.8)},
        {"ev": 15.0, "lipoprotein": 60.0, "soluble": 2000.0},
    ),
    "gradient": Kind(
        12,
        {"ev": Peak(6.0, 0.9), "lipoprotein": Peak(3.5, 1.3), "soluble": Peak(10.5, 1.2)},
        {"ev": 15.0, "lipoprotein": 40.0, "soluble": 400.0},
    ),
}
_SETS = {
    "lipoprotein": ("lipoprotein",),
    "soluble": ("plasma_soluble", "plasma", "immunoglobulin", "coagulation"),
}
#: component -> share of its markers that are there; mean and sd of their log2 abundance; invented proteins, mean and sd
_ABUNDANCE = {
    "ev": ((0.7, 0.0, 1.6), (400, -0.5, 1.8)),
    "lipoprotein": ((0.9, 3.0, 1.6), (20, -1.0, 1.6)),
    "soluble": ((0.7, 2.0, 2.2), (250, 0.0, 2.0)),
}
_PROTEIN_SD = 0.3  # deviation of a protein in a replicate, log2
_SOFT = 1.0  # width of the edge of the detection limit, log2
_SIGNAL = 1e8  # signal of a microgram


@dataclass(frozen=True)
class SeriesTruth:
    """What a simulated series is made of.

    Attributes
    ----------
    amounts
        Protein of every component in every fraction, micrograms, mean of the replicates; fractions x components.
    """

    amounts: pd.DataFrame

    @property
    def peaks(self) -> dict[str, str]:
        """Fraction that holds most of each component."""
        return {str(k): str(v) for k, v in self.amounts.idxmax().items()}

    def purity(self, fractions: list[str]) -> float:
        """Share of EV protein in the protein of some fractions together."""
        pooled = self.amounts.loc[fractions].sum()
        return float(pooled["ev"] / pooled.sum())

    def recovery(self, fractions: list[str]) -> float:
        """Share of all EV protein that some fractions hold."""
        ev = self.amounts["ev"]
        return float(ev[fractions].sum() / ev.sum())


@dataclass(frozen=True)
class SeriesSimulation:
    """Simulated fraction series with its truth."""

    experiment: Experiment
    truth: SeriesTruth


@dataclass(frozen=True)
class _Settings:
    kind: str
    n_replicates: int
    n_fractions: int
    amounts: Mapping[str, float]
    peaks: Mapping[str, Peak]
    discordant_fraction: float
    shift: float
    replicate_sd: float
    noise: float
    load: float
    limit: float
    amount_cv: float
    amount_limit: float
    seed: int


def simulate_fractions(
    markers: MarkerCatalog | None = None,
    *,
    kind: str = "sec",
    n_replicates: int = 3,
    n_fractions: int | None = None,
    amounts: Mapping[str, float] | None = None,
    peaks: Mapping[str, tuple[float, ...]] | None = None,
    discordant_fraction: float = 0.1,
    shift: float = 0.1,
    replicate_sd: float = 0.3,
    noise: float = 0.35,
    load: float = 1.0,
    limit: float = 2e-5,
    amount_cv: float = 0.1,
    amount_limit: float = 0.01,
    seed: int = 0,
) -> SeriesSimulation:
    """Simulate a series of fractions of vesicles, lipoprotein and soluble protein.

    Parameters
    ----------
    markers
        Catalog; the human one by default.
    kind
        ``"sec"`` (size-exclusion chromatography) or ``"gradient"`` (density gradient); see :data:`KINDS`.
    n_replicates
        Series that were run.
    n_fractions
        Fractions of each; as usual for the kind by default.
    amounts
        Component -> protein of the whole series, micrograms; the others as usual for the kind.
    peaks
        Component -> center, width and, perhaps, tail of its profile, in fractions (the first fraction reaches from
        0.5 to 1.5); the others as usual for the kind.
    discordant_fraction
        Share of the EV markers of which half is soluble protein.
    shift
        Standard deviation of the centers between replicates, in fractions.
    replicate_sd
        Standard deviation of component amounts between replicates, log2.
    noise
        Standard deviation of a value, log2.
    load
        Protein that is measured of every fraction at most, micrograms.
    limit
        Amount of a protein that is detected in half of the cases, micrograms.
    amount_cv
        Coefficient of variation of the protein amounts in the sample sheet.
    amount_limit
        Protein below which an amount is missing, micrograms.
    seed
        Of the random numbers.

    Returns
    -------
    SeriesSimulation
        ``experiment``: raw scale; samples with ``fraction`` (F1, F2, ...), ``order``, ``replicate`` and
        ``protein_ug``; ``truth``.

    Raises
    ------
    InputError
        An unknown kind or component, a profile or number that cannot be, fewer than two fractions.

    Examples
    --------
    >>> made = simulate_fractions(n_replicates=1, seed=1)
    >>> made.experiment.n_samples, made.truth.peaks["ev"]
    (18, 'F7')
    """
    one_of("kind", kind, tuple(KINDS))
    usual, catalog = KINDS[kind], shipped("human") if markers is None else markers
    _check_components("amounts", amounts)
    _check_components("peaks", peaks)
    s = _Settings(
        kind, n_replicates, n_fractions or usual.n_fractions, {**usual.amounts, **(amounts or {})},
        {**usual.peaks, **{k: Peak(*v) for k, v in (peaks or {}).items()}}, discordant_fraction, shift, replicate_sd,
        noise, load, limit, amount_cv, amount_limit, seed,
    )  # fmt: skip
    _check(s)
    whole_number("seed", seed)
    rng = np.random.default_rng(seed)
    proteins, composition = _proteins(catalog, s, rng)
    runs = [_replicate(composition, s, rng) for _ in range(n_replicates)]
    fractions = [f"F{i + 1}" for i in range(s.n_fractions)]
    truth = pd.DataFrame(
        np.mean([r.amounts for r in runs], axis=0), index=fractions, columns=list(COMPONENTS)
    )
    return SeriesSimulation(_experiment(catalog, proteins, runs, s, fractions), SeriesTruth(truth))


def _check_components(name: str, given: Mapping[str, object] | None) -> None:
    unknown = [k for k in given or {} if k not in COMPONENTS]
    if unknown:
        raise InputError(f"`{name}` names {listed(unknown)}; the components are {listed(COMPONENTS)}.")


def _check(s: _Settings) -> None:
    if s.n_replicates < 1 or s.n_fractions < 2:
        raise InputError(
            f"a series has at least 1 replicate and 2 fractions; got {s.n_replicates} and {s.n_fractions}."
        )
    if not 0 <= s.discordant_fraction <= 1:
        raise InputError(f"`discordant_fraction` lies between 0 and 1; got {s.discordant_fraction!r}.")
    for name in ("shift", "replicate_sd", "noise", "amount_cv", "amount_limit"):
        if not getattr(s, name) >= 0:
            raise InputError(f"`{name}` is 0 or more; got {getattr(s, name)!r}.")
    if not (s.load > 0 and s.limit > 0 and all(a > 0 for a in s.amounts.values())):
        raise InputError("`load`, `limit` and all amounts are above 0.")
    if not all(p.width > 0 and p.tail >= 0 for p in s.peaks.values()):
        raise InputError("the width of a profile is above 0 and its tail 0 or more.")


def profile(peak: Peak, n_fractions: int) -> Array:
    """Share of a component in every fraction, sum 1.

    Parameters
    ----------
    peak
        Center, width and tail, in fractions.
    n_fractions
        Number of fractions; the first reaches from 0.5 to 1.5.

    Returns
    -------
    Shape (n_fractions,).
    """
    edges = np.arange(n_fractions + 1) + 0.5
    below = (
        exponnorm.cdf(edges, peak.tail / peak.width, loc=peak.center, scale=peak.width)
        if peak.tail > 0
        else norm.cdf(edges, peak.center, peak.width)
    )
    share = np.maximum(np.diff(below), 0.0)
    if not share.sum() > 0:
        raise InputError(f"a profile with its center at {peak.center:g} misses all {n_fractions} fractions.")
    return np.asarray(share / share.sum())


def _proteins(catalog: MarkerCatalog, s: _Settings, rng: np.random.Generator) -> tuple[pd.DataFrame, Array]:
    """Proteins of the series, and the share of each in the protein of every component (components x proteins)."""
    table = catalog.table
    sets = {"ev": load_criteria().classes[GENERAL_EV].sets, **_SETS}
    taken: set[str] = set()
    parts = []
    for number, name in enumerate(COMPONENTS):
        rows = table[
            table["set"].isin(sets[name]) & (table["role"] == "positive") & ~table["gene"].isin(taken)
        ]
        rows = rows.drop_duplicates("gene")[["gene", "accession"]]
        taken |= set(rows["gene"])
        (share, mean, sd), (n_more, other_mean, other_sd) = _ABUNDANCE[name]
        rows = rows[rng.random(len(rows)) < share]
        rows = rows.assign(component=name, log2=rng.normal(mean, sd, len(rows)), marker=True)
        ids = [f"BG{1000 * number + i + 1:04d}" for i in range(n_more)]
        more = pd.DataFrame({"gene": ids, "accession": ids, "component": name, "marker": False})
        parts += [rows, more.assign(log2=rng.normal(other_mean, other_sd, n_more))]
    found = pd.concat(parts, ignore_index=True)
    inside = np.array([found["component"] == c for c in COMPONENTS])
    weight = np.where(inside, np.exp2(found["log2"].to_numpy(float)), 0.0)
    composition = weight / weight.sum(axis=1, keepdims=True)
    both = (found["component"] == "ev") & found["marker"] & (rng.random(len(found)) < s.discordant_fraction)
    ratio = s.amounts["ev"] / s.amounts["soluble"]
    composition[2, both] = composition[0, both] * ratio  # as much of it in all as in the vesicles
    composition[2] /= composition[2].sum()
    found["species"] = catalog.organism
    return found.set_index("gene", drop=False).rename_axis("protein"), composition


class _Run(NamedTuple):
    """One replicate: amounts of the components (fractions x components), values and amounts as measured."""

    amounts: Array
    values: Array
    protein_ug: Array


def _replicate(composition: Array, s: _Settings, rng: np.random.Generator) -> _Run:
    shapes = []
    for name in COMPONENTS:
        peak = s.peaks[name]
        total = s.amounts[name] * np.exp2(rng.normal(0, s.replicate_sd))
        shapes.append(
            total * profile(peak._replace(center=peak.center + rng.normal(0, s.shift)), s.n_fractions)
        )
    amounts = np.array(shapes).T
    own = composition * np.exp2(rng.normal(0, _PROTEIN_SD, composition.shape[1]))
    own /= own.sum(axis=1, keepdims=True)
    protein = amounts @ own
    total = amounts.sum(axis=1)
    loaded = (
        protein
        * np.divide(np.minimum(total, s.load), total, out=np.zeros_like(total), where=total > 0)[:, None]
    )
    with np.errstate(divide="ignore"):
        above = (np.log2(loaded) - np.log2(s.limit)) / _SOFT
    seen = rng.random(protein.shape) < 1 / (1 + np.exp(-np.clip(2 * above, -50, 50)))
    noisy = _SIGNAL * loaded * np.exp2(rng.normal(0, s.noise, protein.shape))
    weighed = total * rng.lognormal(0, s.amount_cv, len(total))
    return _Run(amounts, np.where(seen, noisy, np.nan), np.where(total < s.amount_limit, np.nan, weighed))


def _experiment(
    catalog: MarkerCatalog, proteins: pd.DataFrame, runs: list[_Run], s: _Settings, fractions: list[str]
) -> Experiment:
    names = [f"R{r + 1}_{f}" for r in range(len(runs)) for f in fractions]
    sheet = pd.DataFrame(
        {
            "fraction": fractions * len(runs),
            "order": [*range(1, len(fractions) + 1)] * len(runs),
            "replicate": [f"R{r + 1}" for r in range(len(runs)) for _ in fractions],
            "protein_ug": np.concatenate([r.protein_ug for r in runs]),
        },
        index=names,
    )
    values = np.vstack([r.values for r in runs])
    kept = np.flatnonzero(~np.isnan(values).all(axis=0))
    note = {"verb": "simulate_fractions", "simulated": True, "catalog": catalog.version, **asdict(s)}
    return Experiment(
        pd.DataFrame(values[:, kept], index=names, columns=proteins.index[kept]),
        sheet,
        mapped_as_given(proteins.iloc[kept][["accession", "gene", "species"]], catalog.organism),
        organism=catalog.organism,
        history=[note, {"verb": "harmonize_ids", "simulated": True}],
    )
