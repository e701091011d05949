"""Text as it will print: cleaned, measured, cut and wrapped."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from contextlib import nullcontext
from functools import lru_cache

import numpy as np
from matplotlib import font_manager, rc_context, rcParams
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.font_manager import FontProperties

from markerkit.figures._style import POINT, fonts

_DPI = 150
_LONGEST = 300
SMALLEST = 5.0
_ELLIPSIS = "…"
_BOX = "\u25a1"
_PARTS = re.compile(r".+?(?:[_./-]+ ?|(?<=[a-z])(?=[A-Z])|$)")


@lru_cache(maxsize=1)
def _renderer() -> RendererAgg:
    return RendererAgg(8, 8, _DPI)  # type: ignore[no-untyped-call]


@lru_cache(maxsize=1)
def _glyphs() -> frozenset[int]:
    """Return the code points that the fonts of the style can draw."""
    files = [font_manager.findfont(FontProperties(family=[name])) for name in fonts()]
    return frozenset(code for file in files for code in font_manager.get_font(file).get_charmap())


@lru_cache(maxsize=4096)
def clean(value: object) -> str:
    r"""Make a name fit to be drawn on one line.

    Line breaks become spaces; control and direction marks and stacked accents
    go; what no font can draw becomes a box; what is missing becomes nothing.

    >>> clean("a\nb"), clean(float("nan"))
    ('a b', '')
    """
    if value is None or (isinstance(value, float) and np.isnan(value)):
        return ""
    text = str(value)
    if len(text) > _LONGEST:
        text = text[: _LONGEST - 1] + _ELLIPSIS
    text = unicodedata.normalize("NFC", " ".join(text.split()))
    kept = [c for c in text if unicodedata.category(c) not in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}]
    kept = [c for c in kept if not "\u0300" <= c <= "\u036f"]
    return "".join(c if ord(c) in _glyphs() else _BOX for c in kept)


@lru_cache(maxsize=16384)
def text_width(text: str, size: float, weight: str = "normal") -> float:
    """Width in mm of a line of text at so many points."""
    if not text:
        return 0.0
    font = FontProperties(family=fonts(), size=size, weight=weight)
    size_of = _renderer().get_text_width_height_descent
    # entering a context copies every setting, which costs more than the measure; most calls are in the print style
    in_style = rcParams["text.hinting"] == "no_hinting"
    with nullcontext() if in_style else rc_context({"text.hinting": "no_hinting"}):
        pixels, _, _ = size_of(text, font, ismath=False)  # type: ignore[no-untyped-call]
    return float(pixels) * 72 / _DPI * POINT


def widest(texts: Iterable[str], size: float, weight: str = "normal") -> float:
    """Width in mm of the widest of some lines."""
    return max((text_width(t, size, weight) for t in texts), default=0.0)


def ellipsize(value: object, width: float, size: float, weight: str = "normal") -> str:
    """Cut a name to a width in mm; an ellipsis says that it was cut."""
    text = clean(value)
    if text_width(text, size, weight) <= width:
        return text
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if text_width(text[:middle].rstrip() + _ELLIPSIS, size, weight) <= width:
            low = middle
        else:
            high = middle - 1
    return text[:low].rstrip() + _ELLIPSIS


def shorten(value: object, width: float, size: float) -> str:
    """Cut a name to a width in mm from its middle, where names that begin alike differ at the end."""
    text = clean(value)
    if text_width(text, size) <= width:
        return text
    found, low, high = "", 2, len(text) - 1
    while low <= high:
        kept = (low + high) // 2
        tried = f"{text[: (kept + 1) // 2].rstrip()}{_ELLIPSIS}{text[len(text) - kept // 2 :].lstrip()}"
        if text_width(tried, size) <= width:
            found, low = tried, kept + 1
        else:
            high = kept - 1
    return found or ellipsize(text, width, size)


def shrink(value: object, width: float, size: float, weight: str = "normal") -> tuple[str, float]:
    """Set a name smaller, down to 5 points, so that it fits a width in mm; cut it only where that is not enough."""
    text = clean(value)
    needed = text_width(text, size, weight)
    if needed > width:
        # a hair less: widths do not scale quite with the size
        size = max(SMALLEST, 0.995 * size * width / needed)
    return ellipsize(text, width, size, weight), size


def wrap(value: object, width: float, size: float, *, lines: int = 3, weight: str = "normal") -> list[str]:
    """Break a text into at most so many lines of a width in mm; the last is cut where it must be.

    A name too wide for a line is broken behind ``_ - . /`` and before a capital.
    """
    found: list[str] = []
    line, used = "", 0.0
    pieces = _pieces(clean(value), width, size, weight)
    for i, piece in enumerate(pieces):
        # piece by piece: the same ones are measured again and again, and growing lines never are
        own = text_width(piece.rstrip(), size, weight)
        if used + own <= width:
            line, used = line + piece, used + text_width(piece, size, weight)
        elif len(found) == lines - 1:
            return [*found, ellipsize("".join([line, *pieces[i:]]).strip(), width, size, weight)]
        else:
            if line:
                found.append(line.rstrip())
            cut = ellipsize(piece, width, size, weight)
            line = piece if own <= width else cut
            used = text_width(line, size, weight)
    return [*found, line.rstrip()] if line else found or [""]


def _pieces(text: str, width: float, size: float, weight: str) -> list[str]:
    """Words with the space behind them, and the parts of those that are too wide for a line."""
    words = re.findall(r"\S+(?: %)? ?", text)  # no line begins with a percent sign
    wide = [text_width(w.rstrip(), size, weight) > width for w in words]
    return [p for w, broken in zip(words, wide, strict=True) for p in (_PARTS.findall(w) if broken else [w])]
