"""Set tests on a differential abundance."""

from __future__ import annotations

import warnings
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from markerkit.catalog.load import MarkerCatalog, Sets, as_sets
from markerkit.core.errors import InputError, MarkerkitWarning, listed, one_of, whole_number
from markerkit.core.wording import counted
from markerkit.effects.members import Located
from markerkit.effects.model import MissingValueScheme, ProteinEffects
from markerkit.effects.scheme import effects_of, schemes_of
from markerkit.ids.representative import representatives
from markerkit.results import DifferentialAbundance, Enrichment
from markerkit.sets import gsea
from markerkit.sets.methods import METHODS, OPTIONS, Found, Members, Method, Options, Study
from markerkit.stats.fdr import bh
from markerkit.stats.set_statistics import set_statistics
from markerkit.tables.registry import TABLES
from markerkit.tables.spec import stack_columns

Array = npt.NDArray[np.float64]

HITS = ("up", "down", "both")
_FEW_PROTEINS = 500
_SAMPLES_GENES = ("gsea", "ora")
_WITHOUT_PADJ = ("gsea",)  # it finds a set in most comparisons without a difference


def enrich(
    da: DifferentialAbundance,
    markers: Sets,
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
        Catalog, set, mapping of set names to genes, or list of genes.
    method
        ``"camera"``: do the members change more than the other proteins
        (competitive, the correlation between them estimated)? ``"fry"``: do
        they change at all (self-contained)? ``"effect"``: do they rise over the
        background of the verdicts, for new samples and for the markers as a sample of
        possible ones (the effect that verdicts stand on, to the last digit)? ``"joint"``: what does
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
        One row per contrast and set, no set left out. The false discovery rate
        holds over the sets and contrasts of the call.

    Raises
    ------
    InputError
        An unknown method, an option of another method, a preset correlation
        outside -1 to 1, a differential abundance without its fit.

    Notes
    -----
    camera: :mod:`markerkit.stats.camera`. fry: :mod:`markerkit.stats.fry`; it tests a set by
    itself; its robust variances take the samples in their order, as those of limma do, so that in another order its p
    moves (by up to 0.12 in small studies). Where most proteins change it rejects nearly any set:
    ``params["random_sets"]`` gives the share of random sets of the median size
    that this contrast would reject at 5 %, and a share above 20 % warns. gsea
    (gseapy, multilevel) and ora sample genes at random, as if proteins were
    independent: under correlation their p-values are anti-conservative, so that they
    describe rather than test. In random splits of real groups gsea finds a set at a false
    discovery rate of 5 % nine times in ten: it gets no `padj`. ora counts against the genes
    measured in this study. effect and joint compare with the proteins in no set of the call;
    where sets leave fewer than 20 (criterion ``min_background``), effect compares each set with all
    other proteins and joint with all proteins, as ``params`` says.

    Options by method: `inter_protein_cor` and `use_ranks` for camera, `hits` and `alpha` for ora,
    `seed` for fry and gsea, `min_measured` for all; an option that the method does not have is
    refused.

    References
    ----------
    camera: Wu and Smyth 2012, doi:10.1093/nar/gks461. fry (ROAST): Wu et al. 2010,
    doi:10.1093/bioinformatics/btq401. gsea: Subramanian et al. 2005,
    doi:10.1073/pnas.0506580102; Korotkevich et al. 2021, doi:10.1101/060012.

    Examples
    --------
    >>> import markerkit as mk
    >>> exp = mk.simulate(n=3, n_background=200, seed=1).experiment
    >>> log = exp.pipe(mk.log2).pipe(mk.filter_detected, by="fraction").pipe(mk.normalize)
    >>> da = mk.differential_abundance(log, mk.Contrast("fraction", "EV", "lysate", paired_by="donor"))
    >>> found = mk.enrich(da, {"tetraspanins": ["CD63", "CD81", "CD9", "CD82", "CD151"]})
    >>> found.table.loc[0, ["n_measured", "direction"]].to_dict()
    {'n_measured': 4, 'direction': 'up'}
    """
    one_of("method", method, list(METHODS))
    one_of("hits", hits, HITS)
    whole_number("min_measured", min_measured, least=1)
    whole_number("seed", seed)
    options = Options(min_measured, inter_protein_cor, use_ranks, hits, alpha, seed)
    _refuse_foreign_options(method, options)
    _with_fit(da)
    if method in _SAMPLES_GENES:
        warnings.warn(
            f"{method} samples genes as if proteins were independent: where markers are correlated its p-values are "
            "anti-conservative; use camera for a conclusion",
            MarkerkitWarning,
            stacklevel=2,
        )
    catalog = as_sets(markers, measured=set(da.table["gene"].tolist()))
    members = _members(catalog)
    tables, params = [], dict[str, Any]()
    for name in da.contrasts:
        study = _study(da, name, catalog)
        _warn_if_small(len(study.statistics.t))
        table, extra = _test(study, members, METHODS[method], options)
        tables.append(table | {"contrast": np.full(len(members.names), name, dtype=object)})
        params |= {f"{k} ({name})": v for k, v in extra.items()}
    columns = stack_columns(tables)
    columns["padj"], columns["padj_mixed"] = bh(columns["pvalue"]), bh(columns["pvalue_mixed"])
    if method in _WITHOUT_PADJ:
        columns["padj"] = np.full(len(columns["padj"]), np.nan)
    columns["method"] = np.full(len(columns["padj"]), method, dtype=object)
    said = {"method": method, "family": "sets x contrasts"} | {
        k: getattr(options, k) for k in OPTIONS[method]
    }
    return Enrichment(TABLES["enrichment"].conform(columns), said | params)


def running_score(
    da: DifferentialAbundance,
    markers: Sets,
    *,
    contrast: str | None = None,
    min_measured: int = 3,
    seed: int = 0,
) -> pd.DataFrame:
    """Walk along the ranking of the genes with every set, as gsea does, for :func:`markerkit.figures.running_score`.

    Parameters
    ----------
    da
        Differential abundance; its genes are ranked by their moderated t.
    markers
        Catalog, set, mapping of set names to genes, or list of genes; positive members count.
    contrast
        Contrast to rank by; may be left out where there is one.
    min_measured
        Fewest measured members for a normalized score and a p.
    seed
        Of the random sets that give p.

    Returns
    -------
    pandas.DataFrame
        One row per set and gene: ``contrast``, ``set``, ``rank`` (1 is the highest t), ``gene``, ``score`` (moderated t),
        ``member``, ``running_score``, and on every row of a set its ``es``, ``nes`` and ``pvalue``. The p is of random
        sets of genes (:func:`enrich`, method gsea): correlated proteins make it too small.

    Raises
    ------
    InputError
        An unknown contrast, several and none named, a differential abundance without its fit, or one in
        which no protein was tested.

    References
    ----------
    Subramanian et al. 2005, doi:10.1073/pnas.0506580102.

    Examples
    --------
    >>> import markerkit as mk
    >>> exp = mk.load_example().pipe(mk.log2).pipe(mk.normalize)
    >>> da = mk.differential_abundance(exp, mk.Contrast("fraction", "EV", "lysate"))
    >>> table = mk.running_score(da, mk.load_markers()["exosome"])
    >>> float(table["running_score"].max()) > 0.3
    True
    """
    whole_number("min_measured", min_measured, least=1)
    whole_number("seed", seed)
    names = list(da.contrasts)
    if contrast is None and len(names) > 1:
        raise InputError(f"there are {len(names)} contrasts: {listed(names)}; name one with `contrast`.")
    chosen = names[0] if contrast is None else contrast
    one_of("contrast", chosen, names)
    catalog = as_sets(markers, measured=set(da.table["gene"]))
    study = _study(_with_fit(da), chosen, catalog)
    score = pd.Series(study.statistics.t[study.position], index=list(study.place))
    if score.isna().all():
        raise InputError(
            f"no protein was tested in {chosen!r}, so there is no ranking; the column `reason` of the table says why."
        )
    sets = {name: [g for g in catalog[name].positive if g in score.index] for name in catalog}
    many = {name: genes for name, genes in sets.items() if len(genes) >= min_measured}
    ranked = gsea.prerank(score, many, weight=1.0, seed=seed)
    said = {name: (ranked.es[i], ranked.nes[i], ranked.pvalue[i]) for i, name in enumerate(many)}
    ranking, running = gsea.walks(score, sets, weight=1.0)
    columns: dict[str, Any] = {
        "contrast": chosen,
        "set": np.repeat(np.array(list(sets), dtype=object), len(ranking)),
        "rank": np.tile(np.arange(1, len(ranking) + 1), len(sets)),
        "gene": np.tile(ranking.index.to_numpy(dtype=object), len(sets)),
        "score": np.tile(score[ranking.index].to_numpy(), len(sets)),
        "member": np.concatenate([ranking.index.isin(genes) for genes in sets.values()]),
        "running_score": np.concatenate(list(running.values())),
    }
    table = pd.DataFrame(columns)
    for at, column in enumerate(("es", "nes", "pvalue")):
        table[column] = table["set"].map({name: values[at] for name, values in said.items()}).astype(float)
    return table


def _with_fit(da: DifferentialAbundance) -> DifferentialAbundance:
    if da.fit is None or da.moderated is None:
        raise InputError(
            "this differential abundance was read without its fit; run differential_abundance again."
        )
    return da


def _refuse_foreign_options(method: str, options: Options) -> None:
    given = {
        "inter_protein_cor": options.inter_protein_cor is not None,
        "use_ranks": options.use_ranks,
        "hits": options.hits != "both",
        "alpha": options.alpha != 0.05,
    }
    foreign = [k for k, v in given.items() if v and k not in OPTIONS[method]]
    if foreign:
        owner = next(m for m, own in OPTIONS.items() if foreign[0] in own)
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


def _members(markers: MarkerCatalog) -> Members:
    """Gather the positive members; a catalog holds a gene once per set."""
    which, gene, weight, marker = markers.positive_members
    return Members(list(markers), which, gene, weight, marker, np.full(len(gene), -1))


def _study(da: DifferentialAbundance, name: str, markers: MarkerCatalog) -> Study:
    if da.fit is None or da.moderated is None:  # pragma: no cover - enrich has looked
        raise AssertionError
    vector = np.asarray(da.contrasts[name], dtype=float)
    statistics, usable = set_statistics(da.fit, da.moderated, vector)
    rows = usable
    if len(da.contrasts) > 1:
        rows = np.zeros(len(da.table), dtype=bool)
        rows[(da.table["contrast"] == name).to_numpy()] = usable

    def effects() -> ProteinEffects:
        return effects_of(da, name).only(usable)

    def scheme() -> tuple[MissingValueScheme, dict[str, Located]]:
        return schemes_of(da, name, markers)

    effect, padj, gene, names = (da.table[k].to_numpy()[rows] for k in ("log2_fc", "padj", "gene", "protein"))
    target = ~da.proteins["is_decoy"].to_numpy(dtype=bool)[usable]
    place = representatives(
        gene, names=names, n_measured=da.fit.n_obs[usable], abundance=da.fit.mean[usable], eligible=target
    )
    return Study(statistics, effect, padj, place, effects, scheme)


def _test(
    study: Study, members: Members, method: Method, options: Options
) -> tuple[dict[str, npt.NDArray[Any]], dict[str, Any]]:
    measured = members.measured(study.place)
    n_measured, ends = measured.sizes, np.cumsum(measured.sizes)
    few = n_measured < options.min_measured
    testable = {
        members.names[i]: measured.protein[ends[i] - n_measured[i] : ends[i]] for i in np.flatnonzero(~few)
    }
    found = method(study, testable, measured, options) if testable else Found({})
    columns = {"statistic": np.nan, "pvalue": np.nan, "pvalue_mixed": np.nan} | found.columns
    enough = measured.only(~few[measured.which]) if few.any() else measured
    columns = _described(study, enough, ~few, columns["statistic"]) | columns
    table = {k: _spread(v, ~few) for k, v in columns.items()}
    table |= {
        "set": np.array(members.names, dtype=object),
        "n_set": members.sizes,
        "n_measured": n_measured,
        "reason": np.array([found.reason.get(k, "") for k in members.names], dtype=object),
        "status": np.where(np.isnan(table["pvalue"]), "not tested", "tested").astype(object),
    }
    table["reason"][few] = [
        f"{counted(n, 'member')} measured, {options.min_measured} needed" for n in n_measured[few]
    ]
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
    study: Study, members: Members, tested: npt.NDArray[np.bool_], statistic: Any
) -> dict[str, Any]:
    """Direction, size and leading edge of the tested sets, by the sign of their statistic.

    The leading edge holds the members beyond the median of all proteins in the
    set's direction, strongest first.
    """
    sign = np.zeros(len(tested))
    sign[tested] = np.sign(statistic)
    total, p, size = study.effect.sum(), len(study.effect), members.sizes
    own = np.bincount(members.which, study.effect[members.protein], minlength=len(size))
    with np.errstate(invalid="ignore", divide="ignore"):
        shift = np.where(size < p, own / size - (total - own) / (p - size), np.nan)
    t = study.statistics.t
    strength, middle = sign[members.which] * t[members.protein], sign * (np.median(t) if p else np.nan)
    driving = np.flatnonzero(strength > middle[members.which])
    which = members.which[driving]
    # one number for each member, its set before its place in the ranking, is sorted several times faster than two columns
    inside = np.zeros(p, dtype=bool)
    inside[members.protein[driving]] = True
    places = np.zeros((2, p), dtype=np.intp)
    at = np.flatnonzero(inside)
    for end, score in zip(places, (-t, t), strict=True):
        end[at[np.argsort(score[at], kind="stable")]] = np.arange(len(at))
    order = np.argsort(which * p + places[(sign[which] < 0).astype(int), members.protein[driving]])
    genes, ends = members.gene[driving[order]].tolist(), np.cumsum(np.bincount(which, minlength=len(size)))
    edges = [";".join(genes[a:b]) for a, b in pairwise([0, *ends.tolist()])]
    direction = np.select([sign > 0, sign < 0], ["up", "down"], "")
    described = {"direction": direction, "log2_fc": shift, "leading_edge": np.array(edges, dtype=object)}
    return {k: v[tested] for k, v in described.items()}
