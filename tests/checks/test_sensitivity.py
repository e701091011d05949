"""Sensitivity analysis: the same rules under other choices, and without each marker."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import markerkit as mk
from markerkit.catalog.load import shipped
from markerkit.checks.sensitivity import AS_REPORTED, LEAVE_ONE_OUT, quantile_normalized, sensitivity_of
from markerkit.effects.fit import fit_contrast
from markerkit.effects.members import ProteinIndex
from markerkit.identity.table import identity_of
from markerkit.purity.sources import source_verdicts
from markerkit.stats.set_effect import set_effect
from markerkit.tables.registry import TABLES
from tests.helpers import experiment

MARKERS = shipped("human")


def sparse(exp, seed=0):
    """Leave out the lowest values, so that presence is evidence."""
    values = exp.values
    rng = np.random.default_rng(seed)
    logs = np.log2(values)
    low = logs + rng.normal(0, 1, values.shape) < np.nanquantile(logs, 0.12)
    return mk.Experiment(values.mask(low), exp.samples, exp.proteins, exp.scale, exp.organism, exp.history)


@pytest.fixture(scope="module")
def exp():
    return sparse(mk.harmonize_ids(mk.load_example(), MARKERS))


def model_of(exp, comparator="lysate"):
    contrast = mk.Contrast("fraction", "EV", "lysate", paired_by="donor", comparator=comparator)
    return fit_contrast(exp, MARKERS, contrast)


@pytest.fixture(scope="module")
def model(exp):
    return model_of(exp)


@pytest.fixture(scope="module")
def table(exp, model):
    return sensitivity_of(exp, [model], {})


def rows(table, **wanted):
    for column, value in wanted.items():
        table = table[table[column] == value]
    return table


def test_as_reported_is_the_verdict(table, model):
    reported = rows(table, aspect=AS_REPORTED).set_index("key")["verdict"]
    identity = identity_of([model], {}).table.set_index("class")["verdict"]
    purity = source_verdicts(model)[0].set_index("source")["verdict"]
    assert reported.to_dict() == {**identity.to_dict(), **purity.to_dict()}
    assert rows(table, aspect=AS_REPORTED)["agrees"].all()
    assert list(table.columns) == TABLES["sensitivity"].names


def test_each_missing_value_policy_alone(table, model):
    for name, scheme in (("measured values only", "measured"), ("with left-censored bounds", "bounded")):
        alone = replace(model, measured=getattr(model, scheme), bounded=None)
        expected = identity_of([alone], {}).table.set_index("class")["verdict"]
        found = rows(table, variant=name, kind="class").set_index("key")["verdict"]
        assert found.to_dict() == expected.to_dict()


def test_a_complete_matrix_has_nothing_to_vary():
    whole = mk.harmonize_ids(mk.load_example(), MARKERS)
    filled = mk.Experiment(
        whole.values.fillna(1.0), whole.samples, whole.proteins, "raw", "human", whole.history
    )
    found = sensitivity_of(filled, [model_of(filled)], {})
    idle = rows(found, status="not varied")
    assert {"missing values", "detection filter", "normalization"} <= set(idle["aspect"])
    assert (idle["note"] != "").all()
    assert "cancels" in rows(found, variant="quantile")["note"].iloc[0]


def test_background_by_hand(table, model):
    """The set effect over another background differs by the backgrounds alone."""
    e = model.measured.effects
    everything = np.sort(e.effect[e.usable])
    cut = len(everything) // 4
    trimmed = everything[cut : len(everything) - cut].mean()
    median = np.median(e.effect[e.usable & model.background_mask])
    base = rows(table, aspect=AS_REPORTED, key="ev")["log2_fc"].iloc[0] + model.measured.background.effect
    for name, center in (("trimmed mean of all proteins", trimmed), ("median of the same proteins", median)):
        assert rows(table, variant=name, key="ev")["log2_fc"].iloc[0] == pytest.approx(base - center)


def test_a_constant_for_each_sample_changes_nothing(exp, table):
    factor = np.exp2(np.random.default_rng(1).normal(0, 1, exp.n_samples))
    scaled = mk.Experiment(
        exp.values.mul(factor, axis=0), exp.samples, exp.proteins, "raw", "human", exp.history
    )
    found = rows(sensitivity_of(scaled, [model_of(scaled)], {}), kind="class", variant="measured values only")
    before = rows(table, kind="class", variant="measured values only")
    np.testing.assert_allclose(found["log2_fc"].to_numpy(float), before["log2_fc"].to_numpy(float), atol=1e-9)
    assert list(found["verdict"]) == list(before["verdict"])


def test_leave_one_marker_out_by_hand(table, model):
    """Range of the effect without one gene, against set effects of shortened sets."""
    sets = ("pan_ev", "misev_1a", "misev_2a")
    whole = model.index.located(sets)
    markers = model.measured.effects.markers(whole)
    n = markers.n_markers
    estimates = []
    for key in whole.names:
        genes = whole.members.gene[whole.members.marker == key]
        found = markers.without_genes(set(genes))
        if found.n_markers < n:
            estimates.append(set_effect(found.effects, model.measured.background).estimate)
    row = rows(table, aspect=LEAVE_ONE_OUT, key="ev").iloc[0]
    assert row["verdict"] == rows(table, aspect=AS_REPORTED, key="ev")["verdict"].iloc[0]
    assert (row["effect_low"], row["effect_high"]) == pytest.approx((min(estimates), max(estimates)))
    assert row["n_independent"] >= len(estimates)


def test_the_marker_that_decides_alone_is_named():
    """A class that stands on one marker falls without it."""
    rng = np.random.default_rng(3)
    organs = MARKERS["mitochondrion"].positive[:5]
    genes = [*organs, *(f"BG{i:03d}" for i in range(200))]
    log = 20 + rng.normal(0, 0.05, (10, len(genes)))
    log[:5, :5] += [1.02, 0.98, 1.0, 1.0, 1.0]
    names = [f"s{i}" for i in range(10)]
    frame = pd.DataFrame(np.exp2(log), names, genes)
    sheet = {"fraction": ["EV"] * 5 + ["lysate"] * 5, "donor": [f"d{i % 5}" for i in range(10)]}
    few = experiment(frame, sheet).select(proteins=[*organs[:3], *genes[5:]])
    found = sensitivity_of(few, [model_of(few)], {})
    row = rows(found, aspect=LEAVE_ONE_OUT, key="mitochondrion").iloc[0]
    # three markers are the least that a source needs: without any one of them it cannot be assessed
    assert rows(found, aspect=AS_REPORTED, key="mitochondrion")["verdict"].iloc[0] == "higher"
    assert (row["verdict"], row["n_flips"], row["agrees"]) == ("not assessable", 3, False)
    assert set(row["flips"].split(";")) == set(organs[:3])
    assert "without " in row["reason"]
    more = experiment(frame, sheet)
    row = rows(sensitivity_of(more, [model_of(more)], {}), aspect=LEAVE_ONE_OUT, key="mitochondrion").iloc[0]
    assert (row["verdict"], row["n_flips"], row["agrees"]) == ("higher", 0, True)


def test_protein_groups(exp):
    """A second, faint group of a gene stands first in the table."""
    values, proteins = exp.values, exp.proteins
    twin = values.columns[(proteins["gene"] == "CD63").to_numpy()][0]
    values.insert(0, "twin", values[twin] / 8)
    values.loc[values.index[:2], "twin"] = np.nan
    proteins = pd.concat([proteins.loc[[twin]].rename(index={twin: "twin"}), proteins])
    both = mk.Experiment(values, exp.samples, proteins, "raw", "human", exp.history)
    fitted = model_of(both)
    assert fitted.index.gene["CD63"] == twin
    found = sensitivity_of(both, [fitted], {})
    varied = rows(found, variant="first group of a gene in the table", status="computed")
    assert len(varied)
    index = fitted.index
    changed = ProteinIndex(MARKERS, index.proteins, index.gene.replace(twin, "twin"), index.accession)
    first = replace(fitted, index=changed)
    expected = identity_of([first], {}).table.set_index("class")["log2_fc"]
    effect = rows(varied, kind="class").set_index("key")["log2_fc"]
    assert effect["exosome"] == pytest.approx(expected["exosome"])


def test_quantile_scale_gives_every_sample_one_distribution():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(20, [[1], [2], [3]], (3, 40)), list("abc"), [f"G{i}" for i in range(40)])
    same = quantile_normalized(experiment(frame, scale="log2")).values
    np.testing.assert_allclose(np.sort(same.loc["a"]), np.sort(same.loc["c"]))
    np.testing.assert_allclose(np.sort(same.loc["a"]), np.sort(frame, axis=1).mean(axis=0))
    assert list(same.loc["b"].rank()) == list(frame.loc["b"].rank())
    frame.iloc[0, :7] = np.nan
    assert quantile_normalized(experiment(frame, scale="log2")).values.isna().equals(frame.isna())


def test_quantile_is_tried_between_preparations_only(exp, table):
    assert rows(table, variant="quantile")["status"].tolist() == ["not varied"]
    found = sensitivity_of(exp, [model_of(exp, comparator="ev")], {})
    assert (rows(found, variant="quantile")["status"] == "computed").all()


def test_no_model_no_sensitivity_analysis(exp):
    names = [exp.samples.index[i] for i in (0, exp.n_samples - 1)]
    few = exp.select(samples=names)
    contrast = mk.Contrast("fraction", "EV", "lysate")
    assert sensitivity_of(few, [fit_contrast(few, MARKERS, contrast)], {}).empty
