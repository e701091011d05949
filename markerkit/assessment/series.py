"""Fraction series, ranking and amounts of a study, where its sample sheet has the columns for them."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field

import pandas as pd

from markerkit.core.errors import InputError, MarkerkitWarning
from markerkit.core.factors import levels_of
from markerkit.core.signal import NO_SHARES
from markerkit.core.wording import names, percent
from markerkit.purity.amounts import COLUMNS, CONCLUSION, amounts
from markerkit.purity.fractions import fraction_profiles
from markerkit.purity.ranking import QUANTITIES, rank_preparations
from markerkit.purity.series_results import AmountChanges, Amounts, FractionProfiles, Ranking
from markerkit.study.data import StudyData
from markerkit.tables.registry import TABLES

#: groups from which they are ranked; two are a contrast
MANY_GROUPS = 3
_TITLES = {
    "ev": "EV markers",
    "co_isolated": "co-isolated protein",
    "cells_and_handling": "cells and handling",
}


@dataclass(frozen=True)
class SeriesParts:
    """Parts of an assessment that need columns of their own in the sample sheet.

    Attributes
    ----------
    fractions, ranking, amounts
        Results; without rows where the sheet does not have the columns, and then with the reason in their parameters.
    """

    fractions: FractionProfiles = field(default_factory=lambda: _no_fractions(""))
    ranking: Ranking = field(default_factory=lambda: _no_ranking(""))
    amounts: Amounts = field(default_factory=lambda: _no_amounts(""))

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        """Their tables, by name."""
        return {
            "fraction_profiles": self.fractions.table,
            "fraction_peaks": self.fractions.peaks.table,
            "fraction_pools": self.fractions.pools.table,
            "fraction_trends": self.fractions.trends.table,
            "ranking": self.ranking.table,
            "amounts": self.amounts.table,
            "amount_changes": self.amounts.changes.table,
        }

    def lines(self) -> Iterator[str]:
        """Write what they say, as lines of text."""
        yield from _fraction_lines(self.fractions)
        yield from _ranking_lines(self.ranking.table)
        changes = self.amounts.changes.table
        concluded = changes[changes["quantity"] == CONCLUSION]
        if len(concluded):
            yield "amounts"
            yield from (f"  {r['contrast']}: {r['reason']}" for _, r in concluded.iterrows())


def _no_fractions(reason: str) -> FractionProfiles:
    return FractionProfiles(TABLES["fraction_profiles"].empty(), {"reason": reason})


def _no_ranking(reason: str) -> Ranking:
    return Ranking(TABLES["ranking"].empty(), {"reason": reason})


def _no_amounts(reason: str) -> Amounts:
    return Amounts(
        TABLES["amounts"].empty(),
        {"reason": reason},
        changes=AmountChanges(TABLES["amount_changes"].empty(), {"reason": reason}),
    )


def series_parts(data: StudyData, *, seed: int) -> SeriesParts:
    """Describe fraction series, groups and amounts where the sample sheet has what they need.

    Parameters
    ----------
    data
        The study.
    seed
        Of the bootstrap.

    Raises
    ------
    InputError
        An amount that is no number above 0; see :func:`markerkit.amounts`.
    """
    fractions = _fractions(data, seed)
    return SeriesParts(fractions, _ranking(data, fractions), _amounts(data))


def _fractions(data: StudyData, seed: int) -> FractionProfiles:
    absent = [c for c in ("fraction", "order") if c not in data.units.samples.columns]
    if absent:
        return _no_fractions(f"no fraction series: the sample sheet has no column `{absent[0]}`")
    try:
        return fraction_profiles(data.units, data.markers, seed=seed)
    except InputError as error:
        # `order` may be the order of the runs: no reason to refuse the whole study
        warnings.warn(f"no fraction series is described: {error}", MarkerkitWarning, stacklevel=4)
        return _no_fractions(str(error))


def _ranking(data: StudyData, fractions: FractionProfiles) -> Ranking:
    if data.condition is None:
        return _no_ranking("no groups named")
    if len(fractions.table) and data.condition == fractions.params["fraction"]:
        return _no_ranking("the groups are the fractions of a series; see the table fraction_profiles")
    n = len(levels_of(data.units.samples[data.condition]))
    if n < MANY_GROUPS:
        return _no_ranking(f"{n} groups; {MANY_GROUPS} or more are ranked")
    return rank_preparations(data.units, data.condition, data.markers)


def _amounts(data: StudyData) -> Amounts:
    if not any(c in data.units.samples.columns for c in COLUMNS):
        return _no_amounts("no column of amounts in the sample sheet")
    if data.units.scale == "ratio":
        return _no_amounts(NO_SHARES)
    return amounts(data.units, data.contrasts, data.markers)


_COMPONENTS = {"ev": "vesicles", "lipoprotein": "lipoprotein", "soluble": "soluble protein"}


def _fraction_lines(found: FractionProfiles) -> Iterator[str]:
    if not len(found.table):
        return
    yield "fraction series"
    peaks = found.peaks.table
    for _, row in peaks[(peaks["kind"] == "component") & (peaks["peak"] != "")].iterrows():
        apart = f"; resolution from the vesicles {row['resolution']:.2g}" if row["resolution"] >= 0 else ""
        also = names(row["confidence_set"].split(";"))
        yield f"  {_COMPONENTS[row['key']]}: peak of the {row['scale']} in {row['peak']} (95 % confidence set {also}){apart}"
    pools = found.pools.table
    for _, row in pools[pools["proposed"].fillna(value=False)].iterrows():
        yield (
            f"  pool {names(row['fractions'].split(';'))}: purity {_share(row, 'purity')}, yield {_share(row, 'recovered')}"
        )
    if not pools["proposed"].fillna(value=False).any():
        yield f"  no pool proposed: {pools['reason'].iloc[0] or 'no pool holds enough vesicles'}"


def _share(row: pd.Series, name: str) -> str:
    low, high = percent(row[f"{name}_ci_low"], 2), percent(row[f"{name}_ci_high"], 2)
    return f"{percent(row[name], 2)} ({low} to {high})"


def _ranking_lines(table: pd.DataFrame) -> Iterator[str]:
    ranked = table[table["rank"].notna()]
    if not len(ranked):
        return
    yield "ranking of the groups (groups whose ranks overlap cannot be told apart)"
    for quantity in QUANTITIES:
        rows = ranked[ranked["quantity"] == quantity]
        if len(rows):
            yield f"  {_TITLES[quantity]}: {_ranked(rows)}"


def _ranked(rows: pd.DataFrame) -> str:
    """Write the groups with their ranks, or that no rank holds."""
    shares = [f"{r['group']} ({percent(r['share'], 2)})" for _, r in rows.iterrows()]
    if (rows["rank"] == 1).all() and (rows["rank_to"] == len(rows)).all():
        return f"no two groups can be told apart: {', '.join(shares)}"
    return ", ".join(f"{_ranks(r)} {share}" for (_, r), share in zip(rows.iterrows(), shares, strict=True))


def _ranks(row: pd.Series) -> str:
    return str(row["rank"]) if row["rank"] == row["rank_to"] else f"{row['rank']} to {row['rank_to']}"
