"""Text tables beyond the size from which they are read by a path in memory: the same cells as small ones."""

from __future__ import annotations

import pandas as pd
import pytest

from markerkit.io import delimited


@pytest.mark.skipif(not delimited._PATHS_IN_MEMORY, reason="this system has no paths of files in memory")
@pytest.mark.parametrize(("largest_small", "by_path"), [(0, True), (1, False)])
def test_cells_are_the_same(monkeypatch: pytest.MonkeyPatch, largest_small: int, by_path: bool) -> None:
    """Below a comment, with text that is no ASCII, a quoted cell and missing values."""
    rows = [f'"GENE;{i}"\tß\t{i + 1}.5\t\t{i}e3\n' for i in range(60)]
    data = ("# Größe\ngene\tnote\tA_1\tA_2\tB_1\n" + "".join(rows)).encode()
    monkeypatch.setattr(delimited, "_LARGE", len(data) + largest_small)
    opened: list[object] = []
    read_csv = pd.read_csv

    def watched(file: object, **how: object) -> pd.DataFrame:
        opened.append(file)
        return read_csv(file, **how)

    monkeypatch.setattr(pd, "read_csv", watched)
    frame, _ = delimited.read_text(data, "t.tsv", "matrix", pick=None, as_text=False)
    assert {isinstance(file, str) for file in opened} == {by_path}
    expected = {
        "gene": [f"GENE;{i}" for i in range(60)],
        "note": ["ß"] * 60,
        "A_1": [i + 1.5 for i in range(60)],
        "A_2": [float("nan")] * 60,
        "B_1": [1000.0 * i for i in range(60)],
    }
    pd.testing.assert_frame_equal(frame, pd.DataFrame(expected), check_dtype=False, check_column_type=False)
