"""A check of figures for print: legible, nothing cut, nothing on top of something else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.collections import Collection, QuadMesh
from matplotlib.colors import Colormap, to_rgb, to_rgba
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.text import Text

from markerkit.figures._palette import ALL_COLORS
from markerkit.figures._style import MAX_HEIGHT, MM, WIDTHS, figure_of, settings, style
from markerkit.figures._tables import FloatArray, which
from markerkit.figures._text import SMALLEST

THINNEST_LINE = 0.5
_SLACK = 0.5  # points by which boxes may touch
_RED_GREEN_MAPS = (
    "RdYlGn",
    "RdGy",
    "jet",
    "rainbow",
    "gist_rainbow",
    "hsv",
    "turbo",
    "nipy_spectral",
    "Spectral",
)


class Problem(NamedTuple):
    """A fault of a figure: what kind, and where in words."""

    kind: str
    message: str


def lint(figure: Figure | Axes, *, rc: Mapping[str, Any] | None = None) -> list[Problem]:
    """Look for faults that an editor would send a figure back for.

    Parameters
    ----------
    figure
        Figure, or axes of the figure to look at.
    rc
        Settings it will be saved under; those of :func:`markerkit.figures.save`
        by default.

    Returns
    -------
    list of Problem
        Of the kinds ``size``, ``font type``, ``small text``, ``overlap``,
        ``label on ticks``, ``cut off``, ``thin line``, ``color``,
        ``red and green`` and ``empty axes``; none for a figure fit to print.
    """
    owner = figure_of(figure) if isinstance(figure, Axes) else figure
    with style():
        owner.draw_without_rendering()
        texts = list(_texts(owner))
        return [
            *_size(owner),
            *_font_types(rc or settings(), texts),
            *_text_sizes(texts),
            *_boxes(owner, texts),
            *_thin_lines(owner),
            *_colours(owner),
            *_empty(owner),
        ]


class _Written(NamedTuple):
    """A text that will be seen, and what it is: ``tick``, ``label`` or ``text``."""

    text: Text
    role: str


def _texts(figure: Figure) -> Iterator[_Written]:
    """Yield every text that is drawn; a tick outside the limits is not."""
    hidden: set[int] = set()
    for ax in figure.axes:
        for axis in (ax.xaxis, ax.yaxis):
            shown = axis.get_visible() and ax.axison and ax.get_visible()
            drawn = _tick_texts(axis) if shown else []
            hidden |= {id(t) for t in axis.findobj(Text)}
            yield from (_Written(t, "tick") for t in drawn if _is_seen(t))
            label = axis.get_label()
            if shown and isinstance(label, Text) and _is_seen(label):
                yield _Written(label, "label")
    for text in figure.findobj(Text):
        if id(text) not in hidden and isinstance(text, Text) and _is_seen(text) and _parents_seen(text):
            yield _Written(text, "text")


def _is_seen(text: Text) -> bool:
    return bool(text.get_visible() and text.get_text().strip() and text.get_alpha() != 0)


def _parents_seen(text: Text) -> bool:
    return text.axes is None or bool(text.axes.get_visible())


def _tick_texts(axis: Axis) -> list[Text]:
    low, high = sorted(axis.get_view_interval())
    room = 1e-9 * max(abs(low), abs(high), 1e-300)
    ticks = [*axis.get_major_ticks(), *axis.get_minor_ticks()]
    inside = [t for t in ticks if t.get_visible() and low - room <= t.get_loc() <= high + room]
    return [label for t in inside for label in (t.label1, t.label2)]


def _short(text: Text) -> str:
    shown = " ".join(text.get_text().split())
    return repr(shown if len(shown) <= 30 else shown[:29] + "…")


def _size(figure: Figure) -> Iterator[Problem]:
    width, height = (inches / MM for inches in figure.get_size_inches())
    if min(abs(width - w) for w in WIDTHS.values()) > 1:
        yield Problem(
            "size", f"the figure is {width:.0f} mm wide; print columns are {sorted(WIDTHS.values())} mm"
        )
    if height > MAX_HEIGHT + 1:
        yield Problem("size", f"the figure is {height:.0f} mm tall; a page holds {MAX_HEIGHT} mm")


def _font_types(rc: Mapping[str, Any], texts: Sequence[_Written]) -> Iterator[Problem]:
    wanted = {"pdf.fonttype": 42, "ps.fonttype": 42, "svg.fonttype": "none"}
    for name, value in wanted.items():
        if rc.get(name) != value:
            yield Problem("font type", f"{name} is {rc.get(name)!r}; text stays text with {value!r}")
    for written in texts:
        text = written.text
        if text.get_usetex() or (text.get_parse_math() and text.get_text().count("$") > 1):
            yield Problem("font type", f"{_short(text)} is set as mathematics")


def _text_sizes(texts: Sequence[_Written]) -> Iterator[Problem]:
    for written in texts:
        size = float(written.text.get_fontsize())
        if size < SMALLEST - 1e-6:
            yield Problem("small text", f"{_short(written.text)} is set in {size:.1f} pt")


def _boxes(figure: Figure, texts: Sequence[_Written]) -> Iterator[Problem]:
    """Look for texts over the edge of the figure or over one another."""
    if not texts:
        return
    slack = _SLACK / 72 * figure.dpi
    # of an annotation the text alone, without its arrow
    boxes = np.array([Text.get_window_extent(w.text).extents for w in texts], dtype=float)
    edge = np.asarray(figure.bbox.extents, dtype=float)
    out = np.any(boxes[:, :2] < edge[:2] - slack, axis=1) | np.any(boxes[:, 2:] > edge[2:] + slack, axis=1)
    for i in which(np.atleast_1d(out)):
        yield Problem("cut off", f"{_short(texts[i].text)} leaves the figure")
    wide = np.minimum(boxes[:, None, 2], boxes[None, :, 2]) - np.maximum(boxes[:, None, 0], boxes[None, :, 0])
    tall = np.minimum(boxes[:, None, 3], boxes[None, :, 3]) - np.maximum(boxes[:, None, 1], boxes[None, :, 1])
    hit = np.triu((wide > slack) & (tall > slack), k=1)
    for i, j in np.argwhere(hit).tolist():
        roles = {texts[i].role, texts[j].role}
        kind = "label on ticks" if roles == {"tick", "label"} else "overlap"
        yield Problem(kind, f"{_short(texts[i].text)} and {_short(texts[j].text)} overlap")


def _thin_lines(figure: Figure) -> Iterator[Problem]:
    for artist in _drawn(figure):
        widths = _line_widths(artist)
        thin = [w for w in widths if 0 < w < THINNEST_LINE - 1e-6]
        if thin:
            name = artist.get_label() or type(artist).__name__
            yield Problem("thin line", f"{name}: {min(thin):.2f} pt")


def _line_widths(artist: Artist) -> list[float]:
    if isinstance(artist, Line2D):
        line = artist.get_linestyle() not in {"None", "none", " ", ""}
        return [artist.get_linewidth()] if line and np.size(artist.get_xdata()) > 1 else []
    if isinstance(artist, QuadMesh):
        return []
    if isinstance(artist, Collection):
        return [float(w) for w in np.ravel(artist.get_linewidth())] if np.size(artist.get_edgecolor()) else []
    if isinstance(artist, Patch):
        return [float(artist.get_linewidth())] if _opaque(artist.get_edgecolor()) else []
    return []


def _opaque(color: Any) -> bool:
    return to_rgba(color)[3] > 0


def _drawn(figure: Figure) -> Iterator[Artist]:
    """Yield the lines, collections and patches that are drawn."""
    for ax in figure.axes:
        if not ax.get_visible():
            continue
        frame = list(ax.spines.values()) if ax.axison else []
        legend = ax.get_legend()
        held = [a for a in legend.findobj() if isinstance(a, Line2D | Patch)] if legend else []
        for artist in [*ax.lines, *ax.collections, *ax.patches, *frame, *held]:
            if artist.get_visible() and artist is not (legend and legend.get_frame()):
                yield artist


def _colours(figure: Figure) -> Iterator[Problem]:
    """Look for colors outside the palette, and for pairs that a color-blind reader cannot tell apart."""
    used: dict[tuple[float, float, float], str] = {}
    for artist in _drawn(figure):
        if isinstance(artist, Collection | AxesImage) and artist.get_array() is not None:
            yield from _colour_map(artist.get_cmap())
            continue
        for color in _face_and_edge(artist):
            used.setdefault(color, str(artist.get_label() or type(artist).__name__))
    for ax in figure.axes:
        for image in ax.images:
            yield from _colour_map(image.get_cmap())
    strange = {c: name for c, name in used.items() if not _in_palette(c)}
    for color, name in strange.items():
        yield Problem("color", f"{name}: {_hex(color)} is not of the palette")
    vivid = [c for c in used if max(c) - min(c) > 0.35]
    for i, first in enumerate(vivid):
        for second in vivid[i + 1 :]:
            if _red_green(first, second):
                yield Problem("red and green", f"{_hex(first)} and {_hex(second)}")


def _colour_map(cmap: Colormap) -> Iterator[Problem]:
    if cmap.name.removesuffix("_r") in _RED_GREEN_MAPS:
        yield Problem("red and green", f"the color map {cmap.name!r}")


def _face_and_edge(artist: Artist) -> list[tuple[float, float, float]]:
    found: list[Any] = []
    if isinstance(artist, Line2D):
        if artist.get_linestyle() not in {"None", "none", " ", ""}:
            found.append(artist.get_color())
        if artist.get_marker() not in {"None", "none", None, "", " "}:
            found += [artist.get_markerfacecolor(), artist.get_markeredgecolor()]
    elif isinstance(artist, Collection):
        found += [*_rows(artist.get_facecolor()), *_rows(artist.get_edgecolor())]
    elif isinstance(artist, Patch):
        found += [artist.get_facecolor()] if artist.get_fill() else []
        found += [artist.get_edgecolor()] if artist.get_linewidth() or artist.get_hatch() else []
    solid = {tuple(round(v, 3) for v in to_rgb(c)) for c in found if to_rgba(c)[3] > 0}
    return [(c[0], c[1], c[2]) for c in sorted(solid)]


def _rows(colors: Any) -> list[Any]:
    return list(np.reshape(np.asarray(colors, dtype=float), (-1, 4)))


def _hex(color: tuple[float, float, float]) -> str:
    return "#" + "".join(f"{round(255 * v):02x}" for v in color)


def _in_palette(color: tuple[float, float, float]) -> bool:
    """Whether a color is a grey, one of the palette, or one of the palette mixed with white."""
    c = np.array(color)
    if np.ptp(c) < 0.03:
        return True
    for known in ALL_COLORS:
        k = np.array(to_rgb(known))
        rest = 1 - k
        share = float(np.clip(rest @ (c - k) / max(rest @ rest, 1e-9), 0, 1))
        if np.abs(k + share * rest - c).max() < 0.02:
            return True
    return False


# Machado, Oliveira and Fernandes (2009), deuteranopia, on linear RGB.
_DEUTERANOPE = np.array(
    [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]]
)
_TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
_WHITE = np.array([0.9505, 1.0, 1.089])


def _red_green(first: Sequence[float], second: Sequence[float]) -> bool:
    """Whether two colors lie far apart for most readers and close together for a deuteranope."""
    plain = np.linalg.norm(_lab(_linear(first)) - _lab(_linear(second)))
    blind = np.linalg.norm(_lab(_DEUTERANOPE @ _linear(first)) - _lab(_DEUTERANOPE @ _linear(second)))
    return bool(plain > 90 and blind < 0.2 * plain)


def _linear(color: Sequence[float]) -> FloatArray:
    c = np.array(color, dtype=float)
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def _lab(linear: FloatArray) -> FloatArray:
    ratio = _TO_XYZ @ np.clip(linear, 0, 1) / _WHITE
    f = np.where(ratio > 0.008856, np.cbrt(ratio), 7.787 * ratio + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def _empty(figure: Figure) -> Iterator[Problem]:
    for i, ax in enumerate(figure.axes):
        held = [*ax.lines, *ax.collections, *ax.patches, *ax.images, *ax.texts, *ax.tables]
        if ax.get_visible() and not any(a.get_visible() for a in held) and ax.get_legend() is None:
            yield Problem("empty axes", f"axes {ax.get_label() or i} hold nothing")
