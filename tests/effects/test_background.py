"""Background of a contrast: which proteins it holds."""

from __future__ import annotations

import numpy as np
import pandas as pd

import markerkit as mk
from markerkit.effects.fit import fit_contrast
from markerkit.study.contrast import Contrast


def test_contaminants_decoys_and_markers_are_not_in_the_background():
    rng = np.random.default_rng(0)
    names = ["CD63", "LMNB1", "KRT1", "DECOY", *(f"X{i}" for i in range(40))]
    values = pd.DataFrame(np.exp2(20 + rng.normal(size=(6, len(names)))), [f"s{i}" for i in range(6)], names)
    proteins = pd.DataFrame({"gene": names}, index=names)
    proteins["is_contaminant"], proteins["is_decoy"] = proteins["gene"] == "KRT1", proteins["gene"] == "DECOY"
    samples = pd.DataFrame({"g": list("aaabbb")}, index=values.index)
    exp = mk.Experiment(values, samples, proteins, history=[{"verb": "harmonize_ids"}])
    model = fit_contrast(exp, mk.load_markers(), Contrast("g", "a", "b", comparator="lysate"))
    inside = set(model.exp.proteins.index[model.background_mask])
    assert inside == {f"X{i}" for i in range(40)}
