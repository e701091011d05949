"""Vesicles, lipoprotein and soluble protein in every fraction of a series, from the profiles of their markers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import expit, logit, stdtrit

from markerkit.catalog.criteria import GENERAL_EV, load_criteria
from markerkit.catalog.load import MarkerCatalog
from markerkit.core.signal import Signal
from markerkit.effects.members import set_members
from markerkit.purity.fraction_layout import Layout
from markerkit.stats.mixture import composition, misfit

Array = npt.NDArray[np.float64]

EV = GENERAL_EV
#: component -> its title and the sets whose members stand for it; a gene stands for the first component that has it
COMPONENTS: dict[str, tuple[str, tuple[str, ...]]] = {
    EV: ("Vesicles", ()),
    "lipoprotein": ("Lipoprotein", ("lipoprotein",)),
    "soluble": ("Soluble protein", ("plasma_soluble", "plasma", "immunoglobulin", "coagulation")),
}
_NEAR_0 = 1e-3  # shares nearer to 0 or 1 are taken as this far from it on the logit scale: below, a share is a few peptides

_PLACE = 0.01  # part of the median marker from which a fraction belongs to the place of a panel


@dataclass(frozen=True, eq=False)
class Components:
    """Share of each component in the protein of every fraction.

    Attributes
    ----------
    keys
        Components of which enough markers were measured.
    n_set, n_measured
        Component -> members of its sets, and those measured.
    share
        Shape (replicates, fractions, components), sum 1; NaN where nothing was measured.
    drawn
        The same from markers drawn anew, shape (draws, replicates, fractions, components).
    misfit
        Root mean square of what the components leave of the signal of a fraction.
    reason
        Why nothing could be estimated; else nothing.
    """

    keys: tuple[str, ...]
    n_set: dict[str, int]
    n_measured: dict[str, int]
    share: Array
    drawn: Array
    misfit: float
    reason: str = ""


def component_members(markers: MarkerCatalog) -> dict[str, tuple[str, ...]]:
    """Genes that stand for each component, each gene once."""
    sets = {k: s for k, (_, s) in COMPONENTS.items()} | {EV: load_criteria().classes[EV].sets}
    found: dict[str, tuple[str, ...]] = {}
    taken: set[str] = set()
    for key in COMPONENTS:
        genes = [g for g in set_members(markers, sets[key])["gene"] if g and g not in taken]
        found[key] = tuple(dict.fromkeys(genes))
        taken |= set(genes)
    return found


def components_of(
    layout: Layout, signal: Signal, markers: MarkerCatalog, *, draws: int, seed: int
) -> Components:
    """Estimate the composition of every fraction.

    Parameters
    ----------
    layout, signal
        The series and its signal.
    markers
        Catalog.
    draws, seed
        Of the bootstrap over markers.

    Notes
    -----
    See :func:`markerkit.stats.mixture.unit_fit`. Shares of signal enter, so that no amounts are needed. Every replicate
    is fitted on its own, fractions weighed by the number of proteins that they show.
    """
    members = component_members(markers)
    parts = {k: signal.of(genes).amounts for k, genes in members.items()}
    n_set = {k: len(g) for k, g in members.items()}
    n_measured = {k: int((a > 0).any(axis=0).sum()) for k, a in parts.items()}
    least = {k: "min_markers" if k == EV else "min_markers_source" for k in members}
    keys = tuple(k for k in members if n_measured[k] >= load_criteria().threshold[least[k]])
    weight = fraction_weight(layout, signal)
    reason = _why_not(keys, n_measured, int((weight > 0).any(axis=0).sum()))
    if reason:
        nothing = np.full((*weight.shape, len(COMPONENTS)), np.nan)
        return Components((), n_set, n_measured, nothing, nothing[None], np.nan, reason)
    total = signal.total.to_numpy(float)[:, None]
    of_total = [np.divide(parts[k], total, out=np.zeros_like(parts[k]), where=total > 0) for k in keys]
    shares = [agreeing_markers(np.nan_to_num(layout.arranged(s)), layout) for s in of_total]
    panels = np.stack([s.sum(axis=-1) for s in shares], axis=-1)
    rng = np.random.default_rng(seed)
    drawn = np.stack([_redrawn(s, draws, rng) for s in shares], axis=-1)
    enough = np.where(weight > 0, 1.0, np.nan)[..., None]
    left = float(np.mean(misfit(panels, weight)))
    share, of_draws = composition(panels, weight) * enough, composition(drawn, weight) * enough
    return Components(keys, n_set, n_measured, share, of_draws, left)


def fraction_weight(layout: Layout, signal: Signal) -> Array:
    """Proteins measured in every replicate and fraction; 0 where they are too few for a share to mean anything."""
    n = np.nan_to_num(layout.arranged(signal.values.notna().sum(axis=1).to_numpy(float)))
    return np.where(n >= load_criteria().convention["min_background"], n, 0.0)


def agreeing_markers(shares: Array, layout: Layout) -> Array:
    """Leave out markers that lie elsewhere than most of their panel, where amounts tell.

    Parameters
    ----------
    shares
        Share of signal of every marker, shape (replicates, fractions, markers).
    layout
        The series.

    Notes
    -----
    The place of the panel is where its median marker has at least 1 % of its amount. A marker with more than
    `series_marker_outside` of its amount elsewhere is no marker of this component in this sample.
    """
    if not layout.has_amounts:
        return shares
    amount = np.nansum(shares * layout.amount[..., None], axis=0)
    total = amount.sum(axis=0)
    profile = amount[:, total > 0] / total[total > 0]
    middle = np.median(profile, axis=1)
    place = middle >= _PLACE * middle.sum()
    outside = np.zeros(len(total))
    outside[total > 0] = profile[~place].sum(axis=0)
    return shares[..., outside <= load_criteria().convention["series_marker_outside"]]


def _redrawn(shares: Array, draws: int, rng: np.random.Generator) -> Array:
    """Panel of markers drawn anew, shape (draws, replicates, fractions); markers that were never measured are none."""
    seen = shares[..., (shares > 0).any(axis=(0, 1))]
    n = seen.shape[-1]
    counts = rng.multinomial(n, np.full(n, 1 / n), size=draws)
    return np.asarray(np.einsum("rfm,dm->drf", seen, counts.astype(float)))


def _why_not(keys: tuple[str, ...], n_measured: dict[str, int], n_fractions: int) -> str:
    if EV not in keys:
        return f"{n_measured[EV]} EV markers measured in the series, too few"
    if len(keys) < 2:
        return "neither lipoprotein nor soluble protein has markers enough to compare the vesicles with"
    if n_fractions <= len(keys):
        return f"{n_fractions} fractions for {len(keys)} components: their profiles cannot be told apart"
    return ""


def share_limits(point: Array, runs: Array, drawn: Array, confidence: float) -> tuple[Array, Array]:
    """Interval of a share over markers and, from three on, replicates.

    Parameters
    ----------
    point
        Shares, shape (...).
    runs
        Shares in every replicate, shape (replicates, ...).
    drawn
        The same shares, of markers drawn anew, shape (draws, ...).
    confidence
        Coverage, e.g. 0.95.

    Notes
    -----
    On the logit scale: the variance over draws, plus the variance between replicates over their number. Markers are the
    same in every replicate, so that their error does not fall with it. Student's t with the degrees of freedom of
    Satterthwaite.
    """
    scale = [logit(np.clip(x, _NEAR_0, 1 - _NEAR_0)) for x in (point, runs, drawn)]
    n = np.isfinite(scale[1]).sum(axis=0)
    of_markers = np.nanvar(scale[2], axis=0, ddof=1)
    between = np.zeros(np.shape(point))
    several = n >= load_criteria().convention["interval_replicates"]
    if several.any():
        between[several] = np.nanvar(scale[1][:, several], axis=0, ddof=1) / n[several]
    variance = of_markers + between
    with np.errstate(divide="ignore", invalid="ignore"):
        df = np.where(between > 0, np.maximum(n - 1, 1) * (variance / between) ** 2, 1e9)
    half = stdtrit(df, 0.5 + confidence / 2) * np.sqrt(variance)
    low = np.where(point <= _NEAR_0, 0.0, np.minimum(expit(scale[0] - half), point))
    return low, np.maximum(expit(scale[0] + half), point)
