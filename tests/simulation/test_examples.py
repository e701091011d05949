"""The simulator makes what it says: the same each time, and with its truth recovered."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import markerkit as mk
from markerkit.catalog.load import shipped
from markerkit.simulation.examples import load_example, simulate, write_example


@pytest.fixture(scope="module")
def markers() -> mk.MarkerCatalog:
    return shipped("human")


def log2_fc(exp: mk.Experiment) -> pd.Series:
    """Plain mean log2 difference EV minus the other arm."""
    log = np.log2(exp.values)
    case = exp.samples["fraction"] == "EV"
    return log[case].mean() - log[~case].mean()


def test_same_seed_same_numbers(markers: mk.MarkerCatalog) -> None:
    first, second = simulate(markers, n=3, seed=4), simulate(markers, n=3, seed=4)
    pd.testing.assert_frame_equal(first.experiment.values, second.experiment.values)
    assert first.truth.discordant == second.truth.discordant
    assert not simulate(markers, n=3, seed=5).experiment.values.equals(first.experiment.values)


def test_shapes_and_labels(markers: mk.MarkerCatalog) -> None:
    exp = simulate(markers, n=4, paired=True, n_background=300).experiment
    assert exp.scale == "raw"
    assert exp.n_samples == 8
    assert exp.samples["fraction"].value_counts().to_dict() == {"EV": 4, "lysate": 4}
    assert exp.samples["donor"].nunique() == 4
    assert exp.samples.groupby("fraction")["batch"].nunique().eq(2).all()
    assert exp.proteins["gene"].is_unique
    assert set(markers["exosome"].positive) & set(exp.proteins["gene"])
    known = markers.table.drop_duplicates("gene").set_index("gene")["accession"]
    ours = exp.proteins[exp.proteins["gene"].isin(known.index)]
    assert (known[ours["gene"]].to_numpy() == ours["accession"].to_numpy()).all()


def test_unpaired_donors_differ(markers: mk.MarkerCatalog) -> None:
    assert simulate(markers, n=3, paired=False).experiment.samples["donor"].nunique() == 6


def test_pairing_shows_in_the_values(markers: mk.MarkerCatalog) -> None:
    """A donor's EV resembles the lysate of the same donor more than that of another."""
    exp = simulate(markers, n=6, donor_sd=1.0, missing=0.0, seed=2).experiment
    background = exp.proteins.index[exp.proteins["gene"].str.startswith("BG")]
    log = np.log2(exp.values[background])
    ev, lysate = (log[exp.samples["fraction"] == arm] for arm in ("EV", "lysate"))
    r = np.corrcoef(ev - ev.mean(), lysate - lysate.mean())[:6, 6:]
    assert np.diag(r).mean() > r[~np.eye(6, dtype=bool)].mean() + 0.4


def test_batches_show_in_the_values(markers: mk.MarkerCatalog) -> None:
    """Samples of one batch resemble each other, in either arm, where batches matter."""
    gap = {}
    for batch_sd in (0.0, 1.0):
        exp = simulate(markers, n=6, paired=False, batch_sd=batch_sd, missing=0.0, seed=2).experiment
        log = np.log2(exp.values[exp.proteins.index[exp.proteins["gene"].str.startswith("BG")]])
        left = log - log.groupby(exp.samples["fraction"]).transform("mean")
        same = exp.samples["batch"].to_numpy()[:, None] == exp.samples["batch"].to_numpy()
        r = np.corrcoef(left)
        gap[batch_sd] = r[same & ~np.eye(len(r), dtype=bool)].mean() - r[~same].mean()
    assert abs(gap[0.0]) < 0.1
    assert gap[1.0] > 0.5


@pytest.mark.parametrize("missing", [0.05, 0.2, 0.4])
def test_missing_share(markers: mk.MarkerCatalog, missing: float) -> None:
    exp = simulate(markers, missing=missing).experiment
    assert exp.missing == pytest.approx(missing, abs=0.01)
    assert exp.values.notna().any().all()


def test_missing_depends_on_abundance(markers: mk.MarkerCatalog) -> None:
    values = simulate(markers, missing=0.25).experiment.values
    level, lost = np.log2(values).mean(), values.isna().mean()
    order = level.sort_values().index
    assert lost[order[: len(order) // 3]].mean() > 3 * lost[order[-len(order) // 3 :]].mean()


def test_magnitudes(markers: mk.MarkerCatalog) -> None:
    log = np.log2(simulate(markers).experiment.values)
    assert 20 < np.nanmedian(log) < 28
    assert 1.5 < np.nanstd(log) < 3.5
    within = log[log.index.str.startswith("lysate")].std()
    assert 0.4 < within.median() < 1.2


def test_spread_differs_between_proteins(markers: mk.MarkerCatalog) -> None:
    """As in real tables: the noisiest tenth has more than twice the spread of the quietest."""
    log = np.log2(simulate(markers, n=12, missing=0.0).experiment.values)
    spread = log[log.index.str.startswith("lysate")].std()
    assert 2.3 < spread.quantile(0.9) / spread.quantile(0.1) < 6


def test_markers_move_together(markers: mk.MarkerCatalog) -> None:
    """EV markers share noise within a group, background proteins do not."""
    exp = simulate(markers, n=24, missing=0.0, seed=1).experiment
    log = np.log2(exp.values)
    left = log.sub(log.median(axis=1), axis=0)
    left -= left.groupby(exp.samples["fraction"]).transform("mean")
    gene = exp.proteins["gene"]

    def correlation(chosen: pd.Series) -> float:
        r = np.corrcoef(left.loc[:, chosen.to_numpy()].T)
        return float(r[np.triu_indices(len(r), 1)].mean())

    assert 0.1 < correlation(gene.isin(markers["pan_ev"].positive)) < 0.4
    assert abs(correlation(gene.str.startswith("BG"))) < 0.05


def test_markers_rise_and_the_wrong_ones_do_not(markers: mk.MarkerCatalog) -> None:
    made = simulate(markers, n=8, effect=2.5, discordant_fraction=0.3, missing=0.0, seed=3)
    gene = made.experiment.proteins["gene"]
    change = log2_fc(made.experiment) - log2_fc(made.experiment)[gene.str.startswith("BG")].median()
    exosome = gene.isin(markers["exosome"].positive)
    wrong = gene.isin(made.truth.discordant)
    assert change[exosome & ~wrong].mean() == pytest.approx(2.5, abs=0.4)
    assert abs(change[wrong].mean()) < 0.6
    assert 0.15 < wrong[exosome].mean() < 0.45


def test_truth_is_what_the_samples_show(markers: mk.MarkerCatalog) -> None:
    made = simulate(markers, n=12, missing=0.0, noise=0.1, donor_sd=0.1, seed=1)
    change = log2_fc(made.experiment)
    gene = made.experiment.proteins["gene"]
    change -= change[gene.str.startswith("BG")].median()
    assert (change - made.truth.log2_fc).abs().median() < 0.2


@pytest.mark.parametrize("kappa", [0.02, 0.1, 0.4])
def test_contamination_fraction_is_the_share_of_what_vesicles_lack(
    markers: mk.MarkerCatalog, kappa: float
) -> None:
    made = simulate(
        markers,
        n=8,
        contamination_fraction=kappa,
        missing=0.0,
        resident_fraction=0.0,
        noise=0.1,
        donor_sd=0.1,
    )
    exp = made.experiment
    share = exp.values.div(exp.values.sum(axis=1), axis=0)
    case = exp.samples["fraction"] == "EV"
    absent = exp.proteins["gene"].isin(
        set(markers["mitochondrion"].positive)
        - set(markers["microvesicle"].positive)
        - set(markers["pan_ev"])
    )
    ratio = (share[case].mean() / share[~case].mean())[absent]
    assert ratio.median() == pytest.approx(kappa, rel=0.15)
    assert made.truth.contamination_fraction == kappa


def test_an_admixed_source_is_raised(markers: mk.MarkerCatalog) -> None:
    made = simulate(markers, sources={"bovine_serum": 0.1, "keratin": 0.02}, contamination_fraction=0.1)
    assert made.truth.sources["bovine_serum"]
    assert made.truth.sources["keratin"]
    assert not made.truth.sources["mitochondrion"]
    exp = made.experiment
    bovine = exp.proteins["species"] == "Bos taurus"
    share = exp.values.loc[:, bovine].sum(axis=1) / exp.values.sum(axis=1)
    assert share[exp.samples["fraction"] == "EV"].mean() == pytest.approx(0.1, rel=0.4)
    assert exp.proteins.loc[bovine, "accession"].isin(markers["bovine_serum"].table["accession"]).all()


@pytest.mark.parametrize("comparator", ["lysate", "biofluid"])
def test_vesicles_without_anything_carried_over(markers: mk.MarkerCatalog, comparator: str) -> None:
    made = simulate(markers, n=3, comparator=comparator, contamination_fraction=0.0, n_background=0)
    assert made.truth.contamination_fraction == 0
    assert not made.truth.sources["mitochondrion"]
    if comparator == "biofluid":  # a vesicle of cells has plasma protein or not, as chance has it
        assert not made.truth.sources["plasma"]
    assert np.nanmin(made.experiment.values) > 0
    assert (made.truth.log2_fc == -np.inf).any()


def test_no_source_is_called_raised_that_is_not(markers: mk.MarkerCatalog) -> None:
    """With hardly any noise the assessment and the truth agree on what is raised, but for borderline effects."""
    contrast = mk.Contrast("fraction", "EV", "lysate", paired_by="donor", comparator="lysate")
    wrong = 0
    for seed in range(4):
        made = simulate(markers, n=4, noise=0.05, donor_sd=0.05, missing=0.0, n_background=600, seed=seed)
        table = mk.assess_purity(made.experiment, contrast, markers).table
        called = table.set_index("source")["verdict"] == "higher"
        wrong += sum(called[name] and not truth for name, truth in made.truth.sources.items())
    assert wrong <= 1


def test_without_classes_nothing_is_called(markers: mk.MarkerCatalog) -> None:
    truth = simulate(markers, classes=()).truth
    assert not any(truth.classes.values())
    assert not truth.discordant


@pytest.mark.parametrize("name", ["microvesicle", "apoptotic_body", "apoptotic_exosome", "apoptotic_ev"])
def test_every_class(markers: mk.MarkerCatalog, name: str) -> None:
    made = simulate(markers, classes=name, seed=2)
    also = {"exosome"} if name == "apoptotic_exosome" else set()
    assert {k for k, there in made.truth.classes.items() if there} == {"ev", name} | also
    gene = made.experiment.proteins["gene"]
    sets = {"apoptotic_ev": "apoptotic_microvesicle"}
    members = gene.isin(markers[sets.get(name, name)].positive) & ~gene.isin(made.truth.discordant)
    assert made.truth.log2_fc[members].mean() > 1


def test_mouse() -> None:
    mouse = mk.load_markers(organism="mouse")
    exp = simulate(mouse, n=2, n_background=50).experiment
    assert exp.organism == "mouse"
    assert len(set(mouse["exosome"].positive) & set(exp.proteins["gene"])) > 10


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"classes": ("exosomes",)}, "Did you mean 'exosome'"),
        ({"sources": {"plasme": 0.1}}, "Did you mean 'plasma'"),
        ({"sources": {"plasma": 0.7, "keratin": 0.4}}, "sources"),
        ({"comparator": "cells"}, "comparator"),
        ({"contamination_fraction": 1.2}, "contamination_fraction = 1.2"),
        ({"n": 0}, "n = 0"),
        ({"noise": -1.0}, "noise = -1"),
    ],
)
def test_impossible_settings(markers: mk.MarkerCatalog, options: dict[str, object], said: str) -> None:
    with pytest.raises(mk.InputError, match=said):
        simulate(markers, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(("name", "n", "other"), [("ev_vs_lysate", 6, "lysate"), ("plasma_ev", 5, "plasma")])
def test_examples(name: str, n: int, other: str) -> None:
    exp = load_example(name)
    assert exp.samples["fraction"].value_counts().to_dict() == {"EV": n, other: n}
    assert {"fraction", "donor", "batch"} <= set(exp.samples)
    assert exp.history[0]["simulated"] is True
    assert exp.presence_known
    assert not exp.approximate
    assert 900 < exp.n_proteins < 2500


def test_unknown_example() -> None:
    with pytest.raises(mk.InputError, match="ev_vs_lysate"):
        load_example("ev_v_lysate")


def test_written_example_holds_the_same(tmp_path: Path) -> None:
    matrix, sheet = write_example(tmp_path / "new")
    table = pd.read_csv(matrix, sep="\t", keep_default_na=False, na_values=[""])
    exp = load_example()
    assert list(table.columns) == ["protein_id", "gene", *exp.samples.index]
    np.testing.assert_allclose(table[exp.samples.index].T, exp.values, rtol=1e-5)
    assert list(pd.read_csv(sheet, sep="\t").columns) == ["sample", "fraction", "donor"]
    again, _ = write_example(tmp_path / "again")
    assert again.read_bytes() == matrix.read_bytes()


@pytest.mark.parametrize(
    ("name", "other", "comparator"),
    [("ev_vs_lysate", "lysate", "lysate"), ("plasma_ev", "plasma", "biofluid")],
)
def test_the_assessment_finds_the_truth(
    markers: mk.MarkerCatalog, name: str, other: str, comparator: str
) -> None:
    exp = load_example(name)
    fluid = "culture" if other == "lysate" else "plasma"
    contrast = mk.Contrast("fraction", "EV", other, paired_by="donor", comparator=comparator, fluid=fluid)
    identity = mk.assess_identity(exp, contrast, markers).table.set_index("class")["verdict"]
    assert identity["ev"] == "compatible"
    assert identity["exosome"] == "compatible"
    assert identity["apoptotic_body"] in {"not compatible", "unresolved"}
    purity = mk.assess_purity(exp, contrast, markers)
    row = purity.contamination_fraction.table.iloc[0]
    assert row["ci_low"] < {"lysate": 0.12, "plasma": 0.1}[other] < row["ci_high"]
    verdict = purity.table.set_index("source")["verdict"]
    assert verdict["mitochondrion"] in {"similar", "lower"}
    if other == "lysate":
        assert verdict[["lipoprotein", "keratin"]].eq("higher").all()
