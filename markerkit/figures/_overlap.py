"""Overlap: how many positive markers every two sets share."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap

from markerkit.core.errors import InputError, listed
from markerkit.figures._palette import INK, PAPER, SECONDARY, title
from markerkit.figures._style import new_figure, place, style, width_mm
from markerkit.figures._text import widest

_LEAST, _MOST = 4.5, 9.0  # mm of a cell; a three-digit count at 6 pt needs 4
_SHADE = LinearSegmentedColormap.from_list("markerkit_overlap", [PAPER, "#08306b"])


def overlap(
    matrix: pd.DataFrame, *, sets: Sequence[str] | None = None, width: str | float = "double"
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
    n, full = len(names), width_mm(width)
    cell = min(_MOST, (full - room - 3) / n) if n else 0.0
    if cell < _LEAST:
        fits = int((full - room - 3) / _LEAST)
        raise InputError(f"{n} sets do not fit on {full} mm; name 1 to {fits} of them with `sets`.")
    counts = matrix.loc[names, names].to_numpy(dtype=float)
    size = np.diag(counts)[:, None]
    share = np.divide(counts, size, out=np.zeros_like(counts), where=size > 0)
    with style(width):
        figure = new_figure(full, room + n * cell + 9, shown=True)
        ax = place(figure, room, room, n * cell, n * cell)
        ax.imshow(share, cmap=_SHADE, vmin=0, vmax=1, aspect="equal")
        for row, column in np.argwhere(counts > 0):
            size_of_set = row == column
            ax.text(
                column,
                row,
                f"{counts[row, column]:.0f}",
                ha="center",
                va="center",
                fontsize=6,
                fontweight="bold" if size_of_set else "normal",
                color=PAPER if share[row, column] > 0.5 else INK,
            )
        ax.set_xticks(range(n), labels, rotation=90, ha="center", va="bottom")
        ax.set_yticks(range(n), labels)
        ax.tick_params(length=0, top=True, labeltop=True, bottom=False, labelbottom=False)
        ax.set_xticks(np.arange(-0.5, n), minor=True)
        ax.set_yticks(np.arange(-0.5, n), minor=True)
        ax.grid(which="minor", color="#d9d9d9", linewidth=0.5)
        ax.tick_params(which="minor", length=0)
        for spine in ax.spines.values():
            spine.set_visible(False)
        ax.annotate(
            "Positive markers shared; shade: share of the row's set; bold: size of the set",
            xy=(1, 0),
            xycoords="axes fraction",
            xytext=(0, -5),
            textcoords="offset points",
            ha="right",
            va="top",
            fontsize=6,
            color=SECONDARY,
        )
    return ax
