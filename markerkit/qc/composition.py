"""composition: what is in the tube, for every sample and group, without a comparator."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from markerkit.catalog.criteria import load_criteria
from markerkit.catalog.load import MarkerCatalog, Sets, with_reference
from markerkit.core.composition_words import (
    EvNumbers,
    ShareWords,
    Summary,
    ev_next_step,
    ev_reason,
    summary_line,
)
from markerkit.core.errors import InputError, one_of, require_columns
from markerkit.core.experiment import Experiment
from markerkit.core.signal import basis_words, signal_of
from markerkit.core.vocabulary import EvRule, EvWord
from markerkit.purity.shares import approximate_signal
from markerkit.qc.components import (
    EV,
    OVER_PROTEINS,
    OVER_SAMPLES,
    TITLES,
    UNASSIGNED,
    Component,
    Components,
    members_once,
)
from markerkit.qc.ev_answer import EvMarkerMeasures, EvMeasures, GroupMeasures, ev_rule
from markerkit.qc.places import Place, depth_class, place_of
from markerkit.results import Composition, EvMarkers
from markerkit.sets.coverage import require_matches
from markerkit.study.contrast import BLOOD, FLUIDS
from markerkit.study.isolation import isolation_of
from markerkit.study.roles import groups_of
from markerkit.tables.registry import TABLES

GROUP, SAMPLE = "group", "sample"
NO_SHARES = "ratios to a reference channel have no share of signal"
_NAMED = 3  # sources that a summary names
_PRESENCE = "complete or imputed matrix: the proteins counted are those of the study, not of this sample"
_APPROXIMATE = "approximate: logarithmic or imputed input"


def composition(
    exp: Experiment,
    markers: Sets | None = None,
    *,
    group: str | None = None,
    fluid: str | None = None,
    shares: str = "signal",
    isolation: str | None = None,
    dataset: str = "",
) -> Composition:
    """Say what is in the tube: EV markers, co-isolated material and what is unassigned.

    Parameters
    ----------
    exp
        Harmonized experiment before normalization. Blanks and medium (sample column ``role``)
        are groups by themselves.
    markers
        Catalog of its organism; the shipped one by default.
    group
        Sample column of the groups; all samples are one group by default.
    fluid
        What the samples come from. In blood the genes of blood-cell panels count as the cells, not
        as EV markers; it also chooses the preparations that each number is compared with.
    shares
        What every share sums: ``"signal"``, or ``"length"`` for signal over the length of the
        sequence, which is not compared with other preparations.
    isolation
        Isolation method in words, for all samples; by default the sample column ``isolation``
        says it, where there is one. See :func:`markerkit.study.isolation.isolation_of`.
    dataset
        Accession or DOI of the data set, so that it is not said to be compared with itself.

    Returns
    -------
    Composition
        ``table``: share of every component in every group and sample, which add up to 1.
        ``ev_markers``: the answer on the EV markers in one word, with what it rests on.

    Raises
    ------
    InputError
        Imputed values, a normalized experiment, an absent column, an unknown fluid or role, no
        gene that matches, shares by length without lengths.

    Notes
    -----
    No comparator enters, so the answer says what is there, not that it was enriched: whole cells
    hold EV markers too, and what gives them away is their organelles. The rules and limits are in
    ``docs/models.md`` and, as ``composition``, in ``reference_sets/criteria.toml``.

    Examples
    --------
    >>> import markerkit as mk
    >>> found = mk.composition(mk.load_example(), group="fraction", fluid="culture")
    >>> found.ev_markers.table.set_index("name").loc[["EV", "lysate"], "word"].tolist()
    ['strong', 'weak']
    """
    exp.refuse_imputed()
    if exp.has_verb("normalize"):
        raise InputError(
            "composition is read before normalization, which changes the shares; give the experiment as it was read."
        )
    if fluid is not None:
        one_of("fluid", fluid, FLUIDS)
    if group is not None:
        require_columns(exp.samples, [group], what="the sample sheet")
    markers = with_reference(markers, exp.organism)
    require_matches(exp, markers)
    return composition_of(
        exp, markers, group=group, fluid=fluid, basis=shares, isolation=isolation, dataset=dataset
    )


def composition_of(
    exp: Experiment,
    markers: MarkerCatalog,
    *,
    group: str | None,
    fluid: str | None,
    basis: str,
    isolation: str | None = None,
    dataset: str = "",
) -> Composition:
    """Composition of an experiment that was checked; see :func:`composition`."""
    study = CompositionStudy(exp, markers, groups_of(exp, group), fluid, basis, isolation, dataset)
    params = {"group": group, "fluid": fluid, "shares": basis, "isolation": isolation, "dataset": dataset}
    return study.result([*study.groups(), *study.samples()], params)


@dataclass(frozen=True)
class Answer:
    """What was found in one sample or one group."""

    level: str
    name: str
    group: str
    n_samples: int
    parts: Mapping[str, Component]
    found: EvMeasures
    rule: EvRule
    isolation: str
    interval: str
    samples_by_word: str = ""


@dataclass(frozen=True)
class CompositionStudy:
    """An experiment with its groups, and what its answers are read from.

    Parameters
    ----------
    exp, markers
        Experiment and catalog.
    group
        Group of every sample.
    fluid, basis, isolation, dataset
        As of :func:`composition`, where the basis is called ``shares``.
    approximate
        Whether linear signal had to be reconstructed; by default as the experiment shows.
    """

    exp: Experiment
    markers: MarkerCatalog
    group: pd.Series
    fluid: str | None
    basis: str
    isolation: str | None
    dataset: str
    approximate: bool | None = None

    def result(self, answers: Sequence[Answer], params: Mapping[str, Any]) -> Composition:
        """Tables of some answers, with the options that they were made with."""
        table = pd.DataFrame([row for a in answers for row in self.component_rows(a)])
        words = pd.DataFrame([self.ev_row(a) for a in answers])
        return Composition(
            TABLES["composition"].conform(table), params, EvMarkers(TABLES["ev_markers"].conform(words))
        )

    @property
    def _blood(self) -> bool:
        return self.fluid in BLOOD

    @property
    def _ratio(self) -> bool:
        return self.exp.scale == "ratio"

    @cached_property
    def _components(self) -> Components | None:
        if self._ratio:
            return None
        return Components(signal_of(self.exp, self.basis), self.markers, blood=self._blood)

    @cached_property
    def _n_set(self) -> dict[str, int | None]:
        if self._components is not None:
            return {**self._components.n_set, UNASSIGNED: None}
        members = members_once(self.markers, blood=self._blood)
        return {**{k: len(names) for k, (names, _) in members.items()}, UNASSIGNED: None}

    @cached_property
    def _measures(self) -> GroupMeasures:
        return EvMarkerMeasures(self.exp, self.markers, self._components, blood=self._blood)

    @cached_property
    def _has_signal(self) -> npt.NDArray[np.bool_]:
        measured = self.exp.values.loc[:, self.exp.targets]
        return (
            np.asarray((measured.fillna(0) != 0).any(axis=1))
            if not self._ratio
            else np.ones(len(measured), bool)
        )

    @cached_property
    def _isolations(self) -> list[str]:
        """Isolation method of every sample, as the call or the sample sheet states it."""
        if self.isolation is not None or "isolation" not in self.exp.samples.columns:
            return [isolation_of(self.isolation)] * self.exp.n_samples
        return [isolation_of(t) for t in self.exp.samples["isolation"]]

    @cached_property
    def _rows(self) -> list[Answer]:
        by_key = {} if self._components is None else self._components.of_samples()
        rows = []
        for i, name in enumerate(self.exp.samples.index.astype(str)):
            found = self._measures.of(np.array([i]))
            rule = self._rule(found, [i])
            parts = {k: parts[i] for k, parts in by_key.items()}
            groups = str(self.group.iloc[i])
            isolation = self._isolations[i]
            rows.append(Answer(SAMPLE, name, groups, 1, parts, found, rule, isolation, OVER_PROTEINS))
        return rows

    def samples(self) -> list[Answer]:
        """Answer for every sample."""
        return self._rows

    def _rule_of(self, place: int) -> EvRule:
        """Rule that gave a sample its word."""
        return self._rows[place].rule

    def _parts_of(self, place: int) -> Mapping[str, Component]:
        """Components of a sample."""
        return self._rows[place].parts

    def _parts_of_group(self, chosen: npt.NDArray[np.bool_]) -> Mapping[str, Component]:
        """Components of a group of two samples with signal or more; none on ratios."""
        return {} if self._components is None else self._components.of_group(chosen)

    def groups(self) -> Iterator[Answer]:
        """Answer for every group, in the order of the samples."""
        for name in dict.fromkeys(self.group):
            chosen = self.group.eq(name).to_numpy() & self._has_signal
            places = np.flatnonzero(chosen if chosen.any() else self.group.eq(name))
            own = [self._rule_of(int(i)) for i in np.flatnonzero(self.group.eq(name))]
            found = self._measures.of(places)
            if len(places) == 1 or self._ratio:
                parts, interval = self._parts_of(places[0]), OVER_PROTEINS
            else:
                parts, interval = self._parts_of_group(chosen), OVER_SAMPLES
            methods = {self._isolations[i] for i in places}
            isolation = methods.pop() if len(methods) == 1 else ""
            rule, n = self._rule(found, list(places)), int(chosen.sum())
            words = (rule, isolation, interval, _by_word(own))
            yield Answer(GROUP, str(name), str(name), n, parts, found, *words)

    def _rule(self, found: EvMeasures, samples: list[int]) -> EvRule:
        if not self._has_signal[samples].any():
            return EvRule.NO_SIGNAL
        return ev_rule(found, ratio=self._ratio)

    # ---- rows of the tables ----------------------------------------------------

    def _place(self, value: float, item: str, answer: Answer) -> Place:
        if self.basis != "signal" or answer.rule.word == EvWord.NOT_ASSESSABLE:
            return Place()
        return place_of(
            value,
            item,
            fluid=self.fluid,
            isolation=answer.isolation,
            depth=depth_class(answer.found.n_proteins),
            dataset=self.dataset,
        )

    @cached_property
    def _approximate(self) -> bool:
        return approximate_signal(self.exp) if self.approximate is None else self.approximate

    @cached_property
    def _words(self) -> str:
        return basis_words(self.exp, self.basis)

    def component_rows(self, answer: Answer) -> Iterator[dict[str, Any]]:
        """Rows of the table `composition` of one answer."""
        sources = load_criteria().sources
        for key, n_set in self._n_set.items():
            part = answer.parts.get(key, Component(np.nan, np.nan, np.nan, 0))
            title = TITLES[key] if key in TITLES else sources[key].title
            status, reason = self._status(part)
            yield {
                "level": answer.level,
                "name": answer.name,
                "group": answer.group,
                "n_samples": answer.n_samples,
                "component": key,
                "title": title,
                **vars(part),
                "interval": answer.interval if np.isfinite(part.ci_low) else "",
                "n_set": n_set,
                **_place_columns(self._place(part.share, f"share_{key}", answer)),
                "approximate": self._approximate,
                "basis": self._words,
                "status": status,
                "reason": reason,
            }

    def _status(self, part: Component) -> tuple[str, str]:
        if self._ratio:
            return "not assessable", NO_SHARES
        if not np.isfinite(part.share):
            return "not measured", "no member was measured, which may be depth"
        few = "" if np.isfinite(part.ci_low) else "too few members measured for an interval"
        return "measured", "; ".join(filter(None, [few, _APPROXIMATE if self._approximate else ""]))

    def ev_row(self, answer: Answer) -> dict[str, Any]:
        """Row of the table `ev_markers` of one answer."""
        found = answer.found
        cautions = self._cautions(answer)
        n_misev, rank = (
            self._place(v, item, answer)
            for v, item in ((float(found.n_all), "n_misev"), (found.rank, "ev_rank"))
        )
        share = self._place(found.share, f"share_{EV}", answer)
        reason = ev_reason(answer.rule, _numbers(found))
        return {
            "level": answer.level,
            "name": answer.name,
            "group": answer.group,
            "n_samples": answer.n_samples,
            "word": answer.rule.word,
            "rule": answer.rule,
            "reason": "; ".join([reason, *cautions]),
            "next_step": ev_next_step(answer.rule),
            "n_proteins": found.n_proteins,
            "n_misev": found.n_all,
            "n_misev_set": found.n_misev_set,
            **{f"n_{c}": n for c, n in found.n_misev.items()},
            "n_ranked": found.n_ranked,
            "rank": found.rank,
            "rank_pvalue": found.rank_p,
            "share": found.share,
            "organelles_per_ev": found.organelles_per_ev,
            "misev_reference": n_misev.words,
            "misev_reference_quantile": n_misev.quantile,
            "rank_reference": rank.words,
            "rank_reference_quantile": rank.quantile,
            **_place_columns(share),
            "presence_known": self.exp.presence_known,
            "approximate": self._approximate,
            "samples_by_word": answer.samples_by_word,
            "summary": summary_line(self._summary(answer, reason, share)),
        }

    def _cautions(self, answer: Answer) -> list[str]:
        if answer.rule.word == EvWord.NOT_ASSESSABLE:
            return []
        presence = "" if self.exp.presence_known else _PRESENCE
        return [c for c in (presence, _APPROXIMATE if self._approximate else "") if c]

    def _summary(self, answer: Answer, reason: str, place: Place) -> Summary:
        limit, sources = load_criteria().composition["named_share"], load_criteria().sources
        held = {k: p for k, p in answer.parts.items() if k in sources and p.share >= limit}
        largest = sorted(held, key=lambda k: -held[k].share)[:_NAMED]
        rest = answer.parts.get(UNASSIGNED)
        notes = [] if not self._approximate or self._ratio else ["shares approximate"]
        return Summary(
            name=answer.name,
            n_samples=answer.n_samples,
            word=answer.rule.word,
            reason=reason,
            n_misev=answer.found.n_all,
            n_misev_set=answer.found.n_misev_set,
            rank=answer.found.rank,
            share=answer.found.share,
            place=place.words,
            sources=[
                ShareWords(sources[k].title, held[k].share, held[k].ci_low, held[k].ci_high) for k in largest
            ],
            unassigned=rest.share if rest is not None else np.nan,
            named_share=limit,
            notes=notes,
        )


def _by_word(own: list[EvRule]) -> str:
    """Count the samples of a group by their own word."""
    count = Counter(rule.word for rule in own)
    return ", ".join(f"{count[w]} {w}" for w in EvWord if count[w])


def _numbers(found: EvMeasures) -> EvNumbers:
    limit = load_criteria().composition
    return EvNumbers(
        n_proteins=found.n_proteins,
        one=found.n_transmembrane,
        two=found.n_cytosolic,
        n_ranked=found.n_ranked,
        share=found.share,
        per_ev=found.organelles_per_ev,
        **{k: limit[k] for k in ("min_proteins", "misev_strong", "share_least", "share_strong")},
    )


def _place_columns(place: Place) -> dict[str, Any]:
    known = bool(place.words)
    return {
        "reference": place.words,
        "reference_quantile": place.quantile,
        "reference_kind": place.kind,
        "reference_n": place.n if known else None,
        "reference_studies": place.n_studies if known else None,
        "reference_low": place.low,
        "reference_median": place.middle,
        "reference_high": place.high,
        "reference_own": place.own,
    }
