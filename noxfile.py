"""The tests of numbers under every version of Python and every set of dependencies that is supported.

``nox`` runs all sessions, ``nox -s "numbers-3.13(lowest)"`` one of them. uv makes the environments; it has to be there
with the interpreters that are asked for.
"""

from __future__ import annotations

import nox

nox.options.default_venv_backend = "uv"
nox.options.error_on_missing_interpreters = False

#: name -> options of uv: the oldest versions that pyproject.toml admits, the newest, and the newest with the oldest pandas
DEPENDENCIES = {
    "lowest": ["--resolution", "lowest-direct"],
    "newest": ["--upgrade"],
    "pandas2": ["--upgrade", "pandas==2.2.3"],
}
TESTS = [
    "tests/golden",
    "tests/contract",
    "tests/core",
    "tests/stats",
    "tests/da",
    "tests/sets",
    "tests/test_determinism.py",
]


@nox.session(python=["3.11", "3.12", "3.13"])
@nox.parametrize("dependencies", list(DEPENDENCIES), ids=list(DEPENDENCIES))
def numbers(session: nox.Session, dependencies: str) -> None:
    """Golden tables, contracts and statistics; then the tables of the example beside those of the first session."""
    session.install(*DEPENDENCIES[dependencies], ".")
    session.install("pytest>=8.3", "hypothesis>=6.110", "pyarrow>=17", "pooch>=1.8", "packaging>=24")
    tables = session.cache_dir / "tables"
    mine = tables / f"{session.python}-{dependencies}"
    session.run("python", "-m", "tests.versions", "write", str(mine))
    first = min(tables.iterdir())
    session.run("python", "-m", "tests.versions", "compare", str(first), str(mine))
    session.run("python", "-m", "pytest", "-m", "not slow", *(session.posargs or TESTS))
