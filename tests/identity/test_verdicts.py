"""Identity and purity: every word of the decision table, on studies made for it."""

import tomllib

import numpy as np
import pandas as pd
import pytest

import markerkit as mk
from markerkit import InputError
from markerkit.catalog.criteria import load_criteria
from markerkit.catalog.files import reference_folder
from markerkit.catalog.load import shipped
from markerkit.effects.fit import fit_contrast
from markerkit.identity.table import identity_of
from markerkit.purity.sources import source_verdicts
from markerkit.tables.registry import TABLES
from tests.helpers import assert_level

MARKERS = shipped("human")
CRITERIA = load_criteria()
TABLE = MARKERS.table


def members(*sets, role="positive"):
    rows = TABLE[
        TABLE["set"].isin(sets) & (TABLE["role"] == role) & (TABLE["weight"] > 0) & (TABLE["gene"] != "")
    ]
    return list(dict.fromkeys(rows["gene"]))


EV = members(*CRITERIA.classes["ev"].sets)
EXOSOME, NEGATIVE = members("exosome"), members("exosome", role="negative")
BODY, VESICLE = members("apoptotic_body"), members("microvesicle")
PLASMA = members("plasma_soluble")
ORGANELLES = members("mitochondrion", "er_golgi")[:120]


def study(shift, n=5, seed=0, noise=0.4, spread=0.5, background=300, drop=()):
    """Raw matrix of n EV and n control samples: `shift` is a list of (genes, log2 fold change), the later wins."""
    rng = np.random.default_rng(seed)
    genes = [
        g
        for g in dict.fromkeys([*EV, *EXOSOME, *NEGATIVE, *BODY, *VESICLE, *PLASMA, *ORGANELLES])
        if g not in drop
    ]
    genes += [f"BG{i:04d}" for i in range(background)]
    effect = pd.Series(rng.normal(0, spread, len(genes)), genes)
    for names, size in shift:
        effect.loc[[g for g in names if g in effect.index]] = size + rng.normal(
            0, spread, sum(g in effect.index for g in names)
        )
    base = rng.normal(22, 2, len(genes))
    log = base + rng.normal(0, noise, (2 * n, len(genes)))
    log[:n] += effect.to_numpy()
    names = [f"ev{i}" for i in range(n)] + [f"c{i}" for i in range(n)]
    samples = pd.DataFrame(
        {"fraction": ["EV"] * n + ["control"] * n, "donor": [f"d{i % n}" for i in range(2 * n)]}, names
    )
    values = pd.DataFrame(np.exp2(log), names, genes)
    proteins = pd.DataFrame({"gene": genes, "accession": ""}, genes)
    return mk.Experiment(
        values,
        samples,
        proteins,
        history=[{"verb": "read_proteins", "scale": "raw"}, {"verb": "harmonize_ids"}],
    )


PLAIN = mk.Contrast("fraction", "EV", "control", comparator="lysate")


def ask(**options):
    """The contrast of the studies here, and what else the verb was given."""
    of_verb = {k: options.pop(k) for k in ("context", "seed") if k in options}
    named = {"condition": "fraction", "case": "EV", "control": "control", "comparator": "lysate"} | options
    return mk.Contrast(**named), of_verb


def identity(exp, **options):
    contrast, given = ask(**options)
    table = mk.assess_identity(exp, contrast, MARKERS, **given).table
    return table.set_index("class")


def purity(exp, **options):
    contrast, given = ask(**options)
    return mk.assess_purity(exp, contrast, MARKERS, **given)


GOOD = [(BODY, -2.0), (VESICLE, 0.0), (EV, 2.5), (EXOSOME, 4.0), (NEGATIVE, -2.5), (ORGANELLES, -3.0)]


def test_small_evs_against_a_lysate():
    found = identity(study(GOOD))
    assert found.loc["ev", "verdict"] == "compatible"
    assert found.loc["exosome", "verdict"] == "compatible"
    assert found.loc["apoptotic_body", "verdict"] == "not compatible"
    assert found.loc["apoptotic_exosome", "verdict"] == "not assessable"
    row = found.loc["exosome"]
    assert 0 < row["ci_low"] < row["log2_fc"] < row["ci_high"]
    assert row["margin_ci_low"] > 0
    assert row["smallest_detectable"] > 0
    assert list(mk.assess_identity(study(GOOD), PLAIN, MARKERS).table.columns) == TABLES["identity"].names


def test_no_change_is_not_compatible_with_anything():
    found = identity(study([]))
    for key in ("ev", "exosome", "microvesicle", "apoptotic_body"):
        assert found.loc[key, "verdict"] == "not compatible"
        assert found.loc[key, "reason"] == "no more than the control"
        assert "would have been called in 80 % of such studies" in found.loc[key, "explanation"]


def test_markers_of_all_vesicles_make_no_class():
    """What the class shares with all EVs rises, its specific markers do not, or were not measured."""
    own = [g for g in EXOSOME if g not in EV]
    generic = [*GOOD, (own, 0.0)]
    found = identity(study(generic)).loc["exosome"]
    assert (found["verdict"], found["rule"]) == ("unresolved", "specific_markers_not_raised")
    blind = identity(study(GOOD, drop=own)).loc["exosome"]
    assert (blind["verdict"], blind["rule"]) == ("unresolved", "too_few_specific_markers")
    assert "class-specific markers" in found["next_step"]
    assert "class-specific markers" in blind["next_step"]


def test_a_rise_below_two_fold_is_too_little_for_a_class():
    found = identity(study([(EV, 0.6)], n=8, noise=0.15, spread=0.1)).loc["ev"]
    assert (found["verdict"], found["reason"]) == ("unresolved", "raised less than 2-fold")
    assert found["ci_low"] > 0
    assert "too little for the class" in found["explanation"]


def test_a_similar_source_says_what_would_have_been_seen():
    flat = purity(study([]), comparator="ev").table.set_index("source").loc["plasma"]
    assert (flat["verdict"], flat["rule"]) == ("similar", "similar")
    assert flat["reason"] == "no 2-fold change in either direction"
    assert flat["smallest_detectable"] >= CRITERIA.threshold["min_source_effect"]
    assert "would have been called in 80 % of such studies" in flat["explanation"]


def test_every_abstention_says_what_would_settle_it():
    for exp, options in (
        (study(GOOD), {}),
        (study([*GOOD, (NEGATIVE, 3.0)]), {}),
        (study(GOOD, n=1), {}),
        (study(GOOD, drop=EXOSOME), {}),
        (study([(EV, 2.5), (EXOSOME, 2.5), (VESICLE, 2.5)]), {}),
    ):
        table = identity(exp, **options)
        assert (table.loc[table["verdict"].isin(["unresolved", "not assessable"]), "next_step"] != "").all()
        sources = purity(exp).table
        assert (sources.loc[sources["verdict"] == "not assessable", "next_step"] != "").all()


def test_every_threshold_has_its_reason():
    with (reference_folder() / "criteria.toml").open("rb") as file:
        rows = tomllib.load(file)["threshold"]
    assert all(len(row["reason"]) > 20 for row in rows)
    assert CRITERIA.threshold["min_class_effect"] == CRITERIA.threshold["equivalence_margin"]


def test_depleted_is_a_reason_of_its_own():
    found = identity(study([(EV, -3.0), (EXOSOME, -3.0)]))
    assert found.loc["exosome", "reason"] == "depleted"


def test_negatives_that_rise_block_the_call():
    found = identity(study([*GOOD, (NEGATIVE, 3.0)]))
    assert (found.loc["exosome", "verdict"], found.loc["exosome", "rule"]) == ("unresolved", "negatives_up")
    assert found.loc["exosome", "next_step"]


def test_against_a_fluid_only_the_balance_counts():
    everything = [(BODY, 2.0), (VESICLE, 2.0), (EV, 3.0), (EXOSOME, 6.0), (NEGATIVE, 2.0)]
    assert identity(study(everything), comparator="biofluid").loc["exosome", "verdict"] == "compatible"
    assert identity(study(everything), comparator="lysate").loc["exosome", "rule"] == "negatives_up"


def test_a_class_that_cannot_be_told_apart_is_unresolved():
    both = [(NEGATIVE, -2.0), (BODY, -2.0), (EV, 2.5), (EXOSOME, 2.5), (VESICLE, 2.5)]
    # four markers of its own are too few to show that both classes are there
    own = [g for g in EXOSOME if g not in {*EV, *VESICLE, *BODY}]
    alone = [g for g in own if not TABLE.loc[TABLE["gene"] == g, "complex"].any()]
    found = identity(study(both, drop=[g for g in own if g not in alone[:4]]))
    assert found.loc["exosome", "verdict"] == "unresolved"
    assert found.loc["exosome", "rule"] == "competing_class"
    assert "Microvesicle" in found.loc["exosome", "reason"]
    assert found.loc["exosome", "competing_class"] == "microvesicle"


def test_two_classes_may_be_there_together():
    """Where the markers that only a class has rise by themselves, another class does not stand against it."""
    both = [(NEGATIVE, -2.0), (BODY, -2.0), (ORGANELLES, -2.0), (EV, 2.5), (EXOSOME, 2.5), (VESICLE, 2.5)]
    found = identity(study(both))
    assert found.loc["exosome", "verdict"] == "compatible"
    assert "Microvesicle (not excluded, may be there beside it)" in found.loc["exosome", "explanation"]


def test_vesicles_that_are_none():
    found = identity(study(GOOD), context={"vesicles": False})
    assert set(found["verdict"]) == {"not assessable"}
    assert set(found["reason"]) == {"stated not to be vesicles"}


def test_ev_markers_that_rise_with_the_organelles_are_broken_cells():
    lysed = [*GOOD, (ORGANELLES, 2.5)]
    found = identity(study(lysed))
    assert set(found.loc[["ev", "exosome"], "verdict"]) == {"unresolved"}
    assert "as in broken cells" in found.loc["ev", "reason"]
    assert identity(study(lysed), comparator="biofluid").loc["ev", "verdict"] == "unresolved"


def test_a_case_that_looks_like_its_control_says_so():
    for seed in range(5):
        assert identity(study([], seed=seed))["like_control"].all()
    assert not identity(study(GOOD))["like_control"].any()
    assert not identity(study([(ORGANELLES, -3.0)]))["like_control"].any()


def test_ratios_exclude_nothing_that_is_only_small():
    exp = study([])
    ratios = mk.Experiment(
        np.log2(exp.values) - 22, exp.samples, exp.proteins, scale="ratio", history=exp.history
    )
    found = identity(ratios).loc["ev"]
    assert (found["verdict"], found["rule"]) == ("unresolved", "ratios_compressed")


def test_without_general_ev_evidence_there_is_no_exosome():
    only = [g for g in EXOSOME if g not in EV]
    found = identity(study([(EV, -1.5), (only, 4.0), (BODY, -2.0), (VESICLE, -2.0), (NEGATIVE, -2.0)]))
    assert found.loc["ev", "verdict"] == "not compatible"
    assert found.loc["exosome", "verdict"] != "compatible"


def test_organelle_content_alone_is_not_called_an_apoptotic_body():
    dying = study([(BODY, 3.0), (ORGANELLES, 3.0)])
    assert identity(dying)["verdict"].ne("compatible").all()
    apoptosis = {"apoptosis_induced": True, "apoptosis_shown": "annexin V", "viability_percent": 70.0}
    for context in ({"vesicles": True}, {"vesicles": True, **apoptosis}):
        declared = identity(dying, context=context).loc["apoptotic_body"]
        assert declared["verdict"] == "unresolved"
        assert declared["rule"] in {"no_general_ev_evidence", "lysed_or_apoptotic"}
    vesicles = study([(BODY, 3.0), (EV, 2.5)])
    silent = identity(vesicles, context={"vesicles": True}).loc["apoptotic_body"]
    assert (silent["verdict"], silent["reason"]) == ("unresolved", "lysed cells or apoptotic bodies")
    assert "annexin V" in silent["next_step"]
    shown = identity(vesicles, context={"vesicles": True, **apoptosis}).loc["apoptotic_body"]
    assert shown["verdict"] == "compatible"


def test_too_few_markers_are_not_assessable():
    found = identity(study(GOOD, drop=set(EXOSOME[3:]) - set(EXOSOME[:3])))
    assert found.loc["exosome", "verdict"] == "not assessable"
    assert "independent markers measured" in found.loc["exosome", "reason"]


def test_apoptotic_exosomes_need_the_context_and_a_candidate():
    context = {"apoptosis_induced": True, "apoptosis_shown": "cleaved caspase-3", "viability_percent": 60.0}
    found = identity(study(GOOD), context=context)
    assert found.loc["apoptotic_exosome", "verdict"] == "unresolved"
    assert found.loc["apoptotic_exosome", "competing_class"] == "exosome"
    with pytest.raises(InputError, match="unknown key 'apoptosis'"):
        identity(study(GOOD), context={"apoptosis": True})
    with pytest.raises(InputError, match="between 0 and 100"):
        identity(study(GOOD), context={"viability_percent": 120})


def test_20s_proteasome_without_its_caps_is_no_candidate():
    exp = study(GOOD)
    rng = np.random.default_rng(1)
    core, cap = members("mod_proteasome_20s"), members("mod_proteasome_19s")
    values = exp.values
    for genes, size in ((core, 3.0), (cap, -2.0)):
        for gene in genes:
            log = rng.normal(22, 1) + rng.normal(0, 0.3, 10) + np.repeat([size, 0], 5)
            values[gene] = np.exp2(log)
    proteins = pd.DataFrame({"gene": values.columns, "accession": ""}, values.columns)
    grown = mk.Experiment(values, exp.samples, proteins, history=exp.history)
    context = {"apoptosis_induced": True, "apoptosis_shown": "annexin V", "viability_percent": 70.0}
    found = identity(grown, context=context)
    assert found.loc["exosome", "verdict"] == "compatible"
    assert found.loc["apoptotic_exosome", "rule"] == "no_candidate"


def test_on_off_markers_count_at_their_bound():
    exp = study(GOOD, drop=())
    rng = np.random.default_rng(3)
    values = exp.values
    control = [s for s in values.index if s.startswith("c")]
    values.loc[control, [g for g in EXOSOME if g in values.columns]] = np.nan
    values = values.mask(rng.random(values.shape) < 0.03)
    switched = mk.Experiment(values, exp.samples, exp.proteins, history=exp.history)
    found = identity(switched)
    assert found.loc["exosome", "basis"] == "bounded"
    used = mk.assess_identity(switched, ask()[0], MARKERS).markers.table
    assert (used.loc[used["set"] == "exosome", "detection"] == "on").sum() > 5


def test_sample_constants_cannot_change_a_verdict():
    exp = study(GOOD)
    rng = np.random.default_rng(5)
    factor = pd.Series(np.exp2(rng.normal(0, 2, len(exp.values))), exp.values.index)
    moved = mk.Experiment(exp.values.mul(factor, axis=0), exp.samples, exp.proteins, history=exp.history)
    first, second = identity(exp), identity(moved)
    np.testing.assert_allclose(first["log2_fc"].astype(float), second["log2_fc"].astype(float), atol=1e-8)
    assert list(first["verdict"]) == list(second["verdict"])


def test_no_replicates_say_so():
    exp = study(GOOD, n=1)
    assert identity(exp)["reason"].str.startswith("no replicates").all()
    assert mk.assess_identity(exp, None, MARKERS).table.empty
    table = purity(exp).table
    assert (table["verdict"] == "not assessable").all()
    assert set(table["source"]) == set(CRITERIA.sources)


@pytest.mark.parametrize("studies", [30, pytest.param(60, marks=pytest.mark.slow)])
def test_null_studies_are_rarely_called(studies):
    """Random arms without any difference: intervals leave out 0 as often as they say, which calls nothing."""
    intervals = {"classes": [], "sources": []}
    for seed in range(studies):
        model = fit_contrast(study([], seed=seed, spread=0.0), MARKERS, PLAIN)
        classes, sources = identity_of([model], {}).table, source_verdicts(model)[0]
        assert not (classes["verdict"] == "compatible").any()
        assert not (sources["verdict"] == "higher").any()
        for kind, table in (("classes", classes), ("sources", sources)):
            known = table[table["ci_low"].notna()]
            intervals[kind] += list((known["ci_low"] > 0) | (known["ci_high"] < 0))
    assert_level(np.sum(intervals["classes"]), len(intervals["classes"]), 0.1)
    assert_level(np.sum(intervals["sources"]), len(intervals["sources"]), 0.05)


# ---- purity --------------------------------------------------------------------


def test_sources_rise_and_fall():
    found = purity(study([(PLASMA, 3.0), (ORGANELLES, -2.0)]), comparator="ev").table.set_index("source")
    assert found.loc["plasma", "verdict"] == "higher"
    assert found.loc["mitochondrion", "verdict"] == "lower"
    assert found.loc["keratin", "verdict"] == "not assessable"
    assert found.loc["plasma", "per_ev"] == "higher"


def test_shares_add_up_by_hand():
    exp = study([])
    shares = purity(exp).shares.table
    row = shares[(shares["sample"] == "ev0") & (shares["source"] == "plasma")].iloc[0]
    linear = exp.linear().loc["ev0"]
    inside = [g for g in members("plasma") if g in linear.index]
    assert row["share"] == pytest.approx(linear[inside].sum() / linear.sum())
    assert row["ci_low"] < row["share"] < row["ci_high"] <= 1
    assert row["n_measured"] == len(inside)


def test_purity_refuses_normalized_values_and_ratios_have_no_share():
    exp = study([])
    with pytest.raises(InputError, match="before normalization"):
        purity(mk.normalize(mk.log2(exp)))
    ratios = mk.Experiment(
        np.log2(exp.values) - 22, exp.samples, exp.proteins, scale="ratio", history=exp.history
    )
    found = purity(ratios)
    assert found.shares.table["share"].isna().all()
    assert found.shares.table["reason"].str.contains("no share of signal").all()
    assert found.contamination_fraction.table["status"].tolist() == ["not assessable"]


@pytest.mark.parametrize("kappa", [0.05, 0.2])
def test_contamination_fraction_from_a_lysate(kappa):
    rng = np.random.default_rng(4)
    exp = study([(ORGANELLES, -12.0)])
    values = exp.values
    cell = values.loc[[s for s in values.index if s.startswith("c")]].mean()
    for sample in [s for s in values.index if s.startswith("ev")]:
        pure = values.loc[sample]
        mixed = (1 - kappa) * pure / pure.sum() + kappa * cell / cell.sum()
        values.loc[sample] = mixed * 1e9 * np.exp2(rng.normal(0, 0.1, len(mixed)))
    mixed = mk.Experiment(values, exp.samples, exp.proteins, history=exp.history)
    whole = purity(mixed).contamination_fraction.table.iloc[0]
    assert whole["fraction"] == pytest.approx(kappa, rel=0.25)
    assert whole["bound"] == "at most"
    assert whole["ci_low"] < kappa < whole["ci_high"]
    assert purity(mixed, comparator="ev").contamination_fraction.table["status"].iloc[0] == "not assessable"


def test_refusals():
    exp = study([])
    for options, message in [
        ({"condition": "nope"}, "no column 'nope'"),
        ({"case": "EVV"}, "no level 'EVV'"),
        ({"control": "EV"}, "case and control are both"),
        ({"comparator": "cells"}, "`comparator` must be one of"),
        ({"fluid": "blod"}, "Did you mean 'blood'"),
        ({"batch": ["fraction2"]}, "no column 'fraction2'"),
        ({"control": None}, "`control` of a contrast is one level"),
        ({"condition": None}, "`condition` of a contrast is the name of one sample column"),
    ]:
        with pytest.raises(InputError, match=message):
            identity(exp, **options)


def test_organelles_are_not_of_the_background():
    """What vesicles lack falls, and lifts nothing: a class is read the same whether organelles fall or not."""
    level, fallen = (
        identity(study([(EXOSOME, 3.0), (ORGANELLES, size)], background=60)) for size in (0.0, -6.0)
    )
    assert not {*ORGANELLES} & {*EV, *EXOSOME}
    for key in ("ev", "exosome"):
        assert level.loc[key, "log2_fc"] == pytest.approx(fallen.loc[key, "log2_fc"], abs=1e-9)


def test_sets_out_of_the_background_are_in_the_catalogue():
    assert set(CRITERIA.out_of_background) <= set(TABLE["set"])
    assert {"mitochondrion", "er_golgi", "nucleus", "exosome"} <= set(CRITERIA.out_of_background)
