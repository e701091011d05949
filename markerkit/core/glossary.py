"""Glossary: the terms of the report and the documentation, one plain sentence each."""

from __future__ import annotations

from typing import Final

#: term -> its meaning; the report and the documentation print these sentences
GLOSSARY: Final[dict[str, str]] = {
    "Background": "The proteins of the study that belong to no vesicle class and to no organelle that vesicles lack; set effects are measured against their mean.",
    "Class": "A kind of vesicle that the assessment distinguishes by its markers, such as exosome, microvesicle or apoptotic body; a class name does not prove how a vesicle was made.",
    "Class-specific marker": "A marker of a class that no competing class and not all vesicles share.",
    "Comparator": "What the control samples of a contrast are: the source cells' lysate, the fluid itself, its soluble fraction or another vesicle preparation.",
    "Compatible": "The markers of a class are enriched over the comparator, its negative markers are not, and every competing class is excluded.",
    "Competing class": "Another class that could explain the same measurements and has to be excluded before a class is called compatible.",
    "Confidence interval": "The range of effects that agree with the data, over both samples and markers; its level is stated beside it.",
    "Contamination fraction": "The share of the preparation's signal that looks like the comparator, estimated from proteins that vesicles lack.",
    "Contrast": "A case group compared with a control group of samples, with its pairing, batches and comparator.",
    "Coverage": "The share of a marker set that was measured in the study.",
    "False discovery rate": "The expected share of false positives among the results called significant; adjusted p-values control it by the method of Benjamini and Hochberg.",
    "Fold change": "The ratio of the abundance in the case to that in the control; 1 on the log2 scale is a doubling.",
    "General EV evidence": "Whether the markers that all extracellular vesicles share are enriched over the comparator, whatever the class.",
    "Heterogeneity": "Differences between the effects of the markers of one set beyond their measurement errors, which more replicates do not reduce.",
    "Independent markers": "The markers of a set counted so that each gene counts once and all members of a protein complex count once together.",
    "Left-censored bound": "The largest effect that a protein detected in one group only can be shown to have, given the detection limit of the other group.",
    "MISEV": "Minimal information for studies of extracellular vesicles, the reporting guidelines of the International Society for Extracellular Vesicles.",
    "Negative marker": "A protein that a class should lack; a rise of negative markers speaks against the class.",
    "Non-vesicular reference protein": "A protein that vesicles lack, so that its amount in a preparation shows co-isolated material.",
    "Not assessable": "The data allow no verdict, for example because too few markers were measured; it does not say that the class or the source is absent.",
    "Not compatible": "The interval of the effect excludes an enrichment of the class over the comparator.",
    "Presence/absence test": "A test of whether a protein is detected in more samples of one group than of the other, given the depth of each sample.",
    "Raised": "The markers of a contamination source are more abundant in the case than in the control.",
    "Sensitivity analysis": "The verdicts computed again under other reasonable analysis choices and without each marker in turn.",
    "Set effect": "The weighted mean log2 fold change of the independent markers of a set minus that of the background.",
    "Smallest detectable effect": "The effect that studies of the same precision would call with the stated power.",
    "Source": "An origin of co-isolated material, such as plasma proteins, platelets or the nucleus.",
    "Type I error": "The rate at which a test rejects although nothing differs; a test at 5 % should reject in about 5 % of such data sets.",
    "Unresolved": "The interval of the effect allows both an enrichment and none, or a competing class is not excluded.",
}
