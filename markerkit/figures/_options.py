"""What every figure's function takes: a title, a size, colors, and a figure to draw into."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypedDict

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure

from markerkit.core.errors import InputError, listed
from markerkit.figures._palette import COLORS, Colors
from markerkit.figures._style import ASKED, MM, POINT, Asked, height_of, style, width_mm, width_of
from markerkit.figures._text import ellipsize

_TITLE_SIZE, _BAND, _NARROWEST, _LOWEST = 8, 6.0, 60, 20


class Options(TypedDict, total=False):
    """Options of every figure's function.

    Attributes
    ----------
    title
        Written above the figure in bold.
    figsize
        Width and height in inches, as in matplotlib. The print widths of `width` (mm) give the figure
        the height that its content needs; here the content is stretched to the height.
    palette
        Colors by group, class or source (``{"EV": "#0072b2"}``), or what ``seaborn.color_palette`` takes, such as
        ``"colorblind"``; what is not named keeps its color.
    figure
        Figure or part of one (``Figure.subfigures``) to draw into, whose size is kept.

    Examples
    --------
    Two figures on one page:

    >>> import pandas as pd
    >>> from markerkit import figures
    >>> page = figures.new_figure(183, 60)
    >>> left, right = page.subfigures(1, 2)
    >>> names = ["sample", "group", "other", "other_group", "pearson"]
    >>> pairs = pd.DataFrame([("a", "EV", "b", "EV", 0.9)], columns=names)
    >>> for part, title in ((left, "Run 1"), (right, "Run 2")):
    ...     drawn = figures.replicate_correlation(pairs, figure=part, title=title)
    >>> drawn is page
    True
    """

    title: str | None
    figsize: tuple[float, float] | None
    palette: Mapping[str, str] | Sequence[str] | str | None
    figure: Figure | SubFigure | None


NAMES = tuple(Options.__annotations__)


def page_width(width: str | float, options: Options, *, least: float = _NARROWEST) -> float:
    """Return the width in mm in which a figure is laid out.

    Parameters
    ----------
    width
        A print width by name or in mm.
    options
        Of the figure's function; a size or a figure takes the place of `width`.
    least
        Width in mm below which the figure cannot be drawn.

    Raises
    ------
    TypeError
        An option is unknown.
    InputError
        The size is none, too small, or given together with a figure.
    """
    unknown = [name for name in options if name not in NAMES]
    if unknown:
        message = f"unexpected options {listed(unknown)}; beside its own a figure takes {listed(NAMES)}."
        raise TypeError(message)
    figure, size = options.get("figure"), options.get("figsize")
    if figure is not None and not isinstance(figure, Figure | SubFigure):
        message = f"`figure` must be a Figure or SubFigure of matplotlib; got {type(figure).__name__}."
        raise InputError(message)
    if figure is not None and size is not None:
        message = "give `figsize` or `figure`, not both: a given figure keeps its size."
        raise InputError(message)
    if figure is not None:
        wide, tall = figure.bbox.width / figure.dpi / MM, figure.bbox.height / figure.dpi / MM
    elif size is not None:
        wide, tall = (v / MM for v in _two_numbers(size))
    else:
        return width_mm(width)
    if wide < least - 0.5 or tall < _LOWEST:
        message = (
            f"the figure would be {wide:.0f} x {tall:.0f} mm; it needs at least {least:.0f} x {_LOWEST} mm "
            f"({least * MM:.1f} x {_LOWEST * MM:.1f} inches)."
        )
        raise InputError(message)
    return max(wide, least)


def _two_numbers(size: tuple[float, float]) -> tuple[float, float]:
    try:
        wide, tall = (float(v) for v in size)
    except (TypeError, ValueError):
        wide = tall = np.nan
    if not 0 < wide < 100 or not 0 < tall < 100:
        message = f"`figsize` must be a width and a height in inches, such as (7.2, 4); got {size!r}."
        raise InputError(message)
    return wide, tall


@contextmanager
def drawing(options: Options, ax: Axes | None = None, *, colors: bool = True) -> Iterator[None]:
    """Draw in the print style, with the size, the colors and the title that the caller asks for.

    Parameters
    ----------
    options
        Of the figure's function, checked by :func:`page_width`.
    ax
        Axes that the caller gave.
    colors
        Whether the figure gives groups, classes or sources colors of their own.

    Raises
    ------
    InputError
        `ax` together with `figsize` or `figure`, or a palette that changes nothing.
    """
    figure, size, palette = options.get("figure"), options.get("figsize"), options.get("palette")
    title = options.get("title")
    if ax is not None and (figure is not None or size is not None):
        message = "give `ax`, or `figsize` or `figure`: given axes keep their size and their figure."
        raise InputError(message)
    if palette is not None and not colors:
        message = "`palette` changes nothing here: this figure has no colors for groups, classes or sources."
        raise InputError(message)
    asked = Asked(None if size is None else _two_numbers(size), figure, _BAND if title else 0.0)
    chosen = None if palette is None else Colors(palette)
    page_token, color_token = ASKED.set(asked), COLORS.set(chosen)
    try:
        with style():
            yield
            if title:
                _write_title(asked, ax, title)
        if chosen is not None:
            chosen.check()
    finally:
        ASKED.reset(page_token)
        COLORS.reset(color_token)


def _write_title(asked: Asked, ax: Axes | None, title: str) -> None:
    """Write the title in its band, or above all that stands above the given axes."""
    looks: dict[str, Any] = {"fontsize": _TITLE_SIZE, "fontweight": "bold", "parse_math": False}
    if asked.opened is not None:
        page = asked.opened
        wide, tall = page.bbox.width / page.dpi / MM, page.bbox.height / page.dpi / MM
        text = ellipsize(title, wide - 4, _TITLE_SIZE, "bold")
        page.text(2 / wide, 1 - 3.2 / tall, text, ha="left", va="center_baseline", **looks)
    elif ax is not None:
        box = ax.get_tightbbox()
        above = 0.0 if box is None else max(float(box.y1 - ax.bbox.y1) / ax.bbox.height * height_of(ax), 0.0)
        text = ellipsize(title, width_of(ax), _TITLE_SIZE, "bold")
        ax.annotate(
            text, (0, 1), xycoords="axes fraction", xytext=(0, above / POINT + 3), textcoords="offset points",
            ha="left", va="bottom", annotation_clip=False, **looks,
        )  # fmt: skip
