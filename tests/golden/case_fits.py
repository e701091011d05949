"""Linear models, priors, moderation, weights, curves and null data: kernels on fixed arrays with awkward patterns."""

from __future__ import annotations

from collections.abc import Mapping
from unittest import mock

import numpy as np
import pandas as pd

from markerkit.stats import ebayes, linear, null, prior, smooth, weights
from markerkit.stats.fdr import bh
from tests.golden.inputs import Array, gaps, normal, uniform
from tests.golden.reference import Tables, case

VALIDATED = (
    "First written while tests/stats/test_oracles.py and test_reference_outputs.py (reference implementations), "
    "test_linear.py, test_ebayes.py and test_null.py passed."
)

N, P = 9, 12
GROUP = np.array([0, 0, 0, 0, 0, 1, 1, 1, 1])
DONOR = np.array([0, 1, 2, 3, 4, 0, 1, 2, 3])
AGE = np.array([3.0, 1, 4, 1, 5, 9, 2, 6, 5])
TWO = np.column_stack([np.ones(N), GROUP]).astype(float)
WIDE = np.column_stack([TWO, AGE, DONOR == 1, DONOR == 2]).astype(float)
DEFICIENT = np.column_stack([TWO, 1 - GROUP, AGE]).astype(float)
MEANS = np.column_stack([GROUP == 0, GROUP == 1]).astype(float)
SLOPE = np.column_stack([GROUP, AGE]).astype(float)  # does not hold the mean


def values(seed: int = 1, n: int = N, p: int = P) -> Array:
    return 20 + 2 * normal(seed, 1, p) + (0.2 + uniform(seed + 1, 1, p)) * normal(seed + 2, n, p)


def holed(seed: int = 1) -> Array:
    """Gaps of every kind: a protein never seen, seen once, in one group, with 1 and 2 residual df, and a constant one."""
    y = values(seed)
    y[uniform(seed + 5, N, P) < 0.15] = np.nan
    y[:, 0] = np.nan
    y[1:, 1] = np.nan
    y[GROUP == 1, 2] = np.nan
    y[[0, 1, 2, 6, 7, 8], 3] = np.nan  # one sample of a group, two of the other
    y[[0, 1, 2, 3], 4] = np.nan
    y[:, 5] = 3.0
    return y


def of_fit(fit: linear.LinearFit, contrasts: Mapping[str, Array], *, full: bool = True) -> Tables:
    """Everything that a fit gives."""
    proteins = {
        "n_obs": fit.n_obs,
        "mean": fit.mean,
        "df": fit.df_residual,
        "sigma": fit.sigma,
        "squares": fit.residual_squares(),
    }
    tables: dict[str, object] = {}
    for name, vector in contrasts.items():
        effect, unscaled = fit.contrast(vector)
        again, influence, variance = fit.influence(vector)
        proteins |= {f"{name} effect": effect, f"{name} unscaled": unscaled, f"{name} variance": variance}
        proteins |= {f"{name} same effect": again, f"{name} influence": (influence**2).sum(axis=0)}
        if full and name == "first":
            tables |= {"weights": fit.contrast_weights(vector)[:, 2:6], "influence": influence[:, 3:7]}
    covariance = fit.contrast_covariance(np.array(list(contrasts.values())))
    tables["covariance"] = covariance
    if full:
        tables["residuals"] = fit.residuals[:, 4:8]
        if fit.own_basis is None:
            tables["residuals of"] = fit.residuals_of(np.array([0, 3, 7]))
    return {"proteins": pd.DataFrame(proteins)} | tables


def unit(k: int, *at: int) -> Array:
    out = np.zeros(k)
    out[at[0]] = 1.0
    out[list(at[1:])] = -1.0
    return out


@case("fits")
def complete_two_groups() -> Tables:
    return of_fit(linear.fit(values(), TWO), {"first": unit(2, 1), "mean": np.array([1.0, 0.5])})


@case("fits")
def complete_means_of_groups() -> Tables:
    return of_fit(linear.fit(values(), MEANS), {"first": unit(2, 1, 0)}, full=False)


@case("fits")
def complete_covariates() -> Tables:
    fit = linear.fit(values(3), WIDE)
    return of_fit(fit, {"first": unit(5, 1), "age": unit(5, 2), "donors": unit(5, 3, 4)}, full=False)


@case("fits")
def missing_two_groups() -> Tables:
    return of_fit(linear.fit(holed(), TWO), {"first": unit(2, 1), "control": unit(2, 0)})


@case("fits")
def missing_covariates() -> Tables:
    return of_fit(
        linear.fit(holed(4), WIDE), {"first": unit(5, 1), "age": unit(5, 2), "donors": unit(5, 3, 4)}
    )


@case("fits")
def deficient_design() -> Tables:
    contrasts = {"first": unit(4, 1, 2), "age": unit(4, 3), "not estimable": unit(4, 1)}
    fit = linear.fit(values(5), DEFICIENT)
    both = {"first": unit(4, 1, 2), "age": unit(4, 3)}
    found = dict(of_fit(fit, both)) | {"missing": of_fit(linear.fit(holed(5), DEFICIENT), both)["proteins"]}
    blank = fit.contrast(contrasts["not estimable"])
    return found | {
        "blank": np.array(blank),
        "blank weights": fit.contrast_weights(contrasts["not estimable"]),
        "blank covariance": fit.contrast_covariance(np.array([unit(4, 1), unit(4, 3)])),
    }


@case("fits")
def nearly_collinear() -> Tables:
    """Designs whose pivots lose digits in some missing patterns."""
    near = np.column_stack([TWO, GROUP + 1e-3 * (AGE - 4)])
    y = gaps(6, values(6), 0.2)
    y[[0, 5], 2] = np.nan
    return of_fit(linear.fit(y, near), {"first": unit(3, 0), "near": np.array([0.0, 1.0, 1.0])}, full=False)


@case("fits")
def weights_of_samples() -> Tables:
    w = np.array([1.0, 2, 0.5, 1, 0, 3, 1, 0.25, 1])
    found = of_fit(linear.fit(values(7), TWO, weights=w), {"first": unit(2, 1)})
    more = of_fit(linear.fit(holed(7), WIDE, weights=w + 0.1), {"first": unit(5, 1)})
    return {**found, "missing": more["proteins"], "missing residuals": more["residuals"]}


@case("fits")
def weights_of_values() -> Tables:
    w = 0.3 + uniform(8, N, P)
    w[2, 3] = w[0, 9] = 0
    found = of_fit(linear.fit(values(8), TWO, weights=w), {"first": unit(2, 1)})
    more = of_fit(linear.fit(holed(8), WIDE, weights=w), {"first": unit(5, 1), "age": unit(5, 2)}, full=False)
    return {**found, "missing": more["proteins"], "missing covariance": more["covariance"]}


@case("fits")
def blocks() -> Tables:
    found = of_fit(linear.fit(values(9), TWO, block=DONOR, correlation=0.4), {"first": unit(2, 1)})
    gapped = linear.fit(holed(9), TWO, block=DONOR, correlation=0.4)
    large = linear.fit(holed(9), TWO, block=np.array([0, 0, 0, 0, 1, 1, 1, 1, 1]), correlation=-0.1)
    none = linear.fit(values(9), TWO, block=DONOR, correlation=0.0)
    return {
        **found,
        "missing": of_fit(gapped, {"first": unit(2, 1)})["proteins"],
        "missing weights": gapped.contrast_weights(unit(2, 1))[:, 4:9],
        "large": of_fit(large, {"first": unit(2, 1)})["proteins"],
        "none": none.sigma,
    }


@case("fits")
def blocks_and_weights() -> Tables:
    w = 0.3 + uniform(10, N, P)
    sample = 0.5 + uniform(11, N)
    contrast = {"first": unit(2, 1)}
    of_values = linear.fit(holed(10), TWO, weights=w, block=DONOR, correlation=0.3)
    of_samples = linear.fit(holed(10), TWO, weights=sample, block=DONOR, correlation=0.3)
    whole = linear.fit(values(10), TWO, weights=sample, block=DONOR, correlation=0.3)
    return {
        "values": of_fit(of_values, contrast)["proteins"],
        "samples": of_fit(of_samples, contrast)["proteins"],
        "complete": of_fit(whole, contrast)["proteins"],
    }


@case("fits")
def large_matrix() -> Tables:
    """The way around the residuals: one protein far from 0 with little noise, one without any."""
    y = values(12)
    y[:, 0] = 1e4 + 1e-2 * normal(13, N)
    y[:, 1] = 7.0
    with mock.patch.object(linear, "_LARGE", N * P):
        fast = linear.fit(y, TWO).sigma
        slope = linear.fit(y, SLOPE).sigma
        gapped = linear.fit(holed(12), TWO).sigma
    with mock.patch.object(linear, "_LARGE", N * P + 1):
        slow = linear.fit(y, TWO).sigma
    return {"sigma": pd.DataFrame({"fast": fast, "slow": slow, "slope": slope, "gaps": gapped})}


# ---- priors and moderation -----------------------------------------------------------


def variances(seed: int, p: int = 40, df: float = 5.0, prior_df: float = 4.0) -> Array:
    """Look like draws from a scaled F distribution, with two outliers and a variance of 0."""
    from scipy.stats import f

    s2 = 0.2 * f.ppf(uniform(seed, p), df, prior_df)
    s2[3], s2[4], s2[5] = 40.0, 1e-4, 0.0
    return np.asarray(s2)


DF = np.full(40, 5.0)
UNEQUAL = np.where(np.arange(40) % 3 == 0, 3.0, 5.0)
BARE = np.where(np.arange(40) % 7 == 6, 0.0, UNEQUAL)
LEVEL = np.where(np.arange(40) % 11 == 10, np.nan, 20 + 2 * normal(20, 40))
ALIKE = np.exp(0.05 * normal(21, 40))  # vary less than chance


def of_prior(found: prior.Prior) -> pd.DataFrame:
    return pd.DataFrame({"variance": found.variance, "df": found.df}).drop_duplicates().head(13)


@case("fits", tolerance=1e-6)
def prior_of_moments() -> Tables:
    s2 = variances(22)
    out = {}
    for robust in (False, True):
        for name, x in (("", None), (" trend", LEVEL)):
            key = f"{'robust' if robust else 'plain'}{name}"
            out[key] = of_prior(prior.fit_prior(s2, DF, covariate=x, robust=robust))
            out[f"{key} unequal"] = of_prior(
                prior.fit_prior(s2, BARE, covariate=x, robust=robust, legacy=True)
            )
            out[f"{key} alike"] = of_prior(prior.fit_prior(ALIKE, DF, covariate=x, robust=robust))
    return out


@case("fits", tolerance=1e-5)
def prior_most_likely() -> Tables:
    s2 = np.where(np.arange(40) == 9, np.nan, variances(23))
    out = {}
    for robust in (False, True):
        for name, x in (("", None), (" trend", LEVEL)):
            key = f"{'robust' if robust else 'plain'}{name}"
            out[key] = of_prior(prior.fit_prior(s2, BARE, covariate=x, robust=robust))
            out[f"{key} equal"] = of_prior(prior.fit_prior(s2, DF, covariate=x, robust=robust, legacy=False))
            out[f"{key} alike"] = of_prior(prior.fit_prior(ALIKE, BARE, covariate=x, robust=robust))
    return out


@case("fits", tolerance=1e-6)
def prior_of_outliers() -> Tables:
    """Robust estimates where the outliers are extreme, and where the prior df are infinite."""
    far = np.where(np.arange(40) == 2, 1e60, variances(24))
    few = np.where(np.arange(40) < 2, 30.0, ALIKE)
    return {
        "far": of_prior(prior.fit_prior(far, DF, robust=True)),
        "far unequal": of_prior(prior.fit_prior(far, UNEQUAL, robust=True, legacy=True)),
        "infinite": of_prior(prior.fit_prior(few, DF, robust=True)),
        "infinite likely": of_prior(prior.fit_prior(few, UNEQUAL, robust=True)),
        "many": of_prior(prior.fit_prior(variances(25, 120), np.full(120, 5.0), robust=True)),
        "three": of_prior(prior.fit_prior(np.array([1.0, 2, 9]), np.full(3, 5.0), robust=True)),
        "twenty": of_prior(prior.fit_prior(variances(25, 20), np.full(20, 5.0), robust=True)),
        "nineteen": of_prior(prior.fit_prior(variances(25, 19), np.full(19, 5.0), robust=True)),
    }


@case("fits")
def prior_of_few() -> Tables:
    nan = np.nan
    return {
        "none": of_prior(prior.fit_prior(np.array([nan, 1.0]), np.array([2.0, 0]))),
        "one": of_prior(prior.fit_prior(np.array([nan, 1.5]), np.array([2.0, 1]))),
        "two": of_prior(prior.fit_prior(np.array([0.5, 1.5]), np.array([2.0, 2]))),
        "zeros": of_prior(prior.fit_prior(np.array([0.0, 0, 0, 1]), np.array([2.0, 2, 2, 2]))),
    }


@case("fits", tolerance=1e-6)
def prior_by_count() -> Tables:
    count = np.floor(1 + 12 * uniform(26, 40) ** 2)
    count[7], count[8] = np.nan, 0
    s2, out = variances(27), {}
    for name, legacy in (("", None), (" legacy", True)):
        found = prior.fit_prior_by_count(s2, BARE, count, legacy=legacy)
        out[f"count{name}"] = pd.DataFrame({"variance": found.variance, "df": found.df})
    alike = prior.fit_prior_by_count(ALIKE, DF, count)
    few = [prior.fit_prior_by_count(s2[10 : 10 + k], DF[:k], count[10 : 10 + k]).df for k in range(1, 12)]
    return out | {"alike": of_prior(alike), "few": np.array([f[0] for f in few])}


@case("fits")
def tails() -> Tables:
    ratio = np.array([0.0, 1e-3, 0.5, 1.0, 3.0, 50.0])
    df = np.array([3.0, np.inf, 2.0, 7.5, np.inf, 1.0])
    return {
        "upper": prior.f_tail(ratio, 4.0, df),
        "lower": prior.f_tail(ratio, 4.0, df, upper=False),
        "finite": prior.f_tail(ratio, np.arange(1.0, 7.0), 3.0),
        "trigamma": np.array(
            [prior.trigamma_inverse(x) for x in (1e8, 1.1e7, 9e6, 10.0, 1.0, 1e-2, 1.1e-6, 9e-7)]
        ),
        "bh": bh([0.01, np.nan, 0.04, 0.03, 1.0, 0.0]),
        "none": bh([np.nan]),
    }


@case("fits", tolerance=1e-5)
def moderation() -> Tables:
    out: dict[str, object] = {}
    s2 = variances(28)
    effect, unscaled = normal(29, 40) * 2, 0.4 + uniform(30, 40)
    effect[6] = np.nan
    for name, df, options in (
        ("equal", DF, {}),
        ("unequal", BARE, {}),
        ("robust", UNEQUAL, {"robust": True}),
        ("trend", DF, {"covariate": 20 + normal(31, 40), "legacy": True}),
        ("alike", DF, {}),
    ):
        found = ebayes.moderate(ALIKE if name == "alike" else s2, df, **options)  # type: ignore[arg-type]
        se = unscaled * np.sqrt(found.variance)
        t = effect / se
        away, p = ebayes.treat(effect, se, found.df_total, 0.5)
        table = {
            "variance": found.variance,
            "df": found.df_total,
            "p": ebayes.two_sided(t, found.df_total),
            "treat t": away,
            "treat p": p,
        }
        for share in (0.01, 0.1):
            table[f"B {share:g}"] = ebayes.log_odds(t, unscaled, found, proportion=share)
            out[f"{name} v0 {share:g}"] = ebayes.prior_effect_variance(t, unscaled, found, share)
        out[name] = pd.DataFrame(table).iloc[::3]
    certain = ebayes.squeeze(s2, DF, prior.Prior(np.full(40, 0.3), np.full(40, 2e6)), pooled=False)
    out["certain prior"] = ebayes.log_odds(effect / unscaled, unscaled, certain)[:5]
    few = ebayes.moderate(s2[:3], np.array([1.0, 2, 0]))
    out["few df"] = pd.DataFrame({"variance": few.variance, "df": few.df_total})
    loose = ebayes.squeeze(s2[:3], np.array([1.0, 2, 0]), few.prior, pooled=False)
    out["not pooled"] = loose.df_total
    out["no proteins"] = ebayes.prior_effect_variance(np.full(3, np.nan), unscaled[:3], few, 0.01)
    return out


@case("fits", tolerance=1e-6)
def moderated_f() -> Tables:
    fit = linear.fit(holed(32), WIDE)
    contrasts = np.array([unit(5, 1), unit(5, 3), unit(5, 1) + unit(5, 3)])
    effects = np.array([fit.contrast(c)[0] for c in contrasts])
    moderated = ebayes.moderate(fit.sigma**2, fit.df_residual)
    f, rank = ebayes.moderated_f(effects, fit.contrast_covariance(contrasts), moderated)
    same = ebayes.moderated_f(effects[:2], np.array([[1.0, 0.2], [0.2, 0.5]]), moderated)
    return {"own": pd.DataFrame({"f": f, "rank": rank}), "shared": np.array(same)}


# ---- curves --------------------------------------------------------------------------


@case("fits", tolerance=1e-7)
def curves() -> Tables:
    x = np.sort(np.round(10 * uniform(33, 36), 1))
    y = np.sin(x) + 0.1 * normal(34, 36)
    w = 0.2 + uniform(35, 36)
    at = np.linspace(-2, 12, 7)
    splines = {f"spline of {n}": smooth.natural_spline(at, x[:n]) for n in (1, 2, 3, 5, 6, 29, 30)}
    tied = smooth.natural_spline(at, np.repeat([1.0, 2.0], 20))
    long = np.linspace(0, 1, 260)
    return {
        **splines,
        "tied spline": tied,
        "curves": pd.DataFrame(
            {
                "lowess": smooth.lowess(x, y, span=0.4),
                "line": smooth.local_linear(x, y, w, span=0.4),
                "narrow line": smooth.local_linear(x, y, w, span=0.05),
                "wide line": smooth.local_linear(x, y, np.ones(36), span=1.0),
                "loess": smooth.loess(x, y),
                "narrow loess": smooth.loess(x, y, span=0.25),
            }
        ),
        "long line": smooth.local_linear(long, np.cos(9 * long), np.ones(260), span=0.3)[::13],
        "200 places": smooth.local_linear(long[:200] ** 2, np.cos(9 * long[:200]), np.ones(200), span=0.3)[
            ::9
        ],
        "201 places": smooth.local_linear(long[:201] ** 2, np.cos(9 * long[:201]), np.ones(201), span=0.3)[
            ::9
        ],
        "ties": smooth.loess(np.repeat([1.0, 2.0, 3.0, 7.0], 9), y),
        "one place": smooth.loess(np.full(5, 2.0), y[:5]),
    }


# ---- weights, blocks, null data --------------------------------------------------------


@case("fits", tolerance=1e-6)
def weights_by_agreement() -> Tables:
    y = values(36, p=25)
    y[2] += normal(37, 25)
    bare = gaps(38, y, 0.1)
    bare[:, 0], bare[:, 1] = np.nan, 4.0
    bare[2:, 2] = np.nan
    bare[[0, 1, 2, 3, 4, 5], 3] = np.nan
    return {
        "complete": weights.array_weights(y, TWO),
        "wide": weights.array_weights(y, WIDE, method="reml"),
        "deficient": weights.array_weights(y, DEFICIENT),
        "constant": weights.array_weights(np.column_stack([y, np.full(N, 2.0)]), TWO),
        "missing": weights.array_weights(bare, TWO),
        "stepwise": weights.array_weights(y, TWO, method="stepwise"),
        "missing wide": weights.array_weights(bare, WIDE, method="auto"),
    }


@case("fits", tolerance=1e-5)
def correlation_in_blocks() -> Tables:
    y = values(39, p=16) + 0.7 * normal(40, 5, 16)[DONOR]
    bare = gaps(41, y, 0.2)
    bare[:, 0] = np.nan
    bare[DONOR < 4, 1] = np.nan
    bare[[5, 6, 7, 8], 2] = np.nan  # every block once
    bare[[2, 3, 4, 7, 8], 3] = np.nan
    triples = np.array([0, 0, 0, 1, 1, 1, 2, 2, 2])
    found = {
        "two": weights.duplicate_correlation(y, TWO, DONOR),
        "missing": weights.duplicate_correlation(bare, TWO, DONOR),
        "deficient": weights.duplicate_correlation(y, DEFICIENT, DONOR),
        "triples": weights.duplicate_correlation(-y, np.ones((N, 1)), triples),
        "apart": weights.duplicate_correlation(
            y + 9 * np.array([0, 0, 0, 0, 0, 1, -1, 1, -1])[:, None], np.ones((N, 1)), DONOR
        ),
        "none": weights.duplicate_correlation(y, TWO, np.arange(N)),
        "nearly none": weights.duplicate_correlation(y, TWO, np.maximum(np.arange(N), 1)),
        "one": weights.duplicate_correlation(y, TWO, np.zeros(N, int)),
    }
    return {name: np.array([consensus, *each]) for name, (consensus, each) in found.items()}


@case("fits")
def null_data() -> Tables:
    y, bare = values(42, p=6), holed(42)[:, 4:10]
    strata = np.array([0, 0, 0, 1, 1, 0, 0, 1, 1])
    out: dict[str, object] = {}
    for name, x in (("complete", y), ("missing", bare)):
        fit = linear.fit(x, WIDE)
        out[f"{name} rotated"] = null.rotated(fit, unit(5, 1, 3), np.random.default_rng(1))
        out[f"{name} permuted"] = null.permuted(fit, strata, np.random.default_rng(1))
    case_samples = GROUP == 1
    out["ways"] = np.array(
        [
            null.distinct_permutations(np.array(c, bool), np.array(s))
            for c, s in (
                (case_samples, np.zeros(N, int)),
                (case_samples, strata),
                ([1, 1, 0, 0], [0, 0, 0, 0]),
                ([1, 0, 1, 0], [0, 0, 1, 1]),
                ([1, 1, 1, 1], [0, 0, 0, 0]),
                ([1, 0, 0, 1, 0], [0, 0, 0, 1, 1]),
                ([1, 0], [0, 1]),
            )
        ]
    )
    return out
