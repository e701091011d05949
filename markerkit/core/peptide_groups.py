"""To which protein a peptide is assigned, and of which species the proteins are that hold it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import pandas as pd

from markerkit.core.genes import bovine_accessions, gene_table
from markerkit.core.species import (
    BETWEEN_MEMBERS,
    BOVINE,
    SPECIES,
    species_named,
    species_of_entry,
    split_identifier,
)

#: species of a protein whose name does not tell it, beside those of other proteins
UNKNOWN_SPECIES = "unknown"


def members_of(proteins: str) -> list[str]:
    """List the proteins of a cell, each once.

    >>> members_of("P1;P2; P1"), members_of("")
    (['P1', 'P2'], [])
    """
    return list(dict.fromkeys(m for m in BETWEEN_MEMBERS.split(proteins.strip()) if m))


def razor_groups(proteins: Sequence[str], organism: str) -> pd.DataFrame:
    """Assign every peptide to one protein group by the razor rule.

    Proteins with the same peptides are one group. A peptide of several groups counts for the one
    with the most peptides; where they are equal, for one of the organism under study, so that
    what it shares with serum or contaminants does not count for these; then for the first one listed.

    Parameters
    ----------
    proteins
        Proteins that hold each peptide, separated by ``;``, shape (peptides,).
    organism
        ``"human"``, ``"mouse"`` or ``"rat"``.

    Returns
    -------
    pandas.DataFrame
        ``leading``, the group, and ``is_unique``, whether all proteins of the peptide are in it.

    Examples
    --------
    >>> razor_groups(["A;B", "A;B", "A;B;C", "C"], "human").to_dict("list")
    {'leading': ['A;B', 'A;B', 'A;B', 'C'], 'is_unique': [True, True, False, True]}
    """
    members = [members_of(text) for text in proteins]
    peptides: dict[str, list[int]] = {}
    for i, names in enumerate(members):
        for name in names:
            peptides.setdefault(name, []).append(i)
    own = {name: _species_of(name, organism) == SPECIES[organism] for name in peptides}
    together: dict[tuple[int, ...], list[str]] = {}
    for name, rows in peptides.items():
        together.setdefault(tuple(rows), []).append(name)
    group: dict[str, str] = {}
    rank: dict[str, tuple[int, bool]] = {}
    for held, names in together.items():
        label = ";".join(sorted(names, key=lambda n: not own[n]))
        group.update(dict.fromkeys(names, label))
        rank[label] = (len(held), any(own[n] for n in names))
    leading, unique = [], []
    for names in members:
        groups = list(dict.fromkeys(group[n] for n in names))
        leading.append(max(groups, key=lambda g: rank[g], default=""))
        unique.append(len(groups) == 1)
    return pd.DataFrame({"leading": leading, "is_unique": unique})


def species_of_proteins(proteins: str, organism: str, stated: str = "") -> str:
    """Species of the proteins of a cell, each once in the order of the proteins, separated by ``;``.

    Parameters
    ----------
    proteins
        Proteins, separated by ``;``.
    organism
        Whose accessions are looked up, beside the bovine ones of contaminant libraries.
    stated
        Species that the table gives; it counts where no name tells a species.

    Returns
    -------
    str
        Empty where nothing tells a species; ``unknown`` stands for the proteins whose species is
        not known beside others.

    Examples
    --------
    >>> species_of_proteins("P02768;CON__P02769", "human"), species_of_proteins("X1", "human")
    ('Homo sapiens;Bos taurus', '')
    """
    found = [_species_of(member, organism) for member in members_of(proteins)]
    if not any(found):
        return ";".join(dict.fromkeys(species_named(s) for s in members_of(stated)))
    return ";".join(dict.fromkeys(s or UNKNOWN_SPECIES for s in found))


@lru_cache(maxsize=200_000)
def _species_of(member: str, organism: str) -> str:
    """Species of a protein: by its entry name, else by its accession."""
    accession, entry = split_identifier(member)
    if species := species_of_entry(entry):
        return species
    if accession in bovine_accessions():
        return BOVINE
    return SPECIES[organism] if accession in gene_table(organism).by_accession else ""
