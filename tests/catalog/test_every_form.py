"""Sets are taken in every form by every verb that takes sets, and a text is a name, never its letters."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

import markerkit as mk
from markerkit import InputError, MarkerCatalog, MarkerSet
from markerkit.catalog.load import with_reference
from markerkit.study.data import study_data

GENES = ["CD81", "CD63", "SDCBP", "HSPA8"]
CATALOG = MarkerCatalog.from_dict({"mine": GENES})
FORMS: dict[str, Callable[[], Any]] = {
    "catalog": lambda: CATALOG,
    "set": lambda: CATALOG["mine"],
    "mapping": lambda: {"mine": GENES},
    "mapping of a set": lambda: {"mine": CATALOG["mine"]},
    "list": lambda: list(GENES),
    "tuple": lambda: tuple(GENES),
    "set of texts": lambda: set(GENES),
    "index": lambda: pd.Index(GENES),
    "array": lambda: np.array(GENES),
    "generator": lambda: (g for g in GENES),
}


@pytest.fixture(scope="module")
def log(example) -> mk.Experiment:
    return mk.log2(example)


@pytest.fixture(scope="module")
def da(log):
    return mk.differential_abundance(log, "~ fraction", contrast=("fraction", "EV", "lysate"))


def name_of(form: str) -> str:
    return "mine" if form in ("catalog", "set", "mapping", "mapping of a set") else "genes"


@pytest.mark.parametrize("form", FORMS)
def test_verbs_about_sets_take_every_form(form, log, da) -> None:
    name = name_of(form)
    assert set(mk.score_samples(log, FORMS[form]()).table["set"]) == {name}
    tested = mk.enrich(da, FORMS[form]()).table.iloc[0]
    assert (tested["set"], tested["n_measured"], tested["status"]) == (name, 4, "tested")
    covered = mk.coverage(log, FORMS[form]()).table.iloc[0]
    assert (covered["set"], covered["n_measured"]) == (name, 4)


@pytest.mark.parametrize("form", ["set", "mapping", "generator"])
def test_an_assessment_puts_every_form_beside_the_reference(form, example) -> None:
    taken = study_data(example, markers=FORMS[form]()).markers
    assert sorted(taken[name_of(form)].genes) == sorted(GENES)
    assert set(mk.load_markers()) < set(taken)


@pytest.mark.parametrize("verb", [mk.score_samples, mk.coverage, mk.composition, mk.quality, mk.assess])
def test_a_text_is_no_list_of_letters(verb, log) -> None:
    with pytest.raises(InputError, match=r"got 'CD9'.*For one gene write \['CD9'\]"):
        verb(log, markers="CD9")


def test_every_public_verb_with_markers_says_that_it_takes_sets() -> None:
    """`markers` of a simulation and of identifiers is the catalog that is simulated or mapped."""
    catalogs_only = {"harmonize_ids", "simulate", "simulate_fractions"}
    for name in mk.__all__:
        verb = getattr(mk, name)
        if callable(verb) and not isinstance(verb, type):
            taken = inspect.signature(verb).parameters.get("markers")
            if taken is not None and name not in catalogs_only:
                assert str(taken.annotation).startswith("Sets"), name


def test_reference_sets_stay_as_they_are_given() -> None:
    part = mk.load_markers().select(["exosome", "plasma"])
    assert with_reference(part, "human") is part
    own_exosome = MarkerCatalog.from_dict({"exosome": ["CD63", "CD9"]})
    assert with_reference(own_exosome, "human") is own_exosome
    assert with_reference(None, "mouse") == mk.load_markers("mouse")
    assert isinstance(with_reference(["CD9"], "human")["genes"], MarkerSet)


@pytest.mark.slow
def test_own_sets_change_no_verdict_and_are_in_every_table_of_sets(example, example_assessment) -> None:
    own = {"mine": GENES, "copy": mk.load_markers()["exosome"]}
    result = mk.assess(example, example_assessment.contrasts, own)
    for table in ("identity", "purity", "composition", "contamination_fraction", "misev_checklist"):
        pd.testing.assert_frame_equal(result.tables[table], example_assessment.tables[table])
    for table in ("coverage", "enrichment", "sample_scores"):
        assert {"mine", "copy"} <= set(result.tables[table]["set"])
