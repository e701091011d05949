"""The first sentence on a contrast, from rows made by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import markerkit as mk
from markerkit.assessment.headline import Found, headline, headline_of_study, shown_classes
from markerkit.catalog.criteria import load_criteria
from markerkit.core.messages import cannot_be_told
from markerkit.report._html import html_report
from markerkit.simulation.materials import Options, simulate_mixture

CRITERIA = load_criteria()
LYSATE = mk.Contrast("arm", "EV", "cells", comparator="lysate")
PLASMA = mk.Contrast("arm", "EV", "plasma", comparator="biofluid")
OTHERS = mk.Contrast("arm", "SEC", "UC", comparator="ev")


def classes(**words: Any) -> pd.DataFrame:
    """Rows of the classes; `ev=("compatible", 1.0)` gives verdict and log2 effect."""
    rows = []
    for key, rule in CRITERIA.classes.items():
        word, effect = words.get(key, ("not assessable", np.nan))
        rows.append(
            {
                "class": key,
                "operational_name": rule.operational_name,
                "verdict": word,
                "reason": f"why {key}",
                "log2_fc": effect,
                "ci_low": effect - 1,
                "ci_high": effect + 1,
                "like_control": False,
            }
        )
    return pd.DataFrame(rows)


def sources(**words: str) -> pd.DataFrame:
    return pd.DataFrame({"source": list(words), "verdict": list(words.values())})


def fraction(share: float, bound: str = "at most", status: str = "assessed") -> pd.Series:
    return pd.Series({"status": status, "bound": bound, "fraction": share})


def case(**shares: float) -> pd.DataFrame:
    titles = {k: r.title for k, r in CRITERIA.sources.items()} | {
        "ev": "EV markers",
        "unassigned": "Unassigned",
    }
    return pd.DataFrame(
        [
            {"component": k, "title": titles[k], "share": v, "ci_low": v / 2, "ci_high": 2 * v}
            for k, v in shares.items()
        ]
    )


NOTHING = case(ev=0.1, unassigned=0.9)


def said(
    contrast: mk.Contrast,
    rows: pd.DataFrame,
    *,
    found: pd.DataFrame | None = None,
    part: pd.Series | None = None,
    tube: pd.DataFrame = NOTHING,
) -> str:
    return headline(contrast, Found(rows, sources() if found is None else found, part, tube), CRITERIA)


def test_vesicles_of_one_class_with_what_they_carry() -> None:
    rows = classes(ev=("compatible", 1.0), exosome=("compatible", 2.0), microvesicle=("not compatible", 0.0))
    tube = case(ev=0.06, plasma=0.02, lipoprotein=0.05, keratin=0.0099, unassigned=0.8)
    assert said(LYSATE, rows, part=fraction(0.13), tube=tube) == (
        "EV against cells: EV material, its markers 2-fold (1 to 4) higher; its markers fit exosome (small EV with "
        "endosomal markers); mainly co-isolated: lipoproteins 5 % (2.5 to 10) and plasma proteins 2 % (1 to 4); at most "
        "13 % of the signal is lysate-like."
    )


def test_a_class_that_cannot_be_told_says_why() -> None:
    text = said(LYSATE, classes(ev=("compatible", 1.0), exosome=("unresolved", 2.0)))
    assert "its class cannot be told (exosome: why exosome)" in text
    in_plasma = said(PLASMA, classes(ev=("compatible", 1.0), exosome=("unresolved", 2.0)))
    assert "its class cannot be told by proteomics alone (exosome: why exosome)" in in_plasma
    assert "no co-isolated source above 1 % of the signal" in text
    both = classes(ev=("compatible", 1.0), exosome=("compatible", 2.0), microvesicle=("compatible", 2.0))
    assert "its markers fit exosome (small EV with endosomal markers) and microvesicle" in said(LYSATE, both)


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("not compatible", "no EV material is shown (why ev)"),
        ("unresolved", "whether it is EV material is unresolved (why ev)"),
        ("not assessable", "whether it is EV material is not assessable (why ev)"),
    ],
)
def test_without_vesicles_no_class_is_named(word: str, expected: str) -> None:
    text = said(LYSATE, classes(ev=(word, 0.1), exosome=("compatible", 2.0)))
    assert expected in text
    assert "exosome" not in text


def test_what_looks_like_its_control_gets_one_sentence() -> None:
    rows = classes(ev=("not compatible", 0.0)).assign(like_control=True)
    text = said(LYSATE, rows, part=fraction(0.97), tube=case(ev=0.05, mitochondrion=0.1, unassigned=0.8))
    assert text == f"EV against cells: {cannot_be_told('EV', 'cells')}."
    assert cannot_be_told("EV", "cells").startswith("cannot be told from the control: ")
    assert "cannot be told from" not in said(LYSATE, rows.assign(like_control=False))


def test_fluid_carried_over_is_not_fluid_protein_bound() -> None:
    rows = classes(ev=("compatible", 1.5))
    text = said(PLASMA, rows, part=fraction(0.033), tube=case(ev=0.02, plasma=0.38, unassigned=0.6))
    assert text.index("plasma proteins 38 %") < text.index(
        "at most 3.3 % of the signal is fluid carried over"
    )
    assert "signal is" not in said(PLASMA, rows, part=fraction(0.033, status="not assessable"))


def test_between_vesicles_it_says_what_differs() -> None:
    rows = classes(ev=("higher", 4.0), exosome=("similar", 0.0), microvesicle=("lower", -2.0))
    found = sources(lipoprotein="higher", er_golgi="higher", plasma="lower", keratin="unresolved")
    text = said(OTHERS, rows, found=found)
    assert text.startswith("SEC against UC: EV markers higher, 16-fold (8 to 32)")
    assert "higher: lipoproteins and ER and Golgi" in text
    assert "lower: markers of microvesicle and plasma proteins" in text
    assert "compatible" not in text
    open_ = said(OTHERS, classes(ev=("unresolved", 0.3)), found=found)
    assert "EV markers unresolved (why ev)" in open_


def test_without_a_contrast_groups_are_named_by_their_word() -> None:
    table = pd.DataFrame(
        {
            "level": ["group"] * 3 + ["sample"],
            "name": ["a", "b", "c", "s"],
            "word": ["weak", "strong", "weak", "none"],
        }
    )
    text = headline_of_study(table)
    assert text.startswith(
        "EV markers strong in b; weak in a and c. Whether they are enriched needs a contrast"
    )
    assert headline_of_study(table.iloc[:0]).startswith("No sample was measured.")


def test_nothing_compared() -> None:
    assert said(LYSATE, classes().iloc[:0]) == "EV against cells: nothing was compared."


def test_dying_cells_are_asked_for_where_the_context_speaks_of_them() -> None:
    def keys(context: dict[str, Any]) -> set[str]:
        return {r.key for r in shown_classes(CRITERIA, context)}

    hidden = {"apoptotic_body", "apoptotic_exosome", "apoptotic_ev"}
    assert keys({}) == set(CRITERIA.classes) - hidden
    assert not keys({}) & hidden
    assert not keys({"viability_percent": 95.0, "apoptosis_induced": False}) & hidden
    assert (
        keys({"apoptosis_induced": True}) == keys({"apoptosis_shown": "annexin V"}) == set(CRITERIA.classes)
    )


def test_the_sentence_stands_first_wherever_the_answer_is_given(example_assessment: Any) -> None:
    contrast = example_assessment.contrasts[0]
    text = example_assessment.headline(contrast)
    lines = example_assessment.verdicts()
    assert lines[lines.index(contrast.name) + 1] == f"  {text}"
    assert text.startswith("EV against lysate: EV material, its markers ")
    groups = example_assessment.composition.ev_markers.table
    assert lines[0] == "what is in the tube"
    assert lines[1:3] == [f"  {s}" for s in groups.loc[groups["level"] == "group", "summary"]]
    assert not any("Apoptotic exosome" in line for line in lines)


def test_a_case_like_its_control_gets_no_list_of_clean_sources() -> None:
    """A lysate handed in as vesicles: the headline, and no source or class that reads as praise."""
    lysate = {"cells": 1.0}
    exp = simulate_mixture(lysate, lysate, options=Options(n=5, n_background=400), seed=3).experiment
    contrast = mk.Contrast("fraction", "case", "control", comparator="lysate")
    result = mk.assess(exp, contrast, context={"vesicles": True})
    assert result.like_control(contrast.name)
    text = "\n".join(result.verdicts())
    assert "cannot be told from" in text
    assert "none is called higher, similar or lower" in text
    assert "sources similar" not in text
    assert "sources lower" not in text
    assert "compatible" not in set(result.identity.table["verdict"])
    html = html_report(result, [], {})
    first = html[html.index("How pure?") : html.index("How sure?")]
    assert "chip similar" not in first
    assert "chip lower" not in first
