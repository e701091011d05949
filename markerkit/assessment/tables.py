"""Tables of an assessment that pool its contrasts, and its design in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

import numpy as np
import pandas as pd

from markerkit.assessment.contrast_parts import SET_TESTS, ContrastParts
from markerkit.core.errors import listed
from markerkit.core.factors import as_factor
from markerkit.core.messages import reason
from markerkit.core.wording import sentence
from markerkit.results import (
    Comparison,
    ContaminationFraction,
    DetectionTest,
    DifferentialAbundance,
    Enrichment,
    Identity,
    MarkersUsed,
    NullCheck,
    Purity,
)
from markerkit.stats.fdr import bh
from markerkit.study.data import StudyData
from markerkit.study.roles import ROLES, SAMPLE, roles_of
from markerkit.tables.registry import TABLES
from markerkit.tables.spec import concat_rows

_POOLED = ("depth", "family")  # parameters of the presence/absence test that all contrasts share

Pooled = TypeVar("Pooled", Identity, Comparison, Purity)


def pooled_verdicts(parts: Sequence[Pooled], empty: Pooled) -> Pooled:
    """Verdicts of every contrast, with the markers of each; `empty` is what no contrast gives."""
    spec, used = TABLES[empty.table_name], TABLES["markers_used"]
    return replace(
        empty,
        table=spec.conform(concat_rows([p.table for p in parts])),
        params={**empty.params, "contrasts": [name for p in parts for name in p.params["contrasts"]]},
        markers=MarkersUsed(used.conform(concat_rows([p.markers.table for p in parts]))),
    )


def pooled_purity(parts: Sequence[Purity], empty: Purity) -> Purity:
    """Verdicts on the sources of every contrast, with its contamination fraction."""
    fractions = concat_rows([p.contamination_fraction.table for p in parts])
    fraction = ContaminationFraction(TABLES["contamination_fraction"].conform(fractions))
    return replace(pooled_verdicts(parts, empty), contamination_fraction=fraction)


def pooled_differential(parts: Sequence[ContrastParts]) -> DifferentialAbundance:
    """Differential abundance of every contrast that could be fitted, each with its own family of tests."""
    found = {p.contrast.name: p.differential for p in parts if p.differential is not None}
    params = dict(next(iter(found.values())).params) if found else {}
    table = concat_rows([da.table for da in found.values()])
    return DifferentialAbundance(
        TABLES["differential_abundance"].conform(table), params | {"contrasts": list(found)}
    )


def pooled_detection(parts: Sequence[ContrastParts]) -> DetectionTest:
    """Presence/absence test of every contrast."""
    params = parts[0].detection.params if parts else {}
    return DetectionTest(
        TABLES["detection"].conform(concat_rows([p.detection.table for p in parts])),
        {"contrasts": [p.contrast.name for p in parts]} | {k: params[k] for k in _POOLED if k in params},
    )


def pooled_enrichment(found: Sequence[Mapping[str, pd.DataFrame]]) -> Enrichment:
    """Set tests of every contrast, by method; one family of tests per method: sets x contrasts."""
    tables = []
    for method in SET_TESTS:
        table = concat_rows([of_contrast[method] for of_contrast in found if of_contrast])
        if len(table):
            table["padj"] = bh(table["pvalue"].to_numpy(float))
            table["padj_mixed"] = bh(table["pvalue_mixed"].to_numpy(float))
            tables.append(table)
    return Enrichment(
        TABLES["enrichment"].conform(concat_rows(tables)),
        {"methods": list(SET_TESTS), "family": "sets x contrasts"},
    )


def pooled_null_check(parts: Sequence[ContrastParts], n_resamples: int, seed: int) -> NullCheck:
    """Null check of every contrast that could be fitted; empty without data sets."""
    tables = [p.null_check.table for p in parts if p.null_check is not None]
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


def design_words(data: StudyData, parts: Sequence[ContrastParts]) -> Iterator[str]:
    """Write the design of every contrast in words."""
    few = data.criteria.design["few_replicates"]
    if data.collapse_by:
        yield f"Technical replicates of one `{data.collapse_by}` were averaged and count once."
    if not parts:
        yield f"No contrast: {data.units.n_samples} samples are described one by one."
    if len(parts) > 1:
        yield (
            f"{len(parts)} contrasts: adjusted p-values of proteins are over the proteins of one contrast, those of set tests over sets "
            "and contrasts of a method; verdicts on classes and sources are each at the level of their interval, not corrected for "
            "the number of contrasts."
        )
    for part in parts:
        c = part.contrast
        case, control = c.groups(data.units)
        words = f"{c.name}: {len(case)} against {len(control)} samples"
        if c.paired_by:
            words += f", paired by `{c.paired_by}`"
        if c.batch:
            words += f", with {listed(c.batch)} in the model"
        words += f"; comparator {data.criteria.comparators[c.comparator or 'unknown'].title}."
        if part.verdict is not None:
            words += f" {sentence(reason(part.verdict, data.criteria.titles))}"
        elif min(len(case), len(control)) < few:
            words += " Few samples: only large, consistent effects can be called."
        yield words
