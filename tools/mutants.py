"""Change the code in many small ways and see which changes no test notices.

``python tools/mutants.py --number 400 --seed 1 --out mutants.md`` draws 400 mutants of the packages in `PACKAGES`
at random, runs on each the tests that run its line until one fails, and writes the share that was noticed for each
module and the difference of every mutant that was not. The quick tests of the folder that mirrors the package and of
`tests/golden` come first, for few files are to be imported for them; then all others, the fastest first. The same
tree, seed and number give the same draw. ``--at FILE`` or ``--at FILE:LINE`` takes all mutants of a file or a line instead, and
``--tests PATH`` only these tests: the quick way to see whether a new test bites.

mutmut 3 cannot do this by itself: it has no random draw, leaves out decorated functions (every cached property)
and all constants of modules, and chooses tests by function. Its operators are used as a library
(`mutant_operators.py`, which also says what is left out); coverage.py says which test runs which line, and pytest
runs in forks of one process that has imported the libraries (`mutant_trials.py`).

The checkout is never touched: tests run in copies of it, in a temporary folder. What the tests run is recorded
once for a state of the tree, in ``.mutants/``; that costs about the time of the tests themselves. Tests that fail
without a mutant, by themselves or after others, are left out and named. A mutant whose tests take ten times as long as without it, and ten seconds
more, counts as noticed, as does one that ends the interpreter. After ``--budget`` seconds of processor time no
further test is started, and the mutant counts as not noticed.
"""

from __future__ import annotations

import argparse
import difflib
import json
import os
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mutant_operators import Mutant, mutants_of
from mutant_record import Imports, Record, digest, tests_for, tree_files
from mutant_trials import Outcome, Trial, Workshop, warm_up

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("stats", "effects", "purity", "identity", "sets", "ids")
DEFAULT_PATHS = tuple(f"markerkit/{name}" for name in PACKAGES)
MARKS = "not slow"
CORE = "golden"  # folder of tests that is near to all packages
QUICK = 3.0  # seconds of a test that may come before faster ones because it is near


@dataclass(frozen=True)
class Drawn:
    """A mutant with its source before and after, and the tests that could notice it."""

    mutant: Mutant
    before: str
    after: str
    tests: Sequence[str]

    @property
    def difference(self) -> str:
        """Unified difference."""
        path = self.mutant.path
        lines = difflib.unified_diff(
            self.before.splitlines(), self.after.splitlines(), path, path, lineterm="", n=2
        )
        return "\n".join(lines)


def source_files(root: Path, paths: Sequence[str]) -> list[Path]:
    """Python files among these files and folders of the tree."""
    found: list[Path] = []
    for name in paths:
        path = root / name
        found += [path] if path.is_file() else path.rglob("*.py")
    if not found:
        message = f"no Python files in {', '.join(paths)}; name files or folders of {root} with --paths"
        raise SystemExit(message)
    return sorted(set(found))


def candidates(root: Path, paths: Sequence[Path], at: str) -> list[tuple[str, object, Mutant]]:
    """Every mutant with the source and the syntax tree of its file; `at` is FILE, FILE:LINE or nothing."""
    name, _, line = at.partition(":")
    files = source_files(root, [name]) if name else paths
    found: list[tuple[str, object, Mutant]] = []
    for path in files:
        module, mutants = mutants_of(root, path)
        source = path.read_text(encoding="utf-8")
        found += [(source, module, m) for m in mutants if not line or m.line == int(line)]
    return found


def draw(
    pool: list[tuple[str, object, Mutant]], number: int, seed: int, record: Record, imports: Imports
) -> list[Drawn]:
    """Draw mutants, each as likely as any other; those that are the same code are passed over."""
    random.Random(seed).shuffle(pool)
    drawn: list[Drawn] = []
    for before, module, mutant in pool:
        if len(drawn) == number:
            break
        after = mutant.apply(module)  # type: ignore[arg-type]
        if after is not None:
            drawn.append(Drawn(mutant, before, after, tests_for(mutant, record, imports)))
    return drawn


def recorded(workshop: Workshop, where: Sequence[str], paths: Sequence[str], cache: Path) -> Record:
    """Read what the tests run, or find out."""
    if cache.is_file():
        return Record.load(cache)
    print("recording which test runs which line", flush=True)
    start = time.monotonic()
    record = workshop.record(where, paths)
    record.save(cache)
    print(f"{len(record.seconds)} tests in {time.monotonic() - start:.0f} s", flush=True)
    return record


def rounds(tests: Sequence[str], path: str, seconds: Mapping[str, float]) -> list[list[str]]:
    """Split the tests of a mutant into the near and quick ones and the others, each in their order."""
    package = path.split("/")[-2] if "/" in path else ""
    near = [
        t for t in tests if {package, CORE}.intersection(t.split("/")[1:-1]) and seconds.get(t, 0.0) <= QUICK
    ]
    others = set(tests).difference(near)
    return [r for r in (near, [t for t in tests if t in others]) if r]


class Jury:
    """Runs the tests on mutants.

    Parameters
    ----------
    workshop, record
        Where the tests run, and what they run.
    budget, grace
        Of a :class:`Trial`.
    """

    def __init__(self, workshop: Workshop, record: Record, *, budget: float, grace: float) -> None:
        self.workshop = workshop
        self.record = record
        self.budget = budget
        self.grace = grace

    def judge(self, drawn: Sequence[Drawn]) -> list[Outcome]:
        """Say what became of each mutant.

        The tests that noticed one are run again in a row without any: a test that fails then depends on what
        ran before it, and what it alone noticed is judged without it.
        """
        unseen = Outcome("survived", 0, 0.0, {})
        outcomes = [unseen] * len(drawn)
        open_ones, cleared = set(range(len(drawn))), set[str]()
        while open_ones:
            for i in open_ones:
                outcomes[i] = unseen
            for i, outcome in self._try(drawn, open_ones):
                outcomes[i] = outcome
            by = [
                set(o.failures) & set(self.record.seconds) if o.word == "killed" else set() for o in outcomes
            ]
            suspects = set().union(*by) - cleared
            faulty = self._fail_without_mutant(suspects)
            self.record.discard(faulty)
            cleared |= suspects
            open_ones = {i for i, tests in enumerate(by) if tests & set(faulty)}
        return outcomes

    def _try(self, drawn: Sequence[Drawn], which: set[int]) -> Iterator[tuple[int, Outcome]]:
        """Run the tests, round by round; a mutant that no test runs survives without."""
        seconds = self.record.seconds
        waiting = {
            i: rounds([t for t in drawn[i].tests if t in seconds], drawn[i].mutant.path, seconds)
            for i in sorted(which)
        }
        so_far = dict.fromkeys(waiting, Outcome("survived", 0, 0.0, {}))
        while waiting := {i: left for i, left in waiting.items() if left}:
            trials = [(i, self._trial(drawn[i], left[0], so_far[i].seconds)) for i, left in waiting.items()]
            places = {id(trial): i for i, trial in trials}
            for done, (trial, outcome) in enumerate(self.workshop.run([t for _, t in trials]), 1):
                i = places[id(trial)]
                ran, spent = so_far[i].ran + outcome.ran, so_far[i].seconds + outcome.seconds
                so_far[i] = replace(outcome, ran=ran, seconds=spent)
                more = outcome.word == "survived" and spent < self.budget
                waiting[i] = waiting[i][1:] if more else []
                where = f"{trial.path}:{drawn[i].mutant.line}"
                word = "open" if waiting[i] else outcome.word
                print(f"{done}/{len(trials)} {word} {where} {spent:.1f} s", flush=True)
                if not waiting[i]:
                    yield i, so_far[i]

    def _trial(self, drawn: Drawn, tests: Sequence[str], spent: float) -> Trial:
        """Trial of one round, for what is left of the budget."""
        return Trial(
            tests,
            self.record.seconds,
            drawn.mutant.path,
            drawn.after,
            budget=self.budget - spent,
            grace=self.grace,
        )

    def _fail_without_mutant(self, tests: set[str]) -> Mapping[str, str]:
        if not tests:
            return {}
        ordered = self.record.fastest_first(tests)
        ((_, outcome),) = self.workshop.run([Trial(ordered, self.record.seconds, stop=False)])
        return outcome.failures


def _table(title: str, keys: Sequence[str], outcomes: Sequence[Outcome]) -> list[str]:
    """Count the outcomes by key."""
    count = Counter((k, o.word) for k, o in zip(keys, outcomes, strict=True))
    lines = [
        f"| {title} | mutants | killed | timeout | survived | noticed |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for key in [*sorted(set(keys)), "all"]:
        killed, late, alive = (
            sum(n for (k, w), n in count.items() if w == word and key in (k, "all"))
            for word in ("killed", "timeout", "survived")
        )
        total = killed + late + alive
        lines.append(
            f"| {key} | {total} | {killed} | {late} | {alive} | {100 * (killed + late) / total:.0f} % |"
        )
    return [*lines, ""]


def _why(drawn: Drawn, outcome: Outcome) -> str:
    """Say why a mutant survived."""
    if not drawn.tests:
        return "no test runs this line"
    if outcome.ran < len(drawn.tests):
        return f"{outcome.ran} of the {len(drawn.tests)} tests that run it, within the time, and none failed"
    return f"none of the {outcome.ran} tests that run it failed"


def report(drawn: Sequence[Drawn], outcomes: Sequence[Outcome], head: str, unfit: Mapping[str, str]) -> str:
    """Write the tables and the mutants that survived, in Markdown."""
    lines = ["# Mutants", "", head, ""]
    lines += _table("module", [d.mutant.path for d in drawn], outcomes)
    lines += _table("change", [d.mutant.operator for d in drawn], outcomes)
    if unfit:
        lines += ["## Tests that fail without a mutant", "", *(f"- {test}" for test in sorted(unfit)), ""]
    for word, title in (("survived", "Survivors"), ("timeout", "Out of time")):
        chosen = [(d, o) for d, o in zip(drawn, outcomes, strict=True) if o.word == word]
        chosen.sort(key=lambda one: (one[0].mutant.path, one[0].mutant.line))
        lines += [f"## {title}", ""] if chosen else []
        for d, o in chosen:
            lines += [f"### {d.mutant.path}:{d.mutant.line} ({d.mutant.operator})", ""]
            lines += [f"{_why(d, o)}.", ""] if word == "survived" else []
            lines += ["```diff", d.difference, "```", ""]
    return "\n".join(lines)


def _rows(drawn: Sequence[Drawn], outcomes: Sequence[Outcome]) -> list[dict[str, object]]:
    return [
        {
            "path": d.mutant.path,
            "line": d.mutant.line,
            "change": d.mutant.operator,
            "outcome": o.word,
            "tests": len(d.tests),
            "ran": o.ran,
            "seconds": round(o.seconds, 2),
            "by": o.failures,
            "difference": d.difference,
        }
        for d, o in zip(drawn, outcomes, strict=True)
    ]


def _options(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--number", type=int, default=400, help="mutants to draw (%(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="of the draw (%(default)s)")
    parser.add_argument("--out", type=Path, default=Path("mutants.md"), help="report; a .json goes beside it")
    parser.add_argument("--paths", nargs="+", default=DEFAULT_PATHS, help="files and folders to change")
    parser.add_argument("--at", default="", metavar="FILE[:LINE]", help="all mutants there instead of a draw")
    parser.add_argument("--tests", nargs="+", default=[], help="files and folders of tests (those of pytest)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes (%(default)s)")
    parser.add_argument("--budget", type=float, default=40.0, help="seconds of tests a mutant (%(default)s)")
    parser.add_argument(
        "--grace",
        type=float,
        default=10.0,
        help="seconds that a test may take beside ten times its own (%(default)s)",
    )
    parser.add_argument("--root", type=Path, default=ROOT, help="tree to copy (this one)")
    return parser.parse_args(words)


def _prepare() -> None:
    """Make runs alike: one thread, one order of sets, no compiled code of a mutant left behind."""
    os.environ |= dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    os.environ |= {"PYTHONDONTWRITEBYTECODE": "1", "MPLBACKEND": "Agg", "PYTHONHASHSEED": "0"}
    sys.dont_write_bytecode = True


def main(words: Sequence[str] | None = None) -> int:
    """Run from the command line."""
    o, start = _options(words), time.monotonic()
    _prepare()
    root = o.root.resolve()
    files = tree_files(root)
    sources = source_files(root, [o.at.partition(":")[0]] if o.at else o.paths)
    pool = candidates(root, sources, o.at)
    total, state = len(pool), digest(root, files, *o.tests, MARKS)
    tops = {p.relative_to(root).parts[0] for p in sources}
    watched = [p.as_posix() for p in files if p.suffix == ".py" and p.parts[0] in tops]
    with tempfile.TemporaryDirectory(prefix="mutants") as scratch:
        warm_up(root, files)
        workshop = Workshop(root, files, Path(scratch), jobs=o.jobs, options=["-m", MARKS])
        workshop.collect(o.tests)
        record = recorded(workshop, o.tests, watched, root / ".mutants" / f"{state}.json.gz")
        drawn = draw(pool, total if o.at else o.number, o.seed, record, Imports(root, files))
        outcomes = Jury(workshop, record, budget=o.budget, grace=o.grace).judge(drawn)
    what = f"at {o.at}" if o.at else f"drawn with seed {o.seed} from {total} of {', '.join(o.paths)}"
    head = (
        f"{len(drawn)} mutants {what}; tree {state}, Python {sys.version.split()[0]}, {o.jobs} processes, "
        f"at most {o.budget:g} s of tests a mutant, {(time.monotonic() - start) / 60:.0f} minutes."
    )
    o.out.write_text(report(drawn, outcomes, head, record.unfit), encoding="utf-8")
    o.out.with_suffix(".json").write_text(json.dumps(_rows(drawn, outcomes), indent=1), encoding="utf-8")
    print("\n".join(_table("module", [d.mutant.path for d in drawn], outcomes)))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
