"""fraction_profiles: classes, sources and components over the fractions of a series, and what to pool."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from markerkit.catalog.criteria import load_criteria
from markerkit.catalog.load import MarkerCatalog, Sets, with_reference
from markerkit.core.errors import InputError, MarkerkitWarning
from markerkit.core.experiment import Experiment
from markerkit.core.signal import Part, Signal, signal_of
from markerkit.core.vocabulary import Status, VerdictWord
from markerkit.core.wording import percent
from markerkit.effects.members import set_members
from markerkit.purity.fraction_components import EV, Components, components_of, share_limits
from markerkit.purity.fraction_layout import Layout, layout_of
from markerkit.purity.fraction_pools import pools_of
from markerkit.purity.fraction_trends import trends_of
from markerkit.purity.series_results import FractionPeaks, FractionPools, FractionProfiles, FractionTrends
from markerkit.purity.shares import Panel, share_interval, source_panels
from markerkit.stats.mixture import center_and_width, overlap, resolution, top_fraction
from markerkit.tables.registry import TABLES

Array = npt.NDArray[np.float64]
_NO_AMOUNTS = "no amounts: the peak of a share lies where little else is"


def fraction_profiles(
    exp: Experiment,
    markers: Sets | None = None,
    *,
    fraction: str = "fraction",
    order: str = "order",
    replicate: str | None = None,
    amount: str | None = None,
    draws: int = 400,
    seed: int = 0,
) -> FractionProfiles:
    """Describe a series of fractions: what lies where, and which fractions to pool.

    Parameters
    ----------
    exp
        Harmonized experiment before normalization, with linear signal.
    markers
        Catalog; the shipped one of the experiment's organism by default. Sets of your own, in any form that
        :func:`markerkit.enrich` takes, stand beside the shipped ones.
    fraction
        Sample column of the fractions.
    order
        Sample column of their order (numbers; empty for samples that are no fraction), or ``"natural"``: by the
        number in their names (F1 to F24; 2K, 10K, 100K).
    replicate
        Sample column of the series that were run; ``"replicate"`` where the sheet has it, else there is one.
    amount
        Sample column of the protein of every fraction; ``"protein_ug"`` where the sheet has it. ``"signal"`` takes
        the total signal, right only where the same part of every fraction was measured.
    draws
        Draws of the bootstrap over markers.
    seed
        Of the bootstrap.

    Returns
    -------
    FractionProfiles
        ``table``: share of the signal of every fraction, and part of the total over the series, of every class,
        source and component; ``peaks``, ``pools`` and ``trends``.

    Raises
    ------
    InputError
        Ratios, normalized or imputed values; an absent column, one fraction, no order, amounts that are none; see
        :func:`markerkit.purity.fraction_layout.layout_of`.

    Warns
    -----
    MarkerkitWarning
        The components explain the signal of the fractions badly.

    Notes
    -----
    A share of signal is a part of a whole: where soluble protein rises, the share of the EV markers falls, whatever the
    vesicles do. Only amounts (`part`) say where the vesicles are. The model: section 10 of ``docs/models.md``.

    Examples
    --------
    >>> from markerkit.simulation.series import simulate_fractions
    >>> found = fraction_profiles(simulate_fractions(n_replicates=1, seed=1).experiment)
    >>> found.peaks.table.set_index(["kind", "key"]).loc[("component", "ev"), "peak"]
    'F7'
    """
    exp.refuse_imputed()
    if exp.has_verb("normalize"):
        raise InputError(
            "fractions are compared before normalization, which cancels their differences; give the experiment as it was read."
        )
    catalog = with_reference(markers, exp.organism)
    layout = layout_of(exp, fraction=fraction, order=order, replicate=replicate, amount=amount)
    signal = signal_of(layout.exp)
    panels = _panels(catalog)
    components = components_of(layout, signal, catalog, draws=draws, seed=seed)
    _note_misfit(components)
    profiles = [
        *_panel_profiles(layout, signal, panels, draws=draws, seed=seed),
        *_component_profiles(layout, components),
    ]
    redrawn = layout.amounts_redrawn(draws, np.random.default_rng(seed))
    made = {"fraction": fraction, "order": order, "replicate": replicate, "amount": layout.amount_of or None}
    return FractionProfiles(
        TABLES["fraction_profiles"].conform(pd.concat([_profile_rows(layout, p, redrawn) for p in profiles])),
        made | {"draws": draws, "seed": seed, "misfit": components.misfit},
        peaks=FractionPeaks(
            TABLES["fraction_peaks"].conform(pd.DataFrame(list(_peak_rows(layout, profiles, redrawn, seed))))
        ),
        pools=FractionPools(TABLES["fraction_pools"].conform(pools_of(layout, components, seed=seed))),
        trends=FractionTrends(TABLES["fraction_trends"].conform(trends_of(layout, signal, panels))),
    )


def _note_misfit(components: Components) -> None:
    if components.misfit > load_criteria().convention["series_misfit"]:
        warnings.warn(
            f"vesicles, lipoprotein and soluble protein together miss the signal of a fraction by {percent(components.misfit, 2)} "
            "on average: other material is in the series, and purity is their share among the three",
            MarkerkitWarning,
            stacklevel=3,
        )


@dataclass(frozen=True, eq=False)
class _Profile:
    """What is known of one class, source or component: shares of every replicate and fraction, and of draws of markers.

    ``limits`` are the interval of the mean share, where it is not over replicates.
    """

    kind: str
    key: str
    share: Array
    drawn: Array
    n_set: int
    n_measured: int
    reason: str = ""
    limits: tuple[Array, Array] | None = None

    @property
    def assessed(self) -> bool:
        return not self.reason


# ---- profiles -----------------------------------------------------------------------


def _panels(markers: MarkerCatalog) -> dict[tuple[str, str], Panel]:
    """Panel of every class and every source."""
    classes = load_criteria().classes
    panels = {
        ("class", k): Panel(tuple(set_members(markers, r.sets)["gene"]), "gene") for k, r in classes.items()
    }
    return panels | {("source", k): p for k, p in source_panels(markers).items() if k != EV}


def _panel_profiles(
    layout: Layout, signal: Signal, panels: Mapping[tuple[str, str], Panel], *, draws: int, seed: int
) -> Iterator[_Profile]:
    """Share of signal of every class and source."""
    t = load_criteria().threshold
    rng = np.random.default_rng(seed)
    for (kind, key), panel in panels.items():
        part = signal.of(panel.members, column=panel.column)
        seen = (part.amounts > 0).any(axis=0)
        few = seen.sum() < t["min_markers_source"]
        members = part.amounts[:, seen] / np.where(part.total > 0, part.total, np.nan)[:, None]
        arranged = layout.arranged(members)
        reason = f"{int(seen.sum())} of {len(panel.members)} members measured, too few" if few else ""
        n = int(seen.sum())
        counts = (
            rng.multinomial(n, np.full(n, 1 / n), size=draws).astype(float) if n else np.zeros((draws, 0))
        )
        yield _Profile(
            kind,
            key,
            arranged.sum(axis=-1),
            np.einsum("rfm,dm->drf", arranged, counts),
            len(panel.members),
            n,
            reason,
            _member_limits(layout, part, t["confidence"]),
        )


def _member_limits(layout: Layout, part: Part, confidence: float) -> tuple[Array, Array] | None:
    """Interval over the members of a panel, where there is one replicate only."""
    if len(layout.replicates) > 1:
        return None
    low, high = share_interval(part.amounts, part.share, confidence)
    return layout.arranged(low)[0], layout.arranged(high)[0]


def _component_profiles(layout: Layout, components: Components) -> Iterator[_Profile]:
    """Estimated share of all protein of every component."""
    shape = (len(layout.replicates), len(layout.fractions))
    for key, n_set in components.n_set.items():
        reason = components.reason
        if key in components.keys:
            at = components.keys.index(key)
            share, drawn = components.share[..., at], components.drawn[..., at]
        else:
            share, drawn = np.full(shape, np.nan), np.full((1, *shape), np.nan)
            reason = reason or f"{components.n_measured[key]} markers measured, too few"
        yield _Profile("component", key, share, drawn, n_set, components.n_measured[key], reason)


def _mean(values: Array, axis: int) -> Array:
    """Mean of what there is; NaN where there is nothing."""
    n = np.isfinite(values).sum(axis=axis)
    return np.asarray(np.nansum(values, axis=axis) / np.where(n > 0, n, np.nan))


def _parts(share: Array, amount: Array) -> Array:
    """Part of the total over the series in every fraction, of shares and amounts (..., replicates, fractions)."""
    amount = share * amount
    total = np.nansum(amount, axis=-1, keepdims=True)
    return np.asarray(amount / np.where(total > 0, total, np.nan))


def _profile_rows(layout: Layout, profile: _Profile, redrawn: Array) -> pd.DataFrame:
    t = load_criteria().threshold
    share = _mean(profile.share, 0)
    parts = _parts(profile.share, layout.amount)
    part = _mean(parts, 0)
    parts_drawn = _mean(_parts(profile.drawn, redrawn[: len(profile.drawn)]), 1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # fractions without a value have no variance
        low, high = share_limits(share, profile.share, _mean(profile.drawn, 1), t["confidence"])
        p_low, p_high = share_limits(part, parts, parts_drawn, t["confidence"])
    if profile.limits is not None:
        low, high = profile.limits
    columns = {"share": share, "ci_low": low, "ci_high": high, "part": part, "part_ci_low": p_low}
    columns |= {"part_ci_high": p_high}
    unknown = np.isnan(share)
    rows = pd.DataFrame(
        {k: np.where(unknown | (not profile.assessed), np.nan, v) for k, v in columns.items()}
    )
    if profile.kind != "component" and np.isfinite(share).any():
        rows["share"] = share  # of the few members, without an interval
    reason = profile.reason or np.where(unknown, "nothing measured in this fraction", _without_amount(layout))
    return rows.assign(
        fraction=layout.fractions,
        order=layout.order,
        kind=profile.kind,
        key=profile.key,
        n_samples=(layout.place >= 0).sum(axis=0),
        interval_over=layout.interval_over,
        n_set=profile.n_set,
        n_measured=profile.n_measured,
        status=_status(profile),
        reason=reason,
    )


def _status(profile: _Profile) -> str:
    if profile.assessed:
        return Status.TESTED.value
    few = profile.reason.endswith("too few")
    return (Status.TOO_FEW_MEASURED if few else Status.NOT_ASSESSED).value


def _without_amount(layout: Layout) -> str | npt.NDArray[np.str_]:
    """Why a fraction has no part of the total."""
    if not layout.has_amounts:
        return "no amounts: where the total lies is not known"
    known = np.isfinite(layout.amount).any(axis=0)
    return np.where(known, "", "no amount of this fraction: left out of the total")


# ---- peaks --------------------------------------------------------------------------


def _peak_rows(
    layout: Layout, profiles: list[_Profile], redrawn: Array, seed: int
) -> Iterator[Mapping[str, object]]:
    rng = np.random.default_rng(seed)
    ev = next(p for p in profiles if (p.kind, p.key) == ("component", EV))
    of_ev = _curves(layout, ev, redrawn, rng) if ev.assessed else None
    for profile in profiles:
        curves = _curves(layout, profile, redrawn, rng)
        row = {"kind": profile.kind, "key": profile.key, **_peak(layout, profile, *curves)}
        apart = profile.kind == "component" and profile is not ev and layout.has_amounts
        if apart and of_ev and row["status"] == Status.ASSESSED:
            row |= _apart(layout, curves, of_ev)
        yield row


def _curves(
    layout: Layout, profile: _Profile, redrawn: Array, rng: np.random.Generator
) -> tuple[Array, Array]:
    """Profile over the fractions and its draws, means of the replicates: of amounts, or of shares where none are known."""
    share, drawn = profile.share, profile.drawn
    if layout.has_amounts:
        share, drawn = _parts(share, layout.amount), _parts(drawn, redrawn[: len(drawn)])
    return np.nan_to_num(_mean(share, -2)), np.nan_to_num(_mean(_replicates_redrawn(drawn, rng), -2))


def _peak(layout: Layout, profile: _Profile, curve: Array, drawn: Array) -> dict[str, object]:
    scale = "amount" if layout.has_amounts else "share of signal"
    if not profile.assessed or not curve.sum() > 0:
        reason = profile.reason or "no signal in the fractions with an amount"
        return {"scale": scale, "status": VerdictWord.NOT_ASSESSABLE.value, "reason": reason}
    top = int(top_fraction(curve))
    tops = np.bincount(top_fraction(drawn), minlength=len(curve))
    center, width = center_and_width(curve, layout.order)
    return {
        "scale": scale,
        "peak": layout.fractions[top],
        "order": layout.order[top],
        "confidence_set": ";".join(layout.fractions[i] for i in _likeliest(tops, top)),
        "center": float(center),
        "width": float(width),
        "status": Status.ASSESSED.value,
        "reason": "" if layout.has_amounts else _NO_AMOUNTS,
    }


def _replicates_redrawn(drawn: Array, rng: np.random.Generator) -> Array:
    """Draws of markers, each with its replicates drawn anew."""
    n_draws, n = drawn.shape[:2]
    if n < 2:
        return drawn
    chosen = rng.integers(n, size=(n_draws, n))
    return np.asarray(drawn[np.arange(n_draws)[:, None], chosen])


def _likeliest(counts: npt.NDArray[np.int_], top: int) -> list[int]:
    """Fewest fractions that hold the peak in the confidence's share of the draws; the peak itself is among them."""
    order = sorted(range(len(counts)), key=lambda i: (i != top, -counts[i]))
    needed = load_criteria().threshold["confidence"] * counts.sum()
    kept = int(np.searchsorted(np.cumsum(counts[order]), needed - 1e-9)) + 1
    return order[:kept]


def _apart(layout: Layout, mine: tuple[Array, Array], of_ev: tuple[Array, Array]) -> dict[str, object]:
    """Resolution and overlap of a component with the vesicles, of the profiles and of their draws."""
    ends = 0.5 - load_criteria().threshold["confidence"] / 2
    filled = (mine[1].sum(axis=-1) > 0) & (of_ev[1].sum(axis=-1) > 0)
    pairs = ((mine[0], of_ev[0]), (mine[1][filled], of_ev[1][filled]))
    row: dict[str, object] = {}
    for name in ("resolution", "overlap"):
        value, drawn = (
            resolution(a, b, layout.order) if name == "resolution" else overlap(a, b) for a, b in pairs
        )
        low, high = np.quantile(drawn, [ends, 1 - ends])
        row |= {name: float(value), f"{name}_ci_low": float(low), f"{name}_ci_high": float(high)}
    return row
