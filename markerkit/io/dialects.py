"""What a layout of a protein table states, and the layout of any other wide table."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache

#: name of the sample of a table that holds one and does not name it
ONE_SAMPLE = "sample"


@lru_cache(maxsize=100_000)  # every layout compares every column
def plain(name: str) -> str:
    """Fold a column name: lower case, one space for every run of other signs, without the type that Perseus writes.

    >>> plain("Razor...unique.peptides"), plain("T: Gene names")
    ('razor unique peptides', 'gene names')
    """
    return re.sub(r"[^a-z0-9]+", " ", re.sub(r"^[TCNM]: ", "", name).lower()).strip()


@dataclass(frozen=True)
class Dialect:
    """A table layout.

    Parameters
    ----------
    name
        What the user calls it.
    signature
        Folded column names that are all there.
    either
        Folded column names of which one is there.
    column_pattern
        Pattern that at least one column matches; for layouts whose other names are common.
    accession, gene
        Folded names of the columns, the first that is there counts.
    quantities
        Quantity -> pattern of its columns (letter case aside), in order of
        preference. Group ``s`` is the sample; where it takes no part, the table
        holds one sample. Groups ``label`` and ``run``: the parts of a sample's
        name where columns of sums stand beside it, see
        :func:`markerkit.io.quantities.pattern_columns`. An empty pattern takes
        every column that is no annotation.
    annotation
        Folded names of columns that never hold a sample.
    contaminant, decoy
        Folded names of flag columns (``+`` or true).
    peptides, description, length
        Folded names of the peptide count, of the description and of the
        length of the sequence.
    tagged
        Folded names of columns that hold the identifiers with the tags of
        contaminants and decoys, where those of ``accession`` come without.
    after, before
        Folded name of the column that ends the annotation, of the one that
        ends the samples; empty where columns may stand anywhere.
    hint
        What a table of this layout has, for the messages.
    scales
        Quantity -> scale on which the program writes it, where that is a logarithm.
    """

    name: str
    signature: frozenset[str]
    accession: tuple[str, ...]
    gene: tuple[str, ...]
    quantities: dict[str, str]
    either: frozenset[str] = frozenset()
    column_pattern: str = ""
    annotation: frozenset[str] = frozenset()
    contaminant: tuple[str, ...] = ()
    decoy: tuple[str, ...] = ()
    peptides: tuple[str, ...] = ()
    description: tuple[str, ...] = ()
    length: tuple[str, ...] = ("sequence length", "protein length", "length")
    tagged: tuple[str, ...] = ()
    after: str = ""
    before: str = ""
    hint: str = ""
    scales: dict[str, str] = field(default_factory=dict)


ACCESSIONS = (
    "protein id", "protein ids", "majority protein ids", "protein group", "protein groups", "proteingroups",
    "pg proteingroups", "protein accession", "protein accessions", "accession", "accessions", "uniprot",
    "uniprot id", "uniprot ids", "uniprotid", "uniprot accession", "uniprotkb", "proteinid", "proteinids",
    "leading protein", "leading razor protein", "entry", "protein", "proteins", "index", "id", "ids", "identifier",
)  # fmt: skip
GENES = (
    "gene", "genes", "gene name", "gene names", "gene symbol", "gene symbols", "symbol", "symbols", "gene id",
    "genename", "genesymbol", "pg genes", "hgnc symbol", "gene names primary", "leading gene name", "gene symbols or id",
)  # fmt: skip
ANNOTATION = frozenset(
    {
        *ACCESSIONS, *GENES, "protein names", "protein name", "first protein description", "description",
        "protein description", "protein descriptions", "fasta headers", "fasta header", "organism", "species", "taxon", "length",
        "protein length", "sequence length", "mol weight kda", "mass", "mw kda", "n sequences", "n proteotypic sequences",
        "peptides", "unique peptides", "razor unique peptides", "number of peptides", "n peptides", "peptide count",
        "number of proteins", "numberpsm", "numpsm", "maxpepprob", "referenceintensity", "score", "q value", "pep", "coverage",
        "sequence coverage", "entry name", "protein existence", "reverse", "potential contaminant", "contaminant",
        "leading name", "leading description", "leading uniprot id", "n unique peptides",
        "only identified by site", "decoy", "is contaminant", "is decoy", "subgroup", "chromosome", "entrez id", "psms",
    }
)  # fmt: skip

TABLE = Dialect(
    name="table",
    signature=frozenset(),
    accession=ACCESSIONS,
    gene=GENES,
    quantities={"table": ""},
    annotation=ANNOTATION,
    contaminant=("potential contaminant", "contaminant", "is contaminant"),
    decoy=("reverse", "decoy", "is decoy"),
    peptides=("razor unique peptides", "unique peptides", "n peptides", "number of peptides", "peptides"),
    description=(
        "fasta headers",
        "description",
        "protein description",
        "first protein description",
        "organism",
        "species",
    ),
    hint="a protein id or gene column and one column per sample",
)
