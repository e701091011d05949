"""Fenced formulas, contrasts and their refusals."""

import numpy as np
import pandas as pd
import pytest

from markerkit import InputError
from markerkit.study.formula import build_design, model_formula, resolve_contrasts

SAMPLES = pd.DataFrame(
    {
        "fraction": ["EV", "EV", "EV", "cell", "cell", "cell"],
        "donor": ["d1", "d2", "d3"] * 2,
        "run day": ["a", "b", "a", "b", "a", "b"],
        "age": [30.5, 41, 52, 30.5, 41, 52],
        "lab": ["x", "x", "x", "y", "y", "y"],
        "hole": ["p", None, "q", "p", "q", "p"],
    },
    index=[f"s{i}" for i in range(6)],
)


def test_triple_is_the_difference_of_mean_model_rows():
    design = build_design(SAMPLES, "~ fraction + age + `run day`")
    (name, vector), *_ = resolve_contrasts(design, ("fraction", "EV", "cell")).items()
    assert name == "EV vs cell"
    rows = dict(zip(design.matrix.columns, vector, strict=True))
    assert {k: v for k, v in rows.items() if v} == {"fraction[T.cell]": -1.0}


def test_mappings_and_names():
    design = build_design(SAMPLES, "~ 0 + fraction")
    named = resolve_contrasts(
        design, {"a": ("fraction", "EV", "cell"), "b": {"fraction[EV]": 1, "fraction[cell]": -1}}
    )
    np.testing.assert_allclose(named["a"], named["b"])
    single = resolve_contrasts(design, {"fraction[EV]": 1})
    assert list(single) == ["+1 fraction[EV]"]


def test_a_frame_is_taken_as_it_is():
    frame = pd.DataFrame({"one": 1.0, "ev": [1, 1, 1, 0, 0, 0]}, index=SAMPLES.index)
    assert resolve_contrasts(build_design(SAMPLES, frame), {"ev": 1})
    with pytest.raises(InputError, match="same order"):
        build_design(SAMPLES, frame.iloc[::-1])


@pytest.mark.parametrize(
    "formula",
    [
        "~ __import__('os').system('true')",
        "~ {fraction}",
        "~ I(age)",
        "~ age**2",
        "~ age^2",
        "~ fraction.str",
        "~ `fraction` + `open",
        "~ 2*age",
        "~ fraction[0]",
        "~ fraction ~ age",
        "fraction",
        "~ (fraction",
        "~ " + "fraction + " * 40 + "age",
        "",
        "~ fraction; age",
        "~ fraction | age",
        '~ "fraction"',
    ],
)
def test_hostile_formulas_are_refused(formula):
    with pytest.raises(InputError, match="formula"):
        build_design(SAMPLES, formula)


@pytest.mark.parametrize(
    ("formula", "contrast", "message"),
    [
        ("~ nope", ("nope", "a", "b"), "no column 'nope'"),
        ("~ hole", ("hole", "p", "q"), "`hole` is empty for 's1'"),
        ("~ fraction", ("donor", "d1", "d2"), "`donor` is not in the design"),
        ("~ fraction", ("fraction", "EV", "EV"), "case and control are both"),
        ("~ fraction", ("fraction", "EV", "cel"), "no level 'cel'"),
        ("~ fraction * age", ("fraction", "EV", "cell"), "interacts"),
        ("~ fraction + lab", ("fraction", "EV", "cell"), "`fraction` is confounded with 'lab'"),
        ("~ fraction", {"nope": 1}, "no coefficient 'nope'"),
        ("~ fraction", {"fraction[T.cell]": 0}, "zero for every coefficient"),
        ("~ fraction", "EV", "a contrast is"),
    ],
)
def test_refusals_say_why(formula, contrast, message):
    with pytest.raises(InputError, match=message):
        resolve_contrasts(build_design(SAMPLES, formula), contrast)


def test_names_are_quoted():
    assert model_formula("fraction", "donor", ["run day"]) == "~ C(fraction) + C(donor) + C(`run day`)"
    assert build_design(SAMPLES, model_formula("fraction", None, ["run day"])).matrix.shape == (6, 3)
