"""Reasons for and against, the circularity guard and the EV-TRACK form."""

import re

import numpy as np
import pytest

import markerkit as mk
from markerkit import InputError
from markerkit.catalog.criteria import load_criteria
from markerkit.checks.circularity import circularity_of, stated_names
from markerkit.sets.enrichment import enrich
from markerkit.study.context import CONTEXT_KEYS
from tests.helpers import APOPTOSIS

MARKERS = mk.load_markers()


def ask(comparator="lysate", **options):
    return mk.Contrast("fraction", "EV", "lysate", paired_by="donor", comparator=comparator, **options)


@pytest.fixture
def result(example_assessment):
    return example_assessment


@pytest.fixture(scope="module")
def denied(example):
    """What the context denies, and a paper that chose markers of exosomes."""
    doi = MARKERS.references.set_index("key").loc["kugeratski2021", "doi"]
    context = {"caspase_inhibitor_control": False, "vesicles": False, "dataset": doi}
    with pytest.warns(mk.MarkerkitWarning, match="circular: class exosome"):
        return mk.assess(example, ask(), MARKERS, context=context)


def of(result, key):
    table = result.evidence.table[result.evidence.table["class"] == key]
    return table.set_index((table["topic"] + " " + table["about"]).str.strip())


def test_every_class_has_its_reasons(result):
    criteria = load_criteria()
    assert set(result.evidence.table["class"]) == set(criteria.classes)
    assert set(result.evidence.table["direction"]) <= {"for", "against", "neither"}
    assert (result.evidence.table["text"] != "").all()
    for key, rule in criteria.classes.items():
        topics = of(result, key).index
        assert topics.is_unique
        assert {
            "coverage",
            "set_effect",
            "left_censored_bounds",
            "negatives",
            "comparator",
            "circularity",
        } <= set(topics)
        assert {f"competing_class {r}" for r in rule.competing_classes} <= set(topics)
        assert {f"joint_effect {s}" for s in rule.sets if s in MARKERS} <= set(topics)
        assert ("general_ev_evidence" in topics) == rule.needs_ev


def test_numbers_are_those_of_the_verdict(result):
    for _, verdict in result.identity.table.iterrows():
        if not np.isfinite(verdict["log2_fc"]):
            continue
        row = of(result, verdict["class"]).loc["set_effect"]
        assert (row["value"], row["ci_low"], row["ci_high"]) == pytest.approx(
            (verdict["log2_fc"], verdict["ci_low"], verdict["ci_high"])
        )
        if verdict["competing_class"]:
            margin = of(result, verdict["class"]).loc[f"competing_class {verdict['competing_class']}"]
            assert margin["value"] == pytest.approx(verdict["margin"], nan_ok=True)


def test_direction_follows_the_interval(result):
    rows = result.evidence.table[result.evidence.table["topic"] == "set_effect"]
    assert (rows.loc[rows["direction"] == "for", "ci_low"] > 0).all()
    assert (
        rows.loc[rows["direction"] == "against", "ci_high"] < load_criteria().threshold["equivalence_margin"]
    ).all()
    table = result.identity.table
    assert of(result, "exosome").loc["set_effect", "direction"] == "for"
    excluded = list(table.loc[table["verdict"] == "not compatible", "class"])
    assert excluded
    assert all(
        "against" in set(of(result, key).loc[lambda r: r["decisive"], "direction"]) for key in excluded
    )
    # an interval that spans 0 is no argument, whatever it is of
    known = result.evidence.table.dropna(subset=["ci_low", "ci_high"])
    spans = (known["ci_low"] <= 0) & (known["ci_high"] >= 0)
    assert spans.any()
    assert (known.loc[spans, "direction"] == "neither").all()


def test_one_reason_decided_each_verdict(result):
    decided = result.evidence.table[result.evidence.table["decisive"]]
    assert decided.groupby("class").size().to_dict() == dict.fromkeys(load_criteria().classes, 1)
    topic = decided.set_index("class")["topic"]
    assert topic["ev"] == "set_effect"
    assert topic["apoptotic_exosome"] == "context"


def test_joint_is_what_enrich_says(result):
    row = of(result, "exosome").loc["joint_effect exosome"]
    assert "no verdict uses" in row["text"]
    assert (row["direction"] == "for") == (row["ci_low"] > 0)
    sets = [s for rule in load_criteria().classes.values() for s in rule.sets] + list(load_criteria().sources)
    table = MARKERS.table
    members = {
        s: list(
            table.loc[(table["set"] == s) & (table["role"] == "positive") & (table["gene"] != ""), "gene"]
        )
        for s in dict.fromkeys(sets)
    }
    found = enrich(result_da(result), {k: v for k, v in members.items() if v}, method="joint").table
    expected = found.set_index("set").loc["exosome"]
    assert (row["value"], row["ci_low"]) == pytest.approx((expected["log2_fc"], expected["ci_low"]))


def result_da(result):
    from markerkit.effects.fit import fit_contrast

    return fit_contrast(result.experiment, MARKERS, result.contrasts[0]).da


def test_apoptosis_is_a_matter_of_the_context(result, stated):
    for key in ("apoptotic_exosome", "apoptotic_ev"):
        silent, told = of(result, key), of(stated, key)
        for name in APOPTOSIS:
            assert silent.loc[f"context {name}", "direction"] == "neither"
            assert silent.loc[f"context {name}", "text"].startswith("not stated")
        for name in ("apoptosis_induced", "apoptosis_shown", "caspase_inhibitor_control"):
            assert told.loc[f"context {name}", "direction"] == "for"
        assert told.loc["context viability_percent", "value"] == 62.0
        assert told.loc["necrosis", "direction"] == "for"
    # which of the two receptors the example measures hangs on the genes of the catalog
    assert re.search("S1PR[13]", of(stated, "apoptotic_exosome").loc["candidate", "text"])
    assert "context apoptosis_induced" not in of(stated, "exosome").index
    words = stated.identity.table.set_index("class")["verdict"]
    candidate = of(stated, "apoptotic_exosome").loc["candidate"]
    assert words["exosome"] == "compatible"
    assert words["apoptotic_exosome"] == ("compatible" if candidate["direction"] == "for" else "unresolved")
    assert candidate["direction"] == "for" or candidate["decisive"]


def test_a_denial_is_a_reason_against(denied):
    assert of(denied, "apoptotic_ev").loc["context caspase_inhibitor_control", "direction"] == "against"
    assert of(denied, "microvesicle").loc["context vesicles", "direction"] == "against"


def test_fluid_and_comparator(example):
    found = mk.assess(example, ask(comparator="biofluid", fluid="plasma"), MARKERS)
    gate = of(found, "ev").loc["fluid"]
    assert gate["n"] > 0
    assert "not counted" in gate["text"]
    rows = of(found, "apoptotic_exosome")
    assert "fluid" not in rows.index
    assert not rows["text"].str.contains("20S").any()


def test_only_identity_has_reasons(undeclared, compared):
    """Without a comparator that is declared to be no vesicles no class is judged."""
    assert undeclared.evidence.table.empty
    assert compared.evidence.table.empty


# ---- circularity -------------------------------------------------------------------


def test_statements_are_read_in_any_form():
    names = stated_names({"accession": "PXD000022; pxd1", "dataset": "https://doi.org/10.1000/Ab.c, PMID:77"})
    assert names == {"pxd000022", "pxd1", "10.1000/ab.c", "77"}
    assert stated_names({}) == set()


def test_nothing_stated_cannot_be_checked():
    table = circularity_of(MARKERS, {})
    assert (table["status"] == "cannot be checked").all()
    assert table["text"].str.contains("was not stated").all()
    assert len(table) == len(load_criteria().classes) + len(load_criteria().sources)


def test_a_paper_flags_its_markers():
    dois = MARKERS.references.set_index("key")["doi"]
    rows = MARKERS.table
    chose = set(MARKERS.sets.set_index("set").loc["exosome", "derived_from"].split(";"))
    cited = rows.loc[rows["set"] == "exosome", "source"]
    one = next(s for s in cited if s not in chose and dois[s])
    doi = dois[one]
    table = circularity_of(MARKERS, {"dataset": f"doi:{doi.upper()}"}).set_index("key")
    row = table.loc["exosome"]
    expected = set(rows.loc[(rows["set"] == "exosome") & (rows["source"] == one), "gene"])
    assert (row["status"], set(row["markers"].split(";"))) == ("flagged", expected)
    assert row["n_markers"] == len(expected)
    assert table.loc["keratin", "status"] == "clear"


def test_a_set_made_from_the_data_is_flagged_whole(monkeypatch):
    header = MARKERS._records["exosome"].header
    monkeypatch.setitem(header, "derived_from", ["PXD000022", "lischnig2022"])
    row = circularity_of(MARKERS, {"accession": "pxd000022"}).set_index("key").loc["exosome"]
    assert (row["status"], row["n_markers"]) == ("flagged", row["n_set"])
    doi = MARKERS.references.set_index("key").loc["lischnig2022", "doi"]
    found = circularity_of(MARKERS, {"dataset": doi}).set_index("key").loc["exosome"]
    assert found["n_markers"] == row["n_set"]


def test_a_flag_is_said_aloud(denied):
    assert of(denied, "exosome").loc["circularity", "direction"] == "against"
    assert any("circular" in text for text in denied.warnings)


# ---- EV-TRACK ------------------------------------------------------------------------


def test_form_says_who_fills_what(result, stated):
    blank, filled = (r.ev_track.table.set_index("field") for r in (result, stated))
    assert set(blank["status"]) <= {"from the data", "from the context", "to fill in", "not applicable"}
    assert (blank.loc[blank["status"] == "to fill in", "value"] == "").all()
    assert (blank.loc[blank["status"] == "from the data", "value"] != "").all()
    assert blank.loc["isolation", "status"] == "to fill in"
    assert (filled.loc["isolation", "value"], filled.loc["isolation", "status"]) == (
        "SEC",
        "from the context",
    )
    assert filled.loc["9 Lysate preparation", "status"] == "from the context"
    assert (filled["status"] == "to fill in").sum() == (blank["status"] == "to fill in").sum() - 4
    assert len(blank[blank["section"] == "EV-METRIC"]) == 10
    assert "%" not in " ".join(blank.loc[blank["section"] == "EV-METRIC", "value"])
    assert blank.loc["answered by the proteome", "value"].endswith("of 9 items")


def test_form_agrees_with_the_checklist(result):
    items = result.checklist.table
    items = items[items["guideline"] == "EV-TRACK"].set_index("item")
    form = result.ev_track.table.set_index("field")
    assert form.loc["1 EV-enriched proteins", "value"] == items.loc["1 EV-enriched proteins", "proteins"]
    assert form.loc["8 Antibodies", "status"] == "not applicable"


def test_limits_are_said_but_not_derivable(result):
    row = result.checklist.table.set_index("item").loc["Limits of detection"]
    assert row["answer"] == "not derivable"
    exp = result.experiment
    case = exp.values.loc[exp.samples["fraction"] == "EV"]
    assert f"{100 * case.isna().to_numpy().mean():.1f} % of the values are missing" in row["evidence"]
    assert f"below {np.nanquantile(case, 0.05):.3g}" in row["evidence"]


def test_new_context_keys_are_checked():
    from markerkit.study.context import read_context

    assert read_context({"replicates": "technical"}) == {"replicates": "technical"}
    with pytest.raises(InputError, match="`replicates`"):
        read_context({"replicates": True})
    assert {"accession", "dataset", "inhibitor_effect", "caspase_inhibitor_control"} <= set(CONTEXT_KEYS)


def test_every_context_key_of_the_checklist_is_known():
    from markerkit.guidelines.checklist import load_items

    asked = {key for item in load_items() for key in item.keys}
    assert asked <= set(CONTEXT_KEYS)
