"""Flags of the quality card: what is flagged, how serious it is, in which order, and what to do."""

import numpy as np
import pandas as pd
import pytest

import markerkit as mk
from markerkit import figures
from markerkit.catalog.criteria import load_criteria
from markerkit.catalog.load import shipped
from markerkit.qc.flags import flags_of
from tests.helpers import experiment

LIMIT = load_criteria().convention["share_review"]


@pytest.fixture(scope="module")
def markers():
    return shipped("human")


def card(markers, **shares):
    """Quality of samples of one unit of signal: share of three keratins and of three hemoglobins in each."""
    n = len(next(iter(shares.values())))
    members = {"keratin": ("KRT1", "KRT10", "KRT9"), "erythrocyte": ("HBA1", "HBB", "HBD")}
    values = {g: [x / 3 for x in shares[k]] for k, genes in members.items() if k in shares for g in genes}
    rest = 1 - np.sum([shares[k] for k in shares], axis=0)
    return mk.quality(experiment({**values, "G": rest, "CD63": [1e-6] * n}), markers)


@pytest.mark.parametrize(("share", "flag"), [(LIMIT - 0.001, ""), (LIMIT + 0.001, "review")])
def test_a_tenth_of_the_signal_is_flagged(markers, share, flag):
    """`share_review`, without another sample to compare with."""
    table = card(markers, keratin=[share]).table
    row = table[(table["kind"] == "share") & (table["item"] == "keratin")].iloc[0]
    assert row["flag"] == flag
    assert row["severity"] == ("serious" if flag else "")
    assert ("10 % of the signal, 10 % or more" in row["meaning"]) is bool(flag)
    assert ("handling" in row["advice"]) is bool(flag)


def test_blanks_are_no_preparations(markers):
    exp = experiment({"KRT1": [0.5] * 2, "KRT10": [0.2] * 2, "KRT9": [0.2] * 2, "G": [0.1] * 2})
    exp = mk.Experiment(exp.values, exp.samples.assign(role=["", "blank"]), exp.proteins, history=exp.history)
    table = mk.quality(exp, markers).table
    large = table["meaning"].str.contains("10 % or more") & (table["item"] == "keratin")
    assert list(table.loc[large, "sample"]) == ["s1"]


def test_the_largest_share_of_the_most_serious_comes_first(markers):
    """Hemoglobin at a half goes before keratin at a fifth, and both before a keratin far above the others."""
    low = [0.001] * 6
    table = card(markers, keratin=[0.2, 0.02, *low], erythrocyte=[0.5, 0.001, *low]).table
    found = flags_of(table)
    shown = list(zip(found["sample"], found["item"], found["severity"], strict=True))
    assert shown[:3] == [
        ("s1", "erythrocyte", "serious"),
        ("s1", "keratin", "serious"),
        ("s2", "keratin", "warning"),
    ]
    assert found["text"].iloc[0].startswith("Erythrocytes: 50 % of the signal, 10 % or more")
    assert found["text"].iloc[0].endswith("compare samples of equal hemolysis")
    assert "far above the other samples of the group (2 %)" in found["text"].iloc[2]
    assert (found["advice"] != "").all()


def test_what_is_no_share_comes_after_the_shares(markers):
    rows = pd.DataFrame(
        {
            "kind": ["depth", "share", "check", "share"],
            "flag": ["review", "review", "review", ""],
            "severity": ["warning", "warning", "warning", ""],
            "value": [12.0, 0.02, np.nan, 0.5],
            "unit": ["proteins", "share of signal", "", "share of signal"],
            "meaning": ["few proteins", "keratin", "bovine", "plasma"],
            "advice": ["measure it again", "", "", ""],
        }
    )
    assert list(flags_of(rows)["text"]) == ["keratin (2 %)", "few proteins (12 proteins); measure it again"]


def words(figure):
    return [t.get_text() for a in figure.axes for t in a.texts]


def test_the_figure_has_a_column_for_the_largest_sources(markers):
    exp = experiment({"UMOD": [90.0], "CD63": [1.0], "G": [9.0]})
    for width in ("single", "double"):
        text = words(figures.qc_card(mk.quality(exp, markers).table, width=width))
        assert "Urinary proteins" in text
        assert "EV markers" in text
        assert "90" in text


def test_ratios_are_not_called_unmeasured(markers):
    exp = experiment({"ALB": [0.5, -1.0], "CD63": [0.2, 0.1]}, scale="ratio")
    text = words(figures.qc_card(mk.quality(exp, markers).table))
    assert "×" not in text
    assert text.count("–") >= 2 * 13
