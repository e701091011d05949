"""How fast: from an experiment to the table, on one thread, as a ratio to what others need in the same run.

Run as ``python benchmarks/speed.py``; ``--write`` puts the table into the README
of this folder. Without R with limma, times of another machine stand in, and say so.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import importlib.util
import logging
import os
import platform
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from calibration import has_limma, hide
from sections import FOLDER, markdown, write_section
from threadpoolctl import threadpool_limits

import markerkit as mk
from markerkit.catalog.load import read_markers

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
    "camera, library": 0.29,
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
    library: list[npt.NDArray[np.intp]]
    blocks: npt.NDArray[np.intp]
    large: Array
    large_design: Array
    wide: Array
    ranking: Array


def workloads(seed: int = 11, *, small: bool = False) -> Workloads:
    """Two arms of 12 over 8,000 proteins; 2,000 samples of 10,000; 500 samples of 8,000; 40 and 10,000 sets."""
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
    missing = hide(rng, complete)
    # as many sets as Gene Ontology has for a proteome, half of them of less than 30 genes
    many = np.clip(rng.lognormal(3.4, 1.0, 10_000 if not small else 100), 5, min(500, p // 4)).astype(int)
    return Workloads(
        complete,
        missing,
        sets,
        [np.sort(rng.choice(p, size, replace=False)) for size in many],
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

    def sets_test(method: str, sets: Any = named) -> Callable[[], Any]:
        def call() -> Any:
            assert da.fit is not None
            # a copy has nothing left of the calls before it
            return mk.enrich(replace(da, fit=replace(da.fit)), sets, method=method).table

        return call

    def both(method: str) -> Callable[[], Any]:
        return lambda: (
            mk.enrich(
                mk.differential_abundance(complete, "~ group", contrast=contrast), named, method=method
            ).table
        )

    return {
        "missing": test(missing),
        "complete": test(complete),
        "trend robust, missing": test(missing, trend=True, robust=True),
        "trend robust, complete": test(complete, trend=True, robust=True),
        "large": lambda: mk.differential_abundance(large, design, contrast={"c1": 1.0}).table,
        "duplicate correlation": test(few, block="donor"),
        "camera": sets_test("camera"),
        "camera, library": sets_test("camera", mk.MarkerCatalog.of_lists(catalog(work.library))),
        "fry": sets_test("fry"),
        "complete, then camera": both("camera"),
        "complete, then fry": both("fry"),
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
        for key in ("sets", "library"):
            lines = (" ".join(str(j + 1) for j in at) for at in getattr(work, key))
            (folder / f"{key}.txt").write_text("\n".join(lines))
        (folder / "blocks.txt").write_text("\n".join(map(str, work.blocks)))
        done = subprocess.run(
            ["Rscript", "--vanilla", str(FOLDER / "_limma_speed.R"), name, str(budget)],
            check=True,
            capture_output=True,
            text=True,
            timeout=900,
            env=os.environ | dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1"),
        )
    rows = (line.split("\t") for line in done.stdout.splitlines() if line.strip())
    return {row[0]: float(row[1]) for row in rows}


#: item -> what is timed, and what the ratio to limma is to be at most
AGAINST_LIMMA = {
    "missing": ("moderated t, 8,000 x 24, 15 % missing", 0.15),
    "complete": ("moderated t, 8,000 x 24, complete", 1.0),
    "large": ("moderated t, 10,000 x 2,000, 10 columns", 0.2),
    "trend robust, missing": ("trend and robust, 8,000 x 24, 15 % missing", 0.3),
    "trend robust, complete": ("trend and robust, 8,000 x 24, complete", 1.0),
    "duplicate correlation": ("duplicate correlation and fit, 2,000 x 24", 0.05),
    "camera": ("camera, correlation estimated, 40 sets, from the fit", 1.0),
    "camera, library": ("camera, correlation estimated, 10,000 sets, from the fit", 0.5),
    "fry": ("fry with both p, 40 sets and 200 random sets, from the fit", 0.5),
    "complete, then camera": ("moderated t and camera, from the experiment to both tables", None),
    "complete, then fry": ("moderated t and fry, from the experiment to both tables", None),
}


def linear_rows(work: Workloads, budget: float) -> list[Row]:
    """Markerkit against limma, item by item."""
    theirs = limma_times(work, budget)
    calls = ours(work)
    rows = []
    for item, (what, most) in AGAINST_LIMMA.items():
        # limma fits again for a set test: its two calls stand for the two of ours
        parts = item.split(", then ")
        elsewhere = not set(parts) <= set(theirs)
        peer = "limma" + (", elsewhere" if elsewhere else "")
        seconds = sum((ELSEWHERE if elsewhere else theirs)[part] for part in parts)
        rows.append(Row(what, cpu_time(calls[item], budget=budget), peer, seconds, most, elsewhere))
    statsmodels = _statsmodels_loop(work.missing[:, : min(1000, work.missing.shape[1])])
    share = work.missing.shape[1] / min(1000, work.missing.shape[1])
    seconds = cpu_time(statsmodels, budget=budget) * share
    rows.append(Row(AGAINST_LIMMA["missing"][0], rows[0].ours, "statsmodels OLS, a loop", seconds, None))
    return rows


def _statsmodels_loop(values: Array) -> Callable[[], Any]:
    from statsmodels.api import OLS

    design = np.column_stack([np.ones(24), np.repeat([0.0, 1.0], 12)])

    def loop() -> list[float]:
        out = []
        for y in values.T:
            seen = ~np.isnan(y)
            if seen[:12].any() and seen[12:].any() and seen.sum() > 2:
                out.append(float(OLS(y[seen], design[seen]).fit().pvalues[1]))
        return out

    return loop


def gsea_row(work: Workloads, budget: float, *, library: bool) -> Row:
    """Set tests through the adapter against the bare call of gseapy, on the same ranking and sets."""
    import gseapy

    from markerkit.sets import gsea as _gsea

    score = pd.Series(work.ranking, index=[f"G{i:05d}" for i in range(len(work.ranking))])
    sets, most = (work.library, 1.1) if library else (work.sets, 1.15)
    named = catalog(sets)

    def bare() -> Any:
        return gseapy.prerank(
            score,
            named,
            min_size=1,
            max_size=10_000,
            method="multilevel",
            threads=1,
            seed=1,
            outdir=None,
            no_plot=True,
        ).results

    own = cpu_time(lambda: _gsea.prerank(score, named, weight=1.0, seed=1), budget=budget)
    return Row(
        f"gsea, {len(sets):,} sets of {len(score):,} genes",
        own,
        "gseapy prerank, multilevel",
        cpu_time(bare, budget=budget),
        most,
    )


def score_rows(work: Workloads, budget: float) -> list[Row]:
    """Scores of samples against gseapy's, singscore's and decoupler's."""
    import gseapy

    exp = experiment(work.wide, {"one": ["x"] * len(work.wide)})
    named = catalog(work.sets)
    with tempfile.TemporaryDirectory() as folder:
        markers = _as_catalog(named, Path(folder))
    frame = pd.DataFrame(work.wide.T, index=exp.values.columns, columns=exp.values.index)

    def theirs() -> Any:
        return gseapy.ssgsea(
            frame,
            named,
            outdir=None,
            sample_norm_method="rank",
            min_size=1,
            max_size=10_000,
            threads=1,
            no_plot=True,
        ).res2d

    size = f"40 sets x {work.wide.shape[1]:,} x {work.wide.shape[0]}"
    own = {
        m: cpu_time(lambda m=m: mk.score_samples(exp, markers, method=m).table, budget=budget)
        for m in ("ssgsea", "singscore")
    }
    rows = [
        Row(f"ssGSEA, {size}", own["ssgsea"], "gseapy", cpu_time(theirs, budget=budget), 0.1),
        Row(
            f"singscore, {size}",
            own["singscore"],
            "singscore of R, elsewhere",
            ELSEWHERE["singscore"],
            0.2,
            elsewhere=True,
        ),
    ]
    if importlib.util.find_spec("decoupler"):
        import decoupler

        net = pd.DataFrame([(k, g) for k, v in named.items() for g in v], columns=["source", "target"])
        wide = frame.T
        seconds = cpu_time(lambda: decoupler.mt.aucell(wide, net, tmin=1), budget=budget)
        rows.append(Row(f"singscore, {size}", own["singscore"], "decoupler AUCell", seconds, None))
    return rows


def _as_catalog(named: dict[str, list[str]], folder: Path) -> Any:
    path = folder / "sets.gmt"
    path.write_text("\n".join("\t".join([k, "na", *v]) for k, v in named.items()) + "\n")
    return read_markers(path)


def text_of(rows: list[Row]) -> str:
    """Section of the README."""
    table = pd.DataFrame(
        {
            "what": [r.what for r in rows],
            "markerkit": [f"{1000 * r.ours:.1f} ms" for r in rows],
            "against": [r.peer for r in rows],
            "theirs": [f"{1000 * r.theirs:.1f} ms" for r in rows],
            "ratio": [_ratio(r) for r in rows],
            "at most": ["" if r.most is None else f"{r.most:g}" for r in rows],
        }
    )
    packages = ("numpy", "scipy", "pandas", "statsmodels", "gseapy", "decoupler")
    found = [f"{k} {importlib.metadata.version(k)}" for k in packages if importlib.util.find_spec(k)]
    versions = [f"Python {platform.python_version()}", *found]
    return "\n".join(
        [
            "## Speed",
            "",
            "CPU time of one thread, median of up to seven rounds after a first call, all in one run "
            "(`python benchmarks/speed.py`): from an experiment to the finished table where nothing else is said. "
            "limma is timed from a matrix to `topTable`, and its set tests from a matrix, which it fits again in less "
            "than 10 ms; ours from a fresh copy of the fit in every call. Ratios above their limit in bold. *Elsewhere*: measured on another machine (2 vCPU AMD EPYC; "
            "R 4.2.2, limma 3.54.1, singscore 1.29.1), so that its ratio is a rough one.",
            "",
            markdown(table, left=("what", "against")),
            "",
            f"{', '.join(versions)}; {_limma_version()}.",
        ]
    )


def _ratio(row: Row) -> str:
    ratio = row.ours / row.theirs
    text = f"{ratio:.2g}" if ratio < 0.1 else f"{ratio:.2f}"
    return f"**{text}**" if row.most is not None and ratio > row.most else text


def _limma_version() -> str:
    if not has_limma():
        return "R with limma not on the machine"
    code = "cat('limma', as.character(packageVersion('limma')), 'on', R.version.string)"
    done = subprocess.run(
        ["Rscript", "--vanilla", "-e", code], check=True, capture_output=True, text=True, timeout=60
    )
    return done.stdout.strip()


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--budget", type=float, default=3.0, help="seconds a timed item may take, about")
    parser.add_argument("--quick", action="store_true", help="small matrices, to see that it runs")
    parser.add_argument("--write", action="store_true", help="write the section of the README")
    arguments = parser.parse_args(argv)
    logging.disable(logging.WARNING)
    warnings.simplefilter("ignore")
    budget = 0.0 if arguments.quick else arguments.budget
    work = workloads(small=arguments.quick)
    with threadpool_limits(1):
        gsea = [gsea_row(work, budget, library=library) for library in (False, True)]
        text = text_of([*linear_rows(work, budget), *gsea, *score_rows(work, budget)])
    print(text)
    if arguments.write:
        write_section("speed", text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
