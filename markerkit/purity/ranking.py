"""Several preparations beside each other: which has more vesicles in it, which less of anything else."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import expit, logit, stdtr, stdtrit

from markerkit.catalog.criteria import load_criteria
from markerkit.catalog.load import MarkerCatalog, Sets, with_reference
from markerkit.core.errors import require_columns
from markerkit.core.experiment import Experiment
from markerkit.core.factors import as_factor, levels_of
from markerkit.core.matrix import among
from markerkit.core.signal import NO_SHARES, Signal, signal_of
from markerkit.core.vocabulary import Status, VerdictWord
from markerkit.purity.series_results import Ranking
from markerkit.purity.shares import EV, source_panels
from markerkit.stats.fdr import holm
from markerkit.stats.welch import variance_of_means
from markerkit.study.roles import preparations
from markerkit.tables.registry import TABLES

Array = npt.NDArray[np.float64]
_NEAR_0 = 1e-4  # smaller shares are taken as this one: a few peptides


class Quantity(NamedTuple):
    """What preparations are ranked on: its sources, and whether much of it is better."""

    sources: tuple[str, ...]
    more_is_better: bool


QUANTITIES: dict[str, Quantity] = {
    EV: Quantity((EV,), more_is_better=True),
    "co_isolated": Quantity(
        ("plasma", "lipoprotein", "immunoglobulin", "coagulation", "urine", "bovine_serum", "nonvesicular"),
        more_is_better=False,
    ),
    "cells_and_handling": Quantity(
        (
            *("platelet", "erythrocyte", "leukocyte", "keratin"),
            *("er_golgi", "mitochondrion", "nucleus", "ribosome", "proteasome"),
        ),
        more_is_better=False,
    ),
}


def rank_preparations(exp: Experiment, group: str, markers: Sets | None = None) -> Ranking:
    """Rank groups of samples on EV signal, co-isolated protein and material of cells and handling.

    Parameters
    ----------
    exp
        Harmonized experiment before normalization.
    group
        Sample column of the preparations.
    markers
        Catalog; the shipped one of the experiment's organism by default. Sets of your own, in any form that
        :func:`markerkit.enrich` takes, stand beside the shipped ones.

    Returns
    -------
    Ranking

    Raises
    ------
    InputError
        An absent column; imputed values.

    Notes
    -----
    Shares of signal on the logit scale, Welch's t-test (1947) for every two groups, Holm's correction (1979) over the pairs of a
    quantity: the chance of a single wrong order is 5 % at most. The rank of a group is 1 plus the number of groups shown
    to be better, its last rank the number of groups less those shown to be worse; groups that cannot be told apart
    overlap. EV markers that a source lists too count as EV markers only. Differences of a study or a laboratory that
    holds one preparation only are counted as the preparation's.

    Examples
    --------
    >>> import markerkit as mk
    >>> found = mk.rank_preparations(mk.load_example(), "fraction").table
    >>> found[found["quantity"] == "ev"].set_index("group")["rank"].to_dict()
    {'EV': 1, 'lysate': 2}
    """
    exp.refuse_imputed()
    exp = preparations(exp)
    require_columns(exp.samples, [group], what="the sample sheet")
    groups = as_factor(exp.samples[group])
    spec = TABLES["ranking"]
    if exp.scale == "ratio":
        rows = [_none(q, g, 0, NO_SHARES) for q in QUANTITIES for g in levels_of(groups)]
        return Ranking(spec.conform(pd.DataFrame(rows)), {"group": group})
    shares = quantity_shares(signal_of(exp), with_reference(markers, exp.organism))
    rows = [row for name in QUANTITIES for row in _ranked(name, shares[name], groups)]
    return Ranking(
        spec.conform(pd.DataFrame(rows)), {"group": group, "family": "pairs of groups of a quantity"}
    )


def quantity_shares(signal: Signal, markers: MarkerCatalog) -> pd.DataFrame:
    """Share of signal of every quantity, samples x quantities; NaN where nothing of it was measured."""
    panels = source_panels(markers)
    inside = {k: among(signal.proteins[p.column], set(p.members) - {""}) for k, p in panels.items()}
    found = {}
    for name, quantity in QUANTITIES.items():
        mask = np.any([inside[s] for s in quantity.sources], axis=0)
        if name != EV:
            mask = mask & ~inside[EV]
        found[name] = signal.where(mask).share
    return pd.DataFrame(found, index=signal.values.index)


def _none(quantity: str, group: str, n: int, reason: str) -> dict[str, object]:
    status = VerdictWord.NOT_ASSESSABLE.value
    return {"quantity": quantity, "group": group, "n": n, "status": status, "reason": reason}


def _ranked(name: str, share: pd.Series, groups: pd.Series) -> Iterator[dict[str, object]]:
    """Rows of one quantity, the best group first."""
    t = load_criteria().threshold
    levels = levels_of(groups)
    values = {
        g: logit(share[groups == g].dropna().clip(_NEAR_0, 1 - _NEAR_0).to_numpy(float)) for g in levels
    }
    enough = {g: v for g, v in values.items() if len(v) >= t["min_replicates"]}
    better = _better(enough, 1 if QUANTITIES[name].more_is_better else -1, 1 - t["confidence"])
    sign = -1 if QUANTITIES[name].more_is_better else 1
    for g in sorted(enough, key=lambda k: sign * enough[k].mean()):
        above, below = {k for k in enough if better[k, g]}, {k for k in enough if better[g, k]}
        low, middle, high = _limits(enough[g], t["confidence"])
        yield {
            "quantity": name, "group": g, "n": len(enough[g]), "share": middle, "ci_low": low, "ci_high": high,
            "rank": 1 + len(above), "rank_to": len(enough) - len(below),
            "alike": ";".join(k for k in enough if k not in {g, *above, *below}), "status": Status.ASSESSED.value,
        }  # fmt: skip
    for g in levels:
        if g not in enough:
            few = f"{len(values[g])} samples with a share; at least {t['min_replicates']:g} are needed"
            yield _none(name, g, len(values[g]), few)


def _better(values: dict[str, Array], sign: int, level: float) -> dict[tuple[str, str], bool]:
    """Whether the first group of a pair is shown to be better than the second."""
    found = {(a, b): False for a in values for b in values}
    pairs = list(combinations(values, 2))
    p = np.array([_welch(values[a], values[b]) for a, b in pairs])
    for (a, b), adjusted in zip(pairs, holm(p), strict=True):
        if adjusted <= level:
            first = sign * (values[a].mean() - values[b].mean()) > 0
            found[(a, b) if first else (b, a)] = True
    return found


def _welch(a: Array, b: Array) -> float:
    variance, df = variance_of_means(a, b)
    if np.isnan(df):
        return float("nan")  # no spread at all: nothing to test with
    return float(2 * stdtr(df, -abs(a.mean() - b.mean()) / variance**0.5))


def _limits(values: Array, confidence: float) -> tuple[float, float, float]:
    half = stdtrit(len(values) - 1, 0.5 + confidence / 2) * values.std(ddof=1) / np.sqrt(len(values))
    low, middle, high = expit([values.mean() - half, values.mean(), values.mean() + half])
    return float(low), float(middle), float(high)
