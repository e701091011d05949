"""Helpers shared by the tests."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.stats import binom

from markerkit.core.experiment import Experiment
from markerkit.study.contrast import Contrast

if TYPE_CHECKING:
    from markerkit.results import Assessment

ROOT = Path(__file__).parents[1]
#: how the tests compare the simulated example of `load_example`; see the fixture `example_assessment`
EXAMPLE = Contrast("fraction", "EV", "lysate", paired_by="donor", comparator="lysate", fluid="culture")
#: how they compare both groups of a small study, each with the other; see the fixture `two_contrasts`
TWO_CONTRASTS = (
    Contrast("fraction", "EV", "lysate", comparator="lysate"),
    Contrast("fraction", "lysate", "EV", comparator="ev"),
)
#: a context that speaks of dying cells; see the fixture `stated`
APOPTOSIS = {
    "apoptosis_induced": True,
    "apoptosis_shown": "annexin V and cleaved caspase-3",
    "viability_percent": 62.0,
    "caspase_inhibitor_control": True,
    "inhibitor_effect": "abolished",
}


@cache
def example_assessed() -> Assessment:
    """The simulated example, assessed once in a process; only read it."""
    from markerkit.assessment.run import assess
    from markerkit.simulation.examples import load_example

    return assess(load_example(), EXAMPLE)


def small_study() -> Experiment:
    """Three EV preparations and three lysates, with few proteins beside the markers."""
    from markerkit.simulation.examples import simulate

    return simulate(n=3, n_background=60, seed=1).experiment


def experiment(
    values: Mapping[str, Sequence[float]] | pd.DataFrame,
    samples: Mapping[str, Sequence[object]] | None = None,
    *,
    scale: str = "raw",
    organism: str = "human",
) -> Experiment:
    """Small experiment: `values` gene -> one number a sample, samples named s1, s2, ..."""
    frame = pd.DataFrame(values)
    if not isinstance(values, pd.DataFrame):
        frame.index = pd.Index([f"s{i + 1}" for i in range(len(frame))])
    sheet = None if samples is None else pd.DataFrame(samples, index=frame.index)
    return Experiment(frame, sheet, scale=scale, organism=organism, history=[{"verb": "harmonize_ids"}])


def two_groups(
    n: int = 4, proteins: int = 60, *, effect: Mapping[int, float] | None = None, seed: int = 0
) -> Experiment:
    """Two arms (``fraction``: EV, lysate) of the same `n` donors on raw scale; `effect` column -> log2 shift."""
    rng = np.random.default_rng(seed)
    log = 20 + 3 * rng.standard_normal(proteins) + 0.3 * rng.standard_normal((2 * n, proteins))
    for column, shift in (effect or {}).items():
        log[:n, column] += shift
    donors = [f"D{i + 1}" for i in range(n)]
    names = [f"{arm}_{d}" for arm in ("EV", "lysate") for d in donors]
    frame = pd.DataFrame(np.exp2(log), index=names, columns=[f"G{i:03d}" for i in range(proteins)])
    sheet = {"fraction": ["EV"] * n + ["lysate"] * n, "donor": donors * 2}
    return experiment(frame, sheet)


def assert_level(
    called: float, tests: int, level: float, *, at_least: float | None = None, confidence: float = 0.999
) -> None:
    """Assert that tests call as often as their level says: the exact binomial band, bounded on both sides.

    `at_least` is the lower of two levels, for tests that are conservative.
    """
    high = binom.interval(confidence, tests, level)[1]
    low = binom.interval(confidence, tests, level if at_least is None else at_least)[0]
    assert low > 0, f"{tests} tests are too few to be bounded from below"
    assert low <= called <= high, f"{called:g} of {tests} called; {low:g} to {high:g} expected"


def python(code: str, *, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run `code` in a fresh interpreter."""
    return subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        cwd=cwd or ROOT,
    )


def committed(root: Path = ROOT) -> list[Path]:
    """Files under version control; empty outside a repository."""
    done = subprocess.run(
        ["git", "ls-files", "-z"], cwd=root, capture_output=True, text=True, check=False, timeout=60
    )
    return [root / name for name in done.stdout.split("\0") if name] if done.returncode == 0 else []
