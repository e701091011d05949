"""Kills, errors of the file system, two runs, planted links: what is written is whole or as it was."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from markerkit.core.errors import InputError
from markerkit.io import rename
from markerkit.io.files import (
    check_file,
    files_in,
    remove_leftovers,
    whole_file,
    whole_folder,
    work_folder,
    write_text,
)
from tests.faults import write
from tests.helpers import ROOT

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")


def play(*words: str) -> dict[str, object]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults", *words],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "MPLBACKEND": "Agg"},
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize(
    ("words", "least"),
    [
        (["folder", "there", "kill"], 30),
        pytest.param(["folder", "there", "kill", "no-exchange"], 30, marks=pytest.mark.slow),
        (["context", "kill"], 8),
        pytest.param(["folder", "there", "error"], 30, marks=pytest.mark.slow),
        pytest.param(["folder", "there", "error", "no-exchange"], 30, marks=pytest.mark.slow),
        pytest.param(["folder", "kill"], 15, marks=pytest.mark.slow),
        pytest.param(["folder", "error"], 15, marks=pytest.mark.slow),
        pytest.param(["context", "error"], 8, marks=pytest.mark.slow),
        pytest.param(["report", "kill"], 12, marks=pytest.mark.slow),
        pytest.param(["report", "error"], 12, marks=pytest.mark.slow),
        pytest.param(["report", "kill", "random"], 200, marks=pytest.mark.slow),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_old_or_new_and_nothing_left_after_the_next_run(words: list[str], least: int) -> None:
    found = play(*words)
    assert found["wrong"] == []
    assert found["events"] >= least
    if "kill" in words:
        ended_before = {"41"} if "random" in words else set()
        assert set(found["codes"]) <= {"-9", *ended_before}, "every event was one kill"
    else:
        assert found["codes"]["42"] > 3, "some errors are refusals"


@pytest.fixture(params=[True, False], ids=["exchange", "no exchange"])
def _both_ways(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rename as Linux can, and as every system can."""
    if not request.param:
        monkeypatch.setattr(rename, "_renameat2", lambda: None)


def test_what_an_error_leaves_inside_a_folder_does_not_reach_its_place(tmp_path: Path) -> None:
    """A work folder of a figure that could not be removed is neither listed nor kept; names like it are."""
    with whole_folder(tmp_path / "out", lambda: None, replace=False) as part:
        left = part / "figures" / ".a.svg.markerkit-0123abcd"
        left.mkdir(parents=True)
        (left / "lock").touch()
        for name in ("figures/a.svg", "figures/.a.svg.markerkit-0123abcd.txt", ".b"):
            (part / name).touch()
        listed = [p.relative_to(part).as_posix() for p in files_in(part)]
    assert listed == [".b", "figures/.a.svg.markerkit-0123abcd.txt", "figures/a.svg"]
    assert [p.relative_to(tmp_path / "out").as_posix() for p in files_in(tmp_path / "out")] == listed
    assert not (tmp_path / "out/figures" / left.name).exists()


@pytest.mark.usefixtures("_both_ways")
def test_a_folder_that_appears_meanwhile_stays(tmp_path: Path) -> None:
    """Two runs to one folder: the second one keeps its result beside it, and says so."""
    out = tmp_path / "out"

    def second() -> None:
        with whole_folder(out, lambda: None, replace=False) as part:
            (part / "mine").write_text("second")
            out.mkdir()
            (out / "mine").write_text("first")

    with pytest.raises(
        InputError, match=r"stays as it is: File exists\. The results of this run are in .*out_2"
    ):
        second()
    assert (out / "mine").read_text() == "first"
    assert (tmp_path / "out_2" / "mine").read_text() == "second"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["out", "out_2"]


def test_files_of_the_user_that_appear_meanwhile_stay(tmp_path: Path) -> None:
    out = tmp_path / "out"
    write(out, "old")

    def second() -> None:
        from markerkit.report import check_folder

        with whole_folder(out, lambda: check_folder(out, overwrite=True), replace=True):
            (out / "thesis.docx").write_text("years of work")

    with pytest.raises(InputError, match=r"'thesis\.docx'.* The results of this run are in .*out_2"):
        second()
    assert (out / "thesis.docx").read_text() == "years of work"


@pytest.mark.usefixtures("_both_ways")
def test_a_file_that_appears_meanwhile_stays(tmp_path: Path) -> None:
    path = tmp_path / "a.tsv"

    def second() -> None:
        with whole_file(path, replace=False) as part:
            part.write_text("second")
            path.write_text("first")

    with pytest.raises(InputError, match="was made by something else during this run"):
        second()
    assert path.read_text() == "first"
    assert [p.name for p in tmp_path.iterdir()] == ["a.tsv"]


def test_links_are_replaced_and_never_written_through(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious")
    for name in (".a.tsv.part", "a.tsv"):
        (tmp_path / name).symlink_to(victim)
    write_text(tmp_path / "a.tsv", "mine")
    assert victim.read_text() == "precious"
    assert (tmp_path / "a.tsv").read_text() == "mine"
    assert not (tmp_path / "a.tsv").is_symlink()
    (tmp_path / "b.tsv").symlink_to(tmp_path / "nowhere")
    with pytest.raises(InputError, match="is there already"):
        check_file(str(tmp_path / "b.tsv"))


def test_what_is_not_ours_or_in_use_is_not_removed(tmp_path: Path) -> None:
    target, token = tmp_path / "out", ".markerkit-0123abcd"
    left = tmp_path / f".out{token}"
    left.mkdir(mode=0o700)
    (left / "lock").touch()
    kept = [tmp_path / ".outer.markerkit-0123abcd", tmp_path / ".out.markerkit-0123abcx"]
    for path in kept:
        path.mkdir(mode=0o700)
    thesis = tmp_path / ".out.markerkit-00000001"
    thesis.mkdir(mode=0o700)
    (thesis / "thesis.docx").touch()
    open_to_all = tmp_path / ".out.markerkit-00000002"
    open_to_all.mkdir()
    open_to_all.chmod(0o755)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    link = tmp_path / ".out.markerkit-00000003"
    link.symlink_to(elsewhere)
    with work_folder(target) as work:
        remove_leftovers(target)
        assert not left.exists()
        assert work.exists()
        assert all(p.exists() for p in [*kept, thesis / "thesis.docx", open_to_all, link, elsewhere])
    assert not work.exists()


def test_a_folder_that_was_moved_aside_is_put_back(tmp_path: Path) -> None:
    work = tmp_path / ".out.markerkit-0123abcd"
    work.mkdir(mode=0o700)
    (work / "lock").touch()
    write(work / "old", "old")
    write(work / "new", "new")
    remove_leftovers(tmp_path / "out")
    assert (tmp_path / "out" / "methods.md").read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize("mask", [0o022, 0o077, 0o027])
def test_rights_are_those_of_the_umask(tmp_path: Path, mask: int) -> None:
    before = os.umask(mask)
    try:
        write(tmp_path / "out", "new")
        write_text(tmp_path / "a.tsv", "x")
    finally:
        os.umask(before)
    assert (tmp_path / "out").stat().st_mode & 0o777 == 0o777 & ~mask
    assert (tmp_path / "out" / "figures").stat().st_mode & 0o777 == 0o777 & ~mask
    assert (tmp_path / "a.tsv").stat().st_mode & 0o777 == 0o666 & ~mask


@pytest.mark.parametrize("name", ["r" * 255, "é" * 100, "a b\n", "r\udcff", "a\u202eb"])
def test_any_name_that_the_file_system_has(tmp_path: Path, name: str) -> None:
    write(tmp_path / name, "old")
    write(tmp_path / name, "new")
    write_text(tmp_path / "folder", "x")
    assert {p.name for p in tmp_path.iterdir()} == {name, "folder"}


def test_a_name_that_is_too_long_is_refused_before_the_work(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be written: File name too long") as found:
        write(tmp_path / ("r" * 300), "new")
    assert len(str(found.value)) < 300
    with pytest.raises(InputError, match="cannot be written: File name too long"):
        check_file(str(tmp_path / ("r" * 300)))
    assert list(tmp_path.iterdir()) == []


def test_a_limit_of_file_sizes_is_one_error_and_the_old_file_stays(tmp_path: Path) -> None:
    path = tmp_path / "a.tsv"
    write_text(path, "old")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    try:
        write_text(path, "x" * 4096)
        write_text(path, "old")
        with pytest.raises(InputError, match="File too large"):
            write_text(path, "x" * 4097)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.tsv"]


def test_folders_above_are_made_and_removed_again_where_nothing_came_of_it(tmp_path: Path) -> None:
    def broken() -> None:
        with whole_folder(tmp_path / "a" / "b" / "out", lambda: None, replace=False):
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        broken()
    assert list(tmp_path.iterdir()) == []
    write(tmp_path / "a" / "b" / "out", "new")
    assert (tmp_path / "a" / "b" / "out" / "methods.md").is_file()
