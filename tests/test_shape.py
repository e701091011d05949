"""The shape of the package: few rooms, short modules, short functions, few parameters by position."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import markerkit

PACKAGE = Path(markerkit.__file__).parent
MODULES = [p for p in sorted(PACKAGE.rglob("*.py")) if "reference_sets" not in p.parts]
MAX_ROOMS, MAX_LINES, MAX_BODY, MAX_POSITIONAL = 25, 450, 40, 5
LONG_MODULES: dict[str, str] = {}  # module -> why it stays whole
#: the parts of an experiment have an order of their own: values, samples, proteins, scale, organism, history
MANY_BY_POSITION = {"core/experiment.py": {"__init__"}}
Function = ast.FunctionDef | ast.AsyncFunctionDef


def name_of(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def functions(path: Path) -> list[Function]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [node for node in ast.walk(tree) if isinstance(node, Function)]


def body_lines(function: Function) -> int:
    """Lines of a function from its first statement on, the docstring left out."""
    body = function.body[1:] if ast.get_docstring(function, clean=False) is not None else function.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def positional(function: Function) -> int:
    """Count parameters that may be given by position, `self` and `cls` left out."""
    names = [a.arg for a in (*function.args.posonlyargs, *function.args.args)]
    return len(names) - (names[:1] in (["self"], ["cls"]))


def test_lines_of_a_body_are_counted_by_hand() -> None:
    source = 'def f(self, a, *, b):\n    """One.\n\n    Two.\n    """\n    x = (\n        a\n    )\n\n    return x\n'
    (function,) = ast.parse(source).body
    assert isinstance(function, ast.FunctionDef)
    assert body_lines(function) == 5
    assert positional(function) == 1


def test_few_rooms_at_the_top() -> None:
    no_rooms = {"__pycache__", "reference_sets", "py.typed", "__init__.py", "__main__.py"}
    rooms = [p.name for p in PACKAGE.iterdir() if p.name not in no_rooms]
    assert len(rooms) <= MAX_ROOMS, sorted(rooms)


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_module_and_its_functions_are_short(path: Path) -> None:
    lines = len(path.read_text(encoding="utf-8").splitlines())
    if name_of(path) not in LONG_MODULES:
        assert lines <= MAX_LINES, f"{lines} lines: split the module"
    long = {f.name: body_lines(f) for f in functions(path) if body_lines(f) > MAX_BODY}
    assert not long, "lines of a body, the docstring left out"
    allowed = MANY_BY_POSITION.get(name_of(path), set())
    many = {
        f.name: positional(f)
        for f in functions(path)
        if f.name not in allowed and positional(f) > MAX_POSITIONAL
    }
    assert not many, "parameters that may be given by position: make options keyword-only"
