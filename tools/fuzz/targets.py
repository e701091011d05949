"""What is fuzzed: functions of bytes that end in a result or in one clear line, whatever the bytes are."""

from __future__ import annotations

import argparse
import io
import tempfile
import warnings
import zipfile
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import pandas as pd

import markerkit as mk
from markerkit.cli.contrasts import add_contrasts, read_contrasts
from markerkit.core.errors import InputError, MarkerkitWarning
from markerkit.study.context import read_context, write_context
from markerkit.study.formula import build_design, resolve_contrasts

#: characters of the longest message
LONGEST_MESSAGE = 2000
_PARTS = ("xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/workbook.xml", "xl/styles.xml")
_TYPES = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_MARKER_FILES = (".toml", ".gmt", ".tsv", ".csv", ".txt")
_WORKBOOK = (
    f'<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="{_OFFICE}">'
    '<sheets><sheet name="a" sheetId="1" r:id="r0"/></sheets></workbook>'
).encode()


def text_table(data: bytes) -> None:
    """Read bytes as a protein table in a text file."""
    _read(data, "table.tsv", lambda path: mk.read_proteins(path))


def sample_sheet(data: bytes) -> None:
    """Read bytes as the sample sheet of a table."""
    _read(data, "samples.tsv", lambda path: mk.read_proteins(_matrix(), samples=path))


def workbook(data: bytes) -> None:
    """Read bytes as the parts of a workbook, which a zero byte separates; the zip archive around them is whole."""
    parts = dict(zip(_PARTS, data.split(b"\x00", len(_PARTS) - 1), strict=False))
    _read(zipped({"xl/workbook.xml": _WORKBOOK, **parts}), "table.xlsx", lambda path: mk.read_proteins(path))


def markers(data: bytes) -> None:
    """Read bytes as a file of marker sets; the first one chooses its format."""
    name = f"sets{_MARKER_FILES[data[0] % len(_MARKER_FILES)]}" if data else "sets.gmt"
    _read(data[1:], name, lambda path: mk.load_markers(extra=[path]))


def context(data: bytes) -> None:
    """Read bytes as a context file; the first one chooses TOML or JSON. What was read is the same when written again."""
    name = f"context{('.toml', '.json')[data[0] % 2] if data else '.toml'}"

    def again(path: Path) -> None:
        found = read_context(path)
        path.with_suffix(".toml").write_text(write_context(found), encoding="utf-8", newline="")
        assert read_context(path.with_suffix(".toml")) == found

    _read(data[1:], name, again)


def formula(data: bytes) -> None:
    """Read bytes as a formula, behind a line break as a contrast of its design."""
    text, _, words = data.decode("utf-8", "replace").partition("\n")

    def build() -> None:
        design = build_design(_samples(), text)
        if words:
            resolve_contrasts(design, tuple(words.split("\n")))

    _ends(build)


def contrast(data: bytes) -> None:
    """Read bytes as the options of a contrast, one word a line."""
    parser = argparse.ArgumentParser(exit_on_error=False)
    add_contrasts(parser)
    words = data.decode("utf-8", "replace").split("\n")
    try:
        arguments, _ = parser.parse_known_args(["--condition", "arm", *words])
    except (argparse.ArgumentError, SystemExit):
        return  # argparse itself says what is wrong
    _ends(lambda: read_contrasts(arguments, _experiment()))


TARGETS: dict[str, Callable[[bytes], None]] = {
    f.__name__: f for f in (text_table, sample_sheet, workbook, markers, context, formula, contrast)
}


def zipped(parts: dict[str, bytes]) -> bytes:
    """Make a workbook of its parts, with the relations between them."""
    types = f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPES}.sheet.main+xml"/>'
    kinds = {
        "worksheets/sheet1.xml": "worksheet",
        "sharedStrings.xml": "sharedStrings",
        "styles.xml": "styles",
    }
    for name, kind in kinds.items():
        if f"xl/{name}" in parts:
            types += f'<Override PartName="/xl/{name}" ContentType="{_TYPES}.{kind}+xml"/>'
    links = "".join(
        f'<Relationship Id="r{i}" Type="{_OFFICE}/{kind}" Target="{name}"/>'
        for i, (name, kind) in enumerate(kinds.items())
        if f"xl/{name}" in parts
    )
    start = f'<Relationship Id="r0" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/>'
    relations = f'<Relationships xmlns="{_PACKAGE}/relationships">'
    around = {
        "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">{types}</Types>',
        "_rels/.rels": f"{relations}{start}</Relationships>",
        "xl/_rels/workbook.xml.rels": f"{relations}{links}</Relationships>",
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in {**around, **parts}.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def _read(data: bytes, name: str, read: Callable[[Path], object]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(data)
        _ends(lambda: read(path))


def _ends(read: Callable[[], object]) -> None:
    """Assert that reading ends in a result or in an error for the user, and says what it says in short lines."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            read()
        except InputError as error:
            _is_a_line(str(error))
    for warning in caught:
        assert issubclass(warning.category, MarkerkitWarning), f"{warning.category}: {warning.message}"
        _is_a_line(str(warning.message))


def _is_a_line(text: str) -> None:
    assert text.strip(), "an empty message"
    assert len(text) <= LONGEST_MESSAGE, f"a message of {len(text)} characters: {text[:100]!r}"
    assert len(text.splitlines()) == 1, f"a message of several lines: {text[:200]!r}"


@lru_cache(maxsize=1)
def _samples() -> pd.DataFrame:
    """Sample sheet of the formulas and contrasts: names that are hard to quote, and levels that look like words of ours."""
    return pd.DataFrame(
        {
            "arm": ["a", "b", "a:b", "all"] * 2,
            "donor": [1, 1, 2, 2, 3, 3, 4, 4],
            "dose": [0.5, 1.0, 2.0, 4.0, 0.5, 1.0, 2.0, 4.0],
            "run day": ["x", "y"] * 4,
            "C": [True, False] * 4,
        },
        index=pd.Index([f"s{i}" for i in range(8)]),
    )


@lru_cache(maxsize=1)
def _matrix() -> pd.DataFrame:
    samples = _samples().index
    cells = {s: [1e5 * (i + 2) * (k + 1) ** 2 for i in range(12)] for k, s in enumerate(samples)}
    genes = ["CD9", "CD63", "CD81", "TSG101", "ALIX", "ALB", "ACTB", "GAPDH", "CANX", "LMNA", "H3C1", "APOA1"]
    return pd.DataFrame({"gene": genes, **cells})


@lru_cache(maxsize=1)
def _experiment() -> mk.Experiment:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", MarkerkitWarning)
        return mk.read_proteins(_matrix(), samples=_samples().rename_axis("sample").reset_index())
