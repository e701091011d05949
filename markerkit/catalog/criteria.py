"""Rules and thresholds of the assessment, read from ``reference_sets/criteria.toml``."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import pandas as pd

from markerkit.catalog.files import reference_folder


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

    @property
    def sharing(self) -> tuple[str, ...]:
        """Classes whose markers are not its own: the EV layer, its competing classes and its kin."""
        return ("ev", *self.competing_classes, *self.related_classes)


@dataclass(frozen=True)
class SourceRule:
    """How a contamination source is assessed."""

    key: str
    title: str
    cell_panel: bool = False
    by_accession: bool = False


@dataclass(frozen=True)
class ComparatorRule:
    """What a kind of comparator asks of the negatives."""

    key: str
    title: str
    negatives: str
    reason: str


@dataclass(frozen=True)
class ContaminationFractionRule:
    """Which anchors tell the contamination fraction from a kind of comparator."""

    compartments: tuple[str, ...]
    left_out_complexes: tuple[str, ...]
    material: str
    reason: str


@dataclass(frozen=True)
class Criteria:
    """All rules, with the thresholds by name, the limits of the design check and the sets whose proteins are not of the background."""

    threshold: Mapping[str, float]
    design: Mapping[str, float]
    out_of_background: tuple[str, ...]
    classes: Mapping[str, ClassRule]
    sources: Mapping[str, SourceRule]
    comparators: Mapping[str, ComparatorRule]
    contamination_fraction: Mapping[str, ContaminationFractionRule]

    def not_background(self, table: pd.DataFrame) -> pd.Series:
        """Genes that the background leaves out, of the rows of a catalogue, whatever their role."""
        return table.loc[table["set"].isin(self.out_of_background), "gene"]


@lru_cache(maxsize=1)
def load_criteria() -> Criteria:
    """Read the criteria once."""
    raw = tomllib.loads((reference_folder() / "criteria.toml").read_text(encoding="utf-8"))
    return Criteria(
        threshold={row["name"]: float(row["value"]) for row in raw["threshold"]},
        design={row["name"]: float(row["value"]) for row in raw["design"]},
        out_of_background=_not_background(raw),
        classes={k: ClassRule(key=k, **_tuples(v)) for k, v in raw["class"].items()},
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


def _tuples(row: Mapping[str, Any]) -> dict[str, Any]:
    return {k: tuple(v) if isinstance(v, list) else v for k, v in row.items()}
