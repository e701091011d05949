"""Tables of protein-level tests, and of the error rates and power of the tests."""

from __future__ import annotations

from markerkit.tables.spec import Column, TableSpec

# One column per line, so that changes merge line by line.
# fmt: off

DIFFERENTIAL_ABUNDANCE = TableSpec(
    "differential_abundance",
    "Moderated t-test of every protein on its measured values; where asked for, on these and its detections together.",
    (
        Column("contrast", "str", "name of the contrast"),
        Column("protein", "str", "protein group"),
        Column("gene", "str", "gene symbol"),
        Column("accession", "str", "UniProt accession"),
        Column("log2_fc", "float", "case minus control, log2, after the normalization"),
        Column("log2_fc_over_background", "float", "`log2_fc` minus the effect of the proteins taken as unchanged (in an assessment the background of the verdicts; `log2_fc` itself where none were named): what interval, t and p are about"),
        Column("se", "float", "moderated standard error"),
        Column("ci_low", "float", "lower end of the 95 % interval of `log2_fc_over_background`"),
        Column("ci_high", "float", "upper end of the 95 % interval of `log2_fc_over_background`"),
        Column("t", "float", "moderated t"),
        Column("df", "float", "degrees of freedom, residual and prior"),
        Column("pvalue", "float", "two-sided p: of the moderated t or, with `missing = combined`, of values and detections together"),
        Column("padj", "float", "Benjamini-Hochberg over the proteins tested in the contrast"),
        Column("b", "float", "log-odds of a difference"),
        Column("mean_log2", "float", "mean log2 abundance over the samples"),
        Column("n_case", "int", "case samples with a value"),
        Column("n_control", "int", "control samples with a value"),
        Column("direction", "str", "`up` or `down` in the case, where tested"),
        Column("based_on", "str", "what the p rests on: `values`, `detections` or `values and detections`"),
        Column("pvalue_values", "float", "two-sided p of the moderated t alone"),
        Column("pvalue_detections", "float", "two-sided mid-p of the detections alone, given the abundance of the protein; only with `missing = combined`"),
        Column("status", "str", "`tested` or `not tested`"),
        Column("reason", "str", "why not"),
    ),
)

F_TESTS = TableSpec(
    "f_tests",
    "Moderated F-test of every protein over all contrasts of the call.",
    (
        Column("protein", "str", "protein group"),
        Column("gene", "str", "gene symbol"),
        Column("accession", "str", "UniProt accession"),
        Column("f", "float", "moderated F"),
        Column("df1", "float", "independent contrasts that the protein's measured values can estimate"),
        Column("df2", "float", "degrees of freedom, residual and prior"),
        Column("pvalue", "float", "p of F"),
        Column("padj", "float", "Benjamini-Hochberg over the proteins tested"),
        Column("status", "str", "`tested` or `not tested`"),
        Column("reason", "str", "why not"),
    ),
)

DETECTION = TableSpec(
    "detection",
    "Presence/absence test: is the protein detected more often in one group?",
    (
        Column("contrast", "str", "name of the contrast"),
        Column("protein", "str", "protein group"),
        Column("gene", "str", "gene symbol"),
        Column("accession", "str", "UniProt accession"),
        Column("n_case", "int", "case samples in which it was detected"),
        Column("n_control", "int", "control samples in which it was detected"),
        Column("total_case", "int", "case samples"),
        Column("total_control", "int", "control samples"),
        Column("expected_case", "float", "expected number of case samples with a detection, given the depth of each sample alone (of complete pairs, where paired)"),
        Column("log_odds", "float", "log odds ratio of detection, case over control, relative to that expected from depth alone"),
        Column("pvalue", "float", "two-sided mid-p"),
        Column("padj", "float", "Benjamini-Hochberg over the proteins tested in the contrast"),
        Column("call", "str", "`on`, `off` or empty: detected in most samples of one group (threshold `presence_seen`) and in none of the other"),
        Column("status", "str", "`tested` or `not tested`"),
        Column("reason", "str", "why not"),
    ),
)

NULL_CHECK = TableSpec(
    "null_check",
    "Type I error of the tests under this design: rejection rates on data without an effect, made from the study's residuals.",
    (
        Column("contrast", "str", "name of the contrast"),
        Column("test", "str", "`moderated_t`, or a set test: `camera`, `fry`, `effect`, `joint`"),
        Column("level", "float", "nominal level"),
        Column("rate", "float", "share of tests that reject"),
        Column("se", "float", "standard error of the rate, over data sets"),
        Column("n_draws", "int", "simulated data sets without an effect"),
        Column("n_tests", "float", "mean number of tests per data set"),
        Column("how", "str", "`rotate` or `permute`"),
        Column("n_distinct", "int", "permutations of the groups that give different contrasts; missing for a contrast of coefficients"),
        Column("status", "str", "`holds`, `rejects too often`, `too few draws` (twice the level is not excluded) or `not tested`"),
        Column("reason", "str", "why not tested"),
    ),
)

DETECTABLE_EFFECT = TableSpec(
    "detectable_effect",
    "Smallest effect that a design detects with a given power.",
    (
        Column("contrast", "str", "name of the contrast"),
        Column("set_size", "int", "independent markers of the set; 1 for a single protein"),
        Column("correlation", "float", "correlation between the residuals of the markers"),
        Column("marker_sd", "float", "standard deviation of the true effects between the markers of one set, log2"),
        Column("power", "float", "probability of detecting the effect"),
        Column("alpha", "float", "two-sided level"),
        Column("se", "float", "standard error of the set effect"),
        Column("df", "float", "its degrees of freedom"),
        Column("log2_fc", "float", "smallest effect detected with that power"),
    ),
)
