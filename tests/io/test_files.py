"""Files appear whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

import markerkit as mk
from markerkit.core.errors import InputError
from markerkit.io.files import check_file, emit, whole_file, write_text


def test_text_is_written_as_it_is(tmp_path: Path) -> None:
    target = tmp_path / "a.tsv"
    assert write_text(target, "é\tb\r\nc\n") == target
    assert target.read_bytes() == "é\tb\r\nc\n".encode()
    assert [p.name for p in tmp_path.iterdir()] == ["a.tsv"]


def test_text_replaces_what_was_there(tmp_path: Path) -> None:
    target = tmp_path / "a.tsv"
    target.write_text("old, and longer", encoding="utf-8")
    write_text(str(target), "new")
    assert target.read_text(encoding="utf-8") == "new"


def test_failure_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "a.tsv"
    target.write_text("old", encoding="utf-8")

    def broken() -> None:
        with whole_file(target) as part:
            part.write_text("half", encoding="utf-8")
            assert target.read_text(encoding="utf-8") == "old"
            message = "in the middle"
            raise ZeroDivisionError(message)

    with pytest.raises(ZeroDivisionError):
        broken()
    assert target.read_text(encoding="utf-8") == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.tsv"]


def test_part_keeps_the_extension(tmp_path: Path) -> None:
    """Writers of images choose the format by it."""
    with whole_file(tmp_path / "a.png") as part:
        part.write_bytes(b"x")
        assert (part.suffix, part.parent.parent) == (".png", tmp_path)


@pytest.mark.parametrize(
    ("name", "message"), [("no/a.tsv", "there is no folder"), ("folder", "it is a folder")]
)
def test_bad_places(tmp_path: Path, name: str, message: str) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(InputError, match=message):
        write_text(tmp_path / name, "x")


def test_emit_prints_or_writes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    emit("a", None)
    assert capsys.readouterr().out == "a\n"
    emit("a", str(tmp_path / "b"))
    assert (tmp_path / "b").read_text(encoding="utf-8") == "a"
    with pytest.raises(InputError, match="is there already"):
        emit("a", str(tmp_path / "b"))


def test_overwrite_needs_the_same_kind_of_file(tmp_path: Path) -> None:
    mine, other = tmp_path / "mine.tsv", tmp_path / "other.tsv"
    mine.write_text("sample\tset\n", encoding="utf-8")
    other.write_text("sample set\n", encoding="utf-8")
    check_file(str(mine), header=["sample", "set"], overwrite=True)
    with pytest.raises(InputError, match="another kind of file"):
        check_file(str(other), header=["sample", "set"], overwrite=True)


def test_a_path_that_no_system_has_is_refused_in_short() -> None:
    with pytest.raises(InputError, match="cannot be read: File name too long") as found:
        mk.read_proteins("x" * 5000)
    assert len(str(found.value)) < 500
