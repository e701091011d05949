"""What markerkit never does: run text, a shell or a pickle of others, or open a connection."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

import markerkit
from markerkit.core.errors import InputError, printable
from markerkit.study.formula import build_design
from tests.helpers import ROOT

PACKAGE = Path(markerkit.__file__).parent
#: what may be imported, and where: pickles between our own two processes, the page of this computer, public data on request
ALLOWED = {
    "pickle": {"assessment/workers.py", "cohort/engines.py", "report/_draw.py", "report/_figures.py"},
    "subprocess": {"core/processes.py"},
    "socket": {"app/serve.py"},
    "ctypes": {"io/rename.py"},
    "pooch": {"io/datasets.py"},
}
NEVER = {
    "marshal",
    "shelve",
    "dill",
    "joblib",
    "cloudpickle",
    "yaml",
    "urllib",
    "http",
    "requests",
    "httpx",
    "ftplib",
    "ssl",
    "xmlrpc",
}
RUNS_TEXT = {"eval", "exec", "compile", "__import__", "system", "popen", "read_pickle", "to_pickle"}


def test_no_module_imports_or_calls_what_it_must_not() -> None:
    wrong = []
    for path in sorted(PACKAGE.rglob("*.py")):
        name = path.relative_to(PACKAGE).as_posix()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import | ast.ImportFrom):
                modules = (
                    [a.name for a in node.names] if isinstance(node, ast.Import) else [node.module or ""]
                )
                found = {m.split(".")[0] for m in modules}
                bad = [m for m in found if m in NEVER or name not in ALLOWED.get(m, {name})]
                wrong += [f"{name}:{node.lineno} imports {m}" for m in bad]
            elif isinstance(node, ast.Call):
                called = node.func
                word = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
                of_re = isinstance(called, ast.Attribute) and getattr(called.value, "id", "") == "re"
                if (word in RUNS_TEXT and not of_re) or any(
                    k.arg in {"shell", "allow_pickle"} for k in node.keywords
                ):
                    wrong.append(f"{name}:{node.lineno} calls {word}")
    assert wrong == []


_FENCED = """
import json, sys
seen = []

def hook(event, arguments):
    if event.startswith(("socket.", "urllib.", "ftplib.", "http.", "os.system", "os.exec", "os.spawn", "os.posix_spawn",
                         "pickle.", "marshal.load", "webbrowser.")):
        if event == "marshal.loads" or event == "marshal.load":
            return  # byte code of modules
        seen.append(event)
        raise PermissionError(event)
    if event == "subprocess.Popen":
        seen.append([str(a) for a in arguments[1]])

sys.addaudithook(hook)
from markerkit.cli.main import main
code = main(sys.argv[1:])
print(json.dumps([code, seen]), file=sys.stderr)
"""


def fenced(folder: Path, *words: str) -> list[object]:
    done = subprocess.run(
        [sys.executable, "-c", _FENCED, *words],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1"},
    )
    return json.loads(done.stderr.splitlines()[-1])


def test_no_socket_no_shell_no_pickle(tmp_path: Path) -> None:
    assert fenced(tmp_path, "sets", "export", "--out", "sets.gmt") == [0, []]


@pytest.mark.slow
def test_a_whole_assessment_opens_no_socket_and_starts_itself_only(tmp_path: Path) -> None:
    code, seen = fenced(tmp_path, "demo", "--quiet")
    assert code == 0
    # the process that draws; matplotlib asks for the fonts of the system where it has no list of them
    own = [words[1:] == ["-P", "-m", "markerkit.report._draw"] for words in seen if "fc-list" not in words[0]]
    assert all(own)
    assert len(own) <= 1


@pytest.mark.parametrize(
    "formula",
    [
        "~ __import__('os').system('x')",
        "~ C(a, contr.treatment)",
        "~ a.b",
        "~ {a}",
        "~ I(a)",
        "~ a[0]",
        "~ lambda: 1",
        "~ `a` + exec('1')",
    ],
)
def test_a_formula_is_no_program(formula: str) -> None:
    samples = pd.DataFrame({"a": ["x", "y", "x", "y"], "b": ["u", "u", "v", "v"]})
    with pytest.raises(InputError):
        build_design(samples, formula)


def test_printable_leaves_text_and_takes_commands() -> None:
    text = "µ\u2009é 漢\tx\ny"
    assert printable(text) == text
    every = "".join(map(chr, [*range(32), *range(127, 160), 0x202E, 0x2066, 0x200F]))
    assert set(printable(every)) - set("\t\n") <= set(map(chr, range(32, 127)))


def tool(program: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", f"import licenses\n{program}"],
        cwd=ROOT / "tools",
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def test_no_package_of_run_time_is_copyleft_and_all_are_listed() -> None:
    names, wrong = json.loads(
        tool(
            "import json; p = licenses.needed(licenses.EXTRAS); print(json.dumps([list(p), licenses.refused(p)]))"
        )
    )
    assert wrong == []
    assert {"numpy", "pandas", "matplotlib", "shiny", "uvicorn", "pooch", "kiwisolver"} <= set(names)
    text = (ROOT / "docs" / "licenses.md").read_text(encoding="utf-8")
    assert [n for n in names if f"| {n} | " not in text] == []


@pytest.mark.parametrize(
    ("stated", "refused"),
    [
        ("GPL-3.0-or-later", True),
        ("GNU General Public License v2 (GPLv2)", True),
        ("AGPL-3.0", True),
        ("", True),
        ("LGPL-3.0", False),
        ("MIT", False),
    ],
)
def test_a_copyleft_license_is_found(stated: str, refused: bool) -> None:
    program = f"licenses.license_of = lambda _: {stated!r}\nprint(licenses.refused({{'a': 'all'}}))"
    assert tool(program).strip() == ("['a']" if refused else "[]")
