"""How fast and how large: reading a table, as a ratio to ``pandas.read_csv`` alone on the same file.

Run as ``python benchmarks/reading.py``; every measurement is a process of its own, imports included. Options set the
size of the table (20,000 proteins x 500 samples by default). A smaller ratio is better; up to 2 is the aim.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

RUNS = 3
MEASURED = """
import resource, sys, time
begin = time.perf_counter()
{code}
used = resource.getrusage(resource.RUSAGE_SELF)
print(time.perf_counter() - begin, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)
"""
PANDAS = "import pandas; pandas.read_csv(sys.argv[1], sep='\\t')"
MARKERKIT = "import markerkit; markerkit.read_proteins(sys.argv[1])"


def write_table(path: Path, n_proteins: int, n_samples: int) -> None:
    """Write intensities, three in ten missing."""
    rng = np.random.default_rng(1)
    values = np.round(2 ** rng.normal(24, 2.5, (n_proteins, n_samples)), 1)
    values[rng.random(values.shape) < 0.3] = np.nan
    names = {
        "protein_id": [f"Q{i:05d}" for i in range(n_proteins)],
        "gene": [f"GENE{i}" for i in range(n_proteins)],
    }
    samples = pd.DataFrame(values, columns=[f"sample_{i:03d}" for i in range(n_samples)])
    pd.concat([pd.DataFrame(names), samples], axis=1).to_csv(path, sep="\t", index=False)


def measured(code: str, path: Path) -> list[float]:
    """Seconds, seconds of CPU time and peak memory (MB) of a process; the least of several runs."""
    script = MEASURED.format(code=code)
    runs = [
        subprocess.run([sys.executable, "-c", script, str(path)], check=True, capture_output=True, text=True)
        for _ in range(RUNS)
    ]
    return [min(column) for column in zip(*([float(v) for v in r.stdout.split()] for r in runs), strict=True)]


def main() -> None:
    """Print the table of ratios."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--proteins", type=int, default=20_000)
    parser.add_argument("--samples", type=int, default=500)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table.tsv"
        write_table(path, options.proteins, options.samples)
        theirs, ours = measured(PANDAS, path), measured(MARKERKIT, path)
        size = path.stat().st_size / 1e6
    print(
        f"{options.proteins} proteins x {options.samples} samples, TSV of {size:.0f} MB, least of {RUNS} runs"
    )
    for what, a, b in zip(("seconds", "CPU seconds", "peak memory, MB"), theirs, ours, strict=True):
        print(f"{what}: pandas.read_csv {a:.2f}, read_proteins {b:.2f}, ratio {b / a:.2f}")


if __name__ == "__main__":
    main()
