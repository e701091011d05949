"""The one place that calls gseapy: ranked lists in, one row per set out."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

Array = npt.NDArray[np.float64]

_LEAST_SHARE = 2.0**-28  # of the summed scores; gseapy's integers have a sum of about 2**30
_BEYOND = 1e-6  # of the largest finite score; far above rounding, far below any weight
_SMALLEST = 1e-50  # below it the sampling of gseapy gives this bound


@dataclass(frozen=True)
class Ranked:
    """Scores of sets on one ranking, each of shape (s,); NaN with a reason where there is none."""

    es: Array
    nes: Array
    pvalue: Array
    edge: list[str]
    reason: list[str]


def prerank(score: pd.Series, sets: Mapping[str, Sequence[str]], *, weight: float, seed: int) -> Ranked:
    """Gene set enrichment of a ranking by multilevel sampling (Korotkevich et al. 2021).

    Input that gseapy cannot take is changed first: genes without a score are left
    out, infinite scores are put just beyond the largest finite one, scores are made
    distinct (ties are spread evenly over 1e-3 of the smallest gap, in the order of the
    names) and none is left so small that it vanishes when gseapy turns scores into
    integers, where it would panic. A constant ranking and sets that hold every
    gene are not sent, and every set comes back.

    Parameters
    ----------
    score
        Statistic by gene; genes unique. NaN where there is none.
    sets
        Set -> its genes; those without a score do not count.
    weight
        Exponent of the statistic.
    seed
        Of the sampling.
    """
    names = list(sets)
    es, nes, pvalue = (np.full(len(names), np.nan) for _ in range(3))
    out = Ranked(es, nes, pvalue, [""] * len(names), [""] * len(names))
    score = _bounded(score.dropna())
    if len(score) < 2 or score.max() == score.min():
        out.reason[:] = ["the ranking is constant"] * len(names)
        return out
    ranking = _ranking(score, weight)
    ranked = {k: [gene for gene in v if gene in ranking.index] for k, v in sets.items()}
    sendable = {k: v for k, v in ranked.items() if 0 < len(v) < len(ranking)}
    for i, name in enumerate(names):
        if name not in sendable:
            out.reason[i] = "every ranked gene is a member" if ranked[name] else "no member ranked"
    if not sendable:
        return out
    found = _sampled(ranking, sendable, weight=weight, seed=seed)
    for i, name in enumerate(names):
        if name in found:
            _take(out, i, found[name])
        elif not out.reason[i]:
            out.reason[i] = "gseapy gave no result"
    return out


def walks(
    score: pd.Series, sets: Mapping[str, Sequence[str]], *, weight: float
) -> tuple[pd.Series, dict[str, Array]]:
    """Walk along the ranking of :func:`prerank` with every set.

    Returns
    -------
    The scores by gene from high to low, as ranked; and set -> running score after each gene, NaN for a set without
    a gene in the ranking and for one that holds them all.
    """
    ranking = _ranking(_bounded(score.dropna()), weight)
    strength, found = np.abs(ranking.to_numpy()) ** weight, {}
    for name, genes in sets.items():
        inside = ranking.index.isin(list(genes))
        with np.errstate(invalid="ignore", divide="ignore"):
            step = strength * inside / (strength * inside).sum() - ~inside / (~inside).sum()
        found[name] = np.cumsum(step)
    return ranking, found


def _sampled(
    ranking: pd.Series, sets: Mapping[str, Sequence[str]], *, weight: float, seed: int
) -> Mapping[str, Mapping[str, Any]]:
    """Run gseapy on one thread, so that a seed gives the same p on every machine: set -> its results."""
    import gseapy

    options = {"min_size": 1, "max_size": len(ranking), "ascending": None, "no_plot": True, "outdir": None}
    with _quiet():
        found: Mapping[str, Mapping[str, Any]] = gseapy.prerank(
            ranking,
            sets,
            weight=weight,
            seed=seed,
            method="multilevel",
            eps=_SMALLEST,
            threads=1,
            **options,
        ).results
    return found


def _take(out: Ranked, i: int, row: Mapping[str, Any]) -> None:
    """Write what gseapy found for a set into its place."""
    out.es[i], out.nes[i] = float(row["es"]), float(row["nes"])
    out.pvalue[i] = max(float(row["pval"]), _SMALLEST)
    out.edge[i] = str(row["lead_genes"])
    if not np.isfinite(out.pvalue[i]):
        out.reason[i] = "the sampling gave no p: too few random sets on this side"


def _bounded(score: pd.Series) -> pd.Series:
    """Infinite scores put just beyond the largest finite one, so that they keep their place."""
    largest = float(score[np.isfinite(score)].abs().max()) if np.isfinite(score).any() else 0.0
    beyond = (largest or 1.0) * (1 + _BEYOND)
    return score.clip(-beyond, beyond)


def _ranking(score: pd.Series, weight: float) -> pd.Series:
    """Scores from high to low: distinct, none too small for gseapy's integers."""
    ordered = score.rename_axis("gene").sort_index()
    ordered = ordered.sort_values(ascending=False, kind="stable")
    values = ordered.to_numpy(float)
    _, group, size = np.unique(-values, return_inverse=True, return_counts=True)
    place = np.arange(len(values)) - np.searchsorted(-values, -values)
    gaps = -np.diff(values)
    breadth = 1e-3 * (gaps[gaps > 0].min() if (gaps > 0).any() else 1.0)
    values = values + breadth * ((size[group] - 1) / 2 - place) / size[group]
    if weight > 0:
        least = (_LEAST_SHARE * (np.abs(values) ** weight).sum()) ** (1 / weight)
        values = np.where(np.abs(values) < least, np.where(values < 0, -least, least), values)
    return pd.Series(values, ordered.index)


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence the log of gseapy and its use of deprecated pandas; everything it would report is handled here."""
    logger = logging.getLogger("gseapy")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module="gseapy")
            yield
    finally:
        logger.setLevel(level)
