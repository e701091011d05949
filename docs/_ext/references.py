"""References of docstrings: an object is documented under its public name, but annotated under its module's."""

from __future__ import annotations

import importlib

from sphinx.util.nodes import make_refnode

import markerkit

_PUBLIC = ("markerkit", "markerkit.figures", "markerkit.results")


def _resolve(app, env, node, contnode):
    if node.get("refdomain") != "py":
        return None
    target = node["reftarget"]
    last = target.rpartition(".")[2]
    objects = env.domains["py"].objects
    for module in _PUBLIC:
        name = f"{module}.{last}"
        if name in objects:
            entry = objects[name]
            return make_refnode(app.builder, node["refdoc"], entry.docname, entry.node_id, contnode, name)
    return contnode if _exists(target) else None


def _exists(target: str) -> bool:
    """Say whether the package has it: an internal object is named in docstrings and has no page."""
    for cut in (target, target.rpartition(".")[0], target.rpartition(".")[0].rpartition(".")[0]):
        if not cut.startswith("markerkit"):
            break
        try:
            found = importlib.import_module(cut)
        except ImportError:
            continue
        for part in [p for p in target[len(cut) :].split(".") if p]:
            if not hasattr(found, part):
                return False
            found = getattr(found, part)
        return True
    return target in _internal_names()


def _internal_names() -> set[str]:
    """Names of private results and records that annotations use without their module."""
    if not _NAMES:
        for module in ("core.vocabulary", "core.verdict", "study.formula", "simulation.model", "simulation.examples",
                       "figures._keys", "assessment.result", "stats.linear", "stats.ebayes", "purity.series_results"):  # fmt: skip
            _NAMES.update(vars(importlib.import_module(f"{markerkit.__name__}.{module}")))
    return _NAMES


_NAMES: set[str] = set()


def setup(app):
    app.connect("missing-reference", _resolve)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
