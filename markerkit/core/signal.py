"""Linear signal of the samples, and shares of it: the one place where a share of signal is computed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from markerkit.core.errors import InputError, one_of
from markerkit.core.experiment import Experiment
from markerkit.core.matrix import among

Array = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

#: basis of shares -> unit of a share on it
BASES: dict[str, str] = {
    "signal": "share of signal",
    "length": "share of signal over length",
}
NO_SHARES = "ratios to a reference channel have no share of signal"


@dataclass(frozen=True, eq=False)
class Part:
    """Signal of some members in every sample.

    Attributes
    ----------
    amounts
        Signal of each member (a gene or an accession, its protein groups summed), shape
        (n_samples, n_members); 0 where it was not measured.
    total
        Signal of all proteins, shape (n_samples,).
    """

    amounts: Array
    total: Array

    @cached_property
    def n_measured(self) -> npt.NDArray[np.int_]:
        """Members that each sample shows, shape (n_samples,)."""
        return np.asarray((self.amounts > 0).sum(axis=1))

    @cached_property
    def amount(self) -> Array:
        """Summed signal, shape (n_samples,); NaN where no member was measured."""
        return np.where(self.n_measured > 0, self.amounts.sum(axis=1), np.nan)

    @cached_property
    def share(self) -> Array:
        """Share of the total signal, 0 to 1, shape (n_samples,); NaN where no member was measured."""
        out = np.full(len(self.total), np.nan)
        return np.asarray(np.divide(self.amount, self.total, out=out, where=self.total > 0))


@dataclass(frozen=True, eq=False)
class Signal:
    """Linear signal of an experiment on one basis, decoys left out; made by :func:`signal_of`.

    Attributes
    ----------
    values
        Samples x proteins, NaN where missing; over the length of the sequence on the basis ``"length"``.
    proteins
        Annotation of these proteins.
    basis
        A key of :data:`BASES`.
    """

    values: pd.DataFrame
    proteins: pd.DataFrame
    basis: str

    @property
    def unit(self) -> str:
        """Unit of a share on this basis."""
        return BASES[self.basis]

    @cached_property
    def total(self) -> pd.Series:
        """Signal of all proteins by sample."""
        return self.values.sum(axis=1)

    def of(self, members: Iterable[str], *, column: str = "gene") -> Part:
        """Signal of the proteins whose `column` (``"gene"`` or ``"accession"``) is among `members`."""
        return self.where(among(self.proteins[column], set(members) - {""}), column=column)

    def where(self, inside: BoolArray, *, column: str = "gene") -> Part:
        """Signal of the proteins of a mask, groups of the same `column` summed.

        Parameters
        ----------
        inside
            Shape (n_proteins,).
        column
            Annotation that names a member.
        """
        names, member = np.unique(self.proteins.loc[inside, column].to_numpy(dtype=str), return_inverse=True)
        amounts = np.zeros((len(self.values), len(names)))
        np.add.at(amounts.T, member, np.nan_to_num(self.values.loc[:, inside].to_numpy()).T)
        return Part(amounts, self.total.to_numpy())


def signal_of(exp: Experiment, basis: str = "signal") -> Signal:
    """Linear signal of an experiment before normalization.

    Parameters
    ----------
    exp
        Raw, or log2 (transformed back).
    basis
        ``"signal"``, or ``"length"`` to divide the signal of every protein by the length of its
        sequence (`length` of the proteins), since a long protein gives more peptides than a short
        one of the same number of molecules. Unknown lengths count as the median.

    Raises
    ------
    InputError
        Ratios, an unknown basis, ``"length"`` without lengths or on iBAQ, which corrects for
        length itself.
    """
    check_basis(exp, basis)
    values, proteins = exp.linear(decoys=False), exp.proteins.loc[exp.targets]
    if basis == "length":
        length = _lengths(exp)
        values = values / length.fillna(length.median()).reindex(values.columns)
    return Signal(values, proteins, basis)


def check_basis(exp: Experiment, basis: str) -> None:
    """Refuse a basis of shares that an experiment cannot give; see :func:`signal_of`."""
    one_of("shares", basis, list(BASES))
    if basis == "length":
        if quantity_of(exp) == "ibaq":
            raise InputError(
                "iBAQ corrects for the length of the proteins itself; ask for shares of the signal."
            )
        _lengths(exp)


def basis_words(exp: Experiment, basis: str) -> str:
    """Say in words what a share is a share of.

    Raises
    ------
    InputError
        See :func:`signal_of`.
    """
    check_basis(exp, basis)
    if quantity_of(exp) == "ibaq":
        return "iBAQ: about the share of molecules"
    if basis == "signal":
        return "signal: long proteins weigh more than their number of molecules"
    unknown = int(_lengths(exp).isna().sum())
    note = f", {unknown} unknown lengths taken as the median" if unknown else ""
    return f"signal over length: about the share of molecules{note}"


def quantity_of(exp: Experiment) -> str:
    """Quantity that was read, e.g. ``"lfq"`` or ``"ibaq"``; ``"signal"`` where the history does not tell."""
    return str(exp.provenance.get("quantity", "signal"))


def has_compressed_ratios(exp: Experiment) -> bool:
    """Return whether fold changes are smaller than the true ones: ratios, and reporter ions of isobaric labels."""
    return exp.scale == "ratio" or quantity_of(exp).startswith("reporter")


def _lengths(exp: Experiment) -> pd.Series:
    """Lengths of the sequences, in residues; NaN where unknown."""
    proteins = exp.proteins
    if "length" not in proteins.columns or proteins["length"].isna().all():
        raise InputError(
            "shares by length need the lengths of the proteins: a column 'Sequence length', 'Protein length' or 'Length' of the "
            "matrix, or `length` of the experiment's proteins."
        )
    return proteins["length"].astype(float)
