"""Small files made after public reports: what each of them holds is read, or refused by its true cause."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import markerkit as mk
from markerkit.core.errors import InputError, MarkerkitWarning


@pytest.fixture(scope="module")
def cases(shared_data) -> Path:
    return shared_data.parent / "cases"


def fold_change(exp: mk.Experiment, accession: str) -> float:
    """Log2 fold change of EV against lysate."""
    values = np.log2(exp.values) if exp.scale == "raw" else exp.values
    ev = values.index.str.contains("EV")
    column = values[accession]
    return round(float(column[ev].mean() - column[~ev].mean()), 2)


# of the same table: CD63 and CD81, and how many of its 480 values are not measured
CD63, CD81, MISSING = 1.77, 1.24, 60


@pytest.mark.parametrize(
    ("file", "found", "text"),
    [
        ("05_log2_zero_missing/log2p1.tsv", "log2", "60 zeros among logarithms are taken as not measured"),
        (
            "39_imputed_and_constant/log2_zero.tsv",
            "log2",
            "60 zeros among logarithms are taken as not measured",
        ),
        ("39_imputed_and_constant/log2_minus1.tsv", "log2", "60 of 480 values are -1, far below all others"),
        ("06_log10/log10.tsv", "log10", "taken as log10"),
        ("40_negative_after_batch/centered.tsv", "ratio", "taken as log2 ratios"),
    ],
)
def test_logarithms(cases, file, found, text):
    with pytest.warns(MarkerkitWarning, match=text):
        exp = mk.read_proteins(cases / file)
    assert exp.scale == ("ratio" if found == "ratio" else "log2")
    assert exp.provenance["scale_found"] == found
    assert int(exp.values.isna().sum().sum()) == MISSING
    assert (fold_change(exp, "P08962"), fold_change(exp, "P60033")) == (CD63, CD81)
    assert any(text in warning for warning in exp.provenance["warnings"])


def test_natural_logarithms_are_asked_for(cases, tmp_path):
    table = pd.read_csv(cases / "06_log10" / "log10.tsv", sep="\t")
    table.iloc[:, 2:] *= np.log(10)
    path = tmp_path / "ln.tsv"
    table.to_csv(path, sep="\t", index=False)
    with pytest.raises(InputError, match=r"fit abundances as 'log2' or 'ln'. Say which it is .*--scale"):
        mk.read_proteins(path)
    exp = mk.read_proteins(path, scale="ln")
    assert (exp.scale, fold_change(exp, "P08962")) == ("log2", CD63)


def test_spectral_counts(cases):
    table = pd.read_csv(cases / "07_spectral_counts" / "spectral_counts.csv", index_col=0)
    exp = mk.read_proteins(cases / "07_spectral_counts" / "spectral_counts.csv")
    assert (exp.scale, exp.provenance["scale_evidence"]) == ("raw", "whole numbers")
    assert exp.provenance["n_zero_to_missing"] == int((table.iloc[:, 1:] == 0).sum().sum())
    assert fold_change(exp, "P08962") == 0.61


def test_zeros_filled_with_1(cases, tmp_path):
    with pytest.warns(MarkerkitWarning, match="60 of 480 values are 1, far below all others"):
        exp = mk.read_proteins(_ones(cases, tmp_path))
    assert (exp.scale, int(exp.values.isna().sum().sum())) == ("raw", MISSING)
    assert fold_change(exp, "P60033") == CD81


def _ones(cases: Path, folder: Path) -> Path:
    table = pd.read_csv(cases / "39_imputed_and_constant" / "log2_zero.tsv", sep="\t")
    table.iloc[:, 2:] = 2.0 ** table.iloc[:, 2:]
    table.to_csv(folder / "ones.tsv", sep="\t", index=False)
    return folder / "ones.tsv"


def test_missing_values_filled_with_the_smallest(cases):
    with pytest.warns(
        MarkerkitWarning, match=r"61 of 480 values are 89465\.5: missing values seem to be filled in"
    ):
        exp = mk.read_proteins(cases / "39_imputed_and_constant" / "min_imputed.tsv")
    assert (exp.scale, exp.missing, exp.presence_known, exp.approximate) == ("raw", 0.0, False, True)


def test_negative_raw_values(cases):
    with pytest.raises(InputError, match=r"negative values and values up to .*: neither raw nor log"):
        mk.read_proteins(cases / "40_negative_after_batch" / "raw_negative.tsv")


def test_one_negative_logarithm(cases):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        exp = mk.read_proteins(cases / "40_negative_after_batch" / "vsn_one_negative.tsv")
    assert (exp.scale, int((exp.values < 0).sum().sum())) == ("log2", 1)


def test_merged_log2_matrix_with_zeros(cases):
    with pytest.warns(MarkerkitWarning, match="30 zeros among logarithms"):
        exp = mk.read_proteins(cases / "52_feature_id_symbols_zeros" / "merged_log2.csv")
    assert (exp.scale, round(exp.missing, 3)) == ("log2", 0.125)


REAL = {
    "breast_cellline_exosomes_maxquant": "raw",
    "bv2_mouse_ev_vs_cell": "log2",
    "c2c12_mouse_elv_bovine_contam": "raw",
    "ibd_colon_ev_metaproteome": "raw",
    "inspiration4_plasma_evp": "raw",
    "magnet_ev_vs_plasma": "raw",
    "wallis_ms1_senescence_ev": "log2",
    "wallis_ms2_sec_fractions": "log2",
}


@pytest.mark.slow
@pytest.mark.parametrize("folder", REAL)
def test_real_proteomes_at_every_base(shared_data, folder):
    """At the right base or asked for, never at a wrong one."""
    table = (
        pd.read_csv(shared_data / folder / "matrix.tsv", sep="\t")
        .set_index("protein_id")
        .drop(columns="gene")
    )
    logs = table.where(table > 0) if REAL[folder] == "log2" else np.log2(table.where(table > 0))
    for factor, found in ((1.0, "log2"), (np.log(2), "ln"), (np.log10(2), "log10")):
        frame = (logs * factor).reset_index()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", MarkerkitWarning)
            try:
                exp = mk.read_proteins(frame)
            except InputError:
                continue
        assert exp.provenance["scale_found"] == found
        np.testing.assert_allclose(exp.values.to_numpy().T, logs.to_numpy(dtype=float), rtol=1e-9)
