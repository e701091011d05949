"""harmonize_ids: protein groups, isoforms, aliases -> one accession and one gene, with a report."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from markerkit.catalog.load import MarkerCatalog
from markerkit.core.errors import InputError, collected_warnings, one_of
from markerkit.core.experiment import Experiment
from markerkit.core.species import SPECIES, UNIPROT_ISOFORM
from markerkit.ids.floor import (
    check_known,
    check_species,
    check_symbols,
    groups_that_count,
    warn_of_letters,
    warn_of_unmapped,
)
from markerkit.ids.mapper import MAPPED, Mapped, Mapper
from markerkit.ids.style import style_of
from markerkit.tables.registry import TABLES

SCHEMES = ("leading", "unique")


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
        to the gene table, its bovine accessions count as bovine, and in a study of
        mouse or rat human keratins that are flagged as contaminants count as its keratins.
    scheme
        What a group whose members belong to several genes gets: ``"leading"``
        the gene of its first member, ``"unique"`` none. Either way it is
        reported as ambiguous.

    Returns
    -------
    Experiment
        ``accession`` and ``gene`` harmonized, ``genes`` all genes of the
        group, and the columns behind :func:`markerkit.ids.harmonize.id_mapping`. A group is mapped only
        where the gene table knows one of its identifiers; a symbol that it does
        not know stays in ``gene``, not mapped. Groups of another species keep
        their accession and get no gene. The leading member decides on the
        species: by its entry name, by the species that the table gives, or
        because its accession is known for another organism or from contaminant
        libraries. An accession that no table knows vetoes a symbol that is not
        written as those of the organism are (``lpp``). A group that mixes species
        is reported as ambiguous.

    Raises
    ------
    InputError
        An unknown scheme, a catalog of another organism; identifiers that
        belong to another organism or species, or that are hardly known, such as
        RefSeq or Entrez numbers (:mod:`markerkit.ids.floor` has the limits).

    Warns
    -----
    MarkerkitWarning
        More than a tenth of the groups without a gene, by kind of identifier, or
        of other species; accessions that are not known beside symbols that are.

    Examples
    --------
    >>> import pandas as pd
    >>> import markerkit as mk
    >>> table = pd.DataFrame({"protein_id": ["P08962", "P60033-1;P60033"], "ev": [2e6, 1e6], "cell": [5e5, 3e5]})
    >>> mk.harmonize_ids(mk.read_proteins(table)).proteins["gene"].tolist()
    ['CD63', 'CD81']
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
    proteins, organism = exp.proteins, exp.organism
    mapper = Mapper(organism, markers, scheme, style_of(proteins, organism))
    groups = groups_that_count(proteins, mapper)
    check_species(groups, organism)
    check_symbols(groups, organism)
    columns = (proteins[c] for c in ("accession", "gene", "species"))
    flags = proteins["is_contaminant"]
    rows = [mapper.map(*row, contaminant=bool(c)) for *row, c in zip(*columns, flags, strict=True)]
    counted = [row for row, here in zip(rows, proteins.index.isin(groups.gene.index), strict=True) if here]
    check_known(groups, counted, organism)
    warn_of_letters(groups, organism)
    warn_of_unmapped(counted, organism)
    mapped = _with_mapping(proteins, rows)
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
        Mapped(a if k else "", g, (g,), s, "accession" if k else "symbol", MAPPED)
        if s == SPECIES[organism]
        else Mapped(a if k else "", species=s, reason=f"{s}: no {SPECIES[organism]} gene")
        for a, k, g, s in zip(proteins["accession"], known, proteins["gene"], latin, strict=True)
    ]
    return _with_mapping(proteins, rows)


def _with_mapping(proteins: pd.DataFrame, rows: Sequence[Mapped]) -> pd.DataFrame:
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
