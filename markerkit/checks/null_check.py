"""null_check and detectable_effect: what the tests do under the design at hand."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.optimize import brentq
from scipy.special import nctdtr, stdtrit

from markerkit.catalog.load import MarkerCatalog
from markerkit.core.errors import InputError, MarkerkitWarning, one_of
from markerkit.core.experiment import Experiment
from markerkit.da.differential import differential_abundance
from markerkit.results import DetectableEffect, DifferentialAbundance, NullCheck
from markerkit.sets.enrichment import enrich
from markerkit.stats.null import distinct_permutations, permuted, rotated
from markerkit.study.formula import Design, build_design
from markerkit.tables.registry import DETECTABLE, TABLES

Array = npt.NDArray[np.float64]

HOW = ("rotate", "permute")
SET_TESTS = ("camera", "fry", "effect", "joint")
LEVELS = (0.05, 0.01)
TOO_OFTEN = 3  # standard errors above the level


def null_check(
    exp: Experiment,
    markers: MarkerCatalog | Mapping[str, Iterable[str]],
    design: str | pd.DataFrame,
    *,
    contrast: Any,
    draws: int = 100,
    how: str = "rotate",
    tests: Sequence[str] = SET_TESTS,
    seed: int = 0,
) -> NullCheck:
    """Ask how often the tests reject in this study where nothing differs.

    Parameters
    ----------
    exp
        Experiment on the log2 or ratio scale, as the tests would see it.
    markers
        Catalogue, or a mapping of set names to genes.
    design, contrast
        As in :func:`markerkit.differential_abundance`; one contrast.
    draws
        Data sets without an effect.
    how
        ``"rotate"``: the residuals of the full model in a random direction,
        which any number of samples allows; ``"permute"``: the residuals of the
        samples exchanged within pairs and batches, their missing values with
        them; few samples give few permutations.
    tests
        Set tests to run beside the moderated t.
    seed
        Of the draws.

    Returns
    -------
    NullCheck
        A row a test and level: the share of proteins or sets rejected, with its
        standard error over draws. Between-protein correlation is that of the
        study, effects are none: a test that asks of a set alone (fry) may hold
        here and reject nearly any set where effects are heterogeneous.

    Raises
    ------
    InputError
        What :func:`markerkit.differential_abundance` refuses; no draws; an
        unknown test or way of drawing; several contrasts at once.
    """
    one_of("how", how, HOW)
    for test in tests:
        one_of("tests", test, list(SET_TESTS))
    if draws < 2:
        raise InputError(f"`draws` is 2 or more; got {draws!r}.")
    da = differential_abundance(exp, design, contrast=contrast)
    if len(da.contrasts) != 1:
        raise InputError(f"null_check takes one contrast; got {len(da.contrasts)}.")
    ((name, vector),) = da.contrasts.items()
    case, strata = _groups(build_design(exp.samples, design), contrast)
    rng = np.random.default_rng(seed)
    shares: dict[tuple[str, float], list[float]] = {}
    counts: dict[str, list[int]] = {}
    for values in _drawn(da, np.asarray(vector, dtype=float), strata, how, draws, rng):
        for test, p in _pvalues(exp, values, markers, design, contrast, tests):
            counts.setdefault(test, []).append(len(p))
            for level in LEVELS:
                shares.setdefault((test, level), []).append(float((p < level).mean()) if len(p) else np.nan)
    table = _rates(shares, counts).assign(contrast=name, n_draws=draws, how=how)
    table["n_distinct"] = pd.NA if case is None else distinct_permutations(case, strata)
    bad = sorted(set(table.loc[table["status"] == "rejects too often", "test"]))
    if bad:
        warnings.warn(
            f"where nothing differs {', '.join(bad)} reject more often than they should in this study; see null_check",
            MarkerkitWarning,
            stacklevel=2,
        )
    params = {"draws": draws, "how": how, "tests": list(tests), "seed": seed}
    return NullCheck(TABLES["null_check"].conform(table), params)


def _groups(design: Design, contrast: Any) -> tuple[npt.NDArray[np.bool_] | None, npt.NDArray[np.intp]]:
    """Case samples of the contrast, and what may be exchanged: samples that agree in every other factor."""
    samples = design.samples
    if not (isinstance(contrast, tuple) and len(contrast) == 3):
        return None, np.zeros(len(samples), dtype=np.intp)
    factor, case, control = contrast
    level = samples[factor].astype(str)
    others = [f for f in design.factors if f != factor]
    named = [samples[f].astype(str) for f in others]
    # samples of neither arm are exchanged with no other
    own = ["" if arm in {str(case), str(control)} else str(i) for i, arm in enumerate(level)]
    key = pd.Series(list(zip(own, *named, strict=True)), dtype=object)
    strata = np.asarray(pd.factorize(key)[0], dtype=np.intp)
    return (level == str(case)).to_numpy(), strata


def _drawn(
    da: DifferentialAbundance,
    vector: Array,
    strata: npt.NDArray[np.intp],
    how: str,
    draws: int,
    rng: np.random.Generator,
) -> Iterator[Array]:
    fit = da.fit
    if fit is None:  # pragma: no cover - differential_abundance always keeps its fit
        raise AssertionError
    for _ in range(draws):
        yield rotated(fit, vector, rng) if how == "rotate" else permuted(fit, strata, rng)


def _pvalues(
    exp: Experiment,
    values: Array,
    markers: MarkerCatalog | Mapping[str, Iterable[str]],
    design: str | pd.DataFrame,
    contrast: Any,
    tests: Sequence[str],
) -> Iterator[tuple[str, Array]]:
    frame = pd.DataFrame(values, exp.samples.index, exp.proteins.index)
    drawn = exp.evolve("null_check", values=frame)
    da = differential_abundance(drawn, design, contrast=contrast)
    yield "moderated_t", da.table["pvalue"].dropna().to_numpy(float)
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", MarkerkitWarning
        )  # a small background has been said of the study itself
        for test in tests:
            yield test, enrich(da, markers, method=test).table["pvalue"].dropna().to_numpy(float)


def _status(rate: float, se: float, level: float) -> str:
    """Read a rejection rate; few draws show gross failures only, and then `holds` would say too much."""
    if rate - TOO_OFTEN * se > level:
        return "rejects too often"
    return "holds" if rate + 2 * se <= 2 * level else "too few draws"


def _rates(shares: Mapping[tuple[str, float], list[float]], counts: Mapping[str, list[int]]) -> pd.DataFrame:
    rows = []
    for (test, level), found in shares.items():
        known = np.array(found)[~np.isnan(found)]
        rate, se = np.nan, np.nan
        status, reason = "not tested", "no set could be tested"
        if len(known) > 1:
            rate, se = known.mean(), known.std(ddof=1) / np.sqrt(len(known))
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


def detectable_effect(
    da: DifferentialAbundance,
    *,
    set_size: int | Sequence[int] = (1, 5, 15, 40),
    correlation: float = 0.1,
    marker_sd: float | None = None,
    power: float = 0.8,
    alpha: float = 0.05,
) -> DetectableEffect:
    """Smallest effect that this design and spread would find.

    Parameters
    ----------
    da
        Differential abundance of the study, or of a pilot of its design.
    set_size
        Votes of a set, one or several numbers; 1 for a single protein by its moderated t.
    correlation
        Between the residuals of a set's members.
    marker_sd
        Spread of the true effects between the markers of one set, log2. By
        default that between the proteins of the study: the variance of their
        effects (by the middle half) less that of the samples.
    power, alpha
        Chance to find the effect, and two-sided level.

    Returns
    -------
    DetectableEffect
        A row a contrast and set size.

    Raises
    ------
    InputError
        Numbers out of their range; a differential abundance without its fit.

    Notes
    -----
    The standard error is that of the set effect: samples,
    ``sd^2 u^2 (rho + (1 - rho) / m)`` with u the unscaled deviation of the
    contrast, and markers, ``marker_sd^2 / m``, on Satterthwaite's degrees of
    freedom; the effect solves the power of a noncentral t. The typical protein
    (median) stands for the members.
    """
    sizes = [set_size] if isinstance(set_size, int) else [int(m) for m in set_size]
    _check_numbers(sizes, correlation, marker_sd, power, alpha)
    if da.fit is None or da.moderated is None:
        raise InputError(
            "this differential abundance was read without its fit; run differential_abundance again."
        )
    rows = []
    for name, vector in da.contrasts.items():
        effect, unscaled = da.fit.contrast(np.asarray(vector, dtype=float))
        ok = np.isfinite(effect) & np.isfinite(unscaled) & (da.fit.df_residual > 0)
        if not ok.any():
            raise InputError(
                f"no protein tells the contrast {name!r}: there is nothing to judge its spread by."
            )
        single = float(np.median(da.moderated.variance[ok] * unscaled[ok] ** 2))
        spread = marker_sd if marker_sd is not None else _spread(effect[ok], da.fit.sigma[ok] * unscaled[ok])
        df = float(np.median(da.fit.df_residual[ok]))
        df_moderated = float(np.median(da.moderated.df_total[ok]))
        for m in sizes:
            samples = single * (correlation + (1 - correlation) / m) if m > 1 else single
            markers = spread**2 / m if m > 1 else 0.0
            nu = df_moderated
            if m > 1:
                nu = (samples + markers) ** 2 / (samples**2 / df + markers**2 / (m - 1))
            se = float(np.sqrt(samples + markers))
            rows.append(
                {
                    "contrast": name,
                    "set_size": m,
                    "correlation": correlation if m > 1 else np.nan,
                    "marker_sd": spread if m > 1 else np.nan,
                    "power": power,
                    "alpha": alpha,
                    "se": se,
                    "df": nu,
                    "log2_fc": se * _noncentrality(nu, power, alpha),
                }
            )
    params = {"set_size": sizes, "correlation": correlation, "marker_sd": marker_sd}
    return DetectableEffect(DETECTABLE.conform(pd.DataFrame(rows)), params)


def _check_numbers(
    sizes: Sequence[int], correlation: float, marker_sd: float | None, power: float, alpha: float
) -> None:
    if not sizes or min(sizes) < 1:
        raise InputError(f"`set_size` is 1 or more; got {list(sizes)!r}.")
    if not 0 <= correlation < 1:
        raise InputError(f"`correlation` lies between 0 and 1; got {correlation!r}.")
    if marker_sd is not None and not (np.isfinite(marker_sd) and marker_sd >= 0):
        raise InputError(f"`marker_sd` is 0 or more; got {marker_sd!r}.")
    if not 0 < alpha < power < 1:
        raise InputError(
            f"`alpha` and `power` lie between 0 and 1, the level below; got {alpha!r} and {power!r}."
        )


def _spread(effect: Array, se: Array) -> float:
    """Estimate the standard deviation of true effects by the middle half of the estimates."""
    low, high = np.quantile(effect, [0.25, 0.75])
    observed = (high - low) / 1.349  # of a normal variable
    return float(np.sqrt(max(0.0, observed**2 - np.median(se**2))))


def _noncentrality(df: float, power: float, alpha: float) -> float:
    """Shift of a t variable that exceeds its critical value with the given chance."""
    df = min(df, 1e6)
    critical = float(stdtrit(df, 1 - alpha / 2))
    return float(brentq(lambda shift: 1 - nctdtr(df, shift, critical) - power, 0.0, 20 * critical + 20))
