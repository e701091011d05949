"""Imports run one way, and `import markerkit` stays light."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

import markerkit
from tests.helpers import python

PACKAGE = Path(markerkit.__file__).parent
LAYERS = (
    ("core", "tables", "stats"),
    ("io", "results"),
    ("catalog", "ids", "study", "preprocess"),
    ("figures", "simulation"),
    ("da",),
    ("effects",),
    ("sets",),
    ("purity",),
    ("identity", "qc"),
    ("checks", "guidelines"),
    ("assessment",),
    ("report",),
    ("cohort",),
    ("app",),
    ("cli",),
    ("__main__",),
)
LEVEL = {name: level for level, names in enumerate(LAYERS) for name in names}
LATE = {("results", "figures"), ("assessment", "report")}  # Result.plot, Assessment.report
HEAVY = (
    "scipy",
    "statsmodels",
    "matplotlib",
    "seaborn",
    "gseapy",
    "formulaic",
    "jinja2",
    "shiny",
    "openpyxl",
    "xlsxwriter",
    "pooch",
    "dask",
    "distributed",
    "zarr",
    "h5py",
)


def unit(path: Path) -> str:
    """Name of a module, or of the folder that holds it."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def modules() -> list[Path]:
    return [
        p
        for p in sorted(PACKAGE.rglob("*.py"))
        if p != PACKAGE / "__init__.py" and "reference_sets" not in p.parts
    ]


def for_types_only(tree: ast.Module) -> set[ast.AST]:
    """Nodes under ``if TYPE_CHECKING:``."""
    blocks = [n for n in ast.walk(tree) if isinstance(n, ast.If) and "TYPE_CHECKING" in ast.unparse(n.test)]
    return {node for block in blocks for child in block.body for node in ast.walk(child)}


@cache
def imports(path: Path) -> list[tuple[str, bool]]:
    """Units of the package that a module imports, and whether the import is late (inside a function)."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    skipped = for_types_only(tree)
    functions = [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]
    inside = {node for function in functions for node in ast.walk(function)}
    found: list[tuple[str, bool]] = []
    for node in ast.walk(tree):
        if node in skipped:
            continue
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [a.name for a in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name}: relative import"
            names = (
                [f"{node.module}.{a.name}" for a in node.names]
                if node.module == "markerkit"
                else [node.module or ""]
            )
        found += [(n.split(".")[1], node in inside) for n in names if n.startswith("markerkit.")]
    return [(name, late) for name, late in found if name != "__version__"]


def test_every_module_has_a_layer() -> None:
    assert {unit(p) for p in modules()} <= set(LEVEL)


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_run_one_way(path: Path) -> None:
    mine = unit(path)
    for other, late in imports(path):
        if late and (mine, other) in LATE:
            continue
        assert LEVEL[other] <= LEVEL[mine], f"{mine} imports {other}, which lies above it"


def test_no_circles() -> None:
    edges = {
        (unit(p), other) for p in modules() for other, late in imports(p) if other != unit(p) and not late
    }
    left = {name for edge in edges for name in edge}
    while left:
        free = {n for n in left if not any(a == n and b in left for a, b in edges)}
        assert free, f"modules that import each other: {sorted(left)}"
        left -= free


def test_kernels_know_arrays_only() -> None:
    used = {other for p in (PACKAGE / "stats").rglob("*.py") for other, _ in imports(p)}
    assert used <= {"_checks", "stats"}


def test_import_is_light() -> None:
    done = python(
        f"import sys, markerkit; print(sorted(set({HEAVY}) & {{name.split('.')[0] for name in sys.modules}}))"
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"


def test_public_names_resolve() -> None:
    assert set(markerkit.__all__) <= set(dir(markerkit))
    for name in markerkit.__all__:
        assert getattr(markerkit, name) is not None


def test_no_verb_is_hidden_by_a_module() -> None:
    """The import system binds a submodule on the package: a verb of the same name would be lost."""
    verbs = set(markerkit.__all__) - {"figures", "results"}
    assert not verbs & {unit(p) for p in modules()}


def test_verbs_are_callable_in_any_order() -> None:
    done = python("import markerkit as mk; mk.load_example; print(callable(mk.simulate))")
    assert done.stdout.strip() == "True", done.stderr
