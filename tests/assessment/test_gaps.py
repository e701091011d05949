"""What is missing: what would open a question stands first, then runs that failed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import markerkit as mk
from markerkit.core.messages import HARD_STEPS
from markerkit.qc.shares import ADVICE
from markerkit.results import Assessment


def shallow(result: Assessment, n_proteins: int) -> Assessment:
    """The same, as if its first sample had values in so many proteins only."""
    units = result.data.units
    values = units.values.copy()
    values.iloc[0, np.flatnonzero(values.iloc[0].notna())[n_proteins:]] = np.nan
    fewer = mk.Experiment(values, units.samples, units.proteins, scale=units.scale)
    return replace(result, data=replace(result.data, units=fewer))


@pytest.mark.parametrize(("n_proteins", "named"), [(49, True), (50, False)])
def test_a_failed_run_is_named(example_assessment: Assessment, n_proteins: int, named: bool) -> None:
    name = example_assessment.data.units.samples.index[0]
    gaps = shallow(example_assessment, n_proteins).gaps()
    assert (
        gaps[0].startswith(f"{name} (49 proteins): a tenth of the proteins of the median sample or less")
        == named
    )
    assert gaps[named:] == example_assessment.gaps()


def test_a_comparator_that_is_not_declared_is_asked_for_first(undeclared: Assessment) -> None:
    gaps = shallow(undeclared, 9).gaps()
    assert gaps[0].startswith(
        "whether it is vesicles: declare what lysate is (comparator): lysate, biofluid or soluble"
    )
    assert "(9 proteins)" in gaps[1]
    assert sum("declare" in gap for gap in gaps) == 1


@pytest.mark.parametrize("kind", ["example_assessment", "compared"])
def test_a_comparator_that_is_declared_is_not_asked_for(kind: str, request: pytest.FixtureRequest) -> None:
    result: Assessment = request.getfixturevalue(kind)
    assert not any("declare" in gap for gap in result.gaps())


def test_controls_that_are_not_declared_are_asked_for_in_one_line(undeclared: Assessment) -> None:
    asked = [mk.Contrast("fraction", "EV", f"c{i}") for i in range(5)]
    known = mk.Contrast("fraction", "EV", "medium", comparator="soluble")
    result = replace(undeclared, data=replace(undeclared.data, contrasts=(*asked, known)))
    assert "declare what c0, c1, c2 and 2 more are (comparator)" in result.gaps()[0]
    assert "medium" not in result.gaps()[0]


def with_shares(result: Assessment, shares: dict[tuple[str, str], float], **context: object) -> Assessment:
    """The same, with these shares of sources (group, source); all others next to nothing."""
    table = result.composition.table.assign(share=0.001)
    for (group, component), share in shares.items():
        at = (table["level"] == "group") & (table["group"] == group) & (table["component"] == component)
        assert at.sum() == 1
        table.loc[at, "share"] = share
    composition = replace(result.composition, table=table)
    data = replace(result.data, context={**result.data.context, **context})
    return replace(result, composition=composition, data=data)


@pytest.mark.parametrize(("share", "named"), [(0.0999, False), (0.1, True)])
def test_a_source_of_a_tenth_of_the_signal_gets_a_step(
    example_assessment: Assessment, share: float, named: bool
) -> None:
    """Of the vesicles, not of the lysate that they are compared with."""
    shares = {
        ("EV", "lipoprotein"): share,
        ("EV", "plasma"): 0.3,
        ("EV", "keratin"): 0.2,
        ("lysate", "ribosome"): 0.4,
    }
    first, second, *_ = with_shares(example_assessment, shares).gaps()
    both = "Plasma proteins 30 % and Lipoproteins 10 % of EV: " if named else "Plasma proteins 30 % of EV: "
    assert first == both + ADVICE["plasma"]
    assert second == "Keratin and skin 20 % of EV: " + ADVICE["keratin"]
    assert not any("of lysate" in gap for gap in with_shares(example_assessment, shares).gaps())


def test_both_groups_of_vesicles_get_a_step(compared: Assessment) -> None:
    shares = {("EV", "plasma"): 0.3, ("lysate", "plasma"): 0.4}
    found = with_shares(compared, shares).gaps()
    assert found[0] == f"Plasma proteins 40 % of lysate; Plasma proteins 30 % of EV: {ADVICE['plasma']}"


def test_what_is_stated_not_to_be_vesicles_needs_no_purer_preparation(example_assessment: Assessment) -> None:
    shares = {("EV", "plasma"): 0.3}
    without = with_shares(example_assessment, {}).gaps()
    assert with_shares(example_assessment, shares, vesicles=False).gaps() == without


def test_a_step_that_no_more_of_the_same_would_take_comes_after_the_others(
    example_assessment: Assessment,
) -> None:
    steps = [gap.partition(": ")[2] for gap in example_assessment.gaps()]
    hard = [step in HARD_STEPS for step in steps[:-1]]  # the last is the metadata of the guidelines
    assert hard == sorted(hard)
    assert hard[0] is False
    assert hard[-1] is True
