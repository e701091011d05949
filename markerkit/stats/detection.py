"""Exact tests of how often a protein is seen, given how much each sample sees.

The model is Rasch's: the log odds that sample i sees protein g are
``u_i + a_g``, depth of the sample plus readiness of the protein. Given how often
a protein was seen in all, which samples saw it no longer depends on ``a_g``:
every choice of samples has a probability in proportion to the product of their
odds ``w_i = exp(u_i)``. So the depths come from all proteins together by
conditional maximum likelihood (Andersen 1972), and a protein is tested against
an exact distribution, which stays proper where it was seen in one arm only. With
equal depths it is Fisher's exact test and, within pairs, McNemar's.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

MOST_SAMPLES = 200  # the sums over choices of samples grow with the cube of their number
_ROUNDS = 200
_SAME = 1e-7  # outcomes whose probabilities agree to this share are equally extreme


def sample_odds(seen: BoolArray) -> Array:
    """Odds of being seen that each sample gives, up to a common factor.

    Parameters
    ----------
    seen
        Samples x proteins.

    Returns
    -------
    Shape (n,), geometric mean 1. All 1 where no protein is seen in some samples only.

    References
    ----------
    Andersen 1972, J R Stat Soc B 34:42.
    """
    n = len(seen)
    total = seen.sum(axis=0)
    informative = (total > 0) & (total < n)
    # half a sighting of one more protein, spread over the samples, keeps a sample that saw nothing in reach
    often = seen[:, informative].sum(axis=1) + 0.5 * total[informative].mean() / n if informative.any() else 0
    count = np.bincount(total[informative], minlength=n + 1).astype(float)
    count[total[informative]] *= 1 + 0.5 / max(informative.sum(), 1)
    odds = np.ones(n)
    if not informative.any() or np.ptp(often) == 0:
        return odds
    for _ in range(_ROUNDS):
        without = _without_each(odds)
        whole = _choices(odds)
        expected = (count[1:n] * without[:, : n - 1] / whole[1:n]).sum(axis=1)
        updated = odds * often / expected
        updated /= np.exp(np.log(updated).mean())
        moved = np.abs(np.log(updated / odds)).max()
        odds = updated
        if moved < 1e-8:
            break
    return odds


def conditional_test(seen: BoolArray, case: BoolArray, odds: Array) -> tuple[Array, Array]:
    """Test how often the case samples see each protein, given how often all of them do.

    Parameters
    ----------
    seen
        Samples x proteins.
    case
        The case samples, shape (n,).
    odds
        From :func:`sample_odds`, or ones.

    Returns
    -------
    pvalue, expected
        Two-sided p (all outcomes no likelier than the observed one) and the
        sightings in the case that depth alone leads to expect, each of shape (p,).
    """
    total, inside = seen.sum(axis=0), seen[case].sum(axis=0)
    first, second = _choices(odds[case]), _choices(odds[~case])
    pvalue, expected = np.ones(seen.shape[1]), np.zeros(seen.shape[1])
    for m in np.unique(total):
        x = np.arange(max(0, m - len(second) + 1), min(m, len(first) - 1) + 1)
        mass = first[x] * second[m - x]
        mass = mass / mass.sum()
        at = total == m
        pvalue[at] = _two_sided(mass)[inside[at] - x[0]]
        expected[at] = x @ mass
    return pvalue, expected


def paired_test(first: BoolArray, second: BoolArray, odds: tuple[Array, Array]) -> tuple[Array, Array]:
    """Test within pairs: in how many of those where one sample alone saw the protein it was the first.

    Parameters
    ----------
    first, second
        Pairs x proteins.
    odds
        Of the first and of the second samples, each of shape (pairs,).

    Returns
    -------
    pvalue, expected
        As from :func:`conditional_test`; `expected` counts sightings in the first samples.
    """
    share = (odds[0] / (odds[0] + odds[1]))[:, None]
    apart = first != second
    chance = np.where(apart, share, 0.0)
    mass = np.zeros((len(first) + 1, first.shape[1]))
    mass[0] = 1.0
    for p in chance:
        mass[1:] = mass[1:] * (1 - p) + mass[:-1] * p
        mass[0] *= 1 - p
    observed = (first & apart).sum(axis=0)
    here = np.take_along_axis(mass, observed[None], axis=0)
    pvalue = np.where(mass <= here * (1 + _SAME), mass, 0.0).sum(axis=0)
    both = (first & second).sum(axis=0)
    return np.minimum(1.0, pvalue), both + chance.sum(axis=0)


def _two_sided(mass: Array) -> Array:
    """Probability of all outcomes that are no likelier than each one."""
    order = np.sort(mass)
    cumulative = np.cumsum(order)
    at = np.searchsorted(order, mass * (1 + _SAME), side="right") - 1
    return np.minimum(1.0, cumulative[at])


def _choices(odds: Array) -> Array:
    """Sum, over all choices of 0, 1, ... samples the product of their odds, shape (n + 1,)."""
    out = np.zeros(len(odds) + 1)
    out[0] = 1.0
    for w in odds:
        out[1:] += w * out[:-1]
    return out


def _without_each(odds: Array) -> Array:
    """Sum the same over choices of 1, 2, ... samples that hold each sample, shape (n, n)."""
    n = len(odds)
    out = np.zeros((n, n))
    out[:, 0] = 1.0
    for j, w in enumerate(odds):
        others = np.arange(n) != j
        out[others, 1:] += w * out[others, :-1]
    return out * odds[:, None]
