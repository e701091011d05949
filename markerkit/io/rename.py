"""Renaming that replaces nothing, and the exchange of two paths in one step, where the system has them."""

from __future__ import annotations

import ctypes
import errno
import os
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

_HERE = -100  # AT_FDCWD: paths count from the working directory
_REPLACE_NOTHING, _EXCHANGE = 1, 2
#: answers of a system, or of a kind of file system, that has no such rename
_UNKNOWN = {errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP}


def rename_new(old: Path, new: Path) -> None:
    """Rename to a name that is not taken.

    Parameters
    ----------
    old, new
        Names in one file system.

    Raises
    ------
    OSError
        Also where `new` is there (FileExistsError).
    """
    if _renamed(old, new, _REPLACE_NOTHING):
        return
    if os.path.lexists(new):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(new))
    old.rename(new)


def replace_folder(new: Path, target: Path, aside: Path) -> None:
    """Put a folder in the place of another, which moves to `aside` or to where the new one was.

    Parameters
    ----------
    new, target
        Folders that are there.
    aside
        Name for the old folder where the system cannot exchange two folders in one step.

    Raises
    ------
    OSError
        The old folder is in its place then.
    """
    if _renamed(new, target, _EXCHANGE):
        return
    try:
        target.rename(aside)
        new.rename(target)
    except BaseException:
        put_back(aside, target)
        raise


def put_back(aside: Path, target: Path) -> None:
    """Rename a folder back to its place, if it is aside and its place is empty."""
    if os.path.lexists(aside) and not os.path.lexists(target):
        aside.rename(target)


def _renamed(old: Path, new: Path, how: int) -> bool:
    """Rename in the given way; whether the system can."""
    call = _renameat2()
    if call is None:
        return False
    sys.audit("os.rename", str(old), str(new), -1, -1)  # as os.rename does
    if call(_HERE, os.fsencode(old), _HERE, os.fsencode(new), how) == 0:
        return True
    number = ctypes.get_errno()
    if number in _UNKNOWN:
        return False
    raise OSError(number, os.strerror(number), str(old), None, str(new))


@cache
def _renameat2() -> Callable[..., int] | None:
    """Find the function of the C library of Linux."""
    if not sys.platform.startswith("linux"):
        return None
    try:
        call = ctypes.CDLL(None, use_errno=True).renameat2
    except (AttributeError, OSError):
        return None
    call.argtypes = [ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_uint]
    call.restype = ctypes.c_int
    return call
