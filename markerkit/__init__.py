"""Identity and purity of extracellular vesicles from a proteomics matrix.

markerkit reads a proteomics matrix and gives an identity and purity
assessment: reference marker sets with sources, differential abundance, set
tests, per-sample scores, verdicts with reasons, tables, figures and a report.

Heavy imports are lazy: ``import markerkit`` loads NumPy and pandas at most.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.2.0"

_HOME = {
    "Contrast": "study.contrast",
    "contrasts": "study.contrast",
    "Experiment": "core.experiment",
    "MarkerSet": "catalog.load",
    "MarkerCatalog": "catalog.load",
    "load_markers": "catalog.load",
    "read_markers": "catalog.load",
    "InputError": "core.errors",
    "MarkerkitWarning": "core.errors",
    "read_proteins": "io.readers",
    "read_peptides": "io.peptides",
    "PeptideTable": "core.peptides",
    "rollup": "preprocess.rollup",
    "bovine_peptides": "qc.bovine_peptides",
    "caspase_ends": "qc.caspase_ends",
    "harmonize_ids": "ids.harmonize",
    "load_example": "simulation.examples",
    "simulate": "simulation.examples",
    "log2": "preprocess.steps",
    "filter_detected": "preprocess.steps",
    "normalize": "preprocess.steps",
    "collapse_replicates": "preprocess.steps",
    "impute": "preprocess.steps",
    "concat": "preprocess.concat",
    "coverage": "sets.coverage",
    "running_score": "sets.enrichment",
    "score_samples": "sets.scoring",
    "membership": "sets.membership",
    "add_ev_frequency": "sets.membership",
    "quality": "qc.card",
    "composition": "qc.composition",
    "differential_abundance": "da.differential",
    "detection_test": "da.detection",
    "enrich": "sets.enrichment",
    "null_check": "checks.null_check",
    "detectable_effect": "checks.power",
    "assess_identity": "identity.table",
    "assess_purity": "purity.sources",
    "compare": "identity.change",
    "misev_checklist": "guidelines.checklist",
    "amounts": "purity.amounts",
    "fraction_profiles": "purity.fractions",
    "rank_preparations": "purity.ranking",
    "simulate_fractions": "simulation.series",
    "assess": "assessment.run",
    "open_cohort": "cohort.source",
    "summarize_cohort": "cohort.run",
}
_MODULES = {"datasets": "io.datasets", "figures": "figures", "results": "results"}

__all__ = [
    "Contrast",
    "Experiment",
    "InputError",
    "MarkerCatalog",
    "MarkerSet",
    "MarkerkitWarning",
    "PeptideTable",
    "__version__",
    "add_ev_frequency",
    "amounts",
    "assess",
    "assess_identity",
    "assess_purity",
    "bovine_peptides",
    "caspase_ends",
    "collapse_replicates",
    "compare",
    "composition",
    "concat",
    "contrasts",
    "coverage",
    "datasets",
    "detectable_effect",
    "detection_test",
    "differential_abundance",
    "enrich",
    "figures",
    "filter_detected",
    "fraction_profiles",
    "harmonize_ids",
    "impute",
    "load_example",
    "load_markers",
    "log2",
    "membership",
    "misev_checklist",
    "normalize",
    "null_check",
    "open_cohort",
    "quality",
    "rank_preparations",
    "read_markers",
    "read_peptides",
    "read_proteins",
    "results",
    "rollup",
    "running_score",
    "score_samples",
    "simulate",
    "simulate_fractions",
    "summarize_cohort",
]

if TYPE_CHECKING:
    from markerkit import figures, results
    from markerkit.assessment.run import assess
    from markerkit.catalog.load import MarkerCatalog, MarkerSet, load_markers, read_markers
    from markerkit.checks.null_check import null_check
    from markerkit.checks.power import detectable_effect
    from markerkit.cohort.run import summarize_cohort
    from markerkit.cohort.source import open_cohort
    from markerkit.core.errors import InputError, MarkerkitWarning
    from markerkit.core.experiment import Experiment
    from markerkit.core.peptides import PeptideTable
    from markerkit.da.detection import detection_test
    from markerkit.da.differential import differential_abundance
    from markerkit.guidelines.checklist import misev_checklist
    from markerkit.identity.change import compare
    from markerkit.identity.table import assess_identity
    from markerkit.ids.harmonize import harmonize_ids
    from markerkit.io import datasets
    from markerkit.io.peptides import read_peptides
    from markerkit.io.readers import read_proteins
    from markerkit.preprocess.concat import concat
    from markerkit.preprocess.rollup import rollup
    from markerkit.preprocess.steps import collapse_replicates, filter_detected, impute, log2, normalize
    from markerkit.purity.amounts import amounts
    from markerkit.purity.fractions import fraction_profiles
    from markerkit.purity.ranking import rank_preparations
    from markerkit.purity.sources import assess_purity
    from markerkit.qc.bovine_peptides import bovine_peptides
    from markerkit.qc.card import quality
    from markerkit.qc.caspase_ends import caspase_ends
    from markerkit.qc.composition import composition
    from markerkit.sets.coverage import coverage
    from markerkit.sets.enrichment import enrich, running_score
    from markerkit.sets.membership import add_ev_frequency, membership
    from markerkit.sets.scoring import score_samples
    from markerkit.simulation.examples import load_example, simulate
    from markerkit.simulation.series import simulate_fractions
    from markerkit.study.contrast import Contrast, contrasts


def __getattr__(name: str) -> Any:
    if name in _HOME:
        value = getattr(importlib.import_module(f"markerkit.{_HOME[name]}"), name)
    elif name in _MODULES:
        value = importlib.import_module(f"markerkit.{_MODULES[name]}")
    else:
        message = f"module 'markerkit' has no attribute {name!r}"
        raise AttributeError(message)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
