"""Inputs that fuzzing found, or began with, end in a result or in one clear line; `tools/fuzz/run.py` makes more."""

import pytest

from tests.helpers import ROOT
from tools.fuzz.targets import TARGETS

CORPUS = ROOT / "tests" / "fuzz_corpus"
INPUTS = sorted(p for p in CORPUS.rglob("*") if p.is_file())


def test_every_target_has_inputs_and_every_input_a_target():
    assert {p.parent.name for p in INPUTS} == set(TARGETS)


@pytest.mark.parametrize("path", INPUTS, ids=lambda p: f"{p.parent.name}/{p.name}")
def test_input_ends_as_it_should(path):
    TARGETS[path.parent.name](path.read_bytes())


def test_the_harness_sees_a_fault():
    with pytest.raises(UnicodeDecodeError):
        TARGETS["contrast"].__globals__["_ends"](lambda: b"\xff".decode())
    with pytest.raises(AssertionError, match="several lines"):
        TARGETS["contrast"].__globals__["_is_a_line"]("a\nb")
