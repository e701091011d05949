"""Fixtures of all tests; what takes seconds is made once in a process and only read."""

from __future__ import annotations

import gc
import os
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import markerkit as mk
from tests.helpers import APOPTOSIS, EXAMPLE, TWO_CONTRASTS, example_assessed, small_study
from tests.hostile import nasty_contrast, nasty_experiment

if TYPE_CHECKING:
    from markerkit.results import Assessment

os.environ["MPLBACKEND"] = "Agg"
gc.set_threshold(50_000, 20, 50)


#: fixtures of seconds that a few tests share
DEAR = {"nasty_folder", "nasty_assessment", "example_folder", "null_checked", "undeclared", "compared", "stated",
        "two_contrasts"}  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the tests with dear fixtures come first, so that one of several processes makes them and no other."""
    items.sort(key=lambda item: DEAR.isdisjoint(getattr(item, "fixturenames", ())))


def pytest_collection_finish() -> None:
    """Let no collection of garbage walk through ten thousand tests again and again."""
    gc.freeze()


@pytest.fixture(autouse=True)
def _close_figures() -> Iterator[None]:
    """Leave no figure open; matplotlib is not imported for it."""
    yield
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")


@pytest.fixture(scope="session")
def example() -> mk.Experiment:
    """The simulated example, EV preparations and lysates of six donors."""
    return mk.load_example()


@pytest.fixture(scope="session")
def example_assessment() -> Assessment:
    """The example, assessed once for all tests, which only read it."""
    return example_assessed()


@pytest.fixture(scope="session")
def example_folder(example_assessment: Assessment, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Results folder of `example_assessment` with one figure; copy it to change it."""
    with pytest.MonkeyPatch.context() as patch:
        draw_one_figure(patch)
        return example_assessment.report(tmp_path_factory.mktemp("example") / "out")


@pytest.fixture(scope="session")
def undeclared(example: mk.Experiment) -> Assessment:
    """The example, assessed without pairs and without a word on what the control is."""
    return mk.assess(example, mk.Contrast("fraction", "EV", "lysate"))


@pytest.fixture(scope="session")
def stated(example: mk.Experiment) -> Assessment:
    """The example, assessed with much said of it: vesicles of dying cells, how they were isolated, where the data are."""
    said = {"vesicles": True, "isolation": "SEC", "lysate_preparation": "RIPA", "accession": "PXD1"}
    return mk.assess(example, EXAMPLE, context={**APOPTOSIS, **said})


@pytest.fixture(scope="session")
def compared(example: mk.Experiment) -> Assessment:
    """The example, assessed as if both of its groups were vesicles."""
    return mk.assess(example, mk.Contrast("fraction", "EV", "lysate", paired_by="donor", comparator="ev"))


@pytest.fixture(scope="session")
def null_checked(example: mk.Experiment) -> Assessment:
    """The example without its pairs, with a null check of three data sets."""
    return mk.assess(example, mk.Contrast("fraction", "EV", "lysate", comparator="lysate"), null_check=3)


@pytest.fixture(scope="session")
def two_contrasts() -> Assessment:
    """A small study with its groups compared both ways: against a lysate, and as if both were vesicles."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "the background of the set tests")
        return mk.assess(small_study(), TWO_CONTRASTS)


@pytest.fixture(scope="session")
def nasty_assessment() -> Assessment:
    """A study whose names are hostile, assessed once."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "the background of the set tests")
        return mk.assess(nasty_experiment(), nasty_contrast())


@pytest.fixture(scope="session")
def nasty_folder(nasty_assessment: Assessment, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Results folder of `nasty_assessment` with every figure; copy it to change it."""
    return nasty_assessment.report(tmp_path_factory.mktemp("nasty") / "out")


def draw_one_figure(patch: pytest.MonkeyPatch) -> None:
    """Give reports one figure, drawn in this process."""
    from markerkit.report import _figures

    drawing = _figures.FIGURES["forest"]
    patch.setattr(_figures, "FIGURES", {"forest": drawing})
    patch.setattr(_figures, "of_study", lambda _tables: [])
    patch.setattr("markerkit.report._process._processors", lambda: 1)


@pytest.fixture
def one_figure(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give reports one figure: for tests that look at something else of a report."""
    draw_one_figure(monkeypatch)


@pytest.fixture
def one_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Start no process that would draw: for tests of the command line that are refused before anything is drawn."""
    monkeypatch.setattr("markerkit.report._process._processors", lambda: 1)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of real data sets, which cannot be shared with the code."""
    folder = Path(__file__).parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the folder of real data sets is not beside this checkout")
    return folder


@pytest.fixture(scope="session")
def repository() -> Path:
    """Root of the checkout."""
    return Path(__file__).parents[1]
