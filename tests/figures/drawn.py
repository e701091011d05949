"""What a figure shows, for tests that look at it."""

from __future__ import annotations

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text


def texts(drawn: Artist) -> list[str]:
    """All texts of a figure or of axes."""
    return [str(t.get_text()) for t in drawn.findobj(Text)]


def panel(figure: Figure, label: str) -> Axes:
    """The axes of a figure that have a label."""
    (ax,) = [a for a in figure.axes if a.get_label() == label]
    return ax
