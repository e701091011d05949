"""StudyData: gathered once, checked once; technical replicates count within their group."""

import numpy as np
import pandas as pd
import pytest

import markerkit as mk
from markerkit import InputError, MarkerkitWarning
from markerkit.preprocess.steps import unit_names
from markerkit.study.data import study_data
from tests.helpers import experiment

EV = mk.Contrast("fraction", "EV", "lysate")


def replicated():
    """Two groups of two biological replicates, numbered anew in each group, in two runs."""
    sheet = {
        "fraction": ["EV"] * 4 + ["lysate"] * 4,
        "biorep": [1, 1, 2, 2] * 2,
        "techrep": [1, 2] * 4,
        "donor": ["a", "a", "b", "b"] * 2,
    }
    values = {"CD63": [8.0, 10, 4, 6, 1, 3, 2, 2], "ALB": [1.0, 1, 1, 1, 5, 5, 5, 5]}
    return experiment(values, sheet)


def test_parts_of_a_study():
    example = mk.load_example()
    role = ["blank", *[""] * (example.n_samples - 1)]
    exp = mk.Experiment(
        example.values, example.samples.assign(role=role), example.proteins, history=example.history
    )
    data = study_data(exp, EV, harmonize=True)
    assert data.all_samples.n_samples == data.units.n_samples + 1 == example.n_samples
    assert data.as_read.harmonized
    assert data.contrasts == (EV,)
    assert (data.condition, data.fluid) == ("fraction", None)
    assert data.logs.scale == "log2"
    pd.testing.assert_frame_equal(data.logs.values, mk.log2(data.units).values)
    assert data.linear.shape[0] == data.units.n_samples
    assert data.markers.organism == "human"
    assert list(data.case_samples(EV)) == list(EV.groups(data.units)[0])
    assert len(data.case_samples(None)) == data.units.n_samples
    with pytest.raises(AttributeError):
        data.contrasts = ()


def test_decoys_are_no_linear_signal():
    exp = experiment({"CD63": [1.0, 2], "REV": [3.0, 4]}, {"fraction": ["EV", "lysate"]})
    proteins = exp.proteins.assign(is_decoy=[False, True])
    marked = mk.Experiment(exp.values, exp.samples, proteins)
    assert list(study_data(marked, EV).linear) == ["CD63"]
    assert list(marked.linear()) == ["CD63", "REV"]


def test_the_fluid_of_a_contrast_goes_before_that_of_the_context():
    exp = mk.load_example()
    plasma = mk.Contrast("fraction", "EV", "lysate", fluid="plasma")
    assert study_data(exp, plasma, context={"fluid": "urine"}).fluid == "plasma"
    assert study_data(exp, EV, context={"fluid": "urine"}).contrasts[0].fluid == "urine"
    bare = study_data(exp, context={"fluid": "urine", "condition": "fraction"})
    assert (bare.fluid, bare.condition, bare.contrasts) == ("urine", "fraction", ())
    two = study_data(exp, [plasma, mk.Contrast("fraction", "lysate", "EV", fluid="urine")])
    assert two.fluid is None
    assert [two.fluid_of(c) for c in two.contrasts] == ["plasma", "urine"]


def test_replicate_numbers_that_repeat_in_each_group_are_not_averaged_over_groups():
    data = study_data(replicated(), EV, collapse_by="biorep")
    assert data.units.values["CD63"].to_dict() == {"EV 1": 9, "EV 2": 5, "lysate 1": 2, "lysate 2": 2}
    assert data.units.samples["fraction"].tolist() == ["EV", "EV", "lysate", "lysate"]
    assert data.unit_of["s1"] == data.unit_of["s2"] == "EV 1"
    assert data.unit_of["s5"] == "lysate 1"
    # a unit that lies in one group keeps its name
    samples = replicated().samples
    named = experiment(
        replicated().values, samples.assign(unit=samples["fraction"] + samples["biorep"].astype(str))
    )
    assert list(study_data(named, EV, collapse_by="unit").units.values.index) == [
        "EV1", "EV2", "lysate1", "lysate2",
    ]  # fmt: skip


def test_groups_of_the_context_are_kept_apart_too():
    data = study_data(replicated(), context={"condition": "fraction"}, collapse_by="biorep")
    assert data.units.n_samples == 4


def test_averaging_over_unnamed_groups_is_said():
    with pytest.warns(MarkerkitWarning, match="`biorep` were averaged although they differ in 'fraction'"):
        assert study_data(replicated(), collapse_by="biorep").units.n_samples == 2


def test_a_column_that_collapsing_loses_cannot_be_a_pair():
    contrast = mk.Contrast("fraction", "EV", "lysate", paired_by="techrep")
    with pytest.raises(InputError, match="`techrep` of the contrast 'EV vs lysate' differs between samples"):
        study_data(replicated(), contrast, collapse_by="biorep")


def test_the_verb_says_what_it_averaged_over():
    exp = replicated()
    with pytest.warns(MarkerkitWarning, match=r"differ in 'fraction' and 'techrep'.*within='fraction'"):
        flat = mk.collapse_replicates(exp, "biorep")
    assert flat.values["CD63"].to_dict() == {"1": 5.5, "2": 3.5}
    kept = mk.collapse_replicates(exp, "biorep", within="fraction")
    assert kept.values["CD63"].to_dict() == {"EV 1": 9, "EV 2": 5, "lysate 1": 2, "lysate 2": 2}
    assert kept.history[-1]["columns_left_out"] == ["techrep"]
    assert kept.history[-1]["within"] == ["fraction"]
    assert mk.collapse_replicates(exp, "biorep", within=[]).n_samples == 2
    with pytest.raises(InputError, match="no column 'group'"):
        mk.collapse_replicates(exp, "biorep", within="group")


def test_unit_names():
    exp = replicated()
    assert unit_names(exp, "donor").tolist() == ["a", "a", "b", "b"] * 2
    assert unit_names(exp, "donor", within=["fraction"]).iloc[-1] == "lysate b"
    holed = experiment(exp.values, exp.samples.assign(biorep=[1.0, 1, 2, 2, 1, 1, 2, np.nan]))
    with pytest.raises(InputError, match="`biorep` is empty for sample 's8'"):
        unit_names(holed, "biorep")


@pytest.mark.parametrize(
    ("contrasts", "options", "message"),
    [
        (mk.Contrast("fraction", "EV", "cells"), {}, "no level 'cells'"),
        (("EV", "lysate"), {}, "a comparison is a Contrast"),
        (EV, {"markers": {"exosome": ["CD63"]}}, "the set id 'exosome' is taken"),
        (EV, {"context": {"fluid": "beer"}}, "`fluid` must be one of"),
        (EV, {"context": {"condition": "nope"}}, "no column 'nope'"),
        (EV, {"collapse_by": "nope"}, "no column 'nope'"),
    ],
)
def test_refusals(contrasts, options, message):
    markers = options.pop("markers", None)
    with pytest.raises(InputError, match=message):
        study_data(mk.load_example(), contrasts, markers, **options)


def test_a_contrast_of_a_blank_is_refused():
    exp = replicated()
    marked = experiment(exp.values, exp.samples.assign(role=[""] * 4 + ["blank"] * 4))
    with pytest.raises(InputError, match="no level 'lysate'"):
        study_data(marked, EV)
