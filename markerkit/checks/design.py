"""Design check: what the samples of a contrast can and cannot show, in plain words."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from markerkit.catalog.criteria import load_criteria
from markerkit.checks.replicates import CHECK as REPEATS
from markerkit.checks.replicates import repeated_donors, technical_replicates
from markerkit.checks.sheet import (
    BATCH,
    DONOR,
    NOTE,
    OK,
    SCOPE,
    SERIOUS,
    WARNING,
    Finding,
    Sheet,
    as_numbers,
    by_group,
    candidates,
    is_number,
    words_of,
)
from markerkit.core.errors import listed
from markerkit.core.experiment import Experiment
from markerkit.core.factors import as_factor
from markerkit.core.matrix import copies
from markerkit.io.sample_sheet import GUESS
from markerkit.study.contrast import Contrast
from markerkit.study.data import StudyData
from markerkit.study.formula import build_design
from markerkit.tables.registry import TABLES


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
        sheet = Sheet(
            contrast,
            contrast.select(data.as_read).samples,
            contrast.select(data.units).samples,
            data.collapse_by,
            data.context,
            data.criteria.design,
        )
        found = [*_copies(contrast.select(data.as_read), contrast), *_findings(sheet)]
        rows += [{"contrast": contrast.name, **vars(f)} for f in found]
    if not data.contrasts:
        text = "no comparator: every sample is described by itself"
        rows = [{"contrast": "", **vars(Finding("comparator", "", text, NOTE, _COMPARE))}]
    return TABLES["design"].conform(pd.DataFrame(rows))


_COMPARE = "name a case and a control: the source cells' lysate, the fluid itself or another fraction"


def _copies(exp: Experiment, contrast: Contrast) -> Iterator[Finding]:
    """Find samples of one group that hold the same values."""
    for names in contrast.groups(exp):
        for same in copies(exp.select(samples=list(names)).matrix):
            text = f"the samples {listed(names[same])} hold the same value in every protein: one run, {len(same)} times"
            yield Finding(REPEATS, "", text, SERIOUS, "keep one of them: they are no replicates")


def _findings(sheet: Sheet) -> Iterator[Finding]:
    yield from _replicates(sheet)
    yield from _model(sheet)
    yield from _pairs(sheet)
    repeats = list(technical_replicates(sheet))
    yield from [*repeats, *repeated_donors(sheet, {f.column for f in repeats})]
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


def _replicates(sheet: Sheet) -> Iterator[Finding]:
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


def _model(sheet: Sheet) -> Iterator[Finding]:
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


def _pairs(sheet: Sheet) -> Iterator[Finding]:
    c = sheet.contrast
    if c.paired_by:
        counts = pd.crosstab(as_factor(sheet.units[c.paired_by]), as_factor(sheet.units[c.condition]))
        whole = int((counts > 0).all(axis=1).sum()) if counts.shape[1] == 2 else 0
        text = f"paired by `{c.paired_by}`: {whole} of {len(counts)} levels lie in both groups"
        lone = len(counts) - whole
        advice = "levels in one group only carry no information on the contrast" if lone else ""
        yield Finding("pairs", c.paired_by, text, NOTE if lone else OK, advice)
        return
    for name in candidates(sheet):
        donor = bool(words_of(name) & DONOR)
        counts = by_group(sheet, name)
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


# ---- scope -----------------------------------------------------------------------


def _scope(sheet: Sheet) -> Finding:
    """Say what the verdicts hold for: other samples of the kind, or this preparation only."""
    stated = str(sheet.context.get("replicates", "")).lower()
    donors = [c for c in sheet.samples.columns if words_of(c) & DONOR and c != sheet.contrast.condition]
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


def _confounding(sheet: Sheet) -> Iterator[Finding]:
    labels = []
    for name in candidates(sheet):
        if name.endswith(GUESS):
            continue  # written by `markerkit samples`, not by who knows the study
        if is_number(sheet.samples[name]):
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


def _categorical(sheet: Sheet, name: str) -> Finding | None:
    known = sheet.samples[name].notna()
    column, group = as_factor(sheet.samples.loc[known, name]), sheet.is_case[known]
    counts = pd.crosstab(column, group)
    if counts.shape[1] < 2 or len(counts) < 2:
        return None
    both = (counts > 0).all(axis=1)
    batch, donor = bool(words_of(name) & BATCH), bool(words_of(name) & DONOR)
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
    if batch and (by_group(sheet, name) == 1).all(axis=1).mean() < sheet.limit["shared_levels"]:
        text = f"`{name}` is not in the model; {int(both.sum())} of {len(counts)} levels lie in both groups"
        return Finding(
            "batch", name, text, NOTE, f"give it to the model (batch=[{name!r}]) if it shifts proteins"
        )
    return None


def _numeric(sheet: Sheet, name: str) -> Finding | None:
    numbers = as_numbers(sheet.samples[name]).astype(float)
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


__all__ = ["NOTE", "OK", "SCOPE", "SERIOUS", "WARNING", "design_lines", "design_of", "design_scope"]
