"""The results folder: it appears whole or not at all."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, nullcontext
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import pandas as pd

from markerkit.core.errors import InputError, listed, printable, shown
from markerkit.core.processes import Process
from markerkit.io.files import encoded, files_in, is_there, remove_leftovers, whole_folder
from markerkit.report._methods import as_markdown, methods_text
from markerkit.report._process import drawing_process
from markerkit.report._rerun import rerun_files
from markerkit.report._summary import summary
from markerkit.report._workbook import write_workbook
from markerkit.tables.spec import to_tsv

if TYPE_CHECKING:
    from markerkit.assessment.result import Assessment

_FOLDERS: Final = {"figures", "tables"}
#: what file managers put into every folder that is looked at
_OF_THE_SYSTEM: Final = {".DS_Store", "Thumbs.db", "desktop.ini", ".directory"}
_OF_0_1_0: Final = re.compile(
    r"report\.html|summary\.json|methods\.md|tables\.xlsx|rerun\.(py|sh)|tables/[a-z_]+\.tsv|"
    r"figures/(\w{1,64}-)?[a-z_]+\.(pdf|svg|png)",
    re.ASCII,
)
_LARGEST_RECORD: Final = 2**28


class FolderKind(NamedTuple):
    """A kind of results folder, and how it is known again.

    Attributes
    ----------
    what
        Its name, with the article.
    record
        File with its record, whose ``files`` are all that was written there.
    keys
        Of the record.
    """

    what: str
    record: str
    keys: tuple[str, ...]


ASSESSMENT: Final = FolderKind("an assessment", "summary.json", ("versions", "catalog", "contrasts", "input"))


def write_report(
    assessment: Assessment,
    folder: str | Path,
    *,
    overwrite: bool = False,
    progress: bool = False,
    process: Process | None = None,
    command: Sequence[str] | None = None,
    figures: bool = True,
) -> Path:
    """Write the report, figures, tables, summary, methods and the scripts that repeat the run.

    Parameters
    ----------
    assessment
        What to write.
    folder
        Folder to make.
    overwrite
        Replace an assessment that is there already.
    progress
        Show a bar on stderr, where that is a terminal.
    process
        A :func:`drawing_process` that was started while the assessment was made; without one, it starts here.
    command
        Arguments of the command line, without the program's name, for ``rerun.sh``.
    figures
        Draw the figures.

    Returns
    -------
    The folder.

    Raises
    ------
    InputError
        See :func:`check_folder`.
    """
    # late: what draws takes longer to load than the verdicts take to compute
    from markerkit.report._figures import FigureWriter
    from markerkit.report._html import html_page

    tables = assessment.tables

    def check() -> None:
        check_folder(folder, overwrite=overwrite)

    with whole_folder(folder, check, replace=overwrite) as part:
        with ExitStack() as stack:
            writer = None
            if figures:
                (part / "figures").mkdir()
                second = stack.enter_context(
                    nullcontext(process) if process is not None else drawing_process()
                )
                writer = stack.enter_context(FigureWriter(assessment, tables, part / "figures", second))
            record, methods = summary(assessment), methods_text(assessment)
            _write_tables(part, tables)
            _write(part / "methods.md", as_markdown(printable(methods)))
            for name, text in rerun_files(assessment, command).items():
                _write(part / name, text)
            page = html_page(assessment, record, methods, writer.marker_values if writer else {})
            drawn, skipped = writer.finish(progress=progress) if writer else ([], {})
        _write(part / "report.html", printable(page(drawn, skipped)))
        # of the files that are named here, --overwrite knows that it may replace them
        record["files"] = files_of(part, ASSESSMENT)
        _write(part / "summary.json", json.dumps(record, indent=1, ensure_ascii=False) + "\n")
    return Path(folder)


def _write_tables(folder: Path, tables: Mapping[str, pd.DataFrame]) -> None:
    (folder / "tables").mkdir()
    for name, table in tables.items():
        _write(folder / "tables" / f"{name}.tsv", to_tsv(table))
    write_workbook(tables, folder / "tables.xlsx")


def check_folder(folder: str | Path, *, overwrite: bool, kind: FolderKind = ASSESSMENT) -> None:
    """Refuse a folder that cannot be written, before the work is done.

    What runs that were killed left beside it is removed.

    Parameters
    ----------
    folder
        To be written.
    overwrite
        Whether a folder of the same kind may be replaced.
    kind
        What is written there.

    Raises
    ------
    InputError
        There is something at the path and `overwrite` is not given; what is
        there is not an assessment, holds other files beside it, or is the folder
        that the program runs in; the parent folder is not there or not writable.
    """
    is_there(Path(folder))  # refuses a path that no file can have
    target, name = Path(os.path.realpath(folder)), shown(str(folder))
    remove_leftovers(target)
    if is_there(Path(folder)):
        if not overwrite:
            raise InputError(
                f"the output {name} is there already; choose another or replace it with overwrite=True (--overwrite)."
            )
        _refuse_foreign(target, name, kind)
    parent = target.parent
    while not parent.exists():
        parent = parent.parent
    if not parent.is_dir() or not os.access(parent, os.W_OK | os.X_OK):
        raise InputError(f"the output {name} cannot be written: no right to write in {shown(str(parent))}.")


def _refuse_foreign(target: Path, name: str, kind: FolderKind) -> None:
    """Refuse to replace anything but a folder of the kind, or an empty one."""
    if Path.cwd().is_relative_to(target):
        raise InputError(
            f"the output {name} is or holds the folder that you are in and will not be replaced; start in another folder."
        )
    try:
        if not target.is_dir():
            raise InputError(f"the output {name} is not a folder and will not be replaced; choose another.")
        if not any(target.iterdir()):
            return
        record = _record(target, kind)
        if record is None:
            raise InputError(
                f"the output {name} is not {kind.what} and will not be replaced; choose another."
            )
        foreign = _foreign(target, record)
    except OSError as error:
        raise InputError(f"the output {name} cannot be read: {error.strerror}.") from error
    if foreign:
        raise InputError(
            f"the output {name} holds files that markerkit did not write there and will not be replaced: "
            f"{listed(foreign)}; move them, or choose another output."
        )


def _record(folder: Path, kind: FolderKind) -> dict[str, Any] | None:
    """Read the record of a folder of the kind; None where there is none that markerkit wrote."""
    path = folder / kind.record
    if not path.is_file() or path.stat().st_size > _LARGEST_RECORD:
        return None
    try:
        record = json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        return None
    known = isinstance(record, dict) and isinstance(record.get("schema_version"), int)
    if not known or any(not isinstance(record.get(k), dict | list) for k in kind.keys):
        return None
    return record if "markerkit" in record["versions"] else None


def _foreign(folder: Path, record: Mapping[str, Any]) -> list[str]:
    """Name what lies in the folder and was not written there."""
    given = record.get("files")
    written = {str(name) for name in given} if isinstance(given, list) else None
    folders = _FOLDERS if written is None else {str(up) for w in written for up in PurePosixPath(w).parents}
    found = []
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_dir() and not path.is_symlink():
            mine = name in folders
        elif path.name in _OF_THE_SYSTEM:
            mine = True
        else:
            # 0.1.0 did not list its files
            mine = name in written if written is not None else _OF_0_1_0.fullmatch(name) is not None
        if not mine:
            found.append(name)
    return found


def _write(path: Path, text: str) -> None:
    path.write_bytes(encoded(text))


def files_of(folder: Path, kind: FolderKind) -> list[str]:
    """Name all files of a folder, its record included, for the record."""
    found = (p.relative_to(folder).as_posix() for p in files_in(folder))
    return sorted({*found, kind.record})
