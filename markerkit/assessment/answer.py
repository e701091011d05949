"""Answer: what is in the tube, whether it is vesicles, what differs; known before all that it is reported with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from markerkit.assessment.headline import Found, headline, shown_classes
from markerkit.assessment.series import SeriesParts
from markerkit.core.messages import HARD_STEPS
from markerkit.core.vocabulary import VerdictWord
from markerkit.core.wording import counted, names, number, percent
from markerkit.effects.groups import failed_samples
from markerkit.guidelines.answers import NEEDS_METADATA
from markerkit.identity.table import NOT_ASSESSABLE, UNRESOLVED
from markerkit.qc.shares import ADVICE
from markerkit.results import Checklist, Comparison, Composition, Identity, Purity
from markerkit.study.contrast import Contrast
from markerkit.study.data import StudyData

NO_SOURCE_JUDGED = "sources: the case has those of its control; none is called higher, similar or lower"
_NAMED_GROUPS = 3  # beside an advice
_SOURCE_WORDS = (VerdictWord.HIGHER, VerdictWord.SIMILAR, VerdictWord.LOWER, UNRESOLVED, NOT_ASSESSABLE)


@dataclass(frozen=True, repr=False, kw_only=True)
class Answer:
    """What a study shows: composition of every group, and verdicts on every contrast.

    Attributes
    ----------
    data
        The study as it was assessed.
    identity, comparison
        Verdicts on classes. A contrast is in `identity` where its control is declared not to be vesicles, else in
        `comparison`.
    composition
        What is in the tube, of every sample and group, without a comparator.
    purity
        Verdicts on co-isolated sources, their shares, and contamination fractions.
    checklist
        Guideline items, and what answers each.
    series
        Fraction series, ranking of groups and amounts, where the sample sheet has the columns for them.
    """

    data: StudyData
    identity: Identity
    comparison: Comparison
    purity: Purity
    composition: Composition
    checklist: Checklist
    series: SeriesParts = field(default_factory=SeriesParts)

    @property
    def contrasts(self) -> tuple[Contrast, ...]:
        """The contrasts; none without a comparator."""
        return self.data.contrasts

    def verdicts(self) -> list[str]:
        """Return the answer as lines of text: what each group holds, then a block per contrast."""
        groups = self.composition.ev_markers.table
        lines = [
            "what is in the tube",
            *(f"  {s}" for s in groups.loc[groups["level"] == "group", "summary"]),
        ]
        level = self.data.criteria.threshold["confidence"]
        for contrast in self.contrasts:
            name = contrast.name
            lines += [name, f"  {self.headline(contrast)}"]
            lines += [*self._class_lines(contrast), *self._source_lines(name)]
            carried = self.purity.contamination_fraction.table
            carried = carried[(carried["contrast"] == name) & (carried["compartment"] == "all")]
            lines += [f"  contamination fraction: {_fraction_text(r, level)}" for _, r in carried.iterrows()]
        return [*lines, *self.series.lines()]

    def headline(self, contrast: Contrast) -> str:
        """One sentence on a contrast: what the case is and how pure; or, between vesicles, what differs."""
        purity, fraction = self.purity.table, self.purity.contamination_fraction.table
        whole = fraction[(fraction["contrast"] == contrast.name) & (fraction["compartment"] == "all")]
        parts = self.composition.table
        found = Found(
            self.class_rows(contrast),
            purity[purity["contrast"] == contrast.name],
            whole.iloc[0] if len(whole) else None,
            parts[(parts["level"] == "group") & (parts["name"] == contrast.case)],
        )
        return headline(contrast, found, self.data.criteria)

    def class_rows(self, contrast: Contrast) -> pd.DataFrame:
        """Verdicts on the classes in a contrast, from the table `identity` or `comparison`."""
        table = self.identity.table if contrast.asks_identity else self.comparison.table
        return table[table["contrast"] == contrast.name]

    def _class_lines(self, contrast: Contrast) -> Iterator[str]:
        rows = self.class_rows(contrast).set_index("class")
        if not contrast.asks_identity:
            yield f"  {question(contrast)}"
        for rule in shown_classes(self.data.criteria, self.data.context):
            if rule.key in rows.index:
                r = rows.loc[rule.key]
                yield f"  {rule.title:<34} {r['verdict']:<15} {r['reason']}"

    def like_control(self, name: str) -> bool:
        """Whether the case of a contrast cannot be told from its control, so that nothing in it is clean or dirty."""
        table = self.identity.table
        return bool(table.loc[table["contrast"] == name, "like_control"].astype(bool).any())

    def _source_lines(self, name: str) -> Iterator[str]:
        if self.like_control(name):
            yield f"  {NO_SOURCE_JUDGED}"
            return
        for word in _SOURCE_WORDS:
            titles = self.sources_called(name, word)
            if titles:
                yield f"  sources {word}: {', '.join(titles)}"

    def sources_called(self, name: str, word: str) -> list[str]:
        """Titles of the sources of a contrast that have one verdict."""
        table, rules = self.purity.table, self.data.criteria.sources
        keys = table.loc[(table["contrast"] == name) & (table["verdict"] == word), "source"]
        return [rules[k].title for k in keys]

    def _co_isolated(self) -> Iterator[str]:
        """Say what would remove the large sources of every group of preparations."""
        if self.data.context.get("vesicles") is False:
            return
        controls = {c.control for c in self.contrasts if c.comparator != "ev"}
        groups = {g for c in self.contrasts for g in (c.case, c.control)} - controls
        table, least = self.composition.table, self.data.criteria.convention["share_review"]
        large = table[
            (table["level"] == "group") & (table["share"] >= least) & table["component"].isin(list(ADVICE))
        ]
        found: dict[str, list[str]] = {}
        for group, rows in large.sort_values("share", ascending=False).groupby("group", sort=False):
            if groups and group not in groups:
                continue
            for advice, some in rows.groupby(rows["component"].map(ADVICE), sort=False):
                named = [f"{t} {percent(s, 2)}" for t, s in zip(some["title"], some["share"], strict=True)]
                found.setdefault(str(advice), []).append(f"{names(named, limit=4)} of {group}")
        for advice, where in found.items():
            yield f"{'; '.join(_first(where))}: {advice}"

    def gaps(self) -> list[str]:
        """Return what is missing, the most telling first: what would resolve each abstention, once."""
        criteria = self.data.criteria
        purity = self.purity.table
        steps: dict[str, list[str]] = {}
        asked = {rule.key for rule in shown_classes(criteria, self.data.context)}
        for every in (self.identity.table, self.comparison.table):
            table = every[every["class"].isin(asked)]
            open_classes = table["verdict"].isin([UNRESOLVED, NOT_ASSESSABLE]) & (table["next_step"] != "")
            for _, row in table[open_classes].iterrows():
                steps.setdefault(row["next_step"], []).append(criteria.classes[row["class"]].title)
        # a panel of which next to nothing was measured is no gap, unless the search could not have found it
        blind = purity["source"].map({k: r.by_accession for k, r in criteria.sources.items()}).astype(bool)
        open_sources = (purity["next_step"] != "") & ((purity["status"] != "too few measured") | blind)
        for _, row in purity[open_sources].iterrows():
            steps.setdefault(row["next_step"], []).append(criteria.sources[row["source"]].title)
        ordered = sorted(steps.items(), key=lambda step: step[0] in HARD_STEPS)
        lines = [
            *_undeclared(self.contrasts),
            *_failed(failed_samples(self.data.units)),
            *self._co_isolated(),
        ]
        lines += [f"{', '.join(dict.fromkeys(titles))}: {next_step}" for next_step, titles in ordered]
        needs = self.checklist.table
        items = list(dict.fromkeys(needs.loc[needs["answer"] == NEEDS_METADATA, "item"]))
        if items:
            lines.append(f"guideline items that need metadata: {', '.join(items[:4])} ({len(items)} in all)")
        return lines


def _first(groups: list[str]) -> list[str]:
    """Name the first groups, and how many more there are.

    >>> _first(["a", "b", "c"]), _first(["a", "b", "c", "d"])
    (['a', 'b', 'c'], ['a', 'b', 'c', 'and 1 more group'])
    """
    more = len(groups) - _NAMED_GROUPS
    return [*groups[:_NAMED_GROUPS], f"and {counted(more, 'more group')}"] if more > 0 else groups


def question(contrast: Contrast) -> str:
    """Say why a contrast is a comparison, and what would ask whether the case is vesicles."""
    if contrast.comparator == "ev":
        return f"both groups are EV preparations: what is higher or lower in {contrast.case}"
    return (
        f"what is higher or lower in {contrast.case}; to ask whether it is vesicles, declare what {contrast.control} is: "
        "lysate, biofluid or soluble"
    )


def _undeclared(contrasts: Sequence[Contrast]) -> Iterator[str]:
    """Ask what the controls are: without it no contrast asks whether a case is vesicles."""
    controls = list(dict.fromkeys(c.control for c in contrasts if c.comparator is None))
    if controls:
        yield (
            f"whether it is vesicles: declare what {names(controls, limit=3)} {'is' if len(controls) == 1 else 'are'} "
            "(comparator): lysate, biofluid or soluble, against which it is asked, or ev, other vesicles, against which it is not"
        )


def _failed(samples: Mapping[str, int]) -> Iterator[str]:
    """Name samples that look like failed runs."""
    if samples:
        found = [f"{name} ({counted(n, 'protein')})" for name, n in samples.items()]
        yield (
            f"{names(found, limit=6)}: a tenth of the proteins of the median sample or less: measure again, or leave out and "
            "say so; what a failed run does not show is no absence"
        )


def _fraction_text(row: pd.Series, confidence: float) -> str:
    if row["status"] != "assessed":
        return f"not assessable: {row['reason']}"
    level, high = percent(confidence), percent(row["ci_high"], 2)
    interval = f" ({level} interval {number(100 * row['ci_low'], 2)} to {high})"
    if not np.isfinite(row["ci_low"]):
        interval = f" (upper limit {high})"
    note = f"; {row['reason']}" if row["reason"] else ""
    return f"{row['bound']} {percent(row['fraction'], 2)} of the preparation's signal is like the control's{interval}{note}"
