"""Identity and purity of extracellular vesicles from a proteomics matrix.

markerkit reads a proteomics matrix and gives an identity and purity
assessment: reference marker sets with sources, differential abundance, set
tests, per-sample scores, verdicts with reasons, tables, figures and a report.

Heavy imports are lazy: ``import markerkit`` loads NumPy and pandas at most.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_HOME = {
    "Experiment": "experiment",
    "MarkerSet": "markers",
    "MarkerCatalog": "markers",
    "load_markers": "markers",
    "InputError": "_checks",
    "MarkerkitWarning": "_checks",
    "read_proteins": "readers",
    "harmonize_ids": "identifiers",
    "load_example": "simulator",
    "simulate": "simulator",
    "log2": "preprocess",
    "filter_detected": "preprocess",
    "normalize": "preprocess",
    "collapse_replicates": "preprocess",
    "impute": "preprocess",
    "coverage": "scoring",
    "score_samples": "scoring",
    "quality": "sample_quality",
    "differential_abundance": "differential",
    "detection_test": "detection",
    "enrich": "enrichment",
    "null_check": "calibration",
    "detectable_effect": "calibration",
    "assess_identity": "identity",
    "assess_purity": "purity",
    "misev_checklist": "checklist",
    "assess": "assessment",
}
_MODULES = ("figures", "results")

__all__ = [
    "Experiment",
    "InputError",
    "MarkerCatalog",
    "MarkerSet",
    "MarkerkitWarning",
    "__version__",
    "assess",
    "assess_identity",
    "assess_purity",
    "collapse_replicates",
    "coverage",
    "detectable_effect",
    "detection_test",
    "differential_abundance",
    "enrich",
    "figures",
    "filter_detected",
    "harmonize_ids",
    "impute",
    "load_example",
    "load_markers",
    "log2",
    "misev_checklist",
    "normalize",
    "null_check",
    "quality",
    "read_proteins",
    "results",
    "score_samples",
    "simulate",
]

if TYPE_CHECKING:
    from markerkit import figures, results
    from markerkit._checks import InputError, MarkerkitWarning
    from markerkit.assessment import assess
    from markerkit.calibration import detectable_effect, null_check
    from markerkit.checklist import misev_checklist
    from markerkit.detection import detection_test
    from markerkit.differential import differential_abundance
    from markerkit.enrichment import enrich
    from markerkit.experiment import Experiment
    from markerkit.identifiers import harmonize_ids
    from markerkit.identity import assess_identity
    from markerkit.markers import MarkerCatalog, MarkerSet, load_markers
    from markerkit.preprocess import collapse_replicates, filter_detected, impute, log2, normalize
    from markerkit.purity import assess_purity
    from markerkit.readers import read_proteins
    from markerkit.sample_quality import quality
    from markerkit.scoring import coverage, score_samples
    from markerkit.simulator import load_example, simulate


def __getattr__(name: str) -> Any:
    if name in _HOME:
        value = getattr(importlib.import_module(f"markerkit.{_HOME[name]}"), name)
    elif name in _MODULES:
        value = importlib.import_module(f"markerkit.{name}")
    else:
        message = f"module 'markerkit' has no attribute {name!r}"
        raise AttributeError(message)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
