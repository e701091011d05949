"""Fuzz one target with coverage as the guide: `python tools/fuzz/run.py TARGET SECONDS [OPTIONS OF LIBFUZZER]`.

Needs atheris (`pip install atheris`) beside markerkit. Finds go to the working folder; the inputs that found new code go
to `fuzz_corpus/TARGET/` there. `tests/fuzz_corpus/TARGET/` is where it starts, and what the tests replay.
"""

from __future__ import annotations

import importlib
import os
import pkgutil
import sys
from pathlib import Path

import atheris

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))
_ROOMS = ("core", "io", "catalog", "ids", "study", "cli")
with atheris.instrument_imports(include=["markerkit", "openpyxl", "tomllib", "json", "csv"]):
    from tools.fuzz.targets import TARGETS

    for _room in _ROOMS:  # what is imported late elsewhere would not be followed
        for _module in pkgutil.iter_modules([str(ROOT / "markerkit" / _room)]):
            importlib.import_module(f"markerkit.{_room}.{_module.name}")


def main() -> None:
    """Run libFuzzer on a target for so many seconds of the processor's time or less."""
    name, seconds, *options = sys.argv[1:]
    found = Path("fuzz_corpus", name)
    found.mkdir(parents=True, exist_ok=True)
    seeds = [str(p) for p in [ROOT / "tests" / "fuzz_corpus" / name] if p.is_dir()]
    limits = [f"-max_total_time={seconds}", "-timeout=120", "-rss_limit_mb=2048", "-max_len=4096"]
    atheris.Setup([sys.argv[0], *limits, *options, str(found), *seeds], TARGETS[name])
    atheris.Fuzz()


if __name__ == "__main__":
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    main()
