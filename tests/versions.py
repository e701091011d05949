"""Tables of the simulated example under other versions of Python and of the packages.

``python -m tests.versions write FOLDER`` writes every table of its assessment with all digits;
``python -m tests.versions compare FOLDER OTHER`` says where two such folders differ.
"""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

#: numbers agree to this, relative to themselves or to the largest of their column
AGREES = 1e-9


def write(folder: Path) -> None:
    """Assess the example and write its tables."""
    import markerkit as mk
    from tests.helpers import EXAMPLE

    folder.mkdir(parents=True, exist_ok=True)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", mk.MarkerkitWarning)
        tables = mk.assess(mk.load_example(), EXAMPLE, null_check=3).tables
    for name, table in tables.items():
        table.to_csv(folder / f"{name}.tsv", sep="\t", index=False, float_format="%.17g", lineterminator="\n")


def compare(folder: Path, other: Path) -> list[str]:
    """Say which table and column differ, and by how much."""
    names = sorted({p.name for p in folder.glob("*.tsv")} | {p.name for p in other.glob("*.tsv")})
    return [line for name in names for line in _of_table(name, folder / name, other / name)]


def _of_table(name: str, first: Path, second: Path) -> list[str]:
    if not (first.is_file() and second.is_file()):
        return [f"{name}: in one folder only"]
    a, b = (pd.read_csv(p, sep="\t", dtype=str, keep_default_na=False) for p in (first, second))
    if list(a.columns) != list(b.columns) or len(a) != len(b):
        return [f"{name}: {a.shape} and {b.shape}, or other columns"]
    return [f"{name}, {c}: {d}" for c in a.columns if (d := _of_column(a[c], b[c]))]


def _of_column(a: pd.Series, b: pd.Series) -> str:
    x, y = (pd.to_numeric(s, errors="coerce").to_numpy(float) for s in (a, b))
    number = ~np.isnan(x) & ~np.isnan(y)
    words = (a != b) & ~number
    if words.any():
        i = int(np.flatnonzero(words)[0])
        return f"row {i}: {a.iloc[i]!r} and {b.iloc[i]!r}"
    gap = np.abs(x[number] - y[number])
    scale = np.maximum(np.abs(x[number]), np.abs(x[number]).max(initial=0.0) * 1e-3)
    far = gap > AGREES * scale
    return f"{int(far.sum())} numbers, by up to {np.max(gap[far] / scale[far]):.1e}" if far.any() else ""


def main(words: list[str]) -> int:
    """Run one of the two commands."""
    command, *folders = words
    if command == "write":
        write(Path(folders[0]))
        return 0
    found = compare(Path(folders[0]), Path(folders[1]))
    sys.stdout.write("".join(f"{line}\n" for line in found) or "the same\n")
    return min(len(found), 1)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
