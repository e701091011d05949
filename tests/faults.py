"""Kill or disturb code at every file event that it causes; run as a module, in a process without threads.

``python -m tests.faults SCENE`` prints one line of JSON: how often the code was killed, or met an error, and what was
wrong afterwards. An event is what Python reports before it opens, makes, renames, locks or removes a file or a folder.
"""

from __future__ import annotations

import errno
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from markerkit.core.errors import InputError

_EVENTS = ("open", "os.", "shutil.", "fcntl.")
_NO_MORE, _DONE, _REFUSED, _OTHER = 40, 41, 42, 43
Work = Callable[[], object]


class Hook:
    """Count the file events of this process, and at one of them end it or let the call fail."""

    def __init__(self, at: int, *, kill: bool) -> None:
        self.seen = 0
        self._at = at
        self._kill = kill
        sys.addaudithook(self)

    def __call__(self, event: str, arguments: tuple[object, ...]) -> None:
        if not event.startswith(_EVENTS) or event.startswith(("os.fork", "os.kill")):
            return
        if event == "open" and str(arguments[0]).endswith((".py", ".pyc", os.devnull)):
            return
        self.seen += 1
        if self.seen != self._at:
            return
        if self._kill:
            os.kill(os.getpid(), signal.SIGKILL)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "disturbed")


def disturbed(work: Work, at: int, *, kill: bool) -> int:
    """Do the work in a fork; give the exit code, negative where it was killed."""
    child = os.fork()
    if child == 0:
        code = _OTHER
        try:
            hook = Hook(at, kill=kill)
            work()
            code = _NO_MORE if hook.seen < at else _DONE
        except InputError:
            code = _REFUSED
        except BaseException as error:  # noqa: BLE001 - the parent is told of every one
            sys.stderr.write(f"{at}: {type(error).__name__}: {error}\n")
        finally:
            sys.stderr.flush()
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def every_event(prepare: Callable[[Path], Work], *, kill: bool, step: int = 1) -> Iterator[tuple[int, Path]]:
    """Disturb the same work at its first event, its second one (or one `step` later), ...; give code and folder of each."""
    for at in range(1, 10_000, step):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            code = disturbed(prepare(folder), at, kill=kill)
            if code == _NO_MORE:
                return
            yield code, folder
    raise AssertionError


def snapshot(folder: Path) -> dict[str, bytes]:
    """Content of every file of a folder; nothing where it is not there."""
    return {
        p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()
    }


def summary_of(word: str) -> str:
    """Give a summary.json that markerkit takes for its own; its `files` are those of `fill`."""
    known = {
        "schema_version": 2,
        "versions": {"markerkit": word},
        "catalog": {},
        "contrasts": [],
        "input": {},
    }
    return json.dumps({**known, "files": ["figures/a.svg", "methods.md", "summary.json"]})


def fill(part: Path, word: str) -> None:
    """Write a small assessment."""
    (part / "figures").mkdir()
    (part / "figures" / "a.svg").write_text(word)
    (part / "methods.md").write_text(word)
    (part / "summary.json").write_text(summary_of(word))


def write(out: Path, word: str, *, overwrite: bool = True) -> None:
    """Write it as `write_report` writes one."""
    from markerkit.io.files import whole_folder
    from markerkit.report import check_folder

    with whole_folder(out, lambda: check_folder(out, overwrite=overwrite), replace=overwrite) as part:
        fill(part, word)


def folders(*, there: bool, kill: bool) -> dict[str, object]:
    """Write a folder with and without one that is there."""
    expected = {}
    for word in ("old", "new"):
        with tempfile.TemporaryDirectory() as name:
            write(Path(name) / "out", word)
            expected[word] = snapshot(Path(name) / "out")
    whole = [expected["old"] if there else {}, expected["new"]]

    def prepare(folder: Path) -> Work:
        if there:
            write(folder / "out", "old")
        return lambda: write(folder / "out", "new")

    def look(folder: Path, code: int) -> list[str]:
        out, found = folder / "out", []
        if snapshot(out) not in whole and not (there and exchange_is_missing() and not out.exists()):
            found.append("not whole")
        if code == _REFUSED and snapshot(out) != whole[0]:
            found.append("refused, and yet changed")
        if code == _OTHER:
            found.append("an error that is no InputError")
        from markerkit.report import check_folder

        try:
            check_folder(out, overwrite=True)
        except InputError as error:
            found.append(str(error))
        if snapshot(out) not in whole:
            found.append("not whole after the next start")
        write(out, "new")
        beside = folder / "out_2"  # a finished run that an error kept from its place
        if code == _REFUSED and snapshot(beside) == whole[1]:
            shutil.rmtree(beside)
        if [p.name for p in folder.iterdir()] != ["out"] or snapshot(out) != whole[1]:
            found.append(f"left after the next run: {sorted(p.name for p in folder.iterdir())}")
        return found

    return _told(every_event(prepare, kill=kill), look)


def reports(*, kill: bool, times: int) -> dict[str, object]:
    """Write the report of a small study over an earlier one; `times` kills at random moments, or one at every seventh event."""
    import markerkit as mk
    from markerkit.report import _figures, _process
    from tests.hostile import nasty_contrast, nasty_experiment

    _figures.FIGURES = {"forest": _figures.FIGURES["forest"]}
    _figures.of_study = lambda _tables: []
    _process._processors = lambda: 1
    results = [mk.assess(nasty_experiment(), nasty_contrast(), seed=seed) for seed in (0, 1)]
    with tempfile.TemporaryDirectory() as name:
        begin = time.monotonic()
        old = results[0].report(Path(name) / "old")
        lasts = time.monotonic() - begin
        whole = [snapshot(old), snapshot(results[1].report(Path(name) / "new"))]

        def prepare(folder: Path) -> Work:
            shutil.copytree(old, folder / "out")
            return lambda: results[1].report(folder / "out", overwrite=True)

        def look(folder: Path, code: int) -> list[str]:
            out = folder / "out"
            found = [] if snapshot(out) in whole else ["not whole"]
            found += ["an error that is no InputError"] if code == _OTHER else []
            write(folder / "out", "next")
            beside = folder / "out_2"
            if code == _REFUSED and snapshot(beside) == whole[1]:
                shutil.rmtree(beside)
            left = sorted(p.name for p in folder.iterdir())
            return found + ([f"left after the next run: {left}"] if left != ["out"] else [])

        trials = at_random(prepare, times, lasts) if times else every_event(prepare, kill=kill, step=7)
        return _told(trials, look)


def at_random(prepare: Callable[[Path], Work], times: int, lasts: float) -> Iterator[tuple[int, Path]]:
    """Kill the same work at random moments."""
    draw = random.Random(20261130)
    for _ in range(times):
        with tempfile.TemporaryDirectory() as name:
            work = prepare(Path(name))
            child = os.fork()
            if child == 0:
                try:
                    work()
                finally:
                    os._exit(_DONE)
            time.sleep(draw.uniform(0, 1.1 * lasts))
            os.kill(child, signal.SIGKILL)
            yield os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), Path(name)


def exchange_is_missing() -> bool:
    """Whether folders cannot be exchanged in one step here."""
    from markerkit.io import rename

    return rename._renameat2() is None


def command(words: list[str], name: str, *, kill: bool) -> dict[str, object]:
    """Run a command that writes one file."""
    from markerkit.cli.main import main

    with tempfile.TemporaryDirectory() as first:
        whole = Path(first) / name
        _quiet(lambda: main([*words, "--out", str(whole)]))
        content = whole.read_bytes()

    def work(folder: Path) -> Work:
        def run() -> None:
            if main([*words, "--out", str(folder / name)]) == 2:
                raise InputError("refused")

        return lambda: _quiet(run)

    def look(folder: Path, code: int) -> list[str]:
        path, found = folder / name, []
        if path.exists() and path.read_bytes() != content:
            found.append("not whole")
        if code == _OTHER:
            found.append("an error that is no InputError")
        path.unlink(missing_ok=True)
        work(folder)()
        if [p.name for p in folder.iterdir()] != [name] or path.read_bytes() != content:
            found.append(f"left after the next run: {sorted(p.name for p in folder.iterdir())}")
        return found

    return _told(every_event(work, kill=kill), look)


def _quiet(work: Work) -> None:
    out, err = sys.stdout, sys.stderr
    with Path(os.devnull).open("w") as nothing:
        sys.stdout = sys.stderr = nothing
        try:
            work()
        finally:
            sys.stdout, sys.stderr = out, err


def _told(trials: Iterator[tuple[int, Path]], look: Callable[[Path, int], list[str]]) -> dict[str, object]:
    codes: dict[str, int] = {}
    wrong = []
    for at, (code, folder) in enumerate(trials, 1):
        codes[str(code)] = codes.get(str(code), 0) + 1
        wrong += [f"event {at} (exit {code}): {text}" for text in look(folder, code)]
    return {"events": sum(codes.values()), "codes": codes, "wrong": wrong}


def main() -> None:
    """Play a scene: ``folder``, ``report`` or ``context``, ``kill`` or ``error``, and ``there``, ``no-exchange``."""
    words = set(sys.argv[1:])
    if "no-exchange" in words:
        from markerkit.io import rename

        rename._renameat2 = lambda: None
    kill = "kill" in words
    if "context" in words:
        found = command(["context"], "context.toml", kill=kill)
    elif "report" in words:
        found = reports(kill=kill, times=200 if "random" in words else 0)
    else:
        found = folders(there="there" in words, kill=kill)
    sys.stdout.write(f"{json.dumps(found)}\n")


if __name__ == "__main__":
    main()
