"""Blocks of samples: what all samples measured, and the tables with rows for single samples."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from markerkit.catalog.load import MarkerCatalog
from markerkit.cohort.composition import BlockStudy, GroupSummary
from markerkit.cohort.source import Cohort, Reader
from markerkit.cohort.stores import Array, IntArray
from markerkit.core.detection import Detection
from markerkit.io.files import whole_file
from markerkit.preprocess.steps import center_of
from markerkit.purity.shares import source_shares
from markerkit.sets.scoring import score_samples
from markerkit.stats.summed import Sums
from markerkit.study.roles import SAMPLE, groups_of, roles_of


@dataclass(frozen=True)
class Part:
    """A block of samples.

    Attributes
    ----------
    number
        Of the block, from 0.
    rows
        Places of the samples in the files, shape (n,).
    samples
        Their annotation.
    group
        Their groups.
    """

    number: int
    rows: IntArray
    samples: pd.DataFrame
    group: pd.Series


def parts_of(cohort: Cohort, size: int, group: str | None) -> tuple[list[Part], pd.Series]:
    """Blocks of a cohort, and the group of every sample."""
    groups = groups_of(cohort.sheet, group)
    found = [
        Part(i, cohort.rows[at], cohort.samples.iloc[at], groups.iloc[at])
        for i, at in enumerate(cohort.blocks(size))
    ]
    return found, groups


# ---- what all samples measured -------------------------------------------------------


@dataclass(frozen=True)
class Survey:
    """What all samples of a cohort measured.

    Attributes
    ----------
    values, logs
        On the scale of the cohort, and as logarithms.
    preparations
        Without blanks and medium, on the scale of the cohort.
    """

    values: Detection
    logs: Detection
    preparations: Detection


def survey_block(reader: Reader, part: tuple[IntArray, npt.NDArray[np.bool_]]) -> dict[str, npt.NDArray[Any]]:
    """Count and add up what some samples measured of every protein.

    Parameters
    ----------
    reader
        Reads them.
    part
        Their rows, and which are preparations.
    """
    rows, preparation = part
    values = reader.values(rows)
    seen = ~np.isnan(values)
    filled = np.where(seen, values, 0.0)
    return {
        "n": seen.sum(axis=0),
        "total": filled.sum(axis=0),
        "logs": np.where(seen, reader.logs(values), 0.0).sum(axis=0),
        "n_preparations": seen[preparation].sum(axis=0),
        "total_preparations": filled[preparation].sum(axis=0),
        "size_preparations": np.array(preparation.sum()),
    }


def combined_survey(found: Iterable[dict[str, npt.NDArray[Any]]], n_samples: int) -> Survey:
    """Add up the counts and sums of all blocks, in their order."""
    sums = Sums()
    for block in found:
        sums.add(block)
    preparations = Detection(
        int(sums["size_preparations"]), sums["n_preparations"], sums["total_preparations"]
    )
    whole = Detection(n_samples, sums["n"], sums["total"])
    return Survey(
        whole,
        Detection(n_samples, sums["n"], sums["logs"]),
        preparations if preparations.n_samples else whole,
    )


def survey_parts(cohort: Cohort, parts: Sequence[Part]) -> list[tuple[IntArray, npt.NDArray[np.bool_]]]:
    """Rows of every block, and which are preparations."""
    is_preparation = (roles_of(cohort.sheet) == SAMPLE).to_numpy()
    at = np.cumsum([0, *(len(p.rows) for p in parts)])
    return [(p.rows, is_preparation[a:b]) for p, a, b in zip(parts, at[:-1], at[1:], strict=True)]


# ---- tables of samples ---------------------------------------------------------------


@dataclass(frozen=True)
class TableJob:
    """What the tables of all blocks share.

    Attributes
    ----------
    reader, markers, survey
        Of the cohort.
    tables
        Which tables to write.
    folder
        Where to.
    options
        Of the composition: fluid, basis, isolation and dataset.
    approximate
        Whether linear signal had to be reconstructed.
    scores
        Options of :func:`markerkit.score_samples`.
    centered
        Proteins that the middle of a sample is taken over, shape (p,); nothing where it is not needed.
    """

    reader: Reader
    markers: MarkerCatalog
    survey: Survey
    tables: tuple[str, ...]
    folder: Path
    options: dict[str, Any]
    approximate: bool
    scores: dict[str, Any]
    centered: npt.NDArray[np.bool_] | None = None


@dataclass(frozen=True)
class Tabulated:
    """What is kept of a block whose tables are written: groups, and the middle of every sample."""

    groups: GroupSummary | None
    center: Array | None


def tabulate_block(job: TableJob, part: Part) -> Tabulated:
    """Write the tables of a block of samples; a file appears whole, and is the same whenever it is written again."""
    values = job.reader.values(part.rows)
    logs = job.reader.logs(values)
    block = job.reader.block(values, part.samples, job.survey.values)
    groups = None
    if "composition" in job.tables:
        study = BlockStudy(block, job.markers, part.group, **job.options, approximate=job.approximate)
        result = study.result(study.samples(), {})
        _write(result.table, job.folder / "composition", part.number)
        _write(result.ev_markers.table, job.folder / "ev_markers", part.number)
        groups = study.summary()
    if "source_shares" in job.tables:
        basis = job.options["basis"]
        table = source_shares(block, job.markers, basis=basis, approximate=job.approximate)
        _write(table, job.folder / "source_shares", part.number)
    if "sample_scores" in job.tables:
        logged = job.reader.block(logs, part.samples, job.survey.logs, logged=True)
        table = score_samples(logged, job.markers, **job.scores).table
        _write(table, job.folder / "sample_scores", part.number)
    center = None if job.centered is None else center_of(pd.DataFrame(logs[:, job.centered])).to_numpy()
    return Tabulated(groups, center)


def _write(table: pd.DataFrame, folder: Path, number: int) -> None:
    folder.mkdir(exist_ok=True)
    with whole_file(folder / f"part-{number:06d}.parquet") as file:
        table.to_parquet(file, index=False, compression="zstd")
