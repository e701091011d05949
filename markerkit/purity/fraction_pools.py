"""Which adjacent fractions to pool: expected purity and yield of every pool, and the rule that proposes one."""

from __future__ import annotations

import warnings

import numpy as np
import numpy.typing as npt
import pandas as pd

from markerkit.catalog.criteria import load_criteria
from markerkit.core.vocabulary import Status, VerdictWord
from markerkit.core.wording import percent
from markerkit.purity.fraction_components import EV, Components, share_limits
from markerkit.purity.fraction_layout import Layout

Array = npt.NDArray[np.float64]


def pools_of(layout: Layout, components: Components, *, seed: int) -> pd.DataFrame:
    """Purity and yield of every run of adjacent fractions.

    Parameters
    ----------
    layout
        The series.
    components
        Composition of its fractions.
    seed
        Of the error of the amounts.

    Returns
    -------
    Rows of the table `fraction_pools`, by place; one row with the reason where there is nothing to tell.

    Notes
    -----
    Purity of a pool is its EV protein over its protein, in every replicate that has the amounts of all its fractions,
    then the mean; its yield is its EV protein over that of all fractions with an amount.
    """
    if components.reason or not layout.has_amounts:
        why = components.reason or (
            "yield and purity of a pool need the protein of every fraction: a sample column `protein_ug`, or amount='signal' where the "
            "same part of every fraction was measured"
        )
        return pd.DataFrame([{"status": VerdictWord.NOT_ASSESSABLE.value, "reason": why}])
    at = components.keys.index(EV)
    first, last = np.triu_indices(len(layout.fractions))
    purity, recovered = _of_runs(layout.amount, components.share[..., at], first, last)
    of_draws = components.drawn[..., at]
    redrawn = layout.amounts_redrawn(len(of_draws), np.random.default_rng(seed))
    drawn = _of_runs(redrawn, of_draws, first, last)
    confidence = load_criteria().threshold["confidence"]
    table = pd.DataFrame(
        {
            "fractions": [";".join(layout.fractions[a : b + 1]) for a, b in zip(first, last, strict=True)],
            "n_fractions": last - first + 1,
            "interval_over": layout.interval_over,
        }
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # runs without an amount have no mean and no variance
        for name, runs, anew in (("purity", purity, drawn[0]), ("recovered", recovered, drawn[1])):
            value = np.nanmean(runs, axis=0)
            low, high = share_limits(value, runs, np.nanmean(anew, axis=1), confidence)
            table[[name, f"{name}_ci_low", f"{name}_ci_high"]] = np.column_stack([value, low, high])
    known = table["purity"].notna() & table["recovered"].notna()
    proposed, words = proposal(table)
    return table.assign(
        proposed=table.index == proposed,
        status=np.where(known, Status.ASSESSED.value, VerdictWord.NOT_ASSESSABLE.value),
        reason=np.where(
            known, np.where(table.index == proposed, words, ""), "a fraction of it has no amount"
        ),
    )


def _of_runs(
    amount: Array, share: Array, first: npt.NDArray[np.intp], last: npt.NDArray[np.intp]
) -> tuple[Array, Array]:
    """Purity and yield of runs of fractions, shape (..., replicates, runs), of EV shares (..., replicates, fractions)."""

    def summed(values: Array) -> Array:
        total = np.concatenate([np.zeros((*values.shape[:-1], 1)), np.cumsum(values, axis=-1)], axis=-1)
        return np.asarray(total[..., last + 1] - total[..., first])

    ev = share * amount
    lacking = summed((~np.isfinite(ev)).astype(float)) > 0
    of_run = np.where(lacking, np.nan, summed(np.nan_to_num(ev)))
    protein = summed(np.nan_to_num(amount))
    everything = np.nansum(ev, axis=-1, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        return of_run / protein, of_run / everything


def proposal(pools: pd.DataFrame) -> tuple[int, str]:
    """Choose the pool to propose.

    Parameters
    ----------
    pools
        Columns ``purity``, ``recovered`` and ``n_fractions``, one row per run of fractions.

    Returns
    -------
    Row of the proposed pool, -1 for none; and the rule in words.

    Notes
    -----
    Of the pools that hold at least `pool_least_yield` of the EV protein, the purest sets the standard; proposed is the
    pool of the highest yield that keeps at least `pool_purity_kept` of its purity (of several, the shortest).

    Examples
    --------
    >>> runs = pd.DataFrame({"purity": [0.9, 0.8, 0.7], "recovered": [0.1, 0.3, 0.8], "n_fractions": [1, 1, 2]})
    >>> proposal(runs)[0]
    1
    """
    limits = load_criteria().convention
    enough = pools[pools["recovered"] >= limits["pool_least_yield"]]
    if not len(enough) or not enough["purity"].notna().any():
        return -1, ""
    kept = enough[enough["purity"] >= limits["pool_purity_kept"] * enough["purity"].max()]
    best = kept.sort_values(["recovered", "n_fractions"], ascending=[False, True], kind="stable")
    words = (
        f"highest yield among pools that keep {percent(limits['pool_purity_kept'])} of the purity of the purest pool with at least "
        f"{percent(limits['pool_least_yield'])} of the EV protein"
    )
    return int(best.index[0]), words
