"""One way to say what is compared: names, validation, groups, and what to write instead of anything else."""

import warnings
from dataclasses import FrozenInstanceError

import numpy as np
import pandas as pd
import pytest

import markerkit as mk
from markerkit import Contrast, InputError, MarkerkitWarning
from markerkit.catalog.load import shipped
from markerkit.core.factors import as_factor, level_name, levels_of
from markerkit.study.contrast import as_contrasts, contrasts_of
from markerkit.study.formula import build_design, resolve_contrasts, triple_of

MARKERS = shipped("human")


def numbered(*, n=4, proteins=40, doses=(1, 2, 3), kind=int):
    """Log2 study of three doses: dose 1 and 2 are alike, dose 3 is 6 log2 above them; donors are numbered."""
    rng = np.random.default_rng(0)
    log = 20 + rng.normal(0, 0.05, (3 * n, proteins))
    log[2 * n :] += 6
    donors = np.tile(np.arange(1, n + 1), 3)
    log += 2.0 * np.array([0, 3, -1, 5])[:n][donors - 1][:, None]  # donors differ, and not in a line
    names = [f"s{i}" for i in range(3 * n)]
    sheet = pd.DataFrame({"dose": np.repeat(doses, n).astype(kind), "donor": donors}, names)
    return mk.Experiment(pd.DataFrame(log, names, [f"G{i}" for i in range(proteins)]), sheet, scale="log2")


# ---- the contrast itself --------------------------------------------------------------


def test_names_of_everything():
    ev = Contrast("fraction", "EV", "lysate", paired_by="donor", batch="run day", comparator="lysate")
    assert (ev.name, ev.triple) == ("EV vs lysate", ("fraction", "EV", "lysate"))
    assert ev.batch == ("run day",)
    assert ev.columns == ("fraction", "donor", "run day")
    assert ev.formula == "~ C(fraction) + C(donor) + C(`run day`)"
    assert Contrast("fraction", "EV", "lysate", name="mine").name == "mine"
    assert Contrast("fraction", "EV", "lysate", batch=["a", "a", "b"]).batch == ("a", "b")
    with pytest.raises(FrozenInstanceError):
        ev.case = "SEC"
    assert ev == Contrast(
        "fraction", "EV", "lysate", paired_by="donor", batch=("run day",), comparator="lysate"
    )
    assert len({ev, ev}) == 1


def test_numbers_are_names_of_levels():
    for case, control in ((2, 1), (2.0, 1.0), (np.int64(2), np.float64(1)), ("2", "1")):
        dose = Contrast("dose", case, control)
        assert (dose.case, dose.control) == ("2", "1")
    assert Contrast("dose", 0.5, 1).case == "0.5"


def test_blood_and_groups():
    exp = numbered(kind=float)
    case, control = Contrast("dose", 2, 1).groups(exp)
    assert list(case) == ["s4", "s5", "s6", "s7"]
    assert list(control) == ["s0", "s1", "s2", "s3"]
    assert list(Contrast("dose", 2, 1).select(exp).samples.index) == [f"s{i}" for i in range(8)]
    assert Contrast("a", "b", "c", fluid="serum").blood
    assert Contrast("a", "b", "c", comparator="biofluid").blood
    assert not Contrast("a", "b", "c", comparator="biofluid", fluid="urine").blood
    assert not Contrast("a", "b", "c", comparator="lysate").blood


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (("", "EV", "lysate"), "`condition` of a contrast is the name of one sample column; got ''"),
        ((["a", "b"], "EV", "lysate"), "the name of one sample column"),
        (("f", ["EV", "SEC"], "lysate"), "`case` of a contrast is one level.*Several comparisons are a list"),
        (("f", "EV", None), "`control` of a contrast is one level"),
        (("f", "EV", float("nan")), "`control` of a contrast is one level"),
        (("f", "EV", "EV"), "case and control are both 'EV'"),
        (("f", 1, 1.0), "case and control are both '1'"),
        (("f", "EV", "lysate", {"paired_by": ["donor"]}), "`paired_by` of a contrast is the name of one"),
        (("f", "EV", "lysate", {"batch": [1]}), "`batch` of a contrast is the name of one"),
        (("f", "EV", "lysate", {"batch": "f"}), "the column 'f' is named twice"),
        (("f", "EV", "lysate", {"paired_by": "d", "batch": ["d"]}), "the column 'd' is named twice"),
        (
            ("f", "EV", "lysate", {"comparator": "lysat"}),
            "`comparator` must be one of.*Did you mean 'lysate'",
        ),
        (("f", "EV", "lysate", {"fluid": "beer"}), "`fluid` must be one of"),
        (("f", "EV", "lysate", {"name": ""}), "`name` of a contrast is one name"),
    ],
)
def test_refused_on_construction(given, message):
    options = given[3] if len(given) > 3 else {}
    with pytest.raises(InputError, match=message):
        Contrast(*given[:3], **options)


def test_check_against_the_samples():
    exp = mk.load_example()
    Contrast("fraction", "EV", "lysate", paired_by="donor").check(exp)
    for contrast, message in (
        (Contrast("fractions", "EV", "lysate"), "no column 'fractions'.*Did you mean 'fraction'"),
        (
            Contrast("fraction", "EV", "lysat"),
            "no level 'lysat'; found 'EV' and 'lysate'.*Did you mean 'lysate'",
        ),
        (Contrast("fraction", "EV", "lysate", batch="donors"), "no column 'donors'"),
    ):
        with pytest.raises(InputError, match=message):
            contrast.check(exp)


# ---- several ---------------------------------------------------------------------------


def three():
    exp = mk.load_example()
    arm = ["SEC", "UC", "lysate"] * 4
    return mk.Experiment(exp.values, exp.samples.assign(arm=arm), exp.proteins, history=exp.history)


def test_every_pair_of_levels_and_every_level_against_one():
    exp = three()
    assert [c.name for c in mk.contrasts(exp, "arm")] == ["SEC vs UC", "SEC vs lysate", "UC vs lysate"]
    against = mk.contrasts(exp, "arm", "vs:SEC", comparator="ev", paired_by="donor")
    assert [(c.name, c.comparator, c.paired_by) for c in against] == [
        ("UC vs SEC", "ev", "donor"),
        ("lysate vs SEC", "ev", "donor"),
    ]
    # a level with a kind of its own is the control of its pairs, wherever its name sorts
    kinds = mk.contrasts(exp, "arm", "all", comparator={"UC": "ev", "SEC": "soluble"})
    assert [(c.name, c.comparator) for c in kinds] == [
        ("lysate vs SEC", "soluble"),
        ("lysate vs UC", "ev"),
        ("SEC vs UC", "ev"),
    ]


def test_blanks_have_no_level():
    exp = three()
    role = ["blank" if a == "UC" else "" for a in exp.samples["arm"]]
    marked = mk.Experiment(exp.values, exp.samples.assign(role=role), exp.proteins, history=exp.history)
    assert [c.name for c in mk.contrasts(marked, "arm")] == ["SEC vs lysate"]


@pytest.mark.parametrize(
    ("which", "options", "message"),
    [
        ("vs:EV", {}, "`arm` has no level 'EV'"),
        ("EV", {}, "`which` is 'all' or 'vs:LEVEL'"),
        ("all", {"comparator": {"cells": "lysate"}}, "`comparator` names 'cells', no level of `arm`"),
        ("all", {"comparator": {"lysate": "cells"}}, "`comparator` must be one of"),
    ],
)
def test_refused_among_several(which, options, message):
    with pytest.raises(InputError, match=message):
        mk.contrasts(three(), "arm", which, **options)


def test_one_level_is_no_contrast():
    exp = three()
    with pytest.raises(InputError, match="has the level 'all' only"):
        mk.contrasts(
            mk.Experiment(exp.values, exp.samples.assign(arm="all"), exp.proteins, history=exp.history), "arm"
        )


# ---- what a verb was given instead -----------------------------------------------------


@pytest.mark.parametrize(
    ("given", "instead"),
    [
        (("EV", "lysate"), "Contrast(\"COLUMN\", 'EV', 'lysate')"),
        (["EV", "lysate"], "Contrast(\"COLUMN\", 'EV', 'lysate')"),
        (("fraction", "EV", "lysate"), "Contrast('fraction', 'EV', 'lysate')"),
        (
            [("EV", "lysate"), ("SEC", "UC")],
            "[Contrast(\"COLUMN\", 'EV', 'lysate'), Contrast(\"COLUMN\", 'SEC', 'UC')]",
        ),
        ("all", "contrasts(exp, \"COLUMN\", 'all')"),
        ("vs:lysate", "contrasts(exp, \"COLUMN\", 'vs:lysate')"),
        ("EV:lysate", "Contrast(\"COLUMN\", 'EV', 'lysate')"),
        (3, 'Contrast("COLUMN", "CASE", "CONTROL")'),
        (MARKERS, "the contrast comes before the markers"),
    ],
)
def test_what_to_write_instead(given, instead):
    with pytest.raises(InputError) as error:
        as_contrasts(given)
    assert instead in str(error.value)


def test_a_name_is_used_once():
    twice = [Contrast("a", "x", "y"), Contrast("b", "x", "y")]
    with pytest.raises(InputError, match="contrast 'x vs y' is named twice; give one of them a `name`"):
        as_contrasts(twice)
    assert len(as_contrasts([twice[0], Contrast("b", "x", "y", name="other")])) == 2
    with pytest.raises(InputError, match="imputed"):
        contrasts_of(mk.impute(mk.load_example().pipe(mk.log2).pipe(mk.filter_detected)), twice[0])


@pytest.mark.parametrize(
    ("verb", "start"),
    [
        (mk.assess, "assess takes no"),
        (mk.assess_identity, "assess_identity takes no"),
        (mk.assess_purity, "assess_purity takes no"),
        (mk.misev_checklist, "misev_checklist takes no"),
        (mk.detection_test, "detection_test takes no"),
    ],
)
def test_single_words_are_answered_with_the_contrast(verb, start):
    exp = mk.load_example()
    words = {"condition": "fraction", "case": "EV", "control": "lysate", "paired_by": "donor"}
    with pytest.raises(InputError) as error:
        verb(exp, **words)
    text = str(error.value)
    assert text.startswith(start)
    assert text.endswith("(exp, Contrast('fraction', 'EV', 'lysate', paired_by='donor')).")


def test_verbs_of_one_model_take_one_contrast():
    log = mk.load_example().pipe(mk.log2)
    ev = Contrast("fraction", "EV", "lysate")
    for given, options, message in (
        ([ev, Contrast("fraction", "lysate", "EV")], {}, "takes one Contrast at a time; got 2"),
        (ev, {"contrast": ("fraction", "EV", "lysate")}, "leave `contrast` out"),
        ("~ fraction", {}, "a formula needs `contrast`"),
        (("fraction", "EV", "lysate"), {}, r"Write Contrast\('fraction', 'EV', 'lysate'\)"),
    ):
        with pytest.raises(InputError, match=message):
            mk.differential_abundance(log, given, **options)
    with pytest.raises(InputError, match=r"null_check\(exp, Contrast\(...\), markers\)"):
        mk.null_check(log, MARKERS, "~ fraction", contrast=("fraction", "EV", "lysate"))


# ---- numbers in the sheet: factors, never slopes in silence -----------------------------


def test_a_numeric_condition_is_compared_by_its_levels():
    """Dose 1 and 2 are alike; a line through doses 1, 2 and 3 would say 3 log2 per dose."""
    exp = numbered()
    table = mk.differential_abundance(exp, Contrast("dose", 2, 1, paired_by="donor")).table
    assert table["log2_fc"].abs().max() < 0.3
    text = mk.Experiment(exp.values, exp.samples.astype(str), scale="log2")
    same = mk.differential_abundance(text, Contrast("dose", "2", "1", paired_by="donor")).table
    pd.testing.assert_frame_equal(table, same)


@pytest.mark.filterwarnings("ignore:`dose` holds 3 whole numbers:markerkit.MarkerkitWarning")
def test_a_formula_with_a_numeric_contrast_is_refused_with_the_fix():
    exp = numbered()
    with pytest.raises(
        InputError, match=r"one slope.*write C\(dose\) in the formula, or give Contrast\('dose', '2', '1'\)"
    ):
        mk.differential_abundance(exp, "~ dose + C(donor)", contrast=("dose", 2, 1))
    by_levels = mk.differential_abundance(exp, "~ C(dose) + C(donor)", contrast=("dose", 2, 1)).table
    assert by_levels["log2_fc"].abs().max() < 0.3
    third = mk.differential_abundance(exp, "~ C(dose) + C(donor)", contrast=["dose", 3, 1]).table
    assert third["log2_fc"].between(5.5, 6.5).all()


def test_numbered_donors_are_factors_in_a_contrast_and_warned_about_in_a_formula():
    exp = numbered()
    paired = mk.differential_abundance(exp, Contrast("dose", 3, 2, paired_by="donor")).table
    plain = mk.differential_abundance(exp, Contrast("dose", 3, 2)).table
    assert paired["se"].median() < plain["se"].median() / 10
    assert paired["df"].iloc[0] < plain["df"].iloc[0]
    with pytest.warns(MarkerkitWarning, match=r"`donor` holds 4 whole numbers.*write C\(donor\)"):
        sloped = mk.differential_abundance(exp, "~ C(dose) + donor", contrast=("dose", 3, 2)).table
    assert sloped["se"].median() > paired["se"].median() * 5
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        mk.differential_abundance(exp, "~ C(dose) + C(donor)", contrast=("dose", 3, 2))


@pytest.mark.parametrize(
    ("values", "warned"),
    [
        ([1, 2, 3] * 2, True),
        ([1.0, 2.0, 3.0] * 2, True),  # whole numbers that a missing value turned into floats
        ([1, 2] * 3, False),  # two levels: the slope is the difference
        ([1, 2, 3, 4, 4, 5], False),  # more than half as many levels as samples: a measurement
        ([1.5, 2, 3] * 2, False),
        (["1", "2", "3"] * 2, False),
    ],
)
def test_which_numbers_are_warned_about(values, warned):
    samples = pd.DataFrame({"x": values}, index=[f"s{i}" for i in range(6)])
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        build_design(samples, "~ x")
    assert bool(caught) == warned


def test_the_verb_and_the_assessment_agree_on_a_numbered_sheet():
    """The same sheet with donors as numbers and as text, in the assessment and in the verb."""
    example = mk.load_example()
    number = {d: i + 1 for i, d in enumerate(sorted(example.samples["donor"].unique()))}
    donors = example.samples["donor"].map(number)
    ev = Contrast("fraction", "EV", "lysate", paired_by="donor")
    found = []
    for column in (donors, donors.astype(float), donors.astype(str)):
        exp = mk.Experiment(
            example.values, example.samples.assign(donor=column), example.proteins, history=example.history
        )
        log = exp.pipe(mk.log2).pipe(mk.filter_detected, by="fraction").pipe(mk.normalize)
        found.append(mk.differential_abundance(log, ev).table["log2_fc"])
        identity = mk.assess_identity(exp, ev).table
        found.append(identity["log2_fc"])
    for again in found[2:]:
        pd.testing.assert_series_equal(again, found[0] if len(again) == len(found[0]) else found[1])


def test_factors_in_formulas():
    samples = pd.DataFrame(
        {"run day": [1, 1, 2, 2], "C": ["a", "b", "a", "b"], "x": [0.1, 0.2, 0.3, 0.5]}, index=list("wxyz")
    )
    design = build_design(samples, "~ C (`run day`) + C + x")
    assert list(design.matrix) == ["Intercept", "C(run day)[T.2]", "C[T.b]", "x"]
    assert design.columns == ("run day", "C", "x")
    (vector,) = resolve_contrasts(design, ("C", "b", "a")).values()
    assert dict(zip(design.matrix, vector, strict=True)) == {
        "Intercept": 0,
        "C(run day)[T.2]": 0,
        "C[T.b]": 1,
        "x": 0,
    }
    for hostile in ("~ C(x", "~ C()", "~ C(x + C)", "~ C(C(x))", "~ D(x)", "~ C('x')", "~ C(x, Treatment)"):
        with pytest.raises(InputError, match="formula"):
            build_design(samples, hostile)


def test_levels_of_columns():
    column = pd.Series([2.0, 10.0, np.nan, 2.0], index=list("abcd"))
    assert as_factor(column).tolist()[:2] == ["2", "10"]
    assert as_factor(column).isna().tolist() == [False, False, True, False]
    assert levels_of(column) == ["10", "2"]
    assert levels_of(pd.Series([True, False])) == ["False", "True"]
    assert levels_of(pd.Series(["b", "a", None], dtype="category")) == ["a", "b"]
    assert level_name(1e20) == "100000000000000000000"


def test_triples_of_all_spellings():
    assert triple_of(("g", "a", "b")) == triple_of(["g", "a", "b"]) == triple_of({"x": ["g", "a", "b"]})
    assert triple_of({"x": ("g", "a", "b"), "y": ("g", "b", "a")}) is None
    assert triple_of({"x": {"g[T.b]": -1}}) is None
