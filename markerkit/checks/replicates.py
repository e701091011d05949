"""Repeats of one preparation that the sample sheet gives away and nobody declared."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

import pandas as pd

from markerkit.checks.sheet import (
    BATCH,
    DONOR,
    NOTE,
    OK,
    REPLICATE,
    SERIOUS,
    TECHNICAL,
    WARNING,
    Finding,
    Sheet,
    by_group,
    is_number,
    names_donors,
    words_of,
)
from markerkit.core.errors import listed
from markerkit.core.factors import as_factor

CHECK = "technical replicates"
DONORS = "donors"
_REPEATED = 2  # samples of one unit in a group
#: words that name repeats of a measurement only; a `run` may as well be a day
_SURELY_TECHNICAL = TECHNICAL - {"run", "msrun", "acquisition"}
_PERSON = {
    "donor",
    "donors",
    "patient",
    "subject",
    "individual",
    "person",
    "participant",
    "volunteer",
    "biorep",
}
_COUNT_ONCE = "counted one by one they make every interval too narrow"
_STATE = 'if they are independent, state replicates = "biological" in the context'


def technical_replicates(sheet: Sheet) -> Iterator[Finding]:
    """Say which samples repeat one preparation, and what collapsing them would leave.

    Parameters
    ----------
    sheet
        Samples of a contrast.

    Notes
    -----
    The first of these that applies: repeats that were declared (``collapse_by``); a column of the
    unit whose levels hold several samples of one group, beside a column of repeats or by its own
    name; a column of repeats alone; sample names that differ by a repeat only.
    """
    if sheet.collapse_by:
        yield _declared(sheet, sheet.collapse_by)
        return
    found = _by_unit(sheet) or _by_repeat(sheet) or _by_name(sheet)
    if found is not None:
        severity = _severity(sheet, found.severity)
        yield Finding(found.check, found.column, found.finding, severity, found.advice)


def _severity(sheet: Sheet, severity: str) -> str:
    """Severity of a suspicion; a note where the context says that samples are independent."""
    return NOTE if str(sheet.context.get("replicates", "")).lower() == "biological" else severity


def _declared(sheet: Sheet, unit: str) -> Finding:
    text = f"{len(sheet.samples)} samples are technical replicates of {len(sheet.units)} units of `{unit}` and were averaged"
    lost = [
        c for c in map(str, sheet.samples.columns) if c not in sheet.units.columns and _describes(sheet, c)
    ]
    if not lost:
        return Finding(CHECK, unit, text, OK)
    if names_donors(unit):
        text = f"{len(sheet.samples)} samples were averaged to {len(sheet.units)} units of `{unit}`, and with them what differs within one: {listed(lost)}"
        return Finding(CHECK, unit, text, NOTE, "if it is of interest, compare samples of one of its levels")
    advice = "collapse by a column whose levels hold repeats of one preparation only"
    return Finding(CHECK, unit, f"{text}, although they differ in {listed(lost)}", WARNING, advice)


def _describes(sheet: Sheet, name: str) -> bool:
    """Whether a column describes preparations: no number of a repeat, no name of a sample, no measurement."""
    column = sheet.samples[name]
    return not (words_of(name) & TECHNICAL or column.nunique() == len(column) or is_number(column))


# ---- donors that come again --------------------------------------------------------


def repeated_donors(sheet: Sheet, known: Collection[str]) -> Iterator[Finding]:
    """Say where several samples of one group are of one donor: pairing removes what they share, and not that they are few.

    Parameters
    ----------
    sheet
        Samples of a contrast.
    known
        Columns that are known to hold technical replicates.
    """
    c = sheet.contrast
    for name in map(str, sheet.units.columns):
        if not names_donors(name) or name in known or name == c.condition:
            continue
        counts = by_group(sheet, name).reindex(columns=[c.case, c.control], fill_value=0)
        # that all samples are of one donor is the scope of the verdicts
        if len(counts) < 2 or int(counts.to_numpy().max()) < _REPEATED:
            continue
        left = (counts > 0).sum()
        text = (
            f"{int(counts.to_numpy().sum())} samples of {len(counts)} donors (`{name}`): repeated samples of a donor count as "
            "independent, which makes intervals too narrow"
        )
        advice = f"average them: {_option(name)} leaves {left[c.case]} against {left[c.control]}"
        if not c.paired_by and (counts > 0).all(axis=1).any():
            advice += f"; and pair by it (paired_by={name!r}): donors lie in both groups"
        yield Finding(DONORS, name, text, _severity(sheet, WARNING), advice)


# ---- a column of the unit ----------------------------------------------------------


def _by_unit(sheet: Sheet) -> Finding | None:
    repeats = [c for c in map(str, sheet.samples.columns) if words_of(c) & TECHNICAL]
    units = [c for c in map(str, sheet.samples.columns) if _repeats(sheet, c)]
    # the finest column: of BioRep (1, 2, 3) and BioRep_full (A1, A2, A3, B1, ...) the second
    units.sort(key=lambda c: -sheet.samples[c].nunique())
    for unit in units:
        beside = [c for c in repeats if c != unit and _varies_within(sheet, unit, c)]
        if beside and _may_be_unit(sheet, unit):
            text = (
                f"`{beside[0]}` reads as technical replicates of `{unit}`: {len(sheet.samples)} samples, but "
                f"{sum(_units(sheet, unit))} units; {_COUNT_ONCE}"
            )
            return Finding(CHECK, unit, text, SERIOUS, _collapse(sheet, unit))
    for unit in units:
        if _reads_as_unit(sheet, unit):
            text = f"several samples of one group share a level of `{unit}`; they are not independent"
            return Finding(CHECK, unit, text, WARNING, f"{_collapse(sheet, unit)}; {_STATE}")
    return None


def _collapse(sheet: Sheet, unit: str) -> str:
    case, control = _units(sheet, unit)
    return (
        f"if they repeat one preparation, average them: with {_option(unit)} {len(sheet.samples)} samples "
        f"would become {case + control}: {case} against {control}"
    )


def _option(unit: str) -> str:
    """Write how a column is given to collapse by, in Python and in the terminal."""
    return f"collapse_by={unit!r} (--collapse-by {repr(unit) if ' ' in unit else unit})"


def _cells(sheet: Sheet, *columns: str) -> pd.Series:
    """Count the samples of each combination of levels within each group, those without a level left out."""
    known = sheet.samples[list(columns)].notna().all(axis=1)
    keys = [sheet.is_case[known], *(as_factor(sheet.samples.loc[known, c]) for c in columns)]
    return sheet.is_case[known].groupby(keys, observed=True).size().rename("n")


def _units(sheet: Sheet, unit: str) -> tuple[int, int]:
    """Units in the case group and in the control group; a sample without a level is one of its own."""
    inside = _cells(sheet, unit).groupby(level=0).size()
    lone = sheet.is_case[sheet.samples[unit].isna()]
    return int(inside.get(True, 0) + lone.sum()), int(inside.get(False, 0) + (~lone).sum())


def _repeats(sheet: Sheet, name: str) -> bool:
    """Whether most levels hold several samples of one group, and no group is one level of many samples."""
    column = sheet.samples[name]
    if name == sheet.contrast.condition or words_of(name) & TECHNICAL or is_number(column):
        return False
    cells = _cells(sheet, name)
    if not len(cells) or cells.median() < _REPEATED:
        return False
    # one level for the whole group describes it, unless the name says that the level is a person
    return bool(cells.groupby(level=0).size().min() >= _REPEATED or words_of(name) & _PERSON)


def _varies_within(sheet: Sheet, unit: str, repeat: str) -> bool:
    """Whether a column of repeats tells the samples of one unit apart."""
    return bool(_cells(sheet, unit, repeat).median() == 1)


def _may_be_unit(sheet: Sheet, name: str) -> bool:
    """Whether a column may hold the unit where another one holds repeats."""
    words = words_of(name)
    return bool(words & (DONOR | REPLICATE)) or (
        _nested(sheet, name) and not words & (BATCH - {"experiment"}) and sheet.samples[name].nunique() > 2
    )


def _reads_as_unit(sheet: Sheet, name: str) -> bool:
    """Whether a column names the unit by itself: a donor of one group, or a replicate number that comes again."""
    words = words_of(name)
    if name in sheet.used or not words & (DONOR | REPLICATE):
        return False
    if words & REPLICATE:
        return not _numbered_within(sheet, name)
    # donors of both groups are pairs, which have a finding of their own
    return _nested(sheet, name)


def _nested(sheet: Sheet, name: str) -> bool:
    groups = _cells(sheet, name).reset_index(level=0).iloc[:, 0]
    return bool((groups.groupby(level=0).nunique() == 1).all())


def _numbered_within(sheet: Sheet, name: str) -> bool:
    """Whether replicates are numbered within another factor, such as a treatment or a time."""
    for other in map(str, sheet.samples.columns):
        if other in {name, sheet.contrast.condition} or words_of(other) & REPLICATE:
            continue
        if not _describes(sheet, other) or sheet.samples[other].nunique() < 2:
            continue
        cells = _cells(sheet, name, other)
        if len(cells) and cells.mean() < _cells(sheet, name).mean() and cells.median() == 1:
            return True
    return False


# ---- a column of repeats, without one of the unit ------------------------------------


def _by_repeat(sheet: Sheet) -> Finding | None:
    for name in map(str, sheet.samples.columns):
        column = sheet.samples[name]
        if name in sheet.used or not words_of(name) & _SURELY_TECHNICAL:
            continue
        # one level for all, or a number of its own for every sample: nothing is repeated
        if not 2 <= column.nunique() < len(column) or is_number(column) or _has_units(sheet):
            continue
        counts = _cells(sheet, name).groupby(level=0).max()
        case, control = int(counts.get(True, 0)), int(counts.get(False, 0))
        n = len(sheet.samples)
        if not case or not control or case + control >= n:
            continue
        text = f"`{name}` reads as technical replicates, and no column names the preparation that they repeat; {_COUNT_ONCE}"
        advice = (
            f"add a column with the preparation and give it (collapse_by='COLUMN', --collapse-by COLUMN): {n} samples may become "
            f"{case + control}: {case} against {control}; {_STATE}"
        )
        return Finding(CHECK, name, text, WARNING, advice)
    return None


def _has_units(sheet: Sheet) -> bool:
    """Whether a column numbers the samples of each group as replicates or donors, each once."""
    for name in map(str, sheet.samples.columns):
        words = words_of(name)
        if words & (DONOR | REPLICATE) and not words & TECHNICAL:
            cells = _cells(sheet, name)
            if len(cells) and cells.max() == 1 and cells.sum() == len(sheet.samples):
                return True
    return False


# ---- names of samples ----------------------------------------------------------------

_TAIL = r"[ ._-]?\(?\d+\)?(?![a-z0-9])"
_SURE = re.compile(
    rf"(?i)(?<=[^a-z])(?:tech(?:nical)?[ ._-]?(?:rep(?:licate)?)?|tr|inj(?:ection)?|rerun){_TAIL}"
)
_PERHAPS = re.compile(rf"(?i)(?<=[^a-z])(?:r|rep|repl|replicate|run){_TAIL}")


def _by_name(sheet: Sheet) -> Finding | None:
    for pattern, sure in ((_SURE, True), (_PERHAPS, False)):
        names = sheet.samples.index.astype(str)
        stems = pd.Series([pattern.sub("", n) for n in names], index=sheet.samples.index)
        cells = stems.groupby([sheet.is_case, stems]).size()
        inside = cells.groupby(level=0).size()
        case, control = int(inside.get(True, 0)), int(inside.get(False, 0))
        repeated = bool((stems != names).all() and cells.median() >= _REPEATED)
        if not repeated or not (sure or _numbers_units(sheet, stems, min(case, control))):
            continue
        most = cells.droplevel(0).idxmax()
        alike = [n for n, stem in zip(names, stems, strict=True) if stem == most]
        text = f"sample names differ by an injection or a repeat only, such as {alike[0]!r} and {alike[1]!r}"
        advice = (
            "if they repeat one preparation, add a column with the preparation and give it (collapse_by='COLUMN', "
            f"--collapse-by COLUMN): {len(stems)} samples would become {case + control}: {case} against {control}; {_STATE}"
        )
        return Finding(CHECK, "", text, WARNING, advice)
    return None


def _numbers_units(sheet: Sheet, stems: pd.Series, fewest: int) -> bool:
    """Whether the rest of the names numbers preparations (``P1_EV_R1``): else R1, R2, R3 number them."""
    if fewest < _REPEATED or not stems.str.contains(r"\d").all():
        return False
    return not any(_same_levels(sheet, stems, str(c)) for c in sheet.samples.columns)


def _same_levels(sheet: Sheet, stems: pd.Series, name: str) -> bool:
    """Whether a column that describes samples, such as a dose, makes the same parts of each group as the names."""
    if words_of(name) & (TECHNICAL | DONOR | REPLICATE) or sheet.samples[name].isna().any():
        return False
    level = as_factor(sheet.samples[name])
    groups = level.groupby([sheet.is_case, stems]).nunique()
    parts = pd.concat([sheet.is_case, level], axis=1).drop_duplicates()
    return bool((groups == 1).all() and len(parts) == len(groups))
