"""Runs pytest for `tools/mutants.py`: to record which test runs which line, and to try mutants.

Everything happens in copies of the tree. This process imports the libraries, never the code under test. Each run of
pytest is a fork of it that imports the (changed) code from its copy, and so sees changes of constants, defaults and
registries too.
"""

from __future__ import annotations

import ast
import contextlib
import importlib
import json
import os
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from compileall import compile_dir
from dataclasses import dataclass
from pathlib import Path
from py_compile import PycInvalidationMode
from typing import Any

import coverage
import pytest
from mutant_record import Record

SETTLED = 120.0  # seconds on the clock that any fork may take, beside those by its tests
WALL = 30.0  # seconds on the clock for each second of the processor: other work may go on beside
TEXT = 1500  # characters of a report that are kept


@dataclass(frozen=True)
class Trial:
    """One run of tests in a tree in which at most one file is changed.

    Parameters
    ----------
    tests, seconds
        Tests in their order, and the processor time of each without a mutant.
    path, source
        File that is changed, and its text.
    budget
        Processor time after which no further test starts.
    grace
        Processor time that a test may take beside ten times its own.
    stop
        Whether the first failure ends the run.
    """

    tests: Sequence[str]
    seconds: Mapping[str, float]
    path: str = ""
    source: str = ""
    budget: float = float("inf")
    grace: float = 60.0
    stop: bool = True

    @property
    def patience(self) -> float:
        """Seconds on the clock after which the run is ended."""
        return SETTLED + WALL * min(self.budget, sum(self.seconds.get(t, 0.0) for t in self.tests))


@dataclass(frozen=True)
class Outcome:
    """What the tests said, how many were run in how many seconds, and the reports of those that failed."""

    word: str  # killed, survived, timeout
    ran: int
    seconds: float
    failures: Mapping[str, str]


def warm_up(root: Path, files: Iterable[Path]) -> None:
    """Import the libraries that the tree imports, so that no fork pays for them."""
    names: set[str] = set()
    for path in files:
        if path.suffix == ".py":
            for node in ast.walk(ast.parse((root / path).read_text(encoding="utf-8"))):
                if isinstance(node, ast.Import):
                    names |= {alias.name for alias in node.names}
                elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                    names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    own = {part for path in files for part in (*path.parts, path.stem)}
    for name in sorted(names):
        top = name.partition(".")[0]
        # pytest rewrites its plugins, of which hypothesis is one, when it imports them
        if top not in own and top not in sys.stdlib_module_names and top != "hypothesis":
            with contextlib.suppress(Exception):
                importlib.import_module(name)


def forks(
    tasks: Iterable[Any],
    act: Callable[[Any, Path], Any],
    places: Sequence[Path],
    patience: Callable[[Any], float],
) -> Iterator[tuple[Any, Any, int]]:
    """Do `act(task, place)` in forks, one a place at a time.

    Yields the task, what `act` gave (nothing where the process came to its end before) and the signal
    that ended it.
    """
    waiting, free = iter(tasks), list(places)
    busy: dict[int, tuple[Any, Path, float]] = {}
    try:
        while True:
            while free and (task := next(waiting, _NONE)) is not _NONE:
                place = free.pop()
                busy[_fork(act, task, place)] = task, place, time.monotonic() + patience(task)
            if not busy:
                return
            for pid, (task, place, deadline) in list(busy.items()):
                ended, status = os.waitpid(pid, os.WNOHANG)
                if ended:
                    del busy[pid]
                    free.append(place)
                    result = place / "result.json"
                    yield (
                        task,
                        json.loads(result.read_text()) if result.is_file() else None,
                        os.WTERMSIG(status),
                    )
                elif time.monotonic() > deadline:
                    _kill(pid)
            time.sleep(0.01)
    finally:
        for pid in busy:
            _kill(pid)
            os.waitpid(pid, 0)


_NONE = object()


def _fork(act: Callable[[Any, Path], Any], task: Any, place: Path) -> int:
    (place / "result.json").unlink(missing_ok=True)
    pid = os.fork()
    if pid:
        return pid
    try:
        scratch = place / "tmp"
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir(parents=True)
        os.environ["TMPDIR"], tempfile.tempdir = str(scratch), None
        log = os.open(place / "log.txt", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(log, 1)
        os.dup2(log, 2)
        (place / "result.json").write_text(json.dumps(act(task, place)))
    except BaseException:  # noqa: BLE001 - a fork must not go on as its parent
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)


def _kill(pid: int) -> None:
    """End a fork, and what its tests have started."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)


def _processor_seconds() -> float:
    return sum(os.times()[:4])


class Workshop:
    """Copies of a tree, one for each process that may run at a time.

    Parameters
    ----------
    root, files
        Tree to copy, and its files.
    scratch
        Folder for the copies.
    jobs
        How many.
    options
        For pytest, beside the names of tests.
    """

    def __init__(
        self, root: Path, files: Sequence[Path], scratch: Path, *, jobs: int, options: Sequence[str]
    ) -> None:
        self.places = [scratch / str(i) for i in range(jobs)]
        # libraries are imported before their plugins of pytest: that it cannot rewrite those does not matter here
        imported = ["-W", "ignore:Module already imported:pytest.PytestAssertRewriteWarning"]
        self.options = [*options, "-q", "--tb=short", "-p", "no:cacheprovider", *imported]
        self.original = {p.as_posix(): (root / p).read_bytes() for p in files if p.suffix == ".py"}
        tree = self.places[0] / "tree"
        for path in files:
            (tree / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(root / path, tree / path)
        # by hash: a changed file may have the size and the time of the old one
        compile_dir(tree, quiet=2, invalidation_mode=PycInvalidationMode.CHECKED_HASH)

    def collect(self, where: Sequence[str]) -> list[str]:
        """Names of the tests; pytest keeps the compiled tests, for every copy."""
        found = self._alone(lambda _, place: self._collect(place, where))
        for place in self.places[1:]:
            shutil.copytree(self.places[0] / "tree", place / "tree")
        return list(found)

    def record(self, where: Sequence[str], paths: Sequence[str]) -> Record:
        """Run each test in a process of its own and note the lines of `paths` that it runs."""
        record = Record()
        for test, one in self._alone(lambda _, place: self._record(place, where, paths)).items():
            record.add(test, one)
        return record

    def run(self, trials: Iterable[Trial]) -> Iterator[tuple[Trial, Outcome]]:
        """Run trials side by side; they come back as they end."""
        for trial, found, ended_by in forks(trials, self._try, self.places, lambda t: t.patience):
            if found is not None:
                yield trial, Outcome(**found)
            elif ended_by in (signal.SIGPROF, signal.SIGKILL):
                yield trial, Outcome("timeout", len(trial.tests), trial.patience, {})
            else:
                yield trial, Outcome("killed", len(trial.tests), 0.0, {"the process": f"signal {ended_by}"})

    def _alone(self, act: Callable[[Any, Path], Any]) -> Any:
        ((_, found, _),) = forks([None], act, self.places[:1], lambda _: float("inf"))
        if not found:
            log = (self.places[0] / "log.txt").read_text(encoding="utf-8", errors="replace")
            message = f"pytest found no tests or could not run them:\n{log[-TEXT:]}"
            raise SystemExit(message)
        return found

    def _pytest(self, place: Path, arguments: Sequence[str], plugin: object) -> int:
        """Run pytest in a copy; this process becomes the leader of what the tests start."""
        tree = place / "tree"
        os.setpgid(0, 0)
        os.chdir(tree)
        os.environ["PYTHONPATH"] = str(tree)
        sys.path.insert(0, str(tree))
        return int(pytest.main([*self.options, "--rootdir", str(tree), *arguments], plugins=[plugin]))

    def _collect(self, place: Path, where: Sequence[str]) -> list[str]:
        sys.dont_write_bytecode = False
        collector = _Collector()
        code = self._pytest(place, ["--collect-only", *where], collector)
        return collector.tests if code == 0 else []

    def _record(self, place: Path, where: Sequence[str], paths: Sequence[str]) -> dict[str, Any]:
        recorder = _Recorder(place, paths, jobs=len(self.places))
        self._pytest(place, where, recorder)
        return recorder.found

    def _try(self, trial: Trial, place: Path) -> dict[str, Any]:
        tree, judge = place / "tree", _Judge(trial)
        shutil.rmtree(tree / ".hypothesis", ignore_errors=True)  # holds what failed under another mutant
        # the file that the last mutant of this copy changed is put right by whoever comes next
        changed = place / "changed.txt"
        if changed.is_file():
            path = changed.read_text()
            (tree / path).write_bytes(self.original[path])
        if trial.path:
            changed.write_text(trial.path)
            (tree / trial.path).write_bytes(trial.source.encode())
        files = sorted({test.partition("::")[0] for test in trial.tests})
        code = self._pytest(place, [*files, *(["-x"] if trial.stop else [])], judge)
        signal.setitimer(signal.ITIMER_PROF, 0)
        word = "survived" if code == pytest.ExitCode.OK else "killed"
        return {"word": word, "ran": judge.ran, "seconds": _processor_seconds(), "failures": judge.failures}


class _Collector:
    """Note the names of the tests."""

    def __init__(self) -> None:
        self.tests: list[str] = []

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self.tests = [item.nodeid for item in session.items]


class _Recorder:
    """Run each test in a fork of its own and note the lines that it runs.

    Tests that share a fixture of a module or the session start from one process in which it is made, and nothing
    else has run: what the fixture keeps for later is worked out again by each of them, and is seen there.
    """

    def __init__(self, place: Path, paths: Sequence[str], *, jobs: int) -> None:
        self.tree = place / "tree"
        self.paths = paths
        self.places = [place / f"record{i}" for i in range(jobs)]
        self.found: dict[str, dict[str, Any]] = {}
        self.reports: list[pytest.TestReport] = []

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        groups: dict[object, list[pytest.Item]] = {}
        for item in session.items if not session.testsfailed else ():
            groups.setdefault((item.parent, _shared_fixtures(item)), []).append(item)
        for items, found, _ in forks(groups.values(), self._group, self.places, lambda _: float("inf")):
            lost = {"outcome": "failed", "report": "the process ended"}
            self.found |= {item.nodeid: (found or {}).get(item.nodeid, lost) for item in items}
        return True

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.reports.append(report)

    def _group(self, items: list[pytest.Item], place: Path) -> dict[str, Any]:
        """Make the fixtures that the tests share, then run each test."""
        before: dict[str, set[int]] = {}
        if len(items) > 1 and _shared_fixtures(items[0]):
            before = self._lines(lambda: _set_up(items[0]))
        seconds = _processor_seconds()
        found: dict[str, Any] = {}
        for item, one, ended_by in forks(items, self._run, [place / "test"], lambda _: 900.0):
            one = one or {"outcome": "failed", "report": f"ended by signal {ended_by}"}
            if one["outcome"] == "passed":
                one["seconds"] += seconds
                one["lines"] = {p: sorted({*one["lines"].get(p, ()), *before.get(p, ())}) for p in self.paths}
            found[item.nodeid] = one
        return found

    def _run(self, item: pytest.Item, _: Path) -> dict[str, Any]:
        lines = self._lines(lambda: item.config.hook.pytest_runtest_protocol(item=item, nextitem=None))
        outcomes = {report.outcome for report in self.reports}
        return {
            "outcome": next(word for word in ("failed", "skipped", "passed") if word in outcomes),
            "report": "\n".join(r.longreprtext[-TEXT:] for r in self.reports if r.failed),
            "seconds": _processor_seconds(),
            "lines": {path: sorted(numbers) for path, numbers in lines.items()},
        }

    def _lines(self, act: Callable[[], object]) -> dict[str, set[int]]:
        """Lines of each file that an action runs."""
        files = {str(self.tree / path): path for path in self.paths}
        meter = coverage.Coverage(data_file=None, config_file=False, include=list(files))
        meter.set_option("run:disable_warnings", ["no-data-collected", "already-imported"])
        with meter.collect():
            act()
        data = meter.get_data()
        return {files[p]: set(data.lines(p) or ()) for p in data.measured_files()}


def _shared_fixtures(item: pytest.Item) -> tuple[tuple[str, object], ...]:
    """Fixtures of a test that outlive it, with their parameter."""
    known = getattr(item, "_fixtureinfo", None)
    last = {name: found[-1] for name, found in known.name2fixturedefs.items() if found} if known else {}
    at = item.callspec.indices if hasattr(item, "callspec") else {}
    return tuple((name, at.get(name)) for name, f in sorted(last.items()) if f.scope != "function")


def _set_up(item: Any) -> None:
    """Make the fixtures of a test that outlive it; one that fails or skips does so again in each test."""
    item.session._setupstate.setup(item.parent)
    for name, _ in _shared_fixtures(item):
        with contextlib.suppress(Exception, pytest.skip.Exception, pytest.fail.Exception):
            item._request.getfixturevalue(name)
    item._initrequest()


class _Judge:
    """Run the tests of a trial in their order, each within its time."""

    def __init__(self, trial: Trial) -> None:
        self.trial = trial
        self.ran = 0
        self.failures: dict[str, str] = {}

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Take the tests of the trial; where a changed constant renamed a case, all cases of that test."""
        by_name = {item.nodeid: item for item in items}
        wanted: dict[str, pytest.Item] = {}
        for test in self.trial.tests:
            stem = test.partition("[")[0]
            cases = [test] if test in by_name else [n for n in by_name if n.partition("[")[0] == stem]
            wanted |= {name: by_name[name] for name in cases}
        items[:] = wanted.values()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> bool | None:
        if _processor_seconds() > self.trial.budget:
            return True
        self.ran += 1
        # the default action of this signal ends the process, also within a library
        limit = self.trial.grace + 10 * self.trial.seconds.get(item.nodeid, 5.0)
        signal.setitimer(signal.ITIMER_PROF, limit)
        return None

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.failures[report.nodeid] = report.longreprtext[-TEXT:]

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.failures[report.nodeid] = report.longreprtext[-TEXT:]
