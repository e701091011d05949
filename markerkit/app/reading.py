"""Read a table and say what was read and why; run as a module, in a process of its own."""

from __future__ import annotations

import json
import sys
import warnings
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from markerkit.catalog.load import load_markers
from markerkit.core.errors import InputError, MarkerkitWarning, counted
from markerkit.core.experiment import Experiment
from markerkit.core.factors import as_factor
from markerkit.ids.harmonize import harmonize_ids
from markerkit.io.readers import read_proteins
from markerkit.io.sample_sheet import GUESS, sample_template

_SCALES = {"raw": "linear", "log2": "log2", "ratio": "log2 ratios"}


class Fact(NamedTuple):
    """Something that was found: what, its value and why."""

    what: str
    value: str
    why: str


class Found(NamedTuple):
    """What was read from a table.

    Parameters
    ----------
    facts
        What was found, and why.
    warnings
        Sentences of the library.
    columns
        Columns of the sample sheet beside the name of the sample.
    rows
        Sample -> its cells as the sheet has them; empty without a sheet.
    guesses
        Sample -> what its name suggests for the same columns.
    error
        Why the table was refused; empty where it was read.
    """

    facts: list[Fact]
    warnings: list[str]
    columns: list[str]
    rows: dict[str, list[str]]
    guesses: dict[str, list[str]]
    error: str = ""


def described(table: Path, samples: Path | None, options: dict[str, str]) -> Found:
    """Read a table and map its identifiers.

    Parameters
    ----------
    table, samples
        Protein table; a sample sheet, where there is one.
    options
        Software, quantity, scale and organism, as :func:`markerkit.read_proteins` takes them.

    Returns
    -------
    Found
        With the sentence of the library in `error` where the table is refused.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", MarkerkitWarning)  # the history has them
            exp = read_proteins(table, samples=samples, **options)
            exp = harmonize_ids(exp, load_markers(organism=exp.organism))
    except InputError as error:
        return Found([], [], [], {}, {}, str(error))
    notes = [note for step in exp.history for note in step.get("warnings", [])]
    columns, rows, guesses = _sheet(exp, given=samples is not None)
    return Found(_facts(exp, options), notes, columns, rows, guesses)


def _facts(exp: Experiment, options: dict[str, str]) -> list[Fact]:
    read, mapping = exp.provenance, exp.history[-1]
    chosen = {key: "as you chose" for key, value in options.items() if value != "auto"}
    groups = [
        f"{n} {word}"
        for word in ("mapped", "ambiguous", "not mapped", "other species")
        if (n := mapping.get(word))
    ]
    flags = [
        counted(int(exp.proteins[c].sum()), w, f"{w}s")
        for c, w in (("is_contaminant", "contaminant"), ("is_decoy", "decoy"))
    ]
    scale = str(read["scale"])
    return [
        Fact("Software", str(read["software"]), chosen.get("software", "recognized by the names of the columns")),
        Fact("Quantity", str(read["quantity"]), chosen.get("quantity", "the first of the usual order that is there and not empty")),
        Fact("Scale", _SCALES.get(scale, scale), chosen.get("scale", str(read.get("scale_evidence", "")))),
        Fact("Organism", exp.organism, "as you chose; the identifiers of other organisms would have been refused"),
        Fact("Identifiers", ", ".join(groups), "protein groups with a gene of this organism; ambiguous ones name several"),
        Fact("Proteins", f"{exp.n_proteins} protein groups", f"{' and '.join(flags)}, flagged and kept"),
        Fact("Samples", str(exp.n_samples), f"{100 * exp.missing:.0f} % of the values are missing; nothing is filled in"),
    ]  # fmt: skip


def _sheet(exp: Experiment, *, given: bool) -> tuple[list[str], dict[str, list[str]], dict[str, list[str]]]:
    """Columns of the sample sheet, its cells, and what the names of the samples suggest."""
    if given:
        cells = exp.samples.apply(as_factor).fillna("")
        return [str(c) for c in cells.columns], _by_sample(cells), {}
    template = sample_template(exp).set_index("sample")
    guesses = template[[c for c in template.columns if c.endswith(GUESS)]]
    guesses = guesses.set_axis([c.removesuffix(GUESS) for c in guesses.columns], axis=1)
    return list(guesses.columns), _by_sample(guesses.map(lambda _: "")), _by_sample(guesses)


def _by_sample(cells: pd.DataFrame) -> dict[str, list[str]]:
    return {str(name): [str(v) for v in row] for name, row in zip(cells.index, cells.to_numpy(), strict=True)}


def main() -> None:
    """Describe the table of the request, one argument of JSON; the answer is one line of it."""
    request = json.loads(sys.argv[1])
    samples = Path(request["samples"]) if request["samples"] else None
    found = described(Path(request["table"]), samples, request["options"])
    sys.stdout.write(json.dumps(found._asdict()) + "\n")


if __name__ == "__main__":
    main()
