"""Build the sdist and the wheel, and try what a user gets: installed, outside of the checkout.

``make dist`` runs it. The wheel is built from the sdist, both are looked at by twine and check-wheel-contents, and each
is installed in a new environment in which the demo and the tests of the archive run against the installed package.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).parents[1]
#: tests that need nothing of the checkout: the catalog, stored numbers, statistics, readers, the command line
TESTS = (
    "tests/catalog",
    "tests/golden",
    "tests/stats",
    "tests/identity",
    "tests/purity",
    "tests/cli",
    "tests/io/test_readers.py",
)


def run(*words: str | Path, cwd: Path, quiet: bool = False) -> None:
    """Run a program that knows nothing of the checkout; end where it fails."""
    print("$", *[str(w) for w in words], flush=True)
    apart = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "VIRTUAL_ENV"))}
    done = subprocess.run(
        [str(w) for w in words], cwd=cwd, env=apart, check=False, stdout=subprocess.DEVNULL if quiet else None
    )
    if done.returncode:
        sys.exit(f"failed with {done.returncode}: {' '.join(str(w) for w in words)}")


def build(out: Path) -> tuple[Path, Path]:
    """Build both archives and look at them; give the sdist and the wheel."""
    shutil.rmtree(out, ignore_errors=True)
    run(sys.executable, "-m", "build", "--outdir", out, ROOT, cwd=ROOT, quiet=True)
    (sdist,), (wheel,) = out.glob("*.tar.gz"), out.glob("*.whl")
    run(sys.executable, "-m", "twine", "check", "--strict", sdist, wheel, cwd=ROOT)
    run(sys.executable, "-m", "check_wheel_contents", wheel, cwd=ROOT)
    return sdist, wheel


def try_out(archive: Path, sdist: Path, folder: Path, *, tests: bool) -> None:
    """Install an archive in a new environment and use it there."""
    venv.create(folder / "venv", with_pip=True)
    python = folder / "venv" / "bin" / "python"
    extra = "[test]" if tests else ""
    run(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-c", ROOT / "constraints.txt",
        f"markerkit-ev{extra} @ {archive.resolve().as_uri()}", cwd=folder)  # fmt: skip
    run(folder / "venv" / "bin" / "markerkit", "demo", "--out", "demo", "--quiet", cwd=folder, quiet=True)
    for name in ("report.html", "summary.json", "tables.xlsx"):
        if not (folder / "demo" / name).stat().st_size:
            sys.exit(f"{archive.name}: the demo wrote an empty {name}")
    if tests:
        with tarfile.open(sdist) as packed:
            packed.extractall(folder, filter="data")
        (source,) = folder.glob("markerkit_ev-*")
        shutil.rmtree(source / "markerkit")  # what is installed is tested
        shutil.rmtree(source / "reference_sets")
        run(python, "-m", "pytest", "-q", "-n", "2", "-m", "not slow", *TESTS, cwd=source)


def main() -> None:
    """Build into ``dist/`` and try both archives."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=ROOT / "dist", help="folder of the archives")
    arguments = parser.parse_args()
    sdist, wheel = build(arguments.out.resolve())
    for archive, tests in ((wheel, True), (sdist, False)):
        with tempfile.TemporaryDirectory() as folder:
            try_out(archive, sdist, Path(folder), tests=tests)
    print(f"{wheel.name} and {sdist.name}: built, installed and tried")


if __name__ == "__main__":
    main()
