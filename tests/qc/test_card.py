"""Quality cards of single samples: by hand, against known truth, and on real data."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest

import markerkit as mk
from markerkit import figures
from markerkit.catalog.criteria import load_criteria
from markerkit.catalog.load import shipped
from markerkit.core.errors import InputError
from markerkit.core.signal import signal_of
from markerkit.qc.ev_markers import ev_marker_genes, ev_marker_ranks, gene_ranks
from markerkit.qc.indices import PLASMA_PANELS, plasma_indices, plasma_panel, two_axis
from markerkit.qc.outliers import far, robust_z, similarity
from markerkit.qc.reference import QUANTILES, REFERENCE_DISTRIBUTIONS, documented, percentile
from markerkit.tables.registry import TABLES
from tests.helpers import experiment


@pytest.fixture(scope="module")
def markers():
    return shipped("human")


@cache
def example():
    return mk.simulate(n=6, n_background=150, missing=0.1, seed=20).experiment


@pytest.fixture(scope="module")
def card(markers):
    return mk.quality(example(), markers, group="fraction", fluid="culture")


def item(card, sample, kind, name):
    table = card.table
    rows = table[(table["sample"] == sample) & (table["kind"] == kind) & (table["item"] == name)]
    assert len(rows) == 1
    return rows.iloc[0]


def flags(card, kind):
    table = card.table
    return set(table.loc[(table["flag"] == "review") & (table["kind"] == kind), "sample"])


# ---- contract --------------------------------------------------------------------


def test_contract(card, markers):
    exp = example()
    spec = TABLES["sample_quality"]
    assert list(card.table.columns) == spec.names
    assert list(card.table["sample"].drop_duplicates()) == list(exp.samples.index)
    assert not card.table.duplicated(["sample", "kind", "item"]).any()
    assert set(card.table["flag"]) <= {"", "review"}
    # each row says what it is, and each without a value says why
    assert (card.table["meaning"] != "").all()
    empty = card.table[card.table["value"].isna() & (card.table["kind"] != "marker")]
    assert (empty["reason"] != "").all()
    n = len(ev_marker_genes(markers, blood=False))
    assert (card.table[card.table["kind"] == "marker"].groupby("sample").size() == n).all()
    words = " ".join(card.table["meaning"]) + " ".join(card.table["status"])
    assert "compatible" not in words
    assert "verdict" not in words
    assert card.blanks.table.empty
    assert list(card.blanks.table.columns) == TABLES["blanks"].names


def test_vesicles_rank_above_lysates_sample_by_sample(card):
    rank = card.table[(card.table["kind"] == "ev") & (card.table["item"] == "ev_rank")].set_index("sample")
    ev = rank["group"] == "EV"
    assert rank.loc[ev, "value"].min() > rank.loc[~ev, "value"].max()
    assert (rank["ci_low"] < rank["value"]).all()
    assert (rank["value"] < rank["ci_high"]).all()


def test_sample_alone_gives_the_same_card(card, markers):
    """A card without the outliers does not depend on the other samples."""
    one = mk.quality(example().select(samples=["EV_D3"]), markers, fluid="culture")
    for kind in ("ev", "share", "index"):
        for row in one.table[one.table["kind"] == kind].itertuples():
            other = item(card, "EV_D3", kind, row.item)
            assert row.value == pytest.approx(other["value"], nan_ok=True), row.item
    alone = item(one, "EV_D3", "outlier", "correlation")
    assert alone["status"] == "not assessed"
    assert alone["reason"] == "no other sample in the group"


def test_input_unchanged_and_order_irrelevant(card, markers):
    exp = example()
    before = exp.values.copy()
    turned = exp.select(samples=list(exp.samples.index[::-1]), proteins=list(exp.proteins.index[::-1]))
    again = mk.quality(turned, markers, group="fraction", fluid="culture")
    pd.testing.assert_frame_equal(before, exp.values)
    keys = ["sample", "kind", "item"]
    a, b = (t.table.set_index(keys)["value"].sort_index() for t in (card, again))
    pd.testing.assert_series_equal(a, b)


def test_refusals(markers):
    exp = example()
    with pytest.raises(InputError, match="before normalization"):
        mk.quality(exp.pipe(mk.log2).pipe(mk.normalize), markers)
    with pytest.raises(InputError, match="`fluid`"):
        mk.quality(exp, markers, fluid="beer")
    with pytest.raises(InputError, match="plate"):
        mk.quality(exp, markers, group="plate")
    with pytest.raises(InputError, match="no protein matches"):
        mk.quality(experiment({"XX1": [1.0], "XX2": [2.0]}), markers)


def test_ratios_give_presence_only(markers):
    logs = example().values
    ratio = mk.Experiment(
        np.log2(logs) - 20, proteins=example().proteins, scale="ratio", history=[{"verb": "harmonize_ids"}]
    )
    table = mk.quality(ratio, markers).table
    assert (
        table.loc[
            table["kind"].isin(["share", "marker", "ev"]) & ~table["item"].str.startswith("seen"), "value"
        ]
        .isna()
        .all()
    )
    assert not table["item"].str.startswith("geyer").any()
    assert (table.loc[table["kind"] == "marker", "status"] == "seen").any()


# ---- by hand ---------------------------------------------------------------------


def test_ranks_by_hand():
    ranks = gene_ranks(experiment({"CD63": [4.0], "CD9": [1.0], "A": [2.0], "B": [np.nan]}))
    # three measured: ranks 3, 1, 2, each less a half, over three
    assert ranks.loc["s1", ["CD63", "CD9", "A"]].tolist() == pytest.approx([250 / 3, 50 / 3, 50])
    assert np.isnan(ranks.loc["s1", "B"])


def test_ev_marker_rank_by_hand(markers):
    exp = experiment({"CD63": [8.0], "CD81": [4.0], "CD9": [1.0], "ALB": [2.0]})
    found = ev_marker_ranks(exp, markers, blood=False).loc["s1"]
    assert found["ev_rank"] == pytest.approx((87.5 + 62.5 + 12.5) / 3)
    assert found["ev_score"] == pytest.approx(
        (87.5 + 62.5 + 12.5) / len(ev_marker_genes(markers, blood=False))
    )
    # t of 2 degrees of freedom
    reach = 4.302652729749 * np.std([87.5, 62.5, 12.5], ddof=1) / np.sqrt(3)
    assert found["ci_low"] == pytest.approx(max(0, 54.1666667 - reach))


def test_blood_leaves_the_cells_of_blood_out(markers):
    kept, all_ = (set(ev_marker_genes(markers, blood=b).index) for b in (True, False))
    assert "ITGB3" in all_ - kept
    assert {"CD63", "CD81", "TSG101"} <= kept


def test_plasma_indices_by_hand(markers):
    exp = experiment({"HBA1": [30.0], "TLN1": [5.0], "ACTB": [10.0], "FGA": [15.0], "ALB": [40.0]})
    value = plasma_indices(signal_of(exp), markers).set_index("item")["value"]
    # ACTB belongs to the platelet and to the erythrocyte panel
    assert value["geyer2019_platelet"] == pytest.approx(0.15)
    assert value["geyer2019_erythrocyte"] == pytest.approx(0.40)
    assert value["geyer2019_coagulation"] == pytest.approx(0.15)


def test_panels_are_the_published_ones(markers, shared_data):
    path = shared_data / "databases/contaminants/Geyer2019_Marker_List_platelet_erythrocyte_coagulation.xlsx"
    sheets = pd.read_excel(path, header=None, sheet_name=None).values()
    cells = [str(v) for sheet in sheets for v in sheet.to_numpy().ravel()]
    published = {name.strip() for cell in cells for name in cell.split(";")}
    for index in PLASMA_PANELS:
        panel = set(plasma_panel(markers, index))
        # CAVIN2 is printed under its former name
        assert panel - published <= {"CAVIN2"}, index
    assert len(plasma_panel(markers, "geyer2019_platelet")) == 30
    assert len(plasma_panel(markers, "geyer2019_erythrocyte")) == 30


def test_two_axis_by_hand(markers):
    exp = experiment({"CD63": [8.0, np.nan], "ALB": [4.0, 4.0], "X": [2.0, 2.0], "Y": [np.nan, np.nan]})
    found = two_axis(exp, markers, ["CD63"]).set_index(["sample", "item"])["value"]
    n = len(
        set(
            markers.table.loc[
                markers.table["set"].isin(["misev_3a", "misev_3b", "misev_4a", "misev_4b"]), "gene"
            ]
        )
    )
    # ranks of s1: CD63 4, ALB 3; of s2 the two unseen share 1.5
    assert found.loc["s1", "two_axis_ev"] == pytest.approx(1.0)
    assert found.loc["s2", "two_axis_ev"] == pytest.approx(1.5 / 4)
    assert found.loc["s1", "two_axis_contaminants"] == pytest.approx(0.75 / n)
    assert found.loc["s1", "two_axis_index"] == pytest.approx(1 - 0.75 / n)


# ---- outliers --------------------------------------------------------------------


def test_robust_z_edges():
    assert np.isnan(robust_z(np.array([np.nan, np.nan]))).all()
    assert robust_z(np.array([2.0, 2.0, 2.0, 5.0])).tolist() == [0, 0, 0, np.inf]


def test_far_needs_samples_and_a_fold():
    assert not far(np.array([1.0, 1.0, 1.0, 50.0]), fold=1.5).any()
    assert far(np.array([1.0, 1.1, 0.9, 1.0, 50.0]), fold=1.5).tolist() == [False] * 4 + [True]
    # a large z without a fold is no outlier
    assert not far(np.array([1.0, 1.001, 0.999, 1.0, 1.1]), fold=1.5).any()


def test_swapped_sample_is_found(markers):
    exp = mk.simulate(markers, n=6, n_background=150, seed=3).experiment
    samples = exp.samples
    stranger = samples.index[samples["fraction"] == "lysate"][0]
    samples.loc[stranger, "fraction"] = "EV"
    mixed = mk.Experiment(exp.values, samples, exp.proteins, history=exp.history)
    card = mk.quality(mixed, markers, group="fraction")
    assert flags(card, "outlier") == {stranger}


def test_flags_are_rare_where_nothing_is_wrong(markers):
    """Twenty studies of alike samples: about one flag of similarity and depth in a hundred samples."""
    rng = np.random.default_rng(0)
    found = 0
    for _ in range(60):
        log = 20 + 2 * rng.standard_normal(200) + 0.4 * rng.standard_normal((6, 200))
        close = similarity(pd.DataFrame(log))
        fold = load_criteria().threshold["outlier_fold"]
        bad = far(1 - close["correlation"].to_numpy(), fold=fold) | far(
            close["distance"].to_numpy(), fold=fold
        )
        found += int(bad.sum())
    assert found <= 4  # of 360


def test_load_does_not_count():
    rng = np.random.default_rng(1)
    log = pd.DataFrame(20 + rng.standard_normal(80) + 0.2 * rng.standard_normal((6, 80)))
    moved = log.add(np.array([0, 3, -2, 1, 0, 5]), axis=0)
    pd.testing.assert_frame_equal(similarity(log), similarity(moved))


def test_shallow_and_dirty_samples_are_found(markers):
    exp = example()
    values = exp.values
    values.loc["EV_D1", values.columns[::2]] = np.nan
    values.loc["EV_D2", exp.proteins["gene"].isin(markers["er_golgi"].positive).to_numpy()] *= 30
    made = mk.Experiment(values, exp.samples, exp.proteins, history=exp.history)
    card = mk.quality(made, markers, group="fraction")
    assert flags(card, "depth") == {"EV_D1"}
    assert item(card, "EV_D2", "share", "er_golgi")["flag"] == "review"
    assert "far above the other samples" in item(card, "EV_D2", "share", "er_golgi")["meaning"]


# ---- reference distribution -------------------------------------------------------------------


def test_reference_distribution_is_whole(markers):
    for kind in REFERENCE_DISTRIBUTIONS:
        for name in ("ev_rank", "share_ev", "share_keratin", "share_ribosome"):
            low, middle, high = (percentile(kind, name, [v])[0] for v in (0.0, 1e-3, 100.0))
            assert low == 0, (kind, name)
            assert high == 100, (kind, name)
            assert 0 <= middle <= 100
    assert QUANTILES[0] == 0
    assert QUANTILES[-1] == 100
    assert np.isnan(percentile("lysate", "ev_rank", [np.nan])).all()
    assert np.isnan(percentile("lysate", "no such item", [1.0])).all()
    assert documented()["source"].notna().all()


def test_vesicles_stand_above_lysate_in_the_reference_distribution(card):
    ev = item(card, "EV_D1", "ev", "ev_rank")
    lysate = item(card, "lysate_D1", "ev", "ev_rank")
    assert ev["percentile"] > lysate["percentile"]
    assert ev["reference_distribution"] == "ev_culture"


def test_unstated_fluid_is_written_beside_the_percentile(markers):
    exp = example().select(samples=["EV_D1"])
    row = item(mk.quality(exp, markers), "EV_D1", "ev", "ev_rank")
    assert "fluid is not stated" in row["reference_distribution"]


def test_undiluted_plasma_is_flagged(markers):
    genes = [g for g in markers["plasma"].positive if g != "ALB"][:20]
    exp = experiment(
        {"ALB": [60.0, 1.0], **{g: [1.0, 1.0] for g in genes}, "CD63": [1.0, 60.0], "CD9": [1.0, 60.0]}
    )
    table = mk.quality(exp, markers, fluid="plasma").table
    rows = table[(table["kind"] == "share") & (table["item"] == "plasma")].set_index("sample")
    assert rows.loc["s1", "flag"] == "review"
    assert "as much as undiluted plasma" in rows.loc["s1", "meaning"]
    # 15 % of the signal: to review as well, but not undiluted
    assert rows.loc["s2", "flag"] == "review"
    assert "undiluted" not in rows.loc["s2", "meaning"]


# ---- figure and real data --------------------------------------------------------


@pytest.mark.parametrize("width", ["single", "double"])
def test_figure(card, width):
    figure = figures.qc_card(card.table, width=width)
    assert not figures.lint(figure)
    words = [t.get_text() for a in figure.axes for t in a.texts]
    assert set(example().samples.index) <= set(words)
    assert len([p for a in figure.axes for p in a.lines if p.get_label() == "_point"]) == 12


def test_figure_of_many_samples_shows_every_group(card):
    parts = [card.table.assign(sample=card.table["sample"] + f"_{i}") for i in range(9)]
    figure = figures.qc_card(pd.concat(parts))
    words = " ".join(t.get_text() for a in figure.axes for t in a.texts)
    assert "EV_D1" in words
    assert "lysate_D1" in words
    assert "more samples stand in the table" in words
    assert not figures.lint(figure)


def test_figure_frames_what_is_flagged(markers):
    exp = example()
    values = exp.values
    values.loc["EV_D1", values.columns[::2]] = np.nan
    card = mk.quality(mk.Experiment(values, exp.samples, exp.proteins, history=exp.history), markers)
    frames = [p for a in card.plot().axes for p in a.patches if p.get_label() == "_review"]
    shown = card.table[(card.table["flag"] == "review") & card.table["kind"].isin(["depth", "outlier"])]
    assert len(frames) >= shown["sample"].nunique() > 0


@pytest.mark.data
def test_real_vesicles_rank_above_their_cells(shared_data):
    folder = shared_data / "bv2_mouse_ev_vs_cell"
    markers = mk.load_markers(organism="mouse")
    exp = mk.read_proteins(folder / "matrix.tsv", samples=folder / "samples.tsv", organism="mouse")
    table = mk.quality(exp.pipe(mk.harmonize_ids, markers), markers, fluid="culture").table
    rank = table[table["item"] == "ev_rank"].set_index("sample")["value"]
    ev = exp.samples["group"] == "EV"
    assert rank[ev].median() > rank[~ev].median() + 10
    # the matrix was filled in, so presence is said to be unknown
    assert (table.loc[table["kind"] == "marker", "reason"] != "").all()
