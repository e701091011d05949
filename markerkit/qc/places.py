"""Places among real preparations: where a number stands in the quantiles of documented EV preparations.

``data/reference_preparations.tsv`` is made by ``benchmarks/reference_distributions.py`` from public
studies; it holds counts and quantiles only, with the studies that they come from.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from markerkit.catalog.criteria import load_criteria
from markerkit.core.signal import Array
from markerkit.study.contrast import BLOOD
from markerkit.study.isolation import ISOLATIONS

ANY = "any"
#: depth class -> name in a sentence
DEPTHS: dict[str, str] = {"shallow": "shallow", "medium": "medium-depth", "deep": "deep"}
QUANTILES = tuple(range(0, 101, 10))
_DATA = Path(__file__).parents[1] / "data"
_FLUIDS = {"culture": "cell culture", ANY: ""}


@dataclass(frozen=True)
class Kind:
    """What a preparation is compared with: its fluid, its isolation and its depth, ``any`` where all are meant."""

    fluid: str
    isolation: str
    depth: str

    @property
    def words(self) -> str:
        """Name of such preparations, to follow a number.

        >>> Kind("plasma", "sec", ANY).words, Kind(ANY, ANY, ANY).words
        ('plasma SEC preparations', 'EV preparations')
        """
        fluid = _FLUIDS.get(self.fluid, self.fluid)
        isolation = "" if self.isolation == ANY else ISOLATIONS[self.isolation]
        depth = "" if self.depth == ANY else DEPTHS[self.depth]
        named = [w for w in (depth, fluid, isolation) if w]
        return " ".join([*(named or ["EV"]), "preparations"])


@dataclass(frozen=True)
class Place:
    """Where a number stands.

    Attributes
    ----------
    quantile
        Its percentile, 0 to 100; NaN where it cannot be placed.
    words
        The same in words with the number of preparations and of studies; empty where it cannot be placed.
    kind
        Preparations that it is compared with, in words.
    n, n_studies
        Their number, and that of the studies that they come from.
    low, middle, high
        Their 10 % quantile, median and 90 % quantile.
    own
        ``yes`` where the data set itself is one of them, ``no`` where it is not, ``not known`` where
        the context does not name the data set.
    """

    quantile: float = float("nan")
    words: str = ""
    kind: str = ""
    n: int = 0
    n_studies: int = 0
    low: float = float("nan")
    middle: float = float("nan")
    high: float = float("nan")
    own: str = ""


def depth_class(n_proteins: float) -> str:
    """Depth class of a sample by the number of its proteins; see ``composition`` of the criteria."""
    limit = load_criteria().composition
    if n_proteins < limit["depth_medium"]:
        return "shallow"
    return "medium" if n_proteins < limit["depth_deep"] else "deep"


def kinds_of(fluid: str | None, isolation: str, depth: str) -> Iterator[Kind]:
    """Kinds of preparations that a sample may be compared with, the nearest first.

    Parameters
    ----------
    fluid
        What it comes from, where that is stated.
    isolation
        Its isolation method, a key of :data:`markerkit.study.isolation.ISOLATIONS`; empty where not stated.
    depth
        Its depth class.
    """
    fluids = [] if fluid is None else [fluid, *(["blood"] if fluid in BLOOD and fluid != "blood" else [])]
    if isolation:
        for known in fluids:
            yield Kind(known, isolation, depth)
            yield Kind(known, isolation, ANY)
    for known in fluids:
        yield Kind(known, ANY, ANY)
    if isolation and not fluids:
        yield Kind(ANY, isolation, ANY)
    yield Kind(ANY, ANY, ANY)


@lru_cache(maxsize=1)
def preparations_table() -> pd.DataFrame:
    """Quantiles of real EV preparations, one row per kind and item."""
    path = _DATA / "reference_preparations.tsv"
    return pd.read_csv(path, sep="\t", comment="#", keep_default_na=False, na_values=[""])


class _Cell(NamedTuple):
    """Quantiles of one item over the preparations of one kind."""

    kind: Kind
    n: int
    n_studies: int
    studies: str
    known: Array


@lru_cache(maxsize=1)
def _cells() -> dict[tuple[Kind, str], _Cell]:
    columns = [f"q{q}" for q in QUANTILES]
    found = {}
    for row in preparations_table().to_dict("records"):
        kind = Kind(row["fluid"], row["isolation"], row["depth"])
        known = np.array([row[c] for c in columns], dtype=float)
        cell = _Cell(kind, int(row["n"]), int(row["n_studies"]), str(row["studies"]), known)
        # a kind with too few preparations has no quantiles
        if np.isfinite(known).all():
            found[(kind, row["item"])] = cell
    return found


def place_of(
    value: float,
    item: str,
    *,
    fluid: str | None,
    isolation: str,
    depth: str,
    dataset: str = "",
) -> Place:
    """Place a number among the nearest kind of preparations of which there are enough.

    Parameters
    ----------
    value
        The number; missing has no place.
    item
        ``share_`` and a component, ``ev_rank`` or ``n_misev``.
    fluid, isolation, depth
        As in :func:`kinds_of`.
    dataset
        Accession, DOI or name of the data set, as the context states it.
    """
    cells = _cells()
    cell = next((cells[k, item] for k in kinds_of(fluid, isolation, depth) if (k, item) in cells), None)
    if cell is None or not np.isfinite(value):
        return Place()
    own = is_own(dataset, cell.studies)
    # `other` names no fluid that could be missing among the preparations
    lacking = fluid not in (None, "other") and cell.kind.fluid == ANY
    note = f", none of {_FLUIDS.get(str(fluid), str(fluid))}" if lacking else ""
    note += ", this data set among them" if own == "yes" else ""
    percentile = quantile(value, cell.known)
    words = _words(value, percentile, cell, note)
    low, middle, high = (float(cell.known[QUANTILES.index(q)]) for q in (10, 50, 90))
    return Place(percentile, words, cell.kind.words, cell.n, cell.n_studies, low, middle, high, own)


def _words(value: float, percentile: float, cell: _Cell, note: str) -> str:
    """Say where a value stands among the preparations of a cell."""
    if value < cell.known[0]:
        third = "below all"
    elif value > cell.known[-1]:
        third = "above all"
    else:
        third = ("lower", "middle", "upper")[min(2, int(percentile // (100 / 3)))] + " third"
    studies = "1 study" if cell.n_studies == 1 else f"{cell.n_studies} studies"
    return f"{third} of {cell.n} {cell.kind.words} ({studies}{note})"


def quantile(value: float, known: Array) -> float:
    """Percentile of a value by linear interpolation between stored quantiles; the middle of equal ones.

    >>> quantile(2.0, np.array([0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6.0])), quantile(0.0, np.array([0] * 6 + [1] * 5))
    (60.0, 25.0)
    """
    at, levels = np.asarray(known, float), np.asarray(QUANTILES, float)
    unique, first = np.unique(at, return_index=True)
    last = np.searchsorted(at, unique, side="right") - 1
    lowest, highest = (np.interp(value, unique, levels[i]) for i in (first, last))
    return float((lowest + highest) / 2)


def is_own(dataset: str, studies: str) -> str:
    """Say whether a data set is one of the studies, by an accession, a DOI or a name that both state.

    >>> is_own("PXD000022", "Forterre 2014 PXD000022 10.1371/journal.pone.0084153"), is_own("", "x")
    ('yes', 'not known')
    """
    stated = {w for w in re.split(r"[\s,;]+", dataset.lower()) if w}
    if not stated:
        return "not known"
    bare = {w.removeprefix("https://doi.org/").removeprefix("doi:") for w in stated}
    return "yes" if bare & set(re.split(r"[\s,;]+", studies.lower())) else "no"
