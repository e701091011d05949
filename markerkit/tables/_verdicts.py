"""Tables of verdicts: classes, sources, and what bears on them."""

from __future__ import annotations

from markerkit.tables.spec import SET_LEVEL, Column, TableSpec

# One column per line, so that changes merge line by line.
# fmt: off

IDENTITY = TableSpec(
    "identity",
    "Is it vesicles, and of which class? Verdict on every class in every contrast with a control that is declared not to be vesicles.",
    (
        Column("contrast", "str", "name of the contrast, `case vs control`"),
        Column("class", "str", "vesicle class"),
        Column("operational_name", "str", "name by size, without a claim of biogenesis"),
        Column("verdict", "str", "`compatible`, `not compatible`, `unresolved` or `not assessable`"),
        Column("rule", "str", "code of the rule that decided"),
        Column("basis", "str", "`measured`, or `bounded` where only left-censored bounds gave a verdict; empty where nothing was estimated"),
        Column("reason", "str", "short form of the rule that decided"),
        Column("explanation", "str", "the same in a sentence"),
        Column("log2_fc", "float", "set effect estimate: weighted mean log2 fold change of the independent markers minus that of the background"),
        Column("se", "float", "standard error of the effect, over samples and markers"),
        Column("df", "float", "Satterthwaite degrees of freedom"),
        Column("ci_low", "float", "lower end of the 90 % interval: 0 is excluded by a one-sided test at 5 %"),
        Column("ci_high", "float", "upper end of the 90 % interval"),
        Column("n_independent", "int", "independent markers counted: one per gene, one per complex"),
        Column("weight_measured", "float", "share of the set's weight that was measured"),
        Column("n_set", "int", "positive members of the set"),
        Column("n_measured", "int", "positive members measured"),
        Column("negatives_log2_fc", "float", "set effect of the class's negative markers"),
        Column("negatives_ci_low", "float", "lower end of its 90 % interval"),
        Column("negatives_ci_high", "float", "upper end of its 90 % interval"),
        Column("negatives_n_independent", "int", "its independent markers"),
        Column("competing_class", "str", "competing class that is not excluded, or the one with the least margin"),
        Column("margin", "float", "effect of the markers only in this class minus that of the markers only in the competing class, log2"),
        Column("margin_ci_low", "float", "lower end of its 90 % interval"),
        Column("margin_ci_high", "float", "upper end of its 90 % interval"),
        Column("bounded_log2_fc", "float", "set effect with proteins detected in one group only counted at their left-censored bound"),
        Column("bounded_ci_low", "float", "lower end of its 90 % interval"),
        Column("bounded_ci_high", "float", "upper end of its 90 % interval"),
        Column("smallest_detectable", "float", "effect that would be called with 80 % power in studies of this precision, log2"),
        Column("next_step", "str", "what would resolve it"),
        Column("status", "str", "`assessed` or `not assessed`"),
    ),
)

COMPARISON = TableSpec(
    "comparison",
    "What differs between two groups? Change of every vesicle class in every contrast whose control is, or may be, vesicles.",
    (
        Column("contrast", "str", "name of the contrast, `case vs control`"),
        Column("class", "str", "vesicle class"),
        Column("operational_name", "str", "name by size, without a claim of biogenesis"),
        Column("verdict", "str", "`higher`, `similar`, `lower`, `unresolved` or `not assessable`"),
        Column("rule", "str", "code of the rule that decided"),
        Column("basis", "str", "`measured`, or `bounded` where only left-censored bounds gave a verdict; empty where nothing was estimated"),
        Column("reason", "str", "short form of the rule that decided"),
        Column("explanation", "str", "the same in a sentence"),
        Column("log2_fc", "float", "set effect: weighted mean log2 fold change of the independent markers minus that of the background"),
        Column("se", "float", "standard error of the effect, over samples and markers"),
        Column("df", "float", "Satterthwaite degrees of freedom"),
        Column("ci_low", "float", "lower end of the 90 % interval"),
        Column("ci_high", "float", "upper end of the 90 % interval"),
        Column("n_independent", "int", "independent markers counted: one per gene, one per complex"),
        Column("weight_measured", "float", "share of the set's weight that was measured"),
        Column("n_set", "int", "positive members of the set"),
        Column("n_measured", "int", "positive members measured"),
        Column("per_ev", "str", "`lower`, `higher` or `similar`: the markers that are of this class only, per unit of EV signal"),
        Column("per_ev_log2_fc", "float", "their effect minus effect of general EV evidence, log2"),
        Column("per_ev_ci_low", "float", "lower end of its 90 % interval"),
        Column("per_ev_ci_high", "float", "upper end of its 90 % interval"),
        Column("bounded_log2_fc", "float", "set effect with proteins detected in one group only counted at their left-censored bound"),
        Column("bounded_ci_low", "float", "lower end of its 90 % interval"),
        Column("bounded_ci_high", "float", "upper end of its 90 % interval"),
        Column("smallest_detectable", "float", "effect that would be called with 80 % power in studies of this precision, log2"),
        Column("next_step", "str", "what would resolve it"),
        Column("status", "str", "`assessed` or `not assessed`"),
    ),
)

PURITY = TableSpec(
    "purity",
    "Verdict on every contamination source in every contrast.",
    (
        Column("contrast", "str", "name of the contrast, `case vs control`"),
        Column("source", "str", "contamination source"),
        Column("verdict", "str", "`higher`, `similar`, `lower`, `unresolved` or `not assessable`"),
        Column("rule", "str", "code of the rule that decided"),
        Column("basis", "str", "`measured`, or `bounded` where only left-censored bounds gave a verdict; empty where nothing was estimated"),
        Column("explanation", "str", "the same in a sentence"),
        Column("log2_fc", "float", "set effect: weighted mean log2 fold change of the source's independent markers minus that of the background"),
        Column("se", "float", "standard error of the effect, over samples and markers"),
        Column("df", "float", "Satterthwaite degrees of freedom"),
        Column("ci_low", "float", "lower end of the 95 % interval"),
        Column("ci_high", "float", "upper end of the 95 % interval"),
        Column("smallest_detectable", "float", "effect that would be called higher with 80 % power in studies of this precision, log2"),
        Column("n_independent", "int", "independent markers counted"),
        Column("per_ev", "str", "`lower`, `higher` or `similar`: the source per unit of EV signal"),
        Column("per_ev_log2_fc", "float", "effect of the source minus effect of general EV evidence, log2"),
        Column("per_ev_ci_low", "float", "lower end of its 95 % interval"),
        Column("per_ev_ci_high", "float", "upper end of its 95 % interval"),
        Column("bounded_log2_fc", "float", "set effect with proteins detected in one group only counted at their left-censored bound"),
        Column("bounded_ci_low", "float", "lower end of its 95 % interval"),
        Column("bounded_ci_high", "float", "upper end of its 95 % interval"),
        Column("next_step", "str", "what would resolve it"),
        *SET_LEVEL,
    ),
)

EVIDENCE = TableSpec(
    "evidence",
    "Every reason for and against every class in every contrast.",
    (
        Column("contrast", "str", "name of the contrast, or empty for the whole study"),
        Column("class", "str", "vesicle class"),
        Column("topic", "str", "code of what the reason is about: `set_effect`, `negatives`, `competing_class`, `context`, ..."),
        Column("about", "str", "competing class, set, key of the context or design check that it is about"),
        Column("direction", "str", "`for`, `against` or `neither`: whether it supports calling the class compatible"),
        Column("decisive", "bool", "true where the verdict rests on this row"),
        Column("text", "str", "the reason in words"),
        Column("value", "float", "its number: a log2 effect, a share or the value stated"),
        Column("ci_low", "float", "lower end of its interval"),
        Column("ci_high", "float", "upper end of its interval"),
        Column("level", "float", "level of the interval: 0.9 for effects that verdicts on classes use, 0.95 for the joint effect"),
        Column("n", "int", "number of independent markers, markers or variants it rests on"),
    ),
)

SENSITIVITY = TableSpec(
    "sensitivity",
    "Sensitivity analysis: the verdict on every class and source under other analysis choices, and without each marker.",
    (
        Column("contrast", "str", "name of the contrast, `case vs control`"),
        Column("kind", "str", "`class` or `source`; empty where nothing was varied"),
        Column("key", "str", "vesicle class or contamination source"),
        Column("aspect", "str", "what was varied: `missing values`, `background`, `protein group`, `detection filter`, ..."),
        Column("variant", "str", "how it was varied"),
        Column("verdict", "str", "verdict under that choice; without each marker in turn, the most frequent changed verdict"),
        Column("rule", "str", "code of the rule that decided"),
        Column("basis", "str", "`measured`, or `bounded` where only left-censored bounds gave a verdict; empty where nothing was estimated"),
        Column("agrees", "bool", "true where it equals the verdict reported"),
        Column("reason", "str", "short form of the rule that decided; without each marker in turn, the markers whose omission changes it"),
        Column("log2_fc", "float", "set effect estimate"),
        Column("ci_low", "float", "lower end of its interval"),
        Column("ci_high", "float", "upper end of its interval"),
        Column("level", "float", "level of the interval: 0.9 for classes, 0.95 for sources"),
        Column("n_independent", "int", "independent markers counted, or left out in turn"),
        Column("n_flips", "int", "independent markers whose omission alone changes the verdict"),
        Column("flips", "str", "their names"),
        Column("effect_low", "float", "smallest set effect without one marker"),
        Column("effect_high", "float", "largest set effect without one marker"),
        Column("status", "str", "`computed` or `not varied`"),
        Column("note", "str", "meaning of the variant, or why nothing was varied"),
    ),
)

CIRCULARITY = TableSpec(
    "circularity",
    "Circularity check: was the marker set of a class or source derived from the data under test?",
    (
        Column("kind", "str", "`class` or `source`"),
        Column("key", "str", "vesicle class or contamination source"),
        Column("sets", "str", "its sets"),
        Column("status", "str", "`flagged`, `clear` or `cannot be checked`"),
        Column("n_markers", "int", "markers that derive from the data set stated"),
        Column("n_set", "int", "markers in the sets"),
        Column("markers", "str", "markers that derive from it"),
        Column("text", "str", "the finding in words"),
    ),
)

DESIGN = TableSpec(
    "design",
    "Design check: limits of the samples and of the design of each contrast.",
    (
        Column("contrast", "str", "name of the contrast, or empty for the whole study"),
        Column("check", "str", "`replicates`, `balance`, `model`, `pairs`, `technical replicates`, `scope`, `confounding`, `batch`"),
        Column("column", "str", "column of the sample sheet"),
        Column("finding", "str", "what was found"),
        Column("severity", "str", "`ok`, `note`, `warning` or `serious`"),
        Column("advice", "str", "what to do"),
    ),
)
