"""What is drawn once is the same in every format as if it were drawn for each."""

from __future__ import annotations

import io
import re

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.patches import Circle, Rectangle
from PIL import Image

from markerkit import figures
from markerkit.figures._record import draw_once


def picture() -> Figure:
    """One of everything that a renderer is asked to draw."""
    figure = figures.new_figure(89, 60)
    ax = figure.add_axes((0.2, 0.2, 0.35, 0.7))
    ax.plot([0, 1, 2], [0.2, 0.9, 0.4], marker="o", linestyle="--", label="line")
    ax.scatter([0.5, 1.5], [0.5, 0.6], s=[9, 36], c=["#0072b2", "#e69f00"], hatch="//", label="points")
    ax.add_patch(Rectangle((0.2, 0.1), 0.5, 0.2, hatch="////", facecolor="#dadada", edgecolor="#a6a6a6"))
    clipped = ax.fill_between([0, 2], [0, 0.3], color="#d55e00", alpha=0.4)
    clipped.set_clip_path(Circle((1, 0.1), 0.3, transform=ax.transData))
    ax.set_xlabel("measured")
    ax.set_ylabel("of samples", rotation=90)
    ax.annotate("here", (1, 0.9), xytext=(8, 8), textcoords="offset points", arrowprops={"arrowstyle": "-"})
    ax.legend(loc="lower right")
    mesh = figure.add_axes((0.65, 0.2, 0.3, 0.3))
    mesh.pcolormesh(np.arange(12.0).reshape(3, 4), rasterized=True)
    mesh.text(2, 1.5, "two\nlines", ha="center", va="center", rotation=30)
    image = figure.add_axes((0.65, 0.6, 0.3, 0.3))
    image.imshow(np.arange(6.0).reshape(2, 3), interpolation="nearest")
    return figure


def alone(figure: Figure, kind: str) -> bytes:
    """Draw for one format, as matplotlib does."""
    buffer = io.BytesIO()
    metadata = {"svg": {"Date": None}, "pdf": {"CreationDate": None, "ModDate": None}, "png": None}[kind]
    figure.savefig(buffer, format=kind, dpi=300, metadata=metadata)
    return buffer.getvalue()


def test_the_pixels_are_those_of_a_drawing_of_its_own():
    with figures.style():
        png = draw_once(picture(), 300).png()
        expected = np.asarray(Image.open(io.BytesIO(alone(picture(), "png"))).convert("RGB"))
    found = Image.open(io.BytesIO(png))
    assert np.array_equal(np.asarray(found), expected)
    assert found.info["dpi"] == pytest.approx((300, 300), abs=0.1)


def test_every_stroke_of_the_svg_is_where_a_drawing_of_its_own_has_it():
    """Texts, marks and lines are the same ones in the same order; places agree to less than the width of a line."""
    with figures.style():
        drawn = draw_once(picture(), 300)
        found, expected = alone(drawn, "svg").decode(), alone(picture(), "svg").decode()
    number = re.compile(r"-?\d+\.\d+|-?\b\d+\b")
    # names of clips and marks are digests, and pictures are data
    plain = [
        re.sub(r'data:image[^"]*|(?<=#)\w{10,}|(?<=id=")\w{10,}|(?<=")image\w+', "", t)
        for t in (found, expected)
    ]
    words = [[line for line in number.sub("0", t).splitlines() if line.strip()] for t in plain]
    assert words[0] == words[1]
    places = [np.array(number.findall(t), dtype=float) for t in plain]
    np.testing.assert_allclose(places[0], places[1], atol=0.35)
    assert ">two<" in found
    assert ">measured<" in found


def test_a_pdf_clips_as_often_as_one_drawn_by_itself():
    with figures.style():
        drawn = draw_once(picture(), 300)
        sizes = [len(alone(f, "pdf")) for f in (drawn, picture())]
    assert sizes[0] == pytest.approx(sizes[1], rel=0.05)


def test_the_figure_keeps_its_canvas_and_resolution():
    figure = picture()
    canvas, dpi, color = figure.canvas, figure.dpi, figure.get_facecolor()
    with figures.style():
        draw_once(figure, 300)
    assert (figure.canvas, figure.dpi, figure.get_facecolor()) == (canvas, dpi, color)


@pytest.mark.parametrize("line", [None, "#d9d9d9"])
def test_the_cells_of_a_heat_map_are_drawn_color_by_color(line):
    """As many cells of each color as the mesh has, none where nothing was measured, and as many paths as colors."""
    values = np.ma.masked_invalid([[0.0, 1.0, np.nan], [1.0, 0.0, 2.0]])
    figure = figures.new_figure(60, 40)
    mesh = figure.add_axes((0, 0, 1, 1)).pcolormesh(values, edgecolors=line, linewidth=0.5 if line else 0)
    with figures.style():
        svg = alone(draw_once(figure, 300), "svg").decode()
    group = svg[svg.index('<g id="QuadMesh_1">') :]
    paths = re.findall(r'<path d="([^"]*)"[^>]*style="([^"]*)"', group[: group.index("</g>")])
    fills = [re.search(r"fill: (#\w+|none)", style).group(1) for _, style in paths]
    drawn = {fill: shape.count("M ") for fill, (shape, _) in zip(fills, paths, strict=True)}
    faces = [tuple(np.round(255 * c[:3]).astype(int)) for c in mesh.get_facecolor().reshape(-1, 4)]
    hexes = [
        "#{:02x}{:02x}{:02x}".format(*c) for c, seen in zip(faces, ~values.mask.ravel(), strict=True) if seen
    ]
    measured = {color: hexes.count(color) for color in set(hexes)}
    assert {k: v for k, v in drawn.items() if k != "none"} == measured
    assert ("stroke: #d9d9d9" in svg) == (line is not None)
