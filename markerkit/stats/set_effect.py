"""Effect of a marker set over the background, with both of its errors.

A set effect answers: do these markers rise more than the other measured
proteins, for new samples *and* for the markers as a sample of possible ones?
Two random factors, so two variance components; their degrees of freedom are
joined by Satterthwaite's rule.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.special import chdtrc, ndtri, stdtr, stdtrit

from markerkit.stats.background import Background, middle_half
from markerkit.stats.prior import fit_prior

Array = npt.NDArray[np.float64]

# level of Cochran's test that a set on its own is heterogeneous: below it, the markers differ by more than noise.
# Without such a test the heterogeneity of a single set, which cannot be estimated below 0, makes small sets needlessly
# wide; for the level see Bancroft 1964, doi:10.2307/2528486
_LEVEL = 0.2
_MIN_SETS = 8  # fewer sets do not say how alike the heterogeneity of sets is


@dataclass(frozen=True)
class MarkerEffects:
    """The independent markers of one set: one for each gene or complex.

    Parameters
    ----------
    effect
        Log2 fold change of each marker, shape (m,).
    influence
        What each sample added to each effect, shape (n_samples, m): the
        squares summed over samples estimate the variance of the effect.
    variance
        Sampling variance of each effect, shape (m,).
    df
        Residual degrees of freedom of each marker, shape (m,).
    weight
        Weights, normalized to sum 1, shape (m,).
    """

    effect: Array
    influence: Array
    variance: Array
    df: Array
    weight: Array

    @property
    def n_markers(self) -> int:
        """Number of markers."""
        return len(self.effect)


@dataclass(frozen=True)
class Heterogeneity:
    """Heterogeneity between markers that the sets of a contrast have in common: the prior of a set's own.

    Parameters
    ----------
    variance
        Scale of the variances of markers within sets.
    df
        Prior degrees of freedom; infinite where all sets have the same.
    pooled
        Degrees of freedom of all sets together, which no moderated variance exceeds.
    """

    variance: float
    df: float
    pooled: float = np.inf

    def moderate(self, variance: float, df: float, *, scale: float = 1.0) -> tuple[float, float]:
        """Weigh a variance and the prior, times `scale`, by their degrees of freedom; and add these."""
        own = df / (df + self.df)
        return own * variance + (1 - own) * self.variance * scale, min(df + self.df, max(self.pooled, df))


@dataclass(frozen=True)
class SetEffect:
    """Estimate, standard error, degrees of freedom and interval of a set effect.

    Parameters
    ----------
    estimate, se, df, ci_low, ci_high
        In log2.
    n_markers
        Number of independent markers.
    from_samples
        Share of the variance that more samples would reduce; the rest is heterogeneity between the markers.
    """

    estimate: float
    se: float
    df: float
    ci_low: float
    ci_high: float
    n_markers: int
    from_samples: float

    @property
    def heterogeneous(self) -> bool:
        """True where more samples could not halve the variance."""
        return self.from_samples < 0.5

    @property
    def half_width(self) -> float:
        """Half of the interval: an estimate above it excludes 0."""
        return (self.ci_high - self.ci_low) / 2

    def at(self, confidence: float) -> SetEffect:
        """Return the same effect with the interval of another level."""
        half = float(stdtrit(self.df, 0.5 + confidence / 2)) * self.se
        return replace(self, ci_low=self.estimate - half, ci_high=self.estimate + half)

    def detectable(self, *, power: float, least: float = 0.0) -> float:
        """Effect whose estimate excludes 0 and reaches `least` in a share `power` of studies like this one."""
        return max(self.half_width, least) + float(stdtrit(self.df, power)) * self.se


def structure_effect(members: MarkerEffects) -> MarkerEffects:
    """Join the members of a complex or an organelle to one marker: the 25 % trimmed mean, as of the background.

    Parameters
    ----------
    members
        Each member as a marker of its own; weights are not used.

    Returns
    -------
    One marker, whose influence is the mean of the middle half: its error is that of new samples and carries the
    correlation between members; that members differ adds nothing. Few members that vesicles hold for reasons of their
    own do not move a trimmed mean: the structure is there when its members rise together.
    """
    at = middle_half(members.effect)
    influence = members.influence[:, at].mean(axis=1, keepdims=True)
    one = np.ones(1)
    return MarkerEffects(
        members.effect[at].mean() * one,
        influence,
        (influence**2).sum(axis=0),
        members.df[at].mean() * one,
        one,
    )


@dataclass(frozen=True)
class MarkerDispersion:
    """How far effects of markers lie apart.

    Parameters
    ----------
    dispersion
        Variance of the weighted mean by the scatter of the effects.
    noise
        The part of it that sampling noise alone puts there. Noise that all
        markers share is in the sample component already and cannot make markers
        disagree.
    df
        Of the dispersion.
    pvalue
        Of Cochran's test that there is no more than noise; 0 where the dispersion is moderated.
    """

    dispersion: Array
    noise: Array
    df: Array
    pvalue: Array


def common_heterogeneity(sets: Sequence[MarkerEffects], *, min_sets: int = _MIN_SETS) -> Heterogeneity | None:
    """Heterogeneity that sets of markers have in common, for :func:`marker_dispersion`.

    Parameters
    ----------
    sets
        Independent markers of many sets, each of at least two markers.
    min_sets
        Fewest sets.

    Returns
    -------
    Heterogeneity
        Nothing where the sets are too few to say how alike they are.

    References
    ----------
    The model of residual variances (Smyth 2004, doi:10.2202/1544-6115.1027)
    with sets for genes and markers for samples.
    """
    if len(sets) < min_sets:
        return None
    variance = np.array([_dispersion(v) / (v.weight**2).sum() for v in sets])
    df = np.array([v.n_markers - 1.0 for v in sets])
    prior = fit_prior(variance, df)
    return Heterogeneity(float(prior.variance[0]), float(prior.df[0]), float(df.sum()))


def _dispersion(markers: MarkerEffects) -> float:
    """Variance of the weighted mean by the scatter of the markers."""
    residual = markers.effect - markers.weight @ markers.effect
    return float(markers.n_markers / (markers.n_markers - 1) * (markers.weight**2 @ residual**2))


def marker_dispersion(markers: MarkerEffects, heterogeneity: Heterogeneity | None = None) -> MarkerDispersion:
    """MarkerDispersion of the markers of a set, each field a number.

    Parameters
    ----------
    markers
        Independent markers of the set.
    heterogeneity
        Of the sets of the contrast: the dispersion is moderated by it and
        gains its degrees of freedom. Then all sets together say whether
        markers disagree, and the test of this one is not asked.
    """
    m, w = markers.n_markers, markers.weight
    if m < 2:
        return MarkerDispersion(*(np.array(x) for x in (0.0, 0.0, 0.0, 1.0)))
    square, df, dispersion = w**2, m - 1.0, _dispersion(markers)
    shared = ((markers.influence @ w) ** 2).sum()
    noise = max(0.0, square @ markers.variance - shared * square.sum())
    if heterogeneity is None:
        alone = markers.variance * (1 - 2 * w) + square @ markers.variance
        part = ratio(np.array(noise), square @ alone)
        residual = markers.effect - w @ markers.effect
        pvalue = cochran(residual, alone * part, markers.df, np.ones((1, m)), np.array([df]))[0]
    else:
        dispersion, df = heterogeneity.moderate(dispersion, df, scale=float(square.sum()))
        pvalue = 0.0
    return MarkerDispersion(*(np.array(x) for x in (dispersion, m / (m - 1) * noise, df, pvalue)))


def cochran(residual: Array, variance: Array, df: Array, weight: Array, df_residual: Array) -> Array:
    """P-value of Cochran's Q, the test that residuals are no larger than their sampling variance says.

    Parameters
    ----------
    residual, df
        Residuals and the df of their variances, each of shape (v,).
    variance
        Sampling variances, shape (v,) or (s, v).
    weight
        Which residuals count, shape (s, v).
    df_residual
        Degrees of freedom of the residuals that count, shape (s,).

    Returns
    -------
    Shape (s,). Squares are taken of normal scores: variances of few df would
    give them heavy tails.

    References
    ----------
    Cochran 1954, doi:10.2307/3001666
    """
    t = ratio(np.abs(residual), np.sqrt(variance))
    square = ndtri(np.maximum(stdtr(df, -t), np.finfo(float).tiny)) ** 2
    mean = ratio((weight * square).sum(axis=1), weight.sum(axis=1))
    return np.asarray(chdtrc(df_residual, mean * df_residual))


def ratio(top: Array, bottom: Array) -> Array:
    """Divide; 0/0 is 0, x/0 is infinite."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(top == 0, 0.0, top / bottom))


def set_effect(
    markers: MarkerEffects,
    reference: Background,
    *,
    confidence: float = 0.95,
    heterogeneity: Heterogeneity | None = None,
    level: float = _LEVEL,
) -> SetEffect:
    """Effect of a set over the background.

    Parameters
    ----------
    markers
        Independent markers of the set.
    reference
        The background.
    confidence
        Of the interval.
    heterogeneity
        Moderates the dispersion of the markers.
    level
        Of the test that a set without moderation is heterogeneous.

    Returns
    -------
    SetEffect
        ``estimate = sum(w b) - b0``.
    """
    estimate = float(markers.weight @ markers.effect) - reference.effect
    samples = float(((markers.influence @ markers.weight - reference.influence) ** 2).sum())
    nu = max(float(markers.weight @ markers.df), 1.0)
    return _combine(
        estimate,
        samples,
        nu,
        [marker_dispersion(markers, heterogeneity)],
        extra=reference.variance,
        n_markers=markers.n_markers,
        confidence=confidence,
        level=level,
    )


def difference(
    first: MarkerEffects,
    second: MarkerEffects,
    *,
    confidence: float = 0.95,
    heterogeneity: Heterogeneity | None = None,
    level: float = _LEVEL,
) -> SetEffect:
    """Effect of one set over another: influences are subtracted before they are squared.

    Parameters
    ----------
    first, second
        Independent markers of the two sets, on the same samples.
    confidence
        Of the interval.
    heterogeneity
        Moderates the dispersion of the markers of each set.
    level
        Of the test that a set without moderation is heterogeneous.
    """
    estimate = float(first.weight @ first.effect - second.weight @ second.effect)
    samples = float(((first.influence @ first.weight - second.influence @ second.weight) ** 2).sum())
    nu = min(float(first.weight @ first.df), float(second.weight @ second.df))
    parts = [marker_dispersion(v, heterogeneity) for v in (first, second)]
    return _combine(
        estimate,
        samples,
        nu,
        parts,
        extra=0.0,
        n_markers=min(first.n_markers, second.n_markers),
        confidence=confidence,
        level=level,
    )


def _combine(
    estimate: float,
    samples: float,
    nu: float,
    parts: Sequence[MarkerDispersion],
    *,
    extra: float,
    n_markers: int,
    confidence: float,
    level: float,
) -> SetEffect:
    """Join the sample component, the marker components and a constant one."""
    total, df = join_components(np.array(samples), np.array(nu), parts, level=level)
    se = float(np.sqrt(total + extra))
    half = float(stdtrit(df, 0.5 + confidence / 2)) * se
    share = float(samples / total) if total > 0 else 1.0
    return SetEffect(estimate, se, float(df), estimate - half, estimate + half, n_markers, share)


def join_components(
    samples: Array, nu: Array, parts: Sequence[MarkerDispersion], *, level: float = _LEVEL
) -> tuple[Array, Array]:
    """Variance of an effect with two random factors, and its degrees of freedom.

    Parameters
    ----------
    samples, nu
        Variance over samples and its df, each of shape (...).
    parts
        Disagreements, fields of the same shape. Noise counts once: a part adds
        what its dispersion exceeds the noise by, where it is shown to.
    level
        Of the test that shows it.

    Returns
    -------
    The variance, and the df of a sum and difference of mean squares: every
    square enters by its own df, the subtracted noise too.

    References
    ----------
    Satterthwaite 1946, doi:10.2307/3002019; for two random factors Clark 1973,
    doi:10.1016/S0022-5371(73)80014-3
    """
    nu = np.maximum(nu, 1.0)
    total, squares = samples, samples**2 / nu
    for part in parts:
        more = (part.dispersion > part.noise) & (part.pvalue < level)
        df = np.maximum(part.df, 1.0)
        total = total + np.where(more, part.dispersion - part.noise, 0.0)
        squares = squares + np.where(more, part.dispersion**2 / df + part.noise**2 / (df * nu), 0.0)
    df = np.divide(total**2, squares, out=np.array(nu, dtype=float), where=squares > 0)
    return np.asarray(total), np.asarray(np.maximum(df, 1.0))
