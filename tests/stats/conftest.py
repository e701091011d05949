"""Fixtures of the tests of the statistics."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from types import ModuleType

import pytest

from tests.helpers import ROOT


@pytest.fixture(scope="module")
def oracles() -> Iterator[ModuleType]:
    """What is compared with the reference implementations, and how."""
    spec = importlib.util.spec_from_file_location("oracle_checks", ROOT / "benchmarks" / "oracle_checks.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["oracle_checks"] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules["oracle_checks"]
