"""Composition: shares by hand, every limit of the words from below and above, places, and real data."""

from __future__ import annotations

import warnings
from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest
from scipy.stats import mannwhitneyu, rankdata

import markerkit as mk
from markerkit.catalog.criteria import load_criteria
from markerkit.catalog.load import shipped
from markerkit.core.composition_words import ShareWords, Summary, ev_next_step, summary_line
from markerkit.core.errors import InputError
from markerkit.core.signal import signal_of
from markerkit.core.vocabulary import EvRule, EvWord
from markerkit.qc.components import UNASSIGNED, component_of, mean_interval, members_once
from markerkit.qc.ev_answer import EvMeasures, ev_rule, rank_test
from markerkit.qc.places import Kind, depth_class, is_own, kinds_of, place_of, preparations_table, quantile
from markerkit.study.isolation import isolation_of
from markerkit.tables.registry import TABLES
from tests.helpers import assert_level, experiment

LIMIT = load_criteria().composition
STRONG = EvMeasures(
    n_proteins=1000,
    n_misev={"1a": 10, "1b": 4, "2a": 8, "2b": 5},
    n_misev_set=108,
    n_ranked=40,
    rank=80.0,
    rank_p=0.001,
    share=0.1,
    organelles_per_ev=0.2,
)


def counts(one: int, two: int) -> dict[str, int]:
    return {"1a": one, "1b": 0, "2a": two, "2b": 7}


def filler(n: int) -> dict[str, list[float]]:
    """Proteins of no panel."""
    return {f"XX{i}": [float(i + 1)] * 3 for i in range(n)}


# ---- the words -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "before", "after"),
    [
        # each pair: just on the side that the rule leaves alone, and just on its own side
        (({"n_proteins": 50}, {"n_proteins": 49}), EvRule.ALL_LIMITS_MET, EvRule.TOO_FEW_PROTEINS),
        (({"n_misev": counts(1, 2)}, {"n_misev": counts(0, 3)}), EvRule.FEW_MISEV, EvRule.NO_TRANSMEMBRANE),
        (({"n_misev": counts(2, 1)}, {"n_misev": counts(3, 0)}), EvRule.FEW_MISEV, EvRule.TOO_FEW_MISEV),
        (({"n_misev": counts(1, 2)}, {"n_misev": counts(1, 1)}), EvRule.FEW_MISEV, EvRule.TOO_FEW_MISEV),
        (({"n_ranked": 5}, {"n_ranked": 4}), EvRule.ALL_LIMITS_MET, EvRule.TOO_FEW_RANKED),
        (({"share": 0.00501}, {"share": 0.00499}), EvRule.SMALL_SHARE, EvRule.LITTLE_SIGNAL),
        (({"rank_p": 0.0499}, {"rank_p": 0.0501}), EvRule.ALL_LIMITS_MET, EvRule.RANK_AS_OTHERS),
        (({"rank_p": 0.0499}, {"rank_p": np.nan}), EvRule.ALL_LIMITS_MET, EvRule.RANK_AS_OTHERS),
        # what gives cells away comes before the ranks, which it explains
        (
            ({"organelles_per_ev": 1.99, "rank_p": 0.5}, {"organelles_per_ev": 2.0, "rank_p": 0.5}),
            EvRule.RANK_AS_OTHERS,
            EvRule.ORGANELLES_AS_CELLS,
        ),
        (
            ({"organelles_per_ev": 1.99}, {"organelles_per_ev": 2.0}),
            EvRule.ORGANELLES_ABOVE_EV,
            EvRule.ORGANELLES_AS_CELLS,
        ),
        (({"n_misev": counts(3, 3)}, {"n_misev": counts(2, 3)}), EvRule.ALL_LIMITS_MET, EvRule.FEW_MISEV),
        (({"n_misev": counts(3, 3)}, {"n_misev": counts(3, 2)}), EvRule.ALL_LIMITS_MET, EvRule.FEW_MISEV),
        (
            ({"organelles_per_ev": 0.99}, {"organelles_per_ev": 1.0}),
            EvRule.ALL_LIMITS_MET,
            EvRule.ORGANELLES_ABOVE_EV,
        ),
        (({"share": 0.0201}, {"share": 0.0199}), EvRule.ALL_LIMITS_MET, EvRule.SMALL_SHARE),
        (({"rank": 66.8}, {"rank": 66.6}), EvRule.ALL_LIMITS_MET, EvRule.RANK_BELOW_TOP),
    ],
)
def test_every_limit_from_below_and_above(changes, before, after):
    assert ev_rule(replace(STRONG, **changes[0])) == before
    assert ev_rule(replace(STRONG, **changes[1])) == after


def test_every_rule_has_a_word_a_limit_and_a_next_step():
    assert ev_rule(STRONG, ratio=True) == EvRule.RATIOS
    assert {r.word for r in EvRule} == set(EvWord)
    assert ev_rule(STRONG).word == EvWord.STRONG
    assert all(ev_next_step(r) for r in EvRule)


def test_cytosolic_proteins_of_every_cell_stand_for_nothing():
    """Actin, tubulin and GAPDH (category 2b) cannot take the place of a protein of category 2a."""
    only = {"1a": 5, "1b": 0, "2a": 0, "2b": 7}
    assert ev_rule(replace(STRONG, n_misev=only)) == EvRule.TOO_FEW_MISEV


def test_limits_have_reason_and_simulation():
    import tomllib

    from markerkit.catalog.files import reference_folder

    rows = tomllib.loads((reference_folder() / "criteria.toml").read_text(encoding="utf-8"))["composition"]
    assert len({r["name"] for r in rows}) == len(rows)
    for row in rows:
        assert set(row) == {"name", "value", "unit", "reason", "simulation"}, row["name"]
        assert all(row[k].strip() for k in ("unit", "reason", "simulation")), row["name"]


# ---- the rank test ---------------------------------------------------------------


def test_rank_test_is_wilcoxons():
    rng = np.random.default_rng(1)
    ranks = rng.permutation(200).astype(float)[None, :]
    ranks[0, :40] = np.nan
    inside = np.zeros(200, bool)
    inside[30:60] = True
    # ties need no correction of their own
    for values in (ranks, np.floor(ranks / 5)):
        expected = mannwhitneyu(
            values[0, 40:60], values[0, 60:], alternative="greater", use_continuity=False, method="asymptotic"
        ).pvalue
        found = rank_test(rankdata(values, axis=1, nan_policy="omit"), inside)[0]
        assert found == pytest.approx(expected, rel=1e-9)


def test_rank_test_holds_its_level_on_random_sets():
    rng = np.random.default_rng(2)
    for m in (5, 40):
        ranks = np.array([rng.permutation(400) for _ in range(2000)], dtype=float)
        inside = np.zeros(400, bool)
        inside[:m] = True
        assert_level(float((rank_test(ranks, inside) < 0.05).sum()), 2000, 0.05)


def test_nothing_to_rank_gives_no_p():
    ranks = np.array([[1.0, 2.0, np.nan], [1.0, 2.0, 3.0], [2.0, 2.0, 2.0]])
    assert np.isnan(rank_test(ranks[:1], np.array([False, False, True]))).all()
    assert np.isnan(rank_test(ranks[1:2], np.array([True, True, True]))).all()
    assert np.isnan(rank_test(ranks[2:], np.array([True, False, False]))).all()


# ---- shares ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def markers():
    return shipped("human")


def test_shares_by_hand_add_up_to_one():
    values = {"CD9": [2, 4, 0.5], "ALB": [10, 8, 5], "APOB": [5, np.nan, 5], "XXA": [3, 8, 9.5]}
    exp = experiment({k: list(map(float, v)) for k, v in values.items()}, {"arm": ["a", "a", "b"]})
    table = mk.composition(exp, group="arm").table
    one = table[table["name"] == "s1"].set_index("component")["share"]
    assert one[["ev", "plasma", "lipoprotein", "unassigned"]].tolist() == [0.1, 0.5, 0.25, 0.15]
    # the mean over the samples; one that shows no lipoprotein counts as 0
    group = table[(table["name"] == "a") & (table["level"] == "group")].set_index("component")
    assert group["share"][["ev", "plasma", "lipoprotein", "unassigned"]].tolist() == pytest.approx(
        [0.15, 0.45, 0.125, 0.275]
    )
    assert group["n_samples"].eq(2).all()
    assert group.loc["ev", "interval"] == "over samples"
    # a source that no sample shows has no share, which is not 0
    assert np.isnan(group.loc["keratin", "share"])
    assert group.loc["keratin", "status"] == "not measured"
    assert table.groupby(["level", "name"])["share"].sum().to_numpy() == pytest.approx(1)
    # a group of one sample is that sample, with its interval over the proteins
    alone = table[(table["name"] == "b") & (table["level"] == "group")].set_index("component")["share"]
    assert alone["ev"] == pytest.approx(0.5 / 20)


def test_interval_of_a_mean_by_hand():
    # mean 0.2, sd 0.1, se 0.1 / sqrt(3); relative 0.2887; t(2) 4.3027; reach exp(1.2421)
    low, high = mean_interval(np.array([0.1, 0.2, 0.3]), 0.95)
    assert low == pytest.approx(0.2 / 3.463, rel=1e-3)
    assert high == pytest.approx(0.2 * 3.463, rel=1e-3)
    assert mean_interval(np.array([0.0, 0.9]), 0.95)[1] == 1.0


def test_a_protein_counts_once(markers):
    """A gene of EV markers and of a blood cell is the cell in blood, an EV marker elsewhere; bovine entries come first."""
    culture, blood = (members_once(markers, blood=b) for b in (False, True))
    assert "ITGB3" in culture["ev"][0]
    assert "ITGB3" not in culture["platelet"][0]
    assert "ITGB3" in blood["platelet"][0]
    assert "ITGB3" not in blood["ev"][0]
    for members in (culture, blood):
        genes = [g for names, of in members.values() if of == "gene" for g in names]
        assert len(genes) == len(set(genes))
    bovine = sorted(blood["bovine_serum"][0])[0]
    proteins = pd.DataFrame({"gene": ["ALB", "ALB", "NOPANEL"], "accession": ["P02768", bovine, ""]})
    assert component_of(proteins, blood).tolist() == ["plasma", "bovine_serum", UNASSIGNED]


def test_blood_moves_a_platelet_gene_out_of_the_ev_markers():
    exp = experiment({"CD9": [1.0], "ITGB3": [1.0], "XXA": [2.0]})
    share = {
        fluid: mk.composition(exp, fluid=fluid)
        .table.query("level == 'sample'")
        .set_index("component")["share"]
        for fluid in ("culture", "plasma")
    }
    assert share["culture"]["ev"] == 0.5
    assert share["plasma"]["ev"] == 0.25
    assert share["plasma"]["platelet"] == 0.25


def test_components_agree_with_the_signal(example):
    exp = mk.harmonize_ids(example)
    table = mk.composition(exp, group="fraction").table
    rows = table[table["level"] == "sample"].pivot_table(index="name", columns="component", values="share")
    genes = members_once(mk.load_markers(), blood=False)["ev"][0]
    expected = signal_of(exp).of(genes).share
    assert rows.loc[exp.samples.index, "ev"].to_numpy() == pytest.approx(expected)
    assert rows.sum(axis=1).to_numpy() == pytest.approx(1)


# ---- the verb ------------------------------------------------------------------------


@cache
def found():
    exp = mk.simulate(n=6, n_background=150, missing=0.1, seed=20).experiment
    return mk.composition(exp, group="fraction", fluid="culture")


def test_contract():
    table, words = found().table, found().ev_markers.table
    assert list(table.columns) == TABLES["composition"].names
    assert list(words.columns) == TABLES["ev_markers"].names
    assert not table.duplicated(["level", "name", "component"]).any()
    assert not words.duplicated(["level", "name"]).any()
    assert set(words["word"]) <= set(EvWord)
    assert (words["reason"] != "").all()
    assert (words["next_step"] != "").all()
    known = table["share"].notna()
    assert ((table["ci_low"] <= table["share"]) | table["ci_low"].isna())[known].all()
    assert ((table["ci_high"] >= table["share"]) | table["ci_high"].isna())[known].all()
    assert table.loc[~known, "reason"].ne("").all()


def test_vesicles_are_strong_and_cells_are_not():
    words = found().ev_markers.table.set_index(["level", "name"])
    assert words.loc[("group", "EV"), "word"] == "strong"
    cells = words.loc[("group", "lysate")]
    assert (cells["word"], cells["rule"]) == ("weak", "organelles_as_cells")
    assert "organelle proteins at the level of whole cells" in cells["reason"]
    assert cells["samples_by_word"] == "6 weak"


def test_ratios_have_no_answer_and_say_why():
    exp = experiment({"CD9": [0.5, 0.1], "ALB": [0.2, 0.3]}, scale="ratio")
    result = mk.composition(exp)
    assert result.table["share"].isna().all()
    assert result.table["status"].eq("not assessable").all()
    words = result.ev_markers.table
    assert words["word"].eq("not assessable").all()
    assert words["rule"].eq("ratios").all()
    assert words["reason"].str.contains("neither shares of signal nor ranks").all()
    assert words[["rank", "share"]].isna().all().all()


def test_an_empty_sample_says_so_and_leaves_its_group_alone():
    nothing = np.nan
    exp = experiment({"CD9": [1.0, 1.0, nothing], "ALB": [3.0, 3.0, nothing]})
    result = mk.composition(exp)
    words = result.ev_markers.table.set_index("name")
    assert words.loc["s3", "rule"] == "no_signal"
    assert words.loc["all samples", "n_samples"] == 2
    group = result.table[result.table["level"] == "group"].set_index("component")
    assert group.loc["ev", "share"] == 0.25
    assert result.table.loc[result.table["name"] == "s3", "share"].isna().all()


def test_blanks_are_a_group_by_themselves():
    sheet = {"arm": ["a", "a", "a"], "role": ["", "", "blank"]}
    result = mk.composition(experiment({"CD9": [1.0, 1, 3], "ALB": [3.0, 3, 1]}, sheet), group="arm")
    groups = result.ev_markers.table.query("level == 'group'")["name"].tolist()
    assert groups == ["a", "blank"]
    rows = result.table.query("level == 'group' and component == 'ev'").set_index("name")["share"]
    assert rows["a"] == 0.25
    assert rows["blank"] == 0.75


def test_imputed_matrices_are_marked():
    log = mk.log2(experiment({"CD9": [2.0, 4.0], "ALB": [4.0, 4.0]}))
    result = mk.composition(log)
    assert result.table["approximate"].all()
    assert not result.ev_markers.table["presence_known"].any()


def test_bad_input_is_refused():
    exp = experiment({"CD9": [1.0], "ALB": [3.0]})
    with pytest.raises(InputError, match="fluid"):
        mk.composition(exp, fluid="plasm")
    with pytest.raises(InputError, match="arm"):
        mk.composition(exp, group="arm")
    with pytest.raises(InputError, match="before normalization"):
        mk.composition(mk.normalize(mk.log2(experiment({"CD9": [1.0, 2], "ALB": [3.0, 4]}))))
    with pytest.raises(InputError, match="lengths"):
        mk.composition(exp, shares="length")


def test_shares_by_length_are_not_compared():
    exp = experiment({"CD9": [1.0], "ALB": [3.0]})
    exp = mk.Experiment(
        exp.values, exp.samples, exp.proteins.assign(length=[100.0, 600.0]), history=exp.history
    )
    result = mk.composition(exp, shares="length")
    table = result.table.query("level == 'sample'").set_index("component")
    assert table.loc["ev", "share"] == pytest.approx((1 / 100) / (1 / 100 + 3 / 600))
    assert result.table["reference"].eq("").all()


# ---- words of a line -------------------------------------------------------------------


def test_line_of_a_group():
    line = Summary(
        name="EV",
        n_samples=5,
        word=EvWord.STRONG,
        reason="all limits are met",
        n_misev=12,
        n_misev_set=14,
        rank=82.0,
        share=0.06,
        place="upper third of 20 plasma bead preparations (2 studies)",
        sources=[
            ShareWords("Plasma proteins", 0.39, 0.31, 0.46),
            ShareWords("ER and Golgi", 0.04, np.nan, np.nan),
        ],
        unassigned=0.34,
        named_share=0.01,
    )
    assert summary_line(line) == (
        "EV (5 samples): EV markers strong (12 of 14 MISEV category 1 and 2 proteins, in the median above 82 % of the proteins, 6 % of the "
        "signal; share in the upper third of 20 plasma bead preparations (2 studies)); largest other shares: plasma proteins "
        "39 % (31 to 46) and ER and Golgi 4 %; 34 % unassigned"
    )
    weak = line._replace(
        word=EvWord.WEAK,
        reason="they rank no higher than others",
        rank=40.0,
        sources=[],
        n_samples=1,
        place="",
    )
    assert summary_line(weak) == (
        "EV: EV markers weak: they rank no higher than others (12 of 14 MISEV category 1 and 2 proteins, in the median above 40 % of the proteins, "
        "6 % of the signal); no other source above 1 %; 34 % unassigned"
    )
    lost = weak._replace(word=EvWord.NOT_ASSESSABLE, reason="ratios", unassigned=np.nan)
    assert summary_line(lost) == "EV: EV markers not assessable: ratios"


# ---- places ------------------------------------------------------------------------------


def test_place_by_hand():
    known = np.array([0.0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
    assert quantile(2.5, known) == 25
    assert quantile(-1, known) == 0
    assert quantile(11, known) == 100
    # half of the preparations show nothing: that is the middle of their half
    assert quantile(0.0, np.array([0.0] * 6 + [1, 2, 3, 4, 5])) == 25


def test_nearest_kind_first():
    kinds = list(kinds_of("plasma", "sec", "deep"))
    assert kinds[0] == Kind("plasma", "sec", "deep")
    assert kinds[-1] == Kind("any", "any", "any")
    assert Kind("blood", "any", "any") in kinds
    assert list(kinds_of(None, "", "deep")) == [Kind("any", "any", "any")]
    limit = [LIMIT["depth_medium"], LIMIT["depth_deep"]]
    assert [
        depth_class(limit[0] - 1),
        depth_class(limit[0]),
        depth_class(limit[1] - 1),
        depth_class(limit[1]),
    ] == [
        "shallow",
        "medium",
        "medium",
        "deep",
    ]


def test_words_name_preparations_and_studies():
    table = preparations_table().set_index(["fluid", "isolation", "depth", "item"])
    row = table.loc[("plasma", "sec", "any", "share_ev")]
    low = place_of(row["q10"], "share_ev", fluid="plasma", isolation="sec", depth="shallow")
    # no shallow ones of their own: all of the method
    assert low.words == f"lower third of {row['n']} plasma SEC preparations (1 study)"
    assert low.quantile == pytest.approx(10)
    assert (low.low, low.middle, low.high) == (row["q10"], row["q50"], row["q90"])
    top = place_of(0.99, "share_ev", fluid="plasma", isolation="sec", depth="deep")
    assert top.words.startswith("above all of ")
    assert "deep plasma SEC preparations" in top.words
    far = place_of(0.02, "share_ev", fluid="urine", isolation="", depth="deep")
    assert "EV preparations (" in far.words
    assert far.words.endswith("none of urine)")
    assert place_of(np.nan, "share_ev", fluid=None, isolation="", depth="deep").words == ""
    assert place_of(0.1, "share_unheard_of", fluid=None, isolation="", depth="deep").words == ""


def test_a_study_is_not_compared_with_itself_unsaid():
    own = place_of(0.1, "share_ev", fluid="culture", isolation="", depth="deep", dataset="PXD000022")
    assert own.own == "yes"
    assert own.words.endswith(", this data set among them)")
    other = place_of(0.1, "share_ev", fluid="culture", isolation="", depth="deep", dataset="PXD999999")
    assert (other.own, "among" in other.words) == ("no", False)
    assert is_own("https://doi.org/10.1/x", "Someone 2020 10.1/x") == "yes"


def test_few_preparations_have_a_number_and_no_quantiles():
    table = preparations_table()
    quantiles = [c for c in table.columns if c.startswith("q")]
    few = table["n"] < LIMIT["min_preparations"]
    assert few.any()
    assert table.loc[few, quantiles].isna().all().all()
    assert table.loc[~few, quantiles].notna().all().all()
    assert (table["studies"] != "").all()
    assert (table["n_studies"] <= table["n"]).all()
    # nobody is compared with two preparations: the next kind is taken
    place = place_of(0.1, "share_ev", fluid="plasma", isolation="precipitation", depth="medium")
    assert place.kind == "plasma precipitation preparations"


def test_quantiles_rise_and_shares_are_shares():
    table = preparations_table()
    columns = [c for c in table.columns if c.startswith("q")]
    values = table[columns].dropna().to_numpy(float)
    assert (np.diff(values, axis=1) >= 0).all()
    shares = table[table["item"].str.startswith("share_")][columns].to_numpy(float)
    assert np.nanmax(shares) <= 1


@pytest.mark.parametrize(
    ("text", "method"),
    [
        ("SEC", "sec"),
        ("size exclusion (qEV)", "sec"),
        ("dUC", "ultracentrifugation"),
        ("differential ultracentrifugation (dUC)", "ultracentrifugation"),
        ("iodixanol density gradient ultracentrifugation", "density_gradient"),
        ("low-speed centrifugation", "centrifugation"),
        ("ExoQuick", "precipitation"),
        ("CD63 immunoprecipitation", "beads"),
        ("SAX bead Mag-Net", "beads"),
        ("tangential flow filtration", "filtration"),
        ("UC then SEC", "combined"),
        ("whole cell lysate", ""),
        ("", ""),
        (np.nan, ""),
    ],
)
def test_isolation_from_words(text, method):
    assert isolation_of(text) == method


def test_isolation_of_the_sheet_chooses_the_preparations():
    values = pd.DataFrame(filler(60)).assign(CD9=100.0)
    values.index = pd.Index(["s1", "s2", "s3"])
    sheet = {"isolation": ["SEC", "SEC", "by hand"]}
    result = mk.composition(experiment(values, sheet), fluid="plasma")
    kind = result.table.query("component == 'ev'").set_index("name")["reference_kind"]
    assert kind["s1"] == "plasma SEC preparations"
    assert kind["s3"] == "plasma preparations"
    # a group of several methods is compared with all of them
    assert kind["all samples"] == "plasma preparations"
    stated = mk.composition(experiment(values, sheet), fluid="plasma", isolation="SEC").table
    assert stated.query("component == 'ev'")["reference_kind"].eq("plasma SEC preparations").all()


# ---- in an assessment -----------------------------------------------------------------------


def test_assessment_without_a_contrast_says_what_is_in_the_tube(example):
    context = {"fluid": "culture", "isolation": "SEC", "accession": "PXD000022"}
    result = mk.assess(example, context=context)
    words = result.composition.ev_markers.table
    assert words["level"].value_counts().to_dict() == {"sample": 12, "group": 1}
    assert words["reference_kind"].str.contains("cell culture SEC").all()
    assert {"composition", "ev_markers"} <= set(result.tables)
    assert result.composition.params["dataset"] == "PXD000022"


def test_assessment_with_a_contrast(example_assessment):
    words = example_assessment.composition.ev_markers.table
    assert words.loc[words["level"] == "group", "name"].tolist() == ["EV", "lysate"]


# ---- real data --------------------------------------------------------------------------------

#: data set, fluid, group -> words that an EV biologist would accept
REAL = [
    (
        "magnet_ev_vs_plasma",
        "plasma",
        {"EV_MagNet": {"moderate", "strong"}, "Plasma_total": {"weak", "none"}},
    ),
    (
        "wallis_ms2_sec_fractions",
        "culture",
        {
            "SEC_F8_exosome": {"strong"},
            "SEC_F20_coisolated": {"weak", "none"},
            "CM_conditioned_medium": {"weak", "none"},
        },
    ),
    ("tanzer_u937_cells", "culture", {g: {"weak"} for g in ("control", "apoptosis", "necroptosis")}),
    ("bv2_mouse_ev_vs_cell", "culture", {"EV": {"strong"}, "Cell": {"weak"}}),
    ("breast_cellline_exosomes_maxquant", "culture", {"EV_MCF10": {"strong"}, "EV_MDA": {"strong"}}),
    (
        "plasma_ev_isolation_meta_pnnl",
        "plasma",
        {"SEC": {"strong"}, "UC": {"weak"}, "Centrifugation": {"moderate"}, "DilutionUC": {"none", "weak"}},
    ),
]


QUICK = "wallis_ms2_sec_fractions"  # strong, weak and none in one study


@pytest.mark.parametrize(
    ("name", "fluid", "expected"),
    [pytest.param(*r, id=r[0], marks=() if r[0] == QUICK else pytest.mark.slow) for r in REAL],
)
def test_real_preparations(shared_data, name, fluid, expected):
    folder = shared_data / name
    organism = "mouse" if "mouse" in name else "human"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", mk.MarkerkitWarning)
        exp = mk.read_proteins(folder / "matrix.tsv", samples=folder / "samples.tsv", organism=organism)
    result = mk.composition(mk.harmonize_ids(exp), group="group", fluid=fluid)
    words = result.ev_markers.table
    groups = words[words["level"] == "group"].set_index("name")["word"]
    assert {g: groups[g] in allowed for g, allowed in expected.items()} == dict.fromkeys(expected, True)
    samples = words[words["level"] == "sample"]
    assert (samples["word"] != "not assessable").mean() >= 0.9
    assert result.table.groupby(["level", "name"])["share"].sum().to_numpy() == pytest.approx(1)
