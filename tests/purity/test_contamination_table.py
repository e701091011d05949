"""Table of the contamination fraction: which reference proteins count, and what makes an estimate a bound, by hand.

Every study here is made without noise: the comparator holds reference proteins at known shares, the
preparation a known fraction of them, and a filler makes up the rest of the signal.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest

import markerkit as mk
from markerkit.catalog.criteria import load_criteria
from markerkit.catalog.load import shipped
from markerkit.purity.blanks import blank_content
from markerkit.purity.contamination import contamination_fraction_table
from markerkit.study.contrast import Contrast

TOTAL = 1e6
ORGANELLES = ("mitochondrion", "er_golgi", "nucleus")
CONTRASTS = {
    "lysate": Contrast("group", "EV", "control", comparator="lysate"),
    "biofluid": Contrast("group", "EV", "control", comparator="biofluid"),
}
T = load_criteria().threshold


@cache
def genes(compartment, *, complexes=False):
    """Reference genes of one compartment that no other compartment holds."""
    table = shipped("human").table
    table = table[(table["role"] == "positive") & (table["weight"] > 0) & (table["gene"] != "")]
    rows = table[(table["set"] == compartment) & ((table["complex"] != "") == complexes)]
    others = table[table["set"].isin({*ORGANELLES, "plasma_soluble"} - {compartment})]
    return list(rows.loc[~rows["gene"].isin(others["gene"]), "gene"].drop_duplicates())


def levels(number):
    """Shares of the comparator's signal, the first the most abundant."""
    return 1e-3 * 0.99 ** np.arange(number)


def study(parts, *, n=2, gaps=0.1, blank=None):
    """Raw values of `n` preparations and `n` comparator samples.

    parts
        Reference gene -> (share in the comparator, fraction of it in the preparation).
    gaps
        Share of proteins without a value, so that the matrix does not look filled in.
    blank
        Fraction of the comparator's reference proteins in a procedural blank, by gene.
    """
    names = [f"EV_{i}" for i in range(n)] + [f"control_{i}" for i in range(n)]
    share = np.array([s for s, _ in parts.values()])
    carried = np.array([s * f for s, f in parts.values()])
    values = pd.DataFrame(np.vstack([[carried] * n, [share] * n]) * TOTAL, names, list(parts))
    empty = int(np.ceil(gaps * values.shape[1] / (1 - gaps))) + 2
    for i in range(empty):
        values[f"GAP{i}"] = [1.0] + [np.nan] * (2 * n - 1)
    values["FILLER"] = (TOTAL - values.sum(axis=1)) * (
        1 + 1e-12 * np.arange(2 * n)
    )  # copies would not be judged
    samples = pd.DataFrame({"group": ["EV"] * n + ["control"] * n}, index=names)
    if blank is not None:
        values.loc["empty"] = pd.Series({g: TOTAL * parts[g][0] * f for g, f in blank.items()})
        samples.loc["empty"] = ""
        samples["role"] = ["sample"] * (2 * n) + ["blank"]
    return mk.Experiment(values, samples, history=[{"verb": "harmonize_ids"}])


def mixture(numbers, fraction=0.1):
    """Reference proteins of the three organelles, as many as asked of each; one fraction, or one for each."""
    fractions = fraction if isinstance(fraction, tuple) else (fraction,) * 3
    return {
        gene: (share, f)
        for compartment, number, f in zip(ORGANELLES, numbers, fractions, strict=True)
        for gene, share in zip(genes(compartment)[:number], levels(number), strict=True)
    }


def plasma(number, fraction=0.1):
    return {g: (s, fraction) for g, s in zip(genes("plasma_soluble")[:number], levels(number), strict=True)}


def rows_of(exp, comparator="lysate"):
    return contamination_fraction_table(exp, shipped("human"), CONTRASTS[comparator], seed=0)


def without(exp, sample, dropped):
    values = exp.values
    values.loc[sample, dropped] = np.nan
    return mk.Experiment(values, exp.samples, exp.proteins, history=exp.history)


# ---- estimate --------------------------------------------------------------------


@pytest.mark.parametrize("fraction", [0.02, 0.13, 0.6])
def test_a_fraction_without_noise_is_found_as_it_is(fraction):
    table = rows_of(study(mixture((20, 20, 20), fraction))).set_index("compartment")
    assert list(table.index) == ["all", *ORGANELLES]
    np.testing.assert_allclose(table[["fraction", "ci_low", "ci_high"]].to_numpy(float), fraction)
    assert list(table["n_set"]) == [30, 10, 10, 10]


def test_it_is_a_share_of_the_preparation_not_of_the_comparator():
    """Ten times more comparator prepared from leaves the fraction; ten times more vesicles lower it."""
    exp = study(mixture((20, 20, 20), 0.2))
    values = exp.values
    values.iloc[2:] *= 10
    richer = mk.Experiment(values, exp.samples, exp.proteins, history=exp.history)
    assert rows_of(richer)["fraction"].iloc[0] == pytest.approx(0.2)
    values = exp.values
    values.loc[["EV_0", "EV_1"], "FILLER"] += 9 * TOTAL
    diluted = mk.Experiment(values, exp.samples, exp.proteins, history=exp.history)
    assert rows_of(diluted)["fraction"].iloc[0] == pytest.approx(0.02)


# ---- reference proteins ------------------------------------------------------------


def test_eight_reference_proteins_are_needed():
    """The more abundant half of 10 and of 6 are 8; of 10 and of 5, 7."""
    enough, few = (rows_of(study(mixture((10, n, 0)))).iloc[0] for n in (6, 5))
    assert enough["status"] == "assessed"
    assert enough["n_set"] == 8
    assert few["status"] == "not assessable"
    assert few["reason"].startswith("7 independent non-vesicular reference proteins measured in 50 %")
    assert few["reason"].endswith("8 are needed")
    assert np.isnan(few.get("fraction", np.nan))


def test_a_reference_protein_is_measured_in_half_of_the_comparator_samples():
    """`reference_seen`: two of four samples suffice, one does not."""
    exp = study(mixture((20, 20, 20)), n=4)
    seen = {2: 30, 3: 29}
    for missing, n_set in seen.items():
        table = exp
        # two of a compartment's proteins, so that its half has one less
        for sample in exp.samples.index[4 : 4 + missing]:
            table = without(table, sample, genes("nucleus")[:2])
        assert rows_of(table)["n_set"].iloc[0] == n_set


def test_the_more_abundant_half_of_each_compartment_is_used():
    """Rare proteins are read from the detection limit: a fraction of theirs does not count."""
    parts = mixture((20, 20, 20), 0.1)
    rare = [g for c in ORGANELLES for g in genes(c)[10:20]]
    exp = study(parts | {g: (parts[g][0], 0.9) for g in rare})
    assert rows_of(exp)["fraction"].iloc[0] == pytest.approx(0.1)


@pytest.mark.parametrize(("number", "missing", "n_set"), [(80, 8, 40), (80, 9, 20), (64, 7, 16), (62, 7, 31)])
def test_too_many_missed_values_halve_the_proteins_while_sixteen_are_left(number, missing, n_set):
    """`reference_missed` is a tenth of the values (8 of 80, not 9), `reference_enough` 16 proteins (not 15)."""
    exp = study(mixture((number, 0, 0)))
    # among the used half, the less abundant ones are missed, in one of the two preparations
    dropped = genes("mitochondrion")[number // 2 - missing : number // 2]
    assert rows_of(without(exp, "EV_0", dropped))["n_set"].iloc[0] == n_set


def test_a_complex_counts_once_and_left_out_complexes_not_at_all():
    parts = mixture((20, 20, 20))
    table = shipped("human").table
    ribosome = [
        g for g in genes("mitochondrion", complexes=True)
        if (table.loc[table["gene"] == g, "complex"] == "mitoribosome").any()
    ]  # fmt: skip
    assert len(ribosome) > 10
    # as abundant together as the most abundant, all of it in the preparation: one marker of 31, dropped as a resident
    one_more = rows_of(study(parts | {g: (2e-3 / len(ribosome), 1.0) for g in ribosome})).iloc[0]
    assert one_more["n_set"] == 30  # the half of 21 is 10 still: it takes the place of another
    assert one_more["n_dropped"] == 1
    assert one_more["fraction"] == pytest.approx(0.1)
    histones = [
        g for g in genes("nucleus", complexes=True)
        if (table.loc[table["gene"] == g, "complex"] == "histone").any()
    ]  # fmt: skip
    with_histones = rows_of(study(parts | dict.fromkeys(histones, (0.003, 1.0)))).iloc[0]
    assert (with_histones["n_set"], with_histones["n_dropped"]) == (30, 0)


def test_compartments_are_shown_with_three_proteins_or_more():
    """`min_markers_source`: the half of 6 is 3, of 5 it is 2."""
    shown, hidden = (rows_of(study(mixture((20, n, 0))))["compartment"] for n in (6, 5))
    assert "er_golgi" in set(shown)
    assert "er_golgi" not in set(hidden)


@pytest.mark.parametrize(("other", "apart"), [(0.0501, False), (0.0499, True)])
def test_compartments_may_differ_two_fold(other, apart):
    whole = rows_of(study(mixture((20, 20, 20), (0.1, 0.1, other)))).iloc[0]
    assert ("compartments differ more than 2-fold" in whole["reason"]) == apart


# ---- bounds ------------------------------------------------------------------------


def test_a_fluid_gives_an_estimate_and_a_lysate_a_bound():
    assert list(rows_of(study(plasma(24)), "biofluid")["bound"]) == ["about"]
    assert set(rows_of(study(mixture((20, 20, 20))))["bound"]) == {"at most"}


def test_approximate_input_gives_a_bound():
    exp = study(plasma(24))
    logs = mk.Experiment(
        np.log2(exp.values), exp.samples, exp.proteins, scale="log2", history=[{"verb": "harmonize_ids"}]
    )
    row = rows_of(logs, "biofluid").iloc[0]
    assert row["approximate"]
    assert row["bound"] == "at most"
    assert row["fraction"] == pytest.approx(0.1)
    assert "inflates it" in row["reason"]


@pytest.mark.parametrize(("fraction", "bound"), [(0.0049, "at most"), (0.0051, "about")])
def test_below_the_floor_only_a_bound_is_given(fraction, bound):
    """`contamination_floor` is 0.5 %."""
    row = rows_of(study(plasma(24, fraction)), "biofluid").iloc[0]
    assert row["bound"] == bound
    assert row["fraction"] == pytest.approx(max(fraction, 0.005))
    assert np.isnan(row["ci_low"]) == (bound == "at most")
    assert ("below 0.5 %" in row["reason"]) == (bound == "at most")


@pytest.mark.parametrize(("missing", "bound"), [(3, "about"), (5, "at most")])
def test_a_sample_that_lacks_a_third_of_the_proteins_gives_a_bound(missing, bound):
    """`reference_absent`: 3 of 12 are a quarter, 5 of 12 more than a third."""
    exp = without(study(plasma(24)), "EV_0", genes("plasma_soluble")[:missing])
    row = rows_of(exp, "biofluid").iloc[0]
    assert row["bound"] == bound
    assert ("1 of 2 samples lack 33 % of the reference proteins" in row["reason"]) == (bound == "at most")


def test_one_preparation_is_said_to_be_one():
    exp = study(plasma(24)).select(samples=["EV_0", "control_0", "control_1"])
    assert "one preparation" in rows_of(exp, "biofluid")["reason"].iloc[0]


@pytest.mark.parametrize(("kind", "why"), [(None, "not stated"), ("ev", "neither group"), ("soluble", "neither group")])  # fmt: skip
def test_other_comparators_have_none(kind, why):
    contrast = Contrast("group", "EV", "control", comparator=kind)
    row = contamination_fraction_table(study(plasma(24)), shipped("human"), contrast, seed=0).iloc[0]
    assert row["status"] == "not assessable"
    assert why in row["reason"]


# ---- blanks ------------------------------------------------------------------------


def limit_of(exp, comparator="biofluid"):
    table = blank_content(exp, shipped("human"), [CONTRASTS[comparator]])
    return table[table["level"] == "contamination fraction"].iloc[0]


def test_the_limit_of_a_blank_is_the_fraction_of_a_preparation_that_holds_its_signal():
    parts = plasma(24, 0.3)
    exp = study(parts, blank=dict.fromkeys(parts, 0.04))
    assert limit_of(exp)["limit"] == pytest.approx(0.04)
    alone = rows_of(study(plasma(24, 0.04)), "biofluid")["fraction"].iloc[0]
    assert limit_of(exp)["limit"] == pytest.approx(alone)


def test_a_complex_counts_once_in_a_blank_too():
    parts = mixture((20, 20, 20))
    table = shipped("human").table
    ribosome = [
        g for g in genes("mitochondrion", complexes=True)
        if (table.loc[table["gene"] == g, "complex"] == "mitoribosome").any()
    ]  # fmt: skip
    parts |= dict.fromkeys(ribosome, (0.002, 0.1))
    # gene by gene most reference proteins would be those of the one complex
    blank = {g: 0.9 if g in ribosome else 0.01 for g in parts}
    assert limit_of(study(parts, blank=blank), "lysate")["limit"] == pytest.approx(0.01)


def test_what_a_blank_does_not_show_is_nothing_there():
    parts = plasma(24, 0.3)
    used = genes("plasma_soluble")[:12]
    most, few = (limit_of(study(parts, blank=dict.fromkeys(used[:k], 0.04)))["limit"] for k in (7, 5))
    assert most == pytest.approx(0.04)
    assert few == 0.0
