"""Tables with one row per sample, blank or identifier."""

from __future__ import annotations

from markerkit.tables.spec import SET_LEVEL, Column, TableSpec

# One column per line, so that changes merge line by line.
# fmt: off

SOURCE_SHARES = TableSpec(
    "source_shares",
    "Share of the linear signal of each sample by contamination source, before normalization.",
    (
        Column("sample", "str", "sample"),
        Column("source", "str", "contamination source, or `ev` for the EV markers"),
        Column("share", "float", "share of the sample's total signal, 0 to 1"),
        Column("ci_low", "float", "lower end of the 95 % interval (over the measured members: delta method on the log scale, Student's t)"),
        Column("ci_high", "float", "upper end of the 95 % interval"),
        Column("approximate", "bool", "true where the input was logarithmic or imputed"),
        Column("basis", "str", "quantity that was summed: signal, iBAQ, or signal over length"),
        *SET_LEVEL,
    ),
)

SAMPLE_QUALITY = TableSpec(
    "sample_quality",
    "Quality card of every sample, without a comparator; never a class verdict.",
    (
        Column("sample", "str", "sample"),
        Column("role", "str", "`sample`, `blank` or `medium`"),
        Column("group", "str", "group within which outliers were sought"),
        Column("kind", "str", "`depth`, `marker`, `ev`, `share`, `index`, `check` or `outlier`"),
        Column("item", "str", "name of the quantity"),
        Column("value", "float", "its value; missing where it could not be computed"),
        Column("unit", "str", "its unit"),
        Column("ci_low", "float", "lower end of the 95 % interval, for shares"),
        Column("ci_high", "float", "upper end of the 95 % interval, for shares"),
        Column("percentile", "float", "percentile in the reference distribution of simulated preparations, 0 to 100; not a population of real samples"),
        Column("reference_distribution", "str", "name of the reference distribution (simulated preparations)"),
        Column("blank_limit", "float", "value that the blanks alone would give in this sample, in the unit of the value"),
        Column("flag", "str", "`review` where a rule asks for a manual check, else empty"),
        Column("meaning", "str", "what it means"),
        *SET_LEVEL,
    ),
)

BLANKS = TableSpec(
    "blanks",
    "Content of procedural blanks and unconditioned medium, and how much of the samples it could explain.",
    (
        Column("role", "str", "`blank` or `medium`"),
        Column("level", "str", "`source`, `contamination fraction` or `protein`"),
        Column("key", "str", "source, contrast or protein group"),
        Column("gene", "str", "gene symbol of a protein"),
        Column("n_blanks", "int", "blanks, or media"),
        Column("n_blanks_seen", "int", "blanks, or media, in which it was detected"),
        Column("n_samples_seen", "int", "samples in which it was detected"),
        Column("blank_share", "float", "share of the blank's own signal, median"),
        Column("sample_share", "float", "share of the samples' signal, median"),
        Column("ratio", "float", "signal of the blank over that of the median sample in which it was detected"),
        Column("limit", "float", "share of the median sample's signal, or its contamination fraction, that the largest blank alone would give"),
        Column("flag", "str", "`review` where the blank could explain a relevant part of the samples"),
        Column("status", "str", "`compared` or `not compared`"),
        Column("reason", "str", "why not, or which caution applies"),
    ),
)

CONTAMINATION_FRACTION = TableSpec(
    "contamination_fraction",
    "Contamination fraction: share of the preparation's signal that is comparator-like (cf. the contamination fraction of SoupX).",
    (
        Column("contrast", "str", "name of the contrast, `case vs control`"),
        Column("compartment", "str", "`all`, or the compartment whose non-vesicular reference proteins were used"),
        Column("fraction", "float", "contamination fraction kappa in p = (1 - kappa) v + kappa q, 0 to 1 (p preparation, v vesicles, q comparator)"),
        Column("ci_low", "float", "lower end of the 95 % interval"),
        Column("ci_high", "float", "upper end of the 95 % interval"),
        Column("bound", "str", "`at most` (an upper bound) or `about`"),
        Column("n_measured", "int", "independent reference proteins used"),
        Column("n_set", "int", "independent reference proteins in the sets"),
        Column("n_dropped", "int", "reference proteins dropped because they are vesicle-resident"),
        Column("approximate", "bool", "true where the input was logarithmic or imputed"),
        Column("status", "str", "`assessed` or `not assessable`"),
        Column("reason", "str", "why not, or which caution applies"),
    ),
)

SAMPLES_USED = TableSpec(
    "samples_used",
    "Every sample: its group, depth, and whether it was used.",
    (
        Column("sample", "str", "sample as given"),
        Column("unit", "str", "biological unit it counts as after technical replicates are collapsed"),
        Column("group", "str", "its level of the condition"),
        Column("pair", "str", "its pair or donor"),
        Column("batch", "str", "its batch"),
        Column("n_measured", "int", "proteins measured"),
        Column("total_signal", "float", "sum of the linear abundances"),
        Column("median_log2", "float", "median log2 abundance before normalization"),
        Column("status", "str", "`used` or `not used`"),
        Column("reason", "str", "why not"),
    ),
)

ID_MAPPING = TableSpec(
    "id_mapping",
    "Every protein group: how its identifiers were mapped.",
    (
        Column("protein", "str", "protein group"),
        Column("input_accession", "str", "accessions as given"),
        Column("input_gene", "str", "symbols as given"),
        Column("accession", "str", "accession it was mapped to"),
        Column("gene", "str", "symbol it was mapped to; where not mapped, a symbol as given"),
        Column("species", "str", "species, where the identifiers state it"),
        Column("how", "str", "`accession`, `symbol`, `alias`, ..."),
        Column("n_genes", "int", "genes that the group's members belong to"),
        Column("is_contaminant", "bool", "flagged as a contaminant"),
        Column("is_decoy", "bool", "flagged as a decoy"),
        Column("status", "str", "`mapped`, `ambiguous` or `not mapped`"),
        Column("reason", "str", "the rule applied, or why not"),
    ),
)
