"""All sets at once: what each adds to the effects of the markers that it shares with others."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import stdtrit

from markerkit.stats.ebayes import two_sided
from markerkit.stats.set_effect import Background

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class JointEffects:
    """Coefficients of the sets, each of shape (s,); NaN for sets that are aliased.

    Parameters
    ----------
    coefficient, se, df, low, high, pvalue
        Estimate, standard error, Satterthwaite degrees of freedom, 95 % interval, two-sided p.
    aliased
        Sets that are a combination of others.
    """

    coefficient: Array
    se: Array
    df: Array
    low: Array
    high: Array
    pvalue: Array
    aliased: npt.NDArray[np.bool_]


def joint_effects(
    effect: Array,
    influence: Array,
    variance: Array,
    df: Array,
    weight: Array,
    reference: Background,
) -> JointEffects:
    """Regress the effects of votes over the background on their membership weights.

    Parameters
    ----------
    effect
        Log2 fold change of each vote, shape (v,).
    influence
        What each sample added to it, shape (n_samples, v).
    variance
        Its sampling variance, shape (v,).
    df
        Residual degrees of freedom, shape (v,).
    weight
        Membership weights, shape (v, s), 0 outside a set.
    reference
        The background.

    Returns
    -------
    JointEffects
        The variance of a coefficient is a sandwich in two ways: over samples
        (influences summed over votes before they are squared, which carries
        the correlation between votes) and over votes (squared residuals, less
        the sampling noise in them), joined by Satterthwaite's rule.
    """
    sets = weight.shape[1]
    scale = weight.max(axis=0)
    x = weight / np.where(scale > 0, scale, 1.0)
    kept, aliased = _independent(x)
    out = {k: np.full(sets, np.nan) for k in ("coefficient", "se", "df", "low", "high", "pvalue")}
    if len(kept) == 0 or len(effect) <= len(kept):
        return JointEffects(**out, aliased=np.ones(sets, dtype=bool))
    turn = np.linalg.pinv(x[:, kept])
    coefficient = turn @ (effect - reference.effect)
    residual = effect - reference.effect - x[:, kept] @ coefficient
    from_samples = influence @ turn.T - np.outer(reference.influence, turn.sum(axis=1))
    s1 = (from_samples**2).sum(axis=0)
    own = x[:, kept] / x[:, kept].sum(axis=0)
    shared = ((influence @ own) ** 2).sum(axis=0)
    correction = len(effect) / (len(effect) - len(kept))
    noise = np.array([t**2 @ np.maximum(variance - s, 0.0) for t, s in zip(turn, shared, strict=True)])
    s2 = np.maximum(0.0, correction * (turn**2 @ residual**2 - noise))
    extra = reference.variance * turn.sum(axis=1) ** 2
    se = np.sqrt(s1 + s2 + extra)
    nu = df @ own
    with np.errstate(invalid="ignore", divide="ignore"):
        joined = (s1 + s2) ** 2 / (s1**2 / np.maximum(nu, 1) + s2**2 / (len(effect) - len(kept)))
    half = stdtrit(joined, 0.975) * se
    found = {
        "coefficient": coefficient,
        "se": se,
        "df": joined,
        "low": coefficient - half,
        "high": coefficient + half,
        "pvalue": two_sided(coefficient / se, joined),
    }
    for name, values in found.items():
        out[name][kept] = values
    return JointEffects(**out, aliased=aliased)


def _independent(x: Array) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.bool_]]:
    """Columns that are no combination of the others, and those that are; every member of an alias is left out."""
    _, values, vt = np.linalg.svd(x, full_matrices=True)
    size = np.zeros(x.shape[1])
    size[: len(values)] = values
    null = vt[size <= 1e-9 * max(1.0, float(size.max(initial=0.0)))]
    aliased = np.abs(null).max(axis=0, initial=0.0) > 1e-7
    return np.flatnonzero(~aliased), aliased
