"""detectable_effect: the smallest effect that a design would find."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.optimize import brentq
from scipy.special import nctdtr, stdtrit

from markerkit.core.errors import InputError
from markerkit.results import DetectableEffect, DifferentialAbundance
from markerkit.stats.ebayes import Moderated
from markerkit.stats.linear import LinearFit
from markerkit.tables.registry import DETECTABLE

Array = npt.NDArray[np.float64]


def detectable_effect(
    da: DifferentialAbundance,
    *,
    set_size: int | Sequence[int] = (1, 5, 15, 40),
    correlation: float = 0.1,
    marker_sd: float | None = None,
    power: float = 0.8,
    alpha: float = 0.05,
) -> DetectableEffect:
    r"""Smallest effect that this design and spread would find.

    Parameters
    ----------
    da
        Differential abundance of the study, or of a pilot of its design.
    set_size
        Independent markers of a set, one or several numbers; 1 for a single protein by its moderated t.
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
        One row per contrast and set size.

    Raises
    ------
    InputError
        Numbers out of their range; a differential abundance without its fit.

    Notes
    -----
    The standard error is that of the set effect, of samples and of markers, on
    Satterthwaite's degrees of freedom:

    .. math:: \mathrm{se}^2 = s^2 u^2 \left( \rho + \frac{1 - \rho}{m} \right) + \frac{s_m^2}{m}

    with s the standard deviation of a protein, u the unscaled deviation of the
    contrast, rho the correlation, m the independent markers and
    :math:`s_m` their spread; the effect solves the power of a noncentral t. The typical protein
    (median) stands for the members. The set effect: section 1 of ``docs/models.md``.

    Examples
    --------
    >>> import markerkit as mk
    >>> exp = mk.simulate(n=3, n_background=200, seed=1).experiment
    >>> log = exp.pipe(mk.log2).pipe(mk.filter_detected, by="fraction").pipe(mk.normalize)
    >>> da = mk.differential_abundance(log, mk.Contrast("fraction", "EV", "lysate", paired_by="donor"))
    >>> mk.detectable_effect(da, set_size=15).table["log2_fc"].round(1).tolist()
    [1.4]
    """
    sizes = [set_size] if isinstance(set_size, int) else [int(m) for m in set_size]
    _check_numbers(sizes, correlation, marker_sd, power, alpha)
    if da.fit is None or da.moderated is None:
        raise InputError(
            "this differential abundance was read without its fit; run differential_abundance again."
        )
    rows = []
    for name, vector in da.contrasts.items():
        typical = _typical(da.fit, da.moderated, np.asarray(vector, dtype=float), name)
        spread = marker_sd if marker_sd is not None else typical.spread
        for m in sizes:
            se, df = typical.error(m, correlation, spread)
            rows.append(
                {
                    "contrast": name,
                    "set_size": m,
                    "correlation": correlation if m > 1 else np.nan,
                    "marker_sd": spread if m > 1 else np.nan,
                    "power": power,
                    "alpha": alpha,
                    "se": se,
                    "df": df,
                    "log2_fc": se * _noncentrality(df, power, alpha),
                }
            )
    params = {"set_size": sizes, "correlation": correlation, "marker_sd": marker_sd}
    return DetectableEffect(DETECTABLE.conform(pd.DataFrame(rows)), params)


@dataclass(frozen=True)
class _Typical:
    """The typical protein of a contrast: variance of its effect, degrees of freedom, and the spread of true effects."""

    variance: float
    df: float
    df_moderated: float
    spread: float

    def error(self, m: int, correlation: float, spread: float) -> tuple[float, float]:
        """Give the standard error of the effect of `m` markers, and its degrees of freedom."""
        if m == 1:
            return float(np.sqrt(self.variance)), self.df_moderated
        samples = self.variance * (correlation + (1 - correlation) / m)
        markers = spread**2 / m
        df = (samples + markers) ** 2 / (samples**2 / self.df + markers**2 / (m - 1))
        return float(np.sqrt(samples + markers)), df


def _typical(fit: LinearFit, moderated: Moderated, vector: Array, name: str) -> _Typical:
    effect, unscaled = fit.contrast(vector)
    ok = np.isfinite(effect) & np.isfinite(unscaled) & (fit.df_residual > 0)
    if not ok.any():
        raise InputError(
            f"no protein can be tested in {name!r}: there is nothing to estimate the spread from."
        )
    if not np.median(moderated.variance[ok]) > 0:
        raise InputError(
            f"the values of {name!r} have no noise: there is no spread that an effect could be held against."
        )
    return _Typical(
        float(np.median(moderated.variance[ok] * unscaled[ok] ** 2)),
        float(np.median(fit.df_residual[ok])),
        float(np.median(moderated.df_total[ok])),
        _spread(effect[ok], fit.sigma[ok] * unscaled[ok]),
    )


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

    def lacking(shift: float) -> float:
        return float(1 - nctdtr(df, shift, critical) - power)

    # the distribution function is known up to a few standard deviations beyond the critical value only
    high = critical + 1.0
    while lacking(high) < 0:
        high *= 2
    if np.isnan(lacking(high)):
        raise InputError(
            f"with {df:.3g} degrees of freedom no effect is found at alpha={alpha:g} that a number holds; choose a "
            "larger `alpha`."
        )
    return float(brentq(lacking, 0.0, high))
