"""Every table and figure of this folder, each by its own script: the sections of the README one after the other.

    python benchmarks/everything.py SHARED                   all of them, a day of one processor
    python benchmarks/everything.py SHARED speed truth       some of them

SHARED holds `data`, the real data sets, and `oracles`, the outputs of the reference implementations. What a script
prints goes to the terminal; one that fails is named at the end, and keeps its section as it was.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from sections import FOLDER, SECTIONS

#: sections whose scripts take a folder: which of those in SHARED
GIVEN = dict.fromkeys(
    (
        "identity",
        "thresholds",
        "composition",
        "separation",
        "truth",
        "missing",
        "catalog",
        "identifiers",
    ),
    "data",
) | {"oracles": "oracles"}
#: sections that are written without being asked
ALWAYS_WRITTEN = {"separation"}


def command_of(section: str, shared: Path, scratch: str) -> list[str]:
    """Words that run the script of a section."""
    given = [scratch] if section == "cohort" else [str(shared / GIVEN[section])] if section in GIVEN else []
    write = [] if section in ALWAYS_WRITTEN else ["--write"]
    return [sys.executable, str(FOLDER / SECTIONS[section]), *given, *write]


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("shared", type=Path, metavar="SHARED")
    parser.add_argument("sections", nargs="*", metavar="SECTION", help=", ".join(SECTIONS))
    arguments = parser.parse_args(argv)
    unknown = [name for name in arguments.sections if name not in SECTIONS]
    if unknown:
        parser.error(f"no section {', '.join(unknown)}; there are {', '.join(SECTIONS)}")
    failed = []
    with tempfile.TemporaryDirectory() as scratch:
        for section in arguments.sections or SECTIONS:
            begin = time.monotonic()
            done = subprocess.run(command_of(section, arguments.shared, scratch), check=False)
            print(f"{section}: exit {done.returncode} after {time.monotonic() - begin:.0f} s", flush=True)
            if done.returncode:
                failed.append(section)
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
