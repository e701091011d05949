"""Fraction series: what is found is what was simulated; what cannot be told is refused or says why."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit
from scipy.stats import norm
from scipy.stats import t as student

import markerkit as mk
from markerkit.catalog.criteria import load_criteria
from markerkit.catalog.load import shipped
from markerkit.core.errors import InputError, MarkerkitWarning
from markerkit.core.signal import signal_of
from markerkit.purity.fraction_components import (
    Components,
    agreeing_markers,
    component_members,
    components_of,
    fraction_weight,
    share_limits,
)
from markerkit.purity.fraction_layout import Layout, layout_of, natural_order
from markerkit.purity.fraction_pools import pools_of, proposal
from markerkit.purity.fraction_trends import natural_spline
from markerkit.purity.fractions import _likeliest, _note_misfit, _peak, _Profile
from markerkit.simulation.series import SeriesSimulation
from markerkit.stats.mixture import overlap, resolution
from tests.helpers import experiment

#: half of the vesicles in F7: no tie of two fractions
PEAKS = {"ev": (7.0, 0.9), "lipoprotein": (10.0, 1.2), "soluble": (14.0, 1.2)}


@pytest.fixture(scope="module")
def markers() -> mk.MarkerCatalog:
    return shipped("human")


@pytest.fixture(scope="module")
def series(markers: mk.MarkerCatalog) -> SeriesSimulation:
    return mk.simulate_fractions(markers, peaks=PEAKS, n_replicates=3, seed=4)


@pytest.fixture(scope="module")
def found(series: SeriesSimulation, markers: mk.MarkerCatalog) -> mk.results.FractionProfiles:
    return mk.fraction_profiles(series.experiment, markers, draws=100)


def changed(exp: mk.Experiment, **columns: object) -> mk.Experiment:
    return mk.Experiment(
        exp.values, exp.samples.assign(**columns), exp.proteins, exp.scale, history=exp.history
    )


def test_peaks_resolution_and_composition_are_those_simulated(
    series: SeriesSimulation, found: mk.results.FractionProfiles
) -> None:
    peaks = found.peaks.table.set_index(["kind", "key"])
    truth = series.truth.peaks
    for key in ("ev", "lipoprotein", "soluble"):
        row = peaks.loc[("component", key)]
        assert row["peak"] == truth[key]
        assert truth[key] in row["confidence_set"].split(";")
        assert row["scale"] == "amount"
    assert peaks.loc[("class", "ev"), "peak"] == truth["ev"]
    assert peaks.loc[("source", "lipoprotein"), "peak"] == truth["lipoprotein"]
    amounts = series.truth.amounts.T.to_numpy()
    apart = resolution(amounts[0], amounts[2], np.arange(1.0, 19.0))
    row = peaks.loc[("component", "soluble")]
    assert row["resolution"] == pytest.approx(float(apart), rel=0.1)
    assert row["resolution_ci_low"] < row["resolution"] < row["resolution_ci_high"]
    assert row["overlap"] == pytest.approx(float(overlap(amounts[0], amounts[2])), abs=0.02)
    parts = found.table[found.table["kind"] == "component"].pivot_table(
        index="fraction", columns="key", values="share", sort=False
    )
    made = series.truth.amounts
    true = made.div(made.sum(axis=1), axis=0).loc[parts.index, parts.columns]
    assert np.abs(parts - true).max().max() < 0.08


def test_parts_of_the_total_sum_to_one(found: mk.results.FractionProfiles) -> None:
    of_ev = found.table[(found.table["kind"] == "component") & (found.table["key"] == "ev")]
    assert of_ev["part"].sum() == pytest.approx(1)
    assert (of_ev["part_ci_low"].dropna() <= of_ev["part"].dropna()).all()
    assert set(of_ev["interval_over"]) == {"markers and replicates"}
    assert found.params == {
        "fraction": "fraction",
        "order": "order",
        "replicate": None,
        "amount": "protein_ug",
        "draws": 100,
        "seed": found.params["seed"],
        "misfit": found.params["misfit"],
    }
    empty = of_ev[of_ev["fraction"] == "F1"].iloc[0]
    assert np.isnan(empty["share"])
    assert empty["reason"] == "nothing measured in this fraction"


def test_pool_is_as_pure_as_it_says(series: SeriesSimulation, found: mk.results.FractionProfiles) -> None:
    pools = found.pools.table
    pool = pools[pools["proposed"]].iloc[0]
    fractions = pool["fractions"].split(";")
    assert series.truth.peaks["ev"] in fractions
    assert pool["purity"] == pytest.approx(series.truth.purity(fractions), abs=0.05)
    assert pool["recovered"] == pytest.approx(series.truth.recovery(fractions), abs=0.05)
    assert pool["purity_ci_low"] < pool["purity"] < pool["purity_ci_high"]
    # a fraction without an amount is in no pool
    lost = pools[pools["fractions"].str.startswith("F1;")]
    assert set(lost["status"]) == {"not assessable"}
    assert set(lost["reason"]) == {"a fraction of it has no amount"}


def test_more_soluble_protein_lowers_the_share_of_the_vesicles_but_not_their_part(
    markers: mk.MarkerCatalog,
) -> None:
    rows = {}
    for amount in (500.0, 8000.0):
        made = mk.simulate_fractions(
            markers, peaks=PEAKS, amounts={"soluble": amount}, n_replicates=1, seed=4, noise=0.1, amount_cv=0
        )
        table = mk.fraction_profiles(made.experiment, markers, draws=20).table
        ev = table[(table["kind"] == "class") & (table["key"] == "ev")].set_index("fraction")
        rows[amount] = ev.loc["F10", "share"], ev.loc["F7", "part"]
    assert rows[8000.0][0] < 0.5 * rows[500.0][0]
    assert rows[8000.0][1] == pytest.approx(rows[500.0][1], abs=0.05)


def test_without_amounts_shares_are_given_and_the_rest_says_why(
    series: SeriesSimulation, markers: mk.MarkerCatalog
) -> None:
    exp = series.experiment
    bare = mk.Experiment(
        exp.values, exp.samples.drop(columns="protein_ug"), exp.proteins, history=exp.history
    )
    found = mk.fraction_profiles(bare, markers, draws=20)
    assert found.table["part"].isna().all()
    assert found.table["share"].notna().any()
    assert found.pools.table["status"].tolist() == ["not assessable"]
    assert "protein_ug" in found.pools.table["reason"].iloc[0]
    assert set(found.peaks.table["scale"]) == {"share of signal"}
    assert (
        "where little else is"
        in found.peaks.table.set_index(["kind", "key"]).loc[("component", "ev"), "reason"]
    )
    assert set(found.trends.table["scale"]) == {"share of signal"}


def test_trends_find_what_rises_and_what_peaks(found: mk.results.FractionProfiles) -> None:
    trends = found.trends.table.set_index(["kind", "key"])
    assert trends.loc[("source", "plasma"), "slope"] > 0.5
    assert trends.loc[("source", "plasma"), "padj"] < 0.01
    assert trends.loc[("class", "ev"), "f_padj"] < 0.01
    assert trends.loc[("source", "mitochondrion"), "status"] == "not tested"
    assert trends.loc[("source", "mitochondrion"), "reason"] == "too few members measured"
    of_proteins = found.trends.table[found.trends.table["kind"] == "protein"]
    assert len(of_proteins) > 300
    assert of_proteins["key"].is_unique
    assert of_proteins["key"].notna().all()


def test_trends_hold_their_level_on_noise() -> None:
    rng = np.random.default_rng(5)
    values = pd.DataFrame(
        np.exp2(rng.normal(20, 1, (12, 400))),
        index=[f"s{i}" for i in range(12)],
        columns=[f"G{i}" for i in range(400)],
    )
    sheet = {
        "fraction": [f"F{i % 6 + 1}" for i in range(12)],
        "order": [i % 6 + 1 for i in range(12)],
        "replicate": [i // 6 for i in range(12)],
    }
    exp = experiment(values, sheet)
    trends = mk.fraction_profiles(exp, draws=5).trends.table
    of_proteins = trends[trends["kind"] == "protein"]
    assert 0.02 < (of_proteins["pvalue"] < 0.05).mean() < 0.09
    assert 0.02 < (of_proteins["f_pvalue"] < 0.05).mean() < 0.09


def test_spline_holds_a_straight_line() -> None:
    place = pd.Series([1.0, 2, 3, 4, 5, 6])
    basis = np.column_stack([np.ones(6), natural_spline(place)])
    fitted = basis @ np.linalg.lstsq(basis, place, rcond=None)[0]
    assert fitted == pytest.approx(place.to_numpy())
    assert np.linalg.matrix_rank(basis) == 4


@pytest.mark.parametrize(
    ("purity", "recovered", "expected"),
    [
        ([0.90, 0.80], [0.24, 0.60], 1),  # a quarter of the vesicles is not reached
        ([0.90, 0.80], [0.25, 0.60], 0),  # it is: 0.80 keeps less than nine tenths of 0.90
        ([0.90, 0.82], [0.25, 0.60], 1),  # nine tenths are kept
        ([0.90, 0.82], [0.10, 0.20], -1),
    ],
)
def test_the_rule_of_the_proposal(purity: list[float], recovered: list[float], expected: int) -> None:
    pools = pd.DataFrame({"purity": purity, "recovered": recovered, "n_fractions": 1})
    assert proposal(pools)[0] == expected


def test_interval_carries_markers_and_replicates() -> None:
    rng = np.random.default_rng(6)
    drawn = 0.5 + 0.02 * rng.standard_normal((2000, 1))
    alone = share_limits(np.array([0.5]), np.array([[0.5]]), drawn, 0.95)
    assert alone[0][0] == pytest.approx(0.5 - 1.96 * 0.02, abs=0.004)
    several = share_limits(np.array([0.5]), np.array([[0.4], [0.5], [0.6]]), drawn, 0.95)
    assert several[0][0] < 0.3
    two = share_limits(np.array([0.5]), np.array([[0.4], [0.6]]), drawn, 0.95)
    assert two[0][0] == pytest.approx(alone[0][0], abs=1e-9)
    same = share_limits(np.array([0.5]), np.array([[0.5]] * 3), drawn, 0.95)
    assert same[1][0] == pytest.approx(alone[1][0], abs=1e-9)


def small_layout(n: int = 6) -> Layout:
    fractions = {
        "fraction": [f"F{i + 1}" for i in range(n)],
        "order": list(range(n)),
        "protein_ug": [1.0] * n,
    }
    return layout_of(experiment({"CD9": [1.0] * n}, fractions))


def test_a_marker_that_lies_elsewhere_is_left_out() -> None:
    limit = load_criteria().convention["series_marker_outside"]
    inside = np.array([0.6, 0.4, 0, 0, 0, 0])
    elsewhere = np.array([0, 0, 0, 0, 0.5, 0.5])
    markers = [
        inside,
        inside,
        inside,
        *((1 - x) * inside + x * elsewhere for x in (limit - 0.01, limit + 0.01)),
    ]
    kept = agreeing_markers(np.array(markers).T[None], small_layout())
    assert kept.shape == (1, 6, 4)
    assert kept[0, :, -1] == pytest.approx(markers[3])


def test_too_few_proteins_do_not_count_as_a_fraction() -> None:
    values = pd.DataFrame(np.ones((2, 20)), index=["s1", "s2"], columns=[f"G{i}" for i in range(20)])
    values.iloc[1, 0] = np.nan
    exp = experiment(values, {"fraction": ["F1", "F2"], "order": [1, 2]})
    layout = layout_of(exp)
    assert fraction_weight(layout, signal_of(layout.exp)).tolist() == [[20.0, 0.0]]


def test_amounts_are_drawn_with_the_error_of_an_assay() -> None:
    drawn = small_layout().amounts_redrawn(4000, np.random.default_rng(1))
    assert drawn.shape == (4000, 1, 6)
    assert np.log(drawn).std() == pytest.approx(load_criteria().convention["amount_cv"], rel=0.05)
    assert np.median(drawn) == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize(("by", "warned"), [(-0.01, False), (0.01, True)])
def test_a_misfit_is_said_from_its_limit_on(by: float, *, warned: bool) -> None:
    none = np.zeros((1, 1, 1))
    left = load_criteria().convention["series_misfit"] + by
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        _note_misfit(Components(("ev",), {}, {}, none, none, left))
    assert bool(caught) is warned


# ---- what is refused ------------------------------------------------------------------


def small(**columns: object) -> mk.Experiment:
    sheet = {"fraction": ["F1", "F2", "F10"], "order": [1, 2, 10]} | columns
    return experiment({"CD9": [1.0, 2.0, 3.0], "ALB": [5.0, 4.0, 3.0]}, sheet)  # type: ignore[arg-type]


def test_names_give_the_order_where_asked() -> None:
    exp = experiment({"CD9": [1.0, 2.0, 3.0]}, {"fraction": ["100K", "2K", "10K"]})
    assert layout_of(exp, order="natural").fractions == ("2K", "10K", "100K")
    with pytest.raises(InputError, match="order='natural'"):
        layout_of(exp)
    nameless = experiment({"CD9": [1.0, 2.0]}, {"fraction": ["top", "F2"]})
    with pytest.raises(InputError, match="'top' has no number"):
        layout_of(nameless, order="natural")


def test_samples_without_an_order_are_no_fractions() -> None:
    nameless = layout_of(small(fraction=["F2", None, "F1"], order=[np.nan] * 3), order="natural")
    assert nameless.fractions == ("F1", "F2")
    assert list(nameless.exp.samples.index) == ["s1", "s3"]
    layout = layout_of(small(order=[2, 1, np.nan]))
    assert layout.fractions == ("F2", "F1")
    assert layout.exp.n_samples == 2


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"order": [1, "late", 3]}, "`order` of the sample 's2' is 'late'"),
        ({"order": [1, 1, 3]}, "'F1' and 'F2' have the same place 1"),
        ({"fraction": ["F1", "F1", "F2"], "order": [1, 2, 3]}, "'F1' has two places, 1 and 2"),
        ({"fraction": ["F1", "F1", "F2"], "order": [1, 1, 2]}, "sample column `replicate`"),
        (
            {"fraction": ["F1", "F1", "F2"], "order": [1, 1, 2], "replicate": ["a", "a", "a"]},
            "both fraction 'F1' of one series",
        ),
        ({"replicate": ["a", None, "a"]}, "`replicate` is empty for 's2'"),
        ({"order": [1, np.nan, np.nan]}, "at least two fractions"),
        ({"fraction": ["F1", None, "F3"]}, "sample 's2' has an `order` but no `fraction`"),
        ({"protein_ug": [1.0, -2.0, 3.0]}, "`protein_ug` of the sample 's2' is -2.0"),
        ({"protein_ug": [1.0, 0.0, 3.0]}, "`protein_ug` of the sample 's2' is 0.0"),
        ({"protein_ug": [1.0, 2.0, "much"]}, "`protein_ug` of the sample 's3' is 'much'"),
    ],
)
def test_a_series_that_cannot_be_is_refused(columns: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        layout_of(small(**columns))


def test_other_refusals(series: SeriesSimulation, markers: mk.MarkerCatalog) -> None:
    exp = series.experiment
    ratios = mk.Experiment(np.log2(exp.values), exp.samples, exp.proteins, "ratio", history=exp.history)
    with pytest.raises(InputError, match="no linear abundance"):
        mk.fraction_profiles(ratios, markers)
    with pytest.raises(InputError, match="before normalization"):
        mk.fraction_profiles(mk.normalize(mk.log2(exp), method="median"), markers)
    part = exp.select(samples=list(exp.samples.index[exp.values.notna().any(axis=1)]))
    shares = part.values.div(part.values.sum(axis=1), axis=0)
    scaled = mk.Experiment(shares, part.samples, part.proteins, history=part.history)
    with pytest.raises(InputError, match="same total signal"):
        mk.fraction_profiles(scaled, markers, amount="signal")


def test_few_fractions_and_few_markers_say_so(series: SeriesSimulation, markers: mk.MarkerCatalog) -> None:
    exp = series.experiment
    three = exp.select(samples=[f"R1_F{i}" for i in (7, 10, 14)])
    found = mk.fraction_profiles(three, markers, draws=5)
    assert "3 fractions for 3 components" in found.pools.table["reason"].iloc[0]
    status = found.table.groupby(["kind", "key"])["status"].agg(set)
    assert status["component", "ev"] == {"not assessed"}
    assert status["class", "ev"] == {"tested"}
    assert status["source", "mitochondrion"] == {"too few measured"}
    assert found.trends.table.set_index(["kind", "key"]).loc[("class", "ev"), "n"] == 3
    two = mk.fraction_profiles(exp.select(samples=["R1_F7", "R1_F14"]), markers, draws=5)
    assert set(two.trends.table["status"]) == {"not tested"}
    assert two.trends.table["reason"].iloc[0] == "2 fractions; a trend needs 3 or more"
    without = exp.select(proteins=[p for p in exp.proteins.index if str(p).startswith("BG")])
    none = mk.fraction_profiles(without, markers, draws=5)
    assert none.pools.table["reason"].iloc[0] == "0 EV markers measured in the series, too few"


def test_other_material_is_warned_about(series: SeriesSimulation, markers: mk.MarkerCatalog) -> None:
    exp = series.experiment
    values = exp.values
    values["BG2001"] = np.where(
        exp.samples["order"].isin([3, 4, 5, 16, 17, 18]), 9 * values.sum(axis=1), values["BG2001"]
    )
    other = mk.Experiment(values, exp.samples, exp.proteins, history=exp.history)
    with pytest.warns(MarkerkitWarning, match="miss the signal of a fraction"):
        mk.fraction_profiles(other, markers, draws=5)


def test_the_peak_comes_first_in_its_confidence_set_and_the_likeliest_others_follow() -> None:
    assert _likeliest(np.array([3, 96, 1]), top=0) == [0, 1]
    assert _likeliest(np.array([1, 95, 4]), top=1) == [1]
    assert _likeliest(np.array([1, 94, 5]), top=1) == [1, 2]


def test_a_k_in_the_name_of_a_fraction_is_a_thousand() -> None:
    assert natural_order("10K pellet") == 10_000
    assert np.isnan(natural_order("pellet"))


@pytest.mark.parametrize(("more", "refused"), [(1.0009, True), (1.0012, False)])
def test_signal_says_nothing_of_amounts_where_all_fractions_were_scaled_to_one(
    series: SeriesSimulation, markers: mk.MarkerCatalog, more: float, refused: bool
) -> None:
    exp = series.experiment
    linear = exp.linear(decoys=False)
    even = exp.values.mul(1e9 / linear.sum(axis=1), axis=0)
    even.loc[linear.sum(axis=1).idxmax()] *= more
    scaled = mk.Experiment(even, exp.samples, exp.proteins, exp.scale, history=exp.history)
    if refused:
        with pytest.raises(InputError, match="every fraction has the same total signal"):
            mk.fraction_profiles(scaled, markers, amount="signal", draws=20)
    else:
        assert mk.fraction_profiles(scaled, markers, amount="signal", draws=20).params["draws"] == 20


def test_limits_of_a_share_by_hand() -> None:
    """Markers alone where too few replicates say how far they lie apart; else both, with the df of Satterthwaite."""
    runs = np.array([[0.2, 0.2], [0.3, np.nan], [0.4, np.nan]])
    drawn = np.array([[0.28, 0.18], [0.30, 0.20], [0.33, 0.23]])
    point = np.array([0.3, 0.2])
    low, high = share_limits(point, runs, drawn, 0.95)
    of_markers, between = logit(drawn).var(axis=0, ddof=1), logit(runs[:, 0]).var(ddof=1) / 3
    df = 2 * ((of_markers[0] + between) / between) ** 2
    half = student.ppf(0.975, df) * np.sqrt(of_markers[0] + between)
    assert [low[0], high[0]] == pytest.approx(expit(logit(0.3) + np.array([-half, half])))
    half = norm.ppf(0.975) * np.sqrt(of_markers[1])
    assert [low[1], high[1]] == pytest.approx(expit(logit(0.2) + np.array([-half, half])), rel=1e-6)


@pytest.mark.parametrize(("by", "known"), [(-1, False), (0, True)])
def test_a_fraction_of_too_few_proteins_has_no_composition(
    series: SeriesSimulation, markers: mk.MarkerCatalog, by: int, known: bool
) -> None:
    n = int(load_criteria().convention["min_background"]) + by
    of_ev = series.experiment.proteins["gene"].isin(component_members(markers)["ev"])
    ev = series.experiment.values.loc["R1_F7", of_ev].nlargest(n - 5).index
    exp = series.experiment.select(
        samples=[f"R1_F{i}" for i in range(4, 17)],
        proteins=[p for p, other in (~of_ev).items() if other or p in ev],
    )
    values = exp.values
    others = values.loc["R1_F7"].drop(ev).dropna().index
    values.loc["R1_F7", others[5:]] = np.nan
    layout = layout_of(mk.Experiment(values, exp.samples, exp.proteins, exp.scale, history=exp.history))
    found = components_of(layout, signal_of(layout.exp), markers, draws=3, seed=1)
    at = layout.fractions.index("F7")
    assert np.isfinite(found.share[:, at]).all() == known
    assert np.isfinite(found.drawn[:, :, at]).all() == known
    assert np.isfinite(np.delete(found.share, at, axis=1)).all()
    if known:
        assert found.share[:, at].sum(axis=-1) == pytest.approx(1)


def test_a_gene_stands_for_one_component_only() -> None:
    """The first that holds it: vesicles, then lipoprotein, then soluble protein."""
    lists = {"pan_ev": ["CD9"], "lipoprotein": ["APOB", "CD9"], "plasma": ["ALB", "APOB", "CD9"]}
    empty = {"misev_1a", "misev_2a", "plasma_soluble", "immunoglobulin", "coagulation"}
    members = component_members(mk.MarkerCatalog.from_dict(lists | {key: ["TF"] for key in empty}))
    assert members == {"ev": ("CD9", "TF"), "lipoprotein": ("APOB",), "soluble": ("ALB",)}


def test_purity_and_yield_of_a_pool_are_means_of_the_replicates() -> None:
    """EV shares of 0.2, 0.3 and 0.7 in the first of two fractions, 0.1 in the other, of 2 and 1 micrograms."""
    share = np.array([[0.2, 0.1], [0.3, 0.1], [0.7, 0.1]])[..., None]
    layout = layout_of(
        experiment(
            {"CD9": [1.0] * 6},
            {
                "fraction": ["F1", "F2"] * 3,
                "order": [1, 2] * 3,
                "replicate": ["a", "a", "b", "b", "c", "c"],
                "protein_ug": [2.0, 1.0] * 3,
            },
        )
    )
    components = Components(("ev",), {}, {}, share, np.repeat(share[None], 5, axis=0), 0.0)
    pools = pools_of(layout, components, seed=1).set_index("fractions")
    assert pools.loc["F1", "purity"] == pytest.approx((0.2 + 0.3 + 0.7) / 3)
    assert pools.loc["F1;F2", "purity"] == pytest.approx((0.5 + 0.7 + 1.5) / 3 / 3)
    assert pools.loc["F1", "recovered"] == pytest.approx((4 / 5 + 6 / 7 + 14 / 15) / 3)
    assert pools.loc["F1;F2", "recovered"] == pytest.approx(1)


@pytest.mark.parametrize(
    ("share", "reason", "status"),
    [
        (0.0, "", "not assessable"),
        (0.1, "", "assessed"),
        (0.1, "2 of 9 members measured, too few", "not assessable"),
    ],
)
def test_no_signal_where_the_amounts_are_known_gives_no_peak(share: float, reason: str, status: str) -> None:
    curve = np.array([0, 0, share, 0, 0, 0])
    drawn = np.repeat(curve[None], 3, axis=0)
    profile = _Profile("class", "ev", curve[None], drawn[:, None], 9, 5, reason)
    row = _peak(small_layout(), profile, curve, drawn)
    assert row["status"] == status
    if status == "assessed":
        assert (row["peak"], row["reason"]) == ("F3", "")
    else:
        assert row["reason"] == (reason or "no signal in the fractions with an amount")
        assert "peak" not in row
