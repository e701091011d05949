"""The command ``markerkit sets``: look at, export, check and compare marker sets."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from markerkit.core.errors import InputError, one_of
from markerkit.io.files import check_file, emit

if TYPE_CHECKING:
    from markerkit.catalog.load import MarkerCatalog


def marker_files(parser: argparse.ArgumentParser) -> None:
    """Add the option for further marker sets."""
    parser.add_argument(
        "--markers", metavar="FILE", nargs="+", default=[], help="further marker sets: GMT, TSV, CSV or TOML"
    )


def add_sets(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``markerkit sets`` with its verbs."""
    sets = commands.add_parser("sets", help="look at the reference marker sets")
    verbs = sets.add_subparsers(required=True, metavar="VERB")
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--organism", default="human", help="human, mouse or rat (default: %(default)s)")
    marker_files(common)
    listed = verbs.add_parser("list", parents=[common], help="every set with its size")
    listed.set_defaults(run=_sets_list)
    show = verbs.add_parser("show", parents=[common], help="the markers of a set with their sources")
    show.add_argument("set", metavar="SET")
    show.set_defaults(run=_sets_show)
    export = verbs.add_parser("export", parents=[common], help="write the catalog")
    export.add_argument("--format", default="gmt", choices=["gmt", "tsv", "json"])
    export.add_argument("--out", metavar="FILE", help="write to a file instead of stdout")
    export.set_defaults(run=_sets_export)
    overlap = verbs.add_parser("overlap", parents=[common], help="shared markers, set by set")
    overlap.add_argument("--sets", metavar="SET", nargs="+", help="these sets only")
    overlap.add_argument(
        "--figure", metavar="FILE", help="draw it: a .pdf, .svg or .png that is not there yet"
    )
    overlap.set_defaults(run=_sets_overlap)
    check = verbs.add_parser("validate", help="check a file of marker sets, or a folder of them")
    check.add_argument("path", metavar="PATH")
    check.set_defaults(run=_sets_validate)
    diff = verbs.add_parser("diff", help="what changed between two files or folders of marker sets")
    diff.add_argument("old", metavar="OLD")
    diff.add_argument("new", metavar="NEW")
    diff.set_defaults(run=_sets_diff)


def marker_catalog(arguments: argparse.Namespace) -> MarkerCatalog:
    """Load the reference sets with the user's own."""
    from markerkit.catalog.load import load_markers

    return load_markers(organism=arguments.organism, extra=arguments.markers)


def _sets_list(arguments: argparse.Namespace) -> None:
    from markerkit.tables.spec import to_tsv

    emit(to_tsv(marker_catalog(arguments).sets), None)


def _sets_show(arguments: argparse.Namespace) -> None:
    from markerkit.tables.spec import to_tsv

    catalog = marker_catalog(arguments)
    one_of("set", arguments.set, list(catalog))
    emit(to_tsv(catalog[arguments.set].table), None)


def _sets_export(arguments: argparse.Namespace) -> None:
    catalog = marker_catalog(arguments)
    text = {"gmt": catalog.to_gmt, "tsv": catalog.to_tsv, "json": catalog.to_json}[arguments.format]()
    emit(text, arguments.out)


def _sets_overlap(arguments: argparse.Namespace) -> None:
    from markerkit.tables.spec import to_tsv

    markers = marker_catalog(arguments)
    overlap = (markers.select(arguments.sets) if arguments.sets else markers).overlap()
    if arguments.figure:
        from markerkit import figures

        path = Path(arguments.figure)
        one_of("figure", path.suffix.lower(), [".pdf", ".svg", ".png"])
        check_file(arguments.figure)
        figures.save(figures.overlap(overlap), path, formats=[path.suffix.lower()[1:]])
    emit(to_tsv(overlap.rename_axis(index="set", columns=None).reset_index()), None)


def _sets_validate(arguments: argparse.Namespace) -> None:
    from markerkit.catalog.load import validate
    from markerkit.tables.spec import to_tsv

    findings = validate(arguments.path)
    emit(to_tsv(findings), None)
    errors = int((findings["level"] == "error").sum())
    if errors:
        raise InputError(f"{errors} errors in {arguments.path!r}; correct the rows listed above.")


def _sets_diff(arguments: argparse.Namespace) -> None:
    from markerkit.catalog.load import diff, read_markers
    from markerkit.tables.spec import to_tsv

    emit(to_tsv(diff(read_markers(arguments.old), read_markers(arguments.new))), None)
