"""A process of its own for what takes long, so that the page answers meanwhile and the work can be stopped."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

#: a line of a child may be long: what was read is one line of JSON
_LONGEST = 2**26
STOPPED = -1


class Child:
    """Run a module of this package in a process of its own.

    Parameters
    ----------
    words
        Module and arguments, as after ``python -m``.
    folder
        Folder in which it runs.

    Attributes
    ----------
    out, err
        Its lines so far.
    code
        Its exit code; None as long as it runs, :data:`STOPPED` where it was stopped.
    """

    def __init__(self, words: Sequence[str], folder: Path) -> None:
        self.out: list[str] = []
        self.err: list[str] = []
        self.code: int | None = None
        self._words = tuple(words)
        self._folder = folder
        self._process: asyncio.subprocess.Process | None = None
        self._stopped = False

    async def run(self) -> None:
        """Start it and wait for its end."""
        # what was dropped into the folder is data: python must not import a module from there
        paths = os.pathsep.join(filter(None, sys.path))
        self._process = process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            *self._words,
            cwd=self._folder,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            limit=_LONGEST,
            env={**os.environ, "PYTHONSAFEPATH": "1", "PYTHONPATH": paths, "PYTHONIOENCODING": "utf-8"},
        )
        if self._stopped:  # before it was there
            self.stop()
        await asyncio.gather(_lines(process.stdout, self.out), _lines(process.stderr, self.err))
        code = await process.wait()
        self.code = STOPPED if self._stopped else code

    def stop(self) -> None:
        """End it; the process that draws for it ends with its input."""
        self._stopped = True
        if self._process is not None and self._process.returncode is None:
            with suppress(ProcessLookupError):
                self._process.kill()


async def _lines(stream: asyncio.StreamReader | None, into: list[str]) -> None:
    while stream is not None and (line := await stream.readline()):
        into.append(line.decode("utf-8", "replace").rstrip("\r\n"))
