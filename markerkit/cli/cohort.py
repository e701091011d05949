"""Commands for studies that do not fit into memory: ``markerkit cohort`` and ``markerkit score --engine``."""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING

from markerkit.cli.contrasts import add_contrasts, read_contrasts
from markerkit.cli.sets import marker_catalog, marker_files
from markerkit.core.errors import InputError, MarkerkitWarning

if TYPE_CHECKING:
    from markerkit.cohort.run import CohortSummary


def add_cohort(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> argparse.ArgumentParser:
    """Add ``markerkit cohort``; the options of reading are added by the caller."""
    p = commands.add_parser(
        "cohort",
        help="composition, shares, scores, coverage and tests of proteins of a study larger than memory",
        description="Compute in blocks of samples what can be had without all values at once: composition and EV markers, shares of "
        "sources and scores of every sample, coverage, groups, and moderated tests of proteins. Verdicts on classes need "
        "`markerkit assess`, which holds a study in memory.",
    )
    p.add_argument(
        "matrix",
        metavar="MATRIX",
        help=".h5ad or Zarr (AnnData), or Parquet with one row per sample (a file, or a folder of files)",
    )
    p.add_argument(
        "--samples", metavar="FILE", help="sample sheet, where MATRIX does not hold the annotation"
    )
    add_contrasts(p)
    p.add_argument("--out", metavar="DIR", required=True, help="folder to write")
    _table_options(p)
    marker_files(p)
    engine_options(p, default="local")
    p.add_argument("--overwrite", action="store_true", help="replace the folder of an earlier cohort")
    p.add_argument("--quiet", action="store_true", help="no progress and notes on stderr")
    p.set_defaults(run=_cohort)
    return p


def _table_options(p: argparse.ArgumentParser) -> None:
    """Add the options of the tables."""
    p.add_argument(
        "--tables",
        nargs="*",
        default=None,
        metavar="NAME",
        help="tables of samples to write: composition, source_shares, sample_scores (default: all)",
    )
    p.add_argument(
        "--method", default="singscore", help="score of samples, singscore or ssgsea (default: %(default)s)"
    )
    p.add_argument(
        "--normalize",
        default="median",
        help="of the tests of proteins: median or none (default: %(default)s)",
    )
    p.add_argument("--trend", action="store_true", help="let the prior variance follow the abundance")
    p.add_argument("--robust", action="store_true", help="keep outlying variances from setting the prior")
    p.add_argument(
        "--lfc", type=float, default=0.0, metavar="LOG2", help="test for more than this effect (TREAT)"
    )
    p.add_argument(
        "--min-values", type=int, metavar="N", help="values that a protein needs in each group (default: 2)"
    )


def engine_options(p: argparse.ArgumentParser, *, default: str | None) -> None:
    """Add the options that say where blocks of samples are computed."""
    p.add_argument(
        "--engine",
        default=default,
        help="compute in blocks of samples: local in this process, dask on workers"
        + (" (default: %(default)s)" if default else " (default: all samples at once, in memory)"),
    )
    p.add_argument(
        "--scheduler", metavar="ADDRESS", help="scheduler of Dask (default: workers of this computer)"
    )
    p.add_argument(
        "--workers", type=int, metavar="N", help="workers of this computer (default: one per processor)"
    )
    p.add_argument("--block", type=int, metavar="N", help="samples of a block (default: four million values)")


def score_in_blocks(arguments: argparse.Namespace) -> None:
    """Run ``markerkit score`` with an engine; its output is a folder."""
    found = _summary(arguments, ("sample_scores",), [])
    print(f"scores: {found.folder}")


def refuse_engine_options(arguments: argparse.Namespace) -> None:
    """Refuse options of an engine where none is asked for."""
    given = [f"--{k}" for k in ("scheduler", "workers", "block") if getattr(arguments, k) is not None]
    if given:
        raise InputError(f"{given[0]} belongs to an engine; add --engine local or --engine dask.")


def _cohort(arguments: argparse.Namespace) -> None:
    from markerkit.cohort.run import SAMPLE_TABLES

    tables = SAMPLE_TABLES if arguments.tables is None else tuple(arguments.tables)
    found = _summary(arguments, tables, None)
    if found.composition is not None:
        print("\n".join(found.composition.ev_markers.table["summary"]))
    for da in found.differential_abundance:
        below = int((da.table["padj"] < 0.05).sum())
        tested = int((da.table["status"] == "tested").sum())
        print(
            f"{da.table['contrast'].iloc[0]}: {tested} proteins tested, {below} with a false discovery rate below 5 %"
        )
    print(f"results: {found.folder}")


def _summary(
    arguments: argparse.Namespace, tables: Sequence[str], contrasts: list[object] | None
) -> CohortSummary:
    from markerkit.cohort.run import summarize_cohort
    from markerkit.cohort.source import open_cohort

    _refuse_other_readers(arguments)
    cohort = open_cohort(
        arguments.matrix,
        samples=arguments.samples,
        markers=marker_catalog(arguments),
        quantity=None if arguments.quantity == "auto" else arguments.quantity,
        scale=arguments.scale,
        organism=arguments.organism,
        contaminant_tag=arguments.contaminant_tag,
        decoy_tag=arguments.decoy_tag,
    )
    asked = read_contrasts(arguments, cohort.sheet) if contrasts is None else []
    options = {}
    if contrasts is None:
        options = {
            k: getattr(arguments, k) for k in ("fluid", "normalize", "trend", "robust", "lfc", "min_values")
        }
        options["group"] = arguments.condition
    return summarize_cohort(
        cohort,
        arguments.out,
        asked,
        tables=tables,
        method=arguments.method,
        engine=arguments.engine,
        scheduler=arguments.scheduler,
        workers=arguments.workers,
        block=arguments.block,
        overwrite=arguments.overwrite,
        progress=not arguments.quiet,
        **options,
    )


def _refuse_other_readers(arguments: argparse.Namespace) -> None:
    if arguments.software != "auto":
        warnings.warn(
            "--software changes nothing here: a cohort is Parquet, or has the layout of AnnData",
            MarkerkitWarning,
            stacklevel=2,
        )
