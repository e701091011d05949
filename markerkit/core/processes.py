"""Processes of our own, beside the one that the user started."""

from __future__ import annotations

import os
import subprocess
import sys

Process = subprocess.Popen[bytes]


def can_start() -> bool:
    """Whether there is an interpreter that would find the package."""
    return bool(sys.executable) and not getattr(sys, "frozen", False)


def start(module: str) -> Process | None:
    """Run a module of this package in this interpreter, over pipes; None where no process can be started."""
    try:
        return subprocess.Popen(
            # -P: no module is imported from the folder of the user's files
            [sys.executable, "-P", "-m", module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )
    except OSError:
        return None
