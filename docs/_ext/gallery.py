"""The examples of the gallery: one for every figure, written by hand in docs/examples or made from the registry."""

from __future__ import annotations

import inspect
from pathlib import Path

from markerkit import figures
from markerkit.figures._dispatch import FIGURES, OF_STUDY, PLOTS

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
_NO_FIGURE_OF_THEIR_OWN = {"new_figure", "plot"}
_DEFAULT = '''"""
{title}
{line}

{summary}
"""

import markerkit as mk

exp = mk.load_example()
ev = mk.Contrast("fraction", "EV", "lysate", paired_by="donor", comparator="lysate")
result = mk.assess(exp, ev)
mk.figures.{name}(result.tables["{table}"])
'''


def names() -> list[str]:
    """Every figure: those of the registry, and every public function that gives axes or a figure."""
    found = {
        name for name in figures.__all__
        if inspect.isfunction(getattr(figures, name))
        and inspect.signature(getattr(figures, name)).return_annotation in {"Axes", "Figure", "Axes | Figure"}
    }  # fmt: skip
    registered = [*OF_STUDY, *FIGURES, *(draw.__name__ for draw in PLOTS.values())]
    return sorted((found | set(registered)) - _NO_FIGURE_OF_THEIR_OWN)


def script(name: str) -> str:
    """Text of the example of a figure."""
    path = EXAMPLES / f"plot_{name}.py"
    if path.is_file():
        return path.read_text(encoding="utf-8")
    known = {**OF_STUDY, **FIGURES}
    by_figure = {draw.__name__: table for table, draw in PLOTS.items()}
    table = by_figure.get(name) or (known[name].needs[0] if name in known else None)
    if table is None:
        raise ValueError(
            f"the figure {name!r} is in no registry; write its example, docs/examples/plot_{name}.py"
        )
    title = known[name].title if name in known else name.replace("_", " ").capitalize()
    summary = (inspect.getdoc(getattr(figures, name)) or "").partition("\n\n")[0]
    return _DEFAULT.format(title=title, line="=" * len(title), summary=summary, name=name, table=table)


def scripts() -> dict[str, str]:
    """Files of the gallery."""
    stale = {p.stem.removeprefix("plot_") for p in EXAMPLES.glob("plot_*.py")} - set(names())
    if stale:
        raise ValueError(f"docs/examples has examples of {sorted(stale)}, which are no figures")
    found = {f"plot_{name}.py": script(name) for name in names()}
    found["GALLERY_HEADER.rst"] = (EXAMPLES / "GALLERY_HEADER.rst").read_text(encoding="utf-8")
    return found


def scraper(block, block_vars, gallery_conf):
    """Save the figures of a block for sphinx-gallery; those that pyplot does not know are the block's last value."""
    import matplotlib.pyplot as plt
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from sphinx_gallery.scrapers import figure_rst

    last = block_vars["example_globals"].get("___")
    block_vars["example_globals"]["___"] = None  # the next block may have no value of its own
    last = last.get_figure() if isinstance(last, Axes) else last
    drawn = [plt.figure(number) for number in plt.get_fignums()]
    if isinstance(last, Figure) and last not in drawn:
        drawn.append(last)
    paths = []
    for figure, path in zip(drawn, block_vars["image_path_iterator"], strict=False):
        figure.savefig(path, dpi=200, facecolor="white")
        paths.append(path)
    plt.close("all")
    return figure_rst(paths, gallery_conf["src_dir"])
