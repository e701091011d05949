"""Colors, markers and names: one look per class, source and verdict in every figure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextvars import ContextVar
from typing import Final, NamedTuple

from matplotlib.colors import Colormap, LinearSegmentedColormap, is_color_like, to_hex, to_rgb

from markerkit.core.errors import InputError, listed

INK: Final = "#1a1a1a"
SECONDARY: Final = "#595959"
RULE: Final = "#8c8c8c"
FAINT: Final = "#d0d0d0"
ZONE: Final = "#efefef"
PAPER: Final = "#ffffff"

OKABE_ITO: Final[dict[str, str]] = {
    "black": "#000000",
    "orange": "#e69f00",
    "sky blue": "#56b4e9",
    "bluish green": "#009e73",
    "yellow": "#f0e442",
    "blue": "#0072b2",
    "vermillion": "#d55e00",
    "reddish purple": "#cc79a7",
}


class Look(NamedTuple):
    """How a class or a source is drawn: its name in print, color, marker and hatch."""

    title: str
    color: str
    marker: str = "o"
    hatch: str = ""


CLASSES: Final[dict[str, Look]] = {
    "ev": Look("EV material", OKABE_ITO["blue"], "o"),
    "exosome": Look("Exosome", OKABE_ITO["sky blue"], "s"),
    "microvesicle": Look("Microvesicle", OKABE_ITO["bluish green"], "^"),
    "apoptotic_body": Look("Apoptotic body", OKABE_ITO["vermillion"], "D"),
    "apoptotic_exosome": Look("Apoptotic exosome", OKABE_ITO["reddish purple"], "P"),
    "apoptotic_ev": Look("Apoptotic EV", OKABE_ITO["orange"], "X"),
}

# Four families of one hue each, distinguished within by lightness, marker and hatch.
_BLOOD, _CELLS, _HANDLING, _CELL = "#6a3d7c", "#8c5a2b", "#7a7a7a", "#2f5d7c"
FAMILIES: Final[dict[str, tuple[str, ...]]] = {
    "Blood proteins": ("plasma", "lipoprotein", "immunoglobulin", "coagulation"),
    "Blood cells": ("platelet", "erythrocyte", "leukocyte"),
    "Fluid, medium and handling": ("urine", "bovine_serum", "keratin"),
    "Cell interior": ("er_golgi", "mitochondrion", "nucleus", "ribosome", "proteasome"),
    "Particles": ("nonvesicular",),
}


def tint(color: str, share: float) -> str:
    """Mix a color with white; `share` of white from 0 to 1.

    >>> tint("#000000", 0.5)
    '#808080'
    """
    mixed = [round(255 * (c + (1 - c) * share)) for c in to_rgb(color)]
    return "#" + "".join(f"{c:02x}" for c in mixed)


SOURCES: Final[dict[str, Look]] = {
    "plasma": Look("Plasma proteins", _BLOOD, "o"),
    "lipoprotein": Look("Lipoproteins", tint(_BLOOD, 0.30), "s", "////"),
    "immunoglobulin": Look("Immunoglobulins", tint(_BLOOD, 0.50), "^", "...."),
    "coagulation": Look("Coagulation factors", tint(_BLOOD, 0.70), "D", "xxxx"),
    "platelet": Look("Platelets", _CELLS, "o"),
    "erythrocyte": Look("Erythrocytes", tint(_CELLS, 0.35), "s", "////"),
    "leukocyte": Look("Leukocytes", tint(_CELLS, 0.65), "^", "...."),
    "urine": Look("Urinary proteins", _HANDLING, "o"),
    "bovine_serum": Look("Bovine serum", tint(_HANDLING, 0.30), "s", "////"),
    "keratin": Look("Keratin and skin", tint(_HANDLING, 0.60), "^", "...."),
    "er_golgi": Look("ER and Golgi", _CELL, "o"),
    "mitochondrion": Look("Mitochondria", tint(_CELL, 0.25), "s", "////"),
    "nucleus": Look("Nucleus", tint(_CELL, 0.45), "^", "...."),
    "ribosome": Look("Ribosomes", tint(_CELL, 0.60), "D", "xxxx"),
    "proteasome": Look("Proteasome", tint(_CELL, 0.75), "P", "\\\\\\\\"),
    "nonvesicular": Look("Non-vesicular particles", "#3d3d3d", "o"),
}


class Meaning(NamedTuple):
    """What the markers of several sets say together, and the color of it."""

    color: str
    sets: tuple[str, ...]


#: meanings that a figure of single proteins tells apart: vesicles, and what vesicles should hold little of
MEANINGS: Final[dict[str, Meaning]] = {
    "EV markers": Meaning(OKABE_ITO["blue"], ("ev", "exosome", "microvesicle")),
    "Blood, medium and skin": Meaning(
        OKABE_ITO["vermillion"],
        ("plasma", "lipoprotein", "immunoglobulin", "coagulation", "erythrocyte", "bovine_serum", "keratin"),
    ),
    "ER and mitochondria": Meaning(OKABE_ITO["orange"], ("er_golgi", "mitochondrion")),
}

#: set -> class whose color it takes
_CLASS_OF_SET: Final[dict[str, str]] = {
    "pan_ev": "ev",
    "misev_1a": "ev",
    "misev_1b": "ev",
    "misev_2a": "ev",
    "misev_2b": "ev",
    "apoptotic_microvesicle": "apoptotic_ev",
}
_UNKNOWN: Final = SECONDARY


def is_general(key: str) -> bool:
    """Whether a set holds markers of EV in general, not of one class."""
    return key == "ev" or _CLASS_OF_SET.get(key) == "ev"


class Colors:
    """Colors that the caller asks for, and the names that were drawn with or without one.

    Parameters
    ----------
    given
        A mapping of groups, classes or sources to colors, or what ``seaborn.color_palette`` takes.

    Raises
    ------
    InputError
        A color, or the name of the palette, is unknown.
    """

    def __init__(self, given: Mapping[str, str] | Sequence[str] | str) -> None:
        self._given = given
        self._asked: set[str] = set()
        if isinstance(given, Mapping):
            wrong = [c for c in given.values() if not is_color_like(c)]
            if wrong:
                raise InputError(
                    f"`palette` has {listed(wrong)}, which is no color; write '#d55e00' or 'tomato'."
                )
        else:
            self._series(1)

    def _series(self, n: int) -> list[str]:
        from seaborn import color_palette  # late: `import markerkit.figures` stays quick

        try:
            return [to_hex(c) for c in color_palette(self._given, max(n, 1))]
        except (ValueError, TypeError) as error:
            message = (
                f"`palette` is {self._given!r}, which seaborn does not know ({error}); give a mapping of groups, "
                "classes or sources to colors, or a name such as 'colorblind', 'deep' or 'viridis'."
            )
            raise InputError(message) from error

    def of(self, name: str, title: str, among: Sequence[str]) -> str | None:
        """Return the color of one name among those of its kind; None where the caller gives none."""
        self._asked |= {name, title}
        if not isinstance(self._given, Mapping):
            return self._series(len(among))[list(among).index(name)] if name in among else None
        found = self._given.get(name, self._given.get(title))
        return None if found is None else to_hex(found)

    def check(self) -> None:
        """Refuse a mapping none of whose names were drawn."""
        if isinstance(self._given, Mapping) and self._asked and not self._asked & set(self._given):
            message = (
                f"`palette` has colors for {listed(self._given)}, of which this figure shows nothing; "
                f"it shows {listed(sorted(self._asked - {''}))}."
            )
            raise InputError(message)


#: set by :func:`markerkit.figures._options.drawing`
COLORS: ContextVar[Colors | None] = ContextVar("COLORS", default=None)


def look(key: str) -> Look:
    """Return the look of a class, a source or a set, in the caller's color; unknown keys are grey under their own name."""
    known, asked = _own_look(key), COLORS.get()
    among = next((list(kind) for kind in (CLASSES, SOURCES, MEANINGS) if key in kind), [])
    color = asked.of(key, known.title, among) if asked else None
    return known if color is None else known._replace(color=color)


def _own_look(key: str) -> Look:
    if key in CLASSES:
        return CLASSES[key]
    if key in SOURCES:
        return SOURCES[key]
    if key in MEANINGS:
        return Look(key, MEANINGS[key].color)
    if key in _CLASS_OF_SET:
        return CLASSES[_CLASS_OF_SET[key]]._replace(title=_set_title(key))
    return Look(_set_title(key), _UNKNOWN, "o")


_SETS: Final[dict[str, str]] = {
    "pan_ev": "Pan-EV",
    "small_ev": "Small against large EV",
    "large_ev": "Large against small EV",
    "apoptotic_microvesicle": "Apoptotic microvesicle",
    "exomere_supermere": "Exomeres and supermeres",
    "plasma_soluble": "Soluble plasma proteins",
    "serum_vs_plasma": "Serum against plasma",
    "lysosome": "Lysosome",
    "rnp": "RNP complexes",
    "csf": "Cerebrospinal fluid",
    "milk": "Milk",
    "saliva": "Saliva",
    "migrasome": "Migrasome",
    "mitovesicle": "Mitovesicle",
    "origin_endothelial": "From endothelium",
    "origin_epithelial": "From epithelium",
    "origin_erythrocyte": "From erythrocytes",
    "origin_leukocyte": "From leukocytes",
    "origin_mesenchymal": "From mesenchymal cells",
    "origin_neural": "From neurons",
    "origin_platelet": "From platelets",
    "surface_panel": "Bead assay surface panel",
    "mod_er_membrane": "ER membrane",
    "mod_s1p_signalling": "S1P signaling",
}
_SPELLED: Final = {w.lower(): w for w in ("ESCRT", "MHC", "II", "S1P", "DAMP", "19S", "20S", "EV", "RNP")} | {
    "gprotein": "G-protein"
}


def _set_title(key: str) -> str:
    """Name the modules and the MISEV categories of the catalog; other sets keep their id."""
    if key in _SETS:
        return _SETS[key]
    kind, _, rest = key.partition("_")
    if kind == "misev" and rest:
        return f"MISEV2018 {rest}"
    if kind == "mod" and rest:
        parts = [_SPELLED.get(w, w) for w in rest.split("_")]
        return " ".join([parts[0][:1].upper() + parts[0][1:], *parts[1:]])
    return key


def title(key: str) -> str:
    """Return the printed name of a class or a source; other keys are their own name.

    >>> title("er_golgi"), title("mod_proteasome_20s"), title("my_set")
    ('ER and Golgi', 'Proteasome 20S', 'my_set')
    """
    return _own_look(key).title


def family(key: str) -> str:
    """Return the heading a key stands under."""
    if key in CLASSES:
        return "Vesicle classes"
    if key.startswith("misev_"):
        return "MISEV categories"
    if key.startswith("mod_"):
        return "Complexes and pathways"
    return next((name for name, keys in FAMILIES.items() if key in keys), "Other sets")


def in_order(keys: Iterable[str]) -> list[str]:
    """Sort keys: classes, sources by family, then the rest as they came, once each.

    >>> in_order(["plasma", "x", "exosome", "ev"])
    ['ev', 'exosome', 'plasma', 'x']
    """
    given = list(dict.fromkeys(keys))
    known = [*CLASSES, *(k for keys_ in FAMILIES.values() for k in keys_)]
    categories = sorted(k for k in given if k.startswith("misev_"))
    modules = [k for k in given if k.startswith("mod_")]
    rest = [k for k in given if k not in {*known, *categories, *modules}]
    return [k for k in known if k in given] + rest + categories + modules


class GroupLook(NamedTuple):
    """How a group of samples is drawn."""

    color: str
    marker: str


#: dark and light in turn, so that neighbors differ in grey as well
_GROUP_COLORS: Final = tuple(
    OKABE_ITO[c]
    for c in ("blue", "orange", "reddish purple", "bluish green", "vermillion", "sky blue", "black")
)
#: no two of 12 groups have one shape; those that are alike when small (o, p and h) are not alike in grey
_GROUP_MARKERS: Final = "os^DvPpXh<>d"


def group_looks(groups: Sequence[str]) -> dict[str, GroupLook]:
    """Return a color, the caller's where one is given, and a shape for every group; 84 differ in one or both.

    >>> [shown.marker for shown in group_looks(["EV", "Cell", "EV"]).values()]
    ['o', 's']
    """
    named = list(dict.fromkeys(groups))
    own = group_colors(named, "")
    return {
        g: GroupLook(own[g] or _GROUP_COLORS[i % len(_GROUP_COLORS)], _GROUP_MARKERS[i % len(_GROUP_MARKERS)])
        for i, g in enumerate(named)
    }


def group_colors(groups: Sequence[str], plain: str) -> dict[str, str]:
    """Return the color that the caller gives every group, and a plain one for the others."""
    named, asked = list(dict.fromkeys(groups)), COLORS.get()
    return {g: (asked.of(g, g, named) if asked else None) or plain for g in named}


class Chip(NamedTuple):
    """How a verdict or an answer is drawn, in grey as in color: face, edge, line style, text."""

    face: str
    edge: str
    line: str
    text: str


_SOLID = Chip(INK, INK, "-", PAPER)
_HALF = Chip("#cfcfcf", "#cfcfcf", "-", INK)
_OPEN = Chip(PAPER, INK, "-", INK)
_PLAIN = Chip(PAPER, FAINT, "-", SECONDARY)
_DASHED = Chip(PAPER, RULE, "--", SECONDARY)
CHIPS: Final[dict[str, Chip]] = {
    "compatible": _SOLID,
    "unresolved": _HALF,
    "not compatible": _OPEN,
    "not assessable": _DASHED,
    "higher": _SOLID,
    "similar": _PLAIN,
    "lower": _OPEN,
    "met": _SOLID,
    "not met": _OPEN,
    "measured": _HALF,
    "needs metadata": _HALF,
    "not derivable": _DASHED,
}

#: fill of a marker by verdict: full, half or empty
FILLS: Final[dict[str, str]] = {
    "compatible": "full",
    "higher": "full",
    "unresolved": "left",
    "not compatible": "none",
    "similar": "none",
    "lower": "none",
    "not assessable": "none",
}

#: from below to above a middle, blue to yellow: lighter without a turn, so that the sign stays in grey
DIVERGING: Final[Colormap] = LinearSegmentedColormap.from_list(
    "markerkit_diverging",
    ["#0b2a5e", "#1f55a0", "#557fb0", "#96958f", "#cfaa4e", "#f3cf4c", "#fff3b0"],
)

#: from little to much, darker without a turn: the order stays in grey
SEQUENTIAL: Final[Colormap] = LinearSegmentedColormap.from_list(
    "markerkit_sequential",
    ["#f7f7f7", "#a6cee3", "#2f7ebc", "#08306b"],
)

ALL_COLORS: Final[frozenset[str]] = frozenset(
    [INK, SECONDARY, RULE, FAINT, ZONE, PAPER, _BLOOD, _CELLS, _HANDLING, _CELL, *OKABE_ITO.values()]
)
