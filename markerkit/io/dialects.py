"""How the tables of search engines look: one entry per dialect."""

from __future__ import annotations

import re
from dataclasses import dataclass, field


def plain(name: str) -> str:
    """Fold a column name: lower case, one space for every run of other signs.

    >>> plain("Razor...unique.peptides")
    'razor unique peptides'
    """
    return re.sub(r"[^a-z0-9]+", " ", name.lower()).strip()


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
        Quantity -> pattern of its columns with the sample in group ``s``, in
        order of preference. An empty pattern takes every column that is no
        annotation.
    annotation
        Folded names of columns that never hold a sample.
    contaminant, decoy
        Folded names of flag columns (``+`` or true).
    peptides, description, length
        Folded names of the peptide count, of the description and of the
        length of the sequence.
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
    hint: str = field(default="")


ACCESSIONS = (
    "protein id", "protein ids", "majority protein ids", "protein group", "protein groups", "proteingroups",
    "pg proteingroups", "protein accession", "protein accessions", "accession", "accessions", "uniprot",
    "uniprot id", "uniprot ids", "uniprotid", "uniprot accession", "uniprotkb", "proteinid", "proteinids",
    "leading protein", "leading razor protein", "entry", "protein", "proteins", "index", "id", "ids", "identifier",
)  # fmt: skip
GENES = (
    "gene", "genes", "gene name", "gene names", "gene symbol", "gene symbols", "symbol", "symbols", "gene id",
    "genename", "genesymbol", "pg genes", "hgnc symbol", "gene names primary", "leading gene name",
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

DIALECTS: dict[str, Dialect] = {
    d.name: d
    for d in (
        Dialect(
            name="maxquant",
            signature=frozenset({"protein ids", "majority protein ids"}),
            accession=("majority protein ids", "protein ids"),
            gene=("gene names", "gene name"),
            quantities={
                "lfq": r"LFQ[ .]intensity[ .](?P<s>.+)",
                "intensity": r"Intensity[ .](?P<s>.+)",
                "ibaq": r"iBAQ[ .](?!peptides)(?P<s>.+)",
                "reporter": r"Reporter[ .]intensity[ .]corrected[ .](?P<s>.+)",
            },
            contaminant=("potential contaminant", "contaminant"),
            decoy=("reverse",),
            peptides=("razor unique peptides",),
            description=("fasta headers",),
            hint="the columns 'Protein IDs', 'Majority protein IDs' and 'LFQ intensity ...' or 'Intensity ...'",
        ),
        Dialect(
            name="diann",
            signature=frozenset({"protein group", "genes"}),
            either=frozenset({"protein ids", "protein names", "first protein description"}),
            accession=("protein group",),
            gene=("genes",),
            quantities={"maxlfq": ""},
            annotation=frozenset(
                {"protein group", "protein ids", "protein names", "genes", "first protein description",
                 "n sequences", "n proteotypic sequences"}
            ),
            description=("first protein description", "protein names"),
            hint="the columns 'Protein.Group', 'Genes' and one column per run (report.pg_matrix.tsv)",
        ),
        Dialect(
            name="fragpipe",
            signature=frozenset({"protein", "protein id"}),
            either=frozenset({"entry name", "protein probability", "indistinguishable proteins"}),
            accession=("protein",),
            gene=("gene", "gene names"),
            quantities={
                "maxlfq": r"(?!Combined |Summarized )(?P<s>.+) MaxLFQ Intensity",
                "intensity": r"(?!Combined |Summarized )(?P<s>.+?)(?<! MaxLFQ)(?<! Razor)(?<! Unique)(?<! Total) Intensity",
                "razor": r"(?!Combined |Summarized )(?P<s>.+) Razor Intensity",
            },
            peptides=("combined total peptides", "unique stripped peptides"),
            description=("organism", "entry name"),
            hint="the columns 'Protein', 'Protein ID' and '... MaxLFQ Intensity' or '... Intensity' (combined_protein.tsv)",
        ),
        Dialect(
            name="tmt_integrator",
            signature=frozenset({"index", "numberpsm", "referenceintensity"}),
            accession=("protein", "proteinid", "protein id", "index"),
            gene=("gene", "index"),
            quantities={"abundance": ""},
            annotation=ANNOTATION,
            description=("protein description", "organism"),
            hint="the columns 'Index', 'NumberPSM', 'ReferenceIntensity' and one column per channel (abundance_protein_MD.tsv)",
        ),
        Dialect(
            name="spectronaut",
            signature=frozenset(),
            either=frozenset({"pg proteingroups", "pg proteinaccessions"}),
            accession=("pg proteingroups", "pg proteinaccessions"),
            gene=("pg genes",),
            quantities={
                "quantity": r"(?:\[\d+\] ?)?(?P<s>.+)[._ ]PG[. ]Quantity",
                "log2 quantity": r"(?:\[\d+\] ?)?(?P<s>.+)[._ ]PG[. ]Log2Quantity",
                "ibaq": r"(?:\[\d+\] ?)?(?P<s>.+)[._ ]PG[. ]IBAQ",
            },
            description=("pg fastaheaders", "pg proteindescriptions", "pg organisms"),
            hint="the columns 'PG.ProteinGroups' and '[1] run.PG.Quantity' (pivot), or 'R.FileName' and 'PG.Quantity' (long)",
        ),
        Dialect(
            name="proteome_discoverer",
            signature=frozenset({"accession"}),
            column_pattern=r"Abundances?(?: \(Normalized\))?: F\d+: .+",
            accession=("accession",),
            gene=("gene symbol", "gene symbols", "gene name"),
            quantities={
                # what the program has normalized comes second: purity is judged before normalization
                "abundance": r"Abundances?: (?P<s>F\d+: .+)",
                "normalized": r"Abundances? \(Normalized\): (?P<s>F\d+: .+)",
            },
            contaminant=("contaminant",),
            peptides=("peptides", "unique peptides"),
            description=("description",),
            hint="the columns 'Accession' and 'Abundance: F1: ...' or 'Abundances (Normalized): F1: ...' (Proteins export)",
        ),
        TABLE,
    )
}  # fmt: skip
