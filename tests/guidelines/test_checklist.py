"""Checklist: what is met, against which limit, and what is only measured."""

import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import markerkit as mk
from markerkit.catalog.criteria import load_criteria
from markerkit.catalog.load import shipped
from markerkit.effects.fit import fit_contrast
from markerkit.guidelines import checklist
from markerkit.guidelines.answers import Item, answer
from markerkit.guidelines.checklist import _scope, checklist_of, higher_than_control, load_items
from markerkit.guidelines.ev_track import ev_track_of
from markerkit.study.contrast import Contrast
from markerkit.tables.registry import TABLES
from tests.helpers import experiment

CATEGORY_1 = Item("G", "Category 1", "", "seen", "s", sets=("misev_1a", "misev_1b"))
THREE = Item("G", "Three", "", "seen", "s", sets=("misev_1a", "misev_1b"), at_least=3)
SOLUBLE = Item("G", "Category 3", "", "little", "s", sets=("misev_3a",))
PLAIN = Item("G", "Plain", "", "share", "s", sets=("misev_3a",))
BOVINE = Item("G", "Bovine", "", "little", "s", sets=("bovine_serum",))


@pytest.fixture(scope="module")
def markers():
    return shipped("human")


def ask(item, values, markers, *, comparator="lysate", higher=None, context=None, scale="raw", contrast=True):
    """Answer to an item over the first half of the samples against the second."""
    n = len(next(iter(values.values())))
    exp = experiment(values, {"g": ["a"] * (n // 2) + ["b"] * (n - n // 2)}, scale=scale)
    given = Contrast("g", "a", "b", comparator=comparator) if contrast else None
    found = None if higher is None else frozenset(higher)
    return answer(item, _scope(exp, markers, given, context or {}, higher=found, basis="signal"))


def deep(n, *, samples=4):
    """So many more proteins in every sample, one unit of signal together, and some that the last one shows alone."""
    rare = {f"R{i}": [*[np.nan] * (samples - 1), 1e-9] for i in range(n // 4)}
    return {f"X{i}": [1.0 / n] * samples for i in range(n)} | rare


def test_contract(markers):
    exp = mk.simulate(n=2, n_background=60, seed=1).experiment
    contrast = Contrast("fraction", "EV", "lysate", comparator="lysate")
    model = fit_contrast(exp, markers, contrast)
    table = checklist_of(exp, markers, [model], {}).table
    assert list(table.columns) == TABLES["misev_checklist"].names
    assert len(table) == len(load_items())
    words = {"met", "not met", "measured", "not assessable", "needs metadata", "not derivable"}
    assert set(table["answer"]) <= words
    form = ev_track_of(exp, table, [contrast], {})
    assert list(form.columns) == TABLES["ev_track"].names
    assert set(form["section"]) == {"study", "preparation", "EV-METRIC"}


# ---- proteins that a vesicle preparation shows ---------------------------------------


@pytest.mark.parametrize(("shown", "word"), [(1, "not met"), (2, "met")])
def test_a_protein_counts_when_half_of_the_case_samples_show_it(markers, shown, word):
    """`checklist_seen` of four case samples; the control does not count."""
    values = {"CD63": [1.0] * shown + [np.nan] * (4 - shown) + [1.0] * 4, "X": [2.0] * 8}
    found = ask(CATEGORY_1, values, markers, higher={"CD63"})
    assert found.answer == word
    assert f"{shown // 2} measured in 50 % of the samples or more; 1 asked for" in found.evidence


def test_presence_is_measured_and_enrichment_is_met(markers):
    values = {"CD63": [1.0] * 4, "CD81": [1.0] * 4, "CD9": [1.0] * 4, "X": [2.0] * 4}
    for higher, one, three in (
        ((), "measured", "measured"),
        ({"CD9"}, "met", "measured"),
        ({"CD9", "CD81"}, "met", "measured"),
        ({"CD9", "CD81", "CD63"}, "met", "met"),
        ({"X"}, "measured", "measured"),
    ):
        assert ask(CATEGORY_1, values, markers, higher=higher).answer == one
        assert ask(THREE, values, markers, higher=higher).answer == three
    found = ask(CATEGORY_1, values, markers, higher={"CD9"})
    assert (found.proteins, found.value, found.limit) == ("CD9", 1, 1)
    assert "1 of them higher than in 'b' (FDR 5 %)" in found.evidence
    none = ask(CATEGORY_1, values, markers, higher=())
    assert "0 of them higher than in 'b' (FDR 5 %): present, not enriched" in none.evidence
    assert "could not be tested" in ask(CATEGORY_1, values, markers).evidence


def test_higher_is_what_the_differential_table_says(example, markers, monkeypatch):
    """`checklist_fdr` on both sides: at the rate of a gene itself it is left out, just above it is taken."""
    model = fit_contrast(example, markers, Contrast("fraction", "EV", "lysate", comparator="lysate"))
    rows = model.da.table.query("log2_fc > 0 and gene != ''").sort_values("padj")
    gene, padj = rows[["gene", "padj"]].iloc[len(rows) // 2]
    convention = dict(load_criteria().convention)
    for rate, inside in ((padj, False), (np.nextafter(padj, 1), True)):
        criteria = replace(load_criteria(), convention=convention | {"checklist_fdr": rate})
        monkeypatch.setattr(checklist, "load_criteria", lambda c=criteria: c)
        assert (gene in higher_than_control(model)) is inside
    down = model.da.table.query("log2_fc < 0 and padj < 1e-4")["gene"]
    assert len(down)
    assert not higher_than_control(model) & (set(down) - {""})


@pytest.mark.parametrize("comparator", [None, "ev"])
def test_presence_alone_is_no_enrichment(markers, comparator):
    """Without a comparator that is no vesicle, whatever is higher says nothing."""
    values = {"CD63": [1.0] * 4, "X": [2.0] * 4}
    found = ask(CATEGORY_1, values, markers, comparator=comparator, higher={"CD63"})
    assert (found.answer, found.proteins) == ("measured", "CD63")
    assert "present only" in found.evidence
    assert ask(CATEGORY_1, values, markers, contrast=False).answer == "measured"


def test_what_is_stated_not_to_be_vesicles_meets_nothing(markers):
    values = {"CD63": [1.0] * 4, "X": [2.0] * 4}
    found = ask(CATEGORY_1, values, markers, higher={"CD63"}, context={"vesicles": False})
    assert (found.answer, "stated not to be vesicles" in found.evidence) == ("not met", True)


# ---- material that a vesicle preparation should lack ----------------------------------


@pytest.mark.parametrize(("share", "word"), [(0.0009, "met"), (0.0011, "measured")])
@pytest.mark.parametrize("contrast", [True, False])
def test_a_tenth_of_a_percent_is_little(markers, share, word, contrast):
    """`checklist_little`, in samples deep enough."""
    values = {"ALB": [share / (1 - share)] * 4, **deep(600)}
    found = ask(SOLUBLE, values, markers, comparator=None, contrast=contrast)
    assert (found.answer, found.value) == (word, pytest.approx(share))
    assert found.limit == load_criteria().convention["checklist_little"] == 0.001
    assert found.evidence.startswith("0.09 %" if word == "met" else "0.11 %")


@pytest.mark.parametrize(("share", "word"), [(0.049, "met"), (0.051, "measured")])
def test_a_tenth_of_what_the_comparator_holds_is_little(markers, share, word):
    """`checklist_carried`: half of the control is albumin."""
    other = share / (1 - share)
    values = {"ALB": [other, other, 1.0, 1.0], **deep(20)}
    found = ask(SOLUBLE, values, markers, comparator="biofluid")
    assert (found.answer, found.value) == (word, pytest.approx(share))
    assert "50 % in 'b'" in found.evidence
    assert ask(SOLUBLE, values, markers, comparator="ev").answer == "measured"
    assert ask(SOLUBLE, values, markers, comparator=None).answer == "measured"


@pytest.mark.parametrize(("control", "word"), [(0.0015, "measured"), (0.0017, "met")])
def test_as_much_as_half_of_the_lysate_is_not_little(markers, control, word):
    values = {"ALB": [0.0008, 0.0008, control, control], **deep(600)}
    assert ask(SOLUBLE, values, markers).answer == word
    assert ask(SOLUBLE, values, markers, comparator="biofluid").answer == "met"


def test_the_share_is_the_median_of_the_case_samples(markers):
    values = {"ALB": [10.0, 30.0, np.nan, 50.0, 50, 50], "X": [90.0, 70.0, 100.0, 50.0, 50, 50]}
    for item in (SOLUBLE, PLAIN):
        found = ask(item, values, markers, comparator=None)
        # 0.1, 0.3, and 0 where it was not measured
        assert found.evidence.startswith("10 % of the signal (median of samples), 1 measured")
        assert (found.answer, found.value) == ("measured", pytest.approx(0.1))


@pytest.mark.parametrize(("n", "word"), [(499, "not assessable"), (500, "met")])
def test_nothing_seen_is_met_where_it_would_have_been_seen(markers, n, word):
    """`checklist_depth` proteins a sample; or a comparator that shows them."""
    values = {**deep(n), "ALB": [np.nan, np.nan, 1.0, 1.0]}
    found = ask(SOLUBLE, values, markers, comparator=None)
    assert found.answer == word
    assert f"none measured among {n} proteins a sample" in found.evidence
    assert ask(PLAIN, values, markers, comparator=None).answer == ("measured" if n == 500 else word)
    shown = ask(SOLUBLE, values, markers, comparator="biofluid")
    assert (shown.answer, shown.evidence) == ("met", "none measured; 'b' shows 1 (ALB)")
    # another vesicle preparation is no measure of what could have been seen
    assert ask(SOLUBLE, values, markers, comparator="ev").answer == word
    # nor is half of the half of its samples
    values["ALB"] = [np.nan] * 3 + [1.0]
    assert ask(SOLUBLE, values, markers, comparator="biofluid").answer == "met"
    del values["ALB"]
    assert ask(SOLUBLE, values, markers).answer == word


def test_a_low_share_of_few_proteins_is_only_measured(markers):
    few = {"ALB": [0.0001] * 4, **deep(20)}
    assert ask(SOLUBLE, few, markers, comparator=None).answer == "measured"
    assert ask(SOLUBLE, few, markers, comparator="biofluid").answer == "met"


def test_a_species_that_was_not_searched_is_not_absent(markers):
    found = ask(BOVINE, deep(600), markers)
    assert (found.answer, "no entries of this species" in found.evidence) == ("not assessable", True)


def test_ratios_have_no_share_and_presence_all_the_same(markers):
    found = ask(SOLUBLE, {"ALB": [0.5, -1.0], "CD63": [0.2, 0.1]}, markers, scale="ratio")
    assert (found.answer, found.proteins) == ("measured", "ALB")
    assert "ratios have no share of signal" in found.evidence


# ---- a study ---------------------------------------------------------------------------


def table_of(result):
    return result.checklist.table.set_index("item")


def test_the_example(example_assessment):
    table = table_of(example_assessment)
    assert table.loc[["Category 1", "Category 2", "Three positive markers"], "answer"].eq("met").all()
    da = example_assessment.differential_abundance.table
    higher = set(da.loc[(da["padj"] < 0.05) & (da["log2_fc"] > 0), "gene"])
    named = set(table.loc["Category 2", "proteins"].split(" and ")[0].split(", "))
    assert len(named) == 12
    assert named <= higher
    assert table.loc["Clotting", "answer"] == "not derivable"
    assert table.loc["Nomenclature", "answer"] == "not derivable"
    assert table.loc["Broken cells", "evidence"] == "asked only where the context states apoptosis_induced"


def test_a_lysate_is_no_vesicle_preparation(example, markers):
    """The same study the other way round, and each half of it by itself."""
    lysate = example.select(samples=list(example.samples.index[example.samples["fraction"] == "lysate"]))
    half = lysate.samples.assign(g=["a", "b"] * (lysate.n_samples // 2))
    exp = mk.Experiment(lysate.values, half, lysate.proteins, history=lysate.history)
    found = mk.misev_checklist(exp, Contrast("g", "a", "b", comparator="lysate"), markers)
    table = found.table.set_index("item")
    items = ["Category 1", "Category 2", "Three positive markers", "Category 4", "1 EV-enriched proteins"]
    assert table.loc[items, "answer"].eq("measured").all()
    alone = mk.misev_checklist(lysate, None, markers).table.set_index("item")
    assert alone.loc[items, "answer"].eq("measured").all()


def test_statements(markers):
    exp = experiment({"CD63": [1.0, 1.0]})
    asked = Item("G", "I", "", "context", "s", keys=("density_gradient", "isolation"))
    for context, word in (
        ({}, "needs metadata"),
        ({"density_gradient": True}, "needs metadata"),
        ({"density_gradient": True, "isolation": "SEC"}, "met"),
        ({"density_gradient": False, "isolation": "SEC"}, "not met"),
    ):
        scope = _scope(exp, markers, None, context, higher=None, basis="signal")
        assert answer(asked, scope).answer == word


@pytest.mark.data
def test_a_clean_fraction_and_neat_plasma(shared_data, markers):
    """A SEC fraction without albumin or organelles meets categories 3 and 4; neat plasma meets 1 and 2 no more."""
    sec = _real(shared_data, "wallis_ms2_sec_fractions")
    contrast = Contrast("group", "SEC_F8_exosome", "SEC_F20_coisolated", comparator="soluble")
    table = mk.misev_checklist(sec, contrast, markers).table.set_index("item")
    assert table.loc[["Category 1", "Category 2", "Category 3", "Category 4"], "answer"].eq("met").all()
    mag = _real(shared_data, "magnet_ev_vs_plasma")
    plasma = mag.select(samples=list(mag.samples.index[mag.samples["group"] == "Plasma_total"]))
    table = mk.misev_checklist(plasma, None, markers, context={"fluid": "plasma"}).table.set_index("item")
    items = ["Category 1", "Category 2", "Category 3", "Albumin and immunoglobulins"]
    assert table.loc[items, "answer"].eq("measured").all()
    assert table.loc["Albumin and immunoglobulins", "evidence"].startswith("75 % of the signal")


def _real(folder, name):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", mk.MarkerkitWarning)
        exp = mk.read_proteins(folder / name / "matrix.tsv", samples=folder / name / "samples.tsv")
        return mk.harmonize_ids(exp)


def test_the_items_of_the_file_are_known():
    kinds = {"seen", "little", "share", "context", "control", "limits", "never"}
    items = load_items()
    assert {i.kind for i in items} == kinds
    assert all(i.sets for i in items if i.kind in {"seen", "little", "share"})
    assert pd.Series([(i.guideline, i.item) for i in items]).is_unique
