"""Placement of labels beside points: none overlaps another or a point of interest, or leaves the axes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from markerkit.figures._palette import INK, PAPER, RULE
from markerkit.figures._style import POINT, figure_of
from markerkit.figures._text import clean, ellipsize, text_width

FloatArray = NDArray[np.float64]

# Directions in the order in which a reader would want the label; then again, further out.
_DIRECTIONS = ((1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, 1), (1, -1), (-1, -1))
_REACHES = (1.1, 2.2, 3.4, 4.6)
_LINE = 1.2
_APART = np.array([-0.7, 0.0, 0.7, 0.0])  # room between neighbours in mm


class Label(NamedTuple):
    """A text at a point in data coordinates, in a colour."""

    x: float
    y: float
    text: str
    color: str = INK


def place_labels(
    ax: Axes, labels: Sequence[Label], obstacles: FloatArray, *, most: int = 30, size: float = 5.5
) -> int:
    """Write as many labels as have room, first come first served.

    Parameters
    ----------
    ax
        Axes whose limits are final.
    labels
        The most important first.
    obstacles
        Points (n x 2, data coordinates) that no label may cover.
    most
        Number of labels at most.
    size
        In points.

    Returns
    -------
    The number written.
    """
    frame = _to_mm(ax, np.array([[*ax.get_xlim()], [*ax.get_ylim()]]).T)
    (left, bottom), (right, top) = np.sort(frame, axis=0)
    points = _to_mm(ax, obstacles) if len(obstacles) else np.empty((0, 2))
    taken = np.vstack([np.column_stack([points - 0.75, points + 0.75]), _texts_in(ax)])
    written = 0
    for label in labels:
        if written >= most:
            break
        text = ellipsize(label.text, 22, size)
        if not clean(text):
            continue
        anchor = _to_mm(ax, np.array([[label.x, label.y]]))[0]
        box = _free_box(
            anchor, text_width(text, size), size * POINT * _LINE, taken, (left, bottom, right, top)
        )
        if box is None:
            continue
        _write(ax, label, text, anchor, box, size)
        taken = np.vstack([taken, box + _APART])
        written += 1
    return written


def _texts_in(ax: Axes) -> FloatArray:
    """Boxes in mm of what is written on the axes already."""
    boxes = [t.get_window_extent().extents for t in ax.texts if t.get_text()]
    return np.asarray(boxes, dtype=float).reshape(-1, 4) / figure_of(ax).dpi * 25.4


def _to_mm(ax: Axes, points: FloatArray) -> FloatArray:
    return np.asarray(ax.transData.transform(points), dtype=float) / figure_of(ax).dpi * 25.4


def _free_box(
    anchor: FloatArray,
    width: float,
    height: float,
    taken: FloatArray,
    frame: tuple[float, float, float, float],
) -> FloatArray | None:
    """Find the nearest box beside a point that nothing else holds: left, bottom, right, top in mm."""
    for reach in _REACHES:
        for across, up in _DIRECTIONS:
            x = anchor[0] + across * (reach + width / 2 if across else 0)
            y = anchor[1] + up * (reach + height / 2) * (0.8 if across else 1.0)
            box = np.array([x - width / 2, y - height / 2, x + width / 2, y + height / 2])
            if box[0] < frame[0] or box[1] < frame[1] or box[2] > frame[2] or box[3] > frame[3]:
                continue
            hit = (
                (taken[:, 0] < box[2])
                & (taken[:, 2] > box[0])
                & (taken[:, 1] < box[3])
                & (taken[:, 3] > box[1])
            )
            if not hit.any():
                return box
    return None


def _write(ax: Axes, label: Label, text: str, anchor: FloatArray, box: FloatArray, size: float) -> None:
    middle = np.array([(box[0] + box[2]) / 2, (box[1] + box[3]) / 2])
    shift = (middle - anchor) / POINT
    edge = np.clip(anchor, box[:2], box[2:])
    far = float(np.hypot(*(edge - anchor))) > 1.6
    ax.annotate(
        text,
        (label.x, label.y),
        xytext=(shift[0], shift[1]),
        textcoords="offset points",
        ha="center",
        va="center",
        fontsize=size,
        color=label.color,
        parse_math=False,
        zorder=6,
        bbox={"facecolor": PAPER, "edgecolor": "none", "alpha": 0.7, "pad": 0.2},
        arrowprops={"arrowstyle": "-", "color": RULE, "linewidth": 0.5, "shrinkA": 0, "shrinkB": 1.5}
        if far
        else None,
    )
