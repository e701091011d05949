"""The table registry."""

import pandas as pd
import pytest

from markerkit.tables.registry import TABLES


@pytest.mark.parametrize("spec", TABLES.values(), ids=TABLES)
def test_columns_are_unique_described_and_survive_a_round_trip(spec):
    assert len(set(spec.names)) == len(spec.names)
    assert all(c.description and c.kind in {"str", "float", "int", "bool"} for c in spec.columns)
    empty = spec.empty()
    assert list(empty.columns) == spec.names
    assert empty.empty
    pd.testing.assert_frame_equal(spec.conform(empty), empty)


def test_an_undeclared_column_is_refused():
    with pytest.raises(ValueError, match="undeclared columns"):
        TABLES["coverage"].conform(pd.DataFrame({"nonsense": [1]}))
