"""How a command ends: signals, streams that cannot be written, errors of the file system."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from markerkit.cli.main import main
from tests.helpers import ROOT

ENV = {**os.environ, "PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1"}
MARKERKIT = [sys.executable, "-m", "markerkit"]


@pytest.mark.parametrize(
    ("number", "code", "said"),
    [
        (signal.SIGTERM, 143, "ended by SIGTERM"),
        pytest.param(signal.SIGHUP, 129, "ended by SIGHUP", marks=pytest.mark.slow),
        pytest.param(signal.SIGINT, 130, "interrupted", marks=pytest.mark.slow),
    ],
)
@pytest.mark.parametrize("stage", ["reading", pytest.param("writing", marks=pytest.mark.slow)])
def test_a_signal_ends_it_and_nothing_is_left(
    tmp_path: Path, number: int, code: int, said: str, stage: str
) -> None:
    scratch = tmp_path / "tmp"
    scratch.mkdir()
    process = subprocess.Popen(
        [*MARKERKIT, "demo", "--out", "new/r"],
        cwd=tmp_path,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env={**ENV, "TMPDIR": str(scratch)},
    )
    err = ""
    for line in process.stderr:
        err += line
        if f": {stage}" in line or f", {stage}" in line:
            time.sleep(0.3)
            process.send_signal(number)
            break
    err += process.stderr.read()
    process.stderr.close()
    assert process.wait(60) == code
    assert err.rstrip().splitlines()[-1] == f"markerkit: {said}"
    assert "Traceback" not in err
    assert [p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*")] == ["tmp"]


def test_a_signal_that_is_ignored_stays_ignored() -> None:
    code = (
        "import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN)\n"
        "from markerkit.core.signals import Ended, ended_by_signals\n"
        "try:\n"
        "    with ended_by_signals():\n"
        "        signal.raise_signal(signal.SIGHUP); print('nohup')\n"
        "        signal.raise_signal(signal.SIGTERM)\n"
        "except Ended as error:\n"
        "    print(error.number == signal.SIGTERM, signal.getsignal(signal.SIGTERM) == signal.SIG_DFL)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, env=ENV)
    assert (done.stdout.split(), done.stderr) == (["nohup", "True", "True"], "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_stdout_is_one_line() -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*MARKERKIT, "context"], stdout=full, stderr=subprocess.PIPE, text=True, check=False, env=ENV
        )
    assert done.returncode == 2
    assert done.stderr == "markerkit: error: cannot read or write: No space left on device.\n"


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_streams_never_become_files(tmp_path: Path, closed: str) -> None:
    line = f'exec "$0" -m markerkit context --out c.toml {closed}'
    done = subprocess.run(
        ["/bin/sh", "-c", line, sys.executable], cwd=tmp_path, capture_output=True, check=False, env=ENV
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert (tmp_path / "c.toml").read_text(encoding="utf-8").startswith("#")


def test_names_do_not_act_on_the_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name = "a\x1b[2J\x07\u202e\udcff.tsv"
    assert main(["assess", str(tmp_path / name)]) == 2
    out, err = capsys.readouterr()
    assert not any(c in out + err for c in "\x1b\x07\u202e")
    assert "\\x1b[2J" in err


def test_an_error_of_the_file_system_is_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied", "x" * 1000)

    monkeypatch.setattr("markerkit.study.context.context_template", fails)
    assert main(["context"]) == 2
    err = capsys.readouterr().err
    assert err.startswith("markerkit: error: cannot read or write 'xxx")
    assert err.endswith("': Permission denied.\n")
    assert err.count("\n") == 1
    assert len(err) < 200
