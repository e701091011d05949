"""What a block leaves behind when it is done."""

from __future__ import annotations

import gc
import pickle
import weakref
from pathlib import Path

import pytest

from markerkit.cohort.engines import Local, _on_worker

LEFT: list[weakref.ref[object]] = []


class _Circle:
    """Values that refer to themselves, as those that a store hands out."""

    def __init__(self) -> None:
        self.own = self


def _work(shared: str, part: int) -> str:
    LEFT.append(weakref.ref(_Circle()))
    return f"{shared} {part}"


@pytest.fixture
def uncollected():
    LEFT.clear()
    gc.disable()
    yield
    gc.enable()


def test_a_block_is_let_go_before_the_next_one(uncollected):
    for number, found in enumerate(Local().run(_work, "block", [0, 1, 2])):
        assert found == f"block {number}"
        assert [left() for left in LEFT] == [None] * (number + 1)


def test_a_worker_lets_go_of_a_block(uncollected, tmp_path: Path):
    file = tmp_path / "shared.pickle"
    file.write_bytes(pickle.dumps("block"))
    assert _on_worker(_work, str(file), 7) == "block 7"
    assert [left() for left in LEFT] == [None]
