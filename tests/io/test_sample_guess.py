"""Groups and repeats that the names of samples suggest."""

import pytest

from markerkit.io.sample_guess import Guess, guessed


@pytest.mark.parametrize(
    ("names", "conditions", "replicates"),
    [
        (["EV_1", "EV_2", "lys_1", "lys_2"], ["EV", "EV", "lys", "lys"], ["1", "2", "1", "2"]),
        (["EV1", "EV2", "lysate1", "lysate2"], ["EV", "EV", "lysate", "lysate"], ["1", "2", "1", "2"]),
        (["EV_D1", "EV_D2", "cell_D1", "cell_D2"], ["EV", "EV", "cell", "cell"], ["D1", "D2"] * 2),
        (["MCF10.1", "MCF10.2", "MCF7.1", "MCF7.2"], ["MCF10", "MCF10", "MCF7", "MCF7"], ["1", "2"] * 2),
        (["F1: Sample, EV", "F2: Sample, EV", "F3: Sample, cell", "F4: Sample, cell"], ["EV", "EV", "cell", "cell"], [""] * 4),
        (["rep1_EV_24h", "rep2_EV_24h", "rep1_EV_48h", "rep2_EV_48h"], ["24h", "24h", "48h", "48h"], ["rep1", "rep2"] * 2),
        (["A_1", "A_2", "B_1", "B_2"], ["A", "A", "B", "B"], ["1", "2"] * 2),
        (["EV_1", "EV_2", "EV_3"], ["EV"] * 3, ["1", "2", "3"]),
        (["F8_1", "F8_2", "F20_1", "F20_2"], ["F8", "F8", "F20", "F20"], ["1", "2"] * 2),
        # one sample is no group, and a name may say nothing
        (["EV_1", "EV_2", "pool"], ["EV", "EV", ""], ["1", "2", ""]),
        (["Anna", "Berta"], ["", ""], ["", ""]),
        (["?", "_"], ["", ""], ["", ""]),
        ([], [], []),
    ],
)  # fmt: skip
def test_groups_and_repeats(names, conditions, replicates):
    found = guessed(names)
    assert [g.condition for g in found] == conditions
    assert [g.replicate for g in found] == replicates


def test_a_second_letter_is_the_technical_repeat_and_a_run_number_says_nothing():
    names = [f"{i:02d}_{g}_{b}_{t}" for i, (g, b, t) in enumerate((g, b, t) for g in ("MCF10", "MDA") for b in "123" for t in "AB")]  # fmt: skip
    assert guessed(names)[3] == Guess("MCF10", "2", "B")
    assert {g.condition for g in guessed(names)} == {"MCF10", "MDA"}
