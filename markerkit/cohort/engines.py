"""Where blocks are computed: in this process, or by the workers of Dask; results come in the order of the blocks."""

from __future__ import annotations

import gc
import pickle
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol, TypeVar

from markerkit.cohort.stores import lacking
from markerkit.core.errors import InputError, one_of

ENGINES = ("local", "dask")
_WAITING = 3  # blocks that are handed out per thread of a worker, so that none runs dry
_LIVES = 5  # workers that may die over one block before it is given up

Part = TypeVar("Part")
Result = TypeVar("Result")
Work = Callable[[Any, Any], Any]


def _distributed() -> Any:
    try:
        import distributed
    except ImportError as error:
        raise lacking("engine='dask'", "distributed", "dask") from error
    return distributed


class Engine(Protocol):
    """Runs a function on all blocks."""

    def run(self, work: Work, shared: object, parts: Sequence[Any]) -> Iterator[Any]:
        """Yield ``work(shared, part)`` of every part, in their order."""


class Local:
    """Computes one block after the other in this process."""

    def run(self, work: Work, shared: object, parts: Sequence[Any]) -> Iterator[Any]:
        """Yield ``work(shared, part)`` of every part, in their order."""
        from threadpoolctl import threadpool_limits

        with threadpool_limits(limits=1):  # as on the workers
            for part in parts:
                yield _done(work, shared, part)


class Dask:
    """Hands blocks to the workers of Dask; those of a worker that dies are run again by another.

    What all blocks share goes through a file that every worker reads once, so that it outlives any of them.

    Parameters
    ----------
    client
        Connected client.
    folder
        For that file; workers must see it.
    """

    def __init__(self, client: Any, folder: Path) -> None:
        self.client = client
        self.folder = folder

    def run(self, work: Work, shared: object, parts: Sequence[Any]) -> Iterator[Any]:
        """Yield ``work(shared, part)`` of every part, in their order."""
        distributed = _distributed()
        file = self.folder / f".shared-{work.__name__}.pickle"
        file.write_bytes(pickle.dumps(shared))
        waiting: dict[int, Any] = {}
        handed = 0
        try:
            for number in range(len(parts)):
                while handed < min(len(parts), number + self._ahead()):
                    task = (work, str(file), parts[handed])
                    waiting[handed] = self.client.submit(_on_worker, *task, pure=False, retries=_LIVES)
                    handed += 1
                try:
                    yield waiting.pop(number).result()
                except distributed.KilledWorker as error:
                    raise InputError(
                        f"block {number} was given up: every worker that computed it died, most likely for want of memory. Give the "
                        "workers more, or make the blocks smaller (block=, --block)."
                    ) from error
        finally:
            self.client.cancel(list(waiting.values()))
            file.unlink(missing_ok=True)

    def _ahead(self) -> int:
        """Blocks to have handed out, by the workers that are there now."""
        threads = sum(int(n) for n in self.client.nthreads().values())
        return _WAITING * max(1, threads)


def _on_worker(work: Work, file: str, part: Any) -> Any:
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1):
        return _done(work, _shared(file, Path(file).stat().st_mtime_ns), part)


def _done(work: Work, shared: object, part: Any) -> Any:
    """Compute a block and let go of its values.

    What reads a store leaves them in circles of references, and a few large arrays do not make Python look for these: a
    cohort would pile up in memory.
    """
    found = work(shared, part)
    gc.collect()
    return found


@lru_cache(maxsize=1)
def _shared(file: str, _written: int) -> object:
    return pickle.loads(Path(file).read_bytes())


@contextmanager
def engine_of(
    name: str, folder: Path, *, scheduler: str | None = None, workers: int | None = None
) -> Iterator[Engine]:
    """Start an engine, and end what was started for it.

    Parameters
    ----------
    name
        ``"local"`` or ``"dask"``.
    folder
        That every worker sees.
    scheduler
        Address of a scheduler of Dask; by default workers of this computer are started.
    workers
        How many, in the latter case; one per processor by default.

    Raises
    ------
    InputError
        An unknown engine, options of the other one, the extra ``dask`` is not installed, no scheduler at the address.
    """
    one_of("engine", name, ENGINES)
    if name == "local":
        if scheduler is not None or workers is not None:
            raise InputError("`scheduler` and `workers` belong to engine='dask'; engine='local' has neither.")
        yield Local()
        return
    if scheduler is not None and workers is not None:
        raise InputError("a scheduler has its own workers; give either `scheduler` or `workers`.")
    distributed = _distributed()
    options = {"n_workers": workers, "threads_per_worker": 1, "dashboard_address": ":0"}
    try:
        client = distributed.Client(scheduler) if scheduler else distributed.Client(**options)
    except (OSError, ValueError) as error:
        raise InputError(
            f"no scheduler of Dask answers at {scheduler!r}: {str(error).splitlines()[0]}."
        ) from error
    with client:
        yield Dask(client, folder)
