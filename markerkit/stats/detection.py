"""Exact tests of how often a protein is seen, given how much each sample sees.

The model is Rasch's: the log odds that sample i sees protein g are
``u_i + a_g``, depth of the sample plus readiness of the protein. Given how often
a protein was seen in all, which samples saw it no longer depends on ``a_g``:
every choice of samples has a probability in proportion to the product of their
odds ``w_i = exp(u_i)``. So the depths come from all proteins together by
conditional maximum likelihood (Andersen 1972), and a protein is tested against
an exact distribution, which stays proper where it was seen in one group only. With
equal depths it is the distribution of Fisher's exact test and, within pairs, of
McNemar's.

The p of few samples can only take a few values, and the sum up to the observed one
rejects far less often than its level says. So half of the probability of the
observed outcome is left out (mid-p: Lancaster 1961, doi:10.1080/01621459.1961.10482105;
for these tests Fagerland et al. 2013, doi:10.1186/1471-2288-13-91), which holds the
level on average over proteins, not for every single one.
"""

from __future__ import annotations

from dataclasses import dataclass

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
        whole = choices(odds)
        expected = (count[1:n] * without[:, : n - 1] / whole[1:n]).sum(axis=1)
        updated = odds * often / expected
        updated /= np.exp(np.log(updated).mean())
        moved = np.abs(np.log(updated / odds)).max()
        odds = updated
        if moved < 1e-8:
            break
    return odds


@dataclass(frozen=True)
class Detected:
    """Test of every protein, each field of shape (p,).

    Parameters
    ----------
    pvalue
        Two-sided mid-p: the outcomes less likely than the observed one, and half of those as likely.
    smallest
        The p of the least likely outcome.
    expected
        Sightings in the case that depth alone leads to expect.
    """

    pvalue: Array
    smallest: Array
    expected: Array


def conditional_test(seen: BoolArray, case: BoolArray, odds: Array) -> Detected:
    """Test how often the case samples see each protein, given how often all of them do.

    Parameters
    ----------
    seen
        Samples x proteins.
    case
        The case samples, shape (n,).
    odds
        From :func:`sample_odds`, or ones.
    """
    total, inside = seen.sum(axis=0), seen[case].sum(axis=0)
    first, second = choices(odds[case]), choices(odds[~case])
    pvalue, smallest, expected = (np.empty(seen.shape[1]) for _ in range(3))
    for m in np.unique(total):
        x = np.arange(max(0, m - len(second) + 1), min(m, len(first) - 1) + 1)
        mass = first[x] * second[m - x]
        mass = mass / mass.sum()
        at = total == m
        possible = _mid_p(mass[:, None], mass)
        pvalue[at] = possible[inside[at] - x[0]]
        smallest[at] = possible.min()
        expected[at] = x @ mass
    return Detected(pvalue, smallest, expected)


def paired_test(first: BoolArray, second: BoolArray, odds: tuple[Array, Array]) -> Detected:
    """Test within pairs: in how many of those where one sample alone saw the protein it was the first.

    Parameters
    ----------
    first, second
        Pairs x proteins.
    odds
        Of the first and of the second samples, each of shape (pairs,).

    Returns
    -------
    Detected
        ``expected`` counts sightings in the first samples.
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
    here = np.take_along_axis(mass, observed[None], axis=0)[0]
    least = np.where(mass > 0, mass, np.inf).min(axis=0)
    both = (first & second).sum(axis=0)
    return Detected(_mid_p(mass, here), _mid_p(mass, least), both + chance.sum(axis=0))


def _mid_p(mass: Array, here: Array) -> Array:
    """Probability of outcomes less likely than one of probability `here`, and half that of those as likely."""
    less = mass < here * (1 - _SAME)
    same = ~less & (mass <= here * (1 + _SAME))
    return np.asarray(np.where(less, mass, 0.0).sum(axis=0) + np.where(same, mass, 0.0).sum(axis=0) / 2)


def choices(odds: Array) -> Array:
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
