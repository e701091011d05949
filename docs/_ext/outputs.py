"""Pages of the results folder and of the command line, from their declarations."""

from __future__ import annotations

import argparse

from markerkit.cli.main import _parser
from markerkit.tables.registry import TABLES

_FOLDER = """\
# The results folder

```
results/report.html     the report: one file that holds everything it shows
results/summary.json    versions, catalog and digest, parameters, seed, checksum of the input, verdicts, warnings, its files
results/methods.md      the methods paragraph, with citations and every choice made
results/tables/*.tsv    the tables below
results/tables.xlsx     the same in one workbook, but for tables of more than 25,000 rows
results/figures/        PDF, SVG and PNG
```

The folder is written completely or not at all. An existing one is replaced with `--overwrite` only, and only where it holds
nothing but what markerkit wrote there. Tables and JSON are
byte-identical for the same input, options and seed on one machine. No set, sample or protein is dropped: what could not be
tested has a row with the reason. In Python `result.tables` holds every table by name.

A verdict on a class is one of `compatible` (its markers are enriched over the background, beyond the variation of samples and
of markers, and no rule speaks against it), `not compatible` (more than a minor enrichment is excluded), `unresolved` and
`not assessable`; on a source, and on a class in a comparison, `higher`, `similar`, `lower`, `unresolved` and
`not assessable`.

## Tables
"""


def tables_page() -> str:
    """Every table with its columns."""
    text = _FOLDER
    for name, spec in TABLES.items():
        rows = "".join(f"| `{c.name}` | {c.kind} | {_cell(c.description)} |\n" for c in spec.columns)
        text += (
            f"\n### {name}\n\n{_cell(spec.description)}\n\n| column | kind | meaning |\n|---|---|---|\n{rows}"
        )
    return text


def command_page() -> str:
    """Every command with its options."""
    text = (
        "# Command line\n\nExit codes: 0 done; 2 bad input, and the message says what to do; 1 a bug; 130 interrupted. Notes go to "
        "stderr.\n"
    )
    for name, parser in _commands(_parser()):
        text += f"\n## markerkit {name}\n\n```text\n{parser.format_help().rstrip()}\n```\n"
    return text


def _commands(parser: argparse.ArgumentParser, prefix: str = "") -> list[tuple[str, argparse.ArgumentParser]]:
    found = []
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, child in action.choices.items():
                child.formatter_class = lambda prog: argparse.HelpFormatter(prog, width=100)
                nested = _commands(child, f"{prefix}{name} ")
                found += nested or [(f"{prefix}{name}", child)]
    return found


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;").replace("*", "\\*").replace("$", "\\$")
