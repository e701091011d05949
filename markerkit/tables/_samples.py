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
        Column("severity", "str", "of a flag: `serious` from a tenth of the signal on and where a share is that of the undiluted material, else `warning`"),
        Column("meaning", "str", "what it means"),
        Column("advice", "str", "what to do about a flag"),
        *SET_LEVEL,
    ),
)

SAMPLE_VALUES = TableSpec(
    "sample_values",
    "What was measured in every sample: number of proteins and distribution of their intensities, before normalization.",
    (
        Column("sample", "str", "sample"),
        Column("role", "str", "`sample`, `blank` or `medium`"),
        Column("group", "str", "its group; blanks and medium are groups by themselves"),
        Column("n_proteins", "int", "protein groups measured, flagged contaminants among them, without decoys"),
        Column("n_without_contaminants", "int", "protein groups measured, without flagged contaminants"),
        Column("n_set", "int", "protein groups of the table, without flagged contaminants and decoys"),
        Column("missing", "float", "share of these without a value, 0 to 1"),
        Column("q05", "float", "5 % quantile of the log2 values, without flagged contaminants"),
        Column("q25", "float", "lower quartile"),
        Column("median", "float", "median"),
        Column("q75", "float", "upper quartile"),
        Column("q95", "float", "95 % quantile"),
        Column("status", "str", "`measured` or `no value`"),
        Column("reason", "str", "why there are no quantiles"),
    ),
)

GROUP_VALUES = TableSpec(
    "group_values",
    "Missing values, spread and similarity of the samples of every group, before normalization, without flagged contaminants.",
    (
        Column("group", "str", "group of samples; blanks and medium are groups by themselves"),
        Column("role", "str", "`sample`, `blank` or `medium`"),
        Column("n_samples", "int", "samples of the group"),
        Column("n_proteins", "int", "protein groups measured in at least one preparation of the study"),
        Column("n_in_all", "int", "of these, measured in every sample of the group"),
        Column("n_in_some", "int", "of these, measured in some samples of the group"),
        Column("n_in_none", "int", "of these, measured in no sample of the group"),
        Column("missing", "float", "share of the values of these proteins that are missing, 0 to 1"),
        Column("n_cv", "int", "protein groups with enough values for a coefficient of variation"),
        Column("cv_median", "float", "median coefficient of variation within the group, of linear values (0.2 is 20 %)"),
        Column("cv_q25", "float", "lower quartile of the coefficients of variation"),
        Column("cv_q75", "float", "upper quartile of the coefficients of variation"),
        Column("cv_basis", "str", "`linear values`, or `sd of log values`: sqrt(exp(s^2) - 1), s the standard deviation of the natural logarithms"),
        Column("cv_reason", "str", "why it could not be computed, or which caution applies"),
        Column("r_within", "float", "median Pearson correlation of the pairs of samples of the group, on log2 values"),
        Column("r_within_lowest", "float", "the lowest of these correlations"),
        Column("r_between", "float", "median correlation of its samples with the preparations of other groups"),
        Column("r_reason", "str", "why there is no correlation within the group"),
        Column("missing_slope", "float", "change of the log odds of a missing value per doubling of the mean intensity of the protein in the group"),
        Column("missing_slope_ci_low", "float", "lower end of its 95 % interval"),
        Column("missing_slope_ci_high", "float", "upper end of its 95 % interval"),
        Column("missing_values", "str", "`falls with intensity`, `no dependence seen`, `rises with intensity` or `not assessable`"),
        Column("missing_reason", "str", "why it is not assessable"),
    ),
)

REPLICATE_CORRELATION = TableSpec(
    "replicate_correlation",
    "Pearson correlation of every two samples on the log2 values of the proteins that both measured, before normalization.",
    (
        Column("sample", "str", "sample"),
        Column("group", "str", "its group"),
        Column("other", "str", "the other sample; empty in studies of more than 200 samples, whose rows are medians over the samples of a group"),
        Column("other_group", "str", "group of the other sample"),
        Column("same_group", "bool", "true within a group"),
        Column("pearson", "float", "correlation, without flagged contaminants and decoys"),
        Column("n_shared", "int", "protein groups measured in both"),
        Column("status", "str", "`computed` or `too few shared`"),
        Column("reason", "str", "why it could not be computed"),
    ),
)

MISSING_BY_INTENSITY = TableSpec(
    "missing_by_intensity",
    "Share of missing values by intensity in every group: bins of equally many proteins that the group measured.",
    (
        Column("group", "str", "group of samples"),
        Column("bin", "int", "bin, from the least intense"),
        Column("log2_from", "float", "least mean log2 intensity of its proteins, over the samples of the group that measured them"),
        Column("log2_median", "float", "median of the mean log2 intensities"),
        Column("log2_to", "float", "largest mean log2 intensity"),
        Column("n_proteins", "int", "protein groups of the bin"),
        Column("n_values", "int", "values that they could have: protein groups times samples"),
        Column("n_missing", "int", "of these missing"),
        Column("missing", "float", "share missing, 0 to 1"),
    ),
)

PCA = TableSpec(
    "pca",
    "Scores of the samples on the first two principal components of the log2 values of the proteins measured in every sample; samples centered on their median, proteins on their mean.",
    (
        Column("sample", "str", "sample"),
        Column("group", "str", "its group"),
        Column("pc1", "float", "score on the first component, log2 units"),
        Column("pc2", "float", "score on the second component, log2 units"),
        Column("explained_pc1", "float", "share of the variance along the first component, 0 to 1"),
        Column("explained_pc2", "float", "share of the variance along the second component, 0 to 1"),
        Column("n_proteins", "int", "protein groups measured in every sample, without flagged contaminants and decoys"),
        Column("status", "str", "`computed` or `not computed`"),
        Column("reason", "str", "why not"),
    ),
)

RANK_ABUNDANCE = TableSpec(
    "rank_abundance",
    "Proteins of every group from the most to the least abundant: those measured in at least half of the group's samples.",
    (
        Column("group", "str", "group of samples"),
        Column("rank", "int", "rank, 1 for the most abundant"),
        Column("protein", "str", "protein group"),
        Column("gene", "str", "gene symbol"),
        Column("log2_mean", "float", "mean of the log2 values measured, samples aligned on their medians"),
        Column("n_measured", "int", "samples of the group that measured it"),
        Column("n_samples", "int", "samples of the group"),
        Column("category", "str", "MISEV2018 category of its gene, such as `1a`; empty for other proteins"),
        Column("key", "int", "place among the key markers, which figures label first; 0 for the others"),
    ),
)

MARKER_ABUNDANCE = TableSpec(
    "marker_abundance",
    "Every marker of the MISEV2018 categories in every sample.",
    (
        Column("category", "str", "MISEV2018 category: 1 membrane, 2 cytosol of EVs, 3 co-isolated, 4 other compartments, 5 secreted"),
        Column("gene", "str", "gene symbol"),
        Column("key", "int", "place among the key markers, which figures draw first; 0 for the others"),
        Column("protein", "str", "protein group that stands for it"),
        Column("sample", "str", "sample; empty in the one row of a marker that no sample measured"),
        Column("group", "str", "its group"),
        Column("log2", "float", "log2 abundance, samples aligned on their medians; missing where not measured"),
        Column("over_median", "float", "the same minus the median of the proteins of the sample (of those that every sample measured, where there are 50)"),
        Column("status", "str", "`measured`, `not measured` in this sample, or `not in the table`"),
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

_REFERENCE = (
    Column("reference", "str", "where the share stands among real documented preparations, in words; empty where there is no place"),
    Column("reference_quantile", "float", "its percentile there, 0 to 100"),
    Column("reference_kind", "str", "preparations that it is compared with"),
    Column("reference_n", "int", "their number"),
    Column("reference_studies", "int", "number of studies that they come from"),
    Column("reference_low", "float", "10 % quantile of the share in these preparations"),
    Column("reference_median", "float", "their median"),
    Column("reference_high", "float", "90 % quantile"),
    Column("reference_own", "str", "`yes` where this data set is one of these studies, `no`, or `not known` where the context names no accession"),
)

COMPOSITION = TableSpec(
    "composition",
    "What is in the tube: share of the signal of every component in every sample and group, each protein counted once; without a comparator.",
    (
        Column("level", "str", "`group` or `sample`"),
        Column("name", "str", "group, or sample"),
        Column("group", "str", "group (of the sample); blanks and medium are groups by themselves"),
        Column("n_samples", "int", "samples with any signal"),
        Column("component", "str", "`ev` for the EV markers, a contamination source, or `unassigned`"),
        Column("title", "str", "its name in print"),
        Column("share", "float", "share of the signal, 0 to 1; of a group the mean over its samples. Components add up to 1; missing where no member was measured"),
        Column("ci_low", "float", "lower end of the 95 % interval"),
        Column("ci_high", "float", "upper end of the 95 % interval"),
        Column("interval", "str", "`over samples`, or `over proteins` for one sample: how the share would move with another draw of members"),
        Column("n_set", "int", "members of the panel that no other component counts"),
        Column("n_measured", "int", "members measured (of a group: in any of its samples); of `unassigned` protein groups"),
        *_REFERENCE,
        Column("approximate", "bool", "true where the input was logarithmic or imputed"),
        Column("basis", "str", "quantity that was summed: signal, iBAQ, or signal over length"),
        Column("status", "str", "`measured`, `not measured` or `not assessable`"),
        Column("reason", "str", "why there is no share or no interval, or which caution applies"),
    ),
)

EV_MARKERS = TableSpec(
    "ev_markers",
    "How much every sample and group shows of the EV markers, without a comparator, and a line that sums up what is in the tube.",
    (
        Column("level", "str", "`group` or `sample`"),
        Column("name", "str", "group, or sample"),
        Column("group", "str", "group (of the sample); blanks and medium are groups by themselves"),
        Column("n_samples", "int", "samples with any signal"),
        Column("word", "str", "`strong`, `moderate`, `weak`, `none` or `not assessable`"),
        Column("rule", "str", "code of the rule that decided"),
        Column("reason", "str", "the same in words, with cautions"),
        Column("next_step", "str", "what would give a clearer answer"),
        Column("n_proteins", "int", "depth: protein groups measured (of a group the median)"),
        Column("n_misev", "int", "proteins of MISEV2018 categories 1 and 2 measured (of a group: in at least half of its samples)"),
        Column("n_misev_set", "int", "proteins of these categories in the catalog; in blood without those of blood-cell panels"),
        Column("n_1a", "int", "of these of category 1a: transmembrane or lipid-anchored, of most cells"),
        Column("n_1b", "int", "of category 1b: transmembrane or lipid-anchored, of some cells or tissues"),
        Column("n_2a", "int", "of category 2a: cytosolic, membrane-binding"),
        Column("n_2b", "int", "of category 2b: cytosolic, in vesicles and elsewhere; they decide no word"),
        Column("n_ranked", "int", "EV markers with a rank (of a group the median)"),
        Column("rank", "float", "median percentile rank of the EV markers among the proteins of the sample, 0 to 100"),
        Column("rank_pvalue", "float", "one-sided p-value that they rank above proteins drawn at random from the sample (of a group the median)"),
        Column("share", "float", "share of the signal in EV markers; of a group the mean"),
        Column("organelles_per_ev", "float", "signal of mitochondria, ER, Golgi and nucleus over that of the EV markers; of a group the ratio of the means"),
        Column("misev_reference", "str", "where the number of MISEV proteins stands among real documented preparations, in words"),
        Column("misev_reference_quantile", "float", "its percentile there, 0 to 100"),
        Column("rank_reference", "str", "the same of the rank"),
        Column("rank_reference_quantile", "float", "its percentile there, 0 to 100"),
        *_REFERENCE,
        Column("presence_known", "bool", "false where the matrix is complete or imputed, so that the proteins counted are those of the study"),
        Column("approximate", "bool", "true where the input was logarithmic or imputed"),
        Column("samples_by_word", "str", "of a group: samples by their own word"),
        Column("summary", "str", "one line: EV markers, the largest other shares, what is unassigned"),
    ),
)
