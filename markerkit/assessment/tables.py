"""Tables of an assessment that pool its contrasts, and its design in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from markerkit.catalog.load import MarkerCatalog
from markerkit.checks.null_check import null_check
from markerkit.core.errors import listed
from markerkit.core.factors import as_factor
from markerkit.core.messages import reason
from markerkit.core.wording import sentence
from markerkit.da.detection import detection_test
from markerkit.effects.model import AnyContrast, UnfittedContrast, fitted
from markerkit.results import (
    DetectionTest,
    DifferentialAbundance,
    Enrichment,
    NullCheck,
)
from markerkit.sets.enrichment import enrich
from markerkit.stats.fdr import bh
from markerkit.study.data import StudyData
from markerkit.study.roles import ROLES, SAMPLE, roles_of
from markerkit.tables.registry import TABLES
from markerkit.tables.spec import concat_rows

SET_TESTS = ("camera", "fry")
_POOLED = ("depth", "family")  # parameters of the presence/absence test that all contrasts share


def pooled_differential(models: Sequence[AnyContrast]) -> DifferentialAbundance:
    """Differential abundance of every contrast that could be fitted, each with its own family of tests."""
    with_model = fitted(models)
    tables = [m.da.table for m in with_model]
    params = dict(with_model[0].da.params) if with_model else {}
    spec = TABLES["differential_abundance"]
    return DifferentialAbundance(
        spec.conform(concat_rows(tables)), params | {"contrasts": [m.contrast.name for m in with_model]}
    )


def pooled_detection(models: Sequence[AnyContrast]) -> DetectionTest:
    """Presence/absence test of every contrast."""
    found = [detection_test(m.exp, m.contrast) for m in models]
    params = found[0].params if found else {}
    return DetectionTest(
        TABLES["detection"].conform(concat_rows([f.table for f in found])),
        {"contrasts": [m.contrast.name for m in models]} | {k: params[k] for k in _POOLED if k in params},
    )


def pooled_enrichment(models: Sequence[AnyContrast], markers: MarkerCatalog) -> Enrichment:
    """Set tests of every contrast; one family of tests per method: sets x contrasts."""
    parts = []
    for method in SET_TESTS:
        tables = [enrich(m.da, markers, method=method).table for m in fitted(models)]
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
    models: Sequence[AnyContrast], markers: MarkerCatalog, n_resamples: int, seed: int
) -> NullCheck:
    """Null check of every contrast that could be fitted; empty without data sets."""
    tables = [
        null_check(m.exp, m.contrast, markers, n_resamples=n_resamples, seed=seed).table
        for m in (fitted(models) if n_resamples else ())
    ]
    return NullCheck(
        TABLES["null_check"].conform(concat_rows(tables)), {"n_resamples": n_resamples, "seed": seed}
    )


def samples_used(data: StudyData) -> pd.DataFrame:
    """Table `samples_used`: of every sample as read whether, where and as what it was used."""
    exp, first = data.as_read, data.contrasts[0] if data.contrasts else None
    used = {s for c in data.contrasts for group in c.groups(data.units) for s in group.astype(str)}

    def column(name: str | None) -> pd.Series:
        text = as_factor(exp.samples[name]) if name else pd.Series("", index=exp.samples.index)
        return text.fillna("")

    batches = [column(b) for b in first.batch] if first else []
    role = roles_of(exp)
    is_used = data.unit_of.isin(used) if data.contrasts else role == SAMPLE
    why = role.map(ROLES).where(role != SAMPLE, "in no contrast; its shares and scores are given")
    table = pd.DataFrame(
        {
            "sample": exp.samples.index,
            "unit": data.unit_of,
            "group": column(data.condition),
            "pair": column(first.paired_by if first else None),
            "batch": pd.concat(batches, axis=1).agg(";".join, axis=1) if batches else "",
            "n_measured": exp.values.notna().sum(axis=1),
            "total_signal": np.nan if exp.scale == "ratio" else exp.linear().sum(axis=1),
            "median_log2": exp.logged().values.median(axis=1),
            "status": np.where(is_used, "used", "not used"),
            "reason": why.where(~is_used, ""),
        }
    )
    return TABLES["samples_used"].conform(table)


def design_words(data: StudyData, models: Sequence[AnyContrast]) -> Iterator[str]:
    """Write the design of every contrast in words."""
    few = data.criteria.design["few_replicates"]
    if data.collapse_by:
        yield f"Technical replicates of one `{data.collapse_by}` were averaged and count once."
    if not models:
        yield f"No contrast: {data.units.n_samples} samples are described one by one."
    if len(models) > 1:
        yield (
            f"{len(models)} contrasts: adjusted p-values of proteins are over the proteins of one contrast, those of set tests over sets "
            "and contrasts of a method; verdicts on classes and sources are each at the level of their interval, not corrected for "
            "the number of contrasts."
        )
    for model in models:
        c = model.contrast
        case, control = c.groups(data.units)
        words = f"{c.name}: {len(case)} against {len(control)} samples"
        if c.paired_by:
            words += f", paired by `{c.paired_by}`"
        if c.batch:
            words += f", with {listed(c.batch)} in the model"
        words += f"; comparator {data.criteria.comparators[c.comparator or 'unknown'].title}."
        if isinstance(model, UnfittedContrast):
            words += f" {sentence(reason(model.verdict, data.criteria.titles))}"
        elif min(len(case), len(control)) < few:
            words += " Few samples: only large, consistent effects can be called."
        yield words
