"""Set tests on a differential abundance."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise, repeat
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from markerkit import _gsea
from markerkit._checks import InputError, MarkerkitWarning, one_of
from markerkit.markers import MarkerCatalog
from markerkit.results import TABLES, DifferentialAbundance, Enrichment, stack_columns
from markerkit.stats import set_tests
from markerkit.stats.ebayes import two_sided
from markerkit.stats.fdr import bh
from markerkit.stats.joint import joint_effects
from markerkit.stats.linear import LinearFit
from markerkit.stats.set_effect import Background, SetEffect, Votes, background, set_effect
from markerkit.stats.set_tests import SetStatistics

Array = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.intp]
Positions = dict[str, IntArray]

HITS = ("up", "down", "both")
_FEW_PROTEINS = 500
_SAMPLES_GENES = ("gsea", "ora")
_RANDOM_SETS = 200
_FEWEST_OUTSIDE = 20
_NO_BACKGROUND = f"fewer than {_FEWEST_OUTSIDE} proteins outside the sets: no background"
# share of random sets rejected at 5 %: well beyond its spread between studies without effects
_TOO_OFTEN = 0.2


@dataclass(frozen=True)
class _Options:
    min_measured: int
    inter_protein_cor: float | None
    use_ranks: bool
    hits: str
    alpha: float
    seed: int


@dataclass(frozen=True)
class _Study:
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
    fit
        Effect, influence and variance for the joint test, residual df.
    """

    statistics: SetStatistics
    effect: Array
    padj: Array
    place: dict[str, int]
    fit: Callable[[], tuple[Array, Array, Array, Array]]

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
class _Members:
    """Positive members, an entry a set and gene.

    Parameters
    ----------
    names
        Of the sets.
    which
        Place of the member's set among the names.
    gene, weight
        Of the member.
    vote
        Its complex, or the gene itself.
    protein
        Place of the protein group that stands for it in a study, -1 where none does.
    """

    names: list[str]
    which: IntArray
    gene: npt.NDArray[np.object_]
    weight: Array
    vote: npt.NDArray[np.object_]
    protein: IntArray

    def only(self, rows: npt.NDArray[Any]) -> _Members:
        """Keep some of the entries, given by a mask or their places."""
        columns = (self.which, self.gene, self.weight, self.vote, self.protein)
        return _Members(self.names, *(values[rows] for values in columns))

    def measured(self, place: Mapping[str, int]) -> _Members:
        """Keep those that a study measured, set by set in the order of their places."""
        protein = np.array(list(map(place.get, self.gene.tolist(), repeat(-1))), dtype=np.intp)
        order = np.lexsort((protein, self.which))
        return replace(self, protein=protein).only(order[protein[order] >= 0])

    @property
    def sizes(self) -> IntArray:
        """Entries of each set."""
        return np.bincount(self.which, minlength=len(self.names))


@dataclass(frozen=True)
class _Found:
    """Columns of the table by set, and why a set has no p."""

    columns: dict[str, Any]
    reason: dict[str, str] = field(default_factory=dict)
    params: dict[str, Any] = field(default_factory=dict)


Method = Callable[[_Study, Positions, _Members, _Options], _Found]


def enrich(
    da: DifferentialAbundance,
    markers: MarkerCatalog | Mapping[str, Iterable[str]],
    *,
    method: str = "camera",
    min_measured: int = 3,
    inter_protein_cor: float | None = None,
    use_ranks: bool = False,
    hits: str = "both",
    alpha: float = 0.05,
    seed: int = 0,
) -> Enrichment:
    """Test the positive members of every set.

    Parameters
    ----------
    da
        Differential abundance; its contrasts are tested.
    markers
        Catalogue, or a mapping of set names to genes.
    method
        ``"camera"``: do the members change more than the other proteins
        (competitive, the correlation between them estimated)? ``"fry"``: do
        they change at all (self-contained)? ``"effect"``: do they rise over the
        proteins in no set, for new samples and for the markers as a sample of
        possible ones (the effect that verdicts stand on)? ``"joint"``: what does
        each set add to the markers that it shares with others? ``"gsea"``: do they gather at
        an end of the ranking? ``"ora"``: are there more hits among them than
        among the measured genes?
    min_measured
        Fewest members that must be testable.
    inter_protein_cor
        Preset correlation for camera in place of the estimate.
    use_ranks
        Let camera compare ranks.
    hits, alpha
        For ora: proteins at a false discovery rate of `alpha` that go
        ``"up"``, ``"down"`` or ``"both"`` ways.
    seed
        Of the sampling of gsea and of the random sets of fry.

    Returns
    -------
    Enrichment
        A row a contrast and set, no set left out. The false discovery rate
        holds over the sets and contrasts of the call.

    Raises
    ------
    InputError
        An unknown method, an option of another method, a preset correlation
        outside -1 to 1, a differential abundance without its fit.

    Notes
    -----
    camera and fry: see :mod:`markerkit.stats.set_tests`. fry asks of a set
    alone, and where effects are heterogeneous it rejects nearly any set:
    ``params["random_sets"]`` gives the share of random sets of the median size
    that this contrast would reject at 5 %, and a share above 20 % warns. gsea
    (gseapy, multilevel) and ora draw genes at random, as if proteins were
    independent: under correlation their p are too small, so that they are
    pictures rather than tests. ora counts against the genes measured in this
    study.
    """
    one_of("method", method, list(METHODS))
    one_of("hits", hits, HITS)
    options = _Options(min_measured, inter_protein_cor, use_ranks, hits, alpha, seed)
    _refuse_foreign_options(method, options)
    if da.fit is None or da.moderated is None:
        raise InputError(
            "this differential abundance was read without its fit; run differential_abundance again."
        )
    if method in _SAMPLES_GENES:
        warnings.warn(
            f"{method} draws genes as if proteins were independent: where markers rise and fall together its p are "
            "too small; take camera for a verdict",
            MarkerkitWarning,
            stacklevel=2,
        )
    members = _members(markers)
    tables, params = [], dict[str, Any]()
    for name in da.contrasts:
        study = _study(da, name)
        _warn_if_small(len(study.statistics.t))
        table, extra = _test(study, members, METHODS[method], options)
        tables.append(table | {"contrast": np.full(len(members.names), name, dtype=object)})
        params |= {f"{k} ({name})": v for k, v in extra.items()}
    columns = stack_columns(tables)
    columns["padj"], columns["padj_mixed"] = bh(columns["pvalue"]), bh(columns["pvalue_mixed"])
    columns["method"] = np.full(len(columns["padj"]), method, dtype=object)
    said = {"method": method, "family": "sets x contrasts"} | {
        k: getattr(options, k) for k in _OPTIONS[method]
    }
    return Enrichment(TABLES["enrichment"].conform(columns), said | params)


def _refuse_foreign_options(method: str, options: _Options) -> None:
    given = {
        "inter_protein_cor": options.inter_protein_cor is not None,
        "use_ranks": options.use_ranks,
        "hits": options.hits != "both",
        "alpha": options.alpha != 0.05,
    }
    foreign = [k for k, v in given.items() if v and k not in _OPTIONS[method]]
    if foreign:
        owner = next(m for m, own in _OPTIONS.items() if foreign[0] in own)
        raise InputError(f"`{foreign[0]}` is for method={owner!r}; got method={method!r}.")
    rho = options.inter_protein_cor
    if rho is not None and not -1 <= rho <= 1:
        raise InputError(f"`inter_protein_cor` lies between -1 and 1; got {rho!r}.")
    if not 0 < options.alpha < 1:
        raise InputError(f"`alpha` lies between 0 and 1; got {options.alpha!r}.")


def _warn_if_small(count: int) -> None:
    if count < _FEW_PROTEINS:
        warnings.warn(
            f"the background of the set tests holds {count} proteins: under {_FEW_PROTEINS} a competitive "
            "test compares sets with each other rather than with a proteome",
            MarkerkitWarning,
            stacklevel=3,
        )


def _members(markers: MarkerCatalog | Mapping[str, Iterable[str]]) -> _Members:
    """Gather the positive members, each gene of a set once."""
    if isinstance(markers, MarkerCatalog):
        table = markers.table
        table = table[(table["role"] == "positive") & (table["gene"] != "")].drop_duplicates(["set", "gene"])
        names = list(markers)
        which = pd.Index(names).get_indexer(pd.Index(table["set"]))
        gene, weight = table["gene"].to_numpy(object), table["weight"].to_numpy(float)
        vote = np.where(table["complex"] != "", table["complex"].to_numpy(object), gene)
    else:
        unique = {str(k): dict.fromkeys(map(str, genes)) for k, genes in markers.items()}
        names = list(unique)
        which = np.repeat(np.arange(len(names)), [len(genes) for genes in unique.values()])
        gene = np.array([g for genes in unique.values() for g in genes], dtype=object)
        vote, weight = gene, np.ones(len(gene))
    return _Members(names, which, gene, weight, vote, np.full(len(gene), -1))


def _study(da: DifferentialAbundance, name: str) -> _Study:
    if da.fit is None or da.moderated is None:  # pragma: no cover - enrich has looked
        raise AssertionError
    vector = np.asarray(da.contrasts[name], dtype=float)
    statistics, usable = set_tests.set_statistics(da.fit, da.moderated, vector)
    rows = usable
    if len(da.contrasts) > 1:
        rows = np.zeros(len(da.table), dtype=bool)
        rows[(da.table["contrast"] == name).to_numpy()] = usable
    model = da.fit

    def fit() -> tuple[Array, Array, Array, Array]:
        effect, influence, variance = model.influence(vector)
        return effect[usable], influence[:, usable], variance[usable], model.df_residual[usable]

    effect, padj, gene = (da.table[k].to_numpy()[rows] for k in ("log2_fc", "padj", "gene"))
    return _Study(statistics, effect, padj, _representatives(gene, model, usable), fit)


def _representatives(
    gene: npt.NDArray[np.object_], model: LinearFit, usable: npt.NDArray[np.bool_]
) -> dict[str, int]:
    """Each gene with the place of the best measured of its protein groups."""
    place = dict(zip(gene.tolist(), range(len(gene)), strict=True))
    if len(place) < len(gene):
        codes, genes = pd.factorize(gene)
        order = np.lexsort((-model.mean[usable], -model.n_obs[usable], codes))
        first = np.r_[True, np.diff(codes[order]) > 0]
        place = dict(zip(genes.tolist(), order[first].tolist(), strict=True))
    place.pop("", None)
    return place


def _test(
    study: _Study, members: _Members, method: Method, options: _Options
) -> tuple[dict[str, npt.NDArray[Any]], dict[str, Any]]:
    measured = members.measured(study.place)
    n_measured, ends = measured.sizes, np.cumsum(measured.sizes)
    few = n_measured < options.min_measured
    testable = {
        members.names[i]: measured.protein[ends[i] - n_measured[i] : ends[i]] for i in np.flatnonzero(~few)
    }
    found = method(study, testable, measured, options) if testable else _Found({})
    columns = {"statistic": np.nan, "pvalue": np.nan, "pvalue_mixed": np.nan} | found.columns
    columns = _described(study, measured.only(~few[measured.which]), ~few, columns["statistic"]) | columns
    table = {k: _spread(v, ~few) for k, v in columns.items()}
    need = f"of at least {options.min_measured} members measured with an error"
    table |= {
        "set": np.array(members.names, dtype=object),
        "n_set": members.sizes,
        "n_measured": n_measured,
        "reason": np.array([found.reason.get(k, "") for k in members.names], dtype=object),
        "status": np.where(np.isnan(table["pvalue"]), "not tested", "tested").astype(object),
    }
    table["reason"][few] = [f"{n} {need}" for n in n_measured[few]]
    table["status"][few] = "too few measured"
    return table, found.params


def _spread(values: Any, where: npt.NDArray[np.bool_]) -> npt.NDArray[Any]:
    """Values of the tested sets among all sets; missing, or empty text, elsewhere."""
    given = np.asarray(values)
    text = given.dtype.kind in "OU"
    out = np.full(len(where), "" if text else np.nan, dtype=object if text else float)
    out[where] = given
    return out


def _described(
    study: _Study, members: _Members, tested: npt.NDArray[np.bool_], statistic: Any
) -> dict[str, Any]:
    """Direction, size and leading edge of the tested sets, by the sign of their statistic.

    The leading edge holds the members beyond the median of all proteins in the
    set's direction, strongest first.
    """
    sign = np.zeros(len(tested))
    sign[tested] = np.sign(statistic)
    total, p, size = study.effect.sum(), len(study.effect), members.sizes
    inside = np.bincount(members.which, study.effect[members.protein], minlength=len(size))
    with np.errstate(invalid="ignore", divide="ignore"):
        shift = inside / size - (total - inside) / (p - size)
    t = study.statistics.t
    strength, middle = sign[members.which] * t[members.protein], sign * np.median(t)
    driving = np.flatnonzero(strength > middle[members.which])
    which = members.which[driving]
    order = np.lexsort((-strength[driving], which))
    genes, ends = members.gene[driving[order]].tolist(), np.cumsum(np.bincount(which, minlength=len(size)))
    edges = [";".join(genes[a:b]) for a, b in pairwise([0, *ends.tolist()])]
    direction = np.select([sign > 0, sign < 0], ["up", "down"], "")
    described = {"direction": direction, "log2_fc": shift, "leading_edge": np.array(edges, dtype=object)}
    return {k: v[tested] for k, v in described.items()}


def _camera(study: _Study, sets: Positions, _members: _Members, options: _Options) -> _Found:
    found = set_tests.camera(
        study.statistics,
        list(sets.values()),
        correlation=options.inter_protein_cor,
        use_ranks=options.use_ranks,
    )
    return _Found(
        {
            "statistic": found.statistic,
            "df": found.df,
            "pvalue": found.pvalue,
            "correlation": found.correlation,
        }
    )


def _fry(study: _Study, sets: Positions, _members: _Members, options: _Options) -> _Found:
    found = set_tests.fry(study.statistics, list(sets.values()))
    columns = {
        "statistic": found.statistic,
        "df": found.df,
        "pvalue": found.pvalue,
        "pvalue_mixed": found.pvalue_mixed,
        "correlation": found.correlation,
    }
    size = int(np.median([len(v) for v in sets.values()]))
    random = _random_sets(len(study.statistics.t), size, options.seed)
    rejected = float((set_tests.fry(study.statistics, random, mixed=False).pvalue < 0.05).mean())
    if rejected > _TOO_OFTEN:
        warnings.warn(
            f"fry rejects {rejected:.0%} of random sets of {size} proteins in this contrast at 5 %: effects lie "
            "everywhere, so that its p say only that the members change; take camera or joint for a verdict",
            MarkerkitWarning,
            stacklevel=4,
        )
    return _Found(columns, params={"random_sets": {"size": size, "rejected": rejected}})


def _random_sets(p: int, size: int, seed: int) -> list[IntArray]:
    """Draw sets without replacement; a shuffle of the proteins is cut into as many as it holds."""
    rng = np.random.default_rng(seed)
    size = min(size, p)
    cuts = [size * i for i in range(max(p // max(size, 1), 1))]
    shuffles = (rng.permutation(p) for _ in range(math.ceil(_RANDOM_SETS / len(cuts))))
    return [order[a : a + size] for order in shuffles for a in cuts][:_RANDOM_SETS]


@dataclass(frozen=True)
class _Ballot:
    """Votes of the sets of a call: one a gene, one a complex; effects, and membership weights votes x sets."""

    effect: Array
    influence: Array
    variance: Array
    df: Array
    weight: Array
    reference: Background


def _ballot(study: _Study, sets: Positions, members: _Members) -> _Ballot | None:
    """Gather the votes; nothing where no background is left outside the sets."""
    effect, influence, variance, df = study.fit()
    outside = np.ones(len(effect), dtype=bool)
    outside[members.protein] = False
    if outside.sum() < _FEWEST_OUTSIDE:
        return None
    reference = background(effect[outside], influence[:, outside])
    column = pd.Index(list(sets), dtype=object).get_indexer(pd.Index(members.names, dtype=object))
    rows = members.only((column[members.which] >= 0) & (members.weight > 0))
    votes, vote = np.unique(rows.vote.astype(str), return_inverse=True)
    pairs = np.unique(np.column_stack([vote, rows.protein]), axis=0)
    mean = np.zeros((len(effect), len(votes)))
    mean[pairs[:, 1], pairs[:, 0]] = 1.0
    mean /= mean.sum(axis=0)
    weight = np.zeros((len(votes), len(sets)))
    np.maximum.at(weight, (vote, column[rows.which]), rows.weight)
    return _Ballot(effect @ mean, influence @ mean, variance @ mean, df @ mean, weight, reference)


def _effect(study: _Study, sets: Positions, members: _Members, _options: _Options) -> _Found:
    """Effect of each set over the proteins in no set, with the errors of samples and of markers."""
    b = _ballot(study, sets, members)
    if b is None:
        return _Found({}, dict.fromkeys(sets, _NO_BACKGROUND))
    found: list[SetEffect | None] = []
    for w in b.weight.T:
        at = np.flatnonzero(w)
        votes = Votes(b.effect[at], b.influence[:, at], b.variance[at], b.df[at], w[at] / w[at].sum())
        found.append(set_effect(votes, b.reference) if len(at) else None)
    columns = {
        name: np.array([np.nan if e is None else getattr(e, attribute) for e in found])
        for name, attribute in (
            ("log2_fc", "theta"),
            ("se", "se"),
            ("ci_low", "low"),
            ("ci_high", "high"),
            ("df", "df"),
        )
    }
    columns["statistic"] = columns["log2_fc"] / columns["se"]
    columns["pvalue"] = two_sided(columns["statistic"], columns["df"])
    without = [k for k, e in zip(sets, found, strict=True) if e is None]
    return _Found(columns, dict.fromkeys(without, "no member has a weight"))


def _joint(study: _Study, sets: Positions, members: _Members, _options: _Options) -> _Found:
    b = _ballot(study, sets, members)
    if b is None:
        return _Found({}, dict.fromkeys(sets, _NO_BACKGROUND))
    found = joint_effects(b.effect, b.influence, b.variance, b.df, b.weight, b.reference)
    columns = {
        "log2_fc": found.coefficient,
        "se": found.se,
        "ci_low": found.low,
        "ci_high": found.high,
        "statistic": found.coefficient / found.se,
        "df": found.df,
        "pvalue": found.pvalue,
    }
    told = dict(zip(sets, found.aliased, strict=True))
    names = [k for k, v in told.items() if v]
    why = {k: f"aliased: its markers are a combination of {_others(names, k)}" for k in names}
    return _Found(columns, why)


def _others(names: list[str], own: str) -> str:
    return ", ".join(n for n in names if n != own) or "those of other sets, or too few votes are measured"


def _gsea_test(study: _Study, sets: Positions, _members: _Members, options: _Options) -> _Found:
    score = pd.Series(study.statistics.t[study.position], index=list(study.place))
    names = study.names
    found = _gsea.prerank(score, {k: list(names[v]) for k, v in sets.items()}, weight=1.0, seed=options.seed)
    columns = {"statistic": found.nes, "pvalue": found.pvalue, "leading_edge": found.edge}
    return _Found(columns, {k: r for k, r in zip(sets, found.reason, strict=True) if r})


def _ora(study: _Study, sets: Positions, _members: _Members, options: _Options) -> _Found:
    """Hypergeometric upper tail over the measured genes."""
    sign = {"up": [1.0], "down": [-1.0], "both": [1.0, -1.0]}[options.hits]
    hit = (study.padj <= options.alpha) & np.isin(np.sign(study.effect), sign)
    n, n_hits = len(study.position), int(hit[study.position].sum())
    inside, pvalue = set_tests.over_representation(hit, list(sets.values()), study.position)
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
    return _Found(columns, params={"hits": n_hits, "background": n})


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
_OPTIONS = {
    "camera": ("min_measured", "inter_protein_cor", "use_ranks"),
    "fry": ("min_measured", "seed"),
    "effect": ("min_measured",),
    "joint": ("min_measured",),
    "gsea": ("min_measured", "seed"),
    "ora": ("min_measured", "hits", "alpha"),
}
