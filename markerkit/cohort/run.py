"""summarize_cohort: the tables of a study that does not fit into memory, into a folder."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from markerkit import __version__
from markerkit.cohort.composition import (
    BlockStudy,
    CohortStudy,
    GroupSummary,
    combined_summary,
    refuse_many_groups,
)
from markerkit.cohort.engines import Engine, engine_of
from markerkit.cohort.fit import (
    Plan,
    check_fit,
    coefficients_of,
    combined_sums,
    fit_parts,
    plan_of,
    squares_block,
    sums_block,
    tested,
)
from markerkit.cohort.parts import (
    Part,
    Survey,
    TableJob,
    combined_survey,
    parts_of,
    survey_block,
    survey_parts,
    tabulate_block,
)
from markerkit.cohort.source import Cohort
from markerkit.cohort.stores import Array, parquet
from markerkit.core.errors import InputError, listed, one_of, require_columns
from markerkit.core.signal import BASES, basis_words
from markerkit.io.files import encoded, whole_folder
from markerkit.preprocess.steps import centered_proteins
from markerkit.purity.shares import approximate_signal
from markerkit.qc.components import Component
from markerkit.report._folder import FolderKind, check_folder, files_of
from markerkit.results import Composition, Coverage, DifferentialAbundance
from markerkit.sets.coverage import coverage, require_matches
from markerkit.sets.scoring import SCORES, SINGLE_SAMPLE
from markerkit.study.contrast import FLUIDS, Contrast, as_contrasts
from markerkit.tables.registry import TABLES
from markerkit.tables.spec import concat_rows, to_tsv

#: tables with rows for single samples; `composition` brings `ev_markers`
SAMPLE_TABLES = ("composition", "source_shares", "sample_scores")
COHORT = FolderKind("the summary of a cohort", "cohort.json", ("versions", "history", "options", "contrasts"))
#: values of a block; with what is computed on them a process needs about 25 times their 8 bytes
_BLOCK_VALUES = 4_000_000
_BLOCK_MOST = 1000

Item = TypeVar("Item")


@dataclass(frozen=True, repr=False)
class CohortSummary:
    """Results of :func:`summarize_cohort`.

    Attributes
    ----------
    folder
        Where all tables lie.
    coverage
        Measured share of every marker set.
    composition
        What is in the tube, of every group; nothing where it was not asked for.
    differential_abundance
        Moderated tests by contrast.
    """

    folder: Path
    coverage: Coverage
    composition: Composition | None = None
    differential_abundance: tuple[DifferentialAbundance, ...] = field(default=())

    def read(self, table: str) -> pd.DataFrame:
        """Read a table with rows for single samples, whole; it has to fit into memory.

        Parameters
        ----------
        table
            Name of its folder, such as ``"sample_scores"``.

        Raises
        ------
        InputError
            A table that was not written.
        """
        there = [p.name for p in sorted(self.folder.iterdir()) if p.is_dir()]
        one_of("table", table, there)
        parts = [pd.read_parquet(f) for f in sorted((self.folder / table).glob("part-*.parquet"))]
        return TABLES[table].conform(pd.concat(parts, ignore_index=True))

    def __repr__(self) -> str:
        return f"<CohortSummary: {self.folder}>"


@dataclass(frozen=True)
class _Options:
    """Options of a summary, checked before anything is read."""

    tables: tuple[str, ...]
    group: str | None
    fluid: str | None
    shares: str
    isolation: str | None
    method: str
    normalize: str
    trend: bool
    robust: bool
    lfc: float
    min_values: int | None

    def __post_init__(self) -> None:
        for name in self.tables:
            one_of("table", name, SAMPLE_TABLES)
        if self.fluid is not None:
            one_of("fluid", self.fluid, FLUIDS)
        one_of("shares", self.shares, list(BASES))
        one_of("normalize", self.normalize, ["median", "none"])
        one_of("method", self.method, list(SCORES))
        if self.method not in SINGLE_SAMPLE:
            raise InputError(
                f"method={self.method!r} compares the samples with each other; a cohort is scored sample by sample: "
                f"{listed(sorted(SINGLE_SAMPLE), conjunction='or')}."
            )

    @property
    def testing(self) -> dict[str, Any]:
        """Options of the tests of proteins."""
        return {k: getattr(self, k) for k in ("trend", "robust", "lfc", "min_values", "normalize")}


def summarize_cohort(
    cohort: Cohort,
    out: str | Path,
    contrasts: Contrast | Iterable[Contrast] | None = None,
    *,
    tables: Sequence[str] = SAMPLE_TABLES,
    group: str | None = None,
    fluid: str | None = None,
    shares: str = "signal",
    isolation: str | None = None,
    method: str = "singscore",
    normalize: str = "median",
    trend: bool = False,
    robust: bool = False,
    lfc: float = 0.0,
    min_values: int | None = None,
    engine: str = "local",
    scheduler: str | None = None,
    workers: int | None = None,
    block: int | None = None,
    overwrite: bool = False,
    progress: bool = False,
) -> CohortSummary:
    """Compute the tables of a cohort in blocks of samples, and write them to a folder.

    Parameters
    ----------
    cohort
        From :func:`markerkit.open_cohort`.
    out
        Folder to write: ``coverage.tsv``, ``composition_groups.tsv``, ``ev_markers_groups.tsv`` and
        ``differential_abundance.tsv``; tables of samples as Parquet, one file a block.
    contrasts
        Comparisons to test protein by protein, one or several.
    tables
        Which tables of samples to write: ``"composition"`` (with ``ev_markers``), ``"source_shares"``,
        ``"sample_scores"``.
    group
        Sample column of the groups of the composition; by default the condition of the first contrast.
    fluid, shares, isolation
        As in :func:`markerkit.composition`; `fluid` by default as the contrasts state it.
    method
        Score of samples, ``"singscore"`` or ``"ssgsea"``.
    normalize
        What is tested: ``"median"`` shifts every sample as :func:`markerkit.normalize` does, ``"none"`` leaves
        the values as they are.
    trend, robust, lfc, min_values
        As in :func:`markerkit.differential_abundance`.
    engine
        ``"local"`` computes one block after the other in this process, ``"dask"`` the same blocks on
        workers. The results are the same to the last digit.
    scheduler
        With Dask: address of a scheduler whose workers see the files and `out` under the same paths; by
        default workers of this computer are started.
    workers
        With Dask on this computer: how many.
    block
        Samples of a block; by default as many as have four million values, 1000 at most.
    overwrite
        Whether the folder of an earlier cohort may be replaced.
    progress
        Show the blocks that are done, on stderr.

    Returns
    -------
    CohortSummary

    Raises
    ------
    InputError
        An absent column or level, a model with more than 50 levels of pairs and batches, a score that
        compares samples, more than 1000 groups, a folder that cannot be written, an engine that is not there.

    Notes
    -----
    Every value is read once for what all samples measured, once for the tables of samples, and with
    contrasts twice more. Which protein group stands for a gene, which proteins every sample measured and
    the share of missing values are those of the whole cohort, so that a sample has the numbers that
    :func:`markerkit.composition` and :func:`markerkit.score_samples` give on the whole; sums over blocks
    agree with :func:`markerkit.differential_abundance` to about 1e-12. There are no verdicts on classes:
    set tests, sample weights, correlated blocks and tests of detections need all values at once.

    Examples
    --------
    >>> import tempfile
    >>> import markerkit as mk
    >>> folder = Path(tempfile.mkdtemp())
    >>> mk.load_example().values.reset_index().to_parquet(folder / "cohort.parquet", index=False)
    >>> cohort = mk.open_cohort(folder / "cohort.parquet")
    >>> found = mk.summarize_cohort(cohort, folder / "out", tables=["sample_scores"], block=5)
    >>> found.read("sample_scores")["sample"].nunique()
    12
    """
    chosen = as_contrasts(contrasts)
    stated = {c.fluid for c in chosen}
    group = group or (chosen[0].condition if chosen else None)
    fluid = fluid or (next(iter(stated)) if len(stated) == 1 else None)
    options = _Options(
        tuple(tables), group, fluid, shares, isolation, method, normalize, trend, robust, lfc, min_values
    )
    parquet()
    size = _block_size(cohort, block)
    plans = _planned(cohort, chosen, options)
    folder = Path(out)

    def check() -> None:
        check_folder(folder, overwrite=overwrite, kind=COHORT)

    record = {
        "options": asdict(options),
        "contrasts": [asdict(c) for c in chosen],
        "engine": engine,
        "block": size,
    }
    with (
        whole_folder(folder, check, replace=overwrite) as part,
        engine_of(engine, part, scheduler=scheduler, workers=workers) as runs,
    ):
        run = _Run(cohort, options, plans, runs, part, progress)
        found = run.all(size)
        _write_record(part, cohort, record)
    return CohortSummary(folder, *found)


def _block_size(cohort: Cohort, block: int | None) -> int:
    if block is None:
        return int(np.clip(_BLOCK_VALUES // cohort.n_proteins, 1, _BLOCK_MOST))
    if block < 1:
        raise InputError(f"`block` counts samples, 1 or more; got {block!r}.")
    return block


def _planned(cohort: Cohort, contrasts: Sequence[Contrast], options: _Options) -> list[Plan]:
    """Check everything that the sample sheet and the proteins alone can show to be wrong."""
    if options.group is not None:
        require_columns(cohort.samples, [options.group], what="the sample sheet")
        refuse_many_groups(cohort.samples[options.group].nunique())
    require_matches(cohort.unread, cohort.markers)
    if cohort.scale != "ratio":
        basis_words(cohort.unread, options.shares)
    return [plan_of(cohort, c) for c in contrasts]


@dataclass(frozen=True)
class _Run:
    """A run over the blocks of a cohort."""

    cohort: Cohort
    options: _Options
    plans: list[Plan]
    engine: Engine
    folder: Path
    progress: bool

    def all(self, size: int) -> tuple[Coverage, Composition | None, tuple[DifferentialAbundance, ...]]:
        """Run over the blocks as often as is needed, and write what all of them give."""
        parts, groups = parts_of(self.cohort, size, self.options.group)
        reader = self.cohort.reader
        counted = self._over("what was measured", survey_block, reader, survey_parts(self.cohort, parts))
        survey = combined_survey(counted, self.cohort.n_samples)
        if self.plans:
            check_fit(self.cohort, survey, self.options.testing)
        found = coverage(self.cohort.outline(survey.values), self.cohort.markers)
        self._tsv("coverage", found.table)
        job = self._job(survey)
        done = list(self._over("samples", tabulate_block, job, parts))
        composition = None
        if "composition" in self.options.tables:
            composition = self._composition(job, groups, [d.groups for d in done if d.groups is not None])
        centers = [d.center for d in done if d.center is not None]
        tests = self._tests(survey, parts, _shift(centers, self.cohort.n_samples)) if self.plans else ()
        return found, composition, tests

    def _over(self, what: str, work: Any, shared: object, parts: Sequence[Item]) -> Iterator[Any]:
        from tqdm import tqdm

        done = self.engine.run(work, shared, parts)
        yield from tqdm(
            done, total=len(parts), desc=f"markerkit: {what}", unit="block", disable=not self.progress
        )

    def _tsv(self, name: str, table: pd.DataFrame) -> None:
        (self.folder / f"{name}.tsv").write_bytes(encoded(to_tsv(table)))

    def _job(self, survey: Survey) -> TableJob:
        cohort, options = self.cohort, self.options
        of_values = {
            "fluid": options.fluid,
            "basis": options.shares,
            "isolation": options.isolation,
            "dataset": "",
        }
        centered = None
        if self.plans and options.normalize == "median":
            centered = centered_proteins(cohort.outline(survey.logs, logged=True))
        return TableJob(
            cohort.reader,
            cohort.markers,
            survey,
            options.tables,
            self.folder,
            of_values,
            approximate_signal(cohort.outline(survey.preparations)),
            {"method": options.method},
            centered,
        )

    def _composition(self, job: TableJob, groups: pd.Series, found: list[GroupSummary]) -> Composition:
        """Rows of the groups."""
        outline = self.cohort.outline(job.survey.values)
        study = CohortStudy(
            outline,
            self.cohort.markers,
            groups,
            **job.options,
            approximate=job.approximate,
            gathered=combined_summary(found),
            alone=lambda place: _components_of(self.cohort, job, groups, place),
        )
        params = {
            k: v for k, v in asdict(self.options).items() if k in ("group", "fluid", "shares", "isolation")
        }
        result = study.result(list(study.groups()), params)
        self._tsv("composition_groups", result.table)
        self._tsv("ev_markers_groups", result.ev_markers.table)
        return result

    def _tests(
        self, survey: Survey, parts: Sequence[Part], shift: Array
    ) -> tuple[DifferentialAbundance, ...]:
        """Moderated tests: the sums that the coefficients follow from, then the squares of the residuals."""
        plans, reader = self.plans, self.cohort.reader
        cut = fit_parts(plans, parts, shift)
        sums = combined_sums(self._over("model", sums_block, reader, cut), len(plans))
        solved = coefficients_of(plans, sums)
        job = (reader, [c.estimate for c in solved])
        squares = combined_sums(self._over("residuals", squares_block, job, cut), len(plans))
        found = tuple(
            tested(self.cohort, survey, plan, own, (c, left["squares"]), options=self.options.testing)
            for plan, own, c, left in zip(plans, sums, solved, squares, strict=True)
        )
        self._tsv("differential_abundance", concat_rows([da.table for da in found]))
        return found


def _components_of(cohort: Cohort, job: TableJob, groups: pd.Series, place: int) -> Mapping[str, Component]:
    """Components of one sample, read again: those of a group of which it alone has signal."""
    one = slice(place, place + 1)
    values = job.reader.values(cohort.rows[one])
    block = job.reader.block(values, cohort.samples.iloc[one], job.survey.values)
    study = BlockStudy(block, job.markers, groups.iloc[one], **job.options, approximate=job.approximate)
    return study.samples()[0].parts


def _shift(centers: Sequence[Array], n_samples: int) -> Array:
    """Say what is taken from every sample, as :func:`markerkit.normalize` does; nothing without centers."""
    if not centers:
        return np.zeros(n_samples)
    center = pd.Series(np.concatenate(centers))
    return np.asarray((center - center.mean()).fillna(0.0), dtype=float)


def _write_record(folder: Path, cohort: Cohort, run: Mapping[str, Any]) -> None:
    """Write what was read, what was decided of it, and the options."""
    kept = {
        "schema_version": 1,
        "versions": {"markerkit": __version__},
        "cohort": str(cohort.reader.store.name),
        "n_samples": cohort.n_samples,
        "n_proteins": cohort.n_proteins,
        "scale": cohort.scale,
        "history": list(cohort.reader.history),
        **run,
        "files": files_of(folder, COHORT),
    }
    (folder / COHORT.record).write_bytes(encoded(json.dumps(kept, indent=2, default=str) + "\n"))
