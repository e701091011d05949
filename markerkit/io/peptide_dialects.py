"""How the peptide tables of search engines look: one entry per layout."""

from __future__ import annotations

from dataclasses import dataclass, replace

from markerkit.io.dialects import ACCESSIONS, ANNOTATION, GENES, Dialect
from markerkit.io.long_reports import LongReport, find_report

_CONTAMINANT = ("potential contaminant", "contaminant", "is contaminant")
_DECOY = ("reverse", "decoy", "is decoy", "eg isdecoy")


@dataclass(frozen=True)
class PeptideDialect:
    """Layout of a peptide table; names of columns are folded, the first that is there counts.

    Parameters
    ----------
    columns
        Name, signature, quantities and flags; its ``accession`` are the columns of the sequence.
    proteins
        Columns of all proteins that hold the peptide; those that are there are put together.
    leading
        Protein group that the search engine assigned the peptide to.
    choose
        Whether `leading` may list several groups, of which the razor rule chooses one.
    all_proteins
        Those of `proteins` that name every protein that holds the peptide, so that a peptide of
        one species is known to be in no other.
    unique
        Columns that say whether the peptide is of one group: yes, true, ``+`` or 1.
    start, end
        Place in the leading protein.
    positions
        Column with both, as in ``P02768 [42-51]``.
    before, after
        Residues beside the peptide.
    flanked
        Columns of the sequence with the residues beside it, as in ``[K].PEPTIDER.[A]``.
    species
        Columns of the species.
    """

    columns: Dialect
    proteins: tuple[str, ...]
    leading: tuple[str, ...] = ()
    choose: bool = False
    all_proteins: tuple[str, ...] = ()
    unique: tuple[str, ...] = ()
    start: tuple[str, ...] = ("start position", "start", "protein start")
    end: tuple[str, ...] = ("end position", "end", "protein end")
    positions: tuple[str, ...] = ()
    before: tuple[str, ...] = (
        "n term cleavage window",
        "amino acid before",
        "prev aa",
        "previous aa",
        "before",
    )
    after: tuple[str, ...] = ("c term cleavage window", "amino acid after", "next aa", "after")
    flanked: tuple[str, ...] = ("annotated sequence",)
    species: tuple[str, ...] = ("organism", "organisms", "species", "pg organisms")

    @property
    def name(self) -> str:
        """What the user calls the software."""
        return self.columns.name


#: columns of a sequence with or without its modifications, those without first
SEQUENCES = (
    "stripped sequence", "base sequence", "peptide sequence", "peptidesequence", "pep strippedsequence", "sequence", "peptide",
    "peptides", "annotated sequence", "modified sequence", "modified peptide", "peptide modified sequence", "pep groupingkey",
    "eg modifiedpeptide", "eg modifiedsequence", "eg precursorid", "precursor id",
)  # fmt: skip
_PEPTIDE_ANNOTATION = frozenset(
    {
        *SEQUENCES, "charge", "charges", "precursor charge", "precursorcharge", "m z", "mz", "start", "end", "start position",
        "end position", "protein start", "protein end", "missed cleavages", "retention time", "rt", "spectral angle", "proteotypic",
        "unique", "is unique", "modifications", "peptide length", "peptide prophet", "probability", "best score", "pep score",
        "n psms", "spectral count", "before", "after", "prev aa", "next aa", "q value", "all mapped proteins", "all mapped genes",
        "delta score", "theo mh da", "number of proteins", "protein count", "ppm", "z", "scan", "fraction", "10lgp", "ascore",
        "delta mass", "hyperscore", "expectation", "posterior error probability", "ion mobility", "ccs", "im", "feature",
    }
)  # fmt: skip

#: the peptide table of any program
PEPTIDES = PeptideDialect(
    Dialect(
        name="table",
        signature=frozenset(),
        accession=SEQUENCES,
        gene=GENES,
        quantities={"table": ""},
        annotation=ANNOTATION | _PEPTIDE_ANNOTATION,
        contaminant=_CONTAMINANT,
        decoy=_DECOY,
        hint="a column 'sequence', a column 'protein' and one column per sample",
    ),
    proteins=ACCESSIONS,
    unique=("is unique", "unique"),
)

_RUN = r"(?:\[\d+\] ?|X\.\d+\.\.)?(?P<s>.+)[._ ]"

PEPTIDE_DIALECTS: tuple[PeptideDialect, ...] = (
    PeptideDialect(
        Dialect(
            name="maxquant",
            signature=frozenset({"sequence", "proteins", "leading razor protein"}),
            accession=("sequence",),
            gene=("gene names", "gene name"),
            quantities={
                "reporter": r"Reporter[ .]intensity[ .]corrected[ .](?P<s>\d+[ .].+)",
                "reporter of one plex": r"Reporter[ .]intensity[ .]corrected[ .](?P<s>\d+)",
                "intensity": r"Intensity[ .](?P<s>.+)",
                "lfq": r"LFQ[ .]intensity[ .](?P<s>.+)",
            },
            contaminant=_CONTAMINANT,
            decoy=_DECOY,
            hint="the columns 'Sequence', 'Proteins', 'Leading razor protein' and 'Intensity ...' (peptides.txt)",
        ),
        proteins=("proteins",),
        all_proteins=("proteins",),
        leading=("leading razor protein",),
        unique=("unique groups",),
    ),
    PeptideDialect(
        Dialect(
            name="fragpipe",
            signature=frozenset({"protein", "mapped proteins"}),
            either=frozenset({"peptide sequence", "sequence", "peptide"}),
            accession=("peptide sequence", "sequence", "peptide"),
            gene=("gene",),
            quantities={
                "intensity": r"(?P<s>.+?)(?<! MaxLFQ) Intensity",
                "maxlfq": r"(?P<s>.+) MaxLFQ Intensity",
                "intensity of one sample": r"(?P<s>Intensity)",
            },
            hint="the columns 'Peptide Sequence', 'Protein', 'Mapped Proteins' and '... Intensity' (combined_peptide.tsv), or "
            "'Intensity' (peptide.tsv of one sample)",
        ),
        proteins=("protein", "mapped proteins"),
        all_proteins=("mapped proteins",),
        leading=("protein",),
    ),
    PeptideDialect(
        Dialect(
            name="diann",
            signature=frozenset({"protein group", "stripped sequence"}),
            either=frozenset({"precursor id", "precursor charge", "modified sequence"}),
            accession=("stripped sequence",),
            gene=("genes",),
            quantities={"normalized": ""},
            annotation=frozenset(
                {"protein group", "protein ids", "protein names", "genes", "first protein description", "proteotypic",
                 "stripped sequence", "modified sequence", "precursor charge", "precursor id", "all mapped proteins",
                 "all mapped genes", "n sequences", "n proteotypic sequences"}
            ),
            hint="the columns 'Protein.Group', 'Stripped.Sequence' and one column per run (report.pr_matrix.tsv)",
        ),
        proteins=("protein group", "protein ids", "all mapped proteins"),
        all_proteins=("protein ids", "all mapped proteins"),
        leading=("protein group",),
    ),
    PeptideDialect(
        Dialect(
            name="spectronaut",
            signature=frozenset(),
            either=frozenset({"pep strippedsequence", "pep groupingkey", "eg modifiedsequence", "eg precursorid"}),
            accession=tuple(s for s in SEQUENCES if s.startswith(("pep ", "eg "))),
            gene=("pg genes",),
            quantities={
                "precursor": _RUN + r"EG[. ]TotalQuantity(?:[. ]+\(?Settings[).]?)?",
                "ms2": _RUN + r"FG[. ](?:MS2)?Quantity",
                "peptide": _RUN + r"PEP[. ]Quantity",
            },
            contaminant=_CONTAMINANT,
            decoy=_DECOY,
            hint="the columns 'PEP.StrippedSequence' and '[1] run.PEP.Quantity' or '[1] run.EG.TotalQuantity (Settings)' (pivot)",
        ),
        proteins=("pg proteingroups", "pg proteinaccessions", "pep alloccurringproteinaccessions"),
        all_proteins=("pep alloccurringproteinaccessions",),
        leading=("pg proteingroups", "pg proteinaccessions"),
        unique=("pep isproteingroupspecific",),
    ),
    PeptideDialect(
        Dialect(
            name="proteome_discoverer",
            signature=frozenset({"annotated sequence", "master protein accessions"}),
            accession=("sequence", "annotated sequence"),
            gene=("gene symbol", "gene symbols"),
            quantities={
                # what the program has normalized comes second: purity is judged before normalization
                "abundance": r"Abundances?[:. ]+(?P<s>F\d+[:. ].+)",
                "normalized": r"Abundances?[. ]+\(?Normalized\)?[:. ]+(?P<s>F\d+[:. ].+)",
            },
            contaminant=_CONTAMINANT,
            decoy=_DECOY,
            hint="the columns 'Annotated Sequence', 'Master Protein Accessions' and 'Abundance: F1: ...' (Peptide Groups export)",
        ),
        proteins=("protein accessions", "master protein accessions"),
        all_proteins=("protein accessions",),
        leading=("master protein accessions",),
        choose=True,
        unique=("protein groups", "number of protein groups"),
        positions=("positions in master proteins", "positions in proteins"),
    ),
    PeptideDialect(
        Dialect(
            name="peaks",
            signature=frozenset({"peptide", "10lgp"}),
            accession=("peptide",),
            gene=("gene", "gene name"),
            quantities={"area": r"Area[ .](?P<s>.+)", "intensity": r"Intensity[ .](?P<s>.+)"},
            contaminant=_CONTAMINANT,
            decoy=_DECOY,
            hint="the columns 'Peptide', '-10lgP', 'Accession' and 'Area ...' (peptide.csv or protein-peptides.csv)",
        ),
        proteins=("accession", "protein accession"),
        all_proteins=("accession", "protein accession"),
        flanked=("peptide",),
    ),
)  # fmt: skip

#: what `software` may be, beside ``"auto"``
PEPTIDE_SOFTWARE = tuple(dict.fromkeys(d.name for d in (*PEPTIDE_DIALECTS, PEPTIDES)))

#: column that identifies a precursor of a long report: added where the report has none
PRECURSOR = "markerkit precursor"
_LONG_QUANTITIES: dict[str, dict[str, tuple[str, ...]]] = {
    "diann": {"intensity": ("precursor quantity",), "normalized": ("precursor normalised",)},
    "spectronaut": {
        "precursor": ("eg totalquantity settings", "fg quantity", "fg ms2quantity"),
        "peptide": ("pep quantity",),
    },
}
_PROTEIN_REPORT = frozenset({"run", "r filename", "protein group", "pg proteingroups", "pg quantity"})


def _long(name: str, quantities: dict[str, tuple[str, ...]]) -> LongReport:
    """Take the long report of a program for its precursors: with the runs, limits and decoys of its protein report."""
    report = find_report(set(_PROTEIN_REPORT), name)
    assert report is not None
    return replace(report, accession=(PRECURSOR,), quantities=quantities, gene=(), description=())


#: long reports, one row per run and precursor (or fragment)
LONG: dict[str, LongReport] = {name: _long(name, q) for name, q in _LONG_QUANTITIES.items()}
#: what tells the precursors of a long report apart: one of the first, or all of the second
PRECURSOR_COLUMNS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "diann": (("precursor id",), ("modified sequence", "precursor charge")),
    "spectronaut": (("eg precursorid",), ("eg modifiedsequence", "fg charge")),
}
