"""From the identifiers of one protein group to its gene: accessions first, then symbols, then what else there is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from markerkit.catalog.load import MarkerCatalog
from markerkit.core.genes import accessions_of_others, gene_table, kind_of_identifier
from markerkit.core.names import KINDS, Named, find_name, names_of_genes
from markerkit.core.species import (
    BETWEEN_MEMBERS,
    BOVINE,
    PREFIX,
    SPECIES,
    species_named,
    species_of_entry,
    split_identifier,
)

HUMAN = SPECIES["human"]
MAPPED, AMBIGUOUS, NOT_MAPPED = "mapped", "ambiguous", "not mapped"
NO_IDENTIFIER = "no identifier"
OTHER_SPECIES = "of another species"

_OLD_NAMES = ("alias", "previous symbol")


@dataclass(frozen=True)
class Mapped:
    """What became of one protein group; `kind` says in a few words what kept it from a gene.

    A symbol that the gene table does not know stays as `gene`, but the group is not mapped.
    """

    accession: str = ""
    gene: str = ""
    genes: tuple[str, ...] = ()
    species: str = ""
    how: str = ""
    status: str = NOT_MAPPED
    reason: str = ""
    kind: str = ""


@dataclass(frozen=True)
class Style:
    """How a table writes its genes, known from all its rows.

    Parameters
    ----------
    word
        A word that stands in many rows and is no gene, such as ``pep``, or nothing.
    serial_dates
        Whole numbers stand among symbols: they are dates of a spreadsheet.
    any_case
        Symbols of proteins that are known by accession are mostly written
        with other capital letters, so that these say nothing of the species.
    """

    word: str = ""
    serial_dates: bool = False
    any_case: bool = False


class Member(NamedTuple):
    """A member of a protein group: its accession, its entry name or Ensembl identifier, and what was given."""

    accession: str
    entry: str
    text: str


class Mapper:
    """Maps the identifiers of one organism."""

    def __init__(
        self,
        organism: str,
        markers: MarkerCatalog | None,
        scheme: str = "leading",
        style: Style | None = None,
    ) -> None:
        table = gene_table(organism)
        self.organism = organism
        self.species = SPECIES[organism]
        self.scheme = scheme
        self.style = style or Style()
        self.by_accession = dict(table.by_accession)
        self.foreign = dict(accessions_of_others(organism))
        self.handling = {} if markers is None else markers.handling_genes()
        if markers is not None:
            table_of_sets = markers.table
            foreign = table_of_sets["set"].isin(markers.by_accession)
            self.foreign |= dict.fromkeys(table_of_sets.loc[foreign, "accession"], BOVINE)
            pairs = table_of_sets[~foreign & (table_of_sets["accession"] != "")]
            self.by_accession |= dict(zip(pairs["accession"], pairs["gene"], strict=True))
        for accession in self.by_accession.keys() & self.foreign.keys():
            del self.foreign[accession]

    def members(self, accession: str) -> list[Member]:
        """Members of a group; what is written as an accession but is a symbol, such as P2RY12, has none."""
        spellings = gene_table(self.organism).spellings
        found = []
        for part in filter(None, map(str.strip, BETWEEN_MEMBERS.split(accession))):
            text = PREFIX.sub("", part)
            known, entry = split_identifier(part)
            unknown = known not in self.by_accession and known not in self.foreign
            found.append(Member("" if unknown and text in spellings else known, entry, text))
        return found

    def stated(self, members: Sequence[Member], species: str) -> str:
        """Species of a group as its leading member or the table states it, or as its accession tells; or nothing."""
        if not members:
            return species_named(species)
        accession, entry, _ = members[0]
        own = species_of_entry(entry) or species_named(species)
        return (
            own or self.foreign.get(accession, "") or (self.species if accession in self.by_accession else "")
        )

    def map(self, accession: str, gene: str, species: str, *, contaminant: bool = False) -> Mapped:
        """Map the accession and gene that a table gives a protein group, the species it names, and whether it is flagged."""
        members = self.members(accession)
        first = members[0].accession if members else ""
        own = self.stated(members, species)
        present = list(dict.fromkeys(filter(None, [own, *map(self.species_of, members)])))
        if own == HUMAN != self.species and contaminant and first in self.handling:
            return self._of_handling(first, present)
        if own and own != self.species:
            return self._of_another_species(first, own, present)
        named = self.named(gene)
        vetoed = bool(first) and not own and not self.style.any_case
        kept = [n for n in named if n.gene and (n.as_written or not vetoed)]
        if named and not named[0].gene:
            # beside a name that is not known, an old name is most often that of the same gene: Mtco2;COX2 is no Ptgs2
            kept = [n for n in kept if n.how not in _OLD_NAMES]
        by_member = [self.by_accession.get(m.accession, "") for m in members]
        best = self._best_gene(members, by_member, kept)
        if best is None:
            kind, reason = self._why_none(members, gene, named)
            tried = named if gene else self._named_by(members)
            given = next((n.given for n in tried if n.given), "")
            return Mapped(first, given, species=own, reason=reason, kind=kind)
        others = [g for g in by_member if g] + [n.gene for n in kept]
        mixed = [k for k in present if k != self.species]
        return self._of_this_species(first, best, others, mixed)

    def named(self, gene: str) -> list[Named]:
        """Look up the names in a gene cell."""
        if not gene or gene == self.style.word:
            return []
        numbers = "date" if self.style.serial_dates else ""
        return [find_name(n, self.organism, numbers=numbers) for n in names_of_genes(gene, self.organism)]

    def _of_another_species(self, accession: str, species: str, present: list[str]) -> Mapped:
        """Keep the accession of a group led by another species, without a gene: its symbol would be ours."""
        if self.species in present:
            reason = f"members of {' and '.join(present)}: the leading one, {species}, counts"
            return Mapped(accession, species=species, status=AMBIGUOUS, reason=reason)
        reason = f"{species}: no {self.species} gene"
        return Mapped(accession, species=species, reason=reason, kind=OTHER_SPECIES)

    def _of_handling(self, accession: str, present: list[str]) -> Mapped:
        """Give skin of the people who handled the samples the gene by which a set of this organism knows it."""
        gene = self.handling[accession]
        if len(present) == 1:
            reason = f"{HUMAN}, of a library of contaminants: counts as {gene}"
            return Mapped(accession, gene, (gene,), HUMAN, "accession", MAPPED, reason)
        none = self.scheme == "unique"
        reason = f"members of {' and '.join(present)}: {'none' if none else 'the leading one'} counts"
        return Mapped(accession, "" if none else gene, (gene,), HUMAN, "accession", AMBIGUOUS, reason)

    def _best_gene(self, members: Sequence[Member], by_member: list[str], named: list[Named]) -> Named | None:
        """Gene by the leading accession, by symbol, by another accession, by what else stands there."""
        if by_member and by_member[0]:
            return Named(by_member[0], "accession")
        if named:
            return named[0]
        for gene in filter(None, by_member):
            return Named(gene, "accession of a later member")
        found = self._named_by(members)
        found += [find_name(m.entry, self.organism) for m in members if m.entry]
        return next((f for f in found if f.gene), None)

    def _named_by(self, members: Sequence[Member]) -> list[Named]:
        """Look up what stands in place of accessions."""
        texts = [m.text for m in members if not m.accession]
        return [find_name(n, self.organism) for t in texts for n in names_of_genes(t, self.organism)]

    def _of_this_species(self, accession: str, best: Named, others: list[str], mixed: list[str]) -> Mapped:
        """Give the gene; a group of several genes or species is ambiguous, and `scheme` decides what it gets."""
        genes = tuple(dict.fromkeys([best.gene, *others, *best.others]))
        if len(genes) == 1 and not mixed:
            return Mapped(accession, best.gene, genes, self.species, best.how, MAPPED)
        several = [f"{len(genes)} genes"] if len(genes) > 1 else []
        several += [" and ".join([self.species, *mixed])] if mixed else []
        none = self.scheme == "unique"
        reason = f"members of {' and '.join(several)}: {'none' if none else 'the leading one'} counts"
        if best.others and len(genes) == 1 + len(best.others) and not mixed:
            reason = best.reason
        return Mapped(accession, "" if none else best.gene, genes, self.species, best.how, AMBIGUOUS, reason)

    def _why_none(self, members: Sequence[Member], gene: str, named: list[Named]) -> tuple[str, str]:
        """Say why a group has no gene: in a few words, and in full."""
        if gene and gene == self.style.word:
            return (
                f"{gene!r} in place of a symbol",
                f"{gene!r} stands in many rows and is no gene symbol here",
            )
        if any(n.gene for n in named):
            reason = f"the accession is not known for {self.species} and {gene!r} is not written as its symbols are"
            return "accession of another or unknown species", reason
        if named:
            return named[0].reason, named[0].reason
        if not members:
            return NO_IDENTIFIER, NO_IDENTIFIER
        found = self._named_by(members[:1])
        reason = found[0].reason if found else KINDS[kind_of_identifier(members[0].text)]
        return reason, reason

    def species_of(self, member: Member) -> str:
        """Species of a member, where its entry name or its accession gives it."""
        accession, entry, _ = member
        here = self.species if accession in self.by_accession else ""
        return species_of_entry(entry) or self.foreign.get(accession, "") or here
