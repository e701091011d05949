"""Complexes and organelles as contamination: their core members together are what is looked for."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import markerkit as mk
from markerkit.catalog.criteria import load_criteria
from markerkit.catalog.load import shipped
from markerkit.effects.fit import fit_contrast
from markerkit.purity.sources import source_evidence, source_markers
from markerkit.stats.background import middle_half
from markerkit.stats.set_effect import MarkerEffects, structure_effect

CRITERIA = load_criteria()
MARKERS = shipped("human")
TABLE = MARKERS.table
CONTRAST = mk.Contrast("arm", "case", "control")
STRUCTURES = ("er_golgi", "mitochondrion", "nucleus", "ribosome", "proteasome")


def genes_of(source: str, *, core: bool = True) -> list[str]:
    rows = TABLE[(TABLE["set"] == source) & (TABLE["weight"] > 0) & (TABLE["core"] == core)]
    return list(dict.fromkeys(rows["gene"]))


def study(shift: dict[str, float], n: int = 4, noise: float = 0.3, seed: int = 0) -> mk.Experiment:
    rng = np.random.default_rng(seed)
    genes = [*dict.fromkeys([*genes_of("proteasome"), *genes_of("ribosome"), *shift])]
    genes += [f"BG{i:03d}" for i in range(200)]
    effect = pd.Series(shift).reindex(genes).fillna(0.0).to_numpy()
    log = rng.normal(22, 2, len(genes)) + rng.normal(0, noise, (2 * n, len(genes)))
    log[:n] += effect
    names = [f"s{i}" for i in range(2 * n)]
    samples = pd.DataFrame({"arm": ["case"] * n + ["control"] * n}, names)
    proteins = pd.DataFrame({"gene": genes, "accession": ""}, genes)
    history = [{"verb": "read_proteins", "scale": "raw"}, {"verb": "harmonize_ids"}]
    return mk.Experiment(pd.DataFrame(np.exp2(log), names, genes), samples, proteins, history=history)


def word(exp: mk.Experiment, source: str) -> str:
    table = mk.assess_purity(exp, CONTRAST, MARKERS).table.set_index("source")
    return str(table.loc[source, "verdict"])


def test_which_sources_are_structures() -> None:
    assert tuple(k for k, r in CRITERIA.sources.items() if r.structure) == STRUCTURES


def test_the_effect_is_the_trimmed_mean_and_its_error_that_of_the_samples() -> None:
    rng = np.random.default_rng(1)
    effect, influence = rng.normal(0, 3, 9), rng.normal(0, 1, (6, 9))
    found = structure_effect(
        MarkerEffects(effect, influence, np.ones(9), np.arange(1.0, 10.0), np.ones(9) / 9)
    )
    at = np.argsort(effect)[2:7]
    assert list(middle_half(effect)) == list(at)
    assert found.n_markers == 1
    assert found.effect[0] == pytest.approx(effect[at].mean())
    assert found.variance[0] == pytest.approx((influence[:, at].mean(axis=1) ** 2).sum())
    assert found.df[0] == pytest.approx((at + 1).mean())
    assert found.weight.tolist() == [1.0]


@pytest.mark.parametrize("source", ["proteasome", "ribosome"])
def test_a_two_fold_rise_of_four_subunits_that_disagree_is_found(source: str) -> None:
    """Between one and three log2: as markers of their own they are too few and too unlike to be called."""
    four = genes_of(source)[:4]
    rise = dict(zip(four, (1.0, 1.5, 2.5, 3.0), strict=True))
    assert word(study(rise).select(proteins=[*four, *(f"BG{i:03d}" for i in range(200))]), source) == "higher"


@pytest.mark.parametrize("source", ["proteasome", "ribosome"])
def test_few_members_that_rise_alone_are_not_the_structure(source: str) -> None:
    """A quarter of the subunits eight-fold up does not move the trimmed mean; two thirds do."""
    subunits = genes_of(source)
    few, many = len(subunits) // 5, 2 * len(subunits) // 3
    assert word(study(dict.fromkeys(subunits[:few], 3.0)), source) == "similar"
    assert word(study(dict.fromkeys(subunits[:many], 3.0)), source) == "higher"


def test_what_only_goes_with_a_complex_does_not_count() -> None:
    factors = genes_of("ribosome", core=False)
    assert len(factors) >= 7
    exp = study(dict.fromkeys(factors, 4.0))
    assert word(exp, "ribosome") == "similar"
    model = fit_contrast(exp, MARKERS, CONTRAST)
    markers = source_markers(model, model.measured, CRITERIA.sources["ribosome"])
    assert markers.n_markers == len(genes_of("ribosome"))
    assert not set(factors) & set(markers.located.members.gene)


def test_three_members_are_the_least() -> None:
    least = int(CRITERIA.threshold["min_markers_source"])
    subunits = genes_of("proteasome")
    background = [f"BG{i:03d}" for i in range(200)]
    exp = study(dict.fromkeys(subunits, 2.0))
    for n, expected in ((least - 1, "not assessable"), (least, "higher")):
        assert word(exp.select(proteins=[*subunits[:n], *background]), "proteasome") == expected


def test_disagreement_between_members_does_not_widen_the_interval() -> None:
    subunits = genes_of("proteasome")
    wide = dict(zip(subunits, np.linspace(-1, 3, len(subunits)).tolist(), strict=True))
    widths = []
    for shift in (dict.fromkeys(subunits, 1.0), wide):
        model = fit_contrast(study(shift, seed=3), MARKERS, CONTRAST)
        found = source_evidence(model, model.measured, CRITERIA.sources["proteasome"]).effect
        assert found is not None
        widths.append(found.ci_high - found.ci_low)
    assert widths[1] < 1.5 * widths[0]
