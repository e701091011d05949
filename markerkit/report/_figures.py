"""figures/: every figure of every contrast, as PDF, SVG and PNG."""

from __future__ import annotations

import hashlib
import json
import pickle
import re
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, NamedTuple, Self

import pandas as pd
from tqdm import tqdm

from markerkit.assessment.marker_values import heat_map_tables
from markerkit.core.processes import Process
from markerkit.figures import captions
from markerkit.figures._dispatch import FIGURES, OF_STUDY, of_study
from markerkit.report._draw import Job, draw
from markerkit.report._places import OF_SAMPLES
from markerkit.study.contrast import Contrast

if TYPE_CHECKING:
    from markerkit.assessment.result import Assessment

#: figures that seaborn draws: the second process has loaded it, and this one draws them last
_HEAT_MAPS = ("marker_heatmap", "misev_heatmap", "heatmap", "replicate_correlation")
#: of the others, those that take longest, which come first so that both processes end at about the same time
_LONG = ("qc_card", "enrichment")


@dataclass(frozen=True)
class Drawn:
    """A figure that was written.

    Parameters
    ----------
    contrast, name, title, caption
        What it shows.
    svg
        Its content.
    file
        Name of its files in ``figures/``, without the ending.
    """

    contrast: str
    name: str
    title: str
    caption: str
    svg: bytes
    file: str


class _Task(NamedTuple):
    """A figure to be drawn: the number of its job, and its name."""

    job: int
    name: str


class FigureWriter:
    """Writes the figures of every contrast, in this process and a second one.

    Parameters
    ----------
    assessment
        What to draw.
    tables
        Its tables by name.
    folder
        Folder of the files.
    process
        Of :func:`markerkit.report._process.drawing_process`.

    Notes
    -----
    Both processes take figures from the same queues, and give the same bytes. Where there is no second process, or it fails,
    all figures are drawn in this one.
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
        several = len(contrasts) > 1
        shown_once = [name for name in FIGURES if several and name in OF_SAMPLES]
        self._jobs = [
            Job(
                {**tables, **_heat_maps(assessment, c, markers=not several)},
                c.name if c else "",
                (c.case, c.control) if c else None,
                f"{slug}-" if several else "",
            )
            for c, slug in zip(contrasts, _slugs([c.name if c else "" for c in contrasts]), strict=True)
        ]
        self._names = [[name for name in FIGURES if name not in shown_once] for _ in contrasts]
        whole = {**tables, **_heat_maps(assessment, None, markers=several)}
        only = contrasts[0] if not several else None
        self._jobs.append(Job(whole, "", (only.case, only.control) if only else None, ""))
        self._names.append([*of_study(tables), *shown_once])
        tasks = [_Task(job, name) for job, names in enumerate(self._names) for name in names]
        self._heat_maps = deque(sorted((t for t in tasks if t.name in _HEAT_MAPS), key=_urgency))
        self._others = deque(sorted((t for t in tasks if t.name not in _HEAT_MAPS), key=_urgency))
        self._skipped: dict[_Task, str] = {}
        self._process = process
        self._thread = ThreadPoolExecutor(max_workers=1)
        self._handed_out: Future[None] | None = None

    def __enter__(self) -> Self:
        """Let the second process begin; a thread hands it the figures."""
        if self._process is not None:
            self._handed_out = self._thread.submit(self._hand_out, self._process)
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        """End the second process, where an error leaves it running."""
        if self._process is not None and kind is not None:
            self._process.kill()
        self._thread.shutdown()

    def finish(self, *, progress: bool = False) -> tuple[list[Drawn], dict[str, str]]:
        """Draw figures here too, until all are drawn.

        Returns
        -------
        The figures in order, and the reason for each that could not be drawn.
        """
        self._draw_here(progress=progress)
        if self._handed_out is not None:
            self._handed_out.result()
            self._draw_here()  # the figure with which the second process failed
        drawn, why = [], {}
        for at, (job, names) in enumerate(zip(self._jobs, self._names, strict=True)):
            for name in names:
                if reason := self._skipped[_Task(at, name)]:
                    why[f"{job.contrast}: {name}" if job.contrast else name] = reason
                    continue
                stem = self._folder / f"{job.prefix}{name}"
                svg = stem.with_name(f"{stem.name}.svg").read_bytes()
                title = {**FIGURES, **OF_STUDY}[name].title
                drawn.append(
                    Drawn(
                        job.contrast,
                        name,
                        title,
                        captions.caption(name, job.tables, job.contrast or None),
                        svg,
                        stem.name,
                    )
                )
        return drawn, why

    @property
    def marker_values(self) -> dict[str, pd.DataFrame]:
        """What the heat maps of the markers show, by contrast."""
        return {j.contrast: j.tables["marker_values"] for j in self._jobs if "marker_values" in j.tables}

    @property
    def _n_waiting(self) -> int:
        return len(self._heat_maps) + len(self._others)

    def _draw_here(self, *, progress: bool = False) -> None:
        number = self._n_waiting
        with tqdm(total=number, desc="figures", disable=None if progress else True, leave=False) as bar:
            while (task := _first_of(self._others, self._heat_maps)) is not None:
                self._skipped[task] = draw(self._jobs[task.job], task.name, self._folder)
                bar.update(number - self._n_waiting - bar.n)

    def _hand_out(self, process: Process) -> None:
        """Let the second process draw one figure after another; give back the one with which it fails."""
        send, answers = process.stdin, process.stdout
        if send is None or answers is None:
            return
        with suppress(OSError), send:  # the process ends with its input
            pickle.dump(([tuple(job) for job in self._jobs], str(self._folder)), send)
            while (task := _first_of(self._heat_maps, self._others)) is not None:
                answer = _asked(task, send, answers)
                if answer is None:
                    self._others.append(task)
                    return
                self._skipped[task] = answer


def _heat_maps(
    assessment: Assessment, contrast: Contrast | None, *, markers: bool
) -> dict[str, pd.DataFrame]:
    """Tables of the heat maps of a contrast, with the markers where these are drawn with it."""
    exp, tested = assessment.experiment, assessment.differential_abundance.table
    return heat_map_tables(exp, assessment.markers, tested, contrast, with_markers=markers)


def _urgency(task: _Task) -> int:
    order = (*_HEAT_MAPS, *_LONG)
    return order.index(task.name) if task.name in order else len(order)


def _first_of(*queues: deque[_Task]) -> _Task | None:
    """Take a figure out of the first queue that has one."""
    for queue in queues:
        with suppress(IndexError):  # the other process may have taken the last one
            return queue.popleft()
    return None


def _asked(task: _Task, send: IO[bytes], answers: IO[bytes]) -> str | None:
    """Why a figure was not drawn, empty where it was; None where the process has failed."""
    try:
        send.write(json.dumps(task).encode() + b"\n")
        send.flush()
        line = answers.readline()
    except OSError:
        return None
    return str(json.loads(line)) if line.endswith(b"\n") else None


def _slugs(names: Sequence[str]) -> list[str]:
    """File names of contrasts, one of its own for each, also where capitals and small letters are alike.

    >>> _slugs(["EV-A", "EV B", "EV+B"])
    ['EV_A_2126f4', 'EV_B_2b475e', 'EV_B_168216']
    """
    plain = [re.sub(r"[^A-Za-z0-9]+", "_", name).strip("_")[:60] for name in names]
    often = Counter(text.lower() for text in plain)
    return [
        text
        if text == re.sub(r"\s+", "_", name) and often[text.lower()] == 1
        else f"{text}_{hashlib.sha256(name.encode('utf-8', 'backslashreplace')).hexdigest()[:6]}"
        for text, name in zip(plain, names, strict=True)
    ]
