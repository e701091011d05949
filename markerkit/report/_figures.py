"""figures/: every figure of every contrast, as PDF, SVG and PNG."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tqdm import tqdm

from markerkit import figures
from markerkit.assessment.marker_values import class_marker_values
from markerkit.study.contrast import Contrast

if TYPE_CHECKING:
    from markerkit.assessment.result import Assessment

TITLES = {
    "identity_summary": "Identity: classes, margins and verdicts",
    "forest": "Set effects of classes and sources",
    "sensitivity": "Sensitivity analysis: the verdicts under other choices",
    "volcano": "Differential abundance with markers",
    "marker_heatmap": "Markers by class and sample",
    "qc_card": "Quality card of every sample",
    "source_shares": "Share of signal by source",
    "contamination_fraction": "Contamination fraction: share of the preparation's signal that is comparator-like",
    "checklist": "Reporting guidelines",
    "coverage": "Coverage of the marker sets",
    "enrichment": "Set tests",
}
_PNG_DPI = 300


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


def write_figures(
    assessment: Assessment, folder: Path, *, progress: bool = False
) -> tuple[list[Drawn], dict[str, str]]:
    """Draw and write the figures of every contrast.

    Parameters
    ----------
    assessment
        What to draw.
    folder
        Folder of the files.
    progress
        Show a bar on stderr, where that is a terminal.

    Returns
    -------
    The figures, and the reason for each that could not be drawn.
    """
    contrasts: list[Contrast | None] = list(assessment.contrasts) or [None]
    drawn: list[Drawn] = []
    skipped: dict[str, str] = {}
    tables = assessment.tables
    for contrast in contrasts:
        name = contrast.name if contrast else ""
        prefix = f"{_slug(name)}-" if len(contrasts) > 1 else ""
        given = {
            **tables,
            "marker_values": class_marker_values(assessment.experiment, assessment.markers, contrast),
        }
        groups = (contrast.case, contrast.control) if contrast else None
        found = figures.assessment_figures(given, name or None, groups=groups)
        skipped |= {f"{name}: {k}" if name else k: v for k, v in found.skipped.items()}
        bar = tqdm(
            found.items(), desc=f"figures {name}".strip(), disable=None if progress else True, leave=False
        )
        for key, figure in bar:
            figures.save(figure, folder / f"{prefix}{key}", dpi=_PNG_DPI)
            svg, pdf = ((folder / f"{prefix}{key}.{kind}").read_bytes() for kind in ("svg", "pdf"))
            drawn.append(Drawn(name, key, TITLES.get(key, key), svg, pdf))
    return drawn, skipped


def _slug(text: str) -> str:
    """File name of a contrast; names that differ in signs only still get files of their own."""
    plain = re.sub(r"[^A-Za-z0-9]+", "_", text).strip("_")[:60]
    return f"{plain}_{sum(text.encode()) % 1000:03d}" if plain != re.sub(r"\s+", "_", text) else plain
