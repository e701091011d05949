"""Design check: what the samples of a contrast can and cannot show, in plain words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from markerkit.catalog.criteria import load_criteria
from markerkit.core.errors import listed
from markerkit.core.factors import as_factor
from markerkit.core.vocabulary import Severity
from markerkit.study.contrast import Contrast
from markerkit.study.data import StudyData
from markerkit.study.formula import build_design
from markerkit.tables.registry import TABLES

OK, NOTE, WARNING, SERIOUS = (s.value for s in Severity)
SCOPE = "this preparation"

# words of a column's name that say what it holds
_BATCH = {
    "batch", "study", "studies", "lab", "laboratory", "plate", "plex", "run", "date", "day", "week", "center",
    "site", "instrument", "machine", "cohort", "dataset", "accession", "tmt", "order", "operator", "lot",
    "experiment", "project", "series", "position",
}  # fmt: skip
_DONOR = {
    "donor", "donors", "patient", "subject", "individual", "person", "participant", "animal", "volunteer", "crew",
    "pair", "biorep", "biological", "pool", "specimen", "culture", "flask", "litter",
}  # fmt: skip
_TECHNICAL = {"tech", "techrep", "technical", "injection", "inj", "rerun", "run", "msrun", "acquisition"}


@dataclass(frozen=True)
class Finding:
    """One line of the check."""

    check: str
    column: str
    finding: str
    severity: str
    advice: str = ""


@dataclass(frozen=True)
class _Sheet:
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


def design_of(data: StudyData) -> pd.DataFrame:
    """Check the design of every contrast.

    Parameters
    ----------
    data
        The study.

    Returns
    -------
    Table `design`: what was checked, what was found, how serious it is
    (`ok`, `note`, `warning`, `serious`) and what to do.
    """
    rows = []
    for contrast in data.contrasts:
        sheet = _Sheet(
            contrast,
            contrast.select(data.as_read).samples,
            contrast.select(data.units).samples,
            data.collapse_by,
            data.context,
            data.criteria.design,
        )
        rows += [{"contrast": contrast.name, **vars(f)} for f in _findings(sheet)]
    if not data.contrasts:
        text = "no comparator: every sample is described by itself"
        rows = [{"contrast": "", **vars(Finding("comparator", "", text, NOTE, _COMPARE))}]
    return TABLES["design"].conform(pd.DataFrame(rows))


_COMPARE = "name a case and a control: the source cells' lysate, the fluid itself or another fraction"


def _findings(sheet: _Sheet) -> Iterator[Finding]:
    yield from _replicates(sheet)
    yield from _model(sheet)
    yield from _pairs(sheet)
    yield from _technical(sheet)
    yield _scope(sheet)
    yield from _confounding(sheet)


def design_scope(table: pd.DataFrame, contrast: str) -> str:
    """Give the scope of a contrast's verdicts: `this preparation`, or nothing where samples are independent."""
    rows = table[(table["contrast"] == contrast) & (table["check"] == "scope")]
    return SCOPE if (rows["severity"] == WARNING).any() else ""


def design_lines(table: pd.DataFrame, contrast: str) -> list[str]:
    """Write the warnings of a contrast as sentences."""
    rows = table[(table["contrast"] == contrast) & table["severity"].isin([WARNING, SERIOUS])]
    return [_sentence(r["finding"], r["advice"]) for _, r in rows.iterrows()]


def _sentence(finding: str, advice: str) -> str:
    text = f"{finding[0].upper()}{finding[1:]}."
    return f"{text} {advice[0].upper()}{advice[1:]}." if advice else text


# ---- numbers ---------------------------------------------------------------------


def _replicates(sheet: _Sheet) -> Iterator[Finding]:
    case, control = sheet.n()
    c = sheet.contrast
    text = f"{case} of {c.case} against {control} of {c.control}"
    fewest = min(case, control)
    if fewest < load_criteria().threshold["min_replicates"]:
        yield Finding(
            "replicates", c.condition, f"no replicates: {text}", SERIOUS, "add samples to both groups"
        )
    elif fewest < sheet.limit["few_replicates"]:
        advice = f"{sheet.limit['few_replicates']:g} or more a group let moderate effects be called"
        yield Finding("replicates", c.condition, f"few samples: {text}", NOTE, advice)
    else:
        yield Finding("replicates", c.condition, text, OK)
    if fewest and max(case, control) / fewest > sheet.limit["unbalanced_groups"]:
        advice = "the smaller group sets the precision: add samples to it"
        yield Finding("balance", c.condition, f"unbalanced groups: {text}", NOTE, advice)


def _model(sheet: _Sheet) -> Iterator[Finding]:
    if min(sheet.n()) < load_criteria().threshold["min_replicates"]:
        return
    design = build_design(sheet.units, sheet.contrast.formula)
    n, k = design.matrix.shape
    rank = int(np.linalg.matrix_rank(design.matrix.to_numpy()))
    text = f"{n} samples, {rank} coefficients, {n - rank} residual degrees of freedom"
    if rank < k:
        text += f" ({k - rank} of {k} coefficients are aliased; the contrast itself is estimable)"
    few = n - rank < sheet.limit["few_residual_df"]
    advice = "leave a factor out of the model, or add samples" if few and k > 2 else ""
    yield Finding("model", "", text, NOTE if few else OK, advice)


# ---- pairs -----------------------------------------------------------------------


def _pairs(sheet: _Sheet) -> Iterator[Finding]:
    c = sheet.contrast
    if c.paired_by:
        counts = pd.crosstab(as_factor(sheet.units[c.paired_by]), as_factor(sheet.units[c.condition]))
        whole = int((counts > 0).all(axis=1).sum()) if counts.shape[1] == 2 else 0
        text = f"paired by `{c.paired_by}`: {whole} of {len(counts)} levels lie in both groups"
        lone = len(counts) - whole
        advice = "levels in one group only carry no information on the contrast" if lone else ""
        yield Finding("pairs", c.paired_by, text, NOTE if lone else OK, advice)
        return
    for name in _candidates(sheet):
        donor = bool(_words(name) & _DONOR)
        counts = _by_group(sheet, name)
        if len(counts) < 2 or counts.shape[1] < 2:
            continue
        both, once = (counts > 0).all(axis=1).mean(), (counts == 1).all(axis=1).mean()
        if once < sheet.limit["shared_levels"] and not (donor and both >= sheet.limit["shared_levels"]):
            continue
        # plain numbers count the samples of each group as often as they name a donor
        numbered = all(str(level).isdigit() for level in counts.index)
        often = "once each" if once >= sheet.limit["shared_levels"] else "several samples a level"
        text = f"`{name}` has the same levels in both groups, {often}, and is not in the model"
        advice = f"if a level is one donor or one batch, pair by it (paired_by={name!r}): that removes what its samples share"
        yield Finding("pairs", name, text, WARNING if donor and not numbered else NOTE, advice)


def _by_group(sheet: _Sheet, name: str) -> pd.DataFrame:
    """Units of each level (rows) in each group (columns)."""
    frame = sheet.units if name in sheet.units.columns else sheet.samples
    known = frame[frame[name].notna()]
    return pd.crosstab(as_factor(known[name]), as_factor(known[sheet.contrast.condition]))


# ---- technical replicates --------------------------------------------------------


def _technical(sheet: _Sheet) -> Iterator[Finding]:
    if sheet.collapse_by:
        text = f"{len(sheet.samples)} samples are technical replicates of {len(sheet.units)} units of `{sheet.collapse_by}`"
        yield Finding("technical replicates", sheet.collapse_by, text + " and were averaged", OK)
        return
    named = [c for c in _candidates(sheet, constant=True) if _words(c) & _TECHNICAL and _few_levels(sheet, c)]
    units = [c for c in _candidates(sheet) if _repeats_within_groups(sheet, c)]
    if named and units:
        unit = min(units, key=lambda c: sheet.samples[c].nunique() * -1)
        text = (
            f"`{named[0]}` reads as technical replicates of `{unit}`: {len(sheet.samples)} samples, but "
            f"{sheet.samples[unit].nunique()} units; counted one by one they make every interval too narrow"
        )
        yield Finding("technical replicates", unit, text, SERIOUS, f"collapse them (collapse_by={unit!r})")
    elif units:
        donors = [c for c in units if _words(c) & _DONOR]
        for unit in donors[:1]:
            text = f"several samples of one group share a level of `{unit}`; they are not independent"
            advice = f"if they repeat one preparation, collapse them (collapse_by={unit!r})"
            yield Finding("technical replicates", unit, text, WARNING, advice)
    elif stem := _common_stems(sheet):
        text = f"sample names differ by an injection or a technical repeat only, such as {stem!r}"
        advice = "give a column with the biological unit and collapse by it"
        yield Finding("technical replicates", "", text, WARNING, advice)


def _repeats_within_groups(sheet: _Sheet, name: str) -> bool:
    """Levels that lie in one group each, several of them a group, and hold several samples."""
    column = as_factor(sheet.samples[name])
    in_groups = column.groupby(column).apply(lambda s: sheet.is_case[s.index].nunique())
    sizes = column.value_counts()
    inside = [int(column[sheet.is_case == side].nunique()) for side in (True, False)]
    named = bool(_words(name) & (_BATCH - {"experiment"})) and not _words(name) & _DONOR
    return bool((in_groups == 1).all() and sizes.median() >= 2 and min(inside) >= 2 and not named)


def _few_levels(sheet: _Sheet, name: str) -> bool:
    column = sheet.samples[name]
    return 2 <= column.nunique() <= max(2, len(column) // 2)


_REPEAT = re.compile(
    r"(?i)(?<=[^a-z])(?:tech(?:nical)?(?:rep(?:licate)?)?|tr|inj(?:ection)?|rerun)[ ._-]?\d+(?![a-z])"
)


def _common_stems(sheet: _Sheet) -> str:
    names = sheet.samples.index.astype(str)
    stems = pd.Series([_REPEAT.sub("", n) for n in names], index=names)
    cut = stems[stems != names]
    repeated = cut[cut.duplicated(keep=False)]
    return str(repeated.index[0]) if len(repeated) > 1 else ""


# ---- scope -----------------------------------------------------------------------


def _scope(sheet: _Sheet) -> Finding:
    """Say what the verdicts hold for: other samples of the kind, or this preparation only."""
    stated = str(sheet.context.get("replicates", "")).lower()
    donors = [c for c in sheet.samples.columns if _words(c) & _DONOR and c != sheet.contrast.condition]
    single = [c for c in donors if sheet.samples[c].nunique() == 1 and sheet.samples[c].notna().all()]
    advice = "samples of other donors or cultures would carry the verdicts beyond it"
    if single:
        text = f"every sample comes from one `{single[0]}` ({sheet.samples[single[0]].iloc[0]}): verdicts hold for {SCOPE}"
        return Finding("scope", single[0], text, WARNING, advice)
    if stated == "technical" and sheet.collapse_by is None:
        text = f"the replicates are technical, as stated: verdicts hold for {SCOPE}"
        return Finding("scope", "", text, WARNING, advice)
    if stated == "biological":
        return Finding("scope", "", "the replicates are biological, as stated", OK)
    several = {c: sheet.samples[c].nunique() for c in donors}
    if several and max(several.values()) > 1:
        name = max(several, key=lambda c: several[c])
        return Finding("scope", name, f"the samples come from {several[name]} levels of `{name}`", OK)
    text = "the sample sheet does not say whether replicates are biological or repeats of one preparation"
    advice = 'state it in the context (replicates = "biological" or "technical"); of one pool, verdicts hold for that pool'
    return Finding("scope", "", text, NOTE, advice)


# ---- confounding -----------------------------------------------------------------


def _confounding(sheet: _Sheet) -> Iterator[Finding]:
    labels = []
    for name in _candidates(sheet):
        if _is_number(sheet.samples[name]):
            found = _numeric(sheet, name)
        else:
            found = _categorical(sheet, name)
            if found is not None and found.severity == NOTE and found.check == "confounding":
                labels.append(name)
                continue
        if found is not None:
            yield found
    if labels:
        c = sheet.contrast
        text = f"no level of {listed(labels, limit=6)} lies in both groups: fully confounded with `{c.condition}`"
        advice = "if these only describe the groups all is well; if not, a difference between the groups may be theirs"
        yield Finding("confounding", ";".join(labels), text, NOTE, advice)


def _candidates(sheet: _Sheet, *, constant: bool = False) -> list[str]:
    """Columns outside the model that vary, and that do not name each sample."""
    found = []
    for name in sheet.samples.columns:
        column = sheet.samples[name]
        levels = column.nunique()
        if name in sheet.used or column.isna().all() or (levels < 2 and not constant):
            continue
        if levels == len(column) and not _is_number(column):
            continue
        found.append(str(name))
    return found


def _is_number(column: pd.Series) -> bool:
    """Numbers with many levels are measurements; few are names."""
    return bool(
        pd.api.types.is_numeric_dtype(_as_numbers(column))
        and column.nunique() > load_criteria().design["few_levels"]
    )


def _as_numbers(column: pd.Series) -> pd.Series:
    numbers = pd.to_numeric(column, errors="coerce")
    return numbers if numbers.notna().sum() >= column.notna().sum() else column


def _categorical(sheet: _Sheet, name: str) -> Finding | None:
    known = sheet.samples[name].notna()
    column, group = as_factor(sheet.samples.loc[known, name]), sheet.is_case[known]
    counts = pd.crosstab(column, group)
    if counts.shape[1] < 2 or len(counts) < 2:
        return None
    both = (counts > 0).all(axis=1)
    batch, donor = bool(_words(name) & _BATCH), bool(_words(name) & _DONOR)
    c = sheet.contrast
    if not both.any():
        # donors of one group each are what an unpaired comparison is
        if donor or (len(counts) > sheet.limit["most_levels"] * len(column) and not batch):
            return None
        text = (
            f"`{name}` is fully confounded with `{c.condition}`: no level of it lies in both groups, so a difference "
            f"between {c.case} and {c.control} may be one of `{name}`"
        )
        advice = f"compare within one level of `{name}`, or collect both groups in each"
        return Finding("confounding", name, text, SERIOUS if batch else NOTE, advice)
    share = _explained(column, group)
    if share >= sheet.limit["confounded_share"]:
        text = (
            f"`{name}` is partly confounded with `{c.condition}`: it explains {100 * share:.0f} % of the difference between the groups, and "
            f"{int(both.sum())} of {len(counts)} levels lie in both groups"
        )
        advice = f"give it to the model (batch=[{name!r}]): then only the levels in both groups count"
        return Finding("confounding", name, text, WARNING, advice)
    if batch and (_by_group(sheet, name) == 1).all(axis=1).mean() < sheet.limit["shared_levels"]:
        text = f"`{name}` is not in the model; {int(both.sum())} of {len(counts)} levels lie in both groups"
        return Finding(
            "batch", name, text, NOTE, f"give it to the model (batch=[{name!r}]) if it shifts proteins"
        )
    return None


def _numeric(sheet: _Sheet, name: str) -> Finding | None:
    numbers = _as_numbers(sheet.samples[name]).astype(float)
    known = numbers.notna()
    if known.sum() < 4 or sheet.is_case[known].nunique() < 2 or numbers[known].nunique() < 2:
        return None
    share = float(np.corrcoef(numbers[known], sheet.is_case[known].astype(float))[0, 1] ** 2)
    if share < sheet.limit["confounded_share"]:
        return None
    c = sheet.contrast
    text = f"`{name}` is partly confounded with `{c.condition}`: the groups differ in it (it explains {100 * share:.0f} % of the difference)"
    return Finding("confounding", name, text, WARNING, f"compare samples that are alike in `{name}`")


def _explained(column: pd.Series, group: pd.Series) -> float:
    """Share of the group's variance between the levels of a column (correlation ratio squared)."""
    y = group.astype(float)
    total = float(((y - y.mean()) ** 2).sum())
    if total == 0:
        return 0.0
    inside = float(((y - y.groupby(column.to_numpy()).transform("mean")) ** 2).sum())
    return 1 - inside / total


def _words(name: str) -> set[str]:
    """Words of a column's name.

    >>> sorted(_words("BioRep_full")), sorted(_words("TechRep")), sorted(_words("Run Order"))
    (['bio', 'biorep', 'full', 'rep'], ['rep', 'tech', 'techrep'], ['order', 'run'])
    """
    parts = [p for p in re.split(r"[^A-Za-z0-9]+", name) if p]
    split = [w for p in parts for w in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", p)]
    return {w.lower() for w in [*parts, *split]}


__all__ = ["NOTE", "OK", "SCOPE", "SERIOUS", "WARNING", "design_lines", "design_of", "design_scope"]
