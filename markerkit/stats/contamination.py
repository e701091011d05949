"""Contamination fraction: the share of the comparator's material that is still in a preparation.

The model is ``p = (1 - kappa) v + kappa q`` on linear shares of total signal:
``p`` the preparation, ``q`` the comparator, ``v`` the unknown pure vesicle. An
anchor that ``v`` lacks has ``p / q = kappa``; a resident of the vesicle gives
more, never less, so the estimate is an upper bound unless at least half of the
anchors are foreign to the vesicle. Where both arms come from the same donors, a
preparation is compared with its own partner, so that the donor cancels.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import stdtrit

Array = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.int_]

_RESAMPLES = 500


@dataclass(frozen=True)
class ReferenceRules:
    """Thresholds of the estimator; their reasons stand in ``criteria.toml``."""

    resident_mad: float
    resident_log2: float
    absent: float
    confidence: float


@dataclass(frozen=True)
class ContaminationFraction:
    """Estimate of the carried share.

    Parameters
    ----------
    fraction, ci_low, ci_high
        Estimate and interval, 0 to 1.
    by_sample
        Estimate of each preparation, shape (n_preparations,).
    kept
        Anchors that were kept, shape (m,).
    bounded
        Preparations whose anchors were mostly unseen, so that their estimate is a bound only.
    """

    fraction: float
    ci_low: float
    ci_high: float
    by_sample: Array
    kept: BoolArray
    bounded: BoolArray


def weighted_median(values: Array, weights: Array) -> Array:
    """Lower weighted median along the last axis; -inf sorts first.

    Parameters
    ----------
    values
        Shape (k, m); no NaN.
    weights
        Shape (m,) or (k, m), not negative.

    Returns
    -------
    Shape (k,).
    """
    order = np.argsort(values, axis=-1, kind="stable")
    sorted_values = np.take_along_axis(values, order, axis=-1)
    w = np.take_along_axis(np.broadcast_to(weights, values.shape), order, axis=-1)
    cumulative = np.cumsum(w, axis=-1)
    at = np.argmax(cumulative >= cumulative[..., -1:] / 2 * (1 - 1e-12), axis=-1)
    return np.take_along_axis(sorted_values, at[..., None], axis=-1)[..., 0]


def contamination_fraction(
    preparation: Array,
    comparator: Array,
    compartment: IntArray,
    *,
    rules: ReferenceRules,
    donors: tuple[IntArray, IntArray] | None = None,
    seed: int = 0,
) -> ContaminationFraction:
    """Estimate the carried share from anchor proteins.

    Parameters
    ----------
    preparation
        Shares of total signal, preparations x anchor votes, NaN where not seen.
    comparator
        Shares, comparator samples x anchor votes; every vote is seen in at
        least one of them.
    compartment
        Compartment of each vote, shape (m,); compartments weigh the same.
    rules
        Thresholds.
    donors
        Donor codes of the preparations and of the comparator samples, -1 where not known. A
        preparation is compared with the samples of its own donor, where there are any.
    seed
        Of the bootstrap over anchors.

    Returns
    -------
    ContaminationFraction

    Notes
    -----
    In pairs the samples' part of the interval is that of the donors: what a donor's preparation
    and comparator share cancels. The upper limit also holds for the anchors over those pairs
    alone in which the preparation shows them, since one that is not seen is little, not nothing.
    """
    level = np.nanmean(comparator, axis=0)
    unit, partner = _pairs(len(preparation), len(comparator), donors)
    reference, own = _references(comparator, level, partner)
    kept = drop_residents(np.log2(preparation / level), compartment_weights(compartment), rules)
    w, c = compartment_weights(compartment[kept]), compartment[kept]
    p, q = preparation[:, kept], reference[:, kept]
    r = np.log2(p / q)
    per_sample = _sample_log2(r, w)
    bounded = (np.isnan(r) * w).sum(axis=1) / w.sum() > rules.absent
    pooled = _pooled_log2(p, q)
    center = top = float(_sample_log2(pooled, w)[0])
    if partner.any():
        shown = _pooled_log2(p, np.where(np.isnan(p), 0.0, q))
        top = max(center, float(_sample_log2(shown, w)[0]))
    arm = np.log2(comparator[:, kept] / level[kept])
    # the part of the comparator arm's own variance that the ratios to partners do not hold yet
    apart = 1.0 - float((own[:, kept] @ w).mean()) ** 2
    arm_part = _variance_of_mean(_sample_log2(arm, w), np.arange(len(arm)))
    samples = _variance_of_mean(per_sample, unit) + apart * arm_part
    anchors = _disagreement(pooled, r, arm, apart=apart, weights=w, compartment=c, seed=seed)
    df = _satterthwaite(samples, max(len(np.unique(unit)) - 1, 1), anchors, max(int(kept.sum()) - 1, 1))
    half = float(stdtrit(df, 0.5 + rules.confidence / 2)) * np.sqrt(samples + anchors)
    fraction, low, high = (float(min(1.0, np.exp2(x))) for x in (center, center - half, top + half))
    return ContaminationFraction(fraction, low, high, np.exp2(per_sample), kept, bounded)


def compartment_weights(compartment: IntArray) -> Array:
    """Weights under which every compartment counts the same, sum 1."""
    _, inverse, counts = np.unique(compartment, return_inverse=True, return_counts=True)
    return (1.0 / counts[inverse]) / len(counts)


def drop_residents(ratio: Array, weights: Array, rules: ReferenceRules) -> BoolArray:
    """Mark the anchors to keep: residents of the vesicle push up only, so only high ones go, once.

    Parameters
    ----------
    ratio
        Log2 ratio to the comparator, preparations x votes, NaN where not seen.
    weights
        Weights of the votes.
    rules
        Thresholds.
    """
    seen = ~np.isnan(ratio)
    n = seen.sum(axis=0)
    mean = np.where(n > 0, np.where(seen, ratio, 0).sum(axis=0) / np.maximum(n, 1), -np.inf)
    median = float(weighted_median(mean[None, :], weights)[0])
    if not np.isfinite(median):
        return np.ones(ratio.shape[1], dtype=bool)
    lower = mean[(mean <= median) & np.isfinite(mean)]
    spread = 1.4826 * float(np.median(median - lower)) if len(lower) else 0.0
    return mean - median <= max(rules.resident_mad * spread, rules.resident_log2)


def _pairs(n: int, n_comparator: int, donors: tuple[IntArray, IntArray] | None) -> tuple[IntArray, BoolArray]:
    """Give the unit of each preparation (its donor, or itself) and its partners, preparations x comparator samples.

    One donor alone makes no pairs: all samples of the comparator would be partners of all preparations.
    """
    alone = np.arange(n)
    if donors is None or len(np.unique(donors[0])) < 2:
        return alone, np.zeros((n, n_comparator), dtype=bool)
    of_preparation, of_comparator = donors
    known = of_preparation >= 0
    partner = known[:, None] & (of_preparation[:, None] == of_comparator)
    return np.where(known, of_preparation, -1 - alone), partner


def _references(comparator: Array, level: Array, partner: BoolArray) -> tuple[Array, BoolArray]:
    """Give what each preparation is compared with, preparations x votes, and whether that is its own partners.

    Where no partner shows the vote, it is the mean of the arm: that a partner lacks it
    is mostly the detection limit, and says little about what it held.
    """
    seen = ~np.isnan(comparator)
    n = partner.astype(float) @ seen
    total = partner.astype(float) @ np.where(seen, comparator, 0.0)
    return np.where(n > 0, total / np.maximum(n, 1.0), level), n > 0


def _sample_log2(ratio: Array, weights: Array) -> Array:
    """Weighted median by sample; what was not seen lies below everything, and a median among it is the least seen."""
    median = weighted_median(np.where(np.isnan(ratio), -np.inf, ratio), weights)
    least = np.array([row[~np.isnan(row)].min() if (~np.isnan(row)).any() else np.nan for row in ratio])
    return np.where(np.isfinite(median), median, least)


def _pooled_log2(preparation: Array, reference: Array) -> Array:
    """Log2 ratio of the mean preparation to the mean of what each is compared with, shape (1, m).

    Means of both arms carry the same bias of a log-normal value, which cancels; a
    median of single samples over a mean does not. What was not seen adds nothing.
    """
    total = np.nansum(preparation, axis=0)
    there = total > 0
    ratio = np.full(total.shape, np.nan)
    ratio[there] = np.log2(total[there] / reference.sum(axis=0)[there])
    return ratio[None, :]


def _variance_of_mean(values: Array, unit: IntArray) -> float:
    """Variance of the mean of values, those of a unit taken together."""
    there = ~np.isnan(values)
    names, inverse = np.unique(unit[there], return_inverse=True)
    k = len(names)
    if k < 2:
        return 0.0
    sums = np.bincount(inverse, values[there] - values[there].mean())
    return float(k / (k - 1) * (sums**2).sum() / there.sum() ** 2)


def _disagreement(
    pooled: Array,
    preparation: Array,
    comparator: Array,
    *,
    apart: float,
    weights: Array,
    compartment: IntArray,
    seed: int,
) -> float:
    """Variance of the log estimate that comes from the anchors' disagreement.

    A bootstrap of anchors moves the pooled estimate by their disagreement and by
    what is left of the noise of single values, 1/n of it. It moves the estimates of
    single samples by the disagreement and all of the noise. The noise is in the
    spread between samples already and is taken off. In pairs the preparation's ratio
    carries that of the comparator; only the part `apart` of it is left to the arm.
    """
    groups = [np.flatnonzero(compartment == k) for k in np.unique(compartment)]
    rng = np.random.default_rng(seed)
    draws = np.concatenate([g[rng.integers(0, len(g), size=(_RESAMPLES, len(g)))] for g in groups], axis=1)
    counts = np.zeros((_RESAMPLES, len(weights)))
    np.add.at(counts, (np.repeat(np.arange(_RESAMPLES), draws.shape[1]), draws.ravel()), 1.0)
    whole = float(_bootstrap_variance(pooled, counts * weights)[0])
    noise, n = 0.0, len(preparation)
    if n > 1:
        single = float(np.mean(_bootstrap_variance(preparation, counts * weights)))
        noise += max(0.0, single - whole) / (n - 1)
    if len(comparator) > 1:
        noise += apart * float(np.mean(_bootstrap_variance(comparator, counts * weights))) / len(comparator)
    return max(0.0, whole - noise)


def _bootstrap_variance(ratio: Array, weights: Array) -> Array:
    """Variance of the weighted median of each row over the draws of anchors, shape (k,)."""
    filled = np.where(np.isnan(ratio), -np.inf, ratio)
    out = np.zeros(len(ratio))
    for i, row in enumerate(filled):
        medians = weighted_median(np.broadcast_to(row, weights.shape), weights)
        finite = medians[np.isfinite(medians)]
        out[i] = finite.var(ddof=1) if len(finite) > 1 else 0.0
    return out


def _satterthwaite(first: float, df_first: float, second: float, df_second: float) -> float:
    total = first + second
    if total <= 0:
        return df_first
    return float(total**2 / (first**2 / df_first + second**2 / df_second))
