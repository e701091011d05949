"""Tables of an assessment that pool its contrasts, and its design in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from markerkit.catalog.criteria import load_criteria
from markerkit.catalog.load import MarkerCatalog
from markerkit.checks.null_check import null_check
from markerkit.core.errors import InputError, listed
from markerkit.core.experiment import Experiment
from markerkit.da.detection import detection_test
from markerkit.effects.model import ContrastModel
from markerkit.preprocess import log2
from markerkit.results import (
    DetectionTest,
    DifferentialAbundance,
    Enrichment,
    NullCheck,
)
from markerkit.sets.enrichment import enrich
from markerkit.stats.fdr import bh
from markerkit.study.contrast import Contrast
from markerkit.study.formula import model_formula
from markerkit.study.roles import ROLES, SAMPLE, roles_of
from markerkit.tables.registry import TABLES
from markerkit.tables.spec import concat_rows

SET_TESTS = ("camera", "fry")


def pooled_differential(models: Sequence[ContrastModel]) -> DifferentialAbundance:
    """Differential abundance of every contrast that could be fitted, each with its own family of tests."""
    fitted = [m for m in models if m.da is not None]
    tables = [m.da.table for m in fitted if m.da is not None]
    params = dict(fitted[0].da.params) if fitted and fitted[0].da else {}
    spec = TABLES["differential_abundance"]
    return DifferentialAbundance(
        spec.conform(concat_rows(tables)), params | {"contrasts": [m.contrast.name for m in fitted]}
    )


def pooled_detection(models: Sequence[ContrastModel]) -> DetectionTest:
    """presence/absence test of every contrast."""
    tables = [
        detection_test(
            m.exp,
            condition=m.contrast.condition,
            case=m.contrast.case,
            control=m.contrast.control,
            paired_by=m.contrast.paired_by,
        ).table
        for m in models
    ]
    return DetectionTest(TABLES["detection"].conform(concat_rows(tables)), {})


def pooled_enrichment(models: Sequence[ContrastModel], markers: MarkerCatalog) -> Enrichment:
    """Set tests of every contrast; one family of tests a method: sets x contrasts."""
    parts = []
    for method in SET_TESTS:
        tables = [enrich(m.da, markers, method=method).table for m in models if m.da is not None]
        table = concat_rows(tables)
        if len(table):
            table["padj"] = bh(table["pvalue"].to_numpy(float))
            table["padj_mixed"] = bh(table["pvalue_mixed"].to_numpy(float))
            parts.append(table)
    return Enrichment(
        TABLES["enrichment"].conform(concat_rows(parts)),
        {"methods": list(SET_TESTS), "family": "sets x contrasts"},
    )


def pooled_null_check(
    models: Sequence[ContrastModel], markers: MarkerCatalog, draws: int, seed: int
) -> NullCheck:
    """Null check of every contrast that could be fitted; empty without draws."""
    if draws < 0:
        raise InputError(f"`null_check` counts data sets, 2 or more, or is 0; got {draws!r}.")
    tables = []
    for model in models if draws else ():
        c = model.contrast
        if model.da is not None:
            design = model_formula(c.condition, c.paired_by, c.batch)
            arms = (c.condition, c.case, c.control)
            tables.append(null_check(model.exp, markers, design, contrast=arms, draws=draws, seed=seed).table)
    return NullCheck(TABLES["null_check"].conform(concat_rows(tables)), {"draws": draws, "seed": seed})


def samples_used(
    exp: Experiment, units: Experiment, contrasts: Sequence[Contrast], collapse_by: str | None
) -> pd.DataFrame:
    """Say of every sample as read whether, where and as what it was used."""
    samples, values = exp.samples, exp.values
    linear = None if exp.scale == "ratio" else exp.linear()
    logs = log2(exp).values if exp.scale == "raw" else values
    unit = (
        samples[collapse_by].astype(str)
        if collapse_by
        else pd.Series(samples.index.astype(str), samples.index)
    )
    first = contrasts[0] if contrasts else None
    used = {s for c in contrasts for arm in c.groups(units) for s in arm.astype(str)}

    def column(name: str | None) -> pd.Series:
        return samples[name].astype(str) if name else pd.Series("", index=samples.index)

    role = roles_of(exp)
    is_used = unit.isin(used) if contrasts else role == SAMPLE
    why = role.map(ROLES).where(role != SAMPLE, "in no contrast; its shares and scores are given")
    table = pd.DataFrame(
        {
            "sample": samples.index,
            "unit": unit,
            "group": column(first.condition if first else None),
            "pair": column(first.paired_by if first else None),
            "batch": samples[list(first.batch)].astype(str).agg(";".join, axis=1)
            if first and first.batch
            else "",
            "n_measured": values.notna().sum(axis=1),
            "total_signal": np.nan if linear is None else linear.sum(axis=1),
            "median_log2": logs.median(axis=1),
            "status": np.where(is_used, "used", "not used"),
            "reason": why.where(~is_used, ""),
        }
    )
    return TABLES["samples_used"].conform(table)


def design_words(
    units: Experiment, models: Sequence[ContrastModel], collapse_by: str | None
) -> Iterator[str]:
    """Say the design of every contrast in words."""
    if collapse_by:
        yield f"Technical replicates of one `{collapse_by}` were averaged and count once."
    if not models:
        yield f"No contrast: {units.n_samples} samples are described one by one."
    for model in models:
        c = model.contrast
        case, control = c.groups(units)
        words = f"{c.name}: {len(case)} against {len(control)} samples"
        if c.paired_by:
            words += f", paired by `{c.paired_by}`"
        if c.batch:
            words += f", with {listed(c.batch)} in the model"
        words += f"; comparator {load_criteria().comparators[c.comparator or 'unknown'].title}."
        if model.reason:
            words += f" {model.reason[0].upper()}{model.reason[1:]}."
        elif min(len(case), len(control)) < 4:
            words += " Few samples: only large, consistent effects can be called."
        yield words
