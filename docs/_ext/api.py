"""One page for every public name, and their list by task."""

from __future__ import annotations

import inspect

import gallery

import markerkit
from markerkit import figures, results

#: task -> names of `markerkit.__all__`; a name that is in none fails the build
GROUPS = {
    "Read": ("read_proteins", "read_peptides", "concat", "Experiment", "PeptideTable", "load_example", "simulate", "simulate_fractions"),
    "Markers and identifiers": ("load_markers", "read_markers", "MarkerCatalog", "MarkerSet", "harmonize_ids", "coverage", "membership", "add_ev_frequency"),
    "Assess": ("assess", "assess_identity", "assess_purity", "compare", "Contrast", "contrasts", "misev_checklist"),
    "Prepare the values": ("log2", "filter_detected", "normalize", "collapse_replicates", "impute", "rollup"),
    "Test and score": ("differential_abundance", "detection_test", "enrich", "running_score", "score_samples", "null_check", "detectable_effect"),
    "Samples, tubes and series": (
        "quality", "composition", "amounts", "fraction_profiles", "rank_preparations", "bovine_peptides", "caspase_ends",
    ),
    "Larger than memory": ("open_cohort", "summarize_cohort"),
    "Errors": ("InputError", "MarkerkitWarning"),
}  # fmt: skip
_LATER = "Other names"  # public names that no group has yet


def pages() -> dict[str, str]:
    """Pages by file name."""
    found: dict[str, str] = {}
    for name in _public():
        found[f"markerkit.{name}.rst"] = _page("markerkit", name, getattr(markerkit, name))
    for name in _objects(figures):
        found[f"markerkit.figures.{name}.rst"] = _page("markerkit.figures", name, getattr(figures, name))
    found["datasets.rst"] = _datasets()
    found["results.rst"] = _results()
    found["index.md"] = _index()
    return found


def _public() -> list[str]:
    return [
        n for n in markerkit.__all__ if not n.startswith("__") and not inspect.ismodule(getattr(markerkit, n))
    ]


def _objects(module) -> list[str]:
    return [n for n in module.__all__ if callable(getattr(module, n))]


def _page(module: str, name: str, found: object) -> str:
    title = f"{module}.{name}"
    kind = "autoclass" if inspect.isclass(found) else "autofunction"
    if inspect.isclass(found) and issubclass(found, Exception):
        kind = "autoexception"
    options = "   :no-members:\n" if kind == "autoexception" else ""
    text = f"{title}\n{'=' * len(title)}\n\n.. currentmodule:: {module}\n\n.. {kind}:: {name}\n{options}"
    if module == "markerkit.figures" and name in gallery.names():
        text += f"\n.. minigallery:: {title}\n   :add-heading: Examples\n   :heading-level: -\n"
    return text


def _summary(found: object) -> str:
    return (inspect.getdoc(found) or "").partition("\n\n")[0].replace("\n", " ").replace("``", "`")


def _rows(module, names, prefix: str) -> str:
    return "\n".join(
        f"| [`{n}`](markerkit{prefix}.{n}.rst) | {_summary(getattr(module, n))} |" for n in names
    )


def _index() -> str:
    named = [n for names in GROUPS.values() for n in names]
    gone = sorted(set(named) - set(_public()))
    if gone:
        raise ValueError(f"docs/_ext/api.py lists {gone}, which markerkit does not have")
    groups = GROUPS | {_LATER: tuple(n for n in _public() if n not in named)}
    text = "# API reference\n\n`import markerkit as mk`; every name below is `mk.<name>`.\n"
    for task, names in groups.items():
        if names:
            text += f"\n## {task}\n\n| | |\n|---|---|\n{_rows(markerkit, names, '')}\n"
    text += f"\n## Figures\n\n`mk.figures.<name>`; the [gallery](../gallery/index.rst) shows them.\n\n| | |\n|---|---|\n{_rows(figures, _objects(figures), '.figures')}\n"
    text += "\n## Results\n\nEvery result has `.table`, `.plot()` and `.save(path)`: [kinds of results](results.rst).\n"
    text += "\n## Public data\n\n`mk.datasets` downloads public data sets, checks and keeps them: [its functions](datasets.rst).\n"
    listing = "\n".join(f"{name.removeprefix('markerkit.')} <{name}>" for name in sorted(_names()))
    return text + f"\n```{{toctree}}\n:hidden:\n\n{listing}\nresults\ndatasets\n```\n"


def _names() -> list[str]:
    return [f"markerkit.{n}" for n in _public()] + [f"markerkit.figures.{n}" for n in _objects(figures)]


def _datasets() -> str:
    title = "markerkit.datasets"
    return f"{title}\n{'=' * len(title)}\n\n.. automodule:: markerkit.io.datasets\n"


def _results() -> str:
    kinds = [
        n for n, v in vars(results).items()
        if inspect.isclass(v) and issubclass(v, results.Result) and v is not results.Result
    ]  # fmt: skip
    title = "markerkit.results"
    text = f"{title}\n{'=' * len(title)}\n\n.. currentmodule:: markerkit.results\n\n.. autoclass:: Result\n\n"
    text += "Kinds of results\n----------------\n\n"
    return text + "\n".join(f".. autoclass:: {n}\n   :no-inherited-members:\n" for n in kinds)
