"""One test of a protein from its measured values and from where it was detected.

A protein that every sample shows is tested on its values alone. Another one has an
outcome: it was detected in j case and k control samples. Without a difference

- the split of ``T = j + k`` detections over the samples depends on the depth of the
  samples alone (Rasch's model, see :mod:`markerkit.stats.detection`), and
- how often T of the samples show a protein depends on how abundant it is: an abundant
  protein is rarely missing, a faint one often. This detection-probability curve
  (Li and Smyth 2023, doi:10.1093/bioinformatics/btad200) is not given a form here: the
  distribution of T is counted over the proteins of similar mean abundance, and of each T
  only the even splits are counted, which are the ones that a true difference does not make.

Their product is the distribution of the outcome without a difference, so that missing
values of an abundant protein are evidence and those of a faint one are not. The two
parts of a hurdle model (Goeminne et al. 2020, doi:10.1021/acs.analchem.9b04375), values given
detection and detection, are independent without a difference. They are joined by the score
of a common shift of the abundance, and the p-value is the probability of as large a score
over all outcomes, so that it holds its level whatever the weights of the parts.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import expit, ndtr, ndtri

from markerkit.stats.detection import choices

Array = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.intp]

_NEIGHBORS = 200  # proteins of similar abundance over which detections are counted, or a tenth of all
_PRIOR = 2.0  # proteins' worth of the distribution over all abundances, added to the one nearby
_EVEN = 0.5  # share of the splits of T detections, the most even ones, that are counted
_CELLS = 2_000_000  # proteins x outcomes at once
_SMALLEST = 1e-300


@dataclass(frozen=True)
class Combined:
    """Test of every protein, each field of shape (p,); NaN where a protein is not tested.

    Parameters
    ----------
    pvalue
        Two-sided, of values and detections together.
    detection
        Two-sided mid-p of the detections alone; NaN for a protein that every sample shows.
    score
        Whose sign is the direction.
    """

    pvalue: Array
    detection: Array
    score: Array


@dataclass(frozen=True)
class Arms:
    """The two groups, and what a test needs of each.

    Parameters
    ----------
    case
        The case samples, shape (n,).
    odds
        Of detecting a protein, of each sample, shape (n,).
    fewest
        Detections in the case, or else in the control, below which a protein is not tested.
    fewest_values
        Values in the case, and in the control, that the test on the measured values needs.
    """

    case: BoolArray
    odds: Array
    fewest: tuple[int, int]
    fewest_values: tuple[int, int]


@dataclass(frozen=True)
class Outcomes:
    """How often a protein may be detected in the two groups, short of in every sample; each field of shape (o,).

    Parameters
    ----------
    case, control
        Detections.
    chance
        Probability given the total, without a difference.
    excess
        Detections in the case beyond those that depth alone leads to expect.
    even
        The most even splits of each total.
    """

    case: IntArray
    control: IntArray
    chance: Array
    excess: Array
    even: BoolArray


def possible_outcomes(arms: Arms) -> Outcomes:
    """List the outcomes of which at least one group has its fewest detections."""
    odds, case, fewest = arms.odds, arms.case, arms.fewest
    first, second = choices(odds[case]), choices(odds[~case])
    j, k = (at.ravel() for at in np.meshgrid(np.arange(len(first)), np.arange(len(second)), indexing="ij"))
    weight, total = first[j] * second[k], j + k
    expected = np.bincount(total, weight * j) / np.bincount(total, weight)
    excess = j - expected[total]
    kept = ((j >= fewest[0]) | (k >= fewest[1])) & (total < len(odds))
    j, k, weight, total, excess = j[kept], k[kept], weight[kept], total[kept], np.round(excess[kept], 9)
    chance = weight / np.bincount(total, weight)[total]
    even = np.zeros(len(j), dtype=bool)
    for t in np.unique(total):
        at = np.flatnonzero(total == t)
        size = np.abs(excess[at])
        order = np.argsort(size, kind="stable")
        enough = int(np.searchsorted(np.cumsum(chance[at][order]), _EVEN - 1e-9))
        even[at] = size <= size[order][min(enough, len(at) - 1)] + 1e-8
    return Outcomes(j, k, chance, excess, even)


def combined_test(z: Array, scale: Array, level: Array, seen: BoolArray, arms: Arms) -> Combined:
    """Test every protein on its values and its detections.

    Parameters
    ----------
    z
        Normal score of the test on the measured values, shape (p,), NaN where there is none.
    scale
        Standard error that the effect would have with every value measured, shape (p,).
    level
        Mean abundance over the measured values, log2, shape (p,).
    seen
        Samples x proteins.
    arms
        The groups.
    """
    case, fewest_values = arms.case, arms.fewest_values
    n, p = seen.shape
    j, k = seen[case].sum(axis=0), seen[~case].sum(axis=0)
    valued = np.isfinite(z) & (j >= fewest_values[0]) & (k >= fewest_values[1])
    whole = (j + k == n) & valued
    pvalue, detection = (np.full(p, np.nan) for _ in range(2))
    score = np.where(whole, z, np.nan)
    pvalue[whole] = 2 * ndtr(-np.abs(z[whole]))
    out = Combined(pvalue, detection, score)
    outcomes = possible_outcomes(arms)
    place = np.full((case.sum() + 1, (~case).sum() + 1), -1)
    place[outcomes.case, outcomes.control] = np.arange(len(outcomes.case))
    at = np.flatnonzero(place[j, k] >= 0)
    if not len(at):
        return out
    at = at[np.argsort(level[at], kind="stable")]
    found = place[j[at], k[at]]
    totals = _totals_nearby(outcomes, found)
    slope = detection_slope(level[at], (j + k)[at], n)
    has_values = (outcomes.case >= fewest_values[0]) & (outcomes.control >= fewest_values[1])
    step = max(1, _CELLS // len(outcomes.case))
    for start in range(0, len(at), step):
        part = slice(start, start + step)
        here = at[part]
        mass = totals[part][:, outcomes.case + outcomes.control] * outcomes.chance
        values = np.where(valued[here], z[here], np.nan)
        found_here = _score(
            values, slope * scale[here], mass, found[part], excess=outcomes.excess, has_values=has_values
        )
        pvalue[here], detection[here], score[here] = found_here
    return out


def _score(
    z: Array, tilt: Array, mass: Array, found: IntArray, *, excess: Array, has_values: BoolArray
) -> tuple[Array, Array, Array]:
    """Compute p of values and detections, p of the detections and the score, given the mass of the outcomes."""
    rows = np.arange(len(z))
    alone = _normal_scores(mass, excess)
    shift = tilt[:, None] * excess
    own = alone[rows, found]
    score = np.where(np.isnan(z), own, np.nan_to_num(z) + shift[rows, found])
    size = np.abs(score)[:, None]
    with_values = ndtr(shift - size) + ndtr(-shift - size)
    distance = np.abs(alone) - size
    without = np.where(distance > 1e-9, 1.0, np.where(distance > -1e-9, 0.5, 0.0))
    pvalue = (mass * np.where(has_values, with_values, without)).sum(axis=1)
    return np.clip(pvalue, _SMALLEST, 1.0), 2 * ndtr(-np.abs(own)), score


def _normal_scores(mass: Array, excess: Array) -> Array:
    """Turn the one-sided mid-p of every excess in the case into normal scores, proteins x outcomes."""
    order = np.argsort(excess, kind="stable")
    _, level = np.unique(excess[order], return_inverse=True)
    first = np.flatnonzero(np.diff(level, prepend=-1))
    at_level = np.add.reduceat(mass[:, order], first, axis=1)
    up = np.cumsum(at_level[:, ::-1], axis=1)[:, ::-1] - at_level / 2
    down = np.cumsum(at_level, axis=1) - at_level / 2
    smaller = ndtri(np.clip(np.minimum(up, down), _SMALLEST, 0.5))
    by_level = np.where(up < down, -smaller, smaller)
    out = np.empty_like(mass)
    out[:, order] = by_level[:, level]
    return out


def _totals_nearby(outcomes: Outcomes, found: IntArray) -> Array:
    """Estimate how probable each number of detections is without a difference, by protein in the order of abundance.

    Parameters
    ----------
    outcomes
        The possible ones.
    found
        Outcome of each protein, ordered by abundance.
    """
    total = outcomes.case + outcomes.control
    largest = int(total.max()) + 1
    share = np.bincount(total, outcomes.chance * outcomes.even, largest)
    counted = np.zeros((len(found) + 1, largest))
    counted[np.arange(1, len(found) + 1), total[found]] = outcomes.even[found]
    running = np.cumsum(counted, axis=0)
    width = min(len(found), max(_NEIGHBORS, len(found) // 10))
    first = np.clip(np.arange(len(found)) - width // 2, 0, len(found) - width)
    per_split = np.divide(1.0, share, out=np.zeros(largest), where=share > 0)
    everywhere = running[-1] * per_split
    if everywhere.sum() == 0:  # every protein is split as unevenly as can be
        everywhere = np.bincount(total[found], minlength=largest).astype(float)
    nearby = (running[first + width] - running[first]) * per_split
    nearby += _PRIOR * everywhere / everywhere.sum()
    return np.asarray(nearby / nearby.sum(axis=1, keepdims=True))


def detection_slope(level: Array, n_seen: IntArray, n: int) -> float:
    """Fit the rise of the log odds of a detection per log2 of abundance, 0 or more (binomial regression).

    Parameters
    ----------
    level
        Mean abundance, log2, shape (p,).
    n_seen
        Detections of each protein in the `n` samples.
    n
        Samples.
    """
    spread = float(level.std())
    if not spread > 0:
        return 0.0
    x = (level - level.mean()) / spread

    def cost(line: Array) -> tuple[float, Array]:
        """Minus the log likelihood a protein, and its gradient."""
        odds = line[0] + line[1] * x
        off = n * expit(odds) - n_seen
        return float((n * np.logaddexp(0, odds) - n_seen * odds).mean()), np.array(
            [off.mean(), (off * x).mean()]
        )

    found = minimize(cost, np.array([0.0, 0.0]), jac=True, method="BFGS")
    return max(float(found.x[1]) / spread, 0.0)
