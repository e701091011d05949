"""Contamination fraction: the share of a preparation's signal that is comparator-like.

The model is ``p = (1 - kappa) v + kappa q`` on linear shares of total signal:
``p`` the preparation, ``q`` the comparator, ``v`` the unknown pure vesicle. A
non-vesicular reference protein, which ``v`` lacks, has ``p / q = kappa``; a
vesicle-resident protein gives more, never less, so the estimate is an upper
bound unless at least half of the reference proteins are absent from the vesicle.
Where both groups come from the same donors, a preparation is compared with its
own partner, so that the donor cancels. ``kappa`` is a share of the preparation,
not of the comparator: it says nothing about how much of the comparator was
recovered. SoupX (Young and Behjati 2020, doi:10.1093/gigascience/giaa151) calls
the same quantity of a cell the contamination fraction.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import stdtrit

Array = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.int_]
#: donor codes of the preparations and of the comparator samples, -1 where not known
Donors = tuple[IntArray, IntArray]

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
    """Estimate of the contamination fraction.

    Parameters
    ----------
    fraction, ci_low, ci_high
        Estimate and interval, 0 to 1.
    by_sample
        Estimate of each preparation, shape (n_preparations,).
    kept
        Reference proteins kept as non-vesicular, shape (m,).
    bounded
        Preparations in which too many of them were missed, so that their estimate is a bound only, shape (n_preparations,).
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
    return np.take_along_axis(sorted_values, _middle(w)[..., None], axis=-1)[..., 0]


def _middle(weights: Array) -> IntArray:
    """Place of the lower weighted median in values that are sorted, from their weights, along the last axis."""
    cumulative = np.cumsum(weights, axis=-1)
    return np.asarray(np.argmax(cumulative >= cumulative[..., -1:] / 2 * (1 - 1e-12), axis=-1))


def contamination_fraction(
    preparation: Array,
    comparator: Array,
    compartment: IntArray,
    *,
    rules: ReferenceRules,
    donors: Donors | None = None,
    seed: int = 0,
) -> ContaminationFraction:
    """Estimate the contamination fraction from non-vesicular reference proteins.

    Parameters
    ----------
    preparation
        Shares of total signal, preparations x independent markers (m), NaN where not measured.
    comparator
        Shares, comparator samples x independent markers; every marker is measured in at
        least one of them.
    compartment
        Compartment of each marker, shape (m,); compartments weigh the same.
    rules
        Thresholds.
    donors
        See :data:`Donors`. A preparation is compared with the samples of its own donor, where
        there are any.
    seed
        Of the bootstrap over reference proteins.

    Returns
    -------
    ContaminationFraction

    Notes
    -----
    In pairs the samples' part of the interval is that of the donors: what a donor's preparation
    and comparator share cancels. The upper limit also holds for the reference proteins over those
    pairs alone in which the preparation shows them, since one that is not measured is little, not
    nothing.
    """
    level = np.nanmean(comparator, axis=0)
    unit, partner = _pairs(len(preparation), len(comparator), donors)
    reference, from_partner = _references(comparator, level, partner)
    kept = keep_nonvesicular(np.log2(preparation / level), compartment_weights(compartment), rules)
    w, p, q = compartment_weights(compartment[kept]), preparation[:, kept], reference[:, kept]
    ratio, pooled = np.log2(p / q), _pooled_log2(p, q)
    by_sample = _sample_log2(ratio, w)
    center, top = _center_and_top(p, q, w, paired=bool(partner.any()))
    control = np.log2(comparator[:, kept] / level[kept])
    # the part of the comparator group's own variance that the ratios to partners do not hold yet
    apart = 1.0 - float((from_partner[:, kept] @ w).mean()) ** 2
    of_control = _variance_of_mean(_sample_log2(control, w), np.arange(len(control)))
    samples = _variance_of_mean(by_sample, unit) + apart * of_control
    markers = _marker_variance(
        pooled, ratio, control, apart=apart, weights=w, compartment=compartment[kept], seed=seed
    )
    df = _satterthwaite(samples, max(len(np.unique(unit)) - 1, 1), markers, max(int(kept.sum()) - 1, 1))
    half = float(stdtrit(df, 0.5 + rules.confidence / 2)) * np.sqrt(samples + markers)
    fraction, low, high = (float(min(1.0, np.exp2(x))) for x in (center, center - half, top + half))
    bounded = (np.isnan(ratio) * w).sum(axis=1) / w.sum() > rules.absent
    return ContaminationFraction(fraction, low, high, np.exp2(by_sample), kept, bounded)


def _center_and_top(
    preparation: Array, reference: Array, weights: Array, *, paired: bool
) -> tuple[float, float]:
    """Log2 of the estimate, and what its upper limit is taken from: in pairs also that of the measured values alone."""
    center = float(_sample_log2(_pooled_log2(preparation, reference), weights)[0])
    if not paired:
        return center, center
    shown = _pooled_log2(preparation, np.where(np.isnan(preparation), 0.0, reference))
    return center, max(center, float(_sample_log2(shown, weights)[0]))


def compartment_weights(compartment: IntArray) -> Array:
    """Weights under which every compartment counts the same, sum 1."""
    _, inverse, counts = np.unique(compartment, return_inverse=True, return_counts=True)
    return (1.0 / counts[inverse]) / len(counts)


def keep_nonvesicular(ratio: Array, weights: Array, rules: ReferenceRules) -> BoolArray:
    """Mark the reference proteins to keep: vesicle residents only push up, so only high ones are dropped, once.

    Parameters
    ----------
    ratio
        Log2 ratio to the comparator, preparations x independent markers, NaN where not measured.
    weights
        Weights of the markers, shape (m,).
    rules
        Thresholds: a marker is dropped where its mean log2 ratio lies above the median by more than
        ``resident_log2`` and by more than ``resident_mad`` times the scaled MAD of the lower half.

    Returns
    -------
    True where kept, shape (m,).
    """
    measured = ~np.isnan(ratio)
    n = measured.sum(axis=0)
    mean = np.where(n > 0, np.where(measured, ratio, 0).sum(axis=0) / np.maximum(n, 1), -np.inf)
    median = float(weighted_median(mean[None, :], weights)[0])
    if not np.isfinite(median):
        return np.ones(ratio.shape[1], dtype=bool)
    lower = mean[(mean <= median) & np.isfinite(mean)]
    spread = 1.4826 * float(np.median(median - lower))
    return mean - median <= max(rules.resident_mad * spread, rules.resident_log2)


def _pairs(n: int, n_comparator: int, donors: Donors | None) -> tuple[IntArray, BoolArray]:
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
    """Give what each preparation is compared with, preparations x markers, and whether that is its own partners.

    Where no partner shows the marker, it is the mean of the comparator group: that a partner lacks
    it is mostly the detection limit, and says little about what it held.
    """
    measured = ~np.isnan(comparator)
    n = partner.astype(float) @ measured
    total = partner.astype(float) @ np.where(measured, comparator, 0.0)
    return np.where(n > 0, total / np.maximum(n, 1.0), level), n > 0


def _sample_log2(ratio: Array, weights: Array) -> Array:
    """Weighted median by sample; missing values lie below all others, and a median among them is the least measured one."""
    median = weighted_median(np.where(np.isnan(ratio), -np.inf, ratio), weights)
    least = np.array([row[~np.isnan(row)].min() if (~np.isnan(row)).any() else np.nan for row in ratio])
    return np.where(np.isfinite(median), median, least)


def _pooled_log2(preparation: Array, reference: Array) -> Array:
    """Log2 ratio of the mean preparation to the mean of what each is compared with, shape (1, m).

    Means of both groups have the same bias of a log-normal value, which cancels; a
    median of single samples over a mean does not. A missing value adds nothing.
    """
    total = np.nansum(preparation, axis=0)
    measured = total > 0
    ratio = np.full(total.shape, np.nan)
    ratio[measured] = np.log2(total[measured] / reference.sum(axis=0)[measured])
    return ratio[None, :]


def _variance_of_mean(values: Array, unit: IntArray) -> float:
    """Variance of the mean of values, those of a unit taken together."""
    measured = ~np.isnan(values)
    names, inverse = np.unique(unit[measured], return_inverse=True)
    k = len(names)
    if k < 2:
        return 0.0
    sums = np.bincount(inverse, values[measured] - values[measured].mean())
    return float(k / (k - 1) * (sums**2).sum() / measured.sum() ** 2)


def _marker_variance(
    pooled: Array,
    preparation: Array,
    comparator: Array,
    *,
    apart: float,
    weights: Array,
    compartment: IntArray,
    seed: int,
) -> float:
    """Variance of the log2 estimate that comes from the heterogeneity of the reference proteins.

    A bootstrap of the proteins moves the pooled estimate by their heterogeneity and by
    what is left of the noise of single values, 1/n of it. It moves the estimates of
    single samples by the heterogeneity and all of the noise. The noise is in the
    spread between samples already and is subtracted. In pairs the preparation's ratio
    holds that of the comparator; only the part `apart` of it is left to the group.
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
    """Variance of the weighted median of each row over the draws of reference proteins, shape (k,)."""
    filled = np.where(np.isnan(ratio), -np.inf, ratio)
    out = np.zeros(len(ratio))
    for i, (row, order) in enumerate(zip(filled, np.argsort(filled, axis=1, kind="stable"), strict=True)):
        medians = row[order][_middle(weights[:, order])]
        finite = medians[np.isfinite(medians)]
        out[i] = finite.var(ddof=1) if len(finite) > 1 else 0.0
    return out


def _satterthwaite(first: float, df_first: float, second: float, df_second: float) -> float:
    total = first + second
    if total <= 0:
        return df_first
    return float(total**2 / (first**2 / df_first + second**2 / df_second))
