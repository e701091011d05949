"""The field's terms as tables, figures and the report use them, one sentence each."""

from __future__ import annotations

GLOSSARY: dict[str, str] = {
    "background": "The measured proteins that belong to no class set and to no organelle that vesicles lack; the "
    "effect of a marker set is its mean log2 change minus that of the background.",
    "between-marker heterogeneity": "Differences between the true effects of the markers of one set, beyond what sampling noise "
    "explains (tau² of a meta-analysis); more replicates do not reduce it.",
    "bovine-unique peptide": "A peptide that only bovine proteins of the search hold, and so evidence of bovine serum; most peptides of "
    "bovine albumin or actin occur in human and mouse as well.",
    "case and control": "The two groups of a contrast: the preparation in question and what it is compared with; effects "
    "are case minus control.",
    "class": "A kind of vesicle named by how it is made: exosome, microvesicle, apoptotic body, apoptotic "
    "exosome, apoptotic EV; stated beside an operational name (small EV, large EV), because proteins "
    "do not prove how a vesicle was made.",
    "class-specific marker": "A marker of a class that belongs to no competing class and not to the general EV markers, so "
    "that it discriminates.",
    "coefficient of variation": "The standard deviation of the values of a protein in a group over their mean, on linear "
    "values; before normalization it includes differences in load.",
    "comparator": "What the control is made of: a lysate of the source cells, the biofluid, soluble proteins of it,"
    " or another EV preparation; it decides what a difference means.",
    "comparison": "What differs between two groups, whatever they are: more or less of a class or a source; it does not "
    "say what the groups are.",
    "compatible": "The markers of a class are enriched over the comparator, its negative markers are not, and every"
    " competing class is excluded.",
    "competing class": "A class that shares markers with the class in question and has to be excluded before that class "
    "is compatible.",
    "composition": "What is in the tube: the shares of the signal in EV markers, in every contamination source and in neither "
    "(unassigned), each protein counted once; it needs no comparator.",
    "contamination fraction": "The share of the preparation's signal that is comparator-like, estimated from reference proteins"
    " that vesicles lack; not the share of the comparator that was recovered.",
    "contamination source": "A material other than vesicles whose proteins a preparation may contain, such as plasma, "
    "lipoproteins, keratin or an organelle.",
    "context": "Study metadata that a proteome does not show and the user supplies in a file: viability, how "
    "apoptosis was induced and shown, particle counts, isolation.",
    "contrast": "A comparison of two groups of samples, with its pairs and batches; every verdict belongs to one.",
    "coverage": "How many members of a marker set were measured, and what share of its weight they hold.",
    "detection": "Whether a protein was measured in a sample at all, whatever its amount.",
    "equivalence margin": "The largest effect that still counts as no change; an interval that ends below it excludes an "
    "enrichment.",
    "EV markers: strong, moderate, weak, none": "How much a sample shows of the proteins that mark vesicles, by written limits on their "
    "number (MISEV categories 1 and 2), their ranks and their share of the signal; presence, not enrichment.",
    "general EV evidence (pan-EV)": "The effect of markers that most vesicles share; it says whether there is EV material, not of "
    "which class.",
    "higher": "The interval of the effect lies above 0 and the effect is at least as large as the smallest one that is "
    "called a change.",
    "identity": "Whether a preparation is vesicles and of which class; asked only against a control that is declared not "
    "to be vesicles.",
    "independent marker": "A gene, or a protein complex whose measured subunits are averaged, because subunits rise and "
    "fall together and would count the same evidence several times.",
    "interval": "The confidence interval of an effect, over new samples and other markers of the same kind; 90 % "
    "for classes whose identity is asked (one-sided tests at 5 %) and 95 % for sources and changes, unless a column says otherwise.",
    "left-censored bound": "The value below which a protein that was not detected is assumed to lie; used as a bound on its "
    "effect, never as a measurement.",
    "log2 fold change": "The difference of group means on the log2 scale; 1 is two-fold higher in the case, -1 two-fold "
    "lower.",
    "lower": "The interval of the effect lies below 0 and the effect is at least as large as the smallest one that is "
    "called a change.",
    "marker set": "Proteins that the literature reports for a vesicle class, a contamination source or a guideline "
    "category, each with its source and a weight.",
    "median polish": "Tukey's fit of peptides and samples by medians, taken in turn, from which a protein gets one value per "
    "sample that a deviating peptide does not shift.",
    "MISEV": "Minimal information for studies of extracellular vesicles, the reporting guidelines of the "
    "International Society for Extracellular Vesicles.",
    "missing values that fall with intensity": "The fainter a protein, the more of its values are missing: they are missing "
    "because they are small, so that the mean of the measured ones is too high.",
    "missing-value scheme": "How missing values enter an estimate: left out (measured values only) or as left-censored "
    "bounds; a verdict has to hold under both.",
    "negative marker": "A protein that a class should not contain; its enrichment speaks against the class.",
    "non-vesicular reference protein": "A protein that vesicles lack, of an organelle or of the soluble part of a fluid; its ratio "
    "between preparation and comparator estimates the contamination fraction.",
    "not assessable": "The data allow no verdict, for example because too few markers were measured; it does not say "
    "that the class or the source is absent.",
    "not compatible": "The interval of the effect excludes an enrichment of the class over the comparator.",
    "null check (type-I error check)": "The tests are run on data sets without an effect, made from the residuals of the study itself; "
    "at a 5 % level about 5 % of them should be significant.",
    "padj": "A p-value adjusted for multiple testing by the method of Benjamini and Hochberg, over all sets "
    "and contrasts of one call, or over the proteins of one contrast.",
    "per EV": "The effect of a contamination source minus that of the general EV markers: is there more or less"
    " of the source for each vesicle.",
    "presence/absence test": "A test of whether a protein is detected more often in one group than in the other, given how "
    "deeply each sample was measured.",
    "razor peptide": "A peptide that several protein groups share and that counts for one of them, usually the one with the "
    "most peptides.",
    "reference distribution": "Values of a quality index in simulated preparations, which give the percentile of a sample; they"
    " are not measurements of other laboratories.",
    "reference preparations": "EV preparations of public studies, of which counts and quantiles are kept by fluid, isolation and depth; "
    "they say where a number stands among preparations of its kind, and are no population.",
    "rule code": "A short fixed name of the rule that decided a verdict, for filtering and scripts; the reason "
    "next to it says the same in words.",
    "semi-tryptic peptide": "A peptide with one end inside its protein that is not after lysine or arginine, so that another protease "
    "than trypsin may have made it.",
    "sensitivity analysis": "The verdicts again under other normalizations, other missing-value schemes and without each "
    "marker or sample, to show which of them depend on one choice.",
    "set effect": "The weighted mean log2 change of the independent markers of a set minus the background, with an "
    "interval.",
    "similar": "The interval of the effect lies within the equivalence margin on both sides: the groups are shown to be "
    "alike, up to a change that small.",
    "smallest detectable effect": "The effect that four of five studies as precise as this one would call; where it is large, a "
    "missing call says little.",
    "source share": "The share of a sample's summed signal that the proteins of a contamination source hold.",
    "unassigned": "The share of the signal of proteins that are in no panel of EV markers or sources: most of a vesicle's own cargo, and "
    "whatever no panel lists.",
    "unresolved": "It was measured, but the interval of the effect is too wide to tell, or a competing class is not "
    "excluded.",
    "verdict": "What the evidence allows to say, always relative to the control: of a class against a control without "
    "vesicles compatible, not compatible, unresolved or not assessable; of the change of a class or a source higher, "
    "similar, lower, unresolved or not assessable.",
    "vesicle-resident protein": "A reference protein that turns out to belong to the vesicles as well; its ratio is too high for "
    "contamination alone and it is left out of the estimate.",
}


def glossary_markdown() -> str:
    """Render the terms as the page ``docs/glossary.md``.

    Returns
    -------
    str
        Markdown, the terms in alphabetical order.
    """
    lines = [
        "# Glossary",
        "",
        "The terms of tables, figures and the report. Made from `markerkit/core/glossary.py`.",
    ]
    for term in sorted(GLOSSARY, key=str.casefold):
        lines += ["", f"**{term}**: {GLOSSARY[term]}"]
    return "\n".join(lines) + "\n"
