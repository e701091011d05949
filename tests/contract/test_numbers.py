"""Awkward experiments through every public verb: a result whose numbers are finite or explained, or a clear refusal.

Warnings are errors in the tests, so that none of NumPy, SciPy or pandas reaches a user either.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

import markerkit as mk
from markerkit.checks.power import _noncentrality
from tests.contract.experiments import CASES, catalog, genes, made, raw
from tests.contract.verbs import EV, VERBS, faults, fitted, prepared

pytestmark = pytest.mark.filterwarnings("ignore::markerkit.MarkerkitWarning")
EVERY = [(case, verb) for case in CASES for verb in VERBS]
#: of each case every so many verbs in the quick tests, from another one on; the dearest only in the slow ones
STEP = 19
DEAR = ("assess", "assess, no contrast", "quality", "enrich, gsea", "compare", "compare, pairs")


def _quick() -> Iterator[tuple[str, str]]:
    cheap = [v for v in VERBS if v not in DEAR]
    for i, case in enumerate(CASES):
        yield from ((case, verb) for verb in cheap[i % STEP :: STEP])


QUICK = set(_quick())


def kept(call: Callable[[], object]) -> None:
    """Assert that a call gives a result without faults, or is refused in words."""
    try:
        found = call()
    except mk.InputError as error:
        message = str(error)
        assert 20 < len(message) < 700
        assert "\n" not in message
        assert not re.search(r"\bnan\b|array\(|dtype|<class", message), message
        return
    assert not faults(found)


@pytest.mark.parametrize(
    ("case", "verb"),
    [pytest.param(*p, marks=[] if p in QUICK else pytest.mark.slow) for p in EVERY],
    ids=[f"{case}-{verb}" for case, verb in EVERY],
)
def test_every_verb_on_every_experiment(case: str, verb: str) -> None:
    kept(lambda: VERBS[verb](CASES[case]()))


def test_the_quick_tests_reach_every_case_and_every_cheap_verb() -> None:
    assert {case for case, _ in QUICK} == set(CASES)
    assert {verb for _, verb in QUICK} == set(VERBS) - set(DEAR)


def test_every_public_function_is_called_or_reads_and_names_only() -> None:
    """A new public verb is to be tried here, or named as one that computes nothing on an experiment."""
    aside = {
        "add_ev_frequency", "bovine_peptides", "caspase_ends", "contrasts", "harmonize_ids", "load_example", "load_markers",
        "open_cohort", "summarize_cohort",  # tests/cohort compares them with what is tried here
        "read_markers", "read_peptides", "read_proteins", "rollup", "simulate", "simulate_fractions",
    }  # fmt: skip
    public = {n for n in mk.__all__ if n[0].islower() and callable(getattr(mk, n))}
    assert public - aside <= {verb.partition(",")[0] for verb in VERBS}


# ---- sets -------------------------------------------------------------------------------

SETS: dict[str, Callable[[], dict[str, list[str]]]] = {
    "one set": lambda: {"mine": catalog()["exosome"].positive},
    "one gene": lambda: {"mine": ["CD63"]},
    "everything": lambda: {"all": list(genes()), "again": list(genes())},
    "all but one": lambda: {"most": list(genes())[1:]},
    "nothing measured": lambda: {"none": ["NOBODY1", "NOBODY2", "NOBODY3"]},
    "alike": lambda: {f"s{i}": catalog()["exosome"].positive for i in range(12)},
}
OF_SETS: dict[str, Callable[[dict[str, list[str]]], object]] = {
    **{
        f"enrich, {m}": lambda sets, m=m: mk.enrich(fitted(made(raw())), sets, method=m)  # type: ignore[misc]
        for m in ("camera", "fry", "effect", "joint", "ora", "gsea")
    },
    **{
        f"score_samples, {m}": lambda sets, m=m: mk.score_samples(made(raw()).logged(), sets, method=m)  # type: ignore[misc]
        for m in ("singscore", "ssgsea", "zscore", "mean_z")
    },
    "coverage": lambda sets: mk.coverage(made(raw()), sets),
    "membership": lambda sets: mk.membership(made(raw()), "fraction", sets),
    "running_score": lambda sets: mk.running_score(fitted(made(raw())), sets),
    "null_check": lambda sets: mk.null_check(prepared(made(raw())), EV, sets, n_resamples=2),
}


@pytest.mark.parametrize("verb", OF_SETS)
@pytest.mark.parametrize(
    "sets",
    [
        pytest.param(s, marks=[pytest.mark.slow] if s in ("alike", "one gene", "all but one") else [])
        for s in SETS
    ],
)
def test_awkward_sets(sets: str, verb: str) -> None:
    kept(lambda: OF_SETS[verb](SETS[sets]()))


@pytest.mark.slow
@pytest.mark.parametrize(
    "verb", ["enrich, camera", "enrich, fry", "enrich, effect", "score_samples, singscore", "coverage"]
)
def test_ten_thousand_sets(verb: str) -> None:
    rng = np.random.default_rng(0)
    names = np.array(genes())
    sets = {f"s{i}": list(rng.choice(names, size=10, replace=False)) for i in range(10_000)}
    found = OF_SETS[verb](sets)
    assert not faults(found)
    assert found.table["set"].nunique() == 10_000  # type: ignore[attr-defined]


# ---- options ----------------------------------------------------------------------------

REFUSED: dict[str, Callable[[], object]] = {
    "assess, seed": lambda: mk.assess(made(raw()), EV, seed=-1),
    "assess_purity, seed": lambda: mk.assess_purity(made(raw()), EV, seed=-1),
    "compare, seed": lambda: mk.compare(made(raw()), EV, seed=-1),
    "null_check, seed": lambda: mk.null_check(prepared(made(raw())), EV, n_resamples=2, seed=-1),
    "enrich, seed of fry": lambda: mk.enrich(fitted(made(raw())), ["CD63", "CD81", "CD9"], method="fry", seed=-1),
    "enrich, seed of gsea": lambda: mk.enrich(fitted(made(raw())), ["CD63", "CD81", "CD9"], method="gsea", seed=-1),
    "running_score, seed": lambda: mk.running_score(fitted(made(raw())), ["CD63", "CD81", "CD9"], seed=-1),
    "impute, seed": lambda: mk.impute(mk.filter_detected(made(raw()).logged()), seed=-1),
    "fraction_profiles, seed": lambda: mk.fraction_profiles(made(raw()), fraction="tube", seed=-1),
    "simulate, seed": lambda: mk.simulate(n=2, n_background=20, seed=-1),
    "simulate_fractions, seed": lambda: mk.simulate_fractions(seed=-1),
    "seed that is no whole number": lambda: mk.assess_purity(made(raw()), EV, seed=0.5),  # type: ignore[arg-type]
    "fraction_profiles, draws": lambda: mk.fraction_profiles(made(raw()), fraction="tube", draws=0),
    "null_check, one data set": lambda: mk.null_check(prepared(made(raw())), EV, n_resamples=1),
    "lfc below 0": lambda: mk.differential_abundance(prepared(made(raw())), EV, lfc=-1.0),
    "lfc without a number": lambda: mk.differential_abundance(prepared(made(raw())), EV, lfc=float("nan")),
    "lfc infinite": lambda: mk.differential_abundance(prepared(made(raw())), EV, lfc=float("inf")),
    "min_values": lambda: mk.differential_abundance(prepared(made(raw())), EV, min_values=0),
    "correlation": lambda: mk.differential_abundance(prepared(made(raw())), EV, block="donor", correlation=1.0),
    "weights infinite": lambda: mk.differential_abundance(
        prepared(made(raw())), EV, weights=pd.Series(np.inf, raw().index)
    ),
    "alpha of detectable_effect": lambda: mk.detectable_effect(fitted(made(raw())), alpha=0.0),
    "power": lambda: mk.detectable_effect(fitted(made(raw())), power=1.0),
    "set size": lambda: mk.detectable_effect(fitted(made(raw())), set_size=0),
    "alpha of ora": lambda: mk.enrich(fitted(made(raw())), ["CD63", "CD81", "CD9"], method="ora", alpha=float("nan")),
    "min_fraction": lambda: mk.filter_detected(made(raw()), min_fraction=float("nan")),
    "min_share": lambda: mk.membership(made(raw()), min_share=0.0),
    "min_measured of scores": lambda: mk.score_samples(made(raw()).logged(), ["CD63", "CD81"], min_measured=-1),
    "min_measured of tests": lambda: mk.enrich(fitted(made(raw())), ["CD63", "CD81"], min_measured=-1),
    "quantile": lambda: mk.impute(mk.filter_detected(made(raw()).logged()), method="mindet", quantile=float("nan")),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_options_out_of_range_are_refused(case: str) -> None:
    with pytest.raises(mk.InputError) as error:
        REFUSED[case]()
    assert 20 < len(str(error.value)) < 700


def test_a_level_that_no_number_reaches_is_refused() -> None:
    assert _noncentrality(4, 0.8, 0.05) == pytest.approx(3.76106026, abs=1e-7)
    assert _noncentrality(np.inf, 0.8, 0.05) == pytest.approx(norm.ppf(0.975) + norm.ppf(0.8), abs=1e-5)
    with pytest.raises(mk.InputError, match="choose a larger `alpha`"):
        _noncentrality(1, 0.8, 1e-6)
