"""Roles of samples, blanks and medium, the bovine check."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest

import markerkit as mk
from markerkit.catalog.load import shipped
from markerkit.core.errors import InputError
from markerkit.core.signal import signal_of
from markerkit.purity.blanks import blank_content, share_limits, with_blank_limits
from markerkit.purity.shares import source_shares
from markerkit.qc.bovine import bovine_rows, mixed_groups
from markerkit.report._html import html_report
from markerkit.results import ContaminationFraction, Purity
from markerkit.study.roles import preparations, roles_of
from markerkit.tables.registry import TABLES
from tests.helpers import experiment


@pytest.fixture(scope="module")
def markers():
    return shipped("human")


@cache
def example():
    return mk.simulate(n=4, n_background=150, missing=0.1, seed=4).experiment


def with_blanks(scale=0.05, role="blank"):
    """A small study with two blanks: a faint copy of two lysates."""
    exp = example()
    values = exp.values
    blanks = values.loc[["lysate_D1", "lysate_D2"]] * scale
    blanks.index = pd.Index(["empty_1", "empty_2"])
    values = pd.concat([values, blanks])
    samples = exp.samples.reindex(values.index)
    samples["role"] = ["sample"] * exp.n_samples + [role] * 2
    return mk.Experiment(values, samples, exp.proteins, history=exp.history)


def limits_of(exp, markers):
    return share_limits(exp, source_shares(exp, markers), signal_of(exp))


# ---- roles -----------------------------------------------------------------------


def test_roles():
    exp = experiment({"CD63": [1.0, 2.0, 3.0]}, {"role": ["Sample", np.nan, " MEDIUM "]})
    assert list(roles_of(exp)) == ["sample", "sample", "medium"]
    assert list(preparations(exp).samples.index) == ["s1", "s2"]
    assert preparations(experiment({"CD63": [1.0]})).n_samples == 1


def test_unknown_role_is_refused():
    with pytest.raises(InputError, match=r"'blnk'.*'blank'.*Did you mean 'blank'"):
        roles_of(experiment({"CD63": [1.0]}, {"role": ["blnk"]}))


def test_only_blanks_is_refused():
    with pytest.raises(InputError, match="nothing to assess"):
        preparations(experiment({"CD63": [1.0]}, {"role": ["blank"]}))


# ---- content ---------------------------------------------------------------------


def test_content_by_hand(markers):
    exp = experiment(
        {
            "KRT1": [10.0, 20.0, 8.0],
            "KRT2": [10.0, 20.0, np.nan],
            "CD63": [80.0, 160.0, np.nan],
            "ALB": [np.nan, np.nan, 2.0],
        },
        {"role": ["", "", "blank"]},
    )
    found = blank_content(exp, markers)
    keratin = found[(found["level"] == "source") & (found["key"] == "keratin")].iloc[0]
    assert keratin["blank_share"] == pytest.approx(0.8)
    assert keratin["sample_share"] == pytest.approx(0.2)
    assert keratin["ratio"] == pytest.approx(8 / 30)
    assert keratin["limit"] == pytest.approx(8 / 150)
    assert keratin["flag"] == "review"
    proteins = found[found["level"] == "protein"].set_index("key")
    # what only the blank shows is listed, without a ratio
    assert proteins.loc["ALB", "n_samples_seen"] == 0
    assert np.isnan(proteins.loc["ALB", "ratio"])
    assert proteins.loc["ALB", "flag"] == "review"
    assert "KRT2" not in proteins.index
    limits = limits_of(exp, markers)
    assert limits.loc[["s1", "s2"], "keratin"].tolist() == pytest.approx([0.08, 0.04])
    assert np.isnan(limits.loc["s3", "keratin"])


def test_share_at_the_blank_is_said(markers):
    exp = experiment(
        {"KRT1": [1.0, 9.0], "KRT2": [1.0, 9.0], "KRT10": [1.0, 9.0], "CD63": [97.0, np.nan]},
        {"role": ["", "blank"]},
    )
    card = mk.quality(exp, markers)
    row = card.table[(card.table["sample"] == "s1") & (card.table["item"] == "keratin")].iloc[0]
    assert row["value"] == pytest.approx(0.03)  # nothing is subtracted
    assert row["blank_limit"] == pytest.approx(0.27)
    assert "not above what the blanks alone would show" in row["meaning"]
    assert set(card.table.loc[card.table["sample"] == "s2", "role"]) == {"blank"}


def test_no_blanks_no_rows(markers):
    assert blank_content(example(), markers).empty
    assert limits_of(example(), markers).empty


def test_ratios_are_not_compared(markers):
    exp = experiment({"CD63": [0.5, -1.0]}, {"role": ["", "medium"]}, scale="ratio")
    found = blank_content(exp, markers)
    assert list(found["status"]) == ["not compared"]
    assert list(found["role"]) == ["medium"]


@pytest.mark.filterwarnings("ignore:the odds of detecting:markerkit.MarkerkitWarning")
def test_assessment_leaves_blanks_out(markers):
    contrast = mk.Contrast("fraction", "EV", "lysate", comparator="lysate")
    purity = mk.assess_purity(example(), contrast, markers)
    result = mk.assess(with_blanks(), contrast, markers)
    pd.testing.assert_frame_equal(
        mk.assess_identity(example(), contrast, markers).table, result.identity.table
    )
    pd.testing.assert_frame_equal(purity.table, result.purity.table)
    pd.testing.assert_frame_equal(
        purity.contamination_fraction.table.drop(columns=["bound", "reason"]),
        result.purity.contamination_fraction.table.drop(columns=["bound", "reason"]),
    )
    used = result.samples_used.table.set_index("sample")
    assert used.loc["empty_1", "status"] == "not used"
    assert "procedural blank" in used.loc["empty_1", "reason"]
    carried = result.quality.blanks.table[
        result.quality.blanks.table["level"] == "contamination fraction"
    ].iloc[0]
    # the blanks are 5 % of a lysate of about the same total signal
    assert 0.02 < carried["limit"] < 0.12


def test_contamination_fraction_below_the_blank_becomes_a_bound():
    spec = TABLES["contamination_fraction"]
    rows = pd.DataFrame(
        {
            "contrast": ["a vs b"] * 2,
            "compartment": ["all", "nucleus"],
            "fraction": [0.02, 0.2],
            "bound": ["about", "about"],
            "status": ["assessed", "assessed"],
            "reason": ["", ""],
        }
    )
    blanks = pd.DataFrame(
        {"role": ["blank"], "level": ["contamination fraction"], "key": ["a vs b"], "limit": [0.05]}
    )
    purity = Purity(
        TABLES["purity"].empty(), {}, contamination_fraction=ContaminationFraction(spec.conform(rows))
    )
    found = with_blank_limits(purity, TABLES["blanks"].conform(blanks)).contamination_fraction.table
    assert list(found["bound"]) == ["at most", "about"]
    assert "not above what the blanks alone would show (5 %)" in found["reason"].iloc[0]
    assert list(found["fraction"]) == [0.02, 0.2]


def test_collapsing_over_roles_is_refused(markers):
    exp = with_blanks()
    samples = exp.samples
    samples["unit"] = ["u1"] * (exp.n_samples - 1) + ["u2"]
    exp = mk.Experiment(exp.values, samples, exp.proteins, history=exp.history)
    with pytest.raises(InputError, match="different roles"):
        mk.assess(exp, None, markers, collapse_by="unit")


def test_report_shows_blanks_and_cards(markers):
    text = html_report(mk.assess(with_blanks(scale=0.5), None, markers, context={"fluid": "culture"}), [], {})
    assert text.index(">Per sample<") < text.index(
        ">Reporting guidelines<"
    )  # first where there is no comparator
    assert "Blanks and medium" in text
    assert "no bovine entries in the table" in text


# ---- bovine check ----------------------------------------------------------------


def bovine_experiment():
    values = pd.DataFrame({"g1": [80.0, 90.0], "g2": [20.0, 10.0], "g3": [5.0, 5.0]}, index=["s1", "s2"])
    proteins = pd.DataFrame(
        {
            "accession": ["sp|P08962|CD63_HUMAN", "sp|P02769|ALBU_BOVIN", "P02768;P02769"],
            "gene": ["CD63", "", "ALB"],
        },
        index=values.columns,
    )
    return mk.Experiment(values, None, proteins)


def test_bovine_share_and_mixed_groups(markers):
    exp = mk.harmonize_ids(bovine_experiment(), markers)
    rows = bovine_rows(exp, markers, signal_of(exp), fluid="culture")
    assert rows["value"].tolist() == pytest.approx([20 / 105, 10 / 105])
    assert mixed_groups(exp, markers) == ["g3"]
    assert "1 group mixes bovine" in rows["reason"].iloc[0]
    assert (rows["flag"] == "").all()


def test_without_bovine_entries_it_says_so(markers):
    exp = mk.harmonize_ids(bovine_experiment().select(proteins=["g1"]), markers)
    row = bovine_rows(exp, markers, signal_of(exp), fluid="culture").iloc[0]
    assert row["flag"] == "review"
    assert "counted as human albumin" in row["meaning"]
    assert bovine_rows(exp, markers, signal_of(exp), fluid=None).iloc[0]["flag"] == ""


@pytest.mark.data
def test_bovine_share_of_a_real_study(shared_data):
    folder = shared_data / "c2c12_mouse_elv_bovine_contam"
    markers = mk.load_markers(organism="mouse")
    exp = mk.read_proteins(folder / "matrix.tsv", samples=folder / "samples.tsv", organism="mouse")
    with pytest.warns(mk.MarkerkitWarning, match="could not be mapped to a gene of Mus musculus"):
        exp = mk.harmonize_ids(exp, markers)
    rows = bovine_rows(exp, markers, signal_of(exp), fluid="culture").set_index("sample")["value"]
    assert rows.filter(like="MB").min() > rows.filter(like="MT").median()


def test_lengths_and_ibaq_are_read(tmp_path):
    path = tmp_path / "proteinGroups.txt"
    pd.DataFrame(
        {
            "Protein IDs": ["P08962", "P60033"],
            "Majority protein IDs": ["P08962", "P60033"],
            "Gene names": ["CD63", "CD81"],
            "Sequence length": [238, 236],
            "iBAQ a": [1e6, 2e6],
            "Intensity a": [5e7, 6e7],
        }
    ).to_csv(path, sep="\t", index=False)
    exp = mk.read_proteins(path, quantity="ibaq")
    assert exp.proteins["length"].tolist() == [238, 236]
    assert exp.values.loc["a"].tolist() == [1e6, 2e6]
