"""Simulated mixtures hold what their recipe says: the ratios of markers, organelles and fluid proteins show it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import markerkit as mk
from markerkit.catalog.load import shipped
from markerkit.simulation.materials import MATERIALS, Mixture, Options, simulate_mixture, with_interference

SMALL = Options(n=3, n_background=150)
QUIET = Options(n=3, n_background=150, noise=0.0, donor_sd=0.0, missing=0.0)
FLUID, CELLS = {"fluid": 1.0}, {"cells": 1.0}


@pytest.fixture(scope="module")
def markers() -> mk.MarkerCatalog:
    return shipped("human")


def level(made: Mixture, markers: mk.MarkerCatalog, *sets: str, role: str = "positive") -> float:
    """Median noise-free log2 ratio of the members of sets."""
    genes = set(markers.table.loc[markers.table["set"].isin(sets) & (markers.table["role"] == role), "gene"])
    chosen = made.experiment.proteins["gene"].isin(genes).to_numpy()
    return float(made.log2_fc[chosen].median())


def test_same_seed_same_numbers(markers: mk.MarkerCatalog) -> None:
    first, second, third = (
        simulate_mixture({"fluid": 0.9, "cells": 0.1}, FLUID, markers, options=SMALL, seed=s)
        for s in (4, 4, 5)
    )
    pd.testing.assert_frame_equal(first.experiment.values, second.experiment.values)
    assert not third.experiment.values.equals(first.experiment.values)
    assert first.experiment.samples["fraction"].tolist() == ["case"] * 3 + ["control"] * 3
    assert first.experiment.missing == pytest.approx(0.2, abs=0.01)


def test_lysed_cells_raise_organelles_as_much_as_ev_markers(markers: mk.MarkerCatalog) -> None:
    """A fluid with 1 % of cell signal gets 10 % more: eleven-fold, whatever the place of the protein."""
    made = simulate_mixture({"fluid": 0.9, "cells": 0.1}, FLUID, markers, options=QUIET, seed=1)
    ev, organelles = (level(made, markers, *s) for s in (("pan_ev",), ("mitochondrion", "er_golgi")))
    assert 2.0 < ev < 5.0
    assert abs(ev - organelles) < 1.2
    assert level(made, markers, "plasma_soluble") == pytest.approx(np.log2(0.9), abs=0.1)


def test_membranes_hold_organelles_and_tetraspanins(markers: mk.MarkerCatalog) -> None:
    made = simulate_mixture({"membranes": 1.0}, CELLS, markers, options=QUIET, seed=1)
    usual = float(made.log2_fc[made.log2_fc.index.str.startswith("BG")].median())
    assert level(made, markers, "mitochondrion", "er_golgi") - usual > 1.0
    assert level(made, markers, "misev_1a") - usual > 1.0
    cytosol = simulate_mixture({"cytosol": 1.0}, CELLS, markers, options=QUIET, seed=1)
    assert level(cytosol, markers, "mitochondrion", "er_golgi") < -2.0


def test_vesicles_carry_little_of_organelles(markers: mk.MarkerCatalog) -> None:
    made = simulate_mixture({"exosome": 1.0}, CELLS, markers, options=QUIET, seed=1)
    assert level(made, markers, "pan_ev") - level(made, markers, "mitochondrion", "er_golgi") > 3.0


def test_negatives_of_a_fluid_stay_with_the_cell(markers: mk.MarkerCatalog) -> None:
    carried = Options(**{**vars(QUIET), "negative_shift": (0.0, 0.0)})
    case = {"exosome": 0.5, "fluid": 0.5}
    falls, stays = (
        level(simulate_mixture(case, FLUID, markers, options=o, seed=4), markers, "exosome", role="negative")
        for o in (QUIET, carried)
    )
    assert stays - falls == pytest.approx(1.5, abs=0.5)
    assert stays > 3.0


def test_organelles_alone(markers: mk.MarkerCatalog) -> None:
    """What is in neither mixture is not there; what is in one only has no finite ratio."""
    made = simulate_mixture(
        {"fluid": 0.4, "er_golgi": 0.3, "mitochondrion": 0.3}, FLUID, markers, options=QUIET, seed=1
    )
    assert level(made, markers, "er_golgi") > 4.0
    assert level(made, markers, "misev_1a") == pytest.approx(np.log2(0.4), abs=0.1)


def test_number_of_proteins(markers: mk.MarkerCatalog) -> None:
    options = Options(n=2, n_background=300, n_proteins=(200, 600))
    exp = simulate_mixture({"exosome": 1.0}, CELLS, markers, options=options, seed=1).experiment
    assert exp.values.notna().sum(axis=1).tolist() == [200, 200, 600, 600]
    seen = exp.values.notna().groupby(exp.samples["fraction"]).any()
    assert (seen.loc["control"] & ~seen.loc["case"]).sum() > 200


@pytest.mark.parametrize("share", [0.0, 0.2, 0.6])
def test_interference_draws_to_the_mean(markers: mk.MarkerCatalog, share: float) -> None:
    exp = simulate_mixture({"exosome": 1.0}, CELLS, markers, options=QUIET, seed=1).experiment
    less = with_interference(exp, share)
    even = exp.values.div(exp.values.sum(axis=1), axis=0) * exp.values.sum(axis=1).median()
    expected = (1 - share) * even + share * even.mean(axis=0)
    pd.testing.assert_frame_equal(less.values, expected)
    assert less.scale == "raw"


def test_refused(markers: mk.MarkerCatalog) -> None:
    with pytest.raises(mk.InputError, match=r"sum to 1; got 'fluid = 0\.5'"):
        simulate_mixture({"fluid": 0.5}, FLUID, markers)
    with pytest.raises(mk.InputError, match="cytoplasm"):
        simulate_mixture({"cytoplasm": 1.0}, FLUID, markers)
    with pytest.raises(mk.InputError, match=r"\[0, 1\); got 1"):
        with_interference(mk.load_example(), 1.0)


def test_every_material_can_be_made(markers: mk.MarkerCatalog) -> None:
    case = dict.fromkeys(MATERIALS, 1 / len(MATERIALS))
    made = simulate_mixture(case, FLUID, markers, options=SMALL, seed=2)
    assert np.isfinite(made.experiment.values.to_numpy(na_value=1.0)).all()
