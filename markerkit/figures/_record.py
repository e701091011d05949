"""One drawing of a figure for all of its files: what was drawn as PNG is written again as PDF and SVG."""

from __future__ import annotations

import copy
import struct
import zlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, cast

import numpy as np
from matplotlib.backend_bases import GraphicsContextBase, RendererBase
from matplotlib.backends.backend_agg import FigureCanvasAgg, RendererAgg
from matplotlib.figure import Figure
from matplotlib.path import Path
from matplotlib.text import Text
from matplotlib.transforms import Affine2D, Bbox, IdentityTransform, Transform, TransformedPath
from numpy.typing import NDArray

_POINTS = 72  # to the inch, the unit of PDF and SVG


class _Stroke(NamedTuple):
    """A call of a renderer: its method, the graphics context where it takes one, and the other arguments."""

    method: str
    gc: GraphicsContextBase | None
    values: Sequence[Any]
    options: Mapping[str, Any]


def _drawing(method: str, *transforms: int) -> Callable[..., None]:
    """Make a method that draws and remembers; `transforms` are the places of what leads to pixels."""

    def draw(self: Recorder, gc: GraphicsContextBase, *values: object, **options: object) -> None:
        getattr(self.agg, method)(gc, *values, **options)
        scaled = [self._scaled(cast(Transform, v)) if i in transforms else v for i, v in enumerate(values)]
        self._remember(method, gc, scaled, options)

    return draw


class Recorder(RendererBase):
    """A renderer that draws as Agg does and remembers every stroke, in points.

    Parameters
    ----------
    agg
        What draws.

    Notes
    -----
    To work out where texts, ticks and legends stand takes more time than to draw them, and is the same for all formats.
    """

    def __init__(self, agg: RendererAgg) -> None:
        super().__init__()
        self.agg: Any = agg  # the types that matplotlib gives its methods are incomplete
        self.strokes: list[_Stroke] = []
        self._vector = self._scale = Affine2D().scale(_POINTS / agg.dpi)
        self._clips: dict[object, Any] = {}

    draw_path = _drawing("draw_path", 1)
    draw_markers = _drawing("draw_markers", 1, 3)
    draw_path_collection = _drawing("draw_path_collection", 0, 4)
    draw_quad_mesh = _drawing("draw_quad_mesh", 0, 5)
    draw_gouraud_triangles = _drawing("draw_gouraud_triangles", 2)

    def draw_image(self, gc: GraphicsContextBase, x: float, y: float, im: object) -> None:  # type: ignore[override]
        self.agg.draw_image(gc, x, y, im)
        self._remember("draw_image", gc, [*self._scale.transform((x, y)), im], {})

    def draw_text(
        self,
        gc: GraphicsContextBase,
        x: float,
        y: float,
        s: str,
        *font: object,
        mtext: Text | None = None,
        **options: object,
    ) -> None:
        self.agg.draw_text(gc, x, y, s, *font, **options, mtext=mtext)
        at = self._scale.transform((x, self.agg.height - y))
        anchored = None if mtext is None else self._anchored(mtext)
        self._remember("draw_text", gc, [*at, s, *font], {**options, "mtext": anchored})

    def open_group(self, s: str, gid: str | None = None) -> None:
        self._remember("open_group", None, [s, gid], {})

    def close_group(self, s: str) -> None:
        self._remember("close_group", None, [s], {})

    def start_rasterizing(self) -> None:
        self._scale = Affine2D()  # in the pixels of this drawing
        self._remember("start_rasterizing", None, [], {})

    def stop_rasterizing(self) -> None:
        self._scale = self._vector
        self._remember("stop_rasterizing", None, [], {})

    def get_canvas_width_height(self) -> tuple[float, float]:
        return self.agg.width, self.agg.height

    def get_text_width_height_descent(self, *text: object, **options: object) -> tuple[float, float, float]:
        size: tuple[float, float, float] = self.agg.get_text_width_height_descent(*text, **options)
        return size

    def points_to_pixels(self, points: Any) -> Any:  # noqa: ANN401
        return self.agg.points_to_pixels(points)

    def option_image_nocomposite(self) -> bool:
        return bool(self.agg.option_image_nocomposite())

    def _remember(
        self, method: str, gc: GraphicsContextBase | None, values: Sequence[Any], options: Mapping[str, Any]
    ) -> None:
        kept = None
        if gc is not None:
            kept = GraphicsContextBase()
            kept.copy_properties(gc)
            kept.set_clip_rectangle(self._clip_rectangle(gc.get_clip_rectangle()))
            kept.set_clip_path(self._clip_path(*gc.get_clip_path()))
        self.strokes.append(_Stroke(method, kept, values, options))

    def _scaled(self, transform: Transform) -> Affine2D:
        return Affine2D(self._scale.get_matrix() @ transform.get_matrix())

    def _clip_rectangle(self, box: Bbox | None) -> Bbox | None:
        """Return the same object for the same rectangle: a PDF then clips once for all that stands in it."""
        if box is None:
            return None
        corners = self._scale.transform(box.get_points())
        same: Bbox = self._clips.setdefault(corners.tobytes(), Bbox(corners))
        return same

    def _clip_path(self, path: Path | None, transform: Transform | None) -> TransformedPath | None:
        if path is None or transform is None:
            return None
        scaled = self._scaled(transform)
        key = (np.asarray(path.vertices).tobytes(), scaled.get_matrix().tobytes())
        same: TransformedPath = self._clips.setdefault(key, TransformedPath(path, scaled))
        return same

    def _anchored(self, text: Text) -> Text:
        """Copy a text with the place at which it was drawn: SVG asks it for its anchor."""
        at = self._scale.transform(text.get_transform().transform(text.get_unitless_position()))
        kept = copy.copy(text)
        kept.set_transform(IdentityTransform())
        kept.set_position(tuple(at))
        return kept


class _Canvas(FigureCanvasAgg):
    """A canvas that remembers what is drawn on it."""

    recorder: Recorder

    def print_png(self, filename_or_obj: object, **_: object) -> None:
        """Draw the figure as for a PNG; nothing is written."""
        width, height = self.get_width_height(physical=True)
        self.recorder = Recorder(RendererAgg(width, height, self.figure.dpi))  # type: ignore[no-untyped-call]
        self.figure.draw(self.recorder)


def _png(pixels: NDArray[np.uint8], dpi: float) -> bytes:
    """Write a PNG of rows x columns x colors.

    Pillow compares five filters for every row, which takes as long as all the rest and makes lines and flat areas no
    smaller; here no row is filtered.
    """
    height, width, _ = pixels.shape
    rows = np.zeros((height, 1 + 3 * width), dtype=np.uint8)
    rows[:, 1:] = pixels.reshape(height, -1)
    resolution = round(dpi / 0.0254)  # to the meter
    chunks = (
        (b"IHDR", struct.pack(">2I5B", width, height, 8, 2, 0, 0, 0)),
        (b"pHYs", struct.pack(">2IB", resolution, resolution, 1)),
        (b"IDAT", zlib.compress(rows.tobytes(), 1)),
        (b"IEND", b""),
    )
    framed = (
        struct.pack(">I", len(c)) + kind + c + struct.pack(">I", zlib.crc32(kind + c)) for kind, c in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(framed)


class Picture(Figure):
    """What was drawn of a figure, to be saved in any format.

    Parameters
    ----------
    figure
        What was drawn.
    recorder
        What drew it.
    """

    def __init__(self, figure: Figure, recorder: Recorder) -> None:
        super().__init__(figsize=tuple(figure.get_size_inches()))
        self._recorder = recorder

    def png(self) -> bytes:
        """Return the PNG without transparency: nothing shines through a page."""
        agg = self._recorder.agg
        return _png(np.asarray(agg.buffer_rgba())[..., :3], agg.dpi)

    def draw(self, renderer: RendererBase) -> None:
        """Repeat every stroke."""
        for method, kept, values, options in self._recorder.strokes:
            call = getattr(renderer, method)
            if kept is None:
                call(*values)
                continue
            gc = renderer.new_gc()
            gc.copy_properties(kept)
            if method == "draw_quad_mesh":
                _draw_cells(renderer, gc, values)
            elif method == "draw_text" and renderer.flipy():
                x, y, *text = values
                call(gc, x, renderer.get_canvas_width_height()[1] - y, *text, **options)
            else:
                call(gc, *values, **options)


def _draw_cells(renderer: RendererBase, gc: GraphicsContextBase, mesh: Sequence[Any]) -> None:
    """Draw the cells of a heat map, all of one color as one path: a path for every cell takes several times as long."""
    transform, n_columns, n_rows, corners, _, _, fills, _, lines = mesh
    ring = (corners[:-1, :-1], corners[:-1, 1:], corners[1:, 1:], corners[1:, :-1], corners[:-1, :-1])
    cells = np.stack([np.asarray(c) for c in ring], axis=2).reshape(n_rows * n_columns, 5, 2)
    codes = [Path.MOVETO, Path.LINETO, Path.LINETO, Path.LINETO, Path.CLOSEPOLY]
    lines = lines if len(lines) else np.zeros((1, 4))
    colors = np.hstack([np.broadcast_to(c, (len(cells), 4)) for c in (fills, lines)])
    width = gc.get_linewidth()
    for color in np.unique(colors, axis=0):
        alike = cells[(colors == color).all(axis=1)]
        fill, line = color[:4], color[4:]
        if not fill[3] and not line[3]:  # what was not measured has no color
            continue
        gc.set_linewidth(width if line[3] else 0.0)
        gc.set_foreground(tuple(line), isRGBA=True)
        path = Path(alike.reshape(-1, 2), np.tile(codes, len(alike)))
        renderer.draw_path(gc, path, transform, tuple(fill) if fill[3] else None)


def draw_once(figure: Figure, dpi: int) -> Picture:
    """Draw a figure.

    Parameters
    ----------
    figure
        Figure.
    dpi
        Resolution of its PNG.

    Returns
    -------
    What was drawn.
    """
    shown, canvas = figure.canvas, _Canvas(figure)
    try:
        canvas.print_figure("", format="png", dpi=dpi)
    finally:
        figure.set_canvas(shown)
    return Picture(figure, canvas.recorder)
