"""Experiment: a protein matrix with its samples, its proteins and its history."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Concatenate, ParamSpec, TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from markerkit.core import anndata
from markerkit.core.detection import Detection
from markerkit.core.errors import InputError, one_of
from markerkit.core.matrix import aligned, checked_values, hand_out, imputed_marks, without_zeros
from markerkit.core.rich import experiment_html
from markerkit.core.selection import axes_of, positions_of

SCALES = ("raw", "log2", "ratio")
ORGANISMS = ("human", "mouse", "rat")
PROTEIN_COLUMNS: dict[str, object] = {
    "accession": "",
    "gene": "",
    "is_contaminant": False,
    "is_decoy": False,
    "species": "",
    "n_peptides": np.nan,
}
#: with a smaller share of missing values a matrix counts as imputed or requantified: presence is no evidence
IMPUTED_BELOW = 0.05
#: verbs that begin a history with what was decided at reading
READERS = ("read_proteins", "read_peptides")
#: line of the history of an experiment that was made with zeros
ZEROS = "zeros_to_missing"

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, init=False, repr=False, eq=False)
class Experiment:
    """A proteomics matrix, samples x protein groups.

    Parameters
    ----------
    values
        Abundances, samples x proteins, float, missing = NaN. On the ``raw``
        scale values are linear and not negative, and a zero is taken as missing (the history says how
        many there were); on ``log2`` they are base-2 logarithms, on ``ratio`` log2 ratios to a
        reference channel.
    samples
        One row per sample, with the row names of `values` in any order;
        without it only the names are known.
    proteins
        One row per protein group, with the column names of `values` in any
        order. ``accession``,
        ``gene``, ``is_contaminant``, ``is_decoy``, ``species`` and
        ``n_peptides`` are added where they are absent; without a frame the
        labels are taken as genes.
    scale
        ``"raw"``, ``"log2"`` or ``"ratio"``.
    organism
        ``"human"``, ``"mouse"`` or ``"rat"``.
    history
        The verbs applied so far with their parameters (JSON-able).
    imputed
        True where a value was not measured but imputed, samples x proteins;
        :func:`markerkit.impute` marks its own. Figures and export show imputed
        values, statistics refuse them.

    Raises
    ------
    InputError
        Labels that repeat or do not agree, proteins in the rows and samples in
        the columns, text or infinite values, a raw value below 0 or beyond 1e-30 to 1e30,
        a log2 value or ratio beyond -100 to 64, an unknown scale or organism, a history with imputed values but no marks of them.

    Notes
    -----
    A frame that is changed, on the way in or out, never changes the experiment.

    Examples
    --------
    >>> import pandas as pd
    >>> Experiment(pd.DataFrame({"CD63": [8.0, 2.0]}, index=["ev", "cell"]))
    <Experiment: 2 samples x 1 proteins, raw, human, 0.0 % missing>
    """

    _values: pd.DataFrame
    _samples: pd.DataFrame
    _proteins: pd.DataFrame
    _imputed: pd.DataFrame
    scale: str
    organism: str
    history: tuple[Mapping[str, Any], ...]

    def __init__(
        self,
        values: pd.DataFrame,
        samples: pd.DataFrame | None = None,
        proteins: pd.DataFrame | None = None,
        scale: str = "raw",
        organism: str = "human",
        history: Iterable[Mapping[str, Any]] = (),
        *,
        imputed: pd.DataFrame | None = None,
    ) -> None:
        one_of("scale", scale, SCALES)
        one_of("organism", organism, ORGANISMS)
        numbers, n_zero = without_zeros(checked_values(values, scale, organism), scale)
        rows, columns = numbers.index, numbers.columns
        if samples is None:
            samples = pd.DataFrame(index=rows)
        if proteins is None:
            proteins = pd.DataFrame({"gene": columns.astype(str)}, index=columns)
        samples = aligned(samples, rows, what="samples", other=columns)
        proteins = aligned(proteins, columns, what="proteins", other=rows)
        added: dict[str, Any] = {k: v for k, v in PROTEIN_COLUMNS.items() if k not in proteins.columns}
        object.__setattr__(self, "_values", numbers)
        object.__setattr__(self, "_samples", samples.copy().rename_axis(index="sample"))
        object.__setattr__(self, "_proteins", proteins.assign(**added).rename_axis(index="protein"))
        object.__setattr__(self, "scale", scale)
        object.__setattr__(self, "organism", organism)
        taken = [{"verb": ZEROS, "n_zero_to_missing": n_zero}] if n_zero else []
        object.__setattr__(self, "history", tuple(dict(h) for h in [*history, *taken]))
        object.__setattr__(self, "_imputed", imputed_marks(imputed, numbers, self.history))

    @property
    def values(self) -> pd.DataFrame:
        """Copy of the abundances, samples x proteins."""
        return hand_out(self._values)

    @property
    def matrix(self) -> npt.NDArray[np.float64]:
        """The abundances without their labels, shape (samples, proteins), read-only."""
        view = self._values.to_numpy().view()
        view.setflags(write=False)
        return view

    @property
    def imputed(self) -> pd.DataFrame:
        """Copy of the marks, samples x proteins: True where a value was not measured but imputed."""
        return hand_out(self._imputed)

    @cached_property
    def n_imputed(self) -> int:
        """Number of imputed values."""
        return int(self._imputed.to_numpy().sum())

    @property
    def samples(self) -> pd.DataFrame:
        """Copy of the sample annotation."""
        return hand_out(self._samples)

    @property
    def proteins(self) -> pd.DataFrame:
        """Copy of the protein annotation."""
        return hand_out(self._proteins)

    @property
    def n_samples(self) -> int:
        """Number of samples."""
        return self._values.shape[0]

    @property
    def n_proteins(self) -> int:
        """Number of protein groups."""
        return self._values.shape[1]

    @property
    def shape(self) -> tuple[int, int]:
        """Number of samples and of protein groups."""
        return self.n_samples, self.n_proteins

    def __len__(self) -> int:
        return self.n_samples

    #: with a length and brackets alone Python would look for the samples 0, 1, 2, ...
    __iter__ = None

    @property
    def targets(self) -> npt.NDArray[np.bool_]:
        """Mask of the proteins that are no decoys, shape (proteins,), read-only."""
        return self._targets

    @cached_property
    def _targets(self) -> npt.NDArray[np.bool_]:
        mask = ~self._proteins["is_decoy"].to_numpy(dtype=bool)
        mask.setflags(write=False)
        return mask

    @cached_property
    def detection(self) -> Detection:
        """How often, and how high on the scale of the values, every protein was measured."""
        return Detection.of(self.matrix)

    @property
    def missing(self) -> float:
        """Share of missing values among the proteins measured at least once."""
        return self.detection.missing

    @property
    def presence_known(self) -> bool:
        """False where the matrix looks imputed or requantified, so that presence is no evidence."""
        return self.scale != "ratio" and self.n_imputed == 0 and self.missing >= IMPUTED_BELOW

    @property
    def approximate(self) -> bool:
        """True where linear abundances had to be back-transformed from logarithms or were imputed."""
        unstated = "raw" if self.has_verb("log2") else self.scale
        scales = [h.get("scale", unstated) for h in self.history if h.get("verb") in READERS] or [unstated]
        return any(s != "raw" for s in scales) or not self.presence_known

    @property
    def provenance(self) -> Mapping[str, Any]:
        """What the reader of proteins or peptides decided (file, software, quantity, scale, ...); empty without it.

        Of experiments put together by :func:`markerkit.concat`, what it decided on the first.
        """
        return dict(next((h for h in self.history if h.get("verb") in READERS), {}))

    @property
    def harmonized(self) -> bool:
        """True where every protein group has the identifiers that :func:`markerkit.harmonize_ids` gives."""
        return "map_status" in self._proteins.columns

    def has_verb(self, verb: str) -> bool:
        """Return whether `verb` is in the history."""
        return any(h.get("verb") == verb for h in self.history)

    def kept(self, key: Hashable, make: Callable[[], T]) -> T:
        """Make something from the experiment once and keep it, for what several parts of an assessment read."""
        kept: dict[Hashable, T] = self.__dict__.setdefault("_kept", {})
        return kept[key] if key in kept else kept.setdefault(key, make())

    def measured(self) -> Experiment:
        """Return the experiment without its imputed values, as it was before :func:`markerkit.impute`."""
        return Experiment(
            self._values.mask(self._imputed),
            self._samples,
            self._proteins,
            self.scale,
            self.organism,
            [h for h in self.history if h.get("verb") != "impute"],
        )

    def refuse_imputed(self) -> None:
        """Refuse imputed values: the first line of every verb that computes on measured ones.

        Raises
        ------
        InputError
            There is an imputed value.
        """
        if self.n_imputed:
            raise InputError(
                f"{self.n_imputed} values of this experiment were imputed; they are for figures and export, never for "
                "statistics or further preprocessing. Give what was measured: `exp.measured()`."
            )

    def linear(self, *, decoys: bool = True) -> pd.DataFrame:
        """Abundances on the linear scale, samples x proteins.

        Parameters
        ----------
        decoys
            Whether decoys are among them.

        Raises
        ------
        InputError
            On ratios, which have no linear abundance.
        """
        if self.scale == "ratio":
            raise InputError(
                "ratios to a reference channel have no linear abundance; shares of signal need the "
                "reporter intensities or a label-free quantity."
            )
        chosen = self._values if decoys or self.targets.all() else self._values.loc[:, self.targets]
        return hand_out(chosen) if self.scale == "raw" else 2.0**chosen

    def logged(self) -> Experiment:
        """Return the experiment on the log2 scale; itself, where it holds logarithms or ratios already."""
        return self if self.scale != "raw" else self._logged

    @cached_property
    def _logged(self) -> Experiment:
        values = self._values
        logs = pd.DataFrame(np.log2(values.to_numpy()), index=values.index, columns=values.columns)
        return self.evolve("log2", values=logs, scale="log2")

    def evolve(
        self,
        verb: str,
        params: Mapping[str, Any] | None = None,
        *,
        values: pd.DataFrame | None = None,
        samples: pd.DataFrame | None = None,
        proteins: pd.DataFrame | None = None,
        scale: str | None = None,
        imputed: pd.DataFrame | None = None,
    ) -> Experiment:
        """Return a new experiment with the given parts changed and `verb` added to the history."""
        if imputed is None:
            imputed = self._imputed
            if values is not None:
                imputed = imputed.reindex(index=values.index, columns=values.columns, fill_value=False)
        return Experiment(
            self._values if values is None else values,
            self._samples if samples is None else samples,
            self._proteins if proteins is None else proteins,
            self.scale if scale is None else scale,
            self.organism,
            (*self.history, {"verb": verb, **(params or {})}),
            imputed=imputed,
        )

    def noted(self, notes: Sequence[str]) -> Experiment:
        """Return the experiment with `notes` as the ``warnings`` of the last step of its history; itself without any."""
        if not notes:
            return self
        return Experiment(
            self._values,
            self._samples,
            self._proteins,
            self.scale,
            self.organism,
            noted_history(self.history, notes),
            imputed=self._imputed,
        )

    def select(
        self, *, samples: Sequence[object] | None = None, proteins: Sequence[object] | None = None
    ) -> Experiment:
        """Return the named samples and proteins, without a line of history."""
        rows = self._values.index if samples is None else pd.Index(list(samples), dtype=object)
        columns = self._values.columns if proteins is None else pd.Index(list(proteins), dtype=object)
        return Experiment(
            self._values.loc[rows, columns],
            self._samples.loc[rows],
            self._proteins.loc[columns],
            self.scale,
            self.organism,
            self.history,
            imputed=self._imputed.loc[rows, columns],
        )

    def __getitem__(self, key: Any) -> Experiment:
        """Return some samples, or some samples and proteins: ``exp[samples]``, ``exp[samples, proteins]``.

        Parameters
        ----------
        key
            Of each axis one name, a list of names, True or False for every
            sample or protein (a Series goes by its labels), or a slice of
            positions. Proteins are found by the name of their group, else by
            gene: all groups of the gene. Two axes are separated by a comma; a
            list is names of one axis.

        Returns
        -------
        Experiment
            Samples and proteins in the order asked for, each once. The history
            is kept and gets no line.

        Raises
        ------
        KeyError
            A name that is not there.
        TypeError
            Something that is no name, mask or slice of positions.
        InputError
            A mask of another length or with other labels; nothing selected.

        Examples
        --------
        >>> import markerkit as mk
        >>> exp = mk.load_example()
        >>> exp[exp.samples["fraction"] == "EV"].shape
        (6, 2132)
        >>> exp[:, ["CD63", "CD81"]].shape
        (12, 2)
        """
        samples, proteins = axes_of(key)
        rows = positions_of(samples, self._values.index, what="sample")
        columns = positions_of(proteins, self._values.columns, what="protein", genes=self._proteins["gene"])
        return self.select(
            samples=list(self._values.index[rows]), proteins=list(self._values.columns[columns])
        )

    def pipe(self, verb: Callable[Concatenate[Experiment, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Call ``verb(self, ...)``: reads left to right."""
        return verb(self, *args, **kwargs)

    def to_anndata(self) -> Any:
        """Turn the experiment into an AnnData object.

        Returns
        -------
        anndata.AnnData
            Samples x proteins; scale, organism and history in ``uns["markerkit"]``,
            the marks of imputed values in ``layers["markerkit_imputed"]``.

        Raises
        ------
        InputError
            The extra ``anndata`` is not installed.
        """
        return anndata.anndata_of(self)

    @classmethod
    def from_anndata(cls, adata: Any, *, scale: str | None = None, organism: str | None = None) -> Experiment:
        """Take an experiment from an AnnData object.

        Parameters
        ----------
        adata
            Samples x proteins.
        scale, organism
            As for the class; needed where the object does not come from :meth:`to_anndata`.

        Raises
        ------
        InputError
            The scale or the organism is neither given nor in the object; there is
            no X, or it holds logarithms of x + 1.
        """
        return cls(**anndata.parts_of(adata, scale, organism))

    def _missing_words(self) -> str:
        filled = f", {self.n_imputed} values imputed" if self.n_imputed else ""
        return f"{100 * self.missing:.1f} % missing{filled}"

    def __repr__(self) -> str:
        size = f"{self.n_samples} samples x {self.n_proteins} proteins"
        return f"<Experiment: {size}, {self.scale}, {self.organism}, {self._missing_words()}>"

    def _repr_html_(self) -> str:
        return experiment_html(self, self._missing_words())


def noted_history(
    history: Sequence[Mapping[str, Any]], notes: Sequence[str]
) -> tuple[Mapping[str, Any], ...]:
    """History whose last step holds `notes` as its ``warnings``, after those that it has."""
    *before, last = history
    return (*before, {**last, "warnings": [*last.get("warnings", []), *notes]})
