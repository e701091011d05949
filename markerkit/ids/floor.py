"""Which tables of proteins are refused: those of another species, and those whose identifiers are hardly known.

All limits stand here. They apply to protein groups that are neither contaminants nor decoys.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from markerkit.core.errors import InputError, MarkerkitWarning, listed
from markerkit.core.experiment import ORGANISMS
from markerkit.core.genes import gene_table, identifier_kind
from markerkit.core.names import INVENTED, INVENTED_NAME, names_of_genes
from markerkit.core.species import (
    ANY_ENTRY,
    ENTRY_CODES,
    ENTRY_NAME,
    SPECIES,
    UNNAMED_SPECIES,
    species_of_entry,
)
from markerkit.ids.mapper import NOT_MAPPED, OTHER_SPECIES, Mapped, Mapper

#: groups or symbols of human, mouse or rat before the table is called one of that organism: fewer are contaminants
ENOUGH = 20
#: of the other organism's identifiers: with fewer of its own the declared organism is wrong
FEW = 0.2
#: groups with an identifier before their share says anything: one of nine known is as good as none
ENOUGH_FOR_A_SHARE = 10
#: share of the groups that must be of the organism, by what they state or by accession. Keratins and other human
#: proteins of the laboratory make 1 to 5 % of a proteome of any species; human vesicles with serum, microbes or a
#: spiked proteome are human for 10 % and more. Mouse and rat have accessions for 23 % and 4 % of their genes only.
KNOWN_ACCESSIONS = {"human": 0.1, "mouse": 0.02, "rat": 0.02}
#: groups that are surely of the organism and make a table worth reading whatever else it holds, such as the 48
#: human proteins of the UPS standard in yeast
SURELY_OWN = 20
#: share of symbols that must be known where there are no accessions: symbols of human tables are known for 95 % and
#: more; of yeast, flies, worms and bacteria up to 30 % are names of some human gene as well, of fish 43 %
KNOWN_SYMBOLS = 0.5
#: share of symbols that must be known, capital letters included, before they count although no accession is: the
#: symbols of dogs and pigs are mostly those of human, but never all
ALL_BUT_A_FEW = 0.98
#: share of groups without a gene from which a warning says so: human tables leave 0 to 5 % (benchmarks/identifiers.py),
#: one that was searched with unreviewed entries 13 %
UNMAPPED = 0.1

_LETTERS = re.compile(r"[A-Za-z]{2}")
_BACTERIAL = re.compile(r"[a-z]{3}[A-Z]\d*")
_LOCI = {
    "Arabidopsis thaliana": re.compile(r"AT[1-5CM]G\d{5}(?:\.\d+)?", re.IGNORECASE),
    "Drosophila melanogaster": re.compile(r"FB(?:gn|pp|tr)\d{7}|CG\d{4,5}(?:-P[A-Z])?"),
    "Caenorhabditis elegans": re.compile(r"WBGene\d{8}|CE\d{5}|[A-Z]\d{1,2}[A-Z]\d{1,2}\.\d+[a-z]?"),
    "Saccharomyces cerevisiae": re.compile(r"Y[A-P][LR]\d{3}[CW](?:-[A-Z])?"),
    "Plasmodium falciparum": re.compile(r"PF3D7_\d{7}(?:\.\d+)?"),
    "Escherichia coli": re.compile(r"b\d{4}|JW\d{4}"),
}
_SYSTEMS = {
    "ensembl": "Ensembl identifiers that are not among the genes of the organism",
    "entrez": "whole numbers (Entrez gene IDs, or row numbers)",
    "refseq": "RefSeq identifiers",
    "hgnc": "HGNC identifiers",
    "ipi": "IPI identifiers (a database that ended in 2011)",
}
_ORGANISMS_READ = "markerkit reads proteins of human, mouse and rat"


@dataclass(frozen=True)
class Groups:
    """Protein groups that count here: identifiers as given, leading accession, species stated or given by accession."""

    accession: pd.Series
    gene: pd.Series
    leading: pd.Series
    species: pd.Series

    @property
    def given(self) -> pd.Series:
        """Identifier of each group in short: its gene, or else its accession; empty where it has neither."""
        return self.gene.where(self.gene != "", self.accession)


def groups_that_count(proteins: pd.DataFrame, mapper: Mapper) -> Groups:
    """Take the groups that are neither contaminants nor decoys."""
    counted = proteins[~(proteins["is_contaminant"] | proteins["is_decoy"]).astype(bool)]
    members = [mapper.members(a) for a in counted["accession"]]
    species = [
        mapper.stated(m, s) or _species_of_gene(g)
        for m, s, g in zip(members, counted["species"], counted["gene"], strict=True)
    ]
    leading = pd.Series([m[0].accession if m else "" for m in members], counted.index, dtype=object)
    return Groups(
        counted["accession"], counted["gene"], leading, pd.Series(species, counted.index, dtype=object)
    )


def _species_of_gene(gene: str) -> str:
    """Species that a gene states where it is an entry name or an Ensembl identifier."""
    return species_of_entry(gene) if ENTRY_NAME.fullmatch(gene) or gene.startswith("ENS") else ""


# ---- before mapping ------------------------------------------------------------------


def check_species(groups: Groups, organism: str) -> None:
    """Refuse a table whose proteins are stated, or known by accession, to be of another species.

    Raises
    ------
    InputError
        Another organism that can be read; another species.
    """
    counts = groups.species[groups.species != ""].value_counts()
    own = int(counts.get(SPECIES[organism], 0))
    others = counts.drop(SPECIES[organism], errors="ignore")
    if others.empty:
        return
    readable = next((o for o in ORGANISMS if SPECIES[o] == others.index[0]), "")
    given, n_other = int((groups.given != "").sum()), int(others.iloc[0])
    mostly_stated = others.sum() >= max(ENOUGH_FOR_A_SHARE, given / 2)
    few = own < min(SURELY_OWN, KNOWN_ACCESSIONS["human"] * counts.sum())
    if (readable and n_other >= ENOUGH and own < FEW * n_other) or (readable and mostly_stated and few):
        raise InputError(
            f"the proteins are {readable}: {n_other} of {len(groups.species)} groups are of {SPECIES[readable]} and {own} "
            f"of {SPECIES[organism]}; set the organism to {readable!r}, not {organism!r}."
        )
    if mostly_stated and few:
        raise InputError(_other_species(groups, others, organism))


def _other_species(groups: Groups, counts: pd.Series, organism: str) -> str:
    """Say of which species the proteins are, and how that is known."""
    species, total = str(counts.index[0]), len(groups.species)
    codes = [c for c, latin in ENTRY_CODES.items() if latin == species] or [
        species.removeprefix(UNNAMED_SPECIES)
    ]
    endings = {c: int(groups.accession.str.contains(rf"_{c}\b").sum()) for c in codes}
    code = max(endings, key=lambda c: endings[c])
    how = (
        f"{endings[code]} of {total} entry names end in _{code}"
        if endings[code]
        else f"{counts.iloc[0]} of {total} groups are stated to be of it"
    )
    more = f" ({len(counts)} species in all)" if len(counts) > 1 else ""
    return (
        f"the proteins look like {species}: {how}{more}, and {int((groups.species == SPECIES[organism]).sum())} are of "
        f"{SPECIES[organism]}. {_ORGANISMS_READ}; another species cannot be assessed."
    )


def check_symbols(groups: Groups, organism: str) -> None:
    """Refuse symbols written as those of another organism: CD63 is human, Cd63 mouse or rat.

    Where at least half of the groups are known by accession, the accessions decide.
    """
    named = groups.gene != ""
    known = (groups.species != "") & (groups.leading != "")
    if known.sum() < KNOWN_ACCESSIONS["human"] * (groups.leading != "").sum():
        return  # accessions of none of the organisms: not a question of which one
    if named.any() and ((groups.species == SPECIES[organism]) & named).sum() >= named.sum() / 2:
        return
    first = groups.gene.str.split(r"[;,|/ ]", regex=True).str[0].str.strip()
    first = first[first.str.contains(_LETTERS)].drop_duplicates()
    others = {"human": ("mouse", "rat")}.get(organism, ("human",))
    here, other = gene_table(organism).symbols, gene_table(others[0]).symbols
    n_here, n_other = (
        sum(s in here for s in first),
        sum(s in other for s in first),
    )  # isin is slow for large sets
    if n_other >= ENOUGH and n_here < FEW * n_other:
        names = " or ".join(others)
        raise InputError(
            f"the genes look like {names}: {n_other} of {len(first)} symbols are {names} and {n_here} "
            f"{organism}, such as {listed(first.head(3))}; set the organism to {listed(others, conjunction='or')}."
        )


# ---- after mapping ---------------------------------------------------------------------


def check_known(groups: Groups, mapped: Sequence[Mapped], organism: str) -> None:
    """Refuse a table of which too little is known: of an unnamed species, or of identifiers without a table.

    Raises
    ------
    InputError
        Naming what the identifiers look like, with some of them.
    """
    has_gene = pd.Series([m.status != NOT_MAPPED for m in mapped], groups.species.index)
    own = (groups.species == SPECIES[organism]) & (has_gene | ~groups.given.str.startswith("ENS"))
    if own.sum() >= SURELY_OWN:
        return
    ours = (groups.species == SPECIES[organism]) | (groups.species == "")
    accessions = (groups.leading != "") & ours
    n = int(accessions.sum())
    if n >= ENOUGH_FOR_A_SHARE and own[accessions].sum() < KNOWN_ACCESSIONS[organism] * n:
        _check_symbols_of_unknown(groups, accessions, organism)
        return
    given = (groups.given != "") & ours
    with_symbol = given & (groups.gene != "")
    by_symbol = n < given.sum() / 2
    if by_symbol and with_symbol.sum() >= ENOUGH_FOR_A_SHARE:
        given = with_symbol  # rows with an identifier of the laboratory alone say nothing of the species
    known = own | has_gene
    few = KNOWN_SYMBOLS if by_symbol else KNOWN_ACCESSIONS[organism]
    if given.sum() >= ENOUGH_FOR_A_SHARE and known[given].sum() < few * given.sum():
        raise InputError(_unknown(groups, given, int(known[given].sum()), organism))


def _check_symbols_of_unknown(groups: Groups, accessions: pd.Series, organism: str) -> None:
    """Accept accessions that are not known where the symbols beside them are all of the organism, with a warning."""
    names = groups.gene[accessions].map(lambda g: next(iter(names_of_genes(g, organism)), ""))
    genes = names[(names != "") & ~names.str.fullmatch(INVENTED_NAME)]
    spellings = gene_table(organism).spellings
    ours = sum(g in spellings for g in genes)
    example = listed(groups.leading[accessions].head(3))
    n, known = int(accessions.sum()), int((groups.species[accessions] == SPECIES[organism]).sum())
    found = f"{known} of {n} accessions, such as {example}, are known for {SPECIES[organism]}"
    if ours < max(n / 4, ENOUGH_FOR_A_SHARE / 2) or ours < ALL_BUT_A_FEW * len(genes):
        raise InputError(
            f"the proteins do not look like {SPECIES[organism]}: {found}{_style(genes)}. {_ORGANISMS_READ}: set the organism, "
            f"or, if the proteins are of {SPECIES[organism]}, give reviewed accessions of UniProt or entry names (CD63_HUMAN)."
        )
    warnings.warn(
        f"{found}; genes were taken from the symbols, which are all of {SPECIES[organism]}. See that the proteins are: "
        "the symbols of other mammals are mostly the same.",
        MarkerkitWarning,
        stacklevel=4,
    )


def _style(genes: pd.Series) -> str:
    """Say whether symbols are written as those of bacteria."""
    bacterial = genes[genes.str.fullmatch(_BACTERIAL)]
    few = len(bacterial) < max(5, 0.2 * len(genes))
    return (
        "" if few else f", and symbols such as {listed(bacterial.head(3))} are written as those of bacteria"
    )


def _unknown(groups: Groups, which: pd.Series, n_known: int, organism: str) -> str:
    """Say what identifiers that are hardly known look like."""
    given = groups.given[which]
    first = given.str.split(r"[;,]", regex=True).str[0].str.strip()
    share = identifier_kind(given, organism)
    system = max(_SYSTEMS, key=lambda kind: share[kind])
    species = max(_LOCI, key=lambda s: int(first.str.fullmatch(_LOCI[s]).sum()))
    known = f"{n_known} of {len(given)} are known for {SPECIES[organism]}"
    if share[system] >= 0.5:
        return (
            f"the identifiers are {_SYSTEMS[system]}, such as {listed(first.head(3))}: {known}. Give UniProt accessions, "
            "gene symbols or Ensembl genes (ENSG...) in their place or in a second column."
        )
    if first.str.fullmatch(ANY_ENTRY).mean() >= 0.5:
        code = first.str.rpartition("_")[2].mode()[0]
        return f"the identifiers are entry names of UniProt of another species, most often ending in _{code}: {known}. {_ORGANISMS_READ}."
    if first.str.fullmatch(_LOCI[species]).mean() >= 0.5:
        return f"the proteins look like {species}: identifiers such as {listed(first.head(3))}; {known}. {_ORGANISMS_READ}."
    return (
        f"the identifiers are hardly known, such as {listed(first.head(3))}: {known}{_style(first)}. They are of another "
        f"species or of a database of your own. {_ORGANISMS_READ}; give UniProt accessions or gene symbols."
    )


def warn_of_letters(groups: Groups, organism: str) -> None:
    """Say that symbols without accessions are written in small letters, as those of fish and frogs are."""
    cells = groups.gene[(groups.gene != "") & (groups.leading == "") & (groups.species == "")]
    symbols = [next(iter(names_of_genes(cell, organism)), "") for cell in cells]
    by_name = gene_table(organism).by_name
    small = [s for s in symbols if s == s.lower() and s.upper() in by_name]
    if len(symbols) >= ENOUGH and len(small) > len(symbols) / 2:
        warnings.warn(
            f"{len(small)} of {len(symbols)} symbols, such as {listed(small[:3])}, are written in small letters, as those of "
            f"fish and frogs are; they are taken for genes of {SPECIES[organism]}. See that the proteins are of that species.",
            MarkerkitWarning,
            stacklevel=4,
        )


def warn_of_unmapped(mapped: Sequence[Mapped], organism: str) -> None:
    """Say how many groups have no gene and why, and how many are of other species, where that is not a few."""
    n = len(mapped)
    if n < ENOUGH:
        return
    foreign = pd.Series([m.species for m in mapped if m.kind == OTHER_SPECIES], dtype=object).value_counts()
    if foreign.sum() > UNMAPPED * n:
        names = ", ".join(f"{species} {k}" for species, k in foreign.head(4).items())
        more = f" and {len(foreign) - 4} more species" if len(foreign) > 4 else ""
        warnings.warn(
            f"{foreign.sum()} of {n} protein groups are of other species and get no gene: {names}{more}.",
            MarkerkitWarning,
            stacklevel=4,
        )
    lost = [m.kind for m in mapped if m.status == NOT_MAPPED and m.kind not in (OTHER_SPECIES, INVENTED)]
    if len(lost) > UNMAPPED * n:
        kinds = pd.Series(lost).value_counts()
        why = "; ".join(f"{kind} ({k})" for kind, k in kinds.head(4).items())
        warnings.warn(
            f"{len(lost)} of {n} protein groups could not be mapped to a gene of {SPECIES[organism]}, so that no marker set "
            f"finds them: {why}. The table id_mapping lists them.",
            MarkerkitWarning,
            stacklevel=4,
        )
