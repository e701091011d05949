"""What an assessment costs, in calls of our own functions: they do not depend on the machine or its load.

A number that has grown on purpose is raised here, in the commit that makes it grow.
"""

from __future__ import annotations

import cProfile
import pstats
from collections import Counter
from pathlib import Path

import pytest

import markerkit as mk

PACKAGE = Path(mk.__file__).parent
#: calls in each room while the example is assessed, a twelfth above what they are
MOST = {
    "stats": 75_000,
    "identity": 51_000,
    "effects": 33_500,
    "qc": 13_300,
    "core": 8_000,
    "purity": 4_900,
    "tables": 3_050,
    "checks": 1_610,
}
CONTRAST = mk.Contrast("fraction", "EV", "lysate", paired_by="donor", comparator="lysate")


def calls(exp: mk.Experiment, contrasts: list[mk.Contrast]) -> Counter[tuple[str, str]]:
    """Calls by room and function of an assessment."""
    profile = cProfile.Profile()
    profile.enable()
    mk.assess(exp, contrasts)
    profile.disable()
    found: Counter[tuple[str, str]] = Counter()
    for (file, _, name), (_, number, *_rest) in pstats.Stats(profile).stats.items():  # type: ignore[attr-defined]
        path = Path(file)
        if path.is_relative_to(PACKAGE):
            found[path.relative_to(PACKAGE).parts[0], name] += number
    return found


@pytest.fixture(scope="module")
def once(example_assessment: mk.Assessment) -> Counter[tuple[str, str]]:
    """The calls of a further assessment: the first has read the tables that are kept."""
    assert example_assessment.contrasts
    return calls(mk.load_example(), [CONTRAST])


@pytest.mark.parametrize("room", MOST)
def test_no_room_calls_more_than_it_did(once, room):
    in_room = Counter({name: n for (place, name), n in once.items() if place == room})
    assert MOST[room] / 1.25 < in_room.total() <= MOST[room], in_room.most_common(8)


@pytest.mark.slow
def test_a_second_contrast_costs_no_more_than_the_first(once):
    other = mk.Contrast("fraction", "lysate", "EV", paired_by="donor")
    assert calls(mk.load_example(), [CONTRAST, other]).total() < 2.1 * once.total()


@pytest.mark.slow
def test_samples_cost_no_calls_of_the_tests(once):
    """Models are fitted to all samples at once; what is said of every sample grows with them."""
    exp = mk.simulate(n=24, seed=3).experiment
    more = calls(exp, [CONTRAST])
    for room in ("stats", "effects", "identity"):
        n = sum(v for (place, _), v in more.items() if place == room)
        assert n < 1.3 * MOST[room]
