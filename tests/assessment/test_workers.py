"""Contrasts side by side in several processes: the same results, whatever becomes of a process."""

from __future__ import annotations

import subprocess
import sys

import pandas as pd
import pytest

import markerkit as mk
from markerkit import InputError
from markerkit.assessment import workers
from tests.helpers import TWO_CONTRASTS, small_study

pytestmark = pytest.mark.filterwarnings("ignore:the background of the set tests")


@pytest.fixture(scope="module")
def exp() -> mk.Experiment:
    return small_study()


def assert_same(found: mk.Assessment, expected: mk.Assessment) -> None:
    for name, table in expected.tables.items():
        pd.testing.assert_frame_equal(found.tables[name], table, check_exact=True, obj=name)
    assert found.verdicts() == expected.verdicts()
    assert found.warnings == expected.warnings
    assert found.params == expected.params
    assert found.design == expected.design


def test_every_contrast_stands_in_one_table(two_contrasts: mk.Assessment) -> None:
    identity, change = (contrast.name for contrast in TWO_CONTRASTS)
    assert (
        set(two_contrasts.identity.table["contrast"])
        == set(two_contrasts.evidence.table["contrast"])
        == {identity}
    )
    assert set(two_contrasts.comparison.table["contrast"]) == {change}
    assert set(two_contrasts.purity.table["contrast"]) == {identity, change}
    fractions = two_contrasts.purity.contamination_fraction.table.groupby("contrast")["status"].agg(set)
    assert fractions.to_dict() == {identity: {"assessed"}, change: {"not assessable"}}


def test_processes_give_what_one_gives(exp: mk.Experiment, two_contrasts: mk.Assessment) -> None:
    assert_same(mk.assess(exp, TWO_CONTRASTS, jobs=2), two_contrasts)


@pytest.fixture
def ended(monkeypatch: pytest.MonkeyPatch) -> list[workers.Process]:
    """Let every process end at once; those that were started."""
    started = []

    def ends_at_once(_module: str) -> workers.Process:
        pipe = subprocess.PIPE
        process = subprocess.Popen([sys.executable, "-c", "pass"], stdin=pipe, stdout=pipe)
        started.append(process)
        return process

    monkeypatch.setattr(workers, "start", ends_at_once)
    return started


@pytest.mark.slow  # quick: the refusal below, which comes from this process as well
def test_contrasts_of_processes_that_end_are_done_here(
    exp: mk.Experiment, two_contrasts: mk.Assessment, ended: list[workers.Process]
) -> None:
    assert_same(mk.assess(exp, TWO_CONTRASTS, jobs=2), two_contrasts)
    assert len(ended) == 2
    assert all(process.poll() is not None for process in ended)


def refusal(exp: mk.Experiment, first: mk.Contrast | None, jobs: int) -> str:
    """The error of a study whose runs are its groups; what is refused comes after `first`, or twice."""
    run = exp.samples["fraction"].map({"EV": "first", "lysate": "second"})
    confounded = exp.evolve("runs", samples=exp.samples.assign(run=run))
    names = ["b"] if first is not None else ["b", "c"]
    refused = [
        mk.Contrast("fraction", "EV", "lysate", batch=("run",), comparator="lysate", name=n) for n in names
    ]
    with pytest.raises(InputError) as caught:
        mk.assess(confounded, refused if first is None else [first, *refused], jobs=jobs)
    assert "run" in str(caught.value)
    return str(caught.value)


def test_a_refused_contrast_is_refused_in_a_process_too(exp: mk.Experiment) -> None:
    assert refusal(exp, None, jobs=1) == refusal(exp, None, jobs=2)


@pytest.mark.slow
def test_a_contrast_is_refused_after_one_that_is_not(exp: mk.Experiment) -> None:
    assert refusal(exp, TWO_CONTRASTS[0], jobs=1) == refusal(exp, TWO_CONTRASTS[0], jobs=2)


def test_a_contrast_of_processes_that_end_is_refused_here(
    exp: mk.Experiment, ended: list[workers.Process]
) -> None:
    assert "confounded" in refusal(exp, None, jobs=2)
    assert len(ended) == 2
    assert all(process.poll() is not None for process in ended)


@pytest.mark.parametrize("jobs", [0, -1, 1.5])
def test_jobs_that_are_no_number_of_processes(exp: mk.Experiment, jobs: float) -> None:
    with pytest.raises(InputError, match="`jobs` is a whole number"):
        mk.assess(exp, TWO_CONTRASTS, jobs=jobs)
