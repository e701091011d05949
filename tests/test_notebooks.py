"""The notebooks run from top to bottom without a warning, and hold their outputs."""

import os
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
#: notebook -> the package that it is about
NEEDS = {"anndata_and_scverse": "anndata"}
#: the one that the quick tests run
QUICK = "fraction_series"
RUNS = [pytest.param(p, id=p.stem, marks=() if p.stem == QUICK else pytest.mark.slow) for p in NOTEBOOKS]


def run(path):
    """Execute a notebook in a fresh kernel that finds this checkout."""
    notebook = nbformat.read(path, as_version=4)
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    }
    NotebookClient(notebook, timeout=300, kernel_name="python3").execute(
        env=environment, cwd=str(ROOT / "notebooks")
    )
    return notebook


def said(notebook):
    """Lines of the outputs that give a verdict or the place of a peak."""
    words = ("compatible", "unresolved", "not assessable", "sources higher", "peak of the amount")
    texts = [
        "".join(o.get("text", "")) or "".join(o.get("data", {}).get("text/plain", ""))
        for c in notebook.cells
        for o in c.get("outputs", [])
    ]
    return [line.rstrip() for t in texts for line in t.splitlines() if any(w in line for w in words)]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("path", RUNS)
def test_notebook_runs_and_says_what_it_shows(path):
    if path.stem in NEEDS:
        pytest.importorskip(NEEDS[path.stem], reason=f"the notebook is about {NEEDS[path.stem]}")
    executed = run(path)
    assert said(executed)
    stored = said(nbformat.read(path, as_version=4))
    assert said(executed) == stored, "outputs are stale: jupyter execute --inplace notebooks/*.ipynb"
    texts = [o for c in executed.cells if c.cell_type == "code" for o in c.outputs]
    assert not [o for o in texts if o.output_type == "stream" and o.name == "stderr"]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_every_figure_is_shown_without_a_word_about_pyplot(tmp_path):
    draw = "ax = figures.pca(pd.DataFrame({'sample': list('ab'), 'group': list('xy'), 'pc1': [0, 1], 'pc2': [1, 0], 'explained_pc1': 0.5, 'explained_pc2': 0.5, 'n_proteins': 9, 'reason': ''}))"
    cells = ["import pandas as pd\nfrom markerkit import figures", draw, draw]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in cells])
    path = tmp_path / "three_cells.ipynb"
    nbformat.write(notebook, path)
    shown = [any("image/png" in o.get("data", {}) for o in c.outputs) for c in run(path).cells]
    assert shown == [False, True, True]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_outputs_are_stored_without_a_path_of_a_machine(path):
    notebook = nbformat.read(path, as_version=4)
    code = [c for c in notebook.cells if c.cell_type == "code"]
    assert all(c.execution_count for c in code)
    assert any(c.outputs for c in code)
    text = path.read_text(encoding="utf-8")
    assert "/tmp/" not in text
    assert "/home/" not in text
    assert "/root/" not in text


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_notebook_ends_with_what_can_be_claimed_and_removes_nothing_of_the_user(path):
    notebook = nbformat.read(path, as_version=4)
    last = notebook.cells[-1]
    assert last.cell_type == "markdown"
    assert last.source.startswith("## What can be claimed, and what not")
    assert "**Yes:**" in last.source
    assert "**No:**" in last.source
    code = "\n".join(c.source for c in notebook.cells if c.cell_type == "code")
    assert not [word for word in ("rmtree", "unlink", "os.remove", "overwrite=True") if word in code]
    writes = [
        word for word in (".report(", ".to_csv(", ".write_text(", ".write_h5ad(", ".save(") if word in code
    ]
    assert not writes or "TemporaryDirectory()" in code
    assert "http" not in code
