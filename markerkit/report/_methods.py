"""methods.md: the methods paragraph of this run."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from markerkit.catalog.criteria import load_criteria
from markerkit.checks.sensitivity import AS_REPORTED, LEAVE_ONE_OUT
from markerkit.core.wording import percent
from markerkit.report._summary import versions
from markerkit.stats.detection import MOST_SAMPLES

if TYPE_CHECKING:
    from markerkit.assessment.result import Assessment
    from markerkit.assessment.series import SeriesParts
    from markerkit.core.experiment import Experiment

CITATIONS = {
    "smyth2004": "Smyth GK (2004) Linear models and empirical Bayes methods. Stat Appl Genet Mol Biol 3:3. doi:10.2202/1544-6115.1027",
    "mccarthy2009": "McCarthy DJ, Smyth GK (2009) Testing significance relative to a fold-change threshold is a TREAT. Bioinformatics 25:765. doi:10.1093/bioinformatics/btp053",
    "li2023": "Li M, Smyth GK (2023) Neither random nor censored: estimating intensity-dependent probabilities for missing values in label-free proteomics. Bioinformatics 39:btad200. doi:10.1093/bioinformatics/btad200",
    "wu2012": "Wu D, Smyth GK (2012) Camera: a competitive gene set test. Nucleic Acids Res 40:e133. doi:10.1093/nar/gks461",
    "wu2010": "Wu D et al. (2010) ROAST: rotation gene set tests. Bioinformatics 26:2176. doi:10.1093/bioinformatics/btq401",
    "foroutan2018": "Foroutan M et al. (2018) Single sample scoring of molecular phenotypes. BMC Bioinformatics 19:404. doi:10.1186/s12859-018-2435-4",
    "andersen1972": "Andersen EB (1972) The numerical solution of a set of conditional estimation equations. J R Stat Soc B 34:42.",
    "lancaster1961": "Lancaster HO (1961) Significance tests in discrete distributions. J Am Stat Assoc 56:223. doi:10.1080/01621459.1961.10482105",
    "langsrud2005": "Langsrud O (2005) Rotation tests. Stat Comput 15:53. doi:10.1007/s11222-005-4789-5",
    "bh1995": "Benjamini Y, Hochberg Y (1995) Controlling the false discovery rate. J R Stat Soc B 57:289. doi:10.1111/j.2517-6161.1995.tb02031.x",
    "misev2018": "Thery C et al. (2018) MISEV2018. J Extracell Vesicles 7:1535750. doi:10.1080/20013078.2018.1535750",
    "misev2023": "Welsh JA et al. (2024) MISEV2023. J Extracell Vesicles 13:e12404. doi:10.1002/jev2.12404",
}


def as_markdown(text: str) -> str:
    r"""Keep names of the user from being read as HTML, links or images.

    >>> as_markdown("`<b>` against <b>, p < 0.05, ![a](http://b)")
    '`\\<b>` against \\<b>, p < 0.05, ![a]\\(http://b)'
    """
    text = re.sub(r"(\\*)<(?=[A-Za-z/!?])", r"\1\1\\<", text)
    return re.sub(r"\](?=[(\[:])", r"]\\", text)


def methods_text(assessment: Assessment) -> str:
    """Return the methods paragraph, with every choice made, versions and citations.

    Parameters
    ----------
    assessment
        The run to describe.
    """
    parts = [
        "# Methods",
        _input(assessment),
        _model(assessment),
        _verdicts(),
        _purity(assessment),
        _checks(assessment),
        "## Design\n\n" + _items(assessment.design),
        "## Software\n\n" + ", ".join(f"{k} {v}" for k, v in versions().items()) + ".",
        "## References\n\n" + "\n".join(f"- {text}" for text in CITATIONS.values()),
    ]
    if series := series_sentences(assessment.series):
        parts.insert(-3, series)
    if assessment.warnings:
        parts.insert(-2, "## Notes of this run\n\n" + _items(assessment.warnings))
    return "\n\n".join(parts) + "\n"


def _items(lines: Sequence[str]) -> str:
    return "\n".join(f"- {_line(text)}" for text in lines)


def _line(text: object) -> str:
    """Write on one line, whatever line breaks a name has."""
    return " ".join(str(text).split())


def series_sentences(parts: SeriesParts) -> str:
    """Describe how fraction series, ranking and amounts were computed, of those that the study has.

    Parameters
    ----------
    parts
        Of the assessment.
    """
    limits = load_criteria().convention
    found = []
    if len(parts.fractions.table):
        found.append(
            "The composition of the fractions was estimated from the shares of the markers of vesicles, lipoprotein and soluble protein by "
            "non-negative least squares, with markers drawn anew for the intervals; the pool of fractions that is proposed has the highest "
            f"yield among those that keep {100 * limits['pool_purity_kept']:g} % of the purity of the purest pool with at least "
            f"{100 * limits['pool_least_yield']:g} % of the EV protein. Resolution is the distance of the centers over the mean width at the "
            "base (doi:10.1351/pac199365040819)."
        )
    if len(parts.ranking.table):
        found.append(
            "Groups were ranked on shares of signal (logit scale) by Welch's t-tests of all pairs with Holm's correction over the pairs of a "
            "quantity."
        )
    if len(parts.amounts.table):
        found.append(
            "Amounts are those of the sample sheet; the EV-marker amount is the share of the EV markers times the protein of the preparation, "
            f"and {limits['particles_per_ug']:g} particles per microgram of protein is the yardstick of high purity (Webber and Clayton 2013, "
            "doi:10.3402/jev.v2i0.19861)."
        )
    return " ".join(found)


def _input(assessment: Assessment) -> str:
    exp, catalog = assessment.experiment, assessment.markers
    read = exp.provenance
    source = (
        f"`{_line(read['file'])}` (SHA-256 {str(read.get('sha256', ''))[:16]}...)"
        if read.get("file")
        else "an experiment in memory"
    )
    quantity = f", quantity {_line(read['quantity'])}" if read.get("quantity") else ""
    mapped = assessment.tables["id_mapping"]["status"].isin(["mapped", "ambiguous"]).mean()
    return (
        f"Protein groups were read from {source}{quantity}: {exp.n_proteins} protein groups in {exp.n_samples} "
        f"samples, {exp.scale} scale, {100 * exp.missing:.1f} % missing. {_roll_up(exp)}Zeros of the vendor table count as missing; "
        f"no value was imputed. {100 * mapped:.1f} % of the groups were mapped to a {exp.organism} gene by their leading "
        f"member. Markers come from the markerkit catalog {catalog.version} (digest {catalog.digest[:16]}...)."
    )


def _roll_up(exp: Experiment) -> str:
    """Say how peptides were summarized to proteins; nothing where proteins were read."""
    step = next((h for h in exp.history if h.get("verb") == "rollup"), None)
    if step is None:
        return ""
    how = {
        "median_polish": "Tukey's median polish of their log2 abundances, each profile at the level of the summed intensity "
        "(Cox et al. 2014, doi:10.1074/mcp.M113.031591)",
        "sum": "the sum of their linear abundances",
    }[step["method"]]
    return f"They were summarized from {step['n_peptides_used']} peptides by {how}; {step['rule']}. "


def _model(assessment: Assessment) -> str:
    return (
        "Each contrast was fitted on its own two groups. Abundances were log2-transformed, proteins detected in at least "
        "half of the samples of one group were kept, and samples were centered on their median. Moderated t-statistics "
        f"were computed on the measured values (Smyth 2004){_factors(assessment)}. {_single_proteins(assessment)} {_presence(assessment)} Sets were tested with "
        "camera (competitive, inter-protein correlation estimated and floored at 0; Wu and Smyth 2012) and fry (self-contained; Wu et al. 2010). False discovery rates "
        "(Benjamini and Hochberg 1995) hold over the proteins tested in a contrast and over sets x contrasts of one test. "
        "Sample scores are singscores (Foroutan et al. 2018) on the measured proteins of each sample."
        + _null_sentence(assessment)
    )


def _single_proteins(assessment: Assessment) -> str:
    """Say against what single proteins were tested, with how many values, and what missing values were to them."""
    params, criteria = assessment.params, load_criteria().convention
    least = params["min_values"] or int(criteria["min_values"])
    beyond = f", beyond {params['lfc']:g} log2 (McCarthy and Smyth 2009)" if params["lfc"] else ""
    text = (
        "Single proteins were tested for an effect over the background of the verdicts (the trimmed mean of its proteins)"
        f"{beyond}; those with fewer than "
        f"{least} {'value' if least == 1 else 'values'} in a group were not tested on their values."
    )
    if params["missing"] == "combined":
        text += (
            " Their p-values join the moderated t and the detections of a protein, whose distribution without a difference is "
            "that of the number of detections of proteins of similar abundance and of the split of these over the samples by depth."
        )
    return text


def _factors(assessment: Assessment) -> str:
    """Name the factors of the models beside the groups, contrast by contrast where they differ."""
    found: dict[str, list[str]] = {}
    for c in assessment.contrasts:
        extra = [f"pairs (`{_line(c.paired_by)}`)"] if c.paired_by else []
        extra += [f"batch (`{_line(b)}`)" for b in c.batch]
        if extra:
            found.setdefault(" and ".join(extra), []).append(_line(c.name))
    if len(found) == 1 and len(next(iter(found.values()))) == len(assessment.contrasts):
        return f", with {next(iter(found))} as factors"
    each = [f"{words} ({', '.join(names)})" for words, names in found.items()]
    return f", with {'; '.join(each)} as factors" if each else ""


def _presence(assessment: Assessment) -> str:
    """Say how presence and absence were tested; or that they were not."""
    table = assessment.detection.table
    if not (table["status"] == "tested").any():
        why = (
            "imputed or requantified matrix"
            if not assessment.experiment.presence_known
            else "nothing to test"
        )
        return f"Presence and absence were not tested ({why})."
    within = ", within pairs," if any(c.paired_by for c in assessment.contrasts) else ""
    depth = " that allows for the depth of each sample (Andersen 1972)"
    if (table["total_case"] + table["total_control"]).max() > MOST_SAMPLES:
        depth = ""
    return (
        f"Presence and absence were tested apart from abundance{within} by an exact conditional test{depth}, with two-sided "
        "mid-p (Lancaster 1961); proteins whose detections could not reach p = 0.05 under any distribution over the groups were not tested."
    )


def _null_sentence(assessment: Assessment) -> str:
    draws, table = assessment.params["null_check"], assessment.null_check.table
    if not draws or not len(table):
        return ""
    found = []
    for name, rows in table[(table["level"] == 0.05) & table["rate"].notna()].groupby("contrast", sort=False):
        rates = [
            f"{test.replace('_', ' ')} {100 * rate:.1f} ± {100 * se:.1f} %"
            for test, rate, se in zip(rows["test"], rows["rate"], rows["se"], strict=True)
        ]
        found.append(f"{_line(name)}: {', '.join(rates)}")
    return (
        f" The type I error of the tests was estimated on {draws} data sets without an effect, made by rotating the residuals "
        f"of the full model in a random direction (Langsrud 2005). At 5 % the tests rejected (with standard error) {'; '.join(found)}."
    )


def _verdicts() -> str:
    t = load_criteria().threshold
    return (
        "Identity (is it vesicles, and of which class) was asked only against a control that is declared not to be "
        "vesicles; every other contrast is a comparison and says what is higher or lower. "
        "Verdicts rest on set effects: the weighted mean log2 fold change of the independent markers of a set (one per gene, "
        "one per complex; weight by evidence and specificity) minus the mean of the background, the proteins in no "
        "class set and in no organelle that vesicles lack. The standard error joins two random factors, samples (through the "
        "influence of each sample, which carries the correlation between markers) and markers (through the heterogeneity "
        "between them, moderated over the sets of the contrast as variances are over genes: Smyth 2004); degrees of freedom "
        f"follow Satterthwaite. A class is `compatible` where the {100 * t['class_confidence']:g} % interval lies above 0 (a "
        f"one-sided test at {50 * (1 - t['class_confidence']):g} %), the effect is at least {t['min_class_effect']:g} log2, "
        "its markers rise as much over the proteins of organelles that vesicles lack, its negative markers do not rise, its "
        "class-specific markers rise as well, and every competing class is excluded or may be there beside it; "
        f"`not compatible` where the interval ends below 0, or includes 0 and ends below {t['equivalence_margin']:g} log2; "
        "`not assessable` with fewer than "
        f"{t['min_markers']:g} independent markers or {100 * t['min_weight']:g} % of the weight measured; `unresolved` "
        "otherwise. Where proteins were detected in one group only, the verdict was computed twice, on measured values and "
        "with left-censored bounds, and holds only where both agree. No verdict proves biogenesis (MISEV2018, MISEV2023)."
    )


def _purity(assessment: Assessment) -> str:
    approximate = (
        " The input was logarithmic or imputed: shares and contamination fraction are approximate."
        if assessment.experiment.approximate
        else ""
    )
    t = load_criteria().threshold
    comparators = " or ".join(sorted(load_criteria().contamination_fraction))
    return (
        "Purity was computed before normalization on linear abundances: the share of signal of each contamination source "
        "with an interval over its members, and verdicts on sources by the same set effect (`higher` or `lower` where the "
        f"{100 * t['confidence']:g} % interval excludes 0 and the effect is at least {t['min_source_effect']:g} log2; `similar` "
        f"where the interval lies between -{t['equivalence_margin']:g} and {t['equivalence_margin']:g} log2). The contamination fraction, the "
        "share of the preparation's signal that looks like the comparator, is the weighted median ratio of non-vesicular "
        f"reference proteins (comparator {comparators}); in a paired contrast each preparation is compared with the "
        f"comparator of its own pair.{approximate}"
    )


def _guidelines() -> str:
    c = load_criteria().convention
    return (
        "Items of the reporting guidelines (MISEV2018, MISEV2023) are `met` only at a stated limit: vesicle proteins that are "
        f"higher than in a comparator without vesicles (false discovery rate {percent(c['checklist_fdr'])}), co-isolated "
        f"protein of at most {percent(c['checklist_little'])} of the signal or {percent(c['checklist_carried'])} of its share in "
        f"that comparator, or none of it among {c['checklist_depth']:g} proteins; all else is `measured`. "
    )


def _checks(assessment: Assessment) -> str:
    table = assessment.tables["sensitivity"]
    varied = table[(table["status"] == "computed") & ~table["aspect"].isin([AS_REPORTED, LEAVE_ONE_OUT])]
    aspects = list(dict.fromkeys(varied["aspect"]))
    text = ""
    if aspects:
        text = (
            f"In a sensitivity analysis every verdict was computed again under other choices ({', '.join(aspects)}) and "
            "without each independent marker in turn; scaling a sample by a constant cancels against the background. "
        )
    text += _guidelines()
    context = assessment.params["context"]
    stated = [_line(context[key]) for key in ("accession", "dataset") if context.get(key)]
    if stated:
        return f"{text}Marker sets and their sources were compared with the data set stated ({', '.join(stated)})."
    return f"{text}Whether a marker set was derived from these data was not checked, because the data set was not stated."
