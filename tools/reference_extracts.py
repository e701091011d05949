"""Make the extract of reference outputs that the tests compare with, from the folder of all of them.

``python tools/reference_extracts.py FOLDER`` writes ``inputs``, ``limma-3.54.1``, ``limma-3.63.2`` and
``r_other`` below ``tests/data/reference``; what stood there is replaced, the README stays. FOLDER holds the
same four folders in full: simulated inputs, and what R's limma, DEqMS, fgsea, GSVA and singscore made of them.

Inputs are copied as they are (of `scores` the first samples). Tables of results keep 12 significant digits;
of those with a row per protein some rows are kept: the first, which hold the special cases, every 24th, and
the two extremes of every column. The same folder gives the same bytes.
"""

from __future__ import annotations

import argparse
import gzip
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

OUT = Path(__file__).parents[1] / "tests" / "data" / "reference"
OLD, NEW, OTHER = "limma-3.54.1", "limma-3.63.2", "r_other"
DIGITS = 12
FIRST, EVERY = 6, 24  # rows kept of a table with a row per protein
MANY = 100  # rows; smaller tables are kept whole
SCORED = 4  # samples kept of `scores`
PACKED = 1500  # bytes; larger tables are compressed

#: not copied: too large for the repository
LEFT_OUT = re.compile(r"realistic\..*|seed\.json")
#: fits: names, then their variants
FITS = {
    OLD: {
        "two_group": "default trend robust trend_robust",
        "two_group.treatmentcoding": "default",
        "two_group.obsweights": "trend_robust",
        "two_group.arrayweights": "robust",
        "paired_batch.fixed": "default trend_robust",
        "paired_batch.block": "default trend_robust",
        "paired_batch.nonestimable": "default",
        "three_group": "default trend_robust",
        "missing": "default robust",
        "missing.anyobs": "trend trend_robust",
        "missing.filtered2": "default trend robust trend_robust",
    },
    NEW: {
        "missing": "default robust",
        "missing.anyobs": "trend trend_robust",
        "missing.filtered2": "default trend robust trend_robust default.legacyTRUE",
    },
}
#: the same of several contrasts: those kept
CONTRASTS = {"two_group.treatmentcoding": ["B"], "three_group": ["BvsA", "avgvsA"]}
#: other tables, as patterns of their names
TABLES = {
    OLD: r"camera(PR)?\..*|fry\..*|geneweights|interGeneCorrelation|rankSumTest|paired_batch\.(camera|fry)\..*"
    r"|.*\.arrayWeights(\..*)?|paired_batch\.dupcor|two_group\.fitFDist|edge\.squeezeVar\.scalar_df_inf"
    r"|edge\.squeezeVar\.unequal_df_robust|missing\.lmFit|three_group\.contrasts\.fit"
    r"|three_group\.topTableF|three_group\.decideTests\.(separate|global)|(two_group|missing)\.treat_lfc0\.3"
    r"|three_group\.treat_.*",
    NEW: r"edge\.squeezeVar\.unequal_df_robust|missing\.treat_lfc0\.3",
    OTHER: r"DEqMS\.loess|loess_.*|calcGseaStat\..*|fgsea(Simple|Multilevel)\.std\..*|fgseaMultilevel\.defaults"
    r"|fora|hypergeometric|scores(_ties)?\.singscore\.(up|updown)\..*|scores(_ties)?\.ssgsea\.nonorm(\.tau1)?"
    r"|scores_ties\.(zscore|ssgsea)",
}
#: columns of a mean over samples and of unscaled errors: markerkit reports them as other columns, or not
UNUSED = ["AveExpr", "stdev.unscaled"]
#: tables that a kernel takes as its input, or that are compared as a whole
WHOLE = re.compile(r"geneweights|paired_batch\.dupcor|loess_span0\.75_default|.*squeezeVar.*")


def wanted(folder: Path) -> Iterator[tuple[str, str]]:
    """Folder and name of every table of results that is kept."""
    for version, pattern in TABLES.items():
        kept = set()
        for stem, variants in FITS.get(version, {}).items():
            of = CONTRASTS.get(stem, [".*"])
            parts = "|".join(["fit", "varprior", *(rf"top\.{c}" for c in of)])
            for variant in variants.split():
                kept.add(rf"{re.escape(stem)}\.{re.escape(variant)}\.({parts})")
        names = sorted(p.name.split(".tsv")[0] for p in (folder / version).glob("*.tsv*"))
        whole = re.compile("|".join([pattern, *sorted(kept)]))
        yield from ((version, name) for name in names if whole.fullmatch(name))


def read(folder: Path, stem: str) -> pd.DataFrame:
    """Cells as text."""
    (path,) = folder.glob(f"{stem}.tsv*")
    return pd.read_csv(path, sep="\t", dtype=str, keep_default_na=False)


def shortened(cell: str) -> str:
    """Round a number of more digits to those that are kept; anything else stays as it is."""
    return f"{float(cell):.{DIGITS}g}" if re.fullmatch(r"-?\d\S*[.e]\S*", cell) else cell


def some_rows(table: pd.DataFrame) -> pd.DataFrame:
    """Keep the first rows, every 24th, and the extremes of every column."""
    kept = set(range(FIRST)) | set(range(0, len(table), EVERY))
    for column in table.columns[1:]:
        numbers = pd.to_numeric(table[column], errors="coerce").to_numpy(float)
        if np.isfinite(numbers).any():
            kept |= {int(np.nanargmin(numbers)), int(np.nanargmax(numbers))}
    return table.iloc[sorted(kept)]


def extract(folder: Path, version: str, stem: str) -> pd.DataFrame:
    """One table of results, reduced."""
    table = read(folder / version, stem).drop(columns=UNUSED, errors="ignore")
    if len(table) > MANY and not WHOLE.fullmatch(stem):
        table = some_rows(table)
    if stem.startswith("scores."):
        table = table[table["sample"].isin(samples())] if "sample" in table else table[["set", *samples()]]
    return table.apply(lambda column: column.map(shortened))


def samples() -> list[str]:
    """Return the samples of `scores` that are kept."""
    return [f"S{i + 1}" for i in range(SCORED)]


def write(path: Path, text: str) -> None:
    """Write a file, a large table compressed, without its name and time."""
    data = text.encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    if len(data) <= PACKED or path.suffix != ".tsv":
        path.write_bytes(data)
        return
    with (
        path.with_name(f"{path.name}.gz").open("wb") as raw,
        gzip.GzipFile(filename="", fileobj=raw, mode="wb", compresslevel=9, mtime=0) as packed,
    ):
        packed.write(data)


def as_text(table: pd.DataFrame) -> str:
    """Lay a table of text out, tab-separated."""
    return table.to_csv(sep="\t", index=False, lineterminator="\n")


def main() -> None:
    """Make the folder."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--out", type=Path, default=OUT)
    arguments = parser.parse_args()
    folder, out = arguments.folder, arguments.out
    for name in ("inputs", OLD, NEW, OTHER):
        shutil.rmtree(out / name, ignore_errors=True)
    for path in sorted((folder / "inputs").iterdir()):
        if path.name == "scores.expr.tsv":
            table = read(path.parent, "scores.expr")
            write(out / "inputs" / path.name, as_text(table[["id", *samples()]]))
        elif not LEFT_OUT.fullmatch(path.name):
            write(out / "inputs" / path.name, path.read_text(encoding="utf-8"))
    for version, stem in wanted(folder):
        write(out / version / f"{stem}.tsv", as_text(extract(folder, version, stem)))
    sizes = [p.stat().st_size for p in out.rglob("*") if p.is_file()]
    print(f"{len(sizes)} files, {sum(sizes):,} bytes")


if __name__ == "__main__":
    main()
