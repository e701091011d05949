"""Effect of a marker set over the background, with both of its errors.

A set effect answers: do these markers rise more than the other measured
proteins, for new samples *and* for the markers as a sample of possible ones?
Two random factors, so two variance components; their degrees of freedom are
joined by Satterthwaite's rule.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import stdtrit

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Votes:
    """The votes of one set.

    Parameters
    ----------
    effect
        Log2 fold change of each vote, shape (m,).
    influence
        What each sample added to each effect, shape (n_samples, m): the
        squares summed over samples estimate the variance of the effect.
    variance
        Sampling variance of each effect, shape (m,).
    df
        Residual degrees of freedom of each vote, shape (m,).
    weight
        Weights, normalized to sum 1, shape (m,).
    """

    effect: Array
    influence: Array
    variance: Array
    df: Array
    weight: Array

    @property
    def m(self) -> int:
        """Number of votes."""
        return len(self.effect)


@dataclass(frozen=True)
class Background:
    """Trimmed mean of the proteins outside every class set.

    Parameters
    ----------
    effect
        Mean effect over the middle half.
    influence
        Its influence by sample, shape (n_samples,).
    variance
        Variance of the trimmed mean over proteins.
    n
        Number of proteins in the background.
    """

    effect: float
    influence: Array
    variance: float
    n: int


@dataclass(frozen=True)
class SetEffect:
    """Estimate, standard error, degrees of freedom and interval of a set effect.

    Parameters
    ----------
    theta, se, df, low, high
        In log2.
    m
        Number of votes.
    from_samples
        Share of the variance that more samples would lessen; the rest is the markers' disagreement.
    """

    theta: float
    se: float
    df: float
    low: float
    high: float
    m: int
    from_samples: float

    @property
    def markers_disagree(self) -> bool:
        """True where more samples could not halve the variance."""
        return self.from_samples < 0.5

    @property
    def half_width(self) -> float:
        """Half of the interval: an estimate above it excludes 0."""
        return (self.high - self.low) / 2

    def detectable(self, *, power: float, least: float = 0.0) -> float:
        """Effect whose estimate excludes 0 and reaches `least` in a share `power` of studies like this one."""
        return max(self.half_width, least) + float(stdtrit(self.df, power)) * self.se


def background(effect: Array, influence: Array) -> Background:
    """Trimmed mean over the middle half by effect.

    Parameters
    ----------
    effect
        Effects of the background proteins, shape (p,), no NaN.
    influence
        Shape (n_samples, p).

    Returns
    -------
    Background
        With the variance of a 25 % trimmed mean from the Winsorized sum of
        squares (Tukey and McLaughlin 1963).
    """
    p = len(effect)
    order = np.argsort(effect, kind="stable")
    cut = p // 4
    middle = order[cut : p - cut]
    low, high = effect[middle[0]], effect[middle[-1]]
    winsorized = np.clip(effect, low, high)
    spread = winsorized.var(ddof=1) / (p * ((p - 2 * cut) / p) ** 2) if p > 1 else 0.0
    return Background(float(effect[middle].mean()), influence[:, middle].mean(axis=1), float(spread), p)


def marker_variance(votes: Votes) -> tuple[float, float]:
    """Variance of the weighted mean by the markers' disagreement, and the part of it that is noise.

    The weighted dispersion of the effects, and what sampling noise alone puts
    into it; sampling noise that all votes share is in the sample component
    already and cannot make votes disagree.
    """
    m, w = votes.m, votes.weight
    if m < 2:
        return 0.0, 0.0
    correction = m / (m - 1)
    mean = w @ votes.effect
    dispersion = correction * (w**2 @ (votes.effect - mean) ** 2)
    shared = float(((votes.influence @ w) ** 2).sum())
    noise = correction * max(0.0, w**2 @ votes.variance - shared * (w**2).sum())
    return float(dispersion), float(noise)


def set_effect(votes: Votes, reference: Background, *, confidence: float = 0.95) -> SetEffect:
    """Effect of a set over the background.

    Parameters
    ----------
    votes
        Votes of the set.
    reference
        The background.
    confidence
        Of the interval.

    Returns
    -------
    SetEffect
        ``theta = sum(w b) - b0``.
    """
    theta = float(votes.weight @ votes.effect) - reference.effect
    influence = votes.influence @ votes.weight - reference.influence
    return _combine(
        theta,
        influence,
        float(votes.weight @ votes.df),
        [(*marker_variance(votes), votes.m - 1)],
        extra=reference.variance,
        m=votes.m,
        confidence=confidence,
    )


def difference(first: Votes, second: Votes, *, confidence: float = 0.95) -> SetEffect:
    """Effect of one set over another: influences are subtracted before they are squared.

    Parameters
    ----------
    first, second
        Votes of the two sets, on the same samples.
    confidence
        Of the interval.
    """
    theta = float(first.weight @ first.effect - second.weight @ second.effect)
    influence = first.influence @ first.weight - second.influence @ second.weight
    nu = min(float(first.weight @ first.df), float(second.weight @ second.df))
    parts = [(*marker_variance(v), v.m - 1) for v in (first, second)]
    return _combine(theta, influence, nu, parts, extra=0.0, m=min(first.m, second.m), confidence=confidence)


def _combine(
    theta: float,
    influence: Array,
    nu: float,
    markers: Sequence[tuple[float, float, int]],
    *,
    extra: float,
    m: int,
    confidence: float,
) -> SetEffect:
    """Join the sample component, the marker components and a constant one."""
    samples = np.array(float((influence**2).sum()))
    dispersion, noise, df_markers = (np.array(part, dtype=float) for part in zip(*markers, strict=True))
    total, df = join_components(samples, np.array(nu), dispersion, noise, df_markers)
    se = float(np.sqrt(total + extra))
    half = float(stdtrit(df, 0.5 + confidence / 2)) * se
    share = float(samples / total) if total > 0 else 1.0
    return SetEffect(theta, se, float(df), theta - half, theta + half, m, share)


def join_components(
    samples: Array, nu: Array, dispersion: Array, noise: Array, df_markers: Array
) -> tuple[Array, Array]:
    """Variance of an effect with two random factors, and its degrees of freedom.

    Parameters
    ----------
    samples, nu
        Variance over samples and its df, each of shape (...).
    dispersion, noise, df_markers
        Dispersion over markers, the sampling noise in it and the df of the
        dispersion, each of shape (..., parts). Noise counts once: a part adds
        what its dispersion exceeds the noise by.

    Returns
    -------
    The variance, and the df of a sum and difference of mean squares: every
    square enters by its own df, the subtracted noise too.

    References
    ----------
    Satterthwaite 1946, doi:10.2307/3002019; for two random factors Clark 1973,
    doi:10.1016/S0022-5371(73)80014-3
    """
    more = dispersion > noise
    total = samples + np.where(more, dispersion - noise, 0.0).sum(axis=-1)
    nu, df_markers = np.maximum(nu, 1.0), np.maximum(df_markers, 1.0)
    parts = dispersion**2 / df_markers + noise**2 / (df_markers * nu[..., None])
    denominator = samples**2 / nu + np.where(more, parts, 0.0).sum(axis=-1)
    df = np.divide(total**2, denominator, out=np.array(nu, dtype=float), where=denominator > 0)
    return np.asarray(total), np.asarray(np.maximum(df, 1.0))
