"""``python -m tests.golden`` says what differs from the reference tables; ``--write`` makes them anew."""

from __future__ import annotations

import sys
import time
import warnings

from markerkit.core.errors import MarkerkitWarning
from tests.golden.cases import ABOUT
from tests.golden.reference import CASES, FOLDER, differences, plain, read, text_of


def main(words: list[str]) -> int:
    """Compare all cases, or write them."""
    found: dict[str, dict[str, dict[str, dict[str, list[object]]]]] = {}
    changed = 0
    for case in CASES:
        start = time.process_time()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", MarkerkitWarning)
            tables = {name: plain(table) for name, table in case.make().items()}
        seconds = time.process_time() - start
        found.setdefault(case.file, {})[case.name] = tables
        known = read(case.file).get(case.name, {}) if (FOLDER / f"{case.file}.json").is_file() else {}
        said = differences(known, tables, case.tolerance)
        changed += bool(said)
        sys.stdout.write(f"{case}: {seconds:.2f} s{''.join(f'{chr(10)}  {line}' for line in said[:5])}\n")
    if "--write" in words:
        FOLDER.mkdir(exist_ok=True)
        for file, cases in found.items():
            (FOLDER / f"{file}.json").write_text(text_of(ABOUT[file], cases), encoding="utf-8")
    return 0 if "--write" in words else min(changed, 1)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
