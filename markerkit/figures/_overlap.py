"""Overlap: how many positive markers every two sets share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Unpack

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap

from markerkit.core.errors import InputError, listed
from markerkit.figures._keys import foot_notes
from markerkit.figures._options import Options, drawing, page_width
from markerkit.figures._palette import INK, PAPER, title
from markerkit.figures._rows import NOTE_SIZE
from markerkit.figures._style import open_page, place
from markerkit.figures._tables import FloatArray
from markerkit.figures._text import widest, wrap

_LEAST, _MOST = 4.5, 9.0  # mm of a cell; a three-digit count at 6 pt needs 4
_SHADE = LinearSegmentedColormap.from_list("markerkit_overlap", [PAPER, "#08306b"])


def overlap(
    matrix: pd.DataFrame,
    *,
    sets: Sequence[str] | None = None,
    width: str | float = "double",
    **options: Unpack[Options],
) -> Axes:
    """Draw the shared positive markers of every two sets.

    Parameters
    ----------
    matrix
        `MarkerCatalog.overlap`: sets x sets, counts.
    sets
        Sets to draw, in this order; all by default.
    width
        Of the figure: 89, 120 or 183 mm.
    **options
        Title, size, colors, and the figure to draw into: :class:`Options`.

    Returns
    -------
    Axes

    Raises
    ------
    InputError
        An unknown set, or more sets than the width holds.

    Notes
    -----
    A number counts the genes that both sets hold; the shade is their share of
    the set of the row, so that the two halves differ. The diagonal is the size
    of the set. An empty cell shares nothing.
    """
    names = list(matrix.index) if sets is None else list(sets)
    unknown = [n for n in names if n not in matrix.index]
    if unknown:
        raise InputError(f"the matrix has no set {listed(unknown)}; it has {listed(matrix.index, limit=60)}.")
    labels = [title(n) for n in names]
    room = widest(labels, 6) + 3
    n, full = len(names), page_width(width, options)
    cell = min(_MOST, (full - room - 3) / n) if n else 0.0
    if cell < _LEAST:
        fits = int((full - room - 3) / _LEAST)
        raise InputError(f"{n} sets do not fit on {full} mm; name 1 to {fits} of them with `sets`.")
    text = "Positive markers shared; shade: share of the row's set; bold: size of the set"
    notes = wrap(text, full - 4, NOTE_SIZE)
    with drawing(options, colors=False):
        figure = open_page(full, room + n * cell + 6 + 2.4 * len(notes), shown=True)
        ax = place(figure, room, room, n * cell, n * cell)
        _cells(ax, matrix.loc[names, names].to_numpy(dtype=float))
        ax.set_xticks(np.arange(n) + 0.5, labels, rotation=90, ha="center", va="bottom")
        ax.set_yticks(np.arange(n) + 0.5, labels, rotation=0)
        ax.tick_params(length=0, top=True, labeltop=True, bottom=False, labelbottom=False)
        foot_notes(ax, notes, below=3.0)
    return ax


def _cells(ax: Axes, counts: FloatArray) -> None:
    """Draw the counts, shaded by their share of the set of the row; those of whole sets in bold."""
    from seaborn import heatmap  # late: `import markerkit.figures` stays quick

    size = np.diag(counts)[:, None]
    share = np.divide(counts, size, out=np.zeros_like(counts), where=size > 0)
    written = np.array([[f"{c:.0f}" if c else "" for c in row] for row in counts])
    heatmap(
        share,
        ax=ax,
        vmin=0,
        vmax=1,
        cmap=_SHADE,
        annot=written,
        fmt="",
        annot_kws={"fontsize": 6},
        linewidths=0.5,
        linecolor="#d9d9d9",
        cbar=False,
        square=True,
        xticklabels=False,
        yticklabels=False,
    )
    for text, (row, column) in zip(ax.texts, np.ndindex(*counts.shape), strict=True):
        text.set_color(PAPER if share[row, column] > 0.5 else INK)
        text.set_fontweight("bold" if row == column else "normal")
