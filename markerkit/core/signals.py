"""SIGTERM and SIGHUP end a program as Ctrl-C does, so that it removes what is not whole."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_NAMES = ("SIGTERM", "SIGHUP")


class Ended(KeyboardInterrupt):
    """A signal ended the program.

    Parameters
    ----------
    number
        Number of the signal.
    """

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """Raise :class:`Ended` where SIGTERM or SIGHUP arrives; a signal that is ignored (`nohup`) stays ignored.

    Once one has arrived, a second one does not disturb the cleaning up. Outside of the main thread, where Python
    handles no signals, nothing is done.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    known = [getattr(signal, name) for name in _NAMES if hasattr(signal, name)]
    before = {n: signal.getsignal(n) for n in known if signal.getsignal(n) is not signal.SIG_IGN}

    def end(number: int, _frame: FrameType | None) -> None:
        for n in before:
            signal.signal(n, signal.SIG_IGN)
        raise Ended(number)

    for number in before:
        signal.signal(number, end)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
