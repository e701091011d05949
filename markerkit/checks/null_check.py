"""null_check: how often the tests of a study reject where nothing differs."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from markerkit.catalog.load import MarkerCatalog, Sets, as_sets
from markerkit.core.errors import InputError, MarkerkitWarning, one_of, shown, whole_number
from markerkit.core.experiment import Experiment
from markerkit.core.factors import as_factor
from markerkit.core.limits import NULL_DATA_SETS
from markerkit.da.differential import differential_abundance
from markerkit.results import NullCheck
from markerkit.sets.enrichment import enrich
from markerkit.stats.linear import LinearFit
from markerkit.stats.null import distinct_permutations, permuted, rotated
from markerkit.study.contrast import Contrast, as_design
from markerkit.study.formula import ContrastSpec, Design, build_design, triple_of
from markerkit.tables.registry import TABLES

Array = npt.NDArray[np.float64]

METHODS = ("rotate", "permute")
SET_TESTS = ("camera", "fry", "effect", "joint")
LEVELS = (0.05, 0.01)
TOO_OFTEN = 3  # standard errors above the level


def null_check(
    exp: Experiment,
    design: Contrast | str | pd.DataFrame,
    markers: Sets | None = None,
    *,
    contrast: ContrastSpec | None = None,
    n_resamples: int = 100,
    method: str = "rotate",
    tests: Sequence[str] = SET_TESTS,
    seed: int = 0,
) -> NullCheck:
    """Estimate how often the tests reject in this study where nothing differs.

    Parameters
    ----------
    exp
        Experiment on the log2 or ratio scale, as the tests would see it.
    design, contrast
        As in :func:`markerkit.differential_abundance`: a :class:`markerkit.Contrast`, or
        a formula with one contrast.
    markers
        Catalog, set, mapping of set names to genes, or list of genes; the
        shipped catalog of the experiment's organism by default.
    n_resamples
        Data sets without an effect.
    method
        ``"rotate"``: the residuals of the full model in a random direction,
        which any number of samples allows; ``"permute"``: the residuals of the
        samples exchanged within pairs and batches, their missing values with
        them; few samples give few permutations.
    tests
        Set tests to run beside the moderated t.
    seed
        Of the data sets.

    Returns
    -------
    NullCheck
        One row per test and level: the share of proteins or sets rejected, with
        its standard error over data sets. Between-protein correlation is that
        of the study, effects are none: a self-contained test (fry) may hold
        here and reject nearly any set where effects are heterogeneous.

    Raises
    ------
    InputError
        What :func:`markerkit.differential_abundance` refuses; fewer than two
        data sets; an unknown test or method; several contrasts at once;
        permutation of a contrast of coefficients, which names no groups.

    Examples
    --------
    >>> import markerkit as mk
    >>> exp = mk.simulate(n=3, n_background=200, seed=1).experiment
    >>> log = exp.pipe(mk.log2).pipe(mk.filter_detected, by="fraction").pipe(mk.normalize)
    >>> ev = mk.Contrast("fraction", "EV", "lysate")
    >>> found = mk.null_check(log, ev, mk.load_markers()["exosome"], n_resamples=3, tests=("camera",))
    >>> found.table[["test", "level"]].to_dict("list")
    {'test': ['moderated_t', 'moderated_t', 'camera', 'camera'], 'level': [0.05, 0.01, 0.05, 0.01]}
    """
    one_of("method", method, METHODS)
    for test in tests:
        one_of("tests", test, list(SET_TESTS))
    whole_number("n_resamples", n_resamples, least=2)
    if n_resamples > NULL_DATA_SETS:
        raise InputError(f"`n_resamples` is 2 to {NULL_DATA_SETS:,}; got {shown(n_resamples)}.")
    whole_number("seed", seed)
    if isinstance(design, Mapping):
        raise InputError(
            "marker sets stand where the contrast belongs; write null_check(exp, Contrast(...), markers)."
        )
    exp, formula, chosen = as_design(exp, design, contrast)
    sets = as_sets(markers, organism=exp.organism, measured=set(exp.proteins["gene"]))
    null = _null(exp, formula, chosen, method)
    rng = np.random.default_rng(seed)
    shares: dict[tuple[str, float], list[float]] = {}
    counts: dict[str, list[int]] = {}
    for _ in range(n_resamples):
        for test, p in _pvalues(exp, null, sets, tests, rng):
            counts.setdefault(test, []).append(len(p))
            for level in LEVELS:
                shares.setdefault((test, level), []).append(float((p < level).mean()) if len(p) else np.nan)
    table = _rates(shares, counts).assign(contrast=null.name, n_draws=n_resamples, how=method)
    table["n_distinct"] = pd.NA if null.n_distinct is None else null.n_distinct
    _warn_of_level(table)
    params = {"n_resamples": n_resamples, "method": method, "tests": list(tests), "seed": seed}
    return NullCheck(TABLES["null_check"].conform(table), params)


@dataclass(frozen=True)
class _Null:
    """The fitted model of a contrast, and what may be exchanged where its groups do not differ."""

    name: str
    matrix: pd.DataFrame
    fit: LinearFit
    vector: Array
    case: npt.NDArray[np.bool_] | None
    strata: npt.NDArray[np.intp]
    method: str

    @property
    def n_distinct(self) -> int | None:
        """Permutations of the groups that differ; unknown for a contrast of coefficients."""
        return None if self.case is None else distinct_permutations(self.case, self.strata)

    def draw(self, rng: np.random.Generator) -> Array:
        """Draw a data set without an effect."""
        if self.method == "rotate":
            return rotated(self.fit, self.vector, rng)
        return permuted(self.fit, self.strata, rng)


def _null(exp: Experiment, formula: str | pd.DataFrame, chosen: ContrastSpec, method: str) -> _Null:
    da = differential_abundance(exp, formula, contrast=chosen)
    if len(da.contrasts) != 1:
        raise InputError(f"null_check takes one contrast; got {len(da.contrasts)}.")
    if da.fit is None:  # pragma: no cover - differential_abundance always keeps its fit
        raise AssertionError
    ((name, vector),) = da.contrasts.items()
    if not (da.fit.df_residual > 0).any():
        raise InputError(
            f"{name!r} leaves no residual degrees of freedom, and so no residuals to make data sets of; give more samples."
        )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", MarkerkitWarning)  # the study itself has been warned about
        design = build_design(exp.samples, formula)
    triple = triple_of(chosen)
    if triple is None and method == "permute":
        raise InputError(
            "method='permute' exchanges samples between the groups of a contrast, and this one is of coefficients; give a "
            "Contrast or (factor, case, control), or method='rotate'."
        )
    case, strata = _groups(design, triple)
    return _Null(name, design.matrix, da.fit, np.asarray(vector, dtype=float), case, strata, method)


def _groups(
    design: Design, triple: tuple[str, str, str] | None
) -> tuple[npt.NDArray[np.bool_] | None, npt.NDArray[np.intp]]:
    """Case samples of the contrast, and what may be exchanged: samples that agree in every other factor."""
    samples = design.samples
    if triple is None:
        return None, np.zeros(len(samples), dtype=np.intp)
    factor, case, control = triple
    level = as_factor(samples[factor])
    others = [as_factor(samples[f]) for f in design.columns if f != factor]
    # samples of neither group are exchanged with no other
    group = ["" if name in {case, control} else str(i) for i, name in enumerate(level)]
    key = pd.Series(list(zip(group, *others, strict=True)), dtype=object)
    return (level == case).to_numpy(bool), np.asarray(pd.factorize(key)[0], dtype=np.intp)


def _pvalues(
    exp: Experiment, null: _Null, sets: MarkerCatalog, tests: Sequence[str], rng: np.random.Generator
) -> Iterator[tuple[str, Array]]:
    frame = pd.DataFrame(null.draw(rng), exp.samples.index, exp.proteins.index)
    drawn = exp.evolve("null_check", values=frame)
    contrast = dict(zip(null.matrix.columns, null.vector.tolist(), strict=True))
    da = differential_abundance(drawn, null.matrix, contrast=contrast)
    yield "moderated_t", da.table["pvalue"].dropna().to_numpy(float)
    with warnings.catch_warnings():
        # the study itself has been warned about a small background
        warnings.simplefilter("ignore", MarkerkitWarning)
        for test in tests:
            yield test, enrich(da, sets, method=test).table["pvalue"].dropna().to_numpy(float)


def _warn_of_level(table: pd.DataFrame) -> None:
    bad = sorted(set(table.loc[table["status"] == "rejects too often", "test"]))
    if bad:
        warnings.warn(
            f"where nothing differs {', '.join(bad)} reject more often than they should in this study; see null_check",
            MarkerkitWarning,
            stacklevel=3,
        )


def _status(rate: float, se: float, level: float) -> str:
    """Read a rejection rate; few draws show gross failures only, and then `holds` would say too much."""
    if rate - TOO_OFTEN * se > level:
        return "rejects too often"
    return "holds" if rate + 2 * se <= 2 * level else "too few draws"


def _rates(shares: Mapping[tuple[str, float], list[float]], counts: Mapping[str, list[int]]) -> pd.DataFrame:
    rows = []
    for (test, level), found in shares.items():
        finite = np.array(found)[~np.isnan(found)]
        rate, se = np.nan, np.nan
        status, reason = "not tested", "no set could be tested"
        if len(finite) > 1:
            rate, se = finite.mean(), finite.std(ddof=1) / np.sqrt(len(finite))
            status, reason = _status(float(rate), float(se), level), ""
        rows.append(
            {
                "test": test,
                "level": level,
                "rate": rate,
                "se": se,
                "n_tests": np.mean(counts[test]),
                "status": status,
                "reason": reason,
            }
        )
    return pd.DataFrame(rows)
