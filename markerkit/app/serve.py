"""Serve the app to the browser of this computer."""

from __future__ import annotations

import signal
import socket
import sys
import tempfile
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

import uvicorn

from markerkit.app.guard import Guard
from markerkit.app.server import app
from markerkit.core.errors import InputError

#: no other address than this one: the computer itself
_HOST = "127.0.0.1"


def serve(*, port: int = 0, browser: bool = True) -> None:
    """Serve the app until Ctrl-C.

    Parameters
    ----------
    port
        Port on this computer; 0 takes a free one.
    browser
        Open the page in the browser.

    Raises
    ------
    InputError
        The port is taken or not allowed.
    """
    with suppress(KeyboardInterrupt), _listening(port) as sock, _own_folder(), _ended_by_sigterm():
        address = f"{_HOST}:{sock.getsockname()[1]}"
        sys.stderr.write(
            f"markerkit: http://{address} is open to the browser of this computer; Ctrl-C ends it\n"
        )
        sys.stderr.flush()
        if browser:
            webbrowser.open(f"http://{address}")  # it waits until the first request is answered
        config = uvicorn.Config(
            Guard(app(), address), log_level="error", server_header=False, timeout_graceful_shutdown=2
        )
        uvicorn.Server(config).run(sockets=[sock])


@contextmanager
def _listening(port: int) -> Iterator[socket.socket]:
    with socket.socket() as sock:
        try:
            sock.bind((_HOST, port))
        except (OSError, OverflowError) as error:
            raise InputError(
                f"the port {port} cannot be used: {error}; choose another, or 0 for a free one."
            ) from error
        sock.listen()
        yield sock


@contextmanager
def _own_folder() -> Iterator[None]:
    """Keep every temporary file, also those of uploads, in one folder that is removed at the end."""
    before = tempfile.tempdir
    with tempfile.TemporaryDirectory(prefix="markerkit_app_", ignore_cleanup_errors=True) as folder:
        tempfile.tempdir = folder
        try:
            yield
        finally:
            tempfile.tempdir = before


@contextmanager
def _ended_by_sigterm() -> Iterator[None]:
    """Let SIGTERM end the program as Ctrl-C does, so that the folder is removed."""

    def interrupt(_signal: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
