"""The only ways to write: a file or a folder appears whole or not at all.

What is not whole yet lies in a work folder beside the target, ``.NAME.markerkit-xxxxxxxx``, which is locked as long as
its run lives. The next run to the same target removes the work folders of runs that were killed.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import shutil
import stat
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from markerkit.core.errors import InputError, printable, shown
from markerkit.io.rename import put_back, rename_new, replace_folder

try:
    import fcntl
except ImportError:  # a system without these locks: leftovers cannot be told from live runs, and stay
    fcntl = None  # type: ignore[assignment]

_LOCK, _NEW, _OLD = "lock", "new", "old"
_LONGEST = 200  # bytes of a name that the name of its work folder repeats
_MARK = r"\.markerkit-[0-9a-f]{8}"


# ---- a file, a folder ----------------------------------------------------------


@contextmanager
def whole_file(path: str | Path, *, replace: bool = True) -> Iterator[Path]:
    """Give a name to write to, and rename it to `path` once it is written.

    A file that was there before stays as it was until then; nothing is left behind on an error. A link at `path` is
    replaced, never written through.

    Parameters
    ----------
    path
        File to write; its folder must be there.
    replace
        Whether a file that is there may be replaced; otherwise also one that appears meanwhile stays.

    Yields
    ------
    pathlib.Path
        Name of a file that is not there yet, with the extension of `path`, in a folder that nobody else may enter.

    Raises
    ------
    InputError
        There is no such folder, the path is a folder, or it cannot be written.
    """
    path = Path(path)
    try:
        if not path.parent.is_dir():
            raise InputError(
                f"cannot write {shown(str(path))}: there is no folder {shown(str(path.parent))}."
            )
        if path.is_dir():
            raise InputError(f"cannot write {shown(str(path))}: it is a folder; give the name of a file.")
        with work_folder(path) as work:
            part = work / f"{_NEW}{path.suffix}"
            yield part
            if replace:
                part.replace(path)
            else:
                _rename_file(part, path)
    except OSError as error:
        raise InputError(f"cannot write {shown(str(path))}: {error.strerror or error}.") from error


def _rename_file(part: Path, path: Path) -> None:
    try:
        rename_new(part, path)
    except FileExistsError as error:
        raise InputError(
            f"the output {shown(str(path))} was made by something else during this run; it stays, and nothing was written."
        ) from error


def write_bytes(path: str | Path, content: bytes, *, replace: bool = True) -> Path:
    """Write a file, so that it appears whole or not at all.

    Parameters
    ----------
    path
        File to write; its folder must be there.
    content
        What it holds.
    replace
        As for :func:`whole_file`.

    Returns
    -------
    pathlib.Path
        The file.

    Raises
    ------
    InputError
        See :func:`whole_file`.
    """
    path = Path(path)
    with whole_file(path, replace=replace) as part:
        part.write_bytes(content)
    return path


def write_text(path: str | Path, text: str, *, replace: bool = True) -> Path:
    r"""Write UTF-8 text, so that the file appears whole or not at all.

    Parameters
    ----------
    path
        File to write; its folder must be there.
    text
        Content; line ends are written as they are, what UTF-8 has no form for as ``\udcff``.
    replace
        As for :func:`whole_file`.

    Returns
    -------
    pathlib.Path
        The file.

    Raises
    ------
    InputError
        See :func:`whole_file`.
    """
    return write_bytes(path, encoded(text), replace=replace)


def encoded(text: str) -> bytes:
    r"""Encode text as UTF-8; a byte of a file name that is no UTF-8 becomes ``\udcff``."""
    return text.encode("utf-8", "backslashreplace")


@contextmanager
def whole_folder(folder: str | Path, check: Callable[[], None], *, replace: bool) -> Iterator[Path]:
    """Give an empty folder to fill, and put it in place once all went well.

    Parameters
    ----------
    folder
        Folder to make, with the folders above it.
    check
        Called before the work and again before the folder is put in place; raises InputError where it must not be.
    replace
        Whether a folder that is there is replaced.

    Yields
    ------
    pathlib.Path
        The folder to fill.

    Raises
    ------
    InputError
        By `check`, or the folder cannot be written. Where the folder is complete and cannot be put in place, the message
        says where it is.
    """
    check()
    target = Path(os.path.realpath(folder))
    try:
        with work_folder(target) as work:
            new = work / _NEW
            new.mkdir()
            yield new
            for left in _inner_work(new):
                shutil.rmtree(left)
            _put_in_place(new, target, check, replace=replace)
    except (OSError, InputError) as error:
        cause = error if isinstance(error, OSError) else error.__cause__
        if not isinstance(cause, OSError):
            raise
        raise InputError(
            f"the output {shown(str(folder))} cannot be written: {cause.strerror or cause}."
        ) from error


def files_in(folder: Path) -> list[Path]:
    """Files of a folder that is being filled, without those of work folders that an error kept from being removed."""
    work = _inner_work(folder)
    return sorted(p for p in folder.rglob("*") if p.is_file() and not work & {*p.parents})


def _inner_work(folder: Path) -> set[Path]:
    return {p for p in folder.rglob(".*") if re.search(f"{_MARK}$", p.name) and p.is_dir()}


def _put_in_place(new: Path, target: Path, check: Callable[[], None], *, replace: bool) -> None:
    try:
        check()
        if replace and os.path.lexists(target):
            replace_folder(new, target, new.with_name(_OLD))
        else:
            rename_new(new, target)
    except (OSError, InputError) as error:
        beside = _beside(new, target)
        if beside is None:
            raise
        why = str(error) if isinstance(error, InputError) else f"{error.strerror or error}."
        raise InputError(
            f"the output {shown(str(target))} stays as it is: {why} The results of this run are in {shown(str(beside))}."
        ) from None


def _beside(new: Path, target: Path) -> Path | None:
    """Give finished work a name of its own, NAME_2, where its place is taken; None where that fails, too."""
    for n in range(2, 1000):
        beside = target.with_name(f"{target.name}_{n}")
        try:
            rename_new(new, beside)
        except FileExistsError:
            continue
        except OSError:
            return None
        return beside
    return None


# ---- the work folder -----------------------------------------------------------


@contextmanager
def work_folder(target: Path) -> Iterator[Path]:
    """Give a folder beside `target` that is locked and that only this user may enter; it is removed at the end.

    Folders above `target` are made, and removed again where an error leaves them empty.
    """
    remove_leftovers(target)
    made = [p for p in target.parents if not p.exists()]
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        work, lock = _locked(target)
        try:
            yield work
        finally:
            _clear(work)
            os.close(lock)
    except BaseException:
        for folder in made:
            with suppress(OSError):
                folder.rmdir()
        raise


def remove_leftovers(target: Path) -> None:
    """Remove what killed runs to `target` left beside it; put a folder back that one of them had moved aside.

    What is not ours, or in use by a run that lives, stays.
    """
    if fcntl is None:
        return
    with suppress(OSError):
        with os.scandir(target.parent) as entries:
            named = [e for e in entries if re.fullmatch(re.escape(_prefix(target)) + _MARK, e.name)]
        for work in (Path(e.path) for e in named if _is_ours(e)):
            lock = _lock(work, needed=True)
            if lock is not None:
                put_back(work / _OLD, target)
                _clear(work)
                os.close(lock)


def _prefix(target: Path) -> str:
    name = target.name
    if len(os.fsencode(name)) > _LONGEST:
        name = hashlib.sha256(os.fsencode(name)).hexdigest()[:16]
    return f".{name}"


def _is_ours(entry: os.DirEntry[str]) -> bool:
    if not entry.is_dir(follow_symlinks=False):
        return False
    found = entry.stat(follow_symlinks=False)
    if found.st_uid != os.geteuid() or stat.S_IMODE(found.st_mode) & 0o077:
        return False
    names = {p.name for p in Path(entry.path).iterdir()}
    return not names or _LOCK in names


def _locked(target: Path) -> tuple[Path, int]:
    for _ in range(100):
        work = target.parent / f"{_prefix(target)}.markerkit-{secrets.token_hex(4)}"
        try:
            work.mkdir(mode=0o700)
        except FileExistsError:
            continue
        try:
            lock = _lock(work, needed=False)
        except BaseException:
            _clear(work)
            raise
        if lock is not None:
            return work, lock
    raise InputError(f"cannot write {shown(str(target))}: another run removes its files again and again.")


def _lock(work: Path, *, needed: bool) -> int | None:
    """Lock a work folder; None where another process has it or removed it, or where `needed` and there are no locks."""
    path = work / _LOCK
    try:
        lock = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o600)
    except FileNotFoundError:
        return None
    try:
        if (_flock(lock) or not needed) and os.path.samestat(os.fstat(lock), path.stat()):
            return lock
    except (BlockingIOError, FileNotFoundError):
        pass
    os.close(lock)
    return None


def _flock(lock: int) -> bool:
    """Lock an open file; False where the system or the file system has no locks."""
    if fcntl is None:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise
    except OSError:
        return False
    return True


def _clear(work: Path) -> None:
    """Remove a work folder, the lock last, so that what is left of it is still known as ours."""
    with suppress(OSError):
        for path in work.iterdir():
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path, ignore_errors=True)
            elif path.name != _LOCK:
                path.unlink()
        if [p.name for p in work.iterdir()] == [_LOCK]:
            (work / _LOCK).unlink()
        work.rmdir()


# ---- what a command writes -----------------------------------------------------


def emit(text: str, out: str | None) -> None:
    """Print, or write to a file that appears whole and replaces nothing."""
    if out is None:
        _print(printable(text) if sys.stdout.isatty() else text, sys.stdout)
        return
    check_file(out)
    write_text(out, text, replace=False)


def say(text: str, stream: TextIO | None = None) -> None:
    """Print to stdout or another stream; no character of a name acts on the terminal."""
    _print(printable(text), stream or sys.stdout)


def _print(text: str, stream: TextIO) -> None:
    stream.write(text if text.endswith("\n") else f"{text}\n")
    stream.flush()


def check_file(out: str, *, header: Sequence[str] = (), overwrite: bool = False) -> None:
    """Refuse a file that cannot be written; with `overwrite` one that begins with `header` may be replaced."""
    path = Path(out)
    name = shown(out)
    remove_leftovers(path)
    if is_there(path):
        if not overwrite:
            other = " or pass --overwrite" if header else ""
            raise InputError(f"the output {name} is there already; choose another{other}.")
        if not path.is_file() or not _begins_with(path, "\t".join(header).encode()):
            raise InputError(
                f"the output {name} is another kind of file and will not be replaced; choose another."
            )
    if not path.parent.is_dir():
        raise InputError(
            f"the output {name} cannot be written: there is no folder {shown(str(path.parent))}."
        )
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise InputError(
            f"the output {name} cannot be written: no right to write in {shown(str(path.parent))}."
        )


def is_there(path: Path) -> bool:
    """Whether something is at a path, a link that leads nowhere included.

    Raises
    ------
    InputError
        A path that no file can have.
    """
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except (OSError, ValueError) as error:
        why = (error.strerror if isinstance(error, OSError) else None) or error
        raise InputError(f"the output {shown(str(path))} cannot be written: {why}.") from error
    return True


def _begins_with(path: Path, start: bytes) -> bool:
    with path.open("rb") as file:
        return file.read(len(start)) == start
