"""Command line: ``markerkit demo | app | samples | context | assess | score | cohort | peptides | sets``."""

from __future__ import annotations

import argparse
import dataclasses
import importlib.util
import os
import signal
import sys
import warnings
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from markerkit import __version__
from markerkit.cli.cohort import add_cohort, engine_options, refuse_engine_options, score_in_blocks
from markerkit.cli.contrasts import add_contrasts, read_contrasts, read_study_context
from markerkit.cli.peptides import add_peptides
from markerkit.cli.sets import add_sets, marker_catalog, marker_files
from markerkit.cli.streams import leave_stdout, open_streams
from markerkit.core.errors import InputError, MarkerkitWarning, in_one_line, one_of, shown
from markerkit.core.signals import Ended, ended_by_signals
from markerkit.io.files import check_file, emit, say, work_folder, write_text

if TYPE_CHECKING:
    import pandas as pd

    from markerkit.assessment.answer import Answer
    from markerkit.catalog.load import MarkerCatalog
    from markerkit.core.experiment import Experiment

EXIT_DONE, EXIT_BUG, EXIT_INPUT, EXIT_SIGNAL, EXIT_INTERRUPTED = 0, 1, 2, 128, 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    argv
        Arguments without the program's name.

    Returns
    -------
    Exit code: 0 done, 2 bad input or what could not be read or written, 128 and the number of the signal that ended it
    (Ctrl-C 130, SIGTERM 143, SIGHUP 129). A bug ends in a traceback and 1.
    """
    open_streams()
    words = sys.argv[1:] if argv is None else list(argv)
    try:
        _check_words(words)
        arguments = _parser().parse_args(words)
        arguments.command = words
        run: Callable[[argparse.Namespace], None] = arguments.run
        with ended_by_signals(), warnings.catch_warnings():
            warnings.showwarning = _show(arguments)
            warnings.simplefilter("always", MarkerkitWarning)
            run(arguments)
            sys.stdout.flush()
    except InputError as error:
        return _refused(str(error))
    except MemoryError:
        return _refused("this computer has too little memory for this input.")
    except Ended as error:
        say(f"markerkit: ended by {signal.Signals(error.number).name}", sys.stderr)
        return EXIT_SIGNAL + error.number
    except KeyboardInterrupt:
        say("markerkit: interrupted", sys.stderr)
        return EXIT_INTERRUPTED
    except BrokenPipeError:  # the reader of stdout has gone (`markerkit sets list | head`)
        leave_stdout()
    except OSError as error:
        leave_stdout()
        name = f" {shown(str(error.filename))}" if error.filename else ""
        return _refused(f"cannot read or write{name}: {error.strerror or error}.")
    return EXIT_DONE


def _refused(why: str) -> int:
    say(f"markerkit: error: {why}", sys.stderr)
    return EXIT_INPUT


def _check_words(words: Sequence[str]) -> None:
    """Refuse what cannot be written into the results, before any work."""
    for word in words:
        try:
            word.encode()
        except UnicodeEncodeError:
            raise InputError(f"{shown(word)} is not UTF-8; rename the file, or write it in UTF-8.") from None


def _show(arguments: argparse.Namespace) -> Callable[..., None]:
    plain = warnings.showwarning

    def show(message: Warning | str, category: type[Warning], *rest: object) -> None:
        if not issubclass(category, MarkerkitWarning):
            plain(message, category, *rest)  # type: ignore[arg-type]
        elif not getattr(arguments, "quiet", False):
            say(f"note: {message}", sys.stderr)

    return show


# ---- parser --------------------------------------------------------------------


class _Parser(argparse.ArgumentParser):
    """Parser whose errors are as short as ours, however long a word is."""

    def error(self, message: str) -> NoReturn:
        super().error(in_one_line(message))


def _parser() -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = _Parser(
        prog="markerkit", description="What are my extracellular vesicles, and how pure are they?"
    )
    parser.add_argument("--version", action="version", version=f"markerkit {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    demo = commands.add_parser("demo", help="assess simulated data with known truth")
    demo.add_argument(
        "--out", default="markerkit_demo", metavar="DIR", help="results folder (default: %(default)s)"
    )
    demo.add_argument("--overwrite", action="store_true", help="replace an assessment that is there")
    demo.add_argument("--quiet", action="store_true", help="no progress on stderr")
    demo.set_defaults(run=_demo)
    app = commands.add_parser(
        "app", help="open a page in the browser that does all this without the command line"
    )
    app.add_argument(
        "--port", type=int, default=0, metavar="N", help="port on this computer (default: a free one)"
    )
    app.add_argument("--no-browser", action="store_true", help="do not open the page; print its address only")
    app.set_defaults(run=_app)
    samples = commands.add_parser("samples", help="write a sample sheet to fill in")
    samples.add_argument("matrix", metavar="MATRIX")
    samples.add_argument("--out", metavar="FILE", help="write to a file instead of stdout")
    samples.set_defaults(run=_samples)
    _reading(samples)
    context = commands.add_parser(
        "context", help="write a context file to fill in: what only you know of the preparations"
    )
    context.add_argument("--out", metavar="FILE", help="write to a file instead of stdout")
    context.set_defaults(run=_context)
    _assess_parser(commands)
    _score_parser(commands)
    _reading(add_cohort(commands))
    _reading(add_peptides(commands))
    add_sets(commands)
    return parser


def _reading(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--software",
        default="auto",
        help="software that wrote the matrix (default: detected from its header)",
    )
    parser.add_argument(
        "--quantity",
        default="auto",
        help="which quantity to read, such as lfq, reporter, ibaq, intensity, 'spectral counts'",
    )
    parser.add_argument(
        "--scale",
        default="auto",
        help="raw, log2, ln, log10, ratio (log2 ratios), or log2p1, log1p, log10p1 where 1 was added before "
        "(default: detected from the values)",
    )
    parser.add_argument("--organism", default="human", help="human, mouse or rat (default: %(default)s)")
    for kind in ("contaminant", "decoy"):
        parser.add_argument(
            f"--{kind}-tag",
            action="append",
            default=[],
            metavar="TEXT",
            help=f"text with which identifiers of {kind}s begin or end in your database; may be repeated",
        )


def _study(parser: argparse.ArgumentParser) -> None:
    """Add the matrix and its sample sheet."""
    parser.add_argument(
        "matrix",
        metavar="MATRIX",
        help="protein table: MaxQuant, DIA-NN, FragPipe, Spectronaut, Proteome Discoverer, PEAKS, Skyline and others, mzTab, "
        "AnnData, or any wide table as TSV, CSV, XLSX or Parquet",
    )
    parser.add_argument("--samples", metavar="FILE", help="sample sheet (see `markerkit samples`)")


def _assess_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    p = commands.add_parser("assess", help="assess a protein matrix")
    _study(p)
    add_contrasts(p)
    p.add_argument(
        "--collapse-by",
        metavar="COL",
        help="sample column of the biological unit: samples of one group that share a value count once",
    )
    p.add_argument(
        "--context", metavar="FILE", help="TOML or JSON with the study metadata that only you can supply"
    )
    marker_files(p)
    p.add_argument(
        "--out", metavar="DIR", default="markerkit_results", help="results folder (default: %(default)s)"
    )
    p.add_argument("--overwrite", action="store_true", help="replace an assessment that is there")
    p.add_argument("--no-figures", action="store_true", help="write all but the figures, which take longest")
    p.add_argument(
        "--shares",
        default="signal",
        metavar="KIND",
        help="what shares of signal sum: signal, or length for signal over length",
    )
    p.add_argument(
        "--null-check",
        type=int,
        default=0,
        metavar="B",
        help="simulate B null data sets by rotating this study's residuals, and test them (default: none)",
    )
    p.add_argument(
        "--seed", type=int, default=0, metavar="N", help="of all random draws (default: %(default)s)"
    )
    p.add_argument("--quiet", action="store_true", help="no progress and notes on stderr")
    _protein_tests(p)
    _reading(p)
    p.set_defaults(run=_assess)


def _protein_tests(p: argparse.ArgumentParser) -> None:
    """Add the options of the tests of single proteins."""
    p.add_argument(
        "--missing",
        default="measured",
        metavar="HOW",
        help="missing values in the tests of single proteins: measured leaves them out, combined tests values and "
        "detections together (default: %(default)s)",
    )
    p.add_argument(
        "--min-values",
        type=int,
        metavar="N",
        help="values that a protein needs in each group to be tested (default: 2)",
    )
    p.add_argument(
        "--lfc",
        type=float,
        default=0.0,
        metavar="LOG2",
        help="test single proteins for more than this absolute log2 fold change (TREAT; default: %(default)s)",
    )


def _score_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    p = commands.add_parser(
        "score",
        help="score every marker set in every sample",
        description="Score every marker set in every sample, on what the sample measured. singscore and ssgsea rank the "
        "proteins of one sample; zscore and mean_z compare the samples with each other as they were read, without "
        "normalization.",
    )
    _study(p)
    p.add_argument(
        "--out",
        metavar="FILE",
        required=True,
        help="table to write (TSV), one row per sample and set; with --engine a folder of Parquet files",
    )
    p.add_argument(
        "--method", default="singscore", help="singscore, ssgsea, zscore or mean_z (default: %(default)s)"
    )
    marker_files(p)
    engine_options(p, default=None)
    p.add_argument("--overwrite", action="store_true", help="replace scores that are there")
    p.add_argument("--quiet", action="store_true", help="no progress and notes on stderr")
    _reading(p)
    p.set_defaults(run=_score)


# ---- commands ------------------------------------------------------------------


def _progress(arguments: argparse.Namespace, text: str) -> None:
    if not arguments.quiet:
        say(f"markerkit: {text}", sys.stderr)


def _demo(arguments: argparse.Namespace) -> None:
    _progress(arguments, "simulating EV preparations and lysates of the same donors")
    from markerkit.report import check_folder
    from markerkit.simulation.examples import write_example

    check_folder(arguments.out, overwrite=arguments.overwrite)
    with work_folder(Path(os.path.realpath(arguments.out))) as folder:
        matrix, sheet = write_example(folder / "input")
        words = ["assess", str(matrix), "--samples", str(sheet), "--condition", "fraction"]
        words += ["--case", "EV", "--control", "lysate", "--paired-by", "donor", "--comparator", "lysate"]
        words += ["--fluid", "culture", "--out", str(arguments.out)]
        words += ["--overwrite"] * arguments.overwrite + ["--quiet"] * arguments.quiet
        parsed = _parser().parse_args(words)
        parsed.command = arguments.command
        _assess(parsed)


def _samples(arguments: argparse.Namespace) -> None:
    from markerkit.io.sample_sheet import sample_template
    from markerkit.tables.spec import to_tsv

    emit(to_tsv(sample_template(_read(arguments))), arguments.out)


def _app(arguments: argparse.Namespace) -> None:
    if importlib.util.find_spec("shiny") is None:
        raise InputError("the app needs the extra 'app': pip install '.[app]' in the folder of markerkit.")
    from markerkit.app.serve import serve

    serve(port=arguments.port, browser=not arguments.no_browser)


def _context(arguments: argparse.Namespace) -> None:
    from markerkit.study.context import context_template

    emit(context_template(), arguments.out)


def _read(arguments: argparse.Namespace) -> Experiment:
    from markerkit.io.readers import read_proteins

    return read_proteins(
        arguments.matrix,
        samples=getattr(arguments, "samples", None),
        software=arguments.software,
        quantity=arguments.quantity,
        scale=arguments.scale,
        organism=arguments.organism,
        contaminant_tag=arguments.contaminant_tag,
        decoy_tag=arguments.decoy_tag,
    )


def _harmonized(arguments: argparse.Namespace) -> tuple[Experiment, MarkerCatalog]:
    from markerkit.ids.harmonize import harmonize_ids

    exp, markers = _read(arguments), marker_catalog(arguments)
    _progress(arguments, f"{exp.n_proteins} protein groups in {exp.n_samples} samples; mapping identifiers")
    return harmonize_ids(exp, markers), markers


def _assess(arguments: argparse.Namespace) -> None:
    _progress(arguments, f"{__version__}, reading {arguments.matrix}")
    from markerkit.report import check_folder, drawing_process, write_report

    check_folder(arguments.out, overwrite=arguments.overwrite)
    # it loads the plotting libraries while this one reads and computes
    with nullcontext() if arguments.no_figures else drawing_process() as process:
        from markerkit.assessment.contrast_parts import Options
        from markerkit.assessment.run import assessment_of

        exp, markers = _harmonized(arguments)
        contrasts = read_contrasts(arguments, exp)
        context = read_study_context(arguments, with_contrasts=bool(contrasts))
        _progress(arguments, "assessing")
        options = Options(**{f.name: getattr(arguments, f.name) for f in dataclasses.fields(Options)})
        result = assessment_of(
            exp,
            contrasts,
            markers,
            options,
            context=context,
            collapse_by=arguments.collapse_by,
            jobs=arguments.jobs,
            answered=_print_answer,
        )
        _progress(arguments, f"writing {arguments.out}")
        folder = write_report(
            result,
            arguments.out,
            overwrite=arguments.overwrite,
            progress=not arguments.quiet,
            process=process,
            command=arguments.command,
            figures=not arguments.no_figures,
        )
    say(f"results: {folder}")


def _print_answer(answer: Answer) -> None:
    """Print the verdicts as soon as they are known; the report takes longer than they do."""
    say("\n".join(answer.verdicts()))
    gaps = answer.gaps()
    if gaps:
        say("\n".join(["largest gaps", *(f"  {gap}" for gap in gaps[:3])]))


def _score(arguments: argparse.Namespace) -> None:
    _progress(arguments, f"{__version__}, reading {arguments.matrix}")
    if arguments.engine is not None:
        score_in_blocks(arguments)
        return
    refuse_engine_options(arguments)
    from markerkit.tables.registry import TABLES
    from markerkit.tables.spec import to_tsv

    if Path(arguments.out).suffix.lower() not in {".tsv", ".txt", ""}:
        raise InputError(
            f"score writes TSV; let the name of the output end in '.tsv'; got {arguments.out!r}."
        )
    check_file(arguments.out, header=TABLES["sample_scores"].names, overwrite=arguments.overwrite)
    from threadpoolctl import threadpool_limits

    from markerkit.sets.scoring import SCORES, score_samples

    one_of("method", arguments.method, list(SCORES))
    exp, markers = _harmonized(arguments)
    _progress(arguments, "scoring")
    with threadpool_limits(limits=1):  # the same bytes at any thread count
        result = score_samples(exp.logged(), markers, method=arguments.method)
    write_text(arguments.out, to_tsv(result.table), replace=arguments.overwrite)
    say("\n".join([*_score_lines(result.table, arguments.method), f"scores: {arguments.out}"]))


def _score_lines(table: pd.DataFrame, method: str) -> list[str]:
    """Write how many sets were scored in how many samples, and why the others were not."""
    n = table["sample"].nunique()
    scored = table["score"].notna().groupby(table["set"], sort=False).sum()
    lines = [
        f"{n} samples, {len(scored)} sets, {method}",
        f"{int((scored == n).sum())} sets scored in every sample",
    ]
    some = scored[(scored > 0) & (scored < n)]
    if len(some):
        lines.append(
            f"{len(some)} in some samples: {', '.join(f'{k} ({v} of {n})' for k, v in some.items())}"
        )
    never = table[table["set"].isin(scored.index[scored == 0])].drop_duplicates("set")
    for reason, rows in never.groupby("reason", sort=False):
        lines.append(f"{len(rows)} not scored, {reason}: {', '.join(rows['set'])}")
    return lines


if __name__ == "__main__":
    sys.exit(main())
