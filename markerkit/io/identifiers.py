"""Which columns of a protein table hold the identifiers: decided by their content, ties by their names."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain

import numpy as np
import pandas as pd

from markerkit.core.genes import identifier_kind
from markerkit.io.cells import of_words
from markerkit.io.dialects import ACCESSIONS, Dialect, plain
from markerkit.io.tabular import Table

_MOSTLY = 0.5  # share of cells from which a column is one of accessions
_SYMBOLS = 0.3  # the same for symbols: genes without an approved name are many in some tables
_DISTINCT = 0.5  # share of different cells below which words are those of a class, not names of proteins


@dataclass(frozen=True)
class Identifiers:
    """Columns that hold the identifiers, as the table writes them; None where no column does."""

    accession: str | None
    gene: str | None


@dataclass(frozen=True)
class _Content:
    """What the cells of a text column are, as shares."""

    uniprot: float
    entry: float
    other: float
    symbol: float
    distinct: float
    words: float

    @property
    def accessions(self) -> bool:
        return self.uniprot + self.entry >= _MOSTLY

    @property
    def symbols(self) -> bool:
        return self.symbol >= _SYMBOLS and self.symbol > self.uniprot + self.entry + self.other


def find_column(table: Table, names: tuple[str, ...]) -> str | None:
    """First of the folded names that a column has, as the table writes it."""
    return next(iter(_named(_folded(table), names)), None)


def _folded(table: Table) -> dict[str, str]:
    """Folded name -> column, the first of those that have it."""
    return {plain(c): c for c in reversed(table.frame.columns)}


def _named(folded: dict[str, str], names: tuple[str, ...]) -> list[str]:
    """Columns that have one of the folded names, in the order of the names."""
    return [folded[n] for n in names if n in folded]


def is_text(cells: pd.Series) -> bool:
    """Say whether a column is one of words: neither of numbers nor of True and False."""
    return of_words(cells.dtype)


def identifier_columns(table: Table, dialect: Dialect) -> Identifiers:
    """Find the columns that hold accession and gene.

    In a table of a known program the columns that it names are taken, the first
    one that holds accessions before the others. In any other table every text
    column is looked at: the one whose cells are accessions is the accession, the
    one whose cells are symbols the gene, whatever they are called; where the
    content does not say, the name does, and where nothing does, the first column.

    Parameters
    ----------
    table, dialect
        Table and its layout.
    """
    frame, folded = table.frame, _folded(table)
    named = _named(folded, dialect.accession)
    generic = dialect.accession == ACCESSIONS
    looked_at = list(frame.columns) if generic else [*named, *_named(folded, ACCESSIONS)]
    contents = {c: _content(table.words(c)) for c in dict.fromkeys(looked_at) if c in table.texts}
    genes = _named(folded, dialect.gene)
    if not generic:
        accession = _accession(named, contents, set())
        if accession is None:
            accession = next(iter(named), None)
        return Identifiers(accession, next(iter(genes), None))
    described = set(_named(folded, dialect.description))
    accession = _accession(named, contents, described)
    gene = _gene(genes, contents, {accession, *described})
    if accession is None:
        accession = next((c for c in named if c in contents and c != gene), None)
    if accession is None and gene is None:
        accession = next((c for c in named if c not in contents and not counts_rows(frame[c])), None)
        gene = next((c for c in genes if c not in contents), None) if accession is None else None
    if accession is None and gene is None and frame.columns[0] in contents:
        accession = frame.columns[0]
    return Identifiers(accession, gene)


def counts_rows(cells: pd.Series) -> bool:
    """Say whether a column counts the rows: whole numbers, each one more (or less) than the one before."""
    if not pd.api.types.is_numeric_dtype(cells) or pd.api.types.is_bool_dtype(cells) or len(cells) < 3:
        return False
    values = cells.to_numpy(dtype=float, na_value=np.nan)
    steps = np.diff(values[np.isfinite(values)])
    return len(steps) == len(values) - 1 and bool((steps == 1).all() or (steps == -1).all())


def _accession(named: list[str], contents: dict[str, _Content], described: set[str]) -> str | None:
    """Column of accessions by content; one of UniProt accessions before one of entry names, a named one before others."""
    others = [c for c in contents if c not in named and c not in described and contents[c].words < _MOSTLY]
    others.sort(key=lambda c: -contents[c].uniprot)
    for share in ("uniprot", "entry"):
        for column in (*(c for c in named if c in contents), *others):
            if getattr(contents[column], share) >= _MOSTLY:
                return column
    mixed = (c for c in named if c in contents and (contents[c].accessions or contents[c].other >= _MOSTLY))
    spare = (c for c in named if c in contents and not contents[c].symbols)
    fasta = (c for c in contents if c in described and contents[c].uniprot >= _MOSTLY)
    return next(chain(mixed, spare, fasta), None)  # a column may be called ""


def _gene(named: list[str], contents: dict[str, _Content], taken: set[str | None]) -> str | None:
    """Column of gene symbols: a named one of symbols, else any of symbols, else a named one."""
    free = [c for c in contents if c not in taken]
    symbols = [c for c in free if contents[c].symbols]
    by_name = (c for c in named if c in symbols)
    names = [c for c in symbols if contents[c].distinct >= _DISTINCT and contents[c].words < _MOSTLY]
    by_content = sorted(names, key=lambda c: -contents[c].symbol)
    return next(chain(by_name, by_content, (c for c in named if c in free)), None)


def _content(given: pd.Series) -> _Content:
    kinds = identifier_kind(given, "human")  # symbols of mouse and rat are mostly the same, but for the case
    return _Content(
        uniprot=kinds["uniprot"],
        entry=kinds["entry"],
        other=kinds["ensembl"] + kinds["refseq"] + kinds["ipi"],
        symbol=kinds["symbol"],
        distinct=given.nunique() / max(len(given), 1),
        words=float(given.str.contains(r"[^;,]\s", regex=True).mean()) if len(given) else 0.0,
    )
