"""The README of this folder: a section a benchmark, each written by the script that measured it."""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pandas as pd

from markerkit import MarkerkitWarning

#: title, function of the data folder and the number of runs that gives table and note, usual number of runs
Part = tuple[str, Callable[[Path, int], tuple[pd.DataFrame, str]], int]

FOLDER = Path(__file__).parent
README = FOLDER / "README.md"
#: sections in their order in the README -> the script that writes each
SECTIONS = {
    "calibration": "calibration.py",
    "speed": "speed.py",
    "growth": "growth.py",
    "cohort": "cohort.py",
    "oracles": "oracles.py",
    "identity": "identity.py",
    "thresholds": "thresholds.py",
    "composition": "composition.py",
    "separation": "separation.py",
    "truth": "truth.py",
    "missing": "missing.py",
    "series": "series.py",
    "catalog": "catalog.py",
    "identifiers": "identifiers.py",
}
HEAD = """# Benchmarks

Written by the scripts of this folder, each its own section (`python benchmarks/calibration.py --write`); edit the
scripts, not this file.
"""


def read_sections(path: Path = README) -> dict[str, str]:
    """Sections that the README holds, by name."""
    if not path.exists():
        return {}
    text, found = path.read_text(encoding="utf-8"), {}
    for name in SECTIONS:
        begin, end = _fence(name)
        if begin in text and end in text:
            found[name] = text.split(begin, 1)[1].split(end, 1)[0].strip("\n")
    return found


def write_section(name: str, text: str, path: Path = README) -> None:
    """Put a section in its place and leave the others as they are."""
    if name not in SECTIONS:
        raise ValueError(f"sections are {', '.join(SECTIONS)}; got {name!r}")
    sections = read_sections(path) | {name: text.strip("\n")}
    parts = [HEAD] + [
        "\n".join([_fence(k)[0], sections[k], _fence(k)[1], ""]) for k in SECTIONS if k in sections
    ]
    path.write_text("\n".join(parts), encoding="utf-8")


def _write_parts(name: str, intro: str, titles: Mapping[str, str], texts: Mapping[str, str]) -> None:
    """Put the parts that were run into a section, in the order of `titles`, and keep its others."""
    kept = {}
    for chunk in read_sections().get(name, "").split("\n### ")[1:]:
        title, _, body = chunk.partition("\n")
        kept[title.strip()] = body.strip("\n")
    parts = [
        f"### {title}\n\n{body}"
        for k, title in titles.items()
        if (body := texts.get(k) or kept.get(title, ""))
    ]
    write_section(name, "\n".join([intro, "\n\n".join(parts)]))


def run_parts(name: str, about: str, intro: str, parts: Mapping[str, Part]) -> int:
    """Run the parts of a benchmark that the command line asks for, print them and write them where it says so.

    Parameters
    ----------
    name, intro
        Section and its first lines.
    about
        What the help says.
    parts
        Title, function of the data folder and the number of runs, and that number as usual.
    """
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("data", type=Path)
    parser.add_argument("--part", choices=parts, action="append", help="run this part; several may be given")
    parser.add_argument("--runs", type=int, help="splits, draws or simulated studies")
    parser.add_argument("--write", action="store_true", help="put the result into the README of this folder")
    arguments = parser.parse_args()
    texts = {}
    for key in arguments.part or parts:
        title, part, usual = parts[key]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", MarkerkitWarning)
            table, note = part(arguments.data, arguments.runs or usual)
        print(f"\n{title}\n{note}\n{table.to_string(index=False)}", flush=True)
        texts[key] = f"{note}\n\n{markdown(table, left=[table.columns[0]])}"
        if arguments.write:
            _write_parts(name, intro, {k: part[0] for k, part in parts.items()}, texts)
    return 0


def markdown(table: pd.DataFrame, *, left: Sequence[str] = ()) -> str:
    """Table of formatted cells; columns in `left` are aligned left, the others right."""
    rule = [":--" if c in left else "--:" for c in table.columns]
    rows = [list(map(str, table.columns)), rule, *(list(map(str, r)) for r in table.to_numpy())]
    return "\n".join("| " + " | ".join(r) + " |" for r in rows)


def _fence(name: str) -> tuple[str, str]:
    return f"<!-- begin {name} -->", f"<!-- end {name} -->"
