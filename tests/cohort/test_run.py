"""The tables of a cohort are those of the study in memory, whatever the block, the files and the engine."""

from __future__ import annotations

import gc
import json
import os
import signal
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest
import zarr

import markerkit as mk
from markerkit.cohort.composition import refuse_many_groups
from markerkit.cohort.engines import ENGINES
from markerkit.cohort.run import CohortSummary
from markerkit.cohort.source import LOOKED_AT
from markerkit.core.experiment import Experiment
from markerkit.io.tabular import spread_rows
from markerkit.purity.shares import source_shares
from markerkit.qc.composition import composition
from tests.cohort.studies import CONTRAST, study, to_layout, to_parquet

SAME = {"rtol": 1e-12, "atol": 1e-12}


class Case(NamedTuple):
    """A study in memory, its files, and its tables."""

    exp: Experiment
    store: Path
    tables: dict[str, pd.DataFrame]


@pytest.fixture(scope="module", autouse=True)
def _few_objects_to_walk() -> None:
    """Let the collection of garbage after every block not walk through all that was imported and made before."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    exp = mk.harmonize_ids(study(), mk.load_markers())
    return Case(exp, to_layout(study(), tmp_path_factory.mktemp("store") / "c.zarr"), in_memory(exp))


def in_memory(exp: Experiment) -> dict[str, pd.DataFrame]:
    """Every table from the verbs that hold the study in memory."""
    logs = mk.log2(exp)
    found = composition(exp, group="group", fluid="plasma")
    tested = mk.differential_abundance(mk.normalize(logs), CONTRAST, trend=True, robust=True)
    return {
        "composition": found.table,
        "ev_markers": found.ev_markers.table,
        "source_shares": source_shares(exp, mk.load_markers()),
        "sample_scores": mk.score_samples(logs).table,
        "coverage": mk.coverage(exp).table,
        "differential_abundance": tested.table,
    }


def summarized(store: Path, out: Path, **options: object) -> CohortSummary:
    cohort = mk.open_cohort(store)
    return mk.summarize_cohort(cohort, out, CONTRAST, fluid="plasma", trend=True, robust=True, **options)


def compare(found: CohortSummary, wanted: dict[str, pd.DataFrame]) -> None:
    """Every table, numbers to 1e-12 and words to the letter."""
    for name in ("composition", "ev_markers", "source_shares", "sample_scores"):
        table = wanted[name]
        rows = table[table["level"] == "sample"] if "level" in table else table
        pd.testing.assert_frame_equal(found.read(name), rows.reset_index(drop=True), **SAME)
    groups = {"composition": found.composition.table, "ev_markers": found.composition.ev_markers.table}
    for name, table in groups.items():
        rows = wanted[name][wanted[name]["level"] == "group"]
        pd.testing.assert_frame_equal(table, rows.reset_index(drop=True), **SAME)
    pd.testing.assert_frame_equal(found.coverage.table, wanted["coverage"], **SAME)
    (tested,) = found.differential_abundance
    pd.testing.assert_frame_equal(tested.table, wanted["differential_abundance"], **SAME)


@pytest.mark.parametrize("block", [pytest.param(1, marks=pytest.mark.slow), 4, 100])
def test_tables_are_those_in_memory(case: Case, tmp_path: Path, block: int) -> None:
    compare(summarized(case.store, tmp_path / "out", block=block), case.tables)


def test_the_study_is_a_hard_one(case: Case) -> None:
    """Gaps, genes with several groups, a blank, a group of one, tests of all kinds: else equality would say little."""
    assert 0.1 < case.exp.missing < 0.6
    assert case.exp.proteins["gene"].duplicated().sum() >= 15
    words = case.tables["ev_markers"]
    assert set(words.loc[words["level"] == "group", "name"]) == {"case", "control", "other", "blank"}
    assert set(case.tables["differential_abundance"]["status"]) == {"tested", "not tested"}
    assert case.tables["composition"]["approximate"].any() == case.exp.approximate


def test_every_engine_writes_the_same_bytes(case: Case, tmp_path: Path) -> None:
    """With four threads blocks end in any order."""
    from distributed import LocalCluster

    summarized(case.store, tmp_path / "local", block=4)
    options = {"n_workers": 1, "threads_per_worker": 4, "processes": False, "dashboard_address": ":0"}
    with LocalCluster(**options) as cluster:
        summarized(case.store, tmp_path / "dask", block=4, engine="dask", scheduler=cluster.scheduler_address)
    assert contents(tmp_path / "local") == contents(tmp_path / "dask")
    assert json.loads((tmp_path / "dask" / "cohort.json").read_text())["engine"] == "dask"


def contents(folder: Path) -> dict[str, bytes]:
    files = [f for f in folder.rglob("*") if f.is_file() and f.name != "cohort.json"]
    return {f.relative_to(folder).as_posix(): f.read_bytes() for f in files}


@pytest.mark.slow
def test_blocks_of_a_killed_worker_are_run_again(case: Case, tmp_path: Path) -> None:
    from distributed import Client, LocalCluster, WorkerPlugin

    summarized(case.store, tmp_path / "local", block=1)
    died = tmp_path / "died"

    class DiesOnce(WorkerPlugin):  # type: ignore[misc]
        """Ends the first worker that has computed two blocks, as the system does with one that takes too much memory."""

        computed = 0

        def transition(self, key: object, start: str, finish: str, **_: object) -> None:
            self.computed += finish == "memory"
            if self.computed == 2 and not died.exists():
                died.touch()
                os.kill(os.getpid(), signal.SIGKILL)

    with (
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0") as cluster,
        Client(cluster) as client,
    ):
        client.register_plugin(DiesOnce())
        summarized(case.store, tmp_path / "dask", block=1, engine="dask", scheduler=cluster.scheduler_address)
    assert died.exists()
    assert contents(tmp_path / "local") == contents(tmp_path / "dask")


@pytest.mark.parametrize(
    "kind",
    ["parquet", "sparse.h5ad", *(pytest.param(k, marks=pytest.mark.slow) for k in ("h5ad", "sparse.zarr"))],
)
def test_every_store_gives_the_same(case: Case, tmp_path: Path, kind: str) -> None:
    if kind == "parquet":
        store = to_parquet(study(), tmp_path / "c")
        cohort = mk.open_cohort(store, samples=study().samples.reset_index(names="sample"))
    else:
        store = to_layout(study(), tmp_path / f"c.{kind}", sparse=kind.startswith("sparse"))
        cohort = mk.open_cohort(store)
    found = mk.summarize_cohort(cohort, tmp_path / "out", tables=["sample_scores"], block=5)
    wanted = case.tables["sample_scores"]
    if kind == "parquet":  # no genes beside the names of the proteins
        exp = mk.harmonize_ids(Experiment(study().values, study().samples), mk.load_markers())
        wanted = mk.score_samples(mk.log2(exp)).table
    pd.testing.assert_frame_equal(found.read("sample_scores"), wanted, **SAME)


def test_a_sheet_chooses_samples(case: Case, tmp_path: Path) -> None:
    """In the order of the files, with what the whole choice measured."""
    sheet = study().samples.iloc[[9, 2, 4, 7]].rename_axis("sample").reset_index()
    with pytest.warns(mk.MarkerkitWarning, match="not in the sample sheet"):
        cohort = mk.open_cohort(case.store, samples=sheet)
    assert list(cohort.samples.index) == ["s02", "s04", "s07", "s09"]
    found = mk.summarize_cohort(cohort, tmp_path / "out", tables=["composition"], group="group", block=3)
    wanted = composition(case.exp[["s02", "s04", "s07", "s09"]], group="group").table
    rows = wanted[wanted["level"] == "sample"].reset_index(drop=True)
    pd.testing.assert_frame_equal(found.read("composition"), rows, **SAME)


def test_logarithms_are_read_as_what_they_are(case: Case, tmp_path: Path) -> None:
    logs = mk.log2(study())
    cohort = mk.open_cohort(to_layout(logs, tmp_path / "c.zarr"))
    assert cohort.scale == "log2"
    found = mk.summarize_cohort(cohort, tmp_path / "out", tables=["sample_scores"])
    pd.testing.assert_frame_equal(found.read("sample_scores"), case.tables["sample_scores"], **SAME)


# ---- refusals ------------------------------------------------------------------------


def refused(case: Case, out: Path, pattern: str, *args: object, **options: object) -> None:
    with pytest.raises(mk.InputError, match=pattern):
        mk.summarize_cohort(mk.open_cohort(case.store), out, *args, **options)
    assert list(out.parent.iterdir()) == [], "something was left behind"


def test_what_needs_all_samples_is_refused(case: Case, tmp_path: Path) -> None:
    out = tmp_path / "out"
    refused(case, out, "compares the samples with each other", method="zscore")
    refused(case, out, "`table` must be one of", tables=["enrichment"])
    refused(case, out, "no column 'dose'", group="dose")
    refused(case, out, "has no level 'lysate'", mk.Contrast("group", "case", "lysate"))
    refused(case, out, "`block` counts samples", block=0)
    refused(case, out, "belong to engine='dask'", workers=2)
    refused(case, out, "`engine` must be one of", engine="spark")
    refused(
        case, out, "give either `scheduler` or `workers`", engine="dask", workers=2, scheduler="tcp://x:1"
    )
    assert ENGINES == ("local", "dask")


def test_columns_of_very_many_groups_are_refused() -> None:
    refuse_many_groups(1000)
    with pytest.raises(mk.InputError, match="has 1001 levels"):
        refuse_many_groups(1001)


@pytest.mark.parametrize(("pairs", "fine"), [(50, True), (51, False)])
def test_models_of_many_levels_are_refused(tmp_path: Path, pairs: int, fine: bool) -> None:
    exp = study(n=110)
    samples = exp.samples.assign(
        group=["case", "control"] * 55, role="", donor=[f"d{min(i // 2, pairs - 1):02d}" for i in range(110)]
    )
    exp = Experiment(exp.values.iloc[:, :100], samples, exp.proteins.iloc[:100])
    cohort = mk.open_cohort(to_layout(exp, tmp_path / "c.zarr"))
    contrast = mk.Contrast("group", "case", "control", paired_by="donor")
    if not fine:
        with pytest.raises(mk.InputError, match="has 51 levels of 'donor'"):
            mk.summarize_cohort(cohort, tmp_path / "out", contrast, tables=())
        return
    (found,) = mk.summarize_cohort(
        cohort, tmp_path / "out", contrast, tables=(), normalize="none"
    ).differential_abundance
    wanted = mk.differential_abundance(mk.log2(mk.harmonize_ids(exp, mk.load_markers())), contrast)
    pd.testing.assert_frame_equal(found.table, wanted.table, rtol=1e-11, atol=1e-11)


def test_a_folder_of_another_kind_is_not_replaced(case: Case, tmp_path: Path) -> None:
    out = tmp_path / "out"
    cohort = mk.open_cohort(case.store)
    mk.summarize_cohort(cohort, out, tables=["source_shares"])
    with pytest.raises(mk.InputError, match="is there already"):
        mk.summarize_cohort(cohort, out, tables=["source_shares"])
    found = mk.summarize_cohort(cohort, out, tables=[], overwrite=True)
    assert not (out / "source_shares").exists()
    with pytest.raises(mk.InputError, match="`table` must be one of"):
        found.read("source_shares")
    (out / "cohort.json").unlink()
    with pytest.raises(mk.InputError, match="is not the summary of a cohort"):
        mk.summarize_cohort(cohort, out, overwrite=True)


def test_a_block_with_a_value_that_cannot_be_leaves_nothing(tmp_path: Path) -> None:
    """The samples that are looked at first do not show it: every block is checked."""
    store = to_layout(study(n=260), tmp_path / "c.zarr")
    at = next(i for i in range(260) if i not in spread_rows(260, LOOKED_AT))
    zarr.open_group(store)["X"][at, 3] = -5.0
    with pytest.raises(mk.InputError, match=rf"negative value on the raw scale -5 in sample 's{at:02d}'"):
        mk.summarize_cohort(mk.open_cohort(store), tmp_path / "out", block=50)
    assert [p.name for p in tmp_path.iterdir()] == ["c.zarr"]


def test_missing_is_not_zero(case: Case, tmp_path: Path) -> None:
    """A sample without any value has no share, and no score."""
    exp = study()
    values = exp.values
    values.loc["s03"] = np.nan
    store = to_layout(Experiment(values, exp.samples, exp.proteins), tmp_path / "c.zarr")
    cohort = mk.open_cohort(store)
    found = mk.summarize_cohort(cohort, tmp_path / "out", block=3)
    assert found.read("source_shares").set_index("sample").loc["s03", "share"].isna().all()
    assert found.read("sample_scores").set_index("sample").loc["s03", "score"].isna().all()
    assert found.read("ev_markers").set_index("name").loc["s03", "word"] == "not assessable"
