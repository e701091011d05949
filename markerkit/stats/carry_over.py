"""Carry-over: the share of the comparator's material that is still in a preparation.

The model is ``p = (1 - kappa) v + kappa q`` on linear shares of total signal:
``p`` the preparation, ``q`` the comparator, ``v`` the unknown pure vesicle. An
anchor that ``v`` lacks has ``p / q = kappa``; a resident of the vesicle gives
more, never less, so the estimate is an upper bound unless at least half of the
anchors are foreign to the vesicle.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import stdtrit

Array = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

_RESAMPLES = 500


@dataclass(frozen=True)
class AnchorRules:
    """Thresholds of the estimator; their reasons stand in ``criteria.toml``."""

    resident_mad: float
    resident_log2: float
    absent: float
    confidence: float


@dataclass(frozen=True)
class CarryOver:
    """Estimate of the carried share.

    Parameters
    ----------
    fraction, low, high
        Estimate and interval, 0 to 1.
    by_sample
        Estimate of each preparation, shape (n_preparations,).
    kept
        Anchors that were kept, shape (m,).
    bounded
        Preparations whose anchors were mostly unseen, so that their estimate is a bound only.
    """

    fraction: float
    low: float
    high: float
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


def carry_over(
    preparation: Array,
    comparator: Array,
    compartment: npt.NDArray[np.int_],
    *,
    rules: AnchorRules,
    seed: int = 0,
) -> CarryOver:
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
    seed
        Of the bootstrap over anchors.

    Returns
    -------
    CarryOver
    """
    reference = np.nanmean(comparator, axis=0)
    ratio = np.log2(preparation / reference)
    weights = compartment_weights(compartment)
    kept = drop_residents(ratio, weights, rules)
    r, w, c = ratio[:, kept], compartment_weights(compartment[kept]), compartment[kept]
    per_sample = _sample_log2(r, w)
    bounded = (np.isnan(r) * w).sum(axis=1) / w.sum() > rules.absent
    center = float(np.log2(np.mean(np.exp2(per_sample))))
    arm = _sample_log2(np.log2(comparator[:, kept] / reference[kept]), w)
    samples = _variance_of_mean(per_sample) + _variance_of_mean(arm)
    anchors = _anchor_variance(r, w, c, seed)
    df = _satterthwaite(samples, max(len(per_sample) - 1, 1), anchors, max(int(kept.sum()) - 1, 1))
    half = float(stdtrit(df, 0.5 + rules.confidence / 2)) * np.sqrt(samples + anchors)
    low, high = (float(min(1.0, np.exp2(center + side))) for side in (-half, half))
    return CarryOver(float(min(1.0, np.exp2(center))), low, high, np.exp2(per_sample), kept, bounded)


def compartment_weights(compartment: npt.NDArray[np.int_]) -> Array:
    """Weights under which every compartment counts the same, sum 1."""
    _, inverse, counts = np.unique(compartment, return_inverse=True, return_counts=True)
    return (1.0 / counts[inverse]) / len(counts)


def drop_residents(ratio: Array, weights: Array, rules: AnchorRules) -> BoolArray:
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


def _sample_log2(ratio: Array, weights: Array) -> Array:
    """Weighted median by sample; what was not seen lies below everything, and a median among it is the least seen."""
    median = weighted_median(np.where(np.isnan(ratio), -np.inf, ratio), weights)
    least = np.array([row[~np.isnan(row)].min() if (~np.isnan(row)).any() else np.nan for row in ratio])
    return np.where(np.isfinite(median), median, least)


def _variance_of_mean(values: Array) -> float:
    values = values[~np.isnan(values)]
    return float(values.var(ddof=1) / len(values)) if len(values) > 1 else 0.0


def _anchor_variance(ratio: Array, weights: Array, compartment: npt.NDArray[np.int_], seed: int) -> float:
    """Variance of the log estimate over a bootstrap of anchors within compartments."""
    rng = np.random.default_rng(seed)
    groups = [np.flatnonzero(compartment == k) for k in np.unique(compartment)]
    draws = np.concatenate([g[rng.integers(0, len(g), size=(_RESAMPLES, len(g)))] for g in groups], axis=1)
    counts = np.zeros((_RESAMPLES, ratio.shape[1]))
    np.add.at(counts, (np.repeat(np.arange(_RESAMPLES), draws.shape[1]), draws.ravel()), 1.0)
    filled = np.where(np.isnan(ratio), -np.inf, ratio)
    medians = np.stack(
        [weighted_median(np.broadcast_to(row, counts.shape), counts * weights) for row in filled], axis=1
    )
    finite = np.isfinite(medians).all(axis=1)
    centers = np.log2(np.mean(np.exp2(medians[finite]), axis=1))
    return float(centers.var(ddof=1)) if finite.sum() > 1 else 0.0


def _satterthwaite(first: float, df_first: float, second: float, df_second: float) -> float:
    total = first + second
    if total <= 0:
        return df_first
    return float(total**2 / (first**2 / df_first + second**2 / df_second))
