"""Verdicts in words: reason, explanation and next step of every rule, for tables, report, figures and terminal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from markerkit.core.verdict import Verdict
from markerkit.core.vocabulary import Basis, Exclusion, Rule, VerdictWord
from markerkit.core.wording import counted, fold_change, interval, percent, times

#: key of a class or a source -> its title
Titles = Mapping[str, str]

_REASONS = {
    Rule.CONTROL_NOT_DECLARED: "not said what the control is",
    Rule.CONTROL_IS_VESICLES: "the control is vesicles too",
    Rule.NO_REPLICATES: "no replicates: {about} has {samples}, {needed} or more are needed",
    Rule.COPIES: "no replicates: the samples of {about} hold the same values, and count as {samples}",
    Rule.FAILED_RUNS: "failed runs: the samples of {about} show {measured} each, a tenth of the other group or less",
    Rule.STATED_NOT_VESICLES: "stated not to be vesicles",
    Rule.APOPTOSIS_NOT_STATED: "apoptosis not stated in the context",
    Rule.NO_BACKGROUND: "too few background proteins",
    Rule.TOO_FEW_MARKERS: "{n} of at least {markers} measured",
    Rule.TOO_LITTLE_WEIGHT: "{weight} of the set's weight measured",
    Rule.DEPLETED: "depleted",
    Rule.NO_MORE_THAN_CONTROL: "no more than the control",
    Rule.RAISED_TOO_LITTLE: "raised less than {margin}-fold",
    Rule.RATIOS_COMPRESSED: "no more than the control, but ratios may be compressed, which could not be measured",
    Rule.WIDE_INTERVAL: "interval too wide to tell",
    Rule.ORGANELLES_PER_EV: "more {about} for each EV marker than in the control, as in broken cells",
    Rule.NOT_ABOVE_ORGANELLES: "markers not {margin}-fold above the organelle proteins, as in broken cells",
    Rule.NEGATIVES_UP: "proteins that should be absent rise too",
    Rule.NO_GENERAL_EV_EVIDENCE: "general EV evidence not shown",
    Rule.NOT_DECLARED_AS_VESICLES: "not declared as vesicles",
    Rule.TOO_FEW_SPECIFIC_MARKERS: "too few class-specific markers quantified",
    Rule.SPECIFIC_MARKERS_NOT_RAISED: "only markers shared with other classes are raised",
    Rule.COMPETING_CLASS: "competing class {competitor} not excluded",
    Rule.TOO_FEW_DISTINGUISHING_MARKERS: "competing class {competitor} not excluded: too few distinguishing markers",
    Rule.REQUIRED_CLASS: "{about} {word}: {because}",
    Rule.NECROSIS: "necrosis pattern: {about} higher",
    Rule.NO_CANDIDATE: "competing class {competitor} not excluded: no candidate marker",
    Rule.CANDIDATE: "small EV, apoptosis stated, candidate marker",
    Rule.LYSED_OR_APOPTOTIC: "lysed cells or apoptotic bodies",
    Rule.NO_NUCLEAR_EVIDENCE: "histones and lamins not {margin}-fold above the control",
    Rule.ENRICHED: "enriched over the control",
    Rule.HIGHER: "more than in the control",
    Rule.LOWER: "less than in the control",
    Rule.SIMILAR: "no {margin}-fold change in either direction",
    Rule.SMALL_RISE: "a little more than in the control, less than {margin}-fold",
    Rule.SMALL_FALL: "a little less than in the control, less than {margin}-fold",
    Rule.RISE_OF_UNKNOWN_SIZE: "more than in the control, but whether {margin}-fold or less is open",
    Rule.FALL_OF_UNKNOWN_SIZE: "less than in the control, but whether {margin}-fold or more is open",
    Rule.MISSING_VALUE_SCHEME: "depends on how missing values are treated",
}
_HETEROGENEOUS = "the markers are heterogeneous, which more replicates do not reduce: a fraction or comparator that separates them"
_DEEPER = "deeper measurement: too few of the markers were measured"
_SCHEME = "a targeted assay of the markers that were detected in one group only, or repeated measurement of both groups"
_ABSENT = (
    "a targeted assay of the markers: {proteins} proteins were measured and too few of them are among these, so that they are "
    "absent or rare here"
)
_REPLICATES = "more replicates: at least {needed} samples in each group, better 4"
_RUNS = "the runs of this group measured again, or its samples left out: what failed runs do not show is no absence"
_COPIED = "samples of their own in place of copies of one run; see how the table was put together"
_BROKEN = (
    "a density gradient or another step that removes membranes of broken cells, and viability of the cells"
)
_OF_A_CLASS = {
    Rule.CONTROL_NOT_DECLARED: "declare what the control is, lysate, biofluid or soluble, if it holds no vesicle preparation",
    Rule.CONTROL_IS_VESICLES: "a control without vesicles: the source cells' lysate, the fluid itself or a soluble fraction",
    Rule.NO_REPLICATES: _REPLICATES,
    Rule.COPIES: _COPIED,
    Rule.FAILED_RUNS: _RUNS,
    Rule.STATED_NOT_VESICLES: "nothing: the context says `vesicles = false`",
    Rule.APOPTOSIS_NOT_STATED: "if the source cells were dying, state in the context that apoptosis was induced and shown, and the viability",
    Rule.NO_BACKGROUND: "deeper measurement: too few background proteins were measured",
    Rule.TOO_FEW_MARKERS: _DEEPER,
    Rule.TOO_LITTLE_WEIGHT: _DEEPER,
    Rule.RAISED_TOO_LITTLE: "a purer preparation: admixed control material draws every marker towards the control",
    Rule.RISE_OF_UNKNOWN_SIZE: "more replicates, which show how large the rise is",
    Rule.RATIOS_COMPRESSED: "label-free values, or quantification free of interference (MS3, real-time search)",
    Rule.WIDE_INTERVAL: "more replicates, or deeper measurement of the class markers",
    Rule.ORGANELLES_PER_EV: _BROKEN,
    Rule.NOT_ABOVE_ORGANELLES: _BROKEN,
    Rule.LYSED_OR_APOPTOTIC: "apoptosis induced and shown, with the viability, in the context; annexin V binding, a size fraction or caspase-cleaved proteins tell apoptotic bodies from lysed cells",
    Rule.NO_NUCLEAR_EVIDENCE: "histones and lamins: deeper measurement, or a targeted assay; organelles without them also fit large EVs of living cells",
    Rule.NEGATIVES_UP: "a purer preparation, or a comparator that shares the co-isolated material",
    Rule.NO_GENERAL_EV_EVIDENCE: "EV markers (tetraspanins, ESCRT, annexins) that rise over the comparator",
    Rule.NOT_DECLARED_AS_VESICLES: "declare `vesicles = true` in the context file, with the evidence for it",
    Rule.TOO_FEW_SPECIFIC_MARKERS: "class-specific markers: deeper measurement, or a targeted assay of them",
    Rule.SPECIFIC_MARKERS_NOT_RAISED: "a size- or density-resolved fraction, in which the class-specific markers could rise",
    Rule.COMPETING_CLASS: "markers that distinguish the two classes, such as a size- or density-resolved fraction",
    Rule.NECROSIS: "viability and a caspase-inhibitor control: organelle and nuclear protein points to lysis",
    Rule.NO_CANDIDATE: "S1PR1 or S1PR3 by a targeted assay",
    Rule.MISSING_VALUE_SCHEME: _SCHEME,
}
_OF_A_CLASS[Rule.TOO_FEW_DISTINGUISHING_MARKERS] = _OF_A_CLASS[Rule.COMPETING_CLASS]
_OF_A_SOURCE = {
    Rule.NO_REPLICATES: _REPLICATES,
    Rule.COPIES: _COPIED,
    Rule.FAILED_RUNS: _RUNS,
    Rule.NO_BACKGROUND: _OF_A_CLASS[Rule.NO_BACKGROUND],
    Rule.TOO_FEW_MARKERS: _DEEPER,
    Rule.WIDE_INTERVAL: "more replicates, or deeper measurement of the source's markers",
    Rule.RISE_OF_UNKNOWN_SIZE: "more replicates, which show how large the change is",
    Rule.FALL_OF_UNKNOWN_SIZE: "more replicates, which show how large the change is",
    Rule.MISSING_VALUE_SCHEME: _SCHEME,
}
_OF_A_CHANGE = _OF_A_SOURCE | {
    Rule.APOPTOSIS_NOT_STATED: _OF_A_CLASS[Rule.APOPTOSIS_NOT_STATED],
    Rule.TOO_LITTLE_WEIGHT: _DEEPER,
    Rule.WIDE_INTERVAL: _OF_A_CLASS[Rule.WIDE_INTERVAL],
}
_HETEROGENEOUS_CHANGE = "the markers of the class do not change alike, which more replicates do not reduce"
_HETEROGENEOUS_SOURCE = (
    "the markers are heterogeneous, which more replicates do not reduce: a comparator in which all markers of the panel "
    "are present or all absent"
)
#: steps that need another fraction or comparator; more of the same measurements would not help
HARD_STEPS = frozenset({_HETEROGENEOUS, _HETEROGENEOUS_CHANGE, _HETEROGENEOUS_SOURCE})
_BOVINE = "search against a database that holds bovine entries"
_DECIDED = set(VerdictWord) - {VerdictWord.UNRESOLVED, VerdictWord.NOT_ASSESSABLE}


def reason(verdict: Verdict, titles: Titles) -> str:
    """Write the rule that decided as a short clause.

    Parameters
    ----------
    verdict
        Of a class or a source.
    titles
        Titles of classes and sources by key.
    """
    n = verdict.numbers
    because = verdict.because
    text = _REASONS[verdict.rule].format(
        about=titles.get(verdict.about, verdict.about),
        competitor=titles.get(verdict.competing_class, verdict.competing_class),
        n=int(n.get("n_markers", 0)),
        markers=counted(int(n.get("min_markers", 0)), "independent marker"),
        weight=percent(round(n.get("weight_measured", 0.0), 2)),
        margin=fold_change(n.get("equivalence_margin", 0.0)),
        samples=counted(int(n.get("n_samples", 0)), "sample"),
        measured=counted(int(n.get("n_proteins", 0)), "protein"),
        needed=int(n.get("min_replicates", 0)),
        word=because.word if because else "",
        because=reason(because, titles) if because else "",
    )
    return f"{text}, from detection" if verdict.basis == Basis.BOUNDED else text


def cannot_be_told(case: str, control: str) -> str:
    """Say of a contrast whose case looks like its control that it does."""
    return f"cannot be told from the control: nothing shows that {case} is more than {control}"


@dataclass(frozen=True)
class Circumstances:
    """What a study has, so that advice fits it.

    Parameters
    ----------
    n_proteins, deep
        Proteins of the contrast, and how many make measuring deeper no advice.
    serum_possible
        They may come from culture, where bovine serum is a question.
    denied
        Keys of the context that were stated not to hold.
    """

    n_proteins: int = 0
    deep: float = float("inf")
    serum_possible: bool = True
    denied: frozenset[str] = frozenset()


_UNKNOWN = Circumstances()
_DEPTH = {Rule.TOO_FEW_MARKERS, Rule.TOO_LITTLE_WEIGHT, Rule.TOO_FEW_SPECIFIC_MARKERS}


def next_step_of_class(verdict: Verdict, study: Circumstances = _UNKNOWN) -> str:
    """Say what would resolve a verdict on a class; nothing where it is resolved, or nothing would."""
    if verdict.word in _DECIDED or verdict.rule.about in study.denied:
        return ""
    if verdict.rule == Rule.REQUIRED_CLASS and verdict.because is not None:
        return next_step_of_class(verdict.because, study)
    if verdict.rule == Rule.WIDE_INTERVAL and verdict.numbers.get("heterogeneous"):
        return _HETEROGENEOUS
    return _filled(_OF_A_CLASS[verdict.rule], verdict, study)


def next_step_of_source(
    verdict: Verdict, study: Circumstances = _UNKNOWN, *, other_species: bool = False
) -> str:
    """Say what would resolve a verdict on a source; nothing where it is resolved.

    Parameters
    ----------
    verdict
        Of the source.
    study
        What the study has.
    other_species
        No protein of the source's own species was measured at all.
    """
    if verdict.word in _DECIDED:
        return ""
    if other_species:
        return _BOVINE if study.serum_possible else ""
    if verdict.rule == Rule.WIDE_INTERVAL and verdict.numbers.get("heterogeneous"):
        return _HETEROGENEOUS_SOURCE
    return _filled(_OF_A_SOURCE[verdict.rule], verdict, study)


def next_step_of_change(verdict: Verdict, study: Circumstances = _UNKNOWN) -> str:
    """Say what would resolve a verdict on the change of a class; nothing where it is resolved, or nothing would."""
    if verdict.word in _DECIDED or verdict.rule.about in study.denied:
        return ""
    if verdict.rule == Rule.WIDE_INTERVAL and verdict.numbers.get("heterogeneous"):
        return _HETEROGENEOUS_CHANGE
    return _filled(_OF_A_CHANGE[verdict.rule], verdict, study)


def _filled(text: str, verdict: Verdict, study: Circumstances) -> str:
    if verdict.rule in _DEPTH and study.n_proteins >= study.deep:
        return _ABSENT.format(proteins=f"{study.n_proteins:,}")
    return text.format(needed=int(verdict.numbers.get("min_replicates", 0)))


@dataclass(frozen=True)
class Measured:
    """The numbers that an explanation quotes: the effect of a set over the background, log2.

    Parameters
    ----------
    estimate, ci_low, ci_high
        Of the effect.
    level
        Of the interval.
    n_markers
        Independent markers.
    detectable, power
        Effect that a share `power` of such studies would have called.
    """

    estimate: float
    ci_low: float
    ci_high: float
    level: float
    n_markers: int
    detectable: float
    power: float

    @property
    def size(self) -> str:
        """Effect and interval in words."""
        return f"{times(self.estimate)} the background ({interval(self.ci_low, self.ci_high, self.level)})"

    @property
    def missed(self) -> str:
        """What would have been called."""
        return f"of {fold_change(self.detectable)}-fold would have been called in {percent(self.power)} of such studies"


@dataclass(frozen=True)
class Compared:
    """What a verdict is on: its title, and the two groups that were compared."""

    title: str
    case: str
    control: str


def explain_class(
    verdict: Verdict,
    what: Compared,
    effect: Measured | None,
    titles: Titles,
    excluded: Mapping[str, tuple[Exclusion, float]],
) -> str:
    """Explain a verdict on a class in sentences.

    Parameters
    ----------
    verdict
        Of the class.
    what
        Title of the class, with its name by size, and the groups.
    effect
        Of its markers; nothing where none was estimated.
    titles
        Titles of classes and sources by key.
    excluded
        How each competing class was excluded, with the effect it was held against.
    """
    why, control, case, title = reason(verdict, titles), what.control, what.case, what.title
    size = ""
    if effect is not None:
        inside = f"{interval(effect.ci_low, effect.ci_high, effect.level)}; {counted(effect.n_markers, 'independent marker')}"
        size = f" The markers are {times(effect.estimate)} the background ({inside})."
    if verdict.word == VerdictWord.COMPATIBLE:
        return f"Compared with {control}, {case} is enriched in markers of {title}.{size}{_exclusions(excluded, titles)}"
    if verdict.rule == Rule.NO_MORE_THAN_CONTROL and effect is not None:
        return f"{case} shows no more markers of {title} than {control}; an enrichment {effect.missed}.{size}"
    if verdict.rule == Rule.RAISED_TOO_LITTLE:
        return f"Markers of {title} are {why} in {case} over {control}: too little for the class.{size}"
    if verdict.word == VerdictWord.NOT_COMPATIBLE:
        return f"{case} is not enriched in markers of {title} over {control}: {why}.{size}"
    return f"{title} is {verdict.word}: {why}.{size}"


def _exclusions(excluded: Mapping[str, tuple[Exclusion, float]], titles: Titles) -> str:
    if not excluded:
        return ""
    words = {
        Exclusion.ITSELF: "itself not compatible",
        Exclusion.MARGIN: "below the markers only in the class",
        Exclusion.SPECIFIC: "its specific markers show no {margin}-fold rise",
        Exclusion.ORGANELLES: "its organelles lie below the class-specific markers",
        Exclusion.BESIDE: "not excluded, may be there beside it",
        Exclusion.NOT_EXCLUDED: "not excluded",
    }
    named = [f"{titles[k]} ({words[how].format(margin=fold_change(m))})" for k, (how, m) in excluded.items()]
    return f" Competing {'class' if len(named) == 1 else 'classes'}: {', '.join(named)}."


def explain_source(
    verdict: Verdict,
    what: Compared,
    effect: Measured | None,
    titles: Titles,
    *,
    more_per_ev: float | None = None,
) -> str:
    """Explain a verdict on a source in sentences.

    Parameters
    ----------
    verdict
        Of the source.
    what
        Title of the source, and the groups.
    effect
        Of its markers; nothing where none was estimated.
    titles
        Titles of classes and sources by key.
    more_per_ev
        Log2 effect of the source over the EV markers, where it is higher for each EV marker.
    """
    text = explain_change(verdict, what, effect, titles)
    if more_per_ev is not None:
        text += f" EV signal fell: {fold_change(more_per_ev)}-fold more of it for each EV marker."
    return text


def explain_change(verdict: Verdict, what: Compared, effect: Measured | None, titles: Titles) -> str:
    """Explain a verdict on the change of a source or a class in sentences.

    Parameters
    ----------
    verdict
        On the change.
    what
        Title of the source or class, and the groups.
    effect
        Of its markers; nothing where none was estimated.
    titles
        Titles of classes and sources by key.
    """
    case, control, title = what.case, what.control, what.title
    if effect is None:
        return f"{title}: {verdict.word} ({reason(verdict, titles)})."
    start = {
        VerdictWord.HIGHER: f"{title}: more in {case} than in {control}",
        VerdictWord.LOWER: f"{title}: less in {case} than in {control}",
        VerdictWord.SIMILAR: f"{title}: similar in {case} and {control}",
    }.get(verdict.word, f"{title}: {verdict.word} ({reason(verdict, titles)})")
    text = f"{start}; the markers are {effect.size}."
    return f"{text} A change {effect.missed}." if verdict.rule == Rule.SIMILAR else text
