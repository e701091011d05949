"""Serve the app to the browser of this computer."""

from __future__ import annotations

import socket
import sys
import tempfile
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn

from markerkit.app.guard import Guard
from markerkit.app.server import app
from markerkit.core.errors import InputError
from markerkit.core.signals import Ended, ended_by_signals
from markerkit.io.files import work_folder

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
    with _until_interrupted(), ended_by_signals(), _listening(port) as sock, _own_folder():
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
    """Keep every temporary file, also those of uploads, in one folder that is removed at the end.

    That of an app that was killed is removed by the next one.
    """
    before = tempfile.tempdir
    with work_folder(Path(tempfile.gettempdir()) / "app") as folder:
        tempfile.tempdir = str(folder)
        try:
            yield
        finally:
            tempfile.tempdir = before


@contextmanager
def _until_interrupted() -> Iterator[None]:
    """Ctrl-C is how the app is meant to be ended; a signal ends it as any other command."""
    try:
        yield
    except Ended:
        raise
    except KeyboardInterrupt:
        pass
