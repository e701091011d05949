"""rerun.py and rerun.sh: the run again, in Python and on the command line."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from pprint import pformat
from typing import TYPE_CHECKING, Any, Final

import markerkit
from markerkit.core.experiment import ZEROS

if TYPE_CHECKING:
    from markerkit.assessment.result import Assessment

_OPTIONS: Final = ("collapse_by", "shares", "null_check", "seed", "missing", "min_values", "lfc")
_FOLDER: Final = "markerkit_rerun"

_PYTHON: Final = '''"""Repeat an assessment: python rerun.py [FOLDER [MATRIX [SAMPLES]]]

Written by markerkit {version}. Paths are as they were given: start it in the same working directory, or name the files.
{said}"""

import hashlib
import sys
from pathlib import Path

import markerkit as mk

given = dict(enumerate(sys.argv[1:]))
folder = given.get(0, {folder!r})
{files}
for path, digest in {checked}:
    if path is None:
        sys.exit("name the files: python rerun.py FOLDER MATRIX [SAMPLES]")
    if digest and hashlib.sha256(Path(path).read_bytes()).hexdigest() != digest:
        sys.exit(f"{{path}} is not the file of the first run: its SHA-256 is not {{digest}}")
if mk.__version__ != {version!r}:
    print(f"note: the first run was made by markerkit {version}, this is {{mk.__version__}}", file=sys.stderr)

markers = mk.load_markers({organism!r}, extra=[])  # files of your own sets go into `extra`
if markers.digest != {digest!r}:
    print("note: the marker catalog is not that of the first run: another version, or sets of your own", file=sys.stderr)
exp = mk.read_proteins(matrix, samples=samples, {reading})
{steps}contrasts = {contrasts}
context = {context}
result = mk.assess(exp, contrasts, markers, context=context, {options})
print("\\n".join(result.verdicts()))
print("results:", result.report(folder))
'''

_SHELL: Final = """#!/bin/sh
# Repeat an assessment: sh rerun.sh [FOLDER]
# Written by markerkit {version}. Paths are as they were given: start it in the same working directory.
set -eu
folder=${{1:-{folder}}}
{body}
"""

_CHECK: Final = """sum() { if command -v sha256sum >/dev/null; then sha256sum < "$1"; else shasum -a 256 < "$1"; fi | cut -d ' ' -f 1; }
same() { [ "$(sum "$1")" = "$2" ] || { echo "$1 is not the file of the first run: its SHA-256 is not $2" >&2; exit 2; }; }"""


def rerun_files(assessment: Assessment, command: Sequence[str] | None = None) -> dict[str, str]:
    """Write the scripts that repeat a run.

    Parameters
    ----------
    assessment
        What was made.
    command
        Arguments of the command line, without the program's name; None where it was called from Python.

    Returns
    -------
    dict
        Text of ``rerun.py`` and of ``rerun.sh``. What a script cannot know (a table that was read from memory, steps between
        reading and assessing) is said in it.
    """
    read = assessment.data.as_read.provenance
    return {"rerun.py": _python(assessment, read, demo=_is_demo(command)), "rerun.sh": _shell(read, command)}


def _is_demo(command: Sequence[str] | None) -> bool:
    return command is not None and list(command[:1]) == ["demo"]


def _python(assessment: Assessment, read: Mapping[str, Any], *, demo: bool) -> str:
    given, params = assessment.data.as_read, assessment.params
    call: Mapping[str, Any] = read.get("call", {})
    between = [h for h in given.history if h.get("verb") not in ("read_proteins", ZEROS)]
    harmonized = any(h["verb"] == "harmonize_ids" and h.get("scheme") == "leading" for h in between)
    other = [str(h["verb"]) for h in between if not (h["verb"] == "harmonize_ids" and harmonized)]
    steps = ["exp = mk.harmonize_ids(exp, markers)"] if harmonized else []
    steps += (
        [f"# here the first run had the steps {', '.join(other)}, which you must write in"] if other else []
    )
    files, checked = _files(read, call, demo=demo)
    reading = {k: v for k, v in call.items() if k not in ("path", "samples")} or {"organism": given.organism}
    return _PYTHON.format(
        version=markerkit.__version__,
        said="".join(f"{line}\n" for line in _unknown(call, other, demo=demo)),
        folder=_FOLDER,
        files=files,
        checked=checked,
        organism=given.organism,
        digest=assessment.markers.digest,
        reading=_words(reading),
        steps="".join(f"{line}\n" for line in steps),
        contrasts=_contrasts(params["contrasts"]),
        context=pformat(dict(params["context"]), width=100),
        options=_words({k: params[k] for k in _OPTIONS}),
    )


def _files(read: Mapping[str, Any], call: Mapping[str, Any], *, demo: bool) -> tuple[str, str]:
    """Lines that name the files, and the files with the digests that they must have."""
    if demo:
        lines = "import tempfile\n\nfrom markerkit.simulation.examples import write_example\n\n"
        return f"{lines}matrix, samples = write_example(tempfile.mkdtemp())", "[]"
    path, sheet = call.get("path"), call.get("samples")
    lines = f"matrix = given.get(1, {path!r})\nsamples = given.get(2, {sheet!r})"
    checked = [f"(matrix, {read.get('sha256') if path else None!r})"]
    if sheet:
        checked.append(f"(samples, {read.get('samples_sha256')!r})")
    return lines, f"[{', '.join(checked)}]"


def _unknown(call: Mapping[str, Any], other: Sequence[str], *, demo: bool) -> list[str]:
    """Say what the script cannot repeat."""
    lines = []
    if not call.get("path") and not demo:
        lines.append(
            "The first run was given a table from memory, whose making no script can know: save it to a file and name that file."
        )
        lines.append("Such a file is read anew, so that numbers may differ where the table had been changed.")
    if other:
        lines.append(
            f"Between reading and assessing the first run had steps that are not repeated here: {', '.join(other)}."
        )
    return lines


def _words(options: Mapping[str, Any]) -> str:
    return ", ".join(f"{k}={v!r}" for k, v in options.items())


def _contrasts(found: Sequence[Mapping[str, Any]]) -> str:
    lines = []
    for contrast in found:
        rest = {k: v for k, v in contrast.items() if k not in ("condition", "case", "control") and v}
        first = ", ".join(repr(contrast[k]) for k in ("condition", "case", "control"))
        lines.append(f"    mk.Contrast({first}, {_words(rest)}),\n")
    return f"[\n{''.join(lines)}]" if lines else "None"


def _shell(read: Mapping[str, Any], command: Sequence[str] | None) -> str:
    if command is None:
        body = 'exec "${PYTHON:-python3}" "$(dirname "$0")/rerun.py" "$folder"'
    else:
        call: Mapping[str, Any] = read.get("call", {})
        digests = [(call.get("path"), read.get("sha256")), (call.get("samples"), read.get("samples_sha256"))]
        same = [
            f"same {shlex.quote(str(p))} {digest}" for p, digest in digests if p and not _is_demo(command)
        ]
        words = " ".join(shlex.quote(word) for word in _without_output(command))
        body = "\n".join([*([_CHECK, *same] if same else []), f'markerkit {words} --out "$folder"'])
    return _SHELL.format(version=markerkit.__version__, folder=_FOLDER, body=body)


def _without_output(command: Sequence[str]) -> list[str]:
    """Leave out where the first run was written; of two ``--out`` the last one counts, however it is spelled.

    >>> _without_output(["assess", "m.tsv", "--out", "x", "--overwrite"])
    ['assess', 'm.tsv']
    """
    words = [w for w in command if w != "--overwrite" and not w.startswith("--out=")]
    if "--out" in words:
        at = words.index("--out")
        del words[at : at + 2]
    return words
