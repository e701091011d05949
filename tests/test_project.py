"""The repository itself: what must and must not be committed, and what a wheel holds."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

import markerkit
from tests.helpers import committed

BINARY = {".png", ".pdf", ".xlsx", ".parquet", ".gz", ".zip"}
# written so that this file does not hold what it looks for
HOME_PATHS = re.compile(r"(?<![\w.])/(?:ho" r"me|ro" r"ot|Us" r"ers|wo" r"rk|opt|mnt)/[a-z]", re.IGNORECASE)
HOSTS = re.compile(
    r"pypi\.(?:org/si"
    r"mple)|files\.python"
    r"hosted|artifac"
    r"tory|--(?:extra-)?index"
    r"-url|localh"
    r"ost"
)


def texts(root: Path) -> list[tuple[Path, str]]:
    files = committed(root)
    if not files:
        pytest.skip("not a git checkout")
    return [(p, p.read_text(encoding="utf-8")) for p in files if p.suffix not in BINARY and p.is_file()]


@pytest.mark.parametrize("pattern", [HOME_PATHS, HOSTS], ids=["home paths", "registry hosts"])
def test_nothing_of_one_machine(repository: Path, pattern: re.Pattern[str]) -> None:
    hits = [f"{p.name}: {m.group()}" for p, text in texts(repository) for m in pattern.finditer(text)]
    assert not hits


def test_lines_end_in_lf(repository: Path) -> None:
    assert not [p.name for p, text in texts(repository) if "\r" in text]


def test_version_is_everywhere(repository: Path) -> None:
    version = markerkit.__version__
    assert f"### [{version}]" in (repository / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"version: {version}" in (repository / "CITATION.cff").read_text(encoding="utf-8")


def test_catalog_version_is_in_the_changelog(repository: Path) -> None:
    info = tomllib.loads((repository / "reference_sets" / "catalog.toml").read_text(encoding="utf-8"))
    assert f"### [{info['version']}]" in (repository / "CHANGELOG.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", ".ci/run"])
def test_make_targets_exist(repository: Path, name: str) -> None:
    targets = set(
        re.findall(r"^([a-z-]+):", (repository / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    )
    named = re.findall(
        r"(?:^|`)make ([a-z][a-z-]*)", (repository / name).read_text(encoding="utf-8"), re.MULTILINE
    )
    assert named
    assert set(named) <= targets


def test_constraints_are_plain_pins(repository: Path) -> None:
    lines = (repository / "constraints.txt").read_text(encoding="utf-8").splitlines()
    assert not [line for line in lines if not re.fullmatch(r"[A-Za-z0-9._-]+==[0-9][A-Za-z0-9.+]*", line)]


def test_dependencies_are_pinned(repository: Path) -> None:
    project = tomllib.loads((repository / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    wanted = [*project["dependencies"], *extras["test"], *extras["notebook"]]
    names = {re.match(r"[A-Za-z0-9_-]+", w).group().lower() for w in wanted}  # type: ignore[union-attr]
    pinned = (repository / "constraints.txt").read_text(encoding="utf-8").lower()
    pins = {line.split("==")[0] for line in pinned.splitlines()}
    assert names - {"markerkit"} <= pins


def test_readme_python_names_exist(repository: Path) -> None:
    readme = (repository / "README.md").read_text(encoding="utf-8")
    assert set(re.findall(r"\bmk\.([a-z_0-9]+)", readme)) <= set(markerkit.__all__)


def test_readme_shell_lines_parse(repository: Path) -> None:
    from markerkit.cli.main import _parser

    readme = (repository / "README.md").read_text(encoding="utf-8").replace("\\\n", " ")
    lines = re.findall(r"^markerkit ([^\n#>]+)", readme, re.MULTILINE)
    commands = [line.split() for line in lines if re.match(r"(demo|samples|assess|score|sets)\b", line)]
    assert len(commands) >= 3
    for words in commands:
        assert callable(_parser().parse_args(words).run)


@pytest.mark.slow
def test_wheel_holds_the_reference_sets(repository: Path, tmp_path: Path) -> None:
    pytest.importorskip("hatchling", reason="building a wheel without a network needs hatchling installed")
    source = tmp_path / "source"
    ignored = shutil.ignore_patterns(".git", ".venv", ".*_cache", "__pycache__", "markerkit_demo")
    shutil.copytree(repository, source, ignore=ignored)
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=source, check=True, capture_output=True, timeout=300)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    for path in (repository / "reference_sets").iterdir():
        if path.suffix in {".toml", ".tsv"}:
            assert f"markerkit/reference_sets/{path.name}" in names
    assert "markerkit/py.typed" in names
    assert not [n for n in names if n.startswith("tests/")]


@pytest.mark.slow
def test_wheel_works_alone(repository: Path, tmp_path: Path) -> None:
    """The package unpacked from a wheel finds its own sets, not those of a checkout."""
    pytest.importorskip("hatchling", reason="building a wheel without a network needs hatchling installed")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path / "dist")]
    subprocess.run(command, cwd=repository, check=True, capture_output=True, timeout=300)
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    code = (
        f"import sys; sys.path.insert(0, {str(tmp_path / 'site')!r}); import markerkit as mk; "
        "print(mk.__file__); print(len(mk.load_markers()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True, timeout=120
    )
    file, n = done.stdout.split()
    assert Path(file).is_relative_to(tmp_path / "site")
    assert int(n) == len(markerkit.load_markers())
