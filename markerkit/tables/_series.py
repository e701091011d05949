"""Tables of fraction series, of amounts, and of many groups beside each other."""

from __future__ import annotations

from markerkit.tables.spec import SET_LEVEL, Column, TableSpec

# One column per line, so that changes merge line by line.
# fmt: off

FRACTION_PROFILES = TableSpec(
    "fraction_profiles",
    "Profile of every class, source and component over the fractions of a series: share of the signal of each fraction and, where amounts are known, of the total over the series.",
    (
        Column("fraction", "str", "fraction"),
        Column("order", "float", "its place in the series"),
        Column("kind", "str", "`class`, `source` (share of signal of its markers) or `component` (estimated share of all protein: vesicles, lipoprotein, soluble protein)"),
        Column("key", "str", "vesicle class, contamination source or component"),
        Column("n_samples", "int", "samples of the fraction"),
        Column("share", "float", "share of the fraction, 0 to 1, mean of the replicates; it falls where other material rises"),
        Column("ci_low", "float", "lower end of the 95 % interval"),
        Column("ci_high", "float", "upper end of the 95 % interval"),
        Column("part", "float", "share of the total over the series that lies in this fraction, 0 to 1; missing without amounts"),
        Column("part_ci_low", "float", "lower end of the 95 % interval"),
        Column("part_ci_high", "float", "upper end of the 95 % interval"),
        Column("interval_over", "str", "what the intervals are over: `markers`, or from three replicates on `markers and replicates`"),
        *SET_LEVEL,
    ),
)

FRACTION_PEAKS = TableSpec(
    "fraction_peaks",
    "Fraction in which every class, source and component peaks, and how far components are resolved from the vesicles.",
    (
        Column("kind", "str", "`class`, `source` or `component`"),
        Column("key", "str", "vesicle class, contamination source or component"),
        Column("scale", "str", "`amount`, or `share of signal` where no amounts are known: the peak of a share lies where little else is"),
        Column("peak", "str", "fraction in which it peaks"),
        Column("order", "float", "place of that fraction"),
        Column("confidence_set", "str", "fractions that hold the peak in 95 % of the draws of markers and replicates, the likeliest first"),
        Column("center", "float", "mean place of the profile"),
        Column("width", "float", "standard deviation of the place"),
        Column("resolution", "float", "chromatographic resolution from the vesicles: 2 |t1 - t2| / (w1 + w2), w four standard deviations; needs amounts"),
        Column("resolution_ci_low", "float", "lower end of the 95 % interval"),
        Column("resolution_ci_high", "float", "upper end of the 95 % interval"),
        Column("overlap", "float", "share of its profile and that of the vesicles in the same fractions, 0 to 1"),
        Column("overlap_ci_low", "float", "lower end of the 95 % interval"),
        Column("overlap_ci_high", "float", "upper end of the 95 % interval"),
        Column("status", "str", "`assessed` or `not assessable`"),
        Column("reason", "str", "why not, or which caution applies"),
    ),
)

FRACTION_POOLS = TableSpec(
    "fraction_pools",
    "Adjacent fractions that could be pooled: expected purity (share of EV protein) and yield (share of all EV protein).",
    (
        Column("fractions", "str", "fractions of the pool"),
        Column("n_fractions", "int", "their number"),
        Column("purity", "float", "share of EV protein in the protein of the pool, 0 to 1, against lipoprotein and soluble protein"),
        Column("purity_ci_low", "float", "lower end of the 95 % interval"),
        Column("purity_ci_high", "float", "upper end of the 95 % interval"),
        Column("recovered", "float", "yield: share of the EV protein of the series, 0 to 1"),
        Column("recovered_ci_low", "float", "lower end of the 95 % interval"),
        Column("recovered_ci_high", "float", "upper end of the 95 % interval"),
        Column("interval_over", "str", "what the intervals are over: `markers`, or from three replicates on `markers and replicates`"),
        Column("proposed", "bool", "true for the pool that the rule proposes"),
        Column("status", "str", "`assessed` or `not assessable`"),
        Column("reason", "str", "the rule, or why not"),
    ),
)

FRACTION_TRENDS = TableSpec(
    "fraction_trends",
    "Trend of every class, source and protein over the order of the fractions: a straight line, and a natural spline for any smooth change.",
    (
        Column("kind", "str", "`class`, `source` or `protein`"),
        Column("key", "str", "vesicle class, contamination source or protein group"),
        Column("gene", "str", "gene symbol of a protein"),
        Column("scale", "str", "`amount`, or `share of signal` where not every fraction has an amount"),
        Column("n", "int", "samples with a value"),
        Column("slope", "float", "log2 change from one fraction to the next"),
        Column("ci_low", "float", "lower end of the 95 % interval"),
        Column("ci_high", "float", "upper end of the 95 % interval"),
        Column("pvalue", "float", "two-sided p of the slope, moderated t"),
        Column("padj", "float", "Benjamini-Hochberg over the proteins tested, or over the classes and sources tested"),
        Column("f", "float", "moderated F of the spline: any smooth change over the series"),
        Column("df1", "float", "columns of the spline"),
        Column("df2", "float", "degrees of freedom, residual and prior"),
        Column("f_pvalue", "float", "p of F"),
        Column("f_padj", "float", "Benjamini-Hochberg, families as for `padj`"),
        Column("status", "str", "`tested` or `not tested`"),
        Column("reason", "str", "why not"),
    ),
)

OVERVIEW = TableSpec(
    "overview",
    "Every contrast beside the others: the word on every vesicle class and every contamination source.",
    (
        Column("contrast", "str", "name of the contrast, `case vs control`"),
        Column("question", "str", "`identity` (is the case vesicles, of which class?) or `change` (what differs?)"),
        Column("kind", "str", "`class` or `source`"),
        Column("key", "str", "vesicle class or contamination source"),
        Column("verdict", "str", "the word: of `identity` `compatible`, `not compatible`, `unresolved` or `not assessable`; of `change` `higher`, `similar`, `lower`, `unresolved` or `not assessable`"),
        Column("log2_fc", "float", "set effect over the background"),
        Column("ci_low", "float", "lower end of its interval"),
        Column("ci_high", "float", "upper end of its interval"),
        Column("level", "float", "level of the interval: 0.9 for classes, 0.95 for sources"),
        Column("reason", "str", "short form of the rule that decided"),
    ),
)

RANKING = TableSpec(
    "ranking",
    "Preparations (groups of samples) ranked on EV signal, co-isolated protein and material of cells and handling; groups that cannot be told apart share a rank.",
    (
        Column("quantity", "str", "`ev` (share of the EV markers: high is better), `co_isolated` (fluid proteins, lipoproteins, medium and particles: low is better) or `cells_and_handling` (blood cells, cell interior, keratin: low is better)"),
        Column("group", "str", "group of samples"),
        Column("n", "int", "samples with a share"),
        Column("share", "float", "share of the signal, 0 to 1: mean on the logit scale"),
        Column("ci_low", "float", "lower end of the 95 % interval, over samples"),
        Column("ci_high", "float", "upper end of the 95 % interval"),
        Column("rank", "int", "1 and the number of groups that are better, each shown at a family-wise level of 5 %"),
        Column("rank_to", "int", "last rank that is not excluded: the number of groups less those shown to be worse"),
        Column("alike", "str", "groups that it cannot be told apart from"),
        Column("status", "str", "`assessed` or `not assessable`"),
        Column("reason", "str", "why not"),
    ),
)

AMOUNTS = TableSpec(
    "amounts",
    "Amounts of every sample from the sample sheet, and what they say with the shares of signal: signal per particle, particles per protein, recovery.",
    (
        Column("sample", "str", "sample"),
        Column("particles", "float", "particles in the preparation"),
        Column("volume_ul", "float", "volume of starting material, microliters"),
        Column("protein_ug", "float", "protein of the preparation, micrograms"),
        Column("ev_share", "float", "share of the signal from EV markers, 0 to 1"),
        Column("ev_amount", "float", "EV-marker protein: share times micrograms of protein; signal where no protein amount is known"),
        Column("amount_of", "str", "`micrograms`, or `signal`: right only where the same part of every sample was measured"),
        Column("signal_per_particle", "float", "total signal over particles: right only where the same part of every sample was measured"),
        Column("ev_per_particle", "float", "EV-marker amount over particles"),
        Column("ev_per_ul", "float", "EV-marker amount over the volume of starting material"),
        Column("particles_per_ug", "float", "particles over micrograms of protein"),
        Column("high_purity", "bool", "true from 3e10 particles per microgram on (Webber and Clayton 2013); missing without both"),
        Column("recovery", "float", "recovery, 1 is all of it"),
        Column("recovery_of", "str", "what was recovered: `spike-in`, `spike-in, relative to the median sample` or `EV markers of SAMPLE`"),
        Column("status", "str", "`computed` or `not assessable`"),
        Column("reason", "str", "why not, or which caution applies"),
    ),
)

AMOUNT_CHANGES = TableSpec(
    "amount_changes",
    "Change of every amount between two groups: more vesicles, purer vesicles, or both.",
    (
        Column("contrast", "str", "name of the contrast, `case vs control`"),
        Column("quantity", "str", "`ev_per_ul`, `ev_share`, `ev_per_particle`, `signal_per_particle`, `particles_per_ug`, `recovery`, or `conclusion`"),
        Column("verdict", "str", "`higher`, `similar`, `lower`, `unresolved` or `not assessable`; empty for the conclusion"),
        Column("log2_fc", "float", "case minus control, log2"),
        Column("ci_low", "float", "lower end of the 95 % interval, over samples or pairs"),
        Column("ci_high", "float", "upper end of the 95 % interval"),
        Column("n_case", "int", "case samples with a value"),
        Column("n_control", "int", "control samples with a value"),
        Column("reason", "str", "the rule that decided, or the conclusion in words"),
    ),
)
