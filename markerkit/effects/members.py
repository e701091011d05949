"""Members of marker sets, and the proteins of a study that stand for them."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from markerkit.catalog.load import MarkerCatalog

Names = npt.NDArray[np.object_]


@dataclass(frozen=True, eq=False)
class Members:
    """Members of one or several sets, each gene once; read-only.

    Parameters
    ----------
    gene, accession, source
        Of each member, shape (k,).
    marker
        Name of its independent marker: its complex, else its gene, else its accession.
    weight
        Its weight, shape (k,).
    core
        Whether it belongs to what the set names, and does not only go with it, shape (k,).
    """

    gene: Names
    accession: Names
    marker: Names
    source: Names
    weight: npt.NDArray[np.float64]
    core: npt.NDArray[np.bool_]

    def __post_init__(self) -> None:
        for values in (self.gene, self.accession, self.marker, self.source, self.weight, self.core):
            values.flags.writeable = False

    def __len__(self) -> int:
        return len(self.gene)

    def only(self, kept: npt.NDArray[np.bool_] | npt.NDArray[np.intp]) -> Members:
        """Keep some of the members, given by a mask or their places."""
        gene, accession, marker, source = (
            v[kept] for v in (self.gene, self.accession, self.marker, self.source)
        )
        return Members(gene, accession, marker, source, self.weight[kept], self.core[kept])


@dataclass(frozen=True, eq=False)
class Located:
    """Proteins of a study that stand for the members of a set.

    Parameters
    ----------
    members
        Of the set.
    columns
        Protein that stands for each member, -1 where none does, shape (k,).
    name
        Name of its independent marker, shape (k,).
    structure
        They are the parts of one complex or organelle, each by itself, and give one effect.
    """

    members: Members
    columns: npt.NDArray[np.intp]
    name: Names
    structure: bool = False

    @cached_property
    def _markers(self) -> tuple[Names, npt.NDArray[np.intp]]:
        names, marker = np.unique(self.name.astype(str), return_inverse=True)
        return names.astype(object), marker

    @property
    def names(self) -> Names:
        """Independent markers, in order."""
        return self._markers[0]

    @property
    def marker(self) -> npt.NDArray[np.intp]:
        """Place of the independent marker of each member, shape (k,)."""
        return self._markers[1]

    @cached_property
    def weight(self) -> npt.NDArray[np.float64]:
        """Weight of each independent marker: the largest of its members."""
        weight = np.zeros(len(self.names))
        np.maximum.at(weight, self.marker, self.members.weight)
        return weight

    def only(self, kept: npt.NDArray[np.bool_]) -> Located:
        """Keep some of the members."""
        return Located(self.members.only(kept), self.columns[kept], self.name[kept], self.structure)


def set_members(markers: MarkerCatalog, sets: Iterable[str], *, role: str = "positive") -> pd.DataFrame:
    """Members of one or several sets, each gene once, at its largest weight.

    Parameters
    ----------
    markers
        Catalog.
    sets
        Set ids; ids that the catalog lacks give no rows.
    role
        `positive` or `negative`.

    Returns
    -------
    Frame with gene, accession, complex, weight, source; members that are
    listed only (weight 0) are left out.
    """
    table, key, weight, places = _rows_of_sets(markers, role)
    parts = [places[name] for name in dict.fromkeys(sets) if name in places]
    at = np.sort(np.concatenate(parts)) if parts else np.empty(0, dtype=np.intp)
    at = at[np.argsort(-weight[at], kind="stable")]
    _, first = np.unique(key[at], return_index=True)
    return table.iloc[at[np.sort(first)]]


#: table, gene (or accession) and weight of each row, places of the rows of each set
_Rows = tuple[pd.DataFrame, npt.NDArray[Any], npt.NDArray[Any], Mapping[str, npt.NDArray[Any]]]


@lru_cache(maxsize=32)
def _rows_of_sets(markers: MarkerCatalog, role: str) -> _Rows:
    """Rows of a role that count, their genes (or accessions), their weights and the places of each set."""
    table = markers.table
    table = table[(table["role"] == role) & (table["weight"] > 0)]
    key = table["gene"].where(table["gene"] != "", table["accession"]).to_numpy(dtype=str)
    places = table.reset_index(drop=True).groupby("set", sort=False).indices
    return table, key, table["weight"].to_numpy(float), {str(k): np.asarray(at) for k, at in places.items()}


@lru_cache(maxsize=256)
def members_of(markers: MarkerCatalog, sets: tuple[str, ...], role: str = "positive") -> Members:
    """Members as :func:`set_members` gives them, as a read-only record that is looked up once."""
    rows = set_members(markers, sets, role=role)
    gene, accession, marker, source = (
        rows[c].to_numpy(dtype=object, copy=True)
        for c in ("gene", "accession", "independent_marker", "source")
    )
    weight, core = rows["weight"].to_numpy(dtype=float, copy=True), rows["core"].to_numpy(bool, copy=True)
    return Members(gene, accession, marker, source, weight, core)


def locate(
    members: Members, column_of: Mapping[str, int], *, by_accession: bool = False, by_gene: bool = False
) -> Located:
    """Find the proteins of a study that stand for the members of a set.

    Parameters
    ----------
    members
        Of the set.
    column_of
        Column of the matrix by gene, or by accession.
    by_accession
        Match by accession (other species) instead of by gene.
    by_gene
        Count every member of a complex (to compare complexes with each other).
    """
    keys = members.accession if by_accession else members.gene
    columns = np.array([column_of.get(key, -1) for key in keys], dtype=np.intp)
    names = members.marker
    if by_gene:
        names = np.where(members.gene != "", members.gene, members.accession)
    return Located(members, columns, names)


@dataclass(frozen=True, eq=False)
class ProteinIndex:
    """Which protein of a study stands for a gene or an accession, and so for the members of a set.

    Parameters
    ----------
    markers
        Catalog.
    proteins
        Names of the proteins, in the order of the matrix.
    gene, accession
        Gene, or accession, -> protein that stands for it.
    """

    markers: MarkerCatalog
    proteins: pd.Index
    gene: pd.Series
    accession: pd.Series
    _located: dict[Hashable, Located] = field(default_factory=dict, init=False, repr=False)

    def located(
        self,
        sets: tuple[str, ...],
        *,
        role: str = "positive",
        by_accession: bool = False,
        by_gene: bool = False,
        structure: bool = False,
    ) -> Located:
        """Find the proteins that stand for the members of sets, of a structure for the core ones; once for each question."""
        key = (sets, role, by_accession, by_gene, structure)
        if key not in self._located:
            members = members_of(self.markers, sets, role)
            members = members.only(members.core) if structure else members
            column_of = self._column_of_accession if by_accession else self._column_of_gene
            found = locate(members, column_of, by_accession=by_accession, by_gene=by_gene or structure)
            self._located[key] = replace(found, structure=structure)
        return self._located[key]

    @cached_property
    def _column_of_gene(self) -> dict[str, int]:
        return self._columns(self.gene)

    @cached_property
    def _column_of_accession(self) -> dict[str, int]:
        return self._columns(self.accession)

    def _columns(self, rows: pd.Series) -> dict[str, int]:
        at = self.proteins.get_indexer(pd.Index(rows))
        return dict(zip(rows.index, at.tolist(), strict=True))
