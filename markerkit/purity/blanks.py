"""Procedural blanks and unconditioned medium: what they hold, and what they could explain of the samples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from markerkit.catalog.criteria import load_criteria
from markerkit.catalog.load import MarkerCatalog
from markerkit.core.experiment import Experiment
from markerkit.core.signal import Signal, quantity_of, signal_of
from markerkit.core.wording import percent
from markerkit.purity.contamination import contamination_rule, reference_shares
from markerkit.purity.shares import source_shares
from markerkit.results import ContaminationFraction, Purity
from markerkit.stats.contamination import compartment_weights, weighted_median
from markerkit.study.contrast import Contrast
from markerkit.study.roles import BLANK, MEDIUM, SAMPLE, roles_of
from markerkit.tables.registry import TABLES
from markerkit.tables.spec import concat_rows

_NORMALIZED = ("lfq", "maxlfq")
_SCALED = "a quantity normalized across runs lifts blanks: an upper limit"


def blank_content(
    exp: Experiment,
    markers: MarkerCatalog,
    contrasts: Sequence[Contrast] = (),
    *,
    shares: pd.DataFrame | None = None,
    basis: str = "signal",
) -> pd.DataFrame:
    """Compare blanks and medium with the samples, source by source and protein by protein.

    Parameters
    ----------
    exp
        Harmonized experiment with all samples, before normalization.
    markers
        Catalog.
    contrasts
        Contrasts with a contamination fraction to limit.
    shares
        Table `source_shares` of the experiment on this basis; computed where it is not given.
    basis
        Basis of the shares, ``"signal"`` or ``"length"``. Contamination fractions are of signal.

    Returns
    -------
    Table `blanks`; empty without blanks and medium. Nothing is subtracted from
    the data: a limit says which part of a share the blank alone would give, were
    its signal in the sample too. The largest blank counts. Proteins are listed
    where a blank shows them.
    """
    role = roles_of(exp)
    spec = TABLES["blanks"]
    kinds = [kind for kind in (BLANK, MEDIUM) if (role == kind).any()]
    if not kinds:
        return spec.empty()
    if exp.scale == "ratio":
        return spec.conform(_not_compared(role, kinds))
    signal = signal_of(exp, basis)
    shares = source_shares(exp, markers, basis=basis) if shares is None else shares
    amounts = source_amounts(shares, signal)
    linear = signal_of(exp)
    parts = []
    for kind in kinds:
        parts += [
            _Compared.of(kind, amounts, signal.total, role).rows("source"),
            _fraction_rows(linear, markers, contrasts, exp, kind),
            _protein_rows(signal, kind, role),
        ]
    table = concat_rows([p for p in parts if len(p)])
    return spec.conform(table.assign(reason=_care(exp)))


def _not_compared(role: pd.Series, kinds: Sequence[str]) -> pd.DataFrame:
    rows = pd.DataFrame({"role": kinds, "n_blanks": [int((role == k).sum()) for k in kinds]})
    reason = "ratios to a reference channel have no signal to compare"
    return rows.assign(level="source", status="not compared", reason=reason)


def _care(exp: Experiment) -> str:
    if exp.approximate:
        return "logarithmic, imputed or requantified input: a rough limit"
    return _SCALED if quantity_of(exp) in _NORMALIZED else ""


def source_amounts(shares: pd.DataFrame, signal: Signal) -> pd.DataFrame:
    """Signal of every source by sample, from the shares: samples x sources, NaN where nothing was measured."""
    table = shares.pivot_table(index="sample", columns="source", values="share", sort=False, dropna=False)
    table = table.reindex(index=signal.values.index, columns=list(dict.fromkeys(shares["source"])))
    return table.mul(signal.total, axis=0)


@dataclass(frozen=True, eq=False)
class _Compared:
    """Signal of some keys (sources or proteins) in the blanks of one kind and in the samples.

    Parameters
    ----------
    role
        Of the blanks.
    blanks, samples
        Blanks x keys, samples x keys; NaN where not measured.
    blank_total, sample_total
        Total signal of each.
    """

    role: str
    blanks: pd.DataFrame
    samples: pd.DataFrame
    blank_total: pd.Series
    sample_total: pd.Series

    @classmethod
    def of(cls, kind: str, amounts: pd.DataFrame, total: pd.Series, role: pd.Series) -> _Compared:
        """Split the signal of all samples (samples x keys) by their role."""
        blank, sample = role == kind, role == SAMPLE
        return cls(kind, amounts[blank], amounts[sample], total[blank], total[sample])

    def rows(self, level: str) -> pd.DataFrame:
        """Rows of the table `blanks`, one per key."""
        t = load_criteria().threshold
        shown, in_samples = self.blanks.notna().sum(), self.samples.notna().sum()
        largest = self.blanks.max()
        ratio = largest / self.samples.median()
        counted = shown >= np.maximum(1, t["blank_seen"] * len(self.blanks))
        review = counted & ((ratio >= t["blank_ratio"]) | ((in_samples == 0) & (shown > 0)))
        return pd.DataFrame(
            {
                "role": self.role,
                "level": level,
                "key": self.blanks.columns,
                "n_blanks": len(self.blanks),
                "n_blanks_seen": shown,
                "n_samples_seen": in_samples,
                "blank_share": self.blanks.div(self.blank_total, axis=0).median(),
                "sample_share": self.samples.div(self.sample_total, axis=0).median(),
                "ratio": ratio,
                "limit": largest / self.sample_total.median(),
                "flag": np.where(review, "review", ""),
                "status": "compared",
            }
        )


def _protein_rows(signal: Signal, kind: str, role: pd.Series) -> pd.DataFrame:
    """Rows of the proteins that a blank shows, the largest limit first."""
    blanks = signal.values[role == kind]
    shown = blanks.columns[blanks.notna().any()]
    rows = _Compared.of(kind, signal.values[shown], signal.total, role).rows("protein")
    rows["gene"] = signal.proteins.loc[shown, "gene"].to_numpy()
    return rows.sort_values("limit", ascending=False, kind="stable")


def _fraction_rows(
    signal: Signal, markers: MarkerCatalog, contrasts: Sequence[Contrast], exp: Experiment, kind: str
) -> pd.DataFrame:
    """Contamination fraction that the blanks alone would show in the median preparation, one row per contrast.

    It is the weighted median, over the same reference proteins as the fraction itself, of the
    blank's signal over the total of a preparation to the comparator's share. What a blank does not
    show is 0 there.
    """
    role = roles_of(exp)
    blanks, sample = signal.values[role == kind], role.index[role == SAMPLE]
    rows = []
    for contrast in contrasts:
        rule = contamination_rule(contrast)
        if rule is None:
            continue
        case, control = (names[names.isin(sample)] for names in contrast.groups(exp))
        found = reference_shares(signal, markers, (case, control), rule)
        if found.n < load_criteria().threshold["min_reference_proteins"]:
            continue
        amounts = found.pooled(blanks, signal.proteins["gene"])
        share = amounts.fillna(0.0) / signal.total[case].median()
        ratio = (share / found.comparator.mean()).to_numpy()
        fraction = weighted_median(ratio, compartment_weights(found.compartment))
        rows.append(
            {
                "role": kind,
                "level": "contamination fraction",
                "key": contrast.name,
                "n_blanks": len(blanks),
                "n_blanks_seen": int(amounts.notna().any(axis=1).sum()),
                "limit": float(fraction.max()),
                "status": "compared",
            }
        )
    return pd.DataFrame(rows)


def share_limits(exp: Experiment, shares: pd.DataFrame, signal: Signal) -> pd.DataFrame:
    """Share of each sample's signal that blanks and medium alone would give, samples x sources.

    Parameters
    ----------
    exp
        Experiment with all samples.
    shares
        Its table `source_shares`.
    signal
        Its signal on the basis of the shares.

    Returns
    -------
    Signal of the largest blank over the total of the sample. Missing where no blank shows the
    source, and for every sample without blanks.
    """
    role = roles_of(exp)
    if (role == SAMPLE).all():
        return pd.DataFrame(index=exp.samples.index)
    largest = source_amounts(shares, signal)[role != SAMPLE].max()
    total = signal.total.where(role == SAMPLE)
    return pd.DataFrame({k: v / total for k, v in largest.items()}, index=total.index)


def with_blank_limits(purity: Purity, blanks: pd.DataFrame) -> Purity:
    """Say beside a contamination fraction that it does not exceed what the blanks show.

    The fraction itself stays as estimated; a fraction at or below the limit
    becomes a bound (``at most``).
    """
    limits = (
        blanks[(blanks["level"] == "contamination fraction") & (blanks["limit"] > 0)]
        .groupby("key")["limit"]
        .max()
    )
    if limits.empty:
        return purity
    table = purity.contamination_fraction.table.copy()
    limit = table["contrast"].map(limits).where(table["status"] == "assessed")
    below = (table["fraction"] <= limit) & limit.notna()
    notes = [
        "; ".join(filter(None, [r, f"not above what the blanks alone would show ({percent(k, 2)})"]))
        if b
        else r
        for r, k, b in zip(table["reason"], limit, below, strict=True)
    ]
    table["reason"] = notes
    table.loc[below, "bound"] = "at most"
    return replace(purity, contamination_fraction=ContaminationFraction(table))
