"""How time and memory grow with proteins, samples, contrasts and sets: slopes on logarithmic axes.

Run as ``python benchmarks/growth.py``; ``--write`` puts table and figure into this folder. Every point is a process of
its own, so that its peak memory is its own; its processor seconds leave imports and the making of the data out. A slope
of 1 is growth in proportion; the fixed part of the work makes the slope of small sizes smaller. ``--part`` measures one
axis, ``--quick`` the two smallest sizes of each.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from sections import FOLDER, markdown, write_section

import markerkit as mk
from markerkit.catalog.load import validate
from markerkit.core.genes import gene_table

GROUPS = 12
#: what grows -> its sizes, what is done, and the rest that stays as it is
AXES: dict[str, tuple[tuple[int, ...], str, str]] = {
    "proteins": ((2_000, 4_000, 8_000, 16_000), "assess", "40 samples, one contrast"),
    "samples": ((40, 80, 160, 320), "assess", "2,000 proteins, one contrast"),
    "contrasts": ((1, 6, 21, 66), "assess", "1,000 proteins, 36 samples in 12 groups"),
    "sets": (
        (1_250, 2_500, 5_000, 10_000),
        "read, check and test a GMT library",
        "4,000 proteins, 12 samples",
    ),
    "compared sets": ((500, 1_000, 2_000, 4_000), "overlap of every two sets", "a GMT library"),
}
#: nothing may grow faster than in proportion; every two sets are as many as their number squared
MOST = dict.fromkeys(AXES, 1.1) | {"compared sets": 2.1}


def study(n_proteins: int, n_samples: int) -> mk.Experiment:
    """Simulate preparations and lysates, each sample of which also stands in one of the twelve groups of column `group`."""
    made = mk.simulate(n=n_samples // 2, n_background=n_proteins, seed=1).experiment
    chosen = made[:, list(made.values.columns[:n_proteins])]
    groups = [f"g{i % GROUPS:02d}" for i in range(chosen.n_samples)]
    return mk.Experiment(
        chosen.values,
        chosen.samples.assign(group=groups),
        chosen.proteins,
        chosen.scale,
        history=chosen.history,
    )


def library(n: int, folder: Path) -> Path:
    """Write a library as GO is: a few large sets, many small ones, some genes in many of them."""
    rng = np.random.default_rng(2)
    genes = sorted(gene_table("human").symbols)[:15_000]
    popular = rng.pareto(1.2, len(genes)) + 0.05
    lines = []
    for i in range(n):
        size = int(np.clip(rng.lognormal(3.4, 1.0), 5, 500))
        members = rng.choice(genes, size, replace=False, p=popular / popular.sum())
        lines.append("\t".join([f"GO:{i:07d}", f"process {i}", *members]))
    path = folder / f"library_{n}.gmt"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def work(axis: str, size: int, folder: Path) -> Callable[[], object]:
    """What is measured at one size, with its data made."""
    plain = mk.Contrast("fraction", "EV", "lysate", comparator="lysate")
    if axis in ("proteins", "samples"):
        exp = study(size, 40) if axis == "proteins" else study(2_000, size)
        return lambda: mk.assess(exp, plain)
    if axis == "contrasts":
        exp = study(1_000, 36)
        pairs = mk.contrasts(exp, "group", "all", comparator="ev")[:size]
        return lambda: mk.assess(exp, pairs)
    path = library(size, folder)
    if axis == "compared sets":
        return lambda: mk.MarkerCatalog.from_gmt(path).overlap()
    tested = mk.differential_abundance(
        study(4_000, 12).pipe(mk.harmonize_ids).pipe(mk.log2).pipe(mk.filter_detected), plain
    )
    return lambda: (validate(path), mk.enrich(tested, mk.MarkerCatalog.from_gmt(path)))


def measure_one(axis: str, size: int) -> None:
    """Print processor seconds and peak memory (MB) of one size as JSON."""
    warnings.simplefilter("ignore", mk.MarkerkitWarning)
    mk.load_markers()
    with tempfile.TemporaryDirectory() as folder:
        do = work(axis, size, Path(folder))
        begin = time.process_time()
        do()
        used = time.process_time() - begin
    print(json.dumps([used, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024]))


def measured(axis: str, sizes: tuple[int, ...]) -> pd.DataFrame:
    """Measure one axis, one process a size."""
    rows = []
    for size in sizes:
        command = [sys.executable, __file__, "--one", axis, str(size)]
        run = subprocess.run(command, check=True, capture_output=True, text=True, cwd=FOLDER.parent)
        seconds, megabytes = json.loads(run.stdout.splitlines()[-1])
        rows.append({"axis": axis, "size": size, "seconds": seconds, "MB": megabytes})
        print(f"{axis} {size}: {seconds:.1f} s, {megabytes:.0f} MB", file=sys.stderr, flush=True)
    return pd.DataFrame(rows)


def slope(sizes: pd.Series, values: pd.Series) -> float:
    """Least-squares slope on logarithmic axes.

    >>> round(slope(pd.Series([1, 10, 100]), pd.Series([3, 300, 30000])), 2)
    2.0
    """
    return float(np.polyfit(np.log(sizes.to_numpy(float)), np.log(values.to_numpy(float)), 1)[0])


def summary(points: pd.DataFrame) -> pd.DataFrame:
    """One row per axis: sizes, seconds, memory and both slopes."""
    rows = []
    for axis, found in points.groupby("axis", sort=False):
        time_slope, memory_slope = slope(found["size"], found["seconds"]), slope(found["size"], found["MB"])
        held = max(time_slope, memory_slope) <= MOST[str(axis)]
        rows.append(
            {
                "what grows": axis,
                "what is done": f"{AXES[str(axis)][1]}; {AXES[str(axis)][2]}",
                "sizes": ", ".join(f"{v:,}" for v in found["size"]),
                "CPU seconds": ", ".join(f"{v:.1f}" for v in found["seconds"]),
                "peak memory, MB": ", ".join(f"{v:.0f}" for v in found["MB"]),
                "slope of time": f"{time_slope:.2f}",
                "slope of memory": f"{memory_slope:.2f}",
                "at most": f"{MOST[str(axis)]:g}{'' if held else ' (missed)'}",
            }
        )
    return pd.DataFrame(rows)


def draw(points: pd.DataFrame, path: Path) -> None:
    """Draw seconds and memory against size, each axis by itself relative to its smallest size."""
    import matplotlib.pyplot as plt

    figure, both = plt.subplots(1, 2, figsize=(7.2, 3.2), layout="constrained")
    for ax, column, name in zip(both, ("seconds", "MB"), ("processor time", "peak memory"), strict=True):
        for axis, found in points.groupby("axis", sort=False):
            size, value = found["size"].to_numpy(float), found[column].to_numpy(float)
            ax.plot(size / size[0], value / value[0], marker="o", label=str(axis))
        ends = np.array([1.0, (points["size"] / points.groupby("axis")["size"].transform("min")).max()])
        ax.plot(ends, ends, color="0.6", linestyle="--", label="in proportion")
        ax.set(
            xscale="log",
            yscale="log",
            xlabel="size, times the smallest",
            ylabel=f"{name}, times that of the smallest",
        )
    both[0].legend(fontsize=7)
    figure.savefig(path, dpi=150)
    plt.close(figure)


def main() -> int:
    """Measure, print, and write where it is asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--part", choices=AXES, action="append", help="measure this axis; several may be given"
    )
    parser.add_argument("--quick", action="store_true", help="the two smallest sizes only")
    parser.add_argument("--write", action="store_true", help="put table and figure into this folder")
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        measure_one(options.one[0], int(options.one[1]))
        return 0
    parts = {axis: AXES[axis][0][: 2 if options.quick else None] for axis in options.part or AXES}
    points = pd.concat([measured(axis, sizes) for axis, sizes in parts.items()], ignore_index=True)
    table = summary(points)
    print(table.to_string(index=False))
    if options.write:
        draw(points, FOLDER / "growth.png")
        note = "Every point is a process; seconds are those of the processor, imports and the making of the data left out."
        text = ["## Growth", "", f"{note} `python benchmarks/growth.py --write`.", ""]
        text += [
            "![Time and memory against size](growth.png)",
            "",
            markdown(table, left=list(table.columns[:2])),
        ]
        write_section("growth", "\n".join(text))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
