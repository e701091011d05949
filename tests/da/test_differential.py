"""Differential abundance and detection."""

import numpy as np
import pandas as pd
import pytest

import markerkit as mk
from markerkit import InputError
from markerkit.tables.registry import TABLES
from tests.helpers import assert_level


def experiment(seed=0, n=6, p=300, missing=0.1):
    rng = np.random.default_rng(seed)
    names = [f"s{i}" for i in range(2 * n)]
    values = pd.DataFrame(
        rng.normal(20, 2, p) + rng.normal(0, 0.4, (2 * n, p)), names, [f"P{i}" for i in range(p)]
    )
    values.iloc[:n, :20] += 2
    values = values.mask(rng.random(values.shape) < missing)
    samples = pd.DataFrame({"group": ["EV"] * n + ["cell"] * n, "donor": list(range(n)) * 2}, names)
    return mk.Experiment(values, samples, scale="log2")


def test_table_keeps_every_protein_and_its_kinds():
    exp = experiment()
    before = exp.values
    da = mk.differential_abundance(exp, "~ group", contrast=("group", "EV", "cell"))
    spec = TABLES["differential_abundance"]
    assert list(da.table.columns) == spec.names
    assert list(da.table["protein"]) == list(exp.values.columns)
    pd.testing.assert_frame_equal(exp.values, before)
    tested = da.table[da.table["status"] == "tested"]
    assert tested["pvalue"].between(0, 1).all()
    assert (tested["ci_low"] < tested["log2_fc"]).all()
    assert (da.table.head(20)["padj"] < 0.01).mean() > 0.9
    without_effect = da.table.tail(250)
    assert_level((without_effect["pvalue"] < 0.05).sum(), 250, 0.05)
    assert (without_effect["padj"] < 0.01).mean() < 0.02


def test_untested_proteins_say_why():
    exp = experiment()
    values = exp.values
    values.iloc[:, 0] = np.nan
    values.iloc[:6, 1] = np.nan
    exp = mk.Experiment(values, exp.samples, scale="log2")
    table = mk.differential_abundance(exp, "~ group", contrast=("group", "EV", "cell")).table
    assert table.loc[0, "reason"] == "never measured"
    assert table.loc[1, "reason"] == "0 values in EV; 2 are needed"
    assert table.loc[1, "n_case"] == 0
    assert table.loc[:1, "pvalue"].isna().all()


def test_pairs_are_taken_out():
    exp = experiment(missing=0.0)
    shift = pd.Series(np.tile(np.arange(6) * 3.0, 2), exp.samples.index)
    moved = mk.Experiment(exp.values.add(shift, axis=0), exp.samples.astype({"donor": str}), scale="log2")
    paired = mk.differential_abundance(moved, "~ group + donor", contrast=("group", "EV", "cell")).table
    plain = mk.differential_abundance(moved, "~ group", contrast=("group", "EV", "cell")).table
    np.testing.assert_allclose(paired["log2_fc"], plain["log2_fc"])
    assert paired["se"].median() < plain["se"].median() / 3


def test_raw_scale_is_refused():
    exp = experiment()
    raw = mk.Experiment(np.exp2(exp.values), exp.samples)
    with pytest.raises(InputError, match="log2 scale"):
        mk.differential_abundance(raw, "~ group", contrast=("group", "EV", "cell"))
