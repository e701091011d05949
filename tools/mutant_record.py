"""What is known of the tests before a mutant is tried: the tree, who imports whom, which test runs which line."""

from __future__ import annotations

import ast
import gzip
import hashlib
import json
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mutant_operators import Mutant

FORMAT = 1  # of the record
SKIPPED = frozenset((".git", ".venv", "__pycache__", "build", "dist"))
UNREAD = frozenset((".md", ".ipynb"))


def tree_files(root: Path) -> list[Path]:
    """Files of the tree as it is, without what git ignores."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False, timeout=60)
    names = [Path(name) for name in done.stdout.split("\0") if name]
    found = names if done.returncode == 0 and names else [p.relative_to(root) for p in root.rglob("*")]
    return sorted({p for p in found if (root / p).is_file() and not SKIPPED.intersection(p.parts)})


def digest(root: Path, files: Iterable[Path], *words: str) -> str:
    """Hash of a tree without its texts and tools, and of what else decides over a record."""
    found = hashlib.sha256(repr((FORMAT, sys.version, words)).encode())
    for path in files:
        if path.suffix in UNREAD or path.parts[0] == "tools":
            continue
        found.update(f"{path.as_posix()}\0".encode())
        found.update(hashlib.sha256((root / path).read_bytes()).digest())
    return found.hexdigest()[:16]


class Imports:
    """Which module of the tree imports which, by path."""

    def __init__(self, root: Path, files: Iterable[Path]) -> None:
        names = {_dotted(p): p.as_posix() for p in files if p.suffix == ".py"}
        self.importers: dict[str, set[str]] = {}
        for path in names.values():
            for node in ast.walk(ast.parse((root / path).read_text(encoding="utf-8"))):
                found = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
                if isinstance(node, ast.ImportFrom) and node.module:
                    found = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
                for name in found:
                    if name in names:
                        self.importers.setdefault(names[name], set()).add(path)

    def around(self, path: str) -> Iterator[set[str]]:
        """Give a module, then its importers, then theirs."""
        known, ring = {path}, {path}
        while ring:
            yield ring
            ring = {i for p in ring for i in self.importers.get(p, ())} - known
            known |= ring


def _dotted(path: Path) -> str:
    return ".".join(path.with_suffix("").parts).removesuffix(".__init__")


@dataclass
class Record:
    """What the tests run, as seen in one run of each of them by itself.

    Parameters
    ----------
    seconds
        Processor time of each test that passes, its fixtures included.
    lines
        For each file under test, the tests by line.
    unfit
        Tests that fail without a mutant, with the end of their report.
    """

    seconds: dict[str, float] = field(default_factory=dict)
    lines: dict[str, dict[int, set[str]]] = field(default_factory=dict)
    unfit: dict[str, str] = field(default_factory=dict)

    def add(self, test: str, found: Mapping[str, Any]) -> None:
        """Enter one test; one that is skipped says nothing."""
        if found["outcome"] == "failed":
            self.unfit[test] = found["report"]
        elif found["outcome"] == "passed":
            self.seconds[test] = found["seconds"]
            for path, lines in found["lines"].items():
                for line in lines:
                    self.lines.setdefault(path, {}).setdefault(line, set()).add(test)

    def discard(self, failures: Mapping[str, str]) -> None:
        """Take tests out that failed without a mutant."""
        for test, report in failures.items():
            self.seconds.pop(test, None)
            self.unfit[test] = report

    def running(self, path: str, first: int = 0, last: int = sys.maxsize) -> list[str]:
        """Tests that run one of these lines, the fastest first."""
        by_line = self.lines.get(path, {}).items()
        found = {t for line, tests in by_line if first <= line <= last for t in tests}
        return self.fastest_first(found)

    def fastest_first(self, tests: Iterable[str]) -> list[str]:
        """Sort the tests that pass by their time."""
        return sorted((t for t in tests if t in self.seconds), key=lambda t: (self.seconds[t], t))

    def save(self, path: Path) -> None:
        """Write the record."""
        lines = {p: {k: sorted(v) for k, v in by_line.items()} for p, by_line in self.lines.items()}
        path.parent.mkdir(parents=True, exist_ok=True)
        with gzip.open(path, "wt", encoding="utf-8") as out:
            json.dump({"seconds": self.seconds, "lines": lines, "unfit": self.unfit}, out)

    @classmethod
    def load(cls, path: Path) -> Record:
        """Read a record."""
        with gzip.open(path, "rt", encoding="utf-8") as text:
            found = json.load(text)
        lines = {p: {int(k): set(v) for k, v in by_line.items()} for p, by_line in found["lines"].items()}
        return cls(found["seconds"], lines, found["unfit"])


def tests_for(mutant: Mutant, record: Record, imports: Imports) -> list[str]:
    """Tests that can notice a mutant: those that run its statement.

    What takes effect at import, such as a constant, can be noticed by all that run something of the module,
    and of those that import it; nearer ones come first.
    """
    if not mutant.imported:
        return record.running(mutant.path, mutant.first, mutant.last)
    found: dict[str, None] = {}
    for distance, ring in enumerate(imports.around(mutant.path)):
        if distance > 1 and found:
            break
        found |= dict.fromkeys(record.fastest_first({t for path in ring for t in record.running(path)}))
    return list(found)
