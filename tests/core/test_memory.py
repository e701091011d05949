"""Garbage is collected again after what makes many objects, also where that fails."""

import gc

import pytest

from markerkit.core.memory import uncollected


@uncollected()
def failing():
    assert not gc.isenabled()
    raise RuntimeError


@pytest.mark.parametrize("before", [True, False])
def test_collection_is_as_it_was(before):
    was = gc.isenabled()
    (gc.enable if before else gc.disable)()
    try:
        with pytest.raises(RuntimeError):
            failing()
        assert gc.isenabled() is before
    finally:
        (gc.enable if was else gc.disable)()
