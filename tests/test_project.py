"""The repository itself: what must and must not be committed, and what a wheel holds."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement

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


def test_conda_recipe_is_that_of_the_project(repository: Path) -> None:
    project = tomllib.loads((repository / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    recipe = (repository / "tools" / "conda" / "recipe.yaml").read_text(encoding="utf-8")
    assert f'version: "{markerkit.__version__}"' in recipe
    assert f'python_min: "{project["requires-python"].removeprefix(">=")}"' in recipe
    wanted = {r.name: r.specifier for r in map(Requirement, project["dependencies"])}
    run = recipe.partition("  run:\n")[2].partition("\n\n")[0]
    # the parts without a graphical interface are packages of their own there
    found = [
        Requirement(line.replace("-base ", " "))
        for line in re.findall(r"- (\S+ .*)", run)
        if "python" not in line
    ]
    assert {r.name: r.specifier for r in found} == wanted


def test_container_installs_extras_that_exist(repository: Path) -> None:
    project = tomllib.loads((repository / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    (extras,) = re.findall(r"'\.\[(.*)\]'", (repository / "Containerfile").read_text(encoding="utf-8"))
    assert set(extras.split(",")) <= set(project["optional-dependencies"])


@pytest.mark.parametrize("name", ["tests", "weekly", "release", "docs"])
def test_workflows_call_targets_that_exist(repository: Path, name: str) -> None:
    workflow = (repository / ".github" / "workflows" / f"{name}.yml").read_text(encoding="utf-8")
    targets = set(
        re.findall(r"^([a-z-]+):", (repository / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    )
    called = set(re.findall(r"run: (?:make ([a-z-]+)|\.ci/run)", workflow))
    assert called
    assert called - {""} <= targets


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


PINS = {
    "constraints.txt": ("test", "notebook", "app", "parquet", "cohort", "dask", "benchmarks"),
    "constraints-anndata.txt": ("anndata", "parquet"),
    "constraints-docs.txt": ("docs",),
}


def pins(path: Path) -> dict[str, str]:
    """Pinned packages of a constraints file, name -> version."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return dict(line.lower().replace("_", "-").split("==") for line in lines)


@pytest.mark.parametrize("name", sorted(PINS))
def test_constraints_are_plain_pins(repository: Path, name: str) -> None:
    lines = (repository / name).read_text(encoding="utf-8").splitlines()
    assert not [line for line in lines if not re.fullmatch(r"[A-Za-z0-9._-]+==[0-9][A-Za-z0-9.+]*", line)]


@pytest.mark.parametrize("name", sorted(PINS))
def test_dependencies_are_pinned_in_their_range(repository: Path, name: str) -> None:
    project = tomllib.loads((repository / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    wanted = [*project["dependencies"], *(item for extra in PINS[name] for item in extras[extra])]
    pinned = pins(repository / name)
    for requirement in map(Requirement, wanted):
        if requirement.name != "markerkit-ev":
            assert requirement.specifier.contains(pinned[requirement.name.lower()]), requirement


def test_oldest_pandas_is_tested(repository: Path) -> None:
    project = tomllib.loads((repository / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    (pandas,) = [r for r in map(Requirement, project["dependencies"]) if r.name == "pandas"]
    oldest = pins(repository / "constraints-anndata.txt")["pandas"]
    assert str(pandas.specifier) == f">={oldest}"
    assert pins(repository / "constraints.txt")["pandas"].startswith("3.")


def test_required_packages_are_those_imported(repository: Path) -> None:
    """No dependency without an import, no import without a dependency."""
    project = tomllib.loads((repository / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    optional = {
        Requirement(item).name
        for extra in ("anndata", "app", "cohort", "dask", "datasets", "mztab", "parquet")
        for item in extras[extra]
    }
    required = {Requirement(item).name.lower() for item in project["dependencies"]}
    imported = set()
    for path in (repository / "markerkit").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                imported |= {alias.name.split(".")[0].lower() for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                imported.add(node.module.split(".")[0].lower())
    outside = imported - {name.lower() for name in sys.stdlib_module_names} - {"markerkit", "cycler"}
    assert outside - optional == required
    assert optional <= outside


def test_readme_python_names_exist(repository: Path) -> None:
    readme = (repository / "README.md").read_text(encoding="utf-8")
    assert set(re.findall(r"\bmk\.([a-z_0-9]+)", readme)) <= set(markerkit.__all__)


@pytest.mark.usefixtures("one_figure")
def test_readme_python_runs(repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The code of README runs from top to bottom, on the simulated example under the names that it uses."""
    from markerkit.simulation.examples import write_example

    matrix, sheet = write_example(tmp_path)
    matrix.rename(tmp_path / "proteinGroups.txt")
    text = sheet.read_text(encoding="utf-8").replace("fraction", "condition", 1)
    (tmp_path / "samples.tsv").write_text(text, encoding="utf-8")
    readme = (repository / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```", readme, re.MULTILINE | re.DOTALL)
    assert len(blocks) == 1
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    for block in blocks:
        exec(compile(block, "README.md", "exec"), names)
    assert (tmp_path / "results_python" / "report.html").is_file()
    verdicts = names["result"].identity.table.set_index("class")["verdict"]  # type: ignore[attr-defined]
    assert verdicts["exosome"] == "compatible"


def test_readme_shell_lines_parse(repository: Path) -> None:
    from markerkit.cli.main import _parser

    readme = (repository / "README.md").read_text(encoding="utf-8").replace("\\\n", " ")
    lines = re.findall(r"^markerkit ([^\n#>]+)", readme, re.MULTILINE)
    commands = [
        line.split() for line in lines if re.match(r"(demo|samples|assess|score|peptides|sets)\b", line)
    ]
    assert {words[0] for words in commands} == {"demo", "samples", "assess"}
    for words in commands:
        assert callable(_parser().parse_args(words).run)


@pytest.mark.slow
def test_wheel_holds_the_reference_sets(repository: Path, tmp_path: Path) -> None:
    pytest.importorskip("hatchling", reason="building a wheel without a network needs hatchling installed")
    source = tmp_path / "source"
    ignored = shutil.ignore_patterns(".git", ".venv*", ".*_cache", "__pycache__", "markerkit_demo")
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
