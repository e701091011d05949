"""Reading, the process of its own, and the guard, without a browser."""

import asyncio
import os
import subprocess
import sys
import time

import pytest

pytest.importorskip("shiny", reason="the extra 'app' is not installed")

from markerkit.app.child import STOPPED, Child
from markerkit.app.guard import Guard
from markerkit.app.reading import described
from markerkit.app.tab import FAULT, RunError, Tab
from tests.app.vendor_files import write_maxquant

AUTO = {"software": "auto", "quantity": "auto", "scale": "auto", "organism": "human"}


def test_what_was_read_and_why(tmp_path):
    found = described(write_maxquant(tmp_path), None, AUTO)
    facts = {fact.what: fact for fact in found.facts}
    assert (facts["Software"].value, facts["Quantity"].value, facts["Scale"].value) == (
        "maxquant",
        "lfq",
        "linear",
    )
    assert facts["Scale"].why == "whole numbers"
    assert facts["Samples"].value == "6"
    assert found.columns == ["condition", "replicate"]
    assert found.guesses["EV_D1"] == ["EV", "D1"]
    assert set(map(tuple, found.rows.values())) == {("", "")}
    chosen = described(tmp_path / "proteinGroups.txt", None, AUTO | {"quantity": "intensity"})
    assert next(f for f in chosen.facts if f.what == "Quantity")[1:] == ("intensity", "as you chose")


def test_a_sheet_fills_the_table_and_a_refusal_is_the_sentence_of_the_library(tmp_path):
    table = write_maxquant(tmp_path)
    sheet = tmp_path / "sheet.csv"
    sheet.write_text("sample,group,order\nEV_D1,vesicles,1\nlysate_D1,cells,2\n", encoding="utf-8")
    found = described(table, sheet, AUTO)
    assert found.columns == ["group", "order"]
    assert found.rows == {"EV_D1": ["vesicles", "1"], "lysate_D1": ["cells", "2"]}
    assert any("not in the sample sheet" in note for note in found.warnings)
    refused = described(table, None, AUTO | {"organism": "mouse"})
    assert "human" in refused.error
    assert refused.facts == []


def test_a_dropped_file_is_never_a_module(tmp_path):
    (tmp_path / "numpy.py").write_text("raise SystemExit(7)", encoding="utf-8")
    child = Child(["markerkit", "--version"], tmp_path)
    asyncio.run(child.run())
    assert child.code == 0
    assert child.out[0].startswith("markerkit ")


def test_a_fault_has_its_traceback_and_stopping_ends_the_process(tmp_path):
    tab = Tab()
    try:
        with pytest.raises(RunError, match="fault of markerkit") as fault:
            tab._refuse_fault(asyncio.run(tab._run(["timeit", "-n", "1", "raise MemoryError"])))
        assert fault.value.text == FAULT
        assert "MemoryError" in fault.value.traceback

        async def stopped():
            child = Child(["timeit", "-n", "1", "import time; time.sleep(60)"], tmp_path)
            run = asyncio.create_task(child.run())
            await asyncio.sleep(0.3)
            child.stop()
            await run
            return child

        begin = time.monotonic()
        child = asyncio.run(stopped())
        assert child.code == STOPPED
        assert time.monotonic() - begin < 30
        with pytest.raises(RunError, match="stopped"):
            tab._refuse_fault(child)
    finally:
        tab.close()
    assert not tab.folder.exists()


def test_what_was_filled_in_stays_when_the_same_samples_are_read_again():
    tab = Tab()
    try:
        found = {"table": "t.txt", "options": AUTO, "columns": ["condition"], "rows": {"a": [""], "b": [""]}}
        found["guesses"] = {"a": ["EV"], "b": ["EV"]}
        tab.take(found)
        tab.fill_in({"version": 1, "rows": [{"use": True, "cells": ["mine"]}, {"use": False, "cells": [""]}]})
        tab.fill_in({"version": 0, "rows": [{"use": True, "cells": ["of an earlier layout"]}]})
        tab.take(found)
        tab.take_suggestions()
        tab.add_column("donor")
        assert tab.sheet.rows == {"a": ("mine", ""), "b": ("EV", "")}
        assert tab.sheet.left_out == {"b"}
        tab.take(found | {"rows": {"a": ["given"], "b": [""]}})
        assert tab.sheet.rows["a"] == ("given",)
    finally:
        tab.close()


OWN = (b"host", b"127.0.0.1:9000")
ORIGIN = (b"origin", b"http://127.0.0.1:9000")


@pytest.mark.parametrize(
    ("kind", "headers", "passes"),
    [
        ("http", [OWN], True),
        ("http", [OWN, ORIGIN], True),
        ("http", [(b"host", b"evil.example:9000")], False),
        ("http", [(b"host", b"127.0.0.1:9001")], False),
        ("http", [(b"host", b"127.0.0.1:9000.evil.example")], False),
        ("http", [OWN, OWN], False),
        ("http", [], False),
        ("http", [OWN, (b"origin", b"http://evil.example")], False),
        ("http", [OWN, (b"origin", b"null")], False),
        ("websocket", [OWN, ORIGIN], True),
        ("websocket", [OWN], False),
        ("websocket", [OWN, (b"origin", b"http://evil.example")], False),
        ("websocket", [(b"host", b"evil.example"), ORIGIN], False),
    ],
)
def test_guard(kind, headers, passes):
    sent, reached = [], []

    async def app(scope, receive, send):
        reached.append(scope["type"])
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def send(message):
        sent.append(message)

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    scope = {"type": kind, "headers": headers, "method": "GET", "path": "/"}
    asyncio.run(Guard(app, "127.0.0.1:9000")(scope, receive, send))
    assert bool(reached) is passes
    if passes:
        assert "default-src 'self'" in dict(sent[0]["headers"])[b"content-security-policy"].decode()
    elif kind == "websocket":
        assert sent == [{"type": "websocket.close", "code": 1008}]
    else:
        assert sent[0]["status"] == 403


@pytest.mark.parametrize(
    ("announced", "chunks", "status"),
    [
        ("100", [60, 40], 200),
        ("101", [60, 41], 413),
        ("-1", [1], 413),
        ("x", [1], 413),
        (None, [60, 40], 200),
        (None, [60, 41], 413),
        ("1", [60, 41], 413),
    ],
)
def test_uploads_are_bounded(monkeypatch, announced, chunks, status):
    monkeypatch.setattr("markerkit.app.guard.LARGEST", 100)
    sent, left, kept = [], list(chunks), []

    async def app(scope, receive, send):
        more = True
        while more:
            message = await receive()
            kept.append(len(message["body"]))
            more = message["more_body"]
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def send(message):
        sent.append(message)

    async def receive():
        return {"type": "http.request", "body": bytes(left.pop(0)), "more_body": bool(left)}

    length = [(b"content-length", announced.encode())] if announced is not None else []
    scope = {"type": "http", "headers": [OWN, ORIGIN, *length], "method": "POST", "path": "/"}
    asyncio.run(Guard(app, "127.0.0.1:9000")(scope, receive, send))
    assert sent[0]["status"] == status
    assert sum(kept) <= 100


@pytest.mark.slow
def test_the_folder_of_an_app_that_was_killed_is_removed_by_the_next(tmp_path):
    code = (
        "import tempfile, os; from markerkit.app.serve import _own_folder\n"
        "with _own_folder():\n    open(tempfile.mkstemp()[1], 'w').close()\n    os.kill(os.getpid(), %d)"
    )
    for number, left in ((9, 1), (15, 1), (9, 1)):
        subprocess.run(
            [sys.executable, "-c", code % number], check=False, env={**os.environ, "TMPDIR": str(tmp_path)}
        )
        assert len(list(tmp_path.iterdir())) == left
    subprocess.run([sys.executable, "-c", code % 0], check=True, env={**os.environ, "TMPDIR": str(tmp_path)})
    assert list(tmp_path.iterdir()) == []
