"""Which sample is which fraction of which replicate of a series, and how much protein it holds."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from markerkit.catalog.criteria import load_criteria
from markerkit.core.errors import InputError, listed, require_columns, shown
from markerkit.core.experiment import Experiment
from markerkit.core.factors import as_factor
from markerkit.study.numeric_columns import amounts_of
from markerkit.study.roles import preparations

Array = npt.NDArray[np.float64]

NATURAL, SIGNAL = "natural", "signal"
AMOUNT = "protein_ug"
_NUMBER = re.compile(r"(\d+(?:\.\d+)?)\s*([kK](?![a-zA-Z]))?")


@dataclass(frozen=True)
class Layout:
    """A series of fractions.

    Parameters
    ----------
    exp
        The samples of the series, by replicate and within it by fraction.
    fractions
        Names of the fractions, in order.
    order
        Their places, shape (fractions,).
    replicates
        Names of the replicates.
    place
        Row of `exp` of every replicate and fraction, -1 where there is none, shape (replicates, fractions).
    amount
        Protein of every replicate and fraction, NaN where it is not known, shape (replicates, fractions).
    amount_of
        What the amounts are: a column, ``"signal"``, or nothing where there are none.
    """

    exp: Experiment
    fractions: tuple[str, ...]
    order: Array
    replicates: tuple[str, ...]
    place: npt.NDArray[np.intp]
    amount: Array
    amount_of: str

    @property
    def has_amounts(self) -> bool:
        """Whether at least two fractions have an amount."""
        return int(np.isfinite(self.amount).any(axis=0).sum()) > 1

    @property
    def interval_over(self) -> str:
        """What the intervals of its mean shares are over; see :func:`markerkit.purity.fraction_components.share_limits`."""
        few = len(self.replicates) < load_criteria().convention["interval_replicates"]
        return "markers" if few else "markers and replicates"

    def amounts_redrawn(self, draws: int, rng: np.random.Generator) -> Array:
        """Amounts with the error of a protein assay, shape (draws, replicates, fractions)."""
        cv = load_criteria().convention["amount_cv"]
        return np.asarray(self.amount * np.exp(rng.normal(0, cv, (draws, *self.amount.shape))))

    def arranged(self, values: Array) -> Array:
        """Values of the samples by replicate and fraction, NaN where there is none.

        Parameters
        ----------
        values
            Shape (samples, ...), in the order of `exp`.

        Returns
        -------
        Shape (replicates, fractions, ...).
        """
        found = values[self.place]
        found[self.place < 0] = np.nan
        return np.asarray(found)


def natural_order(name: str) -> float:
    """Read the number in the name of a fraction; ``2K`` is 2000.

    >>> natural_order("F12"), natural_order("10K pellet"), natural_order("1.12 g/ml")
    (12.0, 10000.0, 1.12)
    """
    found = _NUMBER.search(name)
    return float("nan") if found is None else float(found[1]) * (1000.0 if found[2] else 1.0)


def layout_of(
    exp: Experiment,
    *,
    fraction: str = "fraction",
    order: str = "order",
    replicate: str | None = None,
    amount: str | None = None,
) -> Layout:
    """Arrange the samples of a series.

    Parameters
    ----------
    exp
        Experiment before normalization; samples without an order, blanks and medium are no fractions.
    fraction
        Sample column of the fractions.
    order
        Sample column of their places (numbers), or ``"natural"``: by the number in their names.
    replicate
        Sample column of the series that were run; ``"replicate"`` where the sheet has it.
    amount
        Sample column of the protein of every fraction, or ``"signal"``: the total signal, where the same part of
        every fraction was measured. ``"protein_ug"`` where the sheet has it.

    Raises
    ------
    InputError
        An absent column; one fraction; a fraction of two places, a place of two fractions, a fraction twice in a
        replicate; an order that is no number; names without a number; amounts that are none.
    """
    exp = preparations(exp)
    require_columns(exp.samples, [fraction], what="the sample sheet")
    places = _places(exp.samples, fraction, order)
    exp = exp.select(samples=list(places.index[places.notna()]))
    places = places[places.notna()]
    names = as_factor(exp.samples[fraction])
    in_order = _fractions(names, places, fraction)
    runs = _replicates(exp.samples, names, replicate)
    replicates = tuple(sorted(set(runs)))
    place = np.full((len(replicates), len(in_order)), -1, dtype=np.intp)
    at = {f: i for i, f in enumerate(in_order.index)}
    for row, (run, name) in enumerate(zip(runs, names, strict=True)):
        where = (replicates.index(run), at[name])
        if place[where] >= 0:
            raise InputError(
                f"the samples {listed(exp.samples.index[[place[where], row]])} are both fraction {name!r} of one series; name the "
                "sample column that tells the series apart with `replicate`, or leave one of them out."
            )
        place[where] = row
    values, what = _amounts(exp, amount)
    layout = Layout(
        exp, tuple(in_order.index), in_order.to_numpy(float), replicates, place, values[place], what
    )
    layout.amount[place < 0] = np.nan
    return layout


def _places(samples: pd.DataFrame, fraction: str, order: str) -> pd.Series:
    """Place of every sample; NaN for samples that are no fraction."""
    names = as_factor(samples[fraction])
    if order == NATURAL:
        numbers = names.map(natural_order, na_action="ignore").astype(float)
        nameless = names[names.notna() & numbers.isna()]
        if len(nameless):
            raise InputError(
                f"the fraction {shown(nameless.iloc[0])} has no number in its name, so that names do not give an order; add a "
                "numeric sample column `order`, empty for samples that are no fraction."
            )
        return numbers
    if order not in samples.columns:
        raise InputError(
            f"the sample sheet has no column {order!r} with the order of the fractions; add numbers, one a fraction, or give "
            f"order={NATURAL!r} to take the numbers in the names (F1 to F24; 2K, 10K, 100K)."
        )
    given = samples[order].astype(object)
    given = given.where(~given.map(lambda v: isinstance(v, str) and not v.strip()), np.nan)
    numbers = pd.to_numeric(given, errors="coerce").astype(float)
    wrong = given[given.notna() & ~np.isfinite(numbers)]
    if len(wrong):
        raise InputError(
            f"`{order}` of the sample {shown(wrong.index[0])} is {shown(wrong.iloc[0])}; the order of fractions is a number."
        )
    lost = numbers[numbers.notna() & names.isna()]
    if len(lost):
        raise InputError(
            f"the sample {shown(lost.index[0])} has an `{order}` but no `{fraction}`; fill it in."
        )
    return numbers


def _fractions(names: pd.Series, places: pd.Series, fraction: str) -> pd.Series:
    """Place of every fraction, in order."""
    found = places.groupby(names, sort=False).agg(["min", "max"])
    several = found[found["min"] != found["max"]]
    if len(several):
        name, row = several.index[0], several.iloc[0]
        raise InputError(
            f"the fraction {shown(name)} has two places, {row['min']:g} and {row['max']:g}; give every fraction one."
        )
    in_order = found["min"].sort_values(kind="stable")
    twice = in_order[in_order.duplicated(keep=False)]
    if len(twice):
        raise InputError(
            f"the fractions {listed(twice.index[:2])} have the same place {twice.iloc[0]:g}; give every fraction its own."
        )
    if len(in_order) < 2:
        raise InputError(
            f"a series has at least two fractions; `{fraction}` has {listed(in_order.index)} with an order."
        )
    return in_order


def _replicates(samples: pd.DataFrame, names: pd.Series, replicate: str | None) -> list[str]:
    if replicate is None and "replicate" not in samples.columns:
        if names.duplicated().any():
            twice = names[names.duplicated(keep=False)].iloc[0]
            raise InputError(
                f"the fraction {shown(twice)} has {int((names == twice).sum())} samples; add a sample column `replicate` that says "
                "which samples belong to one series."
            )
        return ["1"] * len(names)
    column = replicate or "replicate"
    require_columns(samples, [column], what="the sample sheet")
    runs = as_factor(samples[column])
    if runs.isna().any():
        raise InputError(f"`{column}` is empty for {listed(runs.index[runs.isna()])}; fill it in.")
    return list(runs)


def _amounts(exp: Experiment, amount: str | None) -> tuple[Array, str]:
    """Amount of every sample, NaN where it is not known, and what it is."""
    samples = exp.samples
    if amount == SIGNAL:
        total = exp.linear(decoys=False).sum(axis=1).to_numpy(float)
        filled = total[total > 0]  # an empty fraction has none, however the others were scaled
        if not len(filled) or np.ptp(filled) <= 1e-3 * filled.max():
            raise InputError(
                "every fraction has the same total signal: the values were scaled to it, so that it says nothing about amounts. "
                f"Give the protein of the fractions in a sample column `{AMOUNT}`."
            )
        return np.where(total > 0, total, np.nan), SIGNAL
    if amount is None and AMOUNT not in samples.columns:
        return np.full(len(samples), np.nan), ""
    column = amount or AMOUNT
    require_columns(samples, [column], what="the sample sheet")
    return amounts_of(samples, column, "the protein of the fraction"), column
