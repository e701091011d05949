"""Tables of marker sets: coverage, set tests, scores and the markers used."""

from __future__ import annotations

from markerkit.tables.spec import SET_LEVEL, Column, TableSpec

# One column per line, so that changes merge line by line.
# fmt: off

COVERAGE = TableSpec(
    "coverage",
    "Measured share of every marker set.",
    (
        Column("set", "str", "set id"),
        Column("title", "str", "its title"),
        Column("role", "str", "`positive` or `negative` members"),
        Column("fraction", "float", "measured share of the members"),
        Column("weight_fraction", "float", "measured share of the members' weight"),
        Column("measured", "str", "genes measured"),
        Column("not_measured", "str", "genes not measured"),
        *SET_LEVEL,
    ),
)

ENRICHMENT = TableSpec(
    "enrichment",
    "Set tests: competitive (camera), self-contained (fry), of the effect over the background (effect, joint), of ranks (gsea) and of hits (ora).",
    (
        Column("contrast", "str", "name of the contrast"),
        Column("set", "str", "set id"),
        Column("method", "str", "set test"),
        Column("direction", "str", "`up` or `down`"),
        Column("log2_fc", "float", "mean log2 fold change of the members minus that of the other proteins; in `effect` the weighted mean of the independent markers over the background, in `joint` the effect added by the set"),
        Column("se", "float", "standard error of log2_fc (effect, joint), samples and markers"),
        Column("ci_low", "float", "lower end of its 95 % interval"),
        Column("ci_high", "float", "upper end of its 95 % interval"),
        Column("correlation", "float", "estimated correlation between the members"),
        Column("statistic", "float", "test statistic: t or z; the normalized enrichment score of gsea; fold enrichment of ora"),
        Column("df", "float", "its degrees of freedom"),
        Column("n_hits", "int", "members among the hits (ora)"),
        Column("pvalue", "float", "two-sided p"),
        Column("padj", "float", "Benjamini-Hochberg over the family of the call: sets x contrasts; missing for gsea, which finds sets where nothing differs"),
        Column("pvalue_mixed", "float", "p for change in either direction (fry)"),
        Column("padj_mixed", "float", "Benjamini-Hochberg of the mixed p"),
        Column("leading_edge", "str", "members that contribute most, strongest first"),
        *SET_LEVEL,
    ),
)

SAMPLE_SCORES = TableSpec(
    "sample_scores",
    "Score of every set in every sample; singscore and ssgsea do not depend on the other samples.",
    (
        Column("sample", "str", "sample"),
        Column("set", "str", "set id"),
        Column("method", "str", "score"),
        Column("members", "str", "`positive`, `negative` (high where they are low) or `both`"),
        Column("score", "float", "score of the sample"),
        Column("ci_low", "float", "lower end of its 95 % interval, the members taken as a sample of possible ones"),
        Column("ci_high", "float", "upper end of the interval"),
        Column("dispersion", "float", "spread of the members' ranks (of their z, for the scores that average z)"),
        *SET_LEVEL,
    ),
)

MARKERS_USED = TableSpec(
    "markers_used",
    "Contribution of each marker of every assessed set in every contrast.",
    (
        Column("contrast", "str", "name of the contrast"),
        Column("set", "str", "set id"),
        Column("gene", "str", "gene symbol"),
        Column("accession", "str", "UniProt accession"),
        Column("protein", "str", "protein group that represents it"),
        Column("role", "str", "`positive`, `negative` or `source`"),
        Column("independent_marker", "str", "independent marker it belongs to: its gene or its complex"),
        Column("weight", "float", "weight before normalization to sum 1"),
        Column("log2_fc", "float", "log2 fold change"),
        Column("se", "float", "its standard error"),
        Column("detection", "str", "`measured`, `on`, `off`, `one group only` or `not measured`"),
        Column("status", "str", "`counted` or `not counted`"),
        Column("reason", "str", "why not"),
        Column("source", "str", "citation key"),
    ),
)
