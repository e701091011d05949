"""Limits of the quality card: one case below and one above each."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import markerkit as mk
from markerkit.catalog.load import shipped
from markerkit.purity.blanks import blank_content
from markerkit.qc.ev_markers import ev_marker_ranks, gene_ranks
from markerkit.qc.outliers import far, robust_z, similarity
from tests.helpers import experiment


@pytest.fixture(scope="module")
def markers():
    return shipped("human")


def row(table, sample, item):
    found = table[(table["sample"] == sample) & (table["item"] == item)]
    assert len(found) == 1
    return found.iloc[0]


# ---- outliers --------------------------------------------------------------------


def test_robust_z_by_hand():
    z = robust_z(np.array([8.0, 9.0, 10.0, 11.0, np.nan, 15.0]))
    # median 10, absolute deviations 2, 1, 0, 1 and 5: MAD 1
    expected = np.array([-2.0, -1.0, 0.0, 1.0, np.nan, 5.0]) / 1.482602218505602
    np.testing.assert_allclose(z, expected)


@pytest.mark.parametrize(("last", "flagged"), [(15.18, False), (15.2, True)])
def test_a_flag_needs_a_robust_z_above_the_limit(last, flagged):
    """`outlier_z` 3.5: 5.18 over 1.4826 is 3.494, 5.2 over it 3.507; both are 1.5 times the median or more."""
    assert far(np.array([8.0, 9.0, 10.0, 11.0, last]), fold=1.5).tolist() == [False] * 4 + [flagged]


@pytest.mark.parametrize(("last", "flagged"), [(149.9, False), (150.1, True)])
def test_a_flag_needs_a_fold_above_the_median(last, flagged):
    """`outlier_fold` 1.5 of a median of 100; z is above 30 in both."""
    assert far(np.array([98.0, 99.0, 100.0, 101.0, last]), fold=1.5).tolist() == [False] * 4 + [flagged]


def test_low_values_are_no_outliers():
    assert not far(np.array([98.0, 99.0, 100.0, 101.0, 1.0]), fold=1.5).any()


def test_a_flag_needs_five_values():
    """`outlier_min_samples`; a missing value is none."""
    five = np.array([9.0, 10.0, 10.0, 11.0, 50.0])
    assert far(five, fold=1.5)[-1]
    assert not far(five[1:], fold=1.5).any()
    assert not far(np.array([np.nan, *five[1:]]), fold=1.5).any()


@pytest.mark.parametrize(("proteins", "known"), [(49, False), (50, True)])
def test_similarity_needs_fifty_proteins(proteins, known):
    """`outlier_min_proteins`."""
    rng = np.random.default_rng(0)
    found = similarity(pd.DataFrame(rng.normal(size=(3, proteins))))
    assert (found["correlation"].notna() == known).all()
    assert (found["distance"].notna() == known).all()


@pytest.mark.parametrize(("shown", "n"), [(2, 61), (1, 60)])
def test_the_profile_of_a_group_holds_proteins_of_half_of_its_samples(shown, n):
    """`outlier_seen`: in two of four samples, not in one."""
    values = np.random.default_rng(0).normal(size=(4, 61))
    values[shown:, 0] = np.nan
    assert similarity(pd.DataFrame(values))["n"].tolist() == [n] * shown + [60] * (4 - shown)


def test_similarity_by_hand():
    """Two samples alike, the third shifted in half of the proteins: its distance is a median of two values."""
    base = np.arange(60.0)
    third = base + np.where(np.arange(60) < 20, 3.0, 0.0)
    found = similarity(pd.DataFrame([base, base + 5, third]))
    assert found["distance"].iloc[:2].tolist() == [0.0, 0.0]
    r = np.corrcoef(base, third)[0, 1]
    # of each of the first two: the median of 1 and r; of the third: r
    assert found["correlation"].tolist() == pytest.approx([(1 + r) / 2, (1 + r) / 2, r])


# ---- shares on the card ----------------------------------------------------------


def keratin_study(shares):
    """Samples with three keratins that hold these shares of the signal together."""
    keratin = np.array(shares) / 3
    values = dict.fromkeys(("KRT1", "KRT2", "KRT10"), keratin)
    return experiment(values | {"X": 1.0 - np.array(shares)})


ALIKE = [0.0099, 0.0100, 0.0101, 0.0102]


@pytest.mark.parametrize(("last", "flag"), [(0.0403, ""), (0.0405, "review")])
def test_a_share_four_times_the_median_is_flagged(markers, last, flag):
    """`outlier_share_fold` 4 of a median of 0.0101."""
    table = mk.quality(keratin_study([*ALIKE, last]), markers).table
    assert row(table, "s5", "keratin")["flag"] == flag
    assert row(table, "s1", "keratin")["flag"] == ""


@pytest.mark.parametrize(("last", "flag"), [(0.00099, ""), (0.00101, "review")])
def test_a_share_below_a_tenth_of_a_percent_is_not_flagged(markers, last, flag):
    """`outlier_share_least`; both are nearly ten times the median."""
    table = mk.quality(keratin_study([*(x / 100 for x in ALIKE), last]), markers).table
    assert row(table, "s5", "keratin")["flag"] == flag


@pytest.mark.parametrize(("share", "said"), [(0.43, False), (0.45, True)])
def test_a_share_like_that_of_undiluted_plasma_is_said(markers, share, said):
    """0.44 in the published composition."""
    genes = [g for g in markers["plasma"].positive if g != "ALB"][:3]
    plasma = {g: [share / 3] for g in genes}
    found = row(mk.quality(experiment(plasma | {"X": [1 - share]}), markers).table, "s1", "plasma")
    assert ("as much as undiluted plasma" in found["meaning"]) is said


def test_ev_rank_needs_three_markers(markers):
    """`min_markers_source`."""
    exp = experiment({"CD63": [8.0, 8.0], "CD81": [4.0, 4.0], "CD9": [np.nan, 1.0], "X": [2.0, 2.0]})
    found = ev_marker_ranks(exp, markers, blood=False)
    assert found["n_measured"].tolist() == [2, 3]
    assert found["ci_low"].isna().tolist() == [True, False]
    table = mk.quality(exp, markers).table
    assert row(table, "s1", "ev_rank")["status"] == "too few measured"
    assert row(table, "s2", "ev_rank")["value"] == pytest.approx(found["ev_rank"]["s2"])


def test_a_gene_is_read_from_the_group_measured_most_often():
    values = pd.DataFrame(
        {"often": [1.0, 2.0, 1.0], "abundant": [90.0, np.nan, np.nan], "other": [5.0, 5.0, 5.0]},
        index=["s1", "s2", "s3"],
    )
    proteins = pd.DataFrame({"gene": ["CD63", "CD63", "X"]}, index=values.columns)
    ranks = gene_ranks(mk.Experiment(values, None, proteins))
    assert ranks["CD63"].tolist() == [25.0, 25.0, 25.0]


# ---- blanks ----------------------------------------------------------------------


def blank_rows(markers, krt1, sample=100.0):
    """Rows of KRT1 as a protein, one value per blank beside two samples."""
    n = len(krt1)
    values = {"KRT1": [sample, sample, *krt1], "CD63": [1000.0 - sample] * 2 + [1.0] * n}
    exp = experiment(values, {"role": ["", ""] + ["blank"] * n})
    table = blank_content(exp, markers)
    return table[(table["level"] == "protein") & (table["key"] == "KRT1")].iloc[0]


@pytest.mark.parametrize(("value", "flag"), [(9.9, ""), (10.1, "review")])
def test_a_tenth_of_the_signal_is_flagged(markers, value, flag):
    """`blank_ratio` of 100."""
    assert blank_rows(markers, [value])["flag"] == flag


@pytest.mark.parametrize(("shown", "flag"), [(1, ""), (2, "review")])
def test_half_of_the_blanks_must_show_it(markers, shown, flag):
    """`blank_seen` of four blanks."""
    found = blank_rows(markers, [50.0] * shown + [np.nan] * (4 - shown))
    assert found["flag"] == flag
    assert found["n_blanks_seen"] == shown


def test_the_largest_blank_limits(markers):
    found = blank_rows(markers, [20.0, 4.0, 5.0])
    assert found["ratio"] == pytest.approx(20 / 100)
    assert found["limit"] == pytest.approx(20 / 1000)
    card = mk.quality(
        experiment(
            {"KRT1": [100.0, 20.0, 4.0, 5.0], "CD63": [900.0, 1.0, 1.0, 1.0]},
            {"role": ["", "blank", "blank", "blank"]},
        ),
        markers,
    ).table
    assert row(card, "s1", "keratin")["blank_limit"] == pytest.approx(20 / 1000)


# ---- bovine ----------------------------------------------------------------------


def test_a_sample_without_bovine_protein_has_no_bovine_share(markers):
    values = pd.DataFrame({"g1": [80.0, 90.0], "g2": [20.0, np.nan]}, index=["s1", "s2"])
    proteins = pd.DataFrame(
        {"accession": ["P08962", "P02769"], "gene": ["CD63", ""], "species": ["", "Bos taurus"]},
        index=values.columns,
    )
    table = mk.quality(mk.Experiment(values, None, proteins), markers, fluid="culture").table
    first, second = (row(table, s, "bovine") for s in ("s1", "s2"))
    assert first["value"] == pytest.approx(0.2)
    assert np.isnan(second["value"])
    assert (second["status"], second["n_measured"]) == ("too few measured", 0)
    assert second["reason"] == "no bovine entry was measured in this sample"
