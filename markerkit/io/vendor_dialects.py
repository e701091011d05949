"""How the tables of search engines look: one entry per layout; a software may have several.

Column names are those of exports of the named versions, as read in public repositories.
"""

from __future__ import annotations

from markerkit.io.dialects import ACCESSIONS, ANNOTATION, GENES, TABLE, Dialect

_GAP = "[ ._]"  # between the words of a header: as written, after make.names of R, after other renaming
# MaxQuant: the run alone (label-free), the label L, M or H alone (a sum over runs), or label and run (SILAC)
_SILAC = rf"(?P<s>(?P<label>[LMH])(?:{_GAP}(?P<run>.+))?|.+)"
# the channel alone (one plex, or a sum over plexes), or channel and plex
_CHANNEL = rf"(?P<s>(?P<label>\d+)(?:{_GAP}(?P<run>.+))?)"
_MAXQUANT = {
    # reporter columns are there in runs with isobaric labels only, where the MS1 intensity adds up all channels
    "reporter": rf"Reporter{_GAP}intensity{_GAP}corrected{_GAP}{_CHANNEL}",
    # corrected in versions before 1.6, which call the other one "not corrected"
    "reporter intensity": rf"Reporter{_GAP}intensity{_GAP}{_CHANNEL}",
    "reporter not corrected": rf"Reporter{_GAP}intensity{_GAP}not{_GAP}corrected{_GAP}{_CHANNEL}",
    "lfq": rf"LFQ{_GAP}intensity{_GAP}{_SILAC}",
    "intensity": rf"Intensity{_GAP}{_SILAC}",
    "ibaq": rf"iBAQ{_GAP}(?!peptides){_SILAC}",
    "spectral counts": rf"MS/?\.?MS{_GAP}count{_GAP}(?P<s>.+)",
}
_MAXQUANT_HINT = (
    "the columns 'Protein IDs' or 'Majority protein IDs' and 'LFQ intensity ...', 'Intensity ...' or 'Reporter intensity "
    "...' ('Intensity' alone is the sum over all samples)"
)
# a sample of FragPipe is none of the words that stand before its sums over samples, or for its kinds of peptides
_EXPERIMENT = r"(?!(?:Combined|Summarized|Total|Unique|Razor)[ .])(?P<s>.+?)"
_PLAIN_KIND = "".join(rf"(?<![ .]{kind})" for kind in ("MaxLFQ", "Razor", "Unique", "Total"))
_SKYLINE = r"(?P<s>.+)[ .]Sum[ .]Normalized[ .]?Area"
_RUN = r"(?:\[\d+\][ _]?|X\.?\d+\.\.)?(?P<s>.+)[._ ]PG[. ]"  # [1] run, or what make.names of R makes of it
_PD_GAP = r"[ .:_()]*"

_VENDORS: dict[str, Dialect] = {
    "maxquant": Dialect(
        name="maxquant",
        signature=frozenset(),
        either=frozenset({"protein ids", "majority protein ids"}),
        column_pattern=rf"(?:LFQ|Reporter){_GAP}intensity{_GAP}.+|(?:Intensity|iBAQ)(?:{_GAP}.+)?"
        rf"|MS/?\.?MS{_GAP}count{_GAP}.+",
        accession=("majority protein ids", "protein ids"),
        gene=("gene names", "gene name"),
        quantities=_MAXQUANT,
        contaminant=("potential contaminant", "contaminant"),
        decoy=("reverse",),
        peptides=("razor unique peptides",),
        description=("fasta headers",),
        hint=_MAXQUANT_HINT,
    ),
    "maxquant_trimmed": Dialect(
        name="maxquant",
        signature=frozenset(),
        column_pattern=rf"(?:LFQ{_GAP}intensity|Reporter{_GAP}intensity{_GAP}corrected){_GAP}.+",
        accession=ACCESSIONS,
        gene=GENES,
        quantities=_MAXQUANT,
        contaminant=("potential contaminant", "contaminant"),
        decoy=("reverse",),
        peptides=("razor unique peptides",),
        description=("fasta headers",),
        hint=_MAXQUANT_HINT,
    ),
    "diann": Dialect(
        name="diann",
        signature=frozenset({"protein group"}),
        either=frozenset({"genes", "protein ids", "protein names", "first protein description"}),
        accession=("protein group",),
        gene=("genes",),
        quantities={"maxlfq": ""},
        annotation=ANNOTATION,
        description=("first protein description", "protein names"),
        hint="the columns 'Protein.Group', 'Genes' and one column per run (report.pg_matrix.tsv)",
    ),
    "diann_genes": Dialect(
        name="diann",
        signature=frozenset({"genes", "n proteotypic sequences"}),
        accession=(),
        gene=("genes",),
        quantities={"maxlfq": ""},
        annotation=ANNOTATION,
        hint="the columns 'Genes', 'N.Sequences' and one column per run (report.gg_matrix.tsv)",
    ),
    "alphadia": Dialect(
        name="alphadia",
        signature=frozenset({"pg"}),
        accession=("pg",),
        gene=("genes",),
        quantities={"intensity": ""},
        annotation=ANNOTATION | {"pg"},
        hint="the column 'pg' and one column per run (pg.matrix.tsv)",
    ),
    "tmt_integrator": Dialect(
        name="tmt_integrator",
        signature=frozenset({"index", "numberpsm", "referenceintensity"}),
        accession=("proteinid", "protein id", "protein", "index"),
        gene=("gene", "index"),
        quantities={"abundance": ""},
        annotation=ANNOTATION | {"indistinguishable proteins", "start", "end"},
        description=("protein description", "organism"),
        tagged=("protein", "index"),
        hint="the columns 'Index', 'NumberPSM', 'ReferenceIntensity' and one column per channel (abundance_protein_MD.tsv)",
        scales={"abundance": "log2"},
    ),
    "fragpipe_channels": Dialect(
        name="fragpipe",
        signature=frozenset({"protein", "protein id", "razor intensity"}),
        accession=("protein id", "protein"),
        gene=("gene", "gene names", "genes"),
        quantities={"reporter": r"(?:Channel|Intensity)[ .](?P<s>.+)", "channel": "(?P<s>.+)"},
        peptides=("razor peptides", "unique peptides", "total peptides", "stripped peptides"),
        description=("organism", "entry name"),
        tagged=("protein",),
        after="indistinguishable proteins",
        hint="the columns 'Protein', 'Protein ID' and, after 'Indistinguishable Proteins', one per channel (protein.tsv)",
    ),
    "fragpipe": Dialect(
        name="fragpipe",
        signature=frozenset({"protein", "protein id"}),
        column_pattern=r"(?:.+[ .])?(?:Intensity|Spectral[ .]Count)",
        accession=("protein id", "protein"),
        gene=("gene", "gene names", "genes"),
        quantities={
            "maxlfq": rf"{_EXPERIMENT}[ .]MaxLFQ[ .]Intensity",
            "intensity": rf"{_EXPERIMENT}{_PLAIN_KIND}[ .]Intensity",
            # protein.tsv holds one sample, without a name
            "razor": rf"(?:{_EXPERIMENT}[ .])?Razor[ .]Intensity",
            "total": rf"(?:{_EXPERIMENT}(?<![ .]MaxLFQ)[ .])?Total[ .]Intensity",
            "unique": rf"(?:{_EXPERIMENT}(?<![ .]MaxLFQ)[ .])?Unique[ .]Intensity",
            "spectral counts": rf"{_EXPERIMENT}{_PLAIN_KIND}[ .]Spectral[ .]Count",
            "razor spectral counts": rf"(?:{_EXPERIMENT}[ .])?Razor[ .]Spectral[ .]Count",
            "total spectral counts": rf"(?:{_EXPERIMENT}[ .])?Total[ .]Spectral[ .]Count",
            "unique spectral counts": rf"(?:{_EXPERIMENT}[ .])?Unique[ .]Spectral[ .]Count",
        },
        peptides=("combined total peptides", "unique stripped peptides", "razor peptides", "unique peptides"),
        description=("organism", "entry name"),
        tagged=("protein",),
        hint="the columns 'Protein', 'Protein ID' and '... MaxLFQ Intensity' or '... Intensity' (combined_protein.tsv)",
    ),
    "spectronaut": Dialect(
        name="spectronaut",
        signature=frozenset(),
        either=frozenset({"pg proteingroups", "pg proteinaccessions", "pg uniprotids", "pg proteinnames", "pg genes"}),
        column_pattern=r".+PG[. ](?:(?:MS[12]|Log2|Normalized)?Quantity|IBAQ)",
        accession=("pg proteingroups", "pg proteinaccessions", "pg uniprotids", "pg proteinnames"),
        gene=("pg genes",),
        quantities={
            "quantity": rf"{_RUN}Quantity",
            "ms2 quantity": rf"{_RUN}MS2Quantity",
            "ms1 quantity": rf"{_RUN}MS1Quantity",
            "normalized quantity": rf"{_RUN}NormalizedQuantity",
            "log2 quantity": rf"{_RUN}Log2Quantity",
            "ibaq": rf"{_RUN}IBAQ",
        },
        description=("pg fastaheaders", "pg proteindescriptions", "pg organisms"),
        hint="the columns 'PG.ProteinGroups' and '[1] run.PG.Quantity' (pivot), or 'R.FileName' and 'PG.Quantity' (long)",
        scales={"log2 quantity": "log2"},
    ),
    "proteome_discoverer": Dialect(
        name="proteome_discoverer",
        signature=frozenset({"accession"}),
        column_pattern=rf"Abundances?(?:{_PD_GAP}(?:(?:Normalized|Grouped|Scaled|Ratio)\b.*|F\d+.*)|: .+)",
        accession=("accession",),
        gene=("gene symbol", "gene symbols", "gene name"),
        quantities={
            # what the program has normalized comes second: purity is judged before normalization
            "abundance": rf"Abundances?(?:{_PD_GAP}(?=F\d)|: )(?P<s>.+)",
            "normalized": rf"Abundances?{_PD_GAP}Normalized(?:{_PD_GAP}(?=F\d)|\): )(?P<s>.+)",
        },
        contaminant=("contaminant",),
        peptides=("peptides", "number of peptides", "unique peptides", "number of unique peptides"),
        description=("description",),
        length=("aas", "number of aas"),
        hint="the columns 'Accession' and 'Abundance: F1: ...' or 'Abundances (Normalized): F1: ...' (Proteins export; "
        "'Abundances (Grouped)' are means of groups, 'Abundances (Scaled)' were scaled protein by protein)",
    ),
    "proteome_discoverer_1": Dialect(
        name="proteome_discoverer",
        signature=frozenset({"accession", "calc pi", "mw kda"}),
        column_pattern=r"Area(?:[ .][A-Z]\d+)?",
        accession=("accession",),
        gene=("gene symbol", "gene"),
        quantities={
            "area": r"Area(?:[ .](?P<s>[A-Z]\d+))?",
            "spectral counts": r"\W*PSMs?(?:[ .](?P<s>[A-Z]\d+))?",
        },
        peptides=("peptides", "unique peptides"),
        description=("description",),
        length=("aas",),
        hint="the columns 'Accession', 'calc. pI' and 'Area' or 'Area A1' (version 1.4)",
    ),
    "proline": Dialect(
        name="proline",
        signature=frozenset({"accession"}),
        column_pattern=r"(?:raw_)?abundance_.+",
        accession=("accession",),
        gene=("gene name", "gene", "gene names"),
        quantities={
            "raw abundance": r"raw_abundance_(?P<s>.+)",
            "abundance": r"abundance_(?P<s>.+)",
            "spectral counts": r"psm_count_(?P<s>.+)",
        },
        description=("description",),
        hint="the columns 'accession' and 'raw_abundance_...' or 'abundance_...' (sheet of the protein sets)",
    ),
    "peaks": Dialect(
        name="peaks",
        signature=frozenset({"accession"}),
        either=frozenset({"description", "avg mass", "10lgp", "significance", "coverage"}),
        column_pattern=r".+[ .]Area|Area[ .].+",
        accession=("accession",),
        gene=("gene",),
        quantities={
            "area": r"(?=Area[ .]|.+[ .]Area$)(?:Area[ .])?(?P<s>.+?)(?:[ .]Area)?",
            "spectral counts": r"[#X]\.?Spec[ .](?P<s>.+)",
        },
        peptides=("peptides", "unique"),
        description=("description",),
        # behind this column stand the means of the groups, under headers of the same form
        before="sample profile ratio",
        hint="the columns 'Accession' and '... Area' or 'Area ...' (proteins.csv, lfq.proteins.csv)",
    ),
    "flashlfq": Dialect(
        name="flashlfq",
        signature=frozenset({"organism"}),
        either=frozenset({"protein groups", "protein accession"}),
        column_pattern=r"Intensity_.+",
        accession=("protein groups", "protein accession"),
        gene=("gene name", "gene"),
        quantities={"intensity": r"Intensity_(?P<s>.+)"},
        contaminant=("protein decoy contaminant target",),
        decoy=("protein decoy contaminant target",),
        description=("organism",),
        hint="the columns 'Protein Groups', 'Organism' and 'Intensity_...' (QuantifiedProteins.tsv)",
    ),
    "skyline": Dialect(
        name="skyline",
        signature=frozenset(),
        either=frozenset({"protein", "protein name", "protein accession"}),
        column_pattern=rf"{_SKYLINE}|.+[ .]Protein[ .]?Abundance",
        accession=("protein accession", "protein", "protein name"),
        gene=("protein gene", "proteingene", "gene"),
        quantities={
            "sum of normalized areas": _SKYLINE,
            "protein abundance": r"(?P<s>.+)[ .]Protein[ .]?Abundance",
        },
        description=("protein description", "proteindescription", "protein"),
        hint="the columns 'Protein' and '... Sum Normalized Area'",
    ),
    "msdap": Dialect(
        name="msdap",
        signature=frozenset({"protein id", "gene symbols or id"}),
        column_pattern=r"sample: .+",
        accession=("protein id",),
        gene=("gene symbols or id",),
        quantities={"abundance": r"sample: (?P<s>.+)"},
        peptides=("unique peptides",),
        description=("fasta headers",),
        hint="the columns 'protein_id', 'gene_symbols_or_id' and 'sample: ...' (protein_abundance__global data filter.tsv)",
        scales={"abundance": "log2"},
    ),
}  # fmt: skip

#: every layout, in the order in which a header is compared with them
DIALECTS: dict[str, Dialect] = {**_VENDORS, TABLE.name: TABLE}
