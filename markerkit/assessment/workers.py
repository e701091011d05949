"""Contrasts one after another in this process, or side by side in several; run as a module, in one of these."""

from __future__ import annotations

import os
import pickle
import sys
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress

from markerkit.assessment.contrast_parts import ContrastParts, Shared, parts_of
from markerkit.core.errors import InputError
from markerkit.core.processes import Process, can_start, start


@contextmanager
def contrasts_at_work(shared: Shared, jobs: int) -> Iterator[Callable[[], list[ContrastParts]]]:
    """Find what is said of every contrast.

    Parameters
    ----------
    shared
        What the contrasts share.
    jobs
        Processes beside this one; with 1 or one contrast everything is done here and at once.

    Yields
    ------
    A function that waits for the parts and gives them in the order of the contrasts. The block may do something else before.

    Notes
    -----
    A process takes one contrast after the other, and what it finds is the same to the byte wherever it runs. What a process
    leaves undone, because it could not be started or was ended, is done here.
    """
    contrasts = shared.data.contrasts
    number = min(jobs, len(contrasts))
    if number < 2 or not can_start():
        parts = [parts_of(shared, contrast) for contrast in contrasts]
        yield lambda: parts
        return
    crew = _Crew(shared, number)
    try:
        yield crew.parts
    finally:
        crew.end()


class _Crew:
    """Processes that share the contrasts of an assessment."""

    def __init__(self, shared: Shared, number: int) -> None:
        self._shared = shared
        self._waiting = deque(range(len(shared.data.contrasts)))
        self._found: dict[int, ContrastParts | InputError] = {}
        self._processes: list[Process] = []
        self._threads = ThreadPoolExecutor(max_workers=number)
        given = pickle.dumps(shared)
        for _ in range(number):
            process = start("markerkit.assessment.workers")
            if process is not None:
                self._processes.append(process)
                self._threads.submit(self._hand_out, process, given)

    def parts(self) -> list[ContrastParts]:
        """Wait until all contrasts are done; the first that was refused raises its error."""
        self._threads.shutdown()
        found = []
        for at, contrast in enumerate(self._shared.data.contrasts):
            part = self._found[at] if at in self._found else parts_of(self._shared, contrast)
            if isinstance(part, InputError):
                raise part
            found.append(part)
        return found

    def end(self) -> None:
        """End the processes, whatever they do."""
        self._waiting.clear()
        for process in self._processes:
            process.kill()
        self._threads.shutdown()
        for process in self._processes:
            process.wait()

    def _hand_out(self, process: Process, given: bytes) -> None:
        """Let a process do one contrast after another, until none waits or it fails."""
        send, answers = process.stdin, process.stdout
        if send is None or answers is None:
            return
        # a process that fails closes its pipes
        with suppress(OSError, EOFError, pickle.UnpicklingError), send, answers:
            send.write(given)
            while (at := self._next()) is not None:
                pickle.dump(at, send)
                send.flush()
                self._found[at] = pickle.load(answers)

    def _next(self) -> int | None:
        try:
            return self._waiting.popleft()
        except IndexError:
            return None


def main() -> None:
    """Do the contrasts that come on stdin: first what they share, then their places, all pickled; answer with the parts."""
    from threadpoolctl import threadpool_limits

    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    sys.stdout = sys.stderr  # what a library prints is no answer
    with threadpool_limits(limits=1), suppress(EOFError):
        shared: Shared = pickle.load(sys.stdin.buffer)
        while True:
            contrast = shared.data.contrasts[pickle.load(sys.stdin.buffer)]
            try:
                found: ContrastParts | InputError = parts_of(shared, contrast)
            except InputError as error:
                found = error
            pickle.dump(found, answers)
            answers.flush()


if __name__ == "__main__":
    main()
