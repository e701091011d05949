"""Rules and thresholds of the assessment, read from ``reference_sets/criteria.toml``."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import pandas as pd

from markerkit.catalog.files import reference_folder

#: class of the general EV evidence
GENERAL_EV = "ev"


@dataclass(frozen=True)
class ClassRule:
    """How a vesicle class is assessed."""

    key: str
    title: str
    operational_name: str
    sets: tuple[str, ...]
    competing_classes: tuple[str, ...]
    reason: str
    needs_ev: bool = False
    declared: bool = False
    context: bool = False
    blood_panels_removed: tuple[str, ...] = ()
    related_classes: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()
    forbidden_sources: tuple[str, ...] = ()
    candidates: tuple[str, ...] = ()
    above_organelles: bool = False
    may_accompany: tuple[str, ...] = ()
    full_of_organelles: tuple[str, ...] = ()
    nuclear: tuple[str, ...] = ()

    @property
    def sharing(self) -> tuple[str, ...]:
        """Classes whose markers are not specific to it: general EV evidence, competing and related classes."""
        return (GENERAL_EV, *self.competing_classes, *self.related_classes)


@dataclass(frozen=True)
class CandidateRule:
    """What a candidate marker is: one of several genes."""

    key: str
    title: str
    reason: str
    genes: tuple[str, ...]


@dataclass(frozen=True)
class SourceRule:
    """How a contamination source is assessed.

    Parameters
    ----------
    key, title
        Of the source.
    cell_panel
        Proteins of a cell type, whose vesicles hold them too.
    by_accession
        Of another species: matched by accession, not by gene.
    structure
        A complex or an organelle. Its core members are no sample of possible markers: together they are what is looked
        for, so that they are averaged, and that they differ does not widen the interval.
    """

    key: str
    title: str
    cell_panel: bool = False
    by_accession: bool = False
    structure: bool = False


@dataclass(frozen=True)
class ComparatorRule:
    """What a kind of comparator requires of the negative markers."""

    key: str
    title: str
    negatives: str
    reason: str

    @property
    def negatives_rise(self) -> bool:
        """True where all cell proteins rise over the comparator, so that negatives say nothing."""
        return self.negatives == "rise"


@dataclass(frozen=True)
class ContaminationFractionRule:
    """Which reference proteins give the contamination fraction from a kind of comparator."""

    compartments: tuple[str, ...]
    left_out_complexes: tuple[str, ...]
    material: str
    reason: str


@dataclass(frozen=True)
class Criteria:
    """All rules, with thresholds, conventions, limits of the design check and of the composition by name, and the sets outside the background."""

    threshold: Mapping[str, float]
    convention: Mapping[str, float]
    design: Mapping[str, float]
    composition: Mapping[str, float]
    out_of_background: tuple[str, ...]
    classes: Mapping[str, ClassRule]
    candidates: Mapping[str, CandidateRule]
    sources: Mapping[str, SourceRule]
    comparators: Mapping[str, ComparatorRule]
    contamination_fraction: Mapping[str, ContaminationFractionRule]

    @property
    def organelles(self) -> tuple[str, ...]:
        """Sets of proteins fixed in organelles that vesicles lack: the reference of the contamination fraction."""
        return self.contamination_fraction["lysate"].compartments

    @property
    def titles(self) -> dict[str, str]:
        """Titles of classes and sources by key."""
        return {k: c.title for k, c in self.classes.items()} | {k: s.title for k, s in self.sources.items()}

    def not_background(self, table: pd.DataFrame) -> pd.Series:
        """Genes that the background leaves out, of the rows of a catalog, whatever their role."""
        return table.loc[table["set"].isin(self.out_of_background), "gene"]


@lru_cache(maxsize=1)
def load_criteria() -> Criteria:
    """Read the criteria once."""
    raw = tomllib.loads((reference_folder() / "criteria.toml").read_text(encoding="utf-8"))
    return Criteria(
        threshold=_by_name(raw["threshold"]),
        convention=_by_name(raw["convention"]),
        design=_by_name(raw["design"]),
        composition=_by_name(raw["composition"]),
        out_of_background=_not_background(raw),
        classes={k: ClassRule(key=k, **_tuples(v)) for k, v in raw["class"].items()},
        candidates={k: CandidateRule(key=k, **_tuples(v)) for k, v in raw["candidate"].items()},
        sources={k: SourceRule(key=k, **v) for k, v in raw["source"].items()},
        comparators={k: ComparatorRule(key=k, **v) for k, v in raw["comparator"].items()},
        contamination_fraction={
            k: ContaminationFractionRule(**_tuples(v)) for k, v in raw["contamination_fraction"].items()
        },
    )


def _not_background(raw: Mapping[str, Any]) -> tuple[str, ...]:
    """Name the sets of the classes, and those that the background leaves out beside them."""
    of_classes = [name for rule in raw["class"].values() for name in rule["sets"]]
    return tuple(dict.fromkeys([*of_classes, *raw["background"]["left_out"]]))


def _by_name(rows: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    return {row["name"]: float(row["value"]) for row in rows}


def _tuples(row: Mapping[str, Any]) -> dict[str, Any]:
    return {k: tuple(v) if isinstance(v, list) else v for k, v in row.items()}
