"""Print style: widths, fonts and line weights of the figures, and how they are saved."""

from __future__ import annotations

import io
import logging
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from weakref import WeakKeyDictionary

from cycler import cycler
from matplotlib import font_manager, interactive, is_interactive
from matplotlib import rc_context as mpl_rc_context
from matplotlib import style as mpl_style
from matplotlib.axes import Axes
from matplotlib.backend_bases import RendererBase
from matplotlib.figure import Figure, FigureBase, SubFigure

from markerkit.core.errors import InputError, one_of
from markerkit.figures._palette import CLASSES, INK, PAPER
from markerkit.figures._record import Picture, draw_once
from markerkit.io.files import write_bytes

if TYPE_CHECKING:
    from fontTools.ttLib import TTFont

MM: Final = 1 / 25.4
POINT: Final = 25.4 / 72
#: widths of a figure in mm: one column, one and a half, two
WIDTHS: Final[dict[str, int]] = {"single": 89, "middle": 120, "double": 183}
MAX_HEIGHT: Final = 247
FORMATS: Final = ("pdf", "svg", "png")

_SANS: Final = ("Arial", "Helvetica", "Liberation Sans")
_LAST: Final = "DejaVu Sans"
_SVG_STACK: Final = "Arial, Helvetica, 'Liberation Sans', 'DejaVu Sans', sans-serif"


@lru_cache(maxsize=1)
def fonts() -> list[str]:
    """Return the families to set text in: the first that is installed, then the one that is shipped."""
    installed = {entry.name for entry in font_manager.fontManager.ttflist}
    return [*[name for name in _SANS if name in installed][:1], _LAST]


_SETTINGS: Final[dict[str, Any]] = {
    "font.size": 7,
    "axes.titlesize": 7,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelsize": 7,
    "axes.labelpad": 3,
    "axes.linewidth": 0.5,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.unicode_minus": True,
    "axes.axisbelow": True,
    "axes.prop_cycle": cycler(color=[c.color for c in CLASSES.values()]),
    "xtick.labelsize": 6,
    "ytick.labelsize": 6,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.major.width": 0.5,
    "ytick.major.width": 0.5,
    "xtick.major.size": 2,
    "ytick.major.size": 2,
    "xtick.major.pad": 2,
    "ytick.major.pad": 2,
    "lines.linewidth": 0.75,
    "lines.markersize": 4,
    "lines.markeredgewidth": 0.6,
    "patch.linewidth": 0.5,
    "hatch.linewidth": 0.5,
    "grid.linewidth": 0.5,
    "legend.fontsize": 6,
    "legend.frameon": False,
    "text.color": INK,
    "text.parse_math": False,
    "text.usetex": False,
    # widths as in the vector formats, at any resolution
    "text.hinting": "no_hinting",
    "figure.dpi": 150,
    "figure.facecolor": PAPER,
    "savefig.dpi": 300,
    "savefig.facecolor": PAPER,
    "savefig.bbox": None,
    "pdf.fonttype": 42,
    "ps.fonttype": 42,
    "pdf.use14corefonts": False,
    "svg.fonttype": "none",
    "svg.hashsalt": "markerkit",
}


def settings() -> dict[str, Any]:
    """Return the rcParams of the print style."""
    return {"font.family": fonts(), **_SETTINGS}


def width_mm(width: str | float) -> int:
    """Return a width in mm from its name or its number."""
    if isinstance(width, str):
        one_of("width", width, list(WIDTHS))
        return WIDTHS[width]
    one_of("width", width, [*WIDTHS.values()])
    return int(width)


@contextmanager
def style(width: str | float = "single", *, aspect: float = 0.75) -> Iterator[None]:
    """Draw in the print style, and leave no trace of it.

    Parameters
    ----------
    width
        ``"single"`` (89 mm), ``"middle"`` (120 mm) or ``"double"`` (183 mm).
    aspect
        Height of a new figure over its width.

    Examples
    --------
    >>> from markerkit import figures
    >>> with figures.style("single"):
    ...     figure = figures.new_figure(89, 60)
    >>> round(figure.get_figwidth() * 25.4)
    89
    """
    inches = width_mm(width) * MM
    on = is_interactive()
    try:
        with mpl_style.context({**settings(), "figure.figsize": (inches, inches * aspect)}, after_reset=True):
            try:
                yield
            finally:
                on = is_interactive()
    finally:
        # Jupyter turns this on when the first figure is opened; taken back, no later figure would be shown
        interactive(on)


class _Figure(Figure):
    """A figure that a notebook shows without pyplot, and that sets text alike at any resolution."""

    def draw(self, renderer: RendererBase) -> None:
        with mpl_rc_context({"text.hinting": "no_hinting"}):
            super().draw(renderer)

    def _repr_png_(self) -> bytes:
        buffer = io.BytesIO()
        with style():
            self.savefig(buffer, format="png", dpi=150)
        return buffer.getvalue()


_SHOWN: ContextVar[bool] = ContextVar("_SHOWN", default=True)


@contextmanager
def detached() -> Iterator[None]:
    """Keep the figures opened inside to the caller: pyplot neither holds nor shows them."""
    token = _SHOWN.set(False)
    try:
        yield
    finally:
        _SHOWN.reset(token)


def new_figure(width: float, height: float, *, shown: bool = False) -> Figure:
    """Open a figure of so many mm.

    Parameters
    ----------
    width, height
        In mm.
    shown
        Make it known to pyplot, so that a notebook or ``plt.show`` shows it:
        for functions that return axes. A returned figure shows itself.
    """
    size = (width * MM, height * MM)
    if not (shown and _SHOWN.get()):
        return _Figure(figsize=size)
    from matplotlib import pyplot as plt

    return plt.figure(figsize=size, FigureClass=_Figure)


class Asked:
    """What the caller asks of the page that is opened next, and the page itself.

    Parameters
    ----------
    size
        Width and height in inches; as the content needs by default.
    inside
        Figure or part of a figure to draw into; a new one by default.
    band
        Room for a title at the top, in mm.
    """

    def __init__(
        self,
        size: tuple[float, float] | None = None,
        inside: Figure | SubFigure | None = None,
        band: float = 0.0,
    ) -> None:
        self.size, self.inside, self.band = size, inside, band
        self.opened: Figure | SubFigure | None = None


#: set by :func:`markerkit.figures._options.drawing`
ASKED: ContextVar[Asked | None] = ContextVar("ASKED", default=None)


class _Layout(NamedTuple):
    """Size in mm in which the content of a page is laid out, and the band of its title above it."""

    width: float
    height: float
    band: float


_LAYOUTS: WeakKeyDictionary[FigureBase, _Layout] = WeakKeyDictionary()


def height_asked(natural: float) -> float:
    """Return the height in mm that the caller leaves to the content of a page; else its natural height."""
    asked = ASKED.get() or Asked()
    if asked.inside is not None:
        return float(asked.inside.bbox.height / asked.inside.dpi / MM) - asked.band
    return asked.size[1] / MM - asked.band if asked.size else natural


def open_page(width: float, height: float, *, shown: bool = False) -> Figure | SubFigure:
    """Open a page for content of so many mm, or the figure that the caller gave.

    In a figure of another size the content is laid out in the same mm and stretched; what is laid out in
    the height of :func:`height_asked` is not.
    """
    asked = ASKED.get() or Asked()
    if asked.inside is not None:
        figure: Figure | SubFigure = asked.inside
    else:
        size = asked.size or (width * MM, (height + asked.band) * MM)
        figure = new_figure(size[0] / MM, size[1] / MM, shown=shown)
    _LAYOUTS[figure] = _Layout(width, height, asked.band)
    asked.opened = figure
    return figure


def place(figure: Figure | SubFigure, left: float, top: float, width: float, height: float) -> Axes:
    """Add axes at a box in mm from the top left corner of a page's content."""
    layout = _LAYOUTS[figure]
    tall = layout.height + layout.band
    box = (
        left / layout.width,
        1 - (layout.band + top + height) / tall,
        width / layout.width,
        height / tall,
    )
    return figure.add_axes(box)


def page_of(ax: Axes) -> Figure | SubFigure:
    """Return the page that the axes stand on: a figure, or a part of one."""
    figure = ax.get_figure(root=False)
    if figure is None:
        message = "`ax` belongs to no figure."
        raise InputError(message)
    return figure


def page_height(ax: Axes) -> float:
    """Height in mm in which the content of the axes' page is laid out."""
    return _LAYOUTS[page_of(ax)].height


def height_of(ax: Axes) -> float:
    """Height of the axes in mm."""
    return float(ax.bbox.height / ax.bbox.width) * width_of(ax)


def width_of(ax: Axes) -> float:
    """Width of the axes in mm."""
    return float(ax.bbox.width / figure_of(ax).dpi / MM)


def figure_of(ax: Axes) -> Figure:
    """Return the whole figure that the axes stand on."""
    return root_of(page_of(ax))


def root_of(page: Figure | SubFigure) -> Figure:
    """Return the whole figure of a page."""
    return page.get_figure(root=True) if isinstance(page, SubFigure) else page


def save(
    figure: Figure | Axes,
    path: str | Path,
    *,
    formats: Sequence[str] = FORMATS,
    dpi: int = 300,
) -> list[Path]:
    """Save a figure for print: live text, no dates, each file whole or not at all.

    Parameters
    ----------
    figure
        Figure, or axes of the figure to save.
    path
        File without its ending, or with the ending of one of the formats.
    formats
        Of ``"pdf"``, ``"svg"``, ``"png"``.
    dpi
        Resolution of the PNG and of what is rasterised inside PDF and SVG.

    Returns
    -------
    The files, in the order of the formats.

    Raises
    ------
    InputError
        An unknown format, or no such folder.
    """
    for name in formats:
        one_of("formats", name, FORMATS)
    path = Path(path)
    stem = path.name.removesuffix(path.suffix) if path.suffix[1:] in FORMATS else path.name
    owner = figure_of(figure) if isinstance(figure, Axes) else figure
    contents = rendered(owner, formats=formats, dpi=dpi)
    return [write_bytes(path.with_name(f"{stem}.{name}"), content) for name, content in contents.items()]


def rendered(figure: Figure, *, formats: Sequence[str] = FORMATS, dpi: int = 300) -> dict[str, bytes]:
    """Content of the files of a figure by format, as :func:`save` writes them."""
    with style():
        picture = draw_once(figure, dpi)
        write: dict[str, Callable[[], bytes]] = {
            "png": picture.png,
            "pdf": lambda: _pdf(picture, dpi),
            "svg": lambda: _svg(picture, dpi),
        }
        return {name: write[name]() for name in formats}


def _pdf(picture: Picture, dpi: int) -> bytes:
    buffer = io.BytesIO()
    with _outlines_only():
        picture.savefig(buffer, format="pdf", dpi=dpi, metadata={"CreationDate": None, "ModDate": None})
    return buffer.getvalue()


def _svg(picture: Picture, dpi: int) -> bytes:
    buffer = io.BytesIO()
    picture.savefig(buffer, format="svg", dpi=dpi, metadata={"Date": None})
    return _with_font_stack(buffer.getvalue())


#: with these a word processor sets text; to thin them out takes twice as long as all the rest of a font
_TYPESETTING: Final = ("GDEF", "GPOS", "GSUB", "MATH", "kern", "name")


@contextmanager
def _outlines_only() -> Iterator[None]:
    """Embed of a font what a PDF reader looks at, and keep the font subsetter's notes out of the user's log."""
    from fontTools import subset  # comes with matplotlib, which loads it for a PDF only

    load: Callable[[str, subset.Options], TTFont] = subset.load_font

    def load_outlines(path: str, options: subset.Options) -> TTFont:
        font = load(path, options)
        for table in [t for t in _TYPESETTING if t in font]:
            del font[table]
        return font

    logger = logging.getLogger("fontTools.subset")
    level = logger.level
    logger.setLevel(logging.ERROR)
    subset.load_font = load_outlines  # matplotlib has no setting for it
    try:
        yield
    finally:
        subset.load_font = load
        logger.setLevel(level)


def _with_font_stack(svg: bytes) -> bytes:
    """Name the whole chain of fonts, so that the text is set alike where another one is installed."""
    quoted = ", ".join(f"['\"]?{re.escape(name)}['\"]?" for name in fonts())
    return re.sub(quoted.encode(), _SVG_STACK.encode(), svg)
