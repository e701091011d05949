"""A second process that draws: it is started early, and loads what it needs while the first one computes."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

Process = subprocess.Popen[bytes]


@contextmanager
def drawing_process() -> Iterator[Process | None]:
    """Start a second process that loads what it needs to draw, and waits for figures to be drawn.

    Yields
    ------
    The process, for a :class:`markerkit.report._figures.FigureWriter`; None where there is one processor only or no process can be started.
    """
    process = _start() if _processors() > 1 and sys.executable and not getattr(sys, "frozen", False) else None
    if process is None:
        yield None
        return
    with process:
        try:
            yield process
        finally:
            process.kill()


def _start() -> Process | None:
    # the program is this interpreter with a module of this package
    try:
        return subprocess.Popen(
            # -P: no module is imported from the folder of the user's files
            [sys.executable, "-P", "-m", "markerkit.report._draw"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )
    except OSError:
        return None


def _processors() -> int:
    """Count the processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
