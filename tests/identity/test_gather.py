"""The evidence that rules are given: levels of intervals, blood, other missing-value schemes, masks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import t as student

import markerkit as mk
from markerkit.catalog.criteria import load_criteria
from markerkit.catalog.load import shipped
from markerkit.checks.sensitivity import read_all
from markerkit.core.vocabulary import Rule
from markerkit.effects.fit import fit_contrast
from markerkit.effects.members import members_of
from markerkit.effects.model import ContrastModel
from markerkit.identity import change
from markerkit.identity.measure import gather, markers_kept, without
from markerkit.identity.rules import decide
from markerkit.identity.table import identity_of
from markerkit.purity.sources import source_evidence, source_verdicts
from markerkit.study.contrast import Contrast
from markerkit.tables.registry import TABLES

MARKERS = shipped("human")
CRITERIA = load_criteria()
T = CRITERIA.threshold
APOPTOSIS = {"apoptosis_induced": True, "apoptosis_shown": "annexin V", "viability_percent": 60.0}


@pytest.fixture(scope="module")
def model() -> ContrastModel:
    exp = mk.harmonize_ids(mk.load_example(), MARKERS)
    found = fit_contrast(
        exp,
        MARKERS,
        Contrast("fraction", "EV", "lysate", paired_by="donor", comparator="lysate", fluid="culture"),
    )
    assert isinstance(found, ContrastModel)
    return found


def in_blood(model: ContrastModel) -> ContrastModel:
    return replace(model, contrast=replace(model.contrast, comparator="biofluid", fluid="plasma"))


def test_intervals_have_the_levels_of_the_criteria(model: ContrastModel) -> None:
    identity, purity = identity_of([model], {}).table, source_verdicts(model)[0]
    for table, level in ((identity, T["class_confidence"]), (purity, T["confidence"])):
        rows = table[table["log2_fc"].notna()]
        half = student.ppf(0.5 + level / 2, rows["df"].to_numpy(float)) * rows["se"].to_numpy(float)
        np.testing.assert_allclose((rows["ci_high"] - rows["log2_fc"]).to_numpy(float), half)
        np.testing.assert_allclose((rows["log2_fc"] - rows["ci_low"]).to_numpy(float), half)


def test_evidence_is_gathered_once(model: ContrastModel) -> None:
    first, second = (gather(model, model.measured, {}) for _ in range(2))
    assert first.classes is second.classes
    stated = gather(model, model.measured, APOPTOSIS)
    assert stated.classes is first.classes
    assert stated.facts.apoptosis
    assert not first.facts.apoptosis


def test_class_specific_markers_are_in_no_other_class(model: ContrastModel) -> None:
    for key, rule in CRITERIA.classes.items():
        if not rule.competing_classes:
            continue
        m = markers_kept(model, model.measured, rule)
        mine = set(m.specific.located.members.gene)
        assert mine < set(m.positive.located.members.gene)
        for other in rule.sharing:
            shared = set(members_of(MARKERS, CRITERIA.classes[other].sets).gene)
            assert not mine & shared, (key, other)
        for competitor, theirs in m.competitor.items():
            genes = set(theirs.located.members.gene)
            assert not genes & set(m.positive.located.members.gene), (key, competitor)
            # that vesicles are there is assumed, and speaks for neither class
            assert not genes & set(members_of(MARKERS, CRITERIA.classes["ev"].sets).gene), (key, competitor)


def test_blood_removes_panels(model: ContrastModel) -> None:
    blood = in_blood(model)
    rule = CRITERIA.classes["ev"]
    before, after = (markers_kept(m, m.measured, rule).positive for m in (model, blood))
    panels = set(members_of(MARKERS, rule.blood_panels_removed).gene)
    lost = set(before.located.members.gene) - set(after.located.members.gene)
    assert lost == set(before.located.members.gene) & panels != set()


def test_facts_come_from_context_and_contrast(model: ContrastModel) -> None:
    def facts(context: dict[str, object], **contrast: str):
        changed = replace(model, contrast=replace(model.contrast, **contrast))
        return gather(changed, model.measured, context).facts

    assert not facts({}).vesicles
    assert facts({"vesicles": True}).vesicles
    assert facts({}, comparator="ev").vesicles
    assert [facts({}, comparator=c).negatives_rise for c in ("lysate", "ev", "biofluid", "soluble")] == [
        False,
        False,
        True,
        True,
    ]
    assert facts({"vesicles": False}).not_vesicles
    assert not facts({}).not_vesicles
    assert not facts({}).compressed
    for left_out in APOPTOSIS:
        assert not facts({k: v for k, v in APOPTOSIS.items() if k != left_out}).apoptosis
    assert facts(APOPTOSIS).apoptosis


def test_evidence_without_a_marker_is_that_of_a_matrix_without_it(model: ContrastModel) -> None:
    """Masking a row of the gathered markers is the same as effects that lack the protein."""
    rule = CRITERIA.classes["exosome"]
    positive = markers_kept(model, model.measured, rule).positive
    column = positive.located.columns[positive.counted[:1]]
    masked = without(gather(model, model.measured, {}), model, model.measured, "exosome", column)
    effect = model.measured.effects.effect.copy()
    effect[column] = np.nan
    scheme = replace(model.measured, effects=replace(model.measured.effects, effect=effect))
    expected = gather(replace(model, measured=scheme), scheme, {})
    assert masked.classes["exosome"] == expected.classes["exosome"]
    assert masked.classes["exosome"] != gather(model, model.measured, {}).classes["exosome"]
    assert masked.classes["microvesicle"] is gather(model, model.measured, {}).classes["microvesicle"]
    assert decide([masked], CRITERIA, ["exosome"])["exosome"].rule in set(Rule)


def test_a_panel_of_cells_is_compared_without_the_genes_of_all_evs(model: ContrastModel) -> None:
    """Per EV marker: a gene of both sets is an EV marker for a cell panel, and one of the source elsewhere."""
    purity = source_verdicts(model)[0].set_index("source")
    scheme = model.measured
    ev = scheme.effects.markers(model.index.located(CRITERIA.classes["ev"].sets))
    compared = 0
    for key, rule in CRITERIA.sources.items():
        source = scheme.effects.markers(
            model.index.located((key,), by_accession=rule.by_accession, structure=rule.structure)
        )
        shared = set(source.located.members.gene) & set(ev.located.members.gene)
        if purity.loc[key, "per_ev"] == "" or purity.loc[key, "basis"] != "measured":
            continue
        first = source.without_genes(shared) if rule.cell_panel else source
        mine = set(first.located.members.gene)
        gap = scheme.between(first, ev.without_genes(mine), T["confidence"])
        assert gap is not None
        assert purity.loc[key, "per_ev_log2_fc"] == pytest.approx(gap.estimate), key
        compared += bool(shared) and rule.cell_panel
    assert compared


def test_forbidden_sources_are_those_of_purity(model: ContrastModel) -> None:
    found = gather(model, model.measured, {}).sources
    assert set(found) == {s for rule in CRITERIA.classes.values() for s in rule.forbidden_sources}
    assert set(CRITERIA.classes["apoptotic_exosome"].forbidden_sources) < set(found)
    for key, e in found.items():
        assert e == source_evidence(model, model.measured, CRITERIA.sources[key])


def test_levels_that_tables_declare_are_those_of_the_criteria() -> None:
    """What a column says of its interval holds; the tables cannot read the criteria."""
    declared = {"identity": T["class_confidence"], "purity": T["confidence"]}
    for name, level in declared.items():
        texts = [c.description for c in TABLES[name].columns if "interval" in c.description]
        assert len(texts) >= 6
        for text in texts:
            assert f"{100 * level:g} % interval" in text, (name, text)
        power = next(c.description for c in TABLES[name].columns if c.name == "smallest_detectable")
        assert f"{100 * T['power']:g} %" in power
    for name in ("evidence", "sensitivity"):
        text = next(c.description for c in TABLES[name].columns if c.name == "level")
        assert f"{T['class_confidence']:g} for" in text
        assert f"{T['confidence']:g} for" in text


def test_mixed_tables_have_the_level_of_every_interval(model: ContrastModel) -> None:
    rows = pd.DataFrame(read_all(model, model.schemes, {}))
    assert dict(rows.groupby("kind")["level"].unique().map(list)) == {
        "class": [T["class_confidence"]],
        "source": [T["confidence"]],
    }


def short_of(model: ContrastModel, keep: Mapping[str, int]) -> ContrastModel:
    """Model of a study that measured so many of the markers that some classes have for themselves."""
    effect = model.measured.effects.effect.copy()
    taken: set[str] = set()
    for key, n in keep.items():
        positive = markers_kept(model, model.measured, CRITERIA.classes[key]).positive.without_genes(taken)
        taken |= set(positive.located.members.gene)
        effect[positive.located.columns[positive.counted[n:]]] = np.nan
    effects = replace(model.measured.effects, effect=effect)
    return replace(model, measured=replace(model.measured, effects=effects))


@pytest.mark.parametrize(("of_class", "of_ev", "compared"), [(0, 0, True), (-1, 0, False), (0, -1, False)])
def test_a_class_is_compared_per_ev_marker_from_enough_markers_of_both_on(
    model: ContrastModel, of_class: int, of_ev: int, compared: bool
) -> None:
    keep = {"ev": int(T["min_markers"]) + of_ev, "exosome": int(T["min_markers_margin"]) + of_class}
    short = short_of(model, keep)
    found = change._per_ev(short, short.measured, CRITERIA.classes["exosome"])
    assert (found["per_ev"] != "") == compared
    assert ("per_ev_log2_fc" in found) == compared
    assert change._per_ev(short, short.measured, CRITERIA.classes["ev"]) == {"per_ev": ""}


def test_what_cannot_be_assessed_is_not_said_to_be_more_per_ev_marker(model: ContrastModel) -> None:
    """Without a background the sources have no effect, though the two panels can be compared with each other."""
    effects = replace(model.measured.effects, effect=-model.measured.effects.effect)
    scheme = replace(model.measured, effects=effects, background=None, of_structures=None)
    table, _ = source_verdicts(replace(model, measured=scheme, bounded=None))
    rows = table[table["per_ev"] == "higher"]
    assert len(rows)
    assert set(rows["status"]) == {"too few measured"}
    assert not rows["explanation"].str.contains("for each EV marker").any()
