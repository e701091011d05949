"""A second process that draws: it is started early, and loads what it needs while the first one computes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from markerkit.core.processes import Process, can_start, start


@contextmanager
def drawing_process() -> Iterator[Process | None]:
    """Start a second process that loads what it needs to draw, and waits for figures to be drawn.

    Yields
    ------
    The process, for a :class:`markerkit.report._figures.FigureWriter`; None where there is one processor only or no process can be started.
    """
    process = start("markerkit.report._draw") if _processors() > 1 and can_start() else None
    if process is None:
        yield None
        return
    with process:
        try:
            yield process
        finally:
            process.kill()


def _processors() -> int:
    """Count the processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
