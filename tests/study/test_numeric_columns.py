"""Amounts of the sample sheet: numbers that can be weighed or counted, or empty."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import markerkit as mk
from markerkit.study.numeric_columns import amounts_of


def read(*cells: object) -> list[float]:
    samples = pd.DataFrame({"particles": list(cells)}, index=[f"S{i}" for i in range(len(cells))])
    return list(amounts_of(samples, "particles", "particles in the sample"))


def test_numbers_within_what_can_be_counted_are_kept() -> None:
    assert read(1e-30, "2.5", 1e30) == [1e-30, 2.5, 1e30]
    assert np.isnan(read("", " ", None, np.nan)).all()


@pytest.mark.parametrize("cell", [0, -1, 9e-31, 1.1e30, 5e-324, np.inf, "many"])
def test_others_are_refused_by_their_sample(cell: object) -> None:
    with pytest.raises(
        mk.InputError, match=r"`particles` of the sample 'S1' is .*; it holds particles in the sample"
    ):
        read(1, cell)
