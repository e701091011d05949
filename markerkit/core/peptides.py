"""PeptideTable: a peptide matrix with its samples, its peptides and its history."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Concatenate, ParamSpec, TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from markerkit.core.errors import InputError, one_of
from markerkit.core.experiment import ORGANISMS, SCALES, noted_history
from markerkit.core.matrix import aligned, checked_values, hand_out
from markerkit.core.peptide_groups import razor_groups, species_of_proteins

#: column of the peptides -> what it holds where the table does not give it
PEPTIDE_COLUMNS: dict[str, object] = {
    "proteins": "",
    "gene": "",
    "start": np.nan,
    "end": np.nan,
    "before": "",
    "after": "",
    "is_contaminant": False,
    "is_decoy": False,
}

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, init=False, repr=False, eq=False)
class PeptideTable:
    """A peptide matrix, samples x peptides.

    Parameters
    ----------
    values
        Abundances, samples x peptides, float, missing = NaN; scales as for
        :class:`~markerkit.Experiment`.
    samples
        One row per sample, with the row names of `values` in any order;
        without it only the names are known.
    peptides
        One row per peptide, with the column names of `values` in any order;
        without it the labels are taken as sequences. Columns that are added
        where they are absent: ``sequence``, without modifications;
        ``proteins``, all that hold the peptide, separated by ``;``;
        ``leading``, the protein group that the peptide is assigned to, and
        ``is_unique``, whether it belongs to no other (by
        :func:`~markerkit.core.peptide_groups.razor_groups`); ``gene``;
        ``start`` and ``end``, its place in the leading protein, from 1;
        ``before`` and ``after``, the residues beside it, ``-`` at the end of a
        protein, empty where unknown; ``is_contaminant``, ``is_decoy``;
        ``species`` of all its proteins, separated by ``;``.
    scale
        ``"raw"``, ``"log2"`` or ``"ratio"``.
    organism
        ``"human"``, ``"mouse"`` or ``"rat"``.
    history
        The verbs applied so far with their parameters (JSON-able).

    Raises
    ------
    InputError
        Labels that repeat or do not agree, an empty matrix, text or infinite
        values, a raw value below 0, an unknown scale or organism.

    Notes
    -----
    A frame that is changed, on the way in or out, never changes the table.

    Examples
    --------
    >>> import pandas as pd
    >>> values = pd.DataFrame({"LVNELTEFAK": [8.0, 2.0]}, index=["ev", "cell"])
    >>> PeptideTable(values, peptides=pd.DataFrame({"proteins": ["P02768"]}, index=values.columns))
    <PeptideTable: 2 samples x 1 peptides, raw, human, 0.0 % missing>
    """

    _values: pd.DataFrame
    _samples: pd.DataFrame
    _peptides: pd.DataFrame
    scale: str
    organism: str
    history: tuple[Mapping[str, Any], ...]

    def __init__(
        self,
        values: pd.DataFrame,
        samples: pd.DataFrame | None = None,
        peptides: pd.DataFrame | None = None,
        *,
        scale: str = "raw",
        organism: str = "human",
        history: Iterable[Mapping[str, Any]] = (),
    ) -> None:
        one_of("scale", scale, SCALES)
        one_of("organism", organism, ORGANISMS)
        numbers = checked_values(values, scale, None, of="peptide")
        rows, columns = numbers.index, numbers.columns
        samples = pd.DataFrame(index=rows) if samples is None else samples
        peptides = pd.DataFrame(index=columns) if peptides is None else peptides
        samples = aligned(samples, rows, what="samples", other=columns)
        peptides = aligned(peptides, columns, what="peptides", other=rows)
        object.__setattr__(self, "_values", numbers)
        object.__setattr__(self, "_samples", samples.copy().rename_axis(index="sample"))
        object.__setattr__(self, "_peptides", _complete(peptides, organism).rename_axis(index="peptide"))
        object.__setattr__(self, "scale", scale)
        object.__setattr__(self, "organism", organism)
        object.__setattr__(self, "history", tuple(dict(h) for h in history))

    @property
    def values(self) -> pd.DataFrame:
        """Copy of the abundances, samples x peptides."""
        return hand_out(self._values)

    @property
    def matrix(self) -> npt.NDArray[np.float64]:
        """The abundances without their labels, shape (samples, peptides), read-only."""
        view = self._values.to_numpy().view()
        view.setflags(write=False)
        return view

    @property
    def samples(self) -> pd.DataFrame:
        """Copy of the sample annotation."""
        return hand_out(self._samples)

    @property
    def peptides(self) -> pd.DataFrame:
        """Copy of the peptide annotation."""
        return hand_out(self._peptides)

    @property
    def n_samples(self) -> int:
        """Number of samples."""
        return self._values.shape[0]

    @property
    def n_peptides(self) -> int:
        """Number of peptides."""
        return self._values.shape[1]

    @property
    def targets(self) -> npt.NDArray[np.bool_]:
        """Mask of the peptides that are no decoys, shape (peptides,)."""
        return ~self._peptides["is_decoy"].to_numpy(dtype=bool)

    @property
    def measured(self) -> npt.NDArray[np.bool_]:
        """Mask of the measured values, shape (samples, peptides); a zero on the raw scale is none."""
        return np.asarray(self.matrix > 0 if self.scale == "raw" else ~np.isnan(self.matrix))

    def linear(self) -> pd.DataFrame:
        """Abundances on the linear scale, samples x peptides.

        Raises
        ------
        InputError
            On ratios, which have no linear abundance.
        """
        if self.scale == "ratio":
            raise InputError(
                "ratios to a reference channel have no linear abundance; read the reporter intensities."
            )
        return self.values if self.scale == "raw" else 2.0**self._values

    def noted(self, notes: Sequence[str]) -> PeptideTable:
        """Return the table with `notes` as the ``warnings`` of the last step of its history; itself without any."""
        if not notes:
            return self
        return PeptideTable(
            self._values,
            self._samples,
            self._peptides,
            scale=self.scale,
            organism=self.organism,
            history=noted_history(self.history, notes),
        )

    def pipe(
        self, verb: Callable[Concatenate[PeptideTable, P], T], /, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Call ``verb(self, ...)``: reads left to right."""
        return verb(self, *args, **kwargs)

    def __repr__(self) -> str:
        missing = float(np.isnan(self.matrix).mean())
        return (
            f"<PeptideTable: {self.n_samples} samples x {self.n_peptides} peptides, {self.scale}, {self.organism}, "
            f"{100 * missing:.1f} % missing>"
        )


def _complete(peptides: pd.DataFrame, organism: str) -> pd.DataFrame:
    """Annotation with every column that a peptide table has."""
    absent: dict[str, Any] = {k: v for k, v in PEPTIDE_COLUMNS.items() if k not in peptides.columns}
    full = peptides.assign(**absent)
    if "sequence" not in full.columns:
        full.insert(0, "sequence", full.index.astype(str))
    if not {"leading", "is_unique"} <= set(full.columns):
        razor = razor_groups(full["proteins"].tolist(), organism).set_axis(full.index)
        full = full.assign(**{c: razor[c] for c in razor.columns if c not in full.columns})
    stated = full["species"] if "species" in full.columns else pd.Series("", index=full.index)
    pairs = list(zip(full["proteins"].astype(str), stated.astype(str), strict=True))
    named = {pair: species_of_proteins(pair[0], organism, pair[1]) for pair in set(pairs)}
    return full.assign(species=[named[pair] for pair in pairs])
