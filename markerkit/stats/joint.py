"""All sets at once: what each adds to the effects of the markers that it shares with others."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import stdtrit

from markerkit.stats.background import Background
from markerkit.stats.ebayes import two_sided
from markerkit.stats.set_effect import MarkerDispersion, MarkerEffects, cochran, join_components, ratio

Array = npt.NDArray[np.float64]

_NO_RESIDUAL = 1e-9  # a marker that its sets fit exactly, such as the only one of a set, leaves no residual


@dataclass(frozen=True)
class JointEffects:
    """Coefficients of the sets, each of shape (s,); NaN for sets that are aliased.

    Parameters
    ----------
    coefficient, se, df, ci_low, ci_high, pvalue
        Estimate, standard error, Satterthwaite degrees of freedom, 95 % interval, two-sided p.
    aliased
        Sets that are a combination of others.
    """

    coefficient: Array
    se: Array
    df: Array
    ci_low: Array
    ci_high: Array
    pvalue: Array
    aliased: npt.NDArray[np.bool_]


def joint_effects(
    markers: MarkerEffects, weight: Array, reference: Background, *, level: float = 0.2
) -> JointEffects:
    """Regress the effects of independent markers over the background on their membership weights.

    Parameters
    ----------
    markers
        Of all sets, m of them; their own weights are not used.
    weight
        Membership weights, shape (m, s), 0 outside a set.
    reference
        The background.
    level
        Of the test that the residuals of a set exceed noise.

    Returns
    -------
    JointEffects
        The variance of a coefficient is a sandwich in two ways: over samples
        (influences summed over markers before they are squared, which carries
        the correlation between markers) and over markers (squared residuals, less
        the sampling noise in them), joined by Satterthwaite's rule. A marker's
        residual is squared over what its leverage leaves of it, and the df
        are those of that sum of squares for markers that vary alike: a set of
        five markers has about four, however many markers there are in all.

    References
    ----------
    Bell and McCaffrey 2002, Survey Methodology 28:169-181 (leverage and df of
    the sandwich); Imbens and Kolesar 2016, doi:10.1162/REST_a_00552
    """
    sets = weight.shape[1]
    scale = weight.max(axis=0)
    x = weight / np.where(scale > 0, scale, 1.0)
    kept, aliased = _independent(x)
    out = {k: np.full(sets, np.nan) for k in ("coefficient", "se", "df", "ci_low", "ci_high", "pvalue")}
    if len(kept) == 0 or markers.n_markers <= len(kept):
        return JointEffects(**out, aliased=np.ones(sets, dtype=bool))
    x = x[:, kept]
    inverse = np.asarray(np.linalg.pinv(x), dtype=float)
    coefficient = inverse @ (markers.effect - reference.effect)
    of_samples = markers.influence @ inverse.T - np.outer(reference.influence, inverse.sum(axis=1))
    of_markers = _between_markers(markers, x, inverse, markers.effect - reference.effect - x @ coefficient)
    df_samples = markers.df @ (x / x.sum(axis=0))
    total, df = join_components((of_samples**2).sum(axis=0), df_samples, [of_markers], level=level)
    se = np.sqrt(total + reference.variance * inverse.sum(axis=1) ** 2)
    half = stdtrit(df, 0.975) * se
    found = {
        "coefficient": coefficient,
        "se": se,
        "df": df,
        "ci_low": coefficient - half,
        "ci_high": coefficient + half,
        "pvalue": two_sided(coefficient / se, df),
    }
    for name, values in found.items():
        out[name][kept] = values
    return JointEffects(**out, aliased=aliased)


def _between_markers(markers: MarkerEffects, x: Array, inverse: Array, residual: Array) -> MarkerDispersion:
    """Variance of the coefficients that comes from the heterogeneity of the markers.

    Parameters
    ----------
    markers
        The independent markers, m of them.
    x, inverse
        Membership, shape (m, k), and its pseudoinverse, shape (k, m).
    residual
        Of the regression, shape (m,).
    """
    variance = markers.variance
    own = x / x.sum(axis=0)
    shared = ((markers.influence @ own) ** 2).sum(axis=0)
    left = 1 - (x * inverse.T).sum(axis=1)
    informative = left > _NO_RESIDUAL
    share = inverse**2 * np.divide(1.0, left, out=np.zeros_like(left), where=informative)
    noise = (share * np.maximum(variance - shared[:, None], 0.0)) @ informative.astype(float)
    alone = variance * (2 * left - 1) + (x @ inverse) ** 2 @ variance
    part = ratio(noise, share @ alone)
    df = _df_of_dispersion(x, inverse, share)
    inside = ((x > 0) & informative[:, None]).T.astype(float)
    pvalue = cochran(residual, part[:, None] * alone, markers.df, inside, df)
    return MarkerDispersion(share @ residual**2, noise, df, pvalue)


def _df_of_dispersion(x: Array, inverse: Array, share: Array) -> Array:
    """Degrees of freedom of each row's sum of squared residuals, ``tr(MD)^2 / tr(MDMD)``, shape (s,).

    D holds the row of `share`, M turns effects into residuals: ``I - X X+``.
    """
    hat = (x * inverse.T).sum(axis=1)
    first = share @ (1 - hat)
    second = (share**2) @ (1 - 2 * hat)
    for j, own in enumerate(share):
        at = np.flatnonzero(own)
        root = np.sqrt(own[at])
        inside, outside = x[at] * root[:, None], inverse[:, at] * root
        second[j] += ((inside.T @ inside) * (outside @ outside.T)).sum()
    return np.asarray(np.divide(first**2, second, out=np.ones(len(first)), where=second > 0))


def _independent(x: Array) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.bool_]]:
    """Columns that are no combination of the others, and those that are; every member of an alias is left out."""
    _, values, vt = np.linalg.svd(x, full_matrices=len(x) < x.shape[1])
    size = np.zeros(x.shape[1])
    size[: len(values)] = values
    null = vt[size <= 1e-9 * max(1.0, float(size.max(initial=0.0)))]
    aliased = np.abs(null).max(axis=0, initial=0.0) > 1e-7
    return np.flatnonzero(~aliased), aliased
