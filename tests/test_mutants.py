"""The mutation run: the changes that it makes and leaves out, and that it tells the noticed from the unnoticed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers import ROOT

PROJECT = """\
[tool.pytest.ini_options]
addopts = ["--import-mode=importlib"]
filterwarnings = ["error"]
pythonpath = ["."]
"""
TOY = '''\
"""A toy."""

LIMIT = 3


def within(x: int) -> bool:
    return x < LIMIT


def positive(x: int) -> int:
    return x if x > 0 else 0


def half(x: int) -> int:
    n = 0
    while x > 1:
        x, n = x - 2, n + 1
    return n


def unseen(x: int) -> int:
    return x + 1
'''
TESTS = """\
from toy import half, positive, within

ran = []


def test_within() -> None:
    assert within(2)
    assert not within(3)


def test_positive() -> None:
    ran.append("test_positive")
    assert [positive(x) for x in (-1, 0, 1)] == [0, 0, 1]


def test_half() -> None:
    assert half(5) == 2


def test_wrong_by_itself() -> None:
    assert not within(2)


def test_wrong_after_another() -> None:
    assert positive(sum(range(3_000_000)))  # the slower one
    assert not ran
"""
SILENT = '''\
"""Text, 1."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import numpy as np

__all__ = ["f"]
Word = Literal["a", "b"]
name: str


@lru_cache(maxsize=1)
def f(x: "int") -> None:
    """Text, 2."""
    message = f"{x + 1} is wrong"
    text = ("joined " "words")
    long = "a text of five words"
    small = 1e-12
    pairs = zip(x, strict=True)
    y = x + 1  # pragma: no mutate
    if x > 1:  # pragma: no mutate
        x.y
    assert x, "one"
    raise ValueError(message, x - 1)
'''
CHANGES = {
    "a = b < c": {"a = b <= c", "a = b >= c"},
    "a = b == c": {"a = b != c"},
    "a = b - c": {"a = b + c"},
    "a = -b": {"a = +b"},
    "a = b * c": {"a = b / c"},
    "a = b and c": {"a = b or c", "a = (b)", "a = (c)"},
    "a = not b": {"a = b"},
    "a = b is None": {"a = b is not None"},
    "a = b not in c": {"a = b in c"},
    "a = 2": {"a = 3"},
    "a = 0.05": {"a = 0.1"},
    "a = True": {"a = False"},
    "a = 'higher'": {"a = 'XXhigherXX'"},
    "a = max(b)": {"a = min(b)"},
    "a = np.any(b)": {"a = np.all(b)"},
    "a = sqrt(b)": {"a = (b)"},
    "a = b.dropna()": {"a = (b)"},
    "a = f(b, c=d)": {"a = f(b, )"},
    "a = [b for b in c if d]": {"a = [b for b in c]"},
    "a = b if c else d": {"a = b if (c) and False else d", "a = b if (c) or True else d"},
    "f(a)": {"pass"},
    "a[b] = c": {"pass"},
    "a += b": {"a -= b", "a = b"},
}


def mutants(folder: Path, source: str) -> list[str]:
    """Source of every mutant."""
    (folder / "code.py").write_text(source, encoding="utf-8")
    program = (
        "import json; from pathlib import Path; from mutant_operators import mutants_of; "
        f"folder = Path({str(folder)!r}); module, found = mutants_of(folder, folder / 'code.py'); "
        "print(json.dumps([m.apply(module) for m in found]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT / "tools", capture_output=True, check=True, text=True
    )
    return list(json.loads(done.stdout))


def test_changes(tmp_path: Path) -> None:
    lines = [f"    {line}" for line in CHANGES]
    source = "\n".join(["def g(a, b, c, d, f, np, sqrt):", *lines, "    return a", ""])
    found: dict[str, set[str]] = {line: set() for line in [*CHANGES, "return a"]}
    for changed in mutants(tmp_path, source):
        ((old, new),) = [
            (x, y) for x, y in zip(source.splitlines(), changed.splitlines(), strict=True) if x != y
        ]
        found[old.strip()].add(new.strip())
    assert found == CHANGES | {"return a": {"return None"}}


def test_nothing_where_no_test_should_notice(tmp_path: Path) -> None:
    assert mutants(tmp_path, SILENT) == []


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("toy")
    (folder / "pyproject.toml").write_text(PROJECT, encoding="utf-8")
    (folder / "toy.py").write_text(TOY, encoding="utf-8")
    (folder / "test_toy.py").write_text(TESTS, encoding="utf-8")
    return folder


def run(toy: Path, *words: str) -> list[dict[str, object]]:
    """What became of each mutant of the toy."""
    options = ["--root", str(toy), "--out", str(toy / "out.md"), "--paths", "toy.py", "--jobs", "2"]
    command = [sys.executable, str(ROOT / "tools" / "mutants.py"), *options, *words]
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    return list(json.loads((toy / "out.json").read_text(encoding="utf-8")))


def new_line(row: dict[str, object]) -> str:
    return next(t[1:].strip() for t in str(row["difference"]).splitlines()[3:] if t.startswith("+"))


@pytest.mark.slow
def test_what_tests_see_is_killed_and_the_rest_survives(toy: Path) -> None:
    became = {new_line(row): row["outcome"] for row in run(toy, "--number", "1000", "--grace", "0.5")}
    assert became["return x <= LIMIT"] == "killed"
    assert became["LIMIT = 4"] == "killed"  # takes effect at import
    assert became["return x if x >= 0 else 0"] == "survived"  # the same function
    assert became["return x if x > 1 else 0"] == "killed"
    assert became["x, n = x + 2, n + 1"] == "timeout"
    assert became["return x - 1"] == "survived"  # no test comes here
    text = (toy / "out.md").read_text(encoding="utf-8")
    assert "no test runs this line" in text
    assert "- test_toy.py::test_wrong_by_itself" in text
    assert "- test_toy.py::test_wrong_after_another" in text
    assert (toy / "toy.py").read_text(encoding="utf-8") == TOY


def test_near_and_quick_tests_come_first() -> None:
    seconds = {"tests/io/a.py::t": 0.1, "tests/stats/b.py::t": 2.9, "tests/stats/b.py::slow": 3.1}
    seconds |= {"tests/golden/c.py::t": 3.0, "tests/stats_more/d.py::t": 0.2}
    order = sorted(seconds, key=seconds.__getitem__)
    program = (
        "import json; from mutants import rounds; "
        f"print(json.dumps([rounds({order!r}, 'markerkit/stats/prior.py', {seconds!r}), "
        f"rounds({order[:1]!r}, 'toy.py', {seconds!r}), rounds([], 'toy.py', {{}})]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT / "tools", capture_output=True, check=True, text=True
    )
    assert json.loads(done.stdout) == [
        [
            ["tests/stats/b.py::t", "tests/golden/c.py::t"],
            ["tests/io/a.py::t", "tests/stats_more/d.py::t", "tests/stats/b.py::slow"],
        ],
        [["tests/io/a.py::t"]],
        [],
    ]


def test_a_draw_is_its_seed(toy: Path) -> None:
    program = (
        "import json; from pathlib import Path; from mutants import Imports, Record, candidates, draw; "
        f"root = Path({str(toy)!r}); pool = lambda: candidates(root, [root / 'toy.py'], ''); "
        "draws = [draw(pool(), 5, seed, Record(), Imports(root, [Path('toy.py')])) for seed in (1, 1, 2)]; "
        "print(json.dumps([[d.after for d in drawn] for drawn in draws]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT / "tools", capture_output=True, check=True, text=True
    )
    first, again, other = json.loads(done.stdout)
    assert len(first) == 5
    assert first == again
    assert first != other
