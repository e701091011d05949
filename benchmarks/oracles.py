"""Agreement with the reference implementations, file by file.

Run as ``python benchmarks/oracles.py FOLDER``: FOLDER holds fixed inputs and what R's limma, DEqMS,
fgsea, GSVA and singscore made of them. Every file of results is compared, or listed with the reason
why not; every kind of comparison has the largest difference that it may show (`oracle_checks.KINDS`).
``--write`` puts the tables into the README of this folder.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from oracle_checks import KINDS, NEW, OLD, OTHER, Check, checks, results, tests_with_gaps
from sections import markdown, write_section

NAMES = {OLD: "limma 3.54.1", NEW: "limma 3.63.2, what differs from 3.54.1", OTHER: "other packages"}
DEFINITIONS = """Where markerkit's definition is another, on purpose, the file is compared twice: as markerkit
reports it (kind `definition`), and with the reference's definition in its place, which then agrees as its own kind says:

- `realistic`: with gaps in a design that is not orthogonal the reference approximates the standard error of a
  contrast (its manual says so); markerkit's is exact. {untold} proteins whose contrast cannot be told from batch get a
  number from the reference and `not tested` here: they are left out.
- `missing*` with trend or robust: the reference lets proteins without residual degrees of freedom count, as outliers
  of the prior and at the ends of the trend; markerkit leaves them out of the prior. `missing.filtered2`, where every
  protein has some, agrees as it is.
- `paired_batch.dupcor`: for {modes} of 400 proteins the reference stops at a lower mode of the restricted likelihood; the
  consensus correlation moves by {moved}.
- `cameraPR` of `realistic` follows its t: from the reference's own t, p agree as a closed form.

The bounds of `definition` are what was found, rounded up: they say how far apart the definitions lie on these data and
hold that in place."""


def summary(found: list[Check]) -> pd.DataFrame:
    """A row a kind of comparison."""
    rows = []
    for kind, (measure, bound) in KINDS.items():
        of_kind = [c for c in found if c.kind == kind]
        numbers = np.concatenate([c.difference for c in of_kind])
        rows.append(
            {
                "kind": kind,
                "measure": measure,
                "files": len({c.file for c in of_kind}),
                "numbers": f"{len(numbers):,}",
                "median": _short(np.median(numbers)),
                "largest": _short(numbers.max()),
                "bound": f"{bound:g}",
                "held": "yes" if numbers.max() <= bound else "**no**",
            }
        )
    return pd.DataFrame(rows)


def gaps_of(table: pd.DataFrame) -> pd.DataFrame:
    """Cells of the tests of data with gaps."""
    text = {k: table[k].map(_short) for k in ("median", "p99", "largest", "t", "log2_fc")}
    calls = (100 * table["agree"]).map("{:.1f} %".format)
    out = table[["file", "tests", "called"]].assign(**text, agree=calls)
    names = {
        "file": "data and options",
        "tests": "tests",
        "median": "p: median",
        "p99": "p: 99th percentile",
        "largest": "p > 1e-10: largest",
        "t": "t: largest",
        "log2_fc": "log2 fold change: largest",
        "called": "called by the reference",
        "agree": "calls agree",
    }
    return out[list(names)].rename(columns=names)


def file_table(found: list[Check], files: pd.DataFrame) -> pd.DataFrame:
    """A row a file: its numbers and the largest difference of every kind, or why it is not compared."""
    of_file: dict[str, list[Check]] = {}
    for check in found:
        of_file.setdefault(check.file, []).append(check)
    rows = []
    for version, name, reason in files.itertuples(index=False):
        mine = of_file.get(f"{version}/{name}", [])
        largest = {k: max(c.difference.max() for c in mine if c.kind == k) for k in {c.kind for c in mine}}
        rows.append(
            {
                "file": f"`{name}`",
                "compared": reason or "yes",
                "numbers": sum(len(c.difference) for c in mine) or "",
                "largest difference": "; ".join(f"{k} {_short(largest[k])}" for k in KINDS if k in largest),
            }
        )
    return pd.DataFrame(rows)


def text_of(found: list[Check], files: pd.DataFrame, gaps: pd.DataFrame) -> str:
    """The section of the README."""
    of_kind = summary(found)
    compared = (files["reason"] == "").groupby(files["version"], sort=False).agg(["sum", "count"])
    covered = "; ".join(f"{NAMES[v]}: {a} of {b} files" for v, a, b in compared.itertuples())
    left = files[files["reason"] != ""].groupby("reason", sort=False)["file"].agg(["count", "first"])
    left = left.reset_index().rename(
        columns={"reason": "not compared: why", "count": "files", "first": "such as"}
    )
    untold = max(c.left_out for c in found if "realistic.default.top" in c.file and c.column == "t")
    modes = next(c.left_out for c in found if c.column == "rho")
    moved = next(c.difference.max() for c in found if c.column == "consensus")
    parts = [
        "## Agreement with the reference implementations",
        "Written by `python benchmarks/oracles.py FOLDER --write`; FOLDER holds fixed inputs and what R's limma "
        "(3.54.1 and 3.63.2), DEqMS 1.25.0, fgsea 1.39.4, GSVA 1.46.0 and singscore 1.29.1 made of them, 17 digits "
        "each. Columns that markerkit does not have are passed over. The outputs of other Python packages that lie "
        "beside them are peers, no reference, and not compared.",
        f"Compared: {covered}. Of {len(of_kind)} kinds of comparison "
        f"{int((of_kind['held'] == 'yes').sum())} hold their bound in every number.",
        markdown(of_kind, left=["kind", "measure"]),
        DEFINITIONS.format(untold=untold, modes=modes, moved=_short(moved)),
        "### Tests of data with gaps, limma 3.63.2",
        "Residual degrees of freedom differ, and the reference's newer prior applies. markerkit's is written from the "
        "published mathematics. Relative differences; calls at a false discovery rate of 5 %. Wanted: median of p "
        "at most 2 %, at least 99 % of the calls.",
        markdown(gaps_of(gaps), left=["data and options"]),
        "### What is not compared",
        markdown(left, left=["not compared: why", "such as"]),
        "### Every file",
    ]
    for version, name in NAMES.items():
        table = file_table(found, files[files["version"] == version])
        shown = markdown(table, left=["file", "compared", "largest difference"])
        parts.append(f"<details><summary>{name}</summary>\n\n{shown}\n\n</details>")
    return "\n\n".join(parts)


def _short(number: float) -> str:
    return "0" if number == 0 else f"{number:.1e}" if number < 1e-3 else f"{number:.2g}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--write", action="store_true", help="put the section into the README")
    arguments = parser.parse_args()
    found = list(checks(arguments.folder))
    text = text_of(found, results(arguments.folder), tests_with_gaps(arguments.folder))
    print(text)
    if arguments.write:
        write_section("oracles", text)
    return int(any(c.difference.max() > KINDS[c.kind][1] for c in found))


if __name__ == "__main__":
    sys.exit(main())
