"""Sample sheet of a contrast: what the names and the levels of its columns say."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from markerkit.catalog.criteria import load_criteria
from markerkit.core.factors import as_factor
from markerkit.core.vocabulary import Severity
from markerkit.study.contrast import Contrast

OK, NOTE, WARNING, SERIOUS = (s.value for s in Severity)
SCOPE = "this preparation"

# words of a column's name that say what it holds
BATCH = {
    "batch", "study", "studies", "lab", "laboratory", "plate", "plex", "run", "date", "day", "week", "center",
    "site", "instrument", "machine", "cohort", "dataset", "accession", "tmt", "order", "operator", "lot",
    "experiment", "project", "series", "position",
}  # fmt: skip
DONOR = {
    "donor", "donors", "patient", "subject", "individual", "person", "participant", "animal", "volunteer", "crew",
    "pair", "biorep", "biological", "pool", "specimen", "culture", "flask", "litter",
}  # fmt: skip
_PEOPLE = "donor|patient|subject|individual|person|participant|volunteer|crew|animal|mouse|mice|rat"
#: the whole name of a column of donors: a person or an animal, perhaps by number; `patient_age` describes them
_DONORS = re.compile(rf"(?i)(?:(?:{_PEOPLE}|member|id|nr|no|number|code|name)s?|[^a-z])+")
REPLICATE = {"replicate", "replicates", "rep", "reps", "repl", "biorep", "biological"}
TECHNICAL = {"tech", "techrep", "technical", "injection", "inj", "rerun", "run", "msrun", "acquisition"}


@dataclass(frozen=True)
class Finding:
    """One line of the check."""

    check: str
    column: str
    finding: str
    severity: str
    advice: str = ""


@dataclass(frozen=True)
class Sheet:
    """The samples of a contrast: as given, and as units that count once."""

    contrast: Contrast
    samples: pd.DataFrame
    units: pd.DataFrame
    collapse_by: str | None
    context: Mapping[str, Any]
    limit: Mapping[str, float]

    @property
    def is_case(self) -> pd.Series:
        """True for case samples."""
        return as_factor(self.samples[self.contrast.condition]) == self.contrast.case

    @property
    def used(self) -> set[str]:
        """Columns that the model or the collapse knows."""
        return {*self.contrast.columns, *([self.collapse_by] if self.collapse_by else [])}

    def n(self) -> tuple[int, int]:
        """Units in the case group and in the control group."""
        level = as_factor(self.units[self.contrast.condition])
        return int((level == self.contrast.case).sum()), int((level == self.contrast.control).sum())


def candidates(sheet: Sheet) -> list[str]:
    """Columns outside the model that vary, and that do not name each sample."""
    found = []
    for name in sheet.samples.columns:
        column = sheet.samples[name]
        levels = column.nunique()
        if name in sheet.used or column.isna().all() or levels < 2:
            continue
        if levels == len(column) and not is_number(column):
            continue
        found.append(str(name))
    return found


def is_number(column: pd.Series) -> bool:
    """Numbers with many levels are measurements; few are names."""
    return bool(
        pd.api.types.is_numeric_dtype(as_numbers(column))
        and column.nunique() > load_criteria().design["few_levels"]
    )


def as_numbers(column: pd.Series) -> pd.Series:
    """Read a column as numbers, where all of it is."""
    numbers = pd.to_numeric(column, errors="coerce")
    return numbers if numbers.notna().sum() >= column.notna().sum() else column


def by_group(sheet: Sheet, name: str) -> pd.DataFrame:
    """Units of each level (rows) in each group (columns)."""
    frame = sheet.units if name in sheet.units.columns else sheet.samples
    known = frame[frame[name].notna()]
    return pd.crosstab(as_factor(known[name]), as_factor(known[sheet.contrast.condition]))


def names_donors(name: str) -> bool:
    """Whether a column's name says that its levels are people or animals, and nothing else of them.

    >>> [names_donors(n) for n in ("crew", "Patient ID", "mouse_2", "SubjectNo", "mouse_strain", "donor_age", "ID")]
    [True, True, True, True, False, False, False]
    """
    return bool(_DONORS.fullmatch(name) and re.search(rf"(?i){_PEOPLE}", name))


def words_of(name: str) -> set[str]:
    """Words of a column's name.

    >>> sorted(words_of("BioRep_full")), sorted(words_of("TechRep")), sorted(words_of("Run Order"))
    (['bio', 'biorep', 'full', 'rep'], ['rep', 'tech', 'techrep'], ['order', 'run'])
    """
    parts = [p for p in re.split(r"[^A-Za-z0-9]+", name) if p]
    split = [w for p in parts for w in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", p)]
    return {w.lower() for w in [*parts, *split]}
