"""Draw and write figures; run as a module, in a process of its own."""

from __future__ import annotations

import gc
import importlib
import json
import pickle
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from markerkit import figures
from markerkit.core.memory import uncollected
from markerkit.figures._style import rendered

_PNG_DPI = 300
_LOADED_LATE = ("seaborn", "matplotlib.backends.backend_pdf", "matplotlib.backends.backend_svg")


class Job(NamedTuple):
    """Figures of one contrast: the tables, its name and groups, and how its files begin."""

    tables: Mapping[str, pd.DataFrame]
    contrast: str
    groups: tuple[str, str] | None
    prefix: str


def draw(job: Job, name: str, folder: Path) -> str:
    """Draw and write a figure.

    Parameters
    ----------
    job
        What to draw.
    name
        Which figure.
    folder
        Folder of the files.

    Returns
    -------
    str
        Why it was not drawn; empty where it was.
    """
    with uncollected():
        found = figures.assessment_figures(job.tables, job.contrast or None, groups=job.groups, names=[name])
        for figure in found.values():
            figures.save(figure, folder / f"{job.prefix}{name}", dpi=_PNG_DPI)
    return found.skipped.get(name, "")


def _warm_up() -> None:
    """Load what draws, and draw a page of text: the fonts are found and read while the first process still computes."""
    for name in _LOADED_LATE:
        importlib.import_module(name)
    with figures.style():
        page = figures.new_figure(89, 60)
        page.text(0.1, 0.1, "EV", weight="bold")
        page.add_axes((0.3, 0.3, 0.6, 0.6)).set_title("EV")
    rendered(page)


def main() -> None:
    """Draw what comes on stdin, as :class:`markerkit.report._figures.FigureWriter` hands it out.

    The jobs and the folder come first, pickled; then a line of JSON for every figure, which is answered by one.
    """
    _warm_up()
    gc.freeze()
    jobs, folder = pickle.load(sys.stdin.buffer)
    for line in sys.stdin.buffer:
        at, name = json.loads(line)
        sys.stdout.write(json.dumps(draw(Job(*jobs[at]), name, Path(folder))) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
