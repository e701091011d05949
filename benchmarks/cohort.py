"""A cohort larger than memory: samples a second, memory of a process, a second worker, and one that is killed.

    python benchmarks/cohort.py FOLDER                        100,000 samples x 8,000 proteins, 3.2 GB
    python benchmarks/cohort.py FOLDER --samples 10000        a tenth of it
    python benchmarks/cohort.py FOLDER --only local one       some of the runs

FOLDER gets the values (Zarr in the layout of AnnData, float32) and one results folder at a time; both are
deleted afterwards. Every run computes all tables and one contrast. Needs the extras ``cohort`` and ``dask``.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import resource
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np

RUNS = ("local", "one", "two", "killed")
COLUMNS = (
    "run",
    "wall_s",
    "samples_per_s",
    "processor_s",
    "samples_per_processor_s",
    "memory_MB",
    "memory_asking_MB",
    "load",
    "tables_MB",
    "digest",
)
_BLOCK = 500


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--samples", type=int, default=100_000)
    parser.add_argument("--proteins", type=int, default=8_000)
    parser.add_argument("--only", nargs="+", choices=RUNS, default=RUNS)
    parser.add_argument("--write", action="store_true", help="write the section of README.md")
    parser.add_argument("--one-run", choices=RUNS, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    store = arguments.folder / "cohort.zarr"
    if arguments.one_run:
        run(store, arguments.folder / arguments.one_run, arguments.one_run)
        return
    arguments.folder.mkdir(parents=True, exist_ok=True)
    needed = arguments.samples * arguments.proteins * 4 * 1.5
    if shutil.disk_usage(arguments.folder).free < needed:
        sys.exit(f"needs {needed / 1e9:.1f} GB free in {arguments.folder}")
    start = time.perf_counter()
    write(store, arguments.samples, arguments.proteins)
    print(f"values written in {time.perf_counter() - start:.0f} s")
    rows = []
    try:
        print("\t".join(COLUMNS), flush=True)
        for name in arguments.only:
            command = [sys.executable, __file__, str(arguments.folder), "--one-run", name]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            print(done.stdout.strip(), flush=True)
            rows.append(done.stdout.strip().split("\t"))
            shutil.rmtree(arguments.folder / name)
    finally:
        shutil.rmtree(store)
    text = section(rows, arguments.samples, arguments.proteins)
    print(text)
    if arguments.write:
        from sections import write_section

        write_section("cohort", text)


def section(rows: list[list[str]], n: int, p: int) -> str:
    """Text of the section, from the rows of all runs."""
    wall = {row[0]: float(row[1]) for row in rows}
    same = len({row[-1] for row in rows}) == 1
    lines = [
        "## A cohort larger than memory",
        "",
        f"{n:,} samples x {p:,} proteins (float32, Zarr, blocks of {_BLOCK}); all tables and one contrast. `one`, `two`: workers of "
        "Dask on this computer; `killed`: two, one of which is killed when half of the tables of samples are written. Load: mean number "
        "of processes that wanted one of the two processors at the end of the run; above 2, times say what was left of the machine, and "
        "samples per second of processor time is the number to go by. Memory: the largest of any worker, and of the process that asks.",
        "",
        "| " + " | ".join(c.replace("_", " ") for c in COLUMNS[:-1]) + " |",
        "| :-- |" + " --: |" * (len(COLUMNS) - 2),
        *("| " + " | ".join(row[:-1]) + " |" for row in rows),
        "",
        "The results of all runs are the same to the byte." if same else "THE RESULTS DIFFER.",
    ]
    if {"one", "two"} <= set(wall):
        lines.append(f"Efficiency of the second worker: {100 * wall['one'] / wall['two'] / 2:.0f} %.")
    return "\n".join(lines) + "\n"


# ---- data ----------------------------------------------------------------------------


def write(store: Path, n: int, p: int) -> None:
    """Values of a made-up cohort: log-normal abundances of real gene names, the rarer the more often missing."""
    import zarr

    from markerkit import load_markers
    from markerkit.core.genes import gene_table

    symbols = gene_table("human").symbols
    markers = sorted(set(load_markers().table["gene"]) & symbols)
    genes = np.array((markers + sorted(symbols - set(markers)))[:p], dtype=object)
    rng = np.random.default_rng(1)
    level = rng.normal(22, 3, len(genes))
    effect = np.where(rng.random(len(genes)) < 0.1, rng.normal(0, 1, len(genes)), 0.0)
    root = zarr.open_group(store, mode="w")
    x = root.create_array(
        "X", shape=(n, len(genes)), chunks=(_BLOCK, len(genes)), dtype="float32", compressors=None
    )
    for i, at in enumerate(range(0, n, _BLOCK)):
        draw = np.random.default_rng([2, i])
        size = min(_BLOCK, n - at)
        case = (np.arange(at, at + size) % 2)[:, None]
        logs = (
            level + effect * case + draw.normal(0, 0.5, (size, 1)) + draw.normal(0, 0.8, (size, len(genes)))
        )
        logs[draw.random(logs.shape) < 1 / (1 + np.exp(logs - 19))] = np.nan
        x[at : at + size] = np.exp2(logs).astype("float32")
    names = np.array([f"s{i:07d}" for i in range(n)], dtype=object)
    _annotation(root, "obs", names, {"group": np.where(np.arange(n) % 2, "case", "control")})
    _annotation(root, "var", genes, {"gene": genes})


def _annotation(root, axis: str, index: np.ndarray, columns: dict[str, np.ndarray]) -> None:
    group = root.create_group(axis)
    group.attrs.update({"_index": "_index", "column-order": list(columns), "encoding-type": "dataframe"})
    for name, values in {"_index": index, **columns}.items():
        group.create_array(name, data=values.astype(np.dtypes.StringDType()))


# ---- runs ----------------------------------------------------------------------------


def run(store: Path, out: Path, name: str) -> None:
    """One run in a process of its own; prints a line of the table."""
    import markerkit as mk

    cohort = mk.open_cohort(store)
    contrast = mk.Contrast("group", "case", "control")
    options: dict[str, object] = {"block": _BLOCK, "fluid": "plasma"}
    if name == "local":
        start = time.perf_counter()
        mk.summarize_cohort(cohort, out, contrast, **options)
        wall, (cpu, peak) = time.perf_counter() - start, usage()
    else:
        from distributed import Client, LocalCluster

        workers = {"one": 1, "two": 2, "killed": 2}[name]
        with (
            LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=":0") as cluster,
            Client(cluster) as client,
        ):
            client.run(__import__, "markerkit.cohort.run", fromlist=["run"])
            start = time.perf_counter()
            if name == "killed":
                blocks = -(-cohort.n_samples // _BLOCK)
                threading.Thread(target=kill_midway, args=(client, out, blocks), daemon=True).start()
            mk.summarize_cohort(
                cohort, out, contrast, engine="dask", scheduler=cluster.scheduler_address, **options
            )
            wall = time.perf_counter() - start
            of_workers = client.run(usage)
        cpu = sum(c for c, _ in of_workers.values()) + usage()[0]
        peak = max(p for _, p in of_workers.values())
    size = sum(f.stat().st_size for f in out.rglob("*") if f.is_file()) / 1e6
    used = [wall, cohort.n_samples / wall, cpu, cohort.n_samples / cpu, peak, usage()[1]]
    numbers = [*used, os.getloadavg()[1], size]
    print("\t".join([name, *(f"{v:.1f}" for v in numbers), digest(out)]))


def usage() -> tuple[float, float]:
    """Processor seconds and peak memory (MB) of this process; getrusage would count that of the one that started it."""
    own = resource.getrusage(resource.RUSAGE_SELF)
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    peak = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))
    return own.ru_utime + own.ru_stime, peak / 1024


def kill_midway(client, out: Path, blocks: int) -> None:
    """Kill a worker once half of the tables of samples are there."""
    while True:
        written = len(list(out.parent.glob(f".{out.name}.*/composition/part-*.parquet")))
        if written >= blocks / 2:
            break
        time.sleep(0.05)
    pid = next(iter(client.run(os.getpid).values()))
    os.kill(pid, signal.SIGKILL)
    print(f"killed worker {pid} after {written} of {blocks} blocks", file=sys.stderr)


def digest(folder: Path) -> str:
    """Digest of all tables of a results folder."""
    hashed = hashlib.sha256()
    for file in sorted(f for f in folder.rglob("*") if f.is_file() and f.name != "cohort.json"):
        hashed.update(file.relative_to(folder).as_posix().encode())
        hashed.update(file.read_bytes())
    return hashed.hexdigest()[:16]


if __name__ == "__main__":
    main()
