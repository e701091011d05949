"""The registry of all tables of the output: their columns, kinds and meaning."""

from __future__ import annotations

from markerkit.tables import _guidelines, _peptides, _proteins, _samples, _series, _sets, _verdicts
from markerkit.tables.spec import TableSpec

#: tables of an assessment by name, in the order of the output
TABLES: dict[str, TableSpec] = {
    spec.name: spec
    for spec in (
        _verdicts.IDENTITY,
        _verdicts.COMPARISON,
        _verdicts.PURITY,
        _verdicts.EVIDENCE,
        _verdicts.SENSITIVITY,
        _verdicts.CIRCULARITY,
        _verdicts.DESIGN,
        _samples.EV_MARKERS,
        _samples.COMPOSITION,
        _samples.SOURCE_SHARES,
        _samples.SAMPLE_QUALITY,
        _samples.SAMPLE_VALUES,
        _samples.GROUP_VALUES,
        _samples.REPLICATE_CORRELATION,
        _samples.MISSING_BY_INTENSITY,
        _samples.PCA,
        _samples.RANK_ABUNDANCE,
        _samples.MARKER_ABUNDANCE,
        _samples.BLANKS,
        _samples.CONTAMINATION_FRACTION,
        _guidelines.MISEV_CHECKLIST,
        _guidelines.EV_TRACK,
        _sets.COVERAGE,
        _proteins.DIFFERENTIAL_ABUNDANCE,
        _proteins.DETECTION,
        _sets.ENRICHMENT,
        _proteins.NULL_CHECK,
        _sets.SAMPLE_SCORES,
        _sets.MARKERS_USED,
        _series.FRACTION_PROFILES,
        _series.FRACTION_PEAKS,
        _series.FRACTION_POOLS,
        _series.FRACTION_TRENDS,
        _series.OVERVIEW,
        _series.RANKING,
        _series.AMOUNTS,
        _series.AMOUNT_CHANGES,
        _samples.ID_MAPPING,
        _samples.SAMPLES_USED,
    )
}

#: table of :func:`markerkit.detectable_effect`
DETECTABLE: TableSpec = _proteins.DETECTABLE_EFFECT

#: table of :attr:`DifferentialAbundance.f_tests`; an assessment fits each contrast on its own, so it has none
F_TESTS: TableSpec = _proteins.F_TESTS

#: tables made from a table of peptides; an assessment starts from proteins, so it has none
PEPTIDE_TABLES: dict[str, TableSpec] = {
    spec.name: spec for spec in (_peptides.BOVINE_PEPTIDES, _peptides.CASPASE_ENDS)
}
