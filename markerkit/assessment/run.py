"""assess: the whole assessment with stated defaults, and its result."""

from __future__ import annotations

import html
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from markerkit.assessment.reasons import Record, evidence_of
from markerkit.assessment.tables import (
    design_words,
    pooled_detection,
    pooled_differential,
    pooled_enrichment,
    pooled_null_check,
    samples_used,
)
from markerkit.catalog.criteria import load_criteria
from markerkit.catalog.load import MarkerCatalog, load_markers
from markerkit.checks.circularity import FLAGGED, circularity_of
from markerkit.checks.design import SERIOUS, design_lines, design_of, design_scope
from markerkit.checks.sensitivity import sensitivity_of
from markerkit.core.errors import InputError, MarkerkitWarning, listed, one_of, require_columns
from markerkit.core.experiment import Experiment
from markerkit.effects.fit import fit_contrast
from markerkit.guidelines.checklist import NEEDS_METADATA, checklist_of
from markerkit.guidelines.ev_track import ev_track_of
from markerkit.identity.table import COMPATIBLE, NOT_ASSESSABLE, NOT_COMPATIBLE, UNRESOLVED, identity_of
from markerkit.ids.harmonize import harmonize_ids, id_mapping
from markerkit.preprocess import collapse_replicates, log2
from markerkit.purity.blanks import blank_content, with_blank_limits
from markerkit.purity.shares import source_shares
from markerkit.purity.sources import RAISED, purity_of
from markerkit.qc.card import quality_of
from markerkit.results import (
    Checklist,
    Coverage,
    DetectionTest,
    DifferentialAbundance,
    Enrichment,
    Identity,
    NullCheck,
    Purity,
    Quality,
    SampleScores,
    SourceShares,
)
from markerkit.sets.scoring import coverage, score_samples
from markerkit.study.context import read_context
from markerkit.study.contrast import Contrast, contrasts_of
from markerkit.study.roles import preparations, roles_of
from markerkit.tables.registry import TABLES
from markerkit.tables.spec import concat_rows

Verdicts = TypeVar("Verdicts", Identity, Purity)
SHARES = ("signal", "length")


@dataclass(frozen=True, repr=False)
class Assessment:
    """Identity and purity of a study, with all that they rest on.

    Attributes
    ----------
    experiment
        The experiment as assessed: harmonised, technical replicates collapsed,
        without procedural blanks and medium.
    markers
        The catalogue.
    contrasts
        The contrasts; empty without a comparator.
    identity, purity, quality, checklist, coverage, differential_abundance, detection, enrichment, sample_scores, null_check
        One result a part.
    evidence, sensitivity
        Every reason for and against every class; the verdicts under other choices.
    ev_track
        The EV-TRACK form, as far as the data and the context fill it.
    circularity, design_checks
        Whether a set was made from these data; what the samples can and cannot tell.
    id_mapping, samples_used, markers_used
        What became of every identifier, sample and marker.
    design
        The design in plain words.
    warnings
        What a careful reader should know.
    params
        What was asked.
    """

    experiment: Experiment
    markers: MarkerCatalog
    contrasts: tuple[Contrast, ...]
    identity: Identity
    purity: Purity
    quality: Quality
    checklist: Checklist
    coverage: Coverage
    differential_abundance: DifferentialAbundance
    detection: DetectionTest
    enrichment: Enrichment
    sample_scores: SampleScores
    evidence: pd.DataFrame
    sensitivity: pd.DataFrame
    circularity: pd.DataFrame
    design_checks: pd.DataFrame
    ev_track: pd.DataFrame
    null_check: NullCheck
    id_mapping: pd.DataFrame
    samples_used: pd.DataFrame
    markers_used: pd.DataFrame
    design: tuple[str, ...]
    warnings: tuple[str, ...]
    params: Mapping[str, Any]

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        """Every table of the output contract by name."""
        found = {
            "identity": self.identity.table,
            "evidence": self.evidence,
            "sensitivity": self.sensitivity,
            "purity": self.purity.table,
            "circularity": self.circularity,
            "design": self.design_checks,
            "source_shares": self.purity.shares.table,
            "sample_quality": self.quality.table,
            "blanks": self.quality.blanks.table,
            "contamination_fraction": self.purity.contamination_fraction.table,
            "misev_checklist": self.checklist.table,
            "ev_track": self.ev_track,
            "coverage": self.coverage.table,
            "differential_abundance": self.differential_abundance.table,
            "detection": self.detection.table,
            "enrichment": self.enrichment.table,
            "sample_scores": self.sample_scores.table,
            "null_check": self.null_check.table,
            "markers_used": self.markers_used,
            "id_mapping": self.id_mapping,
            "samples_used": self.samples_used,
        }
        return {name: found[name].copy() for name in TABLES}

    def verdicts(self) -> list[str]:
        """Return the verdicts as lines of text, a block a contrast."""
        lines: list[str] = []
        titles = load_criteria().classes
        between = {c.name for c in self.contrasts if c.comparator == "ev"}
        for name, rows in self.identity.table.groupby("contrast", sort=False):
            lines.append(str(name) or "whole study (no comparator)")
            lines += [
                f"  {titles[r['class']].title:<34} {r['verdict']:<15} {r['reason']}"
                for _, r in rows.iterrows()
            ]
            if name in between and rows["verdict"].eq(NOT_COMPATIBLE).any():
                lines.append("  both arms are vesicles: not compatible says not enriched over the control")
            sources = self.purity.table[self.purity.table["contrast"] == name]
            for word in ("raised", "not raised", "not assessable"):
                keys = list(sources.loc[sources["verdict"] == word, "source"])
                if keys:
                    lines.append(f"  sources {word}: {', '.join(keys)}")
            carried = self.purity.contamination_fraction.table
            carried = carried[(carried["contrast"] == name) & (carried["compartment"] == "all")]
            lines += [f"  contamination fraction: {_carry_text(r)}" for _, r in carried.iterrows()]
        return lines

    def gaps(self) -> list[str]:
        """Return what is missing, the most telling first: what would resolve each abstention, once."""
        criteria = load_criteria()
        identity, purity = self.identity.table, self.purity.table
        asked: dict[str, list[str]] = {}
        open_calls = identity["verdict"].isin([UNRESOLVED, NOT_ASSESSABLE]) & (identity["next_step"] != "")
        for _, row in identity[open_calls].iterrows():
            asked.setdefault(row["next_step"], []).append(criteria.classes[row["class"]].title)
        # a panel of which next to nothing was measured is no gap, unless the search could not have found it
        blind = purity["source"].map({k: r.by_accession for k, r in criteria.sources.items()}).astype(bool)
        open_sources = (purity["next_step"] != "") & ((purity["status"] != "too few measured") | blind)
        for _, row in purity[open_sources].iterrows():
            asked.setdefault(row["next_step"], []).append(criteria.sources[row["source"]].title)
        lines = [f"{', '.join(dict.fromkeys(keys))}: {next_step}" for next_step, keys in asked.items()]
        needs = self.checklist.table
        items = list(dict.fromkeys(needs.loc[needs["answer"] == NEEDS_METADATA, "item"]))
        if items:
            lines.append(f"guideline items that need metadata: {', '.join(items[:4])} ({len(items)} in all)")
        return lines

    def report(self, folder: str | Path, *, overwrite: bool = False, progress: bool = False) -> Path:
        """Write the assessment to a folder, whole or not at all.

        Parameters
        ----------
        folder
            Folder to make.
        overwrite
            Replace an assessment that is there already.
        progress
            Show a bar on stderr, where that is a terminal.

        Returns
        -------
        The folder.

        Raises
        ------
        InputError
            The folder is there and `overwrite` is not given, is not an
            assessment, or cannot be written.
        """
        from markerkit.report import write_report

        return write_report(self, folder, overwrite=overwrite, progress=progress)

    def __repr__(self) -> str:
        return "\n".join([f"<Assessment of {self.experiment!r}>", *self.verdicts()])

    def _repr_html_(self) -> str:
        blocks = []
        for name, rows in self.identity.table.groupby("contrast", sort=False):
            cells = "".join(
                f"<tr><td>{html.escape(r['class'])}</td><td><b>{html.escape(r['verdict'])}</b></td>"
                f"<td>{html.escape(r['explanation'])}</td></tr>"
                for _, r in rows.iterrows()
            )
            sources = self.purity.table
            raised = sources.loc[(sources["contrast"] == name) & (sources["verdict"] == RAISED), "source"]
            title = html.escape(str(name) or "whole study (no comparator)")
            text = html.escape(", ".join(raised) or "none")
            blocks.append(f"<h4>{title}</h4><table>{cells}</table><p>sources raised: {text}</p>")
        gaps = "".join(f"<li>{html.escape(g)}</li>" for g in self.gaps()[:3])
        return "".join(blocks) + (f"<p>what is missing</p><ul>{gaps}</ul>" if gaps else "")


def assess(
    exp: Experiment,
    markers: MarkerCatalog | None = None,
    *,
    condition: str | None = None,
    contrasts: Sequence[tuple[str, str]] | None = None,
    case: str | None = None,
    control: str | None = None,
    paired_by: str | None = None,
    batch: Sequence[str] = (),
    collapse_by: str | None = None,
    comparator: str | None = None,
    fluid: str | None = None,
    context: str | Path | Mapping[str, Any] | None = None,
    shares: str = "signal",
    null_check: int = 0,
    seed: int = 0,
) -> Assessment:
    """Assess what the vesicles of a study are and how pure they are.

    Parameters
    ----------
    exp
        Experiment as read; identifiers are harmonised here where they are not yet.
    markers
        Catalogue; the shipped one of the experiment's organism by default.
    condition
        Sample column that holds the arms.
    contrasts
        Pairs (case, control) of its levels. Each is fitted on its own two arms.
    case, control
        Short for one contrast.
    paired_by, batch
        Columns that enter the model as factors.
    collapse_by
        Column of the biological unit: samples that share a value are technical
        replicates and count once.
    comparator
        What the control is: ``"lysate"``, ``"biofluid"``, ``"soluble"`` or ``"ev"``.
    fluid
        What the samples come from: ``"plasma"``, ``"serum"``, ``"urine"``, ``"culture"``, ...
    context
        What only the user knows: a mapping, a TOML or a JSON file.
    shares
        What the source shares sum: ``"signal"``, or ``"length"`` for signal over
        the length of the sequence.
    null_check
        Data sets without an effect, made from the study's own residuals, on
        which the tests of every contrast are run; 0 for none. Takes about a
        fifth of a second each.
    seed
        Of the bootstrap over anchors and of the null check.

    Returns
    -------
    Assessment

    Raises
    ------
    InputError
        An absent column or level, case equal to control, a confounded design,
        an unknown comparator, fluid, role or context key, shares by length
        without lengths.

    Notes
    -----
    Without a comparator, or with one sample a group, coverage, shares, scores
    and checklist are given all the same, and the rest says why it is not
    assessable. Samples whose `role` is ``blank`` or ``medium`` enter no contrast;
    what they hold limits shares and contamination fraction, and nothing is subtracted. Linear
    algebra runs on one thread, so that the same input gives the same bytes at
    any thread count.
    """
    from threadpoolctl import threadpool_limits

    known = read_context(context)
    one_of("shares", shares, SHARES)
    with threadpool_limits(limits=1), _collected() as notes:
        markers = markers or load_markers(organism=exp.organism)
        if not exp.harmonized:
            exp = harmonize_ids(exp, markers)
        mapping = id_mapping(exp)
        everything = _collapse(exp, collapse_by)
        units = preparations(everything)
        asked = contrasts_of(
            units,
            condition=condition,
            contrasts=contrasts,
            case=case,
            control=control,
            paired_by=paired_by,
            batch=batch,
            comparator=comparator,
            fluid=fluid,
        )
        if condition is not None and not asked:
            levels = sorted(units.samples[condition].dropna().astype(str).unique())
            _note(
                f"no contrast named: `{condition}` has the levels {listed(levels)}; name a case and a control"
            )
        models = [fit_contrast(units, markers, c) for c in asked]
        logs = units if units.scale != "raw" else log2(units)
        checklist = checklist_of(units, markers, asked, known, fluid=fluid)
        checks = design_of(exp, units, asked, known, collapse_by=collapse_by)
        identity, purity = identity_of(models, known), purity_of(units, markers, models, seed=seed)
        if shares == "length":
            purity = replace(purity, shares=SourceShares(source_shares(units, markers, per_length=True)))
        blanks = blank_content(everything, markers, asked)
        identity, purity = _scoped(identity, checks), _scoped(with_blank_limits(purity, blanks), checks)
        sensitivity, circular = sensitivity_of(units, models, known), circularity_of(markers, known)
        record = Record(identity.table, purity.table, sensitivity, checks, circular, known)
        _guard_notes(checks, circular)
        result: dict[str, Any] = {
            "identity": identity,
            "purity": purity,
            "quality": quality_of(everything, markers, group=condition, fluid=fluid, blanks=blanks),
            "evidence": evidence_of(models, record),
            "sensitivity": sensitivity,
            "circularity": circular,
            "design_checks": checks,
            "checklist": checklist,
            "ev_track": ev_track_of(units, checklist.table, asked, known, fluid=fluid),
            "coverage": coverage(units, markers),
            "differential_abundance": pooled_differential(models),
            "detection": pooled_detection(models),
            "enrichment": pooled_enrichment(models, markers),
            "sample_scores": score_samples(logs, markers),
            "null_check": pooled_null_check(models, markers, null_check, seed),
            "id_mapping": mapping,
            "samples_used": samples_used(exp, units, asked, collapse_by),
            "markers_used": TABLES["markers_used"].conform(
                concat_rows([identity.markers.table, purity.markers.table])
            ),
        }
        lines = [line for c in asked for line in design_lines(checks, c.name)]
        design = (*design_words(units, models, collapse_by), *dict.fromkeys(lines))
    params = {
        "condition": condition,
        "contrasts": [[c.case, c.control] for c in asked],
        "paired_by": paired_by,
        "batch": list(batch),
        "collapse_by": collapse_by,
        "comparator": comparator,
        "fluid": fluid,
        "context": known,
        "shares": shares,
        "null_check": null_check,
        "seed": seed,
    }
    return Assessment(
        experiment=units,
        markers=markers,
        contrasts=tuple(asked),
        design=design,
        warnings=tuple(notes),
        params=params,
        **result,
    )


@contextmanager
def _collected() -> Iterator[list[str]]:
    """Collect our own warnings as notes, once each, and pass them on at the end."""
    notes: list[str] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        # no verdict reads fry, and its share of random sets stands in the parameters of the table
        warnings.filterwarnings("ignore", "fry rejects", MarkerkitWarning)
        yield notes
    for warning in caught:
        if not issubclass(warning.category, MarkerkitWarning):
            warnings.warn_explicit(warning.message, warning.category, warning.filename, warning.lineno)
        elif str(warning.message) not in notes:
            notes.append(str(warning.message))
    for note in notes:
        warnings.warn(note, MarkerkitWarning, stacklevel=4)


def _note(text: str) -> None:
    warnings.warn(text, MarkerkitWarning, stacklevel=3)


def _guard_notes(design: pd.DataFrame, circularity: pd.DataFrame) -> None:
    """Say aloud what undermines every verdict."""
    for name, rows in design[design["severity"] == SERIOUS].groupby("contrast", sort=False):
        # a group without replicates is said by every verdict
        for _, row in rows[rows["check"] != "replicates"].iterrows():
            _note(f"{name}: {row['finding']}. {row['advice'][0].upper()}{row['advice'][1:]}.")
    flagged = circularity[circularity["status"] == FLAGGED]
    for _, row in flagged.iterrows():
        _note(f"circular: {row['kind']} {row['key']}: {row['text']}.")


def _scoped(result: Verdicts, design: pd.DataFrame) -> Verdicts:
    """Add to every verdict's text that it holds for one preparation only, where it does."""
    table = result.table.copy()
    for name in dict.fromkeys(table["contrast"]):
        if scope := design_scope(design, name):
            table.loc[table["contrast"] == name, "explanation"] += f" Scope: {scope}."
    return replace(result, table=table)


def _collapse(exp: Experiment, collapse_by: str | None) -> Experiment:
    if collapse_by is None:
        return exp
    require_columns(exp.samples, [collapse_by], what="the sample sheet")
    role = roles_of(exp)
    mixed = role.groupby(exp.samples[collapse_by].astype(str)).nunique()
    if (mixed > 1).any():
        raise InputError(
            f"the unit {str(mixed.index[mixed > 1][0])!r} of `{collapse_by}` has samples of different roles; give blanks and "
            "medium units of their own."
        )
    return collapse_replicates(exp, collapse_by)


def _carry_text(row: pd.Series) -> str:
    if row["status"] != "assessed":
        return f"not assessable: {row['reason']}"
    interval = f" (95 % interval {100 * row['ci_low']:.2g} to {100 * row['ci_high']:.2g} %)"
    if not np.isfinite(row["ci_low"]):
        interval = f" (upper limit {100 * row['ci_high']:.2g} %)"
    note = f"; {row['reason']}" if row["reason"] else ""
    return f"{row['bound']} {100 * row['fraction']:.2g} % of the control's material{interval}{note}"


__all__ = ["COMPATIBLE", "NOT_ASSESSABLE", "NOT_COMPATIBLE", "UNRESOLVED", "Assessment", "assess"]
