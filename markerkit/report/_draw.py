"""Draw and write figures; run as a module, in a process of its own."""

from __future__ import annotations

import importlib
import json
import pickle
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import pandas as pd
from tqdm import tqdm

from markerkit import figures

_PNG_DPI = 300
_LOADED_LATE = ("seaborn", "matplotlib.backends.backend_pdf", "matplotlib.backends.backend_svg")


class Job(NamedTuple):
    """Figures of one contrast: the tables, its name and groups, and how its files begin."""

    tables: Mapping[str, pd.DataFrame]
    contrast: str
    groups: tuple[str, str] | None
    prefix: str


def draw(
    jobs: Sequence[Job], names: Sequence[str], folder: Path, *, progress: bool = False
) -> dict[str, str]:
    """Draw and write some figures of every job.

    Parameters
    ----------
    jobs
        What to draw.
    names
        Which figures.
    folder
        Folder of the files.
    progress
        Show a bar on stderr, where that is a terminal.

    Returns
    -------
    dict
        Why a figure was not drawn, by the beginning of its files' names.
    """
    skipped: dict[str, str] = {}
    for job in jobs:
        found = figures.assessment_figures(job.tables, job.contrast or None, groups=job.groups, names=names)
        skipped |= {f"{job.prefix}{key}": reason for key, reason in found.skipped.items()}
        title = f"figures {job.contrast}".strip()
        for key, figure in tqdm(found.items(), desc=title, disable=None if progress else True, leave=False):
            figures.save(figure, folder / f"{job.prefix}{key}", dpi=_PNG_DPI)
    return skipped


def main() -> None:
    """Draw what comes on stdin (pickled by :class:`markerkit.report._figures.FigureWriter`)."""
    for name in _LOADED_LATE:  # while the first process still computes
        importlib.import_module(name)
    jobs, names, folder = pickle.load(sys.stdin.buffer)
    sys.stdout.write(json.dumps(draw([Job(*job) for job in jobs], names, Path(folder))))


if __name__ == "__main__":
    main()
