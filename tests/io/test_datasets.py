"""Public data sets, from a mirror on this machine: no test asks the network for anything."""

from __future__ import annotations

import hashlib
import re
import sys
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from markerkit import InputError
from markerkit.io import datasets
from tests.helpers import python

pytest.importorskip("pooch", reason="the extra `datasets` is not installed")

TABLE = "Protein,Gene,EV_1,EV_2,cells_1,cells_2\n" + "".join(
    f"P{i:05d},{gene},{i * i},{2 * i * i + 7},{i**3 % 9973},{3 * i * i % 9749}\n"
    for i, gene in enumerate(
        ["CD9", "CD63", "CD81", "ACTB", "ALB", "HSPA8", "TSG101", "PDCD6IP"], start=10000
    )
)


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Write nothing to stderr."""


@pytest.fixture
def mirror(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A folder, and its address on the loopback."""
    folder = tmp_path / "mirror"
    folder.mkdir()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield folder, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """A registry with one small table."""
    entry = {
        "file": "small.csv",
        "url": "http://127.0.0.1:9/small.csv",  # nothing listens there
        "sha256": hashlib.sha256(TABLE.encode()).hexdigest(),
        "organism": "human",
        "columns": {"condition": "^(EV|cells)"},
        "labels": {"cells": "lysate"},
    }
    monkeypatch.setattr(datasets, "_registry", lambda: {"small": entry})


def test_a_data_set_is_downloaded_once_and_read(mirror, small, tmp_path) -> None:
    folder, address = mirror
    (folder / "small.csv").write_text(TABLE)
    exp = datasets.load("small", folder=tmp_path / "kept", mirror=address)
    assert exp.shape == (4, 8)
    assert exp.samples["condition"].tolist() == ["EV", "EV", "lysate", "lysate"]
    assert exp.history[-1]["verb"] == "load_dataset"
    (folder / "small.csv").unlink()
    again = datasets.load("small", folder=tmp_path / "kept", mirror=address)
    assert again.values.equals(exp.values), "the second call needs no server"


def test_another_file_is_refused_and_not_kept(mirror, small, tmp_path) -> None:
    folder, address = mirror
    (folder / "small.csv").write_text(TABLE.replace("CD9", "CD8"))
    with pytest.raises(InputError, match="SHA-256 differs"):
        datasets.fetch("small", folder=tmp_path / "kept", mirror=address)
    assert not list((tmp_path / "kept").glob("*.csv"))


def test_without_a_connection_the_error_says_where_to_put_the_file(small, tmp_path) -> None:
    with pytest.raises(
        InputError, match=r"could not be downloaded from http://127\.0\.0\.1:9/.* save it as .*small\.csv"
    ):
        datasets.fetch("small", folder=tmp_path / "kept")


def test_an_address_without_the_file(mirror, small, tmp_path) -> None:
    with pytest.raises(InputError, match="could not be downloaded"):
        datasets.fetch("small", folder=tmp_path / "kept", mirror=mirror[1])


def test_unknown_name_and_absent_pooch(monkeypatch) -> None:
    with pytest.raises(InputError, match="Did you mean 'magnet_ev_vs_plasma'"):
        datasets.fetch("magnet_ev_vs_plasm")
    monkeypatch.setitem(sys.modules, "pooch", None)
    with pytest.raises(InputError, match="pip install pooch"):
        datasets.fetch("magnet_ev_vs_plasma")


def test_registry_is_pinned_and_licensed() -> None:
    table = datasets.available()
    assert table["name"].is_unique
    assert table["sha256"].str.fullmatch(r"[0-9a-f]{64}").all()
    assert all(re.search(r"/[0-9a-f]{40}/", url) for url in table["url"]), "a commit, never a branch"
    assert table["license"].isin(["MIT", "Apache-2.0", "CC0-1.0", "CC-BY-4.0"]).all()
    assert (table[["citation", "checked", "note"]] != "").all(axis=None)


def test_import_loads_no_pooch() -> None:
    code = "import sys, markerkit; markerkit.datasets.available(); assert 'pooch' not in sys.modules"
    assert python(code).returncode == 0


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "original", "conditions"),
    [
        ("magnet_ev_vs_plasma", "magnet_ev_vs_plasma/original_EV_and_Plasma_Protein_Total_Areas.csv", {"EV": 3, "plasma": 3}),
        ("magnet_adpd_plasma_ev", "magnet_adpd_plasma_ev/original_EV_ADPD_Protein_Total_Areas.csv", {"AD": 10, "HC": 10, "PDD": 10, "PD-noMCI": 10, "CP": 4, "KP": 4}),
        ("breast_cell_line_exosomes", "breast_cellline_exosomes_maxquant/original_filtered_protein_groups.csv", {"MCF10": 6, "MDA": 6}),
        ("bv2_ev_vs_cells", "bv2_mouse_ev_vs_cell/original_Perseus_cell_vs_exo_normalized.xlsx", {"EV": 16, "cells": 16}),
    ],
)  # fmt: skip
@pytest.mark.filterwarnings("ignore::markerkit.MarkerkitWarning")
def test_registered_files_read_as_the_registry_says(
    shared_data, mirror, tmp_path, name, original, conditions
) -> None:
    folder, address = mirror
    file = datasets._registry()[name]["file"]
    (folder / file).symlink_to(shared_data / original)
    exp = datasets.load(name, folder=tmp_path / "kept", mirror=address)
    assert exp.samples["condition"].value_counts().to_dict() == conditions
