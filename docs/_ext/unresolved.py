"""The page "My report says unresolved: what now", one section for every rule that leaves a verdict open."""

from __future__ import annotations

from collections.abc import Callable

from markerkit.core.messages import next_step_of_change, next_step_of_class, next_step_of_source, reason
from markerkit.core.verdict import Verdict
from markerkit.core.vocabulary import Rule, VerdictWord

#: rule -> what it means, in the words of somebody who reads the report for the first time. A rule without an entry
#: that leaves a verdict open fails the build, and so does an entry that no rule needs.
MEANING = {
    Rule.CONTROL_NOT_DECLARED: "Identity is asked against material that is not vesicles. Nobody said what the control is, and the "
    "proteome of the control cannot say it: a lysate and a crude vesicle pellet share most of their proteins.",
    Rule.CONTROL_IS_VESICLES: "Both groups are vesicle preparations. The comparison says which of them has more of what; it cannot "
    "say that either is vesicles, because what both share cancels.",
    Rule.NO_REPLICATES: "With one sample in a group there is no spread, and so no interval.",
    Rule.COPIES: "The samples of one group hold the same value in every protein: one run, given several times. They say nothing of "
    "how preparations differ.",
    Rule.FAILED_RUNS: "The runs of one group show next to no proteins, a small part of what those of the other show. What they "
    "lack says nothing about the sample, so that neither its presence nor its absence is judged.",
    Rule.STATED_NOT_VESICLES: "The context says `vesicles = false`, so no class is asked for.",
    Rule.APOPTOSIS_NOT_STATED: "EVs of dying cells carry the proteins of dying cells, and so does debris. These classes are asked "
    "only where the context says that apoptosis was induced, how it was shown, and how many cells were alive.",
    Rule.NO_BACKGROUND: "An effect is the rise of the markers over the other proteins. Too few other proteins were measured to "
    "hold the markers against.",
    Rule.TOO_FEW_MARKERS: "A class rests on several independent markers; subunits of one complex count once. Fewer than the "
    "least number were measured in enough samples of both groups. The table `coverage` lists which are there.",
    Rule.TOO_LITTLE_WEIGHT: "Enough markers were measured, but they are those that other classes share, and so weigh little.",
    Rule.RAISED_TOO_LITTLE: "The markers rise, and the rise is certain, but it is smaller than two-fold: less than a preparation of "
    "vesicles shows over its source. Admixed control material is the usual reason: with half of the protein from the "
    "control, no rise can exceed two-fold by much.",
    Rule.RATIOS_COMPRESSED: "Ratios of isobaric labels (TMT, iTRAQ) are pulled towards 1 by co-isolated peptides. A small rise "
    "may be a large one, so that `not compatible` would be too strong.",
    Rule.WIDE_INTERVAL: "The interval reaches from no change to a change that matters. Two things widen it: samples that differ, "
    "which more replicates help, and markers that do not move together, which they do not. The next step in your "
    "report says which of them it is.",
    Rule.ORGANELLES_PER_EV: "For each EV marker there is more protein of mitochondria, ER or nucleus than in the control. Vesicles "
    "leave organelles behind; broken cells bring them along.",
    Rule.NOT_ABOVE_ORGANELLES: "The markers rise, but mitochondria, ER and nucleus rise almost as much, as they do where membranes "
    "of broken cells were pelleted with the vesicles.",
    Rule.NEGATIVES_UP: "The class has proteins that should fall against a lysate (its negative markers), and they rise.",
    Rule.NO_GENERAL_EV_EVIDENCE: "Before it is asked of which class vesicles are, the markers that most vesicles share must show that "
    "there are vesicles.",
    Rule.NOT_DECLARED_AS_VESICLES: "General EV evidence is open, and the context does not say that the case samples are vesicle "
    "preparations.",
    Rule.TOO_FEW_SPECIFIC_MARKERS: "Most markers of a class are shared with others. Too few of those that belong to this class "
    "alone were measured to tell it from them.",
    Rule.SPECIFIC_MARKERS_NOT_RAISED: "The markers that rise are those that several classes share; those that belong to this class "
    "alone do not rise two-fold.",
    Rule.COMPETING_CLASS: "Another class explains the same proteins, and the data do not exclude it. The report names it.",
    Rule.TOO_FEW_DISTINGUISHING_MARKERS: "Another class explains the same proteins, and too few markers that would tell the two apart "
    "were measured.",
    Rule.REQUIRED_CLASS: "This class rests on another one (apoptotic exosomes are exosomes first), and that one is open. Read the "
    "section of its reason.",
    Rule.NECROSIS: "Protein of nucleus, mitochondria or ER is higher: dying cells have leaked or burst, and their debris cannot be "
    "told from the vesicles.",
    Rule.NO_CANDIDATE: "Small EVs of dying cells differ from exosomes of living cells by few known proteins, and none of these "
    "candidates was seen to rise.",
    Rule.LYSED_OR_APOPTOTIC: "Organelles and nuclear protein fit apoptotic bodies and lysed cells alike.",
    Rule.NO_NUCLEAR_EVIDENCE: "Apoptotic bodies hold pieces of nucleus. Histones and lamins do not rise two-fold, and organelles "
    "without them also fit large EVs of living cells.",
    Rule.RISE_OF_UNKNOWN_SIZE: "There is more than in the control; whether it is two-fold or less is open.",
    Rule.FALL_OF_UNKNOWN_SIZE: "There is less than in the control; whether it is two-fold or less is open.",
    Rule.MISSING_VALUE_SCHEME: "Some markers were measured in one group only. Leaving them out and giving them the smallest value "
    "that fits lead to different verdicts, so neither is given.",
}  # fmt: skip
#: what stands in a reason for the name of the class, source or group that it is about
_ABOUT = {
    Rule.NO_REPLICATES: "a group",
    Rule.COPIES: "a group",
    Rule.FAILED_RUNS: "a group",
    Rule.ORGANELLES_PER_EV: "mitochondria, ER or nucleus",
    Rule.NECROSIS: "mitochondria, ER or nucleus",
    Rule.REQUIRED_CLASS: "the class that this one rests on is",
}
_OPEN = (VerdictWord.UNRESOLVED, VerdictWord.NOT_ASSESSABLE)


def page() -> str:
    """The page as Markdown."""
    wanted = [rule for rule in Rule if rule == Rule.REQUIRED_CLASS or any(_steps(rule).values())]
    wrong = set(wanted) ^ set(MEANING)
    if wrong:
        raise ValueError(f"docs/_ext/unresolved.py: rules and meanings differ in {sorted(wrong)}")
    return _HEAD + "\n".join(_section(rule) for rule in wanted)


def _verdict(rule: Rule) -> Verdict:
    numbers = {
        "n_markers": 3,
        "min_markers": 5,
        "weight_measured": 0.1,
        "equivalence_margin": 1.0,
        "n_samples": 1,
        "n_proteins": 3,
        "min_replicates": 3,
    }
    because = Verdict(VerdictWord.UNRESOLVED, Rule.WIDE_INTERVAL) if rule == Rule.REQUIRED_CLASS else None
    return Verdict(
        VerdictWord.UNRESOLVED, rule, numbers, competing_class="other", about="about", because=because
    )


def _steps(rule: Rule) -> dict[str, str]:
    asked: dict[str, Callable[[Verdict], str]] = {
        "of a class against a control that is not vesicles": next_step_of_class,
        "of the change of a class": next_step_of_change,
        "of a source": next_step_of_source,
    }
    found = {}
    for where, step in asked.items():
        try:
            found[where] = step(_verdict(rule))
        except KeyError:  # the rule is not asked there
            continue
    return found


def _section(rule: Rule) -> str:
    verdict = _verdict(rule)
    steps = {where: text for where, text in _steps(rule).items() if text}
    text = f"\n({rule})=\n\n## {_sentence(reason(verdict, {'about': _ABOUT.get(rule, ''), 'other': '(it is named)'}))}\n\n"
    text += f"*Column `rule`: `{rule}`; row of the table `evidence`: `{rule.topic}`.*\n\n{MEANING[rule]}\n\n"
    if rule == Rule.REQUIRED_CLASS:
        return text
    if len(set(steps.values())) == 1:
        return text + f"**What would resolve it:** {next(iter(steps.values()))}.\n"
    return (
        text
        + "**What would resolve it**\n\n"
        + "\n".join(f"- {where}: {step}." for where, step in steps.items())
        + "\n"
    )


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


_HEAD = """\
---
file_format: mystnb
kernelspec:
  name: python3
---

# My report says unresolved: what now

`unresolved` means that the data were measured and do not decide; `not assessable` means that they could not decide, because
something is missing. Neither says that the preparation is bad. Both come with a reason and the next step:

- in the report, beside the verdict;
- in the tables `identity`, `comparison` and `purity`: columns `reason`, `rule` and `next_step`;
- in the table `evidence`: every reason for and against every class, with its numbers.

```{code-cell} ipython3
import markerkit as mk

exp = mk.simulate(n=3, noise=0.8, classes=["microvesicle"], seed=3).experiment
ev = mk.Contrast("fraction", "EV", "lysate", comparator="lysate")
result = mk.assess_identity(exp, ev)
result.table[["class", "verdict", "rule", "next_step"]]
```

Three things are worth a look before an experiment is planned. **How large an effect would have been seen?** The column
`smallest_detectable` says it for four of five such studies; `mk.detectable_effect` says it for other numbers of samples. **Does one
choice decide?** The table `sensitivity` has the verdicts under other normalizations, without each marker, and so on. **Is it
the question?** Against a control that is vesicles as well, ask what differs (`mk.compare`), not whether it is vesicles.

The sections below are made from the rules themselves: the title is the reason as the report writes it (with numbers of an
example), and what would resolve it is the next step as the report writes it.
"""
