"""harmonize_ids: protein groups, isoforms, aliases -> one accession and one gene, with a report."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from markerkit.catalog.load import MarkerCatalog
from markerkit.core.errors import InputError, collected_warnings, listed, one_of
from markerkit.core.experiment import ORGANISMS, Experiment
from markerkit.core.genes import bovine_accessions, gene_table
from markerkit.core.species import (
    BETWEEN_MEMBERS,
    BOVINE,
    SPECIES,
    UNIPROT_ISOFORM,
    species_named,
    species_of_entry,
    split_identifier,
)
from markerkit.tables.registry import TABLES

SCHEMES = ("leading", "unique")
MAPPED, AMBIGUOUS, NOT_MAPPED = "mapped", "ambiguous", "not mapped"

_EXCEL = re.compile(r"^(?:(\d{1,2})-(Sep|Mar|Dec)|(Sep|Mar|Dec)-(\d{1,2}))$", re.IGNORECASE)
_EXCEL_FAMILY = {"sep": "SEPTIN", "mar": "MARCHF", "dec": "DELEC"}
_SYMBOL = re.compile(r"[A-Za-z][\w.\-]*")
_OTHER = {
    "human": ("mouse", "rat"),
    "mouse": ("human",),
    "rat": ("human",),
}  # whose symbols are written otherwise
_ENOUGH = 20  # identifiers that must be there before a wrong organism is called
_FEW = 0.2  # of the other organism's identifiers: with fewer of its own the declared organism is wrong

_AS_GIVEN = "symbol as given"


@dataclass(frozen=True)
class _Mapped:
    """What became of one protein group."""

    accession: str = ""
    gene: str = ""
    genes: tuple[str, ...] = ()
    species: str = ""
    how: str = ""
    status: str = NOT_MAPPED
    reason: str = ""


def harmonize_ids(
    exp: Experiment, markers: MarkerCatalog | None = None, *, scheme: str = "leading"
) -> Experiment:
    """Give every protein group one accession and one gene of its organism.

    Parameters
    ----------
    exp
        Experiment.
    markers
        Catalog of the same organism; its gene and accession pairs are added
        to the gene table, and its bovine accessions count as bovine.
    scheme
        What a group whose members belong to several genes gets: ``"leading"``
        the gene of its first member, ``"unique"`` none. Either way it is
        reported as ambiguous.

    Returns
    -------
    Experiment
        ``accession`` and ``gene`` harmonized, ``genes`` all genes of the
        group, and the columns behind :func:`id_mapping`. Groups of another
        species keep their accession and get no gene. The leading member decides
        on the species: by its entry name, by the species that the table gives, or
        because its accession is one of the bovine accessions of contaminant libraries. A group that
        mixes species is reported as ambiguous.

    Raises
    ------
    InputError
        An unknown scheme, a catalog of another organism, identifiers that
        belong to another organism.
    """
    one_of("scheme", scheme, SCHEMES)
    if markers is not None and markers.organism != exp.organism:
        raise InputError(
            f"the experiment is {exp.organism} and the catalog {markers.organism}; load_markers(organism={exp.organism!r})."
        )
    with collected_warnings() as notes:
        mapped = _harmonized(exp, markers, scheme)
    return mapped.noted(notes)


def _harmonized(exp: Experiment, markers: MarkerCatalog | None, scheme: str) -> Experiment:
    proteins = exp.proteins
    _check_species(proteins, exp.organism)
    _check_organism(proteins["gene"], exp.organism)
    mapper = _Mapper(exp.organism, markers, scheme)
    columns = (proteins[c] for c in ("accession", "gene", "species"))
    mapped = _with_mapping(proteins, [mapper.map(*row) for row in zip(*columns, strict=True)])
    counts = mapped["map_status"].value_counts().to_dict()
    return exp.evolve(
        "harmonize_ids", {"scheme": scheme, **{str(k): int(v) for k, v in counts.items()}}, proteins=mapped
    )


def mapped_as_given(proteins: pd.DataFrame, organism: str) -> pd.DataFrame:
    """Annotation of proteins whose identifiers are right by construction, as :func:`harmonize_ids` would leave it.

    Parameters
    ----------
    proteins
        One row per protein, with ``accession``, ``gene`` and ``species`` (``human``, ``bovine``, ...).
    organism
        Proteins of other species get no gene.
    """
    latin = proteins["species"].map(SPECIES)
    known = proteins["accession"].str.fullmatch(UNIPROT_ISOFORM)
    rows = [
        _Mapped(a if k else "", g, (g,), s, "accession" if k else _AS_GIVEN, MAPPED)
        if s == SPECIES[organism]
        else _Mapped(a if k else "", species=s, reason=f"{s}: no {SPECIES[organism]} gene")
        for a, k, g, s in zip(proteins["accession"], known, proteins["gene"], latin, strict=True)
    ]
    return _with_mapping(proteins, rows)


def _with_mapping(proteins: pd.DataFrame, rows: Sequence[_Mapped]) -> pd.DataFrame:
    return proteins.assign(
        input_accession=proteins["accession"],
        input_gene=proteins["gene"],
        accession=[r.accession for r in rows],
        gene=[r.gene for r in rows],
        genes=[";".join(r.genes) for r in rows],
        species=[r.species for r in rows],
        how=[r.how for r in rows],
        map_status=[r.status for r in rows],
        map_reason=[r.reason for r in rows],
    )


def id_mapping(exp: Experiment) -> pd.DataFrame:
    """List how the identifiers of every protein group were mapped.

    Parameters
    ----------
    exp
        Harmonized experiment.

    Returns
    -------
    Table `id_mapping`, one row per protein group.

    Raises
    ------
    InputError
        An experiment that was not harmonized.
    """
    if not exp.harmonized:
        raise InputError("the identifiers of this experiment were not harmonized; call harmonize_ids first.")
    p = exp.proteins
    table = pd.DataFrame(
        {
            "protein": p.index,
            "n_genes": p["genes"].str.split(";").map(lambda g: len([x for x in g if x])).to_numpy(),
            "status": p["map_status"].to_numpy(),
            "reason": p["map_reason"].to_numpy(),
        }
    )
    same = [
        "input_accession",
        "input_gene",
        "accession",
        "gene",
        "species",
        "how",
        "is_contaminant",
        "is_decoy",
    ]
    return TABLES["id_mapping"].conform(table.assign(**{c: p[c].to_numpy() for c in same}))


def _check_species(proteins: pd.DataFrame, organism: str) -> None:
    """Refuse a table whose own species is another one; this alone tells mouse from rat."""
    first = proteins["accession"].str.split(BETWEEN_MEMBERS, regex=True).str[0]
    leading = first.map(lambda a: species_of_entry(split_identifier(a)[1]))
    stated = leading.where(leading != "", proteins["species"].map(species_named))
    n = {o: int((stated == SPECIES[o]).sum()) for o in ORGANISMS}
    other = max(n, key=lambda o: n[o])
    if n[other] >= _ENOUGH and n[organism] < _FEW * n[other]:
        raise InputError(
            f"the proteins are {other}: {n[other]} of {len(proteins)} groups are of {SPECIES[other]} and {n[organism]} "
            f"of {SPECIES[organism]}; set the organism to {other!r}."
        )


def _check_organism(genes: pd.Series, organism: str) -> None:
    """Refuse symbols written as those of another organism: CD63 is human, Cd63 mouse or rat."""
    first = genes.str.split(";").str[0].str.strip()
    first = first[first.str.contains(r"[A-Za-z]{2}", regex=True)].drop_duplicates()
    here, other = gene_table(organism).symbols, gene_table(_OTHER[organism][0]).symbols
    n_here, n_other = int(first.isin(here).sum()), int(first.isin(other).sum())
    if n_other >= _ENOUGH and n_here < _FEW * n_other:
        names = " or ".join(_OTHER[organism])
        raise InputError(
            f"the genes look like {names}: {n_other} of {len(first)} symbols are {names} and {n_here} "
            f"{organism}, such as {listed(first.head(3))}; set the organism to {listed(_OTHER[organism], conjunction='or')}."
        )


class _Mapper:
    """Maps the identifiers of one organism."""

    def __init__(self, organism: str, markers: MarkerCatalog | None, scheme: str) -> None:
        table = gene_table(organism)
        self.species = SPECIES[organism]
        self.scheme = scheme
        self.by_name = table.by_name
        self.by_accession = dict(table.by_accession)
        self.foreign = dict.fromkeys(bovine_accessions(), BOVINE)
        if markers is not None:
            table_of_sets = markers.table
            foreign = table_of_sets["set"].isin(markers.by_accession)
            self.foreign |= dict.fromkeys(table_of_sets.loc[foreign, "accession"], BOVINE)
            pairs = table_of_sets[~foreign & (table_of_sets["accession"] != "")]
            self.by_accession |= dict(zip(pairs["accession"], pairs["gene"], strict=True))

    def map(self, accession: str, gene: str, species: str) -> _Mapped:
        """Map the accession and gene that a table gives a protein group, and the species it names."""
        members = [split_identifier(a) for a in BETWEEN_MEMBERS.split(accession) if a.strip()]
        first, entry = members[0] if members else ("", "")
        own = species_of_entry(entry) or species_named(species) or self.foreign.get(first, "")
        present = list(dict.fromkeys(filter(None, [own, *map(self.species_of, members)])))
        if own and own != self.species:
            return self._of_another_species(first, own, present)
        by_member = [self.by_accession.get(a, "") for a, _ in members]
        named = [self.symbol(s) for s in BETWEEN_MEMBERS.split(gene) if s.strip()]
        best = self._best_gene(members, by_member, named)
        if best is None:
            reason = "no identifier is in the gene table" if accession or gene else "no identifier"
            return _Mapped(first, species=own, reason=reason)
        others = [g for g in by_member if g] + [g for g, how in named if g and how != _AS_GIVEN]
        genes = tuple(dict.fromkeys([best[0], *others]))
        mixed = [k for k in present if k != self.species]
        return self._of_this_species(first, best, genes, mixed)

    def _of_another_species(self, accession: str, species: str, present: list[str]) -> _Mapped:
        """Keep the accession of a group led by another species, without a gene: its symbol would be ours."""
        if self.species in present:
            reason = f"members of {' and '.join(present)}: the leading one, {species}, counts"
            return _Mapped(accession, species=species, status=AMBIGUOUS, reason=reason)
        return _Mapped(accession, species=species, reason=f"{species}: no {self.species} gene")

    def _best_gene(
        self, members: list[tuple[str, str]], by_member: list[str], named: list[tuple[str, str]]
    ) -> tuple[str, str] | None:
        """Gene and how it was found: by the leading accession, by symbol, by another accession, by entry name."""
        if by_member and by_member[0]:
            return by_member[0], "accession"
        for gene, how in named:
            if gene:
                return gene, how
        for gene in by_member[1:]:
            if gene:
                return gene, "accession of a later member"
        for _, entry in members:
            if species_of_entry(entry) == self.species:
                gene, how = self.symbol(entry.rpartition("_")[0])
                if how == "symbol":
                    return gene, "entry name"
        return None

    def _of_this_species(
        self, accession: str, best: tuple[str, str], genes: tuple[str, ...], mixed: list[str]
    ) -> _Mapped:
        """Give the gene; a group of several genes or species is ambiguous, and `scheme` decides what it gets."""
        gene, how = best
        if len(genes) == 1 and not mixed:
            return _Mapped(accession, gene, genes, self.species, how, MAPPED)
        several = [f"{len(genes)} genes"] if len(genes) > 1 else []
        several += [" and ".join([self.species, *mixed])] if mixed else []
        none = self.scheme == "unique"
        reason = f"members of {' and '.join(several)}: {'none' if none else 'the leading one'} counts"
        return _Mapped(accession, "" if none else gene, genes, self.species, how, AMBIGUOUS, reason)

    def species_of(self, member: tuple[str, str]) -> str:
        """Species of a member, where its entry name or its accession gives it."""
        accession, entry = member
        here = self.species if accession in self.by_accession else ""
        return species_of_entry(entry) or self.foreign.get(accession, "") or here

    def symbol(self, text: str) -> tuple[str, str]:
        """Approved symbol of what was given, and how it was found."""
        text = text.strip()
        mangled = _EXCEL.match(text)
        if mangled:
            number, month = mangled[1] or mangled[4], (mangled[2] or mangled[3]).lower()
            hit = self.by_name.get(f"{_EXCEL_FAMILY[month]}{int(number)}".upper())
            return (hit[0], "date made by a spreadsheet") if hit else ("", "")
        hit = self.by_name.get(text.upper())
        if hit:
            return hit
        plausible = _SYMBOL.fullmatch(text) and not UNIPROT_ISOFORM.fullmatch(text)
        return (text, _AS_GIVEN) if plausible else ("", "")
