"""Results that describe more than two groups: fraction series, amounts, rankings, overviews."""

from __future__ import annotations

from dataclasses import dataclass, field

from markerkit.results import Result, without_rows


class Overview(Result):
    """Verdicts of every contrast beside each other."""

    table_name = "overview"


class Ranking(Result):
    """Groups of samples ranked on EV signal, co-isolated protein and other material."""

    table_name = "ranking"


class AmountChanges(Result):
    """Change of the amounts between two groups."""

    table_name = "amount_changes"


@dataclass(frozen=True, repr=False)
class Amounts(Result):
    """Amounts of every sample, and what they say with the shares of signal.

    Attributes
    ----------
    changes
        Change of every amount between the groups of the contrasts.
    """

    changes: AmountChanges = field(default_factory=without_rows(AmountChanges))

    table_name = "amounts"


class FractionPeaks(Result):
    """Fraction in which every class, source and component peaks."""

    table_name = "fraction_peaks"


class FractionPools(Result):
    """Purity and yield of pools of adjacent fractions."""

    table_name = "fraction_pools"


class FractionTrends(Result):
    """Trends over the order of the fractions."""

    table_name = "fraction_trends"


@dataclass(frozen=True, repr=False)
class FractionProfiles(Result):
    """Classes, sources and components over the fractions of a series.

    Attributes
    ----------
    peaks
        Fraction in which each peaks, and its resolution from the vesicles.
    pools
        Purity and yield of pools of adjacent fractions, one of them proposed.
    trends
        Trends over the order of the fractions.
    """

    peaks: FractionPeaks = field(default_factory=without_rows(FractionPeaks))
    pools: FractionPools = field(default_factory=without_rows(FractionPools))
    trends: FractionTrends = field(default_factory=without_rows(FractionTrends))

    table_name = "fraction_profiles"
