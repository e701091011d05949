"""One marker set."""

from __future__ import annotations

import html
from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from markerkit.core.matrix import hand_out


@dataclass(frozen=True, repr=False, eq=False)
class MarkerSet:
    """A named set of markers with its sources.

    Iterating gives the positive genes, and ``len`` counts them, so that a set
    goes wherever a list of genes is wanted.

    Attributes
    ----------
    id, title
        Short and long name.
    vesicle
        Vesicle class of the set, or empty.
    role
        ``identity``, ``layer``, ``module``, ``misev``, ``source`` or ``context``.
    organism
        Organism of the genes.
    note
        How to interpret the set.
    minimum_measured
        Fewest members that must be measured before the set is assessed.
    derived_from
        Sets of which this one is made, and citation keys of the measurements
        that chose members: their data are no independent test of the set.
    fluid_caveats
        What body fluids do to the set, or empty.

    Examples
    --------
    >>> import markerkit as mk
    >>> exosome = mk.load_markers()["exosome"]
    >>> "CD63" in exosome, exosome.negative[:2]
    (True, ['CANX', 'HSP90B1'])
    """

    id: str
    title: str
    vesicle: str
    role: str
    organism: str
    note: str
    minimum_measured: int
    derived_from: tuple[str, ...]
    fluid_caveats: str
    _table: pd.DataFrame

    @property
    def table(self) -> pd.DataFrame:
        """Copy of the markers, one row each, with the columns of `MarkerCatalog.table`."""
        return hand_out(self._table)

    @property
    def positive(self) -> list[str]:
        """Genes expected in the vesicle, or that belong to the source or module."""
        return [str(g) for g in self._table.loc[self._table["role"] == "positive", "gene"]]

    @property
    def negative(self) -> list[str]:
        """Genes expected to be depleted."""
        return [str(g) for g in self._table.loc[self._table["role"] == "negative", "gene"]]

    @property
    def genes(self) -> list[str]:
        """The positive genes."""
        return self.positive

    def __len__(self) -> int:
        return len(self.positive)

    def __iter__(self) -> Iterator[str]:
        return iter(self.positive)

    def __contains__(self, gene: object) -> bool:
        return gene in self.positive

    def __repr__(self) -> str:
        return f"<MarkerSet {self.id}: {len(self.positive)} positive, {len(self.negative)} negative, {self.organism}>"

    def _repr_html_(self) -> str:
        shown = self._table[["gene", "accession", "role", "weight", "complex", "source", "verified", "note"]]
        head = f"<p><b>{html.escape(self.title)}</b> ({html.escape(self.id)}). {html.escape(self.note)}</p>"
        return head + shown.to_html(index=False, max_rows=60)
