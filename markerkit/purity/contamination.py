"""Contamination fraction of a contrast: which share of the preparation's signal is comparator-like."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from markerkit.catalog.criteria import ContaminationFractionRule, load_criteria
from markerkit.catalog.load import MarkerCatalog
from markerkit.core.experiment import Experiment
from markerkit.core.messages import reason as in_words
from markerkit.core.signal import NO_SHARES, Signal, signal_of
from markerkit.core.vocabulary import Rule
from markerkit.effects.groups import unfit_groups
from markerkit.effects.members import set_members
from markerkit.stats.contamination import (
    ContaminationFraction,
    Donors,
    ReferenceRules,
    contamination_fraction,
)
from markerkit.study.contrast import Contrast
from markerkit.tables.spec import concat_rows

NOT_ASSESSABLE = "not assessable"

BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.int_]


@dataclass(frozen=True, eq=False)
class ReferenceShares:
    """Shares of signal of the non-vesicular reference proteins of a contrast, one column per independent marker.

    Attributes
    ----------
    preparation, comparator
        Shares of the case and of the control samples, samples x markers, NaN where not measured.
    compartment
        Place of each marker's compartment in the rule, shape (n_markers,).
    marker_of_gene
        Gene -> independent marker: its complex, or itself.
    """

    preparation: pd.DataFrame
    comparator: pd.DataFrame
    compartment: IntArray
    marker_of_gene: pd.Series

    @property
    def n(self) -> int:
        """Number of independent markers."""
        return self.comparator.shape[1]

    def pooled(self, values: pd.DataFrame, genes: pd.Series) -> pd.DataFrame:
        """Signal of these markers in other samples; see :func:`_pooled`."""
        return _pooled(values, genes, self.marker_of_gene).reindex(columns=self.comparator.columns)


def contamination_fraction_table(
    exp: Experiment, markers: MarkerCatalog, contrast: Contrast, *, seed: int
) -> pd.DataFrame:
    """Contamination fraction of the preparation, overall and by compartment.

    Parameters
    ----------
    exp
        Harmonized experiment before normalization.
    markers
        Catalog.
    contrast
        The contrast; its comparator must be a lysate or a biofluid.
    seed
        Of the bootstrap over reference proteins.

    Returns
    -------
    Rows of the table `contamination_fraction`. Shares are of signal, whatever the basis of the
    source shares: the length of a protein cancels from its ratio to the comparator.
    """
    t = load_criteria().threshold
    blank: dict[str, object] = {
        "contrast": contrast.name,
        "compartment": "all",
        "approximate": exp.approximate,
    }
    rule = contamination_rule(contrast)
    if rule is None or exp.scale == "ratio":
        return pd.DataFrame([{**blank, "status": NOT_ASSESSABLE, "reason": _not_assessable(contrast, exp)}])
    unfit = unfit_groups(exp, contrast)
    if unfit is not None and unfit.rule != Rule.NO_REPLICATES:
        return pd.DataFrame([{**blank, "status": NOT_ASSESSABLE, "reason": in_words(unfit, {})}])
    found = reference_shares(signal_of(exp), markers, contrast.groups(exp), rule)
    need = int(t["min_reference_proteins"])
    if found.n < need:
        reason = (
            f"{found.n} independent non-vesicular reference proteins measured in "
            f"{100 * t['reference_seen']:g} % of the comparator samples or more; {need} are needed"
        )
        return pd.DataFrame([{**blank, "n_measured": found.n, "status": NOT_ASSESSABLE, "reason": reason}])
    return pd.DataFrame(_rows(blank, found, rule, contrast, _donors(exp, contrast), seed=seed))


def contamination_rule(contrast: Contrast) -> ContaminationFractionRule | None:
    """Which reference proteins a comparator has; nothing where it is not a source of the preparation's material."""
    return load_criteria().contamination_fraction.get(contrast.comparator or "")


def _not_assessable(contrast: Contrast, exp: Experiment) -> str:
    if exp.scale == "ratio":
        return NO_SHARES
    if contrast.comparator is None:
        return "the comparator is not stated; say lysate or biofluid"
    return f"comparator {contrast.comparator!r}: neither group is the source of the other's material"


# ---- reference proteins ------------------------------------------------------------


def reference_shares(
    signal: Signal,
    markers: MarkerCatalog,
    groups: tuple[pd.Index, pd.Index],
    rule: ContaminationFractionRule,
) -> ReferenceShares:
    """Choose the reference proteins that the comparator shows and give their shares of signal.

    Parameters
    ----------
    signal
        Of the samples.
    markers
        Catalog.
    groups
        Names of the case samples and of the control samples.
    rule
        Compartments of the comparator.

    Returns
    -------
    ReferenceShares
        Proteins of the compartments, a complex as the sum of its measured members, that were
        measured in enough of the comparator samples (``reference_seen``) and are abundant enough
        there (see :func:`_abundant`).
    """
    proteins = concat_rows(
        [set_members(markers, [c]).assign(compartment=c) for c in rule.compartments]
    ).drop_duplicates("gene")
    proteins = proteins[~proteins["complex"].isin(rule.left_out_complexes)]
    marker = proteins["independent_marker"]
    marker_of_gene = pd.Series(marker.to_numpy(), index=proteins["gene"])
    of_marker = pd.Series(proteins["compartment"].to_numpy(), index=marker.to_numpy())
    of_marker = of_marker[~of_marker.index.duplicated()]
    shares = signal.values.div(signal.total, axis=0)
    case, control = groups
    pooled = _pooled(shares, signal.proteins["gene"], marker_of_gene)
    shown = pooled.loc[control].notna().mean(axis=0) >= load_criteria().threshold["reference_seen"]
    pooled = pooled.loc[:, shown]
    compartment = of_marker.reindex(pooled.columns)
    pooled = pooled.loc[:, _abundant(pooled.loc[case], pooled.loc[control].mean(axis=0), compartment)]
    codes = pd.Categorical(of_marker.reindex(pooled.columns), categories=list(rule.compartments)).codes
    return ReferenceShares(pooled.loc[case], pooled.loc[control], codes.astype(int), marker_of_gene)


def _pooled(values: pd.DataFrame, genes: pd.Series, marker_of_gene: pd.Series) -> pd.DataFrame:
    """Sum values by independent marker, samples x markers; NaN where no member was measured.

    Parameters
    ----------
    values
        Samples x proteins.
    genes
        Gene of each protein, on the columns of `values`.
    marker_of_gene
        Gene -> independent marker.
    """
    marker = genes.map(marker_of_gene)
    marker = marker[marker.notna()]
    return values[marker.index].T.groupby(marker, sort=True).sum(min_count=1).T


def _abundant(preparation: pd.DataFrame, level: pd.Series, compartment: pd.Series) -> BoolArray:
    """Choose the proteins abundant enough in the comparator that their remainder can be detected.

    What is rare in the comparator is missed in a preparation for its rarity, not for its absence:
    left in, it would pull the median down. So the more abundant half of each compartment is used
    (``reference_abundant``), and half of that again while too many of its values are missed
    (``reference_missed``) and enough are left (``reference_enough``).

    Parameters
    ----------
    preparation
        Shares of the case samples, samples x markers.
    level
        Mean share of each marker in the comparator.
    compartment
        Compartment of each marker.
    """
    t = load_criteria().threshold
    rank = level.groupby(compartment).rank(ascending=False, pct=True).to_numpy()
    share = t["reference_abundant"]
    chosen = rank <= share
    while chosen.any() and preparation.loc[:, chosen].isna().to_numpy().mean() > t["reference_missed"]:
        share /= 2
        fewer = rank <= share
        if fewer.sum() < t["reference_enough"]:
            break
        chosen = fewer
    return np.asarray(chosen)


def _donors(exp: Experiment, contrast: Contrast) -> Donors | None:
    """Codes of the pairs in both groups, -1 where none is given; nothing where the contrast is not paired."""
    if contrast.paired_by is None:
        return None
    pairs = exp.samples[contrast.paired_by]
    codes = pd.Series(pd.factorize(pairs.where(pairs.isna(), pairs.astype(str)))[0], pairs.index)
    case, control = contrast.groups(exp)
    return codes[case].to_numpy(), codes[control].to_numpy()


# ---- rows ----------------------------------------------------------------------------


def _rows(
    blank: Mapping[str, object],
    found: ReferenceShares,
    rule: ContaminationFractionRule,
    contrast: Contrast,
    donors: Donors | None,
    *,
    seed: int,
) -> list[dict[str, object]]:
    """Estimate over all compartments, then one estimate per compartment that has enough proteins left."""
    t = load_criteria().threshold
    rules = ReferenceRules(t["resident_mad"], t["resident_log2"], t["reference_absent"], t["confidence"])
    codes = found.compartment

    def estimated(at: BoolArray) -> ContaminationFraction:
        preparation, comparator = found.preparation.loc[:, at], found.comparator.loc[:, at]
        return contamination_fraction(
            preparation.to_numpy(), comparator.to_numpy(), codes[at], rules=rules, donors=donors, seed=seed
        )

    whole = estimated(np.ones(found.n, dtype=bool))
    rows = [_row(blank, whole, found.n, contrast)]
    parts = {}
    for k, name in enumerate(rule.compartments if len(rule.compartments) > 1 else ()):
        at = (codes == k) & whole.kept
        if at.sum() >= t["min_markers_source"]:
            parts[name] = estimated(at)
            n_set = int((codes == k).sum())
            rows.append(_row({**blank, "compartment": name}, parts[name], n_set, contrast))
    if parts and _apart([p.fraction for p in parts.values()]):
        note = f"compartments differ more than {t['compartment_spread']:g}-fold: not one whole-cell contamination"
        rows[0]["reason"] = "; ".join(filter(None, [str(rows[0]["reason"]), note]))
    return rows


def _apart(fractions: list[float]) -> bool:
    """Whether compartments differ too much to come from one material."""
    return max(fractions) > load_criteria().threshold["compartment_spread"] * max(min(fractions), 1e-12)


def _row(
    blank: Mapping[str, object], found: ContaminationFraction, n_set: int, contrast: Contrast
) -> dict[str, object]:
    """Row of one estimate, with what makes it a bound only."""
    t = load_criteria().threshold
    floor, approximate = t["contamination_floor"], bool(blank["approximate"])
    notes = []
    if found.bounded.any():
        lacking = f"{100 * t['reference_absent']:.0f} % of the reference proteins"
        notes.append(
            f"{int(found.bounded.sum())} of {len(found.bounded)} samples lack {lacking} or more: a bound only"
        )
    if approximate:
        notes.append("logarithmic, imputed or requantified input inflates it")
    if len(found.by_sample) < 2:
        notes.append("one preparation: the interval holds for the reference proteins only")
    fraction, low, high = found.fraction, found.ci_low, found.ci_high
    if fraction < floor:
        fraction, low, high = floor, np.nan, max(floor, high)
        notes.append(f"below {100 * floor:g} %: a bound only")
    upper = contrast.comparator == "lysate" or found.bounded.any() or approximate or found.fraction < floor
    return {
        **blank,
        "fraction": fraction,
        "ci_low": low,
        "ci_high": high,
        "bound": "at most" if upper else "about",
        "n_measured": int(found.kept.sum()),
        "n_set": n_set,
        "n_dropped": int((~found.kept).sum()),
        "status": "assessed",
        "reason": "; ".join(notes),
    }
