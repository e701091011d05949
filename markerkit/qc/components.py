"""Components of the signal: every protein counted once, as an EV marker, as one source, or as unassigned."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import stdtrit

from markerkit.catalog.criteria import load_criteria
from markerkit.catalog.load import MarkerCatalog
from markerkit.core.matrix import among
from markerkit.core.signal import Array, Part, Signal
from markerkit.purity.shares import share_interval, source_panels
from markerkit.qc.ev_markers import ev_marker_genes

EV, UNASSIGNED = "ev", "unassigned"
TITLES = {EV: "EV markers", UNASSIGNED: "Unassigned"}
OVER_PROTEINS, OVER_SAMPLES = "over proteins", "over samples"


@dataclass(frozen=True)
class Component:
    """A part of the signal in a sample or a group of samples.

    Attributes
    ----------
    share
        Share of the signal, 0 to 1; NaN where no member was measured.
    ci_low, ci_high
        Its interval; NaN where there is none.
    n_measured
        Members measured (in a group: in at least one sample).
    """

    share: float
    ci_low: float
    ci_high: float
    n_measured: int


def members_once(markers: MarkerCatalog, *, blood: bool) -> dict[str, tuple[set[str], str]]:
    """Members of every component, each in one only, and the annotation that they are matched by.

    Parameters
    ----------
    markers
        Catalog.
    blood
        The samples come from blood: a gene of a blood-cell panel counts as the cell, not as an EV marker.

    Returns
    -------
    Component -> (members, ``"gene"`` or ``"accession"``), EV markers first, then the sources in the
    order of the criteria. Of several panels that hold a gene the first in this order keeps it.
    """
    found: dict[str, tuple[set[str], str]] = {EV: (set(ev_marker_genes(markers, blood=blood).index), "gene")}
    taken = set(found[EV][0])
    for key, panel in source_panels(markers).items():
        if key == EV:
            continue
        if panel.column == "gene":
            found[key] = (set(panel.members) - taken - {""}, "gene")
            taken |= found[key][0]
        else:
            found[key] = (set(panel.members) - {""}, panel.column)
    return found


def component_of(proteins: pd.DataFrame, members: dict[str, tuple[set[str], str]]) -> npt.NDArray[np.object_]:
    """Component of every protein.

    Parameters
    ----------
    proteins
        Annotation with ``gene`` and ``accession``.
    members
        As :func:`members_once` gives them.

    Returns
    -------
    Component of each protein, shape (n_proteins,). Entries of another species (bovine serum) are
    told by their accession, whatever gene they were mapped to; they come first.
    """
    component = np.full(len(proteins), UNASSIGNED, dtype=object)
    for column in ("gene", "accession"):
        for key, (names, of) in members.items():
            if of == column:
                component[among(proteins[column], names)] = key
    return component


class Components:
    """Parts of the signal of all samples by component.

    Parameters
    ----------
    signal
        Of all samples.
    markers
        Catalog.
    blood
        The samples come from blood.
    """

    def __init__(self, signal: Signal, markers: MarkerCatalog, *, blood: bool) -> None:
        self.samples = signal.values.index
        members = members_once(markers, blood=blood)
        self.n_set = {k: len(names) for k, (names, _) in members.items()}
        component = component_of(signal.proteins, members)
        self.parts = {k: signal.where(component == k, column=of) for k, (_, of) in members.items()}
        # what belongs to no panel has no members with names: every protein group is one
        rest = np.nan_to_num(signal.values.loc[:, component == UNASSIGNED].to_numpy(float))
        self.parts[UNASSIGNED] = Part(rest, signal.total.to_numpy())

    @property
    def shares(self) -> pd.DataFrame:
        """Share of every component, samples x components; NaN where no member was measured."""
        return pd.DataFrame({k: p.share for k, p in self.parts.items()}, index=self.samples)

    def of_samples(self) -> dict[str, list[Component]]:
        """Every component in every sample, with an interval over its members."""
        t = load_criteria().threshold
        found = {}
        for key, part in self.parts.items():
            low, high = share_interval(part.amounts, part.share, t["confidence"])
            few = part.n_measured < t["min_markers_source"]
            low, high = np.where(few, np.nan, low), np.where(few, np.nan, high)
            columns = zip(
                part.share.tolist(), low.tolist(), high.tolist(), part.n_measured.tolist(), strict=True
            )
            found[key] = [Component(*row) for row in columns]
        return found

    def of_group(self, chosen: npt.NDArray[np.bool_]) -> dict[str, Component]:
        """Every component in a group of samples: mean share, with an interval over the samples.

        Parameters
        ----------
        chosen
            Samples of the group with any signal, at least two, shape (n_samples,).

        Notes
        -----
        A sample in which no member was measured counts as 0, so that the means add up to 1; a
        component that no sample shows has no share.
        """
        confidence = load_criteria().threshold["confidence"]
        found = {}
        for key, part in self.parts.items():
            seen = int((part.amounts[chosen] > 0).any(axis=0).sum())
            found[key] = mean_component(part.share[chosen], seen, confidence)
        return found


def mean_component(shares: Array, n_measured: int, confidence: float) -> Component:
    """Put a component over samples together, from its share in each of them and the members that any of them shows."""
    if not n_measured:
        return Component(np.nan, np.nan, np.nan, 0)
    known = np.nan_to_num(shares)
    return Component(float(known.mean()), *mean_interval(known, confidence), n_measured)


def mean_interval(shares: Array, confidence: float) -> tuple[float, float]:
    """Interval of the mean of shares over samples: Student's t, delta method on the log scale.

    Parameters
    ----------
    shares
        Of each sample, 0 to 1, shape (n,), n at least 2, not all 0.
    confidence
        Coverage, e.g. 0.95.

    Returns
    -------
    ci_low, ci_high
        Above 0 and at most 1.

    Examples
    --------
    >>> [round(x, 3) for x in mean_interval(np.array([0.1, 0.1, 0.1]), 0.95)]
    [0.1, 0.1]
    """
    n, mean = len(shares), float(shares.mean())
    relative = float(shares.std(ddof=1)) / np.sqrt(n) / mean
    # half the reach of a float is far beyond any share
    reach = float(np.exp(min(stdtrit(n - 1, 0.5 + confidence / 2) * relative, 300.0)))
    return mean / reach, min(1.0, mean * reach)
