"""Share of each sample's signal by contamination source."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from markerkit.catalog.criteria import load_criteria
from markerkit.catalog.load import MarkerCatalog
from markerkit.core.experiment import Experiment
from markerkit.core.signal import NO_SHARES, Array, Part, basis_words, signal_of
from markerkit.effects.members import set_members
from markerkit.study.roles import SAMPLE, roles_of
from markerkit.tables.registry import TABLES

EV = "ev"


class Panel(NamedTuple):
    """Members of a source, or of the EV markers, and the annotation of the proteins that they are matched by."""

    members: tuple[str, ...]
    column: str


def source_panels(markers: MarkerCatalog) -> dict[str, Panel]:
    """Panel of the EV markers (``"ev"``) and of every contamination source of the criteria."""
    criteria = load_criteria()
    sets = {EV: (criteria.classes[EV].sets, "gene")}
    sets |= {k: ((k,), "accession" if r.by_accession else "gene") for k, r in criteria.sources.items()}
    return {k: Panel(tuple(set_members(markers, names)[c]), c) for k, (names, c) in sets.items()}


def source_shares(
    exp: Experiment, markers: MarkerCatalog, *, basis: str = "signal", approximate: bool | None = None
) -> pd.DataFrame:
    """Share of each sample's linear signal by source, with an interval over the members.

    Parameters
    ----------
    exp
        Harmonized experiment before normalization.
    markers
        Catalog.
    basis
        What is summed: ``"signal"``, or ``"length"`` for signal over the length of the sequence;
        see :func:`markerkit.core.signal.signal_of`.
    approximate
        Whether linear signal had to be reconstructed; by default as :func:`approximate_signal` says.

    Returns
    -------
    Table `source_shares`: one row per sample and source, and the EV markers as ``ev``. The
    interval tells how the share would move with another draw of members from the same source
    (see :func:`share_interval`); a source that one protein dominates has a wide one. The column
    ``basis`` says what was summed.

    Raises
    ------
    InputError
        ``"length"`` without lengths, or on iBAQ, which corrects for length itself.
    """
    words = basis_words(exp, basis)
    order = pd.Index(exp.samples.index)
    inexact = approximate_signal(exp) if approximate is None else approximate
    base = pd.DataFrame({"sample": order, "approximate": inexact})
    parts = []
    if exp.scale == "ratio":
        refused = base.assign(n_measured=0, status="not assessed", reason=NO_SHARES)
        parts = [refused.assign(source=k, n_set=len(p.members)) for k, p in source_panels(markers).items()]
    else:
        signal = signal_of(exp, basis)
        for key, panel in source_panels(markers).items():
            part = signal.of(panel.members, column=panel.column)
            parts.append(base.assign(source=key, n_set=len(panel.members), **_columns(part, panel)))
    table = pd.concat(parts, ignore_index=True).assign(basis=words)
    return TABLES["source_shares"].conform(
        table.sort_values("sample", key=lambda s: order.get_indexer(pd.Index(s)), kind="stable")
    )


def approximate_signal(exp: Experiment) -> bool:
    """Whether linear signal had to be reconstructed; blanks, which miss most proteins, do not speak for the samples."""
    role = roles_of(exp)
    samples = role.index[role == SAMPLE]
    return exp.select(samples=list(samples)).approximate if 0 < len(samples) < len(role) else exp.approximate


def _columns(part: Part, panel: Panel) -> dict[str, Array]:
    t = load_criteria().threshold
    n = part.n_measured
    few = n < t["min_markers_source"]
    low, high = share_interval(part.amounts, part.share, t["confidence"])
    why = "too few members measured for an interval"
    if panel.column == "accession" and not part.amounts.shape[1]:
        why = "no bovine entries in this study: bovine protein is counted as its human or mouse ortholog"
    return {
        "share": part.share,
        "ci_low": np.where(few, np.nan, low),
        "ci_high": np.where(few, np.nan, high),
        "n_measured": n,
        "status": np.where(few, "too few measured", "tested"),
        "reason": np.where(few, why, ""),
    }


def share_interval(amounts: Array, share: Array, confidence: float) -> tuple[Array, Array]:
    """Interval of shares over the measured members as a sample of possible ones.

    Parameters
    ----------
    amounts
        Signal of each member, shape (n_samples, n_members); 0 where it was not measured.
    share
        Their share of the total signal, shape (n_samples,).
    confidence
        Coverage, e.g. 0.95.

    Returns
    -------
    ci_low, ci_high
        Shape (n_samples,); NaN with fewer than two measured members.

    Notes
    -----
    Delta method on the log scale: m measured members with amounts x and sum S have
    ``se(log S) = sqrt(m / (m - 1) * sum((x - S / m)^2)) / S``, and Student's t has m - 1 degrees
    of freedom. The total is taken as fixed.
    """
    n = (amounts > 0).sum(axis=1)
    total = amounts.sum(axis=1)
    enough = n >= 2
    m = np.where(enough, n, 2)
    # members without a value are not part of the sample, so they add nothing to the squares
    square = np.maximum((amounts**2).sum(axis=1) - total**2 / m, 0.0)
    se = np.sqrt(np.divide(m / (m - 1) * square, total**2, out=np.zeros_like(total), where=total > 0))
    reach = np.exp(stdtrit(m - 1, 0.5 + confidence / 2) * se)
    return np.where(enough, share / reach, np.nan), np.where(enough, np.minimum(1.0, share * reach), np.nan)
