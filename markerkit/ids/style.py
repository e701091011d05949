"""How a table writes its genes, known from all its rows together."""

from __future__ import annotations

import pandas as pd

from markerkit.core.genes import gene_table, identifier_kind
from markerkit.core.species import BETWEEN_MEMBERS, split_identifier
from markerkit.ids.mapper import Style

#: rows and share of the rows with a gene from which one word in them is no gene: a gene has several rows where its
#: isoforms do, not a fifth of all
_WORD_ROWS, _WORD_SHARE = 10, 0.2
#: rows known by accession before the capital letters of their symbols say anything, and share of other letters
_ENOUGH, _MOSTLY = 10, 0.5


def style_of(proteins: pd.DataFrame, organism: str) -> Style:
    """Tell how the rows write their genes.

    Parameters
    ----------
    proteins
        One row per protein group, with ``accession`` and ``gene``.
    organism
        Whose gene table is used.
    """
    genes = proteins["gene"]
    given = genes[genes != ""]
    table = gene_table(organism)
    leading = [split_identifier(BETWEEN_MEMBERS.split(a)[0])[0] for a in proteins["accession"][given.index]]
    of_accession = pd.Series([table.by_accession.get(a, "") for a in leading], given.index, dtype=object)
    kinds = identifier_kind(given, organism)
    return Style(
        word=_word(given, of_accession),
        serial_dates=kinds["symbol"] > kinds["entrez"],
        any_case=_any_case(given[of_accession != ""], table.spellings),
    )


def _word(given: pd.Series, of_accession: pd.Series) -> str:
    """Word that stands in place of a gene: the same in many rows, and the gene of no accession among them."""
    counts = given.value_counts()
    if counts.empty or counts.iloc[0] < max(_WORD_ROWS, _WORD_SHARE * len(given)):
        return ""
    word = str(counts.index[0])
    return "" if (of_accession[given == word].str.upper() == word.upper()).any() else word


def _any_case(given: pd.Series, spellings: frozenset[str]) -> bool:
    """Say whether most symbols of proteins that are known by accession are not written as approved."""
    first = given.str.split(r"[;,|/ ]", regex=True).str[0]
    return len(first) >= _ENOUGH and sum(s not in spellings for s in first) > _MOSTLY * len(first)
