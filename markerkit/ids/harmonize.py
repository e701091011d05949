"""harmonize_ids: protein groups, isoforms, aliases -> one accession and one gene, with a report."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import pandas as pd

from markerkit.catalog.load import MarkerCatalog
from markerkit.core.errors import InputError, listed, one_of
from markerkit.core.experiment import ORGANISMS, Experiment
from markerkit.tables.registry import TABLES

POLICIES = ("leading", "unique")
MAPPED, AMBIGUOUS, NOT_MAPPED = "mapped", "ambiguous", "not mapped"

_UNIPROT = re.compile(r"^([OPQ][0-9][A-Z0-9]{3}[0-9]|[A-NR-Z][0-9](?:[A-Z][A-Z0-9]{2}[0-9]){1,2})(?:-\d+)?$")
_PREFIX = re.compile(r"^(?:CON__|contam_|Cont_|cRAP[-_]?|REV__|rev_|DECOY_)+", re.IGNORECASE)
_EXCEL = re.compile(r"^(?:(\d{1,2})-(Sep|Mar|Dec)|(Sep|Mar|Dec)-(\d{1,2}))$", re.IGNORECASE)
_EXCEL_FAMILY = {"sep": "SEPTIN", "mar": "MARCHF", "dec": "DELEC"}
_SPECIES_OF = {
    "human": "Homo sapiens",
    "mouse": "Mus musculus",
    "rat": "Rattus norvegicus",
    "bovine": "Bos taurus",
}
_CODE = {name[:5].upper(): species for name, species in _SPECIES_OF.items()}  # as entry names end: ALBU_BOVIN
_ENTRY = re.compile(rf"^(\w+)_({'|'.join(_CODE)})$")
_ENSEMBL = {
    "ENSBTA": "Bos taurus",
    "ENSMUS": "Mus musculus",
    "ENSRNO": "Rattus norvegicus",
    "ENSP0": "Homo sapiens",
}
_OTHER = {
    "human": ("mouse", "rat"),
    "mouse": ("human",),
    "rat": ("human",),
}  # whose symbols are written otherwise
_ENOUGH = 20  # identifiers that must be there before a wrong organism is called


@dataclass(frozen=True)
class GeneTable:
    """Genes of an organism.

    Parameters
    ----------
    symbols
        Approved symbols.
    by_accession
        Accession -> symbol.
    by_name
        Folded approved, previous and alias symbol -> (symbol, how).
    """

    symbols: frozenset[str]
    by_accession: dict[str, str]
    by_name: dict[str, tuple[str, str]]


@dataclass
class _Row:
    """What became of one protein group."""

    accession: str = ""
    gene: str = ""
    genes: list[str] = field(default_factory=list)
    species: str = ""
    how: str = ""
    status: str = NOT_MAPPED
    reason: str = ""


@lru_cache(maxsize=len(ORGANISMS))
def gene_table(organism: str) -> GeneTable:
    """Read the gene table of an organism once.

    Parameters
    ----------
    organism
        ``"human"``, ``"mouse"`` or ``"rat"``.
    """
    path = Path(__file__).parents[1] / "data" / f"genes_{organism}.tsv"
    with path.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.reader(lines, delimiter="\t"))[1:]
    by_accession: dict[str, str] = {}
    by_name: dict[str, tuple[str, str]] = {}
    for how, column in (("alias", 3), ("previous symbol", 2), ("symbol", 0)):
        for row in rows:
            for name in filter(None, row[column].split("|")):
                by_name[name.upper()] = (row[0], how)
    for row in rows:
        for accession in filter(None, row[1].split("|")):
            by_accession.setdefault(accession, row[0])
    return GeneTable(frozenset(r[0] for r in rows), by_accession, by_name)


@lru_cache(maxsize=1)
def bovine_accessions() -> frozenset[str]:
    """Read the bovine accessions of contaminant libraries once; they say the species, not the source."""
    path = Path(__file__).parents[1] / "data" / "bovine.tsv"
    with path.open(encoding="utf-8", newline="") as lines:
        return frozenset(row[0] for row in list(csv.reader(lines, delimiter="\t"))[1:])


def harmonize_ids(
    exp: Experiment, markers: MarkerCatalog | None = None, *, scheme: str = "leading"
) -> Experiment:
    """Give every protein group one accession and one gene of its organism.

    Parameters
    ----------
    exp
        Experiment.
    markers
        Catalogue of the same organism; its gene and accession pairs are added
        to the gene table, and its bovine accessions are known as bovine.
    scheme
        What a group whose members belong to several genes gets: ``"leading"``
        the gene of its first member, ``"unique"`` none. Either way it is
        reported as ambiguous.

    Returns
    -------
    Experiment
        ``accession`` and ``gene`` harmonised, ``genes`` all genes of the
        group, and the columns behind :func:`id_mapping`. Groups of another
        species keep their accession and get no gene. The leading member says
        the species: by its entry name, by what the table says of it, or
        because its accession is a known bovine one. A group that
        mixes species is reported as ambiguous.

    Raises
    ------
    InputError
        An unknown scheme, a catalogue of another organism, identifiers that
        belong to another organism.
    """
    one_of("scheme", scheme, POLICIES)
    if markers is not None and markers.organism != exp.organism:
        raise InputError(
            f"the experiment is {exp.organism} and the catalogue {markers.organism}; load_markers(organism={exp.organism!r})."
        )
    proteins = exp.proteins
    _check_species(proteins, exp.organism)
    _check_organism(proteins["gene"], exp.organism)
    mapper = _Mapper(exp.organism, markers, scheme)
    rows = [
        mapper.row(a, g, s)
        for a, g, s in zip(proteins["accession"], proteins["gene"], proteins["species"], strict=True)
    ]
    mapped = proteins.assign(
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
    counts = mapped["map_status"].value_counts().to_dict()
    return exp.evolve(
        "harmonize_ids", {"scheme": scheme, **{str(k): int(v) for k, v in counts.items()}}, proteins=mapped
    )


def id_mapping(exp: Experiment) -> pd.DataFrame:
    """Report what became of every protein group's identifiers.

    Parameters
    ----------
    exp
        Harmonised experiment.

    Returns
    -------
    Table `id_mapping`, a row a protein group.

    Raises
    ------
    InputError
        An experiment that was not harmonised.
    """
    if "map_status" not in exp.proteins.columns:
        raise InputError("the identifiers of this experiment were not harmonised; call harmonize_ids first.")
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
    leading = proteins["accession"].str.split(r"[;,]", regex=True).str[0].map(lambda a: _coded(_parse(a)[1]))
    stated = leading.where(leading != "", proteins["species"].map(_named))
    n = {o: int((stated == _SPECIES_OF[o]).sum()) for o in ORGANISMS}
    other = max(n, key=lambda o: n[o])
    if n[other] >= _ENOUGH and n[organism] < 0.2 * n[other]:
        raise InputError(
            f"the proteins are {other}: {n[other]} of {len(proteins)} groups say {_SPECIES_OF[other]} and {n[organism]} "
            f"{_SPECIES_OF[organism]}; set the organism to {other!r}."
        )


def _check_organism(genes: pd.Series, organism: str) -> None:
    """Refuse symbols written as those of another organism: CD63 is human, Cd63 mouse or rat."""
    first = genes.str.split(";").str[0].str.strip()
    first = first[first.str.contains(r"[A-Za-z]{2}", regex=True)].drop_duplicates()
    here, other = gene_table(organism).symbols, gene_table(_OTHER[organism][0]).symbols
    n_here, n_other = int(first.isin(here).sum()), int(first.isin(other).sum())
    if n_other >= _ENOUGH and n_here < 0.2 * n_other:
        names = " or ".join(_OTHER[organism])
        raise InputError(
            f"the genes look like {names}: {n_other} of {len(first)} symbols are {names} and {n_here} "
            f"{organism}, such as {listed(first.head(3))}; set the organism to {listed(_OTHER[organism], conjunction='or')}."
        )


class _Mapper:
    """Maps the identifiers of one organism."""

    def __init__(self, organism: str, markers: MarkerCatalog | None, scheme: str) -> None:
        table = gene_table(organism)
        self.species = _SPECIES_OF[organism]
        self.scheme = scheme
        self.by_name = table.by_name
        self.by_accession = dict(table.by_accession)
        self.foreign = dict.fromkeys(bovine_accessions(), "Bos taurus")
        if markers is not None:
            known = markers.table
            bovine = set(markers.sets.loc[markers.sets["organism"] == "bovine", "set"])
            theirs = known["set"].isin(bovine)
            self.foreign |= dict.fromkeys(known.loc[theirs, "accession"], "Bos taurus")
            pairs = known[~theirs & (known["accession"] != "")]
            self.by_accession |= dict(zip(pairs["accession"], pairs["gene"], strict=True))

    def row(self, accession: str, gene: str, species: str) -> _Row:
        members = [_parse(a) for a in re.split(r"[;,]\s*", accession) if a.strip()]
        leading = members[0] if members else ("", "")
        found = _Row(accession=leading[0])
        found.species = _coded(leading[1]) or _named(species) or self.foreign.get(leading[0], "")
        kinds = list(dict.fromkeys(filter(None, [found.species, *map(self.species_of, members)])))
        if found.species and found.species != self.species:
            found.reason = f"{found.species}: no {self.species} gene"
            if self.species in kinds:
                found.status = AMBIGUOUS
                found.reason = f"members of {' and '.join(kinds)}: the leading one, {found.species}, counts"
            return found
        by_member = [self.by_accession.get(a, "") for a, _ in members]
        named = [self.symbol(s) for s in re.split(r"[;,]\s*", gene) if s.strip()]
        entry = [self.symbol(e.rpartition("_")[0]) for _, e in members if _coded(e) == self.species]
        candidates = [(g, "accession") for g in by_member[:1] if g] + [n for n in named if n[0]]
        candidates += [(g, "accession of a later member") for g in by_member[1:] if g]
        candidates += [(g, "entry name") for g, how in entry if g and how == "symbol"]
        if not candidates:
            found.reason = "no identifier is known" if accession or gene else "no identifier"
            return found
        found.gene, found.how = candidates[0]
        others = [g for g in by_member if g] + [g for g, how in named if g and how != "symbol as given"]
        found.genes = list(dict.fromkeys([found.gene, *others]))
        found.species = found.species or self.species
        mixed = [k for k in kinds if k != self.species]
        found.status = AMBIGUOUS if mixed or len(found.genes) > 1 else MAPPED
        if found.status == AMBIGUOUS:
            what = f"{len(found.genes)} genes" if len(found.genes) > 1 else ""
            what = " and ".join(filter(None, [what, " and ".join([self.species, *mixed]) if mixed else ""]))
            found.reason = (
                f"members of {what}: {'none' if self.scheme == 'unique' else 'the leading one'} counts"
            )
            found.gene = "" if self.scheme == "unique" else found.gene
        return found

    def species_of(self, member: tuple[str, str]) -> str:
        """Species of a member, where its entry name or its accession is known."""
        own = self.species if member[0] in self.by_accession else ""
        return _coded(member[1]) or self.foreign.get(member[0], "") or own

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
        return (
            (text, "symbol as given")
            if re.fullmatch(r"[A-Za-z][\w.\-]*", text) and not _UNIPROT.match(text)
            else ("", "")
        )


def _coded(entry: str) -> str:
    """Species that the entry name or an Ensembl identifier states, or nothing."""
    match = _ENTRY.match(entry)
    return _CODE[match[2]] if match else next((s for p, s in _ENSEMBL.items() if entry.startswith(p)), "")


def _named(text: str) -> str:
    """Species that a text names, in Latin or in English; other texts stay as they are."""
    plain = text.lower()
    return next((s for word, s in _SPECIES_OF.items() if plain == word or s.lower() in plain), text)


def _parse(token: str) -> tuple[str, str]:
    """Split a token into accession, without prefix and isoform, and entry name.

    >>> _parse("sp|P08962-3|CD63_HUMAN")
    ('P08962', 'CD63_HUMAN')
    >>> _parse("CON__P02769")
    ('P02769', '')
    >>> _parse("ALBU_BOVIN"), _parse("Cont_P02769_BOVIN")
    (('', 'ALBU_BOVIN'), ('P02769', 'P02769_BOVIN'))
    """
    parts = _PREFIX.sub("", token.strip()).split("|")
    accession = _PREFIX.sub("", parts[1] if len(parts) > 1 else parts[0]).split(" ")[0]
    entry = parts[2].split(" ")[0] if len(parts) > 2 else ""
    coded = _ENTRY.match(accession)
    if not entry and (coded or accession.startswith(tuple(_ENSEMBL))):
        entry, accession = accession, coded[1] if coded else ""
    match = _UNIPROT.match(accession)
    return (match[1] if match else ""), entry
