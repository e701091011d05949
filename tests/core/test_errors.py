"""Wording of messages: values are quoted in bounded length."""

from __future__ import annotations

import pytest

from markerkit.core.errors import listed, shown


@pytest.mark.parametrize(
    ("n", "length"),
    [
        (58, 60),
        (59, 59),
        (10_000, 59),
    ],  # the quotation marks count; one character more is cut from the middle
)
def test_a_long_value_is_cut_in_its_middle(n, length) -> None:
    text = "a" + "x" * (n - 2) + "z"
    cut = shown(text)
    assert len(cut) == length
    assert (cut[:2], cut[-2:]) == ("'a", "z'")
    assert ("..." in cut) == (n > 58)


def test_a_list_of_long_values_is_bounded() -> None:
    assert len(listed(["x" * 5000] * 30)) < 8 * 62 + 20
    assert listed(["a\nb", 3, "c"]) == "'a\\nb', 3 and 'c'"
