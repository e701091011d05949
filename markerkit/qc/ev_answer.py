"""How much a sample shows of the EV markers: what was measured, and the word that written rules give it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import ndtr

from markerkit.catalog.criteria import load_criteria
from markerkit.catalog.load import MarkerCatalog
from markerkit.core.experiment import Experiment
from markerkit.core.signal import Array, BoolArray
from markerkit.core.vocabulary import EvRule
from markerkit.qc.components import EV, Components
from markerkit.qc.ev_markers import blood_panel_genes, ev_marker_genes, gene_ranks

#: categories of MISEV2018 that speak for vesicles: 1 transmembrane or lipid-anchored, 2 cytosolic
MISEV = ("1a", "1b", "2a", "2b")
#: compartments that vesicles lack
ORGANELLES = ("er_golgi", "mitochondrion", "nucleus")


@dataclass(frozen=True)
class EvMeasures:
    """What one sample, or a group of samples, shows of the EV markers.

    Attributes
    ----------
    n_proteins
        Proteins measured.
    n_misev
        Members of each MISEV2018 category (:data:`MISEV`) measured.
    n_misev_set
        Members of all of them in the catalog.
    n_ranked
        EV markers with a rank.
    rank
        Median percentile rank of the EV markers among the proteins of the sample, 0 to 100.
    rank_p
        One-sided p-value that they rank above proteins drawn at random from the sample.
    share
        Share of the signal in EV markers, 0 where none was measured.
    organelles_per_ev
        Signal of mitochondria, ER, Golgi and nucleus over that of the EV markers.
    """

    n_proteins: int
    n_misev: Mapping[str, int]
    n_misev_set: int
    n_ranked: int
    rank: float
    rank_p: float
    share: float
    organelles_per_ev: float

    @property
    def n_all(self) -> int:
        """Proteins of MISEV categories 1 and 2 together."""
        return sum(self.n_misev.values())

    @property
    def n_transmembrane(self) -> int:
        """Proteins of category 1."""
        return self.n_misev["1a"] + self.n_misev["1b"]

    @property
    def n_cytosolic(self) -> int:
        """Proteins of category 2a; those of 2b (actin, tubulin, GAPDH) are in everything that was once a cell."""
        return self.n_misev["2a"]


def ev_rule(found: EvMeasures, *, ratio: bool = False) -> EvRule:
    """Judge what was measured: the first rule that applies gives the word.

    Parameters
    ----------
    found
        Measures of a sample or a group.
    ratio
        The values are ratios to a reference channel.

    Notes
    -----
    The limits are ``composition`` of ``reference_sets/criteria.toml``. No comparator enters: the
    word says what is in the tube, and a preparation of platelets or of other cells with few
    organelles cannot be told from vesicles by it.
    """
    criteria = load_criteria()
    limit, fewest = criteria.composition, criteria.threshold["min_markers"]
    one, two = found.n_transmembrane, found.n_cytosolic
    if ratio:
        return EvRule.RATIOS
    if found.n_proteins < limit["min_proteins"]:
        return EvRule.TOO_FEW_PROTEINS
    if one == 0:
        return EvRule.NO_TRANSMEMBRANE
    if two == 0 or one + two < limit["misev_least"]:
        return EvRule.TOO_FEW_MISEV
    if found.n_ranked < fewest:
        return EvRule.TOO_FEW_RANKED
    if found.share < limit["share_least"]:
        return EvRule.LITTLE_SIGNAL
    if found.organelles_per_ev >= limit["organelles_as_cells"]:
        return EvRule.ORGANELLES_AS_CELLS
    if not found.rank_p < limit["rank_level"]:  # missing is not shown
        return EvRule.RANK_AS_OTHERS
    return _above_moderate(found, limit)


def _above_moderate(found: EvMeasures, limit: Mapping[str, float]) -> EvRule:
    """Say what keeps a moderate answer from being strong, if anything does."""
    if min(found.n_transmembrane, found.n_cytosolic) < limit["misev_strong"]:
        return EvRule.FEW_MISEV
    if found.organelles_per_ev >= limit["organelles_strong"]:
        return EvRule.ORGANELLES_ABOVE_EV
    if found.share < limit["share_strong"]:
        return EvRule.SMALL_SHARE
    if found.rank < limit["rank_strong"]:
        return EvRule.RANK_BELOW_TOP
    return EvRule.ALL_LIMITS_MET


class GroupMeasures:
    """Measures of groups of samples, from those of each sample.

    Parameters
    ----------
    of_sample
        ``n_proteins``, ``n_ranked``, ``rank`` (median percentile rank of the EV markers, NaN without one),
        ``rank_p``, ``share`` and ``organelles`` of every sample, each of shape (n_samples,).
    n_misev_set
        Members of the MISEV categories in the catalog.
    """

    def __init__(self, of_sample: Mapping[str, Array], n_misev_set: int) -> None:
        self.of_sample = of_sample
        self.n_misev_set = n_misev_set

    def seen(self, samples: npt.NDArray[np.intp]) -> Mapping[str, Array]:
        """Share of some samples that show each member, by MISEV category."""
        raise NotImplementedError

    def of(self, samples: npt.NDArray[np.intp]) -> EvMeasures:
        """Measures of a group of samples.

        Shares are means, as in the table `composition`, ranks and depth medians, and a protein counts
        where `checklist_seen` of the samples show it.

        Parameters
        ----------
        samples
            Places of the samples.
        """
        least = load_criteria().threshold["checklist_seen"]
        own = {k: v[samples] for k, v in self.of_sample.items()}
        share, organelles = own["share"].mean(), own["organelles"].mean()
        return EvMeasures(
            n_proteins=int(np.median(own["n_proteins"])),
            n_misev={c: int((seen >= least).sum()) for c, seen in self.seen(samples).items()},
            n_misev_set=self.n_misev_set,
            n_ranked=int(np.median(own["n_ranked"])),
            rank=_median(own["rank"]),
            rank_p=_median(own["rank_p"]),
            share=float(share),
            organelles_per_ev=float(organelles / share) if share > 0 else np.nan,
        )


class EvMarkerMeasures(GroupMeasures):
    """Measures of the EV markers in all samples of an experiment.

    Parameters
    ----------
    exp
        Harmonized experiment before normalization.
    markers
        Catalog.
    components
        Parts of its signal; nothing on ratios, which have neither shares nor ranks.
    blood
        The samples come from blood: genes of the blood-cell panels are no EV markers.
    """

    def __init__(
        self, exp: Experiment, markers: MarkerCatalog, components: Components | None, *, blood: bool
    ) -> None:
        genes = ev_marker_genes(markers, blood=blood).index
        left_out = blood_panel_genes(markers) if blood else set()
        table = gene_ranks(exp)
        misev = {c: _misev_members(markers, c) - left_out for c in MISEV}
        self.shown = {c: table.loc[:, table.columns.isin(m)].notna().to_numpy() for c, m in misev.items()}
        ratio = components is None
        ranks = table.to_numpy() if not ratio else np.full(table.shape, np.nan)
        marker = table.columns.isin(genes)
        inside = ranks[:, marker]
        n_ranked = (~np.isnan(inside)).sum(axis=1)
        shares = pd.DataFrame(index=exp.samples.index) if components is None else components.shares
        ranked = zip(inside, n_ranked, strict=True)
        of_sample: dict[str, Array] = {
            "n_proteins": exp.values.loc[:, exp.targets].notna().sum(axis=1).to_numpy(),
            "n_ranked": n_ranked,
            "rank": np.array([np.nanmedian(row) if n else np.nan for row, n in ranked]),
            "rank_p": rank_test(ranks, marker),
            "share": shares[EV].fillna(0.0).to_numpy() if not ratio else np.full(len(table), np.nan),
            "organelles": shares.reindex(columns=list(ORGANELLES)).fillna(0.0).sum(axis=1).to_numpy(),
        }
        super().__init__(of_sample, sum(map(len, misev.values())))

    def seen(self, samples: npt.NDArray[np.intp]) -> Mapping[str, Array]:
        """Share of some samples that show each member, by MISEV category."""
        return {c: shown[samples].mean(axis=0) for c, shown in self.shown.items()}


def _misev_members(markers: MarkerCatalog, category: str) -> set[str]:
    table = markers.table
    rows = table[
        (table["set"] == f"misev_{category}") & (table["role"] == "positive") & (table["weight"] > 0)
    ]
    return set(rows["gene"]) - {""}


def _median(values: Array) -> float:
    known = values[~np.isnan(values)]
    return float(np.median(known)) if len(known) else np.nan


def rank_test(ranks: Array, inside: BoolArray) -> Array:
    """One-sided test that some columns rank above columns drawn at random, row by row.

    Parameters
    ----------
    ranks
        Percentile ranks of the measured genes of each sample, NaN elsewhere, shape (n_samples, n_genes).
    inside
        The columns in question, shape (n_genes,).

    Returns
    -------
    p-values, shape (n_samples,); NaN where nothing or everything measured is inside.

    Notes
    -----
    The Wilcoxon rank-sum test in its normal form: the mean of m ranks drawn without replacement from
    the n of the sample has the mean of all and the variance S^2 / m (1 - m / n), S^2 that of the ranks
    themselves, so that ties need no correction.
    """
    seen = ~np.isnan(ranks)
    n, m = seen.sum(axis=1), seen[:, inside].sum(axis=1)
    filled = np.where(seen, ranks, 0.0)
    mean = filled.sum(axis=1) / np.maximum(n, 1)
    square = (np.where(seen, ranks - mean[:, None], 0.0) ** 2).sum(axis=1) / np.maximum(n - 1, 1)
    of_markers = filled[:, inside].sum(axis=1) / np.maximum(m, 1)
    variance = square / np.maximum(m, 1) * (1 - m / np.maximum(n, 1))
    testable = (m > 0) & (m < n) & (variance > 0)
    z = np.divide(of_markers - mean, np.sqrt(variance), out=np.full(len(n), np.nan), where=testable)
    return np.asarray(ndtr(-z))
