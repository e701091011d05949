"""The generative model of simulated preparations.

The model works on linear abundances, as compositions (shares of all protein).

1. *Comparator* ``q``: every gene of the catalog that is expressed and
   invented background proteins (``BG0001``, ...) have log-normal abundances
   around a level of their kind (:data:`KINDS`): in a lysate ribosomes lead and
   plasma proteins are traces, in a biofluid plasma proteins lead.
2. *Pure vesicle* ``v = q * 2**shift``. The markers of the simulated classes
   and of the general EV sets have ``shift ~ N(effect, effect_sd)``, except for a
   `discordant_fraction` of them, which behaves like the background, ``N(0, 1)``:
   markers are heterogeneous. Organelle proteins (against a biofluid also soluble plasma
   proteins) are absent, ``v = 0``, except for a `resident_fraction`.
3. *Preparation* ``p = (1 - a) ((1 - k) v + k q) + sum_s a_s s``: the contamination fraction ``k``
   (log-normal between samples) and the admixed sources ``s`` with shares
   ``a_s``, ``a = sum_s a_s``.
4. *Samples*: donor effects and batch effects on ``q`` (shared by the two groups of a
   donor where paired), noise of every value, noise that the members of a
   complex and the proteins of a kind share in a sample (all of them of the
   spread `noise`), and a depth of every sample, all normal on log2. Donor
   effects and noise of the values are larger in some proteins than in others.
5. *Missing values*: logistic in log2 abundance, its middle set so that the
   wanted share is missing; proteins never measured are left out.

The magnitudes follow twelve public tables of EV preparations and cells (most
of them label-free; 288 to 4,968 proteins, 6 to 105 samples; log2, medians of
the samples aligned; the correlations are from five of them, the effects from
three). The range over the tables, and over the default and the examples:

=========================================================  =============  ============
Statistic                                                  Tables         Simulated
=========================================================  =============  ============
sd over proteins of the mean log2 abundance                1.9 to 3.6     2.2 to 3.1
sd within a group, median over proteins                    0.2 to 1.4     0.6
the same, 90 % quantile over 10 % quantile                 4 to 29        4
share of missing values, where not filled in               28 to 79 %     10 to 20 %
logit of missing, slope in mean log2 abundance             0.2 to 0.8     0.6
number of proteins of a sample, coefficient of variation   8 to 82 %      3 to 6 %
residual correlation of two EV markers in a group          0.2 to 0.4     0.2
the same, of two ribosomal, proteasomal or mitochondrial   -0.02 to 0.24  0.1 to 0.3
the same, of any two proteins                              0.02 to 0.07   0.00
EV markers against lysate, plasma or medium: mean log2     1.4 to 4.1     1.3 to 2.2
the same, sd between markers                               1.4 to 3.4     1.1 to 1.3
share of these markers less than 0.5 above the background  16 to 26 %     9 to 36 %
=========================================================  =============  ============

So simulated samples are more complete and more alike in depth than real ones,
and their markers are less heterogeneous. Nothing is fitted to one data set, and
agreement with the truth of a simulation is no evidence about real preparations.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from markerkit.catalog.criteria import load_criteria
from markerkit.catalog.load import MarkerCatalog
from markerkit.core.errors import InputError, listed, one_of
from markerkit.core.matrix import among

Array = npt.NDArray[np.float64]

LAYER = ("pan_ev", "misev_1a", "misev_2a")
SIZE_CLASSES = ("exosome", "microvesicle", "apoptotic_body")
ORGANELLES = ("mitochondrion", "er_golgi", "nucleus")
COMPARATORS = ("lysate", "biofluid")
RAISED = 0.5  # log2 over the background from which a source counts as raised in the truth
_LOG2_TOTAL = 36.0  # log2 of the summed signal of a sample


class Kind(NamedTuple):
    """Proteins of one kind: share expressed, mean and sd of log2 abundance in a lysate and in a biofluid."""

    sets: tuple[str, ...]
    lysate: tuple[float, float, float]
    biofluid: tuple[float, float, float]
    shift: tuple[float, float]


#: A gene belongs to the first kind that has it; ``shift`` is the mean and sd of log2 v / q.
KINDS: dict[str, Kind] = {
    "bovine": Kind(("bovine_serum",), (0.0, -3.0, 1.5), (0.0, -3.0, 1.5), (0.0, 1.0)),
    "fluid": Kind(
        ("plasma_soluble", "plasma", "immunoglobulin", "lipoprotein", "coagulation"),
        (0.2, -3.0, 1.5),
        (0.95, 6.0, 2.0),
        (0.0, 1.0),
    ),
    "vesicle": Kind((*LAYER, "exosome", "microvesicle"), (0.85, 0.5, 1.8), (0.75, 0.5, 1.5), (0.0, 1.0)),
    "organelle": Kind(ORGANELLES, (0.35, 1.0, 1.8), (0.1, -1.0, 1.5), (0.0, 1.0)),
    "particle": Kind(("ribosome", "proteasome"), (0.9, 1.5, 1.2), (0.4, 0.0, 1.5), (-1.0, 0.6)),
    "blood cell": Kind(
        ("platelet", "erythrocyte", "leukocyte"), (0.3, 0.0, 1.8), (0.8, 1.5, 1.8), (0.0, 1.0)
    ),
    "skin": Kind(("keratin",), (0.3, -0.5, 1.5), (0.6, 0.5, 1.8), (0.0, 1.0)),
    "other": Kind((), (0.5, 0.0, 1.8), (0.3, 0.0, 1.8), (0.0, 1.0)),
    "background": Kind((), (1.0, 0.0, 2.4), (1.0, 0.0, 2.4), (0.0, 1.0)),
}
_INDEPENDENT_KINDS = ("other", "background")  # kinds without a common behavior
GENE_SD_SPREAD = 0.6  # sd over proteins of log2 of their sd factor
_NEGATIVE_SHIFT = (-1.5, 0.7)  # shift of a class's negative markers that are not organelle proteins


@dataclass(frozen=True)
class Truth:
    """What a simulation was made of.

    Attributes
    ----------
    classes
        Vesicle class -> whether the preparation holds it or one that shows all
        its markers (apoptotic exosomes count as exosomes too); ``ev`` for EV
        material.
    sources
        Source -> whether the mean of its measured proteins is at least 0.5 log2
        over the level of the background of the assessment (its mean), on the
        noise-free compositions.
    contamination_fraction
        Mean share of the preparation's protein that is comparator material; 1
        where no vesicles were simulated.
    discordant
        Markers that do not follow their class.
    log2_fc
        Noise-free log2 ratio of preparation to comparator over the
        median background protein, by protein.
    """

    classes: Mapping[str, bool]
    sources: Mapping[str, bool]
    contamination_fraction: float
    discordant: frozenset[str]
    log2_fc: pd.Series


@dataclass(frozen=True)
class Settings:
    """What a study is simulated with; see :func:`markerkit.simulate`."""

    n: int
    classes: tuple[str, ...]
    comparator: str
    paired: bool
    effect: float
    effect_sd: float
    discordant_fraction: float
    contamination_fraction: float
    sources: Mapping[str, float]
    resident_fraction: float
    noise: float
    donor_sd: float
    batch_sd: float
    missing: float
    n_background: int
    all_markers: bool
    seed: int

    @property
    def classes_raised(self) -> tuple[str, ...]:
        """Classes whose markers rise: an apoptotic exosome resembles an exosome and has its markers too."""
        like = ("exosome",) if "apoptotic_exosome" in self.classes else ()
        return tuple(dict.fromkeys((*self.classes, *like)))

    @property
    def sets_raised(self) -> list[str]:
        """Sets of the classes whose markers rise."""
        return [name for c in self.classes_raised for name in load_criteria().classes[c].sets]

    def check(self, markers: MarkerCatalog) -> None:
        """Refuse settings outside the model."""
        allowed = [key for key in load_criteria().classes if key != "ev"]
        for name in self.classes:
            one_of("classes", name, allowed)
        for name in self.sources:
            one_of("sources", name, [key for key in load_criteria().sources if key in markers])
        one_of("comparator", self.comparator, COMPARATORS)
        shares = {
            k: getattr(self, k)
            for k in ("discordant_fraction", "contamination_fraction", "resident_fraction", "missing")
        }
        bad = [f"{k} = {v:g}" for k, v in shares.items() if not 0 <= v < 1]
        bad += [
            f"{k} = {getattr(self, k):g}"
            for k in ("effect_sd", "noise", "donor_sd", "batch_sd")
            if getattr(self, k) < 0
        ]
        bad += [f"n = {self.n}"] * (self.n < 1) + [f"n_background = {self.n_background}"] * (
            self.n_background < 0
        )
        if min(self.sources.values(), default=0.0) < 0 or sum(self.sources.values()) >= 1:
            bad.append(f"sources = {dict(self.sources)}")
        if bad:
            raise InputError(
                f"the simulation cannot take {listed(bad)}; shares lie in [0, 1), those of the sources sum to "
                "less than 1, n is at least 1 and spreads are not negative."
            )


# ---- proteins ------------------------------------------------------------------


def members(markers: MarkerCatalog, sets: Iterable[str], role: str = "positive") -> set[str]:
    """Genes of one or several sets; sets that the catalog lacks have none."""
    table = markers.table
    return set(table.loc[table["set"].isin(list(sets)) & (table["role"] == role), "gene"])


def catalog_proteins(markers: MarkerCatalog, n_background: int) -> pd.DataFrame:
    """Every gene of the catalog and invented background proteins, with kind, complex and species."""
    table = markers.table.sort_values(["gene", "complex"], ascending=[True, False], kind="stable")
    genes = table.loc[~table["listed_only"], ["gene", "accession", "complex"]].drop_duplicates("gene")
    kind = pd.Series("other", index=genes["gene"])
    for name, row in reversed(KINDS.items()):
        kind[kind.index.isin(members(markers, row.sets))] = name
    invented = [f"BG{i + 1:04d}" for i in range(n_background)]
    background = pd.DataFrame({"gene": invented, "accession": invented, "complex": "", "kind": "background"})
    frame = pd.concat([genes.assign(kind=kind.to_numpy()), background], ignore_index=True)
    frame["species"] = np.where(frame["kind"] == "bovine", "bovine", markers.organism)
    return frame


def proteins_of(markers: MarkerCatalog, s: Settings, rng: np.random.Generator) -> pd.DataFrame:
    """Expressed proteins with kind, complex, log2 abundance in the comparator and share q."""
    frame = catalog_proteins(markers, s.n_background)
    levels = np.array([getattr(KINDS[k], s.comparator) for k in frame["kind"]])
    sets = [*s.sources, *(s.sets_raised if s.all_markers else ())]
    needed = among(frame["gene"], members(markers, sets))
    expressed = needed | (rng.random(len(frame)) < levels[:, 0])
    frame["log2_q"] = levels[:, 1] + levels[:, 2] * rng.standard_normal(len(frame))
    frame = named_by_accession(frame[expressed])
    return frame.assign(q=share_of(np.exp2(frame["log2_q"].to_numpy())))


def named_by_accession(frame: pd.DataFrame) -> pd.DataFrame:
    """Proteins under their accession, or under their gene where an accession came before."""
    names = pd.Index(np.where(frame["accession"].duplicated(), frame["gene"], frame["accession"]))
    return frame.set_axis(names, axis=0)


def share_of(x: Array) -> Array:
    """Divide by the sum over proteins."""
    return np.asarray(x / x.sum(axis=-1, keepdims=True), dtype=float)


def _followers(markers: MarkerCatalog, classes: Iterable[str]) -> set[str]:
    """Genes that rise in the vesicle: the class's markers and the general EV sets, less markers of other classes only."""
    rules = load_criteria().classes
    of_classes = members(markers, [name for c in classes for name in rules[c].sets])
    others = members(markers, [name for c in SIZE_CLASSES if c not in classes for name in rules[c].sets])
    return of_classes | members(markers, ["pan_ev"]) | (members(markers, LAYER) - others)


def add_shifts(
    proteins: pd.DataFrame, markers: MarkerCatalog, s: Settings, rng: np.random.Generator
) -> frozenset[str]:
    """Add log2 v / q (-inf where the vesicle lacks the protein); return the discordant markers."""
    mean, sd = np.array([KINDS[k].shift for k in proteins["kind"]]).T
    draw = rng.standard_normal(len(proteins))
    chance = rng.random(len(proteins))
    if not s.classes:
        proteins["shift"] = draw
        return frozenset()
    gene = proteins["gene"]
    negative = among(gene, members(markers, s.sets_raised, "negative"))
    mean, sd = np.where(negative, _NEGATIVE_SHIFT[0], mean), np.where(negative, _NEGATIVE_SHIFT[1], sd)
    absent = (proteins["kind"] == "organelle").to_numpy(copy=True)
    if "apoptotic_body" in s.classes:
        absent[:] = False
    if s.comparator == "biofluid":
        absent |= among(gene, members(markers, ["plasma_soluble"]))
    of_class = among(gene, _followers(markers, s.classes_raised))
    discordant = of_class & (chance < s.discordant_fraction)
    concordant = of_class & ~discordant
    mean, sd = np.where(concordant, s.effect, mean), np.where(concordant, s.effect_sd, sd)
    absent &= ~concordant & (chance >= s.resident_fraction)
    proteins["shift"] = np.where(absent, -np.inf, mean + sd * draw)
    return frozenset(gene[discordant])


def source_composition(
    proteins: pd.DataFrame, name: str, markers: MarkerCatalog, rng: np.random.Generator
) -> Array:
    """Composition of a pure source: log-normal over its proteins."""
    inside = among(proteins["gene"], members(markers, [name]))
    return share_of(np.where(inside, np.exp2(1.5 * rng.standard_normal(len(proteins))), 0.0))


def _mix(q: Array, v: Array, kappa: Array | float, sources: Mapping[str, Array], s: Settings) -> Array:
    """Composition of the preparation from comparator, vesicle and sources."""
    admixed = sum((share * sources[name] for name, share in s.sources.items()), np.zeros(q.shape[-1]))
    return (1 - sum(s.sources.values())) * ((1 - kappa) * v + kappa * q) + admixed


def truth_of(
    proteins: pd.DataFrame,
    log2_fc: pd.Series,
    discordant: frozenset[str],
    markers: MarkerCatalog,
    s: Settings,
) -> Truth:
    """Truth on the measured proteins."""
    rules = load_criteria()
    invented = (proteins["kind"] == "background").to_numpy()
    centered = log2_fc - (log2_fc[invented] if invented.any() else log2_fc).median()
    level = _mean(log2_fc[~among(proteins["gene"], rules.not_background(markers.table))])
    raised = {}
    for name in rules.sources:
        of_source = log2_fc[among(proteins["gene"], members(markers, [name]))]
        raised[name] = bool(len(of_source) and of_source.mean() - level >= RAISED)
    classes = {c: c in s.classes_raised or (c == "ev" and bool(s.classes)) for c in rules.classes}
    contamination_fraction = s.contamination_fraction if s.classes else 1.0
    return Truth(
        classes,
        raised,
        contamination_fraction,
        discordant & frozenset(proteins["gene"]),
        centered.rename("log2_fc"),
    )


def _mean(x: pd.Series) -> float:
    """Mean of what is there, the level of the background in the assessment."""
    finite = x[np.isfinite(x)]
    return float(finite.mean()) if len(finite) else 0.0


def noise_free(proteins: pd.DataFrame, sources: Mapping[str, Array], s: Settings) -> pd.Series:
    """Log2 ratio of preparation to comparator without donors and noise; -inf where nothing is left."""
    q = proteins["q"].to_numpy()
    v = share_of(q * np.exp2(proteins["shift"].to_numpy()))
    kappa = s.contamination_fraction if s.classes else 0.0
    with np.errstate(divide="ignore"):
        return pd.Series(np.log2(_mix(q, v, kappa, sources, s) / q), index=proteins.index)


# ---- samples -------------------------------------------------------------------


def samples_of(s: Settings) -> pd.DataFrame:
    """Sample sheet: group, donor and batch of every sample."""
    other = {"lysate": "lysate", "biofluid": "plasma"}[s.comparator]
    number = [*range(s.n), *range(s.n)] if s.paired else [*range(2 * s.n)]
    frame = pd.DataFrame(
        {
            "fraction": ["EV"] * s.n + [other] * s.n,
            "donor": [f"D{i + 1}" for i in number],
            "batch": [f"B{i % 2 + 1}" for i in [*range(s.n), *range(s.n)]],
        }
    )
    frame.index = pd.Index(frame["fraction"] + "_" + frame["donor"], name="sample")
    return frame


def linear_signal(
    proteins: pd.DataFrame,
    samples: pd.DataFrame,
    sources: Mapping[str, Array],
    s: Settings,
    rng: np.random.Generator,
) -> Array:
    """Signal of every protein in every sample, before anything is missing."""
    p, n = len(proteins), len(samples)
    donor, batch = (pd.factorize(samples[c])[0] for c in ("donor", "batch"))
    gene_sd_factor = np.exp2(GENE_SD_SPREAD * rng.standard_normal(p))
    biology = s.donor_sd * gene_sd_factor * rng.standard_normal((donor.max() + 1, p))[donor]
    biology += s.batch_sd * rng.standard_normal((batch.max() + 1, p))[batch]
    q = share_of(proteins["q"].to_numpy() * np.exp2(biology))
    v = share_of(q * np.exp2(proteins["shift"].to_numpy()))
    spread = 0.2
    kappa = (
        s.contamination_fraction * np.exp(spread * rng.standard_normal((n, 1)) - spread**2 / 2)
        if s.classes
        else 0.0
    )
    case = (samples["fraction"] == "EV").to_numpy()[:, None]
    composition = np.where(case, _mix(q, v, np.minimum(kappa, 1.0), sources, s), q)
    return with_noise(composition, proteins, s.noise, gene_sd_factor, rng)


def with_noise(
    composition: Array, proteins: pd.DataFrame, noise: float, factor: Array, rng: np.random.Generator
) -> Array:
    """Signal of compositions: noise of every value, noise that complexes and kinds share, and a depth by sample.

    Parameters
    ----------
    composition
        Shares, shape (n_samples, p).
    proteins
        With `complex` and `kind`.
    noise
        Spread of a value, and of what the proteins of a complex and of a kind share, log2.
    factor
        By which the spread of each protein differs, shape (p,).
    rng
        Random numbers.
    """
    n, p = composition.shape
    shared = shared_noise(proteins["complex"], ("",), n, rng) + shared_noise(
        proteins["kind"], _INDEPENDENT_KINDS, n, rng
    )
    depth = 0.3 * rng.standard_normal((n, 1))
    log2_noise = noise * (factor * rng.standard_normal((n, p)) + shared) + depth
    floor = np.finfo(float).tiny  # of a protein that a vesicle without any contamination fraction lacks
    return np.asarray(np.maximum(composition, floor) * np.exp2(_LOG2_TOTAL + log2_noise), dtype=float)


def shared_noise(group: pd.Series, apart: tuple[str, ...], n: int, rng: np.random.Generator) -> Array:
    """Draw standard normal noise that the proteins of a group share in a sample; none for the groups `apart`."""
    code, names = pd.factorize(group)
    noise = rng.standard_normal((n, len(names)))
    noise[:, np.isin(names, apart)] = 0.0
    return np.asarray(noise[:, code], dtype=float)


def draw_measured(log2: Array, missing: float, rng: np.random.Generator) -> npt.NDArray[np.bool_]:
    """Draw what is measured: logistic in log2 abundance, its middle found by bisection."""
    threshold = log2 - 1.4 * np.log(1 / np.clip(rng.random(log2.shape), 1e-12, 1 - 1e-12) - 1)
    real = log2 > 0
    if missing == 0:
        return np.asarray(real)
    low, high = float(threshold.min()), float(threshold.max())
    for _ in range(60):
        middle = (low + high) / 2
        measured = real & (threshold > middle)
        share = 1 - measured[:, measured.any(axis=0)].mean()
        low, high = (middle, high) if share < missing else (low, middle)
    return real & (threshold > low)
