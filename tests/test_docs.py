"""The documentation: its code runs, its generated pages cover the package, every public name is documented."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import shlex
import sys
from pathlib import Path
from types import ModuleType

import pytest

import markerkit
from markerkit.cli.main import _parser, main
from markerkit.core.vocabulary import Rule

DOCS = Path(__file__).parents[1] / "docs"
PAGES = sorted([*DOCS.glob("*.md"), *DOCS.glob("howto/*.md")])
#: pages whose code takes seconds; `make docs` runs them too
SLOW = {
    "amounts",
    "anndata",
    "apoptosis",
    "blanks_and_bovine",
    "figures",
    "first_hour",
    "fractions",
    "several_contrasts",
}
_FENCE = re.compile(r"^```(\{code-cell\}|python|bash)[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)


@pytest.fixture
def extension(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The module that makes pages; sphinx is not needed for it."""
    monkeypatch.syspath_prepend(str(DOCS / "_ext"))
    yield importlib.import_module("generated")
    for name in [
        n for n, m in sys.modules.items() if str(DOCS / "_ext") in (getattr(m, "__file__", "") or "")
    ]:
        del sys.modules[name]


def fences(page: Path, kind: str) -> list[str]:
    return [text for found, text in _FENCE.findall(page.read_text(encoding="utf-8")) if found == kind]


def runnable(cell: str) -> ast.Module:
    """Code of a cell: without its tags, and with commands of the terminal as calls."""
    text = re.sub(r"^:[a-z].*\n", "", cell, flags=re.MULTILINE)
    text = re.sub(
        r"^!markerkit (.*)$", lambda m: f"assert __main({shlex.split(m[1])!r}) == 0", text, flags=re.MULTILINE
    )
    return ast.parse(text)


CELLS = [
    pytest.param(page, id=page.stem, marks=[pytest.mark.slow] * (page.stem in SLOW))
    for page in PAGES
    if fences(page, "{code-cell}")
]


@pytest.mark.filterwarnings("ignore::markerkit.MarkerkitWarning")
@pytest.mark.parametrize("page", CELLS)
def test_code_of_a_page_runs(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {"__main": main}
    for cell in fences(page, "{code-cell}"):
        exec(compile(runnable(cell), page.name, "exec"), names)


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.stem)
def test_no_code_of_a_page_is_only_shown(page: Path) -> None:
    """Python stands in cells, which run; commands of the terminal parse."""
    assert not fences(page, "python")
    for block in fences(page, "bash"):
        for line in block.replace("\\\n", " ").splitlines():
            if line.startswith("markerkit "):
                words = shlex.split(line, comments=True)[1:]
                assert callable(_parser().parse_args(words).run)


def test_first_hour_runs_the_commands_that_it_shows() -> None:
    page = DOCS / "first_hour.md"
    shown = {
        " ".join(line.split())
        for block in fences(page, "bash")
        for line in block.replace("\\\n", " ").splitlines()
    }
    run = {
        " ".join(line[1:].removesuffix("--quiet").split())
        for cell in fences(page, "{code-cell}")
        for line in cell.splitlines()
        if line.startswith("!markerkit")
    }
    assert run == shown


def test_links_between_pages_lead_somewhere(extension: ModuleType) -> None:
    folders = ("api", "catalog", "gallery", "notebooks", "validation")
    made = {"generated", *(f"generated/{name}" for name in folders)}
    for page in [*PAGES, DOCS.parent / "README.md"]:
        for target in re.findall(r"\]\(([^)#:]+?)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            path = (page.parent / target).resolve()
            inside = path.relative_to(DOCS.parent.resolve()).as_posix().removeprefix("docs/")
            assert path.exists() or inside.rpartition("/")[0] in made, f"{page.name}: {target}"


def test_every_open_verdict_has_its_section(extension: ModuleType) -> None:
    page = importlib.import_module("unresolved").page()
    for rule in (Rule.WIDE_INTERVAL, Rule.COMPETING_CLASS, Rule.MISSING_VALUE_SCHEME, Rule.TOO_FEW_MARKERS):
        assert f"\n({rule})=\n" in page
    assert f"({Rule.ENRICHED})=" not in page
    assert "interval too wide to tell" in page.lower()


def test_every_figure_has_an_example(extension: ModuleType) -> None:
    gallery = importlib.import_module("gallery")
    assert {"volcano", "overlap", "marker_heatmap"} <= set(gallery.names())
    for name, text in gallery.scripts().items():
        if name.endswith(".py"):
            compile(text, name, "exec")
            assert f"figures.{name.removeprefix('plot_').removesuffix('.py')}(" in text


def test_generated_pages_hold_what_they_are_made_from(extension: ModuleType) -> None:
    catalog, engines, outputs, api = (
        importlib.import_module(n) for n in ("catalog", "engines", "outputs", "api")
    )
    sets = catalog.pages()
    assert set(markerkit.load_markers()) <= {name.removesuffix(".md") for name in sets}
    assert "https://doi.org/10.1038/s12276-019-0362-8" in sets["exosome.md"]
    assert "`proteome_discoverer`" in engines.page()
    assert "`viability_percent`" in engines.context_page()
    assert "### differential_abundance" in outputs.tables_page()
    assert "## markerkit assess" in outputs.command_page()
    assert "## markerkit sets show" in outputs.command_page()
    pages = api.pages()
    assert {f"markerkit.{n}.rst" for n in markerkit.__all__ if callable(getattr(markerkit, n))} <= set(pages)
    assert len(extension.validation()) > 5


@pytest.mark.parametrize("name", sorted(n for n in markerkit.__all__ if callable(getattr(markerkit, n))))
def test_public_names_are_documented(name: str) -> None:
    """Every public name has an example that runs; a function says what it takes, gives and refuses."""
    found = getattr(markerkit, name)
    text = inspect.getdoc(found) or ""
    assert "\nExamples\n--------\n" in text
    assert ">>> " in text
    if inspect.isfunction(found):
        assert "\nParameters\n----------\n" in text
        assert "\nReturns\n-------\n" in text
        if name not in {"bovine_peptides", "caspase_ends"}:  # they take any peptide table
            assert "\nRaises\n------\n" in text
