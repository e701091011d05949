"""Fitted contrasts: bounds, background, moderation, and one way to a set effect."""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import replace
from types import FrameType

import numpy as np
import pandas as pd
import pytest
from scipy.stats import t as student

import markerkit as mk
from markerkit.assessment.contrast_parts import set_tests
from markerkit.assessment.tables import pooled_enrichment
from markerkit.catalog.criteria import load_criteria
from markerkit.catalog.load import as_sets, shipped
from markerkit.effects.fit import fit_contrast
from markerkit.effects.members import members_of, set_members
from markerkit.effects.model import ContrastModel, ProteinEffects, UnfittedContrast
from markerkit.effects.scheme import missing_value_scheme, reference, schemes_of, verdict_sets
from markerkit.identity.table import identity_of
from markerkit.purity.sources import source_verdicts
from markerkit.stats.background import background
from markerkit.stats.null import rotated
from markerkit.stats.set_effect import MarkerEffects, common_heterogeneity, set_effect
from markerkit.study.contrast import Contrast
from tests.helpers import assert_level, experiment

MARKERS = shipped("human")
CRITERIA = load_criteria()
T, LIMITS = CRITERIA.threshold, CRITERIA.convention
PAIR = Contrast("fraction", "EV", "lysate")
EXOSOME = list(MARKERS["exosome"].positive)


def study(n: int = 6, *, hidden: dict[str, list[int]] | None = None, shift: float = 2.0, seed: int = 0):
    """Two groups; `hidden` gene -> samples (EV first) in which it was not measured."""
    rng = np.random.default_rng(seed)
    genes = [
        *dict.fromkeys([*EXOSOME, *MARKERS["keratin"].positive, *MARKERS["mitochondrion"].positive[:30]]),
        *(f"BG{i:03d}" for i in range(120)),
    ]
    log = rng.normal(22, 1.5, len(genes)) + rng.normal(0, 0.3, (2 * n, len(genes)))
    log[:n] += rng.normal(0, 0.5, len(genes))
    log[:n, : len(EXOSOME)] += shift
    names = [f"s{i}" for i in range(2 * n)]
    frame = pd.DataFrame(np.exp2(log), names, genes)
    # enough values that were not measured for presence to be evidence
    bare = rng.random((2 * n, 120)) < 0.2
    frame.iloc[:, -120:] = frame.iloc[:, -120:].mask(bare)
    for gene, rows in (hidden or {}).items():
        frame.loc[frame.index[rows], gene] = np.nan
    return experiment(frame, {"fraction": ["EV"] * n + ["lysate"] * n})


def model_of(exp: mk.Experiment, **options: float) -> ContrastModel:
    found = fit_contrast(exp, MARKERS, PAIR, **options)
    assert isinstance(found, ContrastModel)
    return found


@pytest.fixture(scope="module")
def model() -> ContrastModel:
    return model_of(study())


# ---- bounds --------------------------------------------------------------------------


@pytest.mark.parametrize(("seen", "detection"), [(4, "on"), (3, "one group only")])
def test_presence_counts_from_two_thirds_of_the_samples(seen: int, detection: str) -> None:
    assert seen / 6 >= T["presence_seen"] - 1e-9 or detection != "on"
    gene = EXOSOME[0]
    fitted = model_of(study(hidden={gene: [*range(seen, 6), *range(6, 12)]}))
    at = fitted.exp.proteins.index.get_loc(gene)
    assert fitted.bounded is not None
    assert fitted.bounded.effects.detection[at] == detection
    assert np.isfinite(fitted.bounded.effects.effect[at]) == (detection == "on")
    assert np.isnan(fitted.measured.effects.effect[at])


def test_a_bound_is_the_mean_over_the_floor_and_never_passes_0() -> None:
    high, low = EXOSOME[:2]
    exp = study(hidden={high: list(range(6, 12)), low: list(range(6, 12))})
    values = exp.values
    values.loc[:, low] = values.loc[:, low] * 2.0**-14
    fitted = model_of(mk.Experiment(values, exp.samples, exp.proteins, "raw", "human", exp.history))
    assert fitted.bounded is not None
    matrix = fitted.exp.values
    floor = np.nanquantile(matrix.iloc[6:].to_numpy(), T["censoring_quantile"])
    e, at = fitted.bounded.effects, fitted.exp.proteins.index.get_indexer([high, low])
    assert e.effect[at[0]] == pytest.approx(matrix[high].iloc[:6].mean() - floor)
    assert matrix[low].iloc[:6].mean() < floor
    assert e.effect[at[1]] == 0.0
    assert e.variance[at[0]] == pytest.approx(matrix[high].iloc[:6].var() / 6)


def test_a_protein_of_the_control_only_has_a_negative_bound() -> None:
    gene = EXOSOME[0]
    fitted = model_of(study(hidden={gene: list(range(6))}))
    assert fitted.bounded is not None
    at = fitted.exp.proteins.index.get_loc(gene)
    assert fitted.bounded.effects.effect[at] < 0
    assert fitted.bounded.effects.detection[at] == "off"


# ---- replicates, filter, background ----------------------------------------------------


@pytest.mark.parametrize(("n", "kind"), [(1, UnfittedContrast), (2, ContrastModel)])
def test_two_samples_a_group_are_the_least(n: int, kind: type) -> None:
    assert T["min_replicates"] == 2
    found = fit_contrast(study(n=n), MARKERS, Contrast("fraction", "EV", "lysate", comparator="lysate"))
    assert type(found) is kind
    if isinstance(found, UnfittedContrast):
        assert found.verdict.numbers == {"n_samples": 1, "min_replicates": 2}
        assert set(identity_of([found], {}).table["rule"]) == {"no_replicates"}
        assert set(source_verdicts(found)[0]["rule"]) == {"no_replicates"}


@pytest.mark.parametrize(("seen", "kept"), [(3, True), (2, False)])
def test_half_of_one_group_keeps_a_protein(seen: int, kept: bool) -> None:
    assert LIMITS["detection_filter"] == 0.5
    gene = EXOSOME[0]
    fitted = model_of(study(hidden={gene: [*range(seen, 6), *range(6, 12)]}))
    assert (gene in fitted.exp.proteins.index) == kept


@pytest.mark.parametrize(("n", "there"), [(20, True), (19, False)])
def test_twenty_proteins_make_a_background(model: ContrastModel, n: int, there: bool) -> None:
    assert LIMITS["min_background"] == 20
    e = model.measured.effects
    mask = np.zeros(len(e.effect), dtype=bool)
    mask[np.flatnonzero(e.usable)[:n]] = True
    scheme = missing_value_scheme(e, mask, verdict_sets(model.index, CRITERIA), CRITERIA)
    assert (scheme.background is not None) == there


def test_the_background_leaves_out_classes_organelles_and_flagged_proteins() -> None:
    exp = study()
    proteins = exp.proteins.assign(is_contaminant=exp.proteins["gene"].eq("BG000"))
    fitted = model_of(mk.Experiment(exp.values, exp.samples, proteins, "raw", "human", exp.history))
    outside = set(fitted.exp.proteins.loc[fitted.background_mask, "gene"])
    assert "BG000" not in outside
    assert "BG001" in outside
    assert not outside & {*EXOSOME, *MARKERS["mitochondrion"].positive}
    e, mask = fitted.measured.effects, fitted.background_mask & fitted.measured.effects.usable
    by_hand = background(e.effect[mask], e.influence[:, mask])
    assert fitted.measured.background is not None
    assert fitted.measured.background.effect == by_hand.effect
    assert reference(e, fitted.background_mask, 20).n == mask.sum()


# ---- heterogeneity ---------------------------------------------------------------------


def random_sets(count: int) -> list[MarkerEffects]:
    rng = np.random.default_rng(1)
    influence = np.zeros((4, 5))
    five = np.full(5, 0.2)
    return [
        MarkerEffects(rng.normal(0, 1, 5), influence, np.zeros(5), np.full(5, 6.0), five)
        for _ in range(count)
    ]


def test_eight_sets_moderate_each_other() -> None:
    least = int(LIMITS["min_sets_moderation"])
    assert common_heterogeneity(random_sets(least), min_sets=least) is not None
    assert common_heterogeneity(random_sets(least - 1), min_sets=least) is None


def test_a_scheme_is_moderated_by_its_sets(model: ContrastModel) -> None:
    """Effects of a verdict carry the heterogeneity that all sets have in common."""
    sets = verdict_sets(model.index, CRITERIA)
    e = model.measured.effects
    nine = [model.index.located((s,)) for s in list(MARKERS)[:60]]
    measured = [s for s in nine if e.markers(s).n_markers >= T["min_markers_source"]]
    if len(measured) < LIMITS["min_sets_moderation"]:
        measured = measured * 8
    scheme = missing_value_scheme(e, model.background_mask, measured, CRITERIA)
    assert scheme.heterogeneity is not None
    exosome = e.markers(model.index.located(("exosome",)))
    moderated = scheme.over_background(exosome, 0.9)
    assert moderated is not None
    assert exosome.effects is not None
    by_hand = set_effect(
        exosome.effects,
        scheme.background,
        confidence=0.9,
        heterogeneity=scheme.heterogeneity,
    )
    assert moderated == by_hand
    alone = replace(scheme, heterogeneity=None).over_background(exosome, 0.9)
    assert alone is not None
    assert alone.se != moderated.se
    assert alone.df < moderated.df
    found = [e.markers(s) for s in sets]
    used = [m.effects for m in found if m.effects is not None and m.n_markers >= T["min_markers_source"]]
    assert model.measured.heterogeneity == common_heterogeneity(used)


@pytest.mark.parametrize("n", [3, 5])
def test_a_source_that_moves_with_the_samples_keeps_its_own_error(model: ContrastModel, n: int) -> None:
    """Preparations hold more or less of one organelle, and are alike in all else: its interval holds all the same."""
    rng, names = np.random.default_rng(0), model.exp.proteins.index
    shaky, quiet = (model.index.located((s,)) for s in ("mitochondrion", "exosome"))
    organelle = model.index.located(("mitochondrion",), structure=True)
    inside = np.isin(np.arange(len(names)), shaky.columns)
    sign, above, runs = np.repeat([1.0, -1.0], n)[:, None] / n, 0, 400
    for _ in range(runs):
        values = rng.normal(0, 0.3, (2, n, len(names))) + np.outer(rng.normal(0, 1, 2 * n), inside).reshape(
            2, n, -1
        )
        residual = (values - values.mean(axis=1, keepdims=True)).reshape(2 * n, -1)
        influence = sign * residual * np.sqrt(n / (n - 1))
        e = ProteinEffects(
            values[0].mean(axis=0) - values[1].mean(axis=0),
            influence,
            (influence**2).sum(axis=0),
            np.full(len(names), 2.0 * (n - 1)),
            np.full(len(names), "measured", dtype=object),
        )
        scheme = missing_value_scheme(e, model.background_mask, [shaky, *[quiet] * 15], CRITERIA)
        found = scheme.over_background(e.markers(organelle), 0.9)
        assert found is not None
        above += found.ci_low > 0
    assert_level(above, runs, 0.05)


@pytest.mark.parametrize(("level", "counted"), [(0.0, False), (1.0, True)])
def test_the_level_of_cochrans_test_is_passed_on(model: ContrastModel, level: float, counted: bool) -> None:
    """A set on its own adds its heterogeneity where the test has a p below the level."""
    assert model.measured.level == LIMITS["heterogeneity_level"] == 0.2
    alone = replace(model.measured, heterogeneity=None, level=level)
    found = alone.over_background(model.measured.effects.markers(model.index.located(("exosome",))), 0.9)
    assert found is not None
    assert (found.from_samples < 1) == counted


# ---- members ---------------------------------------------------------------------------


def test_members_are_looked_up_once_and_cannot_be_changed() -> None:
    first = members_of(MARKERS, ("exosome",))
    assert members_of(MARKERS, ("exosome",)) is first
    with pytest.raises(ValueError, match="read-only"):
        first.weight[0] = 9.0
    table = set_members(MARKERS, ["exosome"])
    table.loc[:, "gene"] = "X"
    assert list(set_members(MARKERS, ["exosome"])["gene"]) == list(first.gene)


def test_markers_without_some_are_those_of_the_shorter_set(model: ContrastModel) -> None:
    whole = model.measured.effects.markers(model.index.located(("exosome",)))
    lost = {str(g) for g in whole.located.members.gene[:4]}
    shorter = whole.without_genes(lost)
    assert shorter.n_set == whole.n_set - 4
    masked = whole.without(whole.located.columns[:4])
    assert masked.n_set == whole.n_set
    assert shorter.n_markers == masked.n_markers == whole.n_markers - 4
    assert shorter.effects is not None
    assert masked.effects is not None
    np.testing.assert_array_equal(shorter.effects.effect, masked.effects.effect)
    # a complex counts once, at its largest weight
    members = whole.located.members
    by_marker = dict.fromkeys(members.marker, 0.0)
    for name, weight in zip(members.marker, members.weight, strict=True):
        by_marker[name] = max(by_marker[name], weight)
    counted = {members.marker[i] for i in whole.counted if i >= 4}
    assert masked.weight_measured == pytest.approx(
        sum(by_marker[k] for k in counted) / sum(by_marker.values())
    )
    assert whole.without_genes(set()) is whole


def test_a_complex_is_one_marker(model: ContrastModel) -> None:
    members = members_of(MARKERS, ("mod_proteasome_20s",))
    located = model.index.located(("mod_proteasome_20s",))
    assert len(located.names) == len(set(members.marker)) < len(members)
    assert len(model.index.located(("mod_proteasome_20s",), by_gene=True).names) == len(members)


# ---- one way to a set effect -----------------------------------------------------------


@pytest.fixture(scope="module")
def example() -> ContrastModel:
    exp = mk.harmonize_ids(mk.load_example(), MARKERS)
    found = fit_contrast(
        exp,
        MARKERS,
        Contrast("fraction", "EV", "lysate", paired_by="donor", comparator="lysate", fluid="culture"),
    )
    assert isinstance(found, ContrastModel)
    return found


def test_enrich_by_effect_is_what_verdicts_stand_on(example: ContrastModel) -> None:
    """Classes of one set and sources: estimate, error and df to the last digit, the interval where levels agree."""
    found = mk.enrich(example.da, MARKERS, method="effect").table.set_index("set")
    identity = identity_of([example], {}).table.set_index("class")
    compared = 0
    for key, rule in CRITERIA.classes.items():
        if len(rule.sets) == 1 and found.loc[rule.sets[0], "status"] == "tested":
            for column in ("log2_fc", "se", "df"):
                assert found.loc[rule.sets[0], column] == identity.loc[key, column], (key, column)
            compared += 1
    purity = source_verdicts(example)[0].set_index("source")
    for key in CRITERIA.sources:
        row = purity.loc[key]
        if row["basis"] == "measured" and np.isfinite(row["log2_fc"]):
            for column in ("log2_fc", "se", "df", "ci_low", "ci_high"):
                assert found.loc[key, column] == row[column], (key, column)
            compared += 1
    assert compared >= 15


def test_a_set_of_the_users_own_is_left_out_of_its_background(example: ContrastModel) -> None:
    genes = list(MARKERS["keratin"].positive)
    scheme, located = schemes_of(example.da, next(iter(example.da.contrasts)), as_sets({"mine": genes}))
    e, proteins = scheme.effects, example.exp.proteins
    mask = ~proteins["gene"].isin(genes).to_numpy() & ~proteins["is_contaminant"].to_numpy(bool) & e.usable
    by_hand = background(e.effect[mask], e.influence[:, mask])
    assert scheme.background is not None
    assert scheme.background.effect == by_hand.effect
    assert scheme.heterogeneity is None
    row = mk.enrich(example.da, {"mine": genes}, method="effect").table.iloc[0]
    effect = scheme.over_background(e.markers(located["mine"]), 0.95)
    assert effect is not None
    assert (row["log2_fc"], row["se"]) == (effect.estimate, effect.se)


@pytest.mark.filterwarnings("ignore::markerkit.MarkerkitWarning")
def test_the_null_check_tests_what_verdicts_stand_on(example: ContrastModel) -> None:
    """The rejections of `effect` are those of the verdicts' statistic on the same data sets without an effect."""
    table = mk.enrich(example.da, MARKERS, method="effect").table
    tested = list(table.loc[table["status"] == "tested", "set"])
    draws, seed = 5, 3
    found = mk.null_check(
        example.exp, example.contrast, MARKERS, n_resamples=draws, tests=("effect",), seed=seed
    ).table
    found = found[found["test"] == "effect"].set_index("level")["rate"]
    rng = np.random.default_rng(seed)
    assert example.da.fit is not None
    ((name, vector),) = example.da.contrasts.items()
    pvalues = []
    for _ in range(draws):
        values = rotated(example.da.fit, np.asarray(vector, dtype=float), rng)
        frame = pd.DataFrame(values, example.exp.samples.index, example.exp.proteins.index)
        da = mk.differential_abundance(example.exp.evolve("drawn", values=frame), example.contrast)
        scheme, located = schemes_of(da, name, MARKERS)
        assert scheme.heterogeneity is not None
        effects = [scheme.over_background(scheme.effects.markers(located[s]), 0.95) for s in tested]
        pvalues.append([2 * student.sf(abs(e.estimate / e.se), e.df) for e in effects if e is not None])
    p = np.array(pvalues)
    assert p.shape == (draws, len(tested))
    for level in (0.05, 0.01):
        assert found[level] == pytest.approx((p < level).mean())
    assert (p < 0.05).any()


def test_false_discovery_rates_hold_over_sets_and_contrasts() -> None:
    from scipy.stats import false_discovery_control

    exp = study()
    level = pd.Series(["EV", "EV", "EV", "F2", "F2", "F2"] + ["lysate"] * 6, exp.samples.index)
    three = mk.Experiment(
        exp.values, exp.samples.assign(fraction=level), exp.proteins, "raw", "human", exp.history
    )
    models = [fit_contrast(three, MARKERS, Contrast("fraction", c, "lysate")) for c in ("EV", "F2")]
    with pytest.warns(mk.MarkerkitWarning):
        table = pooled_enrichment([set_tests(m) for m in models]).table
    assert table["contrast"].nunique() == 2
    for _, rows in table.groupby("method"):
        tested = rows[rows["pvalue"].notna()]
        assert tested.groupby("contrast").size().min() > 1
        expected = false_discovery_control(tested["pvalue"].to_numpy(float))
        np.testing.assert_allclose(tested["padj"].to_numpy(float), expected)


def test_an_assessment_looks_markers_up_once() -> None:
    """Evidence is gathered once for each contrast and scheme: no look-up for every omission and variant."""
    calls: Counter[str] = Counter()

    def count(frame: FrameType, event: str, _: object) -> None:
        if event == "call" and frame.f_code.co_name in {"set_members", "gather_markers", "locate"}:
            calls[frame.f_code.co_name] += 1

    exp = mk.harmonize_ids(mk.load_example(), MARKERS)
    pair = Contrast("fraction", "EV", "lysate", paired_by="donor", comparator="lysate")
    members_of.cache_clear()
    sys.setprofile(count)
    try:
        mk.assess(exp, pair, MARKERS)
    finally:
        sys.setprofile(None)
    assert 0 < calls["set_members"] <= 340
    assert 0 < calls["gather_markers"] <= 270
    assert 0 < calls["locate"] <= 242
