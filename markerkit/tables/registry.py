"""The registry that declares every table of the output: its columns, their kinds and what they mean."""

from __future__ import annotations

from markerkit.tables.spec import TableSpec, columns_of

_SET_LEVEL = """
n_set|int|members of the set
n_measured|int|members measured in this study
status|str|`tested`, `too few measured`, ... : whether the row could be computed
reason|str|the rule that decided, or why the row could not be computed
"""

TABLES: dict[str, TableSpec] = {
    spec.name: spec
    for spec in (
        TableSpec(
            "identity",
            "Verdict on every vesicle class in every contrast.",
            columns_of(
                """
contrast|str|name of the contrast, `case vs control`
class|str|vesicle class
operational_name|str|name by size, without a claim of biogenesis
verdict|str|`compatible`, `not compatible`, `unresolved` or `not assessable`
reason|str|the rule that decided
explanation|str|the same in a sentence
log2_fc|float|set effect estimate: weighted mean log2 fold change of the votes minus that of the background
se|float|standard error of estimate, samples and markers
df|float|Satterthwaite degrees of freedom
ci_low|float|lower end of the 90 % interval: 0 is excluded by a one-sided test at 5 %
ci_high|float|upper end of the 90 % interval
n_independent|int|votes counted: one a gene, one a complex
weight_measured|float|share of the set's weight that was measured
n_set|int|positive members of the set
n_measured|int|positive members measured
negatives_log2_fc|float|set effect of the class's negative markers
negatives_ci_low|float|its lower end
negatives_ci_high|float|its upper end
negatives_n_independent|int|its votes
competing_class|str|the class it is told apart from worst
margin|float|effect of the markers only in this class minus those only in the competitor, log2
margin_ci_low|float|lower end of the margin's interval
margin_ci_high|float|upper end of the margin's interval
bounded_log2_fc|float|set effect with proteins detected in one group only counted at their bound
bounded_ci_low|float|its lower end
bounded_ci_high|float|its upper end
smallest_detectable|float|effect that 80 % of studies like this one would call, log2
next_step|str|what would resolve it
status|str|`assessed` or `not assessed`
"""
            ),
        ),
        TableSpec(
            "purity",
            "Verdict on every contamination source in every contrast.",
            columns_of(
                """
contrast|str|name of the contrast, `case vs control`
source|str|contamination source
verdict|str|`raised`, `not raised` or `not assessable`
explanation|str|the same in a sentence
log2_fc|float|set effect estimate of the source's markers over the background
se|float|standard error of estimate
df|float|Satterthwaite degrees of freedom
ci_low|float|lower end of the 95 % interval
ci_high|float|upper end of the 95 % interval
smallest_detectable|float|effect that 80 % of studies like this one would call raised, log2
n_independent|int|votes counted
per_ev|str|`lower`, `higher` or `similar`: the source per unit of EV signal
per_ev_log2_fc|float|estimate of the source minus estimate of the EV layer
per_ev_ci_low|float|its lower end
per_ev_ci_high|float|its upper end
bounded_log2_fc|float|set effect with proteins detected in one group only counted at their bound
bounded_ci_low|float|its lower end
bounded_ci_high|float|its upper end
next_step|str|what would resolve it
"""
                + _SET_LEVEL
            ),
        ),
        TableSpec(
            "evidence",
            "Every reason for and against every class in every contrast.",
            columns_of(
                """
contrast|str|name of the contrast, or empty for the whole study
class|str|vesicle class
topic|str|`set effect`, `negatives`, `competing class exosome`, `general EV evidence`, `context: ...`, ...
direction|str|`for`, `against` or `neither`: what it says about calling the class compatible
decisive|bool|true where the verdict's reason is this one
text|str|the reason in words
value|float|its number: a log2 effect, a share or what was stated
ci_low|float|lower end of the 95 % interval
ci_high|float|upper end of the 95 % interval
n|int|votes, markers or variants behind it
"""
            ),
        ),
        TableSpec(
            "sensitivity",
            "Every class and source again under the choices that could change a verdict, and without each vote.",
            columns_of(
                """
contrast|str|name of the contrast, `case vs control`
kind|str|`class` or `source`; empty where there was nothing to vary
key|str|vesicle class or contamination source
aspect|str|what was varied: `missing values`, `background`, `protein group`, `detection filter`, ...
variant|str|how it was varied
verdict|str|the verdict then; without each vote in turn, the one that a flip leads to most often
agrees|bool|true where it is the verdict reported
reason|str|the rule that decided; without each vote in turn, the votes that flip it
log2_fc|float|set effect estimate
ci_low|float|lower end of the 95 % interval
ci_high|float|upper end of the 95 % interval
n_independent|int|votes counted, or left out in turn
n_flips|int|votes whose omission alone changes the verdict
flips|str|their names
effect_low|float|smallest set effect without one vote
effect_high|float|largest set effect without one vote
status|str|`computed` or `not varied`
note|str|what the variant means, or why there was nothing to vary
"""
            ),
        ),
        TableSpec(
            "circularity",
            "Circularity guard: was a class's or a source's set made from the data under test?",
            columns_of(
                """
kind|str|`class` or `source`
key|str|vesicle class or contamination source
sets|str|its sets
status|str|`flagged`, `clear` or `cannot be checked`
n_markers|int|markers that derive from the data set stated
n_set|int|markers in the sets
markers|str|those that derive from it
text|str|the finding in words
"""
            ),
        ),
        TableSpec(
            "design",
            "Design check: what the samples of a contrast can and cannot tell.",
            columns_of(
                """
contrast|str|name of the contrast, or empty for the whole study
check|str|`replicates`, `balance`, `model`, `pairs`, `technical replicates`, `scope`, `confounding`, `batch`
column|str|column of the sample sheet
finding|str|what was found
severity|str|`ok`, `note`, `warning` or `serious`
advice|str|what to do
"""
            ),
        ),
        TableSpec(
            "source_shares",
            "Share of the linear signal of each sample by contamination source, before normalization.",
            columns_of(
                """
sample|str|sample
source|str|contamination source, or `ev` for the EV markers
share|float|share of the sample's total signal, 0 to 1
ci_low|float|lower end of the 95 % interval (bootstrap over members)
ci_high|float|upper end of the 95 % interval
approximate|bool|true where the input was logarithmic or imputed
basis|str|what was summed: signal, iBAQ, or signal over length
"""
                + _SET_LEVEL
            ),
        ),
        TableSpec(
            "sample_quality",
            "Quality card of every sample: what it shows by itself, without a comparator; never a class call.",
            columns_of(
                """
sample|str|sample
role|str|`sample`, `blank` or `medium`
group|str|group that outliers were looked for in
kind|str|`depth`, `marker`, `ev`, `share`, `index`, `check` or `outlier`
item|str|what was looked at
value|float|what was found; missing where nothing could be said
unit|str|its unit
ci_low|float|lower end of the 95 % interval, for shares
ci_high|float|upper end of the 95 % interval, for shares
percentile|float|place in the reference distribution of simulated preparations, 0 to 100: no population
reference_distribution|str|which simulated preparations
blank_limit|float|what the blanks alone would show in this sample, in the unit of the value
flag|str|`review` where a rule asks to look again, else empty
meaning|str|what it means
"""
                + _SET_LEVEL
            ),
        ),
        TableSpec(
            "blanks",
            "Content of procedural blanks and unconditioned medium, and how much of the samples it could explain.",
            columns_of(
                """
role|str|`blank` or `medium`
level|str|`source`, `contamination fraction` or `protein`
key|str|source, contrast or protein group
gene|str|gene symbol of a protein
n_blanks|int|blanks, or media
n_blanks_seen|int|those that show it
n_samples_seen|int|samples that show it
blank_share|float|share of the blank's own signal, median
sample_share|float|share of the samples' signal, median
ratio|float|signal of the blank over that of the median sample that shows it
limit|float|share of a sample's signal that the blank alone would give: median of the samples
flag|str|`review` where the blank could explain a part that counts
status|str|`compared` or `not compared`
reason|str|why not, or why with care
"""
            ),
        ),
        TableSpec(
            "contamination_fraction",
            "Share of the comparator's material still in the preparation.",
            columns_of(
                """
contrast|str|name of the contrast, `case vs control`
compartment|str|`all`, or the compartment whose anchors were used
fraction|float|carried share kappa, 0 to 1
ci_low|float|lower end of the 95 % interval
ci_high|float|upper end of the 95 % interval
bound|str|`at most` (an upper bound) or `about`
n_measured|int|anchor votes used
n_set|int|anchor votes there are
n_dropped|int|anchors dropped as residents of the vesicle
approximate|bool|true where the input was logarithmic or imputed
status|str|`assessed` or `not assessable`
reason|str|why not, or why with care
"""
            ),
        ),
        TableSpec(
            "misev_checklist",
            "MISEV and EV-TRACK items that a protein matrix can answer, and those that it cannot.",
            columns_of(
                """
contrast|str|name of the contrast, or empty for the whole study
guideline|str|guideline the item comes from
item|str|short name of the item
requirement|str|what is asked
answer|str|`met`, `not met`, `not derivable` or `needs metadata`
evidence|str|what was seen
proteins|str|the proteins behind it
source|str|citation key
"""
            ),
        ),
        TableSpec(
            "ev_track",
            "EV-TRACK form: what the proteome and the context answer, and the blanks to fill in.",
            columns_of(
                """
contrast|str|name of the contrast, or empty for the whole study
section|str|`study`, `preparation` or `EV-METRIC`
field|str|field of the form, or item of the EV-METRIC
value|str|the answer; empty where it is to be filled in
status|str|`from the data`, `from the context`, `to fill in` or `not applicable`
note|str|what is asked, and what was seen
"""
            ),
        ),
        TableSpec(
            "coverage",
            "How much of every set was measured.",
            columns_of(
                """
set|str|set id
title|str|its title
role|str|`positive` or `negative` members
fraction|float|measured share of the members
weight_fraction|float|measured share of the members' weight
measured|str|genes measured
not_measured|str|genes not measured
"""
                + _SET_LEVEL
            ),
        ),
        TableSpec(
            "differential_abundance",
            "Moderated t-test of every protein, on the measured values.",
            columns_of(
                """
contrast|str|name of the contrast
protein|str|protein group
gene|str|gene symbol
accession|str|UniProt accession
log2_fc|float|case minus control, log2
se|float|moderated standard error
ci_low|float|lower end of the 95 % interval
ci_high|float|upper end of the 95 % interval
t|float|moderated t
df|float|degrees of freedom, residual and prior
pvalue|float|two-sided p
padj|float|Benjamini-Hochberg over the proteins tested in the contrast
b|float|log-odds of a difference
mean_log2|float|mean log2 abundance over the samples
n_case|int|case samples with a value
n_control|int|control samples with a value
status|str|`tested` or `not tested`
reason|str|why not
"""
            ),
        ),
        TableSpec(
            "detection",
            "presence/absence test: is the protein seen more often in one arm?",
            columns_of(
                """
contrast|str|name of the contrast
protein|str|protein group
gene|str|gene symbol
accession|str|UniProt accession
n_case|int|case samples in which it was seen
n_control|int|control samples in which it was seen
total_case|int|case samples
total_control|int|control samples
expected_case|float|case samples (of complete pairs, where paired) in which depth alone leads to expect it
log_odds|float|log odds ratio of being seen, case over control, over that of depth alone
pvalue|float|two-sided mid-p
padj|float|Benjamini-Hochberg over the proteins tested in the contrast
call|str|`on`, `off` or empty: seen in two thirds of one arm and never in the other
status|str|`tested` or `not tested`
reason|str|why not
"""
            ),
        ),
        TableSpec(
            "enrichment",
            "Set tests: competitive (camera), self-contained (fry), of the effect over the background (effect, joint), by ranks (gsea) and by hits (ora).",
            columns_of(
                """
contrast|str|name of the contrast
set|str|set id
method|str|set test
direction|str|`up` or `down`
log2_fc|float|mean log2 fold change of the members minus that of the other proteins; in `effect` that of the votes over the background, in `joint` what the set adds
se|float|standard error of log2_fc (effect, joint), samples and markers
ci_low|float|lower end of its 95 % interval
ci_high|float|upper end of its 95 % interval
correlation|float|estimated correlation between the members
statistic|float|test statistic: t or z; the normalized enrichment score of gsea; fold enrichment of ora
df|float|its degrees of freedom
n_hits|int|members among the hits (ora)
pvalue|float|two-sided p
padj|float|Benjamini-Hochberg over the family of the call: sets x contrasts
pvalue_mixed|float|p for change in either direction (fry)
padj_mixed|float|Benjamini-Hochberg of the mixed p
leading_edge|str|the members that drive the result, strongest first
"""
                + _SET_LEVEL
            ),
        ),
        TableSpec(
            "null_check",
            "How often the tests reject where nothing differs: this study's residuals under its own design.",
            columns_of(
                """
contrast|str|name of the contrast
test|str|`moderated_t`, or a set test: `camera`, `fry`, `effect`, `joint`
level|float|nominal level
rate|float|share of tests rejected
se|float|standard error of the share, over draws
n_draws|int|data sets without an effect
n_tests|float|tests a data set, mean
how|str|`rotate` or `permute`
n_distinct|int|permutations of the arms that give different contrasts; missing for a contrast of coefficients
status|str|`holds`, `rejects too often`, `too few draws` (twice the level is not excluded) or `not tested`
reason|str|why not tested
"""
            ),
        ),
        TableSpec(
            "sample_scores",
            "Score of every set in every sample; singscore and ssgsea do not depend on the other samples.",
            columns_of(
                """
sample|str|sample
set|str|set id
method|str|score
members|str|`positive`, `negative` (high where they are low) or `both`
score|float|score of the sample
ci_low|float|lower end of its 95 % interval over the members as a sample of possible ones
ci_high|float|upper end of the interval
dispersion|float|spread of the members' ranks (of their z, for the scores that average z)
"""
                + _SET_LEVEL
            ),
        ),
        TableSpec(
            "markers_used",
            "Every marker of every assessed set in every contrast: what it said and how much it counted.",
            columns_of(
                """
contrast|str|name of the contrast
set|str|set id
gene|str|gene symbol
accession|str|UniProt accession
protein|str|protein group that stood for it
role|str|`positive`, `negative` or `source`
vote|str|gene or complex it votes with
weight|float|weight before normalization to sum 1
log2_fc|float|log2 fold change
se|float|its standard error
detection|str|`measured`, `on`, `off`, `one group only` or `not measured`
status|str|`counted` or `not counted`
reason|str|why not
source|str|citation key
"""
            ),
        ),
        TableSpec(
            "id_mapping",
            "What became of every protein group's identifiers.",
            columns_of(
                """
protein|str|protein group
input_accession|str|accessions as given
input_gene|str|symbols as given
accession|str|accession it was mapped to
gene|str|symbol it was mapped to
species|str|species, where the identifiers tell
how|str|`accession`, `symbol`, `alias`, ...
n_genes|int|genes that the group's members belong to
is_contaminant|bool|flagged as a contaminant
is_decoy|bool|flagged as a decoy
status|str|`mapped`, `ambiguous` or `not mapped`
reason|str|the scheme applied, or why not
"""
            ),
        ),
        TableSpec(
            "samples_used",
            "What became of every sample.",
            columns_of(
                """
sample|str|sample as given
unit|str|sample it counts as after technical replicates are collapsed
group|str|its level of the condition
pair|str|its pair or donor
batch|str|its batch
n_measured|int|proteins measured
total_signal|float|sum of the linear abundances
median_log2|float|median log2 abundance before normalization
status|str|`used` or `not used`
reason|str|why not
"""
            ),
        ),
    )
}

#: table of :func:`markerkit.detectable_effect`
DETECTABLE = TableSpec(
    "detectable_effect",
    "Smallest effect that a design would find.",
    columns_of(
        """
contrast|str|name of the contrast
set_size|int|votes of the set; 1 for a single protein
correlation|float|between the votes' residuals
marker_sd|float|spread of true effects between the markers of one set, log2
power|float|chance to find the effect
alpha|float|two-sided level
se|float|standard error of the set effect
df|float|its degrees of freedom
log2_fc|float|smallest effect found with that power
"""
    ),
)

#: table of :attr:`DifferentialAbundance.f_tests`; an assessment fits each contrast on its own, so it has none
F_TESTS = TableSpec(
    "f_tests",
    "Moderated F-test of every protein over all contrasts of the call.",
    columns_of(
        """
protein|str|protein group
gene|str|gene symbol
accession|str|UniProt accession
f|float|moderated F
df1|float|independent contrasts that the protein can tell
df2|float|degrees of freedom, residual and prior
pvalue|float|p of F
padj|float|Benjamini-Hochberg over the proteins tested
status|str|`tested` or `not tested`
reason|str|why not
"""
    ),
)
