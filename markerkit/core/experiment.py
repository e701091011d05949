"""Experiment: a protein matrix with its samples, its proteins and its history."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Concatenate, ParamSpec, TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from markerkit.core.errors import InputError, listed, one_of

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
IMPUTED_BELOW = 0.05  # a matrix with a smaller share of missing values says nothing about presence

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, init=False, repr=False, eq=False)
class Experiment:
    """A proteomics matrix, samples x protein groups.

    Parameters
    ----------
    values
        Abundances, samples x proteins, float, missing = NaN. On the ``raw``
        scale values are linear and not negative, on ``log2`` their base-2
        logarithm, on ``ratio`` log2 ratios to a reference channel.
    samples
        One row a sample, on the index of `values`; without it only the names
        are known.
    proteins
        One row a protein group, on the columns of `values`. ``accession``,
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
        Labels that repeat or do not agree, text or infinite values, a raw
        value below 0, an unknown scale or organism, a history that knows of
        imputed values without their marks.

    Notes
    -----
    The frames are copied on the way in and on the way out, so that no one can
    change an experiment by changing a frame.

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
        _check_labels(values)
        numbers = _as_float(values).rename_axis(index="sample", columns="protein")
        _check_values(numbers, scale)
        if samples is None:
            samples = pd.DataFrame(index=numbers.index)
        if proteins is None:
            proteins = pd.DataFrame({"gene": numbers.columns.astype(str)}, index=numbers.columns)
        for what, frame, index in (
            ("samples", samples, values.index),
            ("proteins", proteins, values.columns),
        ):
            if not frame.index.equals(index):
                raise InputError(f"`{what}` must have the labels of the matrix in the same order.")
        added: dict[str, Any] = {k: v for k, v in PROTEIN_COLUMNS.items() if k not in proteins.columns}
        object.__setattr__(self, "_values", numbers)
        object.__setattr__(self, "_samples", samples.copy().rename_axis(index="sample"))
        object.__setattr__(self, "_proteins", proteins.assign(**added).rename_axis(index="protein"))
        object.__setattr__(self, "scale", scale)
        object.__setattr__(self, "organism", organism)
        object.__setattr__(self, "history", tuple(dict(h) for h in history))
        object.__setattr__(self, "_imputed", _marks(imputed, numbers, self.history))

    @property
    def values(self) -> pd.DataFrame:
        """Copy of the abundances, samples x proteins."""
        return self._values.copy()

    @property
    def matrix(self) -> npt.NDArray[np.float64]:
        """The abundances without their labels, shape (samples, proteins), read-only."""
        view = self._values.to_numpy().view()
        view.setflags(write=False)
        return view

    @property
    def imputed(self) -> pd.DataFrame:
        """Copy of the marks, samples x proteins: True where a value was not measured but imputed."""
        return self._imputed.copy()

    @property
    def n_imputed(self) -> int:
        """Number of imputed values."""
        return int(self._imputed.to_numpy().sum())

    @property
    def samples(self) -> pd.DataFrame:
        """Copy of the sample annotation."""
        return self._samples.copy()

    @property
    def proteins(self) -> pd.DataFrame:
        """Copy of the protein annotation."""
        return self._proteins.copy()

    @property
    def n_samples(self) -> int:
        """Number of samples."""
        return self._values.shape[0]

    @property
    def n_proteins(self) -> int:
        """Number of protein groups."""
        return self._values.shape[1]

    @property
    def missing(self) -> float:
        """Share of missing values among the proteins seen at least once."""
        nan = np.isnan(self.matrix)
        seen = ~nan.all(axis=0)
        return float(nan[:, seen].mean()) if seen.any() else 1.0

    @property
    def presence_known(self) -> bool:
        """False where the matrix looks imputed or requantified, so that presence is no evidence."""
        return self.scale != "ratio" and self.n_imputed == 0 and self.missing >= IMPUTED_BELOW

    @property
    def approximate(self) -> bool:
        """True where linear abundances had to be back-transformed from logarithms or were imputed."""
        first = next((h for h in self.history if h.get("verb") == "read_proteins"), {})
        was_raw = first.get("scale", "raw" if any(h["verb"] == "log2" for h in self.history) else self.scale)
        return was_raw != "raw" or not self.presence_known

    def has_verb(self, verb: str) -> bool:
        """Say whether `verb` stands in the history."""
        return any(h.get("verb") == verb for h in self.history)

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

    def linear(self) -> pd.DataFrame:
        """Abundances on the linear scale, samples x proteins.

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
        return self.values if self.scale == "raw" else 2.0**self._values

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

    def pipe(self, verb: Callable[Concatenate[Experiment, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Call ``verb(self, ...)``: reads left to right."""
        return verb(self, *args, **kwargs)

    def _missing_words(self) -> str:
        filled = f", {self.n_imputed} values imputed" if self.n_imputed else ""
        return f"{100 * self.missing:.1f} % missing{filled}"

    def __repr__(self) -> str:
        return (
            f"<Experiment: {self.n_samples} samples x {self.n_proteins} proteins, {self.scale}, "
            f"{self.organism}, {self._missing_words()}>"
        )

    def _repr_html_(self) -> str:
        verbs = [str(h.get("verb", "")) for h in self.history]
        columns = [f"{c}: {self._samples[c].nunique()} levels" for c in self._samples.columns]
        flags = {"is_contaminant": "contaminants", "is_decoy": "decoys"}
        counts = [f"{int(self._proteins[c].astype(bool).sum())} {word} flagged" for c, word in flags.items()]
        approximate = (
            ["shares of signal are approximate: logarithmic or imputed input"] if self.approximate else []
        )
        return (
            f"<p><b>Experiment</b>: {self.n_samples} samples &times; {self.n_proteins} protein groups, "
            f"{self.scale} scale, {self.organism}, {self._missing_words()}</p>"
            + _html_list("Proteins", [*counts, *approximate])
            + _html_list("Sample columns", columns)
            + _html_list("History", verbs)
        )


def _html_list(title: str, items: Iterable[str]) -> str:
    cells = "".join(f"<li>{html.escape(i)}</li>" for i in items)
    return f"<p><b>{title}</b></p><ul>{cells}</ul>" if cells else ""


def _check_labels(values: pd.DataFrame) -> None:
    for axis, index in (("sample", values.index), ("protein", values.columns)):
        if not index.is_unique:
            found = listed(index[index.duplicated()].unique())
            raise InputError(f"duplicate {axis} name {found}; give every {axis} a name of its own.")
    if 0 in values.shape:
        raise InputError(
            f"the matrix is empty: {values.shape[0]} samples x {values.shape[1]} proteins; "
            "give a table with at least one sample and one protein."
        )


def _as_float(values: pd.DataFrame) -> pd.DataFrame:
    try:
        return values.astype(float)
    except (TypeError, ValueError) as error:
        raise InputError(f"the matrix holds something that is not a number: {error}.") from error


def _check_values(values: pd.DataFrame, scale: str) -> None:
    numbers = values.to_numpy()
    bad = np.isinf(numbers)
    what, fix = "infinite value", "leave missing values empty"
    if not bad.any() and scale == "raw":
        with np.errstate(invalid="ignore"):
            bad = numbers < 0
        what, fix = "negative value on the raw scale", "declare the scale (log2 or ratio) or mend the table"
    if bad.any():
        i, j = np.argwhere(bad)[0]
        raise InputError(
            f"{what} {numbers[i, j]:g} in sample {values.index[i]!r}, protein {values.columns[j]!r} "
            f"({int(bad.sum())} in all); {fix}."
        )


def _marks(
    imputed: pd.DataFrame | None, values: pd.DataFrame, history: tuple[Mapping[str, Any], ...]
) -> pd.DataFrame:
    """Check the marks of imputed values; a missing value is not an imputed one."""
    if imputed is None:
        known = sum(int(h.get("n_imputed", 0)) for h in history)
        if known:
            raise InputError(
                f"the history knows of {known} imputed values; say which they are: `imputed=exp.imputed`, or give "
                "`exp.measured()`."
            )
        return pd.DataFrame(np.zeros(values.shape, dtype=bool), values.index, values.columns)
    if not (imputed.index.equals(values.index) and imputed.columns.equals(values.columns)):
        raise InputError("`imputed` must have the labels of the matrix in the same order.")
    marks = imputed.to_numpy()
    if marks.dtype != bool:
        raise InputError("`imputed` must say True or False for every value.")
    return pd.DataFrame(marks & ~np.isnan(values.to_numpy()), values.index, values.columns)
