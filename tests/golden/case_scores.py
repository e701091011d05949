"""Scores of samples, detection, contamination fraction, imputation: kernels on fixed arrays."""

from __future__ import annotations

import numpy as np
import pandas as pd

from markerkit.stats import contamination, impute, ranks
from markerkit.stats.detection import conditional_test, paired_test, sample_odds
from tests.golden.inputs import Array, gaps, normal, uniform
from tests.golden.reference import Tables, case

VALIDATED = (
    "First written while tests/sets/test_scoring.py, tests/da/test_detection.py, tests/purity/test_contamination.py and "
    "tests/test_impute.py passed."
)

N, P = 6, 16


def tied() -> Array:
    """Values with gaps, ties, a constant protein, one seen once, a sample with few values and an empty one."""
    y = np.round(20 + 2 * normal(101, N, P), 1)
    y[:2, 3] = y[:2, 4]
    y[:, 5] = 19.0
    y = gaps(102, y, 0.2)
    y[1:, 6] = np.nan
    y[0, 6] = 21.0
    y[4] = np.nan
    y[4, :4] = [21.5, 19.0, 22.0, 20.0]  # one more than the members of a set
    y[5] = np.nan
    return y


MEMBERS = np.zeros((P, 7), dtype=bool)
for k, members in enumerate(([0, 1, 2, 3, 4], [3], [5, 6], [0, 1, 2], [], range(P), [9, 10, 11, 12])):
    MEMBERS[list(members), k] = True


def of_scores(found: ranks.SetScores) -> pd.DataFrame:
    low, high = found.interval()
    fields = {"score": found.score, "se": found.se, "dispersion": found.dispersion, "count": found.count}
    fields |= {"low": low, "narrow": found.interval(0.5)[1], "high": high}
    return pd.DataFrame({k: v.ravel() for k, v in fields.items()})


@case("scores")
def scores_of_samples() -> Tables:
    y = tied()
    smooth = 20 + 2 * normal(103, 3, P)
    return {
        "singscore": of_scores(ranks.singscore(y, MEMBERS)),
        "reverse": of_scores(ranks.singscore(y, MEMBERS, reverse=True)),
        "ssgsea": of_scores(ranks.ssgsea(y, MEMBERS)),
        "mean z": of_scores(ranks.mean_z(y, MEMBERS)),
        "without gaps": of_scores(ranks.ssgsea(smooth, MEMBERS, exponent=1.0)),
        "combined z": of_scores(ranks.combined_z(smooth, MEMBERS)),
    }


@case("scores")
def ranks_with_ties() -> Tables:
    found = ranks.ranks_of(tied(), np.array([0, 3, 4, 6, 15]))
    return {"low": found.low, "high": found.high, "mean": found.mean, "total": found.total}


# ---- detection -----------------------------------------------------------------------------

CASE = np.array([1, 1, 1, 0, 0, 0, 0], dtype=bool)


def seen(seed: int, n: int = 7, p: int = 20) -> np.ndarray:
    depth = np.linspace(0.3, 0.9, n)[:, None]
    found = uniform(seed, n, p) < depth
    found[:, 0], found[:, 1] = True, False
    found[:, 2] = np.arange(n) < 3
    return found


@case("scores", tolerance=1e-7)
def detected() -> Tables:
    s, even = seen(111), np.tile(np.eye(7, dtype=bool), 2)
    odds = sample_odds(s)
    out: dict[str, object] = {
        "odds": pd.DataFrame(
            {
                "unequal": odds,
                "alike": sample_odds(even),
                "all": sample_odds(s[:, [0, 1]]),
                "one": sample_odds(s[:, :3]),
                "silent": sample_odds(np.vstack([s[:6], np.zeros((1, 20), bool)])),
                "full": sample_odds(np.vstack([s[:6], np.ones((1, 20), bool)])),
            }
        )
    }
    for name, w in (("depth", odds), ("plain", np.ones(7))):
        found = conditional_test(s, CASE, w)
        out[name] = pd.DataFrame(vars(found))
        most = conditional_test(s, ~CASE, w)
        out[f"{name} swapped"] = pd.DataFrame(vars(most)).head(8)
    first, second = seen(112, 6), seen(113, 6)[::-1]
    for name, w in (("pairs", (odds[:6], odds[1:])), ("plain pairs", (np.ones(6), np.ones(6)))):
        out[name] = pd.DataFrame(vars(paired_test(first, second, w)))
    return out


# ---- contamination fraction -------------------------------------------------------------------

RULES = contamination.ReferenceRules(resident_mad=3.0, resident_log2=1.0, absent=1 / 3, confidence=0.95)
COMPARTMENT = np.array([0] * 8 + [1] * 5 + [2] * 4)


def shares(seed: int, *, share: float = 0.1, missing: float = 0.0) -> tuple[Array, Array]:
    level = 1e-3 * (0.2 + uniform(seed, 1, 17))
    comparator = level * np.exp2(0.2 * normal(seed + 1, 5, 17))
    preparation = level * share * np.exp2(0.3 * normal(seed + 2, 4, 17) + 0.2 * normal(seed + 3, 1, 17))
    preparation[:, 2] *= 40  # resident in vesicles
    return gaps(seed + 4, preparation, missing), gaps(seed + 5, comparator, missing / 2)


def of_fraction(found: contamination.ContaminationFraction) -> Array:
    numbers = [found.fraction, found.ci_low, found.ci_high, found.kept.sum(), found.kept[2]]
    return np.array([*numbers, *found.bounded, *found.by_sample], dtype=float)


@case("scores")
def contamination_fractions() -> Tables:
    plain, bare, scarce = shares(121), shares(122, missing=0.25), shares(123, share=0.01, missing=0.55)
    scarce[0][3] = np.nan
    high = shares(124, share=1.2)
    pairs = (np.array([0, 1, 2, -1]), np.array([0, 1, 2, 3, -1]))
    repeated = (np.array([0, 0, 1, 1]), np.array([0, 1, 1, 2, 2]))
    same = (np.zeros(4, int), np.zeros(5, int))
    out: dict[str, object] = {}
    for name, (p, q) in (("plain", plain), ("bare", bare), ("scarce", scarce), ("high", high)):
        for how, donors in (("", None), (" pairs", pairs), (" repeated", repeated), (" same", same)):
            found = contamination.contamination_fraction(p, q, COMPARTMENT, rules=RULES, donors=donors)
            out[f"{name}{how}"] = of_fraction(found)
    one = contamination.contamination_fraction(plain[0][:1], plain[1][:1], COMPARTMENT, rules=RULES, seed=3)
    out["one sample"] = of_fraction(one)
    exact = contamination.contamination_fraction(
        np.tile(plain[1][:1] * 0.25, (3, 1)), plain[1][:1], COMPARTMENT, rules=RULES
    )
    out["exact"] = of_fraction(exact)
    single = contamination.contamination_fraction(
        plain[0][:, :1], plain[1][:, :1], COMPARTMENT[:1], rules=RULES
    )
    out["one protein"] = np.array([single.fraction, single.ci_low, single.ci_high])
    return out


@case("scores")
def contamination_kernels() -> Tables:
    inf = np.inf
    rows = np.array([[3.0, 1, 2, 2], [-inf, -inf, 1, 5], [4, 4, 4, 4]])
    ratio = np.array([[0.0, 0.1, 0.3, 2.0, np.nan], [0.2, -0.1, np.nan, 2.2, np.nan]])
    w = contamination.compartment_weights(np.array([4, 4, 4, 9, 7]))
    spread = np.array([[-1.0, -0.5, 0.0, 2.5, 1.0, -np.inf]])
    below = np.array([[np.nan, -2.0, -1.0, 0.0, 3.0, 2.0, 4.6]])
    tight = contamination.ReferenceRules(3.0, 0.05, 0.3, 0.95)
    return {
        "weights": w,
        "median": contamination.weighted_median(rows, np.array([1.0, 1, 1, 1])),
        "weighted": contamination.weighted_median(rows, np.array([0.2, 5, 1, 1])),
        "each": contamination.weighted_median(rows, np.array([[1.0, 0, 0, 0], [0, 0, 1, 3], [1, 1, 1, 1]])),
        "kept": contamination.keep_nonvesicular(ratio, w, RULES),
        "kept tight": contamination.keep_nonvesicular(ratio, w, tight),
        "kept by spread": contamination.keep_nonvesicular(spread, np.full(6, 1 / 6), tight),
        "kept below": contamination.keep_nonvesicular(below, np.full(7, 1 / 7), tight),
        "kept unknown": contamination.keep_nonvesicular(np.full((2, 3), np.nan), w[:3] * 0 + 1 / 3, RULES),
    }


# ---- imputation ---------------------------------------------------------------------------------


@case("scores")
def imputation() -> Tables:
    y = gaps(131, 20 + normal(132, 5, 12) + 2 * normal(133, 1, 12), 0.25)
    y[0] = 20 + normal(134, 12)
    low, spread = impute.downshift(y, shift=1.8, width=0.3)
    quantile, none = impute.low_quantile(y, quantile=0.1)
    out: dict[str, object] = {"shift": np.hstack([low, spread, quantile, none])}
    for k in (1, 2.5, 5, 40):
        out[f"{k:g} nearest"] = impute.nearest(y, k=k)[0]
    return out
