"""Placement of labels beside points: none overlaps another or a point of interest, or leaves the axes.

adjustText was tried in its place: it has no way to leave a label out, so that in a crowd labels cover points, and it
takes seconds for a volcano plot where this takes hundredths.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from markerkit.figures._palette import INK, PAPER, RULE
from markerkit.figures._style import POINT, figure_of
from markerkit.figures._text import clean, shorten, text_width

FloatArray = NDArray[np.float64]

# Directions in the order in which a reader would want the label; then again, further out.
_DIRECTIONS = ((1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, 1), (1, -1), (-1, -1))
_REACHES = (1.1, 2.2, 3.4, 4.6)
_LINE = 1.2
_INSIDE = 0.6  # room between a label and the frame in mm
_APART = np.array([-0.7, 0.0, 0.7, 0.0])  # room between neighbors in mm
_BESIDE = np.array([-0.2, -0.2, 0.2, 0.2])  # room between a label and a line in mm


class Label(NamedTuple):
    """A text at a point in data coordinates, in a color."""

    x: float
    y: float
    text: str
    color: str = INK


def place_labels(
    ax: Axes,
    labels: Sequence[Label],
    obstacles: FloatArray,
    *,
    most: int = 30,
    size: float = 5.5,
    lines: Sequence[Line2D] = (),
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
    lines
        Lines along an axis that may not run through a label, such as that of a threshold.

    Returns
    -------
    The number written.
    """
    (left, bottom), (right, top) = np.sort(
        _to_mm(ax, np.array([[*ax.get_xlim()], [*ax.get_ylim()]]).T), axis=0
    )
    points = _to_mm(ax, obstacles) if len(obstacles) else np.empty((0, 2))
    texts = _texts_in(ax)
    taken = np.vstack([np.column_stack([points - 0.75, points + 0.75]), texts, _boxes_of(lines, ax)])
    room = _Room((left + _INSIDE, bottom + _INSIDE, right - _INSIDE, top - _INSIDE), taken, texts, ())
    written = 0
    for label in labels:
        text = shorten(label.text, 24, size)
        if written >= most or not clean(text):
            continue
        anchor = _to_mm(ax, np.array([[label.x, label.y]]))[0]
        extent = (text_width(text, size), size * POINT * _LINE)
        box = next((b for b in _boxes(anchor, extent) if room.holds(anchor, b)), None)
        if box is not None:
            _write(ax, label, text, (anchor, box), size)
            room = room.less(anchor, box)
            written += 1
    return written


class _Room(NamedTuple):
    """What labels may not cover or cross, in mm: the frame, boxes that are taken, texts, lines to labels."""

    frame: tuple[float, float, float, float]
    taken: FloatArray
    texts: FloatArray
    leaders: tuple[FloatArray, ...]

    def holds(self, anchor: FloatArray, box: FloatArray) -> bool:
        """Whether a label can stand in a box and be led to its point."""
        left, bottom, right, top = self.frame
        if box[0] < left or box[1] < bottom or box[2] > right or box[3] > top:
            return False
        return not _overlap(box, self.taken).any() and self._leads(anchor, box)

    def _leads(self, anchor: FloatArray, box: FloatArray) -> bool:
        """Whether the line to a label runs through no other, and no other line through it."""
        corners = (box[:2], box[[2, 1]], box[2:], box[[0, 3]])
        sides = [np.vstack([corners[i], corners[(i + 1) % 4]]) for i in range(4)]
        line = _leader(anchor, box)
        mine = [*sides, line] if _is_far(line) else sides
        if any(_cross(part, other) for part in mine for other in self.leaders):
            return False
        steps = np.linspace(line[0], line[1], 12)[1:-1]
        return not _is_far(line) or not any(_overlap(np.concatenate([s, s]), self.texts).any() for s in steps)

    def less(self, anchor: FloatArray, box: FloatArray) -> _Room:
        """Return the room that is left after a label."""
        line = _leader(anchor, box)
        return self._replace(
            taken=np.vstack([self.taken, box + _APART]),
            texts=np.vstack([self.texts, box]),
            leaders=(*self.leaders, line) if _is_far(line) else self.leaders,
        )


def _texts_in(ax: Axes) -> FloatArray:
    """Boxes in mm of what is written on the axes already."""
    boxes = [t.get_window_extent().extents for t in ax.texts if t.get_text()]
    return np.asarray(boxes, dtype=float).reshape(-1, 4) / figure_of(ax).dpi * 25.4


def _boxes_of(lines: Sequence[Line2D], ax: Axes) -> FloatArray:
    """Boxes in mm of lines along an axis, with a little room at their sides."""
    ends = [line.get_transform().transform(line.get_xydata()) for line in lines]
    boxes = [np.concatenate([e.min(axis=0), e.max(axis=0)]) for e in ends]
    in_mm = np.asarray(boxes, dtype=float).reshape(-1, 4) / figure_of(ax).dpi * 25.4
    return np.asarray(in_mm + _BESIDE, dtype=float)


def _to_mm(ax: Axes, points: FloatArray) -> FloatArray:
    return np.asarray(ax.transData.transform(points), dtype=float) / figure_of(ax).dpi * 25.4


def _boxes(anchor: FloatArray, extent: tuple[float, float]) -> Iterator[FloatArray]:
    """Yield boxes beside a point, the nearest first: left, bottom, right, top in mm."""
    width, height = extent
    for reach in _REACHES:
        for across, up in _DIRECTIONS:
            x = anchor[0] + across * (reach + width / 2 if across else 0)
            y = anchor[1] + up * (reach + height / 2) * (0.8 if across else 1.0)
            yield np.array([x - width / 2, y - height / 2, x + width / 2, y + height / 2])


def _overlap(box: FloatArray, others: FloatArray) -> NDArray[np.bool_]:
    apart = (others[:, :2] >= box[2:]).any(axis=1) | (others[:, 2:] <= box[:2]).any(axis=1)
    return np.asarray(~apart, dtype=bool)


def _leader(anchor: FloatArray, box: FloatArray) -> FloatArray:
    """Line from a point to the nearest edge of its label."""
    return np.vstack([anchor, np.clip(anchor, box[:2], box[2:])])


def _is_far(line: FloatArray) -> bool:
    return float(np.hypot(*(line[1] - line[0]))) > 1.6


def _cross(first: FloatArray, second: FloatArray) -> bool:
    """Whether two segments (2 x 2: ends by coordinates) cross.

    >>> across = np.array([[0.0, 0.0], [2.0, 2.0]])
    >>> _cross(across, np.array([[0.0, 2.0], [2.0, 0.0]])), _cross(across, across + [3.0, 0.0])
    (True, False)
    """
    return (
        _side(first, second[0]) * _side(first, second[1]) < 0
        and _side(second, first[0]) * _side(second, first[1]) < 0
    )


def _side(line: FloatArray, point: FloatArray) -> float:
    along, to = line[1] - line[0], point - line[0]
    return float(along[0] * to[1] - along[1] * to[0])


def _write(ax: Axes, label: Label, text: str, at: tuple[FloatArray, FloatArray], size: float) -> None:
    """Write a label in its box, with a line to its point where it stands apart."""
    anchor, box = at
    middle = np.array([(box[0] + box[2]) / 2, (box[1] + box[3]) / 2])
    shift = (middle - anchor) / POINT
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
        if _is_far(_leader(anchor, box))
        else None,
    )
