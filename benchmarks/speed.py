"""How fast: from an experiment to the table, on one thread, as a ratio to what others need in the same run.

Run as ``python benchmarks/speed.py``; ``--write`` puts the table into the README
of this folder. Without R with limma, times of another machine stand in, and say so.
"""

from __future__ import annotations

import os

for _name in (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "RAYON_NUM_THREADS",
    "NUMBA_NUM_THREADS",
):
    os.environ[_name] = "1"

import argparse
import importlib.util
import logging
import platform
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

import markerkit as mk

sys.path.insert(0, str(Path(__file__).parent))
from calibration import has_limma, hide
from sections import FOLDER, markdown, write_section

Array = npt.NDArray[np.float64]

#: seconds on another machine (2 vCPU AMD EPYC; R 4.2.2; limma 3.54.1, gseapy 1.3.1, singscore 1.29.1, decoupler 2.2.0)
ELSEWHERE = {
    "missing": 0.306,
    "complete": 0.01927,
    "trend robust, missing": 0.324,
    "trend robust, complete": 0.03021,
    "large": 1.06,
    "duplicate correlation": 2000 * 0.00064,
    "camera": 0.00751,
    "fry": 0.03088,
    "singscore": 4.77,
}


@dataclass(frozen=True)
class Row:
    """One line of the table: ours, the peer's seconds and what the ratio is to be at most."""

    what: str
    ours: float
    peer: str
    theirs: float
    most: float | None
    elsewhere: bool = False


def cpu_time(call: Callable[[], Any], *, budget: float) -> float:
    """Median CPU time of a call, in seconds: up to seven rounds of a tenth of a second or one call, after a first."""
    call()
    each: list[float] = []
    began = time.process_time()
    while len(each) < 3 or (len(each) < 7 and time.process_time() - began < budget):
        start, calls = time.process_time(), 0
        while calls == 0 or time.process_time() - start < 0.1:
            call()
            calls += 1
        each.append((time.process_time() - start) / calls)
        if each[0] > budget:
            break
    return float(np.median(each))


@dataclass(frozen=True)
class Workloads:
    """Matrices of samples x proteins, sets as places of proteins."""

    complete: Array
    missing: Array
    sets: list[npt.NDArray[np.intp]]
    blocks: npt.NDArray[np.intp]
    large: Array
    large_design: Array
    wide: Array
    ranking: Array


def workloads(seed: int = 11, *, small: bool = False) -> Workloads:
    """Two arms of 12 over 8,000 proteins; 2,000 samples of 10,000; 500 samples of 8,000; 40 sets of 5 to 150."""
    rng = np.random.default_rng(seed)
    p, samples, proteins, wide = (8000, 2000, 10000, 500) if not small else (600, 40, 300, 20)
    arm = np.repeat([0.0, 1.0], 12)
    deviation = np.sqrt(0.09 * 5 / rng.chisquare(5, p))
    complete = rng.normal(24, 2, p) + deviation * rng.standard_normal((24, p))
    complete += arm[:, None] * rng.normal(0, 0.4, p) * (rng.random(p) < 0.1)
    sizes = np.round(np.geomspace(5, 150, 40)).astype(int)
    sets = [np.sort(rng.choice(p, size, replace=False)) for size in sizes]
    group, batch, age = rng.integers(0, 2, samples), rng.integers(0, 8, samples), rng.normal(60, 9, samples)
    dummies = [(batch == k).astype(float) for k in range(1, 8)]
    large = rng.normal(24, 2, proteins) + 0.5 * rng.standard_normal((samples, proteins))
    large += rng.normal(0, 0.3, (8, proteins))[batch]
    ranking = rng.standard_t(6, p)
    for at in sets[::8]:
        ranking[at] += 0.5
    return Workloads(
        complete,
        hide(rng, complete),
        sets,
        np.tile(np.arange(12), 2),
        large,
        np.column_stack([np.ones(samples), group, *dummies, age]),
        rng.normal(24, 2, p) + 0.6 * rng.standard_normal((wide, p)),
        ranking,
    )


def experiment(values: Array, sheet: dict[str, Any]) -> mk.Experiment:
    names = [f"S{i}" for i in range(len(values))]
    frame = pd.DataFrame(values, index=names, columns=[f"G{i:05d}" for i in range(values.shape[1])])
    history = [{"verb": "harmonize_ids"}]
    return mk.Experiment(
        frame, pd.DataFrame(sheet, index=names), scale="log2", organism="human", history=history
    )


def catalog(sets: list[npt.NDArray[np.intp]]) -> dict[str, list[str]]:
    return {f"SET{i:02d}": [f"G{j:05d}" for j in at] for i, at in enumerate(sets)}


def ours(work: Workloads) -> dict[str, Callable[[], Any]]:
    """Calls of markerkit by the name of the item."""
    sheet = {"group": ["a"] * 12 + ["b"] * 12, "donor": [f"D{b}" for b in work.blocks]}
    complete, missing = experiment(work.complete, sheet), experiment(work.missing, sheet)
    few = experiment(work.complete[:, :2000], sheet)
    columns = [f"c{i}" for i in range(work.large_design.shape[1])]
    large = experiment(work.large, {"one": ["x"] * len(work.large)})
    design = pd.DataFrame(work.large_design, index=large.samples.index, columns=columns)
    named = catalog(work.sets)
    contrast = ("group", "b", "a")
    da = mk.differential_abundance(complete, "~ group", contrast=contrast)

    def test(exp: mk.Experiment, **options: Any) -> Callable[[], Any]:
        return lambda: mk.differential_abundance(exp, "~ group", contrast=contrast, **options).table

    def sets_test(method: str) -> Callable[[], Any]:
        return lambda: mk.enrich(da, named, method=method).table

    return {
        "missing": test(missing),
        "complete": test(complete),
        "trend robust, missing": test(missing, trend=True, robust=True),
        "trend robust, complete": test(complete, trend=True, robust=True),
        "large": lambda: mk.differential_abundance(large, design, contrast={"c1": 1.0}).table,
        "duplicate correlation": test(few, block="donor"),
        "camera": sets_test("camera"),
        "fry": sets_test("fry"),
        "gsea": sets_test("gsea"),
    }


def limma_times(work: Workloads, budget: float) -> dict[str, float]:
    """Seconds of limma on the same numbers; nothing where R or limma is not there."""
    if not has_limma():
        return {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        # rows of the arrays are the columns of R's matrices
        for key in ("complete", "missing", "large"):
            np.ascontiguousarray(getattr(work, key)).tofile(folder / f"{key}.bin")
        np.savetxt(folder / "large.txt", work.large_design)
        (folder / "sets.txt").write_text("\n".join(" ".join(str(j + 1) for j in at) for at in work.sets))
        (folder / "blocks.txt").write_text("\n".join(map(str, work.blocks)))
        done = subprocess.run(
            ["Rscript", "--vanilla", str(FOLDER / "_limma_speed.R"), name, str(budget)],
            check=True,
            capture_output=True,
            text=True,
            timeout=900,
        )
    rows = (line.split("\t") for line in done.stdout.splitlines() if line.strip())
    return {row[0]: float(row[1]) for row in rows}
