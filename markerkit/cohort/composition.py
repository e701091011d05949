"""Composition of a cohort: rows of samples from their block, rows of groups from what all blocks keep of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt

from markerkit.catalog.criteria import load_criteria
from markerkit.core.errors import InputError
from markerkit.core.signal import Array
from markerkit.core.vocabulary import EvRule
from markerkit.qc.components import Component, mean_component
from markerkit.qc.composition import CompositionStudy
from markerkit.qc.ev_answer import EvMarkerMeasures, GroupMeasures

BoolArray = npt.NDArray[np.bool_]
MOST_GROUPS = 1000  # whose members are counted one by one in every block


@dataclass(frozen=True)
class GroupSummary:
    """What the answers for groups need of some samples.

    Attributes
    ----------
    of_sample
        Measures of the EV markers, each of shape (n,).
    shares
        Component -> share of the signal, shape (n,).
    has_signal
        Shape (n,).
    rules, isolations
        Of every sample.
    seen
        Group -> MISEV category -> samples with signal that show each member.
    members
        Group -> component -> whether a sample with signal shows each member.
    n_misev_set
        Members of the MISEV categories in the catalog.
    """

    of_sample: Mapping[str, Array]
    shares: Mapping[str, Array]
    has_signal: BoolArray
    rules: list[EvRule]
    isolations: list[str]
    seen: Mapping[str, Mapping[str, npt.NDArray[np.int_]]]
    members: Mapping[str, Mapping[str, BoolArray]]
    n_misev_set: int


class BlockStudy(CompositionStudy):
    """Composition of a block of samples, which gives its answers for samples, and the summary for those of groups."""

    def summary(self) -> GroupSummary:
        """Keep what the answers for groups need."""
        measures, answers = self._measures, self.samples()
        if not isinstance(measures, EvMarkerMeasures):  # pragma: no cover - a block has its values
            raise TypeError
        parts = {} if self._components is None else self._components.parts
        inside = {
            str(g): self.group.eq(g).to_numpy(bool) & self._has_signal for g in dict.fromkeys(self.group)
        }
        return GroupSummary(
            of_sample=measures.of_sample,
            shares={k: part.share for k, part in parts.items()},
            has_signal=self._has_signal,
            rules=[a.rule for a in answers],
            isolations=self._isolations,
            seen={g: {c: s[at].sum(axis=0) for c, s in measures.shown.items()} for g, at in inside.items()},
            members={
                g: {k: np.asarray((p.amounts[at] > 0).any(axis=0)) for k, p in parts.items()}
                for g, at in inside.items()
            },
            n_misev_set=measures.n_misev_set,
        )


@dataclass(frozen=True)
class CohortStudy(CompositionStudy):
    """Composition of the groups of a cohort, from the summaries of its blocks.

    Parameters
    ----------
    gathered
        Of all samples.
    alone
        Gives the components of a sample by its place, for groups of which one sample has signal.
    """

    gathered: GroupSummary = field(kw_only=True)
    alone: Callable[[int], Mapping[str, Component]] = field(kw_only=True)

    @property
    def _has_signal(self) -> BoolArray:
        return self.gathered.has_signal

    @property
    def _isolations(self) -> list[str]:
        return self.gathered.isolations

    @cached_property
    def _measures(self) -> GroupMeasures:
        return _Gathered(self.gathered, self.group.to_numpy(object))

    def _rule_of(self, place: int) -> EvRule:
        return self.gathered.rules[place]

    def _parts_of(self, place: int) -> Mapping[str, Component]:
        return self.alone(int(place))

    def _parts_of_group(self, chosen: BoolArray) -> Mapping[str, Component]:
        members = self.gathered.members[str(self.group.iloc[int(np.argmax(chosen))])]
        confidence = load_criteria().threshold["confidence"]
        return {
            k: mean_component(share[chosen], int(members[k].sum()), confidence)
            for k, share in self.gathered.shares.items()
        }


class _Gathered(GroupMeasures):
    """Measures of groups, whose members were counted in the blocks."""

    def __init__(self, gathered: GroupSummary, group: npt.NDArray[np.object_]) -> None:
        super().__init__(gathered.of_sample, gathered.n_misev_set)
        self._counts = gathered.seen
        self._group = group

    def seen(self, samples: npt.NDArray[np.intp]) -> Mapping[str, Array]:
        """Share of the samples of a group that show each member, by MISEV category."""
        counts = self._counts[str(self._group[samples[0]])]
        return {c: n / len(samples) for c, n in counts.items()}


def combined_summary(found: Sequence[GroupSummary]) -> GroupSummary:
    """Put the summaries of all blocks together, in their order."""
    first = found[0]
    return GroupSummary(
        of_sample={k: np.concatenate([f.of_sample[k] for f in found]) for k in first.of_sample},
        shares={k: np.concatenate([f.shares[k] for f in found]) for k in first.shares},
        has_signal=np.concatenate([f.has_signal for f in found]),
        rules=[rule for f in found for rule in f.rules],
        isolations=[text for f in found for text in f.isolations],
        seen=_merged([f.seen for f in found], np.add),
        members=_merged([f.members for f in found], np.logical_or),
        n_misev_set=first.n_misev_set,
    )


def _merged(found: Iterable[Mapping[str, Mapping[str, npt.NDArray]]], join: np.ufunc) -> dict:  # type: ignore[type-arg]
    """Join the arrays of each group and key over blocks; a group need not be in every block."""
    out: dict[str, dict[str, npt.NDArray]] = {}  # type: ignore[type-arg]
    for block in found:
        for group, arrays in block.items():
            have = out.get(group)
            out[group] = dict(arrays) if have is None else {k: join(have[k], a) for k, a in arrays.items()}
    return out


def refuse_many_groups(n: int) -> None:
    """Refuse a column of groups that rather names samples."""
    if n > MOST_GROUPS:
        raise InputError(
            f"the column of the groups has {n} levels; of a cohort at most {MOST_GROUPS} groups are summed up. Name a column of "
            "conditions, or leave it out: single samples have their rows all the same."
        )
