"""What one tab of the browser holds: a folder of its own, and what was filled in so far."""

from __future__ import annotations

import json
import shutil
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import zip_longest
from pathlib import Path
from typing import Any

from shiny import reactive

from markerkit.app.child import STOPPED, Child
from markerkit.app.study import CONTEXT, RESULTS, SHEET, Sheet, Study, file_name

_STAGE, _NOTE, _ERROR = "markerkit: ", "note: ", "markerkit: error: "
FAULT = "This is a fault of markerkit, not of your data. Please report it with the file below."


class RunError(Exception):
    """A child that did not do what it should: the sentence for the user, and the traceback of a fault."""

    def __init__(self, text: str, traceback: str = "") -> None:
        super().__init__(text)
        self.text = text
        self.traceback = traceback


class Tab:
    """State of one tab; nothing of it is shared with another.

    Attributes
    ----------
    folder
        Temporary folder of its files, removed when the tab is closed.
    found
        What was read from the table, see :class:`markerkit.app.reading.Found`; None before.
    sheet, version
        Sample sheet as filled in, and how often it was laid out anew.
    study
        Everything that was said; None before a table was read.
    """

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="tab_"))
        self.found: reactive.Value[dict[str, Any] | None] = reactive.Value(None)
        self.sheet = Sheet((), {})
        self.version: reactive.Value[int] = reactive.Value(0)
        self.study: reactive.Value[Study | None] = reactive.Value(None)
        self.child: Child | None = None
        self.traceback = ""

    def close(self) -> None:
        """Stop what runs, and remove every file."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def keep(self, upload: Mapping[str, Any]) -> str:
        """Keep an uploaded file under its own name; gives the name."""
        name = file_name(str(upload["name"]))
        shutil.copyfile(upload["datapath"], self.folder / name)
        return name

    def forget(self) -> None:
        """Forget what was read, before something else is."""
        self.found.set(None)
        self.study.set(None)

    def take(self, found: dict[str, Any]) -> None:
        """Take what was read, and lay out its sample sheet; what was filled in for the same samples stays."""
        rows = {name: tuple(cells) for name, cells in found["rows"].items()}
        stays = rows.keys() == self.sheet.rows.keys() and not any(map(any, rows.values()))
        self.lay_out(self.sheet if stays else Sheet(tuple(found["columns"]), rows))
        self.found.set(found)
        self.study.set(Study(found["table"], found["options"]))

    def say(self, study: Study) -> None:
        """Take everything that was said."""
        self.study.set(study)

    def said(self) -> Study | None:
        """Everything that was said; None before a table was read."""
        with reactive.isolate():
            return self.study()

    def take_suggestions(self) -> None:
        """Fill the empty cells of the sample sheet with what the names of the samples suggest."""
        with reactive.isolate():
            found = self.found()
        guesses = found["guesses"] if found else {}
        rows = {
            name: tuple(c or g for c, g in zip_longest(cells, guesses.get(name, ()), fillvalue=""))
            for name, cells in self.sheet.rows.items()
        }
        self.lay_out(replace(self.sheet, rows=rows))

    def add_column(self, name: str) -> None:
        """Add an empty column to the sample sheet."""
        if name and name not in self.sheet.columns and self.sheet.rows:
            rows = {sample: (*cells, "") for sample, cells in self.sheet.rows.items()}
            self.lay_out(replace(self.sheet, columns=(*self.sheet.columns, name), rows=rows))

    def stop(self) -> None:
        """Stop what runs."""
        if self.child is not None:
            self.child.stop()

    def lay_out(self, sheet: Sheet) -> None:
        """Show a sample sheet anew."""
        self.sheet = sheet
        with reactive.isolate():
            self.version.set(self.version() + 1)

    def fill_in(self, content: Mapping[str, Any]) -> None:
        """Take the entries of the sample sheet from the page, unless they are of an earlier layout."""
        with reactive.isolate():
            if content["version"] != self.version():
                return
        names = list(self.sheet.rows)
        rows = {name: tuple(row["cells"]) for name, row in zip(names, content["rows"], strict=True)}
        unused = (name for name, row in zip(names, content["rows"], strict=True) if not row["use"])
        self.sheet = Sheet(self.sheet.columns, rows, frozenset(unused))

    async def read(self, table: str, samples: str, options: Mapping[str, str]) -> dict[str, Any]:
        """Read a table in a process of its own; gives the fields of :class:`markerkit.app.reading.Found`.

        Raises
        ------
        RunError
            The table is refused, or a fault of markerkit.
        """
        request = {"table": table, "samples": samples, "options": dict(options)}
        child = await self._run(["markerkit.app.reading", json.dumps(request)])
        self._refuse_fault(child)
        found: dict[str, Any] = json.loads(child.out[-1])
        if found["error"]:
            raise RunError(found["error"])
        return found

    async def assess(self, study: Study) -> None:
        """Run the command of a study in a process of its own.

        Raises
        ------
        RunError
            Something in the study is refused, the run was stopped, or a fault of markerkit.
        """
        shutil.rmtree(self.folder / RESULTS, ignore_errors=True)
        study.write(self.folder)
        child = await self._run(["markerkit", *study.words()])
        text = "\n".join(child.err)
        if _ERROR in text:
            raise RunError(text.rpartition(_ERROR)[2])
        self._refuse_fault(child)

    def spoken(self) -> tuple[int, int]:
        """Count the lines of the run so far."""
        return (len(self.child.err), len(self.child.out)) if self.child else (0, 0)

    def progress(self) -> tuple[list[str], list[str], list[str]]:
        """Stages, notes and verdicts of the run so far."""
        lines = self.child.err if self.child else []
        stages = [
            line.removeprefix(_STAGE)
            for line in lines
            if line.startswith(_STAGE) and not line.startswith(_ERROR)
        ]
        notes = [line.removeprefix(_NOTE) for line in lines if line.startswith(_NOTE)]
        return (
            stages,
            notes,
            [line for line in (self.child.out if self.child else []) if not line.startswith("results: ")],
        )

    def archive(self, study: Study) -> Path:
        """Zip the results folder with the sample sheet, the context and the command."""
        path = self.folder / "markerkit_results.zip"
        files = [p for p in sorted((self.folder / RESULTS).rglob("*")) if p.is_file()]
        files += [p for p in (self.folder / SHEET, self.folder / CONTEXT) if p.is_file()]
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for file in files:
                archive.write(file, file.relative_to(self.folder))
            archive.writestr("command.txt", f"{study.command()}\n")
        return path

    async def _run(self, words: Sequence[str]) -> Child:
        self.child = Child(words, self.folder)
        await self.child.run()
        return self.child

    def _refuse_fault(self, child: Child) -> None:
        if child.code == STOPPED:
            raise RunError("stopped; nothing was written.")
        if child.code != 0:
            raise RunError(FAULT, "\n".join(child.err))
