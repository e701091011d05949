"""The results folder: it appears whole or not at all."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from markerkit.core.errors import InputError
from markerkit.report._figures import FigureWriter, Process, drawing_process
from markerkit.report._html import html_page
from markerkit.report._methods import methods_text
from markerkit.report._rerun import rerun_files
from markerkit.report._summary import summary
from markerkit.report._workbook import write_workbook
from markerkit.tables.spec import to_tsv

if TYPE_CHECKING:
    from markerkit.assessment.result import Assessment


def write_report(
    assessment: Assessment,
    folder: str | Path,
    *,
    overwrite: bool = False,
    progress: bool = False,
    process: Process | None = None,
    command: Sequence[str] | None = None,
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

    Returns
    -------
    The folder.

    Raises
    ------
    InputError
        See :func:`check_folder`.
    """
    tables, record, methods = assessment.tables, summary(assessment), methods_text(assessment)
    with whole_folder(Path(folder), overwrite=overwrite) as part:
        (part / "figures").mkdir()
        with (
            nullcontext(process) if process is not None else drawing_process() as second,
            FigureWriter(assessment, tables, part / "figures", second) as writer,
        ):
            _write_tables(part, tables)
            _write(part / "summary.json", json.dumps(record, indent=1, ensure_ascii=False) + "\n")
            _write(part / "methods.md", methods)
            for name, text in rerun_files(assessment, command).items():
                _write(part / name, text)
            page = html_page(assessment, record, methods, writer.marker_values)
            drawn, skipped = writer.finish(progress=progress)
        _write(part / "report.html", page(drawn, skipped))
    return Path(folder)


def _write_tables(folder: Path, tables: Mapping[str, pd.DataFrame]) -> None:
    (folder / "tables").mkdir()
    for name, table in tables.items():
        _write(folder / "tables" / f"{name}.tsv", to_tsv(table))
    write_workbook(tables, folder / "tables.xlsx")


def check_folder(folder: str | Path, *, overwrite: bool, mark: str = "summary.json") -> None:
    """Refuse a folder that cannot be written, before the work is done.

    Parameters
    ----------
    folder
        To be written.
    overwrite
        Whether a folder of the same kind may be replaced.
    mark
        File that only such a folder holds.

    Raises
    ------
    InputError
        There is something at the path and `overwrite` is not given; what is
        there is not an assessment; the parent folder is not there or not
        writable.
    """
    folder = Path(folder)
    if folder.exists() or folder.is_symlink():
        if not overwrite:
            raise InputError(
                f"the output {str(folder)!r} is there already; choose another or replace it with overwrite=True "
                "(--overwrite)."
            )
        if not folder.is_dir() or (any(folder.iterdir()) and not (folder / mark).is_file()):
            raise InputError(
                f"the output {str(folder)!r} is not an assessment and will not be replaced; choose another."
                if mark == "summary.json"
                else f"the output {str(folder)!r} holds no {mark} and will not be replaced; choose another."
            )
    parent = folder.resolve().parent
    while not parent.exists():
        parent = parent.parent
    if not parent.is_dir() or not os.access(parent, os.W_OK | os.X_OK):
        raise InputError(
            f"the output {str(folder)!r} cannot be written: no right to write in {str(parent)!r}."
        )


@contextmanager
def whole_folder(folder: Path, *, overwrite: bool, mark: str = "summary.json") -> Iterator[Path]:
    """Give a temporary sibling to fill, and put it in place when all went well; see :func:`check_folder`."""
    check_folder(folder, overwrite=overwrite, mark=mark)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        part = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    except OSError as error:
        raise InputError(f"the output {str(folder)!r} cannot be written: {error.strerror}.") from error
    try:
        part.chmod(0o755)
        yield part
        if folder.exists():
            aside = Path(tempfile.mkdtemp(prefix=f".{folder.name}.old.", dir=folder.parent))
            folder.replace(aside / folder.name)
            part.replace(folder)
            shutil.rmtree(aside)
        else:
            part.replace(folder)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="")
