"""figures/: every figure of every contrast, as PDF, SVG and PNG."""

from __future__ import annotations

import json
import os
import pickle
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

import pandas as pd

from markerkit.assessment.marker_values import class_marker_values
from markerkit.figures._dispatch import FIGURES
from markerkit.report._draw import Job, draw
from markerkit.study.contrast import Contrast

if TYPE_CHECKING:
    from markerkit.assessment.result import Assessment

#: figures that take about as long as the others and the tables; no heat map, so that seaborn is imported once
_ELSEWHERE = (
    "qc_card",
    "sample_values",
    "group_values",
    "missing_by_intensity",
    "source_shares",
    "volcano",
    "checklist",
    "coverage",
)


@dataclass(frozen=True)
class Drawn:
    """A figure that was written.

    Parameters
    ----------
    contrast, name, title
        What it shows.
    svg, pdf
        Its content.
    """

    contrast: str
    name: str
    title: str
    svg: bytes
    pdf: bytes


Process = subprocess.Popen[bytes]


@contextmanager
def drawing_process() -> Iterator[Process | None]:
    """Start a second process that loads what it needs to draw, and waits for figures to be drawn.

    Yields
    ------
    The process, for a :class:`FigureWriter`; None where there is one processor only or no process can be started.
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
            [sys.executable, "-m", "markerkit.report._draw"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )
    except OSError:
        return None


class FigureWriter:
    """Writes the figures of every contrast, the slower half of them in a second process.

    Parameters
    ----------
    assessment
        What to draw.
    tables
        Its tables by name.
    folder
        Folder of the files.
    process
        Of :func:`drawing_process`.

    Notes
    -----
    The second process gives the same bytes. Where there is none, or it fails, all figures are drawn in this one.
    """

    def __init__(
        self,
        assessment: Assessment,
        tables: Mapping[str, pd.DataFrame],
        folder: Path,
        process: Process | None = None,
    ) -> None:
        contrasts: list[Contrast | None] = list(assessment.contrasts) or [None]
        self._folder = folder
        self._jobs = [
            Job(
                {
                    **tables,
                    "marker_values": class_marker_values(assessment.experiment, assessment.markers, c),
                },
                c.name if c else "",
                (c.case, c.control) if c else None,
                f"{_slug(c.name)}-" if c and len(contrasts) > 1 else "",
            )
            for c in contrasts
        ]
        self._process = process
        self._thread = ThreadPoolExecutor(max_workers=1)
        self._answer: Future[tuple[bytes, bytes]] | None = None

    def __enter__(self) -> Self:
        """Hand the second process its figures; a thread does it, since the process reads when it is ready."""
        if self._process is not None:
            work = pickle.dumps(([tuple(job) for job in self._jobs], _ELSEWHERE, str(self._folder)))
            self._answer = self._thread.submit(self._process.communicate, work)
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        """End the second process, where an error leaves it running."""
        if self._process is not None and kind is not None:
            self._process.kill()
        self._thread.shutdown()

    def finish(self, *, progress: bool = False) -> tuple[list[Drawn], dict[str, str]]:
        """Draw the other figures here, and wait for the second process.

        Returns
        -------
        The figures in order, and the reason for each that could not be drawn.
        """
        here = [n for n in FIGURES if n not in _ELSEWHERE]
        skipped = draw(self._jobs, here, self._folder, progress=progress)
        skipped |= self._collect()
        drawn, why = [], {}
        for job in self._jobs:
            for name, figure in FIGURES.items():
                stem = f"{job.prefix}{name}"
                if stem in skipped:
                    why[f"{job.contrast}: {name}" if job.contrast else name] = skipped[stem]
                else:
                    svg, pdf = ((self._folder / f"{stem}.{kind}").read_bytes() for kind in ("svg", "pdf"))
                    drawn.append(Drawn(job.contrast, name, figure.title, svg, pdf))
        return drawn, why

    def _collect(self) -> dict[str, str]:
        """Take what the second process skipped; draw its figures here where there is none or it failed."""
        if self._process is not None and self._answer is not None:
            answer, _ = self._answer.result()
            if self._process.returncode == 0:
                return {str(k): str(v) for k, v in json.loads(answer).items()}
        return draw(self._jobs, _ELSEWHERE, self._folder)


def _processors() -> int:
    """Count the processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _slug(text: str) -> str:
    """File name of a contrast; names that differ in signs only still get files of their own."""
    plain = re.sub(r"[^A-Za-z0-9]+", "_", text).strip("_")[:60]
    return f"{plain}_{sum(text.encode()) % 1000:03d}" if plain != re.sub(r"\s+", "_", text) else plain
